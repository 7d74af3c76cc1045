"""Vectors: a matrix whose rows are known by the ids of their nodes."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from graphrep._utils._numbers import positive_int
from graphrep._utils._optional import require
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph._node_index import NodeIndex
from graphrep.kernels import _topk
from graphrep.typing import AnyArray, FloatArray, NodeIds

kernels: Any = _topk  # kernels carry no annotations
_FLOATS = ("f2", "f4", "f8")


class Vectors:
    """Vectors of nodes, never changed: row ``i`` belongs to the i-th id.

    Parameters
    ----------
    matrix : array-like of shape (n_nodes, n_components)
        The vectors, float16, float32 or float64 (other numbers become float64). Not
        copied, so a memory-mapped matrix stays on disk.
    nodes : sequence of hashable, NodeIndex or None, default=None
        Ids in row order. None numbers the rows.

    Attributes
    ----------
    matrix : ndarray of shape (n_nodes, n_components)
        The vectors, read-only.
    nodes : NodeIndex
        Ids and their rows.
    node_ids : ndarray
        Ids as an array, int64 or object.

    Raises
    ------
    GraphValueError
        For NaN or infinite values, a shape that is no matrix, or ids that do not fit.
    GraphTypeError
        For values that are no real numbers.

    Notes
    -----
    Checking reads every value once, a block of rows at a time.

    Examples
    --------
    >>> vectors = Vectors([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]], ["a", "b", "c"])
    >>> vectors["b"].tolist()
    [0.9, 0.1]
    >>> vectors.most_similar("a", k=1)[0][0]
    'b'
    """

    __slots__ = ("__weakref__", "_matrix", "_nodes", "_scalings")

    def __init__(self, matrix: Any, nodes: NodeIds | NodeIndex | None = None) -> None:
        array = _read_matrix(matrix)
        if nodes is None:
            index = NodeIndex(len(array))
        else:
            index = nodes if isinstance(nodes, NodeIndex) else NodeIndex(nodes)
        if len(index) != len(array):
            raise GraphValueError(
                f"{len(index):,} node ids were given for {len(array):,} vectors."
            )
        row = kernels.first_bad_row(array)
        if row >= 0:
            raise GraphValueError(
                f"The vector of node {index[row]!r} (row {row}) holds a NaN or "
                "infinite value. Vectors must be finite."
            )
        view = array.view()
        view.setflags(write=False)
        self._matrix = view
        self._nodes = index
        self._scalings: dict[str, Any] = {}

    # -- reading -----------------------------------------------------------------
    @property
    def matrix(self) -> FloatArray:
        """The vectors, one a row, read-only."""
        return self._matrix

    @property
    def nodes(self) -> NodeIndex:
        """Ids of the nodes and their rows."""
        return self._nodes

    @property
    def node_ids(self) -> AnyArray:
        """Ids as an array, int64 or object."""
        return self._nodes.ids

    @property
    def n_components(self) -> int:
        """Length of each vector."""
        return int(self._matrix.shape[1])

    @property
    def shape(self) -> tuple[int, int]:
        """Number of vectors and of components."""
        return len(self), self.n_components

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        return self._matrix.dtype

    def __len__(self) -> int:
        return len(self._matrix)

    def __contains__(self, node: object) -> bool:
        return node in self._nodes

    def __getitem__(self, key: Any) -> FloatArray:
        """Vector of one id, or the matrix of a list or array of ids."""
        many = isinstance(key, (list, np.ndarray))
        found: FloatArray = self._matrix[
            self._nodes.indexer(key) if many else self._nodes.index(key)
        ]
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> FloatArray:
        if copy is False and dtype is not None and np.dtype(dtype) != self.dtype:
            raise ValueError(f"A copy is needed to turn {self.dtype} into {dtype}.")
        if not copy and dtype is None:
            return self._matrix
        return np.array(self._matrix, dtype=dtype)

    def __repr__(self) -> str:
        return (
            f"Vectors(n_nodes={len(self)}, n_components={self.n_components}, "
            f"{self.dtype})"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vectors):
            return NotImplemented
        return (
            self.dtype == other.dtype
            and self._nodes == other._nodes
            and np.array_equal(self._matrix, other._matrix)
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return (Vectors, (np.asarray(self._matrix), self._nodes))

    # -- using -------------------------------------------------------------------
    def subset(self, ids: NodeIds) -> Vectors:
        """Vectors of some nodes, in the order asked.

        Raises
        ------
        NodeNotFoundError
            If a node is not there.
        """
        rows = self._nodes.indexer(ids)
        return Vectors(self._matrix[rows], self._nodes.take(rows))

    def most_similar(
        self,
        node_or_vector: Any,
        k: int = 10,
        metric: str = "cosine",
        *,
        exclude_self: bool = True,
    ) -> list[tuple[Hashable, float]]:
        """Find the nodes nearest to a node or to a vector, exactly.

        Parameters
        ----------
        node_or_vector : hashable, or array-like of shape (n_components,)
            Id of a node, or a vector (an array or a list of numbers).
        k : int, default=10
            Number of nodes; cut to those that there are.
        metric : {"cosine", "dot", "euclidean"}, default="cosine"
            Cosine and dot product score higher the nearer; euclidean is the
            distance. A zero vector has cosine 0 with everything.
        exclude_self : bool, default=True
            Whether to leave out the node itself.

        Returns
        -------
        list of (hashable, float)
            Ids and scores, nearest first; ties in row order.

        Raises
        ------
        NodeNotFoundError
            If the node is not there; the message names close matches.
        GraphValueError
            For an unknown metric, ``k < 1`` or a vector of another length.
        """
        k = positive_int(k, "k")
        query, row = self._query_of(node_or_vector)
        row = row if exclude_self else -1
        most = len(self) - (row >= 0)
        if most == 0:
            return []
        scaling: Any = self._scaling(metric)
        indices, scores = kernels.search(
            query, self._matrix, scaling, min(int(k), most), np.array([row])
        )
        if not np.isfinite(scores).all():
            raise GraphValueError(
                "Some scores are too large for float32. Scale the vectors down."
            )
        return [
            (self._nodes[int(i)], float(s))
            for i, s in zip(indices[0], scores[0], strict=True)
        ]

    def to_frame(self, backend: str = "pandas", prefix: str = "x") -> Any:
        """Table with one column a component, named ``x0``, ``x1``, ….

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}, default="pandas"
            Library of the table. pandas holds the ids as its index, named ``id``;
            the others as their first column.
        prefix : str, default="x"
            What the names of the columns begin with.

        Returns
        -------
        DataFrame or Table
        """
        if backend not in {"pandas", "polars", "pyarrow"}:
            raise GraphValueError(
                f"backend must be 'pandas', 'polars' or 'pyarrow'; got {backend!r}."
            )
        extra = "io" if backend == "pyarrow" else backend
        library = require(backend, extra=extra, why=f"to_frame(backend={backend!r})")
        names = [f"{prefix}{i}" for i in range(self.n_components)]
        ids = self.node_ids
        if backend == "pandas":
            index = library.Index(ids, name="id")
            return library.DataFrame(np.asarray(self._matrix), index, columns=names)
        columns = {"id": ids if self._nodes.is_integer else ids.tolist()}
        columns.update(
            (name, np.ascontiguousarray(self._matrix[:, i]))
            for i, name in enumerate(names)
        )
        return (
            library.DataFrame(columns)
            if backend == "polars"
            else library.table(columns)
        )

    # -- private -----------------------------------------------------------------
    def _query_of(self, given: Any) -> tuple[FloatArray, int]:
        """Return the vector asked for as one row, and its row number or -1."""
        if not isinstance(given, (list, np.ndarray)):
            row = self._nodes.index(given)
            return np.asarray(self._matrix[row : row + 1]), row
        vector = np.asarray(given)
        if vector.dtype.kind not in "fiu" or vector.shape != (self.n_components,):
            raise GraphValueError(
                f"A vector to look up must be {self.n_components} numbers; got an "
                f"array of shape {vector.shape} and dtype {vector.dtype}. Several "
                "nodes are looked up one by one."
            )
        if not np.isfinite(vector).all():
            raise GraphValueError("The vector to look up holds NaN or an infinity.")
        return vector[None, :], -1

    def _scaling(self, metric: str) -> Any:
        if metric not in kernels.METRICS:
            raise GraphValueError(
                f"metric must be one of {', '.join(map(repr, kernels.METRICS))}; "
                f"got {metric!r}."
            )
        if metric not in self._scalings:
            self._scalings[metric] = kernels.scaling(
                self._matrix, kernels.METRICS[metric]
            )
        return self._scalings[metric]


def _read_matrix(matrix: Any) -> FloatArray:
    if hasattr(matrix, "fit_transform"):
        kind = type(matrix).__name__
        raise GraphTypeError(
            f"Vectors were expected; got a {kind}. Pass those of the fitted model, "
            "model.vectors_."
        )
    array = matrix if isinstance(matrix, np.ndarray) else np.asarray(matrix)
    if array.ndim != 2 or array.shape[1] == 0:
        raise GraphValueError(
            "Vectors need a matrix of shape (n_nodes, n_components) with at least one "
            f"component; got shape {array.shape}."
        )
    if array.dtype.kind in "iub":
        return array.astype(np.float64)
    if array.dtype.kind != "f":
        raise GraphTypeError(
            f"Vectors must be real numbers; got dtype {array.dtype}. Convert them "
            "with astype(float)."
        )
    if array.dtype.str[1:] not in _FLOATS:
        return array.astype(np.float64)
    return (
        array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    )
