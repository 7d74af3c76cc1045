"""FastRP by blocks of columns: the bits of the fit in memory, and what it takes."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

import graphrep
from graphrep import FastRP, Graph
from graphrep._utils._memory import human_bytes
from graphrep.datasets import make_sbm
from graphrep.embedding import _fastrp_operator, _fastrp_rows, _fastrp_tasks
from graphrep.embedding._fastrp_plan import Planner, Size
from graphrep.embedding._fastrp_state import Recipe
from graphrep.exceptions import GraphValueError, MemoryLimitError, TaskError
from graphrep.io import EmbeddingStore, write_graph_store

OPEN_FILES = Path("/proc/self/fd")
TEXTS = [f"né {i * 7919 % 40}" for i in range(40)]
OPTIONS = [
    {},
    {"output_norm": "l2", "projection": 2.0},
    {"output_norm": None, "direction": "both", "dtype": "float64"},
    {"direction": "concat", "isolated": "self"},
    {"combine": "concat", "isolated": "self", "self_influence": 0.5},
    {"power_norm": None, "dtype": "float16"},
    {"direction": "in", "self_loops": "drop", "weights": (1.0, 0.0, 2.0)},
    {"weights": (3.0,), "projection": 1.0},
]


def _name(options):
    return "-".join(f"{k}={v}" for k, v in options.items()) or "default"


@pytest.fixture
def cut(monkeypatch):
    """Set the columns of a block and the powers of a task, whatever the memory."""

    def set_to(block, powers=None, streamed=False):
        def columns(self):
            plan = self._columns_of(block, 1, 1)
            cut = {"powers": powers} if powers else {}
            layout = _replace(plan.layout, **cut)
            return _replace(plan, layout=layout, streamed=streamed)

        monkeypatch.setattr(Planner, "_columns", columns)

    return set_to


def _replace(thing, **changes):
    from dataclasses import replace

    return replace(thing, **changes)


def _fit(a, d=50, **options):
    return FastRP(d, random_state=11, **options).fit(a)


def _same(reference, a, d=50, **options):
    alone = {k: v for k, v in options.items() if k not in {"executor", "work_dir"}}
    wanted, got = _fit(a, d, **alone), _fit(a, d, **{"executor": "serial", **options})
    assert got.plan_.path == "columns"
    assert got.n_isolated_ == wanted.n_isolated_
    return reference.same_bits(got.embedding_, wanted.embedding_)


@pytest.mark.parametrize("options", OPTIONS, ids=_name)
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("nodes", [None, TEXTS], ids=["numbers", "texts"])
def test_embedding_when_by_columns_then_the_bits_of_memory(
    reference, monkeypatch, options, weighted, nodes
):
    monkeypatch.setattr(_fastrp_operator, "ENTRIES_AT_ONCE", 37)
    graph = Graph(reference.random_graph(weighted=weighted), nodes=nodes)
    assert _same(reference, graph, **options)


@pytest.mark.parametrize("block", [16, 32, 48, 144])
@pytest.mark.parametrize("powers", [1, 3])
def test_embedding_when_cut_otherwise_then_same_bits(
    reference, cut, monkeypatch, block, powers
):
    monkeypatch.setattr(_fastrp_rows, "PIECE_BYTES", 1 << 15)
    monkeypatch.setattr(_fastrp_tasks, "PIECE_BYTES", 1 << 13)
    cut(block, powers, streamed=block == 32)
    graph = make_sbm(1500, 6000, random_state=0).graph
    for options in ({}, {"output_norm": None}, {"power_norm": None}):
        assert _same(reference, graph, 130, **options)


def test_embedding_when_there_is_a_hub_then_same_bits(reference, cut, monkeypatch):
    monkeypatch.setattr(_fastrp_operator, "ENTRIES_AT_ONCE", 100)
    cut(16)
    hub = np.zeros((300, 300))
    hub[7, 20:] = 1 / np.arange(1, 281)
    assert _same(reference, Graph(hub + hub.T))
    assert _same(reference, Graph(1e30 * (hub + hub.T)), projection=1.5)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_embedding_when_in_threads_then_same_bits(reference, n_jobs):
    graph = make_sbm(3000, 20_000, random_state=0).graph
    with ThreadPoolExecutor(3) as pool:
        assert _same(reference, graph, 64, executor=pool, n_jobs=n_jobs)


def test_embedding_when_a_worker_hangs_then_its_block_is_given_to_another(reference):
    class Hanging(Executor):
        _max_workers, hung = 2, False

        def submit(self, fn, /, *args, **kwargs):
            future = Future()
            if self.hung:
                future.set_result(fn(*args))
            self.hung = True
            return future

    graph = make_sbm(300, 1500, random_state=0).graph
    model = FastRP(32, random_state=1, executor=Hanging(), task_timeout=0.1).fit(graph)
    assert model.tasks_.retried == 1
    wanted = FastRP(32, random_state=1).fit_transform(graph)
    assert reference.same_bits(model.embedding_, wanted)


def test_plan_when_weights_of_a_store_are_wide_then_they_count(tmp_path):
    made = make_sbm(300, 1500, random_state=0).graph
    sizes = []
    for kind in (np.float32, np.float64):
        weights = np.linspace(0.1, 1, len(made.indices)).astype(kind)
        graph = Graph.from_csr(made.indptr, made.indices, weights, directed=True)
        store = write_graph_store(graph, tmp_path / f"{kind.__name__}.store")
        sizes.append(FastRP(16, random_state=0).plan(store).bytes_read)
    entries = len(made.indices)
    assert np.diff(sizes).tolist() == [4 * entries]


def test_embedding_when_no_edges_then_zero(recwarn):
    model = FastRP(16, random_state=0, executor="serial").fit(np.zeros((5, 5)))
    assert not model.embedding_.any()
    assert model.n_isolated_ == 5


def test_out_when_array_then_written_and_the_embedding_itself(reference):
    graph = make_sbm(200, 1000, random_state=0).graph
    out = np.zeros((200, 32), np.float32)
    model = FastRP(32, random_state=1, executor="serial")
    assert model.fit_transform(graph, out=out) is out
    wanted = FastRP(32, random_state=1).fit_transform(graph)
    assert reference.same_bits(out, wanted)


def _stop_at(model, label, done):
    def progress(*step):
        if step[0].startswith(label) and step[1] == done:
            raise KeyboardInterrupt

    model._progress = progress
    return model


@pytest.mark.parametrize(
    ("where", "skipped"), [(("Propagating: powers 3", 2), 12), (("Writing", 0), 17)]
)
def test_fit_when_stopped_then_the_same_call_goes_on(
    reference, cut, tmp_path, where, skipped
):
    cut(16, powers=1)
    graph = make_sbm(600, 3000, random_state=0).graph
    model = FastRP(64, random_state=1, executor="serial", work_dir=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        _stop_at(model, *where).fit(graph)
    assert not hasattr(model, "embedding_")
    model._progress = None
    model.fit(graph)
    assert model.tasks_.skipped == skipped - 2 * (where[0] != "Writing")
    assert model.tasks_.run == 17 - model.tasks_.skipped
    wanted = FastRP(64, random_state=1).fit_transform(graph)
    assert reference.same_bits(model.embedding_, wanted)
    assert list(tmp_path.iterdir()) == []


def test_fit_when_another_graph_then_nothing_is_taken_over(cut, tmp_path, reference):
    cut(16, powers=1)
    graphs = [make_sbm(300, 1500, random_state=seed).graph for seed in (0, 1)]
    model = FastRP(32, random_state=1, executor="serial", work_dir=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        _stop_at(model, "Writing", 0).fit(graphs[0])
    model._progress = None
    assert model.fit(graphs[1]).tasks_.skipped == 0
    wanted = FastRP(32, random_state=1).fit_transform(graphs[1])
    assert reference.same_bits(model.embedding_, wanted)


def test_transform_when_fitted_by_columns_then_the_reason_is_told(reference):
    model = _fit(reference.random_graph(), executor="serial")
    with pytest.raises(GraphValueError, match="by blocks of columns"):
        model.transform(reference.random_graph())


def test_clone_when_the_executor_is_an_object_then_shared(reference):
    with ThreadPoolExecutor(1) as pool:
        model = FastRP(16, random_state=0, executor=pool, n_jobs=1)
        twin = clone(model)
        assert twin.executor is model.executor is pool
        assert twin is not model
        assert twin.get_params() == model.get_params()
    assert clone(FastRP(executor="processes")).executor == "processes"


def test_save_when_work_dir_is_a_path_then_loads(reference, tmp_path):
    model = _fit(reference.random_graph(), executor="serial", work_dir=tmp_path)
    model.save(tmp_path / "model")
    again = graphrep.load(tmp_path / "model")
    assert again.work_dir == str(tmp_path)
    assert reference.same_bits(np.asarray(again.embedding_), model.embedding_)
    with pytest.raises(GraphValueError, match="by blocks of columns"):
        again.transform(reference.random_graph())


# -- plans ----------------------------------------------------------------------------
def _planner(limit, *, n=2_097_152, entries=40_000_000, to_file=True, d=64, **options):
    model = FastRP(d, weights=(1, 1, 1, 1), **options)
    recipe = Recipe.of(model, np.ones(4), np.dtype(np.float32))
    return Planner(
        recipe, Size(n, entries, 4, True, False), 0, limit=limit, executor=None,
        n_jobs=2, to_file=to_file,
    )  # fmt: skip


def test_plan_when_less_memory_then_narrower_blocks_and_then_refused():
    seen = []
    for limit in (None, 4 << 30, 700 << 20, 500 << 20, 300 << 20):
        plan = _planner(limit).choose()
        seen.append((plan.path, plan.block))
        assert limit is None or plan.memory <= limit
    assert seen == [
        ("mapped", None), ("mapped", None), ("columns", 64), ("columns", 32),
        ("columns", 16),
    ]  # fmt: skip
    with pytest.raises(MemoryLimitError, match="in memory, and column blocks need"):
        _planner(100 << 20).choose()


def test_plan_when_blocks_are_narrower_then_it_reads_and_works_more():
    wide, narrow = (_planner(x << 20).choose() for x in (700, 300))
    assert narrow.n_blocks == 4 * wide.n_blocks
    assert narrow.bytes_read > wide.bytes_read
    assert narrow.cpu_seconds > wide.cpu_seconds
    assert narrow.streamed
    assert "blocks of 16 columns" in str(narrow)


def test_plan_when_memory_is_short_then_fewer_threads_before_a_refusal(monkeypatch):
    monkeypatch.setattr(
        "graphrep.embedding._fastrp_plan.count_workers", lambda *_: (1, 8)
    )
    least = _planner(None)._columns_of(16, 1, 1).memory
    plan = _planner(least).choose()
    assert (plan.workers, plan.threads, plan.asked, plan.memory) == (1, 2, 8, least)
    assert f"n_jobs: 8 -> 2 to keep within {human_bytes(least)}" in str(plan)
    some = _planner(_planner(None)._columns_of(16, 1, 3).memory).choose()
    assert (some.threads, some.asked) == (3, 8)
    narrow = _planner(None, d=16)._columns_of(16, 1, 1).memory  # one block at a time
    plan = _planner(narrow, d=16).choose()
    assert (plan.path, plan.threads, plan.asked) == ("columns", 2, 8)
    words = f"column blocks need .* Allow {least:,} bytes or more"
    with pytest.raises(MemoryLimitError, match=words):
        _planner(least - 1).choose()


def test_plan_when_the_graph_is_huge_then_a_task_takes_one_power():
    plan = _planner(20 << 30, n=100_000_000, entries=2_000_000_000, d=128).choose()
    assert plan.path == "columns"
    assert plan.layout.powers == 1
    assert plan.block * 4 * 100_000_000 <= 20 << 30


def test_plan_when_asked_then_nothing_starts_and_the_fit_keeps_to_it(tmp_path):
    graph = make_sbm(20_000, 50_000, random_state=0).graph
    model = FastRP(256, random_state=0, memory_limit="60MB", work_dir=tmp_path)
    plan = model.plan(graph)
    assert (plan.path, list(tmp_path.iterdir())) == ("columns", [])
    assert model.fit(graph).plan_ == plan
    model.set_params(memory_limit="1MB")
    with pytest.raises(MemoryLimitError, match="memory_limit is 1 MB"):
        model.fit(graph)
    assert not hasattr(model, "embedding_")


def test_plan_when_powers_cannot_be_cut_then_refused_with_the_reason(reference):
    a = reference.random_graph()
    for options, why in [
        ({"layer_dtype": "int8"}, "layer_dtype='int8' keeps powers whole"),
        ({"weights": (0.0,), "self_influence": 1.0}, "no power"),
    ]:
        with pytest.raises(GraphValueError, match=why):
            _fit(a, executor="serial", **options)
    with pytest.raises(GraphValueError, match="features"):
        FastRP(16, executor="serial").fit(a, features=np.eye(40))
    with pytest.raises(GraphValueError, match="device='cpu'"):
        _fit(a, executor="serial", device="torch:cpu")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"memory_limit": "much"}, GraphValueError),
        ({"memory_limit": 0}, ValueError),
        ({"executor": "cloud"}, GraphValueError),
        ({"executor": 3}, ValueError),
        ({"work_dir": 3}, ValueError),
    ],
)
def test_parameters_when_wrong_then_refused(reference, options, error):
    with pytest.raises(error, match=next(iter(options))):
        _fit(reference.random_graph(), **options)


def test_disk_when_too_small_then_refused_with_the_numbers(
    reference, monkeypatch, tmp_path
):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(OSError, match=r"of disk and 1 kB are free"):
        _fit(reference.random_graph(), executor="serial", work_dir=tmp_path)


LIMITED = """
import resource, sys
import numpy as np
from graphrep import FastRP
from graphrep.datasets import make_sbm
from graphrep.exceptions import MemoryLimitError
graph = make_sbm(60_000, 300_000, random_state=0).graph
small = dict(random_state=0, n_jobs=1, keep_layers=False)
FastRP(16, executor="serial", **small).fit(graph)  # compiles what it needs
FastRP(16, **small).fit(graph)
for line in open("/proc/self/status"):
    if line.startswith("VmData"):
        used = 1024 * int(line.split()[1])
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_DATA, (used + limit, used + limit))
out = np.lib.format.open_memmap(sys.argv[2], "w+", "f4", (60_000, 256))
try:
    FastRP(256, **small).fit_transform(graph, out=out)
    print("fitted")
