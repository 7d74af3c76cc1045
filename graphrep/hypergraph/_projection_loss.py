"""projection_loss: what a hypergraph loses when only its graph is kept."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from graphrep.exceptions import GraphValueError, MemoryLimitError
from graphrep.graph import Graph, Hypergraph
from graphrep.hypergraph._maximal_cliques import maximal_cliques
from graphrep.hypergraph._projection_loss_result import ProjectionLoss
from graphrep.io import as_hypergraph
from graphrep.kernels import _projection_loss as kernels
from graphrep.typing import IntArray


def projection_loss(
    hypergraph: Any,
    *,
    min_size: int = 1,
    max_cliques: int | None = 10_000_000,
    max_seconds: float | None = None,
    max_triangles: int | None = 500_000_000,
    n_examples: int = 3,
    n_jobs: int | None = None,
) -> ProjectionLoss:
    """Measure what is lost when hyperedges are replaced by edges between their nodes.

    Parameters
    ----------
    hypergraph : hypergraph-like
        Anything that `graphrep.as_hypergraph` takes. Repeated hyperedges count once,
        empty ones not at all.
    min_size : int, default=1
        Smallest hyperedge that counts.
    max_cliques : int or None, default=10_000_000
        Number of maximal cliques of the graph beyond which what depends on them is
        not computed (None in the result, and said so).
    max_seconds : float or None, default=None
        Time after which the search for them is given up, with the same result.
    max_triangles : int or None, default=500_000_000
        The same for triangles.
    n_examples : int, default=3
        How many lost and how many false hyperedges to name.
    n_jobs : int or None, default=None
        Threads; None for all.

    Returns
    -------
    ProjectionLoss
        Counts; ``print`` tells what they mean.

    Notes
    -----
    Two things cannot be seen in the graph. A hyperedge inside another leaves no trace;
    a hypergraph without such is called Sperner. And hyperedges that meet in pairs may
    form a clique that none of them holds; a hypergraph without such is called
    conformal, which by Gilmore's theorem is the same as: for every three hyperedges
    some hyperedge holds all nodes that two of the three share. The maximal cliques of
    the graph are the hyperedges exactly if the hypergraph is both.

    A clique that is no hyperedge need not hold a triangle that no hyperedge holds: of
    the four triples of four nodes every triangle is there, and the four are a clique.
    So both are counted.

    Time for the cliques, plus O(size log size) for each pair of a hyperedge and one of
    its rarest node, plus O(sum of cubed sizes and of degrees over edges) for triangles.

    References
    ----------
    Y. Wang, J. Kleinberg, "From graphs to hypergraphs: hypergraph projection and its
    reconstruction", ICLR 2024; C. Berge, "Hypergraphs", 1989 (Gilmore's theorem).

    Examples
    --------
    >>> from graphrep.hypergraph import projection_loss
    >>> loss = projection_loss([("a", "b", "c"), ("a", "b"), ("c", "d"), ("d", "a")])
    >>> loss.n_nested, loss.n_false_cliques
    (1, 1)
    >>> loss.false_cliques
    [('a', 'c', 'd')]
    """
    if min_size < 1 or n_examples < 0:
        raise GraphValueError(
            f"min_size must be at least 1 and n_examples at least 0; got {min_size} "
            f"and {n_examples}."
        )
    given = as_hypergraph(hypergraph).with_sizes(min_size)
    simple = given.simple()
    graph = simple.project()
    skipped: list[str] = []
    facts: dict[str, Any] = _nesting(simple, n_examples)
    facts |= _cliques(simple, graph, n_examples, skipped, max_cliques, max_seconds, n_jobs)  # fmt: skip # noqa: E501
    facts |= _triangles(simple, graph, skipped, max_triangles)
    sizes, counts = np.unique(simple.sizes, return_counts=True)
    weights = graph.weights
    return ProjectionLoss(
        min_size=min_size,
        n_nodes=int(np.count_nonzero(simple.degree())),
        n_hyperedges=len(simple),
        n_repeats=int(given.counts.sum()) - len(simple),
        sizes=dict(zip(sizes.tolist(), counts.tolist(), strict=True)),
        n_edges=graph.n_edges,
        n_single_edges=0 if weights is None else int(np.sum(weights == 1.0)) // 2,
        n_members=len(simple.indices),
        not_computed=tuple(skipped),
        **facts,
    )


def _nesting(simple: Hypergraph, n_examples: int) -> dict[str, Any]:
    outer = np.empty(len(simple), np.int64)
    kernels.nested(simple.indptr, simple.indices, *simple.transpose(), outer)
    inner = np.flatnonzero(outer >= 0)
    # the largest are the most telling
    shown = inner[np.argsort(-simple.sizes[inner], kind="stable")][:n_examples]
    return {
        "n_nested": len(inner),
        "nested": [(simple[i], simple[outer[i]]) for i in shown],
    }


def _cliques(
    simple: Hypergraph,
    graph: Graph,
    n_examples: int,
    skipped: list[str],
    max_cliques: int | None,
    max_seconds: float | None,
    n_jobs: int | None,
) -> dict[str, Any]:
    try:
        found = maximal_cliques(
            graph, max_cliques=max_cliques, max_seconds=max_seconds, n_jobs=n_jobs
        )
    except MemoryLimitError:
        skipped.append(f"maximal cliques: there are more than {max_cliques:,}")
        return {}
    except TimeoutError:
        skipped.append(f"maximal cliques: not listed within {max_seconds} seconds")
        return {}
    # a node in no hyperedge is a clique of the graph, but has no part in this
    alone = found.sizes == 1
    alone[alone] = simple.degree()[found.indices[np.repeat(alone, found.sizes)]] == 0
    found = found.take(~alone)
    false = np.flatnonzero(simple.find(found) < 0)
    return {
        "n_cliques": len(found),
        "n_false_cliques": len(false),
        "largest_clique": int(found.sizes.max(initial=0)),
        "false_cliques": _largest(found, false, n_examples),
    }


def _largest(cliques: Hypergraph, rows: IntArray, n: int) -> list[tuple[Hashable, ...]]:
    order = np.argsort(-cliques.sizes[rows], kind="stable")
    return [cliques[i] for i in rows[order][:n]]


def _triangles(
    simple: Hypergraph, graph: Graph, skipped: list[str], most: int | None
) -> dict[str, Any]:
    sizes = simple.sizes.astype(np.float64)
    held = float((sizes * (sizes - 1) * (sizes - 2) / 6).sum())
    limit = np.iinfo(np.int64).max if most is None else most
    if held <= limit:
        total, bare = kernels.count_triangles(
            (graph.indptr, graph.indices),
            (simple.indptr, simple.indices),
            simple.transpose(),
            limit,
        )
        if total <= limit:
            return {"n_triangles": int(total), "n_bare_triangles": int(bare)}
    skipped.append(f"triangles: there are more than {most:,} to look at")
    return {}
