"""Sizes of graphs without reading them, against the graphs themselves."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from graphrep.cli import _sizes
from graphrep.cli._inputs import GraphSource
from graphrep.cli._sizes import graph_size
from graphrep.graph import Graph
from graphrep.io import write


def random_graph(n_nodes: int, n_edges: int) -> Graph:
    rng = np.random.default_rng(5)
    ends = rng.integers(0, n_nodes, (2, n_edges))
    return Graph.from_codes(*ends, nodes=n_nodes)


@pytest.fixture
def no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any) -> Graph:
        raise AssertionError("the file was read as a whole")

    monkeypatch.setattr(GraphSource, "read", refuse)


@pytest.mark.filterwarnings("ignore::graphrep.exceptions.GraphWarning")
@pytest.mark.usefixtures("no_reading")
@pytest.mark.parametrize("name", ["g.npz", "g.mtx", "g.mtx.gz", "g.metis", "g.store"])
def test_size_when_the_header_has_it_then_the_file_is_not_read(
    name: str, tmp_path: Path
) -> None:
    graph = random_graph(50, 200).remove_self_loops()
    write(graph, tmp_path / name)
    size = graph_size(GraphSource(str(tmp_path / name)))
    assert size.exact
    assert (size.n_nodes, size.n_entries) == (50, len(graph.indices))


@pytest.mark.usefixtures("no_reading")
def test_size_when_scipy_wrote_the_archive_then_its_header_is_enough(
    tmp_path: Path,
) -> None:
    matrix = sparse.random_array((30, 30), density=0.2, format="csr", random_state=3)
    sparse.save_npz(tmp_path / "m.npz", matrix)
    size = graph_size(GraphSource(str(tmp_path / "m.npz")))
    assert (size.n_nodes, size.n_entries) == (30, matrix.nnz)


def test_size_when_the_archive_has_no_pointers_then_is_read(tmp_path: Path) -> None:
    path = tmp_path / "e.npz"
    np.savez(path, edge_index=np.array([[0, 1], [1, 2]]))
    size = graph_size(GraphSource(str(path)))
    assert size.n_nodes == 3
    assert size.how == "the file, read as a whole"


def test_size_when_the_file_is_small_then_is_exact(edges: Path) -> None:
    size = graph_size(GraphSource(str(edges)))
    assert size == (3, 4, True, "the file, read as a whole", False)


@pytest.mark.usefixtures("no_reading")
@pytest.mark.parametrize("packed", [False, True])
def test_size_when_the_file_is_large_then_a_sample_comes_close(
    packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_sizes, "_READ_BYTES", 1000)
    monkeypatch.setattr(_sizes, "_SAMPLE_BYTES", 100_000)
    n_nodes, n_edges = 5000, 60_000
    ends = np.random.default_rng(1).integers(0, n_nodes, (n_edges, 2))
    path = tmp_path / "e.tsv"
    path.write_text("# a comment\n" + "".join(f"v{a}\tv{b}\n" for a, b in ends))
    if packed:
        with path.open("rb") as plain, gzip.open(tmp_path / "e.tsv.gz", "wb") as zipped:
            shutil.copyfileobj(plain, zipped)
        path = tmp_path / "e.tsv.gz"
    size = graph_size(GraphSource(str(path)))
    assert not size.exact
    assert size.how.startswith("a sample of ")
    tolerance = 2.0 if packed else 1.05
    assert 1 / tolerance < size.n_entries / (2 * n_edges) < tolerance
    assert 0.9 < size.n_nodes / n_nodes < 3


@pytest.mark.usefixtures("no_reading")
def test_size_when_edges_have_a_direction_then_each_is_one_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_sizes, "_READ_BYTES", 10)
    path = tmp_path / "e.csv"
    path.write_text("a,b\nb,c\nc,d\nd,a\n")
    directed = graph_size(GraphSource(str(path), directed=True))
    assert (directed.n_nodes, directed.n_entries) == (4, 4)
    assert graph_size(GraphSource(str(path))).n_entries == 8
