"""TripleRanks: where the true answers stand, and what that amounts to."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.graph import KnowledgeGraph, NodeIndex
from graphrep.typing import AnyArray, FloatArray, IntArray

TIES = ("realistic", "optimistic", "pessimistic")
SIDES = ("tail", "head")
_MANY = 1.5  # mean number of answers from which a side is called "many"
_NORMAL = {0.9: 1.6449, 0.95: 1.9600, 0.99: 2.5758}


class TripleRanks(NamedTuple):
    """Ranks of the tails of some triples, then of their heads.

    Attributes
    ----------
    triples : ndarray of int64 of shape (n_triples, 3)
        The triples that were ranked, in numbers.
    above, equal : ndarray of int64 of shape (2, n_triples)
        For each side (0 tails, 1 heads) the candidates that score higher than the
        true one, and as high, itself included.
    n_candidates : ndarray of int64 of shape (2, n_triples)
        Entities that were ranked: all but the other known answers.
    relations : NodeIndex
        Ids of the relations.
    cardinalities : ndarray of str of shape (n_relations,)
        "1-1", "1-n", "n-1" or "n-n" by the known triples (more than 1.5 answers a
        query count as many, as in Bordes et al. 2013).
    """

    triples: IntArray
    above: IntArray
    equal: IntArray
    n_candidates: IntArray
    relations: NodeIndex
    cardinalities: AnyArray

    def ranks(self, ties: str = "realistic", side: str | None = None) -> FloatArray:
        """Ranks from 1, tails first.

        Parameters
        ----------
        ties : {"realistic", "optimistic", "pessimistic"}, default="realistic"
            The mean of the places that equal scores share, the best or the worst.
        side : {"tail", "head"} or None, default=None
            None takes both.
        """
        _refuse_other("ties", ties, TIES)
        if ties == "optimistic":
            places = self.above + 1.0
        elif ties == "pessimistic":
            places = (self.above + self.equal).astype(np.float64)
        else:
            places = self.above + (self.equal + 1) / 2
        return np.asarray(places[_rows_of_side(side)]).reshape(-1)

    def _chosen(self, values: AnyArray, chosen: Any) -> AnyArray:
        """Values of some triples, a row a side."""
        n = len(self.triples)
        return values.reshape(len(values) // n if n else 1, n)[:, chosen]

    def metrics(
        self,
        ties: str = "realistic",
        side: str | None = None,
        *,
        ks: tuple[int, ...] = (1, 3, 10),
        where: AnyArray | None = None,
        confidence: float = 0.95,
    ) -> dict[str, float]:
        """Mean reciprocal rank, hits and mean ranks, one number each.

        Parameters
        ----------
        ties, side
            See `ranks`.
        ks : tuple of int, default=(1, 3, 10)
            Places of the hits.
        where : ndarray of bool of shape (n_triples,) or None, default=None
            Triples to take.
        confidence : {0.9, 0.95, 0.99}, default=0.95
            Of ``mrr_low`` and ``mrr_high``, by the normal distribution over triples
            (both sides of a triple are one draw).

        Returns
        -------
        dict of str to float
            ``mrr``, ``mrr_low``, ``mrr_high``, ``hits@k``, ``mean_rank`` (from 1),
            ``adjusted_mean_rank`` (1 at chance, lower is better),
            ``adjusted_mean_rank_index`` (0 at chance, 1 at best; Berrendorf et al.
            2020), ``chance_mrr`` (of a random order) and ``n``. NaN where there is
            nothing to rank.
        """
        if confidence not in _NORMAL:
            raise GraphValueError(
                f"confidence must be one of {tuple(_NORMAL)}; got {confidence!r}."
            )
        chosen = slice(None) if where is None else where
        ranks = self._chosen(self.ranks(ties, side), chosen)
        sizes = self._chosen(self.n_candidates[_rows_of_side(side)].reshape(-1), chosen)
        out: dict[str, float] = {"n": float(ranks.size)}
        if not ranks.size:
            names = ["mrr", "mrr_low", "mrr_high", *(f"hits@{k}" for k in ks)]
            return out | dict.fromkeys([*names, *_MEANS], math.nan)
        each = (1.0 / ranks).mean(axis=0)
        spread = each.std(ddof=1) / math.sqrt(len(each)) if len(each) > 1 else math.nan
        mrr, half = float(each.mean()), _NORMAL[confidence] * spread
        out |= {"mrr": mrr, "mrr_low": mrr - half, "mrr_high": mrr + half}
        out |= {f"hits@{k}": float((ranks <= k).mean()) for k in ks}
        mean, expected = float(ranks.mean()), float((sizes + 1).mean() / 2)
        index = 1 - (mean - 1) / (expected - 1) if expected > 1 else math.nan
        values = (mean, mean / expected, index, _chance_mrr(sizes))
        return out | dict(zip(_MEANS, values, strict=True))

    def by_relation(self, ties: str = "realistic", **options: Any) -> list[Any]:
        """Give the metrics of each relation that has triples, most triples first."""
        counts = np.bincount(self.triples[:, 1], minlength=len(self.relations))
        order = np.argsort(-counts, kind="stable")
        return [
            {
                "relation": self.relations[int(r)],
                "cardinality": str(self.cardinalities[r]),
                **self.metrics(ties, where=self.triples[:, 1] == r, **options),
            }
            for r in order[: np.count_nonzero(counts)]
        ]

    def by_cardinality(self, ties: str = "realistic", **options: Any) -> list[Any]:
        """Give the metrics by kind of relation and side asked for."""
        kinds = self.cardinalities[self.triples[:, 1]]
        return [
            {
                "cardinality": kind,
                "side": side,
                **self.metrics(ties, side, where=kinds == kind, **options),
            }
            for kind in ("1-1", "1-n", "n-1", "n-n")
            for side in SIDES
            if (kinds == kind).any()
        ]


_MEANS = ("mean_rank", "adjusted_mean_rank", "adjusted_mean_rank_index", "chance_mrr")


def cardinalities(graph: KnowledgeGraph) -> AnyArray:
    """Kinds of the relations: "1-1", "1-n", "n-1", "n-n", of (n_relations,)."""
    rows = np.unique(graph.triples, axis=0)
    n = graph.n_relations
    sizes = np.bincount(rows[:, 1], minlength=n)
    many = []
    for end in (0, 2):  # answers for a tail (heads), then for a head (tails)
        asked = np.unique(rows[:, [1, 2 - end]], axis=0)
        means = sizes / np.maximum(np.bincount(asked[:, 0], minlength=n), 1)
        many.append(np.where(means > _MANY, "n", "1"))
    return np.array([f"{a}-{b}" for a, b in zip(*many, strict=True)], object)


def _chance_mrr(sizes: IntArray) -> float:
    """Give the expected reciprocal rank of a random order: H(n) / n."""
    values, counts = np.unique(sizes, return_counts=True)
    harmonic = np.cumsum(1.0 / np.arange(1, values[-1] + 1))
    return float(np.sum(harmonic[values - 1] / values * counts) / sizes.size)


def _rows_of_side(side: str | None) -> slice:
    if side is None:
        return slice(None)
    _refuse_other("side", side, SIDES)
    at = SIDES.index(side)
    return slice(at, at + 1)


def _refuse_other(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise GraphValueError(f"{name} must be one of {known}; got {value!r}.")
