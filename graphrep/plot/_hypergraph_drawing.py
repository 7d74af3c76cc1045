"""draw_reconstruction: a graph beside the hyperedges found behind it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._atomic import atomic_path
from graphrep._utils._optional import require
from graphrep.exceptions import GraphValueError
from graphrep.plot import _hyperedge_shapes as shapes
from graphrep.plot._hypergraph_picture import MISSED, RIGHT, WRONG, Picture, picture
from graphrep.plot._label_places import label_places
from graphrep.plot._palette import colours
from graphrep.typing import FloatArray, PathType

_WHY = "Drawing a hypergraph"
_FORMATS = ("png", "svg", "pdf")
_INK, _FAINT, _EDGE, _PAIR = "#222222", "#666666", "#9aa3ab", "#5d6b78"
_WIDTH, _TALLEST, _LOWEST, _GAP = 13.0, 7.5, 2.2, 0.06  # inches
_TOP, _BOTTOM = 0.36, 0.42
_MARGIN = 0.75  # around the nodes, in lengths of an edge
_REACH, _STEP, _LEVELS = 0.25, 0.075, 5  # of the regions around members
_NODE, _WIDE_NODE, _RING, _CLEAR, _THICK = 0.095, 0.155, 0.21, 0.17, 0.13
_GRID = 20.0  # points of the grid a length of an edge
_SHORT = 3  # letters of a name that has room inside a node


def draw_reconstruction(
    graph: Any,
    reconstructed: Any,
    true: Any = None,
    path: PathType | None = None,
    *,
    names: Mapping[Any, str] | None = None,
    title: str | None = None,
    component: str = "all",
    max_nodes: int = 60,
    figure: Any = None,
    dpi: int = 150,
) -> Any:
    """Draw a small graph, the hyperedges found behind it, and the true ones.

    Hyperedges of three and more nodes are regions around their members, from which
    other nodes are cut out; those of two are thick lines, those of one rings.

    Parameters
    ----------
    graph : graph-like or Hypergraph
        The graph; of a hypergraph its projection.
    reconstructed : hypergraph-like
        What was found, over nodes of the graph.
    true : hypergraph-like or None, default=None
        The hyperedges that were to be found. A third part then shows them, and colours
        tell which were found, which were found and are none, and which were missed.
    path : path-like or None, default=None
        Where to save; ends in ``.png``, ``.svg`` or ``.pdf``. None saves nothing.
    names : mapping of id to str or None, default=None
        What stands at the nodes instead of their ids; None takes the labels of the
        hypergraphs.
    title : str or None, default=None
        Line above the picture.
    component : {"all", "largest"}, default="all"
        Whether to draw the largest connected component only.
    max_nodes : int, default=60
        Most nodes to draw.
    figure : matplotlib.figure.Figure or None, default=None
        Where to draw, such as ``plt.figure()``; it gets a size that fits. None makes a
        figure that pyplot does not know.
    dpi : int, default=150
        Resolution of a PNG; the picture is 13 inches wide.

    Returns
    -------
    matplotlib.figure.Figure
        For notebooks, and to add to.

    Raises
    ------
    GraphValueError
        For more nodes than ``max_nodes``, hyperedges over nodes that are not in the
        graph, and names of files that say no format.
    MissingDependencyError
        If matplotlib is not installed.

    Notes
    -----
    Nodes are placed by the true hyperedges where they are given, else by those found,
    the same in all parts. The same input gives the same picture.

    Examples
    --------
    >>> from graphrep import Hypergraph
    >>> from graphrep.hypergraph import CliqueCover
    >>> true = Hypergraph([("a", "b", "c"), ("c", "d"), ("d", "e", "f")])
    >>> found = CliqueCover(random_state=0).predict(true.project())
    >>> figure = draw_reconstruction(true, found, true)  # doctest: +SKIP
    """
    target = None if path is None else _checked(Path(path))
    drawn = picture(graph, reconstructed, true, names, component, max_nodes)
    panels = [_graph_panel, _found_panel]
    if true is not None:
        panels.append(_true_panel)
    panel = _WIDTH / len(panels)
    box, scale, labels = _fitted(drawn, panel)
    high = scale * (box[3] - box[2])
    above = _TOP + (0.32 if title else 0.0)
    whole = high + above + _BOTTOM
    figure = _figure() if figure is None else figure
    figure.set_size_inches(_WIDTH, whole)
    for i, draw in enumerate(panels):
        place = (
            (i * panel + _GAP) / _WIDTH, _BOTTOM / whole,
            (panel - 2 * _GAP) / _WIDTH, high / whole,
        )  # fmt: skip
        axes = figure.add_axes(place)
        _dress(axes, box)
        draw(axes, drawn, scale)
        _nodes(axes, drawn, scale, labels)
    if title:
        at = 1 - 0.3 / whole
        figure.text(0.012, at, _plain(title), fontsize=14, weight="bold", color=_INK)
    _legend(figure, drawn)
    if target is not None:
        _save(figure, target, dpi)
    return figure


def _figure() -> Any:
    figures = require("matplotlib.figure", extra="plot", why=_WHY)
    agg = require("matplotlib.backends.backend_agg", extra="plot", why=_WHY)
    figure = figures.Figure()
    agg.FigureCanvasAgg(figure)
    return figure


def _checked(path: Path) -> Path:
    if path.suffix.lower().lstrip(".") not in _FORMATS:
        raise GraphValueError(
            f"{path.name}: the name of a picture must end in .png, .svg or .pdf."
        )
    return path


def _save(figure: Any, path: Path, dpi: int) -> None:
    kind = path.suffix.lower().lstrip(".")
    # no dates and no random names inside, so that the same picture has the same bytes
    facts: dict[str, dict[str, Any]] = {
        "png": {"Software": "graphrep"},
        "svg": {"Date": None, "Creator": "graphrep"},
        "pdf": {"CreationDate": None, "Creator": "graphrep", "Producer": None},
    }
    matplotlib = require("matplotlib", extra="plot", why=_WHY)
    with (
        matplotlib.rc_context({"svg.hashsalt": "graphrep", "svg.fonttype": "none"}),
        atomic_path(path) as part,
    ):
        figure.savefig(part, dpi=dpi, format=kind, metadata=facts[kind])


def _fitted(
    drawn: Picture, panel: float
) -> tuple[tuple[float, float, float, float], float, FloatArray | None]:
    """Corners of a panel, inches of a length of an edge, and centres of the labels."""
    places = drawn.places if len(drawn.places) else np.zeros((1, 2))
    low, high = places.min(axis=0) - _MARGIN, places.max(axis=0) + _MARGIN
    width = panel - 2 * _GAP
    labels = half = None
    scale = _scale(low, high, width)
    beside = max(map(len, drawn.names), default=0) > _SHORT
    for _ in range(8 if beside else 0):  # the wider the labels, the smaller the scale
        size = _font(scale) / 72 / scale
        labels, half = label_places(drawn.places, drawn.names, size, _NODE)
        low = np.minimum(
            places.min(axis=0) - _MARGIN, (labels - half).min(axis=0) - 0.1
        )
        high = np.maximum(
            places.max(axis=0) + _MARGIN, (labels + half).max(axis=0) + 0.1
        )
        scale = _scale(low, high, width)
    middle = (low + high) / 2
    sides = np.array([width, np.clip((high - low)[1] * scale, _LOWEST, _TALLEST)])
    low, high = middle - sides / scale / 2, middle + sides / scale / 2
    if labels is not None:
        labels = np.clip(labels, low + half, high - half)
    box = float(low[0]), float(high[0]), float(low[1]), float(high[1])
    return box, scale, labels


def _scale(low: FloatArray, high: FloatArray, width: float) -> float:
    return float(min(width / (high[0] - low[0]), _TALLEST / (high[1] - low[1])))


def _font(scale: float) -> float:
    """Size of labels beside nodes, in points."""
    return float(np.clip(72 * scale * 0.2, 5.0, 9.0))


def _dress(axes: Any, box: tuple[float, float, float, float]) -> None:
    axes.set_xlim(box[0], box[1])
    axes.set_ylim(box[2], box[3])
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("#dddddd")


# -- halves ------------------------------------------------------------------------
def _graph_panel(axes: Any, drawn: Picture, scale: float) -> None:
    _head(axes, f"Graph: {len(drawn.ids):,} nodes, {len(drawn.pairs):,} edges")
    for a, b in drawn.pairs:
        axes.plot(*drawn.places[[a, b]].T, color=_EDGE, linewidth=1.0, zorder=1)


def _found_panel(axes: Any, drawn: Picture, scale: float) -> None:
    shown = [i for i, kind in enumerate(drawn.kinds) if kind != MISSED]
    _head(axes, f"Hyperedges found: {len(shown):,}")
    _hyperedges(axes, drawn, shown, scale)


def _true_panel(axes: Any, drawn: Picture, scale: float) -> None:
    shown = [i for i, kind in enumerate(drawn.kinds) if kind in (RIGHT, MISSED)]
    _head(axes, f"True hyperedges: {len(shown):,}")
    _hyperedges(axes, drawn, shown, scale)


def _hyperedges(axes: Any, drawn: Picture, shown: list[int], scale: float) -> None:
    patches = require("matplotlib.patches", extra="plot", why=_WHY)
    large = [i for i in shown if len(drawn.groups[i]) > 2]
    steps = shapes.levels([drawn.groups[i] for i in large])
    tints = colours(len(large))
    alpha = float(np.clip(2.0 / max(len(large), 1), 0.09, 0.2))
    order = sorted(range(len(large)), key=lambda j: -len(drawn.groups[large[j]]))
    for j in order:
        colour = _colour(drawn.kinds[large[j]], tints[j])
        radius = _REACH + _STEP * min(steps[j], _LEVELS)
        _region(axes, drawn, large[j], colour, radius, alpha)
    for i in shown:
        group, colour = drawn.groups[i], _colour(drawn.kinds[i], _PAIR)
        dashes = _dashes(drawn.kinds[i])
        if len(group) == 2:
            axes.plot(
                *drawn.places[group].T,
                color=colour,
                linewidth=72 * scale * _THICK,
                alpha=0.55,
                zorder=4,
                solid_capstyle="round",
            )
        elif len(group) == 1:
            ring = patches.Circle(
                drawn.places[group[0]],
                _RING,
                fill=False,
                edgecolor=colour,
                linewidth=2.0,
                linestyle=dashes,
                zorder=4,
            )
            axes.add_patch(ring)


def _region(
    axes: Any, drawn: Picture, i: int, colour: str, radius: float, alpha: float
) -> None:
    own = drawn.places[drawn.groups[i]]
    low, high = own.min(axis=0) - radius - 0.1, own.max(axis=0) + radius + 0.1
    counts = np.maximum(np.ceil((high - low) * _GRID).astype(int), 12)
    x, y = (np.linspace(a, b, n) for a, b, n in zip(low, high, counts, strict=True))
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    border: FloatArray = shapes.region(
        grid, drawn.places, drawn.groups[i], radius, _CLEAR
    ).reshape(len(y), len(x))
    axes.contourf(
        x, y, border, levels=[-1e9, 0], colors=[colour], alpha=alpha, zorder=2
    )
    axes.contour(
        x, y, border, levels=[0], colors=[colour], linewidths=1.5, zorder=3,
        linestyles=_dashes(drawn.kinds[i]),
    )  # fmt: skip


def _colour(kind: str, own: str) -> str:
    blue, _, _, vermilion, purple = colours(5)
    return {RIGHT: blue, WRONG: vermilion, MISSED: purple}.get(kind, own)


def _dashes(kind: str) -> str:
    """Lines tell the kinds apart where colours do not."""
    return {WRONG: "dashed", MISSED: "dotted"}.get(kind, "solid")


# -- nodes, heads, legend ------------------------------------------------------------
def _nodes(axes: Any, drawn: Picture, scale: float, labels: FloatArray | None) -> None:
    patches = require("matplotlib.patches", extra="plot", why=_WHY)
    radius = _NODE if labels is not None else _WIDE_NODE
    for x, y in drawn.places:
        axes.add_patch(
            patches.Circle(
                (x, y),
                radius,
                facecolor="white",
                edgecolor=_INK,
                linewidth=1.1,
                zorder=6,
            )
        )
    options: dict[str, Any] = {"va": "center_baseline", "zorder": 7}
    letters = max(map(len, drawn.names), default=1)
    size = min(72 * scale * _WIDE_NODE * min(1.0, 2.9 / max(letters, 1)), 9.5)
    if labels is not None:
        # a path effect would turn the text of an SVG into outlines
        plate = {"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.7}
        options, size = {"va": "center", "zorder": 5.5, "bbox": plate}, _font(scale)
    spots = drawn.places if labels is None else labels
    for (x, y), name in zip(spots, drawn.names, strict=True):
        axes.text(x, y, _plain(name), ha="center", fontsize=size, color=_INK, **options)


def _head(axes: Any, text: str) -> None:
    axes.set_title(text, fontsize=11, loc="left", color=_INK, pad=6)


def _legend(figure: Any, drawn: Picture) -> None:
    lines = require("matplotlib.lines", extra="plot", why=_WHY)
    patches = require("matplotlib.patches", extra="plot", why=_WHY)
    words = {RIGHT: "found, true", WRONG: "found, not true", MISSED: "missed"}
    handles: list[Any] = []
    for kind, word in words.items():
        count = drawn.kinds.count(kind)
        if not count:
            continue
        colour = _colour(kind, _INK)
        handles.append(
            patches.Patch(
                facecolor=colour + "33",
                edgecolor=colour,
                linewidth=1.5,
                linestyle=_dashes(kind),
                label=f"{word} ({count})",
            )
        )
    sizes = {min(len(g), 3) for g in drawn.groups}
    if 2 in sizes:
        handles.append(
            lines.Line2D([], [], color=_PAIR, linewidth=6, alpha=0.55,
                         label="thick line: hyperedge of two nodes")
        )  # fmt: skip
    if 1 in sizes:
        handles.append(
            lines.Line2D([], [], color=_PAIR, marker="o", markersize=10, linestyle="",
                         markerfacecolor="none", markeredgewidth=1.8,
                         label="ring: of one node")
        )  # fmt: skip
    if handles:
        figure.legend(
            handles=handles, loc="lower center", ncols=len(handles), frameon=False,
            fontsize=9.5, handlelength=1.8, columnspacing=2.0,
        )  # fmt: skip


def _plain(name: str) -> str:
    return name.replace("$", r"\$")  # matplotlib would read mathematics
