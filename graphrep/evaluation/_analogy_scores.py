"""Scores of an embedding in a test of analogies, section by section."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from graphrep.evaluation._analogies import (
    AnalogyTest,
    Prepared,
    Section,
    covered_pairs,
    csr,
    mean_vectors,
    prepare,
    unit_means,
)
from graphrep.evaluation._analogy_ranks import AnalogyRanker, Places, Questions
from graphrep.evaluation._vocabulary import Vocabulary
from graphrep.typing import AnyArray, FloatArray, IntArray

METHODS = ("3CosAdd", "3CosMul", "LRCos")
OFFSET_METHODS = METHODS[:2]
_SHOWN = 10
_QUESTIONS_AT_ONCE = 2048
_LEAST_PAIRS = 3  # to learn a class from
_ANSWERS, _NEGATIVES = 2, 3  # streams of random numbers
_KEYS = ("hits@1", "hits@10", "mrr", "distance", "distance_random")


class Answered(NamedTuple):
    """What one method gets for each question of a section; NaN where undefined."""

    n_questions: int
    values: FloatArray  # (n_covered, 5): hits@1, hits@10, mrr and the two distances


class AnalogyScorer:
    """Scores sections of analogies with the vectors of one embedding.

    Parameters
    ----------
    vocabulary : Vocabulary
    vectors : ndarray of shape (n_nodes, n_components)
    methods : sequence of str
    n_random : int
        Random answers whose distance is taken, for each section; at least one for
        each question.
    seed : int
    n_jobs : int or None
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        vectors: FloatArray,
        methods: Sequence[str],
        n_random: int,
        seed: int,
        n_jobs: int | None,
    ) -> None:
        self._vocabulary = vocabulary
        self._vectors = vectors
        self._methods = methods
        self._n_random = n_random
        self._seed = seed
        self._order = vocabulary.canonical_rows()
        self._ranker = AnalogyRanker(vectors, n_jobs)

    def rows(
        self, test: AnalogyTest, which: str | Sequence[str]
    ) -> list[dict[str, Any]]:
        """Give records of all chosen sections, and of all their questions together."""
        found: dict[str, list[tuple[str, Answered]]] = {m: [] for m in self._methods}
        for section in test.chosen(which):
            for method, answered in self._section(section).items():
                found[method].append((section.name, answered))
        out = []
        for method, parts in found.items():
            if not parts:
                continue
            whole = Answered(
                sum(part.n_questions for _, part in parts),
                np.concatenate([part.values for _, part in parts]),
            )
            for name, part in [*parts, ("all", whole)]:
                out.append(_record(test.name, name, method, part))
        return out

    def _section(self, section: Section) -> dict[str, Answered]:
        offsets = [m for m in OFFSET_METHODS if m in self._methods]
        out = {}
        if offsets:
            prepared = prepare(section, self._vocabulary)
            places = self._places(prepared, offsets)
            for method in offsets:
                values = _values(places[method])
                if method == "3CosAdd":
                    values[:, 3:] = self._distances(prepared)
                out[method] = Answered(section.n_questions, values)
        if "LRCos" in self._methods and section.pairs is not None:
            out["LRCos"] = Answered(len(section.pairs), self._lrcos(section))
        return out

    def _places(self, prepared: Prepared, methods: Sequence[str]) -> dict[str, Places]:
        words = unit_means(self._ranker.unit, prepared.words)
        parts: dict[str, list[Places]] = {method: [] for method in methods}
        for start in range(0, len(prepared.target), _QUESTIONS_AT_ONCE):
            asked = _slice(prepared.questions, start, start + _QUESTIONS_AT_ONCE)
            used, numbers = np.unique(asked.words, return_inverse=True)
            asked = asked._replace(words=numbers.reshape(-1, 3).astype(np.int64))
            found = self._ranker.places(words[used], asked, methods)
            for method in methods:
                parts[method].append(found[method])
        return {method: _joined(places) for method, places in parts.items()}

    def _distances(self, prepared: Prepared) -> AnyArray:
        """Distance of ``x_b - x_a + x_c`` from the answer, and from random nodes."""
        out = np.full((len(prepared.target), 2), np.nan)
        words = mean_vectors(self._vectors, prepared.words)
        targets = mean_vectors(self._vectors, prepared.targets)
        repeats = -(-self._n_random // max(1, len(out)))
        rng = np.random.default_rng([self._seed, _ANSWERS])
        for start in range(0, len(out), _QUESTIONS_AT_ONCE):
            part = slice(start, start + _QUESTIONS_AT_ONCE)
            a, b, c = prepared.questions.words[part].T
            guess = words[b] - words[a] + words[c]
            gap = guess - targets[prepared.target[part]]
            out[part, 0] = np.linalg.norm(gap, axis=1)
            total = np.zeros(len(guess))
            for _ in range(repeats):
                other = self._order[rng.integers(0, len(self._order), len(guess))]
                total += np.linalg.norm(guess - self._vectors[other], axis=1)
            out[part, 1] = total / repeats
        return out

    def _lrcos(self, section: Section) -> FloatArray:
        """Rank for each pair: the others teach the class of the answer."""
        pairs = covered_pairs(section, self._vocabulary)
        if len(pairs) < _LEAST_PAIRS:
            return np.empty((0, len(_KEYS)))
        unit = self._ranker.unit
        sources = unit_means(unit, [own for own, _, _ in pairs])
        answers = unit_means(unit, [first for _, first, _ in pairs])
        rng = np.random.default_rng([self._seed, _NEGATIVES])
        drawn = self._order[rng.integers(0, len(self._order), len(pairs))]
        weights, bias = _classes(answers, np.concatenate([sources, unit[drawn]]))
        n = len(pairs)
        every = np.arange(n)
        asked = Questions(
            np.stack([n + every, every, every], axis=1),
            csr([good for _, _, good in pairs]),
            csr([own for own, _, _ in pairs]),
        )
        queries = np.concatenate([sources, weights])
        return _values(self._ranker.places(queries, asked, ["LRCos"], bias)["LRCos"])


def _classes(positive: FloatArray, negative: FloatArray) -> tuple[AnyArray, AnyArray]:
    """Weights and intercepts of logistic regressions, each without one positive."""
    from sklearn.linear_model import LogisticRegression

    weights = np.empty_like(positive)
    bias = np.empty(len(positive), np.float32)
    labels = np.repeat([1, 0], [len(positive) - 1, len(negative)])
    for i in range(len(positive)):
        data = np.concatenate([np.delete(positive, i, axis=0), negative])
        model = LogisticRegression(class_weight="balanced", max_iter=200)
        model.fit(data.astype(np.float64), labels)
        weights[i] = model.coef_[0]
        bias[i] = model.intercept_[0]
    return weights, bias


def _slice(questions: Questions, start: int, stop: int) -> Questions:
    parts = []
    for at, rows in (questions.answers, questions.left_out):
        part = at[start : stop + 1]
        parts.append((part - part[0], rows[part[0] : part[-1]]))
    return Questions(questions.words[start:stop], parts[0], parts[1])


def _joined(parts: Sequence[Places]) -> Places:
    none: IntArray = np.empty(0, np.int64)
    return Places(*(np.concatenate([none, *column]) for column in _columns(parts)))


def _columns(parts: Sequence[Places]) -> list[list[IntArray]]:
    return [[part[i] for part in parts] for i in range(3)]


def _values(places: Places) -> FloatArray:
    out = np.full((len(places.above), len(_KEYS)), np.nan)
    out[:, 0], out[:, 1] = places.hits(1), places.hits(_SHOWN)
    out[:, 2] = places.reciprocal_rank()
    return out


def _record(test: str, section: str, method: str, part: Answered) -> dict[str, Any]:
    record: dict[str, Any] = {
        "test": test, "section": section, "method": method,
        "n_questions": part.n_questions, "n_covered": len(part.values),
    }  # fmt: skip
    for key, column in zip(_KEYS, part.values.T, strict=True):
        known = column[~np.isnan(column)]
        record[key] = float(known.mean()) if len(known) else float("nan")
    return record
