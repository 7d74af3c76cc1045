"""Whether the pairs of one relation lie in one direction."""

import numpy as np
import pytest

from graphrep.evaluation import relation_consistency
from graphrep.exceptions import GraphValueError
from graphrep.graph import Vectors


def test_consistency_when_vectors_are_random_then_it_is_the_mean_of_all_cosines():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 6))
    heads, tails = np.arange(12), np.arange(12, 24)
    relations = np.repeat(["r", "s"], [7, 5])
    rows = relation_consistency(x, heads, relations, tails)
    assert [row["relation"] for row in rows] == ["r", "s"]
    for row in rows:
        own = relations == row["relation"]
        offset = x[tails[own]] - x[heads[own]]
        offset /= np.linalg.norm(offset, axis=1)[:, None]
        cosines = (offset @ offset.T)[np.triu_indices(len(offset), 1)]
        assert row["consistency"] == pytest.approx(cosines.mean(), abs=1e-12)
        assert row["difference"] == pytest.approx(row["consistency"] - row["shuffled"])


def test_consistency_when_a_relation_is_a_translation_then_shuffling_breaks_it():
    rng = np.random.default_rng(1)
    heads = rng.normal(size=(50, 8))
    x = np.concatenate([heads, heads + 1.0])
    (row,) = relation_consistency(x, np.arange(50), ["r"] * 50, np.arange(50, 100))
    assert row["consistency"] == pytest.approx(1.0)
    assert 0.2 < row["shuffled"] < 0.8
    assert row["n_pairs"] == 50


def test_consistency_when_ids_are_unknown_or_offsets_zero_then_skipped():
    vectors = Vectors([[0.0, 0], [0, 0], [1, 1], [2, 2.5]], list("abcd"))
    rows = relation_consistency(
        vectors, list("aaaab"), ["r"] * 5, ["b", "c", "c", "x", "d"]
    )
    assert (rows[0]["n_pairs"], rows[0]["n_skipped"]) == (2, 2)


def test_consistency_when_relations_are_small_then_left_out():
    x = np.random.default_rng(0).normal(size=(9, 3))
    args = x, range(6), ["a", "b", "b", "c", "c", "c"], [6, 7, 8, 6, 7, 8]
    assert [r["relation"] for r in relation_consistency(*args)] == ["b", "c"]
    assert len(relation_consistency(*args, min_pairs=3)) == 1
    assert relation_consistency(x, [], [], []) == []
    without = relation_consistency(*args, n_shuffles=0)
    assert np.isnan(without[0]["shuffled"])


def test_consistency_when_rows_do_not_fit_then_it_says_so():
    with pytest.raises(GraphValueError, match="one length"):
        relation_consistency(np.eye(3), [0], ["r"], [1, 2])
    with pytest.raises(GraphValueError, match="row numbers from 0 to 2"):
        relation_consistency(np.eye(3), [0], ["r"], [3])
