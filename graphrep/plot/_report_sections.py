"""Sections of the report that show how well neighbourhoods are told."""

from __future__ import annotations

import math
from typing import Any

from graphrep.plot import _report_words as words
from graphrep.plot import _svg as svg
from graphrep.plot._report_data import Record, Row, short
from graphrep.plot._report_html import (
    definitions,
    folded,
    records,
    section,
    swatch,
    table,
    text,
)

_SIGNIFICANT = 0.05
_CURVES = 14
_ON_MAP = 1100
_NAMED = 7
_WORST = 6
_AP_STEPS = ("#b2182b", "#ef8a62", "#c9a227", "#67a9cf", "#2166ac")


def headline(record: Record) -> str:
    """Say in words what was found."""
    graph = record.data.get("graph") or {}
    facts = (
        f"<b>{short(graph.get('n_nodes'))}</b> nodes, "
        f"<b>{short(graph.get('n_edges'))}</b> "
        f"{'directed ' if graph.get('directed') else ''}edges, mean degree "
        f"{short(graph.get('degree_mean'), 1)}"
    )
    said = [_verdict(record, score) for score in record.scores if score != "dot"][:2]
    boxes = "".join(f"<li>{sentence}</li>" for sentence in said if sentence)
    how = "".join(f"<div><h3>{h}</h3><p>{p}</p></div>" for h, p in words.HOW_TO_READ)
    return (
        f'<p class="facts">{facts}.</p><ul class="verdict">{boxes}</ul>'
        f'<div class="how"><h2>How to read this page</h2><div class="cards">{how}'
        "</div></div>"
    )


def _verdict(record: Record, score: str) -> str:
    best = record.best(score, "hop1", "ap", baseline=False)
    if best is None:
        return ""
    name, row = best
    out = (
        f"By the <b>{text(score)}</b> score, <b>{text(name)}</b> tells neighbours "
        "best: "
        f"average precision {_with_interval(row)}."
    )
    others = [
        (other, found)
        for other in record.names
        if other != name and not record.quiet[other]
        and (found := record.value(other, score, "hop1", "ap")) is not None
    ]  # fmt: skip
    if others:
        second = max(others, key=lambda pair: float(pair[1]["mean"]))
        out += f" Next is {text(second[0])} with {short(second[1]['mean'])}"
        compared = record.comparison(name, second[0], score, "hop1", "ap")
        if compared and compared.get("p_value") is not None:
            p = compared["p_value"]
            size = "&lt; 0.001" if p < 0.001 else f"= {short(p)}"
            sure = "" if p < _SIGNIFICANT else "not "
            out += f"; the difference is {sure}beyond chance (p {size})"
        out += "."
    base = record.best(score, "hop1", "ap", baseline=True)
    if base is not None:
        beaten = float(row["mean"]) > float(base[1]["mean"])
        out += (
            f" The best baseline, {text(base[0].replace('_', ' '))}, has "
            f"{short(base[1]['mean'])}{'' if beaten else ', which is more'}."
        )
    return out


def _with_interval(row: Row) -> str:
    low, high = row.get("low"), row.get("high")
    shown = f"<b>{short(row['mean'])}</b>"
    if low is None or high is None or not high > low:
        return shown
    return f"{shown} (95 % interval {short(low)} to {short(high)})"


def main_table(record: Record) -> str:
    """Compare all embeddings, one table for each score."""
    body = ""
    for score in record.scores:
        body += f"<h3>Scored by {text(score)}</h3>" + _score_table(record, score)
    exact = record.reconstruction.get("exact")
    m = record.reconstruction.get("n_queries")
    who = "all nodes" if exact else f"{short(m)} nodes drawn at random"
    return section(
        "table", "All methods",
        f"Means over {who}, each ranking all other nodes. Best in bold; ° marks what "
        "is not worse than the best beyond chance. Click a column to sort.", body,
    )  # fmt: skip


