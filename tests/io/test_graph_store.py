"""GraphStore: the same bits as in memory from every source, in bounded memory."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

import graphrep
from graphrep import as_graph, read, write
from graphrep.exceptions import (
    GraphFormatError,
    GraphTypeError,
    GraphValueError,
    GraphWarning,
    MemoryLimitError,
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


@pytest.fixture
def tiny(monkeypatch):
    """Allow limits of a few kB, so that small graphs take many parts and buckets."""
    monkeypatch.setattr(_edge_store, "_LEAST", 1)
    monkeypatch.setattr(_edge_store, "_READING", 0)
    return 40_000


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
@pytest.fixture
def stored(tmp_path):
    """Store of a weighted graph with text ids."""
    a, b, weights = _edges(3000, 400)
    path = _write_text(tmp_path / "edges.tsv", a, b, weights, lambda i: f"n{i}")
    return write_graph_store(path, tmp_path / "g.store")


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


# -- damage ----------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["indptr", "indices", "weights", "ids_utf8", "ids_offsets"]
)
@pytest.mark.parametrize("place", [20, 100, 130, -1])
def test_verify_when_a_byte_has_changed_then_names_the_file(name, place, stored):
    path = stored.path / f"{name}.npy"
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)
    with pytest.raises(GraphFormatError, match=rf"{name}\.npy: The file is damaged"):
        GraphStore(stored.path).verify()


def _rehashed(store, name, array):
    """Write another array over one of a store, with the right checksum."""
    from graphrep._utils._npy_files import NpyWriter

    manifest = json.loads((store.path / "manifest.json").read_text())
    with NpyWriter(store.path / name, array.dtype) as writer:
        writer.write(array)
        manifest["files"][name] = writer.close()
    (store.path / "manifest.json").write_text(json.dumps(manifest))
    return GraphStore(store.path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda i: i.__setitem__(3, 10**6), "out of range"),
        (lambda i: i.__setitem__(3, -1), "out of range"),
        (lambda i: i.__setitem__(slice(0, 2), i[:2][::-1].copy()), "not in order"),
        (lambda i: i.__setitem__(1, i[0]), "not in order"),
        (lambda i: i.__setitem__(0, i[0] - 1), "differ in length"),
    ],
)
def test_verify_when_rows_break_their_promise_then_says_how(change, reason, stored):
    indices = np.array(stored.indices)
    row = int(
        np.flatnonzero(
            (np.diff(stored.indptr) > 4) & (indices[stored.indptr[:-1]] > 1)
        )[0]
    )
    start = int(stored.indptr[row])
    change(indices[start:])
    with pytest.raises(GraphFormatError, match=reason):
        _rehashed(stored, "indices.npy", indices).verify()


def test_verify_when_a_weight_or_an_id_is_wrong_then_says_so(stored):
    weights = np.array(stored.weights)
    weights[7] = np.nan
    with pytest.raises(GraphFormatError, match="no number above 0"):
        _rehashed(stored, "weights.npy", weights).verify()
    _rehashed(stored, "weights.npy", np.ones_like(weights))
    text = np.array(GraphStore(stored.path)._index.column.data)
    offsets = GraphStore(stored.path)._index.column.offsets
    lengths = np.diff(offsets)
    a, b = np.flatnonzero(lengths == lengths[0])[:2]
    text[offsets[b] : offsets[b + 1]] = text[offsets[a] : offsets[a + 1]]
    with pytest.raises(GraphFormatError, match="stands twice"):
        _rehashed(stored, "ids_utf8.npy", text).verify()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: (p / "manifest.json").unlink(), "no manifest.json, so this is no"),
        (lambda p: (p / "manifest.json").write_text("{"), "is damaged"),
        (lambda p: (p / "manifest.json").write_text("[]"), "describes no graph store"),
        (lambda p: (p / "indices.npy").unlink(), "it is missing"),
        (lambda p: os.truncate(p / "indices.npy", 300), "it has 300 bytes where"),
        (lambda p: (p / "ids_utf8.npy").write_bytes(b""), "it has 0 bytes where"),
    ],
)
def test_opening_when_damaged_then_one_sentence(damage, message, stored):
    damage(stored.path)
    with pytest.raises(GraphFormatError, match=message):
        GraphStore(stored.path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format_version": 2}, "format version 2; this graphrep reads up to 1"),
        ({"format": "other"}, "its format is 'other'"),
        ({"n_nodes": "5"}, "n_nodes is '5' instead of a int"),
        ({"n_nodes": 5}, "its type or shape"),
        ({"nnz": -1}, "nnz is -1"),
        ({"ids": "names"}, "unknown kind 'names'"),
        ({"files": {"../x.npy": {}}}, "its list of files is none"),
        ({"weighted": False}, "its list of files is not that"),
    ],
)
def test_opening_when_the_manifest_does_not_fit_then_one_sentence(
    change, message, stored
):
    path = stored.path / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(GraphFormatError, match=message):
        GraphStore(stored.path)


def test_opening_when_the_manifest_is_mutated_then_opens_or_one_error(stored):
    path = stored.path / "manifest.json"
    content, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(300):
        data = bytearray(content)
        for at in rng.integers(0, len(data), 3):
            data[at] = rng.integers(32, 127)
        path.write_bytes(data)
        try:
            GraphStore(stored.path).graph()
        except GraphFormatError as error:
            assert str(stored.path) in str(error)  # noqa: PT017


def test_opening_when_nothing_is_there_then_not_found(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no graph store"):
        GraphStore(tmp_path / "none.store")


# -- writing safely --------------------------------------------------------------
def test_writing_when_something_is_there_then_only_a_store_is_replaced(
    stored, tmp_path
):
    graph = Graph.from_edges([0], [1])
    with pytest.raises(FileExistsError, match="pass overwrite=True"):
        write_graph_store(graph, stored.path)
    assert write_graph_store(graph, stored.path, overwrite=True).n_edges == 1
    other = tmp_path / "folder"
    other.mkdir()
    (other / "precious.txt").write_text("x")
    with pytest.raises(FileExistsError, match="choose another path"):
        write_graph_store(graph, other, overwrite=True)


def test_writing_when_the_source_breaks_off_then_nothing_is_left(tmp_path):
    def chunks():
        yield [0, 1], [1, 2]
        raise RuntimeError("lost")

    with pytest.raises(RuntimeError, match="lost"):
        write_graph_store(chunks(), tmp_path / "g.store")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
def test_writing_when_killed_then_nothing_opens(tmp_path):
    code = (
        "import sys, time\n"
        "from graphrep.io import write_graph_store\n"
        "def chunks():\n"
        "    yield [0, 1], [1, 2]\n"
        "    print('begun', flush=True)\n"
        "    time.sleep(60)\n"
        "write_graph_store(chunks(), sys.argv[1])\n"
    )
    target = tmp_path / "g.store"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(target)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"begun\n"
        time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert not target.exists()
    for left in tmp_path.iterdir():
        with pytest.raises(GraphFormatError, match=r"no manifest\.json"):
            GraphStore(left)


def test_writing_when_the_limit_is_too_small_then_says_what_is_needed(
    tiny, tmp_path, monkeypatch
):
    edges = ([0] * 3000 + [1], list(range(1, 3001)) + [2])
    with pytest.raises(MemoryLimitError, match="largest node has 3,000 entries"):
        write_graph_store(iter([edges]), tmp_path / "g", memory_limit=40_000)
    with pytest.raises(
        MemoryLimitError, match=r"3,001 nodes, whose degrees take 24 kB"
    ):
        write_graph_store(iter([edges]), tmp_path / "g", memory_limit=20_000)
    monkeypatch.undo()
    with pytest.raises(MemoryLimitError, match=r"takes 101 MB at least"):
        write_graph_store(iter([edges]), tmp_path / "g", memory_limit="1 MiB")
    assert list(tmp_path.iterdir()) == []


def test_writing_when_the_disk_is_full_then_refused_before(tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 100})
    monkeypatch.setattr(_edge_store.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OSError, match="the disk has 100 B free"):
        write_graph_store(iter([([0] * 9, range(9))]), tmp_path / "g")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("chunks", "error", "message"),
    [
        ([([1], [2]), (["a"], ["b"])], GraphValueError, "integers as ids and others"),
        ([([1], ["b"])], GraphTypeError, "mixes integers and texts"),
        ([([1.5], [2])], GraphTypeError, "all integers or all texts; got 1.5"),
        ([([1, 2], [2])], GraphValueError, "must have the same length"),
        ([[1, 2, 3, 4]], GraphTypeError, r"\(source, target\)"),
        ([(["a"], [""])], GraphValueError, "target of edge 0 of a chunk is an empty"),
        ([([1], [2], [np.nan])], GraphValueError, r"edge \(1, 2\) at position 0"),
        ([([1], [2], [-1.0])], GraphValueError, r"edge \(1, 2\) at position 0"),
        ([([1], [2]), ([1], [2], [1.0])], GraphValueError, "others have none"),
        ([([1], [2], [1.0, 2.0])], GraphValueError, "2 weights were given for 1"),
    ],
)
def test_chunks_when_wrong_then_one_sentence(chunks, error, message, tmp_path):
    with pytest.raises(error, match=message):
        write_graph_store(iter(chunks), tmp_path / "g")


def test_sum_of_weights_when_infinite_then_the_edge_is_named(tmp_path):
    chunk = (["a", "b"], ["b", "a"], np.float32([3e38, 3e38]))
    with pytest.raises(GraphValueError, match=r"edge \('a', 'b'\) has weight inf"):
        write_graph_store(iter([chunk]), tmp_path / "g")


def test_edge_list_when_a_line_is_bad_then_file_and_line_are_named(tmp_path):
    path = tmp_path / "edges.tsv"
    path.write_text("a\tb\t1\nb\tc\tx\n")
    with pytest.raises(GraphFormatError, match=r"edges\.tsv:2: Weight 'x'"):
        write_graph_store(path, tmp_path / "g")
    with pytest.raises(GraphTypeError, match="nodes= is not read"):
        write_graph_store(path, tmp_path / "g", nodes=["a"])
    with pytest.raises(GraphTypeError, match="Unknown option 'colour'"):
        write_graph_store(path, tmp_path / "g", colour=1)
    with pytest.raises(FileNotFoundError, match="no file fits this pattern"):
        write_graph_store(f"{tmp_path}/none-*.tsv", tmp_path / "g")


def test_duplicates_when_summed_or_forbidden_then_told(tmp_path):
    chunk = ([0, 1, 1], [1, 0, 1])
    with pytest.warns(GraphWarning, match="1 of the edges repeat an edge"):
        write_graph_store(iter([chunk]), tmp_path / "g")
    with pytest.raises(GraphValueError, match="Merge them with duplicates="):
        write_graph_store(iter([chunk]), tmp_path / "h", duplicates="error")
    assert [path.name for path in tmp_path.iterdir()] == ["g"]


def test_ids_of_a_folder_when_not_utf8_then_refused(tmp_path):
    pa = pytest.importorskip("pyarrow")
    raw = pa.array([b"a\xff"], pa.binary()).cast(pa.large_binary())
    bad = pa.Array.from_buffers(pa.large_string(), 1, raw.buffers())
    table = pa.table({"source": bad, "target": pa.array(["b"], pa.large_string())})
    with pytest.raises(GraphFormatError, match="not UTF-8"):
        write_graph_store(iter([table]), tmp_path / "g")
    assert not Path(tmp_path / "g").exists()
