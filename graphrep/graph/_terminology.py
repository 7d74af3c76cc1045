"""Terminology: concepts with many names each, in a hierarchy."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import sparse

from graphrep.exceptions import GraphTypeError, NodeNotFoundError
from graphrep.graph import _terminology_columns as columns
from graphrep.graph import _terminology_tree as tree
from graphrep.graph._graph import Graph
from graphrep.graph._ids import listed, shown
from graphrep.graph._node_index import NodeIndex
from graphrep.graph._text_column import TextColumn, read_only, text_column
from graphrep.typing import AnyArray, IntArray, NodeIds, PathType

if TYPE_CHECKING:
    import networkx as nx

_MOST_COMPARED = 200_000  # ids that a search for close matches may look at


class Terminology:
    """Concepts, the names of each, and how they stand to each other; immutable.

    Parameters
    ----------
    ids : sequence of hashable, ndarray or NodeIndex
        Ids of the concepts; integers stay integers, texts stay as they are.
    name_texts : sequence of str of length n_names
        Names, in any order; different concepts may share one.
    name_concepts : array-like of int of shape (n_names,)
        Position of the concept of each name.
    name_kinds : sequence of str or array of uint8, or None, default=None
        Kind of each name, out of `KINDS`. None makes the first name of each concept
        its preferred one and all others exact ones.
    name_languages : sequence of str or None, default=None
        Language of each name, such as ``"en"``; None where it is not known.
    parents : pair of arrays of int, or None, default=None
        Positions of children and of their parents. A concept may have several;
        repeats, and concepts named as parents of themselves, are left out.
    relations : mapping of str to pair of arrays of int, or None, default=None
        Other relations by name, as positions of sources and targets.
    types : sequence of (str or sequence of str), or None, default=None
        Semantic types of each concept.
    definitions : sequence of (str or None), or None, default=None
        Definition of each concept.
    status : sequence of str or array of uint8, or None, default=None
        ``"active"`` or ``"retired"``; None where all are active.
    xrefs : sequence of (sequence of str), or None, default=None
        Ids in other terminologies of each concept.
    replaced_by : mapping of id to ids, or None, default=None
        Successors of retired or merged ids; these need not be concepts themselves.
    title, version : str or None, default=None
        What this is.

    Attributes
    ----------
    KINDS : tuple of str
        Kinds of names.
    STATUSES : tuple of str
        ``("active", "retired")``.
    index : NodeIndex
        Ids and their positions.
    name_texts : TextColumn of length n_names
        Names grouped by concept, preferred ones first, else in the order given.
    name_concepts : ndarray of int64 of shape (n_names,)
        Position of the concept of each name, ascending.
    name_offsets : ndarray of int64 of shape (n_concepts + 1,)
        Names of concept ``c`` are the rows ``name_offsets[c]:name_offsets[c + 1]``.
    name_kinds : ndarray of uint8 of shape (n_names,)
        Codes into `KINDS`.
    name_languages : ndarray of int16 of shape (n_names,)
        Codes into `languages`.
    languages : tuple of str
        Languages of the names; ``""`` for one that is not known.
    parents : csr_array of float32 of shape (n_concepts, n_concepts)
        Ones; row ``c`` holds the parents of ``c``.
    relations : dict of str to pair of ndarray of int64
        Other relations.
    types, xrefs : list of tuple of str, or None
        By concept.
    definitions : TextColumn or None
        By concept, None where a concept has none.
    status : ndarray of uint8 of shape (n_concepts,), or None
        Codes into `STATUSES`.
    replaced_by : dict of id to tuple of ids
        Successors.
    title, version : str or None
        As given.

    Raises
    ------
    GraphValueError
        For columns that do not fit each other, positions outside the concepts,
        unknown kinds and ids that stand twice.
    GraphTypeError
        For names that are no texts.

    Notes
    -----
    Names are one UTF-8 buffer: a name costs its bytes and 19 more. Making costs
    O(n_names log n_names) at most, nothing but a check where rows are in order.

    Examples
    --------
    >>> terminology = Terminology(
    ...     ["D1", "D2"], ["disease", "influenza", "flu"], [0, 1, 1], parents=([1], [0])
    ... )
    >>> terminology
    Terminology(2 concepts, 3 names, 1 parent link)
    >>> terminology.names("D2"), terminology.ancestors("D2")
    (['influenza', 'flu'], ['D1'])
    """

    KINDS: ClassVar[tuple[str, ...]] = columns.KINDS
    STATUSES: ClassVar[tuple[str, ...]] = columns.STATUSES

    def __init__(
        self,
        ids: NodeIds | NodeIndex,
        name_texts: Any,
        name_concepts: Any,
        *,
        name_kinds: Any = None,
        name_languages: Any = None,
        parents: Any = None,
        relations: Mapping[str, Any] | None = None,
        types: Any = None,
        definitions: Any = None,
        status: Any = None,
        xrefs: Any = None,
        replaced_by: Mapping[Any, Any] | None = None,
        title: str | None = None,
        version: str | None = None,
    ) -> None:
        self.index = ids if isinstance(ids, NodeIndex) else NodeIndex(ids)
        n = len(self.index)
        self._set_names(name_texts, name_concepts, name_kinds, name_languages)
        self.parents = _read_parents(parents, n)
        self.relations = columns.read_relations(relations, n)
        self.types = columns.read_tuples(types, length=n, what="types")
        self.xrefs = columns.read_tuples(xrefs, length=n, what="xrefs")
        self.definitions: TextColumn | None = None
        if definitions is not None:
            self.definitions = text_column(definitions, what="definitions", length=n)
        self.status: AnyArray | None = None
        if status is not None:
            codes = columns.read_codes(
                status, columns.STATUSES, length=n, what="status"
            )
            self.status = read_only(codes)
        self.replaced_by = columns.read_replacements(replaced_by)
        self.title, self.version = title, version

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
        self.name_texts: TextColumn = column
        self.name_concepts: IntArray = read_only(concepts)
        self.name_kinds: AnyArray = read_only(kinds)
        self.name_languages: AnyArray = read_only(codes)
        offsets = np.searchsorted(concepts, np.arange(n + 1)).astype(np.int64)
        self.name_offsets: IntArray = read_only(offsets)

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

    def __repr__(self) -> str:
        links = int(self.parents.nnz)
        parts = [
            f"{self.n_concepts:,} concept{'' if self.n_concepts == 1 else 's'}",
            f"{self.n_names:,} name{'' if self.n_names == 1 else 's'}",
            f"{links:,} parent link{'' if links == 1 else 's'}",
        ]
        title = f"{self.title!r}, " if self.title else ""
        return f"Terminology({title}{', '.join(parts)})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Terminology):
            return NotImplemented
        return self.index == other.index and _same_state(self, other)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (self.index, self._columns()))

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
            close = difflib.get_close_matches(concept, texts, n=3, cutoff=0.7)
            if close:
                return f"{text} Close matches: {', '.join(map(shown, close))}."
        return text

    # -- hierarchy ---------------------------------------------------------------
    def ancestors(self, concept: Hashable, k: int | None = None) -> list[Hashable]:
        """Concepts above one, nearest first; within ``k`` steps if given.

        The concept itself is left out, in a cycle too.
        """
        found, _ = tree.reached_from(self.parents, self.position(concept), k)
        return self.ids[found].tolist()  # type: ignore[no-any-return]

    def descendants(self, concept: Hashable, k: int | None = None) -> list[Hashable]:
        """Concepts below one, nearest first; within ``k`` steps if given."""
        found, _ = tree.reached_from(self.children, self.position(concept), k)
        return self.ids[found].tolist()  # type: ignore[no-any-return]

    def lca(self, first: Hashable, second: Hashable) -> list[Hashable]:
        """Lowest common ancestors; a concept counts as its own ancestor.

        Common ancestors that have no other common ancestor below them: one in a
        tree, perhaps several where concepts have several parents, none where nothing
        is above both. Members of one cycle do not stand below each other.
        """
        rows = tree.lowest_common(
            self.parents, self.position(first), self.position(second)
        )
        return self.ids[np.array(rows, np.int64)].tolist()  # type: ignore[no-any-return]

    # -- other shapes ------------------------------------------------------------
    def subset(
        self,
        ids: NodeIds | None = None,
        *,
        types: Any = None,
        ancestor: Any = None,
        languages: Any = None,
        kinds: Any = None,
        active: bool = False,
        drop_nameless: bool = False,
    ) -> Terminology:
        """Keep some concepts and some names.

        Parameters
        ----------
        ids : sequence of hashable or None, default=None
            Concepts to keep, and their order.
        types : str, sequence of str or None, default=None
            Keep concepts with one of these types.
        ancestor : id or list of ids, or None, default=None
            Keep these concepts and all below them.
        languages : str, sequence of str or None, default=None
            Keep names in one of these languages.
        kinds : str, sequence of str or None, default=None
            Keep names of one of these kinds.
        active : bool, default=False
            Whether retired concepts are dropped.
        drop_nameless : bool, default=False
            Whether concepts without a name left are dropped; they hold the hierarchy
            together otherwise.

        Returns
        -------
        Terminology
            Links between kept concepts stay; none is added around a dropped one.
        """
        from graphrep.graph._terminology_parts import subset

        return subset(
            self, ids, types, ancestor, languages, kinds, active, drop_nameless
        )

    def merge(self, other: Terminology) -> Terminology:
        """Join two terminologies; concepts of equal id become one.

        Names, types, links and cross references are united, in order of first
        appearance; the first definition and status win. A preferred name of
        ``other`` for a concept that has one in that language becomes an exact one.
        """
        from graphrep.graph._terminology_parts import merge

        return merge(self, other)

    def to_graph(self, *, directed: bool = True) -> Graph:
        """Graph of the hierarchy, an edge from each child to each parent."""
        matrix = self.parents if directed else self.parents.maximum(self.children)
        return Graph(matrix, self.index, directed=directed)

    def to_frame(
        self, *, term: str = "term", code: str = "code", details: bool = False
    ) -> Any:
        """Names as a pandas frame, one row a name.

        Parameters
        ----------
        term, code : str, default="term", "code"
            Names of the columns of texts and ids.
        details : bool, default=False
            Whether columns ``kind``, ``language`` and ``preferred`` follow.
        """
        from graphrep.graph._terminology_exchange import to_frame

        return to_frame(self, term, code, details)

    def to_jsonl(self, path: PathType) -> None:
        """Write one JSON object a concept: what scispaCy and xMEN load as it is.

        Keys are ``concept_id``, ``canonical_name``, ``aliases``, ``types`` and
        ``definition``, no others. Integer ids become texts; a concept without a name
        is called by its id. The hierarchy, kinds and languages are not kept.
        """
        from graphrep.graph._terminology_exchange import to_jsonl

        to_jsonl(self, path)

    def to_networkx(self) -> nx.DiGraph:
        """``networkx.DiGraph`` with an edge from child to parent, and ``name``."""
        from graphrep.graph._terminology_exchange import to_networkx

        return to_networkx(self)

    # -- files -------------------------------------------------------------------
    def save(self, path: PathType, *, overwrite: bool = True) -> None:
        """Write a directory of plain arrays, all of it or nothing.

        Raises
        ------
        FileExistsError
            If something else than a saved terminology stands there, or anything
            under ``overwrite=False``.
        GraphTypeError
            For ids that are neither all integers nor all texts.
        """
        from graphrep.graph._terminology_store import save

        save(self, path, overwrite)

    @classmethod
    def load(cls, path: PathType, *, mmap: bool = True) -> Terminology:
        """Read what `save` wrote; ``mmap`` maps the arrays instead of reading them.

        Raises
        ------
        GraphFormatError
            If the directory is damaged, incomplete or of a newer format.
        """
        from graphrep.graph._terminology_store import load

        return load(path, mmap)

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


def _read_parents(parents: Any, n: int) -> Any:
    if isinstance(parents, sparse.csr_array):
        if parents.shape != (n, n):
            columns.refuse_length("parents", parents.shape[0], n)
        return parents
    if parents is None:
        parents = (np.empty(0, np.int64), np.empty(0, np.int64))
    child, parent = columns.read_pairs(parents, size=n, what="parents")
    return tree.matrix_of_pairs(child, parent, n)


def _rebuild(index: NodeIndex, parts: dict[str, Any]) -> Terminology:
    return Terminology(index, **parts)


def _same_state(one: Terminology, two: Terminology) -> bool:
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
