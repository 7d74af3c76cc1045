"""Scores to probabilities: a logistic curve, or any rising one (Platt; isotonic)."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.graph import KnowledgeGraph
from graphrep.typing import FloatArray, IntArray

_ROUNDS = 100


def fit_calibration(
    scores: FloatArray, truth: Any, method: str, base_rate: float | None
) -> dict[str, Any]:
    """Find the curve from scores to the chance of being true.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Scores of triples.
    truth : array-like of shape (n,)
        Whether each is true.
    method : {"sigmoid", "isotonic"}
        Kind of the curve.
    base_rate : float or None
        Share of true triples where the curve will be used; None takes that of
        ``truth``.

    Returns
    -------
    dict of str to JSON value
        What `calibrated` needs.
    """
    labels = np.asarray(truth)
    if labels.shape != scores.shape or not np.isin(labels, (0, 1)).all():
        raise GraphValueError(
            f"y must hold 0 or 1 (or False, True) for each of the {len(scores):,} "
            f"triples; got shape {labels.shape}."
        )
    labels = labels.astype(np.int64)
    share = float(labels.mean()) if len(labels) else 0.0
    if not 0 < share < 1:
        raise GraphValueError("y must hold both true and false triples.")
    weights = np.ones(len(labels))
    if base_rate is not None:
        weights = np.where(labels, base_rate / share, (1 - base_rate) / (1 - share))
    if method == "isotonic":
        from sklearn.isotonic import IsotonicRegression

        curve = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
        curve.fit(scores, labels, weights)
        return {
            "method": method,
            "scores": curve.X_thresholds_.tolist(),
            "chances": curve.y_thresholds_.tolist(),
        }
    from sklearn.linear_model import LogisticRegression

    centre, spread = float(scores.mean()), float(scores.std()) or 1.0
    line = LogisticRegression(C=1e4)
    line.fit(((scores - centre) / spread)[:, None], labels, weights)
    slope = float(line.coef_[0, 0]) / spread
    return {
        "method": method,
        "slope": slope,
        "offset": float(line.intercept_[0]) - slope * centre,
    }


def calibrated(scores: FloatArray, curve: dict[str, Any]) -> FloatArray:
    """Chance of being true of each score, between 0 and 1."""
    if curve["method"] == "isotonic":
        out: FloatArray = np.interp(scores, curve["scores"], curve["chances"])
    else:
        logits = curve["slope"] * scores + curve["offset"]
        out = np.exp(-np.logaddexp(0, -logits))
    return out


def corrupted(
    graph: KnowledgeGraph, known: tuple[KnowledgeGraph, ...], seed: int
) -> IntArray:
    """One false triple for each: its head or tail replaced, none that is known.

    Triples whose every replacement that was tried is known are left out.
    """
    n, n_relations = graph.n_entities, graph.n_relations

    def codes(rows: IntArray) -> IntArray:
        return (rows[:, 0] * n_relations + rows[:, 1]) * n + rows[:, 2]

    true = np.unique(np.concatenate([codes(g.triples) for g in (graph, *known)]))
    rng = np.random.default_rng(seed)
    rows = np.array(graph.triples)
    sides = np.where(rng.random(len(rows)) < 0.5, 0, 2)
    open_rows = np.arange(len(rows))
    for _ in range(_ROUNDS):
        rows[open_rows, sides[open_rows]] = rng.integers(n, size=len(open_rows))
        open_rows = open_rows[np.isin(codes(rows[open_rows]), true)]
        if not len(open_rows):
            break
    return np.delete(rows, open_rows, axis=0)
