"""Simple augmentation of small images: crop, flip, rotate and bend in one resampling, then contrast and brightness.

Every number is a function of a key and of the row's own number, so row k alone comes out as it does among all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulacra.parts.permute import uniform

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Words = npt.NDArray[np.uint64]

COARSE = 4
"""Places along each side whose displacement is drawn when an image is bent; between them it is smooth."""


@dataclass(frozen=True)
class Warp:
    """How much images are varied.

    crop: largest share of a side that is cut away, 0..0.9. flip: mirror left and right in one image of two.
    rotate: largest angle either way, degrees. bend: standard deviation of a smooth displacement, as a share of a side.
    contrast: largest relative change either way. brightness: largest shift either way, as a share of the range 0..1.
    """

    crop: float = 0.05
    flip: bool = True
    rotate: float = 5.0
    bend: float = 0.0
    contrast: float = 0.3
    brightness: float = 0.15


STRONG = Warp(crop=0.15, rotate=15.0, contrast=0.2, brightness=0.1)
"""What is customary for photographs; too much where images are taken in one pose, such as x-rays."""


def warp(images: Floats, rows: Words, key: int, how: Warp | None = None) -> Floats:
    """Return varied images.

    images: (n, height, width, channels) in 0..1. rows: (n,) number of each row, which with `key` decides how it is
    varied. What comes from beyond the border repeats the border.
    """
    how = how or Warp()
    out = _resample(images, *_places(images.shape, rows, key, how))
    gain = 1 + how.contrast * _either(rows, key, "contrast")
    shift = how.brightness * _either(rows, key, "brightness")
    middle = out.mean(axis=(1, 2, 3), keepdims=True)
    varied = middle + (out - middle) * gain[:, None, None, None] + shift[:, None, None, None]
    return np.asarray(np.clip(varied, 0, 1), dtype=np.float32)


def _either(rows: Words, key: int, what: str) -> Floats:
    return np.asarray(2 * uniform(rows, key, what) - 1, dtype=np.float32)


def _places(shape: tuple[int, ...], rows: Words, key: int, how: Warp) -> tuple[Floats, Floats]:
    """Return for every pixel of the result the place (down, across) it is taken from, each (n, height, width)."""
    n, high, wide, _ = shape
    zoom = 1 - how.crop * uniform(rows, key, "crop")
    angle = np.deg2rad(how.rotate) * _either(rows, key, "rotate")
    sign = np.where(uniform(rows, key, "flip") < 0.5, -1.0, 1.0) if how.flip else np.ones(n)
    cosine, sine = zoom * np.cos(angle), zoom * np.sin(angle)
    down, across = np.meshgrid(np.arange(high) - (high - 1) / 2, np.arange(wide) - (wide - 1) / 2, indexing="ij")
    # The window that is cut out may lie anywhere inside the image.
    room = (1 - zoom) / 2
    y = cosine[:, None, None] * down + sine[:, None, None] * across
    x = (-sine[:, None, None] * down + cosine[:, None, None] * across) * sign[:, None, None]
    y = y + (high - 1) / 2 + (high * room * _either(rows, key, "down"))[:, None, None]
    x = x + (wide - 1) / 2 + (wide * room * _either(rows, key, "across"))[:, None, None]
    if how.bend:
        y, x = (
            y + how.bend * high * _field(rows, key, "y", high, wide),
            x + how.bend * wide * _field(rows, key, "x", high, wide),
        )
    return y.astype(np.float32), x.astype(np.float32)


def _field(rows: Words, key: int, what: str, high: int, wide: int) -> Floats:
    """Return smooth displacements (n, height, width), of standard deviation 1 at the coarse places."""
    draws = np.stack([_either(rows, key, f"bend {what} {i}") for i in range(COARSE * COARSE)], axis=1)
    coarse = draws.reshape(-1, COARSE, COARSE) * np.sqrt(3)
    return np.asarray(np.einsum("hi,nij,wj->nhw", _between(high), coarse, _between(wide)), dtype=np.float32)


def _between(side: int) -> Floats:
    """Return weights (side, COARSE) of linear interpolation between coarse places."""
    place = np.linspace(0, COARSE - 1, side)
    return np.asarray(np.clip(1 - np.abs(place[:, None] - np.arange(COARSE)), 0, 1), dtype=np.float32)


def _resample(images: Floats, y: Floats, x: Floats) -> Floats:
    """Return the images at the places y, x (n, height, width), by bilinear interpolation."""
    n, high, wide, channels = images.shape
    y, x = np.clip(y, 0, high - 1), np.clip(x, 0, wide - 1)
    top, left = np.minimum(y.astype(np.int32), max(high - 2, 0)), np.minimum(x.astype(np.int32), max(wide - 2, 0))
    v, u = (y - top)[..., None], (x - left)[..., None]
    flat = images.reshape(-1, channels)
    first = (np.arange(n, dtype=np.int32) * (high * wide))[:, None, None] + top * wide + left
    below, right = (wide if high > 1 else 0), (1 if wide > 1 else 0)
    upper = flat[first] * (1 - u) + flat[first + right] * u
    lower = flat[first + below] * (1 - u) + flat[first + below + right] * u
    return np.asarray(upper * (1 - v) + lower * v, dtype=np.float32)
