"""SemanticEvaluator on hand-made words, and on the open commonsense graph."""

import gzip
import json

import numpy as np
import pytest

from graphrep.datasets import load_karate
from graphrep.evaluation import SemanticEvaluator
from graphrep.evaluation._similarity_tests import read_similarity_test
from graphrep.evaluation._vocabulary import Vocabulary
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph, Vectors

_WORDS = ["cat", "dog", "car", "bus"]
_X = np.array([[1.0, 0.0], [0.9, 0.1], [0.1, 0.9], [0.0, 1.0]])
_PAIRS = (["cat", "car", "cat", "Dog"], ["dog", "bus", "bus", "CAR"], [9.0, 8.0, 1, 2])
_ANALOGIES = (["s"], ["cat"], ["dog"], ["bus"], ["car"])
_CONTRACT = {
    "similarity": {
        "embedding", "score", "test", "n_pairs", "n_covered", "spearman", "low", "high",
    },
    "distance": {
        "embedding", "test", "n_pairs", "raw", "raw_random", "unit", "unit_random",
        "ratio", "unit_ratio", "auc",
    },
    "analogy": {
        "embedding", "test", "section", "method", "n_questions", "n_covered", "hits@1",
        "hits@10", "mrr", "distance", "distance_random",
    },
    "relations": {
        "embedding", "relation", "n_pairs", "consistency", "shuffled", "difference",
    },
}  # fmt: skip


def full(**options):
    relations = (["cat", "car"], ["r", "r"], ["dog", "bus"])
    return SemanticEvaluator([_PAIRS], [_ANALOGIES], relations, n_random=200, **options)


def test_evaluate_when_all_parts_run_then_rows_have_the_agreed_keys():
    result = full().evaluate(_WORDS, _X, name="mine")
    for part, keys in _CONTRACT.items():
        rows = result.rows(part)
        assert rows
        for row in rows:
            assert keys <= set(row)
            assert row["embedding"] == "mine"
    assert len(result.rows()) == sum(len(result.rows(part)) for part in _CONTRACT)
    assert {row["part"] for row in result.rows()} == set(_CONTRACT)
    json.dumps(result.to_dict(), allow_nan=False)
    assert "Analogies" in str(result)
    with pytest.raises(GraphValueError, match="part must be"):
        result.rows("words")


def test_evaluate_when_given_vectors_alone_then_they_are_words_and_embedding():
    result = full().evaluate(Vectors(_X, _WORDS))
    assert result.similarity == [
        {**row, "embedding": "X"} for row in full().evaluate(_WORDS, _X).similarity
    ]
    with pytest.raises(GraphValueError, match="nothing to evaluate"):
        full().evaluate(_WORDS)


def test_evaluate_when_vectors_come_in_another_order_then_ids_decide():
    moved = Vectors(_X[::-1], _WORDS[::-1])
    assert (
        full().evaluate(_WORDS, moved).similarity
        == full().evaluate(_WORDS, _X).similarity
    )


