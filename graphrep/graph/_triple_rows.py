"""Rows of numbers of a knowledge graph: what they may be, checked once."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph._node_index import NodeIndex
from graphrep.typing import FloatArray, IntArray, NodeIds


def read_rows(triples: Any) -> IntArray:
    """Copy a table of triples to int64, or say what is wrong with its shape or type."""
    rows = np.asarray(triples)
    if rows.size == 0:
        rows = np.zeros((0, 3), np.int64)
    if rows.ndim != 2 or rows.shape[1] != 3:
        raise GraphValueError(
            f"Triples must have the shape (n_triples, 3); got {rows.shape}."
        )
    if rows.dtype.kind not in "iu":
        raise GraphTypeError(
            f"Triples must be integers, the numbers of entities and relations; got "
            f"{rows.dtype}. Read ids with graphrep.as_knowledge_graph."
        )
    return np.array(rows, np.int64, order="C")


def index_of_column(ids: NodeIds | NodeIndex | None, numbers: IntArray) -> NodeIndex:
    """Make the vocabulary of some numbers: the ids given, or a range."""
    if isinstance(ids, NodeIndex):
        return ids
    if ids is None:
        return NodeIndex(int(numbers.max()) + 1 if numbers.size else 0)
    return NodeIndex(ids)


def refuse_outside(numbers: IntArray, size: int, name: str) -> None:
    """Refuse a number outside its vocabulary."""
    bad = np.flatnonzero((numbers < 0) | (numbers >= size))
    if len(bad):
        kind = "relations" if name == "relation" else "entities"
        raise GraphValueError(
            f"The {name} of triple {bad[0]} is {numbers[bad[0]]}, outside the "
            f"{size:,} {kind} there are."
        )


def read_weights(weights: Any, n_triples: int) -> FloatArray:
    """Copy weights, one for each triple, positive and finite."""
    values = np.array(weights, np.float64)
    if values.shape != (n_triples,):
        raise GraphValueError(
            f"There must be one weight for each of the {n_triples:,} triples; got the "
            f"shape {values.shape}."
        )
    bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if len(bad):
        raise GraphValueError(
            f"The weight of triple {bad[0]} is {values[bad[0]]}; weights must be "
            "positive and finite."
        )
    values.setflags(write=False)
    return values


def same_weights(one: FloatArray | None, two: FloatArray | None) -> bool:
    """Whether two sets of weights, or their absences, are equal."""
    if one is None or two is None:
        return one is two
    return np.array_equal(one, two)


def both_directions(triples: IntArray, n_relations: int) -> IntArray:
    """Triples and their inverses, whose relations are numbered r + n_relations."""
    back = triples[:, [2, 1, 0]] + np.array([0, n_relations, 0])
    return np.concatenate([triples, back])
