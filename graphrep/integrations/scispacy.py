"""scispaCy: a candidate generator and a knowledge base for its entity linker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from graphrep.graph import Terminology
from graphrep.integrations._asking import ask, read_linker, terminology_of


class Entity(NamedTuple):
    """One concept, with the fields of scispaCy's ``Entity`` in its order."""

    concept_id: str
    canonical_name: str
    aliases: list[str]
    types: list[str]
    definition: str | None


class _Entities(Mapping[str, Entity]):
    """Entities by id, made when they are asked for."""

    def __init__(self, terminology: Terminology) -> None:
        self._terminology = terminology
        self._places: dict[str, int] | None = None

    def __getitem__(self, concept: str) -> Entity:
        known = self._terminology
        if self._places is None:
            self._places = {str(c): at for at, c in enumerate(known.ids.tolist())}
        at = self._places[concept]
        first, end = known.name_offsets[at : at + 2].tolist()
        names = [n for n in dict.fromkeys(known.name_texts[first:end]) if n]
        return Entity(
            concept,
            names[0] if names else concept,
            names[1:],
            list(known.types[at]) if known.types else [],
            known.definitions[at] if known.definitions is not None else None,
        )

    def __iter__(self) -> Iterator[str]:
        return (str(concept) for concept in self._terminology.ids.tolist())

    def __len__(self) -> int:
        return self._terminology.n_concepts


class KnowledgeBase:
    """A terminology in the shape of scispaCy's ``KnowledgeBase``.

    Parameters
    ----------
    terminology : Terminology
        Concepts.

    Attributes
    ----------
    cui_to_entity : mapping of str to Entity
        Made on look-up, so a large terminology costs nothing.
    alias_to_cuis : dict of str to set of str
        Made on first use.
    """

    def __init__(self, terminology: Terminology) -> None:
        self.terminology = terminology
        self.cui_to_entity: Mapping[str, Entity] = _Entities(terminology)
        self._aliases: dict[str, set[str]] | None = None

    @property
    def alias_to_cuis(self) -> dict[str, set[str]]:
        """Ids of the concepts that have each name."""
        if self._aliases is None:
            self._aliases = {}
            owners = self.terminology.ids[self.terminology.name_concepts].tolist()
            texts = self.terminology.name_texts
            for name, concept in zip(texts, owners, strict=True):
                self._aliases.setdefault(name, set()).add(str(concept))
        return self._aliases


class CandidateGenerator:
    """What scispaCy's ``EntityLinker`` takes as ``candidate_generator``.

    Parameters
    ----------
    linker : linker
        With ``candidates(phrases, k)`` and ``terminology_``.

    Attributes
    ----------
    kb : KnowledgeBase
        The terminology of the linker.

    Notes
    -----
    ``k`` counts concepts, not names. Pass ``filter_for_definitions=False`` to the
    entity linker where the terminology has no definitions: by default it drops
    concepts without one that score below 0.95, that is nearly everything.

    Examples
    --------
    >>> from graphrep.linking import NGramIndex
    >>> generator = CandidateGenerator(NGramIndex().fit({"C1": ["influenza", "flu"]}))
    >>> generator(["flu"], k=1)
    [[MentionCandidate(concept_id='C1', aliases=['flu'], similarities=[1.0])]]
    >>> generator.kb.cui_to_entity["C1"].canonical_name
    'influenza'
    """

    def __init__(self, linker: Any) -> None:
        self.linker = read_linker(linker)
        self.kb = KnowledgeBase(terminology_of(linker))

    def __call__(self, mention_texts: Sequence[str], k: int) -> list[list[Any]]:
        """Candidates of texts: named tuples (concept_id, aliases, similarities)."""
        return ask(self.linker, mention_texts, k).to_scispacy()
