"""Random signs: exact bits, fair statistics, and nothing depends on anything else."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from graphrep.embedding._propagation import SignStart

_MASK = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15
KEYS = np.arange(3000, dtype=np.uint64)
NEW = np.array([10**9, 10**10], np.uint64)


def _hash(key, counter):
    z = (key + (counter + 1) * _GOLDEN) & _MASK
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _MASK
    return z ^ (z >> 31)


def _start(keys=KEYS, d=64, s=3.0, seed=0):
    return SignStart(keys, np.ones(len(keys)), d, s, seed)


def _signs(*args, **options):
    start = _start(*args, **options)
    return start.as_layer().data[:, : start.n_columns].astype(int)


@pytest.mark.parametrize("s", [1.0, 3.0, 50.0])
def test_signs_when_drawn_then_the_hash_of_seed_key_and_column(s):
    keys = np.array([0, 1, 2**63, 2**64 - 1, 12345678901234567890], np.uint64)
    seed = 2**62 + 3
    got = _signs(keys, 40, s, seed)
    for i, key in enumerate(keys.tolist()):
        row = _hash(seed, key)
        for j in range(40):
            bits = _hash(row, j)
            wanted = (1 - 2 * (bits & 1)) * ((bits >> 1) < int(2.0**63 / s))
            assert got[i, j] == wanted


@pytest.mark.parametrize("s", [1.0, 3.0, 50.0])
def test_codes_when_compared_with_dense_signs_then_the_same(s):
    start = _start(d=33, s=s)
    indptr, codes = start.codes()
    dense = np.zeros((len(KEYS), 33), int)
    dense[np.repeat(np.arange(len(KEYS)), np.diff(indptr)), codes >> 1] = 1 - 2 * (
        codes & 1
    )
    assert np.array_equal(dense, _signs(d=33, s=s))
    assert not start.as_layer().data[:, 33:].any()
    inner = [codes[a:b] for a, b in pairwise(indptr)]
    assert all((np.diff(row >> 1) > 0).all() for row in inner)
    some = np.array([5, 2, 2999])
    few_indptr, few = start.codes(some)
    wanted = np.concatenate([inner[i] for i in some])
    assert np.array_equal(few, wanted)
    assert np.array_equal(np.diff(few_indptr), [len(inner[i]) for i in some])


@pytest.mark.parametrize("s", [1.0, 3.0, np.sqrt(3000)])
@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_signs_when_counted_then_density_and_balance_as_asked(s, seed):
    r = _signs(s=s, seed=seed)
    n, p = r.size, 1 / s
    assert abs(np.count_nonzero(r) / n - p) < 5 * np.sqrt(p * (1 - p) / n) + 1e-12
    assert abs(r.sum()) < 5 * np.sqrt(n * p)
    by_column, by_row = r.sum(0), r.sum(1)
    assert np.abs(by_column).max() < 6 * np.sqrt(3000 * p)
    assert np.abs(by_row).max() < 6 * np.sqrt(64 * p) + 3
    variance = (r * np.sqrt(s)).astype(float).var()
    assert abs(variance - 1) < 0.1


def test_signs_when_correlated_then_rows_and_columns_are_independent():
    r = _signs(s=3.0).astype(float)
    columns = np.corrcoef(r.T) - np.eye(64)
    assert np.abs(columns).max() < 6 / np.sqrt(3000)
    wide = _signs(KEYS[:60], 4096, 3.0).astype(float)
    rows = np.corrcoef(wide) - np.eye(60)
    assert np.abs(rows).max() < 6 / np.sqrt(4096)
    lagged = [np.mean(r[i:] * r[: len(r) - i]) * 3 for i in range(1, 20)]
    assert np.abs(lagged).max() < 6 / np.sqrt(r.size / 3)


def test_signs_when_seeds_differ_then_unrelated():
    base = _signs(seed=0).astype(float)
    for seed in (1, 2, 2**40, 2**62):
        assert abs(np.mean(base * _signs(seed=seed)) * 3) < 6 / np.sqrt(base.size / 3)


def test_signs_when_nodes_are_added_moved_or_columns_added_then_rows_stay():
    base = _signs()
    order = np.random.default_rng(0).permutation(len(KEYS))
    assert np.array_equal(_signs(KEYS[order]), base[order])
    assert np.array_equal(_signs(np.append(KEYS, NEW)), _add_two(base))
    assert np.array_equal(_signs(d=200)[:, :64], base)
    sparse = _signs(s=9.0)  # sparser is a subset, with the same signs
    assert np.array_equal(sparse, np.where(sparse != 0, base, 0))


def _add_two(base):
    return np.vstack([base, _signs(NEW)])


def test_matrix_when_scaled_then_rows_have_unit_variance_over_d():
    factor = np.linspace(0.5, 2, 3000)
    start = SignStart(KEYS, factor, 64, 3.0, 0)
    wanted = _signs() * (factor * np.sqrt(3 / 64))[:, None]
    np.testing.assert_allclose(start.as_matrix(), wanted)


@pytest.mark.parametrize("s", [1.0, 3.0, 50.0])
def test_part_when_some_columns_then_their_signs(s):
    start = _start(d=40, s=s)
    whole = start.as_layer().data
    for first, count in [(0, 16), (16, 16), (32, 16)]:
        part = start.part(first, count)
        end = min(first + count, 40)
        assert part.n_columns == end - first
        assert part.dense == start.dense
        layer = part.as_layer().data[:, : part.n_columns]
        assert np.array_equal(layer, whole[:, first:end])
        indptr, codes = part.codes()
        signs = np.zeros((len(KEYS), part.n_columns), np.int8)
        rows = np.repeat(np.arange(len(KEYS)), np.diff(indptr))
        signs[rows, codes >> 1] = 1 - 2 * (codes & 1)
        assert np.array_equal(signs, layer)
