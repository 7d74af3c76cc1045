"""JSON lines of scispaCy and xMEN as terminologies."""

from __future__ import annotations

import json
from typing import Any

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Terminology
from graphrep.io._lines import read_lines
from graphrep.io._terminology_builder import TerminologyBuilder
from graphrep.typing import PathType


def read_terminology_jsonl(path: PathType) -> Terminology:
    """Read one concept a line: what `Terminology.to_jsonl` writes.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed; objects with ``concept_id``, ``canonical_name`` and
        perhaps ``aliases``, ``types`` and ``definition``.

    Returns
    -------
    Terminology
        Lines of equal id become one concept; integer ids stay integers.

    Raises
    ------
    GraphFormatError
        With the line, for text that is no JSON object with an id.
    """
    builder = TerminologyBuilder(path)
    seen: set[tuple[int, str]] = set()
    for number, line in read_lines(path, max_line_bytes=1 << 26):
        if not line.strip():
            continue
        record = _record(path, number, line)
        known = record["concept_id"] in builder
        slot = builder.add(record["concept_id"])
        texts = [record.get("canonical_name") or "", *(record.get("aliases") or ())]
        for at, text in enumerate(texts):
            if (slot, text) not in seen:
                seen.add((slot, text))
                kind = "exact" if at or known else "preferred"
                builder.name(slot, text, kind)
        builder.types(slot, record.get("types") or ())
        builder.define(slot, record.get("definition") or "")
    return builder.build()


def _record(path: PathType, number: int, line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise GraphFormatError(
            f"The line is no JSON: {error}.", path=path, line=number
        ) from None
    if not isinstance(record, dict) or type(record.get("concept_id")) not in {int, str}:
        raise GraphFormatError(
            "The line is no object with a concept_id.", path=path, line=number
        )
    return record
