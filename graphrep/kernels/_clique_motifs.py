"""Pairs of maximal cliques at a node or an edge, by type and by whether they meet.

Cliques are rows of ``c_indptr`` and ``c_members`` (ascending), ``t_*`` the cliques of
each node; the graph is ``indptr`` and ``indices`` without loops, rows sorted. Values
of an edge stand at its entry (u, v) with u < v.

With s the number of common nodes of two cliques, two that share node u meet elsewhere
iff s > 1, two that share an edge iff s > 2, and one of u with one of v iff s > 0. So
one walk over the cliques that meet a given one, instead of one over all pairs of
cliques at every edge, is enough.
"""

import numpy as np

from graphrep.kernels._hash import hash64
from graphrep.kernels._jit import njit
from graphrep.kernels._maximal_cliques import bit_count

_ONE = np.uint64(1)
_SHIFT, _LAST = 31, (1 << 31) - 1
_DEAR = 3  # a number added here and there takes as long as so many words of bits
BOTH, LONE, TWIN, MEET = 0, 1, 2, 3
"""Columns of the sums that `clique_motifs` adds up."""


@njit
def clique_bits(c_indptr, c_members, bits):
    """Set bit a of row v where node v is in clique a; ``bits`` comes as zeros."""
    for a in range(c_indptr.shape[0] - 1):
        word, bit = a >> 6, _ONE << np.uint64(a & 63)
        for i in range(c_indptr[a], c_indptr[a + 1]):
            bits[c_members[i], word] |= bit


@njit
def _meeting(members, t_indptr, t_cliques, common, shared, near):
    """List the cliques that meet a clique, with how many nodes they share and which.

    ``shared`` holds the places in the clique of the last two of them.
    """
    n_near = 0
    for i in range(members.shape[0]):
        v = members[i]
        for e in range(t_indptr[v], t_indptr[v + 1]):
            b = t_cliques[e]
            near[n_near] = b
            n_near += common[b] == 0
            common[b] += 1
            shared[b] = (shared[b] << _SHIFT) | i
    return n_near


@njit
def _pairs_of(size, near, common, shared, lone, twins):
    """Cliques that share one node of clique a, for each node; two, for each pair."""
    lone[:size] = 0
    twins[: size * size] = 0
    for b in near:
        if common[b] == 1:
            lone[shared[b]] += 1
        elif common[b] == 2:
            twins[(shared[b] >> _SHIFT) * size + (shared[b] & _LAST)] += 1
    if size == 1:  # the clique has met itself
        lone[0] -= 1
    elif size == 2:
        twins[1] -= 1


@njit
def _count_near_sparse(near, c_indptr, c_members, counts):
    for b in near:
        for i in range(c_indptr[b], c_indptr[b + 1]):
            counts[c_members[i]] += 1


@njit
def _count_near_dense(near, around, bits, mask, counts):
    mask[:] = 0
    for b in near:
        mask[b >> 6] |= _ONE << np.uint64(b & 63)
    for v in around:
        row = bits[v]
        total = 0
        for w in range(mask.shape[0]):
            total += bit_count(row[w] & mask[w])
        counts[v] = total


@njit
def _later_neighbours(a, c_indptr, c_members, indptr, indices, place, around):
    """Neighbours of clique a, outside it, that come after one they are joined to."""
    n_around = 0
    for i in range(c_indptr[a], c_indptr[a + 1]):
        u = c_members[i]
        e = indptr[u + 1] - 1
        while e >= indptr[u] and indices[e] > u:
            v = indices[e]
            if place[v] == -1:
                place[v] = -2
                around[n_around] = v
                n_around += 1
            e -= 1
    return n_around


