"""Places of labels beside nodes such that few cover a node or one another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphrep.typing import FloatArray

_LETTER = 0.6  # mean width of a letter over the size of the font
_TURNS = np.pi * np.array([1.5, 0.5, 0.0, 1.0, 1.75, 1.25, 0.25, 0.75])


def label_places(
    places: FloatArray, names: Sequence[str], size: float, radius: float
) -> tuple[FloatArray, FloatArray]:
    """Centre of each label, one of eight places around its node, and half its sides.

    Parameters
    ----------
    places : ndarray of shape (n_nodes, 2)
        Nodes.
    names : sequence of str
        Labels.
    size : float
        Of the font, in the units of ``places``.
    radius : float
        Of a node.
    """
    half = np.array(
        [[_LETTER * size * len(n) / 2, 0.62 * size] for n in names]
    ).reshape(-1, 2)
    outwards = places - (places.mean(axis=0) if len(places) else 0.0)
    outwards /= max(float(np.abs(outwards).max(initial=0.0)), 1e-9)
    out = np.zeros((len(names), 2))
    done: list[int] = []
    for i in np.lexsort((places[:, 0], -places[:, 1])):
        best = np.inf
        for turn in _TURNS:
            way = np.array([np.cos(turn), np.sin(turn)])
            spot = places[i] + way * (half[i] + radius + 0.15 * size)
            cost = _overlap(spot, half[i], places, np.full_like(half, radius)).sum()
            cost += 1.5 * _overlap(spot, half[i], out[done], half[done]).sum()
            cost -= 0.05 * size**2 * float(way @ outwards[i])  # where there is room
            if cost < best - 1e-9:
                best, out[i] = cost, spot
        done.append(int(i))
    return out, half


def _overlap(
    spot: FloatArray, half: FloatArray, others: FloatArray, halves: FloatArray
) -> FloatArray:
    """Area that a box shares with each of some others."""
    sides = np.minimum(spot + half, others + halves) - np.maximum(
        spot - half, others - halves
    )
    area: FloatArray = np.prod(np.maximum(sides, 0.0), axis=1)
    return area
