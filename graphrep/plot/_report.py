"""The report of an assessment: one page that stands alone, for people new to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphrep._utils._atomic import atomic_path
from graphrep.exceptions import GraphValueError
from graphrep.plot import _report_more as more
from graphrep.plot import _report_sections as sections
from graphrep.plot._page import page
from graphrep.plot._report_data import Record
from graphrep.typing import PathType

_FORMAT = "graphrep-assessment"


def save_report(assessment: Any, path: PathType) -> None:
    """Save an assessment as one HTML file that needs neither network nor library.

    Parameters
    ----------
    assessment : Assessment or mapping
        From `graphrep.evaluation.assess`, or its dictionary.
    path : path-like
        Where to; usually ends in ``.html``.

    Raises
    ------
    GraphValueError
        If it is no record of an assessment.
    """
    page = report_page(assessment)
    with atomic_path(path) as part:
        part.write_text(page, encoding="utf-8")


def report_page(assessment: Any) -> str:
    """Text of the report of an assessment; see `save_report`."""
    data = assessment if isinstance(assessment, Mapping) else assessment.to_dict()
    if data.get("format") != _FORMAT:
        raise GraphValueError(
            f"The format must be {_FORMAT!r}; got {data.get('format')!r}. Pass what "
            "graphrep.evaluation.assess returns, or its to_dict()."
        )
    record = Record(data)
    body = "".join(
        part(record)
        for part in (
            sections.main_table, sections.decoders, sections.hop_profile,
            sections.edge_curves, sections.by_degree, sections.groups, sections.maps,
            sections.worst, more.geometry, more.semantic, more.plain_parts,
            more.problems, more.colophon,
        )
    )  # fmt: skip
    return page(
        data.get("title") or "Assessment of embeddings",
        sections.headline(record),
        body,
        created=str(data.get("created") or ""),
        version=(data.get("versions") or {}).get("graphrep", ""),
    )
