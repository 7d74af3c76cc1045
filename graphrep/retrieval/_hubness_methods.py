"""What each hubness correction computes for the targets."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from graphrep.retrieval._hubness_passes import Passes, Side, is_sparse
from graphrep.typing import AnyArray, FloatArray

SOFTMAX = ("is", "dis", "dualis", "dualdis")
TRANSPORT = ("sinkhorn", "dbsn")
GATED = ("dis", "dualdis")
WARM = (*SOFTMAX, *TRANSPORT)
"""Methods with an inverse temperature."""
BIASED = ("csls", *WARM, "dsl")
"""Methods that subtract one number a target from the similarity."""
SCALED = ("ls", "nicdm")
DUAL = ("dualis", "dualdis", "dbsn", "invgc")
"""Methods that read the gallery bank."""
METHODS = ("none", "center", "csls", *WARM, "dsl", *SCALED, "mp", "gc", "invgc")
_LEAST_SCALE = 1e-4  # of the mean scale: what rounding leaves of distances of twins


class Banks(NamedTuple):
    """Targets, the query bank and the gallery bank."""

    targets: Side
    queries: Side
    gallery: Side


def softmax_parts(
    passes: Passes, banks: Banks, method: str, betas: FloatArray,
    gallery_betas: FloatArray, weight: float,
) -> FloatArray:  # fmt: skip
    """Biases of the query and of the gallery half: (n_betas, n_parts, n_targets).

    ``LSE_Q / (b1 + w b2)`` and ``w LSE_G / (b1 + w b2)``; without a gallery half
    ``LSE_Q / b1``. Zero where the temperature is infinite.
    """
    n = len(banks.targets)
    dual = method in DUAL
    out = np.zeros((len(betas), 1 + dual, n))
    for half, (bank, temperatures, share) in enumerate(
        [(banks.queries, betas, 1.0), (banks.gallery, gallery_betas, weight)][
            : 1 + dual
        ]
    ):
        warm = np.flatnonzero(temperatures > 0)
        if not len(warm) or share == 0:
            continue
        sums = passes.log_sum_exp(banks.targets, bank, temperatures[warm], None)
        whole = betas[warm] + (weight * gallery_betas[warm] if dual else 0.0)
        for i, row, total in zip(warm, sums, whole, strict=True):
            out[i, half] = share * neutral(row) / total
    return out


def sinkhorn_bias(
    passes: Passes, targets: Side, bank: Side, beta: float, n_iter: int
) -> FloatArray:
    """``-log(u) / beta`` of the targets: (n_targets,).

    ``u`` scales the targets' side of ``exp(beta (S - 1))`` to uniform sums; the bank's
    side is scaled first, so each iteration ends with the targets.
    """
    out: FloatArray = np.zeros(len(targets))
    if beta == 0:
        return out
    one = np.array([beta])
    for turn in range(n_iter):
        of_bank = neutral(passes.log_sum_exp(bank, targets, one, -out)[0]) / beta
        of_bank -= of_bank.mean()
        out = neutral(passes.log_sum_exp(targets, bank, one, -of_bank)[0]) / beta
        if turn < n_iter - 1:
            out -= out.mean()
    return out


def csls_bias(passes: Passes, banks: Banks, k: int) -> FloatArray:
    """Half the mean similarity of each target to its k nearest of the bank."""
    _, scores = passes.top_k(banks.targets, banks.queries, k)
    return neutral(_mean_of_known(scores)) / 2


def dsl_bias(
    passes: Passes, banks: Banks, k: int, square: FloatArray | None
) -> FloatArray:
    """Half of ``|g|^2`` less half the squared distance to the local centroid."""
    index, _ = nearest(passes, banks, k, square is not None)
    middle = _weighted(index, (index >= 0).astype(np.float64), banks.queries.rows)
    counts = np.maximum((index >= 0).sum(axis=1), 1)
    gaps = _squared_gaps(banks.targets.rows, middle, 1.0 / counts)
    gaps[(index < 0).all(axis=1)] = np.nan
    own = 0.0 if square is None else square
    return neutral(np.where(np.isnan(gaps), -np.inf, own - gaps)) / 2


def local_scales(
    passes: Passes, banks: Banks, k: int, method: str, square: Any
) -> FloatArray:
    """Distance to the k-th nearest of the bank ("ls"), or the mean of the k.

    Never below a ten-thousandth of the mean over the targets, where twins would make
    it zero.
    """
    index, scores = nearest(passes, banks, k, square is not None)
    known = np.where(index >= 0, scores, 1.0).astype(np.float64)
    gaps = (2.0 if square is None else square[0][:, None]) - 2 * known
    gaps = np.sqrt(np.maximum(gaps, 0))
    gaps[index < 0] = np.nan
    if method == "nicdm":
        scale = -neutral(-_mean_of_known(gaps))
    else:
        last = (index >= 0).sum(axis=1) - 1
        scale = gaps[np.arange(len(gaps)), np.maximum(last, 0)]
        scale = -neutral(np.where(last < 0, -np.inf, -scale))
    mean = float(scale.mean())
    return np.maximum(scale, _LEAST_SCALE * mean if mean > 0 else 1.0)


def nearest(
    passes: Passes, banks: Banks, k: int, plain: bool
) -> tuple[AnyArray, FloatArray]:
    """Find the k nearest of the query bank by distance, for targets.

    Scores are inner products of vectors of length 1; others (``plain``) have half the
    squared length of the member of the bank taken off.
    """
    targets, bank = banks.targets, banks.queries
    if plain:
        targets = Side(appended(targets.rows, [np.ones(len(targets))]), targets.codes)
        half = squared_lengths(bank.rows) / 2
        bank = Side(appended(bank.rows, [-half]), bank.codes)
    return passes.top_k(targets, bank, k)


def convolved(
    passes: Passes, banks: Banks, rates: tuple[float, float], pool_rate: float
) -> Any:
    """Targets moved away from the nearest of both banks (InvGC): unit rows."""
    messages = []
    for bank, rate in zip((banks.queries, banks.gallery), rates, strict=True):
        size = max(1, int(pool_rate * len(bank)))
        index, scores = passes.top_k(banks.targets, bank, size)
        weights = np.where(index >= 0, scores, 0.0).astype(np.float64)
        pull = _weighted(index, weights, bank.rows)
        moved = banks.targets.rows - pull * np.float32(rate / size)
        messages.append(unit_rows(moved))
    return unit_rows((messages[0] + messages[1]) * np.float32(0.5))


def activated(passes: Passes, targets: Side, bank: Side, k: int) -> AnyArray:
    """Which targets are among the k nearest of some member of the bank."""
    index, _ = passes.top_k(bank, targets, k)
    out = np.zeros(len(targets), bool)
    out[index[index >= 0]] = True
    return out


def neutral(values: FloatArray) -> FloatArray:
    """Give targets that no member of the bank may speak for the mean of the others."""
    known = np.isfinite(values)
    if known.all():
        return values
    return np.where(known, values, values[known].mean() if known.any() else 0.0)


def appended(rows: Any, columns: list[AnyArray], dtype: Any = np.float32) -> Any:
    """Rows with further coordinates."""
    extra = np.column_stack(columns).astype(dtype)
    if is_sparse(rows):
        return sparse.csr_array(sparse.hstack([rows, sparse.csr_array(extra)]))
    return np.hstack([rows, extra])


def twins(rows: Any, codes: AnyArray) -> AnyArray:
    """First target that is the same as each one, in a group of the same reach.

    Groups of one target reach alike. What is computed for such targets is equal but
    for the rounding of products at different places of a tile.
    """
    alone = np.bincount(codes)[codes] == 1
    reach = np.where(alone, -1, codes).tolist()
    known: dict[Any, int] = {}
    out = np.empty(len(reach), np.int64)
    for row, code in enumerate(reach):
        if is_sparse(rows):
            part = slice(rows.indptr[row], rows.indptr[row + 1])
            key = (rows.indices[part].tobytes(), rows.data[part].tobytes(), code)
        else:
            key = (rows[row].tobytes(), b"", code)
        out[row] = known.setdefault(key, row)
    return out


def unit_rows(rows: Any) -> Any:
    """Rows of length 1 as float32; zero rows stay zero."""
    if is_sparse(rows):
        out: Any = sparse.csr_array(rows).astype(np.float64)
        out.data = out.data / np.repeat(_lengths(out), np.diff(out.indptr))
        return out.astype(np.float32)
    wide = np.asarray(rows, np.float64)
    return np.ascontiguousarray(wide / _lengths(wide)[:, None], np.float32)


def squared_lengths(rows: Any) -> FloatArray:
    """Squared length of each row: float64."""
    if is_sparse(rows):
        return np.asarray(rows.astype(np.float64).power(2).sum(axis=1)).ravel()
    wide = np.asarray(rows, np.float64)
    return np.asarray(np.einsum("ij,ij->i", wide, wide))


def _lengths(rows: Any) -> FloatArray:
    if is_sparse(rows):
        top = np.asarray(abs(rows).max(axis=1).toarray()).ravel()
        peak = np.where(top > 0, top, 1.0)
        scaled = rows.copy()
        scaled.data = scaled.data / np.repeat(peak, np.diff(scaled.indptr))
    else:
        top = np.abs(rows).max(axis=1, initial=0.0)
        peak = np.where(top > 0, top, 1.0)
        scaled = rows / peak[:, None]
    length = peak * np.sqrt(squared_lengths(scaled))
    return np.asarray(np.where(length > 0, length, 1.0))


def _mean_of_known(scores: FloatArray) -> FloatArray:
    known = np.isfinite(scores)
    counts = known.sum(axis=1)
    total = np.where(known, scores, 0).sum(axis=1, dtype=np.float64)
    return np.where(counts > 0, total / np.maximum(counts, 1), -np.inf)


def _weighted(index: AnyArray, weights: FloatArray, rows: Any) -> Any:
    """Weighted sums of the rows that each target points to."""
    n, k = index.shape
    there = np.maximum(index, 0).ravel()
    starts = np.arange(0, n * k + 1, k) if k else np.zeros(n + 1, np.int64)
    pull: Any = sparse.csr_array(
        (weights.ravel().astype(np.float32), there, starts), shape=(n, rows.shape[0])
    )
    return pull @ rows


def _squared_gaps(rows: Any, sums: Any, factor: FloatArray) -> FloatArray:
    """Squared distances of rows from sums times a factor."""
    if is_sparse(rows):
        scaled = sparse.diags_array(factor.astype(np.float64)) @ sums
        return squared_lengths(sparse.csr_array(rows - scaled))
    return squared_lengths(rows - sums * factor[:, None])
