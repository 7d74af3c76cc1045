"""The report of candidate pairs: sizes, recall, and what is missed, as a page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from graphrep._utils._atomic import atomic_path
from graphrep._version import __version__
from graphrep.plot._blocking_curve import recall_chart
from graphrep.plot._page import page
from graphrep.plot._report_html import definitions, section, table, text
from graphrep.typing import PathType

if TYPE_CHECKING:
    from graphrep.blocking import BlockingReport
    from graphrep.blocking._blocking_report import PairExample
    from graphrep.metrics import RecallCurve

_WORD = re.compile(r"\w+|[^\w\s]+|\s+")
_AT = (1, 2, 3, 5, 10, 20, 50)


def save_blocking_report(
    report: BlockingReport,
    path: PathType,
    *,
    title: str | None = None,
    curves: Mapping[str, RecallCurve] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Save what candidate pairs hold and miss as one HTML file that stands alone.

    Parameters
    ----------
    report : BlockingReport
        From `graphrep.blocking.blocking_report`.
    path : path-like
        Where to; usually ends in ``.html``.
    title : str or None, default=None
        Heading of the page.
    curves : mapping of str to RecallCurve or None, default=None
        Curves of other methods to draw beside that of the report.
    settings : mapping or None, default=None
        Parameters of the method, to be listed.

    Notes
    -----
    The page shows values of records; mind where you put it.
    """
    written = blocking_page(report, title=title, curves=curves, settings=settings)
    with atomic_path(path) as part:
        part.write_text(written, encoding="utf-8")


