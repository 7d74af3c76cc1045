"""Tests of words: ratings of pairs and analogies, prepared copies or originals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from graphrep.datasets._bunch import Bunch
from graphrep.datasets._registry import ENTRIES, SEMANTIC_FILES, RemoteFile
from graphrep.datasets._semantic_files import BATS, SIMILARITY
from graphrep.datasets._storage import data_home, obtain
from graphrep.exceptions import GraphFormatError
from graphrep.typing import AnyArray

_NAME = "semantic"
_QUESTION = ("section", "a", "b", "c", "d")
_PAIR = ("category", "relation", "word", "answers")
_RATED = ("word1", "word2", "score")
_CATEGORIES = {
    "D": "derivational", "E": "encyclopedic", "I": "inflectional", "L": "lexicographic",
}  # fmt: skip
_SHOWN = 80  # characters of a line in a message
# Of the tests as published: delimiter, lines of header, column of the score.
_FORMS = {
    "wordsim353": ("\t", 1, 2), "simlex999": ("\t", 1, 3), "men3000": (" ", 0, 2),
    "rg65": ("\t", 0, 2), "mc30": ("\t", 0, 2), "mturk771": (",", 0, 2),
    "rw2034": ("\t", 0, 2), "semeval17_en": ("\t", 0, 2),
}  # fmt: skip
_Get = Callable[[RemoteFile], Path]
_Rows = Iterator[tuple[int, list[str]]]


def fetch_semantic_tests(*, download_if_missing: bool = True) -> Bunch:
    """Fetch tests of word similarity and of analogies.

    Parameters
    ----------
    download_if_missing : bool, default=True
        Download what is not here; otherwise that is an error.

    Returns
    -------
    Bunch
        ``similarity``: from the names wordsim353, simlex999, men3000, rg65, mc30,
        mturk771, rw2034 and semeval17_en to ``(words1, words2, scores)``.
        ``analogy``: ``"google"`` has the columns section, a, b, c, d and ``"bats"``
        the columns category, relation, word, answers (separated by slashes).
        ``source`` and ``DESCR``.

    Raises
    ------
    DownloadError
        If a file is not here and cannot be had; the message says where to get it and
        where to put it.
    GraphFormatError
        For a line of a file that cannot be read.

    Notes
    -----
    The originals are files of ConceptNet's source code, pinned by commit and sha256,
    and lie in the folder ``semantic`` of `data_home`. Copies there named
    ``similarity/<name>.tsv``, ``analogy/google_analogy.tsv`` and
    ``analogy/bats.tsv``, tab separated with the columns above in a header, are read
    in their place. Every test has its own terms: free for research, to be cited.

    Examples
    --------
    >>> from graphrep.datasets import fetch_semantic_tests
    >>> tests = fetch_semantic_tests()  # doctest: +SKIP
    >>> len(tests.similarity["wordsim353"][0])  # doctest: +SKIP
    353
    """
    get = partial(obtain, _NAME, download_if_missing=download_if_missing)
    folder = data_home() / _NAME
    similarity = {}
    for name in SIMILARITY:
        copy = folder / "similarity" / f"{name}.tsv"
        if copy.is_file():
            similarity[name] = _ratings(_table(copy, _RATED), copy)
        else:
            path = get(SEMANTIC_FILES[name])
            similarity[name] = _ratings(_original(path, *_FORMS[name]), path)
    analogy = {"google": _google(folder, get), "bats": _bats(folder, get)}
    entry = ENTRIES[_NAME]
    return Bunch(
        similarity=similarity,
        analogy=analogy,
        source=str(folder),
        DESCR=f"{_NAME}: {entry.kind}. Licence: {entry.licence}. {entry.note}",
    )


# -- private -------------------------------------------------------------------------
def _google(folder: Path, get: _Get) -> dict[str, AnyArray]:
    copy = folder / "analogy" / "google_analogy.tsv"
    if copy.is_file():
        return _columns(_QUESTION, [cells for _, cells in _table(copy, _QUESTION)])
    path = get(SEMANTIC_FILES["google"])
    rows, section = [], ""
    for number, line in _lines(path):
        if line.startswith(":"):
            section = line[1:].strip()
            continue
        words = line.split()
        if len(words) != len(_QUESTION) - 1:
            raise _bad("four words", line, path, number)
        rows.append([section, *words])
    return _columns(_QUESTION, rows)


def _bats(folder: Path, get: _Get) -> dict[str, AnyArray]:
    copy = folder / "analogy" / "bats.tsv"
    if copy.is_file():
        return _columns(_PAIR, [cells for _, cells in _table(copy, _PAIR)])
    rows = []
    for relation in BATS:
        path = get(SEMANTIC_FILES[relation])
        for number, line in _lines(path):
            words = line.rstrip("/").split()  # a few lists of answers end in a slash
            if len(words) != len(_PAIR) - 2:
                raise _bad("a word and its answers", line, path, number)
            rows.append([_CATEGORIES[relation[0]], relation, *words])
    return _columns(_PAIR, rows)


def _table(path: Path, columns: tuple[str, ...]) -> _Rows:
    """Rows of a table whose header begins with the columns."""
    lines = _lines(path)
    number, header = next(lines, (1, ""))
    if tuple(header.split("\t")[: len(columns)]) != columns:
        raise _bad(f"a header with the columns {', '.join(columns)}", header, path, 1)
    for number, line in lines:
        cells = line.split("\t")
        if len(cells) < len(columns):
            raise _bad(f"{len(columns)} columns", line, path, number)
        yield number, cells[: len(columns)]


def _original(path: Path, delimiter: str, n_skipped: int, score: int) -> _Rows:
    """Words and score of a test as it was published."""
    for number, line in _lines(path):
        if number <= n_skipped:
            continue
        cells = line.split(delimiter)
        if len(cells) <= score:
            raise _bad("two words and a score", line, path, number)
        words = cells[:2]
        if delimiter == " ":  # MEN, whose words have a part of speech behind a dash
            words = [word.rpartition("-")[0] or word for word in words]
        yield number, [*words, cells[score]]


def _ratings(rows: _Rows, path: Path) -> tuple[AnyArray, AnyArray, AnyArray]:
    found, scores = [], []
    for number, cells in rows:
        try:
            scores.append(float(cells[2]))
        except ValueError:
            raise _bad("a number as the score", cells[2], path, number) from None
        found.append(cells)
    words = _columns(_RATED[:2], found)
    return words["word1"], words["word2"], np.array(scores)


def _columns(names: tuple[str, ...], rows: list[list[str]]) -> dict[str, AnyArray]:
    return {
        name: np.array([row[at] for row in rows], dtype=object)
        for at, name in enumerate(names)
    }


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines that are not blank."""
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GraphFormatError(f"is not UTF-8 ({error}).", path=path) from None
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line.rstrip("\r")


def _bad(what: str, found: str, path: Path, line: int) -> GraphFormatError:
    return GraphFormatError(
        f"Expected {what}; found {found[:_SHOWN]!r}. Correct the line, or delete the "
        "file to have it fetched again.",
        path=path,
        line=line,
    )
