"""Spaces in which images are compared, without a downloaded network: pixels, random convolutions, a small classifier.

A space is fitted on real images and then maps any images of their size to points: uint8 (n, H, W, C) to float64
(n, features). Nothing is downloaded, nothing needs torch, and the same images give the same points.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.core.rng import stream

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Singles = npt.NDArray[np.float32]
    Images = npt.NDArray[np.uint8]
    Texts = npt.NDArray[np.str_]

Space = Callable[["Images"], "Floats"]

SIDE = 64
"""Longest side, in pixels, at which images are looked at; larger ones are averaged down first."""
PIXELS = 32
"""Longest side at which pixels are compared one by one."""
WIDTHS = (24, 48, 96)
"""Filters of each layer of random convolutions."""
CELLS = 4
"""The last layer is averaged over CELLS x CELLS parts of the image, so that place is kept roughly."""
CHUNK_BYTES = 12_000_000
"""Bytes of the first layer of a group of images; groups go through one by one, and each needs several times as much."""
HIDDEN = 64
"""Features of the classifier's space: its hidden layer."""
FEWEST = 5
"""Images that a class needs to be learned."""


@dataclass(frozen=True)
class Principal:
    """Projection on the directions of largest variance: features (n, width) to (n, at most `most`)."""

    middle: Floats
    axes: Floats

    @classmethod
    def fit(cls, x: Floats, most: int) -> Principal:
        """Return the projection of the rows of x, (n, width), on up to `most` principal directions."""
        middle = x.mean(0)
        centred = x - middle
        most = min(most, *x.shape)
        if min(x.shape) > 4 * most:
            return cls(middle, _leading(centred, most))
        if x.shape[1] <= x.shape[0]:
            _, axes = np.linalg.eigh(centred.T @ centred)
            axes = axes[:, ::-1]
        else:
            # Fewer rows than features: the small matrix has the same directions.
            values, rows = np.linalg.eigh(centred @ centred.T)
            axes = centred.T @ rows[:, ::-1] / np.sqrt(np.maximum(values[::-1], 1e-12))
        return cls(middle, np.ascontiguousarray(axes[:, :most]))

    def __call__(self, x: Floats) -> Floats:
        return (x - self.middle) @ self.axes


def _leading(centred: Floats, most: int) -> Floats:
    """Return the leading principal directions, found by repeated projection of a random start (Halko et al. 2011)."""
    start = stream(0, "parts/features", "directions").standard_normal((centred.shape[1], most + 16))
    for _ in range(4):
        start, _ = np.linalg.qr(centred.T @ (centred @ start))
    values, turn = np.linalg.eigh((centred @ start).T @ (centred @ start))
    out: Floats = start @ turn[:, ::-1][:, :most]
    return out


@dataclass(frozen=True)
class Pixels:
    """Principal components of the pixels, 0..1, of images no side of which is longer than PIXELS."""

    project: Principal

    @classmethod
    def fit(cls, real: Images, most: int = 32) -> Pixels:
        """Return the space of up to `most` principal components of real images; at least two images."""
        return cls(Principal.fit(_flat(real), most))

    def __call__(self, images: Images) -> Floats:
        parts = [images[i : i + 2000] for i in range(0, max(1, len(images)), 2000)]
        return np.concatenate([self.project(_flat(part)) for part in parts])


def _flat(images: Images) -> Floats:
    """Return images as rows of numbers 0..1: (n, height * width * channels)."""
    small = smaller(images, PIXELS)
    out: Floats = small.reshape(len(small), -1) / 255.0
    return out


