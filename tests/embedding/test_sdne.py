"""SDNE: the loss of the paper, its sampled estimate, gradients, and what it learns."""

from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.csgraph import shortest_path

import graphrep
from graphrep import SDNE, Graph
from graphrep.datasets import load_karate, make_sbm
from graphrep.embedding._sdne_model import (
    activate,
    activations,
    autoencoder,
    network_input,
)
from graphrep.embedding._sdne_train import Recipe, Trainer
from graphrep.exceptions import GraphValueError, GraphWarning


@pytest.fixture
def torch():
    module = pytest.importorskip("torch")
    before = module.get_num_threads()
    module.set_num_threads(1)
    yield module
    module.set_num_threads(before)


def _trainer(torch, matrix, *, n_zeros=10**9, **changes):
    recipe = Recipe(
        widths=(7, 3), activation="leaky_relu", alpha=0.5, beta=4.0, nu=0.0,
        n_zeros=min(n_zeros, matrix.shape[1]), batch_size=10**6, learning_rate=0.01,
    )._replace(**changes)  # fmt: skip
    rows = network_input(matrix, 1.0, None)
    return Trainer(rows, rows, recipe, 0, torch, torch.device("cpu"))


def _graph(n=60, density=0.1, *, weighted=True, directed=False, seed=0):
    random = np.random.default_rng(seed)
    a = np.where(random.random((n, n)) < density, random.random((n, n)), 0)
    a = a if weighted else (a > 0).astype(float)
    a = a if directed else np.triu(a) + np.triu(a).T
    np.fill_diagonal(a, 0)
    return sparse.csr_array(a)


def _dense_terms(a, network, beta):
    """The two terms of the sheet's formula, literally, in float64."""
    hidden, last, output = activations(network.activation)
    x = a
    for number, (w, b) in enumerate(network.encoder):
        name = last if number == len(network.encoder) - 1 else hidden
        x = activate(x @ w.astype(float) + b, name)
    y = x
    for w, b in network.decoder[:-1]:
        x = activate(x @ w.astype(float) + b, hidden)
    w, b = network.decoder[-1]
    back = activate(x @ w.astype(float).T + b, output)
    weight = np.where(a == 0, 1, beta)
    second = np.sum(((back - a) * weight) ** 2)
    distances = np.sum((y[:, None] - y[None]) ** 2, axis=-1)
    return second, np.sum(a * distances)


NOBODY = np.empty(0, np.int64)


@pytest.mark.parametrize("activation", ["leaky_relu", "gelu", "relu", "sigmoid"])
@pytest.mark.parametrize("n_rows", [60, 5])  # through Gram matrices, and without
def test_loss_when_exact_then_the_formula(torch, activation, n_rows):
    a = _graph()
    trainer = _trainer(torch, a, activation=activation)
    rows = np.arange(n_rows)
    second, _ = trainer.terms(trainer.batch(rows, NOBODY, None), 2)
    dense = a.toarray()
    network = trainer.network()
    wanted = _dense_terms(dense, network, 4.0)[0]
    if n_rows < 60:
        network_rows = np.zeros_like(dense)
        network_rows[:n_rows] = dense[:n_rows]
        wanted = _dense_terms(network_rows, network, 4.0)[0]
        empty = _dense_terms(np.zeros_like(dense), network, 4.0)[0]
        wanted = (wanted - empty * (60 - n_rows) / 60) * (60 / n_rows)
    assert second.item() == pytest.approx(wanted, rel=1e-4)


def test_first_order_when_each_edge_once_then_the_formula(torch):
    a = _graph(weighted=False)
    trainer = _trainer(torch, a)
    coo = a.tocoo()
    batch = trainer.batch(np.arange(60), np.r_[coo.row, coo.col], None)
    _, first = trainer.terms(batch, 2)
    wanted = _dense_terms(a.toarray(), trainer.network(), 4.0)[1]
    assert first.item() == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("activation", ["leaky_relu", "sigmoid"])
