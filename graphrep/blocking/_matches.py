"""as_matches: known matches of two tables, from ids to rows."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from graphrep._utils._optional import module_of
from graphrep.blocking._candidate_pairs import CandidatePairs
from graphrep.blocking._records import Records, _columns_of
from graphrep.exceptions import GraphValueError
from graphrep.typing import IntArray


class Matches(NamedTuple):
    """Rows of both tables that stand for the same thing."""

    left: IntArray
    right: IntArray


def as_matches(
    matches: Any, left: Records, right: Records | None = None, *,
    one_table: bool = False,
) -> Matches:  # fmt: skip
    """Read known matches.

    Parameters
    ----------
    matches : table-like, array-like of shape (n, 2), CandidatePairs or path
        The first two columns are ids of the left and of the right table. Where there
        is a column "label" only rows with label 1 are matches.
    left, right : Records
        The tables; right is left for one table.
    one_table : bool, default=False
        Whether matches are within one table. Each is kept once, the lower row left.

    Returns
    -------
    Matches
        Distinct pairs of rows, sorted.

    Raises
    ------
    GraphValueError
        For an id that no record has.
    """
    other = left if right is None else right
    if isinstance(matches, Matches):
        rows = [np.asarray(matches.left), np.asarray(matches.right)]
    elif isinstance(matches, CandidatePairs):
        rows = [matches.left_rows, matches.right_rows]
    else:
        ids = _id_columns(matches)
        rows = [
            _rows_of(values, table, side)
            for values, table, side in zip(
                ids, (left, other), ("left", "right"), strict=True
            )
        ]
    pairs = np.stack([np.asarray(r, np.int64) for r in rows], axis=1)
    if one_table:
        pairs = np.sort(pairs, axis=1)
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    pairs = np.unique(pairs.reshape(-1, 2), axis=0)
    return Matches(pairs[:, 0], pairs[:, 1])


def _id_columns(matches: Any) -> list[Any]:
    """Two columns of ids, those labelled 0 left out."""
    if module_of(matches) == "numpy" or isinstance(matches, (list, tuple)):
        pairs = list(matches)
        if pairs and not isinstance(pairs[0], dict):
            return [[p[0] for p in pairs], [p[1] for p in pairs]]
        if not pairs:
            return [[], []]
    columns, _ = _columns_of(matches)
    labels = columns.pop("label", None)
    if len(columns) < 2:
        raise GraphValueError(
            "Matches need two columns of ids, left and right; there are "
            f"{', '.join(map(repr, columns)) or 'none'}."
        )
    first, second = list(columns.values())[:2]
    if labels is None:
        return [first, second]
    true = [str(label) in ("1", "1.0", "True", "true") for label in labels]
    return [[v for v, ok in zip(c, true, strict=True) if ok] for c in (first, second)]


def _rows_of(ids: Any, table: Records, side: str) -> IntArray:
    values = list(ids)
    if table.ids.dtype != object:
        with suppress(TypeError, ValueError):
            values = [int(v) for v in values]
    elif values and not isinstance(values[0], str):
        values = [v if isinstance(v, str) else str(v) for v in values]
    if not values:
        return np.zeros(0, np.int64)
    rows: IntArray = table.index.find(values)
    if len(rows) and rows.min() < 0:
        at = int(np.flatnonzero(rows < 0)[0])
        raise GraphValueError(
            f"Match {at + 1:,} names {values[at]!r}, which no record of the {side} "
            "table has. Read the tables with the column of their ids."
        )
    return rows
