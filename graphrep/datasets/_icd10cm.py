"""ICD-10-CM: the tabular list shipped by ``simple_icd_10_cm``, read as a graph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np

from graphrep._utils._optional import require
from graphrep.datasets._bunch import Bunch
from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import Graph, NodeIndex
from graphrep.typing import FloatArray, IntArray

_PACKAGE = "simple_icd_10_cm"
_LICENCE = "public domain (work of the US government: CDC/NCHS and CMS)"
_NOTES = ("excludes1", "excludes2", "useAdditionalCode", "codeFirst", "codeAlso")
_CATEGORY_LENGTH = 3
_RANGE_SUFFIX = re.compile(r" \([^()]*\)$")
_BRACKETS = re.compile(r"\(([^()]*)\)")
_CODE = r"[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]*)?"
_TARGET = re.compile(rf"({_CODE})(?:-?-({_CODE}))?-?")
# A range over more categories says "elsewhere", not "see also".
_MAX_SPAN = 12


class _Node(NamedTuple):
    """One entry of the tabular list."""

    code: str
    name: str
    kind: str
    parent: str
    chapter: int
    notes: tuple[str, ...]


def load_icd10cm(
    *,
    references: bool = True,
    reference_weight: float = 0.25,
    edge_weight: str = "size",
    return_X_y: bool = False,
) -> Any:
    """Load ICD-10-CM, the US classification of diseases, as a graph of 47,161 nodes.

    Parameters
    ----------
    references : bool, default=True
        Add an edge from a code to every code that its instructional notes name
        ("excludes", "use additional code", "code first", "code also"). Without
        them the graph is a forest of 22 trees, one for each chapter.
    reference_weight : float, default=0.25
        Weight of such an edge.
    edge_weight : {"size", "one"}, default="size"
        Weight of the edge from a node to its parent: the number of nodes at and
        below it, so that a random walk goes up as often as down and sees the whole
        chapter within a few steps; or one.
    return_X_y : bool, default=False
        Return the adjacency and the chapter of every node instead of the bunch.

    Returns
    -------
    Bunch
        ``graph`` (undirected; ids are codes, block ranges such as ``"E08-E13"`` and
        ``"CH01"`` to ``"CH22"``), ``y`` (chapter number less one), ``y_names``
        (names of chapters), ``names`` (id to description), ``kinds`` ("chapter",
        "block", "category", "code") and ``parents`` ("" for a chapter) in row
        order, ``release``, ``licence`` and ``DESCR``.

    Raises
    ------
    MissingDependencyError
        If ``simple_icd_10_cm`` is not installed.

    Notes
    -----
    The file inside the package is read directly, in about a second. Its layout is no
    promise: where the file is not found, the package's public functions are asked
    instead, which takes longer and gives no release.
    """
    if edge_weight not in {"size", "one"}:
        raise GraphValueError(
            f"edge_weight must be 'size' or 'one'; got {edge_weight!r}."
        )
    if references and not reference_weight > 0:
        raise GraphValueError(
            f"reference_weight must be positive; got {reference_weight!r}. "
            "Pass references=False to leave them out."
        )
    nodes, release = _read()
    index = NodeIndex([node.code for node in nodes])
    rows, columns, weights = _hierarchy(nodes, index, edge_weight)
    if references:
        more = _references(nodes, index, set(zip(columns, rows, strict=True)))
        rows, columns = np.r_[rows, more[:, 0]], np.r_[columns, more[:, 1]]
        weights = np.r_[weights, np.full(len(more), reference_weight, np.float32)]
    graph = Graph.from_codes(rows, columns, weights, nodes=index)
    y = np.array([node.chapter - 1 for node in nodes])
    if return_X_y:
        return graph.to_scipy(), y
    return _bunch(graph, y, nodes, release)


def source_path() -> Path:
    """Path of the tabular list inside the installed package."""
    folder = _package_folder()
    found = sorted((folder / "data").glob("icd10c*tabular*.xml"))
    return found[-1] if found else folder


def _bunch(graph: Graph, y: IntArray, nodes: list[_Node], release: str) -> Bunch:
    return Bunch(
        graph=graph,
        y=y,
        y_names=tuple(node.name for node in nodes if node.kind == "chapter"),
        names={node.code: node.name for node in nodes},
        kinds=[node.kind for node in nodes],
        parents=[node.parent for node in nodes],
        release=release,
        licence=_LICENCE,
        DESCR=(
            f"ICD-10-CM tabular list, release {release or 'unknown'}: chapters, "
            f"blocks, categories and codes with their descriptions. {_LICENCE}."
        ),
    )


def _package_folder() -> Path:
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        require(_PACKAGE, extra="medical", why="ICD-10-CM")
        raise GraphFormatError("has no folder of its own.", path=_PACKAGE)
    return Path(spec.origin).parent


def _read() -> tuple[list[_Node], str]:
    path = source_path()
    if path.suffix != ".xml":
        return list(_read_api()), ""
    try:
        root = ElementTree.parse(path).getroot()  # a file of an installed package
    except ElementTree.ParseError as error:
        raise GraphFormatError(f"is no XML ({error}).", path=path) from None
    nodes: list[_Node] = []
    for chapter in root.iter("chapter"):
        number = int(chapter.findtext("name") or 0)
        _read_branch(chapter, "", number, nodes)
    if not nodes:
        raise GraphFormatError("has no chapters.", path=path)
    label = re.search(r"tabular-(.+)\.xml$", path.name)
    release = label.group(1).replace("-", " ") if label else ""
    return nodes, release or (root.findtext("version") or "")


def _read_branch(element: Any, parent: str, chapter: int, nodes: list[_Node]) -> None:
    """Append an element and all below it; a block of one category is passed over."""
    code = element.get("id") or element.findtext("name") or ""
    kind = "code"
    if element.tag == "chapter":
        kind, code = "chapter", f"CH{chapter:02d}"
    elif element.tag == "section":
        kind = "block"
    elif len(code) == _CATEGORY_LENGTH:
        kind = "category"
    children = [part for part in element if part.tag in {"section", "diag"}]
    stands_alone = kind == "block" and any(
        child.findtext("name") == code for child in children
    )
    if not stands_alone:
        name = element.findtext("desc") or ""
        if kind in {"chapter", "block"}:
            name = _RANGE_SUFFIX.sub("", name)
        notes = tuple(
            note.text or "" for part in element if part.tag in _NOTES for note in part
        )
        nodes.append(_Node(code, name, kind, parent, chapter, notes))
        parent = code
    for child in children:
        _read_branch(child, parent, chapter, nodes)


def _read_api() -> Iterator[_Node]:
    """Read the list through the public functions of the package."""
    icd = require(_PACKAGE, extra="medical", why="ICD-10-CM")
    chapter, known = 0, {}
    for code in icd.get_all_codes(True):
        if code in known or icd.is_extended_subcategory(code):
            continue
        if icd.is_chapter(code):
            chapter = int(code)
        kind = "code"
        if icd.is_chapter(code):
            kind = "chapter"
        elif icd.is_category(code):
            kind = "category"
        elif icd.is_block(code):
            kind = "block"
        known[code] = f"CH{int(code):02d}" if kind == "chapter" else code
        name = icd.get_description(code)
        if kind in {"chapter", "block"}:
            name = _RANGE_SUFFIX.sub("", name)
        notes = [*icd.get_excludes1(code), *icd.get_excludes2(code)]
        for text in (
            icd.get_use_additional_code(code), icd.get_code_first(code),
            icd.get_code_also(code),
        ):  # fmt: skip
            notes += text.split("\n")
        above = icd.get_parent(code)
        if above == code:  # a block of one category, which has the same id
            above = str(chapter)
        parent = known.get(above, "")
        yield _Node(known[code], name, kind, parent, chapter, tuple(notes))


def _hierarchy(
    nodes: list[_Node], index: NodeIndex, edge_weight: str
) -> tuple[IntArray, IntArray, FloatArray]:
    """Edges from child to parent, with the size of the child's branch or ones."""
    parents = np.array([index.index(n.parent) if n.parent else -1 for n in nodes])
    rows = np.flatnonzero(parents >= 0)
    weights = np.ones(len(nodes), np.float32)
    if edge_weight == "size":
        for row in rows[::-1].tolist():  # children stand behind their parents
            weights[parents[row]] += weights[row]
    return rows, parents[rows], weights[rows]


