"""What scikit-learn's users do with an estimator works with ours."""

from __future__ import annotations

import inspect
import logging
import pickle
import re
import warnings

import networkx as nx
import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

import graphrep
from graphrep import Graph
from graphrep._utils._sklearn_compat import HAS_CALLBACKS
from graphrep.embedding._transductive import TransductiveEmbedder
from graphrep.exceptions import GraphWarning, NodeNotFoundError


def _graph():
    return Graph.from_edges(list("abcad"), list("bcdde"), [1.0, 2, 1, 3, 1])


def test_parameters_when_set_got_and_cloned_then_the_same(estimator):
    parameters = estimator.get_params()
    assert list(inspect.signature(type(estimator)).parameters) == sorted(
        parameters, key=list(inspect.signature(type(estimator)).parameters).index
    )
    copy = clone(estimator)
    assert copy is not estimator
    assert repr(copy) == repr(estimator)
    assert estimator.set_params(**parameters) is estimator
    with pytest.raises(ValueError, match="Invalid parameter"):
        estimator.set_params(no_such_parameter=1)


def test_init_when_given_anything_then_only_stores_it(estimator):
    odd = {key: object() for key in estimator.get_params()}
    model = type(estimator)(**odd)
    assert vars(model) == odd


def test_repr_when_text_or_html_then_names_the_class(estimator):
    assert repr(estimator).startswith(type(estimator).__name__ + "(")
    html = estimator._repr_html_()
    assert type(estimator).__name__ in html
    estimator.fit(_graph())
    assert type(estimator).__name__ in estimator._repr_html_()


def test_tags_when_read_then_a_pairwise_sparse_positive_input(estimator):
    tags = get_tags(estimator)
    assert tags.input_tags.pairwise
    assert tags.input_tags.sparse
    assert tags.input_tags.positive_only
    assert not tags.non_deterministic
    assert get_tags(make_pipeline(estimator, StandardScaler())).input_tags.pairwise


def test_unfitted_when_used_then_not_fitted_error(estimator):
    for use in (
        lambda: estimator.transform(np.eye(3)),
        lambda: estimator.get_feature_names_out(),
        lambda: estimator.vectors_,
        lambda: estimator.most_similar("a"),
        lambda: estimator.to_frame(),
        lambda: estimator.save("nowhere"),
    ):
        with pytest.raises((NotFittedError, AttributeError)):
            use()
    with pytest.raises(NotFittedError):
        estimator.transform(np.eye(3))


@pytest.mark.parametrize("before", [False, True])
def test_fit_when_it_fails_then_not_fitted(estimator, before):
    if before:
        estimator.fit(_graph())
    with pytest.raises(ValueError, match="Negative"):
        estimator.fit(-np.ones((3, 3)))
    with pytest.raises(NotFittedError):
        estimator.transform(np.eye(3))


def test_attributes_when_fitted_then_ids_vectors_and_number_of_nodes(estimator):
    assert estimator.fit(_graph()) is estimator
    assert estimator.node_ids_.tolist() == list("abcde")
    assert estimator.n_features_in_ == 5
    assert estimator.embedding_.shape[0] == 5
    d = estimator.embedding_.shape[1]
    names = estimator.get_feature_names_out()
    prefix = type(estimator).__name__.lower()
    assert names.tolist() == [f"{prefix}{i}" for i in range(d)]
    assert estimator.fit_transform(_graph()) is estimator.embedding_


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("given", ["array", "sparse", "graph"])
def test_set_output_when_frames_then_frames_with_the_names(
    estimator, two_groups, library, given
):
    frames = pytest.importorskip(library)
    a, _ = two_groups
    x = {"array": a, "sparse": sparse.csr_array(a), "graph": Graph(a)}[given]
    plain = clone(estimator).fit_transform(x)
    frame = estimator.set_output(transform=library).fit_transform(x)
    assert isinstance(frame, frames.DataFrame)
    assert list(frame.columns) == estimator.get_feature_names_out().tolist()
    np.testing.assert_array_equal(frame.to_numpy(), plain)
    assert isinstance(estimator.embedding_, np.ndarray)
    assert isinstance(estimator.transform(x), frames.DataFrame)


