"""Graphs and small tables that commands read: their options and how they are read."""

from __future__ import annotations

import ast
import functools
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from graphrep.cli._help import Function, option
from graphrep.exceptions import GraphTypeError
from graphrep.io import formats

if TYPE_CHECKING:
    from graphrep.graph import Graph, NodeIndex

FORMATS = [entry.name for entry in formats()]
_STANDARD_INPUT = "-"
_SECTION = "Input"
_WORDS = {"true": True, "false": False, "none": None}
READABLE_FILE = click.Path(exists=True, allow_dash=True, path_type=str)


class _Columns(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """Columns with commas between: numbers or names."""

    name = "A,B[,C]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """Split the text; digits are numbers."""
        if not isinstance(value, str):
            return value
        return tuple(int(p) if p.isdecimal() else p for p in value.split(","))


class _NamedValue(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """One ``name=value``; the value is a Python literal where it reads as one."""

    name = "NAME=VALUE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """Split the text and read its value."""
        if not isinstance(value, str):
            return value
        key, sign, text = value.partition("=")
        if not (key and sign):
            self.fail(f"{value!r} is not of the form name=value.", param, ctx)
        return key.replace("-", "_"), _literal(text)


def _literal(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


class GraphSource:
    """A graph file and how the command line says to read it.

    Parameters
    ----------
    path : str
        The file; ``"-"`` is standard input.
    format : str or None, default=None
        Its format; None finds out.
    directed : bool or None, default=None
        Whether edges have a direction; None leaves it to the reader.
    unweighted : bool, default=False
        Give every edge weight one.
    options : dict or None, default=None
        Further options of the reader; those that are None are left out.
    """

    def __init__(
        self,
        path: str,
        *,
        format: str | None = None,
        directed: bool | None = None,
        unweighted: bool = False,
        options: dict[str, Any] | None = None,
    ) -> None:
        self.path = path
        self.format = format
        self.directed = directed
        self.unweighted = unweighted
        self.options = {**(options or {}), "directed": directed}
        self.options = {k: v for k, v in self.options.items() if v is not None}

    @property
    def name(self) -> str:
        """The file as people call it."""
        return "standard input" if self.path == _STANDARD_INPUT else self.path

    @property
    def is_store(self) -> bool:
        """Whether it is a graph store, taken as it is."""
        as_it_is = self.directed is None and not self.unweighted
        return as_it_is and self.format in (None, "store") and Path(self.path).is_dir()

    def read(self) -> Graph:
        """Read the graph."""
        from graphrep.graph import Graph
        from graphrep.io import read

        try:
            graph = read(self.path, format=self.format, **self.options)
        except GraphTypeError as error:  # an option that the format does not have
            raise click.UsageError(str(error)) from error
        if not self.unweighted or not graph.weighted:
            return graph
        return Graph.from_csr(
            graph.indptr, graph.indices, nodes=graph.nodes, directed=graph.directed
        )


def graph_input(function: Function) -> Function:
    """Give a command the argument GRAPH and its options, as one `GraphSource`."""

    @click.argument("graph", type=READABLE_FILE)
    @option(
        "--format-in",
        section=_SECTION,
        type=click.Choice(FORMATS),
        metavar="FORMAT",
        help=f"Format of GRAPH: {', '.join(FORMATS)}. Found out if not given.",
    )
    @option(
        "--directed/--undirected",
        section=_SECTION,
        default=None,
        help="Whether an edge has a direction; the format decides if not given.",
    )
    @option(
        "--weighted/--unweighted",
        section=_SECTION,
        default=True,
        help="Whether to use the weights of GRAPH or count every edge as one.",
    )
    @option(
        "--columns",
        section=_SECTION,
        type=_Columns(),
        help="Columns of source, target and weight: names, or numbers from 0.",
    )
    @option(
        "--header/--no-header",
        section=_SECTION,
        default=None,
        help="Whether the first line names the columns; found out if not given.",
    )
    @option(
        "--nodes",
        section=_SECTION,
        type=READABLE_FILE,
        help="File with all node ids, one a line, in the order of the rows.",
    )
    @option(
        "-O",
        "read_options",
        section=_SECTION,
        multiple=True,
        type=_NamedValue(),
        help="Any other option of the format's reader, such as duplicates=max.",
    )
    @functools.wraps(function)
    def command(
        *args: Any,
        graph: str,
        format_in: str | None,
        directed: bool | None,
        weighted: bool,
        columns: tuple[int | str, ...] | None,
        header: bool | None,
        nodes: str | None,
        read_options: list[tuple[str, Any]],
        **options: Any,
    ) -> Any:
        more = dict(read_options)
        if "directed" in more:  # the option of its own is the one that counts
            raise click.UsageError(
                "Say --directed or --undirected in place of -O directed=."
            )
        source = GraphSource(
            graph,
            format=format_in,
            directed=directed,
            unweighted=not weighted,
            options={
                "columns": columns,
                "header": header,
                "nodes": nodes,
                **more,
            },
        )
        return function(*args, source=source, **options)

    return command


def parse_ids(texts: Sequence[str], nodes: NodeIndex) -> list[Hashable]:
    """Ids as the command line gives them, turned into ids of the index.

    Integers where the index has integers; an id that is not there is left as it is
    and fails at the look-up, with close matches.
    """
    if not nodes.is_integer:
        return list(texts)
    return [int(text) if text.lstrip("-").isdecimal() else text for text in texts]


def read_names(path: str) -> dict[str, str]:
    """Read a table of two columns, id and text; tabs or, in a .csv file, commas.

    The first line of an id counts. A header is but one more id, of no node.
    """
    import csv
    import io

    from graphrep.exceptions import GraphFormatError
    from graphrep.io._compression import open_input, strip_compression

    is_csv = strip_compression(path).lower().endswith(".csv")
    names: dict[str, str] = {}
    with io.TextIOWrapper(open_input(path), "utf-8-sig", newline="") as file:
        rows = (
            csv.reader(file)
            if is_csv
            else csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        )
        for row in rows:
            if len(row) == 1:
                raise GraphFormatError(
                    f"expected an id and a text, found one column: {row[0][:80]!r}. "
                    f"Separate them by a {'comma' if is_csv else 'tab'}.",
                    path=path,
                    line=rows.line_num,
                )
            if row:
                names.setdefault(row[0], row[1])
    return names
