"""One BLAS thread for a block of code, so that sums do not depend on the machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LOCK = threading.Lock()
_STATE: dict[str, Any] = {"users": 0, "limit": None}


@contextmanager
def single_blas_thread() -> Iterator[None]:
    """Run the block with one BLAS thread; the last of several users puts it back.

    BLAS splits a product differently for another number of threads, which changes
    the last bits. Callers run several products side by side instead.
    """
    from threadpoolctl import threadpool_limits

    with _LOCK:
        if _STATE["users"] == 0:
            _STATE["limit"] = threadpool_limits(1, user_api="blas")
        _STATE["users"] += 1
    try:
        yield
    finally:
        with _LOCK:
            _STATE["users"] -= 1
            if _STATE["users"] == 0:
                _STATE["limit"].restore_original_limits()
                _STATE["limit"] = None
