"""Columns of a candidate list, read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.typing import AnyArray, IntArray

_MOST_SOURCES = 16


class Columns(NamedTuple):
    """Columns of a candidate list, one entry a candidate."""

    concepts: AnyArray
    scores: AnyArray
    names: AnyArray
    sources: AnyArray

    def take(self, rows: AnyArray) -> Columns:
        """Entries of some rows, in their order."""
        return Columns(*(column[rows] for column in self))


def source_type(n_sources: int) -> type[np.unsignedinteger[Any]]:
    """Smallest type with a bit for each source."""
    if n_sources > _MOST_SOURCES:
        raise GraphValueError(
            f"A candidate list can tell {_MOST_SOURCES} sources apart; got {n_sources}."
        )
    return np.uint8 if n_sources <= 8 else np.uint16


def whole_numbers(values: Any, name: str, least: int = 0) -> IntArray:
    """Read a flat array of int64; floats and numbers below ``least`` are refused."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise GraphValueError(f"{name} must be a flat array; got shape {array.shape}.")
    if not len(array):
        return np.empty(0, np.int64)
    if array.dtype.kind not in "iu":
        raise GraphTypeError(f"{name} must be whole numbers; got dtype {array.dtype}.")
    out = array.astype(np.int64)
    low = int(np.argmin(out))
    if out[low] < least:
        raise GraphValueError(
            f"{name}[{low}] = {out[low]} is below {least}, the smallest that can stand "
            "there."
        )
    return out


def score_array(values: Any) -> AnyArray:
    """Read a flat array of float32; NaN is refused."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise GraphValueError(f"scores must be a flat array; got shape {array.shape}.")
    if array.dtype.kind not in "fiub":
        raise GraphTypeError(f"scores must be real numbers; got dtype {array.dtype}.")
    out = array.astype(np.float32)
    bad = np.flatnonzero(np.isnan(out))
    if len(bad):
        raise GraphValueError(f"scores[{bad[0]}] is NaN; a score must be a number.")
    return out


def flat(part: Any, shape: tuple[int, ...]) -> AnyArray:
    """Flatten a table of the shape that the others have."""
    table = np.asarray(part)
    if table.shape != shape:
        raise GraphValueError(
            f"Tables of candidates must have one shape; got {table.shape} and {shape}."
        )
    return table.reshape(-1)


def read_columns(
    concepts: Any, scores: Any, names: Any, sources: Any, source_names: Sequence[str],
    least: int = 0,
) -> Columns:  # fmt: skip
    """Read the columns; all of one length."""
    kind = source_type(len(source_names))
    positions = whole_numbers(concepts, "concepts", least)
    n = len(positions)
    every = (1 << len(source_names)) - 1
    rows = np.full(n, -1) if names is None else whole_numbers(names, "names", -1)
    bits = np.full(n, every) if sources is None else whole_numbers(sources, "sources")
    columns = Columns(
        positions, score_array(scores), rows.astype(np.int64), bits.astype(kind)
    )
    sizes = [len(column) for column in columns]
    if len({*sizes}) > 1:
        raise GraphValueError(
            "concepts, scores, names and sources must be of one length; got "
            f"{', '.join(map(str, sizes))}."
        )
    if n and bits.max() > every:
        raise GraphValueError(
            f"sources holds {bits.max()}, but {len(source_names)} source names leave "
            f"0 to {every}."
        )
    return columns


def check_positions(columns: Columns, terminology: Any) -> None:
    """Refuse positions that the terminology does not have."""
    if terminology is None or not len(columns.concepts):
        return
    for name, values, most in (
        ("concepts", columns.concepts, len(terminology.ids)),
        ("names", columns.names, len(terminology.name_texts)),
    ):
        if values.max() >= most:
            raise GraphValueError(
                f"{name} holds {values.max():,}, but the terminology has {most:,} "
                f"{name}."
            )


def concepts_of_names(names: Any, terminology: Any) -> AnyArray:
    """Look up the concept of every name row; -1 stays -1."""
    if names is None or terminology is None:
        raise GraphTypeError("Without concepts, names and a terminology are needed.")
    rows = np.asarray(names)
    owner = np.asarray(terminology.name_concepts)
    if rows.size and (rows.dtype.kind not in "iu" or rows.max() >= len(owner)):
        raise GraphValueError(
            f"names must be rows below {len(owner):,}; got {rows.dtype} up to "
            f"{rows.max()}."
        )
    if not len(owner):
        return np.full(rows.shape, -1, np.int64)
    return np.where(rows >= 0, owner[np.maximum(rows, 0)], -1)
