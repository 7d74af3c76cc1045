"""EgoReconstruction's result: figures together with the sizes of the subgraphs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from graphrep.evaluation._breakdowns import plain
from graphrep.evaluation._ego_graphs import EgoGraph
from graphrep.evaluation._statistics import Estimate, mean_estimate
from graphrep.exceptions import GraphValueError
from graphrep.typing import IntArray

_SHOWN = ("ap", "ap_adjusted", "auc", "p@10")


@dataclass(frozen=True)
class EgoRun:
    """One subgraph: what was refitted on it and what came out.

    Attributes
    ----------
    ego : EgoGraph
        The subgraph and its seeds.
    result : ReconstructionResult or None
        None where there was nothing to reconstruct or the fit was refused.
    semantic : SemanticResult or None
        What the semantic evaluator found.
    fit_seconds : float
        CPU time of the fit.
    problem : str or None
        Why there is no result.
    """

    ego: EgoGraph
    result: Any = None
    semantic: Any = None
    fit_seconds: float = float("nan")
    problem: str | None = None


@dataclass(frozen=True)
class EgoResult:
    """Reconstruction of subgraphs around seeds by an embedder fitted on each.

    Attributes
    ----------
    name : str
        Name of the embedder.
    runs : tuple of EgoRun
        One for each subgraph: hops in the order asked for, then seeds.
    union : bool
        Whether there is one subgraph for each number of hops, around all seeds.
    n_missing : int
        Given seeds that are not in the graph.
    seconds : float
        CPU time of everything.
    settings : dict
        Parameters of the evaluator.
    """

    name: str
    runs: tuple[EgoRun, ...]
    union: bool
    n_missing: int
    seconds: float
    confidence: float = 0.95
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def hops(self) -> tuple[int, ...]:
        """Numbers of hops, in the order asked for."""
        return tuple(dict.fromkeys(run.ego.hop for run in self.runs))

    def mean(
        self,
        hop: int,
        metric: str = "ap",
        score: str | None = None,
        truth: str | None = None,
    ) -> Estimate:
        """Mean of a metric at a number of hops.

        Over the nodes of the subgraph where there is one (``union=True``); over the
        subgraphs of the seeds, each with the mean over its nodes, where there are
        many, so that the interval is that of drawing seeds.
        """
        done = self._done(hop)
        if not done:
            return Estimate(np.nan, np.nan, np.nan, np.nan, 0, len(self._runs(hop)))
        if self.union:
            estimate: Estimate = done[0].result.mean(truth, metric, score)
            return estimate
        values = [run.result.mean(truth, metric, score).value for run in done]
        return mean_estimate(np.array(values), confidence=self.confidence)

    def rows(self) -> list[dict[str, Any]]:
        """One flat record for each number of hops, score and metric; NaN as None."""
        return [
            {**self._sizes(hop), "score": score, "truth": truth, "metric": metric,
             **self._figures(hop, metric, score, truth)}
            for hop in self.hops
            for score, truth, metric in self._cells(hop)
        ]  # fmt: skip

    def semantic_rows(self) -> dict[str, list[dict[str, Any]]]:
        """Tables of the semantic evaluator by their names, with the hops.

        "similarity", "distance" (the average Euclidean distance of related words),
        "analogy" and "relations"; empty unless a semantic evaluator was given.
        """
        tables: dict[str, list[dict[str, Any]]] = {}
        for run in self.runs:
            if run.semantic is None:
                continue
            ego = run.ego
            sizes = {"hop": ego.hop, "n_nodes": ego.graph.n_nodes}
            for table, rows in run.semantic.to_dict().items():
                tables.setdefault(table, []).extend({**sizes, **row} for row in rows)
        return tables

    def to_frame(self, backend: str = "pandas") -> Any:
        """`rows` as a table; ``backend`` is "pandas" or "polars"."""
        from graphrep.evaluation._frames import frame

        return frame(self.rows(), backend)

    def to_dict(self) -> dict[str, Any]:
        """Everything in JSON's types."""
        return {
            "rows": self.rows(), "semantic": self.semantic_rows(),
            "seconds": self.seconds, "settings": self.settings,
        }  # fmt: skip

    @property
    def table(self) -> str:
        """The main metrics with the sizes of the subgraphs."""
        from graphrep.evaluation._assessment_text import table

        columns = (
            "embedding", "hop", "n_subgraphs", "n_nodes", "n_edges", "density", "score",
            "metric", "mean", "se", "chance",
        )  # fmt: skip
        lines = [row for row in self.rows() if row["metric"] in _SHOWN]
        return str(table(lines, columns=columns))

    def __str__(self) -> str:
        return self.table

    # -- private -----------------------------------------------------------------
    def _runs(self, hop: int) -> list[EgoRun]:
        if hop not in self.hops:
            raise GraphValueError(f"hop must be one of {self.hops}; got {hop!r}.")
        return [run for run in self.runs if run.ego.hop == hop]

    def _done(self, hop: int) -> list[EgoRun]:
        return [run for run in self._runs(hop) if run.result is not None]

    def _cells(self, hop: int) -> list[tuple[str, str, str]]:
        done = self._done(hop)
        if not done:
            return []
        result = done[0].result
        return [
            (score, truth, metric)
            for score in result.scores
            for truth in result.truths
            for metric in result.metrics
        ]

    def _sizes(self, hop: int) -> dict[str, Any]:
        """Sizes of the subgraphs that were reconstructed, means where many."""
        runs, done = self._runs(hop), self._done(hop)
        seeds: list[IntArray] = [run.ego.seeds for run in runs]
        return {
            "embedding": self.name,
            "hop": hop,
            "union": self.union,
            "n_seeds": int(sum(map(len, seeds))),
            "n_subgraphs": len(done),
            "n_failed": len(runs) - len(done),
            "n_nodes": _mean([run.ego.graph.n_nodes for run in done]),
            "n_edges": _mean([run.ego.graph.n_edges for run in done]),
            "density": _mean([run.ego.density for run in done]),
            "n_within": _mean([run.ego.n_within for run in done]),
            "fit_seconds": _mean([run.fit_seconds for run in done]),
        }

    def _figures(
        self, hop: int, metric: str, score: str, truth: str
    ) -> dict[str, float | int | None]:
        found = self.mean(hop, metric, score, truth)
        levels = [run.result.chance(truth, metric) for run in self._done(hop)]
        known = [level for level in levels if level is not None]
        return {
            "mean": plain(found.value),
            "se": plain(found.se),
            "low": plain(found.low),
            "high": plain(found.high),
            "chance": float(np.mean(known)) if known else None,
            "n_scored": found.n_scored,
            "n_skipped": found.n_skipped,
        }


def _mean(values: list[Any]) -> float | int:
    """Mean of some numbers; a single one stays as it is."""
    return values[0] if len(values) == 1 else float(np.mean(values))


__all__ = ["EgoResult", "EgoRun"]
