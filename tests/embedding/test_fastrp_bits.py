"""Same seed, same bits: whatever the threads, the order of nodes, the container."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_backend
from scipy import sparse
from sklearn.base import clone

from graphrep import FastRP, Graph
from graphrep.embedding import _propagation

IDS = {
    "integers": [int(i) for i in np.random.default_rng(1).permutation(4000)[:40] - 900],
    "texts": [f"né {i * 7919 % 40}" for i in range(40)],
    "tuples": [("a" if i % 3 else "b", i) for i in range(40)],
    "mixed": [i if i % 2 else f"x{i}" for i in range(40)],
}
OPTIONS = [
    {},
    {"output_norm": "l2", "projection": 2.0},
    {"output_norm": None, "direction": "both"},
    {"direction": "concat"},
    {"combine": "concat", "isolated": "self", "self_influence": 0.5},
    {"power_norm": None},
    {"layer_dtype": "int8"},
    {"layer_dtype": "bfloat16", "direction": "in", "self_loops": "drop"},
]
CONTAINERS = [
    f"{kind}_{flavour}"
    for kind in ("csr", "csc", "coo", "lil")
    for flavour in ("array", "matrix")
]


def _name(options):
    return "-".join(f"{k}={v}" for k, v in options.items()) or "default"


def _fit(a, **options):
    options.setdefault("random_state", 11)
    return FastRP(18, **options).fit_transform(a)


@pytest.mark.parametrize("options", OPTIONS, ids=_name)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_embedding_when_1_thread_or_2_then_same_bits(reference, options, dtype):
    a = sparse.csr_array(reference.random_graph(1200, 0.1).astype(dtype))
    one, two = _fit(a, n_jobs=1, **options), _fit(a, n_jobs=2, **options)
    assert reference.same_bits(one, two)


@pytest.mark.parametrize("weighted", [True, False])
def test_embedding_when_cut_into_other_blocks_and_calls_then_same_bits(
    reference, monkeypatch, weighted
):
    a = reference.random_graph(200, weighted=weighted)
    before = _fit(a)
    monkeypatch.setattr(_propagation, "_WORK_PER_BLOCK", 100)
    many_blocks = _fit(a)
    monkeypatch.setattr(_propagation, "_WORK_PER_CALL", 10_000)
    assert reference.same_bits(before, many_blocks)
    assert reference.same_bits(before, _fit(a))


@pytest.mark.parametrize("options", OPTIONS, ids=_name)
@pytest.mark.parametrize("ids", list(IDS.values()), ids=list(IDS))
def test_embedding_when_nodes_are_permuted_then_rows_are(reference, ids, options):
    a = reference.random_graph()
    order = np.random.default_rng(2).permutation(len(a))
    plain = FastRP(18, random_state=11, **options).fit(Graph(a, nodes=ids))
    moved_ids = [ids[i] for i in order]
    moved = FastRP(18, random_state=11, **options)
    got = moved.fit_transform(Graph(a[np.ix_(order, order)], nodes=moved_ids))
    assert reference.same_bits(got, plain.embedding_[order])
    assert moved.n_isolated_ == plain.n_isolated_


def test_embedding_when_nodes_and_features_are_permuted_then_rows_are(reference):
    a = reference.random_graph()
    x = np.random.default_rng(4).random((40, 5))
    order = np.random.default_rng(2).permutation(40)
    plain = FastRP(18, random_state=11).fit_transform(Graph(a), features=x)
    moved = Graph(a[np.ix_(order, order)], nodes=order.tolist())
    got = FastRP(18, random_state=11).fit_transform(moved, features=x[order])
    np.testing.assert_allclose(got, plain[order], atol=2e-5)


def test_embedding_when_ids_change_then_so_does_it(reference):
    a = reference.random_graph()
    first = _fit(Graph(a, nodes=IDS["texts"]))
    assert not np.array_equal(first, _fit(Graph(a, nodes=IDS["tuples"])))


@pytest.mark.parametrize("output_norm", [None, "l2"])
def test_embedding_when_another_component_joins_then_same_bits(reference, output_norm):
    a, b = reference.random_graph(seed=1), reference.random_graph(30, seed=2)
    options = {"projection": 4.0, "beta": 0.0, "output_norm": output_norm}
    union = np.block([[a, np.zeros((40, 30))], [np.zeros((30, 40)), b]])
    both = _fit(union, **options)
    assert reference.same_bits(both[:40], _fit(a, **options))
    other = _fit(Graph(b, nodes=range(40, 70)), dtype="float64", **options)
    assert reference.same_bits(both[40:], other)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("power", [-30, -1, 7, 30])
def test_embedding_when_weights_are_scaled_by_a_power_of_2_then_same_bits(
    reference, power, dtype
):
    a = reference.random_graph().astype(dtype)
    assert reference.same_bits(_fit(a), _fit(a * dtype(2.0**power)))


@pytest.mark.parametrize("output_norm", ["zscore", "l2"])
def test_embedding_when_power_weights_are_scaled_then_same_bits(reference, output_norm):
    a = reference.random_graph()
    first = _fit(a, weights=(1.0, 3.0), self_influence=0.5, output_norm=output_norm)
    for scale in (2.0**-80, 2.0**80):
        weights = (scale, 3.0 * scale)
        other = _fit(
            a, weights=weights, self_influence=0.5 * scale, output_norm=output_norm
        )
        assert reference.same_bits(first, other)


@pytest.mark.parametrize("container", CONTAINERS)
def test_embedding_when_sparse_of_any_kind_then_that_of_the_array(reference, container):
    a = reference.random_graph()
    assert reference.same_bits(_fit(a), _fit(getattr(sparse, container)(a)))


@pytest.mark.parametrize("make", [np.asfortranarray, np.matrix.tolist, "view", "big"])
def test_embedding_when_array_lies_oddly_then_same_bits(reference, make):
    a = reference.random_graph()
    odd = {
        "view": lambda: np.repeat(np.repeat(a, 2, 0), 2, 1)[::2, ::2],
        "big": lambda: a.astype(">f8"),
    }.get(
        make, lambda: np.asfortranarray(a) if make is np.asfortranarray else a.tolist()
    )()
    assert reference.same_bits(_fit(a), _fit(odd))


def test_embedding_when_indices_are_int64_unsorted_or_split_then_same_bits(reference):
    a = sparse.csr_array(reference.random_graph())
    wide = a.copy()
    wide.indices, wide.indptr = a.indices.astype("i8"), a.indptr.astype("i8")
    unsorted = sparse.csc_array(a).tocoo()
    order = np.random.default_rng(0).permutation(len(unsorted.data))
    rows, cols, data = (x[order] for x in (unsorted.row, unsorted.col, unsorted.data))
    twice = sparse.coo_array(
        (np.tile(data / 2, 2), (np.tile(rows, 2), np.tile(cols, 2))), shape=a.shape
    )
    zeros = a.tolil()
    zeros[0, 5] = 7.0
    zeros = zeros.tocsr()
    zeros.data[zeros.data == 7.0] = 0.0
    for other in (wide, twice, zeros):
        assert reference.same_bits(_fit(a), _fit(other))


def test_fit_when_arrays_are_read_only_then_same_bits_and_nothing_is_changed(
    reference, tmp_path
):
    a = sparse.csr_array(reference.random_graph())
    before = [x.copy() for x in (a.indptr, a.indices, a.data)]
    paths = [tmp_path / f"{i}.npy" for i in range(3)]
    for path, x in zip(paths, before, strict=True):
        np.save(path, x)
    mapped = Graph.from_csr(*(np.load(path, mmap_mode="r") for path in paths))
    got = _fit(mapped, dtype="float64")
    assert reference.same_bits(got, _fit(a))
    for x, y in zip(before, (a.indptr, a.indices, a.data), strict=True):
        assert np.array_equal(x, y)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_out_when_memory_mapped_then_written_and_the_embedding_itself(
    reference, tmp_path, dtype
):
    a = reference.random_graph()
    file = tmp_path / "out.npy"
    out = np.lib.format.open_memmap(file, "w+", dtype, (40, 18))
    model = FastRP(18, random_state=11, dtype=dtype)
    assert model.fit_transform(a, out=out) is out
    assert model.embedding_ is out
    out.flush()
    assert reference.same_bits(np.load(file), _fit(a, dtype=dtype))
    assert reference.same_bits(model.transform(a), np.load(file))


def test_fit_when_called_twice_cloned_copied_or_pickled_then_same_bits(reference):
    a = reference.random_graph()
    model = FastRP(18, random_state=11).fit(a)
    first = model.embedding_.copy()
    again = [
        model.fit(a).embedding_,
        clone(model).fit_transform(a),
        copy.deepcopy(model).fit(a).embedding_,
        copy.deepcopy(model).transform(a),
        pickle.loads(pickle.dumps(model)).embedding_,
        pickle.loads(pickle.dumps(model)).transform(a),
    ]
    assert all(reference.same_bits(first, x) for x in again)


def test_random_state_when_generator_none_or_int_then_as_documented(reference):
    a = reference.random_graph()
    assert not np.array_equal(_fit(a, random_state=None), _fit(a, random_state=None))
    for make in (np.random.default_rng, np.random.RandomState):
        state = make(0)
        first, second = _fit(a, random_state=state), _fit(a, random_state=state)
        assert not np.array_equal(first, second)
        assert reference.same_bits(first, _fit(a, random_state=make(0)))


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_fit_when_in_joblib_workers_then_same_bits(reference, backend):
    a = reference.random_graph()
    with parallel_backend(backend, n_jobs=2):
        results = Parallel()(
            delayed(FastRP(18, random_state=11, n_jobs=n).fit_transform)(a)
            for n in (None, 1, 2)
        )
    assert all(reference.same_bits(x, _fit(a)) for x in results)


def test_fit_when_in_8_python_threads_then_same_bits(reference):
    a = sparse.csr_array(reference.random_graph(1200, 0.1))
    wanted = _fit(a)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda n: _fit(a, n_jobs=n), [1, 2] * 8))
    assert all(reference.same_bits(x, wanted) for x in results)


SCRIPT = """
import io, json, os, sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from graphrep import FastRP
a = np.load(io.BytesIO(sys.stdin.buffer.read()))
def fit(options):
    return FastRP(18, random_state=11, **options).fit_transform(a)
