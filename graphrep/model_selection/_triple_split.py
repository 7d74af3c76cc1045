"""Split triples so that nothing leaks, and measure what leaks in splits of others."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from graphrep._utils._random import draw_seed
from graphrep.exceptions import GraphValueError
from graphrep.graph import KnowledgeGraph
from graphrep.typing import AnyArray, IntArray


class TripleSplit(NamedTuple):
    """Three parts of a knowledge graph, all with its vocabularies."""

    train: KnowledgeGraph
    valid: KnowledgeGraph
    test: KnowledgeGraph


def split_triples(
    graph: KnowledgeGraph,
    valid_size: float = 0.1,
    test_size: float = 0.1,
    *,
    random_state: Any = None,
) -> TripleSplit:
    """Split triples for training, validation and test so that nothing leaks.

    All triples that join the same two entities, whatever the relation and direction,
    go into the same part: no test triple is the inverse, the mirror image or a near
    copy of a training triple. Every entity and relation has a training triple.

    Parameters
    ----------
    graph : KnowledgeGraph
        Repeated triples are taken once (their weights are added).
    valid_size, test_size : float, default=0.1
        Shares of the triples; a part is smaller where coverage needs the triples,
        and may be a pair's triples larger.
    random_state : int, RandomState, Generator or None, default=None
        An int gives the same split on every call, whatever the order of the triples.

    Returns
    -------
    TripleSplit

    Raises
    ------
    GraphValueError
        If the sizes are negative or add up to 1 or more, or if coverage leaves
        nothing for a part that was asked for.

    Notes
    -----
    Time O(m log m). Benchmarks such as FB15k and WN18 were found to leak inverses
    (Toutanova & Chen 2015; Dettmers et al. 2018); `triple_leakage` measures it.
    """
    if valid_size < 0 or test_size < 0 or not valid_size + test_size < 1:
        raise GraphValueError(
            "valid_size and test_size must be at least 0 and add up to less than 1; "
            f"got {valid_size!r} and {test_size!r}."
        )
    graph = graph.without_duplicates()
    graph = graph.take(np.lexsort(graph.triples.T))
    rng = np.random.default_rng(draw_seed(random_state))
    groups = _pairs(graph)
    n_groups = int(groups.max()) + 1 if len(groups) else 0
    place = rng.permutation(n_groups)[groups]  # of each triple's pair in the lottery
    needed = _needed(graph, place, n_groups)
    sizes = np.bincount(place, minlength=n_groups)
    free = np.flatnonzero(~needed)
    filled = np.cumsum(sizes[free])
    part = np.zeros(n_groups, np.int64)
    n_test, n_valid = (round(share * len(graph)) for share in (test_size, valid_size))
    part[free[filled <= n_test + n_valid]] = 1
    part[free[filled <= n_test]] = 2
    parts = TripleSplit(*(graph.take(part[place] == number) for number in range(3)))
    for name, wanted in (("valid", n_valid), ("test", n_test)):
        if wanted and not len(getattr(parts, name)):
            raise GraphValueError(
                f"No triple of the {len(graph):,} can be held out for {name}: every "
                "one is needed so that each entity and relation is trained. Pass "
                f"{name}_size=0 or a denser graph."
            )
    return parts


def triple_leakage(train: KnowledgeGraph, test: KnowledgeGraph) -> dict[str, float]:
    """Measure how much of a test set is given away by the training triples.

    Parameters
    ----------
    train, test : KnowledgeGraph
        Parts with the same vocabularies.

    Returns
    -------
    dict of str to float
        Shares of the test triples: ``duplicate`` (stand in train), ``inverse`` (some
        training triple joins the same entities the other way), ``parallel`` (another
        relation the same way), ``unseen_entity`` and ``unseen_relation`` (without a
        training triple, so nothing can be known). NaN for an empty test set.
    """
    n, shape = len(test), (train.n_entities, train.n_relations)
    if shape != (test.n_entities, test.n_relations):
        raise GraphValueError(
            f"train has {shape[0]:,} entities and {shape[1]:,} relations, test "
            f"{test.n_entities:,} and {test.n_relations:,}; give both the same."
        )
    seen = np.zeros(shape[0], bool)
    seen[train.triples[:, [0, 2]].reshape(-1)] = True
    kinds = np.zeros(shape[1], bool)
    kinds[train.relation] = True
    ways = train.head * shape[0] + train.tail
    forward = np.isin(test.head * shape[0] + test.tail, ways)
    backward = np.isin(test.tail * shape[0] + test.head, ways)
    own = np.isin(_codes(test, shape[1]), _codes(train, shape[1]))
    masks = {
        "duplicate": own,
        "inverse": backward & (test.head != test.tail),
        "parallel": forward & ~own,
        "unseen_entity": ~(seen[test.head] & seen[test.tail]),
        "unseen_relation": ~kinds[test.relation],
    }
    return {k: float(mask.mean()) if n else float("nan") for k, mask in masks.items()}


def _codes(graph: KnowledgeGraph, n_relations: int) -> IntArray:
    pairs = graph.head * graph.n_entities + graph.tail
    return pairs * n_relations + graph.relation


def _pairs(graph: KnowledgeGraph) -> IntArray:
    """Give a number to each unordered pair of entities that is joined."""
    ends = np.sort(graph.triples[:, [0, 2]], axis=1)
    code = ends[:, 0] * graph.n_entities + ends[:, 1]
    numbers: IntArray = np.unique(code, return_inverse=True)[1].reshape(-1)
    return numbers


def _needed(graph: KnowledgeGraph, place: IntArray, n_groups: int) -> AnyArray:
    """Mark the pairs in which an entity or a relation comes first."""
    needed = np.zeros(n_groups, bool)
    order = np.argsort(place, kind="stable")
    rows = graph.triples[order]
    ends = rows[:, [0, 2]].reshape(-1)
    for values, step in ((ends, 2), (rows[:, 1], 1)):
        first = np.unique(values, return_index=True)[1] // step
        needed[place[order[first]]] = True
    return needed
