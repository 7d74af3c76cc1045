"""The command ``graphrep``: its sub-commands by name, signals and streams."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import Any

import click

from graphrep._version import __version__
from graphrep.cli._errors import INTERRUPTED, TERMINATED, exit_codes
from graphrep.cli._lazy import Entry, LazyGroup

_COMMANDS = "graphrep.cli.commands"
ENTRIES = {
    "embed": Entry(f"{_COMMANDS}.embed:embed", "Turn a graph into vectors."),
    "walk": Entry(f"{_COMMANDS}.walk:walk", "Walk at random over a graph."),
    "similar": Entry(
        f"{_COMMANDS}.similar:similar", "List the nearest nodes of some nodes."
    ),
    "assess": Entry(
        f"{_COMMANDS}.assess:assess", "Tell how much of a graph is in vectors."
    ),
    "kge": Entry(f"{_COMMANDS}.kge:kge", "Train a model of triples, rank, predict."),
    "hypergraph": Entry(
        f"{_COMMANDS}.hypergraph:hypergraph",
        "Project hyperedges, tell the loss, get them back.",
    ),
    "terminology": Entry(
        f"{_COMMANDS}.terminology:terminology", "Describe and convert terminologies."
    ),
    "link": Entry(f"{_COMMANDS}.link:link", "Find the concepts that phrases mean."),
    "block": Entry(
        f"{_COMMANDS}.block:block", "Choose which records of tables to compare."
    ),
    "plot": Entry(f"{_COMMANDS}.plot:plot", "Draw vectors as a map (PNG or HTML)."),
    "info": Entry(f"{_COMMANDS}.info:info", "Describe a graph file."),
    "convert": Entry(
        f"{_COMMANDS}.convert:convert", "Write a graph file in another format."
    ),
    "datasets": Entry(
        f"{_COMMANDS}.datasets:datasets", "List, locate and fetch data sets."
    ),
    "quickstart": Entry(
        f"{_COMMANDS}.quickstart:quickstart",
        "Embed ICD-10-CM and show its nearest codes.",
    ),
    "completion": Entry(
        f"{_COMMANDS}.completion:completion", "Print a shell's completion script."
    ),
    "version": Entry(
        f"{_COMMANDS}.version:version", "Show versions of graphrep and its packages."
    ),
}
_HELP = """Graphs into vectors.

\b
  graphrep embed fastrp edges.tsv -o vectors.npz
  graphrep similar vectors.npz BRCA1 TP53
  graphrep plot vectors.npz -o map.html
"""
_EPILOG = "Every command explains itself: graphrep COMMAND --help"


class App(LazyGroup):
    """The root group: failures below it become messages and exit codes."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments of the group itself."""
        with exit_codes(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that the arguments name."""
        with exit_codes(ctx):
            return super().invoke(ctx)


@click.group(
    cls=App,
    entries=ENTRIES,
    help=_HELP,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 92},
)
@click.version_option(__version__, prog_name="graphrep", message="%(prog)s %(version)s")
@click.pass_context
def app(ctx: click.Context) -> None:
    """Set what all commands share."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        ctx.color = False


def main() -> None:
    """Run the command line and end the process with its exit code."""
    _prepare_streams()
    if threading.current_thread() is threading.main_thread():
        # Unwinding lets temporary files be removed.
        with suppress(AttributeError, ValueError):
            signal.signal(signal.SIGTERM, _on_terminate)
    try:
        app(prog_name="graphrep")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _on_terminate(number: int, frame: object) -> None:
    sys.exit(TERMINATED)


def _prepare_streams() -> None:
    """Let a terminal or pipe that is not UTF-8 show escapes instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            if (stream.encoding or "").lower().replace("-", "") != "utf8":
                stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
