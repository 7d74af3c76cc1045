"""ComplEx: complex bilinear forms, with N3 as in ComplEx-N3."""

from __future__ import annotations

from typing import Any

from graphrep.kge._flow_kge import FlowKGE
from graphrep.kge._geometry import COMPLEX, INNER, Geometry


class ComplEx(FlowKGE):
    """Embed entities and relations as complex vectors.

    Parameters
    ----------
    n_components : int, default=256
        Complex coordinates.
    loss, batching, batch_size, n_epochs, learning_rate, decay, optimizer
        See `NFE`.
    regularizer, regularization, n_negatives, validate_every, patience
        See `NFE`.
    n_jobs, random_state, dtype, verbose
        See `NFE`.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_entities, n_features)
        Points of the entities, (n_entities, 2 n_components), real parts first.
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
    ``Re sum_i h_i r_i conj(t_i)`` with a softmax over all entities, reciprocal
    relations, Adagrad and the cubes of moduli as penalty: ComplEx-N3. Other than in
    its code the start is uniform in [-0.1, 0.1].

    References
    ----------
    T. Trouillon et al., "Complex Embeddings for Simple Link Prediction", ICML 2016.
    T. Lacroix, N. Usunier, G. Obozinski, "Canonical Tensor Decomposition for
    Knowledge Base Completion", ICML 2018.
    """

    def __init__(
        self,
        n_components: int = 256,
        *,
        loss: str = "ce",
        batching: str = "queries",
        batch_size: int = 128,
        n_epochs: int = 60,
        learning_rate: float = 0.1,
        decay: float = 1.0,
        optimizer: str = "adagrad",
        regularizer: str | None = "n3",
        regularization: float = 0.01,
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
        return Geometry(COMPLEX, INNER, self.n_components)
