"""MinHash kernels against plain Python."""

from __future__ import annotations

import numpy as np

from graphrep.kernels import _minhash

_MASK = (1 << 64) - 1


def _mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def _random_sets(rng, sizes):
    hashes = rng.integers(0, 1 << 64, sum(sizes), np.uint64)
    return np.cumsum(sizes), hashes


def test_signatures_when_by_hand_then_same():
    rng = np.random.default_rng(0)
    ends, hashes = _random_sets(rng, [3, 0, 7, 1])
    seeds = rng.integers(0, 1 << 64, 5, np.uint64)
    out = np.zeros((4, 5), np.uint32)
    _minhash.signatures(0, 2, ends, hashes, seeds, out)
    _minhash.signatures(2, 4, ends, hashes, seeds, out)
    start = 0
    for i, end in enumerate(ends):
        for j, seed in enumerate(seeds):
            values = [_mix(int(h) ^ int(seed)) for h in hashes[start:end]]
            assert out[i, j] == (min(values) & 0xFFFFFFFF if values else 0)
        start = end


def test_agreement_when_sets_overlap_then_near_jaccard():
    rng = np.random.default_rng(1)
    both = rng.integers(0, 1 << 64, 300, np.uint64)
    hashes = np.concatenate([both[:200], both[100:]])  # 100 of 300 are shared
    seeds = rng.integers(0, 1 << 64, 2000, np.uint64)
    out = np.zeros((2, 2000), np.uint32)
    _minhash.signatures(0, 2, np.array([200, 400]), hashes, seeds, out)
    share = np.empty(1, np.float32)
    rows = np.zeros(1, np.int32)
    _minhash.agreement(out[:1], out[1:], rows, rows, share)
    assert abs(share[0] - 1 / 3) < 4 * np.sqrt(2 / 9 / 2000)


def test_band_keys_when_bands_agree_then_equal_keys():
    one = np.arange(12, dtype=np.uint32).reshape(1, 12)
    two = one.copy()
    two[0, 5] = 99
    keys = np.empty((2, 4), np.uint64)
    _minhash.band_keys(np.concatenate([one, two]), 4, 3, keys)
    assert (keys[0] == keys[1]).tolist() == [True, False, True, True]
    same = np.zeros((1, 12), np.uint32)  # equal values in other bands are other buckets
    _minhash.band_keys(same, 4, 3, keys[:1])
    assert len(set(keys[0].tolist())) == 4
