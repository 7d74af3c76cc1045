"""NLSHBlocker: pairs of records that a learnt hash puts near each other."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from graphrep._tasks import Costs
from graphrep._utils._progress import Progress, silent
from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import THREADS, Interval, StrOptions
from graphrep.blocking._augment import OPERATORS
from graphrep.blocking._block_files import Search, Workplace
from graphrep.blocking._blocker import COMMON, RawPairs
from graphrep.blocking._candidate_pairs import CandidatePairs
from graphrep.blocking._certificate import LSHCertificate, near_rows
from graphrep.blocking._encoder import vector_neighbours, vectors_of
from graphrep.blocking._hash_search import HASHING, HashSearch
from graphrep.blocking._known_matches import KnownMatches
from graphrep.blocking._lexical_encoder import LexicalEncoder
from graphrep.blocking._lexical_neighbours import lexical_neighbours
from graphrep.blocking._losses import LOSSES, MatchLoss
from graphrep.blocking._matches import Matches, as_matches
from graphrep.blocking._miner import TupleMiner
from graphrep.blocking._neighbour_blocker import NEIGHBOURS, NeighbourBlocker
from graphrep.blocking._nlsh_files import nlsh_costs, nlsh_pairs, nlsh_search
from graphrep.blocking._nlsh_state import (
    nlsh_parameters,
    nlsh_state,
    read_nlsh_files,
    set_nlsh_state,
    write_nlsh_files,
)
from graphrep.blocking._pair_ranker import PairRanker, ranking_features
from graphrep.blocking._records import Records
from graphrep.blocking._relative import Neighbours, without_twins
from graphrep.blocking._thinning import thinned
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.typing import AnyArray, FloatArray, IntArray, PathType

if TYPE_CHECKING:
    from typing import Self

    from graphrep.blocking._score_mixture import RecallEstimate

_ENCODERS = ("lexical", "static", "transformer")
_NEAR = 5  # records near each of a match, for the certificate
_HARD, _BEYOND = (2, 50), (16, 50)  # places that near records are drawn from


class NLSHBlocker(HashSearch, NeighbourBlocker):
    """Neural locality-sensitive hashing: records that should match are hashed near.

    An encoder is trained so that matches lie within R of each other and other records
    beyond cR: it is to be a locality-sensitive family for whatever "match" means,
    labels, a rule in Python, or, without either, records that are each other's nearest.
    Then the best pairs of all are taken within a budget.

    Parameters
    ----------
    encoder : {"lexical", "static", "transformer"} or Encoder, default="lexical"
        "lexical" learns weights of n-grams and words (`LexicalEncoder`): seconds on a
        CPU and the best of the three on most tables. "static" are means of word vectors
        (`StaticEncoder`), "transformer" is a language model that is fine-tuned, as in
        the paper (`TransformerEncoder`). Other settings: pass such an object.
    loss : {"nlsh", "triplet", "infonce", "barlow"}, default="nlsh"
        See `MatchLoss`. "barlow" needs an encoder of dense vectors.
    radius : float, default=0.4
        R, for vectors of length 1.
    c : float, default=3.0
        How many times farther than R others should be.
    rule : callable or None, default=None
        What counts as a match: a function of two `Records` of one length that returns a
        bool or a weight for each pair. It is asked about near pairs.
    augment : {"auto", "all", "delete_span", "shuffle_span", "drop_column", \
"append_column", "drop_tokens", "drop_symbols"} or None, default="auto"
        Operator whose copies of records are matches too; "all" does several. "auto"
        makes copies only where nothing else is to be learnt from.
    n_negatives : int, default=4
        Other records for each match in training.
    hard_share : float, default=0.75
        Share of them that are near.
    search : {"exact", "hash"}, default="exact"
        Whether neighbours are looked up among all records, or, for an encoder of dense
        vectors, by hash codes of the vectors in tables of buckets (`HashIndex` with
        ``hash_options``): slower up to 50,000 records at least, where we measured both.
        For "lexical" see ``max_postings``.
    hash_options : dict or None, default=None
        Parameters of `HashIndex`, such as ``{"codes": "p-stable", "recall": 0.99}``.
    n_neighbors : int, default=50
        Nearest records that are looked at, of each record of either table.
    assignment : {"auto", "one-to-one", "one-to-many", "many-to-one", "many-to-many"}, \
