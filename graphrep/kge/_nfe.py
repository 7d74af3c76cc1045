"""NFE: entities as normalizing flows, relations as maps of them (Xiao et al.)."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from graphrep._utils._sklearn_compat import Interval, StrOptions
from graphrep.exceptions import GraphValueError
from graphrep.kge._flow_kge import FlowKGE
from graphrep.kge._geometry import KL, KL_FLOW, POSITIVE, Geometry, flow, radial_flow
from graphrep.typing import FloatArray, NodeIds


class NFE(FlowKGE):
    """Embed entities as distributions and relations as affine maps of them.

    Parameters
    ----------
    n_components : int, default=256
        Coordinates d; each has a flow of its own.
    n_pieces : int, default=1
        Linear pieces K of an entity's flow: 1 is NFE-1 (a mean and a scale), 2 is
        NFE-2 (a slope on each side), more is NFE-K; 0 makes entities points.
    divergence : {"w2", "kl"}, default="w2"
        Squared 2-Wasserstein distance, or the Kullback-Leibler divergence of NFE-3
        (one piece, normal base).
    field : {"real", "complex"}, default="real"
        Values of a coordinate. Flows of the complex plane have a mean and, with
        ``n_pieces=K``, a radius that is linear in K rings; relations turn, scale and
        shift them, so that they hold rotations as well as reflections.
    base : {"normal", "uniform"}, default="normal"
        Distribution that flows act on, of mean 0 and variance 1: of the line, or of
        the plane (a disc).
    exact : bool, default=True
        Whether a negative scale swaps the pieces, as it does to a distribution, and
        the scale of NFE-3 is that of one map; False computes what the paper's
        formulas do (they are not the distance where a < 0).
    entity_mean : bool, default=True
        Whether entities have a mean; without it only spreads are left.
    relation_scale : bool, default=True
        Whether relations scale; without it and with ``n_pieces=0`` this is TransE.
    gamma : float, default=4.0
        What distances are subtracted from.
    loss : {"bce", "kvsall", "ce"}, default="bce"
        Over all entities: binary cross-entropy of each triple, of each query with
        all its answers, or cross-entropy of a softmax.
    batching : {"queries", "triples"}, default="queries"
        What a batch is made of: queries (a head and relation) with all their tails,
        which are scored once, or triples in any order, which takes several times as
        long for the same number of steps.
    batch_size : int, default=128
        Triples of a step; of whole queries as many as have about so many triples.
    n_epochs : int, default=60
        Times that each triple is seen, at most.
    learning_rate : float, default=0.01
        Of the first epoch.
    decay : float, default=0.95
        Factor of the learning rate from epoch to epoch.
    optimizer : {"adam", "adagrad"}, default="adam"
        How parameters follow the gradient.
    regularizer : {"n3", "l2", "dura"} or None, default=None
        Cubes or squares of the parameters of each triple, or the squared lengths of
        its two points.
    regularization : float, default=0.0
        Weight of the regularizer.
    n_negatives : int or None, default=None
        Entities drawn for each batch in place of all of them.
    validate_every : int, default=5
        Epochs between two looks at the validation triples and the loss.
    patience : int or None, default=None
        Looks without a better validation MRR after which training stops.
    device : str, default="cpu"
        "cpu" (and "auto") runs numba; "cuda", "cuda:1" or "torch:cpu" run torch.
    mixed_precision : bool, default=False
        Take the large products of a torch device in bfloat16.
    n_jobs : int or None, default=None
        Number of threads, None for all; the result does not depend on it.
    random_state : int, RandomState, Generator or None, default=None
        An int gives the same result on every call.
    dtype : {"float32", "float64"}, default="float32"
        Of the parameters.
    verbose : int, default=0
        1 shows a bar and logs each epoch (logger "graphrep").

    Attributes
    ----------
    embedding_ : ndarray of shape (n_entities, n_features)
        Points of the entities, in which Euclidean distance is the
        Wasserstein distance (divergence "w2").
    entity_parameters_, relation_parameters_ : ndarray
        What was learnt: (n_entities, p) and (2 n_relations, q).
    entity_ids_, relation_ids_ : ndarray
        Ids, in the order of the rows.
    history_ : list of dict
        For each epoch its ``loss`` and ``valid_mrr`` (where they were measured, else
        None), ``learning_rate`` and ``seconds`` of processor time.
    best_epoch_ : int
        Epoch whose parameters are kept.
    device_, kernels_ : str
        Where it was trained, and by what: "numba", "torch", or "triton" for flows of
        the line on a CUDA device where Triton is installed.

    Notes
    -----
    An entity is ``f_h(Z) = m + sum_k s_k phi_k(Z)`` in each coordinate, Z of the base
    and phi_k the part of it in piece k; a relation is ``x -> a x + b``. The score is
    ``gamma - W2(f_r f_h(Z), f_t(Z)) ** 2``, summed over coordinates (Eq. 9 of the
    paper for K = 1; in the plane ``f(Z) = m + rho(|Z|) Z / |Z|`` and the square is
    ``|dm| ** 2 + E drho(|Z|) ** 2``), computed as one product of rows of width
    (K + 1) d + 2. Gradients are written by hand in one pass over blocks of entities. An
    epoch over q queries takes O(q n K d) operations, memory is O(n K d) and nothing of
    the size q n.

    Deviations from the paper and its code: pieces are swapped where a < 0 (see
    ``exact``), flows of any number of pieces and of the complex plane, grouped
    queries, regularizers.

    References
    ----------
    C. Xiao, X. He, Y. Cao, "Knowledge Graph Embedding by Normalizing Flows", AAAI
    2023.

    Examples
    --------
    >>> from graphrep.kge import NFE
    >>> triples = [("a", "next", "b"), ("b", "next", "c"), ("c", "next", "d")]
    >>> model = NFE(16, n_epochs=200, decay=1.0, random_state=0).fit(triples)
    >>> model.transform(["a"]).shape
    (1, 32)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **FlowKGE._parameter_constraints,
        "n_pieces": [Interval(Integral, 0, 64, closed="both")],
        "divergence": [StrOptions({"w2", "kl"})],
        "field": [StrOptions({"real", "complex"})],
        "base": [StrOptions({"normal", "uniform"})],
        "exact": ["boolean"],
        "entity_mean": ["boolean"],
        "relation_scale": ["boolean"],
    }

    def __init__(
        self,
        n_components: int = 256,
        *,
        n_pieces: int = 1,
        divergence: str = "w2",
        field: str = "real",
        base: str = "normal",
        exact: bool = True,
        entity_mean: bool = True,
        relation_scale: bool = True,
        gamma: float = 4.0,
        loss: str = "bce",
        batching: str = "queries",
        batch_size: int = 128,
        n_epochs: int = 60,
        learning_rate: float = 0.01,
        decay: float = 0.95,
        optimizer: str = "adam",
        regularizer: str | None = None,
        regularization: float = 0.0,
        n_negatives: int | None = None,
        validate_every: int = 5,
        patience: int | None = None,
        device: str = "cpu",
        mixed_precision: bool = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        dtype: str = "float32",
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.n_pieces = n_pieces
        self.divergence = divergence
        self.field = field
        self.base = base
        self.exact = exact
        self.entity_mean = entity_mean
        self.relation_scale = relation_scale
        self.gamma = gamma
        self.loss = loss
        self.batching = batching
        self.batch_size = batch_size
        self.n_epochs = n_epochs
        self.learning_rate = learning_rate
        self.decay = decay
        self.optimizer = optimizer
        self.regularizer = regularizer
        self.regularization = regularization
        self.n_negatives = n_negatives
        self.validate_every = validate_every
        self.patience = patience
        self.device = device
        self.mixed_precision = mixed_precision
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.dtype = dtype
        self.verbose = verbose

    def _geometry(self) -> Geometry:
        if self.divergence == "kl":
            if (self.n_pieces, self.base, self.field) != (1, "normal", "real"):
                raise GraphValueError(
                    "divergence='kl' is known for n_pieces=1, base='normal' and "
                    f"field='real' only; got {self.n_pieces}, {self.base!r} and "
                    f"{self.field!r}."
                )
            if self.regularizer == "dura":
                raise GraphValueError(
                    "regularizer='dura' needs points, and those of divergence='kl' "
                    "have no squared length that means anything; take 'l2' or 'n3'."
                )
            return Geometry(KL_FLOW, KL, self.n_components, POSITIVE * self.exact)
        if not self.entity_mean and not self.n_pieces:
            raise GraphValueError(
                "entity_mean=False and n_pieces=0 leave entities without parameters; "
                "keep one of them."
            )
        if self.field == "complex":
            if not self.entity_mean:
                raise GraphValueError(
                    "entity_mean=False is known for field='real' only; flows of the "
                    "plane have means."
                )
            return radial_flow(
                self.n_components,
                self.n_pieces,
                self.base,
                scale=self.relation_scale,
            )
        return flow(
            self.n_components,
            self.n_pieces,
            self.base,
            mean=self.entity_mean,
            scale=self.relation_scale,
            swap=self.exact,
        )

    def uncertainty(self, X: NodeIds | None = None) -> FloatArray:
        """Give the standard deviation of entities in each coordinate, by id.

        Parameters
        ----------
        X : sequence of ids or None, default=None
            None takes all entities.

        Returns
        -------
        ndarray of shape (n, n_components)
            Zeros for points (``n_pieces=0``).
        """
        rows = slice(None) if X is None else self.entities_.indexer(X)
        check_is_fitted(self, "entity_parameters_")
        if self.divergence == "kl":
            spread = self.entity_parameters_[rows, self.n_components :]
            return np.asarray(np.logaddexp(0, spread))
        points = self.transform(X)
        points = points.reshape(len(points), -1, self.n_components)
        n_means = 2 if self.field == "complex" else int(self.entity_mean)
        spread = points[:, n_means:]
        return np.asarray(np.sqrt(np.sum(spread**2, axis=1)))
