"""Arguments that the indexes share."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.kernels import _topk
from graphrep.typing import AnyArray, FloatArray, IntArray

kernels: Any = _topk  # kernels carry no annotations


def as_metric(metric: Any) -> str:
    """Check the name of a metric."""
    if metric not in kernels.METRICS:
        raise GraphValueError(
            f"metric must be one of {', '.join(map(repr, kernels.METRICS))}; "
            f"got {metric!r}."
        )
    return str(metric)


def as_vectors(values: Any, name: str) -> FloatArray:
    """Read a matrix of finite numbers, one vector a row."""
    array = np.asarray(values)
    if array.ndim != 2:
        raise GraphValueError(
            f"{name} must be a matrix with one vector a row; got shape {array.shape}."
        )
    if array.dtype.kind in "iub":
        array = array.astype(np.float64)
    if array.dtype.kind != "f":
        raise GraphTypeError(f"{name} must be real numbers; got dtype {array.dtype}.")
    row = kernels.first_bad_row(array)
    if row >= 0:
        raise GraphValueError(f"{name} hold a NaN or infinite value in row {row}.")
    return array


def as_base(base: Any) -> FloatArray:
    """Read the vectors of an index."""
    vectors = as_vectors(base, "base")
    if 0 in vectors.shape:
        raise GraphValueError(
            f"base must hold at least one vector; got shape {vectors.shape}."
        )
    return vectors


def as_rows(exclude: Any, n_queries: int, n_base: int) -> IntArray:
    """Read the row that each query leaves out, -1 for none."""
    if exclude is None:
        return np.full(n_queries, -1, np.int64)
    rows = np.asarray(exclude)
    if rows.shape != (n_queries,) or rows.dtype.kind not in "iu":
        raise GraphValueError(
            f"exclude must be {n_queries} integers, one a query; got an array of "
            f"shape {rows.shape} and dtype {rows.dtype}."
        )
    rows = rows.astype(np.int64)
    if len(rows) and (rows.min() < -1 or rows.max() >= n_base):
        at = int(np.flatnonzero((rows < -1) | (rows >= n_base))[0])
        raise GraphValueError(
            f"exclude[{at}] = {rows[at]} is no row of a base of {n_base:,} vectors."
        )
    return rows


def as_queries(queries: Any, n_components: int) -> FloatArray:
    """Read queries of the width of a base."""
    vectors = as_vectors(queries, "queries")
    if vectors.shape[1] != n_components:
        raise GraphValueError(
            f"queries have {vectors.shape[1]} components but base has {n_components}."
        )
    return vectors


def read_groups(groups: Any, n: int) -> tuple[AnyArray | None, int]:
    """Read the groups of rows as int32, and how many there may be: n at most.

    Searches hold a place for each in every thread, so a large number must not cost
    memory.
    """
    if groups is None:
        return None, 0
    array = np.asarray(groups)
    if array.dtype.kind not in "iu" or array.shape != (n,):
        raise GraphValueError(
            f"groups must hold an integer for each of {n:,} rows; got shape "
            f"{array.shape} of {array.dtype}."
        )
    least, most = int(array.min(initial=0)), int(array.max(initial=-1))
    if least < -1 or most >= 2**31:
        raise GraphValueError(
            f"groups must be -1 or numbers from 0 on, below 2**31; got "
            f"{least if least < -1 else most}."
        )
    if most >= n:
        array, most = _renumbered(array), n - 1
    return np.ascontiguousarray(array, np.int32), most + 1


def _renumbered(groups: AnyArray) -> AnyArray:
    """Give the groups that occur numbers from 0 on; -1 stays."""
    members = groups >= 0
    codes = np.full(len(groups), -1, np.int32)
    codes[members] = np.unique(groups[members], return_inverse=True)[1]
    return codes


def read_bias(bias: Any, n: int, metric: str) -> FloatArray:
    """Read what is added to the score of each row; empty for nothing."""
    if bias is None:
        return np.zeros(0)
    if metric == "euclidean":
        raise GraphValueError(
            "bias cannot be added to distances; use metric='cosine' or 'dot'."
        )
    array = np.asarray(bias)
    if array.dtype.kind not in "fiub" or array.shape != (n,):
        raise GraphValueError(
            f"bias must hold a number for each of {n:,} rows; got shape "
            f"{array.shape} of {array.dtype}."
        )
    most = np.finfo(np.float32).max
    fine = np.abs(array.astype(np.float64)) <= most
    if not fine.all():
        at = int(np.argmin(fine))
        raise GraphValueError(
            f"bias[{at}] = {array[at]} is no finite number of float32."
        )
    return np.ascontiguousarray(array, np.float64)


def settled(
    rows: IntArray, scores: FloatArray, n_base: int, metric: str
) -> tuple[IntArray, FloatArray]:
    """Mark what was not found, and refuse scores beyond float32."""
    none = rows == n_base
    rows[none], scores[none] = -1, 0
    if not np.isfinite(scores).all():
        raise GraphValueError(
            "Some scores are too large for float32. Scale the vectors down."
        )
    if metric == "euclidean":
        scores[none] = np.inf
    return rows, scores
