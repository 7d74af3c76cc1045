"""Hypergraph files that commands read and write: their options and how."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

from graphrep.cli._help import Function, option
from graphrep.cli._inputs import READABLE_FILE
from graphrep.io import hypergraph_formats

if TYPE_CHECKING:
    from graphrep.graph import Graph, Hypergraph

FORMATS = [entry.name for entry in hypergraph_formats()]
WRITABLE = [entry.name for entry in hypergraph_formats() if entry.writer]
_SECTION = "Input"


def hypergraph_input(function: Function) -> Function:
    """Give a command the argument HYPERGRAPH and its format, read by `read`."""

    @click.argument("hypergraph", type=READABLE_FILE)
    @option(
        "--format-in",
        section=_SECTION,
        type=click.Choice(FORMATS),
        metavar="FORMAT",
        help=f"Format of HYPERGRAPH: {', '.join(FORMATS)}. Found out if not given.",
    )
    @option(
        "--min-size",
        section=_SECTION,
        type=click.IntRange(1),
        default=1,
        show_default=True,
        help="Smallest hyperedge that counts.",
    )
    @functools.wraps(function)
    def command(*args: Any, **options: Any) -> Any:
        return function(*args, **options)

    return command


def read(path: str, format: str | None = None) -> Hypergraph:
    """Read a hypergraph as the command line names it."""
    from graphrep.io import read_hypergraph

    return read_hypergraph(path, format=format)


def check_format(path: str, format: str | None) -> None:
    """Refuse a file of hyperedges whose format is not clear, before any work."""
    from graphrep.io import _hypergraph_formats as formats

    if format is None and path != "-" and formats._name_by_suffix(path) is None:
        known = ", ".join(sorted(formats._BY_SUFFIX))
        raise click.UsageError(
            f"The suffix of {path} tells no format of hypergraphs. Use one of {known}, "
            f"or --format with one of {', '.join(WRITABLE)}."
        )


def on_ids_of(hypergraph: Hypergraph, graph: Graph) -> Hypergraph:
    """Give nodes that are integers in one file and texts in the other one kind of id.

    Ids of a file are integers only if all of them are; so the same node may be 7 in a
    file of hyperedges and "7" in that of a graph with a node "seven" too.
    """
    from graphrep.graph import Hypergraph

    if hypergraph.nodes.is_integer == graph.nodes.is_integer:
        return hypergraph
    ids: list[Any] = [str(v) for v in hypergraph.node_ids.tolist()]
    if graph.nodes.is_integer:
        if not all(v.lstrip("-").isdecimal() and str(int(v)) == v for v in ids):
            return hypergraph
        ids = [int(v) for v in ids]
    return Hypergraph.from_csr(
        hypergraph.indptr,
        hypergraph.indices,
        nodes=ids,
        multiplicities=hypergraph.multiplicities,
    )
