"""Odd graphs: every valid one gives finite vectors, zero where there is no edge."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from graphrep import FastRP, Graph
from graphrep.exceptions import GraphValueError


def _fit(a, **options):
    options.setdefault("random_state", 0)
    return FastRP(18, **options).fit_transform(a)


def _star(n=12):
    a = np.zeros((n, n))
    a[0, 1:] = a[1:, 0] = 1
    return a


NORMS = [
    {"output_norm": "zscore"},
    {"output_norm": "l2"},
    {"output_norm": None},
    {"power_norm": None},
]


@pytest.mark.parametrize("options", NORMS, ids=str)
@pytest.mark.parametrize("n", [1, 2, 5])
def test_embedding_when_no_edges_then_zero(options, n):
    model = FastRP(18, random_state=0, **options)
    assert not model.fit_transform(np.zeros((n, n))).any()
    assert model.n_isolated_ == n
    assert not model.transform(np.zeros((3, n))).any()


@pytest.mark.parametrize("options", NORMS, ids=str)
def test_embedding_when_one_node_with_a_loop_then_its_own_projection(options):
    out = _fit(np.ones((1, 1)), **options)
    assert np.isfinite(out).all()
    if options.get("output_norm") == "l2":
        np.testing.assert_allclose(np.linalg.norm(out), 1)


def test_embedding_when_loops_only_then_every_power_is_the_projection(reference):
    out = _fit(np.eye(9), power_norm=None, output_norm=None, weights=(1, 2, 3.0))
    signs = reference.signs(np.arange(9, dtype=np.uint64), 18, 3.0, 0)
    np.testing.assert_allclose(out, 6 * np.sqrt(3 / 18) * signs)
    dropped = FastRP(18, self_loops="drop").fit(np.eye(9))
    assert not dropped.embedding_.any()
    assert dropped.n_isolated_ == 9


def test_embedding_when_star_then_leaves_are_equal():
    out = _fit(_star())
    assert (out[1:] == out[1]).all()
    assert not np.allclose(out[0], out[1])


def test_embedding_when_no_nodes_are_told_apart_then_a_warning():
    ring = np.roll(np.eye(4), 1, axis=1)
    ring += ring.T
    zero = []
    for seed in range(30):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            vectors = FastRP(2, random_state=seed).fit_transform(ring)
        told = [w for w in caught if "All 4 vectors are zero" in str(w.message)]
        assert len(told) == (not vectors.any())
        zero += [seed] * len(told)
    assert 0 < len(zero) < 30  # another random_state helps
    assert all(FastRP(16, random_state=s).fit_transform(ring).any() for s in zero)


def test_embedding_when_twin_components_then_only_the_projection_differs(reference):
    a = reference.random_graph(20, 0.2)
    union = np.block([[a, 0 * a], [0 * a, a]])
    out = _fit(union, output_norm=None)
    assert np.isfinite(out).all()
    assert not np.allclose(out[:20], out[20:])


def test_embedding_when_bipartite_then_odd_powers_see_the_other_side(reference):
    b = np.random.default_rng(0).random((6, 9))
    a = np.block([[np.zeros((6, 6)), b], [b.T, np.zeros((9, 9))]])
    signs = reference.signs(np.arange(15, dtype=np.uint64), 18, np.sqrt(15), 0)
    odd = _fit(a, weights=(1.0,), output_norm=None, power_norm=None)
    reached = np.abs(signs[6:]).max(0) > 0
    assert ((odd[:6] != 0).any(0) == reached).all()


def test_embedding_when_directed_chain_then_zero_past_the_sink():
    chain = np.diag(np.ones(4), 1)
    out = _fit(chain, weights=(0.0, 0.0, 1.0), output_norm=None, projection=1.0)
    assert out.any(axis=1).tolist() == [True, True, False, False, False]
    back = _fit(
        chain, weights=(0, 0, 1.0), output_norm=None, projection=1.0, direction="in"
    )
    assert back.any(axis=1).tolist() == [False, False, False, True, True]


@pytest.mark.parametrize("options", NORMS, ids=str)
@pytest.mark.parametrize("beta", [-1.0, 0.5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_embedding_when_weights_huge_tiny_and_mixed_then_finite(
    reference, dtype, beta, options
):
    a = reference.random_graph(directed=False)
    mixed = a.copy()
    mixed[3:9] *= 1e30
    mixed[12:20] *= 1e-40
    for x in (a * 1e30, a * 1e-40, mixed, np.minimum(mixed, mixed.T)):
        out = _fit(x.astype(dtype), beta=beta, **options)
        assert np.isfinite(out).all()
        wanted = x.astype(dtype).any(axis=1)
        assert not out[~wanted].any()
    for layer_dtype in ("int8", "bfloat16"):
        out = _fit(mixed, beta=beta, layer_dtype=layer_dtype, **options)
        assert np.isfinite(out).all()


def test_embedding_when_float64_weights_are_extreme_then_still_the_formula(reference):
    a = reference.random_graph(directed=False)
    for factor in (1e300, 1e-300):
        np.testing.assert_allclose(_fit(a * factor), _fit(a), atol=1e-9)
    smallest = (a > 0) * 5e-324
    np.testing.assert_allclose(_fit(smallest), _fit((a > 0) * 1.0), atol=1e-9)


def test_fit_when_weights_sum_to_infinity_then_error_names_the_row():
    with pytest.raises(GraphValueError, match="row 0 sum to infinity"):
        _fit(_star() * 1e308)


def test_column_when_constant_then_centred_not_blown_up():
    out = _fit(np.ones((6, 6)))
    assert np.abs(out).max() < 1e-3
    pair = FastRP(1, random_state=0, projection=1.0).fit_transform(np.ones((6, 6)))
    assert np.abs(pair).max() < 1e-3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_zscore_when_fitted_then_mean_0_and_variance_1_of_non_zero_rows(
    reference, dtype
):
    out = _fit(reference.random_graph(300, 0.05).astype(dtype))
    used = out.any(axis=1)
    assert 0 < (~used).sum() < 20
    np.testing.assert_allclose(out[used].mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(out[used].std(0), 1, atol=1e-5)


@st.composite
def graphs(draw):
    n = draw(st.integers(1, 40))
    m = draw(st.integers(0, 80))
    ends = st.lists(st.integers(0, n - 1), min_size=m, max_size=m)
    weight = st.sampled_from([0.0, 1.0, 2.5, 1e-40, 1e30, 3e-7])
    data = draw(st.lists(weight, min_size=m, max_size=m))
    entries = (np.array(data), (np.array(draw(ends), int), np.array(draw(ends), int)))
    return sparse.coo_array(entries, shape=(n, n))


@given(graphs(), st.sampled_from(NORMS), st.sampled_from(["out", "in", "both"]))
@settings(max_examples=40, deadline=None)
def test_embedding_when_any_graph_then_finite_and_transform_agrees(a, norms, direction):
    graph = Graph(a)
    model = FastRP(18, random_state=0, direction=direction, dtype="float64", **norms)
    out = model.fit_transform(graph)
    assert np.isfinite(out).all()
    assert np.array_equal(model.transform(graph), out)
    degrees = graph.degree(weighted=True)
    if direction == "out":
        assert model.n_isolated_ == np.count_nonzero(degrees == 0)
        assert not out[degrees == 0].any()


def test_parameters_when_wrong_then_error_says_which():
    a = _star()
    for options, says in [
        ({"weights": []}, "all zero"),
        ({"weights": [0, 0]}, "all zero"),
        ({"weights": ["a"]}, "finite numbers"),
        ({"weights": [1j]}, "finite numbers"),
        ({"weights": [[1.0]]}, "finite numbers"),
        ({"weights": [np.nan]}, "finite numbers"),
        ({"weights": None}, "weights"),
        ({"weights": 3.0}, "weights"),
        ({"beta": np.inf}, "beta"),
        ({"projection": 0.9}, "projection"),
        ({"projection": "sparse"}, "projection"),
        ({"n_components": 17, "direction": "concat"}, "even n_components"),
        ({"n_components": 0}, "n_components"),
        ({"n_components": 2.0}, "n_components"),
        ({"dtype": "int8"}, "dtype"),
        ({"layer_dtype": "float16"}, "layer_dtype"),
        ({"device": "gpu"}, "device"),
        ({"random_state": -1}, "random_state"),
    ]:
        with pytest.raises(ValueError, match=says):
            FastRP(18).set_params(**options).fit(a)


def test_out_when_unusable_then_error_says_why():
    a, model = _star(), FastRP(18)
    for out, says in [
        (np.empty((12, 17)), r"\(12, 18\) of float64; got \(12, 17\)"),
        (np.empty((12, 18), np.float32), "got .* of float32"),
        (np.empty((18, 12)).T, "C-ordered"),
        ([[0.0]], "got list"),
    ]:
        with pytest.raises(GraphValueError, match=says):
            model.fit_transform(a, out=out)
    with pytest.raises(GraphValueError, match="float16"):
        FastRP(18, dtype="float16").fit_transform(a, out=np.empty((12, 18), np.float16))


def test_features_when_unusable_then_error_says_why():
    a = _star()
    for features, says in [
        (np.ones((3, 2)), "features has 3 rows but the graph has 12"),
        (np.full((12, 2), np.nan), "NaN"),
        (np.ones(12), "1D array"),
    ]:
        with pytest.raises(ValueError, match=says):
            FastRP(18).fit(a, features=features)


@pytest.mark.parametrize("name", ["paper", "classification", "link_prediction", "gds"])
def test_preset_when_made_then_fits_and_takes_other_parameters(reference, name):
    model = FastRP.from_preset(name, n_components=6, random_state=0)
    a = reference.random_graph()
    np.testing.assert_allclose(
        model.fit_transform(a), reference.naive(a, model), atol=1e-8
    )
    with pytest.raises(GraphValueError, match="'paper'"):
        FastRP.from_preset("papre")


def test_default_when_compared_with_the_paper_preset_then_the_same():
    assert FastRP().get_params() == FastRP.from_preset("paper").get_params()
