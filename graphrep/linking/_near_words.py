"""NearWords: which known words a word is, or is spelt like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from graphrep.retrieval import SparseIndex, TextFeatures
from graphrep.typing import AnyArray, FloatArray, IntArray

LIKE = 0.4
"""Least cosine of the 3-grams of two words that count as alike."""

_MOST = 64  # known words that one word may be like


class NearLists(NamedTuple):
    """Words of phrases, and the known words that each is like."""

    offsets: IntArray  # (n_phrases + 1,) of the words of each phrase
    weights: FloatArray  # of each word
    indptr: IntArray  # (n_words + 1,) of the known words of each
    columns: AnyArray  # known words, int32


class NearWords:
    """Words of names by their 3-grams, so that other forms of them are found.

    Parameters
    ----------
    words : sequence of str
        Known words, each once.
    columns : ndarray of int of shape (n_words,)
        Column of each among the features of words.
    n_jobs : int or None, default=None

    Notes
    -----
    "Tuberculous" is like "tuberculosis". A look-up of many phrases looks at each of
    their words once.
    """

    def __init__(
        self, words: Sequence[str], columns: IntArray, n_jobs: int | None = None
    ) -> None:
        self.n_jobs = n_jobs
        self.columns = np.asarray(columns, np.int32)
        self.features = TextFeatures("char", 3, n_jobs=n_jobs)
        self.index = SparseIndex(self.features.fit_transform(words))

    def read(
        self, texts: Sequence[str], idf: FloatArray, rarest: np.float32
    ) -> NearLists:
        """Look up the words of phrases: those of each text, sorted, each once."""
        split = [sorted(set(text.split())) for text in texts]
        sizes = np.fromiter(map(len, split), np.int64, len(split))
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        distinct = sorted(set().union(*split)) if split else []
        place = {word: at for at, word in enumerate(distinct)}
        of_each = np.fromiter(
            (place[word] for own in split for word in own), np.int64, int(offsets[-1])
        )
        if not distinct or not len(self.columns):
            nothing = np.full(len(of_each), rarest, np.float32)
            ends = np.zeros(len(of_each) + 1, np.int64)
            return NearLists(offsets, nothing, ends, np.zeros(0, np.int32))
        found, scores = self.index.query(
            self.features.transform(distinct), min(_MOST, len(self.columns)),
            n_jobs=self.n_jobs,
        )  # fmt: skip
        fine = (found >= 0) & (scores >= np.float32(LIKE))
        same = fine & (scores > np.float32(1 - 1e-5))
        known = self.columns[np.where(fine, found, 0)]
        heaviest = np.where(same, idf[known], 0).max(axis=1)
        weights = np.where(same.any(axis=1), heaviest, rarest).astype(np.float32)
        counts = fine.sum(axis=1)[of_each]
        indptr = np.concatenate([[0], np.cumsum(counts)])
        columns = known[of_each][fine[of_each]]
        return NearLists(offsets, weights[of_each], indptr, columns)

    # -- keeping -----------------------------------------------------------------
    def state(self) -> dict[str, AnyArray]:
        """Arrays that it is made of."""
        out = {f"index_{name}": a for name, a in self.index.to_arrays().items()}
        own = {"vocabulary": self.features.vocabulary_, "idf": self.features.idf_}
        return out | own | {"columns": self.columns}

    @classmethod
    def of_state(cls, arrays: dict[str, AnyArray], n_jobs: int | None) -> NearWords:
        """Undo `state`."""
        out = cls.__new__(cls)
        out.n_jobs, out.columns = n_jobs, arrays["columns"]
        out.features = TextFeatures("char", 3, n_jobs=n_jobs)
        out.features.vocabulary_ = arrays["vocabulary"]
        out.features.idf_ = arrays["idf"]
        index = {
            name.removeprefix("index_"): a
            for name, a in arrays.items()
            if name.startswith("index_")
        }
        out.index = SparseIndex.from_arrays(index, len(out.features.vocabulary_))
        return out


__all__ = ["LIKE", "NearLists", "NearWords"]
