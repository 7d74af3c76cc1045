"""Training curve: loss and validation MRR by epoch, as a picture or inside a page."""

from __future__ import annotations

from typing import Any

from graphrep._utils._atomic import atomic_path
from graphrep._utils._optional import require
from graphrep.exceptions import GraphValueError
from graphrep.plot import _svg as svg
from graphrep.plot._palette import colours
from graphrep.typing import PathType

_WHY = "Saving a training curve as a picture"


def save_training_curve(model: Any, path: PathType, *, dpi: int = 150) -> None:
    """Save the loss and, where it was measured, the validation MRR of a training.

    Parameters
    ----------
    model : estimator
        A fitted model of triples: what has ``history_`` and ``best_epoch_``.
    path : path-like
        Where to; usually ends in ``.png``.
    dpi : int, default=150
        Resolution; the picture is 9 inches wide.

    Raises
    ------
    GraphValueError
        If no loss was measured.
    MissingDependencyError
        If matplotlib is not installed.
    """
    figures = require("matplotlib.figure", extra="plot", why=_WHY)
    agg = require("matplotlib.backends.backend_agg", extra="plot", why=_WHY)
    losses, valid = (points(model, name) for name in ("loss", "valid_mrr"))
    if not losses:
        raise GraphValueError("The history holds no loss, so there is no curve.")
    figure = figures.Figure(figsize=(9.0, 4.6))
    agg.FigureCanvasAgg(figure)
    axes = figure.add_axes((0.09, 0.13, 0.81, 0.74))
    first, second = colours(2)
    axes.plot(*zip(*losses, strict=True), color=first, marker="o", markersize=3.5)
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss", color=first)
    axes.spines["top"].set_visible(False)
    if valid:
        right = axes.twinx()
        right.plot(*zip(*valid, strict=True), color=second, marker="s", markersize=3.5)
        right.set_ylabel("validation MRR", color=second)
        right.margins(y=0.15)
        right.spines["top"].set_visible(False)
        best = dict(valid).get(model.best_epoch_)
        right.axvline(model.best_epoch_, color="#888888", linestyle=":", linewidth=1)
        if best is not None:
            place = model.best_epoch_ / max(x for x, _ in losses)
            right.annotate(
                f"best: epoch {model.best_epoch_}, {best:.3f}",
                (model.best_epoch_, best),
                (-8 if place > 0.5 else 8, 9),
                textcoords="offset points",
                ha="right" if place > 0.5 else "left",
                fontsize=9,
            )
    figure.text(
        0.09, 0.93, f"Training of {type(model).__name__}", fontsize=13, weight="bold"
    )
    with atomic_path(path) as part:
        figure.savefig(part, dpi=dpi, format="png", metadata={"Software": "graphrep"})


def points(model: Any, name: str) -> list[tuple[int, float]]:
    """Epochs at which something was measured, and what it was."""
    return [
        (one["epoch"], one[name]) for one in model.history_ if one[name] is not None
    ]


def curve_charts(model: Any) -> str:
    """Charts of a training as inline SVG."""
    first, second = colours(2)
    losses, valid = (points(model, name) for name in ("loss", "valid_mrr"))
    mark = [(float(model.best_epoch_), f"kept: epoch {model.best_epoch_}")]
    out = ""
    for found, name, colour in (
        (valid, "validation MRR", second),
        (losses, "loss", first),
    ):
        if len(found) > 1:
            epochs, values = zip(*found, strict=True)
            series = svg.Series(name, epochs, values, colour)
            room = 0.1 * (max(values) - min(values) or 1.0)
            out += svg.lines(
                [series],
                title=f"{name} by epoch",
                text=f"{name} from {found[0][1]:.4g} to {found[-1][1]:.4g}",
                x_label="epoch",
                y_label=name,
                y_range=(min(values) - room, max(values) + room),
                marks=mark,
                height=280,
            )
    return out
