"""TextFeatures: texts to sparse rows of weighted character n-grams or words."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from graphrep._utils._numbers import positive_int
from graphrep._utils._parallel import resolve_n_jobs
from graphrep.exceptions import GraphValueError
from graphrep.kernels import _ngrams
from graphrep.typing import AnyArray, IntArray

if TYPE_CHECKING:
    from typing import Self

kernels: Any = _ngrams  # kernels carry no annotations
_SPAN = 1 << 13  # texts that one thread takes at a time
_BITS = 12  # leading bits of a hash that a look-up starts from
_ANALYZERS = ("char", "word")


class TextFeatures:
    """Term frequency times inverse document frequency of n-grams or words of texts.

    Parameters
    ----------
    analyzer : {"char", "word"}, default="char"
        Runs of ``n`` characters, or words: runs of letters, digits and marks.
    n : int, default=3
        Length of the runs of characters.
    sublinear : bool, default=True
        Whether a feature that occurs c times counts 1 + ln c instead of c.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.

    Attributes
    ----------
    vocabulary_ : ndarray of uint64 of shape (n_features,)
        Sorted hashes of the features.
    idf_ : ndarray of float32 of shape (n_features,)
        ln((1 + n_texts) / (1 + texts with the feature)) + 1.

    Notes
    -----
    Texts are put in small letters, compatibility forms are resolved (Unicode NFKC), and
    blanks are merged. Features are hashed to 64 bits and no string is kept. Unlike in
    scikit-learn's ``TfidfVectorizer`` a text gets a blank at both ends, so that its
    first and last characters count as much as others.

    O(n log n) time in the length of each text; 12 bytes for each different feature of
    each text.

    Examples
    --------
    >>> X = TextFeatures("word").fit_transform(["red fox", "red hen", ""])
    >>> X.shape, X.nnz
    ((3, 3), 4)
    """

    def __init__(
        self,
        analyzer: str = "char",
        n: int = 3,
        *,
        sublinear: bool = True,
        n_jobs: int | None = None,
    ) -> None:
        if analyzer not in _ANALYZERS:
            raise GraphValueError(
                f"analyzer must be one of {', '.join(map(repr, _ANALYZERS))}; got "
                f"{analyzer!r}."
            )
        self.analyzer = analyzer
        self.n = positive_int(n, "n")
        self.sublinear = sublinear
        self.n_jobs = n_jobs

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn which features there are and how common each is."""
        self._fit(*self._count(texts))
        return self

    def fit_transform(self, texts: Sequence[str]) -> Any:
        """Do ``fit`` and ``transform`` of the same texts, counting them once."""
        sizes, hashes, times = self._count(texts)
        self._fit(sizes, hashes, times)
        return self._rows(sizes, hashes, times)

    def transform(self, texts: Sequence[str]) -> Any:
        """Give the rows of texts: csr_array of float32 (n_texts, n_features).

        Rows have length 1, or 0 where a text has no known feature.
        """
        return self._rows(*self._count(texts))

    def _fit(self, sizes: IntArray, hashes: AnyArray, times: AnyArray) -> None:
        self.vocabulary_, holders = np.unique(hashes, return_counts=True)
        self.idf_ = (np.log((1.0 + len(sizes)) / (1.0 + holders)) + 1.0).astype("f4")

    def _rows(self, sizes: IntArray, hashes: AnyArray, times: AnyArray) -> Any:
        columns = self._look_up(hashes)
        known = columns >= 0
        values = np.log(times) + np.float32(1.0) if self.sublinear else times
        values = (values * self.idf_[columns] if len(self.idf_) else values)[known]
        ends = np.concatenate([[0], np.cumsum(known)])[np.cumsum(sizes)]
        indptr = np.concatenate([[0], ends])
        shape = (len(sizes), len(self.vocabulary_))
        rows = sparse.csr_array((values, columns[known], indptr), shape=shape)
        return unit_rows(rows)

    def _look_up(self, hashes: AnyArray) -> IntArray:
        shift = 64 - _BITS
        edges = np.arange(1, 1 << _BITS, dtype=np.uint64) << np.uint64(shift)
        starts = np.zeros((1 << _BITS) + 1, np.int64)
        starts[1:-1] = np.searchsorted(self.vocabulary_, edges)
        starts[-1] = len(self.vocabulary_)
        out = np.empty(len(hashes), np.int32)
        kernels.look_up(hashes, self.vocabulary_, starts, shift, out)
        return out

    def _count(self, texts: Sequence[str]) -> tuple[IntArray, AnyArray, AnyArray]:
        """Numbers of features of all texts, and their hashes and counts."""
        codes, ends = code_points([normal_form(text) for text in texts])
        bounds = [*range(0, len(ends), _SPAN), len(ends)]
        spans = list(pairwise(bounds))
        kinds = _kinds(codes) if self.analyzer == "word" else None

        def count(span: tuple[int, int]) -> tuple[IntArray, AnyArray, AnyArray]:
            first, last = span
            hashes = np.empty(kernels.most_features(ends, first, last), np.uint64)
            key = np.uint64(self.n)
            args: tuple[Any, ...]
            if kinds is None:
                args = (first, last, self.n, key, hashes)
                counts = kernels.char_ngrams(codes, ends, *args)
            else:
                args = (first, last, kinds, np.uint64(0), hashes)
                counts = kernels.words(codes, ends, *args)
            times = np.empty(counts.sum(), np.float32)
            sizes = np.empty(len(counts), np.int64)
            total = kernels.merge_repeats(counts, hashes, sizes, times)
            return sizes, hashes[:total].copy(), times[:total]

        with ThreadPoolExecutor(resolve_n_jobs(self.n_jobs)) as pool:
            parts = list(pool.map(count, spans))
        if not parts:
            return np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, "f4")
        sizes, hashes, times = (np.concatenate(p) for p in zip(*parts, strict=True))
        return sizes, hashes, times


def normal_form(text: str) -> str:
    """Small letters, compatibility forms resolved, blanks merged."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.lower().split())


def code_points(texts: Sequence[str]) -> tuple[AnyArray, IntArray]:
    """Characters of all texts as numbers (uint32), and where each text ends."""
    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    return np.frombuffer(joined, np.uint32), np.cumsum(lengths)


def unit_rows(rows: Any) -> Any:
    """Scale the rows of a csr_array to length 1 in place; zero rows stay."""
    sizes = np.diff(rows.indptr)
    squares = np.add.reduceat(
        np.append(np.square(rows.data, dtype=np.float64), 0.0), rows.indptr[:-1]
    )
    norms = np.sqrt(np.where(sizes > 0, squares, 1.0))
    rows.data = (rows.data / np.repeat(norms, sizes)).astype(np.float32)
    return rows


def _kinds(codes: AnyArray) -> AnyArray:
    """1 for code points that words consist of: letters, digits and marks."""
    kinds = np.zeros(int(codes.max(initial=0)) + 1, np.uint8)
    for c in np.unique(codes).tolist():
        kinds[c] = unicodedata.category(chr(c))[0] in "LNM"
    return kinds
