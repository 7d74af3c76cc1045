"""Linking metrics against plain loops."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from graphrep.exceptions import GraphTypeError, GraphValueError, NodeNotFoundError
from graphrep.graph import Terminology
from graphrep.linking import CandidateList
from graphrep.metrics import (
    accuracy_at_k,
    bootstrap_interval,
    gold_hits,
    gold_ranks,
    hierarchy_values,
    linking_values,
    mean_average_precision,
    mean_reciprocal_rank,
    paired_bootstrap,
    read_gold,
    recall_at_k,
    strict_scores,
    top_concepts,
)

LISTS = st.lists(
    st.tuples(
        st.lists(st.integers(0, 8), unique=True, max_size=6),
        st.lists(st.integers(0, 8), unique=True, max_size=3),
    ),
    min_size=1,
    max_size=8,
)


def _candidates(rows):
    queries = [q for q, row in enumerate(rows) for _ in row]
    concepts = [c for row in rows for c in row]
    scores = [1 / (1 + i) for row in rows for i in range(len(row))]
    return CandidateList.from_arrays(
        concepts, scores, queries=queries, n_queries=len(rows)
    )


@settings(max_examples=80, deadline=None)
@given(LISTS)
def test_values_when_any_lists_then_as_plain_loops_say(pairs):
    found, gold = _candidates([row for row, _ in pairs]), [g for _, g in pairs]
    values = linking_values(found, gold, (1, 3))
    for q, (row, right) in enumerate(pairs):
        if not right:
            assert all(np.isnan(value[q]) for value in values.values())
            continue
        hits = [c in right for c in row]
        first = hits.index(True) + 1 if any(hits) else 0
        assert gold_ranks(found, gold)[q] == first
        assert values["mrr"][q] == (1 / first if first else 0)
        for k in (1, 3):
            assert values[f"acc@{k}"][q] == any(hits[:k])
            assert values[f"recall@{k}"][q] == sum(hits[:k]) / len(right)
        ap = sum(sum(hits[: i + 1]) / (i + 1) for i in range(len(row)) if hits[i])
        assert values["map"][q] == pytest.approx(ap / len(right))
    if any(gold):
        assert accuracy_at_k(found, gold, 3) == pytest.approx(
            np.nanmean(values["acc@3"])
        )
        assert recall_at_k(found, gold, 3) == pytest.approx(
            np.nanmean(values["recall@3"])
        )
        assert mean_reciprocal_rank(found, gold) == pytest.approx(
            np.nanmean(values["mrr"])
        )
        assert mean_average_precision(found, gold) == pytest.approx(
            np.nanmean(values["map"])
        )
    else:
        assert np.isnan(accuracy_at_k(found, gold))
    strict = strict_scores(found, gold)
    linked = [bool(row) for row, _ in pairs]
    correct = [bool(row) and row[0] in right for row, right in pairs]
    assert strict.n_correct == sum(correct)
    assert strict.n_linked == sum(linked)
    assert strict.n_nil_correct == sum(not row and not g for row, g in pairs)
    total = strict.n_correct + strict.n_nil_correct
    assert strict.accuracy == pytest.approx(total / len(pairs))


def test_strict_when_threshold_then_weak_links_are_nil():
    found = CandidateList.from_arrays(
        [[0], [1], [2], [3]], [[0.9], [0.8], [0.3], [0.2]]
    )
    scores = strict_scores(found, [0, 5, 2, -1], threshold=0.5)
    assert (scores.n_linked, scores.n_gold, scores.n_correct) == (2, 3, 1)
    assert scores.precision == 0.5
    assert scores.recall == pytest.approx(1 / 3)
    assert scores.f1 == pytest.approx(0.4)
    assert (scores.nil_precision, scores.nil_recall) == (0.5, 1.0)
    assert scores.accuracy == 0.5
    assert top_concepts(found, 0.3).tolist() == [0, 1, 2, -1]
    empty = strict_scores(CandidateList([0], [], []), [])
    assert empty.precision == empty.f1 == empty.accuracy == 0


def test_gold_when_wrong_then_says_what_it_takes():
    found = _candidates([[1], [2]])
    assert gold_hits(found, [1, 1]).tolist() == [True, False]
    assert gold_hits(found, read_gold([[2, 1], None])).tolist() == [True, False]
    assert read_gold(np.array([3, -1])).offsets.tolist() == [0, 1, 1]
    with pytest.raises(GraphValueError, match="gold is for 1 queries"):
        linking_values(found, [1])
    with pytest.raises(GraphTypeError, match="given as positions"):
        linking_values(found, ["D1", "D2"])
    with pytest.raises(GraphValueError, match="-1 stands for none"):
        linking_values(found, [1, -2])
    with pytest.raises(GraphTypeError, match="must be a CandidateList"):
        linking_values([[1], [2]], [1, 2])
    with pytest.raises(GraphValueError, match="k must be"):
        linking_values(found, [1, 2], (0,))


def _dag(n, seed, cycle=False):
    rng = np.random.default_rng(seed)
    pairs = [(c, p) for c in range(1, n) for p in rng.choice(c, min(c, 2)).tolist()]
    pairs = [(c, p) for c, p in pairs if rng.random() < 0.8]
    if cycle:
        pairs.append((1, n - 1))
    rows, columns = zip(*pairs, strict=True)
    ones = np.ones(len(rows))
    return sparse.csr_array((ones, (rows, columns)), shape=(n, n)), pairs


@pytest.mark.parametrize("cycle", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_hierarchy_when_dag_then_as_walks_say(seed, cycle):
    n = 40
    parents, pairs = _dag(n, seed, cycle)
    up = nx.DiGraph(pairs)
    up.add_nodes_from(range(n))
    steps = dict(nx.all_pairs_shortest_path_length(up))
    roots = [v for v in up if up.out_degree(v) == 0]
    depth = {
        v: min((steps[v][r] for r in roots if r in steps[v]), default=0) for v in up
    }
    rng = np.random.default_rng(seed)
    top = rng.integers(-1, n, 60)
    gold = [rng.integers(0, n, rng.integers(0, 3)).tolist() for _ in top]
    values = hierarchy_values(top, gold, parents, within=2)
    for q, (a, right) in enumerate(zip(top.tolist(), gold, strict=True)):
        if not right:
            assert all(np.isnan(values[m][q]) for m in values)
            continue
        ways, near, close = [], [0.0], 0.0
        for b in right if a >= 0 else ():
            common = set(steps[a]) & set(steps[b])
            totals = {c: steps[a][c] + steps[b][c] for c in common}
            if common:
                ways.append(min(totals.values()))
                deepest = max(common, key=lambda c: (depth[c], -totals[c]))
                d = depth[deepest] + 1
                near.append(2 * d / (2 * d + totals[deepest]))
            close = max(close, float(a in steps[b] and steps[b][a] <= 2))
        assert (
            np.isnan(values["distance"][q])
            if not ways
            else (values["distance"][q] == min(ways))
        )
        assert values["ancestor"][q] == close
        assert values["wu_palmer"][q] == pytest.approx(max(near))


def test_hierarchy_when_same_or_outside_then_one_or_refused():
    parents, _ = _dag(10, 0)
    values = hierarchy_values([4], [4], parents)
    assert [float(v[0]) for v in values.values()] == [0.0, 1.0, 1.0]
    with pytest.raises(GraphValueError, match="parents has 10"):
        hierarchy_values([4], [10], parents)
    with pytest.raises(GraphValueError, match="square"):
        hierarchy_values([0], [0], np.ones((2, 3)))


def test_bootstrap_when_drawn_then_close_to_theory_and_by_the_seed():
    rng = np.random.default_rng(0)
    values = (rng.random(800) < 0.3).astype(float)
    values[:5] = np.nan
    found = bootstrap_interval(values)
    assert found == bootstrap_interval(values)
    assert found != bootstrap_interval(values, random_state=1)
    p, n = np.nanmean(values), 795
    half = 1.96 * np.sqrt(p * (1 - p) / n)
    assert found.value == pytest.approx(p)
    assert found.n == n
    assert found.low == pytest.approx(p - half, abs=0.01)
    assert found.high == pytest.approx(p + half, abs=0.01)
    ratio = bootstrap_interval([1.0, 0.0, 1.0], [1.0, 1.0, 2.0])
    assert ratio.value == 0.5
    assert np.isnan(bootstrap_interval([np.nan]).value)
    with pytest.raises(GraphValueError, match="one length"):
        bootstrap_interval([1.0], [1.0, 2.0])
    with pytest.raises(GraphValueError, match="confidence"):
        bootstrap_interval([1.0, 0.0], confidence=1.5)


def test_paired_when_equal_or_better_then_no_or_clear_difference():
    rng = np.random.default_rng(0)
    a = rng.random(300)
    assert paired_bootstrap(a, a).p_value == 1
    better = paired_bootstrap(a + 0.1 + 0.1 * rng.random(300), a)
    assert better.p_value < 0.01
    assert 0.1 < better.low < better.difference < better.high < 0.2
    chance = [
        paired_bootstrap(rng.random(100), rng.random(100), n=300).p_value < 0.1
        for _ in range(60)
    ]
    assert sum(chance) < 15
    assert np.isnan(paired_bootstrap([np.nan], [1.0]).p_value)
    with pytest.raises(GraphValueError, match="same queries"):
        paired_bootstrap([1.0], [1.0, 2.0])


# -- ids -------------------------------------------------------------------------
@pytest.mark.parametrize("ids", [["a", "b", "c"], [7, 1, 0]])
def test_read_gold_when_ids_are_given_then_positions(ids):
    known = Terminology(ids, ["x", "y", "z"], [0, 1, 2], replaced_by={"old": ids[1:]})
    a, b, c = ids
    given = [c, {b, a}, [], None, float("nan"), "old", [a, a]]
    gold = read_gold(given, 7, terminology=known)
    assert gold.offsets.tolist() == [0, 1, 3, 3, 3, 3, 5, 6]
    assert gold.concepts.tolist() == [2, 0, 1, 1, 2, 0]
    assert read_gold(np.array(ids), terminology=known).concepts.tolist() == [0, 1, 2]
    assert read_gold(gold, 7, terminology=known) is gold


def test_read_gold_when_ids_are_unknown_or_not_expected_then_said():
    known = Terminology(["a", ("t", 1)], ["x", "y"], [0, 1], replaced_by={"o": ["p"]})
    assert read_gold([("t", 1)], terminology=known).concepts.tolist() == [1]
    for bad in ("zz", "o"):
        with pytest.raises(NodeNotFoundError, match=rf"gold\[1\]: Concept '{bad}' is"):
            read_gold(["a", bad], terminology=known)
    with pytest.raises(GraphTypeError, match="single text 'a'"):
        read_gold("a", terminology=known)
    with pytest.raises(GraphTypeError, match="looked up in a Terminology; got dict"):
        read_gold(["a"], terminology={})
    with pytest.raises(GraphTypeError, match=r"Pass gold=read_gold\(ids, terminology="):
        read_gold(["a"])
