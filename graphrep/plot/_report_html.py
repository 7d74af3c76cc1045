"""Pieces of HTML: tables whose numbers line up, sections, folded details."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphrep.plot._report_data import Record, Row, short

Cell = Callable[[Row], str]


def text(value: Any) -> str:
    """Escape anything for HTML."""
    return html.escape(str(value))


def section(anchor: str, title: str, lead: str, body: str) -> str:
    """Section of the page; nothing where there is no body. ``lead`` is HTML."""
    if not body:
        return ""
    return (
        f'<section id="{anchor}"><h2>{text(title)}</h2>'
        f'<p class="lead">{lead}</p>{body}</section>'
    )


def folded(title: str, body: str) -> str:
    """Details that open on a click."""
    if not body:
        return ""
    return f"<details><summary>{text(title)}</summary>{body}</details>"


def swatch(record: Record, name: str) -> str:
    """Name of an embedding with its colour."""
    colour = record.colour.get(name, "#888888")
    kind = "name quiet" if record.quiet.get(name) else "name"
    return (
        f'<span class="{kind}"><i style="background:{colour}"></i>{text(name)}</span>'
    )


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    quiet: Sequence[bool] | None = None,
    values: Sequence[Sequence[Any]] | None = None,
) -> str:
    """Lay cells of HTML out as a table that sorts by its columns.

    Parameters
    ----------
    head : sequence of str
        Titles, plain text.
    rows : sequence of sequence of str
        Cells, HTML; the first column is text, the others are numbers.
    quiet : sequence of bool or None, default=None
        Rows that are set apart.
    values : sequence of sequence or None, default=None
        What rows are sorted by, as long as the rows; None sorts by the text.
    """
    if not rows:
        return ""
    top = "".join(f'<th scope="col">{text(name)}</th>' for name in head)
    lines = []
    for i, row in enumerate(rows):
        cells = []
        for j, cell in enumerate(row):
            value = "" if values is None else _sorted_by(values[i][j])
            kind = "th scope=row" if j == 0 else "td"
            cells.append(f"<{kind}{value}>{cell}</{kind.split()[0]}>")
        mark = ' class="quiet"' if quiet is not None and quiet[i] else ""
        lines.append(f"<tr{mark}>{''.join(cells)}</tr>")
    return (
        '<div class="scroll"><table class="sortable"><thead><tr>'
        f"{top}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def records(
    record: Record,
    rows: Sequence[Mapping[str, Any]],
    columns: Mapping[str, str] | None = None,
    *,
    best: Mapping[str, str] | None = None,
) -> str:
    """Table of records; the column "embedding" is shown with its colour.

    Parameters
    ----------
    record : Record
        For the colours.
    rows : sequence of mapping
        Flat records.
    columns : mapping of str to str or None, default=None
        Keys and titles; None shows all keys that hold a value.
    best : mapping of str to {"max", "min"} or None, default=None
        Columns whose best value is bold.
    """
    if not rows:
        return ""
    keys = columns or {
        key: key.replace("_", " ")
        for key in dict.fromkeys(key for row in rows for key in row)
        if any(row.get(key) is not None for row in rows)
    }
    keys = {key: title for key, title in keys.items() if any(key in r for r in rows)}
    tops = {key: _top(rows, key, how) for key, how in (best or {}).items()}
    cells, values = [], []
    for row in rows:
        line = []
        for key in keys:
            value = row.get(key)
            shown = short(value)
            if key == "embedding":
                line.append(swatch(record, str(value)))
                continue
            shown = text(shown)
            strong = tops.get(key) is not None and value == tops[key]
            line.append(f"<b>{shown}</b>" if strong else shown)
        cells.append(line)
        values.append([row.get(key) for key in keys])
    quiet = [record.quiet.get(str(row.get("embedding")), False) for row in rows]
    return table(list(keys.values()), cells, quiet=quiet, values=values)


def definitions(rows: Sequence[tuple[str, Any]]) -> str:
    """List of terms; values are plain."""
    body = "".join(
        f"<dt>{text(name)}</dt><dd>{text(short(value))}</dd>" for name, value in rows
    )
    return f"<dl>{body}</dl>" if body else ""


def _sorted_by(value: Any) -> str:
    return f' data-v="{text(value)}"' if isinstance(value, (int, float)) else ""


def _top(rows: Sequence[Mapping[str, Any]], key: str, how: str) -> Any:
    values = [row[key] for row in rows if isinstance(row.get(key), (int, float))]
    return (max if how == "max" else min)(values, default=None)
