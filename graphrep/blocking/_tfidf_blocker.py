"""TfidfBlocker: nearest records by weighted character n-grams or words, exactly."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any

from graphrep._utils._sklearn_compat import Interval, StrOptions
from graphrep.blocking._blocker import COMMON, Blocker, RawPairs
from graphrep.blocking._lexical_neighbours import lexical_neighbours
from graphrep.blocking._records import Records
from graphrep.blocking._relative import ASSIGNMENTS, relative_pairs


class TfidfBlocker(Blocker):
    """Pairs of records whose texts share rare n-grams.

    Parameters
    ----------
    analyzer : {"char", "word"}, default="char"
        Features: runs of ``n`` characters, or words.
    n : int, default=3
        Length of the runs of characters.
    n_neighbors : int, default=50
        Nearest records that are looked at, of each record of either table.
    assignment : {"one-to-one", "one-to-many", "many-to-one", "many-to-many"}, \
default="one-to-one"
        How many matches there are at most of a left record to a right one: with
        "one-to-many" a left record may have many matches, a right one only one. Scores
        are relative to the best of the side that has only one.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "analyzer": [StrOptions({"char", "word"})],
        "n": [Interval(Integral, 1, None, closed="left")],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "assignment": [StrOptions(set(ASSIGNMENTS))],
        "n_jobs": [Integral, None],
        **COMMON,
    }

    def __init__(
        self,
        analyzer: str = "char",
        n: int = 3,
        *,
        n_neighbors: int = 50,
        assignment: str = "one-to-one",
        budget: int | float | None = 5.0,
        per_record: int | None = None,
        min_per_record: int = 0,
        columns: list[str] | None = None,
        include: Callable[[Records, Records], Any] | None = None,
        exclude: Callable[[Records, Records], Any] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.analyzer = analyzer
        self.n = n
        self.n_neighbors = n_neighbors
        self.assignment = assignment
        self.budget = budget
        self.per_record = per_record
        self.min_per_record = min_per_record
        self.columns = columns
        self.include = include
        self.exclude = exclude
        self.n_jobs = n_jobs

    def _pairs(self, A: Records, B: Records, one_table: bool) -> RawPairs:
        near = lexical_neighbours(
            A, B, one_table=one_table, k=self.n_neighbors, analyzer=self.analyzer,
            n=self.n, n_jobs=self.n_jobs,
        )  # fmt: skip
        return RawPairs(*relative_pairs(*near, self.assignment))
