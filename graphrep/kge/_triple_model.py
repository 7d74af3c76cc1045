"""TripleModel: scores, vectors and answers of a model of triples that is fitted."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from graphrep._utils._progress import Progress
from graphrep.exceptions import GraphValueError, NodeNotFoundError
from graphrep.graph import KnowledgeGraph, NodeIndex
from graphrep.io import as_knowledge_graph
from graphrep.kge._calibration import calibrated, corrupted, fit_calibration
from graphrep.kge._geometry import Geometry
from graphrep.kge._model_state import fitted_state, set_fitted_state
from graphrep.kge._predictions import Answers, predict_entities, predict_relations
from graphrep.kge._rank_triples import rank_triples
from graphrep.kge._unseen import solve_entities
from graphrep.typing import AnyArray, FloatArray, IntArray, NodeIds, PathType

if TYPE_CHECKING:
    from typing import Self

_NOT_CALIBRATED = (
    "This %(name)s gives no probabilities yet: call calibrate with triples that were "
    "not trained on."
)


class TripleModel(BaseEstimator):
    """Base of models whose score of a triple is one product of two rows.

    All that a fitted model is asked stands here; `FlowKGE` fits it.
    """

    entity_parameters_: FloatArray
    relation_parameters_: FloatArray
    known_: KnowledgeGraph
    node_ids_: AnyArray
    n_entities_: int
    n_relations_: int
    random_seed_: int
    n_jobs: int | None
    gamma: float = 0.0
    _shape: Geometry
    _progress: Progress | None = None

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
        self, X: Any, k: int = 10, *, filter_known: bool = True, index: Any = None
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
        index : object or None, default=None
            Index of ``embedding_`` that names candidates, such as an
            `ExactIndex`, ``NearestNeighbors`` of scikit-learn, or one of hnswlib or
            faiss: by Euclidean distance, for models by products by inner product.
            Only its candidates are scored. None scores all entities.

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
        return predict_entities(self, heads, kinds, k, known, self.entities_, index)

    def predict_heads(
        self, X: Any, k: int = 10, *, filter_known: bool = True, index: Any = None
    ) -> Answers:
        """Find the best heads of (relation, tail) pairs; see `predict_tails`."""
        kinds, tails = self._pairs(X, self.relations_, "entities_", "(relation, tail)")
        known = self.known_ if filter_known else None
        kinds = kinds + self.n_relations_
        return predict_entities(self, tails, kinds, k, known, self.entities_, index)

    def predict_relations(
        self, X: Any, k: int = 10, *, filter_known: bool = True
    ) -> Answers:
        """Find the best relations of (head, tail) pairs; see `predict_tails`."""
        heads, tails = self._pairs(X, self.entities_, "entities_", "(head, tail)")
        known = self.known_ if filter_known else None
        return predict_relations(self, heads, tails, k, known, self.relations_)

    # -- beyond ranks ----------------------------------------------------------------
    def calibrate(
        self,
        X: Any,
        y: Any = None,
        *,
        method: str = "sigmoid",
        base_rate: float | None = None,
    ) -> Self:
        """Learn how likely triples of a score are true, for `predict_proba`.

        Parameters
        ----------
        X : KnowledgeGraph or what `graphrep.as_knowledge_graph` takes
            Statements that were not trained on, such as the validation triples.
        y : array-like of shape (n_triples,) or None, default=None
            Whether each is true. None takes all as true and draws a false one beside
            each, by replacing its head or tail.
        method : {"sigmoid", "isotonic"}, default="sigmoid"
            A logistic curve (Platt), or any rising one, which needs more triples.
        base_rate : float or None, default=None
            Share of true statements where the probabilities will be used; None takes
            that of ``y``, one half without it.

        Returns
        -------
        object
            The estimator itself, with ``calibration_``.
        """
        if method not in ("sigmoid", "isotonic"):
            raise GraphValueError(
                f"method must be 'sigmoid' or 'isotonic'; got {method!r}."
            )
        if base_rate is not None and not 0 < base_rate < 1:
            raise GraphValueError(
                f"base_rate must lie between 0 and 1; got {base_rate!r}."
            )
        graph = self._in_own_numbers(X)
        if y is None:
            false = corrupted(graph, (self.known_,), self.random_seed_)
            y = np.repeat([1, 0], [len(graph), len(false)])
            graph = graph._with(np.concatenate([graph.triples, false]), None)
        scores = np.asarray(self.score_triples(graph), np.float64)
        self.calibration_ = fit_calibration(scores, y, method, base_rate)
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """Give the chance of statements to be false and to be true.

        Parameters
        ----------
        X : KnowledgeGraph or what `graphrep.as_knowledge_graph` takes
            Statements of fitted entities and relations.

        Returns
        -------
        ndarray of float64 of shape (n_triples, 2)

        Raises
        ------
        NotFittedError
            Before `calibrate`.
        """
        check_is_fitted(self, "calibration_", msg=_NOT_CALIBRATED)
        scores = np.asarray(self.score_triples(X), np.float64)
        true = calibrated(scores, self.calibration_)
        return np.column_stack([1 - true, true])

    def extend(self, X: Any, *, ridge: float = 0.01) -> Self:
        """Make a model that knows entities which were not trained, in closed form.

        Parameters
        ----------
        X : KnowledgeGraph or what `graphrep.as_knowledge_graph` takes
            Statements that join a new entity with a fitted one by a fitted relation.
        ridge : float, default=0.01
            How strongly a new entity is drawn to the mean one.

        Returns
        -------
        object
            A fitted copy whose new entities follow the old ones; the parameters of
            these have not changed. A new entity is where the sum of the squared
            distances of its triples, heads and tails, is least.

        Raises
        ------
        GraphValueError
            For models without a distance, for a triple of two new entities, and where
            nothing is new.
        """
        check_is_fitted(self, "entity_parameters_")
        found = solve_entities(self, X, ridge)
        other = copy(self)
        other.entity_parameters_ = np.concatenate(
            [self.entity_parameters_, found.parameters]
        )
        other.known_, other.n_entities_ = found.known, found.known.n_entities
        other.node_ids_ = found.known.entities.ids
        return other

    def _pairs(
        self, X: Any, first: NodeIndex, second: str, what: str
    ) -> tuple[IntArray, IntArray]:
        """Numbers of both members of pairs of ids."""
        members = [X] if isinstance(X, str) else list(X)
        if any(np.isscalar(member) for member in members):
            raise GraphValueError(
                f"X must be a list of pairs {what}; got {X!r:.80}. Put a single pair "
                "into a list."
            )
        pairs = [tuple(member) for member in members]
        for i, pair in enumerate(pairs):
            if len(pair) != 2:
                raise GraphValueError(
                    f"Pair {i} is {pair!r}; X must hold pairs {what}."
                )
        ones, twos = [p[0] for p in pairs], [p[1] for p in pairs]
        return (
            _known(first, ones, what.startswith("(relation")),
            _known(getattr(self, second), twos, what.endswith("relation)")),
        )

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
        return fitted_state(self)

    def _set_fitted_state(
        self, arrays: dict[str, AnyArray], scalars: dict[str, Any]
    ) -> None:
        set_fitted_state(self, arrays, scalars)

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("_progress", None)
        return dict(state)

    def _in_own_numbers(self, X: Any) -> KnowledgeGraph:
        return as_knowledge_graph(X, entities=self.entities_, relations=self.relations_)


def _known(names: NodeIndex, wanted: list[Any], relations: bool) -> IntArray:
    """Numbers of ids; one that is missing is called what it is."""
    rows = names.find(wanted)
    bad = np.flatnonzero(rows < 0)
    if len(bad):
        words = ("Relation", "model", "relations")
        raise NodeNotFoundError(
            names._missing_message(
                wanted[int(bad[0])],
                *(words if relations else ("Entity", "model", "entities")),
            )
        )
    return rows
