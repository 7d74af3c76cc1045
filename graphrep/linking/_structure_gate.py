"""How much structure counts beside text, learnt from phrases that were held out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphrep.linking._node_targets import NodeTargets
from graphrep.typing import AnyArray, FloatArray, IntArray

_NEAREST, _RANDOM = 100, 200
_GRIDS = (
    (-8.0, -2.0, -1.0, 0.0, 1.0, 2.0),  # the start of all
    (-1.0, -0.5, 0.0, 0.5, 1.0),  # by degree
    (-1.0, -0.5, 0.0, 0.5, 1.0),  # by number of phrases
    (-8.0, -2.0, -1.0, 0.0, 1.0, 2.0),  # nodes without phrases, beside the start
)
_ORDER = (0, 3, 2, 1)
_SWEEPS = 2
_LEAST_GAIN = 0.001
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

    def learn(self, held: Held, draw: np.random.Generator) -> None:
        """Fit the gate to held-out phrases, and set the lengths.

        Its weights are tried one after another on a grid, twice; a value is taken if
        the mean reciprocal rank grows by 0.001. Ranks are those among the right nodes
        of a phrase, its 100 nearest ones by text, by structure and by both, and 200
        random nodes.
        """
        some = self._candidates(held, draw)
        best = self.mrr(some, held.weights)
        probed = any(self.features[right, 3].any() for right in held.right)
        for which in _ORDER * _SWEEPS:
            if which == 3 and not probed:
                continue
            kept = self.weights.copy()
            for value in _GRIDS[which]:
                tried = self.weights.copy()
                tried[which] = value
                before, self.weights = self.weights, tried
                found = self.mrr(some, held.weights)
                if found > best + _LEAST_GAIN:
                    best, kept = found, tried
                self.weights = before
            self.weights = kept
        self.targets.lengths = self.lengths()
        if not probed:
            self.targets.lengths[self.features[:, 3] > 0] = 0

    def mrr(self, some: Candidates, weights: FloatArray) -> float:
        """Weighted mean reciprocal rank of the best right node of each phrase."""
        text, structure = self.targets.text, self.targets.structure
        assert text is not None
        assert structure is not None
        nodes = np.maximum(some.nodes, 0)
        g = self.lengths()
        lengths = np.sqrt(np.any(text, axis=1) + g * g * np.any(structure, axis=1))
        lengths = np.where(lengths > 0, lengths, 1)
        scores = (some.text + g[nodes] * some.structure) / lengths[nodes]
        scores = np.where(some.nodes >= 0, scores, -np.inf)
        best = np.where(some.right, scores, -np.inf).max(axis=1, keepdims=True)
        ranks = 1 + np.count_nonzero(scores > best, axis=1)
        return float(np.average(1 / ranks, weights=weights))

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
