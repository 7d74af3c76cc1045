"""The skip-gram step in Triton: that of the torch twin."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("triton")


@pytest.mark.parametrize(
    ("n", "d", "length", "shared", "window", "options"),
    [
        (30, 20, 37, 20, 3, "limit"),
        (9, 4, 6, 5, 2, "plain"),
        (9, 4, 6, 5, 2, "frozen"),
        (50, 130, 20, 64, 10, "frozen"),
    ],
)
def test_step_when_taken_by_triton_then_that_of_torch(
    place, n, d, length, shared, window, options
):
    from graphrep.kernels.torch import _skipgram as twin
    from graphrep.kernels.triton import _skipgram as kernels

    random = torch.Generator().manual_seed(0)
    u, v = (torch.randn(n, d, generator=random).to(place) * 0.5 for _ in range(2))
    walks = torch.randint(0, n, (4, length), generator=random)
    walks[1, length // 2 :] = -1
    walks[2, 1:] = -1
    noise = torch.randint(0, n, (4, shared), generator=random)
    frozen = (torch.rand(n, generator=random) < 0.3).to(place)
    more = {
        "plain": {},
        "limit": {"limit": 2.5},
        "frozen": {"limit": 2.5, "frozen": frozen},
    }[options]
    weights = twin.band(length, window, place)
    pairs = []
    for module in (twin, kernels):
        tables = u.clone(), v.clone()
        module.train_batch(
            *tables, walks.to(place), noise.to(place), weights, 5, 0.1, **more
        )
        pairs.append(tables)
    for got, wanted, start in zip(pairs[1], pairs[0], (u, v), strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-5, atol=3e-6)
        assert (wanted - start).abs().max() > 0.01
