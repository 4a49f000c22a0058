"""Drawings as inline SVG: classes and presentation attributes only, so that a strict content policy lets them stand.

Colours come from the page's stylesheet; real is a filled shape and made a line, so that they differ without colour too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from simulacra.core.render.words import amount, percent, short

WIDE, HIGH = 360, 224
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 8, 24
STEPS = 9
"""Shades of a heat map."""

ICONS = {
    "ok": '<circle cx="8" cy="8" r="7"/><path class="mark" d="M4.6 8.3l2.3 2.3 4.4-4.8"/>',
    "warn": '<path d="M8 .9l7.4 13.4H.6z"/><path class="mark" d="M8 5.6v4.2M8 11.7v.6"/>',
    "fail": '<path d="M5 .8h6l4.2 4.2v6L11 15.2H5L.8 11V5z"/><path class="mark" d="M5 5l6 6M11 5l-6 6"/>',
    "unknown": '<rect x="1.2" y="1.2" width="13.6" height="13.6" rx="2"/><path class="mark" d="M4.6 8h6.8"/>',
}


def num(x: float) -> str:
    """Return a coordinate with one decimal at most."""
    return f"{x:.1f}".removesuffix(".0")


def icon(verdict: str) -> str:
    """Return the sign of a verdict; each has a shape of its own, and the word always stands beside it."""
    return f'<svg class="icon {verdict}" viewBox="0 0 16 16" aria-hidden="true">{ICONS[verdict]}</svg>'


def swatch(style: str, shape: str) -> str:
    """Return the sign of a series in a legend: shape is "area", "bar" or "line"."""
    body = f'<path class="line {style}" d="M0 6h22"/>' if shape == "line" else _swatch_area(style)
    return f'<svg class="swatch" viewBox="0 0 22 12" aria-hidden="true">{body}</svg>'


def _swatch_area(style: str) -> str:
    return f'<rect class="bar {style}" x="1" y="1" width="20" height="10"/>'


def framed(body: str, key: str, title: str, desc: str, wide: float = WIDE, high: float = HIGH) -> str:
    """Return a drawing with its name and description for those who do not see it; key: unique on the page."""
    return (
        f'<svg class="plot" role="img" viewBox="0 0 {num(wide)} {num(high)}" aria-labelledby="{key}t {key}d">'
        f'<title id="{key}t">{escape(short(title, 120))}</title><desc id="{key}d">{escape(desc)}</desc>{body}</svg>'
    )


def nice(low: float, high: float, most: int = 4) -> list[float]:
    """Return round values between low and high, at most `most` + 1 of them."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low]
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999999)
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, int(math.floor(high / step + 1e-9)) + 1)]


def _y_axis(ticks: Sequence[float], top: float, bottom: float, label: Sequence[str]) -> str:
    out = []
    reach = (top - bottom) or 1.0
    for tick, text in zip(ticks, label, strict=True):
        y = HIGH - BOTTOM - (tick - bottom) / reach * (HIGH - TOP - BOTTOM)
        out.append(
            f'<path class="grid" d="M{LEFT} {num(y)}H{WIDE - RIGHT}"/>'
            f'<text class="tick end" x="{LEFT - 5}" y="{num(y + 3.5)}">{escape(text)}</text>'
        )
    return "".join(out)


def _x_label(x: float, text: str) -> str:
    side = " start" if x < LEFT + 8 else " end" if x > WIDE - RIGHT - 12 else ""
    return f'<text class="tick{side}" x="{num(x)}" y="{HIGH - 8}">{escape(text)}</text>'


def histogram(edges: Sequence[float], real: Sequence[float], made: Sequence[float]) -> str:
    """Return real as a filled outline and made as a stepped line over the same bins, without labels below.

    edges: (bins + 1,) places of the bins' borders on the axis, any unit. real, made: (bins,) heights, as shares.
    """
    low, high = edges[0], edges[-1]
    reach = (high - low) or 1.0
    top = max(max(real, default=0), max(made, default=0)) or 1.0
    xs = [LEFT + (e - low) / reach * (WIDE - LEFT - RIGHT) for e in edges]
    base = HIGH - BOTTOM

    def steps(shares: Sequence[float]) -> str:
        ys = [base - s / (top * 1.04) * (base - TOP) for s in shares]
        walk = "".join(f"V{num(y)}H{num(x)}" for x, y in zip(xs[1:], ys, strict=True))
        return f"M{num(xs[0])} {num(base)}{walk}V{num(base)}"

    ticks = nice(0, top, 4)
    body = _y_axis(ticks, top * 1.04, 0, [percent(t).replace(".0 %", " %") for t in ticks])
    body += f'<path class="area real" d="{steps(real)}Z"/><path class="line made" d="{steps(made)}"/>'
    return body + f'<path class="axis" d="M{LEFT} {base}H{WIDE - RIGHT}"/>'


def x_axis(low: float, high: float, ticks: Sequence[float], names: Sequence[str]) -> str:
    """Return labels below a plot at round places."""
    reach = (high - low) or 1.0
    places = [LEFT + (t - low) / reach * (WIDE - LEFT - RIGHT) for t in ticks]
    return "".join(_x_label(x, name) for x, name in zip(places, names, strict=True))


