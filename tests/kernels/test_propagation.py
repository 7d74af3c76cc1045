"""One propagation with all that is fused into it, against plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrep.embedding import _propagation as p
from graphrep.graph import CSR
from graphrep.kernels import _propagation as kernels


def _matrix(n=50, weighted=True, seed=0):
    rng = np.random.default_rng(seed)
    a = (rng.random((n, n)) < 0.1) * (rng.random((n, n)) if weighted else 1.0)
    a[3] = 0
    return a


def _propagator(a, weighted=True, dtype="f8"):
    m = sparse.csr_array(a)
    data = m.data if weighted else None
    return p.Propagator(
        CSR(m.indptr.astype("i8"), m.indices.astype("i4"), data), np.dtype(dtype)
    )


def _step(a):
    strength = a.sum(1, keepdims=True)
    return np.divide(a, strength, out=np.zeros_like(a), where=strength > 0)


def _layer(x, dtype=np.float64):
    layer = p.Layer.empty(len(x), x.shape[1], np.dtype(dtype))
    layer.data[:] = 0
    layer.data[:, : x.shape[1]] = x
    return layer


@pytest.mark.parametrize("width", [1, 16, 40])
@pytest.mark.parametrize("weighted", [True, False])
def test_apply_when_layer_kept_then_the_mean_of_neighbours(width, weighted):
    a = _matrix(weighted=weighted)
    x = np.random.default_rng(1).standard_normal((50, width))
    keep = p.Layer.empty(50, width, np.dtype("f8"))
    _propagator(a, weighted).apply(_layer(x), width, keep, None)
    np.testing.assert_allclose(keep.data[:, :width], _step(a) @ x, atol=1e-12)
    assert not keep.data[:, width:].any()
    assert not keep.data[3].any()


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("fresh", [True, False])
def test_apply_when_target_then_written_or_added_in_its_columns_only(normalize, fresh):
    a, x = _matrix(), np.random.default_rng(1).standard_normal((50, 17))
    out = np.full((50, 40), 7.0)
    target = p.Target(out, -2.5, normalize, fresh, 11)
    _propagator(a).apply(_layer(x), 17, None, target)
    y = _step(a) @ x
    norm = np.linalg.norm(y, axis=1, keepdims=True)
    y = -2.5 * (y / np.where(norm > 0, norm, 1) if normalize else y)
    np.testing.assert_allclose(out[:, 11:28], y + (0 if fresh else 7), atol=1e-12)
    assert (out[:, :11] == 7).all()
    assert (out[:, 28:] == 7).all()


def test_apply_when_sums_asked_then_those_of_the_finished_columns():
    a, x = _matrix(), np.random.default_rng(1).standard_normal((50, 17))
    out = np.empty((50, 17))
    fixed = p.fixed_point(50, 2.0)
    target = p.Target(out, 2.0, True, True, 0, p.FINISH_SUMS, fixed)
    sums = _propagator(a).apply(_layer(x), 17, None, target)
    used = out.any(axis=1)
    assert sums[-1] == used.sum() < 50
    mean, per = p.column_statistics(sums, fixed, np.dtype("f8"))
    np.testing.assert_allclose(mean, out[used].mean(0), atol=1e-12)
    np.testing.assert_allclose(per, 1 / out[used].std(0), rtol=1e-9)


def test_apply_when_unit_rows_asked_then_whole_rows_have_length_1():
    a, x = _matrix(), np.random.default_rng(1).standard_normal((50, 17))
    out = np.random.default_rng(2).standard_normal((50, 40))
    out[3, :17] = 0
    target = p.Target(out, 2.0, False, True, 0, p.FINISH_L2)
    _propagator(a).apply(_layer(x), 17, None, target)
    np.testing.assert_allclose(np.linalg.norm(out, axis=1), 1)


def test_apply_when_from_signs_then_as_from_their_dense_matrix():
    a = _matrix()
    start = p.SignStart(np.arange(50, dtype="u8"), np.linspace(1, 2, 50), 16, 90.0, 0)
    assert not start.dense
    one, two = (
        p.Layer.empty(50, 16, np.dtype("f8")),
        p.Layer.empty(50, 16, np.dtype("f8")),
    )
    propagator = _propagator(a)
    propagator.apply(start, 16, one, None)
    propagator.apply(_layer(start.as_matrix()), 16, two, None)
    np.testing.assert_allclose(one.data, two.data, atol=1e-14)


def test_layer_when_bfloat16_then_rounded_to_nearest_even():
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).standard_normal((50, 16)).astype(np.float32)
    x[0, :4] = np.array(
        [0x3F808000, 0x3F818000, 0x3F808001, 0x00000000], np.uint32
    ).view(np.float32)
    keep = p.Layer.empty(50, 16, np.dtype(np.uint16))
    _propagator(np.eye(50), False, "f4").apply(_layer(x, "f4"), 16, keep, None)
    wanted = torch.from_numpy(x).to(torch.bfloat16).view(torch.int16).numpy()
    assert np.array_equal(keep.data, wanted.view(np.uint16))


def test_layer_when_int8_then_each_row_in_254_steps():
    x = np.random.default_rng(0).standard_normal((50, 16)).astype(np.float32)
    x[7] = 0
    x[8] *= 1e-30
    keep = p.Layer.empty(50, 16, np.dtype(np.int8))
    _propagator(np.eye(50), False, "f4").apply(_layer(x, "f4"), 16, keep, None)
    assert np.abs(keep.data.astype(int)).max(1).tolist() == [127] * 7 + [0] + [127] * 42
    back = keep.data * keep.scale[:, None]
    assert (np.abs(back - x) <= 0.5001 * keep.scale[:, None]).all()


@pytest.mark.parametrize("n_blocks", [1, 2, 7, 50, 80])
def test_cuts_when_made_then_cover_all_rows_in_order_with_equal_work(n_blocks):
    indptr = np.cumsum(np.append(0, np.random.default_rng(0).integers(0, 9, 60)))
    cuts = np.empty(n_blocks + 1, np.int64)
    kernels.equal_work_cuts(indptr.astype("i8"), 8, n_blocks, cuts)
    assert cuts[0] == 0
    assert cuts[-1] == 60
    assert (np.diff(cuts) >= 0).all()
    work = np.diff(indptr[cuts] + 8 * cuts)
    assert work.max() <= work.sum() / n_blocks + 17


@pytest.mark.parametrize("bound", [1e-12, 0.3, 1.0, 7.67, 55.1, 1e6])
@pytest.mark.parametrize("n", [1, 34, 10**6, 10**9])
def test_fixed_point_when_all_entries_are_extreme_then_sums_fit(n, bound):
    fixed = p.fixed_point(n, bound)
    assert n * max(bound, bound**2) * fixed + n < 2**63
    assert fixed == 2.0 ** np.round(np.log2(fixed))


def test_column_statistics_when_nothing_was_counted_then_finite():
    mean, per = p.column_statistics(np.zeros(7, np.int64), 1.0, np.dtype("f4"))
    assert mean.tolist() == [0, 0, 0]
    assert per.tolist() == [1, 1, 1]
