"""Generators: planted communities, with equal or with very unequal degrees."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from graphrep._utils._random import draw_seed
from graphrep.datasets._bunch import Bunch
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.typing import AnyArray, IntArray, SeedLike

_MAX_ROUNDS = 30


def make_sbm(
    n_nodes: int = 1000,
    n_edges: int = 10_000,
    *,
    n_communities: int = 5,
    mixing: float = 0.2,
    random_state: SeedLike = None,
) -> Bunch:
    """Make a graph of planted communities in which all nodes are alike.

    Parameters
    ----------
    n_nodes, n_edges : int
        Size; on a dense graph fewer edges may be found.
    n_communities : int, default=5
        Number of communities of about equal size.
    mixing : float, default=0.2
        Share of edges whose other end is drawn from all nodes.
    random_state : int, RandomState instance or None, default=None
        An int gives the same graph on every call.

    Returns
    -------
    Bunch
        ``graph``, ``y`` (community of each node), ``names`` and ``DESCR``.

    Examples
    --------
    >>> make_sbm(60, 200, n_communities=3, random_state=0).graph
    Graph(n_nodes=60, n_edges=200, undirected, unweighted)
    """
    _check(n_nodes, n_edges, n_communities, mixing)
    rng = np.random.default_rng(draw_seed(random_state))
    y = rng.permutation(np.arange(n_nodes) % n_communities)
    return _planted(y, np.ones(n_nodes), n_edges, mixing, rng, "stochastic block model")


def make_dcsbm(
    n_nodes: int = 1000,
    n_edges: int = 10_000,
    *,
    n_communities: int = 5,
    mixing: float = 0.4,
    exponent: float = 2.3,
    size_skew: float = 0.6,
    random_state: SeedLike = None,
) -> Bunch:
    """Make a graph of planted communities with power-law degrees and sizes.

    Parameters
    ----------
    n_nodes, n_edges : int
        Size; on a dense graph fewer edges may be found.
    n_communities : int, default=5
        Number of communities, the first the largest.
    mixing : float, default=0.4
        Share of edges whose other end is drawn from all nodes.
    exponent : float, default=2.3
        Exponent of the power law of degrees, above 1; the smaller, the larger hubs.
    size_skew : float, default=0.6
        Community ``k`` has a share proportional to ``k ** -size_skew``.
    random_state : int, RandomState instance or None, default=None
        An int gives the same graph on every call.

    Returns
    -------
    Bunch
        ``graph``, ``y`` (community of each node), ``names`` and ``DESCR``.

    Notes
    -----
    One end of an edge is drawn by expected degree, the other one likewise from its
    community or, with probability ``mixing``, from all nodes. Loops and repeats are
    drawn again. O(n_nodes + n_edges · log) time.

    Examples
    --------
    >>> make_dcsbm(200, 900, random_state=0).graph
    Graph(n_nodes=200, n_edges=900, undirected, unweighted)
    """
    _check(n_nodes, n_edges, n_communities, mixing)
    if exponent <= 1:
        raise GraphValueError(f"exponent must be above 1; got {exponent!r}.")
    rng = np.random.default_rng(draw_seed(random_state))
    share = np.arange(1, n_communities + 1) ** -float(size_skew)
    y = rng.choice(n_communities, n_nodes, p=share / share.sum())
    expected = (1 - rng.random(n_nodes)) ** (-1 / (exponent - 1))
    expected = np.minimum(expected, 4 * np.sqrt(n_nodes))
    return _planted(y, expected, n_edges, mixing, rng, "degree-corrected block model")


def _planted(
    y: IntArray,
    expected: AnyArray,
    n_edges: int,
    mixing: float,
    rng: np.random.Generator,
    kind: str,
) -> Bunch:
    n_nodes = len(y)
    order = np.argsort(y, kind="stable")
    total = np.cumsum(expected[order])
    starts = np.searchsorted(y[order], np.arange(y.max() + 2))
    before = np.r_[0.0, total]
    keys = np.empty(0, np.int64)
    for _ in range(_MAX_ROUNDS):
        missing = n_edges - len(keys)
        if missing <= 0:
            break
        size = missing + missing // 8 + 16
        source = _draw(order, total, rng.random(size) * total[-1])
        low, high = before[starts[y[source]]], before[starts[y[source] + 1]]
        inside = rng.random(size) >= mixing
        at = np.where(inside, low, 0.0)
        span = np.where(inside, high - low, total[-1])
        target = _draw(order, total, at + rng.random(size) * span)
        small, large = np.minimum(source, target), np.maximum(source, target)
        new = (small * n_nodes + large)[small != large]
        _, first = np.unique(np.r_[keys, new], return_index=True)
        keys = np.r_[keys, new][np.sort(first)][:n_edges]
    rows, columns = np.divmod(keys, n_nodes)
    both = (np.r_[rows, columns], np.r_[columns, rows])
    ones = np.ones(2 * len(keys), np.float32)
    matrix = sparse.csr_array((ones, both), shape=(n_nodes, n_nodes))
    names: dict[Any, str] = {i: f"node {i}" for i in range(n_nodes)}
    return Bunch(
        graph=Graph(matrix, directed=False), y=y, names=names,
        DESCR=f"Random graph, {kind}: {y.max() + 1} communities, mixing {mixing}.",
    )  # fmt: skip


def _draw(order: IntArray, total: AnyArray, at: AnyArray) -> IntArray:
    """Nodes at places of the cumulated expected degrees."""
    rows = np.minimum(np.searchsorted(total, at, side="right"), len(order) - 1)
    return order[rows].astype(np.int64)


def _check(n_nodes: int, n_edges: int, n_communities: int, mixing: float) -> None:
    if n_nodes < 2 or not 1 <= n_communities <= n_nodes:
        raise GraphValueError(
            "A planted partition needs at least 2 nodes and between 1 and n_nodes "
            f"communities; got n_nodes={n_nodes}, n_communities={n_communities}."
        )
    most = n_nodes * (n_nodes - 1) // 2
    if not 0 <= n_edges <= most:
        raise GraphValueError(
            f"n_edges must lie between 0 and {most:,} for {n_nodes:,} nodes; "
            f"got {n_edges:,}."
        )
    if not 0 <= mixing <= 1:
        raise GraphValueError(f"mixing must lie in [0, 1]; got {mixing!r}.")
