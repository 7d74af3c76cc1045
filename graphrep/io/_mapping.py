"""Maps between terminologies: GEM, SSSOM, FHIR, SNOMED CT and OMOP, in and out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph._concept_map import ConceptMap
from graphrep.io._compression import open_input, strip_compression
from graphrep.io._lines import read_lines, shorten
from graphrep.io._mapping_fhir import read_mapping_fhir, write_mapping_fhir
from graphrep.io._mapping_sssom import read_mapping_sssom, write_mapping_sssom
from graphrep.io._terminology_omop import concept_number, omop_table
from graphrep.io._terminology_rows import named_rows
from graphrep.io._terminology_snomed import snomed_rows
from graphrep.typing import PathType

GEM_FLAGS = ("approximate", "no_map", "combination", "scenario", "choice_list")
_GEM_LINE = re.compile(r"(\S+)\s+(\S+)\s+(\d{5})\s*$")
_GEM_HEADER = re.compile(r'"?icd(9|10)\w*"?[\t,]"?icd(9|10)\w*"?[\t,]', re.I)
_NO_TARGET = {"NODX", "NOPCS"}
_EXACT, _CLOSE = "skos:exactMatch", "skos:closeMatch"
_SNIFFED_BYTES = 1 << 16


def read_mapping(
    path: PathType, format: str | None = None, **options: Any
) -> ConceptMap:
    """Read a map between terminologies.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed; for SNOMED CT and OMOP the folder or the table.
    format : {"gem", "sssom", "fhir", "snomed", "omop"} or None, default=None
        None looks at names and content.
    **options
        For ``"gem"``: ``dotted=True`` sets the dots of ICD-9-CM and ICD-10-CM, which
        the files leave out, and ``reverse=True`` says that sources are ICD-10-CM;
        None asks the header, and takes ICD-9-CM where there is none.
        For ``"omop"``: ``relation`` (``"Maps to"``).

    Returns
    -------
    ConceptMap
        GEM: flags ``approximate``, ``no_map``, ``combination``, ``scenario`` and
        ``choice_list``; rows of one combination and scenario hold together, one target
        for each choice list. SNOMED CT: flags ``map_group``, ``map_priority``,
        ``map_rule`` and ``map_advice`` of the active rows. OMOP: integer ids.

    Raises
    ------
    GraphFormatError
        For a format that is not recognised and, with the line, for malformed lines.
    """
    name = _sniffed(Path(path)) if format is None else format
    if name not in _READERS:
        raise GraphFormatError(
            f"There is no format {name!r} of maps; there are {', '.join(_READERS)}."
        )
    return _READERS[name](path, **options)


def write_mapping(
    mapping: ConceptMap, path: PathType, format: str | None = None, **options: Any
) -> None:
    """Write a map between terminologies.

    Parameters
    ----------
    mapping : ConceptMap
        What to write; ids become texts.
    path : path-like
        Where to; a compression's suffix compresses.
    format : {"sssom", "fhir", "csv"} or None, default=None
        None takes FHIR for ``.json``, CSV for ``.csv`` and SSSOM else.
    **options
        For ``"fhir"``: ``version`` (``"R4"``, the default, or ``"R5"``) and ``url``.
        For ``"sssom"``: ``justification``, a CURIE for rows without one, and
        ``metadata``, a mapping of texts for the head.
    """
    suffix = Path(strip_compression(path)).suffix.lower()
    name = format or {".json": "fhir", ".csv": "csv"}.get(suffix, "sssom")
    if name == "fhir":
        write_mapping_fhir(mapping, path, **options)
    elif name in {"sssom", "csv"}:
        write_mapping_sssom(mapping, path, plain=name == "csv", **options)
    else:
        raise GraphValueError(f"Maps are written as sssom, fhir or csv; got {name!r}.")


def _sniffed(source: Path) -> str:
    name = source.name.lower()
    if source.is_dir():
        omop = omop_table(source, "CONCEPT_RELATIONSHIP")
        return "snomed" if omop is None else "omop"
    if name.startswith("concept_relationship"):
        return "omop"
    if "extendedmap" in name or "simplemap" in name:
        return "snomed"
    with open_input(source) as file:
        head = file.read(_SNIFFED_BYTES).decode("utf-8", "replace").lstrip("\ufeff \n")
    lines = [line for line in head.split("\n") if line and line[0] != "#"]
    first = lines[0] if lines else ""
    if head.startswith("{"):
        return "fhir"
    if "subject_id" in first and "object_id" in first:
        return "sssom"
    if _GEM_LINE.match(first) or _GEM_HEADER.match(first):
        return "gem"
    raise GraphFormatError(
        f"The format of the map is not recognised; pass format= with one of "
        f"{', '.join(_READERS)}.",
        path=source,
    )


# -- GEM -------------------------------------------------------------------------
def _read_gem(
    path: PathType, *, dotted: bool = False, reverse: bool | None = None
) -> ConceptMap:
    header = _gem_header(path)
    if reverse is None:
        reverse = bool(header) and header[0].startswith("icd10")
    sources: list[str] = []
    targets: list[str] = []
    flags: list[list[int]] = []
    for source, target, digits in _gem_rows(path) if not header else _gem_table(path):
        if dotted:
            source = dotted_code(source, icd9=not reverse)
            target = dotted_code(target, icd9=reverse)
        sources.append(source)
        targets.append(target)
        flags.append(digits)
    columns = zip(*flags, strict=True) if flags else [[]] * len(GEM_FLAGS)
    named = {name: list(c) for name, c in zip(GEM_FLAGS, columns, strict=True)}
    systems = ("ICD-9-CM", "ICD-10-CM")
    return ConceptMap(
        sources,
        targets,
        predicates=[_CLOSE if digits[0] else _EXACT for digits in flags],
        flags=named,
        source_title=systems[reverse],
        target_title=systems[not reverse],
    )


def _gem_header(path: PathType) -> list[str]:
    """Names of the columns of a GEM as a table; empty for the files of CMS."""
    _, first = next(read_lines(path), (1, ""))
    if not _GEM_HEADER.match(first):
        return []
    return [name.strip('"') for name in re.split("[\t,]", first.lower())]


def _gem_rows(path: PathType) -> Iterator[tuple[str, str, list[int]]]:
    for number, line in read_lines(path):
        found = _GEM_LINE.match(line)
        if found is None:
            if line.strip():
                _refuse_gem(path, number, line)
            continue
        source, target, text = found.groups()
        values = [int(digit) for digit in text]
        yield source, _gem_target(target, values), values


def _gem_table(path: PathType) -> Iterator[tuple[str, str, list[int]]]:
    names = _gem_header(path)
    if missing := [name for name in GEM_FLAGS if name not in names]:
        raise GraphFormatError(
            f"The header has no column {missing[0]!r}.", path=path, line=1
        )
    places = [names.index(name) for name in GEM_FLAGS]
    for number, line in read_lines(path):
        if number == 1 or not line.strip():
            continue
        row = [field.strip('"') for field in re.split("[\t,]", line)]
        if len(row) != len(names) or not all(row[at].isdigit() for at in places):
            _refuse_gem(path, number, line)
        values = [int(row[at]) for at in places]
        yield row[0], _gem_target(row[1], values), values


def _gem_target(target: str, flags: list[int]) -> str:
    return "" if flags[1] or target.upper() in _NO_TARGET else target


def _refuse_gem(path: PathType, number: int, line: str) -> None:
    raise GraphFormatError(
        f"The line is not 'source target flags' with five digits: {shorten(line)}.",
        path=path,
        line=number,
    )


def dotted_code(code: str, *, icd9: bool) -> str:
    """Set the dot of an ICD code: behind 3 characters, 4 in E codes of ICD-9-CM."""
    at = 4 if icd9 and code[:1] in {"E", "e"} else 3
    return code if len(code) <= at or "." in code else f"{code[:at]}.{code[at:]}"


# -- SNOMED CT -------------------------------------------------------------------
def _read_snomed(path: PathType, *, view: str = "Snapshot") -> ConceptMap:
    source = Path(path)
    files = [source]
    if source.is_dir():
        pattern = f"*der2_*Refset_ExtendedMap*{view}*.txt"
        files = sorted(source.rglob(pattern))
        if not files:
            raise GraphFormatError(f"No file {pattern} was found.", path=path)
    columns = (
        "refsetId", "referencedComponentId", "mapGroup", "mapPriority", "mapRule",
        "mapAdvice", "mapTarget", "correlationId",
    )  # fmt: skip
    rows = [row[4:] for active, row in snomed_rows(files, columns) if active]
    return ConceptMap(
        [row[0] for row in rows],
        [row[5] for row in rows],
        predicates=[_CLOSE] * len(rows),
        flags={
            "map_group": [int(row[1]) for row in rows],
            "map_priority": [int(row[2]) for row in rows],
            "map_rule": [row[3] for row in rows],
            "map_advice": [row[4] for row in rows],
        },
        source_title="SNOMED CT",
    )


# -- OMOP ------------------------------------------------------------------------
def _read_omop(path: PathType, *, relation: str = "Maps to") -> ConceptMap:
    source = Path(path)
    if source.is_dir():
        found = omop_table(source, "CONCEPT_RELATIONSHIP", needed=True)
        assert found is not None
        source = found
    columns = ("concept_id_1", "concept_id_2", "relationship_id")
    pairs = [
        (concept_number(source, number, row[0]), concept_number(source, number, row[1]))
        for number, row in named_rows(source, columns, optional=("invalid_reason",))
        if row[2] == relation and not row[3].strip()
    ]
    return ConceptMap(
        [one for one, _ in pairs],
        [two for _, two in pairs],
        predicates=_EXACT if relation == "Maps to" else f"omop:{relation}",
        source_title="OMOP",
        target_title="OMOP",
    )


_READERS: dict[str, Callable[..., ConceptMap]] = {
    "gem": _read_gem,
    "sssom": read_mapping_sssom,
    "fhir": read_mapping_fhir,
    "snomed": _read_snomed,
    "omop": _read_omop,
}
