"""The report of a projection: what is lost, in figures and words, as a page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from graphrep._utils._atomic import atomic_path
from graphrep._version import __version__
from graphrep.plot import _svg as svg
from graphrep.plot._page import page
from graphrep.plot._palette import colours
from graphrep.plot._report_html import definitions, section, table, text
from graphrep.typing import PathType

_BAR = 26  # pixels high
_DRAWN = 24  # sizes that get a line of their own


def save_projection_report(
    loss: Any, path: PathType, *, title: str | None = None
) -> None:
    """Save what a projection loses as one HTML file that stands alone.

    Parameters
    ----------
    loss : ProjectionLoss
        From `graphrep.hypergraph.projection_loss`.
    path : path-like
        Where to; usually ends in ``.html``.
    title : str or None, default=None
        Heading of the page.
    """
    text = projection_page(loss, title=title)
    with atomic_path(path) as part:
        part.write_text(text, encoding="utf-8")


def projection_page(loss: Any, *, title: str | None = None) -> str:
    """Text of the report of a projection; see `save_projection_report`."""
    body = _fates(loss) + _facts(loss) + _sizes(loss) + _examples(loss) + _storage(loss)
    return page(
        title or "What the projection of a hypergraph loses",
        _headline(loss),
        body,
        created=datetime.now(UTC).isoformat(),
        version=__version__,
    )


def _headline(loss: Any) -> str:
    smallest = f" of {loss.min_size} and more nodes" if loss.min_size > 1 else ""
    lines = [loss.verdict, *(f"Not computed: {why}." for why in loss.not_computed)]
    items = "".join(f"<li>{text(line)}</li>" for line in lines)
    return (
        f'<p class="facts">{loss.n_hyperedges:,} hyperedges{smallest} over '
        f"{loss.n_nodes:,} nodes, projected to {loss.n_edges:,} edges.</p>"
        f'<ul class="verdict">{items}</ul>'
    )


def _fates(loss: Any) -> str:
    """Draw what becomes of the hyperedges as one bar in three parts."""
    if loss.n_found is None or not loss.n_hyperedges:
        return ""
    blue, orange, _, vermilion = colours(4)
    parts = (
        ("maximal cliques", loss.n_found, blue),
        ("inside a false clique", loss.n_swallowed, orange),
        ("inside another hyperedge", loss.n_nested, vermilion),
    )
    left, body = 8.0, ""
    for i, (name, count, colour) in enumerate(parts):
        share = count / loss.n_hyperedges
        width = share * (svg.WIDTH - 16)
        words = f"{name}: {count:,} ({share:.1%})"
        body += (
            f'<rect x="{left:.1f}" y="8" width="{width:.1f}" height="{_BAR}" '
            f'fill="{colour}"><title>{text(words)}</title></rect>'
            f'<rect x="8" y="{50 + 22 * i}" width="12" height="12" fill="{colour}"/>'
            f'<text x="28" y="{60.5 + 22 * i}">{text(words)}</text>'
        )
        left += width
    words = "Share of hyperedges that are maximal cliques, hidden by others, nested"
    chart = svg.figure(body, svg.WIDTH, 120, "What becomes of the hyperedges", words)
    return section(
        "fates",
        "What becomes of the hyperedges",
        "Only those that are maximal cliques of the graph can be read off it.",
        chart,
    )


def _facts(loss: Any) -> str:
    cells, values = [], []
    for f in loss.facts():
        count = "not computed" if f.count is None else f"{f.count:,}"
        of = "" if f.of is None else f"{f.of:,}"
        share = "" if f.share is None else f"{f.share:.1%}"
        meaning = f'<span class="wide">{text(f.meaning)}</span>'
        cells.append([text(f.what), count, of, share, meaning])
        values.append([f.what, f.count, f.of, f.share, f.meaning])
    head = ("what", "count", "of", "share", "what it means")
    lead = "Counts of distinct hyperedges, of cliques and of edges of the graph."
    return section("facts", "Figures", lead, table(head, cells, values=values))


def _sizes(loss: Any) -> str:
    if not loss.sizes:
        return ""
    (colour,) = colours(1)
    order = sorted(loss.sizes)
    names = [f"{size} node{'s' * (size > 1)}" for size in order[:_DRAWN]]
    rows = [(name, loss.sizes[size]) for name, size in zip(names, order, strict=False)]
    if len(order) > _DRAWN:
        rest = sum(loss.sizes[size] for size in order[_DRAWN:])
        rows.append((f"{order[_DRAWN]} to {order[-1]} nodes", rest))
    most, step, left = max(count for _, count in rows), 20, 110.0
    body = ""
    for i, (name, count) in enumerate(rows):
        y, width = 6 + step * i, (svg.WIDTH - left - 80) * count / most
        body += (
            f'<text x="{left - 8}" y="{y + 11}" text-anchor="end">{text(name)}</text>'
            f'<rect x="{left}" y="{y}" width="{max(width, 1):.1f}" height="14" '
            f'fill="{colour}"/>'
            f'<text x="{left + width + 6:.1f}" y="{y + 11}" class="quiet">{count:,}'
            "</text>"
        )
    words = "Number of hyperedges of each size"
    chart = svg.figure(body, svg.WIDTH, 12 + step * len(rows), "Sizes", words)
    return section("sizes", "Sizes", "Number of hyperedges of each size.", chart)


def _examples(loss: Any) -> str:
    rows = [("nested", inner, outer) for inner, outer in loss.nested]
    rows += [("false clique", clique, None) for clique in loss.false_cliques]
    cells = [
        [text(kind), _named(nodes), "" if outer is None else _named(outer)]
        for kind, nodes, outer in rows
    ]
    head = ("kind", "nodes", "inside")
    lead = (
        "The largest hyperedges that lie in another, and the largest cliques that "
        "are no hyperedge."
    )
    return section("examples", "Examples", lead, table(head, cells))


def _storage(loss: Any) -> str:
    if loss.storage_ratio is None:
        return ""
    rows = [
        ("hypergraph", f"{loss.n_members:,} node ids"),
        ("graph", f"{2 * loss.n_edges:,} ({loss.storage_ratio:.2f} times)"),
        (
            "graph with weights",
            f"{3 * loss.n_edges:,} ({loss.weighted_storage_ratio:.2f} times)",
        ),
        ("repeated hyperedges", f"{loss.n_repeats:,}, counted once here"),
    ]
    lead = "Numbers to store: one a member, two an edge, three with its weight."
    return section("storage", "Storage", lead, definitions(rows))


def _named(nodes: Any) -> str:
    shown = ", ".join(str(v) for v in nodes[:30])
    more = f", … ({len(nodes)} nodes)" if len(nodes) > 30 else ""
    return f'<span class="wide">{text(shown + more)}</span>'
