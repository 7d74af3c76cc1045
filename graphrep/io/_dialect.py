"""The dialect of an edge list: delimiter, quotes, header and the columns to read."""

from __future__ import annotations

import csv
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from graphrep.exceptions import GraphFormatError, GraphTypeError, GraphValueError
from graphrep.io._compression import strip_compression
from graphrep.typing import PathType

_LOG = logging.getLogger("graphrep.io")
BLANKS = " "
"""As a delimiter: any run of spaces and tabs."""

SNIFFED_LINES = 50
_CANDIDATES = ("\t", ",", ";", "|", BLANKS)
_PREFERRED = {".tsv": "\t", ".csv": ",", ".ssv": BLANKS}
_QUOTING = {",", ";"}
_SOURCE_NAMES = frozenset(
    ("source", "src", "from", "head", "start", "source_id", "from_id", "subject")
    + ("id1", "id_1", "node1", "node_1", "node_a")
)
_TARGET_NAMES = frozenset(
    ("target", "tgt", "dst", "dest", "destination", "to", "tail", "end", "target_id")
    + ("to_id", "object", "id2", "id_2", "node2", "node_2", "node_b")
)
_DIGITS = re.compile(r"\s*[0-9]+\s*\Z")
_NAME = re.compile(r"\s*[^\W\d][\w .-]*\Z")
_FEWEST_LINES_UNDER_NAMES = 3
_MOST_COLUMNS = 3

Columns = Sequence[int] | Sequence[str]


@dataclass(frozen=True)
class Dialect:
    """What the lines of an edge list look like.

    Attributes
    ----------
    delimiter : str
        One character; a space stands for any run of spaces and tabs.
    quoting : bool
        Whether a field may stand in double quotes (RFC 4180).
    header : bool
        Whether the first line that is no comment names the columns.
    n_columns : int
        Columns of a full line.
    source, target, weight : int
        Their places, counted from 0; ``weight`` is -1 where there is none.
    sniffed : bool
        Whether the delimiter was found out and not given.
    """

    delimiter: str
    quoting: bool
    header: bool
    n_columns: int
    source: int
    target: int
    weight: int
    sniffed: bool


SINGLE_COLUMN = Dialect("\n", False, False, 1, 0, -1, -1, False)
"""One id a line: no delimiter at all."""


def find_dialect(
    lines: list[str],
    path: PathType,
    *,
    delimiter: str | None = None,
    quoting: bool | None = None,
    header: bool | None = None,
    columns: Columns | None = None,
) -> Dialect:
    """Find out the dialect from the first data lines; what is given is not asked.

    Raises
    ------
    GraphFormatError
        If there are more than three columns and ``columns`` does not choose.
    GraphValueError
        For a delimiter that is not one character, or columns that are not there.
    """
    given = delimiter is not None
    if delimiter is None:
        delimiter = _sniff_delimiter(lines, path)
    elif len(delimiter.encode()) != 1 or delimiter in '"\r\n\0':
        raise GraphValueError(
            f"delimiter must be one ASCII character; got {delimiter!r}. A space stands "
            "for any run of spaces and tabs."
        )
    quotes = delimiter in _QUOTING if quoting is None else quoting
    rows = [split_line(line, delimiter, quotes) for line in lines]
    full = [row for row in rows if len(row) > 1]
    n_columns = len(full[0]) if full else 2
    names = [name.strip() for name in full[0]] if full and full[0] is rows[0] else None
    by_name = columns is not None and any(isinstance(c, str) for c in columns)
    if header is None:
        header = by_name or (names is not None and _has_header(full, columns))
    places = _places(names if header else None, n_columns, columns, path)
    _LOG.info("%s: delimiter %r, header: %s", path, delimiter, header)
    return Dialect(delimiter, quotes, header, n_columns, *places, sniffed=not given)


def split_line(line: str, delimiter: str, quoting: bool) -> list[str]:
    """Fields of one line."""
    if delimiter == BLANKS:
        return line.split()
    if quoting and '"' in line:
        return next(csv.reader([line], delimiter=delimiter), [""])
    return line.split(delimiter)


