"""How well scores rank what is relevant: all metrics of a row of scores in one walk.

Every candidate of a row has a class: 0 is no candidate, 1 to ``n_classes`` are the
classes that may be relevant (hop distances, say), ``n_classes + 1`` is never. A list
is a set of relevant classes and a set of removed ones, as bit masks over classes. Only
candidates that score at least as high as the worst of classes 1 to ``n_classes`` can
matter, so those are gathered and sorted (by radix where many); then one walk from the
best to the worst, a group of equal scores at a time, serves all lists.
"""

import numpy as np

from graphrep.kernels._jit import njit

EXPECTED, PESSIMISTIC, OPTIMISTIC = 0, 1, 2
TIES = {"expected": EXPECTED, "min": PESSIMISTIC, "max": OPTIMISTIC}
METRICS = (
    "ap", "ap_chance", "ap_adjusted", "r_precision", "mrr", "ndcg", "auc", "mean_rank",
)  # fmt: skip
METRICS_AT_K = ("p", "capped_p", "r", "hits")
AP, CHANCE, ADJUSTED, R_PRECISION, MRR, NDCG, AUC, MEAN_RANK = range(8)
N_FIXED = len(METRICS)
_RADIX_BITS = 11
_BUCKETS = 1 << _RADIX_BITS
_SORT_BELOW = 600  # a comparison sort is faster than three passes of radix
_CLASS_BITS = 8
_MOST_CLASSES = 62  # masks are int64


def harmonic_numbers(n):
    """Sums of 1/1 to 1/i, for i from 0 to n."""
    out = np.zeros(n + 1)
    np.cumsum(1.0 / np.arange(1, n + 1), out=out[1:])
    return out


def discounts(n):
    """Sums of 1/log2(1 + r), for ranks up to i, for i from 0 to n."""
    out = np.zeros(n + 1)
    np.cumsum(1.0 / np.log2(np.arange(2, n + 2)), out=out[1:])
    return out


@njit(inline="always")
def _key(bits):
    """Bits of a float32 as a number that orders like the float."""
    if bits & np.uint32(0x80000000):
        return np.uint32(~bits)
    return np.uint32(bits | np.uint32(0x80000000))


@njit(nogil=True)
def _gather(scores, classes, n_classes, keys, totals):
    """Count the classes; keep (key, class) of all that may outrank something relevant.

    Returns how many were kept.
    """
    totals[:] = 0
    lowest = np.inf
    for j in range(scores.shape[0]):
        c = classes[j]
        totals[c] += 1
        if 0 < c <= n_classes and scores[j] < lowest:
            lowest = scores[j]
    kept = 0
    for j in range(scores.shape[0]):
        if scores[j] >= lowest and classes[j] != 0:
            bits = np.float32(scores[j] + np.float32(0)).view(np.uint32)  # one zero
            keys[kept] = (np.uint64(_key(bits)) << np.uint64(_CLASS_BITS)) | np.uint64(
                classes[j]
            )
            kept += 1
    return kept


@njit(nogil=True)
def _radix_sort(keys, scratch, n, counts):
    """Sort packed keys ascending by score; the class is carried along."""
    mask = np.uint64(_BUCKETS - 1)
    counts[:] = 0
    for i in range(n):
        key = keys[i] >> np.uint64(_CLASS_BITS)
        counts[0, key & mask] += 1
        counts[1, (key >> np.uint64(_RADIX_BITS)) & mask] += 1
        counts[2, key >> np.uint64(2 * _RADIX_BITS)] += 1
    source, goal = keys, scratch
    for part in range(3):
        start = 0
        for b in range(_BUCKETS):
            size = counts[part, b]
            counts[part, b] = start
            start += size
        shift = np.uint64(_CLASS_BITS + part * _RADIX_BITS)
        for i in range(n):
            bucket = (source[i] >> shift) & mask
            goal[counts[part, bucket]] = source[i]
            counts[part, bucket] += 1
        source, goal = goal, source
    return source


