"""augment: copies of records as another source might have written them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from graphrep.blocking._records import Records
from graphrep.exceptions import GraphValueError
from graphrep.typing import IntArray

_Tokens: TypeAlias = "dict[str, list[str]]"
_SHORT = 8  # tokens of a column that may be dropped
_DROPPED = 0.2  # share of tokens, or of symbols, that are dropped
_OF_ALL = 3  # operators that "all" applies


def augment(
    records: Records, operator: str = "all", *, rows: Any = None, seed: int = 0
) -> Records:
    """Make changed copies of records.

    Parameters
    ----------
    records : Records
        Originals.
    operator : str, default="all"
        What is done to each copy:

        - "delete_span": 1 or 2 tokens in a row are left out;
        - "shuffle_span": 2 to 4 tokens in a row change places;
        - "drop_column": a column of at most 8 tokens is emptied;
        - "append_column": the value of a column moves to the end of another;
        - "drop_tokens": each token is left out with probability .2;
        - "drop_symbols": each sign that is no letter or digit is left out with
          probability .2;
        - "all": three of the first four, drawn anew for each copy.
    rows : array-like of int or None, default=None
        Rows of the originals, perhaps the same ones again; None for each once.
    seed : int, default=0
        The copy at place i depends on the seed, i, and its original only.

    Returns
    -------
    Records
        Numbered from 0, columns as those of the originals. A record that is not empty
        keeps at least one token; operators that find nothing to do do nothing.

    Notes
    -----
    The operators are those of Sudowoodo [1]_. Spans lie within one column, which is
    drawn in proportion to its number of tokens.

    References
    ----------
    .. [1] R. Wang, Y. Li, J. Wang, "Sudowoodo: Contrastive self-supervised learning
       for multi-purpose data integration and preparation", ICDE 2023.
    """
    if operator != "all" and operator not in OPERATORS:
        shown = ", ".join(map(repr, ["all", *OPERATORS]))
        raise GraphValueError(f"operator must be one of {shown}; got {operator!r}.")
    chosen: IntArray = np.arange(len(records)) if rows is None else np.asarray(rows)
    names = list(records.columns)
    columns: dict[str, list[str]] = {name: [] for name in names}
    key = int(seed) & 0x7FFF_FFFF_FFFF_FFFF
    for place, row in enumerate(chosen):
        draw = np.random.Generator(np.random.Philox(key=np.array([key, place], "u8")))
        tokens = {name: records.columns[name][row].split() for name in names}
        for name in _operators_of(operator, draw):
            OPERATORS[name](tokens, draw)
        for name in names:
            columns[name].append(" ".join(tokens[name]))
    return Records(columns, None if names else range(len(chosen)))


def _operators_of(operator: str, draw: np.random.Generator) -> list[str]:
    if operator != "all":
        return [operator]
    order = draw.permutation(len(_SUDOWOODO))[:_OF_ALL]
    return [_SUDOWOODO[i] for i in order]


def _a_column(tokens: _Tokens, draw: np.random.Generator, least: int) -> str | None:
    """Draw a column with some tokens, in proportion to their number."""
    names = [name for name, words in tokens.items() if len(words) >= least]
    if not names:
        return None
    ends = np.cumsum([len(tokens[name]) for name in names])
    return names[int(np.searchsorted(ends, draw.integers(ends[-1]), side="right"))]


def _size(tokens: _Tokens) -> int:
    return sum(map(len, tokens.values()))


def _delete_span(tokens: _Tokens, draw: np.random.Generator) -> None:
    name = _a_column(tokens, draw, 1)
    length = min(int(draw.integers(1, 3)), _size(tokens) - 1)
    if name is None or length < 1:
        return
    words = tokens[name]
    length = min(length, len(words))
    at = int(draw.integers(len(words) - length + 1))
    tokens[name] = words[:at] + words[at + length :]


def _shuffle_span(tokens: _Tokens, draw: np.random.Generator) -> None:
    name = _a_column(tokens, draw, 2)
    if name is None:
        return
    words = tokens[name]
    length = min(int(draw.integers(2, 5)), len(words))
    at = int(draw.integers(len(words) - length + 1))
    order = at + draw.permutation(length)
    tokens[name] = words[:at] + [words[i] for i in order] + words[at + length :]


def _drop_column(tokens: _Tokens, draw: np.random.Generator) -> None:
    full = [name for name, words in tokens.items() if words]
    short = [name for name in full if len(tokens[name]) <= _SHORT]
    if len(full) > 1 and short:
        tokens[short[int(draw.integers(len(short)))]] = []


def _append_column(tokens: _Tokens, draw: np.random.Generator) -> None:
    full = [name for name, words in tokens.items() if words]
    if not full or len(tokens) < 2:
        return
    source = full[int(draw.integers(len(full)))]
    others = [name for name in tokens if name != source]
    target = others[int(draw.integers(len(others)))]
    tokens[target] = tokens[target] + tokens[source]
    tokens[source] = []


def _drop_tokens(tokens: _Tokens, draw: np.random.Generator) -> None:
    total = _size(tokens)
    if not total:
        return
    kept = draw.random(total) >= _DROPPED
    if not kept.any():
        kept[int(draw.integers(total))] = True
    marks = iter(kept.tolist())
    for name, words in tokens.items():
        tokens[name] = [word for word in words if next(marks)]


def _drop_symbols(tokens: _Tokens, draw: np.random.Generator) -> None:
    def thinned(word: str) -> str:
        kept = [c for c in word if c.isalnum() or draw.random() >= _DROPPED]
        return "".join(kept) or word

    for name, words in tokens.items():
        tokens[name] = [w if w.isalnum() else thinned(w) for w in words]


OPERATORS: dict[str, Callable[[_Tokens, np.random.Generator], None]] = {
    "delete_span": _delete_span,
    "shuffle_span": _shuffle_span,
    "drop_column": _drop_column,
    "append_column": _append_column,
    "drop_tokens": _drop_tokens,
    "drop_symbols": _drop_symbols,
}
_SUDOWOODO = list(OPERATORS)[:4]
