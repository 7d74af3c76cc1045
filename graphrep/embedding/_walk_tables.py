"""What walks need of a graph: checked parameters, alias tables, thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.kernels import _walks as kernels
from graphrep.kernels._alias import alias_tables
from graphrep.kernels._walks import WalkGraph, WalkRule
from graphrep.typing import AnyArray, FloatArray, IntArray

MOST_NODES = 2**31 - 1
LEAST_BIAS, MOST_BIAS = 1e-30, 1e30
_EXPONENTS = 100
"""Weights whose binary exponents lie within this need no scaling for float32."""
_NO_FLOATS = np.empty(0, np.float32)
_NO_OFFSETS = np.empty(0, np.int32)


def walk_rule(p: float, q: float, *, extended: bool = False) -> WalkRule:
    """Check p and q and put them into the form that the kernels read.

    Raises
    ------
    GraphValueError
        For values outside [1e-30, 1e30]; a very large one is as good as infinity.
    """
    for name, value in (("p", p), ("q", q)):
        if not LEAST_BIAS <= value <= MOST_BIAS:
            raise GraphValueError(
                f"{name} must lie between {LEAST_BIAS:g} and {MOST_BIAS:g}; got "
                f"{value!r}. Use 1e9 for 'never' and 1e-9 for 'always'."
            )
    first_order = p == 1 and q == 1  # so does node2vec+ then: every bias is one
    return WalkRule(float(p), float(q), bool(first_order), bool(extended))


def walk_graph(
    graph: Graph, *, extended: bool = False, gamma: float = 0.0
) -> WalkGraph:
    """Lay out a graph for the walking kernels.

    Parameters
    ----------
    graph : Graph
        The graph; its arrays are not copied.
    extended : bool, default=False
        Whether node2vec+ is to walk, which needs thresholds.
    gamma : float, default=0.0
        Standard deviations above the mean weight where an edge starts to be tight.

    Returns
    -------
    WalkGraph
        All arrays read-only, so that the kernels are compiled for one type.

    Notes
    -----
    O(m) time; 0 bytes beyond the graph without weights, 12 bytes an entry with them.
    """
    if graph.n_nodes > MOST_NODES:
        raise GraphValueError(
            f"Walks number nodes with 32 bits; the graph has {graph.n_nodes:,} nodes."
        )
    floats, accept, alias, threshold = _NO_FLOATS, _NO_FLOATS, _NO_OFFSETS, _NO_FLOATS
    if graph.weights is not None:
        size = len(graph.indices)
        accept, alias = np.empty(size, np.float32), np.empty(size, np.int32)
        floats = np.empty(size, np.float32)
        alias_tables(graph.indptr, graph.weights, accept, alias, floats)
        if extended:
            floats = _comparable(graph.weights)
            threshold = np.empty(2 * graph.n_nodes, np.float32)
            kernels.thresholds(graph.indptr, floats, float(gamma), threshold)
    arrays: tuple[Any, ...] = (
        graph.indptr, graph.indices, floats, accept, alias, threshold
    )  # fmt: skip
    return WalkGraph(*(read_only(array) for array in arrays))


def draw_walks(
    graph: WalkGraph,
    rule: WalkRule,
    seed: int,
    starts: IntArray,
    rounds: IntArray,
    length: int,
) -> tuple[IntArray, IntArray]:
    """Draw walks from some starts in some rounds; count the nodes of each."""
    starts = np.ascontiguousarray(starts, np.int64)
    keys: AnyArray = np.empty(len(starts), np.uint64)
    out = np.empty((len(starts), length), np.int32)
    lengths = np.empty(len(starts), np.int64)
    kernels.walk_keys(np.uint64(seed), rounds, starts, keys)
    kernels.walks(graph, rule, starts, keys, length, out, lengths)
    return out, lengths


def table_bytes(graph: Graph, *, extended: bool = False) -> int:
    """Bytes that `walk_graph` adds to a graph."""
    if graph.weights is None:
        return 0
    return 12 * len(graph.indices) + (8 * graph.n_nodes if extended else 0)


def _comparable(weights: FloatArray) -> FloatArray:
    """Weights as float32, multiplied by a power of two if they would not fit."""
    exponent = int(np.frexp(weights.max())[1]) if len(weights) else 0
    if weights.dtype == np.float32 and abs(exponent) < _EXPONENTS:
        return weights
    shift = 0 if abs(exponent) < _EXPONENTS else -exponent
    scaled: FloatArray = np.ldexp(weights, shift).astype(np.float32)
    return scaled


def read_only(array: AnyArray) -> AnyArray:
    """View of an array that nobody can write to."""
    view = array.view(np.ndarray)
    view.flags.writeable = False
    return view


__all__ = [
    "WalkGraph",
    "WalkRule",
    "draw_walks",
    "read_only",
    "table_bytes",
    "walk_graph",
    "walk_rule",
]
