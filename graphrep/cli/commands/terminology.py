"""``graphrep terminology``: describe a terminology, write it in another format."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from graphrep.cli._help import Function, SectionCommand, option
from graphrep.cli._lazy import Entry, LazyGroup
from graphrep.cli._outputs import check_file
from graphrep.cli._render import print_facts
from graphrep.cli._run import Run, command_options
from graphrep.io import terminology_formats

if TYPE_CHECKING:
    from graphrep.graph import Terminology

_HERE = "graphrep.cli.commands.terminology"
_FORMATS = [entry.name for entry in terminology_formats()]
_WRITTEN = ("jsonl", "tsv", "saved", "edgelist")
_MOST_TYPES = 12


@click.group(
    cls=LazyGroup,
    entries={
        "info": Entry(f"{_HERE}:info", "Describe a terminology."),
        "convert": Entry(f"{_HERE}:convert", "Write a terminology in another format."),
    },
)
def terminology() -> None:
    """Look at concepts and their names, and write them in other formats.

    \b
      graphrep terminology info hp.obo
      graphrep terminology convert hp.obo hpo.jsonl
    """  # noqa: D301


def _terminology_input(function: Function) -> Function:
    """Give a command the argument INPUT, its format and whether to keep the retired."""

    @click.argument("input", type=click.Path(exists=True))
    @option(
        "--format-in",
        section="Input",
        type=click.Choice(_FORMATS),
        metavar="FORMAT",
        help=f"Format of INPUT: {', '.join(_FORMATS)}. Found out if not given.",
    )
    @option(
        "--retired",
        section="Input",
        is_flag=True,
        help="Keep retired concepts, where the format knows them.",
    )
    @functools.wraps(function)
    def command(*args: Any, **options: Any) -> Any:
        return function(*args, **options)

    return command


@click.command(cls=SectionCommand)
@_terminology_input
@command_options
def info(run: Run, input: str, format_in: str | None, retired: bool) -> None:
    """Describe a terminology: concepts, names, hierarchy, and what looks wrong."""
    with run.progress() as progress:
        progress(f"Reading {input}", 0, 0)
        given = _read(input, format_in, retired)
        progress("Counting", 0, 0)
        found = describe(given)
    if run.as_json:
        return run.report(n_nodes=given.n_concepts, result=found)
    facts = [(name.replace("_", " "), _shown(value)) for name, value in found.items()]
    return print_facts(facts)


@click.command(cls=SectionCommand)
@_terminology_input
@click.argument("output")
@option(
    "--format",
    section="Output",
    type=click.Choice(_WRITTEN),
    help="Format of OUTPUT; its suffix decides if not given (.jsonl, .tsv, none for a "
    "saved folder).",
)
@option("--overwrite", section="Output", is_flag=True, help="Replace what is there.")
@command_options
def convert(
    run: Run,
    input: str,
    format_in: str | None,
    retired: bool,
    output: str,
    format: str | None,
    overwrite: bool,
) -> None:
    """Write a terminology as JSON lines, table, saved folder, or its graph as edges."""
    from graphrep.io import write, write_terminology

    check_file(Path(output), overwrite=overwrite)
    with run.progress() as progress:
        progress(f"Reading {input}", 0, 0)
        given = _read(input, format_in, retired)
        progress(f"Writing {output}", 0, 0)
        if format == "edgelist":
            write(given.to_graph(), output, format="edgelist")
        else:
            write_terminology(given, output, format)
    size = [("concepts", f"{given.n_concepts:,}"), ("names", f"{given.n_names:,}")]
    run.facts(f"Wrote {output}", [*size, *run.cost()])
    run.report(
        n_nodes=given.n_concepts,
        n_edges=int(given.parents.nnz),
        outputs=[output],
        result={"n_names": given.n_names},
    )


def _read(path: str, format: str | None, retired: bool) -> Terminology:
    from graphrep.io import read_terminology

    options = {"retired": True} if retired else {}
    return read_terminology(path, format=format, **options)


def describe(terminology: Terminology) -> dict[str, Any]:
    """Figures of a terminology, by name; the last are what deserves a look."""
    import numpy as np

    from graphrep.graph._terminology_tree import cycle_members

    kinds = np.bincount(terminology.name_kinds, minlength=len(terminology.KINDS))
    spoken = np.bincount(
        terminology.name_languages, minlength=len(terminology.languages)
    )
    links = np.diff(terminology.parents.indptr)
    return {
        "title": terminology.title,
        "version": terminology.version,
        "concepts": terminology.n_concepts,
        "retired": int(terminology.retired.sum()),
        "names": terminology.n_names,
        "kinds": _counts(terminology.KINDS, kinds),
        "languages": _counts(
            [name or "unknown" for name in terminology.languages], spoken
        ),
        "types": _type_counts(terminology),
        "definitions": _defined(terminology),
        "xrefs": sum(map(len, terminology.xrefs or ())),
        "old_ids": len(terminology.replaced_by),
        "roots": len(terminology.roots),
        "isolated": int(_isolated(terminology).sum()),
        "parent_links": int(terminology.parents.nnz),
        "relations": {k: len(v[0]) for k, v in terminology.relations.items()},
        "several_parents": int(np.sum(links > 1)),
        "depth": int(terminology.depth.max(initial=0)),
        "ids": "integers" if terminology.index.is_integer else "texts",
        "first_ids": terminology.ids[:3].tolist(),
        "concepts_in_cycles": len(cycle_members(terminology.parents)),
        "concepts_below_no_root": int(np.sum(terminology.depth < 0)),
        "concepts_without_names": int(np.sum(np.diff(terminology.name_offsets) == 0)),
        "names_of_several_concepts": _shared_names(terminology),
    }


def _counts(names: Any, counts: Any) -> dict[str, int]:
    pairs = zip(names, counts.tolist(), strict=True)
    return {name: count for name, count in pairs if count}


def _type_counts(terminology: Terminology) -> dict[str, int]:
    from collections import Counter

    found = Counter(kind for row in terminology.types or () for kind in row)
    return dict(found.most_common())


def _defined(terminology: Terminology) -> int:
    texts = terminology.definitions
    if texts is None:
        return 0
    return len(texts) - (0 if texts.missing is None else int(texts.missing.sum()))


def _isolated(terminology: Terminology) -> Any:
    import numpy as np

    above = np.diff(terminology.parents.indptr)
    below = np.diff(terminology.children.indptr)
    return (above == 0) & (below == 0)


def _shared_names(terminology: Terminology) -> int:
    """Count texts, letters' case aside, that name more than one concept."""
    first: dict[str, int] = {}
    shared: set[str] = set()
    concepts = terminology.name_concepts.tolist()
    for concept, text in zip(concepts, terminology.name_texts, strict=True):
        key = text.casefold()
        if first.setdefault(key, concept) != concept:
            shared.add(key)
    return len(shared)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        parts = [f"{name} {count:,}" for name, count in value.items()]
        more = len(parts) - _MOST_TYPES
        rest = [f"and {more:,} more"] if more > 0 else []
        return ", ".join([*parts[:_MOST_TYPES], *rest]) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, int):
        return f"{value:,}"
    return "unknown" if value is None else str(value)
