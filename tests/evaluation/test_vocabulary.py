"""Which nodes a word stands for."""

import numpy as np
import pytest

from graphrep.evaluation._vocabulary import (
    Vocabulary,
    normalise_word,
    reduce_senses,
    sense_pairs,
)
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Graph, Vectors


def test_normalise_word_when_given_variants_then_all_agree():
    assert normalise_word("New_York") == normalise_word(" new  york ") == "new york"
    assert normalise_word("Cafe\u0301") == normalise_word("café")


def test_rows_when_ids_differ_in_case_then_both_are_senses():
    words = Vocabulary(["Turkey", "cat", "turkey"])
    assert words.rows("TURKEY").tolist() == [0, 2]
    assert words.rows("dog").tolist() == []
    assert "cat" in words
    assert "dog" not in words
    assert 3 not in words
    assert len(words) == 2
    assert words.n_nodes == 3


def test_rows_when_names_are_lists_then_every_lemma_finds_the_node():
    graph = Graph.from_edges([10, 11], [11, 12])
    names = {10: ["dog", "domestic_dog"], 11: "Dog"}
    words = Vocabulary(graph, names=names)
    assert words.rows("domestic dog").tolist() == [0]
    assert words.rows("dog").tolist() == [0, 1]
    assert words.rows("12").tolist() == [2]  # without a name: by its id
    assert words.has_graph


def test_rows_when_a_name_is_given_twice_then_the_node_counts_once():
    assert Vocabulary(["x"], names={"x": ["Dog", "dog"]}).rows("dog").tolist() == [0]


@pytest.mark.parametrize(
    ("style", "ids", "word", "rows"),
    [
        ("conceptnet", ["/c/en/a_b", "/c/en/a_b/n", "/c/de/b"], "a b", [0, 1]),
        ("wordnet", ["dog.n.01", "dog.v.01", "a.b.n.01"], "dog", [0, 1]),
        ("wordnet", ["dog.n.01", "u.s.n.01"], "u.s", [1]),
    ],
)  # fmt: skip
def test_rows_when_ids_have_a_style_then_it_is_read(style, ids, word, rows):
    assert Vocabulary(ids, ids=style).rows(word).tolist() == rows


def test_rows_when_language_is_given_then_only_its_ids_are_words():
    words = Vocabulary(
        ["/c/en/eis", "/c/de/eis", "other"], ids="conceptnet", language="de"
    )
    assert words.rows("eis").tolist() == [1]
    assert len(words) == 1


def test_rows_when_word_is_unknown_then_its_lemma_is_looked_up():
    words = Vocabulary(["dog", "glass"], lemma=lambda word: word.rstrip("s"))
    assert words.rows("Dogs").tolist() == [0]
    assert words.rows("glass").tolist() == [1]  # as it stands first


def test_vocabulary_when_made_of_vectors_then_it_keeps_them():
    vectors = Vectors(np.eye(2), ["a", "b"])
    words = Vocabulary(vectors)
    assert words.vectors is vectors
    assert not words.has_graph
    assert words.graph.n_nodes == 2


def test_vocabulary_when_given_nonsense_then_it_says_what_is_wanted():
    with pytest.raises(GraphTypeError, match="list of node ids"):
        Vocabulary("cat")
    with pytest.raises(GraphValueError, match="'conceptnet'"):
        Vocabulary(["cat"], ids="umls")


def test_canonical_rows_when_nodes_are_permuted_then_they_name_the_same_nodes():
    ids = ["d", "a", "c", "b"]
    first, second = Vocabulary(ids), Vocabulary(ids[::-1])
    assert [ids[r] for r in first.canonical_rows()] == [
        ids[::-1][r] for r in second.canonical_rows()
    ]


def test_sense_pairs_when_words_have_senses_then_all_pairs_are_there():
    words = Vocabulary(["a", "A", "b", "B", "c"])
    starts, one, two = sense_pairs(words.lookup(["a", "x", "c"]), words.lookup("bbb"))
    assert starts.tolist() == [0, 4, 4, 6]
    pairs = list(zip(one.tolist(), two.tolist(), strict=True))
    assert pairs == [(0, 2), (0, 3), (1, 2), (1, 3), (4, 2), (4, 3)]


def test_reduce_senses_when_asked_then_max_min_and_mean():
    values, starts = np.array([1.0, 3.0, 7.0]), np.array([0, 2, 3])
    assert reduce_senses(values, starts, "max").tolist() == [3.0, 7.0]
    assert reduce_senses(values, starts, "min").tolist() == [1.0, 7.0]
    assert reduce_senses(values, starts, "mean").tolist() == [2.0, 7.0]
    assert len(reduce_senses(values[:0], starts[:1], "max")) == 0
