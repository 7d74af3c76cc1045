"""GraphTransformer: what all node embedders share with scikit-learn and each other."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils.validation import check_is_fitted, check_non_negative, validate_data

from graphrep._utils._optional import module_of
from graphrep._utils._sklearn_compat import CallbackSupportMixin, gives_pandas
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import CSR, Graph, NodeIndex, Vectors
from graphrep.graph._adjacency import refuse_edge_list
from graphrep.graph._csr import check_csr, check_structure
from graphrep.typing import AnyArray, GraphLike, NodeIds, PathType

if TYPE_CHECKING:
    from typing import Self

_TABLE_LIBRARIES = frozenset({"pandas", "polars"})
_GRAPH_LIBRARIES = frozenset({"torch", "torch_geometric", "pyarrow"})  # for as_graph


class GraphTransformer(
    CallbackSupportMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Base of estimators that turn the nodes of a graph into vectors.

    A graph reaches ``fit`` as its adjacency of shape (n_nodes, n_nodes), in any form
    that `graphrep.as_graph` takes. The input tag ``pairwise`` tells scikit-learn that
    rows *and* columns are samples, so cross-validation cuts out induced subgraphs.

    Sub-classes implement ``fit`` and set ``embedding_`` (n_nodes, n_features_out).
    """

    embedding_: AnyArray
    node_ids_: AnyArray
    n_features_in_: int
    _progress: Callable[[str, int, int], None] | None = None

    decoder: ClassVar[str] = "dot"
    """How the method itself scores a pair: "dot", "euclidean" or "own"."""

    # -- scikit-learn ------------------------------------------------------------
    def __init_subclass__(cls, **options: Any) -> None:
        for name in ("transform", "fit_transform"):
            if name in cls.__dict__:
                setattr(cls, name, _with_node_ids(cls.__dict__[name]))
        super().__init_subclass__(**options)  # its frames keep an index that is there

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.pairwise = True
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def _n_features_out(self) -> int:
        return int(self.embedding_.shape[1])

    def _check_graph(self, X: GraphLike) -> tuple[Graph, np.dtype[Any]]:
        """Read the graph to fit; return it with the type that its vectors get.

        Arrays go through scikit-learn's own validation and keep their type, as its
        contract wants; graphs of any other kind are embedded in float32.
        """
        name = type(self).__name__
        self._forget()
        if is_matrix(X):
            _refuse_masks(X)
            _refuse_edges(X, name)
            _check_indices(X)
            ids = _square_frame_ids(X)
            X = validate_data(
                self, X, accept_sparse="csr", accept_large_sparse=True,
                dtype=[np.float64, np.float32],
            )  # fmt: skip
            _require_square(X.shape, name)
            check_non_negative(X, name)
            graph = Graph(X, nodes=ids)
            dtype = X.dtype
        else:
            graph, dtype = read_graph(X), np.dtype(np.float32)
            if graph.n_nodes == 0:
                raise GraphValueError(
                    "Found a graph with 0 node(s) (0 sample(s)) while a minimum of 1 "
                    f"is required by {name}."
                )
            self.n_features_in_ = graph.n_nodes
        self.node_ids_ = graph.node_ids
        self._nodes = graph.nodes
        return graph, dtype

    def _forget(self) -> None:
        """Drop the result of an earlier fit: one that fails must not leave half."""
        self.__dict__.pop("embedding_", None)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "embedding_")

    def _check_rows(self, X: GraphLike) -> CSR:
        """Read edges of nodes to the fitted nodes: (n_new, n_fitted), checked."""
        name = type(self).__name__
        if is_matrix(X):
            _check_indices(X)
            X = validate_data(
                self, X, accept_sparse="csr", accept_large_sparse=True,
                dtype=[np.float64, np.float32], reset=False,
            )  # fmt: skip
            check_non_negative(X, name)
            rows: Any = X if sparse.issparse(X) else sparse.csr_array(X)
            return check_csr(rows.indptr, rows.indices, rows.data, X.shape[1])
        graph = read_graph(X)
        if graph.nodes == self._nodes:
            return self._rows_of(graph)
        if len(graph.nodes) == len(self._nodes) and set(graph.nodes) == set(
            self._nodes
        ):
            return self._rows_of(graph.subgraph(self.node_ids_))
        raise GraphValueError(
            f"The graph has {graph.n_nodes:,} nodes but {name} was fitted on "
            f"{len(self._nodes):,} other ones. To embed new nodes pass their edges to "
            f"the fitted nodes, a matrix of shape (n_new, {len(self._nodes)})."
        )

    def _rows_of(self, graph: Graph) -> CSR:
        """Rows of a graph of the fitted nodes as `transform` reads them."""
        return graph.csr

    # -- looking at the result ---------------------------------------------------
    @property
    def vectors_(self) -> Vectors:
        """The fitted vectors together with the ids of their nodes."""
        check_is_fitted(self)
        return Vectors(self.embedding_, self._nodes)

    def most_similar(
        self, node: Hashable, k: int = 10, *, metric: str = "cosine"
    ) -> list[tuple[Hashable, float]]:
        """Find the nodes whose vectors are nearest to a node's vector.

        Parameters
        ----------
        node : hashable or array-like of shape (n_components,)
            Id of a fitted node, or a vector.
        k : int, default=10
            Number of nodes to return; the node itself is left out.
        metric : {"cosine", "dot", "euclidean"}, default="cosine"
            How nearness is measured.

        Returns
        -------
        list of (id, score)
            Nearest first.

        Raises
        ------
        NodeNotFoundError
            If the node was not in the fitted graph.
        """
        return self.vectors_.most_similar(node, k=k, metric=metric)

    def decoder_score(self, rows: Any, columns: Any) -> AnyArray:
        """Score pairs of nodes the way the method itself does.

        Parameters
        ----------
        rows, columns : int or array-like of int
            Row numbers of sources and targets, broadcast against each other.

        Returns
        -------
        ndarray
            The larger, the likelier the edge.
        """
        check_is_fitted(self)
        source = self.embedding_[np.asarray(rows)]
        target = self._targets()[np.asarray(columns)]
        if self.decoder == "euclidean":
            scores: AnyArray = -np.sqrt(np.sum((source - target) ** 2, axis=-1))
            return scores
        dots: AnyArray = np.einsum("...d,...d->...", source, target)
        return dots

    def to_frame(self, backend: str = "pandas") -> Any:
        """Vectors as a table with the node ids as index (or first column)."""
        return self.vectors_.to_frame(backend=backend)

    # -- keeping -----------------------------------------------------------------
    def save(self, path: PathType, *, overwrite: bool = True) -> None:
        """Write the fitted estimator to a directory (or ``.zip``) without pickle.

        Read it back with `graphrep.load`.
        """
        from graphrep.persistence import save

        check_is_fitted(self)
        save(self, path, overwrite=overwrite)

    def _targets(self) -> AnyArray:
        target = getattr(self, "target_embedding_", None)
        return self.embedding_ if target is None else target

    def _fitted_state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        """Fitted arrays and JSON-able scalars, node ids aside."""
        return {"embedding_": self.embedding_}, {"n_features_in_": self.n_features_in_}

    def _set_fitted_state(
        self, arrays: dict[str, AnyArray], scalars: dict[str, Any]
    ) -> Self:
        """Take back what `_fitted_state` gave; ``node_ids_`` is set already."""
        for name, value in {**arrays, **scalars}.items():
            setattr(self, name, value)
        self._nodes = NodeIndex(self.node_ids_)
        return self

    def _tell(self, label: str, done: int, total: int) -> None:
        """Report progress to whoever asked for it."""
        if self._progress is not None:
            self._progress(label, done, total)

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("_progress", None)
        return dict(state)


