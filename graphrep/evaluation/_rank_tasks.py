"""Ranking all queries as tasks: blocks of queries over mapped vectors and a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

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
from graphrep.evaluation._edge_ranks import EdgeRanks
from graphrep.evaluation._rank_all import Ranked, metric_names, rank_all
from graphrep.evaluation._scores import PairScorer, VectorScorer
from graphrep.evaluation._truth import HopTruth
from graphrep.graph import Graph
from graphrep.typing import AnyArray, IntArray

_TASK = "graphrep.evaluation._rank_tasks:rank_block"


@pure_task(version=1)
def rank_block(
    out: Path,
    *,
    graph: Path,
    queries: Path,
    truth: dict[str, Any],
    first: int,
    end: int,
    ks: list[int],
    metrics: list[str],
    ties: str,
    edge_ranks: bool,
    **scorers: Path,
) -> None:
    """Rank all candidates of some queries by each score, and measure every list."""
    arrays = map_arrays(graph)
    followed = Graph.from_csr(arrays["indptr"], arrays["indices"], directed=True)
    goal = HopTruth(followed, candidates=arrays.get("candidates"), **truth)
    found = rank_all(
        [VectorScorer.from_arrays(map_arrays(scorers[k])) for k in sorted(scorers)],
        goal, map_arrays(queries)["rows"][first:end], ks=ks, metrics=metrics, ties=ties,
        edge_ranks=edge_ranks, n_jobs=numba.get_num_threads(),
    )  # fmt: skip
    kept: dict[str, AnyArray] = {
        "values": found.values, "n_relevant": found.n_relevant,
        "n_candidates": found.n_candidates,
    }  # fmt: skip
    if found.edges is not None:
        kept |= {f"edges_{k}": part for k, part in vars(found.edges).items()}
    write_arrays(out, kept)


def rank_in_tasks(
    scorers: Sequence[PairScorer], truth: HopTruth, rows: IntArray, place: Place, *,
    block: int, ks: Sequence[int], metrics: Sequence[str] | None, ties: str,
    edge_ranks: bool, tell: Callable[[int, int], None] | None = None,
) -> tuple[Ranked, Summary]:  # fmt: skip
    """Rank as `rank_all` does, blocks of queries at once wherever tasks run.

    Scores of vectors are sent as files. Those that are functions cannot be sent; they
    are ranked in this process.

    Returns
    -------
    Ranked
        What `rank_all` gives, to the last bit.
    Summary
        What was run and what was there already.
    """
    names = metric_names(ks)
    keep = list(names if metrics is None else metrics)
    options: dict[str, Any] = {
        "ks": [int(k) for k in ks],
        "metrics": keep,
        "ties": ties,
    }
    sent = [s for s in scorers if isinstance(s, VectorScorer)]
    own = [s for s in scorers if not isinstance(s, VectorScorer)]
    here: dict[str, Any] = {**options, "edge_ranks": edge_ranks, "n_jobs": place.n_jobs}
    if not sent:
        return rank_all(own, truth, rows, **here, tell=tell), Summary()
    done, summary = _in_files(
        sent, truth, rows, place, block, {**options, "edge_ranks": edge_ranks}, tell
    )
    if own:
        done = _side_by_side(scorers, done, rank_all(own, truth, rows, **here))
    return done, summary


def _in_files(
    scorers: Sequence[VectorScorer], truth: HopTruth, rows: IntArray, place: Place,
    step: int, options: dict[str, Any], tell: Callable[[int, int], None] | None,
) -> tuple[Ranked, Summary]:  # fmt: skip
    csr = truth.graph.csr
    graph = {"indptr": csr.indptr, "indices": csr.indices}
    if truth.candidates is not None:
        graph["candidates"] = truth.candidates
    arrays = [scorer.to_arrays() for scorer in scorers]
    key = " ".join(map(content_mark, [graph, *arrays]))
    with work_folder(place.work_dir, "rank", key) as folder:
        inputs = {
            "graph": save_input(folder, "graph", graph),
            "queries": save_input(folder, "queries", {"rows": rows}),
        }
        for i, scorer in enumerate(scorers):
            path = save_input(folder, f"vectors{i}", arrays.pop(0))
            inputs[f"scorer{i:03d}"] = path
            scorer.read_from(map_arrays(path))  # tasks map the same pages
        cuts = [*range(0, len(rows), step), len(rows)]
        tasks = [
            make_task(
                _TASK, folder, f"ranks-{first}", inputs=inputs, suffix=".bin",
                truth=truth.parameters, first=first, end=end, **options,
            )
            for first, end in pairwise(cuts)
        ]  # fmt: skip

        def progress(label: str, done: int, total: int) -> None:
            if tell is not None:
                tell(min(done * step, len(rows)), len(rows))

        summary = run_tasks(
            TaskList([Stage("Ranking", tasks)]), place.executor, n_jobs=place.n_jobs,
            most=place.most, progress=progress,
        )  # fmt: skip
        parts = [map_arrays(task.output) for task in tasks]
        return _joined(parts, cuts, options), summary


def _joined(
    parts: list[dict[str, AnyArray]], cuts: list[int], options: dict[str, Any]
) -> Ranked:
    """Put the blocks of queries together."""

    def joined(name: str) -> AnyArray:
        return np.concatenate([part[name] for part in parts], axis=-1)

    edges = None
    if options["edge_ranks"]:
        query = np.concatenate(
            [p["edges_query"] + first for p, first in zip(parts, cuts, strict=False)]
        )
        rest = ("column", "above", "tied", "n_negatives")
        edges = EdgeRanks(query, *(joined(f"edges_{name}") for name in rest))
    counts = joined("n_relevant"), joined("n_candidates")
    return Ranked(tuple(options["metrics"]), joined("values"), *counts, edges)


def _side_by_side(scorers: Sequence[PairScorer], sent: Ranked, own: Ranked) -> Ranked:
    """Bring scores that were ranked apart into their order."""
    at = {True: 0, False: 0}
    order = []
    for scorer in scorers:
        kind = isinstance(scorer, VectorScorer)
        order.append(at[kind] + (0 if kind else len(sent.values)))
        at[kind] += 1

    def both(a: AnyArray, b: AnyArray) -> AnyArray:
        return np.concatenate([a, b])[order]

    edges = sent.edges
    if edges is not None and own.edges is not None:
        above = both(edges.above, own.edges.above)
        tied = both(edges.tied, own.edges.tied)
        edges = EdgeRanks(edges.query, edges.column, above, tied, edges.n_negatives)
    return sent._replace(values=both(sent.values, own.values), edges=edges)
