"""Columns of tables of every library, by name, without importing any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from graphrep._utils._optional import module_of
from graphrep.exceptions import GraphTypeError, GraphValueError


class Table(NamedTuple):
    """What a table gives: columns by name, and ids of its own if it has any.

    Attributes
    ----------
    columns : dict of str to sequence
        Values of each column, of any library.
    index : sequence or None
        Ids that the table has beside its columns.
    is_text : bool
        Whether all values were read from a file of texts.
    repeated : object or None
        A value that keeps an index, which looks like one of ids, from being one.
    """

    columns: dict[str, Any]
    index: Any = None
    is_text: bool = False
    repeated: Any = None


def columns_of(table: Any) -> Table:
    """Columns of any form of table; see `as_records`."""
    library = module_of(table)
    if isinstance(table, str) or hasattr(table, "__fspath__"):
        from graphrep.blocking._record_files import read_columns

        columns, is_text = read_columns(table)
        return Table(columns, None, is_text)
    if library == "pandas" and hasattr(table, "columns"):
        return _of_pandas(table)
    if library == "polars" and hasattr(table, "collect"):
        table = table.collect()
    if library == "polars" and hasattr(table, "get_columns"):
        return Table({column.name: column for column in table.get_columns()})
    if library in ("duckdb", "_duckdb") and hasattr(table, "to_arrow_table"):
        table, library = table.to_arrow_table(), "pyarrow"
    if library == "pyarrow" and hasattr(table, "read_all"):
        table = table.read_all()
    if library == "pyarrow" and hasattr(table, "column_names"):
        names = list(map(str, table.column_names))
        _refuse_repeats(names)
        return Table(dict(zip(names, table.columns, strict=True)))
    if isinstance(table, Mapping):
        return Table({str(name): values for name, values in table.items()})
    if _is_rows(table):
        names = list(dict.fromkeys(str(name) for row in table for name in row))
        return Table({name: [row.get(name) for row in table] for name in names})
    raise GraphTypeError(
        f"A table of records was expected; got {type(table).__name__}. Pass a pandas "
        "or polars DataFrame, a pyarrow Table, a DuckDB relation, a mapping of "
        "columns, a list of dictionaries, or the path of a CSV or Parquet file."
    )


def _is_rows(table: Any) -> bool:
    return isinstance(table, Sequence) and all(isinstance(r, Mapping) for r in table)


def _of_pandas(table: Any) -> Table:
    names = [str(name) for name in table.columns]
    _refuse_repeats(names)
    index = table.index
    plain = index.nlevels == 1 and index.dtype.kind in "iuO" and index.is_unique
    named = index.name is not None or index.dtype.kind == "O"
    twice = None if index.is_unique or not named else index[index.duplicated()][0]
    columns = {name: table.iloc[:, at] for at, name in enumerate(names)}
    return Table(columns, index.to_numpy() if plain else None, repeated=twice)


def _refuse_repeats(names: list[str]) -> None:
    if len(set(names)) < len(names):
        name = next(n for at, n in enumerate(names) if n in names[:at])
        raise GraphValueError(
            f"Column {name!r} stands twice in the table. Give every column a name of "
            "its own."
        )
