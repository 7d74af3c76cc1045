"""LinkingSplit: what to learn from and what to test on; what all protocols share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Terminology
from graphrep.retrieval._text_features import normal_form
from graphrep.typing import AnyArray, IntArray


@dataclass(frozen=True)
class LinkingSplit:
    """A terminology without some of its names, and those names as test phrases.

    It unpacks into ``training, phrases, gold``.

    Attributes
    ----------
    training : Terminology
        All concepts, so that all are candidates, without the names that were held out.
    phrases : list of str
        Test phrases, each once.
    gold : list of list of int
        Positions of the concepts that each may mean; several where a held-out name was
        that of several.
    info : dict
        Protocol, settings, and numbers: ``n_held_out`` names, ``n_exact`` test phrases
        that equal a remaining name but for case and blanks, ``n_removed`` of them.
    """

    training: Terminology
    phrases: list[str]
    gold: list[list[int]]
    info: dict[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Any]:
        return iter((self.training, self.phrases, self.gold))

    def __len__(self) -> int:
        return len(self.phrases)

    @property
    def gold_ids(self) -> list[list[Any]]:
        """Ids of the concepts that each phrase may mean."""
        ids = self.training.ids.tolist()
        return [[ids[position] for position in row] for row in self.gold]

    def __repr__(self) -> str:
        name = self.info.get("protocol", "split")
        return (
            f"LinkingSplit({name}: {len(self.phrases):,} phrases, "
            f"{len(set().union(*self.gold)) if self.gold else 0:,} concepts, training "
            f"on {self.training.n_names:,} names of {self.training.n_concepts:,} "
            "concepts)"
        )


def hold_out(
    terminology: Terminology, held: AnyArray, refined: bool, info: dict[str, Any]
) -> LinkingSplit:
    """Take names out of a terminology and make test phrases of them.

    Parameters
    ----------
    terminology : Terminology
    held : ndarray of bool of shape (n_names,)
    refined : bool
        Whether phrases that equal a remaining name are left out of the test.
    info : dict
        Protocol and settings.
    """
    rows = np.flatnonzero(held)
    if not len(rows):
        raise GraphValueError(
            f"{info['protocol']} holds out no name of {terminology!r}; give it more."
        )
    training = without_names(terminology, held)
    texts = [terminology.name_texts[row] for row in rows.tolist()]
    concepts = terminology.name_concepts[rows].tolist()
    numbers = {**info, "n_held_out": len(rows), "refined": refined}
    return split_of(training, texts, [[c] for c in concepts], refined, numbers)


def split_of(
    training: Terminology, texts: Sequence[str], gold: Sequence[Sequence[int]],
    refined: bool, info: dict[str, Any],
) -> LinkingSplit:  # fmt: skip
    """Make a split of phrases, equal ones joined."""
    sets: dict[str, set[int]] = {}
    for text, concepts in zip(texts, gold, strict=True):
        sets.setdefault(text, set()).update(concepts)
    known = {normal_form(name) for name in training.name_texts}
    exact = [text for text in sets if normal_form(text) in known]
    if refined:
        for text in exact:
            del sets[text]
    info = {**info, "n_exact": len(exact), "n_removed": len(exact) if refined else 0}
    return LinkingSplit(training, list(sets), [sorted(s) for s in sets.values()], info)


def without_names(terminology: Terminology, held: AnyArray) -> Terminology:
    """Give the same terminology without some names; all concepts stay."""
    kept = np.flatnonzero(~held)
    source = terminology
    return Terminology(
        source.index,
        source.name_texts.take(kept),
        source.name_concepts[kept],
        name_kinds=source.name_kinds[kept],
        name_languages=(source.name_languages[kept], source.languages),
        parents=source.edge_index,
        relations=source.relations,
        types=source.types,
        definitions=source.definitions,
        status=source.status,
        xrefs=source.xrefs,
        replaced_by=source.replaced_by,
        title=source.title,
        version=source.version,
    )


def first_names(terminology: Terminology) -> AnyArray:
    """Whether each name is the first of its concept, the preferred one."""
    out = np.zeros(terminology.n_names, bool)
    offsets = terminology.name_offsets
    out[offsets[:-1][np.diff(offsets) > 0]] = True
    return out


def names_of(terminology: Terminology, concepts: IntArray, strict: bool) -> AnyArray:
    """Which names go where these concepts are held out: bool (n_names,)."""
    chosen = np.zeros(terminology.n_concepts, bool)
    chosen[concepts] = True
    held = chosen[terminology.name_concepts]
    return held if strict else held & ~first_names(terminology)


def drawn(eligible: IntArray, test_size: float, seed: int, what: str) -> IntArray:
    """Draw a share (or a number) of rows, sorted."""
    n = len(eligible)
    size = read_size(test_size, n)
    if not 0 < size <= n:
        raise GraphValueError(
            f"test_size={test_size!r} asks for {size:,} of {n:,} {what}; it must leave "
            "at least one to test."
        )
    rows = np.random.default_rng(seed).choice(n, size, replace=False)
    return np.sort(eligible[rows])


def read_size(test_size: float, n: int) -> int:
    """Read the number that a share in (0, 1) or a whole number means."""
    if isinstance(test_size, bool) or not isinstance(
        test_size, (int, float, np.integer, np.floating)
    ):
        raise GraphTypeError(f"test_size must be a number; got {test_size!r}.")
    if isinstance(test_size, (int, np.integer)):
        return int(test_size)
    if not 0 < test_size < 1:
        raise GraphValueError(
            f"test_size must be a share in (0, 1) or a whole number; got {test_size!r}."
        )
    return max(1, round(float(test_size) * n))
