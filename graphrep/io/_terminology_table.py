"""Tables of concepts: one file, or a folder of nodes, synonyms, edges and xrefs."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import Terminology
from graphrep.io._compression import strip_compression
from graphrep.io._lines import read_lines
from graphrep.io._terminology_builder import KIND_CODES, KIND_WORDS, TerminologyBuilder
from graphrep.io._terminology_rows import LONGEST_LINE, named_rows, refuse_width
from graphrep.typing import PathType

# What columns are called, in lower case, by what they hold.
COLUMNS = {
    "id": ("id", "code", "concept_id", "conceptid", "cui", "identifier", "node"),
    "name": (
        "name", "term", "label", "canonical_name", "preferred_name", "concept_name",
        "display", "text", "title",
    ),
    "synonyms": ("synonyms", "aliases", "synonym", "names"),
    "parents": ("parents", "parent", "parent_id", "parent_ids", "parentids"),
    "types": ("types", "type", "kind", "semantic_tag", "semantic_type", "tui"),
    "definition": ("definition", "def", "description"),
    "language": ("language", "lang"),
    "preferred": ("mainterm", "preferred", "is_preferred"),
    "alt_ids": ("alt_ids", "alternative_ids", "altids"),
    "xrefs": ("xrefs", "xref"),
    "status": ("status",),
    "kind": ("scope",),
}  # fmt: skip
_ORDER = ("id", "name", "synonyms", "parents", "types", "definition")
_KIND_COLUMNS = ("type", "scope", "kind")
_OTHER_MEANING = ("narrow", "broad", "related")
_RETIRED = {"retired", "obsolete", "inactive", "deprecated"}
_YES = {"1", "true", "yes", "y"}
_SUFFIXES = ("", ".gz", ".bz2", ".xz", ".zst")


def read_terminology_table(
    path: PathType,
    *,
    columns: Mapping[str, str] | None = None,
    delimiter: str | None = None,
    separator: str = "|",
    retired: bool = False,
    encoding: str = "utf-8",
) -> Terminology:
    """Read concepts from a table, or from a folder of tables.

    Parameters
    ----------
    path : path-like
        A table with one concept or one name a row, or a folder with ``nodes.tsv``
        and perhaps ``synonyms.tsv`` (id, text, type or scope, language),
        ``edges.tsv`` (child, parent, relation) and ``xrefs.tsv`` (id, xref).
    columns : mapping of str to str or None, default=None
        Names of the columns that hold ``"id"``, ``"name"``, ``"synonyms"``,
        ``"parents"``, ``"types"``, ``"definition"``, ``"language"``, ``"preferred"``,
        ``"alt_ids"``, ``"xrefs"``, ``"status"`` and ``"kind"``, the kind of the name
        of a row. None knows the usual ones; a table without a header has them in the
        order id, name, synonyms, parents, types, definition. A column ``type`` is
        one of types of concepts; in a table with a column ``scope``, such as
        ``synonyms.tsv`` of such a folder, it is one of kinds of names. A row
        that tells no kind is the preferred name of its concept if it is the first.
    delimiter : str or None, default=None
        None takes tabs, or commas for ``.csv`` files without a tab in their header.
        Tables separated by tabs have no quoting, others that of CSV.
    separator : str, default="|"
        Between the members of a list in one field.
    retired : bool, default=False
        Whether concepts with a status of retired, obsolete, inactive or deprecated
        are kept.
    encoding : str, default="utf-8"
        Encoding of the text.

    Returns
    -------
    Terminology
        Ids are texts, byte for byte. The first name of an id is its preferred one
        unless a column says otherwise.

    Raises
    ------
    GraphFormatError
        For a missing column and, with the line, for another number of columns.
    """
    folder = Path(path)
    builder = TerminologyBuilder(path, retired=retired)
    reader = _Reader(builder, columns or {}, delimiter, separator, encoding)
    if not folder.is_dir():
        reader.take(folder)
        return builder.build()
    builder.title = folder.name
    nodes = part_of(folder, "nodes") or part_of(folder, "concepts")
    if nodes is None:
        raise GraphFormatError("There is no nodes.tsv or concepts.tsv.", path=path)
    reader.take(nodes)
    if file := part_of(folder, "synonyms"):
        _take_synonyms(builder, file, encoding)
    if file := part_of(folder, "edges"):
        rows = named_rows(
            file, ("child", "parent"), optional=("relation",), encoding=encoding
        )
        for _, (child, parent, relation) in rows:
            if relation in {"", "is_a"}:
                builder.parent(child, parent)
            else:
                builder.relate(child, relation, parent)
    if file := part_of(folder, "xrefs"):
        for _, (concept, xref) in named_rows(file, ("id", "xref"), encoding=encoding):
            if concept in builder:
                builder.xref(builder.add(concept), xref)
    return builder.build()


def part_of(folder: Path, name: str) -> Path | None:
    """Path of ``name.tsv`` in a folder, perhaps compressed."""
    for suffix in _SUFFIXES:
        file = folder / f"{name}.tsv{suffix}"
        if file.is_file():
            return file
    return None


def _take_synonyms(builder: TerminologyBuilder, file: Path, encoding: str) -> None:
    """Add the names of a table of synonyms; those known already are left out."""
    optional = ("type", "scope", "kind", "language")
    seen = builder.known_names()
    rows = named_rows(file, ("id", "text"), optional=optional, encoding=encoding)
    for _, (concept, text, *words, language) in rows:
        if concept not in builder:
            builder.leave_out("synonyms of ids that are no concepts")
            continue
        slot = builder.add(concept)
        kind = _kind(words)
        if (slot, text.strip()) in seen and kind in {"preferred", "exact"}:
            continue
        if kind in {"preferred", "exact"}:
            kind = "exact" if builder.is_named(slot) else "preferred"
        seen.add((slot, text.strip()))
        builder.name(slot, text, kind, language)


def _kind(words: list[str]) -> str:
    """Kind of a name by what its type, scope or kind says; the type goes first.

    A lay word that is wider or narrower than its concept is named by that.
    """
    names = list(KIND_CODES)
    found = []
    for word in words:
        if (code := KIND_WORDS.get(word.strip().lower())) is not None:
            found.append(names[code])
        elif "layperson" in word or "abbreviation" in word:
            found.append("layperson" if "layperson" in word else "abbreviation")
    if found[:1] == ["layperson"]:
        return next((kind for kind in found if kind in _OTHER_MEANING), "layperson")
    return found[0] if found else "exact"


class _Reader:
    """Rows of the table of concepts."""

    def __init__(
        self,
        builder: TerminologyBuilder,
        columns: Mapping[str, str],
        delimiter: str | None,
        separator: str,
        encoding: str,
    ) -> None:
        if unknown := set(columns) - set(COLUMNS):
            raise GraphValueError(
                f"columns has the key {min(unknown)!r}; the keys are "
                f"{', '.join(COLUMNS)}."
            )
        self._builder, self._columns = builder, columns
        self._delimiter, self._separator = delimiter, separator
        self._encoding = encoding
        self._kinds: list[int] = []  # columns that tell the kind of the name
        self._preferred: set[int] = set()  # slots with such a name

    def take(self, file: Path) -> None:
        """Take in a file."""
        rows = self._rows(file)
        number, first = next(rows, (1, []))
        places, is_header = self._places(file, first)
        width = len(first)
        if not is_header:
            self._take_row(first, places)
        for number, row in rows:
            if len(row) != width:
                if row in ([], [""]):
                    continue
                refuse_width(file, number, "\t".join(row), len(row), width)
            self._take_row(row, places)

    def _rows(self, file: Path) -> Iterator[tuple[int, list[str]]]:
        lines = read_lines(file, encoding=self._encoding, max_line_bytes=LONGEST_LINE)
        number, first = next(lines, (1, ""))
        delimiter = self._delimiter
        if delimiter is None:
            named = strip_compression(file).lower().endswith(".csv")
            delimiter = "," if "\t" not in first and (named or "," in first) else "\t"
        if delimiter == "\t":
            yield number, first.split("\t")
            for number, line in lines:
                yield number, line.split("\t")
            return

        def texts() -> Iterator[str]:
            yield first + "\n"
            for _, line in lines:
                yield line + "\n"

        reader = csv.reader(texts(), delimiter=delimiter)
        for row in reader:
            yield reader.line_num, row

    def _places(self, file: Path, first: list[str]) -> tuple[dict[str, int], bool]:
        """Column of each thing, and whether the first row is a header."""
        names = [name.strip().lower() for name in first]
        places: dict[str, int] = {}
        for what, usual in COLUMNS.items():
            wanted = self._columns.get(what)
            if wanted is not None:
                if wanted.lower() not in names:
                    raise GraphFormatError(
                        f"The header has no column {wanted!r}; it has "
                        f"{', '.join(names[:20])}.",
                        path=file,
                        line=1,
                    )
                places[what] = names.index(wanted.lower())
            elif found := [names.index(name) for name in usual if name in names]:
                places[what] = found[0]
        if "id" in places:
            self._kinds = self._places_of_kinds(places)
            return places, True
        if self._columns or len(places) > 1 or len(names) < 2:
            raise GraphFormatError(
                f"No column holds ids; the header has {', '.join(names[:20])}. Pass "
                'columns={"id": …, "name": …}.',
                path=file,
                line=1,
            )
        return dict(zip(_ORDER, range(len(names)), strict=False)), False

    def _places_of_kinds(self, places: dict[str, int]) -> list[int]:
        """Columns that tell the kind of a name; they tell no types of concepts."""
        if "kind" not in places:
            return []
        kinds = [places.pop("kind")]
        if "types" in places and "types" not in self._columns:
            kinds.insert(0, places.pop("types"))  # as in a folder the type goes first
        return list(dict.fromkeys(kinds))

    def _take_row(self, row: list[str], places: dict[str, int]) -> None:
        found = {what: row[place].strip() for what, place in places.items()}
        concept = row[places["id"]]
        if not concept:
            self._builder.leave_out("rows without an id")
            return
        builder = self._builder
        flagged = found.get("status", "").lower() in _RETIRED
        slot = builder.add(concept, retired=flagged)
        language = found.get("language", "")
        if "preferred" in places:
            chosen = found["preferred"].lower() in _YES
        else:
            chosen = not builder.is_named(slot)
        name = found.get("name", "")
        words = [row[place] for place in self._kinds if row[place].strip()]
        kind = _kind(words) if words else "preferred" if chosen else "exact"
        if words and kind == "preferred" and slot in self._preferred:
            kind = "exact"
        if kind == "preferred" and self._kinds:
            self._preferred.add(slot)
        builder.name(slot, name, kind, language)
        for text in self._list(found, "synonyms"):
            if text.strip() != name:
                builder.name(slot, text, "exact", language)
        for parent in self._list(found, "parents"):
            builder.parent(concept, parent.strip())
        builder.types(slot, self._list(found, "types"))
        builder.define(slot, found.get("definition", ""))
        for xref in self._list(found, "xrefs"):
            builder.xref(slot, xref)
        for old in re.split(r"[|\s]+", found.get("alt_ids", "")):
            if old:
                builder.replace(old, concept)

    def _list(self, found: dict[str, str], what: str) -> list[str]:
        text = found.get(what, "")
        return [part for part in text.split(self._separator) if part.strip()]
