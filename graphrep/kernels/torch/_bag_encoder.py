"""Torch twin of ``graphrep.kernels._bag_encoder``, for some texts at a time.

Entries of texts stand in one array, text after text. Sums over them are bags of
``embedding_bag``, which adds up the rows of one bag in their order on every device: no
atomic additions, so a device gives the same numbers every time.
"""

import torch
from torch.nn.functional import embedding_bag

_FIRST, _SECOND = 0.9, 0.99  # decay of Adam's moments
_TINY = 1e-8


def entries_of(rows, indptr):
    """Places of the entries of texts ``rows``, and where those of each begin."""
    sizes = indptr[rows + 1] - indptr[rows]
    starts = torch.zeros(len(rows) + 1, dtype=torch.int64, device=rows.device)
    torch.cumsum(sizes, 0, out=starts[1:])
    shift = torch.repeat_interleave(indptr[rows] - starts[:-1], sizes)
    return torch.arange(len(shift), device=rows.device) + shift, starts


def bag_sums(features, counts, starts, scales, vectors):
    """Sum the rows of features of each text, each times its count and its scale."""
    return _sums(features, vectors, starts, counts * scales[features])


def adam_step(
    features, counts, starts, slopes, vectors, logs, moments, log_moments, rate,
    log_rate, step,
):  # fmt: skip
    """One step of Adam for the features of some texts, in place.

    ``slopes[i]`` is the slope of the loss by the sum of text i. Features that are not
    there keep their moments: sparse Adam.
    """
    texts = torch.arange(len(slopes), device=slopes.device)
    texts = torch.repeat_interleave(texts, starts.diff())
    features, order = torch.sort(features, stable=True)
    touched, sizes = torch.unique_consecutive(features, return_counts=True)
    bounds = torch.zeros(len(touched) + 1, dtype=torch.int64, device=slopes.device)
    torch.cumsum(sizes, 0, out=bounds[1:])
    slope = _sums(texts[order], slopes, bounds, counts[order])
    slope *= logs[touched].exp()[:, None]
    of_log = (slope * vectors[touched]).sum(1)
    rise, root = 1 / (1 - _FIRST**step), (1 - _SECOND**step) ** -0.5
    _adam(vectors, touched, slope, *moments, rate * rise, root)
    _adam(logs, touched, of_log, *log_moments, log_rate * rise, root)


def _sums(places, table, bounds, shares):
    return embedding_bag(
        places, table, bounds, mode="sum", per_sample_weights=shares,
        include_last_offset=True,
    )  # fmt: skip


def _adam(values, rows, slopes, first, second, size, root):
    m = _FIRST * first[rows] + (1 - _FIRST) * slopes
    v = _SECOND * second[rows] + (1 - _SECOND) * slopes * slopes
    first[rows], second[rows] = m, v
    values[rows] -= size * m / (v.sqrt() * root + _TINY)
