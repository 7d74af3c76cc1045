"""Charts as inline SVG: text that any browser draws, without library or script."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH = 760
_ROOM = 16  # pixels between labels at the right
_MARKS = ("circle", "square", "triangle", "diamond", "cross")
_CHAR = 6.6  # pixels of a letter, roughly


@dataclass(frozen=True)
class Series:
    """One line of a chart.

    Parameters
    ----------
    name : str
        Label at its right end.
    x, y : sequence of float
        Points; a y that is None is a gap.
    colour : str
        ``#rrggbb`` or a CSS variable.
    low, high : sequence of float or None, default=None
        Ends of an interval around each point.
    quiet : bool, default=False
        Drawn thin and dashed: a baseline.
    mark : int, default=0
        Shape of the points, -1 for none.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    colour: str
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None
    quiet: bool = False
    mark: int = 0


@dataclass(frozen=True)
class Frame:
    """Rectangle of a chart and its two scales.

    Parameters
    ----------
    left, top, right, bottom : float
        Corners of the drawing in pixels.
    x, y : (float, float)
        Values at the corners.
    log_x : bool, default=False
        Whether x goes by powers.
    """

    left: float
    top: float
    right: float
    bottom: float
    x: tuple[float, float]
    y: tuple[float, float]
    log_x: bool = field(default=False)

    def at_x(self, value: float) -> float:
        """Pixel of a value of x."""
        low, high = self.x
        if self.log_x:
            low, high, value = math.log10(low), math.log10(high), math.log10(value)
        share = (value - low) / (high - low) if high > low else 0.5
        return self.left + share * (self.right - self.left)

    def at_y(self, value: float) -> float:
        """Pixel of a value of y."""
        low, high = self.y
        share = (value - low) / (high - low) if high > low else 0.5
        return self.bottom - min(max(share, 0.0), 1.0) * (self.bottom - self.top)


def figure(body: str, width: float, height: float, title: str, text: str) -> str:
    """Wrap a drawing with its title and description for readers that cannot see it."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" class="chart" '
        f'style="max-width:{width:g}px" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{html.escape(title)}</title><desc>{html.escape(text)}</desc>"
        f"{body}</svg>"
    )


def ticks(low: float, high: float, n: int = 5) -> list[float]:
    """Round numbers between two values, about ``n`` of them."""
    if not high > low:
        return [low]
    raw = (high - low) / n
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * f for f in (1, 2, 5, 10) if power * f >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def powers(low: float, high: float) -> list[float]:
    """Powers of ten between two positive values; finer ones where there are few."""
    first, last = math.floor(math.log10(low)), math.floor(math.log10(high) + 1e-9)
    for factors in ((1,), (1, 2, 5)):
        values = [f * 10.0**k for k in range(first, last + 1) for f in factors]
        inside = [v for v in values if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)]
        if len(inside) > 2:
            return inside
    return inside if len(inside) > 1 else ticks(low, high)


def number(value: float) -> str:
    """Tick label: short, with thousands separated."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def lines(
    series: Sequence[Series],
    *,
    title: str,
    text: str,
    x_label: str,
    y_label: str,
    log_x: bool = False,
    y_range: tuple[float, float] | None = None,
    names: Sequence[str] | None = None,
    marks: Sequence[tuple[float, str]] = (),
    height: int = 360,
) -> str:
    """Draw lines with intervals, labelled at their right ends.

    Parameters
    ----------
    series : sequence of Series
        Lines; those without a number are left out.
    title, text : str
        For readers that cannot see the chart.
    x_label, y_label : str
        What the axes show.
    log_x : bool, default=False
        Whether x goes by powers of ten.
    y_range : (float, float) or None, default=None
        Ends of y; None takes those of the values.
    names : sequence of str or None, default=None
        Labels of x = 0, 1, 2, …: a chart over names.
    marks : sequence of (float, str), default=()
        Vertical lines with a label.
    height : int, default=360
        Pixels.
    """
    shown = [s for s in series if any(y is not None for y in s.y)]
    if not shown:
        return ""
    xs = [x for s in shown for x, y in zip(s.x, s.y, strict=True) if y is not None]
    ys = [
        y
        for s in shown
        for y in (*s.y, *(s.low or ()), *(s.high or ()))
        if y is not None
    ]
    span = y_range or (min(0.0, min(ys)), max(ys) * 1.05 or 1.0)
    longest = max(len(_short(s.name)) for s in shown)
    right = WIDTH - min(240.0, 24 + _CHAR * longest)
    ends = (-0.15, len(names) - 0.6) if names is not None else (min(xs), max(xs))
    frame = Frame(56, 18, right, height - 48, ends, span, log_x)
    body = _axes(frame, x_label, y_label, names)
    body += _marks(frame, marks, above=True)
    body += "".join(_band(frame, s) for s in shown)
    body += "".join(_line(frame, s) for s in shown)
    return figure(body + _end_labels(frame, shown), WIDTH, height, title, text)


