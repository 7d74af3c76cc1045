"""What evaluation asks of a model of triples: rows of Q and of K."""

from __future__ import annotations

from typing import Protocol

from graphrep.typing import FloatArray, IntArray


class TripleScorer(Protocol):
    """A model whose score of a query and an entity is a product of two rows.

    Relations are numbered twice: r asks for tails, ``r + n_relations_`` (the inverse)
    for heads. Higher scores are likelier.
    """

    n_entities_: int
    n_relations_: int

    def query_matrix(self, entities: IntArray, relations: IntArray) -> FloatArray:
        """Rows of Q, one for each pair of an entity and a relation."""
        ...

    def key_matrix(self, rows: IntArray | None = None) -> FloatArray:
        """Rows of K, one for each entity."""
        ...
