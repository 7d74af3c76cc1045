"""Phrases, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphrep._utils._optional import module_of
from graphrep.exceptions import GraphTypeError

_SHOWN = 8  # columns that an error lists


def read_phrases(phrases: Any) -> list[str]:
    """Read phrases as a list of texts; a column, or a table of one, will do.

    Raises
    ------
    GraphTypeError
        For one text, a mapping, a table of several columns, and phrases that are no
        texts.
    """
    if isinstance(phrases, str):
        raise GraphTypeError(
            f"A list of phrases was expected; got the single text {phrases[:40]!r}. "
            "Put it into a list."
        )
    texts = list(entries_of(phrases))
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise GraphTypeError(
                f"Phrase {row} is {text!r} of type {type(text).__name__}; phrases must "
                "be texts. Replace missing ones by ''."
            )
    return texts


def entries_of(phrases: Any) -> Iterable[Any]:
    """Entries of a sequence, or of the one column of a table.

    Raises
    ------
    GraphTypeError
        For a mapping and a table of several columns.
    """
    if isinstance(phrases, Mapping):
        raise GraphTypeError(
            f"A list of phrases was expected; got a mapping with {len(phrases):,} "
            "keys. Pass list(mapping) for its keys, or what one of them leads to."
        )
    library = module_of(phrases)
    if library == "pyarrow" and hasattr(phrases, "read_all"):
        phrases = phrases.read_all()
    if library == "polars" and hasattr(phrases, "collect"):
        phrases = phrases.collect()
    names = getattr(phrases, "column_names", getattr(phrases, "columns", None))
    if names is None or getattr(phrases, "ndim", 2) == 1:  # no table
        if library == "pyarrow":
            return phrases.to_pylist()  # type: ignore[no-any-return]
        return phrases  # type: ignore[no-any-return]
    names = [name if isinstance(name, str) else repr(name) for name in names]
    if len(names) != 1:
        listed = ", ".join(map(repr, names[:_SHOWN])) or "none"
        more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        raise GraphTypeError(
            f"Phrases are one column, and this {type(phrases).__name__} has "
            f"{len(names):,}: {listed}{more}. Pass the one that holds the phrases"
            f"{_example(names)}."
        )
    if library == "pandas":
        return phrases.iloc[:, 0]  # type: ignore[no-any-return]
    if library == "polars":
        return phrases.to_series(0)  # type: ignore[no-any-return]
    if library == "pyarrow":
        return phrases.column(0).to_pylist()  # type: ignore[no-any-return]
    raise GraphTypeError(
        f"A list of phrases was expected; got a {type(phrases).__name__} of "
        f"{library}. Pass its column {names[0]!r} as a list."
    )


def _example(names: list[str]) -> str:
    if not names:
        return ""
    likely = next((one for one in ("phrase", "mention") if one in names), names[0])
    return f", such as table[{likely!r}]"
