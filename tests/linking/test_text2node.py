"""Text2Node: finds nodes, keeps its promises, refuses what is wrong."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import InvalidParameterError

import graphrep
from graphrep.exceptions import GraphTypeError, GraphValueError, NodeNotFoundError
from graphrep.graph import Graph, Terminology, Vectors
from graphrep.linking import FastTextVectors, Text2Node

KINDS = ("saw", "hammer", "drill", "plane")
STUFF = ("wood", "metal", "stone", "glass", "paper")
SAME = {"saw": "cutter", "hammer": "beater", "drill": "borer", "plane": "smoother"}


def tools():
    """4 kinds of tools for 5 kinds of stuff; each has a name and a synonym."""
    ids, texts, owners, parents = ["tool"], ["tool"], [0], []
    for kind in KINDS:
        ids.append(kind)
        texts += [kind, SAME[kind]]
        owners += [len(ids) - 1] * 2
        parents.append((len(ids) - 1, 0))
        above = len(ids) - 1
        for stuff in STUFF:
            ids.append(f"{stuff} {kind}")
            texts += [f"{stuff} {kind}", f"{SAME[kind]} for {stuff}"]
            owners += [len(ids) - 1] * 2
            parents.append((len(ids) - 1, above))
    child, parent = np.array(parents).T
    return Terminology(ids, texts, owners, parents=(child, parent))


TOOLS = tools()
WORDS = FastTextVectors(24, n_epochs=30, random_state=0).fit(TOOLS)
OWN = FastTextVectors(8, n_epochs=1, random_state=0)
ALL = list(TOOLS.name_texts)
GOLD = TOOLS.ids[TOOLS.name_concepts].tolist()


def model(mapper="mlp", loss="contrastive", target="names", **options):
    given = {
        "word_vectors": WORDS, "n_hidden": 32, "n_recurrent": 16, "n_filters": 16,
        "n_epochs": 40, "learning_rate": 5e-3, "batch_size": 32, "random_state": 0,
    }  # fmt: skip
    return Text2Node(mapper=mapper, loss=loss, target=target, **(given | options))


@pytest.mark.parametrize("mapper", ["bilstm", "cnn"])
def test_fit_when_on_a_device_then_as_on_the_processor(mapper, device):
    here, there = (
        model(mapper, n_epochs=2, device=where).fit(TOOLS) for where in ("cpu", device)
    )
    got, wanted = there.transform(ALL), here.transform(ALL)
    np.testing.assert_allclose(got, wanted, atol=1e-3)


@pytest.mark.parametrize("mapper", ["mlp", "linear"])
def test_fit_when_a_mapper_of_numpy_is_asked_onto_a_device_then_error(mapper):
    with pytest.raises(GraphValueError, match="runs on the CPU; got device='cuda'"):
        model(mapper, device="cuda").fit(TOOLS)


# -- learning ----------------------------------------------------------------------
@pytest.mark.parametrize("loss", ["cosine", "mse", "contrastive"])
@pytest.mark.parametrize("target", ["graph", "names", "names+graph"])
def test_fit_when_any_loss_and_target_then_training_phrases_are_found(loss, target):
    fitted = model(loss=loss, target=target, n_epochs=80).fit(TOOLS)
    assert fitted.losses_[-1] < fitted.losses_[0]
    assert fitted.score(ALL, GOLD, k=5) > 0.8
    lengths = np.linalg.norm(fitted.node_vectors_, axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-5)


@pytest.mark.parametrize("mapper", ["linear", "mlp", "bilstm", "cnn"])
def test_fit_when_any_mapper_then_new_phrases_are_found(mapper):
    if mapper in ("bilstm", "cnn"):
        pytest.importorskip("torch")
    fitted = model(mapper).fit(TOOLS)
    phrases = ["metal cutter", "a glass drill", "paper planes"]
    found = fitted.candidates(phrases, 3).ids()
    for ids, right in zip(
        found, ("metal saw", "glass drill", "paper plane"), strict=True
    ):
        assert right in ids


@pytest.mark.parametrize("mapper", ["mlp", "bilstm", "cnn"])
def test_result_when_threads_or_calls_differ_then_the_same_bits(mapper):
    if mapper != "mlp":
        pytest.importorskip("torch")
    made = [
        model(mapper, target="gated", n_epochs=3, n_jobs=jobs).fit(TOOLS)
        for jobs in (1, 2)
    ]
    np.testing.assert_array_equal(made[0].node_vectors_, made[1].node_vectors_)
    vectors = [one.transform(ALL) for one in made]
    np.testing.assert_array_equal(vectors[0], vectors[1])
    other = model(mapper, target="gated", n_epochs=3, random_state=1).fit(TOOLS)
    assert not np.array_equal(other.transform(ALL), vectors[0])


@pytest.mark.parametrize("mapper", ["mlp", "bilstm", "cnn"])
def test_transform_when_batch_has_longer_phrases_then_the_same_vector(mapper):
    if mapper != "mlp":
        pytest.importorskip("torch")
    fitted = model(mapper, n_epochs=2).fit(TOOLS)
    alone = fitted.transform(["saw"])
    beside = fitted.transform(["a long cutter for wood and metal and stone", "saw"])
    np.testing.assert_allclose(alone[0], beside[1], atol=1e-5)


def test_fit_when_early_stopped_then_the_best_epoch_is_kept():
    fitted = model(held_out=0.3, patience=2, n_epochs=60).fit(TOOLS)
    assert len(fitted.held_out_mrr_) == len(fitted.losses_)
    assert fitted.best_epoch_ == 1 + int(np.argmax(fitted.held_out_mrr_))
    assert not model(held_out=0.0, n_epochs=2).fit(TOOLS).held_out_mrr_


def test_fit_when_a_phrase_has_several_nodes_then_one_of_them_comes_first():
    phrases = ["drill plane", "cutter beater", *ALL]
    nodes = [{"saw", "wood saw"}, ["hammer"], *GOLD]
    fitted = model(n_epochs=150, n_hidden=128).fit(TOOLS, phrases, nodes)
    first, second = fitted.predict(phrases[:2])
    assert first in {"saw", "wood saw"}
    assert second == "hammer"


def test_fit_when_two_concepts_share_a_name_then_both_are_found():
    twins = Terminology(
        ["a", "b", "c"], ["bank", "bank", "river"], [0, 1, 2], parents=([0, 1], [2, 2])
    )
    fitted = model(word_vectors=OWN, n_epochs=20).fit(twins)
    assert fitted.candidates(["bank"], 2).ids() == [["a", "b"]]


def test_fit_when_ids_are_integers_then_they_stay_so():
    numbered = Terminology([70000001, 5], ["oak", "pine"], [0, 1], parents=([0], [1]))
    fitted = model(word_vectors=OWN, n_epochs=20).fit(numbered)
    assert fitted.predict(["oak", "pine"]).tolist() == [70000001, 5]
    assert fitted.predict(["oak"]).dtype == np.int64


def test_fit_when_given_a_graph_then_its_ids_are_names():
    graph = Graph.from_edges(["oak tree", "pine tree"], ["tree", "tree"])
    fitted = model(word_vectors=OWN, n_epochs=30).fit(graph)
    assert fitted.predict(["an oak"]).tolist() == ["oak tree"]


def test_kind_weights_when_zero_then_such_names_are_not_learnt():
    t = Terminology(
        ["a", "b"], ["oak", "pine", "ship"], [0, 1, 0], parents=([0], [1]),
        name_kinds=["preferred", "preferred", "related"],
    )  # fmt: skip
    from graphrep.linking._text2node_fit import read_pairs

    pairs = read_pairs(model(kind_weights={"related": 0}), t, None, None).pairs
    assert pairs.lines == [("oak",), ("pine",)]
    pairs = read_pairs(model(kind_weights={"related": 0.5}), t, None, None).pairs
    assert dict(zip(pairs.lines, pairs.weights, strict=True))[("ship",)] == 0.5
    with pytest.raises(GraphValueError, match="kind"):
        model(kind_weights={"other kind": 1}).fit(t)


# -- nodes of which little is known ------------------------------------------------
def test_nodes_when_isolated_then_text_alone_counts_for_them():
    t = Terminology(
        ["a", "b", "c"], ["oak", "pine", "whale"], [0, 1, 2], parents=([0], [1])
    )
    gated = model(word_vectors=OWN, target="gated", n_epochs=30).fit(t)
    half = OWN.n_components
    assert not gated.node_vectors_[2, half:].any()
    assert gated.predict(["whale"]).tolist() == ["c"]
    graph = model(word_vectors=OWN, target="graph", n_epochs=3).fit(t)
    assert not graph.node_vectors_[2].any()
    assert all("c" not in ids for ids in graph.candidates(["whale", "oak"], 9).ids())


def test_nodes_when_nothing_is_known_then_never_found():
    t = Terminology(["a", "b", "c"], ["oak", "pine"], [0, 1])
    fitted = model(word_vectors=OWN, n_epochs=3).fit(t)
    assert sorted(fitted.candidates(["oak"], 9).ids()[0]) == ["a", "b"]


def test_gate_when_nodes_have_no_phrase_then_shut():
    seen = [at for at, node in enumerate(GOLD) if "glass" not in node]
    fitted = model(target="gated").fit(
        TOOLS, [ALL[at] for at in seen], [GOLD[at] for at in seen]
    )
    unseen = np.array(["glass" in node for node in TOOLS.ids])
    assert not fitted.gate_[unseen].any()
    assert (fitted.gate_[~unseen] > 0).all()
    zero = [at for at, node in enumerate(GOLD) if "glass" in node]
    assert fitted.score([ALL[at] for at in zero], [GOLD[at] for at in zero], 3) > 0.6


# -- phrases -----------------------------------------------------------------------
def test_phrases_when_empty_or_unknown_then_no_candidates():
    table = {"saw": [1.0, 0.0], "hammer": [0.0, 1.0], "wood": [0.5, 0.2]}
    fitted = model(word_vectors=table, n_epochs=3).fit(TOOLS)
    phrases = ["", "…", "zzz", "saw"]
    found = fitted.candidates(phrases, 3)
    assert np.diff(found.offsets).tolist() == [0, 0, 0, 3]
    assert fitted.predict(phrases).tolist()[:3] == [None] * 3
    assert not fitted.transform(phrases)[:3].any()
    assert len(fitted.candidates([], 3)) == 0
    assert fitted.predict([]).shape == (0,)


def test_candidates_when_compared_with_all_cosines_then_the_best_in_order():
    fitted = model(n_epochs=3).fit(TOOLS)
    found = fitted.candidates(ALL[:7], 4)
    cosines = fitted.transform(ALL[:7]) @ fitted.node_vectors_.T
    best = np.argsort(-cosines, axis=1, kind="stable")[:, :4]
    np.testing.assert_array_equal(found.concepts.reshape(7, 4), best)
    np.testing.assert_allclose(
        found.scores.reshape(7, 4), np.take_along_axis(cosines, best, 1), atol=1e-5
    )


def test_score_when_several_are_right_then_one_is_enough():
    fitted = model(n_epochs=3).fit(TOOLS)
    first = fitted.predict(["saw"])[0]
    assert fitted.score(["saw", ""], [{first, "tool"}, "tool"]) == 0.5


def test_phrases_when_in_a_table_then_as_its_column():
    fitted = model(n_epochs=3).fit(TOOLS)
    table = pd.DataFrame({"p": ["saw", "hammer"]})
    assert fitted.candidates(table) == fitted.candidates(["saw", "hammer"])
    assert fitted.candidates(iter(["saw", "hammer"])).mentions == ("saw", "hammer")
    np.testing.assert_array_equal(fitted.transform(table), fitted.transform(table["p"]))
    assert fitted.score(table, fitted.predict(table)) == 1


# -- where vectors come from -------------------------------------------------------
def test_word_vectors_when_from_anywhere_then_the_same_result(tmp_path):
    words, table = WORDS.words_.tolist(), WORDS.vectors_
    path = tmp_path / "words.txt"
    lines = [f"{w} {' '.join(map(str, v))}" for w, v in zip(words, table, strict=True)]
    head = f"{len(words)} {table.shape[1]}"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    sources = [
        dict(zip(words, table, strict=True)), (words, table), Vectors(table, words),
        path, str(path), [WORDS],
    ]  # fmt: skip
    expected = model(n_epochs=2).fit(TOOLS).transform(ALL)
    for source in sources:
        made = model(word_vectors=source, n_epochs=2).fit(TOOLS).transform(ALL)
        np.testing.assert_allclose(made, expected, atol=1e-5)


def test_word_vectors_when_joined_then_side_by_side_and_of_one_spread():
    table = {"saw": [100.0, 0.0], "hammer": [0.0, 100.0]}
    fitted = model(word_vectors=[WORDS, table], n_epochs=2).fit(TOOLS)
    vectors, known = fitted._encoder.words.look_up(["saw", "tool", "qqqq"])
    assert vectors.shape == (3, 26)
    assert known.tolist() == [True, True, False]
    assert np.isclose(vectors[0, 24:].max(), np.sqrt(2))
    assert not vectors[1, 24:].any()


def test_word_vectors_when_estimator_is_not_fitted_then_a_copy_is():
    mine = FastTextVectors(8, n_epochs=1, random_state=0)
    fitted = model(word_vectors=mine, n_epochs=2).fit(TOOLS)
    assert not hasattr(mine, "vectors_")
    assert fitted.node_vectors_.shape[1] == 8


def test_word_vectors_when_of_gensim_then_read():
    models = pytest.importorskip("gensim.models")
    lines = [text.split() for text in ALL]
    word2vec = models.Word2Vec(lines, vector_size=8, min_count=1, seed=0, workers=1)
    assert model(word_vectors=word2vec.wv, n_epochs=2).fit(TOOLS).predict(["saw"])
    fast = models.FastText(lines, vector_size=8, min_count=1, seed=0, workers=1)
    fitted = model(word_vectors=fast.wv, n_epochs=2).fit(TOOLS)
    assert fitted.transform(["sawing"]).any()
    with pytest.raises(GraphTypeError, match="cannot be saved"):
        fitted._fitted_state()


def test_node_embedder_when_array_vectors_or_estimator_then_used():
    X = np.random.default_rng(0).normal(size=(len(TOOLS.ids), 6)).astype(np.float32)
    by_array = model(target="graph", node_embedder=X, n_epochs=2).fit(TOOLS)
    order = np.random.default_rng(1).permutation(len(X))
    shuffled = Vectors(X[order], TOOLS.ids[order])
    by_ids = model(target="graph", node_embedder=shuffled, n_epochs=2).fit(TOOLS)
    np.testing.assert_array_equal(by_array.node_vectors_, by_ids.node_vectors_)
    embedder = graphrep.RandomVectors(6, random_state=0)
    fitted = model(target="graph", node_embedder=embedder, n_epochs=2).fit(TOOLS)
    assert fitted.node_vectors_.shape == X.shape
    assert not hasattr(embedder, "embedding_")


class Turned:
    """A corrector that puts the worst first, as scikit-learn clones it."""

    def get_params(self, deep=True):
        return {}

    def fit(self, base, *, query_bank, query_groups):
        assert query_bank.shape[1] == base.shape[1]
        assert len(query_groups) == len(query_bank)
        self.base = base
        return self

    def kneighbors(self, queries, k):
        scores = -(queries @ self.base.T)
        rows = np.argsort(-scores, axis=1)[:, :k]
        return rows, np.take_along_axis(scores, rows, 1).astype(np.float32)


def test_hubness_when_given_then_it_ranks():
    plain = model(n_epochs=3).fit(TOOLS)
    turned = model(n_epochs=3, hubness=Turned()).fit(TOOLS)
    n = len(TOOLS.ids)
    last = plain.candidates(["saw"], n).concepts[-1]
    assert turned.candidates(["saw"], 1).concepts[0] == last
    with pytest.raises(GraphTypeError, match="hubness"):
        turned.save("nowhere")


# -- keeping -----------------------------------------------------------------------
@pytest.mark.parametrize("mapper", ["mlp", "linear", "bilstm", "cnn"])
@pytest.mark.parametrize("pooling", ["idf", "sif"])
def test_model_when_saved_or_pickled_then_the_same(mapper, pooling, tmp_path):
    if mapper in ("bilstm", "cnn"):
        pytest.importorskip("torch")
    table = {"saw": [1.0, 0.0], "hammer": [0.0, 1.0]}
    fitted = model(
        mapper, target="gated", pooling=pooling, word_vectors=[WORDS, table],
        n_epochs=2, node_embedder=graphrep.RandomVectors(6, random_state=0),
    ).fit(TOOLS)  # fmt: skip
    fitted.save(tmp_path / "model")
    phrases = ["saws for glass", "unseen wooden thing", ""]
    for back in (
        graphrep.load(tmp_path / "model"),
        pickle.loads(pickle.dumps(fitted)),
    ):
        assert type(back) is Text2Node
        expected, found = fitted.transform(phrases), back.transform(phrases)
        np.testing.assert_array_equal(found, expected)
        assert back.candidates(phrases, 4) == fitted.candidates(phrases, 4)
        assert back.losses_ == fitted.losses_
        np.testing.assert_array_equal(back.gate_, fitted.gate_)


# -- the contract of scikit-learn, as far as texts go --------------------------------
def test_parameters_when_fitted_then_untouched_and_clone_is_not_fitted():
    one = model(n_epochs=2)
    before = {name: id(value) for name, value in one.get_params(deep=False).items()}
    assert one.fit(TOOLS) is one
    assert before == {n: id(v) for n, v in one.get_params(deep=False).items()}
    with pytest.raises(NotFittedError):
        clone(one).transform(["saw"])
    assert clone(one).get_params()["n_epochs"] == 2
    assert one.set_params(tau=0.1).tau == 0.1


def test_refit_when_it_fails_then_the_old_result_is_gone():
    one = model(n_epochs=2).fit(TOOLS)
    with pytest.raises(NodeNotFoundError):
        one.fit(TOOLS, ["saw"], ["no such node"])
    with pytest.raises(NotFittedError):
        one.predict(["saw"])


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"mapper": "tree"}, InvalidParameterError, "mapper"),
        ({"tau": 0.0}, InvalidParameterError, "tau"),
        ({"target": "gated", "loss": "cosine"}, GraphValueError, "contrastive"),
        ({"filter_widths": (0,)}, GraphValueError, "filter_widths"),
        ({"word_vectors": 3}, GraphTypeError, "Word vectors"),
        ({"word_vectors": {}}, GraphValueError, "empty"),
        ({"word_vectors": []}, GraphValueError, "empty"),
        ({"word_vectors": {"saw": [np.nan]}}, GraphValueError, "NaN"),
        ({"word_vectors": "no/such/file"}, GraphValueError, "no word vectors"),
        ({"word_vectors": {"zebra": [1.0]}}, GraphValueError, "nothing"),
        ({"target": "graph", "node_embedder": [[1.0]]}, GraphValueError, "shape"),
        ({"target": "graph", "node_embedder": 5}, GraphTypeError, "node_embedder"),
    ],
)  # fmt: skip
def test_fit_when_parameters_are_wrong_then_says_so(options, error, match):
    with pytest.raises(error, match=match):
        model(**options).fit(TOOLS)


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        ((TOOLS, ["saw"], None), GraphValueError, "without nodes"),
        ((TOOLS, None, ["saw"]), GraphValueError, "without phrases"),
        ((TOOLS, ["saw"], ["saw", "tool"]), GraphValueError, "1 phrases"),
        ((TOOLS, ["saw"], [set()]), GraphValueError, "no node"),
        ((TOOLS, [], []), GraphValueError, "no phrases"),
        ((TOOLS, ["…"], ["saw"]), GraphValueError, "No phrase"),
        ((TOOLS, ["saw"], ["sow"]), NodeNotFoundError, "sow"),
        ((TOOLS, [None], ["saw"]), GraphTypeError, "Phrase 0"),
        ((TOOLS, "saw", ["saw"]), GraphTypeError, "single text"),
        ((Terminology(["a"], ["oak"], [0]), None, None), GraphValueError, "1 concept"),
    ],
)
def test_fit_when_data_are_wrong_then_says_so(given, error, match):
    with pytest.raises(error, match=match):
        model().fit(*given)


def test_fit_when_no_edges_then_structure_is_refused():
    flat = Terminology(["a", "b"], ["oak", "pine"], [0, 1])
    with pytest.raises(GraphValueError, match="no edges"):
        model(target="gated").fit(flat)
    fitted = model(word_vectors=OWN, n_epochs=2).fit(flat)
    assert fitted.predict(["oak"]).shape == (1,)


def test_candidates_when_k_is_wrong_then_says_so():
    fitted = model(n_epochs=2).fit(TOOLS)
    for k in (0, 1.5, True):
        with pytest.raises(GraphValueError, match="k must"):
            fitted.candidates(["saw"], k)
    assert np.diff(fitted.candidates(["saw"], 10_000).offsets)[0] == len(TOOLS.ids)
