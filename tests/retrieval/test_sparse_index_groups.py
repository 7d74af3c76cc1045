"""SparseIndex by groups: the best row of each group, as a full sort finds it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from graphrep.exceptions import GraphValueError
from graphrep.retrieval import ExactIndex, SparseIndex
from graphrep.retrieval._arguments import read_groups


def _random(n, d, seed, levels=0):
    draw = np.random.default_rng(seed)
    share = draw.random(d) ** 3 * 0.6  # common features and rare ones
    values = draw.random((n, d)) if not levels else draw.integers(1, levels, (n, d))
    return sparse.csr_array(((draw.random((n, d)) < share) * values).astype(np.float32))


def _best_of_groups(products, groups, k):
    """Sort all rows, keep the first of each group: rows, their scores."""
    rows = np.full((len(products), k), -1)
    scores = np.zeros((len(products), k), np.float32)
    for i, row in enumerate(products):
        seen, at = set(), 0
        for j in np.argsort(-row, kind="stable"):
            if at < k and row[j] > 0 and groups[j] >= 0 and groups[j] not in seen:
                seen.add(groups[j])
                rows[i, at], scores[i, at] = j, row[j]
                at += 1
    return rows, scores


@pytest.mark.parametrize("k", [1, 5, 30])
@pytest.mark.parametrize(("n", "d", "n_groups"), [(3000, 12, 40), (900, 200, 300)])
def test_query_when_grouped_then_equal_to_a_full_sort(n, d, n_groups, k):
    base, queries = _random(n, d, 0, 4), _random(40, d, 1, 4)  # whole: many ties
    groups = np.random.default_rng(2).integers(-1, n_groups, n)
    expected = _best_of_groups((queries @ base.T).toarray(), groups, k)
    rows, scores = SparseIndex(base).query(queries, k, groups=groups, n_jobs=2)
    np.testing.assert_array_equal(rows, expected[0])
    np.testing.assert_array_equal(scores, expected[1])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31), n=st.integers(1, 400), d=st.integers(1, 30),
    n_groups=st.integers(1, 60), k=st.integers(1, 80), excluded=st.booleans(),
)  # fmt: skip
def test_query_when_drawn_then_equal_to_a_full_sort(seed, n, d, n_groups, k, excluded):
    base, queries = _random(n, d, seed, 4), _random(5, d, seed + 1, 4)
    draw = np.random.default_rng(seed)
    groups = draw.integers(-1, n_groups, n)
    products = (queries @ base.T).toarray()
    own = draw.integers(0, n, 5) if excluded else None
    if excluded:
        products[np.arange(5), own] = 0
    k = min(k, int(groups.max()) + 1, n)
    if k == 0:
        return
    expected = _best_of_groups(products, groups, k)
    rows, scores = SparseIndex(base).query(queries, k, groups=groups, exclude=own)
    np.testing.assert_array_equal(rows, expected[0])
    np.testing.assert_array_equal(scores, expected[1])


def test_query_when_lists_are_pruned_then_groups_stay_exact():
    # names of a group share rare features, so that bars rise before common ones
    draw = np.random.default_rng(5)
    groups = np.repeat(np.arange(2000), 3)
    rare = sparse.csr_array((np.ones(6000), (np.arange(6000), groups)))
    common = sparse.csr_array((draw.random((6000, 6)) * 0.05).astype(np.float32))
    base = sparse.csr_array(sparse.hstack([rare, common]), dtype=np.float32)
    queries = base[draw.integers(0, 6000, 50)]
    rows, scores = SparseIndex(base).query(queries, 4, groups=groups)
    products = (queries @ base.T).toarray()
    _, best = _best_of_groups(products, groups, 4)
    np.testing.assert_allclose(scores, best, rtol=1e-5)
    assert all(len({*groups[row].tolist()}) == 4 for row in rows)
    np.testing.assert_allclose(np.take_along_axis(products, rows, 1), scores, rtol=1e-5)


def test_query_when_each_row_is_its_own_group_then_as_without():
    base, queries = _random(700, 60, 3), _random(30, 60, 4)
    index = SparseIndex(base)
    plain = index.query(queries, 9)
    grouped = index.query(queries, 9, groups=np.arange(700)[::-1])
    np.testing.assert_array_equal(plain[0], grouped[0])
    np.testing.assert_array_equal(plain[1], grouped[1])
    bounded = index.query(queries, 9, groups=np.arange(700), max_postings=50)
    np.testing.assert_array_equal(
        bounded[0], index.query(queries, 9, max_postings=50)[0]
    )


def test_query_when_groups_are_bad_then_said():
    base = _random(5, 4, 0)
    for groups in (np.zeros(4, int), np.zeros(5), np.array([0, 1, -2, 0, 0])):
        with pytest.raises(GraphValueError, match="groups must"):
            SparseIndex(base).query(base, 2, groups=groups)
    none = SparseIndex(base).query(base, 2, groups=np.full(5, -1))
    assert none[0].shape == (5, 0)


def test_query_when_group_numbers_are_large_then_places_follow_the_rows():
    base, queries = _random(300, 12, 0, 4), _random(20, 12, 1, 4)
    small = np.random.default_rng(3).integers(-1, 50, 300)
    large = np.where(small < 0, -1, 2**31 - 1 - 40_000_000 * small)
    assert read_groups(large, 300)[1] == 300  # a place for each, in every thread
    for kind in (SparseIndex, lambda rows: ExactIndex(rows.toarray())):
        asked = queries if kind is SparseIndex else queries.toarray()
        found = kind(base).query(asked, 5, groups=large, n_jobs=2)
        wanted = kind(base).query(asked, 5, groups=small, n_jobs=2)
        for ours, theirs in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(ours, theirs)