def test_frame_when_square_with_ids_then_index_kept(estimator, two_groups):
    pd = pytest.importorskip("pandas")
    a, _ = two_groups
    ids = [f"n{i}" for i in range(len(a))]
    frame = pd.DataFrame(a, index=ids, columns=ids)
    out = estimator.set_output(transform="pandas").fit_transform(frame)
    assert out.index.tolist() == ids
    assert estimator.feature_names_in_.tolist() == ids
    assert estimator.node_ids_.tolist() == ids


def test_cross_validation_when_pipeline_then_learns_the_groups(
    estimator, two_groups, is_baseline
):
    a, y = two_groups
    estimator.set_params(n_components=16)
    pipeline = make_pipeline(estimator, StandardScaler(), LogisticRegression())
    for x in (a, sparse.csr_array(a)):
        scores = cross_val_score(pipeline, x, y, cv=3)
        assert is_baseline or scores.mean() > 0.8


def test_grid_search_when_two_processes_then_same_as_one(estimator, two_groups):
    a, y = two_groups
    pipeline = make_pipeline(estimator, LogisticRegression())
    grid = {f"{pipeline.steps[0][0]}__n_components": [4, 16]}
    one = GridSearchCV(pipeline, grid, cv=2).fit(sparse.csr_array(a), y)
    two = GridSearchCV(pipeline, grid, cv=2, n_jobs=2).fit(sparse.csr_array(a), y)
    scores = [search.cv_results_["mean_test_score"] for search in (one, two)]
    np.testing.assert_array_equal(*scores)
    assert two.predict(a).shape == y.shape


def test_fit_when_networkx_edges_frame_or_matrix_then_same_vectors(estimator):
    graph = _graph()
    for other in (graph.to_networkx(), graph.to_frame()):
        model = clone(estimator).fit(other)
        same = graph.subgraph(model.node_ids_)  # rows in the order of the other one
        np.testing.assert_array_equal(model.embedding_, estimator.fit_transform(same))
    number = nx.convert_node_labels_to_integers(graph.to_networkx())
    matrix = nx.to_scipy_sparse_array(number)
    wanted = clone(estimator).fit_transform(number)
    np.testing.assert_allclose(
        clone(estimator).fit_transform(matrix), wanted, atol=0.05
    )


@pytest.mark.parametrize("n_rows", [1, 3, 4, 6])
def test_edge_table_when_few_rows_then_read_as_edges(estimator, n_rows):
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    pa = pytest.importorskip("pyarrow")
    ends = [f"v{i}" for i in range(n_rows + 1)]
    columns = {"source": ends[:-1], "target": ends[1:], "weight": [1.5] * n_rows}
    for table in (pd.DataFrame(columns), pl.DataFrame(columns), pa.table(columns)):
        assert estimator.fit(table).node_ids_.tolist() == ends


def test_pickle_when_fitted_then_transforms_the_same(estimator, two_groups):
    a, _ = two_groups
    estimator.fit(a)
    back = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(back.transform(a[:7]), estimator.transform(a[:7]))


@pytest.mark.parametrize("suffix", ["", ".zip"])
def test_save_when_loaded_then_bits_ids_and_parameters_are_back(
    estimator, tmp_path, suffix
):
    graph = _graph()
    path = tmp_path / f"model{suffix}"
    estimator.fit(graph).save(path)
    back = graphrep.load(path)
    assert type(back) is type(estimator)
    assert repr(back) == repr(estimator)
    assert back.embedding_.dtype == estimator.embedding_.dtype
    np.testing.assert_array_equal(back.embedding_, estimator.embedding_)
    np.testing.assert_array_equal(back.transform(graph), estimator.transform(graph))
    assert back.node_ids_.tolist() == estimator.node_ids_.tolist()
    assert back.most_similar("a") == estimator.most_similar("a")
    assert clone(back).fit(graph).embedding_.tolist() == back.embedding_.tolist()


