"""Rows of records by their ids, whether these came as integers or as texts."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from graphrep.blocking._record_texts import whole_ids
from graphrep.exceptions import GraphValueError
from graphrep.graph import NodeIndex
from graphrep.graph._ids import shown
from graphrep.typing import IntArray

_CANONICAL = re.compile(r"-?[1-9][0-9]{0,17}|0")


def rows_of_ids(ids: Any, index: NodeIndex, what: str, side: str) -> IntArray:
    """Rows of ids; one that no record has is refused.

    Parameters
    ----------
    ids : sequence of hashable
        Compared as they are, then integers with texts that are written as integers.
    index : NodeIndex
        Ids of the records.
    what, side : str
        What an entry of ``ids`` is called in errors, and of which table it is.

    Returns
    -------
    ndarray of int64
    """
    ids = whole_ids(ids)
    if not len(ids):
        return np.zeros(0, np.int64)
    rows = _find(index, ids)
    bad = np.flatnonzero(rows < 0)
    if len(bad):
        at = int(bad[0])
        value = ids[at].item() if isinstance(ids, np.ndarray) else ids[at]
        there = ", ".join(map(shown, index.ids[:3].tolist()))
        raise GraphValueError(
            f"{what} {at + 1:,} names {shown(value)}, which no record of the {side} "
            f"table has; its first ids are {there or 'none'}. Read the tables with "
            "the column of their ids, and ids as texts where zeros lead."
        )
    return rows


def _find(index: NodeIndex, ids: Any) -> IntArray:
    texts = isinstance(ids, list) and set(map(type, ids)) == {str}
    if index.is_integer and texts and all(map(_CANONICAL.fullmatch, ids)):
        return index.find(np.array(list(map(int, ids)), np.int64))
    rows = index.find(ids)
    missing = np.flatnonzero(rows < 0)
    if not len(missing):
        return rows
    listed = ids.tolist() if isinstance(ids, np.ndarray) else ids
    others = [_in_other_form(listed[at], index.is_integer) for at in missing.tolist()]
    rows = rows.copy()
    rows[missing] = index.find(others)
    return rows


def _in_other_form(value: Any, integers: bool) -> Any:
    """Turn a text into the integer that it writes, or an integer into its text."""
    if integers:
        written = isinstance(value, str) and _CANONICAL.fullmatch(value)
        return int(value) if written else value
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return str(value) if whole else value