def _references(
    nodes: list[_Node], index: NodeIndex, known: set[tuple[int, int]]
) -> IntArray:
    """Pairs of rows that a note joins, each once, without parent and child."""
    table = {node.code: row for row, node in enumerate(nodes)}
    siblings: dict[str, list[str]] = {}
    categories = sorted(n.code for n in nodes if n.kind == "category")
    for node in nodes:
        siblings.setdefault(node.parent, []).append(node.code)
    pairs: set[tuple[int, int]] = set()
    for row, node in enumerate(nodes):
        for note in node.notes:
            for first, last in _targets(note):
                for code in _expand(first, last, table, nodes, siblings, categories):
                    pair = (min(row, table[code]), max(row, table[code]))
                    if pair[0] != pair[1] and pair not in known:
                        pairs.add(pair)
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def _targets(note: str) -> Iterator[tuple[str, str]]:
    """Codes and ranges of codes that stand in brackets in a note."""
    for inside in _BRACKETS.findall(note):
        yield from _TARGET.findall(inside)


def _expand(
    first: str,
    last: str,
    table: dict[str, int],
    nodes: list[_Node],
    siblings: dict[str, list[str]],
    categories: list[str],
) -> list[str]:
    """Nodes that a code or a range stands for; unknown codes go to their ancestor."""
    if f"{first}-{last}" in table:
        return [f"{first}-{last}"]
    if last and len(first) == len(last) == _CATEGORY_LENGTH:
        found = [code for code in categories if first <= code <= last]
        return found if len(found) <= _MAX_SPAN else []
    ends = [code for code in (_known(first, table), _known(last, table)) if code]
    if last and len(ends) == 2:
        parent = nodes[table[ends[0]]].parent
        if parent == nodes[table[ends[1]]].parent:
            return [code for code in siblings[parent] if ends[0] <= code <= ends[1]]
    return ends


def _known(code: str, table: dict[str, int]) -> str | None:
    while len(code) >= _CATEGORY_LENGTH:
        if code in table:
            return code
        code = code[:-1].rstrip(".")
    return None
