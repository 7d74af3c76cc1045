"""``graphrep embed``: the group of node embedders."""

from __future__ import annotations

import click

from graphrep.cli._lazy import Entry, LazyGroup


@click.group(
    cls=LazyGroup,
    entries={
        "fastrp": Entry(
            "graphrep.cli.commands.embed_fastrp:fastrp",
            "FastRP: very sparse random projection; the fastest.",
        ),
    },
)
def embed() -> None:
    """Turn a graph into vectors, one for each node."""
