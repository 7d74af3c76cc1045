"""Node2VecPlus: node2vec that heeds weak edges of weighted graphs."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

from graphrep._utils._sklearn_compat import Interval
from graphrep.embedding._skip_gram import SKIP_GRAM_CONSTRAINTS, SkipGramEmbedder
from graphrep.typing import PathType


class Node2VecPlus(SkipGramEmbedder):
    """Embed nodes by skip-gram on second-order walks that heed weak edges.

    Parameters
    ----------
    n_components : int, default=128
        Dimension of the embedding.
    p : float, default=1.0
        Return parameter: the chance of going straight back is weighted by 1/p.
    q : float, default=1.0
        In-out parameter: the chance of leaving for a node that the one before does
        not know is weighted by 1/q.
    walk_length : int, default=80
        Nodes of a walk. (PecanPy counts steps, one less)
    walks_per_node : int, default=10
        Walks that start from each node in an epoch.
    window : int, default=10
        Largest distance in a walk of a node to its contexts; one at distance k
        counts ``(window + 1 - k) / window``.
    n_negatives : int, default=5
        Negatives drawn for a centre and shared by its contexts.
    n_epochs : int, default=1
        Passes, each over new walks.
    learning_rate : float, default=0.03
        Step at the start; it falls linearly.
    min_learning_rate : float, default=0.0001
        Step at the end.
    sample : float or None, default=None
        Frequency above which nodes are left out of walks at random, as word2vec
        does; gensim's default is 1e-3.
    noise_exponent : float, default=0.75
        Negatives are drawn by the frequency of nodes to this power.
    mode : {"deterministic", "hogwild"}, default="deterministic"
        Whether threads add what they learnt in a fixed order, or at once and
        without locks.
    round_size : int, default=64
        Walks that start from the same state of the vectors under
        ``mode="deterministic"``: more let more threads work side by side.
    backend : {"graphrep", "gensim"}, default="graphrep"
        Who trains: our kernel, or gensim's Word2Vec on our walks.
    self_loops : {"keep", "drop"}, default="drop"
        Whether edges from a node to itself count.
    isolated : {"zero", "keep"}, default="zero"
        Vector of a node without edges: zero, or its random start.
    warm_start : bool, default=False
        Start from the vectors of the fit before, where nodes are the same.
    device : str, default="cpu"
        "cpu" (and "auto") runs numba; "cuda", "cuda:1" or "torch:cpu" run torch.
    n_jobs : int or None, default=None
        Number of threads, None for all; under ``mode="deterministic"`` the result
        does not depend on it.
    random_state : int, RandomState instance or None, default=None
        An int gives the same embedding on every call.
    verbose : int, default=0
        1 logs a line for each fit, 2 for each part of the walks (logger "graphrep").
    executor : str, Executor, Client or None, default=None
        Where the walks of a fit are drawn into files first: "serial", "processes",
        "dask", the address of a Dask scheduler, or an object with ``submit``. None
        draws them while they are trained on. The vectors are the same.
    work_dir : str, path-like or None, default=None
        Folder for these files, ``4 * walk_length`` bytes a walk. A fit that was
        interrupted finds the walks there.
    memory_limit : str, int or None, default=None
        Memory that a fit may take, in bytes or as "8GiB", the graph among it. What
        does not fit whole has its walks drawn into files, which are then trained on
        without what walks need of the graph; the vectors are the same. What does not
        fit so is refused before it starts. None: no limit.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_nodes, n_components)
        Input vectors of the nodes: what is meant by "the embedding".
    target_embedding_ : ndarray of shape (n_nodes, n_components)
        Output ("context") vectors; skip-gram scores a pair by the dot product of an
        input and an output vector, and `decoder_score` does.
    node_ids_ : ndarray of shape (n_nodes,)
        Ids in row order, int64 or object.
    n_features_in_ : int
        Number of nodes of the fitted graph.
    n_tokens_ : int
        Nodes of walks that were trained on.
    n_isolated_ : int
        Number of nodes without edges.
    random_seed_ : int
        The 64-bit seed that was used.
    device_ : str
        Where the work was done.
    kernels_ : str
        What did it: "numba", "gensim", "torch", or "triton" on a CUDA device where
        Triton is installed.
    tasks_ : Summary or None
        Where walks went through files: tasks ``run``, ``skipped`` and ``retried``.
    plan_ : TaskPlan
        Which way the fit went, and what it was to take. Neither this nor ``tasks_`` is
        saved.

    Raises
    ------
    GraphValueError
        If the graph has negative or non-finite weights, is not square or empty, or
        the parameters contradict each other.
    MemoryLimitError
        If no way keeps to ``memory_limit``.
    MissingDependencyError
        If torch or gensim is asked for and is not installed.

    Warns
    -----
    GraphWarning
        If the graph has no edges, or fewer nodes than ``n_components``.

    See Also
    --------
    graphrep.RandomWalks : The walks on their own.

    Notes
    -----
    An edge is weak at a node where its weight is below the mean of the node's
    weights. A node x that t knows by a weak edge only is not taken for a neighbour
    of t: its a lies between 1/q and 1 by ``w_tx`` relative to the mean of x's
    weights, and is at most 1/q where the edge v → x is weak too. On graphs without
    weights the walks are those of node2vec, bit for bit.

    For a centre i and the nodes j around it, skip-gram with negative sampling climbs
    ``log s(u_j . v_i) + sum_n log s(-u_j . v_n)`` over ``n_negatives`` nodes n drawn
    by frequency to the power ``noise_exponent``; s is the logistic function, u the
    input and v the output vectors.

    It costs O(n_tokens · window · (n_negatives + 1) · n_components) time, with
    ``n_tokens = n_nodes · walks_per_node · walk_length · n_epochs``. Walks are never
    stored: memory is the graph, two tables of n_nodes × n_components (float32), and
    a few megabytes for walks in flight.

    *Modes.* A walk copies the rows it needs, trains on the copies, and adds what has
    changed to the tables. Under "deterministic", ``round_size`` walks start from one
    state of the tables and their changes are added in the order of the walks, row by
    row: no conflicts, and the same bits for any number of threads. Of a row that
    these walks meet more than 8 times, the changes are averaged instead of added.
    Under "hogwild" each thread adds at once and changes of others may be lost; the
    result differs from run to run. The benchmarks in the documentation say what each
    costs.

    *New nodes.* `transform` gives rows of edges the weighted mean of the neighbours'
    vectors; `partial_fit` trains new nodes of a grown graph and leaves the old ones
    as they are; ``warm_start=True`` goes on training all.

    *Deviations* from the reference code (word2vec, gensim): the negatives of a centre
    are shared by its contexts, and are taken from 80 that are drawn for each walk;
    within a walk a negative that meets its own centre or comes twice is left out;
    contexts count by the chance that word2vec's random reach takes them in, which
    is the same sum with less noise; the first learning rate is 0.03 (0.025);
    the logistic function is exact (gensim skips scores beyond 6); walks are drawn
    anew in each epoch; frequencies are those of one pass of walks; ``sample`` is off
    (gensim: 1e-3); walks from a node depend on the seed and the node, not on the
    order in which they are drawn.

    References
    ----------
    .. [1] R. Liu, M. Hirn, A. Krishnan. Accurately modeling biased random walks on
       weighted networks using node2vec+. Bioinformatics 39(1), 2023.
       https://doi.org/10.1093/bioinformatics/btad047

    Examples
    --------
    >>> from graphrep import Node2VecPlus
    >>> from graphrep.datasets import load_karate
    >>> graph = load_karate().graph
    >>> Node2VecPlus(16, walks_per_node=2, random_state=0).fit_transform(graph).shape
    (34, 16)
    """

    _extended: ClassVar[bool] = True
    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "p": [Interval(Real, 0, None, closed="neither")],
        "q": [Interval(Real, 0, None, closed="neither")],
        **SKIP_GRAM_CONSTRAINTS,
    }

    def __init__(
        self,
        n_components: int = 128,
        *,
        p: float = 1.0,
        q: float = 1.0,
        walk_length: int = 80,
        walks_per_node: int = 10,
        window: int = 10,
        n_negatives: int = 5,
        n_epochs: int = 1,
        learning_rate: float = 0.03,
        min_learning_rate: float = 0.0001,
        sample: float | None = None,
        noise_exponent: float = 0.75,
        mode: str = "deterministic",
        round_size: int = 64,
        backend: str = "graphrep",
        self_loops: str = "drop",
        isolated: str = "zero",
        warm_start: bool = False,
        device: str = "cpu",
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
        executor: Any = None,
        work_dir: PathType | None = None,
        memory_limit: str | int | None = None,
    ) -> None:
        self.n_components = n_components
        self.p = p
        self.q = q
        self.walk_length = walk_length
        self.walks_per_node = walks_per_node
        self.window = window
        self.n_negatives = n_negatives
        self.n_epochs = n_epochs
        self.learning_rate = learning_rate
        self.min_learning_rate = min_learning_rate
        self.sample = sample
        self.noise_exponent = noise_exponent
        self.mode = mode
        self.round_size = round_size
        self.backend = backend
        self.self_loops = self_loops
        self.isolated = isolated
        self.warm_start = warm_start
        self.device = device
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.executor = executor
        self.work_dir = work_dir
        self.memory_limit = memory_limit

    def _bias(self) -> tuple[float, float]:
        return self.p, self.q


__all__ = ["Node2VecPlus"]
