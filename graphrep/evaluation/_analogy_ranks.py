"""Exact ranks of the answers to analogies among all nodes, ties in expectation."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from scipy.special import digamma, gammaln

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._parallel import resolve_n_jobs
from graphrep.kernels import _analogies
from graphrep.kernels._topk import norms
from graphrep.typing import AnyArray, FloatArray, IntArray

kernels: Any = _analogies  # kernels carry no annotations

_EPS = np.float32(0.001)  # of 3CosMul
_CODES = {
    "3CosAdd": kernels.COS_ADD, "3CosMul": kernels.COS_MUL, "LRCos": kernels.LR_COS,
}  # fmt: skip
_LANES = 64  # pieces are whole multiples: no edge is treated on its own by BLAS
_WIDTH = 2048  # candidates of one piece of a product
_ROWS_AT_ONCE = 1 << 16


class Places(NamedTuple):
    """Where the best answer of each question stands.

    ``above`` candidates score higher, ``tied`` the same (answers included), and
    ``relevant`` of these are answers.
    """

    above: IntArray
    tied: IntArray
    relevant: IntArray

    def hits(self, k: int) -> FloatArray:
        """Chance that an answer is among the first k, ties in random order."""
        inside = np.clip(k - self.above, 0, self.tied)
        rest = self.tied - self.relevant
        log_none = (
            gammaln(rest + 1) - gammaln(np.maximum(rest - inside, 0) + 1)
            - gammaln(self.tied + 1) + gammaln(self.tied - inside + 1)
        )  # fmt: skip
        missed = np.where(rest < inside, 0.0, np.exp(np.minimum(log_none, 0.0)))
        return np.asarray(np.where(inside == 0, 0.0, 1.0 - missed))

    def reciprocal_rank(self) -> FloatArray:
        """Return the expectation of 1 / rank of the first answer."""
        above, tied = self.above.astype(np.float64), self.tied
        out = np.asarray((digamma(above + tied + 1) - digamma(above + 1)) / tied)
        several = np.flatnonzero(self.relevant > 1)
        if len(several):
            cases, at = np.unique(
                np.stack([part[several] for part in self]), axis=1, return_inverse=True
            )
            found = np.array([_first_of_several(*map(int, c)) for c in cases.T])
            out[several] = found[at.ravel()]
        alone = self.tied == 1  # digamma is not exact
        out[alone] = 1.0 / (above[alone] + 1.0)
        return out


def _first_of_several(above: int, tied: int, relevant: int) -> float:
    i = np.arange(1, tied - relevant + 1, dtype=np.float64)
    ratios = (tied - relevant - i + 1) / (tied - i)
    chances = relevant / tied * np.concatenate([[1.0], np.cumprod(ratios)])
    return float((chances / (above + np.arange(1, len(chances) + 1))).sum())


class Questions(NamedTuple):
    """Questions in numbers.

    ``words`` (n, 3) are rows of the matrix of query vectors, ``answers`` and
    ``left_out`` rows of nodes, each as (starts, rows).
    """

    words: IntArray
    answers: tuple[IntArray, IntArray]
    left_out: tuple[IntArray, IntArray]


class AnalogyRanker:
    """Ranks answers among all nodes.

    Parameters
    ----------
    vectors : ndarray of shape (n_nodes, n_components)
        Vectors of the nodes.
    n_jobs : int or None, default=None
        Number of threads; results do not depend on it.

    Attributes
    ----------
    unit : ndarray of float32 of shape (n_nodes, n_components)
        The vectors at unit length; zero vectors stay zero.

    Notes
    -----
    Cosines of the distinct words with a tile of nodes are taken once, as pieces of
    one shape so that equal vectors tie exactly; each question then costs three reads
    for each node. For q questions of w words, n nodes and d components that is
    ``2 w n d`` flops for the products and about ``4 q n`` for the scores, where
    forming every question's vector would take ``2 q n d``.
    """

    def __init__(self, vectors: FloatArray, n_jobs: int | None = None) -> None:
        n, dim = vectors.shape
        self.unit = np.zeros((n, max(1, dim)), np.float32)
        for start in range(0, n if dim else 0, _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            block = vectors[part].astype(np.float64)
            length = norms(block)[:, None]
            self.unit[part] = block / np.where(length > 0, length, 1.0)
        self._n_jobs = n_jobs
        self._width = min(_WIDTH, -(-n // _LANES) * _LANES)

    def places(
        self,
        queries: FloatArray,
        questions: Questions,
        methods: Sequence[str],
        bias: FloatArray | None = None,
    ) -> dict[str, Places]:
        """Rank the answers of all questions.

        Parameters
        ----------
        queries : ndarray of float32 of shape (n_queries, n_components)
            Unit vectors of words, and weights of classes after them.
        questions : Questions
            Each with an answer at least.
        methods : sequence of {"3CosAdd", "3CosMul", "LRCos"}
        bias : ndarray of float32 or None, default=None
            Intercepts of the classes, which are the last rows of ``queries``.
        """
        whole = -(-len(queries) // _LANES) * _LANES
        padded = np.zeros((whole, self.unit.shape[1]), np.float32)
        padded[: len(queries)] = queries
        with single_blas_thread():
            started = self._start(padded, len(queries), bias, questions, methods)
            n_threads = resolve_n_jobs(self._n_jobs)
            tiles = range(0, len(self.unit), self._width)

            def work(thread: int) -> list[tuple[IntArray, IntArray]]:
                counts = [
                    (np.zeros_like(tied), np.zeros_like(above))
                    for _, tied, above in started
                ]
                out = np.empty((whole, self._width), np.float32)
                for at in tiles[thread::n_threads]:
                    piece = self.unit[at : at + self._width]
                    self._cosines(padded, len(queries), bias, piece, out)
                    for method, (best, _, _), (tied, above) in zip(
                        methods, started, counts, strict=True
                    ):
                        kernels.count_tile(
                            _CODES[method], out, len(piece), questions.words, _EPS,
                            best, tied[:, 0], above,
                        )  # fmt: skip
                return counts

            with ThreadPoolExecutor(n_threads) as pool:
                for counts in pool.map(work, range(n_threads)):
                    for (_, tied, above), (more_tied, more_above) in zip(
                        started, counts, strict=True
                    ):
                        tied += more_tied
                        above += more_above
        return {
            method: Places(above, np.maximum(tied[:, 0], tied[:, 1]), tied[:, 1])
            for method, (_, tied, above) in zip(methods, started, strict=True)
        }

    def _start(
        self,
        padded: FloatArray,
        n_queries: int,
        bias: FloatArray | None,
        questions: Questions,
        methods: Sequence[str],
    ) -> list[tuple[FloatArray, AnyArray, IntArray]]:
        """Score of the best answer for each method, and counts without the left-out."""
        (good_at, good), (bad_at, bad) = questions.answers, questions.left_out
        rows, at = np.unique(np.concatenate([good, bad]), return_inverse=True)
        cosines = np.empty((len(padded), len(rows)), np.float32)
        out = np.empty((len(padded), self._width), np.float32)
        for start in range(0, len(rows), self._width):
            piece = self.unit[rows[start : start + self._width]]
            self._cosines(padded, n_queries, bias, piece, out)
            cosines[:, start : start + len(piece)] = out[:, : len(piece)]
        n = len(questions.words)
        started: list[tuple[FloatArray, AnyArray, IntArray]] = []
        for method in methods:
            best = np.empty(n, np.float32)
            tied, above = np.zeros((n, 2), np.int64), np.zeros(n, np.int64)
            kernels.best_answers(
                _CODES[method], cosines, questions.words, good_at, at[: len(good)],
                bad_at, at[len(good) :], _EPS, best, tied, above,
            )  # fmt: skip
            started.append((best, tied, above))
        return started

    def _cosines(
        self,
        padded: FloatArray,
        n_queries: int,
        bias: FloatArray | None,
        piece: FloatArray,
        out: FloatArray,
    ) -> None:
        """Products of all queries with a piece of the nodes, classes as chances."""
        if len(piece) < self._width:
            full = np.zeros((self._width, piece.shape[1]), np.float32)
            full[: len(piece)] = piece
            piece = full
        for start in range(0, len(padded), _LANES):
            part = slice(start, start + _LANES)
            np.matmul(padded[part], piece.T, out=out[part])
        if bias is not None:
            logits = out[n_queries - len(bias) : n_queries]
            logits += bias[:, None]
            np.clip(logits, -80.0, 80.0, out=logits)  # exp stays in range
            logits[:] = np.float32(1.0) / (np.float32(1.0) + np.exp(-logits))
