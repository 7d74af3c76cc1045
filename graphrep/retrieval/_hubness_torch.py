"""The passes of hubness correction on a device of torch."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from graphrep._utils._devices import device_memory, torch_device
from graphrep.exceptions import DeviceError
from graphrep.retrieval._hubness_passes import (
    Side,
    Square,
    distances,
    is_sparse,
    log_proximity,
)
from graphrep.typing import AnyArray, FloatArray, IntArray

_BLOCK = 4096  # columns of a tile
_SCORES = 1 << 26  # in one tile
_NO_ROOM = partial(device_memory, "HubnessCorrector", "Use device='cpu'.")


class TorchPasses:
    """Passes on a device; results agree with `CpuPasses` up to rounding.

    Exact ties at the end of a list of k may be broken in another way.
    """

    def __init__(self, device: str) -> None:
        self._torch, self._device = torch_device(device, why="HubnessCorrector")

    @_NO_ROOM()
    def log_sum_exp(
        self, rows: Side, columns: Side, betas: FloatArray, shift: AnyArray | None
    ) -> FloatArray:
        """Log of the sum over columns of exp(beta (score + shift)), by beta and row."""
        torch = self._torch
        out = np.empty((len(betas), len(rows)))
        added = None if shift is None else self._move(np.asarray(shift, np.float32))
        for part, tiles in self._tiles(rows, columns):
            total: Any = None
            for start, scores in tiles:
                if added is not None:
                    scores += added[start : start + scores.shape[1]]
                now = torch.stack(
                    [
                        torch.logsumexp(scores * float(beta), dim=1).double()
                        for beta in betas
                    ]
                )
                total = now if total is None else torch.logaddexp(total, now)
            out[:, part] = total.cpu().numpy()
        return out

    @_NO_ROOM()
    def top_k(self, rows: Side, columns: Side, k: int) -> tuple[IntArray, FloatArray]:
        """Find the k best columns of each row; -1 and -inf where there are none."""
        return self._best(rows, columns, k, lambda part, start, scores: scores)

    @_NO_ROOM()
    def moments(self, rows: Side, columns: Side, square: Square) -> FloatArray:
        """Mean and standard deviation of the distances of each row: (2, n_rows)."""
        torch = self._torch
        out = np.empty((2, len(rows)))
        squares = self._squares(square)
        for part, tiles in self._tiles(rows, columns):
            count = total = twice = 0.0
            for start, scores in tiles:
                there = torch.isfinite(scores)
                cut = _cut(squares, part, start, scores)
                gaps = torch.where(there, distances(scores, cut, torch), 0.0).double()
                count = count + there.sum(dim=1)
                total = total + gaps.sum(dim=1)
                twice = twice + gaps.square().sum(dim=1)
            n = torch.as_tensor(count).clamp(min=1)
            mean = total / n
            spread = (twice / n - mean**2).clamp(min=0).sqrt()
            out[:, part] = torch.stack([mean, spread]).cpu().numpy()
        return out

    @_NO_ROOM()
    def proximity(
        self, rows: Side, columns: Side, k: int, square: Square, normals: Any
    ) -> tuple[IntArray, FloatArray]:
        """Find the k columns of the largest mutual proximity with each row."""
        torch = self._torch
        wide = np.float32 if self._device.type == "mps" else np.float64
        moved = tuple(self._move(np.asarray(part, wide)) for part in normals)
        squares = self._squares(square)

        def score(part: slice, start: int, scores: Any) -> Any:
            gaps = distances(scores, _cut(squares, part, start, scores), torch)
            of = slice(start, start + scores.shape[1])
            gaps = gaps.to(moved[0].dtype)
            found = log_proximity(gaps, moved, part, of, torch.special.log_ndtr, torch)
            return found.float()

        return self._best(rows, columns, k, score)

    # -- private -----------------------------------------------------------------
    def _move(self, array: Any) -> Any:
        if is_sparse(array):
            raise DeviceError(
                "Sparse vectors are searched on the CPU; use device='cpu'."
            )
        return self._torch.as_tensor(np.ascontiguousarray(array)).to(self._device)

    def _squares(self, square: Square) -> Any:
        if square is None:
            return None
        return tuple(self._move(np.asarray(part, np.float32)) for part in square)

    def _tiles(self, rows: Side, columns: Side) -> Iterator[tuple[slice, Any]]:
        """Give (slice of rows, iterator of (first column, scores)), masked."""
        a, b = self._move(rows.rows), self._move(columns.rows)
        masked = rows.codes is not None and columns.codes is not None
        codes: list[Any] = [
            self._move(s.codes) if masked else None for s in (rows, columns)
        ]
        block = max(1, min(_BLOCK, len(columns)))
        size = max(1, _SCORES // block)

        def tiles(part: slice) -> Iterator[tuple[int, Any]]:
            for start in range(0, len(columns), block):
                of = slice(start, start + block)
                scores = a[part] @ b[of].T
                if masked:
                    same = codes[0][part, None] == codes[1][None, of]
                    scores.masked_fill_(same, -np.inf)
                yield start, scores

        for first in range(0, len(rows), size):
            part = slice(first, min(first + size, len(rows)))
            yield part, tiles(part)

    def _best(
        self, rows: Side, columns: Side, k: int, transform: Any
    ) -> tuple[IntArray, FloatArray]:
        torch = self._torch
        k = min(k, len(columns))
        index = np.full((len(rows), k), -1, np.int64)
        best = np.full((len(rows), k), -np.inf, np.float32)
        for part, tiles in self._tiles(rows, columns) if k else ():
            values: Any = None
            places: Any = None
            for start, scores in tiles:
                scores = transform(part, start, scores)
                now, at = torch.topk(scores, min(k, scores.shape[1]), dim=1)
                at = at + start
                if values is not None:
                    now = torch.cat([values, now], dim=1)
                    at = torch.cat([places, at], dim=1)
                    now, kept = torch.topk(now, min(k, now.shape[1]), dim=1)
                    at = torch.gather(at, 1, kept)
                values, places = now, at
            best[part] = values.cpu().numpy()
            index[part] = places.cpu().numpy()
        index[np.isneginf(best)] = -1
        last = np.where(index < 0, len(columns), index)
        order = np.lexsort((last, -best), axis=-1)
        return (
            np.take_along_axis(index, order, axis=1),
            np.take_along_axis(best, order, axis=1),
        )


def _cut(squares: Any, part: slice, start: int, scores: Any) -> Any:
    if squares is None:
        return None
    return squares[0][part, None] + squares[1][start : start + scores.shape[1]]
