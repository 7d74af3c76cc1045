"""What counts as relevant: neighbourhoods by hops, found for a few nodes at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.kernels import _hops
from graphrep.typing import AnyArray, IntArray

kernels: Any = _hops  # kernels carry no annotations

MODES = ("ball", "shell")
NEARER = ("keep", "filter")
DIRECTIONS = ("out", "in", "both")
_MOST_HOPS = 61  # classes are bits of an int64


class Truth(Protocol):
    """Sorts the nodes into classes for each query, and names lists of classes.

    Attributes
    ----------
    names : tuple of str
        Name of each list.
    relevant, removed : ndarray of int64 of shape (n_lists,)
        Classes that are relevant, or no candidates, in each list, as bits.
    n_classes : int
        Classes 1 to ``n_classes`` may be relevant, ``n_classes + 1`` is the rest and
        0 is no candidate.
    """

    names: tuple[str, ...]
    relevant: IntArray
    removed: IntArray
    n_classes: int

    def fill(self, rows: IntArray, classes: AnyArray, queue: IntArray) -> None:
        """Write the class of every node for each query, uint8 (n_rows, n_nodes)."""


class HopTruth:
    """Neighbourhoods of a graph by hop distance.

    Parameters
    ----------
    graph : Graph
        Where distances are measured; weights play no part.
    hops : sequence of int, default=(1, 2, 3)
        Distances to make lists of.
    mode : {"ball", "shell"} or sequence of them, default=("ball", "shell")
        Up to k hops, or exactly k; the same for k = 1.
    nearer : {"keep", "filter"} or sequence of them, default=("keep", "filter")
        Whether nodes nearer than a shell compete with it, or are left out.
    direction : {"out", "in", "both"}, default="out"
        How edges of a directed graph are followed.
    candidates : ndarray of bool of shape (n_nodes,) or None, default=None
        Nodes that are ranked; None ranks all but the query.

    Attributes
    ----------
    graph : Graph
        Whose rows lead where the direction says.
    parameters : dict of str to list
        Hops, modes and what is done with nearer nodes, as JSON has them.

    Notes
    -----
    ``hop1``, ``ball2``, ``shell2``, ``shell2_filtered`` and so on are the names of the
    lists. A query costs a breadth-first search that stops at the largest hop:
    O(n_nodes) bytes to clear and the edges within reach.
    """

    def __init__(
        self,
        graph: Graph,
        hops: Sequence[int] = (1, 2, 3),
        *,
        mode: str | Sequence[str] = MODES,
        nearer: str | Sequence[str] = NEARER,
        direction: str = "out",
        candidates: AnyArray | None = None,
    ) -> None:
        hops = _checked_hops(hops)
        self.candidates = candidates
        modes = _choices("mode", mode, MODES)
        filters = _choices("nearer", nearer, NEARER)
        lists = [entry for hop in hops for entry in _lists(hop, modes, filters)]
        self.names: tuple[str, ...] = tuple(name for name, _, _ in lists)
        self.relevant: IntArray = np.array([bits for _, bits, _ in lists], np.int64)
        self.removed: IntArray = np.array([bits for _, _, bits in lists], np.int64)
        self.n_classes: int = max(hops)
        self.graph = _followed(graph, direction)
        self.parameters: dict[str, Any] = {
            "hops": hops, "mode": list(modes), "nearer": list(filters)
        }  # fmt: skip
        self._outside = None if candidates is None else ~candidates

    def fill(self, rows: IntArray, classes: AnyArray, queue: IntArray) -> None:
        """Write the class of every node for each query."""
        csr = self.graph.csr
        kernels.hop_classes(
            csr.indptr, csr.indices, rows, self.n_classes, classes, queue
        )
        if self._outside is not None:
            classes[:, self._outside] = 0


def _followed(graph: Graph, direction: str) -> Graph:
    """Graph whose rows lead where the direction says."""
    if direction not in DIRECTIONS:
        raise GraphValueError(
            f"direction must be 'out', 'in' or 'both'; got {direction!r}."
        )
    if not graph.directed or direction == "out":
        return graph
    return graph.reverse() if direction == "in" else graph.symmetrize()


def _checked_hops(hops: Sequence[int]) -> list[int]:
    values = [hops] if isinstance(hops, (int, np.integer)) else list(hops)
    wrong = [h for h in values if int(h) != h or not 1 <= h <= _MOST_HOPS]
    if wrong or not values:
        raise GraphValueError(
            f"hops must be whole numbers from 1 to {_MOST_HOPS}; got {hops!r}."
        )
    return sorted({int(h) for h in values})


def _choices(
    label: str, given: str | Sequence[str], known: tuple[str, ...]
) -> tuple[str, ...]:
    values = (given,) if isinstance(given, str) else tuple(given)
    if not values or set(values) - set(known):
        raise GraphValueError(
            f"{label} must be one or more of {', '.join(map(repr, known))}; got "
            f"{given!r}."
        )
    return values


def _lists(
    hop: int, modes: tuple[str, ...], filters: tuple[str, ...]
) -> list[tuple[str, int, int]]:
    """Name, relevant classes and removed classes of the lists of one distance."""
    shell = 1 << hop
    inside = sum(1 << h for h in range(1, hop))
    if hop == 1:
        return [("hop1", shell, 0)]
    out = [(f"ball{hop}", shell | inside, 0)] if "ball" in modes else []
    if "shell" in modes and "keep" in filters:
        out.append((f"shell{hop}", shell, 0))
    if "shell" in modes and "filter" in filters:
        out.append((f"shell{hop}_filtered", shell, inside))
    return out
