"""What a model is to the core: a map, a divergence and the sizes of its rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from graphrep.typing import FloatArray, IntArray

FLOW, KL_FLOW, COMPLEX, ROTATION, REAL, MATRIX, RADIAL = range(7)
EUCLIDEAN, INNER, KL = range(3)
HAS_MEAN, HAS_SCALE, SWAPS = 1, 2, 4
POSITIVE = 1


@dataclass(frozen=True)
class Geometry:
    """How rows of parameters become rows of Q and K.

    The numbers are those of `graphrep.kernels._kge_maps`, which does the work.

    Attributes
    ----------
    map, divergence, flags : int
        Which of the maps and divergences, and the variant of the map.
    n_coordinates : int
        Coordinates d.
    n_pieces : int
        Linear pieces K of an entity's flow, 0 for a point.
    root : ndarray of shape (K + 1, K + 1)
        Upper triangular factor R of the Gram matrix of a flow's pieces, M = R^T R;
        for flows of the plane its first row and column are those of the identity.
    """

    map: int
    divergence: int
    n_coordinates: int
    flags: int = 0
    n_pieces: int = 0
    root: FloatArray = field(default_factory=lambda: np.ones((1, 1)))

    @property
    def has_mean(self) -> bool:
        """Whether a flow has a translation."""
        return self.map != FLOW or bool(self.flags & HAS_MEAN)

    @property
    def entity_width(self) -> int:
        """Parameters of an entity."""
        parts = {
            FLOW: self.n_pieces + self.has_mean,
            RADIAL: self.n_pieces + 2,
            REAL: 1,
            MATRIX: 1,
        }
        return self.n_coordinates * parts.get(self.map, 2)

    @property
    def relation_width(self) -> int:
        """Parameters of a relation."""
        d = self.n_coordinates
        if self.map in (FLOW, RADIAL):
            parts = 2 if self.flags & HAS_SCALE else 1
            return d * parts * (2 if self.map == RADIAL else 1)
        return {KL_FLOW: 2 * d, COMPLEX: 2 * d, MATRIX: d * d}.get(self.map, d)

    @property
    def point_width(self) -> int:
        """Columns of a point."""
        return self.entity_width

    @property
    def row_width(self) -> int:
        """Columns of a row of Q and K that are in use."""
        return self.point_width + (0 if self.divergence == INNER else 2)

    @property
    def factor(self) -> float:
        """What the product of two points is multiplied with in a score."""
        return 2.0 if self.divergence == EUCLIDEAN else 1.0

    def points_of(self, rows: FloatArray) -> FloatArray:
        """Points of rows of Q: what an index of the points of entities is asked."""
        points: FloatArray = rows[:, : self.point_width] / self.factor
        return points

    @property
    def spec(self) -> tuple[int, int, int, int, int]:
        """What the kernels read."""
        return (
            self.map,
            self.divergence,
            self.n_coordinates,
            self.point_width,
            self.flags,
        )

    def query_rows(
        self,
        entities: FloatArray,
        relations: FloatArray,
        heads: IntArray,
        kinds: IntArray,
        gamma: float,
        shape: tuple[int, int] | None = None,
    ) -> FloatArray:
        """Rows of Q of (head, relation) pairs, in a matrix of zeros of a shape."""
        from graphrep.kernels._kge_maps import query_rows

        out = np.zeros(shape or (len(heads), self.row_width), entities.dtype)
        root = self.root.astype(entities.dtype)
        query_rows(entities, relations, heads, kinds, self.spec, gamma, root, out)
        return out

    def key_rows(self, entities: FloatArray) -> FloatArray:
        """Rows of K of entities."""
        from graphrep.kernels._kge_maps import key_rows

        out = np.zeros((len(entities), self.row_width), entities.dtype)
        root = self.root.astype(entities.dtype)
        key_rows(entities, 0, len(entities), self.spec, root, out)
        return out


def flow(
    n_coordinates: int,
    n_pieces: int,
    base: str = "normal",
    *,
    mean: bool = True,
    scale: bool = True,
    swap: bool = True,
) -> Geometry:
    """Flows of K linear pieces under the Wasserstein distance of a base."""
    flags = HAS_MEAN * mean + HAS_SCALE * scale + SWAPS * swap
    root = np.linalg.cholesky(gram_of_pieces(n_pieces, base)).T.copy()
    return Geometry(FLOW, EUCLIDEAN, n_coordinates, flags, n_pieces, root)


def radial_flow(
    n_coordinates: int, n_pieces: int, base: str = "normal", *, scale: bool = True
) -> Geometry:
    """Flows of the complex plane, linear in K rings, under the same distance."""
    root = np.eye(n_pieces + 1)
    if n_pieces:
        root[1:, 1:] = np.linalg.cholesky(gram_of_rings(n_pieces, base)).T
    flags = HAS_MEAN + HAS_SCALE * scale
    return Geometry(RADIAL, EUCLIDEAN, n_coordinates, flags, n_pieces, root)


def knots(n_pieces: int, base: str) -> FloatArray:
    """Give the ends of the pieces, symmetric around 0: equal shares of the base."""
    from scipy.special import ndtri

    shares = np.arange(n_pieces + 1) / max(n_pieces, 1)
    if base == "uniform":
        return np.asarray(math.sqrt(3.0) * (2.0 * shares - 1.0))
    return np.asarray(ndtri(shares))


def gram_of_pieces(n_pieces: int, base: str) -> FloatArray:
    """Gram matrix of 1 and the parts phi_k(z) of z in each piece, under the base.

    phi_k(z) is the signed length of the way from 0 to z inside piece k, so that
    ``m + sum_k s_k phi_k(z)`` is continuous and goes through m at z = 0. Closed forms
    come from quadrature on pieces of polynomials (exact for the uniform base; 64
    Gauss-Legendre points a piece, 1e-14, for the normal one).
    """
    if n_pieces == 0:
        return np.ones((1, 1))
    ends = knots(n_pieces, base)
    ends = np.clip(ends, -12.0, 12.0)
    z, w = _quadrature(np.unique(np.concatenate([ends, [0.0]])))
    if base == "uniform":
        w = w / (2.0 * math.sqrt(3.0))
    else:
        w = w * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    columns = [np.ones_like(z)]
    for a, b in pairwise(ends):
        columns.append(np.clip(z, a, b) - np.clip(0.0, a, b))
    basis = np.stack(columns)
    gram: FloatArray = (basis * w) @ basis.T
    if n_pieces == 1:
        gram = np.eye(2)  # mean 0 and variance 1, exactly
    return gram


def rings(n_pieces: int, base: str) -> FloatArray:
    """Give the radii between rings of equal shares of a base with E|Z|^2 = 1."""
    shares = np.arange(n_pieces + 1) / max(n_pieces, 1)
    if base == "uniform":  # on a disc: the squared radius is uniform on [0, 2]
        return np.asarray(np.sqrt(2.0 * shares))
    with np.errstate(divide="ignore"):  # normal: the squared radius is exponential
        return np.asarray(np.sqrt(-np.log1p(-shares)))


def gram_of_rings(n_pieces: int, base: str) -> FloatArray:
    """Gram matrix of the parts phi_k(r) of the radius in each ring, under the base.

    The distance of two flows ``m + rho(|z|) z / |z|`` is ``|dm|^2 + E drho(R)^2``: the
    mean of the direction is 0, so means and rings do not mix.
    """
    ends = np.minimum(rings(n_pieces, base), 12.0)
    r, w = _quadrature(ends)
    w = w * r if base == "uniform" else w * 2.0 * r * np.exp(-r * r)
    basis = np.stack([np.clip(r, a, b) - a for a, b in pairwise(ends)])
    gram: FloatArray = (basis * w) @ basis.T
    return np.eye(1) if n_pieces == 1 else gram


def _quadrature(breaks: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Points and weights of 64 Gauss-Legendre points in each interval."""
    nodes, shares = np.polynomial.legendre.leggauss(64)
    ends = list(pairwise(breaks))
    points = [0.5 * (b - a) * nodes + 0.5 * (a + b) for a, b in ends]
    weights = [0.5 * (b - a) * shares for a, b in ends]
    return np.concatenate(points), np.concatenate(weights)
