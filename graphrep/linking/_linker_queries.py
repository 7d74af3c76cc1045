"""Phrases to learn from where none were given: names held out, names changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from graphrep.retrieval._text_features import normal_form
from graphrep.typing import AnyArray, IntArray

SHARE = 0.1
"""Of the concepts that lose all names but one, and of the other further names."""

HELD, CHANGED = 2000, 1000
"""Most queries of each kind."""


class MadeQueries(NamedTuple):
    """Texts with the concept of each, and the names that count for none of them."""

    texts: list[str]
    concepts: IntArray
    held: AnyArray


def made_queries(
    texts: Sequence[str], owners: AnyArray, first: AnyArray, draw: np.random.Generator
) -> MadeQueries:
    """Hold names out of a terminology and change others, as queries with an answer.

    Parameters
    ----------
    texts, owners : sequence of str, ndarray of int of shape (n_names,)
        Names and their concepts.
    first : ndarray of bool of shape (n_names,)
        Names that stay, one of each concept.
    draw : Generator

    Notes
    -----
    A tenth of the concepts lose all names that may go, as those have no synonym that a
    phrase meets; of the other concepts each name goes with a chance of a tenth.
    Changed names stand for phrases that are written almost as a name is: a word or two
    left out, moved, cut or spelt otherwise.
    """
    n_concepts = int(owners.max(initial=-1)) + 1
    bare = draw.random(n_concepts) < SHARE
    held = ~first & (bare[owners] | (draw.random(len(texts)) < SHARE))
    rows = np.flatnonzero(held)
    rows = np.sort(draw.choice(rows, min(HELD, len(rows)), replace=False))
    others = np.flatnonzero(~held)
    others = np.sort(draw.choice(others, min(CHANGED, len(others)), replace=False))
    found = [texts[row] for row in rows.tolist()]
    concepts = owners[rows].tolist()
    for row in others.tolist():
        text = changed(texts[row], draw)
        if text and normal_form(text) != normal_form(texts[row]):
            found.append(text)
            concepts.append(int(owners[row]))
    return MadeQueries(found, np.asarray(concepts, np.int64), held)


def changed(text: str, draw: np.random.Generator) -> str:
    """Change a word or two of a name."""
    words = text.split()
    for _ in range(1 + int(draw.random() < 0.4)):
        if not words:
            break
        kind, at = int(draw.integers(6)), int(draw.integers(len(words)))
        word = words[at]
        if kind == 0 and len(words) > 1:
            words.pop(at)
        elif kind == 1 and len(words) > 1:
            words.insert(int(draw.integers(len(words))), words.pop(at))
        elif kind == 2:
            words[at] = word[: max(3, int(len(word) * 0.6))]
        elif kind == 3:
            gone = int(draw.integers(len(word)))
            words[at] = word[:gone] + word[gone + 1 :]
        elif kind == 4:
            words[at] = word + "s"
        elif kind == 5 and at + 1 < len(words):
            words[at], words[at + 1] = words[at + 1], words[at]
    return " ".join(word for word in words if word)
