"""HTML: a map as a page that stands alone, to pan, zoom, search and hover."""

from __future__ import annotations

import base64
import html
import json
from importlib.resources import files

import numpy as np

from graphrep._utils._atomic import atomic_path
from graphrep.plot._map import Map
from graphrep.plot._png import group_colours
from graphrep.typing import AnyArray, PathType

_STEPS = 65535


def save_html(drawing: Map, path: PathType) -> None:
    """Save a map as one HTML file that needs neither network nor library.

    Parameters
    ----------
    drawing : Map
        From `embedding_map`.
    path : path-like
        Where to; usually ends in ``.html``.

    Notes
    -----
    Coordinates are kept as 16-bit numbers; ids and names as text. 50,000 nodes take
    a few megabytes.
    """
    page = map_page(drawing)
    with atomic_path(path) as part:
        part.write_text(page, encoding="utf-8")


def map_page(drawing: Map) -> str:
    """Text of the page of a map."""
    title = drawing.title or "Map of the vectors"
    data = {
        "n": len(drawing),
        "xy": _base64(_quantised(drawing.xy)),
        "aspect": _aspect(drawing.xy),
        "groups": _base64(drawing.groups.astype("<u1")),
        "groupNames": list(drawing.group_names),
        "colours": group_colours(drawing),
        "ids": drawing.ids,
        "names": drawing.names,
    }
    template = files("graphrep.plot").joinpath("_map.html").read_text("utf-8")
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return (
        template.replace("{{title}}", html.escape(title))
        .replace("{{note}}", html.escape(f"{len(drawing):,} nodes · {drawing.method}"))
        .replace("{{data}}", text.replace("<", "\\u003c"))  # no tag can end the script
    )


def _quantised(xy: AnyArray) -> AnyArray:
    """Coordinates as 16-bit steps of their range."""
    if not len(xy):
        return np.zeros((0, 2), "<u2")
    low, span = xy.min(axis=0), np.ptp(xy, axis=0)
    steps = (xy - low) / np.where(span > 0, span, 1) * _STEPS
    return np.asarray(np.rint(steps), "<u2")


def _aspect(xy: AnyArray) -> float:
    """Width of the range of the coordinates over its height."""
    if not len(xy):
        return 1.0
    width, height = (float(side) for side in np.ptp(xy, axis=0))
    return width / height if width > 0 and height > 0 else 1.0


def _base64(array: AnyArray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
