"""Graph: an immutable graph in compressed sparse rows with ids for its nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import _csr
from graphrep.graph._adjacency import check_square, read_adjacency
from graphrep.graph._csr import CSR
from graphrep.graph._edges import csr_of_edges
from graphrep.graph._graph_arrays import GraphArrays
from graphrep.graph._ids import shown
from graphrep.graph._node_index import NodeIndex
from graphrep.typing import AnyArray, FloatArray, IntArray, NodeIds

if TYPE_CHECKING:
    import networkx as nx


class Graph(GraphArrays):
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
        Edges (of a list) or entries (of a matrix) that repeated another and were
        merged with it.

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

    __slots__ = ()

    def __init__(
        self,
        adjacency: Any,
        nodes: NodeIds | NodeIndex | None = None,
        *,
        directed: bool | None = None,
    ) -> None:
        if isinstance(adjacency, Graph):
            nodes = adjacency.nodes if nodes is None else nodes
            directed = adjacency._directed if directed is None else directed
            self._take(adjacency._csr, _index_of(nodes, adjacency.n_nodes), directed)
            self.n_merged = adjacency.n_merged
            return
        index = _index_of(nodes, check_square(adjacency))
        csr, merged = read_adjacency(adjacency, index)
        self._take(csr, index, directed)
        self.n_merged = merged

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
        index = _index_of(nodes, n_nodes)
        csr, merged = _csr.checked(indptr, indices, weights, n_nodes, index)
        graph._take(csr, index, directed)
        graph.n_merged = merged
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
        csr, merged = csr_of_edges(
            rows, columns, weight, index, directed=directed, duplicates=duplicates
        )
        graph = cls.__new__(cls)
        graph._take(csr, index, True)
        graph._directed = directed  # symmetric by construction where it is False
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
        if matrix.ndim != 2:
            raise GraphValueError(
                f"A biadjacency has two dimensions; got shape {matrix.shape}."
            )
        if (rows is None) != (columns is None):
            raise GraphValueError(
                "from_biadjacency needs ids for both rows and columns or for neither."
            )
        nodes: Any = sum(matrix.shape)
        if rows is not None and columns is not None:
            sides = (
                _index_of(rows, matrix.shape[0]),
                _index_of(columns, matrix.shape[1]),
            )
            nodes = [*sides[0], *sides[1]]
        return cls.from_codes(
            matrix.row.astype(np.int64),
            matrix.col.astype(np.int64) + matrix.shape[0],
            matrix.data,
            nodes=nodes,
        )

    # -- deriving ----------------------------------------------------------------
    def subgraph(self, nodes: NodeIds) -> Graph:
        """Graph induced by some nodes, in the order given; ids are kept."""
        return self._subgraph_of_rows(self._nodes.indexer(nodes))

    def largest_component(self) -> Graph:
        """Largest (weakly) connected component, nodes in the order they had."""
        return self._subgraph_of_rows(np.flatnonzero(self.connected_components() == 0))

    def _subgraph_of_rows(self, rows: IntArray) -> Graph:
        values, counts = np.unique(rows, return_counts=True)
        if len(values) != len(rows):
            node = shown(self._nodes[int(values[counts > 1][0])])
            raise GraphValueError(
                f"Node {node} stands twice in the list for a subgraph; name it once."
            )
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
            "mean" half of it. A loop has but one direction and keeps its weight, as
            an undirected graph keeps all.
        """
        if how not in {"union", "max", "sum", "mean"}:
            raise GraphValueError(
                f"how must be 'union', 'max', 'sum' or 'mean'; got {how!r}."
            )
        if not self.directed:
            return self
        rows, columns, weights = self.edges()
        if how == "mean":
            weights = np.ones(len(rows), np.float32) if weights is None else weights
            weights = np.where(
                rows == columns, weights, weights * weights.dtype.type(0.5)
            )
        csr, _ = _csr.build_csr(
            rows, columns, weights, self.n_nodes, mirror=True,
            duplicates="max" if how in {"union", "max"} else "sum",
        )  # fmt: skip
        return self._derived(_csr.tidy(csr, self._nodes), directed=False)

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
        """Return the same graph under other ids, given in row order."""
        return self._same_kind(self._csr, nodes)

    def unweighted(self) -> Graph:
        """Return the same edges, every weight one."""
        return self._derived(self._csr._replace(weights=None))

    def _derived(self, csr: CSR, *, directed: bool | None = None) -> Graph:
        return self._same_kind(csr, self._nodes, directed)

    def _same_kind(
        self, csr: CSR, nodes: NodeIds | NodeIndex, directed: bool | None = None
    ) -> Graph:
        graph = Graph.from_csr(*csr, nodes=nodes)
        graph._directed = self.directed if directed is None else directed
        return graph

    # -- handing over ------------------------------------------------------------

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

    def __getitem__(self, key: Any) -> Any:
        """Part of the adjacency at ``numpy.ix_(rows, columns)``.

        Cross-validation asks so: rows and columns alike (the training nodes of a
        fold) give the induced `Graph` with its ids, other ones (edges of test nodes to
        training nodes) a ``csr_array`` of shape (n_rows, n_columns).
        """
        if not _is_open_mesh(key):
            raise _NoPartError(
                "A graph is cut by rows and columns, graph[numpy.ix_(rows, columns)]; "
                f"got {type(key).__name__}. For some nodes and the edges between them "
                "call graph.subgraph(ids), for an array graph.to_scipy()."
            )
        rows, columns = (part.ravel() for part in key)
        if np.array_equal(rows, columns):
            return self._subgraph_of_rows(np.arange(self.n_nodes)[rows])
        return self.to_scipy()[key]

    def __sklearn_clone__(self) -> Graph:
        return self  # immutable: scikit-learn need not copy it

    def __copy__(self) -> Graph:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Graph:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (*self._csr, self._nodes, self._directed))


class _NoPartError(GraphTypeError, KeyError):
    """A graph was indexed by something else than rows and columns.

    As a KeyError it tells NumPy that a graph is one object, not a sequence.
    """

    def __str__(self) -> str:  # KeyError would show the repr of the message
        return str(self.args[0])


def _is_open_mesh(key: Any) -> bool:
    """Whether a key is what ``numpy.ix_`` makes of two lists of rows."""
    if not (isinstance(key, tuple) and len(key) == 2):
        return False
    if not all(isinstance(part, np.ndarray) and part.ndim == 2 for part in key):
        return False
    return bool(key[0].shape[1] == key[1].shape[0] == 1)


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


def _index_of(nodes: NodeIds | NodeIndex | None, n_nodes: int) -> NodeIndex:
    """Index of so many nodes, numbered where no ids are given."""
    if nodes is None:
        return NodeIndex(n_nodes)
    index = nodes if isinstance(nodes, NodeIndex) else NodeIndex(nodes)
    if len(index) != n_nodes:
        raise GraphValueError(
            f"{len(index):,} node ids were given for {n_nodes:,} rows."
        )
    return index
