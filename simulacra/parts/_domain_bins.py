"""Bins of numbers: how noisy counts of fine cells become bins of about equal mass, and how values are drawn inside.

A number is a whole multiple of its column's grid. Cells are given by their first multiples in order; a cell ends where
the next begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulacra.parts._domain_votes import SURE

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

LEAST = 0.01
"""Share of a half of cells that is divided by width alone."""


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


def merged(starts: Ints, end: int, noisy: Floats, sigma: float, bins: int) -> Bins:
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
    room = max(1, bins - len(spikes))
    worth = max(rest / room, SURE * sigma)
    while _run_together(bin_, np.flatnonzero(~alone), noisy, worth) > room:
        worth *= 1.05
    bin_[alone] = (int(bin_[~alone].max()) + 1 if (~alone).any() else 0) + np.arange(int(alone.sum()))
    _, first, dense = np.unique(bin_, return_index=True, return_inverse=True)
    # Bins are numbered in the order of their first cells, so that neighbours have neighbouring codes.
    rank = np.argsort(np.argsort(first))
    placed = rank[dense].astype(np.int64)
    return Bins(starts, end, placed, _inside(placed, noisy, width, sigma))


def _run_together(bin_: Ints, places: Ints, noisy: Floats, worth: float) -> int:
    """Number the bins of cells in order, where a bin ends once it holds `worth`; return how many there are."""
    number, held = 0, 0.0
    for place in places.tolist():
        if held > worth / 2 and held + noisy[place] > 1.5 * worth:
            number, held = number + 1, 0.0
        bin_[place] = number
        held += noisy[place]
        if held >= worth:
            number, held = number + 1, 0.0
    if number and held < worth / 2:
        bin_[places[bin_[places] == number]] = number - 1
    return len(np.unique(bin_[places]))


def _inside(bin_: Ints, noisy: Floats, width: Floats, sigma: float) -> Floats:
    """Return the weights of cells inside their bins, by their noisy mass as far as it stands out of the noise."""
    out = np.zeros(len(bin_))
    for number in range(int(bin_.max()) + 1):
        mine = np.flatnonzero(bin_ == number)
        _divide(out, mine, 1.0, noisy, width, sigma)
    return out


def _divide(out: Floats, cells: Ints, mass: float, noisy: Floats, width: Floats, sigma: float) -> None:
    """Divide a mass among cells: between halves, and between their halves, each time by width and noisy counts.

    Of what the counts say beyond the widths, the part that noise explains is taken off (James and Stein 1961).
    """
    if len(cells) == 1:
        out[cells[0]] = mass
        return
    left, right = cells[: len(cells) // 2], cells[len(cells) // 2 :]
    a, b = float(noisy[left].sum()), float(noisy[right].sum())
    even = float(width[left].sum() / width[cells].sum())
    apart = a - even * (a + b)
    noise = sigma**2 * (len(left) * (1 - even) ** 2 + len(right) * even**2)
    kept = max(0.0, 1 - noise / apart**2) if apart else 0.0
    share = min(max(even + kept * apart / max(a + b, sigma), 0.0), 1.0)
    # No part is ruled out, for noise may hide rows.
    share = (1 - LEAST) * share + LEAST * even
    _divide(out, left, mass * share, noisy, width, sigma)
    _divide(out, right, mass * (1 - share), noisy, width, sigma)


def _widths(starts: Ints, end: int) -> Floats:
    return np.diff(starts.astype(float), append=float(end) + 1)
