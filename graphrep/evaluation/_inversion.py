"""InversionEvaluator: the graph that vectors alone would draw."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator

from graphrep._utils._parallel import resolve_n_jobs
from graphrep._utils._random import draw_seed
from graphrep.base import read_graph
from graphrep.evaluation._embeddings import Embedding, read_embedding
from graphrep.evaluation._records import Records
from graphrep.evaluation._scores import has_score
from graphrep.evaluation._top_pairs import PairBlocks, pair_blocks, scan_pairs
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.typing import AnyArray, FloatArray, GraphLike, IntArray

_ALL_UP_TO = 1e13  # multiplications, twice
_SPARE = 64  # tied pairs drawn beyond those expected to be needed


class InversionEvaluator(BaseEstimator):
    """Draw as many edges as the graph has between the best pairs, and compare.

    Parameters
    ----------
    scores : sequence, default=("native", "cosine")
        Scores to draw by, see `ReconstructionEvaluator`.
    random_state : int, RandomState, Generator or None, default=0
        Breaks ties among pairs for the last places.
    n_jobs : int or None, default=None
        Threads; None takes all processors.

    Raises
    ------
    GraphValueError
        If the graph has no edge, or is so large that all pairs would cost more than
        1e13 multiplications.

    Notes
    -----
    The m best pairs (ordered ones of a directed graph), m being the number of edges,
    make a graph of the same density. Of it and the true graph:

    - "edges_kept": share of the true edges that are drawn (precision at m);
    - "degree_distance": sum of the differences of both sorted degree sequences over
      the sum of the true degrees, in [0, 2]: 0 is the same sequence;
    - "triangles_ratio": triangles drawn over true ones, directions aside;
    - "conductance_ratio": mean conductance of the communities in the drawn graph over
      that in the true one. Near 1 the communities are still there, even where single
      edges are lost; above 1 they are blurred. None without communities;
    - "isolated": share of nodes with a true edge that are drawn without any.

    O(n² d) time for two scans; memory O(m) and a block for each thread.

    References
    ----------
    Chanpuriya, Musco, Sotiropoulos, Tsourakakis. DeepWalking backwards: from
    embeddings back to graphs. ICML 2021.

    Examples
    --------
    >>> from graphrep import AdjacencySVD
    >>> from graphrep.datasets import load_karate
    >>> karate = load_karate()
    >>> found = InversionEvaluator(scores=("native",)).evaluate(
    ...     karate.graph, AdjacencySVD(34))
    >>> found.rows()[0]["edges_kept"], found.rows()[0]["triangles_ratio"]
    (1.0, 1.0)
    """

    def __init__(
        self,
        scores: Any = ("native", "cosine"),
        *,
        random_state: Any = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.scores = scores
        self.random_state = random_state
        self.n_jobs = n_jobs

    def evaluate(
        self,
        graph: GraphLike,
        embedding: Any,
        *,
        communities: Any = None,
        name: str | None = None,
    ) -> Records:
        """Evaluate one embedding; a row for each score.

        Parameters
        ----------
        graph : graph in any form
            The true graph.
        embedding : object
            See `graphrep.evaluation._embeddings.read_embedding`.
        communities : sequence of shape (n_nodes,) or None, default=None
            Community of each node, in row order; None (for a node) is none.
        name : str or None, default=None
            What to call it.

        Returns
        -------
        Records
        """
        true = read_graph(graph).remove_self_loops()
        read = read_embedding(true, embedding, name)
        cost = float(true.n_nodes) ** 2 * (read.n_components or 1)
        if not true.n_edges or cost > _ALL_UP_TO:
            raise GraphValueError(
                f"Drawing the graph ({true.n_nodes:,} nodes, {true.n_edges:,} edges) "
                "needs at least one edge and at most 1e13 multiplications for all "
                f"pairs; this is {cost:.1e}."
            )
        parts = None if communities is None else _codes(communities, true.n_nodes)
        one = isinstance(self.scores, str) or callable(self.scores)
        wanted = [self.scores] if one else list(self.scores)
        rows = [
            self._row(true, read, score, parts)
            for score in wanted
            if has_score(read, score)
        ]
        return Records(read.name, rows)

    def _row(
        self, graph: Graph, embedding: Embedding, score: Any, parts: IntArray | None
    ) -> dict[str, Any]:
        blocks = pair_blocks(embedding, score, directed=graph.directed)
        rows, columns = self._best_pairs(graph, blocks)
        drawn = _matrix(rows, columns, graph.n_nodes)
        true = graph.unweighted().to_scipy()
        first = _matrix(*true.nonzero(), graph.n_nodes)
        if not graph.directed:
            drawn = drawn.maximum(drawn.T).tocsr()
        kept = float(drawn.multiply(first).sum() / first.sum())
        degrees = [np.asarray(m.sum(axis=1)).ravel() for m in (first, drawn)]
        sorted_ = [np.sort(d) for d in degrees]
        triangles = _triangles(first)
        return {
            "embedding": embedding.name,
            "score": blocks.scorer.name,
            "edges_kept": kept,
            "degree_distance": float(
                np.abs(sorted_[0] - sorted_[1]).sum() / sorted_[0].sum()
            ),
            "triangles_ratio": _triangles(drawn) / triangles if triangles else None,
            "conductance_ratio": _conductance_ratio(first, drawn, parts),
            "isolated": float(np.mean(degrees[1][degrees[0] > 0] == 0)),
            "n_edges": graph.n_edges,
        }

    def _best_pairs(
        self, graph: Graph, blocks: PairBlocks
    ) -> tuple[IntArray, IntArray]:
        """Rows and columns of exactly as many pairs as there are edges."""
        n, m = graph.n_nodes, graph.n_edges
        ranking = scan_pairs(graph, blocks, m, self.n_jobs)
        wanted = m - len(ranking.above)
        seed = draw_seed(self.random_state)
        chance = min(1.0, (wanted + 8.0 * np.sqrt(wanted) + _SPARE) / ranking.n_equal)

        def work(first: int) -> tuple[IntArray, IntArray, AnyArray]:
            rows = np.arange(first, min(first + blocks.height, n))
            scores = blocks.block(rows)
            at, columns = np.nonzero(scores >= ranking.threshold)
            ok = columns > at + first if not graph.directed else columns != at + first
            at, columns = at[ok], columns[ok]
            tied = scores[at, columns] == ranking.threshold
            luck = np.random.default_rng((seed, first)).random(len(at))
            some = ~tied | (luck < chance)
            return at[some] + first, columns[some], np.where(tied, luck, -1.0)[some]

        with ThreadPoolExecutor(resolve_n_jobs(self.n_jobs)) as pool:
            found = list(pool.map(work, range(0, n, blocks.height)))
        rows, columns, luck = (
            np.concatenate([part[i] for part in found]) for i in range(3)
        )
        best = np.argsort(luck, kind="stable")[:m]
        return rows[best], columns[best]


def _codes(communities: Any, n_nodes: int) -> IntArray:
    """Community numbers, -1 for none."""
    values = list(communities)
    if len(values) != n_nodes:
        raise GraphValueError(
            f"communities must have one entry a node ({n_nodes:,}); got "
            f"{len(values):,}."
        )
    known = {
        c: i for i, c in enumerate(dict.fromkeys(v for v in values if v is not None))
    }
    return np.array([-1 if v is None else known[v] for v in values], np.int64)


def _matrix(rows: IntArray, columns: IntArray, n: int) -> Any:
    ones = np.ones(len(rows))
    return sparse.csr_array((ones, (rows, columns)), shape=(n, n))


def _triangles(matrix: Any) -> float:
    """Triangles of an undirected view."""
    both = matrix.maximum(matrix.T).tocsr()
    both.setdiag(0)
    both.eliminate_zeros()
    return float((both @ both).multiply(both).sum() / 6)


def _conductance_ratio(true: Any, drawn: Any, parts: IntArray | None) -> float | None:
    if parts is None or not (parts >= 0).any():
        return None
    values = [_conductances(matrix, parts) for matrix in (true, drawn)]
    both = ~np.isnan(values[0]) & ~np.isnan(values[1])
    if not both.any() or not values[0][both].sum():
        return None
    return float(values[1][both].mean() / values[0][both].mean())


def _conductances(matrix: Any, parts: IntArray) -> FloatArray:
    """Edges out of each community over the smaller of both sides' edge ends."""
    edges = matrix.tocoo()
    degree = np.asarray(matrix.sum(axis=1)).ravel()
    n_parts = int(parts.max()) + 1
    inside = parts >= 0
    volume = np.bincount(parts[inside], degree[inside], n_parts)
    source = parts[edges.row]
    leaves = (source >= 0) & (source != parts[edges.col])
    cut = np.bincount(source[leaves], minlength=n_parts)
    smaller = np.minimum(volume, degree.sum() - volume)
    out: FloatArray = np.full(n_parts, np.nan)
    np.divide(cut, smaller, out=out, where=smaller > 0)
    return out
