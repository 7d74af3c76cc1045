"""What ``graphrep link`` reads: phrases, labelled ones, and who finds the concepts."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from graphrep.cli._inputs import parse_ids
from graphrep.exceptions import GraphFormatError, GraphValueError

if TYPE_CHECKING:
    from graphrep.graph import Terminology

STANDARD_INPUT = "-"
_LINES = (".txt", "")
_LINES_OF_JSON = (".jsonl", ".ndjson")
_SEVERAL, _NONE = "|", "NIL"


class Phrases(NamedTuple):
    """Phrases with what stands beside them; None for columns that were not asked for.

    Attributes
    ----------
    texts : list of str
    ids, contexts, gold : list of str, or None
    source : str
        Where they come from, as people call it.
    """

    texts: list[str]
    ids: list[str] | None = None
    contexts: list[str] | None = None
    gold: list[str] | None = None
    source: str = "--phrase"


def read_phrases(
    path: str, column: str | None, ids: str | None, contexts: str | None,
    gold: str | None,
) -> Phrases:  # fmt: skip
    """Read phrases, one a line or from a table with named columns.

    Raises
    ------
    GraphFormatError
        For a file that cannot be read, a missing column and a file without phrases.
    """
    source = "standard input" if path == STANDARD_INPUT else path
    named = [name for name in (column, ids, contexts, gold) if name is not None]
    if _suffix(path) in _LINES and not named:
        found = Phrases(_lines(path), source=source)
    elif _suffix(path) == ".txt":
        raise click.UsageError(
            f"{path} has one phrase a line and no columns such as {named[0]!r}; give a "
            ".csv, .tsv, .parquet or .jsonl file."
        )
    else:
        table = _table(path)
        texts = _column(table, column or _phrase_column(table, path), path)
        beside = [
            None if name is None else _column(table, name, path)
            for name in (ids, contexts, gold)
        ]
        found = Phrases(texts, beside[0], beside[1], beside[2], source)
    if not found.texts:
        raise GraphFormatError("There are no phrases.", path=source)
    return found


def read_labels(path: str, known: Terminology) -> tuple[list[str], list[Any]]:
    """Read labelled phrases: columns phrase and id.

    Raises
    ------
    GraphFormatError
        For a file that cannot be read, and a missing column.
    GraphValueError
        For an id that is no concept.
    """
    table = _table(path)
    texts, ids = (_column(table, name, path) for name in ("phrase", "id"))
    if not texts:
        raise GraphFormatError("There are no phrases to learn from.", path=path)
    positions = [_position(i, known, f"{path}, row {r + 1}") for r, i in enumerate(ids)]
    return texts, [known.ids[at] for at in positions]


def gold_positions(phrases: Phrases, known: Terminology) -> list[list[int]]:
    """Positions of the right concepts of each phrase.

    Raises
    ------
    GraphValueError
        For an id that is no concept, and was not replaced by one.
    """
    out = []
    for row, text in enumerate(phrases.gold or ()):
        ids = [one.strip() for one in text.split(_SEVERAL)]
        wanted = [one for one in ids if one and one != _NONE]
        where = f"{phrases.source}, row {row + 1}"
        out.append([_position(one, known, where) for one in wanted])
    return out


def _position(text: str, known: Terminology, where: str) -> int:
    concept = parse_ids([text], known.index)[0]
    row = int(known.index.find([concept])[0])
    if row < 0:
        later = known.resolve(concept)
        row = int(known.index.find(later[:1])[0]) if later else -1
    if row < 0:
        raise GraphValueError(
            f"{where}: {text!r} is the id of no concept of the terminology "
            f"({known.n_concepts:,} concepts, such as {known.ids[0]!s})."
        )
    return row


# -- files -------------------------------------------------------------------------
def _suffix(path: str) -> str:
    from graphrep.io._compression import strip_compression

    return (
        Path(strip_compression(path)).suffix.lower() if path != STANDARD_INPUT else ""
    )


def _lines(path: str) -> list[str]:
    """Lines that hold something, without blanks at their ends."""
    return [line.strip() for line in _text(path).splitlines() if line.strip()]


def _text(path: str) -> str:
    from graphrep.io._compression import open_input

    if path == STANDARD_INPUT:
        data = sys.stdin.buffer.read()
    else:
        with open_input(path) as stream:
            data = stream.read()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GraphFormatError(
            f"Byte 0x{data[error.start]:02x} is not UTF-8. Save the file as UTF-8.",
            path=path,
        ) from None


def _table(path: str) -> dict[str, Sequence[Any]]:
    if _suffix(path) in _LINES_OF_JSON:
        return _lines_of_json(path)
    from graphrep.blocking._record_files import read_columns

    return dict(read_columns(path).columns)


def _lines_of_json(path: str) -> dict[str, Sequence[Any]]:
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise GraphFormatError(
                f"The line is no JSON: {error.msg}.", path=path, line=number
            ) from None
        if not isinstance(row, dict):
            raise GraphFormatError(
                'Every line must be a JSON object, such as {"phrase": "flu"}.',
                path=path,
                line=number,
            )
        rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _phrase_column(table: dict[str, Sequence[Any]], path: str) -> str:
    if "phrase" in table or len(table) == 1:
        return "phrase" if "phrase" in table else next(iter(table))
    raise GraphFormatError(
        f"Which column holds the phrases? Pass --column with one of "
        f"{', '.join(table) or 'none'}.",
        path=path,
    )


def _column(table: dict[str, Sequence[Any]], name: str, path: str) -> list[str]:
    """Texts of a column; a missing value is an empty text."""
    if name not in table:
        raise GraphFormatError(
            f"There is no column {name!r}; the columns are "
            f"{', '.join(table) or 'none'}.",
            path=path,
        )
    column: Any = table[name]
    values = column.to_pylist() if hasattr(column, "to_pylist") else list(column)
    return ["" if value is None else str(value) for value in values]


__all__ = ["STANDARD_INPUT", "Phrases", "gold_positions", "read_labels", "read_phrases"]
