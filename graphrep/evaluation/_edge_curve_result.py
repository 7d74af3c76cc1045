"""EdgeCurveResult: precision and recall of the best-scored pairs of nodes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from graphrep.evaluation._breakdowns import plain
from graphrep.exceptions import GraphValueError
from graphrep.typing import FloatArray, IntArray

GEM_K = (2, 10, 100, 200, 300, 500, 1000)
"""The places at which the GEM survey reads its curves."""


@dataclass(frozen=True)
class EdgeCurveResult:
    """Precision and recall of the K best-scored pairs, for growing K.

    Attributes
    ----------
    name : str
        Name of the embedding.
    scores : tuple of str
        How pairs were scored; first axis of the arrays below.
    k : ndarray of int64 of shape (n_k,)
        Numbers of pairs, ascending.
    precision, recall : ndarray of shape (n_scores, n_k)
        Share of edges among the first ``k`` pairs, and share of all edges that are
        among them.
    precision_at_edges : ndarray of shape (n_scores,)
        Precision (and recall) where ``k`` is the number of edges.
    error, scale : ndarray of shape (n_scores,)
        Reconstruction error of the weights and the factor that makes it smallest;
        NaN for unweighted graphs.
    n_edges, n_pairs : int
        Edges, loops aside, and pairs ranked.
    seconds : float
        CPU time of all scores together.
    settings : dict
        Parameters of the evaluator.
    """

    name: str
    scores: tuple[str, ...]
    k: IntArray
    precision: FloatArray
    recall: FloatArray
    precision_at_edges: FloatArray
    error: FloatArray
    scale: FloatArray
    n_edges: int
    n_pairs: int
    seconds: float
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def chance(self) -> float:
        """Precision of pairs in random order, the same for every K."""
        return self.n_edges / self.n_pairs if self.n_pairs else float("nan")

    def at(self, k: int, score: str | None = None) -> float:
        """Precision of the first ``k`` pairs, for a ``k`` that was computed.

        Parameters
        ----------
        k : int
            One of `k`.
        score : str or None, default=None
            One of `scores`; None takes the first.
        """
        place = np.flatnonzero(self.k == k)
        if not len(place):
            raise GraphValueError(
                f"The curve was not read at k={k!r}; pass it to EdgeCurveEvaluator(k=)."
            )
        row = 0 if score is None else self._row(score)
        return float(self.precision[row, place[0]])

    def rows(self) -> list[dict[str, Any]]:
        """One flat record for each score, NaN as None, for tables and JSON."""
        return [
            {
                "embedding": self.name,
                "score": score,
                "n_edges": self.n_edges,
                "n_pairs": self.n_pairs,
                "k": [int(k) for k in self.k],
                "precision": [float(p) for p in self.precision[i]],
                "recall": [plain(r) for r in self.recall[i]],
                "precision_at_edges": plain(self.precision_at_edges[i]),
                "chance": plain(self.chance),
                "reconstruction_error": plain(self.error[i]),
            }
            for i, score in enumerate(self.scores)
        ]

    def points(self) -> list[dict[str, Any]]:
        """One flat record for each score and K."""
        return [
            {
                "embedding": self.name,
                "score": score,
                "k": int(k),
                "precision": float(self.precision[i, j]),
                "recall": plain(self.recall[i, j]),
            }
            for i, score in enumerate(self.scores)
            for j, k in enumerate(self.k)
        ]

    def to_frame(self, backend: str = "pandas") -> Any:
        """`points` as a table; ``backend`` is "pandas" or "polars"."""
        from graphrep.evaluation._frames import frame

        return frame(self.points(), backend)

    def to_dict(self) -> dict[str, Any]:
        """Everything in JSON's types."""
        return {
            "rows": self.rows(), "seconds": self.seconds, "settings": self.settings,
        }  # fmt: skip

    @property
    def table(self) -> str:
        """Precision at the customary places, a line for each score."""
        from graphrep.evaluation._assessment_text import table

        shown = [int(k) for k in self.k if k in GEM_K]
        lines = [
            {
                "embedding": row["embedding"],
                "score": row["score"],
                **{f"p@{k}": self.at(k, row["score"]) for k in shown},
                "p@edges": row["precision_at_edges"],
                "chance": row["chance"],
                "error": row["reconstruction_error"],
            }
            for row in self.rows()
        ]
        return str(table(lines))

    def __str__(self) -> str:
        return self.table

    def _row(self, score: str) -> int:
        if score not in self.scores:
            raise GraphValueError(
                f"score must be one of {', '.join(map(repr, self.scores))}; got "
                f"{score!r}."
            )
        return self.scores.index(score)


__all__ = ["GEM_K", "EdgeCurveResult"]
