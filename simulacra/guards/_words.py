"""What is wrong with a column, in words: cut off, scaled, shifted, a spike or a level lost, and what to try."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.advice import SHAPES
from simulacra.guards._stats import counts, ks, tvd

if TYPE_CHECKING:
    from simulacra.guards._frames import Coded, Floats, Ints

UNITS = "look for another unit or a wrong conversion of that column"
FILTER = "look for a filter on the way to the made rows, or a bound that a method clips at"
GAPS = "model missing cells as they are in real: first which cells are empty, then the values"
LEVELS = "keep the spelling of levels, and fit on rows that hold all of them"
_EXPLAINS = 0.2
"""An explanation must leave no more than this part of the distance."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: about which columns, in words, how large (0..1), and what to try."""

    columns: tuple[str, ...]
    text: str
    size: float
    advice: str


def percent(share: float) -> str:
    """Return a share as text: 37 %, 4.2 %, 0.16 %."""
    value = 100 * share
    return f"{value:.0f} %" if value >= 10 or value == 0 else f"{value:.1f} %" if value >= 1 else f"{value:.2g} %"


def counted(n: int, what: str) -> str:
    """Return a number of things as text: 1 more pair, 2 more pairs."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def listed(names: list[str] | tuple[str, ...], most: int = 3) -> str:
    """Return names as text: a, b and c; a, b, c and 4 more."""
    names = list(names)
    if len(names) > most:
        return ", ".join(names[:most]) + f" and {len(names) - most} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def describe(column: Coded, real: slice, made: slice, size: float) -> Fault:
    """Return in words how the made values of a column differ from the real ones; `size` is their distance, 0..1."""
    if column.ordered and words_gap(column, real, made) <= ks(column.values[real], column.values[made]):
        r, m = (column.values[s][~np.isnan(column.values[s])] for s in (real, made))
        text, advice = _ordered(r, m, column)
    elif column.ordered:
        a, b = (with_numbers(column, s) for s in (real, made))
        text, advice = _levels(a, b, (*column.labels, "a number"))
    else:
        text, advice = _levels(column.codes[real], column.codes[made], column.labels)
    return Fault((column.name,), f"{column.name}: {text}", size, advice)


def with_numbers(column: Coded, side: slice) -> Ints:
    """Return the words of a mixed column as codes, every number as one more code, and -1 where missing."""
    numbers = ~np.isnan(column.values[side])
    return np.where(numbers, len(column.labels), column.codes[side])


def words_gap(column: Coded, real: slice, made: slice) -> float:
    """Return the total variation of the words of a mixed column, numbers counted as one word; 0 without words."""
    if not column.labels:
        return 0.0
    a, b = (with_numbers(column, s) for s in (real, made))
    return tvd(*(counts(x[x >= 0], len(column.labels) + 1) for x in (a, b)))


def _ordered(r: Floats, m: Floats, column: Coded) -> tuple[str, str]:
    if not len(r) or not len(m):
        return ("made has no value at all, real has" if len(r) else "made has values, real has none"), SHAPES
    for look in (_moved, _cut, _spread, _spike):
        if found := look(r, m, column):
            return found
    grid = np.unique(np.concatenate([r, m]))
    below = [np.searchsorted(np.sort(x), grid, "right") / len(x) for x in (r, m)]
    at = int(np.abs(below[0] - below[1]).argmax())
    way = "lower" if below[1][at] > below[0][at] else "higher"
    shares = (
        f"{percent(below[1][at])} of made values are at most {show(grid[at], column)}, {percent(below[0][at])} of real"
    )
    return f"made values are {way} than real ones: {shares}", SHAPES


def _cut(r: Floats, m: Floats, column: Coded) -> tuple[str, str] | None:
    below, above = float((r < m.min()).mean()), float((r > m.max()).mean())
    lost = r[(r < m.min()) | (r > m.max())]
    if len(lost) and np.unique(lost, return_counts=True)[1].max() > 0.8 * len(lost):
        # One value alone is lost: that is a spike, not a bound.
        return None
    out = []
    if below > 0.02 and below * len(m) > 10:
        out.append(f"no made value below {show(m.min(), column)}, real has {percent(below)}")
    if above > 0.02 and above * len(m) > 10:
        out.append(f"no made value above {show(m.max(), column)}, real has {percent(above)}")
    return ("; ".join(out), FILTER) if out else None


def _moved(r: Floats, m: Floats, column: Coded) -> tuple[str, str] | None:
    """Look for one factor, or one shift, that explains most of the difference."""
    grid = np.linspace(0.05, 0.95, 19)
    qr, qm = np.quantile(r, grid), np.quantile(m, grid)
    tries: list[tuple[float, str, str]] = []
    factors = [float(np.median(qm[qr != 0] / qr[qr != 0]))] if (qr != 0).sum() >= 5 else []
    factors += [float(m.mean() / r.mean())] if r.mean() else []
    # A factor that somebody chose is a round one, and whole numbers hide it.
    for c in [*factors, *(float(f"{c:.2g}") for c in factors)]:
        if abs(c - 1) > 0.02 and c != 0 and not column.temporal:
            tries.append((_left(r * c, r, m), f"values are about {c:.3g} x the real ones", UNITS))
    shift = float(np.median(qm - qr))
    if shift:
        unit = {"date": " days", "datetime": " seconds", "time": " seconds"}.get(column.temporal, "")
        way = "above" if shift > 0 else "below"
        tries.append((_left(r + shift, r, m), f"values are about {abs(shift):.3g}{unit} {way} the real ones", UNITS))
    best = min(tries, default=(1.0, "", ""))
    return best[1:] if best[0] < _EXPLAINS else None


def _spread(r: Floats, m: Floats, column: Coded) -> tuple[str, str] | None:
    wide = np.subtract(*np.quantile(m, [0.9, 0.1])) / max(np.subtract(*np.quantile(r, [0.9, 0.1])), 1e-300)
    if abs(wide - 1) < 0.05 or _left(np.median(m) + (r - np.median(r)) * wide, r, m) > _EXPLAINS:
        return None
    return f"values spread about {wide:.2g} x as wide as the real ones", SHAPES


def _left(moved: Floats, r: Floats, m: Floats) -> float:
    """Return which part of the distance is left when real values are moved, and rounded if all are whole."""
    whole = bool((r == np.rint(r)).all() and (m == np.rint(m)).all())
    return ks(np.rint(moved) if whole else moved, m) / max(ks(r, m), 1e-300)


def _spike(r: Floats, m: Floats, column: Coded) -> tuple[str, str] | None:
    grid, inverse = np.unique(np.concatenate([r, m]), return_inverse=True)
    shares = [np.bincount(i, minlength=len(grid)) / len(i) for i in (inverse[: len(r)], inverse[len(r) :])]
    at = int(np.abs(shares[0] - shares[1]).argmax())
    if abs(shares[0][at] - shares[1][at]) < 0.6 * ks(r, m):
        return None
    value = show(grid[at], column)
    return f"the value {value} makes up {percent(shares[1][at])} of made, {percent(shares[0][at])} of real", SHAPES


def _levels(r: Ints, m: Ints, labels: tuple[str, ...]) -> tuple[str, str]:
    r, m = r[r >= 0], m[m >= 0]
    if not len(r) or not len(m):
        return ("made has no value at all, real has" if len(r) else "made has values, real has none"), LEVELS
    a, b = (np.bincount(x, minlength=len(labels)) / len(x) for x in (r, m))
    new, lost = b * (a == 0), a * (b == 0)
    whole = float(np.abs(a - b).sum() / 2)
    if new.sum() > 0.5 * whole:
        at = int(new.argmax())
        return f"{percent(new.sum())} of made cells hold levels that real has not, such as {labels[at]!r}", LEVELS
    if lost.sum() > 0.5 * whole:
        at = int(lost.argmax())
        return f"no made {labels[at]!r}, real has {percent(lost[at])}", FILTER
    at = int(np.abs(a - b).argmax())
    return f"{labels[at]!r} makes up {percent(b[at])} of made, {percent(a[at])} of real", SHAPES


def show(value: float, column: Coded) -> str:
    """Return a number of a column as its reader writes it: dates as dates."""
    if column.temporal in ("date", "datetime"):
        zero = datetime.datetime(1970, 1, 1)
        try:
            when = zero + datetime.timedelta(**{"days" if column.temporal == "date" else "seconds": float(value)})
        except OverflowError:
            return f"{value:.6g}"
        return when.date().isoformat() if column.temporal == "date" else when.isoformat(" ", "minutes")
    if column.temporal == "time":
        return f"{int(value // 3600):02d}:{int(value % 3600 // 60):02d}"
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.4g}"
