"""FlowKGE: what all models of triples share: parameters, training, early stopping."""

from __future__ import annotations

from functools import partial
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._devices import on_processor
from graphrep._utils._parallel import numba_threads
from graphrep._utils._progress import show_progress
from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import THREADS, Interval, StrOptions, fit_context
from graphrep.exceptions import GraphValueError
from graphrep.graph import KnowledgeGraph
from graphrep.graph._triple_rows import both_directions
from graphrep.io import as_knowledge_graph
from graphrep.kge._batches import Batches, Recipe, Tables
from graphrep.kge._checkpoint import Checkpoint, training_task
from graphrep.kge._course import Course, Plan
from graphrep.kge._geometry import Geometry
from graphrep.kge._queries import group_queries
from graphrep.kge._rank_triples import rank_triples
from graphrep.kge._training import Trainer
from graphrep.kge._training_costs import memory_of_training
from graphrep.kge._triple_model import TripleModel
from graphrep.typing import PathType

if TYPE_CHECKING:
    from typing import Self

_POSITIVE = Interval(Integral, 1, None, closed="left")
_LARGEST_TABLE = 1 << 31


class FlowKGE(TripleModel):
    """Base of models that score a triple by one product of two rows.

    A sub-class writes ``__init__`` and ``_geometry``. Training is here, what a fitted
    model is asked in `TripleModel`. Every relation r has an inverse, numbered
    r + n_relations: heads are the tails of inverses.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_components": [_POSITIVE],
        "loss": [StrOptions({"bce", "kvsall", "ce"})],
        "gamma": [Interval(Real, None, None, closed="neither")],
        "batching": [StrOptions({"triples", "queries"})],
        "batch_size": [_POSITIVE],
        "n_epochs": [_POSITIVE],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "decay": [Interval(Real, 0, 1, closed="right")],
        "optimizer": [StrOptions({"adam", "adagrad"})],
        "regularizer": [StrOptions({"n3", "l2", "dura"}), None],
        "regularization": [Interval(Real, 0, None, closed="left")],
        "n_negatives": [_POSITIVE, None],
        "validate_every": [_POSITIVE],
        "patience": [_POSITIVE, None],
        "device": [str],
        "mixed_precision": ["boolean"],
        **THREADS,
        "random_state": ["random_state", np.random.Generator],
        "dtype": [StrOptions({"float32", "float64"})],
        "verbose": ["verbose"],
    }
    _scale: ClassVar[float] = 0.1
    """Parameters start uniformly between minus and plus this."""

    # -- for sub-classes -----------------------------------------------------------
    def _geometry(self) -> Geometry:
        """Say which map and divergence this model has."""
        raise NotImplementedError

    # -- fitting -------------------------------------------------------------------
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        validation: Any = None,
        sample_weight: Any = None,
        checkpoint: PathType | None = None,
    ) -> Self:
        """Learn vectors of the entities and maps of the relations.

        Parameters
        ----------
        X : KnowledgeGraph or what `graphrep.as_knowledge_graph` takes
            Triples to learn. Repeated triples count as often as they stand there.
        y : None
            Ignored.
        validation : as X, or None, default=None
            True triples of the same entities and relations. With them the mean
            reciprocal rank is measured every ``validate_every`` epochs, filtered by
            the training and validation triples, and the parameters of the best
            epoch are kept.
        sample_weight : array-like of shape (n_triples,) or None, default=None
            How much each triple counts; None takes the weights of the graph, else 1.
        checkpoint : path-like or None, default=None
            File that keeps the training as far as it has come, written every
            ``validate_every`` epochs. Where it is there already, training goes on from
            it and ends as it would have without the interruption; ``n_epochs`` may
            have grown.

        Returns
        -------
        object
            The estimator itself.

        Raises
        ------
        GraphValueError
            For no triples, for ids in ``validation`` that ``X`` lacks (give ``X`` as
            a `KnowledgeGraph` whose vocabulary has them), for weights of another
            length, and for a checkpoint of another training.
        """
        for name in [n for n in vars(self) if n.endswith("_")]:
            delattr(self, name)
        graph = _weighted(as_knowledge_graph(X), sample_weight)
        if not len(graph):
            raise GraphValueError(
                f"Found 0 triples (0 sample(s)) while a minimum of 1 is required by "
                f"{type(self).__name__}."
            )
        held_out = None
        if validation is not None:
            held_out = as_knowledge_graph(
                validation, entities=graph.entities, relations=graph.relations
            )
        self.random_seed_ = draw_seed(self.random_state)
        kept = None
        if checkpoint is not None:
            kept = Checkpoint(checkpoint, training_task(self, graph, held_out))
        with numba_threads(self.n_jobs), single_blas_thread():
            self._train(graph, held_out, kept)
        return self

    def estimate_memory(self, X: Any, *, validation: Any = None) -> dict[str, int]:
        """Bytes that a fit on a processor would need, by what they are for.

        Parameters
        ----------
        X, validation
            See `fit`.

        Returns
        -------
        dict of str to int
            Bytes by purpose, and their sum under "total". The triples themselves
            count.

        Notes
        -----
        O(m log m) time for m triples; nothing is trained.
        """
        self._validate_params()
        graph = as_knowledge_graph(X)
        held_out = None
        if validation is not None:
            held_out = as_knowledge_graph(
                validation, entities=graph.entities, relations=graph.relations
            )
        parts = memory_of_training(self, graph, held_out)
        return {**parts, "total": sum(parts.values())}

    def _train(
        self,
        graph: KnowledgeGraph,
        held_out: KnowledgeGraph | None,
        checkpoint: Checkpoint | None,
    ) -> None:
        found = None if checkpoint is None else checkpoint.read()
        if found is not None:
            self.random_seed_ = found[1].pop("seed")
        geometry = self._geometry()
        self._refuse_size(graph.n_entities, 2 * graph.n_relations, geometry)
        self.n_entities_, self.n_relations_ = graph.n_entities, graph.n_relations
        self.known_, self._shape = graph, geometry
        self.node_ids_ = graph.entities.ids
        trainer = self._trainer(graph)
        course = Course(self.random_seed_)
        if found is not None:
            course.resume(trainer, *found)

        with show_progress(None if self.verbose else False) as shown:
            self.entity_parameters_, self.relation_parameters_ = course.run(
                trainer,
                self._plan(),
                None if held_out is None else partial(self._look, held_out, graph),
                self._progress or shown,
                checkpoint,
            )
        self.history_, self.best_epoch_ = course.history, course.best_epoch
        self.n_iter_ = len(self.history_)
        if not np.isfinite(self.entity_parameters_).all():
            raise GraphValueError(
                f"Training diverged: parameters are not finite after {self.n_iter_} "
                f"epochs. Lower learning_rate ({self.learning_rate})."
            )

    def _look(
        self, held_out: KnowledgeGraph, graph: KnowledgeGraph, tables: Tables
    ) -> float:
        """Give the validation MRR of parameters."""
        self.entity_parameters_, self.relation_parameters_ = tables
        ranks = rank_triples(
            self, held_out, graph, n_jobs=self.n_jobs, device=self.device
        )
        return ranks.metrics()["mrr"]

    def _trainer(self, graph: KnowledgeGraph) -> Batches:
        geometry, n_kinds = self._shape, 2 * graph.n_relations
        rng = np.random.Generator(np.random.Philox(key=[self.random_seed_, 1 << 40]))
        tables = [
            rng.uniform(-self._scale, self._scale, shape).astype(self.dtype)
            for shape in (
                (graph.n_entities, geometry.entity_width),
                (n_kinds, geometry.relation_width),
            )
        ]
        weights = None if graph.weights is None else np.tile(graph.weights, 2)
        rows = both_directions(graph.triples, graph.n_relations)
        queries, recipe = group_queries(rows, weights), self._recipe()
        given = geometry, tables[0], tables[1], queries, recipe, self.random_seed_
        if on_processor(self.device):
            if self.mixed_precision:
                raise GraphValueError(
                    "mixed_precision=True is for torch devices; give device='cuda', or "
                    "leave it out."
                )
            self.device_, self.kernels_ = "cpu", "numba"
            return Trainer(*given)
        from graphrep.kge._torch_training import TorchTrainer

        trainer = TorchTrainer(
            *given, device=self.device, mixed_precision=self.mixed_precision
        )
        self.device_, self.kernels_ = str(trainer.place), trainer.kernel_kind
        return trainer

    def _plan(self) -> Plan:
        return Plan(
            type(self).__name__,
            self.n_epochs,
            self.validate_every,
            self.patience,
            self.learning_rate,
            self.decay,
            bool(self.verbose),
        )

    def _recipe(self) -> Recipe:
        return Recipe(
            loss=self.loss,
            batch_size=self.batch_size,
            batches=self.batching,
            learning_rate=self.learning_rate,
            decay=self.decay,
            optimizer=self.optimizer,
            regularizer=self.regularizer,
            regularization=self.regularization,
            n_negatives=self.n_negatives,
            gamma=self.gamma,
        )

    def _refuse_size(self, n: int, n_kinds: int, geometry: Geometry) -> None:
        for count, width, what in (
            (n, geometry.entity_width, "entities"),
            (n_kinds, geometry.relation_width, "relations"),
        ):
            if count * width > _LARGEST_TABLE:
                raise GraphValueError(
                    f"{count:,} {what} of {width:,} parameters exceed "
                    f"{_LARGEST_TABLE:,} numbers; lower n_components "
                    f"({self.n_components})."
                )


def _weighted(graph: KnowledgeGraph, sample_weight: Any) -> KnowledgeGraph:
    if sample_weight is None:
        return graph
    return graph._with(graph.triples, sample_weight)
