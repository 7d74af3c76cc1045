"""FastRP and what is larger than memory: plans, stores in and out, the way taken."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._tasks._executors import check_executor
from graphrep._utils._memory import memory_bytes
from graphrep.base import is_matrix, read_graph
from graphrep.embedding._fastrp_columns import Job, Writer, fit_columns, scratch
from graphrep.embedding._fastrp_plan import FastRPPlan, Planner, Size
from graphrep.embedding._fastrp_run import check_out
from graphrep.embedding._fastrp_state import Recipe, State
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.typing import AnyArray

if TYPE_CHECKING:
    from graphrep.embedding._fastrp import FastRP
    from graphrep.io import GraphStore

_ROWS_AT_ONCE = 1 << 16
_ENTRY_BYTES = 8  # neighbour and weight


def store_of(X: Any) -> GraphStore | None:
    """Open a graph store, if that is what is given; nothing of it is read."""
    if not is_path(X):
        return X if type(X).__name__ == "GraphStore" else None
    if not (Path(X) / "manifest.json").is_file():
        return None
    from graphrep.io import GraphStore

    return GraphStore(X)


def is_path(out: Any) -> bool:
    """Whether a result goes to a store."""
    return isinstance(out, (str, os.PathLike))


def plan_for(
    estimator: FastRP, recipe: Recipe, size: Size, out: Any, features: Any = None
) -> FastRPPlan:
    """Choose the way of a fit."""
    limit = estimator.memory_limit
    if estimator.device not in {"cpu", "auto"} and not (
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
        estimator.executor, estimator.n_jobs, progress=estimator._tell,
    )  # fmt: skip
    recipe, n = job.layout.recipe, graph.n_nodes
    beside = Path(out).absolute().parent if is_path(out) else None
    array = None if is_path(out) else check_out(out, n, recipe)

    def make() -> AnyArray:
        return np.empty((n, recipe.n_columns), recipe.dtype) if array is None else array

    with scratch(estimator.work_dir, beside, job) as folder:
        if not is_path(out):
            state, summary = fit_columns(job, None, make, folder)
        else:
            writer = _writer(out, graph, recipe)
            state, summary = fit_columns(job, _write_to(writer), make, folder)
            state.embedding = _finished(writer, out)
    estimator.tasks_ = summary
    return state


def keep_in_store(embedding: AnyArray, graph: Graph, recipe: Recipe, out: Any) -> Any:
    """Write an embedding that is in memory to a store; returns it mapped."""
    writer = _writer(out, graph, recipe)
    for first in range(0, len(embedding), _ROWS_AT_ONCE):
        end = min(first + _ROWS_AT_ONCE, len(embedding))
        writer.write_rows(first, end, embedding[first:end])
    return _finished(writer, out)


def _writer(out: Any, graph: Graph, recipe: Recipe) -> Any:
    from graphrep.io import EmbeddingStore

    shape = (graph.n_nodes, recipe.n_columns)
    return EmbeddingStore.create(out, graph.nodes.ids, shape, np.dtype(recipe.dtype))


def _write_to(writer: Any) -> Writer:
    def write(rows: slice, part: AnyArray) -> None:
        writer.write_rows(rows.start, rows.stop, part)

    return write


def _finished(writer: Any, out: Any) -> Any:
    from graphrep.io import EmbeddingStore

    writer.finish()
    return EmbeddingStore(out).vectors
