"""Hubness corrections as their formulas stand, on whole matrices in float64."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp
from scipy.stats import norm


def unit(x):
    x = np.asarray(x, float)
    length = np.linalg.norm(x, axis=1, keepdims=True)
    return x / np.where(length > 0, length, 1)


def masked(rows, columns, row_codes, column_codes):
    s = rows @ columns.T
    if row_codes is not None and column_codes is not None:
        s = np.where(row_codes[:, None] == column_codes, -np.inf, s)
    return s


def sinkhorn(s, beta, n_iter):
    """-log(u)/beta of the rows (targets) of s (targets, bank)."""
    n, m = s.shape
    u, kernel = np.ones(n) / n, np.exp(beta * (s - 1))
    for _ in range(n_iter):
        v = (1 / m) / (kernel.T @ u)
        u = (1 / n) / (kernel @ v)
    return -np.log(u) / beta


def scores(method, t, bank, gallery, q, codes, bank_codes, gallery_codes, *, k=10,
           beta=20.0, gallery_beta=20.0, weight=0.1, gate_k=1, n_iter=10, rate=1.0,
           pool_rate=0.01):  # fmt: skip
    """Corrected scores of all queries and targets, unit vectors given."""
    s = q @ t.T
    tb = masked(t, bank, codes, bank_codes)
    tg = masked(t, gallery, codes, gallery_codes)
    best = np.sort(tb, axis=1)[:, ::-1]
    order = np.argsort(-tb, axis=1, kind="stable")
    known = np.isfinite(best)

    def mean_best(values):
        part = np.where(known[:, :k], values[:, :k], 0)
        return part.sum(axis=1) / known[:, :k].sum(axis=1)

    d = np.sqrt(np.maximum(2 - 2 * s, 0))
    near = np.sqrt(np.maximum(2 - 2 * np.where(known, best, 1), 0))
    if method == "none":
        return s
    if method == "center":
        m = t.mean(axis=0)
        return unit(q - m) @ unit(t - m).T
    if method == "csls":
        return s - mean_best(best) / 2
    lse_q = logsumexp(beta * tb, axis=1)
    lse_g = logsumexp(gallery_beta * tg, axis=1)

    def gate(side_codes, bank, active_k):
        sb = masked(bank, t, side_codes, codes)
        top = np.argsort(-sb, axis=1, kind="stable")[:, :active_k]
        on = np.zeros(len(t), bool)
        on[top.ravel()] = True
        return on[s.argmax(axis=1)][:, None]

    if method == "is":
        return s - lse_q / beta
    if method == "dis":
        return s - gate(bank_codes, bank, gate_k) * lse_q / beta
    whole = beta + weight * gallery_beta
    if method == "dualis":
        return s - (lse_q + weight * lse_g) / whole
    if method == "dualdis":
        a, b = gate(bank_codes, bank, gate_k), gate(gallery_codes, gallery, gate_k)
        return s - (a * lse_q + b * weight * lse_g) / whole
    if method == "sinkhorn":
        return s - sinkhorn(tb, beta, n_iter)
    if method == "dbsn":
        own = codes if codes is not None else None
        stacked = np.vstack([tb, masked(gallery, bank, gallery_codes, bank_codes)])
        del own
        return s - sinkhorn(stacked, beta, n_iter)[: len(t)]
    if method == "dsl":
        c = np.stack(
            [bank[order[j, :k][known[j, :k]]].mean(axis=0) for j in range(len(t))]
        )
        return -(d**2) + ((t - c) ** 2).sum(axis=1)
    if method == "ls":
        last = near[np.arange(len(t)), np.minimum(known.sum(axis=1), k) - 1]
        return -(d**2) / last
    if method == "nicdm":
        return -d / np.sqrt(mean_best(near))
    if method == "mp":
        of_t = [np.sqrt(2 - 2 * row[np.isfinite(row)]) for row in np.minimum(tb, 1)]
        mean, std = (np.array([f(x) for x in of_t]) for f in (np.mean, np.std))
        left = norm.sf(d, d.mean(axis=1)[:, None], d.std(axis=1)[:, None])
        return left * norm.sf(d, mean, std)
    if method == "gc":
        rank = (tb[None] > s[:, :, None]).sum(axis=2)
        return -rank + s / 10
    if method == "invgc":
        moved = []
        for sims, rows in ((tb, bank), (tg, gallery)):
            size = max(1, int(pool_rate * len(rows)))
            top = np.argsort(-sims, axis=1, kind="stable")[:, :size]
            value = np.take_along_axis(sims, top, axis=1)
            value = np.where(np.isfinite(value), value, 0)
            pull = np.einsum("jk,jkd->jd", value, rows[top]) / size
            moved.append(unit(t - rate * pull))
        return q @ unit(0.5 * moved[0] + 0.5 * moved[1]).T
    raise AssertionError(method)
