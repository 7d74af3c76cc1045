"""Phrases as rows of a table of word vectors, and their weighted means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from graphrep.typing import AnyArray, FloatArray, IntArray

POOLINGS = ("mean", "idf", "sif")
_SIF = 1e-3


class Phrases(NamedTuple):
    """Words of phrases as rows of a table.

    Attributes
    ----------
    rows : ndarray of int64 of shape (n_phrases, longest)
        Rows of the table, 0 beyond the end of a phrase.
    sizes : ndarray of int64 of shape (n_phrases,)
        Words of each phrase; 0 where none is known.
    table : ndarray of float32 of shape (n_words, n_components)
        Vectors.
    weights : ndarray of float32 of shape (n_words,)
        Weight of each word in a mean.
    """

    rows: IntArray
    sizes: IntArray
    table: FloatArray
    weights: FloatArray

    def take(self, some: AnyArray) -> Phrases:
        """Take some of the phrases, cut to the longest of them."""
        sizes = self.sizes[some]
        longest = max(1, int(sizes.max(initial=0)))
        return self._replace(rows=self.rows[some, :longest], sizes=sizes)

    def means(self) -> FloatArray:
        """Weighted mean of the vectors of each phrase, zeros for an empty one."""
        inside = np.arange(self.rows.shape[1]) < self.sizes[:, None]
        indices = self.rows[inside]
        indptr = np.concatenate([[0], np.cumsum(self.sizes)])
        shape = (len(self.sizes), len(self.table))
        data = self.weights[indices]
        matrix = sparse.csr_array((data, indices, indptr), shape=shape)
        totals = np.asarray(matrix.sum(axis=1)).reshape(-1, 1)
        means = (matrix @ self.table) / np.where(totals > 0, totals, 1)
        return means.astype(np.float32)


class PhraseEncoder:
    """Looks up the words of phrases.

    Parameters
    ----------
    words : JoinedWords
        Where vectors of words come from.
    pooling : {"mean", "idf", "sif"}
        Weights of words in a mean: 1; the logarithm of (n + 1) / (phrases with the
        word + 1), plus 1; or a / (a + share of the word among all), a = 1e-3, with
        the main direction of all means taken out of them (Arora et al. 2017).
    max_length : int
        Words of a phrase that are read.
    """

    def __init__(self, words: Any, pooling: str, max_length: int) -> None:
        self.words = words
        self.pooling = pooling
        self.max_length = max_length
        self.weights: dict[str, float] = {}
        self.default = 1.0
        self.direction: FloatArray | None = None

    def fit(self, lines: Sequence[Sequence[str]]) -> Phrases:
        """Learn the weights of words from phrases, and encode these."""
        counts = Counter(word for line in lines for word in line)
        self.words.scale_to(list(counts))
        if self.pooling == "idf":
            spread = Counter(word for line in lines for word in set(line))
            top = np.log(len(lines) + 1) + 1
            self.weights = {w: float(top - np.log(n + 1)) for w, n in spread.items()}
            self.default = float(top)
        elif self.pooling == "sif":
            total = sum(counts.values())
            self.weights = {w: _SIF / (_SIF + n / total) for w, n in counts.items()}
        phrases = self.encode(lines)
        if self.pooling == "sif":
            means = phrases.means().astype(np.float64)
            _, vectors = np.linalg.eigh(means.T @ means)
            self.direction = vectors[:, -1].astype(np.float32)
        return phrases

    def encode(self, lines: Sequence[Sequence[str]]) -> Phrases:
        """Rows and vectors of the words that are known; others are left out."""
        cut = [line[: self.max_length] for line in lines]
        distinct = sorted({word for line in cut for word in line})
        table, known = self.words.look_up(distinct)
        kept = [word for word, there in zip(distinct, known, strict=True) if there]
        rows = {word: row for row, word in enumerate(kept)}
        found = [[rows[word] for word in line if word in rows] for line in cut]
        sizes = np.fromiter(map(len, found), np.int64, len(found))
        padded = np.zeros((len(found), max(1, int(sizes.max(initial=0)))), np.int64)
        inside = np.arange(padded.shape[1]) < sizes[:, None]
        padded[inside] = [row for line in found for row in line]
        table = table[known] if kept else np.zeros((1, table.shape[1]), np.float32)
        weights = [self.weights.get(word, self.default) for word in kept] or [1.0]
        return Phrases(padded, sizes, table, np.array(weights, np.float32))

    def means(self, phrases: Phrases) -> FloatArray:
        """Weighted means of the vectors of phrases."""
        means = phrases.means()
        if self.direction is not None:
            means = means - (means @ self.direction)[:, None] * self.direction
        return means


__all__ = ["POOLINGS", "PhraseEncoder", "Phrases"]
