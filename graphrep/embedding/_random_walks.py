"""RandomWalks: walks over a graph as arrays, in batches, for gensim and for PyG."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral, Real
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator

from graphrep._tasks import SharesExecutor, choose_plan
from graphrep._tasks._executors import check_executor
from graphrep._utils._memory import memory_bytes
from graphrep._utils._optional import require
from graphrep._utils._parallel import numba_threads
from graphrep._utils._progress import Progress, silent
from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import THREADS, HasMethods, Interval
from graphrep.base import read_graph
from graphrep.embedding._walk_batches import PairLoader, Sentences, node_texts
from graphrep.embedding._walk_costs import costs_of_walks
from graphrep.embedding._walk_files import Walks, walk_files
from graphrep.embedding._walk_tables import WalkGraph, draw_walks, walk_graph, walk_rule
from graphrep.graph import Graph
from graphrep.kernels import _walks as kernels
from graphrep.typing import AnyArray, GraphLike, IntArray, NodeIds, PathType

if TYPE_CHECKING:
    from graphrep._tasks import Summary, TaskPlan

BATCH_SIZE = 4096


class RandomWalks(SharesExecutor, BaseEstimator):  # type: ignore[misc,unused-ignore]
    """Walk at random over a graph, as DeepWalk, node2vec and node2vec+ do.

    Parameters
    ----------
    walk_length : int, default=80
        Most nodes of a walk, its start among them.
    walks_per_node : int, default=10
        Walks from each start.
    p : float, default=1.0
        Return parameter: the step back has the weight 1/p.
    q : float, default=1.0
        In-out parameter: a step away from the previous node's neighbours has 1/q.
    extended : bool, default=False
        Walk as node2vec+, which tells tight edges from loose ones by their weights.
    n_jobs : int or None, default=None
        Number of threads, None for all; the walks do not depend on it.
    random_state : int, RandomState instance or None, default=None
        An int gives the same walks on every call.
    executor : str, Executor, Client or None, default=None
        Where walks are drawn into files before they are given: "serial", "processes",
        "dask", the address of a Dask scheduler, or an object with ``submit``. None
        draws them here. The walks are the same.
    work_dir : str, path-like or None, default=None
        Folder for these files. Work that was interrupted goes on there.
    memory_limit : str, int or None, default=None
        Memory that drawing may take, in bytes or as "8GiB", the graph among it: what
        does not fit is refused before it starts, and fewer workers draw if only they
        fit. None: no limit.

    See Also
    --------
    graphrep.embedding.Node2Vec : Learns vectors from such walks without storing them.

    Notes
    -----
    From t over v to x with the probability ``w(v, x) * a / sum``, where ``a`` is 1/p
    for ``x = t``, 1 if the edge from t to x is there, and 1/q otherwise. The first
    step, and every step at ``p = q = 1``, has ``a = 1``. In a directed graph walks
    follow the edges, and it is the edge *from t to x* that counts, the distance of
    the paper (its published code looks at the edge from x to t). A walk ends early
    at a node that no edge leaves. A loop is an edge like others; x = t = v counts as
    a return. p and q lie in [1e-30, 1e30]: 1e9 stands for infinity, with which the
    only way on would have no probability left at a dead end.

    With ``extended``, an edge (t, x) counts as one only if it weighs at least the
    mean of x's edges; below, ``a`` lies between 1/q and 1 in proportion, and an edge
    (v, x) lighter than the mean at v gets ``min(1, 1/q)``. Without weights this is
    node2vec. It is made for undirected graphs; in a directed one the means are those
    of the edges that leave a node.

    Nothing is stored for pairs of nodes: steps of second order are drawn by
    rejection, the return edge apart, and exactly. Memory beside the graph: 12 bytes
    for each entry of a weighted graph, and the batch. Time is proportional to the
    steps, times the logarithm of a degree for each look-up. A walk depends on seed,
    round and start only.

    References
    ----------
    .. [1] A. Grover, J. Leskovec. node2vec: Scalable Feature Learning for Networks.
       KDD 2016.
    .. [2] R. Liu, M. Hirn, A. Krishnan. Accurately modeling biased random walks on
       weighted networks using node2vec+. Bioinformatics 39, 2023.
    .. [3] B. Perozzi, R. Al-Rfou, S. Skiena. DeepWalk: Online Learning of Social
       Representations. KDD 2014.

    Examples
    --------
    >>> from graphrep import Graph
    >>> from graphrep.embedding import RandomWalks
    >>> graph = Graph.from_edges(["a", "b", "c"], ["b", "c", "d"])
    >>> walker = RandomWalks(walk_length=5, walks_per_node=2, random_state=0)
    >>> walker.walks(graph).shape
    (8, 5)
    >>> RandomWalks(2, 1, random_state=0).walks(graph, starts=["a", "d"], ids=True)
    [['a', 'b'], ['d', 'c']]
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "walk_length": [Interval(Integral, 1, None, closed="left")],
        "walks_per_node": [Interval(Integral, 1, None, closed="left")],
        "p": [Interval(Real, 0, None, closed="neither")],
        "q": [Interval(Real, 0, None, closed="neither")],
        "extended": ["boolean"],
        **THREADS,
        "random_state": ["random_state", np.random.Generator],
        "executor": [str, HasMethods(["submit"]), None],
        "work_dir": [str, PathLike, None],
        "memory_limit": [str, Integral, None],
    }

    def __init__(
        self,
        walk_length: int = 80,
        walks_per_node: int = 10,
        p: float = 1.0,
        q: float = 1.0,
        extended: bool = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        executor: Any = None,
        work_dir: PathType | None = None,
        memory_limit: str | int | None = None,
    ) -> None:
        self.walk_length = walk_length
        self.walks_per_node = walks_per_node
        self.p = p
        self.q = q
        self.extended = extended
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.executor = executor
        self.work_dir = work_dir
        self.memory_limit = memory_limit

    def plan(self, graph: GraphLike, starts: NodeIds | None = None) -> TaskPlan:
        """Tell what drawing all walks in batches would take; nothing is drawn.

        Parameters
        ----------
        graph, starts
            See `walks`, whose result comes on top.

        Returns
        -------
        TaskPlan

        Raises
        ------
        MemoryLimitError
            If no way keeps to ``memory_limit``; the message has the numbers.
        """
        self._validate_params()
        given = read_graph(graph)
        return self._plan(given, given.n_nodes if starts is None else len(starts))

    def _plan(self, graph: Graph, n_starts: int) -> TaskPlan:
        second = not walk_rule(self.p, self.q).first_order
        weighted = graph.weights is not None
        costs = costs_of_walks(
            graph.n_nodes, len(graph.indices), n_starts=n_starts,
            rounds=int(self.walks_per_node), length=int(self.walk_length),
            weighted=weighted, extended=self.extended, second_order=second,
            entry_bytes=graph.indices.itemsize,
        )  # fmt: skip
        limit = None if self.memory_limit is None else memory_bytes(self.memory_limit)
        return choose_plan(
            costs, limit=limit, executor=check_executor(self.executor),
            n_jobs=self.n_jobs,
        )  # fmt: skip

    def walks(
        self, graph: GraphLike, starts: NodeIds | None = None, *, ids: bool = False
    ) -> Any:
        """Draw all walks at once.

        Parameters
        ----------
        graph : graph-like
            Anything that `graphrep.as_graph` takes.
        starts : sequence of hashable or None, default=None
            Ids of the nodes to start from; each round follows their order. None
            starts from every node, each round in a random order of its own.
        ids : bool, default=False
            Give lists of node ids instead of an array of row numbers.

        Returns
        -------
        ndarray of int32, shape (n_walks, walk_length), or list of lists
            Row numbers, -1 after the end of a walk. Lists end with the walk.
        """
        graph = read_graph(graph)
        stream = self._stream(graph, starts)
        array: IntArray = np.empty((stream.n_walks, stream.length), np.int32)
        done = 0
        for batch in stream.batches(BATCH_SIZE):
            array[done : done + len(batch)] = batch
            done += len(batch)
        return in_ids(array, graph.node_ids) if ids else array

    def iterate(
        self,
        graph: GraphLike,
        starts: NodeIds | None = None,
        *,
        batch_size: int = BATCH_SIZE,
    ) -> Iterator[IntArray]:
        """Give walks in batches of bounded memory; together they are those of `walks`.

        Parameters
        ----------
        graph, starts
            See `walks`.
        batch_size : int, default=4096
            Most walks of a batch.

        Returns
        -------
        iterator of ndarray of int32, shape (<= batch_size, walk_length)
        """
        stream = self._stream(read_graph(graph), starts)
        return stream.batches(batch_size)

    def sentences(self, graph: GraphLike, starts: NodeIds | None = None) -> Sentences:
        """Give walks as lists of texts, which can be gone through more than once.

        Parameters
        ----------
        graph, starts
            See `walks`.

        Returns
        -------
        iterable of list of str
            Each pass walks anew and gives the same; nothing is stored. What gensim
            calls sentences; the texts of nodes are ``str(id)``.

        Raises
        ------
        GraphValueError
            If two ids have the same text.
        """
        graph = read_graph(graph)
        return Sentences(self._stream(graph, starts), node_texts(graph), BATCH_SIZE)

    def to_gensim(self, graph: GraphLike, **options: Any) -> Any:
        """Train gensim's Word2Vec on the walks.

        Parameters
        ----------
        graph : graph-like
            See `walks`.
        **options
            Parameters of ``gensim.models.Word2Vec``. Those of node2vec's published
            code stand in for what is not given: 128 dimensions, window 10, skip-gram
            with 5 negatives, one epoch, no node too rare; the seed is that of the
            walks, and there are ``n_jobs`` threads. Gensim's results depend on the
            number of threads: ``n_jobs=1`` repeats.

        Returns
        -------
        gensim.models.Word2Vec
            ``model.wv[str(id)]`` is a node's vector.
        """
        gensim = require("gensim.models", extra="gensim", why="RandomWalks.to_gensim")
        with numba_threads(self.n_jobs) as threads:
            pass
        sentences = self.sentences(graph)
        given: dict[str, Any] = {
            "vector_size": 128, "window": 10, "sg": 1, "negative": 5, "epochs": 1,
            "min_count": 0, "workers": threads, "seed": sentences.seed % 2**32,
        }  # fmt: skip
        return gensim.Word2Vec(sentences, **{**given, **options})

    def loader(
        self,
        graph: GraphLike,
        *,
        context_size: int = 10,
        batch_size: int = 128,
        num_negative_samples: int = 1,
        shuffle: bool = True,
    ) -> PairLoader:
        """Batches for ``torch_geometric.nn.Node2Vec.loss``, with our walks.

        Parameters
        ----------
        graph : graph-like
            See `walks`.
        context_size : int, default=10
            Nodes of a window; at most ``walk_length``.
        batch_size : int, default=128
            Start nodes of a batch.
        num_negative_samples : int, default=1
            Walks of uniform nodes for each walk.
        shuffle : bool, default=True
            Whether each epoch takes the start nodes in an order of its own.

        Returns
        -------
        iterable of (Tensor, Tensor)
            Windows of walks and of uniform nodes, int64 of shape
            ``(n, context_size)``, as that class's own loader gives them, which needs
            pyg-lib and knows no edge weights. Every pass is an epoch with new walks.
            As there, a walk that cannot go on stays where it is.

        Examples
        --------
        >>> from graphrep.datasets import load_karate
        >>> from graphrep.embedding import RandomWalks
        >>> walker = RandomWalks(walk_length=20, q=0.5, random_state=0)
        >>> for pos_rw, neg_rw in walker.loader(load_karate().graph):  # doctest: +SKIP
        ...     loss = model.loss(pos_rw, neg_rw)
        """
        stream = self._stream(read_graph(graph), None)
        return PairLoader(
            stream, context_size, batch_size, num_negative_samples, shuffle
        )

    def _stream(self, graph: Graph, starts: NodeIds | None) -> WalkStream:
        self._validate_params()
        return WalkStream(self, graph, starts)


