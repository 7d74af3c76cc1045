"""Files of statements that commands read, in one numbering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from graphrep.cli._help import Function, option
from graphrep.exceptions import GraphTypeError

if TYPE_CHECKING:
    from graphrep.graph import KnowledgeGraph, NodeIndex

FORMATS = ("triples", "ntriples", "openke", "kgtk", "conceptnet", "obo")
_SECTION = "Input"


def triple_options(function: Function) -> Function:
    """Give a command the options on how files of statements are read."""
    for decorate in reversed(
        (
            option(
                "--format",
                section=_SECTION,
                type=click.Choice(FORMATS),
                help="Format of the files; their suffix decides if not given.",
            ),
            option(
                "--header/--no-header",
                section=_SECTION,
                default=None,
                help="Whether the first line names the columns; seen if not given.",
            ),
            option(
                "--id-dtype",
                section=_SECTION,
                type=click.Choice(["int64", "str"]),
                help="Type of ids; integers stay integers if not given.",
            ),
        )
    ):
        function = decorate(function)
    return function


def read_statements(
    path: str,
    options: dict[str, Any],
    entities: NodeIndex | None = None,
    relations: NodeIndex | None = None,
) -> KnowledgeGraph:
    """Read one file of statements."""
    from graphrep.io import as_knowledge_graph, read_triples

    given = {name: value for name, value in options.items() if value is not None}
    shared: dict[str, Any] = {"entities": entities, "relations": relations}
    format = given.pop("format", None)
    if format in (None, "triples") and (given or _is_plain(path)):
        read = read_triples(path, **given)
        if entities is None and relations is None:
            return read
        return as_knowledge_graph(list(read), **shared)
    if given:
        raise GraphTypeError(
            f"--{next(iter(given)).replace('_', '-')} is for files of triples, not for "
            f"format {format!r}."
        )
    return as_knowledge_graph(path, format=format, **shared)


def read_in_one_numbering(
    paths: list[str], options: dict[str, Any]
) -> list[KnowledgeGraph]:
    """Read several files over the entities and relations of all of them."""
    from graphrep.graph._knowledge_graph import in_one_numbering

    return in_one_numbering([read_statements(path, options) for path in paths])


def _is_plain(path: str) -> bool:
    stem = path.lower().removesuffix(".gz").removesuffix(".bz2").removesuffix(".xz")
    return stem.endswith((".tsv", ".csv", ".txt", "-"))
