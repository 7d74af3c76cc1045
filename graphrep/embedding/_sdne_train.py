"""How SDNE is trained: batches of rows and of edges, on any device of torch."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from graphrep.embedding._sdne_model import Autoencoder, Layer, activations
from graphrep.typing import AnyArray, FloatArray, IntArray

EDGES_PER_ROW = 8  # one edge of the first-order term for so many rows of a batch
_LAST_RATE = 0.02  # where the cosine of the learning rate ends, relative to its start


class Recipe(NamedTuple):
    """The parameters of a fit that training needs."""

    widths: tuple[int, ...]
    activation: str
    alpha: float
    beta: float
    nu: float
    n_zeros: int
    batch_size: int
    learning_rate: float


class Batch(NamedTuple):
    """What one step reads, on the device.

    Columns of the decoder are those that were sampled, then the other ones that an
    entry needs; None stands for all of them in their order.
    """

    n_rows: int
    entries: Any
    columns: Any
    out_entries: Any
    out_columns: Any


class Trainer:
    """Weights of an autoencoder, and the steps that train them.

    Parameters
    ----------
    matrix : csr_array of shape (n_nodes, n_inputs)
        Rows to reconstruct.
    edges : csr_array of shape (n_nodes, n_nodes)
        Weights of the first-order term.
    recipe : Recipe
        Parameters.
    seed : int
        Seed of all draws; they are numpy's, so that every device sees the same.
    torch, device : module, torch.device
        Where to compute.
    """

    def __init__(
        self,
        matrix: sparse.csr_array,
        edges: sparse.csr_array,
        recipe: Recipe,
        seed: int,
        torch: Any,
        device: Any,
    ) -> None:
        from graphrep.kernels.torch import _sdne as kernels

        self._kernels, self._torch, self._device = kernels, torch, device
        self._matrix, self._recipe = matrix, recipe
        self._random = np.random.Generator(np.random.Philox(seed))
        self._ends = edges.indices
        self._starts = np.repeat(np.arange(edges.shape[0]), np.diff(edges.indptr))
        self._total = float(edges.data.sum(dtype=np.float64))
        self._cumulative = None
        if len(edges.data) and edges.data.min() != edges.data.max():
            self._cumulative = np.cumsum(edges.data, dtype=np.float64)
        self._position = np.full(matrix.shape[1], -1, np.int32)
        self._queue: IntArray = np.empty(0, np.int64)
        self._now = 0
        self._encoder = self._layers(encoder=True)
        self._decoder = self._layers(encoder=False)

    # -- weights -------------------------------------------------------------------
    def _layers(self, *, encoder: bool) -> list[Any]:
        """Tables of weights and biases from the outermost layer inwards."""
        widths = (self._matrix.shape[1], *self._recipe.widths)
        layers = []
        decay = self._recipe.nu / self._matrix.shape[0]
        for depth, (outer, inner) in enumerate(pairwise(widths)):
            shape = (outer, inner) if encoder or depth == 0 else (inner, outer)
            fan_in = float(outer if encoder else inner)
            if encoder and depth == 0:
                squares = float(np.square(self._matrix.data, dtype=np.float64).sum())
                fan_in = max(squares / self._matrix.shape[0], 1e-12)
            weights = self._random.standard_normal(shape, dtype=np.float32)
            weights *= np.float32(1 / math.sqrt(fan_in))
            biases = np.zeros(inner if encoder else outer, np.float32)
            layers.append(
                (
                    self._kernels.Table(self._move(weights), decay),
                    self._kernels.Table(self._move(biases)),
                )
            )
        return layers

    def network(self) -> Autoencoder:
        """Weights as numpy arrays."""
        sides = [
            [Layer(w.data.cpu().numpy(), b.data.cpu().numpy()) for w, b in side]
            for side in (self._encoder, self._decoder)
        ]
        return Autoencoder(sides[0], sides[1][::-1], self._recipe.activation)

    def _move(self, array: AnyArray) -> Any:
        return self._torch.as_tensor(array, device=self._device)

    # -- batches -------------------------------------------------------------------
    def steps_per_epoch(self) -> int:
        """Batches that it takes to see every row once."""
        return -(-self._matrix.shape[0] // self._recipe.batch_size)

    def epoch(self, first_rate: float, last_rate: float, depth: int) -> float:
        """See every row once; return the mean estimate of the loss over the steps."""
        order = self._random.permutation(self._matrix.shape[0])
        n_steps = self.steps_per_epoch()
        total = 0.0
        for step, rows in enumerate(np.array_split(order, n_steps)):
            rate = first_rate + (last_rate - first_rate) * step / n_steps
            total += self._step(np.sort(rows), rate, depth)
        return total / n_steps

    def _draw_columns(self) -> IntArray | None:
        """Columns of the decoder for a step, from a permutation of all of them."""
        n_columns, size = self._matrix.shape[1], self._recipe.n_zeros
        if size >= n_columns:
            return None
        if len(self._queue) < size:
            self._queue = self._random.permutation(n_columns)
        drawn, self._queue = self._queue[:size], self._queue[size:]
        return np.sort(drawn)

    def _draw_edges(self, n_rows: int) -> IntArray:
        """Draw edges in proportion to their weights; return sources, then targets."""
        size = max(1, n_rows // EDGES_PER_ROW)
        if self._cumulative is None:
            at = self._random.integers(0, len(self._ends), size)
        else:
            at = self._random.random(size) * self._cumulative[-1]
            at = np.searchsorted(self._cumulative, at, side="right")
            at = np.minimum(at, len(self._ends) - 1)
        return np.concatenate([self._starts[at], self._ends[at]])

    def batch(self, rows: IntArray, ends: IntArray, columns: IntArray | None) -> Batch:
        """Cut out what a step needs, columns renumbered to those in use."""
        own = self._matrix[rows]
        both = self._matrix[np.concatenate([rows, ends])] if len(ends) else own
        flags = np.zeros(self._matrix.shape[1], bool)
        flags[both.indices] = True
        used = np.flatnonzero(flags)
        entries = self._entries(both, used)
        if columns is None:
            everything = self._renumbered(own, None)
            return Batch(len(rows), entries, self._move(used), everything, None)
        flags[:] = False
        flags[own.indices] = True
        flags[columns] = False
        wanted = np.concatenate([columns, np.flatnonzero(flags)])
        decoded = self._entries(own, wanted)
        return Batch(
            len(rows), entries, self._move(used), decoded, self._move(wanted)
        )  # fmt: skip

    def _entries(self, rows: sparse.csr_array, columns: IntArray) -> Any:
        self._position[columns] = np.arange(len(columns), dtype=np.int32)
        return self._renumbered(rows, columns)

    def _renumbered(self, rows: sparse.csr_array, columns: IntArray | None) -> Any:
        indices, n_columns = rows.indices, rows.shape[1]
        if columns is not None:
            indices, n_columns = self._position[indices], len(columns)
        numbers = np.arange(len(indices), dtype=np.int32)
        indptr = rows.indptr.astype(np.int32)
        shape = (rows.shape[0], n_columns)
        turned = sparse.csr_array((numbers, indices, indptr), shape=shape).tocsc()
        parts = (
            indptr, indices.astype(np.int32), rows.data, turned.indptr.astype(np.int32),
            turned.indices.astype(np.int32), turned.data.astype(np.int64),
        )  # fmt: skip
        tensors: list[Any] = [self._move(part) for part in parts]
        return self._kernels.Entries._make([*tensors, n_columns])

    # -- steps ---------------------------------------------------------------------
    def _step(self, rows: IntArray, rate: float, depth: int) -> float:
        ends: IntArray = np.empty(0, np.int64)
        if self._recipe.alpha and len(self._ends):
            ends = self._draw_edges(len(rows))
        batch = self.batch(rows, ends, self._draw_columns())
        self._now += 1
        terms = self.terms(batch, depth)
        loss = (terms[0] + self._recipe.alpha * terms[1]) / self._matrix.shape[0]
        loss.backward()
        for layer in (*self._encoder[:depth], *self._decoder[:depth]):
            for table in layer:
                table.step(rate, self._now)
        return float(loss.detach())

    def terms(self, batch: Batch, depth: int) -> tuple[Any, Any]:
        """Unbiased estimates of the second-order and the first-order term."""
        recipe, kernels = self._recipe, self._kernels
        vectors = self._encode(batch, depth)
        own, ends = vectors[: batch.n_rows], vectors[batch.n_rows :]
        first = own.new_zeros(())
        if len(ends):
            half = len(ends) // 2
            first = kernels.first_order(ends[:half], ends[half:], self._total)
        hidden = self._decode(own, depth)
        weights, biases = (t.take(batch.out_columns) for t in self._decoder[0])
        n_columns = self._matrix.shape[1]
        n_zeros = min(recipe.n_zeros, n_columns)
        second = kernels.second_order(
            hidden, weights, biases, batch.out_entries, n_zeros, n_columns / n_zeros,
            recipe.beta, activations(recipe.activation)[2],
        )  # fmt: skip
        return second * (self._matrix.shape[0] / batch.n_rows), first

    def _encode(self, batch: Batch, depth: int) -> Any:
        hidden, last, _ = activations(self._recipe.activation)
        weights, biases = self._encoder[0]
        x = self._kernels.times(batch.entries, weights.take(batch.columns))
        x = x + biases.take()
        for weights, biases in self._encoder[1:depth]:
            x = self._kernels.ACTIVATIONS[hidden](x)
            x = self._torch.addmm(biases.take(), x, weights.take())
        name = last if depth == len(self._encoder) else hidden
        return self._kernels.ACTIVATIONS[name](x)

    def _decode(self, x: Any, depth: int) -> Any:
        hidden = self._kernels.ACTIVATIONS[activations(self._recipe.activation)[0]]
        for weights, biases in self._decoder[1:depth][::-1]:
            x = hidden(self._torch.addmm(biases.take(), x, weights.take()))
        return x


def cosine_rate(progress: float) -> float:
    """Learning rate relative to the first one, after a share of all epochs."""
    return _LAST_RATE + (1 - _LAST_RATE) * 0.5 * (1 + math.cos(math.pi * progress))


def spread(vectors: FloatArray) -> tuple[float, float]:
    """Root mean square distance of two vectors, and root mean square length."""
    if not len(vectors):
        return 0.0, 0.0
    wide = vectors.astype(np.float64)
    square = float(np.square(wide).sum() / len(wide))
    centre = float(np.square(wide.mean(axis=0)).sum())
    return math.sqrt(max(0.0, 2 * (square - centre))), math.sqrt(square)
