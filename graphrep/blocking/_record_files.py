"""Columns of records from CSV and Parquet files."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from graphrep._utils._optional import require
from graphrep.exceptions import GraphFormatError
from graphrep.io._compression import open_input, strip_compression
from graphrep.typing import PathType


def read_columns(path: PathType) -> dict[str, Any]:
    """Columns of a file by name; values of text files are texts."""
    kind = strip_compression(str(path)).lower().rpartition(".")[2]
    if kind in ("parquet", "pq"):
        parquet = require("pyarrow.parquet", extra="io", why="Reading Parquet")
        table = parquet.read_table(Path(path))
        return {name: table.column(name).to_pylist() for name in table.column_names}
    with open_input(path) as stream:
        text = io.TextIOWrapper(stream, "utf-8-sig", newline="")
        rows = csv.reader(text, delimiter="\t" if kind in ("tsv", "tab") else ",")
        names = next(rows, [])
        columns: list[list[str]] = [[] for _ in names]
        for number, row in enumerate(rows, start=2):
            if not row:
                continue
            if len(row) != len(names):
                raise GraphFormatError(
                    f"There are {len(row)} fields but {len(names)} columns. Quote "
                    "fields that hold the separator.",
                    path=path,
                    line=number,
                )
            for column, value in zip(columns, row, strict=True):
                column.append(value)
    return dict(zip(names, columns, strict=True))
