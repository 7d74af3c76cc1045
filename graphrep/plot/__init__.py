"""Maps: vectors laid out in the plane, as a picture or as a page that stands alone."""

from graphrep.plot._blocking_curve import draw_recall_curve, save_recall_curve
from graphrep.plot._blocking_report import blocking_page, save_blocking_report
from graphrep.plot._html import save_html
from graphrep.plot._hypergraph_drawing import draw_reconstruction
from graphrep.plot._link_review import link_review
from graphrep.plot._map import Map, embedding_map
from graphrep.plot._png import save_png
from graphrep.plot._projection_report import projection_page, save_projection_report
from graphrep.plot._ranking_report import ranking_page, save_ranking_report
from graphrep.plot._report import report_page, save_report
from graphrep.plot._training_curve import save_training_curve

__all__ = [
    "Map", "blocking_page", "draw_recall_curve", "draw_reconstruction",
    "embedding_map", "link_review", "projection_page", "ranking_page",
    "report_page", "save_blocking_report", "save_html", "save_png",
    "save_projection_report",
    "save_ranking_report", "save_recall_curve", "save_report", "save_training_curve",
]  # fmt: skip
