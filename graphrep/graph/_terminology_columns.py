"""Columns of a terminology: names and their kinds and languages, types, references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph._ids import shown
from graphrep.typing import AnyArray, IntArray

KINDS = (
    "preferred",
    "exact",
    "narrow",
    "broad",
    "related",
    "abbreviation",
    "layperson",
    "inclusion",
    "former",
    "other",
)
STATUSES = ("active", "retired")
PREFERRED, EXACT = 0, 1


def read_positions(values: Any, *, size: int, what: str) -> IntArray:
    """Read positions of concepts, int64, all of them below ``size``."""
    array = np.asarray(values)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise GraphTypeError(
            f"{what} must be a one-dimensional array of integers, the positions of "
            f"concepts; got dtype {array.dtype} and shape {array.shape}."
        )
    array = array.astype(np.int64, copy=False)
    bad = np.flatnonzero((array < 0) | (array >= size))
    if len(bad):
        raise GraphValueError(
            f"{what}[{int(bad[0]):,}] is {int(array[bad[0]]):,}; positions go from 0 "
            f"to {size - 1:,}."
        )
    return array


def read_codes(
    values: Any, names: tuple[str, ...], *, length: int, what: str
) -> AnyArray:
    """Read texts out of ``names``, or their codes, as uint8 codes."""
    table = {name: code for code, name in enumerate(names)}
    array = np.asarray(values) if not isinstance(values, np.ndarray) else values
    if len(array) != length:
        raise GraphValueError(f"{what} has {len(array):,} rows; it needs {length:,}.")
    if array.dtype.kind in "iu":
        bad = np.flatnonzero((array < 0) | (array >= len(names)))
        codes = array.astype(np.uint8, copy=False)
    else:
        listed = array.tolist()
        found = np.fromiter((table.get(v, -1) for v in listed), np.int64, length)
        bad = np.flatnonzero(found < 0)
        codes = found.astype(np.uint8)
    if len(bad):
        value = array.tolist()[int(bad[0])]
        raise GraphValueError(
            f"{what}[{int(bad[0]):,}] is {shown(value)}; it must be one of "
            f"{', '.join(names)}, or its number."
        )
    return codes


def default_kinds(name_concepts: IntArray) -> AnyArray:
    """Kinds where none are given: the first name of a concept is its preferred one."""
    kinds = np.full(len(name_concepts), EXACT, np.uint8)
    _, first = np.unique(name_concepts, return_index=True)
    kinds[first] = PREFERRED
    return kinds


def read_languages(values: Any, length: int) -> tuple[AnyArray, tuple[str, ...]]:
    """Read languages of names as int16 codes and the texts they stand for."""
    if values is None:
        return np.zeros(length, np.int16), ("",)
    if isinstance(values, tuple) and len(values) == 2 and isinstance(values[1], tuple):
        codes, names = np.asarray(values[0]), values[1]
        outside = len(codes) and not 0 <= codes.min() <= codes.max() < len(names)
        if len(codes) != length or outside:
            raise GraphValueError(
                "name_languages as (codes, names) needs a code below "
                f"{len(names)} for each of the {length:,} names."
            )
        return codes.astype(np.int16, copy=False), names
    table: dict[str, int] = {}
    listed = ["" if v is None else v for v in list(values)]
    if len(listed) != length:
        raise GraphValueError(
            f"name_languages has {len(listed):,} rows; it needs {length:,}."
        )
    codes = np.fromiter((table.setdefault(v, len(table)) for v in listed), np.int16)
    return codes, tuple(table) or ("",)


def read_tuples(values: Any, *, length: int, what: str) -> list[tuple[str, ...]] | None:
    """Read a list of texts for every concept; equal lists become one object."""
    if values is None:
        return None
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    out = []
    for row in values:
        if row is None or row == "":
            row = ()
        item = (row,) if isinstance(row, str) else tuple(row)
        out.append(known.setdefault(item, item))
    if len(out) != length:
        raise GraphValueError(f"{what} has {len(out):,} rows; it needs {length:,}.")
    return out


def read_pairs(pair: Any, *, size: int, what: str) -> tuple[IntArray, IntArray]:
    """Read two columns of positions of one length."""
    if not isinstance(pair, (tuple, list, np.ndarray)) or len(pair) != 2:
        raise GraphTypeError(
            f"{what} must be a pair of arrays of positions; got {type(pair).__name__}."
        )
    first = read_positions(pair[0], size=size, what=f"{what}[0]")
    second = read_positions(pair[1], size=size, what=f"{what}[1]")
    if len(first) != len(second):
        raise GraphValueError(
            f"{what} has columns of {len(first):,} and {len(second):,} rows."
        )
    return first, second


def read_relations(
    relations: Mapping[str, Any] | None, size: int
) -> dict[str, tuple[IntArray, IntArray]]:
    """Read relations by name, each a pair of columns of positions."""
    return {
        str(name): read_pairs(pair, size=size, what=f"relations[{name!r}]")
        for name, pair in (relations or {}).items()
    }


def read_replacements(replaced_by: Mapping[Any, Any] | None) -> dict[Any, Any]:
    """Read old id to new ids, always a tuple."""
    out = {}
    for old, new in (replaced_by or {}).items():
        several = isinstance(new, (list, tuple, set, frozenset))
        out[old] = tuple(new) if several else (new,)
    return out


def union_in_order(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    """Members of both in order of first appearance."""
    return tuple(dict.fromkeys((*first, *second)))


def refuse_length(what: str, got: int, wanted: int) -> NoReturn:
    """Refuse a column of another length."""
    raise GraphValueError(f"{what} has {got:,} rows; it needs {wanted:,}.")