with ThreadPoolExecutor(4) as pool:
    rows = list(pool.map(fit, json.loads(os.environ["FITS"]) * 2))
model = FastRP(18, random_state=11).fit(a)
assert np.array_equal(model.transform(a[5:9]), model.embedding_[5:9])
for x in rows:
    sys.stdout.buffer.write(x.tobytes())
"""
FITS = [{}, {"projection": 2.0, "isolated": "self"}, {"layer_dtype": "int8"}]
SETTINGS = {
    "workqueue": ({"NUMBA_THREADING_LAYER": "workqueue"}, FITS),
    "serial-and-bounds-checked": (
        {"GRAPHREP_NUMBA_SERIAL": "1", "NUMBA_BOUNDSCHECK": "1"},
        FITS,
    ),
    "generic-processor": (
        {"NUMBA_CPU_NAME": "generic", "GRAPHREP_NUMBA_CACHE": "0"},
        FITS[:1],
    ),
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_fit_when_numba_is_set_up_otherwise_then_same_result(reference, setting):
    environment, fits = SETTINGS[setting]
    a = reference.random_graph().astype(np.float32)
    buffer = io.BytesIO()
    np.save(buffer, a)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], input=buffer.getvalue(), capture_output=True,
        env={**os.environ, **environment, "FITS": json.dumps(fits)}, check=False,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    got = np.frombuffer(done.stdout, np.float32).reshape(-1, 40, 18)
    wanted = np.array([_fit(a, **options) for options in fits * 2])
    if setting == "generic-processor":  # it has no fused multiply-add
        np.testing.assert_allclose(got, wanted, atol=1e-4)
    else:
        assert reference.same_bits(got, wanted)