@njit(nogil=True)
def _add_group(t, m, size, seen, harmonic, discount, ks, n_relevant, state, hits):
    """Add a group of equal scores, ``m`` of ``size`` relevant, to list ``t``.

    ``seen`` candidates are above it. McSherry & Najork 2008, by harmonic numbers.
    """
    above = state[t, 0]
    gain = harmonic[seen + size] - harmonic[seen]
    if size == 1:
        gain = 1.0 / (seen + 1.0)
    spread = (m - 1.0) / (size - 1.0) if size > 1 else 0.0
    share = m / size
    state[t, 1] += share * (
        (above + 1.0) * gain + spread * (size - (seen + 1.0) * gain)
    )
    state[t, 2] += share * (discount[seen + size] - discount[seen])
    state[t, 3] += m * (seen + 0.5 * (size + 1.0))
    if above == 0.0:
        chance = share
        total = 0.0
        for u in range(1, size - m + 2):
            total += chance / (seen + u)
            chance *= (size - u - m + 1.0) / max(size - u, 1)
            if chance < 1e-18:
                break
        state[t, 4] = total
        for q in range(ks.shape[0]):
            room = ks[q] - seen
            if room >= size:
                hits[t, q, 1] = 1.0
            elif room > 0:
                missed = 1.0
                for i in range(room):
                    missed *= (size - m - i) / (size - i)
                    if missed <= 0.0:
                        missed = 0.0
                        break
                hits[t, q, 1] = 1.0 - missed
    for q in range(ks.shape[0]):
        room = ks[q] - seen
        if room > 0:
            hits[t, q, 0] += m if room >= size else share * room
    room = n_relevant - seen
    if room > 0:
        state[t, 5] += m if room >= size else share * room
    state[t, 0] += m


@njit(nogil=True)
def _finish(t, n_relevant, n, harmonic, discount, ks, state, hits, out):
    """Turn the sums of list ``t`` into its metrics."""
    r = np.float64(n_relevant)
    ap = state[t, 1] / r
    chance = 1.0
    if n > 1:
        chance = (harmonic[n] + (r - 1.0) * (n - harmonic[n]) / (n - 1.0)) / n
    out[AP] = ap
    out[CHANCE] = chance
    out[R_PRECISION] = state[t, 5] / r
    out[MRR] = state[t, 4]
    out[NDCG] = state[t, 2] / discount[n_relevant]
    out[MEAN_RANK] = state[t, 3] / r
    if n_relevant < n:
        out[ADJUSTED] = (ap - chance) / (1.0 - chance)
        out[AUC] = 1.0 - (state[t, 3] - 0.5 * r * (r + 1.0)) / (r * (n - r))
    for q in range(ks.shape[0]):
        at = N_FIXED + q
        step = ks.shape[0]
        out[at] = hits[t, q, 0] / ks[q]
        out[at + step] = hits[t, q, 0] / min(ks[q], n_relevant)
        out[at + 2 * step] = hits[t, q, 0] / r
        out[at + 3 * step] = hits[t, q, 1]


@njit(nogil=True)
def _walk(
    keys, kept, n_classes, relevant, removed, ties, n_relevant, harmonic, discount,
    ks, group, seen, state, hits,
):  # fmt: skip
    """Walk from the best score to the worst, a group of equal scores at a time."""
    class_mask = np.uint64((1 << _CLASS_BITS) - 1)
    shift = np.uint64(_CLASS_BITS)
    seen[:] = 0
    all_seen = 0
    i = kept - 1
    while i >= 0:
        key = keys[i] >> shift
        group[:] = 0
        size = 0
        interesting = False
        while i >= 0 and keys[i] >> shift == key:
            c = np.int64(keys[i] & class_mask)
            group[c] += 1
            interesting = interesting or c <= n_classes
            size += 1
            i -= 1
        if interesting:
            for t in range(relevant.shape[0]):
                m = 0
                pool = size
                before = all_seen
                for c in range(1, n_classes + 1):
                    bit = np.int64(1) << c
                    if relevant[t] & bit:
                        m += group[c]
                    elif removed[t] & bit:
                        pool -= group[c]
                        before -= seen[c]
                if m > 0:
                    if ties == PESSIMISTIC:
                        before += pool - m
                    if ties != EXPECTED:
                        pool = m
                    _add_group(
                        t, m, pool, before, harmonic, discount, ks, n_relevant[t],
                        state, hits,
                    )  # fmt: skip
        for c in range(1, n_classes + 1):
            seen[c] += group[c]
        all_seen += size


