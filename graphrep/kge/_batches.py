"""What training does on any device: order, batches, negatives, weights of the loss."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphrep.kge._geometry import Geometry
from graphrep.kge._queries import Queries
from graphrep.typing import AnyArray, FloatArray, IntArray

Tables = tuple[FloatArray, FloatArray]

BETA1, BETA2, ADAM_EPSILON, ADAGRAD_EPSILON = 0.9, 0.999, 1e-8, 1e-10


class Recipe(NamedTuple):
    """The parameters of a fit that training needs."""

    loss: str
    batch_size: int
    batches: str
    learning_rate: float
    decay: float
    optimizer: str
    regularizer: str | None
    regularization: float
    n_negatives: int | None
    gamma: float


class Step(NamedTuple):
    """One batch, in numbers of the rows that take part.

    Attributes
    ----------
    queries : Queries
        Their heads and tails are places in ``rows``.
    rows : ndarray or None
        Entities that take part, ascending; None for all.
    shares : ndarray of shape (n_rows,)
        Weight of each as a negative.
    counts : ndarray of shape (n_answers,)
        Weight of each known answer, over the size of the batch.
    weights : ndarray of shape (n_queries,)
        Weight of each query against all entities, over the size of the batch.
    query_pull, key_pull : ndarray
        Weights of the squared lengths of the points of queries and of entities.
    entity_pull, relation_pull : ndarray
        Weights of the penalty of their parameters; empty without one.
    rate : float
        Learning rate.
    want_loss : bool
        Whether the value of the loss is wanted.
    """

    queries: Queries
    rows: IntArray | None
    shares: FloatArray
    counts: FloatArray
    weights: FloatArray
    query_pull: FloatArray
    key_pull: FloatArray
    entity_pull: FloatArray
    relation_pull: FloatArray
    rate: float
    want_loss: bool


class Batches:
    """Base of trainers: goes through all queries, a batch at a time.

    Epoch ``n`` draws its order of queries and its negatives from (seed, n) alone, so
    a training that was cut off goes on as if it had not been, and every device gets
    the same batches. A sub-class writes `_move`, `tables`, `state` and `restore`.
    """

    def __init__(
        self,
        geometry: Geometry,
        n_entities: int,
        n_kinds: int,
        queries: Queries,
        recipe: Recipe,
        seed: int,
    ) -> None:
        self.geometry, self.recipe, self.seed = geometry, recipe, seed
        self.n_entities, self.n_kinds = n_entities, n_kinds
        self.queries = queries
        self.step = 0

    def epoch(self, number: int, want_loss: bool = False) -> float:
        """Go through all queries once; returns the mean loss, NaN if not wanted."""
        rng = np.random.Generator(np.random.Philox(key=[self.seed, number]))
        grouped = self.recipe.batches == "queries"
        n_queries, n_answers = len(self.queries), len(self.queries.tails)
        order = rng.permutation(n_queries if grouped else n_answers)
        size = self.recipe.batch_size
        if grouped:  # as many whole queries as have about so many triples
            size = max(1, round(size * n_queries / max(n_answers, 1)))
        rate = self.recipe.learning_rate * self.recipe.decay**number
        total = 0.0
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            batch = (
                self.queries.take(chosen)
                if grouped
                else self.queries.of_answers(np.sort(chosen))
            )
            self.step += 1
            total += self._move(self._step(batch, rate, want_loss, rng)) * len(chosen)
        return float(total / max(len(order), 1))

    def _move(self, step: Step) -> float:
        """Go one step against the gradient of a batch; returns the loss."""
        raise NotImplementedError

    def tables(self) -> Tables:
        """Parameters of entities and relations, as they are now."""
        raise NotImplementedError

    def state(self) -> dict[str, AnyArray]:
        """Everything that the next epoch depends on."""
        raise NotImplementedError

    def restore(self, state: dict[str, AnyArray]) -> None:
        """Take back what `state` gave."""
        raise NotImplementedError

    def _step(
        self, batch: Queries, rate: float, want_loss: bool, rng: np.random.Generator
    ) -> Step:
        rows = None
        shares: FloatArray = np.ones(self.n_entities)
        wanted = self.recipe.n_negatives
        if wanted is not None and wanted < self.n_entities:
            drawn = rng.choice(self.n_entities, wanted, replace=False)
            rows = np.unique(np.concatenate([drawn, batch.heads, batch.tails]))
            batch = Queries(
                np.searchsorted(rows, batch.heads),
                batch.relations,
                batch.pointers,
                np.searchsorted(rows, batch.tails),
                batch.weights,
            )
            shares = self._shares(rows, drawn, batch.tails)
        counts = batch.weights
        if self.recipe.loss == "kvsall":
            counts = np.ones(len(batch.tails))
            weights = np.ones(len(batch))
        else:
            weights = np.add.reduceat(counts, batch.pointers[:-1])
        scale = 1.0 / weights.sum()
        pulls = self._pulls(batch, len(shares), scale)
        return Step(
            batch, rows, shares, counts * scale, weights * scale, *pulls, rate,
            want_loss,
        )  # fmt: skip

    def _shares(self, rows: IntArray, drawn: IntArray, tails: IntArray) -> FloatArray:
        """Weights of sampled entities as negatives: their sum stands for all."""
        shares = np.zeros(len(rows))
        shares[np.searchsorted(rows, drawn)] = self.n_entities / len(drawn)
        if self.recipe.loss == "ce":  # an answer is a term of its own softmax
            shares[tails] = np.maximum(shares[tails], 1)
        return shares

    def _pulls(
        self, batch: Queries, n: int, scale: float
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Weights of the penalties: of points of queries and keys, of parameters."""
        nothing = np.zeros(len(batch)), np.zeros(n), np.zeros(0), np.zeros(0)
        if not self.recipe.regularization or self.recipe.regularizer is None:
            return nothing
        strength = self.recipe.regularization * scale
        sums = np.add.reduceat(batch.weights, batch.pointers[:-1])
        tails = np.bincount(batch.tails, batch.weights, minlength=n)
        if self.recipe.regularizer == "dura":
            return strength * sums, strength * tails, nothing[2], nothing[3]
        ends = tails + np.bincount(batch.heads, sums, minlength=n)
        kinds = np.bincount(batch.relations, sums, minlength=self.n_kinds)
        return nothing[0], nothing[1], strength * ends, strength * kinds
