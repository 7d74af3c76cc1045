"""Word similarity: pairs of words with human ratings, and how far apart they lie."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata

from graphrep.evaluation._scores import PairScorer
from graphrep.evaluation._statistics import fisher_interval
from graphrep.evaluation._vocabulary import (
    Normaliser,
    Vocabulary,
    normalise_word,
    reduce_senses,
    sense_pairs,
)
from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.io._compression import open_input, strip_compression
from graphrep.typing import AnyArray, FloatArray, IntArray

_COLUMNS = 3
_NAN = float("nan")


@dataclass(frozen=True)
class SimilarityTest:
    """Pairs of words that people have rated, without self pairs and duplicates.

    Parameters
    ----------
    name : str
    words1, words2 : tuple of str
    scores : ndarray of float64
        Ratings, higher meaning more alike. Only their order matters.
    n_self, n_duplicates : int, default=0
        Pairs that were dropped: of a word with itself, and of the same two words as
        an earlier pair in either order.
    """

    name: str
    words1: tuple[str, ...]
    words2: tuple[str, ...]
    scores: FloatArray
    n_self: int = 0
    n_duplicates: int = 0

    def __len__(self) -> int:
        return len(self.words1)


def read_similarity_test(
    source: Any, name: str | None = None, *, normalise: Normaliser = normalise_word
) -> SimilarityTest:
    """Read a test of word similarity.

    Parameters
    ----------
    source : path, SimilarityTest, (words1, words2, scores) or sequence of triples
        Also an array or a data frame of three columns.
        A file has three columns or more, word, word and rating, separated by tabs
        (or, where there are none, by commas or white space); a first line whose
        third column is no number is a header.
    name : str or None, default=None
        What to call it; None takes the name of the file.
    normalise : callable, default=normalise_word
        Words that it makes equal are the same word.

    Returns
    -------
    SimilarityTest
        Self pairs dropped, and of the same two words the first rating kept.

    Raises
    ------
    GraphFormatError
        For a line of less than three columns or with no number in the third.
    GraphValueError
        For columns of different lengths, and ratings that are not finite.
    """
    if isinstance(source, SimilarityTest):
        return source
    if isinstance(source, (str, PathLike)):
        path = Path(fspath(source))
        return _cleaned(name or name_of_file(path), _triples_of_file(path), normalise)
    if hasattr(source, "itertuples"):  # a data frame
        source = [row[:_COLUMNS] for row in source.itertuples(index=False)]
    elif isinstance(source, np.ndarray):
        source = source.tolist()
    elif len(source) == _COLUMNS and not _is_triple(source[0]):
        lengths = {len(column) for column in source}
        if len(lengths) > 1:
            raise GraphValueError(
                "The two words and the scores of a test must be of one length; got "
                f"{', '.join(str(len(column)) for column in source)}."
            )
        source = zip(*source, strict=True)
    return _cleaned(name or "pairs", source, normalise)


def _is_triple(item: Any) -> bool:
    """Whether this is (word, word, number), not a column of words."""
    return (
        isinstance(item, Sequence)
        and len(item) == _COLUMNS
        and not isinstance(item, str)
        and not isinstance(item[2], str)
    )


def _triples_of_file(path: Path) -> Iterable[tuple[str, str, float]]:
    lines = read_text_lines(path)
    for number, fields in enumerate(split_lines(lines), 1):
        if not fields:
            continue
        try:
            yield fields[0], fields[1], float(fields[2])
        except (IndexError, ValueError):
            if number == 1:
                continue
            raise GraphFormatError(
                f"A test of similarity has two words and a number a line; got "
                f"{lines[number - 1]!r}.",
                path=path, line=number,
            ) from None  # fmt: skip


def name_of_file(path: Path) -> str:
    """Return the name without folders, suffix and that of a compression."""
    return Path(strip_compression(path)).stem


def read_text_lines(path: Path) -> list[str]:
    """Read the lines of a text in UTF-8, compressed or not."""
    with open_input(path) as file:
        data = file.read()
    try:
        return data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise GraphFormatError(
            f"Byte {error.start} is not UTF-8. Save the file as UTF-8.", path=path
        ) from None


def split_lines(lines: Sequence[str]) -> Iterable[list[str]]:
    """Split lines at tabs, or at commas or white space where the first has no tab."""
    first = next((line for line in lines if line.strip()), "")
    if "\t" in first:
        return ([f.strip() for f in line.split("\t")] if line.strip() else []
                for line in lines)  # fmt: skip
    if "," in first:
        return csv.reader(lines, skipinitialspace=True)
    return (line.split() for line in lines)


def _cleaned(
    name: str, triples: Iterable[Any], normalise: Normaliser
) -> SimilarityTest:
    kept: dict[tuple[str, str], tuple[str, str, float]] = {}
    n_self, n_lines = 0, 0
    for one, two, score in triples:
        n_lines += 1
        score = float(score)
        a, b = sorted((normalise(str(one)), normalise(str(two))))
        if not np.isfinite(score):
            raise GraphValueError(
                f"The rating of {one!r} and {two!r} in {name!r} is {score!r}; it must "
                "be a finite number."
            )
        if a == b:
            n_self += 1
        else:
            kept.setdefault((a, b), (str(one), str(two), score))
    ones, twos, scores = zip(*kept.values(), strict=True) if kept else ((), (), ())
    return SimilarityTest(
        name, tuple(ones), tuple(twos), np.array(scores, np.float64),
        n_self, n_lines - n_self - len(kept),
    )  # fmt: skip


def spearman(a: AnyArray, b: AnyArray) -> float:
    """Rank correlation, mean ranks for ties; NaN for less than two or no variation."""
    if len(a) < 2:
        return _NAN
    x, y = rankdata(a), rankdata(b)
    x -= x.mean()
    y -= y.mean()
    scale = np.sqrt((x @ x) * (y @ y))
    return float(np.clip(x @ y / scale, -1.0, 1.0)) if scale > 0 else _NAN


@dataclass(frozen=True)
class Matched:
    """A test's pairs of words that both have nodes, as pairs of nodes."""

    test: SimilarityTest
    covered: IntArray  # of the test's pairs
    starts: IntArray
    a: IntArray
    b: IntArray


