"""The mixer and the hashes: fixed values, and bits that look like coin tosses."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrep.kernels._hash import hash64, hash_texts, mix64
from graphrep.kernels._jit import njit

_MASK = 2**64 - 1


@njit
def _many(key, count):
    out = np.empty(count, np.uint64)
    for i in range(count):
        out[i] = hash64(key, np.uint64(i))
    return out


@njit
def _mixed(z):
    return mix64(z)


def _mix_in_python(z):
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _MASK
    return z ^ (z >> 31)


@given(st.integers(0, _MASK))
@settings(max_examples=50, deadline=None)
def test_mix64_when_compared_with_python_integers_then_same_bits(z):
    assert _mixed(np.uint64(z)) == _mix_in_python(z)


def test_hash64_when_key_zero_then_the_published_splitmix64_sequence():
    first = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert _many(np.uint64(0), 3).tolist() == first


def test_hash64_when_many_drawn_then_every_bit_is_fair_and_none_repeats():
    drawn = _many(np.uint64(7), 20_000)
    bits = np.unpackbits(drawn.view(np.uint8)).reshape(len(drawn), 64)
    assert np.all(np.abs(bits.mean(0) - 0.5) < 0.02)
    assert len(np.unique(drawn)) == len(drawn)


def test_hash64_when_one_bit_of_the_key_flips_then_half_of_the_result_does():
    base = _many(np.uint64(0), 500)
    flipped = [
        np.unpackbits((base ^ _many(np.uint64(1 << b), 500)).view(np.uint8)).mean()
        for b in range(64)
    ]
    assert np.all(np.abs(np.array(flipped) - 0.5) < 0.03)


@given(st.lists(st.binary(max_size=12), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_hash_texts_when_compared_with_plain_fnv_then_same(texts):
    out = np.empty(len(texts), np.uint64)
    data = np.frombuffer(b"".join(texts) or b"\0", np.uint8)
    hash_texts(data, np.cumsum([len(t) for t in texts], dtype=np.int64), out)
    for text, value in zip(texts, out.tolist(), strict=True):
        h = 0xCBF29CE484222325
        for byte in text:
            h = (h ^ byte) * 0x100000001B3 & _MASK
        assert value == _mix_in_python(h)
