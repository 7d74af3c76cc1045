"""MinHashBlocker: bands, buckets, scores and bounds."""

from __future__ import annotations

import pickle
from itertools import combinations, product

import numpy as np
import pytest
from sklearn.base import clone

from graphrep.blocking import MinHashBlocker, as_records
from graphrep.blocking._minhash_blocker import bucket_codes, choose_bands
from graphrep.exceptions import GraphValueError, MemoryLimitError


def _words(n, seed=0):
    rng = np.random.default_rng(seed)
    return [
        " ".join(rng.choice([f"w{i}" for i in range(14)], rng.integers(3, 9)))
        for _ in range(n)
    ]


def _jaccard(a, b):
    a, b = set(a.split()), set(b.split())
    return len(a & b) / len(a | b)


def _rows(found):
    return list(zip(found.left_rows.tolist(), found.right_rows.tolist(), strict=True))


def test_pairs_when_bands_agree_then_exactly_those():
    A, B = {"t": _words(30)}, {"t": [*_words(20, 1), "", None]}
    blocker = MinHashBlocker(
        analyzer="word", n_hashes=16, bands=8, rows=2, budget=None, n_jobs=2
    ).fit(A, B)
    found = blocker.candidate_pairs(A, B)
    left, _ = blocker._signatures(as_records(A))
    right, filled = blocker._signatures(as_records(B))
    assert filled.tolist() == [True] * 20 + [False] * 2
    agree = (left[:, None] == right[None]).reshape(30, 22, 8, 2).all(3).any(2)
    agree[:, ~filled] = False
    assert set(_rows(found)) == set(zip(*map(np.ndarray.tolist, agree.nonzero())))  # noqa: B905
    share = (left[found.left_rows] == right[found.right_rows]).mean(1)
    np.testing.assert_allclose(found.scores, share, rtol=1e-6)
    assert len(found) <= blocker.n_pairs_


def test_scores_when_many_hashes_then_near_jaccard():
    texts = _words(25)
    blocker = MinHashBlocker(
        analyzer="word", n_hashes=2048, bands=512, rows=1, budget=None
    )
    found = blocker.fit_candidate_pairs({"t": texts})
    true = {
        (i, j): _jaccard(texts[i], texts[j])
        for i, j in combinations(range(25), 2)
        if _jaccard(texts[i], texts[j]) > 0.05
    }
    scores = dict(zip(_rows(found), found.scores.tolist(), strict=True))
    assert set(true) <= set(scores)
    assert max(abs(scores[pair] - s) for pair, s in true.items()) < 0.06


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.3, 0.5, 0.8, 1.0])
def test_bands_when_chosen_then_as_by_integration(threshold):
    def area(bands, rows):
        s = (np.arange(2000) + 0.5) / 2000
        meet = 1 - (1 - s**rows) ** bands
        return np.where(s < threshold, meet, 1 - meet).mean()

    bands, rows = choose_bands(32, threshold)
    assert bands * rows <= 32
    every = [(b, r) for b, r in product(range(1, 33), repeat=2) if b * r <= 32]
    assert area(bands, rows) <= min(area(b, r) for b, r in every) + 1e-4


def test_bands_when_half_given_or_too_many_then_refused():
    A = {"t": ["a"]}
    with pytest.raises(GraphValueError, match="go together"):
        MinHashBlocker(bands=3).fit(A)
    with pytest.raises(GraphValueError, match="need 130 hashes"):
        MinHashBlocker(bands=13, rows=10).fit(A)


def test_buckets_when_too_large_then_split_and_bounded():
    same = {"t": ["one and the same text"] * 300}
    blocker = MinHashBlocker(max_bucket=10, budget=None)
    found = blocker.fit_candidate_pairs(same, same)
    assert blocker.n_split_ == blocker.bands_
    assert 0 < len(found) <= blocker.bands_ * 60 * 25
    assert len(np.unique(found.left_rows)) > 250
    with pytest.raises(MemoryLimitError, match="90,000 pairs"):
        MinHashBlocker(max_bucket=None, max_pairs=10).fit_candidate_pairs(same, same)


def test_bucket_codes_when_split_then_equal_following_keys_stay():
    keys = np.zeros((40, 2), np.uint64)
    keys[:, 1] = np.arange(40) % 4 + 1
    codes, n_split = bucket_codes(keys, 10)
    assert n_split == 1
    for value in range(4):
        assert len(np.unique(codes[np.arange(40) % 4 == value, 0])) == 1
    assert np.bincount(codes.ravel()).max() <= 10


def test_result_when_threads_copies_or_seeds_then_as_promised():
    A, B = {"t": _words(80)}, {"t": _words(70, 1)}
    blocker = MinHashBlocker(random_state=3, n_jobs=1)
    one = blocker.fit_candidate_pairs(A, B)
    for other in (clone(blocker).set_params(n_jobs=2), blocker):
        two = other.fit(A, B).candidate_pairs(A, B)
        np.testing.assert_array_equal(one.keys, two.keys)
        np.testing.assert_array_equal(one.scores, two.scores)
    three = pickle.loads(pickle.dumps(blocker)).candidate_pairs(A, B)
    np.testing.assert_array_equal(one.keys, three.keys)
    four = blocker.set_params(random_state=4).fit_candidate_pairs(A, B)
    assert one.scores.tolist() != four.scores.tolist()


def test_tables_when_empty_then_no_pairs():
    assert len(MinHashBlocker().fit_candidate_pairs({"t": []}, {"t": ["a"]})) == 0
    assert len(MinHashBlocker().fit_candidate_pairs({"t": ["", ""]})) == 0


@pytest.mark.shared
def test_recall_when_real_then_as_measured(shared_data):
    folder = shared_data / "blocking" / "dblp_acm"
    A, B = (as_records(folder / f"table{side}.csv", id="id") for side in "AB")
    found = MinHashBlocker(threshold=0.3, budget=None).fit_candidate_pairs(A, B)
    from graphrep.blocking._matches import as_matches

    gold = as_matches(folder / "matches_full.csv", A, B)
    hit = np.isin(gold.left * len(B) + gold.right, found.keys)
    assert hit.mean() >= 0.99
