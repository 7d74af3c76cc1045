"""FHIR R4 and R5: CodeSystem resources, and expansions of a ValueSet."""

from __future__ import annotations

from typing import Any

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Terminology
from graphrep.io._terminology_builder import TerminologyBuilder
from graphrep.io._terminology_obographs import read_json
from graphrep.typing import PathType

_VALUES = ("valueCode", "valueString", "valueBoolean", "valueCoding")
_RETIRED = {"retired", "deprecated", "inactive"}
_TYPES = {"type", "kind"}


def read_terminology_fhir(path: PathType, *, retired: bool = False) -> Terminology:
    """Read a ``CodeSystem``, or the expansion of a ``ValueSet``, in JSON.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed.
    retired : bool, default=False
        Whether concepts that a property calls inactive, retired or deprecated are
        kept.

    Returns
    -------
    Terminology
        The hierarchy comes from nesting and from properties ``parent``, ``child``
        and ``subsumedBy``. Designations are names with their language.

    Raises
    ------
    GraphFormatError
        With the line, for text that is no JSON; for another resource, and a ValueSet
        without an expansion.
    """
    content = read_json(path)
    kind = content.get("resourceType") if isinstance(content, dict) else None
    if kind not in {"CodeSystem", "ValueSet"}:
        raise GraphFormatError(
            f"The resource is {kind!r}; terminologies are read from CodeSystem and "
            "ValueSet, maps by read_mapping.",
            path=path,
        )
    builder = TerminologyBuilder(path, retired=retired)
    builder.title = content.get("title") or content.get("name")
    builder.version = content.get("version")
    language = content.get("language") or ""
    if kind == "CodeSystem":
        _take(builder, content.get("concept", ()), "concept", language)
        return builder.build()
    expansion = content.get("expansion")
    if not isinstance(expansion, dict):
        raise GraphFormatError(
            "The ValueSet has no expansion; expand it on a terminology server.",
            path=path,
        )
    _take(builder, expansion.get("contains", ()), "contains", language)
    return builder.build()


def _take(
    builder: TerminologyBuilder, concepts: Any, below: str, language: str
) -> None:
    """Take in concepts and those nested in them, without recursion."""
    open_concepts: list[tuple[dict[str, Any], str | None]] = [
        (entry, None) for entry in reversed(concepts)
    ]
    while open_concepts:
        entry, parent = open_concepts.pop()
        code = entry.get("code")
        if code is not None:
            _take_concept(builder, entry, code, language)
            if parent is not None:
                builder.parent(code, parent)
        above = parent if code is None else code
        inner = entry.get(below) or ()
        open_concepts += [(part, above) for part in reversed(inner)]


def _take_concept(
    builder: TerminologyBuilder, entry: dict[str, Any], code: str, language: str
) -> None:
    slot = builder.add(code, retired=bool(entry.get("inactive")))
    builder.name(slot, entry.get("display") or "", "preferred", language)
    builder.define(slot, entry.get("definition") or "")
    for designation in entry.get("designation", ()):
        text = designation.get("value") or ""
        spoken = designation.get("language") or language
        if text != entry.get("display") or spoken != language:
            other = spoken != language
            use = (designation.get("use") or {}).get("code", "")
            first = other and use in {"display", "preferred", "preferredForLanguage"}
            builder.name(slot, text, "preferred" if first else "exact", spoken)
    for item in entry.get("property", ()):
        _take_property(builder, slot, code, item)


def _take_property(
    builder: TerminologyBuilder, slot: int, code: str, item: dict[str, Any]
) -> None:
    name = item.get("code")
    value = next((item[key] for key in _VALUES if key in item), None)
    if isinstance(value, dict):
        value = value.get("code")
    if name in {"parent", "subsumedBy"} and value is not None:
        builder.parent(code, value)
    elif name == "child" and value is not None:
        builder.parent(value, code)
    elif (name == "inactive" and value is True) or (
        name == "status" and value in _RETIRED
    ):
        builder.add(code, retired=True)
    elif name in _TYPES and isinstance(value, str):
        builder.types(slot, [value])