def _score_table(record: Record, score: str) -> str:
    wanted = [("hop1", "ap", "AP"), ("hop1", "ap_adjusted", "adjusted")]
    wanted += [
        (truth, "ap_adjusted", f"adj. {truth.replace('_', ' ')}")
        for truth in record.truths
        if truth.startswith("shell") and not truth.endswith("filtered")
    ]
    wanted += [("hop1", "r_precision", "R-prec."), ("hop1", "mrr", "MRR")]
    wanted += [("hop1", "p@10", "P@10"), ("hop1", "auc", "AUC")]
    wanted = [
        w for w in wanted if any(record.value(n, score, *w[:2]) for n in record.names)
    ]
    pairs = {
        row["embedding"]: row.get("precision_at_edges")
        for row in record.rows("edge_curve")
        if row.get("score") == score
    }
    fits = {row.get("name"): row.get("fit_seconds") for row in record.embeddings}
    head = ["method", *(title for _, _, title in wanted), "P@|E|", "fit s"]
    names = [n for n in record.ordered if record.value(n, score, "hop1", "ap")]
    names.sort(key=lambda n: -(record.mean(n, score, "hop1", "ap") or 0.0))
    tops = [
        max((record.mean(n, score, *w[:2]) or -math.inf for n in names), default=None)
        for w in wanted
    ]
    rows, values = [], []
    for name in names:
        cells = [swatch(record, name)]
        numbers: list[Any] = [name]
        for (truth, metric, _), top in zip(wanted, tops, strict=True):
            row = record.value(name, score, truth, metric)
            value = None if row is None else float(row["mean"])
            shown = short(value)
            if value is not None and value == top:
                shown = f"<b>{shown}</b>"
            elif (
                row is not None
                and metric == "ap"
                and _as_good(record, name, names[0], score)
            ):
                shown += "°"
            cells.append(shown + _half(row))
            numbers.append(value)
        cells += [short(pairs.get(name)), short(fits.get(name), 1)]
        rows.append(cells)
        values.append([*numbers, pairs.get(name), fits.get(name)])
    return table(head, rows, quiet=[record.quiet[n] for n in names], values=values)


def _as_good(record: Record, name: str, best: str, score: str) -> bool:
    compared = record.comparison(best, name, score, "hop1", "ap")
    return bool(
        compared
        and compared.get("p_value") is not None
        and compared["p_value"] >= _SIGNIFICANT
    )


def _half(row: Row | None) -> str:
    """Half the width of an interval, small."""
    if row is None or row.get("low") is None or row.get("high") is None:
        return ""
    half = (row["high"] - row["low"]) / 2
    return f"<small> ±{half:.3f}</small>" if half > 0 else ""


def decoders(record: Record) -> str:
    """Native against cosine."""
    if not {"native", "cosine"} <= set(record.scores):
        return ""
    rows = []
    for name in record.ordered:
        own = record.mean(name, "native", "hop1", "ap")
        plain = record.mean(name, "cosine", "hop1", "ap")
        if own is not None and plain is not None:
            rows.append((name, own, plain, record.colour[name], record.quiet[name]))
    rows.sort(key=lambda r: -max(r[1], r[2]))
    return section(
        "decoder", "Where the graph is stored",
        "Average precision of neighbours by the method’s own score (filled) and by the "
        "cosine of its vectors (hollow). A long line says that the choice of the score "
        "decides; take the one that your application will use.",
        svg.dumbbells(
            rows, title="Native against cosine", x_label="average precision, 1 hop",
            ends=("native", "cosine"),
            text="; ".join(f"{r[0]}: {short(r[1])} and {short(r[2])}" for r in rows),
        ),
    )  # fmt: skip


def hop_profile(record: Record) -> str:
    """Draw adjusted AP at every distance."""
    body = ""
    shells = ["hop1"] + [
        t for t in record.truths if t.startswith("shell") and not t.endswith("filtered")
    ]
    balls = ["hop1"] + [t for t in record.truths if t.startswith("ball")]
    for score in record.scores:
        for truths, title in ((shells, "exactly that far"), (balls, "up to that far")):
            if len(truths) < 2:
                continue
            chart = svg.lines(
                _by_truth(record, score, truths), title=f"Hop profile, {score}",
                text=f"Adjusted average precision by distance, {title}",
                x_label=f"distance, {title}; 0 is chance",
                y_label=f"adjusted AP, {score}",
                names=[words.TRUTHS.get(t, t).split(" (")[0] for t in truths],
                y_range=_range(record, score, truths), height=320,
            )  # fmt: skip
            body += chart if truths is shells else folded(f"Balls, {score}", chart)
    return section(
        "hops", "Near and far",
        "Adjusted average precision of nodes at one, two and three hops: 0 is what "
        "random vectors get. A method may know neighbours well and nothing beyond, or "
        "the other way round.", body,
    )  # fmt: skip


