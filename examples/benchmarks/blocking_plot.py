"""Picture of recall over the budget, a panel for each set, from rows of `blocking.py`.

    python blocking.py --data DIR --peers --json rows.jsonl --plot curves.svg

draws the sets, methods and peers asked for, once they are run. Both axes go by ratios:
the budget in records of the smaller table, and the share of the matches that is missed,
so that 98 and 99 % lie as far apart as 50 and 75 %. A line ends with a dot where a
method has given all its pairs. Methods of graphrep are thick lines, other ways to use
the same neighbours grey, other packages thin.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]
# Okabe and Ito's colours; (label, colour, line, width)
STYLES: dict[str, tuple[str, str, str, float]] = {
    "nlsh": ("NLSHBlocker", "#0072b2", "-", 2.6),
    "tfidf": ("TfidfBlocker", "#56b4e9", "-", 2.6),
    "nlsh-labels": ("NLSHBlocker, labels", "#0072b2", "-", 2.6),
    "nlsh-infonce": ("NLSHBlocker, labels, InfoNCE", "#56b4e9", "-", 2.6),
    "fixed-A": ("k of left", "#8a8a8a", "-", 1.1),
    "fixed-B": ("k of right", "#8a8a8a", "--", 1.1),
    "raw": ("one cosine for all", "#8a8a8a", ":", 1.4),
    "csls": ("CSLS", "#8a8a8a", "-.", 1.1),
    "sparse_dot_topn": ("sparse_dot_topn", "#4d4d4d", ":", 1.4),
    "datasketch": ("datasketch", "#b8a800", "-", 1.4),
    "recordlinkage": ("recordlinkage", "#cc79a7", "-", 1.4),
    "splink": ("Splink", "#d55e00", "-", 1.4),
    "pyjedai-cnp": ("pyJedAI CNP", "#009e73", "-", 1.4),
    "pyjedai-wnp": ("pyJedAI WNP", "#009e73", "--", 1.4),
    "pyjedai-qgrams": ("pyJedAI 6-grams", "#009e73", "-.", 1.4),
    "pyjedai-join": ("pyJedAI k of right", "#009e73", ":", 1.6),
    "blockingpy": ("BlockingPy", "#e69f00", "-", 1.4),
    "dedupe": ("dedupe", "#000000", "-", 1.4),
}
RECALLS = (0, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
MOST = 0.999  # recall where the axis ends
FROM, TO = 0.5, 10.0


def save_curves(
    rows: Sequence[Row],
    path: Path,
    gold: str,
    times: Sequence[float],
    fine: Sequence[float],
) -> None:
    """Save the picture: PNG, SVG or PDF by the name.

    ``times`` are the budgets of ``recall`` in rows, ``fine`` those of ``curve``, which
    is used where a row has it. Sets come in the order of their first row.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = [row for row in rows if gold in row.get("recall", ()) and row["seed"] == 0]
    sets = list(dict.fromkeys(row["set"] for row in rows))
    if not sets:
        raise SystemExit(f"No row has the gold {gold!r}; run the methods first.")
    across = min(len(sets), 3)
    down = math.ceil(len(sets) / across)
    figure = Figure(figsize=(3.5 * across, 2.9 * down + 0.75))
    FigureCanvasAgg(figure)
    named: dict[str, Any] = {}
    for i, name in enumerate(sets):
        panel = figure.add_subplot(down, across, i + 1)
        drawn = [row for row in rows if row["set"] == name and row["method"] in STYLES]
        for row in sorted(drawn, key=lambda row: -list(STYLES).index(row["method"])):
            x, y, ends = points(row, gold, times, fine)
            label, colour, dash, width = STYLES[row["method"]]
            (line,) = panel.plot(x, y, dash, color=colour, lw=width)
            if ends:
                panel.plot(x[-1:], y[-1:], "o", color=colour, ms=3.5)
            named[label] = line
        panel.set_title(name, fontsize=9.5, loc="left")
        axes(panel, first=i % across == 0, last=i >= len(sets) - across)
    order = [label for label, *_ in STYLES.values() if label in named]
    figure.tight_layout(rect=(0, 0.75 / figure.get_figheight(), 1, 1))
    figure.legend(
        [named[label] for label in order], order, loc="lower center", fontsize=8,
        ncol=min(len(order), 5), frameon=False, handlelength=2.6,
    )  # fmt: skip
    figure.savefig(
        path, dpi=110, metadata=None if path.suffix == ".png" else {"Date": None}
    )


def points(
    row: Row, gold: str, times: Sequence[float], fine: Sequence[float]
) -> tuple[list[float], list[float], bool]:
    """Budgets, missed shares, and whether the line ends there for want of pairs."""
    whole = row["pairs"] / (row["budgets"][0] / times[0])
    grid, recall = (fine, row["curve"]) if "curve" in row else (times, row["recall"])
    kept = [(t, r) for t, r in zip(grid, recall[gold], strict=True) if t <= whole]
    ends = whole < TO
    if ends:
        kept.append((max(whole, FROM), row["whole"][gold]))
    kept = [(t, r) for t, r in kept if FROM <= t <= TO]
    return [t for t, _ in kept], [1.0 - min(r, MOST) for _, r in kept], ends


def axes(panel: Any, first: bool, last: bool) -> None:
    """Ratios on both axes, named by what they stand for."""
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlim(FROM, TO * 1.06)
    low = max(line.get_ydata().max() for line in panel.lines)
    panel.set_ylim(min(1.0, low * 1.15), (1 - MOST) * 0.85)
    panel.minorticks_off()
    panel.set_xticks([0.5, 1, 2, 5, 10], ["0.5", "1", "2", "5", "10"], fontsize=8)
    shown = [r for r in RECALLS if 1 - r <= low * 1.15]
    panel.set_yticks(
        [1 - r for r in shown], [f"{100 * r:g}" for r in shown], fontsize=8
    )
    panel.grid(color="#e3e6ea", lw=0.7)
    panel.spines[["top", "right"]].set_visible(False)
    if first:
        panel.set_ylabel("recall, %", fontsize=8.5)
    if last:
        panel.set_xlabel("pairs / records of the smaller table", fontsize=8.5)
