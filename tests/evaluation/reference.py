"""A slow and plain oracle of every metric of one ranking, ties by their definition."""

from __future__ import annotations

from itertools import permutations, product
from math import comb, log2

import numpy as np

KS = (1, 5, 10, 50, 100)


def metrics_of_order(flags, ks=KS):
    """Metrics of one list without ties; ``flags``: is it relevant, best first."""
    flags = [bool(flag) for flag in flags]
    n_candidates, n_relevant = len(flags), sum(flags)
    ranks = [rank for rank, flag in enumerate(flags, start=1) if flag]
    if not ranks:
        return dict.fromkeys(names(ks), np.nan)
    ap = sum(q / rank for q, rank in enumerate(ranks, start=1)) / n_relevant
    ideal = sum(1 / log2(1 + r) for r in range(1, n_relevant + 1))
    others = n_relevant * (n_candidates - n_relevant)
    wrong_pairs = sum(ranks) - n_relevant * (n_relevant + 1) / 2
    out = {
        "ap": ap,
        **of_chance(ap, n_candidates, n_relevant),
        "r_precision": sum(rank <= n_relevant for rank in ranks) / n_relevant,
        "mrr": 1 / ranks[0],
        "ndcg": sum(1 / log2(1 + rank) for rank in ranks) / ideal,
        "auc": 1 - wrong_pairs / others if others else np.nan,
        "mean_rank": sum(ranks) / n_relevant,
    }
    for k in ks:
        hits = sum(rank <= k for rank in ranks)
        out |= at_k(k, hits, n_relevant, float(hits > 0))
    return out


def per_node_metrics(scores, relevant, candidates, ks=KS, ties="expected"):
    """Metrics of one query, by name.

    Parameters
    ----------
    scores : sequence of float
        Score of every node; higher is closer.
    relevant, candidates : iterable of int
        True neighbours, and the nodes that are ranked (without the query itself and
        without what is filtered). Relevant nodes that are no candidates do not count.
    ks : sequence of int
    ties : {"expected", "min", "max"}
        "min" puts the relevant nodes last in their tie group, "max" first.
    """
    groups = tie_groups(scores, relevant, candidates)
    if ties == "expected":
        return expected_metrics(groups, ks)
    worst = ties == "min"
    flags = [
        flag
        for size, hits in groups
        for flag in sorted([True] * hits + [False] * (size - hits), reverse=not worst)
    ]
    return metrics_of_order(flags, ks)


def tie_groups(scores, relevant, candidates):
    """(size, relevant ones) of each group of equal scores, best first."""
    candidates = sorted({int(c) for c in candidates})
    relevant = {int(r) for r in relevant} & set(candidates)
    levels = sorted({scores[c] for c in candidates}, reverse=True)
    return [
        (
            sum(scores[c] == level for c in candidates),
            sum(scores[c] == level for c in relevant),
        )
        for level in levels
    ]


def expected_metrics(groups, ks=KS):
    """Expectation of each metric when every tie group is shuffled."""
    n_candidates = sum(size for size, _ in groups)
    n_relevant = sum(hits for _, hits in groups)
    if not n_relevant:
        return dict.fromkeys(names(ks), np.nan)
    total = gain = rank_sum = 0.0
    above = found = 0  # items, and relevant items, above the group
    first = None
    for t, m in groups:
        ranks = range(above + 1, above + t + 1)
        # an item at rank r is relevant with probability m / t; then found + 1 and,
        # of the r - above - 1 before it in the group, a share (m - 1) / (t - 1)
        share = (m - 1) / (t - 1) if t > 1 else 0.0
        for r in ranks:
            total += m / t * (found + 1 + share * (r - above - 1)) / r
            gain += m / t / log2(1 + r)
            rank_sum += m / t * r
        if m and first is None:
            first = expected_first(above, t, m)
        above, found = above + t, found + m
    ap = total / n_relevant
    ideal = sum(1 / log2(1 + r) for r in range(1, n_relevant + 1))
    others = n_relevant * (n_candidates - n_relevant)
    wrong_pairs = rank_sum - n_relevant * (n_relevant + 1) / 2
    out = {
        "ap": ap,
        **of_chance(ap, n_candidates, n_relevant),
        "r_precision": expected_hits(groups, n_relevant)[0] / n_relevant,
        "mrr": first,
        "ndcg": gain / ideal,
        "auc": 1 - wrong_pairs / others if others else np.nan,
        "mean_rank": rank_sum / n_relevant,
    }
    for k in ks:
        out |= at_k(k, *reorder(expected_hits(groups, k), n_relevant))
    return out


def expected_first(above, t, m):
    """Expected 1 / rank of the first of m relevant among t shuffled items."""
    ways = comb(t, m)
    return sum(comb(t - j, m - 1) / ways / (above + j) for j in range(1, t - m + 2))


def expected_hits(groups, k):
    """Expected number of relevant items in the first k, and P(at least one)."""
    above, hits = 0, 0.0
    none = 1.0
    for t, m in groups:
        drawn = min(max(k - above, 0), t)
        hits += m * drawn / t
        none *= comb(t - m, drawn) / comb(t, drawn)
        above += t
    return hits, 1 - none


def reorder(hits_any, n_relevant):
    return hits_any[0], n_relevant, hits_any[1]


def at_k(k, hits, n_relevant, any_hit):
    return {
        f"p@{k}": hits / k,
        f"capped_p@{k}": hits / min(k, n_relevant),
        f"r@{k}": hits / n_relevant,
        f"hits@{k}": any_hit,
    }


def of_chance(ap, n_candidates, n_relevant):
    chance = chance_ap(n_candidates, n_relevant)
    same = n_candidates == n_relevant
    return {
        "ap_chance": chance,
        "ap_adjusted": np.nan if same else (ap - chance) / (1 - chance),
    }


def chance_ap(n_candidates, n_relevant):
    """AP of a random order: the mean of q / r over where the relevant may stand."""
    if n_candidates == 1:
        return 1.0
    harmonic = sum(1 / r for r in range(1, n_candidates + 1))
    rest = (n_relevant - 1) * (n_candidates - harmonic) / (n_candidates - 1)
    return (harmonic + rest) / n_candidates


def names(ks=KS):
    """Names of the metrics in the order of the dictionaries."""
    out = ["ap", "ap_chance", "ap_adjusted", "r_precision", "mrr", "ndcg", "auc"]
    out.append("mean_rank")
    for k in ks:
        out += [f"p@{k}", f"capped_p@{k}", f"r@{k}", f"hits@{k}"]
    return out


def enumerated_metrics(groups, ks=KS):
    """Mean of each metric over every order of every tie group (small groups only)."""
    orders = [
        sorted(set(permutations([True] * hits + [False] * (size - hits))))
        for size, hits in groups
    ]
    found = [
        metrics_of_order([flag for part in parts for flag in part], ks)
        for parts in product(*orders)
    ]
    return {name: float(np.mean([row[name] for row in found])) for name in found[0]}
