"""Views as HTML figures: a drawing, its legend, and the same numbers in a table that folds out."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from itertools import cycle
from typing import Any

from simulacra.core.render import effects, samples, sheet, svg
from simulacra.core.render.markup import CELLS, bdi, folded, legend, table
from simulacra.core.render.words import amount, clean, figure, percent, short
from simulacra.core.report import View

LEVELS = 9
"""Levels of a category that are drawn; the others are summed."""
OTHERS = "all others"
"""Name of the levels that are summed, here and in what guards give."""
LONG = 40
"""Characters of a text in a table beyond which it runs over several lines."""
UNEVEN = 24
"""When the widest bin is wider than this many of the narrowest, all are drawn equally wide."""


def draw(view: View, key: str, by_column: bool = False) -> str:
    """Return a view as a figure; key: unique on the page; by_column: headed by its column, not by its title.

    A view that cannot be drawn says so in its place.
    """
    name = bdi(view.column, 60) if by_column else escape(short(view.title, 160))
    try:
        if view.kind not in DRAWERS:
            raise ValueError(f"no drawing for a view of kind {view.kind!r}")
        body = DRAWERS[view.kind](view, key)
        lead = _gap(view) if by_column else ""
        wide = (
            " wide" if view.kind in ("images", "texts") or view.kind == "table" and len(view.data["header"]) > 5 else ""
        )
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError, AttributeError) as error:
        # Views come from guards of any author; one that is malformed must not take the page with it.
        return _figure(
            name, "", f'<p class="note">This view could not be drawn: {escape(short(error, 300))}.</p>', "other"
        )
    return _figure(name, lead, body, view.kind + wide)


def _is_wide(view: View) -> bool:
    """Return whether a table needs the whole width: many columns, or sentences beside several others."""
    cells = [len(str(cell)) for row in view.data["rows"][:CELLS] for cell in row]
    return len(view.data["header"]) > 5 or (len(view.data["header"]) > 3 and max(cells, default=0) > LONG)


def _figure(name: str, lead: str, body: str, style: str) -> str:
    return f'<figure class="view {style}"><figcaption><h3>{name}</h3>{lead}</figcaption>{body}</figure>'


def _gap(view: View) -> str:
    """Return the total variation of what is drawn, in words."""
    real, made = shares(view.data["real"]), shares(view.data["made"])
    if not sum(real) or not sum(made):
        return f'<p class="lead">{"Made" if sum(real) else "Real"} has no value here.</p>'
    gap = sum(abs(a - b) for a, b in zip(real, made, strict=True)) / 2
    return f'<p class="lead">{percent(gap)} of made rows would have to move to agree.</p>'


def shares(counts: Sequence[float]) -> list[float]:
    """Return counts as shares of their sum, 0..1."""
    total = float(sum(counts))
    if not math.isfinite(total) or min(counts, default=0) < 0:
        raise ValueError("counts must be finite and not negative")
    return [float(c) / total if total else 0.0 for c in counts]


def _histogram(view: View, key: str) -> str:
    edges, real, made = list(view.data["edges"]), shares(view.data["real"]), shares(view.data["made"])
    if len(edges) != len(real) + 1 or len(real) != len(made) or not real:
        raise ValueError(f"{len(edges)} edges do not fit {len(real)} and {len(made)} bins")
    names = [amount(e) if isinstance(e, (int, float)) else short(e, 16) for e in edges]
    worst = max(range(len(real)), key=lambda i: abs(real[i] - made[i]))
    desc = (
        f"Shares of rows in {len(real)} bins from {names[0]} to {names[-1]}. Largest difference between {names[worst]} "
        f"and {names[worst + 1]}: real {percent(real[worst])}, made {percent(made[worst])}."
    )
    rows = [
        [f"{escape(names[i])} to {escape(names[i + 1])}", percent(real[i]), percent(made[i])] for i in range(len(real))
    ]
    body, note = _bins(edges, names, real, made)
    return (
        legend(("real", "made"), ("real", "made"), "area")
        + svg.framed(body, key, f"{view.column or view.title}: real and made", desc)
        + (f'<p class="note">{note}</p>' if note else "")
        + _notes(view)
        + folded(table(("from - to", "real", "made"), rows, f"{view.column or view.title}: share of rows"))
    )


def _bins(edges: Sequence[Any], names: Sequence[str], real: Sequence[float], made: Sequence[float]) -> tuple[str, str]:
    """Return the drawing with its axis, and what must be said about the width of bins."""
    places = [_place(e) for e in edges]
    widths = [b - a for a, b in zip(places, places[1:], strict=False)]
    if not all(map(math.isfinite, widths)):
        raise ValueError("edges must be finite")
    if min(widths) <= 0 or max(widths) > UNEVEN * min(widths):
        slots = [float(i) for i in range(len(edges))]
        ticks = slots[:: max(1, -(-len(real) // 4))]
        axis = svg.x_axis(0.0, slots[-1], ticks, [names[int(t)] for t in ticks])
        return svg.histogram(slots, real, made) + axis, "Bins differ in width; each is drawn equally wide."
    unit = min(widths)
    heights = [[s * unit / w for s, w in zip(side, widths, strict=True)] for side in (real, made)]
    if all(isinstance(e, (int, float)) for e in edges):
        ticks = svg.nice(places[0], places[-1], 4)
        labels = [amount(t) for t in ticks]
    else:
        # A label of a day or a time is long: both ends and the middle, and no time of day over more than a week.
        middle = min(range(len(places)), key=lambda i: abs(places[i] - (places[0] + places[-1]) / 2))
        at = sorted({0, middle, len(places) - 1})
        days = places[-1] - places[0] > 7 and len(names[0]) > 10
        ticks, labels = [places[i] for i in at], [names[i][:10] if days else names[i] for i in at]
    note = "Wider bins are drawn lower, so that area is the share of rows." if max(widths) > 1.5 * unit else ""
    return svg.histogram(places, *heights) + svg.x_axis(places[0], places[-1], ticks, labels), note


def _place(edge: Any) -> float:
    """Return where an edge lies: a number as it is, a date in days, a time of day in hours."""
    if isinstance(edge, (int, float)):
        return float(edge)
    text = str(edge)
    if len(text) <= 8:
        time = datetime.time.fromisoformat(text)
        return time.hour + time.minute / 60 + time.second / 3600
    return (datetime.datetime.fromisoformat(text) - datetime.datetime(1970, 1, 1)) / datetime.timedelta(days=1)


def _notes(view: View) -> str:
    return f'<p class="note">{escape(clean(view.note))}</p>' if view.note else ""


def _levels(view: View, key: str) -> str:
    labels, real, made = list(view.data["labels"]), shares(view.data["real"]), shares(view.data["made"])
    if not len(labels) == len(real) == len(made):
        raise ValueError(f"{len(labels)} labels, {len(real)} real and {len(made)} made counts")
    keep = _kept(labels, real, made)
    names = [short(labels[i], 48) for i in keep]
    series = {"real": [real[i] for i in keep], "made": [made[i] for i in keep]}
    told = ""
    if len(keep) < len(labels):
        names.append(OTHERS)
        for name, side in (("real", real), ("made", made)):
            series[name].append(max(0.0, sum(side) - sum(series[name])))
        rows = [[bdi(labels[i], 60), percent(real[i]), percent(made[i])] for i in range(len(labels))]
        caption = f"{view.column or view.title}: share of rows of each level"
        told = folded(table(("level", "real", "made"), rows, caption))
    drawn = _bar_table(names, series, "level", f"{view.column or view.title}: share of rows", percent)
    return drawn + _notes(view) + told


def _kept(labels: Sequence[object], real: Sequence[float], made: Sequence[float]) -> list[int]:
    """Return the levels to draw, in their order: the largest, and of the others those furthest off."""
    if len(real) <= LEVELS + 1:
        return list(range(len(real)))
    large = sorted((i for i in range(len(real)) if labels[i] != OTHERS), key=lambda i: -max(real[i], made[i]))
    rest = sorted(large[LEVELS - 2 :], key=lambda i: -abs(real[i] - made[i]))
    return sorted([*large[: LEVELS - 2], *rest[:2]])


def _bars(view: View, key: str) -> str:
    labels = [short(label, 48) for label in view.data["labels"]]
    series = {clean(name): list(values) for name, values in view.data["series"].items()}
    if any(len(values) != len(labels) for values in series.values()):
        raise ValueError(f"series of {[len(v) for v in series.values()]} values do not fit {len(labels)} labels")
    return _bar_table(labels, series, "", view.title, figure) + _notes(view)


def _bar_table(
    labels: Sequence[str],
    series: Mapping[str, Sequence[float | None]],
    first: str,
    caption: str,
    tell: Callable[[float], str],
) -> str:
    styles = _styles(list(series))
    # What is summed has no bar: beside it those of single levels could not be seen.
    drawn = [i for i, label in enumerate(labels) if label != OTHERS]
    seen = [abs(v) for values in series.values() for v in (values[i] for i in drawn) if v is not None]
    top = max(seen, default=0.0) or 1.0
    rows = []
    for i, label in enumerate(labels):
        values = [values[i] for values in series.values()]
        bars = "".join(svg.bar((v or 0.0) / top, s) for v, s in zip(values, styles, strict=True)) if i in drawn else ""
        rows.append([bdi(label, 48), bars, *("-" if v is None else tell(v) for v in values)])
    return legend(list(series), styles, "bar") + table((first, "", *series), rows, caption)


def _styles(names: Sequence[str]) -> list[str]:
    """Return a style a series: real and made keep theirs wherever they appear."""
    free = cycle(f"s{i}" for i in range(5))
    out = []
    for name in names:
        low = name.lower()
        out.append("real" if low.startswith("real") else "made" if low.startswith(("made", "synth")) else next(free))
    return [s if s not in out[:i] else next(free) for i, s in enumerate(out)]


def _matrix(view: View, key: str) -> str:
    columns = [str(c) for c in view.data["columns"]]
    rows = [str(r) for r in view.data.get("rows", columns)]
    values = [list(line) for line in view.data["values"]]
    if len(values) != len(rows) or any(len(line) != len(columns) for line in values):
        raise ValueError(f"{len(values)} lines of values do not fit {len(rows)} rows and {len(columns)} columns")
    low, high = _range(view.data, values)
    cut = max(len(columns), len(rows)) > CELLS
    more = f'<p class="note">The first {CELLS} of {len(rows):,} rows and {len(columns):,} columns are shown.</p>'
    rows, columns, values = rows[:CELLS], columns[:CELLS], [line[:CELLS] for line in values[:CELLS]]
    pairs = _pairs(rows, columns, values)
    told = "; ".join(f"{short(a, 24)} and {short(b, 24)} {figure(v)}" for a, b, v in pairs[:3])
    body, high_px = svg.matrix(rows, columns, values, low, high)
    listed = [[f"{bdi(a, 30)} and {bdi(b, 30)}", figure(v)] for a, b, v in pairs[:20]]
    return (
        svg.framed(body, key, view.title, f"Heat map of {len(rows)} rows. Largest: {told or 'none'}.", high=high_px)
        + _scale(low, high)
        + (more if cut else "")
        + _notes(view)
        + folded(table(("pair", "value"), listed, f"{view.title}: the largest"))
    )


def _pairs(
    rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float | None]]
) -> list[tuple[str, str, float]]:
    """Return the cells off the diagonal, the largest first; one of each two where rows and columns are the same."""
    same = list(rows) == list(columns)
    found = [
        (rows[i], columns[j], v)
        for i, line in enumerate(values)
        for j, v in enumerate(line)
        if v is not None and (i < j if same else rows[i] != columns[j])
    ]
    return sorted(found, key=lambda p: -abs(p[2]))


def _range(data: Mapping[str, Any], values: Sequence[Sequence[float | None]]) -> tuple[float, float]:
    low = float(data["low"] if "low" in data else min((v for line in values for v in line if v is not None), default=0))
    high = float(
        data["high"] if "high" in data else max((v for line in values for v in line if v is not None), default=1)
    )
    if low < 0 < high:
        high = max(high, -low)
        low = -high
    return low, high


def _scale(low: float, high: float) -> str:
    kind = "d" if low < 0 < high else "h"
    cells = "".join(f'<rect class="{kind}{i}" x="{i * 12}" y="0" width="12" height="10"/>' for i in range(svg.STEPS))
    strip = f'<svg class="strip" viewBox="0 0 {svg.STEPS * 12} 10" aria-hidden="true">{cells}</svg>'
    return f'<p class="scale"><span>{figure(low)}</span>{strip}<span>{figure(high)}</span></p>'


def _curve(view: View, key: str) -> str:
    x = [float(v) for v in view.data["x"]]
    series = {clean(name): list(values) for name, values in view.data["series"].items()}
    if not x or any(len(values) != len(x) for values in series.values()):
        raise ValueError(f"series of {[len(v) for v in series.values()]} values do not fit {len(x)} places")
    styles = _styles(list(series))
    ends = "; ".join(f"{short(n, 30)} from {_tell(v[0])} to {_tell(v[-1])}" for n, v in series.items())
    desc = f"Lines from {amount(x[0])} to {amount(x[-1])}: {ends}."
    rows = [[figure(at), *(_tell(values[i]) for values in series.values())] for i, at in enumerate(x)]
    return (
        legend(list(series), styles, "line")
        + svg.framed(svg.curve(x, series, styles), key, view.title, desc)
        + _notes(view)
        + folded(table(("x", *series), rows, view.title))
    )


def _table(view: View, key: str) -> str:
    given = list(view.data["rows"])
    # A column of sentences runs over lines as a whole, its short cells too.
    long = {i for row in given for i, cell in enumerate(row) if len(str(cell)) > LONG}
    rows = [[_cell(cell, i in long) for i, cell in enumerate(row)] for row in given]
    return table(view.data["header"], rows, view.title) + _notes(view)


def _tell(value: float | None) -> str:
    return figure(value)


def _cell(value: object, long: bool) -> str:
    if value is None or isinstance(value, (int, float)) and not isinstance(value, bool):
        return figure(value)
    text = bdi(str(value), 400)
    return f'<span class="long">{text}</span>' if long else text


DRAWERS: dict[str, Callable[[View, str], str]] = {
    "histogram": _histogram,
    "levels": _levels,
    "matrix": _matrix,
    "curve": _curve,
    "bars": _bars,
    "table": _table,
    "effects": effects.draw,
    "images": sheet.draw,
    "texts": samples.draw,
}
