"""Phrases, read and checked."""

from __future__ import annotations

from typing import Any

from graphrep.exceptions import GraphTypeError


def read_phrases(phrases: Any) -> list[str]:
    """Read phrases as a list of texts; a column of a table will do."""
    if isinstance(phrases, str):
        raise GraphTypeError(
            f"A list of phrases was expected; got the single text {phrases[:40]!r}. "
            "Put it into a list."
        )
    texts = list(phrases)
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise GraphTypeError(
                f"Phrase {row} is {text!r} of type {type(text).__name__}; phrases must "
                "be texts. Replace missing ones by ''."
            )
    return texts
