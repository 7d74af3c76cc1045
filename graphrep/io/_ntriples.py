"""RDF N-Triples (.nt), one regular expression a line; N-Quads' graph is dropped."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Mapping

import numpy as np

from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import Graph, KnowledgeGraph, NodeIndex
from graphrep.graph._knowledge_graph import triples_of_graph
from graphrep.io._blame import blame_file
from graphrep.io._compression import open_output
from graphrep.io._ids import texts_of_index
from graphrep.io._lines import read_lines, shorten
from graphrep.io._triples import tell_lonely
from graphrep.typing import PathType

_IRI = r"<[^<>\"{}|^`\x00-\x20]*>"
_BLANK = r"_:[^\s<>\"]*[^\s<>\".]"
_LITERAL = rf"\"(?:[^\"\\]|\\.)*\"(?:\^\^{_IRI}|@[A-Za-z]+(?:-[A-Za-z0-9]+)*)?"
_LINE = re.compile(
    rf"[ \t]*({_IRI}|{_BLANK})[ \t]*({_IRI})[ \t]*({_IRI}|{_BLANK}|{_LITERAL})"
    rf"[ \t]*(?:(?:{_IRI}|{_BLANK})[ \t]*)?\.[ \t]*(?:#.*)?"
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED = {
    "t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f",
    '"': '"', "'": "'", "\\": "\\",
}  # fmt: skip
_UNESCAPED = {
    "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t",
}  # fmt: skip
_SPECIAL = re.compile(r"[\\\"\x00-\x1f\x7f]")
_IRI_FORBIDDEN = re.compile(r"[<>\"{}|^`\\\x00-\x20]")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_BLANK_ID = re.compile(_BLANK)
_LITERAL_ID = re.compile(
    rf"\"(.*)\"(\^\^{_IRI}|@[A-Za-z]+(?:-[A-Za-z0-9]+)*)?", re.DOTALL
)
_LARGEST_CODE_POINT = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
_RELATION = "http://www.w3.org/2004/02/skos/core#related"
LITERALS = ("drop", "keep")


def read_ntriples(
    path: PathType,
    *,
    literals: str = "drop",
    prefixes: Mapping[str, str] | None = None,
    encoding: str = "utf-8",
    allow_empty: bool = False,
) -> KnowledgeGraph:
    """Read triples from an N-Triples or N-Quads file.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed, or ``"-"``.
    literals : {"drop", "keep"}, default="drop"
        Whether triples whose object is a literal are left out, or kept with an
        entity such as ``'"text"@en'``.
    prefixes : mapping of str to str or None, default=None
        ``{"HP": "http://purl.obolibrary.org/obo/HP_"}`` turns an IRI that begins so
        into ``HP:0000118``; of several beginnings the longest counts.
    encoding : str, default="utf-8"
        Encoding of the text.
    allow_empty : bool, default=False
        Whether a file without triples is fine.

    Returns
    -------
    KnowledgeGraph
        IRIs stand without angle brackets, blank nodes as ``_:name``. ``n_dropped``
        counts the triples left out for their literal.

    Raises
    ------
    GraphFormatError
        With the line, for a line that is no triple, a bad escape, and an IRI that
        reads like another one after shortening.
    """
    if literals not in LITERALS:
        raise GraphValueError(f"literals must be 'drop' or 'keep'; got {literals!r}.")
    term_of = _reader_of_terms(prefixes or {})
    entities, relations = _Table(term_of), _Table(term_of)
    head, relation, tail = (array("q") for _ in range(3))
    drop, n_dropped = literals == "drop", 0
    match = _LINE.fullmatch
    for number, text in read_lines(path, encoding=encoding):
        found = match(text)
        if found is None:
            if not text.strip() or text.lstrip().startswith("#"):
                continue
            raise _bad_line(text, number, path)
        s, p, o = found.groups()
        if drop and o[0] == '"':
            n_dropped += 1
            continue
        try:
            head.append(entities[s])
            relation.append(relations[p])
            tail.append(entities[o])
        except ValueError as error:
            raise GraphFormatError(str(error), path=path, line=number) from None
    if not head and not allow_empty:
        raise _nothing(n_dropped, path)
    with blame_file(path):
        names, kinds = entities.index(), relations.index()
    rows = np.stack([np.asarray(c, np.int64) for c in (head, relation, tail)], axis=1)
    return KnowledgeGraph(rows, names, kinds, n_dropped=n_dropped)


def read_ntriples_graph(
    path: PathType,
    *,
    relation: str | list[str] | None = None,
    collapse: bool = False,
    directed: bool = True,
    duplicates: str = "first",
    literals: str = "drop",
    prefixes: Mapping[str, str] | None = None,
    encoding: str = "utf-8",
    allow_empty: bool = False,
) -> Graph:
    """Read a graph from an N-Triples file: an edge from subject to object.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed, or ``"-"``.
    relation : str, list of str or None, default=None
        Predicates to take; None takes all, which must be one unless ``collapse``.
    collapse : bool, default=False
        Whether several predicates may become edges of one kind.
    directed : bool, default=True
        Whether edges keep their direction.
    duplicates : {"first", "sum", "max", "mean", "error"}, default="first"
        What to do when a pair is joined more than once: "first" gives weight one,
        "sum" counts.
    literals, prefixes, encoding, allow_empty
        See `read_ntriples`.

    Returns
    -------
    Graph
    """
    triples = read_ntriples(
        path,
        literals=literals,
        prefixes=prefixes,
        encoding=encoding,
        allow_empty=allow_empty,
    )
    with blame_file(path):
        return triples.graph(
            relation, collapse=collapse, directed=directed, duplicates=duplicates
        )


def write_ntriples(
    triples: KnowledgeGraph | Graph,
    path: PathType,
    *,
    prefixes: Mapping[str, str] | None = None,
    relation: str = _RELATION,
) -> None:
    """Write triples to an N-Triples file.

    Parameters
    ----------
    triples : KnowledgeGraph or Graph
        What to write. A graph must be unweighted; an undirected edge is one triple.
    path : path-like
        Where to; a compression's suffix compresses.
    prefixes : mapping of str to str or None, default=None
        Beginnings of IRIs by prefix: ``HP:0000118`` is written out in full. The
        empty prefix stands for ids that have none.
    relation : str, default=skos:related
        Predicate of the edges of a graph, an IRI.

    Raises
    ------
    GraphValueError
        If an id is no absolute IRI, blank node or literal.

    Warns
    -----
    GraphWarning
        If entities stand in no triple: the format has no place for them.
    """
    if isinstance(triples, Graph):
        triples = triples_of_graph(triples, relation)
    prefixes = prefixes or {}
    names, kinds = (
        [_write_term(t, prefixes) for t in texts_of_index(index, what="N-Triples")]
        for index in (triples.entities, triples.relations)
    )
    tell_lonely(triples, "N-Triples")
    _refuse_misplaced(triples, names, kinds)
    codes = (triples.head.tolist(), triples.relation.tolist(), triples.tail.tolist())
    with open_output(path) as file:
        for h, r, t in zip(*codes, strict=True):
            file.write(f"{names[h]} {kinds[r]} {names[t]} .\n".encode())


class _Table(dict[str, int]):
    """Code of each term as it stands in the file; different spellings share one."""

    def __init__(self, term_of: Callable[[str], str]) -> None:
        super().__init__()
        self._term_of = term_of
        self._codes: dict[str, int] = {}

    def __missing__(self, raw: str) -> int:
        code = self._codes.setdefault(self._term_of(raw), len(self._codes))
        self[raw] = code
        return code

    def index(self) -> NodeIndex:
        ids = np.empty(len(self._codes), object)
        ids[:] = list(self._codes)
        return NodeIndex(ids)


def _reader_of_terms(prefixes: Mapping[str, str]) -> Callable[[str], str]:
    """Make the function from a term in the file to its id."""
    longest_first = sorted(prefixes.items(), key=lambda p: (-len(p[1]), p[0]))

    def read(raw: str) -> str:
        if raw[0] == "_":
            return raw
        if raw[0] == '"':
            end = raw.rindex('"')
            return '"' + _unescape(raw[1:end]) + raw[end:]
        iri = _unescape(raw[1:-1])
        for prefix, start in longest_first:
            if iri.startswith(start):
                return f"{prefix}:{iri[len(start) :]}" if prefix else iri[len(start) :]
        if iri.partition(":")[0] in prefixes:
            raise ValueError(
                f"IRI {shorten(iri)} reads like one shortened by prefixes=. "
                "Choose another prefix."
            )
        return iri

    return read


def _unescape(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(found: re.Match[str]) -> str:
    digits = found.group(1) or found.group(2)
    if digits is None:
        if found.group(3) not in _ESCAPED:
            raise ValueError(f"Escape {shorten(found.group())} is not known.")
        return _ESCAPED[found.group(3)]
    code = int(digits, 16)
    if code > _LARGEST_CODE_POINT or code in _SURROGATES:
        raise ValueError(f"Escape {shorten(found.group())} is no character.")
    return chr(code)


def _write_term(text: str, prefixes: Mapping[str, str]) -> str:
    if _BLANK_ID.fullmatch(text):
        return text
    if literal := _LITERAL_ID.fullmatch(text):
        escaped = _SPECIAL.sub(_escape, literal.group(1))
        return f'"{escaped}"{literal.group(2) or ""}'
    prefix, colon, local = text.partition(":")
    if colon and prefix in prefixes:
        text = prefixes[prefix] + local
    elif "" in prefixes and not _ABSOLUTE.match(text):
        text = prefixes[""] + text
    if not _ABSOLUTE.match(text) or _IRI_FORBIDDEN.search(text):
        raise GraphValueError(
            f"Id {shorten(text)} is no absolute IRI. Pass prefixes=, for instance "
            "{'': 'http://example.org/'} to put that before ids, or rename the node."
        )
    return f"<{text}>"


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    return _UNESCAPED.get(character) or f"\\u{ord(character):04X}"


def _refuse_misplaced(
    triples: KnowledgeGraph, names: list[str], kinds: list[str]
) -> None:
    literal = np.array([name[0] == '"' for name in names], bool)
    if len(triples) and literal[triples.head].any():
        at = int(triples.head[int(np.argmax(literal[triples.head]))])
        raise GraphValueError(
            f"Literal {shorten(names[at])} is a subject; only objects can be literals."
        )
    for kind in kinds:
        if kind[0] != "<":
            raise GraphValueError(f"Predicate {shorten(kind)} is no IRI.")


def _bad_line(text: str, number: int, path: PathType) -> GraphFormatError:
    return GraphFormatError(
        f"The line is no triple 'subject predicate object .': {shorten(text)}.",
        path=path,
        line=number,
    )


def _nothing(n_dropped: int, path: PathType) -> GraphFormatError:
    hint = "Pass allow_empty=True if that is right."
    if n_dropped:
        hint = f"All {n_dropped:,} have literals; pass literals='keep'."
    return GraphFormatError(f"No triples found. {hint}", path=path)
