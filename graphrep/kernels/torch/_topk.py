"""Torch twin of the scan in ``graphrep.kernels._topk``: products, and the best kept.

Only the scan works on the device. The few rows that it keeps are scored again by the
numba kernel, so the result is the same to the last bit, whatever the device does with
ties and with the order of sums.
"""

import torch

from graphrep.kernels.torch._precision import full_precision

_SCORES = 1 << 26
"""Scores in one tile: a quarter of a gibibyte."""

_TILE = 1 << 16
"""Rows of the base in one tile, at most."""

_QUERIES = 4096
"""Queries at a time, at most."""

_ON_CPU = 1 << 30
"""Bytes of the base that are kept ready where the device is the CPU."""


class Scanner:
    """The scaled rows of a base on a device, as a whole or a tile at a time.

    Parameters
    ----------
    base, scale
        As for ``graphrep.kernels._topk.search``.
    rows : callable
        ``rows(base, scale, start, stop)``: float32 rows of a tile.
    device : torch.device
        Where to work. The whole base stays there where it takes no more than half of
        the memory that is free; otherwise tiles travel for each block of queries.

    Notes
    -----
    Besides the base a scan takes about 0.6 GB on the device.
    """

    def __init__(self, base, scale, rows, device):
        self._base, self._scale, self._rows, self.device = base, scale, rows, device
        self._shift = torch.from_numpy(scale.shift).to(device)
        self._whole = None
        if 4 * base.shape[0] * base.shape[1] <= room(device):
            self._keep()

    def block_size(self, k):
        """Return how many queries to take at a time."""
        return int(max(1, min(_QUERIES, _SCORES // (4 * (k + 8)))))

    def best(self, block, kept, exclude, gain=None, bias=None):
        """Return float32 scores and rows of each query's ``kept`` best, worst first.

        ``block`` (float32) holds the scaled queries, ``exclude`` (int64) a row to
        leave out, -1 for none. ``gain[q] * bias[row]`` is added to the scores. Which
        of several equal scores are kept is left open. Rows that are not there come
        with -inf and the number behind the last.
        """
        n = len(self._base)
        values = torch.full(
            (len(block), kept), -torch.inf, dtype=torch.float32, device=self.device
        )
        rows = torch.full_like(values, n, dtype=torch.int64)
        with full_precision():
            for start, scores in self._tiles(block, exclude, gain, bias):
                now, at = torch.topk(scores, min(kept, scores.shape[1]), dim=1)
                at = torch.where(now == -torch.inf, n, at + start)
                now, at = torch.cat([values, now], 1), torch.cat([rows, at], 1)
                values, order = torch.topk(now, kept, dim=1)
                rows = torch.gather(at, 1, order)
            return values.flip(1).cpu().numpy(), rows.flip(1).cpu().numpy()

    def above(self, block, threshold, exclude, gain=None, bias=None):
        """Give (queries, rows) that score ``threshold[q]`` or more, a tile at a time.

        Rows ascend for each query.
        """
        floor = torch.from_numpy(threshold).to(self.device)[:, None]
        with full_precision():
            for start, scores in self._tiles(block, exclude, gain, bias):
                q, rows = torch.nonzero(scores >= floor, as_tuple=True)
                yield q.cpu().numpy(), (rows + start).cpu().numpy()

    def _tiles(self, block, exclude, gain, bias):
        queries = torch.from_numpy(block).to(self.device)
        left_out = torch.from_numpy(exclude).to(self.device)
        if bias is not None:
            gain = torch.from_numpy(gain).to(self.device)[:, None]
            bias = torch.from_numpy(bias).to(self.device)
        n = len(self._base)
        size = max(1, min(_TILE, n, _SCORES // len(block)))
        size = min(size, _SCORES // self._base.shape[1] + 1)
        for start in range(0, n, size):
            stop = min(start + size, n)
            scores = queries @ self._tile(start, stop).T
            scores -= self._shift[start:stop]
            if bias is not None:
                scores += gain * bias[start:stop]
            inside = (left_out >= start) & (left_out < stop)
            who = torch.nonzero(inside).squeeze(1)
            scores[who, left_out[who] - start] = -torch.inf
            yield start, scores

    def _tile(self, start, stop):
        if self._whole is not None:
            return self._whole[start:stop]
        rows = self._rows(self._base, self._scale, start, stop)
        return torch.from_numpy(rows).to(self.device)

    def _keep(self):
        n, dim = self._base.shape
        whole = torch.empty((n, dim), dtype=torch.float32, device=self.device)
        step = max(1, min(_TILE, _SCORES // dim))
        for start in range(0, n, step):
            stop = min(start + step, n)
            whole[start:stop] = self._tile(start, stop)
        self._whole = whole


def room(device):
    """Bytes of a device that a base may take."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] // 2
    return _ON_CPU


__all__ = ["Scanner", "room"]
