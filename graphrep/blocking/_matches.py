"""as_matches: known matches of two tables, from ids to rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from graphrep._utils._sets import distinct
from graphrep.blocking._candidate_pairs import CandidatePairs
from graphrep.blocking._record_rows import rows_of_ids
from graphrep.blocking._record_tables import columns_of
from graphrep.blocking._record_texts import plain_values, texts_of
from graphrep.blocking._records import Records
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph._ids import shown
from graphrep.typing import FloatArray, IntArray

_LABELS = ("label", "is_match", "match")
_FIGURES = ("score", "weight", "similarity", "probability")
_TRUE = frozenset({"1", "true", "yes", "match"})
_FALSE = frozenset({"0", "false", "no", "nonmatch", "non-match"})


class Matches(NamedTuple):
    """Rows of both tables that stand for the same thing.

    Attributes
    ----------
    left, right : ndarray of int64 of shape (n_matches,)
        Rows, sorted, each pair once.
    """

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
        is a column "label" (or "is_match", "match") only rows labelled 1, true or yes
        are matches. A pandas MultiIndex of two levels, as recordlinkage has them, will
        do.
    left, right : Records
        The tables; without the right one matches are within the left one.
    one_table : bool, default=False
        Whether both are one table. Each match is then kept once, the lower row left,
        and a record is no match of itself.

    Returns
    -------
    Matches
        Distinct pairs of rows, sorted.

    Raises
    ------
    GraphValueError
        For an id that no record has, a label that is neither true nor false, a third
        column that looks like labels under another name, and fewer than two columns.

    Notes
    -----
    Ids are compared as they are, then integers with texts that are written as
    integers: a file of matches and a table need not agree on the type.
    """
    one_table = one_table or right is None
    other = left if right is None else right
    if isinstance(matches, Matches):
        rows = [np.asarray(matches.left), np.asarray(matches.right)]
        _check_rows(rows, len(left), len(other))
    elif isinstance(matches, CandidatePairs):
        _check_tables(matches, left, other)
        rows = [matches.left_rows, matches.right_rows]
    else:
        first, second = id_columns(matches)
        rows = [
            rows_of_ids(first, left.index, "Match", "left"),
            rows_of_ids(second, other.index, "Match", "right"),
        ]
    pairs = np.stack([np.asarray(r, np.int64) for r in rows], axis=1)
    if one_table:
        pairs = np.sort(pairs, axis=1)
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    keys = distinct(pairs[:, 0] * np.int64(max(1, len(other))) + pairs[:, 1])
    return Matches(*np.divmod(keys, np.int64(max(1, len(other)))))


def _check_rows(rows: Sequence[IntArray], n_left: int, n_right: int) -> None:
    for values, n, side in zip(rows, (n_left, n_right), ("left", "right"), strict=True):
        if len(values) and not 0 <= values.min() <= values.max() < n:
            raise GraphValueError(
                f"Matches name rows from {values.min()} to {values.max()} of the "
                f"{side} table, which has {n:,} records. Pass the tables they are of."
            )


def _check_tables(pairs: CandidatePairs, left: Records, right: Records) -> None:
    if pairs.left_index != left.index or pairs.right_index != right.index:
        raise GraphValueError(
            f"The pairs given as matches are of other tables: {pairs.shape} and "
            f"{(len(left), len(right))} records. Pass pairs of ids instead."
        )


def id_columns(matches: Any, *, labelled: bool = True) -> tuple[Any, Any]:
    """Two columns of ids; those labelled 0 are left out where labels count."""
    if isinstance(matches, np.ndarray) and matches.shape[1:] == (2,):
        return matches[:, 0], matches[:, 1]
    if isinstance(matches, (list, tuple, np.ndarray)):
        pairs = list(matches)
        if not pairs:
            return [], []
        if not isinstance(pairs[0], dict):
            return _columns_of_pairs(pairs)
    if getattr(matches, "nlevels", 0) == 2:  # a MultiIndex
        return matches.get_level_values(0).tolist(), matches.get_level_values(
            1
        ).tolist()
    columns = dict(columns_of(matches).columns)
    label = next((name for name in _LABELS if name in columns), None)
    labels = columns.pop(label) if label is not None else None
    if len(columns) < 2:
        raise GraphValueError(
            "Matches need two columns of ids, left and right; there are "
            f"{', '.join(map(repr, columns)) or 'none'}."
        )
    first, second = list(columns.values())[:2]
    if not labelled:
        return first, second
    if labels is None:
        _refuse_labels(columns)
        return first, second
    kept = _are_true(labels, str(label))
    return _chosen(first, kept), _chosen(second, kept)


def _refuse_labels(columns: dict[str, Any]) -> None:
    """Refuse a third column of labels that has another name: its 0 are no matches."""
    if len(columns) != 3:
        return
    name, values = list(columns.items())[2]
    if name.lower() in _FIGURES:
        return
    words = {text.strip().lower() for text in texts_of(values).tolist()}
    if words <= _TRUE | _FALSE and words & _FALSE:
        raise GraphValueError(
            f"Column {name!r} says yes and no, as labels do. Call it 'label', so that "
            "only what it calls a match is one, or pass the two columns of ids alone."
        )


def _columns_of_pairs(pairs: list[Any]) -> tuple[Any, Any]:
    for at, pair in enumerate(pairs):
        if isinstance(pair, str) or not hasattr(pair, "__len__") or len(pair) != 2:
            raise GraphTypeError(
                f"Match {at + 1:,} must be two ids, left and right; got {shown(pair)}."
            )
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _are_true(labels: Any, name: str) -> list[bool]:
    out = []
    for at, text in enumerate(texts_of(labels).tolist()):
        word = text.strip().lower()
        if word not in _TRUE and word not in _FALSE:
            raise GraphValueError(
                f"Column {name!r} holds {shown(text)} at match {at + 1:,}; a label is "
                "0 or 1."
            )
        out.append(word in _TRUE)
    return out


def _chosen(values: Any, kept: list[bool]) -> list[Any]:
    plain = plain_values(values)
    listed = plain.tolist() if isinstance(plain, np.ndarray) else plain
    return [value for value, ok in zip(listed, kept, strict=True) if ok]


def scores_of_known(
    left: IntArray, right: IntArray, scores: FloatArray, known: Matches, n_right: int
) -> FloatArray:
    """Scores of known matches among pairs of rows, -inf for those that are none."""
    if not len(left):
        return np.full(len(known.left), -np.inf)
    width = np.int64(max(1, n_right))
    keys = left * width + right
    order = np.argsort(keys)
    wanted = known.left * width + known.right
    at = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    found = keys[order][at] == wanted
    out: FloatArray = np.where(found, scores[order][at], -np.inf)
    return out