def blocking_page(
    report: BlockingReport,
    *,
    title: str | None = None,
    curves: Mapping[str, RecallCurve] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> str:
    """Text of the report of candidate pairs; see `save_blocking_report`."""
    body = (
        _recall(report, curves or {})
        + _scores(report)
        + _missed(report)
        + _wrong(report)
        + _found(report)
        + _crowds(report)
        + _settings(settings or {})
    )
    return page(
        title or "Candidate pairs",
        _headline(report),
        body,
        created=datetime.now(UTC).isoformat(),
        version=__version__,
    )


def _headline(report: BlockingReport) -> str:
    tables = f"{report.n_left:,} records in one table"
    if not report.one_table:
        tables = f"{report.n_left:,} and {report.n_right:,} records"
    times = report.n_pairs / report.unit
    share = report.n_pairs / report.n_possible if report.n_possible else 0.0
    lines = [
        f"<b>{report.n_pairs:,} pairs</b> are to be compared, {times:.2f} for each "
        f"record of the smaller table and {share:.3%} of the {report.n_possible:,} "
        "that there could be."
    ]
    scores = report.scores
    if scores is not None:
        lines.append(
            f"They hold <b>{scores.n_found:,} of the {scores.n_true:,} known "
            f"matches</b>, {scores.pair_completeness:.2%}. One pair in "
            f"{_one_in(scores.pair_quality)} is a match."
        )
    guess = report.recall_estimate
    if guess is not None:
        lines.append(
            f"By their scores they hold an estimated <b>{guess.recall:.1%} of all "
            f"matches</b>, with a probability of nine in ten {guess.low:.1%} to "
            f"{guess.high:.1%}, if pairs that stand out as matches are matches."
        )
        lines += map(text, guess.doubts)
    if any(report.without_pairs):
        lines.append(_alone(report))
    items = "".join(f"<li>{line}</li>" for line in lines)
    return f'<p class="facts">{tables}</p><ul class="verdict">{items}</ul>'


def _one_in(quality: float) -> str:
    return f"{1 / quality:,.1f}" if quality else "none"


def _alone(report: BlockingReport) -> str:
    left, right = report.without_pairs
    if report.one_table:
        return f"{left:,} records are in no pair."
    return f"{left:,} left and {right:,} right records are in no pair."


def _recall(report: BlockingReport, others: Mapping[str, RecallCurve]) -> str:
    if report.curve is None or not report.n_pairs or not report.curve.n_true:
        return ""
    drawn = {"these pairs" if others else "": report.curve, **others}
    lead = (
        "Share of the known matches among the best pairs, for every number of pairs. "
        "1x is one pair for each record of the smaller table."
    )
    area = ""
    if others:
        rows = [[text(n), f"{c.area():.4f}"] for n, c in drawn.items()]
        values = [[n, c.area()] for n, c in drawn.items()]
        area = table(("method", "mean recall, 1x to 10x"), rows, values=values)
    body = recall_chart(drawn) + area + _at_each_record(report)
    return section("recall", "Recall over the number of pairs", lead, body)


def _at_each_record(report: BlockingReport) -> str:
    """Tabulate the recall of the k best pairs of each record."""
    most = max(c.n_pairs for c in report.side_curves.values())
    ks = [k for k in _AT if k <= most]
    names = {"left": "left record", "right": "right record"}
    rows = [
        [
            f"best pairs of each {'record' if report.one_table else names[side]}",
            *(f"{float(curve.at(k)):.4f}" for k in ks),
        ]
        for side, curve in report.side_curves.items()
    ]
    return table(("recall at", *(str(k) for k in ks)), rows)


def _scores(report: BlockingReport) -> str:
    rows: list[tuple[str, Any]] = [
        ("pairs", f"{report.n_pairs:,}"),
        ("pairs that there could be", f"{report.n_possible:,}"),
        ("groups of records joined by pairs", f"{report.n_groups:,}"),
        ("records in the largest group", f"{report.largest_group:,}"),
    ]
    s = report.scores
    if s is not None:
        sides = [("records with a match found", f"{s.left_coverage:.4f}")]
        if not report.one_table:
            sides = [
                ("left records with a match found", f"{s.left_coverage:.4f}"),
                ("right records with a match found", f"{s.right_coverage:.4f}"),
            ]
        rows += [
            ("pair completeness (recall)", f"{s.pair_completeness:.4f}"),
            ("pair quality (precision)", f"{s.pair_quality:.4f}"),
            ("F1 of the two", f"{s.f1:.4f}"),
            ("candidate set size ratio", f"{s.cssr:.6f}"),
            ("reduction ratio", f"{s.reduction_ratio:.6f}"),
            *sides,
        ]
    lead = "Counts and shares, of all pairs and against the known matches."
    return section("figures", "Figures", lead, definitions(rows))


def _missed(report: BlockingReport) -> str:
    rows = report.missed_rows
    if rows is None or not len(rows.left):
        return ""
    lead = (
        f"{len(rows.left):,} known matches are in no pair. Here are those with the "
        "largest share of words in common, which better columns or rules may still "
        "find. Marked is what only one of both has."
    )
    return section("missed", "Missed matches", lead, _cards(report.missed))


def _wrong(report: BlockingReport) -> str:
    lead = (
        "The best ranked pairs that are no known match: near copies, or matches that "
        "nobody has noted yet."
    )
    return section("wrong", "Best pairs that are no match", lead, _cards(report.wrong))


def _found(report: BlockingReport) -> str:
    lead = "Matches that are among the pairs: the best and the worst ranked ones."
    return section("found", "Found matches", lead, _cards(report.found))


def _crowds(report: BlockingReport) -> str:
    if not report.crowds:
        return ""
    head = ("record", "text", "pairs")
    cells = [
        [
            f"{text(c.id)} <small>{text(c.side)}</small>",
            f'<span class="wide">{text(c.text)}</span>',
            f"{c.n_pairs:,}",
        ]
        for c in report.crowds
    ]
    values = [[str(c.id), c.text, c.n_pairs] for c in report.crowds]
    lead = "Records in the most pairs: short, common or repeated ones."
    return section("crowds", "Largest groups", lead, table(head, cells, values=values))


def _settings(settings: Mapping[str, Any]) -> str:
    rows = [(name, str(value)) for name, value in settings.items()]
    return section("settings", "Settings", "To make the same pairs.", definitions(rows))


# -- pairs side by side ------------------------------------------------------------
def _cards(examples: Sequence[PairExample]) -> str:
    return "".join(map(_card, examples))


def _card(example: PairExample) -> str:
    left, right = text(example.left_id), text(example.right_id)
    words = f"{example.common_words} of {example.words} words in common"
    if example.rank is not None:
        words = f"rank {example.rank:,}, score {example.score:.3f}, {words}"
    rows = []
    for field in example.fields:
        if field.left or field.right:
            first, second = _compared(field.left, field.right)
            rows.append(
                f"<tr><th scope=row>{text(field.column)}</th><td>{first}</td>"
                f"<td>{second}</td></tr>"
            )
    return (
        f'<div class="pair"><table><thead><tr><th></th><th scope="col">{left}</th>'
        f'<th scope="col">{right}</th></tr></thead><tbody>{"".join(rows)}</tbody>'
        f"</table><p>{text(words)}</p></div>"
    )


def _compared(left: str, right: str) -> tuple[str, str]:
    """Both values, with the words marked that the other has not."""
    words = [{w.lower() for w in _WORD.findall(v)} for v in (left, right)]
    return _marked(left, words[1]), _marked(right, words[0])


def _marked(value: str, known: set[str]) -> str:
    if not value:
        return "<small>missing</small>"
    return "".join(
        text(part)
        if part.isspace() or part.lower() in known
        else f"<mark>{text(part)}</mark>"
        for part in _WORD.findall(value)
    ).replace("</mark><mark>", "")
