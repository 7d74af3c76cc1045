"""PairScorer: scores of nodes with all nodes, a block of rows at a time.

The score of a pair depends on nothing but the vectors of the two nodes (see
`graphrep.kernels._pair_products`). Equal vectors tie exactly, whatever the order of
nodes, the blocks, or the number of threads.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

import numpy as np

from graphrep.evaluation._embeddings import Embedding
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.kernels import _pair_products
from graphrep.kernels._topk import norms
from graphrep.typing import AnyArray, FloatArray, IntArray

kernels: Any = _pair_products  # kernels carry no annotations
SCORES = ("native", "dot", "cosine", "euclidean")
KINDS = SCORES[1:]
_ROWS_AT_ONCE = 1 << 16
_CENTRE_STEPS = 64  # of the largest number
_SAFE = 1e15  # float32 holds sums of squares of numbers up to here


class PairScorer(ABC):
    """Scores of pairs of nodes, higher meaning closer.

    Attributes
    ----------
    name : str
        Name of the score.
    n_nodes : int
        Number of nodes, rows and columns.
    symmetric : bool
        Whether the score of (i, j) is that of (j, i), to the last bit.
    """

    def __init__(self, name: str, n_nodes: int, symmetric: bool) -> None:
        self.name = name
        self.n_nodes = n_nodes
        self.symmetric = symmetric

    @abstractmethod
    def block(self, rows: IntArray) -> FloatArray:
        """Scores of a few nodes with all nodes, of shape (n_rows, n_nodes)."""

    def pairs(self, rows: AnyArray, columns: AnyArray) -> FloatArray:
        """Scores of pairs in float64, of shape (n_pairs,)."""
        rows, columns = np.asarray(rows), np.asarray(columns)
        out = np.empty(len(rows), np.float64)
        order = np.argsort(rows, kind="stable")
        step = block_rows(self.n_nodes)
        sources, first = np.unique(rows[order], return_index=True)
        ends = np.append(first, len(rows))
        for start in range(0, len(sources), step):
            part = sources[start : start + step]
            scores = self.block(part)
            lo, hi = ends[start], ends[start + len(part)]
            at = order[lo:hi]
            out[at] = scores[np.searchsorted(part, rows[at]), columns[at]]
        return out


def block_rows(n_nodes: int) -> int:
    """How many rows of scores are taken at once: 75 MB of them at most, mostly."""
    return 72 if n_nodes <= 1 << 18 else 36 if n_nodes <= 1 << 19 else 24


class VectorScorer(PairScorer):
    """Dot product, cosine or minus the squared distance of vectors.

    Parameters
    ----------
    name : str
        Name of the score.
    kind : {"dot", "cosine", "euclidean"}
        How vectors are compared.
    source, target : ndarray of shape (n_nodes, n_components)
        Vectors; the same object where there is one kind only.

    Notes
    -----
    Products are taken in float32, or in float64 for vectors of a size that float32
    cannot square. Vectors are kept packed, 4 bytes a number.
    """

    def __init__(
        self, name: str, kind: str, source: FloatArray, target: FloatArray
    ) -> None:
        super().__init__(name, len(source), source is target)
        self.kind = kind
        self.dtype: np.dtype[Any] = np.dtype(np.float32)
        self._multiply = kernels.products
        if _needs_double(source, target):
            self.dtype, self._multiply = np.dtype(np.float64), kernels.products_double
        self._n_columns = max(1, source.shape[1])
        centre = _rough_centre(target) if kind == "euclidean" else 0.0
        self._target, self._target_halves = self._packed(target, centre)
        self._source, self._source_halves = self._target, self._target_halves
        if source is not target:
            self._source, self._source_halves = self._packed(source, centre)

    def _packed(
        self, vectors: FloatArray, centre: Any
    ) -> tuple[FloatArray, FloatArray]:
        """Panels of the vectors, and half their squared lengths."""
        n, width = len(vectors), kernels.BASE
        panels = np.zeros((-(-n // width), self._n_columns, width), self.dtype)
        halves = np.zeros(n, self.dtype)
        step = _ROWS_AT_ONCE // width * width
        for start in range(0, n if vectors.shape[1] else 0, step):
            part = slice(start, start + step)
            block = vectors[part].astype(np.float64)
            if self.kind == "cosine":
                length = norms(block)[:, None]
                block = np.divide(
                    block, length, out=np.zeros_like(block), where=length > 0
                )
            block -= centre
            packed = kernels.pack(block.astype(self.dtype), width)
            panels[start // width : start // width + len(packed)] = packed
            halves[part] = 0.5 * (block * block).sum(axis=1)
        return panels, halves

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, AnyArray]) -> VectorScorer:
        """Take a scorer together again of what `to_arrays` gave; may be mapped."""
        made = cls.__new__(cls)
        kind = KINDS[int(arrays["kind"][0])]
        PairScorer.__init__(made, kind, len(arrays["halves"]), "source" not in arrays)
        made.kind, made._target = kind, arrays["target"]
        made.dtype = made._target.dtype
        double = made.dtype == np.float64
        made._multiply = kernels.products_double if double else kernels.products
        made._n_columns = made._target.shape[1]
        made._target_halves = arrays["halves"]
        made._source = arrays.get("source", made._target)
        if made._target.shape[2] != kernels.BASE:  # packed on another processor
            made._target = _packed_anew(made._target, made.n_nodes)
            made._source = made._target
            if not made.symmetric:
                made._source = _packed_anew(arrays["source"], made.n_nodes)
        made._source_halves = arrays.get("source_halves", made._target_halves)
        return made

    def read_from(self, arrays: Mapping[str, AnyArray]) -> None:
        """Let go of the vectors and read them from what `to_arrays` gave, mapped."""
        name = self.name
        self.__dict__.update(vars(VectorScorer.from_arrays(arrays)))
        self.name = name

    def to_arrays(self) -> dict[str, AnyArray]:
        """Packed vectors and what is known of them, for a file."""
        arrays: dict[str, AnyArray] = {
            "kind": np.array([KINDS.index(self.kind)]), "target": self._target,
            "halves": self._target_halves,
        }  # fmt: skip
        if not self.symmetric:
            arrays |= {"source": self._source, "source_halves": self._source_halves}
        return arrays

    def _rows(self, panels: FloatArray, rows: AnyArray) -> FloatArray:
        out = np.empty((len(rows), self._n_columns), self.dtype)
        kernels.unpack(panels, np.asarray(rows, np.int64), out)
        return out

    def prepared(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Source and target vectors as multiplied, and half their squared lengths."""
        every = np.arange(self.n_nodes)
        target = self._rows(self._target, every)
        source = target if self.symmetric else self._rows(self._source, every)
        return source, target, self._source_halves, self._target_halves

    def block(self, rows: IntArray) -> FloatArray:
        """Scores of a few nodes with all nodes."""
        out = np.empty((len(rows), self.n_nodes), self.dtype)
        queries = kernels.pack(self._rows(self._source, rows), kernels.QUERIES)
        self._multiply(queries, self._target, len(rows), out)
        if self.kind == "euclidean":
            kernels.products_to_distances(
                out, self._source_halves[rows], self._target_halves
            )
        return out

    def pairs(self, rows: AnyArray, columns: AnyArray) -> FloatArray:
        """Scores of pairs, summed in float64."""
        rows, columns = np.asarray(rows), np.asarray(columns)
        out = np.empty(len(rows), np.float64)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            a = self._rows(self._source, rows[part]).astype(np.float64)
            b = self._rows(self._target, columns[part]).astype(np.float64)
            if self.kind == "euclidean":
                out[part] = -np.sum((a - b) ** 2, axis=1)
            else:
                out[part] = np.sum(a * b, axis=1)
        return out


