"""MeSH: descriptors in XML, and the tree file mtrees.bin."""

from __future__ import annotations

from typing import Any

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Terminology
from graphrep.io._lines import read_lines, shorten
from graphrep.io._terminology_builder import TerminologyBuilder
from graphrep.io._terminology_xml import records, tag_of
from graphrep.typing import PathType

_RELATIONS = {"NRW": "narrow", "BRD": "broad", "REL": "related"}
_ABBREVIATIONS = {"ABB", "ABX", "ACR", "ACX"}
_ROOTS = {"DescriptorRecordSet": "Descriptor", "SupplementalRecordSet": "Supplemental"}


def read_terminology_mesh(path: PathType) -> Terminology:
    """Read the descriptors of MeSH, one record at a time.

    Parameters
    ----------
    path : path-like
        ``descYYYY.xml`` or ``suppYYYY.xml``, perhaps compressed, or ``mtrees.bin``.

    Returns
    -------
    Terminology
        Ids are those of descriptors (``D009203``); tree numbers are positions, not
        ids, so each gives a parent and stands among ``xrefs``. Terms of the preferred
        concept are exact names, those of other concepts narrow, broad or related as
        the file says. ``mtrees.bin`` knows no ids: there the ids are the names.
        Supplementary records have the descriptors they are mapped to as relation
        ``mapped_to`` only if those are in the file.

    Raises
    ------
    GraphFormatError
        With the line, for XML that is not well-formed and lines that are not
        ``name;tree number``.
    """
    if _is_tree_file(path):
        return _read_trees(path)
    builder = TerminologyBuilder(path)
    elements = records(path)
    root = next(elements)
    what = _ROOTS.get(tag_of(root))
    if what is None:
        raise GraphFormatError(
            f"The root is {tag_of(root)!r}, not {' or '.join(_ROOTS)}.", path=path
        )
    builder.title = "MeSH"
    trees: dict[str, str] = {}
    for record in elements:
        _take_record(builder, record, what, trees)
    _link(builder, trees)
    return builder.build()


def _is_tree_file(path: PathType) -> bool:
    for _, line in read_lines(path):
        if line.strip():
            return not line.lstrip().startswith("<")
    return False


def _read_trees(path: PathType) -> Terminology:
    builder = TerminologyBuilder(path)
    builder.title = "MeSH tree"
    trees: dict[str, str] = {}
    for number, line in read_lines(path):
        if not line.strip():
            continue
        name, semicolon, tree = line.strip().rpartition(";")
        if not semicolon or not name or not tree:
            raise GraphFormatError(
                f"The line is not 'name;tree number': {shorten(line)}.",
                path=path,
                line=number,
            )
        known = name in builder
        slot = builder.add(name)
        if not known:
            builder.name(slot, name, "preferred")
        builder.xref(slot, tree)
        trees[tree] = name
    _link(builder, trees)
    return builder.build()


def _link(builder: TerminologyBuilder, trees: dict[str, str]) -> None:
    """Make parents of tree numbers; a first part such as C04 is a root."""
    for tree, concept in trees.items():
        above = trees.get(tree.rpartition(".")[0])
        if above is not None and above != concept:
            builder.parent(concept, above)


def _take_record(
    builder: TerminologyBuilder, record: Any, what: str, trees: dict[str, str]
) -> None:
    prefix = "SupplementalRecord" if what == "Supplemental" else "Descriptor"
    concept = record.findtext(f"{prefix}UI")
    if not concept:
        return
    slot = builder.add(concept)
    title = record.find(f"{prefix}Name")
    name = "" if title is None else title.findtext("String") or ""
    builder.name(slot, name, "preferred")
    for tree in record.iterfind("TreeNumberList/TreeNumber"):
        trees[tree.text or ""] = concept
        builder.xref(slot, tree.text or "")
    for other in record.iterfind("HeadingMappedToList/HeadingMappedTo"):
        target = other.findtext("DescriptorReferredTo/DescriptorUI") or ""
        builder.relate(concept, "mapped_to", target.lstrip("*"))
    parts = record.findall("ConceptList/Concept")
    kinds = _relations(parts)
    for part in parts:
        own = part.get("PreferredConceptYN") == "Y"
        kind = "exact" if own else kinds.get(part.findtext("ConceptUI"), "related")
        if own:
            builder.define(slot, part.findtext("ScopeNote") or "")
        for semantic in part.iterfind("SemanticTypeList/SemanticType"):
            builder.types(slot, [semantic.findtext("SemanticTypeUI") or ""])
        for term in part.iterfind("TermList/Term"):
            text = term.findtext("String") or ""
            if text != name:
                short = own and term.get("LexicalTag") in _ABBREVIATIONS
                builder.name(slot, text, "abbreviation" if short else kind)


def _relations(parts: list[Any]) -> dict[Any, str]:
    """How the other concepts of a record stand to its preferred one."""
    out: dict[Any, str] = {}
    for part in parts:
        for link in part.iterfind("ConceptRelationList/ConceptRelation"):
            kind = _RELATIONS.get(link.get("RelationName") or "", "related")
            out.setdefault(link.findtext("Concept2UI"), kind)
    return out
