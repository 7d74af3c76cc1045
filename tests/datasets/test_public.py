"""Public graphs: parsers, prepared copies, checksums and the offline switch."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from scipy.io import savemat

from graphrep import datasets
from graphrep.datasets import _parsers, _storage
from graphrep.datasets._registry import ENTRIES, RemoteFile
from graphrep.exceptions import GraphFormatError, GraphValueError


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GRAPHREP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GRAPHREP_OFFLINE", "1")
    return tmp_path


@pytest.mark.parametrize("name", [n for n, e in ENTRIES.items() if e.how == "fetched"])
def test_fetch_when_offline_then_says_what_to_put_where(home, name) -> None:
    file = ENTRIES[name].files[0]
    with pytest.raises(_storage.DownloadError) as caught:
        datasets.fetch(name)
    for part in (file.name, file.urls[0], file.sha256, str(home / name)):
        assert part in str(caught.value)


def test_fetch_when_download_is_not_allowed_then_says_so(home, monkeypatch) -> None:
    monkeypatch.delenv("GRAPHREP_OFFLINE")
    with pytest.raises(OSError, match="download_if_missing=False"):
        datasets.fetch_ppi(download_if_missing=False)


def test_obtain_when_checksum_differs_then_refuses(home) -> None:
    file = ENTRIES["cora"].files[0]
    (home / "cora").mkdir()
    (home / "cora" / file.name).write_bytes(b"something else")
    with pytest.raises(GraphValueError, match="expected 068e22d9"):
        datasets.fetch_cora()


def test_obtain_when_file_is_here_then_needs_no_download(home) -> None:
    content = b"1 2\n"
    file = RemoteFile("a/b", "c" * 40, "d/e.txt", hashlib.sha256(content).hexdigest())
    (home / "set").mkdir()
    (home / "set" / "e.txt").write_bytes(content)
    assert _storage.obtain("set", file) == home / "set" / "e.txt"


def test_download_when_first_address_fails_then_takes_the_next(
    home, monkeypatch
) -> None:
    pooch = pytest.importorskip("pooch")
    monkeypatch.delenv("GRAPHREP_OFFLINE")
    tried = []

    def retrieve(url, **options):
        tried.append(url)
        if len(tried) == 1:
            raise OSError("no route")
        (options["path"] / options["fname"]).write_bytes(b"x")

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    file = replace(ENTRIES["cora"].files[0])
    assert _storage.obtain("cora", file).read_bytes() == b"x"
    assert tried == list(file.urls)


def test_data_home_when_nothing_is_set_then_is_the_users_cache(monkeypatch) -> None:
    pooch = pytest.importorskip("pooch")
    monkeypatch.delenv("GRAPHREP_DATA_DIR", raising=False)
    assert str(datasets.data_home()) == str(pooch.os_cache("graphrep"))


def test_parse_mat_when_given_then_reads_graph_and_labels(tmp_path) -> None:
    network = sparse.csc_matrix(np.array([[1.0, 2, 0], [2, 0, 0], [0, 1, 0]]))
    group = sparse.csc_matrix(np.array([[1.0, 0], [0, 1], [1, 1]]))
    path = tmp_path / "a.mat"
    savemat(path, {"network": network, "group": group})
    parsed = _parsers.parse_mat([path])
    assert parsed.graph.to_scipy().toarray().tolist() == [
        [0, 1, 0],
        [1, 0, 1],
        [0, 1, 0],
    ]
    assert parsed.y.toarray().tolist() == group.toarray().tolist()
    savemat(path, {"network": network})
    with pytest.raises(GraphFormatError, match="no variable 'group'"):
        _parsers.parse_mat([path])


def test_parse_prone_when_given_then_reads_graph_and_labels(tmp_path) -> None:
    edges, classes = tmp_path / "a.ungraph", tmp_path / "a.cmty"
    edges.write_text("0\t1\n1\t0\n1\t1\n1\t2\n")
    classes.write_text("0\t2\n1\t3\n")
    parsed = _parsers.parse_prone([edges, classes])
    assert (parsed.graph.n_nodes, parsed.graph.n_edges) == (4, 2)
    assert parsed.y.toarray().tolist() == [[1, 0], [0, 1], [1, 0], [0, 1]]
    classes.write_text("0\t2\nx\n")
    with pytest.raises(GraphFormatError, match=r"a\.cmty:2"):
        _parsers.parse_prone([edges, classes])


def test_prepared_copy_when_present_then_is_read(home) -> None:
    (home / "nodes").mkdir()
    path = home / "nodes" / "ppi.npz"
    arrays = {
        "indptr": [0, 1, 2], "indices": [1, 0], "n_nodes": 2, "directed": False,
        "label_indptr": [0, 1, 1], "label_indices": [2], "n_classes": 3,
    }  # fmt: skip
    np.savez(path, **{key: np.array(value) for key, value in arrays.items()})
    bunch = datasets.fetch_ppi()
    assert bunch.graph.n_edges == 1
    assert bunch.y.toarray().tolist() == [[0, 0, 1], [0, 0, 0]]
    assert bunch.source == str(path) == str(datasets.path("ppi"))
    np.savez(path, other=np.zeros(1))
    with pytest.raises(GraphFormatError, match="found other"):
        datasets.fetch_ppi()


def test_path_when_name_is_wrong_then_offers_the_right_one() -> None:
    with pytest.raises(GraphValueError, match="Did you mean 'karate'"):
        datasets.path("karat")


def test_list_when_asked_then_covers_every_set(home) -> None:
    rows = {row["name"]: row for row in datasets.list_datasets()}
    assert set(rows) == set(ENTRIES)
    assert rows["karate"]["present"]
    assert not rows["cora"]["present"]


@pytest.mark.shared
@pytest.mark.parametrize("name", ["blogcatalog", "ppi", "cora", "pubmed"])
def test_fetch_when_real_copy_is_beside_then_has_the_size(
    shared_data, monkeypatch, name
) -> None:
    monkeypatch.setenv("GRAPHREP_DATA_DIR", str(shared_data))
    bunch = getattr(datasets, f"fetch_{name}")(download_if_missing=False)
    entry = ENTRIES[name]
    assert (bunch.graph.n_nodes, bunch.graph.n_edges) == (entry.n_nodes, entry.n_edges)
