"""What the attacks of the audit share: how well two sets of scores are told apart, with exact chances and intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulacra.guards._pictures_distance import chance_of
from simulacra.guards._stats import auc, chance_se, z_of

if TYPE_CHECKING:
    from simulacra.guards._frames import Floats

ALPHA = 0.0005
"""False-alarm rate of one finding of the audit on rows that leak nothing."""
RATES = (0.01, 0.001)
"""False alarm rates at which hits are counted."""
FAIL, WARN = 0.60, 0.525
"""AUC from which it matters, when it is also beyond chance. An attacker of a method that is (1, 1e-5)-private can reach
0.575, so that a lower limit of failing would fail differential privacy itself."""
HITS_FAIL, HITS_WARN = 3.0, 2.0
"""Hits, as multiples of the false alarm rate, from which they matter."""
NOISY = 0.70
"""AUC by chance beyond which nothing can be told."""
STRONG = 0.90
"""What an attack must reach on rows that are copies, so that its silence means anything."""


@dataclass(frozen=True)
class Hits:
    """Members told at a false alarm rate: their share, its exact 95 % interval, and the chance of so many by luck."""

    rate: float
    share: float
    interval: tuple[float, float]
    chance: float

    def verdict(self, alpha: float) -> str:
        """Return fail or warn for a share that matters and is beyond chance, which is exceeded with alpha, else ok."""
        if self.chance >= alpha:
            return "ok"
        return "fail" if self.share > HITS_FAIL * self.rate else "warn" if self.share > HITS_WARN * self.rate else "ok"


@dataclass(frozen=True)
class Figures:
    """How well an attack tells members from others.

    auc: area under the ROC curve, spread: its standard deviation by chance alone, interval: 95 %. hits: by false alarm
    rate, for which there are enough others. members, others: how many were attacked.
    """

    auc: float
    spread: float
    interval: tuple[float, float]
    hits: tuple[Hits, ...]
    members: int
    others: int

    @property
    def sigmas(self) -> float:
        """Return how far the AUC lies above one half, in standard deviations of chance."""
        return (self.auc - 0.5) / self.spread

    @property
    def chance(self) -> float:
        """Return the chance of figures as telling as these where nothing leaks, over the AUC and all rates."""
        parts = [tail(self.sigmas), *(h.chance for h in self.hits)]
        return min(1.0, len(parts) * min(parts))

    @property
    def alpha(self) -> float:
        """Return the false-alarm rate of each figure, so that all of them together keep ALPHA."""
        return ALPHA / (1 + len(self.hits))

    @property
    def limit(self) -> float:
        """Return the AUC that chance does not exceed."""
        return 0.5 + z_of(self.alpha) * self.spread

    @property
    def verdict(self) -> str:
        """Return fail or warn for what is beyond chance and matters, unknown for too few rows, else ok."""
        found = {h.verdict(self.alpha) for h in self.hits}
        found.add("fail" if self.auc > max(FAIL, self.limit) else "warn" if self.auc > max(WARN, self.limit) else "ok")
        for grave in ("fail", "warn"):
            if grave in found:
                return grave
        return "ok" if self.enough else "unknown"

    @property
    def enough(self) -> bool:
        """Return whether chance alone could not hide a leak that matters much."""
        return self.limit <= NOISY

    def told(self) -> str:
        """Return the figures in words."""
        out = [f"AUC {self.auc:.3f} [{self.interval[0]:.3f}, {self.interval[1]:.3f}] (0.5 is a coin)"]
        for h in self.hits:
            low, high = (f"{100 * x:.1f}" for x in h.interval)
            out.append(f"{100 * h.share:.1f} % of members told [{low}, {high}] at {100 * h.rate:g} % false alarms")
        return ", ".join(out)


def tail(sigmas: float) -> float:
    """Return the chance of a standard normal variable above `sigmas`."""
    return 0.5 * math.erfc(sigmas / math.sqrt(2))


def exact_interval(hits: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a share (Clopper and Pearson 1934)."""
    from scipy.stats import beta

    rest = (1 - level) / 2
    low = float(beta.ppf(rest, hits, n - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - rest, hits + 1, n - hits)) if hits < n else 1.0
    return low, high


def figures(members: Floats, others: Floats) -> Figures:
    """Return how well scores, larger for members, tell members from others; both (rows,)."""
    value, error = auc(members, others)
    n, m = len(members), len(others)
    low, high = max(0.0, value - 1.96 * error), min(1.0, value + 1.96 * error)
    hits = tuple(hits_at(rate, members, others) for rate in RATES if m * rate >= 1)
    return Figures(value, chance_se(n, m), (low, high), hits, n, m)


def hits_at(rate: float, members: Floats, others: Floats) -> Hits:
    """Return the members above a cut that at most a share `rate` of the others exceed.

    Dealt out at random, the members above the next other row follow the negative hypergeometric distribution.
    """
    n, m = len(members), len(others)
    hits = round(n * share_above(rate, members, others))
    return Hits(rate, hits / n, exact_interval(hits, n), chance_of(hits, n, math.floor(rate * m), m))


def share_above(rate: float, members: Floats, others: Floats) -> float:
    """Return the share of members above a cut that at most a share `rate` of the others exceed."""
    cut = float(np.sort(others)[len(others) - 1 - math.floor(rate * len(others))])
    return float((members > cut).mean())


def two_sided(found: Figures) -> float:
    """Return the chance of an AUC as far from one half, on either side."""
    return 2 * tail(abs(found.sigmas))
