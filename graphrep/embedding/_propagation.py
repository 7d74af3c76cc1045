"""Layers of a propagated random projection: how a plan becomes kernel calls.

`Propagator` holds a row-stochastic operator in the form the kernels want and applies
it to a layer; `Layer` is a stored power, plain or compact; `SignStart` is the random
projection itself, drawn on demand from the keys of the nodes.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from itertools import pairwise
from typing import Any, NamedTuple

import numba
import numpy as np

from graphrep._utils._arrays import aligned_empty
from graphrep.exceptions import GraphValueError
from graphrep.graph._csr import CSR
from graphrep.kernels import _projection, _propagation
from graphrep.kernels._csr import row_sums
from graphrep.kernels._gather import LANES
from graphrep.kernels._propagation import FINISH_L2, FINISH_NONE, FINISH_SUMS
from graphrep.typing import AnyArray, FloatArray, IntArray

_NO_WEIGHTS = np.empty(0, np.int8)
_WORK_PER_BLOCK = 1 << 15
_MOST_BLOCKS = 1024
_WORK_PER_ROW = 8
_WORK_PER_CALL = 1 << 32  # gathered numbers: about a second, so that Ctrl-C works
DENSE_FROM = 0.5  # signs a row above which gathering whole int8 rows is faster
_KEYS_AT_ONCE = 1 << 16
_SAFE_STRENGTH = {4: (1e-15, 1e15), 8: (1e-150, 1e150)}  # by bytes of a number:
# outside, sums or inverses could over- or underflow


def padded(width: int) -> int:
    """Width rounded up to whole groups of lanes."""
    return -(-width // LANES) * LANES


class Layer(NamedTuple):
    """One stored power: float32/float64 rows, bfloat16 bits or int8 with factors."""

    data: AnyArray
    scale: FloatArray

    @classmethod
    def empty(cls, n_rows: int, width: int, dtype: np.dtype[Any]) -> Layer:
        """Uninitialised layer of some storage type."""
        n_scales = n_rows if dtype == np.int8 else 0
        data = aligned_empty((n_rows, padded(width)), dtype)
        return cls(data, np.empty(n_scales, np.float32))


class Target(NamedTuple):
    """Where and how a propagated layer enters the embedding."""

    out: FloatArray
    coefficient: float
    normalize: bool
    fresh: bool = True
    column: int = 0
    finish: int = FINISH_NONE
    fixed: float = 0.0


class SignStart:
    """The random projection U_0 = diag(factor) R / sqrt(d), never stored whole.

    R has independent entries ``±sqrt(s)`` with probability ``1 / (2 s)`` each, else
    0; entry (i, j) is a hash of (seed, key of node i, j). ``dense`` tells that so many
    are not zero that rows are better stored whole.
    """

    def __init__(
        self,
        keys: AnyArray,
        factor: FloatArray,
        n_columns: int,
        sparsity: float,
        seed: int,
    ) -> None:
        self.keys = np.ascontiguousarray(keys)
        self.n_columns = n_columns
        self.first = 0
        self.sparsity = max(float(sparsity), 1.0)
        self.seed = np.uint64(seed)
        self.half = np.uint64(min(2.0**63 / self.sparsity, 2.0**63))
        self.plain = factor
        self.dense = n_columns / self.sparsity > DENSE_FROM
        self.factor = factor * factor.dtype.type(np.sqrt(self.sparsity / n_columns))

    def part(self, first: int, n_columns: int) -> SignStart:
        """Make the start of some of the columns, with the bits that they have here."""
        part = copy(self)
        part.first = first
        part.n_columns = max(0, min(n_columns, self.n_columns - first))
        return part

    def codes(self, rows: slice | IntArray = slice(None)) -> tuple[IntArray, IntArray]:
        """Row pointers and codes of the signs of some rows."""
        keys = self.keys[rows]
        counts = np.empty(len(keys), np.int64)
        _projection.count_signs(
            self.seed, keys, self.n_columns, self.first, self.half, counts
        )
        indptr = np.zeros(len(keys) + 1, np.int64)
        np.cumsum(counts, out=indptr[1:])
        codes = np.empty(int(indptr[-1]), np.int32)
        _projection.fill_signs(
            self.seed, keys, self.n_columns, self.first, self.half, indptr, codes
        )
        return indptr, codes

    def operand(self) -> tuple[AnyArray, ...]:
        """Make what `graphrep.kernels._propagation.propagate_signs` takes of it."""
        indptr, codes = self.codes()
        used = np.zeros((len(self.keys) >> 6) + 1, np.uint64)
        _projection.used_rows(indptr, used)
        return indptr, codes, used, self.factor

    def as_layer(self) -> Layer:
        """Signs as an int8 layer with the factors as its row factors (exact)."""
        data = aligned_empty((len(self.keys), padded(self.n_columns)), np.int8)
        _projection.dense_signs(
            self.seed, self.keys, self.n_columns, self.first, self.half, data
        )
        return Layer(data, self.factor)

    def as_matrix(self) -> FloatArray:
        """U_0 itself, dense."""
        layer = self.as_layer()
        return layer.data[:, : self.n_columns] * self.factor[:, None]

    def add_unit_rows(self, target: Target, rows: IntArray | None = None) -> None:
        """Add the rows of U_0, scaled to the target, to some or all rows of it."""
        everything = np.arange(len(self.keys), dtype=np.int64) if rows is None else rows
        for start in range(0, len(everything), _KEYS_AT_ONCE):
            part = everything[start : start + _KEYS_AT_ONCE]
            indptr, codes = self.codes(part)
            _projection_rows(self, indptr, codes, target, part)


def _projection_rows(
    start: SignStart, indptr: IntArray, codes: IntArray, target: Target, rows: IntArray
) -> None:
    if target.normalize:
        lengths = np.ones(len(rows))
    else:
        lengths = np.sqrt(np.diff(indptr)) * np.abs(start.factor[rows])
    _propagation.add_signs(
        indptr, codes, target.coefficient * lengths, target.fresh, target.column,
        start.n_columns, rows, target.out,
    )  # fmt: skip


class Propagator:
    """Row-stochastic operator D^-1 S in the form that the kernels take.

    Parameters
    ----------
    csr : CSR
        Rows of S; they may be fewer than its columns.
    dtype : dtype
        float32 or float64: the type of the arithmetic.
    """

    def __init__(self, csr: CSR, dtype: np.dtype[Any]) -> None:
        self.indptr, self.indices = csr.indptr, csr.indices
        self.n_rows = len(csr.indptr) - 1
        self.dtype = dtype
        self.strength = strengths(csr)
        self.weights: AnyArray = _NO_WEIGHTS if csr.weights is None else csr.weights
        strength = self.strength
        if csr.weights is not None and not _is_safe(strength, dtype):
            self.weights = _divided_weights(csr, strength)
            strength = (strength > 0).astype(np.float64)
        inverse = np.zeros(self.n_rows, np.float64)
        np.divide(1.0, strength, out=inverse, where=strength > 0)
        self.inverse = inverse.astype(dtype)
        self.cuts = self._cut()

    @property
    def empty_rows(self) -> IntArray:
        """Rows that receive nothing."""
        return np.flatnonzero(self.inverse == 0)

    def apply(
        self,
        source: Layer | SignStart,
        width: int,
        keep: Layer | None,
        target: Target | None,
        tick: Callable[[float], None] | None = None,
    ) -> IntArray:
        """Propagate a layer; store it and (or) add it to the target.

        Returns the sums of the target's columns if it asks for them (see
        `graphrep.kernels._propagation.propagate`).
        """
        if isinstance(source, SignStart) and source.dense:
            source = source.as_layer()
        layer = keep or Layer(
            np.empty((0, padded(width)), self.dtype), np.empty(0, np.float32)
        )
        if target is None:
            target = Target(np.empty((0, 0), self.dtype), 0.0, False)
        plan = (
            float(target.coefficient), target.normalize, target.fresh, target.column,
            width, target.finish, float(target.fixed),
        )  # fmt: skip
        d = target.out.shape[1] if target.finish == FINISH_SUMS else 0
        sums = np.zeros((len(self.cuts) - 1, 2 * d + 1), np.int64)
        if isinstance(source, SignStart):
            kernel: Any = _propagation.propagate_signs
            operand: tuple[Any, ...] = source.operand()
        else:
            kernel, operand = _propagation.propagate, (source.data, source.scale)
        matrix = (self.indptr, self.indices, self.weights, self.inverse)
        for first, end in self._calls(width):
            with numba.parallel_chunksize(1):
                kernel(
                    *matrix, *operand, self.cuts[first : end + 1], keep is not None,
                    layer.data, layer.scale, plan, target.out, sums[first:end],
                )  # fmt: skip
            if tick is not None:
                tick(end / (len(self.cuts) - 1))
        return np.asarray(sums.sum(axis=0))

    def _cut(self) -> IntArray:
        work = len(self.indices) + _WORK_PER_ROW * self.n_rows
        n_blocks = int(np.clip(work // _WORK_PER_BLOCK, 1, _MOST_BLOCKS))
        cuts = np.empty(n_blocks + 1, np.int64)
        _propagation.equal_work_cuts(self.indptr, _WORK_PER_ROW, n_blocks, cuts)
        return cuts

    def _calls(self, width: int) -> list[tuple[int, int]]:
        """Blocks of each kernel call: as many as make about a second of work."""
        n_blocks = len(self.cuts) - 1
        work = (len(self.indices) + _WORK_PER_ROW * self.n_rows) * padded(width)
        n_calls = min(n_blocks, 1 + work // _WORK_PER_CALL)
        edges = np.linspace(0, n_blocks, n_calls + 1).astype(int).tolist()
        return list(pairwise(edges))


def strengths(csr: CSR) -> FloatArray:
    """Sum of the weights of each row, float64, in stored order."""
    if csr.weights is None:
        return np.diff(csr.indptr).astype(np.float64)
    out = np.empty(len(csr.indptr) - 1, np.float64)
    row_sums(csr.indptr, csr.weights, out)
    bad = np.flatnonzero(~np.isfinite(out))
    if len(bad):
        raise GraphValueError(
            f"The weights of row {bad[0]} sum to infinity. Divide all weights by a "
            "large number; the embedding depends on their ratios only."
        )
    return out


def _is_safe(strength: FloatArray, dtype: np.dtype[Any]) -> bool:
    used = strength[strength > 0]
    low, high = _SAFE_STRENGTH[dtype.itemsize]
    return len(used) == 0 or bool(used.min() > low and used.max() < high)


def _divided_weights(csr: CSR, strength: FloatArray) -> FloatArray:
    """Weights over the sum of their row, so that none is too large or too small."""
    assert csr.weights is not None
    rows = np.repeat(strength, np.diff(csr.indptr))
    out = np.zeros(len(csr.weights), np.float64)
    np.divide(csr.weights, rows, out=out, where=rows > 0)
    return out


def column_statistics(
    sums: IntArray, fixed: float, dtype: np.dtype[Any]
) -> tuple[FloatArray, FloatArray]:
    """Mean and one over the standard deviation of each column, from integer sums."""
    d = len(sums) // 2
    count = max(int(sums[-1]), 1)
    mean = sums[:d] / (fixed * count)
    variance = sums[d : 2 * d] / (fixed * count) - mean * mean
    noise = np.maximum((10 * np.finfo(dtype).eps * mean) ** 2, 4 / fixed)
    constant = variance <= noise
    per = np.ones(d)
    np.divide(1.0, np.sqrt(np.maximum(variance, 0)), out=per, where=~constant)
    return mean.astype(dtype), per.astype(dtype)


def fixed_point(n_rows: int, bound: float) -> float:
    """Power of two that makes sums of ``n_rows`` squares up to ``bound**2`` fit."""
    most = max(n_rows, 1) * max(bound, bound * bound, 1e-12)
    return float(2.0 ** (61 - np.ceil(np.log2(most))))


def standardize(
    out: FloatArray, mean: FloatArray, per: FloatArray, cuts: IntArray
) -> None:
    """Standardise the columns of all non-zero rows in place."""
    _propagation.standardize(out, mean, per, cuts)


def finish(out: FloatArray, cuts: IntArray, how: int) -> tuple[IntArray, float]:
    """Finish complete rows: unit length, or sums with the scale they are in."""
    fixed = 0.0
    if how == FINISH_SUMS:
        fixed = fixed_point(len(out), _propagation.absolute_max(out))
    d = out.shape[1] if how == FINISH_SUMS else 0
    sums = np.zeros((len(cuts) - 1, 2 * d + 1), np.int64)
    _propagation.finish_rows(out, cuts, how, fixed, sums)
    return np.asarray(sums.sum(axis=0)), fixed


__all__ = [
    "FINISH_L2",
    "FINISH_NONE",
    "FINISH_SUMS",
    "Layer",
    "Propagator",
    "SignStart",
    "Target",
    "column_statistics",
    "finish",
    "fixed_point",
    "padded",
    "standardize",
    "strengths",
]
