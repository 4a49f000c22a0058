"""Measures between two sets of images, as points of a space: Frechet distance, manifolds, near copies, diversity.

Every function takes arrays (rows, features) of floats; `frechet_percent` also takes images and a space for them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.guards._stats import Floats, Ints

    Images = npt.NDArray[np.uint8]

CHUNK = 2000
_EPS = 1e-6


def frechet_percent(made: Floats, real: Floats, space: Callable[[Images], Floats] | None = None) -> float:
    """Return the squared Frechet distance of two sets as a percentage of the total variance of the real one.

    made, real: points (rows, features), or images when a space is given. 0: the same mean and covariance.
    Reference: Heusel et al. 2017, GANs trained by a two time-scale update rule (arXiv 1706.08500).
    """
    if space is not None:
        made, real = space(made), space(real)  # type: ignore[arg-type]
    a, b = np.atleast_2d(np.cov(made.T)), np.atleast_2d(np.cov(real.T))
    values, axes = np.linalg.eigh(b)
    root = (axes * np.sqrt(np.maximum(values, 0))) @ axes.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ a @ root), 0)).sum()
    gap = float(((made.mean(0) - real.mean(0)) ** 2).sum() + np.trace(a) + np.trace(b) - 2 * cross)
    return 100 * max(gap, 0.0) / max(float(np.trace(b)), 1e-12)


def distances(a: Floats, b: Floats) -> Floats:
    """Return Euclidean distances (rows of a, rows of b)."""
    square = (a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * (a @ b.T)
    out: Floats = np.sqrt(np.maximum(square, 0))
    return out


def nearest(query: Floats, base: Floats, own: Ints | None = None) -> tuple[Floats, Ints]:
    """Return for each query the distance to its nearest row of base, and that row.

    own: for each query the row of base that it is itself, and which does not count.
    """
    far, which = [], []
    for start in range(0, len(query), CHUNK):
        d = distances(query[start : start + CHUNK], base)
        if own is not None:
            d[np.arange(len(d)), own[start : start + CHUNK]] = np.inf
        place = d.argmin(1)
        which.append(place)
        far.append(d[np.arange(len(d)), place])
    return np.concatenate(far), np.concatenate(which).astype(np.int64)


def precision_recall_coverage(made: Floats, real: Floats, k: int = 5) -> tuple[float, float, float]:
    """Return the shares of made rows in the real manifold, real rows in the made one, and real rows that are covered.

    A manifold is the union of balls around its rows that reach to their k-th neighbour.
    References: Kynkaanniemi et al. 2019 (arXiv 1904.06991); Naeem et al. 2020 (arXiv 2002.09797) for coverage.
    """
    inside, found, covered = manifolds(made, real, k)
    return float(inside.mean()), float(found.mean()), float(covered.mean())


def manifolds(
    made: Floats, real: Floats, k: int = 5
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return which made rows lie in the real manifold, which real rows in the made one, which real rows are covered."""
    near_real, near_made = _reach(real, k), _reach(made, k)
    inside, found, covered = np.zeros(len(made), bool), np.zeros(len(real), bool), np.zeros(len(real), bool)
    for start in range(0, len(made), CHUNK):
        part = slice(start, start + CHUNK)
        d = distances(made[part], real)
        within = d <= near_real
        inside[part] = within.any(1)
        covered |= within.any(0)
        found |= (d <= near_made[part, None]).any(0)
    return inside, found, covered


def _reach(points: Floats, k: int) -> Floats:
    """Return the distance of each row to its k-th neighbour."""
    k = min(k, len(points) - 1)
    out = []
    for start in range(0, len(points), CHUNK):
        d = distances(points[start : start + CHUNK], points)
        d[np.arange(len(d)), start + np.arange(len(d))] = np.inf
        out.append(np.partition(d, k - 1, axis=1)[:, k - 1])
    return np.concatenate(out)


def near_copy_share(made: Floats, train: Floats, holdout: Floats, share: float = 0.01) -> float:
    """Return the share of made rows nearer to a training row than all but `share` of the holdout rows are."""
    tolerance = tolerance_of(nearest(holdout, train)[0], share)
    return float((nearest(made, train)[0] <= tolerance).mean())


def tolerance_of(far: Floats, share: float = 0.01) -> float:
    """Return the distance that the nearest `share` of rows do not exceed; at least one row lies within it."""
    return max(float(np.sort(far)[max(0, math.ceil(share * len(far)) - 1)]), _EPS * float(np.median(far)), 1e-9)


def chance_of(near_made: int, made: int, near_other: int, other: int) -> float:
    """Return the chance of at least so many near made rows when made and other rows are alike.

    The tolerance lies at the farthest of `near_other` other rows. Dealt out at random, the made rows nearer than the
    next other row follow the negative hypergeometric distribution, so the test is exact for any number of rows.
    """
    from scipy.stats import hypergeom

    if near_made == 0:
        return 1.0
    return float(hypergeom.cdf(near_other, made + other, other, min(made + other, near_made + near_other)))


def effective_number(points: Floats, width: float) -> float:
    """Return the effective number of different rows: exp of the entropy of the eigenvalues of a Gaussian kernel.

    width: of the kernel. 1: all rows are alike. Reference: Friedman and Dieng 2023, The Vendi score (arXiv 2210.02410).
    """
    d = distances(points, points)
    values = np.linalg.eigvalsh(np.exp(-0.5 * (d / max(width, 1e-12)) ** 2) / len(points))
    values = values[values > 1e-12]
    return float(np.exp(-(values * np.log(values)).sum()))
