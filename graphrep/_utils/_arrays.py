"""Large arrays for the kernels: aligned to cache lines."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from graphrep.typing import AnyArray

_LINE = 64


def aligned_empty(
    shape: tuple[int, ...], dtype: DTypeLike, align: int = _LINE
) -> AnyArray:
    """Uninitialised C-ordered array whose first byte starts a cache line, or a page.

    A row of 128 float32 then fills 8 lines instead of touching 9. numpy asks for
    huge pages where the system has them, which halves the cost of gathering rows
    that lie all over the array.
    """
    kind: np.dtype[Any] = np.dtype(dtype)
    size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
    raw = np.empty(size + align, np.uint8)
    start = -raw.ctypes.data % align
    return raw[start : start + size].view(kind).reshape(shape)
