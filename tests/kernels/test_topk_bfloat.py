"""The scan in bfloat16 against the one in float32: the same rows, the same bits."""

import os
import subprocess
import sys

import numpy as np
import pytest

from graphrep.kernels import _topk as plain
from graphrep.kernels import _topk_bfloat as kernels
from graphrep.retrieval import ExactIndex

pytestmark = pytest.mark.skipif(
    not kernels.AVAILABLE, reason="this processor has no products of bfloat16"
)


@pytest.fixture(autouse=True)
def _small_bases_too(monkeypatch):
    monkeypatch.setattr(kernels, "_LEAST_BASE", 1)


def _both(base, queries, k, metric="cosine", exclude=None):
    metric = plain.METRICS[metric]
    scale = plain.scaling(base, metric)
    exclude = np.full(len(queries), -1) if exclude is None else exclude
    first = kernels.FirstScan()
    mine = kernels.search(queries, base, scale, k, exclude, first)
    expected = plain.search(queries, base, scale, k, exclude)
    np.testing.assert_array_equal(mine[0], expected[0])
    np.testing.assert_array_equal(mine[1], expected[1])
    assert mine[0].dtype == expected[0].dtype
    assert mine[1].dtype == expected[1].dtype
    return first


@pytest.mark.parametrize("metric", plain.METRICS)
@pytest.mark.parametrize(
    ("n", "d", "k"), [(3000, 33, 10), (2500, 64, 100), (999, 5, 1)]
)
def test_search_when_vectors_are_drawn_then_equal(n, d, k, metric):
    draw = np.random.default_rng(n)
    base = draw.normal(size=(n, d)).astype(np.float32)
    queries = draw.normal(size=(50, d))
    assert _both(base, queries, k, metric).asked == 50


@pytest.mark.parametrize("kind", [np.float64, np.float16])
def test_search_when_base_has_another_type_then_equal(kind):
    draw = np.random.default_rng(0)
    base = draw.normal(size=(2000, 16)).astype(kind)
    _both(base, draw.normal(size=(9, 16)), 10)


def test_search_when_rows_are_left_out_then_equal():
    base = np.random.default_rng(1).normal(size=(2000, 24))
    _both(base, base[:60], 5, exclude=np.arange(60))


def test_search_when_hundreds_are_near_then_asked_again_and_equal():
    draw = np.random.default_rng(2)
    base = np.repeat(draw.normal(size=(8, 20)), 400, axis=0)
    base += 1e-5 * draw.normal(size=base.shape)
    first = _both(base, draw.normal(size=(30, 20)), 10)
    assert first.again == 30
    first.asked = first.again = 300
    assert first.is_in_vain()


def test_search_when_queries_are_zero_or_far_out_then_equal():
    draw = np.random.default_rng(3)
    base = draw.normal(size=(2000, 12))
    base[5] = 0
    queries = draw.normal(size=(6, 12))
    queries[0] = 0
    _both(base, queries, 7, "dot")
    queries[1] *= 1e-300
    queries[2] *= 1e200
    for metric in ("cosine", "euclidean"):
        _both(base, queries, 7, metric)


def test_first_scan_when_rounding_is_measured_then_that_of_the_worst_row():
    draw = np.random.default_rng(4)
    base = draw.normal(size=(1500, 30))
    scale = plain.scaling(base, plain.COSINE)
    rows = plain.scaled_rows(base, scale, 0, 1500)
    words = rows.view(np.uint32)
    near = ((words + 0x7FFF + ((words >> 16) & 1)) >> 16 << 16).view(np.float32)
    lost = np.sqrt(((rows.astype(float) - near) ** 2).sum(1)).max()
    assert kernels.FirstScan().lost(base, scale) == pytest.approx(lost, rel=1e-12)
    assert 1e-4 < lost < 2**-8


def test_query_when_the_scan_is_turned_off_then_the_same(monkeypatch):
    draw = np.random.default_rng(5)
    base, queries = draw.normal(size=(2000, 40)), draw.normal(size=(700, 40))
    index = ExactIndex(base)
    found = index.query(queries, 8, n_jobs=2)
    assert index._first_scan.asked == 700
    monkeypatch.setattr(kernels, "AVAILABLE", False)
    again = ExactIndex(base).query(queries, 8)
    np.testing.assert_array_equal(found[0], again[0])
    np.testing.assert_array_equal(found[1], again[1])


def test_available_when_numba_is_told_to_leave_avx_out_then_not():
    code = "from graphrep.kernels._topk_bfloat import AVAILABLE; print(AVAILABLE)"
    answer = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"NUMBA_ENABLE_AVX": "0"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert answer.stdout.strip() == "False"
