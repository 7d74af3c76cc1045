"""Blocks: sizes, bounds, purging, filtering and pairs, against plain Python."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import sparse

from graphrep.blocking._blocks import Blocks, spans_of, stack
from graphrep.exceptions import MemoryLimitError


def _random(n=40, m=30, blocks=25, density=0.1, seed=0):
    rng = np.random.default_rng(seed)
    left = sparse.csr_array(rng.random((n, blocks)) < density)
    right = sparse.csr_array(rng.random((m, blocks)) < density)
    return Blocks(left, right, False, str), left.toarray(), right.toarray()


def _one_table(seed=0):
    rng = np.random.default_rng(seed)
    left = sparse.csr_array(rng.random((40, 25)) < 0.15)
    return Blocks(left, left, True, str), left.toarray()


def test_pairs_when_two_tables_then_each_shared_block_counts():
    blocks, left, right = _random()
    weights = np.arange(1.0, len(blocks) + 1)
    found = blocks.pairs(weights, n_jobs=2)
    common = left[:, blocks.numbers].astype(int) @ right[:, blocks.numbers].T
    totals = (left[:, blocks.numbers] * weights) @ right[:, blocks.numbers].T
    a, b = found.left, found.right
    assert len(set(zip(a.tolist(), b.tolist(), strict=True))) == (common > 0).sum()
    np.testing.assert_array_equal(found.counts, common[a, b])
    np.testing.assert_allclose(found.totals, totals[a, b])


def test_pairs_when_one_table_then_each_pair_once():
    blocks, left = _one_table()
    found = blocks.pairs(np.ones(len(blocks)))
    common = np.triu(left.astype(int) @ left.T, 1)
    assert len(found.left) == (common > 0).sum()
    np.testing.assert_array_equal(found.counts, common[found.left, found.right])


def test_n_pairs_when_estimated_then_no_less_than_there_are():
    for seed in range(5):
        blocks, left, right = _random(seed=seed)
        distinct = (left.astype(int) @ right.T > 0).sum()
        assert distinct <= blocks.n_pairs <= min(left.size, blocks.cardinalities.sum())
        one, own = _one_table(seed)
        distinct = (np.triu(own.astype(int) @ own.T, 1) > 0).sum()
        assert distinct <= one.n_pairs <= 40 * 39 // 2


def test_pairs_when_threads_differ_then_same():
    blocks, _, _ = _random(300, 200, 50)
    one, two = (blocks.pairs(np.ones(len(blocks)), n) for n in (1, 2))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


def test_blocks_when_one_side_is_empty_then_dropped():
    left = sparse.csr_array([[1, 1, 0], [0, 1, 0]])
    right = sparse.csr_array([[0, 1, 1]])
    blocks = Blocks(left, right, False, str)
    assert blocks.numbers.tolist() == [1]
    assert blocks.cardinalities.tolist() == [2]


def test_filter_when_ratio_then_smallest_blocks_of_each_record_stay():
    left = sparse.csr_array([[1, 1, 1], [1, 1, 0], [1, 0, 0]])
    blocks = Blocks(left, left, True, str)  # the third block has one record
    assert blocks.cardinalities.tolist() == [3, 1]
    kept = blocks.filter(0.5)
    # records 0 and 1 keep the block of two, record 2 its only one, now alone
    assert kept.numbers.tolist() == [1]


def _purge_limit(sizes, cards):
    """The rule as its authors write it down, level by level."""
    levels = sorted(set(cards))
    entries = Counter()
    pairs = Counter()
    for size, card in zip(sizes, cards, strict=True):
        entries[card] += size
        pairs[card] += card
    entries = np.cumsum([entries[c] for c in levels])
    pairs = np.cumsum([pairs[c] for c in levels])
    bc = cc = size = now_bc = now_cc = now = 0
    for i in reversed(range(len(levels))):
        bc, cc, size = now_bc, now_cc, now
        now, now_bc, now_cc = levels[i], entries[i], pairs[i]
        if now_bc * cc < 1.025 * now_cc * bc:
            return size
    return size


def test_purge_when_run_then_as_the_rule_says():
    rng = np.random.default_rng(1)
    chance = np.concatenate([np.full(60, 0.03), [0.9, 0.95, 0.5]])
    left = sparse.csr_array(rng.random((80, 63)) < chance)
    right = sparse.csr_array(rng.random((70, 63)) < chance)
    blocks = Blocks(left, right, False, str)
    limit = _purge_limit(blocks.sizes, blocks.cardinalities)
    kept = blocks.purge()
    assert kept.cardinalities.max() == limit
    assert len(kept) == (blocks.cardinalities <= limit).sum()
    assert len(kept) < len(blocks)


def test_check_pairs_when_too_many_then_error_before_they_are_made():
    blocks, _, _ = _random()
    with pytest.raises(MemoryLimitError, match=r"more than max_pairs=3; .* Do less"):
        blocks.check_pairs(3, "Do less.")


def test_stack_when_several_then_names_stay():
    one, _, _ = _random(seed=1)
    two, _, _ = _random(seed=2)
    both = stack([one, two], one_table=False)
    assert len(both) == len(one) + len(two)
    assert both.name(len(one)) == str(two.numbers[0])


def test_spans_when_cut_then_all_rows_once():
    ends = np.cumsum([5, 0, 9, 1, 30, 2, 2])
    spans = spans_of(ends, 10)
    assert [a for a, _ in spans[1:]] == [b for _, b in spans[:-1]]
    assert (spans[0][0], spans[-1][1]) == (0, len(ends))
    assert spans_of(ends[:0], 10) == []
