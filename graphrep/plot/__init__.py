"""Maps: vectors laid out in the plane, as a picture or as a page that stands alone."""

from graphrep.plot._html import save_html
from graphrep.plot._map import Map, embedding_map
from graphrep.plot._png import save_png
from graphrep.plot._report import report_page, save_report

__all__ = [
    "Map", "embedding_map", "report_page", "save_html", "save_png", "save_report",
]  # fmt: skip