except MemoryError:
    print("no memory")
try:
    FastRP(256, memory_limit=limit, layer_dtype="bfloat16", **small).fit(graph)
    print("fitted")
except MemoryLimitError as error:
    print("refused" if "in memory" in str(error) else error)
model = FastRP(256, memory_limit=limit, work_dir=sys.argv[3], **small)
model.fit_transform(graph, out=out)
print(model.plan_.path, model.plan_.block)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_memory_when_limited_by_the_system_then_columns_fit_and_the_whole_does_not(
    tmp_path, reference
):
    file = tmp_path / "out.npy"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(50 << 20), str(file), str(tmp_path)],
        capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert lines[:2] == ["no memory", "refused"], done.stderr[-2000:]
    assert lines[2].startswith("columns "), done.stderr[-2000:]
    graph = make_sbm(60_000, 300_000, random_state=0).graph
    wanted = FastRP(256, random_state=0).fit_transform(graph)
    assert reference.same_bits(np.load(file), wanted)


# -- stores ---------------------------------------------------------------------------
@pytest.fixture
def store(tmp_path):
    graph = make_sbm(300, 1500, random_state=0).graph
    names = [f"node {i}" for i in range(300)]
    return write_graph_store(graph.with_nodes(names), tmp_path / "graph.store")


