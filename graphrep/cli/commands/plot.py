"""``graphrep plot``: vectors as a map."""

from __future__ import annotations

from pathlib import Path

import click

from graphrep.cli._help import SectionCommand, option
from graphrep.cli._inputs import READABLE_FILE, read_names
from graphrep.cli._outputs import VECTOR_FORMATS, check_output, output_options
from graphrep.cli._run import Run, command_options

_SUFFIXES = (".png", ".html")


@click.command(cls=SectionCommand)
@click.argument("vectors", type=READABLE_FILE)
@output_options("Where to draw to: a .png or .html file.")
@option(
    "--labels", type=READABLE_FILE, help="Table of node id and class, for the colours."
)
@option("--names", type=READABLE_FILE, help="Table of node id and name.")
@option(
    "--method",
    type=click.Choice(["pca", "tsne", "umap"]),
    default="pca",
    show_default=True,
    help="How the vectors are laid out in the plane.",
)
@option(
    "--format-in",
    type=click.Choice(VECTOR_FORMATS),
    metavar="FORMAT",
    help="Format of VECTORS; found out if not given.",
)
@command_options
def plot(
    run: Run,
    vectors: str,
    output: str,
    overwrite: bool,
    labels: str | None,
    names: str | None,
    method: str,
    format_in: str | None,
) -> None:
    """Draw vectors as a map: a picture (.png) or a page that stands alone (.html)."""
    from graphrep.io import read_vectors
    from graphrep.plot import embedding_map, save_html, save_png

    if Path(output).suffix.lower() not in _SUFFIXES:
        raise click.UsageError(f"-o must end in .png or .html; got {output!r}.")
    check_output(output, overwrite=overwrite)
    with run.progress() as progress:
        progress(f"Reading {vectors}", 0, 0)
        table = read_vectors(vectors, format=format_in)
        progress(f"Drawing {len(table.nodes):,} nodes", 0, 0)
        classes = read_names(labels) if labels else None
        titles = read_names(names) if names else None
        drawing = embedding_map(table, labels=classes, names=titles, method=method)
        save = save_png if output.lower().endswith(".png") else save_html
        save(drawing, output)
    run.facts(f"Drew {output}", [("nodes", f"{len(table.nodes):,}"), *run.cost()])
    run.report(
        parameters={"method": method}, n_nodes=len(table.nodes), outputs=[output]
    )
