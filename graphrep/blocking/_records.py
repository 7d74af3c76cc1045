"""Records: rows of a table with their ids, and the gate for every form of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from graphrep._utils._warn import warn_user
from graphrep.blocking._record_tables import Table, columns_of
from graphrep.blocking._record_texts import texts_of, whole_ids
from graphrep.exceptions import GraphValueError
from graphrep.graph import NodeIndex
from graphrep.graph._ids import is_missing, shown
from graphrep.io._blame import blame_file
from graphrep.retrieval._text_features import normal_form
from graphrep.typing import AnyArray, FloatArray, IntArray

_TAGGED = "[COL] {column} [VAL] {value}"


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
    GraphTypeError
        For ids that are not hashable.

    Notes
    -----
    O(n) time for each column; a million values that are texts already take a tenth of
    a second. Texts are shared with the table, not copied.

    Examples
    --------
    >>> Records({"name": ["abt", None], "price": [5.0, 7.5]}, ids=["x", "y"])
    Records(n=2, columns=['name', 'price'])
    """

    _whole: Records | None = None

    def __init__(self, columns: Mapping[str, Sequence[Any]], ids: Any = None) -> None:
        self.columns: dict[str, AnyArray] = {
            str(name): texts_of(values) for name, values in columns.items()
        }
        lengths = {name: len(values) for name, values in self.columns.items()}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name!r}: {n:,}" for name, n in lengths.items())
            raise GraphValueError(f"Columns must have one length; got {told}.")
        n = next(iter(lengths.values()), None)
        self.index = NodeIndex(n or 0) if ids is None else _index_of(ids)
        if n is not None and len(self.index) != n:
            raise GraphValueError(
                f"There are {len(self.index):,} ids for {n:,} records. Give one each."
            )

    @classmethod
    def _made(cls, columns: dict[str, AnyArray], index: NodeIndex) -> Records:
        """Make records of columns that are texts already."""
        made = cls.__new__(cls)
        made.columns, made.index = columns, index
        return made

    @property
    def whole(self) -> Records:
        """The records with the columns that `searched_by` left out, for rules."""
        return self if self._whole is None else self._whole

    @property
    def ids(self) -> AnyArray:
        """Ids in row order, read-only."""
        return self.index.ids

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, column: str) -> AnyArray:
        (name,) = self.check_columns([column])
        return self.columns[name]

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
        """Take the records of some rows, in the order given."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        made = Records._made(columns, _index_of(self.ids[rows]))
        if self._whole is not None:
            made._whole = self._whole.take(rows)
        return made

    def repeat(self, rows: IntArray) -> Records:
        """Take records of some rows, perhaps the same ones again, numbered anew."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        return Records._made(columns, NodeIndex(len(rows)))

    def select(self, columns: Iterable[str]) -> Records:
        """Keep some of the columns, in the order given."""
        names = self.check_columns(columns)
        return Records._made({name: self.columns[name] for name in names}, self.index)

    def searched_by(self, columns: Iterable[str]) -> Records:
        """Keep some of the columns for a search; `whole` has all of them still."""
        made = self.select(columns)
        made._whole = self.whole
        return made

    def numbers(self, column: str) -> FloatArray:
        """Texts of one column as float64, NaN where a text is no number.

        For rules such as ``abs(a.numbers("year") - b.numbers("year")) > 1``.
        """
        texts = self[column]
        out = np.full(len(texts), np.nan)
        for row, text in enumerate(texts.tolist()):
            try:
                out[row] = float(text)
            except ValueError:
                continue
        return out

    def texts(
        self, columns: Iterable[str] | None = None, style: str = "plain"
    ) -> list[str]:
        """One text for each record.

        Parameters
        ----------
        columns : iterable of str or None, default=None
            Columns to use, in this order; None takes all.
        style : {"plain", "tagged"} or str, default="plain"
            "plain" joins the values with blanks; "tagged" writes
            ``[COL] name [VAL] value`` for each value that is not missing, as Ditto
            does. A text with ``{value}``, and ``{column}`` where its name is wanted,
            is what is written for each: ``"COL {column} VAL {value}"`` is what the
            code of Sudowoodo writes.

        Returns
        -------
        list of str

        Raises
        ------
        GraphValueError
            For a style without ``{value}``.
        """
        around = tags_of(style)
        names = self.check_columns(columns)
        if not names:
            return [""] * len(self)
        values = [self.columns[name].tolist() for name in names]
        if around is None:
            return [" ".join(filter(None, row)) for row in zip(*values, strict=True)]
        tags = [[part.replace("{column}", name) for part in around] for name in names]
        return [
            " ".join(
                before + text + after
                for (before, after), text in zip(tags, row, strict=True)
                if text
            )
            for row in zip(*values, strict=True)
        ]

    def text_groups(self, other: Records) -> tuple[IntArray, IntArray]:
        """Give records of both tables numbers, one for those that say the same.

        Returns
        -------
        own, others : ndarray of int64
            Capitals and blanks do not count; a record without any text is like no
            other.
        """
        numbers: dict[str, int] = {}
        found = []
        for records in (self,) if other is self else (self, other):
            texts = map(normal_form, records.texts())
            codes = [numbers.setdefault(t, len(numbers)) if t else -1 for t in texts]
            found.append(np.array(codes, np.int64))
            empty = found[-1] < 0
            found[-1][empty] = -np.arange(1, 1 + np.count_nonzero(empty))
            found[-1][empty] -= len(self) * (len(found) - 1)
        return found[0], found[-1]

    def check_columns(self, columns: Iterable[str] | None) -> list[str]:
        """Names of columns; an unknown one is refused."""
        names = list(self.columns) if columns is None else list(columns)
        for name in names:
            if name not in self.columns:
                raise GraphValueError(_no_column(name, self.columns))
        return names


