"""Terminology: concepts with many names each, in a hierarchy."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep.graph import _terminology_columns as columns
from graphrep.graph import _terminology_tree as tree
from graphrep.graph._graph import Graph
from graphrep.graph._node_index import NodeIndex
from graphrep.graph._terminology_lookup import TerminologyColumns, read_parents
from graphrep.graph._text_column import read_only, text_column
from graphrep.typing import NodeIds, PathType

if TYPE_CHECKING:
    import networkx as nx


class Terminology(TerminologyColumns):
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
        self.parents = read_parents(parents, n)
        self.relations = columns.read_relations(relations, n)
        self.types = columns.read_tuples(types, length=n, what="types")
        self.xrefs = columns.read_tuples(xrefs, length=n, what="xrefs")
        self.definitions = None
        if definitions is not None:
            self.definitions = text_column(definitions, what="definitions", length=n)
        self.status = None
        if status is not None:
            codes = columns.read_codes(
                status, columns.STATUSES, length=n, what="status"
            )
            self.status = read_only(codes)
        self.replaced_by = columns.read_replacements(replaced_by)
        self.title, self.version = title, version

    def __repr__(self) -> str:
        links = int(self.parents.nnz)
        parts = [
            f"{self.n_concepts:,} concept{'' if self.n_concepts == 1 else 's'}",
            f"{self.n_names:,} name{'' if self.n_names == 1 else 's'}",
            f"{links:,} parent link{'' if links == 1 else 's'}",
        ]
        title = f"{self.title!r}, " if self.title else ""
        return f"Terminology({title}{', '.join(parts)})"

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
