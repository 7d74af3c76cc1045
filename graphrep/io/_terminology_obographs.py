"""OBO-Graphs: ontologies in JSON, as terminologies."""

from __future__ import annotations

import json
import re
from typing import Any

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Terminology
from graphrep.io._compression import open_input
from graphrep.io._terminology_builder import TerminologyBuilder
from graphrep.io._terminology_obo import synonym_kind
from graphrep.typing import PathType

_PURL = re.compile(r"https?://purl\.obolibrary\.org/obo/([A-Za-z]\w*?)_(\S+)$")
_SCOPES = {
    "hasExactSynonym": "EXACT",
    "hasNarrowSynonym": "NARROW",
    "hasBroadSynonym": "BROAD",
    "hasRelatedSynonym": "RELATED",
}
_IS_A = {"is_a", "http://www.w3.org/2000/01/rdf-schema#subClassOf"}


def curie(iri: str) -> str:
    """Contract an OBO PURL (``…/obo/HP_0000001``) to ``HP:0000001``; else keep it."""
    found = _PURL.match(iri)
    return f"{found.group(1)}:{found.group(2)}" if found else iri


def local_name(iri: str) -> str:
    """Last part of an IRI."""
    return re.split(r"[#/]", iri)[-1]


def read_json(path: PathType) -> Any:
    """Parse a JSON file, perhaps compressed."""
    with open_input(path) as file:
        try:
            return json.loads(file.read())
        except (ValueError, RecursionError) as error:
            line = getattr(error, "lineno", None)
            raise GraphFormatError(
                f"This is no JSON: {error}.", path=path, line=line
            ) from None


def read_terminology_obographs(
    path: PathType,
    *,
    retired: bool = False,
    relations: bool = True,
    contract: bool = True,
) -> Terminology:
    """Read OBO-Graphs JSON; all graphs of the document are joined.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed.
    retired : bool, default=False
        Whether deprecated classes are concepts, too.
    relations : bool, default=True
        Whether edges other than ``is_a`` are kept.
    contract : bool, default=True
        Whether OBO PURLs become short ids (``HP:0000001``).

    Returns
    -------
    Terminology
        Of the nodes of type CLASS, and of those without a type that have a label.
    """
    content = read_json(path)
    graphs = content.get("graphs") if isinstance(content, dict) else None
    if not isinstance(graphs, list):
        raise GraphFormatError(
            'The document has no list "graphs"; is this OBO-Graphs?', path=path
        )
    short = curie if contract else str
    builder = TerminologyBuilder(path, retired=retired)
    for graph in graphs:
        builder.title = builder.title or graph.get("id")
        meta = graph.get("meta") or {}
        builder.version = builder.version or meta.get("version")
        for node in graph.get("nodes", ()):
            kind = node.get("type")
            if kind == "CLASS" or (kind is None and node.get("lbl")):
                _take_node(builder, node, short)
    for graph in graphs:
        for edge in graph.get("edges", ()):
            child, parent = short(edge["sub"]), short(edge["obj"])
            if edge["pred"] in _IS_A:
                builder.parent(child, parent)
            elif relations:
                builder.relate(child, short(edge["pred"]), parent)
    return builder.build()


def _take_node(builder: TerminologyBuilder, node: dict[str, Any], short: Any) -> None:
    concept = short(node["id"])
    meta = node.get("meta") or {}
    slot = builder.add(concept, retired=bool(meta.get("deprecated")))
    builder.name(slot, node.get("lbl") or "", "preferred")
    for synonym in meta.get("synonyms", ()):
        scope = _SCOPES.get(local_name(synonym["pred"]), "RELATED")
        kind = local_name(synonym.get("synonymType") or "")
        builder.name(slot, synonym["val"], synonym_kind(scope, kind))
    builder.define(slot, (meta.get("definition") or {}).get("val") or "")
    for reference in meta.get("xrefs", ()):
        builder.xref(slot, reference["val"])
    for entry in meta.get("basicPropertyValues", ()):
        tag, value = local_name(entry["pred"]), str(entry.get("val", ""))
        if tag == "hasOBONamespace":
            builder.types(slot, [value])
        elif tag == "hasAlternativeId":
            builder.replace(short(value), concept)
        elif tag == "IAO_0100001":
            builder.replace(concept, short(value))
