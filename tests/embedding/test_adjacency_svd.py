"""AdjacencySVD against dense decompositions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrep import AdjacencySVD, Graph
from graphrep.exceptions import GraphValueError


def _graph(n=60, *, directed, density=0.15, seed=0):
    matrix = sparse.random_array(
        (n, n), density=density, format="csr", random_state=seed
    )
    if not directed:
        matrix = sparse.csr_array(matrix + matrix.T)
    matrix.setdiag(0)
    matrix.eliminate_zeros()
    return Graph(matrix, directed=directed), matrix.toarray()


def _scores(model, n):
    return model.decoder_score(np.arange(n)[:, None], np.arange(n))


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_decoder_when_rank_is_given_then_error_is_the_least_there_is(directed, seed):
    graph, dense = _graph(directed=directed, seed=seed)
    rank = 6
    model = AdjacencySVD(2 * rank if directed else rank).fit(graph)
    s = np.linalg.svd(dense, compute_uv=False)
    error = np.sum((dense - _scores(model, 60)) ** 2)
    assert error == pytest.approx(np.sum(s[rank:] ** 2), rel=1e-5)
    np.testing.assert_allclose(model.singular_values_, s[:rank], rtol=1e-6)


@pytest.mark.filterwarnings("ignore::graphrep.exceptions.GraphWarning")
@pytest.mark.parametrize("directed", [False, True])
def test_decoder_when_all_dimensions_then_adjacency_comes_back(directed):
    graph, dense = _graph(20, directed=directed)
    model = AdjacencySVD(40 if directed else 20).fit(graph)
    np.testing.assert_allclose(_scores(model, 20), dense, atol=1e-5)


@pytest.mark.parametrize("directed", [False, True])
def test_fit_when_one_or_two_threads_then_same_bits(directed):
    graph, _ = _graph(1200, directed=directed, density=0.01)
    tables = [AdjacencySVD(8, n_jobs=j).fit(graph) for j in (1, 2)]
    assert tables[0].embedding_.tobytes() == tables[1].embedding_.tobytes()
    targets = [t.target_embedding_.tobytes() for t in tables]
    assert targets[0] == targets[1]


def test_fit_when_directed_then_halves_are_source_and_target():
    graph, _ = _graph(directed=True)
    model = AdjacencySVD(10).fit(graph)
    np.testing.assert_array_equal(
        model.embedding_[:, 5:], model.target_embedding_[:, :5]
    )
    assert not model.target_embedding_[:, 5:].any()
    with pytest.raises(GraphValueError, match="n_components=7"):
        AdjacencySVD(7).fit(graph)


@pytest.mark.filterwarnings("ignore::graphrep.exceptions.GraphWarning")
def test_fit_when_rank_is_below_dimensions_then_columns_of_zeros():
    star = Graph.from_edges([0, 0, 0], [1, 2, 3])
    model = AdjacencySVD(6).fit(star)
    assert not model.embedding_[:, 2:].any()
    np.testing.assert_allclose(model.decoder_score(0, 1), 1, atol=1e-6)
    empty = Graph(sparse.csr_array((3, 3)))
    assert not AdjacencySVD(2).fit(empty).embedding_.any()
