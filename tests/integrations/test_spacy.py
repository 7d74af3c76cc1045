"""spaCy: the component in blank pipelines, saved and loaded, and knowledge bases."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Vectors

spacy = pytest.importorskip("spacy")

from graphrep.integrations import spacy as ours  # noqa: E402

TEXTS = ["She had influenzae and a cold.", "No mention.", "Diabetes mellitus, DM."]


def _pipeline(linker=None, **config):
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns(
        [{"label": "DISO", "pattern": text}
         for text in ("influenzae", "cold", "Diabetes mellitus", "DM")]
    )  # fmt: skip
    component = nlp.add_pipe("graphrep_linker", config=config)
    if linker is not None:
        component.set_linker(linker)
    return nlp


def test_component_when_run_then_ids_and_candidates_are_set(linker):
    doc = _pipeline(linker, k=4, top=2, threshold=0.3)(TEXTS[0])
    assert [(e.text, e.kb_id_, e.label_) for e in doc.ents] == [
        ("influenzae", "D1", "DISO"), ("cold", "D3", "DISO")
    ]  # fmt: skip
    assert doc.ents[1]._.kb_ents == [("D3", 1.0), ("S1", 1.0)]
    assert doc[2].ent_kb_id_ == "D1"
    assert _pipeline(linker)("cold")[0].ent_kb_id_ == "D3"


def test_component_when_score_is_low_then_no_id(linker):
    doc = _pipeline(linker, threshold=0.95)(TEXTS[0])
    assert [e.kb_id_ for e in doc.ents] == ["", "D3"]
    assert doc.ents[0]._.kb_ents == []


def test_pipe_when_batched_then_as_one_by_one(linker):
    nlp = _pipeline(linker)
    batched = [*nlp.pipe(TEXTS * 3, batch_size=4)]
    for doc, text in zip(batched, TEXTS * 3, strict=True):
        single = nlp(text)
        assert [e.kb_id_ for e in doc.ents] == [e.kb_id_ for e in single.ents]
        assert [e._.kb_ents for e in doc.ents] == [e._.kb_ents for e in single.ents]


class InContext:
    """A linker that keeps the contexts it is asked with."""

    def __init__(self, linker):
        self.linker, self.terminology_, self.contexts = linker, linker.terminology_, []

    def candidates(self, phrases, k, types=None, contexts=None):
        self.contexts.append(contexts)
        return self.linker.candidates(phrases, k)


def test_component_when_linker_takes_contexts_then_it_gets_the_documents(linker):
    asked = InContext(linker)
    texts = [TEXTS[2], TEXTS[0]]
    list(_pipeline(asked).pipe(texts))
    assert asked.contexts == [[texts[0]] * 2 + [texts[1]] * 2]
    _pipeline(asked, abbreviations=False)(TEXTS[0])
    assert asked.contexts[1:] == [None]


def test_component_when_types_and_abbreviations_are_set_then_used(linker):
    doc = _pipeline(linker, types={"DISO": ["symptom"]})("cold")
    assert doc.ents[0].kb_id_ == "S1"
    spacy.tokens.Span.set_extension("long_form", default=None, force=True)
    try:
        nlp = _pipeline(linker, threshold=0.9)
        doc = nlp.make_doc("DM again")
        doc = nlp.get_pipe("entity_ruler")(doc)
        doc.ents[0]._.long_form = "diabetes mellitus"
        doc = nlp.get_pipe("graphrep_linker")(doc)
        assert doc.ents[0].kb_id_ == "D2"
    finally:
        spacy.tokens.Span.remove_extension("long_form")


def test_component_when_spans_key_is_set_then_groups_are_linked(linker):
    nlp = _pipeline(linker, spans_key="found")
    doc = nlp.make_doc("a cold or influenza")
    doc.spans["found"] = [doc[1:2], spacy.tokens.Span(doc, 3, 4, label="X")]
    doc = nlp.get_pipe("graphrep_linker")(doc)
    spans = doc.spans["found"]
    assert [(s.kb_id_, s.label_) for s in spans] == [("D3", ""), ("D1", "X")]
    assert spans[1]._.kb_ents[0] == ("D1", 1.0)
    assert nlp.get_pipe("graphrep_linker")(nlp.make_doc("none")).text == "none"


def test_pipeline_when_saved_then_linker_comes_with_it(linker, tmp_path):
    linker.save(tmp_path / "model")
    nlp = _pipeline(path=str(tmp_path / "model"))
    expected = [e._.kb_ents for e in nlp(TEXTS[0]).ents]
    nlp.to_disk(tmp_path / "pipeline")
    (tmp_path / "model").rename(tmp_path / "gone")
    loaded = spacy.load(tmp_path / "pipeline")
    assert [e._.kb_ents for e in loaded(TEXTS[0]).ents] == expected
    assert "graphrep_linker" in loaded.pipe_names


def test_component_when_config_is_bad_then_said(linker):
    with pytest.raises(GraphValueError, match="has no linker: pass path="):
        _pipeline()("cold")
    with pytest.raises(GraphValueError, match="k must be a positive"):
        _pipeline(k=0)
    with pytest.raises(GraphTypeError, match="method candidates"):
        _pipeline("text")


# -- knowledge bases -------------------------------------------------------------
def test_spacy_kb_when_filled_then_aliases_and_vectors(known):
    vocab = spacy.blank("en").vocab
    vectors = Vectors([[1.0, 2.0], [3.0, 4.0]], ["S1", "D1"])
    kb = ours.to_spacy_kb(vocab, known, vectors, frequencies=[1, 1, 3, 1])
    assert kb.get_size_entities() == 4
    assert list(kb.get_vector("D1")) == [3.0, 4.0]
    assert list(kb.get_vector("D2")) == [0.0, 0.0]
    doc = spacy.tokens.Doc(vocab, ["cold"])
    found = {c.entity_: c.prior_prob for c in kb.get_candidates(doc[:])}
    assert found == pytest.approx({"D3": 0.75, "S1": 0.25})
    none = ours.to_spacy_kb(vocab, known)
    assert none.entity_vector_length == 1
    with pytest.raises(GraphValueError, match="a row for each of 4"):
        ours.to_spacy_kb(vocab, known, np.ones((3, 2)))
    with pytest.raises(GraphValueError, match="frequencies must be 4"):
        ours.to_spacy_kb(vocab, known, frequencies=[1])


def test_spacy_kb_when_names_have_many_concepts_then_shares_stay_below_one():
    vocab = spacy.blank("en").vocab
    many = {f"C{i}": ["other"] for i in range(49)}
    kb = ours.to_spacy_kb(vocab, many, frequencies=np.arange(1, 50) / 7)
    doc = spacy.tokens.Doc(vocab, ["other"])
    assert len(list(kb.get_candidates(doc[:]))) == 49


def test_knowledge_base_when_asked_then_similar_names_are_candidates(linker, tmp_path):
    vocab = spacy.blank("en").vocab
    vectors = np.arange(8, dtype=np.float32).reshape(4, 2)
    kb = ours.knowledge_base(vocab, linker, vectors, k=3, threshold=0.2)
    doc = spacy.tokens.Doc(vocab, ["influenzae", "cold"])
    first, second = kb.get_candidates_batch([doc[:1], doc[1:]])
    assert (first[0].entity_, first[0].alias_) == ("D1", "influenza")
    assert list(first[0].entity_vector) == [0.0, 1.0]
    assert sum(c.prior_prob for c in second) == pytest.approx(1)
    assert [c.entity_ for c in kb.get_candidates(doc[1:])] == [
        c.entity_ for c in second
    ]
    assert list(kb.get_vector("nothing")) == [0.0, 0.0]
    kb.to_disk(tmp_path / "kb")
    other = ours.knowledge_base(vocab, linker, np.zeros((4, 2)))
    other.from_disk(tmp_path / "kb")
    assert list(other.get_vector("S1")) == [6.0, 7.0]
    again = ours.knowledge_base(vocab, linker, np.zeros((4, 2)))
    again.from_bytes(kb.to_bytes())
    assert again.get_candidates(doc[:1])[0].entity_ == "D1"
    with pytest.raises(GraphValueError, match="made for vectors of 1 components"):
        ours.knowledge_base(vocab, linker).from_disk(tmp_path / "kb")


def test_entity_linker_of_spacy_when_given_our_kb_then_trains(linker):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    ruler = nlp.add_pipe("entity_ruler")
    trained = nlp.add_pipe(
        "entity_linker", config={"entity_vector_length": 4, "use_gold_ents": False}
    )
    vectors = np.eye(4, dtype=np.float32)
    doc = nlp.make_doc("I have a cold today.")
    links = {(9, 13): {"D3": 1.0, "S1": 0.0}}
    example = spacy.training.Example.from_dict(
        doc, {"links": links, "entities": [(9, 13, "DISO")],
              "sent_starts": [1, 0, 0, 0, 0, 0]}
    )  # fmt: skip
    trained.set_kb(lambda vocab: ours.knowledge_base(vocab, linker, vectors, k=2))
    nlp.initialize(lambda: [example])
    ruler.add_patterns([{"label": "DISO", "pattern": "cold"}])  # cleared by initialize
    losses = {}
    nlp.update([example], losses=losses, annotates=["sentencizer", "entity_ruler"])
    assert np.isfinite(losses["entity_linker"])
    assert nlp("I have a cold today.").ents[0].kb_id_ in {"D3", "S1"}


def test_entry_point_when_read_then_spacy_finds_the_factory():
    project = Path(__file__).resolve().parents[2] / "pyproject.toml"
    points = tomllib.loads(project.read_text(encoding="utf-8"))["project"][
        "entry-points"
    ]
    module, name = points["spacy_factories"][ours.FACTORY].split(":")
    assert getattr(import_module(module), name) is not None
    assert ours.FACTORY in spacy.blank("en").factory_names
