"""Terminology: concepts, names, hierarchy, parts and unions."""

import pickle

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrep.exceptions import GraphTypeError, GraphValueError, NodeNotFoundError
from graphrep.graph import Terminology


# -- columns ---------------------------------------------------------------------
def test_names_are_grouped_by_concept_and_preferred_first(small):
    t = small
    assert t.name_concepts.tolist() == [0, 1, 1, 1, 2, 2]
    assert t.name_offsets.tolist() == [0, 1, 4, 6, 6]
    assert t.names("F") == ["influenza", "Grippe", "flu"]
    assert t.names("X") == []
    assert t.preferred_names == ["disease", "influenza", "cold", ""]
    assert [t.languages[code] for code in t.name_languages[1:4]] == ["en", "de", "en"]
    assert not t.name_concepts.flags.writeable


def test_without_kinds_the_first_name_is_preferred():
    t = Terminology([5, 7], ["b", "a", "c"], [1, 0, 1])
    assert t.name_texts.tolist() == ["a", "b", "c"]
    assert t.name_kinds.tolist() == [0, 0, 1]
    assert t.ids.dtype == np.int64
    assert t.names(7) == ["b", "c"]


def test_ids_stay_what_they_are():
    t = Terminology(["01", "1", "001"], ["a", "b", "c"], [0, 1, 2])
    assert t.ids.tolist() == ["01", "1", "001"]
    big = 900000000000527005
    assert Terminology([big], ["a"], [0]).ids.tolist() == [big]


def test_equal_and_pickled(small):
    t = small
    assert pickle.loads(pickle.dumps(t)) == t
    assert t != Terminology(["a"], ["b"], [0])
    assert t != t.subset(active=True)
    assert repr(t) == "Terminology('t', 4 concepts, 6 names, 2 parent links)"


def test_an_array_of_the_caller_stays_writable():
    rows = np.array([0, 1])
    Terminology(["a", "b"], ["x", "y"], rows)
    rows[0] = 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"name_concepts": [0, 2]},
            r"name_concepts\[1\] is 2; positions go from 0 to 1",
        ),
        ({"name_concepts": [0]}, "name_concepts has 1 rows; it needs 2"),
        ({"name_kinds": ["exact", "odd"]}, "name_kinds.1. is 'odd'; it must be one of"),
        ({"name_languages": ["en"]}, "name_languages has 1 rows"),
        ({"parents": ([0], [2])}, r"parents\[1\]\[0\] is 2"),
        ({"parents": ([0], [0, 1])}, "columns of 1 and 2 rows"),
        ({"types": ["a"]}, "types has 1 rows; it needs 2"),
        ({"definitions": ["a"]}, "definitions has 1 rows; it needs 2"),
        ({"status": ["gone", "active"]}, "status.0. is 'gone'"),
        ({"ids": ["a", "a"]}, "stands twice"),
    ],
)
def test_refuses_columns_that_do_not_fit(change, message):
    arguments = {"ids": ["a", "b"], "name_texts": ["x", "y"], "name_concepts": [0, 1]}
    with pytest.raises(GraphValueError, match=message):
        Terminology(**{**arguments, **change})


def test_refuses_names_that_are_no_texts():
    with pytest.raises(GraphTypeError, match="name_texts: Row 1 must be a text"):
        Terminology(["a"], ["x", 3], [0, 0])
    with pytest.raises(GraphTypeError, match="row 1 is None"):
        Terminology(["a"], ["x", None], [0, 0])
    with pytest.raises(GraphTypeError, match="array of integers"):
        Terminology(["a"], ["x"], [0.5])


def test_an_unknown_concept_is_named_with_close_ones(small):
    t = small
    with pytest.raises(
        NodeNotFoundError, match=r"'old' is not in .* replaced by 'X', 'C'"
    ):
        t.names("old")
    with pytest.raises(NodeNotFoundError, match="integers, not texts"):
        Terminology([10, 11], [], []).position("10")
    with pytest.raises(NodeNotFoundError, match="Close matches: 'HP:0000001'"):
        Terminology(["HP:0000001"], [], []).positions(["HP:000001"])
    codes = Terminology(["Z11.9", "S11.9", "E11.9"], [], [])
    with pytest.raises(NodeNotFoundError, match=r"Close matches: 'E11\.9', 'Z"):
        codes.position("e11.9")  # case is lost more easily than a letter


def test_resolve_follows_successors_to_active_concepts(small):
    t = small
    assert t.resolve("old") == ["C", "F"]
    assert t.resolve("F") == ["F"]
    assert t.resolve("nothing") == []
    loop = Terminology(["a"], ["x"], [0], status=[1], replaced_by={"a": "b", "b": "a"})
    assert loop.resolve("a") == []


