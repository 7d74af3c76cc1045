"""Scores of pairs without vectors: what two nodes' neighbourhoods have in common."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep.evaluation._embeddings import Embedding, read_embedding
from graphrep.evaluation._scores import PairScorer
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.graph._csr import transpose
from graphrep.kernels._neighbourhood import grid, shared_block, shared_pairs
from graphrep.typing import AnyArray, FloatArray, IntArray

if TYPE_CHECKING:
    from typing import Self

KINDS = (
    "common_neighbors", "adamic_adar", "resource_allocation",
    "preferential_attachment", "jaccard",
)  # fmt: skip
BASELINE_KINDS = KINDS[:3]


class NeighbourhoodScore(PairScorer):
    """Score pairs of nodes by their common neighbours: the baselines without vectors.

    Parameters
    ----------
    kind : str, default="common_neighbors"
        With N(i) the neighbours of node i, and d(z) the degree of z:

        - ``"common_neighbors"``: the number of z in N(i) ∩ N(j);
        - ``"adamic_adar"``: the sum of 1 / ln d(z) over these z;
        - ``"resource_allocation"``: the sum of 1 / d(z) over these z;
        - ``"jaccard"``: size of N(i) ∩ N(j) over that of N(i) ∪ N(j), 0 where
          both are empty;
        - ``"preferential_attachment"``: d(i) · d(j).

    Attributes
    ----------
    name : str
        The kind.
    n_nodes : int
        Nodes of the graph that was read.
    symmetric : bool
        Whether a pair scores the same both ways: for undirected graphs.

    Raises
    ------
    GraphValueError
        For another kind, and where scores are asked for before `fit`.

    Notes
    -----
    The edges' weights and loops play no role. In a directed graph the score of (i, j)
    counts paths along the arrows: z is between i and j if i → z → j, that is N(i)
    holds the successors of i and N(j) the predecessors of j; d(z) counts edges of
    either direction, and "preferential_attachment" is out-degree times in-degree.

    The score of a node with itself means nothing. The weights 1 / ln d and 1 / d are
    rounded to multiples of 2⁻³⁰ and summed exactly, scores to float32 at the end: the
    same bits in any block, on any thread and in any order of the nodes, so that equal
    scores tie.

    A row takes O(n_nodes + sum of the neighbours' degrees) time; nothing larger than
    the block asked for is ever held.

    References
    ----------
    .. [1] D. Liben-Nowell, J. Kleinberg. The link-prediction problem for social
       networks. JASIST 58(7), 2007. https://doi.org/10.1002/asi.20591
    .. [2] T. Zhou, L. Lü, Y.-C. Zhang. Predicting missing links via local information.
       European Physical Journal B 71, 2009.
       https://doi.org/10.1140/epjb/e2009-00335-8

    Examples
    --------
    >>> from graphrep import Graph
    >>> square = Graph.from_edges([0, 1, 2, 3], [1, 2, 3, 0])
    >>> NeighbourhoodScore("common_neighbors").fit(square).block([0])[0, 1:].tolist()
    [0.0, 2.0, 0.0]
    """

    n_nodes: int
    symmetric: bool
    thread_safe = True

    def __init__(self, kind: str = "common_neighbors") -> None:
        self.kind = self.name = kind  # the rest is known when there is a graph

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, so that scikit-learn can clone it."""
        return {"kind": self.kind}

    def set_params(self, **params: Any) -> Self:
        """Change the kind; `fit` must follow."""
        if set(params) - {"kind"}:
            raise GraphValueError(
                f"{self!r} has no other parameter than 'kind'; got {sorted(params)}."
            )
        self.kind = self.name = params.get("kind", self.kind)
        self.__dict__.pop("n_nodes", None)
        return self

    def fit(self, graph: Graph, y: Any = None) -> Self:
        """Read a graph: its rows and degrees are all that scores need."""
        if self.kind not in KINDS:
            raise GraphValueError(
                f"kind must be one of {', '.join(map(repr, KINDS))}; got {self.kind!r}."
            )
        if graph.n_loops:
            graph = graph.remove_self_loops()
        self.n_nodes, self.symmetric = graph.n_nodes, not graph.directed
        self._csr = graph.csr
        self._into = (
            transpose(graph.csr, graph.n_nodes) if graph.directed else self._csr
        )
        self._out_degree = np.diff(self._csr.indptr).astype(np.float64)
        self._in_degree = np.diff(self._into.indptr).astype(np.float64)
        self._weights = self._weights_of(graph.degree(kind="both"))
        return self

    def block(self, rows: IntArray) -> FloatArray:
        """Scores of some nodes with all nodes.

        Parameters
        ----------
        rows : array-like of int of shape (n_rows,)
            Row numbers.

        Returns
        -------
        ndarray of float32 of shape (n_rows, n_nodes)
            A new array, in C order.
        """
        self._require_fit()
        rows = np.asarray(rows, np.int64)
        degree = self._out_degree[rows][:, None]
        if self.kind == "preferential_attachment":
            return (degree * self._in_degree).astype(np.float32)
        out = np.empty((len(rows), self.n_nodes), np.float32)
        total = np.empty(self.n_nodes)
        indptr, indices, _ = self._csr
        shared_block(indptr, indices, self._weights, rows, total, out)
        if self.kind == "jaccard":
            for b, shared in enumerate(out):
                shared[:] = _share(shared, degree[b] + self._in_degree)
        return out

    def pairs(self, rows: AnyArray, columns: AnyArray) -> FloatArray:
        """Scores of some pairs, float64: the very numbers that `block` gives."""
        self._require_fit()
        rows, columns = np.asarray(rows, np.int64), np.asarray(columns, np.int64)
        degrees = self._out_degree[rows], self._in_degree[columns]
        if self.kind == "preferential_attachment":
            return (degrees[0] * degrees[1]).astype(np.float32).astype(np.float64)
        out: FloatArray = np.empty(len(rows))
        shared_pairs(*self._csr[:2], *self._into[:2], self._weights, rows, columns, out)
        if self.kind == "jaccard":
            out = _share(out, degrees[0] + degrees[1])
        return out.astype(np.float32).astype(np.float64)

    def __call__(self, rows: IntArray) -> FloatArray:
        """Scores of some nodes with all nodes; see `block`."""
        return self.block(rows)

    def __repr__(self) -> str:
        return f"NeighbourhoodScore({self.kind!r})"

    def as_embedding(
        self, graph: Graph | None = None, name: str | None = None
    ) -> Embedding:
        """Read a graph, if one is given, and stand beside embeddings in a table.

        Parameters
        ----------
        graph : Graph or None, default=None
            Graph to `fit` first; None where that was done.
        name : str or None, default=None
            Name of the row; the kind where None.
        """
        if graph is not None:
            self.fit(graph)
        self._require_fit()
        return Embedding(
            name=self.kind if name is None else name, source=None, target=None,
            native="own", own=self, estimator=self, fit_seconds=None,
            kind="score",
        )  # fmt: skip

    def _weights_of(self, degree: IntArray) -> FloatArray:
        """Count what a common neighbour of each degree is worth; it has two edges."""
        at_least_two = np.maximum(degree, 2).astype(np.float64)
        if self.kind == "adamic_adar":
            return np.asarray(grid(1 / np.log(at_least_two)))
        if self.kind == "resource_allocation":
            return np.asarray(grid(1 / at_least_two))
        return np.ones(len(degree))

    def _require_fit(self) -> None:
        if not hasattr(self, "n_nodes"):
            raise GraphValueError(
                f"{self!r} has not read a graph yet; call fit(graph) first."
            )


def _share(shared: FloatArray, sizes: FloatArray) -> FloatArray:
    """Intersection over union, from the intersection and the sum of both sizes."""
    union = sizes - shared
    return np.divide(shared, union, out=np.zeros(len(union)), where=union > 0)


def baseline_embeddings(
    graph: Graph, n_components: int = 128, random_state: Any = 0
) -> dict[str, Embedding]:
    """Make the rows that every table should have beside the embeddings it is about.

    Parameters
    ----------
    graph : Graph
        The graph that is assessed (or trained on).
    n_components : int, default=128
        Dimension of the random vectors and rank of the decomposition. No more than
        there are nodes, and one less where odd and the graph is directed.
    random_state : int, RandomState, Generator or None, default=0
        Seed of the random vectors.

    Returns
    -------
    dict of str to Embedding
        "random" (knows nothing), "degree" (popularity alone), "common_neighbors",
        "adamic_adar", "resource_allocation" (no vectors at all) and "adjacency_svd"
        (the best dot products of that rank, in least squares); ``baseline`` is True.
    """
    from graphrep.embedding import AdjacencySVD, DegreeVectors, RandomVectors

    rank = max(1, min(n_components, graph.n_nodes))
    svd_rank = max(2, rank - rank % 2) if graph.directed else rank
    made: dict[str, Any] = {
        "random": RandomVectors(rank, random_state=random_state),
        "degree": DegreeVectors(),
    }
    made.update((kind, NeighbourhoodScore(kind)) for kind in BASELINE_KINDS)
    made["adjacency_svd"] = AdjacencySVD(svd_rank)
    return {
        name: replace(read_embedding(graph, value, name), baseline=True)
        for name, value in made.items()
    }


__all__ = ["BASELINE_KINDS", "KINDS", "NeighbourhoodScore", "baseline_embeddings"]
