"""The command ``graphrep embed NAME`` of any embedder, made from its source text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from graphrep.cli._embedding import Plan, embed_graph, show_plan
from graphrep.cli._help import Decorator, SectionCommand, option
from graphrep.cli._inputs import READABLE_FILE, GraphSource, graph_input
from graphrep.cli._methods import Method
from graphrep.cli._outputs import VECTOR_FORMATS, output_options
from graphrep.cli._parameters import Source, estimator_options, read_source
from graphrep.cli._run import Run, command_options

ALIASES = {
    "n_components": ("-d",),
    "n_jobs": ("--threads",),
    "random_state": ("--seed",),
}
SKIPPED = ("verbose",)  # -v sets it


def embed_command(name: str, method: Method) -> click.Command:
    """Make the command of an embedder.

    Parameters
    ----------
    name : str
        Name of the command.
    method : Method
        The embedder.

    Returns
    -------
    click.Command
        With an option for each parameter of the constructor.
    """
    source = read_source(method.class_name)

    def command(
        run: Run, source: GraphSource, output: str | None, dry_run: bool, **rest: Any
    ) -> None:
        plan = Plan(method.class_name, source, output, **rest)
        if dry_run:
            return show_plan(run, plan)
        plan.check(run)
        return embed_graph(run, plan)

    function: Any = command_options(command)
    for decorate in reversed([*_decorators(method, source)]):
        function = decorate(function)
    made = click.command(name, cls=SectionCommand, help=_help(method, source))
    return made(function)


def _decorators(method: Method, source: Source) -> Iterator[Decorator]:
    yield graph_input
    yield output_options(
        "Where to write the vectors; - is standard output.",
        required=False,
        formats=VECTOR_FORMATS,
    )
    yield from _own(method)
    if source.has_targets:
        yield option(
            "--target",
            section="Output",
            metavar="FILE",
            help="Write each node's second vector, its target side, here.",
        )
    layers = any(p.name == "keep_layers" for p in source.parameters)
    yield option(
        "--save-model",
        metavar="DIR",
        section="Output",
        help="Save the fitted model too"
        + ("; else --keep-layers has no effect." if layers else "."),
    )
    yield option(
        "--dry-run",
        section="General",
        is_flag=True,
        help="Show the plan and its memory; stop.",
    )
    yield estimator_options(source, aliases=ALIASES, skip=SKIPPED)


def _own(method: Method) -> Iterator[Decorator]:
    """Options of what few embedders have."""
    if method.takes_features:
        yield option(
            "--features",
            section="Input",
            type=READABLE_FILE,
            help="Vectors with node features.",
        )
    if method.presets:
        yield option(
            "--preset",
            section=method.class_name,
            type=click.Choice(method.presets),
            help="Parameters to start from.",
        )
    if method.tunes:
        yield option(
            "--tune",
            section=method.class_name,
            is_flag=True,
            help="Choose parameters without labels.",
        )


def _help(method: Method, source: Source) -> str:
    parts = [f"Turn GRAPH into vectors by {method.class_name}.", source.summary]
    if method.presets:
        parts.append("With --preset, options that are given replace those of it.")
    return "\n\n".join(parts)


__all__ = ["ALIASES", "SKIPPED", "embed_command"]
