"""Large arrays for the kernels: aligned to cache lines, on pages that come cheap.

Huge pages halve the cost of gathering rows that lie all over an array, and numpy
asks for them. But some virtual machines hand free memory back to their host in huge
pages; touching one for the first time then takes milliseconds instead of a tenth of
one, and filling three arrays costs more than all the arithmetic on them. So one huge
page is touched and timed before the rest is asked for.
"""

from __future__ import annotations

import mmap
import time
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from graphrep.typing import AnyArray

_LINE = 64
_HUGE = 1 << 21
_MAPPED_FROM = 1 << 26
_SLOW_TOUCH = 1e-3  # seconds for one huge page: 2 GB/s


def aligned_empty(shape: tuple[int, ...], dtype: DTypeLike) -> AnyArray:
    """Uninitialised C-ordered array whose first byte starts a cache line.

    A row of 128 float32 then fills 8 lines instead of touching 9.
    """
    kind: np.dtype[Any] = np.dtype(dtype)
    size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
    raw = _mapped(size) if size >= _MAPPED_FROM and _can_advise() else None
    if raw is None:
        raw = np.empty(size + _LINE, np.uint8)
        start = -raw.ctypes.data % _LINE
        raw = raw[start : start + size]
    return raw[:size].view(kind).reshape(shape)


def _can_advise() -> bool:
    return hasattr(mmap, "MADV_HUGEPAGE") and hasattr(mmap, "MAP_ANONYMOUS")


def _mapped(size: int) -> AnyArray | None:
    """Anonymous memory on huge pages if they come fast here, else on small ones."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    try:
        area = mmap.mmap(-1, size + _HUGE, flags=flags)
    except OSError:  # let numpy say that there is no memory
        return None
    raw: AnyArray = np.frombuffer(area, np.uint8)
    start = -raw.ctypes.data % _HUGE
    try:
        area.madvise(mmap.MADV_HUGEPAGE)
        if _touch_seconds(raw, start) > _SLOW_TOUCH:
            area.madvise(mmap.MADV_NOHUGEPAGE)
    except OSError:  # a kernel without huge pages
        pass
    return raw[start : start + size]


def _touch_seconds(raw: AnyArray, start: int) -> float:
    """CPU seconds that the first write to a huge page takes."""
    before = time.thread_time()
    raw[start] = 0
    return time.thread_time() - before
