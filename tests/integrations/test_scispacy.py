"""scispaCy's interface: candidates, knowledge base, and its own linker over them."""

from __future__ import annotations

import pytest

from graphrep.graph import Terminology
from graphrep.integrations.scispacy import CandidateGenerator, Entity, KnowledgeBase


def test_generator_when_called_then_named_tuples_of_concepts(linker):
    found = CandidateGenerator(linker)(["cold", "", "influenzae"], 2)
    assert [[c.concept_id for c in row] for row in found][:2] == [["D3", "S1"], []]
    assert found[2][0].aliases == ["influenza"]
    assert max(found[0][0].similarities) == 1.0
    assert CandidateGenerator(linker)([], 2) == []


def test_knowledge_base_when_looked_up_then_entities(known):
    kb = KnowledgeBase(known)
    assert kb.cui_to_entity["D1"] == Entity(
        "D1", "influenza", ["flu", "grippe"], ["disease"], "A viral infection."
    )
    assert kb.cui_to_entity["S1"].definition is None
    assert len(kb.cui_to_entity) == 4
    assert [*kb.cui_to_entity] == ["D1", "D2", "D3", "S1"]
    assert "X" not in kb.cui_to_entity
    assert kb.alias_to_cuis["cold"] == {"D3", "S1"}
    numbers = KnowledgeBase(Terminology([7, 9], ["a"], [0]))
    assert numbers.cui_to_entity["9"] == Entity("9", "9", [], [], None)
    assert numbers.alias_to_cuis == {"a": {"7"}}


def test_generator_when_given_to_scispacy_then_entities_are_linked(linker):
    spacy = pytest.importorskip("spacy")
    linking = pytest.importorskip("scispacy.linking")
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "DISO", "pattern": "influenzae"}])
    component = linking.EntityLinker(
        candidate_generator=CandidateGenerator(linker), threshold=0.5,
        filter_for_definitions=False,
    )  # fmt: skip
    doc = component(nlp("She had influenzae again."))
    assert doc.ents[0]._.kb_ents[0][0] == "D1"


def test_entity_when_compared_with_scispacy_then_fields_agree():
    utils = pytest.importorskip("scispacy.linking_utils")
    assert Entity._fields == utils.Entity._fields
