"""The formats of terminologies: found by name, then by content; read on demand."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphrep.exceptions import GraphFormatError, GraphTypeError
from graphrep.io._compression import open_input, strip_compression
from graphrep.io._formats import Format
from graphrep.typing import PathType

if TYPE_CHECKING:
    from graphrep.graph import Terminology

_SNIFFED_BYTES = 1 << 16
_TABLES = (".tsv", ".csv", ".txt")


def _format(name: str, suffixes: str, description: str, module: str = "") -> Format:
    home = f"graphrep.io._terminology_{module or name}"
    reader = f"{home}:read_terminology_{module or name}"
    return Format(name, tuple(suffixes.split()), reader, None, description)


_FORMATS = (
    Format(
        "saved", (), "graphrep.io._terminology_formats:read_saved", None,
        "folder that Terminology.save wrote",
    ),
    _format("jsonl", ".jsonl .ndjson", "concepts of scispaCy and xMEN, one a line"),
    _format("table", ".tsv .csv .txt", "table of concepts or names, or a folder"),
    _format("obo", ".obo", "OBO ontology"),
    _format("obographs", ".json", "OBO-Graphs JSON"),
    _format("owl", ".owl .rdf", "OWL ontology in RDF/XML"),
    _format("snomed", "", "SNOMED CT Release Format 2, a folder"),
    _format("umls", "", "UMLS Rich Release Format, the folder META"),
    _format("omop", "", "OMOP vocabularies, a folder with CONCEPT.csv"),
    _format("claml", "", "ClaML, such as ICD-10 of the WHO"),
    _format("icd10cm", "", "tabular list of ICD-10-CM in XML"),
    _format("medic", "", "MEDIC and other vocabularies of CTD; id||name lines"),
    _format("mesh", "", "MeSH descriptors in XML, or mtrees.bin"),
    _format("fhir", "", "FHIR CodeSystem or expanded ValueSet in JSON"),
)  # fmt: skip
_BY_NAME = {entry.name: entry for entry in _FORMATS}
_ROOTS = {
    "ClaML": "claml",
    "ICD10CM.tabular": "icd10cm",
    "DescriptorRecordSet": "mesh",
    "SupplementalRecordSet": "mesh",
    "RDF": "owl",
}


def terminology_formats() -> list[Format]:
    """List the formats that `read_terminology` knows.

    Returns
    -------
    list of Format
        Each with its name, suffixes, reader and description.
    """
    return list(_FORMATS)


def read_terminology(
    path: PathType | Sequence[PathType], format: str | None = None, **options: Any
) -> Terminology:
    """Read a terminology from a file or folder of any known format.

    Parameters
    ----------
    path : path-like or list of path-like
        File, perhaps compressed, or folder (SNOMED CT, UMLS, OMOP, tables, saved); a
        list is a release of SNOMED CT and the extensions upon it.
    format : str or None, default=None
        One of the names of `terminology_formats`; None looks at the name and then at
        the content.
    **options
        For the reader of the format, such as ``retired=True``.

    Returns
    -------
    Terminology

    Raises
    ------
    FileNotFoundError
        If there is nothing at ``path``.
    GraphFormatError
        If the format is not recognised, and for what its reader refuses.
    GraphTypeError
        For an option that the reader does not have.

    Warns
    -----
    GraphWarning
        If records were left out, such as links to parents outside the file.
    """
    parts: list[Any] = list(path) if isinstance(path, (list, tuple)) else [path]
    several = len(parts) > 1
    for part in parts:
        if not Path(part).exists():
            raise FileNotFoundError(f"{part}: there is no such file or folder.")
    if several and format not in {None, "snomed"}:
        raise GraphTypeError(
            f"A list of {len(parts):,} paths is read as SNOMED CT only; got "
            f"format={format!r}. Read one path each and call merge."
        )
    name = format or ("snomed" if several else sniff_terminology(parts[0]))
    if name not in _BY_NAME:
        raise GraphFormatError(
            f"There is no format {name!r}; the formats are {', '.join(_BY_NAME)}."
        )
    module, _, function = str(_BY_NAME[name].reader).partition(":")
    reader: Callable[..., Terminology] = getattr(import_module(module), function)
    known = [p for p in inspect.signature(reader).parameters if p != "path"]
    if unknown := [option for option in options if option not in known]:
        raise GraphTypeError(
            f"The reader of {name} has no option {unknown[0]!r}; it has "
            f"{', '.join(known) or 'none'}."
        )
    return reader(parts if several else parts[0], **options)


def read_saved(path: PathType, *, mmap: bool = True) -> Terminology:
    """Read a folder that `Terminology.save` wrote."""
    from graphrep.graph import Terminology

    return Terminology.load(path, mmap=mmap)


def sniff_terminology(path: PathType) -> str:
    """Name the format of a terminology by the files of a folder, or by content.

    Raises
    ------
    GraphFormatError
        If nothing speaks of a known format.
    """
    source = Path(path)
    name = _of_folder(source) if source.is_dir() else _of_file(source)
    if name is None:
        raise GraphFormatError(
            f"The format is not recognised; pass format= with one of "
            f"{', '.join(_BY_NAME)}.",
            path=path,
        )
    return name


def _of_folder(folder: Path) -> str | None:
    names = {file.name.lower() for file in folder.iterdir()}
    if "terminology.json" in names:
        return "saved"
    if any(name.startswith("mrconso.rrf") for name in names):
        return "umls"
    if any(re.fullmatch(r"concept\.csv(\.\w+)?", name) for name in names):
        return "omop"
    if any(re.fullmatch(r"(nodes|concepts)\.tsv(\.\w+)?", name) for name in names):
        return "table"
    if next(folder.rglob("*sct2_Concept_*.txt"), None) is not None:
        return "snomed"
    return None


def _of_file(file: Path) -> str | None:
    name = Path(strip_compression(file)).name.lower()
    if re.match(r"mrconso\.rrf", name):
        return "umls"
    if name == "concept.csv":
        return "omop"
    if name.endswith(".bin") and "mtrees" in name:
        return "mesh"
    if re.match(r"x?sct2_", name):
        return "snomed"
    for suffix, found in ((".obo", "obo"), (".jsonl", "jsonl"), (".ndjson", "jsonl")):
        if name.endswith(suffix):
            return found
    with open_input(file) as stream:
        head = stream.read(_SNIFFED_BYTES).decode("utf-8", "replace")
    return _of_content(head.lstrip("\ufeff \t\r\n"), name)


def _of_content(head: str, name: str) -> str | None:
    first = head.split("\n", 1)[0]
    if head.startswith("<"):
        found = re.search(r"<(?![?!])(?:[\w.-]+:)?([\w.-]+)[\s>/]", head)
        return _ROOTS.get(found.group(1)) if found else None
    if head.startswith("{"):
        if '"resourceType"' in head:
            return "fhir"
        if '"graphs"' in head:
            return "obographs"
        return "jsonl" if '"concept_id"' in first else None
    if "[Term]" in head or head.startswith("format-version:"):
        return "obo"
    lines = [line for line in head.split("\n")[:50] if line]
    if any(line.startswith("#") and "\t" in line for line in lines):
        return "medic"
    if "DiseaseID\t" in first or (lines and lines[0].count("||") >= 1):
        return "medic"
    if name.endswith(_TABLES) or "\t" in first:
        return "table"
    return None
