"""Bad and odd hypergraphs and their files, in the form of ``cases.py`` beside this.

``python tests/bad_input/hypergraph_cases.py`` prints the table with the messages.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from bad_input_case import Case, markdown
from scipy import sparse

from graphrep import Graph, Hypergraph, as_hypergraph, read_hypergraph, write_hypergraph
from graphrep.exceptions import (
    GraphFormatError,
    GraphTypeError,
    GraphValueError,
)
from graphrep.exceptions import GraphWarning as Odd


def _in_folder(work: Callable[[], Any]) -> Any:
    """Run something in a new folder, so that messages show short paths."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            return work()
        finally:
            os.chdir(before)


def _read(name: str, content: Any, **options: Any) -> Any:
    if isinstance(content, dict):
        content = json.dumps(content)
    data = content.encode() if isinstance(content, str) else content

    def work() -> Any:
        Path(name).write_bytes(data)
        return read_hypergraph(name, **options)

    return _in_folder(work)


def _write(hypergraph: Hypergraph, name: str) -> Any:
    return _in_folder(lambda: write_hypergraph(hypergraph, name))


def _npz(**arrays: Any) -> bytes:
    target = io.BytesIO()
    np.savez(target, **arrays)
    return target.getvalue()


def _scholp(**files: str) -> Any:
    def work() -> Any:
        for part, text in files.items():
            Path(f"x-{part}.txt").write_text(text)
        return read_hypergraph("x-nverts.txt")

    return _in_folder(work)


def _graph() -> Graph:
    return Graph.from_edges([0, 1], [1, 2])


def _networkx(**attributes: Any) -> Any:
    import networkx as nx

    graph = nx.path_graph(3)
    nx.set_node_attributes(graph, attributes, "bipartite")
    return graph


def _directed_xgi() -> Any:
    import xgi

    return xgi.DiHypergraph([([1], [2])])


def _incidences(*records: Any, **more: Any) -> dict[str, Any]:
    return {"incidences": list(records), **more}


_HEAD = {"edge": 1, "node": 2, "direction": "head"}

MEMBERS = [
    Case(
        "empty", "no hyperedge", lambda: Hypergraph([]),
        gives="Hypergraph(n_nodes=0, n_hyperedges=0)",
    ),
    Case(
        "empty-hyperedge", "a hyperedge without members",
        lambda: list(Hypergraph([(1, 2), ()])), gives="[(1, 2), ()]",
    ),
    Case(
        "one-member", "a hyperedge of one member",
        lambda: Hypergraph([(1,)]).project(),
        gives="Graph(n_nodes=1, n_edges=0, undirected, unweighted)",
    ),
    Case(
        "repeated-member", "a member twice", lambda: list(Hypergraph([(2, 1, 2)])),
        gives="[(1, 2)]",
    ),
    Case(
        "repeated-hyperedge", "a hyperedge twice",
        lambda: Hypergraph([(1, 2), (2, 1)]).project().weights.tolist(),
        gives="[2.0, 2.0]",
    ),
    Case(
        "text-for-hyperedge", "a text in the place of a hyperedge",
        lambda: Hypergraph([("a", "b"), "cd"]),
        raises=GraphTypeError, says="Hyperedge 1 (counted from 0) is 'cd'",
    ),
    Case(
        "number-for-hyperedge", "a number in the place of a hyperedge",
        lambda: Hypergraph([1, 2]), raises=GraphTypeError, says="is 1",
    ),
    Case(
        "none-member", "None among the members", lambda: Hypergraph([("a", None)]),
        raises=GraphValueError, says="None",
    ),
    Case(
        "twin-members", "1 and '1'", lambda: Hypergraph([(1, "1")]),
        raises=GraphValueError, says="'1'",
    ),
    Case(
        "unhashable-member", "a list among the members",
        lambda: Hypergraph([([1], 2)]), raises=GraphTypeError, says="hashable",
    ),
    Case(
        "member-not-in-nodes", "a member that is not among the nodes given",
        lambda: Hypergraph([("a", "x")], nodes=["a", "b"]),
        raises=GraphValueError, says="member of hyperedge 0",
    ),
    Case(
        "multiplicity-zero", "a multiplicity of 0",
        lambda: Hypergraph([(1, 2)], multiplicities=[0]),
        raises=GraphValueError, says="Leave hyperedges out",
    ),
    Case(
        "weight-nan", "a weight that is NaN",
        lambda: Hypergraph([(1,)], weights=[np.nan]),
        raises=GraphValueError, says="weight nan",
    ),
    Case(
        "taken-twice", "a hyperedge taken twice",
        lambda: Hypergraph([(1, 2), (3,)]).take([0, 0]),
        raises=GraphValueError, says="taken twice",
    ),
    Case(
        "indptr-descends", "pointers that descend",
        lambda: Hypergraph.from_csr([0, 2, 1], [0, 1]),
        raises=GraphValueError, says="never descend",
    ),
]  # fmt: skip

