"""SkipGramEmbedder: what Node2Vec, DeepWalk and Node2VecPlus share."""

from __future__ import annotations

from numbers import Integral, Real
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from graphrep._tasks import Costs, SharesExecutor, TaskPlan, choose_plan
from graphrep._tasks._executors import check_executor
from graphrep._tasks._plan import FILES
from graphrep._utils._devices import on_processor, torch_device
from graphrep._utils._memory import human_bytes, memory_bytes
from graphrep._utils._parallel import numba_threads, resolve_n_jobs
from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import (
    THREADS,
    HasMethods,
    Interval,
    StrOptions,
    fit_context,
    with_callbacks,
)
from graphrep.base import is_matrix, read_graph
from graphrep.embedding import _skip_gram_run as runs
from graphrep.embedding._skip_gram_costs import Size, costs_of_skip_gram, memory_of_fit
from graphrep.embedding._transductive import (
    Fitted,
    Task,
    TransductiveEmbedder,
    isolated_rows,
)
from graphrep.embedding._walk_files import WalkFiles, Walks, walk_files
from graphrep.embedding._walk_tables import WalkRule, walk_graph, walk_rule
from graphrep.exceptions import GraphValueError, MemoryLimitError
from graphrep.graph import Graph, NodeIndex
from graphrep.typing import AnyArray, GraphLike, IntArray, PathType

if TYPE_CHECKING:
    from typing import Self

    from graphrep._tasks import Summary
    from graphrep.embedding._random_walks import RandomWalks

_OF_THE_FIT = ("plan_", "tasks_")  # tells of the fit, not of what was learnt
_POSITIVE = [Interval(Integral, 1, None, closed="left")]
SKIP_GRAM_CONSTRAINTS: dict[str, list[Any]] = {
    "n_components": _POSITIVE,
    "walk_length": _POSITIVE,
    "walks_per_node": _POSITIVE,
    "window": _POSITIVE,
    "n_negatives": _POSITIVE,
    "n_epochs": _POSITIVE,
    "learning_rate": [Interval(Real, 0, None, closed="neither")],
    "min_learning_rate": [Interval(Real, 0, None, closed="left")],
    "sample": [Interval(Real, 0, 1, closed="neither"), None],
    "noise_exponent": [Interval(Real, None, None, closed="neither")],
    "mode": [StrOptions({"deterministic", "hogwild"})],
    "round_size": _POSITIVE,
    "backend": [StrOptions({"graphrep", "gensim"})],
    "self_loops": [StrOptions({"keep", "drop"})],
    "isolated": [StrOptions({"zero", "keep"})],
    "warm_start": ["boolean"],
    "device": [str],
    **THREADS,
    "random_state": ["random_state", np.random.Generator],
    "verbose": ["verbose"],
    "executor": [str, HasMethods(["submit"]), None],
    "work_dir": [str, PathLike, None],
    "memory_limit": [str, Integral, None],
}


