"""Facts about numbers: grid, range, quantiles, spikes, heavy tails, and which whole numbers are codes or ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

MAX_DIGITS = 6
"""Finest grid looked for: a millionth."""
SPIKE_SHARE, SPIKE_FACTOR, MAX_SPIKES = 0.005, 8.0, 12
TAIL = 6.0
MAX_CODES = 10
FEW_IDS = 10
"""Fewest different numbers from which uniqueness or a sequence says anything."""
FINE = 1e-4
"""A grid finer than this, needed by less than 1 % of the cells, is an accident of a few fractions."""


def facts(values: Floats, counts: Ints, whole: bool) -> dict[str, Any]:
    """Return the facts of a number column as fields of Column.

    values: (distinct,) sorted; counts: (distinct,) cells of each; whole: stored as whole numbers.
    """
    spikes = find_spikes(values, counts)
    step = find_step(values, whole)
    if step is not None and step < FINE and counts[values != np.rint(values)].sum() < 0.01 * counts.sum():
        step = None
    cast = int if whole else float
    return {
        "low": cast(values[0]),
        "high": cast(values[-1]),
        "step": step,
        "quantiles": tuple(float(q) for q in quantiles(values, counts, np.linspace(0, 1, 11))),
        "spikes": spikes,
        "heavy_tail": is_heavy(values, np.where(np.isin(values, spikes), 0, counts)),
    }


def quantiles(values: Floats, counts: Ints, at: Floats) -> Floats:
    """Return the values below which the shares `at` of all cells lie."""
    total = np.cumsum(counts)
    place = np.searchsorted(total, np.clip(np.ceil(at * total[-1]), 1, None))
    found: Floats = values[np.minimum(place, len(values) - 1)]
    return found


def find_step(values: Floats, whole: bool) -> float | None:
    """Return the largest step that all values are multiples of, or None; decimals are tried down to a millionth."""
    for digits in range(1 if whole else MAX_DIGITS + 1):
        for part in (values[:256], values):
            if np.abs(part).max() > 2**52 / 10**digits:
                return 1.0 if whole else None
            scaled = part * 10.0**digits
            if 0 < np.abs(scaled).max() < 0.5:
                break  # every whole number is too coarse for numbers as small as these
            if np.abs(scaled - np.rint(scaled)).max() > 1e-6 * max(1, digits):
                break
        else:
            unit = int(np.gcd.reduce(np.rint(scaled).astype(np.int64))) or 1
            return float(unit) if not digits else round(unit / 10**digits, digits)
    return 1.0 if whole else None


def find_spikes(values: Floats, counts: Ints) -> tuple[float, ...]:
    """Return values with at least 0.5 % of the cells and 8 times the cells of their 20 nearest distinct neighbours."""
    if len(values) <= 20:
        return ()
    around = np.convolve(counts, np.ones(21), "same") - counts
    near = np.minimum(np.arange(len(counts)), 10) + np.minimum(np.arange(len(counts))[::-1], 10)
    enough = (counts >= SPIKE_SHARE * counts.sum()) & (counts >= 10)
    chosen = np.flatnonzero(enough & (counts > SPIKE_FACTOR * around / np.maximum(near, 1)))
    order = chosen[np.argsort(-counts[chosen], kind="stable")][:MAX_SPIKES]
    return tuple(float(v) for v in values[order])


def is_heavy(values: Floats, counts: Ints) -> bool:
    """Tell whether the outer 0.1 % lies over 6 times as far out as the outer 10 % (exponential: 3.9)."""
    if np.count_nonzero(counts) < 100:
        return False
    tiny, low, middle, high, huge = quantiles(values, counts, np.array([0.001, 0.1, 0.5, 0.9, 0.999]))
    with np.errstate(over="ignore"):
        up = huge - middle > TAIL * (high - middle) > 0
        return bool(up or middle - tiny > TAIL * (middle - low) > 0)


def are_codes(values: Floats, counts: Ints, named: bool) -> bool:
    """Tell whether whole numbers stand for groups: two values, or few from 0 or 1 up that are all frequent.

    named: the column's name speaks of groups, so that rare values are allowed.
    """
    if len(values) > MAX_CODES or values[0] not in (0, 1) or values[-1] > MAX_CODES:
        return False
    gapless = values[-1] - values[0] + 1 == len(values)
    frequent = counts.sum() >= 30 and counts.min() >= max(5, 0.02 * counts.sum())
    return bool(len(values) == 2 or named or (gapless and frequent))


def id_reason(values: Floats, counts: Ints, named: bool, clock: bool) -> str:
    """Return why whole numbers that never repeat are identifiers rather than a measurement, or "".

    values: (distinct,) sorted. named: the column's name speaks of an identifier; clock: of years, days or steps, which
    may run in sequence too. n numbers drawn from a range of R would repeat about n * n / (2 * R) times; no repeat where
    several are due shows that they were given out one by one.
    """
    n, first, last = len(values), float(values[0]), float(values[-1])
    if counts.max() > 1 or n < 2 or first < 0 or (n < FEW_IDS and not named):
        return ""
    if not named and (clock or (first >= 1800 and last <= 2200)):
        return ""
    span = last - first + 1
    if span == n:
        return f"{n:,} whole numbers in sequence from {first:.0f} to {last:.0f}, none twice"
    due = n * n / (2 * span)
    if due >= 5:
        return f"whole numbers, none of {n:,} occurs twice though about {due:,.0f} repeats were due by chance"
    digits = len(f"{first:.0f}")
    if last > 2**53 or (digits >= 12 and digits == len(f"{last:.0f}")):
        return f"whole numbers of up to {len(f'{last:.0f}')} digits, more than a measurement has, none of {n:,} twice"
    return f"whole numbers, none of {n:,} occurs twice, and the name says identifier" if named else ""


def reason(found: dict[str, Any], values: Floats, counts: Ints) -> str:
    """Return the evidence for a number in one sentence."""
    step = found["step"]
    off = int(counts[values != np.rint(values)].sum())
    loose = f"whole numbers but for {off:,} cells" if off < 0.01 * counts.sum() else "decimals without a grid"
    grid = loose if step is None else "whole numbers" if step == 1 else f"multiples of {step:g}"
    parts = [f"{grid}, {len(values):,} different in {int(counts.sum()):,} cells"]
    if found["spikes"]:
        shown = [f"{v:g} ({counts[np.searchsorted(values, v)] / counts.sum():.1%})" for v in found["spikes"][:2]]
        parts.append(f"{', '.join(shown)} stand{'s' if len(shown) == 1 else ''} out")
    if found["heavy_tail"]:
        parts.append("long tail")
    return "; ".join(parts)
