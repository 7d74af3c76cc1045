"""Maps: coordinates, groups, the picture and the page."""

from __future__ import annotations

import base64
import json
import re

import numpy as np
import pytest

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Vectors
from graphrep.plot import embedding_map, save_html, save_png
from graphrep.plot._palette import colours


@pytest.fixture
def clouds():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 40)
    centres = np.eye(3, 8) * 6
    matrix = centres[y] + rng.normal(size=(120, 8)) * 0.3
    return Vectors(matrix.astype(np.float32), [f"n{i}" for i in range(120)]), y


def _purity(xy, y) -> float:
    apart = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return float((y[apart.argmin(axis=1)] == y).mean())


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_map_when_groups_are_apart_then_shows_them_apart(clouds, method) -> None:
    vectors, y = clouds
    first, again = (embedding_map(vectors, y, method=method) for _ in range(2))
    assert first.xy.shape == (120, 2)
    assert np.array_equal(first.xy, again.xy)
    assert _purity(first.xy, y) == 1.0


def test_map_when_sampled_then_places_the_rest_in_their_group(clouds) -> None:
    vectors, y = clouds
    drawing = embedding_map(vectors, y, method="tsne", max_points=60)
    assert len(drawing) == 120
    assert "60 nodes" in drawing.method
    assert _purity(drawing.xy, y) == 1.0


def test_map_when_labels_are_a_mapping_then_missing_ones_are_other(clouds) -> None:
    vectors, _ = clouds
    drawing = embedding_map(vectors, {"n0": "x", "n1": "y"}, {"n0": "first"})
    assert drawing.group_names == ("x", "y", "other")
    assert np.bincount(drawing.groups).tolist() == [1, 1, 118]
    assert drawing.names[:2] == ["first", ""]


def test_map_when_there_are_many_groups_then_keeps_the_largest() -> None:
    labels = [i for i in range(40) for _ in range(1 + (i > 9))]
    drawing = embedding_map(np.eye(len(labels)), labels)
    assert len(drawing.group_names) == 31
    assert drawing.group_names[-1] == "other"
    assert "0" not in drawing.group_names


def test_map_when_input_is_wrong_then_says_so(clouds) -> None:
    with pytest.raises(GraphValueError, match="method must be one of"):
        embedding_map(clouds[0], method="lda")
    with pytest.raises(GraphValueError, match="2 entries for 120 nodes"):
        embedding_map(clouds[0], ["a", "b"])
    with pytest.raises(GraphTypeError, match="labels must be"):
        embedding_map(clouds[0], 7)


@pytest.mark.parametrize("shape", [(1, 3), (2, 1), (3, 5)])
def test_map_when_tiny_then_still_draws(shape, tmp_path) -> None:
    drawing = embedding_map(np.ones(shape), method="tsne")
    assert drawing.xy.shape == (shape[0], 2)
    assert np.isfinite(drawing.xy).all()
    save_html(drawing, tmp_path / "a.html")


def test_colours_when_many_then_all_differ() -> None:
    assert len(set(colours(30))) == 30
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours(30))


def test_png_when_saved_then_is_a_picture_without_global_state(
    clouds, tmp_path
) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    backend = matplotlib.rcParams._get("backend")
    path = tmp_path / "map.png"
    save_png(embedding_map(*clouds, title="A $1 title"), path, dpi=50)
    head = path.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    assert int.from_bytes(head[20:24], "big") == 8 * 50
    assert matplotlib.rcParams._get("backend") == backend


def test_html_when_saved_then_stands_alone_and_holds_the_data(clouds, tmp_path) -> None:
    vectors, y = clouds
    names = [f"</script><b>{i}" for i in range(120)]
    drawing = embedding_map(vectors, y, names, title="A <b> title")
    path = tmp_path / "map.html"
    save_html(drawing, path)
    page = path.read_text("utf-8")
    assert "{{" not in page
    assert not re.search(r"(src|href)\s*=|https?://", page)
    assert "A &lt;b&gt; title" in page
    found = re.search(r'<script id="data"[^>]*>(.*?)</script>', page, re.DOTALL)
    data = json.loads(found.group(1))
    assert data["names"] == names
    assert data["ids"] == drawing.ids
    steps = np.frombuffer(base64.b64decode(data["xy"]), "<u2").reshape(-1, 2)
    low, span = drawing.xy.min(axis=0), np.ptp(drawing.xy, axis=0)
    assert np.allclose(steps / 65535 * span + low, drawing.xy, atol=span.max() / 6e4)
    groups = np.frombuffer(base64.b64decode(data["groups"]), "<u1")
    assert groups.tolist() == drawing.groups.tolist()
