"""Dictionaries of names for tools that look phrases up: one function a tool."""

from __future__ import annotations

import csv
import gzip
import io
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graphrep._utils._atomic import atomic_path
from graphrep.exceptions import GraphFormatError
from graphrep.graph import Terminology
from graphrep.graph._terminology_exchange import records
from graphrep.integrations._asking import one_line
from graphrep.io import as_terminology
from graphrep.typing import PathType

_GILDA = ("norm_text", "text", "db", "id", "entry_name", "status", "source",
          "organism", "source_db", "source_id")  # fmt: skip
_MEDCAT = ("cui", "name", "ontologies", "name_status", "type_ids", "description")
_BAR = "||"
_DASHES = dict.fromkeys([0x2D, 0x2212, *range(0x2010, 0x2016)])


def write_sapbert(terminology: Any, path: PathType) -> None:
    """Write ``id||name`` lines, as SapBERT and BioSyn read dictionaries.

    Parameters
    ----------
    terminology : Terminology, or what `graphrep.as_terminology` reads
        Names.
    path : path-like
        Where to.

    Raises
    ------
    GraphFormatError
        For an id with ``||`` in it.
    """
    known = as_terminology(terminology)
    with atomic_path(path) as part, part.open("w", encoding="utf-8") as file:
        for concept, name, _ in _names(known):
            if _BAR in str(concept):
                raise GraphFormatError(
                    f"The id {concept!r} has {_BAR!r} in it, which ends an id.",
                    path=path,
                )
            file.write(f"{concept}{_BAR}{one_line(name)}\n")


def write_gilda(
    terminology: Any, path: PathType, *, db: str, organism: str = ""
) -> None:
    """Write a table of terms of Gilda; compressed for ``.gz``.

    Parameters
    ----------
    terminology : Terminology, or what `graphrep.as_terminology` reads
        Names.
    path : path-like
        Where to.
    db : str
        Name space of the ids, such as ``"HP"``; it is the source too.
    organism : str, default=""
        Taxonomy id, for genes and proteins.

    Notes
    -----
    ``norm_text`` is the text in small letters, blanks merged, dashes and accents left
    out; Gilda spells other scripts in Latin letters, which is not done here. Status is
    "name", "synonym" or "former_name".
    """
    known = as_terminology(terminology)
    former = known.KINDS.index("former")
    with atomic_path(path) as part, _open_text(part, path) as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(_GILDA)
        for concept, name, row in _names(known):
            at = int(known.name_concepts[row])
            first = known.preferred_names[at]
            kind = int(known.name_kinds[row])
            status = "former_name" if kind == former else "synonym"
            status = "name" if row == int(known.name_offsets[at]) else status
            table.writerow(
                [_gilda_form(name), one_line(name), db, str(concept), one_line(first),
                 status, db.lower(), organism, "", ""]
            )  # fmt: skip


def write_medcat(terminology: Any, path: PathType, *, ontology: str = "") -> None:
    """Write the CSV that MedCAT builds a concept database of.

    Parameters
    ----------
    terminology : Terminology, or what `graphrep.as_terminology` reads
        Names.
    path : path-like
        Where to.
    ontology : str, default=""
        Column ``ontologies``.

    Notes
    -----
    ``name_status`` is P for the preferred name of a concept, N (names that need
    disambiguation) for abbreviations and A for others.
    """
    known = as_terminology(terminology)
    short = known.KINDS.index("abbreviation")
    with atomic_path(path) as part, _open_text(part, path) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(_MEDCAT)
        for concept, name, row in _names(known):
            at = int(known.name_concepts[row])
            first = row == int(known.name_offsets[at])
            status = "N" if int(known.name_kinds[row]) == short else "A"
            types = "|".join(known.types[at]) if known.types else ""
            text = known.definitions[at] if known.definitions is not None else None
            table.writerow(
                [str(concept), one_line(name), ontology, "P" if first else status,
                 types, one_line(text or "") if first else ""]
            )  # fmt: skip


def flair_candidates(terminology: Any, database: str) -> Iterator[dict[str, Any]]:
    """Arguments of flair's ``EntityCandidate``, concept by concept.

    ``EntityLinkingDictionary`` of flair is made of
    ``[EntityCandidate(**one) for one in flair_candidates(terminology, "HPO")]``.

    Parameters
    ----------
    terminology : Terminology, or what `graphrep.as_terminology` reads
        Concepts.
    database : str
        Name of the terminology.

    Yields
    ------
    dict
        concept_id, concept_name, database_name, additional_ids, synonyms, description.
    """
    known = as_terminology(terminology)
    for at, one in enumerate(records(known)):
        yield {
            "concept_id": one["concept_id"],
            "concept_name": one["canonical_name"],
            "database_name": database,
            "additional_ids": list(known.xrefs[at]) if known.xrefs else [],
            "synonyms": one["aliases"],
            "description": one["definition"],
        }


def _names(known: Terminology) -> Iterator[tuple[Any, str, int]]:
    """Id, text and row of every name that is not empty."""
    owners = known.ids[known.name_concepts].tolist()
    for row, (concept, name) in enumerate(zip(owners, known.name_texts, strict=True)):
        if name.strip():
            yield concept, name, row


def _open_text(part: Path, path: PathType) -> Any:
    if Path(path).suffix == ".gz":
        return io.TextIOWrapper(gzip.open(part, "wb"), "utf-8", newline="")
    return part.open("w", encoding="utf-8", newline="")


def _gilda_form(text: str) -> str:
    text = one_line(text).translate(_DASHES)
    if not text.isascii():
        parts = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in parts if not unicodedata.combining(c))
    return text.lower()
