"""FHIR ConceptMap of R4 and R5, in and out."""

from __future__ import annotations

import json
from typing import Any

from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph._concept_map import ConceptMap
from graphrep.io._compression import open_output
from graphrep.io._terminology_obographs import read_json
from graphrep.typing import PathType

# The words of R4 (equivalence) and R5 (relationship) say how the target stands to the
# source in R4, and the source to the target in R5.
_R4 = {
    "equivalent": "skos:exactMatch",
    "equal": "skos:exactMatch",
    "wider": "skos:broadMatch",
    "subsumes": "skos:broadMatch",
    "narrower": "skos:narrowMatch",
    "specializes": "skos:narrowMatch",
    "inexact": "skos:closeMatch",
    "relatedto": "skos:relatedMatch",
    "unmatched": "",
    "disjoint": "",
}
_R5 = {
    "equivalent": "skos:exactMatch",
    "source-is-narrower-than-target": "skos:broadMatch",
    "source-is-broader-than-target": "skos:narrowMatch",
    "related-to": "skos:relatedMatch",
    "not-related-to": "",
}
_TO_R4 = {
    "skos:exactMatch": "equivalent",
    "skos:broadMatch": "wider",
    "skos:narrowMatch": "narrower",
    "skos:closeMatch": "inexact",
}
_TO_R5 = {
    "skos:exactMatch": "equivalent",
    "skos:broadMatch": "source-is-narrower-than-target",
    "skos:narrowMatch": "source-is-broader-than-target",
}
_FHIR_VERSIONS = ("R4", "R5")


def read_mapping_fhir(path: PathType) -> ConceptMap:
    """Read a ConceptMap of R4 or R5; pairs said to be unrelated have no target.

    Raises
    ------
    GraphFormatError
        For text that is no JSON, another resource, and an unknown equivalence.
    """
    content = read_json(path)
    kind = content.get("resourceType") if isinstance(content, dict) else None
    if kind != "ConceptMap":
        raise GraphFormatError(
            f"The resource is {kind!r}; maps are read from ConceptMap.", path=path
        )
    sources: list[str] = []
    targets: list[str] = []
    predicates: list[str] = []
    systems: dict[str, list[str]] = {"source_system": [], "target_system": []}
    groups = content.get("group", ())
    for group in groups:
        for element in group.get("element", ()):
            for target in element.get("target") or ({"equivalence": "unmatched"},):
                predicate = _predicate(path, target)
                sources.append(element["code"])
                targets.append((target.get("code") or "") if predicate else "")
                predicates.append(predicate or "skos:relatedMatch")
                systems["source_system"].append(group.get("source") or "")
                systems["target_system"].append(group.get("target") or "")
    several = len({(g.get("source"), g.get("target")) for g in groups}) > 1
    first = groups[0] if groups else {}
    return ConceptMap(
        sources,
        targets,
        predicates=predicates,
        flags=systems if several else None,
        source_title=first.get("source"),
        target_title=first.get("target"),
    )


def write_mapping_fhir(
    mapping: ConceptMap, path: PathType, *, version: str = "R4", url: str | None = None
) -> None:
    """Write a ConceptMap resource of R4 or R5, one group, sources in order."""
    if version not in _FHIR_VERSIONS:
        raise GraphValueError(f"version must be 'R4' or 'R5'; got {version!r}.")
    elements: dict[str, list[dict[str, Any]]] = {}
    for source, predicate, target in mapping:
        targets = elements.setdefault(str(source), [])
        if target != "":
            targets.append(_target(str(target), predicate, version))
    group: dict[str, Any] = {}
    if mapping.source_title:
        group["source"] = mapping.source_title
    if mapping.target_title:
        group["target"] = mapping.target_title
    group["element"] = [
        _element(code, targets, version) for code, targets in elements.items()
    ]
    resource: dict[str, Any] = {"resourceType": "ConceptMap", "status": "draft"}
    if url:
        resource["url"] = url
    resource["group"] = [group]
    with open_output(path) as file:
        text = json.dumps(resource, ensure_ascii=False, indent=1)
        file.write((text + "\n").encode("utf-8"))


def _element(code: str, targets: list[Any], version: str) -> dict[str, Any]:
    if targets:
        return {"code": code, "target": targets}
    if version == "R5":
        return {"code": code, "noMap": True}
    return {"code": code, "target": [{"equivalence": "unmatched"}]}


def _target(code: str, predicate: str, version: str) -> dict[str, Any]:
    if version == "R4":
        return {"code": code, "equivalence": _TO_R4.get(predicate, "relatedto")}
    return {"code": code, "relationship": _TO_R5.get(predicate, "related-to")}


def _predicate(path: PathType, target: dict[str, Any]) -> str:
    for key, known in (("equivalence", _R4), ("relationship", _R5)):
        if key in target:
            if target[key] in known:
                return known[target[key]]
            raise GraphFormatError(
                f"The {key} {target[key]!r} is not one of {', '.join(known)}.",
                path=path,
            )
    raise GraphFormatError(
        f"A target has neither equivalence (R4) nor relationship (R5): {target!r}.",
        path=path,
    )
