"""Hop distances from a few nodes at a time: breadth-first search that stops early."""

from graphrep.kernels._jit import njit


@njit(nogil=True)
def hop_classes(indptr, indices, rows, depth, out, queue):
    """Fill ``out`` (n_rows, n_nodes) uint8 with the hops from each row's node.

    A node is 0 for itself, 1 to ``depth`` by its distance and ``depth + 1`` where it
    is farther or out of reach. ``queue`` is scratch of n_nodes numbers.
    """
    far = depth + 1
    for b in range(rows.shape[0]):
        hops = out[b]
        hops[:] = far
        hops[rows[b]] = 0
        queue[0] = rows[b]
        head, tail = 0, 1
        for hop in range(1, depth + 1):
            end = tail
            while head < end:
                node = queue[head]
                head += 1
                for e in range(indptr[node], indptr[node + 1]):
                    other = indices[e]
                    if hops[other] == far:
                        hops[other] = hop
                        queue[tail] = other
                        tail += 1
