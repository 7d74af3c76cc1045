"""Places of nodes in the plane such that hyperedges stay together.

Stress majorization (Gansner, Koren and North, 2004) of path lengths in the graph where
each hyperedge of three and more nodes is a star around a hub: deterministic, made for
drawings of some tens of nodes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from graphrep.typing import FloatArray, IntArray

_SWEEPS = 300
_ARM, _ARM_EACH = 0.32, 0.12  # length of a hub's arms, and what each member adds
_CHORD = 1.27  # mean distance of two points of a circle over its radius
_APART = 0.62  # least distance of two nodes
_GAP = 1.1  # between components
_ASPECT = 1.15  # width over height of the whole


def node_layout(
    n_nodes: int, pairs: IntArray, groups: Sequence[IntArray]
) -> FloatArray:
    """Lay nodes out; edges are about one long.

    Parameters
    ----------
    n_nodes : int
        Number of nodes.
    pairs : ndarray of int of shape (n_edges, 2)
        Edges of the graph.
    groups : sequence of ndarray of int
        Hyperedges of three and more nodes.

    Returns
    -------
    ndarray of shape (n_nodes, 2)
    """
    lengths = _star_graph(n_nodes, pairs, groups)
    _, part = connected_components(lengths, directed=False)
    places = np.zeros((n_nodes, 2))
    boxes: list[tuple[IntArray, FloatArray]] = []
    for one in np.unique(part[:n_nodes]):
        rows = np.flatnonzero(part == one)
        own = rows[rows < n_nodes]
        spread = _one_component(lengths[rows][:, rows], len(own))
        places[own] = spread - spread.min(axis=0)
        boxes.append((own, np.ptp(spread, axis=0)))
    return _packed(places, boxes)


def _star_graph(n_nodes: int, pairs: IntArray, groups: Sequence[IntArray]) -> csr_array:
    arms = [_ARM + _ARM_EACH * len(g) for g in groups]
    apart = np.ones(len(pairs))
    for group, arm in zip(groups, arms, strict=True):
        inside = np.isin(pairs, group).all(axis=1)
        apart[inside] = np.maximum(apart[inside], _CHORD * arm)
    reach = [np.full(len(g), a) for g, a in zip(groups, arms, strict=True)]
    hubs = [np.full(len(g), n_nodes + i) for i, g in enumerate(groups)]
    source = np.concatenate([pairs[:, 0], *groups]).astype(np.int64)
    target = np.concatenate([pairs[:, 1], *hubs]).astype(np.int64)
    value = np.concatenate([apart, *reach])
    size = n_nodes + len(groups)
    return csr_array((value, (source, target)), shape=(size, size))


def _one_component(lengths: csr_array, n_own: int) -> FloatArray:
    """Places of the nodes of one component, its longer side across."""
    wanted = dijkstra(lengths, directed=False)
    places = _stress(wanted, _axes(wanted))[:n_own]
    places = _apart(places - places.mean(axis=0))
    if n_own > 2:
        _, _, turned = np.linalg.svd(places, full_matrices=False)
        places = places @ _signed(turned).T
    return places


def _axes(wanted: FloatArray) -> FloatArray:
    """Classical scaling: coordinates whose distances are near those wanted."""
    squared = wanted**2
    middle = squared - squared.mean(axis=0) - squared.mean(axis=1)[:, None]
    values, vectors = np.linalg.eigh(-0.5 * (middle + squared.mean()))
    first = _signed(vectors[:, ::-1][:, :2].T).T
    out = np.zeros((len(wanted), 2))
    out[:, : first.shape[1]] = first * np.sqrt(np.maximum(values[::-1][:2], 0))
    # nodes that are joined alike must not start in one place
    turn = np.arange(len(wanted)) * 2.399963
    return out + 0.05 * np.stack([np.cos(turn), np.sin(turn)], axis=1)


def _signed(rows: FloatArray) -> FloatArray:
    """Turn rows so that their largest entry is positive."""
    most = np.abs(rows).argmax(axis=1)
    return rows * np.where(rows[np.arange(len(rows)), most] < 0, -1.0, 1.0)[:, None]


def _stress(wanted: FloatArray, places: FloatArray) -> FloatArray:
    n = len(wanted)
    if n < 2:
        return places
    weight = 1.0 / np.maximum(wanted, 1e-9) ** 2
    np.fill_diagonal(weight, 0.0)
    laplacian = np.diag(weight.sum(axis=1)) - weight
    solve = np.linalg.pinv(laplacian)
    for _ in range(_SWEEPS):
        apart = _distances(places)
        pull = -weight * wanted / np.maximum(apart, 1e-9)
        np.fill_diagonal(pull, 0.0)
        np.fill_diagonal(pull, -pull.sum(axis=1))
        places = solve @ (pull @ places)
    return places


def _apart(places: FloatArray) -> FloatArray:
    """Push nodes that are too near away from each other."""
    places = places.copy()
    for _ in range(60):
        apart = _distances(places)
        np.fill_diagonal(apart, np.inf)
        if apart.min() >= 0.98 * _APART:
            break
        step = np.maximum(_APART - apart, 0.0) / np.maximum(apart, 1e-9) / 2
        away = places[:, None, :] - places[None, :, :]
        places += 0.5 * (step[:, :, None] * away).sum(axis=1)
    return places


def _distances(places: FloatArray) -> FloatArray:
    away = places[:, None, :] - places[None, :, :]
    distances: FloatArray = np.sqrt((away**2).sum(axis=-1))
    return distances


def _packed(places: FloatArray, boxes: list[tuple[IntArray, FloatArray]]) -> FloatArray:
    """Put components side by side on shelves, the largest first."""
    area = sum(float(np.prod(size + _GAP)) for _, size in boxes)
    widest = max((size[0] for _, size in boxes), default=0.0)
    width = max(widest + _GAP, _ASPECT * np.sqrt(area))
    boxes = sorted(boxes, key=lambda box: (-len(box[0]), box[0][0]))
    left = top = high = 0.0
    out = np.zeros_like(places)
    for rows, size in boxes:
        if left > 0 and left + size[0] > width:
            left, top, high = 0.0, top - high - _GAP, 0.0
        out[rows] = places[rows] + (left, top - size[1])
        left, high = left + size[0] + _GAP, max(high, float(size[1]))
    return out
