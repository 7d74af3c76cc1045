"""Maps: vectors laid out in the plane, as a picture or as a page that stands alone."""

from graphrep.plot._html import save_html
from graphrep.plot._map import Map, embedding_map
from graphrep.plot._png import save_png

__all__ = ["Map", "embedding_map", "save_html", "save_png"]
