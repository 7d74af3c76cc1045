"""estimate_recall: the share of the matches among candidate pairs, without labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphrep._utils._memory import human_bytes
from graphrep._utils._parallel import resolve_n_jobs
from graphrep._utils._random import draw_seed
from graphrep.blocking._block_costs import costs_of_rows, entries_of
from graphrep.blocking._blocker import RawPairs
from graphrep.blocking._blocking_report import check_tables
from graphrep.blocking._candidate_pairs import CandidatePairs
from graphrep.blocking._copy_scores import copy_scores
from graphrep.blocking._lexical_neighbours import sparse_neighbours
from graphrep.blocking._records import Records, as_records
from graphrep.blocking._relative import (
    ASSIGNMENTS,
    Neighbours,
    assignment_of,
    scored_pairs,
)
from graphrep.blocking._score_mixture import (
    MANY,
    SINGLE,
    RecallEstimate,
    ScoreMixture,
)
from graphrep.exceptions import GraphValueError, MemoryLimitError
from graphrep.retrieval import SparseIndex, TextFeatures
from graphrep.typing import AnyArray, IntArray

Rules = Callable[[RawPairs], RawPairs]
_NEIGHBOURS = 50  # as the priors were measured with
_NGRAM = 3
_MANY = "many-to-many"
_SINGLE = "one-to-one"


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
    keys : ndarray of int64
        Near pairs, sorted: left row times records of B, plus right row.
    scores : ndarray of float32
        Their relative scores.
    prior : Prior
        Of the assignment.
    copies : tuple of two floats or None
        Score of the best pairs, as many as the smaller table has records, and the share
        of copies that score as much.
    mixture : ScoreMixture
        Of all these.
    """

    def __init__(
        self, A: Records, B: Records, one_table: bool, assignment: str = "auto", *,
        keep: Rules | None = None, max_postings: int | None = None,
        n_jobs: int | None = None, seed: int = 0,
    ) -> None:  # fmt: skip
        self._width = np.int64(max(1, len(B)))
        many = assignment_of(assignment, A, B, one_table) == _MANY
        way = _MANY if many else _SINGLE
        features = TextFeatures("char", _NGRAM, n_jobs=n_jobs)
        left, right = A.texts(), B.texts()
        features.fit(left if one_table else left + right)
        X = features.transform(left)
        Y = X if one_table else features.transform(right)
        options: dict[str, Any] = {"max_postings": max_postings, "n_jobs": n_jobs}
        lists = sparse_neighbours(X, Y, one_table=one_table, k=_NEIGHBOURS, **options)
        found = scored_pairs(*lists, way, one_table=one_table)
        raw = RawPairs(found.left, found.right, found.scores)
        if keep is not None:
            raw = keep(raw)
        order = np.argsort(raw.left * self._width + raw.right)
        self.keys = (raw.left * self._width + raw.right)[order]
        scores = self.scores = np.asarray(raw.scores[order], np.float32)
        self.prior = MANY if many else SINGLE
        self.copies: tuple[float, float] | None = None
        if len(scores) and len(B):
            index = SparseIndex(Y)

            def search(copied: Records) -> Neighbours:
                rows = features.transform(copied.texts())
                return Neighbours(*index.query(rows, _NEIGHBOURS, **options))

            made = copy_scores(B, lists[1], search, way, seed=seed)
            smaller = min(len(A), len(B), len(scores))
            level = float(np.partition(scores, len(scores) - smaller)[-smaller])
            self.copies = level, float(np.mean(made >= level))
        self.mixture = ScoreMixture(scores, self.prior, self.copies)

    def estimate(self, left: IntArray, right: IntArray) -> RecallEstimate:
        """Estimate the recall of pairs of rows."""
        if not len(left):
            return RecallEstimate(0.0, 0.0, 0.0)
        if not len(self.keys):  # nothing is near, which tells nothing of these pairs
            return RecallEstimate(0.0, 0.0, 1.0)
        bins = self.mixture.bins(self.scores[self._places(left, right)[0]])
        return self.mixture.estimate(
            np.bincount(bins, minlength=len(self.mixture.totals_))
        )

    def needed(self, left: IntArray, right: IntArray, target: float) -> int | None:
        """How many of the pairs, best first, reach a recall; None if all do not."""
        gains = np.zeros(len(left))
        if len(self.keys):
            places, known = self._places(left, right)
            bins = self.mixture.bins(self.scores[places])
            gains[known] = self.mixture.expected()[bins]
        reached = np.cumsum(gains)
        at = int(np.searchsorted(reached, target - 1e-9))
        return None if at >= len(reached) else at + 1

    def _places(self, left: IntArray, right: IntArray) -> tuple[AnyArray, AnyArray]:
        """Places of the pairs that are near ones, and which they are."""
        wanted = left.astype(np.int64) * self._width + right
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        known = self.keys[at] == wanted
        return at[known], known


def refuse_beyond(
    limit: int, A: Records, B: Records, one_table: bool, n_jobs: int | None
) -> None:
    """Refuse an estimate that needs more memory than is allowed: it has no files."""
    entries = entries_of(A, "char", _NGRAM), entries_of(B, "char", _NGRAM)
    costs = costs_of_rows(len(A), len(B), entries, _NEIGHBOURS, one_table, None)
    need = costs.whole + resolve_n_jobs(n_jobs) * costs.per_thread
    if need > limit:
        raise MemoryLimitError(
            f"Estimating the recall of pairs of {len(A):,} and {len(B):,} records "
            f"works in memory and needs {human_bytes(need)}; memory_limit is "
            f"{human_bytes(limit)}. Allow {need:,} bytes or more."
        )


def estimate_recall(
    pairs: CandidatePairs, left: Any, right: Any = None, *, assignment: str = "auto",
    max_postings: int | None = None, n_jobs: int | None = None, random_state: Any = 0,
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
    max_postings : int or None, default=None
        Bounds the search in large tables; see `TfidfBlocker`.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.
    random_state : int, RandomState instance or None, default=0
        Draws the records that are copied.

    Returns
    -------
    RecallEstimate
        The share, and where it lies with a probability of nine in ten.

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
    - what stands out as a match is one. Where records that stand out are counted as no
      match (other versions of a product), or matches hide among many others as near
      (offers that are worded apart), the estimate is wrong and no interval says
      so.

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
        A, B, right is None, assignment, max_postings=max_postings, n_jobs=n_jobs,
        seed=draw_seed(random_state),
    )  # fmt: skip
    return near.estimate(pairs.left_rows, pairs.right_rows)
