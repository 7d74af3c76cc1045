"""Splits of triples: shares, coverage, and nothing that leaks."""

import numpy as np
import pytest

from graphrep import KnowledgeGraph
from graphrep.exceptions import GraphValueError
from graphrep.model_selection import split_triples, triple_leakage


def _graph(seed=0, n=40, m=900, n_relations=4):
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, [n, n_relations, n], (m, 3))
    back = rows[: m // 3, [2, 1, 0]]
    return KnowledgeGraph(np.concatenate([rows, back]), range(n), range(n_relations))


@pytest.mark.parametrize("seed", range(5))
def test_split_then_parts_are_disjoint_covered_and_leak_nothing(seed):
    graph = _graph(seed)
    parts = split_triples(graph, 0.15, 0.2, random_state=seed)
    whole = {tuple(row) for row in graph.triples.tolist()}
    sets = [{tuple(row) for row in part.triples.tolist()} for part in parts]
    assert sets[0] | sets[1] | sets[2] == whole
    assert sum(map(len, sets)) == len(whole) == sum(map(len, parts))
    assert len(parts.test) == pytest.approx(0.2 * len(whole), abs=10)
    assert len(parts.valid) == pytest.approx(0.15 * len(whole), abs=10)
    for part in (parts.valid, parts.test):
        assert set(triple_leakage(parts.train, part).values()) == {0.0}
    assert set(triple_leakage(parts.valid, parts.test).values()) >= {0.0}
    assert all(part.entities == graph.entities for part in parts)


def test_split_when_seed_and_order_vary_then_only_the_seed_counts():
    graph = _graph()
    one = split_triples(graph, random_state=3)
    order = np.random.default_rng(0).permutation(len(graph))
    two = split_triples(graph.take(order), random_state=3)
    assert [a == b for a, b in zip(one, two, strict=True)] == [True] * 3
    assert split_triples(graph, random_state=4).test != one.test


def test_leakage_when_planted_then_measured():
    train = KnowledgeGraph([[0, 0, 1], [2, 0, 3], [4, 0, 5]], range(8), range(3))
    test = KnowledgeGraph(
        [[0, 0, 1], [3, 1, 2], [4, 1, 5], [0, 2, 7], [0, 0, 4]], range(8), range(3)
    )
    assert triple_leakage(train, test) == {
        "duplicate": 0.2,
        "inverse": 0.2,
        "parallel": 0.2,
        "unseen_entity": 0.2,
        "unseen_relation": 0.6,
    }
    assert np.isnan(triple_leakage(train, test.take([]))["inverse"])
    with pytest.raises(GraphValueError, match="give both the same"):
        triple_leakage(train, KnowledgeGraph([[0, 0, 1]]))


@pytest.mark.parametrize(
    ("graph", "sizes", "match"),
    [
        (_graph(), (0.5, 0.5), "less than 1"),
        (_graph(), (-0.1, 0.1), "at least 0"),
        (KnowledgeGraph([[0, 0, 1], [2, 0, 3]] * 5), (0.0, 0.5), "held out for test"),
    ],
)
def test_split_when_impossible_then_one_sentence(graph, sizes, match):
    with pytest.raises(GraphValueError, match=match):
        split_triples(graph, *sizes)
