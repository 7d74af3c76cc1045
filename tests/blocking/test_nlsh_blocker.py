"""NLSHBlocker: learns, keeps its promises about budgets, and refuses what is wrong."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

from graphrep.blocking import LexicalEncoder, NLSHBlocker, Records, TfidfBlocker
from graphrep.blocking._matches import Matches, as_matches
from graphrep.blocking._pair_ranker import PairRanker
from graphrep.exceptions import GraphTypeError, GraphValueError

WORDS = ("red", "blue", "old", "new", "fox", "hen", "owl", "cat", "lamp", "desk")


def tables(seed=0, n=60):
    """Products that share a number with their match and a colour with many."""
    rng = np.random.default_rng(seed)
    codes = rng.choice(9000, n, replace=False) + 1000
    left, right = [], []
    for code in codes:
        words = rng.choice(WORDS, 4)
        left.append(f"{' '.join(words)} {code}")
        right.append(f"{' '.join(rng.permutation(words)[:2])} no. {code}")
    noise = [str(rng.integers(3)) for _ in range(2 * n)]
    A = Records({"name": left, "stock": noise[:n]}, [f"a{i}" for i in range(n)])
    B = Records({"name": right, "stock": noise[n:]}, [f"b{i}" for i in range(n)])
    return A, B, [(f"a{i}", f"b{i}") for i in range(n)]


def recall(pairs, gold, budget):
    best = pairs.head(budget)
    found = set(zip(best.left_ids.tolist(), best.right_ids.tolist(), strict=True))
    return len(found & set(gold)) / len(gold)


def test_fit_when_there_are_labels_then_agreeing_features_count_more():
    A, B, gold = tables()
    model = NLSHBlocker(random_state=0, n_jobs=1).fit(A, B, gold[:40])
    weights = model.encoder_.view_weights_
    start = LexicalEncoder().prepare(A, B).view_weights_
    assert weights["name/word"] / start["name/word"] > (
        weights["stock/word"] / start["stock/word"]
    )
    assert model.encoder_.losses_[-1] < model.encoder_.losses_[0]
    assert model.miner_.source_ == "matches"


@pytest.mark.parametrize(
    ("loss", "labels", "bound"),
    [("nlsh", False, True), ("nlsh", True, False), ("infonce", False, False)],
)
def test_learn_when_matches_are_guessed_then_weights_of_views_stay_nearer(
    monkeypatch, loss, labels, bound
):
    A, B, gold = tables()
    days = [f"{19000101 + 137 * i}" for i in range(len(A))]
    A = Records({**A.columns, "born": days}, A.ids)
    B = Records({**B.columns, "born": days[:50] + days[:10]}, B.ids)

    def grown(pull):
        monkeypatch.setattr("graphrep.blocking._lexical_encoder._PULL", pull)
        encoder = LexicalEncoder(epochs=30)
        model = NLSHBlocker(loss=loss, encoder=encoder, random_state=0, n_jobs=1)
        weights = model.fit(A, B, gold if labels else None).encoder_.view_weights_
        start = LexicalEncoder().prepare(A, B).view_weights_
        return max(weights[name] / start[name] for name in start)

    free, held = grown(0.0), grown(0.01)
    assert held < 0.8 * free if bound else held == free


def test_pairs_when_learnt_then_no_fewer_matches_than_by_n_grams():
    gained = []
    for seed in range(3):
        A, B, gold = tables(seed)
        plain = TfidfBlocker(n_jobs=1).fit_candidate_pairs(A, B)
        learnt = NLSHBlocker(random_state=0, n_jobs=1).fit_candidate_pairs(A, B)
        assert len(learnt) == len(plain) == 300
        gained.append(recall(learnt, gold, 60) - recall(plain, gold, 60))
    assert np.mean(gained) >= 0


def test_rule_when_given_then_its_pairs_are_learnt_from():
    A, B, gold = tables()

    def same_code(left, right):
        last = [t.split()[-1] for t in left.columns["name"]]
        return np.array(last) == [t.split()[-1] for t in right.columns["name"]]

    model = NLSHBlocker(rule=same_code, random_state=0).fit(A, B)
    assert model.miner_.source_ == "rule"
    assert recall(model.candidate_pairs(A, B), gold, 70) > 0.9


@pytest.mark.parametrize("loss", ["nlsh", "triplet", "infonce"])
def test_fit_when_threads_or_calls_differ_then_the_same_pairs(loss):
    A, B, gold = tables()
    made = [
        NLSHBlocker(loss=loss, random_state=3, n_jobs=j).fit_candidate_pairs(
            A, B, gold[:40]
        )
        for j in (1, 2)
    ]
    apart = NLSHBlocker(loss=loss, random_state=3).fit(A, B, gold[:40])
    made.append(apart.candidate_pairs(A, B))
    made.append(pickle.loads(pickle.dumps(apart)).candidate_pairs(A, B))
    for other in made[1:]:
        np.testing.assert_array_equal(other.keys, made[0].keys)
        np.testing.assert_array_equal(other.scores, made[0].scores)


def test_one_table_when_blocked_then_no_record_with_itself_and_each_pair_once():
    A, B, _ = tables()
    names = np.concatenate([A.columns["name"], B.columns["name"]])
    both = Records({"name": names})
    gold = [(i, i + 60) for i in range(60)]
    for known in (None, gold[:40]):
        pairs = NLSHBlocker(random_state=0).fit_candidate_pairs(both, None, known)
        assert pairs.one_table
        assert (pairs.left_rows < pairs.right_rows).all()
        assert len(np.unique(pairs.keys)) == len(pairs)
        assert recall(pairs, gold, 200) > 0.9


def test_target_recall_when_higher_then_more_pairs_within_the_budget():
    A, B, gold = tables()
    model = NLSHBlocker(random_state=0, n_jobs=1).fit(A, B, gold)
    sizes = []
    for target in (0.5, 0.9, 1.0):
        pairs = model.set_params(target_recall=target).candidate_pairs(A, B)
        assert recall(pairs, gold, len(pairs)) >= target
        sizes.append(len(pairs))
    assert sizes == sorted(sizes)
    assert sizes[-1] <= 300
    blind = NLSHBlocker(target_recall=0.9, random_state=0, n_jobs=1).fit(A, B)
    assert 0 < len(blind.candidate_pairs(A, B)) <= 300
    assert blind.recall_estimate_.recall >= 0.9


def test_certificate_when_learnt_then_others_lie_farther():
    A, B, gold = tables()
    made = NLSHBlocker(random_state=0, n_jobs=1).fit(A, B, gold[:30])
    found = made.certificate(A, B, gold[30:])
    assert len(found.matches) == 30
    assert np.median(found.matches) < np.median(found.others)
    assert 0 <= found.p2 < 0.2
    with pytest.raises(GraphTypeError, match="held out"):
        made.certificate(A, B)


def test_tables_when_empty_or_tiny_then_pairs_or_none():
    A, B, _ = tables(n=5)
    nothing = Records({"name": [], "stock": []})
    model = NLSHBlocker(random_state=0)
    assert len(model.fit_candidate_pairs(A, nothing)) == 0
    assert len(model.fit_candidate_pairs(nothing, B)) == 0
    one = A.take(np.array([0]))
    assert len(model.fit_candidate_pairs(one, B)) <= 5
    blank = Records({"name": ["", ""], "stock": ["", ""]})
    aimed = NLSHBlocker(target_recall=0.9, random_state=0)
    assert len(aimed.fit_candidate_pairs(blank, blank, [(0, 1)])) == 0
    assert len(model.fit_candidate_pairs(blank, blank)) == 0


def test_large_tables_when_thinned_then_matches_stay_rows_of_them(monkeypatch):
    from graphrep.blocking import _thinning

    monkeypatch.setattr(_thinning, "_LEARN", 20)
    A, B, gold = tables(n=80)
    known = as_matches(gold, A, B)
    for matches in (None, known):
        model = NLSHBlocker(random_state=0, n_jobs=1).fit(A, B, matches)
        assert recall(model.candidate_pairs(A, B), gold, 100) > 0.8
    left, right, rows = _thinning.thinned(
        A, B, known, model._nearest, one_table=False, seed=0
    )
    assert len(left) < 80
    for a, b in zip(rows.left, rows.right, strict=True):
        assert left.ids[a][1:] == right.ids[b][1:]


def test_parameters_when_wrong_then_refused():
    A, B, _ = tables(n=8)
    with pytest.raises(GraphValueError, match="dense vectors"):
        NLSHBlocker(loss="barlow").fit(A, B)
    with pytest.raises(GraphTypeError, match="fit and transform"):
        NLSHBlocker(encoder=7).fit(A, B)
    for call in ("fit", "fit_candidate_pairs"):
        with pytest.raises(GraphValueError, match="c \\* radius"):
            getattr(NLSHBlocker(radius=1.5), call)(A, B)
    for options in ({"loss": "hinge"}, {"c": 1.0}, {"target_recall": 2}):
        with pytest.raises(InvalidParameterError):
            NLSHBlocker(**options).fit(A, B)
    copy = clone(NLSHBlocker(encoder=LexicalEncoder(epochs=1), radius=0.3))
    assert copy.get_params()["radius"] == 0.3


def test_explain_when_asked_then_shares_sum_to_the_cosine():
    A, B, _ = tables(n=10)
    model = NLSHBlocker(random_state=0).fit(A, B)
    shares = model.encoder_.explain(A, B)
    X, Y = model.encoder_.transform(A), model.encoder_.transform(B)
    cosines = np.asarray(X.multiply(Y).sum(axis=1)).ravel()
    np.testing.assert_allclose([sum(s.values()) for s in shares], cosines, rtol=1e-4)


def test_ranker_when_features_tell_then_weighs_in_and_else_does_not():
    rng = np.random.default_rng(0)
    left, right = np.repeat(np.arange(100), 20), rng.integers(0, 100, 2000)
    right[::20] = np.arange(100)
    y = left == right
    known = Matches(np.arange(100), np.arange(100))
    scores = rng.normal(size=2000).astype(np.float32)
    telling = np.stack([y + rng.normal(0, 0.3, 2000), scores], axis=1)
    args = (left, right, known, 100, 100)
    made = PairRanker().fit(telling, scores, *args, seed=0)
    assert made.weight_ > 0
    order = np.argsort(-made.scores(telling, scores))
    assert y[order[:100]].mean() > 0.8
    few = Matches(np.arange(5), np.arange(5))
    none = PairRanker().fit(telling, scores, left, right, few, 100, 100, seed=0)
    assert none.weight_ == 0
    assert none.scores(telling, scores) is scores


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "twice", "five"),
    [("abt_buy", 0.97, 0.995), ("amazon_google", 0.92, 0.984)],
)
def test_recall_when_real_then_as_measured(shared_data, name, twice, five):
    folder = shared_data / "blocking" / name
    A, B = folder / "tableA.csv", folder / "tableB.csv"
    pairs = NLSHBlocker(random_state=0, n_jobs=1).fit_candidate_pairs(A, B)
    gold = as_matches(
        folder / "matches_full.csv",
        *(
            Records({}, ids=index.ids)
            for index in (pairs.left_index, pairs.right_index)
        ),
    )
    true = gold.left * pairs.shape[1] + gold.right
    n = min(pairs.shape)
    for times, least in ((2, twice), (5, five)):
        assert np.isin(true, pairs.head(times * n).keys).mean() >= least


@pytest.mark.shared
@pytest.mark.slow
def test_recall_when_a_birthday_nearly_tells_all_then_the_rest_still_counts(
    shared_data,
):
    folder = shared_data / "blocking" / "febrl4"
    columns = ["given_name", "surname", "street_number", "address_1", "address_2",
               "suburb", "postcode", "state", "date_of_birth"]  # fmt: skip
    blocker = NLSHBlocker(columns=columns, budget=1.0, random_state=0, n_jobs=1)
    pairs = blocker.fit_candidate_pairs(folder / "tableA.csv", folder / "tableB.csv")
    n = pairs.shape[0]
    gold = as_matches(
        folder / "matches.csv",
        *(
            Records({}, ids=index.ids)
            for index in (pairs.left_index, pairs.right_index)
        ),
    )
    assert len(pairs) == n
    assert np.isin(gold.left * pairs.shape[1] + gold.right, pairs.keys).mean() > 0.998
