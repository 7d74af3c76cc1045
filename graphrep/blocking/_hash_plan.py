"""HashPlan: how many functions and tables, from pairs that are near and far."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from graphrep.kernels import _lsh_codes
from graphrep.typing import FloatArray

kernels: Any = _lsh_codes  # kernels carry no annotations
_TRIALS = 32  # trial tables in which pairs may meet
_LENGTHS = (2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32)
_WIDE = 4.0  # cells in median near distances
_PROBE = 300.0  # what looking up one bucket costs, in multiplications
_SCORE = 300.0  # and scoring one row, beside its components


class HashPlan(NamedTuple):
    """Shape of the tables, and what it was chosen from.

    Attributes
    ----------
    n_functions, n_tables : int
        Functions in a code (k), and tables (L).
    p1, p2 : float
        Measured chance of one function to agree on a near and on a random pair; NaN
        where nothing was measured.
    p1_table, p2_table : float
        Chance to meet in one table, with the probes.
    recall : float
        Expected share of the near pairs that the tables find.
    candidates : float
        Expected number of rows that a query scores.
    """

    n_functions: int
    n_tables: int
    p1: float
    p2: float
    p1_table: float
    p2_table: float
    recall: float
    candidates: float


class Hasher(NamedTuple):
    """Kind of hash functions."""

    codes: str
    unit: bool  # vectors are scaled to length 1
    width: float

    def draw(
        self, rng: np.random.Generator, dim: int, tables: int, k: int
    ) -> tuple[FloatArray, FloatArray]:
        """Directions (dim, tables, k) and offsets (tables, k) of random functions."""
        lines = rng.standard_normal((dim, tables, k), np.float32)
        offsets = np.zeros((tables, k), np.float32)
        if self.codes == "p-stable":
            lines /= np.float32(self.width)
            offsets = rng.random((tables, k), np.float32)
        return lines, offsets

    def project(
        self, vectors: FloatArray, lines: FloatArray, offsets: FloatArray
    ) -> FloatArray:
        """Projections (n, tables, k) in cells."""
        rows = scaled(vectors, self.unit)
        flat = rows @ lines.reshape(len(lines), -1)
        return flat.reshape(len(rows), *offsets.shape) + offsets


class NearPairs(NamedTuple):
    """Vectors of pairs that are near, and of random pairs."""

    x: FloatArray
    y: FloatArray
    far_x: FloatArray
    far_y: FloatArray
    width: float

    @classmethod
    def of(cls, x: Any, y: Any, far_x: Any, far_y: Any, unit: bool) -> NearPairs:
        """Scale the vectors, and see how far near ones are."""
        parts = [scaled(part, unit) for part in (x, y, far_x, far_y)]
        gaps = np.linalg.norm(parts[0] - parts[1], axis=1)
        typical = float(np.median(gaps)) if len(gaps) else 0.0
        if not typical > 0:
            far = np.linalg.norm(parts[2] - parts[3], axis=1)
            typical = float(np.median(far)) / _WIDE if len(far) else 1.0
        width = _WIDE * typical if typical > 0 else 1.0
        return cls(parts[0], parts[1], parts[2], parts[3], width)


def make_plan(
    hasher: Hasher, pairs: NearPairs | None, n_functions: int | None,
    n_tables: int | None, *, n_base: int, n_probes: int, recall: float, seed: int,
    max_tables: int,
) -> HashPlan:  # fmt: skip
    """Choose what is not given; nothing is measured where there are no pairs."""
    if pairs is None or not len(pairs.x):
        nan = float("nan")
        shape = n_functions or 8, n_tables or 8
        return HashPlan(*shape, nan, nan, nan, nan, nan, nan)
    rng = np.random.default_rng([seed, 2])
    most = n_functions or _LENGTHS[-1]
    dim = pairs.x.shape[1]
    lines = hasher.draw(rng, dim, _TRIALS, most)
    factors = odd_numbers(rng, (_TRIALS, most))
    near, near_y, far, far_y = (hasher.project(v, *lines) for v in pairs[:4])
    signs = hasher.codes == "sign"
    p1, p2 = _agreement(near, near_y, signs), _agreement(far, far_y, signs)
    plans = []
    for k in (n_functions,) if n_functions else _LENGTHS:
        args = (factors[:, :k], signs, n_probes)
        met = _meetings(near, near_y, k, *args)
        met_far = _meetings(far, far_y, k, *args)
        chance = max(float(met_far.mean()), p2**k) if len(met_far) else p2**k
        tables = n_tables or _tables_for(met, recall, max_tables)
        found = float((1.0 - (1.0 - met) ** tables).mean())
        rows = min(float(n_base), n_base * tables * chance)
        plan = HashPlan(k, tables, p1, p2, float(met.mean()), chance, found, rows)
        plans.append((plan, _cost(plan, dim, n_probes)))
        if found < recall and len(plans) > 1:  # longer codes only find less
            break
    reached = [entry for entry in plans if entry[0].recall >= recall]
    if reached:
        return min(reached, key=lambda entry: entry[1])[0]
    return max(plans, key=lambda entry: entry[0].recall)[0]


def scaled(vectors: Any, unit: bool) -> FloatArray:
    """Vectors in float32, with ``unit`` of length 1; zero vectors stay."""
    rows = np.asarray(vectors)
    if unit:
        norms = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
        rows = rows / np.where(norms > 0, norms, 1.0)
    out: FloatArray = rows.astype(np.float32)
    return out


def odd_numbers(rng: np.random.Generator, shape: tuple[int, int]) -> Any:
    """Draw odd 64-bit numbers: multipliers of codes."""
    return rng.integers(0, 1 << 64, shape, np.uint64) | np.uint64(1)


def _agreement(x: FloatArray, y: FloatArray, signs: bool) -> float:
    """Share of functions that put both of a pair in one cell."""
    if not len(x):
        return 0.0
    same = (x >= 0) == (y >= 0) if signs else np.floor(x) == np.floor(y)
    return float(same.mean())


def _meetings(
    x: FloatArray, y: FloatArray, k: int, factors: Any, signs: bool, n_probes: int
) -> FloatArray:
    """Share of the trial tables in which each pair meets."""
    out = np.zeros(len(x), np.int64)
    parts = (np.ascontiguousarray(v[:, :, :k]) for v in (x, y))
    kernels.count_meetings(*parts, np.ascontiguousarray(factors), signs, n_probes, out)
    shares: FloatArray = out / x.shape[1]
    return shares


def _tables_for(met: FloatArray, recall: float, most: int) -> int:
    """Least number of tables that find this share of the pairs, or ``most``."""
    for tables in range(1, most + 1):
        if (1.0 - (1.0 - met) ** tables).mean() >= recall:
            return tables
    return most


def _cost(plan: HashPlan, dim: int, n_probes: int) -> float:
    """Estimate what a query costs, in multiplications."""
    hashing = plan.n_functions * plan.n_tables * dim / 8.0  # BLAS has wide lanes
    probing = plan.n_tables * n_probes * _PROBE
    return hashing + probing + plan.candidates * (dim + _SCORE)