def test_most_similar_when_asked_then_ids_best_first_without_the_node(estimator):
    estimator.fit(_graph())
    near = estimator.most_similar("a", k=3)
    assert len(near) == 3
    assert "a" not in dict(near)
    scores = [score for _, score in near]
    assert scores == sorted(scores, reverse=True)
    with pytest.raises(NodeNotFoundError, match="'z'"):
        estimator.most_similar("z")


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_to_frame_when_called_then_vectors_with_ids(estimator, backend):
    pytest.importorskip(backend)
    frame = estimator.fit(_graph()).to_frame(backend)
    assert len(frame) == 5
    ids = frame.index if backend == "pandas" else frame.to_series(0)
    assert list(ids) == list("abcde")


def test_verbose_when_0_or_more_then_that_much_is_logged(estimator, caplog):
    lines = []
    for verbose in (0, 1, 2):
        caplog.clear()
        with caplog.at_level(logging.INFO, "graphrep"):
            clone(estimator).set_params(verbose=verbose).fit(_graph())
        lines.append(caplog.messages)
    assert not lines[0]
    assert len(lines[1]) == 1
    assert len(lines[2]) > 1
    assert not any("'a'" in line for line in lines[2])


def test_fit_when_input_is_fine_then_no_warning_and_nothing_printed(
    estimator, two_groups, capfd
):
    with warnings.catch_warnings():
        warnings.simplefilter("error", GraphWarning)
        warnings.simplefilter("error", RuntimeWarning)
        estimator.fit(two_groups[0]).transform(two_groups[0])
    assert capfd.readouterr() == ("", "")


class Recorder:
    """Callback that writes down what it is told."""

    def __init__(self):
        self.told = []

    def setup(self, estimator, context):
        self.told.append("setup")

    def teardown(self, estimator, context):
        self.told.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.told.append(f"task {context.task_name}")

    def on_fit_task_end(self, estimator, context):
        self.told.append(f"done {context.task_name}")


@pytest.mark.skipif(not HAS_CALLBACKS, reason="callbacks came with scikit-learn 1.9")
@pytest.mark.parametrize("method", ["fit", "fit_transform"])
def test_callbacks_when_set_then_told_of_every_step(estimator, method):
    recorder = Recorder()
    estimator.set_callbacks(recorder)
    getattr(estimator, method)(_graph())
    began = [line.removeprefix("task ") for line in recorder.told if "task" in line]
    ended = [line.removeprefix("done ") for line in recorder.told if "done" in line]
    assert sorted(began) == sorted(ended)
    if hasattr(estimator, "weights"):
        assert began.count("power") == len(estimator.weights)
    assert recorder.told[0] == "setup"
    assert recorder.told[-1] == "teardown"


@pytest.mark.skipif(not HAS_CALLBACKS, reason="callbacks came with scikit-learn 1.9")
def test_progress_bar_when_set_then_the_same_vectors(estimator, capsys):
    pytest.importorskip("rich")
    from sklearn.callback import ProgressBar

    plain = clone(estimator).fit_transform(_graph())
    estimator.set_callbacks(ProgressBar())
    np.testing.assert_array_equal(estimator.fit_transform(_graph()), plain)


# -- numbers -------------------------------------------------------------------
@pytest.fixture(scope="module")
def village():
    """300 nodes in groups, weighted, with one node of its own."""
    rng = np.random.default_rng(1)
    group = np.arange(300) % 6
    dense = np.where(group[:, None] == group[None, :], 0.12, 0.01)
    dense[:, 7] = dense[7] = 0
    a = np.triu((rng.random((300, 300)) < dense) * rng.uniform(0.5, 2, (300, 300)), 1)
    return Graph(sparse.csr_array(a + a.T))


