"""Tests of word similarity, and the distances of their pairs."""

import gzip

import numpy as np
import pytest
from scipy.stats import spearmanr

from graphrep.evaluation._embeddings import Embedding
from graphrep.evaluation._pair_distances import (
    Distances,
    MatchedPairs,
    distance_row,
    random_pairs,
)
from graphrep.evaluation._scores import pair_scorer
from graphrep.evaluation._similarity_tests import (
    SimilarityTest,
    match,
    read_similarity_test,
    similarity_row,
    spearman,
)
from graphrep.evaluation._vocabulary import Vocabulary
from graphrep.exceptions import GraphFormatError, GraphValueError

_ROWS = [
    ("cat", "dog", 9.0),
    ("Dog", "CAT", 8.0),
    ("cat", "cat", 10.0),
    ("a", "b", 1.0),
]


def scored(test, vocabulary, vectors, score="cosine", **options):
    scorer = pair_scorer(Embedding("x", np.asarray(vectors, float)), score)
    return similarity_row(match(test, vocabulary), scorer, **options)


# -- reading -------------------------------------------------------------------------
@pytest.mark.parametrize("separator", ["\t", ",", " "])
@pytest.mark.parametrize("header", ["", "word1{}word2{}score\n"])
def test_read_when_file_has_a_separator_then_rows_are_read(tmp_path, separator, header):
    path = tmp_path / "mine.txt"
    lines = [separator.join(map(str, row)) for row in _ROWS]
    path.write_text(header.format(separator, separator) + "\n".join(lines) + "\n\n")
    test = read_similarity_test(path)
    assert test.name == "mine"
    assert test.words1 == ("cat", "a")
    assert test.words2 == ("dog", "b")
    assert test.scores.tolist() == [9.0, 1.0]
    assert (test.n_self, test.n_duplicates) == (1, 1)