def _with_node_ids(method: Callable[..., Any]) -> Callable[..., Any]:
    """Let ``set_output(transform="pandas")`` give frames with node ids as index.

    The rows of a matrix have no ids; those of a square frame scikit-learn keeps.
    """

    @functools.wraps(method)
    def wrapped(self: GraphTransformer, X: Any, *args: Any, **options: Any) -> Any:
        table = method(self, X, *args, **options)
        if not gives_pandas(self) or is_matrix(X) or not isinstance(table, np.ndarray):
            return table
        return Vectors(table, self._nodes).to_frame()

    return wrapped


def is_matrix(X: Any) -> bool:
    """Whether scikit-learn's own validation should see it."""
    if sparse.issparse(X) or isinstance(X, (np.ndarray, list, tuple)):
        return True
    if module_of(X) in _TABLE_LIBRARIES:
        return not _looks_like_edges(X)
    return not isinstance(X, Graph) and (
        hasattr(X, "__array__")
        and not hasattr(X, "edges")
        and module_of(X) not in _GRAPH_LIBRARIES
    )


def read_graph(X: GraphLike) -> Graph:
    """Return a graph as it is and read anything else as one."""
    if isinstance(X, Graph):
        return X
    from graphrep.io import as_graph

    graph: Graph = as_graph(X)
    return graph


