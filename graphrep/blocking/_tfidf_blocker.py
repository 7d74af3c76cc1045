"""TfidfBlocker: nearest records by weighted character n-grams or words, exactly."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

from graphrep._tasks import Costs
from graphrep._utils._sklearn_compat import THREADS, Interval, StrOptions
from graphrep.blocking._block_costs import costs_of_rows, entries_of
from graphrep.blocking._block_files import Search, Workplace
from graphrep.blocking._blocker import COMMON, RawPairs
from graphrep.blocking._lexical_neighbours import lexical_neighbours
from graphrep.blocking._neighbour_blocker import NEIGHBOURS, NeighbourBlocker
from graphrep.blocking._records import Records
from graphrep.typing import PathType


class TfidfBlocker(NeighbourBlocker):
    """Pairs of records whose texts share rare n-grams.

    Parameters
    ----------
    analyzer : {"char", "word"}, default="char"
        Features: runs of ``n`` characters, or words.
    n : int, default=3
        Length of the runs of characters.
    n_neighbors : int, default=50
        Nearest records that are looked at, of each record of either table.
    assignment : {"auto", "one-to-one", "one-to-many", "many-to-one", "many-to-many"}, \
default="auto"
        How many matches there are at most of a left record to a right one: with
        "one-to-many" a left record may have many matches, a right one only one. Scores
        are relative to the best of the side that has only one. "auto" is
        "many-to-many" for one table, and for two where most records of the smaller
        table stand in the other as they are, else "one-to-one".
    max_postings : int or None, default=None
        Most entries of the lists of features to read for a record, its rarest features
        first; see `SparseIndex.query`. None for an exact search. Tables of more than
        some 200,000 records want a bound: 10,000 for words misses few pairs.
    target_recall : float or None, default=None
        Share of the matches to reach: the smallest budget that is estimated to reach
        it without labels is spent, ``budget`` at most; see `estimate_recall`. It warns
        where the budget does not reach it.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.
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
    recall_estimate_ : RecallEstimate
        Of the last pairs that were chosen by ``target_recall``.
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "analyzer": [StrOptions({"char", "word"})],
        "n": [Interval(Integral, 1, None, closed="left")],
        "max_postings": [Interval(Integral, 1, None, closed="left"), None],
        **NEIGHBOURS,
        "target_recall": [Interval(Real, 0, 1, closed="both"), None],
        **THREADS,
        **COMMON,
    }

    def __init__(
        self,
        analyzer: str = "char",
        n: int = 3,
        *,
        n_neighbors: int = 50,
        assignment: str = "auto",
        max_postings: int | None = None,
        target_recall: float | None = None,
        budget: int | float | None = 5.0,
        per_record: int | None = None,
        min_per_record: int = 0,
        columns: list[str] | None = None,
        include: Callable[[Records, Records], Any] | None = None,
        exclude: Callable[[Records, Records], Any] | None = None,
        exclude_identical: bool = False,
        n_jobs: int | None = None,
        memory_limit: str | int | None = None,
        work_dir: PathType | None = None,
        executor: Any = None,
    ) -> None:
        self.analyzer = analyzer
        self.n = n
        self.n_neighbors = n_neighbors
        self.assignment = assignment
        self.max_postings = max_postings
        self.target_recall = target_recall
        self.budget = budget
        self.per_record = per_record
        self.min_per_record = min_per_record
        self.columns = columns
        self.include = include
        self.exclude = exclude
        self.exclude_identical = exclude_identical
        self.n_jobs = n_jobs
        self.memory_limit = memory_limit
        self.work_dir = work_dir
        self.executor = executor

    def _fit(self, A: Records, B: Records, matches: Any, one_table: bool) -> None:
        self._prepare(A, B, one_table)

    def _pairs(self, A: Records, B: Records, one_table: bool) -> RawPairs:
        near = lexical_neighbours(
            A, B, one_table=one_table, k=self.n_neighbors, analyzer=self.analyzer,
            n=self.n, max_postings=self.max_postings, n_jobs=self.n_jobs,
        )  # fmt: skip
        found = self._scored(near, A, B, one_table)
        return RawPairs(found.left, found.right, found.scores)

    def _costs(self, A: Records, B: Records, one_table: bool) -> Costs:
        entries = [entries_of(part, self.analyzer, self.n) for part in (A, B)]
        return costs_of_rows(
            len(A), len(B), (entries[0], entries[1]), self.n_neighbors, one_table,
            self.wanted_pairs(len(A), len(B), one_table),
        )  # fmt: skip

    def _search(self, place: Workplace) -> Search:
        return place.text_search(self.analyzer, self.n, self.max_postings)
