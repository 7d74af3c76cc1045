"""What a random ranking gets: the exact expectation of every metric of a ranking."""

from __future__ import annotations

import numpy as np
from scipy.special import digamma, gammaln

from graphrep.typing import AnyArray, FloatArray

_NEGLIGIBLE = 1e-17  # probability that the first hit comes later still


def chance_level(metric: str, n_relevant: AnyArray, n_candidates: AnyArray) -> AnyArray:
    """Return the expectation of a metric when the candidates are shuffled.

    Parameters
    ----------
    metric : str
        Name of a metric of a `ReconstructionResult`.
    n_relevant, n_candidates : ndarray of int of shape (m,)
        Length of the list of each node, and how many of them are relevant.

    Returns
    -------
    ndarray of float64 of shape (m,)
        NaN where nothing is relevant, and for metrics of other names.

    Notes
    -----
    With ``R`` of ``N`` relevant and harmonic numbers ``H``: ``ap`` is
    ``(H_N + (R - 1) (N - H_N) / (N - 1)) / N``; ``ap_adjusted`` 0; ``auc`` 1/2;
    ``mean_rank`` ``(N + 1) / 2``; ``r_precision`` ``R / N``; ``p@k``, ``capped_p@k``
    and ``r@k`` follow from ``R min(k, N) / N`` expected hits, ``hits@k`` from the
    hypergeometric distribution, ``mrr`` from the negative hypergeometric one, summed
    until less than 1e-17 is left; ``ndcg`` is ``R / N`` times the sum of all
    discounts over that of the first ``R``.
    """
    r = np.asarray(n_relevant, np.int64)
    n = np.asarray(n_candidates, np.int64)
    out = np.full(len(r), np.nan)
    ok = r > 0
    name, _, k = metric.partition("@")
    if k:
        out[ok] = _at_k(name, int(k), r[ok], n[ok])
    elif name in _PLAIN:
        out[ok] = _PLAIN[name](r[ok], n[ok])
    if name in {"ap_adjusted", "auc"}:
        out[r == n] = np.nan
    return out


def expected_ap(n_relevant: AnyArray, n_candidates: AnyArray) -> FloatArray:
    """Return the expected average precision of a random order, where ``R >= 1``."""
    r, n = np.asarray(n_relevant), np.asarray(n_candidates, np.float64)
    harmonic = digamma(n + 1) + np.euler_gamma
    rest = (r - 1) * (n - harmonic) / np.maximum(n - 1, 1)
    return np.where(r == n, 1.0, (harmonic + rest) / n)


def _at_k(name: str, k: int, r: AnyArray, n: AnyArray) -> AnyArray:
    shown = np.minimum(k, n)
    hits = r * shown / n
    if name == "p":
        return hits / k
    if name == "capped_p":
        return hits / np.minimum(k, r)
    if name == "r":
        return hits / r
    if name == "hits":
        rest = n - r  # none of the shown ones is relevant: C(rest, shown) / C(n, shown)
        free = np.maximum(rest - shown, 0)
        log_none = (
            gammaln(rest + 1) - gammaln(free + 1) - gammaln(n + 1)
            + gammaln(n - shown + 1)
        )  # fmt: skip
        return np.where(rest < shown, 1.0, -np.expm1(np.minimum(log_none, 0.0)))
    return np.full(len(r), np.nan)


def _expected_ndcg(r: AnyArray, n: AnyArray) -> AnyArray:
    discounts = 1 / np.log2(np.arange(2, int(n.max(initial=0)) + 2))
    total = np.cumsum(discounts)
    return np.asarray(r / n * total[n - 1] / total[r - 1])


def _expected_mrr(r: AnyArray, n: AnyArray) -> AnyArray:
    pairs, at = np.unique(np.stack([r, n]), axis=1, return_inverse=True)
    found = np.array([_first_hit(int(a), int(b)) for a, b in pairs.T])
    return np.asarray(found[at.ravel()]) if len(r) else np.empty(0)


def _first_hit(r: int, n: int) -> float:
    """Return the expected 1 / rank of the first of r relevant among n."""
    last = n - r + 1
    # the chance that no hit came before rank j falls at least as (1 - r / n)^j
    if r < n:
        last = min(last, int(np.log(_NEGLIGIBLE) / np.log1p(-r / n)) + 2)
    j = np.arange(1, last, dtype=np.float64)
    ratios = (n - r - j + 1) / (n - j)
    chances = r / n * np.concatenate([[1.0], np.cumprod(ratios)])
    return float((chances / np.arange(1, last + 1)).sum())


_PLAIN = {
    "ap": expected_ap,
    "ap_chance": expected_ap,
    "ap_adjusted": lambda r, n: np.zeros(len(r)),
    "auc": lambda r, n: np.full(len(r), 0.5),
    "mean_rank": lambda r, n: (n + 1) / 2,
    "r_precision": lambda r, n: r / n,
    "mrr": _expected_mrr,
    "ndcg": _expected_ndcg,
}
