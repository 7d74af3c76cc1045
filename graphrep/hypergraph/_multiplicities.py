"""How often each hyperedge occurs, from weights that count repeats."""

from __future__ import annotations

import numpy as np

from graphrep.graph import Graph
from graphrep.hypergraph._candidates import Rows
from graphrep.hypergraph._explanation import cover_of
from graphrep.kernels._multiplicity_fit import descend
from graphrep.typing import IntArray

_SWEEPS = 200
_RIDGE = 1e-5


def fit_multiplicities(graph: Graph, rows: Rows) -> IntArray:
    """Whole numbers of at least one that explain the weights best.

    Minimises the squared residual of the weights plus a tiny pull of every
    multiplicity to one, by coordinate descent. O(pairs of nodes in the hyperedges)
    time a sweep.
    """
    cover = cover_of(graph, rows, True)
    x = np.ones(len(rows[0]) - 1)
    descend(
        cover.pointers, cover.edges, cover.amount.astype(np.float64), x, _RIDGE, _SWEEPS
    )
    return np.maximum(1, np.rint(x)).astype(np.int64)
