"""Graph: what goes in comes out, whatever the arrays look like; nothing is changed."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from graphrep import Graph
from graphrep.exceptions import GraphTypeError, GraphValueError, GraphWarning

WEIGHTS = st.sampled_from([0.0, 5e-324, 1e-300, 0.25, 1.0, 1.0, 3.0, 1e30])


@st.composite
def edge_lists(draw, weights=WEIGHTS):
    """(n, rows, columns, weights): loops, repeats and isolated nodes included."""
    n = draw(st.integers(0, 40))
    if n == 0:
        return 0, np.empty(0, int), np.empty(0, int), np.empty(0)
    edge = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), weights)
    edges = draw(st.lists(edge, max_size=80))
    rows, columns, values = zip(*edges, strict=True) if edges else ((), (), ())
    return n, np.array(rows, int), np.array(columns, int), np.array(values, float)


@st.composite
def loose_csr(draw):
    """Square CSR in any state: shuffled rows, repeats, stored zeros, any dtype."""
    n, rows, columns, values = draw(edge_lists(st.sampled_from([0.0, 0.5, 1.0, 2.0])))
    order = np.argsort(rows, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))])
    kind = draw(st.sampled_from(["i4", "i8", ">i4", ">i8", "u4"]))
    data_kind = draw(st.sampled_from(["f4", "f8", ">f8", "i8", "f2"]))
    data = (values[order] * 2).astype(data_kind)
    arrays = indptr.astype(kind), columns[order].astype(kind), data
    if draw(st.booleans()):
        for array in arrays:
            array.setflags(write=False)
    return n, *arrays


def dense(n, rows, columns, values):
    out = np.zeros((n, n))
    np.add.at(out, (rows, columns), values)
    return out


@given(loose_csr())
@settings(max_examples=80, deadline=None)
def test_from_csr_when_arrays_are_in_any_state_then_same_matrix_and_canonical(
    given_csr,
):
    n, indptr, indices, data = given_csr
    before = indptr.copy(), indices.copy(), data.copy()
    graph = Graph.from_csr(indptr, indices, data)
    rows = np.repeat(np.arange(n), np.diff(indptr.astype(int)))
    expected = dense(n, rows, indices.astype(int), data.astype(float))
    assert np.array_equal(graph.to_scipy().toarray(), expected)
    assert len(graph.indices) == np.count_nonzero(expected)
    for i in range(n):
        row = graph.indices[graph.indptr[i] : graph.indptr[i + 1]]
        assert np.all(np.diff(row) > 0)
    assert graph.weighted == bool(np.any((expected != 0) & (expected != 1)))
    assert graph.directed == (not np.array_equal(expected, expected.T))
    for array, copied in zip((indptr, indices, data), before, strict=True):
        assert np.array_equal(array, copied)


@given(edge_lists(), st.booleans())
@settings(max_examples=80, deadline=None)
def test_from_codes_when_any_edges_then_same_as_scipy(edges, directed):
    n, rows, columns, values = edges
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GraphWarning)
        graph = Graph.from_codes(rows, columns, values, nodes=n, directed=directed)
    expected = dense(n, rows, columns, values)
    if not directed:
        off = expected - np.diag(np.diag(expected))
        expected = off + expected.T
    assert np.allclose(graph.to_scipy().toarray(), expected, rtol=1e-12, atol=0)
    assert graph.directed == directed
    pairs = [(r, c) if directed else (min(r, c), max(r, c)) for r, c in
             zip(rows.tolist(), columns.tolist(), strict=True)]  # fmt: skip
    assert graph.n_merged == len(pairs) - len(set(pairs))
    assert graph.n_edges == np.count_nonzero(
        expected if directed else np.triu(expected)
    )


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
@pytest.mark.parametrize("flavour", [sparse.csr_array, sparse.csr_matrix])
def test_graph_when_any_scipy_format_then_same_graph(kind, flavour):
    matrix = np.array([[0, 1.5, 0, 0], [0, 0, 2, 0], [0, 0, 0, 0], [1, 0, 0, 3.0]])
    assert np.array_equal(
        Graph(flavour(matrix).asformat(kind)).to_scipy().toarray(), matrix
    )


def test_graph_when_coo_repeats_entries_then_summed_and_counted():
    coo = sparse.coo_array(([1.0, 2.0, 1.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    graph = Graph(coo)
    assert graph.to_scipy().toarray().tolist() == [[0, 3], [1, 0]]
    assert graph.n_merged == 1


def test_graph_when_rows_shuffled_and_all_weights_one_then_unweighted():
    assert not Graph.from_csr([0, 2, 2, 2], [2, 1], [1.0, 1.0]).weighted
    assert not Graph.from_csr([0, 2, 2, 2], [1, 2], [1.0, 0.0]).weighted


def test_from_csr_when_unweighted_entries_repeat_then_counted_as_weight():
    graph = Graph.from_csr([0, 2, 2], [1, 1])
    assert graph.weights.tolist() == [2.0]
    assert graph.n_merged == 1


@pytest.mark.parametrize(
    ("rule", "weight"), [("sum", 7.0), ("first", 2.0), ("max", 4.0), ("mean", 7 / 3)]
)
def test_from_edges_when_edge_repeats_then_merged_by_the_rule(rule, weight):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GraphWarning)
        graph = Graph.from_edges(
            ["a", "b", "a"], ["b", "a", "b"], [2.0, 1.0, 4.0], duplicates=rule
        )
    assert graph.weights.tolist() == pytest.approx([weight, weight])
    assert graph.n_merged == 2


def test_from_edges_when_float32_weights_then_dtype_kept():
    graph = Graph.from_edges([0], [1], np.array([0.5], np.float32))
    assert graph.dtype == np.float32
    assert graph.to_scipy(np.float64).dtype == np.float64


def test_from_edges_when_ids_are_tuples_then_kept_in_order_of_appearance():
    graph = Graph.from_edges([(1, 2), (3, 4)], [(3, 4), "x"])
    assert list(graph.nodes) == [(1, 2), (3, 4), "x"]
    assert graph.neighbors((3, 4)) == [(1, 2), "x"]


@given(st.lists(st.tuples(*[st.integers(-(2**63), 2**63 - 1)] * 2), max_size=50))
@settings(max_examples=50, deadline=None)
def test_from_edges_when_ids_are_far_apart_then_numbered_as_by_a_dictionary(pairs):
    expected = list(dict.fromkeys(i for pair in pairs for i in pair))
    source, target = [p[0] for p in pairs], [p[1] for p in pairs]
    graph = Graph.from_edges(source, target, directed=True, duplicates="first")
    assert list(graph.nodes) == expected
    edges = {(graph.nodes[int(r)], graph.nodes[int(c)]) for r, c in
             zip(*graph.edges()[:2], strict=True)}  # fmt: skip
    assert edges == set(pairs)


def test_from_edges_when_many_far_ids_then_the_table_grows():
    ids = np.random.default_rng(0).integers(0, 2**62, 100_000)
    graph = Graph.from_edges(ids[:-1], ids[1:])
    assert np.array_equal(graph.node_ids, ids)
    assert graph.n_edges == len(ids) - 1


def test_from_edges_when_nodes_given_then_isolated_kept_and_order_as_given():
    graph = Graph.from_edges(["a"], ["c"], nodes=["c", "b", "a"])
    assert list(graph.nodes) == ["c", "b", "a"]
    assert graph.degree().tolist() == [1, 0, 1]


def test_from_biadjacency_when_ids_do_not_fit_then_error():
    with pytest.raises(GraphValueError, match="3 node ids were given for 2 rows"):
        Graph.from_biadjacency(np.ones((2, 1)), ["a", "b", "c"], ["x"])


def test_from_biadjacency_when_given_then_bipartite():
    graph = Graph.from_biadjacency(np.array([[1, 0, 2], [0, 1, 0]]))
    assert graph.n_nodes == 5
    assert graph.neighbors(0) == [2, 4]
    assert not graph.directed


def test_from_csr_when_memory_mapped_then_stays_mapped_and_read_only(tmp_path):
    arrays = {"p": np.array([0, 1, 2]), "i": np.array([1, 0], "i4"), "w": [2.0, 2.0]}
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    p, i, w = (np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in arrays)
    graph = Graph.from_csr(p, i, w)
    for mapped, held in zip((p, i, w), graph.csr, strict=True):
        assert np.shares_memory(mapped, held)
        with pytest.raises(ValueError, match="read-only"):
            held[0] = 1


@given(loose_csr(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_derived_graphs_when_compared_with_scipy_then_same(given_csr, weighted):
    n, indptr, indices, data = given_csr
    graph = Graph.from_csr(indptr, indices, data if weighted else None)
    matrix = graph.to_scipy(np.float64).toarray()
    loops = np.diag(np.diag(matrix))
    assert np.array_equal(graph.reverse().to_scipy().toarray(), matrix.T)
    assert np.array_equal(
        graph.remove_self_loops().to_scipy().toarray(), matrix - loops
    )
    with_loops = graph.add_self_loops(0.5).to_scipy().toarray()
    assert np.array_equal(with_loops, matrix - loops + 0.5 * np.eye(n))
    union = graph.symmetrize().to_scipy().toarray()
    assert np.array_equal(union, np.maximum(matrix, matrix.T))
    if graph.directed:
        total = graph.symmetrize("sum").to_scipy().toarray()
        assert np.array_equal(total, matrix + matrix.T - loops)
        mean = graph.symmetrize("mean").to_scipy().toarray()
        assert np.array_equal(mean, (matrix + matrix.T) / 2)
    assert graph.n_loops == np.count_nonzero(np.diag(matrix))
    assert np.array_equal(graph.degree(weighted=True), matrix.sum(1))
    assert np.array_equal(graph.degree(kind="in"), (matrix != 0).sum(0))
    picked = np.random.default_rng(n).permutation(n)[: n // 2]
    part = graph.subgraph(picked)
    assert np.array_equal(part.to_scipy().toarray(), matrix[np.ix_(picked, picked)])
    assert part.node_ids.tolist() == picked.tolist()


def test_components_when_compared_with_networkx_then_same():
    nx = pytest.importorskip("networkx")
    foreign = nx.gnm_random_graph(60, 45, seed=3)
    graph = Graph(nx.to_scipy_sparse_array(foreign))
    sizes = sorted(map(len, nx.connected_components(foreign)), reverse=True)
    labels = graph.connected_components()
    assert np.bincount(labels).tolist() == sizes
    largest = graph.largest_component()
    assert set(largest.nodes) == max(nx.connected_components(foreign), key=len)
    assert np.all(np.diff(largest.node_ids) > 0)


@given(loose_csr())
@settings(max_examples=40, deadline=None)
def test_components_when_compared_with_scipy_then_same_partition(given_csr):
    graph = Graph.from_csr(*given_csr[1:])
    labels = graph.connected_components()
    _, expected = sparse.csgraph.connected_components(graph.to_scipy())
    pairs = set(zip(labels.tolist(), expected.tolist(), strict=True))
    assert len(pairs) == len(set(labels.tolist())) == len(set(expected.tolist()))
    sizes = np.bincount(labels, minlength=1)
    assert np.all(np.diff(sizes) <= 0)


def test_subgraph_when_graph_directed_then_part_is_directed_whatever_was_asked_before():
    matrix = np.array([[0, 1.0, 1], [1, 0, 0], [0, 0, 0]])
    asked = Graph(matrix)
    assert asked.directed
    assert asked.subgraph([0, 1]) == Graph(matrix).subgraph([0, 1])
    assert Graph(matrix).subgraph([0, 1]).directed


def test_first_asymmetry_when_an_earlier_row_lacks_the_mirror_then_that_edge_is_named():
    matrix = np.zeros((6, 6))
    matrix[5, 3] = matrix[3, 5] = matrix[3, 2] = 1
    with pytest.raises(GraphValueError, match=r"edge \(3, 2\) has no"):
        Graph(matrix, directed=False)


@given(loose_csr())
@settings(max_examples=40, deadline=None)
def test_fingerprint_when_graphs_equal_then_equal_and_survives_pickle(given_csr):
    n, indptr, indices, data = given_csr
    graph = Graph.from_csr(indptr, indices, data, nodes=[f"n{i}" for i in range(n)])
    again = pickle.loads(pickle.dumps(graph))
    assert again == graph
    assert again.fingerprint() == graph.fingerprint()
    wide = Graph(graph.to_scipy(np.float64), graph.nodes, directed=graph.directed)
    assert wide == graph
    assert hash(wide) == hash(graph)
    renamed = graph.with_nodes([f"m{i}" for i in range(n)])
    assert (renamed == graph) == (n == 0)
    assert (renamed.fingerprint() == graph.fingerprint()) == (n == 0)


def test_equality_when_kind_or_weights_differ_then_not_equal():
    graph = Graph.from_edges([0], [1])
    assert graph != Graph.from_edges([0], [1], [2.0])
    assert graph != Graph.from_csr([0, 1, 2], [1, 0], directed=True)
    assert graph != "a graph"


def test_copy_when_immutable_then_the_same_object():
    sklearn_base = pytest.importorskip("sklearn.base")
    graph = Graph.from_edges([0], [1])
    assert copy.copy(graph) is graph
    assert copy.deepcopy(graph) is graph

    class Holder(sklearn_base.BaseEstimator):
        def __init__(self, graph=None):
            self.graph = graph

    assert sklearn_base.clone(Holder(graph)).graph is graph


def test_to_scipy_when_changed_then_graph_is_protected():
    graph = Graph.from_edges([0, 1], [1, 2], [2.0, 3.0])
    matrix = graph.to_scipy()
    with pytest.raises(ValueError, match="read-only"):
        matrix.data[0] = 9
    assert np.shares_memory(matrix.data, graph.weights)


def test_symmetrize_when_undirected_then_itself():
    graph = Graph.from_edges([0], [1], [2.0])
    assert graph.symmetrize("sum") is graph


@pytest.mark.parametrize("n", [0, 1])
def test_graph_when_tiny_then_every_question_has_an_answer(n):
    graph = Graph(np.zeros((n, n)))
    assert graph.largest_component().n_nodes == n
    assert graph.symmetrize("mean").n_edges == 0
    assert graph.add_self_loops().n_edges == n
    assert graph.degree(weighted=True, kind="both").tolist() == [0.0] * n
    assert len(graph.fingerprint()) == 32
    assert [len(a) for a in graph.edges()[:2]] == [0, 0]


@pytest.mark.parametrize("directed", [True, False])
def test_getitem_when_rows_and_columns_then_as_the_matrix(directed) -> None:
    graph = Graph.from_edges(
        list("abcad"), list("bcdde"), [1.0, 2, 1, 3, 1], directed=directed
    )
    dense = graph.to_scipy().toarray()
    rows, columns = np.array([3, 0, 4]), np.array([1, 2])
    part = graph[np.ix_(rows, columns)]
    np.testing.assert_array_equal(part.toarray(), dense[np.ix_(rows, columns)])
    induced = graph[np.ix_(rows, rows)]
    assert induced == graph.subgraph(graph.node_ids[rows])
    assert induced.directed is directed
    assert graph[np.ix_([-1, 0], [-1, 0])] == graph.subgraph(["e", "a"])
    assert graph[np.ix_(dense[0] > 0, dense[0] > 0)].n_nodes == (dense[0] > 0).sum()


@pytest.mark.parametrize("key", [0, slice(2), [0, 1], (0, 1), ([0], [1]), "a"])
def test_getitem_when_anything_else_then_says_what_to_call(key) -> None:
    graph = Graph.from_edges(["a"], ["b"])
    with pytest.raises(GraphTypeError, match=r"graph\[numpy.ix_.*graph.subgraph"):
        graph[key]
    with pytest.raises(GraphTypeError, match=r"numpy.ix_"):
        list(graph)


def test_array_when_of_graphs_then_each_is_one_object() -> None:
    graph = Graph.from_edges(["a"], ["b"])
    array = np.array([graph, graph], dtype=object)
    assert array.shape == (2,)
    assert array[1] is graph
    assert np.asarray(graph).shape == ()
