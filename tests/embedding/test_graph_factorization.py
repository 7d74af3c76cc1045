"""Graph factorisation against dense algebra, finite differences and other threads."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from scipy import sparse

from graphrep import Graph, GraphFactorization
from graphrep.datasets import load_karate, load_les_miserables
from graphrep.embedding import _factorization_runs as runs
from graphrep.exceptions import GraphValueError, GraphWarning

MODES = ["implicit", "ignore"]


def small_graph(*, directed=False, weighted=True, loops=False, n=24, seed=0):
    """Graph whose last node is isolated; its second last has one edge only."""
    rng = np.random.default_rng(seed)
    a = (rng.random((n, n)) < 0.3) * (rng.random((n, n)) + 0.5 if weighted else 1.0)
    a[-2:] = a[:, -2:] = 0
    np.fill_diagonal(a, 1.5 if loops else 0)
    a[-1, -1] = 0
    a[0, -2] = 1
    if not directed:
        a = np.triu(a) + np.triu(a, 1).T
    return Graph(a)


def dense_als(a, d, seed, weight, penalty, n_sweeps, *, directed):
    """Weighted ALS over all pairs with explicit matrices; returns scores, losses."""
    n = len(a)
    seen = a > 0
    a = a / a[seen].mean()
    c = np.where(seen, 1.0, len(a[seen]) / n**2 if weight == "auto" else weight)
    y = np.random.default_rng(seed).standard_normal((n, d)) / np.sqrt(d)
    y[~seen.any(axis=0)] = 0
    x = np.zeros_like(y) if directed else y

    def optimum(a, c, y):
        rows = []
        for ai, ci in zip(a, c, strict=True):
            left = y.T @ (ci[:, None] * y) + penalty * np.eye(d)
            rows.append(np.linalg.solve(left, y.T @ (ci * ai)))
        return np.array(rows)

    def loss(x, y):
        fit = np.sum(c * (a - x @ y.T) ** 2)
        if directed:
            return fit / 2 + penalty / 2 * (np.sum(x * x) + np.sum(y * y))
        return fit / 4 + penalty / 2 * np.sum(x * x)

    losses = []
    for _ in range(n_sweeps):
        if directed:
            x = optimum(a, c, y)
            y = optimum(a.T, c.T, x)
        else:
            step = optimum(a, c, x) - x
            at = np.linspace(0, 1.5, 5)
            curve = np.polyfit(at, [loss(x + t * step, x + t * step) for t in at], 4)
            turns = np.roots(np.polyder(curve))
            turns = turns[np.isreal(turns)].real
            t = turns[np.argmin(np.polyval(curve, turns))]
            x = y = x + t * step
        losses.append(loss(x, y))
    return x @ y.T, losses


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("d", [3, 12])
@pytest.mark.parametrize(("loops", "weight"), [(False, "auto"), (True, 0.3)])
def test_implicit_zeros_when_small_then_equal_dense_least_squares(
    directed, d, loops, weight
):
    graph = small_graph(directed=directed, loops=loops)
    a = graph.to_scipy(np.float64).toarray()
    model = GraphFactorization(
        d, zero_weight=weight, self_loops="keep", max_iter=4, tol=0, random_state=3
    ).fit(a)
    wanted, losses = dense_als(
        a, d, model.random_seed_, weight, 0.1, 4, directed=directed
    )
    got = model.decoder_score(np.arange(24)[:, None], np.arange(24)[None, :])
    unit = a[a > 0].mean()
    np.testing.assert_allclose(got / unit, wanted, atol=1e-8)
    np.testing.assert_allclose(model.loss_, losses, rtol=1e-9)


@pytest.mark.parametrize("zeros", MODES)
@pytest.mark.parametrize("directed", [False, True])
def test_loss_when_fitted_then_falls_in_every_sweep(zeros, directed):
    graph = small_graph(directed=directed, n=80)
    model = GraphFactorization(
        8, zeros=zeros, max_iter=25, tol=0, random_state=0, learning_rate=0.05
    ).fit(graph)
    assert model.n_iter_ == len(model.loss_) == 25
    assert np.all(np.diff(model.loss_) < 0)
    assert model.loss_[-1] < 0.7 * model.loss_[0]


def test_loss_when_settled_then_fewer_sweeps():
    graph = load_karate().graph
    model = GraphFactorization(8, tol=0.05, random_state=0).fit(graph)
    assert 1 < model.n_iter_ < 20
    before, last = model.loss_[-2:]
    assert before - last < 0.05 * before


def test_edges_only_when_karate_then_every_node_moves():
    graph = load_karate().graph
    used = np.ones(34, bool)
    start = runs.random_start(34, 4, used, 0)
    fit = runs.Descent(graph, start.copy(), 0.1, 0)
    fit.sweep(0.1)
    moved = np.linalg.norm(fit.z - start, axis=1)
    assert moved.min() > 1e-3  # also 7, 10, 11, 12, 16, 17, 21 and 33


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("loops", [False, True])
def test_edges_only_when_step_is_tiny_then_the_gradient_of_the_loss(directed, loops):
    graph = small_graph(directed=directed, loops=loops, n=12)
    n_rows = 24 if directed else 12
    used = np.concatenate([graph.degree() > 0, graph.degree(kind="in") > 0])[:n_rows]
    start = runs.random_start(n_rows, 3, used, 0)
    fit = runs.Descent(graph, start.copy(), 0.4, 0)
    rate, h = 1e-8, 1e-5
    fit.sweep(rate)
    got = (start - fit.z) / rate
    wanted = np.zeros_like(start)
    for i, c in np.ndindex(start.shape):
        ends = []
        for sign in (1, -1):
            fit.z = start.copy()
            fit.z[i, c] += sign * h
            ends.append(fit.loss())
        wanted[i, c] = (ends[0] - ends[1]) / (2 * h)
    wanted[~used] = 0
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("directed", [False, True])
def test_strata_when_in_one_round_then_share_no_row(directed):
    graph = small_graph(directed=directed, n=300, loops=True)
    fit = runs.Descent(graph, np.zeros((600 if directed else 300, 2)), 0.1, 0)
    seen = 0
    for cuts in fit._cuts:
        owner = {}
        for s in range(len(cuts) - 1):
            part = slice(cuts[s], cuts[s + 1])
            seen += cuts[s + 1] - cuts[s]
            for row in (*fit._edges.rows[part], *fit._edges.columns[part]):
                assert owner.setdefault(row, s) == s
    assert seen == graph.n_edges
    assert len(fit._cuts) > 2


@pytest.mark.parametrize("zeros", MODES)
@pytest.mark.parametrize("directed", [False, True])
def test_fit_when_one_or_two_threads_then_same_bits(zeros, directed, reference):
    graph = small_graph(directed=directed, n=700)
    tables = []
    for n_jobs in (1, 2):
        model = GraphFactorization(
            16, zeros=zeros, max_iter=4, random_state=1, n_jobs=n_jobs
        )
        model.fit(graph)
        tables.append((model.embedding_, model.target_embedding_, model.loss_))
    for one, two in zip(*tables, strict=True):
        assert (one is None and two is None) or reference.same_bits(one, two)


@pytest.mark.parametrize("zeros", MODES)
def test_fit_when_edges_come_in_another_order_then_same_bits(zeros, reference):
    graph = small_graph(n=60)
    rows, columns, weights = graph.edges()
    order = np.random.default_rng(0).permutation(len(rows))
    matrix = sparse.coo_array(
        (weights[order], (columns[order], rows[order])), shape=(60, 60)
    )
    model = GraphFactorization(4, zeros=zeros, max_iter=3, random_state=0)
    one = model.fit_transform(graph.to_scipy())
    assert reference.same_bits(one, model.fit_transform(matrix + matrix.T))


@pytest.mark.parametrize("zeros", MODES)
def test_weights_when_in_another_unit_then_scores_in_that_unit(zeros):
    a = small_graph().to_scipy(np.float64)
    model = GraphFactorization(6, zeros=zeros, random_state=0)
    one, many = model.fit_transform(a), model.fit_transform(a * 1e6)
    np.testing.assert_allclose(many, 1e3 * one, rtol=1e-6, atol=1e-6)


def test_edges_only_when_steps_are_largest_then_stays_finite():
    graph = load_les_miserables().graph
    a = graph.to_scipy(np.float64).toarray() ** 4
    model = GraphFactorization(
        16, zeros="ignore", learning_rate=1.0, decay=0, random_state=0, tol=0
    ).fit(a)
    assert np.isfinite(model.embedding_).all()
    assert model.loss_[-1] < model.loss_[0]


def average_precision(graph, model):
    total, count = 0.0, 0
    for i in np.flatnonzero(graph.degree() > 0):
        near = graph.indices[graph.indptr[i] : graph.indptr[i + 1]]
        scores = model.decoder_score(i, np.arange(graph.n_nodes)).astype(float)
        scores[i] = -np.inf
        found = np.sort(scores[near])[::-1]
        ranks = len(scores) - np.searchsorted(np.sort(scores), found, side="left")
        total += np.mean(np.arange(1, len(near) + 1) / ranks)
        count += 1
    return total / count


@pytest.mark.parametrize(
    ("load", "most_ignored"), [(load_karate, 0.95), (load_les_miserables, 0.7)]
)
def test_neighbours_when_ranked_then_implicit_zeros_are_better(load, most_ignored):
    graph = load().graph
    quality = {
        zeros: average_precision(
            graph, GraphFactorization(16, zeros=zeros, random_state=0).fit(graph)
        )
        for zeros in MODES
    }
    assert quality["implicit"] > 0.9
    assert 0.3 < quality["ignore"] < most_ignored


@pytest.mark.shared
def test_neighbours_when_commonsense_graph_then_nearly_all_found(shared_data):
    path = shared_data / "restore" / "cskg_mini" / "core2k_edges.tsv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines][1:]
    ends = sorted({tuple(sorted((r[0], r[2]))) for r in rows if r[0] != r[2]})
    graph = Graph.from_edges([a for a, _ in ends], [b for _, b in ends])
    model = GraphFactorization(128, random_state=0).fit(graph)
    assert average_precision(graph, model) > 0.96
    model = GraphFactorization(128, zeros="ignore", random_state=0).fit(graph)
    assert average_precision(graph, model) > 0.78


@pytest.mark.parametrize("zeros", MODES)
def test_columns_when_fitted_then_uncorrelated_and_descending(zeros):
    graph = small_graph(n=60)
    x = GraphFactorization(5, zeros=zeros, random_state=0).fit_transform(
        graph.to_scipy(np.float64)
    )
    product = x.T @ x
    sizes = np.diagonal(product)
    np.testing.assert_allclose(product, np.diag(sizes), atol=1e-9 * sizes[0])
    assert np.all(np.diff(sizes) <= 0)
    assert np.all(x[np.abs(x).argmax(axis=0), np.arange(5)] > 0)


@pytest.mark.parametrize("zeros", MODES)
def test_directed_when_sides_lack_edges_then_zero_on_that_side(zeros):
    graph = Graph.from_edges(list("aab"), list("bcc"), directed=True)
    model = GraphFactorization(2, zeros=zeros, random_state=0).fit(graph)
    assert not model.embedding_[2].any()  # c has no out-edges
    assert not model.target_embedding_[0].any()  # a has no in-edges
    assert model.embedding_[:2].any(axis=1).all()
    assert model.target_embedding_[1:].any(axis=1).all()
    assert model.decoder_score(0, 1) > model.decoder_score(1, 0)


@pytest.mark.parametrize("zeros", MODES)
@pytest.mark.parametrize("a", [np.zeros((1, 1)), np.zeros((3, 3)), np.eye(2)])
def test_fit_when_no_edges_then_zeros_and_a_warning(zeros, a):
    model = GraphFactorization(3, zeros=zeros, random_state=0)
    with pytest.warns(GraphWarning, match="no edges"):
        assert not model.fit_transform(a).any()
    assert model.n_iter_ == 0


@pytest.mark.parametrize("zeros", MODES)
@pytest.mark.parametrize("a", [np.ones((1, 1)), np.ones((2, 2)), np.ones((5, 5))])
def test_fit_when_tiny_and_complete_then_finite(zeros, a):
    model = GraphFactorization(9, zeros=zeros, self_loops="keep", random_state=0)
    with pytest.warns(GraphWarning, match="exceeds"):
        x = model.fit_transform(a)
    assert x.shape == (len(a), 9)
    assert np.isfinite(x).all()
    assert x.any(axis=1).all()


def test_isolated_when_others_change_then_zero_and_without_influence():
    a = small_graph().to_scipy(np.float64).toarray()
    model = GraphFactorization(4, zero_weight=0.1, random_state=0)
    x = model.fit_transform(a)
    assert not x[-1].any()
    assert model.n_isolated_ == 1
    np.testing.assert_allclose(model.fit_transform(a[:-1, :-1]), x[:-1], rtol=1e-9)


def test_regularization_when_zero_then_refused_with_implicit_zeros_only():
    with pytest.raises(GraphValueError, match="regularization=0"):
        GraphFactorization(2, regularization=0).fit(np.ones((3, 3)))
    GraphFactorization(2, regularization=0, zeros="ignore").fit(np.ones((3, 3)))


def test_memory_when_estimated_then_grows_with_the_tables():
    model = GraphFactorization(64)
    one, two = (model.estimate_memory(n, 10_000)["total"] for n in (1_000, 2_000))
    assert two - one == 4 * 1_000 * 64 * 8
