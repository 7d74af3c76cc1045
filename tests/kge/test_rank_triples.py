"""Ranks of triples: equal to a plain count, filtered, ties, and what is not finite."""

import math

import numpy as np
import pytest

from graphrep.exceptions import GraphValueError
from graphrep.graph import KnowledgeGraph
from graphrep.io import as_knowledge_graph
from graphrep.kge import DistMult, plan_rank_triples, rank_triples
from graphrep.kge._triple_ranks import cardinalities


class _Model:
    """Rows of Q and K that are tables."""

    def __init__(self, queries, keys):
        self.queries, self.keys = queries, keys
        self.n_relations_ = queries.shape[0] // 2
        self.n_entities_ = len(keys)

    def query_matrix(self, entities, relations):
        return self.queries[relations, entities]

    def key_matrix(self, rows=None):
        return self.keys if rows is None else self.keys[rows]


def _case(seed, n=77, n_relations=3, m=200, width=7, dtype=np.float32, levels=None):
    rng = np.random.default_rng(seed)
    queries = rng.normal(size=(2 * n_relations, n, width)).astype(dtype)
    keys = rng.normal(size=(n, width)).astype(dtype)
    if levels:  # few values: many ties
        queries, keys = (np.round(part * levels) / levels for part in (queries, keys))
    rows = rng.integers(0, [n, n_relations, n], (m, 3))
    graph = KnowledgeGraph(np.unique(rows, axis=0), range(n), range(n_relations))
    cut = rng.random(len(graph)) < 0.4
    return _Model(queries, keys), graph.take(cut), graph.take(~cut)


def _plain(model, test, known):
    """Ranks by the definition, one triple and side at a time."""
    true = {tuple(row) for g in (test, known) for row in g.triples.tolist()}
    out = []
    for side in (0, 1):
        for h, r, t in test.triples.tolist():
            a, b, kind = (t, h, r + model.n_relations_) if side else (h, t, r)
            scores = model.keys.astype(float) @ model.queries[kind, a].astype(float)
            rivals = [
                e
                for e in range(model.n_entities_)
                if e != b and ((e, r, a) if side else (a, r, e)) not in true
            ]
            higher = sum(scores[e] > scores[b] for e in rivals)
            same = sum(scores[e] == scores[b] for e in rivals)
            out.append((higher, same + 1, len(rivals) + 1))
    return np.array(out).T


@pytest.mark.parametrize("levels", [None, 1])
@pytest.mark.parametrize("n", [1, 31, 33, 640])
def test_ranks_when_filtered_then_those_of_the_definition(n, levels):
    model, test, known = _case(n, n=n, levels=levels)
    found = rank_triples(model, test, known)
    above, equal, sizes = _plain(model, test, known)
    np.testing.assert_array_equal(found.above.reshape(-1), above)
    np.testing.assert_array_equal(found.equal.reshape(-1), equal)
    np.testing.assert_array_equal(found.n_candidates.reshape(-1), sizes)
    realistic = above + (equal + 1) / 2
    metrics = found.metrics()
    assert metrics["mrr"] == pytest.approx(np.mean(1 / realistic))
    assert metrics["hits@10"] == pytest.approx(np.mean(realistic <= 10))
    assert metrics["n"] == 2 * len(test)
    assert found.metrics(side="head")["mean_rank"] == pytest.approx(
        realistic[len(test) :].mean()
    )


def test_ranks_when_all_scores_are_equal_then_those_of_chance():
    model, test, known = _case(5)
    model.queries[:] = 1
    model.keys[:] = 1
    found = rank_triples(model, test, known)
    realistic = found.metrics()
    assert realistic["adjusted_mean_rank"] == pytest.approx(1)
    assert realistic["adjusted_mean_rank_index"] == pytest.approx(0, abs=1e-12)
    assert found.metrics("optimistic")["mrr"] == 1
    assert found.metrics("pessimistic")["mean_rank"] == found.n_candidates.mean()
    assert realistic["mrr"] < realistic["chance_mrr"] < 0.2


def test_ranks_when_scores_are_not_finite_then_last():
    model, test, _ = _case(6)
    h, _, t = test.triples[0].tolist()
    model.keys[t] = np.nan
    found = rank_triples(model, test)
    assert found.above[0, 0] + found.equal[0, 0] == found.n_candidates[0, 0]
    assert found.equal[0, 0] == 1
    model.keys[h] = np.inf
    again = rank_triples(model, test)
    assert again.equal[0, 0] == 2  # both are last