@njit(nogil=True)
def clique_motifs(
    start, stop, indptr, indices, c_indptr, c_members, t_indptr, t_cliques, bits,
    node_pairs, sums,
):  # fmt: skip
    """Add up what the cliques of a range contribute to nodes and edges.

    Parameters
    ----------
    bits : uint64 (n_nodes, words) of `clique_bits`, or (n_nodes, 0) for none
    node_pairs : for each node, ordered pairs of its cliques that share it alone
    sums : int64 (n_entries, 4); column BOTH counts the cliques of an edge; LONE, for
        each of those, the cliques that share with it just one end; TWIN ordered pairs
        that share just the edge; MEET, for each clique of u without v, the cliques of
        v that meet it

    O(sum over nodes of squared numbers of cliques, and for each clique the lesser of
    the sizes of those it meets and of a row of bits for each neighbour) time.
    """
    n, n_cliques = indptr.shape[0] - 1, c_indptr.shape[0] - 1
    common, shared = np.zeros(n_cliques, np.int32), np.zeros(n_cliques, np.int64)
    near, around = np.empty(n_cliques + 1, np.int64), np.empty(n, np.int64)
    place, counts = np.full(n, -1, np.int32), np.zeros(n, np.int64)
    mask = np.zeros(bits.shape[1], np.uint64)
    largest = 0
    for a in range(start, stop):
        largest = max(largest, c_indptr[a + 1] - c_indptr[a])
    lone, twins = np.empty(largest, np.int64), np.empty(largest * largest, np.int64)
    for a in range(start, stop):
        members = c_members[c_indptr[a] : c_indptr[a + 1]]
        size = members.shape[0]
        found = _meeting(members, t_indptr, t_cliques, common, shared, near)
        _pairs_of(size, near[:found], common, shared, lone, twins)
        for i in range(size):
            place[members[i]] = i
        n_around = _later_neighbours(
            a, c_indptr, c_members, indptr, indices, place, around
        )
        work = 0
        for k in range(found):
            work += c_indptr[near[k] + 1] - c_indptr[near[k]]
        if 0 < mask.shape[0] * n_around < _DEAR * work:
            _count_near_dense(near[:found], around[:n_around], bits, mask, counts)
        else:
            _count_near_sparse(near[:found], c_indptr, c_members, counts)
        for i in range(size):
            u = members[i]
            node_pairs[u] += lone[i]
            e = indptr[u + 1] - 1
            while e >= indptr[u] and indices[e] > u:
                v = indices[e]
                j = place[v]
                if j >= 0:
                    sums[e, BOTH] += 1
                    sums[e, LONE] += lone[i] + lone[j]
                    sums[e, TWIN] += twins[i * size + j]
                else:
                    sums[e, MEET] += counts[v]
                e -= 1
        for k in range(found):
            common[near[k]] = 0
            shared[near[k]] = 0
        for i in range(size):
            u = members[i]
            place[u] = -1
            counts[u] = 0
            for e in range(indptr[u], indptr[u + 1]):
                place[indices[e]] = -1
                counts[indices[e]] = 0


@njit
def _meet_outside(a, b, u, v):
    """Whether two cliques share a node other than u and v."""
    i, j = 0, 0
    while i < a.shape[0] and j < b.shape[0]:
        if a[i] < b[j]:
            i += 1
        elif a[i] > b[j]:
            j += 1
        elif a[i] != u and a[i] != v:
            return True
        else:
            i += 1
            j += 1
    return False


@njit
def _union(left, right, cliques, kinds):
    """Merge cliques of both ends; kinds: 0 of u alone, 1 of v alone, 2 of both."""
    i, j, count = 0, 0, 0
    while i < left.shape[0] or j < right.shape[0]:
        if j == right.shape[0] or (i < left.shape[0] and left[i] < right[j]):
            cliques[count], kinds[count] = left[i], 0
            i += 1
        elif i == left.shape[0] or right[j] < left[i]:
            cliques[count], kinds[count] = right[j], 1
            j += 1
        else:
            cliques[count], kinds[count] = left[i], 2
            i += 1
            j += 1
        count += 1
    return count


@njit(nogil=True)
def sampled_motifs(
    start, stop, indptr, indices, c_indptr, c_members, t_indptr, t_cliques,
    n_draws, key, places, table,
):  # fmt: skip
    """Estimate the pairs of cliques of each edge from ``n_draws`` drawn with repeats.

    Rows of ``table`` that belong to edges of nodes ``start`` to ``stop`` with more
    than ``sqrt(n_draws)`` cliques are written, eight columns from the third on;
    ``places[kind of one, kind of the other, whether they meet]`` is the column.
    """
    most = 0
    for v in range(indptr.shape[0] - 1):
        most = max(most, t_indptr[v + 1] - t_indptr[v])
    cliques, kinds = np.empty(2 * most, np.int64), np.empty(2 * most, np.int64)
    for u in range(start, stop):
        left = t_cliques[t_indptr[u] : t_indptr[u + 1]]
        for e in range(indptr[u], indptr[u + 1]):
            v = indices[e]
            if v < u:
                continue
            right = t_cliques[t_indptr[v] : t_indptr[v + 1]]
            size = _union(left, right, cliques, kinds)
            if size <= int(np.sqrt(n_draws)):
                continue
            row = table[e]
            row[2:] = 0.0
            edge_key = hash64(key, np.uint64(e))
            for d in range(n_draws):
                one = hash64(edge_key, np.uint64(2 * d)) % np.uint64(size)
                two = hash64(edge_key, np.uint64(2 * d + 1)) % np.uint64(size)
                a, b = cliques[one], cliques[two]
                meet = _meet_outside(
                    c_members[c_indptr[a] : c_indptr[a + 1]],
                    c_members[c_indptr[b] : c_indptr[b + 1]],
                    u, v,
                )  # fmt: skip
                row[places[kinds[one], kinds[two], int(meet)]] += 1.0
            for k in range(2, row.shape[0]):
                row[k] *= size * (size - 1) / (2.0 * n_draws)
