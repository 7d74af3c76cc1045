"""Torch twin of ``graphrep.kernels._ranking``: all rows of a block at once.

Every row is sorted; running counts of each class, read at the ends of the groups of
equal scores, tell how many candidates of each list stand above a group and in it. The
sums over groups are those of the numba kernel, in float64.
"""

import torch

from graphrep.kernels import _ranking as numba_kernels

_CHUNK = 1024  # terms of a series that are taken at a time
_LEFT = 1e-18  # chance that is not worth another term


def rank_metrics(
    scores, classes, n_classes, relevant, removed, ks, ties, harmonic, discount, out,
    n_relevant, n_candidates, *, device="cpu",
):  # fmt: skip
    """Compute every metric of every list for a block of rows.

    Parameters
    ----------
    scores : float32 array or tensor (n_rows, n_nodes)
        The higher, the better the rank.
    classes, n_classes, relevant, removed, ks, ties, harmonic, discount
        As for the numba kernel, arrays of numpy.
    out, n_relevant, n_candidates : arrays of numpy
        Written.
    device : torch.device or str, default="cpu"
        Where to work.

    Notes
    -----
    O(n_rows n_nodes (log n_nodes + n_classes)) time, about 40 bytes a score.
    """
    place = {"device": device}
    scores = torch.as_tensor(scores).to(**place)
    classes = torch.as_tensor(classes).to(**place)
    harmonic = torch.as_tensor(harmonic).to(**place)
    discount = torch.as_tensor(discount).to(**place)
    groups = _tie_groups(scores, classes, n_classes)
    totals = torch.stack(
        [(classes == c).sum(dim=1) for c in range(1, n_classes + 2)], dim=1
    )
    for t in range(len(relevant)):
        wanted = _bits(relevant[t], n_classes)
        left = [not gone for gone in _bits(removed[t], n_classes)]
        r = totals[:, _places(wanted)].sum(dim=1)
        n = totals[:, _places(left)].sum(dim=1)
        found = _one_list(groups, wanted, left, ties, r, n, harmonic, discount, ks)
        out[:, t] = found.cpu().numpy()
        n_relevant[:, t] = r.cpu().numpy()
        n_candidates[:, t] = n.cpu().numpy()


def _bits(mask, n_classes):
    """Whether classes 1 to ``n_classes + 1`` are in a bit mask."""
    return [bool(int(mask) >> c & 1) for c in range(1, n_classes + 2)]


def _places(flags):
    return [at for at, flag in enumerate(flags) if flag]