def test_fit_when_threads_differ_or_repeated_then_same_bits(estimator, village):
    one = clone(estimator).set_params(n_jobs=1).fit(village)
    two = clone(estimator).set_params(n_jobs=2).fit(village)
    again = estimator.fit(_graph()).fit(village)  # nothing of the first is left
    for other in (two, again):
        assert other.embedding_.tobytes() == one.embedding_.tobytes()
        arrays = other._fitted_state()[0]
        for name, value in one._fitted_state()[0].items():
            np.testing.assert_array_equal(arrays[name], value, name)


def test_fit_when_nodes_have_no_edges_then_their_vectors_are_zero(estimator, village):
    estimator.fit(village)
    assert np.isfinite(estimator.embedding_).all()
    assert not estimator.embedding_[7].any()
    assert estimator.n_isolated_ == 1
    target = getattr(estimator, "target_embedding_", None)
    assert target is None or not target[7].any()


@pytest.mark.parametrize("edges", [([], []), ([0, 1], [0, 1]), ([0, 2], [1, 3])])
def test_fit_when_graph_is_hardly_one_then_vectors_are_finite(estimator, edges):
    graph = Graph.from_edges(*map(np.array, edges), nodes=range(5))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GraphWarning)
        estimator.fit(graph)
    assert np.isfinite(estimator.embedding_).all()
    assert not estimator.embedding_[4].any()


def test_fit_when_graph_is_directed_then_taken_or_a_warning_says(estimator, two_groups):
    a, _ = two_groups
    arrows = Graph(np.triu(a), directed=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        estimator.fit(arrows)
    assert np.isfinite(estimator.embedding_).all()
    told = [str(w.message) for w in caught if issubclass(w.category, GraphWarning)]
    reads = getattr(estimator, "_takes_directed", True)
    assert any("does not read directions" in text for text in told) == (not reads)
    if not reads:
        plain = clone(estimator).fit(arrows.symmetrize())
        np.testing.assert_array_equal(plain.embedding_, estimator.embedding_)


def test_fit_when_more_dimensions_than_nodes_then_warns_and_pads(estimator):
    estimator.set_params(n_components=12)
    with pytest.warns(GraphWarning, match="exceeds the 5 nodes") as caught:
        estimator.fit(_graph())
    assert caught[0].filename == __file__
    assert estimator.embedding_.shape[1] % 12 == 0
    assert np.isfinite(estimator.embedding_).all()


def test_memory_when_estimated_then_the_table_is_the_least(estimator):
    need = estimator.estimate_memory(1000, 20_000)
    parts = [count for name, count in need.items() if name != "total"]
    assert need["total"] >= 1000 * estimator.n_components * 4
    assert max(parts) <= need["total"] <= sum(parts)
    assert all(type(count) is int for count in need.values())
    more = clone(estimator).set_params(n_components=16 * estimator.n_components)
    assert more.estimate_memory(1000, 20_000)["total"] > need["total"]
    assert estimator.estimate_memory(2000, 20_000)["total"] > need["total"]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("n_components", 0), ("n_components", 2.5), ("n_jobs", 0), ("verbose", -1)],
)
def test_parameter_when_wrong_then_refused_by_name(estimator, parameter, value):
    with pytest.raises(ValueError, match=f"'{parameter}' parameter"):
        estimator.set_params(**{parameter: value}).fit(_graph())


def test_input_when_fitted_then_left_as_it_was(estimator, two_groups):
    a = sparse.csr_array(two_groups[0])
    graph = Graph(a.copy())
    before, mark = a.copy(), graph.fingerprint()
    estimator.fit(a)
    estimator.fit(graph)
    assert (a != before).nnz == 0
    assert graph.fingerprint() == mark


# -- methods that learn vectors of one graph's nodes ---------------------------------
def test_transform_when_graph_is_the_fitted_one_then_its_vectors(
    transductive, two_groups
):
    a, _ = two_groups
    graph = Graph(a)
    transductive.fit(graph)
    for same in (graph, Graph(a), a, sparse.csr_array(a)):
        assert transductive.transform(same) is transductive.embedding_


