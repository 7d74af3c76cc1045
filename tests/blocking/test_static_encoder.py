"""StaticEncoder: vectors by hand, slopes by differences, learning, sources."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

from graphrep.blocking import Records
from graphrep.blocking._certificate import LSHCertificate
from graphrep.blocking._dense_training import recall_curve
from graphrep.blocking._encoder import Encoder, unit_vectors, vector_neighbours
from graphrep.blocking._losses import LOSSES, MatchLoss
from graphrep.blocking._matches import Matches
from graphrep.blocking._miner import TupleMiner
from graphrep.blocking._static_encoder import StaticEncoder
from graphrep.blocking._static_model import StaticModel
from graphrep.blocking._transformer_encoder import TransformerEncoder
from graphrep.blocking._word_vectors import word_vectors
from graphrep.exceptions import (
    GraphTypeError,
    GraphValueError,
    MissingDependencyError,
)


def _domain(n=150, seed=0):
    """Words of two tables that share half of their components, and a loud word."""
    rng = np.random.default_rng(seed)
    shared = np.tile(rng.normal(size=(n, 8)), (2, 1))
    own = 1.2 * rng.normal(size=(2 * n, 8))
    names = [f"{table}{i}" for table in "ab" for i in range(n)]
    words = dict(zip(names, np.hstack([shared, own]), strict=True))
    words["noise"] = 6.0 * rng.normal(size=16)
    A = Records({"name": [f"a{i} {'noise' * (i % 2)}" for i in range(n)]})
    B = Records({"name": [f"b{i} {'noise' * (i % 3 == 0)}" for i in range(n)]})
    return words, A, B


def _halves(n=150):
    odd = np.arange(n) % 5 > 1
    rows = np.arange(n)
    return (Matches(rows[x], rows[x]) for x in (odd, ~odd))


def test_transform_when_no_weights_then_mean_by_hand():
    words = {"Red": [1.0, 0.0], "fox": [0.0, 2.0]}
    records = Records({"name": ["RED fox fox", "unknown", ""], "x": ["red", "", ""]})
    encoder = StaticEncoder(words, weighting="none", n_common=0, learn=None)
    found = encoder.fit(records, records).transform(records)
    expected = np.array([2.0, 4.0]) / np.sqrt(20)
    np.testing.assert_allclose(found, [expected, [0, 0], [0, 0]], atol=1e-6)
    assert found.dtype == np.float32
    one = clone(encoder).set_params(columns=["x"]).fit(records, records)
    np.testing.assert_allclose(one.transform(records)[0], [1, 0])


def test_weights_when_sif_or_idf_then_by_hand():
    words = {"a": [1.0], "b": [1.0], "c": [1.0]}
    A = Records({"t": ["a a b", "a"]})
    options = {"n_common": 0, "learn": None}
    sif = StaticEncoder(words, weighting="sif", **options).fit(A, A)
    np.testing.assert_allclose(
        sif.token_weights_, [1e-3 / (1e-3 + 0.75), 1e-3 / (1e-3 + 0.25), 1.0], rtol=1e-5
    )
    idf = StaticEncoder(words, weighting="idf", **options).fit(A, A)
    np.testing.assert_allclose(
        idf.token_weights_, [1.0, np.log(3 / 2) + 1, np.log(3) + 1], rtol=1e-5
    )


def test_slopes_when_moved_then_differences():
    rng = np.random.default_rng(0)
    table, gains, map_ = (
        rng.normal(size=(9, 5)),
        rng.normal(size=9) / 5,
        rng.normal(size=(5, 4)),
    )
    rows = sparse.random_array((12, 9), density=0.5, rng=rng, format="csr")
    loss, weights = MatchLoss("infonce", temperature=0.5), np.ones(3)
    same = np.zeros((3, 3), bool)

    def value(g, m):
        return StaticModel(table, g, m).slopes(rows, loss, weights, same)[0]

    _, by_gains, by_map = StaticModel(table, gains, map_).slopes(
        rows, loss, weights, same
    )
    step = 1e-5
    for i in range(9):
        moved = gains + step * (np.arange(9) == i)
        less = gains - step * (np.arange(9) == i)
        slope = (value(moved, map_) - value(less, map_)) / (2 * step)
        assert by_gains[i] == pytest.approx(slope, abs=1e-4)
    moved, less = map_.copy(), map_.copy()
    moved[1, 2] += step
    less[1, 2] -= step
    slope = (value(gains, moved) - value(gains, less)) / (2 * step)
    assert by_map[1, 2] == pytest.approx(slope, abs=1e-4)


@pytest.mark.parametrize("name", ["nlsh", "triplet", "infonce"])
def test_fit_when_domain_is_learnt_then_held_out_family_is_better(name):
    words, A, B = _domain()
    known, out = _halves()
    options = {"weighting": "none", "n_common": 0, "n_epochs": 30, "patience": 8}
    miner = TupleMiner(n_negatives=4, random_state=0).fit(A, B, known)
    loss = MatchLoss(name, radius=0.5, c=2)
    plain = StaticEncoder(words, **options).fit(A, B)
    learnt = StaticEncoder(words, learning_rate=0.01, **options).fit(A, B, miner, loss)
    before, after = (
        LSHCertificate.of_vectors(*map(e.transform, (A, B)), out, loss, n_others=5000)
        for e in (plain, learnt)
    )
    assert after.rho < before.rho
    if name == "nlsh":  # the others do not ask for distances of some size
        assert after.p1 > before.p1 + 0.1
        assert after.sensitive
    assert learnt.gains_[-1] < 0  # noise
    assert plain.history_ is None


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("learn", ["gains", "projection"])
def test_fit_when_same_seed_then_same_bits_and_never_worse(name, learn):
    words, A, B = _domain(60)
    miner = TupleMiner(random_state=0).fit(A, B, Matches(np.arange(60), np.arange(60)))
    made = [
        StaticEncoder(words, learn=learn, n_components=8).fit(
            A, B, miner, MatchLoss(name), seed=4, n_jobs=jobs
        )
        for jobs in (1, 2)
    ]
    np.testing.assert_array_equal(made[0].transform(A), made[1].transform(A))
    history = made[0].history_
    assert history.recalls[history.best_epoch] == max(history.recalls)
    assert made[0].transform(A).shape == (60, 8)
    assert (made[0].gains_.any()) <= (learn == "gains")


def test_fit_when_loss_is_not_finite_then_error(monkeypatch):
    words, A, B = _domain(20)
    miner = TupleMiner(random_state=0).fit(A, B, Matches(np.arange(20), np.arange(20)))
    monkeypatch.setattr(StaticModel, "step", lambda *args: np.nan)
    with pytest.raises(GraphValueError, match="loss is nan in epoch 1; lower"):
        StaticEncoder(words).fit(A, B, miner)


def test_pickle_when_fitted_then_same_vectors():
    words, A, B = _domain(20)
    encoder = StaticEncoder(words).fit(A, B)
    again = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(again.transform(A), encoder.transform(A))


def test_fit_when_nothing_is_known_and_one_table_then_learns():
    words, A, _ = _domain(60)
    miner = TupleMiner(random_state=0).fit(A, A, one_table=True)
    encoder = StaticEncoder(words, n_epochs=2).fit(A, A, miner)
    assert len(encoder.history_.losses) == 2


def test_protocol_when_asked_then_both_encoders_are():
    assert isinstance(StaticEncoder(), Encoder)
    assert isinstance(TransformerEncoder(), Encoder)


def test_vector_neighbours_when_small_then_brute_force_without_zero_rows():
    rng = np.random.default_rng(0)
    X, Y = (unit_vectors(rng.normal(size=(n, 4))) for n in (7, 9))
    X[2], Y[5] = 0, 0
    of_left, of_right = vector_neighbours(X, Y, k=20)
    assert (of_left.rows[2] == -1).all()
    assert not (of_left.rows == 5).any()
    for lists, Q, base in ((of_left, X, Y), (of_right, Y, X)):
        for i in np.flatnonzero(Q.any(axis=1)):
            order = np.argsort(-(base @ Q[i]), kind="stable")
            order = [j for j in order if base[j] @ Q[i] > 0]
            assert [j for j in lists.rows[i] if j >= 0] == order
    own, _ = vector_neighbours(X, X, one_table=True, k=3)
    assert not (own.rows == np.arange(7)[:, None]).any()


def test_recall_curve_when_small_then_by_hand():
    X = unit_vectors(np.eye(3) + np.array([[0, 0, 0.1], [0, 0, 0], [0, 0, 0]]))
    lists = vector_neighbours(X, X, k=2)
    found = recall_curve(lists, Matches([0, 1, 2], [0, 1, 0]), False, (1, 3))
    assert found.tolist() == pytest.approx([2 / 3, 1.0])
    assert recall_curve(lists, Matches([], []), False, (1,)).tolist() == [1.0]


def test_word_vectors_when_file_or_mapping_or_gensim_then_same(tmp_path):
    words = {"red": [1.0, 0.5], "fox": [0.0, 2.0]}
    path = tmp_path / "words.txt"
    path.write_text("red 1.0 0.5\nfox 0.0 2.0\n")
    texts = ["Red red", "FOX, no"]
    expected = [[2.0, 1.0], [0.0, 2.0]]
    sources = [words, path, str(path)]
    gensim = pytest.importorskip("gensim")
    vectors = gensim.models.KeyedVectors(2)
    vectors.add_vectors(list(words), np.array(list(words.values()), np.float32))
    for source in [*sources, vectors]:
        found = word_vectors(source)
        np.testing.assert_allclose(found.counts(texts) @ found.table, expected)


def test_word_vectors_when_model2vec_then_its_own_means():
    model2vec = pytest.importorskip("model2vec")
    tokenizers = pytest.importorskip("tokenizers")
    vocabulary = {"[UNK]": 0, "red": 1, "fox": 2, "hen": 3}
    tokenizer = tokenizers.Tokenizer(
        tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    table = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    model = model2vec.StaticModel(
        table, tokenizer, weights=np.array([1, 2, 3, 4], np.float32),
        token_mapping=np.array([0, 1, 2, 1]), normalize=True,
    )  # fmt: skip
    texts = ["red fox hen", "fox what", "hen"]
    found = word_vectors(model)
    pooled = unit_vectors(found.counts(texts) @ found.table)
    np.testing.assert_allclose(pooled, model.encode(texts), atol=1e-6)


def test_word_vectors_when_wordllama_then_read_from_the_package():
    pytest.importorskip("wordllama")
    found = word_vectors("wordllama")
    assert found.table.shape == (32_000, 256)
    pooled = unit_vectors(
        found.counts(["red fox", "crimson foxes", "tax law"]) @ found.table
    )
    assert pooled[0] @ pooled[1] > pooled[0] @ pooled[2] + 0.1


def test_word_vectors_when_wordllama_is_missing_then_pip_line(monkeypatch):
    monkeypatch.setattr("graphrep.blocking._word_vectors.find_spec", lambda _: None)
    with pytest.raises(MissingDependencyError, match=r"graphrep\[blocking\]"):
        word_vectors("wordllama")


@pytest.mark.parametrize(
    ("source", "error", "said"),
    [
        ({}, GraphValueError, "is empty"),
        ("no/such", GraphValueError, "There are no word vectors at 'no/such'"),
        (3, GraphTypeError, "got int"),
        ({"a": [np.nan]}, GraphValueError, "NaN"),
    ],
)
def test_word_vectors_when_source_is_bad_then_error(source, error, said):
    with pytest.raises(error, match=said):
        word_vectors(source)
