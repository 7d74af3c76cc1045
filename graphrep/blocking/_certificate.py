"""LSHCertificate: how far a learnt hash keeps its promise, on pairs it has not seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import stats

from graphrep._utils._optional import require
from graphrep.blocking._losses import MatchLoss
from graphrep.blocking._matches import Matches
from graphrep.exceptions import GraphValueError
from graphrep.retrieval import ExactIndex
from graphrep.retrieval._sparse_index import SparseIndex
from graphrep.typing import FloatArray, IntArray

if TYPE_CHECKING:
    from typing import Self

_LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_MOST_BITS = 64
_MOST_TABLES = 4096
_SURE = 0.95
_CODES = ("sign", "p-stable")


class Banding(NamedTuple):
    """Hashes of a table, tables, and what they give."""

    k: int
    """Hashes that are joined to one key."""
    L: int
    """Tables, each with its own key."""
    recall: float
    """Share of the measured matches that meet in one table at least."""
    others_per_record: float
    """Other records that each record meets, in a table of n records."""


@dataclass(frozen=True)
class LSHCertificate:
    """Distances of held-out pairs against the definition of a sensitive family.

    A family of hash functions is (R, cR, P1, P2)-sensitive if what is within R of each
    other collides with probability P1 at least, and what is beyond cR with P2 at most.
    For a learnt hash the rule or the matches stand in for the metric, so what there is
    to measure is whether matches are within R, and others beyond cR.

    Make one with `measure` or `of_vectors`.

    Parameters
    ----------
    radius, c : float
        R and c.
    matches, others, near : ndarray
        Sorted distances of held-out matches, of uniformly drawn non-matches, and of
        near non-matches, if there are any.

    Examples
    --------
    >>> certificate = LSHCertificate.measure([0.1, 0.3, 0.5], [1.0, 1.3, 1.4, 1.4])
    >>> round(certificate.p1, 3), certificate.p2
    (0.667, 0.25)
    """

    radius: float
    c: float
    matches: FloatArray
    others: FloatArray
    near: FloatArray

    @classmethod
    def measure(
        cls, matches: Any, others: Any, near: Any = (), *, radius: float = 0.4,
        c: float = 3.0,
    ) -> Self:  # fmt: skip
        """Certify distances.

        Parameters
        ----------
        matches, others : array-like of float
            Distances of matches and of non-matches that were not learnt from.
        near : array-like of float, default=()
            Distances of non-matches that look alike: neighbours. They are told apart
            from the others, as their share would say how they were chosen.
        radius, c : float
            R and c.

        Raises
        ------
        GraphValueError
            For no matches, no others, or distances that are negative or not finite.
        """
        arrays = [
            np.sort(np.asarray(x, float).ravel()) for x in (matches, others, near)
        ]
        for name, x in zip(("matches", "others", "near"), arrays, strict=True):
            if name != "near" and not len(x):
                raise GraphValueError(f"A certificate needs distances of {name}.")
            if len(x) and not (np.isfinite(x).all() and x[0] >= 0):
                raise GraphValueError(
                    f"Distances of {name} must be finite and 0 or more; got "
                    f"{x[0] if x[0] < 0 else x[-1]}."
                )
        MatchLoss(radius=radius, c=c, normalized=False)
        return cls(float(radius), float(c), *arrays)

    @classmethod
    def of_vectors(
        cls, X: Any, Y: Any, matches: Matches, loss: MatchLoss, *,
        known: Matches | None = None, near_rows: IntArray | None = None,
        one_table: bool = False, n_others: int = 100_000, seed: int = 0,
    ) -> Self:  # fmt: skip
        """Certify the vectors of two tables.

        Parameters
        ----------
        X, Y : ndarray or sparse array of shape (n, d), (m, d)
            Vectors of both tables; sparse ones have length 1.
        matches : Matches
            Matches that were not learnt from.
        loss : MatchLoss
            Says R, c and the metric.
        known : Matches or None, default=None
            All known matches: none of them is taken for another pair. None for those
            given.
        near_rows : ndarray of int of shape (n, k) or None, default=None
            Rows of Y near those of X, -1 for none, for near non-matches: of the
            records that are in ``matches``.
        one_table : bool, default=False
            Whether both are the same table.
        n_others : int, default=100000
            Pairs drawn uniformly.
        seed : int, default=0
            Draws them.
        """
        draw = np.random.default_rng(seed)
        left, right = (np.asarray(x, np.int64) for x in matches)
        all_known = matches if known is None else known
        width = np.int64(max(1, Y.shape[0]))
        keys = np.asarray(all_known[0]) * width + all_known[1]
        if one_table:
            turned = np.asarray(all_known[1]) * width + all_known[0]
            keys = np.concatenate([keys, turned])

        def others(a: IntArray, b: IntArray) -> FloatArray:
            fine = (b >= 0) & ~np.isin(a * width + b, keys)
            fine &= ~((a == b) & one_table)
            return distances(loss, X, Y, a[fine], b[fine])

        if not X.shape[0] or not Y.shape[0]:
            raise GraphValueError("A certificate needs records in both tables.")
        uniform = (
            draw.integers(X.shape[0], size=n_others),
            draw.integers(Y.shape[0], size=n_others),
        )
        near: FloatArray = np.zeros(0)
        if near_rows is not None:
            own = np.unique(left)
            rows = near_rows[own]
            near = others(np.repeat(own, rows.shape[1]), rows.ravel())
        return cls.measure(
            distances(loss, X, Y, left, right), others(*uniform), near,
            radius=loss.radius, c=loss.c,
        )  # fmt: skip

    # -- what was measured -------------------------------------------------------
    @property
    def p1(self) -> float:
        """Share of the matches within R."""
        return _share(self.matches, self.radius)

    @property
    def p2(self) -> float:
        """Share of the others within cR."""
        return _share(self.others, self.c * self.radius)

    @property
    def p2_near(self) -> float:
        """Share of the near non-matches within cR; NaN for none."""
        return _share(self.near, self.c * self.radius)

    @property
    def p1_least(self) -> float:
        """What P1 is at least, with 95 % confidence (Clopper and Pearson)."""
        within = round(self.p1 * len(self.matches))
        if not within:
            return 0.0
        return float(stats.beta.ppf(1 - _SURE, within, len(self.matches) - within + 1))

    @property
    def p2_most(self) -> float:
        """What P2 is at most, with 95 % confidence."""
        within = round(self.p2 * len(self.others))
        if within == len(self.others):
            return 1.0
        return float(stats.beta.ppf(_SURE, within + 1, len(self.others) - within))

    @property
    def rho(self) -> float:
        """ln(1 / P1) / ln(1 / P2): a search costs n to this power; below 1 it pays.

        Shares of 0 and 1 are taken as half a pair from there. 1 or more means that
        matches are no nearer than others.
        """
        p1, p2 = (
            min(max(p, 0.5 / n), 1.0 - 0.5 / n)
            for p, n in ((self.p1, len(self.matches)), (self.p2, len(self.others)))
        )
        return math.log(1.0 / p1) / math.log(1.0 / p2)

    @property
    def sensitive(self) -> bool:
        """Whether P1 > P2 even at the ends of the confidence intervals."""
        return self.p1_least > self.p2_most

    @property
    def collapsed(self) -> bool:
        """Whether half of the others are within R: nearly all records are one."""
        return float(np.median(self.others)) < self.radius

    def banding(
        self, n: int, *, recall: float = 0.95, others_per_record: float = 10.0,
        code: str = "sign", width: float | None = None,
    ) -> Banding:  # fmt: skip
        """Find how many hashes and tables codes of this space would need.

        Parameters
        ----------
        n : int
            Records that each record is looked up among.
        recall : float, default=0.95
            Share of the matches that are to meet.
        others_per_record : float, default=10.0
            Other records that each one may meet.
        code : {"sign", "p-stable"}, default="sign"
            Signs of random projections of unit vectors, or their values in steps of
            ``width``.
        width : float or None, default=None
            Step of "p-stable"; None for 4 R.

        Returns
        -------
        Banding
            Of those that reach the recall and meet few enough others the one with
            the fewest tables; if there is none, the one that meets the fewest.

        Raises
        ------
        GraphValueError
            If no number of tables up to 4,096 reaches the recall.

        Notes
        -----
        A pair at distance d meets in one of L tables of k hashes with probability
        1 - (1 - p(d)^k)^L. It is averaged over the distances measured, so it depends
        on all of them and not only on those at R and cR.
        """
        if code not in _CODES:
            raise GraphValueError(f"code must be 'sign' or 'p-stable'; got {code!r}.")
        if not 0 < recall < 1:
            raise GraphValueError(f"recall must be between 0 and 1; got {recall!r}.")
        step = 4.0 * self.radius if width is None else float(width)
        p_match, p_other = (
            collision(x, code, step) for x in (self.matches, self.others)
        )
        found = []
        for k in range(1, _MOST_BITS + 1):
            L = _tables(p_match**k, recall)
            if L is None:
                break
            reached = float(_met(p_match**k, L).mean())
            meets = n * float(_met(p_other**k, L).mean())
            found.append(Banding(k, L, reached, meets))
        if not found:
            raise GraphValueError(
                f"No {code} code with up to {_MOST_TABLES:,} tables has a recall of "
                f"{recall}: some matches are too far apart. Ask for less."
            )
        good = [b for b in found if b.others_per_record <= others_per_record]
        if good:
            return min(good, key=lambda b: (b.L, b.others_per_record))
        return min(found, key=lambda b: b.others_per_record)

    # -- forms ---------------------------------------------------------------------
    def __repr__(self) -> str:
        kinds = f"{len(self.matches):,} matches, {len(self.others):,} others"
        near = f", {self.p2_near:.1%} of near ones" if len(self.near) else ""
        return (
            f"LSHCertificate(R={self.radius:g}, cR={self.c * self.radius:g}; {kinds})\n"
            f"  P1 = {self.p1:.1%} of matches within R (at least {self.p1_least:.1%})\n"
            f"  P2 = {self.p2:.2%} of others within cR (at most "
            f"{self.p2_most:.2%}){near}\n"
            f"  rho = {self.rho:.3f}; {'' if self.sensitive else 'not '}sensitive"
            f"{', collapsed' if self.collapsed else ''}\n"
            f"  median distance {np.median(self.matches):.3f} of matches, "
            f"{np.median(self.others):.3f} of others"
        )

    def to_frame(self) -> Any:
        """Quantiles of the distances: a pandas table, a row for each kind of pair."""
        pandas = require("pandas", extra="pandas", why="LSHCertificate.to_frame")
        kinds = {"matches": self.matches, "others": self.others, "near": self.near}
        limits = {"matches": self.radius}
        rows = {
            name: [
                len(x), _share(x, limits.get(name, self.c * self.radius)),
                *np.quantile(x, _LEVELS),
            ]
            for name, x in kinds.items()
            if len(x)
        }  # fmt: skip
        names = ["n_pairs", "within", *(f"q{100 * q:g}" for q in _LEVELS)]
        return pandas.DataFrame.from_dict(rows, orient="index", columns=names)


def near_rows(
    X: Any, Y: Any, rows: IntArray, k: int, *, n_jobs: int | None = None
) -> IntArray:
    """Rows of Y nearest by cosine to some rows of X, for `LSHCertificate.of_vectors`.

    Shape (n, k + 1), for in one table a record is its own nearest; -1 for none, and for
    the rows of X that are not asked for.
    """
    asked = np.unique(rows)
    near: IntArray = np.full((X.shape[0], k + 1), -1, np.int64)
    dense = isinstance(X, np.ndarray)
    index: Any = ExactIndex(Y) if dense else SparseIndex(Y)
    if len(asked):
        found, scores = index.query(X[asked], k + 1, n_jobs=n_jobs)
        near[asked, : found.shape[1]] = np.where(scores > 0, found, -1)
    return near


def distances(
    loss: MatchLoss, X: Any, Y: Any, left: IntArray, right: IntArray
) -> FloatArray:
    """Distances of rows of X and of Y in the metric of a loss."""
    parts = [np.zeros(0)]
    for start in range(0, len(left), 1 << 15):
        part = slice(start, start + (1 << 15))
        x: Any = X[left[part]].astype(float)
        y: Any = Y[right[part]].astype(float)
        if not isinstance(x, np.ndarray):
            cosines = np.minimum(np.asarray(x.multiply(y).sum(axis=1)).ravel(), 1.0)
            far = 1.0 - cosines if loss.metric == "cosine" else None
            parts.append(np.sqrt(2.0 - 2.0 * cosines) if far is None else far)
        elif loss.metric == "cosine":
            parts.append(np.maximum(1.0 - (x * y).sum(axis=1), 0.0))
        else:
            norm = 1 if loss.metric == "l1" else 2
            parts.append(np.linalg.norm(x - y, ord=norm, axis=1))
    return np.concatenate(parts)


def collision(d: FloatArray, code: str, width: float = 1.0) -> FloatArray:
    """Probability that one hash of two vectors at Euclidean distance d is the same.

    For "sign" vectors have length 1: 1 - angle / pi (Charikar 2002). For "p-stable"
    see Datar, Immorlica, Indyk and Mirrokni (2004), the Gaussian case.
    """
    if code == "sign":
        turn: FloatArray = 2.0 * np.arcsin(np.clip(d / 2.0, 0.0, 1.0)) / np.pi
        return 1.0 - turn
    ratio = width / np.maximum(d, 1e-12)
    bell = (1.0 - np.exp(-(ratio**2) / 2.0)) * 2.0 / (np.sqrt(2.0 * np.pi) * ratio)
    p: FloatArray = 1.0 - 2.0 * stats.norm.cdf(-ratio) - bell
    return np.clip(p, 0.0, 1.0)


def _met(p: FloatArray, L: int) -> FloatArray:
    met: FloatArray = 1.0 - (1.0 - p) ** L
    return met


def _tables(p: FloatArray, recall: float) -> int | None:
    """Fewest tables that reach a recall; None beyond the most that are allowed."""
    low, high = 0, _MOST_TABLES
    if _met(p, high).mean() < recall:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if _met(p, middle).mean() >= recall:
            high = middle
        else:
            low = middle
    return high


def _share(values: FloatArray, limit: float) -> float:
    return float((values <= limit).mean()) if len(values) else math.nan
