"""Further coordinates that turn a corrected score into an inner product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from graphrep.exceptions import GraphValueError
from graphrep.retrieval._hubness_methods import (
    BIASED,
    GATED,
    SCALED,
    appended,
    squared_lengths,
    unit_rows,
)
from graphrep.retrieval._hubness_passes import is_sparse
from graphrep.typing import AnyArray, FloatArray

if TYPE_CHECKING:
    from graphrep.retrieval._hubness_corrector import HubnessCorrector

_TINY = 1e-30


def augmented_targets(corrector: HubnessCorrector, rows: Any) -> Any:
    """Targets with their corrections as coordinates; ``rows`` None: those kept."""
    method = corrector.method
    if method in ("gc", "mp"):
        raise GraphValueError(
            f"method={method!r} is no inner product, so there is nothing to add to "
            "vectors; use kneighbors."
        )
    if method == "invgc":  # the moved targets are what was kept
        return corrector.moved_
    rows = corrector.targets_ if rows is None else rows
    if method == "center":
        return centred(rows, corrector.center_, corrector.metric, queries=False)
    if method in BIASED:
        strength = corrector.strength_
        return appended(rows, [-strength * part for part in corrector.bias_parts_])
    if method in SCALED:
        return _scaled(rows, corrector.scale_, corrector.metric)
    return rows


def augmented_queries(corrector: HubnessCorrector, rows: Any) -> Any:
    """Give queries, read and scaled, what meets the coordinates of the targets."""
    method, n = corrector.method, rows.shape[0]
    if method in ("gc", "mp"):
        return augmented_targets(corrector, rows)
    if method == "center":
        return centred(rows, corrector.center_, corrector.metric, queries=True)
    if method in GATED:
        return appended(rows, list(gates_of(corrector, rows).T))
    if method in BIASED:
        return appended(rows, [np.ones(n)])
    if method in SCALED and corrector.metric == "dot":
        return appended(rows, [np.ones(n), squared_lengths(rows)])
    if method in SCALED:
        return appended(rows, [np.ones(n)])
    return rows


def gates_of(corrector: HubnessCorrector, rows: Any) -> AnyArray:
    """Whether each half counts for a query: float32 (n_queries, n_parts) of 0 and 1."""
    nearest = corrector._raw(rows, 1)[0][:, 0]
    return np.ascontiguousarray(corrector.gates_[:, nearest].T, np.float32)


def centred(rows: Any, centre: FloatArray, metric: str, *, queries: bool) -> Any:
    """Vectors less a centre, of length 1 for cosine.

    Sparse ones keep their coordinates and get two more with the same products.
    """
    if not is_sparse(rows):
        moved = rows - centre
        if metric == "cosine":
            return unit_rows(moved)
        return np.ascontiguousarray(moved, np.float32)
    along: AnyArray = np.asarray(rows @ centre)
    square = float(centre @ centre)
    ones = np.ones(rows.shape[0])
    columns = [ones, along] if queries else [square - along, -ones]
    wide: Any = appended(rows.astype(np.float64), columns, np.float64)
    if metric == "cosine":
        gaps = squared_lengths(rows) - 2 * along + square
        length = np.sqrt(np.maximum(gaps, 0))
        factor = np.where(length > _TINY, 1 / np.maximum(length, _TINY), 0)
        wide = sparse.diags_array(factor) @ wide
    found: Any = sparse.csr_array(wide)
    return found.astype(np.float32)


def _scaled(rows: Any, scale: FloatArray, metric: str) -> Any:
    """Coordinates whose product with a query is ``-d^2 / scale``."""
    factor = 2 / scale
    longer: Any
    if is_sparse(rows):
        longer = sparse.csr_array(sparse.diags_array(factor) @ rows)
        longer = longer.astype(np.float32)
    else:
        longer = np.asarray(rows * factor[:, None], np.float32)
    if metric == "cosine":
        return appended(longer, [-factor])
    return appended(longer, [-squared_lengths(rows) / scale, -1 / scale])
