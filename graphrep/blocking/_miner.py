"""TupleMiner: records with a match and with others, to learn from."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphrep._utils._random import draw_seed
from graphrep.blocking._augment import augment as augmented
from graphrep.blocking._lexical_neighbours import lexical_neighbours
from graphrep.blocking._matches import Matches
from graphrep.blocking._positives import (
    Positives,
    joined,
    known_positives,
    mutual_positives,
    rule_positives,
    rule_weights,
)
from graphrep.blocking._records import Records
from graphrep.blocking._relative import Neighbours
from graphrep.exceptions import GraphValueError
from graphrep.typing import AnyArray, FloatArray, IntArray

if TYPE_CHECKING:
    from typing import Self

_ROUNDS = 8  # times that a forbidden negative is drawn anew
_SPAN = 1 << 14  # tuples whose hard negatives are chosen at a time


class Tuples(NamedTuple):
    """Records p, a match q and non-matches r of each."""

    side: str
    """Table of p: "left" for A, with q and r in B; "right" for B, with them in A."""
    p: IntArray
    """Rows, shape (n,)."""
    q: IntArray
    """Rows of the matches, shape (n,); of ``copies`` where that is not None."""
    r: IntArray
    """Rows of the non-matches, shape (n, n_negatives)."""
    weights: FloatArray
    """Weights of the tuples, shape (n,)."""
    copies: Records | None
    """Changed copies of the p, if those are the matches."""


class TupleMiner:
    """Tuples of a record, a match of it and records that are none.

    Parameters
    ----------
    rule : callable or None, default=None
        What counts as a match: a function of two `Records` of one length (left and
        right records of pairs) that returns for each pair a bool, or a weight of 0 (no
        match) or more. It is asked about pairs that are near each other, and about
        each negative before it is used.
    augment : str, None or "auto", default="auto"
        Operator of `augment` whose copies of records are matches too; "auto" takes
        "all" where there is neither a known match nor a rule, and none else.
    margin : float, default=0.15
        Without matches and rule, records that are each other's nearest count as
        matches if they are nearer by this share than the second nearest of either.
    n_negatives : int, default=1
        Negatives of each tuple.
    hard_share : float, default=0.5
        Share of the negatives that are near p; the others are drawn from all records.
    hard_ranks : tuple of int, default=(2, 50)
        First and last place, from 1, among the neighbours of p from which near ones
        are drawn. Where matches are known, or a rule tells them, place 1 counts too:
        if it is no match it is the hardest negative of all.
    weighting : {"loss", "sampling"}, default="loss"
        Whether weights of matches go on to the loss, or say how often each is drawn.
    n_tuples : int or None, default=10000
        Most tuples of an epoch and a side; None for all.
    random_state : int, Generator or None, default=None
        The same int gives the same tuples.

    Attributes
    ----------
    positives_ : Positives
        Rows of both tables and weights of the matches to learn from.
    one_table_ : bool
        Whether both tables are the same.
    source_ : {"matches", "rule", "matches+rule", "neighbours"}
        Where they come from.

    Notes
    -----
    Where negatives come from is left open by the paper of NLSHBlock; half near ones,
    drawn anew each epoch from the neighbours of the model as it is, is our choice.
    Known matches, and records whose text is that of p or of q, are never negatives.

    Examples
    --------
    >>> A = Records({"name": ["red fox", "blue hen", "old owl"]})
    >>> B = Records({"name": ["blue hens", "red foxes", "owl, old"]})
    >>> miner = TupleMiner(augment=None, random_state=0).fit(A, B, Matches([0], [1]))
    >>> left, right = miner.tuples(epoch=0)
    >>> left.p.tolist(), left.q.tolist(), left.r.shape
    ([0], [1], (1, 1))
    """

    def __init__(
        self,
        *,
        rule: Callable[[Records, Records], Any] | None = None,
        augment: str | None = "auto",
        margin: float = 0.15,
        n_negatives: int = 1,
        hard_share: float = 0.5,
        hard_ranks: tuple[int, int] = (2, 50),
        weighting: str = "loss",
        n_tuples: int | None = 10_000,
        random_state: Any = None,
    ) -> None:
        self.rule = rule
        self.augment = augment
        self.margin = margin
        self.n_negatives = n_negatives
        self.hard_share = hard_share
        self.hard_ranks = hard_ranks
        self.weighting = weighting
        self.n_tuples = n_tuples
        self.random_state = random_state

    def fit(
        self, A: Records, B: Records, matches: Matches | None = None, *,
        one_table: bool = False,
        neighbours: tuple[Neighbours, Neighbours] | None = None,
        n_jobs: int | None = None,
    ) -> Self:  # fmt: skip
        """Find the matches to learn from.

        Parameters
        ----------
        A, B : Records
            The tables; B is A for one table.
        matches : Matches or None, default=None
            Rows of known matches.
        one_table : bool, default=False
            Whether both are the same table.
        neighbours : tuple of Neighbours or None, default=None
            Records of B near those of A, and the reverse; None looks them up by
            character 3-grams.
        n_jobs : int or None, default=None
            Threads for that.

        Returns
        -------
        self

        Raises
        ------
        GraphValueError
            For bad parameters; if there is no match to learn from and copies are not
            wanted; if there are no two different records.
        """
        self._check()
        if neighbours is None:
            k = self.hard_ranks[1]
            neighbours = lexical_neighbours(
                A, B, one_table=one_table, k=k, n_jobs=n_jobs
            )
        self._tables = (A, B)
        self.one_table_ = one_table
        self._neighbours = neighbours
        self._groups = A.text_groups(B)
        self._seed = draw_seed(self.random_state)
        self.positives_, self.source_ = self._positives(matches)
        self._known = self._keys(*self.positives_[:2])
        wanted = "all" if self.source_ == "neighbours" else None
        self.operator_ = wanted if self.augment == "auto" else self.augment
        if not len(self.positives_.left) and self.operator_ is None:
            raise GraphValueError(
                "There is no match to learn from. Pass matches, a rule that some near "
                "records satisfy, or let copies stand for them with augment='all'."
            )
        return self

    def split(self, fraction: float, seed: int = 0) -> tuple[TupleMiner, Matches]:
        """Hold some of the matches out.

        Parameters
        ----------
        fraction : float
            Share to hold out; rounded down.
        seed : int, default=0
            Draws them.

        Returns
        -------
        miner : TupleMiner
            With the others; those held out are never its negatives.
        held_out : Matches
        """
        n = len(self.positives_.left)
        order = np.random.default_rng(seed).permutation(n)
        out, kept = np.split(order, [int(fraction * n)])
        miner = copy(self)
        left, right, weights = self.positives_
        kept, out = np.sort(kept), np.sort(out)
        miner.positives_ = Positives(left[kept], right[kept], weights[kept])
        return miner, Matches(left[out], right[out])

    def tuples(
        self, epoch: int, neighbours: tuple[Neighbours, Neighbours] | None = None
    ) -> list[Tuples]:
        """Tuples of an epoch.

        Parameters
        ----------
        epoch : int
            Other epochs have other negatives and copies.
        neighbours : tuple of Neighbours or None, default=None
            Of the model as it is, for near negatives; None takes those of ``fit``.

        Returns
        -------
        list of Tuples
            Those of both sides with matches, if there are any; then of both sides with
            copies, if those are wanted. One side of copies for one table.
        """
        lists = self._neighbours if neighbours is None else neighbours
        left, right, weights = self.positives_
        jobs: list[tuple[int, IntArray, IntArray | None, FloatArray]] = []
        if len(left):
            jobs += [(0, left, right, weights), (1, right, left, weights)]
        if self.operator_ is not None:
            for side in (0,) if self.one_table_ else (0, 1):
                rows = np.arange(len(self._tables[side]))
                jobs.append((side, rows, None, np.ones(len(rows), np.float32)))
        out = []
        for number, job in enumerate(jobs):
            key = np.random.SeedSequence([self._seed, epoch, number])
            out.append(self._side(*job, lists, np.random.default_rng(key)))
        return [tuples for tuples in out if len(tuples.p)]

    # -- matches -----------------------------------------------------------------
    def _check(self) -> None:
        first, last = self.hard_ranks
        checks = (
            (self.n_negatives >= 1, "n_negatives must be at least 1", self.n_negatives),
            (0 <= self.hard_share <= 1, "hard_share must be 0 to 1", self.hard_share),
            (1 <= first <= last, "hard_ranks must be two places", self.hard_ranks),
            (self.margin >= 0, "margin must not be below 0", self.margin),
            (
                self.weighting in ("loss", "sampling"),
                "weighting must be 'loss' or 'sampling'", self.weighting,
            ),
            (
                self.n_tuples is None or self.n_tuples >= 1,
                "n_tuples must be at least 1 or None", self.n_tuples,
            ),
        )  # fmt: skip
        for holds, said, value in checks:
            if not holds:
                raise GraphValueError(f"{said}; got {value!r}.")

    def _positives(self, matches: Matches | None) -> tuple[Positives, str]:
        A, B = self._tables
        found, sources = [], []
        if matches is not None and len(matches.left):
            found.append(known_positives(matches))
            sources.append("matches")
        if self.rule is not None:
            near = rule_positives(self.rule, A, B, self._neighbours, self.one_table_)
            found.append(near)
            sources.append("rule")
        if not sources:
            found = [mutual_positives(self._neighbours, self.margin, self.one_table_)]
            sources = ["neighbours"]
        width = max(1, len(B))
        return joined(found, width), "+".join(sources)

    def _keys(self, left: AnyArray, right: AnyArray) -> IntArray:
        """Sorted keys of known matches, of one table in both orders."""
        width = np.int64(max(1, len(self._tables[1])))
        keys = left * width + right
        if self.one_table_:
            keys = np.concatenate([keys, right * width + left])
        return np.unique(keys)

    # -- negatives -----------------------------------------------------------------
    def _side(
        self, side: int, p: IntArray, q: IntArray | None, weights: FloatArray,
        lists: tuple[Neighbours, Neighbours], draw: np.random.Generator,
    ) -> Tuples:  # fmt: skip
        chosen, weights = self._drawn(weights, draw)
        p = p[chosen]
        q = None if q is None else q[chosen]
        r = self._negatives(side, p, q, lists[side], draw)
        fine = (r >= 0).all(axis=1)
        p, r, weights = p[fine], r[fine], weights[fine]
        name = ("left", "right")[side]
        if q is not None:
            return Tuples(name, p, q[fine], r, weights, None)
        seed = int(draw.integers(2**62))
        copies = augmented(self._tables[side], str(self.operator_), rows=p, seed=seed)
        return Tuples(name, p, np.arange(len(p)), r, weights, copies)

    def _drawn(
        self, weights: FloatArray, draw: np.random.Generator
    ) -> tuple[IntArray, FloatArray]:
        """Places of the matches of this epoch in random order, and their weights."""
        n = len(weights)
        size = n if self.n_tuples is None else min(n, self.n_tuples)
        if self.weighting == "sampling":
            shares = weights / weights.sum(dtype=float)
            return draw.choice(n, size, p=shares), np.ones(size, np.float32)
        chosen = draw.permutation(n)[:size]
        return chosen, weights[chosen]

    def _negatives(
        self, side: int, p: IntArray, q: IntArray | None, lists: Neighbours,
        draw: np.random.Generator,
    ) -> IntArray:  # fmt: skip
        """Rows that are no matches, -1 where none was found: shape (n, m)."""
        n_others, m = len(self._tables[1 - side]), self.n_negatives
        hard = np.floor(m * self.hard_share + draw.random(len(p)))[:, None]
        r = self._near(side, p, q, lists, draw)
        missing = (r < 0) | (np.arange(m) >= hard)
        if not n_others:
            return r
        r[missing] = draw.integers(n_others, size=int(missing.sum()))
        rows, bad = np.arange(len(p)), np.zeros(r.shape, bool)
        for _ in range(_ROUNDS):
            own = None if q is None else q[rows]
            wrong = ~self._allowed(side, p[rows], own, r[rows], ask=True)
            bad[rows] = wrong
            rows = rows[wrong.any(axis=1)]
            if not len(rows):
                return r
            r[bad] = draw.integers(n_others, size=int(bad.sum()))
        good = np.take_along_axis(r, np.argmin(bad, axis=1)[:, None], axis=1)
        good[bad.all(axis=1)] = -1
        return np.where(bad, good, r)

    def _near(
        self, side: int, p: IntArray, q: IntArray | None, lists: Neighbours,
        draw: np.random.Generator,
    ) -> IntArray:  # fmt: skip
        """Up to m of the neighbours of each p, in random order; -1 for no more."""
        first, last = self.hard_ranks
        if q is not None and self.source_ != "neighbours":
            first = 1
        near = lists.rows[:, first - 1 : last]
        m = min(self.n_negatives, near.shape[1])
        out: IntArray = np.full((len(p), self.n_negatives), -1, np.int64)
        for start in range(0, len(p) if m else 0, _SPAN):
            part = slice(start, start + _SPAN)
            own = None if q is None else q[part]
            rows = near[p[part]]
            order = draw.random(rows.shape)
            order[~self._allowed(side, p[part], own, rows)] = 2.0
            best = np.argsort(order, axis=1, kind="stable")[:, :m]
            found = np.take_along_axis(rows, best, axis=1)
            bad = np.take_along_axis(order, best, axis=1) > 1.0
            out[part, :m] = np.where(bad, -1, found)
        return out

    def _allowed(
        self, side: int, p: IntArray, q: IntArray | None, r: IntArray,
        ask: bool = False,
    ) -> AnyArray:  # fmt: skip
        """Tell which r may be negatives of their p: shape of r."""
        of_p, of_r = self._groups[side], self._groups[1 - side]
        fine = r >= 0
        if not len(of_r):
            return fine
        texts = of_r[r]
        fine &= texts != of_p[p][:, None]
        if q is not None:
            fine &= texts != of_r[q][:, None]
        left, right = np.broadcast_arrays(p[:, None], r)
        if side:
            left, right = right, left
        width = np.int64(max(1, len(self._tables[1])))
        fine &= ~np.isin(left * width + right, self._known)
        if self.one_table_:
            fine &= left != right
        if ask and self.rule is not None and fine.any():
            at = np.nonzero(fine)
            A, B = self._tables
            fine[at] = rule_weights(self.rule, A, B, left[at], right[at]) <= 0
        return fine
