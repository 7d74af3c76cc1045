"""Walks in the forms that other libraries train on: texts, and windows of tensors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from graphrep._utils._optional import require
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.typing import AnyArray, IntArray

_NEGATIVES = 1  # keeps the stream of negatives apart from that of the start orders


class Stream(Protocol):
    """Whatever draws walks."""

    seed: int
    n_nodes: int
    length: int
    rounds: int

    @property
    def n_walks(self) -> int:
        """Walks in all."""

    def batches(self, batch_size: int) -> Iterator[IntArray]:
        """All walks in batches."""

    def order(self, round_: int) -> IntArray:
        """Order of the start nodes in a round."""

    def draw(self, starts: IntArray, rounds: IntArray) -> tuple[IntArray, IntArray]:
        """Draw walks and count their nodes."""


class Sentences:
    """Walks as lists of texts; each pass gives the same ones.

    Parameters
    ----------
    stream : Stream
        Where walks come from.
    texts : ndarray of object
        Text of each row.
    batch_size : int
        Walks that are held at a time.
    """

    def __init__(self, stream: Stream, texts: AnyArray, batch_size: int) -> None:
        self._stream, self._texts, self._batch_size = stream, texts, batch_size
        self.seed = stream.seed

    def __len__(self) -> int:
        return self._stream.n_walks

    def __iter__(self) -> Iterator[list[str]]:
        for batch in self._stream.batches(self._batch_size):
            ends = (batch >= 0).sum(axis=1)
            for row, end in zip(batch, ends, strict=True):
                yield self._texts[row[:end]].tolist()


class PairLoader:
    """Windows of walks and of uniform nodes, epoch by epoch.

    Parameters
    ----------
    stream : Stream
        Where walks come from.
    context_size, batch_size, num_negative_samples, shuffle
        See `RandomWalks.loader`.
    """

    def __init__(
        self,
        stream: Stream,
        context_size: int,
        batch_size: int,
        num_negative_samples: int,
        shuffle: bool,
    ) -> None:
        if not 2 <= context_size <= stream.length:
            raise GraphValueError(
                f"context_size must lie between 2 and walk_length={stream.length}; "
                f"got {context_size!r}."
            )
        if min(batch_size, num_negative_samples) < 1:
            raise GraphValueError(
                "batch_size and num_negative_samples must be at least 1; got "
                f"{batch_size!r} and {num_negative_samples!r}."
            )
        self._stream, self._context = stream, context_size
        self._batch, self._negatives = batch_size, num_negative_samples
        self._shuffle = shuffle
        self._epoch = 0

    def __len__(self) -> int:
        return -(-self._stream.n_nodes // self._batch)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        torch = require("torch", extra="torch-geometric", why="RandomWalks.loader")
        stream, epoch = self._stream, self._epoch
        self._epoch += 1
        first_round = epoch * stream.rounds
        nodes: IntArray = np.arange(stream.n_nodes)
        if self._shuffle:
            nodes = stream.order(first_round)
        for at in range(0, stream.n_nodes, self._batch):
            batch = nodes[at : at + self._batch]
            rounds = np.repeat(first_round + np.arange(stream.rounds), len(batch))
            walks, lengths = stream.draw(np.tile(batch, stream.rounds), rounds)
            uniform = self._uniform(batch, [stream.seed, _NEGATIVES, epoch, at])
            pair = (_stayed(walks, lengths), uniform)
            yield tuple(torch.from_numpy(self._windows(part)) for part in pair)

    def _uniform(self, batch: IntArray, seed: list[int]) -> IntArray:
        starts = np.tile(batch, self._stream.rounds * self._negatives)
        shape = (len(starts), self._stream.length - 1)
        rest = np.random.default_rng(seed).integers(self._stream.n_nodes, size=shape)
        walks: IntArray = np.column_stack([starts, rest])
        return walks

    def _windows(self, walks: IntArray) -> IntArray:
        """All windows of all walks, those at the walks' beginnings first."""
        windows = sliding_window_view(walks, self._context, axis=1)
        flat = windows.transpose(1, 0, 2).reshape(-1, self._context)
        return np.array(flat, np.int64, order="C")


def node_texts(graph: Graph) -> AnyArray:
    """Text of each row's id; refuses ids that look the same as texts."""
    texts = [str(node) for node in graph.node_ids.tolist()]
    if not graph.nodes.is_integer and len(set(texts)) != len(texts):
        seen: dict[str, Any] = {}
        for node, text in zip(graph.node_ids.tolist(), texts, strict=True):
            if text in seen:
                raise GraphValueError(
                    f"Node ids {seen[text]!r} and {node!r} have the same text. Rename "
                    "one with graph.with_nodes(...)."
                )
            seen[text] = node
    return np.array(texts, object)


def _stayed(walks: IntArray, lengths: IntArray) -> IntArray:
    """Give walks whose last node is repeated after their ends."""
    last = np.minimum(np.arange(walks.shape[1]), lengths[:, None] - 1)
    filled: IntArray = np.take_along_axis(walks, last, axis=1)
    return filled


__all__ = ["PairLoader", "Sentences", "node_texts"]
