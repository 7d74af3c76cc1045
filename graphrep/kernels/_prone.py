"""Steps of a filter of the lazy walk: one pass over the edges for each.

The product with the matrix, the terms of the recurrence and the running total of the
filter are taken row by row, so that each table is read and written once a step. A row
is summed in the order of its neighbours: results do not depend on the threads.
"""

import numpy as np

from graphrep.kernels._gather import gather_row
from graphrep.kernels._jit import njit, prange


@njit(parallel=True)
def lazy_step(
    indptr, indices, weights, scale, x, plan, old, older, cuts, out, total
):  # fmt: skip
    """Write ``alpha L x + beta old + gamma older`` to ``out``, add to ``total``.

    ``L x = shift x - diag(scale) (A + I) x``; ``plan`` is (shift, alpha, beta, gamma,
    delta), and ``total += delta out``. ``out`` may be ``older`` but not ``x``; rows
    are as wide as `gather_row` wants them. Weights of an integer type stand for none.
    """
    shift, alpha, beta, gamma, delta = plan
    for b in prange(cuts.shape[0] - 1):
        row = np.empty(x.shape[1], out.dtype)
        for i in range(cuts[b], cuts[b + 1]):
            gather_row(x, scale, indices, weights, indptr[i], indptr[i + 1], row)
            target, here = out[i], x[i]
            own = target.dtype.type(alpha * (shift - scale[i]))
            far = target.dtype.type(-alpha * scale[i])
            for c in range(row.shape[0]):
                row[c] = own * here[c] + far * row[c]
            if beta != 0.0 or gamma != 0.0:
                b1, g1 = target.dtype.type(beta), target.dtype.type(gamma)
                first, second = old[i], older[i]
                for c in range(row.shape[0]):
                    row[c] += b1 * first[c] + g1 * second[c]
            for c in range(row.shape[0]):
                target[c] = row[c]
            if delta != 0.0:
                d1, sums = target.dtype.type(delta), total[i]
                for c in range(row.shape[0]):
                    sums[c] += d1 * row[c]
