"""Exact search on a device: the rows and scores of the processor, to the last bit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from graphrep.retrieval import ExactIndex, top_k

torch = pytest.importorskip("torch")


@pytest.fixture(params=["keeps the base", "base travels"], autouse=True)
def room(request, monkeypatch):
    from graphrep.kernels.torch import _topk

    monkeypatch.setattr(_topk, "_TILE", 70)  # many tiles
    monkeypatch.setattr(_topk, "_QUERIES", 16)
    if request.param == "base travels":
        monkeypatch.setattr(_topk, "room", lambda device: 0)


@pytest.fixture
def vectors():
    rng = np.random.default_rng(0)
    base = rng.normal(size=(401, 12))
    base[50:120] = base[3]  # twins: more ties than a scan keeps
    base[300] = 0
    base[301:303] *= 1e-30
    queries = np.concatenate([base[::9], rng.normal(size=(20, 12)), np.zeros((1, 12))])
    return base, queries


def assert_same_bits(got, wanted):
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("k", [1, 7, 80, 500])
def test_query_when_on_a_device_then_the_bits_of_the_processor(
    device, vectors, metric, k
):
    base, queries = vectors
    exclude = np.where(np.arange(len(queries)) % 3, -1, np.arange(len(queries)))
    for left_out in (None, exclude):
        got = top_k(queries, base, k, metric, exclude=left_out, device=device)
        assert_same_bits(got, top_k(queries, base, k, metric, exclude=left_out))


@pytest.mark.parametrize("storage", ["float32", "float16", "int8"])
def test_query_when_base_is_stored_small_then_the_bits_of_the_processor(
    device, vectors, storage
):
    base, queries = vectors
    for metric in ("cosine", "euclidean"):
        here, there = (
            ExactIndex(base, metric, storage=storage, device=where).query(queries, 5)
            for where in ("cpu", device)
        )
        assert_same_bits(there, here)


@pytest.mark.parametrize("metric", ["cosine", "dot"])
def test_query_when_rows_have_a_bias_then_the_bits_of_the_processor(
    device, vectors, metric
):
    base, queries = vectors
    bias = np.random.default_rng(1).normal(size=len(base)) * 3
    bias[50:120] = bias[3]
    for k in (1, 9, 90):
        here, there = (
            ExactIndex(base, metric, device=where).query(queries, k, bias=bias)
            for where in ("cpu", device)
        )
        assert_same_bits(there, here)


def test_query_when_program_allows_coarse_products_then_the_same_bits(device):
    rng = np.random.default_rng(2)
    base = (rng.normal(size=16) + 1e-4 * rng.normal(size=(200, 16))).astype("f4")
    wanted = top_k(base, base, 5)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        assert_same_bits(top_k(base, base, 5, device=device), wanted)
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(before)


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("k", [1, 6, 60, 500])
def test_query_when_groups_are_asked_then_the_bits_of_the_processor(
    device, vectors, metric, k
):
    base, queries = vectors
    rng = np.random.default_rng(3)
    many = rng.integers(-1, 60, len(base))
    few = np.arange(len(base)) // 150  # larger than tiles
    exclude = np.where(np.arange(len(queries)) % 3, -1, np.arange(len(queries)))
    bias = None if metric == "euclidean" else rng.normal(size=len(base))
    here, there = (ExactIndex(base, metric, device=word) for word in ("cpu", device))
    for options in (
        {"groups": many},
        {"groups": few, "exclude": exclude},
        {"groups": many, "exclude": exclude, "bias": bias},
    ):
        assert_same_bits(
            there.query(queries, k, **options), here.query(queries, k, **options)
        )


def test_query_when_no_row_is_in_a_group_then_none_is_found(device, vectors):
    base, queries = vectors
    groups = np.full(len(base), -1)
    groups[3] = 4
    rows, scores = ExactIndex(base, device=device).query(queries, 2, groups=groups)
    assert (rows[:, 0] == 3).all()
    assert (rows[:, 1] == -1).all()
    assert not scores[:, 1].any()


def test_scan_when_found_rows_are_taken_then_another_scan_may_run(device, vectors):
    from graphrep.kernels.torch import _precision

    base, queries = vectors
    scanner = ExactIndex(base, device=device)._scanner
    block = queries[:4].astype(np.float32)
    nobody = np.full(4, -1)
    found = scanner.above(block, np.full(4, -9, np.float32), nobody)
    next(found)
    with ThreadPoolExecutor(1) as other:
        took = other.submit(_precision._turn.acquire, timeout=5).result()
        assert took
        other.submit(_precision._turn.release).result()
