"""TransductiveEmbedder: what embedders share that learn one vector for each node."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_is_fitted, validate_data

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._parallel import numba_threads
from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import (
    THREADS,
    callback_steps,
    fit_context,
    validate_parameter_constraints,
    with_callbacks,
)
from graphrep._utils._warn import warn_user
from graphrep.base import GraphTransformer, is_matrix, read_graph
from graphrep.graph import CSR, Graph
from graphrep.typing import AnyArray, GraphLike, IntArray

if TYPE_CHECKING:
    from typing import Self

_log = logging.getLogger("graphrep")
_NO_ATTRIBUTES: Mapping[str, Any] = {}


class Task(NamedTuple):
    """What one fit has to do.

    Attributes
    ----------
    graph : Graph
        The graph after self loops and directions were dealt with.
    dtype : dtype
        Type of the vectors: float32, or that of a floating-point matrix.
    seed : int
        Seed of everything random, in [0, 2**63); 0 where the method has none.
    given : object
        What the caller passed.
    """

    graph: Graph
    dtype: np.dtype[Any]
    seed: int
    given: Any


class Fitted(NamedTuple):
    """What one fit gives.

    Attributes
    ----------
    embedding : ndarray of shape (n_nodes, n_columns)
        At most ``n_components`` columns; the rest is filled with zeros.
    target : ndarray of shape (n_nodes, n_columns) or None
        Second vector of each node, for methods with a source and a target side.
    attributes : mapping of str to ndarray, number, str or bool
        Further fitted attributes by name, each with a trailing underscore.
    """

    embedding: AnyArray
    target: AnyArray | None = None
    attributes: Mapping[str, Any] = _NO_ATTRIBUTES


class TransductiveEmbedder(GraphTransformer):
    """Base of embedders that learn the vectors of one graph's nodes.

    A sub-class writes ``__init__``, ``_embed`` and ``estimate_memory``. Fitting,
    the policy of ``transform``, native scores, saving and logging are here.
    """

    embedding_: AnyArray
    target_embedding_: AnyArray | None
    fingerprint_: str
    random_seed_: int
    n_isolated_: int
    n_components: int
    n_jobs: int | None
    random_state: Any
    verbose: int

    _takes_directed: ClassVar[bool] = False
    """Whether the method reads directions; if not, they are dropped with a warning."""
    _zeroes_isolated: ClassVar[bool] = True
    """Whether nodes without edges are given zero vectors when ``_embed`` is done."""

    # -- for sub-classes -----------------------------------------------------------
    def _embed(self, task: Task) -> Fitted:
        """Compute the vectors; numba threads and BLAS are set for the call."""
        raise NotImplementedError

    def _check_parameters(self) -> None:
        """Refuse parameters that contradict each other, before a graph is read."""

    def estimate_memory(self, n_nodes: int, n_entries: int) -> dict[str, int]:
        """Bytes that a fit would need, by what they are for.

        Parameters
        ----------
        n_nodes : int
            Number of nodes.
        n_entries : int
            Stored entries of the adjacency: twice the edges of an undirected graph.

        Returns
        -------
        dict of str to int
            Bytes by purpose, and their sum under "total".
        """
        raise NotImplementedError

    def _steps(self, task: Task, name: str, n_steps: int) -> Iterator[int]:
        """Count steps of a fit, telling callbacks, the progress bar and the log."""
        self._told_steps = True
        label = f"{type(self).__name__}: {name}"
        for step in callback_steps(self, name, n_steps, task.given):
            self._tell(label, step, n_steps)
            yield step
            if self.verbose > 1:
                _log.info("%s %d of %d done", label, step + 1, n_steps)
        self._tell(label, n_steps, n_steps)

    # -- fitting -------------------------------------------------------------------
    def fit(self, X: GraphLike, y: Any = None) -> Self:
        """Learn the vectors of the nodes of a graph.

        Parameters
        ----------
        X : graph-like of n_nodes nodes
            Anything that `graphrep.as_graph` takes; a matrix has the shape
            (n_nodes, n_nodes).
        y : None
            Ignored.

        Returns
        -------
        object
            The estimator itself.
        """
        self.fit_transform(X)
        return self

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: GraphLike, y: Any = None) -> AnyArray:
        """Learn the vectors of the nodes of a graph and return them.

        Parameters
        ----------
        X, y
            See `fit`.

        Returns
        -------
        ndarray of shape (n_nodes, n_components)
            ``embedding_`` itself, not a copy.
        """
        self._check_parameters()
        graph, dtype = self._check_graph(X)
        work = self._prepare(graph)
        random = "random_state" in self.get_params(deep=False)
        seed = draw_seed(self.random_state) if random else 0  # starts of solvers
        self._announce(work)
        self.device_ = "cpu"
        task = Task(work, dtype, seed, X)
        self._told_steps = False
        with numba_threads(self.n_jobs), single_blas_thread():
            fitted = self._embed(task)
        if not self.__dict__.pop("_told_steps", False):
            list(self._steps(task, "fit", 1))  # callbacks hear of every fit
            del self._told_steps
        if random:
            self.random_seed_ = seed
        self.fingerprint_ = graph.fingerprint()
        self._take(fitted, work, dtype)
        if self.verbose > 1:
            _log.info("%s: done", type(self).__name__)
        return self.embedding_

    def transform(self, X: GraphLike) -> AnyArray:
        """Return the fitted vectors, or embed nodes by their edges to fitted ones.

        Parameters
        ----------
        X : graph-like or matrix of shape (n_new, n_nodes)
            The graph of `fit`: its vectors are returned. Rows of edge weights to the
            fitted nodes (or another graph of the same nodes): each row gets the
            weighted mean of its neighbours' vectors, or zeros where it has none.

        Returns
        -------
        ndarray of shape (n_new, n_components)
            Vectors in the space of ``embedding_``.

        Raises
        ------
        GraphValueError
            For a graph of other nodes. A fit is never repeated here.
        """
        check_is_fitted(self)
        if self._is_fitted_graph(X):
            return self.embedding_
        return self._embed_rows(self._check_rows(X))

    # -- private -------------------------------------------------------------------
    def _validate_params(self) -> None:
        super()._validate_params()
        validate_parameter_constraints(
            THREADS, {"n_jobs": self.n_jobs}, type(self).__name__
        )

    def _forget(self) -> None:
        for name in [n for n in vars(self) if n.endswith("_")]:
            delattr(self, name)

    def _prepare(self, graph: Graph) -> Graph:
        if getattr(self, "self_loops", "keep") == "drop" and graph.n_loops:
            graph = graph.remove_self_loops()
        if not self._takes_directed and graph.directed:
            warn_user(
                f"{type(self).__name__} does not read directions: an edge in either "
                "direction counts in both. Pass graph.symmetrize() to do so silently."
            )
            graph = graph.symmetrize()
        return graph

    def _announce(self, graph: Graph) -> None:
        if not len(graph.indices):
            warn_user(
                f"The graph has {graph.n_nodes:,} nodes but no edges between different "
                "ones: its vectors say nothing."
            )
        elif self.n_components > graph.n_nodes:
            warn_user(
                f"n_components={self.n_components} exceeds the {graph.n_nodes:,} nodes "
                "of the graph; as many dimensions as nodes can hold all there is."
            )
        if self.verbose:
            _log.info(
                "%s: %d nodes, %d entries, %d dimensions",
                type(self).__name__, graph.n_nodes, len(graph.indices),
                self.n_components,
            )  # fmt: skip

    def _take(self, fitted: Fitted, graph: Graph, dtype: np.dtype[Any]) -> None:
        isolated = isolated_rows(graph)
        tables: list[Any] = []
        for table in (fitted.embedding, fitted.target):
            if table is not None:
                table = _widened(table, self.n_components, dtype)
                if self._zeroes_isolated and len(isolated):
                    table[isolated] = 0
            tables.append(table)
        for name, value in fitted.attributes.items():
            setattr(self, name, value)
        self.n_isolated_ = len(isolated)
        self.target_embedding_ = tables[1]
        self.embedding_ = tables[0]  # last: it tells that the fit is complete

    def _is_fitted_graph(self, X: GraphLike) -> bool:
        if not is_matrix(X):
            graph = read_graph(X)
            return bool(graph.fingerprint() == self.fingerprint_)
        checked: Any = validate_data(
            self, X, accept_sparse="csr", accept_large_sparse=True,
            dtype=[np.float64, np.float32], reset=False,
        )  # fmt: skip
        if checked.shape[0] != checked.shape[1]:
            return False
        values = checked.data if hasattr(checked, "indptr") else checked
        if np.any(values < 0):
            return False  # reading it as rows says what is wrong
        graph = Graph(checked, nodes=self._nodes)
        return bool(graph.fingerprint() == self.fingerprint_)

    def _embed_rows(self, rows: CSR) -> AnyArray:
        """Weighted mean of the neighbours' vectors for each row of edges."""
        n_rows = len(rows.indptr) - 1
        data = rows.data if rows.weighted else np.ones(len(rows.indices))
        shape = (n_rows, len(self._nodes))
        matrix = sparse.csr_array((data, rows.indices, rows.indptr), shape=shape)
        sums = matrix.astype(np.float64) @ self.embedding_.astype(np.float64)
        total = np.asarray(matrix.sum(axis=1, dtype=np.float64)).reshape(-1, 1)
        mean: AnyArray = sums / np.where(total > 0, total, 1)
        return mean.astype(self.embedding_.dtype)

    def _fitted_state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        arrays: dict[str, AnyArray] = {}
        scalars: dict[str, Any] = {}
        for name, value in vars(self).items():
            if not name.endswith("_") or name.startswith("_") or name in _ELSEWHERE:
                continue
            if isinstance(value, np.ndarray):
                arrays[name] = value
            else:
                scalars[name] = value
        return arrays, scalars


_ELSEWHERE = frozenset({"node_ids_", "feature_names_in_"})


def isolated_rows(graph: Graph) -> IntArray:
    """Rows of the nodes that no edge leaves or reaches."""
    touched = np.diff(graph.indptr) > 0
    if graph.directed:
        touched[graph.indices] = True
    rows: IntArray = np.flatnonzero(~touched)
    return rows


def _widened(table: AnyArray, n_components: int, dtype: np.dtype[Any]) -> AnyArray:
    """Copy of a table in C order with columns of zeros up to ``n_components``."""
    if table.shape[1] == n_components:
        return np.ascontiguousarray(table, dtype)
    wide = np.zeros((len(table), n_components), dtype)
    wide[:, : table.shape[1]] = table
    return wide


__all__ = ["Fitted", "Task", "TransductiveEmbedder", "isolated_rows"]
