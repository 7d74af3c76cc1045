"""Features of candidate hyperedges of a graph, all in one pass over the candidates.

Values of edges and nodes come as tables that are aggregated over the pairs and the
members of a candidate; the rest is counted where the candidate lies in the graph.
"""

import numpy as np

from graphrep.kernels._edge_statistics import entry_of
from graphrep.kernels._jit import njit

N_OWN = 17
"""Columns that are counted for the candidate itself, before the aggregates."""

N_AGGREGATES = 4
"""Least, mean and greatest value, and standard deviation."""


@njit(error_model="numpy")
def _write_aggregates(least, sums, greatest, squares, count, out, at):
    for k in range(sums.shape[0]):
        mean = sums[k] / count
        variance = max(0.0, squares[k] / count - mean * mean)
        out[at] = least[k]
        out[at + 1] = mean
        out[at + 2] = greatest[k]
        out[at + 3] = np.sqrt(variance)
        at += 4
    return at


@njit(error_model="numpy", inline="always")
def _add(row, first, least, sums, greatest, squares):
    for k in range(sums.shape[0]):
        value = row[k]
        if first:
            least[k] = value
            greatest[k] = value
            sums[k] = value
            squares[k] = value * value
        else:
            least[k] = min(least[k], value)
            greatest[k] = max(greatest[k], value)
            sums[k] += value
            squares[k] += value * value


@njit(error_model="numpy", nogil=True)
def candidate_features(
    start, stop, indptr, indices, c_indptr, c_members, edge_table, node_table,
    edge_cliques, q_indptr, t_indptr, t_cliques, out,
):  # fmt: skip
    """Fill rows ``start`` to ``stop`` of ``out``.

    Parameters
    ----------
    indptr, indices : the graph
    c_indptr, c_members : the candidates, members ascending
    edge_table : float64 (n_entries, n_edge_values)
    node_table : float64 (n_nodes, n_node_values); column 0 is the degree
    edge_cliques : how many maximal cliques hold each entry
    q_indptr : pointers of the maximal cliques (for their sizes)
    t_indptr, t_cliques : maximal cliques of each node, ascending
    out : float32 (n_candidates, N_OWN + 4 * (n_edge_values + n_node_values))

    O(sum over candidates of members' degrees, cliques and squared sizes) time.
    """
    n_cliques = q_indptr.shape[0] - 1
    of_edges = edge_table.shape[1]
    of_nodes = node_table.shape[1]
    width = max(of_edges, of_nodes)
    least, sums = np.empty(width), np.empty(width)
    greatest, squares = np.empty(width), np.empty(width)
    seen_node = np.zeros(node_table.shape[0], np.int32)
    seen_clique = np.zeros(n_cliques, np.int32)
    for c in range(start, stop):
        first, last = c_indptr[c], c_indptr[c + 1]
        size = last - first
        row = out[c]
        # pairs
        exclusive, pairs = 0, 0
        for i in range(first, last):
            for j in range(i + 1, last):
                e = entry_of(indptr, indices, c_members[i], c_members[j])
                _add(
                    edge_table[e], pairs == 0, least[:of_edges], sums[:of_edges],
                    greatest[:of_edges], squares[:of_edges],
                )  # fmt: skip
                pairs += 1
                if edge_cliques[e] == 1:
                    exclusive += 1
        at = N_OWN
        if pairs:
            at = _write_aggregates(
                least[:of_edges], sums[:of_edges], greatest[:of_edges],
                squares[:of_edges], pairs, row, at,
            )  # fmt: skip
        else:
            for k in range(4 * of_edges):
                row[at + k] = np.nan
            at += 4 * of_edges
        degrees = 0.0
        for i in range(first, last):
            v = c_members[i]
            degrees += node_table[v, 0]
            _add(
                node_table[v], i == first, least[:of_nodes], sums[:of_nodes],
                greatest[:of_nodes], squares[:of_nodes],
            )  # fmt: skip
        _write_aggregates(
            least[:of_nodes], sums[:of_nodes], greatest[:of_nodes],
            squares[:of_nodes], size, row, at,
        )  # fmt: skip
        # neighbours of all and of all but one member
        common, nearly, around = 0, 0, 0
        for i in range(first, last):
            v = c_members[i]
            for e in range(indptr[v], indptr[v + 1]):
                seen_node[indices[e]] += 1
        for i in range(first, last):
            seen_node[c_members[i]] = 0
        for i in range(first, last):
            v = c_members[i]
            for e in range(indptr[v], indptr[v + 1]):
                z = indices[e]
                if seen_node[z]:
                    around += 1
                    if seen_node[z] == size:
                        common += 1
                    elif seen_node[z] == size - 1:
                        nearly += 1
                    seen_node[z] = 0
        # maximal cliques around it
        parents, low, high, total = 0, 0, 0, 0.0
        lonely = 0
        fewest = n_cliques + 1
        for i in range(first, last):
            v = c_members[i]
            fewest = min(fewest, t_indptr[v + 1] - t_indptr[v])
            for f in range(t_indptr[v], t_indptr[v + 1]):
                seen_clique[t_cliques[f]] += 1
        touched, nearly_parents = 0, 0
        for i in range(first, last):
            v = c_members[i]
            for f in range(t_indptr[v], t_indptr[v + 1]):
                q = t_cliques[f]
                if seen_clique[q]:
                    touched += 1
                    if seen_clique[q] == size:
                        extent = q_indptr[q + 1] - q_indptr[q]
                        low = extent if parents == 0 else min(low, extent)
                        high = max(high, extent)
                        total += extent
                        parents += 1
                    elif seen_clique[q] == size - 1:
                        nearly_parents += 1
                    seen_clique[q] = 0
            if t_indptr[v + 1] - t_indptr[v] == 1:
                lonely += 1
        row[0] = size
        row[1] = common == 0
        row[2] = common
        row[3] = nearly
        row[4] = around
        row[5] = parents
        row[6] = low
        row[7] = high
        row[8] = total / max(1, parents)
        row[9] = size / max(1, low)
        row[10] = size / max(1, high)
        row[11] = exclusive
        row[12] = exclusive / max(1, pairs)
        row[13] = lonely
        row[14] = 1.0 - size * (size - 1) / max(1.0, degrees)
        row[15] = parents / max(1, fewest)
        row[16] = nearly_parents / max(1, touched)
