"""What images/gan and images/vae buy of their rows under a privacy budget: classes, their mean images, and axes.

Size, mode and storage of the images are public, and so is that every pixel lies within 0..255. The levels of the label
are declared, or found by partition selection; noisy counts say how many images each has, noisy sums what a class looks
like on average, and noisy products of coarse pixels along which axes images of a class differ.
Reference: Dwork et al. (2014), Analyze Gauss, for principal components from noisy products.
"""

from __future__ import annotations

import dataclasses
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulacra.core import infer_images
from simulacra.core.errors import ConfigError, DataError, need
from simulacra.core.schema import Column, Schema, Table
from simulacra.images._rows import LEAST, MOST, NO_CLASS
from simulacra.parts import contributions
from simulacra.parts._domain_codes import levels as codes_of
from simulacra.parts.domain import Domain, settle
from simulacra.parts.pictures import arrays
from simulacra.parts.private_steps import EXTRA

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.core.budget import Budget
    from simulacra.core.data import Dataset
    from simulacra.images._components import Floats, Images, Ints

COUNTED, SUMMED, PRODUCTS = 0.03, 0.1, 0.15
"""Shares of what the domain leaves of the budget: counts of classes, sums of pixels, products of pixels."""
MIDDLE = 128
"""Grey level from which pixels are counted: sums of what is left of it change half as much."""
SPREAD = 60
"""Deviation of a coarse pixel from its class, on the whole: images that differ more are drawn toward their class."""
COARSE = 14
"""Most places along a side of the coarse pixels whose products are bought."""
CHUNK = 64
"""Images whose gradients are computed at once."""
CLEAR = 8.0
"""Grey levels of noise in the mean image of a class, above which means are bought of coarser pixels."""


@dataclass
class Bought:
    """What training may use: images uint8 (n, H, W, C), classes (n,), units of privacy (n,), and noisy counts.

    counts: images of each class. rows: how many there are by them. space: as in images/_components.
    """

    images: Images
    classes: Ints
    units: Ints
    counts: Ints
    rows: int
    space: dict[str, Any]


def buy(method: Any, data: Dataset, budget: Budget, latents: int, rng: np.random.Generator) -> Bought:
    """Return what a method may train on, and leave in it the rows_ and schema_ that the budget paid for.

    latents: most axes. Raises BudgetError, ConfigError, DataError, SchemaError, MissingExtra.
    """
    need("torch", "torch", method.name)
    need("opacus", EXTRA, f"{method.name} under a privacy budget")
    contributions.refuse_start(method)
    data = contributions.own(data, budget, rng)
    images, column = arrays(data.frame)
    size = list(images.shape[1:])
    if min(size[:2]) < LEAST or max(size[:2]) > MOST:
        raise DataError(
            f"{method.name}: column {column!r} holds images of {size[0]} x {size[1]} pixels; sides of {LEAST} to "
            f"{MOST} are made. Scale them first"
        )
    label = _label(method, data, column, budget)
    budget.public.append(f"size and mode of the images in column {column!r}, and that pixels lie within 0..255")
    classes, rows = _classes(method, data, column, label, size, budget)
    counts = _counts(classes, len(rows["levels"]), budget)
    rows["count"] = counts
    method.rows_ = rows
    space = _space(images, classes, counts, latents, budget)
    total = max(1, int(counts.sum()))
    return Bought(images, classes, contributions.units(data.frame, budget), counts, total, space)


def _label(method: Any, data: Dataset, image: str, budget: Budget) -> str | None:
    """Return the label column, by its name alone. Raises ConfigError for further columns: nothing is bought of them."""
    others = [c for c in data.frame.columns if c not in (image, budget.person)]
    named = [c for name in infer_images.LABELS for c in others if c.lower() == name]
    label: str | None = method.label or (named[0] if named else None)
    if label is not None and label not in others:
        raise ConfigError(f"{method.name}: no column {label!r} to take the labels of images from")
    left = [c for c in others if c != label]
    if left:
        raise ConfigError(
            f"{method.name}: under a privacy budget a table of images has one label column beside them, and "
            f"{', '.join(map(repr, left))} cannot be learned; drop them, or name the label with label="
        )
    if getattr(method, "factors", ()):
        raise ConfigError(f"{method.name}: factors cannot be used under a privacy budget; leave them out")
    return label


def _classes(
    method: Any, data: Dataset, image: str, label: str | None, size: list[int], budget: Budget
) -> tuple[Ints, dict[str, Any]]:
    """Return the class of each image, and rows_ without counts; see images/_rows.learn."""
    frame = data.frame
    table, name = next(iter(data.frames)), f"{size[1]}x{size[0]} {'colour' if size[2] == 3 else 'grey'}"
    picture = Column(image, "image", str(frame[image].dtype), format=name, why="images of one size (public)")
    given = {} if data.given_schema is None else {c.name: c for c in data.given_schema.columns if c.name != image}
    undeclared = label is not None and label not in given
    if label is not None and undeclared:
        given[label] = Column(label, "category", why="labels of images")
    beside = frame.drop(image)
    rows: dict[str, Any] = {"image": image, "label": label, "size": size, "fields": [], "links": []}
    rows["order"] = frame.columns
    columns = {image: picture}
    classes = np.zeros(frame.height, np.int64)
    levels = pl.DataFrame({NO_CLASS: [0]})
    if beside.width:
        schema = Schema({table: Table(tuple(given.values()))}) if given else None
        domain = settle(dataclasses.replace(data, frames={table: beside}, given_schema=schema), budget)
        domain = _typed(domain, label) if label is not None and undeclared else domain
        columns |= {c.name: c for c in domain.schema.columns}
        rows["domain"] = domain.to_state()
        if label is not None:
            classes = domain.encode(beside)[:, 0]
            codes = np.arange(domain.sizes[0])[:, None]
            levels = domain.draw(codes, np.random.default_rng(0)).select(label)
    rows["levels"] = levels
    method.schema_ = Schema({table: Table(tuple(columns[c] for c in frame.columns))})
    return classes, rows


def _typed(domain: Domain, label: str) -> Domain:
    """Return the domain with whole numbers as levels of the label, where all that were bought are some.

    The type in the table is not asked: one text among numbers, in one row, would change it.
    """
    column = domain.schema[label]
    if not column.levels or not all(re.fullmatch(r"-?(0|[1-9]\d*)", str(level)) for level in column.levels):
        return domain
    values = tuple(int(str(level)) for level in column.levels)
    name, columns = next(iter(domain.schema.tables)), [c for c in domain.schema.columns if c.name != label]
    place = [c.name for c in domain.schema.columns].index(label)
    columns.insert(place, dataclasses.replace(column, dtype="Int64", levels=values))
    return dataclasses.replace(
        domain, schema=Schema({name: Table(tuple(columns))}), codecs={**domain.codecs, label: codes_of(values)}
    )


def _counts(classes: Ints, count: int, budget: Budget) -> Ints:
    """Return noisy counts of images of each class, 0 for those that no image surely has."""
    noisy = budget.gaussian(
        lambda: np.bincount(classes, minlength=count), rho=COUNTED * budget.rho_left, what="images of each class"
    )
    least = contributions.SURELY * budget.entries[-1].scale
    out = np.where(noisy > least, noisy, 0)
    # Where no class is sure the likeliest one stands for all.
    return out if out.any() else np.where(np.arange(count) == int(noisy.argmax()), np.maximum(noisy, 1), 0)


def _space(images: Images, classes: Ints, counts: Ints, latents: int, budget: Budget) -> dict[str, Any]:
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
