"""How phrases are split into words before their vectors are looked up."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeAlias

from graphrep.linking._queries import read_phrases

Tokenizer: TypeAlias = Callable[[str], Sequence[str]]

_QUOTES = str.maketrans("‘’ʼ", "'''")
_WORD = re.compile(r"(?:[^\W_]|[\u0300-\u036f+%'])+")


def tokenize(text: str) -> list[str]:
    """Split a phrase into words in small letters.

    Words are runs of letters and digits of any script, ``+``, ``%`` and apostrophes;
    everything else separates. Apostrophes at either end are dropped.

    Parameters
    ----------
    text : str
        Phrase.

    Returns
    -------
    list of str
        Empty for a phrase that has none of these.

    Examples
    --------
    >>> tokenize("Phillips-head driver, type 2 (carpenter's)")
    ['phillips', 'head', 'driver', 'type', '2', "carpenter's"]
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    found = (word.strip("'") for word in _WORD.findall(text.lower()))
    return [word for word in found if word]


def split_all(texts: Sequence[str], tokenizer: Tokenizer | None) -> list[list[str]]:
    """Split many phrases; None takes `tokenize`.

    Raises
    ------
    GraphTypeError
        If a phrase is no text.
    """
    split = tokenize if tokenizer is None else tokenizer
    return [[str(word) for word in split(str(text))] for text in read_phrases(texts)]


__all__ = ["Tokenizer", "split_all", "tokenize"]
