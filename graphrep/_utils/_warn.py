"""Warnings that point at the user's own line, however deep the decorators."""

from __future__ import annotations

import sys
import warnings

from graphrep.exceptions import GraphWarning

_OURS = ("graphrep", "sklearn", "contextlib", "functools", "joblib")


def warn_user(message: str) -> None:
    """Issue a `GraphWarning` for the nearest caller outside this library."""
    level = 2  # 1 would be the line below
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
        level += 1
    warnings.warn(message, GraphWarning, stacklevel=level)


def _is_ours(module: str) -> bool:
    return module.split(".")[0] in _OURS
