"""METIS adjacency lists (.graph): line k names the neighbours of the k-th node."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import Graph, NodeIndex
from graphrep.io._compression import open_output
from graphrep.io._ids import tell_lost_ids
from graphrep.io._lines import MAX_LINE_BYTES, read_lines, shorten
from graphrep.kernels._csr import first_asymmetry
from graphrep.typing import AnyArray, PathType

# A hub of a million neighbours stands on one line.
_LINE_BYTES = 1024 * MAX_LINE_BYTES
_WEIGHT_TOLERANCE = 0.0


class _Header(NamedTuple):
    line: int
    n_nodes: int
    n_edges: int
    weighted: bool
    n_skipped: int


def read_metis(path: PathType, *, max_line_bytes: int = _LINE_BYTES) -> Graph:
    """Read an undirected graph from a METIS file.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed, or ``"-"``.
    max_line_bytes : int, default=1 GiB
        Longer lines are an error.

    Returns
    -------
    Graph
        Undirected. The format has no ids: the node of the k-th line gets id k - 1.

    Raises
    ------
    GraphFormatError
        With the line, for a header or an entry that is no number, a neighbour
        outside 1…n, a loop, an edge that only one of its ends lists, and numbers of
        nodes or edges that are not those of the header.

    Notes
    -----
    The header is ``n m [fmt [ncon]]``; sizes and weights of nodes are passed over,
    weights of edges are read. A blank line is a node without neighbours.
    """
    lines = _without_comments(path, max_line_bytes)
    header = _read_header(lines, path)
    indptr, numbers = array("q", [0]), array("q")
    entries, weights = array("q"), array("d")
    for number, text in lines:
        if len(numbers) == header.n_nodes:
            if text.strip():
                raise _too_many(header, number, path)
            continue
        tokens = text.split()[header.n_skipped :]
        try:
            if header.weighted:
                entries.extend(map(int, tokens[0::2]))
                weights.extend(map(float, tokens[1::2]))
            else:
                entries.extend(map(int, tokens))
        except (ValueError, OverflowError):
            raise _bad_entry(tokens, header.weighted, number, path) from None
        if header.weighted and len(tokens) % 2:
            raise GraphFormatError(
                f"{len(tokens)} numbers stand in a line of pairs (neighbour, weight); "
                "the header says that edges have weights.",
                path=path,
                line=number,
            )
        indptr.append(len(entries))
        numbers.append(number)
    return _build(header, indptr, numbers, entries, weights, path)


def write_metis(graph: Graph, path: PathType) -> None:
    """Write an undirected graph without loops to a METIS file.

    Parameters
    ----------
    graph : Graph
        Undirected, without loops, unweighted or with positive integer weights.
    path : path-like
        Where to; a compression's suffix compresses.

    Raises
    ------
    GraphValueError
        If the format cannot hold the graph; the message says what to do.

    Warns
    -----
    GraphWarning
        If the graph has ids other than 0…n-1: the format has no place for them.
    """
    _require_representable(graph)
    tell_lost_ids(graph, "METIS")
    indptr = graph.indptr
    weights = graph.weights
    flag = "" if weights is None else " 001"
    with open_output(path) as file:
        file.write(f"{graph.n_nodes} {graph.n_edges}{flag}\n".encode())
        for row in range(graph.n_nodes):
            span = slice(indptr[row], indptr[row + 1])
            tokens: AnyArray = graph.indices[span].astype(np.int64) + 1
            if weights is not None:
                pairs = (tokens, weights[span].astype(np.int64))
                tokens = np.stack(pairs, axis=1).reshape(-1)
            file.write((" ".join(map(str, tokens.tolist())) + "\n").encode())


def _without_comments(path: PathType, max_line_bytes: int) -> Iterator[tuple[int, str]]:
    for number, text in read_lines(path, max_line_bytes=max_line_bytes):
        if not text.startswith("%"):
            yield number, text


def _read_header(lines: Iterator[tuple[int, str]], path: PathType) -> _Header:
    for number, text in lines:
        if text.strip():
            return _parse_header(number, text, path)
    raise GraphFormatError(
        "The file is empty; a METIS file begins with 'n_nodes n_edges'.", path=path
    )


def _parse_header(number: int, text: str, path: PathType) -> _Header:
    tokens = text.split()
    shape_ok = 2 <= len(tokens) <= 4 and all(
        t.isascii() and t.isdigit() and len(t) < 19 for t in tokens
    )
    flags = tokens[2].zfill(3) if len(tokens) > 2 else "000"
    if not shape_ok or len(flags) != 3 or set(flags) - {"0", "1"}:
        raise GraphFormatError(
            f"The header must read 'n_nodes n_edges [fmt [ncon]]' with fmt of the "
            f"digits 0 and 1; got {shorten(text)}.",
            path=path,
            line=number,
        )
    sizes, node_weights, weighted = (flag == "1" for flag in flags)
    n_constraints = int(tokens[3]) if len(tokens) == 4 else 1
    skipped = int(sizes) + (n_constraints if node_weights else 0)
    return _Header(number, int(tokens[0]), int(tokens[1]), weighted, skipped)


def _build(
    header: _Header,
    indptr: array[int],
    numbers: array[int],
    entries: array[int],
    weights: array[float],
    path: PathType,
) -> Graph:
    if len(numbers) != header.n_nodes:
        raise GraphFormatError(
            f"The header speaks of {header.n_nodes:,} nodes but {len(numbers):,} lines "
            "follow. Was the file cut off?",
            path=path,
            line=header.line,
        )
    pointers, neighbours = np.asarray(indptr), np.asarray(entries) - 1
    _check_neighbours(pointers, neighbours, np.asarray(numbers), header, path)
    values = np.asarray(weights) if header.weighted else None
    if values is not None:
        _check_weights(values, pointers, np.asarray(numbers), path)
    graph = Graph.from_csr(pointers, neighbours, values, directed=True)
    _check_pairs(graph, len(neighbours), pointers, neighbours, numbers, path)
    if len(neighbours) != 2 * header.n_edges:
        raise GraphFormatError(
            f"The header speaks of {header.n_edges:,} edges but the lines list "
            f"{len(neighbours):,} neighbours, which is {len(neighbours) / 2:,.12g} "
            "edges; each edge counts once in the header and stands in two lines.",
            path=path,
            line=header.line,
        )
    return Graph.from_csr(*graph.csr, nodes=NodeIndex(header.n_nodes), directed=False)


def _check_neighbours(
    pointers: AnyArray,
    neighbours: AnyArray,
    numbers: AnyArray,
    header: _Header,
    path: PathType,
) -> None:
    rows = np.repeat(np.arange(header.n_nodes), np.diff(pointers))
    outside = (neighbours < 0) | (neighbours >= header.n_nodes)
    bad = np.flatnonzero(outside | (neighbours == rows))
    if not len(bad):
        return
    at = int(bad[0])
    node = int(neighbours[at]) + 1
    if outside[at]:
        reason = f"Neighbour {node} is outside 1…{header.n_nodes}; METIS counts from 1."
    else:
        reason = f"Node {node} is its own neighbour; METIS has no loops."
    raise GraphFormatError(reason, path=path, line=int(numbers[rows[at]]))


def _check_weights(
    values: AnyArray, pointers: AnyArray, numbers: AnyArray, path: PathType
) -> None:
    bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if len(bad):
        row = int(np.searchsorted(pointers, bad[0], side="right") - 1)
        raise GraphFormatError(
            f"Edge weight {float(values[bad[0]])!r} is not a positive number.",
            path=path,
            line=int(numbers[row]),
        )


def _check_pairs(
    graph: Graph,
    n_entries: int,
    pointers: AnyArray,
    neighbours: AnyArray,
    numbers: array[int],
    path: PathType,
) -> None:
    """Refuse a neighbour listed twice and an edge that one end does not list."""
    if len(graph.indices) != n_entries:
        for row, number in enumerate(numbers):
            listed = neighbours[pointers[row] : pointers[row + 1]]
            values, counts = np.unique(listed, return_counts=True)
            if (counts > 1).any():
                node = int(values[counts > 1][0]) + 1
                raise GraphFormatError(
                    f"Neighbour {node} is listed twice.", path=path, line=number
                )
    csr = graph.csr
    at = first_asymmetry(
        csr.indptr, csr.indices, csr.data, csr.weighted, _WEIGHT_TOLERANCE
    )
    if at >= 0:
        row = int(np.searchsorted(csr.indptr, at, side="right") - 1)
        other = int(csr.indices[at]) + 1
        raise GraphFormatError(
            f"Node {row + 1} lists neighbour {other}, but the line of node {other} "
            f"(line {numbers[other - 1]}) does not list {row + 1} and the same weight.",
            path=path,
            line=numbers[row],
        )


def _bad_entry(
    tokens: list[str], weighted: bool, number: int, path: PathType
) -> GraphFormatError:
    for at, token in enumerate(tokens):
        is_weight = weighted and at % 2 == 1
        try:
            value = float(token) if is_weight else int(token)
        except ValueError:
            kind = "weight" if is_weight else "neighbour"
            reason = f"{shorten(token)} is no {kind}; numbers are expected."
            return GraphFormatError(reason, path=path, line=number)
        if not is_weight and abs(value) >= 2**63:
            break
    return GraphFormatError(
        f"Neighbour {shorten(token)} does not fit int64.", path=path, line=number
    )


def _too_many(header: _Header, number: int, path: PathType) -> GraphFormatError:
    return GraphFormatError(
        f"The header speaks of {header.n_nodes:,} nodes but more lines follow.",
        path=path,
        line=number,
    )


def _require_representable(graph: Graph) -> None:
    remedy = "or write another format, such as npz."
    if graph.directed:
        raise GraphValueError(
            "METIS holds undirected graphs and this one is directed. Call "
            f"graph.symmetrize() first, {remedy}"
        )
    if graph.n_loops:
        raise GraphValueError(
            f"METIS has no loops and this graph has {graph.n_loops:,}. Call "
            f"graph.remove_self_loops() first, {remedy}"
        )
    weights = graph.weights
    if weights is not None and not bool(
        np.all((weights == np.floor(weights)) & (weights < 2**53))
    ):
        bad = weights[(weights != np.floor(weights)) | (weights >= 2**53)][0]
        raise GraphValueError(
            f"METIS holds integer weights and an edge has weight {float(bad)!r}. Call "
            f"graph.unweighted() first, {remedy}"
        )
