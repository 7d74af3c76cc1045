"""GraphStore: the same bits as in memory from every source, in bounded memory."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy import sparse

import graphrep
from graphrep import as_graph, read, write
from graphrep.exceptions import (
    GraphFormatError,
    GraphValueError,
)
from graphrep.graph import Graph
from graphrep.io import GraphStore, _edge_store, sniff, write_graph_store

pytestmark = pytest.mark.filterwarnings("ignore::graphrep.exceptions.GraphWarning")
NAMES = {
    "range": lambda i: i,
    "far": lambda i: 2**31 - 700 + i,
    "farther": lambda i: 2**32 + 13 * i,
    "huge": lambda i: 2**62 + i,
    "text": lambda i: f"node {i:x}",
    "padded": lambda i: f"{i:05d}",
}


def _edges(n_edges=6000, n_nodes=900, seed=0):
    """Edges with repeats (also turned round) and loops, unsorted."""
    rng = np.random.default_rng(seed)
    a = (rng.random(n_edges) ** 2 * n_nodes).astype(int)
    b = rng.integers(0, n_nodes, n_edges)
    b[::50] = a[::50]
    weights = rng.integers(0, 9, n_edges) / 4  # zeros too
    return a, b, weights


def _write_text(path, a, b, weights, name):
    lines = [f"{name(i)}\t{name(j)}" for i, j in zip(a, b, strict=True)]
    if weights is not None:
        lines = [f"{x}\t{w}" for x, w in zip(lines, weights, strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return path


def _assert_same(store, graph):
    found = store.graph()
    assert found.indptr.dtype == graph.indptr.dtype
    assert found.indices.dtype == graph.indices.dtype
    np.testing.assert_array_equal(found.indptr, graph.indptr)
    np.testing.assert_array_equal(found.indices, graph.indices)
    assert (found.weights is None) == (graph.weights is None)
    if graph.weights is not None:
        assert found.weights.dtype == graph.weights.dtype
        np.testing.assert_array_equal(found.weights, graph.weights)
    assert found.directed == graph.directed
    assert found.n_edges == graph.n_edges == store.n_edges
    assert found.n_loops == graph.n_loops
    assert found.n_merged == graph.n_merged
    assert found.nodes.is_range == graph.nodes.is_range
    assert found.nodes.is_integer == graph.nodes.is_integer
    assert found.node_ids.tolist() == graph.node_ids.tolist()
    assert found.fingerprint() == graph.fingerprint()
    store.verify()


# -- the same as in memory -------------------------------------------------------
@pytest.mark.parametrize("limit", [40_000, 1_500_000, None])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ids", NAMES)
def test_store_of_an_edge_list_when_any_limit_then_equals_the_graph_in_memory(
    ids, weighted, limit, tiny, tmp_path
):
    a, b, weights = _edges()
    weights = weights if weighted else None
    path = _write_text(tmp_path / "edges.tsv", a, b, weights, NAMES[ids])
    store = write_graph_store(path, tmp_path / "g.store", memory_limit=limit)
    _assert_same(store, read(path))


@pytest.mark.parametrize("duplicates", ["sum", "first", "max", "mean"])
@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_store_when_edges_repeat_then_merged_as_in_memory(
    weighted, directed, duplicates, tiny, tmp_path
):
    a, b, weights = _edges()
    weights = weights if weighted else None
    path = _write_text(tmp_path / "edges.tsv", a, b, weights, str)
    options = {"directed": directed, "duplicates": duplicates}
    store = write_graph_store(path, tmp_path / "g.store", memory_limit=tiny, **options)
    _assert_same(store, read(path, **options))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_store_when_other_threads_and_limits_then_the_same_bytes(
    n_jobs, tiny, tmp_path
):
    a, b, weights = _edges()
    path = _write_text(tmp_path / "edges.tsv", a, b, weights, str)
    first = write_graph_store(path, tmp_path / "a.store")
    other = write_graph_store(
        path, tmp_path / "b.store", memory_limit=tiny, n_jobs=n_jobs
    )
    names = sorted(p.name for p in first.path.iterdir())
    assert names == sorted(p.name for p in other.path.iterdir())
    for name in names:
        assert (first.path / name).read_bytes() == (other.path / name).read_bytes()
    assert first.fingerprint == other.fingerprint


def test_store_when_the_table_of_ids_fills_up_midway_then_equals_in_memory(
    tiny, tmp_path
):
    rng = np.random.default_rng(1)
    n = 300_000
    ends = rng.integers(-(2**62), 2**62, 120_000)
    chunks = [(rng.choice(ends, n // 4), rng.choice(ends, n // 4)) for _ in range(4)]
    store = write_graph_store(
        iter(chunks), tmp_path / "g.store", memory_limit=9_000_000
    )
    a, b = (np.concatenate(side) for side in zip(*chunks, strict=True))
    _assert_same(store, Graph.from_edges(a, b))


def test_store_of_several_edge_lists_then_one_after_the_other(tiny, tmp_path):
    a, b, weights = _edges()
    whole = _write_text(tmp_path / "whole.txt", a, b, weights, str)
    for at in range(3):
        part = slice(2000 * at, 2000 * (at + 1))
        path = tmp_path / f"part-{at}.tsv"
        _write_text(path, a[part], b[part], weights[part], str)
    pattern = f"{tmp_path}/part-*.tsv"
    graph = read(whole, delimiter="\t")
    _assert_same(write_graph_store(pattern, tmp_path / "g", memory_limit=tiny), graph)
    listed = sorted(tmp_path.glob("part-*.tsv"))
    _assert_same(write_graph_store(listed, tmp_path / "h"), graph)


def test_store_of_an_edge_list_when_compressed_and_with_single_nodes_then_equal(
    tiny, tmp_path
):
    graph = Graph.from_edges(["b", "a", "c"], ["a", "c", "c"], nodes=list("dabce"))
    path = tmp_path / "edges.tsv.gz"
    write(graph, path)
    _assert_same(write_graph_store(path, tmp_path / "g", memory_limit=tiny), read(path))
    assert set(GraphStore(tmp_path / "g").ids) == set("dabce")


@pytest.mark.parametrize("limit", [40_000, None])
@pytest.mark.parametrize("ids", NAMES)
def test_store_of_parquet_when_several_row_groups_then_equals_in_memory(
    ids, limit, tiny, tmp_path
):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    a, b, weights = _edges()
    name = NAMES[ids]
    columns = {
        "source": [name(int(i)) for i in a],
        "target": [name(int(i)) for i in b],
        "weight": pa.array(weights, pa.float32()),
    }
    path = tmp_path / "edges.parquet"
    parquet.write_table(pa.table(columns), path, row_group_size=700)
    store = write_graph_store(path, tmp_path / "g.store", memory_limit=limit)
    _assert_same(store, read(path))


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
@pytest.mark.parametrize("nodes", [5, ["e", "d", "c", "b", "a"], [9, -4, 7, 2, 1]])
def test_store_of_a_table_that_graphrep_wrote_then_nodes_without_edges_are_kept(
    nodes, suffix, tiny, tmp_path
):
    pytest.importorskip("pyarrow")
    graph = Graph.from_codes(
        np.array([3, 1]), np.array([1, 1]), np.array([0.5, 2.0]), nodes=nodes,
        directed=True,
    )  # fmt: skip
    path = tmp_path / f"edges.{suffix}"
    write(graph, path)
    store = write_graph_store(path, tmp_path / "g.store", memory_limit=tiny)
    _assert_same(store, read(path))
    assert store.graph() == graph


def test_store_of_tables_when_negative_integers_and_dictionaries_then_equal(
    tiny, tmp_path
):
    pa = pytest.importorskip("pyarrow")
    a, b, _ = _edges()
    table = pa.table({"source": a - 450, "target": b - 450})
    store = write_graph_store(
        iter(table.to_batches(500)), tmp_path / "g", memory_limit=tiny
    )
    _assert_same(store, as_graph(table))
    texts = pa.table(
        {
            name: pa.array([f"n{i}" for i in ids]).dictionary_encode()
            for name, ids in (("source", a), ("target", b))
        }
    )
    store = write_graph_store(iter([texts]), tmp_path / "h", memory_limit=tiny)
    _assert_same(store, as_graph(texts))


def test_store_of_chunks_when_texts_and_weights_then_equals_from_edges(tiny, tmp_path):
    a, b, weights = _edges(400, 60)
    names = [[f"ü{i}" for i in side] for side in (a, b)]
    chunks = (
        (names[0][i : i + 90], names[1][i : i + 90], weights[i : i + 90])
        for i in range(0, 400, 90)
    )
    store = write_graph_store(chunks, tmp_path / "g", memory_limit=tiny)
    _assert_same(store, Graph.from_edges(*names, weights))


@pytest.mark.parametrize(
    "graph",
    [
        Graph.from_edges(["a", "b"], ["b", "c"], [1.0, 2.0]),
        Graph.from_edges([5, 5], [5, -7], directed=True),
        Graph(sparse.csr_array((0, 0))),
        Graph(sparse.csr_array((1, 1))),
        Graph(sparse.csr_array(np.float32([[0, 0.5], [0.5, 1]]))),
    ],
    ids=["texts", "integers", "empty", "one-node", "float32"],
)
def test_store_of_a_graph_then_the_same_graph_comes_back(graph, tmp_path):
    store = write_graph_store(graph, tmp_path / "g.store")
    _assert_same(store, graph)
    _assert_same(write_graph_store(store, tmp_path / "copy.store"), graph)


def test_store_of_a_file_without_edges_then_as_the_reader_has_it(tmp_path):
    path = tmp_path / "edges.tsv"
    path.write_text("a\n")
    with pytest.raises(GraphFormatError, match="No edges found"):
        write_graph_store(path, tmp_path / "g", format="edgelist")
    store = write_graph_store(path, tmp_path / "g", allow_empty=True)
    _assert_same(store, read(path, allow_empty=True))
    _assert_same(write_graph_store(iter([]), tmp_path / "h"), Graph.from_edges([], []))


def test_store_when_id_dtype_is_integer_then_007_and_7_are_one_node(tiny, tmp_path):
    path = tmp_path / "edges.tsv"
    path.write_text("007\t8\n7\t+9\n-3\t8\n")
    for limit in (tiny, None):
        store = write_graph_store(
            path, tmp_path / "g", id_dtype="int64", memory_limit=limit, overwrite=True
        )
        _assert_same(store, read(path, id_dtype="int64"))


def test_store_when_numbers_outgrow_int32_then_the_stream_is_widened(
    tiny, tmp_path, monkeypatch
):
    from graphrep.io import _id_spill

    monkeypatch.setattr(_edge_store, "_LARGEST_INT32", 500)
    monkeypatch.setattr(_id_spill, "_LARGEST_INT32", 500)
    a, b, weights = _edges()
    path = _write_text(tmp_path / "edges.tsv", a, b, weights, str)
    for limit in (tiny, None):
        store = write_graph_store(
            path, tmp_path / "g", memory_limit=limit, overwrite=True
        )
        _assert_same(store, read(path))


def test_store_when_weights_of_chunks_differ_in_type_then_the_wider_one(tmp_path):
    chunks = [([0], [1], np.float32([0.1])), ([1], [2], np.float64([0.1]))]
    store = write_graph_store(iter(chunks), tmp_path / "g")
    assert store.weights.dtype == np.float64
    values = [float(np.float32(0.1)), float(np.float32(0.1)), 0.1, 0.1]
    assert store.weights.tolist() == values


# -- using -----------------------------------------------------------------------
def test_as_graph_and_read_when_a_store_then_mapped(stored):
    for graph in (as_graph(stored), as_graph(stored.path), read(str(stored.path))):
        assert graph == stored.graph()
        base = graph.indices
        while not isinstance(base, np.memmap):
            base = base.base
        assert not graph.indices.flags.writeable
    assert sniff(stored.path) == "store"
    assert isinstance(stored.indptr, np.memmap)
    assert as_graph(stored, weight=None).weighted is False
    assert as_graph(stored, directed=True).directed


def test_store_when_pickled_then_only_its_path_goes(stored):
    sent = pickle.dumps(stored)
    assert len(sent) < 1000
    assert pickle.loads(sent).graph() == stored.graph()


def test_store_of_a_lazy_stream_of_another_library_then_equals_its_table(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    pytest.importorskip("pyarrow")
    query = "SELECT range % 17 AS source, range % 5 AS target FROM range(100)"
    con = duckdb.connect()
    store = write_graph_store(
        con.sql(query), tmp_path / "g", duplicates="first", directed=True
    )
    table = con.sql(query).to_arrow_table()
    _assert_same(store, as_graph(table, duplicates="first", directed=True))


def test_row_range_then_views_of_the_rows(stored):
    indptr, indices, weights = stored.row_range(10, 20)
    low, high = stored.indptr[10], stored.indptr[20]
    np.testing.assert_array_equal(indptr, stored.indptr[10:21])
    np.testing.assert_array_equal(indices, stored.indices[low:high])
    np.testing.assert_array_equal(weights, stored.weights[low:high])
    assert np.shares_memory(indices, stored.indices)
    with pytest.raises(GraphValueError, match="Rows 5 to 401 are not within"):
        stored.row_range(5, stored.n_nodes + 1)


def test_write_when_the_suffix_is_store_then_a_store(tmp_path):
    graph = Graph.from_edges(["a"], ["b"])
    write(graph, tmp_path / "g.store")
    assert GraphStore(tmp_path / "g.store").graph() == graph


def test_embedders_and_evaluation_when_the_graph_is_mapped_then_nothing_is_written(
    stored,
):
    from graphrep.evaluation import ReconstructionEvaluator

    before = {p.name: p.read_bytes() for p in stored.path.iterdir()}
    graph, copy = stored.graph(), Graph(stored.graph().to_scipy().copy())
    fast = graphrep.FastRP(16, random_state=0)
    np.testing.assert_array_equal(
        fast.fit_transform(graph), fast.fit_transform(copy.with_nodes(graph.nodes))
    )
    walker = graphrep.Node2Vec(8, walks_per_node=1, walk_length=5, random_state=0)
    walker.fit_transform(graph)
    result = ReconstructionEvaluator().evaluate(graph, fast.fit_transform(graph))
    assert len(result.table)
    graph.connected_components(), graph.degree(weighted=True), graph.reverse()
    assert before == {p.name: p.read_bytes() for p in stored.path.iterdir()}


def test_opening_when_ids_are_texts_then_read_at_the_first_look_up_only(stored):
    graph = stored.graph()
    assert graph.nodes._loaded is None
    assert graph.neighbors("n1")
    assert graph.nodes._loaded is not None
    assert graph.nodes.keys().tolist() == Graph(graph).nodes.keys().tolist()
