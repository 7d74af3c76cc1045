"""Training on a torch device: the same batches, products and gradients by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from graphrep._utils._devices import device_memory, torch_device
from graphrep.kge._batches import (
    ADAGRAD_EPSILON,
    ADAM_EPSILON,
    BETA1,
    BETA2,
    Batches,
    Recipe,
    Step,
)
from graphrep.kge._geometry import COMPLEX, FLOW, Geometry
from graphrep.kge._queries import Queries
from graphrep.typing import AnyArray, FloatArray

_NO_ROOM = partial(
    device_memory, "Training models of triples",
    "Lower batch_size, or use device='cpu'.",
)  # fmt: skip


class TorchTrainer(Batches):
    """Twin of `graphrep.kge._training.Trainer` on a torch device.

    The gradient of the loss goes through the scores by hand (two products, no graph of
    the size queries x entities), and from points to parameters by autograd, which is
    small. Memory is one array of queries x entities. With ``mixed_precision`` the
    three products are taken in bfloat16; biases, sums and parameters stay as they are.
    """

    @_NO_ROOM()
    def __init__(
        self,
        geometry: Geometry,
        entities: FloatArray,
        relations: FloatArray,
        queries: Queries,
        recipe: Recipe,
        seed: int,
        device: str,
        mixed_precision: bool = False,
    ) -> None:
        super().__init__(geometry, len(entities), len(relations), queries, recipe, seed)
        torch, self.place = torch_device(device, why="Training models of triples")
        self.torch, self.mixed = torch, mixed_precision
        self.kernels, self.kernel_kind = _kernels(geometry, self.place)
        optimizer = recipe.optimizer
        self.entities = _Table(torch, self._here(entities), optimizer)
        self.relations = _Table(torch, self._here(relations), optimizer)
        self.root = self._here(geometry.root.astype(entities.dtype))

    def _here(self, array: AnyArray) -> Any:
        return self.torch.from_numpy(np.ascontiguousarray(array)).to(self.place)

    def _numbers(self, array: FloatArray) -> Any:
        return self._here(array).to(self.root.dtype)

    @_NO_ROOM()
    def _move(self, step: Step) -> float:
        torch, recipe, geometry = self.torch, self.recipe, self.geometry
        rows = None if step.rows is None else self._here(step.rows)
        entities = self.entities.leaf(rows)
        relations = self.relations.leaf(None)
        queries = step.queries
        heads, kinds = self._here(queries.heads), self._here(queries.relations)
        points, bias = self.kernels.key_points(entities, geometry, self.root)
        asked, query_bias = self.kernels.query_points(
            entities[heads], relations[kinds], geometry, self.root, recipe.gamma
        )
        parts = [points, bias, asked, query_bias]
        owners = np.repeat(np.arange(len(queries)), np.diff(queries.pointers))
        with torch.no_grad():
            slopes, value = self.kernels.slopes(
                points,
                bias,
                asked,
                query_bias,
                self._here(owners),
                self._here(queries.tails),
                self._numbers(step.counts),
                self._numbers(step.weights),
                self._numbers(step.shares),
                geometry.factor,
                recipe.loss == "ce",
                step.want_loss,
                self.mixed,
            )
            slopes[0] += 2 * self._numbers(step.key_pull)[:, None] * points
            slopes[2] += 2 * self._numbers(step.query_pull)[:, None] * asked
        pairs = [(p, s) for p, s in zip(parts, slopes, strict=True) if p.requires_grad]
        torch.autograd.backward([p for p, _ in pairs], [s for _, s in pairs])
        if len(step.entity_pull):
            self._penalty(entities, step.entity_pull).backward()
            self._penalty(relations, step.relation_pull).backward()
        self.entities.move(entities, rows, step.rate, self.step)
        self.relations.move(relations, None, step.rate, self.step)
        return float(value)

    def _penalty(self, table: Any, pull: FloatArray) -> Any:
        """Sum over rows of pull times the squares, or cubes, of their numbers."""
        if self.recipe.regularizer == "l2":
            sizes = table.square()
        elif self.geometry.map == COMPLEX:
            d = self.geometry.n_coordinates
            squares = table[:, :d].square() + table[:, d:].square()
            sizes = squares * squares.clamp_min(1e-30).sqrt()
        else:
            sizes = table.abs() ** 3
        return (self._numbers(pull)[:, None] * sizes).sum()

    # -- keeping -----------------------------------------------------------------
    def tables(self) -> tuple[FloatArray, FloatArray]:
        """Parameters of entities and relations, in memory of the processor."""
        tables = self.entities.values, self.relations.values
        entities, relations = (table.cpu().numpy() for table in tables)
        return entities, relations

    def state(self) -> dict[str, AnyArray]:
        """Everything that the next epoch depends on."""
        kept: dict[str, AnyArray] = {"step": np.array(self.step)}
        for name, table in (("entities", self.entities), ("relations", self.relations)):
            kept[name] = table.values.cpu().numpy()
            kept[f"{name}_second"] = table.second.cpu().numpy()
            if table.first is not None:
                kept[f"{name}_first"] = table.first.cpu().numpy()
        return kept

    def restore(self, state: dict[str, AnyArray]) -> None:
        """Take back what `state` gave."""
        self.step = int(state["step"])
        for name, table in (("entities", self.entities), ("relations", self.relations)):
            table.values.copy_(self._here(state[name]))
            table.second.copy_(self._here(state[f"{name}_second"]))
            if table.first is not None:
                table.first.copy_(self._here(state[f"{name}_first"]))


def _kernels(geometry: Geometry, place: Any) -> tuple[Any, str]:
    """Kernels for a geometry on a device, and their kind; both kinds do the same."""
    from graphrep.kernels.triton import at_hand

    if geometry.map == FLOW and at_hand(place):
        from graphrep.kernels.triton import _kge as fused

        return fused, "triton"
    from graphrep.kernels.torch import _kge

    return _kge, "torch"


class _Table:
    """Parameters on a device, with what the optimiser remembers of them."""

    def __init__(self, torch: Any, values: Any, optimizer: str) -> None:
        self.torch = torch
        self.values = values.clone()
        self.second = torch.zeros_like(values)
        self.first = torch.zeros_like(values) if optimizer == "adam" else None

    def leaf(self, rows: Any) -> Any:
        """Values that gradients are wanted for: all, or a copy of some rows."""
        values = self.values if rows is None else self.values[rows]
        return values.detach().requires_grad_()

    def move(self, leaf: Any, rows: Any, rate: float, step: int) -> None:
        """Go one step against the gradient of a leaf."""
        with self.torch.no_grad():
            slopes = leaf.grad
            where = slice(None) if rows is None else rows
            values, second = self.values[where], self.second[where]
            if self.first is None:
                second.addcmul_(slopes, slopes)
                values.addcdiv_(
                    slopes, second.sqrt().add_(ADAGRAD_EPSILON), value=-rate
                )
            else:
                first = self.first[where]
                first.mul_(BETA1).add_(slopes, alpha=1 - BETA1)
                second.mul_(BETA2).addcmul_(slopes, slopes, value=1 - BETA2)
                root = (1 - BETA2**step) ** -0.5
                size = second.sqrt().mul_(root).add_(ADAM_EPSILON)
                values.addcdiv_(first, size, value=-rate / (1 - BETA1**step))
                if rows is not None:
                    self.first[rows] = first
            if rows is not None:
                self.values[rows], self.second[rows] = values, second
