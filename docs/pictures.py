"""Draws the pictures in ``_static``: run again when what they show has changed.

``python docs/pictures.py`` needs ``pip install "graphrep[docs]"``. It takes about
half a minute, most of it for the map of ICD-10-CM.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from PIL import Image

from graphrep.quickstart import run

mpl.use("Agg")
STATIC = Path(__file__).parent / "_static"
BLUE, ORANGE, GREEN, GREY = "#2563a8", "#c9512c", "#3d8b53", "#5b6470"
mpl.rcParams |= {"svg.hashsalt": "graphrep", "font.size": 11, "svg.fonttype": "path"}


def icd_map(width: int = 1300, colors: int = 96) -> None:
    """Shrink the map that the quickstart draws."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Image.open(run(folder).map_png).convert("RGB")
        height = round(picture.height * width / picture.width)
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
        picture = picture.quantize(colors, dither=Image.Dither.NONE)
        picture.save(STATIC / "icd10cm_map.png", optimize=True)


def _canvas(width: float, height: float):
    fig = plt.figure(figsize=(width, height))
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(0, height))
    ax.axis("off")
    return fig, ax


def _box(ax, x, y, w, h, title, lines="", color=BLUE):
    shape = FancyBboxPatch(
        (x, y), w, h, boxstyle="round,pad=0,rounding_size=0.08",
        fc=color + "18", ec=color, lw=1.3,
    )  # fmt: skip
    ax.add_patch(shape)
    top = y + h - 0.24 if lines else y + h / 2
    ax.text(x + w / 2, top, title, ha="center", va="center", weight="bold", color=color)
    if lines:
        ax.text(
            x + w / 2, y + (h - 0.36) / 2, lines, ha="center", va="center", size=9,
            color="#22272e", linespacing=1.35,
        )  # fmt: skip


def _arrow(ax, start, end, color=GREY):
    ax.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=13, color=color)
    )


def _save(fig, name: str) -> None:
    fig.savefig(STATIC / name, facecolor="white", metadata={"Date": None})
    plt.close(fig)


def inductive() -> None:
    """Draw which parts of the adjacency fit and transform see."""
    fig, ax = _canvas(8.6, 4.3)
    for left, title in ((0.9, "inductive"), (5.1, "transductive")):
        ax.text(left + 1.5, 4.0, title, ha="center", weight="bold", size=13)
        cut = 2.1 if title == "inductive" else 3.0
        ax.add_patch(Rectangle((left, 0.55), 3, 3, fc="#f1f3f5", ec="#c4c9cf"))
        ax.add_patch(Rectangle((left, 3.55 - cut), cut, cut, fc=BLUE + "40", ec=BLUE))
        ax.text(
            left + cut / 2, 3.55 - cut / 2, "fit", ha="center", va="center",
            color="#123a66", size=17,
        )  # fmt: skip
        if title == "inductive":
            ax.add_patch(Rectangle((left, 0.55), 2.1, 0.9, fc=ORANGE + "45", ec=ORANGE))
            ax.text(
                left + 1.05, 1.0, "transform", ha="center", va="center",
                color="#7a2c12", size=14,
            )  # fmt: skip
            ax.text(
                left + 2.55, 1.0, "never\nseen", ha="center", va="center", color=GREY
            )
            ax.text(left - 0.12, 2.5, "train", rotation=90, ha="right", va="center")
            ax.text(left - 0.12, 1.0, "test", rotation=90, ha="right", va="center")
            ax.text(left + 1.05, 0.32, "train", ha="center", va="center")
            ax.text(left + 2.55, 0.32, "test", ha="center", va="center")
        else:
            text = "labels of the test nodes are hidden,\nnot the nodes"
            ax.text(left + 1.5, 0.27, text, ha="center", va="center", size=10)
    _save(fig, "inductive.svg")


def pipeline() -> None:
    """Draw the way from a graph to an answer."""
    fig, ax = _canvas(9.4, 2.0)
    boxes = (
        ("graph", "file, matrix, networkx,\nPyG, table of edges", GREEN),
        ("FastRP", "fit_transform\none vector a node", BLUE),
        ("vectors", "npy, parquet, word2vec,\nsafetensors, …", ORANGE),
        ("answers", "nearest nodes, a map,\nyour own classifier", GREY),
    )
    for i, (title, lines, color) in enumerate(boxes):
        x = 0.15 + i * 2.38
        _box(ax, x, 0.4, 1.95, 1.2, title, lines, color)
        if i < len(boxes) - 1:
            _arrow(ax, (x + 1.98, 1.0), (x + 2.36, 1.0))
    _save(fig, "pipeline.svg")


ROOMS = (
    ("_utils  exceptions  typing", "optional imports, seeds, threads, errors", GREY),
    ("kernels", "the hot loops on plain arrays (numba; torch twins)", GREEN),
    ("graph", "the nouns: Graph, NodeIndex, Vectors; foreign objects", GREEN),
    ("linalg", "products, decompositions, the same bits for any threads", GREEN),
    ("io", "files in and out, as_graph", GREEN),
    ("datasets", "bundled, fetched and generated data", GREEN),
    (
        "metrics  retrieval  model_selection  base  persistence",
        "scores, nearest neighbours, splits, the estimator's base, saved models",
        BLUE,
    ),
    (
        "embedding  kge  hypergraph  blocking",
        "the estimators, one file each; they do not import each other",
        BLUE,
    ),
    ("linking", "phrases to concepts: candidates and what finds them", BLUE),
    ("plot", "maps and reports as pictures and pages", ORANGE),
    ("evaluation", "reconstruction, semantics, tasks; assess and its result", ORANGE),
    ("integrations", "hand-over to spaCy, xMEN, FHIR and others", ORANGE),
    ("quickstart  cli", "the command line; imports inside functions", ORANGE),
)


def architecture() -> None:
    """Draw the rooms of the package, the lowest at the bottom."""
    step = 0.62
    fig, ax = _canvas(9.2, step * len(ROOMS) + 0.3)
    for i, (title, what, color) in enumerate(ROOMS):
        y = 0.15 + i * step
        shape = FancyBboxPatch(
            (0.75, y), 8.25, step - 0.12, boxstyle="round,pad=0,rounding_size=0.06",
            fc=color + "18", ec=color, lw=1.2,
        )  # fmt: skip
        ax.add_patch(shape)
        middle = y + (step - 0.12) / 2
        long = len(title) > 30
        ax.text(
            0.92, middle + (0.11 if long else 0), title, va="center", weight="bold",
            color=color, size=10,
        )  # fmt: skip
        place = (0.92, middle - 0.12) if long else (3.7, middle)
        ax.text(*place, what, va="center", size=9.5, color="#22272e")
    top = 0.15 + step * len(ROOMS) - 0.12
    _arrow(ax, (0.5, top), (0.5, 0.15))
    ax.text(0.3, top / 2, "imports", rotation=90, ha="center", va="center", color=GREY)
    _save(fig, "architecture.svg")


if __name__ == "__main__":
    icd_map()
    inductive()
    pipeline()
    architecture()
