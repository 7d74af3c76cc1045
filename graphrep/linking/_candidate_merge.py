"""Candidate lists of several stages joined into one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.linking._candidate_columns import Columns, source_type
from graphrep.linking._ragged import offsets_of, ranked
from graphrep.typing import AnyArray, IntArray

if TYPE_CHECKING:
    from graphrep.linking._candidate_list import CandidateList


def merged(
    lists: Sequence[CandidateList], weights: Sequence[float] | None
) -> tuple[IntArray, Columns, tuple[str, ...]]:
    """Offsets, columns and source names of lists for the same queries, joined."""
    factors = [1.0] * len(lists) if weights is None else [float(w) for w in weights]
    if len(factors) != len(lists) or not all(w > 0 for w in factors):
        raise GraphValueError(
            f"weights must be {len(lists)} positive numbers; got {weights!r}."
        )
    known = tuple(dict.fromkeys(name for one in lists for name in one.source_names))
    kind = source_type(len(known))
    parts = []
    for one, factor in zip(lists, factors, strict=True):
        _check_mergeable(lists[0], one)
        bits = _moved_bits(one.sources, one.source_names, known, kind)
        scores = one.scores * np.float32(factor)
        parts.append((one.queries, one.concepts, scores, one.names, bits))
    queries, *columns = (np.concatenate(part) for part in zip(*parts, strict=True))
    queries, joined = ranked(queries, Columns(*columns))
    return offsets_of(queries, len(lists[0])), joined, known


def _moved_bits(
    bits: AnyArray, old: Sequence[str], new: Sequence[str], kind: type[Any]
) -> AnyArray:
    """Bits of sources under the places that their names have in another list."""
    out = np.zeros(len(bits), kind)
    for i, name in enumerate(old):
        out |= ((bits >> i) & 1).astype(kind) << kind(new.index(name))
    return out


def _check_mergeable(first: CandidateList, other: CandidateList) -> None:
    if len(other) != len(first):
        raise GraphValueError(
            f"Lists of {len(first):,} and {len(other):,} queries cannot be merged."
        )
    if other.terminology is not first.terminology:
        raise GraphValueError(
            "Lists over different terminology objects cannot be merged: positions "
            "would mean different concepts."
        )
