"""Blocker: what all methods that choose pairs of records share."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from graphrep._utils._memory import memory_bytes
from graphrep._utils._sklearn_compat import Interval
from graphrep._utils._warn import warn_user
from graphrep.blocking._blocking_report import check_tables
from graphrep.blocking._budget import select_pairs, spending_order
from graphrep.blocking._candidate_pairs import CandidatePairs
from graphrep.blocking._listed_pairs import ListedPairs
from graphrep.blocking._matches import as_matches
from graphrep.blocking._records import Records, as_records
from graphrep.exceptions import GraphValueError
from graphrep.typing import AnyArray, FloatArray, IntArray, PathType

if TYPE_CHECKING:
    from typing import Self

    from graphrep.blocking._recall_estimate import LikelyMatches
    from graphrep.blocking._score_mixture import RecallEstimate

_MOST_PAIRS = 2.0**62  # of a budget: more is all


class RawPairs(NamedTuple):
    """Pairs as a method finds them: rows of both tables, a high score for a match."""

    left: IntArray
    right: IntArray
    scores: FloatArray


class Blocker(BaseEstimator):
    """Base of estimators that choose which records are to be compared.

    Sub-classes write ``_fit(A, B, matches)``, where there is anything to learn, and
    ``_pairs(A, B, wanted)``, the raw pairs; everything else is here: reading tables,
    rules, and the choice of the best pairs within a budget.

    All have these parameters.

    Parameters
    ----------
    budget : int, float or None, default=5.0
        Most pairs in all. An int is their number, a float times the records of the
        smaller table. None for all that the method finds.
    per_record : int or None, default=None
        Most pairs of each record of the first table; None for no such bound.
    min_per_record : int, default=0
        Best pairs of each record of the first table that are kept whatever their
        score; they count in the budget.
    columns : list of str or None, default=None
        Columns that the method looks at; None for all.
    include, exclude : callable, ListedPairs or None, default=None
        Rules: functions of two `Records` of one length (the left and the right records
        of the pairs, with all their columns) that return a mask, or `ListedPairs`,
        pairs of ids. Pairs that are not included, or are excluded, are dropped before
        the budget is spent.
    exclude_identical : bool, default=False
        Whether pairs of records that say the same, but for capitals and blanks, are
        dropped, and do not count as near: where both tables hold copies of one source,
        for example, and the copies are known.
    """

    budget: int | float | None
    per_record: int | None
    min_per_record: int
    columns: list[str] | None
    include: Callable[[Records, Records], Any] | None
    exclude: Callable[[Records, Records], Any] | None
    exclude_identical: bool

    _parameter_constraints: dict[str, list[Any]]
    target_recall: float | None = None
    _learns = False  # whether known matches make a difference
    n_pairs_: int
    node_ids_: Any = range(0)  # no record is kept, in a file neither

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.target_tags.required = False
        return tags

    # -- learning ----------------------------------------------------------------
    def fit(self, A: Any, B: Any = None, matches: Any = None) -> Self:
        """Learn from the tables, and from known matches where there are any.

        Parameters
        ----------
        A, B : table-like
            Anything that `as_records` takes; without B the records of A are compared
            with each other.
        matches : pairs-like or None, default=None
            Known matches: two columns of ids, see `as_matches`. Methods that learn
            nothing from them ignore them.

        Returns
        -------
        self
        """
        self._validate_params()
        self._check_limits()
        left, right = self._read(A, B)
        known = None
        if matches is not None:
            known = as_matches(matches, left, right, one_table=B is None)
        self._fit(left, left if right is None else right, known, right is None)
        self.n_columns_in_ = len(left.columns)
        self.one_table_ = right is None
        return self

    def candidate_pairs(self, A: Any, B: Any = None) -> CandidatePairs:
        """Choose the pairs to compare.

        Parameters
        ----------
        A, B : table-like
            Tables, those of ``fit`` or others with the same columns.

        Returns
        -------
        CandidatePairs
            Best first.
        """
        check_is_fitted(self, "n_columns_in_")
        left, right = self._read(A, B)
        one_table = right is None
        self._check_tables(one_table)
        other = left if right is None else right
        raw = self._pairs(left, other, one_table)
        raw = self._apply_rules(raw, left, other)
        sizes = len(left), len(other)
        pairs = select_pairs(
            raw.left, raw.right, raw.scores, left.index, other.index,
            one_table=one_table, budget=self.wanted_pairs(*sizes, one_table),
            per_record=self.per_record, min_per_record=self.min_per_record,
        )  # fmt: skip
        if self.target_recall is None:
            return pairs
        return self._aimed(pairs, left, other, len(raw.left))

    def fit_candidate_pairs(
        self, A: Any, B: Any = None, matches: Any = None
    ) -> CandidatePairs:
        """Do ``fit`` and ``candidate_pairs`` of the same tables."""
        left, right = self._read(A, B)
        return self.fit(left, right, matches).candidate_pairs(left, right)

    def wanted_pairs(self, n_left: int, n_right: int, one_table: bool) -> int | None:
        """Turn the budget into a number of pairs; None for no bound."""
        if self.budget is None:
            return None
        if isinstance(self.budget, (Integral, np.integer)):
            return int(self.budget)
        smaller = n_left if one_table else min(n_left, n_right)
        return round(min(float(self.budget) * smaller, _MOST_PAIRS))

    def most_pairs(self, A: Any, B: Any = None) -> int:
        """Count the pairs that two tables, or one, can give at most; makes none.

        Parameters
        ----------
        A, B : table-like
            Tables, as for ``fit``, which need not have been called; nothing is learnt.

        Returns
        -------
        int
            What ``fit`` calls ``n_pairs_``, before rules.
        """
        self._validate_params()
        self._check_limits()
        left, right = self._read(A, B)
        return self._most(left, left if right is None else right, right is None)

    def _most(self, A: Records, B: Records, one_table: bool) -> int:
        blocker: Self = clone(self)
        blocker._fit(A, B, None, one_table)
        return blocker.n_pairs_

    def _aimed(
        self, pairs: CandidatePairs, A: Records, B: Records, n_found: int
    ) -> CandidatePairs:
        """Take as many of the pairs of the budget as ``target_recall`` needs."""
        order = spending_order(pairs, pairs.one_table, self.min_per_record)
        left = pairs.left_rows[order].astype(np.int64)
        right = pairs.right_rows[order].astype(np.int64)
        needed, reached = self._needed(left, right, A, B, pairs.one_table)
        if needed is not None:
            return pairs.take(np.sort(order[:needed]))
        if self.target_recall and n_found:
            bounds = "budget" if self.per_record is None else "budget or per_record"
            warn_user(
                f"{len(pairs):,} pairs have an estimated recall of {reached}, below "
                f"target_recall={self.target_recall:g}. Raise {bounds}, or n_neighbors "
                "if all pairs that were found are taken."
            )
        return pairs

    def _needed(
        self, left: IntArray, right: IntArray, A: Records, B: Records, one_table: bool
    ) -> tuple[int | None, RecallEstimate | float]:
        """How many of the pairs reach the target, None if all do not; and their recall.

        Sets ``recall_estimate_``.
        """
        near = self._likely_matches(A, B, one_table)
        needed = near.needed(left, right, float(self.target_recall or 0.0))
        self.recall_estimate_ = near.estimate(left[:needed], right[:needed])
        return needed, self.recall_estimate_

    # -- how good the pairs are --------------------------------------------------
    def estimate_recall(
        self, A: Any, B: Any = None, *, pairs: CandidatePairs | None = None
    ) -> RecallEstimate:
        """Estimate without labels the share of the matches among the pairs.

        Parameters
        ----------
        A, B : table-like
            Tables.
        pairs : CandidatePairs or None, default=None
            Pairs of ``candidate_pairs``; None chooses them.

        Returns
        -------
        RecallEstimate
            See `graphrep.blocking.estimate_recall` for what is assumed. Pairs that the
            rules of this blocker drop are taken to be no matches.

        Raises
        ------
        GraphValueError
            If the tables are not those of the pairs.
        MemoryLimitError
            If the estimate, which is made in memory, does not keep to the blocker's
            ``memory_limit``.
        """
        left, right = self._read(A, B)
        other = left if right is None else right
        chosen = self.candidate_pairs(left, right) if pairs is None else pairs
        check_tables(chosen, left, other, right is None)
        near = self._likely_matches(left, other, right is None)
        return near.estimate(chosen.left_rows, chosen.right_rows)

    def _likely_matches(self, A: Records, B: Records, one_table: bool) -> LikelyMatches:
        """Weigh near pairs, which recall is estimated with."""
        from graphrep.blocking._recall_estimate import LikelyMatches

        self._check_estimate(A, None if one_table else B)
        return LikelyMatches(
            A, B, one_table, getattr(self, "assignment_", "auto"),
            exclude_identical=self.exclude_identical,
            keep=lambda raw: self._apply_rules(raw, A, B),
            max_postings=getattr(self, "max_postings", None),
            n_jobs=getattr(self, "n_jobs", None),
            seed=getattr(self, "random_seed_", 0),
        )  # fmt: skip

    def _check_estimate(self, A: Any, B: Any = None) -> None:
        """Refuse tables whose estimate does not keep to ``memory_limit``, if any."""
        from graphrep.blocking._recall_estimate import refuse_beyond

        limit = getattr(self, "memory_limit", None)
        if limit is not None:
            left, right = self._read(A, B)
            refuse_beyond(
                memory_bytes(limit), left, left if right is None else right,
                right is None, getattr(self, "n_jobs", None), self.exclude_identical,
                getattr(self, "assignment_", "auto"),
            )  # fmt: skip

    # -- keeping -----------------------------------------------------------------
    def save(self, path: PathType, *, overwrite: bool = True) -> None:
        """Write the fitted blocker to a directory (or ``.zip``) without pickle.

        Read it back with `graphrep.load`: it chooses the same pairs. Rules, functions
        and encoders of other classes than graphrep's cannot be written; tuples that it
        learnt from are not. Of known matches the rows are, for ``target_recall``, with
        digests of the ids of both tables. Word vectors are written whole, but for
        "wordllama", which must be installed again in the same release. Transformers
        are written as folders that transformers and sentence-transformers read; the
        model that one was tuned from is not. On another device, or with other threads,
        a transformer gives other last bits.

        Parameters
        ----------
        path : path-like
            Directory to write, or a name that ends in ``.zip``.
        overwrite : bool, default=True
            Whether a model that is there may be replaced.
        """
        from graphrep.persistence import save

        check_is_fitted(self, "n_columns_in_")
        save(self, path, overwrite=overwrite)

    def _fitted_state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        """Fitted arrays and JSON-able values: what tables and parameters decided."""
        kept = {
            name: value
            for name, value in vars(self).items()
            if name.endswith("_") and isinstance(value, (int, float, str, np.integer))
        }
        return {}, kept

    def _set_fitted_state(
        self, arrays: dict[str, AnyArray], scalars: dict[str, Any]
    ) -> Self:
        """Take back what `_fitted_state` gave."""
        for name, value in scalars.items():
            if not name.endswith("_"):
                raise ValueError(f"fitted state under the name {name[:80]!r}")
            setattr(self, name, value)
        return self

    # -- what sub-classes write --------------------------------------------------
    def _fit(self, A: Records, B: Records, matches: Any, one_table: bool) -> None:
        """Learn; ``matches`` are two arrays of rows, or None."""

    def _pairs(self, A: Records, B: Records, one_table: bool) -> RawPairs:
        raise NotImplementedError

    # -- parts -------------------------------------------------------------------
    def _check_limits(self) -> None:
        """Refuse a budget and bounds that say nothing, or contradict each other."""
        if self.budget is not None and (
            isinstance(self.budget, (bool, np.bool_)) or not self.budget >= 0
        ):
            raise GraphValueError(
                f"budget must be a number of 0 or more, or None; got {self.budget!r}."
            )
        if self.per_record is not None and self.min_per_record > self.per_record:
            raise GraphValueError(
                f"min_per_record={self.min_per_record} pairs of each record cannot be "
                f"kept where per_record={self.per_record} are the most. Lower one or "
                "raise the other."
            )
        if self.columns is not None and not len(self.columns):
            raise GraphValueError(
                "columns is an empty list, so there is nothing to compare. Name a "
                "column, or pass columns=None for all."
            )

    def _check_tables(self, one_table: bool) -> None:
        """Refuse one table where two were learnt from, and the other way round."""
        if getattr(self, "one_table_", one_table) == one_table:
            return
        fitted, given = (
            ("one table", "two") if one_table is False else ("two tables", "one")
        )
        raise GraphValueError(
            f"The {type(self).__name__} was fitted to {fitted}, and pairs of {given} "
            "are asked for. Fit it to tables of the same number."
        )

    def _read(self, A: Any, B: Any) -> tuple[Records, Records | None]:
        left = self._records(A)
        right = None if B is None else self._records(B)
        if right is left:  # one object for both would be taken for one table
            right = copy(right)
        if right is not None and self.columns is None:
            shared = [name for name in left.columns if name in right.columns]
            if not shared:
                raise GraphValueError(
                    f"The tables share no column: {list(left.columns)} and "
                    f"{list(right.columns)}. Rename columns, or join them into one."
                )
        return left, right

    def _records(self, table: Any) -> Records:
        """Read a table; where there are rules, they see columns that are left out."""
        names = ("include", "exclude", "rule", "blockers")  # those may have rules
        ruled = any(getattr(self, name, None) is not None for name in names)
        if self.columns is None or not ruled:
            return as_records(table, columns=self.columns)
        return as_records(table).searched_by(self.columns)

    def _apply_rules(
        self, raw: RawPairs, A: Records, B: Records,
        groups: tuple[IntArray, IntArray] | None = None,
    ) -> RawPairs:  # fmt: skip
        """Drop pairs by the rules; ``groups`` spares numbering the texts again."""
        for rule, wanted in ((self.include, True), (self.exclude, False)):
            if rule is None or not len(raw.left):
                continue
            if isinstance(rule, ListedPairs):
                raw = _kept(raw, rule.mask(raw.left, raw.right, A, B) == wanted)
                continue
            sides = A.whole.repeat(raw.left), B.whole.repeat(raw.right)
            mask = np.asarray(rule(*sides))
            if mask.shape != (len(raw.left),) or mask.dtype != bool:
                raise GraphValueError(
                    "A rule must return one bool for each pair, an array of shape "
                    f"({len(raw.left):,},); got {mask.dtype} of shape {mask.shape}."
                )
            raw = _kept(raw, mask == wanted)
        if self.exclude_identical and len(raw.left):
            left, right = A.text_groups(B) if groups is None else groups
            raw = _kept(raw, left[raw.left] != right[raw.right])
        return raw


def _kept(raw: RawPairs, mask: AnyArray) -> RawPairs:
    return RawPairs(raw.left[mask], raw.right[mask], raw.scores[mask])


COMMON: dict[str, list[Any]] = {
    "budget": [Integral, Real, None],
    "per_record": [Interval(Integral, 1, None, closed="left"), None],
    "min_per_record": [Interval(Integral, 0, None, closed="left")],
    "columns": [list, tuple, None],
    "include": [callable, ListedPairs, None],
    "exclude": [callable, ListedPairs, None],
    "exclude_identical": ["boolean"],
}
"""Constraints of the parameters that all blockers have."""
