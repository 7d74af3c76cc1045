"""OboDocument: what an OBO file says, term by term, and the graphs inside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph, KnowledgeGraph, NodeIndex
from graphrep.io._obo_lines import Synonym

Statement = tuple[str, str, str]


class MalformedLine(NamedTuple):
    """A line that was left out: its number, its text and what is wrong with it."""

    line: int
    text: str
    reason: str


@dataclass(repr=False, eq=False)
class OboDocument:
    """Content of an OBO file; the k-th entry of every column is about the k-th term.

    Attributes
    ----------
    header : dict of str to list of str
        Values of each tag before the first stanza.
    ids, names, namespaces, definitions, comments : list of str
        Of the terms, in the order of the file; empty where the file is silent.
    obsolete : list of bool
        Whether the term is obsolete.
    replaced_by, consider, alt_ids, xrefs, subsets : list of list of str
        Other ids of the terms.
    synonyms : list of list of Synonym
        Other names, with scope.
    edges : list of (child, relation, parent)
        ``is_a`` and ``relationship`` lines, in the order of the file.
    intersections : list of (child, relation, other)
        ``intersection_of`` lines; the relation of a bare id is ``is_a``.
    relation_names : dict of str to str
        Name of each relation that a ``[Typedef]`` declares.
    n_malformed : int
        Lines left out.
    malformed : list of MalformedLine
        The first of them.
    """

    header: dict[str, list[str]] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    namespaces: list[str] = field(default_factory=list)
    definitions: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    obsolete: list[bool] = field(default_factory=list)
    replaced_by: list[list[str]] = field(default_factory=list)
    consider: list[list[str]] = field(default_factory=list)
    alt_ids: list[list[str]] = field(default_factory=list)
    xrefs: list[list[str]] = field(default_factory=list)
    subsets: list[list[str]] = field(default_factory=list)
    synonyms: list[list[Synonym]] = field(default_factory=list)
    edges: list[Statement] = field(default_factory=list)
    intersections: list[Statement] = field(default_factory=list)
    relation_names: dict[str, str] = field(default_factory=dict)
    n_malformed: int = 0
    malformed: list[MalformedLine] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return (
            f"OboDocument({len(self):,} terms, {sum(self.obsolete):,} of them obsolete,"
            f" {len(self.edges):,} relations)"
        )

    def add_term(self, name: str) -> None:
        """Add a row for a term to every column."""
        self.ids.append(name)
        self.obsolete.append(False)
        texts = (self.names, self.namespaces, self.definitions, self.comments)
        for column in texts:
            column.append("")
        lists = (
            self.replaced_by, self.consider, self.alt_ids, self.xrefs, self.subsets,
        )  # fmt: skip
        for row in lists:
            row.append([])
        self.synonyms.append([])

    def labels(self) -> dict[str, str]:
        """Name of each term by its id; terms without a name are left out."""
        pairs = zip(self.ids, self.names, strict=True)
        return {node: name for node, name in pairs if name}

    def graph(
        self,
        relations: Sequence[str] | str = ("is_a",),
        *,
        include_obsolete: bool = False,
        intersections: bool = False,
        directed: bool = True,
    ) -> Graph:
        """Graph with an edge from child to parent.

        Parameters
        ----------
        relations : sequence of str, default=("is_a",)
            Relations that become edges; one that the file lacks is an error.
        include_obsolete : bool, default=False
            Whether obsolete terms are nodes.
        intersections : bool, default=False
            Whether ``intersection_of`` lines become edges, too.
        directed : bool, default=True
            Whether edges keep their direction.

        Returns
        -------
        Graph
            Nodes are the terms in order, isolated ones included, then ids that edges
            mention and no term defines (parts of other ontologies).
        """
        wanted = {relations} if isinstance(relations, str) else set(relations)
        edges = self.edges + self.intersections if intersections else self.edges
        self._check_relations(wanted, edges)
        gone = set() if include_obsolete else self._obsolete_ids()
        chosen = [
            (child, parent)
            for child, relation, parent in edges
            if relation in wanted and child not in gone and parent not in gone
        ]
        nodes = dict.fromkeys(node for node in self.ids if node not in gone)
        for pair in chosen:
            nodes.update(dict.fromkeys(pair))
        return Graph.from_edges(
            [child for child, _ in chosen],
            [parent for _, parent in chosen],
            nodes=_index(list(nodes)),
            directed=directed,
            duplicates="first",
        )

    def triples(self) -> KnowledgeGraph:
        """All relations between terms, ``intersection_of`` aside, as triples."""
        entities = {node: row for row, node in enumerate(self.ids)}
        kinds: dict[str, int] = {}
        codes = np.empty((len(self.edges), 3), np.int64)
        for row, (child, relation, parent) in enumerate(self.edges):
            codes[row, 0] = entities.setdefault(child, len(entities))
            codes[row, 1] = kinds.setdefault(relation, len(kinds))
            codes[row, 2] = entities.setdefault(parent, len(entities))
        return KnowledgeGraph(codes, _index(list(entities)), _index(list(kinds)))

    def _obsolete_ids(self) -> set[str]:
        pairs = zip(self.ids, self.obsolete, strict=True)
        return {node for node, obsolete in pairs if obsolete}

    def _check_relations(self, wanted: set[str], edges: list[Statement]) -> None:
        present = {relation for _, relation, _ in edges} | {"is_a"}
        unknown = sorted(wanted - present)
        if unknown:
            raise GraphValueError(
                f"Relation {unknown[0]!r} stands in no line; the relations are "
                f"{', '.join(sorted(present))}."
            )


def _index(ids: list[str]) -> NodeIndex:
    out = np.empty(len(ids), object)
    out[:] = ids
    return NodeIndex(out)
