"""Blocking by files: what is written, the tasks, and the join of their pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._tasks import (
    Stage,
    Task,
    TaskList,
    make_task,
    run_tasks,
    save_input,
    work_folder,
)
from graphrep._utils._progress import silent
from graphrep.blocking._block_tasks import FORWARD, REVERSE, read_scored
from graphrep.blocking._record_texts import join_text
from graphrep.blocking._records import Records
from graphrep.blocking._relative import Scored
from graphrep.retrieval import SparseIndex
from graphrep.typing import AnyArray, IntArray

if TYPE_CHECKING:
    from graphrep.blocking._neighbour_blocker import NeighbourBlocker

_TASKS = "graphrep.blocking._block_tasks"


@dataclass
class Search:
    """Where tasks look for near records.

    Attributes
    ----------
    left, right : Path
        Index or vectors of both tables; the same for one.
    left_bounds, right_bounds : list of int
        First record of each block.
    stages : list of Stage
        What makes the indexes.
    arguments : dict of str to object
        Arguments of `search_block`.
    codes : dict of str to Path
        Hash codes of "left" and "right".
    """

    left: Path
    right: Path
    left_bounds: list[int]
    right_bounds: list[int]
    stages: list[Stage] = field(default_factory=list)
    arguments: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Workplace:
    """Two tables, or one, and the folder for what tasks read.

    Attributes
    ----------
    A, B : Records
        The tables.
    one_table : bool
        Whether they are one.
    folder : Path
        Where files go.
    block : int
        Records of a block.
    """

    A: Records
    B: Records
    one_table: bool
    folder: Path
    block: int

    @property
    def sides(self) -> list[tuple[str, Records]]:
        """The tables that there are."""
        return [("left", self.A), *([] if self.one_table else [("right", self.B)])]

    def save(self, name: str, arrays: dict[str, AnyArray]) -> Path:
        """Write what tasks read."""
        return save_input(self.folder, name, arrays)

    def text_search(self, analyzer: str, n: int, max_postings: int | None) -> Search:
        """Search by n-grams; features are counted by tasks."""
        counts: dict[str, list[Task]] = {}
        bounds = {}
        for side, records in self.sides:
            bounds[side] = _bounds(len(records), self.block)
            counts[side] = self._counts(
                side, records.texts(), bounds[side], analyzer, n
            )
        every = [task for tasks in counts.values() for task in tasks]
        vocabulary = make_task(
            f"{_TASKS}:merge_vocabulary", self.folder, "vocabulary",
            inputs=_numbered(every), suffix=".bin",
        )  # fmt: skip
        indexes = {
            side: make_task(
                f"{_TASKS}:index_texts", self.folder, f"index-{side}", suffix=".bin",
                inputs={"vocabulary": vocabulary.output, **_numbered(tasks)},
                analyzer=analyzer, n=n, common=max_postings is None,
            )
            for side, tasks in counts.items()
        }  # fmt: skip
        stages = [
            Stage("Counting features", every),
            Stage("Putting features together", [vocabulary]),
            Stage("Making indexes", list(indexes.values())),
        ]
        left, right = indexes["left"], indexes.get("right", indexes["left"])
        return Search(
            left.output, right.output, bounds["left"],
            bounds.get("right", bounds["left"]), stages,
            {"max_postings": max_postings},
        )  # fmt: skip

    def row_search(self, rows: Sequence[Any], max_postings: int | None) -> Search:
        """Search by sparse rows that are made already, (left, right) or (left,)."""
        paths, bounds = {}, {}
        for (side, records), X in zip(self.sides, rows, strict=True):
            arrays = SparseIndex(X).to_arrays(common=max_postings is None)
            paths[side] = self.save(f"index-{side}", arrays)
            bounds[side] = _bounds(len(records), self.block)
        return Search(
            paths["left"], paths.get("right", paths["left"]), bounds["left"],
            bounds.get("right", bounds["left"]), [], {"max_postings": max_postings},
        )  # fmt: skip

    def vector_search(
        self, vectors: Sequence[AnyArray], hashing: dict[str, dict[str, Any]] | None,
        near: dict[str, AnyArray] | None = None,
    ) -> Search:  # fmt: skip
        """Search by vectors, (left, right) or (left,); zero vectors are near nothing.

        ``hashing`` has the options of `HashIndex` for either table, ``near`` vectors
        of pairs that it learns from.
        """
        inputs = {} if near is None else {"near": self.save("near", near)}
        paths, bounds, tasks, codes = {}, {}, [], {}
        for (side, records), X in zip(self.sides, vectors, strict=True):
            full = np.flatnonzero(X.any(axis=1))
            arrays = {"vectors": X[full], "full": full, "n": np.array([len(records)])}
            paths[side] = self.save(f"vectors-{side}", arrays)
            firsts = full[:: self.block]  # blocks of whole batches, as in memory
            bounds[side] = [0, *firsts[1:].tolist()]
            if hashing is not None:
                tasks.append(
                    make_task(
                        f"{_TASKS}:index_codes", self.folder, f"codes-{side}",
                        inputs={"base": paths[side], **inputs}, suffix=".bin",
                        options=hashing[side],
                    )
                )  # fmt: skip
                codes[side] = tasks[-1].output
        stages = [Stage("Hashing vectors", tasks)] if tasks else []
        return Search(
            paths["left"], paths.get("right", paths["left"]), bounds["left"],
            bounds.get("right", bounds["left"]), stages, {}, codes,
        )  # fmt: skip

    def _counts(
        self, side: str, texts: list[str], bounds: list[int], analyzer: str, n: int
    ) -> list[Task]:
        ends = [*bounds[1:], len(texts)]
        files = [
            self.save(f"texts-{side}", join_text(texts[first:end]))
            for first, end in zip(bounds, ends, strict=True)
        ]
        return [
            make_task(
                f"{_TASKS}:count_features", self.folder, f"counts-{side}-{first}",
                inputs={"texts": file}, suffix=".bin", analyzer=analyzer, n=n,
            )
            for first, file in zip(bounds, files, strict=True)
        ]  # fmt: skip


def scored_blocks(
    blocker: NeighbourBlocker, A: Records, B: Records, one_table: bool,
    groups: tuple[IntArray, IntArray] | None, *, details: bool = False,
) -> Iterator[Scored]:  # fmt: skip
    """Run the tasks that are missing, and give the pairs of block after block.

    Together they are the pairs that are found in memory, in the same order.

    Parameters
    ----------
    blocker : NeighbourBlocker
        With its plan.
    A, B : Records
        The tables.
    one_table : bool
        Whether they are one.
    groups : tuple of two ndarray of int64, or None
        Numbers of the texts of all records, where twins are left out.
    details : bool, default=False
        Whether to give similarities and levels, too.
    """
    plan = blocker.plan_
    assert plan.block is not None
    with work_folder(
        blocker.work_dir, "block", _key(blocker, A, B, one_table), disk=plan.disk
    ) as folder:
        place = Workplace(A, B, one_table, folder, plan.block)
        search = blocker._search(place)
        pairs = _pair_stages(blocker, place, search, groups, details)
        blocker.tasks_ = run_tasks(
            TaskList([*search.stages, *pairs]), blocker.executor,
            n_jobs=plan.n_jobs, most=plan.workers,
            progress=getattr(blocker, "_progress", None) or silent,
        )  # fmt: skip
        for task in pairs[-1].tasks:
            yield read_scored(task.output)


def _pair_stages(
    blocker: NeighbourBlocker, place: Workplace, search: Search,
    groups: tuple[IntArray, IntArray] | None, details: bool,
) -> list[Stage]:  # fmt: skip
    """Stages that search and that score; the files of the last are the pairs."""
    twins: list[Path] = []
    if groups is not None:
        twins = [place.save("groups", {"groups": part}) for part in groups]
    k, one = blocker.n_neighbors, place.one_table
    n, m = len(place.A), len(place.B)

    def tasks(side: str) -> list[Task]:
        own, other = ("left", "right") if side == "left" else ("right", "left")
        paths = {"left": search.left, "right": search.right}
        inputs = {"queries": paths[own], "base": paths[other]}
        if search.codes:
            inputs["codes"] = search.codes["left" if one else other]
        ordered = twins if side == "left" else twins[::-1]
        inputs |= dict(zip(("own_groups", "other_groups"), ordered, strict=False))
        bounds = search.left_bounds if side == "left" else search.right_bounds
        roles = [FORWARD, REVERSE] if one else [FORWARD if side == "left" else REVERSE]
        ends = [*bounds, n if side == "left" else m]
        return [
            make_task(
                f"{_TASKS}:search_block", place.folder, f"near-{side}-{first}",
                inputs=inputs, suffix=".bin", first=first, end=end, k=k, one_table=one,
                roles=roles, bounds=search.left_bounds, **search.arguments,
            )
            for first, end in pairwise(ends)
        ]  # fmt: skip

    of_left = tasks("left")
    of_right = of_left if one else tasks("right")
    scored = [
        make_task(
            f"{_TASKS}:score_block", place.folder, f"pairs-{first}", suffix=".bin",
            inputs={"own": own.output, **_numbered(of_right)}, block=block,
            first=first, n_right=max(1, m), assignment=blocker.assignment_,
            one_table=one, details=details,
        )
        for block, (first, own) in enumerate(
            zip(search.left_bounds, of_left, strict=True)
        )
    ]  # fmt: skip
    near = of_left if one else [*of_left, *of_right]
    return [Stage("Looking for near records", near), Stage("Scoring pairs", scored)]


def _numbered(tasks: Sequence[Task]) -> dict[str, Path]:
    """Give outputs names that sort in their order."""
    return {f"part{i:06d}": task.output for i, task in enumerate(tasks)}


def _bounds(n: int, block: int) -> list[int]:
    return list(range(0, max(n, 1), block))


def _key(blocker: NeighbourBlocker, A: Records, B: Records, one_table: bool) -> str:
    """Tell a run from others: by the tables and the method."""
    digest = blake2b(digest_size=16)
    for records in (A,) if one_table else (A, B):
        arrays = join_text(records.texts())
        digest.update(arrays["ends"].tobytes() + arrays["bytes"].tobytes())
    return f"{type(blocker).__name__} {digest.hexdigest()}"
