"""Range and bins of numbers and times, bought in three releases, each of which looks closer where the one before found
rows: magnitudes, a coarse histogram, a fine one. No value is used, only noisy counts of public cells.

A number is a whole multiple of its column's grid. Cells are given by their first multiples in order; a cell ends where
the next begins.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.parts._domain_votes import SURE

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.core.budget import Budget

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

OCTAVES = 62
COARSE, FINE = 64, 192
"""Cells of the second and third release of a column."""
PARTS = {"magnitudes": 0.35, "coarse": 0.3, "fine": 0.35}
"""How the price of a column is divided among the releases."""
EMPTY = 0.02
"""Share of a bin that its cells without sure rows are given at most, when its sure cells hold all of it."""
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
    limit: tuple[int, int] = (-(2**62), 2**62)
    round: bool = True


@dataclass(frozen=True)
class Bins:
    """Cells of a column and the bin of each: starts, bin and weight are (cells,), end is the last multiple.

    weight: chances of the cells of one bin, by which values are drawn inside it.
    """

    starts: Ints
    end: int
    bin: Ints
    weight: Floats

    @property
    def size(self) -> int:
        """Return the number of bins."""
        return int(self.bin.max()) + 1


def buy(
    lines: Mapping[str, Line], budget: Budget, rho: float, bins: int
) -> tuple[dict[str, Bins], dict[str, dict[str, Any]]]:
    """Return the bins of each column, and what was bought of it: noisy counts of the finest cells.

    rho: the price of one column. bins: most bins of one.
    """
    cells: dict[str, tuple[Ints, int]] = {}
    mass: dict[str, Floats] = {}
    unknown = {name: line for name, line in lines.items() if line.low is None or line.high is None}
    if unknown:
        starts, end = _magnitudes()
        found, sigma = _release(unknown, dict.fromkeys(unknown, (starts, end)), budget, rho, "magnitudes")
        for name, noisy in found.items():
            cells[name], mass[name] = _kept(lines[name], starts, end, noisy, sigma)
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
    out = {
        name: _merged(*cells[name], mass[name], sigma, bins) if name in wide else each(*_span(cells[name]))
        for name in lines
    }
    return out, {name: {"cells": len(mass[name]), "sigma": sigma} for name in wide}


def each(low: int, high: int) -> Bins:
    """Return a bin for every multiple of low .. high."""
    n = high - low + 1
    return Bins(np.arange(low, high + 1, dtype=np.int64), high, np.arange(n, dtype=np.int64), np.ones(n))


def even(low: int, high: int, bins: int) -> Bins:
    """Return at most `bins` bins of equal width."""
    if high - low < bins:
        return each(low, high)
    starts = np.array([low + i * (high - low + 1) // bins for i in range(bins)], np.int64)
    return Bins(starts, high, np.arange(bins, dtype=np.int64), np.ones(bins))


def at(edges: list[int], low: int, high: int, spikes: list[int]) -> Bins:
    """Return bins that begin at declared edges, and one for every declared spike.

    A spike inside a bin leaves that bin with a hole.
    """
    begins = sorted({low, *(e for e in edges if low < e <= high)})
    alone = sorted({s for s in spikes if low <= s <= high})
    starts = sorted({*begins, *alone, *(s + 1 for s in alone if s < high)})
    place = np.searchsorted(begins, starts, "right") - 1
    bin_ = np.array(
        [len(begins) + alone.index(s) if s in set(alone) else int(p) for s, p in zip(starts, place, strict=True)]
    )
    _, dense = np.unique(bin_, return_inverse=True)
    return Bins(np.array(starts, np.int64), high, dense.astype(np.int64), _widths(np.array(starts), high))


def codes(values: Ints, bins: Bins) -> Ints:
    """Return the bin of each value; values beyond the range belong to the cell at its edge."""
    place = np.searchsorted(bins.starts, values, "right") - 1
    out: Ints = bins.bin[np.clip(place, 0, len(bins.starts) - 1)]
    return out


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


def _split(starts: Ints, end: int, mass: Floats, most: int, exact: bool) -> Ints:
    """Return finer cells: each is cut in equal parts by its share of the mass; exact: round numbers stand alone."""
    share = np.maximum(mass, 0)
    share = share / share.sum() if share.sum() > 0 else np.full(len(mass), 1 / len(mass))
    out: set[int] = set()
    for start, after, part in zip(starts.tolist(), [*starts[1:].tolist(), end + 1], share.tolist(), strict=True):
        width = after - start
        n = min(width, max(1, round(part * most)))
        out.update(start + i * width // n for i in range(n))
        if exact and width > n:
            for value in (v * sign for v in ROUND for sign in (1, -1)):
                if start <= value < after:
                    out.update((value, value + 1) if value < end else (value,))
    return np.array(sorted(out), np.int64)


def _span(cells: tuple[Ints, int]) -> tuple[int, int]:
    return int(cells[0][0]), cells[1]


def _widths(starts: Ints, end: int) -> Floats:
    return np.diff(starts.astype(float), append=float(end) + 1)


# Bins -----------------------------------------------------------------------------------------------------------------


def _merged(starts: Ints, end: int, noisy: Floats, sigma: float, bins: int) -> Bins:
    """Return bins of about equal noisy mass; a single value with a bin's worth has a bin of its own."""
    total = max(float(noisy.sum()), 1.0)
    width = _widths(starts, end)
    worth = max(total / bins, SURE * sigma)
    spikes = np.flatnonzero((width == 1) & (noisy >= worth))
    spikes = spikes[np.argsort(-noisy[spikes], kind="stable")][: bins // 2]
    alone = np.zeros(len(starts), bool)
    alone[spikes] = True
    rest = float(noisy[~alone].sum())
    bin_ = np.zeros(len(starts), np.int64)
    _run_together(bin_, np.flatnonzero(~alone), noisy, max(rest / max(1, bins - len(spikes)), SURE * sigma))
    bin_[alone] = (int(bin_[~alone].max()) + 1 if (~alone).any() else 0) + np.arange(int(alone.sum()))
    _, first, dense = np.unique(bin_, return_index=True, return_inverse=True)
    # Bins are numbered in the order of their first cells, so that neighbours have neighbouring codes.
    rank = np.argsort(np.argsort(first))
    placed = rank[dense].astype(np.int64)
    return Bins(starts, end, placed, _inside(placed, noisy, width, sigma))


def _run_together(bin_: Ints, places: Ints, noisy: Floats, worth: float) -> None:
    """Number the bins of cells in order: a bin ends once it holds `worth`."""
    number, held = 0, 0.0
    for place in places.tolist():
        if held > worth / 2 and held + noisy[place] > 1.5 * worth:
            number, held = number + 1, 0.0
        bin_[place] = number
        held += noisy[place]
        if held >= worth:
            number, held = number + 1, 0.0
    if number and 0 < held < worth / 2:
        bin_[places[bin_[places] == number]] = number - 1


def _inside(bin_: Ints, noisy: Floats, width: Floats, sigma: float) -> Floats:
    """Return the weights of cells inside their bins: noisy mass where it is sure, what is left by width elsewhere."""
    sure = noisy > 2 * sigma
    out = np.zeros(len(bin_))
    for number in range(int(bin_.max()) + 1):
        mine = bin_ == number
        known, loose = mine & sure, mine & ~sure
        left = max(float(noisy[mine].sum() - noisy[known].sum()), 0.0)
        out[known] = noisy[known]
        if loose.any():
            # Cells that hold nothing for sure stay possible, by what their noise may hide.
            hidden = min(sigma, EMPTY * float(noisy[known].sum())) if known.any() else 1.0
            left = max(left, hidden)
            out[loose] = left * width[loose] / width[loose].sum()
    return out