@njit(nogil=True)
def rank_metrics(
    scores, classes, n_classes, relevant, removed, ks, ties, harmonic, discount,
    keys, scratch, out, n_relevant, n_candidates,
):  # fmt: skip
    """Compute every metric of every list for a block of rows.

    Parameters
    ----------
    scores : float32 (n_rows, n_nodes)
        The higher, the better the rank.
    classes : uint8 (n_rows, n_nodes)
        Class of each candidate, see above.
    n_classes : int
        Number of classes that may be relevant.
    relevant, removed : int64 (n_lists,)
        Bit ``c`` says that class ``c`` is relevant, or no candidate, in the list.
    ks : int64 (n_ks,)
        Cut-offs.
    ties : int
        EXPECTED, PESSIMISTIC or OPTIMISTIC.
    harmonic, discount : float64 (n_nodes + 1,)
        From `harmonic_numbers` and `discounts`.
    keys, scratch : uint64 (n_nodes,)
        Working space.
    out : float64 (n_rows, n_lists, n_metrics)
        METRICS, then each of METRICS_AT_K for all ks; NaN where undefined.
    n_relevant, n_candidates : int64 (n_rows, n_lists)
        Written too.
    """
    n_lists = relevant.shape[0]
    totals = np.zeros(n_classes + 2, np.int64)
    group = np.zeros(n_classes + 2, np.int64)
    seen = np.zeros(n_classes + 2, np.int64)
    state = np.zeros((n_lists, 6))
    hits = np.zeros((n_lists, ks.shape[0], 2))
    counts = np.zeros((3, _BUCKETS), np.int64)
    for b in range(scores.shape[0]):
        kept = _gather(scores[b], classes[b], n_classes, keys, totals)
        state[:] = 0
        hits[:] = 0
        out[b] = np.nan
        for t in range(n_lists):
            n_relevant[b, t] = 0
            n_candidates[b, t] = 0
            for c in range(1, n_classes + 2):
                bit = np.int64(1) << c
                if relevant[t] & bit:
                    n_relevant[b, t] += totals[c]
                if not removed[t] & bit:
                    n_candidates[b, t] += totals[c]
        if kept < _SORT_BELOW:
            keys[:kept].sort()
            ordered = keys
        else:
            ordered = _radix_sort(keys, scratch, kept, counts)
        _walk(
            ordered, kept, n_classes, relevant, removed, ties, n_relevant[b],
            harmonic, discount, ks, group, seen, state, hits,
        )  # fmt: skip
        for t in range(n_lists):
            if n_relevant[b, t] > 0:
                _finish(
                    t, n_relevant[b, t], n_candidates[b, t], harmonic, discount, ks,
                    state, hits, out[b, t],
                )  # fmt: skip


@njit(nogil=True)
def edge_ranks(scores, classes, columns, keys, above, tied):
    """For each of the ``columns`` of one row: how many others outrank or equal it.

    The others are candidates of classes other than 1. ``keys`` is float32 scratch.
    """
    n = 0
    for j in range(scores.shape[0]):
        if classes[j] > 1:
            keys[n] = scores[j]
            n += 1
    ordered = np.sort(keys[:n])
    for e in range(columns.shape[0]):
        score = scores[columns[e]]
        low = np.searchsorted(ordered, score, side="left")
        high = np.searchsorted(ordered, score, side="right")
        above[e] = n - high
        tied[e] = high - low
    return n
