"""Distances of rated pairs of words beside those of random pairs of nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.evaluation._similarity_tests import Matched
from graphrep.evaluation._statistics import degree_bins
from graphrep.evaluation._vocabulary import reduce_senses
from graphrep.typing import AnyArray, FloatArray, IntArray

_PAIRS_AT_ONCE = 1 << 16
_RIGHT_ANGLE = float(np.sqrt(2.0))  # distance of unit vectors of cosine 0
_NAN = float("nan")
_RANDOM, _MATCHED = 0, 1  # streams of random numbers


class Distances:
    """Euclidean distances of vectors, as they are and at unit length, in float64.

    Two zero vectors, or one and another vector, have the unit distance of orthogonal
    vectors, as their cosine is 0.
    """

    def __init__(self, vectors: FloatArray) -> None:
        self._vectors = vectors

    def __call__(self, a: AnyArray, b: AnyArray) -> tuple[FloatArray, FloatArray]:
        """Raw and unit distances of pairs of rows."""
        raw, unit = np.empty(len(a)), np.empty(len(a))
        for start in range(0, len(a), _PAIRS_AT_ONCE):
            part = slice(start, start + _PAIRS_AT_ONCE)
            x = self._vectors[a[part]].astype(np.float64)
            y = self._vectors[b[part]].astype(np.float64)
            raw[part] = np.linalg.norm(x - y, axis=1)
            long = [np.linalg.norm(v, axis=1) for v in (x, y)]
            none = (long[0] == 0) | (long[1] == 0)
            for v, length in zip((x, y), long, strict=True):
                v /= np.where(length > 0, length, 1.0)[:, None]
            unit[part] = np.linalg.norm(x - y, axis=1)
            unit[part][none & (a[part] != b[part])] = _RIGHT_ANGLE
        return raw, unit


def random_pairs(order: IntArray, n_pairs: int, seed: int) -> tuple[IntArray, IntArray]:
    """Draw pairs of different rows from those in ``order``."""
    n = len(order)
    if n < 2:
        return order[:0], order[:0]
    rng = np.random.default_rng([seed, _RANDOM])
    a = rng.integers(0, n, n_pairs)
    b = rng.integers(0, n - 1, n_pairs)
    return order[a], order[b + (b >= a)]


def distance_row(
    matched: Matched,
    distances: Distances,
    random: tuple[float, float],
    partners: MatchedPairs,
    *,
    senses: str = "max",
    n_random: int = 20_000,
) -> dict[str, Any]:
    """Mean distances of a test's pairs beside those of random pairs of nodes.

    Parameters
    ----------
    matched : Matched
    distances : Distances
    random : (float, float)
        Mean raw and unit distance of random pairs.
    partners : MatchedPairs
        Draws random pairs of the same degrees.
    senses : {"max", "mean"}, default="max"
        Nearest pair of senses, or their mean.
    n_random : int, default=20,000
        Random pairs for the AUC; at least one for each pair of nodes.
    """
    how = "mean" if senses == "mean" else "min"
    found = distances(matched.a, matched.b)
    raw, unit = (_mean(reduce_senses(x, matched.starts, how)) for x in found)
    auc = _closer(matched, distances, found, partners, n_random)
    return {
        "test": matched.test.name, "n_pairs": len(matched.test),
        "n_covered": len(matched.covered), "raw": raw, "raw_random": random[0],
        "unit": unit, "unit_random": random[1], "ratio": _over(raw, random[0]),
        "unit_ratio": _over(unit, random[1]), "auc": auc[0], "unit_auc": auc[1],
    }  # fmt: skip


def _closer(
    matched: Matched,
    distances: Distances,
    found: tuple[FloatArray, FloatArray],
    partners: MatchedPairs,
    n_random: int,
) -> tuple[float, float]:
    """Share of random pairs of the same degrees that lie farther apart.

    Of a pair of words with several senses the nearest pair of nodes stands for it.
    """
    n = len(matched.covered)
    if not n:
        return _NAN, _NAN
    out = []
    for which, values in enumerate(found):
        order = np.lexsort((values, np.repeat(np.arange(n), np.diff(matched.starts))))
        nearest = order[matched.starts[:-1]]
        repeats = -(-n_random // n)
        a, b, owner = partners.draw(matched.a[nearest], matched.b[nearest], repeats)
        other = distances(a, b)[which]
        own = values[nearest][owner]
        wins = np.bincount(owner, (other > own) + 0.5 * (other == own), n)
        count = np.bincount(owner, minlength=n)
        out.append(_mean((wins / np.maximum(count, 1))[count > 0]))
    return out[0], out[1]


class MatchedPairs:
    """Draws random pairs of nodes whose ends have degrees like those of given pairs.

    Parameters
    ----------
    degree : ndarray of int of shape (n_nodes,)
        Degrees; nodes of one power of two are alike.
    order : ndarray of int64 of shape (n_nodes,)
        Rows in an order of their own, in which they are counted.
    seed : int
    """

    def __init__(self, degree: IntArray, order: IntArray, seed: int) -> None:
        codes = degree_bins(degree)[0]
        self._codes = codes
        self._rows = order[np.argsort(codes[order], kind="stable")]
        self._sizes = np.bincount(codes)
        self._first = np.cumsum(self._sizes) - self._sizes
        self._seed = seed

    def draw(
        self, a: IntArray, b: IntArray, repeats: int
    ) -> tuple[IntArray, IntArray, IntArray]:
        """Draw for each pair some pairs of different nodes of the same bins.

        Returns
        -------
        first, second : ndarray of int64
        owner : ndarray of int64
            Number of the pair that each was drawn for. None is drawn where a bin
            holds but one node and both ends fall into it.
        """
        rng = np.random.default_rng([self._seed, _MATCHED])
        owner = np.repeat(np.arange(len(a)), repeats)
        one, two = self._codes[a][owner], self._codes[b][owner]
        u, v = rng.random(len(owner)), rng.random(len(owner))
        same = one == two
        left = self._first[one] + (u * self._sizes[one]).astype(np.int64)
        free = self._sizes[two] - same
        right = self._first[two] + (v * free).astype(np.int64)
        right += same & (right >= left)
        ok = free > 0
        return self._rows[left[ok]], self._rows[right[ok]], owner[ok]


def _mean(values: AnyArray) -> float:
    return float(values.mean()) if len(values) else _NAN


def _over(a: float, b: float) -> float:
    return a / b if b > 0 else _NAN
