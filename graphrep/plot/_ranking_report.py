"""The report of a model of triples: how it ranks, relation by relation, as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from graphrep._utils._atomic import atomic_path
from graphrep._version import __version__
from graphrep.plot import _svg as svg
from graphrep.plot._page import page
from graphrep.plot._palette import colours
from graphrep.plot._report_html import definitions, section, table, text
from graphrep.plot._training_curve import curve_charts
from graphrep.typing import PathType

_FIGURES = {
    "mrr": "MRR",
    "hits@1": "Hits@1",
    "hits@3": "Hits@3",
    "hits@10": "Hits@10",
    "adjusted_mean_rank_index": "AMRI",
    "chance_mrr": "MRR by chance",
}
_DRAWN = 30
_TIED = 0.001


def save_ranking_report(
    ranks: Any, path: PathType, *, model: Any = None, title: str | None = None
) -> None:
    """Save how a model ranks triples as one HTML file that stands alone.

    Parameters
    ----------
    ranks : TripleRanks
        From `graphrep.kge.rank_triples`.
    path : path-like
        Where to; usually ends in ``.html``.
    model : estimator or None, default=None
        The model, for its training and parameters.
    title : str or None, default=None
        Heading of the page.
    """
    text = ranking_page(ranks, model=model, title=title)
    with atomic_path(path) as part:
        part.write_text(text, encoding="utf-8")


def ranking_page(ranks: Any, *, model: Any = None, title: str | None = None) -> str:
    """Text of the report of a model of triples; see `save_ranking_report`."""
    name = type(model).__name__ if model is not None else "A model of triples"
    body = _overall(ranks) + _relations(ranks) + _kinds(ranks)
    if model is not None:
        body += _training(model) + _settings(model)
    return page(
        title or f"{name}: {len(ranks.triples):,} triples ranked",
        _headline(ranks),
        body,
        created=datetime.now(UTC).isoformat(),
        version=__version__,
    )


def _headline(ranks: Any) -> str:
    found = ranks.metrics()
    if not found["n"]:
        return '<p class="facts">There was nothing to rank.</p>'
    interval = f"{found['mrr_low']:.3f} to {found['mrr_high']:.3f}"
    lines = [
        f"The mean reciprocal rank is <b>{found['mrr']:.3f}</b> (95 % interval "
        f"{interval}); a random order would have {found['chance_mrr']:.3f}.",
        f"The true answer comes first in {found['hits@1']:.1%} of the questions and "
        f"among the first ten in {found['hits@10']:.1%}.",
    ]
    spread = abs(
        ranks.metrics("optimistic")["mrr"] - ranks.metrics("pessimistic")["mrr"]
    )
    if spread > _TIED:
        lines.append(
            f"Equal scores move the MRR by up to {spread:.3f}: the model does not tell "
            "all entities apart."
        )
    items = "".join(f"<li>{line}</li>" for line in lines)
    return (
        f'<p class="facts">{len(ranks.triples):,} triples, each asked for its head and '
        f'for its tail among all entities.</p><ul class="verdict">{items}</ul>'
    )


def _overall(ranks: Any) -> str:
    rows = [
        {"asked for": name, **ranks.metrics(side=side)}
        for name, side in (("both", None), ("tail", "tail"), ("head", "head"))
    ]
    return section(
        "overall",
        "Figures",
        "Ranks are filtered: other answers that are known to be true do not count. "
        "Equal scores share their mean place. AMRI is 0 at chance and 1 at best.",
        _table(rows, {"asked for": "asked for", **_FIGURES}),
    )


def _relations(ranks: Any) -> str:
    rows = ranks.by_relation()
    drawn = rows[:_DRAWN]
    (colour,) = colours(1)
    chart = svg.intervals(
        [
            (
                str(row["relation"]),
                row["mrr"],
                _end(row["mrr_low"]),
                _end(row["mrr_high"]),
                colour,
                False,
            )
            for row in drawn
        ],
        title="MRR of each relation",
        text=f"The {len(drawn)} relations with the most triples, with 95 % intervals",
        x_label="MRR",
    )
    more = f" The {_DRAWN} largest are drawn." if len(rows) > _DRAWN else ""
    columns = {"relation": "relation", "cardinality": "kind", "n": "questions"}
    return section(
        "relations",
        "Relation by relation",
        f"Most triples first; click a title to sort.{more}",
        chart + _table(rows, {**columns, **_FIGURES}),
    )


def _kinds(ranks: Any) -> str:
    columns = {"cardinality": "kind", "side": "asked for", "n": "questions"}
    return section(
        "kinds",
        "By kind of relation",
        "A relation is 1-n where a head has many tails and a tail one head, and so on "
        "(1.5 answers on the mean are many). The side with many answers is the harder.",
        _table(ranks.by_cardinality(), {**columns, **_FIGURES}),
    )


def _training(model: Any) -> str:
    seconds = sum(one["seconds"] for one in model.history_)
    return section(
        "training",
        "Training",
        f"{len(model.history_)} epochs in {seconds:,.1f} seconds of processor time; "
        f"the parameters of epoch {model.best_epoch_} are kept.",
        curve_charts(model),
    )


def _settings(model: Any) -> str:
    known = model.known_
    parameters = model.get_params(deep=False).items()
    rows = [
        ("class", type(model).__name__),
        ("entities", f"{known.n_entities:,}"),
        ("relations", f"{known.n_relations:,}"),
        ("training triples", f"{len(known):,}"),
        *((name, str(value)) for name, value in parameters),
    ]
    return section(
        "settings", "Settings", "To train the same model.", definitions(rows)
    )


def _table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> str:
    cells = [[text(_cell(key, row[key])) for key in columns] for row in rows]
    values = [[row[key] for key in columns] for row in rows]
    return table(list(columns.values()), cells, values=values)


def _cell(key: str, value: Any) -> str:
    if key == "n":
        return f"{value:,.0f}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _end(value: float) -> float | None:
    """Give an end of an interval between 0 and 1, None where there is none."""
    return min(max(value, 0.0), 1.0) if value == value else None
