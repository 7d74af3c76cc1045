"""Tests of analogies: reading them, and the questions that a vocabulary can answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from graphrep.evaluation._analogy_ranks import Questions
from graphrep.evaluation._similarity_tests import (
    name_of_file,
    read_text_lines,
    split_lines,
)
from graphrep.evaluation._vocabulary import Vocabulary
from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.typing import AnyArray, FloatArray, IntArray

_QUESTION = ("section", "a", "b", "c", "d")
_PAIR = ("category", "relation", "word", "answers")
_WORD_FORMS = ("inflectional", "derivational")  # categories of BATS
_GRAMMAR = "gram"  # how the names of Google's grammatical sections start


@dataclass(frozen=True)
class Section:
    """One section of a test.

    ``questions`` are (a, b, c, answers); ``pairs`` (word, answers) of a relation
    whose questions are all ordered pairs of pairs, None where questions were given.
    """

    name: str
    category: str | None
    questions: tuple[tuple[str, str, str, tuple[str, ...]], ...] = ()
    pairs: tuple[tuple[str, tuple[str, ...]], ...] | None = None

    @property
    def n_questions(self) -> int:
        """Number of questions."""
        if self.pairs is None:
            return len(self.questions)
        return len(self.pairs) * (len(self.pairs) - 1)

    @property
    def is_semantic(self) -> bool:
        """Whether it asks for what words mean, not for their forms."""
        return self.category not in _WORD_FORMS and not self.name.startswith(_GRAMMAR)


@dataclass(frozen=True)
class AnalogyTest:
    """Sections of questions ``a is to b as c is to ?``."""

    name: str
    sections: tuple[Section, ...]

    def chosen(self, which: str | Sequence[str]) -> tuple[Section, ...]:
        """Sections by name, "all" of them, or the "semantic" ones."""
        if which == "all":
            return self.sections
        if which == "semantic":
            return tuple(s for s in self.sections if s.is_semantic)
        names = {which} if isinstance(which, str) else set(which)
        return tuple(s for s in self.sections if s.name in names)


def read_analogies(source: Any, name: str | None = None) -> AnalogyTest:
    """Read a test of analogies.

    Parameters
    ----------
    source : path, AnalogyTest, mapping of columns, or sequence of columns
        Columns ``section, a, b, c, d`` (each line a question, as in Google's test)
        or ``category, relation, word, answers`` (each line a pair, as in BATS; the
        answers are separated by slashes). A file has a header with these names, or
        five columns without one, or is Google's own file, whose sections start with
        a line ``: name``.
    name : str or None, default=None
        What to call it; None takes the name of the file.

    Returns
    -------
    AnalogyTest

    Raises
    ------
    GraphFormatError
        For a file without such columns.
    GraphValueError
        For columns that are missing or of different lengths.
    """
    if isinstance(source, AnalogyTest):
        return source
    if isinstance(source, (str, PathLike)):
        path = Path(fspath(source))
        return _sections(name or name_of_file(path), _columns_of_file(path))
    if not isinstance(source, Mapping) and not hasattr(source, "columns"):
        kinds = {len(kind): kind for kind in (_QUESTION, _PAIR)}
        if len(source) not in kinds:
            raise GraphValueError(
                f"Analogies are five columns ({', '.join(_QUESTION)}) or four "
                f"({', '.join(_PAIR)}); got {len(source)}."
            )
        source = dict(zip(kinds[len(source)], source, strict=True))
    return _sections(name or "analogies", source)


def _columns_of_file(path: Path) -> dict[str, list[str]]:
    lines = read_text_lines(path)
    rows: list[list[str]] = []
    section = ""
    header: tuple[str, ...] = _QUESTION
    for number, fields in enumerate(split_lines(lines), 1):
        if not fields:
            continue
        if number == 1 and set(fields) >= set(_QUESTION):
            header = tuple(fields)
            continue
        if number == 1 and set(fields) >= set(_PAIR):
            header = tuple(fields)
            continue
        if fields[0] == ":":
            section = " ".join(fields[1:])
            continue
        if len(fields) == 4 and header == _QUESTION:
            fields = [section, *fields]
        if len(fields) < len(header):
            raise GraphFormatError(
                f"A line of analogies has the columns {', '.join(header)}; got "
                f"{lines[number - 1]!r}.",
                path=path, line=number,
            )  # fmt: skip
        rows.append(fields[: len(header)])
    return {key: [row[i] for row in rows] for i, key in enumerate(header)}


def _sections(name: str, columns: Any) -> AnalogyTest:
    wanted = _PAIR if "answers" in columns else _QUESTION
    missing = [key for key in wanted if key not in columns]
    if missing:
        raise GraphValueError(
            f"The analogies {name!r} lack the column {missing[0]!r}; they need "
            f"{', '.join(wanted)}."
        )
    lists = [list(columns[key]) for key in wanted]
    if len({len(column) for column in lists}) > 1:
        raise GraphValueError(f"The columns of {name!r} are of different lengths.")
    found: dict[tuple[str, str | None], list[Any]] = {}
    for row in zip(*lists, strict=True):
        if wanted is _QUESTION:
            section, a, b, c, d = map(str, row)
            found.setdefault((section, None), []).append((a, b, c, (d,)))
        else:
            category, relation, word, answers = row
            split = answers.split("/") if isinstance(answers, str) else list(answers)
            pair = (str(word), tuple(s.strip() for s in split if s.strip()))
            found.setdefault((str(relation), str(category)), []).append(pair)
    return AnalogyTest(
        name,
        tuple(
            Section(key, category, questions=tuple(rows))
            if wanted is _QUESTION
            else Section(key, category, pairs=tuple(rows))
            for (key, category), rows in found.items()
        ),
    )


@dataclass(frozen=True)
class Prepared:
    """Questions of a section that can be answered, in numbers.

    Parameters
    ----------
    words : list of ndarray of int64
        Rows of the nodes of each word that is asked with.
    questions : Questions
        Numbered by ``words``.
    target : ndarray of int64
        First answer of each question, numbered by ``targets``.
    targets : list of ndarray of int64
        Rows of the nodes of each answer.
    """

    words: list[IntArray]
    questions: Questions
    target: IntArray
    targets: list[IntArray]


def prepare(section: Section, vocabulary: Vocabulary) -> Prepared:
    """Find the nodes of a section's words; unanswerable questions are left out.

    The nodes of a, b and c are never answers; a question with no other answer, or a
    word that has no node, is not covered.
    """
    rows = _Rows(vocabulary)
    if section.pairs is None:
        questions: Iterable[Any] = section.questions
    else:
        questions = _ordered_pairs(section.pairs, rows)
    asked: list[tuple[int, int, int]] = []
    good, bad, target = [], [], []
    words, targets = _Numbers(), _Numbers()
    for a, b, c, answers in questions:
        if not (rows.has(a) and rows.has(b) and rows.has(c)):
            continue
        out = sorted({*rows[a], *rows[b], *rows[c]})
        fitting = [d for d in answers if not set(rows[d]) <= set(out)]
        if not fitting:
            continue
        asked.append((words[a], words[b], words[c]))
        good.append(sorted({r for d in fitting for r in rows[d]} - set(out)))
        bad.append(out)
        target.append(targets[fitting[0]])
    return Prepared(
        [np.array(rows[w], np.int64) for w in words.names],
        Questions(np.array(asked, np.int64).reshape(-1, 3), csr(good), csr(bad)),
        np.array(target, np.int64),
        [np.array(rows[w], np.int64) for w in targets.names],
    )


def covered_pairs(
    section: Section, vocabulary: Vocabulary
) -> list[tuple[list[int], list[int], list[int]]]:
    """Rows of the word, of its first answer and of all answers, of a relation."""
    rows = _Rows(vocabulary)
    out = []
    for word, answers in section.pairs or ():
        own = set(rows[word])
        fitting = [rows[d] for d in answers if not set(rows[d]) <= own]
        if own and fitting:
            every = sorted({r for found in fitting for r in found} - own)
            out.append((rows[word], fitting[0], every))
    return out


def _ordered_pairs(
    pairs: Sequence[tuple[str, tuple[str, ...]]], rows: _Rows
) -> Iterable[tuple[str, str, str, tuple[str, ...]]]:
    """All questions of a relation; b is the first answer that has a node."""
    for i, (a, firsts) in enumerate(pairs):
        b = next((d for d in firsts if rows.has(d)), None)
        if b is not None:
            for j, (c, answers) in enumerate(pairs):
                if i != j:
                    yield a, b, c, answers


class _Rows(dict[str, list[int]]):
    """Rows of the nodes of words, looked up once."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self._vocabulary = vocabulary

    def __missing__(self, word: str) -> list[int]:
        self[word] = self._vocabulary.rows(word).tolist()
        return self[word]

    def has(self, word: str) -> bool:
        return bool(self[word])


class _Numbers:
    """Numbers words in order of first use."""

    def __init__(self) -> None:
        self._table: dict[str, int] = {}

    def __getitem__(self, word: str) -> int:
        return self._table.setdefault(word, len(self._table))

    @property
    def names(self) -> list[str]:
        return list(self._table)


def csr(lists: Sequence[list[int]]) -> tuple[IntArray, IntArray]:
    """Turn lists of numbers into starts and one array."""
    starts = np.zeros(len(lists) + 1, np.int64)
    np.cumsum([len(part) for part in lists], out=starts[1:])
    return starts, np.array([x for part in lists for x in part], np.int64)


def mean_vectors(vectors: AnyArray, rows: Sequence[Any]) -> FloatArray:
    """Mean of the vectors of each list of rows, float64."""
    out = np.empty((len(rows), vectors.shape[1]), np.float64)
    for i, part in enumerate(rows):
        out[i] = vectors[part].mean(axis=0, dtype=np.float64)
    return out


def unit_means(unit: FloatArray, rows: Sequence[Any]) -> FloatArray:
    """Mean of the unit vectors of each list of rows, at unit length, float32."""
    out = np.empty((len(rows), unit.shape[1]), np.float32)
    for i, part in enumerate(rows):
        if len(part) == 1:
            out[i] = unit[part[0]]
            continue
        mean = unit[part].mean(axis=0, dtype=np.float64)
        length = np.linalg.norm(mean)
        out[i] = mean / length if length > 0 else mean
    return out
