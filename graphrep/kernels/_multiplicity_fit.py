"""Non-negative least squares by coordinates: multiplicities of hyperedges."""

from graphrep.kernels._jit import njit


@njit(nogil=True, error_model="numpy")
def descend(pointers, edges, weights, x, ridge, n_sweeps):
    """Improve ``x`` (at least 1) in place; ``weights`` becomes the residual.

    Minimises |A x - w|^2 + ridge |x - 1|^2 where row c of A^T holds the edges of
    hyperedge c.
    """
    n = pointers.shape[0] - 1
    for c in range(n):
        for k in range(pointers[c], pointers[c + 1]):
            weights[edges[k]] -= x[c]
    for _ in range(n_sweeps):
        moved = 0.0
        for c in range(n):
            count = pointers[c + 1] - pointers[c]
            if count == 0:
                continue
            total = 0.0
            for k in range(pointers[c], pointers[c + 1]):
                total += weights[edges[k]]
            best = (total + count * x[c] + ridge) / (count + ridge)
            step = max(1.0, best) - x[c]
            if step != 0.0:
                x[c] += step
                moved = max(moved, abs(step))
                for k in range(pointers[c], pointers[c + 1]):
                    weights[edges[k]] -= step
        if moved < 1e-3:
            break
