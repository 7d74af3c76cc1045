"""Phrases with the short forms written out that the texts around them define."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.linking._abbreviations import expand_abbreviations, find_abbreviations


def spelt_out(texts: list[str], contexts: Any) -> list[str]:
    """Write short forms out; phrases without any stay as they are.

    Parameters
    ----------
    texts : list of str
    contexts : sequence of (str or None), mapping of str to str, or None
        Text of each phrase, or long forms of short ones for all.

    Raises
    ------
    GraphTypeError
        If a context is neither a text nor None.
    GraphValueError
        If there are not as many contexts as phrases.
    """
    if contexts is None:
        return texts
    if isinstance(contexts, Mapping):
        return [expand_abbreviations(text, contexts) for text in texts]
    if isinstance(contexts, str):
        raise GraphTypeError(
            "contexts must hold one text or None for each phrase; got one text. "
            "Repeat it for each phrase."
        )
    entries = list(contexts)
    if len(entries) != len(texts):
        raise GraphValueError(
            f"There are {len(entries):,} contexts for {len(texts):,} phrases."
        )
    known: dict[str, dict[str, str]] = {}
    out = []
    for row, (text, context) in enumerate(zip(texts, entries, strict=True)):
        if context is None:
            out.append(text)
            continue
        if not isinstance(context, str):
            raise GraphTypeError(
                f"Context {row} is {context!r} of type {type(context).__name__}; "
                "contexts must be texts or None."
            )
        if context not in known:
            known[context] = find_abbreviations(context)
        out.append(expand_abbreviations(text, known[context]))
    return out
