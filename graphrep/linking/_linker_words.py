"""Words of names and phrases as a linker compares them, and keys to look them up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from graphrep.linking._name_keys import stem
from graphrep.linking._tokenizer import tokenize
from graphrep.retrieval._text_features import normal_form

CUES = (
    "left", "right", "bilateral", "unspecified", "other", "without", "with", "not",
    "no", "specified", "initial", "chronic", "acute", "multiple", "and", "or", "due",
    "in", "primary", "secondary", "mild", "severe", "congenital", "late", "early",
    "upper", "lower", "open", "closed", "male", "female", "nonunion",
)  # fmt: skip
"""Words whose presence on one side only tells concepts apart."""

_SMALL = frozenset({"of", "the", "and"})
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8",
          "ix": "9", "xi": "11", "xii": "12"}  # fmt: skip
_SHORT_ROMAN = {"i": "1", "v": "5", "x": "10"}
_NUMBERED = frozenset(
    {"type", "stage", "grade", "class", "factor", "phase", "group", "level", "degree"}
)
_NOT_OF_WORDS = re.compile(r"[\W_]+")


class Words(NamedTuple):
    """What is made of texts: lists of one entry for each."""

    texts: list[str]  # small letters, blanks merged
    plain: list[str]  # words only
    sorted: list[str]  # stems, sorted, without small words
    stems: list[str]  # stems in their order
    counts: list[int]  # different stems

    @classmethod
    def of(cls, texts: Sequence[str]) -> Words:
        """Take texts apart."""
        rows = [_apart(text) for text in texts]
        columns = list(zip(*rows, strict=True)) if rows else [()] * 5
        return cls(*(list(column) for column in columns))


def _apart(text: str) -> tuple[str, str, str, str, int]:
    words = tokenize(text)
    stems = []
    for i, word in enumerate(words):
        if word in _ROMAN:
            stems.append(_ROMAN[word])
        elif word in _SHORT_ROMAN and i and words[i - 1] in _NUMBERED:
            stems.append(_SHORT_ROMAN[word])
        else:
            found = _NOT_OF_WORDS.sub("", stem(word))
            if found:
                stems.append(found)
    kept = [one for one in stems if one not in _SMALL] or stems
    plain = " ".join(words).replace("'", "")
    return (
        normal_form(text), plain, " ".join(sorted(kept)), " ".join(stems),
        len(set(stems)),
    )  # fmt: skip


def is_number(word: str) -> bool:
    """Whether a stem holds a digit."""
    return any(letter.isdigit() for letter in word)
