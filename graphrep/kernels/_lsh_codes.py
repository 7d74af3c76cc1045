"""Hash codes of projections, their multi-probe sequences, and look-ups in tables.

A code is a vector of whole numbers: 0 or 1 for the sign of a projection, or the number
of the cell of width 1 that it falls in. Its key is the sum of code times multiplier,
mod 2^64, so that a change of one number changes the key by a multiplier. Callers
validate.
"""

import numpy as np

from graphrep.kernels._jit import njit

_MOST = 60  # cheapest changes of a code that probing combines; a set fits 64 bits
_ONE = np.uint64(1)


@njit(nogil=True)
def code_keys(projections, multipliers, signs, out):
    """Write the key of each table; ``projections`` (n, n_tables, n_functions)."""
    for i in range(projections.shape[0]):
        for t in range(projections.shape[1]):
            key = np.uint64(0)
            for j in range(projections.shape[2]):
                p = projections[i, t, j]
                cell = np.int64(p >= 0.0) if signs else np.int64(np.floor(p))
                key += np.uint64(cell) * multipliers[t, j]
            out[i, t] = key


@njit(nogil=True)
def _changes(values, multipliers, signs, costs, steps, owners):
    """List the changes of a code with what they cost; return their number.

    The cost is the squared way from the projection to the edge of the other cell.
    """
    n = 0
    for j in range(values.shape[0]):
        p = np.float64(values[j])
        if signs:
            costs[n] = p * p
            steps[n] = np.uint64(0) - multipliers[j] if p >= 0.0 else multipliers[j]
            owners[n] = j
            n += 1
        else:
            inside = p - np.floor(p)
            costs[n], costs[n + 1] = inside * inside, (1.0 - inside) * (1.0 - inside)
            steps[n], steps[n + 1] = np.uint64(0) - multipliers[j], multipliers[j]
            owners[n] = owners[n + 1] = j
            n += 2
    return n


@njit(nogil=True)
def _partners(owners, order, out):
    """Write where among the cheapest the other change of each number is, -1 if not."""
    for m in range(order.shape[0]):
        out[m] = -1
        for other in range(order.shape[0]):
            if other != m and owners[order[other]] == owners[order[m]]:
                out[m] = other


@njit(nogil=True)
def _holds(members, place):
    return place >= 0 and (members >> np.uint64(place)) & _ONE != 0


@njit(nogil=True)
def _cheapest(costs, size):
    at = 0
    for i in range(1, size):
        if costs[i] < costs[at]:
            at = i
    return at


@njit(nogil=True)
def probe_keys(values, multipliers, signs, key, out):
    """Write the keys to look up, the likeliest first; return their number.

    The first is that of the code itself; the others change it by sets of changes in
    order of their summed cost (Lv et al., VLDB 2007), found by the two moves of that
    paper: the next change is added to a set, or takes the place of its last one.
    """
    out[0] = key
    if out.shape[0] == 1:
        return 1
    n_functions = values.shape[0]
    costs, steps = np.empty(2 * n_functions), np.empty(2 * n_functions, np.uint64)
    owners = np.empty(2 * n_functions, np.int64)
    n = _changes(values, multipliers, signs, costs, steps, owners)
    order = np.argsort(costs[:n], kind="mergesort")[:_MOST]
    partner = np.full(order.shape[0], -1, np.int64)
    if not signs:
        _partners(owners, order, partner)
    rounds = 4 * out.shape[0]  # of which some sets change one number twice
    members, total = np.empty(rounds + 2, np.uint64), np.empty(rounds + 2)
    sums, last = np.empty(rounds + 2, np.uint64), np.empty(rounds + 2, np.int64)
    twice = np.zeros(rounds + 2, np.int64)  # numbers that a set changes twice
    members[0], total[0], last[0] = _ONE, costs[order[0]], 0
    sums[0] = key + steps[order[0]]
    size = written = 1
    for _ in range(rounds):
        if size == 0 or written == out.shape[0]:
            break
        i = _cheapest(total, size)
        if twice[i] == 0:
            out[written] = sums[i]
            written += 1
        end = last[i]
        if end + 1 == order.shape[0]:  # no more changes: the last set takes its place
            size -= 1
            members[i], total[i], sums[i] = members[size], total[size], sums[size]
            last[i], twice[i] = last[size], twice[size]
            continue
        bit, old, new = _ONE << np.uint64(end + 1), order[end], order[end + 1]
        without = members[i] ^ (_ONE << np.uint64(end))
        members[size], last[size] = members[i] | bit, end + 1
        total[size], sums[size] = total[i] + costs[new], sums[i] + steps[new]
        twice[size] = twice[i] + _holds(members[i], partner[end + 1])
        size += 1
        twice[i] -= _holds(without, partner[end])
        twice[i] += _holds(without, partner[end + 1])
        members[i], last[i] = without | bit, end + 1
        total[i] += costs[new] - costs[old]
        sums[i] += steps[new] - steps[old]
    return written


