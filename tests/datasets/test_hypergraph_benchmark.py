"""Hypergraphs in two halves: copies, originals, checksums and sizes."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import replace

import pytest

from graphrep import datasets
from graphrep.datasets._registry import ENTRIES, RemoteFile
from graphrep.datasets._storage import DownloadError
from graphrep.exceptions import GraphValueError

SIZES = {  # distinct hyperedges of the two halves, nodes of the two halves
    "enron": (756, 756, 141, 142),
    "pschool": (6352, 6352, 242, 242),
    "hschool": (3909, 3909, 327, 327),
    "dblp": (181427, 197067, 292922, 319916),
    "hosts": (204, 218, 591, 466),
    "foursquare": (1026, 1019, 2356, 2334),
    "directors": (102, 102, 547, 522),
    "crimes": (243, 256, 467, 510),
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GRAPHREP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GRAPHREP_OFFLINE", "1")
    return tmp_path


def test_fetch_when_a_copy_is_there_then_read(home):
    folder = home / "hypergraphs" / "dblp"
    folder.mkdir(parents=True)
    for name, text in (("train", "3 1\n1 3\n2\n"), ("test", "7 7 8\n")):
        with gzip.open(folder / f"{name}.txt.gz", "wt") as file:
            file.write(text)
    found = datasets.fetch_hypergraph_benchmark("dblp")
    assert list(found.train) == [(1, 3), (2,)]
    assert found.train.multiplicities is None
    assert list(found.test) == [(7, 8)]
    assert found.source == str(folder)
    assert "authors of papers" in found.DESCR
    assert "Hypergraph(n_nodes=3" in repr(found)
    many = datasets.fetch_hypergraph_benchmark("dblp", repeats=True)
    assert many.train.counts.tolist() == [2, 1]
    assert datasets.path("dblp") == folder


def test_fetch_when_the_originals_are_here_then_checked_and_read(home, monkeypatch):
    contents = [b"1 2\n2 3 1\n", b"5 6\n"]
    files = tuple(
        RemoteFile("a/b", "c" * 40, f"d/{part}.txt", hashlib.sha256(text).hexdigest())
        for part, text in zip(("train", "test"), contents, strict=True)
    )
    monkeypatch.setitem(ENTRIES, "enron", replace(ENTRIES["enron"], files=files))
    with pytest.raises(DownloadError, match=r"train\.txt is not in .*enron"):
        datasets.fetch_hypergraph_benchmark("enron")
    (home / "enron").mkdir()
    for file, text in zip(files, contents, strict=True):
        (home / "enron" / file.name).write_bytes(text)
    found = datasets.fetch_hypergraph_benchmark("enron")
    assert list(found.train) == [(1, 2), (1, 2, 3)]
    assert found.source == " ".join(file.urls[0] for file in files)
    (home / "enron" / "test.txt").write_bytes(b"5 7\n")
    with pytest.raises(GraphValueError, match="has sha256"):
        datasets.fetch_hypergraph_benchmark("enron")


def test_fetch_when_the_name_is_unknown_then_lists_those_there_are():
    with pytest.raises(
        GraphValueError, match=r"no hypergraph 'karate'.*enron, pschool"
    ):
        datasets.fetch_hypergraph_benchmark("karate")


@pytest.mark.shared
@pytest.mark.parametrize("name", [n for n in SIZES if n != "dblp"])
def test_fetch_when_the_real_copies_are_here_then_the_known_sizes(
    name, shared_data, monkeypatch
):
    monkeypatch.setenv("GRAPHREP_DATA_DIR", str(shared_data))
    found = datasets.fetch_hypergraph_benchmark(name)
    sizes = (len(found.train), len(found.test))
    assert (*sizes, found.train.n_nodes, found.test.n_nodes) == SIZES[name]
    entry = ENTRIES[name]
    both = {*found.train.node_ids.tolist(), *found.test.node_ids.tolist()}
    assert (len(both), sum(sizes)) == (entry.n_nodes, entry.n_edges)
    assert found.source == str(shared_data / "hypergraphs" / name)


def test_davis_when_loaded_then_events_are_hyperedges_of_women():
    south = datasets.load_davis()
    h = south.hypergraph
    assert (h.n_nodes, h.n_hyperedges, int(h.sizes.sum())) == (18, 14, 89)
    assert h.node_ids.tolist() == south.women
    assert list(h.edge_ids) == south.events
    assert (h.incidence() != south.biadjacency).nnz == 0
