"""How well scores rank what is relevant: all metrics of a row of scores.

Every candidate of a row has a class: 0 is no candidate, 1 to ``n_classes`` are the
classes that may be relevant (hop distances, say), ``n_classes + 1`` is never. A list
is a set of relevant classes and a set of removed ones, as bit masks over classes.

Members of classes 1 to ``n_classes`` are few. What each list needs to know is how many
candidates score above each of them, and how many the same. Where there are really few,
all scores are compared with each of them, many scores an instruction; otherwise the
members are sorted and every candidate is binned among them. A walk over the members,
best first, a group of equal scores at a time, then gives the metrics of each list.
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
_FEW = 64  # members of a row up to which comparing all scores is faster
_CHUNK = 64  # classes looked at together
_NEGLIGIBLE = 1e-18
_FEWEST_BINS, _MOST_BINS = 1 << 12, 1 << 17


def harmonic_numbers(n):
    """Return the sums of 1/1 to 1/i, for i from 0 to n."""
    out = np.zeros(n + 1)
    np.cumsum(1.0 / np.arange(1, n + 1), out=out[1:])
    return out


def discounts(n):
    """Return the sums of 1/log2(1 + r) over ranks up to i, for i from 0 to n."""
    out = np.zeros(n + 1)
    np.cumsum(1.0 / np.log2(np.arange(2, n + 2)), out=out[1:])
    return out


@njit(inline="always")
def _key(bits):
    """Bits of a float32 as a number that orders like the float."""
    if bits & np.uint32(0x80000000):
        return np.uint32(~bits)
    return np.uint32(bits | np.uint32(0x80000000))


@njit(inline="always")
def _pack(score, c):
    """Score and class in one number that orders like the score."""
    bits = np.float32(score + np.float32(0)).view(np.uint32)  # one zero, not two
    return (np.uint64(_key(bits)) << np.uint64(_CLASS_BITS)) | np.uint64(c)


@njit(inline="always")
def _score_of(packed):
    """Score of a packed number."""
    key = np.uint32(packed >> np.uint64(_CLASS_BITS))
    if key & np.uint32(0x80000000):
        return np.uint32(key ^ np.uint32(0x80000000)).view(np.float32)
    return np.uint32(~key).view(np.float32)


@njit(nogil=True)
def _members(scores, classes, n_classes, totals, members, outside):
    """Count the classes; keep the members of 1 to ``n_classes``, packed.

    Returns how many members there are; scores of class 0 go to ``outside`` as far as
    they fit.
    """
    totals[:] = 0
    far = n_classes + 1
    n = classes.shape[0]
    found = 0
    for start in range(0, n, _CHUNK):
        end = min(start + _CHUNK, n)
        other = False
        for j in range(start, end):
            other |= classes[j] != far
        if not other:
            continue
        for j in range(start, end):
            c = classes[j]
            if c == 0:
                if totals[0] < outside.shape[0]:
                    outside[totals[0]] = scores[j]
                totals[0] += 1
            elif c != far:
                totals[c] += 1
                members[found] = _pack(scores[j], c)
                found += 1
    totals[far] = n - totals.sum()
    return found


@njit(nogil=True)
def _compare_all(scores, outside, members, above, same):
    """Count the scores above each of a few distinct values, and equal ones.

    ``members`` are sorted ascending; of equal ones the last is counted.
    """
    n = scores.shape[0]
    for i in range(members.shape[0]):
        if i + 1 < members.shape[0] and (members[i] >> np.uint64(_CLASS_BITS)) == (
            members[i + 1] >> np.uint64(_CLASS_BITS)
        ):
            continue
        value = _score_of(members[i])
        higher = np.int32(0)
        equal = np.int32(0)
        for j in range(n):
            higher += np.int32(scores[j] > value)
            equal += np.int32(scores[j] == value)
        for j in range(outside.shape[0]):
            higher -= np.int32(outside[j] > value)
            equal -= np.int32(outside[j] == value)
        above[i] = higher
        same[i] = equal


@njit(nogil=True)
def _bin_all(scores, classes, far, members, value, first, gap, tie, above, same):
    """Count all scores above each of many sorted values, and equal ones.

    Scores are binned evenly between the lowest and the highest member; only those in
    a bin that holds members are compared with them. Binning is monotone, so counts
    are exact. ``value``, ``first`` (n_bins + 1), ``gap`` and ``tie`` are scratch.
    """
    r = members.shape[0]
    n_bins = first.shape[0] - 1
    for i in range(r):
        value[i] = _score_of(members[i])
        gap[i], tie[i] = 0, 0
    gap[r] = 0
    low, high = value[0], value[r - 1]
    scale = np.float32(0)
    if high > low and np.isfinite(high - low):
        scale = np.float32(n_bins) / (high - low)
    if not np.isfinite(scale):
        scale = np.float32(0)
    at = 0
    for i in range(r):
        bin_ = min(n_bins - 1, np.int32((value[i] - low) * scale)) if scale > 0 else 0
        while at <= bin_:
            first[at] = i
            at += 1
    first[at:] = r
    for j in range(scores.shape[0]):
        score = scores[j]
        if score < low or classes[j] != far:
            continue
        if score > high:
            gap[r] += 1
            continue
        bin_ = min(n_bins - 1, np.int32((score - low) * scale)) if scale > 0 else 0
        left, right = first[bin_], first[bin_ + 1]
        if left == right:
            gap[left] += 1
            continue
        while left < right and value[left] < score:
            if right - left > _FEW and value[(left + right) >> 1] < score:
                left = (left + right) >> 1
            left += 1
        if left < r and value[left] == score:
            tie[left] += 1
        else:
            gap[left] += 1
    higher = gap[r]
    i = r - 1
    while i >= 0:
        top = i
        while i > 0 and (members[i - 1] >> np.uint64(_CLASS_BITS)) == (
            members[top] >> np.uint64(_CLASS_BITS)
        ):
            i -= 1
        above[top] = higher + r - 1 - top
        same[top] = top - i + 1 + tie[i]
        higher += tie[i] + gap[i]
        i -= 1


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


@njit(inline="always")
def _precision_of_group(above, m, size, seen, harmonic):
    """Sum of the expected precisions at the ``m`` relevant ones of a tied group."""
    gain = harmonic[seen + size] - harmonic[seen]
    spread = (m - 1.0) / (size - 1.0) if size > 1 else 0.0
    return (m / size) * ((above + 1.0) * gain + spread * (size - (seen + 1.0) * gain))


@njit(nogil=True)
def _first_of_group(m, size, seen):
    """Return the expected reciprocal rank of the first relevant one of a group."""
    chance, total = m / size, 0.0
    for u in range(1, size - m + 2):
        total += chance / (seen + u)
        chance *= (size - u - m + 1.0) / max(size - u, 1)
        if chance < _NEGLIGIBLE:
            break
    return total


@njit(nogil=True)
def _any_of_group(m, size, room):
    """Return the chance that one of ``m`` relevant ones is among the first ``room``."""
    if room >= size:
        return 1.0
    missed = 1.0
    for i in range(room):
        missed *= max(size - m - i, 0) / (size - i)
    return 1.0 - missed


@njit(nogil=True)
def _measure(
    members, above, same, relevant, removed, ties, n_relevant, n, harmonic, discount,
    ks, hits, out,
):  # fmt: skip
    """Write the metrics of one list, walking over the members, best first.

    ``relevant`` and ``removed`` are bits of classes; ``n`` candidates are ranked.
    Tied groups after McSherry & Najork 2008, by harmonic numbers.
    """
    class_mask = np.uint64((1 << _CLASS_BITS) - 1)
    shift = np.uint64(_CLASS_BITS)
    most = ks.max() if ks.shape[0] else 0
    hits[:] = 0.0
    found, gone = 0, 0
    precision = gains = ranks = first = at_r = 0.0
    i = members.shape[0] - 1
    while i >= 0:
        key, size, seen = members[i] >> shift, same[i], above[i] - gone
        m = out_here = 0
        while i >= 0 and members[i] >> shift == key:
            bit = np.int64(1) << np.int64(members[i] & class_mask)
            m += (relevant & bit) != 0
            out_here += (removed & bit) != 0
            i -= 1
        gone += out_here
        size -= out_here
        if m == 0:
            continue
        if ties == PESSIMISTIC:
            seen += size - m
        if ties != EXPECTED:
            size = m
        share = m / size
        if size == 1:
            precision += (found + 1.0) / (seen + 1.0)
        else:
            precision += _precision_of_group(found, m, size, seen, harmonic)
        gains += share * (discount[seen + size] - discount[seen])
        ranks += m * (seen + 0.5 * (size + 1.0))
        if seen < n_relevant:
            at_r += m if seen + size <= n_relevant else share * (n_relevant - seen)
        if seen < most:
            for q in range(ks.shape[0]):
                room = ks[q] - seen
                if room > 0:
                    hits[0, q] += m if room >= size else share * room
                    if found == 0:
                        hits[1, q] = _any_of_group(m, size, room)
        if found == 0:
            first = _first_of_group(m, size, seen)
        found += m
    r = np.float64(n_relevant)
    chance = 1.0
    if n > 1:
        chance = (harmonic[n] + (r - 1.0) * (n - harmonic[n]) / (n - 1.0)) / n
    out[AP] = precision / r
    out[CHANCE] = chance
    out[R_PRECISION] = at_r / r
    out[MRR] = first
    out[NDCG] = gains / discount[n_relevant]
    out[MEAN_RANK] = ranks / r
    if n_relevant < n:
        out[ADJUSTED] = (out[AP] - chance) / (1.0 - chance)
        out[AUC] = 1.0 - (ranks - 0.5 * r * (r + 1.0)) / (r * (n - r))
    step = ks.shape[0]
    for q in range(step):
        at = N_FIXED + q
        out[at] = hits[0, q] / ks[q]
        out[at + step] = hits[0, q] / min(ks[q], n_relevant)
        out[at + 2 * step] = hits[0, q] / r
        out[at + 3 * step] = hits[1, q]


@njit(nogil=True)
def rank_metrics(
    scores, classes, n_classes, relevant, removed, ks, ties, harmonic, discount, out,
    n_relevant, n_candidates,
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
    out : float64 (n_rows, n_lists, n_metrics)
        METRICS, then each of METRICS_AT_K for all ks; NaN where undefined.
    n_relevant, n_candidates : int64 (n_rows, n_lists)
        Written too.
    """
    n_lists = relevant.shape[0]
    n = scores.shape[1]
    totals = np.zeros(n_classes + 2, np.int64)
    hits = np.zeros((2, ks.shape[0]))
    counts = np.zeros((3, _BUCKETS), np.int64)
    outside = np.empty(_FEW, np.float32)
    space = np.empty(n, np.uint64)
    scratch = np.empty(n, np.uint64)
    first = np.empty(min(max(n, _FEWEST_BINS), _MOST_BINS) + 1, np.int32)
    gap = np.empty(n + 1, np.int64)
    tie = np.empty(n, np.int64)
    value = np.empty(n, np.float32)
    above = np.empty(n, np.int64)
    same = np.empty(n, np.int64)
    for b in range(scores.shape[0]):
        n_members = _members(scores[b], classes[b], n_classes, totals, space, outside)
        members = space[:n_members]
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
        if n_members == 0:
            continue
        if n_members <= _FEW and totals[0] <= _FEW:
            members.sort()
            _compare_all(scores[b], outside[: totals[0]], members, above, same)
        else:
            if n_members < _SORT_BELOW:
                members.sort()
            else:
                members = _radix_sort(members, scratch, n_members, counts)[:n_members]
            _bin_all(
                scores[b], classes[b], n_classes + 1, members, value, first,
                gap, tie, above, same,
            )  # fmt: skip
        for t in range(n_lists):
            if n_relevant[b, t] > 0:
                _measure(
                    members, above, same, relevant[t], removed[t], ties,
                    n_relevant[b, t], n_candidates[b, t], harmonic, discount, ks,
                    hits, out[b, t],
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
