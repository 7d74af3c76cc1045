"""What ``graphrep link`` writes: links in the form that the suffix asks for."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from graphrep.cli._linking import FORMATS
from graphrep.cli._outputs import STANDARD_OUTPUT, check_file, check_model, check_output

if TYPE_CHECKING:
    from graphrep.cli._linking_inputs import Phrases
    from graphrep.linking import CandidateList

_TEXT = ("csv", "tsv", "jsonl")
_SUFFIXES = {
    ".sssom.tsv": "sssom", ".sssom": "sssom", ".csv": "csv", ".tsv": "tsv",
    ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet",
    ".pq": "parquet", ".json": "fhir",
}  # fmt: skip


class Outputs(NamedTuple):
    """Files that a run writes; None where there is none."""

    links: str | None
    format: str | None
    report: str | None
    model: str | None

    @property
    def names(self) -> list[str]:
        """Those that are files."""
        every = (self.links, self.report, self.model)
        return [path for path in every if path is not None and path != STANDARD_OUTPUT]

    @property
    def kind(self) -> str:
        """Format of the links, by name or by suffix."""
        if self.format is not None:
            return self.format
        from graphrep.io._compression import strip_compression

        name = strip_compression(str(self.links)).lower()
        for suffix, kind in _SUFFIXES.items():
            if name.endswith(suffix):
                return kind
        raise click.UsageError(
            f"The suffix of {self.links} tells no format of links. Use .csv, .tsv, "
            ".jsonl, .parquet, .sssom.tsv or .json (FHIR), or pass --format."
        )

    def check(self, overwrite: bool, as_json: bool) -> None:
        """Refuse what cannot be written, before any work."""
        if self.links is None and self.format is not None:
            raise click.UsageError("--format has no effect without -o; leave it out.")
        if self.links is not None:
            if self.links == STANDARD_OUTPUT and self.format not in _TEXT:
                raise click.UsageError(f"-o - needs --format, {' or '.join(_TEXT)}.")
            self._check_compression()
            check_output(self.links, overwrite=overwrite, as_json=as_json)
        if self.report is not None:
            check_file(Path(self.report), overwrite=overwrite)
        check_model(self.model, overwrite=overwrite)

    def _check_compression(self) -> None:
        from graphrep.io._compression import strip_compression

        path = str(self.links)
        if self.kind in ("parquet", "fhir") and strip_compression(path) != path:
            raise click.UsageError(
                f"A {self.kind} file is written uncompressed; give {path} another "
                "suffix."
            )

    def write_links(
        self, found: CandidateList, phrases: Phrases, threshold: float | None
    ) -> None:
        """Write the links; a phrase without one is kept, with an empty concept."""
        if self.links is None:
            return
        if self.kind == "sssom":
            from graphrep.integrations.sssom import write_sssom

            write_sssom(
                found, self.links, phrases.ids, top=_most(found), threshold=threshold
            )
        elif self.kind == "fhir":
            _write_fhir(found, self.links, phrases.ids, threshold)
        else:
            rows = list(link_rows(found, phrases, threshold))
            _WRITERS[self.kind](rows, self.links)


def link_rows(
    found: CandidateList, phrases: Phrases, threshold: float | None
) -> Iterator[dict[str, Any]]:
    """Flat records: row, id, phrase, rank, concept_id, name, score, sources."""
    kept = found if threshold is None else found.above(threshold)
    for query, candidates in enumerate(kept):
        head: dict[str, Any] = {"row": query}
        if phrases.ids is not None:
            head["id"] = phrases.ids[query]
        head["phrase"] = phrases.texts[query]
        for rank, one in enumerate(candidates, start=1):
            yield head | {
                "rank": rank,
                "concept_id": one.concept_id,
                "name": one.name,
                "score": round(one.score, 6),
                "sources": "|".join(one.sources),
            }
        if not candidates:
            none = dict.fromkeys(("rank", "concept_id", "name", "score", "sources"))
            yield head | none


def _most(found: CandidateList) -> int:
    return max(1, int(found.counts.max(initial=1)))


def _write_fhir(
    found: CandidateList, path: str, ids: list[str] | None, threshold: float | None
) -> None:
    from graphrep._utils._atomic import atomic_path
    from graphrep.integrations.fhir import to_concept_map

    resource = to_concept_map(found, ids, top=_most(found), threshold=threshold)
    with atomic_path(path) as part:
        text = json.dumps(resource, ensure_ascii=False, indent=1)
        part.write_text(text + "\n", encoding="utf-8")


def _write_text(rows: list[dict[str, Any]], path: str, separator: str) -> None:
    cells = [["" if cell is None else cell for cell in row.values()] for row in rows]
    style: dict[str, Any] = {}
    if separator == "\t":  # readers of TSV know no quotes
        style = {"quoting": csv.QUOTE_NONE, "quotechar": None}
        cells = [
            [" ".join(cell.split()) if isinstance(cell, str) else cell for cell in line]
            for line in cells
        ]
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, lineterminator="\n", **style)
    writer.writerows([list(rows[0]), *cells])
    _put(buffer.getvalue(), path)


def _write_jsonl(rows: list[dict[str, Any]], path: str) -> None:
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    _put("".join(f"{line}\n" for line in lines), path)


def _put(text: str, path: str) -> None:
    from graphrep.io._compression import open_output

    with open_output(path) as stream:
        stream.write(text.encode())


def _write_parquet(rows: list[dict[str, Any]], path: str) -> None:
    from graphrep._utils._atomic import atomic_path
    from graphrep._utils._optional import require

    why = "Writing a Parquet file"
    pyarrow = require("pyarrow", extra="io", why=why)
    parquet = require("pyarrow.parquet", extra="io", why=why)
    table = pyarrow.table({name: [row[name] for row in rows] for name in rows[0]})
    with atomic_path(path) as part:
        parquet.write_table(table, part)


_WRITERS: dict[str, Callable[[list[dict[str, Any]], str], None]] = {
    "csv": partial(_write_text, separator=","),
    "tsv": partial(_write_text, separator="\t"),
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
}

__all__ = ["FORMATS", "Outputs", "link_rows"]
