"""Foreign graphs and tables in and out: same ids, same order, same weights."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrep import (
    Graph,
    Terminology,
    as_graph,
    as_hypergraph,
    as_knowledge_graph,
)
from graphrep.exceptions import GraphTypeError, GraphValueError, GraphWarning

EDGES = st.lists(
    st.tuples(
        st.integers(0, 12), st.integers(0, 12), st.sampled_from([0.25, 1.0, 3.0])
    ),
    max_size=30,
    unique_by=lambda e: (min(e[:2]), max(e[:2])),
)
NAMES = [f"n{i:02}" for i in range(13)]


def made(edges, directed, *, named=True):
    """Graph of a list of edges; every node is listed."""
    source, target, weight = zip(*edges, strict=True) if edges else ((), (), ())
    ends = [[NAMES[i] if named else 5 * i for i in side] for side in (source, target)]
    nodes = NAMES if named else [5 * i for i in range(13)]
    return Graph.from_edges(*ends, np.array(weight), nodes=nodes, directed=directed)


# -- networkx --------------------------------------------------------------------
@given(EDGES, st.booleans(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_networkx_when_out_and_in_then_the_same_graph(edges, directed, named):
    pytest.importorskip("networkx")
    graph = made(edges, directed, named=named)
    foreign = graph.to_networkx()
    assert list(foreign) == list(graph.nodes)
    assert foreign.is_directed() == directed
    assert as_graph(foreign) == graph


@pytest.mark.parametrize("kind", ["Graph", "DiGraph", "MultiGraph", "MultiDiGraph"])
@pytest.mark.parametrize("weight", ["weight", "km", None])
def test_networkx_when_any_kind_then_as_networkx_own_matrix(kind, weight):
    nx = pytest.importorskip("networkx")
    foreign = getattr(nx, kind)()
    foreign.add_node("alone")
    foreign.add_edge("b", "a", weight=2.5, km=7)
    foreign.add_edge("b", "a", weight=1.5)
    foreign.add_edge("a", "b", km=3)
    foreign.add_edge("c", "c", weight=4)
    graph = as_graph(foreign, weight=weight)
    assert list(graph.nodes) == list(foreign)
    expected = nx.to_scipy_sparse_array(foreign, weight=weight).toarray()
    assert np.array_equal(graph.to_scipy().toarray(), expected)
    assert graph.directed == foreign.is_directed()


@pytest.mark.parametrize(("rule", "value"), [("max", 3), ("first", 1), ("mean", 2)])
def test_networkx_when_parallel_edges_then_merged_by_the_rule(rule, value):
    nx = pytest.importorskip("networkx")
    foreign = nx.MultiGraph([("a", "b", {"weight": 1}), ("a", "b", {"weight": 3})])
    matrix = as_graph(foreign, duplicates=rule).to_scipy().toarray()
    assert matrix.tolist() == [[0, value], [value, 0]]
    with pytest.raises(GraphValueError, match="parallel edges"):
        as_graph(foreign, duplicates="error")


def test_networkx_when_subclass_view_or_odd_ids_then_read_all_the_same():
    nx = pytest.importorskip("networkx")
    own = type("Own", (nx.DiGraph,), {"__module__": "elsewhere"})()
    own.add_edges_from([((1, 2), frozenset("a")), (frozenset("a"), None.__class__)])
    assert list(as_graph(own).nodes) == list(own)
    view = nx.path_graph(5).subgraph([1, 2, 4])
    assert as_graph(view) == as_graph(nx.Graph(view))


def test_networkx_when_weight_is_no_number_then_the_attribute_is_named():
    nx = pytest.importorskip("networkx")
    foreign = nx.Graph([("a", "b", {"weight": "heavy"})])
    with pytest.raises(GraphTypeError, match="'weight' must hold real numbers"):
        as_graph(foreign)
    assert not as_graph(foreign, weight=None).weighted


def test_networkx_when_direction_told_then_followed_or_refused():
    nx = pytest.importorskip("networkx")
    assert as_graph(nx.path_graph(3), directed=True).directed
    with pytest.raises(GraphValueError, match="symmetrize"):
        as_graph(nx.DiGraph([(0, 1)]), directed=False)


# -- PyTorch Geometric -----------------------------------------------------------
@given(EDGES, st.booleans())
@settings(max_examples=25, deadline=None)
def test_pyg_when_out_and_in_then_the_same_graph(edges, named):
    pytest.importorskip("torch_geometric")
    graph = made(edges, directed=False, named=named)
    data = graph.to_pyg()
    assert data.num_nodes == 13
    assert data.edge_index.shape == (2, len(graph.indices))
    assert data.is_undirected()
    assert as_graph(data) == graph


def test_pyg_when_range_ids_and_directed_then_no_ids_and_float32_kept():
    torch = pytest.importorskip("torch")
    pytest.importorskip("torch_geometric")
    graph = Graph.from_codes(
        np.array([0, 2]), np.array([1, 0]), np.float32([2, 3]), nodes=4, directed=True
    )
    data = graph.to_pyg()
    assert "node_id" not in data
    assert data.edge_index.dtype == torch.int64
    assert data.edge_weight.dtype == torch.float32
    assert as_graph(data) == graph


def test_pyg_when_edge_attr_then_one_column_is_the_weight_and_more_are_features():
    torch = pytest.importorskip("torch")
    geometric = pytest.importorskip("torch_geometric.data")
    ends = torch.tensor([[0, 1], [1, 2]])
    one = torch.tensor([[2.0], [3.0]], requires_grad=True)
    graph = as_graph(geometric.Data(edge_index=ends, edge_attr=one, num_nodes=5))
    assert graph.weights.tolist() == [2.0, 3.0]
    assert graph.n_nodes == 5
    half = geometric.Data(edge_index=ends, edge_attr=one.detach().bfloat16()[:, 0])
    half.num_nodes = 3
    assert as_graph(half).weights.tolist() == [2.0, 3.0]
    many = geometric.Data(edge_index=ends, edge_attr=torch.ones(2, 4), num_nodes=3)
    assert not as_graph(many).weighted
    named = geometric.Data(edge_index=ends, score=torch.tensor([5.0, 6]), num_nodes=3)
    assert as_graph(named, weight="score").weights.tolist() == [5.0, 6.0]
    assert not as_graph(half, weight=None).weighted


def test_pyg_when_edge_index_outside_num_nodes_then_error():
    torch = pytest.importorskip("torch")
    geometric = pytest.importorskip("torch_geometric.data")
    data = geometric.Data(edge_index=torch.tensor([[0], [9]]), num_nodes=3)
    with pytest.raises(GraphValueError, match="outside a graph of 3"):
        as_graph(data)
    with pytest.raises(GraphValueError, match="no edge_index"):
        as_graph(geometric.Data(num_nodes=3))


def test_hetero_data_when_relation_chosen_then_its_graph_else_told_to_choose():
    torch = pytest.importorskip("torch")
    geometric = pytest.importorskip("torch_geometric.data")
    data = geometric.HeteroData()
    data["p"].num_nodes = 3
    data["q"].num_nodes = 1
    data["p", "cites", "p"].edge_index = torch.tensor([[0], [1]])
    data["p", "in", "q"].edge_index = torch.tensor([[0], [0]])
    assert as_graph(data, relation=("p", "cites", "p")).n_nodes == 3
    with pytest.raises(GraphTypeError, match="as_knowledge_graph"):
        as_graph(data)
    with pytest.raises(GraphValueError, match="from_biadjacency"):
        as_graph(data, relation=("p", "in", "q"))
    with pytest.raises(GraphValueError, match="no relation"):
        as_graph(data, relation=("p", "likes", "p"))


# -- tables ----------------------------------------------------------------------
def tables(**columns):
    """Build the same table in every library at hand, plain and encoded."""
    pd = pytest.importorskip("pandas")
    pl = pytest.importorskip("polars")
    pa = pytest.importorskip("pyarrow")
    arrow = pa.table(columns)
    frame = pl.DataFrame(columns)
    yield pd.DataFrame(columns)
    yield pd.DataFrame(columns, index=range(7, 7 + len(arrow)))
    yield frame
    yield frame.lazy()
    yield arrow
    yield pa.concat_tables([arrow.slice(0, 1), arrow.slice(1)])
    yield pa.RecordBatchReader.from_batches(arrow.schema, arrow.to_batches())
    if isinstance(columns["source"][0], str):
        yield pd.DataFrame(columns).astype({"source": "category"})
        yield frame.with_columns(pl.col("source").cast(pl.Categorical))
        coded = pa.chunked_array([pa.array(columns["source"])]).dictionary_encode()
        yield arrow.set_column(0, "source", coded)


@pytest.mark.parametrize(
    "ids",
    [
        ["b", "a", "c", "a"],
        [5, 2**62, -3, 2**62],
        [True, False, True, True],
        [b"x", b"y", b"z", b"y"],
    ],
)
def test_table_when_any_library_and_id_type_then_same_graph_as_from_a_list(ids):
    source, target, weight = ids[:3], ids[1:], [1.0, 2.0, 0.5]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GraphWarning)
        expected = Graph.from_edges(source, target, weight)
        for table in tables(source=source, target=target, weight=weight):
            assert as_graph(table) == expected, type(table)


def test_table_when_columns_named_and_nodes_given_then_isolated_nodes_kept():
    for table in tables(source=["a", "b"], to=["b", "c"], km=[2, 3], weight=[9, 9]):
        graph = as_graph(
            table, target="to", weight="km", directed=True, nodes=["c", "z", "b", "a"]
        )
        assert list(graph.nodes) == ["c", "z", "b", "a"]
        assert graph.to_scipy().toarray()[[3, 2], [2, 0]].tolist() == [2.0, 3.0]
        assert graph.directed


def test_table_when_end_not_among_nodes_or_column_missing_then_error():
    for table in tables(source=["a"], target=["b"]):
        with pytest.raises(GraphValueError, match=r"source is not .*'a'"):
            as_graph(table, nodes=["b"])
        with pytest.raises(GraphValueError, match="no column 'km'"):
            as_graph(table, weight="km")


def test_table_when_an_id_is_null_then_column_and_row_are_named():
    for table in tables(source=["a", "b", "c"], target=["b", None, None]):
        with pytest.raises(
            GraphValueError, match=r"'target' is missing in row 1 .*2 mis"
        ):
            as_graph(table)
    for table in tables(source=[1, 2], target=[1, None]):
        with pytest.raises(GraphValueError, match="in row 1"):
            as_graph(table)


def test_table_when_a_weight_is_null_then_the_edge_is_named():
    for table in tables(source=["a", "b"], target=["b", "c"], weight=[1.0, None]):
        with pytest.raises(GraphValueError, match=r"\('b', 'c'\) at position 1"):
            as_graph(table)


def test_table_when_empty_then_empty_graph():
    pa = pytest.importorskip("pyarrow")
    pd = pytest.importorskip("pandas")
    schema = pa.schema([("source", pa.string()), ("target", pa.string())])
    assert as_graph(schema.empty_table()).n_nodes == 0
    assert as_graph(pd.DataFrame({"source": [], "target": []})).n_nodes == 0


def test_table_when_it_only_exports_an_arrow_stream_then_read():
    pa = pytest.importorskip("pyarrow")

    class Relation:
        def __arrow_c_stream__(self, requested_schema=None):
            table = pa.table({"source": ["a"], "target": ["b"]})
            return table.__arrow_c_stream__(requested_schema)

    assert list(as_graph(Relation()).nodes) == ["a", "b"]


@given(EDGES, st.booleans(), st.booleans())
@settings(max_examples=20, deadline=None)
def test_to_frame_when_read_again_then_the_same_graph(edges, directed, named):
    graph = made(edges, directed, named=named)
    for backend in ("pandas", "polars", "pyarrow"):
        pytest.importorskip(backend)
        frame = graph.to_frame(backend)
        assert len(frame) == graph.n_edges
        if graph.n_edges:  # the types of no ids are not known
            assert as_graph(frame, nodes=graph.nodes, directed=directed) == graph


def test_to_frame_when_backend_unknown_then_error():
    with pytest.raises(GraphValueError, match="'pandas', 'polars', 'pyarrow'"):
        Graph.from_edges([0], [1]).to_frame("excel")


def test_square_frame_when_index_equals_columns_then_adjacency_with_ids():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame([[0, 2.0], [0, 0]], index=["a", "b"], columns=["a", "b"])
    graph = as_graph(frame)
    assert graph.directed
    assert graph.neighbors("a") == ["b"]
    assert as_graph(frame.astype(pd.SparseDtype(float, 0))) == graph
    assert list(as_graph(frame, nodes=["b", "a"]).nodes) == ["b", "a"]


def test_square_frame_when_it_may_be_a_list_of_edges_then_refused():
    pd = pytest.importorskip("pandas")
    with pytest.raises(GraphTypeError, match="Name the columns"):
        as_graph(pd.DataFrame([[0, 1, 1.0], [1, 2, 1.0], [2, 0, 1.0]]))


# -- igraph, rustworkx, networkit ------------------------------------------------
def test_igraph_when_named_and_weighted_then_kept():
    igraph = pytest.importorskip("igraph")
    foreign = igraph.Graph(n=3, edges=[(0, 1), (2, 1)], directed=True)
    assert as_graph(foreign).degree().tolist() == [1, 0, 1]
    foreign.vs["name"] = ["a", "b", "c"]
    foreign.es["weight"] = [2.0, 3.0]
    graph = as_graph(foreign)
    assert list(graph.nodes) == ["a", "b", "c"]
    assert graph.weights.tolist() == [2.0, 3.0]


def test_rustworkx_when_payloads_name_nodes_and_weigh_edges_then_kept():
    rx = pytest.importorskip("rustworkx")
    foreign = rx.PyDiGraph()
    foreign.add_nodes_from(["a", "b", "c"])
    foreign.remove_node(1)
    foreign.add_edge(0, 2, {"weight": 2.5})
    graph = as_graph(foreign)
    assert list(graph.nodes) == ["a", "c"]
    assert graph.directed
    assert graph.weights.tolist() == [2.5]


def test_networkit_when_nodes_removed_then_numbers_are_the_ids():
    nk = pytest.importorskip("networkit")
    foreign = nk.Graph(4, weighted=True)
    foreign.addEdge(0, 3, 2.5)
    foreign.removeNode(1)
    graph = as_graph(foreign)
    assert list(graph.nodes) == [0, 2, 3]
    assert graph.neighbors(3) == [0]
    assert graph.weights.tolist() == [2.5, 2.5]


# -- the gate itself -------------------------------------------------------------
def test_as_graph_when_already_a_graph_then_the_same_object():
    graph = Graph.from_edges(["a"], ["b"])
    assert as_graph(graph) is graph
    assert as_graph(graph, directed=True).directed
    assert list(as_graph(graph, nodes=["b", "a"]).nodes) == ["b", "a"]
    with pytest.raises(GraphValueError, match=r"subgraph\(nodes\)"):
        as_graph(graph, nodes=["a"])


def test_as_graph_when_lists_or_arrays_of_any_number_then_adjacency():
    rows = [[0.0, 1.5], [1.5, 0.0]]
    assert as_graph(rows) == as_graph(np.array(rows))
    assert as_graph(np.ones((4, 4), int)).n_edges == 10
    assert as_graph(np.ones((2, 2), bool)).n_edges == 3
    assert not as_graph(rows, weight=None).weighted


def test_as_graph_when_path_then_read(tmp_path):
    path = tmp_path / "graph.tsv"
    path.write_text("a\tb\t2\nb\tc\t3\n")
    for given_path in (path, str(path)):
        graph = as_graph(given_path)
        assert list(graph.nodes) == ["a", "b", "c"]
        assert graph.weighted
    assert not as_graph(path, weight=None).weighted
    assert as_graph(path, directed=True).directed


def test_fit_when_it_is_no_graph_but_has_one_then_told_how_to_get_it():
    concepts = Terminology(["a", "b"], ["x", "y"], [0, 1], parents=([1], [0]))
    with pytest.raises(GraphTypeError, match=r"pass its graph, terminology.to_graph"):
        as_graph(concepts)
    with pytest.raises(GraphTypeError, match=r"pass its graph, hypergraph.project"):
        as_graph(as_hypergraph([("a", "b")]))
    statements = as_knowledge_graph([("a", "r", "b"), ("a", "s", "b")])
    with pytest.raises(GraphTypeError, match=r"kg.graph\(collapse=True\)"):
        as_graph(statements)
    assert as_graph(statements.graph(collapse=True)).n_edges == 1
