"""Training on a processor: batches of queries, gradients by hand, Adam, Adagrad."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphrep.kernels._adam import adagrad, adam
from graphrep.kernels._kge_maps import cubes, query_gradients, squares
from graphrep.kernels._kge_step import (
    BCE,
    CROSS_ENTROPY,
    query_slopes,
    shape_of_queries,
)
from graphrep.kge._geometry import COMPLEX, Geometry
from graphrep.kge._queries import Queries
from graphrep.typing import AnyArray, FloatArray, IntArray

_BETA1, _BETA2, _ADAM_EPSILON, _ADAGRAD_EPSILON = 0.9, 0.999, 1e-8, 1e-10


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


class Table:
    """Parameters with what the optimiser remembers of them."""

    def __init__(self, values: FloatArray, optimizer: str) -> None:
        self.values = values
        self.slopes = np.zeros_like(values)
        self.second = np.zeros_like(values)
        self.first = np.zeros_like(values) if optimizer == "adam" else None

    def move(self, rate: float, step: int, rows: IntArray | None = None) -> None:
        """Go one step against ``slopes``, for all rows or (lazily) for some."""
        if rows is not None:
            part = Table.__new__(Table)
            part.values, part.second = self.values[rows], self.second[rows]
            part.first = None if self.first is None else self.first[rows]
            part.slopes = self.slopes[: len(rows)]
            part.move(rate, step)
            self.values[rows], self.second[rows] = part.values, part.second
            if self.first is not None:
                self.first[rows] = part.first
        elif self.first is None:
            adagrad(
                self.values.reshape(-1), self.slopes.reshape(-1),
                self.second.reshape(-1), rate, _ADAGRAD_EPSILON,
            )  # fmt: skip
        else:
            adam(
                self.values.reshape(-1), self.slopes.reshape(-1),
                self.first.reshape(-1), self.second.reshape(-1),
                rate, step, _BETA1, _BETA2, _ADAM_EPSILON,
            )  # fmt: skip


class Trainer:
    """Moves the parameters of a model, an epoch at a time.

    Epoch ``n`` draws its order of queries and its negatives from (seed, n) alone, so
    a training that was cut off goes on as if it had not been.
    """

    def __init__(
        self,
        geometry: Geometry,
        entities: FloatArray,
        relations: FloatArray,
        queries: Queries,
        recipe: Recipe,
        seed: int,
    ) -> None:
        self.geometry, self.recipe, self.seed = geometry, recipe, seed
        self.queries = queries
        self.entities = Table(entities, recipe.optimizer)
        self.relations = Table(relations, recipe.optimizer)
        self.root = geometry.root.astype(entities.dtype)
        self.step = 0

    def epoch(self, number: int, want_loss: bool = False) -> float:
        """Go through all queries once; returns the mean loss, NaN if not wanted."""
        rng = np.random.Generator(np.random.Philox(key=[self.seed, number]))
        grouped = self.recipe.batches == "queries"
        order = rng.permutation(len(self.queries if grouped else self.queries.tails))
        rate = self.recipe.learning_rate * self.recipe.decay**number
        total = 0.0
        for start in range(0, len(order), self.recipe.batch_size):
            chosen = order[start : start + self.recipe.batch_size]
            batch = (
                self.queries.take(chosen)
                if grouped
                else self.queries.of_answers(np.sort(chosen))
            )
            total += self._move(batch, rate, want_loss, rng) * len(chosen)
        return float(total / max(len(order), 1))

    def _move(
        self, batch: Queries, rate: float, want_loss: bool, rng: np.random.Generator
    ) -> float:
        self.step += 1
        n = len(self.entities.values)
        wanted = self.recipe.n_negatives
        if wanted is None or wanted >= n:
            value = self._gradients(
                batch, self.entities.values, self.entities.slopes,
                np.ones(n, self.root.dtype), want_loss,
            )  # fmt: skip
            self.entities.move(rate, self.step)
        else:
            drawn = rng.choice(n, wanted, replace=False)
            rows = np.unique(np.concatenate([drawn, batch.heads, batch.tails]))
            local = Queries(
                np.searchsorted(rows, batch.heads),
                batch.relations,
                batch.pointers,
                np.searchsorted(rows, batch.tails),
                batch.weights,
            )
            values = self.entities.values[rows]
            value = self._gradients(
                local, values, self.entities.slopes[: len(rows)],
                self._shares(rows, drawn, local.tails, n), want_loss,
            )  # fmt: skip
            self.entities.move(rate, self.step, rows)
        self.relations.move(rate, self.step)
        return value

    def _shares(
        self, rows: IntArray, drawn: IntArray, tails: IntArray, n: int
    ) -> FloatArray:
        """Weights of sampled entities as negatives: their sum stands for all."""
        shares = np.zeros(len(rows), self.root.dtype)
        shares[np.searchsorted(rows, drawn)] = n / len(drawn)
        if self.recipe.loss == "ce":  # an answer is a term of its own softmax
            shares[tails] = np.maximum(shares[tails], 1)
        return shares

    def _gradients(
        self,
        batch: Queries,
        entities: FloatArray,
        slopes: FloatArray,
        shares: FloatArray,
        want_loss: bool,
    ) -> float:
        """Fill the slopes of entities and relations; returns the loss."""
        dtype, geometry, recipe = entities.dtype, self.geometry, self.recipe
        counts = batch.weights
        if recipe.loss == "kvsall":
            counts = np.ones(len(counts))
        sums = np.add.reduceat(counts, batch.pointers[:-1])
        scale = 1.0 / (len(batch) if recipe.loss == "kvsall" else sums.sum())
        weights = np.ones(len(batch)) if recipe.loss == "kvsall" else sums
        query_pull, pull, ends, kinds = self._pulls(batch, len(entities), scale)
        relations = self.relations
        shape = shape_of_queries(len(batch), geometry.row_width)
        rows = geometry.query_rows(
            entities, relations.values, batch.heads, batch.relations,
            recipe.gamma, shape,
        )  # fmt: skip
        back, value = query_slopes(
            entities, geometry.spec, self.root, rows, batch.pointers, batch.tails,
            (counts * scale).astype(dtype), (weights * scale).astype(dtype), shares,
            pull.astype(dtype), CROSS_ENTROPY if recipe.loss == "ce" else BCE,
            want_loss, slopes,
        )  # fmt: skip
        relations.slopes[:] = 0
        query_gradients(
            entities, relations.values, batch.heads, batch.relations, geometry.spec,
            self.root, rows, back, query_pull.astype(dtype), slopes, relations.slopes,
        )  # fmt: skip
        if recipe.regularizer == "n3":
            d, pairs = geometry.n_coordinates, geometry.map == COMPLEX
            cubes(entities, ends.astype(dtype), d, pairs, slopes)
            cubes(relations.values, kinds.astype(dtype), d, pairs, relations.slopes)
        elif recipe.regularizer == "l2":
            squares(entities, ends.astype(dtype), slopes)
            squares(relations.values, kinds.astype(dtype), relations.slopes)
        return float(value)

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
        n_kinds = len(self.relations.values)
        kinds = np.bincount(batch.relations, sums, minlength=n_kinds)
        return nothing[0], nothing[1], strength * ends, strength * kinds

    # -- keeping -----------------------------------------------------------------
    def state(self) -> dict[str, AnyArray]:
        """Everything that the next epoch depends on."""
        kept: dict[str, AnyArray] = {"step": np.array(self.step)}
        for name, table in (("entities", self.entities), ("relations", self.relations)):
            kept[name] = table.values
            kept[f"{name}_second"] = table.second
            if table.first is not None:
                kept[f"{name}_first"] = table.first
        return kept

    def restore(self, state: dict[str, AnyArray]) -> None:
        """Take back what `state` gave."""
        self.step = int(state["step"])
        for name, table in (("entities", self.entities), ("relations", self.relations)):
            table.values[:] = state[name]
            table.second[:] = state[f"{name}_second"]
            if table.first is not None:
                table.first[:] = state[f"{name}_first"]
