"""OWL in RDF/XML as terminologies: classes, labels, synonyms; one class at a time."""

from __future__ import annotations

from typing import Any

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Terminology
from graphrep.io._terminology_builder import TerminologyBuilder
from graphrep.io._terminology_obo import synonym_kind
from graphrep.io._terminology_obographs import curie, local_name
from graphrep.io._terminology_xml import XML_LANGUAGE, records, tag_of
from graphrep.typing import PathType

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_RDFS = "{http://www.w3.org/2000/01/rdf-schema#}"
_OWL = "{http://www.w3.org/2002/07/owl#}"
_OIO = "{http://www.geneontology.org/formats/oboInOwl#}"
_IAO = "{http://purl.obolibrary.org/obo/}IAO_"
_SKOS = "{http://www.w3.org/2004/02/skos/core#}"
_SCOPES = {
    f"{_OIO}hasExactSynonym": "EXACT",
    f"{_OIO}hasNarrowSynonym": "NARROW",
    f"{_OIO}hasBroadSynonym": "BROAD",
    f"{_OIO}hasRelatedSynonym": "RELATED",
    f"{_SKOS}altLabel": "EXACT",
}
_LABELS = {f"{_RDFS}label", f"{_SKOS}prefLabel"}
_DEFINITIONS = {f"{_IAO}0000115", f"{_SKOS}definition"}
_ALTERNATIVE, _REPLACED = f"{_OIO}hasAlternativeId", f"{_IAO}0100001"


def read_terminology_owl(
    path: PathType,
    *,
    retired: bool = False,
    relations: bool = True,
    contract: bool = True,
) -> Terminology:
    """Read the classes of an OWL ontology in RDF/XML.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed.
    retired : bool, default=False
        Whether deprecated classes are concepts, too.
    relations : bool, default=True
        Whether ``subClassOf`` restrictions ("part of some X") become relations.
    contract : bool, default=True
        Whether OBO PURLs become short ids (``HP:0000001``).

    Returns
    -------
    Terminology
        Named superclasses are parents; blank nodes are never concepts.

    Raises
    ------
    GraphFormatError
        For XML that is not well-formed, with its line, and another root than
        ``rdf:RDF``.

    Notes
    -----
    One class is in memory at a time. The types of synonyms, which stand in axioms
    behind their class, are used; other axioms and class expressions are not.
    """
    builder = TerminologyBuilder(path, retired=retired)
    reader = _Reader(builder, curie if contract else str, relations)
    elements = records(path)
    root = next(elements)
    if root.tag != f"{_RDF}RDF":
        raise GraphFormatError(
            f"The root is {tag_of(root)!r}, not rdf:RDF; save the ontology as RDF/XML.",
            path=path,
        )
    for element in elements:
        reader.take(element)
    reader.flush()
    return builder.build()


class _Reader:
    """Holds the synonyms of the last class until its axioms have been seen."""

    def __init__(self, builder: TerminologyBuilder, short: Any, relations: bool):
        self._builder, self._short, self._relations = builder, short, relations
        self._iri, self._slot = "", -1
        self._synonyms: list[tuple[str, str, str, str]] = []
        self._kinds: dict[tuple[str, str], str] = {}

    def take(self, element: Any) -> None:
        """Take in one element below the root."""
        tag = element.tag
        if tag == f"{_OWL}Axiom":
            self._take_axiom(element)
        elif tag == f"{_OWL}Ontology":
            self._take_ontology(element)
        elif tag == f"{_OWL}Class" or _is_class(element):
            iri = element.get(f"{_RDF}about")
            if iri:
                self.flush()
                self._take_class(element, iri)

    def flush(self) -> None:
        """Hand over the synonyms of the last class."""
        for scope, text, language, tag in self._synonyms:
            kind = synonym_kind(scope, self._kinds.get((tag, text), ""))
            self._builder.name(self._slot, text, kind, language)
        self._synonyms, self._kinds = [], {}

    def _take_ontology(self, element: Any) -> None:
        self._builder.title = element.get(f"{_RDF}about")
        version = element.find(f"{_OWL}versionInfo")
        if version is not None:
            self._builder.version = version.text

    def _take_class(self, element: Any, iri: str) -> None:
        builder, concept = self._builder, self._short(iri)
        flag = element.findtext(f"{_OWL}deprecated") or ""
        retired = flag.strip().lower() in {"true", "1"}
        self._iri, self._slot = iri, builder.add(concept, retired=retired)
        for part in element:
            tag, text = part.tag, " ".join((part.text or "").split())
            target = part.get(f"{_RDF}resource")
            if tag in _LABELS:
                builder.name(self._slot, text, "preferred", part.get(XML_LANGUAGE, ""))
            elif tag in _SCOPES:
                language = part.get(XML_LANGUAGE, "")
                self._synonyms.append((_SCOPES[tag], text, language, tag_of(part)))
            elif tag in _DEFINITIONS:
                builder.define(self._slot, text)
            elif tag == f"{_RDFS}subClassOf":
                self._take_superclass(concept, part, target)
            elif tag == f"{_OIO}hasDbXref":
                builder.xref(self._slot, text)
            elif tag == f"{_OIO}hasOBONamespace":
                builder.types(self._slot, [text])
            elif tag == _ALTERNATIVE and text:
                builder.replace(self._short(text), concept)
            elif tag == _REPLACED and (target or text):
                builder.replace(concept, self._short(target or text))

    def _take_superclass(self, concept: str, part: Any, target: str | None) -> None:
        if target:
            self._builder.parent(concept, self._short(target))
            return
        for inner in part:
            if inner.tag == f"{_OWL}Class" and inner.get(f"{_RDF}about"):
                self._builder.parent(concept, self._short(inner.get(f"{_RDF}about")))
            elif inner.tag == f"{_OWL}Restriction" and self._relations:
                on = _resource(inner, f"{_OWL}onProperty")
                some = _resource(inner, f"{_OWL}someValuesFrom")
                if on and some:
                    self._builder.relate(concept, self._short(on), self._short(some))

    def _take_axiom(self, element: Any) -> None:
        """Keep the type of a synonym of the last class."""
        if _resource(element, f"{_OWL}annotatedSource") != self._iri:
            return
        prop = _resource(element, f"{_OWL}annotatedProperty") or ""
        text = element.findtext(f"{_OWL}annotatedTarget") or ""
        kind = element.find(f"{_OIO}hasSynonymType")
        if kind is not None:
            name = kind.get(f"{_RDF}resource") or kind.text or ""
            self._kinds[local_name(prop), " ".join(text.split())] = local_name(name)


def _resource(element: Any, tag: str) -> str | None:
    found = element.find(tag)
    if found is None:
        return None
    value = found.get(f"{_RDF}resource")
    return None if value is None else str(value)


def _is_class(element: Any) -> bool:
    return element.tag == f"{_RDF}Description" and any(
        kind.get(f"{_RDF}resource") == f"{_OWL[1:-1]}Class"
        for kind in element.findall(f"{_RDF}type")
    )