def _by_truth(record: Record, score: str, truths: list[str]) -> list[svg.Series]:
    return [
        svg.Series(
            name, list(range(len(truths))),
            [record.mean(name, score, t, "ap_adjusted") for t in truths],
            record.colour[name], quiet=record.quiet[name], mark=i,
        )
        for i, name in enumerate(_shown(record, score))
    ]  # fmt: skip


def _range(record: Record, score: str, truths: list[str]) -> tuple[float, float]:
    values = [
        v for n in record.names for t in truths
        if (v := record.mean(n, score, t, "ap_adjusted")) is not None
    ]  # fmt: skip
    return min(0.0, *values, 0.0), max(*values, 0.05, 0.05) * 1.05


def _shown(record: Record, score: str) -> list[str]:
    """Methods that are drawn: the best, and few baselines."""
    own = [n for n in record.ordered if not record.quiet[n]]
    base = [n for n in record.ordered if record.quiet[n]]
    own.sort(key=lambda n: -(record.mean(n, score, "hop1", "ap") or 0.0))
    room = max(2, _CURVES - len(own[:_CURVES]))
    return own[:_CURVES] + base[:room]


def edge_curves(record: Record) -> str:
    """Precision among the K best pairs of all."""
    body = ""
    for score in record.scores:
        rows = {
            row["embedding"]: row
            for row in record.rows("edge_curve")
            if row.get("score") == score
        }
        names = [n for n in _shown(record, score) if n in rows]
        if not names:
            continue
        series = [
            svg.Series(
                name, rows[name]["k"], rows[name]["precision"], record.colour[name],
                quiet=record.quiet[name], mark=-1,
            )
            for name in names
        ]  # fmt: skip
        n_edges = rows[names[0]].get("n_edges")
        body += svg.lines(
            series, title=f"Precision at K, {score}", log_x=True, y_range=(0, 1),
            text="Share of true edges among the K best pairs",
            x_label="K, pairs by score (powers of ten)", y_label=f"precision, {score}",
            marks=[(n_edges, "|E|")] if n_edges else [],
        )  # fmt: skip
    return section(
        "pairs", "All pairs in one list",
        "Share of true edges among the K best pairs of the whole graph. Unlike the "
        "means over nodes this asks that scores can be compared between nodes, and "
        "hubs weigh more. At |E| as many pairs are taken as there are edges.", body,
    )  # fmt: skip


def by_degree(record: Record) -> str:
    """AP against degree."""
    body = ""
    for score in record.scores[:2]:
        rows = [
            r for r in record.reconstruction.get("by") or []
            if r.get("group") == "degree" and r.get("score") == score
            and r.get("truth") == "hop1" and r.get("metric") == "ap"
        ]  # fmt: skip
        bins = list(dict.fromkeys(r["value"] for r in rows))
        bins.sort(key=lambda label: float(str(label).split("-")[0].strip("≥>+ ") or 0))
        series = []
        for i, name in enumerate(_shown(record, score)):
            found = {r["value"]: r for r in rows if r["embedding"] == name}
            line = [found.get(b) or {} for b in bins]
            series.append(
                svg.Series(
                    name, list(range(len(bins))), [r.get("mean") for r in line],
                    record.colour[name], [r.get("low") for r in line],
                    [r.get("high") for r in line], record.quiet[name], i,
                )
            )  # fmt: skip
        body += svg.lines(
            series, title=f"AP by degree, {score}", y_range=(0, 1),
            text="Average precision of nodes by their degree",
            x_label="degree of the node", y_label=f"AP, {score}",
            names=[str(b) for b in bins],
        )  # fmt: skip
    return section(
        "degree", "Hubs and leaves",
        "Average precision of neighbours by the degree of the node. Averages hide that "
        "many methods know hubs well and leaves hardly at all, or the reverse.", body,
    )  # fmt: skip


