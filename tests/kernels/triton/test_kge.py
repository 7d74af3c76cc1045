"""Flows and their scores in Triton: points, slopes and loss of the torch twin."""

from __future__ import annotations

import pytest

from graphrep.kge._geometry import flow

torch = pytest.importorskip("torch")
pytest.importorskip("triton")

FLOWS = [
    (5, 1, {}),
    (5, 0, {}),
    (7, 3, {}),
    (1030, 2, {}),
    (7, 2, {"mean": False}),
    (6, 2, {"scale": False}),
    (6, 3, {"swap": False}),
    (6, 2, {"mean": False, "scale": False}),
]


def modules():
    from graphrep.kernels.torch import _kge as twin
    from graphrep.kernels.triton import _kge as kernels

    return twin, kernels


@pytest.mark.parametrize(("d", "pieces", "options"), FLOWS, ids=str)
def test_points_when_mapped_by_triton_then_those_of_torch(place, d, pieces, options):
    random = torch.Generator().manual_seed(0)
    geometry = flow(d, pieces, **options)
    shapes = [(5, geometry.entity_width), (4, geometry.entity_width),
              (4, geometry.relation_width)]  # fmt: skip
    tables = [torch.randn(s, generator=random, dtype=torch.float64) for s in shapes]
    tables[0][0, 0] = 0  # no slope on one side
    tables[2][0, -1] = 0
    root = torch.from_numpy(geometry.root).to(place)
    found = []
    for module in modules():
        rows, heads, kinds = (t.to(place).requires_grad_() for t in tables)
        parts = (
            *module.key_points(rows, geometry, root),
            *module.query_points(heads, kinds, geometry, root, 0.7),
        )
        pulls = [
            torch.linspace(-1, 2, p.numel(), dtype=p.dtype).reshape(p.shape).to(place)
            for p in parts
        ]
        sum((a * b).sum() for a, b in zip(parts, pulls, strict=True)).backward()
        found.append([*parts, rows.grad, heads.grad, kinds.grad])
    for got, wanted in zip(found[1], found[0], strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-9, atol=1e-10)


def test_slopes_when_entities_are_many_then_along_the_axis_that_has_room(
    place, monkeypatch
):
    _, kernels = modules()
    grids = []

    class Recorder:
        def __getitem__(self, grid):
            grids.append(grid)
            return lambda *args, **options: None

    monkeypatch.setattr(kernels, "_slopes", Recorder())
    points = torch.zeros(1000, 3, device=place)
    asked, none = points[:70], torch.zeros(0, dtype=torch.int64, device=place)
    ones = torch.ones(1000, device=place)
    kernels.slopes(
        points, ones, asked, ones[:70], none, none, ones[:0], ones[:70], ones, 1.0,
        False, False, False,
    )  # fmt: skip
    rows, columns = kernels._ROWS, kernels._COLUMNS
    assert grids == [(-(-1000 // columns), -(-70 // rows))]  # 65,535 are the most


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("is_softmax", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_slopes_when_taken_by_triton_then_those_of_torch(
    place, is_softmax, mixed, dtype
):
    random = torch.Generator().manual_seed(1)
    m, n, width = 21, 150, 6

    def draw(*shape):
        return torch.randn(shape, generator=random, dtype=dtype).to(place)

    points, asked, bias, query_bias = draw(n, width), draw(m, width), draw(n), draw(m)
    cells = torch.randperm(m * n, generator=random)[:60].to(place)
    counts, weights, shares = draw(60).abs(), draw(m).abs(), draw(n).abs().clamp(max=1)
    shares[3] = 0
    args = (
        points, bias, asked, query_bias, cells // n, cells % n, counts, weights, shares,
        2.0, is_softmax, True, mixed,
    )  # fmt: skip
    (wanted, loss), (got, value) = (module.slopes(*args) for module in modules())
    exact = 1e-5 if dtype == torch.float32 else 1e-11
    assert value == pytest.approx(loss, rel=exact)
    for a, b in zip(got, wanted, strict=True):
        coarse = 2.0**-7 if mixed else exact
        size = float(b.abs().max())
        torch.testing.assert_close(a, b, rtol=0, atol=coarse * size)
