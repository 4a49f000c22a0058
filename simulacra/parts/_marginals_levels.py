"""Levels too rare to be told apart under the noise are one level while marginals are measured, as in MST.

Reference: McKenna, Miklau and Sheldon (2021), Winning the NIST contest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Levels:
    """to: (levels,) the group of each level. share: (levels,) chance of the level within its group. groups: number."""

    to: Ints
    share: Floats
    groups: int

    @classmethod
    def of(cls, counts: Floats, sigma: float, least: float) -> Levels:
        """Join the levels whose noisy count is below `least`. counts: (levels,) with noise sigma."""
        rare = counts < least
        kept = int(len(counts) - rare.sum())
        if len(counts) - kept < 2:
            return cls(np.arange(len(counts)), np.ones(len(counts)), len(counts))
        to = np.where(rare, kept, np.cumsum(~rare) - 1)
        heft = np.where(rare, np.maximum(counts, sigma / 2 + 1e-9), 1.0)
        return cls(to, np.where(rare, heft / heft[rare].sum(), 1.0), kept + 1)

    def fold(self, counts: Floats) -> Floats:
        """Return the sums (groups,) of counts (levels,)."""
        out: Floats = np.bincount(self.to, weights=counts, minlength=self.groups).astype(np.float64)
        return out

    def widen(self, table: Floats, axis: int) -> Floats:
        """Return a table over groups as one over levels, along one axis."""
        share = self.share.reshape([-1 if a == axis else 1 for a in range(table.ndim)])
        return np.take(table, self.to, axis=axis) * share

    def draw(self, groups: Ints, chances: Floats, rng: np.random.Generator) -> Ints:
        """Return a level for each group number. chances: (levels,), `share` or a part of it."""
        out = np.empty(len(groups), dtype=np.int64)
        for g in range(self.groups):
            levels = np.flatnonzero(self.to == g)
            at = np.flatnonzero(groups == g)
            if len(levels) == 1:
                out[at] = levels[0]
            elif len(at):
                ends = np.cumsum(chances[levels])
                points = rng.permutation((rng.random() + np.arange(len(at))) / len(at)) * ends[-1]
                out[at] = levels[np.minimum(np.searchsorted(ends, points, side="right"), len(levels) - 1)]
        return out
