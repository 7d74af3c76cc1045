"""The skip-gram step of the device against a loop over its pairs."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

N, D, WINDOW, NEGATIVES, RATE = 9, 4, 2, 3, 0.1


@pytest.fixture
def example():
    rng = np.random.default_rng(0)
    u, v = rng.normal(size=(2, N, D))
    walks = np.array([[0, 1, 2, 1, 3, 4], [5, 6, 5, 7, -1, -1]])
    noise = rng.integers(0, N, (2, 5))
    return u, v, walks, noise


def by_pairs(u, v, walks, noise):
    """Sum of the steps of all pairs, each taken from the same state."""
    du, dv = np.zeros_like(u), np.zeros_like(v)

    def meet(context, target, label, weight):
        g = RATE * weight * (label - 1 / (1 + np.exp(-u[context] @ v[target])))
        du[context] += g * v[target]
        dv[target] += g * u[context]

    for walk, drawn in zip(walks, noise, strict=True):
        for i, centre in enumerate(walk):
            for j, context in enumerate(walk):
                distance = abs(i - j)
                if centre < 0 or context < 0 or not 0 < distance <= WINDOW:
                    continue
                weight = (WINDOW - distance + 1) / WINDOW
                meet(context, centre, 1, weight)
                for negative in drawn:
                    meet(context, negative, 0, weight * NEGATIVES / len(drawn))
    return du, dv


def trained(place, u, v, walks, noise, **options):
    from graphrep.kernels.torch import _skipgram

    a, b = torch.tensor(u, device=place), torch.tensor(v, device=place)
    weights = _skipgram.band(walks.shape[1], WINDOW, place).to(a.dtype)
    arrays = torch.tensor(walks, device=place), torch.tensor(noise, device=place)
    _skipgram.train_batch(a, b, *arrays, weights, NEGATIVES, RATE, **options)
    return a.cpu().numpy() - u, b.cpu().numpy() - v


def test_step_when_compared_with_loop_over_pairs_then_equal(place, example):
    for got, wanted in zip(trained(place, *example), by_pairs(*example), strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-12)


def test_step_when_float32_then_equal_to_1e_5(place, example):
    u, v, walks, noise = example
    got = trained(place, u.astype(np.float32), v.astype(np.float32), walks, noise)
    for a, b in zip(got, by_pairs(*example), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_step_when_limited_then_rows_shortened_not_turned(place, example):
    for limit in (1.5, 1e9):
        for got, wanted in zip(
            trained(place, *example, limit=limit), by_pairs(*example), strict=True
        ):
            moved = np.abs(wanted).max(axis=1) > 1e-12
            ratio = (got * wanted).sum(1)[moved] / (wanted**2).sum(1)[moved]
            np.testing.assert_allclose(
                got[moved], ratio[:, None] * wanted[moved], atol=1e-12
            )
            assert (ratio <= 1 + 1e-9).all()
            assert (ratio < 0.9).any() == (limit < 10)


def test_step_when_rows_frozen_then_they_stay(place, example):
    frozen = torch.tensor(np.arange(N) % 2 == 0, device=place)
    for got, wanted in zip(
        trained(place, *example, frozen=frozen), by_pairs(*example), strict=True
    ):
        assert not got[::2].any()
        np.testing.assert_allclose(got[1::2], wanted[1::2], atol=1e-12)


def test_band_when_reach_is_drawn_uniformly_then_its_expectation():
    from graphrep.kernels.torch._skipgram import band

    got = band(30, 5, "cpu").numpy()
    reach = np.arange(1, 6)
    distance = np.abs(np.subtract.outer(np.arange(30), np.arange(30)))
    wanted = (distance[..., None] <= reach).mean(axis=-1) * (distance > 0)
    np.testing.assert_allclose(got, wanted, atol=1e-6)


def test_loss_when_steps_taken_then_falls(example):
    from graphrep.kernels.torch import _skipgram

    u, v, walks, noise = (torch.tensor(a) for a in example)
    weights = _skipgram.band(walks.shape[1], WINDOW, "cpu").to(u.dtype)
    before = float(_skipgram.loss(u, v, walks, noise, weights, NEGATIVES))
    slope = []
    for rate in (1e-6, 0.05):
        a, b = u.clone(), v.clone()
        _skipgram.train_batch(a, b, walks, noise, weights, NEGATIVES, rate)
        after = float(_skipgram.loss(a, b, walks, noise, weights, NEGATIVES))
        slope.append((before - after) / rate)
    assert slope[0] > 0  # the step climbs down the loss that is reported
    assert slope[1] > 0


def test_negatives_when_drawn_then_by_their_weights(place):
    from graphrep.kernels._alias import alias_table
    from graphrep.kernels.torch._skipgram import negatives

    weights = np.array([1.0, 2.0, 0.5, 8.0, 3.0])
    accept, alias = np.empty(5, np.float32), np.empty(5, np.int32)
    alias_table(weights, accept, alias)
    keys = torch.arange(2000, device=place)
    tables = (torch.tensor(table, device=place) for table in (accept, alias))
    drawn = negatives(keys, *tables, 20)
    counts = np.bincount(drawn.cpu().numpy().ravel(), minlength=5)
    expected = 40000 * weights / weights.sum()
    assert ((counts - expected) ** 2 / expected).sum() < 25  # 4 degrees of freedom


def test_thin_when_chances_given_then_walks_close_up(place):
    from graphrep.kernels.torch._skipgram import thin

    walks = torch.tensor([[0, 1, 2, 0, 1, -1], [1, 1, 2, 2, 1, 1]], device=place)
    keep = torch.tensor([1.0, 0.0, 1.0], device=place)
    got = thin(walks, torch.tensor([3, 4], device=place), keep)
    assert got.tolist() == [[0, 2, 0, -1, -1, -1], [2, 2, -1, -1, -1, -1]]


def test_step_when_tensors_are_meta_then_nothing_leaves_the_device():
    from graphrep.kernels.torch import _skipgram

    u, v = (torch.empty((N, D), device="meta") for _ in range(2))
    walks = torch.empty((2, 6), dtype=torch.int64, device="meta")
    noise = torch.empty((2, 5), dtype=torch.int64, device="meta")
    weights = _skipgram.band(6, WINDOW, "meta")
    _skipgram.train_batch(u, v, walks, noise, weights, NEGATIVES, RATE, 9.0)
    drawn = _skipgram.negatives(
        walks[:, 0], torch.empty(N, device="meta"),
        torch.empty(N, dtype=torch.int32, device="meta"), 5,
    )  # fmt: skip
    assert drawn.device.type == "meta"
    assert drawn.shape == (2, 5)
