"""Mean images of classes and principal axes, bought by noisy sums of whole grey levels.

Reference: Dwork et al. (2014), Analyze Gauss, for principal components from noisy products.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.core.budget import Budget
    from simulacra.images._components import Floats, Images, Ints

SUMMED, PRODUCTS = 0.25, 0.3
"""Shares of what is left of the budget: sums of pixels, products of pixels."""
MIDDLE = 128
"""Grey level from which pixels are counted: sums of what is left of it change half as much."""
SPREAD = 60
"""Deviation of a coarse pixel from its class, on the whole: images that differ more are drawn toward their class."""
COARSE = 14
"""Most places along a side of the coarse pixels whose products are bought."""
CLEAR = 8.0
"""Grey levels of noise in the mean image of a class, above which means are bought of coarser pixels."""


def buy_space(images: Images, classes: Ints, counts: Ints, latents: int, budget: Budget) -> dict[str, Any]:
    """Return the space of images/_components: means of classes, and axes that all classes share."""
    left = budget.rho_left
    means = _means(images, classes, counts, budget, SUMMED * left)
    axes, scale = _axes(images, classes, means, counts, latents, budget, PRODUCTS * left)
    middle = (means * counts[:, None]).sum(0) / max(1, counts.sum())
    apart = _orthonormal(means - middle, axes)
    k = len(axes)
    whole = np.concatenate([axes, apart])
    return {
        "middle": middle,
        "axes": whole.astype(np.float32),
        "means": (means - middle) @ whole.T,
        "scale": np.concatenate([scale, np.full(len(apart), 0.1 * scale[-1])]),
        "leading": k,
        "factors": np.repeat(np.diag(scale)[None], len(counts), 0).astype(np.float32),
        "shrunk": np.ones(len(counts)),
    }


def _means(images: Images, classes: Ints, counts: Ints, budget: Budget, rho: float) -> Floats:
    """Return the mean image (classes, pixels) of each class, 0..1, of as fine pixels as the noise allows."""
    size = images.shape[1:]
    usual = max(1.0, counts.sum() / max(1, int((counts > 0).sum())))
    pool = 1
    while True:
        high, wide = (-(-side // pool) for side in size[:2])
        bound = MIDDLE * math.sqrt(high * wide * size[2])
        if pool >= 8 or budget.rows * bound / math.sqrt(2 * rho) / usual <= CLEAR:
            break
        pool *= 2

    what = "sum of the images of each class"
    noisy = budget.gaussian(
        lambda: sums(images, classes, len(counts), (high, wide)), rho=rho, what=what, sensitivity=bound
    )
    found = noisy.reshape(len(counts), -1) / np.maximum(counts, 1)[:, None] + MIDDLE
    known = found[counts > 0].mean(0) if (counts > 0).any() else found.mean(0)
    found[counts == 0] = known
    return spread(np.clip(found, 0, 255) / 255, (high, wide, size[2]), size)


def sums(images: Images, classes: Ints, count: int, sides: tuple[int, int]) -> Ints:
    """Return the sum of the coarse pixels of each class, counted from the middle level, side by side.

    One image changes it by MIDDLE times the root of the number of coarse pixels at most.
    """
    small = pooled(images, sides).reshape(len(images), -1) - MIDDLE
    out = np.zeros((count, small.shape[1]), np.int64)
    np.add.at(out, classes, small)
    return out.ravel()


def products(images: Images, classes: Ints, means: Ints, bound: float) -> Ints:
    """Return the sums over images of the products of two coarse pixels each, less those of the class mean.

    means: (classes, *sides, C). bound: most length of an image less its mean; longer ones are shortened. The result is
    the part on and above the diagonal, row by row.
    """
    rest = (pooled(images, means.shape[1:3]) - means[classes]).reshape(len(images), -1)
    length = np.linalg.norm(rest, axis=1, keepdims=True)
    # Cut toward 0 and a little short, so that no image is longer than the bound.
    short: Floats = np.trunc(rest * np.minimum(1.0, (1 - 1e-9) * bound / np.maximum(length, 1e-9)))
    return np.asarray((short.T @ short)[np.triu_indices(rest.shape[1])], np.int64)


def _axes(
    images: Images, classes: Ints, means: Floats, counts: Ints, latents: int, budget: Budget, rho: float
) -> tuple[Floats, Floats]:
    """Return axes (k, pixels) along which images of a class differ, and the deviation along each; k >= 1."""
    size = images.shape[1:]
    sides = tuple(min(COARSE, side) for side in size[:2])
    d = sides[0] * sides[1] * size[2]
    bound = SPREAD * math.sqrt(d)
    # Of the products on and above the diagonal: half the squared sum of squares, and half the fourth powers.
    change = math.sqrt((bound**4 + 255.0**2 * bound**2) / 2)
    coarse = pooled((means * 255).round().reshape(-1, *size), sides)
    noisy = budget.gaussian(
        lambda: products(images, classes, coarse, bound), rho=rho, what="products of coarse pixels", sensitivity=change
    )
    square = np.zeros((d, d))
    square[np.triu_indices(d)] = noisy
    square = square + square.T - np.diag(square.diagonal())
    values, vectors = np.linalg.eigh(square)
    values, vectors = values[::-1], vectors[:, ::-1]
    clear = values > 2 * budget.entries[-1].scale * math.sqrt(d)
    k = max(1, min(latents, int(clear.argmin()) if not clear.all() else d))
    wide = spread(vectors[:, :k].T, (*sides, size[2]), size)
    lengths = np.linalg.norm(wide, axis=1)
    deviation = np.sqrt(np.maximum(values[:k], 1.0) / max(1, counts.sum())) / 255
    return _orthonormal(wide, np.zeros((0, wide.shape[1]))), deviation * lengths


def _orthonormal(rows: Floats, before: Floats) -> Floats:
    """Return orthonormal rows that span these beyond those `before`, in their order."""
    out = [*before]
    for row in rows:
        left = row - sum(((row @ one) * one for one in out), np.zeros_like(row))
        length = float(np.linalg.norm(left))
        if length > 1e-6:
            out.append(left / length)
    return np.array(out[len(before) :]).reshape(-1, rows.shape[1])


def pooled(images: npt.NDArray[Any], sides: tuple[int, int]) -> Ints:
    """Return images (n, H, W, C) of coarse pixels, the rounded means of the pixels in them: (n, *sides, C)."""
    out = images.astype(np.float64)
    for axis, side in enumerate(sides, 1):
        edges = np.arange(side) * images.shape[axis] // side
        count = np.diff(np.append(edges, images.shape[axis]))
        shape = [1] * out.ndim
        shape[axis] = side
        out = np.add.reduceat(out, edges, axis) / count.reshape(shape)
    return np.rint(out).astype(np.int64)


def spread(rows: Floats, shape: tuple[int, ...], size: tuple[int, ...]) -> Floats:
    """Return coarse pictures (n, values) of a shape as fine ones (n, pixels) of a size, smoothly."""
    import torch
    from torch.nn.functional import interpolate

    if tuple(shape) == tuple(size):
        return rows.copy()
    x = torch.from_numpy(np.ascontiguousarray(rows).reshape(-1, *shape)).permute(0, 3, 1, 2)
    fine = interpolate(x, size=size[:2], mode="bilinear", align_corners=False)
    return fine.permute(0, 2, 3, 1).reshape(len(rows), -1).numpy()
