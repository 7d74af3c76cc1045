"""FastRP and what is larger than memory: plans, stores in and out, the way taken."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._tasks._executors import check_executor
from graphrep._utils._devices import on_processor
from graphrep._utils._memory import memory_bytes
from graphrep.base import is_matrix, read_graph
from graphrep.embedding._fastrp_columns import Job, fit_columns, scratch
from graphrep.embedding._fastrp_plan import FastRPPlan, Planner, Size
from graphrep.embedding._fastrp_run import check_out
from graphrep.embedding._fastrp_state import Recipe, State
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.io import EmbeddingStore, GraphStore
from graphrep.io._embedding_store import EMBEDDING_FORMAT
from graphrep.io._graph_store import GRAPH_FORMAT
from graphrep.io._store_files import refuse_replacing, store_format
from graphrep.typing import AnyArray

if TYPE_CHECKING:
    from graphrep.embedding._fastrp import FastRP
    from graphrep.io._embedding_writer import EmbeddingWriter

_ENTRY_BYTES = 8  # neighbour and weight


def store_of(X: Any) -> GraphStore | None:
    """Open a graph store, if that is what is given; nothing of it is read."""
    if isinstance(X, GraphStore):
        return X
    if is_path(X) and store_format(X) == GRAPH_FORMAT:
        return GraphStore(X)
    return None


def is_path(out: Any) -> bool:
    """Whether a result goes to a store."""
    return isinstance(out, (str, os.PathLike))


def plan_for(
    estimator: FastRP, recipe: Recipe, size: Size, out: Any, features: Any = None
) -> FastRPPlan:
    """Choose the way of a fit."""
    limit = estimator.memory_limit
    if not on_processor(estimator.device) and not (
        limit is None and estimator.executor is None
    ):
        raise GraphValueError(
            "memory_limit and executor are for device='cpu'; got "
            f"device={estimator.device!r}."
        )
    return Planner(
        recipe, size, getattr(estimator, "random_seed_", 0),
        limit=None if limit is None else memory_bytes(limit),
        executor=check_executor(estimator.executor), n_jobs=estimator.n_jobs,
        to_file=is_path(out) or isinstance(out, np.memmap),
        features=features is not None,
    ).choose()  # fmt: skip


def plan_of(estimator: FastRP, X: Any, recipe: Recipe, out: Any) -> FastRPPlan:
    """Plan of a fit from the size of a graph; of a store the manifest is enough."""
    store = store_of(X)
    if store is not None:
        weight = 0 if store.weights is None else store.weights.dtype.itemsize
        entry = store.indices.dtype.itemsize + weight
        rebuilt = _is_rebuilt(recipe, directed=store.directed)
        size = Size(store.n_nodes, store.nnz, entry, True, rebuilt)
    else:
        graph = Graph(X) if is_matrix(X) else read_graph(X)
        size = size_of(graph, recipe, stored=False)
    return plan_for(estimator, recipe, size, out)


def plan_of_size(
    estimator: FastRP, n_nodes: int, n_entries: int, out: Any
) -> FastRPPlan:
    """Plan of a fit to a graph of which no more than its size is known."""
    recipe = estimator._recipe(np.float32)
    rebuilt = _is_rebuilt(recipe, directed=True)
    size = Size(n_nodes, n_entries, _ENTRY_BYTES, False, rebuilt)
    return plan_for(estimator, recipe, size, out)


def size_of(graph: Graph, recipe: Recipe, *, stored: bool) -> Size:
    """Size of a graph that is at hand."""
    weight = 0 if graph.weights is None else graph.weights.itemsize
    directed = recipe.direction != "out" and graph.directed  # may read all entries
    return Size(
        graph.n_nodes, len(graph.indices), graph.indices.itemsize + weight, stored,
        _is_rebuilt(recipe, directed=directed),
    )  # fmt: skip


def _is_rebuilt(recipe: Recipe, *, directed: bool) -> bool:
    """Whether the operator is another matrix than the graph's own."""
    turned = directed and recipe.direction != "out"
    return turned or recipe.self_loops == "drop"


def fit_in_files(
    estimator: FastRP, graph: Graph, store: GraphStore | None, out: Any
) -> State:
    """Fit by blocks of columns; the embedding goes to ``out`` or a new array."""
    files = None
    if store is not None:
        names = ["indptr", "indices", *(["weights"] if store.weighted else [])]
        files = {name: Path(store.path) / f"{name}.npy" for name in names}
    fingerprint = graph.fingerprint() if store is None else store.fingerprint
    job = Job(
        estimator.plan_, graph, fingerprint, files,
        estimator.executor, estimator.n_jobs, estimator.task_timeout, estimator._tell,
    )  # fmt: skip
    recipe, n = job.layout.recipe, graph.n_nodes
    beside = Path(out).absolute().parent if is_path(out) else None
    array = None if is_path(out) else check_out(out, n, recipe)

    def make() -> AnyArray:
        return np.empty((n, recipe.n_columns), recipe.dtype) if array is None else array

    if is_path(out):
        refuse_replacing(Path(out), EMBEDDING_FORMAT, overwrite=True)
    with scratch(estimator.work_dir, beside, job) as folder, ExitStack() as stack:
        writer: list[EmbeddingWriter] = []

        def write(rows: slice, part: AnyArray) -> None:
            if not writer:  # not before the tasks are done: a kill leaves nothing
                writer.append(stack.enter_context(_writer(out, graph, recipe)))
            writer[0].write_rows(rows.start, rows.stop, part)

        to_store = write if is_path(out) else None
        state, summary = fit_columns(job, to_store, make, folder)
        if writer:
            state.embedding = writer[0].finish().vectors
    estimator.tasks_ = summary
    return state


def keep_in_store(
    embedding: AnyArray, graph: Graph, recipe: Recipe, out: Any
) -> AnyArray:
    """Write an embedding that is in memory to a store; returns it mapped."""
    with _writer(out, graph, recipe) as writer:
        writer.write_rows(0, len(embedding), embedding)
        return writer.finish().vectors


def _writer(out: Any, graph: Graph, recipe: Recipe) -> EmbeddingWriter:
    """Writer of a store, which takes the place of one that is there when finished."""
    shape = (graph.n_nodes, recipe.n_columns)
    return EmbeddingStore.create(
        out, graph.nodes, shape, np.dtype(recipe.dtype), overwrite=True
    )
