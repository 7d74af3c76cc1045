"""Ranks of single edges, and what they say of each relation of a knowledge graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import digamma

from graphrep.evaluation._chance import expected_ap
from graphrep.exceptions import GraphValueError
from graphrep.typing import AnyArray, FloatArray, IntArray

RELATION_METRICS = ("ap", "ap_chance", "ap_adjusted", "auc")


@dataclass(frozen=True)
class EdgeRanks:
    """How many non-neighbours outrank each neighbour of the queries.

    Parameters
    ----------
    query : ndarray of int64 of shape (n_edges,)
        Position of the query among the queries of the result.
    column : ndarray of int64 of shape (n_edges,)
        Row number of the neighbour.
    above, tied : ndarray of float64 of shape (n_scores, n_edges)
        Candidates that are no neighbours and score above the neighbour, and the same.
    n_negatives : ndarray of int64 of shape (n_edges,)
        Candidates of the query that are no neighbours.
    """

    query: IntArray
    column: IntArray
    above: FloatArray
    tied: FloatArray
    n_negatives: IntArray


class RelationValues(NamedTuple):
    """Value and expected AP of one relation at every query; NaN where it has none."""

    name: Any
    values: FloatArray
    chance: FloatArray
    n_edges: int


def relation_values(
    ranks: EdgeRanks,
    score: int,
    queries: IntArray,
    n_nodes: int,
    relations: tuple[AnyArray, AnyArray, AnyArray],
    *,
    metric: str = "ap",
    direction: str = "out",
    ties: str = "expected",
) -> list[RelationValues]:
    """Compute a metric of the neighbours under each relation, the others filtered.

    The list of a query and a relation holds the query's neighbours under that
    relation and all candidates that are no neighbours at all. An edge with several
    relations counts in each.

    Parameters
    ----------
    ranks : EdgeRanks
    score : int
        Row of ``ranks.above`` to use.
    queries : ndarray of int64 of shape (m,)
        Row numbers of the queries.
    n_nodes : int
    relations : tuple of (rows, columns, names), each of length n_typed_edges
        Row numbers of the ends of each edge, and its relation.
    metric : {"ap", "ap_chance", "ap_adjusted", "auc"}, default="ap"
    direction : {"out", "in", "both"}, default="out"
        Whose neighbour the other end of an edge is.
    ties : {"expected", "min", "max"}, default="expected"

    Returns
    -------
    list of RelationValues
        Most edges first.
    """
    if metric not in RELATION_METRICS:
        raise GraphValueError(
            f"By relation there are {', '.join(RELATION_METRICS)}; got {metric!r}."
        )
    names, unit, edge = _match(ranks, queries, n_nodes, relations, direction)
    a, t = ranks.above[score][edge], ranks.tied[score][edge]
    order = np.lexsort((t, a, unit))
    unit, edge, a, t = unit[order], edge[order], a[order], t[order]
    units, first, size = np.unique(unit, return_index=True, return_counts=True)
    negatives = ranks.n_negatives[edge[first]]
    chance = expected_ap(size, negatives + size)
    values = _unit_metric(metric, ties, a, t, first, size, negatives, chance)
    m = len(queries)
    out = []
    for code, name in enumerate(names):
        own = units // m == code
        if not own.any():
            continue
        both = np.full((2, m), np.nan)
        both[:, units[own] % m] = values[own], chance[own]
        out.append(RelationValues(name, both[0], both[1], int(size[own].sum())))
    return sorted(out, key=lambda found: (-found.n_edges, str(found.name)))


def _match(
    ranks: EdgeRanks,
    queries: IntArray,
    n_nodes: int,
    relations: tuple[AnyArray, AnyArray, AnyArray],
    direction: str,
) -> tuple[list[Any], IntArray, IntArray]:
    """(names, relation and query as one number, ranked edge) of all typed edges."""
    rows, columns = (np.asarray(part, np.int64) for part in relations[:2])
    names, codes = _coded(relations[2])
    if not len(rows) == len(columns) == len(codes):
        raise GraphValueError(
            "relations must be three sequences of one length, rows, columns and names; "
            f"got {len(rows):,}, {len(columns):,} and {len(codes):,}."
        )
    ends = np.concatenate([rows, columns])
    if len(ends) and (ends.min() < 0 or ends.max() >= n_nodes):
        raise GraphValueError(
            f"relations must name row numbers from 0 to {n_nodes - 1:,}; got "
            f"{ends.min():,} to {ends.max():,}. Use graph.nodes.indexer(ids)."
        )
    parts = []
    if direction in {"out", "both"}:
        parts.append(rows * n_nodes + columns)
    if direction in {"in", "both"}:
        parts.append(columns * n_nodes + rows)
    wanted = np.concatenate(parts)
    typed = np.unique(np.stack([np.tile(codes, len(parts)), wanted]), axis=1)
    keys = queries[ranks.query] * n_nodes + ranks.column
    order = np.argsort(keys)
    at = np.searchsorted(keys, typed[1], sorter=order)
    at = order[np.minimum(at, len(keys) - 1)] if len(keys) else np.empty(0, np.int64)
    found = keys[at] == typed[1] if len(keys) else np.zeros(len(typed[1]), bool)
    edge = at[found] if len(keys) else at
    return names, typed[0][found] * len(queries) + ranks.query[edge], edge


def _coded(labels: Any) -> tuple[list[Any], IntArray]:
    """Distinct labels in order of appearance, and the number of each entry."""
    items = labels.tolist() if isinstance(labels, np.ndarray) else list(labels)
    numbers: dict[Any, int] = {}
    codes = [numbers.setdefault(item, len(numbers)) for item in items]
    return list(numbers), np.asarray(codes, np.int64)


def _unit_metric(
    metric: str,
    ties: str,
    above: FloatArray,
    tied: FloatArray,
    first: IntArray,
    size: IntArray,
    negatives: IntArray,
    chance: FloatArray,
) -> AnyArray:
    """Metric of each list; its entries follow each other, best first."""
    if metric == "ap_chance" or not len(size):
        return chance
    if metric == "auc":
        lost = np.add.reduceat(above + _lost_ties(tied, ties), first)
        with np.errstate(invalid="ignore", divide="ignore"):
            return 1 - np.where(negatives > 0, lost / (size * negatives), np.nan)
    ap = _average_precision(ties, above, tied, first, size)
    if metric == "ap":
        return ap
    with np.errstate(invalid="ignore"):
        return np.where(negatives > 0, (ap - chance) / (1 - chance), np.nan)


def _lost_ties(tied: FloatArray, ties: str) -> AnyArray:
    """Tied candidates that count as standing above."""
    return tied * {"expected": 0.5, "min": 1.0, "max": 0.0}[ties]


def _average_precision(
    ties: str, above: FloatArray, tied: FloatArray, first: IntArray, size: IntArray
) -> AnyArray:
    place = np.arange(len(above)) - np.repeat(first, size)  # relevant ones before it
    if ties != "expected":
        rank = above + place + 1 + (tied if ties == "min" else 0)
        return np.add.reduceat((place + 1) / rank, first) / size
    # entries between the same candidates are one tie group: if nothing else ties
    # with them their order does not matter, and otherwise their scores are equal
    new = np.ones(len(above), bool)
    new[1:] = (above[1:] != above[:-1]) | (tied[1:] != tied[:-1])
    new[first] = True
    start = np.flatnonzero(new)
    m = np.diff(start, append=len(above)).astype(np.float64)
    h = place[start]
    s, t = above[start] + h, tied[start] + m
    gain = digamma(s + t + 1) - digamma(s + 1)
    share = np.divide(m - 1, t - 1, out=np.zeros_like(t), where=t > 1)
    parts = m / t * ((h + 1) * gain + share * (t - (s + 1) * gain))
    return np.add.reduceat(parts, np.searchsorted(start, first)) / size
