"""Views as HTML figures: a drawing, its legend, and the same numbers in a table that folds out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from simulacra.core.render import svg
from simulacra.core.render.words import amount, clean, figure, percent, short
from simulacra.core.report import View

LEVELS = 14
"""Levels of a category that are drawn; the others are summed."""
CELLS = 40
"""Columns of a heat map, and rows of a table of numbers, that are shown."""


def draw(view: View, key: str) -> str:
    """Return a view as a figure; key: unique on the page. A view that cannot be drawn says so in its place."""
    drawer = DRAWERS.get(view.kind)
    name = bdi(view.column, 60) if view.column else escape(short(view.title, 160))
    lead = f'<p class="lead">{escape(clean(view.title))}</p>' if view.column else ""
    note = f'<p class="note">{escape(clean(view.note))}</p>' if view.note else ""
    try:
        if drawer is None:
            raise ValueError(f"no drawing for a view of kind {view.kind!r}")
        body = drawer(view, key)
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError) as error:
        # Views come from guards of any author; one that is malformed must not take the page with it.
        body = f'<p class="note">This view could not be drawn: {escape(clean(error))}.</p>'
    return f'<figure class="view {_css(view.kind)}"><figcaption><h3>{name}</h3>{lead}</figcaption>{body}{note}</figure>'


def bdi(text: str, limit: int = 60) -> str:
    """Return a name that keeps its own writing direction among other words."""
    return f"<bdi>{escape(short(text, limit)) or '&quot;&quot;'}</bdi>"


def table(
    header: Sequence[object], rows: Sequence[Sequence[str]], caption: str, hidden: bool = False, most: int = CELLS
) -> str:
    """Return a table of ready HTML cells that scrolls inside its own box; the first cell of a row names it."""
    head = "".join(f'<th scope="col">{escape(short(h, 60))}</th>' for h in header)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>' + "".join(f"<td>{cell}</td>" for cell in row[1:]) + "</tr>"
        for row in rows[:most]
    )
    more = f'<p class="note">{len(rows) - most:,} more rows are not shown.</p>' if len(rows) > most else ""
    style = ' class="unseen"' if hidden else ""
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(short(caption, 120))}"><table>'
        f"<caption{style}>{escape(short(caption, 200))}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
        f"</table></div>{more}"
    )


def legend(names: Sequence[str], styles: Sequence[str], shape: str) -> str:
    """Return what each colour and shape stands for."""
    items = "".join(
        f"<li>{svg.swatch(style, shape if style == 'real' or shape != 'area' else 'line')}{bdi(name, 40)}</li>"
        for name, style in zip(names, styles, strict=True)
    )
    return f'<ul class="legend">{items}</ul>'


def _numbers(inner: str) -> str:
    return f"<details><summary>Numbers</summary>{inner}</details>"


def _css(kind: str) -> str:
    return kind if kind in DRAWERS else "other"


def shares(counts: Sequence[float]) -> list[float]:
    """Return counts as shares of their sum, 0..1."""
    total = float(sum(counts))
    return [float(c) / total if total else 0.0 for c in counts]


def _histogram(view: View, key: str) -> str:
    edges, real, made = list(view.data["edges"]), shares(view.data["real"]), shares(view.data["made"])
    if len(edges) != len(real) + 1 or len(real) != len(made) or not real:
        raise ValueError(f"{len(edges)} edges do not fit {len(real)} and {len(made)} bins")
    names = [amount(e) if isinstance(e, (int, float)) else short(e, 16) for e in edges]
    equal = all(isinstance(e, (int, float)) for e in edges) and _evenly(edges)
    if equal:
        ticks, labels = svg.tick_names(edges)
        body = svg.histogram(edges, real, made, [""] * len(edges)) + svg.x_axis(edges[0], edges[-1], ticks, labels)
        note = ""
    else:
        places = [float(i) for i in range(len(edges))]
        gap = max(1, -(-len(real) // 4))
        body = svg.histogram(places, real, made, [n if i % gap == 0 else "" for i, n in enumerate(names)])
        note = '<p class="note">Bins differ in width; each is drawn equally wide.</p>'
    worst = max(range(len(real)), key=lambda i: abs(real[i] - made[i]))
    desc = (
        f"Shares of rows in {len(real)} bins from {names[0]} to {names[-1]}. Largest difference between {names[worst]} "
        f"and {names[worst + 1]}: real {percent(real[worst])}, made {percent(made[worst])}."
    )
    rows = [
        [f"{escape(names[i])} to {escape(names[i + 1])}", percent(real[i]), percent(made[i])] for i in range(len(real))
    ]
    numbers = table(("from - to", "real", "made"), rows, f"{view.column or view.title}: share of rows", True)
    return (
        legend(("real", "made"), ("real", "made"), "area")
        + svg.framed(body, key, f"{view.column or view.title}: real and made", desc)
        + note
        + _numbers(numbers)
    )


def _evenly(edges: Sequence[float]) -> bool:
    widths = [b - a for a, b in zip(edges, edges[1:], strict=False)]
    return min(widths) > 0 and max(widths) <= 1.5 * min(widths)


def _levels(view: View, key: str) -> str:
    labels, real, made = list(view.data["labels"]), shares(view.data["real"]), shares(view.data["made"])
    if not len(labels) == len(real) == len(made):
        raise ValueError(f"{len(labels)} labels, {len(real)} real and {len(made)} made counts")
    first = sorted(range(len(labels)), key=lambda i: -max(real[i], made[i]))[:LEVELS]
    keep = sorted(first) if len(labels) > LEVELS else list(range(len(labels)))
    names = [short(labels[i], 48) for i in keep]
    series = {"real": [real[i] for i in keep], "made": [made[i] for i in keep]}
    if len(keep) < len(labels):
        names.append(f"{len(labels) - len(keep):,} others")
        series = {name: [*values, max(0.0, 1 - sum(values))] for name, values in series.items()}
    return _bar_table(names, series, "level", f"{view.column or view.title}: share of rows", percent)


def _bars(view: View, key: str) -> str:
    labels = [short(label, 48) for label in view.data["labels"]]
    series = {clean(name): list(values) for name, values in view.data["series"].items()}
    if any(len(values) != len(labels) for values in series.values()):
        raise ValueError(f"series of {[len(v) for v in series.values()]} values do not fit {len(labels)} labels")
    return _bar_table(labels, series, "", view.title, figure)


def _bar_table(
    labels: Sequence[str],
    series: Mapping[str, Sequence[float | None]],
    first: str,
    caption: str,
    tell: Callable[[float], str],
) -> str:
    styles = _styles(list(series))
    top = max((abs(v) for values in series.values() for v in values if v is not None), default=0.0) or 1.0
    rows = []
    for i, label in enumerate(labels):
        values = [values[i] for values in series.values()]
        bars = "".join(svg.bar((v or 0.0) / top, s) for v, s in zip(values, styles, strict=True))
        rows.append([bdi(label, 48), bars, *("-" if v is None else tell(v) for v in values)])
    return legend(list(series), styles, "bar") + table((first, "", *series), rows, caption, True)


def _styles(names: Sequence[str]) -> list[str]:
    """Return a style a series: real and made keep theirs wherever they appear."""
    free = iter(f"s{i % 5}" for i in range(len(names)))
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
    pairs = [
        (abs(v), rows[i], columns[j], v)
        for i, line in enumerate(values)
        for j, v in enumerate(line)
        if v is not None and rows[i] != columns[j] and (rows != columns or i < j)
    ]
    pairs.sort(key=lambda p: -p[0])
    told = "; ".join(f"{short(a, 24)} and {short(b, 24)} {figure(v)}" for _, a, b, v in pairs[:3])
    body, high_px = svg.matrix(rows[:CELLS], columns[:CELLS], [line[:CELLS] for line in values[:CELLS]], low, high)
    cut = max(len(columns), len(rows)) - CELLS
    more = f'<p class="note">The first {CELLS} of {len(rows):,} rows and {len(columns):,} columns are drawn.</p>'
    listed = [[f"{bdi(a, 30)} and {bdi(b, 30)}", figure(v)] for _, a, b, v in pairs[:20]]
    return (
        svg.framed(body, key, view.title, f"Heat map of {len(rows)} rows. Largest: {told or 'none'}.", high=high_px)
        + _scale(low, high)
        + (more if cut > 0 else "")
        + _numbers(table(("pair", "value"), listed, f"{view.title}: the largest", True))
    )


def _range(data: Mapping[str, Any], values: Sequence[Sequence[float | None]]) -> tuple[float, float]:
    seen = [v for line in values for v in line if v is not None]
    low = float(data.get("low", min(seen, default=0.0)))
    high = float(data.get("high", max(seen, default=1.0)))
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
        + _numbers(table(("x", *series), rows, view.title, True))
    )


def _table(view: View, key: str) -> str:
    rows = [[_cell(cell) for cell in row] for row in view.data["rows"]]
    return table(view.data["header"], rows, view.title, True)


def _tell(value: float | None) -> str:
    return figure(value)


def _cell(value: object) -> str:
    if value is None or isinstance(value, (int, float)) and not isinstance(value, bool):
        return figure(value)
    return bdi(str(value), 120)


DRAWERS: dict[str, Callable[[View, str], str]] = {
    "histogram": _histogram,
    "levels": _levels,
    "matrix": _matrix,
    "curve": _curve,
    "bars": _bars,
    "table": _table,
}
