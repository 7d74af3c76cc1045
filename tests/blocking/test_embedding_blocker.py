"""EmbeddingBlocker: encoders of all forms, exact and hashed search."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from graphrep.blocking import EmbeddingBlocker, TfidfBlocker
from graphrep.exceptions import GraphTypeError, GraphValueError


def _vectors(n, seed=0, dim=12):
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


def _table(n):
    return {"t": [f"r{i}" for i in range(n)]}


def letters(texts):
    return np.array([[t.count(c) for c in "abcdefgh"] for t in texts], float)


class Encoder:
    def encode(self, texts):
        return letters(texts)


def test_pairs_when_exact_then_nearest_of_both_sides():
    X, Y = _vectors(20), _vectors(15, 1)
    blocker = EmbeddingBlocker((X, Y), n_neighbors=3, budget=None)
    found = blocker.fit_candidate_pairs(_table(20), _table(15))
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (X, Y)]
    cosines = unit[0] @ unit[1].T
    of_left = cosines >= np.sort(cosines, axis=1)[:, -3:-2]
    of_right = cosines >= np.sort(cosines, axis=0)[-3:-2]
    expected = (of_left | of_right) & (cosines > 0)
    got = np.zeros_like(expected)
    got[found.left_rows, found.right_rows] = True
    np.testing.assert_array_equal(got, expected)
    assert len(found) <= blocker.n_pairs_ == 3 * 35
    best = (found.left_rows[0], found.right_rows[0])
    assert cosines[best] in (cosines[best[0]].max(), cosines[:, best[1]].max())


def test_style_when_tags_are_given_then_read_by_the_encoder():
    seen = []

    def encode(texts):
        seen.extend(texts)
        return letters(texts)

    blocker = EmbeddingBlocker(encode, style="COL {column} VAL {value}")
    blocker.fit_candidate_pairs({"t": ["ab"]}, {"t": ["abc"]})
    assert seen == ["COL t VAL ab", "COL t VAL abc"]
    with pytest.raises(GraphValueError, match="style must be"):
        blocker.set_params(style="json").fit({"t": ["ab"]}, {"t": ["abc"]})


@pytest.mark.parametrize("encoder", [letters, Encoder()])
def test_encoder_when_function_or_object_then_used(encoder):
    A, B = {"t": ["aab", "ccd", ""]}, {"t": ["dcc", "baa", "", "hhh"]}
    found = EmbeddingBlocker(encoder, budget=None).fit_candidate_pairs(A, B)
    rows = list(zip(found.left_rows.tolist(), found.right_rows.tolist(), strict=True))
    assert sorted(rows) == [(0, 1), (1, 0)]
    assert len(EmbeddingBlocker(encoder).fit_candidate_pairs({"t": ["a"]})) == 0
    assert len(EmbeddingBlocker(encoder).fit_candidate_pairs({"t": []}, A)) == 0


def test_one_table_when_blocked_then_never_with_itself():
    X = _vectors(30)
    X[7] = X[3]
    found = EmbeddingBlocker((X,), budget=1).fit_candidate_pairs(_table(30))
    assert (found.left_rows[0], found.right_rows[0]) == (3, 7)


def test_hash_search_when_recall_is_high_then_nearly_exact():
    X = _vectors(400)
    Y = X[::-1] + 0.1 * _vectors(400, 1)
    exact = EmbeddingBlocker((X, Y), budget=1.0)
    hashed = clone(exact).set_params(
        search="hash", hash_options={"n_functions": 6, "n_tables": 30}
    )
    one = exact.fit_candidate_pairs(_table(400), _table(400))
    two = hashed.fit_candidate_pairs(_table(400), _table(400))
    three = hashed.set_params(n_jobs=2).fit_candidate_pairs(_table(400), _table(400))
    assert len(one.intersection(two)) >= 0.97 * 400
    np.testing.assert_array_equal(two.keys, three.keys)


def test_vectors_when_wrong_then_said():
    X = _vectors(4)
    with pytest.raises(GraphValueError, match="of the 5 records of the left"):
        EmbeddingBlocker((X, X)).fit_candidate_pairs(_table(5), _table(4))
    with pytest.raises(GraphValueError, match=r"give .left, right."):
        EmbeddingBlocker((X,)).fit_candidate_pairs(_table(4), _table(4))
    with pytest.raises(GraphValueError, match="12 and 3 components"):
        EmbeddingBlocker((X, X[:, :3])).fit_candidate_pairs(_table(4), _table(4))
    with pytest.raises(GraphTypeError, match="real numbers"):
        EmbeddingBlocker(lambda texts: [["x"]] * len(texts)).fit_candidate_pairs(
            _table(4)
        )


def test_scores_when_vectors_are_tfidf_then_those_of_tfidf_blocker():
    from graphrep.retrieval import TextFeatures

    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abcd"), 6)) for _ in range(40)]
    A, B = {"t": texts[:20]}, {"t": texts[20:]}
    features = TextFeatures("char", 3).fit(texts)
    dense = EmbeddingBlocker(lambda t: features.transform(t).toarray(), budget=None)
    one = dense.fit_candidate_pairs(A, B)
    two = TfidfBlocker(budget=None).fit_candidate_pairs(A, B)
    assert len(one.intersection(two)) == len(two) == len(one)


def test_pairs_when_searched_on_a_device_then_those_of_the_processor(device):
    rng = np.random.default_rng(4)
    A, B = ({"name": [f"r{i}" for i in range(n)]} for n in (60, 50))
    vectors = tuple(rng.normal(size=(n, 5)).astype(np.float32) for n in (60, 50))
    found = [
        EmbeddingBlocker(vectors, n_neighbors=7, device=where)
        .fit_candidate_pairs(A, B)
        for where in ("cpu", device)
    ]  # fmt: skip
    for name in ("left_rows", "right_rows", "scores"):
        np.testing.assert_array_equal(*(getattr(pairs, name) for pairs in found))


@pytest.mark.parametrize(
    "options", [{"search": "hash"}, {"memory_limit": "1GB"}, {"executor": "serial"}]
)
def test_device_when_it_cannot_be_used_then_said(options):
    blocker = EmbeddingBlocker((np.eye(2), np.eye(2)), device="cuda", **options)
    with pytest.raises(GraphValueError, match="are for device='cpu'; got"):
        blocker.fit({"name": ["a", "b"]}, {"name": ["a", "b"]})
