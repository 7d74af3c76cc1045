"""How large the graph in a file is, from its header or a sample, without reading it."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from graphrep.io import sniff
from graphrep.io._compression import STANDARD_STREAM, open_input

if TYPE_CHECKING:
    from graphrep.cli._inputs import GraphSource

# Up to here reading the file itself is quick and gives the truth.
_READ_BYTES = 16_000_000
_SAMPLE_BYTES = 8_000_000
_COMPRESSION = 4  # typical ratio for edge lists
_ONE_EDGE_A_LINE = ("edgelist", "triples", "ntriples")
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst")


class GraphSize(NamedTuple):
    """Size of a graph.

    Attributes
    ----------
    n_nodes : int
        Number of nodes.
    n_entries : int
        Entries of the adjacency; an undirected edge has two.
    exact : bool
        Whether these are counts or estimates.
    how : str
        Where they come from.
    weighted : bool, default=True
        Whether there are weights, or may be.
    """

    n_nodes: int
    n_entries: int
    exact: bool
    how: str
    weighted: bool = True


def graph_size(source: GraphSource) -> GraphSize:
    """Size of the graph in a file, reading as little of it as the format allows.

    Headers of npz, MatrixMarket and METIS files and the manifest of a store are
    enough. Of large files with one edge a line a sample is read; the number of nodes
    follows from how it grows with the lines. Other files are read as a whole, which is
    quick unless they are large.
    """
    name = source.format or sniff(source.path)
    by_header = None if source.path == STANDARD_STREAM else _BY_HEADER.get(name)
    found = by_header(source) if by_header else None
    if found is not None:
        return found
    if name in _ONE_EDGE_A_LINE and _is_large(source.path):
        return _from_sample(source)
    graph = source.read()
    return GraphSize(
        graph.n_nodes, len(graph.indices), True, "the file, read as a whole",
        graph.weights is not None,
    )  # fmt: skip


def _is_large(path: str) -> bool:
    if path == STANDARD_STREAM:
        return False
    file = Path(path)
    packed = file.suffix.lower() in _COMPRESSED
    return file.stat().st_size * (_COMPRESSION if packed else 1) > _READ_BYTES


def _from_npz(source: GraphSource) -> GraphSize | None:
    """Shapes of the pointer and index arrays of a CSR archive."""
    shapes = {}
    if not zipfile.is_zipfile(source.path):  # compressed once more, or damaged
        return None
    with zipfile.ZipFile(source.path) as archive:
        for name in archive.namelist():
            with archive.open(name) as member:
                shapes[name.removesuffix(".npy")] = _npy_shape(member)
    if not {"indptr", "indices"} <= shapes.keys():
        return None
    return GraphSize(
        shapes["indptr"][0] - 1, shapes["indices"][0], True, "the header of the file"
    )


def _npy_shape(member: Any) -> tuple[int, ...]:
    from numpy.lib import format as npy

    version = npy.read_magic(member)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    return read(member)[0]


def _from_matrix_market(source: GraphSource) -> GraphSize | None:
    with open_input(source.path) as file:
        banner = file.readline().lower()
        line = file.readline()
        while line.startswith(b"%"):
            line = file.readline()
    numbers = line.split()
    if len(numbers) != 3:  # an array file, or no such file at all
        return None
    rows, columns, stored = map(int, numbers)
    mirrored = b"symmetric" in banner
    n_nodes = rows if rows == columns else rows + columns
    n_entries = 2 * stored if mirrored or rows != columns else stored
    return GraphSize(n_nodes, n_entries, True, "the header of the file")


def _from_metis(source: GraphSource) -> GraphSize | None:
    with open_input(source.path) as file:
        line = file.readline()
        while line.startswith(b"%"):
            line = file.readline()
    numbers = line.split()
    if len(numbers) < 2:
        return None
    return GraphSize(
        int(numbers[0]), 2 * int(numbers[1]), True, "the header of the file"
    )


def _from_store(source: GraphSource) -> GraphSize | None:
    from graphrep.io import GraphStore

    store = GraphStore(source.path)
    return GraphSize(
        store.n_nodes, store.nnz, True, "the manifest of the store", store.weighted
    )


_BY_HEADER: dict[str, Callable[[GraphSource], GraphSize | None]] = {
    "npz": _from_npz,
    "matrixmarket": _from_matrix_market,
    "metis": _from_metis,
    "store": _from_store,
}


def _from_sample(source: GraphSource) -> GraphSize:
    """Edges from bytes per line, nodes from Heaps' law fitted to the sample."""
    with open_input(source.path) as file:
        lines = file.read(_SAMPLE_BYTES).split(b"\n")[:-1]
    lines = [line for line in lines if line and line[:1] not in b"#%"]
    part = sum(len(line) + 1 for line in lines)
    whole = Path(source.path).stat().st_size
    if Path(source.path).suffix.lower() in _COMPRESSED:
        whole *= _COMPRESSION
    growth = max(1.0, whole / max(1, part))
    half, full = _distinct(lines[: len(lines) // 2]), _distinct(lines)
    power = math.log2(full / half) if half else 1.0
    n_edges = round(len(lines) * growth)
    n_nodes = min(2 * n_edges, round(full * growth ** min(1.0, max(0.0, power))))
    n_entries = n_edges if source.directed else 2 * n_edges
    return GraphSize(n_nodes, n_entries, False, f"a sample of {len(lines):,} lines")


def _distinct(lines: list[bytes]) -> int:
    """Count the different end points of the edges on some lines."""
    separator = next((s for s in (b"\t", b",", b";") if lines and s in lines[0]), None)
    ids: set[bytes] = set()
    for line in lines:
        ids.update(line.strip().split(separator)[:2])
    return len(ids)
