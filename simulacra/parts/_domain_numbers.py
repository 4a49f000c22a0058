"""Range and bins of numbers and times, bought in three releases, each of which looks closer where the one before found
rows: magnitudes, a coarse histogram, a fine one. No value is used, only noisy counts of public cells.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulacra.parts._domain_bins import Bins, each, merged
from simulacra.parts._domain_votes import SURE

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.core.budget import Budget

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

OCTAVES = 52
LIKELY = 2.5
"""Standard deviations of its noise beyond which a count beside a sure one is taken for real."""
OUTSTANDING = 3.5
"""Standard deviations of its noise from which a run of cells is taken to hold rows, with as many runs to look at."""
COARSE, FINE = 64, 192
"""Cells of the second and third release of a column."""
PARTS = {"magnitudes": 0.35, "coarse": 0.3, "fine": 0.35}
"""How the price of a column is divided among the releases."""
ROUND = tuple(sorted({d * 10**e for e in range(18) for d in (10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80,
                                                             85, 90, 95)} | set(range(10))))  # fmt: skip
"""Multiples that often stand out: they have a cell of their own in the finest release."""


@dataclass(frozen=True)
class Line:
    """A column of whole multiples.

    values: of the cells that hold one. low, high: its range when known; limit: what no range may leave. round: whether
    round numbers may stand out.
    """

    values: Ints
    low: int | None = None
    high: int | None = None
    limit: tuple[int, int] = (-(2**52), 2**52)
    round: bool = True


def buy(lines: Mapping[str, Line], budget: Budget, rho: float, bins: int) -> tuple[dict[str, Bins], dict[str, bool]]:
    """Return the bins of each column, and whether its range stands out of the noise that it was bought with.

    rho: the price of one column. bins: most bins of one.
    """
    cells: dict[str, tuple[Ints, int]] = {}
    mass: dict[str, Floats] = {}
    sure = dict.fromkeys(lines, True)
    unknown = {name: line for name, line in lines.items() if line.low is None or line.high is None}
    if unknown:
        starts, end = _magnitudes()
        found, sigma = _release(unknown, dict.fromkeys(unknown, (starts, end)), budget, rho, "magnitudes")
        for name, noisy in found.items():
            cells[name], mass[name] = _kept(lines[name], starts, end, noisy, sigma)
            sure[name] = bool((noisy > SURE * sigma).any())
    for name, line in lines.items():
        if name not in unknown:
            assert line.low is not None and line.high is not None
            cells[name], mass[name] = (np.array([line.low]), line.high), np.ones(1)
    wide = {name: line for name, line in lines.items() if cells[name][1] - int(cells[name][0][0]) >= bins}
    sigma = 0.0
    for part, most in (("coarse", COARSE), ("fine", max(FINE, 2 * bins))):
        if not wide:
            break
        for name, line in wide.items():
            exact = part == "fine" and line.round
            cells[name] = (_split(*cells[name], mass[name], most, exact), cells[name][1])
        found, sigma = _release(wide, cells, budget, rho, part)
        mass.update({name: noisy.astype(float) for name, noisy in found.items()})
        if part == "coarse":
            for name in wide:
                cells[name], mass[name] = _trimmed(lines[name], *cells[name], mass[name], sigma)
    out = {
        name: merged(*cells[name], mass[name], sigma, bins) if name in wide else each(*_span(cells[name]))
        for name in lines
    }
    return out, sure


# Releases -------------------------------------------------------------------------------------------------------------


def _release(
    lines: Mapping[str, Line], cells: Mapping[str, tuple[Ints, int]], budget: Budget, rho: float, part: str
) -> tuple[dict[str, Ints], float]:
    """Return noisy counts of every column's cells, from one release, and the deviation of their noise."""
    sizes = [len(cells[name][0]) for name in lines]

    def count() -> Ints:
        return np.concatenate([_histogram(line.values, cells[name][0]) for name, line in lines.items()])

    what = {
        "magnitudes": "magnitudes of numbers and times",
        "coarse": "coarse histograms of numbers and times",
        "fine": "fine histograms of numbers and times, for their bins",
    }[part]
    # One row is in one cell of each column.
    price, change = PARTS[part] * rho * len(lines), math.sqrt(len(lines))
    noisy = budget.gaussian(count, rho=price, what=f"{what} ({len(lines)} columns)", sensitivity=change)
    parts = np.split(noisy, np.cumsum(sizes)[:-1])
    return dict(zip(lines, parts, strict=True)), budget.entries[-1].scale