OBJECTS = [
    Case(
        "graph", "a Graph", lambda: as_hypergraph(_graph()),
        raises=GraphTypeError, says="its hyperedges are not known",
    ),
    Case(
        "networkx-graph", "a networkx graph without bipartite",
        lambda: as_hypergraph(_networkx()),
        raises=GraphTypeError, says="no attribute bipartite", needs="networkx",
    ),
    Case(
        "symmetric-matrix", "a sparse matrix that may be an adjacency",
        lambda: as_hypergraph(_graph().to_scipy()),
        raises=GraphTypeError, says="kind='incidence'",
    ),
    Case(
        "dense-array", "a dense array", lambda: as_hypergraph(np.eye(2, 3)),
        raises=GraphTypeError, says="kind='members'",
    ),
    Case(
        "nan-in-incidence", "NaN in an incidence matrix",
        lambda: as_hypergraph(np.array([[np.nan]]), kind="incidence"),
        raises=GraphValueError, says="contains NaN",
    ),
    Case(
        "vector", "a matrix of one dimension",
        lambda: Hypergraph.from_incidence(sparse.coo_array(np.ones(3))),
        raises=GraphValueError, says="two dimensions",
    ),
    Case(
        "directed-xgi", "a directed hypergraph of XGI",
        lambda: as_hypergraph(_directed_xgi()),
        raises=GraphTypeError, says="directions", needs="xgi",
    ),
    Case(
        "nothing", "None", lambda: as_hypergraph(None),
        raises=GraphTypeError, says="cannot read a NoneType",
    ),
    Case(
        "mapping", "a dictionary given to Hypergraph", lambda: Hypergraph({"x": [1]}),
        raises=GraphTypeError, says="as_hypergraph",
    ),
    Case(
        "nodes-lack-some", "nodes= that lacks a member",
        lambda: as_hypergraph(Hypergraph([(1, 2)]), nodes=[1, 3]),
        raises=GraphValueError, says="such as 2",
    ),
]  # fmt: skip

FILES = [
    Case(
        "file-empty", "an empty file", lambda: _read("h.txt", ""),
        raises=GraphFormatError, says="h.txt: No hyperedges",
    ),
    Case(
        "file-member-empty", "an empty member", lambda: _read("h.txt", "1,2\n3,,4\n"),
        raises=GraphFormatError, says="h.txt:2",
    ),
    Case(
        "file-member-twice", "a member twice in a line",
        lambda: list(_read("h.txt", "1 1 2\n")),
        warns=Odd, says="counts once", gives="[(1, 2)]",
    ),
    Case(
        "file-leading-zero", "ids with a leading zero",
        lambda: list(_read("h.txt", "01 1\n")), gives="[('01', '1')]",
    ),
    Case(
        "file-nul", "a control character", lambda: _read("h.txt", "1 2\n3\x00\n"),
        raises=GraphFormatError, says="h.txt:2: Control character",
    ),
    Case(
        "file-latin", "another encoding", lambda: _read("h.txt", b"\xe9 a\n"),
        raises=GraphFormatError, says="encoding=",
    ),
    Case(
        "table-column", "a table without the column node",
        lambda: _read("h.csv", "edge,who\n1,2\n"),
        raises=GraphFormatError, says="Column 'node' is missing",
    ),
    Case(
        "table-weights", "two weights of one hyperedge",
        lambda: _read("h.csv", "edge,node,weight\n1,2,1\n1,3,2\n"),
        raises=GraphFormatError, says="in two rows",
    ),
    Case(
        "table-empty-id", "an empty id", lambda: _read("h.tsv", "edge\tnode\n1\t\n"),
        raises=GraphFormatError, says="h.tsv:2",
    ),
    Case(
        "hif-no-json", "HIF that is cut off",
        lambda: _read("h.json", '{"incidences": ['),
        raises=GraphFormatError, says="h.json:1: The file is no JSON",
    ),
    Case(
        "hif-key", "a key that HIF does not have",
        lambda: _read("h.json", _incidences(type="undirected")),
        raises=GraphFormatError, says="no key 'type'",
    ),
    Case(
        "hif-directed", "a directed hypergraph in HIF",
        lambda: _read("h.json", _incidences(_HEAD)),
        raises=GraphFormatError, says="it is directed",
    ),
    Case(
        "hif-id", "an id that is a float",
        lambda: _read("h.json", _incidences({"edge": 1.5, "node": 2})),
        raises=GraphFormatError, says="got 1.5",
    ),
    Case(
        "hif-record", "a node with two records",
        lambda: _read("h.json", _incidences(nodes=[{"node": 1}, {"node": 1}])),
        raises=GraphFormatError, says="second record",
    ),
    Case(
        "hif-cell-weight", "weights of incidences",
        lambda: _read("h.json", _incidences({"edge": 1, "node": 2, "weight": 0.5})),
        warns=Odd, says="does not keep",
    ),
    Case(
        "npz-other", "an .npz of something else", lambda: _read("h.npz", _npz(x=[1])),
        raises=GraphFormatError, says="are no hypergraph",
    ),
    Case(
        "npz-objects", "an .npz with objects",
        lambda: _read("h.npz", _npz(hyperedge_index=np.array([None]))),
        raises=GraphFormatError, says="never loaded",
    ),
    Case(
        "scholp-sizes", "ScHoLP sizes that do not add up",
        lambda: _scholp(nverts="2\n2\n", simplices="1\n2\n3\n"),
        raises=GraphFormatError, says="add up to 4, but 3",
    ),
    Case(
        "scholp-part-missing", "ScHoLP simplices that are not there",
        lambda: _scholp(nverts="2\n"), raises=FileNotFoundError, says="x-simplices.txt",
    ),
    Case(
        "write-empty-hyperedge", "a list for an empty hyperedge",
        lambda: _write(Hypergraph([(1, 2), ()]), "h.txt"),
        raises=GraphValueError, says="write HIF or npz",
    ),
    Case(
        "write-blank", "a list for an id with a blank",
        lambda: _write(Hypergraph([("a b", "c")]), "h.txt"),
        raises=GraphValueError, says="'a b' does not fit",
    ),
    Case(
        "write-lost", "a list for what has no place in it",
        lambda: _write(Hypergraph([(1, 2)], nodes=[1, 2, 3], weights=[2]), "h.txt"),
        warns=Odd, says="no place for weights, 1 nodes in no hyperedge",
    ),
]  # fmt: skip

CASES = MEMBERS + OBJECTS + FILES

if __name__ == "__main__":
    print(markdown(CASES))  # noqa: T201
