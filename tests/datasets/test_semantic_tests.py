"""Tests of words and CSKG-mini: copies, originals, and what is wrong in them."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from graphrep import datasets
from graphrep.datasets import _storage
from graphrep.datasets._registry import SEMANTIC_FILES
from graphrep.datasets._semantic_files import BATS, SIMILARITY
from graphrep.exceptions import GraphFormatError

_ORIGINALS = {
    "wordsim353": "Word 1\tWord 2\tHuman (mean)\r\nlove\tsex\t6.77\r\n",
    "simlex999": "word1\tword2\tPOS\tSimLex999\r\nlove\tsex\tN\t6.77\r\n",
    "men3000": "love-n sex-n 6.77\n",
    "mturk771": "love,sex,6.77\r\n",
    "rw2034": "love\tsex\t6.77\t7\t7\n",
    "google": ": family\nboy girl man woman\n",
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GRAPHREP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GRAPHREP_OFFLINE", "1")
    return tmp_path


@pytest.fixture
def prepared(home):
    for folder in ("similarity", "analogy"):
        (home / "semantic" / folder).mkdir(parents=True)
    for name in SIMILARITY:
        path = home / "semantic" / "similarity" / f"{name}.tsv"
        path.write_text("word1\tword2\tscore\tpos\nPromised Land\tNA\t1.5\tN\n")
    folder = home / "semantic" / "analogy"
    (folder / "google_analogy.tsv").write_text("section\ta\tb\tc\td\ns\t1\t2\t3\t4\n")
    (folder / "bats.tsv").write_text(
        "category\trelation\tword\tanswers\nencyclopedic\tE1\trome\titaly/roma\n"
    )
    return home / "semantic"


@pytest.fixture
def originals(home, monkeypatch):
    monkeypatch.setattr(_storage, "_check", lambda *_: None)
    (home / "semantic").mkdir()
    for name, file in SEMANTIC_FILES.items():
        default = "arm\tarmless/limbless/\n" if name in BATS else "love\tsex\t6.77\n"
        (home / "semantic" / file.name).write_text(
            _ORIGINALS.get(name, default), newline=""
        )
    return home / "semantic"


def _is_present(name: str) -> bool:
    rows = {row["name"]: row for row in datasets.list_datasets()}
    return rows[name]["present"]


def test_fetch_when_copies_are_prepared_then_reads_them(prepared) -> None:
    assert _is_present("semantic")
    assert datasets.fetch("semantic") == prepared
    tests = datasets.fetch_semantic_tests()
    assert list(tests.similarity) == list(SIMILARITY)
    for first, second, scores in tests.similarity.values():
        assert first.tolist() == ["Promised Land"]
        assert (second.tolist(), scores.tolist()) == (["NA"], [1.5])
    google = {key: column.tolist() for key, column in tests.analogy["google"].items()}
    assert google == {"section": ["s"], "a": ["1"], "b": ["2"], "c": ["3"], "d": ["4"]}
    assert tests.analogy["bats"]["answers"].tolist() == ["italy/roma"]


def test_fetch_when_originals_are_here_then_all_forms_are_read(originals) -> None:
    tests = datasets.fetch_semantic_tests()
    for name, columns in tests.similarity.items():
        assert [column.tolist() for column in columns] == [["love"], ["sex"], [6.77]], (
            name
        )
    google = tests.analogy["google"]
    assert [column[0] for column in google.values()] == [
        "family", "boy", "girl", "man", "woman",
    ]  # fmt: skip
    bats = tests.analogy["bats"]
    assert len(bats["word"]) == 40
    assert set(bats["answers"]) == {"armless/limbless"}
    assert bats["category"][0] == "derivational"
    assert set(bats["relation"]) == set(BATS)


def test_fetch_when_one_copy_is_missing_then_says_what_to_get(prepared) -> None:
    (prepared / "similarity" / "mc30.tsv").unlink()
    assert not _is_present("semantic")
    with pytest.raises(_storage.DownloadError, match=r"EN-MC-30\.txt is not in .*http"):
        datasets.fetch_semantic_tests()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("similarity/rg65.tsv", "a\tb\t1\n", r"rg65\.tsv:1: Expected a header with"),
        ("similarity/rg65.tsv", "", r"rg65\.tsv:1: Expected a header with"),
        (
            "similarity/rg65.tsv",
            "word1\tword2\tscore\n\na\tb\thigh\n",
            r"rg65\.tsv:3: Expected a number as the score; found 'high'",
        ),
        (
            "analogy/bats.tsv",
            "category\trelation\tword\tanswers\nx\ty\n",
            r"bats\.tsv:2: Expected 4 columns",
        ),
    ],
)
def test_fetch_when_a_copy_is_bad_then_says_where(prepared, name, text, message):
    (prepared / name).write_text(text)
    with pytest.raises(GraphFormatError, match=message):
        datasets.fetch_semantic_tests()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("questions-words.txt", ": s\na b c\n", "words.txt:2: Expected four words"),
        ("E1.txt", "rome\n", "E1.txt:1: Expected a word and its answers"),
        ("MTURK-771.csv", "a,b\n", "csv:1: Expected two words and a score"),
    ],
)
def test_fetch_when_an_original_is_bad_then_says_where(originals, name, text, message):
    (originals / name).write_text(text)
    with pytest.raises(GraphFormatError, match=message):
        datasets.fetch_semantic_tests()
    (originals / name).write_bytes(b"\xff\xfe\n")
    with pytest.raises(GraphFormatError, match="is not UTF-8"):
        datasets.fetch_semantic_tests()


def test_evaluator_when_a_test_is_named_then_finds_it(prepared) -> None:
    from graphrep.evaluation import SemanticEvaluator

    text = "word1\tword2\tscore\ncat\tdog\t9\ncar\tbus\t8\ncat\tbus\t1\ncar\tdog\t2\n"
    (prepared / "similarity" / "men3000.tsv").write_text(text)
    x = np.array([[1.0, 0.0], [0.9, 0.1], [0.1, 0.9], [0.0, 1.0]])
    result = SemanticEvaluator(["men"]).evaluate(["cat", "dog", "car", "bus"], x)
    assert result.similarity[0]["test"] == "men3000"
    assert result.similarity[0]["n_covered"] == 4


def test_cskg_mini_when_prepared_then_gives_graph_and_triples(home) -> None:
    with pytest.raises(_storage.DownloadError, match=r"edges\.tsv\.gz is not in"):
        datasets.fetch_cskg_mini()
    with pytest.raises(_storage.DownloadError, match="GRAPHREP_DATA_DIR"):
        datasets.fetch("cskg_mini")
    (home / "cskg_mini").mkdir()
    text = "head\trelation\ttail\ncat\twn:IsA\tpet\npet\tcn:IsA\tcat\n7\tcn:IsA\t7\n"
    (home / "cskg_mini" / "edges.tsv.gz").write_text(text)
    bunch = datasets.fetch_cskg_mini()
    assert (bunch.graph.n_nodes, bunch.graph.n_edges) == (3, 1)
    assert list(bunch.triples)[2] == ("7", "cn:IsA", "7")


@pytest.mark.shared
def test_fetch_when_real_copies_are_beside_then_has_the_sizes(
    shared_data, home, monkeypatch
) -> None:
    root = shared_data / "restore"
    shutil.copytree(root / "semantic", home / "semantic")
    stats = json.loads((root / "stats.json").read_text())
    tests = datasets.fetch_semantic_tests()
    for name, (words, _, scores) in tests.similarity.items():
        pairs = stats["semantic_coverage"][name]["pairs"]
        assert len(words) == len(scores) == pairs
    assert len(tests.analogy["google"]["d"]) == 19544
    assert len(set(tests.analogy["bats"]["relation"])) == 40
    monkeypatch.setenv("GRAPHREP_DATA_DIR", str(root))
    graph = datasets.fetch_cskg_mini().graph
    assert graph.n_nodes == stats["cskg_mini"]["nodes"]
    assert graph.n_edges == stats["cskg_mini"]["undirected_pairs"]
    assert graph.largest_component().n_nodes == stats["cskg_mini"]["lcc_nodes"]
