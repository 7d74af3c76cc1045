"""``graphrep embed``: the group of node embedders."""

from __future__ import annotations

from typing import Any

import click

from graphrep.cli._lazy import Entry, LazyGroup
from graphrep.cli._methods import METHODS


class Embedders(LazyGroup):
    """Group that makes the command of an embedder when it is asked for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        entries = {name: Entry("", m.summary) for name, m in METHODS.items()}
        super().__init__(*args, entries=entries, **kwargs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Make a command from the source of its embedder."""
        if cmd_name not in METHODS:
            return None
        from graphrep.cli._embed_command import embed_command

        return embed_command(cmd_name, METHODS[cmd_name])


@click.group(cls=Embedders)
def embed() -> None:
    """Turn a graph into vectors, one for each node."""
