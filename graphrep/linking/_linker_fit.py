"""What a linker learns: a ranker, from phrases with an answer or from made ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphrep.exceptions import GraphValueError, NodeNotFoundError
from graphrep.graph import Terminology
from graphrep.linking._linker_features import compare
from graphrep.linking._linker_pool import Depths, Pool, find_pool
from graphrep.linking._linker_progress import FitProgress
from graphrep.linking._linker_queries import made_queries
from graphrep.linking._linker_ranker import (
    LABELLED,
    REWRITTEN,
    SYNONYM,
    Lists,
    Ranker,
)
from graphrep.linking._linker_views import Encode, NameViews, Phrases
from graphrep.linking._queries import read_phrases
from graphrep.retrieval._text_features import normal_form
from graphrep.typing import AnyArray, FloatArray, IntArray

MIN_LABELS = 200
"""Phrases with an answer from which on trees are grown."""

_SEVERAL = (set, frozenset, list, np.ndarray)  # a tuple is one id
_MOST_LABELS = 20_000
_FOLDS = 5
_CHUNK = 1024


@dataclass
class Labels:
    """Phrases with their concepts: those of phrase i are the entries of its list."""

    texts: list[str]
    concepts: list[list[int]]

    def __len__(self) -> int:
        return len(self.texts)


def read_labels(terminology: Terminology, phrases: Any, nodes: Any) -> Labels:
    """Read phrases and the ids of their concepts; None or an empty list is for none."""
    if phrases is None and nodes is None:
        return Labels([], [])
    if phrases is None or nodes is None:
        missing = "phrases" if phrases is None else "nodes"
        raise GraphValueError(
            f"Phrases to learn from need their concepts and the other way round; "
            f"{missing} is None."
        )
    texts = read_phrases(phrases)
    entries = nodes.tolist() if hasattr(nodes, "tolist") else list(nodes)
    if len(entries) != len(texts):
        raise GraphValueError(
            f"There are {len(texts):,} phrases but {len(entries):,} concepts. "
            "Pass one for each phrase, None for no concept."
        )
    found = []
    for row, entry in enumerate(entries):
        several = entry if isinstance(entry, _SEVERAL) else [entry]
        own = []
        for one in several:
            if one is None or one != one:
                continue
            if one not in terminology:
                raise NodeNotFoundError(
                    f"Concept {one!r} of phrase {row}, {texts[row][:60]!r}, is not in "
                    "the terminology; leave the phrase out or give None for no concept."
                )
            own.append(terminology.position(one))
        found.append(sorted(set(own)))
    return Labels(texts, found)


@dataclass
class NameRows:
    """Names of all concepts and phrases learnt as such, concept after concept."""

    texts: list[str]
    owners: IntArray
    sources: IntArray  # row of the terminology, or -1 less that of a learnt phrase
    learnt: list[str]
    first: AnyArray  # names that are never held out
    preferred: AnyArray
    used_by: list[set[int]]  # learnt phrases that made each row


def name_rows(terminology: Terminology, labels: Labels, aliases: bool) -> NameRows:
    """Put the names of a terminology and learnt phrases in one order."""
    texts = terminology.name_texts.tolist()
    owners = np.asarray(terminology.name_concepts, np.int64)
    kinds = np.asarray(terminology.name_kinds)
    preferred = kinds == terminology.KINDS.index("preferred")
    first = _first_of_each(owners, preferred)
    known = {(c, normal_form(t)) for c, t in zip(owners.tolist(), texts, strict=True)}
    made: dict[tuple[int, str], int] = {}
    used: list[set[int]] = []
    more: list[str] = []
    more_owners: list[int] = []
    for i, (text, concepts) in enumerate(
        zip(labels.texts, labels.concepts, strict=True)
    ):
        for concept in concepts if aliases else ():
            key = (concept, normal_form(text))
            if key in known or not key[1]:
                continue
            if key not in made:
                made[key] = len(more)
                more.append(text)
                more_owners.append(concept)
                used.append(set())
            used[made[key]].add(i)
    n, m = len(texts), len(more)
    every = np.concatenate([owners, np.asarray(more_owners, np.int64)])
    order = np.argsort(every, kind="stable")
    nothing = np.zeros(m, bool)
    users: list[set[int]] = [set() for _ in range(n)]
    both, joined = users + used, texts + more
    return NameRows(
        [joined[i] for i in order.tolist()], every[order],
        np.concatenate([np.arange(n), -1 - np.arange(m)])[order], more,
        np.concatenate([first, nothing])[order],
        np.concatenate([preferred, nothing])[order],
        [both[i] for i in order.tolist()],
    )  # fmt: skip


def _first_of_each(owners: IntArray, preferred: AnyArray) -> AnyArray:
    """Mark one name of each concept: the preferred one, or the first."""
    order = np.lexsort((np.arange(len(owners)), ~preferred, owners))
    new = np.ones(len(order), bool)
    new[1:] = np.diff(owners[order]) != 0
    out = np.zeros(len(owners), bool)
    out[order[new]] = True
    return out


class Comparison:
    """Candidates of phrases and their features, over one set of names.

    Parameters
    ----------
    views : NameViews
    texts : sequence of str
        Of the names, for equal keys.
    relatives : tuple
        Pointers and concepts of parents, then of children.
    depth : ndarray of int64 of shape (n_concepts,)
    depths : Depths
    encode : callable or None
    """

    def __init__(
        self, views: NameViews, texts: Any, relatives: Any, depth: IntArray,
        depths: Depths, encode: Encode | None,
    ) -> None:  # fmt: skip
        self.views, self.texts, self.relatives = views, texts, relatives
        self.depth, self.depths, self.encode = depth, depths, encode

    def run(
        self, texts: Sequence[str], held: AnyArray, allowed: AnyArray,
        ids: Callable[[Phrases, Any], Any] | None = None,
    ) -> tuple[Pool, FloatArray, IntArray]:  # fmt: skip
        """Find candidates and compare them: the pool, its features, its best names."""
        phrases = self.views.read(texts, self.encode)
        equal = self.views.equal(phrases, self.texts, held)
        if ids is not None:
            equal = ids(phrases, equal)
        pool = find_pool(
            self.views, phrases, equal, self.relatives, self.depths, allowed, held
        )
        features, best = compare(
            self.views, phrases, pool, self.relatives, self.depth, held
        )
        return pool, features, best

    def lists(
        self, texts: Sequence[str], concepts: Sequence[Sequence[int]], held: AnyArray
    ) -> Lists:
        """Candidates of phrases with an answer."""
        allowed = np.ones(self.views.n_concepts, bool)
        parts = []
        for first in range(0, len(texts), _CHUNK):
            span = slice(first, first + _CHUNK)
            pool, features, _ = self.run(texts[span], held, allowed)
            right = _is_right(pool, concepts[span], self.views.n_concepts)
            parts.append(Lists(features, right, pool.offsets, pool.concepts))
        return Lists.joined(parts)


def _is_right(pool: Pool, concepts: Sequence[Sequence[int]], n: int) -> AnyArray:
    keys = [q * n + c for q, own in enumerate(concepts) for c in own]
    return np.isin(pool.queries * n + pool.concepts, np.asarray(keys, np.int64))


def learnt_ranker(
    comparison: Comparison, rows: NameRows, labels: Labels, made: Any, kind: str,
    seed: int, told: FitProgress,
) -> Ranker | None:  # fmt: skip
    """Learn a ranker of a kind from phrases with an answer, made ones, or both."""
    if kind == "none":
        return None
    told.begin("phrases to learn from")
    parts, kinds = [], np.zeros(0, np.int64)
    if made is not None and made.texts:
        answers = [[concept] for concept in made.concepts.tolist()]
        parts.append(comparison.lists(made.texts, answers, made.held))
        at = np.arange(len(made.texts))
        kinds = np.where(at < made.n_held, SYNONYM, REWRITTEN)
    if len(labels):
        parts += _labelled(comparison, rows, labels, seed)
    if not parts:
        return None
    lists = Lists.joined(parts)
    told.begin("ranker")
    given = lists, comparison.relatives, comparison.views.n_concepts, seed
    if kind == "trees":
        return Ranker.trees(*given)
    more = len(lists.offsets) - 1 - len(kinds)
    kinds = np.concatenate([kinds, np.full(more, LABELLED)])
    return Ranker.choice(*given, kinds)


def _labelled(
    comparison: Comparison, rows: NameRows, labels: Labels, seed: int
) -> list[Lists]:
    """Compare each fifth of the phrases with names that the others made."""
    draw = np.random.default_rng([seed, 2])
    chosen = draw.permutation(len(labels))[:_MOST_LABELS]
    fold = np.full(len(labels), -1)
    fold[chosen] = draw.integers(_FOLDS, size=len(chosen))
    learnt = np.flatnonzero(rows.sources < 0)
    parts = []
    for part in range(_FOLDS):
        own = np.flatnonzero(fold == part)
        if not len(own):
            continue
        held = np.zeros(len(rows.texts), bool)
        held[learnt] = [
            bool((fold[list(rows.used_by[r])] == part).all()) for r in learnt
        ]
        texts = [labels.texts[i] for i in own.tolist()]
        answers = [labels.concepts[i] for i in own.tolist()]
        parts.append(comparison.lists(texts, answers, held))
    return parts


__all__ = [
    "MIN_LABELS", "Comparison", "Labels", "NameRows", "learnt_ranker", "made_queries",
    "name_rows", "read_labels",
]  # fmt: skip
