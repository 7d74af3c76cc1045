"""ConceptNet: dumps and ConceptNet-100K, languages, senses, weights, and bad lines."""

from __future__ import annotations

import gzip
import json

import pytest

import graphrep
from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.io import read_conceptnet, read_triples, sniff
from graphrep.io._conceptnet import read_conceptnet_graph
from graphrep.io._triples import read_triples_graph


def _line(relation, start, end, weight=1.0, **details):
    details = json.dumps({"dataset": "/d/x", "weight": weight, **details})
    return f"/a/[{relation}/,{start}/,{end}/]\t{relation}\t{start}\t{end}\t{details}"


_LINES = [
    _line("/r/IsA", "/c/en/guide_dog/n", "/c/en/dog", 2.0, surfaceText='a "weight": 9'),
    _line("/r/IsA", "/c/en/guide_dog", "/c/en/dog/n/wn/animal", 0.5),
    _line("/r/AtLocation", "/c/en/dog", "/c/en/kennel", 4),
    _line("/r/Synonym", "/c/fr/chien/n", "/c/en/dog/n"),
    _line("/r/IsA", "/c/fr/chien/n", "/c/fr/animal"),
    _line("/r/ExternalURL", "/c/en/dog", "http://wikidata.dbpedia.org/x"),
    _line("/r/dbpedia/genre", "/c/en/7", "/c/en/dog", 1),
]


@pytest.fixture
def dump(tmp_path):
    path = tmp_path / "conceptnet-assertions-5.7.0.csv.gz"
    path.write_bytes(gzip.compress("\n".join([*_LINES, ""]).encode()))
    return path


def _write(tmp_path, *lines):
    path = tmp_path / "c.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_read_when_dump_then_english_words_with_weights(dump) -> None:
    found = read_conceptnet(dump)
    assert list(found) == [
        ("guide dog", "IsA", "dog"),
        ("guide dog", "IsA", "dog"),
        ("dog", "AtLocation", "kennel"),
        ("7", "dbpedia/genre", "dog"),
    ]
    assert found.weights.tolist() == [2.0, 0.5, 4.0, 1.0]
    assert found.n_dropped == 3
    assert found.labels == {}


def test_read_when_language_or_senses_are_asked_for_then_concepts(dump) -> None:
    assert list(read_conceptnet(dump, language="fr")) == [("chien", "IsA", "animal")]
    every = read_conceptnet(dump, language=None)
    assert len(every) == 6
    assert list(every)[3] == ("/c/fr/chien", "Synonym", "/c/en/dog")
    assert every.labels["/c/en/guide_dog"] == ("guide dog",)
    apart = read_conceptnet(dump, senses=True)
    assert list(apart)[1] == ("/c/en/guide_dog", "IsA", "/c/en/dog/n/wn/animal")
    assert apart.labels["/c/en/dog/n/wn/animal"] == ("dog",)


def test_graph_when_read_by_path_then_dump_is_recognised(dump) -> None:
    assert sniff(dump) == "conceptnet"
    graph = graphrep.read(dump)
    assert (graph.n_nodes, graph.n_edges) == (4, 3)
    assert graph.directed
    assert not graph.weighted
    heavy = graphrep.read(dump, weighted=True, duplicates="max", directed=False)
    at = heavy.nodes.indexer(["guide dog", "dog"])
    assert heavy.to_scipy().toarray()[at[0], at[1]] == 2.0


def test_read_when_relations_are_chosen_then_only_theirs(dump) -> None:
    for name in ("IsA", "/r/IsA", ["IsA"]):
        assert len(read_conceptnet(dump, relations=name)) == 2
    with pytest.raises(GraphFormatError, match="relation 'isa'; there are 'IsA'"):
        read_conceptnet(dump, relations="isa")


def test_read_when_file_is_conceptnet_100k_then_relation_comes_first(tmp_path):
    three = _write(tmp_path, "IsA\tyo-yo\ttoy", "CapableOf\tdog\tbark at cats")
    found = read_conceptnet(three)
    assert list(found)[1] == ("dog", "CapableOf", "bark at cats")
    assert found.weights is None
    with pytest.raises(GraphFormatError, match="have no weights"):
        read_conceptnet_graph(three, weighted=True)
    with pytest.raises(GraphValueError, match="have no weights"):
        found.graph(weighted=True)
    four = _write(tmp_path, "IsA\tyo-yo\ttoy\t2.5", "IsA\tdog\ttoy\t0")
    found = read_conceptnet(four)
    assert (list(found), found.n_dropped) == ([("yo-yo", "IsA", "toy")], 1)
    assert found.weights.tolist() == [2.5]
    graph = graphrep.read(four, format="conceptnet", weighted=True)
    assert graph.n_edges == 1


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([_LINES[0], "/a/x\t/r/IsA\t/c/en/a\t/c/en/b"], r"c\.txt:2: Expected the col"),
        ([_LINES[0], "/a/x\tIsA\t/c/en/a\t/c/en/b\t{}"], r"c\.txt:2: Expected the col"),
        ([_LINES[0].replace("{", "(")], r"c\.txt:1: The fifth column must be JSON"),
        ([_LINES[0].replace('"weight": 2', '"mass": 2')], "JSON with a weight"),
        ([_line("/r/IsA", "/c/en/a", "/c/en/b", -1)], r"c\.txt:1: Weight '-1' is no"),
        ([_line("/r/IsA", "/c/en/a", "/c/en/b", "x")], r"c\.txt:1: Weight 'x' is no"),
        ([_line("/r/IsA", "/c/en/a", "/c/en/")], r"c\.txt:1: A name is empty"),
        ([_LINES[4]], r"None of the 1 statements fits\. Pass another language="),
        ([""], "None of the 0 statements"),
        (["IsA\ta\tb", "IsA\ta"], r"c\.txt:2: Expected the columns relation, head"),
        (["IsA\ta"], r"c\.txt:1: Expected the columns relation, head"),
        (["IsA\ta\tb\tmuch"], r"c\.txt:1: Weight 'much' is no finite number"),
        (["IsA\ta\tb\tnan"], r"c\.txt:1: Weight 'nan' is no finite number"),
        (["IsA\t\tb"], r"c\.txt:1: A name is empty in 'IsA', '', 'b'"),
    ],
)
def test_read_when_a_line_is_bad_then_says_where(tmp_path, lines, message) -> None:
    with pytest.raises(GraphFormatError, match=message):
        read_conceptnet(_write(tmp_path, *lines))


def test_read_when_empty_is_allowed_then_no_statements(tmp_path) -> None:
    path = _write(tmp_path, _LINES[4])
    assert len(read_conceptnet(path, allow_empty=True)) == 0


@pytest.mark.shared
def test_prepared_tables_when_read_as_triples_then_have_the_sizes(shared_data) -> None:
    root = shared_data / "restore"
    stats = json.loads((root / "stats.json").read_text())
    wordnet = read_triples(root / "wordnet30" / "triples.tsv.gz")
    assert len(wordnet) == stats["wordnet30"]["triples"]
    assert set(wordnet.relations) == set(stats["wordnet30"]["relations"])
    train = read_triples(root / "cn100k" / "train.tsv.gz")
    assert (len(train), len(train.relations)) == (100_000, 34)
    parts = read_triples_graph(
        root / "wordnet30" / "triples.tsv.gz", relation="part_meronym"
    )
    assert parts.n_edges == stats["wordnet30"]["relations"]["part_meronym"]
