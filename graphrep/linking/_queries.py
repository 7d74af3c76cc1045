"""Phrases and other arguments of searches, read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Terminology


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


def positive_k(k: Any) -> int:
    """Check how many candidates are asked for."""
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise GraphValueError(f"k must be a positive integer; got {k!r}.")
    return int(k)


def plain_ids(terminology: Terminology) -> Sequence[str]:
    """Ids as texts."""
    return [str(one) for one in terminology.ids.tolist()]
