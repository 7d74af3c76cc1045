"""UMLS in Rich Release Format, streamed: MRCONSO, MRREL, MRSTY, MRDEF."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Terminology
from graphrep.io._terminology_builder import TerminologyBuilder
from graphrep.io._terminology_rows import split_rows
from graphrep.typing import PathType

# Columns of each file; the line ends in "|", which makes one empty field more.
_WIDTHS = {"MRCONSO": 18, "MRREL": 16, "MRSTY": 6, "MRDEF": 8}
_ABBREVIATIONS = {"AB", "ACR", "AA", "DA", "MTHACR", "QAB", "QSV", "SSN"}
_LAY_SOURCES = {"CHV"}
_PARENT, _CHILD, _BROADER, _NARROWER = "PAR", "CHD", "RB", "RN"


def read_terminology_umls(
    path: PathType,
    *,
    languages: str | Iterable[str] | None = ("ENG",),
    sources: str | Iterable[str] | None = None,
    types: str | Iterable[str] | None = None,
    suppressed: bool = False,
    hierarchy: bool = True,
    broader: bool = False,
    definitions: bool = True,
) -> Terminology:
    """Read the concepts (CUIs) of a UMLS release.

    Parameters
    ----------
    path : path-like
        Folder with the RRF files (``META``), or ``MRCONSO.RRF`` itself; the files
        beside it that are there are used, compressed or not, also in parts
        (``MRCONSO.RRF.aa.gz``).
    languages : str, iterable of str or None, default=("ENG",)
        Languages (LAT) of the names; None takes all.
    sources : str, iterable of str or None, default=None
        Vocabularies (SAB) of names and links; None takes all.
    types : str, iterable of str or None, default=None
        Semantic types to keep, as TUIs (``"T047"``) or names.
    suppressed : bool, default=False
        Whether names and links with SUPPRESS of O, E or Y are used.
    hierarchy : bool, default=True
        Whether MRREL is read, if it is there. A row says "CUI2 has REL to CUI1", so
        under ``PAR`` CUI2 is the parent, under ``CHD`` the child.
    broader : bool, default=False
        Whether ``RB`` and ``RN`` make parents, too; they add many cycles.
    definitions : bool, default=True
        Whether MRDEF is read, if it is there.

    Returns
    -------
    Terminology
        Names of each concept without repeats; preferred are those of term status P,
        string type PF and ISPREF Y. Types are names of semantic types. Cycles stay.

    Raises
    ------
    GraphFormatError
        With file and line, for a line of another number of columns; also if
        ``types`` is asked for and MRSTY is not there.

    Notes
    -----
    Files are read line by line; memory is that of the result, and of the links, packed
    whenever 4 million new ones have come in. Only names of kept concepts are held.
    """
    folder = Path(path)
    if not folder.is_dir():
        folder = folder.parent
    builder = TerminologyBuilder(path)
    kept = None
    if types is not None:
        kept = _cuis_of_types(folder, _chosen(types) or set())
    spoken, vocabularies = _chosen(languages), _chosen(sources)
    _read_names(builder, folder, spoken, vocabularies, kept, suppressed)
    _read_types(builder, folder)
    if hierarchy:
        _read_links(builder, folder, vocabularies, suppressed, broader)
    if definitions:
        _read_definitions(builder, folder, vocabularies, suppressed)
    builder.title = "UMLS"
    return builder.build()


def _chosen(values: str | Iterable[str] | None) -> set[str] | None:
    if values is None:
        return None
    return {values} if isinstance(values, str) else set(values)


def parts_of(folder: Path, name: str, *, needed: bool = False) -> list[Path]:
    """Files that a table stands in: ``MRREL.RRF``, ``MRREL.RRF.gz``, ``.aa.gz``."""
    pattern = re.compile(rf"{name}\.RRF(\.[a-z]{{2}})?(\.(gz|bz2|xz|zst))?", re.I)
    files = folder.iterdir() if folder.is_dir() else ()
    found = sorted(file for file in files if pattern.fullmatch(file.name))
    if needed and not found:
        raise GraphFormatError(
            f"There is no {name}.RRF; pass the folder META of a UMLS release.",
            path=folder,
        )
    return found


def _rows(
    folder: Path, name: str, values: Iterable[str] = (), *, needed: bool = False
) -> Iterator[Sequence[str]]:
    """Give the rows of a table, perhaps only those with one of some values in them."""
    width = _WIDTHS[name] + 1
    marks = [f"|{value}|" for value in sorted(values)]
    for file in parts_of(folder, name, needed=needed):
        for _, fields in split_rows(file, width, delimiter="|", marks=marks):
            yield fields


def _cuis_of_types(folder: Path, types: set[str]) -> set[str]:
    found: set[str] = set()
    seen: set[str] = set()
    for row in _rows(folder, "MRSTY", needed=True):
        seen.update((row[1], row[3]))
        if row[1] in types or row[3] in types:
            found.add(row[0])
    if unknown := sorted(types - seen):
        raise GraphFormatError(
            f"No concept is of type {unknown[0]!r}; give TUIs or names of types.",
            path=folder,
        )
    return found


def _read_names(
    builder: TerminologyBuilder,
    folder: Path,
    languages: set[str] | None,
    sources: set[str] | None,
    kept: set[str] | None,
    suppressed: bool,
) -> None:
    at, slot = "", -1
    seen: dict[tuple[str, str], None] = {}
    for row in _rows(folder, "MRCONSO", languages or (), needed=True):
        cui, language, source, text = row[0], row[1], row[11], row[14]
        if (
            (languages is not None and language not in languages)
            or (sources is not None and source not in sources)
            or (not suppressed and row[16] in "OEY" and row[16])
            or (kept is not None and cui not in kept)
        ):
            continue
        if cui != at:
            at, slot, seen = cui, builder.add(cui), {}
        preferred = row[2] == "P" and row[4] == "PF" and row[6] == "Y"
        kind = _kind(preferred, source, row[12], row[16])
        if not preferred and (language, text) in seen:
            continue
        seen[language, text] = None
        builder.name(slot, text, kind, language)


def _kind(preferred: bool, source: str, term_type: str, suppress: str) -> str:
    if preferred:
        return "preferred"
    if term_type in _ABBREVIATIONS:
        return "abbreviation"
    if suppress == "O":
        return "former"
    return "layperson" if source in _LAY_SOURCES else "exact"


def _read_types(builder: TerminologyBuilder, folder: Path) -> None:
    for row in _rows(folder, "MRSTY"):
        if row[0] in builder:
            builder.types(builder.add(row[0]), [row[3]])


def _read_links(
    builder: TerminologyBuilder,
    folder: Path,
    sources: set[str] | None,
    suppressed: bool,
    broader: bool,
) -> None:
    up = {_PARENT, _BROADER} if broader else {_PARENT}
    down = {_CHILD, _NARROWER} if broader else {_CHILD}
    for row in _rows(folder, "MRREL", up | down):
        first, relation, second = row[0], row[3], row[4]
        if relation not in up and relation not in down:
            continue
        if sources is not None and row[10] not in sources:
            continue
        if not suppressed and row[14] in "OEY" and row[14]:
            continue
        if first == second or first not in builder or second not in builder:
            continue
        if relation in up:
            builder.parent(first, second)
        else:
            builder.parent(second, first)


def _read_definitions(
    builder: TerminologyBuilder,
    folder: Path,
    sources: set[str] | None,
    suppressed: bool,
) -> None:
    for row in _rows(folder, "MRDEF"):
        outside = sources is not None and row[4] not in sources
        hidden = not suppressed and row[6] in "OEY" and row[6]
        if not outside and not hidden and row[0] in builder:
            builder.define(builder.add(row[0]), row[5])
