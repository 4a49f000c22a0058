"""Images as Gaussian classes in the space of principal components: what images/pca draws and images/flow starts from.

The axes are those of images minus the mean of their class. A class has its own mean and its own covariance of the
leading components, each drawn toward what all classes share as far as its images are few.
References: Halko, Martinsson and Tropp (2011); Ledoit and Wolf (2004); Friedman (1989) for the pooled target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.core.errors import DataError

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Images = npt.NDArray[np.uint8]

EXACT = 1600
"""Most numbers an image for axes by eigenvalues; above, a randomised search finds the leading ones."""
REST = 256
"""Axes beyond the leading ones, at most, in which `rest` describes an image."""
LEVEL = 255.0
"""Brightness of white."""


def fit(
    images: Images, classes: Ints, count: int, most: int, shrink: float | None, rng: np.random.Generator
) -> tuple[dict[str, Any], Floats]:
    """Return the space of images, uint8 (n, H, W, C), of `count` classes (n,), and their components (n, axes).

    most: leading components. shrink: weight of the covariance that all classes share, None: estimated a class.
    The space is plain arrays: middle (pixels,), axes (axes, pixels), means (classes, axes), leading: how many axes are
    leading, scale (axes,) the standard deviations within classes, factors (classes, leading, leading) of the
    covariances, shrunk (classes,) the weights used.
    """
    if len(images) < 2:
        raise DataError(f"{len(images)} image is too few to learn how images differ; give at least two")
    x = images.reshape(len(images), -1) / LEVEL
    middle = x.mean(0)
    x -= middle
    size = np.bincount(classes, minlength=count)
    means = np.stack([x[classes == c].mean(0) for c in range(count)])
    inner = x - means[classes]
    if len(x) == count:  # one image a class: how images of a class differ is only to be seen between classes
        inner = x
    axes, scale = _axes(inner, min(most + REST, len(x) - 1, x.shape[1]), rng)
    points = x @ axes.T
    leading = min(most, len(axes))
    means = _drawn_together(means @ axes.T, size, float((scale**2).sum()))
    space = {"middle": middle, "axes": axes, "means": means, "scale": scale, "leading": leading}
    factors, shrunk = _covariances(points - means[classes], classes, size, scale, leading, shrink)
    # Single numbers halve what is saved.
    space |= {"axes": axes.astype(np.float32), "factors": factors.astype(np.float32), "shrunk": shrunk}
    return space, points


def draw(space: dict[str, Any], classes: Ints, rng: np.random.Generator) -> Floats:
    """Return the leading components (n, leading) of new images of these classes (n,), without the class means."""
    return by_class(space["factors"], classes, rng.standard_normal((len(classes), space["leading"])))


def by_class(maps: Floats, classes: Ints, x: Floats) -> Floats:
    """Return rows x (n, size) each multiplied by the map of its class, of maps (classes, size, size)."""
    out = np.empty_like(x)
    for number in np.unique(classes):
        at = classes == number
        out[at] = x[at] @ maps[number].T.astype(x.dtype)
    return out


def pixels(space: dict[str, Any], classes: Ints, inner: Floats, shape: tuple[int, ...]) -> Images:
    """Return images, uint8 (n, H, W, C), from their components minus the class means (n, up to axes)."""
    width = inner.shape[1]
    points = space["means"][classes].copy()
    points[:, :width] += inner
    level = (points @ space["axes"] + space["middle"]) * LEVEL
    out: Images = np.clip(np.rint(level), 0, LEVEL).astype(np.uint8).reshape(len(inner), *shape)
    return out


def _axes(inner: Floats, most: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return up to `most` axes (axes, pixels) in the order of their spread, and the spread of each."""
    n, width = inner.shape
    if most < 1:
        return np.zeros((0, width)), np.zeros(0)
    if min(n, width) <= EXACT:
        small = inner @ inner.T if n < width else inner.T @ inner
        values, vectors = np.linalg.eigh(small)
        values, vectors = values[::-1][:most], vectors[:, ::-1][:, :most]
        axes = vectors.T @ inner if n < width else vectors.T.copy()
    else:
        from sklearn.utils.extmath import randomized_svd

        _, lengths, axes = randomized_svd(inner, most, n_iter=3, random_state=int(rng.integers(2**31)))
        values = lengths**2
    kept = values > 1e-9 * max(float(values[0]), 1e-12)
    axes, values = axes[kept], values[kept]
    axes = axes / np.linalg.norm(axes, axis=1, keepdims=True)
    return axes, np.sqrt(values / max(n - 1, 1))


def _drawn_together(means: Floats, size: Ints, spread: float) -> Floats:
    """Return class means drawn toward the middle of all by as much as chance moves them apart.

    means: (classes, axes); size: (classes,) images; spread: total variance within a class.
    """
    noise = spread / np.maximum(size, 1)
    apart = max(float((means**2).sum(1).mean() - noise.mean()), 1e-12)
    return means * (apart / (apart + noise))[:, None] if len(means) > 1 else means


def _covariances(
    inner: Floats, classes: Ints, size: Ints, scale: Floats, leading: int, shrink: float | None
) -> tuple[Floats, Floats]:
    """Return a factor of each class's covariance (classes, leading, leading), and the weight of the shared one."""
    shared = np.diag(scale[:leading] ** 2)
    factors, weights = np.empty((len(size), leading, leading)), np.ones(len(size))
    for number, rows in enumerate(size):
        x = inner[classes == number, :leading]
        own = x.T @ x / max(rows - 1, 1)
        if shrink is not None:
            weights[number] = shrink if rows > 1 else 1.0
        elif rows > 1 and len(size) > 1:
            # Expected squared error of the own covariance against its squared distance from the shared one.
            noise = float(shared.trace() ** 2 + (shared**2).sum()) / (rows - 1)
            weights[number] = noise / max(float(((own - shared) ** 2).sum()), noise, 1e-300)
        mixed = (1 - weights[number]) * own + weights[number] * shared
        values, vectors = np.linalg.eigh(mixed)
        factors[number] = vectors * np.sqrt(np.maximum(values, 0))
    return factors, weights
