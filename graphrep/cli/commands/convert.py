"""``graphrep convert``: a graph file in another format."""

from __future__ import annotations

import click

from graphrep.cli._help import SectionCommand, option
from graphrep.cli._inputs import FORMATS, GraphSource, graph_input
from graphrep.cli._outputs import STANDARD_OUTPUT, check_output, place
from graphrep.cli._run import Run, command_options


@click.command(cls=SectionCommand)
@graph_input
@click.argument("output")
@option(
    "--format",
    type=click.Choice(FORMATS),
    help="Format of OUTPUT; its suffix decides if not given.",
)
@option("--overwrite", is_flag=True, help="Replace a file that is there.")
@command_options
def convert(
    run: Run, source: GraphSource, output: str, format: str | None, overwrite: bool
) -> None:
    """Write a graph file in another format; "-" reads or writes a pipe."""
    from graphrep.io import write

    check_output(output, overwrite=overwrite, as_json=run.as_json)
    with run.progress() as progress:
        progress(f"Reading {source.name}", 0, 0)
        graph = source.read()
        progress(f"Writing {place(output)}", 0, 0)
        write(graph, output, format=format)
    size = [("nodes", f"{graph.n_nodes:,}"), ("edges", f"{graph.n_edges:,}")]
    run.facts(f"Wrote {place(output)}", [*size, *run.cost()])
    outputs = [] if output == STANDARD_OUTPUT else [output]
    run.report(n_nodes=graph.n_nodes, n_edges=graph.n_edges, outputs=outputs)
