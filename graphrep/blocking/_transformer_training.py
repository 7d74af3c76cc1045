"""Tuning of a `TransformerEncoder`: AdamW, a linear schedule, losses of tuples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._utils._progress import Progress
from graphrep.blocking._dense_training import batches, least_batch, same_matches
from graphrep.blocking._language_model import torch_threads
from graphrep.blocking._losses import MatchLoss
from graphrep.blocking._miner import Tuples
from graphrep.blocking._records import Records
from graphrep.blocking._torch_losses import torch_loss
from graphrep.typing import FloatArray, IntArray

if TYPE_CHECKING:
    from graphrep.blocking._transformer_encoder import TransformerEncoder

_LONGEST = 1.0  # of the gradient


class TransformerTrainer:
    """What `train` needs of a `TransformerEncoder`."""

    def __init__(
        self, encoder: TransformerEncoder, A: Records, B: Records, loss: MatchLoss,
        torch: Any, seed: int, n_jobs: int | None,
    ) -> None:  # fmt: skip
        self.encoder, self.loss, self.torch = encoder, loss, torch
        self.seed, self.n_jobs = seed, n_jobs
        self.network = encoder.language_model_.network
        left = encoder.texts(A)
        self.texts = (left, left if A is B else encoder.texts(B))
        self.steps: int | None = None
        self.done = 0
        self.optimizer = self._optimizer()

    def _optimizer(self) -> Any:
        decayed: list[Any] = []
        others: list[Any] = []
        for parameter in self.network.parameters():
            (decayed if parameter.ndim > 1 else others).append(parameter)
        groups = [
            {"params": decayed, "weight_decay": self.encoder.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        return self.torch.optim.AdamW(groups, lr=self.encoder.learning_rate)

    def epoch(self, parts: list[Tuples], number: int, progress: Progress) -> float:
        """Take a step for each batch."""
        torch = self.torch
        draw = np.random.default_rng([self.seed & (2**63 - 1), number])
        size = self.encoder.batch_size
        jobs = batches(parts, size, draw, least_batch(self.loss))
        if self.steps is None:
            self.steps = len(jobs) * self.encoder.n_epochs
        copies = {
            id(part): self.encoder.texts(part.copies)
            for part in parts if part.copies is not None
        }  # fmt: skip
        total = 0.0
        devices = [self.encoder.device_] if "cuda" in self.encoder.device_ else []
        with torch_threads(torch, self.n_jobs), torch.random.fork_rng(devices):
            torch.manual_seed((self.seed * 1_000_003 + number) % 2**63)
            self.network.train()
            for at, (part, cut) in enumerate(jobs):
                progress(f"train: epoch {number + 1}", at, len(jobs))
                total += self._step(part, cut, copies.get(id(part)))
        return total / max(1, len(jobs))

    def _step(self, part: Tuples, cut: IntArray, copies: list[str] | None) -> float:
        side = 0 if part.side == "left" else 1
        own, others = self.texts[side], self.texts[1 - side]
        matches = others if copies is None else copies
        p, q, r = part.p[cut], part.q[cut], part.r[cut]
        texts = [own[i] for i in p] + [matches[i] for i in q]
        if self.loss.name != "barlow":
            texts += [others[i] for i in r.ravel()]
        vectors = self._forward(texts)
        n = len(cut)
        R = vectors[2 * n :].reshape(n, -1, vectors.shape[1])
        torch, device = self.torch, vectors.device
        weights = torch.as_tensor(part.weights[cut], device=device)
        same = torch.as_tensor(same_matches(q), device=device)
        value = torch_loss(self.loss, vectors[:n], vectors[n : 2 * n], R, weights, same)
        self.optimizer.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _LONGEST)
        for group in self.optimizer.param_groups:
            group["lr"] = self.encoder.learning_rate * self._rate()
        self.optimizer.step()
        self.done += 1
        return float(value.item())

    def _forward(self, texts: list[str]) -> Any:
        """Turn texts into unit vectors; each different one is read once."""
        distinct = sorted(set(texts), key=lambda text: (len(text), text))
        places = {text: i for i, text in enumerate(distinct)}
        size = self.encoder.batch_size
        model, longest = self.encoder.language_model_, self.encoder.max_length
        parts = [
            model.forward(distinct[i : i + size], longest)
            for i in range(0, len(distinct), size)
        ]
        vectors = self.torch.nn.functional.normalize(self.torch.cat(parts), dim=1)
        return vectors[[places[text] for text in texts]]

    def _rate(self) -> float:
        """Share of the learning rate: up in a line, then down to 0."""
        steps = max(1, self.steps or 1)
        rise = max(1, round(self.encoder.warmup * steps))
        if self.done < rise:
            return (self.done + 1) / rise
        return max(0.0, (steps - self.done) / max(1, steps - rise))

    def vectors(self, records: Records) -> FloatArray:
        """Vectors as the model is."""
        return self.encoder.transform(records, n_jobs=self.n_jobs)

    def state(self) -> Any:
        """Copy of the weights."""
        return {k: v.detach().clone() for k, v in self.network.state_dict().items()}

    def restore(self, state: Any) -> None:
        """Put weights back."""
        self.network.load_state_dict(state)
        self.network.eval()
