"""The long form of a short form, looked for in the words next to it."""

from __future__ import annotations

import re
from collections.abc import Iterator

EDGES = " \t,;:.\"'“”‘’"
MOST_WORDS, _SHORTEST, _LONGEST = 2, 2, 10
_PART = re.compile(r"[^\W_]+")
_JOINED = re.compile(r"(?<=\w) (?:or|and) [^\s,]+(?= \w)")  # Duchenne [or Becker] ..
_SMALL = frozenset({"a", "an", "and", "by", "for", "from", "in", "of", "on", "or",
                    "the", "to", "with"})  # fmt: skip
_IN_SENTENCES = frozenset({"are", "be", "been", "had", "has", "have", "is", "that",
                           "was", "were", "which"})  # fmt: skip
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7",
          "viii": "8", "ix": "9"}  # fmt: skip


def is_short(text: str) -> bool:
    """Tell whether a text may be a short form."""
    return (
        _SHORTEST <= len(text) <= _LONGEST
        and len(text.split()) <= MOST_WORDS
        and text[0].isalnum()
        and any(letter.isupper() for letter in text)
    )


def long_form(short: str, before: str) -> str | None:
    """Find the long form of a short form at the end of a text."""
    n = len(short.replace(" ", ""))
    window = " ".join(before.split()[-min(n + 5, 2 * n) :])
    forms = [short]
    if short[-1] == "s" and short[-2].isupper():
        forms.append(short[:-1])
    for form in forms:
        for text, start in _starts(form, window):
            if start == 0 or text[start - 1] != "/":
                start = text.rfind(" ", 0, start + 1) + 1
            long = text[start:].strip(EDGES)
            words = {word.strip(EDGES).casefold() for word in long.split()}
            known = form.casefold() in words
            if len(long) > len(short) and not known and not words & _IN_SENTENCES:
                return long
    return None


def _starts(short: str, text: str) -> Iterator[tuple[str, int]]:
    """Yield where the long form may begin, the likeliest first, and in which text."""
    letters = [letter.lower() for letter in short if letter.isalnum()]
    if len(letters) < _SHORTEST:
        return
    whole = _JOINED.sub("", text)
    for one in dict.fromkeys((text, whole)):
        for start in _starts_of_initials(letters, one, in_order=True):
            yield one, start
    from_right = _start_from_right(letters, text)
    if from_right is None and any(letter.isdigit() for letter in letters):
        from_right = _start_from_right(letters, _PART.sub(_as_digit, text))
    turned = _starts_of_initials(letters, text, in_order=False)
    yield from ((text, at) for at in turned if from_right is None or at > from_right)
    if from_right is not None:
        yield text, from_right


def _as_digit(match: re.Match[str]) -> str:
    """Write a Roman number as a digit, in as many places."""
    digit = _ROMAN.get(match[0].lower())
    return match[0] if digit is None else digit.ljust(len(match[0]))


def _starts_of_initials(
    letters: list[str], text: str, *, in_order: bool
) -> Iterator[int]:
    """Yield where the last words begin whose initials are the letters."""
    parts = list(_PART.finditer(text))
    large = [part for part in parts if part[0].lower() not in _SMALL]
    for some in (parts, large) if in_order else (large,):
        last = some[-len(letters) :]
        initials = [part[0][0].lower() for part in last]
        if initials == letters or (
            not in_order and sorted(initials) == sorted(letters)
        ):
            yield last[0].start()


def _start_from_right(letters: list[str], text: str) -> int | None:
    """Match letters one by one from the right; the first one begins a word."""
    at = len(text)
    for rank in range(len(letters) - 1, -1, -1):
        at -= 1
        while at >= 0 and not _fits(text, at, letters[rank], rank == 0):
            at -= 1
        if at < 0:
            return None
    return at


def _fits(text: str, at: int, letter: str, first: bool) -> bool:
    """Tell whether a letter stands there; a digit as a number of its own."""
    if text[at].lower() != letter:
        return False
    before = text[at - 1] if at else " "
    if first and before.isalnum():
        return False
    after = text[at + 1] if at + 1 < len(text) else " "
    return not (letter.isdigit() and (before.isdigit() or after.isdigit()))