def _sniff_delimiter(lines: list[str], path: PathType) -> str:
    """First candidate that cuts all lines alike; lone ids are allowed if need be.

    What the suffix speaks of, and a tab, need not cut every line: labels hold the
    other candidates.
    """
    preferred = _PREFERRED.get(Path(strip_compression(path)).suffix.lower())
    strong = [c for c in (preferred, "\t") if c is not None]
    strong = [] if preferred == BLANKS else strong
    order = sorted(_CANDIDATES, key=lambda c: c != preferred)
    counts = {
        c: [len(split_line(line, c, c in _QUOTING)) for line in lines] for c in order
    }
    for candidate in strong:
        found = set(counts[candidate])
        if len(found - {1}) == 1 and max(found) <= _MOST_COLUMNS:
            return candidate
    for most in (_MOST_COLUMNS, len("".join(lines)) + 1):
        for lone in (set(), {1}):
            for candidate in order:
                found = set(counts[candidate])
                if len(found - lone) == 1 and 1 < max(found) <= most:
                    return candidate
    # No candidate fits every line: take the commonest, its odd line will be named.
    return max(order, key=lambda c: sum(n > 1 for n in counts[c]))


def _has_header(rows: list[list[str]], columns: Columns | None) -> bool:
    """Tell whether the first full line names columns instead of being an edge."""
    first, others = rows[0], rows[1:]
    lowered = {name.strip().lower() for name in first}
    if lowered & _SOURCE_NAMES and lowered & _TARGET_NAMES:
        return True
    chosen = list(columns) if columns is not None else list(range(len(first)))
    places = [c for c in chosen[:_MOST_COLUMNS] if isinstance(c, int)]
    if any(not -1 < c < len(row) for c in places for row in rows):
        return False
    if len(places) == _MOST_COLUMNS:
        at = places[2]
        numbers = bool(others) and all(_is_number(row[at]) for row in others)
        return numbers and not _is_number(first[at]) and bool(_NAME.match(first[at]))
    if len(others) < _FEWEST_LINES_UNDER_NAMES:
        return False
    return all(_NAME.match(first[c]) for c in places[:2]) and all(
        _DIGITS.match(row[c]) for row in others for c in places[:2]
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _places(
    names: list[str] | None, n_columns: int, columns: Columns | None, path: PathType
) -> tuple[int, int, int]:
    """Places of source, target and weight."""
    if columns is not None:
        places = [_place(c, names, n_columns) for c in columns]
        if len(places) not in (2, _MOST_COLUMNS) or len(set(places)) != len(places):
            raise GraphValueError(
                "columns must name two or three different columns: source, target and "
                f"perhaps weight; got {tuple(columns)!r}."
            )
        return places[0], places[1], (places[2] if len(places) > 2 else -1)
    if n_columns > _MOST_COLUMNS:
        there = f": {', '.join(map(repr, names))}" if names else ""
        raise GraphFormatError(
            f"The lines have {n_columns} columns{there}. Pass columns= with those "
            "of source, target and perhaps weight, by name or number from 0.",
            path=path,
        )
    lowered = [name.lower() for name in names or []]
    sources = [i for i, name in enumerate(lowered) if name in _SOURCE_NAMES]
    targets = [i for i, name in enumerate(lowered) if name in _TARGET_NAMES]
    if len(sources) == len(targets) == 1:
        rest = [i for i in range(n_columns) if i not in (sources[0], targets[0])]
        return sources[0], targets[0], (rest[0] if rest else -1)
    return 0, 1, (2 if n_columns > 2 else -1)


def _place(column: object, names: list[str] | None, n_columns: int) -> int:
    if isinstance(column, str):
        if names is None or column not in names:
            there = ", ".join(map(repr, names)) if names else "not named"
            raise GraphValueError(
                f"Column {column!r} is not there; the columns are {there}."
            )
        return names.index(column)
    if not isinstance(column, int) or isinstance(column, bool):
        raise GraphTypeError(
            f"columns must hold names or numbers from 0; got {column!r}."
        )
    if not 0 <= column < n_columns:
        raise GraphValueError(
            f"Column {column} is not there; the columns are 0 to {n_columns - 1}."
        )
    return column
