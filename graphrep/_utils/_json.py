"""Parameters as JSON and back, with tuples, arrays and odd floats marked."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np

from graphrep.exceptions import GraphTypeError

_TUPLE, _FLOAT, _ARRAY, _DTYPE = "__tuple__", "__float__", "__array__", "dtype"
_ODD_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_ARRAY_KINDS = "biuf"


def encode(value: Any, what: str) -> Any:
    """Turn a parameter into JSON; numpy scalars become Python's.

    Raises
    ------
    GraphTypeError
        For a value that is no number, text, None, or a list, tuple, dict or array of
        these; ``what`` names it.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {_FLOAT: repr(value)}
    if isinstance(value, tuple):
        return {_TUPLE: [encode(item, what) for item in value]}
    if isinstance(value, list):
        return [encode(item, what) for item in value]
    if isinstance(value, np.ndarray) and value.dtype.kind in _ARRAY_KINDS:
        return {_ARRAY: encode(value.tolist(), what), _DTYPE: value.dtype.name}
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str) or key.startswith("__"):
                raise GraphTypeError(
                    f"A {what} has the key {key!r}; it must be a text."
                )
        return {key: encode(item, f"{what} {key!r}") for key, item in value.items()}
    raise GraphTypeError(
        f"The {what} holds {value!r} of type {type(value).__name__}, which a saved "
        "model cannot hold. Use numbers, texts, None, lists, tuples or arrays."
    )


def decode(value: Any) -> Any:
    """Undo `encode`; a ValueError tells of marks that it never writes."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_TUPLE}:
        return tuple(decode(item) for item in value[_TUPLE])
    if value.keys() == {_FLOAT}:
        return _ODD_FLOATS[value[_FLOAT]]
    if value.keys() == {_ARRAY, _DTYPE}:
        dtype = np.dtype(value[_DTYPE])
        if dtype.kind not in _ARRAY_KINDS:
            raise ValueError(f"an array of dtype {dtype}")
        return np.array(decode(value[_ARRAY]), dtype)
    return {key: decode(item) for key, item in value.items()}
