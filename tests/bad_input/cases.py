"""Bad and odd input, one case a row: what is given, and what must come of it.

``python tests/bad_input/cases.py`` prints the table with the actual messages, for
the documentation. To add a row, append a `Case` to one of the lists.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from bad_input_case import Case, markdown
from scipy import sparse

from graphrep import Graph, as_graph
from graphrep.exceptions import (
    GraphTypeError,
    GraphValueError,
    GraphWarning,
    NodeNotFoundError,
)


def _weighted(*weights: Any, dtype: Any = None) -> Graph:
    ends = np.arange(len(weights) + 1)
    return Graph.from_edges(ends[:-1], ends[1:], np.array(weights, dtype))


def _csr(indptr: Any, indices: Any, data: Any = None) -> Any:
    """Sparse matrix with arrays that scipy has not looked at."""
    matrix = sparse.csr_array((len(indptr) - 1, len(indptr) - 1))
    matrix.indptr, matrix.indices = np.array(indptr), np.array(indices)
    matrix.data = np.ones(len(indices)) if data is None else np.array(data, float)
    return matrix


def _tampered_coo() -> Any:
    matrix = sparse.coo_array(np.eye(3))
    matrix.row[1] = 10**6
    return matrix


def _tampered_csc() -> Any:
    matrix = sparse.csc_array(np.eye(3))
    matrix.indices[1] = -7
    return matrix


def _networkx(*edges: Any) -> Any:
    import networkx as nx

    return nx.Graph(edges)


def _two_kinds() -> Any:
    import torch
    from torch_geometric.data import HeteroData

    data = HeteroData()
    data["gene"].num_nodes = data["disease"].num_nodes = 1
    data["gene", "causes", "disease"].edge_index = torch.tensor([[0], [0]])
    return data


def _pandas(**columns: Any) -> Any:
    import pandas as pd

    return pd.DataFrame(columns)


def _strided() -> Any:
    wide = np.zeros((6, 6), ">f8", order="F")
    wide[::2, ::2] = [[0, 2, 0], [2, 0, 1], [0, 1, 0]]
    view = wide[::2, ::2]
    view.setflags(write=False)
    return view


def _unsorted_stays_unsorted() -> list[int]:
    matrix = _csr([0, 2, 3, 4], [2, 1, 0, 0])
    as_graph(matrix)
    return matrix.indices.tolist()


def _mapped() -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "indices.npy"
        np.save(path, np.array([1, 0], np.int32))
        indices = np.load(path, mmap_mode="r")
        graph = Graph.from_csr(np.array([0, 1, 2]), indices)
        return f"shares memory: {np.shares_memory(graph.indices, indices)}"


def _hub() -> Graph:
    return Graph.from_edges(np.zeros(20_000, int), np.arange(1, 20_001))


SHAPE = [
    Case(
        "no-nodes", "0 nodes", lambda: as_graph(np.zeros((0, 0))),
        gives="Graph(n_nodes=0, n_edges=0, undirected, unweighted)",
    ),
    Case(
        "no-edges", "3 nodes, no edge", lambda: as_graph(np.zeros((3, 3))),
        gives="Graph(n_nodes=3, n_edges=0, undirected, unweighted)",
    ),
    Case(
        "one-node", "one node", lambda: as_graph(np.zeros((1, 1))),
        gives="Graph(n_nodes=1, n_edges=0, undirected, unweighted)",
    ),
    Case(
        "not-square", "a matrix of 2 rows and 3 columns",
        lambda: as_graph(np.ones((2, 3))),
        raises=GraphValueError, says="got (2, 3)",
    ),
    Case(
        "one-dimension", "a vector", lambda: as_graph(np.ones(3)),
        raises=GraphValueError, says="got (3,)",
    ),
    Case(
        "ragged-lists", "rows of different length",
        lambda: as_graph([[0.0, 1.0], [1.0]]),
        raises=GraphValueError, says="same length",
    ),
    Case(
        "isolated-nodes", "nodes without edges",
        lambda: Graph.from_edges([1], [2], nodes=[1, 2, 3]).degree().tolist(),
        gives="[1, 1, 0]",
    ),
    Case(
        "dangling-nodes", "a directed graph with an end",
        lambda: Graph.from_edges([1], [2], directed=True).degree(weighted=True),
        gives="[1. 0.]",
    ),
    Case(
        "self-loops", "an edge from a node to itself",
        lambda: Graph.from_edges(["a", "a"], ["a", "b"]).degree().tolist(),
        gives="[2, 1]",
    ),
    Case(
        "disconnected", "two components",
        lambda: Graph.from_edges([0, 2, 3], [1, 3, 4]).connected_components().tolist(),
        gives="[1, 1, 0, 0, 0]",
    ),
    Case(
        "hub", "a hub with 20,000 neighbours", _hub,
        gives="Graph(n_nodes=20001, n_edges=20000, undirected, unweighted)",
    ),
]  # fmt: skip

EDGES = [
    Case(
        "duplicate-edges", "an edge given twice",
        lambda: Graph.from_edges(["a", "b"], ["b", "a"]).weights.tolist(),
        warns=GraphWarning, says="1 of the edges repeat an edge", gives="[2.0, 2.0]",
    ),
    Case(
        "duplicate-edges-conflicting", "an edge given twice with other weights",
        lambda: Graph.from_edges([0, 0], [1, 1], [2, 5], duplicates="max").weights[0],
        gives="5.0",
    ),
    Case(
        "duplicate-edges-refused", "the same with duplicates='error'",
        lambda: Graph.from_edges([0, 0], [1, 1], duplicates="error"),
        raises=GraphValueError, says="1 of the edges repeat an edge",
    ),
    Case(
        "duplicates-unknown", "a rule that does not exist",
        lambda: Graph.from_edges([0], [1], duplicates="min"),
        raises=GraphValueError, says="'first'",
    ),
    Case(
        "explicit-zeros", "stored zeros",
        lambda: as_graph(_csr([0, 2, 3], [0, 1, 0], [0, 1, 1])),
        gives="Graph(n_nodes=2, n_edges=1, undirected, unweighted)",
    ),
    Case(
        "asymmetric", "directed=False for an asymmetric matrix",
        lambda: as_graph(np.array([[0.0, 1.0], [0.0, 0.0]]), directed=False),
        raises=GraphValueError, says="symmetrize",
    ),
    Case(
        "asymmetric-rounding", "the same, weights differing by rounding",
        lambda: as_graph(np.array([[0, 1.0], [1.0 + 1e-9, 0]]), directed=False),
        gives="Graph(n_nodes=2, n_edges=1, undirected, weighted)",
    ),
    Case(
        "lengths-differ", "more sources than targets",
        lambda: Graph.from_edges([0, 1], [1]),
        raises=GraphValueError, says="got 2 and 1",
    ),
    Case(
        "codes-out-of-range", "a row number outside the graph",
        lambda: Graph.from_codes(np.array([0]), np.array([9]), nodes=3),
        raises=GraphValueError, says="columns[0] = 9",
    ),
    Case(
        "end-not-in-nodes", "an edge to a node that is not listed",
        lambda: Graph.from_edges(["aorta"], ["valve"], nodes=["aorta"]),
        raises=GraphValueError, says="'valve'",
    ),
]  # fmt: skip

WEIGHTS = [
    Case(
        "negative-weight", "a negative weight", lambda: _weighted(1, -2),
        raises=GraphValueError, says="Negative values in data passed to",
    ),
    Case(
        "nan-weight", "a weight that is NaN", lambda: _weighted(1, np.nan),
        raises=GraphValueError, says="NaN: edge (1, 2) at position 1",
    ),
    Case(
        "nan-in-matrix", "NaN in a matrix",
        lambda: as_graph(np.array([[0, np.nan], [1, 0]]), nodes=["a", "b"]),
        raises=GraphValueError, says="NaN: edge ('a', 'b')",
    ),
    Case(
        "infinite-weight", "an infinite weight", lambda: _weighted(np.inf),
        raises=GraphValueError, says="infinity",
    ),
    Case(
        "degree-overflow", "weights of 1e308 that sum to infinity",
        lambda: _weighted(1e308, 1e308).degree(weighted=True),
        raises=GraphValueError, says="row 1 sum to infinity",
    ),
    Case(
        "float32-degrees", "float32 weights of 3e38", lambda: _weighted(
            3e38, 3e38, dtype=np.float32).degree(weighted=True).tolist()[1] > 5e38,
        gives="True",
    ),
    Case(
        "merged-overflow", "float32 duplicates that sum to infinity",
        lambda: Graph.from_edges([0, 0], [1, 1], np.full(2, 3e38, np.float32)),
        raises=GraphValueError, says="infinity",
    ),
    Case(
        "tiny-weights", "weights from 1e-300 to 1",
        lambda: _weighted(1e-300, 1.0).degree(weighted=True).tolist(),
        gives="[1e-300, 1.0, 1.0]",
    ),
    Case(
        "integer-weights", "integer weights", lambda: _weighted(2, 3).dtype,
        gives="float64",
    ),
    Case(
        "bool-weights", "bool weights", lambda: _weighted(True, False),
        gives="Graph(n_nodes=3, n_edges=1, undirected, unweighted)",
    ),
    Case(
        "object-weights", "weights that are objects", lambda: _weighted(1, None),
        raises=GraphTypeError, says="dtype object",
    ),
    Case(
        "text-weights", "weights that are texts", lambda: _weighted("1", "2"),
        raises=GraphTypeError, says="real numbers",
    ),
    Case(
        "complex-weights", "a complex matrix", lambda: as_graph(np.eye(2) * 1j),
        raises=GraphTypeError, says="complex128",
    ),
    Case(
        "weights-too-few", "fewer weights than edges",
        lambda: Graph.from_edges([0, 1], [1, 2], [1.0]),
        raises=GraphValueError, says="1 weights were given for 2 edges",
    ),
]  # fmt: skip

ARRAYS = [
    Case(
        "index-too-large", "a column index outside the graph",
        lambda: as_graph(_csr([0, 1, 1], [2])),
        raises=GraphValueError, says="Column index 2 in row 0",
    ),
    Case(
        "index-far-too-large", "one far outside",
        lambda: as_graph(_csr([0, 1, 1], [2**40])),
        raises=GraphValueError, says=f"Column index {2**40}",
    ),
    Case(
        "index-negative", "a negative column index",
        lambda: as_graph(_csr([0, 0, 1], [-1])),
        raises=GraphValueError, says="Column index -1 in row 1",
    ),
    Case(
        "index-unsigned", "an unsigned index beyond int32",
        lambda: Graph.from_csr([0, 1], np.array([2**32 - 1], np.uint32)),
        raises=GraphValueError, says=f"Column index {2**32 - 1}",
    ),
    Case(
        "coo-index", "a COO matrix with a row outside",
        lambda: as_graph(_tampered_coo()),
        raises=GraphValueError, says="rows[1] = 1000000",
    ),
    Case(
        "csc-index", "a CSC matrix with a negative row",
        lambda: as_graph(_tampered_csc()),
        raises=GraphValueError, says="-7",
    ),
    Case(
        "indptr-start", "indptr that does not start at 0",
        lambda: as_graph(_csr([1, 1, 1], [0])),
        raises=GraphValueError, says="starts at 1",
    ),
    Case(
        "indptr-decreasing", "indptr that decreases",
        lambda: as_graph(_csr([0, 2, 1], [0])),
        raises=GraphValueError, says="at row 1 it falls from 2 to 1",
    ),
    Case(
        "indptr-end", "indptr that ends elsewhere",
        lambda: as_graph(_csr([0, 1, 5], [0])),
        raises=GraphValueError, says="indptr ends at 5",
    ),
    Case(
        "unsorted", "unsorted rows; the caller's array stays as it was",
        _unsorted_stays_unsorted, gives="[2, 1, 0, 0]",
    ),
    Case(
        "int64-indices", "int64 indices",
        lambda: Graph.from_csr(np.array([0, 1, 2]), np.array([1, 0])).indices.dtype,
        gives="int32",
    ),
    Case(
        "odd-layout", "a read-only, strided, big-endian, Fortran-ordered matrix",
        lambda: as_graph(_strided()),
        gives="Graph(n_nodes=3, n_edges=2, undirected, weighted)",
    ),
    Case("memory-mapped", "memory-mapped arrays", _mapped, gives="shares memory: True"),
    Case(
        "masked", "a masked array",
        lambda: as_graph(np.ma.masked_equal(np.eye(2), 0)),
        raises=GraphTypeError, says="filled(0)",
    ),
]  # fmt: skip

IDS = [
    Case(
        "huge-ids", "ids up to 2**63 - 1",
        lambda: Graph.from_edges([2**63 - 1], [-(2**63)]).node_ids.tolist(),
        gives=f"[{2**63 - 1}, {-(2**63)}]",
    ),
    Case(
        "ids-beyond-int64", "unsigned ids beyond int64",
        lambda: Graph.from_edges(np.array([2**63], np.uint64), np.array([1])),
        raises=GraphValueError, says="does not fit int64",
    ),
    Case(
        "float-ids", "ids as floats", lambda: Graph.from_edges([1.0], [2.0]).node_ids,
        warns=GraphWarning, says="given as floats", gives="[1 2]",
    ),
    Case(
        "fractional-ids", "ids with a fraction", lambda: Graph.from_edges([1.5], [2.0]),
        raises=GraphValueError, says="1.5",
    ),
    Case(
        "inexact-ids", "a float id beyond 2**53",
        lambda: Graph.from_edges([2.0**53], [1.0]),
        raises=GraphValueError, says="no exact integer",
    ),
    Case(
        "ambiguous-ids", "1 and '1'", lambda: Graph.from_edges([1], ["1"]),
        raises=GraphValueError, says="read the same",
    ),
    Case(
        "ambiguous-ids-networkx", "the same in a networkx graph",
        lambda: as_graph(_networkx((1, "1"))),
        raises=GraphValueError, says="read the same", needs="networkx",
    ),
    Case(
        "none-id", "None as an id", lambda: Graph.from_edges(["a", "b"], ["b", None]),
        raises=GraphValueError, says="target of edge 1",
    ),
    Case(
        "nan-id", "NaN as an id", lambda: Graph.from_edges([np.nan, 1.0], [2.0, 1.0]),
        raises=GraphValueError, says="source of edge 0",
    ),
    Case(
        "null-in-table", "a missing id in a table",
        lambda: as_graph(_pandas(source=["a", None], target=["b", "c"])),
        raises=GraphValueError, says="in row 1", needs="pandas",
    ),
    Case(
        "unicode-ids", "ids that differ by case, blanks or normalisation",
        lambda: Graph.from_edges(["é", "A "], ["e\u0301", "a "]).n_nodes,
        gives="4",
    ),
    Case(
        "unhashable-id", "a list as an id", lambda: Graph.from_edges([["a"]], ["b"]),
        raises=GraphTypeError, says="hashable",
    ),
    Case(
        "id-twice", "an id that stands twice",
        lambda: Graph(np.eye(2), nodes=["a", "a"]),
        raises=GraphValueError, says="'a' stands twice",
    ),
    Case(
        "ids-too-few", "fewer ids than rows", lambda: Graph(np.eye(3), nodes=["a"]),
        raises=GraphValueError, says="1 node ids were given for 3 rows",
    ),
    Case(
        "unordered-ids", "a set of ids", lambda: Graph(np.eye(2), nodes={"a", "b"}),
        raises=GraphTypeError, says="unordered set",
    ),
    Case(
        "unknown-node", "a question about a node that is not there",
        lambda: Graph.from_edges(["aorta"], ["valve"]).neighbors("aotra"),
        raises=NodeNotFoundError, says="Close matches: 'aorta'",
    ),
    Case(
        "subgraph-twice", "a node twice in a subgraph",
        lambda: as_graph(np.eye(2)).subgraph([0, 0]),
        raises=GraphValueError, says="Node 0 stands twice",
    ),
]  # fmt: skip

OBJECTS = [
    Case(
        "integer-pairs", "an integer array of two columns",
        lambda: as_graph(np.array([[0, 1], [1, 2]])),
        raises=GraphTypeError, says="Graph.from_edges(x[:, 0], x[:, 1])",
    ),
    Case(
        "list-of-pairs", "a list of tuples", lambda: as_graph([(0, 1), (1, 2)]),
        raises=GraphTypeError, says="Graph.from_edges",
    ),
    Case(
        "tuple-of-arrays", "(indptr, indices)",
        lambda: as_graph((np.array([0, 1]), np.array([0]))),
        raises=GraphTypeError, says="Graph.from_csr",
    ),
    Case(
        "unknown-object", "an object that holds no graph", lambda: as_graph(3.5),
        raises=GraphTypeError, says="it takes a Graph",
    ),
    Case(
        "missing-column", "a table without the column",
        lambda: as_graph(_pandas(head=["a"], target=["b"])),
        raises=GraphValueError, says="'head', 'target'", needs="pandas",
    ),
    Case(
        "several-relations", "several kinds of nodes and edges",
        lambda: as_graph(_two_kinds()),
        raises=GraphTypeError, says="relation=", needs="torch_geometric",
    ),
    Case(
        "missing-file", "a path that does not exist",
        lambda: as_graph("no-such-folder/graph.csv"),
        raises=FileNotFoundError, says="no-such-folder",
    ),
]  # fmt: skip

CASES = [*SHAPE, *EDGES, *WEIGHTS, *ARRAYS, *IDS, *OBJECTS]


if __name__ == "__main__":
    print(markdown(CASES))  # noqa: T201
