"""Hypergraph: making, asking, deriving, projecting."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV, KFold, train_test_split
from sklearn.utils._indexing import _safe_indexing

from graphrep import Hypergraph
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import NodeIndex

ABC = [("a", "b", "c"), ("b", "c"), (), ("d",)]


def random_hypergraph(seed, n_nodes=30, n_edges=60, counts=False):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(0, 7, n_edges)
    edges = [rng.choice(n_nodes, k, replace=False).tolist() for k in sizes]
    many = rng.integers(1, 4, n_edges) if counts else None
    return Hypergraph(edges, nodes=n_nodes, multiplicities=many)


def brute_projection(h):
    weights = Counter()
    for members, count in zip(h, h.counts.tolist(), strict=True):
        for pair in combinations(sorted(members), 2):
            weights[pair] += count
    return dict(weights)


def edges_of(graph):
    rows, columns, weights = graph.edges()
    weights = np.ones(len(rows)) if weights is None else weights
    ends = graph.node_ids[np.stack([rows, columns], axis=1)].tolist()
    return {tuple(sorted(e)): w for e, w in zip(ends, weights.tolist(), strict=True)}


# -- making --------------------------------------------------------------------------
@pytest.mark.parametrize(
    "edges",
    [
        [[3, 1, 2], [2, 3]],
        [{1, 2, 3}, {3, 2}],
        [(1, 2, 3, 3, 1), (2, 3, 2)],
        [np.array([3, 2, 1]), np.array([2, 3], np.uint8)],
        [[np.int64(1), np.int32(2), 3], frozenset({3, 2})],
        (iter(e) for e in ([1, 2, 3], [2, 3])),
        ({1: "x", 2: "y", 3: "z"}, {2: 0, 3: 0}.keys()),
    ],
)
def test_hypergraph_when_members_come_in_any_form_then_sorted_sets_of_integers(edges):
    h = Hypergraph(edges)
    assert list(h) == [(1, 2, 3), (2, 3)]
    assert h.nodes == NodeIndex([1, 2, 3])
    assert h.nodes.is_integer
    assert (h.n_nodes, h.n_hyperedges, len(h)) == (3, 2, 2)
    assert (h.indptr.dtype, h.indices.dtype) == (np.int64, np.int32)
    assert not h.indices.flags.writeable
    assert not h.indptr.flags.writeable


def test_hypergraph_when_made_of_rows_of_an_array_then_one_hyperedge_a_row():
    assert list(Hypergraph(np.array([[0, 2], [1, 1]]))) == [(0, 2), (1,)]


def test_hypergraph_when_made_of_tensors_then_members_are_integers():
    torch = pytest.importorskip("torch")
    assert list(Hypergraph([torch.tensor([4, 2]), torch.tensor([2])])) == [(2, 4), (2,)]


def test_hypergraph_when_ids_are_texts_then_in_order_of_first_appearance():
    h = Hypergraph([("c", "a"), (), ("b", "a", "b")])
    assert h.node_ids.tolist() == ["c", "a", "b"]
    assert list(h) == [("c", "a"), (), ("a", "b")]
    assert h.sizes.tolist() == [2, 0, 2]


def test_hypergraph_when_integers_lie_far_apart_then_ascending():
    h = Hypergraph([(2**60, -5), (7, -5)])
    assert h.node_ids.tolist() == [-5, 7, 2**60]
    assert list(h) == [(-5, 2**60), (-5, 7)]


def test_hypergraph_when_members_are_sets_of_texts_then_the_same_in_every_process():
    code = (
        "from graphrep import Hypergraph;"
        "h = Hypergraph([{'pear', 'fig', 'kiwi', 'lime'}, {('x', 1), 'nut', 3}]);"
        "print(h.node_ids.tolist())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True,
            env=os.environ | {"PYTHONHASHSEED": str(seed)},
        ).stdout
        for seed in (1, 2)
    }  # fmt: skip
    assert seen == {"['fig', 'kiwi', 'lime', 'pear', 3, 'nut', ('x', 1)]\n"}


def test_hypergraph_when_nodes_are_given_then_rows_follow_them():
    h = Hypergraph([("b", "a")], nodes=["z", "a", "b"])
    assert h.n_nodes == 3
    assert h.indices.tolist() == [1, 2]
    assert h.degree().tolist() == [0, 1, 1]
    assert Hypergraph([], nodes=3).n_nodes == 3


def test_hypergraph_when_there_are_no_nodes_then_everything_is_empty():
    for h in (Hypergraph([]), Hypergraph([(), ()]), Hypergraph.from_csr([0], [])):
        assert h.n_nodes == 0
        assert h.sizes.sum() == 0
        assert h.incidence().shape == (0, len(h))
        assert h.project().n_nodes == 0
        assert h.distinct().n_hyperedges == min(len(h), 1)
        assert pickle.loads(pickle.dumps(h)) == h
        assert h.find(Hypergraph([("x",), ()])).tolist() == [-1, 0 if len(h) else -1]


def test_from_csr_when_rows_are_unsorted_with_repeats_then_put_right():
    indices = np.array([2, 0, 2, 1, 1])
    h = Hypergraph.from_csr([0, 3, 3, 5], indices, nodes=["x", "y", "z"])
    assert list(h) == [("x", "z"), (), ("y",)]
    assert indices.tolist() == [2, 0, 2, 1, 1]
    assert Hypergraph.from_csr([0, 1], [4]).n_nodes == 5


@pytest.mark.parametrize(
    ("indptr", "indices", "says"),
    [
        ([0, 2], [0], "end with the number of members, 1"),
        ([1, 2], [0, 1], "begin with 0"),
        ([0, 2, 1], [0], "never descend"),
        ([], [], "begin with 0"),
        ([0, 1], [3], "Member 3 of hyperedge 0 is outside the 2 nodes"),
        ([0, 0, 2], [0, -1], "Member -1 of hyperedge 1"),
        ([0.0, 1.0], [1], "indptr must be one row of integers"),
        ([0, 1], ["a"], "indices must be one row of integers"),
        ([0, 1], [[1]], "of shape"),
    ],
)
def test_from_csr_when_arrays_are_broken_then_says_where(indptr, indices, says):
    with pytest.raises(GraphValueError, match=says):
        Hypergraph.from_csr(indptr, indices, nodes=2)


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "lil"])
def test_from_incidence_when_sparse_then_columns_are_hyperedges(kind):
    dense = np.array([[1, 0, 0], [2.5, 0, 1], [0, 0, -1]])
    given = sparse.csr_array(dense).asformat(kind)
    h = Hypergraph.from_incidence(given, nodes=["a", "b", "c"], edge_ids=[5, 6, 7])
    assert list(h) == [("a", "b"), (), ("b", "c")]
    assert list(h.edge_ids) == [5, 6, 7]
    assert (given.toarray() == dense).all()
    assert (h.incidence().toarray() == (dense != 0)).all()
    assert list(Hypergraph.from_incidence(dense)) == [(0, 1), (), (1, 2)]
    assert list(Hypergraph.from_incidence(dense.tolist())) == [(0, 1), (), (1, 2)]


def test_from_incidence_when_entries_repeat_or_are_zero_then_sums_count():
    data = np.array([1.0, -1.0, 0.0, 1.0, 1.0])
    at = (np.array([0, 0, 1, 2, 2]), np.array([0, 0, 0, 0, 0]))
    given = sparse.coo_array((data, at), shape=(3, 1))
    assert list(Hypergraph.from_incidence(given)) == [(2,)]
    doubled = sparse.csc_array((data, at[0], np.array([0, 5])), shape=(3, 1))
    assert list(Hypergraph.from_incidence(doubled)) == [(2,)]
    assert doubled.nnz == 5
    assert given.nnz == 5


def test_incidence_when_read_back_then_the_same_hypergraph():
    h = random_hypergraph(0)
    assert Hypergraph.from_incidence(h.incidence()) == h
    pointers, edges = h.transpose()
    assert (np.diff(pointers) == h.degree()).all()
    assert edges.dtype == np.int32


# -- errors --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: Hypergraph(["ab"]), GraphTypeError, "Hyperedge 0 .* is 'ab'"),
        (lambda: Hypergraph([[1], 5]), GraphTypeError, "Hyperedge 1"),
        (lambda: Hypergraph("ab"), GraphTypeError, "list of lists"),
        (lambda: Hypergraph(5), GraphTypeError, "list of lists"),
        (lambda: Hypergraph({1: [2]}), GraphTypeError, "as_hypergraph"),
        (lambda: Hypergraph(sparse.eye(2)), GraphTypeError, "from_incidence"),
        (lambda: Hypergraph([np.eye(2)]), GraphTypeError, r"shape \(2, 2\)"),
        (lambda: Hypergraph([[[1]]]), GraphTypeError, "hashable"),
        (lambda: Hypergraph([[[1]]], nodes=["a"]), GraphTypeError, "hashable"),
        (lambda: Hypergraph([["a", None]]), GraphValueError, "missing"),
        (lambda: Hypergraph([[1, float("nan")]]), GraphValueError, "missing"),
        (lambda: Hypergraph([[1], ["1"]]), GraphValueError, "'1'"),
        (lambda: Hypergraph([[1], [2, 9]], nodes=3), GraphValueError, "hyperedge 1"),
        (lambda: Hypergraph([["b"]], nodes=["a"]), GraphValueError, "hyperedge 0"),
        (lambda: Hypergraph([[1]], edge_ids=["a", "b"]), GraphValueError, "2 ids"),
        (
            lambda: Hypergraph([[1]], multiplicities=[0]),
            GraphValueError,
            "multiplicity 0",
        ),
        (
            lambda: Hypergraph([[1], [2]], multiplicities=[1, 1.5]),
            GraphValueError,
            "Hyperedge 1 has multiplicity 1.5",
        ),
        (
            lambda: Hypergraph([[1]], multiplicities=[np.nan]),
            GraphValueError,
            "multiplicity nan",
        ),
        (
            lambda: Hypergraph([[1]], multiplicities=[1e300]),
            GraphValueError,
            "multiplicity 1e.300",
        ),
        (lambda: Hypergraph([[1]], multiplicities=["x"]), GraphTypeError, "numbers"),
        (lambda: Hypergraph([[1]], multiplicities=[1, 1]), GraphValueError, "shape"),
        (lambda: Hypergraph([[1]], weights=[np.inf]), GraphValueError, "finite"),
        (lambda: Hypergraph([[1]], weights=[1j]), GraphTypeError, "numbers"),
        (lambda: Hypergraph([[1]], weights=[[1.0]]), GraphValueError, "shape"),
        (
            lambda: Hypergraph.from_incidence(np.ones(3)),
            GraphValueError,
            "two dimensions",
        ),
        (
            lambda: Hypergraph.from_incidence([[0, np.nan]]),
            GraphValueError,
            "hyperedge 1 is nan",
        ),
        (
            lambda: Hypergraph.from_incidence([["a"]]),
            GraphTypeError,
            "holds numbers",
        ),
        (
            lambda: Hypergraph.from_incidence(np.eye(2), nodes=["a"]),
            GraphValueError,
            "1 ids were given for 2",
        ),
    ],
)
def test_hypergraph_when_given_what_it_cannot_hold_then_says_what(make, error, says):
    with pytest.raises(error, match=says):
        make()


# -- asking --------------------------------------------------------------------------
def test_contains_when_asked_for_sets_then_compares_members():
    h = Hypergraph(ABC)
    assert ("c", "b", "a", "a") in h
    assert {"b", "c"} in h
    assert [] in h
    assert np.array(["d"]) in h
    for absent in (("a",), ("a", "z"), ("a", 1), "d", b"d", 5, None, [["a"]]):
        assert absent not in h
    assert () not in Hypergraph([(1,)])
    assert np.array([1]) in Hypergraph([(1,)])


def test_getitem_when_asked_by_number_then_members():
    h = Hypergraph(ABC)
    assert (h[0], h[-1], h[2]) == (("a", "b", "c"), ("d",), ())
    assert h[np.int64(1)] == ("b", "c")
    for outside in (4, -5):
        with pytest.raises(IndexError, match="There are 4 hyperedges"):
            h[outside]


@pytest.mark.parametrize(
    ("here", "there", "wanted"),
    [
        ([(0, 1), (1, 2)], [(2, 1), (0,), ()], [1, -1, -1]),
        ([("a", "b"), ()], [(), ("b", "a"), ("a", "z"), ("z", "y")], [1, 0, -1, -1]),
        ([(1, 2), (5,)], [(2, 5), (5,), (7, 5), (1, 2, 9)], [-1, 1, -1, -1]),
        ([(1, 2)], [("1", "2"), ()], [-1, -1]),
        ([("x",), ("x",), ()], [("x",), ()], [0, 2]),
        ([(1,)], [], []),
        ([], [(1,), ()], [-1, -1]),
    ],
)
def test_find_when_vocabularies_differ_then_compares_by_id(here, there, wanted):
    found = Hypergraph(here).find(Hypergraph(there))
    assert found.dtype == np.int64
    assert found.tolist() == wanted


@pytest.mark.parametrize("seed", range(3))
def test_find_when_random_then_the_first_equal_set(seed):
    here, there = random_hypergraph(seed, 6), random_hypergraph(seed + 10, 6)
    rng = np.random.default_rng(seed)
    ids = rng.permutation(9)[:6]  # some nodes are known there only
    there = Hypergraph.from_csr(there.indptr, there.indices, nodes=ids)
    sets = [set(e) for e in here]
    wanted = [sets.index(set(e)) if set(e) in sets else -1 for e in there]
    assert here.find(there).tolist() == wanted


def test_equality_when_something_differs_then_told():
    def make(**options):
        return Hypergraph(ABC, **options)

    same = make()
    assert same == make()
    assert same == make(multiplicities=[1, 1, 1, 1])
    for other in (
        make(multiplicities=[1, 2, 1, 1]),
        make(weights=[1, 1, 1, 1]),
        make(edge_ids=list("wxyz")),
        make(nodes=list("dabc")),
        make(node_labels={"a": "A"}),
        make(edge_labels={0: "first"}),
        Hypergraph(ABC[:3]),
        "abc",
    ):
        assert same != other
    with pytest.raises(TypeError):
        hash(same)


def test_repr_when_printed_then_sizes_and_repeats():
    assert repr(Hypergraph([])) == "Hypergraph(n_nodes=0, n_hyperedges=0)"
    assert repr(Hypergraph([(1, 2), (2, 3)])) == (
        "Hypergraph(n_nodes=3, n_hyperedges=2, size 2)"
    )
    assert "sizes 1 to 2, 5 with repeats" in repr(
        Hypergraph([(1, 2), (2,)], multiplicities=[4, 1])
    )


def test_pickle_when_loaded_then_equal():
    h = Hypergraph(
        ABC, multiplicities=[1, 2, 3, 4], weights=[0.5] * 4, edge_ids=list("wxyz"),
        node_labels={"a": "A"}, edge_labels={"w": "W"},
    )  # fmt: skip
    back = pickle.loads(pickle.dumps(h))
    assert back == h
    assert back.weights.tolist() == [0.5] * 4
    assert back.counts.tolist() == [1, 2, 3, 4]


# -- scikit-learn --------------------------------------------------------------------
class _Counter(BaseEstimator):
    def __init__(self, hypergraph=None, scale=1):
        self.hypergraph = hypergraph
        self.scale = scale

    def fit(self, X, y=None):
        self.size_, self.n_nodes_ = len(X), X.n_nodes
        return self

    def score(self, X, y=None):
        assert isinstance(X, Hypergraph)
        return -abs(self.scale - len(X))


def test_clone_when_a_hypergraph_is_a_parameter_then_shared():
    h = Hypergraph(ABC)
    assert clone(_Counter(h)).hypergraph is h
    assert copy.copy(h) is copy.deepcopy(h) is h


def test_indexing_when_scikit_learn_cuts_then_hypergraphs_on_all_nodes():
    h = Hypergraph(ABC, weights=[1, 2, 3, 4], multiplicities=[4, 3, 2, 1])
    for rows in ([0, 3], np.array([True, False, False, True]), slice(0, None, 3)):
        part = _safe_indexing(h, rows)
        assert list(part) == [("a", "b", "c"), ("d",)]
        assert part.weights.tolist() == [1, 4]
        assert part.counts.tolist() == [4, 1]
        assert part.n_nodes == 4
    assert h.shape == (4,)
    train, test = next(KFold(2).split(h))
    assert (train.tolist(), test.tolist()) == ([2, 3], [0, 1])
    assert [len(part) for part in train_test_split(h, random_state=0)] == [3, 1]
    search = GridSearchCV(_Counter(), {"scale": [1, 2, 3]}, cv=2).fit(h)
    assert search.best_params_ == {"scale": 2}
    assert (search.best_estimator_.size_, search.best_estimator_.n_nodes_) == (4, 4)


# -- deriving ------------------------------------------------------------------------
def test_take_when_ids_and_labels_are_there_then_kept():
    h = Hypergraph(ABC, edge_ids=list("wxyz"), edge_labels={"w": "W", "z": "Z"})
    part = h.take([3, -3])
    assert list(part) == [("d",), ("b", "c")]
    assert list(part.edge_ids) == ["z", "x"]
    assert part.edge_labels == {"z": "Z"}
    assert part.nodes is h.nodes
    assert len(h.take([])) == 0
    assert h.take(np.ones(4, bool)) == h


@pytest.mark.parametrize(
    ("rows", "error", "says"),
    [
        ([4], GraphValueError, "There is no hyperedge 4; there are 4"),
        ([0, -5], GraphValueError, "no hyperedge -5"),
        ([1, 0, 1], GraphValueError, "Hyperedge 1 is taken twice"),
        ([1, -3], GraphValueError, "taken twice"),
        ([True], GraphValueError, "1 entries for 4"),
        ([1.0], GraphTypeError, "float64"),
        ([[1]], GraphTypeError, "shape"),
        ("x", GraphTypeError, "numbers or a mask"),
    ],
)
def test_take_when_rows_do_not_fit_then_says_which(rows, error, says):
    with pytest.raises(error, match=says):
        Hypergraph(ABC).take(rows)


def test_with_sizes_when_cut_then_bounds_are_inside():
    h = Hypergraph(ABC)
    assert list(h.with_sizes()) == [("a", "b", "c"), ("b", "c"), ("d",)]
    assert list(h.with_sizes(2)) == [("a", "b", "c"), ("b", "c")]
    assert list(h.with_sizes(0, 1)) == [(), ("d",)]
    assert list(h.with_sizes(0, 0)) == [()]
    assert len(Hypergraph([]).with_sizes()) == 0


def test_distinct_when_sets_repeat_then_first_stays_and_counts_add():
    h = Hypergraph(
        [(1, 2), (3,), (2, 1), (), (3,), ()],
        multiplicities=[1, 2, 3, 1, 1, 1], weights=range(6), edge_ids=list("abcdef"),
    )  # fmt: skip
    once = h.distinct()
    assert list(once) == [(1, 2), (3,), ()]
    assert once.counts.tolist() == [4, 3, 2]
    assert once.weights.tolist() == [0, 1, 3]
    assert list(once.edge_ids) == ["a", "b", "d"]
    assert once.distinct() is once
    simple = h.simple()
    assert simple.multiplicities is None
    assert list(simple) == list(once)
    assert simple.simple() is simple
    assert h.project() == once.project()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("counts", [False, True])
def test_project_when_compared_with_brute_force_then_the_same(seed, counts):
    h = random_hypergraph(seed, counts=counts)
    graph = h.project()
    wanted = brute_projection(h)
    assert edges_of(graph) == wanted
    assert graph.nodes is h.nodes
    assert graph.directed is False
    assert graph.n_loops == 0
    assert not graph.indices.flags.writeable
    for row in range(graph.n_nodes):
        inside = graph.indices[graph.indptr[row] : graph.indptr[row + 1]]
        assert (np.diff(inside) > 0).all()
    bare = h.project(weighted=False)
    assert not bare.weighted
    assert edges_of(bare) == dict.fromkeys(wanted, 1.0)


def test_project_when_all_weights_are_one_then_unweighted():
    graph = Hypergraph([("a", "b", "c"), ("c", "d")]).project()
    assert not graph.weighted
    assert graph.n_edges == 4


def test_project_when_hyperedges_are_large_then_room_is_made():
    edges = [range(0, 200), range(100, 300), [5], [], range(299, 0, -3)]
    h = Hypergraph(edges, nodes=400)
    assert edges_of(h.project()) == brute_projection(h)


def test_project_when_compared_with_scipy_then_the_same():
    h = random_hypergraph(9, n_nodes=80, n_edges=500, counts=True)
    incidence = h.incidence()
    wanted = (
        incidence @ sparse.diags_array(h.counts.astype(float)) @ incidence.T
    ).tocsr()
    wanted.setdiag(0)
    wanted.eliminate_zeros()
    assert (h.project().to_scipy() != wanted).nnz == 0


@pytest.mark.shared
def test_project_when_enron_then_the_known_size(shared_data):
    lines = (shared_data / "hypergraphs/enron/test.txt").read_text().splitlines()
    h = Hypergraph([map(int, line.split()) for line in lines])
    assert len(h) == 756
    graph = h.project()
    assert (graph.n_nodes, graph.n_edges) == (142, 1388)
