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
    Besides the base a scan takes about 0.6 GB on the device, with groups 1.1 GB.
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
            asked = self._asked(block, exclude, gain, bias)
            for start, stop in self._tiles(len(block)):
                scores = self._scores(asked, start, stop)
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
        with full_precision():
            asked = self._asked(block, exclude, gain, bias)
            floor = torch.from_numpy(threshold).to(self.device)[:, None]
        for start, stop in self._tiles(len(block)):
            with full_precision():  # not while the caller works on what is found
                found = _places(self._scores(asked, start, stop) >= floor, start)
            yield found

    def kth_group(self, block, groups, k, exclude, gain, bias):
        """Return the float32 score of each query's k-th best group, -inf if none.

        ``groups`` (integers) holds the group of each row, -1 for none; the best row of
        a group counts. The other arguments are those of `best`.
        """
        values = torch.full(
            (len(block), k), -torch.inf, dtype=torch.float32, device=self.device
        )
        owners = torch.full_like(values, -1, dtype=torch.int64)
        with full_precision():
            asked = self._asked(block, exclude, gain, bias)
            for start, stop in self._tiles(len(block)):
                scores = self._scores(asked, start, stop)
                there, tops, _ = self._pieces(scores, groups[start:stop])
                now, at = torch.topk(tops, min(k, len(there)), dim=1)
                now, at = torch.cat([values, now], 1), torch.cat([owners, there[at]], 1)
                values, owners = _best_of_each(now, at, k)
            return values[:, -1].cpu().numpy()

    def above_in_groups(
        self, block, groups, threshold, slack, exclude, gain, bias
    ):  # fmt: skip
        """Give (queries, rows) that may be the best of a group, a tile at a time.

        They score ``threshold[q]`` or more, and no more than ``slack[q]`` less than the
        best row of their group in the tile. Rows ascend for each query.
        """
        with full_precision():
            asked = self._asked(block, exclude, gain, bias)
            floor = torch.from_numpy(threshold).to(self.device)[:, None]
            slack = torch.from_numpy(slack).to(self.device)[:, None]
        for start, stop in self._tiles(len(block)):
            with full_precision():
                scores = self._scores(asked, start, stop)
                _, tops, piece = self._pieces(scores, groups[start:stop])
                least = torch.maximum(tops - slack, floor)
                least.masked_fill_(tops == -torch.inf, torch.inf)
                found = _places(scores >= least[:, piece], start)
                del scores, tops, least
            yield found

    def _pieces(self, scores, groups):
        """Give groups of a tile, the best score of each, and the place of each row."""
        here = torch.from_numpy(groups).to(self.device, torch.int64)
        there, piece = torch.unique(here, return_inverse=True)
        tops = torch.full(
            (len(scores), len(there)), -torch.inf, dtype=scores.dtype,
            device=self.device,
        )  # fmt: skip
        tops.scatter_reduce_(1, piece.expand(len(scores), -1), scores, "amax")
        tops[:, there < 0] = -torch.inf
        return there, tops, piece

    def _tiles(self, n_queries):
        """Give the first row of each tile and that behind its last."""
        n = len(self._base)
        size = max(1, min(_TILE, n, _SCORES // n_queries))
        size = min(size, _SCORES // self._base.shape[1] + 1)
        for start in range(0, n, size):
            yield start, min(start + size, n)

    def _asked(self, block, exclude, gain, bias):
        """Bring what is asked to the device."""
        queries, left_out = (
            torch.from_numpy(part).to(self.device) for part in (block, exclude)
        )
        if bias is not None:
            gain = torch.from_numpy(gain).to(self.device)[:, None]
            bias = torch.from_numpy(bias).to(self.device)
        return queries, left_out, gain, bias

    def _scores(self, asked, start, stop):
        """Scores of the rows of a tile for the queries that are asked."""
        queries, left_out, gain, bias = asked
        scores = queries @ self._tile(start, stop).T
        scores -= self._shift[start:stop]
        if bias is not None and len(bias):
            scores += gain * bias[start:stop]
        inside = (left_out >= start) & (left_out < stop)
        who = torch.nonzero(inside).squeeze(1)
        scores[who, left_out[who] - start] = -torch.inf
        return scores

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


def _places(mask, start):
    """Bring queries and rows of a tile where a mask is true to the processor."""
    q, rows = torch.nonzero(mask, as_tuple=True)
    return q.cpu().numpy(), (rows + start).cpu().numpy()


def _best_of_each(values, owners, k):
    """Keep the k best of each line, one entry of an owner, the best first."""
    values, order = torch.sort(values, dim=1, descending=True, stable=True)
    owners = torch.gather(owners, 1, order)
    owners, order = torch.sort(owners, dim=1, stable=True)
    values = torch.gather(values, 1, order)
    values[:, 1:].masked_fill_(owners[:, 1:] == owners[:, :-1], -torch.inf)
    values, order = torch.topk(values, k, dim=1)
    return values, torch.gather(owners, 1, order)


def room(device):
    """Bytes of a device that a base may take."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] // 2
    return _ON_CPU


__all__ = ["Scanner", "room"]