default="auto"
        How many matches there are at most of a left record to a right one; see
        `TfidfBlocker`.
    max_postings : int or None, default=None
        Most entries of the lists of features that the lexical encoder reads for a
        record; see `TfidfBlocker`. None for an exact search.
    target_recall : float or None, default=None
        Share of the matches to reach: the smallest budget that is estimated to reach
        it is spent, ``budget`` at most. The estimate comes from known matches, where
        there are any of these tables, else from scores; see `estimate_recall`. It
        warns where the budget does not reach it.
    budget, per_record, min_per_record, columns, include, exclude, exclude_identical
        See `Blocker`.
    n_jobs : int or None, default=None
        Threads; the result of the lexical encoder does not depend on it.
    memory_limit : str, int or None, default=None
        Memory allowed for `candidate_pairs`, beyond tables and encoder; what does not
        fit goes through files.
    work_dir : str, path-like or None, default=None
        Folder for these files. Work that was interrupted goes on there.
    executor : str, Executor, Client or None, default=None
        Where blocks of records are looked up: "processes", "dask" or the address of a
        scheduler; see `TfidfBlocker`.
    random_state : int, RandomState instance or None, default=None
        Decides tuples and their order. An int gives the same result every time.

    Attributes
    ----------
    assignment_ : str
        What "auto" was decided to be for the fitted tables.
    encoder_ : Encoder
        Fitted.
    hash_plans_ : dict of str to HashPlan
        After pairs were chosen by hash codes in memory: functions and tables, and P1
        and P2 that they were chosen by, of the vectors of the table that was searched,
        "right" and "left" ("left" alone for one table).
    miner_ : TupleMiner or None
        With the matches that were learnt from; None where nothing was.
    n_pairs_ : int
        Most pairs that the fitted tables can give, known before any is made.
    ranker_ : PairRanker or None
        How near pairs are ranked, learnt by the lexical encoder's blocker from known
        matches, 30 at least, if that finds more of those held out; None without.
    random_seed_ : int
        The seed that was used.
    recall_estimate_ : RecallEstimate
        Of the last pairs that were chosen by ``target_recall`` without known matches.

    See Also
    --------
    TfidfBlocker : Learns nothing.

    Notes
    -----
    After NLSHBlock [1]_. Its authors published no code; what the paper leaves open is
    decided as `MatchLoss` and `TupleMiner` say. The paper's encoder is RoBERTa; here it
    is "transformer" with any model, and the default is another one, because no
    transformer that we measured finds more matches for a given number of pairs. The
    paper takes the k nearest of each record; here a budget is spent over all records by
    scores relative to what else is near either record.

    "lexical": O(entries of the index that queries meet) time, dominated by the search;
    O(features of all records) memory. Weights are learnt from 20,000 records of each
    table at most and those near them.

    References
    ----------
    .. [1] R. Wang et al., "Neural Locality Sensitive Hashing for Entity Blocking",
       SIAM SDM 2024, doi:10.1137/1.9781611978032.101.

    Examples
    --------
    >>> A = {"name": ["canon eos 5d camera", "sony tv 42 inch", "apple ipod nano"]}
    >>> B = {"name": ["sony 42in. television tv", "ipod nano by apple", "canon eos 5d"]}
    >>> pairs = NLSHBlocker(budget=3, random_state=0).fit_candidate_pairs(A, B)
    >>> sorted(zip(pairs.left_ids.tolist(), pairs.right_ids.tolist()))
    [(0, 2), (1, 0), (2, 1)]
    """

    _progress: Progress | None = None
    _learns = True

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "encoder": [StrOptions(set(_ENCODERS)), object],
        "loss": [StrOptions(set(LOSSES))],
        "radius": [Interval(Real, 0, None, closed="neither")],
        "c": [Interval(Real, 1, None, closed="neither")],
        "rule": [callable, None],
        "augment": [StrOptions({"auto", "all", *OPERATORS}), None],
        "n_negatives": [Interval(Integral, 1, None, closed="left")],
        "hard_share": [Interval(Real, 0, 1, closed="both")],
        **HASHING,
        "max_postings": [Interval(Integral, 1, None, closed="left"), None],
        **NEIGHBOURS,
        "target_recall": [Interval(Real, 0, 1, closed="both"), None],
        **THREADS,
        "random_state": ["random_state", np.random.Generator],
        **COMMON,
    }

    def __init__(
        self,
        encoder: Any = "lexical",
        *,
        loss: str = "nlsh",
        radius: float = 0.4,
        c: float = 3.0,
        rule: Callable[[Records, Records], Any] | None = None,
        augment: str | None = "auto",
        n_negatives: int = 4,
        hard_share: float = 0.75,
        search: str = "exact",
        hash_options: dict[str, Any] | None = None,
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
        random_state: Any = None,
        memory_limit: str | int | None = None,
        work_dir: PathType | None = None,
        executor: Any = None,
    ) -> None:
        self.encoder = encoder
        self.loss = loss
        self.radius = radius
        self.c = c
        self.rule = rule
        self.augment = augment
        self.n_negatives = n_negatives
        self.hard_share = hard_share
        self.search = search
        self.hash_options = hash_options
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
        self.random_state = random_state
        self.memory_limit = memory_limit
        self.work_dir = work_dir
        self.executor = executor

    # -- learning ----------------------------------------------------------------
    def _fit(self, A: Records, B: Records, matches: Any, one_table: bool) -> None:
        self.random_seed_ = draw_seed(self.random_state)
        self._prepare(A, B, one_table)
        self._loss = MatchLoss(self.loss, radius=self.radius, c=self.c)
        self.encoder_ = self._make_encoder()
        self._known = KnownMatches.of(matches, A, B)
        lexical = isinstance(self.encoder_, LexicalEncoder)
        self._check_search()
        if lexical:
            self._refuse_dense()
            self.encoder_.prepare(A, B, remember=getattr(self, "_remember", False))
        left, right, known = thinned(
            A, B, matches, self._nearest, one_table=one_table, seed=self.random_seed_
        )
        near = self._neighbours(left, right, one_table) if lexical else None
        self.miner_ = self._mine(left, right, known, one_table, near)
        if lexical and self.miner_ is not None:
            more = {"seed": self.random_seed_, "progress": self._progress or silent}
            self.encoder_.learn(left, right, self.miner_, self._loss, **more)
        elif not lexical:
            self.encoder_.fit(
                left, right, self.miner_, self._loss, seed=self.random_seed_,
                n_jobs=self.n_jobs, progress=self._progress or silent,
            )  # fmt: skip
        self.ranker_ = self._rank(left, right, known, one_table) if lexical else None

    def _refuse_dense(self) -> None:
        """Refuse what the lexical encoder cannot do: it has no dense vectors."""
        if self.loss == "barlow":
            raise GraphValueError(
                "loss='barlow' compares components of dense vectors and the lexical "
                "encoder has none. Pass encoder='static' or 'transformer'."
            )
        if self.search == "hash":
            raise GraphValueError(
                "search='hash' makes codes of dense vectors and the lexical encoder "
                "has none. Pass encoder='static' or 'transformer', or pass "
                "max_postings=2000 to bound what the lexical search reads."
            )

    def _hash_seed(self) -> Any:
        return self.random_seed_

    def _rank(
        self, A: Records, B: Records, known: Matches | None, one_table: bool
    ) -> PairRanker | None:
        """Learn to rank pairs from known matches, None for none."""
        if known is None or not len(known.left):
            return None
        near = self._neighbours(A, B, one_table)
        raw, X = self._found(near, A, B, one_table, features=True)
        return PairRanker().fit(
            X, raw.scores, raw.left, raw.right, known, len(A), len(B),
            seed=self.random_seed_,
        )  # fmt: skip

    def _make_encoder(self) -> Any:
        if self.encoder == "lexical":
            return LexicalEncoder(max_postings=self.max_postings, n_jobs=self.n_jobs)
        if self.encoder == "static":
            from graphrep.blocking._static_encoder import StaticEncoder

            return StaticEncoder()
        if self.encoder == "transformer":
            from graphrep.blocking._transformer_encoder import TransformerEncoder

            return TransformerEncoder()
        if not (hasattr(self.encoder, "fit") and hasattr(self.encoder, "transform")):
            raise GraphTypeError(
                f"encoder must be one of {', '.join(map(repr, _ENCODERS))} or an "
                f"object with fit and transform; got {type(self.encoder).__name__}."
            )
        return clone(self.encoder, safe=False)

    def _mine(
        self, A: Records, B: Records, known: Matches | None, one_table: bool,
        near: tuple[Neighbours, Neighbours] | None,
    ) -> TupleMiner | None:  # fmt: skip
        """Miner of tuples, None where there is nothing to tell apart."""
        if len(A) < 2 or len(B) < 2:
            return None
        lexical = near is not None
        guided = self.rule is not None or (known is not None and len(known.left) > 0)
        augment = self.augment
        if lexical and augment == "auto":
            augment = None if guided else "all"
        ranks = _HARD
        if self.assignment_ == "many-to-many" and not guided:
            ranks = _BEYOND  # those before may be matches as well
            if near is not None:
                twins = A.text_groups(B)
                back = without_twins(near[1], *twins[::-1])
                near = without_twins(near[0], *twins), back
        miner = TupleMiner(
            rule=self.rule, augment=augment, n_negatives=self.n_negatives,
            hard_share=self.hard_share, hard_ranks=ranks,
            random_state=self.random_seed_,
        )  # fmt: skip
        miner.fit(A, B, known, one_table=one_table, neighbours=near, n_jobs=self.n_jobs)
        if lexical and self.augment == "auto" and len(miner.positives_.left):
            miner.operator_ = None  # n-grams learn less from copies than from matches
        return miner

    # -- pairs -------------------------------------------------------------------
    def fit_candidate_pairs(
        self, A: Any, B: Any = None, matches: Any = None
    ) -> CandidatePairs:
        """Do ``fit`` and ``candidate_pairs`` of the same tables."""
        self._remember = True
        try:
            return super().fit_candidate_pairs(A, B, matches)
        finally:
            del self._remember
            encoder = getattr(self, "encoder_", None)  # fit may have failed before it
            if isinstance(encoder, LexicalEncoder):
                encoder.forget()

    def _pairs(self, A: Records, B: Records, one_table: bool) -> RawPairs:
        ranked = self.ranker_ is not None and self.ranker_.weight_ > 0
        near = self._neighbours(A, B, one_table)
        raw, X = self._found(near, A, B, one_table, features=ranked)
        if self.ranker_ is not None and ranked:
            raw = raw._replace(scores=self.ranker_.scores(X, raw.scores))
        return raw

    def _found(
        self, lists: tuple[Neighbours, Neighbours], A: Records, B: Records,
        one_table: bool, features: bool,
    ) -> tuple[RawPairs, FloatArray]:  # fmt: skip
        """Near pairs with their relative scores, and what the ranker looks at."""
        found = self._scored(lists, A, B, one_table)
        raw = RawPairs(found.left, found.right, found.scores)
        if not features:
            return raw, np.zeros((len(raw.left), 0), np.float32)
        views = self.encoder_.view_cosines(A, B, raw.left, raw.right)
        return raw, ranking_features(found, views)

    def _neighbours(
        self, A: Records, B: Records, one_table: bool
    ) -> tuple[Neighbours, Neighbours]:
        k = self.n_neighbors
        if isinstance(self.encoder_, LexicalEncoder):
            return self.encoder_.neighbours(A, B, one_table, k)
        told = self.n_jobs, self._progress
        X = vectors_of(self.encoder_, A, *told)
        Y = X if one_table else vectors_of(self.encoder_, B, *told)
        return vector_neighbours(
            X, Y, one_table=one_table, k=k, n_jobs=self.n_jobs,
            index=self._indexes(one_table),
        )  # fmt: skip

    def _nearest(self, A: Records, B: Records, k: int) -> Neighbours:
        """Find records of B near those of A, by n-grams unless there are vectors."""
        if isinstance(self.encoder_, LexicalEncoder):
            return self.encoder_.nearest(A, B, k)
        return lexical_neighbours(A, B, one_table=False, k=k, n_jobs=self.n_jobs)[0]

    def _costs(self, A: Records, B: Records, one_table: bool) -> Costs:
        return nlsh_costs(self, A, B, one_table)

    def _search(self, place: Workplace) -> Search:
        return nlsh_search(self, place)

    def _pairs_in_files(
        self, A: Records, B: Records, one_table: bool
    ) -> CandidatePairs:
        return nlsh_pairs(self, A, B, one_table)

    def _needed(
        self, left: IntArray, right: IntArray, A: Records, B: Records, one_table: bool
    ) -> tuple[int | None, RecallEstimate | float]:
        """Count by the known matches, where there are any of these tables."""
        known = self._known
        if known is None or not known.are_of(A, B):
            return super()._needed(left, right, A, B, one_table)
        self.__dict__.pop("recall_estimate_", None)
        return known.needed(left, right, float(self.target_recall or 0), len(B))

    # -- keeping -----------------------------------------------------------------
    def _parameters_to_save(self) -> dict[str, Any]:
        return nlsh_parameters(self)

    def _fitted_state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        return nlsh_state(self, super()._fitted_state()[1])

    def _set_fitted_state(
        self, arrays: dict[str, AnyArray], scalars: dict[str, Any]
    ) -> Self:
        return super()._set_fitted_state({}, set_nlsh_state(self, arrays, scalars))

    def _write_files(self, folder: Path) -> None:
        write_nlsh_files(self, folder)

    def _read_files(self, folder: Path) -> None:
        read_nlsh_files(self, folder)

    # -- what was learnt ---------------------------------------------------------
    def certificate(self, A: Any, B: Any = None, matches: Any = None) -> LSHCertificate:
        """Measure on matches whether the hash is a locality-sensitive family.

        Parameters
        ----------
        A, B : table-like
            Tables.
        matches : pairs-like
            Matches of these tables that were not learnt from.

        Returns
        -------
        LSHCertificate
            Shares P1 of the matches within R, and P2 of other pairs within cR: drawn
            at random, and the 5 nearest of each left record of the matches. Matches
            that were learnt from are no other pairs, if they are of these tables.
        """
        check_is_fitted(self, "encoder_")
        left, right = self._read(A, B)
        other = left if right is None else right
        if matches is None:
            raise GraphTypeError("A certificate needs matches that were held out.")
        known = as_matches(matches, left, other, one_table=right is None)
        X = self.encoder_.transform(left, n_jobs=self.n_jobs)
        Y = X if right is None else self.encoder_.transform(other, n_jobs=self.n_jobs)
        learnt, every = self._known, known
        if learnt is not None and learnt.are_of(left, other):
            every = Matches(
                *map(np.concatenate, zip(known, learnt.matches, strict=True))
            )
        return LSHCertificate.of_vectors(
            X, Y, known, self._loss, known=every, one_table=right is None,
            near_rows=near_rows(X, Y, known.left, _NEAR, n_jobs=self.n_jobs),
            seed=self.random_seed_,
        )  # fmt: skip
