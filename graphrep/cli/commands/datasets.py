"""``graphrep datasets``: what data sets there are, and where."""

from __future__ import annotations

import click

from graphrep.cli._help import SectionCommand
from graphrep.cli._lazy import Entry, LazyGroup
from graphrep.cli._render import is_terminal, print_table
from graphrep.cli._run import Run, command_options

_HERE = "graphrep.cli.commands.datasets"
_COLUMNS = ("name", "n_nodes", "n_edges", "how", "present", "kind", "licence")


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
    if run.as_json:
        return run.report(result=found)
    rows = [[_cell(entry[name]) for name in _COLUMNS] for entry in found]
    return print_table(rows, _COLUMNS, right=(1, 2))


@click.command(cls=SectionCommand)
@click.argument("name")
@command_options
def path(run: Run, name: str) -> None:
    """Print where data set NAME lies, or will lie once it is fetched."""
    from graphrep.datasets import path as find

    place = find(name)
    if run.as_json:
        return run.report(result={"path": str(place), "present": place.exists()})
    if not place.exists():
        run.say(f"{name} is not here yet; get it with: graphrep datasets fetch {name}")
    return click.echo(str(place))


@click.command(cls=SectionCommand)
@click.argument("name")
@command_options
def fetch(run: Run, name: str) -> None:
    """Download data set NAME unless it is here, check it, print where it lies."""
    from graphrep.datasets import fetch as obtain

    with run.progress() as progress:
        progress(f"Fetching {name}", 0, 0)
        place = obtain(name)
    if run.as_json:
        return run.report(outputs=[place])
    return click.echo(str(place))


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and is_terminal():
        return f"{value:,}"
    return "" if value is None else str(value)
