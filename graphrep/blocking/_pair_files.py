"""Candidate pairs in CSV, TSV, Parquet and npz files."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._utils._optional import require
from graphrep.blocking._pair_tables import COLUMNS, arrow_of_pairs, check_ids
from graphrep.blocking._record_files import read_columns
from graphrep.blocking._record_rows import rows_of_ids
from graphrep.blocking._record_texts import plain_values
from graphrep.blocking._records import as_records
from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import NodeIndex
from graphrep.io._blame import blame_file
from graphrep.io._compression import open_output, strip_compression
from graphrep.io._npz_arrays import NpzFile, write_npz_arrays
from graphrep.io._npz_texts import join_texts, split_texts
from graphrep.typing import AnyArray, FloatArray, PathType

if TYPE_CHECKING:
    from graphrep.blocking._candidate_pairs import CandidatePairs

PAIR_FORMATS = ("csv", "tsv", "parquet", "npz")
FORMAT_VERSION = 1
_BLOCK = 1 << 18  # pairs that are written at once
_ROW_GROUP = 1 << 20
_VERSION_KEY = "graphrep_pairs"
_SIDES = ("left", "right")
_CUTS = re.compile(r"[\t\r\n]")


def pair_format(path: PathType, format: str | None = None) -> str:
    """Format of a file of pairs, by name or by suffix."""
    if format is not None:
        if format not in PAIR_FORMATS:
            raise GraphValueError(
                f"format must be one of {', '.join(PAIR_FORMATS)}; got {format!r}."
            )
        return format
    plain = strip_compression(path)
    suffix = Path(plain).suffix.lower().removeprefix(".")
    found = {"pq": "parquet", "tab": "tsv"}.get(suffix, suffix)
    if found not in PAIR_FORMATS or (plain != str(path) and found[0] not in "ct"):
        raise GraphFormatError(
            "The suffix tells no format of pairs. Use .csv, .tsv (or .csv.gz and so "
            "on), .parquet or .npz, or pass format=.",
            path=path,
        )
    return found


def write_pairs(pairs: CandidatePairs, path: PathType, format: str | None) -> None:
    """Write pairs; see `CandidatePairs.write`."""
    name = pair_format(path, format)
    for index in (pairs.left_index, pairs.right_index):
        check_ids(index, f"A file of {name} pairs")
    if name == "npz":
        write_npz_arrays(_arrays_of(pairs), path)
    elif name == "parquet":
        _write_parquet(pairs, path)
    else:
        _write_text(pairs, path, "\t" if name == "tsv" else ",")


def read_pairs(
    path: PathType, left: Any, right: Any, format: str | None
) -> CandidatePairs:
    """Read pairs; see `CandidatePairs.read`."""
    name = pair_format(path, format)
    left_index = None if left is None else as_records(left).index
    right_index = left_index if right is None else as_records(right).index
    if name == "npz":
        return _read_npz(path, left_index, right_index, right is None)
    if left_index is None or right_index is None:
        raise GraphValueError(
            f"A file of {name} pairs has the ids of the pairs only. Pass the tables: "
            "read(path, left, right), or read(path, left) for one table."
        )
    return _read_table(path, name, left_index, right_index, right is None)


# -- tables ------------------------------------------------------------------------
def _write_text(pairs: CandidatePairs, path: PathType, separator: str) -> None:
    if separator == "\t":
        _refuse_cuts(pairs.left_index)
        _refuse_cuts(pairs.right_index)
    left, right = pairs.left_index.ids, pairs.right_index.ids
    with open_output(path) as stream:
        text = io.TextIOWrapper(stream, "utf-8", newline="")
        writer = (
            csv.writer(text, lineterminator="\n")
            if separator == ","
            else csv.writer(
                text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE,
                quotechar=None,
            )
        )  # fmt: skip
        writer.writerow(COLUMNS)
        for start in range(0, len(pairs), _BLOCK):
            span = slice(start, start + _BLOCK)
            a, b = left[pairs.left_rows[span]], right[pairs.right_rows[span]]
            scores = pairs.scores[span].astype("U32")
            rows = zip(a.tolist(), b.tolist(), scores.tolist(), strict=True)
            writer.writerows(rows)
        text.flush()
        text.detach()


def _refuse_cuts(index: NodeIndex) -> None:
    for row, value in enumerate([] if index.is_integer else index.ids.tolist()):
        if _CUTS.search(value):
            raise GraphValueError(
                f"TSV cannot hold id {value!r:.80} of record {row:,}, which has a tab "
                "or a line end. Write CSV or Parquet."
            )


def _write_parquet(pairs: CandidatePairs, path: PathType) -> None:
    parquet = require("pyarrow.parquet", extra="io", why="Writing a Parquet file")
    schema = arrow_of_pairs(pairs.head(0)).schema
    options = {"compression": "zstd", "write_page_checksum": True}
    with (
        open_output(path) as stream,
        parquet.ParquetWriter(stream, schema, **options) as writer,
    ):
        for start in range(0, len(pairs), _ROW_GROUP):
            span = np.arange(start, min(start + _ROW_GROUP, len(pairs)))
            writer.write_table(arrow_of_pairs(pairs.take(span)))


def _read_table(
    path: PathType, name: str, left: NodeIndex, right: NodeIndex, one_table: bool
) -> CandidatePairs:
    from graphrep.blocking._candidate_pairs import CandidatePairs

    columns, _ = read_columns(path, kind=name)
    known = set(COLUMNS[:2]) <= columns.keys()
    names = list(COLUMNS[:2]) if known else list(columns)[:2]
    if len(names) < 2:
        raise GraphFormatError(
            "Pairs need two columns of ids; there are "
            f"{', '.join(map(repr, columns)) or 'none'}.",
            path=path,
        )
    rest = [n for n in columns if n not in names]
    score = "score" if "score" in rest else None if known else next(iter(rest), None)
    with blame_file(path):
        return CandidatePairs(
            rows_of_ids(columns[names[0]], left, "Pair", "left"),
            rows_of_ids(columns[names[1]], right, "Pair", "right"),
            None if score is None else _numbers(columns[score], score),
            left_ids=left, right_ids=right, one_table=one_table,
        )  # fmt: skip


def _numbers(column: Any, name: str) -> FloatArray:
    values = plain_values(column)
    try:
        numbers: FloatArray = np.asarray(values, np.float64).astype(np.float32)
        return numbers
    except (TypeError, ValueError):
        at, bad = next((i, v) for i, v in enumerate(values) if not _is_number(v))
        raise GraphValueError(
            f"Pair {at + 1:,} has {name!r} {bad!r:.80}, which is no number."
        ) from None


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


# -- npz ---------------------------------------------------------------------------
def _arrays_of(pairs: CandidatePairs) -> dict[str, AnyArray]:
    arrays: dict[str, AnyArray] = {
        _VERSION_KEY: np.array(FORMAT_VERSION),
        "one_table": np.array(pairs.one_table),
        "left_rows": pairs.left_rows,
        "right_rows": pairs.right_rows,
        "scores": pairs.scores,
    }
    sides = _SIDES[:1] if pairs.one_table else _SIDES
    for side, index in zip(_SIDES, (pairs.left_index, pairs.right_index), strict=True):
        if side not in sides:
            continue
        arrays[f"n_{side}"] = np.array(len(index))
        if not index.is_integer:
            joined = join_texts(index.ids.tolist())
            arrays[f"{side}_ids_utf8"], arrays[f"{side}_ids_ends"] = joined
        elif not index.is_range:
            arrays[f"{side}_ids"] = index.ids
    return arrays


def _read_npz(
    path: PathType, left: NodeIndex | None, right: NodeIndex | None, one_table: bool
) -> CandidatePairs:
    from graphrep.blocking._candidate_pairs import CandidatePairs

    with NpzFile(path) as archive, blame_file(path):
        if _VERSION_KEY not in archive:
            raise GraphFormatError(
                f"The arrays {', '.join(sorted(archive.names)) or '(none)'} are no "
                "candidate pairs; expected those of CandidatePairs.write.",
                path=path,
            )
        version = archive.scalar(_VERSION_KEY)
        if version > FORMAT_VERSION:
            raise GraphFormatError(
                f"The pairs are of format version {version}, this graphrep reads up to "
                f"{FORMAT_VERSION}. Install a newer graphrep.",
                path=path,
            )
        own = bool(archive.scalar("one_table"))
        indexes = [_index_in(archive, "left", path)]
        indexes.append(indexes[0] if own else _index_in(archive, "right", path))
        found = CandidatePairs(
            archive["left_rows"], archive["right_rows"], archive["scores"],
            left_ids=indexes[0], right_ids=indexes[1], one_table=own,
        )  # fmt: skip
        if left is None or right is None:
            return found
        return CandidatePairs(
            rows_of_ids(found.left_ids, left, "Pair", "left"),
            rows_of_ids(found.right_ids, right, "Pair", "right"),
            found.scores, left_ids=left, right_ids=right, one_table=one_table,
        )  # fmt: skip


def _index_in(archive: NpzFile, side: str, path: PathType) -> NodeIndex:
    size = int(archive.scalar(f"n_{side}"))
    name = f"{side}_ids"
    if f"{name}_utf8" in archive:
        joined, ends = archive[f"{name}_utf8"], archive[f"{name}_ends"]
        index = NodeIndex(split_texts(joined, ends, path, name))
    elif name in archive:
        index = NodeIndex(archive[name])
    else:
        index = NodeIndex(size)
    if len(index) != size:
        raise GraphFormatError(
            f"n_{side} is {size:,} but there are {len(index):,} ids.", path=path
        )
    return index
