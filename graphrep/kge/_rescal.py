"""RESCAL: relations as full bilinear forms."""

from __future__ import annotations

from typing import Any

from graphrep.kge._flow_kge import FlowKGE
from graphrep.kge._geometry import INNER, MATRIX, Geometry


class RESCAL(FlowKGE):
    """Embed entities as points and relations as matrices.

    Parameters
    ----------
    n_components : int, default=64
        Coordinates of a point; a relation has their square.
    loss, batching, batch_size, n_epochs, learning_rate, decay, optimizer
        See `NFE`.
    regularizer, regularization, n_negatives, validate_every, patience
        See `NFE`.
    n_jobs, random_state, dtype, verbose
        See `NFE`.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_entities, n_features)
        Points of the entities, (n_entities, n_components).
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
        Where it was trained, and by what: "numba" or "torch".

    Notes
    -----
    ``t^T M_r h``, trained by gradients over all entities with reciprocal relations,
    not by alternating least squares.

    References
    ----------
    M. Nickel, V. Tresp, H.-P. Kriegel, "A Three-Way Model for Collective Learning on
    Multi-Relational Data", ICML 2011.
    """

    def __init__(
        self,
        n_components: int = 64,
        *,
        loss: str = "bce",
        batching: str = "queries",
        batch_size: int = 128,
        n_epochs: int = 60,
        learning_rate: float = 0.003,
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
        return Geometry(MATRIX, INNER, self.n_components)
