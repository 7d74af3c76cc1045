"""Hash codes and probing sequences against plain Python."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from graphrep.kernels import _lsh_codes

_MASK = (1 << 64) - 1


def _setup(seed, k, signs):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=k) * (1 if signs else 3)
    factors = rng.integers(0, 1 << 64, k, np.uint64) | np.uint64(1)
    return values, factors


def _key(code, factors):
    return sum(int(c) * int(f) for c, f in zip(code, factors, strict=True)) & _MASK


def _code(values, signs):
    return (values >= 0).astype(int) if signs else np.floor(values).astype(int)


@pytest.mark.parametrize("signs", [True, False])
def test_keys_when_summed_then_as_by_hand(signs):
    values, factors = _setup(0, 6, signs)
    out = np.empty((1, 2), np.uint64)
    both = np.stack([values, -values])[None]
    _lsh_codes.code_keys(both, np.stack([factors, factors]), signs, out)
    assert int(out[0, 0]) == _key(_code(values, signs), factors)
    assert int(out[0, 1]) == _key(_code(-values, signs), factors)


@pytest.mark.parametrize("signs", [True, False])
@pytest.mark.parametrize("n_probes", [1, 2, 7, 30])
def test_probes_when_listed_then_cheapest_sets_in_order(signs, n_probes):
    values, factors = _setup(n_probes, 5, signs)
    code = _code(values, signs)
    changes = []
    for j, v in enumerate(values):
        if signs:
            changes.append((v * v, j, 1 - 2 * code[j]))
        else:
            inside = v - np.floor(v)
            changes += [(inside**2, j, -1), ((1 - inside) ** 2, j, 1)]
    sets = []
    for size in range(1, 6):
        for some in combinations(changes, size):
            if len({j for _, j, _ in some}) == size:
                other = code.copy()
                for _, j, step in some:
                    other[j] += step
                sets.append((sum(c for c, _, _ in some), _key(other, factors)))
    expected = [_key(code, factors)] + [key for _, key in sorted(sets)]
    out = np.zeros(n_probes, np.uint64)
    start = np.uint64(expected[0])
    n = _lsh_codes.probe_keys(values, factors, signs, start, out)
    assert out[:n].tolist() == expected[:n]
    assert n == min(n_probes, len(expected))


def test_probes_when_few_changes_then_all_once():
    values, factors = _setup(1, 2, True)
    out = np.zeros(50, np.uint64)
    start = np.uint64(_key(_code(values, True), factors))
    assert _lsh_codes.probe_keys(values, factors, True, start, out) == 4
    assert len(set(out[:4].tolist())) == 4