def _looks_like_edges(X: Any) -> bool:
    return {"source", "target"} <= set(map(str, getattr(X, "columns", ())))


def _square_frame_ids(X: Any) -> NodeIds | None:
    """Node ids of a square data frame: its index, where it equals the columns."""
    if module_of(X) != "pandas" or X.shape[0] != X.shape[1]:
        return None
    if not X.index.equals(X.columns):
        raise GraphTypeError(
            "A square data frame is read as an adjacency and must have equal index "
            "and columns; pass X.to_numpy() to number the rows."
        )
    ids: AnyArray = X.index.to_numpy()
    return ids


def _refuse_masks(X: Any) -> None:
    if isinstance(X, np.ma.MaskedArray):
        raise GraphTypeError(
            "A masked array leaves open what a masked entry means. Pass "
            "array.filled(0) if it means that there is no edge."
        )


def _refuse_edges(X: Any, name: str) -> None:
    """Say what to do with edges that would pass for the rows of a matrix."""
    if isinstance(X, (list, tuple)):
        if len(X) == 0:
            raise GraphValueError(
                f"{name} got an empty {type(X).__name__}, which holds no graph. Pass "
                "an adjacency, or edges by Graph.from_edges(sources, targets)."
            )
        pairs = all(isinstance(row, tuple) and len(row) in (2, 3) for row in X)
        if pairs and (len(X) != len(X[0]) or isinstance(X[0][0], str)):
            raise GraphTypeError(
                f"{name} reads a list as the rows of an adjacency; this one starts "
                f"with {X[0]!r}, which looks like an edge. For edges pass "
                "Graph.from_edges(sources, targets)."
            )
        if all(isinstance(row, list) and len(row) == len(X[0]) for row in X):
            refuse_edge_list(np.array(X))
    elif isinstance(X, np.ndarray):
        refuse_edge_list(X)
    elif module_of(X) in _TABLE_LIBRARIES and X.ndim == 2 and X.shape[1] in (2, 3, 4):
        columns = [str(column) for column in X.columns]
        if X.shape[0] != X.shape[1] or not all(_is_number(t) for t in X.dtypes):
            raise GraphTypeError(
                f"{name} reads a table with columns 'source' and 'target' as edges and "
                f"a square one as an adjacency; this one has {X.shape[0]:,} rows and "
                f"the columns {', '.join(map(repr, columns))}. For edges pass "
                f"as_graph(table, source={columns[0]!r}, target={columns[1]!r})."
            )


def _is_number(dtype: Any) -> bool:
    if hasattr(dtype, "is_numeric"):  # of polars
        return bool(dtype.is_numeric())
    return getattr(dtype, "kind", "O") in "biuf"


def _check_indices(X: Any) -> None:
    """Look at the indices of formats that are converted before anyone checks them.

    scipy's conversions trust them: a damaged matrix would end the process.
    """
    kind = getattr(X, "format", None) if sparse.issparse(X) else None
    if kind in {"csc", "bsr"}:
        of_rows = kind == "csc"
        n_slices, n_entries = reversed(X.shape) if of_rows else X.shape
        if kind == "bsr":
            n_slices //= X.blocksize[0]
            n_entries //= X.blocksize[1]
        if len(X.indptr) != n_slices + 1:
            raise GraphValueError(
                f"indptr has {len(X.indptr):,} pointers; a matrix of shape {X.shape} "
                f"needs {n_slices + 1:,}."
            )
        check_structure(X.indptr, X.indices, None, n_entries)
    elif kind == "coo" and X.ndim == 2:
        for axis, (codes, size) in enumerate(zip((X.row, X.col), X.shape, strict=True)):
            bad = np.flatnonzero((codes < 0) | (codes >= size))
            if len(bad):
                raise GraphValueError(
                    f"{('Row', 'Column')[axis]} index {codes[bad[0]]} of entry "
                    f"{bad[0]} is outside a matrix of shape {X.shape}."
                )


def _require_square(shape: tuple[int, int], name: str) -> None:
    if shape[0] != shape[1]:
        raise GraphValueError(
            f"{name} needs a square adjacency of shape (n_nodes, n_nodes); got "
            f"{shape}. For edges between two node sets use Graph.from_biadjacency, "
            "for a list of edges Graph.from_edges."
        )