def _packed_anew(panels: FloatArray, n: int) -> FloatArray:
    """Panels of the width that this processor reads."""
    rows = np.empty((n, panels.shape[1]), panels.dtype)
    kernels.unpack(panels, np.arange(n), rows)
    out: FloatArray = kernels.pack(rows, kernels.BASE)
    return out


class CallableScorer(PairScorer):
    """Scores by a function of the caller, or by an embedding's own decoder.

    Parameters
    ----------
    name : str
        Name of the score.
    n_nodes : int
        Number of nodes.
    function : callable
        Takes row numbers and returns scores (n_rows, n_nodes). One thread calls it at
        a time, unless it has an attribute ``thread_safe`` that is true.
    symmetric : bool, default=False
        Whether the score of (i, j) is that of (j, i).
    """

    def __init__(
        self,
        name: str,
        n_nodes: int,
        function: Callable[[IntArray], Any],
        symmetric: bool = False,
    ) -> None:
        super().__init__(name, n_nodes, symmetric)
        self._function = function
        alone = not _says(function, "thread_safe")
        self._turn: Any = threading.Lock() if alone else nullcontext()

    def block(self, rows: IntArray) -> FloatArray:
        """Scores of a few nodes with all nodes."""
        with self._turn:
            scores = np.asarray(self._function(rows))
        if scores.shape != (len(rows), self.n_nodes):
            raise GraphValueError(
                f"The score {self.name!r} must return an array of shape (n_rows, "
                f"n_nodes) = {(len(rows), self.n_nodes)}; got {scores.shape}."
            )
        if scores.dtype not in (np.float32, np.float64):
            scores = scores.astype(np.float64 if scores.itemsize > 2 else np.float32)
        if np.isnan(scores).any():
            row = int(rows[np.flatnonzero(np.isnan(scores).any(axis=1))[0]])
            raise GraphValueError(
                f"The score {self.name!r} is NaN for pairs of row {row}. Scores must "
                "be numbers; use -inf for what must come last."
            )
        return np.ascontiguousarray(scores)


