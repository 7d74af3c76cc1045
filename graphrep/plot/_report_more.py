"""Sections of the report beside reconstruction: geometry, words, tasks, settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphrep.plot import _report_words as words
from graphrep.plot._report_data import Record, short
from graphrep.plot._report_html import (
    definitions,
    folded,
    records,
    section,
    swatch,
    table,
    text,
)

_HUBS = 8
_BEST = {
    "link_prediction": {"auc": "max", "ap": "max", "filtered_mrr": "max"},
    "node_classification": {"micro": "max", "macro": "max"},
    "divergence": {"global_score": "min", "local_score": "min"},
    "inversion": {"edges_kept": "max"},
    "distance_fidelity": {"spearman": "max", "trustworthiness": "max", "stress": "min"},
    "stability": {"procrustes": "min", "knn_overlap": "max"},
}


def geometry(record: Record) -> str:
    """Health of the vectors, and hubs."""
    rows = record.rows("geometry")
    columns = {"embedding": "method"} | {key: t for key, t, _ in words.GEOMETRY}
    notes = definitions([(title, note) for _, title, note in words.GEOMETRY])
    body = records(record, rows, columns) + folded("What these figures mean", notes)
    body += _hubs(record)
    return section(
        "geometry", "Health of the vectors",
        "No graph is needed for these: are the directions used, are there vectors that "
        "are near everything, or nothing?", body if rows else "",
    )  # fmt: skip


def _hubs(record: Record) -> str:
    rows = record.rows("hubs")
    lines = []
    for name in record.ordered:
        mine = [r for r in rows if r["embedding"] == name][:_HUBS]
        if mine and not record.quiet[name]:
            listed = ", ".join(
                f"{text(r.get('name'))} <small>({short(r.get('count'))}×, degree "
                f"{short(r.get('degree'))})</small>"
                for r in mine
            )
            lines.append([swatch(record, name), f'<span class="wide">{listed}</span>'])
    return folded(
        "Hubs: nodes among the nearest of many others", table(["method", "hubs"], lines)
    )


def semantic(record: Record) -> str:
    """Word tests."""
    body = _similarity(record) + _distances(record) + _analogies(record)
    relations = record.rows("semantic.relations")
    if relations:
        body += folded("Consistency of relations", _pivot(
            record, relations, "relation", "difference", "relation"
        ))  # fmt: skip
    return section(
        "semantic", "Meaning of words",
        "Do vectors of related words agree with what people say? Coverage is limited "
        "to words that are nodes.", body,
    )  # fmt: skip


def _similarity(record: Record) -> str:
    rows = record.rows("semantic.similarity")
    if not rows:
        return ""
    body = "<h3>Rank correlation with people’s ratings</h3>"
    scores = list(dict.fromkeys(r.get("score") for r in rows))
    for score in scores:
        mine = [r for r in rows if r.get("score") == score]
        shown = _pivot(record, mine, "test", "spearman", "method", ends=True)
        title = f"Spearman’s rho, {score}"
        body += folded(title, shown).replace("<details>", "<details open>", 1) if (
            score == ("cosine" if "cosine" in scores else scores[0])
        ) else folded(title, shown)  # fmt: skip
    return body


def _distances(record: Record) -> str:
    rows = [r for r in record.rows("semantic.distance") if r.get("raw") is not None]
    if not rows:
        return ""
    biggest = max(rows, key=lambda r: r.get("n_covered") or 0)["test"]
    mine = [r for r in rows if r["test"] == biggest]
    columns = {
        "embedding": "method", "raw": "raw distance", "raw_random": "random pairs",
        "ratio": "ratio", "unit": "unit distance", "unit_random": "random, unit",
        "unit_ratio": "ratio, unit", "auc": "AUC",
    }  # fmt: skip
    return (
        f"<h3>Average distance of related words ({text(biggest)}, "
        f"{short(mine[0].get('n_covered'))} pairs)</h3><p>{words.RAW_DISTANCE}</p>"
        + records(record, mine, columns, best={"unit_ratio": "min", "auc": "max"})
    )


def _analogies(record: Record) -> str:
    rows = record.rows("semantic.analogy")
    if not rows:
        return ""
    total = [r for r in rows if r.get("section") in (None, "all", "overall", "total")]
    columns = {
        "embedding": "method", "test": "test", "section": "section",
        "method": "rule", "n_covered": "questions", "hits@1": "hits@1",
        "hits@10": "hits@10", "mrr": "MRR", "distance": "distance",
        "distance_random": "random",
    }  # fmt: skip
    return "<h3>Analogies</h3>" + folded(
        f"{len(total or rows)} rows", records(record, total or rows, columns)
    )


def _pivot(
    record: Record,
    rows: list[dict[str, Any]],
    across: str,
    key: str,
    corner: str,
    *,
    ends: bool = False,
) -> str:
    """Methods down, ``across`` along; the best of each column is bold."""
    heads = list(dict.fromkeys(str(r.get(across)) for r in rows))
    found = {(str(r["embedding"]), str(r.get(across))): r for r in rows}
    names = [n for n in record.ordered if any((n, h) in found for h in heads)]
    tops = {
        h: max(
            (
                r[key]
                for n in names
                if (r := found.get((n, h))) and r.get(key) is not None
            ),
            default=None,
        )
        for h in heads
    }
    lines, values = [], []
    for name in names:
        cells, numbers = [swatch(record, name)], list[Any]([name])
        for head in heads:
            row = found.get((name, head)) or {}
            value = row.get(key)
            shown = short(value, 2)
            if value is not None and value == tops[head]:
                shown = f"<b>{shown}</b>"
            if ends and row.get("low") is not None and row.get("high") is not None:
                shown += f" <small>±{(row['high'] - row['low']) / 2:.2f}</small>"
            cells.append(shown)
            numbers.append(value)
        lines.append(cells)
        values.append(numbers)
    covered = {
        h: next((r.get("n_covered") for r in rows if str(r.get(across)) == h), None)
        for h in heads
    }
    titles = [f"{h} ({short(covered[h])})" if covered[h] else h for h in heads]
    quiet = [record.quiet[n] for n in names]
    return table([corner, *titles], lines, quiet=quiet, values=values)


def plain_parts(record: Record) -> str:
    """Show parts that are tables of their records."""
    out = ""
    for key, (title, lead) in words.SECTIONS.items():
        rows = record.rows(key)
        if key == "probes" and rows:
            body = _pivot(record, rows, "property", "r2", "method")
        else:
            body = records(record, rows, best=_BEST.get(key))
        out += section(key.replace("_", "-"), title, text(lead), body)
    return out


def problems(record: Record) -> str:
    """List what could not be done."""
    lines = [
        [text(r.get("part")), text(r.get("embedding") or "–"), text(r.get("error"))]
        for r in record.rows("problems")
    ]
    return section(
        "problems", "What could not be done", "Nothing else was lost.",
        table(["part", "method", "reason"], lines),
    )  # fmt: skip


def _listed(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value!r}" for key, value in parameters.items())


def colophon(record: Record) -> str:
    """Tell settings, parameters, versions and what the figures mean."""
    settings: Mapping[str, Any] = record.data.get("settings") or {}
    versions: Mapping[str, Any] = record.data.get("versions") or {}
    graph: Mapping[str, Any] = record.data.get("graph") or {}
    body = folded("What the figures mean", definitions(list(words.GLOSSARY)))
    body += folded("The graph", definitions([*graph.items()]))
    methods = "".join(
        f"<h4>{swatch(record, str(row.get('name')))}</h4>"
        + definitions([
            ("method", row.get("method")), ("components", row.get("n_components")),
            ("native score", row.get("native")),
            ("CPU seconds to fit", row.get("fit_seconds")),
            ("parameters", _listed(row.get("parameters") or {})),
        ])
        for row in record.embeddings
    )  # fmt: skip
    body += folded("The methods and their parameters", methods)
    body += folded("Settings", definitions([*settings.items()]))
    body += folded("Versions", definitions([*versions.items()]))
    body += (
        "<p>The assessment follows Yip and others, <i>RESTORE: Graph Embedding "
        "Assessment Through Reconstruction</i> (2023), with every choice stated in "
        "graphrep’s documentation.</p>"
    )
    return section("about", "Settings and definitions", "", body)
