"""A View of kind "effects" as a drawing: one line an arm, a dot for the gain, a bar for its interval, zero marked."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from simulacra.core.render import svg
from simulacra.core.render.markup import bdi, folded, table
from simulacra.core.render.words import amount, clean, figure, short
from simulacra.core.report import View

NAMES = 150.0
"""Width of the names on the left."""
LINE = 24.0
SIDES = {1: "helps", 0: "no evidence", -1: "hurts"}


def draw(view: View, key: str) -> str:
    """Return the drawing, its note and its numbers; data: labels, values, low, high, smallest of equal length."""
    data = view.data
    labels = [clean(x) for x in data["labels"]]
    found = list(zip(labels, data["values"], data["low"], data["high"], data["smallest"], strict=True))
    if not found:
        raise ValueError("there is no arm to draw")
    told = "; ".join(f"{short(n, 30)} {figure(v)} ({figure(a)} to {figure(b)})" for n, v, a, b, _ in found)
    rows = [[bdi(name, 60), figure(v), f"{figure(a)} to {figure(b)}", figure(s)] for name, v, a, b, s in found]
    high = svg.TOP + LINE * len(found) + svg.BOTTOM
    return (
        svg.framed(_body(found, high), key, view.title, f"Gain and interval of each arm: {told}.", high=high)
        + (f'<p class="note">{escape(clean(view.note))}</p>' if view.note else "")
        + folded(table(("arm", "gain", "interval", "smallest effect seen in 8 of 10"), rows, view.title))
    )


def _body(found: Sequence[tuple[str, float | None, float | None, float | None, float | None]], high: float) -> str:
    ends = [x for _, v, a, b, _ in found for x in (v, a, b) if x is not None]
    left, right = min([0.0, *ends]), max([0.0, *ends])
    pad = (right - left) * 0.06 or 0.01
    left, right = left - pad, right + pad

    def at(x: float) -> str:
        return svg.num(NAMES + (x - left) / (right - left) * (svg.WIDE - NAMES - svg.RIGHT))

    base = high - svg.BOTTOM
    ticks = svg.nice(left, right, 4)
    out = "".join(f'<path class="grid" d="M{at(t)} {svg.TOP}V{svg.num(base)}"/>' for t in ticks)
    out += "".join(f'<text class="tick" x="{at(t)}" y="{svg.num(high - 8)}">{escape(amount(t))}</text>' for t in ticks)
    out += f'<path class="axis" d="M{at(0.0)} {svg.TOP}V{svg.num(base)}"/>'
    for i, (name, value, low, top, _) in enumerate(found):
        y = svg.num(svg.TOP + LINE * (i + 0.5))
        below = svg.num(float(y) + 4)
        out += f'<text class="tick end" x="{svg.num(NAMES - 8)}" y="{below}">{escape(short(name, 25))}</text>'
        if value is None or low is None or top is None:
            continue
        side = SIDES[(low > 0) - (top < 0)].replace(" ", "-")
        out += f'<path class="effect {side}" d="M{at(low)} {y}H{at(top)}"/>'
        out += f'<circle class="effect {side}" cx="{at(value)}" cy="{y}" r="4.5"/>'
    return out
