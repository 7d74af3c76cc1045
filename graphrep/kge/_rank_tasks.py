"""Ranking triples as tasks: blocks of queries over the mapped keys of all entities."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from graphrep._tasks import (
    Place,
    Stage,
    Summary,
    Task,
    TaskList,
    make_task,
    pure_task,
    run_tasks,
    save_input,
    work_folder,
)
from graphrep._utils._array_file import content_mark, map_arrays, write_arrays
from graphrep.kge._queries import Queries
from graphrep.kge._scorer import TripleScorer
from graphrep.typing import AnyArray, IntArray

_TASK = "graphrep.kge._rank_tasks:rank_queries"


@pure_task(version=1)
def rank_queries(out: Path, *, keys: Path, queries: Path) -> None:
    """Count for each answer of some queries what scores above it, and as high."""
    from graphrep.kernels._gemm import WIDTH
    from graphrep.kernels._triple_ranking import (
        padded_queries,
        panels_of_keys,
        rank_answers,
    )

    panels, asked = map_arrays(keys)["panels"], map_arrays(queries)
    n = int(asked["n_entities"][0])
    if panels.shape[2] != WIDTH:  # packed on another processor
        rows = panels.transpose(0, 2, 1).reshape(-1, panels.shape[1])[:n]
        panels = panels_of_keys(rows)
    above, equal = np.zeros((2, len(asked["answers"])), np.int64)
    rank_answers(
        padded_queries(asked["rows"], panels.dtype), panels, n, asked["pointers"],
        asked["answers"], asked["known_pointers"], asked["known"], above, equal,
    )  # fmt: skip
    write_arrays(out, {"above": above, "equal": equal})


def count_in_tasks(
    model: TripleScorer, asked: Queries, filters: Queries, above: IntArray,
    equal: IntArray, *, at_a_time: int, block: int, place: Place,
) -> Summary:  # fmt: skip
    """Fill the counts of all answers by tasks; twin of what is done in this process.

    The model stays here: tasks read its keys, and the rows of their queries. Those are
    taken ``at_a_time`` at once, as in this process.
    """
    from graphrep.kernels._triple_ranking import panels_of_keys

    panels = {"panels": panels_of_keys(model.key_matrix())}
    queries = {
        "heads": asked.heads, "relations": asked.relations, "tails": asked.tails,
        "known": filters.tails,
    }  # fmt: skip
    key = f"{content_mark(panels)} {content_mark(queries)}"
    with work_folder(place.work_dir, "rank-triples", key) as folder:
        keys = save_input(folder, "keys", panels)
        del panels
        tasks: list[Task] = []
        answers: list[slice] = []
        for first, own, arrays in _blocks(model, asked, filters, at_a_time, block):
            inputs = {"keys": keys, "queries": save_input(folder, "queries", arrays)}
            tasks.append(
                make_task(_TASK, folder, f"ranks-{first}", inputs=inputs, suffix=".bin")
            )
            answers.append(own)
        summary = run_tasks(
            TaskList([Stage("Ranking", tasks)]), place.executor, n_jobs=place.n_jobs,
            most=place.most,
        )  # fmt: skip
        for task, own in zip(tasks, answers, strict=True):
            found = map_arrays(task.output)
            above[own], equal[own] = found["above"], found["equal"]
    return summary


def _blocks(
    model: TripleScorer, asked: Queries, filters: Queries, at_a_time: int, step: int
) -> Iterator[tuple[int, slice, dict[str, AnyArray]]]:
    """First query of each block, its answers, and what a task reads."""
    for start in range(0, len(asked), at_a_time):
        stop = min(start + at_a_time, len(asked))
        rows = model.query_matrix(asked.heads[start:stop], asked.relations[start:stop])
        for first in range(start, stop, step):
            end = min(first + step, stop)
            own = slice(asked.pointers[first], asked.pointers[end])
            known = slice(filters.pointers[first], filters.pointers[end])
            yield first, own, {
                "rows": np.asarray(rows[first - start : end - start]),
                "n_entities": np.array([model.n_entities_]),
                "pointers": asked.pointers[first : end + 1] - own.start,
                "answers": asked.tails[own],
                "known_pointers": filters.pointers[first : end + 1] - known.start,
                "known": filters.tails[known],
            }  # fmt: skip
