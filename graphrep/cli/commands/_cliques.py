"""``graphrep hypergraph cliques``: the maximal cliques of a graph."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from graphrep.cli import _hypergraphs as files
from graphrep.cli._executors import MEMORY_HELP, show_way, work_options
from graphrep.cli._help import SectionCommand, option
from graphrep.cli._inputs import GraphSource, graph_input
from graphrep.cli._outputs import STANDARD_OUTPUT, check_output, output_options, place
from graphrep.cli._run import Run, command_options

if TYPE_CHECKING:
    from graphrep.graph import Graph, Hypergraph

LINES = "jsonl"


@click.command(cls=SectionCommand)
@graph_input
@output_options(
    "Where to write the cliques: .jsonl, one a line and never all in memory, or a "
    "format of hypergraphs; - is standard output.",
    required=False,
    formats=[LINES, *files.WRITABLE],
)
@option(
    "--min-size",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Smallest clique to write.",
)
@option(
    "--max-cliques",
    type=click.IntRange(1),
    default=50_000_000,
    show_default=True,
    help="Number of cliques beyond which the search is given up.",
)
@work_options("The search, and cliques that go to another format than jsonl, may "
              f"take {MEMORY_HELP}")  # fmt: skip
@command_options
def cliques(
    run: Run,
    source: GraphSource,
    output: str | None,
    format: str | None,
    overwrite: bool,
    min_size: int,
    max_cliques: int,
    n_jobs: int | None,
    executor: str | None,
    work_dir: str | None,
    memory_limit: str | None,
    dry_run: bool,
) -> None:
    """Write the maximal cliques of GRAPH: sets of joined nodes that no node extends."""
    from graphrep.hypergraph import plan_maximal_cliques

    where: dict[str, Any] = {"n_jobs": n_jobs, "executor": executor}
    if not dry_run:
        _check(run, output, format, overwrite)
    with run.progress() as progress:
        progress(f"Reading {source.name}", 0, 0)
        graph = source.read()
        way = plan_maximal_cliques(graph, **where, memory_limit=memory_limit)
        if dry_run:
            return show_way(run, way, source.name, n_nodes=graph.n_nodes)
        assert output is not None
        progress("Searching cliques", 0, 0)
        options = {**where, "min_size": min_size, "max_cliques": max_cliques}
        options |= {"work_dir": work_dir, "memory_limit": memory_limit}
        if format == LINES or (format is None and _is_lines(output)):
            count = _write_lines(graph, output, options)
        else:
            count = _write_whole(graph, output, format, options)
    size = [("cliques", f"{count:,}"), ("smallest", f"{min_size:,} nodes")]
    run.facts(f"Wrote {place(output)}", [*size, *run.cost()])
    return run.report(
        parameters=options,
        n_nodes=graph.n_nodes,
        n_edges=graph.n_edges,
        outputs=[] if output == STANDARD_OUTPUT else [output],
        result={"n_cliques": count},
    )


def _check(run: Run, output: str | None, format: str | None, overwrite: bool) -> None:
    if output is None:
        raise click.UsageError("Missing option '-o' / '--output'.")
    if format is None and output == STANDARD_OUTPUT:
        raise click.UsageError(f"-o - needs --format, such as --format {LINES}.")
    if format != LINES and not _is_lines(output):
        files.check_format(output, format)
    check_output(output, overwrite=overwrite, as_json=run.as_json)


def _is_lines(path: str) -> bool:
    from graphrep.io._compression import strip_compression

    return strip_compression(path).endswith(f".{LINES}")


def _write_lines(graph: Graph, path: str, options: dict[str, Any]) -> int:
    """Write cliques block by block, each as a list of ids on a line."""
    from graphrep.hypergraph import iter_maximal_cliques
    from graphrep.io._compression import open_output

    ids = graph.node_ids.tolist()
    count = 0
    with open_output(path) as file:
        for block in iter_maximal_cliques(graph, **options):
            file.write("".join(_lines(block, ids)).encode())
            count += len(block)
    return count


def _lines(block: Hypergraph, ids: list[Any]) -> Iterator[str]:
    bounds, members = block.indptr.tolist(), block.indices.tolist()
    for k in range(len(block)):
        row = [ids[v] for v in members[bounds[k] : bounds[k + 1]]]
        yield json.dumps(row, ensure_ascii=False, default=str) + "\n"


def _write_whole(
    graph: Graph, path: str, format: str | None, options: dict[str, Any]
) -> int:
    from graphrep.hypergraph import maximal_cliques
    from graphrep.io import write_hypergraph

    found = maximal_cliques(graph, **options)
    write_hypergraph(found, path, format=format)
    return len(found)


__all__ = ["cliques"]
