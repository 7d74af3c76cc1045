"""The torch engine on CPU tensors: the same signs, and vectors up to rounding."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrep import FastRP
from graphrep.embedding._propagation import SignStart
from graphrep.exceptions import GraphValueError

torch = pytest.importorskip("torch")

OPTIONS = [
    {},
    {"projection": 1.0, "output_norm": "l2"},
    {"power_norm": None, "output_norm": None},
    {"direction": "concat"},
    {"direction": "both", "degree": "count"},
    {"combine": "concat", "isolated": "self", "self_influence": 0.5},
    {"isolated": "self", "self_influence": 0.5, "output_norm": None},
    {"self_influence": 1.0, "weights": ()},
    {"weights": (1.0,), "self_loops": "drop"},
    {"dtype": "float16"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_torch_when_compared_with_numba_then_same_up_to_rounding(
    reference, options, dtype, device
):
    a = sparse.csr_array(reference.random_graph().astype(dtype))
    numba = FastRP(18, random_state=3, **options).fit(a)
    other = FastRP(18, random_state=3, device=device, **options).fit(a)
    assert other.device_ != numba.device_
    assert other.embedding_.dtype == numba.embedding_.dtype
    assert other.n_isolated_ == numba.n_isolated_
    atol = 1e-8 if other.embedding_.dtype == np.float64 else 2e-4
    atol = 1e-2 if "dtype" in options else atol
    np.testing.assert_allclose(other.embedding_, numba.embedding_, atol=atol)
    if options.get("direction") != "concat":
        got, wanted = other.transform(a[3:9]), numba.transform(a[3:9])
        np.testing.assert_allclose(got, wanted, atol=atol)


@pytest.mark.parametrize("s", [1.0, 3.0, 50.0])
@pytest.mark.parametrize("seed", [0, 2**63 - 1])
def test_signs_when_drawn_by_torch_then_same_bits(s, seed, place):
    from graphrep.kernels.torch._projection import dense_signs

    keys = np.array([0, 1, 7, 2**63, 2**64 - 1], np.uint64)
    start = SignStart(keys, np.ones(5), 100, s, seed)
    out = torch.empty((5, 100), device=place)
    half = min(int(start.half), 2**63 - 1)
    moved = torch.from_numpy(keys.view(np.int64)).to(place)
    dense_signs(seed, moved, 100, 0, half, out)
    assert np.array_equal(out.cpu().numpy(), start.as_layer().data[:, :100])


def test_torch_when_features_weights_extreme_or_no_edges_then_as_numba(
    reference, device
):
    a = reference.random_graph(directed=False)
    x = np.random.default_rng(0).random((40, 5))
    for matrix, features in [(a, x), (a * 1e-300, None), (0 * a, None)]:
        pair = [
            FastRP(18, random_state=0, device=where)
            .fit(matrix, features=features)
            .embedding_
            for where in ("cpu", device)
        ]
        np.testing.assert_allclose(*pair, atol=1e-8)


def test_torch_when_out_given_then_written(reference, device):
    out = np.empty((40, 18))
    model = FastRP(18, random_state=0, device=device)
    assert model.fit_transform(reference.random_graph(), out=out) is out
    assert out.any()


def test_torch_when_layers_compact_then_error(reference):
    with pytest.raises(GraphValueError, match="layer_dtype='int8'"):
        FastRP(18, layer_dtype="int8", device="torch:cpu").fit(reference.random_graph())