def match(test: SimilarityTest, vocabulary: Vocabulary) -> Matched:
    """Find the nodes of a test's words."""
    first, second = vocabulary.lookup(test.words1), vocabulary.lookup(test.words2)
    starts, a, b = sense_pairs(first, second)
    covered = np.flatnonzero(np.diff(starts))
    return Matched(test, covered, np.append(0, starts[1:][covered]), a, b)


def similarity_row(
    matched: Matched,
    scorer: PairScorer,
    *,
    oov: str = "skip",
    senses: str = "max",
    confidence: float = 0.95,
) -> dict[str, Any]:
    """Correlation of scores and ratings, as a flat record.

    A score that tells (a, b) from (b, a) is replaced by the mean of the two.
    """
    scores = scorer.pairs(matched.a, matched.b)
    if not scorer.symmetric:
        scores = (scores + scorer.pairs(matched.b, matched.a)) / 2
    test, covered = matched.test, matched.covered
    values = reduce_senses(scores, matched.starts, senses)
    ratings = test.scores[covered]
    if oov == "fallback":
        mean = values.mean() if len(values) else 0.0
        values = _spread(values, covered, len(test), float(mean))
        ratings = test.scores
    rho = spearman(values, ratings)
    low, high = fisher_interval(rho, len(values), confidence)
    return {
        "test": test.name, "n_pairs": len(test), "n_covered": len(covered),
        "spearman": rho, "low": low, "high": high,
        "n_self": test.n_self, "n_duplicates": test.n_duplicates,
    }  # fmt: skip


def _spread(values: AnyArray, at: IntArray, size: int, rest: float) -> AnyArray:
    out = np.full(size, rest)
    out[at] = values
    return out
