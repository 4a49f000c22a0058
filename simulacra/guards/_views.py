"""Views of the guards: distributions on shared axes, matrices and curves. Counts only; cells of few rows are merged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.report import View
from simulacra.guards._stats import counts
from simulacra.guards._words import show

if TYPE_CHECKING:
    from simulacra.guards._frames import Coded, Floats, Table
    from simulacra.guards._joint import Links

FEW = 5
"""A count of fewer real rows is never shown."""
BINS = 24
MOST_COLUMNS = 24
MOST_LEVELS = 20


def columns(table: Table, gaps: Floats) -> Iterator[View]:
    """Yield the real and made distribution of each column, the worst first, at most 60 of them."""
    for at in np.argsort(-gaps, kind="stable")[:60]:
        column, real, made = table.columns[at], table.part["real"], table.part["made"]
        view = _histogram(column, real, made) if column.ordered else _levels(column, real, made)
        if view is not None:
            kind, data, note = view
            yield View("fidelity", kind, f"{column.name}, real and made", data, column.name, float(gaps[at]), note)


def _histogram(column: Coded, real: slice, made: slice) -> tuple[str, dict[str, object], str] | None:
    r, m = (column.values[s][~np.isnan(column.values[s])] for s in (real, made))
    if not len(r):
        return None
    both = np.concatenate([r, m])
    low, high = np.quantile(both, [0.002, 0.998])
    inside = np.unique(both[(both >= low) & (both <= high)])
    if 1 < len(inside) <= BINS and not column.temporal:
        middle = (inside[1:] + inside[:-1]) / 2
        edges = np.concatenate([[inside[0] - (middle[0] - inside[0])], middle, [2 * inside[-1] - middle[-1]]])
    else:
        edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    a, b = (np.histogram(np.clip(x, edges[0], edges[-1]), edges)[0] for x in (r, m))
    kept, in_real, in_made = _merge(edges, a, b)
    shown = [show(e, column) for e in kept] if column.temporal else [float(f"{e:.6g}") for e in kept]
    note = "The outermost bins hold everything beyond them." if (both < low).any() or (both > high).any() else ""
    return "histogram", {"edges": shown, "real": in_real, "made": in_made}, note


def _merge(edges: Floats, a: Floats, b: Floats) -> tuple[list[float], list[int], list[int]]:
    """Join a bin that holds 1 to 4 real rows with its neighbour."""
    kept, real, made = [float(edges[0])], [0], [0]
    for right, x, y in zip(edges[1:], a, b, strict=True):
        real[-1], made[-1] = real[-1] + int(x), made[-1] + int(y)
        if real[-1] >= FEW or (real[-1] == 0 and (made[-1] == 0 or made[-1] >= FEW)):
            kept.append(float(right))
            real.append(0)
            made.append(0)
    if real.pop() + made.pop() or len(kept) == 1:
        # What is left over joins the last bin that was closed.
        rest_real, rest_made = int(a.sum()) - sum(real), int(b.sum()) - sum(made)
        if not real:
            return [float(edges[0]), float(edges[-1])], [rest_real], [rest_made]
        kept[-1], real[-1], made[-1] = float(edges[-1]), real[-1] + rest_real, made[-1] + rest_made
    return kept, real, made


def _levels(column: Coded, real: slice, made: slice) -> tuple[str, dict[str, object], str] | None:
    size = len(column.labels) + 1
    a, b = (counts(column.codes[s][column.codes[s] >= 0], size)[:-1] for s in (real, made))
    if not a.sum() and not b.sum():
        return None
    shown = [i for i in np.argsort(-(a + b), kind="stable") if a[i] >= FEW or (a[i] == 0 and b[i] >= FEW)][:MOST_LEVELS]
    labels = [column.labels[i] + (" (new)" if a[i] == 0 else "") for i in shown]
    data_a, data_b = [int(a[i]) for i in shown], [int(b[i]) for i in shown]
    rest = int(a.sum()) - sum(data_a), int(b.sum()) - sum(data_b)
    note = ""
    if sum(rest):
        labels, data_a, data_b = [*labels, "all others"], [*data_a, rest[0]], [*data_b, rest[1]]
        note = f"Levels of fewer than {FEW} real rows are counted among the others."
        if 0 < rest[0] < FEW:
            data_a[-1] = 0
    return "levels", {"labels": labels, "real": data_a, "made": data_b}, note


def pairs(links: Links) -> Iterator[View]:
    """Yield the association of pairs in real, in made, and made minus real, for the columns with the largest gaps."""
    gap = links.made_link - links.real_link
    worst = dict.fromkeys(links.names, 0.0)
    for (i, j), d in zip(links.pairs, np.abs(gap), strict=True):
        worst[links.names[i]], worst[links.names[j]] = max(worst[links.names[i]], d), max(worst[links.names[j]], d)
    kept = set(sorted(worst, key=lambda n: -worst[n])[:MOST_COLUMNS])
    names = [n for n in links.names if n in kept]
    for title, value, diagonal, low in (
        ("Association of columns in real (0 none, 1 full)", links.real_link, 1.0, 0.0),
        ("Association of columns in made (0 none, 1 full)", links.made_link, 1.0, 0.0),
        ("Association, made minus real", gap, 0.0, -1.0),
    ):
        found = {(links.names[i], links.names[j]): v for (i, j), v in zip(links.pairs, value, strict=True)}
        yield matrix(title, names, found, diagonal, low, float(np.abs(gap).max(initial=0.0)))


def matrix(
    title: str, names: list[str], found: dict[tuple[str, str], float], diagonal: float, low: float, score: float
) -> View:
    """Return a symmetric matrix of values of pairs; None where a pair was not measured."""

    def cell(a: str, b: str) -> float | None:
        if a == b:
            return diagonal
        value = found.get((a, b), found.get((b, a)))
        return None if value is None else round(float(value), 4)

    values = [[cell(a, b) for b in names] for a in names]
    return View("fidelity", "matrix", title, {"columns": names, "values": values, "low": low, "high": 1.0}, "", score)


def roc(guard: str, title: str, positive: Floats, negative: Floats, score: float) -> View:
    """Return the ROC curve of scores on 41 places of the false positive rate."""
    x = np.linspace(0, 1, 41)
    cuts = np.quantile(negative, 1 - x)
    hits = [float((positive > c).mean()) for c in cuts]
    hits[-1] = 1.0
    data = {"x": [round(float(v), 3) for v in x], "series": {"hits": [round(h, 4) for h in hits], "chance": x.tolist()}}
    return View(guard, "curve", title, data, "", score, "Across: false alarms; up: hits. On the diagonal it is a coin.")


def two_histograms(guard: str, title: str, real: Floats, made: Floats, note: str, score: float = 0.0) -> View:
    """Return counts of a figure of real and made rows on shared bins."""
    both = np.concatenate([real, made])
    low, high = float(both.min()), float(np.quantile(both, 0.998))
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    a, b = (np.histogram(np.clip(x, edges[0], edges[-1]), edges)[0] for x in (real, made))
    kept, in_real, in_made = _merge(edges, a, b)
    data = {"edges": [float(f"{e:.4g}") for e in kept], "real": in_real, "made": in_made}
    return View(guard, "histogram", title, data, "", score, note)
