"""NGramIndex: the k best concepts, as a sort of all cosines finds them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone

import graphrep
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Terminology
from graphrep.linking import NGramIndex
from graphrep.retrieval import TextFeatures
from graphrep.retrieval._text_features import normal_form

SYLLABLES = ["ka", "lo", "mi", "tu", "re", "sa", "no", "vi", "pe", "du"]


def _made(n_concepts, seed, n_names=3):
    draw = np.random.default_rng(seed)

    def name():
        return " ".join(
            "".join(draw.choice(SYLLABLES, draw.integers(1, 4)))
            for _ in range(draw.integers(1, 4))
        )

    owners = np.repeat(np.arange(n_concepts), draw.integers(1, n_names + 1, n_concepts))
    types = [("even" if c % 2 == 0 else "odd",) for c in range(n_concepts)]
    ids = [f"C{c}" for c in range(n_concepts)]
    return Terminology(ids, [name() for _ in owners], owners, types=types)


def _brute_force(known, phrases, k, allowed=None):
    """Concepts and scores of each phrase by a sort of all names."""
    texts = [normal_form(text) for text in known.name_texts]
    features = TextFeatures().fit(texts)
    cosines = (features.transform(phrases) @ features.transform(texts).T).toarray()
    out = []
    for phrase, row in zip(phrases, cosines, strict=True):
        best = {}
        for name, cosine in enumerate(row.tolist()):
            concept = int(known.name_concepts[name])
            if cosine > 0 and (allowed is None or allowed[concept]):
                equal = texts[name] == normal_form(phrase)
                key = (not equal, round(-cosine, 5), len(texts[name]), concept)
                best[concept] = min(best.get(concept, key), key)
        ranked = sorted(best.values())[:k]
        out.append([(c, 1.0 if not other else -s) for other, s, _, c in ranked])
    return out


@pytest.mark.parametrize("k", [1, 5, 40])
@pytest.mark.parametrize("typed", [False, True])
def test_candidates_when_compared_with_a_sort_then_equal(k, typed):
    known = _made(300, 0)
    draw = np.random.default_rng(1)
    phrases = [t[: draw.integers(3, 20)] for t in _made(30, 2).name_texts]
    phrases += known.name_texts[:20].tolist()
    index = NGramIndex(n_jobs=2).fit(known)
    found = index.candidates(phrases, k, types="odd" if typed else None)
    allowed = np.arange(300) % 2 == 1 if typed else None
    for query, expected in enumerate(_brute_force(known, phrases, k, allowed)):
        got = found[query]
        assert {c.concept_id for c in got} == {f"C{c}" for c, _ in expected}
        np.testing.assert_allclose(
            [c.score for c in got], [s for _, s in expected], atol=2e-5
        )


def test_candidates_when_types_differ_by_phrase_then_each_has_its_own():
    known = _made(200, 3)
    index = NGramIndex().fit(known)
    phrases = known.name_texts[:3].tolist()
    mixed = index.candidates(phrases, 6, types=["odd", None, {"even", "odd"}])
    assert mixed[0] == index.candidates(phrases[:1], 6, types={"odd"})[0]
    assert mixed[1] == index.candidates(phrases[1:2], 6)[0]
    assert mixed[2] == index.candidates(phrases[2:], 6)[0]
    assert {known.types[c][0] for c in mixed[:1].concepts.tolist()} == {"odd"}
    with pytest.raises(GraphValueError, match="No concept has the type 'green'"):
        index.candidates(phrases, types="green")
    with pytest.raises(GraphValueError, match="one entry for each of 3 queries"):
        index.candidates(phrases, types=["odd"])
    with pytest.raises(GraphTypeError, match="terminology that has types"):
        NGramIndex().fit({"a": "b"}).candidates(["b"], types="odd")


def test_candidates_when_a_name_is_the_phrase_then_it_alone_scores_one():
    # the first three have the same n-grams as often as each other
    known = {"A": "aaaa", "B": "aaaaa", "C": "aaaaaa", "D": "AAAAA", "E": "aab"}
    index = NGramIndex(sublinear=False).fit(known)
    found = index.candidates(["aaaaa"], 1)
    assert found.ids() == [["B"]]
    found = index.candidates(["aaaaa"], 3)
    assert found.ids()[0][:2] == ["B", "D"]
    assert found.scores[:2].tolist() == [1.0, 1.0]
    assert found.scores[2] < 1


def test_candidates_when_scores_tie_then_shorter_name_comes_in_first():
    known = {"A": ["cat dog cat dog"], "B": ["cat dog"], "C": ["cat dog"]}
    index = NGramIndex("word", sublinear=False).fit(known)
    assert index.candidates(["dog cat"], 1).ids() == [["B"]]
    assert index.candidates(["dog cat"], 2).ids() == [["B", "C"]]


def test_candidates_when_nothing_is_shared_then_none():
    index = NGramIndex().fit({"A": ["alpha", ""], "B": []})
    found = index.candidates(["", "zzz", "alpha"], 5)
    assert found.ids() == [[], [], ["A"]]
    assert index.predict(["zzz", "alphab"]).tolist() == [None, "A"]
    assert NGramIndex().fit({"B": []}).candidates(["x"]).ids() == [[]]
    assert index.candidates([], 5).ids() == []


def test_candidates_when_threads_differ_then_same():
    known = _made(500, 5)
    phrases = known.name_texts[:600].tolist()
    one = NGramIndex(n_jobs=1).fit(known).candidates(phrases, 20)
    assert NGramIndex(n_jobs=2).fit(known).candidates(phrases, 20) == one


def test_save_when_loaded_then_mapped_and_same(tmp_path):
    known = _made(200, 6)
    index = NGramIndex().fit(known)
    phrases = [text[1:] for text in known.name_texts[:30]]
    expected = index.candidates(phrases, 9, types="even")
    index.save(tmp_path / "model")
    loaded = graphrep.load(tmp_path / "model")
    assert loaded.candidates(phrases, 9, types="even") == expected
    assert loaded.terminology_ == known
    assert not loaded._index._base.data.flags.owndata
    index.save(tmp_path / "model.zip")
    assert graphrep.load(tmp_path / "model.zip").candidates(phrases, 9, "even") == (
        expected
    )
    assert pickle.loads(pickle.dumps(index)).candidates(phrases, 9, "even") == expected
    assert clone(index).fit(known).candidates(phrases, 9, "even") == expected


def test_fit_when_parameter_is_bad_then_said():
    for bad in ({"n": 0}, {"analyzer": "line"}, {"max_postings": 0}, {"n_jobs": 0}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            NGramIndex(**bad).fit({"a": "b"})


@pytest.mark.shared
def test_candidates_when_real_then_misspelt_names_are_found(shared_data):
    known = graphrep.read_terminology(shared_data / "terminology" / "hpo")
    index = NGramIndex().fit(known)
    rows = np.random.default_rng(0).integers(0, known.n_names, 300)
    names = known.name_texts.take(rows).tolist()
    phrases = [t[: len(t) // 2] + t[len(t) // 2 + 1 :] for t in names]  # a letter lost
    found = index.candidates(phrases, 10)
    hits = [
        known.name_concepts[row] in found[q : q + 1].concepts
        for q, row in enumerate(rows.tolist())
    ]
    assert np.mean(hits) > 0.9
