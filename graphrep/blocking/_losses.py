"""Losses that teach an encoder to put matches near and other records far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.typing import AnyArray, FloatArray

LOSSES = ("nlsh", "triplet", "infonce", "barlow")
METRICS = ("l2", "l1", "cosine")
_FARTHEST = 2.0  # distance of opposite unit vectors, l2 and cosine
_TINY = 1e-12
_FLAT = 1e-6  # nearer than this a distance has no slope
_NEVER = 1e6  # distance of what is no negative


class PairLossValue(NamedTuple):
    """A loss and its derivatives by what was passed in, of the same shapes."""

    value: float
    positive: FloatArray
    negative: FloatArray


class VectorLossValue(NamedTuple):
    """A loss and its derivatives by the three kinds of vectors."""

    value: float
    p: FloatArray
    q: FloatArray
    r: FloatArray


@dataclass(frozen=True)
class MatchLoss:
    """A loss of tuples (p, q, r): q matches p, and the r do not.

    Parameters
    ----------
    name : {"nlsh", "triplet", "infonce", "barlow"}, default="nlsh"
        With d+ the distance of p and q, d- that of p and an r:

        - "nlsh": [d+ - R]_+ + [cR - d-]_+. Nothing is asked of a match within R and of
          another record beyond cR.
        - "triplet": [d+ - d- + margin]_+.
        - "infonce": -log of the share of q in the softmax of similarity / temperature
          over q and the negatives.
        - "barlow": the cross-correlation C of the components of p and q over a batch
          is to be the unit matrix: sum (1 - C_ii)^2 + off_diagonal * sum C_ij^2,
          divided by the number of components. It needs no negatives, and vectors.
    radius : float, default=0.4
        R.
    c : float, default=3.0
        How many times farther others must be than matches may be.
    metric : {"l2", "l1", "cosine"}, default="l2"
        Distance; "cosine" is one minus the cosine.
    margin : float or None, default=None
        Of "triplet"; None for (c - 1) R.
    temperature : float, default=0.07
        Of "infonce". Similarity is the cosine; with "l1" minus the distance.
    off_diagonal : float, default=0.0039
        Of "barlow".
    in_batch : bool, default=True
        Whether "infonce" of vectors also takes the q of the other tuples of the batch
        as negatives.
    normalized : bool, default=True
        Whether vectors have length 1. Then cR must not be beyond 2, the farthest that
        two of them can be from each other ("l2" and "cosine"; the bound of "l1" grows
        with the number of components and is not checked).

    Raises
    ------
    GraphValueError
        For an unknown name or metric, radius <= 0, c <= 1, cR > 2 for unit vectors,
        temperature <= 0, margin < 0.

    Notes
    -----
    The loss of NLSHBlock [1]_ is max(R, d+) - min(cR, d-). It equals the pair of
    hinges less the constant (c - 1) R, so both have the same derivatives; the hinges
    are 0 when all tuples are as the family of hash functions should have them. The
    paper leaves open which norm is meant and whether vectors are scaled to length 1;
    the defaults here are the Euclidean distance of unit vectors. Where a tuple has
    several negatives their terms are averaged.

    References
    ----------
    .. [1] R. Wang et al., "Neural Locality Sensitive Hashing for Entity Blocking",
       SIAM SDM 2024, doi:10.1137/1.9781611978032.101.
    .. [2] A. van den Oord, Y. Li, O. Vinyals, "Representation learning with
       contrastive predictive coding", arXiv:1807.03748.
    .. [3] J. Zbontar et al., "Barlow Twins", ICML 2021.

    Examples
    --------
    >>> import numpy as np
    >>> loss = MatchLoss(radius=0.4, c=3)
    >>> round(loss.of_distances(np.array([0.5]), np.array([[1.0, 1.5]])).value, 6)
    0.2
    """

    name: str = "nlsh"
    radius: float = 0.4
    c: float = 3.0
    metric: str = "l2"
    margin: float | None = None
    temperature: float = 0.07
    off_diagonal: float = 0.0039
    in_batch: bool = True
    normalized: bool = True

    def __post_init__(self) -> None:
        _one_of("loss", self.name, LOSSES)
        _one_of("metric", self.metric, METRICS)
        if not self.radius > 0:
            raise GraphValueError(f"radius must be above 0; got {self.radius!r}.")
        if not self.c > 1:
            raise GraphValueError(f"c must be above 1; got {self.c!r}.")
        bounded = self.normalized and self.metric != "l1"
        if self.name == "nlsh" and bounded and self.far > _FARTHEST + _TINY:
            raise GraphValueError(
                f"c * radius must be at most 2, the farthest that unit vectors can be "
                f"apart; got {self.c!r} * {self.radius!r} = {self.far:.3g}."
            )
        if not self.temperature > 0:
            raise GraphValueError(
                f"temperature must be above 0; got {self.temperature!r}."
            )
        if self.margin is not None and not self.margin >= 0:
            raise GraphValueError(f"margin must not be below 0; got {self.margin!r}.")

    @property
    def far(self) -> float:
        """Distance cR that non-matches should have at least."""
        return float(self.c * self.radius)

    @property
    def gap(self) -> float:
        """Margin of the triplet loss."""
        default = (self.c - 1.0) * self.radius
        return float(default if self.margin is None else self.margin)

    def of_distances(
        self, positive: AnyArray, negative: AnyArray, weights: Any = None
    ) -> PairLossValue:
        """Loss of distances, and its derivatives by them.

        Parameters
        ----------
        positive : ndarray of shape (n,)
            Distance of p and q of each tuple.
        negative : ndarray of shape (n, m) or (n,)
            Distances of p and each r.
        weights : array-like of shape (n,) or None, default=None
            Of the tuples, only their proportions count; None for all the same.

        Returns
        -------
        PairLossValue
        """
        near, far = np.asarray(positive, float), np.asarray(negative, float)
        shape, far = far.shape, far.reshape(len(near), -1)
        share = tuple_shares(len(near), weights)
        if self.name == "nlsh":
            values, by_near, by_far = self._nlsh(near, far)
        elif self.name == "triplet":
            values, by_near, by_far = self._triplet(near, far)
        elif self.name == "infonce":
            likes = self._similarity(near), self._similarity(far)
            values, by_near, by_far = self._infonce(*likes)
            by_near = by_near * self._similarity_slope(near)
            by_far = by_far * self._similarity_slope(far)
        else:
            raise GraphValueError(
                "The loss 'barlow' is one of vectors, not of distances; use 'nlsh', "
                "'triplet' or 'infonce' here."
            )
        return PairLossValue(
            float(share @ values), share * by_near,
            (share[:, None] * by_far).reshape(shape),
        )  # fmt: skip

    def of_cosines(
        self, positive: AnyArray, negative: AnyArray, weights: Any = None
    ) -> PairLossValue:
        """Loss of cosines of unit vectors, and its derivatives by the cosines.

        Same parameters as `of_distances`; not for the metric "l1", which cosines do
        not tell.
        """
        if self.metric == "l1":
            raise GraphValueError(
                "Cosines do not tell the metric 'l1'; use 'l2' or 'cosine'."
            )
        near, far = np.asarray(positive, float), np.asarray(negative, float)
        loss = self.of_distances(self._distance(near), self._distance(far), weights)
        return PairLossValue(
            loss.value, loss.positive * self._distance_slope(near),
            loss.negative * self._distance_slope(far),
        )  # fmt: skip

    def of_vectors(
        self, P: AnyArray, Q: AnyArray, R: AnyArray, weights: Any = None,
        same: AnyArray | None = None,
    ) -> VectorLossValue:  # fmt: skip
        """Loss of vectors, and its derivatives by them.

        Parameters
        ----------
        P, Q : ndarray of shape (n, d)
            Vectors of the records and of their matches.
        R : ndarray of shape (n, m, d) or (n, d)
            Vectors of their non-matches.
        weights : array-like of shape (n,) or None, default=None
            Of the tuples.
        same : ndarray of bool of shape (n, n) or None, default=None
            Where the q of tuple j is no negative of the p of tuple i, though j is not
            i; for the negatives of "infonce" within the batch.

        Returns
        -------
        VectorLossValue
            With "cosine" derivatives are those of vectors of length 1 and hold for
            such only.
        """
        P, Q, R = (np.asarray(X, float) for X in (P, Q, R))
        if self.name == "barlow":
            value, by_p, by_q = self._barlow(P, Q, tuple_shares(len(P), weights))
            return VectorLossValue(value, by_p, by_q, np.zeros_like(R))
        cube = R.reshape(len(P), -1, P.shape[1])
        n_own = cube.shape[1]
        if self.takes_batch:
            others = np.broadcast_to(Q, (len(P), *Q.shape))
            cube = np.concatenate([cube, others], axis=1)
        near, near_p, near_q = self._apart(P, Q)
        far, far_p, far_r = self._apart(P[:, None], cube)
        if self.takes_batch:
            far[:, n_own:][left_out(len(P), same)] = _NEVER
        loss = self.of_distances(near, far, weights)
        by_p = loss.positive[:, None] * near_p
        by_p += (loss.negative[:, :, None] * far_p).sum(axis=1)
        by_q = loss.positive[:, None] * near_q
        by_r = loss.negative[:, :, None] * far_r
        by_q += by_r[:, n_own:].sum(axis=0) if self.takes_batch else 0.0
        return VectorLossValue(loss.value, by_p, by_q, by_r[:, :n_own].reshape(R.shape))

    @property
    def takes_batch(self) -> bool:
        """Whether other tuples of a batch give negatives."""
        return self.name == "infonce" and self.in_batch

    # -- the losses, of each tuple, and their slopes ------------------------------
    def _nlsh(self, near: FloatArray, far: FloatArray) -> tuple[Any, Any, Any]:
        beyond, within = near - self.radius, self.far - far
        values = np.maximum(beyond, 0) + np.maximum(within, 0).mean(axis=1)
        return values, (beyond > 0) * 1.0, (within > 0) / -far.shape[1]

    def _triplet(self, near: FloatArray, far: FloatArray) -> tuple[Any, Any, Any]:
        short = near[:, None] - far + self.gap
        slope = (short > 0) / far.shape[1]
        return np.maximum(short, 0).mean(axis=1), slope.sum(axis=1), -slope

    def _infonce(self, near: FloatArray, far: FloatArray) -> tuple[Any, Any, Any]:
        logits = np.concatenate([near[:, None], far], axis=1) / self.temperature
        logits -= logits.max(axis=1, keepdims=True)
        powers = np.exp(logits)
        total = powers.sum(axis=1, keepdims=True)
        shares = powers / total / self.temperature
        values = np.log(total[:, 0]) - logits[:, 0]
        return values, shares[:, 0] - 1.0 / self.temperature, shares[:, 1:]

    def _barlow(
        self, P: FloatArray, Q: FloatArray, share: FloatArray
    ) -> tuple[float, Any, Any]:
        (Z, z_scale), (Y, y_scale) = _standard(P, share), _standard(Q, share)
        weighted = share[:, None] * Z
        C = weighted.T @ Y
        d = len(C)
        unit = np.eye(d)
        factors = np.where(unit > 0, 1.0, self.off_diagonal) / d
        slope = 2.0 * factors * (C - unit)
        by_z, by_y = share[:, None] * (Y @ slope.T), weighted @ slope
        value = float((factors * (C - unit) ** 2).sum())
        return (
            value, _standard_slope(by_z, Z, z_scale, share),
            _standard_slope(by_y, Y, y_scale, share),
        )  # fmt: skip

    # -- distances ----------------------------------------------------------------
    def _apart(self, X: FloatArray, Y: FloatArray) -> tuple[Any, Any, Any]:
        """Distances of rows, and their derivatives by X and by Y."""
        if self.metric == "cosine":
            return 1.0 - (X * Y).sum(axis=-1), -Y + 0.0 * X, -X + 0.0 * Y
        apart = X - Y
        if self.metric == "l1":
            return np.abs(apart).sum(axis=-1), np.sign(apart), -np.sign(apart)
        lengths = np.sqrt((apart**2).sum(axis=-1))
        slope = apart / np.maximum(lengths, _TINY)[..., None]
        return lengths, slope, -slope

    def _similarity(self, distances: FloatArray) -> FloatArray:
        if self.metric == "l2":
            return 1.0 - distances**2 / 2.0
        return 1.0 - distances if self.metric == "cosine" else -distances

    def _similarity_slope(self, distances: FloatArray) -> FloatArray:
        return -distances if self.metric == "l2" else np.full_like(distances, -1.0)

    def _distance(self, cosines: FloatArray) -> Any:
        if self.metric == "cosine":
            return 1.0 - cosines
        return np.sqrt(np.maximum(2.0 - 2.0 * cosines, 0.0))

    def _distance_slope(self, cosines: FloatArray) -> FloatArray:
        if self.metric == "cosine":
            return np.full_like(cosines, -1.0)
        lengths = self._distance(cosines)
        return np.where(lengths > _FLAT, -1.0 / np.maximum(lengths, _FLAT), 0.0)


def nlsh_as_written(
    positive: AnyArray, negative: AnyArray, radius: float = 0.4, c: float = 3.0
) -> FloatArray:
    """Loss of NLSHBlock as the paper writes it: max(R, d+) - min(cR, d-).

    The pair of hinges of `MatchLoss` is this plus (c - 1) R.
    """
    near: FloatArray = np.maximum(radius, np.asarray(positive, float))
    far: FloatArray = np.minimum(c * radius, np.asarray(negative, float))
    return near - far


def tuple_shares(n: int, weights: Any) -> FloatArray:
    """Weights of tuples as shares that sum to 1."""
    if weights is None:
        return np.full(n, 1.0 / max(1, n))
    shares = np.asarray(weights, float)
    if shares.shape != (n,) or not (np.isfinite(shares).all() and (shares >= 0).all()):
        raise GraphValueError(
            f"weights must be {n:,} finite numbers of 0 or more; got an array of shape "
            f"{shares.shape}."
        )
    total: FloatArray = shares / max(float(shares.sum()), _TINY)
    return total


def left_out(n: int, same: AnyArray | None) -> AnyArray:
    """Tell which q of a batch are no negatives of which p: its own, and others."""
    own = np.eye(n, dtype=bool)
    return own if same is None else own | np.asarray(same, bool)


def _standard(X: FloatArray, share: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Columns with mean 0 and variance 1, and their deviations."""
    centred: Any = X - share @ X
    scale = np.sqrt(share @ centred**2 + _TINY)
    return centred / scale, scale


def _standard_slope(
    slope: FloatArray, Z: FloatArray, scale: FloatArray, share: FloatArray
) -> FloatArray:
    """Turn a derivative by the standard columns into one by X."""
    level = share[:, None] * (slope.sum(axis=0) + Z * (slope * Z).sum(axis=0))
    by_columns: FloatArray = (slope - level) / scale
    return by_columns


def _one_of(what: str, value: Any, names: tuple[str, ...]) -> None:
    if value not in names:
        shown = ", ".join(map(repr, names))
        raise GraphValueError(f"{what} must be one of {shown}; got {value!r}.")