def test_read_when_words_have_spaces_then_tabs_keep_them(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("word1\tword2\tscore\tpos\nPromised Land\tBaku\t0.42\tN\n")
    assert read_similarity_test(path).words1 == ("Promised Land",)


def test_read_when_file_is_compressed_then_the_same(tmp_path):
    path = tmp_path / "mine.tsv.gz"
    path.write_bytes(gzip.compress(b"word1\tword2\tscore\na\tb\t1\n"))
    test = read_similarity_test(path)
    assert (test.name, test.words1) == ("mine", ("a",))
    path.write_bytes(b"a\tcaf\xe9\t1\n")
    with pytest.raises(GraphFormatError, match="UTF-8"):
        read_similarity_test(path)


def test_read_when_given_columns_triples_or_array_then_all_agree():
    columns = tuple(zip(*_ROWS, strict=True))
    tests = [columns, _ROWS, np.array(_ROWS, object), np.array(_ROWS), _ROWS[:3]]
    for source in tests[:4]:
        test = read_similarity_test(source, "t")
        assert (test.name, len(test)) == ("t", 2)
        assert test.scores.tolist() == [9.0, 1.0]
    assert len(read_similarity_test(tests[4])) == 1  # three triples are no columns


def test_read_when_given_a_frame_then_first_three_columns_count():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(_ROWS, columns=["x", "y", "z"]).assign(more=1)
    assert read_similarity_test(frame).scores.tolist() == [9.0, 1.0]


def test_read_when_a_line_is_broken_then_it_is_named(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("a\tb\t1\na\tc\n")
    with pytest.raises(GraphFormatError, match=r"t\.tsv:2: .*two words and a number"):
        read_similarity_test(path)
    with pytest.raises(GraphValueError, match="one length"):
        read_similarity_test((["a"], ["b", "c"], [1.0]))
    with pytest.raises(GraphValueError, match="finite"):
        read_similarity_test([("a", "b", np.nan)])


# -- correlation ---------------------------------------------------------------------
def test_spearman_when_there_are_ties_then_it_is_scipys():
    rng = np.random.default_rng(0)
    for _ in range(20):
        a, b = rng.integers(0, 6, (2, 30))
        assert spearman(a, b) == pytest.approx(spearmanr(a, b).statistic, abs=1e-12)
    assert np.isnan(spearman(np.ones(5), np.arange(5)))
    assert np.isnan(spearman(np.ones(1), np.ones(1)))


def test_similarity_when_vectors_are_random_then_rho_and_interval_are_textbook():
    rng = np.random.default_rng(1)
    words = [f"w{i}" for i in range(40)]
    x = rng.normal(size=(40, 5))
    one, two = rng.integers(0, 20, 60), rng.integers(20, 40, 60)
    test = read_similarity_test(
        ([words[i] for i in one], [words[i] for i in two], rng.random(60))
    )
    row = scored(test, Vocabulary(words), x)
    a = np.array([x[int(w[1:])] for w in test.words1])
    b = np.array([x[int(w[1:])] for w in test.words2])
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    rho = spearmanr(cosine, test.scores).statistic
    assert row["spearman"] == pytest.approx(rho, abs=1e-9)
    half = 1.959964 / np.sqrt(len(test) - 3)
    assert row["low"] == pytest.approx(np.tanh(np.arctanh(rho) - half), abs=1e-6)
    assert row["high"] == pytest.approx(np.tanh(np.arctanh(rho) + half), abs=1e-6)
    assert row["n_covered"] == row["n_pairs"] == len(test)


def test_similarity_when_words_are_unknown_then_skipped_or_given_the_mean():
    words = ["a", "b", "c", "d"]
    x = np.array([[1, 0], [1, 0.1], [0, 1], [1, 1.0]])
    test = SimilarityTest(
        "t", ("a", "a", "a", "x"), ("b", "c", "d", "a"), np.array([4.0, 1, 3, 2])
    )
    row = scored(test, Vocabulary(words), x)
    assert (row["n_pairs"], row["n_covered"], row["spearman"]) == (4, 3, 1.0)
    row = scored(test, Vocabulary(words), x, oov="fallback")
    cosine = [1 / np.sqrt(1.01), 0.0, np.sqrt(0.5)]
    expected = spearmanr([*cosine, np.mean(cosine)], [4, 1, 3, 2]).statistic
    assert (row["n_covered"], row["spearman"]) == (3, pytest.approx(expected))


def test_similarity_when_nothing_is_covered_then_nan():
    test = read_similarity_test([("x", "y", 1.0)])
    for oov in ("skip", "fallback"):
        row = scored(test, Vocabulary(["a"]), np.eye(1), oov=oov)
        assert row["n_covered"] == 0
        assert np.isnan(row["spearman"])


def test_similarity_when_words_have_senses_then_max_or_mean():
    ids = ["bank/1", "bank/2", "river", "money", "sea"]
    names = {"bank/1": "bank", "bank/2": "bank"}
    x = np.array([[1, 0], [0, 1], [1, 0.0], [0.1, 1], [1, 1]])
    vocabulary = Vocabulary(ids, names=names)
    test = read_similarity_test(
        [("bank", "river", 3.0), ("bank", "money", 2.0), ("bank", "sea", 1.0)]
    )
    # max: 1, 0.995, 0.707; mean: 0.5, 0.547, 0.707
    assert scored(test, vocabulary, x)["spearman"] == pytest.approx(1.0)
    row = scored(test, vocabulary, x, senses="mean")
    assert row["spearman"] == pytest.approx(-1.0)


def test_similarity_when_score_has_directions_then_both_count():
    rng = np.random.default_rng(2)
    source, target = rng.normal(size=(2, 6, 3))
    scorer = pair_scorer(Embedding("x", source, target), "native")
    words = list("abcdef")
    pairs = [(u, v) for u in words for v in words if u < v]
    test = read_similarity_test([(*p, i) for i, p in enumerate(pairs)])
    row = similarity_row(match(test, Vocabulary(words)), scorer)
    scores = source @ target.T
    both = [(scores + scores.T)[words.index(u), words.index(v)] for u, v in pairs]
    rho = spearmanr(both, np.arange(len(pairs))).statistic
    assert row["spearman"] == pytest.approx(rho)


# -- distances -----------------------------------------------------------------------
def test_distances_when_vectors_are_zero_then_unit_distance_is_a_right_angle():
    raw, unit = Distances(np.array([[3.0, 4], [6, 8], [0, 0], [0, 0]]))(
        np.array([0, 0, 2, 2]), np.array([1, 2, 3, 2])
    )
    assert raw.tolist() == [5.0, 5.0, 0.0, 0.0]
    assert unit == pytest.approx([0.0, np.sqrt(2), np.sqrt(2), 0.0])


def test_random_pairs_when_drawn_then_different_and_even():
    order = np.array([4, 7, 9])
    a, b = random_pairs(order, 6000, 0)
    assert (a != b).all()
    _, counts = np.unique(a * 10 + b, return_counts=True)
    assert len(counts) == 6
    assert counts.min() > 850
    assert all(len(part) == 0 for part in random_pairs(order[:1], 5, 0))


def test_matched_pairs_when_drawn_then_degrees_are_of_the_same_bins():
    rng = np.random.default_rng(0)
    degree = rng.integers(0, 40, 300)
    bins = np.frexp(degree)[1]
    order = rng.permutation(300)
    a, b = rng.integers(0, 300, (2, 50))
    first, second, owner = MatchedPairs(degree, order, 0).draw(a, b, 20)
    assert (first != second).all()
    assert (bins[first] == bins[a[owner]]).all()
    assert (bins[second] == bins[b[owner]]).all()
    assert np.bincount(owner).tolist() == [20] * 50


def test_matched_pairs_when_a_bin_has_one_node_then_no_pair_of_it_is_drawn():
    partners = MatchedPairs(np.array([1, 8, 1]), np.arange(3), 0)
    first, second, owner = partners.draw(np.array([1, 0]), np.array([1, 2]), 3)
    assert owner.tolist() == [1, 1, 1]
    assert set(zip(first.tolist(), second.tolist(), strict=True)) <= {(0, 2), (2, 0)}


def test_distance_row_when_pairs_are_near_then_ratio_below_one_and_auc_near_one():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(30, 8)) * 5
    x = np.repeat(centres, 2, axis=0) + rng.normal(size=(60, 8)) * 0.1
    words = [f"w{i}" for i in range(60)]
    test = read_similarity_test(
        [(words[i], words[i + 1], 1.0) for i in range(0, 60, 2)]
    )
    matched = match(test, Vocabulary(words))
    distances = Distances(x)
    order = np.arange(60)
    at_random = [part.mean() for part in distances(*random_pairs(order, 2000, 0))]
    partners = MatchedPairs(np.zeros(60, int), order, 0)
    row = distance_row(matched, distances, tuple(at_random), partners, n_random=2000)
    raw = np.linalg.norm(x[::2] - x[1::2], axis=1).mean()
    assert row["raw"] == pytest.approx(raw)
    assert row["ratio"] == pytest.approx(raw / at_random[0])
    assert row["unit_ratio"] < 0.1
    assert row["auc"] > 0.98
    assert row["unit_auc"] > 0.98


def test_distance_row_when_all_vectors_are_equal_then_auc_is_half():
    test = read_similarity_test([("a", "b", 1.0)])
    matched = match(test, Vocabulary(list("abcd")))
    partners = MatchedPairs(np.zeros(4, int), np.arange(4), 0)
    row = distance_row(matched, Distances(np.ones((4, 2))), (0.0, 0.0), partners)
    assert (row["auc"], row["raw"]) == (0.5, 0.0)
    assert np.isnan(row["ratio"])


def test_distance_row_when_only_norms_differ_then_matched_auc_is_half():
    # related words are hubs, and hubs are long: nearness must be judged among hubs
    rng = np.random.default_rng(3)
    degree = np.repeat([1, 64], [500, 100])
    x = rng.normal(size=(600, 6)) * np.sqrt(degree)[:, None]
    words = [f"w{i}" for i in range(600)]
    pairs = rng.permutation(np.arange(500, 600)).reshape(50, 2)
    test = read_similarity_test([(words[a], words[b], 1.0) for a, b in pairs])
    partners = MatchedPairs(degree, np.arange(600), 0)
    row = distance_row(
        match(test, Vocabulary(words)),
        Distances(x),
        (4.0, 1.4),
        partners,
        n_random=5000,
    )
    assert row["ratio"] > 2
    assert row["auc"] == pytest.approx(0.5, abs=0.1)


def test_distance_row_when_words_have_senses_then_the_nearest_or_the_mean():
    ids = ["bank/1", "bank/2", "river"]
    vocabulary = Vocabulary(ids, names={"bank/1": "bank", "bank/2": "bank"})
    matched = match(read_similarity_test([("bank", "river", 1.0)]), vocabulary)
    distances = Distances(np.array([[0.0, 1], [0, 3], [0, 9]]))
    partners = MatchedPairs(np.zeros(3, int), np.arange(3), 0)
    for senses, raw in (("max", 6.0), ("mean", 7.0)):
        row = distance_row(matched, distances, (4.0, 1.0), partners, senses=senses)
        assert (row["raw"], row["ratio"]) == (raw, raw / 4)
