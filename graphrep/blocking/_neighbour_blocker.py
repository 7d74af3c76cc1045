"""NeighbourBlocker: what blockers share that look at the nearest records of each."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from graphrep._utils._sklearn_compat import Interval, StrOptions
from graphrep.blocking._blocker import Blocker
from graphrep.blocking._records import Records
from graphrep.blocking._relative import (
    ASSIGNMENTS,
    Neighbours,
    Scored,
    assignment_of,
    scored_pairs,
    without_twins,
)


class NeighbourBlocker(Blocker):
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

    Attributes
    ----------
    assignment_ : str
        What "auto" was decided to be for the fitted tables.
    n_pairs_ : int
        Most pairs that the fitted tables can give, known before any is made.
    """

    n_neighbors: int
    assignment: str

    def _prepare(self, A: Records, B: Records, one_table: bool) -> None:
        """Set what all have after ``fit``."""
        self.assignment_ = assignment_of(self.assignment, A, B, one_table)
        n, m = len(A), len(B)
        every = n * (n - 1) // 2 if one_table else n * m
        listed = self.n_neighbors * (n if one_table else n + m)
        wanted = self.wanted_pairs(n, m, one_table)
        self.n_pairs_ = min(every, listed, every if wanted is None else wanted)

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
}
"""Constraints of the parameters of all."""
