"""Records: rows of a table with their ids, and the gate for every form of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from graphrep._utils._optional import module_of
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import NodeIndex
from graphrep.typing import AnyArray, IntArray

_MISSING = frozenset({"<NA>", "NaT"})  # what pandas prints for them


class Records:
    """A table of records: unique ids, and named columns of texts.

    Parameters
    ----------
    columns : mapping of str to sequence
        Values of each column, all of one length. Values become texts: numbers without
        a needless ``.0``, dates in ISO form; None, NaN and the like become "".
    ids : sequence of hashable, int or None, default=None
        Id of each record, kept as it is; None numbers them from 0.

    Attributes
    ----------
    ids : ndarray
        Ids in row order, int64 or object.
    columns : dict of str to ndarray of object
        Texts of each column.

    Raises
    ------
    GraphValueError
        For columns of different lengths, ids that are missing or stand twice.

    Examples
    --------
    >>> Records({"name": ["abt", None], "price": [5.0, 7.5]}, ids=["x", "y"])
    Records(n=2, columns=['name', 'price'])
    """

    def __init__(self, columns: Mapping[str, Sequence[Any]], ids: Any = None) -> None:
        self.columns: dict[str, AnyArray] = {
            str(name): texts_of(values) for name, values in columns.items()
        }
        lengths = {name: len(values) for name, values in self.columns.items()}
        if len(set(lengths.values())) > 1:
            shown = ", ".join(f"{name!r}: {n:,}" for name, n in lengths.items())
            raise GraphValueError(f"Columns must have one length; got {shown}.")
        n = next(iter(lengths.values()), 0) if ids is None else None
        self.index = NodeIndex(n if n is not None else ids)
        if lengths and len(self.index) != next(iter(lengths.values())):
            raise GraphValueError(
                f"There are {len(self.index):,} ids for "
                f"{next(iter(lengths.values())):,} records."
            )

    @property
    def ids(self) -> AnyArray:
        """Ids in row order, read-only."""
        return self.index.ids

    def __len__(self) -> int:
        return len(self.index)

    def __repr__(self) -> str:
        return f"Records(n={len(self):,}, columns={list(self.columns)})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Records):
            return NotImplemented
        return (
            self.index == other.index
            and list(self.columns) == list(other.columns)
            and all((v == other.columns[k]).all() for k, v in self.columns.items())
        )

    __hash__ = None  # type: ignore[assignment]

    def take(self, rows: IntArray) -> Records:
        """Records of some rows, in the order given."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        return Records(columns, self.ids[rows])

    def repeat(self, rows: IntArray) -> Records:
        """Records of some rows, perhaps the same ones again, numbered anew."""
        return Records({name: values[rows] for name, values in self.columns.items()})

    def texts(self, columns: Iterable[str] | None = None, style: str = "plain") -> Any:
        """One text for each record.

        Parameters
        ----------
        columns : iterable of str or None, default=None
            Columns to use, in this order; None takes all.
        style : {"plain", "tagged"}, default="plain"
            "plain" joins the values with blanks; "tagged" writes
            ``[COL] name [VAL] value`` for each value that is not missing, as Ditto
            and Sudowoodo do.

        Returns
        -------
        list of str
        """
        if style not in ("plain", "tagged"):
            raise GraphValueError(f"style must be 'plain' or 'tagged'; got {style!r}.")
        names = self.check_columns(columns)
        tags = [f"[COL] {name} [VAL] " if style == "tagged" else "" for name in names]
        rows = zip(*(self.columns[name] for name in names), strict=True)
        if not names:
            return [""] * len(self)
        return [
            " ".join(tag + text for tag, text in zip(tags, row, strict=True) if text)
            for row in rows
        ]

    def check_columns(self, columns: Iterable[str] | None) -> list[str]:
        """Names of columns; an unknown one is refused."""
        names = list(self.columns) if columns is None else list(columns)
        for name in names:
            if name not in self.columns:
                raise GraphValueError(
                    f"There is no column {name!r}; there are "
                    f"{', '.join(map(repr, self.columns))}."
                )
        return names


