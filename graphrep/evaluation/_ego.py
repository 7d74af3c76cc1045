"""EgoReconstruction: refit an embedder around seeds and reconstruct what it saw."""

from __future__ import annotations

import time
import warnings
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

from graphrep._utils._random import draw_seed
from graphrep._utils._warn import warn_user
from graphrep.base import read_graph
from graphrep.evaluation._ego_graphs import EgoGraph, ego_graph, hops_from
from graphrep.evaluation._ego_result import EgoResult, EgoRun
from graphrep.evaluation._embeddings import Embedding, read_embedding
from graphrep.exceptions import GraphTypeError, GraphValueError, GraphWarning
from graphrep.graph import Graph
from graphrep.typing import AnyArray, GraphLike, IntArray

_LEAST_NODES = 3  # with two, every ranking is perfect


class EgoReconstruction(BaseEstimator):
    """Reconstruct the edges around seeds from vectors fitted on these edges alone.

    For each number of hops k, the subgraph induced by all nodes within k hops of the
    seeds is cut out, a clone of the embedder is fitted on it, and the neighbours of
    each of its nodes are ranked. The larger k, the larger and sparser the subgraph
    and the harder the task at a fixed number of dimensions.

    Parameters
    ----------
    n_seeds : int, default=100
        Seeds to draw among the nodes that have edges; ignored where ``seeds`` are
        given.
    hops : sequence of int, default=(1, 2, 3)
        Distances from the seeds, directions of edges aside.
    max_nodes : int, default=5000
        Largest subgraph. Nearest nodes are kept; of the first distance at which they
        become too many, nodes are drawn at random, and farther ones are left out.
    union : bool, default=True
        Whether to take one subgraph around all seeds together; otherwise one around
        each seed.
    seeds : sequence of hashable or None, default=None
        Ids of seeds, such as the words of a semantic test. Those that are not in the
        graph are counted and left out.
    evaluator : ReconstructionEvaluator or None, default=None
        What ranks the neighbours; None takes one of 1 hop with ``scores``.
    scores : sequence of str or callable, default=("native", "cosine")
        How pairs are scored, unless there is an ``evaluator``.
    semantic : SemanticEvaluator, callable or None, default=None
        Semantic tests to run on the vectors of each subgraph, whose ids are the
        words; a callable takes the subgraph and its `Embedding` and returns a
        `SemanticResult`.
    confidence : float, default=0.95
        Coverage of the intervals over seeds.
    random_state : int, RandomState, Generator or None, default=0
        Seed of the draws of seeds and nodes. One number gives every embedder the
        same subgraphs.
    n_jobs : int or None, default=None
        Number of threads of the ranking; the result does not depend on it.

    Notes
    -----
    Every record holds the number of nodes and edges and the density of the subgraph,
    for no figure means anything without: random vectors reach a mean AP of about the
    density. With ``union=False`` sizes and figures are means over subgraphs and
    intervals are those of drawing seeds. Subgraphs of fewer than three nodes or
    without edges, and those on which the embedder refuses to be fitted (fewer nodes
    than it needs, say), are counted as failed.

    This is one of two readings of "reconstruction with k hops"; the other, where the
    whole graph is embedded once and the nodes at distance k are ranked, is
    `ReconstructionEvaluator`. Figures of the two cannot be compared.

    A breadth-first search costs O(n_nodes + n_edges) for each group of seeds; the
    rest is the cost of the fits and rankings, on at most ``max_nodes`` nodes.

    References
    ----------
    Yip et al.: RESTORE: graph embedding assessment through reconstruction.
    arXiv:2308.14659, 2023; the abstract leaves open how subgraphs were made.

    Examples
    --------
    >>> from graphrep import FastRP
    >>> from graphrep.datasets import load_karate
    >>> from graphrep.evaluation import EgoReconstruction
    >>> ego = EgoReconstruction(n_seeds=2, hops=(1, 2), random_state=0)
    >>> found = ego.evaluate(load_karate().graph, FastRP(4, random_state=0))
    >>> [run.ego.hop for run in found.runs]
    [1, 2]
    """

    def __init__(
        self,
        n_seeds: int = 100,
        hops: Sequence[int] = (1, 2, 3),
        max_nodes: int = 5000,
        union: bool = True,
        *,
        seeds: Sequence[Hashable] | AnyArray | None = None,
        evaluator: Any = None,
        scores: Sequence[Any] = ("native", "cosine"),
        semantic: Any = None,
        confidence: float = 0.95,
        random_state: Any = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.n_seeds = n_seeds
        self.hops = hops
        self.max_nodes = max_nodes
        self.union = union
        self.seeds = seeds
        self.evaluator = evaluator
        self.scores = scores
        self.semantic = semantic
        self.confidence = confidence
        self.random_state = random_state
        self.n_jobs = n_jobs

    def evaluate(
        self, graph: GraphLike, embedding: Any, *, name: str | None = None
    ) -> EgoResult:
        """Refit an embedder around the seeds and reconstruct each subgraph.

        Parameters
        ----------
        graph : graph in any form
            Graph to cut from.
        embedding : estimator
            An embedder; clones of it are fitted, it stays as it is.
        name : str or None, default=None
            Name in the result; None takes that of the class.

        Returns
        -------
        EgoResult

        Raises
        ------
        GraphTypeError
            For vectors, which cannot be fitted again.
        GraphValueError
            For unusable parameters, or if no subgraph could be reconstructed.
        """
        before = time.process_time()
        self._check_parameters()
        estimator, name = _estimator_of(embedding, name)
        egos, n_missing = self.subgraphs(read_graph(graph))
        runs = tuple(self._run(ego, estimator, name) for ego in egos)
        if all(run.result is None for run in runs):
            raise GraphValueError(
                f"None of {len(runs)} subgraphs could be reconstructed by {name}; the "
                f"first one ({runs[0].ego.graph!r}) because: {runs[0].problem}"
            )
        return EgoResult(
            name=name,
            runs=runs,
            union=self.union,
            n_missing=n_missing,
            seconds=time.process_time() - before,
            confidence=self.confidence,
            settings=self._settings(),
        )

    def subgraphs(self, graph: Graph) -> tuple[list[EgoGraph], int]:
        """Cut out the subgraphs; also count the given seeds that are not there.

        Returns
        -------
        subgraphs : list of EgoGraph
            Hops in the order of `hops`, and the seeds' subgraphs for each.
        n_missing : int
            Seeds that are not in the graph.
        """
        seed = draw_seed(self.random_state)
        rows, n_missing = self._seed_rows(graph, np.random.default_rng(seed))
        groups = [rows] if self.union else list(rows[:, None])
        plain = graph.symmetrize()
        far = [hops_from(plain, group, max(self.hops)) for group in groups]
        return [
            ego_graph(
                graph, group, far[g], hop, self.max_nodes,
                np.random.default_rng([seed, hop, g]),
            )
            for hop in self.hops
            for g, group in enumerate(groups)
        ], n_missing  # fmt: skip

    def _run(self, ego: EgoGraph, estimator: Any, name: str) -> EgoRun:
        graph = ego.graph
        if graph.n_nodes < _LEAST_NODES or graph.n_edges == graph.n_loops:
            return EgoRun(ego, problem="It has fewer than three nodes or no edges.")
        before = time.process_time()
        try:
            with warnings.catch_warnings():
                if not self.union:  # of many small subgraphs: their sizes are shown
                    warnings.simplefilter("ignore", GraphWarning)
                read = read_embedding(graph, clone(estimator), name)
        except GraphValueError as error:
            return EgoRun(ego, problem=str(error))
        seconds = time.process_time() - before
        result = self._ranker().evaluate(graph, replace(read, name=name))
        semantic = None
        if self.semantic is not None:
            run = getattr(self.semantic, "evaluate", self.semantic)
            semantic = run(graph, replace(read, name=name))
        return EgoRun(ego, result, semantic, seconds)

    def _ranker(self) -> Any:
        from graphrep.evaluation._reconstruction import ReconstructionEvaluator

        if self.evaluator is not None:
            return self.evaluator
        return ReconstructionEvaluator(
            hops=(1,), scores=self.scores, confidence=self.confidence,
            n_jobs=self.n_jobs,
        )  # fmt: skip

    def _seed_rows(
        self, graph: Graph, random: np.random.Generator
    ) -> tuple[IntArray, int]:
        """Row numbers of the seeds, and how many given ones there are not."""
        if self.seeds is None:
            free = np.flatnonzero(graph.degree(kind="both") > 0)
            if not len(free):
                raise GraphValueError(
                    f"The graph of {graph.n_nodes:,} nodes has no edges, so there is "
                    "nothing to reconstruct around a seed."
                )
            n_seeds = min(self.n_seeds, len(free))
            return np.sort(random.choice(free, n_seeds, replace=False)), 0
        wanted = list(dict.fromkeys(np.asarray(self.seeds, object).tolist()))
        there = [node for node in wanted if node in graph.nodes]
        n_missing = len(wanted) - len(there)
        if not there:
            raise GraphValueError(
                f"None of the {len(wanted):,} seeds is a node of the graph; the first "
                f"one is {wanted[0]!r}. Pass ids as they stand in graph.nodes."
                if wanted
                else "seeds is empty; pass ids of nodes, or None to draw some."
            )
        if n_missing:
            warn_user(
                f"{n_missing:,} of {len(wanted):,} seeds are not in the graph and are "
                "left out."
            )
        return np.sort(graph.nodes.indexer(there)), n_missing

    def _settings(self) -> dict[str, Any]:
        return {
            "n_seeds": self.n_seeds if self.seeds is None else len(self.seeds),
            "hops": [int(hop) for hop in self.hops],
            "max_nodes": self.max_nodes,
            "union": self.union,
            "seeds_given": self.seeds is not None,
        }

    def _check_parameters(self) -> None:
        if not len(self.hops) or min(self.hops) < 1:
            raise GraphValueError(
                f"hops must hold numbers of at least 1; got {self.hops!r}."
            )
        if len(set(self.hops)) < len(self.hops):
            raise GraphValueError(f"hops must differ; got {self.hops!r}.")
        if self.n_seeds < 1:
            raise GraphValueError(f"n_seeds must be at least 1; got {self.n_seeds!r}.")
        if self.max_nodes < _LEAST_NODES:
            raise GraphValueError(
                f"max_nodes must be at least {_LEAST_NODES}; got {self.max_nodes!r}."
            )


def _estimator_of(embedding: Any, name: str | None) -> tuple[Any, str]:
    """Return the embedder to clone and the name of the result."""
    estimator = embedding
    if isinstance(embedding, Embedding):
        estimator, name = embedding.estimator, name or embedding.name
    if not hasattr(estimator, "fit"):
        kind = type(embedding).__name__ if estimator is embedding else embedding.kind
        raise GraphTypeError(
            "EgoReconstruction fits an embedder again on each subgraph, which vectors "
            f"do not allow; got {kind}. Pass the estimator that made them."
        )
    return estimator, name or type(estimator).__name__


__all__ = ["EgoReconstruction"]
