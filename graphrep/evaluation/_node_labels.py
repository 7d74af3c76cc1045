"""Labels of nodes, in whatever form people keep them, as a matrix in row order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Graph
from graphrep.typing import AnyArray

_SEVERAL = (list, tuple, set, frozenset, np.ndarray)


class Labels(NamedTuple):
    """Which node has which label.

    Attributes
    ----------
    matrix : ndarray of bool of shape (n_nodes, n_labels)
        Every label has a node.
    names : list
        Name of each label, in the order of their texts.
    multi : bool
        Whether a node has several.
    """

    matrix: AnyArray
    names: list[Any]
    multi: bool

    @property
    def n_labelled(self) -> int:
        """Nodes with a label."""
        return int(self.matrix.any(axis=1).sum())


def read_labels(graph: Graph, labels: Any) -> Labels:
    """Bring labels into row order.

    Parameters
    ----------
    graph : Graph
    labels : mapping, sequence, or matrix
        A mapping from node ids, or a sequence in row order, of a class or a
        collection of classes for each node; None, NaN and empty collections say that
        a node has none. Or a 0/1 matrix (n_nodes, n_labels), dense or sparse.

    Returns
    -------
    Labels

    Raises
    ------
    GraphValueError
        For another number of rows than nodes, or fewer than two labels.
    GraphTypeError
        For something that holds no labels.
    """
    if hasattr(labels, "toarray") or (
        isinstance(labels, np.ndarray) and labels.ndim == 2
    ):
        dense = np.asarray(labels.toarray() if hasattr(labels, "toarray") else labels)
        _check_rows(graph, len(dense))
        matrix, names = dense > 0, list(range(dense.shape[1]))
    else:
        per_node = [_classes_of(value) for value in _in_row_order(graph, labels)]
        names = sorted({name for own in per_node for name in own}, key=_order)
        place = {name: column for column, name in enumerate(names)}
        matrix = np.zeros((graph.n_nodes, len(names)), bool)
        for row, own in enumerate(per_node):
            matrix[row, [place[name] for name in own]] = True
    used = np.flatnonzero(matrix.any(axis=0))
    if len(used) < 2:
        raise GraphValueError(
            f"Classification needs two labels or more; the nodes of the graph have "
            f"{len(used)}. Ids of a mapping must be ids of nodes."
        )
    matrix = matrix[:, used]
    multi = bool((matrix.sum(axis=1) > 1).any())
    return Labels(matrix, [names[column] for column in used], multi)


def _in_row_order(graph: Graph, labels: Any) -> list[Any]:
    if isinstance(labels, Mapping):
        ids = graph.node_ids.tolist()
        return [labels.get(node, labels.get(str(node))) for node in ids]
    if isinstance(labels, str) or not hasattr(labels, "__iter__"):
        raise GraphTypeError(
            "labels must be a mapping from node ids, a sequence in row order or a 0/1 "
            f"matrix; got {type(labels).__name__}."
        )
    values = labels.tolist() if isinstance(labels, np.ndarray) else list(labels)
    _check_rows(graph, len(values))
    return values


def _check_rows(graph: Graph, n_rows: int) -> None:
    if n_rows != graph.n_nodes:
        raise GraphValueError(
            f"There must be labels for each of the {graph.n_nodes:,} nodes; got "
            f"{n_rows:,} rows. Pass a mapping from node ids where some have none."
        )


def _classes_of(value: Any) -> tuple[Any, ...]:
    """Classes of one node."""
    if isinstance(value, _SEVERAL):
        found = dict.fromkeys(item for item in value if not _is_none(item))
        return tuple(found)
    return () if _is_none(value) else (value,)


def _is_none(value: Any) -> bool:
    return value is None or bool(value != value)


def _order(name: Any) -> tuple[bool, Any, str]:
    """Numbers first, by value; then texts."""
    number = isinstance(name, (int, float, np.number))
    return not number, name if number else 0, str(name)


__all__ = ["Labels", "read_labels"]
