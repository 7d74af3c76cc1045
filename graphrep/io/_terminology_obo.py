"""OBO files as terminologies."""

from __future__ import annotations

from graphrep.graph import Terminology
from graphrep.io._obo import read_obo
from graphrep.io._obo_document import OboDocument
from graphrep.io._terminology_builder import TerminologyBuilder
from graphrep.typing import PathType


def read_terminology_obo(
    path: PathType,
    *,
    retired: bool = False,
    relations: bool = True,
    strict: bool = False,
    encoding: str = "utf-8",
) -> Terminology:
    """Read an OBO file: names, synonyms by scope, ``is_a`` and other relations.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed.
    retired : bool, default=False
        Whether obsolete terms are concepts, too.
    relations : bool, default=True
        Whether ``relationship`` lines are kept.
    strict, encoding
        See `read_obo`.

    Returns
    -------
    Terminology
        Types are namespaces. A synonym's type decides its kind if it speaks of
        abbreviations, or of lay words under the scope EXACT; its scope else.
        ``alt_id`` and ``replaced_by`` make ``replaced_by``.
    """
    document = read_obo(path, strict=strict, encoding=encoding)
    builder = TerminologyBuilder(path, retired=retired)
    header = document.header
    builder.title = next(iter(header.get("ontology", ())), None)
    builder.version = next(iter(header.get("data-version", ())), None)
    default = next(iter(header.get("default-namespace", ())), "")
    for row, concept in enumerate(document.ids):
        _take_term(builder, document, row, concept, default)
    for child, relation, parent in document.edges:
        if relation == "is_a":
            builder.parent(child, parent)
        elif relations:
            builder.relate(child, relation, parent)
    return builder.build()


def synonym_kind(scope: str, kind: str) -> str:
    """Kind of a synonym with a scope (``EXACT`` …) and the name of a type.

    A lay word that is wider or narrower than its concept is named by that.
    """
    words = kind.lower()
    if "abbrev" in words or "acronym" in words:
        return "abbreviation"
    is_lay = "layperson" in words or "lay_" in words or "consumer" in words
    if is_lay and scope == "EXACT":
        return "layperson"
    return scope.lower()


def _take_term(
    builder: TerminologyBuilder,
    document: OboDocument,
    row: int,
    concept: str,
    default: str,
) -> None:
    slot = builder.add(concept, retired=document.obsolete[row])
    builder.name(slot, document.names[row], "preferred")
    for text, scope, kind in document.synonyms[row]:
        builder.name(slot, text, synonym_kind(scope, kind))
    builder.define(slot, document.definitions[row])
    if space := document.namespaces[row] or default:
        builder.types(slot, [space])
    for reference in document.xrefs[row]:
        builder.xref(slot, reference)
    for old in document.alt_ids[row]:
        builder.replace(old, concept)
    for new in document.replaced_by[row]:
        builder.replace(concept, new)
