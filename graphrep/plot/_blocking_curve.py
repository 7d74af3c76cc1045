"""Recall of candidate pairs over their budget: a picture, and a chart for pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graphrep._utils._atomic import atomic_path
from graphrep._utils._optional import require
from graphrep.exceptions import GraphValueError
from graphrep.metrics import RecallCurve
from graphrep.plot import _svg as svg
from graphrep.plot._palette import colours
from graphrep.typing import AnyArray, PathType

_WHY = "Drawing a recall curve"
_TIMES = (1, 2, 5)
_FIRST = 0.1  # share of 1x where the axis begins
_LEGEND = "recall of all pairs"
_LETTER = 0.0095  # of the legend, in widths of the figure
_DRAWN = 160  # points of a line in a page


def save_recall_curve(
    curves: RecallCurve | Mapping[str, RecallCurve],
    path: PathType,
    *,
    title: str | None = None,
    dpi: int = 150,
) -> None:
    """Save recall over the budget of one or several methods as a picture.

    Parameters
    ----------
    curves : RecallCurve or mapping of str to RecallCurve
        From `graphrep.metrics.recall_curve`, by name.
    path : path-like
        Where to; usually ends in ``.png``, and may in ``.svg`` or ``.pdf``.
    title : str or None, default=None
        Heading.
    dpi : int, default=150
        Resolution; the picture is 9 inches wide.

    Raises
    ------
    GraphValueError
        If there is no curve to draw.
    MissingDependencyError
        If matplotlib is not installed.
    """
    figure = draw_recall_curve(curves, title=title)
    agg = require("matplotlib.backends.backend_agg", extra="plot", why=_WHY)
    agg.FigureCanvasAgg(figure)
    kind = str(path).rpartition(".")[2].lower()
    kind = kind if kind in ("png", "svg", "pdf") else "png"
    with atomic_path(path) as part:
        figure.savefig(part, dpi=dpi, format=kind)


def draw_recall_curve(
    curves: RecallCurve | Mapping[str, RecallCurve],
    *,
    title: str | None = None,
    figure: Any = None,
) -> Any:
    """Draw recall over the budget, which goes by powers of ten.

    Parameters
    ----------
    curves : RecallCurve or mapping of str to RecallCurve
        From `graphrep.metrics.recall_curve`, by name.
    title : str or None, default=None
        Heading.
    figure : matplotlib Figure or None, default=None
        Where to draw; None makes one, 9 by 5 inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    drawn = _named(curves)
    if figure is None:
        figures = require("matplotlib.figure", extra="plot", why=_WHY)
        figure = figures.Figure(figsize=(9.0, 5.0))
    longest = max(len(_LEGEND), *(len(name) + len(": 0.000") for name in drawn))
    beside = min(0.5, 0.06 + _LETTER * longest) if any(drawn) else 0.03
    axes = figure.add_axes((0.08, 0.13, 0.92 - beside, 0.75))
    first, last = _ends(drawn)
    unit = _unit(drawn)
    styles, ends = ("-", "--", "-.", ":"), []
    for at, ((name, curve), colour) in enumerate(
        zip(drawn.items(), colours(len(drawn)), strict=True)
    ):
        x, y = _steps(curve, first)
        ends.append(float(curve.at(curve.n_pairs)))
        label = name and f"{name}: {ends[-1]:.3f}"
        axes.step(
            x, y, where="post", color=colour, linewidth=2, label=label or None,
            linestyle=styles[at // 8 % 4],
        )  # fmt: skip
        axes.plot(x[-1:], y[-1:], "o", color=colour, markersize=5)
    _dress(axes, first, last * 1.12, unit)
    if any(drawn):  # beside the curves, the highest end first as they are
        handles, labels = axes.get_legend_handles_labels()
        order = sorted(range(len(labels)), key=lambda at: -ends[at])
        axes.legend(
            [handles[at] for at in order], [labels[at] for at in order],
            loc="upper left", bbox_to_anchor=(1.01, 1.0), title=_LEGEND,
            frameon=False, alignment="left",
        )  # fmt: skip
    heading = title or "Recall over the number of pairs"
    figure.text(0.08, 0.945, heading, fontsize=13, weight="bold")
    return figure


def _dress(axes: Any, first: float, last: float, unit: int) -> None:
    """Give axes their scales, marks and labels."""
    ticker = require("matplotlib.ticker", extra="plot", why=_WHY)
    axes.set_xscale("log")
    axes.set_xlim(first, last)
    axes.set_ylim(0, 1.02)
    for times in _TIMES:
        if first <= times * unit <= last:
            axes.axvline(times * unit, color="#888888", linestyle=":", linewidth=1)
            axes.annotate(
                f"{times}x", (times * unit, 1.02), (0, 4), textcoords="offset points",
                ha="center", fontsize=9, color="#555555",
            )  # fmt: skip
    axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel(_x_label(unit))
    axes.set_ylabel("recall (pair completeness)")
    axes.grid(axis="y", color="#e3e3e3", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def recall_chart(curves: RecallCurve | Mapping[str, RecallCurve]) -> str:
    """Recall over the budget as inline SVG, for pages."""
    drawn = _named(curves)
    first, last = _ends(drawn)
    unit = _unit(drawn)
    series = []
    for (name, curve), colour in zip(drawn.items(), colours(len(drawn)), strict=True):
        budgets = np.unique(
            np.rint(np.geomspace(first, max(curve.n_pairs, first), _DRAWN))
        )
        recall = [float(value) for value in curve.at(budgets)]
        label = name or "recall"
        series.append(
            svg.Series(label, [float(b) for b in budgets], recall, colour, mark=-1)
        )
    words = "; ".join(
        f"{name or 'recall'} of {curve.n_pairs:,} pairs: "
        f"{float(curve.at(curve.n_pairs)):.3f}"
        for name, curve in drawn.items()
    )
    return svg.lines(
        series,
        title="Recall over the number of pairs",
        text=words,
        x_label=_x_label(unit),
        y_label="recall",
        log_x=first < last,
        y_range=(0.0, 1.0),
        marks=[(float(times * unit), f"{times}x") for times in _TIMES],
    )


def _named(curves: RecallCurve | Mapping[str, RecallCurve]) -> dict[str, RecallCurve]:
    named = {"": curves} if isinstance(curves, RecallCurve) else dict(curves)
    if not named:
        raise GraphValueError("There is no recall curve to draw. Pass one or more.")
    return named


def _ends(curves: Mapping[str, RecallCurve]) -> tuple[float, float]:
    first = max(1.0, np.floor(_FIRST * _unit(curves)))
    last = max(float(curve.n_pairs) for curve in curves.values())
    return min(first, max(last, 1.0)), max(last, first)


def _unit(curves: Mapping[str, RecallCurve]) -> int:
    return next(iter(curves.values())).unit


def _steps(curve: RecallCurve, first: float) -> tuple[AnyArray, AnyArray]:
    """Budgets where the curve rises, between its ends, and its heights."""
    inner = np.unique(curve.hits[(curve.hits > first) & (curve.hits < curve.n_pairs)])
    x = np.concatenate([[first], inner, [max(curve.n_pairs, first)]])
    return x, np.asarray(curve.at(x))


def _x_label(unit: int) -> str:
    if unit == 1:
        return "pairs of each record"
    return f"number of pairs (1x is {unit:,}, the records of the smaller table)"
