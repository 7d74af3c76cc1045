"""Large arrays: aligned, of the right shape, writable."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep._utils._arrays import aligned_empty


@pytest.mark.parametrize("shape", [(0, 16), (1, 16), (1000, 128)])
@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.uint16])
def test_aligned_empty_when_asked_then_starts_a_cache_line(shape, dtype):
    array = aligned_empty(shape, dtype)
    assert array.shape == shape
    assert array.dtype == dtype
    assert array.size == 0 or array.ctypes.data % 64 == 0
    assert array.flags.c_contiguous
    assert array.flags.writeable
