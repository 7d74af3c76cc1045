"""Temperature and strength of a hubness correction, chosen on held-out pairs."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._parallel import resolve_n_jobs
from graphrep.kernels import _hubness
from graphrep.retrieval._hubness_inputs import HeldOut
from graphrep.retrieval._hubness_passes import is_sparse
from graphrep.typing import AnyArray, FloatArray, IntArray

kernels: Any = _hubness  # kernels carry no annotations
BETAS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
STRENGTHS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
_SCORES = 1 << 22  # in one block
_SAME = 1e-12


class Choice(NamedTuple):
    """What was chosen, and the mean reciprocal rank of everything that was tried."""

    at: int
    strength: float
    tried: list[dict[str, float]]


def choose(
    targets: Any, codes: IntArray, n_groups: int, held_out: HeldOut,
    options: Sequence[tuple[float, FloatArray]], gates: AnyArray,
    strengths: Sequence[float], n_jobs: int | None,
) -> Choice:  # fmt: skip
    """Choose the option and the strength with the best mean reciprocal rank.

    Parameters
    ----------
    targets, codes, n_groups
        Vectors and groups of the targets.
    held_out : HeldOut
        Queries and the groups that are right.
    options : sequence of (beta, parts)
        ``parts`` (n_parts, n_targets) is subtracted.
    gates : ndarray of shape (n_queries, n_parts)
        Which parts count for a query.
    strengths : sequence of float
        Factors of the parts.
    n_jobs : int or None
        Threads.

    Returns
    -------
    Choice
        Of equal ones the weakest strength, then the smallest beta.

    Notes
    -----
    O(n_queries * n_targets * options * strengths) time.
    """
    factors = np.array(strengths, np.float32)
    n = held_out.rows.shape[0]
    ranks = np.empty((len(options), len(factors), n), np.int64)
    stacked = [np.ascontiguousarray(parts, np.float32) for _, parts in options]
    open_gates = np.ascontiguousarray(gates, np.float32)
    size = max(1, _SCORES // targets.shape[0])
    turned = targets.T

    def work(first: int) -> None:
        part = slice(first, min(first + size, n))
        scores: Any = held_out.rows[part] @ turned
        if is_sparse(scores):
            scores = scores.toarray()
        for at, parts in enumerate(stacked):
            found = np.empty((len(factors), scores.shape[0]), np.int64)
            kernels.group_ranks(
                np.ascontiguousarray(scores), parts, open_gates[part], factors, codes,
                n_groups, held_out.gold[part], found,
            )  # fmt: skip
            ranks[at, :, part] = found

    with (
        single_blas_thread(),
        ThreadPoolExecutor(resolve_n_jobs(n_jobs)) as pool,
    ):
        for _ in pool.map(work, range(0, n, size)):
            pass
    means = (1.0 / ranks).mean(axis=2)
    tried = [
        {"beta": float(beta), "strength": float(s), "mrr": float(means[o, i])}
        for o, (beta, _) in enumerate(options)
        for i, s in enumerate(strengths)
    ]
    best = means.max()
    _, _, at, i = min(
        (strengths[i], options[o][0], o, i)
        for o, i in zip(*np.nonzero(means >= best - _SAME), strict=True)
    )
    return Choice(int(at), float(strengths[i]), tried)