def test_ranks_when_threads_or_rows_change_then_the_same():
    model, test, known = _case(7, n=300, m=3000, levels=2)
    one = rank_triples(model, test, known, n_jobs=1)
    two = rank_triples(model, test, known, n_jobs=2)
    np.testing.assert_array_equal(one.above, two.above)
    order = np.random.default_rng(0).permutation(len(test))
    other = rank_triples(model, test.take(order), known)
    np.testing.assert_array_equal(other.above, one.above[:, order])
    np.testing.assert_array_equal(other.equal, one.equal[:, order])


def test_ranks_when_entities_change_places_then_the_same():
    model, test, known = _case(8, n=100, levels=1)
    order = np.random.default_rng(1).permutation(100)
    place = np.argsort(order)
    moved = _Model(model.queries[:, order], model.keys[order])
    graphs = []
    for graph in (test, known):
        rows = graph.triples.copy()
        rows[:, [0, 2]] = place[rows[:, [0, 2]]]
        graphs.append(KnowledgeGraph(rows, range(100), range(3)))
    np.testing.assert_array_equal(
        rank_triples(moved, *graphs).equal, rank_triples(model, test, known).equal
    )


def test_breakdowns_then_they_add_up():
    model, test, known = _case(9, n=40, m=400)
    found = rank_triples(model, test, known)
    whole = found.metrics()
    parts = found.by_relation()
    assert sum(part["n"] for part in parts) == whole["n"]
    assert sum(p["n"] * p["mrr"] for p in parts) / whole["n"] == pytest.approx(
        whole["mrr"]
    )
    sides = found.by_cardinality()
    assert sum(part["n"] for part in sides) == whole["n"]
    assert whole["mrr_low"] < whole["mrr"] < whole["mrr_high"]


def test_cardinalities_when_one_side_fans_out_then_named():
    rows = [[0, 0, 1], [2, 0, 3], [0, 1, 1], [0, 1, 2], [0, 1, 3]]
    rows += [[1, 2, 0], [2, 2, 0], [3, 2, 0]]
    rows += [[a, 3, b] for a in range(3) for b in range(3)]
    found = cardinalities(KnowledgeGraph(rows))
    assert found.tolist() == ["1-1", "1-n", "n-1", "n-n"]


def test_ranks_when_nothing_is_asked_then_nan():
    model, test, known = _case(3)
    metrics = rank_triples(model, test.take([]), known).metrics()
    assert metrics["n"] == 0
    assert math.isnan(metrics["mrr"])


def test_ranks_when_vocabularies_differ_then_refused():
    model, test, _ = _case(2)
    with pytest.raises(GraphValueError, match="1 entities and 1 relations, the model"):
        rank_triples(model, KnowledgeGraph([[0, 0, 0]]))
    found = rank_triples(model, test)
    with pytest.raises(GraphValueError, match="ties must be one of"):
        found.ranks("best")
    with pytest.raises(GraphValueError, match="side must be one of"):
        found.ranks(side="left")
    with pytest.raises(GraphValueError, match="confidence must be one of"):
        found.metrics(confidence=0.5)


def test_ranks_when_triples_come_in_other_numbers_then_looked_up_by_id():
    """A file numbers ids in its own order: sizes that agree prove nothing."""
    rows = [(f"e{i}", "ab"[i % 2], f"e{(i + 2) % 9}") for i in range(9)]
    model = DistMult(8, n_epochs=3, random_state=0).fit(rows)
    wanted = pytest.approx(rank_triples(model, model.known_).metrics())
    turned = as_knowledge_graph(rows[::-1])
    assert turned.entities != model.known_.entities
    assert turned.n_relations == model.known_.n_relations
    assert rank_triples(model, turned).metrics() == wanted
    assert rank_triples(model, rows[::-1]).metrics() == wanted  # statements as such
    one, rest = turned.take([0]), turned.take(range(1, 9))
    alone = rank_triples(model, model.known_.take([8]), model.known_).metrics()
    alone = pytest.approx(alone, nan_ok=True)  # of one triple there is no interval
    for known in (rest, [rest], (rows[:-1],), rows[:-1]):
        assert rank_triples(model, one, known).metrics() == alone
    plan = plan_rank_triples(model, turned, rows)
    assert plan.cpu_seconds == plan_rank_triples(model, model.known_).cpu_seconds
    with pytest.raises(GraphValueError, match="'x' is not among the 9 entities"):
        rank_triples(model, [("e0", "a", "x")])


@pytest.mark.parametrize("pair", [("e0", "a"), ["e0", "a"], "ea", ["ea", "eb"]])
def test_predict_when_one_pair_is_given_then_asks_for_a_list(pair):
    model = DistMult(4, n_epochs=1, random_state=0).fit([("e", "a", "f")])
    with pytest.raises(GraphValueError, match="Put a single pair into a list"):
        model.predict_tails(pair)
