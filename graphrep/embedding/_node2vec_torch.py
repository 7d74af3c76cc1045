"""Train skip-gram tables on random walks with torch, walks and all on the device."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np

from graphrep._utils._devices import device_memory, single_torch_thread
from graphrep.embedding import _skip_gram_run as runs
from graphrep.embedding._skip_gram_run import Corpus, Options, Steps, Tables, Trained
from graphrep.typing import AnyArray

_WALKS_AT_ONCE = 1 << 14
"""Walks that are drawn side by side."""

_NEGATIVES = 64
"""Negatives that a walk draws for all of its pairs; more where a pair has many."""

_FEWEST, _MOST = 1, 256
"""Bounds of the number of walks in a batch."""

_PUSH = 3.2
"""Pairs that may push a row in one batch, times the learning rate at the start."""


@device_memory(
    "Training on walks", "Lower n_components or round_size, or use device='cpu'."
)
def train(
    corpus: Corpus,
    options: Options,
    tables: Tables,
    *,
    device: Any,
    steps: Steps,
    frozen: AnyArray | None = None,
) -> Trained:
    """Train tables in place, as `graphrep.embedding._skip_gram_run.train` does.

    Parameters
    ----------
    corpus : Corpus
        The walks; they are those that the CPU would draw.
    options : Options
        Parameters. ``mode`` says nothing here: the steps of a batch are added up.
    tables : Tables
        Vectors to go on from.
    device : torch.device
        Where to work. Doubles must work there, so "mps" does not do.
    steps : callable
        Called with the number of chunks; what it gives is iterated, one for each.
    frozen : ndarray of bool or None
        Rows that keep their vectors.

    Returns
    -------
    Trained
        Tokens trained on and walks in a batch.

    Notes
    -----
    On the CPU torch is held to one thread, so that the same seed gives the same bits
    everywhere; its products are too small to gain from more. On a GPU the walks and
    negatives are the same for a seed, but sums over rows use atomic additions in no
    fixed order: vectors agree to rounding at first and drift apart as any two runs
    of hogwild do, unless ``torch.use_deterministic_algorithms(True)`` is set, which
    sorts rows first.
    """
    import torch

    trainer = _Trainer(corpus, options, tables, device, frozen)
    n_starts = len(corpus.starts)
    per_pass = max(1, -(-n_starts // _WALKS_AT_ONCE))
    starts = torch.as_tensor(corpus.starts, dtype=torch.int64, device=device)
    order = starts
    alone = single_torch_thread(torch) if device.type == "cpu" else nullcontext()
    with torch.no_grad(), alone:
        for step in steps(options.n_epochs * options.walks_per_node * per_pass):
            number, part = divmod(step, per_pass)
            if part == 0:
                order = trainer.shuffled(number, starts)
            first = part * _WALKS_AT_ONCE
            chunk = order[first : first + _WALKS_AT_ONCE]
            trainer.train_chunk(chunk, number, number * n_starts + first)
    return trainer.finish(tables)


def batch_size(corpus: Corpus, options: Options) -> int:
    """Choose how many walks start from one state: they meet half of the nodes."""
    walks = corpus.n_nodes // (2 * options.walk_length)
    return min(max(walks, _FEWEST), _MOST)


def kernel_kind(device: Any, tables: Tables) -> str:
    """Which kernels train: "triton" where they are at hand and rows fit, or "torch"."""
    from graphrep.kernels.triton import at_hand

    if not at_hand(device):
        return "torch"
    from graphrep.kernels.triton._skipgram import MOST_COMPONENTS

    return "triton" if tables.u.shape[1] <= MOST_COMPONENTS else "torch"


def _kernels(device: Any, tables: Tables) -> tuple[Any, Any]:
    """Give walks and skip-gram of a device; those of both kinds do the same."""
    if kernel_kind(device, tables) == "triton":
        from graphrep.kernels.triton import _skipgram, _walks
    else:
        from graphrep.kernels.torch import _skipgram, _walks  # type: ignore[no-redef]
    return _walks, _skipgram


class _Trainer:
    """Tensors of one training."""

    def __init__(
        self,
        corpus: Corpus,
        options: Options,
        tables: Tables,
        device: Any,
        frozen: AnyArray | None,
    ) -> None:
        import torch

        self._torch = torch
        self._walks, self._skipgram = _kernels(device, tables)
        self._options, self._seed = options, corpus.seed
        self._rule = corpus.rule
        self._graph = self._walks.to_device(corpus.graph, corpus.rule, device)
        noise = runs.make_noise(runs.count_tokens(corpus, options), options, None)
        self._accept = torch.tensor(noise.accept, device=device)
        self._alias = torch.tensor(noise.alias, device=device)
        self._keep = torch.tensor(noise.keep, device=device)
        self._frozen = None
        if frozen is not None:
            self._frozen = torch.tensor(np.asarray(frozen, bool), device=device)
        self._u = torch.tensor(np.asarray(tables.u), device=device)
        self._v = torch.tensor(np.asarray(tables.v), device=device)
        self._band = self._skipgram.band(options.walk_length, options.window, device)
        self._batch = options.round_size or batch_size(corpus, options)
        self._limit = _PUSH / options.learning_rate
        self._n_shared = max(_NEGATIVES, 4 * options.n_negatives)
        self._n_tokens = torch.zeros((), dtype=torch.int64, device=device)
        n_passes = options.n_epochs * options.walks_per_node
        self._n_walks = n_passes * len(corpus.starts)

    def shuffled(self, number: int, starts: Any) -> Any:
        """Order in which a pass leaves the nodes."""
        return self._walks.start_order(self._seed, number, starts)

    def train_chunk(self, starts: Any, number: int, done: int) -> None:
        """Draw the walks of one pass from some nodes and train on them in batches."""
        torch, options = self._torch, self._options
        keys = self._walks.walk_keys(
            self._seed, torch.full_like(starts, number), starts
        )
        walks = self._walks.walks(
            self._graph, self._rule, starts, keys, options.walk_length
        ).to(torch.int64)
        self._n_tokens += (walks >= 0).sum()
        if options.sample is not None:
            walks = self._skipgram.thin(walks, keys, self._keep)
        noise = self._skipgram.negatives(
            keys, self._accept, self._alias, self._n_shared
        )
        for first in range(0, len(starts), self._batch):
            part = slice(first, first + self._batch)
            self._skipgram.train_batch(
                self._u, self._v, walks[part], noise[part], self._band,
                options.n_negatives, self._rate(done + first), self._limit,
                self._frozen,
            )  # fmt: skip

    def _rate(self, done: int) -> float:
        options = self._options
        fall = (options.learning_rate - options.min_learning_rate) * done
        return options.learning_rate - fall / self._n_walks

    def finish(self, tables: Tables) -> Trained:
        """Bring the tables home."""
        tables.u[:] = self._u.cpu().numpy()
        tables.v[:] = self._v.cpu().numpy()
        return Trained(int(self._n_tokens), self._batch)


__all__ = ["kernel_kind", "train"]
