"""as_hypergraph: everything that holds hyperedges, and the way back."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest
from scipy import sparse

from graphrep import Graph, Hypergraph, as_hypergraph
from graphrep.exceptions import (
    GraphTypeError,
    GraphValueError,
    GraphWarning,
    MissingDependencyError,
)

of_pandas = pytest.mark.filterwarnings("ignore::FutureWarning")  # inside HyperNetX
EDGES = [("a", "b", "c"), ("b", "c"), ("d",)]


def rich():
    return Hypergraph(
        EDGES, nodes=list("zabcd"), edge_ids=["x", "y", "w"], weights=[1, 0.5, 2],
        multiplicities=[2, 1, 1], node_labels={"a": "A"}, edge_labels={"y": "Y"},
    )  # fmt: skip


def plain():
    return Hypergraph([(0, 1, 2), (1, 2), (), (5,)], nodes=7)


# -- Python and arrays ---------------------------------------------------------------
def test_hypergraph_when_given_then_comes_back_as_it_is():
    h = rich()
    assert as_hypergraph(h) is h


@pytest.mark.parametrize(
    "x",
    [EDGES, [set(e) for e in EDGES], (list(e) for e in EDGES), tuple(EDGES)],
    ids=["tuples", "sets", "generator", "tuple"],
)
def test_iterable_when_given_then_one_hyperedge_each(x):
    assert as_hypergraph(x) == Hypergraph(EDGES)


def test_list_of_equal_lists_when_given_then_hyperedges_and_no_matrix():
    assert list(as_hypergraph([[0, 1], [1, 2]])) == [(0, 1), (1, 2)]


def test_object_array_of_lists_when_given_then_hyperedges():
    x = np.empty(2, object)
    x[:] = [[3, 1], [1]]
    assert list(as_hypergraph(x)) == [(1, 3), (1,)]


def test_dictionary_when_given_then_keys_are_edge_ids():
    h = as_hypergraph({"x": EDGES[0], "y": [], 7: EDGES[2]})
    assert list(h.edge_ids) == ["x", "y", 7]
    assert list(h) == [EDGES[0], (), EDGES[2]]


def test_nodes_when_given_then_rows_in_their_order():
    for x in (EDGES, Hypergraph(EDGES), dict(enumerate(EDGES))):
        h = as_hypergraph(x, nodes=list("zdcba"))
        assert h.node_ids.tolist() == list("zdcba")
        assert [set(e) for e in h] == [set(e) for e in EDGES]
    assert as_hypergraph([[0]], nodes=4).n_nodes == 4
    with pytest.raises(GraphValueError, match=r"lacks 1 nodes .* such as 'd'"):
        as_hypergraph(Hypergraph(EDGES), nodes=list("abc"))


@pytest.mark.parametrize("kind", ["csr", "csc", "coo"])
def test_sparse_matrix_when_given_then_incidence(kind):
    h = plain()
    given = h.incidence().asformat(kind)
    assert as_hypergraph(given) == h
    assert as_hypergraph(given, kind="incidence") == h
    assert as_hypergraph(given.T, kind="members") == h
    assert as_hypergraph(given, nodes=list("abcdefg"))[0] == ("a", "b", "c")


def test_symmetric_sparse_matrix_when_given_then_refused_unless_told():
    square = sparse.csr_array(np.array([[0, 1], [1, 0]]))
    with pytest.raises(GraphTypeError, match=r"adjacency of a graph.*reconstruct"):
        as_hypergraph(square)
    assert list(as_hypergraph(square, kind="incidence")) == [(1,), (0,)]
    assert len(as_hypergraph(sparse.csr_array((3, 3)))) == 3


def test_dense_array_when_given_then_kind_must_be_told():
    x = np.array([[0, 1, 1], [0, 0, 1]])
    with pytest.raises(GraphTypeError, match=r"kind='incidence'.*'members'.*'index'"):
        as_hypergraph(x)
    assert list(as_hypergraph(x, kind="incidence")) == [(), (0,), (0, 1)]
    assert list(as_hypergraph(x, kind="members")) == [(0, 1), (0, 1)]
    assert list(as_hypergraph(x, kind="index")) == [(0, 1), (1,)]
    with pytest.raises(GraphValueError, match="kind must be one of"):
        as_hypergraph(x, kind="adjacency")


def test_tensor_when_given_then_hyperedge_index():
    torch = pytest.importorskip("torch")
    x = torch.tensor([[0, 1, 2, 1, 2], [0, 0, 0, 2, 2]])
    assert list(as_hypergraph(x)) == [(0, 1, 2), (), (1, 2)]
    assert as_hypergraph(x, nodes=5).n_nodes == 5
    dense = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    assert list(as_hypergraph(dense, kind="incidence")) == [(0, 1), (1,)]
    for bad in (dense, x[0], x.T):
        with pytest.raises(GraphValueError, match="hyperedge_index holds integers"):
            as_hypergraph(bad)
    with pytest.raises(GraphValueError, match="begin with 0"):
        as_hypergraph(torch.tensor([[0], [-1]]))


@pytest.mark.parametrize(
    ("x", "says"),
    [
        (5, "cannot read a int"),
        (None, "cannot read a NoneType"),
        (Graph.from_edges([0], [1]), "A Graph is a graph.*maximal_cliques"),
        ([5], "Hyperedge 0"),
        (["ab"], "Hyperedge 0"),
        ([[[1]]], "hashable"),
    ],
)
def test_object_when_it_holds_no_hyperedges_then_says_what_to_do(x, says):
    with pytest.raises(GraphTypeError, match=says):
        as_hypergraph(x)


# -- tables --------------------------------------------------------------------------
@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_table_when_made_and_read_then_the_same_incidences(backend):
    pytest.importorskip(backend)
    h = rich()
    back = as_hypergraph(h.to_frame(backend), nodes=h.nodes)
    assert list(back) == list(h)
    assert list(back.edge_ids) == list(h.edge_ids)
    assert back.weights.tolist() == h.weights.tolist()
    assert back.counts.tolist() == h.counts.tolist()
    ints = Hypergraph([(9, 2), (2, 4)], edge_ids=[8, 3])
    assert as_hypergraph(ints.to_frame(backend)) == ints


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_table_when_columns_are_named_then_read(backend):
    library = pytest.importorskip(backend)
    make = library.table if backend == "pyarrow" else library.DataFrame
    table = make({"paper": ["p", "q", "p"], "who": [3, 1, 1], "w": [1.0, 2.5, 1.0]})
    h = as_hypergraph(table, edge="paper", node="who", weight="w")
    assert list(h) == [(1, 3), (1,)]
    assert list(h.edge_ids) == ["p", "q"]
    assert h.weights.tolist() == [1.0, 2.5]
    assert as_hypergraph(table, edge="paper", node="who").weights is None
    with pytest.raises(GraphValueError, match="no column 'edge'; its columns are"):
        as_hypergraph(table)
    with pytest.raises(GraphValueError, match="no column 'size'"):
        as_hypergraph(table, edge="paper", node="who", weight="size")


def test_table_when_weights_of_a_hyperedge_differ_then_says_which():
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({"edge": [1, 1], "node": [1, 2], "weight": [1.0, 2.0]})
    with pytest.raises(GraphValueError, match=r"Hyperedge 1 has the weights 1.0 and"):
        as_hypergraph(table)
    assert as_hypergraph(table, weight=None).weights is None
    table["node"] = [1, None]
    with pytest.raises(GraphValueError, match="'node' is missing in row 1"):
        as_hypergraph(table, weight=None)


# -- networkx ------------------------------------------------------------------------
@pytest.mark.parametrize("h", [rich(), plain()], ids=["rich", "plain"])
def test_networkx_when_made_and_read_then_the_same(h):
    nx = pytest.importorskip("networkx")
    foreign = h.to_networkx()
    assert nx.is_bipartite(foreign)
    assert foreign.number_of_nodes() == h.n_nodes + h.n_hyperedges
    assert as_hypergraph(foreign) == h


def test_networkx_when_ids_collide_then_hyperedges_are_marked():
    pytest.importorskip("networkx")
    assert ("hyperedge", 0) in plain().to_networkx()
    assert "x" in rich().to_networkx()


def test_networkx_when_no_incidence_graph_then_says_why():
    nx = pytest.importorskip("networkx")
    with pytest.raises(GraphTypeError, match=r"no attribute bipartite.*is a graph"):
        as_hypergraph(nx.path_graph(3))
    side = nx.Graph()
    side.add_nodes_from("ab", bipartite=0)
    side.add_nodes_from("xy", bipartite=1)
    side.add_edge("a", "b")
    with pytest.raises(GraphValueError, match="'a' is joined to a node"):
        as_hypergraph(side)
    side.remove_edge("a", "b")
    side.add_edge("x", "y")
    with pytest.raises(GraphValueError, match="'x' and 'y' are joined"):
        as_hypergraph(side)
    with pytest.raises(GraphTypeError, match="directions"):
        as_hypergraph(nx.DiGraph(plain().to_networkx()))


def test_networkx_when_made_by_xgi_then_read():
    xgi = pytest.importorskip("xgi")
    foreign = xgi.to_bipartite_graph(xgi.Hypergraph([[1, 2], [2, 3]]))
    assert [len(e) for e in as_hypergraph(foreign)] == [2, 2]


# -- hypergraph libraries ------------------------------------------------------------
@pytest.mark.parametrize("h", [rich(), plain()], ids=["rich", "plain"])
def test_xgi_when_made_and_read_then_the_same(h):
    xgi = pytest.importorskip("xgi")
    foreign = h.to_xgi()
    assert isinstance(foreign, xgi.Hypergraph)
    assert foreign.num_nodes == h.n_nodes
    assert foreign.edges.size.aslist() == h.sizes.tolist()
    assert as_hypergraph(foreign) == h


def test_xgi_when_simplices_or_directed_then_read_or_refused():
    xgi = pytest.importorskip("xgi")
    complex_ = xgi.SimplicialComplex([[1, 2, 3]])
    assert len(as_hypergraph(complex_)) == 4
    with pytest.raises(GraphTypeError, match="DiHypergraph of XGI has directions"):
        as_hypergraph(xgi.DiHypergraph([([1], [2])]))


@of_pandas
def test_hypernetx_when_made_and_read_then_the_same_but_for_what_it_drops():
    hnx = pytest.importorskip("hypernetx")
    h = rich()
    with pytest.warns(GraphWarning, match="1 nodes in no hyperedge and 0 empty"):
        foreign = h.to_hypernetx()
    assert isinstance(foreign, hnx.Hypergraph)
    back = as_hypergraph(foreign, nodes=h.nodes)
    there = back.take([list(back.edge_ids).index(e) for e in h.edge_ids])
    assert there == h
    with pytest.warns(GraphWarning, match="1 empty"):
        assert len(as_hypergraph(plain().to_hypernetx())) == 3
    full = Hypergraph([(1, 2), (2, 3)])
    assert as_hypergraph(full.to_hypernetx()) == full


@of_pandas
def test_hypernetx_when_it_has_an_empty_hyperedge_then_integers_stay():
    hnx = pytest.importorskip("hypernetx")
    h = as_hypergraph(hnx.Hypergraph([[1, 2], [2, 3], []]))
    assert list(h) == [(1, 2), (2, 3), ()]
    assert h.nodes.is_integer


@pytest.mark.parametrize("h", [rich(), plain()], ids=["rich", "plain"])
def test_hypergraphx_when_made_and_read_then_the_same(h):
    hgx = pytest.importorskip("hypergraphx")
    foreign = h.to_hypergraphx()
    assert isinstance(foreign, hgx.Hypergraph)
    assert as_hypergraph(foreign) == h


def test_hypergraphx_when_sets_repeat_then_merged():
    hgx = pytest.importorskip("hypergraphx")
    h = Hypergraph([(1, 2), (2, 1), (3,)])
    foreign = h.to_hypergraphx()
    assert foreign.get_weights(asdict=True) == {(1, 2): 2, (3,): 1}
    assert as_hypergraph(foreign).counts.tolist() == [2, 1]
    heavy = Hypergraph([(1, 2), (2, 1)], weights=[5, 6])
    with pytest.warns(GraphWarning, match="1 repeated"):
        assert heavy.to_hypergraphx().get_weights() == [5.0]
    with pytest.raises(GraphTypeError, match="TemporalHypergraph of hypergraphx"):
        as_hypergraph(hgx.TemporalHypergraph())


class _Dhg:
    """What as_hypergraph reads of DHG, in the shape that DHG 0.9 gives it."""

    def __init__(self, num_v, e_list=None, e_weight=None):
        edges = [tuple(e) for e in e_list or []]
        assert len(set(edges)) == len(edges)
        self.num_v = num_v
        self.e = (edges, list(e_weight or [1.0] * len(edges)))


@pytest.fixture
def dhg(monkeypatch):
    kind = type("Hypergraph", (_Dhg,), {})
    kind.__module__ = "dhg.structure.hypergraphs.hypergraph"
    module = types.SimpleNamespace(Hypergraph=kind)
    monkeypatch.setitem(sys.modules, "dhg", module)
    return module


def test_dhg_when_made_and_read_then_the_same(dhg):
    h = Hypergraph([(0, 1, 2), (1, 2), (5,)], nodes=7, weights=[1, 0.5, 3])
    assert as_hypergraph(h.to_dhg()) == h
    bare = Hypergraph([(0, 1), (1, 2), (0, 1)])
    back = as_hypergraph(bare.to_dhg())
    assert list(back) == [(0, 1), (1, 2)]
    assert back.weights.tolist() == [2, 1]
    assert as_hypergraph(dhg.Hypergraph(3, [(0, 1)])).weights is None
    assert as_hypergraph(Hypergraph([], nodes=2).to_dhg()).n_nodes == 2


def test_dhg_when_it_cannot_hold_something_then_tells(dhg):
    with pytest.warns(GraphWarning, match="no place for ids"):
        rich().to_dhg()
    with pytest.raises(GraphValueError, match="no empty hyperedges, and hyperedge 2"):
        plain().to_dhg()
    graph = type("Graph", (), {"__module__": "dhg.structure"})()
    with pytest.raises(GraphTypeError, match="A Graph of DHG is a graph"):
        as_hypergraph(graph)


def test_dhg_when_not_installed_then_says_how(monkeypatch):
    monkeypatch.setitem(sys.modules, "dhg", None)
    with pytest.raises(MissingDependencyError, match="pip install dhg"):
        plain().to_dhg()


def test_pyg_when_made_and_read_then_the_same():
    pytest.importorskip("torch_geometric")
    h = Hypergraph(
        EDGES, nodes=list("zabcd"), edge_ids=["x", "y", "w"], weights=[1, 0.5, 2]
    )
    data = h.to_pyg()
    assert data.edge_index.shape == (2, 6)
    assert data.num_nodes == 5
    assert as_hypergraph(data) == h
    assert as_hypergraph(plain().to_pyg()) == plain()
    square = Hypergraph([(0,), (1,), ()], nodes=3)  # as many nodes as hyperedges
    assert as_hypergraph(square.to_pyg()) == square


def test_pyg_when_data_has_a_hyperedge_index_then_read():
    torch = pytest.importorskip("torch")
    data = pytest.importorskip("torch_geometric.data")
    index = torch.tensor([[0, 1, 2, 1], [0, 0, 1, 1]])
    weights = torch.tensor([0.5, 2.0])
    x = data.Data(hyperedge_index=index, hyperedge_weight=weights, x=torch.zeros(5, 2))
    h = as_hypergraph(x)
    assert (h.n_nodes, list(h), h.weights.tolist()) == (5, [(0, 1), (1, 2)], [0.5, 2])
    graph = data.Data(edge_index=index[:, :2], num_nodes=3)
    with pytest.raises(GraphTypeError, match="no hyperedge_index"):
        as_hypergraph(graph)
    short = data.Data(hyperedge_index=index, hyperedge_weight=weights[:1])
    with pytest.raises(GraphValueError, match="hyperedge 1, but there are 1"):
        as_hypergraph(short)


# -- HIF -----------------------------------------------------------------------------
@pytest.mark.parametrize("h", [rich(), plain()], ids=["rich", "plain"])
def test_hif_when_made_and_read_then_the_same(h):
    assert as_hypergraph(h.to_hif()) == h


def test_path_when_given_then_read(tmp_path):
    path = tmp_path / "h.txt"
    path.write_text("1 2\n2 3\n")
    assert list(as_hypergraph(path)) == [(1, 2), (2, 3)]
    assert as_hypergraph(str(path), nodes=5).n_nodes == 5
    assert list(as_hypergraph(path, format="hyperedges")) == [(1, 2), (2, 3)]