def pair_scorer(
    embedding: Embedding, score: str | Callable[..., Any] = "native"
) -> PairScorer:
    """Make the scorer of an embedding.

    Parameters
    ----------
    embedding : Embedding
        What is to be scored.
    score : {"native", "dot", "cosine", "euclidean"} or callable, default="native"
        "native" is the method's own; "dot" multiplies source and target vectors
        (where there are targets), "cosine" and "euclidean" compare the vectors
        themselves. A callable takes the vectors of a few nodes and those of all and
        returns their scores (n_rows, n_nodes), higher meaning closer (hyperbolic
        distances, say).

    Returns
    -------
    PairScorer

    Raises
    ------
    GraphValueError
        For an unknown score, or one that needs vectors where there are none.
    """
    if callable(score):
        vectors = _vectors(embedding, getattr(score, "__name__", "callable"))
        function = score
        return CallableScorer(
            getattr(score, "__name__", "callable"), len(vectors),
            lambda rows: function(vectors[rows], vectors), is_symmetric(score),
        )  # fmt: skip
    if score not in SCORES:
        raise GraphValueError(
            f"score must be one of {', '.join(map(repr, SCORES))} or a callable; got "
            f"{score!r}."
        )
    kind = embedding.native if score == "native" else score
    if kind == "own":
        if embedding.own is None:
            raise GraphTypeError(f"{embedding.name!r} says 'own' but has no function.")
        return CallableScorer(
            score, _n_nodes(embedding), embedding.own, is_symmetric(embedding.own)
        )
    if kind == "dot" and embedding.factors is not None:
        return VectorScorer(score, kind, *embedding.factors)
    vectors = _vectors(embedding, score)
    return VectorScorer(score, kind, vectors, vectors)


def has_score(embedding: Embedding, score: str | Callable[..., Any]) -> bool:
    """Whether an embedding can be scored this way at all."""
    if embedding.source is not None:
        return True
    return score == "native" or (score == "dot" and embedding.decoder is not None)


def is_symmetric(function: Callable[..., Any]) -> bool:
    """Whether a callable says, by an attribute ``symmetric``, that its scores are."""
    return _says(function, "symmetric")


def _says(function: Callable[..., Any], word: str) -> bool:
    """Whether a callable, or the object whose method it is, has a true attribute."""
    owner = getattr(function, "__self__", None)
    return bool(getattr(function, word, getattr(owner, word, False)))


def _vectors(embedding: Embedding, score: str) -> FloatArray:
    if embedding.source is None:
        raise GraphValueError(
            f"{embedding.name!r} has no vectors, so that the score {score!r} does not "
            "exist for it; use scores=('native',)."
        )
    return embedding.source


def _n_nodes(embedding: Embedding) -> int:
    if embedding.source is not None:
        return len(embedding.source)
    if embedding.own is None:
        raise GraphTypeError(f"{embedding.name!r} has neither vectors nor a score.")
    return int(np.asarray(embedding.own(np.zeros(1, np.int64))).shape[1])


def _needs_double(*matrices: FloatArray) -> bool:
    """Whether products of entries leave the range in which float32 is accurate."""
    peaks = [float(np.abs(m).max(initial=0.0)) for m in matrices]
    return any(peak > _SAFE or 0 < peak < 1 / _SAFE for peak in peaks)


def _rough_centre(vectors: FloatArray) -> FloatArray:
    """About the mean, which makes distances accurate, on a grid.

    Distances do not change with it, but their last bits do: the mean itself would
    depend on the order of the sum.
    """
    mean = vectors.mean(axis=0, dtype=np.float64)
    peak = float(np.abs(vectors).max(initial=0.0))
    step = 2.0 ** np.ceil(np.log2(peak)) / _CENTRE_STEPS if peak > 0 else 1.0
    return np.asarray(np.rint(mean / step) * step)
