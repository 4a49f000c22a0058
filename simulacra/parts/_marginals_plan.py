"""What to measure and which pairs of columns a model holds, from public facts and noisy counts alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from simulacra.parts import junction
from simulacra.parts.junction import Clique

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.parts.estimate import Measured

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

MEAN_OF_NOISE = 0.7978845608
"""Mean of |x| of a standard normal x."""
SPREAD_OF_NOISE = 0.6028102749
"""Standard deviation of |x| of a standard normal x."""


def shares(groups: Sequence[Clique], sizes: Sequence[int], power: float, weights: Sequence[float]) -> Floats:
    """Return the share of a budget for each group: cells to a power, times the mean weight of its columns; sum 1.

    The total error of marginals with r cells is smallest for power 2/3.
    """
    heft = np.array([junction.cells(g, sizes) ** power * np.mean([weights[c] for c in g]) for g in groups])
    out: Floats = heft / heft.sum()
    return out


def gains(
    noisy: Mapping[Clique, Measured], expected: Mapping[Clique, Floats], total: float, weights: Sequence[float]
) -> dict[Clique, float]:
    """Return by how much total variation each noisy marginal differs from the expected one, less what noise explains.

    Noise of sigma in r cells adds up to sigma (0.8 r +- 0.6 sqrt(r)); mean and one deviation are taken off.
    """
    out = {}
    for group, m in noisy.items():
        cells = len(m.counts)
        noise = m.sigma * (MEAN_OF_NOISE * cells + SPREAD_OF_NOISE * cells**0.5)
        apart = float(np.abs(m.counts - expected[group]).sum())
        out[group] = (apart - noise) / (2 * total) * float(np.mean([weights[c] for c in group]))
    return out


def grow(chosen: list[Clique], gain: Mapping[Clique, float], sizes: Sequence[int], most: int) -> list[Clique]:
    """Return `chosen` and, best first, the groups of positive gain that keep the junction tree within `most` cells."""
    out = list(chosen)
    for group in sorted(gain, key=lambda g: (-gain[g], g)):
        if gain[group] > 0 and group not in out and junction.build([*out, group], sizes).cells <= most:
            out.append(group)
    return out


def forest(gain: Mapping[Clique, float], columns: int) -> list[Clique]:
    """Return the pairs of the heaviest spanning forest (Chow and Liu 1968); pairs without gain are left out."""
    part = list(range(columns))
    out: list[Clique] = []
    for a, b in sorted(gain, key=lambda g: (-gain[g], g)):
        if gain[a, b] > 0 and part[a] != part[b]:
            old, new = part[a], part[b]
            part = [new if p == old else p for p in part]
            out.append((a, b))
    return out