def _histogram(values: Ints, starts: Ints) -> Ints:
    place = np.clip(np.searchsorted(starts, values, "right") - 1, 0, len(starts) - 1)
    return np.bincount(place, minlength=len(starts)).astype(np.int64)


def _magnitudes() -> tuple[Ints, int]:
    """Return the cells of signed powers of two: .. -7..-4, -3..-2, -1, 0, 1, 2..3, 4..7 .."""
    up = [1 << e for e in range(OCTAVES)]
    down = [1 - (1 << (e + 1)) for e in reversed(range(OCTAVES))]
    return np.array([*down, 0, *up], np.int64), (1 << OCTAVES) - 1


def _kept(line: Line, starts: Ints, end: int, noisy: Ints, sigma: float) -> tuple[tuple[Ints, int], Floats]:
    """Return the cells from the first to the last that surely hold rows, cut at a known end, and their mass."""
    able = (np.append(starts[1:], end + 1) > line.limit[0]) & (starts <= line.limit[1])
    hits = np.flatnonzero(able & (noisy > SURE * sigma))
    if not hits.size:
        hits = np.array([int(np.argmax(np.where(able, noisy, noisy.min())))])
    first, last = int(hits[0]), int(hits[-1])
    # Beside what is sure, less is needed to be believed.
    while first > 0 and able[first - 1] and noisy[first - 1] > LIKELY * sigma:
        first -= 1
    while last + 1 < len(starts) and able[last + 1] and noisy[last + 1] > LIKELY * sigma:
        last += 1
    high = int(starts[last + 1]) - 1 if last + 1 < len(starts) else end
    cells, mass = starts[first : last + 1].copy(), np.maximum(noisy[first : last + 1], 0).astype(float)
    low = max(int(cells[0]), line.limit[0]) if line.low is None else line.low
    high = max(low, min(high, line.limit[1]) if line.high is None else line.high)
    inside = np.concatenate([cells[1:] > low, [True]]) & (cells <= high)
    if not inside.any():
        return (np.array([low], np.int64), high), np.ones(1)
    cells, mass = cells[inside], mass[inside]
    cells[0] = low
    return (cells, high), mass


def _trimmed(line: Line, starts: Ints, end: int, noisy: Floats, sigma: float) -> tuple[tuple[Ints, int], Floats]:
    """Return the cells without those at the ends of a bought range that surely hold nothing, and their mass.

    A cell is kept from where it, or it and the 1, 3, 7 .. cells before it, stand out of their noise, and one more, so
    that the rows that noise hides do not all count at the edge.
    """
    first, last = 0, len(starts) - 1
    if line.low is None:
        first = max(0, _stands_out(noisy, sigma) - 1)
    if line.high is None:
        last = max(first, last - max(0, _stands_out(noisy[::-1], sigma) - 1))
    after = int(starts[last + 1]) - 1 if last + 1 < len(starts) else end
    return (starts[first : last + 1], after), noisy[first : last + 1]


def _stands_out(noisy: Floats, sigma: float) -> int:
    """Return the first cell of the first run of cells that stands out, 0 when none does."""
    total = np.concatenate([[0.0], np.cumsum(noisy)])
    for last in range(1, len(total)):
        for run in (1 << i for i in range(last.bit_length())):
            if total[last] - total[last - run] > OUTSTANDING * sigma * math.sqrt(run):
                return last - run
    return 0


def _split(starts: Ints, end: int, mass: Floats, most: int, exact: bool) -> Ints:
    """Return finer cells: each is cut in parts by its share of the mass; exact: round numbers stand alone."""
    share = np.maximum(mass, 0)
    share = share / share.sum() if share.sum() > 0 else np.full(len(mass), 1 / len(mass))
    out: set[int] = set()
    for start, after, part in zip(starts.tolist(), [*starts[1:].tolist(), end + 1], share.tolist(), strict=True):
        width = after - start
        # A power of two hardly ever changes with a single row, so that the ends of ranges stay where they are.
        n = min(width, 2 ** max(0, round(math.log2(max(part * most, 1)))))
        out.update(start + i * width // n for i in range(n))
        if exact and width > n:
            for value in (v * sign for v in ROUND for sign in (1, -1)):
                if start <= value < after:
                    out.update((value, value + 1) if value < end else (value,))
    return np.array(sorted(out), np.int64)


def _span(cells: tuple[Ints, int]) -> tuple[int, int]:
    return int(cells[0][0]), cells[1]
