"""How much structure counts beside text, learnt from phrases that were held out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphrep.linking._node_targets import NodeTargets
from graphrep.typing import AnyArray, FloatArray, IntArray

_NEAREST, _RANDOM = 100, 200
_N_STEPS, _RATE = 200, 0.05
_PENALTY = 1e-3
_BETAS, _EPSILON = (0.9, 0.999), 1e-8
_BLOCK = 256


class Held(NamedTuple):
    """Phrases that the map was not trained on.

    Attributes
    ----------
    outputs : ndarray of float32 of shape (n_phrases, n_components)
        Where they are mapped to.
    right : list of ndarray of int64
        Right nodes of each.
    weights : ndarray of float64 of shape (n_phrases,)
        How much each counts.
    """

    outputs: FloatArray
    right: list[IntArray]
    weights: FloatArray


class Candidates(NamedTuple):
    """Nodes that each held-out phrase is to choose from.

    Attributes
    ----------
    nodes : ndarray of int64 of shape (n_phrases, n)
        Each once, or -1.
    right : ndarray of bool of shape (n_phrases, n)
    text, structure : ndarray of float32 of shape (n_phrases, n)
        Products of the halves.
    """

    nodes: IntArray
    right: AnyArray
    text: FloatArray
    structure: FloatArray


class StructureGate:
    """Length of the structural part of each node: logistic in what is known of it.

    The length is ``2 w / (1 + exp(-a x))``: w where the gate starts, x one, degree and
    number of training phrases (logarithms, standardised), and whether the node has
    none.

    Parameters
    ----------
    targets : NodeTargets
        Whose ``lengths`` are set.
    counts : ndarray of int of shape (n_nodes,)
        Training phrases of each node.
    """

    def __init__(self, targets: NodeTargets, counts: IntArray) -> None:
        self.targets = targets
        unseen = counts == 0
        self.features = np.stack(
            [
                np.ones(len(counts)),
                _standard(np.log1p(targets.degrees)),
                _standard(np.log1p(counts)) * ~unseen,
                unseen,
            ],
            axis=1,
        ).astype(np.float64)
        self.weights = np.zeros(4)
        targets.lengths[unseen] = 0  # until it is known that structure helps there

    def lengths(self) -> FloatArray:
        """Length of the structural part of each node."""
        logits = self.features @ self.weights
        out: FloatArray = 2 * self.targets.weight / (1 + np.exp(-logits))
        return out.astype(np.float32)

    def learn(self, held: Held, tau: float, draw: np.random.Generator) -> None:
        """Fit the gate to held-out phrases by Adam, and set the lengths.

        The loss is the contrastive one over the right nodes of a phrase, its 100
        nearest ones by text, by structure and by both, and 200 random nodes, with a
        small penalty on weights.
        """
        some = self._candidates(held, draw)
        norms = np.maximum(np.linalg.norm(held.outputs, axis=1), 1e-12)[:, None]
        share = (held.weights / held.weights.sum())[:, None]
        first, second = np.zeros(4), np.zeros(4)
        for step in range(1, _N_STEPS + 1):
            slope = self._slope(some, norms, share, tau) + _PENALTY * self.weights
            first += (1 - _BETAS[0]) * (slope - first)
            second += (1 - _BETAS[1]) * (slope * slope - second)
            mean = first / (1 - _BETAS[0] ** step)
            spread = np.sqrt(second / (1 - _BETAS[1] ** step))
            self.weights -= _RATE * mean / (spread + _EPSILON)
        self.targets.lengths = self.lengths()

    def _slope(
        self, some: Candidates, norms: AnyArray, share: AnyArray, tau: float
    ) -> AnyArray:
        """Differentiate the loss by the weights."""
        text, structure = self.targets.text, self.targets.structure
        assert text is not None
        assert structure is not None
        nodes = np.maximum(some.nodes, 0)
        g = self.lengths().astype(np.float64)[nodes]
        of_text = np.any(text, axis=1)[nodes]
        of_structure = np.any(structure, axis=1)[nodes]
        lengths = np.sqrt(of_text + g * g * of_structure)
        lengths = np.where(lengths > 0, lengths, 1)
        total = some.text + g * some.structure
        scores = total / (lengths * norms * tau)
        scores = np.where(some.nodes >= 0, scores, -np.inf)
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        right = np.where(some.right, np.maximum(chances, 1e-37), 0)
        by_score = chances / chances.sum(axis=1, keepdims=True)
        by_score -= right / right.sum(axis=1, keepdims=True)
        by_g = some.structure / lengths - total * g * of_structure / lengths**3
        by_logit = share * by_score * by_g * g * (1 - g / (2 * self.targets.weight))
        by_logit /= norms * tau
        totals = np.bincount(
            nodes.reshape(-1), by_logit.reshape(-1), len(self.features)
        )
        out: AnyArray = totals @ self.features
        return out

    def _candidates(self, held: Held, draw: np.random.Generator) -> Candidates:
        text, structure = self.targets.text, self.targets.structure
        assert text is not None
        assert structure is not None
        half, n = text.shape[1], len(text)
        random = draw.choice(n, min(n, _RANDOM), replace=False)
        k = min(n, _NEAREST)
        width = 3 * k + len(random) + max(map(len, held.right))
        shape = len(held.right), width
        nodes = np.full(shape, -1, np.int64)
        right = np.zeros(shape, bool)
        products = np.zeros((2, *shape), np.float32)
        for start in range(0, len(nodes), _BLOCK):
            F = held.outputs[start : start + _BLOCK]
            A, B = F[:, :half] @ text.T, F[:, half:] @ structure.T
            both = A + self.targets.weight * B
            near = [np.argpartition(-X, k - 1, axis=1)[:, :k] for X in (A, B, both)]
            for i in range(len(F)):
                row = start + i
                parts = [held.right[row], random, *(X[i] for X in near)]
                found = np.unique(np.concatenate(parts))
                nodes[row, : len(found)] = found
                right[row, : len(found)] = np.isin(found, held.right[row])
                products[0, row, : len(found)] = A[i, found]
                products[1, row, : len(found)] = B[i, found]
        return Candidates(nodes, right, products[0], products[1])


def _standard(values: AnyArray) -> AnyArray:
    """Standardise; zeros where all are the same."""
    spread = values.std()
    out: AnyArray = (values - values.mean()) / (spread if spread > 0 else 1)
    return out


__all__ = ["Held", "StructureGate"]
