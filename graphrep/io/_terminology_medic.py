"""MEDIC of CTD, as published and as of 2012, and dictionaries of ``id||name``."""

from __future__ import annotations

import re
from html import unescape

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Terminology
from graphrep.io._lines import read_lines, shorten
from graphrep.io._terminology_builder import TerminologyBuilder
from graphrep.io._terminology_rows import LONGEST_LINE, refuse_width
from graphrep.typing import PathType


def read_terminology_medic(path: PathType, *, encoding: str = "utf-8") -> Terminology:
    """Read MEDIC or another vocabulary of CTD, or lines of ``id||names``.

    Parameters
    ----------
    path : path-like
        A table of CTD (tabs, lists with ``|``, comments with ``#``, the last of which
        names the columns), or lines ``id|other ids||name|name …`` such as those of
        MEDIC of July 2012 and the dictionaries of SapBERT and BioSyn.
    encoding : str, default="utf-8"
        Encoding of the text.

    Returns
    -------
    Terminology
        Other ids of a concept stand in ``replaced_by``, so ``resolve`` finds the
        concept. Ids stay as they are: OMIM ids are bare in 2012 and ``OMIM:`` later.

    Raises
    ------
    GraphFormatError
        With the line, for one of another shape.
    """
    builder = TerminologyBuilder(path)
    header: list[str] = []
    lines = read_lines(path, encoding=encoding, max_line_bytes=LONGEST_LINE)
    for number, line in lines:
        if line.startswith("#"):
            fields = line.lstrip("# ").split("\t")
            if len(fields) > 1:
                header = [name.strip() for name in fields]
        elif header or "\t" in line:
            fields = line.split("\t")
            if not header and "DiseaseID" in fields:
                header = fields
                continue
            header = header or _usual_header(len(fields))
            if len(fields) != len(header):
                refuse_width(path, number, line, len(fields), len(header))
            _take_row(builder, dict(zip(header, fields, strict=True)))
        elif line.strip():
            _take_line(builder, path, number, line)
    return builder.build()


def _usual_header(width: int) -> list[str]:
    names = (
        "DiseaseName", "DiseaseID", "AltDiseaseIDs", "Definition", "ParentIDs",
        "TreeNumbers", "ParentTreeNumbers", "Synonyms", "SlimMappings",
    )  # fmt: skip
    return list(names[:width])


def _take_row(builder: TerminologyBuilder, row: dict[str, str]) -> None:
    what = next((name[:-2] for name in row if name.endswith("ID")), "Disease")
    concept = row.get(f"{what}ID", "")
    if not concept:
        raise GraphFormatError(
            f"A row has no {what}ID; its columns are {', '.join(row)}.",
            path=builder.path,
        )
    lists = {
        name: [text for text in value.split("|") if text] for name, value in row.items()
    }
    slot = builder.add(concept)
    builder.name(slot, row.get(f"{what}Name", ""), "preferred")
    for text in lists.get("Synonyms", ()):
        builder.name(slot, text)
    builder.define(slot, row.get("Definition", ""))
    for parent in lists.get("ParentIDs", ()):
        builder.parent(concept, parent)
    for old in lists.get(f"Alt{what}IDs", ()):
        builder.replace(old, concept)
        builder.xref(slot, old)
    builder.types(slot, lists.get("SlimMappings", ()))


def _take_line(
    builder: TerminologyBuilder, path: PathType, number: int, line: str
) -> None:
    ids, *parts = line.split("||")
    names = [text for part in parts for text in part.split("|") if text.strip()]
    concept, *others = re.split(r"[|\s]+", ids.strip())
    if not concept or not names:
        raise GraphFormatError(
            f"The line is not 'id||name': {shorten(line)}.", path=path, line=number
        )
    kind = "exact" if concept in builder else "preferred"
    slot = builder.add(concept)
    for text in names:
        builder.name(slot, unescape(text), kind)
        kind = "exact"
    for old in others:
        builder.replace(old, concept)
        builder.xref(slot, old)
