"""Greedy edge clique cover on CSR arrays.

The graph is symmetric, without loops, rows ascending; an entry is an edge seen from
one of its ends.
"""

import numpy as np

from graphrep.kernels._jit import njit


@njit
def mates(indptr, indices, out):
    """For each entry (u, v) the entry (v, u). O(entries) time."""
    cursor = indptr[:-1].copy()
    for u in range(indptr.shape[0] - 1):
        for e in range(indptr[u], indptr[u + 1]):
            v = indices[e]
            # u ascends, so v meets its neighbours in the order of its row
            out[e] = cursor[v]
            cursor[v] += 1


@njit
def supports(indptr, indices, entries, mark, out):
    """Count the common neighbours of the two ends of some entries.

    ``mark`` is scratch of n integers that comes as -1; entries of one row should
    follow one another.
    """
    at = -1
    for i in range(entries.shape[0]):
        e = entries[i]
        if at < 0 or not indptr[at] <= e < indptr[at + 1]:
            at = np.searchsorted(indptr, e, side="right") - 1
            for f in range(indptr[at], indptr[at + 1]):
                mark[indices[f]] = at
        v = indices[e]
        count = 0
        for f in range(indptr[v], indptr[v + 1]):
            count += mark[indices[f]] == at
        out[i] = count


@njit
def _candidates(indptr, indices, u, v, open_entry, alive, gain, candidates):
    """List the common neighbours of an edge and the open edges each would cover."""
    for e in range(indptr[u], indptr[u + 1]):
        alive[indices[e]] = 1
        gain[indices[e]] = open_entry[e]
    count = 0
    for e in range(indptr[v], indptr[v + 1]):
        z = indices[e]
        if alive[z] == 1:
            alive[z] = 2
            gain[z] += open_entry[e]
            candidates[count] = z
            count += 1
    for e in range(indptr[u], indptr[u + 1]):
        if alive[indices[e]] == 1:
            alive[indices[e]] = 0
    return count


@njit
def _best(candidates, count, gain):
    """Place of the candidate that covers most open edges, -1 where none covers any."""
    best, most = -1, 0
    for i in range(count):
        z = candidates[i]
        if gain[z] > most or (gain[z] == most and best >= 0 and z < candidates[best]):
            best, most = i, gain[z]
    return best


@njit
def _join(indptr, indices, mate, z, open_entry, inside, alive, gain, candidates, count):
    """Add a node to the clique; return how many candidates are still joined to all."""
    for e in range(indptr[z], indptr[z + 1]):
        w = indices[e]
        if inside[w]:
            open_entry[e] = 0
            open_entry[mate[e]] = 0
        elif alive[w] == 2:
            alive[w] = 3
            gain[w] += open_entry[e]
    inside[z] = True
    kept = 0
    for i in range(count):
        w = candidates[i]
        if alive[w] == 3 and w != z:
            alive[w] = 2
            candidates[kept] = w
            kept += 1
        else:
            alive[w] = 0
    return kept


@njit
def cover(indptr, indices, mate, order, state, room, sizes, members):
    """Cover all edges by cliques, each grown from the first edge that is open.

    Parameters
    ----------
    indptr, indices, mate : the graph and `mates`
    order : entries to begin with, one of each edge
    state : (place in ``order``, open_entry, inside, alive, gain, candidates)
        ``open_entry`` (uint8, one an entry) comes as 1; ``inside`` and ``alive`` (n)
        as 0; ``gain`` and ``candidates`` are scratch of n integers. A call goes on
        where the last one stopped.
    room : int
        Free entries of ``members`` below which the call ends; the largest clique.
    sizes, members : the cliques, nodes in the order in which they joined

    Returns
    -------
    cliques and members written
    """
    place, open_entry, inside, alive, gain, candidates = state
    n_cliques, written = 0, 0
    while place[0] < order.shape[0] and n_cliques < sizes.shape[0]:
        if members.shape[0] - written < room:
            break
        e = order[place[0]]
        place[0] += 1
        if not open_entry[e]:
            continue
        v = indices[e]
        u = indices[mate[e]]
        count = _candidates(indptr, indices, u, v, open_entry, alive, gain, candidates)
        open_entry[e] = 0
        open_entry[mate[e]] = 0
        inside[u] = inside[v] = True
        start = written
        members[written], members[written + 1] = u, v
        written += 2
        while True:
            i = _best(candidates, count, gain)
            if i < 0:
                break
            z = candidates[i]
            count = _join(
                indptr, indices, mate, z, open_entry, inside, alive, gain,
                candidates, count,
            )  # fmt: skip
            members[written] = z
            written += 1
        for i in range(count):
            alive[candidates[i]] = 0
        for i in range(start, written):
            inside[members[i]] = False
        sizes[n_cliques] = written - start
        n_cliques += 1
    return n_cliques, written