def test_evaluate_when_nodes_are_permuted_then_all_values_stay():
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(80)]
    heads, tails = rng.integers(0, 80, (2, 300))
    x = rng.normal(size=(80, 5))
    triples = ([words[i] for i in heads], ["r"] * 300, [words[i] for i in tails])
    pairs = (triples[0], triples[2], rng.random(300))
    evaluator = SemanticEvaluator([pairs], relations=triples, n_random=3000)
    order = rng.permutation(80)
    found = []
    for nodes in (np.arange(80), order):
        ids = [words[i] for i in nodes]
        graph = Graph.from_edges(triples[0], triples[2], nodes=ids)
        found.append(evaluator.evaluate(graph, x[nodes]))
    for one, other in zip(found[0].rows(), found[1].rows(), strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_evaluate_when_called_twice_or_with_more_threads_then_the_same():
    assert (
        full().evaluate(_WORDS, _X).to_dict()
        == full(n_jobs=2).evaluate(_WORDS, _X).to_dict()
    )


def test_evaluate_when_several_scores_are_asked_then_a_row_each():
    result = full(score=("native", "cosine", "dot")).evaluate(_WORDS, _X)
    assert [row["score"] for row in result.similarity] == ["native", "cosine", "dot"]
    assert result.settings["score"] == ["native", "cosine", "dot"]


def test_evaluate_when_there_are_no_vectors_then_native_similarity_alone():
    def score(rows):
        return _X[rows] @ _X.T

    result = full(score=("native", "cosine")).evaluate(_WORDS, score, name="own")
    assert [row["score"] for row in result.similarity] == ["native"]
    assert result.similarity[0]["spearman"] > 0.9
    assert result.distance == result.analogy == result.relations == []


def test_evaluate_when_the_graph_has_names_then_a_vocabulary_knows_them():
    graph = load_karate().graph
    names = dict(zip(graph.nodes, [*_WORDS, *"x" * (graph.n_nodes - 4)], strict=True))
    vectors = np.concatenate([_X, np.full((graph.n_nodes - 4, 2), 0.5)])
    result = full().evaluate(Vocabulary(graph, names=names), vectors)
    assert result.similarity[0]["n_covered"] == 4
    assert result.similarity[0]["spearman"] > 0.9


def test_evaluate_when_names_or_style_are_given_then_words_are_found():
    names = dict(zip("abcd", _WORDS, strict=True))
    expected = full().evaluate(_WORDS, _X).similarity
    evaluator = SemanticEvaluator([_PAIRS])
    found = evaluator.evaluate(list("abcd"), _X, names=names)
    assert found.similarity == expected
    styled = [f"/c/en/{word}/n" for word in _WORDS]
    evaluator = SemanticEvaluator([_PAIRS], ids="conceptnet")
    assert evaluator.evaluate(styled, _X).similarity == expected
    plural = (["cats", "cars"], ["dogs", "bus"], [2.0, 1.0])
    evaluator = SemanticEvaluator([plural], lemma=lambda word: word.rstrip("s"))
    assert evaluator.evaluate(_WORDS, _X).similarity[0]["n_covered"] == 2
    with pytest.raises(GraphValueError, match="has its names"):
        evaluator.evaluate(Vocabulary(_WORDS), _X, names=names)


def test_evaluate_when_an_estimator_is_given_then_it_is_fitted():
    from graphrep.embedding import HOPE

    graph = Graph.from_edges(_WORDS, ["dog", "car", "bus", "cat"])
    result = SemanticEvaluator([_PAIRS]).evaluate(graph, HOPE(2, random_state=0))
    assert result.name == "HOPE"


def test_evaluate_when_nothing_is_asked_then_nothing_is_found():
    result = SemanticEvaluator(()).evaluate(_WORDS, _X)
    assert result.rows() == []
    assert str(result) == "No semantic test has been run."


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("oov", "zero"), ("senses", "min"), ("methods", ["4Cos"]), ("score", "l1"),
        ("n_random", 0),
    ],
)  # fmt: skip
def test_evaluate_when_a_parameter_is_wrong_then_it_is_named(parameter, value):
    evaluator = full()
    setattr(evaluator, parameter, value)
    shown = value[0] if isinstance(value, list) else str(value)
    with pytest.raises(GraphValueError, match=shown):
        evaluator.evaluate(_WORDS, _X)


def test_evaluate_when_tests_are_named_then_the_fetcher_is_asked(monkeypatch):
    import graphrep.datasets

    triples = list(zip(*_PAIRS, strict=True))
    columns = dict(zip(["section", *"abcd"], _ANALOGIES, strict=True))
    known = {
        "similarity": {"men3000": triples, "mc30": triples},
        "analogy": {"google": columns},
    }
    monkeypatch.setattr(
        graphrep.datasets, "fetch_semantic_tests", lambda: known, raising=False
    )
    result = SemanticEvaluator(["men"], ["google"]).evaluate(_WORDS, _X)
    assert result.similarity[0]["test"] == "men3000"
    assert result.analogy[0]["test"] == "google"
    for name in ("m", "simlex"):
        with pytest.raises(GraphValueError, match="known are 'men3000', 'mc30'"):
            SemanticEvaluator([name]).evaluate(_WORDS, _X)
    named = SemanticEvaluator({"mine": triples}).evaluate(_WORDS, _X)
    assert named.similarity[0]["test"] == "mine"


def test_to_frame_when_asked_then_one_row_a_test():
    pytest.importorskip("pandas")
    frame = full().evaluate(_WORDS, _X).to_frame("distance")
    assert frame["test"].tolist() == ["pairs"]


