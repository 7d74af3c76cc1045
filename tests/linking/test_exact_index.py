"""NameDictionary: names that are a phrase, key by key."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone

import graphrep
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Terminology
from graphrep.linking import NameDictionary
from graphrep.linking._name_keys import plain_key, stem, stem_key

NAMES = {
    "E11.9": ["Type 2 diabetes mellitus", "adult-onset diabetes"],
    "HP:0001250": ["Seizure", "Seizures", "Epileptic seizure"],
    "C1": ["Crohn's disease"],
    "C2": ["Tumour of the oesophagus", "HER2+ tumour"],
    "C3": ["cold"],
    "C4": ["Cold", "low temperature"],
}


@pytest.fixture(scope="module")
def index():
    return NameDictionary().fit(NAMES)


@pytest.mark.parametrize(
    ("phrase", "ids", "score"),
    [
        ("  TYPE 2   Diabetes mellitus", ["E11.9"], 1.0),
        ("type-2 diabetes mellitus", ["E11.9"], 0.99),
        ("Diabetes mellitus, type II", ["E11.9"], 0.97),
        ("adult onset diabetes", ["E11.9"], 0.99),
        ("crohns disease", ["C1"], 0.99),
        ("crohn disease", ["C1"], 0.97),
        ("crohn’s diseases", ["C1"], 0.97),
        ("esophageal tumor", [], None),
        ("tumors of esophagus", ["C2"], 0.97),
        ("HER2 tumour", [], None),  # the + counts
        ("e11.9", ["E11.9"], 1.0),
        ("E119", ["E11.9"], 0.99),
        ("hp 0001250", ["HP:0001250"], 0.99),
        ("cold", ["C3", "C4"], 1.0),
        ("", [], None),
        ("...", [], None),
    ],
)
def test_candidates_when_name_is_a_phrase_then_scored_by_the_key(
    index, phrase, ids, score
):
    found = index.candidates([phrase])
    assert found.ids() == [ids]
    if ids:
        np.testing.assert_allclose(found.scores, score, atol=1e-6)
        assert found[0][0].sources == ("exact",)


def test_candidates_when_names_are_shared_then_k_in_order_of_position(index):
    found = index.candidates(["cold", "seizure", "low temperatures"], 1)
    assert found.ids() == [["C3"], ["HP:0001250"], ["C4"]]
    assert found.name_texts() == ["cold", "Seizure", "low temperature"]
    assert index.predict(["cold", "nothing"]).tolist() == ["C3", None]


def test_candidates_when_normalizer_is_given_then_it_is_the_loosest_key():
    index = NameDictionary(lambda text: text[:4].lower()).fit(NAMES)
    assert index.candidates(["crohn colitis"]).ids() == [["C1"]]
    assert index.candidates(["crohns disease"]).scores[0] == np.float32(0.99)
    with pytest.raises(GraphTypeError, match="must give a text; it made 3"):
        NameDictionary(lambda text: 3).fit(NAMES)


def test_candidates_when_ids_are_integers_then_they_are_texts_too():
    known = Terminology([73211009, 5], ["diabetes", "five"], [0, 1])
    index = NameDictionary().fit(known)
    assert index.candidates(["73211009", "5"]).ids() == [[73211009], [5]]
    assert NameDictionary(ids=False).fit(known).candidates(["5"]).ids() == [[]]


def test_candidates_when_kinds_have_scores_then_preferred_names_come_first(tmp_path):
    known = {"A": ["ague", "cold"], "B": ["cold"], "C": ["cold snap"]}
    index = NameDictionary(kind_scores={"exact": 0.5}).fit(known)
    assert index.candidates(["cold"]).ids() == [["B", "A"]]
    assert index.candidates(["cold"]).scores.tolist() == [1.0, 0.5]
    index.save(tmp_path / "model")
    assert graphrep.load(tmp_path / "model").candidates(["cold"]).ids() == [["B", "A"]]
    for bad in ({"strange": 1}, {"exact": 2}, {"exact": 0}):
        with pytest.raises(GraphValueError, match="kind_scores must"):
            NameDictionary(kind_scores=bad).fit(known)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("haemorrhages", "hemorrhage"), ("arteries", "artery"),
        ("metastases", "metastasis"), ("diagnoses", "diagnosis"),
        ("biopsies", "biopsy"), ("fibres", "fiber"), ("vertebrae", "vertebra"),
        ("localised", "localized"), ("leucocytes", "leukocyte"), ("crohn's", "crohn"),
        ("diarrhoea", "diarrhea"), ("sulphate", "sulfate"), ("feet", "foot"),
        ("abscesses", "abscess"), ("seizures", "seizure"),
    ],
)  # fmt: skip
def test_stem_when_word_is_inflected_or_british_then_folded(one, other):
    assert stem(one) == stem(other)


def test_keys_when_words_carry_meaning_then_kept():
    assert plain_key("Hep-A (5 %)") == "hep a 5 %"
    assert stem_key("hepatitis A") != stem_key("hepatitis")
    assert stem_key("not hepatitis") != stem_key("hepatitis")
    assert stem_key("the the") == "the the"
    assert stem_key("IV injection") != stem_key("4 injection")
    assert stem_key("Stage IV") == stem_key("stage 4")


def test_candidates_when_input_is_bad_then_said(index):
    with pytest.raises(GraphTypeError, match="single text"):
        index.candidates("cold")
    with pytest.raises(GraphTypeError, match="Phrase 1 is None"):
        index.candidates(["cold", None])
    with pytest.raises(GraphValueError, match="k must be"):
        index.candidates(["cold"], 0)


def test_save_when_loaded_then_same(index, tmp_path):
    phrases = ["cold", "E119", "tumors of esophagus", "?"]
    expected = index.candidates(phrases)
    index.save(tmp_path / "model")
    loaded = graphrep.load(tmp_path / "model")
    assert loaded.candidates(phrases) == expected
    assert loaded.terminology_ == index.terminology_
    assert pickle.loads(pickle.dumps(index)).candidates(phrases) == expected
    assert clone(index).fit(NAMES).candidates(phrases) == expected
    with pytest.raises(GraphTypeError, match="normalizer"):
        NameDictionary(str.lower).fit(NAMES).save(tmp_path / "other")


@pytest.mark.shared
def test_candidates_when_real_then_every_name_finds_its_concept(shared_data):
    known = graphrep.read_terminology(shared_data / "terminology" / "hpo")
    index = NameDictionary().fit(known)
    rows = np.random.default_rng(0).integers(0, known.n_names, 2000)
    found = index.candidates(known.name_texts.take(rows).tolist(), 50)
    for query, row in enumerate(rows.tolist()):
        assert known.name_concepts[row] in found[query : query + 1].concepts
    assert (found.scores[found.offsets[:-1]] == 1).all()
