"""FastRP once more, in plain float64 numpy, and the odd graphs it is tried on."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from graphrep.embedding._propagation import SignStart

FEATURE_STREAM = 0xD1B54A32D192ED03
_ZERO = 1e-12


def signs(keys, n_columns, sparsity, seed):
    """Signs as the library draws them, as a dense matrix of -1, 0 and 1."""
    start = SignStart(keys, np.ones(len(keys)), n_columns, sparsity, seed)
    indptr, codes = start.codes()
    out = np.zeros((len(keys), n_columns))
    rows = np.repeat(np.arange(len(keys)), np.diff(indptr))
    out[rows, codes >> 1] = 1 - 2 * (codes & 1)
    return out


def unit(x):
    norm = np.linalg.norm(x, axis=1, keepdims=True)
    return np.divide(x, norm, out=np.zeros_like(x), where=norm > _ZERO)


def _sparsity(projection, n):
    named = {"very_sparse": np.sqrt(n), "achlioptas": 3.0}
    return max(1.0, named.get(projection, projection))


def _operators(adjacency, p):
    if p["self_loops"] == "drop":
        adjacency = adjacency - np.diag(np.diag(adjacency))
    both = adjacency
    if not np.array_equal(adjacency, adjacency.T):
        both = adjacency + adjacency.T - np.diag(np.diag(adjacency))
    return {
        "out": [adjacency], "in": [adjacency.T], "both": [both],
        "concat": [adjacency, adjacency.T],
    }[p["direction"]]  # fmt: skip


def _start(operator, p, keys, seed, width, features):
    degree = operator.sum(1) if p["degree"] == "weighted" else (operator > 0).sum(1)
    used = degree > 0
    factor = np.ones(len(keys))
    if used.any():
        factor[used] = (degree[used] / degree[used].mean()) ** p["beta"]
    s = _sparsity(p["projection"], len(keys))
    if features is None:
        return factor[:, None] * signs(keys, width, s, seed) * np.sqrt(s / width)
    n_last = max(1, round(p["feature_ratio"] * width))
    first = np.zeros((len(keys), 0))
    if width > n_last:
        first = factor[:, None] * signs(keys, width - n_last, s, seed)
        first *= np.sqrt(s / width)
    feature_keys = np.arange(features.shape[1], dtype=np.uint64)
    last = features @ signs(feature_keys, n_last, 3.0, seed ^ FEATURE_STREAM)
    norm = np.linalg.norm(first, axis=1).mean() if width > n_last else 1.0
    last = last * (norm / np.linalg.norm(last, axis=1).mean())
    return np.hstack([first, last])


def _powers(operator, start, weights):
    strength = operator.sum(1, keepdims=True)
    step = np.divide(
        operator, strength, out=np.zeros_like(operator), where=strength > 0
    )
    powers = [start]
    for _ in weights:
        powers.append(step @ powers[-1])
    return powers, strength[:, 0] == 0


def last_step(x, output_norm):
    used = np.abs(x).max(axis=1) > _ZERO
    if output_norm == "l2":
        return unit(x)
    if output_norm == "zscore" and used.any():
        std = x[used].std(axis=0)
        std = np.where(std > 1e-6 * np.abs(x).max(), std, 1)
        x[used] = (x[used] - x[used].mean(axis=0)) / std
    return x


def naive(adjacency, estimator, keys=None, features=None):
    """Embed by the formula: dense, float64, one operator after the other."""
    p = estimator.get_params()
    adjacency = np.asarray(adjacency, float)
    keys = np.arange(len(adjacency), dtype=np.uint64) if keys is None else keys
    operators = _operators(adjacency, p)
    parts = []
    for operator in operators:
        width = p["n_components"] // len(operators)
        start = _start(operator, p, keys, p["random_state"], width, features)
        powers, isolated = _powers(operator, start, p["weights"])
        slots = []
        for weight, power in zip(
            (p["self_influence"], *p["weights"]), powers, strict=True
        ):
            if p["isolated"] == "self":
                power = np.where(isolated[:, None], start, power)
            if weight:
                slots.append(weight * (unit(power) if p["power_norm"] else power))
        concat = p["combine"] == "concat"
        parts.append(np.hstack(slots) if concat else np.sum(slots, axis=0))
    return last_step(np.hstack(parts), p["output_norm"])


def random_graph(n=40, density=0.12, *, directed=True, weighted=True, seed=0):
    """Adjacency with loops; node 0 is isolated, node 1 has no out-edge."""
    rng = np.random.default_rng(seed)
    a = (rng.random((n, n)) < density) * (rng.random((n, n)) + 0.1 if weighted else 1.0)
    a[0] = a[:, 0] = a[1] = 0
    a[2, 2] = a[5, 5] = 1.0
    if not directed:
        a = np.triu(a) + np.triu(a, 1).T
    return a


def same_bits(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@pytest.fixture(scope="session")
def reference():
    return SimpleNamespace(
        naive=naive, signs=signs, unit=unit, last_step=last_step,
        random_graph=random_graph, same_bits=same_bits,
    )  # fmt: skip
