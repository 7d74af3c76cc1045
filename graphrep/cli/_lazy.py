"""A group of commands that imports a command when it is used, not before."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click

from graphrep.cli._errors import did_you_mean


class Entry(NamedTuple):
    """Where a command is, and the line that lists it.

    Attributes
    ----------
    home : str
        ``"module:attribute"`` of the command.
    summary : str
        Help in one line, kept here so that listing imports nothing.
    """

    home: str
    summary: str


class LazyGroup(click.Group):
    """A click group whose commands are named by their place.

    Parameters
    ----------
    *args, **kwargs
        As for `click.Group`.
    entries : mapping of str to Entry
        The commands in the order in which they are listed.
    """

    def __init__(self, *args: Any, entries: Mapping[str, Entry], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entries = dict(entries)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self.entries:
            return None
        module, _, name = self.entries[cmd_name].home.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments name, or say what comes close."""
        name = args[0]
        if name not in self.entries and not name.startswith("-"):
            hint = did_you_mean(name, self.entries)
            ctx.fail(f"No such command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands from their summaries."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, e.summary) for name, e in self.entries.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Complete the name of a command without importing any."""
        from click.shell_completion import CompletionItem

        items = [
            CompletionItem(name, help=entry.summary)
            for name, entry in self.entries.items()
            if name.startswith(incomplete)
        ]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)]