class SkipGramEmbedder(SharesExecutor, TransductiveEmbedder):
    """Base of the embedders that train skip-gram on random walks."""

    _takes_directed: ClassVar[bool] = True
    _zeroes_isolated: ClassVar[bool] = False  # `isolated` says it
    _extended: ClassVar[bool] = False

    walk_length: int
    walks_per_node: int
    window: int
    n_negatives: int
    n_epochs: int
    learning_rate: float
    min_learning_rate: float
    sample: float | None
    noise_exponent: float
    mode: str
    round_size: int
    backend: str
    self_loops: str
    isolated: str
    warm_start: bool
    device: str
    executor: Any
    work_dir: PathType | None
    memory_limit: str | int | None
    _given_bytes = 0  # of a graph that is there beside the one that is walked on
    _before: Any = None  # vectors to go on from

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
            Bytes by purpose, and their sum under "total", for a graph with weights;
            `plan` looks whether there are any.
        """
        parts = self._memory_parts(Size(n_nodes, n_entries, 12, True, False))
        return {**parts, "total": sum(parts.values())}

    def _memory_parts(self, size: Size) -> dict[str, int]:
        return memory_of_fit(
            size, self.n_components, self._options(),
            extended=self._extended and size.weighted,
            n_threads=resolve_n_jobs(self.n_jobs),
        )  # fmt: skip

    def plan(self, X: GraphLike) -> TaskPlan:
        """Tell which way a fit would go and what it would take; starts nothing.

        Parameters
        ----------
        X : graph-like
            The graph.

        Returns
        -------
        TaskPlan
            Its ``memory`` is of the graph, unless it is a store's, and of all that
            the fit holds beside it.

        Raises
        ------
        MemoryLimitError
            If no way keeps to ``memory_limit``; the message has the numbers.
        """
        self._validate_params()
        self._check_parameters()
        return self._plan(Size.of(self._prepare(read_graph(X))))

    def walks(self, X: GraphLike, **options: Any) -> AnyArray:
        """Draw the walks that a fit would train on, without training.

        Parameters
        ----------
        X : graph-like
            The graph.
        **options
            Passed to `graphrep.embedding.RandomWalks.walks`, such as ``ids=True``.

        Returns
        -------
        ndarray of shape (n_walks, walk_length)
            Row numbers, -1 after the end of a walk.
        """
        walks: AnyArray = self.walker().walks(X, **options)
        return walks

    def walker(self) -> RandomWalks:
        """`graphrep.embedding.RandomWalks` with the parameters of this embedder."""
        from graphrep.embedding._random_walks import RandomWalks

        p, q = self._bias()
        return RandomWalks(
            walk_length=self.walk_length, walks_per_node=self.walks_per_node, p=p, q=q,
            extended=self._extended, n_jobs=self.n_jobs, random_state=self.random_state,
            executor=self.executor, work_dir=self.work_dir,
            memory_limit=self.memory_limit,
        )  # fmt: skip

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: GraphLike, y: Any = None) -> Self:
        """Embed the nodes that a graph has grown by; old vectors stay as they are.

        Parameters
        ----------
        X : graph-like
            The grown graph: the fitted nodes, in any order, and new ones. Walks start
            from the new nodes only.
        y : None
            Ignored.

        Returns
        -------
        object
            The estimator itself, its rows in the order of ``X``.

        Raises
        ------
        GraphValueError
            If fitted nodes are missing in ``X``.
        MemoryLimitError
            If it does not keep to ``memory_limit``: it works in memory only.
        """
        if not self.__sklearn_is_fitted__():
            return self.fit(X)
        self._check_parameters()
        old = self.embedding_, self.target_embedding_, self._nodes
        graph, dtype = self._check_grown(X)
        work = self._prepare(graph)
        seed = draw_seed(self.random_state)
        with numba_threads(self.n_jobs) as n_threads:
            tables, frozen = self._resume(old, work, seed)
            starts = np.flatnonzero(~frozen)
            task = Task(work, dtype, seed, X)
            fitted = self._trained(task, tables, starts, frozen, n_threads)
        self._take(fitted, work, dtype)
        self.random_seed_ = seed
        self.fingerprint_ = graph.fingerprint()
        return self

    # -- private -------------------------------------------------------------------
    def _bias(self) -> tuple[float, float]:
        """P and q."""
        return 1.0, 1.0

    def _options(self) -> runs.Options:
        return runs.Options(*(getattr(self, name) for name in runs.Options._fields))

    def _check_parameters(self) -> None:
        self._before = None
        walk_rule(*self._bias())
        if self.min_learning_rate > self.learning_rate:
            raise GraphValueError(
                f"min_learning_rate={self.min_learning_rate} exceeds "
                f"learning_rate={self.learning_rate}; the rate falls from one to the "
                "other."
            )
        if self.backend == "gensim" and not on_processor(self.device):
            raise GraphValueError(
                f"backend='gensim' runs on the CPU; got device={self.device!r}. Use "
                "backend='graphrep' for a GPU."
            )
        here = self.backend == "graphrep" and on_processor(self.device)
        if self.memory_limit is not None:
            memory_bytes(self.memory_limit)
            if not here:
                raise GraphValueError(
                    "memory_limit is for backend='graphrep' on device='cpu'; got "
                    f"backend={self.backend!r} and device={self.device!r}."
                )
        if check_executor(self.executor) is not None and not here:
            raise GraphValueError(
                "An executor draws walks for backend='graphrep' on device='cpu'; got "
                f"backend={self.backend!r} and device={self.device!r}."
            )
        if self.warm_start and self.__sklearn_is_fitted__():
            self._before = self.embedding_, self.target_embedding_, self._nodes

    def _prepare(self, graph: Graph) -> Graph:
        made = super()._prepare(graph)
        self._given_bytes = 0 if made is graph else Size.of(graph).held
        return made

    def _plan(self, size: Size, dtype: Any = np.float32) -> TaskPlan:
        """Choose the way of a fit, or refuse with the numbers."""
        limit = None if self.memory_limit is None else memory_bytes(self.memory_limit)
        return choose_plan(
            self._costs(size, dtype, self._before), limit=limit,
            executor=check_executor(self.executor), n_jobs=self.n_jobs,
        )  # fmt: skip

    def _costs(self, size: Size, dtype: Any, before: tuple[Any, ...] | None) -> Costs:
        old = [part for part in (before or ())[:2] if part is not None]
        return costs_of_skip_gram(
            size, self.n_components, self._options(),
            second_order=not walk_rule(*self._bias()).first_order,
            extended=self._extended and size.weighted, name=type(self).__name__,
            n_threads=resolve_n_jobs(self.n_jobs),
            old=self._given_bytes + sum(part.nbytes for part in old),
            number_bytes=np.dtype(dtype).itemsize,
        )  # fmt: skip

    def _refuse_growing_beyond(self, graph: Graph, fitted: dict[str, Any]) -> None:
        """Refuse to go on with a grown graph where it is larger than the limit."""
        if self.memory_limit is None:
            return
        limit = memory_bytes(self.memory_limit)
        old = fitted["embedding_"], fitted["target_embedding_"]
        need = self._costs(Size.of(graph), old[0].dtype, old).whole
        if need > limit:
            raise MemoryLimitError(
                f"partial_fit of {graph.n_nodes:,} nodes works in memory and needs "
                f"{human_bytes(need)}; memory_limit is {human_bytes(limit)}. Allow "
                f"{need:,} bytes or more."
            )

    def _check_grown(self, X: GraphLike) -> tuple[Graph, np.dtype[Any]]:
        nodes, kept = self._nodes, dict(self.__dict__)
        shape = X.shape if is_matrix(X) and hasattr(X, "shape") else (0, 0)
        if len(shape) == 2 and shape[0] != shape[1]:
            raise GraphValueError(
                f"X has {shape[1]} features, but {type(self).__name__} is expecting "
                f"{len(nodes)} features as input, or more in the square adjacency of "
                "a graph that has grown."
            )
        try:
            graph, dtype = self._check_graph(X)
            missing = ~_among(nodes, graph.nodes)
            if missing.any():
                raise GraphValueError(
                    f"partial_fit takes the fitted graph grown by new nodes; "
                    f"{np.count_nonzero(missing):,} fitted nodes are missing, such as "
                    f"{nodes[int(missing.argmax())]!r}. Use fit for another graph."
                )
            self._refuse_growing_beyond(graph, kept)
        except Exception:
            self.__dict__.update(kept)  # a failure loses nothing
            raise
        return graph, dtype

    def _resume(
        self, old: tuple[AnyArray, AnyArray | None, NodeIndex], graph: Graph, seed: int
    ) -> tuple[runs.Tables, AnyArray]:
        """Tables with the old vectors where they are known, and where that is."""
        embedding, target, nodes = old
        tables = runs.first_tables(graph.n_nodes, self.n_components, seed)
        known = _among(graph.nodes, nodes)
        if not known.any():
            return tables, known
        rows = nodes.indexer(graph.node_ids[known])
        columns = min(embedding.shape[1], self.n_components)
        tables.u[known, :columns] = embedding[rows, :columns]
        if target is not None:
            tables.v[known, :columns] = target[rows, :columns]
        return tables, known

    def _embed(self, task: Task) -> Fitted:
        import numba

        self.tasks_: Summary | None = None
        self.plan_ = self._plan(Size.of(task.graph), task.dtype)
        before, self._before = self._before, None

        def tables() -> runs.Tables:
            """Make the tables to start from, not before there is memory for them."""
            if before is not None:
                return self._resume(before, task.graph, task.seed)[0]
            return runs.first_tables(task.graph.n_nodes, self.n_components, task.seed)

        starts = np.arange(task.graph.n_nodes)
        n_threads = numba.get_num_threads()
        if self.plan_.path != FILES:
            return self._trained(task, tables(), starts, None, n_threads)
        options = self._options()
        rounds = options.n_epochs * options.walks_per_node
        graph, rule = task.graph, self._rule(task.graph)
        walks = walk_files(
            Walks(
                walk_graph(graph, extended=self._is_extended(graph)), rule, task.seed,
                graph.n_nodes, None, rounds, options.walk_length,
            ),
            self.executor, self.work_dir, self.plan_.n_jobs, self._tell,
            self.plan_.workers,
        )  # fmt: skip
        with walks as files:
            self.tasks_ = files.summary
            files.let_go()
            return self._trained(task, tables(), starts, None, n_threads, files)

    def _rule(self, graph: Graph) -> WalkRule:
        """How a step is drawn."""
        return walk_rule(*self._bias(), extended=self._is_extended(graph))

    def _is_extended(self, graph: Graph) -> bool:
        """Whether walks tell tight edges from loose ones."""
        return self._extended and graph.weighted

    def _trained(
        self,
        task: Task,
        tables: runs.Tables,
        starts: IntArray,
        frozen: AnyArray | None,
        n_threads: int,
        files: WalkFiles | None = None,
    ) -> Fitted:
        rule = self._rule(task.graph)
        if files is None:
            graph = walk_graph(task.graph, extended=self._is_extended(task.graph))
        else:
            graph = files.graph
        corpus = runs.Corpus(graph, rule, task.graph.n_nodes, task.seed, starts)
        self.kernels_ = "gensim" if self.backend == "gensim" else "numba"
        if self.backend == "gensim":
            from graphrep.embedding._skip_gram_gensim import train_gensim

            n_tokens = train_gensim(
                corpus, self._options(), tables, self.n_components, frozen, n_threads
            )
        elif not on_processor(self.device):
            n_tokens = self._train_torch(task, corpus, tables, frozen).n_tokens
        else:
            n_tokens = runs.train(
                corpus, self._options(), tables, frozen=frozen, n_threads=n_threads,
                steps=lambda n: self._steps(task, "walks", n), files=files,
            ).n_tokens  # fmt: skip
        embedding, target = (t[:, : self.n_components] for t in tables)
        if self.isolated == "zero":
            for table in (embedding, target):
                table[isolated_rows(task.graph)] = 0
        return Fitted(embedding, target, {"n_tokens_": n_tokens})

    def _fitted_state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        arrays, scalars = super()._fitted_state()
        return arrays, {k: v for k, v in scalars.items() if k not in _OF_THE_FIT}

    def _train_torch(
        self, task: Task, corpus: runs.Corpus, tables: runs.Tables,
        frozen: AnyArray | None,
    ) -> runs.Trained:  # fmt: skip
        _, device = torch_device(self.device, why=type(self).__name__, doubles=True)
        from graphrep.embedding._node2vec_torch import kernel_kind, train

        self.kernels_ = kernel_kind(device, tables)
        self.device_ = "torch:cpu" if device.type == "cpu" else str(device)
        return train(
            corpus, self._options(), tables, device=device, frozen=frozen,
            steps=lambda n: self._steps(task, "walks", n),
        )  # fmt: skip


def _among(nodes: NodeIndex, others: NodeIndex) -> AnyArray:
    """Which nodes are among others."""
    if nodes.is_integer == others.is_integer:
        found: AnyArray = np.isin(nodes.keys(), others.keys())
        return found
    return np.array([node in others for node in nodes], bool)


__all__ = ["SKIP_GRAM_CONSTRAINTS", "SkipGramEmbedder"]