@njit(nogil=True)
def count_meetings(left, right, multipliers, signs, n_probes, out):
    """Count for each pair in how many tables one is found from the other.

    ``left``, ``right`` (n_pairs, n_tables, n_functions) are projections.
    """
    own = np.empty((1, left.shape[1]), np.uint64)
    other = np.empty((1, left.shape[1]), np.uint64)
    probes = np.empty(n_probes, np.uint64)
    for i in range(left.shape[0]):
        code_keys(left[i : i + 1], multipliers, signs, own)
        code_keys(right[i : i + 1], multipliers, signs, other)
        met = 0
        for t in range(left.shape[1]):
            n = probe_keys(left[i, t], multipliers[t], signs, own[0, t], probes)
            for p in range(n):
                met += probes[p] == other[0, t]
        out[i] = met


@njit(nogil=True)
def leading_starts(keys, shift, starts):
    """Write where the sorted keys with each value of their leading bits begin."""
    at = 0
    for lead in range(starts.shape[0] - 1):
        while at < keys.shape[0] and np.int64(keys[at] >> shift) < lead:
            at += 1
        starts[lead] = at
    starts[starts.shape[0] - 1] = keys.shape[0]


@njit(nogil=True)
def _first_at_least(keys, starts, shift, wanted):
    lead = np.int64(wanted >> shift)
    lo, hi = np.int64(starts[lead]), np.int64(starts[lead + 1])
    while lo < hi:
        middle = (lo + hi) >> 1
        if keys[middle] < wanted:
            lo = middle + 1
        else:
            hi = middle
    return lo


@njit(nogil=True)
def _score(a, b, length, euclidean):
    """Cosine or negative distance, summed in four strands in a fixed order."""
    s0 = s1 = s2 = s3 = 0.0
    d = a.shape[0]
    whole = d - d % 4
    if euclidean:
        for c in range(0, whole, 4):
            g0 = np.float64(a[c]) - np.float64(b[c])
            g1 = np.float64(a[c + 1]) - np.float64(b[c + 1])
            g2 = np.float64(a[c + 2]) - np.float64(b[c + 2])
            g3 = np.float64(a[c + 3]) - np.float64(b[c + 3])
            s0, s1, s2, s3 = s0 + g0 * g0, s1 + g1 * g1, s2 + g2 * g2, s3 + g3 * g3
        for c in range(whole, d):
            gap = np.float64(a[c]) - np.float64(b[c])
            s0 += gap * gap
        return -np.sqrt((s0 + s1) + (s2 + s3))
    for c in range(0, whole, 4):
        s0 += np.float64(a[c]) * np.float64(b[c])
        s1 += np.float64(a[c + 1]) * np.float64(b[c + 1])
        s2 += np.float64(a[c + 2]) * np.float64(b[c + 2])
        s3 += np.float64(a[c + 3]) * np.float64(b[c + 3])
    for c in range(whole, d):
        s0 += np.float64(a[c]) * np.float64(b[c])
    return min(1.0, max(-1.0, ((s0 + s1) + (s2 + s3)) / length))


@njit(nogil=True)
def _insert(rows, scores, size, row, score):
    """Keep the best of a short list sorted; ties by the lower row."""
    k = rows.shape[0]
    at = size
    while at > 0:
        worse = scores[at - 1] < score
        tie = scores[at - 1] == score and rows[at - 1] > row
        if not (worse or tie):
            break
        if at < k:
            rows[at], scores[at] = rows[at - 1], scores[at - 1]
        at -= 1
    if at < k:
        rows[at], scores[at] = row, score
    return min(k, size + 1)


@njit(nogil=True)
def hash_top_k(
    first, projections, multipliers, signs, n_probes, keys, rows, starts, shift,
    queries, base, query_norms, base_norms, euclidean, exclude, most, seen, found,
    scores, counts,
):  # fmt: skip
    """Score what a block of queries shares a bucket with, and keep the k best.

    ``keys`` and ``rows`` (n_tables, n_base) are the sorted keys of each table and whose
    they are; ``starts`` says where those begin whose leading bits, all but ``shift``,
    have each value. ``seen`` (int64, n_base) holds -1 at first; each query marks what
    it met with its own number ``first`` + place. At most ``most`` rows are scored for
    one query.
    """
    n, n_tables = projections.shape[0], projections.shape[1]
    own = np.empty((1, n_tables), np.uint64)
    probes = np.empty(n_probes, np.uint64)
    for i in range(n):
        q = first + i
        size, met = 0, 0
        if not euclidean and query_norms[q] == 0.0:
            counts[q] = 0
            continue
        code_keys(projections[i : i + 1], multipliers, signs, own)
        for t in range(n_tables):
            n_keys = probe_keys(
                projections[i, t], multipliers[t], signs, own[0, t], probes
            )
            for p in range(n_keys):
                at = _first_at_least(keys[t], starts[t], shift, probes[p])
                while at < keys.shape[1] and keys[t, at] == probes[p] and met < most:
                    row = rows[t, at]
                    at += 1
                    if seen[row] == q or row == exclude[q]:
                        continue
                    seen[row] = q
                    if not euclidean and base_norms[row] == 0.0:
                        continue
                    met += 1
                    length = query_norms[q] * base_norms[row]
                    score = _score(queries[q], base[row], length, euclidean)
                    score = np.float32(score)
                    size = _insert(found[q], scores[q], size, row, score)
        counts[q] = met
