"""``graphrep embed fastrp``: vectors by very sparse random projection."""

from __future__ import annotations

from typing import Any

import click

from graphrep.cli._embedding import Plan, embed_graph, show_plan
from graphrep.cli._help import SectionCommand, option
from graphrep.cli._inputs import READABLE_FILE, GraphSource, graph_input
from graphrep.cli._outputs import VECTOR_FORMATS, output_options
from graphrep.cli._parameters import estimator_options
from graphrep.cli._run import Run, command_options

PRESETS = ("classification", "link_prediction", "taxonomy", "paper", "gds")
SOURCE = ("embedding/_fastrp.py", "FastRP")
ALIASES = {
    "n_components": ("-d",),
    "n_jobs": ("--threads",),
    "random_state": ("--seed",),
}
SKIPPED = ("verbose",)  # -v sets it


@click.command(cls=SectionCommand)
@graph_input
@output_options(
    "Where to write the vectors; - is standard output.",
    required=False,
    formats=VECTOR_FORMATS,
)
@option(
    "--features",
    section="Input",
    type=READABLE_FILE,
    help="Vectors with node features.",
)
@option(
    "--preset",
    section="FastRP",
    type=click.Choice(PRESETS),
    help="Parameters to start from.",
)
@option(
    "--tune",
    section="FastRP",
    is_flag=True,
    help="Choose weights and beta without labels.",
)
@option(
    "--save-model",
    metavar="DIR",
    section="Output",
    help="Save the fitted model too; else --keep-layers has no effect.",
)
@option(
    "--dry-run",
    section="General",
    is_flag=True,
    help="Show the plan and its memory; stop.",
)
@estimator_options(*SOURCE, aliases=ALIASES, skip=SKIPPED)
@command_options
def fastrp(
    run: Run, source: GraphSource, output: str | None, dry_run: bool, **rest: Any
) -> None:
    """Turn GRAPH into vectors by FastRP, very sparse random projection.

    With --preset, options that are given replace those of the preset.
    """
    plan = Plan("FastRP", source, output, **rest)
    if dry_run:
        return show_plan(run, plan)
    plan.check(run)
    return embed_graph(run, plan)