def test_loss_when_sampled_then_exact_in_expectation(torch, activation):
    a = _graph(200, 0.05)
    trainer = _trainer(torch, a, n_zeros=40, activation=activation)
    exact = _dense_terms(a.toarray(), trainer.network(), 4.0)
    rows = np.arange(200)
    draws = np.array(
        [
            [
                term.item()
                for term in trainer.terms(
                    trainer.batch(
                        rows, trainer._draw_edges(1600), trainer._draw_columns()
                    ),
                    2,
                )
            ]
            for _ in range(200)
        ]
    )
    np.testing.assert_allclose(draws.mean(axis=0), exact, rtol=0.01)
    assert draws[:, 0].std() > 0


def test_edges_when_drawn_then_in_proportion_to_weights(torch):
    a = sparse.csr_array(np.array([[0, 1.0, 3], [1, 0, 0], [3, 0, 0]]))
    trainer = _trainer(torch, a)
    sources, targets = trainer._draw_edges(8 * 40_000).reshape(2, -1)
    share = np.mean(np.maximum(sources, targets) == 2)
    assert share == pytest.approx(0.75, abs=0.01)


def test_products_when_differentiated_then_as_numerically(torch):
    from graphrep.kernels.torch import _sdne as kernels

    trainer = _trainer(torch, _graph(9, 0.4))
    entries = trainer._renumbered(trainer._matrix[:5], None)
    entries = entries._replace(values=entries.values.double())
    left = torch.tensor(np.random.default_rng(0).random((5, 4)), requires_grad=True)
    right = torch.tensor(np.random.default_rng(1).random((9, 4)), requires_grad=True)
    check = torch.autograd.gradcheck
    assert check(lambda table: kernels.times(entries, table), (right,))
    assert check(lambda x, y: kernels.dots(entries, x, y), (left, right))
    bias = torch.zeros(9, dtype=torch.float64, requires_grad=True)
    for activation in ("linear", "sigmoid"):
        for n_zeros in (3, 9):
            assert check(
                lambda x, y, z, n=n_zeros, name=activation: kernels.second_order(
                    x, y, z, entries, n, 9 / n, 3.0, name
                ),
                (left, right, bias),
            )


def test_adam_when_all_rows_are_taken_then_as_in_torch(torch):
    from graphrep.kernels.torch._sdne import Table

    start = torch.tensor(np.random.default_rng(0).random((6, 3)))
    table, other = Table(start.clone(), 0.3), start.clone().requires_grad_()
    adam = torch.optim.Adam([other], lr=0.05, weight_decay=0.3)
    for step in range(1, 20):
        table.take().pow(3).sum().backward()
        table.step(0.05, step)
        adam.zero_grad()
        other.pow(3).sum().backward()
        adam.step()
    np.testing.assert_allclose(table.data.numpy(), other.detach().numpy(), rtol=1e-9)


def test_adam_when_some_rows_are_taken_then_the_others_stay(torch):
    from graphrep.kernels.torch._sdne import Table

    table = Table(torch.ones(4, 2), 0.5)
    table.take(torch.tensor([2, 0])).sum().backward()
    table.step(0.1, 7)
    got = table.data.numpy()
    np.testing.assert_array_equal(got[[1, 3]], 1)
    np.testing.assert_allclose(got[[0, 2]], 0.9, rtol=1e-6)


# -- what it learns ----------------------------------------------------------------
def _shell_ap(scores, distances, hop):
    """Mean precision of nodes at a distance among those at least as far away."""
    found = []
    for row in range(len(scores)):
        far = distances[row] >= hop
        far[row] = False
        relevant = distances[row][far] == hop
        if relevant.any():
            hits = relevant[np.argsort(-scores[row][far], kind="stable")]
            precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
            found.append(precision[hits].mean())
    return np.mean(found)


@pytest.mark.parametrize("name", ["karate", "sbm"])
def test_two_hops_when_compared_with_adjacency_svd_then_better(torch, name):
    graph = (
        load_karate().graph
        if name == "karate"
        else make_sbm(300, 1800, mixing=0.2, random_state=0).graph
    ).unweighted()
    a = graph.to_scipy().toarray().astype(float)
    distances = shortest_path(a, unweighted=True)
    rows = np.arange(len(a))[:, None]
    u, s, vt = np.linalg.svd(a)
    linear = (u[:, :16] * s[:16]) @ vt[:16]
    model = SDNE(16, n_epochs=300, random_state=0).fit(graph)
    native = model.decoder_score(rows, rows.T)
    assert _shell_ap(native, distances, 2) > _shell_ap(linear, distances, 2) + 0.05
    if name == "karate":
        assert _shell_ap(native, distances, 1) > 0.95


