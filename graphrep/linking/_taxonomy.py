"""What Text2Node reads of a taxonomy: ids, names and edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Graph, NodeIndex, Terminology
from graphrep.typing import IntArray

_NAMED = ("name_texts", "name_concepts", "index")


@dataclass(frozen=True)
class Taxonomy:
    """Concepts with names, and a graph of them.

    Parameters
    ----------
    terminology : Terminology
        Ids and names of the concepts.
    graph : Graph
        Undirected, nodes in the order of the concepts.
    """

    terminology: Any
    graph: Graph

    @property
    def index(self) -> NodeIndex:
        """Ids of the concepts."""
        index: NodeIndex = self.terminology.index
        return index

    @property
    def degrees(self) -> IntArray:
        """Neighbours of each concept."""
        degrees: IntArray = np.diff(self.graph.indptr)
        return degrees


def is_terminology(X: Any) -> bool:
    """Whether an object has the names of a terminology."""
    return all(hasattr(X, name) for name in _NAMED)


def texts_of(X: Any) -> Sequence[str]:
    """Texts as they are; of a terminology its names and definitions."""
    if not is_terminology(X):
        if isinstance(X, (str, bytes)) or not hasattr(X, "__iter__"):
            raise GraphTypeError(
                f"Texts must be a sequence of str or a Terminology; got "
                f"{type(X).__name__}."
            )
        return list(X)
    definitions = getattr(X, "definitions", None) or ()
    return [*X.name_texts, *(text for text in definitions if text)]


def read_taxonomy(X: Any) -> Taxonomy:
    """Read a Terminology, or a graph whose ids are the names of its nodes.

    Raises
    ------
    GraphValueError
        If there are fewer than two concepts.
    """
    if not is_terminology(X):
        return _of_graph(X)
    _check_size(len(X.index))
    return Taxonomy(X, _undirected(X))


def _of_graph(X: Any) -> Taxonomy:
    from graphrep.io import as_graph

    graph = X if isinstance(X, Graph) else as_graph(X)
    _check_size(graph.n_nodes)
    names = [str(node) for node in graph.nodes]
    if graph.directed:
        graph = graph.symmetrize()
    return Taxonomy(Terminology(graph.nodes, names, np.arange(len(names))), graph)


def _check_size(n: int) -> None:
    if n < 2:
        raise GraphValueError(
            f"The taxonomy has {n} concept(s); mapping phrases needs two at least."
        )


def _undirected(X: Any) -> Graph:
    """Edges to parents and of other relations, all of weight 1, in both directions."""
    n = len(X.index)
    parts = [sparse.csr_array(X.parents), *_relations(X, n)]
    total: Any = sparse.csr_array((n, n))
    for part in parts:
        total = total + part + part.T
    total = sparse.csr_array(total)
    total.setdiag(0)
    total.eliminate_zeros()
    total.data = np.ones(len(total.data))
    return Graph(total, nodes=X.index.ids)


def _relations(X: Any, n: int) -> list[Any]:
    """Adjacency of each relation other than that to parents."""
    out = []
    for source, target in (getattr(X, "relations", None) or {}).values():
        ones = np.ones(len(source))
        out.append(sparse.csr_array((ones, (source, target)), shape=(n, n)))
    return out


__all__ = ["Taxonomy", "is_terminology", "read_taxonomy", "texts_of"]
