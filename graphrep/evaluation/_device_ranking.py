"""Scores and ranks of blocks of queries on a torch device."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from graphrep._utils._devices import device_memory, torch_device
from graphrep.evaluation._rank_all import as_float32
from graphrep.evaluation._scores import PairScorer, VectorScorer, block_rows
from graphrep.typing import AnyArray, FloatArray, IntArray


class DeviceRanker:
    """Ranks blocks of queries on a torch device, one block at a time.

    Scores of vectors are taken there as well; those of callables are taken where the
    callable takes them, and moved.

    Parameters
    ----------
    device : str
        "cuda", "cuda:1", "xpu", or "torch:cpu" for torch on the CPU.
    scorers : sequence of PairScorer
        Scores to rank by.

    Raises
    ------
    DeviceError, MissingDependencyError
        If there is no such device, or no torch.

    Notes
    -----
    Each distinct target vector is multiplied once and its score handed to all nodes
    that have it, so nodes with equal vectors tie exactly whatever the device does.
    Scores may differ from those of the CPU in their last bit, and so may the order of
    two nodes that are all but tied. Blocks have one shape, so results do not depend on
    the number of threads.
    """

    @device_memory("ReconstructionEvaluator", "Use device='cpu'.")
    def __init__(self, device: str, scorers: Sequence[PairScorer]) -> None:
        self._torch, self._place = torch_device(
            device, why="ReconstructionEvaluator", doubles=True
        )
        self._scorers = scorers
        self._turn = threading.Lock()
        self._vectors = [
            _DeviceVectors(self._torch, self._place, scorer)
            if isinstance(scorer, VectorScorer) and scorer.dtype == np.float32
            else None
            for scorer in scorers
        ]

    @device_memory("ReconstructionEvaluator", "Use device='cpu'.")
    def rank(
        self, s: int, rows: IntArray, classes: AnyArray, *rest: Any, keep: bool = False
    ) -> FloatArray | None:
        """Rank a block by score ``s``; ``rest`` goes to the kernel.

        Returns the scores where they are to be kept.
        """
        from graphrep.kernels.torch import _ranking

        kernels: Any = _ranking
        vectors = self._vectors[s]
        scores: Any = None
        if vectors is None:
            scores = as_float32(self._scorers[s].block(rows))
        with self._turn, self._torch.no_grad():
            if vectors is not None:
                scores = vectors.block(rows)
            kernels.rank_metrics(scores, classes, *rest, device=self._place)
            if not keep:
                return None
            return np.asarray(scores if vectors is None else scores.cpu().numpy())


class _DeviceVectors:
    """Vectors of a scorer on a device."""

    def __init__(self, torch: Any, place: Any, scorer: VectorScorer) -> None:
        self._torch, self._place = torch, place
        self._rows = block_rows(scorer.n_nodes)
        source, target, own_squares, squares = scorer.prepared()
        first, same = _distinct(target)
        self._source = self._moved(source)
        repeated = len(first) < len(target)
        self._target = self._moved(target[first] if repeated else target)
        self._same = self._moved(same) if repeated else None
        self._squares = None
        if scorer.kind == "euclidean":
            self._squares = self._moved(own_squares), self._moved(squares)

    def _moved(self, array: AnyArray) -> Any:
        return self._torch.as_tensor(np.ascontiguousarray(array)).to(self._place)

    def block(self, rows: IntArray) -> Any:
        """Scores (n_rows, n_nodes) of a few nodes with all, float32."""
        at = self._moved(np.asarray(rows, np.int64))
        parts = []
        for start in range(0, len(rows), self._rows):
            some = at[start : start + self._rows]
            queries = self._source.new_zeros(self._rows, self._source.shape[1])
            queries[: len(some)] = self._source[some]
            parts.append((queries @ self._target.T)[: len(some)])
        scores = self._torch.cat(parts)
        if self._same is not None:
            scores = scores[:, self._same]
        if self._squares is not None:
            own, squares = self._squares
            scores = (scores - (own[at][:, None] + squares)) * 2
        return scores


def _distinct(vectors: FloatArray) -> tuple[IntArray, IntArray]:
    """Row of each distinct vector, and which of these every row holds."""
    whole = np.ascontiguousarray(vectors + vectors.dtype.type(0))  # one zero, not two
    texts = whole.view(np.dtype((np.void, whole.itemsize * whole.shape[1]))).ravel()
    _, first, same = np.unique(texts, return_index=True, return_inverse=True)
    return first, same