def curve(x: Sequence[float], series: Mapping[str, Sequence[float | None]], styles: Sequence[str]) -> str:
    """Return lines over a shared axis; a missing point breaks its line."""
    seen = [y for ys in series.values() for y in ys if y is not None]
    low, high = (min(seen), max(seen)) if seen else (0.0, 1.0)
    low = 0.0 if 0 < low < 0.4 * high else low
    pad = (high - low) * 0.05 or 0.5
    low, high = (low - pad if low else 0.0), high + pad
    reach_x = (x[-1] - x[0]) or 1.0
    ticks = nice(low, high, 4)
    body = _y_axis(ticks, high, low, [amount(t) for t in ticks])
    for ys, style in zip(series.values(), styles, strict=True):
        walk, pen = "", "M"
        for at, y in zip(x, ys, strict=True):
            if y is None:
                pen = "M"
                continue
            px = LEFT + (at - x[0]) / reach_x * (WIDE - LEFT - RIGHT)
            py = HIGH - BOTTOM - (y - low) / (high - low) * (HIGH - TOP - BOTTOM)
            walk += f"{pen}{num(px)} {num(py)}"
            pen = "L"
        body += f'<path class="line {style}" d="{walk}"/>'
    body += f'<path class="axis" d="M{LEFT} {HIGH - BOTTOM}H{WIDE - RIGHT}"/>'
    ticks = nice(x[0], x[-1], 4)
    return body + x_axis(x[0], x[-1], ticks, [amount(t) for t in ticks])


def shade(value: float | None, low: float, high: float) -> str:
    """Return the class of a heat map cell: h0..h8 from low to high, d0..d8 around zero where low is negative."""
    if value is None or not math.isfinite(value):
        return "none"
    place = (min(max(value, low), high) - low) / ((high - low) or 1.0)
    return f"{'d' if low < 0 < high else 'h'}{min(int(place * STEPS), STEPS - 1)}"


def matrix(
    rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float | None]], low: float, high: float
) -> tuple[str, float]:
    """Return a heat map and its height; columns are numbered above, rows carry number and name."""
    side = 122.0
    cell = min((WIDE - side - 2) / max(len(columns), 1), 36.0)
    every = 1 if cell >= 13 else 5
    same = list(rows) == list(columns)
    out = []
    for j in range(len(columns)):
        if same and (j + 1) % every == 0:
            out.append(f'<text class="tick" x="{num(side + (j + 0.5) * cell)}" y="11">{j + 1}</text>')
    top = 16.0 if same else 4.0
    for i, (name, line) in enumerate(zip(rows, values, strict=True)):
        y = top + i * cell
        if cell >= 9 or (i + 1) % every == 0:
            text = escape(f"{short(name, 17)} {i + 1}" if same else short(name, 19))
            out.append(f'<text class="tick end" x="{num(side - 5)}" y="{num(y + cell / 2 + 3.5)}">{text}</text>')
        for j, value in enumerate(line):
            x, style = num(side + j * cell), shade(value, low, high)
            out.append(f'<rect class="{style}" x="{x}" y="{num(y)}" width="{num(cell)}" height="{num(cell)}"/>')
    return "".join(out), top + len(rows) * cell + 4


def bar(share: float, style: str) -> str:
    """Return a bar for a table cell; share: length, 0..1."""
    return (
        '<svg class="hbar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="bar {style}" x="0" y="1" width="{num(100 * min(max(share, 0.0), 1.0))}" height="6"/></svg>'
    )


def gauge(
    value: float,
    interval: tuple[float, float] | None,
    fresh: float | None,
    limit: float | None,
    failed: bool = False,
) -> str:
    """Return a strip with the figure, its interval, what fresh real data gets, and the side on which `fail` begins.

    failed: the figure itself lies on that side. The same figures stand in words beside it, so it is hidden from screen
    readers.
    """
    points = [p for p in (value, fresh, limit, *(interval or ())) if p is not None]
    low, high = float(min(points)), float(max(points))
    pad = (high - low) * 0.12 or max(abs(high), 1e-9) * 0.1
    low, high = low - pad, high + pad

    def at(p: float) -> float:
        return 6.0 + (p - low) / (high - low) * 228

    out = '<path class="track" d="M6 14H234"/>'
    if limit is not None:
        upward = value >= limit if fresh is None and failed else limit >= (value if fresh is None else fresh)
        left, right = (at(limit), 234.0) if upward else (6.0, at(limit))
        out += f'<rect class="beyond" x="{num(left)}" y="7" width="{num(right - left)}" height="14"/>'
        out += f'<path class="limit" d="M{num(at(limit))} 4V24"/>'
    if interval is not None:
        out += f'<path class="reach" d="M{num(at(interval[0]))} 14H{num(at(interval[1]))}"/>'
    if fresh is not None:
        x = at(fresh)
        out += f'<path class="fresh" d="M{num(x)} 7L{num(x + 7)} 14L{num(x)} 21L{num(x - 7)} 14Z"/>'
    out += f'<circle class="value" cx="{num(at(value))}" cy="14" r="5"/>'
    return f'<svg class="gauge" viewBox="0 0 240 28" aria-hidden="true">{out}</svg>'
