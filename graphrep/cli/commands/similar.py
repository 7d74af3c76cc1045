"""``graphrep similar``: the nearest nodes of some nodes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from graphrep.cli._help import SectionCommand, option
from graphrep.cli._inputs import READABLE_FILE, parse_ids, read_names
from graphrep.cli._outputs import VECTOR_FORMATS
from graphrep.cli._render import print_table
from graphrep.cli._run import Run, command_options

if TYPE_CHECKING:
    from graphrep.graph import Vectors

_DIGITS = 4


@click.command(cls=SectionCommand)
@click.argument("vectors", type=READABLE_FILE)
@click.argument("nodes", metavar="NODE...", nargs=-1, required=True)
@option(
    "-k",
    "n_neighbors",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Number of neighbours of each node.",
)
@option(
    "--metric",
    type=click.Choice(["cosine", "dot", "euclidean"]),
    default="cosine",
    show_default=True,
    help="How nearness is measured.",
)
@option("--names", type=READABLE_FILE, help="Table of node id and name, to be shown.")
@option(
    "--format-in",
    type=click.Choice(VECTOR_FORMATS),
    metavar="FORMAT",
    help="Format of VECTORS; found out if not given.",
)
@command_options
def similar(
    run: Run,
    vectors: str,
    nodes: tuple[str, ...],
    n_neighbors: int,
    metric: str,
    names: str | None,
    format_in: str | None,
) -> None:
    """List the nearest nodes of each NODE; "-" reads the nodes from a pipe.

    A table on a terminal; columns separated by tabs in a pipe.
    """
    from graphrep.io import read_vectors

    known = read_names(names) if names else {}
    table = read_vectors(vectors, format=format_in)
    wanted = sys.stdin.read().split("\n") if nodes == ("-",) else nodes
    found = neighbours(table, [n for n in wanted if n], n_neighbors, metric, known)
    if run.as_json:
        parameters = {"k": n_neighbors, "metric": metric}
        return run.report(parameters=parameters, n_nodes=len(table.nodes), result=found)
    return show(found, named=bool(known))


def neighbours(
    table: Vectors, nodes: list[str], k: int, metric: str, names: dict[str, str]
) -> list[dict[str, Any]]:
    """For each node its id, name and neighbours, each with id, score and name."""
    found = []
    for node in parse_ids(nodes, table.nodes):
        near = [
            {"node": other, "score": round(float(score), 6), **_name(other, names)}
            for other, score in table.most_similar(node, k, metric)
        ]
        found.append({"node": node, **_name(node, names), "neighbors": near})
    return found


def show(found: list[dict[str, Any]], *, named: bool) -> None:
    """Print neighbours as a table."""
    rows = [
        (entry["node"], rank, near["node"], f"{near['score']:.{_DIGITS}f}")
        + ((near.get("name", ""),) if named else ())
        for entry in found
        for rank, near in enumerate(entry["neighbors"], start=1)
    ]
    header = ["node", "rank", "neighbor", "score", *(["name"] if named else [])]
    print_table(rows, header, right=(1, 3))


def _name(node: object, names: dict[str, str]) -> dict[str, str]:
    name = names.get(str(node))
    return {} if name is None else {"name": name}
