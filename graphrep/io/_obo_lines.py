"""The grammar of one OBO line: tags, quotes, escapes, modifiers and comments."""

from __future__ import annotations

import re
from typing import NamedTuple

SCOPES = ("EXACT", "BROAD", "NARROW", "RELATED")
_ESCAPES = {"n": "\n", "t": "\t", "W": " "}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"[ \t]*', re.DOTALL)
_ID = re.compile(r"((?:[^\s\\]|\\.)+)[ \t]*", re.DOTALL)
# Behind a value may stand {modifiers} and a ! comment, in this order.
_REST = re.compile(r"(?:\{.*\})?[ \t]*(?:!.*)?", re.DOTALL)
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))!")
_MODIFIERS = re.compile(r"[ \t](?<!\\)\{[^{}]*=[^{}]*\}$")
_XREFS = re.compile(r"\[(?:[^\]\\]|\\.)*\][ \t]*", re.DOTALL)
_SCOPE = re.compile(rf"({'|'.join(SCOPES)})(?![^\s\[{{!])[ \t]*")
_SYNONYM_TYPE = re.compile(r"([^\s\[\]{}!\"]+)[ \t]*")
_NEEDS_ESCAPE = re.compile(r'[\\\n\t{}!"]')
_WRITTEN = {"\n": "\\n", "\t": "\\t"}
_ID_NEEDS_ESCAPE = re.compile(r'[\\\n\t {}!"]')


class OboSyntaxError(ValueError):
    """A line that the grammar does not allow; the message says why."""


class Synonym(NamedTuple):
    """Another name of a term.

    Attributes
    ----------
    text : str
        The name.
    scope : str
        EXACT, BROAD, NARROW or RELATED; RELATED where the file is silent.
    kind : str
        Name of the synonym's type, such as ``layperson``; empty where there is none.
    """

    text: str
    scope: str = "RELATED"
    kind: str = ""


def unescape(text: str) -> str:
    r"""Resolve escapes: ``\n``, ``\t``, ``\W`` (blank); else drop the backslash."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda m: _ESCAPES.get(m.group(1), m.group(1)), text)


def escape(text: str, *, identifier: bool = False) -> str:
    """Escape a name, or an id, so that it stays in one line and one value."""
    pattern = _ID_NEEDS_ESCAPE if identifier else _NEEDS_ESCAPE
    written = {**_WRITTEN, " ": "\\W"} if identifier else _WRITTEN
    return pattern.sub(lambda m: written.get(m.group(), "\\" + m.group()), text)


def read_text(value: str) -> str:
    """Read an unquoted text, such as a name."""
    if "!" in value and (found := _first_comment(value)) >= 0:
        value = value[:found].rstrip()
    if value.endswith("}"):
        value = _MODIFIERS.sub("", value).rstrip()
    return unescape(value)


def read_ids(value: str, count: int) -> list[str]:
    """Read so many ids and check that nothing but modifiers and comments follows."""
    out = []
    at = 0
    for _ in range(count):
        found = _ID.match(value, at)
        if found is None or found.group(1)[0] in "!{":
            raise OboSyntaxError(f"an id is missing ({count} expected)")
        out.append(unescape(found.group(1)))
        at = found.end()
    _check_rest(value, at)
    return out


def read_id_or_pair(value: str) -> tuple[str, str]:
    """Read ``id`` or ``relation id``; the relation is empty where there is one id."""
    found = _ID.match(value)
    rest = value[found.end() :] if found else ""
    if not rest or rest[0] in "{!":
        return "", read_ids(value, 1)[0]
    relation, target = read_ids(value, 2)
    return relation, target


def read_first_id(value: str) -> str:
    """Read the id that a value begins with; anything may follow (xrefs)."""
    found = _ID.match(value)
    if found is None or found.group(1)[0] in "!{":
        raise OboSyntaxError("an id is missing")
    return unescape(found.group(1))


def read_definition(value: str) -> str:
    """Read a quoted text followed by references."""
    text, at = _read_quoted(value)
    at = _skip(_XREFS, value, at)
    _check_rest(value, at)
    return text


def read_synonym(value: str, scope: str = "") -> Synonym:
    """Read a quoted synonym with its scope, type and references."""
    text, at = _read_quoted(value)
    if found := _SCOPE.match(value, at):
        scope, at = found.group(1), found.end()
    kind = ""
    if found := _SYNONYM_TYPE.match(value, at):
        kind, at = unescape(found.group(1)), found.end()
    at = _skip(_XREFS, value, at)
    _check_rest(value, at)
    return Synonym(text, scope or "RELATED", kind)


def _read_quoted(value: str) -> tuple[str, int]:
    found = _QUOTED.match(value)
    if found is None:
        problem = "does not end" if value.startswith('"') else "is missing"
        raise OboSyntaxError(f"the quoted text {problem}")
    return unescape(found.group(1)), found.end()


def _skip(pattern: re.Pattern[str], value: str, at: int) -> int:
    found = pattern.match(value, at)
    return found.end() if found else at


def _check_rest(value: str, at: int) -> None:
    if at < len(value) and not _REST.fullmatch(value, at):
        raise OboSyntaxError(f"{value[at : at + 40]!r} stands behind the value")


def _first_comment(value: str) -> int:
    """Position of the ``!`` that begins a comment, -1 if there is none."""
    for found in _COMMENT.finditer(value):
        return found.start()
    return -1
