"""Steps of a `NameEncoder` by torch, on a device: the twin of `Steps`."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._utils._devices import device_memory, single_torch_thread, torch_device
from graphrep.linking._name_encoder_steps import LEAST_MASS, LOG_RATE, TINY, Table
from graphrep.typing import FloatArray, IntArray

if TYPE_CHECKING:
    from typing import Self

_NO_ROOM = partial(
    device_memory, "NameEncoder",
    "Lower batch_size, n_random or n_buckets, or use device='cpu'.",
)  # fmt: skip
_AT_ONCE = 1 << 15  # texts that are summed at a time


class TorchSteps:
    """Sums and steps on a device of torch.

    Used as a context: what was learnt comes back into the table when it ends well.

    Parameters
    ----------
    table, concepts, temperature
        As for `graphrep.linking._name_encoder_steps.Steps`.
    device : str
        Word for a device of torch.

    Notes
    -----
    Batches are those of the processor. One step agrees with its own to rounding;
    training then goes apart as between any two orders of summing. The same device
    gives the same numbers every time; torch on the CPU is held to one thread for it.
    """

    def __init__(
        self, table: Table, concepts: IntArray | None, temperature: float, device: str
    ) -> None:
        self._torch, self._device = torch_device(device, why="NameEncoder")
        self._table, self._temperature = table, temperature
        with _NO_ROOM():
            bags = table.bags
            self._indptr, self._features, self._counts = map(
                self._move, (bags.indptr, bags.indices, bags.data)
            )
            self._vectors, self._logs = map(self._move, table[1:])
            self._concepts = None if concepts is None else self._move(concepts)
        self._stack = ExitStack()
        self._state: tuple[Any, Any] | None = None

    def __enter__(self) -> Self:
        from graphrep.kernels.torch._precision import full_precision

        self._stack.enter_context(_NO_ROOM())
        self._stack.enter_context(self._torch.no_grad())
        self._stack.enter_context(full_precision())
        if self._device.type == "cpu":
            self._stack.enter_context(single_torch_thread(self._torch))
        return self

    def __exit__(self, kind: Any, *error: Any) -> bool | None:
        if kind is None and self._state is not None:
            self._table.vectors[:] = self._vectors.cpu().numpy()
            self._table.logs[:] = self._logs.cpu().numpy()
        return self._stack.__exit__(kind, *error)

    def units(self) -> FloatArray:
        """Vectors of all texts: of length 1, or 0 without features."""
        n = self._table.bags.shape[0]
        out = np.empty((n, self._vectors.shape[1]), np.float32)
        for first in range(0, n, _AT_ONCE):
            rows = self._torch.arange(
                first, min(first + _AT_ONCE, n), device=self._device
            )
            sums, _ = self._sums(rows)
            out[first : first + _AT_ONCE] = self._scaled(sums)[0].cpu().numpy()
        return out

    def step(self, rows: IntArray, n: int, rate: float, number: int) -> float:
        """One step of Adam, the first n rows being anchors. Return the summed loss."""
        from graphrep.kernels.torch import _bag_encoder as kernels

        assert self._concepts is not None
        torch, at = self._torch, self._move(rows)
        sums, entries = self._sums(at)
        units, lengths = self._scaled(sums)
        anchors, others = units[:n], units[n:]
        loss, slope = self._contrast(
            anchors @ others.T, at[:n], at[n:], self._concepts[at]
        )
        slope /= n
        slopes = torch.cat([slope @ others, slope.T @ anchors])
        inward = (slopes * units).sum(1, keepdim=True)
        slopes = (slopes - units * inward) / lengths
        if self._state is None:
            vectors, logs = self._vectors, self._logs
            self._state = (
                (torch.zeros_like(vectors), torch.zeros_like(vectors)),
                (torch.zeros_like(logs), torch.zeros_like(logs)),
            )
        moments, log_moments = self._state
        kernels.adam_step(
            *entries, slopes, self._vectors, self._logs, moments, log_moments, rate,
            rate * LOG_RATE, number,
        )  # fmt: skip
        return loss

    def _contrast(
        self, cosines: Any, anchors: Any, others: Any, concepts: Any
    ) -> tuple[float, Any]:
        torch = self._torch
        logits = cosines / self._temperature
        itself = anchors[:, None] == others[None, :]
        logits[itself] = -torch.inf
        owners, of_others = concepts[: len(anchors)], concepts[len(anchors) :]
        match = (owners[:, None] == of_others[None, :]) & ~itself
        shares = torch.softmax(logits, 1)
        of_match = torch.where(match, shares, 0.0)
        mass = of_match.sum(1, keepdim=True).clamp(min=LEAST_MASS)
        loss = -mass.log().sum().item()
        return loss, (shares - of_match / mass) / self._temperature

    def _sums(self, rows: Any) -> tuple[Any, tuple[Any, Any, Any]]:
        """Add up texts; give features, counts and bounds of their entries."""
        from graphrep.kernels.torch import _bag_encoder as kernels

        places, starts = kernels.entries_of(rows, self._indptr)
        entries = self._features[places], self._counts[places], starts
        return kernels.bag_sums(*entries, self._logs.exp(), self._vectors), entries

    def _scaled(self, sums: Any) -> tuple[Any, Any]:
        lengths = sums.norm(dim=1, keepdim=True).clamp(min=TINY)
        return sums / lengths, lengths

    def _move(self, array: Any) -> Any:
        return self._torch.tensor(np.ascontiguousarray(array), device=self._device)
