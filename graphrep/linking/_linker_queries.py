"""Phrases to learn from where none were given: names held out, names rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from graphrep.retrieval._text_features import normal_form
from graphrep.typing import AnyArray, IntArray

SHARE = 0.1
"""Of the concepts that lose all names but one, and of the other further names."""

HELD, REWRITTEN = 2000, 1000
"""Most queries of each kind."""

_LOST, _BENT, _FOREIGN = 0.4, 0.2, 0.1  # chances of a word, times the severity
_FROM_ABOVE = 0.4  # chance that words of ancestors come in
_TURNED = 0.3  # chance that the name starts at another word
_LEVELS = 2  # of ancestors that words come from
_MOST_FROM_ABOVE = 3  # words


class MadeQueries(NamedTuple):
    """Texts with the concept of each, and the names that count for none of them."""

    texts: list[str]
    concepts: IntArray
    held: AnyArray
    n_held: int  # the first texts are names that were held out, others rewritten ones


def made_queries(
    texts: Sequence[str], owners: AnyArray, first: AnyArray, parents: Any,
    draw: np.random.Generator,
) -> MadeQueries:  # fmt: skip
    """Hold names out of a terminology and rewrite others, as queries with an answer.

    Parameters
    ----------
    texts, owners : sequence of str, ndarray of int of shape (n_names,)
        Names and their concepts, those of a concept side by side.
    first : ndarray of bool of shape (n_names,)
        Names that stay, one of each concept.
    parents : tuple of ndarray
        Pointers and concepts of the parents.
    draw : Generator

    Notes
    -----
    A tenth of the concepts lose all names that may go, as those have no synonym that a
    phrase meets; of the other concepts each name goes with a chance of a tenth.
    Rewritten names stand for phrases that say a thing in other words than its name
    does, see `Rewriter`.
    """
    n_concepts = int(owners.max(initial=-1)) + 1
    bare = draw.random(n_concepts) < SHARE
    held = ~first & (bare[owners] | (draw.random(len(texts)) < SHARE))
    rows = np.flatnonzero(held)
    rows = np.sort(draw.choice(rows, min(HELD, len(rows)), replace=False))
    others = np.flatnonzero(~held)
    others = np.sort(draw.choice(others, min(REWRITTEN, len(others)), replace=False))
    found = [texts[row] for row in rows.tolist()]
    concepts = owners[rows].tolist()
    rewriter = Rewriter(texts, owners, first, parents, draw)
    for row in others.tolist():
        text = rewriter.rewrite(row)
        if text and normal_form(text) != normal_form(texts[row]):
            found.append(text)
            concepts.append(int(owners[row]))
    return MadeQueries(found, np.asarray(concepts, np.int64), held, len(rows))


class Rewriter:
    """Says names otherwise, more or less so.

    A severity is drawn for each name. With chances that rise with it words are lost,
    get another ending (that of a word drawn at random), give way to a word drawn at
    random, and such words come in. Apart from it some words of parents and
    grandparents come in, and the name is turned around one of its words, as an inverted
    heading is.
    """

    def __init__(
        self, texts: Sequence[str], owners: AnyArray, first: AnyArray, parents: Any,
        draw: np.random.Generator,
    ) -> None:  # fmt: skip
        self.texts, self.owners, self.draw = texts, owners, draw
        self.up, self.ups = parents
        self.name_of = np.full(len(self.up) - 1, -1)
        self.name_of[owners[first]] = np.flatnonzero(first)

    def rewrite(self, row: int) -> str:
        """Give a name in other words; it may be empty, or as it was."""
        draw = self.draw
        severity = float(draw.random())
        out: list[str] = []
        lost, bent, foreign = np.cumsum([_LOST, _BENT, _FOREIGN]) * severity
        words = self.texts[row].split()
        for word in words:
            chance = draw.random()
            if chance < lost:
                continue
            if chance < bent:
                word = self._bent(word)
            elif chance < foreign:
                word = self._any_word()
            out.append(word)
        if draw.random() < _FROM_ABOVE:
            own = {word.lower() for word in words}
            above = [w for w in self._words_above(row) if w.lower() not in own]
            most = 1 + int(draw.integers(_MOST_FROM_ABOVE))
            for at in np.sort(draw.permutation(len(above))[:most]).tolist():
                out.insert(int(draw.integers(len(out) + 1)), above[at])
        for _ in range(int(draw.poisson(severity))):
            out.insert(int(draw.integers(len(out) + 1)), self._any_word())
        if out and draw.random() < _TURNED:
            at = int(draw.integers(len(out)))
            out = out[at:] + out[:at]
        return " ".join(word for word in out if word)

    def _any_word(self) -> str:
        words = self.texts[int(self.draw.integers(len(self.texts)))].split()
        return words[int(self.draw.integers(len(words)))] if words else ""

    def _bent(self, word: str) -> str:
        if len(word) < 5:
            return word
        kept = max(int(self.draw.integers(3, len(word))), len(word) // 2)
        other, taken = self._any_word(), int(self.draw.integers(4))
        return word[:kept] + other[max(0, len(other) - taken) :]

    def _words_above(self, row: int) -> list[str]:
        """List the words of the names of parents, then of grandparents."""
        found: list[int] = []
        level = [int(self.owners[row])]
        for _ in range(_LEVELS):
            above = [
                int(p) for c in level for p in self.ups[self.up[c] : self.up[c + 1]]
            ]
            level = [c for c in dict.fromkeys(above) if c not in found]
            found += level
        rows = [int(self.name_of[c]) for c in found[:_LEVELS]]
        return [word for at in rows if at >= 0 for word in self.texts[at].split()]
