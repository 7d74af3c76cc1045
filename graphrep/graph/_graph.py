"""Graph: an immutable graph in compressed sparse rows with ids for its nodes."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from graphrep.exceptions import GraphTypeError, GraphValueError, GraphWarning
from graphrep.graph import _csr
from graphrep.graph._csr import CSR
from graphrep.graph._node_index import NodeIndex
from graphrep.kernels import _csr as kernels
from graphrep.typing import AnyArray, FloatArray, IntArray, NodeIds

if TYPE_CHECKING:
    import networkx as nx

_SYMMETRY_TOLERANCE = 1e-6


class Graph:
    """A graph whose structure never changes.

    Parameters
    ----------
    adjacency : sparse matrix, sparse array or 2-D ndarray of shape (n_nodes, n_nodes)
        Entry ``(i, j)`` is the weight of the edge from node ``i`` to node ``j``. An
        undirected graph is symmetric and stores every edge twice.
    nodes : sequence of hashable, NodeIndex or None, default=None
        Ids in row order; integers stay integers. None numbers the rows.
    directed : bool or None, default=None
        None finds out by looking for an edge without its mirror image, when the
        answer is first needed. ``False`` on an asymmetric matrix is an error.

    Attributes
    ----------
    n_nodes, n_edges : int
        Size; an undirected edge counts once.
    nodes : NodeIndex
        Ids and their rows.
    indptr, indices : ndarray of int64, ndarray of int32 (int64 from 2**31 nodes)
        Row pointers, and neighbours sorted within each row. Read-only.
    weights : ndarray of float32 or float64, or None
        Weights, None where all are one. Read-only.
    n_merged : int
        Entries of the input that repeated an edge and were merged.

    Raises
    ------
    GraphValueError
        For a matrix that is not square, NaN, infinite or negative weights, ids that
        do not fit, and an asymmetric matrix under ``directed=False``.
    GraphTypeError
        For something that is no matrix.

    Notes
    -----
    Arrays are taken over without a copy where they are in order (sorted rows, no
    repeats, no zeros; int64 pointers), so memory-mapped arrays stay on disk. They
    must not be changed afterwards. Checking reads every entry once, O(n + m).

    Examples
    --------
    >>> graph = Graph.from_edges(["a", "a"], ["b", "c"], [1.0, 2.5])
    >>> graph
    Graph(n_nodes=3, n_edges=2, undirected, weighted)
    >>> graph.degree(weighted=True).tolist()
    [3.5, 1.0, 2.5]
    """

    __slots__ = ("__weakref__", "_csr", "_directed", "_n_loops", "_nodes", "n_merged")

    def __init__(
        self,
        adjacency: Any,
        nodes: NodeIds | NodeIndex | None = None,
        *,
        directed: bool | None = None,
    ) -> None:
        if isinstance(adjacency, Graph):
            csr, given = adjacency._csr, adjacency.nodes
            nodes = given if nodes is None else nodes
            directed = adjacency.directed if directed is None else directed
        else:
            csr = _read_adjacency(adjacency)
        self._take(csr, nodes, directed)

    # -- making ------------------------------------------------------------------
    @classmethod
    def from_csr(
        cls,
        indptr: AnyArray,
        indices: AnyArray,
        weights: AnyArray | None = None,
        *,
        nodes: NodeIds | NodeIndex | None = None,
        directed: bool | None = None,
    ) -> Graph:
        """Make a graph from the three arrays of a square CSR matrix.

        Memory-mapped arrays stay mapped if their rows are in order.
        """
        graph = cls.__new__(cls)
        n_nodes = max(len(indptr) - 1, 0)
        graph._take(_csr.check_csr(indptr, indices, weights, n_nodes), nodes, directed)
        return graph

    @classmethod
    def from_edges(
        cls,
        source: NodeIds,
        target: NodeIds,
        weight: AnyArray | None = None,
        *,
        nodes: NodeIds | NodeIndex | None = None,
        directed: bool = False,
        duplicates: str = "sum",
    ) -> Graph:
        """Make a graph from a list of edges.

        Parameters
        ----------
        source, target : sequence of hashable, length n_edges
            Ids of the end points.
        weight : array-like of float or None, default=None
            Weights; None gives every edge weight one.
        nodes : sequence of hashable, NodeIndex or None, default=None
            All ids in row order, so that isolated nodes are kept. None takes the
            ids in order of first appearance, sources and targets interleaved.
        directed : bool, default=False
            Whether ``(a, b)`` differs from ``(b, a)``.
        duplicates : {"sum", "first", "max", "mean", "error"}, default="sum"
            What to do with an edge that is given more than once.

        Returns
        -------
        Graph

        Raises
        ------
        GraphValueError
            For end points that are not in ``nodes``, bad weights, lengths that
            differ, or a repeated edge under ``duplicates="error"``.
        """
        if len(source) != len(target):
            raise GraphValueError(
                f"source and target must have the same length; got {len(source):,} "
                f"and {len(target):,}."
            )
        from graphrep.graph._factorize import factorize_edges

        rows, columns, index = factorize_edges(source, target, nodes)
        return cls.from_codes(
            rows, columns, weight, nodes=index, directed=directed, duplicates=duplicates
        )

    @classmethod
    def from_codes(
        cls,
        rows: IntArray,
        columns: IntArray,
        weight: AnyArray | None = None,
        *,
        nodes: NodeIndex | NodeIds | int,
        directed: bool = False,
        duplicates: str = "sum",
    ) -> Graph:
        """Make a graph from edges between row numbers; ``nodes`` names the rows.

        The arguments are those of `from_edges`, with integers in
        ``[0, len(nodes))`` for ids. O(n + m) in time and memory.
        """
        index = nodes if isinstance(nodes, NodeIndex) else NodeIndex(nodes)
        n_nodes = len(index)
        _check_codes(rows, columns, n_nodes)
        weights = None
        if weight is not None:
            weights = _csr.as_weights(np.asarray(weight))
            _check_edge_weights(weights, rows, columns, index)
        if duplicates not in {*_csr.DUPLICATES, "error"}:
            raise GraphValueError(
                "duplicates must be one of 'sum', 'first', 'max', 'mean', 'error'; "
                f"got {duplicates!r}."
            )
        rule = "first" if duplicates == "error" else duplicates
        csr, merged = _csr.build_csr(
            rows, columns, weights, n_nodes, mirror=not directed, duplicates=rule
        )
        if merged:
            _tell_merged(merged, duplicates, directed)
        if csr.weighted:
            csr = _tidy(csr)
        graph = cls.__new__(cls)
        graph._take(csr, index, None if directed else False, trusted=True)
        graph._directed = directed
        graph.n_merged = merged
        return graph

    @classmethod
    def from_biadjacency(
        cls,
        biadjacency: Any,
        rows: NodeIds | None = None,
        columns: NodeIds | None = None,
    ) -> Graph:
        """Make the undirected bipartite graph of a rectangular matrix.

        Parameters
        ----------
        biadjacency : sparse matrix or ndarray of shape (n_rows, n_columns)
            Weight of the edge between each row node and each column node.
        rows, columns : sequence of hashable or None, default=None
            Ids. None for both numbers the row nodes first, then the column nodes.
        """
        matrix = sparse.coo_array(biadjacency)
        n_rows, n_columns = matrix.shape
        if (rows is None) != (columns is None):
            raise GraphValueError(
                "from_biadjacency needs ids for both rows and columns or for neither."
            )
        nodes: Any = n_rows + n_columns
        if rows is not None and columns is not None:
            nodes = NodeIndex([*rows, *columns])
        return cls.from_codes(
            matrix.row.astype(np.int64),
            matrix.col.astype(np.int64) + n_rows,
            matrix.data,
            nodes=nodes,
        )

    def _take(
        self,
        csr: CSR,
        nodes: NodeIds | NodeIndex | None,
        directed: bool | None,
        *,
        trusted: bool = False,
    ) -> None:
        n_nodes = len(csr.indptr) - 1
        if nodes is None:
            index = NodeIndex(n_nodes)
        else:
            index = nodes if isinstance(nodes, NodeIndex) else NodeIndex(nodes)
        if len(index) != n_nodes:
            raise GraphValueError(
                f"{len(index):,} node ids were given for {n_nodes:,} rows."
            )
        self._csr = CSR(*(None if a is None else _frozen(a) for a in csr))
        self._nodes = index
        self._directed = directed
        self._n_loops: int | None = None
        self.n_merged = 0
        if directed is False and not trusted:
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
            raise GraphValueError(
                f"kind must be 'out', 'in' or 'both'; got {kind!r}."
            )
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
        """Number of the (weakly) connected component of each node, largest first."""
        _, labels = sparse.csgraph.connected_components(self.to_scipy(), directed=True)
        sizes = np.bincount(labels, minlength=1)
        rank = np.empty(len(sizes), np.int64)
        rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
        return rank[labels]

    def fingerprint(self) -> str:
        """Hash of structure, weights and ids: equal graphs have equal fingerprints."""
        digest = hashlib.blake2b(digest_size=16)
        for part in (*self._csr, self._nodes.keys()):
            digest.update(b"|" if part is None else np.ascontiguousarray(part).data)
        digest.update(b"directed" if self.directed else b"undirected")
        return digest.hexdigest()

    # -- deriving ----------------------------------------------------------------
    def subgraph(self, nodes: NodeIds) -> Graph:
        """Graph induced by some nodes, in the order given; ids are kept."""
        return self._subgraph_of_rows(self._nodes.indexer(nodes))

    def largest_component(self) -> Graph:
        """Largest (weakly) connected component, nodes in the order they had."""
        return self._subgraph_of_rows(np.flatnonzero(self.connected_components() == 0))

    def _subgraph_of_rows(self, rows: IntArray) -> Graph:
        if len(np.unique(rows)) != len(rows):
            raise GraphValueError("A node stands twice in the list for a subgraph.")
        csr = _csr.submatrix(self._csr, rows)
        nodes = self._nodes.take(rows)
        return self._same_kind(csr, nodes)

    def symmetrize(self, how: str = "union") -> Graph:
        """Undirected graph from a directed one.

        Parameters
        ----------
        how : {"union", "max", "sum", "mean"}, default="union"
            Weight of an edge from the weights of its two directions, a missing one
            counting as zero: "union" and "max" take the larger, "sum" their sum,
            "mean" half of it.
        """
        if how not in {"union", "max", "sum", "mean"}:
            raise GraphValueError(
                f"how must be 'union', 'max', 'sum' or 'mean'; got {how!r}."
            )
        a = self.to_scipy()
        if how in {"union", "max"}:
            both = a.maximum(a.T)
        else:
            both = (a + a.T) * (0.5 if how == "mean" else 1.0)
        both = both.tocsr()
        csr = _csr.check_csr(both.indptr, both.indices, both.data, self.n_nodes)
        return self._derived(csr, directed=False)

    def reverse(self) -> Graph:
        """Graph with every edge turned round."""
        return self._derived(_csr.transpose(self._csr, self.n_nodes))

    def remove_self_loops(self) -> Graph:
        """Copy without edges from a node to itself."""
        return self._derived(_csr.drop(self._csr, loops=True)) if self.n_loops else self

    def add_self_loops(self, weight: float = 1.0) -> Graph:
        """Copy in which every node has one loop of this weight, old loops replaced."""
        bare = self.remove_self_loops().to_scipy()
        eye = sparse.eye_array(self.n_nodes, dtype=bare.dtype, format="csr") * weight
        full = (bare + eye).tocsr()
        csr = _csr.check_csr(full.indptr, full.indices, full.data, self.n_nodes)
        return self._derived(csr)

    def with_nodes(self, nodes: NodeIds | NodeIndex) -> Graph:
        """Same graph under other ids, given in row order."""
        return self._same_kind(self._csr, nodes)

    def unweighted(self) -> Graph:
        """Same edges, every weight one."""
        return self._derived(self._csr._replace(weights=None))

    def _derived(self, csr: CSR, *, directed: bool | None = None) -> Graph:
        known = self._directed if directed is None else directed
        return self._same_kind(csr, self._nodes, known)

    def _same_kind(
        self, csr: CSR, nodes: NodeIds | NodeIndex, directed: bool | None = None
    ) -> Graph:
        graph = Graph.from_csr(*csr, nodes=nodes)
        graph._directed = self._directed if directed is None else directed
        return graph

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

    def to_networkx(self) -> nx.Graph[Any]:
        """``networkx.Graph`` or ``DiGraph`` with the same ids and weights."""
        from graphrep.graph._to_foreign import to_networkx

        return to_networkx(self)

    def to_pyg(self) -> Any:
        """``torch_geometric.data.Data`` with ``edge_index`` and ``edge_weight``."""
        from graphrep.graph._to_foreign import to_pyg

        return to_pyg(self)

    def to_frame(self, backend: str = "pandas") -> Any:
        """Table of edges with columns source, target and, if weighted, weight.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}, default="pandas"
            Library of the table.
        """
        from graphrep.graph._to_foreign import to_frame

        return to_frame(self, backend)

    # -- Python ------------------------------------------------------------------
    def __repr__(self) -> str:
        kind = "directed" if self.directed else "undirected"
        weights = "weighted" if self.weighted else "unweighted"
        return f"Graph(n_nodes={self.n_nodes}, n_edges={self.n_edges}, {kind}, {weights})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Graph):
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

    def __sklearn_clone__(self) -> Graph:
        return self  # immutable: scikit-learn need not copy it

    def __copy__(self) -> Graph:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Graph:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (*self._csr, self._nodes, self._directed))

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


def _rebuild(
    indptr: IntArray,
    indices: IntArray,
    weights: FloatArray | None,
    nodes: NodeIndex,
    directed: bool | None,
) -> Graph:
    graph = Graph.from_csr(indptr, indices, weights, nodes=nodes)
    graph._directed = directed
    return graph


def _read_adjacency(adjacency: Any) -> CSR:
    """Read a sparse or dense square matrix."""
    if not sparse.issparse(adjacency) and not isinstance(adjacency, np.ndarray):
        raise GraphTypeError(
            f"Graph takes a sparse matrix or a 2-D array; got {type(adjacency).__name__}."
            " For other objects use graphrep.as_graph, for edges Graph.from_edges."
        )
    if adjacency.ndim != 2 or adjacency.shape[0] != adjacency.shape[1]:
        raise GraphValueError(
            "Graph needs a square adjacency of shape (n_nodes, n_nodes); got "
            f"{adjacency.shape}. For edges between two node sets use "
            "Graph.from_biadjacency, for a list of edges Graph.from_edges."
        )
    if adjacency.dtype.kind in "cOSUVmM":
        raise GraphTypeError(
            f"Edge weights must be real numbers; got dtype {adjacency.dtype}. "
            "Convert them with astype(float)."
        )
    if sparse.issparse(adjacency) and adjacency.format == "csr":
        matrix = adjacency
    else:
        matrix = sparse.csr_array(adjacency)
    return _csr.check_csr(
        matrix.indptr, matrix.indices, matrix.data, adjacency.shape[0]
    )


def _check_codes(rows: IntArray, columns: IntArray, n_nodes: int) -> None:
    for name, codes in (("rows", rows), ("columns", columns)):
        if codes.dtype.kind not in "iu":
            raise GraphTypeError(f"{name} must be integers; got dtype {codes.dtype}.")
        if len(codes) and (codes.min() < 0 or codes.max() >= n_nodes):
            at = int(np.flatnonzero((codes < 0) | (codes >= n_nodes))[0])
            raise GraphValueError(
                f"{name}[{at}] = {int(codes[at])} is outside a graph of {n_nodes:,} "
                f"nodes; row numbers must lie in [0, {n_nodes})."
            )
    if len(rows) != len(columns):
        raise GraphValueError(
            f"rows and columns must have the same length; got {len(rows):,} and "
            f"{len(columns):,}."
        )


def _check_edge_weights(
    weights: FloatArray, rows: IntArray, columns: IntArray, nodes: NodeIndex
) -> None:
    if len(weights) != len(rows):
        raise GraphValueError(
            f"{len(weights):,} weights were given for {len(rows):,} edges."
        )
    bad, negative, _, _ = kernels.check_weights(weights)
    at = int(bad if bad >= 0 else negative)
    if at >= 0:
        edge = (nodes[int(rows[at])], nodes[int(columns[at])])
        where = f"edge {edge} at position {at}"
        raise GraphValueError(_csr.weight_message(float(weights[at]), where))


def _tell_merged(merged: int, duplicates: str, directed: bool) -> None:
    text = f"{merged:,} stored entries repeat an edge that was given before"
    if not directed:
        text += " (an undirected edge has two entries)"
    if duplicates == "error":
        raise GraphValueError(
            f"{text}. Merge them with duplicates='sum', 'first', 'max' or 'mean'."
        )
    if duplicates == "sum":
        warnings.warn(
            f"{text}; their weights were summed. Pass duplicates='first', 'max', "
            "'mean' or 'error' for another rule.",
            GraphWarning,
            stacklevel=4,
        )


def _tidy(csr: CSR) -> CSR:
    """Drop zero weights; drop the weights altogether where all are one."""
    _, _, zeros, not_one = kernels.check_weights(csr.data)
    if zeros:
        csr = _csr.drop(csr, zeros=True)
        not_one -= zeros
    return csr if not_one else csr._replace(weights=None)


def _row_degree(csr: CSR, weighted: bool) -> AnyArray:
    if not weighted or csr.weights is None:
        counts = np.diff(csr.indptr)
        return counts.astype(np.float64) if weighted else counts
    out = np.empty(len(csr.indptr) - 1, np.float64)
    kernels.row_sums(csr.indptr, csr.weights, out)
    return out


def _frozen(array: AnyArray) -> AnyArray:
    view = array.view()
    view.setflags(write=False)
    return view
