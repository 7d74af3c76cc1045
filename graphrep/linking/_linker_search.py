"""What a fitted linker does with phrases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from graphrep._utils._parallel import resolve_n_jobs
from graphrep.linking._linker_contexts import spelt_out
from graphrep.linking._linker_features import NAMES
from graphrep.linking._linker_views import PREFERRED, id_key, once
from graphrep.retrieval._text_features import normal_form
from graphrep.typing import AnyArray, FloatArray, IntArray

_CHUNK = 1024  # phrases that are compared at a time
_AS_GIVEN = 0.5  # weight of a phrase as given, where it was written out as well
_TOTAL, _EXACT = NAMES.index("total"), NAMES.index("exact")


@dataclass
class Asked:
    """Texts to look up: the phrase that each stands for, and how far it counts."""

    texts: list[str]
    owners: IntArray
    weights: FloatArray

    def take(self, phrases: IntArray) -> Asked:
        """Keep the texts of some phrases."""
        rows = np.flatnonzero(np.isin(self.owners, phrases))
        texts = [self.texts[row] for row in rows.tolist()]
        return Asked(texts, self.owners[rows], self.weights[rows])


def both_forms(texts: list[str], contexts: Any) -> Asked:
    """Phrases as given and, with short forms that contexts define, written out."""
    spelt = spelt_out(texts, contexts)
    pairs = enumerate(zip(texts, spelt, strict=True))
    changed = np.array([i for i, (a, b) in pairs if a != b], np.int64)
    weights = np.ones(len(texts) + len(changed))
    weights[changed] = _AS_GIVEN
    owners = np.concatenate([np.arange(len(texts)), changed])
    return Asked(texts + [spelt[i] for i in changed.tolist()], owners, weights)


def search(
    linker: Any, asked: Asked, allowed: AnyArray, k: int
) -> tuple[AnyArray, ...]:
    """Give the k best of each text: phrases, concepts, chances, names and stages."""
    n = len(asked.texts)
    parts = [
        _part(linker, asked, slice(first, first + _CHUNK), allowed, k)
        for first in range(0, max(n, 1), _CHUNK)
    ]
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _part(
    linker: Any, asked: Asked, span: slice, allowed: AnyArray, k: int
) -> tuple[AnyArray, ...]:
    held = np.zeros(len(linker._views), bool)

    def with_ids(phrases: Any, equal: Any) -> Any:
        return _with_ids(linker, phrases, equal)

    pool, features, best = linker._comparison().run(
        asked.texts[span], held, allowed, with_ids
    )
    if linker._ranker is None:
        scores: Any = (features[:, _TOTAL] + np.minimum(features[:, _EXACT], 1)) / 2
    else:
        n_jobs = resolve_n_jobs(linker.n_jobs)
        scores = linker._ranker.chances(features, pool.offsets, n_jobs)
    queries = pool.queries
    order = np.lexsort((pool.concepts, -scores, queries))
    first = np.repeat(pool.offsets[:-1], np.diff(pool.offsets))
    keep = order[np.arange(len(order)) - first < k]
    rows = best[keep]
    # a labelled phrase is no name of the terminology
    names = np.where(rows >= 0, np.maximum(linker._sources[rows], -1), -1)
    owners, weights = asked.owners[span], asked.weights[span]
    return (
        owners[queries[keep]], pool.concepts[keep],
        scores[keep] * weights[queries[keep]], names, pool.bits[keep],
    )  # fmt: skip


def _with_ids(linker: Any, phrases: Any, equal: Any) -> Any:
    """Add the concepts whose ids phrases are to those whose names they are."""
    ids = linker.node_ids_
    texts = phrases.words.texts
    places, rows = linker._table_of_ids().find(
        [id_key(text) for text in texts], lambda row: id_key(str(ids[row]))
    )
    same = [
        normal_form(str(ids[row])) == texts[place]
        for place, row in zip(places.tolist(), rows.tolist(), strict=True)
    ]
    levels = np.where(np.asarray(same, bool), 1.0, 0.99) + PREFERRED
    pairs = zip(equal, (places, rows, levels.astype(np.float32)), strict=True)
    return once(*(np.concatenate(pair) for pair in pairs))
