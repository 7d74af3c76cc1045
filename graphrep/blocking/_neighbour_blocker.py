"""NeighbourBlocker: what blockers share that look at the nearest records of each."""

from __future__ import annotations

from copy import copy
from numbers import Integral
from os import PathLike
from typing import TYPE_CHECKING, Any

from sklearn.utils.validation import check_is_fitted

from graphrep._tasks import Costs, SharesExecutor, Summary, TaskPlan, choose_plan
from graphrep._tasks._executors import check_executor
from graphrep._tasks._plan import FILES
from graphrep._utils._memory import memory_bytes
from graphrep._utils._parallel import at_most_threads
from graphrep._utils._sklearn_compat import HasMethods, Interval, StrOptions
from graphrep.blocking._block_files import Search, Workplace, scored_blocks
from graphrep.blocking._blocker import Blocker, RawPairs
from graphrep.blocking._candidate_pairs import CandidatePairs
from graphrep.blocking._pairs_join import PairsJoin
from graphrep.blocking._records import Records
from graphrep.blocking._relative import (
    ASSIGNMENTS,
    Neighbours,
    Scored,
    assignment_of,
    scored_pairs,
    without_twins,
)
from graphrep.exceptions import GraphValueError
from graphrep.typing import IntArray, PathType

if TYPE_CHECKING:
    pass


class NeighbourBlocker(SharesExecutor, Blocker):
    """Base of blockers that score near pairs relative to what else is near.

    All have these parameters and attributes.

    Parameters
    ----------
    n_neighbors : int, default=50
        Nearest records that are looked at, of each record of either table.
    assignment : {"auto", "one-to-one", "one-to-many", "many-to-one", "many-to-many"}, \
default="auto"
        How many matches there are at most of a left record to a right one: with
        "one-to-many" a left record may have many matches, a right one only one. Scores
        are relative to the best of the side that has only one. "auto" is
        "many-to-many" for one table, and for two where most records of the smaller
        table stand in the other as they are, else "one-to-one".
    memory_limit : str, int or None, default=None
        Memory allowed beyond the tables and what Python and the libraries take: bytes,
        or a text such as "2GiB". What does not fit whole goes through files.
    work_dir : str, path-like or None, default=None
        Folder for these files. Work that was interrupted goes on there.
    executor : str, Executor, Client or None, default=None
        Where blocks of records are looked up: "processes", "dask", the address of a
        Dask scheduler, or an object with ``submit``. None is this process.

    Attributes
    ----------
    assignment_ : str
        What "auto" was decided to be for the fitted tables.
    n_pairs_ : int
        Most pairs that the fitted tables can give, known before any is made.
    plan_ : TaskPlan
        The way that ``candidate_pairs`` went, and what it was expected to take.
    tasks_ : Summary or None
        After blocking through files: tasks ``run``, ``skipped`` and ``retried``.
    """

    n_neighbors: int
    assignment: str
    n_jobs: int | None
    memory_limit: str | int | None
    work_dir: PathType | None
    executor: Any

    def _prepare(self, A: Records, B: Records, one_table: bool) -> None:
        """Set what all have after ``fit``."""
        self.assignment_ = assignment_of(self.assignment, A, B, one_table)
        n, m = len(A), len(B)
        every = n * (n - 1) // 2 if one_table else n * m
        listed = self.n_neighbors * (n if one_table else n + m)
        wanted = self.wanted_pairs(n, m, one_table)
        self.n_pairs_ = min(every, listed, every if wanted is None else wanted)

    def _most(self, A: Records, B: Records, one_table: bool) -> int:
        blocker = copy(self)  # a clone would copy vectors and language models
        blocker._prepare(A, B, one_table)
        return blocker.n_pairs_

    # -- larger than memory ------------------------------------------------------
    def plan(self, A: Any, B: Any = None) -> TaskPlan:
        """Tell which way ``candidate_pairs`` would go; starts nothing.

        Parameters
        ----------
        A, B : table-like
            The tables.

        Returns
        -------
        TaskPlan

        Raises
        ------
        MemoryLimitError
            If no way keeps to ``memory_limit``; the message has the numbers.
        """
        left, right = self._read(A, B)
        return self._plan(left, left if right is None else right, right is None)

    def candidate_pairs(self, A: Any, B: Any = None) -> CandidatePairs:
        """Choose the pairs to compare; see `Blocker.candidate_pairs`.

        They are the same whatever the way, the executor and the memory allowed.
        """
        check_is_fitted(self, "n_columns_in_")
        left, right = self._read(A, B)
        one_table = right is None
        self._check_tables(one_table)
        other = left if right is None else right
        self.tasks_: Summary | None = None
        self.plan_ = self._plan(left, other, one_table)
        if self.plan_.path != FILES or not len(left) or not len(other):
            with at_most_threads(self.plan_.n_jobs):
                return super().candidate_pairs(left, right)
        if self.target_recall is not None:
            raise GraphValueError(
                f"target_recall={self.target_recall} looks at all pairs at once, which "
                "work through files does not hold. Give a budget, or no executor and "
                "no memory_limit."
            )
        return self._pairs_in_files(left, other, one_table)

    def _plan(self, A: Records, B: Records, one_table: bool) -> TaskPlan:
        limit = None if self.memory_limit is None else memory_bytes(self.memory_limit)
        executor = check_executor(self.executor)
        return choose_plan(
            self._costs(A, B, one_table), limit=limit, executor=executor,
            n_jobs=self.n_jobs,
        )  # fmt: skip

    def _pairs_in_files(
        self, A: Records, B: Records, one_table: bool
    ) -> CandidatePairs:
        """Choose the pairs of block after block."""
        join, groups = self._join(A, B, one_table), self._twins(A, B)
        for found in scored_blocks(self, A, B, one_table, groups):
            raw = RawPairs(found.left, found.right, found.scores)
            join.add(*self._apply_rules(raw, A, B, groups))
        return join.pairs()

    def _join(self, A: Records, B: Records, one_table: bool) -> PairsJoin:
        return PairsJoin(
            A.index, B.index, one_table=one_table, per_record=self.per_record,
            budget=self.wanted_pairs(len(A), len(B), one_table),
            min_per_record=self.min_per_record,
        )  # fmt: skip

    def _twins(self, A: Records, B: Records) -> tuple[IntArray, IntArray] | None:
        """Numbers of the texts of all records, where those that say the same go."""
        return A.text_groups(B) if self.exclude_identical else None

    def _costs(self, A: Records, B: Records, one_table: bool) -> Costs:
        """Tell what the work takes."""
        raise NotImplementedError

    def _search(self, place: Workplace) -> Search:
        """Write what tasks search in, or what they make it of."""
        raise NotImplementedError

    # -- scores ------------------------------------------------------------------
    def _scored(
        self, lists: tuple[Neighbours, Neighbours], A: Records, B: Records,
        one_table: bool,
    ) -> Scored:  # fmt: skip
        """Near pairs with their relative scores."""
        of_left, of_right = lists
        if self.exclude_identical:
            left, right = A.text_groups(B)
            of_left = without_twins(of_left, left, right)
            of_right = without_twins(of_right, right, left)
        return scored_pairs(of_left, of_right, self.assignment_, one_table=one_table)


NEIGHBOURS: dict[str, list[Any]] = {
    "n_neighbors": [Interval(Integral, 1, None, closed="left")],
    "assignment": [StrOptions(set(ASSIGNMENTS))],
    "memory_limit": [Interval(Integral, 1, None, closed="left"), str, None],
    "work_dir": [str, PathLike, None],
    "executor": [str, HasMethods(["submit"]), None],
}
"""Constraints of the parameters of all."""
