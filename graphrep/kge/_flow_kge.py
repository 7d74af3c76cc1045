"""FlowKGE: what all models of triples share: training, scores, rows of Q and K."""

from __future__ import annotations

import logging
import math
import time
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._parallel import numba_threads
from graphrep._utils._progress import show_progress
from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import Interval, StrOptions, fit_context
from graphrep.exceptions import GraphValueError
from graphrep.graph import KnowledgeGraph, NodeIndex
from graphrep.graph._triple_rows import both_directions
from graphrep.io import as_knowledge_graph
from graphrep.kge._geometry import Geometry
from graphrep.kge._predictions import Answers, predict_entities, predict_relations
from graphrep.kge._queries import group_queries
from graphrep.kge._rank_triples import rank_triples
from graphrep.kge._training import Recipe, Trainer
from graphrep.typing import AnyArray, FloatArray, IntArray, NodeIds, PathType

if TYPE_CHECKING:
    from typing import Self

_log = logging.getLogger("graphrep")
_POSITIVE = Interval(Integral, 1, None, closed="left")
_LARGEST_TABLE = 1 << 31


class FlowKGE(BaseEstimator):
    """Base of models that score a triple by one product of two rows.

    A sub-class writes ``__init__`` and ``_geometry``. Training, early stopping, scores
    and vectors are here. Every relation r has an inverse, numbered r + n_relations:
    heads are the tails of inverses.
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
        "n_jobs": [Integral, None],
        "random_state": ["random_state", np.random.Generator],
        "dtype": [StrOptions({"float32", "float64"})],
        "verbose": ["verbose"],
    }
    gamma: float = 0.0
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

        Returns
        -------
        object
            The estimator itself.

        Raises
        ------
        GraphValueError
            For no triples, for ids in ``validation`` that ``X`` lacks (give ``X`` as
            a `KnowledgeGraph` whose vocabulary has them), and for weights of another
            length.
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
        with numba_threads(self.n_jobs), single_blas_thread():
            self._train(graph, held_out)
        return self

    def _train(self, graph: KnowledgeGraph, held_out: KnowledgeGraph | None) -> None:
        n, n_kinds = graph.n_entities, 2 * graph.n_relations
        geometry = self._geometry()
        self._refuse_size(n, n_kinds, geometry)
        rng = np.random.Generator(np.random.Philox(key=[self.random_seed_, 1 << 40]))
        tables = [
            rng.uniform(-self._scale, self._scale, shape).astype(self.dtype)
            for shape in (
                (n, geometry.entity_width),
                (n_kinds, geometry.relation_width),
            )
        ]
        self.n_entities_, self.n_relations_ = n, graph.n_relations
        self.known_, self._shape = graph, geometry
        self.node_ids_ = graph.entities.ids
        weights = None if graph.weights is None else np.tile(graph.weights, 2)
        queries = group_queries(
            both_directions(graph.triples, graph.n_relations), weights
        )
        trainer = Trainer(
            geometry, tables[0], tables[1], queries, self._recipe(), self.random_seed_
        )
        self.entity_parameters_, self.relation_parameters_ = tables
        self.history_: list[dict[str, Any]] = []
        best = self._epochs(trainer, graph, held_out)
        if best is not None:
            self.entity_parameters_, self.relation_parameters_ = best
        self.n_iter_ = len(self.history_)
        if not np.isfinite(self.entity_parameters_).all():
            raise GraphValueError(
                f"Training diverged: parameters are not finite after {self.n_iter_} "
                f"epochs. Lower learning_rate ({self.learning_rate})."
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

    def _epochs(
        self, trainer: Trainer, graph: KnowledgeGraph, held_out: KnowledgeGraph | None
    ) -> tuple[FloatArray, FloatArray] | None:
        """Train; returns the parameters of the best epoch, None for the last one."""
        best: tuple[FloatArray, FloatArray] | None = None
        best_mrr, bad_checks = -math.inf, 0
        label = type(self).__name__
        with show_progress(None if self.verbose else False) as tell:
            for epoch in range(self.n_epochs):
                looks = (epoch + 1) % self.validate_every == 0
                looks = looks or epoch + 1 == self.n_epochs
                mrr = self._one_epoch(trainer, epoch, looks, graph, held_out)
                shown = f"{label}: valid MRR {mrr:.3f}" if mrr is not None else label
                tell(label if mrr is None else shown, epoch + 1, self.n_epochs)
                if mrr is None:
                    continue
                if mrr > best_mrr:
                    best_mrr, bad_checks = mrr, 0
                    self.best_epoch_ = epoch + 1
                    tables = trainer.entities.values, trainer.relations.values
                    best = tables[0].copy(), tables[1].copy()
                else:
                    bad_checks += 1
                if self.patience is not None and bad_checks >= self.patience:
                    break
        if best is None:
            self.best_epoch_ = len(self.history_)
        return best

    def _one_epoch(
        self,
        trainer: Trainer,
        epoch: int,
        looks: bool,
        graph: KnowledgeGraph,
        held_out: KnowledgeGraph | None,
    ) -> float | None:
        """Train an epoch and write it down; returns the MRR where one was measured."""
        start = time.process_time()
        loss = trainer.epoch(epoch, looks)
        seconds = time.process_time() - start
        mrr = None
        if looks and held_out is not None:
            ranks = rank_triples(self, held_out, graph, n_jobs=self.n_jobs)
            mrr = ranks.metrics()["mrr"]
        record = {
            "epoch": epoch + 1,
            "loss": loss if looks else None,
            "learning_rate": self.learning_rate * self.decay**epoch,
            "seconds": seconds,
            "valid_mrr": mrr,
        }
        self.history_.append(record)
        if self.verbose:
            _log.info("%s: %s", type(self).__name__, record)
        return mrr

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

    # -- the two factors of every score ----------------------------------------------
    def query_matrix(self, entities: IntArray, relations: IntArray) -> FloatArray:
        """Rows of Q of pairs of an entity and a relation.

        Parameters
        ----------
        entities : array of int of shape (n_queries,)
            Numbers of the known ends.
        relations : array of int of shape (n_queries,)
            Numbers below twice the relations: r asks for tails,
            ``r + n_relations_`` for heads.

        Returns
        -------
        ndarray of shape (n_queries, width)
        """
        check_is_fitted(self, "entity_parameters_")
        return self._shape.query_rows(
            self.entity_parameters_, self.relation_parameters_,
            np.ascontiguousarray(entities, np.int64),
            np.ascontiguousarray(relations, np.int64),
            self.gamma,
        )  # fmt: skip

    def key_matrix(self, rows: IntArray | None = None) -> FloatArray:
        """Rows of K of entities, all by default: (n_entities, width).

        ``query_matrix(h, r) @ key_matrix().T`` are the scores, biases included.
        """
        check_is_fitted(self, "entity_parameters_")
        table = self.entity_parameters_
        return self._shape.key_rows(
            table if rows is None else np.ascontiguousarray(table[rows])
        )

    @property
    def entities_(self) -> NodeIndex:
        """Ids of the entities, in the order of their numbers."""
        check_is_fitted(self, "entity_parameters_")
        return self.known_.entities

    @property
    def relations_(self) -> NodeIndex:
        """Ids of the relations, in the order of their numbers."""
        check_is_fitted(self, "entity_parameters_")
        return self.known_.relations

    @property
    def entity_ids_(self) -> AnyArray:
        """Ids of the entities, an array."""
        return self.entities_.ids

    @property
    def relation_ids_(self) -> AnyArray:
        """Ids of the relations, an array."""
        return self.relations_.ids

    @property
    def embedding_(self) -> FloatArray:
        """Points of the entities, (n_entities, n_features)."""
        keys = self.key_matrix()
        return keys[:, : self._shape.point_width]

    # -- use ---------------------------------------------------------------------
    def transform(self, X: NodeIds | None = None) -> FloatArray:
        """Give the points of entities, by id.

        Parameters
        ----------
        X : sequence of ids or None, default=None
            None takes all entities, in the order of `entity_ids_`.

        Returns
        -------
        ndarray of shape (n, n_features)
            Under a Wasserstein divergence the Euclidean distance of two points is
            the distance of the two distributions.

        Raises
        ------
        NodeNotFoundError
            For an id that was not fitted.
        """
        if X is None:
            return self.embedding_
        rows = self.key_matrix(self.entities_.indexer(X))
        return rows[:, : self._shape.point_width]

    def score_triples(self, X: Any) -> FloatArray:
        """Score statements; higher is likelier.

        Parameters
        ----------
        X : KnowledgeGraph or what `graphrep.as_knowledge_graph` takes
            Statements of fitted entities and relations.

        Returns
        -------
        ndarray of shape (n_triples,)
        """
        graph = self._in_own_numbers(X)
        queries = self.query_matrix(graph.head, graph.relation)
        out: FloatArray = np.einsum("ij,ij->i", queries, self.key_matrix(graph.tail))
        return out

    def score(self, X: Any, y: Any = None) -> float:
        """Mean reciprocal rank of heads and tails, filtered by the training triples.

        Parameters
        ----------
        X : KnowledgeGraph or what `graphrep.as_knowledge_graph` takes
            True statements of fitted entities and relations.
        y : None
            Ignored.
        """
        ranks = rank_triples(
            self, self._in_own_numbers(X), self.known_, n_jobs=self.n_jobs
        )
        return ranks.metrics()["mrr"]

    def predict_tails(
        self, X: Any, k: int = 10, *, filter_known: bool = True
    ) -> Answers:
        """Find the best tails of (head, relation) pairs.

        Parameters
        ----------
        X : sequence of (head, relation)
            Ids of a fitted entity and a relation.
        k : int, default=10
            Answers a pair, fewer where there are fewer.
        filter_known : bool, default=True
            Whether tails of training triples are left out.

        Returns
        -------
        list of list of (id, score)
            For each pair its answers, best first.

        Raises
        ------
        NodeNotFoundError
            For an id that was not fitted.
        """
        heads, kinds = self._pairs(X, self.entities_, "relations_", "(head, relation)")
        known = self.known_ if filter_known else None
        return predict_entities(self, heads, kinds, k, known, self.entities_)

    def predict_heads(
        self, X: Any, k: int = 10, *, filter_known: bool = True
    ) -> Answers:
        """Find the best heads of (relation, tail) pairs; see `predict_tails`."""
        kinds, tails = self._pairs(X, self.relations_, "entities_", "(relation, tail)")
        known = self.known_ if filter_known else None
        kinds = kinds + self.n_relations_
        return predict_entities(self, tails, kinds, k, known, self.entities_)

    def predict_relations(
        self, X: Any, k: int = 10, *, filter_known: bool = True
    ) -> Answers:
        """Find the best relations of (head, tail) pairs; see `predict_tails`."""
        heads, tails = self._pairs(X, self.entities_, "entities_", "(head, tail)")
        known = self.known_ if filter_known else None
        return predict_relations(self, heads, tails, k, known, self.relations_)

    def _pairs(
        self, X: Any, first: NodeIndex, second: str, what: str
    ) -> tuple[IntArray, IntArray]:
        """Numbers of both members of pairs of ids."""
        pairs = [tuple(pair) for pair in X] if not isinstance(X, str) else [tuple(X)]
        for i, pair in enumerate(pairs):
            if len(pair) != 2:
                raise GraphValueError(
                    f"Pair {i} is {pair!r}; X must hold pairs {what}."
                )
        ones, twos = [p[0] for p in pairs], [p[1] for p in pairs]
        return first.indexer(ones), getattr(self, second).indexer(twos)

    # -- keeping -----------------------------------------------------------------
    def save(self, path: PathType, *, overwrite: bool = True) -> None:
        """Write the fitted model without pickle; see `graphrep.load`.

        Parameters
        ----------
        path : path-like
            Directory to write, or a name that ends in ``.zip``.
        overwrite : bool, default=True
            Whether a model that is there may be replaced.
        """
        from graphrep.persistence import save

        check_is_fitted(self, "entity_parameters_")
        save(self, path, overwrite=overwrite)

    def _fitted_state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        arrays: dict[str, AnyArray] = {
            name: getattr(self, name)
            for name in ("entity_parameters_", "relation_parameters_")
        }
        arrays["known_triples_"] = np.array(self.known_.triples)
        if self.known_.weights is not None:
            arrays["known_weights_"] = np.array(self.known_.weights)
        scalars = {
            "known_relations_": self.relations_.ids.tolist(),
            "history_": self.history_,
            "best_epoch_": self.best_epoch_,
            "n_iter_": self.n_iter_,
            "random_seed_": self.random_seed_,
        }
        return arrays, scalars

    def _set_fitted_state(
        self, arrays: dict[str, AnyArray], scalars: dict[str, Any]
    ) -> None:
        """Take back what `_fitted_state` gave; ``node_ids_`` is set already."""
        arrays, scalars = dict(arrays), dict(scalars)
        self.known_ = KnowledgeGraph(
            arrays.pop("known_triples_"),
            self.node_ids_,
            scalars.pop("known_relations_"),
            weights=arrays.pop("known_weights_", None),
        )
        self.n_entities_ = self.known_.n_entities
        self.n_relations_ = self.known_.n_relations
        self._shape = self._geometry()
        wanted = {
            "entity_parameters_": (self.n_entities_, self._shape.entity_width),
            "relation_parameters_": (
                2 * self.n_relations_,
                self._shape.relation_width,
            ),
        }
        for name, shape in wanted.items():
            if arrays[name].shape != shape:
                raise ValueError(f"{name} has the shape {arrays[name].shape}")
            setattr(self, name, arrays[name])
        for name in ("history_", "best_epoch_", "n_iter_", "random_seed_"):
            setattr(self, name, scalars[name])

    def _in_own_numbers(self, X: Any) -> KnowledgeGraph:
        return as_knowledge_graph(X, entities=self.entities_, relations=self.relations_)


def _weighted(graph: KnowledgeGraph, sample_weight: Any) -> KnowledgeGraph:
    if sample_weight is None:
        return graph
    return graph._with(graph.triples, sample_weight)
