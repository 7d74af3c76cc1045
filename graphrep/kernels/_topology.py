"""Properties of single nodes: triangles by merging rows, betweenness from sources.

Structures are symmetric, without loops, with sorted rows.
"""

from graphrep.kernels._jit import njit


@njit
def forward_rows(indptr, indices, place, f_indptr, f_indices):
    """Keep of each edge the entry that leads to the node that comes later.

    ``place`` is the position of each node in an order; nodes of ``f_*`` are numbered
    by it. ``f_indices`` holds half the entries; its rows come out sorted.
    """
    n = indptr.shape[0] - 1
    f_indptr[:] = 0
    for i in range(n):
        for e in range(indptr[i], indptr[i + 1]):
            if place[indices[e]] > place[i]:
                f_indptr[place[i] + 1] += 1
    for i in range(n):
        f_indptr[i + 1] += f_indptr[i]
    cursor = f_indptr[:-1].copy()
    for i in range(n):
        a = place[i]
        for e in range(indptr[i], indptr[i + 1]):
            b = place[indices[e]]
            if b > a:
                f_indices[cursor[a]] = b
                cursor[a] += 1
    for a in range(n):
        f_indices[f_indptr[a] : f_indptr[a + 1]].sort()


@njit(nogil=True)
def count_triangles(f_indptr, f_indices, mark, out):
    """Add to ``out`` the triangles of each node, from rows of `forward_rows`.

    ``mark`` is scratch of n integers that comes as -1. Ordered by degree, no row
    is longer than the root of twice the entries: O(m^1.5) time.
    """
    for a in range(f_indptr.shape[0] - 1):
        for e in range(f_indptr[a], f_indptr[a + 1]):
            mark[f_indices[e]] = a
        for e in range(f_indptr[a], f_indptr[a + 1]):
            b = f_indices[e]
            own = 0
            for f in range(f_indptr[b], f_indptr[b + 1]):
                c = f_indices[f]
                if mark[c] == a:
                    out[c] += 1
                    own += 1
            out[a] += own
            out[b] += own


@njit(nogil=True)
def add_betweenness(indptr, indices, sources, level, queue, paths, share, out):
    """Add to ``out`` the dependencies of some sources on every node (Brandes 2001).

    ``level`` (int32), ``queue`` (int64), ``paths`` and ``share`` (float64) are
    scratch of n numbers. O(n + m) a source; hops only.
    """
    for s in range(sources.shape[0]):
        source = sources[s]
        level[:] = -1
        level[source] = 0
        paths[source] = 1.0
        queue[0] = source
        head, tail = 0, 1
        while head < tail:
            v = queue[head]
            head += 1
            next_level = level[v] + 1
            for e in range(indptr[v], indptr[v + 1]):
                w = indices[e]
                if level[w] < 0:
                    level[w] = next_level
                    paths[w] = 0.0
                    queue[tail] = w
                    tail += 1
                if level[w] == next_level:
                    paths[w] += paths[v]
        for i in range(tail):
            share[queue[i]] = 0.0
        for i in range(tail - 1, 0, -1):
            w = queue[i]
            part = (1.0 + share[w]) / paths[w]
            before = level[w] - 1
            for e in range(indptr[w], indptr[w + 1]):
                v = indices[e]
                if level[v] == before:
                    share[v] += paths[v] * part
            out[w] += share[w]
