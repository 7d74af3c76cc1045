"""OBO ontologies: terms, synonyms and relations by a reader that forgives lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias, TypeVar

from graphrep._utils._warn import warn_user
from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import Graph
from graphrep.io import _obo_lines as grammar
from graphrep.io._blame import blame_file
from graphrep.io._compression import open_output
from graphrep.io._ids import texts_of_index
from graphrep.io._lines import read_lines, shorten
from graphrep.io._obo_document import MalformedLine, OboDocument
from graphrep.typing import PathType

_KEPT_MALFORMED = 20
_STANZAS = {"Term", "Typedef", "Instance"}
_OLD_SYNONYMS = {
    "exact_synonym": "EXACT",
    "broad_synonym": "BROAD",
    "narrow_synonym": "NARROW",
    "related_synonym": "RELATED",
}
_Lines: TypeAlias = Iterator[tuple[int, str]]
_T = TypeVar("_T")


def read_obo(
    path: PathType, *, strict: bool = False, encoding: str = "utf-8"
) -> OboDocument:
    """Read an ontology from an OBO file.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed, or ``"-"``.
    strict : bool, default=False
        Whether a malformed line is an error; else such lines are left out, counted
        and reported in one warning.
    encoding : str, default="utf-8"
        Encoding of the text.

    Returns
    -------
    OboDocument
        All terms, obsolete ones included, in the order of the file.

    Raises
    ------
    GraphFormatError
        If no term is found, for bytes of another encoding, and under ``strict`` for
        the first malformed line, with its number.

    Warns
    -----
    GraphWarning
        If lines were malformed.
    """
    reader = _Reader(path, strict)
    reader.run(_joined_lines(read_lines(path, encoding=encoding)))
    document = reader.document
    if not document.ids:
        raise GraphFormatError(
            "No [Term] with an id was found; is this an OBO file?", path=path
        )
    if document.n_malformed:
        first = document.malformed[0]
        warn_user(
            f"{path}: {document.n_malformed:,} malformed lines were left out; the "
            f"first is line {first.line}, {first.reason}: {shorten(first.text)}. Pass "
            "strict=True to stop there."
        )
    return document


def read_obo_graph(
    path: PathType,
    *,
    relations: tuple[str, ...] | list[str] | str = ("is_a",),
    include_obsolete: bool = False,
    intersections: bool = False,
    directed: bool = True,
    strict: bool = False,
    encoding: str = "utf-8",
) -> Graph:
    """Read the graph of an OBO file: an edge from child to parent.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed, or ``"-"``.
    relations : sequence of str, default=("is_a",)
        Relations that become edges.
    include_obsolete : bool, default=False
        Whether obsolete terms are nodes.
    intersections : bool, default=False
        Whether ``intersection_of`` lines become edges, too.
    directed : bool, default=True
        Whether edges keep their direction.
    strict, encoding
        See `read_obo`.

    Returns
    -------
    Graph
    """
    document = read_obo(path, strict=strict, encoding=encoding)
    with blame_file(path):
        return document.graph(
            relations,
            include_obsolete=include_obsolete,
            intersections=intersections,
            directed=directed,
        )


def write_obo(
    graph: Graph, path: PathType, *, names: dict[str, str] | None = None
) -> None:
    """Write a directed, unweighted graph as an OBO file of terms and ``is_a``.

    Parameters
    ----------
    graph : Graph
        Edges lead from child to parent; ids must be texts or integers.
    path : path-like
        Where to; a compression's suffix compresses.
    names : dict of id to str or None, default=None
        Names of the terms.
    """
    if not graph.directed or graph.weighted:
        wrong, method = "undirected", "write another format, such as npz"
        if graph.directed:
            wrong, method = "weighted", "call graph.unweighted() first"
        raise GraphValueError(
            f"OBO holds edges from child to parent and this graph is {wrong}; {method}."
        )
    texts = texts_of_index(graph.nodes, what="OBO")
    if "" in texts:
        raise GraphValueError("OBO has no empty ids; rename the node.")
    ids = [grammar.escape(t, identifier=True) for t in texts]
    indptr, indices = graph.indptr, graph.indices
    with open_output(path) as file:
        file.write(b"format-version: 1.2\n")
        for row, node in enumerate(graph.nodes):
            lines = ["", "[Term]", f"id: {ids[row]}"]
            if names and node in names:
                lines.append(f"name: {grammar.escape(names[str(node)])}")
            parents = indices[indptr[row] : indptr[row + 1]].tolist()
            lines += [f"is_a: {ids[parent]}" for parent in parents]
            file.write(("\n".join(lines) + "\n").encode())


class _Reader:
    """One pass over the lines; a table says what each tag does."""

    def __init__(self, path: PathType, strict: bool) -> None:
        self.document = OboDocument()
        self._path, self._strict = path, strict
        self._rows: dict[str, int] = {}
        self._id = ""
        self._row = -1
        doc = self.document
        append = self._append
        self._term_tags: dict[str, Callable[[str], None]] = {
            "name": lambda v: self._set(doc.names, grammar.read_text(v)),
            "namespace": lambda v: self._set(doc.namespaces, grammar.read_text(v)),
            "def": lambda v: self._set(doc.definitions, grammar.read_definition(v)),
            "comment": lambda v: self._set(doc.comments, grammar.read_text(v)),
            "is_obsolete": self._obsolete,
            "is_a": self._is_a,
            "relationship": self._relationship,
            "intersection_of": self._intersection,
            "alt_id": append(doc.alt_ids, lambda v: grammar.read_ids(v, 1)[0]),
            "replaced_by": append(doc.replaced_by, lambda v: grammar.read_ids(v, 1)[0]),
            "consider": append(doc.consider, lambda v: grammar.read_ids(v, 1)[0]),
            "xref": append(doc.xrefs, grammar.read_first_id),
            "subset": append(doc.subsets, grammar.read_first_id),
            "synonym": append(doc.synonyms, grammar.read_synonym),
        }
        for tag, scope in _OLD_SYNONYMS.items():
            read = partial(grammar.read_synonym, scope=scope)
            self._term_tags[tag] = append(doc.synonyms, read)

    def run(self, lines: _Lines) -> None:
        """Read all lines into the document."""
        stanza = ""
        for number, line in lines:
            text = line.strip()
            if not text or text[0] == "!":
                continue
            try:
                if text[0] == "[" and (name := _stanza_name(text)):
                    stanza, self._id, self._row = name, "", -1
                    continue
                tag, colon, value = text.partition(":")
                if not colon or not tag or " " in tag:
                    raise grammar.OboSyntaxError("which has no 'tag: value'")
                self._take(stanza, tag, value.strip())
            except grammar.OboSyntaxError as error:
                self._malformed(number, text, str(error))

    def _take(self, stanza: str, tag: str, value: str) -> None:
        if stanza == "Term":
            if tag == "id":
                self._begin_term(grammar.read_ids(value, 1)[0])
            elif self._row < 0:
                raise grammar.OboSyntaxError("a tag before the id of its term")
            elif action := self._term_tags.get(tag):
                action(value)
        elif stanza == "Typedef":
            if tag == "id":
                self._id = grammar.read_ids(value, 1)[0]
                self.document.relation_names.setdefault(self._id, "")
            elif tag == "name" and self._id:
                self.document.relation_names[self._id] = grammar.read_text(value)
        elif not stanza:
            text = grammar.read_text(value)
            self.document.header.setdefault(tag, []).append(text)

    def _begin_term(self, name: str) -> None:
        """Start a term, or go on with one that has stanzas before."""
        self._id = name
        self._row = self._rows.setdefault(name, len(self._rows))
        if self._row == len(self.document.ids):
            self.document.add_term(name)

    def _set(self, column: list[str], value: str) -> None:
        column[self._row] = value

    def _append(
        self, column: list[list[_T]], read: Callable[[str], _T]
    ) -> Callable[[str], None]:
        return lambda value: column[self._row].append(read(value))

    def _obsolete(self, value: str) -> None:
        flag = grammar.read_text(value)
        if flag not in {"true", "false"}:
            raise grammar.OboSyntaxError("is_obsolete is neither true nor false")
        self.document.obsolete[self._row] = flag == "true"

    def _is_a(self, value: str) -> None:
        self.document.edges.append((self._id, "is_a", grammar.read_ids(value, 1)[0]))

    def _relationship(self, value: str) -> None:
        relation, other = grammar.read_ids(value, 2)
        self.document.edges.append((self._id, relation, other))

    def _intersection(self, value: str) -> None:
        relation, other = grammar.read_id_or_pair(value)
        self.document.intersections.append((self._id, relation or "is_a", other))

    def _malformed(self, number: int, text: str, reason: str) -> None:
        if self._strict:
            raise GraphFormatError(
                f"Malformed line, {reason}: {shorten(text)}. Mend it, or pass "
                "strict=False to leave such lines out.",
                path=self._path,
                line=number,
            )
        self.document.n_malformed += 1
        if len(self.document.malformed) < _KEPT_MALFORMED:
            self.document.malformed.append(MalformedLine(number, text, reason))


def _stanza_name(text: str) -> str:
    """Name of the stanza that a line begins, empty if it begins none."""
    end = text.find("]")
    rest = text[end + 1 :].lstrip()
    if end < 0 or (rest and rest[0] != "!"):
        raise grammar.OboSyntaxError("a stanza's name that does not end")
    name = text[1:end].strip()
    if name not in _STANZAS and not name.isidentifier():
        raise grammar.OboSyntaxError("a stanza of no known kind")
    return name


def _joined_lines(lines: _Lines) -> _Lines:
    """Join lines that end in a backslash with those that follow."""
    held, first = "", 0
    for number, text in lines:
        open_end = (len(text) - len(text.rstrip("\\"))) % 2 == 1
        if not held and not open_end:
            yield number, text
            continue
        first = first or number
        held += text[:-1] if open_end else text
        if not open_end:
            yield first, held
            held, first = "", 0
    if held:
        yield first, held
