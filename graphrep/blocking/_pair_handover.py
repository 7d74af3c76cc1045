"""Candidate pairs for packages that compare them: recordlinkage, Splink, dedupe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._utils._optional import require
from graphrep.blocking._pair_tables import arrow_ids
from graphrep.blocking._records import Records, as_records
from graphrep.exceptions import GraphValueError
from graphrep.graph._ids import shown

if TYPE_CHECKING:
    from graphrep.blocking._candidate_pairs import CandidatePairs
    from graphrep.graph import NodeIndex

_SPLINK_JOINT = "-__-"  # between the name of a table and an id, in Splink's keys


def recordlinkage_index(pairs: CandidatePairs) -> Any:
    """Build a MultiIndex of pairs; see `CandidatePairs.to_recordlinkage`."""
    pd = require("pandas", extra="pandas", why="to_recordlinkage")
    first, second = pairs.left_ids, pairs.right_ids
    if pairs.one_table:
        first, second = second, first
    return pd.MultiIndex.from_arrays([first, second], names=["id_1", "id_2"])


def splink_table(pairs: CandidatePairs, left_name: str, right_name: str) -> Any:
    """Build a table of blocked pairs; see `CandidatePairs.to_splink`."""
    pa = require("pyarrow", extra="io", why="to_splink")
    if not pairs.one_table and left_name == right_name:
        raise GraphValueError(
            f"Both tables would be called {left_name!r} in Splink. Name them apart."
        )
    first, second = pairs.left_rows, pairs.right_rows
    if pairs.one_table and len(pairs):
        swapped = pairs.left_ids > pairs.right_ids
        first, second = (
            np.where(swapped, second, first),
            np.where(swapped, first, second),
        )
    sides = (
        (left_name, pairs.left_index, first),
        (right_name, pairs.right_index, second),
    )
    keys = []
    for name, index, rows in sides:
        ids = arrow_ids(index)
        if not pairs.one_table:
            ids = pa.array(f"{name}{_SPLINK_JOINT}{v}" for v in index.ids.tolist())
        keys.append(ids.take(pa.array(rows)))
    if not pairs.one_table and left_name > right_name:
        keys.reverse()
    return pa.table(
        [pa.array(["0"] * len(pairs), pa.string()), *keys],
        names=["match_key", "join_key_l", "join_key_r"],
    )


def numbers_of_records(
    pairs: CandidatePairs,
) -> tuple[list[list[int]], list[list[int]]]:
    """Group numbers of pairs by record; see `CandidatePairs.pair_numbers`."""
    n, m = pairs.shape
    if pairs.one_table:
        rows = np.concatenate([pairs.left_rows, pairs.right_rows])
        both = _grouped(rows, np.tile(np.arange(len(pairs)), 2), n)
        return both, both
    numbers = np.arange(len(pairs))
    left = _grouped(pairs.left_rows, numbers, n)
    return left, _grouped(pairs.right_rows, numbers, m)


def dedupe_pairs(
    pairs: CandidatePairs, left: Any, right: Any
) -> Iterator[tuple[tuple[Any, Any], tuple[Any, Any]]]:
    """Check the data and give pairs; see `CandidatePairs.to_dedupe`."""
    if pairs.one_table != (right is None):
        wanted = "one table" if pairs.one_table else "two tables"
        raise GraphValueError(f"The pairs are of {wanted}; pass as many.")
    of_left = _dedupe_data(left, pairs.left_index, "left")
    of_right = of_left
    if right is not None:
        of_right = _dedupe_data(right, pairs.right_index, "right")
    return _pairs_of(pairs, of_left, of_right)


def _pairs_of(
    pairs: CandidatePairs, left: Mapping[Any, Any], right: Mapping[Any, Any]
) -> Iterator[tuple[tuple[Any, Any], tuple[Any, Any]]]:
    for a, b, _ in pairs:
        yield (a, left[a]), (b, right[b])


def _dedupe_data(data: Any, index: NodeIndex, side: str) -> Mapping[Any, Any]:
    """Make a mapping of fields to values of each record, by id."""
    ids = index.ids.tolist()
    if isinstance(data, Mapping) and isinstance(
        next(iter(data.values()), None), Mapping
    ):
        missing = next((v for v in ids if v not in data), None)
        if missing is not None:
            raise GraphValueError(
                f"The {side} data have no record {shown(missing)}. Pass the data that "
                "the pairs are of, by id."
            )
        return data
    records = data if isinstance(data, Records) else as_records(data)
    if records.index != index:
        raise GraphValueError(
            f"The {side} table has other ids than the pairs. Pass as_records(table, "
            "id=...) as for blocking."
        )
    names = list(records.columns)
    rows = zip(*(v.tolist() for v in records.columns.values()), strict=True)
    return {
        node: {name: value or None for name, value in zip(names, row, strict=True)}
        for node, row in zip(ids, rows, strict=True)
    }


def _grouped(rows: Any, values: Any, n: int) -> list[list[int]]:
    order = np.argsort(rows, kind="stable")
    ends = np.cumsum(np.bincount(rows, minlength=n))
    return [part.tolist() for part in np.split(values[order], ends[:-1])] if n else []