def intervals(
    rows: Sequence[tuple[str, float, float | None, float | None, str, bool]],
    *,
    title: str,
    text: str,
    x_label: str,
    line: tuple[float, str] | None = None,
) -> str:
    """Draw a dot and its interval a row: (name, value, low, high, colour, quiet)."""
    if not rows:
        return ""
    top, step = 14, 22
    height = top + step * len(rows) + 44
    left = min(260.0, 24 + _CHAR * max(len(_short(r[0])) for r in rows))
    values = [v for r in rows for v in (r[1], r[2], r[3]) if v is not None]
    ends = min(0.0, *values), max(*values, line[0] if line else 0.0) * 1.08 or 1.0
    frame = Frame(left, top, WIDTH - 70, height - 44, ends, (0, 1))
    body = _x_axis(frame, x_label, None)
    if line is not None:
        body += _marks(frame, [line])
    for i, (name, value, low, high, colour, quiet) in enumerate(rows):
        y = top + step * (i + 0.5)
        kind = "quiet" if quiet else "strong"
        body += (
            f'<text x="{left - 10:.1f}" y="{y + 4:.1f}" class="{kind}" '
            f'text-anchor="end">{html.escape(_short(name))}</text>'
        )
        if low is not None and high is not None and high > low:
            body += (
                f'<line x1="{frame.at_x(low):.1f}" x2="{frame.at_x(high):.1f}" '
                f'y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" stroke-width="3" '
                'opacity=".45"/>'
            )
        at = frame.at_x(value)
        body += _mark(at, y, colour, 3 if quiet else 0, 4.5)
        end = max(at, frame.at_x(high) if high is not None else at)
        body += (
            f'<text x="{end + 9:.1f}" y="{y + 4:.1f}" class="quiet">{value:.3f}</text>'
        )
    return figure(body, WIDTH, height, title, text)


def dumbbells(
    rows: Sequence[tuple[str, float | None, float | None, str, bool]],
    *,
    title: str,
    text: str,
    x_label: str,
    ends: tuple[str, str],
) -> str:
    """Draw two values of each row of (name, first, second, colour, quiet), joined."""
    if not rows:
        return ""
    top, step = 34, 22
    height = top + step * len(rows) + 44
    left = min(260.0, 24 + _CHAR * max(len(_short(r[0])) for r in rows))
    values = [v for r in rows for v in (r[1], r[2]) if v is not None]
    high = max(values, default=1.0) * 1.08 or 1.0
    frame = Frame(
        left, top, WIDTH - 30, height - 44, (min(0.0, *values, 0.0), high), (0, 1)
    )
    body = _x_axis(frame, x_label, None)
    body += _mark(left + 8, 14, "var(--ink)", 0, 4.5, hollow=False)
    body += f'<text x="{left + 18:.1f}" y="18">{html.escape(ends[0])}</text>'
    shift = left + 44 + _CHAR * len(ends[0])
    body += _mark(shift, 14, "var(--ink)", 0, 4.5, hollow=True)
    body += f'<text x="{shift + 10:.1f}" y="18">{html.escape(ends[1])}</text>'
    for i, (name, first, second, colour, quiet) in enumerate(rows):
        y = top + step * (i + 0.5)
        kind = "quiet" if quiet else "strong"
        body += (
            f'<text x="{left - 10:.1f}" y="{y + 4:.1f}" class="{kind}" '
            f'text-anchor="end">{html.escape(_short(name))}</text>'
        )
        if first is not None and second is not None:
            body += (
                f'<line x1="{frame.at_x(first):.1f}" x2="{frame.at_x(second):.1f}" '
                f'y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" stroke-width="2" '
                'opacity=".5"/>'
            )
        if second is not None:
            body += _mark(frame.at_x(second), y, colour, 0, 4.5, hollow=True)
        if first is not None:
            body += _mark(frame.at_x(first), y, colour, 0, 4.5)
    return figure(body, WIDTH, height, title, text)


