"""Bits of comparisons against numpy."""

import numpy as np
import pytest

from graphrep.kernels import _lanes as kernels
from graphrep.kernels._bits import lowest_bit
from graphrep.kernels._jit import njit


@njit
def _places(values, at, least):
    bits, out = kernels.reaches(values, at, least), []
    while bits:
        out.append(lowest_bit(bits))
        bits &= bits - np.uint64(1)
    return out


@njit
def _largest(values, at):
    return kernels.largest_at(values, at)


@njit
def _count(values, first, last, least):
    return kernels.count_reaching(values, first, last, least)


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_reaches_when_compared_with_numpy_then_the_same_places(kind):
    draw = np.random.default_rng(0)
    values = draw.integers(0, 2**16, 300).astype(kind)
    for at in (0, 7, 236):
        part = values[at : at + 64]
        for least in (kind(0), kind(32768), kind(65535), part[5], part.max()):
            assert _places(values, at, least) == np.flatnonzero(part >= least).tolist()


def test_reaches_when_numbers_are_negative_infinite_or_nan_then_as_floats():
    values = np.zeros(64, np.float32)
    values[:4] = -np.inf, np.inf, np.nan, -1.0
    assert _places(values, 0, np.float32(-1.0)) == [1, *range(3, 64)]
    assert _places(values, 0, np.float32(-np.inf)) == [0, 1, *range(3, 64)]


def test_largest_at_when_beyond_fifteen_bits_then_unsigned():
    values = np.arange(65300, 65300 + 128).astype(np.uint16)
    assert _largest(values, 32) == 65395


def test_count_reaching_when_compared_with_numpy_then_the_same_number():
    values = np.random.default_rng(1).integers(0, 2**16, 1000).astype(np.uint16)
    for first, last in ((0, 64), (36, 996), (5, 5)):
        part = values[first:last]
        for least in (0, 1, 40_000, 65_535):
            found = _count(values, first, last, np.uint16(least))
            assert found == np.count_nonzero(part >= least)
