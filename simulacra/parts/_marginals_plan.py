"""What to measure and which pairs of columns a model holds, from public facts and noisy counts alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from simulacra.parts import junction
from simulacra.parts.junction import Clique

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

MEAN_OF_NOISE = 0.7978845608
"""Mean of |x| of a standard normal x."""


REFUSALS = 100
"""Pairs in a row that do not fit after which no further one is tried."""
EASE = 2.0
"""Deviations by which a pair may stay below the largest of all noises; more finds weak links, and false ones."""


def shares(groups: Sequence[Clique], sizes: Sequence[int], power: float, weights: Sequence[float]) -> Floats:
    """Return the share of a budget for each group: cells to a power, times the mean weight of its columns; sum 1.

    The total error of marginals with r cells is smallest for power 2/3.
    """
    heft = np.array([junction.cells(g, sizes) ** power * np.mean([weights[c] for c in g]) for g in groups])
    out: Floats = heft / heft.sum()
    return out


def gains(
    scores: Mapping[Clique, float],
    expected: Mapping[Clique, Floats],
    sigma: float,
    later: float,
    total: float,
    weights: Sequence[float],
) -> dict[Clique, float]:
    """Return by how much total variation measuring a pair helps, from noisy L1 distances to the expected counts.

    Taken off are what chance moves about in a table of `total` rows, the noise of the score (nearly what the largest of
    so many reaches), and the noise, `later` in each cell, that a measurement would bring in.
    """
    out = {}
    sure = max(0.5, math.sqrt(2 * math.log(len(scores))) - EASE) * sigma
    for group, score in scores.items():
        known = np.maximum(expected[group], 0.0)
        chance = MEAN_OF_NOISE * float(np.minimum(np.sqrt(known), 2 * known).sum())
        noise = float(np.minimum(MEAN_OF_NOISE * later, 2 * known).sum())
        left = score - chance - sure - noise
        out[group] = left / (2 * total) * float(np.mean([weights[c] for c in group]))
    return out


def grow(chosen: list[Clique], gain: Mapping[Clique, float], sizes: Sequence[int], most: int) -> list[Clique]:
    """Return `chosen` and, best first, the groups of positive gain that keep the junction tree within `most` cells."""
    out, refused = list(chosen), 0
    tree = junction.build(out, sizes)
    for group in sorted(gain, key=lambda g: (-gain[g], g)):
        if gain[group] <= 0 or refused >= REFUSALS:
            break
        if group in out:
            continue
        grown = tree if tree.home(group) >= 0 else junction.build([*out, group], sizes)
        if grown.cells <= most:
            out.append(group)
            tree, refused = grown, 0
        else:
            refused += 1
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
