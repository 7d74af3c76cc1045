"""SSSOM: tables of mappings with a head of metadata; and plain CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph._concept_map import ConceptMap
from graphrep.io._compression import open_output, strip_compression
from graphrep.io._lines import read_lines
from graphrep.io._terminology_rows import LONGEST_LINE, refuse_width
from graphrep.typing import PathType

_MAIN = ("subject_id", "predicate_id", "object_id", "confidence")
_NO_MATCH = "sssom:NoTermFound"
_UNSPECIFIED = "semapv:UnspecifiedMatching"


def read_mapping_sssom(path: PathType) -> ConceptMap:
    """Read an SSSOM table (tabs, or commas for ``.csv``), the head left aside.

    Further columns, such as ``mapping_justification``, become flags of texts.

    Raises
    ------
    GraphFormatError
        With the line, for a missing column, another number of columns and a
        confidence that is no number between 0 and 1.
    """
    comma = strip_compression(path).lower().endswith(".csv")
    rows = _rows(path, "," if comma else "\t")
    number, header = next(rows, (1, []))
    for name in ("subject_id", "object_id"):
        if name not in header:
            raise GraphFormatError(
                f"The header has no column {name!r}; it has {', '.join(header)}.",
                path=path,
                line=number,
            )
    table: dict[str, list[str]] = {name: [] for name in header}
    confidence: list[float] = []
    for number, row in rows:
        if len(row) != len(header):
            if not any(row):
                continue
            refuse_width(path, number, "\t".join(row), len(row), len(header))
        for name, value in zip(header, row, strict=True):
            table[name].append(value)
        if "confidence" in table:
            confidence.append(_confidence(path, number, table["confidence"][-1]))
    targets = ["" if t == _NO_MATCH else t for t in table["object_id"]]
    return ConceptMap(
        table["subject_id"],
        targets,
        predicates=table.get("predicate_id", "skos:exactMatch"),
        confidence=confidence if "confidence" in table else None,
        flags={name: column for name, column in table.items() if name not in _MAIN},
    )


def write_mapping_sssom(
    mapping: ConceptMap,
    path: PathType,
    *,
    plain: bool = False,
    justification: str = _UNSPECIFIED,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write an SSSOM table; ``plain`` writes CSV with columns source and target."""
    names = [*mapping.flags]
    if plain:
        header = ["source", "predicate", "target"]
    else:
        header = ["subject_id", "predicate_id", "object_id"]
        if "mapping_justification" not in names:
            header.append("mapping_justification")
    if mapping.confidence is not None:
        header.append("confidence")
    with open_output(path) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
        if not plain:
            for key, value in _head(mapping, metadata).items():
                text.write(f"#{key}: {value}\n")
            text.write("\t".join([*header, *names]) + "\n")
        else:
            csv.writer(text, lineterminator="\n").writerow([*header, *names])
        _write_rows(
            mapping, text, plain, "mapping_justification" in header, justification
        )
        text.detach()


def _head(mapping: ConceptMap, metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    head: dict[str, Any] = {}
    if mapping.source_title:
        head["subject_source"] = mapping.source_title
    if mapping.target_title:
        head["object_source"] = mapping.target_title
    return {**head, **(metadata or {})}


def _write_rows(
    mapping: ConceptMap, text: Any, plain: bool, justify: bool, justification: str
) -> None:
    flags = [column.tolist() for column in mapping.flags.values()]
    scores = mapping.confidence
    writer = csv.writer(text, lineterminator="\n")
    for row, (source, predicate, target) in enumerate(mapping):
        fields = [str(source), predicate, str(target)]
        if not plain:
            fields[2] = fields[2] or _NO_MATCH
            if justify:
                fields.append(justification)
        if scores is not None:
            fields.append("" if np.isnan(scores[row]) else repr(float(scores[row])))
        fields += [str(column[row]) for column in flags]
        if plain:
            writer.writerow(fields)
            continue
        if any("\t" in field or "\n" in field for field in fields):
            raise GraphValueError(
                f"Row {row:,} of the map has a tab or a line feed in it; SSSOM cannot "
                "hold it. Write csv instead."
            )
        text.write("\t".join(fields) + "\n")


def _rows(path: PathType, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in read_lines(path, max_line_bytes=LONGEST_LINE):
        if line.startswith("#"):
            continue
        if delimiter == "\t":
            yield number, line.split("\t")
        else:
            yield number, next(csv.reader([line]), [])


def _confidence(path: PathType, number: int, text: str) -> float:
    if not text:
        return float("nan")
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise GraphFormatError(
            f"confidence is {text!r}; it must be a number from 0 to 1.",
            path=path,
            line=number,
        )
    return value
