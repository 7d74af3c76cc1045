"""The page of the quickstart: what was done, the picture, the nearest codes."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from graphrep._utils._atomic import atomic_path

_SURE = 0.15  # chance from which a code is not faint
_SHOWN = {"release": "release of ICD-10-CM"}


def write_page(
    path: Path,
    *,
    picture: Path,
    names: Mapping[str, str],
    neighbours: Mapping[str, list[tuple[str, str, float]]],
    links: Mapping[str, list[tuple[str, str, float]]],
    statistics: Mapping[str, Any],
    seconds: Mapping[str, float],
    settings: Mapping[str, Any],
) -> None:
    """Write one HTML file that holds everything, the picture too.

    Parameters
    ----------
    path : pathlib.Path
        Where to.
    picture : pathlib.Path
        The map as PNG.
    names : mapping of str to str
        Name of every code.
    neighbours : mapping of str to list of (id, name, score)
        Nearest codes of the seeds.
    links : mapping of str to list of (id, name, chance)
        Codes of phrases.
    statistics, seconds, settings : mapping
        Facts, times of the steps, and parameters of FastRP.
    """
    image = base64.b64encode(picture.read_bytes()).decode("ascii")
    tables = "".join(
        _card(seed, names[seed], rows) for seed, rows in neighbours.items()
    )
    parameters = ", ".join(
        [f"n_components={statistics['dimensions']}"]
        + [f"{key}={_value(value)}" for key, value in settings.items()]
        + [f"random_state={statistics['seed']}"]
    )
    parts = {
        "nodes": f"{statistics['nodes']:,}",
        "dimensions": f"{statistics['dimensions']:,}",
        "facts": _definitions(
            (_SHOWN.get(key, key), value) for key, value in statistics.items()
        ),
        "times": _definitions(
            [(step, f"{value:.1f} s") for step, value in seconds.items()]
            + [("in all", f"{sum(seconds.values()):.1f} s")]
        ),
        "neighbours": tables,
        "links": _links(links) if links else "",
        "parameters": html.escape(parameters),
        "example": html.escape(next(iter(neighbours), "E11.9")),
        "image": image,  # last: the longest
    }
    page = files("graphrep").joinpath("_quickstart.html").read_text("utf-8")
    for key, value in parts.items():
        page = page.replace("{{" + key + "}}", value)
    with atomic_path(path) as part:
        part.write_text(page, encoding="utf-8")


def _value(value: Any) -> str:
    if isinstance(value, tuple) and len(set(value)) == 1:
        return f"({value[0]!r},) * {len(value)}"
    return repr(value)


def _definitions(rows: Iterable[tuple[str, Any]]) -> str:
    return "".join(
        f"<dt>{html.escape(key)}</dt><dd>{html.escape(_number(value))}</dd>"
        for key, value in rows
    )


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


_LINKS = """<h2>Codes for phrases</h2>
<p>A linker learnt what phrases mean from the names and the hierarchy of ICD-10-CM.
The chance says how sure it is; where it is low, faint here, a person should look:
<a href="review.html">the sheet for that</a> (review.html) lists ten codes for each.</p>
<section class="links"><table><thead><tr><th>phrase</th><th>code</th><th>name</th>
<th>chance</th></tr></thead><tbody>{rows}</tbody></table></section>"""


def _links(links: Mapping[str, list[tuple[str, str, float]]]) -> str:
    """Table of the first code of each phrase."""
    rows = []
    for phrase, found in links.items():
        code, name, chance = found[0] if found else ("–", "", 0.0)
        faint = ' class="faint"' if chance < _SURE else ""
        rows.append(
            f"<tr{faint}><td>{html.escape(phrase)}</td>"
            f'<td class="code">{html.escape(code)}</td><td>{html.escape(name)}</td>'
            f'<td class="score">{chance:.2f}</td></tr>'
        )
    return _LINKS.format(rows="".join(rows))


def _card(seed: str, name: str, rows: list[tuple[str, str, float]]) -> str:
    lines = "".join(
        f'<tr><td class="code">{html.escape(code)}</td><td>{html.escape(title)}</td>'
        f'<td class="score">{score:.2f}</td></tr>'
        for code, title, score in rows
    )
    return (
        f"<section><h3><span>{html.escape(seed)}</span> {html.escape(name)}</h3>"
        f"<table><thead><tr><th>code</th><th>name</th><th>cosine</th></tr></thead>"
        f"<tbody>{lines}</tbody></table></section>"
    )
