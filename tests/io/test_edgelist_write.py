from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Graph
from graphrep.io import read_edgelist, write_edgelist

SUFFIXES = ["", ".gz", ".bz2", ".xz", ".zst"]
VISIBLE = st.characters(exclude_categories=["Cc", "Cs"])
TEXTS = st.text(VISIBLE, min_size=1, max_size=12)
PLAIN = TEXTS.filter(lambda t: not t.startswith(("#", "%")) and t.strip(" "))
INTEGERS = st.integers(0, 2**63 - 1)
WEIGHTS = st.floats(
    0, allow_nan=False, allow_infinity=False, exclude_min=True, allow_subnormal=True
)


@st.composite
def graphs(draw: st.DrawFn, ids: st.SearchStrategy) -> Graph:
    nodes = draw(st.lists(ids, max_size=8, unique=True))
    if nodes and isinstance(nodes[0], str) and all(_integer(n) for n in nodes):
        nodes = [f"n{n}" for n in nodes]  # would come back as integers
    pairs = st.tuples(st.integers(0, len(nodes) - 1), st.integers(0, len(nodes) - 1))
    chosen = draw(st.lists(pairs, max_size=15, unique=True)) if nodes else []
    weights = None
    if draw(st.booleans()):
        weights = np.array([draw(WEIGHTS) for _ in chosen], np.float64)
    rows, columns = np.array(chosen, np.int64).reshape(-1, 2).T
    return Graph.from_codes(
        rows.copy(), columns.copy(), weights, nodes=nodes,
        directed=draw(st.booleans()), duplicates="max",
    )  # fmt: skip


def _integer(text: str) -> bool:
    return text == "0" or (text.isascii() and text.isdigit() and text[0] != "0")


def _content(graph: Graph) -> tuple:
    rows, columns, weights = graph.edges()
    weights = np.ones(len(rows)) if weights is None else weights
    ids = graph.nodes
    edges = {}
    for r, c, w in zip(rows.tolist(), columns.tolist(), weights.tolist(), strict=True):
        ends = (ids[r], ids[c])
        edges[ends if graph.directed else frozenset(ends)] = w
    return graph.directed, set(ids), edges


def _round_trip(graph: Graph, path: Path, **options) -> Graph:
    write_edgelist(graph, path)
    return read_edgelist(path, directed=graph.directed, allow_empty=True, **options)


relaxed = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
quiet = pytest.mark.filterwarnings("ignore::graphrep.exceptions.GraphWarning")


@quiet
@pytest.mark.parametrize("suffix", SUFFIXES)
@given(graph=graphs(TEXTS))
@settings(relaxed, max_examples=25)
def test_round_trip_when_csv_then_any_visible_text_comes_back(
    tmp_path: Path, suffix: str, graph: Graph
) -> None:
    path = tmp_path / f"g.csv{suffix}"
    assert _content(_round_trip(graph, path)) == _content(graph)


@quiet
@pytest.mark.parametrize("name", ["g.tsv", "g.txt.gz"])
@given(graph=graphs(PLAIN))
@relaxed
def test_round_trip_when_tab_separated_then_texts_come_back(
    tmp_path: Path, name: str, graph: Graph
) -> None:
    back = _round_trip(graph, tmp_path / name)
    assert _content(back) == _content(graph)


@pytest.mark.parametrize("name", ["g.tsv", "g.csv", "g.ssv"])
@given(graph=graphs(INTEGERS))
@relaxed
def test_round_trip_when_ids_are_integers_then_they_stay_integers(
    tmp_path: Path, name: str, graph: Graph
) -> None:
    back = _round_trip(graph, tmp_path / name)
    assert _content(back) == _content(graph)
    assert back.nodes.is_integer or not len(back)


@given(graph=graphs(INTEGERS))
@relaxed
def test_round_trip_when_nodes_are_given_then_the_graph_is_equal(
    tmp_path: Path, graph: Graph
) -> None:
    path = tmp_path / "g.tsv"
    assert _round_trip(graph, path, nodes=graph.nodes) == graph


def test_write_when_given_a_graph_then_the_text_is_plain(tmp_path: Path) -> None:
    graph = Graph.from_edges(
        ["a", "b"], ["b", "c"], [0.1, 2.0], nodes=["lone", "a", "b", "c"]
    )
    path = tmp_path / "g.tsv"
    write_edgelist(graph, path)
    assert path.read_bytes() == b"a\tb\t0.1\nb\tc\t2\nlone\n"
    write_edgelist(graph, path, header=True)
    assert path.read_bytes().startswith(b"source\ttarget\tweight\na\t")
    path = tmp_path / "g.csv"
    write_edgelist(graph.unweighted(), path)
    assert path.read_bytes() == b"source,target\na,b\nb,c\nlone\n"
    write_edgelist(graph, path, header=False)
    assert path.read_bytes().startswith(b"a,b,0.1\n")


def test_write_when_weights_are_float32_then_the_text_is_short_and_exact(
    tmp_path: Path,
) -> None:
    weights = np.array([0.1, 1 / 3, 1e-30, 16777216.0], np.float32)
    graph = Graph.from_edges(list("abcd"), list("bcde"), weights)
    path = tmp_path / "g.tsv"
    write_edgelist(graph, path)
    assert b"\t0.1\n" in path.read_bytes()
    back = read_edgelist(path)
    assert np.array_equal(back.weights.astype(np.float32), graph.weights)


def test_write_when_the_first_edge_reads_as_a_header_then_one_is_written(
    tmp_path: Path,
) -> None:
    graph = Graph.from_edges(["source", "1"], ["target", "2"])
    path = tmp_path / "g.tsv"
    assert _round_trip(graph, path) == graph
    assert path.read_text().splitlines()[0] == path.read_text().splitlines()[1]


@pytest.mark.parametrize(
    ("node", "words"),
    [("", "empty"), ("a\tb", "control"), ("a\nb", "control"), ("\x85", "control"),
     ("#a", "like a comment"), (" ", "blank"), ("\ud800", "Unicode")],
)  # fmt: skip
def test_write_when_an_id_cannot_stand_in_the_file_then_an_error(
    tmp_path: Path, node: str, words: str
) -> None:
    graph = Graph.from_edges(["x"], [node])
    path = tmp_path / "g.tsv"
    with pytest.raises(GraphValueError, match=words):
        write_edgelist(graph, path)
    assert not path.exists()


def test_write_when_ids_are_other_objects_then_an_error(tmp_path: Path) -> None:
    graph = Graph.from_edges([("a", 1)], [("b", 2)])
    with pytest.raises(GraphTypeError, match="with_nodes"):
        write_edgelist(graph, tmp_path / "g.tsv")


def test_write_when_there_is_a_file_then_overwrite_decides(tmp_path: Path) -> None:
    path = tmp_path / "g.tsv"
    path.write_bytes(b"old")
    graph = Graph.from_edges(["a"], ["b"])
    with pytest.raises(FileExistsError):
        write_edgelist(graph, path, overwrite=False)
    assert path.read_bytes() == b"old"
    write_edgelist(graph, path)
    assert path.read_bytes() == b"a\tb\n"


def test_write_when_there_are_many_edges_then_blocks_join(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pairs = np.unique(rng.integers(0, 3000, (300_000, 2)), axis=0)
    graph = Graph.from_codes(
        pairs[:, 0].copy(), pairs[:, 1].copy(), rng.random(len(pairs)), nodes=3000,
        directed=True,
    )  # fmt: skip
    assert _round_trip(graph, tmp_path / "g.tsv", nodes=range(3000)) == graph