def as_records(
    table: Any, *, id: str | None = None, columns: Iterable[str] | None = None
) -> Records:
    """Read records from any form of table.

    Parameters
    ----------
    table : Records, pandas or polars DataFrame, pyarrow Table, DuckDB relation, \
mapping of columns, sequence of mappings, or path of a CSV or Parquet file
        Anything with rows and named columns.
    id : str or None, default=None
        Column of the ids. None takes a column named "id" if there is one, else the
        index of a pandas table, else the row numbers.
    columns : iterable of str or None, default=None
        Columns to keep; None keeps all but the ids.

    Returns
    -------
    Records

    Raises
    ------
    GraphTypeError
        For an object that is no table.
    GraphValueError
        For missing columns, or ids that are missing or stand twice.
    """
    if isinstance(table, Records):
        names = table.check_columns(columns)
        if names == list(table.columns):
            return table
        return Records({name: table.columns[name] for name in names}, table.ids)
    found, index = _columns_of(table)
    if id is None and "id" in found:
        id = "id"
    if id is not None:
        if id not in found:
            raise GraphValueError(
                f"There is no column {id!r} for the ids; there are "
                f"{', '.join(map(repr, found)) or 'none'}."
            )
        index = _plain(found.pop(id))
    names = list(found) if columns is None else list(columns)
    for name in names:
        if name not in found:
            raise GraphValueError(
                f"There is no column {name!r}; there are "
                f"{', '.join(map(repr, found)) or 'none'}."
            )
    try:
        return Records({name: found[name] for name in names}, index)
    except GraphValueError as error:
        if id is None:
            raise
        raise GraphValueError(f"Column {id!r} of ids: {error}") from error


def _columns_of(table: Any) -> tuple[dict[str, Any], Any]:
    """Columns by name, and ids that the table itself has."""
    library = module_of(table)
    if isinstance(table, (str,)) or hasattr(table, "__fspath__"):
        from graphrep.blocking._record_files import read_columns

        return read_columns(table), None
    if library == "pandas" and hasattr(table, "columns"):
        index = table.index
        plain = index.nlevels == 1 and index.dtype.kind in "iO" and index.is_unique
        columns = {str(name): table[name].tolist() for name in table.columns}
        return columns, index.to_numpy() if plain else None
    if library == "polars" and hasattr(table, "columns"):
        table = table.collect() if hasattr(table, "collect") else table
        return {name: table[name].to_list() for name in table.columns}, None
    if library in ("duckdb", "_duckdb") and hasattr(table, "arrow"):
        table = table.arrow()
        table = table.read_all() if hasattr(table, "read_all") else table
        library = "pyarrow"
    if library == "pyarrow" and hasattr(table, "column_names"):
        columns = {
            name: table.column(i).to_pylist()
            for i, name in enumerate(table.column_names)
        }
        return columns, None
    if isinstance(table, Mapping):
        return {str(name): values for name, values in table.items()}, None
    if isinstance(table, Sequence) and all(isinstance(row, Mapping) for row in table):
        names = list(dict.fromkeys(str(name) for row in table for name in row))
        return {name: [row.get(name) for row in table] for name in names}, None
    raise GraphTypeError(
        f"A table of records was expected; got {type(table).__name__}. Pass a pandas "
        "or polars DataFrame, a pyarrow Table, a DuckDB relation, a mapping of "
        "columns, a list of dictionaries, or the path of a CSV or Parquet file."
    )


def texts_of(values: Sequence[Any]) -> AnyArray:
    """Values as texts, "" for missing ones: ndarray of object."""
    out = np.empty(len(values), object)
    out[:] = [v if type(v) is str else _text_of(v) for v in values]
    return out


def _text_of(value: Any) -> str:
    """One value as a text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating, Decimal)):
        if math.isnan(value):
            return ""
        if math.isfinite(value) and value == int(value):
            return str(int(value))
        return str(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        parts = (
            sorted(map(_text_of, value))
            if isinstance(value, (set, frozenset))
            else (map(_text_of, value))
        )
        return " ".join(part for part in parts if part)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return "" if text in _MISSING else text


def _plain(values: Any) -> Any:
    """Ids as numbers where all of them are whole."""
    array = np.asarray(values, dtype=object)
    floats = [isinstance(v, float) and v == v and v == int(v) for v in array]
    return [int(v) for v in array] if len(array) and all(floats) else list(array)
