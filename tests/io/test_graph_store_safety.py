"""Graph stores that are damaged, and writers that fail: one sentence, nothing left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from graphrep.exceptions import (
    GraphFormatError,
    GraphTypeError,
    GraphValueError,
    GraphWarning,
    MemoryLimitError,
)
from graphrep.graph import Graph
from graphrep.io import GraphStore, _edge_store, write_graph_store

pytestmark = pytest.mark.filterwarnings("ignore::graphrep.exceptions.GraphWarning")


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
