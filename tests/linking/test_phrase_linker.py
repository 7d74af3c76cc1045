"""PhraseLinker: candidates of all searches, chances, labels, NIL, files."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from threadpoolctl import threadpool_limits

import graphrep
from graphrep.datasets import load_icd10cm_terminology
from graphrep.exceptions import GraphTypeError, GraphValueError, NodeNotFoundError
from graphrep.graph import Terminology
from graphrep.linking import NameEncoder, PhraseLinker
from graphrep.linking._linker_pool import nearest, nearest_in_clusters
from graphrep.retrieval import HubnessCorrector

PHRASES = [
    "acute bronchitis caused by mycoplasma",
    "asthma, severe and persistent, with exacerbation",
    "pneumonia due to klebsiella",
    "chronic sinusitis of the frontal sinus",
    "vasomotor rhinitis",
]
CODES = ["J20.0", "J45.51", "J15.0", "J32.1", "J30.0"]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Threads of the trees wait for each other where workers share the processors."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def lungs():
    """Chapter 10 of ICD-10-CM, diseases of the respiratory system."""
    return load_icd10cm_terminology().subset(ancestor="CH10")


@pytest.fixture(scope="module")
def linker(lungs):
    return PhraseLinker(random_state=0, n_jobs=1).fit(lungs)


def _labels(lungs, n=260):
    """Names with their words turned round, some of several concepts, one of none."""
    rows = np.random.default_rng(0).permutation(lungs.n_names)[:n]
    texts = [" ".join(reversed(lungs.name_texts[r].split())) for r in rows.tolist()]
    ids = [[one] for one in lungs.ids[lungs.name_concepts[rows]].tolist()]
    ids[0] = [*ids[0], "J45"]
    ids[1] = None
    return texts, ids


@pytest.fixture(scope="module")
def taught(lungs):
    texts, ids = _labels(lungs)
    return PhraseLinker(random_state=0, n_jobs=1).fit(lungs, texts, ids)


def _same(one, two):
    for name in ("offsets", "concepts", "scores", "names", "sources"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_candidates_when_phrases_are_no_names_then_right_ones_first(linker):
    found = linker.candidates(PHRASES, 5)
    assert [ids[0] for ids in found.ids()] == CODES
    assert (found.counts == 5).all()
    assert found.scores.min() >= 0
    assert found.scores.max() <= 1
    sums = np.add.reduceat(found.scores, found.offsets[:-1])
    assert (sums <= 1 + 1e-6).all()


def test_candidates_when_phrase_is_a_name_then_exact_is_among_sources(lungs, linker):
    found = linker.candidates(["vasomotor RHINITIS", "j30.0", "J300"], 3)
    for query in found:
        assert query[0].concept_id == "J30.0"
        assert "exact" in query[0].sources
    assert linker.candidates(["Vasomotor rhinitis"], 1)[0][0].name == (
        "Vasomotor rhinitis"
    )


def test_candidates_when_family_is_off_then_no_source_is_family(lungs):
    linker = PhraseLinker(family=False, encoder=None, random_state=0).fit(lungs)
    found = linker.candidates(PHRASES, 50)
    assert not (found.sources & (1 << found.source_names.index("family"))).any()
    with_family = PhraseLinker(encoder=None, random_state=0).fit(lungs)
    found = with_family.candidates(PHRASES, 200)
    assert (found.sources & (1 << found.source_names.index("family"))).any()


def test_fit_when_labelled_then_phrases_are_names_of_their_concepts(lungs, taught):
    texts, ids = _labels(lungs)
    assert taught.ranker_ == "trees"
    assert taught.n_labels_ == len(texts)
    asked = [i for i in range(2, len(texts)) if len(texts[i].split()) > 3]
    found = taught.predict([texts[i] for i in asked])
    right = np.mean([code in ids[i] for code, i in zip(found, asked, strict=True)])
    assert right > 0.95
    listed = taught.candidates([texts[asked[0]]], 1)
    assert listed.names[0] == -1  # a labelled phrase is no name of the terminology
    assert listed.terminology is lungs


def test_fit_when_labels_are_few_then_they_join_made_phrases(lungs):
    linker = PhraseLinker(encoder=None, random_state=0)
    linker.fit(lungs, ["wheezy chest thing"], ["J45.909"])
    assert linker.ranker_ == "choice"
    assert linker.n_labels_ == 1
    assert linker.predict(["wheezy chest thing"]).tolist() == ["J45.909"]
    off = PhraseLinker(encoder=None, aliases=False, random_state=0)
    off.fit(lungs, ["wheezy chest thing"], ["J45.909"])
    assert off.candidates(["wheezy chest thing"], 1).scores[0] < 0.9


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_fit_when_seeded_then_the_same_on_any_number_of_threads(lungs, taught, n_jobs):
    texts, ids = _labels(lungs)
    again = PhraseLinker(random_state=0, n_jobs=n_jobs).fit(lungs, texts, ids)
    _same(again.candidates(PHRASES, 20), taught.candidates(PHRASES, 20))


@pytest.mark.parametrize("ending", ["", ".zip"])
def test_load_when_saved_then_answers_alike(linker, taught, tmp_path, ending):
    for i, model in enumerate((linker, taught)):
        model.save(tmp_path / f"linker{i}{ending}")
        again = graphrep.load(tmp_path / f"linker{i}{ending}")
        assert isinstance(again, PhraseLinker)
        asked = [*PHRASES, "J30.0", ""]
        _same(again.candidates(asked, 9), model.candidates(asked, 9))
        assert again.predict(PHRASES).tolist() == model.predict(PHRASES).tolist()


def test_load_when_encoder_is_a_parameter_then_it_comes_back(lungs, tmp_path):
    encoder = NameEncoder(16, n_buckets=1024, n_epochs=1, random_state=0)
    linker = PhraseLinker(encoder=encoder, random_state=0, storage="float16").fit(lungs)
    linker.save(tmp_path / "linker")
    again = graphrep.load(tmp_path / "linker")
    assert again.encoder.get_params() == encoder.get_params()
    assert not hasattr(encoder, "vectors_")
    _same(again.candidates(PHRASES, 5), linker.candidates(PHRASES, 5))


class Letters:
    """An encoder that is not ours: counts of letters."""

    def encode(self, texts):
        rows = [[text.lower().count(c) + 0.1 for c in "abcdefghi"] for text in texts]
        return np.asarray(rows)


def test_encoder_when_foreign_then_taken_and_asked_for_after_loading(lungs, tmp_path):
    linker = PhraseLinker(encoder=Letters(), random_state=0).fit(lungs)
    found = linker.candidates(PHRASES, 5)
    assert (found.sources & (1 << found.source_names.index("dense"))).any()
    _same(
        PhraseLinker(encoder=Letters().encode, random_state=0)
        .fit(lungs)
        .candidates(PHRASES, 5),
        found,
    )
    linker.save(tmp_path / "linker")
    again = graphrep.load(tmp_path / "linker")
    with pytest.raises(GraphTypeError, match=r"set linker\.encoder_"):
        again.candidates(PHRASES)
    again.encoder_ = Letters()
    _same(again.candidates(PHRASES, 5), found)


def test_hubness_when_given_then_its_bias_is_taken_off_and_kept(
    lungs, linker, tmp_path
):
    hubs = HubnessCorrector("csls", k=5)
    corrected = PhraseLinker(hubness=hubs, random_state=0, n_jobs=1).fit(lungs)
    assert not hasattr(hubs, "bias_")
    vectors = np.asarray(linker._views.vectors)
    np.testing.assert_array_equal(corrected._views.vectors, vectors)
    bias = corrected._views.bias
    assert bias.std() > 0.01
    query = corrected.encoder_.transform(["wheezing at night"])
    scores = (query @ vectors.T)[0] - bias
    owners = corrected._views.owners
    best = max(range(lungs.n_concepts), key=lambda c: scores[owners == c].max())
    nothing = np.zeros(len(vectors), bool)
    assert nearest(corrected._views, query, 1, nothing)[0][0, 0] == best
    corrected.save(tmp_path / "linker")
    again = graphrep.load(tmp_path / "linker")
    _same(again.candidates(PHRASES, 9), corrected.candidates(PHRASES, 9))
    with pytest.raises(GraphValueError, match="got 'mp'"):
        PhraseLinker(hubness=HubnessCorrector("mp")).fit(lungs)


@pytest.mark.parametrize("storage", ["float32", "float16"])
def test_index_when_of_clusters_then_nearly_as_exact_and_kept(
    lungs, linker, tmp_path, storage
):
    model = PhraseLinker(index="clusters", storage=storage, random_state=0)
    found = model.fit(lungs).candidates(PHRASES, 3)
    assert [ids[0] for ids in found.ids()] == CODES
    model.save(tmp_path / "linker")
    _same(graphrep.load(tmp_path / "linker").candidates(PHRASES, 3), found)
    queries = model.encoder_.transform(list(lungs.name_texts)[:200])
    nothing = np.zeros(len(model._views), bool)
    exact = nearest(model._views, queries, 5, nothing)[0]
    ours = nearest_in_clusters(model._views, queries, 5, nothing)[0]
    assert (ours == exact).mean() > 0.9


def test_linker_when_cloned_or_pickled_then_the_same(linker):
    assert clone(linker).get_params() == linker.get_params()
    again = pickle.loads(pickle.dumps(linker))
    _same(again.candidates(PHRASES, 5), linker.candidates(PHRASES, 5))


def test_candidates_when_types_are_asked_then_only_these(lungs):
    types = [("odd",) if c % 2 else ("even", "all") for c in range(lungs.n_concepts)]
    typed = Terminology(
        lungs.ids, lungs.name_texts, lungs.name_concepts, parents=lungs.parents,
        types=types,
    )  # fmt: skip
    linker = PhraseLinker(encoder=None, random_state=0).fit(typed)
    found = linker.candidates(PHRASES, 8, types=["odd", "even", None, {"all"}, "odd"])
    for query, wanted in enumerate([1, 0, None, 0, 1]):
        own = found.concepts[found.offsets[query] : found.offsets[query + 1]]
        assert len(own)
        assert wanted is None or (own % 2 == wanted).all()
    with pytest.raises(GraphValueError, match="No concept has the type 'none'"):
        linker.candidates(PHRASES, types="none")


def test_candidates_when_context_defines_a_short_form_then_written_out(linker):
    text = "Children with vasomotor rhinitis (VMR) were asked. VMR was common."
    found = linker.candidates(["VMR", "VMR"], 1, contexts=[text, None])
    assert found.ids()[0] == ["J30.0"]
    assert found.ids()[1] != ["J30.0"]
    assert found.mentions == ("VMR", "VMR")
    by_table = linker.predict(["VMR"], contexts={"VMR": "vasomotor rhinitis"})
    assert by_table.tolist() == ["J30.0"]


def test_predict_when_chance_is_below_threshold_then_none_or_an_ancestor(lungs, linker):
    phrases = ["vasomotor rhinitis", "broken window of the car", "asthma"]
    sure = pickle.loads(pickle.dumps(linker)).set_params(threshold=0.8)
    chances = linker.candidates(phrases, 1).scores
    assert chances[0] > 0.8 > chances[1]
    assert sure.predict(phrases).tolist()[:2] == ["J30.0", None]
    asthma = pickle.loads(pickle.dumps(linker)).set_params(threshold=0.5)
    found = asthma.predict(["persistent asthma with exacerbation"], backoff=True)
    assert found[0] in {"J45", *lungs.descendants("J45")}
    with pytest.raises(ValueError, match=r"'threshold' parameter .* in the range"):
        asthma.set_params(threshold=2).predict(phrases)


def test_fit_when_somebody_looks_then_stages_are_told_in_order():
    organs = ["heart", "kidney", "liver", "lung", "skin", "spleen", "stomach"]
    known = {f"D{i}": [f"{o} pain", f"ache of {o}"] for i, o in enumerate(organs)}
    told = []
    linker = PhraseLinker(random_state=0)
    linker._progress = lambda *one: told.append(one)
    linker.fit(known)
    labels = list(dict.fromkeys(label for label, _, _ in told))
    assert labels == [
        "PhraseLinker: indexes of names", "PhraseLinker: encoder",
        "PhraseLinker: phrases to learn from", "PhraseLinker: ranker",
        "PhraseLinker: encoder, all names", "PhraseLinker",
    ]  # fmt: skip
    done = [one for _, one, _ in told]
    assert done == sorted(done)
    assert told[-1][1:] == (100, 100)
    assert len([one for one in told if one[0] == labels[1]]) >= 4  # of the epochs
    assert linker.encoder_._progress is None
    assert pickle.loads(pickle.dumps(linker))._progress is None  # a function of here


def test_chances_when_concepts_are_missing_then_lower(lungs, linker):
    part = lungs.subset(ids=[one for one in lungs.ids if not one.startswith("J45")])
    without = PhraseLinker(random_state=0).fit(part)
    asthma = [t for t in lungs.name_texts if t.lower().startswith("asthma")][:10]
    asthma += ["severe persistent asthma", "mild intermittent asthma"]
    there = linker.candidates(asthma, 1).scores.mean()
    assert without.candidates(asthma, 1).scores.mean() < there - 0.2


def test_score_when_asked_then_share_of_right_ones(linker):
    assert linker.score(PHRASES, CODES) == 1.0
    wrong = ["J20.1", ["J45.51", "J45.52"], {"J15.0"}, "J00", "J30.0"]
    assert linker.score(PHRASES, wrong) == 0.6
    assert linker.score(PHRASES, wrong, k=60) > 0.6
    with pytest.raises(NodeNotFoundError):
        linker.score(PHRASES[:1], ["X9"])


def test_candidates_when_phrase_is_empty_then_none(linker):
    found = linker.candidates(["", "  ", "?!"], 3)
    assert found.counts.tolist()[:2] == [0, 0]
    assert linker.predict([""]).tolist() == [None]
    assert len(linker.candidates([], 3)) == 0


def test_fit_when_terminology_is_tiny_then_works():
    one = PhraseLinker(random_state=0).fit({"A": ["only name"]})
    assert one.predict(["only name", "names only"]).tolist()[0] == "A"
    bare = Terminology(["A", "B"], ["first"], [0])  # B has no name
    found = PhraseLinker(random_state=0).fit(bare).candidates(["first"], 5)
    assert found.ids()[0][0] == "A"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((["a"], None), GraphValueError, "nodes is None"),
        ((["a"], ["J30.0", "J30.0"]), GraphValueError, "1 phrases but 2 concepts"),
        ((["a"], ["X9"]), NodeNotFoundError, "'X9' of phrase 0, 'a', is not in"),
        ((["a", 5], ["J30.0"] * 2), GraphTypeError, "Phrase 1 is 5"),
    ],
)
def test_fit_when_labels_are_bad_then_one_sentence(lungs, arguments, error, message):
    with pytest.raises(error, match=message):
        PhraseLinker(encoder=None).fit(lungs, *arguments)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"encoder": "bert"}, GraphValueError, "encoder must be 'names'"),
        ({"encoder": 3}, GraphTypeError, "must have transform or encode"),
        ({"ranker": "trees"}, GraphValueError, "Trees are learnt from labelled"),
        ({"ranker": "best"}, ValueError, "ranker"),
        ({"threshold": 2}, ValueError, "threshold"),
        ({"encoder": lambda texts: np.zeros(3)}, GraphValueError, "got shape"),
    ],
)
def test_fit_when_parameters_are_bad_then_one_sentence(
    lungs, parameters, error, message
):
    with pytest.raises(error, match=message):
        PhraseLinker(**parameters).fit(lungs)


@pytest.mark.parametrize(
    ("contexts", "error", "message"),
    [
        ("a text", GraphTypeError, "got one text"),
        (["a", "b"], GraphValueError, "2 contexts for 1 phrases"),
        ([4], GraphTypeError, "Context 0 is 4"),
    ],
)
def test_candidates_when_contexts_are_bad_then_one_sentence(
    linker, contexts, error, message
):
    with pytest.raises(error, match=message):
        linker.candidates(["VMR"], contexts=contexts)
