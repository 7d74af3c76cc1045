"""How well a set of hyperedges was found: exact sets, with or without repeats."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphrep.graph import Hypergraph


class HyperedgeScores(NamedTuple):
    """Scores of hyperedges that were found, each in [0, 1].

    Attributes
    ----------
    jaccard : float
        Common hyperedges over all that are in either; ``f1 / (2 - f1)``.
    precision, recall, f1 : float
        Of the found ones, of the true ones, and their harmonic mean.
    multi_jaccard : float
        Sum of the smaller over sum of the larger multiplicity.
    n_true, n_found, n_common : int
        Distinct hyperedges.
    min_size : int
        Smaller hyperedges were left out on both sides.
    """

    jaccard: float
    precision: float
    recall: float
    f1: float
    multi_jaccard: float
    n_true: int
    n_found: int
    n_common: int
    min_size: int


def hyperedge_scores(
    true: Hypergraph, found: Hypergraph, *, min_size: int = 1
) -> HyperedgeScores:
    """Compare hyperedges as sets of node ids; one node off is wrong.

    Parameters
    ----------
    true, found : Hypergraph
        Nodes are matched by id.
    min_size : int, default=1
        Smallest hyperedge that counts. SHyRe counts those of one node (1), MARIOH
        does not (2); the same answer scores differently.

    Returns
    -------
    HyperedgeScores
        Of two empty sets all scores are 1; where only one is empty all are 0.

    Examples
    --------
    >>> from graphrep import Hypergraph
    >>> true = Hypergraph([("a", "b"), ("a", "b", "c")])
    >>> hyperedge_scores(true, Hypergraph([("b", "a"), ("c", "b")])).jaccard
    0.3333333333333333
    """
    a, b = (h.with_sizes(min_size).distinct() for h in (true, found))
    at = a.find(b)
    common = int(np.count_nonzero(at >= 0))
    either = len(a) + len(b) - common
    in_a = np.zeros(len(b), np.int64)
    in_a[at >= 0] = a.counts[at[at >= 0]]
    least = int(np.minimum(in_a, b.counts).sum())
    most = int(a.counts.sum() + b.counts.sum()) - least
    if either:
        precision, recall = common / max(len(b), 1), common / max(len(a), 1)
    else:
        precision, recall = 1.0, 1.0
    both = precision + recall
    return HyperedgeScores(
        jaccard=_share(common, either),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / both if both else 0.0,
        multi_jaccard=_share(least, most),
        n_true=len(a),
        n_found=len(b),
        n_common=common,
        min_size=min_size,
    )


def hyperedge_jaccard(
    true: Hypergraph, found: Hypergraph, *, min_size: int = 1
) -> float:
    """Jaccard index of two sets of hyperedges; see `hyperedge_scores`."""
    return hyperedge_scores(true, found, min_size=min_size).jaccard


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
