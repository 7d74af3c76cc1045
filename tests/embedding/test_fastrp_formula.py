"""FastRP computes its formula, under every option, on every path of the kernels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrep import FastRP, Graph

TOLERANCE = {"float64": 1e-8, "float32": 2e-3}
OPTIONS = [
    {},
    {"weights": (1.0,)},
    {"weights": (0.0, 1.0)},
    {"weights": [1.0, -2.0, 0.5]},
    {"weights": (1.0, 0.0, 3.0, 0.0, 0.0)},
    {"weights": np.array([1, 1, 8, 45])},
    {"weights": (0.5,) * 7},
    {"beta": 0.0},
    {"beta": -1.0},
    {"beta": 0.5},
    {"projection": "achlioptas"},
    {"projection": 1.0},
    {"projection": 20.0},
    {"power_norm": None},
    {"power_norm": None, "output_norm": None},
    {"power_norm": None, "output_norm": "l2"},
    {"output_norm": None},
    {"output_norm": "l2"},
    {"degree": "count"},
    {"direction": "in"},
    {"direction": "both"},
    {"direction": "concat"},
    {"direction": "concat", "output_norm": "l2"},
    {"combine": "concat"},
    {"combine": "concat", "output_norm": None, "weights": (2.0, 0.0, -1.0)},
    {"combine": "concat", "output_norm": "l2"},
    {"combine": "concat", "direction": "concat", "output_norm": None},
    {"combine": "concat", "self_influence": 0.5, "output_norm": None},
    {"combine": "concat", "isolated": "self", "output_norm": None},
    {"self_influence": 1.5},
    {"self_influence": -0.5, "power_norm": None, "output_norm": None},
    {"self_influence": 2.0, "weights": ()},
    {"self_influence": 2.0, "weights": (0.0, 0.0), "power_norm": None},
    {"isolated": "self"},
    {"isolated": "self", "output_norm": None},
    {"isolated": "self", "power_norm": None, "output_norm": "l2"},
    {"isolated": "self", "self_influence": 0.7, "output_norm": None},
    {"isolated": "self", "direction": "concat", "output_norm": None},
    {"self_loops": "drop"},
    {"keep_layers": False},
    {"projection": "achlioptas", "isolated": "self", "self_influence": 1.0},
]


def _name(options):
    return "-".join(f"{k}={v}" for k, v in options.items()) or "default"


def _close(got, wanted, dtype):
    assert got.dtype == dtype
    assert np.isfinite(got).all()
    scale = np.abs(wanted).max()
    np.testing.assert_allclose(got, wanted, rtol=0, atol=TOLERANCE[dtype] * scale)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("options", OPTIONS, ids=_name)
def test_embedding_when_options_vary_then_the_formula(reference, options, dtype):
    a = reference.random_graph()
    model = FastRP(16, random_state=3).set_params(**options)
    _close(model.fit_transform(a.astype(dtype)), reference.naive(a, model), dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("d", [1, 3, 16, 17, 40, 128, 130, 300])
def test_embedding_when_width_varies_then_the_formula(reference, d, dtype):
    a = reference.random_graph(directed=False)
    model = FastRP(d, random_state=d, output_norm=None, projection=2.0)
    _close(model.fit_transform(a.astype(dtype)), reference.naive(a, model), dtype)


@pytest.mark.parametrize("projection", ["very_sparse", "achlioptas"])
@pytest.mark.parametrize("output_norm", ["zscore", "l2", None])
def test_embedding_when_unweighted_then_the_formula(reference, projection, output_norm):
    a = reference.random_graph(weighted=False, directed=False)
    options = {"projection": projection, "output_norm": output_norm}
    model = FastRP(32, random_state=1, **options)
    _close(model.fit_transform(a), reference.naive(a, model), "float64")


@pytest.mark.parametrize("direction", ["out", "in", "both", "concat"])
def test_embedding_when_undirected_then_direction_changes_nothing(reference, direction):
    a = reference.random_graph(directed=False)
    model = FastRP(16, random_state=1, direction=direction, output_norm=None)
    _close(model.fit_transform(a), reference.naive(a, model), "float64")


@pytest.mark.parametrize("ratio", [0.25, 0.5, 1.0])
@pytest.mark.parametrize("as_sparse", [False, True])
def test_embedding_when_features_then_the_formula(reference, ratio, as_sparse):
    a = reference.random_graph()
    x = np.random.default_rng(5).random((len(a), 7))
    model = FastRP(16, random_state=0, feature_ratio=ratio)
    given = sparse.coo_array(x) if as_sparse else x
    got = model.fit_transform(a, features=given)
    _close(got, reference.naive(a, model, features=x), "float64")


@pytest.mark.parametrize("options", [{"self_influence": 1.0}, {"isolated": "self"}])
def test_embedding_when_features_and_the_power_0_then_the_formula(reference, options):
    a = reference.random_graph()
    x = np.random.default_rng(5).random((len(a), 7))
    model = FastRP(17, random_state=0, **options)
    got = model.fit_transform(a, features=x)
    _close(got, reference.naive(a, model, features=x), "float64")


def test_feature_projection_when_seed_0_then_unlike_that_of_any_node(reference):
    """The two streams must not be shifted copies of each other."""
    a = np.ones((40, 40))
    model = FastRP(
        128, random_state=0, projection=1.0, weights=(), self_influence=1.0,
        power_norm=None, output_norm=None,
    )  # fmt: skip
    got = model.fit_transform(a, features=np.eye(40))
    nodes = np.where(got[:, :64] > 0, 1.0, -1.0)
    features = got[:, 64:]  # dense signs of features are zero with probability 2/3
    overlap = nodes @ np.sign(features).T / np.abs(np.sign(features)).sum(1)
    assert np.abs(overlap).max() < 0.95


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize(
    ("layer_dtype", "tolerance"), [("bfloat16", 0.02), ("int8", 0.03)]
)
def test_embedding_when_layers_are_compact_then_near_the_formula(
    reference, layer_dtype, tolerance, dtype
):
    a = reference.random_graph()
    model = FastRP(
        40, random_state=2, layer_dtype=layer_dtype, dtype=dtype, output_norm=None,
        weights=(1.0, 1.0, 1.0, 1.0),
    )  # fmt: skip
    got = model.fit_transform(a)
    wanted = reference.naive(a, model)
    assert got.dtype == dtype
    assert np.abs(got - wanted).max() < tolerance
    assert np.abs(got - wanted).max() > 0


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", None])
@pytest.mark.parametrize("given", [np.float32, np.float64, np.int64, np.bool_])
def test_dtype_when_given_or_not_then_that_of_the_result(reference, dtype, given):
    a = reference.random_graph(weighted=False).astype(given)
    got = FastRP(16, random_state=0, dtype=dtype).fit_transform(a)
    follows = np.dtype(given if given in (np.float32, np.float64) else np.float64)
    assert got.dtype == np.dtype(dtype or follows)
    wanted = FastRP(16, random_state=0).fit_transform(a.astype(float))
    np.testing.assert_allclose(got, wanted, atol=5e-3)


def test_dtype_when_graph_then_float32(reference):
    graph = Graph(reference.random_graph())
    assert FastRP(16, random_state=0).fit_transform(graph).dtype == np.float32


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("projection", ["very_sparse", "achlioptas"])
def test_embedding_when_many_blocks_then_the_formula(reference, weighted, projection):
    a = reference.random_graph(1200, 0.1, weighted=weighted)
    model = FastRP(17, random_state=1, projection=projection)
    got = model.fit_transform(a.astype(np.float32))
    _close(got, reference.naive(a, model), "float32")
