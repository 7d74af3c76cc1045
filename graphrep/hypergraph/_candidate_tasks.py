"""Odds of candidates by blocks: in this process, or as tasks that write files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numba
import numpy as np

from graphrep._tasks import (
    Place,
    Stage,
    Summary,
    TaskList,
    make_task,
    pure_task,
    run_tasks,
    save_input,
    work_folder,
)
from graphrep._utils._array_file import content_mark, map_arrays, write_arrays
from graphrep.graph import Graph, Hypergraph
from graphrep.hypergraph._candidate_features import CandidateFeatures
from graphrep.hypergraph._candidates import Rows
from graphrep.hypergraph._clique_search import CliqueSearch
from graphrep.hypergraph._clique_tasks import joined_cliques, search_in_files
from graphrep.hypergraph._hyperedge_classifier import HyperedgeClassifier
from graphrep.hypergraph._maximal_cliques import maximal_cliques
from graphrep.typing import AnyArray, FloatArray

_TASK = "graphrep.hypergraph._candidate_tasks:score_block"
_ROWS = 1 << 14  # candidates that a thread has the features of
_LEAST, _MOST = 1 << 14, 1 << 18  # candidates of a task
_TASKS = 64


class CandidateScorer:
    """Finds cliques and scores candidates, wherever that is to be done.

    Parameters
    ----------
    classifier : HyperedgeClassifier
        Tells the odds from features.
    place : Place or None
        Where tasks run; None scores in this process.
    folder : Path or None
        Where tasks write to.
    n_jobs : int
        Threads in this process.

    Attributes
    ----------
    summary : Summary
        What was run.
    """

    def __init__(
        self, classifier: HyperedgeClassifier, place: Place | None,
        folder: Path | None, n_jobs: int,
    ) -> None:  # fmt: skip
        self._classifier, self._n_jobs = classifier, n_jobs
        self._place, self._folder = place, folder
        self.summary = Summary()

    def cliques(self, graph: Graph, max_cliques: int) -> Hypergraph:
        """Maximal cliques of the graph."""
        if self._place is None or self._folder is None:
            return maximal_cliques(graph, max_cliques=max_cliques, n_jobs=self._n_jobs)
        search = CliqueSearch(graph.indptr, graph.indices)
        paths, summary = search_in_files(self._folder, search, max_cliques, self._place)
        self.summary += summary
        return Hypergraph._trusted(*joined_cliques(paths), graph.nodes)

    def __call__(self, features: CandidateFeatures, rows: Rows) -> FloatArray:
        """Log odds of candidates: float64 (n_candidates,).

        Fewer than a task takes are scored in this process.
        """
        n = len(rows[0]) - 1
        if self._place is None or self._folder is None or n < _LEAST:
            return odds_of(features, self._classifier, rows, self._n_jobs)
        inputs = {
            "tables": save_input(self._folder, "tables", features.to_arrays()),
            "model": save_input(self._folder, "model", self._classifier.state()),
            "candidates": save_input(
                self._folder, "candidates", {"pointers": rows[0], "members": rows[1]}
            ),
        }
        step = min(_MOST, max(_LEAST, -(-n // _TASKS)))
        tasks = [
            make_task(
                _TASK, self._folder, f"odds-{first}", inputs=inputs, suffix=".bin",
                first=first, last=last,
            )
            for first, last in pairwise([*range(0, n, step), n])
        ]  # fmt: skip
        self.summary += run_tasks(
            TaskList([Stage("Scoring candidates", tasks)]), self._place.executor,
            n_jobs=self._place.n_jobs,
        )  # fmt: skip
        return np.concatenate([map_arrays(task.output)["odds"] for task in tasks])


@contextmanager
def candidate_scorer(
    classifier: HyperedgeClassifier, graph: Graph, place: Place, n_jobs: int
) -> Iterator[CandidateScorer]:
    """Give a scorer; files of its tasks are there until the block ends.

    Files in a ``work_dir`` outlive a block that fails, so that the next goes on.
    """
    if place.executor is None:
        yield CandidateScorer(classifier, None, None, n_jobs)
        return
    arrays: dict[str, AnyArray] = {"indptr": graph.indptr, "indices": graph.indices}
    if graph.weights is not None:
        arrays["weights"] = graph.weights
    key = f"{content_mark(arrays)} {content_mark(classifier.state())}"
    with work_folder(place.work_dir, "reconstruct", key) as folder:
        yield CandidateScorer(classifier, place, folder, n_jobs)


@pure_task(version=1)
def score_block(
    out: Path, *, tables: Path, model: Path, candidates: Path, first: int, last: int
) -> None:
    """Tell the odds of a range of candidates."""
    given = map_arrays(candidates)
    pointers = given["pointers"][first : last + 1]
    members = given["members"][pointers[0] : pointers[-1]]
    odds = odds_of(
        CandidateFeatures.from_arrays(map_arrays(tables)),
        HyperedgeClassifier.from_state(map_arrays(model)),
        (pointers - pointers[0], members), numba.get_num_threads(),
    )  # fmt: skip
    write_arrays(out, {"odds": odds})


def odds_of(
    features: CandidateFeatures, classifier: HyperedgeClassifier, rows: Rows,
    n_jobs: int,
) -> FloatArray:  # fmt: skip
    """Log odds of candidates in this process, the features of some at a time."""
    pointers, members = rows
    n = len(pointers) - 1
    out = np.empty(n)
    for first in range(0, n, _ROWS * n_jobs):
        last = min(first + _ROWS * n_jobs, n)
        own = pointers[first : last + 1]
        part = own - own[0], members[own[0] : own[-1]]
        X = features.rows(*part, n_jobs)
        out[first:last] = classifier.decision_function(X, n_jobs)
    return out
