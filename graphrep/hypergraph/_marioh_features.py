"""What MARIOH knows of a candidate: 23 numbers from the weighted graph."""

from __future__ import annotations

import numpy as np

from graphrep.graph._hyperedge_rows import RowTable
from graphrep.hypergraph._weighted_projection import WeightedProjection
from graphrep.kernels import _marioh_features as kernels
from graphrep.typing import FloatArray, IntArray

_FIVE = ("sum", "min", "mean", "max", "std")
FEATURE_NAMES = (
    "size",
    *(f"weight_{s}" for s in _FIVE),
    *(f"strength_{s}" for s in _FIVE),
    *(f"shared_{s}" for s in _FIVE),
    *(f"shared_share_{s}" for s in _FIVE),
    "is_maximal",
    "inside_share",
)
_IS_MAXIMAL = FEATURE_NAMES.index("is_maximal")


def marioh_features(
    projection: WeightedProjection,
    indptr: IntArray,
    members: IntArray,
    maximal: RowTable,
) -> FloatArray:
    """Compute 23 numbers of each candidate, float64 of shape (n_candidates, 23).

    ``maximal`` holds the maximal cliques of the graph that the filter leaves.
    """
    out = np.empty((len(indptr) - 1, kernels.N_FEATURES))
    kernels.clique_features(
        indptr,
        members,
        projection.structure,
        projection.weights,
        projection.shared,
        projection.strength,
        out,
    )
    out[:, _IS_MAXIMAL] = maximal.find(indptr, members) >= 0
    return out
