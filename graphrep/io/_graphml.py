"""GraphML: nodes, edges and one weight, read as a stream and written as text."""

from __future__ import annotations

import math
import re
from array import array
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

import numpy as np

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Graph
from graphrep.io._blame import blame_file
from graphrep.io._compression import open_input, open_output
from graphrep.io._ids import index_from_texts, refuse_characters, texts_of_index
from graphrep.io._lines import shorten
from graphrep.typing import PathType

_PIECE = 1 << 16
_NAMESPACE_SEPARATOR = " "
_NUMERIC = {"int": "d", "long": "d", "double": "d", "float": "f", "boolean": ""}
_DIRECTIONS = {"directed": True, "undirected": False}
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns \
http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">
"""


def read_graphml(
    path: PathType,
    *,
    weight: str | None = "weight",
    id_dtype: str | None = None,
    duplicates: str = "sum",
    allow_empty: bool = False,
) -> Graph:
    """Read a graph from a GraphML file.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed, or ``"-"``.
    weight : str or None, default="weight"
        ``attr.name`` of the edges' weight; None reads none. An edge without it has
        the key's default, else one.
    id_dtype : {None, "int64", "str"}, default=None
        None gives integers where all ids are canonical integers.
    duplicates : {"sum", "first", "max", "mean", "error"}, default="sum"
        What to do with an edge that is given more than once.
    allow_empty : bool, default=False
        Whether a file without nodes is fine.

    Returns
    -------
    Graph
        Nodes in the order of the file; other attributes are passed over.

    Raises
    ------
    GraphFormatError
        With the line, for XML that is not well formed or has a document type (which
        could name entities), hyperedges, nested graphs, edges of both kinds in one
        graph, an end that is no node, and a weight that is no number.
    """
    content = _Content(path, weight)
    _parse(content, path)
    if not content.nodes and not allow_empty:
        raise GraphFormatError(
            "No nodes found. Pass allow_empty=True if that is right.", path=path
        )
    order = content.order()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    texts = list(content.nodes)
    weights = None
    if content.has_weights:
        weights = np.array(content.weights, np.dtype(content.weight_code))
    with blame_file(path):
        return Graph.from_codes(
            rank[np.array(content.source, np.int64)],
            rank[np.array(content.target, np.int64)],
            weights,
            nodes=index_from_texts([texts[i] for i in order], id_dtype, path),
            directed=content.directed,
            duplicates=duplicates,
        )


def write_graphml(graph: Graph, path: PathType) -> None:
    """Write a graph to a GraphML file.

    Parameters
    ----------
    graph : Graph
        Its ids must be all integers or all texts of characters that XML allows.
    path : path-like
        Where to; a compression's suffix compresses.

    Notes
    -----
    Weights are an attribute named ``weight``, of type float or double like those of
    the graph, and read back exactly.
    """
    names = texts_of_index(graph.nodes, what="GraphML")
    refuse_characters(
        names, _NOT_XML, what="GraphML",
        remedy="Rename the node, or write npz or parquet.",
    )  # fmt: skip
    names = [quoteattr(name) for name in names]
    rows, columns, weights = graph.edges()
    kind = "directed" if graph.directed else "undirected"
    with open_output(path) as file:
        file.write(_HEADER.encode())
        if weights is not None:
            number = "float" if weights.dtype == np.float32 else "double"
            file.write(
                '<key id="weight" for="edge" attr.name="weight" '
                f'attr.type="{number}"/>\n'.encode()
            )
        file.write(f'<graph edgedefault="{kind}">\n'.encode())
        for name in names:
            file.write(f"<node id={name}/>\n".encode())
        for e, (i, j) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
            edge = f"<edge source={names[i]} target={names[j]}"
            if weights is None:
                edge += "/>\n"
            else:  # str of a numpy float is its shortest exact form
                edge += f'><data key="weight">{weights[e]!s}</data></edge>\n'
            file.write(edge.encode())
        file.write(b"</graph>\n</graphml>\n")


class _Content:
    """What a GraphML file says, filled by the handlers of an expat parser."""

    def __init__(self, path: PathType, weight: str | None) -> None:
        self.nodes: dict[str, int] = {}
        self.source, self.target, self.weights = array("q"), array("q"), array("d")
        self.directed = False
        self.has_weights = False
        self.weight_code = "d"
        self._declared: dict[int, None] = {}
        self._end_lines: dict[int, int] = {}
        self._path, self._weight = path, weight
        self._weight_key: str | None = None
        self._default = 1.0
        self._kind_default = False
        self._open: list[str] = []
        self._text: list[str] | None = None
        self._seen_graph = False
        self.parser = expat.ParserCreate(None, _NAMESPACE_SEPARATOR)
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype
        self.parser.EntityDeclHandler = self._refuse_doctype

    def order(self) -> list[int]:
        """Codes of the nodes in the order of their declaration."""
        for code, line in self._end_lines.items():
            if code not in self._declared:
                name = shorten(list(self.nodes)[code])
                raise GraphFormatError(
                    f"An edge ends at {name}, which no <node> declares.",
                    path=self._path,
                    line=line,
                )
        return list(self._declared)

    # -- handlers ----------------------------------------------------------------
    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(_NAMESPACE_SEPARATOR)[2]
        if not self._open and name != "graphml":
            raise self._error(f"The root element is <{name[:80]}>, not <graphml>.")
        parent = self._open[-1] if self._open else ""
        self._open.append(name)
        if name == "edge":
            self._edge(attributes)
        elif name == "node":
            self._node(attributes)
        elif name == "data":
            if parent == "edge" and self._need(attributes, "key") == self._weight_key:
                self._text = []
        elif name == "graph":
            self._graph(attributes)
        elif name == "key":
            self._key(attributes)
        elif name == "default" and parent == "key" and self._kind_default:
            self._text = []
        elif name == "hyperedge":
            raise self._error("Hyperedges are no part of a graph; remove them.")

    def _end(self, name: str) -> None:
        closed = self._open.pop()
        if closed == "key":
            self._kind_default = False
        if self._text is None or closed not in {"data", "default"}:
            return
        value = self._number("".join(self._text))
        self._text = None
        if closed == "data":
            self.weights[-1] = value
        else:
            self._default = value
        self.has_weights = True

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _refuse_doctype(self, *_: object) -> None:
        raise self._error(
            "The file has a document type or entities; such files are not read, "
            "since they can name other files or grow without bound. Remove them."
        )

    # -- elements ----------------------------------------------------------------
    def _graph(self, attributes: dict[str, str]) -> None:
        if self._seen_graph:
            raise self._error(
                "A second <graph> stands in the file; nested and several graphs are "
                "not read. Keep one."
            )
        self._seen_graph = True
        default = self._need(attributes, "edgedefault")
        if default not in _DIRECTIONS:
            raise self._error(
                "edgedefault must be 'directed' or 'undirected'; got "
                f"{shorten(default)}."
            )
        self.directed = _DIRECTIONS[default]

    def _key(self, attributes: dict[str, str]) -> None:
        domain = attributes.get("for", "all")
        wanted = attributes.get("attr.name") == self._weight is not None
        if not wanted or domain not in {"edge", "all"}:
            return
        kind = attributes.get("attr.type", "double")
        if not _NUMERIC.get(kind):
            raise self._error(
                f"The weights have attr.type {shorten(kind)}; int, long, float or "
                "double is expected. Pass weight=None to read none."
            )
        self._weight_key = self._need(attributes, "id")
        self.weight_code = _NUMERIC[kind]
        self._kind_default = True

    def _node(self, attributes: dict[str, str]) -> None:
        self._require_graph("node")
        text = self._need(attributes, "id")
        code = self.nodes.setdefault(text, len(self.nodes))
        if code in self._declared:
            raise self._error(f"Node {shorten(text)} is declared twice.")
        self._declared[code] = None

    def _edge(self, attributes: dict[str, str]) -> None:
        self._require_graph("edge")
        directed = self.directed
        if "directed" in attributes:
            flag = attributes["directed"]
            if flag not in _FLAGS:
                raise self._error(f"directed must be true or false; got {flag[:80]!r}.")
            directed = _FLAGS[flag]
            if not self.source:  # the edges' own word counts if they agree
                self.directed = directed
        if directed != self.directed:
            raise self._error(
                "Directed and undirected edges are mixed; make all of one kind."
            )
        self.source.append(self._code(self._need(attributes, "source")))
        self.target.append(self._code(self._need(attributes, "target")))
        self.weights.append(self._default)

    def _code(self, text: str) -> int:
        code = self.nodes.setdefault(text, len(self.nodes))
        if code not in self._declared:
            self._end_lines.setdefault(code, self.parser.CurrentLineNumber)
        return code

    # -- help --------------------------------------------------------------------
    def _require_graph(self, name: str) -> None:
        if not self._seen_graph:
            raise self._error(f"<{name}> stands outside <graph>.")

    def _need(self, attributes: dict[str, str], name: str) -> str:
        if name not in attributes:
            raise self._error(f"<{self._open[-1]}> lacks the attribute {name!r}.")
        return attributes[name]

    def _number(self, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value >= 0):
            raise self._error(
                f"Edge weight {shorten(text)} is no finite number from zero up."
            )
        return value

    def _error(self, message: str) -> GraphFormatError:
        line = self.parser.CurrentLineNumber
        return GraphFormatError(message, path=self._path, line=line)


def _parse(content: _Content, path: PathType) -> None:
    with open_input(path) as file:
        try:
            while piece := file.read(_PIECE):
                content.parser.Parse(piece, False)
            content.parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise GraphFormatError(
                f"The XML is not well formed: {expat.ErrorString(error.code)}. "
                "Was the file cut off or edited by hand?",
                path=path,
                line=error.lineno,
            ) from None
        except (LookupError, ValueError) as error:
            if isinstance(error, GraphFormatError):
                raise
            raise GraphFormatError(
                f"The XML cannot be read: {error}.", path=path
            ) from None