@pytest.mark.parametrize("executor", [None, "serial"])
@pytest.mark.parametrize("as_path", [True, False])
def test_store_when_in_and_out_then_the_bits_of_memory(
    reference, store, tmp_path, executor, as_path
):
    wanted = FastRP(40, random_state=1).fit_transform(store.graph())
    out = tmp_path / "vectors.store"
    model = FastRP(40, random_state=1, executor=executor, work_dir=tmp_path / "work")
    source = str(store.path) if as_path else store
    got = model.fit_transform(source, out=out)
    assert isinstance(got, np.memmap)
    assert model.embedding_ is got
    assert reference.same_bits(np.asarray(got), wanted)
    assert model.plan_.path == ("mapped" if executor is None else "columns")
    written = EmbeddingStore(out)
    written.verify()
    assert written.ids.tolist() == model.node_ids_.tolist()
    assert model.most_similar("node 3", 2) == FastRP(40, random_state=1).fit(
        store
    ).most_similar("node 3", 2)
    assert model.fit_transform(source, out=str(out)).tobytes() == wanted.tobytes()


def test_store_when_ids_are_in_order_then_its_own_files_are_read(
    reference, cut, tmp_path
):
    cut(16, powers=1, streamed=True)
    graph = make_sbm(300, 1500, random_state=0).graph
    store = write_graph_store(graph, tmp_path / "graph.store")
    before = {f.name: f.read_bytes() for f in store.path.iterdir()}
    seen = []
    model = FastRP(40, random_state=1, executor="serial", work_dir=tmp_path / "work")
    model._progress = lambda *step: seen.extend(
        f.name for f in (tmp_path / "work").rglob("*-indices.npy")
    )
    got = model.fit_transform(store)
    assert seen == []
    assert reference.same_bits(got, FastRP(40, random_state=1).fit_transform(graph))
    assert {f.name: f.read_bytes() for f in store.path.iterdir()} == before


