"""SparseIndex with a bound on what is read: by hand, and against the exact search."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrep.exceptions import GraphValueError
from graphrep.retrieval import SparseIndex


def _random(n, d, seed):
    draw = np.random.default_rng(seed)
    share = draw.random(d) ** 3 * 0.6  # common features and rare ones
    dense = (draw.random((n, d)) < share) * draw.random((n, d))
    return sparse.csr_array(dense.astype(np.float32))


def test_query_when_bound_is_never_met_then_exact():
    base, queries = _random(500, 80, 0), _random(60, 80, 1)
    exact = SparseIndex(base).query(queries, 7)
    bounded = SparseIndex(base).query(queries, 7, max_postings=base.nnz)
    assert np.array_equal(exact[0], bounded[0])
    assert np.array_equal(exact[1], bounded[1])


@pytest.mark.parametrize("bound", [1, 40, 200])
def test_query_when_bounded_then_best_by_the_rarest_features_scored_in_full(bound):
    base, queries = _random(400, 60, 2), _random(30, 60, 3)
    rows, scores = SparseIndex(base).query(queries, 5, max_postings=bound, n_jobs=2)
    dense, lengths = base.toarray(), np.diff(base.tocsc().indptr)
    for i, query in enumerate(queries.toarray()):
        used = np.flatnonzero(query)
        used = used[np.argsort(lengths[used], kind="stable")]
        read = np.cumsum(lengths[used])
        if len(used) and read[-1] > bound:
            used = used[: max(1, int(np.count_nonzero(read <= bound)))]
        partial = dense[:, used] @ query[used]
        full = dense @ query
        bar = np.sort(partial)[::-1][min(20, len(partial)) - 1]
        met = np.flatnonzero((partial > 0) & (partial >= bar - 1e-4))
        best = sorted(met, key=lambda j: (-full[j], j))[:5]
        got = rows[i][rows[i] >= 0]
        np.testing.assert_allclose(scores[i, : len(got)], full[got], rtol=1e-5)
        np.testing.assert_allclose(full[got], full[best][: len(got)], rtol=1e-5)
        assert len(got) == len(best)


@pytest.mark.parametrize("bound", [0, -1, 2.5, True])
def test_query_when_bound_is_no_number_of_entries_then_refused(bound):
    base = _random(5, 4, 0)
    with pytest.raises(GraphValueError, match="max_postings must be a positive"):
        SparseIndex(base).query(base, 2, max_postings=bound)
