"""``graphrep version``: what is installed."""

from __future__ import annotations

import click

from graphrep.cli._help import SectionCommand
from graphrep.cli._render import print_facts
from graphrep.cli._run import Run, command_options


@click.command(cls=SectionCommand)
@command_options
def version(run: Run) -> None:
    """Show versions of graphrep and its packages, for bug reports."""
    from graphrep._utils._versions import versions

    found = versions()
    if run.as_json:
        return run.report(result=found)
    return print_facts(
        (name, "not installed" if value is None else value)
        for name, value in found.items()
    )
