"""Distances between samples, the noise a fresh real sample has in them, and intervals."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

ALPHA = 0.001
"""False-alarm rate of one finding on fresh real rows; shared among the columns or pairs it tests."""
_EPS = 1e-12


def z_of(alpha: float) -> float:
    """Return the one-sided normal quantile of a false-alarm rate."""
    return NormalDist().inv_cdf(1 - alpha)


def ks(a: Floats, b: Floats) -> float:
    """Return the Kolmogorov-Smirnov distance of two samples, 0..1; cells that are NaN are left out.

    1 when one side has no value and the other has, 0 when neither has.
    """
    a, b = np.sort(a[~np.isnan(a)]), np.sort(b[~np.isnan(b)])
    if not len(a) or not len(b):
        return float(len(a) != len(b))
    grid = np.concatenate([a, b])
    gap = np.searchsorted(a, grid, "right") / len(a) - np.searchsorted(b, grid, "right") / len(b)
    return float(np.abs(gap).max())


def ks_noise(n: int, m: int, alpha: float) -> float:
    """Return the distance that samples of one distribution exceed with probability alpha at most; ties lower it."""
    if not n or not m:
        return 1.0
    return math.sqrt(-math.log(alpha / 2) / 2 * (n + m) / (n * m))


def counts(codes: Ints, size: int) -> Floats:
    """Count codes 0..size-1."""
    return np.bincount(codes, minlength=size).astype(np.float64)


def tvd(a: Floats, b: Floats) -> float:
    """Return the total variation distance of two vectors of counts, 0..1."""
    return float(np.abs(a / max(a.sum(), 1) - b / max(b.sum(), 1)).sum() / 2)


def tvd_mean(a: Floats, b: Floats) -> float:
    """Return the distance expected when the rows of both are dealt out at random, each cell keeping its total.

    The cell of t rows falls to one side as a binomial variable; its mean absolute deviation is de Moivre's (1730).
    """
    n, m = a.sum(), b.sum()
    if not n or not m:
        return 1.0
    q = n / (n + m)
    totals, times = np.unique(a + b, return_counts=True)
    # Drawing without replacement from n + m rows varies less than the binomial the more rows a cell has.
    deviations = [_mean_deviation(int(t), q) * math.sqrt((n + m - t) / max(n + m - 1, 1)) for t in totals]
    return float(np.dot(deviations, times) * (1 / n + 1 / m) / 2)


def _mean_deviation(t: int, q: float) -> float:
    """Return the mean absolute deviation of a binomial variable."""
    k = min(t, math.floor(t * q) + 1)
    if t == 0 or q in (0.0, 1.0):
        return 0.0
    choose = math.lgamma(t + 1) - math.lgamma(k + 1) - math.lgamma(t - k + 1)
    return 2 * k * math.exp(choose + k * math.log(q) + (t - k + 1) * math.log(1 - q))


def tvd_tail(n: float, m: float, alpha: float, top: float = 0.5) -> float:
    """Return how far above its mean the distance lies with probability alpha at most (Bousquet 2002).

    top: share of the largest cell; above one half it bounds how much any set of cells can vary.
    """
    inverse, top = 1 / max(n, 1) + 1 / max(m, 1), max(top, 0.5)
    if top == 0.5:
        return math.sqrt(-math.log(alpha) / 2 * inverse)
    return math.sqrt(-2 * math.log(alpha) * top * (1 - top) * inverse) - math.log(alpha) / 3 * inverse


def tvd_limit(a: Floats, b: Floats, alpha: float) -> float:
    """Return the distance that two counts of one distribution exceed with probability alpha at most."""
    n, m = a.sum(), b.sum()
    return tvd_mean(a, b) + tvd_tail(n, m, alpha, float((a + b).max(initial=0) / max(n + m, 1)))


def midranks(x: Floats) -> Floats:
    """Return ranks from 1, ties sharing their mean."""
    _, inverse, count = np.unique(x, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2)[inverse]


def placements(positive: Floats, negative: Floats) -> tuple[Floats, Floats]:
    """Return for each positive the share of negatives below it, and for each negative the share of positives above."""
    n, m = len(positive), len(negative)
    both = midranks(np.concatenate([positive, negative]))
    v10 = (both[:n] - midranks(positive)) / m
    v01 = 1 - (both[n:] - midranks(negative)) / n
    return v10, v01


def auc(positive: Floats, negative: Floats) -> tuple[float, float]:
    """Return the area under the ROC curve and its standard error (DeLong et al. 1988)."""
    v10, v01 = placements(positive, negative)
    return float(v10.mean()), _delong(v10, v01)


def auc_gap(a: tuple[Floats, Floats], b: tuple[Floats, Floats]) -> tuple[float, float]:
    """Return AUC of `a` minus AUC of `b`, scores (positive, negative) of the same rows, and its standard error."""
    (a10, a01), (b10, b01) = placements(*a), placements(*b)
    return float(a10.mean() - b10.mean()), _delong(a10 - b10, a01 - b01)


def _delong(v10: Floats, v01: Floats) -> float:
    if len(v10) < 2 or len(v01) < 2:
        return 0.5
    return math.sqrt(float(v10.var(ddof=1)) / len(v10) + float(v01.var(ddof=1)) / len(v01))


def chance_se(n: int, m: int) -> float:
    """Return the standard error of an AUC of one half for samples of n and m."""
    return math.sqrt((n + m + 1) / (12 * n * m)) if n and m else 0.5


def wilson(hits: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """Return the Wilson interval of a share."""
    if not n:
        return 0.0, 1.0
    p, square = hits / n, z * z
    middle = (p + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * math.sqrt(p * (1 - p) / n + square / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def around(value: float, groups: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % interval of a figure in 0..1 from its values on five random fifths of the rows."""
    if len(groups) < 2:
        return 0.0, 1.0
    # A fifth of the rows varies by the square root of five more; five values leave four degrees of freedom.
    half = 2.776 * float(np.std(groups, ddof=1)) / math.sqrt(len(groups))
    return max(0.0, value - half), min(1.0, value + half)


def share_noise(p: float, n: float, m: float, alpha: float) -> float:
    """Return the gap of two shares of n and m rows that one share p exceeds with probability alpha at most, about."""
    inverse = 1 / max(n, 1) + 1 / max(m, 1)
    z = z_of(alpha)
    return z * math.sqrt(max(p * (1 - p), 0.0) * inverse) + (z * z / 6 + 0.5) * inverse


def poisson_limit(mean: float, alpha: float) -> float:
    """Return the count that a Poisson variable of this mean exceeds with probability about alpha (Anscombe 1948)."""
    z = z_of(alpha)
    return (math.sqrt(mean + 0.375) + z / 2) ** 2 + 0.5


def cramers_v(table: Floats) -> float:
    """Return the bias-corrected association of a two-way table of counts, 0..1 (Bergsma 2013)."""
    table = table[table.sum(1) > 0][:, table.sum(0) > 0]
    n = table.sum()
    if min(table.shape) < 2 or n < 2:
        return 0.0
    expected = np.outer(table.sum(1), table.sum(0)) / n
    rows, cols = table.shape
    phi2 = float(((table - expected) ** 2 / expected).sum() / n)
    phi2 = max(0.0, phi2 - (rows - 1) * (cols - 1) / (n - 1))
    rows_c, cols_c = rows - (rows - 1) ** 2 / (n - 1), cols - (cols - 1) ** 2 / (n - 1)
    room = min(rows_c, cols_c) - 1
    return math.sqrt(min(1.0, phi2 / room)) if room > _EPS else 0.0
