"""LinkPredictionEvaluator: edges held out before fitting, and found again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

from graphrep._utils._random import draw_seed
from graphrep.base import read_graph
from graphrep.evaluation._embeddings import Embedding, read_embedding
from graphrep.evaluation._held_out import HeldOut, HeldOutTruth, hold_out, two_way
from graphrep.evaluation._neighbourhood_scores import NeighbourhoodScore
from graphrep.evaluation._rank_all import rank_all
from graphrep.evaluation._repeats import RepeatedRecords, means
from graphrep.evaluation._scores import PairScorer, has_score, pair_scorer
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.typing import AnyArray, FloatArray, GraphLike, IntArray

Record = dict[str, Any]
_KEYS = ("embedding", "score", "fraction")
_BASELINES = (
    "common_neighbors", "adamic_adar", "resource_allocation", "preferential_attachment",
)  # fmt: skip


class LinkPredictionEvaluator(BaseEstimator):
    """Hold out edges, fit again without them, and see how they are ranked.

    Parameters
    ----------
    fraction : float, default=0.2
        Share of the edges to hold out; fewer where a spanning forest needs the rest.
    n_repeats : int, default=5
        Random splits, the same ones for every embedding and any order of the nodes.
    scores : sequence of {"native", "dot", "cosine", "euclidean"} or callable
        How pairs are scored; default ("native", "cosine"). What has no vectors has
        its native score only.
    k : sequence of int, default=(10, 50, 100)
        Cut-offs of Hits@k.
    hard : bool, default=True
        Whether to also compare with pairs whose ends are as popular as ends of edges.
    n_queries : int or None, default=2000
        Nodes whose candidates are ranked, drawn among those with a held-out edge;
        None takes all.
    baselines : sequence of str
        Kinds of `NeighbourhoodScore` that stand beside; default common neighbours,
        Adamic-Adar, resource allocation and preferential attachment.
    random_state : int, RandomState, Generator or None, default=0
        Seed of the splits, and of estimators whose own seed is open.
    n_jobs : int or None, default=None
        Threads of the ranking; None takes all. Results do not depend on it.

    Notes
    -----
    `graphrep.model_selection.split_edges` keeps a random spanning forest, so that no
    node loses its last edge; a clone of the estimator is fitted on what is left.

    - "auc", "ap": held-out edges against as many pairs without an edge, drawn
      uniformly. Easy: such pairs are mostly unpopular nodes. "auc_hard", "ap_hard":
      against pairs drawn by the ends of edges, so that popularity alone gives little
      more than 0.5 (pairs of hubs that are joined cannot be drawn).
      Ties count as their mean over all orders.
    - Filtered ranking: each node with a held-out edge ranks **all** nodes but itself
      and its neighbours in the training graph (the others are masked, never sampled).
      "map" and "mrr" are the means over nodes of the average precision and of one
      over the rank of the first held-out neighbour; "hits@k" is the share of nodes
      with a held-out neighbour among the first k; "filtered_mrr" is the mean over
      held-out edges of one over the rank among pairs without an edge (other held-out
      ones are left out, ties count half), as knowledge-graph completion does.

    An undirected edge is ranked from both ends, and a score that depends on the order
    of a pair is added up over both in "auc" and "ap". In a directed graph sources
    rank targets. Weights are kept for the fit and play no role in the figures.
    "_sd" is the standard deviation over splits, which overlap: use
    `RepeatedRecords.compare` for a test.

    Vectors that were fitted elsewhere are refused: they have seen the edges. The
    time is that of n_repeats fits, plus O(n_queries · n · d) for each score.

    References
    ----------
    .. [1] A. Grover, J. Leskovec. node2vec. KDD 2016, section 4.4.
    .. [2] A. Bordes et al. Translating embeddings for modeling multi-relational data.
       NIPS 2013 (filtered ranking).

    Examples
    --------
    >>> from graphrep import FastRP
    >>> from graphrep.datasets import load_karate
    >>> evaluator = LinkPredictionEvaluator(n_repeats=2, scores=("cosine",))
    >>> found = evaluator.evaluate(load_karate().graph, FastRP(8, random_state=0))
    >>> [row["embedding"] for row in found.rows()][:2]
    ['FastRP', 'common_neighbors']
    """

    def __init__(
        self,
        fraction: float = 0.2,
        n_repeats: int = 5,
        *,
        scores: Sequence[Any] = ("native", "cosine"),
        k: Sequence[int] = (10, 50, 100),
        hard: bool = True,
        n_queries: int | None = 2000,
        baselines: Sequence[str] = _BASELINES,
        random_state: Any = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.fraction = fraction
        self.n_repeats = n_repeats
        self.scores = scores
        self.k = k
        self.hard = hard
        self.n_queries = n_queries
        self.baselines = baselines
        self.random_state = random_state
        self.n_jobs = n_jobs

    def evaluate(
        self, graph: GraphLike, embedding: Any, *, name: str | None = None
    ) -> RepeatedRecords:
        """Evaluate an estimator, or several by name.

        Parameters
        ----------
        graph : graph in any form
            All edges.
        embedding : estimator, NeighbourhoodScore, Embedding of one, or mapping
            What to fit; it is cloned. A mapping leads from names to these.
        name : str or None, default=None
            What to call a single one.

        Returns
        -------
        RepeatedRecords
            A row for each embedding and score.

        Raises
        ------
        GraphValueError
            For vectors without an estimator, ``n_repeats`` below 1, and graphs none
            of whose edges can be held out.
        """
        if self.n_repeats < 1:
            raise GraphValueError(f"n_repeats must be 1 or more; got {self.n_repeats}.")
        whole = _by_id(read_graph(graph))
        given = self._models(embedding, name)
        seeds = np.random.SeedSequence(draw_seed(self.random_state)).generate_state(
            self.n_repeats
        )
        repeats: list[Record] = []
        for repeat, seed in enumerate(seeds.tolist()):
            held = hold_out(whole, self.fraction, seed, hard=self.hard)
            for title, model in given.items():
                rows = self._measured(held, title, model, seed)
                repeats.extend(row | {"repeat": repeat} for row in rows)
        metrics = self._metrics()
        found = means(repeats, _KEYS, metrics)
        for row in found:
            row |= {"n_repeats": self.n_repeats, "n_held_out": len(held.positive)}
        shown = [*_KEYS, *metrics]
        ratio = len(held.positive) / max(held.train.n_edges, 1)
        title = next(iter(given))
        return RepeatedRecords(title, found, shown, repeats, {self.fraction: ratio})

    def _metrics(self) -> list[str]:
        hard = ["auc_hard", "ap_hard"] if self.hard else []
        hits = [f"hits@{k}" for k in self.k]
        return ["auc", "ap", *hard, "map", "mrr", *hits, "filtered_mrr", "fit_seconds"]

    def _models(self, embedding: Any, name: str | None) -> dict[str, Any]:
        """Names of what is fitted, baselines last."""
        if isinstance(embedding, Mapping):
            models = {str(key): _model_of(v, str(key)) for key, v in embedding.items()}
        else:
            title = name or _title(embedding)
            models = {title: _model_of(embedding, title)}
        for kind in self.baselines:
            models.setdefault(kind, NeighbourhoodScore(kind))
        return models

    def _measured(
        self, held: HeldOut, title: str, model: Any, seed: int
    ) -> list[Record]:
        """Figures of one embedding on one split, a record for each score."""
        start = time.process_time()
        made = read_embedding(held.train, clone(model), title, random_state=seed)
        seconds = time.process_time() - start
        wanted = [s for s in self.scores if has_score(made, s)] or ["native"]
        scorers = [pair_scorer(made, score) for score in wanted]
        rows = self._filtered(held, scorers, seed)
        for scorer, row in zip(scorers, rows, strict=True):
            row |= {
                "embedding": title, "score": scorer.name, "fraction": self.fraction,
                "fit_seconds": seconds,
            }  # fmt: skip
            row |= _separated(held, _of_pairs(made, scorer))
        return rows

    def _filtered(
        self, held: HeldOut, scorers: Sequence[PairScorer], seed: int
    ) -> list[Record]:
        """Rank all candidates of the nodes with a held-out edge."""
        truth = HeldOutTruth(held)
        queries = truth.queries
        if self.n_queries is not None and self.n_queries < len(queries):
            rng = np.random.default_rng(seed)
            queries = np.sort(rng.choice(queries, self.n_queries, replace=False))
        hits = [f"hits@{k}" for k in self.k]
        ranked = rank_all(
            scorers, truth, queries, ks=tuple(self.k), metrics=("ap", "mrr", *hits),
            edge_ranks=True, n_jobs=self.n_jobs,
        )  # fmt: skip
        rows = []
        for s in range(len(scorers)):
            averages = np.nanmean(ranked.values[s, 0], axis=1).tolist()
            row = dict(zip(("map", "mrr", *hits), averages, strict=True))
            if ranked.edges is not None:
                ranks = 1 + ranked.edges.above[s] + ranked.edges.tied[s] / 2
                row["filtered_mrr"] = float(np.mean(1 / ranks))
            rows.append(row)
        return rows


def _by_id(graph: Graph) -> Graph:
    """Sort the nodes by id: what is drawn must not depend on the order of rows."""
    order = graph.nodes.rank()
    return graph if order is None else graph.subgraph(graph.node_ids[order])


def _title(value: Any) -> str:
    if isinstance(value, (Embedding, NeighbourhoodScore)):
        return value.name
    return "X" if isinstance(value, np.ndarray) else type(value).__name__


def _model_of(value: Any, title: str) -> Any:
    """Return the estimator behind something; refuse what cannot be fitted again."""
    model = value.estimator if isinstance(value, Embedding) else value
    if hasattr(model, "fit") and hasattr(model, "get_params"):
        return model
    raise GraphValueError(
        f"{title!r} cannot be fitted again without the held-out edges, which fixed "
        "vectors have already seen; link prediction needs the estimator itself."
    )


def _of_pairs(embedding: Embedding, scorer: PairScorer) -> PairScorer:
    """Return the score itself where it knows a way to pairs that spares blocks."""
    owner = getattr(embedding.own, "__self__", None)
    native = embedding.native == "own" and scorer.name == "native"
    return owner if native and isinstance(owner, PairScorer) else scorer


def _separated(held: HeldOut, scorer: PairScorer) -> Record:
    """AUC and average precision of held-out edges among other pairs."""
    positive = _pair_scores(held, scorer, held.positive)
    record: Record = {}
    for suffix, others in (("", held.negative), ("_hard", held.hard)):
        if others is not None:
            auc, ap = two_way(positive, _pair_scores(held, scorer, others))
            record |= {f"auc{suffix}": auc, f"ap{suffix}": ap}
    return record


def _pair_scores(held: HeldOut, scorer: PairScorer, pairs: IntArray) -> FloatArray:
    scores: AnyArray = scorer.pairs(pairs[:, 0], pairs[:, 1])
    if not held.train.directed and not scorer.symmetric:
        scores = scores + scorer.pairs(pairs[:, 1], pairs[:, 0])
    return scores


__all__ = ["LinkPredictionEvaluator"]
