"""estimate_recall: the share of the matches among candidate pairs, without labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from graphrep._utils._memory import human_bytes
from graphrep._utils._parallel import resolve_n_jobs
from graphrep._utils._random import draw_seed
from graphrep._utils._warn import warn_user
from graphrep.blocking._block_costs import costs_of_rows, entries_of
from graphrep.blocking._blocker import RawPairs
from graphrep.blocking._blocking_report import check_tables
from graphrep.blocking._candidate_pairs import CandidatePairs
from graphrep.blocking._copy_scores import Search, copy_scores
from graphrep.blocking._lexical_neighbours import sparse_neighbours
from graphrep.blocking._records import Records, as_records
from graphrep.blocking._relative import (
    ASSIGNMENTS,
    Neighbours,
    assignment_of,
    mostly_shared,
    scored_pairs,
    without_twins,
)
from graphrep.blocking._score_mixture import (
    MANY,
    SECOND,
    SINGLE,
    Prior,
    RecallEstimate,
    ScoreMixture,
)
from graphrep.exceptions import GraphValueError, MemoryLimitError
from graphrep.retrieval import SparseIndex, TextFeatures
from graphrep.typing import AnyArray, FloatArray, IntArray

Rules = Callable[[RawPairs], RawPairs]
_COPIES = (
    "Most records of the smaller table say the same as one of the other, in the "
    "columns looked at. Whether such copies count as matches is not known: the "
    "interval allows for both."
)
_ADVICE = (
    "Pass exclude_identical=True if they do not, assignment='one-to-one' if they are "
    "all there is to find."
)
_PRIORS = (
    "No bump among the scores tells the matches from other pairs: the estimate rests "
    "on assumptions more than on these tables."
)
_NOTHING = "No pair has runs of three characters in common: nothing is known."
_NEIGHBOURS = 50  # as the priors were measured with
_SORTED = 24  # bytes for each neighbour, where those that say the same are left out
_NGRAM = 3
_MANY = "many-to-many"
_SINGLE = "one-to-one"


class NearPairs(NamedTuple):
    """Scores of near pairs, and the mixture that they are taken for.

    Attributes
    ----------
    keys : ndarray of int64
        Near pairs, sorted: left row times records of B, plus right row.
    scores : ndarray of float32
        Their relative scores.
    prior : Prior
        What is known of such scores.
    copies : tuple of two floats or None
        Score of the best pairs, as many as the smaller table has records, and the share
        of copies that score as much.
    mixture : ScoreMixture
        Of all these.
    """

    keys: IntArray
    scores: FloatArray
    prior: Prior
    copies: tuple[float, float] | None
    mixture: ScoreMixture

    def bins(self, wanted: IntArray) -> tuple[IntArray, AnyArray]:
        """Bins of those of some pairs that are near ones, and which they are."""
        if not len(self.keys):
            return np.zeros(0, np.int64), np.zeros(len(wanted), bool)
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        known = self.keys[at] == wanted
        return self.mixture.bins(self.scores[at[known]]), known

    def estimate(self, wanted: IntArray) -> RecallEstimate:
        """Estimate the recall of some pairs."""
        bins = self.bins(wanted)[0]
        return self.mixture.estimate(
            np.bincount(bins, minlength=len(self.mixture.totals_))
        )

    def gains(self, wanted: IntArray) -> FloatArray:
        """Mean share of the matches that each of some pairs stands for."""
        bins, known = self.bins(wanted)
        gains: FloatArray = np.zeros(len(wanted))
        gains[known] = self.mixture.expected()[bins]
        return gains


class LikelyMatches:
    """Near pairs of two tables, or of one, and how likely they are to be matches.

    Parameters
    ----------
    A, B : Records
        The tables.
    one_table : bool
        Whether B is A.
    assignment : str, default="auto"
        See `TfidfBlocker`.
    exclude_identical : bool, default=False
        Whether pairs of records that say the same are no matches.
    keep : callable or None, default=None
        From `RawPairs` to those that may be matches, by rules.
    max_postings : int or None, default=None
        See `SparseIndex.query`.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.
    seed : int, default=0
        Draws copies of records.

    Attributes
    ----------
    readings : list of NearPairs
        One; where most records stand in both tables as they are and may have other
        matches a second one, without these copies, which is as likely.
    doubts : tuple of str
        See `RecallEstimate`.
    """

    def __init__(
        self, A: Records, B: Records, one_table: bool, assignment: str = "auto", *,
        exclude_identical: bool = False, keep: Rules | None = None,
        max_postings: int | None = None, n_jobs: int | None = None, seed: int = 0,
    ) -> None:  # fmt: skip
        self._width = np.int64(max(1, len(B)))
        self._tables, self._keep, self._seed = (A, B, one_table), keep, seed
        self._way = _SINGLE
        if assignment_of(assignment, A, B, one_table) == _MANY:
            self._way = _MANY
        features = TextFeatures("char", _NGRAM, n_jobs=n_jobs)
        left, right = A.texts(), B.texts()
        features.fit(left if one_table else left + right)
        X = features.transform(left)
        Y = X if one_table else features.transform(right)
        options: dict[str, Any] = {"max_postings": max_postings, "n_jobs": n_jobs}
        lists = sparse_neighbours(X, Y, one_table=one_table, k=_NEIGHBOURS, **options)

        def search(copied: Records) -> Neighbours:
            rows = features.transform(copied.texts())
            return Neighbours(*SparseIndex(Y).query(rows, _NEIGHBOURS, **options))

        shared = _may_be_known(assignment, A, B, one_table)
        self.readings: list[NearPairs] = []
        if not exclude_identical:
            prior = MANY if self._way == _MANY else SINGLE
            self.readings.append(self._near(lists, prior, search))
        if shared or exclude_identical:
            twins = A.text_groups(B)
            of_left = without_twins(lists[0], *twins)
            of_right = without_twins(lists[1], *twins[::-1])
            prior = SINGLE if self._way == _SINGLE else SECOND if shared else MANY
            self.readings.append(
                self._near((of_left, of_right), prior, None if shared else search)
            )
        self.doubts = self._doubts(shared and not exclude_identical)

    def estimate(self, left: IntArray, right: IntArray) -> RecallEstimate:
        """Estimate the recall of pairs of rows."""
        if not len(left):
            return RecallEstimate(0.0, 0.0, 0.0)
        wanted = self._keys(left, right)
        parts = [part.estimate(wanted) for part in self.readings if len(part.keys)]
        if not parts:  # nothing is near, which tells nothing of these pairs
            return RecallEstimate(0.0, 0.0, 1.0, self.doubts)
        recall = float(np.mean([part.recall for part in parts]))
        low, high = min(part.low for part in parts), max(part.high for part in parts)
        return RecallEstimate(recall, low, high, self.doubts)

    def needed(self, left: IntArray, right: IntArray, target: float) -> int | None:
        """How many of the pairs, best first, reach a recall; None if all do not."""
        wanted = self._keys(left, right)
        parts = [part.gains(wanted) for part in self.readings if len(part.keys)]
        gains = np.mean(parts, axis=0) if parts else np.zeros(len(wanted))
        reached = np.cumsum(gains)
        at = int(np.searchsorted(reached, target - 1e-9))
        return None if at >= len(reached) else at + 1

    def _near(
        self, lists: tuple[Neighbours, Neighbours], prior: Prior, search: Search | None
    ) -> NearPairs:
        """Score near pairs, and copies where they are to be searched."""
        A, B, one_table = self._tables
        found = scored_pairs(*lists, self._way, one_table=one_table)
        raw = RawPairs(found.left, found.right, found.scores)
        if self._keep is not None:
            raw = self._keep(raw)
        keys = raw.left * self._width + raw.right
        order = np.argsort(keys)
        scores = np.asarray(raw.scores[order], np.float32)
        copies: tuple[float, float] | None = None
        if len(scores) and len(B) and search is not None:
            made = copy_scores(B, lists[1], search, self._way, seed=self._seed)
            smaller = min(len(A), len(B), len(scores))
            level = float(np.partition(scores, len(scores) - smaller)[-smaller])
            copies = level, float(np.mean(made >= level))
        mixture = ScoreMixture(scores, prior, copies)
        return NearPairs(keys[order], scores, prior, copies, mixture)

    def _doubts(self, shared: bool) -> tuple[str, ...]:
        """Tell what makes the estimate a weak one; warn where it cannot be told."""
        out = []
        if shared:
            out.append(_COPIES)
            warn_user(f"{_COPIES} {_ADVICE}")
        last = self.readings[-1]
        if not len(last.keys):
            out.append(_NOTHING)
        elif not last.mixture.stands_out_:
            out.append(_PRIORS)
        return tuple(out)

    def _keys(self, left: IntArray, right: IntArray) -> IntArray:
        return left.astype(np.int64) * self._width + right


def refuse_beyond(
    limit: int, A: Records, B: Records, one_table: bool, n_jobs: int | None,
    exclude_identical: bool, assignment: str = "auto",
) -> None:  # fmt: skip
    """Refuse an estimate that needs more memory than is allowed: it has no files."""
    entries = entries_of(A, "char", _NGRAM), entries_of(B, "char", _NGRAM)
    costs = costs_of_rows(len(A), len(B), entries, _NEIGHBOURS, one_table, None)
    need = costs.whole + resolve_n_jobs(n_jobs) * costs.per_thread
    if exclude_identical or _may_be_known(assignment, A, B, one_table):
        need += _SORTED * _NEIGHBOURS * (len(A) + len(B))
    if need > limit:
        raise MemoryLimitError(
            f"Estimating the recall of pairs of {len(A):,} and {len(B):,} records "
            f"works in memory and needs {human_bytes(need)}; memory_limit is "
            f"{human_bytes(limit)}. Allow {need:,} bytes or more."
        )


def _may_be_known(assignment: str, A: Records, B: Records, one_table: bool) -> bool:
    """Whether most records of a table stand in another, and may have other matches."""
    if one_table or assignment not in ("auto", _MANY):
        return False
    return mostly_shared(A, B)


def estimate_recall(
    pairs: CandidatePairs, left: Any, right: Any = None, *, assignment: str = "auto",
    exclude_identical: bool = False, max_postings: int | None = None,
    n_jobs: int | None = None, random_state: Any = 0,
) -> RecallEstimate:  # fmt: skip
    """Estimate without labels the share of the matches that is among pairs.

    Parameters
    ----------
    pairs : CandidatePairs
        From any blocker, or read from a file.
    left, right : table-like
        The tables that they are of; see `as_records`. No right one for one table.
    assignment : str, default="auto"
        How many matches a record has at most; see `TfidfBlocker`.
    exclude_identical : bool, default=False
        Whether pairs of records that say the same, but for capitals and blanks, are no
        matches.
    max_postings : int or None, default=None
        Bounds the search in large tables; see `TfidfBlocker`.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.
    random_state : int, RandomState instance or None, default=0
        Draws the records that are copied.

    Returns
    -------
    RecallEstimate
        The share, where it lies with a probability of nine in ten, and doubts.

    Warns
    -----
    GraphWarning
        If most records of the smaller table stand in the other, too; see the notes.

    Raises
    ------
    GraphValueError
        If the tables are not those of the pairs, or the assignment is unknown.

    Notes
    -----
    Recall cannot be told without labels unless something is assumed: a match that looks
    like no other match is seen by nobody. Here the 50 nearest records of each by TF-IDF
    of runs of three characters are scored relative to what else is near, and it is
    assumed that

    - scores of other pairs fall off exponentially, those of matches are normally
      distributed (`ScoreMixture`), with priors for both from public sets;
    - matches of one score are among ``pairs`` as often as other near pairs of that
      score are;
    - what stands out as a match is one. Where pairs that stand out are counted as no
      matches (other versions of a product), the estimate is wrong and nothing says so.

    Two cases are told in ``doubts``. Where most records of the smaller table say the
    same as one of the other and may have other matches, such copies may be what is
    looked for or what is known: the estimate is the mean of both, the interval holds
    both, and there is a warning. Other matches of such records may lie anywhere: no
    prior says where. And where Akaike's criterion does not prefer matches and others
    to others alone, the priors speak, not the scores.

    The mean absolute error is 2 to 3 points for `TfidfBlocker` on ten pairs of public
    tables, see the benchmarks. Time and memory are those of a `TfidfBlocker`, and 500
    copies of records.

    References
    ----------
    Mixtures of scores of matches and others are those of record linkage [1]_; that
    form, the priors and the use for blocking are our own.

    .. [1] T. Belin, D. Rubin, "A method for calibrating false-match rates in record
       linkage", Journal of the American Statistical Association 90, 1995.

    Examples
    --------
    >>> from graphrep.blocking import TfidfBlocker, estimate_recall
    >>> from graphrep.datasets import make_records
    >>> data = make_records(300, errors=2, random_state=0)
    >>> pairs = TfidfBlocker(budget=2.0).fit_candidate_pairs(data.left, data.right)
    >>> estimate_recall(pairs, data.left, data.right).recall > 0.9
    True
    """
    if assignment not in ASSIGNMENTS:
        raise GraphValueError(
            f"assignment must be one of {', '.join(map(repr, ASSIGNMENTS))}; got "
            f"{assignment!r}."
        )
    A = as_records(left)
    B = A if right is None else as_records(right)
    check_tables(pairs, A, B, right is None)
    near = LikelyMatches(
        A, B, right is None, assignment, exclude_identical=exclude_identical,
        max_postings=max_postings, n_jobs=n_jobs, seed=draw_seed(random_state),
    )  # fmt: skip
    return near.estimate(pairs.left_rows, pairs.right_rows)