def scatter(
    points: Sequence[tuple[float, float, float, int]],
    colours: Sequence[str],
    labels: Sequence[tuple[float, float, str]],
    *,
    title: str,
    text: str,
    size: int = 300,
) -> str:
    """Draw a map of (x, y, radius, group), groups by colour, a few points by name."""
    if not points:
        return ""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    frame = Frame(12, 12, size - 12, size - 12, (min(xs), max(xs)), (min(ys), max(ys)))
    body = ""
    for group, colour in enumerate(colours):
        dots = "".join(
            f'<circle cx="{frame.at_x(x):.1f}" cy="{frame.at_y(y):.1f}" r="{r:.1f}"/>'
            for x, y, r, g in points
            if g == group
        )
        body += f'<g fill="{colour}" fill-opacity=".7">{dots}</g>' if dots else ""
    placed: list[tuple[float, float]] = []
    for x, y, name in labels:
        px, py = frame.at_x(x), frame.at_y(y)
        if any(abs(px - a) < 60 and abs(py - b) < 13 for a, b in placed):
            continue
        placed.append((px, py))
        anchor = "end" if px > size * 0.7 else "start"
        body += (
            f'<text x="{px + (-5 if anchor == "end" else 5):.1f}" y="{py + 4:.1f}" '
            f'text-anchor="{anchor}" class="halo">'
            f"{html.escape(_short(name, 18))}</text>"
        )
    return figure(body, size, size, title, text)


# -- parts -------------------------------------------------------------------------
def _short(name: str, most: int = 34) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _axes(frame: Frame, x_label: str, y_label: str, names: Sequence[str] | None) -> str:
    out = _x_axis(frame, x_label, names)
    for value in ticks(*frame.y):
        y = frame.at_y(value)
        out += (
            f'<line x1="{frame.left:.1f}" x2="{frame.right:.1f}" y1="{y:.1f}" '
            f'y2="{y:.1f}" class="grid"/><text x="{frame.left - 8:.1f}" '
            f'y="{y + 4:.1f}" text-anchor="end" class="quiet">{number(value)}</text>'
        )
    return out + (
        f'<text x="{frame.left - 44:.1f}" y="11" class="quiet">'
        f"{html.escape(y_label)}</text>"
    )


def _x_axis(frame: Frame, label: str, names: Sequence[str] | None) -> str:
    if names is not None:
        places = [(float(i), name) for i, name in enumerate(names)]
    else:
        values = powers(*frame.x) if frame.log_x else ticks(*frame.x)
        places = [(value, number(value)) for value in values]
    out = ""
    for value, name in places:
        x = frame.at_x(value)
        out += (
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{frame.top:.1f}" '
            f'y2="{frame.bottom:.1f}" class="grid"/><text x="{x:.1f}" '
            f'y="{frame.bottom + 17:.1f}" text-anchor="middle" class="quiet">'
            f"{html.escape(name)}</text>"
        )
    middle = (frame.left + frame.right) / 2
    return out + (
        f'<text x="{middle:.1f}" y="{frame.bottom + 38:.1f}" text-anchor="middle" '
        f'class="quiet">{html.escape(label)}</text>'
    )


def _marks(
    frame: Frame, marks: Sequence[tuple[float, str]], *, above: bool = False
) -> str:
    """Vertical lines, their names to the left of them or above, clear of curves."""
    out = ""
    for value, name in marks:
        if not frame.x[0] <= value <= frame.x[1]:
            continue
        x = frame.at_x(value)
        place = f'x="{x - 5:.1f}" y="{frame.top + 6:.1f}" text-anchor="end"'
        if above:
            place = f'x="{x:.1f}" y="{frame.top - 8:.1f}" text-anchor="middle"'
        out += (
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{frame.top - 6:.1f}" '
            f'y2="{frame.bottom:.1f}" class="rule"/><text {place} class="quiet">'
            f"{html.escape(name)}</text>"
        )
    return out


