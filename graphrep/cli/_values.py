"""Values on the command line, read as the docstring of a parameter says."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import click

NONE = "none"
_Number: TypeAlias = Callable[[str], int | float]
_BRACES = re.compile(r"\{.*?\}")
_NAMED = re.compile(r"""\(\s*["'](?P<word>\w+)["']\s*,\s*(?P<kind>int|float)\s*\)""")
_QUOTED = re.compile(r"""(["'])(?P<word>[\w.-]+)\1""")
_SEVERAL = re.compile(r"\b(sequence|tuple|list|array-like)\b( of (?P<kind>int|float))?")
_TRUTH = {"true": True, "false": False}


class Share(click.FloatRange):
    """A number from 0 to 1; nan is none."""

    def __init__(self) -> None:
        super().__init__(0, 1)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read one value as given on the command line."""
        number = float(super().convert(value, param, ctx))
        if number != number:
            self.fail(f"{value} is not in the range 0<=x<=1.", param, ctx)
        return number


class Value(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A value on the command line: a word of a few, a number, several, or none.

    Parameters
    ----------
    kind : str
        Type as a numpydoc entry gives it, such as ``{"l2", None} or float``,
        ``"auto", float or ("depth", float)``, ``int or sequence of int``.
    """

    name = "value"

    def __init__(self, kind: str) -> None:
        listed = [c for b in _BRACES.findall(kind) for c in _literals(b)]
        rest = _BRACES.sub("", kind)
        self.named = {m["word"]: _number(m["kind"]) for m in _NAMED.finditer(rest)}
        rest = _NAMED.sub("", rest)
        listed += [m["word"] for m in _QUOTED.finditer(rest)]
        rest = _QUOTED.sub("", rest)
        several = _SEVERAL.search(rest)
        self.item = _number(several["kind"] or rest) if several else None
        text = re.search(r"\bstr\b", rest)  # such as "2GiB": its reader knows numbers
        self.one = None if text else _number(_SEVERAL.sub("", rest))
        self.choices = {_as_typed(c): c for c in listed if c is not None}
        self.allows_none = None in listed or bool(re.search(r"\bNone\b", rest))
        if re.search(r"\bbool\b", rest):
            self.choices |= _TRUTH
        self.is_text = not (self.choices or self.named or self.item or self.one)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """Read one value as given on the command line."""
        if not isinstance(value, str):
            return value
        if self.allows_none and value.lower() == NONE:
            return None
        if self.is_text:
            return value
        if value in self.choices:
            return self.choices[value]
        try:
            return self._numbers(value)
        except ValueError:
            self.fail(f"{value!r} is not {self._wanted()}.", param, ctx)

    def get_metavar(self, *args: Any, **kwargs: Any) -> str:
        """Text that help shows for the value."""
        none = [NONE] if self.allows_none and self.choices else []
        parts = [*self.choices, *none, *(f"{word},NUMBER" for word in self.named)]
        if self.one:
            parts.append(_noun(self.one))
        if self.item:
            parts.append(f"{_noun(self.item)},{_noun(self.item)},..")
        return "|".join(parts) or "TEXT"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[Any]:
        """Complete the words."""
        from click.shell_completion import CompletionItem

        words = [*self.choices, *([NONE] if self.allows_none else [])]
        return [CompletionItem(w) for w in words if w.startswith(incomplete)]

    def as_typed(self, value: Any) -> str | None:
        """Write a value as the command line would; None where there is no word."""
        if value is None:
            return NONE if self.choices and self.allows_none else None
        if isinstance(value, (tuple, list)):
            return ",".join(map(_as_typed, value))
        return _as_typed(value)

    def _numbers(self, text: str) -> Any:
        parts = text.split(",")
        if len(parts) == 2 and (named := self.named.get(parts[0])):
            return (parts[0], named(parts[1]))
        if self.one and len(parts) == 1:
            return self.one(text)
        if self.item:
            return tuple(self.item(part) for part in parts)
        raise ValueError(text)

    def _wanted(self) -> str:
        wanted = [repr(word) for word in self.choices]
        wanted += [f"{word!r},number" for word in self.named]
        if self.one:
            wanted.append("an integer" if self.one is int else "a number")
        if self.item:
            wanted.append("numbers with commas between")
        if self.allows_none:
            wanted.append(repr(NONE))
        return " or ".join(filter(None, [", ".join(wanted[:-1]), wanted[-1]]))


class Names(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """Names with commas between."""

    name = "A,B,.."

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """Split the text."""
        return value.split(",") if isinstance(value, str) else value


def _literals(braces: str) -> Iterator[Any]:
    yield from ast.literal_eval(f"[{braces[1:-1]}]")


def _number(kind: str) -> _Number | None:
    """Reader of the numbers that a text of types names."""
    names = {name for name in ("int", "float") if re.search(rf"\b{name}\b", kind)}
    if names == {"int", "float"}:
        return _int_or_float
    return {"int": int, "float": float}.get("".join(names))


def _int_or_float(text: str) -> int | float:
    """Read an integer as one: in many places 1 and 1.0 mean different things."""
    try:
        return int(text)
    except ValueError:
        return float(text)


def _noun(number: _Number) -> str:
    return "INT" if number is int else "FLOAT"


def _as_typed(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


__all__ = ["NONE", "Names", "Share", "Value"]