@dataclass(frozen=True)
class Convolutions:
    """Three layers of fixed random 3 x 3 filters, as a network that was never trained: a texture and shape space.

    Reference: Ulyanov et al. 2017 and Saxe et al. 2011 on features of random convolutional networks.
    """

    middle: Singles
    width: Singles
    filters: tuple[Singles, ...]

    @classmethod
    def fit(cls, real: Images) -> Convolutions:
        """Return the space for images like these; only brightness and contrast are taken from them."""
        pixels = smaller(real[:1000]).astype(np.float32)
        # The filters are the same for every data set and every seed, so that figures can be compared.
        rng, channels = stream(0, "parts/features", "filters"), real.shape[-1]
        filters: list[Singles] = []
        for width in WIDTHS:
            drawn = rng.standard_normal((3, 3, channels, width)) * math.sqrt(2 / (9 * channels))
            if filters:
                drawn -= drawn.mean((0, 1, 2))
            else:
                # Half of the first filters see differences of neighbours only: texture, whatever the brightness.
                drawn[..., ::2] -= drawn[..., ::2].mean((0, 1), keepdims=True)
            filters.append(drawn.astype(np.float32))
            channels = width
        return cls(pixels.mean((0, 1, 2)), pixels.std((0, 1, 2)) + np.float32(1), tuple(filters))

    def __call__(self, images: Images) -> Floats:
        images = smaller(images)
        each = 4 * images.shape[1] * images.shape[2] * WIDTHS[0]
        step = max(1, CHUNK_BYTES // each)
        return np.concatenate([self._layers(images[i : i + step]) for i in range(0, max(1, len(images)), step)])

    def _layers(self, images: Images) -> Floats:
        x = (images.astype(np.float32) - self.middle) / self.width
        for i, weights in enumerate(self.filters):
            x = np.maximum(_convolve(x, weights), 0)
            if i + 1 < len(self.filters) and min(x.shape[1:3]) >= 8:
                x = _halve(x)
        rows, columns = (np.array_split(np.arange(n), min(CELLS, n)) for n in x.shape[1:3])
        parts = [x[:, r[0] : r[-1] + 1, c[0] : c[-1] + 1].mean((1, 2)) for r in rows for c in columns]
        return np.concatenate(parts, axis=1).astype(np.float64)


def _convolve(x: Singles, weights: Singles) -> Singles:
    """Return the convolution of (n, H, W, C) with (3, 3, C, F); the border repeats its pixels."""
    n, high, wide, channels = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    # One large product is several times faster than nine small ones.
    around = np.empty((n, high, wide, 9 * channels), dtype=np.float32)
    for place in range(9):
        i, j = divmod(place, 3)
        around[..., place * channels : (place + 1) * channels] = padded[:, i : i + high, j : j + wide]
    out: Singles = around.reshape(-1, 9 * channels) @ weights.reshape(9 * channels, -1)
    return out.reshape(n, high, wide, -1)


def _halve(x: Singles) -> Singles:
    high, wide = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    x = x[:, :high, :wide]
    quarter: Singles = (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / np.float32(4)
    return quarter


def smaller(images: Images, side: int = SIDE) -> Images:
    """Return images averaged down by a whole factor so that no side is longer than `side` pixels."""
    factor = -(-max(images.shape[1:3]) // side)
    if factor <= 1:
        return images
    n, high, wide, channels = images.shape
    high, wide = max(1, high // factor), max(1, wide // factor)
    cut = images[:, : high * factor, : wide * factor].reshape(n, high, factor, wide, factor, channels)
    out: Images = np.rint(cut.mean((2, 4))).astype(np.uint8)
    return out


@dataclass(frozen=True)
class Composed:
    """A space followed by a projection."""

    first: Space
    then: Callable[[Floats], Floats]

    def __call__(self, images: Images) -> Floats:
        return self.then(self.first(images))


def convolutions(real: Images, most: int = 128) -> Composed:
    """Return the space of random convolutions, projected on up to `most` principal directions of real images."""
    base = Convolutions.fit(real)
    return Composed(base, Principal.fit(base(real), most))


@dataclass(frozen=True)
class Classifier:
    """A small classifier of images on features of another space: one hidden layer, fitted to real images.

    labels: the classes it knows, in order. Its hidden layer is a space in which classes stand apart.
    """

    model: Any
    project: Principal
    width: Floats
    labels: tuple[str, ...]

    @classmethod
    def fit(cls, features: Floats, labels: Texts, seed: int) -> Classifier | None:
        """Return a classifier of features (n, width) by their labels (n,); None when fewer than two can be learned.

        A class needs FEWEST images. seed: of the start and of the order of batches.
        """
        names, counts = np.unique(labels, return_counts=True)
        known = names[counts >= FEWEST]
        if len(known) < 2:
            return None
        from sklearn.neural_network import MLPClassifier

        kept = np.isin(labels, known)
        project = Principal.fit(features[kept], 2 * HIDDEN)
        x = project(features[kept])
        # Whitened in part: fine differences between classes lie in directions of small variance.
        width = np.sqrt(x.std(0) + 1e-9)
        width *= float((x / width).std()) or 1.0
        model = MLPClassifier(
            (HIDDEN,), alpha=1e-2, batch_size=min(64, len(x)), learning_rate_init=3e-3, max_iter=30, random_state=seed
        )
        return cls(_quiet_fit(model, x / width, labels[kept]), project, width, tuple(str(n) for n in model.classes_))

    def predict(self, features: Floats) -> Texts:
        """Return the likeliest class of each row."""
        out: Texts = self.model.predict(self.project(features) / self.width)
        return out

    def hidden(self, features: Floats) -> Floats:
        """Return the hidden layer: (n, HIDDEN)."""
        x = self.project(features) / self.width
        out: Floats = np.maximum(x @ self.model.coefs_[0] + self.model.intercepts_[0], 0)
        return out


def _quiet_fit(model: Any, x: Floats, y: Sequence[str] | Texts) -> Any:
    import warnings

    with warnings.catch_warnings():
        # A fixed number of rounds is meant: it is enough for a yardstick and the same on every machine.
        warnings.simplefilter("ignore")
        return model.fit(x, y)
