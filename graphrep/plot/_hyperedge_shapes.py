"""Regions around the members of a hyperedge, as distances on a grid of points.

A region is what is near the convex hull of the members, or near a tree of lines between
them where the hull would hold other nodes; around nodes that are no member it is cut.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial import ConvexHull, QhullError

from graphrep.typing import FloatArray, IntArray


def region(
    points: FloatArray,
    places: FloatArray,
    members: IntArray,
    radius: float,
    clear: float,
) -> FloatArray:
    """Signed distance of points to the border of a region, negative inside.

    Parameters
    ----------
    points : ndarray of shape (n_points, 2)
        Where to measure.
    places : ndarray of shape (n_nodes, 2)
        Nodes.
    members : ndarray of int
        Rows of the members, three or more.
    radius : float
        How far the region reaches beyond its members.
    clear : float
        How far it keeps from other nodes.
    """
    own = places[members]
    others = np.delete(places, members, axis=0)
    hull = _hull(own)
    inside = np.zeros(0) if not len(others) else _to_polygon(others, hull)
    if np.sum(inside < 0.6 * clear) > 0:
        away = _to_lines(points, own, _tree(own, others))
    else:
        away = _to_polygon(points, hull)
    border = away - radius
    for other in others:
        border = np.maximum(border, clear - np.hypot(*(points - other).T))
    return border


def levels(groups: Sequence[IntArray]) -> list[int]:
    """Step of the radius of each region: those that share nodes get different ones."""
    order = sorted(range(len(groups)), key=lambda i: (len(groups[i]), i))
    given: dict[int, int] = {}
    for i in order:
        near = {
            level
            for j, level in given.items()
            if len(np.intersect1d(groups[i], groups[j])) > 1
        }
        given[i] = next(n for n in range(len(groups) + 1) if n not in near)
    return [given[i] for i in range(len(groups))]


def _hull(own: FloatArray) -> FloatArray:
    try:
        return np.asarray(own[ConvexHull(own).vertices])
    except QhullError:  # all on one line
        axis = own - own.mean(axis=0)
        along = axis @ np.linalg.svd(axis, full_matrices=False)[2][0]
        return np.asarray(own[[along.argmin(), along.argmax()]])


def _tree(own: FloatArray, others: FloatArray) -> IntArray:
    """Lines of a shortest tree over the members that keeps from other nodes."""
    away = own[:, None, :] - own[None, :, :]
    cost = np.sqrt((away**2).sum(axis=-1))
    for i in range(len(own)):
        for j in range(i):
            if len(others):
                near = _to_lines(others, own, np.array([[i, j]])).min()
                cost[i, j] *= 1 + 3 * max(0.0, 1 - near / 0.4)
                cost[j, i] = cost[i, j]
    tree = minimum_spanning_tree(cost + 1e-9).tocoo()
    return np.stack([tree.row, tree.col], axis=1)


def _to_lines(points: FloatArray, own: FloatArray, lines: IntArray) -> FloatArray:
    out = np.full(len(points), np.inf)
    for a, b in own[lines]:
        along = b - a
        share = np.clip((points - a) @ along / max(float(along @ along), 1e-12), 0, 1)
        out = np.minimum(out, np.hypot(*(points - a - share[:, None] * along).T))
    return out


def _to_polygon(points: FloatArray, hull: FloatArray) -> FloatArray:
    """Distance to a convex polygon whose corners go round to the left; 0 inside."""
    ends = np.arange(len(hull))
    away = _to_lines(points, hull, np.stack([ends, np.roll(ends, -1)], axis=1))
    if len(hull) < 3:
        return away
    inside = np.ones(len(points), bool)
    for a, b in zip(hull, np.roll(hull, -1, axis=0), strict=True):
        x, y = (b - a).tolist()
        inside &= x * (points[:, 1] - a[1]) - y * (points[:, 0] - a[0]) >= 0
    return np.where(inside, 0.0, away)
