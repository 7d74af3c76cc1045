"""Embedding: whatever people have that scores pairs of nodes, aligned to a graph."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._optional import module_of
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Graph, NodeIndex, Vectors
from graphrep.io import EmbeddingStore, read_vectors
from graphrep.persistence import is_model, load
from graphrep.typing import AnyArray, FloatArray, IntArray

NATIVE = ("dot", "cosine", "euclidean", "own", "none")
_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Embedding:
    """Something to assess: vectors, or a way to score pairs, in a graph's row order.

    Parameters
    ----------
    name : str
        What it is called in tables.
    source : ndarray of shape (n_nodes, n_components) or None
        The vectors; None for a score that has none (common neighbours, say).
    target : ndarray of shape (n_nodes, n_components) or None, default=None
        Vectors of nodes as targets, for dot products; None: the same as ``source``.
    native : {"dot", "cosine", "euclidean", "own", "none"}, default="dot"
        How the method itself scores a pair.
    own : callable or None, default=None
        For ``native="own"``: takes row numbers and returns their scores with all
        nodes, of shape (n_rows, n_nodes), higher meaning closer.
    decoder : (ndarray, ndarray) or None, default=None
        Source and target factors of the native score where they are not ``source``
        and ``target`` themselves (the two halves of HOPE).
    estimator : object or None, default=None
        The fitted estimator that it came from.
    fit_seconds : float or None, default=None
        CPU seconds of the fit, where it was done here.
    kind : {"estimator", "vectors", "file", "score"}, default="vectors"
        Where it came from.
    baseline : bool, default=False
        Whether it stands in the table for comparison only.
    """

    name: str
    source: FloatArray | None
    target: FloatArray | None = None
    native: str = "dot"
    own: Callable[[IntArray], FloatArray] | None = None
    decoder: tuple[FloatArray, FloatArray] | None = None
    estimator: Any = None
    fit_seconds: float | None = None
    kind: str = "vectors"
    baseline: bool = False

    @property
    def n_components(self) -> int | None:
        """Length of the vectors, None where there are none."""
        return None if self.source is None else int(self.source.shape[1])

    @property
    def factors(self) -> tuple[FloatArray, FloatArray] | None:
        """Source and target of dot products."""
        if self.decoder is not None or self.source is None:
            return self.decoder
        return self.source, self.source if self.target is None else self.target


def read_embedding(
    graph: Graph, value: Any, name: str | None = None, *, random_state: Any = None
) -> Embedding:
    """Turn what people have into an `Embedding` of the nodes of a graph.

    Parameters
    ----------
    graph : Graph
        The graph to assess against.
    value : object
        An array (n_nodes, n_components) in row order; a pair of them, source and
        target; `Vectors`, a mapping from ids to vectors, gensim's ``KeyedVectors``
        or a data frame indexed by ids, in any order and with more nodes than needed;
        a path to vectors in any format that `graphrep.io.read_vectors` reads, to a
        saved model, or a `graphrep.io.EmbeddingStore`; an
        estimator, fitted (taken as it is) or not (a clone is fitted); a callable that
        takes row numbers and returns scores (n_rows, n_nodes); or an `Embedding`.
    name : str or None, default=None
        What to call it; None takes the name of the class or the file.
    random_state : int or None, default=None
        Given to a clone that is fitted here and whose own is None.

    Returns
    -------
    Embedding

    Raises
    ------
    GraphValueError
        If nodes have no vector, or vectors hold NaN or infinite values; the message
        names some of them.
    GraphTypeError
        If ``value`` is none of the above.
    FileNotFoundError
        If ``value`` is a text and no file has that name.
    """
    if isinstance(value, Embedding):
        named = value if name is None else replace(value, name=name)
        return _checked(graph, named)
    if hasattr(value, "as_embedding"):
        found: Embedding = value.as_embedding(graph, name)
        return _checked(graph, found)
    if isinstance(value, EmbeddingStore):
        value = value.path
    if isinstance(value, (str, PathLike)):
        if not Path(fspath(value)).exists():
            raise FileNotFoundError(
                f"There is no file of vectors {fspath(value)!r}. A text names a file; "
                "for a method pass its class or an estimator, such as FastRP(64)."
            )
        if is_model(Path(fspath(value))):
            return read_embedding(graph, load(value), name)
        vectors = read_vectors(value)
        title = name or Path(fspath(value)).name
        return _of_vectors(graph, vectors, title, "file")
    if hasattr(value, "fit") and hasattr(value, "get_params"):
        return _checked(graph, _of_estimator(graph, value, name, random_state))
    if callable(value) and not hasattr(value, "key_to_index"):
        title = str(name or getattr(value, "__name__", "score"))
        return Embedding(title, None, native="own", own=value, kind="score")
    return _of_arrays(graph, value, name or "X")


def _of_arrays(graph: Graph, value: Any, name: str) -> Embedding:
    if isinstance(value, Vectors):
        return _of_vectors(graph, value, name, "vectors")
    if hasattr(value, "key_to_index"):  # gensim's KeyedVectors, or its like
        ids = list(value.key_to_index)
        matrix = np.asarray(value.vectors)[list(value.key_to_index.values())]
        if graph.nodes.is_integer:  # gensim's keys are texts
            ids = [_as_integer(key) for key in ids]
        return _of_vectors(graph, Vectors(matrix, ids), name, "vectors")
    if isinstance(value, Mapping):
        ids = list(value)
        rows = Vectors(np.stack([np.asarray(value[key]) for key in ids]), ids)
        return _of_vectors(graph, rows, name, "vectors")
    if module_of(value) == "pandas":
        rows = Vectors(value.to_numpy(), value.index.to_numpy())
        return _of_vectors(graph, rows, name, "vectors")
    if isinstance(value, tuple) and len(value) == 2:
        source, target = (_matrix(part) for part in value)
        return _checked(graph, Embedding(name, source, target))
    if hasattr(value, "__array__") or isinstance(value, list):
        return _checked(graph, Embedding(name, _matrix(value)))
    raise GraphTypeError(
        f"{name!r} cannot be assessed: vectors, an estimator, a path or a callable are "
        f"wanted; got {type(value).__name__}."
    )


def _as_integer(key: str) -> Any:
    try:
        return int(key)
    except ValueError:
        return key


def _matrix(value: Any) -> FloatArray:
    array: AnyArray = np.asarray(value)
    if array.ndim != 2 or array.dtype.kind not in "fiub":
        raise GraphTypeError(
            "Vectors must be a matrix of real numbers, one row a node; got an array "
            f"of shape {array.shape} and type {array.dtype}."
        )
    return array if array.dtype.kind == "f" else array.astype(np.float32)


def _of_vectors(graph: Graph, vectors: Vectors, name: str, kind: str) -> Embedding:
    """Bring rows into the order of the graph's nodes."""
    if vectors.nodes == graph.nodes:
        return Embedding(name, vectors.matrix, kind=kind)
    known = set(vectors.nodes)
    missing = [node for node in graph.nodes if node not in known]
    if missing and len(vectors) == graph.n_nodes and _only_numbered(vectors.nodes):
        return Embedding(name, vectors.matrix, kind=kind)  # a file without ids
    if missing:
        shown = ", ".join(repr(node) for node in missing[:_SHOWN])
        raise GraphValueError(
            f"{name!r} has no vector for {len(missing):,} of the {graph.n_nodes:,} "
            f"nodes of the graph, {shown} among them. Add vectors for them, or assess "
            "against graph.subgraph of the nodes that have one."
        )
    rows = vectors.nodes.indexer(graph.node_ids)
    return Embedding(name, vectors.matrix[rows], kind=kind)


