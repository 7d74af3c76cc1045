"""Losses: the written equation, derivatives, where they vanish, torch's twin."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.blocking._losses import LOSSES, METRICS, MatchLoss, nlsh_as_written
from graphrep.exceptions import GraphValueError


def _vectors(seed=0, n=5, m=3, d=4):
    rng = np.random.default_rng(seed)
    shapes = [(n, d), (n, d), (n, m, d)]
    parts = [rng.normal(size=shape) for shape in shapes]
    parts = [x / np.linalg.norm(x, axis=-1, keepdims=True) for x in parts]
    return *parts, rng.uniform(0.5, 2.0, n)


def _numeric(function, x, step=1e-6):
    out = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        moved = x.copy()
        moved[at] += step
        more = function(moved)
        moved[at] -= 2 * step
        out[at] = (more - function(moved)) / (2 * step)
    return out


def test_nlsh_when_written_out_then_hinges_less_a_constant():
    rng = np.random.default_rng(0)
    near, far = rng.uniform(0, 2, 200), rng.uniform(0, 2, 200)
    loss = MatchLoss(radius=0.3, c=4.0)
    written = nlsh_as_written(near, far, 0.3, 4.0).mean()
    assert loss.of_distances(near, far).value == pytest.approx(written + 3.0 * 0.3)


def test_nlsh_when_family_property_holds_then_zero_loss_and_slope():
    loss = MatchLoss()
    found = loss.of_distances(np.array([0.1, 0.39]), np.array([[1.21], [2.0]]))
    assert found.value == 0
    assert not found.positive.any()
    assert not found.negative.any()


def test_nlsh_when_one_hinge_is_met_then_the_other_is_untouched():
    found = MatchLoss().of_distances(np.array([0.5, 0.1]), np.array([1.5, 1.0]))
    assert found.positive.tolist() == [0.5, 0]
    assert found.negative.tolist() == [0, -0.5]


@pytest.mark.parametrize("name", [n for n in LOSSES if n != "barlow"])
@pytest.mark.parametrize("metric", METRICS)
def test_of_distances_when_moved_then_slopes_are_differences(name, metric):
    loss = MatchLoss(name, metric=metric)
    rng = np.random.default_rng(1)
    near, far = rng.uniform(0.1, 1.4, 6), rng.uniform(0.1, 1.9, (6, 3))
    weights = rng.uniform(0, 1, 6)
    found = loss.of_distances(near, far, weights)
    by_near = _numeric(lambda x: loss.of_distances(x, far, weights).value, near)
    by_far = _numeric(lambda x: loss.of_distances(near, x, weights).value, far)
    np.testing.assert_allclose(found.positive, by_near, atol=1e-6)
    np.testing.assert_allclose(found.negative, by_far, atol=1e-6)


@pytest.mark.parametrize("name", [n for n in LOSSES if n != "barlow"])
@pytest.mark.parametrize("metric", ["l2", "cosine"])
def test_of_cosines_when_moved_then_slopes_are_differences(name, metric):
    loss = MatchLoss(name, metric=metric)
    rng = np.random.default_rng(2)
    near, far = rng.uniform(-0.5, 0.95, 6), rng.uniform(-0.9, 0.95, (6, 2))
    found = loss.of_cosines(near, far)
    by_near = _numeric(lambda x: loss.of_cosines(x, far).value, near)
    by_far = _numeric(lambda x: loss.of_cosines(near, x).value, far)
    np.testing.assert_allclose(found.positive, by_near, atol=1e-6)
    np.testing.assert_allclose(found.negative, by_far, atol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("metric", METRICS)
def test_of_vectors_when_moved_then_slopes_are_differences(name, metric):
    P, Q, R, weights = _vectors()
    loss = MatchLoss(name, metric=metric)
    same = np.zeros((5, 5), bool)
    same[0, 1] = True
    found = loss.of_vectors(P, Q, R, weights, same)
    for i, slope in enumerate((found.p, found.q, found.r)):
        parts = [P, Q, R]

        def value(x, i=i, parts=parts):
            changed = [*parts[:i], x, *parts[i + 1 :]]
            return loss.of_vectors(*changed, weights, same).value

        np.testing.assert_allclose(slope, _numeric(value, parts[i]), atol=2e-6)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("metric", METRICS)
def test_torch_loss_when_same_vectors_then_numpy_values_and_slopes(name, metric):
    torch = pytest.importorskip("torch")
    from graphrep.blocking._torch_losses import torch_loss

    P, Q, R, weights = _vectors(3)
    loss = MatchLoss(name, metric=metric)
    same = np.zeros((5, 5), bool)
    same[2, 4] = True
    expected = loss.of_vectors(P, Q, R, weights, same)
    tensors = [torch.tensor(x, requires_grad=True) for x in (P, Q, R)]
    value = torch_loss(loss, *tensors, torch.tensor(weights), torch.tensor(same))
    value.backward()
    assert value.item() == pytest.approx(expected.value)
    for tensor, slope in zip(tensors, expected[1:], strict=True):
        grad = np.zeros_like(slope) if tensor.grad is None else tensor.grad.numpy()
        np.testing.assert_allclose(grad, slope, atol=1e-9)


def test_infonce_when_q_are_in_the_batch_then_their_own_is_left_out():
    P, Q, R, _ = _vectors(4, n=2, m=1)
    loss = MatchLoss("infonce", temperature=1.0)
    cosines = P @ Q.T
    expected = [
        np.log(np.exp([cosines[i, i], P[i] @ R[i, 0], cosines[i, 1 - i]]).sum())
        - cosines[i, i]
        for i in (0, 1)
    ]
    assert loss.of_vectors(P, Q, R).value == pytest.approx(np.mean(expected))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "hinge"}, "loss must be one of"),
        ({"metric": "l3"}, "metric must be one of"),
        ({"radius": 0}, "radius must be above 0; got 0"),
        ({"c": 1.0}, "c must be above 1; got 1.0"),
        ({"radius": 0.8}, "at most 2"),
        ({"temperature": 0}, "temperature must be above 0"),
        ({"margin": -1}, "margin must not be below 0"),
    ],
)
def test_match_loss_when_parameter_is_bad_then_says_so(options, said):
    with pytest.raises(GraphValueError, match=said):
        MatchLoss(**options)


def test_match_loss_when_not_unit_vectors_then_any_radius():
    assert MatchLoss(radius=5, normalized=False).far == 15


def test_barlow_when_only_distances_then_error():
    with pytest.raises(GraphValueError, match="of vectors, not of distances"):
        MatchLoss("barlow").of_distances(np.ones(2), np.ones(2))


def test_weights_when_negative_then_error():
    with pytest.raises(GraphValueError, match="finite numbers of 0 or more"):
        MatchLoss().of_distances(np.ones(2), np.ones(2), [-1, 1])
