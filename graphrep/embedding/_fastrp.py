"""FastRP: node embeddings by very sparse random projection."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from graphrep._tasks._place import SharesExecutor
from graphrep._utils._parallel import numba_threads
from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import (
    callback_steps,
    fit_context,
    with_callbacks,
)
from graphrep._utils._warn import warn_user
from graphrep.base import GraphTransformer
from graphrep.embedding import _fastrp_large as large
from graphrep.embedding import _fastrp_run as runs
from graphrep.embedding._fastrp_parameters import CONSTRAINTS, check_weights
from graphrep.embedding._fastrp_plan import FastRPPlan
from graphrep.embedding._fastrp_presets import PRESETS
from graphrep.embedding._fastrp_state import Recipe, State
from graphrep.exceptions import GraphValueError
from graphrep.graph import CSR, Graph
from graphrep.typing import AnyArray, FloatArray, GraphLike, PathType

if TYPE_CHECKING:
    from typing import Self

    from graphrep._tasks import Summary

_log = logging.getLogger("graphrep")


class FastRP(SharesExecutor, GraphTransformer):
    """Embed nodes by propagating a very sparse random projection.

    Parameters
    ----------
    n_components : int, default=128
        Dimension of the embedding. (GDS: ``embeddingDimension``)
    weights : sequence of float, default=(0.0, 0.0, 1.0, 6.67)
        Coefficient of each power of the transition matrix, the first for the first
        power; their number is the number of propagations. (GDS:
        ``iterationWeights``)
    beta : float, default=-0.64
        Exponent of the degrees that scale the projection; negative values damp
        hubs. (The reference code calls it ``alpha``; GDS ``normalizationStrength``)
    projection : {"very_sparse", "achlioptas"} or float, default="very_sparse"
        Sparsity s of the projection: its entries are zero with probability
        ``1 - 1/s``. "very_sparse" is ``s = sqrt(n_nodes)``, "achlioptas" is 3.
    power_norm : {"l2"} or None, default="l2"
        Bring the rows of every power to unit length before they are weighted.
    output_norm : {"zscore", "l2"} or None, default="zscore"
        Last step: columns to mean 0 and variance 1, rows to unit length, or none.
    degree : {"weighted", "count"}, default="weighted"
        Degrees that ``beta`` acts on: sums of weights or numbers of edges.
    direction : {"out", "in", "both", "concat"}, default="out"
        Along which edges of a directed graph a node sees others: its own, those that
        reach it, either (weights summed), or one half of the dimensions each.
    combine : {"sum", "concat"}, default="sum"
        Add the weighted powers, or put them side by side.
    self_influence : float, default=0.0
        Weight of the projection itself, the power 0. (GDS: ``nodeSelfInfluence``)
    isolated : {"zero", "self"}, default="zero"
        Vector of a node without edges: zero, or its own row of the projection.
    self_loops : {"keep", "drop"}, default="keep"
        Whether edges from a node to itself count.
    feature_ratio : float, default=0.5
        Share of the dimensions that start from node features, where ``fit`` is given
        some; 1.0 makes the start a function of the features alone. (GDS:
        ``propertyRatio``)
    layer_dtype : {"bfloat16", "int8"} or None, default=None
        Storage of the propagated powers; None keeps them in full. The compact forms
        need a half or a quarter of the memory for them.
    dtype : {"float16", "float32", "float64"} or None, default=None
        Type of the embedding. None follows a float32 or float64 matrix and is
        float32 for graphs of any other kind. float16 is computed in float32.
    keep_layers : bool, default=True
        Keep what `transform` needs: for each weighted power, the one before it.
    device : str, default="cpu"
        "cpu" (and "auto") runs numba; "cuda", "cuda:1" or "torch:cpu" run torch.
    n_jobs : int or None, default=None
        Number of threads, None for all; the result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        An int gives the same embedding on every call, whatever ``n_jobs``.
    verbose : int, default=0
        1 logs a line for each fit, 2 for each power (logger "graphrep").
    memory_limit : str, int or None, default=None
        Memory allowed beyond what Python and the libraries take: bytes, or a text such
        as "2GiB". What does not fit whole is computed by blocks of columns in files.
    work_dir : str, path-like or None, default=None
        Folder for these files. A fit that was interrupted goes on there; without one
        they lie beside ``out`` and are gone when the fit ends.
    executor : str, Executor, Client or None, default=None
        Where the blocks are computed: "processes", "dask", the address of a Dask
        scheduler, or an object with ``submit``. None is this process.
    task_timeout : float or None, default=None
        Seconds after which a block is taken for hung and given to another worker.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_nodes, n_features_out)
        Vectors of the fitted nodes. ``n_features_out`` is ``n_components``, times
        the number of weighted powers under ``combine="concat"``.
    node_ids_ : ndarray of shape (n_nodes,)
        Ids in row order, int64 or object.
    n_features_in_ : int
        Number of nodes of the fitted graph.
    random_seed_ : int
        The 64-bit seed that was used.
    n_isolated_ : int
        Number of nodes that receive nothing from any edge.
    device_ : str
        Where the work was done.
    plan_ : FastRPPlan
        The way that the fit went, and what it was expected to take.
    tasks_ : Summary or None
        After a fit by blocks: tasks ``run``, ``skipped`` and ``retried``.

    Raises
    ------
    GraphValueError
        If the graph has negative or non-finite weights, is not square or empty, or
        the parameters contradict each other.
    MemoryLimitError
        If the fit cannot keep to ``memory_limit``; nothing was started then.

    Warns
    -----
    GraphWarning
        If the graph has no edges, or fewer nodes than ``n_components``.

    See Also
    --------
    graphrep.as_graph : The kinds of graphs that ``fit`` takes.

    Notes
    -----
    With S the adjacency, D its degrees, R the sparse random signs and
    ``P = D^-1 S``, the powers are

    ``N_1 = P D^beta R``, ``N_k = P N_(k-1)``, and the embedding is
    ``sum_k weights[k] * N_k / |N_k|`` (rows), standardised.

    It costs O(len(weights) · n_edges · n_components) time and, besides the graph,
    three arrays of n_nodes × n_components (one more for each further weighted power
    unless ``keep_layers=False``).

    Every random number is a hash of (seed, node id, column), and rows are summed in
    the order of the ids, so the vectors do not depend on the number of threads, on
    the order of the nodes, or on nodes that are not connected to a node (except
    through the standardisation and the sparsity ``sqrt(n_nodes)``).

    Deviations from the paper [1]_, all but the last two taken from its reference
    code: rows are normalised per power; columns are standardised; degrees are not
    divided by 2m but by their mean (a global factor, so that scaling all weights
    changes nothing); entries of R carry ``1/sqrt(n_components)``; rows of zeros,
    that is isolated nodes, stay zero and are left out of the column statistics; a
    node of degree 0 has the factor of a node of mean degree.

    `transform` is exact: given the edges of new nodes to the fitted ones it computes
    what ``fit`` would have given them had the fitted nodes not looked back, and
    ``transform(A)`` equals ``embedding_`` bit for bit on the CPU. The power 0 needs
    a node's identity, which a row of edges does not tell: ``self_influence`` and
    ``isolated="self"`` add nothing to new nodes.

    References
    ----------
    .. [1] H. Chen, S. F. Sultan, Y. Tian, M. Chen, S. Skiena. Fast and Accurate
       Network Embeddings via Very Sparse Random Projection. CIKM 2019.
       https://arxiv.org/abs/1908.11512

    Examples
    --------
    >>> from graphrep import FastRP, Graph
    >>> graph = Graph.from_edges(["a", "a", "b", "c"], ["b", "c", "c", "d"])
    >>> FastRP(16, random_state=0).fit_transform(graph).shape
    (4, 16)
    """

    _parameter_constraints: dict[str, list[Any]] = CONSTRAINTS

    def __init__(
        self,
        n_components: int = 128,
        *,
        weights: Any = (0.0, 0.0, 1.0, 6.67),
        beta: float = -0.64,
        projection: str | float = "very_sparse",
        power_norm: str | None = "l2",
        output_norm: str | None = "zscore",
        degree: str = "weighted",
        direction: str = "out",
        combine: str = "sum",
        self_influence: float = 0.0,
        isolated: str = "zero",
        self_loops: str = "keep",
        feature_ratio: float = 0.5,
        layer_dtype: str | None = None,
        dtype: str | None = None,
        keep_layers: bool = True,
        device: str = "cpu",
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
        memory_limit: str | int | None = None,
        work_dir: PathType | None = None,
        executor: Any = None,
        task_timeout: float | None = None,
    ) -> None:
        self.n_components = n_components
        self.weights = weights
        self.beta = beta
        self.projection = projection
        self.power_norm = power_norm
        self.output_norm = output_norm
        self.degree = degree
        self.direction = direction
        self.combine = combine
        self.self_influence = self_influence
        self.isolated = isolated
        self.self_loops = self_loops
        self.feature_ratio = feature_ratio
        self.layer_dtype = layer_dtype
        self.dtype = dtype
        self.keep_layers = keep_layers
        self.device = device
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.memory_limit = memory_limit
        self.work_dir = work_dir
        self.executor = executor
        self.task_timeout = task_timeout

    @classmethod
    def from_preset(cls, name: str, **parameters: Any) -> Self:
        """Make an estimator with the parameters of a preset.

        Parameters
        ----------
        name : {"classification", "link_prediction", "taxonomy", "paper", "gds"}
            "paper" (the default of the class) and "classification": the authors'
            settings; "link_prediction": what ranks unseen edges best; "taxonomy":
            many equal powers, for trees and other graphs with long thin parts,
            where a few propagations reach too little; "gds": the defaults of Neo4j
            Graph Data Science.
        **parameters
            Parameters that replace those of the preset.
        """
        if name not in PRESETS:
            raise GraphValueError(
                f"There is no preset {name!r}; there are "
                f"{', '.join(map(repr, sorted(PRESETS)))}."
            )
        return cls(**{**PRESETS[name], **parameters})

    # -- fitting -----------------------------------------------------------------
    def fit(self, X: GraphLike, y: Any = None, *, features: Any = None) -> Self:
        """Learn the vectors of the nodes of a graph.

        Parameters
        ----------
        X : graph-like of n_nodes nodes
            Anything that `graphrep.as_graph` takes; a matrix has the shape
            (n_nodes, n_nodes).
        y : None
            Ignored.
        features : sparse or dense matrix of shape (n_nodes, n_features) or None
            Node features that part of the dimensions start from.

        Returns
        -------
        FastRP
            The estimator itself.
        """
        self.fit_transform(X, features=features)
        return self

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(
        self, X: GraphLike, y: Any = None, *, features: Any = None, out: Any = None
    ) -> AnyArray:
        """Learn the vectors of the nodes of a graph and return them.

        Parameters
        ----------
        X, y, features
            See `fit`.
        out : ndarray or memmap of shape (n_nodes, n_features_out), path or None
            C-ordered array of the embedding's type to write the vectors to, or the
            `graphrep.io.EmbeddingStore` to make; ``embedding_`` is then its mapping.

        Returns
        -------
        ndarray of shape (n_nodes, n_features_out)
            ``embedding_`` itself, not a copy.
        """
        store = large.store_of(X)
        graph, dtype = self._check_graph(X if store is None else store.graph())
        recipe = self._recipe(dtype)
        self.random_seed_ = draw_seed(self.random_state)
        size = large.size_of(graph, recipe, stored=store is not None)
        self.plan_ = large.plan_for(self, recipe, size, out, features)
        self.tasks_: Summary | None = None
        self._begin(graph, len(recipe.weights))
        if self.plan_.layout is not None:
            self.device_ = "cpu"
            self._take_state(large.fit_in_files(self, graph, store, out))
            runs.warn_if_zero(self.embedding_, graph)
            return self.embedding_
        array = None if large.is_path(out) else out
        run = runs.Run(recipe, graph, self.random_seed_, features, array)
        engine = runs.engine_for(self.device)
        self.device_ = engine.device
        with numba_threads(self.n_jobs):
            self._take_state(engine.fit(run, self._steps(run.n_steps, X)))
        runs.warn_if_zero(self.embedding_, graph)
        if large.is_path(out):
            self.embedding_ = large.keep_in_store(self.embedding_, graph, recipe, out)
        return self.embedding_

    def plan(self, X: GraphLike, *, out: Any = None) -> FastRPPlan:
        """Tell which way a fit would go and what it would take; starts nothing.

        Parameters
        ----------
        X : graph-like
            The graph; of a `graphrep.io.GraphStore` or its path only the sizes are
            read.
        out : ndarray, path or None, default=None
            Where the vectors would go; see `fit_transform`.

        Raises
        ------
        MemoryLimitError
            If no way keeps to ``memory_limit``; the message has the numbers.
        """
        return large.plan_of(self, X, self._recipe(np.float32), out)

    def transform(self, X: GraphLike) -> AnyArray:
        """Embed nodes given their edges to the fitted nodes.

        Parameters
        ----------
        X : matrix of shape (n_new, n_nodes) or graph of the fitted nodes
            Row i holds the weights of the edges of new node i. Under
            ``direction="in"`` these are the edges that reach it. A matrix is taken
            as it is; a graph goes through ``direction`` and ``self_loops`` as in
            `fit`.

        Returns
        -------
        ndarray of shape (n_new, n_features_out)
            Vectors in the space of ``embedding_``.

        Raises
        ------
        GraphValueError
            Under ``direction="concat"`` (a row tells only one direction), with
            ``keep_layers=False``, or for a graph of other nodes.
        """
        check_is_fitted(self)
        csr = self._check_rows(X)
        if not self._state.inductive:
            reason = (
                "direction='concat'"
                if self._state.recipe.direction == "concat"
                else "keep_layers=False or by blocks of columns"
            )
            raise GraphValueError(
                f"FastRP cannot embed new nodes when fitted with {reason}; the "
                "vectors of the fitted nodes are in embedding_."
            )
        with numba_threads(self.n_jobs):
            return runs.transform(self._state, csr, self._nodes)

    def tune(self, X: GraphLike, y: Any = None, **options: Any) -> Self:
        """Choose ``weights`` and ``beta`` for a graph, without labels or with.

        The powers are propagated once for each ``beta``; every set of weights is
        then one pass over them. See `graphrep.embedding.tune_fastrp` for the
        options; the table of all scores is kept in ``tuning_``.

        Parameters
        ----------
        X : graph-like
            The graph.
        y : array-like, sparse label matrix or None, default=None
            Labels to score by; None scores by held-out edges.
        **options
            Passed to `graphrep.embedding.tune_fastrp`.

        Returns
        -------
        FastRP
            The estimator itself with the best parameters set; it is not fitted.
        """
        from graphrep.embedding._fastrp_tune import tune_fastrp

        result = tune_fastrp(self, X, y, **options)
        self.set_params(**result.best_params)
        self.tuning_ = result
        return self

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
            Bytes of graph, embedding and layers, and their sum under "total".
        """
        return runs.estimate_memory(self._recipe(np.float32), n_nodes, n_entries)

    # -- private -----------------------------------------------------------------
    def _check_parameters(self) -> FloatArray:
        return check_weights(self)

    def _recipe(self, dtype: Any) -> Recipe:
        return Recipe.of(self, self._check_parameters(), np.dtype(self.dtype or dtype))

    def _begin(self, graph: Any, n_powers: int) -> None:
        if not len(graph.indices):
            warn_user(
                f"The graph has {graph.n_nodes:,} nodes but no edges: every vector is "
                "zero, or the node's own projection under isolated='self'.",
            )
        elif self.n_components > graph.n_nodes:
            warn_user(
                f"n_components={self.n_components} exceeds the {graph.n_nodes:,} nodes "
                "of the graph; as many dimensions as nodes can hold all there is.",
            )
        if self.verbose:
            _log.info(
                "FastRP: %d nodes, %d entries, %d dimensions, %d powers",
                graph.n_nodes, len(graph.indices), self.n_components, n_powers,
            )  # fmt: skip

    def _steps(self, n_powers: int, X: Any) -> Any:
        for power in callback_steps(self, "power", n_powers, X):
            self._tell("Propagating", power, n_powers)
            yield power
            if self.verbose > 1:
                _log.info("FastRP: power %d of %d done", power + 1, n_powers)
        self._tell("Propagating", n_powers, n_powers)

    def _rows_of(self, graph: Graph) -> CSR:
        return runs.operators(graph, self._state.recipe)[0]

    def _take_state(self, state: State) -> None:
        self.embedding_ = state.embedding
        self.n_isolated_ = state.n_isolated
        self._state = state

    def _fitted_state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        arrays, scalars = self._state.to_arrays()
        scalars |= {
            "n_features_in_": self.n_features_in_,
            "random_seed_": self.random_seed_,
            "device_": self.device_,
        }
        return arrays, scalars

    def _set_fitted_state(
        self, arrays: dict[str, AnyArray], scalars: dict[str, Any]
    ) -> Self:
        kept = ("n_features_in_", "random_seed_", "device_")
        super()._set_fitted_state({}, {name: scalars[name] for name in kept})
        self._take_state(State.from_arrays(arrays, scalars))
        return self


__all__ = ["FastRP"]