def _tie_groups(scores, classes, n_classes):
    """Find the groups of equal scores with a member of classes 1 to ``n_classes``.

    Returns the row of each, and for classes 1 to ``n_classes + 1`` how many members
    are above it in its row and how many in it, both (n_groups, n_classes + 1).
    """
    n_rows, n = scores.shape
    ordered, order = torch.sort(scores + 0.0, dim=1, descending=True)
    classes = classes.gather(1, order)
    new = torch.ones_like(classes, dtype=torch.bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    starts = new.reshape(-1).nonzero().reshape(-1)
    ends = torch.cat([starts[1:], starts.new_full((1,), n_rows * n)])
    classes = classes.reshape(-1)
    counts = [_running(classes == c) for c in range(1, n_classes + 2)]
    member = sum(c[ends] - c[starts] for c in counts[:-1]) > 0
    starts, ends = starts[member], ends[member]
    rows = torch.div(starts, n, rounding_mode="floor")
    above = torch.stack([c[starts] - c[rows * n] for c in counts], dim=1)
    inside = torch.stack([c[ends] - c[starts] for c in counts], dim=1)
    return rows, above.to(torch.int64), inside.to(torch.int64)


def _running(flags):
    """Count the true flags before each position, and before the end."""
    out = torch.zeros(len(flags) + 1, dtype=torch.int64, device=flags.device)
    torch.cumsum(flags, 0, out=out[1:])
    return out


def _one_list(groups, wanted, left, ties, r, n, harmonic, discount, ks):
    """Metrics (n_rows, n_metrics) of one list; NaN where nothing is relevant."""
    rows, above, inside = groups
    m = inside[:, _places(wanted)].sum(dim=1)
    use = m > 0
    rows, m = rows[use], m[use]
    found = above[use][:, _places(wanted)].sum(dim=1)  # relevant ones above
    seen = above[use][:, _places(left)].sum(dim=1)
    size = inside[use][:, _places(left)].sum(dim=1)
    if ties == numba_kernels.PESSIMISTIC:
        seen = seen + size - m
    if ties != numba_kernels.EXPECTED:
        size = m
    lengths = torch.bincount(rows, minlength=len(r))
    # integers and floats of Python make float32: everything is float64 from here on
    gain = harmonic[seen + size] - harmonic[seen]
    discounted = discount[seen + size] - discount[seen]
    seen, size, m, found = seen.double(), size.double(), m.double(), found.double()
    gain = torch.where(size == 1, 1 / (seen + 1), gain)
    share = m / size
    spread = (m - 1) / (size - 1).clamp(min=1)
    parts = [
        share * ((found + 1) * gain + spread * (size - (seen + 1) * gain)),
        share * discounted,
        m * (seen + 0.5 * (size + 1)),
        share * (r[rows] - seen).clamp(min=0).minimum(size),
    ]
    parts += [share * (int(k) - seen).clamp(min=0).minimum(size) for k in ks]
    sums = _row_sums(torch.stack(parts, dim=1), lengths)
    scored = lengths > 0
    first = (torch.cumsum(lengths, 0) - lengths)[scored]
    heads = seen[first], size[first], m[first]
    out = torch.full(
        (len(r), numba_kernels.N_FIXED + 4 * len(ks)), torch.nan,
        dtype=torch.float64, device=r.device,
    )  # fmt: skip
    out[scored] = _finish(
        sums[scored], heads, r[scored], n[scored], harmonic, discount, ks
    )
    return out


def _row_sums(parts, lengths):
    """Add up consecutive rows, so many at a time, always in one order."""
    if not len(parts):
        return parts.new_zeros(len(lengths), parts.shape[1])
    return torch.segment_reduce(parts, "sum", lengths=lengths, axis=0)


def _finish(sums, heads, r, n, harmonic, discount, ks):
    """Turn the sums over the groups of a list into its metrics."""
    seen, size, m = heads
    x, whole = r.double(), n.double()
    ap = sums[:, 0] / x
    h = harmonic[n]
    rest = (x - 1) * (whole - h) / (whole - 1).clamp(min=1)
    chance = torch.where(n > 1, (h + rest) / whole, 1.0)
    adjusted = torch.where(r < n, (ap - chance) / (1 - chance), torch.nan)
    auc = 1 - (sums[:, 2] - 0.5 * x * (x + 1)) / (x * (whole - x))
    auc = torch.where(r < n, auc, torch.nan)
    fixed = [
        ap, chance, adjusted, sums[:, 3] / x, _first_rank(seen, size, m),
        sums[:, 1] / discount[r], auc, sums[:, 2] / x,
    ]  # fmt: skip
    shown = [sums[:, 4 + q] for q in range(len(ks))]
    fixed += [hits / int(k) for hits, k in zip(shown, ks, strict=True)]
    fixed += [hits / x.clamp(max=int(k)) for hits, k in zip(shown, ks, strict=True)]
    fixed += [hits / x for hits in shown]
    fixed += [_any_hit(int(k) - seen, size, m) for k in ks]
    return torch.stack(fixed, dim=1)


def _first_rank(seen, size, m):
    """Mean of 1 / rank of the first of ``m`` among ``size`` after ``seen``."""
    chance = m / size
    total = torch.zeros_like(chance)
    last = size - m + 1
    for start in range(1, int(last.max().item()) + 1 if len(m) else 1, _CHUNK):
        u = torch.arange(start, start + _CHUNK, device=m.device, dtype=m.dtype)
        ratios = (size[:, None] - u - m[:, None] + 1).clamp(min=0)
        ratios = ratios / (size[:, None] - u).clamp(min=1)
        chances = torch.cat(
            [chance[:, None], chance[:, None] * torch.cumprod(ratios, dim=1)], dim=1
        )
        total += (chances[:, :-1] / (seen[:, None] + u)).sum(dim=1)
        chance = chances[:, -1]
        if float(chance.max()) < _LEFT:
            break
    return total


def _any_hit(room, size, m):
    """Chance that one of ``m`` among ``size`` is in the first ``room``."""
    missed = torch.ones_like(m)
    drawn = room.clamp(min=0).minimum(size)
    for start in range(0, int(drawn.max().item()) if len(m) else 0, _CHUNK):
        i = torch.arange(start, start + _CHUNK, device=m.device, dtype=m.dtype)
        factors = ((size - m)[:, None] - i).clamp(min=0)
        factors = factors / (size[:, None] - i).clamp(min=1)
        factors = torch.where(i < drawn[:, None], factors, 1.0)
        missed *= factors.prod(dim=1)
    return 1 - missed
