"""GraphArrays: the arrays of a graph and the questions they answer."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from typing import Any

import numpy as np
from scipy import sparse

from graphrep.exceptions import GraphValueError
from graphrep.graph import _csr
from graphrep.graph._csr import CSR
from graphrep.graph._node_index import NodeIndex
from graphrep.kernels import _csr as kernels
from graphrep.typing import AnyArray, FloatArray, IntArray

_SYMMETRY_TOLERANCE = 1e-6
_BLOCK = 1 << 16  # entries hashed at a time


class GraphArrays:
    """What a graph holds and can be asked; `Graph` adds making and deriving.

    Attributes
    ----------
    n_merged : int
        Edges (of a list) or entries (of a matrix) that repeated another and were
        merged with it.
    """

    __slots__ = (
        "__weakref__",
        "_csr",
        "_directed",
        "_fingerprint",
        "_n_loops",
        "_nodes",
        "n_merged",
    )

    n_merged: int

    def _take(self, csr: CSR, index: NodeIndex, directed: bool | None) -> None:
        weights = None if csr.weights is None else _frozen(csr.weights)
        self._csr = CSR(_frozen(csr.indptr), _frozen(csr.indices), weights)
        self._nodes = index
        self._directed = directed
        self._n_loops: int | None = None
        self._fingerprint: str | None = None
        self.n_merged = 0
        if directed is False:
            self._require_symmetry()

    # -- size and shape ----------------------------------------------------------
    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self._csr.indptr) - 1

    @property
    def n_edges(self) -> int:
        """Number of edges; an undirected edge counts once."""
        entries = len(self._csr.indices)
        return entries if self.directed else (entries + self.n_loops) // 2

    @property
    def n_loops(self) -> int:
        """Number of self loops."""
        if self._n_loops is None:
            self._n_loops = int(kernels.count_loops(*self._csr[:2]))
        return self._n_loops

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the adjacency matrix."""
        return self.n_nodes, self.n_nodes

    @property
    def directed(self) -> bool:
        """Whether some edge has no equal mirror image, unless told at the start."""
        if self._directed is None:
            self._directed = self._first_asymmetry() >= 0
        return self._directed

    @property
    def weighted(self) -> bool:
        """Whether some weight differs from one."""
        return self._csr.weighted

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the weights; float32 where there are none."""
        return self._csr.data.dtype

    @property
    def nodes(self) -> NodeIndex:
        """Ids of the nodes in row order."""
        return self._nodes

    @property
    def node_ids(self) -> AnyArray:
        """Ids as an array, int64 or object."""
        return self._nodes.ids

    @property
    def indptr(self) -> IntArray:
        """Row pointers, int64, read-only."""
        return self._csr.indptr

    @property
    def indices(self) -> IntArray:
        """Neighbours, sorted within each row, read-only."""
        return self._csr.indices

    @property
    def weights(self) -> FloatArray | None:
        """Weights of the entries, read-only; None where all are one."""
        return self._csr.weights

    @property
    def csr(self) -> CSR:
        """The three arrays as one tuple."""
        return self._csr

    @property
    def nbytes(self) -> int:
        """Bytes held by the arrays, ids aside."""
        return sum(0 if a is None else a.nbytes for a in self._csr)

    @property
    def adjacency(self) -> sparse.csr_array[Any, tuple[int, int]]:
        """Adjacency as a scipy ``csr_array``; see `to_scipy`."""
        return self.to_scipy()

    def __len__(self) -> int:
        return self.n_nodes

    def __contains__(self, node: object) -> bool:
        return node in self._nodes

    # -- asking ------------------------------------------------------------------
    def degree(self, *, weighted: bool = False, kind: str = "out") -> AnyArray:
        """Degree of every node: entries of its row, or the sum of their weights.

        Parameters
        ----------
        weighted : bool, default=False
            Sum weights (float64) instead of counting (int64).
        kind : {"out", "in", "both"}, default="out"
            Which edges count in a directed graph; an undirected one has but one
            degree. A self loop counts once.

        Returns
        -------
        ndarray of shape (n_nodes,)
        """
        if kind not in {"out", "in", "both"}:
            raise GraphValueError(f"kind must be 'out', 'in' or 'both'; got {kind!r}.")
        if not self.directed or kind == "out":
            return _row_degree(self._csr, weighted)
        into = _row_degree(_csr.transpose(self._csr, self.n_nodes), weighted)
        return into if kind == "in" else into + _row_degree(self._csr, weighted)

    def neighbors(self, node: Hashable) -> list[Hashable]:
        """Ids of the nodes that a node's edges lead to."""
        row = self._nodes.index(node)
        start, end = self._csr.indptr[row], self._csr.indptr[row + 1]
        return [self._nodes[int(j)] for j in self._csr.indices[start:end]]

    def connected_components(self) -> IntArray:
        """Return the number of each node's (weakly) connected component, largest 0."""
        roots = np.arange(self.n_nodes)
        kernels.join_components(self.indptr, self.indices, roots)
        is_root = roots == np.arange(self.n_nodes)
        labels = (np.cumsum(is_root) - 1)[roots]
        sizes = np.bincount(labels, minlength=1)
        rank = np.empty(len(sizes), np.int64)
        rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
        components: IntArray = rank[labels]
        return components

    def fingerprint(self) -> str:
        """Hash of structure, weights and ids: equal graphs have equal fingerprints."""
        if self._fingerprint is None:
            digest = hashlib.blake2b(digest_size=16)
            parts = (self.indptr, self.indices, self.weights, self._nodes.keys())
            for part in parts:
                _feed(digest, part)
            digest.update(b"directed" if self.directed else b"undirected")
            self._fingerprint = digest.hexdigest()
        return self._fingerprint

    # -- handing over ------------------------------------------------------------
    def edges(self) -> tuple[IntArray, IntArray, FloatArray | None]:
        """Rows, columns and weights of the edges, an undirected edge once.

        Returns
        -------
        rows, columns : ndarray of shape (n_edges,)
            Row numbers; ``rows <= columns`` in an undirected graph.
        weights : ndarray of shape (n_edges,) or None
        """
        rows = np.repeat(
            np.arange(self.n_nodes, dtype=self.indices.dtype), np.diff(self.indptr)
        )
        columns, weights = self.indices, self.weights
        if not self.directed:
            once = rows <= columns
            rows, columns = rows[once], columns[once]
            weights = None if weights is None else weights[once]
        return rows, columns, weights

    def to_scipy(self, dtype: Any = None) -> sparse.csr_array[Any, tuple[int, int]]:
        """Adjacency as ``csr_array``; structure and stored weights are shared."""
        data = self.weights
        if data is None:
            data = np.ones(len(self.indices), dtype or np.float32)
        matrix = sparse.csr_array(
            (data, self.indices, self.indptr), shape=self.shape, copy=False
        )
        return matrix if dtype is None else matrix.astype(dtype, copy=False)

    # -- Python ------------------------------------------------------------------
    def __repr__(self) -> str:
        kind = "directed" if self.directed else "undirected"
        weights = "weighted" if self.weighted else "unweighted"
        return (
            f"Graph(n_nodes={self.n_nodes}, n_edges={self.n_edges}, {kind}, {weights})"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GraphArrays):
            return NotImplemented
        if self is other:
            return True
        same_arrays = (
            np.array_equal(self.indptr, other.indptr)
            and np.array_equal(self.indices, other.indices)
            and self.weighted == other.weighted
        )
        if not same_arrays or self.directed != other.directed:
            return False
        if self.weights is not None and other.weights is not None:
            same_arrays = np.array_equal(self.weights, other.weights)
        return bool(same_arrays and self._nodes == other._nodes)

    def __hash__(self) -> int:
        return hash(self.fingerprint())

    # -- private -----------------------------------------------------------------
    def _first_asymmetry(self) -> int:
        indptr, indices, _ = self._csr
        return int(
            kernels.first_asymmetry(
                indptr, indices, self._csr.data, self.weighted, _SYMMETRY_TOLERANCE
            )
        )

    def _require_symmetry(self) -> None:
        at = self._first_asymmetry()
        if at < 0:
            return
        row = int(np.searchsorted(self.indptr, at, side="right") - 1)
        edge = (self._nodes[row], self._nodes[int(self.indices[at])])
        raise GraphValueError(
            f"directed=False was asked for but edge {edge} has no equal mirror image. "
            "Make the graph with directed=True and call symmetrize('max')."
        )


def _feed(digest: Any, part: AnyArray | None) -> None:
    """Feed an array to a hash in blocks; floats as float64, so equal values agree."""
    digest.update(b"|")
    if part is None:
        return
    for start in range(0, len(part), _BLOCK):
        block = part[start : start + _BLOCK]
        wide = np.float64 if block.dtype.kind == "f" else block.dtype
        digest.update(np.ascontiguousarray(block, dtype=wide).tobytes())


def _row_degree(csr: CSR, weighted: bool) -> AnyArray:
    if not weighted or csr.weights is None:
        counts = np.diff(csr.indptr)
        return counts.astype(np.float64) if weighted else counts
    out = np.empty(len(csr.indptr) - 1, np.float64)
    kernels.row_sums(csr.indptr, csr.weights, out)
    bad = np.flatnonzero(np.isinf(out))
    if len(bad):
        raise GraphValueError(
            f"The weights of row {bad[0]} sum to infinity. Divide all weights by "
            "their maximum."
        )
    return out


def _frozen(array: AnyArray) -> AnyArray:
    view = array.view()
    view.setflags(write=False)
    return view