def test_sampled_when_sbm_then_learns_like_exact(torch):
    graph = make_sbm(300, 1800, mixing=0.2, random_state=0).graph
    distances = shortest_path(graph.to_scipy(), unweighted=True)
    rows = np.arange(300)[:, None]
    scores = [
        _shell_ap(
            SDNE(16, decoder_mode=mode, n_negatives=100, n_epochs=150, random_state=0)
            .fit(graph)
            .decoder_score(rows, rows.T),
            distances,
            1,
        )
        for mode in ("exact", "sampled")
    ]
    assert scores[1] > 0.8 * scores[0] > 0.2


# -- surface -----------------------------------------------------------------------
QUICK = {"n_components": 6, "hidden": (12,), "n_epochs": 8, "random_state": 0}
VARIANTS = [
    {},
    {"decoder_mode": "sampled", "n_negatives": 9, "batch_size": 16},
    {"activation": "sigmoid", "pretrain": True},
    {"activation": "gelu", "hidden": (12, 8), "pretrain": True},
    {"hidden": (), "row_normalization": "l2"},
    {"direction": "both", "row_normalization": "log"},
    {"row_normalization": "degree", "alpha": 0.0},
]


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_transform_when_rows_of_the_graph_then_their_vectors(torch, options):
    a = _graph(directed=True) * 5
    model = SDNE(**{**QUICK, **options})
    vectors = model.fit_transform(a)
    assert vectors.dtype == np.float64
    assert model.transform(a) is model.embedding_
    if options.get("direction") != "both":
        np.testing.assert_allclose(model.transform(a[7:20]), vectors[7:20], atol=1e-6)
    new = model.transform(sparse.csr_array((3, 60)))
    np.testing.assert_array_equal(new, 0)


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_bits_when_threads_differ_then_the_same(torch, options):
    a = _graph(directed=True)
    before = torch.get_num_threads(), torch.get_rng_state()
    got = []
    for n_jobs, n_torch in ((1, 1), (2, 2)):
        torch.set_num_threads(n_torch)
        got.append(SDNE(n_jobs=n_jobs, **{**QUICK, **options}).fit_transform(a))
        assert torch.get_num_threads() == n_torch
    np.testing.assert_array_equal(*got)
    assert torch.equal(torch.get_rng_state(), before[1])
    assert not np.array_equal(
        got[0], SDNE(**{**QUICK, **options, "random_state": 1}).fit_transform(a)
    )


@pytest.mark.parametrize("suffix", ["", ".zip"])
def test_save_when_loaded_then_encodes_and_scores_as_before(torch, tmp_path, suffix):
    a = _graph()
    model = SDNE(**{**QUICK, "hidden": (12, 8)}).fit(a)
    model.save(tmp_path / f"m{suffix}")
    back = graphrep.load(tmp_path / f"m{suffix}")
    np.testing.assert_array_equal(back.transform(a[:9]), model.transform(a[:9]))
    rows = np.arange(60)[:, None]
    np.testing.assert_array_equal(
        back.decoder_score(rows, rows.T), model.decoder_score(rows, rows.T)
    )


def test_decoder_score_when_grid_pairs_or_scalar_then_the_dense_network(torch):
    a = _graph()
    model = SDNE(**QUICK).fit(a)
    network = autoencoder(vars(model), model.activation)
    x = network.decode(model.embedding_)
    wanted = x @ network.decoder[-1].weights.T + network.decoder[-1].biases
    rows, columns = np.divmod(np.arange(3600), 60)
    grid = model.decoder_score(np.arange(60)[:, None], np.arange(60)[None])
    np.testing.assert_allclose(grid, wanted, atol=1e-5)
    pairs = model.decoder_score(rows, columns).reshape(60, 60)
    np.testing.assert_allclose(pairs, wanted, atol=1e-5)
    assert model.decoder_score(3, 4) == pytest.approx(wanted[3, 4], abs=1e-5)


