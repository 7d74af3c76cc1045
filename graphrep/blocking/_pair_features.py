"""PairFeatures: how alike two records are, in numbers, column by column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep.blocking._records import Records
from graphrep.retrieval import SparseIndex, TextFeatures
from graphrep.typing import AnyArray, FloatArray, IntArray

if TYPE_CHECKING:
    from typing import Self

_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_CODE = re.compile(r"\w*\d\w*")
_SPAN = 1 << 16  # pairs whose rows are multiplied at a time


class PairFeatures:
    """Similarities of the records of pairs.

    Parameters
    ----------
    columns : list of str or None, default=None
        Columns that are compared one by one; None for all that both tables have. All
        columns are compared as one text besides.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.

    Attributes
    ----------
    names_ : list of str
        Names of the features, ``"column: what"``; the column "*" is the whole text.

    Notes
    -----
    For the whole text and for each column: cosine of weighted character 3-grams; of
    weighted words; share of the rarer record's words that the other has; shares of
    tokens with a digit (model numbers, years) that are in both, of either and of the
    shorter list; relative difference of the first numbers; ratio of the lengths. What
    cannot be told because a value is missing is NaN.

    For the whole text also how much less alike the pair is than each of its records
    is to the record of the other table that is most like it, by 3-grams: with few
    matches of a record, a pair that is not the best of either is seldom one.

    O(pairs * (features of a text + words of a text)) time, and an exact search of the
    nearest record of each.
    """

    def __init__(
        self, columns: list[str] | None = None, *, n_jobs: int | None = None
    ) -> None:
        self.columns = columns
        self.n_jobs = n_jobs

    def fit(self, A: Records, B: Records) -> Self:
        """Learn how common n-grams and words are in two tables."""
        names = self.columns
        if names is None:
            names = [name for name in A.columns if name in B.columns]
        self.views_: list[str | None] = [None, *names]
        self.models_ = []
        self.names_ = []
        for view in self.views_:
            texts = _texts(A, view) + ([] if A is B else _texts(B, view))
            for analyzer in ("char", "word"):
                model = TextFeatures(analyzer, n_jobs=self.n_jobs)
                self.models_.append(model.fit(texts))
            label = "*" if view is None else view
            self.names_ += [f"{label}: {what}" for what in _FEATURES]
        self.names_ += ["*: less than the best of left", "*: less than that of right"]
        return self

    def transform(
        self, A: Records, B: Records, left: IntArray, right: IntArray
    ) -> FloatArray:
        """Give the features of pairs.

        Parameters
        ----------
        A, B : Records
            The tables.
        left, right : ndarray of int of shape (n_pairs,)
            Rows of the pairs.

        Returns
        -------
        ndarray of float32 of shape (n_pairs, n_features)
        """
        columns: list[AnyArray] = []
        for at, view in enumerate(self.views_):
            x, y = _texts(A, view), _texts(B, view)
            for model in self.models_[2 * at : 2 * at + 2]:
                X, Y = model.transform(x), model.transform(y)
                columns.append(_cosines(X, Y, left, right))
            missing = _missing(x)[left] | _missing(y)[right]
            for made in columns[-2:]:
                made[missing] = np.nan
            columns += _compared(x, y, left, right)
        columns += self._behind(A, B, left, right, columns[0])
        return np.stack(columns, axis=1)

    def _behind(
        self, A: Records, B: Records, left: IntArray, right: IntArray, like: FloatArray
    ) -> list[FloatArray]:
        """How far a pair is behind the best pair of either of its records."""
        model = self.models_[0]
        X, Y = model.transform(_texts(A, None)), model.transform(_texts(B, None))
        out = []
        for queries, base, rows in ((X, Y, left), (Y, X, right)):
            own = np.arange(queries.shape[0]) if A is B else None
            index = SparseIndex(base)
            _, best = index.query(queries, 1, exclude=own, n_jobs=self.n_jobs)
            top = best[:, 0] if best.shape[1] else np.zeros(len(best), np.float32)
            out.append(np.asarray(top[rows] - like, np.float32))
        return out


_FEATURES = (
    "3-grams", "words", "words of the shorter", "codes", "codes of the shorter",
    "difference of numbers", "ratio of lengths",
)  # fmt: skip


def _texts(records: Records, view: str | None) -> list[str]:
    if view is not None:
        records.check_columns([view])
        return [str(text) for text in records.columns[view]]
    texts: list[str] = records.texts()
    return texts


def _missing(texts: list[str]) -> AnyArray:
    return np.fromiter((not text.strip() for text in texts), bool, len(texts))


def _cosines(X: Any, Y: Any, left: IntArray, right: IntArray) -> FloatArray:
    out = np.empty(len(left), np.float32)
    for start in range(0, len(left), _SPAN):
        part = slice(start, start + _SPAN)
        out[part] = X[left[part]].multiply(Y[right[part]]).sum(axis=1)
    return out


def _compared(
    x: list[str], y: list[str], left: IntArray, right: IntArray
) -> Iterator[FloatArray]:
    """Features that are taken from sets of words, pair by pair."""
    sides = [[_parts(text) for text in texts] for texts in (x, y)]
    rows = np.full((len(left), len(_FEATURES) - 2), np.nan, np.float32)
    for at, (i, j) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        rows[at] = _compare(sides[0][i], sides[1][j])
    yield from rows.T


def _parts(text: str) -> tuple[frozenset[str], frozenset[str], float | None, int]:
    lower = text.lower()
    number = _NUMBER.search(lower)
    value = None if number is None else float(number[0].replace(",", "."))
    words = frozenset(re.findall(r"\w+", lower))
    return words, frozenset(_CODE.findall(lower)), value, len(lower)


def _compare(a: Any, b: Any) -> tuple[float, ...]:
    words, codes = len(a[0] & b[0]), len(a[1] & b[1])
    few_words = min(len(a[0]), len(b[0]))
    few, all_codes = min(len(a[1]), len(b[1])), len(a[1] | b[1])
    nan = float("nan")
    apart = nan
    if a[2] is not None and b[2] is not None:
        apart = abs(a[2] - b[2]) / max(abs(a[2]), abs(b[2]), 1e-9)
    return (
        words / few_words if few_words else nan,
        codes / all_codes if all_codes else nan,
        codes / few if few else nan,
        apart,
        min(a[3], b[3]) / max(a[3], b[3]) if a[3] and b[3] else nan,
    )
