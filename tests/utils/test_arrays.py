"""Large arrays: aligned, of the right shape, writable, on either kind of page."""

from __future__ import annotations

import mmap

import numpy as np
import pytest

from graphrep._utils import _arrays
from graphrep._utils._arrays import aligned_empty


@pytest.mark.parametrize("shape", [(0, 16), (1, 16), (1000, 128), (140_000, 128)])
@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.uint16])
def test_aligned_empty_when_asked_then_starts_a_cache_line(shape, dtype):
    array = aligned_empty(shape, dtype)
    assert array.shape == shape
    assert array.dtype == dtype
    assert array.size == 0 or array.ctypes.data % 64 == 0
    assert array.flags.c_contiguous
    assert array.flags.writeable


@pytest.mark.skipif(not hasattr(mmap, "MADV_HUGEPAGE"), reason="Linux only")
@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_aligned_empty_when_huge_pages_are_fast_or_slow_then_memory_works(
    monkeypatch, seconds
):
    monkeypatch.setattr(_arrays, "_touch_seconds", lambda raw, start: seconds)
    array = aligned_empty((140_000, 128), np.float32)
    array[:] = 1
    array[-1, -1] = 2
    assert array.sum(dtype=np.float64) == array.size + 1
    assert array.ctypes.data % (1 << 21) == 0


def test_aligned_empty_when_nothing_can_be_mapped_then_numpy_gives_the_memory(
    monkeypatch,
):
    monkeypatch.setattr(_arrays, "_mapped", lambda size: None)
    array = aligned_empty((140_000, 128), np.float32)
    array[:] = 3
    assert array[0, 0] == 3
    assert array.ctypes.data % 64 == 0
