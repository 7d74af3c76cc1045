"""A report as a page that stands alone: title, links to its sections, body."""

from __future__ import annotations

import re
from importlib.resources import files

from graphrep.plot._report_html import text

_HEADINGS = re.compile(r'<section id="([^"]+)"><h2>(.*?)</h2>')


def page(title: str, headline: str, body: str, *, created: str, version: str) -> str:
    """Put a page together.

    Parameters
    ----------
    title, created, version : str
        Plain text.
    headline, body : str
        HTML; sections of the body are linked at the top.
    """
    links = "".join(
        f'<a href="#{anchor}">{name}</a>' for anchor, name in _HEADINGS.findall(body)
    )
    parts = {
        "title": text(title),
        "created": text(created[:10]),
        "version": text(version),
        "links": links,
        "headline": headline,
        "body": body,
    }
    template = files("graphrep.plot").joinpath("_report.html").read_text("utf-8")
    # in one pass, so that nothing that was put in is read again
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template)
