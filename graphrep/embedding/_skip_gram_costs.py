"""What skip-gram on walks takes, from the sizes of the graph and the parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from graphrep._tasks import Costs
from graphrep.embedding import _skip_gram_run as runs
from graphrep.embedding._walk_costs import costs_of_walks
from graphrep.graph import Graph
from graphrep.typing import AnyArray

_TOKEN = 2000.0
"""Nanoseconds of training for a node of a walk, with 128 components, a window of 10 and
5 negatives: rounded up from runs with 5,000 to 200,000 nodes on one thread."""
_USUAL = 128 * 10 * 6


class Size(NamedTuple):
    """What costs have to know of a graph.

    Attributes
    ----------
    n_nodes, n_entries : int
        Size of the adjacency.
    entry_bytes : int
        Bytes of a stored entry, neighbour and weight.
    weighted : bool
        Whether there are weights.
    stored : bool
        Whether its arrays are mapped from a file, so that the system may let go of
        them where they are not read.
    """

    n_nodes: int
    n_entries: int
    entry_bytes: int
    weighted: bool
    stored: bool

    @property
    def graph(self) -> int:
        """Bytes of its arrays."""
        return 8 * (self.n_nodes + 1) + self.entry_bytes * self.n_entries

    @property
    def held(self) -> int:
        """Bytes of its arrays in memory."""
        return 0 if self.stored else self.graph

    @classmethod
    def of(cls, graph: Graph) -> Size:
        """Size of a graph that is at hand."""
        parts = [part for part in (graph.indices, graph.weights) if part is not None]
        return cls(
            graph.n_nodes, len(graph.indices), sum(part.itemsize for part in parts),
            graph.weights is not None, all(map(_is_mapped, parts)),
        )  # fmt: skip


def memory_of_fit(
    size: Size, n_components: int, options: runs.Options, *, extended: bool,
    n_threads: int, number_bytes: int = 4,
) -> dict[str, int]:  # fmt: skip
    """Bytes of a fit that is whole in memory, by what they are for.

    See `costs_of_skip_gram`; the parts are disjoint and none stands for the sum.
    """
    n = size.n_nodes
    walks = _walks(size, options, second_order=False, extended=extended)
    parts = {
        "graph": size.graph,
        "step_tables": walks.shared - size.graph,
        **runs.training_memory(n, n_components, options, n_threads),
        "order_of_starts": 8 * n,
    }
    if runs.padded_width(n_components) != n_components or number_bytes != 4:
        parts["result"] = 2 * n * n_components * number_bytes
    return {name: count for name, count in parts.items() if count}


def costs_of_skip_gram(
    size: Size, n_components: int, options: runs.Options, *, second_order: bool,
    extended: bool, name: str, n_threads: int, old: int = 0, number_bytes: int = 4,
) -> Costs:  # fmt: skip
    """Costs of a fit: whole, or with walks in files before it trains.

    While walks are drawn there are no vectors, and while vectors are trained nothing
    of the graph is read.

    Parameters
    ----------
    size : Size
        The graph.
    n_components : int
        Dimension of the vectors.
    options : Options
        Parameters of the training.
    second_order, extended : bool
        Whether p or q is not 1, and whether there are thresholds of node2vec+.
    name : str
        Name of the method.
    n_threads : int
        Threads that train.
    old : int, default=0
        Bytes of what is there besides: vectors of a fit before, a graph with loops.
    number_bytes : int, default=4
        Bytes of a number of the result; what is trained has 4.
    """
    n, m = size.n_nodes, size.n_entries
    walks = _walks(size, options, second_order=second_order, extended=extended)
    held = old + size.held
    parts = memory_of_fit(
        size, n_components, options, extended=extended, n_threads=n_threads,
        number_bytes=number_bytes,
    )  # fmt: skip
    training = sum(parts.values()) - walks.shared
    tokens = n * options.n_epochs * options.walks_per_node * options.walk_length
    work = n_components * options.window * (options.n_negatives + 1) / _USUAL
    seconds = (walks.cpu_seconds or 0.0) + 1e-9 * tokens * _TOKEN * work
    return replace(
        walks, what=f"{name} of {n:,} nodes and {m:,} entries",
        whole=walks.shared + old + training, shared=walks.shared + held,
        after=held + max(walks.shared, training), cpu_seconds=seconds,
    )  # fmt: skip


def _walks(
    size: Size, options: runs.Options, *, second_order: bool, extended: bool
) -> Costs:
    n = size.n_nodes
    return costs_of_walks(
        n, size.n_entries, n_starts=n, rounds=options.n_epochs * options.walks_per_node,
        length=options.walk_length, weighted=size.weighted, extended=extended,
        second_order=second_order, entry_bytes=size.entry_bytes,
    )  # fmt: skip


def _is_mapped(array: AnyArray | None) -> bool:
    while array is not None and not isinstance(array, np.memmap):
        array = getattr(array, "base", None)
    return array is not None
