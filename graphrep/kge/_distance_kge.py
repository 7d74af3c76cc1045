"""DistanceKGE: the parameters of models that score by a distance of two points."""

from __future__ import annotations

from typing import Any

from graphrep.kge._flow_kge import FlowKGE


class DistanceKGE(FlowKGE):
    """Base of models with the parameters of a distance and no others.

    A sub-class writes ``_geometry``. The parameters are explained in `NFE`.
    """

    def __init__(
        self,
        n_components: int = 256,
        *,
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
