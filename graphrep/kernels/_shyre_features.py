"""Sums over the pairs and members of candidate hyperedges of a graph.

The graph is ``indptr``, ``indices`` without loops and with sorted rows; cliques and
candidates are rows of pointers and members, ascending, and ``t_*`` their numbers for
each node, ascending. A table of edges has a value for each entry (u, v) of the graph;
only those with u < v are read or written.
"""

import numpy as np

from graphrep.kernels._jit import njit


@njit
def neighbour_degrees(indptr, indices, out):
    """Mean degree of the neighbours of each node, 0 where there are none."""
    for u in range(out.shape[0]):
        total = 0
        for e in range(indptr[u], indptr[u + 1]):
            v = indices[e]
            total += indptr[v + 1] - indptr[v]
        out[u] = total / max(1, indptr[u + 1] - indptr[u])


@njit
def cliques_of_edges(indptr, indices, c_indptr, c_members, t_indptr, t_cliques, out):
    """Count the cliques that hold each edge. O(sum of squared sizes) time."""
    counts = np.zeros(indptr.shape[0], np.int64)
    for u in range(indptr.shape[0] - 1):
        for a in range(t_indptr[u], t_indptr[u + 1]):
            i = c_indptr[t_cliques[a] + 1] - 1
            while c_members[i] > u:
                counts[c_members[i]] += 1
                i -= 1
        for e in range(indptr[u], indptr[u + 1]):
            v = indices[e]
            out[e] = counts[v]
            counts[v] = 0


@njit
def sum_edge_counts(
    indptr, indices, counts, c_indptr, c_members, t_indptr, t_rows, sums, shared
):
    """Sum a count over the pairs of each candidate.

    ``shared`` is set to False where some pair has less than 2; ``sums`` comes as 0.
    O(sum of squared sizes) time.
    """
    value = np.zeros(indptr.shape[0], np.int64)
    for u in range(indptr.shape[0] - 1):
        for e in range(indptr[u], indptr[u + 1]):
            value[indices[e]] = counts[e]
        for a in range(t_indptr[u], t_indptr[u + 1]):
            c = t_rows[a]
            i = c_indptr[c + 1] - 1
            total, least = 0, 2
            while c_members[i] > u:
                x = value[c_members[i]]
                total += x
                least = min(least, x)
                i -= 1
            sums[c] += total
            if least < 2:
                shared[c] = False


@njit(error_model="numpy")
def mean_node_values(table, c_indptr, c_members, out):
    """Mean of each column of a table of nodes over the members of each candidate."""
    n_columns = table.shape[1]
    for c in range(c_indptr.shape[0] - 1):
        row = out[c]
        for k in range(n_columns):
            row[k] = 0.0
        for i in range(c_indptr[c], c_indptr[c + 1]):
            values = table[c_members[i]]
            for k in range(n_columns):
                row[k] += values[k]
        size = c_indptr[c + 1] - c_indptr[c]
        for k in range(n_columns):
            row[k] /= size


@njit(error_model="numpy", inline="always")
def _write_statistics(pivot, sums, squares, least, greatest, count, row, column):
    """Least, greatest, mean and standard deviation of values given less a pivot."""
    for k in range(sums.shape[0]):
        mean = sums[k] / count
        row[column] = pivot[k] + least[k]
        row[column + 1] = pivot[k] + greatest[k]
        row[column + 2] = pivot[k] + mean
        row[column + 3] = np.sqrt(max(0.0, squares[k] / count - mean * mean))
        column += 4


@njit(error_model="numpy")
def node_statistics(table, c_indptr, c_members, out, column):
    """Least, greatest, mean, standard deviation of node values over the members.

    Columns of ``table`` fill four columns each of ``out``, from ``column`` on.
    """
    n_columns = table.shape[1]
    sums, squares = np.empty(n_columns), np.empty(n_columns)
    least, greatest = np.empty(n_columns), np.empty(n_columns)
    for c in range(c_indptr.shape[0] - 1):
        first, last = c_indptr[c], c_indptr[c + 1]
        for k in range(n_columns):
            sums[k] = squares[k] = least[k] = greatest[k] = 0.0
        pivot = table[c_members[first]]
        for i in range(first + 1, last):
            values = table[c_members[i]]
            for k in range(n_columns):
                x = values[k] - pivot[k]
                sums[k] += x
                squares[k] += x * x
                least[k] = min(least[k], x)
                greatest[k] = max(greatest[k], x)
        _write_statistics(
            pivot, sums, squares, least, greatest, last - first, out[c], column
        )


@njit(error_model="numpy")
def pair_statistics(
    indptr, indices, table, c_indptr, c_members, t_indptr, t_rows, state, out, column
):
    """Least, greatest, mean, standard deviation of edge values over the pairs.

    ``table`` has a row for each entry of the graph, ``state`` is scratch of shape
    (n_candidates, 5, n_columns). Candidates of one member get zeros.
    O(n_columns · sum of squared sizes) time.
    """
    n_columns = table.shape[1]
    entry = np.zeros(indptr.shape[0], np.int64)
    for u in range(indptr.shape[0] - 1):
        for e in range(indptr[u], indptr[u + 1]):
            entry[indices[e]] = e
        for a in range(t_indptr[u], t_indptr[u + 1]):
            c = t_rows[a]
            i = c_indptr[c + 1] - 1
            pivot, sums, squares = state[c, 0], state[c, 1], state[c, 2]
            least, greatest = state[c, 3], state[c, 4]
            if c_members[c_indptr[c]] == u:
                for k in range(n_columns):
                    pivot[k] = sums[k] = squares[k] = least[k] = greatest[k] = 0.0
                if c_members[i] > u:
                    e = entry[c_members[i]]
                    for k in range(n_columns):
                        pivot[k] = table[e, k]
            while c_members[i] > u:
                values = table[entry[c_members[i]]]
                for k in range(n_columns):
                    x = values[k] - pivot[k]
                    sums[k] += x
                    squares[k] += x * x
                    least[k] = min(least[k], x)
                    greatest[k] = max(greatest[k], x)
                i -= 1
    for c in range(c_indptr.shape[0] - 1):
        size = c_indptr[c + 1] - c_indptr[c]
        count = max(1, size * (size - 1) // 2)
        _write_statistics(
            state[c, 0], state[c, 1], state[c, 2], state[c, 3], state[c, 4],
            count, out[c], column,
        )  # fmt: skip