def tags_of(style: str) -> tuple[str, str] | None:
    """Say what stands before and after a value, None for nothing; see `texts`."""
    if style == "plain":
        return None
    form = _TAGGED if style == "tagged" else style
    before, value, after = form.partition("{value}")
    if not value:
        raise GraphValueError(
            "style must be 'plain', 'tagged', or a text with {value} such as "
            f"'COL {{column}} VAL {{value}}'; got {style!r}."
        )
    return before, after


def as_records(
    table: Any, *, id: str | None = None, columns: Iterable[str] | None = None
) -> Records:
    """Read records from any form of table.

    Parameters
    ----------
    table : Records, pandas or polars DataFrame, pyarrow Table, DuckDB relation, \
mapping of columns, sequence of mappings, or path of a CSV, TSV or Parquet file
        Anything with rows and named columns; a LazyFrame is collected. Text files may
        be compressed and need a header line.
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
    GraphFormatError
        For a file that breaks its format, with the line.

    Notes
    -----
    Ids keep their type. Those of a text file are integers if every one of them is
    written as one (no sign, no leading zero), else all are texts. Values of a text
    file are kept as they are, but for the ``.0`` in a column of decimals.

    Examples
    --------
    >>> table = [{"sku": "a1", "name": "lens"}, {"sku": "a2", "name": "tripod"}]
    >>> as_records(table, id="sku").ids.tolist()
    ['a1', 'a2']
    """
    if isinstance(columns, str):
        raise GraphValueError(
            f"columns must be a list of names; got the text {columns!r}. Write "
            f"[{columns!r}]."
        )
    if isinstance(table, Records):
        if id is not None:
            raise GraphValueError(
                f"Records have their ids already; id={id!r} has no effect. Leave it "
                "out."
            )
        return table if columns is None else table.select(columns)
    found = columns_of(table)
    if isinstance(table, str) or hasattr(table, "__fspath__"):
        with blame_file(table):
            return _records_of(found, id, columns, table)
    return _records_of(found, id, columns, table)


def _records_of(
    found: Table, id: str | None, columns: Iterable[str] | None, table: Any
) -> Records:
    if id is None and "id" in found.columns:
        id = "id"
    names = [name for name in found.columns if name != id]
    wanted = names if columns is None else list(columns)
    for name in [*wanted, *([] if id is None else [id])]:
        if name not in found.columns:
            raise GraphValueError(_no_column(name, found.columns))
    if id is None and found.repeated is not None:
        warn_user(
            f"The index of the table holds {found.repeated!r} more than once, so its "
            "records are numbered from 0. Name the column of ids with id=, or pass "
            "table.reset_index(drop=True)."
        )
    ids = found.index if id is None else _ids_of(found, id, table)
    with _naming(id):
        return Records({name: found.columns[name] for name in wanted}, ids)


@contextmanager
def _naming(column: str | None) -> Iterator[None]:
    """Name the column of ids in what is refused inside."""
    try:
        yield
    except GraphValueError as error:
        if column is None or not str(error).startswith("Record"):
            raise
        raise GraphValueError(f"Column {column!r} of ids: {error}") from error


def _ids_of(found: Table, id: str, table: Any) -> Any:
    values = found.columns[id]
    if not found.is_text:
        return whole_ids(values)
    from graphrep.io._ids import index_from_texts

    if "" in values or len(values) != len(set(values)):
        return values  # refused with the record
    return index_from_texts(values, None, table)


def _index_of(ids: Any) -> NodeIndex:
    """Index of ids; one that is missing or stands twice is refused by its row."""
    if isinstance(ids, NodeIndex):
        return ids
    if not isinstance(ids, (int, np.integer, set, frozenset)):
        ids = whole_ids(ids)
        if not isinstance(ids, np.ndarray) or ids.dtype == object:
            _refuse_missing(ids)
    try:
        return NodeIndex(ids)
    except GraphValueError as error:
        raise GraphValueError(_repeated(ids) or _of_records(error)) from error


def _refuse_missing(ids: Any) -> None:
    for row, value in enumerate(ids):
        if value == "" or is_missing(value):
            raise GraphValueError(
                f"Record {row:,} (counted from 0) has no id: {shown(value)}. Give it "
                "one, or name another column."
            )


def _repeated(ids: Any) -> str:
    seen: dict[Any, int] = {}
    for row, value in enumerate(ids):
        first = seen.setdefault(value, row)
        if first != row:
            plain = value.item() if isinstance(value, np.generic) else value
            return (
                f"Records {first:,} and {row:,} (counted from 0) have the same id "
                f"{shown(plain)}. Ids must be unique; name another column, or drop one."
            )
    return ""


def _of_records(error: Exception) -> str:
    said = str(error).replace("Node id", "Record id").replace("every node", "each")
    return said.replace("nodes", "records")


def _no_column(name: object, columns: Iterable[str]) -> str:
    return (
        f"There is no column {name!r}; there are "
        f"{', '.join(map(repr, columns)) or 'none'}."
    )
