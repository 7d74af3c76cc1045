"""``graphrep hypergraph``: project, tell what is lost, list cliques, get it back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphrep._utils._atomic import atomic_path
from graphrep.cli import _hypergraphs as files
from graphrep.cli._help import SectionCommand, option
from graphrep.cli._hypergraphs import hypergraph_input
from graphrep.cli._inputs import FORMATS
from graphrep.cli._lazy import Entry, LazyGroup
from graphrep.cli._outputs import check_file, check_output, output_options, place
from graphrep.cli._run import Run, command_options

if TYPE_CHECKING:
    from graphrep.hypergraph import ProjectionLoss

_HERE = "graphrep.cli.commands.hypergraph"
_OUTPUT = "Output"


@click.group(
    cls=LazyGroup,
    entries={
        "project": Entry(f"{_HERE}:project", "Write the graph of a hypergraph."),
        "report": Entry(f"{_HERE}:report", "Tell what that graph has lost."),
        "cliques": Entry(
            "graphrep.cli.commands._cliques:cliques",
            "Write the maximal cliques of a graph.",
        ),
        "reconstruct": Entry(
            "graphrep.cli.commands._reconstruct:reconstruct",
            "Find the hyperedges behind a graph.",
        ),
    },
)
def hypergraph() -> None:
    """Turn hyperedges into a graph, and a graph back into hyperedges.

    \b
      graphrep hypergraph report papers.txt
      graphrep hypergraph project papers.txt -o graph.tsv
      graphrep hypergraph cliques graph.tsv -o cliques.jsonl
      graphrep hypergraph reconstruct graph.tsv --train known.txt -o found.json
    """  # noqa: D301


@click.command(cls=SectionCommand)
@hypergraph_input
@output_options("Where to write the graph; - is standard output.", formats=FORMATS)
@option(
    "--weighted/--unweighted",
    default=True,
    show_default=True,
    help="Whether an edge weighs the number of hyperedges that hold both ends.",
)
@command_options
def project(
    run: Run,
    hypergraph: str,
    format_in: str | None,
    min_size: int,
    output: str,
    format: str | None,
    overwrite: bool,
    weighted: bool,
) -> None:
    """Join the nodes that share a hyperedge and write that graph."""
    from graphrep.io import write

    check_output(output, overwrite=overwrite, as_json=run.as_json)
    with run.progress() as progress:
        progress(f"Reading {hypergraph}", 0, 0)
        given = files.read(hypergraph, format_in).with_sizes(min_size)
        progress(f"Writing {place(output)}", 0, 0)
        graph = given.project(weighted)
        write(graph, output, format=format)
    size = [("hyperedges", f"{len(given):,}"), ("nodes", f"{graph.n_nodes:,}")]
    edges = ("edges", f"{graph.n_edges:,}")
    run.facts(f"Wrote {place(output)}", [*size, edges, *run.cost()])
    run.report(
        parameters={"weighted": weighted, "min_size": min_size},
        n_nodes=graph.n_nodes,
        n_edges=graph.n_edges,
        outputs=[] if output == "-" else [output],
        result={"n_hyperedges": len(given)},
    )


@click.command(cls=SectionCommand)
@hypergraph_input
@option("--html", section=_OUTPUT, metavar="FILE", help="Write a report, one page.")
@option("--save", section=_OUTPUT, metavar="FILE", help="Write all figures as JSON.")
@option(
    "--overwrite", section=_OUTPUT, is_flag=True, help="Replace files that are there."
)
@option(
    "--max-cliques",
    type=click.IntRange(1),
    default=10_000_000,
    show_default=True,
    help="Most maximal cliques to list; what needs more is left out.",
)
@option(
    "--n-jobs",
    "--threads",
    type=click.IntRange(1),
    help="Number of threads; all processors if not given.",
)
@command_options
def report(
    run: Run,
    hypergraph: str,
    format_in: str | None,
    min_size: int,
    html: str | None,
    save: str | None,
    overwrite: bool,
    max_cliques: int,
    n_jobs: int | None,
) -> None:
    """Tell what is lost when only the graph of a hypergraph is kept."""
    from graphrep.hypergraph import projection_loss

    outputs = [path for path in (html, save) if path is not None]
    for path in outputs:
        check_file(Path(path), overwrite=overwrite)
    with run.progress() as progress:
        progress(f"Reading {hypergraph}", 0, 0)
        given = files.read(hypergraph, format_in)
        progress("Listing cliques", 0, 0)
        loss = projection_loss(
            given, min_size=min_size, max_cliques=max_cliques, n_jobs=n_jobs
        )
    _save(loss, hypergraph, html, save)
    if run.as_json:
        return run.report(
            parameters={"min_size": min_size, "max_cliques": max_cliques},
            n_nodes=loss.n_nodes,
            n_edges=loss.n_edges,
            outputs=outputs,
            result=loss.to_dict(),
        )
    from graphrep.cli._render import printable

    click.echo("\n".join(printable(line) for line in str(loss).splitlines()))
    return run.facts("Done", [*(("wrote", path) for path in outputs), *run.cost()])


def _save(loss: ProjectionLoss, name: str, html: str | None, save: str | None) -> None:
    if html is not None:
        from graphrep.plot import save_projection_report

        title = f"What the graph of {Path(name).name} loses"  # not where it lies
        save_projection_report(loss, html, title=title)
    if save is not None:
        with atomic_path(save) as part:
            part.write_text(loss.to_json(indent=1) + "\n", "utf-8")
