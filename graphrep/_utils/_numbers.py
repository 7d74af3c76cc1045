"""Numbers that parameters must be."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.exceptions import GraphValueError


def positive_int(value: Any, name: str) -> int:
    """Check how many of something are wanted.

    Raises
    ------
    GraphValueError
        For anything but an integer of 1 or more.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise GraphValueError(f"{name} must be a positive integer; got {value!r}.")
    return int(value)