def _only_numbered(nodes: NodeIndex) -> bool:
    """Whether the ids say no more than the order of rows does."""
    ids = nodes.ids
    return nodes.is_integer and bool((ids == np.arange(len(ids))).all())


def _of_estimator(
    graph: Graph, value: Any, name: str | None, random_state: Any
) -> Embedding:
    title = name or type(value).__name__
    seconds = None
    if not _is_fitted(value):
        from sklearn.base import clone

        value = clone(value)
        _seed(value, random_state)
        start = time.process_time()
        value.fit(graph)
        seconds = time.process_time() - start
    fitted = _last_step(value)
    source = getattr(fitted, "embedding_", None)
    if source is None:
        source = np.asarray(value.transform(graph))
    elif hasattr(fitted, "vectors_") and len(source) == graph.n_nodes:
        source = _of_vectors(graph, fitted.vectors_, title, "estimator").source
    native = getattr(fitted, "decoder", "dot")
    own, decoder = None, None
    if native == "own":
        if hasattr(fitted, "source_") and hasattr(fitted, "target_"):
            native, decoder = "dot", (fitted.source_, fitted.target_)
        else:
            own = _own_score(fitted, graph)
    return Embedding(
        title, source, getattr(fitted, "target_embedding_", None), native, own,
        decoder, value, seconds, "estimator",
    )  # fmt: skip


def _is_fitted(value: Any) -> bool:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(value)
    except NotFittedError:
        return False
    return True


def _seed(estimator: Any, random_state: Any) -> None:
    """Seed all steps whose own seed is open."""
    if random_state is None:
        return
    parameters = estimator.get_params()
    open_ones = [
        key
        for key, value in parameters.items()
        if key.split("__")[-1] == "random_state" and value is None
    ]
    estimator.set_params(**dict.fromkeys(open_ones, random_state))


def _last_step(value: Any) -> Any:
    """Embedder at the end of a pipeline, or the estimator itself."""
    value = getattr(value, "best_estimator_", value)
    steps = getattr(value, "steps", None)
    return steps[-1][1] if steps else value


def _own_score(fitted: Any, graph: Graph) -> Callable[[IntArray], FloatArray]:
    """Blocks of a decoder of its own; both directions are added where there are none.

    A decoder may tell i's view of j from j's view of i (SDNE's does), but an edge of
    an undirected graph is one thing.
    """
    every = np.arange(graph.n_nodes)

    def block(rows: IntArray) -> FloatArray:
        scores: FloatArray = np.asarray(fitted.decoder_score(rows[:, None], every))
        if not graph.directed:
            scores = scores + fitted.decoder_score(every[:, None], rows).T
        return scores

    block.symmetric = not graph.directed  # type: ignore[attr-defined]
    return block


def _checked(graph: Graph, embedding: Embedding) -> Embedding:
    """Refuse vectors that do not fit the graph or are not finite."""
    parts = [embedding.source, embedding.target, *(embedding.decoder or ())]
    for matrix in parts:
        if matrix is None:
            continue
        if len(matrix) != graph.n_nodes:
            raise GraphValueError(
                f"{embedding.name!r} has {len(matrix):,} vectors but the graph has "
                f"{graph.n_nodes:,} nodes. Pass Vectors, which know their nodes, or "
                "one row a node in the order of graph.node_ids."
            )
        bad = np.flatnonzero(~np.isfinite(matrix.sum(axis=1, dtype=np.float64)))
        if len(bad):
            shown = ", ".join(f"{graph.nodes[int(r)]!r} (row {r})" for r in bad[:3])
            raise GraphValueError(
                f"{embedding.name!r} has NaN or infinite values in the vectors of "
                f"{len(bad):,} nodes, {shown} among them. Vectors must be finite."
            )
    return embedding