class WalkStream:
    """The walks of one graph and one seed, drawn where they are asked for.

    Parameters
    ----------
    walker : RandomWalks
        Checked parameters.
    graph : Graph
        What to walk on.
    starts : sequence of hashable or None
        Ids to start from.

    Attributes
    ----------
    summary : Summary or None
        What was run where tasks have drawn the walks.
    progress : callable
        Told of these tasks.
    """

    def __init__(
        self, walker: RandomWalks, graph: Graph, starts: NodeIds | None
    ) -> None:
        self.seed = draw_seed(walker.random_state)
        self.summary: Summary | None = None
        n_starts = graph.n_nodes if starts is None else len(starts)
        self.plan = walker._plan(graph, n_starts)
        self.progress: Progress = silent
        self.n_nodes = graph.n_nodes
        self.length = int(walker.walk_length)
        self.rounds = int(walker.walks_per_node)
        self._n_jobs = walker.n_jobs
        self._where = check_executor(walker.executor), walker.work_dir, self.plan.n_jobs
        self._most = self.plan.workers
        self._rule = walk_rule(walker.p, walker.q, extended=walker.extended)
        with numba_threads(self._n_jobs):
            self._graph: WalkGraph = walk_graph(graph, extended=walker.extended)
        self._starts: IntArray | None = None
        if starts is not None:
            self._starts = np.asarray(graph.nodes.indexer(starts), np.int64)

    @property
    def n_walks(self) -> int:
        """Walks in all."""
        per_round = self.n_nodes if self._starts is None else len(self._starts)
        return self.rounds * per_round

    def batches(self, batch_size: int) -> Iterator[IntArray]:
        """Give walks of all rounds, at most so many at a time."""
        if self._where[0] is not None:
            yield from self._from_files(batch_size)
            return
        for round_ in range(self.rounds):
            starts = self._starts
            if starts is None:
                starts = self.order(round_)
            for first in range(0, len(starts), batch_size):
                part = starts[first : first + batch_size]
                yield self.draw(part, np.full(len(part), round_, np.int64))[0]

    def _from_files(self, batch_size: int) -> Iterator[IntArray]:
        """Have the walks drawn by tasks, then read them in the same order."""
        walks = Walks(
            self._graph, self._rule, self.seed, self.n_nodes, self._starts,
            self.rounds, self.length,
        )  # fmt: skip
        with walk_files(walks, *self._where, self.progress, self._most) as files:
            self.summary = files.summary
            for round_ in range(self.rounds):
                for first in range(0, walks.n_starts, batch_size):
                    end = min(first + batch_size, walks.n_starts)
                    yield files.rows(round_, first, end)

    def order(self, round_: int) -> IntArray:
        """All nodes in the random order of a round."""
        order: IntArray = kernels.start_order(self.seed, round_, self.n_nodes)
        return order

    def draw(self, starts: IntArray, rounds: IntArray) -> tuple[IntArray, IntArray]:
        """Draw walks from some starts in some rounds; count the nodes of each."""
        with numba_threads(self._n_jobs):
            return draw_walks(
                self._graph, self._rule, self.seed, starts, rounds, self.length
            )


def in_ids(walks: IntArray, ids: AnyArray) -> list[list[Any]]:
    """Turn walks into lists of ids, without what follows their ends."""
    ends = (walks >= 0).sum(axis=1)
    return [ids[row[:end]].tolist() for row, end in zip(walks, ends, strict=True)]


__all__ = ["RandomWalks"]
