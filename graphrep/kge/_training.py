"""Training on a processor: batches of queries, gradients by hand, Adam, Adagrad."""

from __future__ import annotations

import numpy as np

from graphrep.kernels._adam import adagrad, adam
from graphrep.kernels._kge_maps import cubes, query_gradients, squares
from graphrep.kernels._kge_step import (
    BCE,
    CROSS_ENTROPY,
    Workspace,
    query_slopes,
    shape_of_queries,
)
from graphrep.kge._batches import (
    ADAGRAD_EPSILON,
    ADAM_EPSILON,
    BETA1,
    BETA2,
    Batches,
    Recipe,
    Step,
)
from graphrep.kge._geometry import COMPLEX, Geometry
from graphrep.kge._queries import Queries
from graphrep.typing import AnyArray, FloatArray, IntArray


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
                self.second.reshape(-1), rate, ADAGRAD_EPSILON,
            )  # fmt: skip
        else:
            adam(
                self.values.reshape(-1), self.slopes.reshape(-1),
                self.first.reshape(-1), self.second.reshape(-1),
                rate, step, BETA1, BETA2, ADAM_EPSILON,
            )  # fmt: skip


class Trainer(Batches):
    """Moves the parameters of a model, in place, an epoch at a time."""

    def __init__(
        self,
        geometry: Geometry,
        entities: FloatArray,
        relations: FloatArray,
        queries: Queries,
        recipe: Recipe,
        seed: int,
    ) -> None:
        super().__init__(geometry, len(entities), len(relations), queries, recipe, seed)
        self.entities = Table(entities, recipe.optimizer)
        self.relations = Table(relations, recipe.optimizer)
        self.root = geometry.root.astype(entities.dtype)
        self._kept_space: Workspace | None = None

    def _move(self, step: Step) -> float:
        rows = step.rows
        if rows is None:
            values, slopes = self.entities.values, self.entities.slopes
        else:
            values, slopes = (
                self.entities.values[rows],
                self.entities.slopes[: len(rows)],
            )
        value = self._gradients(step, values, slopes)
        self.entities.move(step.rate, self.step, rows)
        self.relations.move(step.rate, self.step)
        return value

    def _gradients(self, step: Step, entities: FloatArray, slopes: FloatArray) -> float:
        """Fill the slopes of entities and relations; returns the loss."""
        dtype, geometry, recipe = entities.dtype, self.geometry, self.recipe
        batch, relations = step.queries, self.relations
        shape = shape_of_queries(len(batch), geometry.row_width)
        rows = geometry.query_rows(
            entities, relations.values, batch.heads, batch.relations,
            recipe.gamma, shape,
        )  # fmt: skip
        back, value = query_slopes(
            entities, geometry.spec, self.root, rows, batch.pointers, batch.tails,
            step.counts.astype(dtype), step.weights.astype(dtype),
            step.shares.astype(dtype), step.key_pull.astype(dtype),
            CROSS_ENTROPY if recipe.loss == "ce" else BCE, step.want_loss,
            self._space(*shape), slopes,
        )  # fmt: skip
        relations.slopes[:] = 0
        query_gradients(
            entities, relations.values, batch.heads, batch.relations, geometry.spec,
            self.root, rows, back, step.query_pull.astype(dtype), slopes,
            relations.slopes,
        )  # fmt: skip
        if len(step.entity_pull):
            ends, kinds = (
                step.entity_pull.astype(dtype),
                step.relation_pull.astype(dtype),
            )
            if recipe.regularizer == "n3":
                d, pairs = geometry.n_coordinates, geometry.map == COMPLEX
                cubes(entities, ends, d, pairs, slopes)
                cubes(relations.values, kinds, d, pairs, relations.slopes)
            else:
                squares(entities, ends, slopes)
                squares(relations.values, kinds, relations.slopes)
        return float(value)

    def _space(self, n_rows: int, width: int) -> Workspace:
        """Memory for a step of so many queries."""
        if self._kept_space is None or self._kept_space.n_rows < n_rows:
            self._kept_space = Workspace(
                self.n_entities, n_rows, width, self.root.dtype
            )
        return self._kept_space

    # -- keeping -----------------------------------------------------------------
    def tables(self) -> tuple[FloatArray, FloatArray]:
        """Parameters of entities and relations, not copied."""
        return self.entities.values, self.relations.values

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
