"""ReconstructionEvaluator: do vectors tell the neighbourhoods of their nodes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator

from graphrep._tasks import Place, SharesExecutor
from graphrep._tasks._executors import check_executor
from graphrep._tasks._plan import is_ours
from graphrep._utils._devices import on_processor
from graphrep._utils._random import draw_seed
from graphrep._utils._warn import warn_user
from graphrep.base import read_graph
from graphrep.evaluation._embeddings import Embedding, read_embedding
from graphrep.evaluation._rank_all import TIES, Ranked, rank_all
from graphrep.evaluation._rank_plan import plan_ranking, sized_embedding
from graphrep.evaluation._rank_tasks import rank_in_tasks
from graphrep.evaluation._reconstruction_result import ReconstructionResult
from graphrep.evaluation._scores import PairScorer, has_score, pair_scorer
from graphrep.evaluation._statistics import QuerySample, mean_estimate, sample_queries
from graphrep.evaluation._truth import HopTruth
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.typing import AnyArray, GraphLike, IntArray, NodeIds, PathType

if TYPE_CHECKING:
    from graphrep._tasks import Summary, TaskPlan

_ALL_UP_TO = 1e13  # multiplications that are worth an exact result
_SAMPLED = 2000
_FIRST_SAMPLE = 256


class ReconstructionEvaluator(SharesExecutor, BaseEstimator):
    """Measure how well vectors tell the neighbourhoods of a graph.

    Every query node ranks all other nodes by a score of their vectors; its true
    neighbours, one or more hops away, should come first. Ranks are exact and cover
    all candidates, equal scores are treated without favour, and what chance would
    give stands beside every figure.

    Parameters
    ----------
    hops : sequence of int, default=(1, 2, 3)
        Distances whose neighbourhoods are looked for.
    mode : {"ball", "shell"} or both, default=("ball", "shell")
        Nodes up to k hops away ("ball2"), or exactly k ("shell2"); for k = 1 both are
        "hop1". At 3 hops a ball holds half of many graphs and says little.
    nearer : {"keep", "filter"} or both, default=("keep", "filter")
        Whether nodes nearer than a shell compete with it as wrong answers ("shell2"),
        or are left out of the ranking ("shell2_filtered").
    scores : sequence, default=("native", "cosine")
        Among "native" (the decoder of the method itself), "dot", "cosine",
        "euclidean" and callables, see `pair_scorer`. Which one is used decides the
        order of methods, so the default reports two.
    k : sequence of int, default=(1, 5, 10, 50, 100)
        Cut-offs.
    metrics : sequence of str or None, default=None
        Metrics to keep for every node; None keeps all. Named below.
    direction : {"out", "in", "both"}, default="out"
        How edges of a directed graph are followed.
    ties : {"expected", "min", "max"}, default="expected"
        What equal scores give: the mean over all their orders, the worst, the best.
    n_queries : int, "auto" or None, default="auto"
        Nodes to evaluate, drawn at random; None for all. "auto" takes all while that
        costs at most 1e13 multiplications, and 2,000 otherwise. Candidates are never
        sampled: that would change the order of methods (Krichene & Rendle 2020).
    queries : sequence of node ids or None, default=None
        Nodes to evaluate, instead of drawn ones.
    candidates : sequence of node ids or None, default=None
        Nodes that may be ranked; None for all. The query itself never is.
    target_se : float or None, default=None
        Start with 256 queries and double until the standard error of the average
        precision of the first truth and score is no larger.
    stratify : bool, default=True
        Draw queries alike from all degrees, which makes intervals narrower.
    confidence : float, default=0.95
        Of the intervals.
    edge_ranks : bool, default=False
        Also keep the rank of every single neighbour, which the breakdown by relation
        needs.
    random_state : int, RandomState, Generator or None, default=0
        Draws the queries. The same int draws the same ones for every embedding of a
        graph, so that differences can be paired.
    n_jobs : int or None, default=None
        Threads; None takes all processors. Results do not depend on it.
    device : str, default="cpu"
        "cpu", or a torch device ("cuda") on which scores are ranked.
    executor : str, Executor, Client or None, default=None
        Where blocks of queries are ranked: "serial", "processes", "dask", the address
        of a Dask scheduler, or an object with ``submit``. None is this process, where
        scores that are functions are ranked in any case.
    work_dir : str, path-like or None, default=None
        Folder for files of the blocks, where there is an executor. An evaluation that
        was interrupted goes on there.
    memory_limit : str, int or None, default=None
        Memory that may be used, in bytes or as "8GiB", the vectors among it. Decides,
        before anything is ranked, how many workers rank how many queries at a time;
        `MemoryLimitError` where nothing fits. None: no limit.

    Attributes
    ----------
    plan_ : TaskPlan
        What the last evaluation was expected to do and take.
    tasks_ : Summary or None
        With an executor: tasks ``run``, ``skipped`` and ``retried`` of the last
        evaluation.

    Raises
    ------
    GraphValueError
        For a graph of fewer than 2 nodes, vectors that are not finite or do not fit,
        or a parameter outside of its values.

    Notes
    -----
    With ``R`` relevant ones among ``N`` candidates at ranks ``r_1 < … < r_R`` the
    metrics of a node are

    - "ap": average precision, ``sum_q q / r_q / R``, over all relevant ones;
    - "ap_chance": its exact expectation under a random ranking, and "ap_adjusted"
      ``(ap - ap_chance) / (1 - ap_chance)``: 0 for chance, 1 for perfection;
    - "r_precision": precision at ``R``; "mrr": ``1 / r_1``; "mean_rank";
    - "ndcg": discounted gains ``1 / log2(1 + r)`` over those of the best ranking;
    - "auc": chance that a relevant one is before another one; undefined, and left out
      of means, where all are relevant;
    - "p@k" (``k`` in the denominator, always), "r@k", "capped_p@k" (``min(k, R)`` in
      the denominator) and "hits@k" (any at all).

    Means are over nodes that have something to find; the others are counted, not
    scored as 0. Under ties "expected" every metric is its expectation over the orders
    of equal scores (average precision after McSherry & Najork 2008).

    The score of a pair depends on its two vectors alone (see
    `graphrep.evaluation._scores`), in float32, or float64 for scores given by a
    callable that returns it. So nothing depends on the order of nodes, the threads or
    the blocks.

    Time is O(n_queries n_nodes (n_components + log n_nodes)), of which most is a matrix
    product; memory is O(n_nodes) and a block of scores for each thread, and never
    n_nodes x n_nodes.

    **Deviations.** The paper's full text could not be had; its abstract names "node
    level reconstruction with an increasing number of hops" and mean average
    precision. This is that task with every detail stated. Unlike the evaluation of
    GEM, a pair is ranked from both of its ends, nothing is dropped for a score below
    zero, and the denominator is the number of true neighbours.

    References
    ----------
    Yip, Ravuru, Banerjee, Jha, Sheth, Chadha, Das. RESTORE: Graph Embedding Assessment
    Through Reconstruction. 2023, arXiv:2308.14659.
    McSherry, Najork. Computing information retrieval performance measures efficiently
    in the presence of tied scores. ECIR 2008.
    Krichene, Rendle. On sampled metrics for item recommendation. KDD 2020.
    Goyal, Ferrara. Graph embedding techniques, applications, and performance. 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from graphrep import Graph
    >>> from graphrep.evaluation import ReconstructionEvaluator
    >>> path = Graph.from_edges([0, 1, 2], [1, 2, 3])
    >>> line = np.array([[0.0], [1.0], [2.0], [10.0]])
    >>> evaluator = ReconstructionEvaluator(scores=("euclidean",))
    >>> result = evaluator.evaluate(path, line)
    >>> [round(result.mean(t).value, 4) for t in ("hop1", "ball2", "shell2")]
    [0.9583, 1.0, 0.4583]
    """

    def __init__(
        self,
        hops: Sequence[int] = (1, 2, 3),
        *,
        mode: str | Sequence[str] = ("ball", "shell"),
        nearer: str | Sequence[str] = ("keep", "filter"),
        scores: Any = ("native", "cosine"),
        k: Sequence[int] = (1, 5, 10, 50, 100),
        metrics: Sequence[str] | None = None,
        direction: str = "out",
        ties: str = "expected",
        n_queries: int | str | None = "auto",
        queries: NodeIds | None = None,
        candidates: NodeIds | None = None,
        target_se: float | None = None,
        stratify: bool = True,
        confidence: float = 0.95,
        edge_ranks: bool = False,
        random_state: Any = 0,
        n_jobs: int | None = None,
        device: str = "cpu",
        executor: Any = None,
        work_dir: PathType | None = None,
        memory_limit: str | int | None = None,
    ) -> None:
        self.hops = hops
        self.mode = mode
        self.nearer = nearer
        self.scores = scores
        self.k = k
        self.metrics = metrics
        self.direction = direction
        self.ties = ties
        self.n_queries = n_queries
        self.queries = queries
        self.candidates = candidates
        self.target_se = target_se
        self.stratify = stratify
        self.confidence = confidence
        self.edge_ranks = edge_ranks
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.device = device
        self.executor = executor
        self.work_dir = work_dir
        self.memory_limit = memory_limit

    def plan(self, graph: GraphLike, embedding: Any) -> TaskPlan:
        """Tell what `evaluate` would do and take; nothing is fitted or ranked.

        Parameters
        ----------
        graph : graph in any form
            What should be reconstructed.
        embedding : object or int
            As for `evaluate`, or only the number of components. Of an estimator that is
            not fitted its ``n_components`` counts.

        Returns
        -------
        TaskPlan

        Raises
        ------
        MemoryLimitError
            If no way keeps to ``memory_limit``; the message has the numbers.
        """
        self._check_executor()
        nodes = self._check_graph(read_graph(graph))
        return plan_ranking(self, nodes, sized_embedding(nodes, embedding))

    def evaluate(
        self,
        graph: GraphLike,
        embedding: Any,
        *,
        target: AnyArray | None = None,
        name: str | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> ReconstructionResult:
        """Evaluate one embedding.

        Parameters
        ----------
        graph : graph in any form
            What should be reconstructed.
        embedding : object
            Vectors in any form, an estimator (fitted on the graph if it is not yet),
            a file or a score; see `graphrep.evaluation._embeddings.read_embedding`.
        target : ndarray of shape (n_nodes, n_components) or None, default=None
            Vectors of nodes as targets, if ``embedding`` is an array.
        name : str or None, default=None
            What to call it.
        progress : callable or None, default=None
            Called as ``progress(label, done, total)``.

        Returns
        -------
        ReconstructionResult
        """
        self._check_executor()
        self.tasks_: Summary | None = None
        nodes = self._check_graph(read_graph(graph))
        value = embedding if target is None else (np.asarray(embedding), target)
        read = read_embedding(nodes, value, name, random_state=self.random_state)
        start = time.process_time()
        self.plan_ = plan_ranking(self, nodes, read)
        scorers = self._scorers(read)
        truth = HopTruth(
            nodes, self.hops, mode=self.mode, nearer=self.nearer,
            direction=self.direction, candidates=self._candidates(nodes),
        )  # fmt: skip

        def ranked(rows: IntArray) -> Ranked:
            tell = None
            if progress is not None:
                tell = lambda done, total: progress(read.name, done, total)  # noqa: E731
            options: dict[str, Any] = {
                "ks": self._cuts(), "metrics": self.metrics, "ties": self.ties,
                "edge_ranks": self.edge_ranks, "tell": tell,
            }  # fmt: skip
            self.plan_ = plan_ranking(self, nodes, read, len(rows))
            if self.plan_.block is None:
                options |= {"n_jobs": self.plan_.n_jobs, "device": self.device}
                return rank_all(scorers, truth, rows, **options)
            jobs = self.plan_.n_jobs if is_ours(self.executor) else self.n_jobs
            place = Place(self.executor, self.work_dir, jobs, self.plan_.workers)
            found, self.tasks_ = rank_in_tasks(
                scorers, truth, rows, place, block=self.plan_.block, **options
            )
            return found

        sample, result = self._sampled(nodes, read, truth, len(scorers), ranked)
        found = ReconstructionResult(
            name=read.name, graph=nodes, queries=sample.rows, weights=None,
            strata=sample.strata if len(sample.stratum_sizes) else None,
            stratum_sizes=sample.stratum_sizes if len(sample.stratum_sizes) else None,
            scores=tuple(scorer.name for scorer in scorers), truths=truth.names,
            metrics=result.metrics, values=result.values,
            n_relevant=result.n_relevant, n_candidates=result.n_candidates,
            settings=self._settings(), seconds=time.process_time() - start,
            confidence=self.confidence, edges=result.edges,
        )  # fmt: skip
        if not result.n_relevant.any():
            warn_user(
                f"No node of the graph ({nodes.n_nodes:,} nodes, {nodes.n_edges:,} "
                "edges) has a neighbour to find: every mean is NaN."
            )
        return found

    # -- what is evaluated ---------------------------------------------------------
    def _check_executor(self) -> None:
        if check_executor(self.executor) is None and self.memory_limit is None:
            return
        if not on_processor(self.device):
            raise GraphValueError(
                "An executor or a memory_limit ranks on device='cpu'; got "
                f"device={self.device!r}."
            )

    def _check_graph(self, graph: Graph) -> Graph:
        if graph.n_nodes < 2:
            raise GraphValueError(
                "Reconstruction needs a graph of at least 2 nodes; got "
                f"{graph.n_nodes}."
            )
        if self.ties not in TIES:
            raise GraphValueError(
                f"ties must be one of {', '.join(map(repr, TIES))}; got {self.ties!r}."
            )
        if not 0 < self.confidence < 1:
            raise GraphValueError(
                f"confidence must lie between 0 and 1; got {self.confidence!r}."
            )
        return graph

    def _cuts(self) -> list[int]:
        values = [self.k] if isinstance(self.k, Integral) else list(self.k)
        wrong = [k for k in values if not isinstance(k, Integral) or k < 1]
        if wrong:
            raise GraphValueError(
                f"k must hold whole numbers of at least 1; got {wrong[0]!r}."
            )
        return [int(k) for k in values]

    def _usable(self, embedding: Embedding) -> list[Any]:
        """Scores that an embedding has."""
        one = isinstance(self.scores, str) or callable(self.scores)
        wanted = [self.scores] if one else list(self.scores)
        if not wanted:
            raise GraphValueError("scores must name at least one score; got none.")
        usable = [score for score in wanted if has_score(embedding, score)]
        if not usable:
            raise GraphValueError(
                f"{embedding.name!r} has no vectors, so that none of the scores "
                f"{wanted!r} exists for it; use scores=('native',)."
            )
        return usable

    def _scorers(self, embedding: Embedding) -> list[PairScorer]:
        return [pair_scorer(embedding, score) for score in self._usable(embedding)]

    def _candidates(self, graph: Graph) -> AnyArray | None:
        if self.candidates is None:
            return None
        mask = np.zeros(graph.n_nodes, bool)
        mask[graph.nodes.indexer(self.candidates)] = True
        return mask

    # -- which nodes ask -----------------------------------------------------------
    def _sampled(
        self,
        graph: Graph,
        embedding: Embedding,
        truth: HopTruth,
        n_scores: int,
        ranked: Callable[[IntArray], Ranked],
    ) -> tuple[QuerySample, Ranked]:
        """Draw the queries and rank them, until the error is small enough."""
        nothing = np.zeros(0, np.int64)
        everyone = np.arange(graph.n_nodes)
        if self.queries is not None:
            rows = np.unique(graph.nodes.indexer(self.queries)).astype(np.int64)
            return QuerySample(rows, nothing, np.ones(len(rows)), nothing), ranked(rows)
        m = self._n_queries(graph, embedding, n_scores)
        seed = draw_seed(self.random_state)
        if self.target_se is not None:
            m = min(_FIRST_SAMPLE, graph.n_nodes)
        while True:
            if m >= graph.n_nodes:
                sample = QuerySample(everyone, nothing, np.ones(len(everyone)), nothing)
                return sample, ranked(everyone)
            degree = np.asarray(np.diff(truth.graph.csr.indptr))
            sample = sample_queries(degree, m, self.stratify, seed)
            result = ranked(sample.rows)
            if self.target_se is None or self._error(sample, result) <= self.target_se:
                return sample, result
            m = min(2 * m, graph.n_nodes)

    def _n_queries(self, graph: Graph, embedding: Embedding, n_scores: int) -> int:
        n = graph.n_nodes
        if self.n_queries is None:
            return n
        if self.n_queries == "auto":
            cost = float(n) * n * (embedding.n_components or 1) * n_scores
            return n if cost <= _ALL_UP_TO else min(n, _SAMPLED)
        if not isinstance(self.n_queries, Integral) or int(self.n_queries) < 1:
            raise GraphValueError(
                "n_queries must be 'auto', None or a whole number of at least 1; got "
                f"{self.n_queries!r}."
            )
        return min(n, int(self.n_queries))

    def _error(self, sample: QuerySample, result: Ranked) -> float:
        precision = result.values[0, 0, result.metrics.index("ap")]
        return mean_estimate(precision, sample.strata, sample.stratum_sizes).se

    def _settings(self) -> dict[str, Any]:
        """Parameters as text and numbers."""
        out = dict(self.get_params(deep=False))
        for key in ("executor", "work_dir", "memory_limit"):
            del out[key]  # where it was done is no matter
        for key in ("queries", "candidates"):
            out[key] = None if out[key] is None else len(out[key])
        named = [out["scores"]] if not isinstance(out["scores"], (list, tuple)) else (
            out["scores"]
        )  # fmt: skip
        out["scores"] = [getattr(score, "__name__", score) for score in named]
        return out
