"""``graphrep datasets``: what data sets there are, and where."""

from __future__ import annotations

import click

from graphrep.cli._help import SectionCommand
from graphrep.cli._lazy import Entry, LazyGroup
from graphrep.cli._run import Run, command_options

_HERE = "graphrep.cli.commands.datasets"


@click.group(
    cls=LazyGroup,
    entries={
        "list": Entry(f"{_HERE}:list_", "List the data sets that are known."),
        "path": Entry(f"{_HERE}:path", "Print where a data set lies."),
        "fetch": Entry(f"{_HERE}:fetch", "Download a data set and check it."),
    },
)
def datasets() -> None:
    """List, locate and fetch data sets."""


@click.command("list", cls=SectionCommand)
@command_options
def list_(run: Run) -> None:
    """List the data sets that are known, and whether they are here."""
    from graphrep.datasets import list_datasets

    found = list_datasets()
    return run.report(result=found)