def _runs(series: Series, frame: Frame) -> list[list[tuple[float, float]]]:
    """Stretches of points without a gap, in pixels."""
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in zip(series.x, series.y, strict=True):
        if y is None:
            runs.append([])
        else:
            runs[-1].append((frame.at_x(x), frame.at_y(y)))
    return [run for run in runs if run]


def _line(frame: Frame, series: Series) -> str:
    out = ""
    style = 'stroke-width="1.2" stroke-dasharray="5 4"' if series.quiet else (
        'stroke-width="2"'
    )  # fmt: skip
    for run in _runs(series, frame):
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in run)
        out += f'<path d="{path}" fill="none" stroke="{series.colour}" {style}/>'
        if series.mark >= 0:
            radius = 2.6 if series.quiet else 3.4
            out += "".join(
                _mark(x, y, series.colour, series.mark, radius) for x, y in run
            )
    return f"<g><title>{html.escape(series.name)}</title>{out}</g>"


def _band(frame: Frame, series: Series) -> str:
    if series.low is None or series.high is None:
        return ""
    ends = [
        (frame.at_x(x), frame.at_y(low), frame.at_y(high))
        for x, low, high in zip(series.x, series.low, series.high, strict=True)
        if low is not None and high is not None
    ]
    if len(ends) < 2 or all(abs(a - b) < 0.5 for _, a, b in ends):
        return ""
    path = [f"{x:.1f} {low:.1f}" for x, low, _ in ends]
    path += [f"{x:.1f} {high:.1f}" for x, _, high in reversed(ends)]
    return f'<path d="M{"L".join(path)}Z" fill="{series.colour}" opacity=".13"/>'


def _mark(
    x: float, y: float, colour: str, kind: int, r: float, *, hollow: bool = False
) -> str:
    """Point of a chart; the shape tells series apart without colour."""
    inside = "var(--paper)" if hollow else colour
    style = f'fill="{inside}" stroke="{colour}" stroke-width="1.6"'
    shape = _MARKS[kind % len(_MARKS)]
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:g}" {style}/>'
    corners = {
        "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
        "triangle": ((0, -1.2), (1.1, 0.9), (-1.1, 0.9)),
        "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
        "cross": (
            (-1.2, -0.4), (-0.4, -0.4), (-0.4, -1.2), (0.4, -1.2), (0.4, -0.4),
            (1.2, -0.4), (1.2, 0.4), (0.4, 0.4), (0.4, 1.2), (-0.4, 1.2), (-0.4, 0.4),
            (-1.2, 0.4),
        ),
    }[shape]  # fmt: skip
    path = "L".join(f"{x + r * a:.1f} {y + r * b:.1f}" for a, b in corners)
    return f'<path d="M{path}Z" {style}/>'


def _end_labels(frame: Frame, series: Sequence[Series]) -> str:
    """Names at the right ends, moved apart where they would touch."""
    lasts = [(_runs(s, frame)[-1][-1], s) for s in series]
    lasts.sort(key=lambda last: last[0][1])
    heights = [last[0][1] for last in lasts]
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + _ROOM)
    overflow = heights[-1] - (frame.bottom + _ROOM / 2)
    if overflow > 0:
        heights[-1] -= overflow
        for i in range(len(heights) - 2, -1, -1):
            heights[i] = min(heights[i], heights[i + 1] - _ROOM)
    out = ""
    for y, ((x, true_y), s) in zip(heights, lasts, strict=True):
        kind = "quiet" if s.quiet else "strong"
        out += (
            f'<path d="M{x + 5:.1f} {true_y:.1f}L{frame.right + 8:.1f} {y:.1f}" '
            f'class="grid"/><text x="{frame.right + 12:.1f}" y="{y + 4:.1f}" '
            f'class="{kind}" style="fill:{s.colour}">'
            f"{html.escape(_short(s.name))}</text>"
        )
    return out
