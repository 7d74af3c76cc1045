"""Ids of nodes as people pass them: lists, arrays, table columns, tensors."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from graphrep._utils._optional import module_of
from graphrep._utils._warn import warn_user
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.typing import AnyArray, IntArray, NodeIds

_EXACT_FLOAT = 2**53
_LONGEST_SHOWN = 80
_MISSING_TYPES = frozenset({"NAType", "NaTType"})
_FINE_UNITS = frozenset({"ns", "ps", "fs", "as"})  # datetime cannot hold them


def id_array(ids: NodeIds) -> AnyArray:
    """Read ids as int64 where all are integers, else as objects.

    Raises
    ------
    GraphValueError
        For a missing id, a float that is no exact integer, an integer array beyond
        int64, and arrays that are not one-dimensional.
    GraphTypeError
        For a single text or an unordered set in place of a list of ids.
    """
    integers = integer_array(ids)
    if integers is not None:
        return integers if isinstance(ids, (list, tuple)) else integers.copy()
    values = listed(ids)
    kinds = set(map(type, values))
    if kinds and all(_is_number(k) for k in kinds) and any(_is_float(k) for k in kinds):
        return _integers_from_floats(values)
    return _object_array(values)


def integer_array(ids: NodeIds) -> IntArray | None:
    """Ids as a contiguous int64 array, None where not all of them are integers."""
    array = _as_ndarray(ids)
    if array is None:
        values = _as_list(ids)
        if not all(
            t is int or issubclass(t, np.integer) for t in set(map(type, values))
        ):
            return None
        try:
            return np.array(values, np.int64)
        except OverflowError:  # integers beyond int64 stay Python objects
            return None
    if array.dtype.kind not in "iu":
        return None
    if array.dtype.kind == "u" and array.dtype.itemsize == 8 and len(array):
        most = array.max()
        if most > np.iinfo(np.int64).max:
            raise GraphValueError(
                f"Node id {most} does not fit int64. Pass such ids as texts."
            )
    return np.ascontiguousarray(array, dtype=np.int64)


def listed(ids: NodeIds) -> Sequence[Hashable]:
    """Ids as a list of Python objects; times finer than Python's keep their type."""
    array = _as_ndarray(ids)
    if array is None:
        return _as_list(ids)
    if array.dtype.kind in "mM" and np.datetime_data(array.dtype)[0] in _FINE_UNITS:
        return list(array)
    values: list[Hashable] = array.tolist()
    return values


def is_missing(node: object) -> bool:
    """Whether an id stands for nothing: None, NaN, NaT or NA."""
    if node is None:
        return True
    if isinstance(node, (str, int)):
        return False
    if isinstance(node, (float, complex, np.inexact, np.datetime64, np.timedelta64)):
        return bool(node != node)
    return type(node).__name__ in _MISSING_TYPES


def close_matches(text: str, texts: list[str]) -> list[str]:
    """Up to three texts most like one, those first that differ in case only."""
    folded = text.casefold()
    same = [other for other in texts if other.casefold() == folded]
    near = difflib.get_close_matches(text, texts, n=3, cutoff=0.7)
    return list(dict.fromkeys([*same, *near]))[:3]


def shown(node: object) -> str:
    """``repr`` of an id, cut to a length that a message can bear."""
    text = repr(node)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def id_bytes(node: Hashable) -> bytes:
    """Bytes that stand for an id in every process: no address, no hash order."""
    if isinstance(node, str):
        return node.encode("utf-8", "surrogatepass")
    if isinstance(node, (tuple, frozenset)):
        parts = [id_bytes(part) for part in node]
        if isinstance(node, frozenset):
            parts.sort()
        body = b"".join(b"%d:%b" % (len(part), part) for part in parts)
        return type(node).__name__.encode() + b"\x00" + body
    if isinstance(node, np.generic):
        node = node.item()
    return f"{type(node).__name__}\x00{node!r}".encode("utf-8", "surrogatepass")


def _as_ndarray(ids: Any) -> AnyArray | None:
    """Array of a column, series or tensor; None for plain sequences."""
    if isinstance(ids, np.ndarray):
        array = ids
    elif module_of(ids) == "torch":
        array = ids.detach().cpu().numpy()
    elif module_of(ids) == "pyarrow":
        array = ids.to_numpy(zero_copy_only=False)
    elif hasattr(ids, "to_numpy"):
        array = np.asarray(ids.to_numpy())
    else:
        return None
    if array.ndim != 1:
        raise GraphValueError(
            f"Node ids must be one-dimensional; got an array of shape {array.shape}."
        )
    return array


def _as_list(ids: Any) -> Sequence[Hashable]:
    if isinstance(ids, (list, tuple)):
        return ids
    if isinstance(ids, (str, bytes, set, frozenset)) or not hasattr(ids, "__iter__"):
        what = "an unordered set" if isinstance(ids, (set, frozenset)) else shown(ids)
        raise GraphTypeError(
            f"Node ids must be a list or one-dimensional array of ids; got {what}."
        )
    return list(ids)


def _object_array(values: Sequence[Any]) -> AnyArray:
    out = np.empty(len(values), object)
    for i, value in enumerate(values):
        if is_missing(value):
            raise GraphValueError(
                f"Node id {shown(value)} at position {i} is missing. "
                "Give every node an id or drop it."
            )
        if isinstance(value, np.generic) and not _is_time(value):
            value = value.item()
        out[i] = value
    return out


def _is_time(value: np.generic) -> bool:
    return isinstance(value, (np.datetime64, np.timedelta64))


def _is_float(kind: type) -> bool:
    return issubclass(kind, (float, np.floating))


def _is_number(kind: type) -> bool:
    return _is_float(kind) or kind is int or issubclass(kind, np.integer)


def _integers_from_floats(values: Sequence[Any]) -> IntArray:
    for at, value in enumerate(values):
        if not _is_float(type(value)):
            continue
        number = float(value)
        if is_missing(number):
            raise GraphValueError(
                f"Node id nan at position {at} is missing. "
                "Give every node an id or drop it."
            )
        if not number.is_integer() or abs(number) >= _EXACT_FLOAT:
            raise GraphValueError(
                f"Node id {number!r} at position {at} is a float that is no exact "
                "integer. Pass integers or texts as ids."
            )
    warn_user(
        f"{len(values):,} node ids were given as floats and read as integers. "
        "Pass integers to silence this warning."
    )
    return np.array([int(value) for value in values], np.int64)
