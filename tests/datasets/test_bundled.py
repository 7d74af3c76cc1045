"""The data sets in the package are what they say."""

from __future__ import annotations

import hashlib
import pickle
import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from graphrep.datasets import Bunch, load_davis, load_karate, load_les_miserables

_README = Path(__file__).resolve().parents[2] / "data" / "README.md"


def test_karate_when_loaded_then_is_zacharys_club() -> None:
    club = load_karate()
    assert (club.graph.n_nodes, club.graph.n_edges) == (34, 78)
    assert not club.graph.weighted
    assert np.bincount(club.y).tolist() == [17, 17]
    assert club.graph.degree()[[0, 33]].tolist() == [16, 17]
    assert load_karate(weighted=True).graph.to_scipy().sum() == 2 * 231


def test_davis_when_loaded_then_is_bipartite() -> None:
    south = load_davis()
    assert south.biadjacency.shape == (18, 14)
    assert south.biadjacency.sum() == south.graph.n_edges == 89
    rows, columns, _ = south.graph.edges()
    assert (south.y[rows] != south.y[columns]).all()


def test_les_miserables_when_loaded_then_has_counts() -> None:
    novel = load_les_miserables()
    assert (novel.graph.n_nodes, novel.graph.n_edges) == (77, 254)
    assert novel.graph.to_scipy().max() == 31
    assert "Valjean" in novel.graph


@pytest.mark.parametrize("load", [load_karate, load_davis, load_les_miserables])
def test_loader_when_asked_for_xy_then_gives_adjacency_and_labels(load) -> None:
    bunch = load()
    adjacency, y = load(return_X_y=True)
    assert (adjacency != bunch.graph.to_scipy()).nnz == 0
    assert (y is None) == (bunch.y is None)
    assert set(bunch.names) == set(bunch.graph.node_ids.tolist())


def test_bunch_when_read_then_keys_are_attributes() -> None:
    bunch = Bunch(graph="G", y=None)
    bunch.extra = 1
    assert bunch["extra"] == bunch.extra == 1
    assert pickle.loads(pickle.dumps(bunch)) == bunch
    with pytest.raises(AttributeError, match="no 'z'; it has graph, y, extra"):
        _ = bunch.z


@pytest.mark.skipif(not _README.is_file(), reason="needs the checkout")
def test_readme_when_read_then_checksums_are_those_of_the_files() -> None:
    listed = dict(
        re.findall(r"`([a-z_]+\.tsv)`.*`([0-9a-f]{64})`", _README.read_text("utf-8"))
    )
    folder = files("graphrep.datasets").joinpath("data")
    found = {
        item.name: hashlib.sha256(item.read_bytes()).hexdigest()
        for item in folder.iterdir()
        if item.name.endswith(".tsv")
    }
    assert listed == found
