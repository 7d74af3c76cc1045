"""HOPE: source and target vectors whose products approximate a proximity of nodes."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from graphrep._utils._sklearn_compat import THREADS, Interval, StrOptions
from graphrep._utils._warn import warn_user
from graphrep.embedding import _hope_solvers as solvers
from graphrep.embedding._transductive import Fitted, Task, TransductiveEmbedder
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.typing import AnyArray, FloatArray

_LOW_COVERAGE = 0.5
_PANELS = 6
_BASES = 5
_FLOAT = np.dtype(np.float64).itemsize
_PROXIMITIES = {
    "katz", "rooted_pagerank", "symmetric_pagerank", "common_neighbors", "adamic_adar",
}  # fmt: skip


class HOPE(TransductiveEmbedder):
    """Embed nodes so that source times target is a proximity, direction kept.

    Parameters
    ----------
    n_components : int, default=128
        Dimension of the embedding, even: one half for the source vectors, the other
        for the target vectors.
    proximity : str, default="katz"
        What is approximated; ``S[i, j]`` is the proximity from i to j.

        - "katz": walks of all lengths from i to j, each edge damped by ``beta``.
        - "rooted_pagerank": share of the time that a walk which returns to i with
          probability ``1 - alpha`` before each step spends at j.
        - "symmetric_pagerank": the same with ``D^-1/2 A D^-1/2`` for transitions.
        - "common_neighbors": paths of two edges.
        - "adamic_adar": the same, those over hubs counting less (see ``weight``).
    beta : "auto", float or ("half_life", float), default="auto"
        Damping of the Katz series. "auto" is half of the largest value that
        converges, ``0.5 / rho`` with the spectral radius rho of the graph; a graph
        without cycles has none, and half of one over the mean weight is taken.
        ``("half_life", x)`` makes a walk of x edges of mean weight count half, the
        natural scale of a taxonomy, where large values find far ancestors.
    alpha : float, default=0.5
        Probability to walk on, for the two PageRank proximities.
    weight : {"inverse", "log"}, default="inverse"
        What a path counts over a node, for "adamic_adar": one over its weighted
        degree (as in the paper), or over the logarithm of its number of neighbours
        (the classical index).
    solver : str, default="auto"
        How S is factorised; it is never formed beyond a few hundred nodes.

        - "spectral": from eigenpairs of the adjacency; exact, undirected only, not
          for "rooted_pagerank".
        - "randomized": block power iteration on the operator; approximate.
        - "exact": singular triplets of the operator, converged.
        - "projection": ``source = S R`` with random targets R, no decomposition at
          all. On taxonomies it tells parents from other ancestors, which a
          decomposition does not, at a fifth of the time (see Notes).
        - "auto": "spectral" where it can be, else "exact" for up to 500 nodes and
          "randomized" beyond.
    n_iter : int, default=3
        Power iterations of the solver "randomized".
    n_oversamples : int, default=16
        Columns beyond the rank that the solver "randomized" carries along.
    self_loops : {"drop", "keep"}, default="drop"
        Whether edges from a node to itself count.
    n_jobs : int or None, default=None
        Number of threads, None for all; the result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        An int gives the same embedding on every call.
    verbose : int, default=0
        1 logs a line for each fit, 2 also its steps (logger "graphrep").

    Attributes
    ----------
    embedding_ : ndarray of shape (n_nodes, n_components)
        Source vectors, then target vectors, side by side; zero for isolated nodes.
    target_embedding_ : None
        The targets stand in ``embedding_``.
    source_, target_ : ndarray of shape (n_nodes, n_components // 2)
        The two halves of ``embedding_``, as views.
    singular_values_ : ndarray of shape (n_components // 2,)
        Of S, descending, zeros behind its rank; empty for the solver "projection".
    beta_, spectral_radius_ : float or None
        Damping that was used, and the spectral radius of the graph: zero without
        cycles, None for proximities other than "katz".
    coverage_, target_coverage_ : float
        Share of the nodes with a source (target) vector that is not zero.
    node_ids_ : ndarray of shape (n_nodes,)
        Ids in row order, int64 or object.
    n_features_in_ : int
        Number of nodes of the fitted graph.
    n_isolated_ : int
        Number of nodes without edges.
    random_seed_ : int
        The 64-bit seed that was used.

    Raises
    ------
    GraphValueError
        For odd ``n_components``, a ``beta`` at which the series diverges, and a
        solver that does not fit the proximity or a directed graph.

    Warns
    -----
    GraphWarning
        If over half of the nodes that have edges out get zero source vectors: the
        largest singular vectors of S do not reach them.

    See Also
    --------
    LaplacianEigenmaps : For undirected graphs, by distance.
    FastRP : Much faster, without a model of the direction.

    Notes
    -----
    ``S ~ U diag(s) V^T``, the best approximation of its rank; source ``U s^1/2``,
    target ``V s^1/2``; `decoder_score` is source times target. For ranking neighbours
    of directed graphs score sources against targets; the cosine of two sources says
    little.

    Complexity, for m entries, k = n_components / 2 and l terms of the series: time
    ``O(l m k + n k^2)`` for each of the ``2 n_iter + 2`` products of "randomized"
    (about 30 terms at the default beta), a few hundred products with A itself for
    "spectral", and one product for "projection"; memory ``O(m + n k)``.

    "spectral" uses that S = f(A) has the eigenvectors of A: eigenpairs from both ends
    of the spectrum until no other can be among the k largest ``|f|``; the target is
    the source with the columns of negative f turned round. Adamic-Adar is a square,
    ``(A D'^1/2)(A D'^1/2)^T``, and comes from the singular vectors of its half.
    "projection" scores are unbiased estimates of S with noise of the order
    ``|S_i| / k^1/2``. On WordNet's hypernyms (82,115 nodes, 256 dimensions) it ranks
    the parent with a mean reciprocal rank of 0.999 at ``beta=0.5`` and 0.65 at 0.9,
    all ancestors with a mean average precision of 0.27 and 0.63; "randomized" at 0.9
    reaches 0.89 for ancestors and 0.08 for parents, in five times the time.

    Deviations from the paper: its generalised singular value decomposition
    (JDGSVD) is replaced by the solvers above, which minimise the same error. The
    paper's transition matrix has columns of sum one, which would score j to i; ours
    has rows of sum one. Walks end where there is no edge out. The degree in ``D'`` of
    an undirected graph counts each edge once, not twice. Weights count as they are.

    Rows shorter than 1e-8 of the longest of their side are set to zero: they are
    rounding errors, which a cosine would blow up. Columns behind the numerical rank
    (fewer nodes than dimensions, or S of low rank) are zero. Where singular values
    coincide, any basis of their space is as good, and the one returned is that of
    the seed. Disconnected graphs: the strongest component may take all dimensions;
    see ``coverage_``. `transform` gives a new node the weighted mean of its
    neighbours' vectors.

    References
    ----------
    Ou, Cui, Pei, Zhang, Zhu: Asymmetric transitivity preserving graph embedding,
    KDD 2016.

    Examples
    --------
    >>> from graphrep import Graph, HOPE
    >>> below, above = ["lynx", "cat", "mammal"], ["cat", "mammal", "animal"]
    >>> graph = Graph.from_edges(below, above, directed=True)
    >>> model = HOPE(4, beta=0.5, solver="exact").fit(graph)
    >>> model.source_.shape, model.target_.shape
    ((4, 2), (4, 2))
    >>> lynx, animal = 0, 3
    >>> score = model.decoder_score([lynx, animal], [animal, lynx])
    >>> bool(score[0] > score[1])
    True
    """

    _takes_directed = True
    decoder = "own"
    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "n_components": [Interval(Integral, 2, None, closed="left")],
        "proximity": [StrOptions(_PROXIMITIES)],
        "beta": [
            Interval(Real, 0, None, closed="neither"),
            StrOptions({"auto"}),
            tuple,
        ],
        "alpha": [Interval(Real, 0, 1, closed="neither")],
        "weight": [StrOptions({"inverse", "log"})],
        "solver": [
            StrOptions({"auto", "spectral", "randomized", "exact", "projection"})
        ],
        "n_iter": [Interval(Integral, 0, None, closed="left")],
        "n_oversamples": [Interval(Integral, 0, None, closed="left")],
        "self_loops": [StrOptions({"drop", "keep"})],
        **THREADS,
        "random_state": ["random_state", np.random.Generator],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        n_components: int = 128,
        *,
        proximity: str = "katz",
        beta: Any = "auto",
        alpha: float = 0.5,
        weight: str = "inverse",
        solver: str = "auto",
        n_iter: int = 3,
        n_oversamples: int = 16,
        self_loops: str = "drop",
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.proximity = proximity
        self.beta = beta
        self.alpha = alpha
        self.weight = weight
        self.solver = solver
        self.n_iter = n_iter
        self.n_oversamples = n_oversamples
        self.self_loops = self_loops
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    # -- looking at the result -----------------------------------------------------
    @property
    def source_(self) -> AnyArray:
        """Source vectors: the first half of the columns of ``embedding_``."""
        check_is_fitted(self)
        half: AnyArray = self.embedding_[:, : self.embedding_.shape[1] // 2]
        return half

    @property
    def target_(self) -> AnyArray:
        """Target vectors: the second half of the columns of ``embedding_``."""
        check_is_fitted(self)
        half: AnyArray = self.embedding_[:, self.embedding_.shape[1] // 2 :]
        return half

    def decoder_score(self, rows: Any, columns: Any) -> AnyArray:
        """Approximate the proximity of pairs: source of one times target of the other.

        Parameters
        ----------
        rows, columns : int or array-like of int
            Row numbers of sources and targets, broadcast against each other.

        Returns
        -------
        ndarray
            Estimates of ``S[rows, columns]``.
        """
        source, target = self.source_, self.target_
        rows, columns = np.asarray(rows), np.asarray(columns)
        scores: AnyArray = np.einsum("...d,...d->...", source[rows], target[columns])
        return scores

    def estimate_memory(self, n_nodes: int, n_entries: int) -> dict[str, int]:
        """Bytes that a fit would need, by what they are for.

        Parameters
        ----------
        n_nodes, n_entries : int
            Nodes and stored entries of the adjacency.

        Returns
        -------
        dict of str to int
            Bytes by purpose, and their sum under "total".
        """
        rank = self.n_components // 2
        matrix = (n_entries + n_nodes) * (_FLOAT + 8)
        width = _PANELS * (rank + self.n_oversamples)
        if self.solver in {"auto", "spectral", "exact"}:
            width = max(width, _BASES * rank)
        parts = {
            "adjacency": 3 * matrix,
            "work": n_nodes * width * _FLOAT,
            "vectors": 2 * n_nodes * self.n_components * _FLOAT,
        }
        return {**parts, "total": sum(parts.values())}

    # -- fitting -------------------------------------------------------------------
    def _check_parameters(self) -> None:
        if self.n_components % 2:
            raise GraphValueError(
                f"n_components={self.n_components} is odd; HOPE splits it evenly into "
                "source and target vectors. Take an even number."
            )
        if self.solver == "spectral" and self.proximity == "rooted_pagerank":
            raise GraphValueError(
                "solver='spectral' does not fit proximity='rooted_pagerank', whose "
                "singular vectors are not those of the adjacency. Take "
                "proximity='symmetric_pagerank' or another solver."
            )
        if isinstance(self.beta, tuple) and not solvers.is_half_life(self.beta):
            raise GraphValueError(
                f"beta={self.beta!r} is not understood; a tuple must be "
                f"('{solvers.HALF_LIFE}', x) with a number of edges x > 0."
            )

    def _embed(self, task: Task) -> Fitted:
        graph, half = task.graph, self.n_components // 2
        adjacency = graph.to_scipy(np.float64)
        if not adjacency.nnz:
            return self._nothing(graph.n_nodes, half)
        rank = min(half, graph.n_nodes)
        problem = solvers.Problem(adjacency, not graph.directed, rank, task.seed)
        for _ in self._steps(task, "factorization", 1):
            factors = solvers.factorize(problem, self._recipe())
        halves = np.zeros((2, graph.n_nodes, half))
        halves[0, :, :rank] = factors.source
        halves[1, :, :rank] = factors.target
        coverage = [solvers.zero_faint_rows(rows) for rows in halves]
        self._check_coverage(graph, halves[0])
        singular_values = np.zeros(half)
        singular_values[: len(factors.singular_values)] = factors.singular_values
        attributes = {
            "singular_values_": singular_values[: self._n_singular_values()],
            "beta_": factors.beta,
            "spectral_radius_": factors.radius,
            "coverage_": coverage[0],
            "target_coverage_": coverage[1],
        }
        return Fitted(np.concatenate(list(halves), axis=1), None, attributes)

    # -- private -------------------------------------------------------------------
    def _recipe(self) -> solvers.Recipe:
        return solvers.Recipe(
            self.proximity, self.beta, self.alpha, self.weight, self.solver,
            self.n_iter, self.n_oversamples,
        )  # fmt: skip

    def _n_singular_values(self) -> int:
        return 0 if self.solver == "projection" else self.n_components // 2

    def _nothing(self, n_nodes: int, half: int) -> Fitted:
        attributes = {
            "singular_values_": np.zeros(self._n_singular_values()),
            "beta_": None,
            "spectral_radius_": 0.0 if self.proximity == "katz" else None,
            "coverage_": 0.0,
            "target_coverage_": 0.0,
        }
        return Fitted(np.zeros((n_nodes, 2 * half)), None, attributes)

    def _check_coverage(self, graph: Graph, source: FloatArray) -> None:
        sends = np.diff(graph.indptr) > 0
        reached = float(np.any(source[sends], axis=1).mean())
        if reached < _LOW_COVERAGE:
            warn_user(
                f"{1 - reached:.0%} of the nodes with edges out got a zero source "
                "vector, because the largest singular vectors do not reach them. Take "
                "more dimensions, a larger beta, or solver='projection'."
            )


__all__ = ["HOPE"]
