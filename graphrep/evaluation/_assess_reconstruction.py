"""The reconstruction part of an assessment: one set of queries, all compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphrep.evaluation._assess_parts import Record, Task, common_labels
from graphrep.evaluation._embeddings import Embedding
from graphrep.evaluation._reconstruction import ReconstructionEvaluator
from graphrep.evaluation._reconstruction_result import ReconstructionResult
from graphrep.evaluation._scores import pair_scorer
from graphrep.exceptions import GraphValueError

_ALL_UP_TO = 1e13  # multiplications that are worth an exact result
_SAMPLED = 2000
_WORST = 20
_COMPARED = "ap"
EMPTY: dict[str, Any] = {
    "scores": [], "truths": [], "metrics": [], "n_queries": 0, "exact": False,
    "confidence": None, "rows": [], "comparisons": [], "by": [], "worst": [],
}  # fmt: skip
_BROKEN_DOWN = ("ap", "ap_adjusted")


def query_count(
    n_queries: int | str | None, task: Task, embeddings: Sequence[Embedding]
) -> int | None:
    """How many nodes ask: the same number for all embeddings, None for all nodes."""
    if n_queries != "auto":
        if isinstance(n_queries, str):
            raise GraphValueError(
                f"n_queries must be 'auto', None or a number; got {n_queries!r}."
            )
        return n_queries
    n = task.graph.n_nodes
    width = sum(e.n_components or 1 for e in embeddings)
    cost = float(n) * n * width * len(task.scores)
    return None if cost <= _ALL_UP_TO else min(n, _SAMPLED)


def evaluator_of(
    task: Task, n_queries: int | None, direction: str, confidence: float
) -> ReconstructionEvaluator:
    """Make the evaluator of all embeddings."""
    return ReconstructionEvaluator(
        task.hops,
        scores=task.scores,
        direction=direction,
        n_queries=n_queries,
        confidence=confidence,
        edge_ranks=task.relations is not None,
        random_state=task.random_state,
        n_jobs=task.n_jobs,
        device=task.device,
    )


def section(
    results: dict[str, ReconstructionResult],
    embeddings: Sequence[Embedding],
    task: Task,
    reference: str | None,
) -> dict[str, Any]:
    """Everything that the result tells of reconstruction.

    Parameters
    ----------
    results : dict of str to ReconstructionResult
        By embedding.
    embeddings : sequence of Embedding
        Those of ``results`` and perhaps others.
    task : Task
    reference : str or None
        What all are compared with; None takes the best baseline and the best of all.
    """
    if not results:
        return dict(EMPTY)
    first = next(iter(results.values()))
    scores = list(dict.fromkeys(s for r in results.values() for s in r.scores))
    known = {e.name: e for e in embeddings}
    rows = [row for result in results.values() for row in result.rows()]
    by, worst = [], []
    for name, result in results.items():
        by += breakdowns(result, task)
        if not known[name].baseline:
            worst += worst_nodes(result, known[name], task)
    return {
        "scores": scores,
        "truths": list(first.truths),
        "metrics": list(first.metrics),
        "n_queries": len(first.queries),
        "exact": first.exact,
        "confidence": first.confidence,
        "rows": rows,
        "comparisons": comparisons(results, known, reference),
        "by": by,
        "worst": worst,
    }


def compared_truths(result: ReconstructionResult) -> list[str]:
    """Truths that tell one number of hops from another: hop1 and the plain shells."""
    return [t for t in result.truths if t == "hop1" or _is_plain_shell(t)]


def _is_plain_shell(truth: str) -> bool:
    return truth.startswith("shell") and not truth.endswith("_filtered")


def comparisons(
    results: dict[str, ReconstructionResult],
    known: dict[str, Embedding],
    reference: str | None,
) -> list[Record]:
    """Paired differences of average precision, with one reference or two."""
    found = []
    some = next(iter(results.values()))
    for score in dict.fromkeys(s for r in results.values() for s in r.scores):
        able = {n: r for n, r in results.items() if score in r.scores}
        for truth in compared_truths(some):
            for other in _references(able, known, truth, score, reference):
                for name, result in able.items():
                    if name != other:
                        found.append(_comparison(result, able[other], truth, score))
    return found


def _references(
    able: dict[str, ReconstructionResult],
    known: dict[str, Embedding],
    truth: str,
    score: str,
    reference: str | None,
) -> list[str]:
    if reference is not None:
        return [reference] if reference in able else []
    means = {n: r.mean(truth, _COMPARED, score).value for n, r in able.items()}
    means = {name: mean for name, mean in means.items() if not np.isnan(mean)}
    baselines = {n: mean for n, mean in means.items() if known[n].baseline}
    tops = [max(some, key=some.__getitem__) for some in (baselines, means) if some]
    return list(dict.fromkeys(tops))


def _comparison(
    result: ReconstructionResult,
    other: ReconstructionResult,
    truth: str,
    score: str,
) -> Record:
    found = result.compare(other, truth, _COMPARED, score, interval="population")
    numbers = {
        key: None if np.isnan(value) else float(value)
        for key, value in (
            ("difference", found.difference), ("se", found.se), ("low", found.low),
            ("high", found.high), ("p_value", found.p_value),
        )
    }  # fmt: skip
    head = {"embedding": result.name, "reference": other.name, "score": score}
    return {**head, "truth": truth, "metric": _COMPARED, **numbers, "n": found.n}


def breakdowns(result: ReconstructionResult, task: Task) -> list[Record]:
    """Average precision by degree, core number, label and relation."""
    groups: list[Any] = ["degree", "core"]
    if task.labels is not None:
        groups.append(common_labels(task.labels))
    found: list[Record] = []
    for score in result.scores:
        for truth in compared_truths(result):
            for group in groups:
                for metric in _BROKEN_DOWN:
                    found += result.by(group, truth, metric, score)
        if task.relations is not None and "hop1" in result.truths:
            heads, kinds, tails = task.relations
            ends = heads, tails, np.asarray(kinds)
            found += result.by("relation", "hop1", _COMPARED, score, relations=ends)
    return found


def worst_nodes(
    result: ReconstructionResult, embedding: Embedding, task: Task
) -> list[Record]:
    """Nodes whose neighbours are found last, by name, for every score."""
    every = range(task.graph.n_nodes)
    names = np.array([task.name_of(row) for row in every], object)
    by_name = {score: score for score in result.scores}
    by_name |= {getattr(s, "__name__", s): s for s in task.scores}
    found = []
    for score in result.scores:
        scorer = pair_scorer(embedding, by_name[score])
        found += result.worst(
            _WORST,
            None,
            _COMPARED,
            score,
            scorer=scorer,
            names=np.asarray(names, object),
        )
    return found


__all__ = ["EMPTY", "evaluator_of", "query_count", "section"]