def maps(record: Record) -> str:
    """Small maps, coloured by AP."""
    pictures = ""
    for row in record.rows("map"):
        xs, ys, degree = row.get("x") or [], row.get("y") or [], row.get("degree") or []
        ap = row.get("ap") or [None] * len(xs)
        step = max(1, -(-len(xs) // _ON_MAP))
        keep = range(0, len(xs), step)
        points = [
            (xs[i], ys[i], 1.2 + 0.55 * math.log2(1 + degree[i]), _step_of(ap[i]))
            for i in keep
        ]
        hubs = sorted(range(len(xs)), key=lambda i: -degree[i])[: 4 * _NAMED]
        names = row.get("name") or row.get("node") or []
        labels = [(xs[i], ys[i], str(names[i])) for i in hubs][:_NAMED]
        chart = svg.scatter(
            points, [*_AP_STEPS, "#999999"], labels, title=f"Map of {row['embedding']}",
            text="Vectors in the plane of their two main axes",
        )  # fmt: skip
        caption = swatch(record, row["embedding"])
        pictures += f"<figure>{chart}<figcaption>{caption}</figcaption></figure>"
    legend = "".join(
        f'<span><i style="background:{c}"></i>{t}</span>'
        for c, t in zip(
            _AP_STEPS,
            ("AP below 0.2", "0.2", "0.4", "0.6", "0.8 and more"),
            strict=True,
        )
    )
    body = f'<p class="legend">{legend}</p><div class="maps">{pictures}</div>'
    return section(
        "maps", "Maps",
        "Vectors in the plane of their two main axes (most of what happens in other "
        "directions is not seen). Large points are hubs; colour is how well a node’s "
        "neighbours are found.", body if pictures else "",
    )  # fmt: skip


def _step_of(value: Any) -> int:
    if value is None or value != value:
        return len(_AP_STEPS)
    return min(len(_AP_STEPS) - 1, int(float(value) * len(_AP_STEPS)))


def worst(record: Record) -> str:
    """Nodes whose neighbours are not found."""
    body = ""
    rows = record.reconstruction.get("worst") or []
    for name in record.ordered:
        if record.quiet[name]:
            continue
        mine = [
            r for r in rows
            if r["embedding"] == name and r.get("truth") == "hop1"
            and r.get("score") == (record.scores or ["native"])[0]
        ][:_WORST]  # fmt: skip
        lines = [
            [
                text(r.get("name")), short(r.get("degree")), short(r.get("ap")),
                text(_listed(r.get("neighbours"))), text(_listed(r.get("nearest"))),
            ]
            for r in mine
        ]  # fmt: skip
        if lines:
            head = ["node", "degree", "AP", "true neighbours", "nearest instead"]
            body += folded(name, table(head, lines))
    return section(
        "worst", "Where it fails",
        "Nodes whose neighbours rank last, with what is near them instead.",
        body.replace("<details>", "<details open>", 1),
    )  # fmt: skip


def _listed(values: Any) -> str:
    some = [str(v) for v in values or []]
    return ", ".join(some[:5]) + (" …" if len(some) > 5 else "")


def groups(record: Record) -> str:
    """Breakdown by relation, label and core number, where there are some."""
    body = ""
    for group, title in (
        ("relation", "relation"),
        ("label", "label"),
        ("core", "core number"),
    ):
        rows = [
            r for r in record.reconstruction.get("by") or []
            if r.get("group") == group and r.get("metric") == "ap"
            and r.get("truth") == "hop1" and not record.quiet.get(r["embedding"])
        ]  # fmt: skip
        for score in record.scores[:2]:
            mine = [r for r in rows if r.get("score") == score]
            values = list(dict.fromkeys(str(r["value"]) for r in mine))
            if not values:
                continue
            names = [
                n for n in record.ordered if any(r["embedding"] == n for r in mine)
            ]
            found = {(r["embedding"], str(r["value"])): r for r in mine}
            lines = []
            for value in values[:40]:
                cells = [found.get((n, value)) or {} for n in names]
                size = max((c.get("n") or 0 for c in cells), default=0)
                lines.append(
                    [text(value), short(size), *(short(c.get("mean")) for c in cells)]
                )
            body += folded(
                f"AP by {title}, {score}", table([title, "nodes", *names], lines)
            )
    return section(
        "groups", "By kind", "Average precision of neighbours, taken apart.", body
    )


__all__ = [
    "by_degree", "decoders", "definitions", "edge_curves", "groups", "headline",
    "hop_profile", "main_table", "maps", "records", "worst",
]  # fmt: skip
