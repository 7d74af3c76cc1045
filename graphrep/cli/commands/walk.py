"""``graphrep walk``: random walks over a graph, one a line or as an array."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Any

import click

from graphrep.cli._embed_command import ALIASES
from graphrep.cli._executors import dry_run_option, show_way
from graphrep.cli._help import SectionCommand
from graphrep.cli._inputs import GraphSource, graph_input
from graphrep.cli._outputs import (
    STANDARD_OUTPUT,
    check_output,
    output_options,
    place,
)
from graphrep.cli._parameters import estimator_options, read_source
from graphrep.cli._render import is_terminal
from graphrep.cli._run import Run, command_options

if TYPE_CHECKING:
    from graphrep.embedding._random_walks import WalkStream
    from graphrep.graph import Graph
    from graphrep.typing import IntArray

WALK_FORMATS = ("text", "npy", "npz")
_SPACE = re.compile(r"\s")
_BATCH = 4096

_Batches = Callable[[], "Iterator[IntArray]"]


@click.command(cls=SectionCommand)
@graph_input
@output_options(
    "Where to write the walks: text with one walk of node ids a line (.gz and so on "
    "compress it), .npz (row numbers and ids) or .npy (row numbers); - is standard "
    "output.",
    required=False,
    formats=WALK_FORMATS,
)
@dry_run_option()
@estimator_options(read_source("RandomWalks"), aliases=ALIASES, skip=())
@command_options
def walk(
    run: Run,
    source: GraphSource,
    output: str | None,
    format: str | None,
    overwrite: bool,
    dry_run: bool,
    **parameters: Any,
) -> None:
    """Walk at random over GRAPH, as DeepWalk, node2vec and node2vec+ do."""
    if dry_run:
        return _show_plan(run, source, parameters)
    if output is None:
        raise click.UsageError("Missing option '-o' / '--output'.")
    format = format or _format_of(output)
    check_output(output, overwrite=overwrite, as_json=run.as_json)
    if output == STANDARD_OUTPUT and format != "text" and is_terminal():
        raise click.UsageError(
            f"Format {format!r} is not text; redirect standard output to a file or a "
            "pipe, or give -o the name of a file."
        )
    from graphrep.embedding import RandomWalks

    walker = RandomWalks(**parameters)
    walker._validate_params()
    with run.progress() as progress:
        progress(f"Reading {source.name}", 0, 0)
        graph = source.read()
        stream = walker._stream(graph, None)
        stream.progress = progress

        def batches() -> Iterator[IntArray]:
            done = 0
            for batch in stream.batches(_BATCH):
                progress("Walking", done, stream.n_walks)
                yield batch
                done += len(batch)

        n_steps = _write(graph, stream, batches, output, format)
    size = [("walks", f"{stream.n_walks:,}"), ("nodes on them", f"{n_steps:,}")]
    run.facts(f"Wrote {place(output)}", [*size, *run.cost()])
    return run.report(
        parameters={**walker.get_params(), "random_state": stream.seed},
        n_nodes=graph.n_nodes,
        n_edges=graph.n_edges,
        outputs=[] if output == STANDARD_OUTPUT else [output],
        result={"walks": stream.n_walks, "nodes_on_walks": n_steps},
    )


def _show_plan(run: Run, source: GraphSource, parameters: dict[str, Any]) -> None:
    from graphrep.embedding import RandomWalks

    graph = source.read()
    way = RandomWalks(**parameters).plan(graph)
    show_way(run, way, source.name, n_nodes=graph.n_nodes)


def _format_of(path: str) -> str:
    suffix = path.rpartition(".")[2].lower()
    return suffix if suffix in WALK_FORMATS else "text"


def _write(
    graph: Graph, stream: WalkStream, batches: _Batches, path: str, format: str
) -> int:
    """Write all walks; return how many nodes are on them."""
    from graphrep.io._compression import open_output

    shape = (stream.n_walks, stream.length)
    texts = _texts(graph) if format == "text" else []
    with open_output(path) as file:
        if format == "text":
            return _write_text(file, texts, batches)
        if format == "npy":
            return _write_array(file, shape, batches)
        return _write_archive(file, graph, shape, batches)


def _write_text(file: IO[bytes], texts: list[bytes], batches: _Batches) -> int:
    count = 0
    for batch in batches():
        ends = (batch >= 0).sum(axis=1).tolist()
        count += sum(ends)
        lines = [
            b" ".join([texts[node] for node in row[:end]])
            for row, end in zip(batch.tolist(), ends, strict=True)
        ]
        file.write(b"\n".join(lines) + b"\n")
    return count


def _write_array(file: IO[bytes], shape: tuple[int, int], batches: _Batches) -> int:
    """Write the walks as one array of int32, batch by batch."""
    import numpy as np

    head = {"descr": "<i4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, head)
    count = 0
    for batch in batches():
        count += int((batch >= 0).sum())
        file.write(batch.astype("<i4", copy=False).tobytes())
    return count


def _write_archive(
    file: IO[bytes], graph: Graph, shape: tuple[int, int], batches: _Batches
) -> int:
    """Write ``walks`` and ``node_ids``, in a fixed order and without a time."""
    import numpy as np

    ids = graph.node_ids
    if ids.dtype.kind == "O":
        ids = np.array([str(node) for node in ids.tolist()])
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        with archive.open(zipfile.ZipInfo("node_ids.npy"), "w") as part:
            np.lib.format.write_array(part, ids, allow_pickle=False)
        with archive.open(zipfile.ZipInfo("walks.npy"), "w", force_zip64=True) as part:
            return _write_array(part, shape, batches)


def _texts(graph: Graph) -> list[bytes]:
    """Ids as they stand in a line; refuses those with white space."""
    from graphrep.embedding._walk_batches import node_texts
    from graphrep.exceptions import GraphValueError

    texts = node_texts(graph).tolist()
    if not graph.nodes.is_integer:
        for text in texts:
            if not text or _SPACE.search(text):
                raise GraphValueError(
                    f"Node id {text!r} is empty or holds white space, which parts the "
                    "nodes of a walk. Write a .npz file, which keeps ids apart."
                )
    return [text.encode() for text in texts]
