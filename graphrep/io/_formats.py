"""The formats of graph files: found by suffix, then by content; read and written."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphrep.exceptions import GraphFormatError, GraphTypeError
from graphrep.io._compression import STANDARD_STREAM, open_input, strip_compression
from graphrep.typing import PathType

if TYPE_CHECKING:
    from graphrep.graph import Graph

_SNIFFED_BYTES = 1 << 16
_FIRST_LINE_BYTES = 1 << 12
_ENDS, _KINDS = {b"node1", b"node2"}, {b"relation", b"label", b"predicate"}  # of KGTK
_BINARY_MARKS = {b"PAR1": "parquet", b"ARROW1": "arrow", b"PK\x03\x04": "npz"}
_NTRIPLES_LINE = re.compile(rb"\s*(<[^<>\s]*>|_:\S+)\s+<[^<>\s]*>\s+\S.*\.\s*$")
_TEXT_DELIMITERS = (b"\t", b",", b";", b"|", None)
_MOST_COLUMNS = 3


@dataclass(frozen=True)
class Format:
    """One format of graph files.

    Attributes
    ----------
    name : str
        Name for ``format=`` and for the command line.
    suffixes : tuple of str
        Suffixes that speak of it; a suffix of a compression may follow.
    reader, writer : str or None
        ``"module:function"``, imported when first used; None where there is none.
    description : str
        A few words for people.
    """

    name: str
    suffixes: tuple[str, ...]
    reader: str | None
    writer: str | None
    description: str


def _format(
    name: str, suffixes: str, module: str, description: str, *, ending: str = ""
) -> Format:
    """Describe a format; ``ending`` where ``read_<name>`` gives more than a graph."""
    home = f"graphrep.io.{module}"
    reader, writer = f"{home}:read_{name}{ending}", f"{home}:write_{name}"
    return Format(name, tuple(suffixes.split()), reader, writer, description)


_GRAPH = "_graph"


_FORMATS = (
    Format(
        "edgelist",
        (".tsv", ".csv", ".txt", ".edges", ".edgelist", ".ssv"),
        "graphrep.io._edgelist:read_edgelist",
        "graphrep.io._edgelist_write:write_edgelist",
        "one edge a line: source, target and perhaps weight",
    ),
    _format("parquet", ".parquet", "_parquet", "edge table in Apache Parquet"),
    _format("arrow", ".arrow .feather .ipc", "_parquet", "edge table in Apache Arrow"),
    _format("npz", ".npz", "_npz", "numpy archive of the CSR arrays and ids"),
    _format("matrixmarket", ".mtx", "_matrix_market", "MatrixMarket coordinates"),
    _format("metis", ".graph .metis", "_metis", "METIS adjacency lists"),
    _format("graphml", ".graphml", "_graphml", "GraphML"),
    _format("obo", ".obo", "_obo", "terms and is_a in OBO", ending=_GRAPH),
    _format(
        "triples",
        ".triples",
        "_triples",
        "head, relation, tail; one a line",
        ending=_GRAPH,
    ),
    _format("ntriples", ".nt .nq", "_ntriples", "RDF N-Triples", ending=_GRAPH),
    Format(
        "store",
        (".store",),
        "graphrep.io._graph_store_write:read_store",
        "graphrep.io._graph_store_write:write_store",
        "directory of arrays that are mapped, for graphs larger than memory",
    ),
    Format(
        "kgtk",
        (".kgtk",),
        "graphrep.io._kgtk:read_kgtk_graph",
        None,
        "edge file of KGTK, such as CSKG: columns named by a header",
    ),
    Format(
        "conceptnet",
        (),
        "graphrep.io._conceptnet:read_conceptnet_graph",
        None,
        "assertions of ConceptNet: a dump, or ConceptNet-100K",
    ),
)
_BY_NAME = {entry.name: entry for entry in _FORMATS}
_BY_SUFFIX = {suffix: entry.name for entry in _FORMATS for suffix in entry.suffixes}


def formats() -> list[Format]:
    """List the formats of graph files.

    Returns
    -------
    list of Format
        Each with its name, suffixes, reader, writer and description.
    """
    return list(_FORMATS)


def sniff(path: PathType) -> str:
    """Name the format of a graph file from its suffix, else from its content.

    Parameters
    ----------
    path : path-like
        File to look at. Its suffix decides if it is known, a suffix of a compression
        aside; otherwise its first 64 KiB do. Tables (``.tsv``, ``.csv``, ``.txt``)
        whose first line is that of a knowledge graph are looked into. A directory
        with a manifest counts as a graph store, standard input (``"-"``) as an edge
        list.

    Returns
    -------
    str
        A name that `formats` lists.

    Raises
    ------
    GraphFormatError
        If neither the suffix nor the content speaks of a known format.
    IsADirectoryError
        For a directory that is no graph store.
    """
    if os.fspath(path) == STANDARD_STREAM:
        return "edgelist"
    folder = Path(path)
    if folder.is_dir():
        from graphrep.io._store_files import MANIFEST

        if folder.suffix != ".store" and not (folder / MANIFEST).exists():
            raise IsADirectoryError(
                f"{folder} is a folder and no graph store: it has no {MANIFEST}. Name "
                "a file in it."
            )
        return "store"
    name = _name_by_suffix(path)
    if name is None:
        with open_input(path) as file:
            name = _name_by_content(file.read(_SNIFFED_BYTES))
    elif name == "edgelist" and Path(path).is_file():
        name = _name_by_first_line(path) or name
    if name is None:
        raise GraphFormatError(
            "Neither the suffix nor the first bytes tell the format. Pass format= "
            f"with one of {_known()}.",
            path=path,
        )
    return name


def read(path: PathType, *, format: str | None = None, **options: Any) -> Graph:
    """Read a graph from a file.

    Parameters
    ----------
    path : path-like
        File to read, compressed or not; ``"-"`` is standard input.
    format : str or None, default=None
        Name of the format; None finds out with `sniff`.
    **options
        Options of the format's reader, such as ``directed=True``.

    Returns
    -------
    Graph

    Raises
    ------
    GraphFormatError
        If the format is not known or the file breaks it; the message says where.
    GraphTypeError
        For an option that the format's reader does not have.
    """
    entry = _entry(sniff(path) if format is None else format)
    if entry.reader is None:
        raise GraphFormatError(
            f"Format {entry.name!r} can be written but not read.", path=path
        )
    function = resolve(entry.reader)
    check_options(function, entry.name, "reading", options, n_own=1)
    graph: Graph = function(path, **options)
    return graph


def write(
    graph: Graph,
    path: PathType,
    *,
    format: str | None = None,
    overwrite: bool = True,
    **options: Any,
) -> None:
    """Write a graph to a file.

    Parameters
    ----------
    graph : Graph
        What to write.
    path : path-like
        Where to; the file appears when it is complete. ``"-"`` is standard output.
    format : str or None, default=None
        Name of the format; None takes it from the suffix.
    overwrite : bool, default=True
        Whether a file that is there may be replaced.
    **options
        Options of the format's writer.

    Raises
    ------
    FileExistsError
        If the file is there and ``overwrite`` is False.
    GraphFormatError
        If the suffix is not known or the format cannot be written.
    GraphTypeError
        For an option that the format's writer does not have.
    """
    entry = _entry(_name_for_writing(path) if format is None else format)
    if entry.writer is None:
        raise GraphFormatError(
            f"Format {entry.name!r} can be read but not written. Formats that can "
            f"are {_known(writable=True)}.",
            path=path,
        )
    if not overwrite and os.fspath(path) != STANDARD_STREAM and Path(path).exists():
        raise FileExistsError(
            f"{path}: the file is there already; pass overwrite=True to replace it."
        )
    function = resolve(entry.writer)
    check_options(function, entry.name, "writing", options, n_own=2)
    function(graph, path, **options)


def _entry(name: str) -> Format:
    if name not in _BY_NAME:
        raise GraphFormatError(
            f"Format {name!r} is not known; choose one of {_known()}."
        )
    return _BY_NAME[name]


def _known(*, writable: bool = False) -> str:
    return ", ".join(e.name for e in _FORMATS if e.writer or not writable)


def resolve(spec: str) -> Callable[..., Any]:
    """Import a function named as ``"module:function"``."""
    module, _, name = spec.partition(":")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function


def check_options(
    function: Callable[..., Any],
    name: str,
    verb: str,
    options: dict[str, Any],
    n_own: int,
) -> None:
    """Refuse an option that a reader or writer does not have, and name those it has."""
    parameters = list(inspect.signature(function).parameters.values())[n_own:]
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return
    known = [p.name for p in parameters]
    for option in options:
        if option not in known:
            raise GraphTypeError(
                f"Unknown option {option!r} for {verb} format {name!r}; its options "
                f"are {', '.join(known) or 'none'}."
            )


def _name_by_suffix(path: PathType) -> str | None:
    return _BY_SUFFIX.get(Path(strip_compression(path)).suffix.lower())


def _name_for_writing(path: PathType) -> str:
    name = "edgelist" if os.fspath(path) == STANDARD_STREAM else _name_by_suffix(path)
    if name is None:
        raise GraphFormatError(
            f"The suffix does not tell the format. Use one of {', '.join(_BY_SUFFIX)}, "
            f"or pass format= with one of {_known(writable=True)}.",
            path=path,
        )
    return name


def _name_by_first_line(path: PathType) -> str | None:
    """Name of the knowledge graphs that come with the suffix of an edge list."""
    try:
        with open_input(path) as file:
            head = file.read(_FIRST_LINE_BYTES)
    except (GraphFormatError, OSError):  # left to the reader, which says more
        return None
    return _name_of_knowledge_graph(head.removeprefix(b"\xef\xbb\xbf"))


def _name_of_knowledge_graph(head: bytes) -> str | None:
    first = head.lstrip().split(b"\n", 1)[0].rstrip(b"\r").split(b"\t")
    if set(first) >= _ENDS and _KINDS & set(first):
        return "kgtk"
    if first[0].startswith(b"/a/[") and first[1:] and first[1].startswith(b"/r/"):
        return "conceptnet"
    return None


def _name_by_content(head: bytes) -> str | None:
    for mark, name in _BINARY_MARKS.items():
        if head.startswith(mark):
            return name
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:14].lower() == b"%%matrixmarket":
        return "matrixmarket"
    if text.startswith(b"<") and b"<graphml" in text:
        return "graphml"
    if text.startswith(b"format-version:") or re.search(rb"^\[Term\]", text, re.M):
        return "obo"
    if knowledge := _name_of_knowledge_graph(text):
        return knowledge
    lines = text.splitlines()
    if len(head) == _SNIFFED_BYTES:
        lines = lines[:-1]  # the last one may be cut
    lines = [line for line in lines if line.strip() and line[:1] not in b"#%"]
    if not lines or b"\0" in head:
        return None
    if all(_NTRIPLES_LINE.match(line) for line in lines):
        return "ntriples"
    return "edgelist" if _is_edge_list(lines) else None


def _is_edge_list(lines: list[bytes]) -> bool:
    """Tell whether every line has two columns, or every line three."""
    for delimiter in _TEXT_DELIMITERS:
        columns = {len(line.strip().split(delimiter)) for line in lines}
        if columns <= {1, *range(2, _MOST_COLUMNS + 1)} and columns != {1}:
            return True
    return False
