"""Right concepts that are given by their ids, as positions in a terminology."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError, NodeNotFoundError
from graphrep.graph import Terminology

_SEVERAL = (set, frozenset, list, np.ndarray)  # a tuple is one id


def positions_of_ids(gold: Any, terminology: Any) -> list[list[int]]:
    """Positions of the right concepts of each query.

    Parameters
    ----------
    gold : sequence of (id, set or list of ids, or None)
        Right concepts of each query; None, NaN or an empty list for none (NIL).
    terminology : Terminology
        An id that is not in it stands for the concepts that replaced it.

    Raises
    ------
    NodeNotFoundError
        For an id that is no concept and was not replaced by one.
    GraphTypeError
        If the terminology is none, or ids are one text.
    """
    if not isinstance(terminology, Terminology):
        raise GraphTypeError(
            "Ids are looked up in a Terminology; got "
            f"{type(terminology).__name__}. Pass terminology=linker.terminology_, or "
            "make the candidates with it."
        )
    if isinstance(gold, str):
        raise GraphTypeError(
            f"gold holds the ids of each query; got the single text {gold[:40]!r}."
        )
    entries = gold.tolist() if hasattr(gold, "tolist") else list(gold)
    found: list[list[int]] = [[] for _ in entries]
    queries, ids = [], []
    for query, entry in enumerate(entries):
        several = list(entry) if isinstance(entry, _SEVERAL) else [entry]
        for one in several:
            if one is None or one != one:
                continue
            queries.append(query)
            ids.append(one.item() if isinstance(one, np.generic) else one)
    rows = terminology.index.find(ids).tolist()
    for query, one, row in zip(queries, ids, rows, strict=True):
        found[query] += [row] if row >= 0 else _successors(one, terminology, query)
    return found


def terminology_of_gold(candidates: Any, gold_kind: str) -> Any:
    """Terminology that ids of gold are looked up in; None where it holds positions.

    Raises
    ------
    GraphValueError
        For another kind.
    GraphTypeError
        If the candidates have no terminology.
    """
    if gold_kind == "positions":
        return None
    if gold_kind != "ids":
        raise GraphValueError(
            f"gold_kind must be 'positions' or 'ids'; got {gold_kind!r}."
        )
    known = getattr(candidates, "terminology", None)
    if known is None:
        raise GraphTypeError(
            "The candidates have no terminology to look the ids of gold up in; pass "
            "terminology= where they are made or loaded."
        )
    return known


def _successors(concept: Hashable, terminology: Terminology, query: int) -> list[int]:
    later = terminology.resolve(concept)
    rows: list[int] = terminology.index.find(later).tolist()
    if not later or min(rows) < 0:
        raise NodeNotFoundError(
            f"gold[{query}]: {terminology._missing_message(concept)} Give None for a "
            "phrase without a concept."
        )
    return rows