# -- real data -----------------------------------------------------------------------
def _edges(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file][1:]
    return [row[0] for row in rows], [row[2] for row in rows]


@pytest.mark.shared
def test_coverage_when_graph_is_cskg_mini_then_the_published_figures(shared_data):
    root = shared_data / "restore"
    heads, tails = _edges(root / "cskg_mini" / "edges.tsv.gz")
    words = Vocabulary(list(dict.fromkeys([*heads, *tails])))
    stats = json.loads((root / "stats.json").read_text())["semantic_coverage"]

    def covered(name):
        lines = (root / "semantic" / name).read_text(encoding="utf-8").splitlines()[1:]
        return [line.split("\t") for line in lines]

    for path in sorted((root / "semantic" / "similarity").glob("*.tsv")):
        name = path.stem
        pairs = covered(f"similarity/{name}.tsv")
        assert len(pairs) == stats[name]["pairs"]
        both = sum(p[0] in words and p[1] in words for p in pairs)
        assert both == stats[name]["both_in_cskg_mini"], name
    google = covered("analogy/google_analogy.tsv")
    known = sum(all(w in words for w in q[1:5]) for q in google)
    assert known == stats["google_analogy"]["all_four_in_cskg_mini"]
    bats = covered("analogy/bats.tsv")
    known = sum(
        p[2] in words and any(w in words for w in p[3].split("/")) for p in bats
    )
    assert known == stats["bats"]["pairs_in_cskg_mini"]


@pytest.mark.shared
def test_read_when_tests_are_the_real_ones_then_few_pairs_are_dropped(shared_data):
    folder = shared_data / "restore" / "semantic" / "similarity"
    dropped = {
        path.stem: (len(test), test.n_self, test.n_duplicates)
        for path in sorted(folder.glob("*.tsv"))
        if (test := read_similarity_test(path)).n_self or test.n_duplicates
    }
    assert dropped["wordsim353"][0] + sum(dropped["wordsim353"][1:]) == 353
    assert dropped["wordsim353"][1] == 1
    assert "men3000" not in dropped


@pytest.fixture(scope="module")
def core5k(shared_data):
    heads, tails = _edges(shared_data / "restore" / "cskg_mini" / "core5k_edges.tsv.gz")
    graph = Graph.from_edges(heads, tails, duplicates="max").remove_self_loops()
    folder = shared_data / "restore" / "semantic" / "similarity"
    tests = [
        folder / f"{n}.tsv" for n in ("wordsim353", "simlex999", "men3000", "mturk771")
    ]
    return graph, SemanticEvaluator(tests)


@pytest.mark.shared
def test_semantic_when_method_is_hope_katz_then_the_reference_figures(core5k):
    from graphrep.embedding import HOPE

    graph, evaluator = core5k
    assert (graph.n_nodes, graph.n_edges) == (4955, 33245)
    result = evaluator.evaluate(graph, HOPE(128, random_state=0))
    rho = [row["spearman"] for row in result.similarity]
    assert rho == pytest.approx([0.57, 0.33, 0.625, 0.427], abs=0.007)
    assert [row["n_covered"] for row in result.similarity] == [188, 593, 1723, 477]
    men = result.distance[2]
    assert men["raw"] == pytest.approx(0.146, abs=0.001)
    assert men["raw_random"] == pytest.approx(0.081, abs=0.002)
    assert men["unit"] == pytest.approx(1.219, abs=0.002)
    assert men["unit_random"] == pytest.approx(1.382, abs=0.005)
    assert men["ratio"] > 1.7  # related words are farther apart than random ones ...
    assert men["unit_ratio"] < 0.9  # ... until lengths are taken out
    assert men["unit_auc"] > 0.7


@pytest.mark.shared
def test_semantic_when_vectors_are_random_then_nothing_is_found(core5k):
    graph, evaluator = core5k
    x = np.random.default_rng(0).standard_normal((graph.n_nodes, 128))
    result = evaluator.evaluate(graph, x)
    for row in result.similarity:
        assert abs(row["spearman"]) < 3.5 / np.sqrt(row["n_covered"])
    for row in result.distance:
        assert row["raw"] == pytest.approx(16.0, abs=0.2)
        assert row["unit"] == pytest.approx(1.413, abs=0.01)
        assert row["auc"] == pytest.approx(0.5, abs=0.07)
