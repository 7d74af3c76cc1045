"""Encoder: what turns records into vectors, and how near vectors are looked up.

An encoder of records has two methods and takes its settings in ``__init__``.
`StaticEncoder` and `TransformerEncoder` are such; so is anything else that has them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from graphrep._utils._progress import Progress, silent
from graphrep.blocking._losses import MatchLoss
from graphrep.blocking._records import Records
from graphrep.blocking._relative import Neighbours
from graphrep.retrieval import ExactIndex
from graphrep.typing import AnyArray, FloatArray, IntArray

if TYPE_CHECKING:
    from typing import Self

    from graphrep.blocking._miner import TupleMiner

_TINY = 1e-12


@runtime_checkable
class Encoder(Protocol):
    """Records to vectors of length 1."""

    def fit(
        self, A: Records, B: Records, miner: TupleMiner | None = None,
        loss: MatchLoss | None = None, *, seed: int = 0, n_jobs: int | None = None,
        progress: Progress = silent,
    ) -> Self:  # fmt: skip
        """Learn from two tables.

        Parameters
        ----------
        A, B : Records
            The tables; the same object for one table.
        miner : TupleMiner or None, default=None
            Fitted to these tables; None to learn nothing but what the texts tell, such
            as how common words are.
        loss : MatchLoss or None, default=None
            What to make small; None for `MatchLoss` as it is.
        seed : int, default=0
            The same seed gives the same encoder.
        n_jobs : int or None, default=None
            Threads.
        progress : callable, default=silent
            Called with a label, steps done and steps in all.
        """
        ...

    def transform(self, records: Records, *, n_jobs: int | None = None) -> FloatArray:
        """Vectors of records: float32 (n, d), of length 1, or 0 for an empty record."""
        ...


def vectors_of(
    encoder: Encoder, records: Records, n_jobs: int | None, progress: Progress | None
) -> FloatArray:
    """Vectors of records; an encoder that can tell how far it is does so."""
    more: dict[str, Any] = {}
    if progress and "progress" in inspect.signature(encoder.transform).parameters:
        more["progress"] = progress
    return encoder.transform(records, n_jobs=n_jobs, **more)


def unit_vectors(vectors: AnyArray) -> FloatArray:
    """Rows scaled to length 1, float32; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled = np.where(lengths > _TINY, vectors / np.maximum(lengths, _TINY), 0.0)
    found: FloatArray = scaled.astype(np.float32)
    return found


def vector_neighbours(
    X: FloatArray, Y: FloatArray, *, one_table: bool = False, k: int = 50,
    n_jobs: int | None = None, index: Callable[[FloatArray], Any] = ExactIndex,
) -> tuple[Neighbours, Neighbours]:  # fmt: skip
    """Nearest vectors of each vector of both tables by cosine.

    Parameters
    ----------
    X, Y : ndarray of shape (n, d), (m, d)
        Vectors; those of length 0 are near nothing and nothing is near them.
    one_table : bool, default=False
        Whether Y is X; a record is then none of its own neighbours.
    k : int, default=50
        Neighbours of each record.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.
    index : callable, default=ExactIndex
        From vectors to an index of them: exact, or such as `HashIndex`.

    Returns
    -------
    of_left, of_right : Neighbours
        Rows and cosines, best first; -1 and 0 where nothing else has a positive cosine.
    """
    of_left = _nearest(X, Y, k, one_table, n_jobs, index)
    return of_left, of_left if one_table else _nearest(Y, X, k, False, n_jobs, index)


def _nearest(
    queries: FloatArray, base: FloatArray, k: int, own: bool, n_jobs: int | None,
    index: Callable[[FloatArray], Any],
) -> Neighbours:  # fmt: skip
    full = np.flatnonzero(base.any(axis=1))
    asked = np.flatnonzero(queries.any(axis=1))
    if not (len(full) > own and len(asked)):
        return no_neighbours(len(queries), min(k, len(base)))
    exclude = np.arange(len(full)) if own else None  # both are the same rows
    return nearest_of(
        index(base[full]), queries[asked], asked, len(queries), full, len(base), k,
        exclude, n_jobs,
    )  # fmt: skip


def nearest_of(
    index: Any, queries: FloatArray, asked: IntArray, n_queries: int, full: IntArray,
    n_base: int, k: int, exclude: IntArray | None, n_jobs: int | None,
) -> Neighbours:  # fmt: skip
    """Nearest vectors of those that are not zero, in the numbers of all records.

    Parameters
    ----------
    index : object with ``query``
        Index of the vectors of the base that are not zero.
    queries : ndarray of shape (n_asked, d)
        Vectors to look up.
    asked : ndarray of int64 of shape (n_asked,)
        Whose these are, of ``n_queries`` records.
    n_queries : int
        Records that get a list; empty where no vector is asked for.
    full : ndarray of int64 of shape (len(index),)
        Whose the vectors of the index are, of ``n_base`` records.
    n_base, k : int
        A list has the smaller of both places.
    exclude : ndarray of int64 of shape (n_asked,) or None
        For each query one row of the index to leave out.
    n_jobs : int or None
        Threads.
    """
    width = min(k, n_base)
    rows, scores = no_neighbours(n_queries, width)
    if len(asked) and width:
        found, near = index.query(queries, k, exclude=exclude, n_jobs=n_jobs)
        good = (found >= 0) & (near > 0)
        rows[asked, : found.shape[1]] = np.where(good, full[found], -1)
        scores[asked, : found.shape[1]] = np.where(good, near, 0)
    return Neighbours(rows, scores)


def no_neighbours(n: int, width: int) -> Neighbours:
    """Empty lists of n records."""
    rows = np.full((n, width), -1, np.int64)
    return Neighbours(rows, np.zeros((n, width), np.float32))
