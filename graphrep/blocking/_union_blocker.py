"""UnionBlocker and IntersectionBlocker: pairs of several blockers, fused by rank."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from graphrep._utils._sklearn_compat import Interval
from graphrep.blocking._blocker import COMMON, RawPairs
from graphrep.blocking._candidate_pairs import CandidatePairs
from graphrep.blocking._fit_once import FitOnce
from graphrep.blocking._matches import Matches
from graphrep.blocking._records import Records
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.typing import AnyArray, FloatArray, IntArray

if TYPE_CHECKING:
    from typing import Self


class UnionBlocker(FitOnce):
    """Pairs that any of several blockers finds.

    Parameters
    ----------
    blockers : list of Blocker
        Blockers, each with its own budget and columns; they are cloned.
    weights : list of float or None, default=None
        What each blocker counts; None for 1 each.
    smoothing : float, default=60.0
        Added to the ranks.

    Attributes
    ----------
    blockers_ : list of Blocker
        The fitted blockers.
    n_pairs_ : int
        Most pairs that the blockers together give for the fitted tables, from what
        each of them estimates and from their budgets.

    Raises
    ------
    GraphTypeError
        For something in ``blockers`` that is no blocker.
    GraphValueError
        For an empty list, or weights that do not fit.

    Notes
    -----
    Reciprocal rank fusion [1]_: a pair scores ``weight / (smoothing + rank)``, summed
    over the blockers that find it; the best pair of a blocker has rank 1, and equal
    scores have the rank of the first of them. ``columns`` restricts what all blockers
    see; rules and budget act on the fused pairs.

    References
    ----------
    .. [1] G. Cormack, C. Clarke, S. Buettcher, "Reciprocal rank fusion outperforms
       Condorcet and individual rank learning methods", SIGIR 2009.

    Examples
    --------
    >>> from graphrep.blocking import KeyBlocker, TfidfBlocker, UnionBlocker
    >>> A = {"name": ["red fox", "grey owl"], "zip": ["10", "20"]}
    >>> B = {"name": ["redfox", "owl"], "zip": ["10", "30"]}
    >>> both = UnionBlocker([KeyBlocker("zip"), TfidfBlocker(columns=["name"])])
    >>> both.fit_candidate_pairs(A, B).left_rows.tolist()
    [0, 1]
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "blockers": [list, tuple],
        "weights": [list, tuple, np.ndarray, None],
        "smoothing": [Interval(Real, 0, None, closed="left")],
        **COMMON,
    }

    def __init__(
        self,
        blockers: Any,
        *,
        weights: Any = None,
        smoothing: float = 60.0,
        budget: int | float | None = 5.0,
        per_record: int | None = None,
        min_per_record: int = 0,
        columns: list[str] | None = None,
        include: Callable[[Records, Records], Any] | None = None,
        exclude: Callable[[Records, Records], Any] | None = None,
        exclude_identical: bool = False,
    ) -> None:
        self.blockers = blockers
        self.weights = weights
        self.smoothing = smoothing
        self.budget = budget
        self.per_record = per_record
        self.min_per_record = min_per_record
        self.columns = columns
        self.include = include
        self.exclude = exclude
        self.exclude_identical = exclude_identical

    def _fit(
        self, A: Records, B: Records, matches: Matches | None, one_table: bool
    ) -> None:
        self._check()
        other = None if one_table else B
        self.blockers_ = [clone(blocker) for blocker in self.blockers]
        if hasattr(self, "_memo"):  # the pairs are asked for at once
            self._memo["_found"] = [
                blocker.fit_candidate_pairs(A, other, matches)
                for blocker in self.blockers_
            ]
        else:
            for blocker in self.blockers_:
                blocker.fit(A, other, matches)

        counts = [getattr(blocker, "n_pairs_", None) for blocker in self.blockers_]
        self.n_pairs_ = self._most_pairs(counts, len(A), len(B), one_table)

    def _most(self, A: Records, B: Records, one_table: bool) -> int:
        self._check()
        other = None if one_table else B
        counts = [
            blocker.most_pairs(A, other) if hasattr(blocker, "most_pairs") else None
            for blocker in self.blockers
        ]
        return self._most_pairs(counts, len(A), len(B), one_table)

    def _most_pairs(
        self, counts: list[int | None], n: int, m: int, one_table: bool
    ) -> int:
        """Most pairs, by those that each blocker finds at most; None if not known."""
        every = n * (n - 1) // 2 if one_table else n * m
        total = 0
        for blocker, count in zip(self.blockers, counts, strict=True):
            wanted = blocker.wanted_pairs(n, m, one_table)
            bounds = [every if count is None else count, every]
            total += min(bounds if wanted is None else [*bounds, wanted])
        return min(every, total // self._least())

    # -- keeping -----------------------------------------------------------------
    def _parameters_to_save(self) -> dict[str, Any]:
        """Parameters; the blockers are kept fitted, so not here."""
        return {**self.get_params(deep=False), "blockers": []}

    def _fitted_state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        from graphrep.persistence import state_of

        arrays, scalars = super()._fitted_state()
        scalars["parts_"] = []
        for at, blocker in enumerate(self.blockers_):
            own, told = state_of(blocker)
            arrays |= {f"part{at}_{name}": values for name, values in own.items()}
            scalars["parts_"].append(told)
        return arrays, scalars

    def _set_fitted_state(
        self, arrays: dict[str, AnyArray], scalars: dict[str, Any]
    ) -> Self:
        from graphrep.persistence import estimator_of

        rest = dict(scalars)
        self.blockers_ = []
        for at, told in enumerate(rest.pop("parts_")):
            head = f"part{at}_"
            own = {
                name.removeprefix(head): values
                for name, values in arrays.items()
                if name.startswith(head)
            }
            self.blockers_.append(estimator_of(own, told))
        self.blockers = [clone(blocker) for blocker in self.blockers_]
        self._check()
        return super()._set_fitted_state({}, rest)

    def _write_files(self, folder: Path) -> None:
        for at, blocker in enumerate(self.blockers_):
            if hasattr(blocker, "_write_files"):
                folder.mkdir(exist_ok=True)
                blocker._write_files(folder / f"part{at}")

    def _read_files(self, folder: Path) -> None:
        for at, blocker in enumerate(self.blockers_):
            if hasattr(blocker, "_read_files"):
                blocker._read_files(folder / f"part{at}")
        self.blockers = [clone(blocker) for blocker in self.blockers_]

    # -- parts -------------------------------------------------------------------
    def _check(self) -> None:
        if not len(self.blockers):
            raise GraphValueError("blockers must name at least one blocker; got none.")
        for blocker in self.blockers:
            if isinstance(blocker, type) or not hasattr(blocker, "fit_candidate_pairs"):
                raise GraphTypeError(f"A blocker was expected; got {blocker!r}.")
        weights = self._weights()
        if len(weights) != len(self.blockers) or not (weights >= 0).all():
            raise GraphValueError(
                "weights must be a number of 0 or more for each of "
                f"{len(self.blockers)} blockers; got {self.weights!r}."
            )

    def _weights(self) -> FloatArray:
        if self.weights is None:
            return np.ones(len(self.blockers))
        return np.asarray(self.weights, np.float64)

    def _found(self, A: Records, B: Records | None) -> list[CandidatePairs]:
        return [blocker.candidate_pairs(A, B) for blocker in self.blockers_]

    def _least(self) -> int:
        """How many blockers must find a pair."""
        return 1

    def _pairs(self, A: Records, B: Records, one_table: bool) -> RawPairs:
        found = self._kept(self._found, A, None if one_table else B)
        width = np.int64(max(1, len(B)))
        keys, inverse = np.unique(
            np.concatenate([pairs.keys for pairs in found]), return_inverse=True
        )
        parts = [
            weight / (self.smoothing + _ranks(pairs.scores))
            for pairs, weight in zip(found, self._weights(), strict=True)
        ]
        scores = np.bincount(inverse, np.concatenate(parts), len(keys))
        often = np.bincount(inverse, minlength=len(keys)) >= self._least()
        left, right = np.divmod(keys[often], width)
        return RawPairs(left, right, scores[often].astype(np.float32))


class IntersectionBlocker(UnionBlocker):
    """Pairs that all, or at least some number, of several blockers find.

    Parameters
    ----------
    blockers, weights, smoothing
        See `UnionBlocker`; scores are fused in the same way.
    at_least : int or None, default=None
        How many blockers must find a pair; None for all.

    Attributes
    ----------
    blockers_ : list of Blocker
        The fitted blockers.

    Raises
    ------
    GraphValueError
        If more blockers are asked for than there are; see `UnionBlocker` for others.

    Examples
    --------
    >>> from graphrep.blocking import IntersectionBlocker, KeyBlocker
    >>> A = {"name": ["red fox", "red owl"], "zip": ["10", "20"]}
    >>> B = {"name": ["redfox", "red cat"], "zip": ["10", "10"]}
    >>> both = IntersectionBlocker([KeyBlocker("zip"), KeyBlocker(columns=["name"])])
    >>> found = both.fit_candidate_pairs(A, B)
    >>> found.left_rows.tolist(), found.right_rows.tolist()
    ([0], [1])
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        **UnionBlocker._parameter_constraints,
        "at_least": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        blockers: Any,
        *,
        at_least: int | None = None,
        weights: Any = None,
        smoothing: float = 60.0,
        budget: int | float | None = 5.0,
        per_record: int | None = None,
        min_per_record: int = 0,
        columns: list[str] | None = None,
        include: Callable[[Records, Records], Any] | None = None,
        exclude: Callable[[Records, Records], Any] | None = None,
        exclude_identical: bool = False,
    ) -> None:
        super().__init__(
            blockers, weights=weights, smoothing=smoothing, budget=budget,
            per_record=per_record, min_per_record=min_per_record, columns=columns,
            include=include, exclude=exclude, exclude_identical=exclude_identical,
        )  # fmt: skip
        self.at_least = at_least

    def _check(self) -> None:
        super()._check()
        if self._least() > len(self.blockers):
            raise GraphValueError(
                f"at_least={self.at_least} blockers cannot find a pair where there are "
                f"{len(self.blockers)}."
            )

    def _least(self) -> int:
        return len(self.blockers) if self.at_least is None else self.at_least


def _ranks(scores: FloatArray) -> IntArray:
    """Rank of each pair, the best 1; equal scores share the first rank."""
    if not len(scores):
        return np.zeros(0, np.int64)
    first = np.concatenate([[True], scores[1:] != scores[:-1]])
    starts = np.flatnonzero(first)
    ranks: IntArray = starts[np.cumsum(first) - 1] + 1
    return ranks
