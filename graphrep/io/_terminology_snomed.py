"""SNOMED CT in Release Format 2: concepts, descriptions, relationships, refsets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Terminology
from graphrep.io._terminology_builder import TerminologyBuilder
from graphrep.io._terminology_rows import named_rows
from graphrep.typing import PathType

_FSN, _SYNONYM = "900000000000003001", "900000000000013009"
_IS_A = "116680003"
_PREFERRED = "900000000000548007"
_US_ENGLISH = "900000000000509007"
_STATED = "900000000000010007"
# Historical associations that name a successor: same as, replaced by.
_SUCCESSORS = {"900000000000527005", "900000000000526001"}
_TAG = re.compile(r"\s*\(([^()]+)\)\s*$")
_FILES = {
    "concept": r"x?sct2_Concept_{view}_.*\.txt",
    "description": r"x?sct2_Description_{view}[-_].*\.txt",
    "definition": r"x?sct2_TextDefinition_{view}[-_].*\.txt",
    "relationship": r"x?sct2_Relationship_{view}_.*\.txt",
    "language": r"x?der2_cRefset_Language.*{view}.*\.txt",
    "association": r"x?der2_cRefset_Association.*{view}.*\.txt",
}


def read_terminology_snomed(
    path: PathType | Iterable[PathType],
    *,
    languages: str | Iterable[str] | None = None,
    dialect: str | None = None,
    view: str = "Snapshot",
    relations: bool = False,
    retired: bool = False,
    integer_ids: bool = False,
) -> Terminology:
    """Read a SNOMED CT release, perhaps with extensions upon it.

    Parameters
    ----------
    path : path-like or list of path-like
        Folder of an unpacked release, and those of extensions; the files are found
        by name. Of a component that is in several, the latest row counts.
    languages : str, iterable of str or None, default=None
        Languages of descriptions, such as ``"en"``; None takes all.
    dialect : str or None, default=None
        Id of the language reference set that says which synonym is preferred. None
        takes US English if it is there, else all reference sets.
    view : {"Snapshot", "Delta"}, default="Snapshot"
        Files to read.
    relations : bool, default=False
        Whether relationships other than "is a" are kept, by the id of their type.
    retired : bool, default=False
        Whether inactive concepts are kept. Inactive descriptions and relationships
        never are.
    integer_ids : bool, default=False
        Whether ids are integers instead of texts; they never pass through floats.

    Returns
    -------
    Terminology
        The tag of a fully specified name, such as "disorder", becomes the type and is
        cut off; the name itself is kept, as an exact one where a preferred synonym
        exists. ``replaced_by`` follows the associations "same as" and "replaced by".

    Raises
    ------
    GraphFormatError
        If no concept file is found, and for lines of another width, with the number.

    Notes
    -----
    Tables of RF2 have no quoting: a quote is a character. "Is a" is taken from the
    (inferred) relationship file; stated rows inside it are passed over.
    """
    several = not isinstance(path, (str, Path)) and isinstance(path, Iterable)
    folders = [Path(p) for p in path] if several else [Path(path)]  # type: ignore[arg-type, union-attr]
    files = {kind: _found(folders, pattern, view) for kind, pattern in _FILES.items()}
    if not files["concept"]:
        raise GraphFormatError(
            f"No file sct2_Concept_{view}_*.txt was found; pass the folder of an "
            "unpacked release.",
            path=folders[0],
        )
    builder = TerminologyBuilder(folders[0], retired=retired)
    builder.title, builder.version = "SNOMED CT", _release(files["concept"][-1])
    spoken = {languages} if isinstance(languages, str) else languages
    reader = _Reader(builder, files, int if integer_ids else str)
    reader.concepts()
    reader.descriptions(None if spoken is None else set(spoken), dialect)
    reader.relationships(relations)
    reader.associations()
    return builder.build()


def snomed_rows(
    files: list[Path], columns: tuple[str, ...]
) -> Iterator[tuple[bool, list[str]]]:
    """Whether each row is active, and its fields; of several files the latest row."""
    wanted = ("id", "effectiveTime", "active", *columns)
    latest: dict[str, str] = {}
    if len(files) > 1:
        for file in files:
            for _, row in named_rows(file, wanted[:2]):
                if row[1] >= latest.get(row[0], ""):
                    latest[row[0]] = row[1]
    for file in files:
        for _, row in named_rows(file, wanted):
            if not latest or latest.pop(row[0], None) == row[1]:
                yield row[2] == "1", row


class _Reader:
    def __init__(
        self, builder: TerminologyBuilder, files: dict[str, list[Path]], identify: Any
    ) -> None:
        self._builder, self._files, self._identify = builder, files, identify

    def concepts(self) -> None:
        for active, row in snomed_rows(self._files["concept"], ()):
            self._builder.add(self._identify(row[0]), retired=not active)

    def descriptions(self, languages: set[str] | None, dialect: str | None) -> None:
        preferred = self._preferred(dialect)
        columns = ("conceptId", "languageCode", "typeId", "term")
        builder = self._builder
        for active, row in snomed_rows(self._files["description"], columns):
            concept, language, kind, term = row[3:]
            key = self._identify(concept)
            if not active or key not in builder:
                continue
            slot = builder.add(key)
            if kind == _FSN:
                if found := _TAG.search(term):
                    builder.types(slot, [found.group(1)])
                    term = term[: found.start()]
            elif kind != _SYNONYM:
                continue
            if languages is not None and language not in languages:
                continue
            chosen = kind == _SYNONYM and row[0] in preferred
            builder.name(slot, term, "preferred" if chosen else "exact", language)
        for active, row in snomed_rows(self._files["definition"], columns):
            if active and self._identify(row[3]) in builder:
                builder.define(builder.add(self._identify(row[3])), row[6])

    def relationships(self, relations: bool) -> None:
        columns = ("sourceId", "destinationId", "typeId", "characteristicTypeId")
        for active, row in snomed_rows(self._files["relationship"], columns):
            if not active or row[6] == _STATED:
                continue
            source, target = self._identify(row[3]), self._identify(row[4])
            if row[5] == _IS_A:
                self._builder.parent(source, target)
            elif relations:
                self._builder.relate(source, row[5], target)

    def associations(self) -> None:
        columns = ("refsetId", "referencedComponentId", "targetComponentId")
        for active, row in snomed_rows(self._files["association"], columns):
            if active and row[3] in _SUCCESSORS:
                old, new = self._identify(row[4]), self._identify(row[5])
                if old in self._builder:
                    self._builder.replace(old, new)

    def _preferred(self, dialect: str | None) -> set[str]:
        """Ids of the preferred descriptions."""
        found: dict[str, set[str]] = {}
        columns = ("refsetId", "referencedComponentId", "acceptabilityId")
        for active, row in snomed_rows(self._files["language"], columns):
            if active and row[5] == _PREFERRED:
                found.setdefault(row[3], set()).add(row[4])
        if dialect is None and _US_ENGLISH in found:
            dialect = _US_ENGLISH
        if dialect is None:
            return set().union(*found.values())
        if dialect not in found:
            raise GraphFormatError(
                f"No language reference set has the id {dialect!r}; there are "
                f"{', '.join(sorted(found)) or 'none'}.",
                path=self._builder.path,
            )
        return found[dialect]


def _found(folders: list[Path], pattern: str, view: str) -> list[Path]:
    matches = re.compile(pattern.format(view=view)).fullmatch
    out: list[Path] = []
    for folder in folders:
        files = (
            folder.rglob("*.txt") if folder.is_dir() else folder.parent.glob("*.txt")
        )
        out += sorted(file for file in files if matches(file.name))
    return out


def _release(file: Path) -> str | None:
    found = re.search(r"_(\d{8})\.txt$", file.name)
    return found.group(1) if found else None
