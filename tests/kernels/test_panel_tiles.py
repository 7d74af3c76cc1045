"""Products with stored vectors against numpy's, and the widening of small types."""

import numba
import numpy as np
import pytest

from graphrep.kernels import _panel_tiles as kernels

HALVES = np.array(
    [0, 1, 2, 1023, 1024, 0x3C00, 0x7BFF, 0x8001, 0xB555, 0xFBFF], np.uint16
)


def packed(rows):
    panels = kernels.empty_panels(-(-len(rows) // 32), rows.shape[1], rows.dtype)
    kernels.pack(rows, np.arange(len(rows)), panels)
    return panels


@pytest.mark.parametrize("kind", ["float32", "float16", "int8"])
@pytest.mark.parametrize("n", [1, 2, 3, kernels.TALLEST])
def test_tile_when_stored_in_a_type_then_equals_numpy(kind, n):
    rng = np.random.default_rng(n)
    n = min(n, kernels.TALLEST)
    rows = rng.normal(size=(70, 19)) * 20
    stored = np.rint(rows).astype(kind) if kind == "int8" else rows.astype(kind)
    bits = stored.view(np.uint16) if kind == "float16" else stored
    queries = rng.normal(size=(kernels.TALLEST, 19)).astype(np.float32)
    widths = np.full(96, 0.25, np.float32)
    out = np.empty((kernels.TALLEST, 32), np.float32)
    panels, values = packed(bits), stored.astype(np.float64)
    kernels.products(queries, n, panels, 1, widths, out)
    assert np.allclose(out[:n], queries[:n] @ values[32:64].T, rtol=1e-4, atol=1e-4)
    kernels.gaps(queries, n, panels, 1, widths, out)
    values *= 0.25 if kind == "int8" else 1.0
    gaps = ((queries[:n, None] - values[None, 32:64]) ** 2).sum(axis=2)
    assert np.allclose(out[:n], gaps, rtol=1e-5)


def test_tile_when_queries_are_more_then_an_entry_keeps_its_bits():
    rng = np.random.default_rng(0)
    panels = packed(rng.normal(size=(32, 33)).astype(np.float32))
    queries = rng.normal(size=(kernels.TALLEST, 33)).astype(np.float32)
    units = np.ones(32, np.float32)
    every = np.empty((kernels.TALLEST, 32), np.float32)
    kernels.products(queries, kernels.TALLEST, panels, 0, units, every)
    for r in range(kernels.TALLEST):
        alone = np.empty((kernels.TALLEST, 32), np.float32)
        kernels.products(np.roll(queries, -r, axis=0), 1, panels, 0, units, alone)
        assert alone[0].tobytes() == every[r].tobytes()


@pytest.mark.parametrize("instruction", [False, True])
def test_stored_value_when_a_half_then_exact_with_and_without_the_instruction(
    instruction, monkeypatch
):
    if instruction and not kernels._HALVES:
        pytest.skip("this processor has no such instruction")
    monkeypatch.setattr(kernels, "_HALVES", instruction)
    read = kernels.stored_value

    @numba.njit
    def value(panels, index):
        return read(panels, index)

    found = [value(HALVES.reshape(1, -1, 1), i) for i in range(len(HALVES))]
    assert found == HALVES.view(np.float16).astype(np.float64).tolist()


def test_keys_when_some_are_enough_then_their_bits_are_set():
    tile = np.arange(64, dtype=np.float32).reshape(2, 32)
    factor = np.full(64, 2, np.float32)
    factor[40] = np.nan
    bias = np.full(64, -10, np.float32)
    nothing = np.zeros(0, np.float32)
    bits = kernels.keys(tile.copy(), 1, factor, 32, 1.0, nothing, 90.0)
    assert int(bits) == sum(1 << r for r in range(32) if 64 + 2 * r >= 90 and r != 8)
    found = tile.copy()
    bits = kernels.keys(found, 0, factor, 0, 0.5, bias, 50.0)
    assert found[0].tolist() == [2.0 * r - 5 for r in range(32)]
    assert int(bits) == sum(1 << r for r in range(32) if 2 * r - 5 >= 50)
