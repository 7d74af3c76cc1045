"""New nodes are embedded by the same formula; known ones get their own bits back."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrep import FastRP, Graph
from graphrep.exceptions import GraphValueError

EXACT = [
    {},
    {"weights": (1.0,)},
    {"weights": (0.0, 1.0, 0.0, 2.0, 0.0)},
    {"projection": "achlioptas"},
    {"beta": 0.0, "degree": "count"},
    {"power_norm": None},
    {"power_norm": None, "output_norm": "l2"},
    {"output_norm": None},
    {"output_norm": "l2"},
    {"combine": "concat"},
    {"combine": "concat", "output_norm": "l2"},
    {"layer_dtype": "int8"},
    {"layer_dtype": "bfloat16", "dtype": "float64"},
    {"dtype": "float16"},
    {"dtype": "float32"},
    {"dtype": "float64"},
]


def _name(options):
    return "-".join(f"{k}={v}" for k, v in options.items()) or "default"


@pytest.mark.parametrize("options", EXACT, ids=_name)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_transform_when_fitted_graph_then_the_embedding_bit_for_bit(
    reference, options, dtype
):
    a = sparse.csr_array(reference.random_graph().astype(dtype))
    model = FastRP(18, random_state=0, **options).fit(a)
    assert reference.same_bits(model.transform(a), model.embedding_)
    order = np.random.default_rng(0).permutation(40)[:13]
    assert reference.same_bits(model.transform(a[order]), model.embedding_[order])
    one = np.vstack([model.transform(a[[i]]) for i in range(40)])
    assert reference.same_bits(one, model.embedding_)


@pytest.mark.parametrize("direction", ["out", "in", "both"])
@pytest.mark.parametrize("self_loops", ["keep", "drop"])
def test_transform_when_graph_in_any_order_then_the_embedding(
    reference, direction, self_loops
):
    a = reference.random_graph()
    ids = [f"n{i}" for i in range(40)]
    options = {"direction": direction, "self_loops": self_loops}
    model = FastRP(18, random_state=0, **options).fit(Graph(a, nodes=ids))
    order = np.random.default_rng(0).permutation(40)
    moved = Graph(a[np.ix_(order, order)], nodes=[ids[i] for i in order])
    assert reference.same_bits(model.transform(Graph(a, nodes=ids)), model.embedding_)
    assert reference.same_bits(model.transform(moved), model.embedding_)


def test_transform_when_direction_in_then_rows_are_edges_that_reach_the_node(reference):
    a = reference.random_graph()
    model = FastRP(18, random_state=0, direction="in").fit(a)
    rows = np.ascontiguousarray(a.T)
    assert reference.same_bits(model.transform(rows), model.embedding_)


def test_transform_when_features_then_the_embedding(reference):
    a = reference.random_graph()
    x = np.random.default_rng(5).random((40, 7))
    for ratio in (0.5, 1.0):
        model = FastRP(18, random_state=0, feature_ratio=ratio)
        model.fit(a, features=x)
        assert reference.same_bits(model.transform(a), model.embedding_)


@pytest.mark.parametrize("combine", ["sum", "concat"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_transform_when_new_rows_then_the_formula(reference, combine, dtype):
    """As if the new nodes had been there but nobody had looked at them."""
    a, rng = reference.random_graph(), np.random.default_rng(3)
    new = (rng.random((9, 40)) < 0.2) * rng.random((9, 40))
    new[4] = 0
    options = {"combine": combine, "output_norm": None, "beta": 0.0, "projection": 4.0}
    model = FastRP(18, random_state=0, **options).fit(a.astype(dtype))
    whole = np.zeros((49, 49))
    whole[:40, :40], whole[40:, :40] = a, new
    wanted = reference.naive(whole, model)
    got = model.transform(new.astype(dtype))
    assert got.dtype == dtype
    np.testing.assert_allclose(
        got, wanted[40:], atol=1e-4 if dtype == np.float32 else 1e-9
    )
    assert not got[4].any()


def test_transform_when_zscore_then_columns_of_the_fit_are_used(reference):
    a = reference.random_graph()
    plain = FastRP(18, random_state=0, output_norm=None).fit_transform(a)
    used = plain.any(axis=1)
    new = np.random.default_rng(3).random((3, 40))
    raw = FastRP(18, random_state=0, output_norm=None).fit(a).transform(new)
    got = FastRP(18, random_state=0).fit(a).transform(new)
    wanted = (raw - plain[used].mean(0)) / plain[used].std(0)
    np.testing.assert_allclose(got, wanted, atol=1e-8)


@pytest.mark.parametrize("options", [{"self_influence": 2.0}, {"isolated": "self"}])
def test_transform_when_power_0_then_new_nodes_have_none(reference, options):
    a = reference.random_graph()
    plain = FastRP(18, random_state=0, output_norm=None)
    model = FastRP(18, random_state=0, output_norm=None, **options)
    new = np.vstack([np.random.default_rng(3).random((3, 40)), np.zeros((1, 40))])
    got = model.fit(a).transform(new)
    assert reference.same_bits(got, plain.fit(a).transform(new))
    assert not got[3].any()


def test_transform_when_parameters_were_set_since_then_those_of_the_fit_count(
    reference,
):
    a = reference.random_graph()
    model = FastRP(18, random_state=0).fit(a)
    changed = {
        "n_components": 4, "weights": (1.0,), "beta": 0.0, "direction": "concat",
        "keep_layers": False, "output_norm": None, "random_state": 9,
        "layer_dtype": "int8", "dtype": "float16", "self_loops": "drop",
    }  # fmt: skip
    model.set_params(**changed)
    assert reference.same_bits(model.transform(a), model.embedding_)
    assert reference.same_bits(model.transform(Graph(a)), model.embedding_)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"keep_layers": False}, "keep_layers=False"),
        ({"direction": "concat"}, "concat"),
    ],
)
def test_transform_when_not_possible_then_error_tells_why(reference, options, says):
    a = reference.random_graph()
    model = FastRP(18, random_state=0, **options).fit(a)
    with pytest.raises(GraphValueError, match=f"fitted with.*{says}.*embedding_"):
        model.transform(a)


def test_transform_when_columns_unseen_then_scikit_learns_words(reference):
    model = FastRP(18, random_state=0).fit(reference.random_graph())
    with pytest.raises(
        ValueError, match="X has 41 features, but FastRP is expecting 40"
    ):
        model.transform(np.ones((2, 41)))
    with pytest.raises(GraphValueError, match="5 nodes but FastRP was fitted on 40"):
        model.transform(Graph(np.ones((5, 5))))
    with pytest.raises(GraphValueError, match=r"shape \(n_new, 40\)"):
        model.transform(Graph(np.ones((40, 40)), nodes=range(1, 41)))


def test_state_when_layers_not_needed_then_not_kept(reference):
    a = reference.random_graph()
    model = FastRP(18, random_state=0, weights=(0, 0, 0, 1.0, 1.0)).fit(a)
    assert sorted(model._state.layers) == [3, 4]
    assert not FastRP(18, keep_layers=False).fit(a)._state.layers