# -- hierarchy -------------------------------------------------------------------
@given(st.integers(1, 8), st.data())
def test_hierarchy_equals_networkx(n, data):
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1))
    pairs = data.draw(st.lists(pair, max_size=14))
    child, parent = [c for c, _ in pairs], [p for _, p in pairs]
    t = Terminology(list(range(n)), [], [], parents=(child, parent))
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from((c, p) for c, p in pairs if c != p)
    assert set(map(tuple, t.edge_index.T.tolist())) == set(graph.edges)
    assert nx.utils.graphs_equal(
        nx.DiGraph(t.to_networkx().edges), nx.DiGraph(graph.edges)
    )
    roots = [v for v in range(n) if graph.out_degree(v) == 0]
    assert t.roots.tolist() == roots
    for v in range(n):
        steps = nx.single_source_shortest_path_length(graph, v)
        assert set(t.ancestors(v)) == set(steps) - {v}
        assert set(t.ancestors(v, 2)) == {u for u in steps if 0 < steps[u] <= 2}
        assert [steps[u] for u in t.ancestors(v)] == sorted(
            steps[u] for u in t.ancestors(v)
        )
        assert set(t.descendants(v)) == nx.ancestors(graph, v)
        assert t.depth[v] == min((steps[r] for r in roots if r in steps), default=-1)
        for u in range(v, n):
            up = {w: nx.descendants(graph, w) | {w} for w in range(n)}
            common = up[u] & up[v]
            lowest = {
                w for w in common
                if not any(w in up[o] and o not in up[w] for o in common - {w})
            }  # fmt: skip
            assert set(t.lca(u, v)) == lowest


def test_several_parents_give_several_lowest_ancestors():
    t = Terminology(
        ["r", "p", "q", "a", "b"],
        [],
        [],
        parents=([1, 2, 3, 3, 4, 4], [0, 0, 1, 2, 1, 2]),
    )
    assert t.lca("a", "b") == ["p", "q"]
    assert t.lca("a", "a") == ["a"]
    assert t.lca("a", "q") == ["q"]


def test_links_are_ones_without_repeats_and_loops(small):
    t = small
    assert t.parents.toarray().tolist() == [
        [0] * 4,
        [1, 0, 0, 0],
        [1, 0, 0, 0],
        [0] * 4,
    ]
    assert np.array_equal(t.children.toarray(), t.parents.toarray().T)
    graph = t.to_graph()
    assert graph.directed
    assert graph.n_edges == 2
    assert t.to_graph(directed=False).n_edges == 2
    cycle = Terminology(["a", "b"], [], [], parents=([0, 1], [1, 0]))
    assert cycle.depth.tolist() == [-1, -1]
    assert cycle.ancestors("a") == ["b"]


# -- parts and unions ------------------------------------------------------------
def test_subset_by_concepts(small):
    t = small
    assert t.subset(types="T2").ids.tolist() == ["F"]
    assert t.subset(ancestor="D").ids.tolist() == ["D", "F", "C"]
    assert t.subset(active=True).n_concepts == 3
    part = t.subset(["C", "D"])
    assert part.ids.tolist() == ["C", "D"]
    assert part.ancestors("C") == ["D"]
    assert part.definitions.tolist() == ["a cold", "ill"]
    assert part.names("C") == ["cold", "flu"]
    assert part.relations["follows"][0].tolist() == []


def test_subset_by_names(small):
    t = small
    german = t.subset(languages="de")
    assert german.n_concepts == 4
    assert german.name_texts.tolist() == ["Grippe"]
    assert t.subset(languages="de", drop_nameless=True).ids.tolist() == ["F"]
    assert t.subset(kinds=["preferred"]).n_names == 4


def test_subset_refuses_what_is_not_there(small):
    with pytest.raises(GraphValueError, match="Type 'T9' stands nowhere"):
        small.subset(types=["T9"])
    with pytest.raises(GraphValueError, match="Language 'fr'"):
        small.subset(languages="fr")
    with pytest.raises(GraphValueError, match="has no types"):
        Terminology(["a"], [], []).subset(types="T")
    with pytest.raises(NodeNotFoundError):
        small.subset(ancestor="ZZ")


def test_merge_unites_concepts_of_equal_id(small):
    other = Terminology(
        ["N", "F"],
        ["new", "influenza", "Grippe", "grip"],
        [0, 1, 1, 1],
        name_languages=["en", "en", "de", "en"],
        parents=([0], [1]),
        types=["T9", "T2"],
        definitions=["n", "sick"],
        replaced_by={"old": "N", "older": "F"},
    )
    t = small.merge(other)
    assert t.ids.tolist() == ["D", "F", "C", "X", "N"]
    assert t.names("F") == ["influenza", "Grippe", "flu", "grip"]
    assert t.types == [("T1",), ("T1", "T2"), (), (), ("T9",)]
    assert t.definitions.tolist() == ["ill", "sick", "a cold", None, "n"]
    assert t.ancestors("N") == ["F", "D"]
    assert t.retired.tolist() == [False, False, False, True, False]
    assert t.replaced_by["old"] == ("X", "C")
    assert t.replaced_by["older"] == ("F",)
    assert [t.KINDS[k] for k in t.name_kinds[1:5]] == ["preferred"] * 2 + ["exact"] * 2


def test_merge_with_itself_changes_nothing(small):
    t = small
    assert t.merge(t) == t
