"""Findings on cells: missing ones, levels never seen, values out of range or off the column's grid."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.report import Finding
from simulacra.guards._margins import gravest, judged
from simulacra.guards._stats import ALPHA, counts, poisson_limit, share_noise, wilson
from simulacra.guards._words import GAPS, Fault, listed, percent, show

if TYPE_CHECKING:
    from simulacra.guards._frames import Coded, Floats, Ints, Table

MISSING_FAIL, MISSING_WARN = 0.05, 0.015
STRANGE_FAIL, STRANGE_WARN = 0.01, 0.001
LOST_FAIL, LOST_WARN = 0.05, 0.01


def _finding(
    name: str,
    faults: list[tuple[str, Fault]],
    fine: str,
    value: float,
    interval: tuple[float, float],
    fresh: float,
    limit: float,
) -> Finding:
    """Return one finding for the faults of many columns, worst first."""
    ordered = sorted((f for v, f in faults if v in ("fail", "warn")), key=lambda f: -f.size)
    verdict = gravest([v for v, _ in faults]) if faults else "ok"
    fine = f"too few rows to tell: {fine}" if verdict == "unknown" else fine
    more = f"; and {len(ordered) - 4} more" if len(ordered) > 4 else ""
    return Finding(
        "fidelity",
        name,
        verdict,
        "; ".join(f.text for f in ordered[:4]) + more if ordered else fine,
        value=value,
        interval=interval,
        fresh=fresh,
        limit=limit,
        columns=tuple(dict.fromkeys(c for f in ordered for c in f.columns)),
        advice=ordered[0].advice if ordered else "",
    )


def missing(table: Table) -> Iterator[Finding]:
    """Yield the finding on the share of missing cells of each column."""
    n, m = table.rows("real"), table.rows("made")
    alpha = ALPHA / len(table.columns)
    faults, gaps, fresh = [], [0.0], [0.0]
    for c in table.columns:
        a, f, b = (float(c.missing[table.part[s]].mean()) for s in ("real", "fresh", "made"))
        noise = share_noise((a * n + b * m) / (n + m), n, m, alpha)
        text = f"{c.name}: {percent(b)} of made cells are missing, {percent(a)} of real"
        faults.append((judged(abs(a - b), noise, MISSING_WARN, MISSING_FAIL), Fault((c.name,), text, abs(a - b), GAPS)))
        gaps.append(abs(a - b))
        fresh.append(abs(a - f))
    top, noise = max(gaps), share_noise(0.5, n, m, 0.025)
    fine = f"every column is missing as often as in real, to {percent(top)} (fresh real rows {percent(max(fresh))})"
    yield _finding(
        "missing cells", faults, fine, top, (max(0.0, top - noise), min(1.0, top + noise)), max(fresh), MISSING_FAIL
    )


def together(table: Table) -> Iterator[Finding]:
    """Yield the finding on columns missing in the same rows: of rows that lack one, how many lack both."""
    part = table.part
    some = [c for c in table.columns if c.missing[part["real"]].any() and not c.missing[part["real"]].all()]
    some = sorted(some, key=lambda c: -int(c.missing[part["real"]].sum()))[:30]
    faults, gaps, fresh = [], [0.0], [0.0]
    total = max(1, len(some) * (len(some) - 1) // 2)
    for a, b in combinations(some, 2):
        both = [_both(a, b, part[s]) for s in ("real", "made", "fresh")]
        (p, n), (q, m), (f, k) = both
        if min(n, m) < 20:
            continue
        noise = share_noise((p * n + q * m) / (n + m), n, m, ALPHA / total)
        text = f"{a.name} and {b.name}: of rows that lack one, {percent(q)} lack both, {percent(p)} in real"
        faults.append((judged(abs(p - q), noise, 0.10, 0.25), Fault((a.name, b.name), text, abs(p - q), GAPS)))
        gaps.append(abs(p - q))
        fresh.append(abs(p - f) if k >= 20 else 0.0)
    if faults:
        top = max(gaps)
        fine = f"columns are missing in the same rows as in real, to {percent(top)}"
        yield _finding("missing together", faults, fine, top, (0.0, top), max(fresh), 0.25)


def _both(a: Coded, b: Coded, side: slice) -> tuple[float, int]:
    either = int((a.missing[side] | b.missing[side]).sum())
    return (int((a.missing[side] & b.missing[side]).sum()) / either if either else 0.0), either


def levels(table: Table) -> Iterator[Finding]:
    """Yield findings on levels: made ones that real rows never show, and real ones that made rows never show.

    Chance of a new level in fresh rows: the share of levels seen once (Good 1953).
    """
    some = [c for c in table.columns if c.labels]
    if not some:
        return
    alpha = ALPHA / len(some)
    new, lost, shares, fresh, gone = [], [], [0.0], [0.0], [0.0]
    for c in some:
        size = len(c.labels)
        a = counts(_codes(c, table.seen), size)
        b = counts(_codes(c, table.all_made), size)
        if not a.sum() or not b.sum():
            continue
        strange, share = np.where(a == 0, b, 0), float(b[a == 0].sum() / b.sum())
        # One more than the levels seen once: a level may be rarer than anything seen.
        expected = b.sum() * (float((a == 1).sum()) + 1) / a.sum()
        beyond = poisson_limit(expected, alpha) / b.sum()
        text = f"{c.name}: {percent(share)} of made cells hold levels that real has not, such as {_top(c, strange)}"
        fault = Fault((c.name,), text, share, "keep to levels of the real column; look for misspelled or merged ones")
        new.append((judged(share, beyond, STRANGE_WARN, STRANGE_FAIL), fault))
        shares.append(share)
        fresh.append(float((a == 1).sum() / a.sum()))
        absent = np.where((b == 0) & (a / a.sum() * b.sum() > 20), a, 0) / a.sum()
        text = f"{c.name}: no made row holds {_top(c, absent)}, {percent(absent.sum())} of real rows do"
        fault = Fault((c.name,), text, float(absent.sum()), "fit on rows that hold all levels, and keep rare ones")
        lost.append((judged(float(absent.sum()), 0.0, LOST_WARN, LOST_FAIL), fault))
        gone.append(float(absent.sum()))
    m = table.all_made.stop - table.all_made.start
    fine = "no made cell holds a level that real has not" if max(shares) == 0 else (
        f"levels that real has not take up {percent(max(shares))} of a column at most, no more than chance explains"
    )  # fmt: skip
    yield _finding("new levels", new, fine, max(shares), wilson(max(shares) * m, m), max(fresh), STRANGE_FAIL)
    yield _finding(
        "lost levels",
        lost,
        "no level that made rows should show is absent",
        max(gone),
        wilson(max(gone) * m, m),
        0.0,
        LOST_FAIL,
    )


def _codes(column: Coded, side: slice) -> Ints:
    found = column.codes[side]
    return found[found >= 0]


def _top(column: Coded, weight: Floats) -> str:
    order = [i for i in np.argsort(-weight, kind="stable")[:3] if weight[i] > 0]
    return listed([repr(column.labels[i]) for i in order], 3)


def outside(table: Table) -> Iterator[Finding]:
    """Yield the finding on numbers and times beyond the smallest and largest real value, or unreadable ones."""
    some = [c for c in table.columns if c.ordered]
    alpha = ALPHA / max(1, len(some))
    faults, shares, fresh = [], [0.0], [0.0]
    rows = table.all_made.stop - table.all_made.start
    for c in some:
        r, m = (c.values[s][~np.isnan(c.values[s])] for s in (table.seen, table.all_made))
        broken = float(c.broken[table.all_made].mean()), float(c.broken[table.seen].mean())
        noise = share_noise(broken[1], rows, table.seen.stop - table.seen.start, alpha)
        worse = judged(broken[0] - broken[1], noise, STRANGE_WARN, STRANGE_FAIL)
        if worse in ("warn", "fail"):
            text = f"{c.name}: {percent(broken[0])} of made cells cannot be read as {_what(c)}"
            advice = "write that column in the format of the real one"
            faults.append((worse, Fault((c.name,), text, broken[0], advice)))
        if len(r) and len(m):
            faults.append(_beyond(c, r, m, alpha))
            shares.append(float(((m < r.min()) | (m > r.max())).mean()))
            fresh.append(2 / (len(r) + 1))
    if not some:
        return
    m = table.all_made.stop - table.all_made.start
    top = max(shares)
    fine = f"made numbers stay within the real range, but for {percent(top)} of a column at most" if top else (
        "every made number lies within the real range"
    )  # fmt: skip
    yield _finding("range", faults, fine, top, wilson(top * rows, rows), max(fresh), STRANGE_FAIL)


def _what(column: Coded) -> str:
    return f"a time of format {column.column.format}" if column.column.format else "a finite number"


def _beyond(column: Coded, r: Floats, m: Floats, alpha: float) -> tuple[str, Fault]:
    below, above = float((m < r.min()).mean()), float((m > r.max()).mean())
    noise = poisson_limit(2 * len(m) / (len(r) + 1), alpha) / len(m)
    texts = []
    if below:
        texts.append(f"{percent(below)} of made values lie below the smallest real one, {show(r.min(), column)}")
    if above:
        texts.append(f"{percent(above)} of made values lie above the largest real one, {show(r.max(), column)}")
    fault = Fault(
        (column.name,), f"{column.name}: {' and '.join(texts)}", below + above, "keep to the range of the real column"
    )
    return judged(below + above, noise, STRANGE_WARN, STRANGE_FAIL), fault


def grid(table: Table) -> Iterator[Finding]:
    """Yield the finding on numbers that leave the real column's grid, such as fractions among whole numbers."""
    faults, shares = [], [0.0]
    for c in table.columns:
        step = c.column.step
        if not c.ordered or c.temporal or not step:
            continue
        r, m = (_off(c.values[s], step) for s in (table.seen, table.all_made))
        if r > 0 or not (~np.isnan(c.values[table.all_made])).any():
            continue
        text = f"{c.name}: {percent(m)} of made values are no multiple of {step:g}, all real ones are"
        faults.append((judged(m, 0.0, 0.0, STRANGE_FAIL), Fault((c.name,), text, m, "round that column to its grid")))
        shares.append(m)
    if faults:
        m = table.all_made.stop - table.all_made.start
        top = max(shares)
        fine = "made numbers keep the grid of the real ones (whole numbers, cents)"
        yield _finding("grid", faults, fine, top, wilson(top * m, m), 0.0, STRANGE_FAIL)


def _off(values: Floats, step: float) -> float:
    seen = values[~np.isnan(values)] / step
    return float((np.abs(seen - np.rint(seen)) > 1e-6 * np.maximum(1, np.abs(seen))).mean()) if len(seen) else 0.0
