"""Records as aligned text or as a table of markdown."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

ABSENT = "–"
_GAP = "  "
_THOUSAND, _MANY = 1_000, 10_000
_NOISE = 1e-12  # what is left of sums that should be 0


def table(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str] | Mapping[str, str] | None = None,
    *,
    digits: int = 3,
    markdown: bool = False,
    title: str | None = None,
    best: Mapping[str, str] | None = None,
    half: Mapping[str, str] | None = None,
    fixed: bool = False,
) -> str:
    """Lay records out as a table.

    Parameters
    ----------
    rows : sequence of mappings
        One record a line.
    columns : sequence of str or mapping of str to str, default=None
        Keys to show, in this order; a mapping says what stands above each. None shows
        all keys in the order in which they first occur.
    digits : int, default=3
        Digits after the point of numbers that are no integers. Smaller numbers are
        written with an exponent, those from 1,000 on with fewer digits.
    markdown : bool, default=False
        Whether to write a table of GitHub's markdown instead of aligned text.
    title : str or None, default=None
        Line above the table.
    best : mapping of str to {"max", "min"} or None, default=None
        Columns whose best number is marked: bold in markdown, by a star in text.
    half : mapping of str to str or None, default=None
        Columns that are shown with half the width of their interval, and the keys that
        hold it; see `interval`.
    fixed : bool, default=False
        Whether to round small numbers to zero instead of writing an exponent.

    Returns
    -------
    str
        Without a line end at its end. Numbers are aligned at the right; None and NaN
        are shown as an en dash.

    Examples
    --------
    >>> rows = [{"method": "HOPE", "ap": 0.27, "nodes": 4955},
    ...         {"method": "random", "ap": 0.004, "nodes": None}]
    >>> print(table(rows))
    method     ap  nodes
    ------  -----  -----
    HOPE    0.270  4,955
    random  0.004      –
    >>> print(table(rows, ["method", "ap"], markdown=True, best={"ap": "max"}))
    | method | ap |
    |:--|--:|
    | HOPE | **0.270** |
    | random | 0.004 |
    """
    heads = _heads(rows, columns)
    widths = half or {}
    cells = {
        key: [
            interval(row.get(key), row.get(widths[key]), digits, fixed)
            if key in widths
            else cell(row.get(key), digits, fixed)
            for row in rows
        ]
        for key in heads
    }
    marked = {key: _best(rows, key, kind) for key, kind in (best or {}).items()}
    right = {key: _is_numeric([row.get(key) for row in rows]) for key in heads}
    if markdown:
        return _markdown(heads, cells, right, marked, title)
    for key, places in marked.items():
        if key in cells and places:
            cells[key] = [
                text + ("*" if i in places else " ")
                for i, text in enumerate(cells[key])
            ]
    return _aligned(heads, cells, right, title)


def cell(value: Any, digits: int = 3, fixed: bool = False) -> str:
    """Text of one value.

    Examples
    --------
    >>> [cell(v) for v in (12345, 0.5, 0.00012, float("nan"), True, [1, 2], "a")]
    ['12,345', '0.500', '1.2e-04', '–', 'yes', '1, 2', 'a']
    """
    if value is None:
        return ABSENT
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return f"{int(value):,}"
    if isinstance(value, Real):
        return _real(float(value), digits, fixed)
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(item, digits, fixed) for item in value)
    return _printable(str(value))


def interval(
    value: float | None, half: float | None, digits: int = 3, fixed: bool = False
) -> str:
    """Value and half the width of its interval; the value alone where it is exact.

    Examples
    --------
    >>> interval(0.27, 0.004), interval(0.27, 0.0), interval(None, None)
    ('0.270 ±0.004', '0.270', '–')
    """
    text = cell(value, digits, fixed)
    if value is None or half is None or not half > 0:
        return text
    return f"{text} ±{half:.{digits}f}"


def _real(value: float, digits: int, fixed: bool) -> str:
    if math.isnan(value):
        return ABSENT
    size = abs(value)
    if size < 0.5 * 10.0**-digits:
        if size > _NOISE and not fixed:
            return f"{value:.1e}"
        value = 0.0
    if size >= _THOUSAND:
        return f"{value:,.{0 if size >= _MANY else 1}f}"
    return f"{value:.{digits}f}"


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _heads(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | Mapping[str, str] | None
) -> dict[str, str]:
    if isinstance(columns, Mapping):
        return dict(columns)
    if columns is None:
        columns = list(dict.fromkeys(key for row in rows for key in row))
    return {key: key for key in columns}


def _is_numeric(values: Sequence[Any]) -> bool:
    """Whether a column is aligned at the right: numbers, or texts that begin so."""
    known = [value for value in values if value is not None]
    return bool(known) and all(
        isinstance(v, Real) or (isinstance(v, str) and _starts_as_number(v))
        for v in known
    )


def _starts_as_number(text: str) -> bool:
    head = text.split(" ±")[0].replace(",", "")
    try:
        float(head)
    except ValueError:
        return head == ABSENT
    return True


def _best(rows: Sequence[Mapping[str, Any]], key: str, kind: str) -> set[int]:
    """Rows that hold the best number of a column; none if all hold the same."""
    numbers = {
        i: float(row[key])
        for i, row in enumerate(rows)
        if isinstance(row.get(key), Real) and not math.isnan(float(row[key]))
    }
    if len(set(numbers.values())) < 2:
        return set()
    top = (max if kind == "max" else min)(numbers.values())
    return {i for i, number in numbers.items() if number == top}


def _aligned(
    heads: dict[str, str],
    cells: dict[str, list[str]],
    right: dict[str, bool],
    title: str | None,
) -> str:
    width = {k: max(map(_width, [heads[k], *cells[k]])) for k in heads}
    starred = {k: any(t.endswith("*") for t in cells[k]) for k in heads}

    def line(texts: Mapping[str, str]) -> str:
        return _GAP.join(_padded(texts[k], width[k], right[k]) for k in heads).rstrip()

    head = {k: f"{heads[k]} " if starred[k] else heads[k] for k in heads}
    width = {k: max(width[k], _width(head[k])) for k in heads}
    count = max(map(len, cells.values()), default=0)
    lines = [line(head), line({k: "-" * width[k] for k in heads})]
    lines += [line({k: cells[k][i] for k in heads}) for i in range(count)]
    return "\n".join([*([title] if title else []), *lines])


def _markdown(
    heads: dict[str, str],
    cells: dict[str, list[str]],
    right: dict[str, bool],
    marked: dict[str, set[int]],
    title: str | None,
) -> str:
    def line(texts: Sequence[str]) -> str:
        return f"| {' | '.join(text.replace('|', chr(92) + '|') for text in texts)} |"

    def text(key: str, i: int) -> str:
        plain = cells[key][i]
        return f"**{plain}**" if i in marked.get(key, ()) else plain

    count = max(map(len, cells.values()), default=0)
    rule = "|" + "|".join("--:" if right[key] else ":--" for key in heads) + "|"
    lines = [line(list(heads.values())), rule]
    lines += [line([text(key, i) for key in heads]) for i in range(count)]
    return "\n".join([*([f"**{title}**", ""] if title else []), *lines])


def _padded(text: str, width: int, right: bool) -> str:
    fill = " " * (width - _width(text))
    return fill + text if right else text + fill


def _width(text: str) -> int:
    """Columns that a text takes; wide characters take two, marks none."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) != 0 for c in text)


__all__ = ["ABSENT", "cell", "interval", "table"]
