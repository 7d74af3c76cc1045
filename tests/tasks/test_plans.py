"""Plans of ranking, walks and cliques: what they say is what is done and taken."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from graphrep import FastRP, Graph
from graphrep._tasks import Costs, choose_plan, open_backend
from graphrep._tasks._plan import ways_to_share
from graphrep._utils._memory import human_bytes
from graphrep._utils._parallel import resolve_n_jobs
from graphrep.blocking import EmbeddingBlocker
from graphrep.datasets import make_sbm
from graphrep.embedding import RandomWalks
from graphrep.evaluation import ReconstructionEvaluator
from graphrep.exceptions import GraphTypeError, GraphValueError, MemoryLimitError
from graphrep.graph import KnowledgeGraph
from graphrep.hypergraph import (
    iter_maximal_cliques,
    maximal_cliques,
    plan_maximal_cliques,
)
from graphrep.kge import DistMult, plan_rank_triples, rank_triples


@pytest.fixture(scope="module")
def graph():
    return make_sbm(3000, 30_000, random_state=0).graph


@pytest.fixture(scope="module")
def vectors():
    return np.random.default_rng(0).normal(size=(3000, 64)).astype(np.float32)


@pytest.fixture(scope="module")
def triples():
    rng = np.random.default_rng(0)
    rows = np.unique(rng.integers(0, [4000, 3, 4000], (3000, 3)), axis=0)
    graph = KnowledgeGraph(rows, range(4000), range(3))
    return DistMult(32, n_epochs=1, random_state=0).fit(graph), graph


def _peak(call):
    """Most bytes that a call held at once beyond those before it."""
    call()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _size(graph):
    return graph.indptr.nbytes + graph.indices.nbytes


@pytest.mark.parametrize(("wanted", "each"), [(1, 1), (4, 1), (3, 2), (5, 3), (1, 8)])
def test_ways_to_share_when_given_then_most_threads_first_then_most_workers(
    wanted, each
):
    ways = list(ways_to_share(wanted, each))
    assert ways[0] == (wanted, each)
    assert ways[-1] == (1, 1)
    assert ways == sorted(ways, key=lambda way: (way[0] * way[1], way[0]), reverse=True)
    assert len(set(ways)) == len(ways)
    assert {w * t for w, t in ways} == set(range(1, wanted * each + 1))
    assert max(workers for workers, _ in ways) == wanted
    fixed = [(workers, each) for workers in range(wanted, 0, -1)]
    assert list(ways_to_share(wanted, each, fixed=True)) == fixed


@pytest.mark.parametrize("executor", [None, "serial"])
def test_ranking_when_planned_then_as_it_goes(graph, vectors, executor):
    evaluator = ReconstructionEvaluator(
        n_queries=300, scores=("cosine", "dot"), n_jobs=1, executor=executor
    )
    plan = evaluator.plan(graph, vectors)
    held = _size(graph) + vectors.nbytes
    assert plan == evaluator.plan(graph, 64)
    assert plan == evaluator.plan(graph, FastRP(64))
    peak = _peak(lambda: evaluator.evaluate(graph, vectors))
    assert evaluator.plan_ == plan
    assert 0.6 * plan.memory < peak + held < 1.5 * plan.memory
    if executor:
        assert plan.n_tasks == evaluator.tasks_.run == 5
        assert 0.5 * plan.disk < evaluator.tasks_.bytes + 2 * vectors.nbytes < plan.disk


def test_ranking_when_memory_is_limited_then_kept_to_or_refused(graph, vectors):
    options = {"n_queries": 300, "n_jobs": 4, "executor": "processes"}
    free = ReconstructionEvaluator(**options).plan(graph, 64)
    one = ReconstructionEvaluator(**{**options, "n_jobs": 1}).plan(graph, 64)
    assert (free.workers, one.workers) == (4, 1)
    tight = ReconstructionEvaluator(**options, memory_limit=free.memory - 1)
    plan = tight.plan(graph, 64)
    assert plan.block < free.block or plan.workers < 4
    assert plan.memory < free.memory
    for call in (tight.plan, tight.evaluate):
        tight.set_params(memory_limit="1MB")
        with pytest.raises(
            MemoryLimitError, match=r"3,000 nodes for 300 queries needs"
        ):
            call(graph, vectors)
    with pytest.raises(GraphValueError, match="ranks on device='cpu'"):
        ReconstructionEvaluator(memory_limit="1GB", device="cuda").plan(graph, vectors)
    with pytest.raises(GraphTypeError, match="n_components"):
        ReconstructionEvaluator().plan(graph, LinearRegression())


@pytest.mark.parametrize("executor", [None, "serial"])
def test_triples_when_planned_then_as_it_goes(triples, executor):
    model, graph = triples
    options = {"n_jobs": 1, "executor": executor}
    plan = plan_rank_triples(model, graph, **options)
    peak = _peak(lambda: rank_triples(model, graph, **options))
    assert 0.5 * plan.memory < peak + 4 * 4000 * 32 < 2 * plan.memory
    assert plan.n_tasks == (21 if executor else None)
    with pytest.raises(MemoryLimitError, match=r"4,000 entities for \S+ queries needs"):
        rank_triples(model, graph, **options, memory_limit="500kB")
    rank = rank_triples(model, graph, memory_limit=plan.memory, **options)
    assert np.array_equal(rank.above, rank_triples(model, graph).above)


@pytest.mark.parametrize("executor", [None, "serial"])
def test_walks_when_planned_then_as_they_go(graph, executor):
    walker = RandomWalks(40, 3, p=0.5, random_state=0, n_jobs=1, executor=executor)
    plan = walker.plan(graph)

    def drain():
        for _ in walker.iterate(graph, batch_size=1 << 14):
            pass

    peak = _peak(drain)
    assert 0.5 * plan.memory < peak + _size(graph) < 1.5 * plan.memory
    stream = walker._stream(graph, None)
    list(stream.batches(4096))
    if executor:
        assert stream.summary.run == plan.n_tasks == 9
        assert stream.summary.bytes + _size(graph) == pytest.approx(plan.disk, rel=0.01)
    walker.set_params(memory_limit=plan.memory - 1)
    with pytest.raises(MemoryLimitError, match="Walking over 3,000 nodes"):
        walker.walks(graph)
    assert walker.set_params(memory_limit=plan.memory).walks(graph).shape == (9000, 40)


def test_walks_when_some_start_or_weights_then_planned_for_them(graph):
    plain = RandomWalks(40, 3).plan(graph)
    assert RandomWalks(40, 3).plan(graph, [0, 5]).cpu_seconds < plain.cpu_seconds / 100
    assert RandomWalks(40, 3, q=2.0).plan(graph).cpu_seconds > plain.cpu_seconds
    assert RandomWalks(80, 3).plan(graph).cpu_seconds > 2 * plain.cpu_seconds


def test_cliques_when_memory_is_limited_then_kept_to_or_refused():
    pairs = 1 - np.eye(26) - np.eye(26)[np.arange(26) ^ 1]  # 2**13 cliques of 13
    graph = Graph(pairs)
    wanted = maximal_cliques(graph)
    assert len(wanted) == 2**13
    size = wanted.indptr.nbytes + wanted.indices.nbytes
    plan = plan_maximal_cliques(graph, n_jobs=1, memory_limit="1GB")
    limit = _size(graph) + size
    assert plan.memory < limit / 4
    found = maximal_cliques(graph, n_jobs=1, memory_limit=limit + 4096)
    assert np.array_equal(found.indices, wanted.indices)
    with pytest.raises(MemoryLimitError, match="Take them in blocks"):
        maximal_cliques(graph, n_jobs=1, memory_limit=limit - 4096)
    with pytest.raises(MemoryLimitError, match="Searching cliques of 26 nodes"):
        maximal_cliques(graph, memory_limit=plan.memory // 4)
    with pytest.raises(GraphValueError, match="or executor and memory_limit"):
        maximal_cliques(graph, memory_limit="1GB", max_seconds=1)


def test_cliques_when_planned_then_the_memory_of_the_search(graph):
    plan = plan_maximal_cliques(graph, n_jobs=1, executor="serial")

    def drain():
        for _ in iter_maximal_cliques(graph, executor="serial", n_jobs=1):
            pass

    assert 0.4 * plan.memory < _peak(drain) + _size(graph) < 2 * plan.memory
    assert plan.cpu_seconds is None
    four = plan_maximal_cliques(graph, n_jobs=4, executor="processes")
    assert (four.path, four.workers) == ("files", 4)
    assert plan_maximal_cliques(graph).path == "memory"


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_cliques_when_in_blocks_from_files_then_in_the_same_order(graph, size):
    wanted = maximal_cliques(graph)
    blocks = [*iter_maximal_cliques(graph, block_size=size, executor="serial")]
    assert max(map(len, blocks)) <= size
    members = np.concatenate([block.indices for block in blocks])
    sizes = np.concatenate([block.sizes for block in blocks])
    assert np.array_equal(members, wanted.indices)
    assert np.array_equal(sizes, wanted.sizes)
    with pytest.raises(MemoryLimitError, match="max_cliques=3"):
        next(iter_maximal_cliques(graph, max_cliques=3, executor="serial"))
    with pytest.raises(MemoryLimitError, match="max_cliques=3"):
        next(iter_maximal_cliques(graph, max_cliques=3))


@pytest.mark.parametrize("executor", [None, "serial"])
def test_cliques_when_in_blocks_beyond_the_limit_then_refused_at_once(graph, executor):
    where = {"executor": executor, "n_jobs": 1}
    plan = plan_maximal_cliques(graph, executor="serial", n_jobs=1)
    with pytest.raises(MemoryLimitError, match="Searching cliques"):
        iter_maximal_cliques(graph, **where, memory_limit=plan.memory - 1)
    blocks = iter_maximal_cliques(graph, **where, memory_limit=plan.memory)
    assert sum(map(len, blocks)) == len(maximal_cliques(graph))
    where = {"executor": "processes", "n_jobs": 3, "memory_limit": plan.memory}
    fewer = plan_maximal_cliques(graph, **where)
    assert (fewer.workers, fewer.threads, fewer.asked) == (1, 1, 3)
    where["memory_limit"] = plan.memory - 1
    with pytest.raises(MemoryLimitError, match=rf"Allow {plan.memory:,} bytes"):
        iter_maximal_cliques(graph, **where)


# -- fewer threads than were asked for ------------------------------------------------
COSTS = Costs(
    what="Working", unit="rows", whole=1000, shared=600, each=100, per_unit=1.0,
    after=0, disk=0, blocks=(200, 100), n_tasks=lambda block: 800 // block,
    per_thread=50,
)  # fmt: skip


@pytest.mark.parametrize(
    ("executor", "limit", "way"),
    [
        (None, None, ("memory", 1, 8, None, None)),
        (None, 1400, ("memory", 1, 8, None, None)),
        (None, 1399, ("memory", 1, 7, None, 8)),
        (None, 1200, ("memory", 1, 4, None, 8)),  # half of them, before files
        (None, 1199, ("files", 1, 7, 100, 8)),
        (None, 1000, ("files", 1, 4, 100, 8)),
        (None, 850, ("files", 1, 1, 100, 8)),
        ("processes", 3400, ("files", 8, 1, 200, None)),
        ("processes", 1449, ("files", 2, 4, 100, None)),
        ("processes", 1300, ("files", 1, 8, 200, None)),
        ("processes", 1199, ("files", 1, 7, 100, 8)),
        ("processes", 850, ("files", 1, 1, 100, 8)),
    ],
)
def test_plan_when_memory_is_short_then_half_the_threads_blocks_and_fewer_threads(
    monkeypatch, executor, limit, way
):
    counts = {None: (1, 8), "processes": (8, 1)}
    monkeypatch.setattr(
        "graphrep._tasks._plan.count_workers", lambda executor, _: counts[executor]
    )
    plan = choose_plan(COSTS, limit=limit, executor=executor, n_jobs=8)
    assert (plan.path, plan.workers, plan.threads, plan.block, plan.asked) == way
    assert limit is None or plan.memory <= limit
    told = dict(plan.facts()).get("n_jobs")
    fewer = f"8 -> {plan.n_jobs} to keep within {human_bytes(limit or 0)}"
    assert told == (None if plan.asked is None else fewer)
    with pytest.raises(MemoryLimitError, match=r"one thread; .* Allow 850 bytes"):
        choose_plan(COSTS, limit=849, executor=executor, n_jobs=8)


def test_plan_when_a_thread_less_fits_in_memory_then_no_files():
    words = np.random.default_rng(0).normal(size=(900, 16)).astype(np.float32)
    table = {"name": [f"record {i}" for i in range(900)]}
    options = {"encoder": (words,), "n_neighbors": 5, "n_jobs": 2}
    whole = EmbeddingBlocker(**options).fit(table).plan(table)
    model = EmbeddingBlocker(**options, memory_limit=whole.memory - 1).fit(table)
    plan = model.plan(table)
    if whole.threads < 2:
        pytest.skip("needs two processors")
    assert (plan.path, plan.n_jobs, plan.asked) == ("memory", 1, 2)


def test_plan_when_the_executor_is_not_ours_then_its_workers_alone_are_counted():
    with ThreadPoolExecutor(4) as pool:
        free = choose_plan(COSTS, limit=None, executor=pool, n_jobs=1)
        plan = choose_plan(COSTS, limit=1200, executor=pool, n_jobs=1)
        assert (free.workers, free.threads, free.asked) == (4, 1, None)
        assert (plan.workers, plan.threads, plan.asked) == (2, 1, 4)
        with open_backend(pool, 1, plan.workers) as backend:
            assert backend.workers == 2


def test_work_in_memory_when_fewer_threads_are_planned_then_no_more_run(monkeypatch):
    if resolve_n_jobs(None) < 2:
        pytest.skip("needs two processors")
    words = np.random.default_rng(0).normal(size=(900, 16)).astype(np.float32)
    table = {"name": [f"record {i}" for i in range(900)]}
    options = {"encoder": (words,), "n_neighbors": 5, "n_jobs": 2}
    both = EmbeddingBlocker(**options).fit(table)
    wanted = both.candidate_pairs(table)
    whole = [EmbeddingBlocker(**{**options, "n_jobs": n}).plan(table) for n in (1, 2)]
    model = EmbeddingBlocker(**options, memory_limit=whole[0].memory).fit(table)
    sizes = []
    pool = ThreadPoolExecutor

    def counted(n):
        sizes.append(n)
        return pool(n)

    monkeypatch.setattr("graphrep.retrieval._exact.ThreadPoolExecutor", counted)
    assert model.candidate_pairs(table) == wanted
    assert set(sizes) == {1}
    assert (model.plan_.asked, model.plan_.n_jobs, model.plan_.path) == (2, 1, "memory")