def test_transform_when_rows_are_given_then_means_of_neighbours(
    transductive, two_groups
):
    a, _ = two_groups
    table = transductive.fit(a).embedding_
    rows = a[:3] * [[1.0], [2.0], [0.0]]
    rows[0, 5] = 3.0
    if type(transductive)._embed_rows is not TransductiveEmbedder._embed_rows:
        assert np.isfinite(transductive.transform(rows)).all()
        return
    wanted = [np.average(table, axis=0, weights=row) for row in rows[:2]]
    got = transductive.transform(rows)
    np.testing.assert_allclose(got[:2], wanted, rtol=1e-5, atol=1e-7)
    assert not got[2].any()
    assert got.dtype == table.dtype


def test_transform_when_graph_is_another_then_error_names_both_sizes(transductive):
    transductive.fit(_graph())
    other = Graph.from_edges(["a", "x"], ["b", "y"])
    with pytest.raises(ValueError, match=r"4 nodes.* fitted on 5 other"):
        transductive.transform(other)


def test_decoder_when_rows_and_columns_broadcast_then_one_score_for_each_pair(
    estimator, two_groups
):
    estimator.fit(two_groups[0])
    square = estimator.decoder_score(np.arange(6)[:, None], np.arange(6))
    assert square.shape == (6, 6)
    assert np.isfinite(square).all()
    pairs = estimator.decoder_score([0, 1, 2], [3, 4, 5])
    np.testing.assert_allclose(pairs, square[[0, 1, 2], [3, 4, 5]], rtol=1e-5)
    assert np.ndim(estimator.decoder_score(0, 1)) == 0
    assert estimator.decoder in {"dot", "euclidean", "own"}


def test_targets_when_fitted_then_as_the_docstring_says(transductive):
    table = transductive.fit(_graph()).target_embedding_
    said = inspect.getdoc(type(transductive)).split("target_embedding_ : ")[1]
    said = said.partition("\n")[0]
    if said == "None":
        assert table is None
    elif not said.endswith("or None"):
        assert table.shape == transductive.embedding_.shape


@pytest.mark.parametrize("suffix", ["", ".zip"])
def test_save_when_loaded_then_all_fitted_state_is_back(transductive, tmp_path, suffix):
    transductive.fit(_graph()).save(tmp_path / f"model{suffix}")
    back = graphrep.load(tmp_path / f"model{suffix}")
    np.testing.assert_equal(_public_state(back), _public_state(transductive))
    pairs = (np.arange(5)[:, None], np.arange(5))
    np.testing.assert_array_equal(
        back.decoder_score(*pairs), transductive.decoder_score(*pairs)
    )
    rows = np.eye(5)[:2]
    np.testing.assert_array_equal(back.transform(rows), transductive.transform(rows))


def _public_state(model):
    told = {"plan_", "tasks_"}  # of the fit that was, which no file keeps
    names = [n for n in vars(model) if n.endswith("_") and not n.startswith("_")]
    names = [n for n in names if n not in told]
    return {n: np.asarray(getattr(model, n)).tolist() for n in names}


def test_docstring_when_read_then_names_every_fitted_attribute(estimator):
    estimator.fit(_graph())
    doc = inspect.getdoc(type(estimator))
    listed = doc.split("\nAttributes\n")[1].split("\nNotes\n")[0]
    lines = [line.split(" : ")[0] for line in listed.splitlines() if line[:1] != " "]
    names = {name for line in lines for name in line.split(", ") if name[-1:] == "_"}
    found = {n for n in vars(estimator) if n.endswith("_") and not n.startswith("_")}
    common = {"fingerprint_", "device_", "feature_names_in_", "random_seed_"}
    found = {n for n in found if not re.search(r"_\d+_$", n)}  # layers of a network
    assert found - common <= names
    assert [n for n in names if not hasattr(estimator, n)] == []
