"""PNG: a map as a picture, by matplotlib without its global state."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep._utils._atomic import atomic_path
from graphrep._utils._optional import require
from graphrep.plot._map import OTHER, Map
from graphrep.plot._palette import OTHER as OTHER_COLOUR
from graphrep.plot._palette import colours
from graphrep.typing import PathType

_NAME_LENGTH = 38
_MAX_CALLOUTS = 30
_WIDE, _NARROW, _HIGH = 11.5, 8.5, 8.0


def save_png(drawing: Map, path: PathType, *, dpi: int = 150) -> None:
    """Save a map as a picture.

    Parameters
    ----------
    drawing : Map
        From `embedding_map`.
    path : path-like
        Where to; usually ends in ``.png``.
    dpi : int, default=150
        Resolution; the picture is 8 inches high.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    why = "Saving a map as a picture"
    figures = require("matplotlib.figure", extra="plot", why=why)
    agg = require("matplotlib.backends.backend_agg", extra="plot", why=why)
    grouped = len(drawing.group_names) > 1
    figure = figures.Figure(figsize=(_WIDE if grouped else _NARROW, _HIGH))
    agg.FigureCanvasAgg(figure)
    axes = figure.add_axes((0.02, 0.03, 0.645 if grouped else 0.96, 0.90))
    _draw_points(axes, drawing)
    _dress(figure, axes, drawing)
    if grouped:
        _draw_legend(axes, drawing)
    with atomic_path(path) as part:
        figure.savefig(part, dpi=dpi, format="png", metadata={"Software": "graphrep"})


def group_colours(drawing: Map) -> list[str]:
    """Colour of each group; "other" is grey."""
    names = drawing.group_names
    if names[-1] == OTHER:
        return [*colours(len(names) - 1), OTHER_COLOUR]
    return colours(len(names))


def point_size(n_nodes: int) -> float:
    """Area of a point in square points: the more there are, the smaller."""
    return float(np.clip(9000 / max(n_nodes, 1), 1.2, 60))


def _draw_points(axes: Any, drawing: Map) -> None:
    """Draw all points in one shuffled order, so that no group covers another."""
    order = np.random.default_rng(0).permutation(len(drawing))
    palette = np.array(group_colours(drawing))
    n_nodes = len(drawing)
    axes.scatter(
        drawing.xy[order, 0], drawing.xy[order, 1], s=point_size(n_nodes),
        c=palette[drawing.groups[order]], alpha=0.9 if n_nodes < 5000 else 0.6,
        linewidths=0, rasterized=True,
    )  # fmt: skip


def _dress(figure: Any, axes: Any, drawing: Map) -> None:
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("#dddddd")
    title = drawing.title or "Map of the vectors"
    figure.text(0.02, 0.955, title, fontsize=14, weight="bold", color="#222222")
    note = f"{len(drawing):,} nodes · {drawing.method}"
    figure.text(0.02, 0.008, note, fontsize=8.5, color="#666666")


def _draw_legend(axes: Any, drawing: Map) -> None:
    lines = require("matplotlib.lines", extra="plot", why="Saving a map as a picture")
    counts = np.bincount(drawing.groups, minlength=len(drawing.group_names))
    handles = [
        lines.Line2D(
            [], [], linestyle="", marker="o", markersize=6, color=colour,
            label=f"{_short(name)} ({count:,})",
        )
        for name, colour, count in zip(
            drawing.group_names, group_colours(drawing), counts, strict=True
        )
    ]  # fmt: skip
    axes.legend(
        handles=handles, loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False,
        fontsize=8.5 if len(handles) <= _MAX_CALLOUTS else 7, labelspacing=0.7,
        handletextpad=0.3,
    )  # fmt: skip


def _short(name: str) -> str:
    name = name.replace("$", r"\$")  # matplotlib would read mathematics
    if len(name) <= _NAME_LENGTH:
        return name
    return name[: _NAME_LENGTH - 1].rstrip(" ,;") + "…"
