"""Knowledge graphs with their splits: copies, originals, and what is missing."""

import gzip

import numpy as np
import pytest

from graphrep import datasets
from graphrep.datasets import _triple_sets
from graphrep.datasets._storage import DownloadError
from graphrep.exceptions import GraphFormatError

SIZES = {
    "nations": (14, 55, 1592, 199, 201),
    "kinships": (104, 25, 8544, 1068, 1074),
    "umls": (135, 46, 5216, 652, 661),
    "wn18rr": (40943, 11, 86835, 3034, 3134),
    "fb15k-237": (14541, 237, 272115, 17535, 20466),
    "hpo-kg": (36853, 6, 275374, 15298, 15299),
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GRAPHREP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GRAPHREP_OFFLINE", "1")
    return tmp_path


def test_fetch_when_a_copy_is_there_then_one_numbering(home):
    folder = home / "kg" / "wn18rr"
    folder.mkdir(parents=True)
    with gzip.open(folder / "train.tsv.gz", "wt") as file:
        file.write("007\tis a\t1\n1\tis a\t2\n")
    (folder / "valid.tsv").write_text("2\tpart\t007\n")
    (folder / "test.tsv").write_text("9\tis a\t007\n")
    found = datasets.fetch_wn18rr()
    assert found.train.entities.ids.tolist() == ["007", "1", "2", "9"]
    assert found.train.relations.ids.tolist() == ["is a", "part"]
    assert found.test.triples.tolist() == [[3, 0, 0]]
    assert found.valid.triples.tolist() == [[2, 1, 0]]
    assert found.valid.entities == found.train.entities
    assert "wn18rr: senses" in found.DESCR
    assert datasets.path("wn18rr") == folder
    (row,) = [r for r in datasets.list_datasets() if r["name"] == "wn18rr"]
    assert row["present"]


def test_originals_when_numbered_then_named_by_the_files_beside_them(tmp_path):
    texts = {
        "train2id.txt": "0 0 1\n2 1 3\n",
        "valid2id.txt": "1 1 0\n",
        "test2id.txt": "3 0 2\n",
        "entity2id.txt": "/m/0\t0\n/m/1\t1\nwith space\t2\n/m/3\t3\n",
        "relation2id.txt": "/a/b\t0\n/c\t1\n",
    }
    paths = [tmp_path / name for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text)
    train, valid, test = _triple_sets._from_numbers(paths)
    assert [tuple(t) for t in train.labelled()] == [
        ("/m/0", "/a/b", "/m/1"),
        ("with space", "/c", "/m/3"),
    ]
    assert valid.triples.tolist() == [[1, 1, 0]]
    assert test.entities == train.entities
    paths[3].write_text("/m/0\t0\n/m/1\t2\n")
    with pytest.raises(GraphFormatError, match="'2' where 1 was expected"):
        _triple_sets._from_numbers(paths)


@pytest.mark.parametrize("name", SIZES)
def test_fetch_when_nothing_is_here_then_where_to_put_it(name, home):
    fetch = getattr(datasets, f"fetch_{name.replace('-', '_')}")
    with pytest.raises(DownloadError, match=name):
        fetch()


@pytest.mark.shared
@pytest.mark.parametrize("name", SIZES)
def test_fetch_when_the_real_copies_are_here_then_the_published_sizes(
    name, shared_data, monkeypatch
):
    monkeypatch.setenv("GRAPHREP_DATA_DIR", str(shared_data))
    found = getattr(datasets, f"fetch_{name.replace('-', '_')}")()
    parts = [found.train, found.valid, found.test]
    sizes = found.train.n_entities, found.train.n_relations, *map(len, parts)
    assert sizes == SIZES[name]
    assert all(part.entities == found.train.entities for part in parts)
    if name == "wn18rr":
        assert "00260881" in found.train.entities
        seen = np.unique(found.train.triples[:, [0, 2]])
        new = ~np.isin(found.test.triples[:, [0, 2]], seen).all(axis=1)
        assert new.sum() == 210
