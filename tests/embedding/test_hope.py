"""HOPE: against singular vectors of the dense proximity, and at its edges."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.base import clone

from graphrep import HOPE, Graph
from graphrep.embedding import _hope_operators as operators
from graphrep.embedding import _hope_solvers as solvers
from graphrep.exceptions import GraphValueError, GraphWarning

PROXIMITIES = [
    "katz", "rooted_pagerank", "symmetric_pagerank", "common_neighbors", "adamic_adar",
]  # fmt: skip
RANK = 5


def random_adjacency(n=40, *, directed, seed, density=0.1):
    rng = np.random.default_rng(seed)
    a = (rng.random((n, n)) < density) * (rng.random((n, n)) + 0.2)
    np.fill_diagonal(a, 0)
    return a if directed else np.triu(a, 1) + np.triu(a, 1).T


def _inverse(values):
    return np.divide(1.0, values, out=np.zeros(len(values)), where=values > 0)


def dense_proximity(a, model):
    """S by the formulas of the class, with dense inverses."""
    n, eye, alpha = len(a), np.eye(len(a)), model.alpha
    symmetric = np.array_equal(a, a.T)
    if model.proximity == "katz":
        return np.linalg.inv(eye - model.beta_ * a) @ (model.beta_ * a)
    if model.proximity == "rooted_pagerank":
        p = _inverse(a.sum(1))[:, None] * a
        return (1 - alpha) * np.linalg.inv(eye - alpha * p)
    if model.proximity == "symmetric_pagerank":
        left, right = np.sqrt(_inverse(a.sum(1))), np.sqrt(_inverse(a.sum(0)))
        p = left[:, None] * a * right
        return (1 - alpha) * np.linalg.inv(eye - alpha * p)
    if model.proximity == "common_neighbors":
        return a @ a
    counted = (a > 0) * 1.0 if model.weight == "log" else a
    degree = counted.sum(1) + (0 if symmetric else counted.sum(0))
    middle = _inverse(degree)
    if model.weight == "log":
        middle = np.where(degree > 0, 1 / np.log(np.maximum(degree, 2)), 0)
    return a @ np.diag(middle) @ a if n else a


def largest_angle(x, y):
    """Sine of the largest angle between the spans of two sets of columns."""
    x, _ = np.linalg.qr(x)
    y, _ = np.linalg.qr(y)
    return np.linalg.norm(y - x @ (x.T @ y), 2)


def gap_rank(s):
    """Rank near `RANK` with the widest gap behind it, so that its span is unique."""
    ratio = s[3:9] / s[4:10]
    return int(np.argmax(ratio)) + 4


# -- equal to the dense factorisation ------------------------------------------------
@pytest.mark.parametrize("proximity", PROXIMITIES)
@pytest.mark.parametrize("directed", [False, True])
def test_fit_when_exact_then_singular_triplets_of_the_dense_proximity(
    proximity, directed
):
    solver = "exact" if directed or proximity == "rooted_pagerank" else "spectral"
    for seed in range(20):
        a = random_adjacency(directed=directed, seed=seed)
        model = HOPE(2 * RANK, proximity=proximity, solver=solver, random_state=0)
        s = np.linalg.svd(dense_proximity(a, model.fit(a)), compute_uv=False)
        rank = gap_rank(s)
        model.set_params(n_components=2 * rank).fit(a)
        u, s, vt = np.linalg.svd(dense_proximity(a, model))
        np.testing.assert_allclose(
            model.singular_values_, s[:rank], rtol=0, atol=1e-6 * s[0]
        )
        assert largest_angle(model.source_, u[:, :rank]) < 1e-5
        assert largest_angle(model.target_, vt[:rank].T) < 1e-5
        wanted = (u[:, :rank] * s[:rank]) @ vt[:rank]
        got = model.source_ @ model.target_.T
        np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-6 * s[0])


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("proximity", PROXIMITIES)
def test_fit_when_too_large_for_dense_then_still_the_singular_values(
    proximity, directed
):
    a = random_adjacency(560, directed=directed, seed=1, density=0.01)
    exact = directed or proximity == "rooted_pagerank"
    model = HOPE(16, proximity=proximity, solver="exact" if exact else "auto")
    s = np.linalg.svd(
        dense_proximity(a, model.set_params(random_state=0).fit(a)), compute_uv=False
    )
    np.testing.assert_allclose(model.singular_values_, s[:8], rtol=0, atol=1e-6 * s[0])


def test_fit_when_weight_is_log_then_classical_adamic_adar():
    nx = pytest.importorskip("networkx")
    graph = nx.karate_club_graph()
    for _, _, data in graph.edges(data=True):
        data.clear()
    model = HOPE(68, proximity="adamic_adar", weight="log").fit(graph)
    for i, j, index in nx.adamic_adar_index(graph, [(0, 33), (4, 9), (16, 0)]):
        assert model.decoder_score(i, j) == pytest.approx(index, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("filtered_from", [1, 10**6])
def test_fit_when_bipartite_then_the_negative_end_is_found(filtered_from, monkeypatch):
    monkeypatch.setattr(solvers, "_FILTERED_NODES", filtered_from)
    star = np.zeros((12, 12))
    star[0, 1:] = star[1:, 0] = 1
    model = HOPE(4, proximity="common_neighbors").fit(star)
    np.testing.assert_allclose(model.singular_values_, [11, 11], rtol=1e-6)
    np.testing.assert_allclose(model.source_ @ model.target_.T, star @ star, atol=1e-9)
    a = np.zeros((700, 700))  # large enough that both ends are computed apart
    a[:350, 350:] = random_adjacency(350, directed=True, seed=2, density=0.02)
    a += a.T
    model = HOPE(64, random_state=0).fit(a)
    s = np.linalg.svd(dense_proximity(a, model), compute_uv=False)
    np.testing.assert_allclose(model.singular_values_, s[:32], atol=1e-7)


def test_randomized_when_few_iterations_then_near_the_best_error():
    a = random_adjacency(560, directed=True, seed=3, density=0.01)
    model = HOPE(32, solver="randomized", random_state=0).fit(a)
    dense = dense_proximity(a, model)
    error = np.linalg.norm(dense - model.source_ @ model.target_.T)
    s = np.linalg.svd(dense, compute_uv=False)
    assert error < 1.01 * np.linalg.norm(s[16:])


def test_projection_when_wide_then_estimates_the_proximity():
    a = random_adjacency(200, directed=True, seed=4, density=0.02)
    model = HOPE(20_000, solver="projection", random_state=0)
    with pytest.warns(GraphWarning, match="exceeds"):
        model.fit(a)
    assert model.singular_values_.shape == (0,)
    wide = model.source_ @ model.target_.T
    dense = dense_proximity(a, model)
    rank = 200  # no more columns than nodes are drawn
    assert np.abs(wide - dense).max() < 6 * np.linalg.norm(dense, axis=1).max() / (
        np.sqrt(rank)
    )
    again = np.mean([
        np.sum((p.source_ @ p.target_.T) * dense) / np.sum(dense**2)
        for seed in range(20)
        for p in [HOPE(128, solver="projection", random_state=seed).fit(a)]
    ])  # fmt: skip
    assert again == pytest.approx(1, abs=0.03)


# -- beta ------------------------------------------------------------------------------
def test_beta_when_the_series_diverges_then_error_with_both_values():
    nx = pytest.importorskip("networkx")
    karate = nx.to_numpy_array(nx.karate_club_graph(), weight=None)
    for solver in ("auto", "randomized", "exact", "projection"):
        with pytest.raises(GraphValueError, match=r"beta=0\.2 .* 1/rho = 0\.1486"):
            HOPE(8, beta=0.2, solver=solver).fit(karate)
        model = HOPE(8, beta=0.148, solver=solver, random_state=0).fit(karate)
        assert model.beta_ == 0.148
        assert model.spectral_radius_ == pytest.approx(6.725697727631732)
    assert HOPE(8).fit(karate).beta_ == pytest.approx(0.5 / 6.725697727631732)


def test_spectral_radius_when_directed_then_largest_eigenvalue():
    for seed in range(10):
        a = random_adjacency(40, directed=True, seed=seed, density=0.04)
        graph = Graph(a)
        got = operators.spectral_radius(graph.to_scipy(float), symmetric=False, seed=0)
        assert got == pytest.approx(np.abs(np.linalg.eigvals(a)).max(), abs=1e-8)
    cycle = np.roll(np.eye(9), 1, axis=1) * 2.0
    assert HOPE(2).fit(cycle).spectral_radius_ == pytest.approx(2)
    with pytest.raises(GraphValueError, match="diverges"):
        HOPE(2, beta=0.5).fit(cycle)


def test_beta_when_no_cycles_then_any_converges_and_the_longest_path_counts():
    chain = np.diag(np.full(7, 2.0), 1)
    model = HOPE(16, beta=3.0).fit(chain)
    assert model.spectral_radius_ == 0
    assert model.decoder_score(0, 7) == pytest.approx(6.0**7, rel=1e-5)
    assert HOPE(16).fit(chain).beta_ == 0.25  # half, per mean weight
    half = HOPE(16, beta=("half_life", 3)).fit(chain)
    assert half.decoder_score(1, 4) == pytest.approx(0.5, rel=1e-5)
    assert operators.count_terms(Graph(chain).to_scipy(float), 1e-12) == 7


def test_beta_when_walks_multiply_beyond_floats_then_error():
    a = np.triu(np.ones((1100, 1100)), 1)
    with pytest.raises(GraphValueError, match="grows too large"):
        HOPE(4, beta=1.5).fit(a)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_components": 5}, "n_components=5 is odd"),
        ({"solver": "spectral", "proximity": "rooted_pagerank"}, "symmetric_pagerank"),
        ({"beta": ("half_life", -1)}, "half_life"),
        ({"beta": ("depth", 2)}, "half_life"),
        ({"beta": 0.0}, "beta"),
        ({"alpha": 1.0}, "alpha"),
        ({"proximity": "cosine"}, "proximity"),
    ],
)
def test_parameters_when_contradictory_then_error(parameters, message):
    with pytest.raises(ValueError, match=message):
        HOPE(**{"n_components": 4, **parameters}).fit(np.ones((6, 6)))


def test_spectral_when_directed_then_error():
    with pytest.raises(GraphValueError, match="undirected"):
        HOPE(4, solver="spectral").fit(random_adjacency(directed=True, seed=0))


# -- edges of the input ----------------------------------------------------------------
@pytest.mark.parametrize("solver", ["auto", "randomized", "exact", "projection"])
@pytest.mark.parametrize("proximity", PROXIMITIES)
@pytest.mark.parametrize("n", [1, 2, 3, 9])
def test_fit_when_tiny_then_finite_and_padded(proximity, solver, n):
    full = np.ones((n, n))
    for a in (full, np.triu(full, 1), np.zeros((n, n)), np.eye(n)):
        for loops in ("keep", "drop"):
            model = HOPE(
                12, proximity=proximity, solver=solver, self_loops=loops, random_state=0
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", GraphWarning)
                out = model.fit_transform(a)
            assert out.shape == (n, 12)
            assert np.isfinite(out).all()
            assert model.source_.base is model.embedding_
            if solver != "projection" and n < 9 and proximity == "katz":
                np.testing.assert_allclose(
                    model.source_ @ model.target_.T,
                    dense_proximity(a if loops == "keep" else a - np.diag(np.diag(a)),
                                    model) if model.beta_ else 0,
                    atol=1e-6,
                )  # fmt: skip


def test_isolated_nodes_when_any_then_zero_and_others_unchanged():
    a = random_adjacency(30, directed=True, seed=5)
    wide = np.zeros((33, 33))
    wide[:30, :30] = a
    for proximity in PROXIMITIES:
        model = HOPE(8, proximity=proximity, random_state=0)
        inner = model.fit_transform(a).copy()
        out = model.fit_transform(wide)
        assert model.n_isolated_ == 3
        assert not out[30:].any()
        if not proximity.endswith("pagerank"):
            np.testing.assert_allclose(out[:30], inner, atol=1e-9)


def test_direction_when_turned_round_then_sides_change_places():
    a = random_adjacency(directed=True, seed=6)
    model = HOPE(8, random_state=0)
    there = model.fit(a).source_ @ model.target_.T
    back = model.fit(a.T.copy()).source_ @ model.target_.T
    np.testing.assert_allclose(there, back.T, atol=1e-9)


def test_coverage_when_only_hubs_are_represented_then_told():
    sizes = range(11, 31)  # stars of so many children: two dimensions hold two stars
    n = sum(sizes) + len(sizes)
    a = np.zeros((n, n))
    a[np.arange(len(sizes), n), np.repeat(np.arange(len(sizes)), sizes)] = 1
    model = HOPE(4, beta=0.01, solver="exact")
    with pytest.warns(GraphWarning, match="zero source vector"):
        model.fit(a)
    norms = np.linalg.norm(model.source_, axis=1)
    assert model.coverage_ == np.mean(norms > 0) == (30 + 29) / n
    projected = HOPE(4, beta=0.01, solver="projection", random_state=0).fit(a)
    assert projected.coverage_ == sum(sizes) / n


def test_signs_when_fitted_then_largest_source_entry_positive():
    for directed in (False, True):
        source = HOPE(8).fit(random_adjacency(directed=directed, seed=8)).source_
        top = np.argmax(np.abs(source), axis=0)
        assert (source[top, range(4)] > 0).all()


@pytest.mark.parametrize("solver", ["auto", "randomized", "exact", "projection"])
@pytest.mark.parametrize("directed", [False, True])
def test_fit_when_one_or_two_threads_then_same_bits(solver, directed, reference):
    a = random_adjacency(620, directed=directed, seed=9, density=0.01)
    for proximity in ("katz", "adamic_adar"):
        one = HOPE(16, proximity=proximity, solver=solver, random_state=3, n_jobs=1)
        two = clone(one).set_params(n_jobs=2)
        assert reference.same_bits(one.fit_transform(a), two.fit_transform(a))


def test_save_when_projection_then_empty_singular_values_come_back(tmp_path):
    import graphrep

    model = HOPE(8, solver="projection", random_state=0)
    model.fit(random_adjacency(directed=True, seed=1)).save(tmp_path / "model")
    back = graphrep.load(tmp_path / "model")
    assert back.singular_values_.shape == (0,)
    assert back.beta_ == model.beta_
    np.testing.assert_array_equal(back.target_, model.target_)


def test_estimate_memory_when_asked_then_parts_add_up():
    parts = HOPE(128).estimate_memory(1000, 5000)
    assert parts.pop("total") == sum(parts.values())
