"""How a map of phrases to nodes is trained: pairs, steps, and when to stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from graphrep._utils._progress import Progress
from graphrep.exceptions import GraphValueError
from graphrep.linking._mapper_losses import (
    Slopes,
    contrastive_loss,
    cosine_loss,
    mse_loss,
    unit,
)
from graphrep.linking._node_targets import NodeTargets
from graphrep.linking._phrase_encoder import Phrases
from graphrep.linking._structure_gate import Held, StructureGate
from graphrep.typing import FloatArray, IntArray

_FEWEST_HELD, _MOST_HELD = 10, 1000
_PROBED, _MOST_PROBED = 0.02, 300
_LAST_RATE = 0.02
_BLOCK = 256


class Pairs(NamedTuple):
    """Distinct phrases and the nodes of each.

    Attributes
    ----------
    lines : list of tuple of str
        Distinct phrases, in order of their first pair.
    phrases, nodes : ndarray of int64 of shape (n_pairs,)
        Each pair once, sorted by phrase and node.
    weights : ndarray of float32 of shape (n_pairs,)
        The largest weight among repeats.
    starts : ndarray of int64 of shape (n_phrases + 1,)
        Where the pairs of each phrase start.
    """

    lines: list[tuple[str, ...]]
    phrases: IntArray
    nodes: IntArray
    weights: FloatArray
    starts: IntArray


class Recipe(NamedTuple):
    """The parameters of a fit that training needs."""

    loss: str
    tau: float
    n_random: int
    batch_size: int
    n_epochs: int
    learning_rate: float
    held_out: float
    patience: int
    gate_drop: float
    seed: int


class History(NamedTuple):
    """What training saw.

    Attributes
    ----------
    losses : list of float
        Mean loss of each epoch.
    mrr : list of float
        Mean reciprocal rank of held-out phrases after each epoch; empty without.
    best_epoch : int
        Epoch whose weights were kept, from 1 on.
    """

    losses: list[float]
    mrr: list[float]
    best_epoch: int


def make_pairs(
    lines: Sequence[Sequence[str]], nodes: IntArray, weights: FloatArray
) -> Pairs:
    """Merge equal phrases; those without words are left out."""
    numbers: dict[tuple[str, ...], int] = {}
    codes = np.full(len(lines), -1, np.int64)
    for row, line in enumerate(lines):
        if len(line):
            codes[row] = numbers.setdefault(tuple(line), len(numbers))
    kept = np.flatnonzero(codes >= 0)
    kept = kept[np.lexsort((-weights[kept], nodes[kept], codes[kept]))]
    phrases, right = codes[kept], nodes[kept]
    fresh = np.ones(len(kept), bool)
    fresh[1:] = (phrases[1:] != phrases[:-1]) | (right[1:] != right[:-1])
    kept, phrases, right = kept[fresh], phrases[fresh], right[fresh]
    starts = np.searchsorted(phrases, np.arange(len(numbers) + 1))
    return Pairs(list(numbers), phrases, right, weights[kept], starts)


class Training:
    """Trains a mapper on pairs.

    Parameters
    ----------
    mapper : NumpyMapper or TorchMapper
        What is trained.
    targets : NodeTargets
        Where phrases should go; a gate is trained too.
    pairs : Pairs
        What belongs together.
    phrases : Phrases
        The words of ``pairs.lines``.
    recipe : Recipe
        How.
    """

    def __init__(
        self, mapper: Any, targets: NodeTargets, pairs: Pairs, phrases: Phrases,
        recipe: Recipe,
    ) -> None:  # fmt: skip
        self.mapper, self.targets = mapper, targets
        self.pairs, self.phrases, self.recipe = pairs, phrases, recipe
        self.draw = np.random.default_rng(recipe.seed)
        usable = phrases.sizes[pairs.phrases] > 0
        usable &= targets.vectors()[pairs.nodes].any(axis=1)
        self.rows = np.flatnonzero(usable)
        if not len(self.rows):
            raise GraphValueError(
                "No phrase with known words belongs to a node with a vector; there is "
                "nothing to learn from."
            )
        self.probed = self._hold_out_nodes()
        self.held = self._hold_out()
        # nodes without a phrase would be wrong ones only, and never be found
        self.seen = np.unique(pairs.nodes[self.rows])
        self._places = np.full(targets.n_nodes, -1, np.int64)
        self.n_steps = 0
        self.gate: StructureGate | None = None
        if targets.kind == "gated":
            counts = np.bincount(pairs.nodes[self.rows], minlength=targets.n_nodes)
            self.gate = StructureGate(targets, counts)

    def _hold_out_nodes(self) -> IntArray:
        """Phrases of a few nodes, all of them: a gate learns from these as unseen.

        None where every node has a phrase.
        """
        pairs = self.pairs
        if self.targets.kind != "gated" or not self.recipe.held_out:
            return np.zeros(0, np.int64)
        nodes = np.unique(pairs.nodes[self.rows])
        size = min(_MOST_PROBED, int(_PROBED * len(nodes)))
        if size < _FEWEST_HELD or len(nodes) == self.targets.n_nodes:
            return np.zeros(0, np.int64)
        chosen = self.draw.choice(nodes, size, replace=False)
        out = np.isin(pairs.nodes[self.rows], chosen)
        probed = np.unique(pairs.phrases[self.rows[out]])
        self.rows = self.rows[~(out | np.isin(pairs.phrases[self.rows], probed))]
        return probed

    def _hold_out(self) -> IntArray:
        """Phrases whose nodes have another phrase: some, for early stopping."""
        pairs = self.pairs
        counts = np.bincount(pairs.nodes[self.rows], minlength=pairs.nodes.max() + 1)
        single = np.bincount(
            pairs.phrases[self.rows[counts[pairs.nodes[self.rows]] < 2]],
            minlength=len(pairs.lines),
        )
        usable = np.unique(pairs.phrases[self.rows])
        some = usable[single[usable] == 0]
        size = min(_MOST_HELD, int(self.recipe.held_out * len(usable)), len(some))
        size = size if size >= _FEWEST_HELD else 0
        held = np.sort(self.draw.choice(some, size, replace=False))
        left = ~np.isin(pairs.phrases[self.rows], held)
        if left.any():
            self.rows = self.rows[left]
            return held
        return held[:0]

    def run(self, progress: Progress) -> History:
        """Train; the weights of the best epoch stay."""
        recipe = self.recipe
        self.mapper.prepare(self.phrases)
        total = recipe.n_epochs * -(-len(self.rows) // recipe.batch_size)
        losses: list[float] = []
        scores: list[float] = []
        best, kept = -1.0, None
        best_epoch = recipe.n_epochs
        for epoch in range(recipe.n_epochs):
            progress("Text2Node", epoch, recipe.n_epochs)
            losses.append(self._epoch(total))
            if not np.isfinite(losses[-1]):
                raise GraphValueError(
                    f"The loss is {losses[-1]} in epoch {epoch + 1}; lower "
                    f"learning_rate={recipe.learning_rate}."
                )
            if not len(self.held):
                continue
            scores.append(self._mrr())
            if scores[-1] > best:
                best, best_epoch = scores[-1], epoch + 1
                kept = self.mapper.state()
            elif epoch + 1 - best_epoch >= recipe.patience:
                break
        if kept is not None:
            self.mapper.restore(kept)
        self.mapper.finish()
        if self.gate is not None and len(self.held):
            self.gate.learn(self._held_for_gate(), self.draw)
        progress("Text2Node", recipe.n_epochs, recipe.n_epochs)
        return History(losses, scores, best_epoch)

    def _held_for_gate(self) -> Held:
        """Held-out phrases of nodes with others and of nodes without, equally heavy."""
        phrases = np.concatenate([self.held, self.probed])
        sizes = np.array([len(self.held), len(self.probed)])
        weights = np.repeat(1 / np.maximum(sizes, 1), sizes)
        starts = self.pairs.starts
        right = [self.pairs.nodes[starts[p] : starts[p + 1]] for p in phrases.tolist()]
        outputs = self.mapper.predict(self.phrases.take(phrases))
        return Held(outputs, right, weights)

    def _epoch(self, total: int) -> float:
        recipe = self.recipe
        order = self.rows[self.draw.permutation(len(self.rows))]
        loss = 0.0
        for start in range(0, len(order), recipe.batch_size):
            rows = order[start : start + recipe.batch_size]
            share = 0.5 * (1 + np.cos(np.pi * self.n_steps / total))
            rate = recipe.learning_rate * (_LAST_RATE + (1 - _LAST_RATE) * share)
            self.n_steps += 1
            loss += self._step(rows, rate).loss * len(rows)
        return loss / len(order)

    def _step(self, rows: IntArray, rate: float) -> Slopes:
        """Take one step."""
        pairs, recipe = self.pairs, self.recipe
        F = self.mapper.forward(pairs.phrases[rows])
        weights = pairs.weights[rows]
        if recipe.loss == "contrastive":
            return self._contrast(F, rows, weights, rate)
        Y = self.targets.take(pairs.nodes[rows])
        measure = mse_loss if recipe.loss == "mse" else cosine_loss
        if recipe.loss == "mse":
            Y = (Y - self.shift) / self.scale
        slopes = measure(F, Y, weights)
        self.mapper.backward(slopes.outputs, rate)
        return slopes

    def standardise(self, shift: FloatArray, scale: FloatArray) -> None:
        """Set what targets are standardised with before squared errors."""
        self.shift, self.scale = shift, scale

    def _contrast(
        self, F: FloatArray, rows: IntArray, weights: FloatArray, rate: float
    ) -> Slopes:
        pairs, recipe = self.pairs, self.recipe
        phrases = pairs.phrases[rows]
        counts = pairs.starts[phrases + 1] - pairs.starts[phrases]
        owner = np.repeat(np.arange(len(rows)), counts)
        first = np.repeat(pairs.starts[phrases] - np.cumsum(counts) + counts, counts)
        right = pairs.nodes[first + np.arange(len(owner))]
        size = min(recipe.n_random, len(self.seen))
        others = self.draw.integers(0, len(self.seen), size)
        nodes = np.unique(np.concatenate([right, self.seen[others]]))
        self._places[nodes] = np.arange(len(nodes))
        kept = np.ones_like(F)
        if recipe.gate_drop and self.targets.text is not None:
            dropped = self.draw.random(len(rows)) < recipe.gate_drop
            kept[dropped, self.targets.text.shape[1] :] = 0  # such rows see text only
        slopes = contrastive_loss(
            F * kept, self.targets.take(nodes), owner, self._places[right], weights,
            recipe.tau,
        )  # fmt: skip
        self.mapper.backward(slopes.outputs * kept, rate)
        return slopes

    def _mrr(self) -> float:
        """Mean reciprocal rank of the best right node of the phrases held out."""
        U = unit(self.mapper.predict(self.phrases.take(self.held)))
        Y = self.targets.vectors()
        if self.recipe.loss == "mse":
            Y = unit((Y - self.shift) / self.scale)
        found = []
        for start in range(0, len(self.held), _BLOCK):
            scores = U[start : start + _BLOCK] @ Y.T
            for row, phrase in enumerate(self.held[start : start + _BLOCK]):
                span = slice(self.pairs.starts[phrase], self.pairs.starts[phrase + 1])
                best = scores[row, self.pairs.nodes[span]].max()
                found.append(1 / (1 + np.count_nonzero(scores[row] > best)))
        return float(np.mean(found))


__all__ = ["History", "Pairs", "Recipe", "Training", "make_pairs"]