def test_out_when_something_else_is_there_then_it_stays_and_nothing_starts(
    store, tmp_path
):
    out = tmp_path / "notes"
    out.mkdir()
    (out / "diary.txt").write_text("dear diary")
    model = FastRP(8, random_state=1, executor="serial", work_dir=tmp_path / "work")
    with pytest.raises(FileExistsError, match="something already"):
        model.fit_transform(store, out=out)
    assert (out / "diary.txt").read_text() == "dear diary"


def test_out_when_stopped_then_no_part_of_a_store_is_there(store, tmp_path, cut):
    cut(16)
    out = tmp_path / "vectors.store"
    model = FastRP(16, random_state=1, executor="serial")
    with pytest.raises(KeyboardInterrupt):
        _stop_at(model, "Writing", 0).fit_transform(store, out=out)
    assert [path.name for path in tmp_path.iterdir()] == ["graph.store"]


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="no list of open files")
@pytest.mark.parametrize("step", ["_propagate", "make"])
def test_fit_when_a_task_fails_then_its_files_are_closed(monkeypatch, cut, step):
    cut(16, streamed=True)
    graph = make_sbm(200, 2000, random_state=0).graph

    def fail(*args, **kwargs):
        raise ValueError("no more")

    holder = _fastrp_rows.Rows if step == "make" else _fastrp_tasks
    monkeypatch.setattr(holder, step, fail)
    counts = []
    for _ in range(2):  # the first call may open what stays
        with pytest.raises(TaskError, match="no more"):
            FastRP(32, random_state=0, executor="serial").fit(graph)
        gc.collect()  # of what errors hold: mapped files
        counts.append(len([*OPEN_FILES.iterdir()]))
    assert counts[0] == counts[1]