def test_refit_when_fewer_layers_then_no_old_weights(torch):
    a = _graph()
    model = SDNE(**{**QUICK, "hidden": (12, 8)}).fit(a).set_params(hidden=())
    model.fit(a)
    assert not hasattr(model, "encoder_weights_1_")
    np.testing.assert_allclose(model.transform(a[:9]), model.embedding_[:9], atol=1e-6)


@pytest.mark.parametrize(
    "a",
    [
        np.zeros((1, 1)),
        np.zeros((4, 4)),
        np.eye(3),
        np.ones((2, 2)),
        np.ones((5, 5)),
        np.triu(np.ones((6, 6)), 1),
        np.eye(30, k=1) * 1e6,
    ],
    ids=lambda a: f"{len(a)}-{int(a.sum())}",
)
@pytest.mark.parametrize("options", VARIANTS[:2] + VARIANTS[5:6], ids=str)
def test_fit_when_graph_is_odd_then_finite_vectors(torch, a, options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GraphWarning)
        model = SDNE(**{**QUICK, **options}).fit(a)
    assert model.embedding_.shape == (len(a), 6)
    assert np.isfinite(model.embedding_).all()
    off = a - np.diag(np.diag(a))
    empty = off.sum(axis=1) == 0
    if options.get("direction") == "both":
        empty &= off.sum(axis=0) == 0
    np.testing.assert_array_equal(model.embedding_[empty], 0)


def test_weights_when_above_one_then_scaled_to_a_maximum_of_one(torch):
    a = _graph()
    a = a / a.max()
    small, large = SDNE(**QUICK).fit(a), SDNE(**QUICK).fit(a * 64)
    assert small.scale_ == 1
    assert large.scale_ == 64
    np.testing.assert_allclose(large.embedding_, small.embedding_, atol=1e-5)


def test_warning_when_alpha_is_huge_then_collapse_is_told(torch):
    with pytest.warns(GraphWarning, match="collapsed"):
        SDNE(
            **{**QUICK, "n_epochs": 300, "alpha": 1e6, "learning_rate": 0.05}, tol=0
        ).fit(_graph())


def test_warning_when_units_die_then_told(torch):
    options = {**QUICK, "activation": "relu", "learning_rate": 3.0}
    with pytest.warns(GraphWarning, match="dead"):
        SDNE(**options).fit(_graph())


def test_hidden_when_no_width_then_error(torch):
    with pytest.raises(GraphValueError, match="hidden"):
        SDNE(hidden=(12, 0)).fit(_graph())


def test_memory_when_estimated_then_grows_with_nodes_not_their_square():
    one, ten = (SDNE().estimate_memory(n, 20 * n)["total"] for n in (10**5, 10**6))
    assert one > 2 * 3 * 4 * 256 * 10**5
    assert ten < 11 * one


def test_fit_when_torch_is_missing_then_the_error_says_how_to_install(tmp_path):
    code = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
import numpy as np, graphrep
model = graphrep.SDNE()
try:
    model.fit(np.ones((3, 3)))
except graphrep.exceptions.MissingDependencyError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert 'pip install "graphrep[torch]"' in done.stdout


def test_transform_when_graph_of_the_same_nodes_then_loops_dropped_as_in_fit(torch):
    dense = _graph(weighted=False).toarray()
    graph = Graph(dense)
    model = SDNE(**QUICK).fit(graph)
    got = model.transform(graph.add_self_loops())
    np.testing.assert_allclose(got, model.embedding_, atol=1e-6)


def test_fit_when_on_a_device_then_as_on_the_processor(device):
    a = _graph(40, 0.15)
    here, there = (
        SDNE(4, hidden=(8,), n_epochs=5, device=where, random_state=0).fit(a)
        for where in ("cpu", device)
    )
    assert there.device_ == device.split(":")[-1]
    np.testing.assert_allclose(there.embedding_, here.embedding_, atol=1e-4)
