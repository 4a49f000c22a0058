"""Points that a flow carries: images as numbers and back, and the correction of their first two moments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.images import _components

if TYPE_CHECKING:
    from simulacra.images._components import Floats, Images, Ints

ENOUGH = 8
"""Carried points a number that the moments of a class need to be corrected on its own."""


def gaussians(space: dict[str, Any]) -> Floats:
    """Return factors (classes, size, size) of the covariances of points, which are components of spread about 1."""
    out: Floats = space["factors"].astype(np.float64) / space["scale"][None, : space["leading"], None]
    return out


def points(space: dict[str, Any], images: Images, classes: Ints) -> Floats:
    """Return images, uint8 (n, H, W, C), as points (n, size) about the middle of their class."""
    x = images.reshape(len(images), -1) / _components.LEVEL - space["middle"]
    leading = space["leading"]
    inner = x @ space["axes"][:leading].T.astype(np.float64) - space["means"][classes, :leading]
    out: Floats = inner / space["scale"][:leading]
    return out


def pictures(space: dict[str, Any], carried: Floats, classes: Ints, shape: tuple[int, ...]) -> Images:
    """Return images, uint8 (n, H, W, C), from points (n, size)."""
    return _components.pixels(space, classes, carried * space["scale"][: space["leading"]], shape)


def weight(space: dict[str, Any]) -> Floats:
    """Return what an error of each number of a point counts, (size,), 1 on average: as much as it is seen."""
    scale = space["scale"][: space["leading"]]
    out: Floats = scale / max(float(scale.mean()), 1e-12)
    return out


def correction(carried: Floats, classes: Ints, factors: Floats) -> dict[str, Floats]:
    """Return for every class the mean of carried points and the map that gives them the covariance of the class.

    carried: (n, size); classes: (n,); factors: (classes, size, size). Where a class has too few points for moments of
    its own, all classes share theirs. The map is the shortest one between two Gaussians; Dowson and Landau (1982).
    """
    size, targets = carried.shape[1], factors @ factors.transpose(0, 2, 1)
    counts = np.bincount(classes, minlength=len(factors))
    means, maps = np.zeros(factors.shape[:2]), np.tile(np.eye(size), (len(factors), 1, 1))
    shared = _moments(carried)
    for number, count in enumerate(counts):
        mean, covariance = _moments(carried[classes == number]) if count >= ENOUGH * size else shared
        means[number], maps[number] = mean, _transport(covariance, targets[number])
    return {"means": means.astype(np.float32), "maps": maps.astype(np.float32)}


def corrected(found: dict[str, Floats], carried: Floats, classes: Ints, strength: float) -> Floats:
    """Return carried points moved by so much of their correction, 0..1."""
    whole = _components.by_class(found["maps"], classes, carried - found["means"][classes])
    out: Floats = (1 - strength) * carried + strength * whole
    return out


def _moments(x: Floats) -> tuple[Floats, Floats]:
    return x.mean(0), np.cov(x.T).reshape(x.shape[1], x.shape[1])


def _transport(source: Floats, target: Floats) -> Floats:
    values, vectors = np.linalg.eigh(source)
    values = np.maximum(values, 1e-6 * max(float(values[-1]), 1e-12))
    root, back = (vectors * np.sqrt(values)) @ vectors.T, (vectors / np.sqrt(values)) @ vectors.T
    inner, axes = np.linalg.eigh(root @ target @ root)
    out: Floats = back @ ((axes * np.sqrt(np.maximum(inner, 0))) @ axes.T) @ back
    return out
