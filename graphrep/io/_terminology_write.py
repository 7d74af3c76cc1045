"""Terminologies as JSON lines, as one table, as a saved folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from graphrep._utils._warn import warn_user
from graphrep.exceptions import GraphValueError
from graphrep.graph import Terminology
from graphrep.graph._terminology_exchange import records
from graphrep.io._compression import open_output, strip_compression
from graphrep.typing import PathType

FORMATS = ("jsonl", "tsv", "saved")
_COLUMNS = ("id", "name", "synonyms", "parents", "types", "definition")
_SEPARATOR = "|"


def write_terminology(
    terminology: Terminology, path: PathType, format: str | None = None
) -> None:
    """Write a terminology.

    Parameters
    ----------
    terminology : Terminology
        What to write.
    path : path-like
        Where to; a compression's suffix compresses.
    format : {"jsonl", "tsv", "saved"} or None, default=None
        JSON lines of scispaCy and xMEN; a table with the columns id, name, synonyms,
        parents, types and definition, lists joined by ``|``; the folder of
        `Terminology.save`, which alone keeps everything. None looks at the suffix,
        and saves a folder where there is none.

    Raises
    ------
    GraphValueError
        For an unknown format, and for a member of a list with ``|`` in it.

    Warns
    -----
    GraphWarning
        Of what the format has no place for, such as the hierarchy in JSON lines.

    Notes
    -----
    Tabs and line feeds inside the texts of a table become blanks.
    """
    suffix = Path(strip_compression(path)).suffix.lower()
    name = format or {"": "saved", ".jsonl": "jsonl", ".tsv": "tsv"}.get(suffix)
    if name == "saved":
        terminology.save(path)
    elif name == "jsonl":
        _tell_lost(terminology, name, parents=int(terminology.parents.nnz))
        with open_output(path) as file:
            for record in records(terminology):
                text = json.dumps(record, ensure_ascii=False)
                file.write((text + "\n").encode("utf-8", "surrogatepass"))
    elif name == "tsv":
        _tell_lost(terminology, name, parents=0)
        with open_output(path) as file:
            for line in _lines(terminology):
                file.write(line.encode("utf-8", "surrogatepass"))
    else:
        raise GraphValueError(
            f"Terminologies are written as {', '.join(FORMATS)}; got "
            f"{format or suffix!r}. Pass format=."
        )


def _tell_lost(terminology: Terminology, format: str, *, parents: int) -> None:
    """Warn of what a format has no place for."""
    plain = [terminology.KINDS.index(kind) for kind in ("preferred", "exact")]
    languages = np.array([bool(name) for name in terminology.languages])
    counts = {
        "links to parents": parents,
        "other relations": sum(len(v[0]) for v in terminology.relations.values()),
        "xrefs": sum(map(len, terminology.xrefs or ())),
        "old ids": len(terminology.replaced_by),
        "kinds of names but preferred and exact": int(
            np.sum(~np.isin(terminology.name_kinds, plain))
        ),
        "languages of names": int(np.sum(languages[terminology.name_languages])),
    }
    lost = [f"{count:,} {what}" for what, count in counts.items() if count]
    if lost:
        warn_user(
            f"{format} has no place for {', '.join(lost)}; they are left out. The "
            "format 'saved' keeps everything."
        )


def _lines(terminology: Terminology) -> Iterator[str]:
    yield "\t".join(_COLUMNS) + "\n"
    ids = [str(concept) for concept in terminology.ids.tolist()]
    parents = terminology.parents
    for row, record in enumerate(records(terminology)):
        begin, end = parents.indptr[row : row + 2]
        above = [ids[at] for at in np.asarray(parents.indices[begin:end]).tolist()]
        fields = (
            ids[row],
            record["canonical_name"],
            _joined(ids[row], record["aliases"]),
            _joined(ids[row], above),
            _joined(ids[row], record["types"]),
            record["definition"] or "",
        )
        yield (
            "\t".join(
                " ".join(field.splitlines()).replace("\t", " ") for field in fields
            )
            + "\n"
        )


def _joined(concept: str, members: list[str]) -> str:
    for text in members:
        if _SEPARATOR in text:
            raise GraphValueError(
                f"{text!r} of concept {concept!r} has the separator {_SEPARATOR!r} in "
                "it, so a table cannot hold it; write jsonl or a saved folder."
            )
    return _SEPARATOR.join(members)
