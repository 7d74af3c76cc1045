"""TerminologyColumns: the columns of a terminology, and how they are looked up."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from graphrep.exceptions import GraphTypeError, NodeNotFoundError
from graphrep.graph import _terminology_columns as columns
from graphrep.graph import _terminology_tree as tree
from graphrep.graph._ids import close_matches, listed, shown
from graphrep.graph._node_index import NodeIndex
from graphrep.graph._text_column import TextColumn, read_only, text_column
from graphrep.typing import AnyArray, IntArray, NodeIds

_MOST_COMPARED = 200_000  # ids that a search for close matches may look at


class TerminologyColumns:
    """What a `Terminology` holds; see there."""

    KINDS: ClassVar[tuple[str, ...]] = columns.KINDS
    STATUSES: ClassVar[tuple[str, ...]] = columns.STATUSES
    index: NodeIndex
    name_texts: TextColumn
    name_concepts: IntArray
    name_offsets: IntArray
    name_kinds: AnyArray
    name_languages: AnyArray
    languages: tuple[str, ...]
    parents: Any
    relations: dict[str, tuple[IntArray, IntArray]]
    types: list[tuple[str, ...]] | None
    xrefs: list[tuple[str, ...]] | None
    definitions: TextColumn | None
    status: AnyArray | None
    replaced_by: dict[Any, Any]
    title: str | None
    version: str | None

    def _set_names(self, texts: Any, concepts: Any, kinds: Any, languages: Any) -> None:
        column = text_column(texts, what="name_texts")
        if column.missing is not None:
            row = int(np.flatnonzero(column.missing)[0])
            raise GraphTypeError(f"name_texts: row {row:,} is None; drop such rows.")
        size = len(column)
        n = len(self.index)
        concepts = columns.read_positions(concepts, size=n, what="name_concepts")
        codes, self.languages = columns.read_languages(languages, size)
        if len(concepts) != size:
            columns.refuse_length("name_concepts", len(concepts), size)
        if kinds is None:
            kinds = columns.default_kinds(concepts)
        else:
            kinds = columns.read_codes(
                kinds, columns.KINDS, length=size, what="name_kinds"
            )
        key = concepts * 2 + (kinds != columns.PREFERRED)
        if bool(np.any(key[1:] < key[:-1])):
            order = np.argsort(key, kind="stable")
            column = column.take(order)
            concepts, kinds, codes = concepts[order], kinds[order], codes[order]
        self.name_texts = column
        self.name_concepts = read_only(concepts)
        self.name_kinds = read_only(kinds)
        self.name_languages = read_only(codes)
        offsets = np.searchsorted(concepts, np.arange(n + 1)).astype(np.int64)
        self.name_offsets = read_only(offsets)

    # -- reading -----------------------------------------------------------------
    @property
    def ids(self) -> AnyArray:
        """Ids in order, int64 or object, read-only."""
        return self.index.ids

    @property
    def n_concepts(self) -> int:
        """Number of concepts."""
        return len(self.index)

    @property
    def n_names(self) -> int:
        """Number of names."""
        return len(self.name_texts)

    def __len__(self) -> int:
        return len(self.index)

    def __contains__(self, concept: object) -> bool:
        return concept in self.index

    @cached_property
    def preferred_names(self) -> list[str]:
        """First name of each concept, ``""`` for one without names."""
        out = [""] * self.n_concepts
        named = np.flatnonzero(np.diff(self.name_offsets))
        texts = self.name_texts.take(self.name_offsets[named])
        for row, text in zip(named.tolist(), texts, strict=True):
            out[row] = text
        return out

    @cached_property
    def children(self) -> Any:
        """The transpose of ``parents``: row ``c`` holds the children of ``c``."""
        return sparse.csr_array(self.parents.T)

    @cached_property
    def depth(self) -> IntArray:
        """Steps from the nearest root, int32 of shape (n_concepts,).

        A root has no parents. -1 where no root is above, which happens in cycles.
        """
        steps = tree.distances_from(self.children, self.roots)
        steps.setflags(write=False)
        return steps

    @cached_property
    def roots(self) -> IntArray:
        """Positions of the concepts without parents, int64, isolated ones included."""
        return np.flatnonzero(np.diff(self.parents.indptr) == 0)

    @property
    def edge_index(self) -> IntArray:
        """Positions of child and parent of each link, int64 of shape (2, n_links)."""
        counts = np.diff(self.parents.indptr)
        child = np.repeat(np.arange(self.n_concepts, dtype=np.int64), counts)
        return np.stack([child, self.parents.indices.astype(np.int64)])

    @property
    def retired(self) -> AnyArray:
        """Whether each concept is retired, bool of shape (n_concepts,)."""
        if self.status is None:
            return np.zeros(self.n_concepts, bool)
        return np.asarray(self.status == 1)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TerminologyColumns):
            return NotImplemented
        return self.index == other.index and _same_state(self, other)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.index, self._columns()))

    # -- ids ---------------------------------------------------------------------
    def position(self, concept: Hashable) -> int:
        """Position of one concept.

        Raises
        ------
        NodeNotFoundError
            If there is none of this id; the message names successors or close ids.
        """
        row = int(self.index.find([concept])[0])
        if row < 0:
            raise NodeNotFoundError(self._missing_message(concept))
        return row

    def positions(self, concepts: NodeIds) -> IntArray:
        """Positions of many concepts, int64, in the order asked."""
        rows = self.index.find(concepts)
        bad = np.flatnonzero(rows < 0)
        if len(bad):
            concept = listed(concepts)[int(bad[0])]
            raise NodeNotFoundError(self._missing_message(concept))
        return rows

    def resolve(self, concept: Hashable) -> list[Hashable]:
        """Active concepts that an id stands for today.

        Successors are followed until they are active. Empty where an id is unknown
        or was retired without one.
        """
        found: dict[Hashable, None] = {}
        seen: set[Hashable] = set()
        open_ids = [concept]
        while open_ids:
            at = open_ids.pop(0)
            if at in seen:
                continue
            seen.add(at)
            row = int(self.index.find([at])[0])
            if row >= 0 and not (self.status is not None and self.status[row]):
                found[at] = None
            else:
                open_ids.extend(self.replaced_by.get(at, ()))
        return list(found)

    def names(self, concept: Hashable) -> list[str]:
        """Names of a concept, the preferred one first."""
        row = self.position(concept)
        begin, end = self.name_offsets[row : row + 2].tolist()
        return self.name_texts[begin:end].tolist()

    def _missing_message(self, concept: object) -> str:
        text = (
            f"Concept {shown(concept)} is not in the terminology "
            f"({self.n_concepts:,} concepts)."
        )
        if isinstance(concept, Hashable) and concept in self.replaced_by:
            new = ", ".join(map(shown, self.replaced_by[concept]))
            return f"{text} It was replaced by {new}; see resolve()."
        if self.index.is_integer and isinstance(concept, str):
            return f"{text} Its ids are integers, not texts."
        if isinstance(concept, str) and self.n_concepts <= _MOST_COMPARED:
            texts = [i for i in self.ids.tolist() if isinstance(i, str)]
            close = close_matches(concept, texts)
            if close:
                return f"{text} Close matches: {', '.join(map(shown, close))}."
        return text

    def _columns(self) -> dict[str, Any]:
        """All arguments but the ids, for making an equal one."""
        return {
            "name_texts": self.name_texts,
            "name_concepts": self.name_concepts,
            "name_kinds": self.name_kinds,
            "name_languages": (self.name_languages, self.languages),
            "parents": self.parents,
            "relations": self.relations,
            "types": self.types,
            "definitions": self.definitions,
            "status": self.status,
            "xrefs": self.xrefs,
            "replaced_by": self.replaced_by,
            "title": self.title,
            "version": self.version,
        }


def read_parents(parents: Any, n: int) -> Any:
    """Read links to parents, as pairs or as the matrix that they made."""
    if isinstance(parents, sparse.csr_array):
        if parents.shape != (n, n):
            columns.refuse_length("parents", parents.shape[0], n)
        return parents
    if parents is None:
        parents = (np.empty(0, np.int64), np.empty(0, np.int64))
    child, parent = columns.read_pairs(parents, size=n, what="parents")
    return tree.matrix_of_pairs(child, parent, n)


def _rebuild(kind: type[Any], index: NodeIndex, parts: dict[str, Any]) -> Any:
    return kind(index, **parts)


def _same_state(one: TerminologyColumns, two: TerminologyColumns) -> bool:
    first, second = one._columns(), two._columns()
    links = first.pop("parents") != second.pop("parents")
    relations = first.pop("relations"), second.pop("relations")
    languages = first.pop("name_languages"), second.pop("name_languages")
    if links.nnz or [*relations[0]] != [*relations[1]]:
        return False
    names = [np.array(pair[1], object)[pair[0]] for pair in languages]
    if not np.array_equal(*names):
        return False
    if not all(
        np.array_equal(relations[0][key], relations[1][key]) for key in relations[0]
    ):
        return False
    return all(_same(first[key], second[key]) for key in first)


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, np.ndarray) and isinstance(two, np.ndarray):
        return bool(np.array_equal(one, two))
    return bool(one is two or (type(one) is type(two) and one == two))
