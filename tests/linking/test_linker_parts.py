"""Parts of PhraseLinker beside naive twins: searches, features, choices, chances."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from graphrep._learners import ChoiceMixture, ChoiceModel, shares_of
from graphrep.linking._linker_backoff import lowest_likely
from graphrep.linking._linker_features import NAMES, TEMPERATURE, compare
from graphrep.linking._linker_pool import Depths, find_pool, nearest
from graphrep.linking._linker_queries import Rewriter, made_queries
from graphrep.linking._linker_ranker import LABELLED, REWRITTEN, SYNONYM, Lists, Ranker
from graphrep.linking._linker_views import NameViews
from graphrep.linking._linker_words import CUES, Words
from graphrep.linking._name_keys import stem
from graphrep.linking._near_words import LIKE, NearWords
from graphrep.retrieval import TextFeatures

VOCABULARY = [*"abcdefgh", "left", "right", "chronic", "3", "iv", "12", "heart", "bony"]
PHRASES = ["left heart a b", "chronical bony 3", "iv c d", "zzz 99 hearty", "e", ""]
N = 30


def _number(stem_of_word):
    return any(letter.isdigit() for letter in stem_of_word)


@pytest.fixture(scope="module")
def world():
    """A random tree of 30 concepts with names, vectors and some names held out."""
    draw = np.random.default_rng(0)
    owners = np.sort(draw.integers(N - 1, size=70))  # the last has no name
    texts = [" ".join(draw.choice(VOCABULARY, draw.integers(1, 6))) for _ in range(70)]
    child = np.arange(1, N)
    parent = np.array([draw.integers(max(1, c // 2)) for c in child])
    up = sparse.csr_array((np.ones(N - 1), (child, parent)), shape=(N, N))
    down = sparse.csr_array(up.T)
    relatives = tuple(
        part
        for m in (up, down)
        for part in (m.indptr.astype(np.int64), m.indices.astype(np.int32))
    )
    views = NameViews(texts, owners, N, draw.random(70) < 0.4, np.zeros(70, bool), 1)
    vectors = draw.standard_normal((70, 8)).astype(np.float32)
    views.vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    held = draw.random(70) < 0.1

    def encode(asked):
        rows = np.random.default_rng(len(asked)).standard_normal((len(asked), 8))
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    phrases = views.read(PHRASES, encode)
    depth = np.zeros(N, np.int64)
    for c in child:
        depth[c] = depth[parent[c - 1]] + 1
    return texts, owners, relatives, views, held, phrases, depth, up.toarray() > 0


def _pool(world, depths):
    texts, _, relatives, views, held, phrases, _, _ = world
    equal = views.equal(phrases, texts, held)
    return find_pool(views, phrases, equal, relatives, depths, np.ones(N, bool), held)


@pytest.mark.parametrize("k", [1, 5, 40])
def test_nearest_when_asked_then_best_name_of_each_concept(world, k):
    _, owners, _, views, held, phrases, _, _ = world
    found, scores = nearest(views, phrases.vectors, k, held)
    cosines = phrases.vectors @ views.vectors.T
    for q in range(len(PHRASES)):
        best = {}
        for row in np.flatnonzero(~held):
            c = owners[row]
            best[c] = max(best.get(c, -2.0), cosines[q, row])
        wanted = sorted(best, key=lambda c: (-best[c], c))[:k]
        there = found[q] >= 0
        assert found[q, there].tolist() == wanted
        np.testing.assert_allclose(
            scores[q, there], [best[c] for c in wanted], atol=1e-6
        )


def test_pool_when_family_is_asked_then_relatives_of_the_best_are_there(world):
    _, _, _, _, _, _, _, above = world
    alone = _pool(world, Depths(5, 5, 5, 0, 0))
    wide = _pool(world, Depths(5, 5, 5, 3, 40))
    for q in range(len(PHRASES) - 1):
        own = set(alone.concepts[alone.offsets[q] : alone.offsets[q + 1]].tolist())
        span = slice(wide.offsets[q], wide.offsets[q + 1])
        both = set(wide.concepts[span].tolist())
        first = wide.concepts[span][0]
        family = set(np.flatnonzero(above[:, first])) | set(
            np.flatnonzero(above[first])
        )
        for parent in np.flatnonzero(above[first]):
            family |= set(np.flatnonzero(above[:, parent]))
        assert own | family <= both
        assert len(both) == span.stop - span.start  # each once
    assert wide.offsets[-1] == wide.offsets[-2]  # the empty phrase has none


def test_compare_when_named_then_features_are_those_of_a_naive_twin(world):
    texts, owners, relatives, views, held, phrases, depth, above = world
    pool = _pool(world, Depths(30, 30, 30, 3, 40))
    features, best = compare(views, phrases, pool, relatives, depth, held)
    table = dict(zip(NAMES, features.T, strict=True))
    char = (phrases.char @ views.char_index._base.T).toarray()
    word = (phrases.word @ views.word_index._base.T).toarray()
    dense = phrases.vectors @ views.vectors.T
    stems = [set(text.split()) for text in Words.of(texts).stems]
    asked = [set(text.split()) for text in Words.of(PHRASES).stems]
    n_texts = len(texts)
    holders = {w: sum(w in s for s in stems) for s in stems for w in s}
    idf = {w: np.log((1 + n_texts) / (1 + n)) + 1 for w, n in holders.items()}
    rarest = np.log(1 + n_texts) + 1
    cues = {stem(word): f"cue_{word}" for word in CUES}
    known, new = sorted(idf), sorted(set().union(*asked))
    letters = TextFeatures("char", 3).fit(known)
    cosines = (letters.transform(new) @ letters.transform(known).T).toarray()
    like = {w: {known[i] for i in np.flatnonzero(c >= LIKE)} for w, c in
            zip(new, cosines, strict=True)}  # fmt: skip
    assert "heart" in like["hearty"]
    for pair, (q, c) in enumerate(zip(pool.queries, pool.concepts, strict=True)):
        rows = [r for r in np.flatnonzero(owners == c) if not held[r]]
        assert table["depth"][pair] == depth[c]
        assert table["children"][pair] == pytest.approx(np.log1p(above[:, c].sum()))
        total = sum(idf.get(w, rarest) for w in asked[q])
        if not rows:
            assert best[pair] == -1
            assert table["char"][pair] == table["own_cover"][pair] == 0
            continue
        sums = (char + word + dense)[q, rows]
        row = best[pair]
        assert sums.max() == pytest.approx((char + word + dense)[q, row], abs=1e-5)
        assert table["total"][pair] == pytest.approx(sums.max() / 3, abs=1e-5)
        for name, cosines in (("char", char), ("word", word), ("dense", dense)):
            wanted = max(0.0, cosines[q, rows].max())
            assert table[name][pair] == pytest.approx(wanted, abs=1e-5)
        assert table["dense_mean"][pair] == pytest.approx(
            dense[q, rows].mean(), abs=1e-5
        )

        def share(words, q=q, total=total):
            return sum(idf[w] for w in asked[q] & words) / total

        own = set().union(*(stems[r] for r in rows))
        family, front = set(own), {c}
        for _ in range(3):
            front = {p for f in front for p in np.flatnonzero(above[f])}
            for p in front:
                for r in np.flatnonzero((owners == p) & ~held):
                    family |= stems[r]
        assert table["query_cover"][pair] == pytest.approx(share(stems[row]), abs=1e-5)
        assert table["own_cover"][pair] == pytest.approx(share(own), abs=1e-5)
        assert table["family_cover"][pair] == pytest.approx(share(family), abs=1e-5)
        for name, words in (("near_cover", own), ("near_family", family)):
            weight = sum(idf.get(w, rarest) for w in asked[q] if like[w] & words)
            assert table[name][pair] == pytest.approx(weight / total, abs=1e-5)
        name_weight = sum(idf[w] for w in stems[row])
        held_weight = sum(idf[w] for w in stems[row] & asked[q])
        assert table["name_cover"][pair] == pytest.approx(
            held_weight / name_weight, abs=1e-5
        )
        assert table["numbers_missing"][pair] == sum(
            _number(w) for w in asked[q] - stems[row]
        )
        assert table["numbers_added"][pair] == sum(
            _number(w) for w in stems[row] - asked[q]
        )
        for word_, name in cues.items():
            wanted = (word_ in asked[q]) - int(word_ in stems[row])
            assert table[name][pair] == (wanted if word_ in idf else 0)


def test_compare_when_listed_then_places_and_masses_are_those_of_a_naive_twin(world):
    _, _, relatives, views, held, phrases, depth, above = world
    pool = _pool(world, Depths(6, 6, 6, 1, 3))
    features, _ = compare(views, phrases, pool, relatives, depth, held)
    table = dict(zip(NAMES, features.T, strict=True))
    for q in range(len(PHRASES)):
        span = slice(pool.offsets[q], pool.offsets[q + 1])
        concepts = pool.concepts[span].tolist()
        if not concepts:
            continue
        for name in ("char", "word", "dense", "total"):
            values = table[name][span]
            gaps = values.max() - values
            ranks = [np.log1p((values > v).sum()) for v in values]
            np.testing.assert_allclose(table[f"{name}_gap"][span], gaps, atol=1e-6)
            np.testing.assert_allclose(table[f"{name}_rank"][span], ranks, atol=1e-6)
        total = table["total"][span]
        mass = np.exp((total - total.max()) / TEMPERATURE)
        mass /= mass.sum()
        near = {
            p: sum(
                m for c, m in zip(concepts, mass, strict=True) if c == p or above[c, p]
            )
            for p in range(N)
        }
        for i, c in enumerate(concepts):
            assert table["mass"][span][i] == pytest.approx(near[c], abs=1e-5)
            parents = np.flatnonzero(above[c])
            if not len(parents):
                continue
            (p,) = parents  # a tree
            assert table["parent_mass"][span][i] == pytest.approx(near[p], abs=1e-5)
            others = [
                t
                for d, t in zip(concepts, total, strict=True)
                if d != c and above[d, p]
            ]
            gap = total[i] - max(others, default=-1.0)
            assert table["sibling_gap"][span][i] == pytest.approx(gap, abs=1e-5)
            wanted = total[concepts.index(p)] if p in concepts else -1.0
            assert table["parent_total"][span][i] == pytest.approx(wanted, abs=1e-6)


def test_choice_model_when_lists_are_pairs_then_logistic_regression_of_differences():
    draw = np.random.default_rng(1)
    X = draw.standard_normal((400, 3))
    X /= X.std(axis=0)
    gaps = X[::2] - X[1::2]
    first = draw.random(200) < 1 / (1 + np.exp(-gaps @ [1.0, -2.0, 0.5]))
    chosen = np.stack([first, ~first], axis=1).ravel()
    model = ChoiceModel.fit(X, chosen, np.arange(0, 401, 2))
    twin = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-8).fit(gaps, first)
    np.testing.assert_allclose(model.weights, twin.coef_[0], atol=2e-3)


def test_choice_model_when_no_list_has_a_choice_then_weights_are_zero():
    model = ChoiceModel.fit(np.ones((4, 2)), np.zeros(4, bool), np.array([0, 0, 4]))
    assert model.weights.tolist() == [0.0, 0.0]
    assert model.decision_function(np.ones((3, 2))).tolist() == [0.0] * 3


def test_near_words_when_read_then_words_alike_with_their_weights():
    known = ["tuberculosis", "lung", "lungs", "hip"]
    near = NearWords(known, np.array([4, 0, 2, 1]), 1)
    idf = np.array([1.0, 2.0, 3.0, 9.0, 5.0], np.float32)
    found = near.read(["tuberculous lung", "", "zebra"], idf, np.float32(7.0))
    assert found.offsets.tolist() == [0, 2, 2, 3]
    assert found.weights.tolist() == [1.0, 7.0, 7.0]  # lung, tuberculous; zebra
    spans = pairwise(found.indptr.tolist())
    assert [sorted(found.columns[a:b].tolist()) for a, b in spans] == [[0, 2], [4], []]
    again = NearWords.of_state(near.state(), 1).read(["hips"], idf, np.float32(7.0))
    assert again.columns.tolist() == [1]


def test_near_words_when_none_is_known_then_nothing_is_alike():
    near = NearWords([], np.zeros(0, np.int64), 1)
    found = near.read(["a b"], np.zeros(0, np.float32), np.float32(2.0))
    assert found.indptr.tolist() == [0, 0, 0]
    assert found.weights.tolist() == [2.0, 2.0]


def test_choice_mixture_when_facts_tell_then_each_model_has_its_lists():
    draw = np.random.default_rng(3)
    n, size = 600, 5
    X = draw.standard_normal((n * size, 2))
    offsets = np.arange(0, n * size + 1, size)
    facts = draw.standard_normal((n, 1))
    column = np.repeat(facts[:, 0] < 0, size).astype(int)  # the second where it is
    score = 4 * X[np.arange(n * size), column]
    chosen = score == np.repeat(np.maximum.reduceat(score, offsets[:-1]), size)
    models = ChoiceModel(np.array([4.0, 0.0])), ChoiceModel(np.array([0.0, 4.0]))
    mixed = ChoiceMixture.fit(*models, X, facts, chosen, offsets)
    shares = mixed.shares(X, facts, offsets)
    np.testing.assert_allclose(np.add.reduceat(shares, offsets[:-1]), 1.0)

    def hits(chances):
        best = np.maximum.reduceat(chances, offsets[:-1])
        return (chosen & (chances == np.repeat(best, size))).sum() / n

    alone = [hits(model.decision_function(X)) for model in models]
    assert max(alone) < 0.75
    assert hits(shares) > 0.95
    p, q = (shares_of(m.decision_function(X), offsets) for m in models)
    assert np.log(shares[chosen]).sum() > np.log((0.5 * (p + q))[chosen]).sum()


def test_choice_mixture_when_lists_are_empty_then_they_count_nothing():
    offsets = np.array([0, 0, 2, 2])
    models = ChoiceModel(np.array([1.0])), ChoiceModel(np.array([-1.0]))
    X, facts = np.array([[0.0], [1.0]]), np.zeros((3, 1))
    mixed = ChoiceMixture.fit(*models, X, facts, np.array([False, True]), offsets)
    shares = mixed.shares(X, facts, offsets)
    assert shares.sum() == pytest.approx(1.0)
    assert shares[1] > 0.5  # the first model is believed


def test_shares_when_lists_are_empty_then_others_sum_to_one():
    offsets = np.array([0, 0, 3, 3, 4])
    shares = shares_of(np.array([1000.0, 999.0, -1e9, 5.0]), offsets)
    np.testing.assert_allclose(shares[:3].sum(), 1.0)
    assert shares[3] == 1.0
    assert shares[0] / shares[1] == pytest.approx(np.e)


def _lists(seed, n_lists=300, size=12, column="char"):
    """Lists in which a feature says what is right, but for noise and no answers."""
    draw = np.random.default_rng(seed)
    features = draw.random((n_lists * size, len(NAMES))).astype(np.float32)
    features[:, NAMES.index("exact")] = 0
    offsets = np.arange(0, n_lists * size + 1, size)
    score = features[:, NAMES.index(column)] + 0.1 * draw.standard_normal(len(features))
    right = score == np.repeat(np.maximum.reduceat(score, offsets[:-1]), size)
    right[: 40 * size] = False
    return Lists(features, right, offsets, np.tile(np.arange(size), n_lists))


@pytest.mark.parametrize("kind", ["choice", "trees"])
def test_ranker_when_asked_for_chances_then_order_is_kept_and_mass_is_one(kind):
    none = (np.zeros(13, np.int64), np.zeros(0, np.int32)) * 2
    ranker = getattr(Ranker, kind)(_lists(2), none, 12, 0)
    new = _lists(3)
    chances = ranker.chances(new.features, new.offsets)
    utilities = ranker.utilities(new.features, new.offsets)
    spans = list(pairwise(new.offsets.tolist()))
    assert chances.min() >= 0
    assert np.add.reduceat(chances, new.offsets[:-1]).max() <= 1 + 1e-9
    for a, b in spans:
        order = np.argsort(-utilities[a:b], kind="stable")
        assert (np.diff(chances[a:b][order]) <= 1e-12).all()
    top = np.array([chances[a:b].max() for a, b in spans])
    hit = np.array([new.right[a:b][chances[a:b].argmax()] for a, b in spans])
    assert hit.mean() > 0.4
    assert abs(top.mean() - hit.mean()) < 0.12
    again = Ranker.of_state(ranker.state())
    np.testing.assert_array_equal(again.chances(new.features, new.offsets), chances)


def test_ranker_when_kinds_are_many_then_two_weights_and_a_gate():
    none = (np.zeros(13, np.int64), np.zeros(0, np.int32)) * 2
    parts = [_lists(4), _lists(5, column="dense"), _lists(6, 50)]
    lists = Lists.joined(parts)
    kinds = np.repeat([SYNONYM, REWRITTEN, LABELLED], [300, 300, 50])
    ranker = Ranker.choice(lists, none, 12, 0, kinds)
    assert isinstance(ranker.model, ChoiceMixture)
    first, second = ranker.model.first.weights, ranker.model.second.weights
    assert first[0] > 3 * abs(first[2])  # letters, vectors
    assert second[2] > 3 * abs(second[0])
    new = _lists(7)
    again = Ranker.of_state(ranker.state())
    chances = ranker.chances(new.features, new.offsets)
    np.testing.assert_array_equal(again.chances(new.features, new.offsets), chances)
    few = Ranker.choice(lists, none, 12, 0, np.where(kinds == SYNONYM, LABELLED, kinds))
    assert isinstance(few.model, ChoiceModel)


def test_lowest_likely_when_summed_then_the_deepest_ancestor_that_reaches_it():
    # 0 > 1 > 2, 3;  0 > 4
    up = np.array([0, 0, 1, 2, 3, 4]), np.array([0, 1, 1, 0])
    depth = np.array([0, 1, 2, 2, 1])
    concepts, chances = np.array([2, 3, 4]), np.array([0.3, 0.3, 0.2])

    def asked(threshold):
        return lowest_likely(concepts, chances, up, depth, threshold)

    assert [asked(t) for t in (0.25, 0.5, 0.7, 0.9)] == [2, 1, 0, -1]


def test_made_queries_when_drawn_then_one_name_of_each_concept_stays():
    texts = [f"name {i} of thing {i // 4}" for i in range(4000)]
    owners = np.repeat(np.arange(1000), 4)
    first = np.arange(4000) % 4 == 0
    made = made_queries(texts, owners, first, _forest(1000), np.random.default_rng(0))
    assert not made.held[first].any()
    bare = made.held.reshape(1000, 4)[:, 1:].all(axis=1)
    assert 60 < bare.sum() < 140
    assert 0.1 < made.held.mean() < 0.2
    known = dict(zip(texts, owners.tolist(), strict=True))
    held = {texts[row] for row in np.flatnonzero(made.held)}
    n = made.n_held
    assert n == min(2000, made.held.sum())
    assert set(made.texts[:n]) <= held
    assert 600 <= len(made.texts) - n <= 1000  # some are left as they were
    for text, concept in zip(made.texts[:n], made.concepts[:n].tolist(), strict=True):
        assert known[text] == concept


def _forest(n):
    """Parents of concepts: the even one before each odd one."""
    child = np.arange(n) % 2
    return np.concatenate([[0], np.cumsum(child)]), np.flatnonzero(child) - 1


def test_rewriter_when_asked_often_then_words_go_turn_and_come_from_above():
    texts = ["joint trouble", "acute pain of hip"]
    owners, first = np.arange(2), np.ones(2, bool)
    draw = np.random.default_rng(0)
    rewriter = Rewriter(texts, owners, first, _forest(2), draw)
    found = [rewriter.rewrite(1) for _ in range(400)]
    words = [set(text.split()) for text in found]
    assert len(set(found)) > 150
    assert all(text == " ".join(text.split()) for text in found)
    own = set(texts[1].split())
    assert np.mean([own <= w for w in words]) > 0.2  # light ones keep all words
    assert np.mean([bool({"joint", "trouble"} & w) for w in words]) > 0.4
    assert any(text.startswith("hip") for text in found)
    assert any(w.startswith("acu") and w != "acute" for every in words for w in every)
    alone = [rewriter.rewrite(0) for _ in range(400)]  # nothing is above it
    foreign = np.mean([bool(own & set(text.split())) for text in alone])
    assert 0.05 < foreign < 0.5


@pytest.mark.parametrize(
    ("text", "stems", "sorted_"),
    [
        ("Type II diabetes", "type 2 diabete", "2 diabete type"),
        ("Crohn's disease of the ilea", "crohn disease of the ilea", None),
        ("grade v", "grade 5", "5 grade"),
        ("vitamin v", "vitamin v", "v vitamin"),
        ("the and of", "the and of", "and of the"),
        ("?!", "", ""),
    ],
)
def test_words_when_taken_apart_then_stems_and_digits(text, stems, sorted_):
    found = Words.of([text])
    assert found.stems[0] == stems
    assert sorted_ is None or found.sorted[0] == sorted_
    assert found.counts[0] == len(set(stems.split()))
