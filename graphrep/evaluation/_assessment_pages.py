"""An assessment as text and as markdown: the headline table and a table per part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from graphrep.evaluation._assessment_text import interval, table

Data = Mapping[str, Any]
Record = dict[str, Any]
_BASELINE = " °"
_PREFERRED_TEST = "men"
_SIGNIFICANT = 0.05


class Column(NamedTuple):
    """A column of the headline table: its title, and which end is good."""

    title: str
    best: str | None = "max"


def headline(data: Data) -> list[Record]:
    """One record for each embedding: name, and the figures of the headline table."""
    return _headline(data)[0]


def headline_text(data: Data, *, as_markdown: bool = False) -> str:
    """Lay the headline table out, with a line on what is in it."""
    rows, columns = _headline(data)
    shown = [{**row, "method": _method(row)} for row in rows]
    half = {key: f"{key}±" for key in columns if any(f"{key}±" in row for row in rows)}
    text = table(
        shown,
        {key: column.title for key, column in columns.items()},
        markdown=as_markdown,
        best={key: column.best for key, column in columns.items() if column.best},
        half=half,
        fixed=True,
    )
    head = f"{data['title']} ({_queries(data)})"
    notes = _notes(data, columns, as_markdown)
    return "\n".join([text, "", notes] if as_markdown else [head, "", text, "", notes])


def headline_cells(data: Data) -> tuple[list[str], list[list[str]], str]:
    """Titles of the columns, texts of the cells and the notes below them."""
    rows, columns = _headline(data)
    cells = [
        [
            _method(row) if key == "method"
            else interval(row.get(key), row.get(f"{key}±"), fixed=True)
            for key in columns
        ]
        for row in rows
    ]  # fmt: skip
    titles = [column.title or "embedding" for column in columns.values()]
    notes = f"{_queries(data)}. {_notes(data, columns, None)}"
    return titles, cells, notes


def _method(row: Record) -> str:
    return str(row["method"]) + (_BASELINE if row["baseline"] else "")


def _headline(data: Data) -> tuple[list[Record], dict[str, Column]]:
    part = data["reconstruction"]
    scores = part.get("scores") or ["native"]
    first, truths = scores[0], part.get("truths") or []
    found = {
        (r["embedding"], r["score"], r["truth"], r["metric"]): r
        for r in part.get("rows", [])
    }
    columns = {"method": Column("", None)}
    wanted: dict[str, tuple[str, str, str]] = {}

    def add(key: str, title: str, score: str, truth: str, metric: str) -> None:
        if truth in truths and metric in part["metrics"]:
            wanted[key] = (score, truth, metric)
            columns[key] = Column(title)

    add("ap", f"AP {first}", first, "hop1", "ap")
    for score in scores[1:]:
        add(f"ap_{score}", f"AP {score}", score, "hop1", "ap")
    add("ap_adjusted", "adjusted", first, "hop1", "ap_adjusted")
    for truth in truths:
        if truth.startswith("shell") and truth.endswith("_filtered"):
            hop = truth.removeprefix("shell").removesuffix("_filtered")
            add(f"shell{hop}", f"shell {hop}", first, truth, "ap_adjusted")
    add("auc", "AUC", first, "hop1", "auc")
    rows = []
    for record in data["embeddings"]:
        row: Record = {"method": record["name"], "baseline": record["baseline"]}
        for key, (score, truth, metric) in wanted.items():
            cell = found.get((record["name"], score, truth, metric))
            row[key] = None if cell is None else cell["mean"]
            if cell is not None and not part["exact"] and cell["high"] is not None:
                row[f"{key}±"] = (cell["high"] - cell["low"]) / 2
        rows.append(row)
    _add_others(data, rows, columns, first)
    return rows, columns


def _add_others(
    data: Data, rows: list[Record], columns: dict[str, Column], score: str
) -> None:
    """Add the columns that do not come from the reconstruction of nodes."""
    curve = {
        r["embedding"]: r["precision_at_edges"]
        for r in data["edge_curve"]
        if r["score"] == score
    }
    test, words = _word_test(data)
    if curve:
        columns["precision_at_edges"] = Column("edges P")
    if words:
        columns["word_test"] = Column(f"{test} rho")
    columns["fit_seconds"] = Column("fit s", None)
    seconds = {r["name"]: r["fit_seconds"] for r in data["embeddings"]}
    for row in rows:
        name = row["method"]
        row["precision_at_edges"] = curve.get(name)
        row["word_test"] = words.get(name)
        row["fit_seconds"] = seconds[name]


def _word_test(data: Data) -> tuple[str, dict[str, float]]:
    """Name of the word test to show, and its correlation for each embedding."""
    rows = data["semantic"]["similarity"]
    tests = list(dict.fromkeys(r["test"] for r in rows))
    if not tests:
        return "", {}
    test = next((t for t in tests if _PREFERRED_TEST in t.lower()), tests[0])
    own = [r for r in rows if r["test"] == test]
    scores = list(dict.fromkeys(r["score"] for r in own))
    score = "cosine" if "cosine" in scores else scores[0]
    return test, {r["embedding"]: r["spearman"] for r in own if r["score"] == score}


def _queries(data: Data) -> str:
    graph, part = data["graph"], data["reconstruction"]
    size = f"{graph['n_nodes']:,} nodes, {graph['n_edges']:,} edges"
    if not part.get("rows"):
        return size
    if part["exact"]:
        return f"{size}; all nodes are queries"
    share = f"{part['confidence']:.0%}"
    return f"{size}; {part['n_queries']:,} sampled queries, {share} intervals"


def _notes(data: Data, columns: Mapping[str, Column], as_markdown: bool | None) -> str:
    parts = []
    if "ap" in columns:
        parts.append("AP: average precision of finding a node's neighbours")
    if "ap_adjusted" in columns:
        parts.append("adjusted: 0 is chance, 1 is perfect")
    if any(key.startswith("shell") for key in columns):
        parts.append("shell k: the same for nodes k hops away among all not nearer")
    if "precision_at_edges" in columns:
        parts.append("edges P: share of edges among the |E| best pairs")
    if as_markdown is not None:
        parts.append("bold: best" if as_markdown else "*: best")
    if any(record["baseline"] for record in data["embeddings"]):
        parts.append("°: baseline")
    if data["problems"]:
        parts.append(f"{len(data['problems'])} figures were left out, see problems")
    return "; ".join(parts) + "."


# -- markdown ------------------------------------------------------------------------
class Section(NamedTuple):
    """A table of the markdown page."""

    title: str
    text: str
    columns: Sequence[str] | None = None


_SECTIONS = {
    "edge_curve": Section(
        "All pairs at once",
        "Precision among the best-scored pairs of all nodes; `precision_at_edges` "
        "reads the curve at as many pairs as there are edges.",
        ("embedding", "score", "n_edges", "precision_at_edges", "chance"),
    ),
    "similarity": Section(
        "Word similarity",
        "Rank correlation of scores with the ratings of people, for the pairs of words "
        "that are nodes.",
    ),
    "distance": Section(
        "Average distance of related words",
        "Raw distances cannot be compared between embeddings; `unit_ratio`, the "
        "distance at unit length relative to random pairs, can: below 1 is good.",
    ),
    "analogy": Section("Analogies", "a is to b as c is to which word?"),
    "relations": Section(
        "Relations as directions",
        "Mean cosine of the offsets of a relation's pairs, beside shuffled tails.",
    ),
    "link_prediction": Section(
        "Link prediction", "Edges held out before fitting, found again."
    ),
    "node_classification": Section(
        "Node classification", "F1 of a logistic regression on the vectors."
    ),
    "ego": Section(
        "Reconstruction around seeds", "Fitted again on the surroundings of seeds."
    ),
    "distance_fidelity": Section(
        "Distances", "Whether distances of vectors follow distances in the graph."
    ),
    "geometry": Section(
        "Geometry",
        "Health of the vectors, whatever the graph: how many directions they use, "
        "whether few of them are neighbours of all.",
    ),
    "probes": Section(
        "What vectors know of nodes",
        "How well properties of nodes are predicted from their vectors.",
    ),
    "inversion": Section(
        "A graph built from the vectors", "As many edges as there are, the best pairs."
    ),
    "stability": Section("Stability", "The same method with other seeds."),
    "divergence": Section("Divergence", "Density of edges within and between parts."),
}


def markdown(data: Data) -> str:
    """Write the whole assessment as a page of markdown."""
    from graphrep.evaluation._assessment import SEMANTIC

    blocks = [f"# {data['title']}", _graph_text(data), headline_text(
        data, as_markdown=True
    )]  # fmt: skip
    blocks += _reconstruction_blocks(data)
    for key, section in _SECTIONS.items():
        rows = data["semantic"][key] if key in SEMANTIC else data.get(key, [])
        if rows:
            columns = section.columns or _flat_columns(rows)
            blocks += [
                f"## {section.title}", section.text, _md(rows, columns)
            ]  # fmt: skip
    if data["problems"]:
        blocks += ["## Left out", _md(data["problems"], ("part", "embedding", "error"))]
    versions = ", ".join(f"{k} {v}" for k, v in data["versions"].items())
    blocks.append(f"Made {data['created']} with {versions}.")
    return "\n\n".join(blocks) + "\n"


def _graph_text(data: Data) -> str:
    graph = data["graph"]
    kind = "directed" if graph["directed"] else "undirected"
    kind += ", weighted" if graph["weighted"] else ""
    return (
        f"{_queries(data)}. The graph is {kind}; connected components: "
        f"{graph['n_components']:,}, isolated nodes: {graph['n_isolated']:,}, degrees: "
        f"{graph['degree_min']} to {graph['degree_max']:,}, "
        f"{graph['degree_median']:g} in the middle."
    )


def _reconstruction_blocks(data: Data) -> list[str]:
    part = data["reconstruction"]
    if not part.get("rows"):
        return []
    wide = [
        {
            "embedding": name, "score": score,
            **{r["truth"]: r["mean"] for r in own if r["metric"] == metric},
        }
        for metric in ("ap_adjusted",)
        for name, score, own in _grouped(part["rows"])
    ]  # fmt: skip
    blocks = [
        "## Reconstruction by distance",
        "Average precision adjusted for chance: `hop1` are neighbours, `shellK` the "
        "nodes exactly K hops away, `ballK` all up to K hops; `filtered` leaves nearer "
        "nodes out of the ranking.",
        _md(wide, best=dict.fromkeys(part["truths"], "max")),
    ]
    chance = {r["truth"]: r["chance"] for r in part["rows"] if r["metric"] == "ap"}
    blocks.append(_md([{"AP of a random ranking": "", **chance}]))
    if part["comparisons"]:
        columns = ("embedding", "reference", "score", "truth", "difference", "low",
                   "high", "p_value")  # fmt: skip
        rows = [r for r in part["comparisons"] if r["truth"] == "hop1"]
        text = "Differences of average precision, node by node, with intervals for "
        text += f"nodes such as these; p below {_SIGNIFICANT} in bold."
        marked = [{**r, "p_value": _p_value(r["p_value"])} for r in rows]
        blocks += ["## Differences", text, _md(marked, columns)]
    return blocks + _breakdown_blocks(part)


def _breakdown_blocks(part: Data) -> list[str]:
    blocks = []
    score = part["scores"][0]
    titles = {"degree": "By degree", "core": "By core number", "label": "By label",
              "relation": "By relation"}  # fmt: skip
    for group, title in titles.items():
        rows = [
            r
            for r in part["by"]
            if r["group"] == group and r["metric"] == "ap" and r["truth"] == "hop1"
            and r["score"] == score
        ]  # fmt: skip
        if rows:
            wide: dict[str, Record] = {}
            for r in rows:
                own = wide.setdefault(str(r["value"]), {title: str(r["value"])})
                own["nodes"] = r["n"]
                own[r["embedding"]] = r["mean"]
            text = f"Average precision of finding neighbours, by the {score} score."
            blocks += [f"## {title}", text, _md(list(wide.values()))]
    if part["worst"]:
        columns = ("embedding", "score", "name", "degree", "ap", "nearest")
        blocks += ["## Worst nodes", _md(part["worst"], columns)]
    return blocks


def _grouped(rows: Sequence[Record]) -> list[tuple[str, str, list[Record]]]:
    found: dict[tuple[str, str], list[Record]] = {}
    for row in rows:
        found.setdefault((row["embedding"], row["score"]), []).append(row)
    return [(name, score, own) for (name, score), own in found.items()]


def _p_value(value: float | None) -> Any:
    if value is None or value >= _SIGNIFICANT:
        return value
    return f"**{value:.4f}**"


def _flat_columns(rows: Sequence[Record]) -> list[str]:
    """Keys whose values fit into a cell."""
    keys = dict.fromkeys(key for row in rows for key in row)
    return [k for k in keys if not any(isinstance(r.get(k), list) for r in rows)]


def _md(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str] | None = None,
    best: Mapping[str, str] | None = None,
) -> str:
    return table(rows, columns, markdown=True, best=best, fixed=best is not None)


__all__ = ["headline", "headline_cells", "headline_text", "markdown"]
