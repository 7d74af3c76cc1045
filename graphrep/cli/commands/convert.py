"""``graphrep convert``: a graph file in another format."""

from __future__ import annotations

import os

import click

from graphrep.cli._help import SectionCommand, option
from graphrep.cli._inputs import FORMATS, GraphSource, graph_input
from graphrep.cli._outputs import STANDARD_OUTPUT, check_output, place
from graphrep.cli._run import Run, command_options

_STORE = ".store"


@click.command(cls=SectionCommand)
@graph_input
@click.argument("output")
@option(
    "--format",
    type=click.Choice(FORMATS),
    help="Format of OUTPUT; its suffix decides if not given.",
)
@option("--overwrite", is_flag=True, help="Replace a file that is there.")
@option(
    "--memory-limit",
    metavar="SIZE",
    help="Memory for making a store, such as 2GiB; half of what is free if not given.",
)
@command_options
def convert(
    run: Run,
    source: GraphSource,
    output: str,
    format: str | None,
    overwrite: bool,
    memory_limit: str | None,
) -> None:
    """Write a graph file in another format; "-" reads or writes a pipe.

    An OUTPUT that ends in .store is a directory of arrays for graphs larger than
    memory; edges are then sorted on disk, within --memory-limit.
    """
    from graphrep.io import write

    check_output(output, overwrite=overwrite, as_json=run.as_json)
    in_memory = _why_in_memory(source, output, format)
    if memory_limit is not None and in_memory is not None:
        raise click.UsageError(
            f"--memory-limit is for making a store of a file as it is; {in_memory}."
        )
    with run.progress() as progress:
        if in_memory is None:
            progress(f"Sorting {source.name} into {place(output)}", 0, 0)
            n_nodes, n_edges = _store(source, output, overwrite, memory_limit)
        else:
            progress(f"Reading {source.name}", 0, 0)
            graph = source.read()
            n_nodes, n_edges = graph.n_nodes, graph.n_edges
            progress(f"Writing {place(output)}", 0, 0)
            write(graph, output, format=format)
    size = [("nodes", f"{n_nodes:,}"), ("edges", f"{n_edges:,}")]
    run.facts(f"Wrote {place(output)}", [*size, *run.cost()])
    outputs = [] if output == STANDARD_OUTPUT else [output]
    run.report(n_nodes=n_nodes, n_edges=n_edges, outputs=outputs)


def _why_in_memory(source: GraphSource, output: str, format: str | None) -> str | None:
    """Reason to read the graph as a whole; None where edges can be sorted on disk."""
    suffix = os.path.splitext(output)[1].lower()  # noqa: PTH122 (a name, not a path)
    if output == STANDARD_OUTPUT or (format or suffix.lstrip(".")) != "store":
        return "OUTPUT is none"
    if source.unweighted:
        return "--unweighted reads the graph into memory"
    if "nodes" in source.options:
        return "--nodes reads the graph into memory"
    return None


def _store(
    source: GraphSource, output: str, overwrite: bool, memory_limit: str | None
) -> tuple[int, int]:
    """Make a store; return its numbers of nodes and edges."""
    from graphrep.exceptions import GraphTypeError
    from graphrep.io import write_graph_store

    try:
        store = write_graph_store(
            source.path, output, format=source.format, overwrite=overwrite,
            memory_limit=memory_limit, **source.options,
        )  # fmt: skip
    except GraphTypeError as error:  # an option that the format does not have
        raise click.UsageError(str(error)) from error
    return store.n_nodes, store.n_edges
