"""ICD-10-CM: the tabular list in XML, as a terminology."""

from __future__ import annotations

import re
from typing import Any

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Terminology
from graphrep.io._terminology_builder import TerminologyBuilder
from graphrep.io._terminology_xml import records, text_of
from graphrep.typing import PathType

_RANGE_SUFFIX = re.compile(r" \([^()]*\)$")
_CATEGORY_LENGTH = 3


def read_terminology_icd10cm(path: PathType, *, includes: bool = True) -> Terminology:
    """Read the tabular list of ICD-10-CM as CDC and CMS publish it.

    Parameters
    ----------
    path : path-like
        XML file whose root is ``ICD10CM.tabular``.
    includes : bool, default=True
        Whether "includes" notes are names, of kind ``"other"``.

    Returns
    -------
    Terminology
        Chapters (``CH01``), blocks (``A00-A09``), categories and codes, which is
        also what ``types`` says. Inclusion terms are names of kind ``"inclusion"``.
        Seventh characters are no concepts, and a block of one category, which repeats
        its id, is passed over.

    Raises
    ------
    GraphFormatError
        With the line, for XML that is not well-formed; for another root.
    """
    builder = TerminologyBuilder(path)
    elements = records(path)
    root = next(elements)
    if root.tag != "ICD10CM.tabular":
        raise GraphFormatError(
            f"The root is {root.tag!r}, not ICD10CM.tabular; give the tabular list.",
            path=path,
        )
    builder.title = "ICD-10-CM"
    for element in elements:
        if element.tag == "version":
            builder.version = text_of(element)
        elif element.tag == "chapter":
            number = (element.findtext("name") or "").strip()
            code = f"CH{number:0>2}"
            _take(builder, element, code, "chapter", "", includes)
    return builder.build()


def _take(
    builder: TerminologyBuilder,
    element: Any,
    code: str,
    kind: str,
    parent: str,
    includes: bool,
) -> None:
    children = [part for part in element if part.tag in {"section", "diag"}]
    codes = [_code(child) for child in children]
    if kind != "block" or code not in codes:
        name = text_of_child(element, "desc")
        if kind in {"chapter", "block"}:
            name = _RANGE_SUFFIX.sub("", name)
        slot = builder.add(code)
        builder.types(slot, [kind])
        builder.name(slot, name, "preferred")
        seen = {name}
        for part in element:
            if part.tag == "inclusionTerm" or (part.tag == "includes" and includes):
                what = "inclusion" if part.tag == "inclusionTerm" else "other"
                for text in map(text_of, part):
                    if text not in seen:
                        seen.add(text)
                        builder.name(slot, text, what)
        if parent:
            builder.parent(code, parent)
        parent = code
    for child, below in zip(children, codes, strict=True):
        what = "category" if len(below) == _CATEGORY_LENGTH else "code"
        what = "block" if child.tag == "section" else what
        _take(builder, child, below, what, parent, includes)


def text_of_child(element: Any, tag: str) -> str:
    """Text of the first child of a name, empty if there is none."""
    found = element.find(tag)
    return "" if found is None else text_of(found)


def _code(element: Any) -> str:
    return element.get("id") or text_of_child(element, "name")
