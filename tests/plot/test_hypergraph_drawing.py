"""Drawings of hypergraphs: who is inside which region, kinds, places, files."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from graphrep import Graph, Hypergraph
from graphrep.exceptions import GraphValueError
from graphrep.plot import _hyperedge_shapes as shapes
from graphrep.plot import draw_reconstruction
from graphrep.plot._hypergraph_picture import MISSED, PLAIN, RIGHT, WRONG, picture
from graphrep.plot._label_places import label_places
from graphrep.plot._node_layout import node_layout

pytest.importorskip("matplotlib")

TRUE = Hypergraph(
    [("a", "b", "c"), ("c", "d"), ("d", "e", "f", "g"), ("e", "f"), ("g", "h", "i"),
     ("k",)]
)  # fmt: skip
FOUND = Hypergraph(
    [("b", "a", "c"), ("c", "d"), ("d", "e", "f", "g"), ("g", "h"), ("k",)]
)


def read(true=TRUE, found=FOUND, **options):
    given = {"names": None, "component": "all", "max_nodes": 60, **options}
    return picture(TRUE, found, true, **given)


def by_kind(drawn):
    out = {}
    for group, kind in zip(drawn.groups, drawn.kinds, strict=True):
        out.setdefault(kind, set()).add(frozenset(drawn.ids[i] for i in group))
    return out


def test_picture_when_truth_is_given_then_kinds_tell_found_from_missed():
    kinds = by_kind(read())
    assert kinds[WRONG] == {frozenset("gh")}
    assert kinds[MISSED] == {frozenset("ef"), frozenset("ghi")}
    assert kinds[RIGHT] == {frozenset("abc"), frozenset("cd"), frozenset("defg"), frozenset("k")}  # fmt: skip # noqa: E501
    assert set(by_kind(read(true=None))) == {PLAIN}


def test_picture_when_largest_component_then_the_rest_is_left_out():
    drawn = read(component="largest")
    assert "k" not in drawn.ids
    assert all(len(g) > 1 for g in drawn.groups)


def test_picture_when_names_are_given_then_they_stand_at_the_nodes():
    labelled = Hypergraph([("a", "b")], node_labels={"a": "Anna"})
    assert read(found=labelled, true=None).names[:2] == ["Anna", "b"]
    assert read(names={"b": "Bert"}).names[:2] == ["a", "Bert"]


def test_layout_when_made_twice_then_the_same_and_nodes_apart():
    rng = np.random.default_rng(0)
    groups = [rng.choice(30, k, replace=False) for k in (3, 4, 6, 9, 3, 5)]
    h = Hypergraph([g.tolist() for g in groups], range(30))
    drawn = picture(h, h, None, None, "all", 60)
    first, second = (node_layout(30, drawn.pairs, drawn.groups) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    away = np.hypot(*(first[:, None] - first[None]).transpose(2, 0, 1))
    assert away[np.triu_indices(30, 1)].min() > 0.5


def test_layout_when_no_or_one_node_then_no_trouble():
    none = np.zeros((0, 2), np.int64)
    assert node_layout(0, none, []).shape == (0, 2)
    assert np.isfinite(node_layout(1, none, [])).all()


@pytest.mark.parametrize("seed", range(12))
def test_region_when_any_members_then_they_and_no_others_are_inside(seed):
    rng = np.random.default_rng(seed)
    places = np.stack(np.meshgrid(np.arange(5.0), np.arange(4.0)), -1).reshape(-1, 2)
    places += 0.1 * rng.random(places.shape)
    members = np.sort(rng.choice(20, rng.integers(3, 9), replace=False))
    inside = shapes.region(places, places, members, 0.25, 0.17) < 0
    assert np.flatnonzero(inside).tolist() == members.tolist()


def test_region_when_members_on_a_line_then_a_band():
    places = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    points = np.array([[0.5, 0.2], [0.5, 0.3], [-0.2, 0.0], [2.3, 0.0]])
    border = shapes.region(points, places, np.arange(3), 0.25, 0.1)
    assert (border < 0).tolist() == [True, False, True, False]


def test_levels_when_hyperedges_share_two_nodes_then_different():
    groups = [np.array(g) for g in ([0, 1, 2], [0, 1, 2, 3], [3, 4, 5], [1, 2, 9])]
    steps = shapes.levels(groups)
    assert len({steps[0], steps[1], steps[3]}) == 3
    assert steps[2] == 0


def test_labels_when_there_is_room_then_they_cover_no_node_and_no_label():
    rng = np.random.default_rng(1)
    places = np.stack(np.meshgrid(np.arange(4.0), np.arange(3.0)), -1).reshape(-1, 2)
    names = ["node " + "x" * k for k in rng.integers(0, 4, 12)]
    spots, half = label_places(places, names, 0.15, 0.1)
    for i in range(12):
        gap = np.abs(spots - spots[i]) - half - half[i]
        assert sum((row < 0).all() for row in gap) == 1  # itself
        assert not ((np.abs(places - spots[i]) - half[i] - 0.09) < 0).all(axis=1).any()


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_draw_when_saved_twice_then_the_same_bytes(tmp_path, suffix):
    paths = [tmp_path / f"{i}{suffix}" for i in range(2)]
    for path in paths:
        draw_reconstruction(TRUE, FOUND, TRUE, path, title="Cost $ and <b>")
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert {p.name for p in tmp_path.iterdir()} == {p.name for p in paths}


def test_draw_when_svg_then_text_stays_text(tmp_path):
    path = tmp_path / "picture.svg"
    names = {"a": "a very long name of a node", "b": "<&>"}
    draw_reconstruction(TRUE.project(), FOUND, TRUE, path, names=names)
    words = {"".join(e.itertext()).strip() for e in ElementTree.parse(path).iter()}
    assert "a very long name of a node" in words
    assert "<&>" in words
    assert "found, not true (1)" in words
    assert "Graph: 10 nodes, 13 edges" in words


def test_draw_when_not_saved_then_a_figure_with_all_labels_inside():
    names = {v: f"person number {v}" for v in "abcdefghik"}
    figure = draw_reconstruction(TRUE, FOUND, TRUE, names=names)
    figure.draw_without_rendering()
    assert len(figure.axes) == 3
    for axes in figure.axes:
        box = axes.get_window_extent()
        for text in axes.texts:
            own = text.get_window_extent()
            assert box.x0 <= own.x0
            assert own.x1 <= box.x1
            assert box.y0 <= own.y0
            assert own.y1 <= box.y1
    assert len(draw_reconstruction(TRUE, FOUND).axes) == 2


def test_draw_when_a_figure_is_given_then_into_it():
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1, 1))
    assert draw_reconstruction(TRUE, FOUND, figure=figure) is figure
    assert figure.get_figwidth() == 13


def test_draw_when_there_is_nothing_then_an_empty_picture():
    graph = Graph.from_edges([], [], nodes=0, directed=False)
    draw_reconstruction(graph, Hypergraph([])).draw_without_rendering()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_nodes": 5}, "10 nodes to draw and at most max_nodes=5"),
        ({"component": "biggest"}, "component must be 'all' or 'largest'"),
        ({"path": "picture.jpg"}, "must end in .png, .svg or .pdf"),
        ({"reconstructed": Hypergraph([("a", "z")])}, "'z' of a hyperedge is not in"),
    ],
)
def test_draw_when_asked_for_what_cannot_be_then_error(change, message):
    with pytest.raises(GraphValueError, match=message):
        draw_reconstruction(**{"graph": TRUE, "reconstructed": FOUND, **change})
