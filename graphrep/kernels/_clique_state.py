"""What the search for maximal cliques keeps between two calls, and its scratch."""

import numpy as np

from graphrep.kernels._jit import njit

DONE, FULL, PAUSED, ROOM = 0, 1, 2, 3
# places in the state: cliques and members written, root, depth of the stack (-1 where
# no root is open), steps left, smallest clique to write, place of the root's name
CLIQUES, MEMBERS, ROOT, DEPTH, FUEL, SMALLEST, OWN = 0, 1, 2, 3, 4, 5, 6


def clique_state(first_root, smallest):
    """State before the first call."""
    return np.array([0, 0, first_root, -1, 0, smallest, 0], np.int64)


def clique_scratch(n_nodes, degeneracy):
    """Working memory of one thread.

    bits : of a node among the later neighbours of the root, 0 elsewhere
    names : nodes of the root's universe, ascending
    near : rows of the graph inside it; twice 64 words of which one half is spare
    allowed, branches, taken : a set for each level of the stack
    bounds : where the excluded sets of each level lie
    """
    words = (degeneracy + 63) // 64
    levels = degeneracy + 2
    return (
        np.zeros(n_nodes, np.uint64),
        np.empty(degeneracy + 1, np.int32),
        np.empty(max(128, degeneracy * words), np.uint64),
        np.empty(levels * max(words, 1), np.uint64),
        np.empty(levels * max(words, 1), np.uint64),
        np.empty(levels * max(words, 1), np.uint64),
        np.empty((levels, 2), np.int64),
    )


@njit(nogil=True, error_model="numpy")
def excluded_words(starts, middle):
    """Words that the excluded sets of any root need before its search begins."""
    most = np.int64(0)
    for r in range(middle.shape[0]):
        words = (middle[r] - starts[r] + 63) >> 6
        most = max(most, (starts[r + 1] - middle[r] + 1) * words)
    return most


@njit(nogil=True, error_model="numpy", borrowed=True, forceinline=True)
def name_members(r, order, starts, middle, rows, names):
    """Write the nodes of root r and its later neighbours, ascending.

    Returns the place of the root among them; the later ones come ascending.
    """
    root = order[r]
    own = 0
    for e in range(starts[r], middle[r]):
        node = order[np.uint64(rows[e])]
        at = e - starts[r]
        if node < root:
            own = at + 1
            names[at] = node
        else:
            names[at + 1] = node
    names[own] = root
    return own
