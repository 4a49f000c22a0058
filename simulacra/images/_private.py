"""What images/gan and images/vae buy of their rows under a privacy budget: classes, their mean images, and axes.

Size, mode and storage of the images are public, and so is that every pixel lies within 0..255. The levels of the label
are declared, or found by partition selection; noisy counts say how many images each has. Noisy sums say what a class
looks like on average, noisy products of pixels along which axes its images differ (images/_private_space.py).
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulacra.core import infer_images
from simulacra.core.errors import ConfigError, DataError, need
from simulacra.core.schema import Column, Scalar, Schema, Table
from simulacra.images._private_space import buy_space
from simulacra.images._rows import LEAST, MOST, NO_CLASS
from simulacra.parts import contributions
from simulacra.parts._domain_buy import OTHER
from simulacra.parts._domain_codes import levels as codes_of
from simulacra.parts.domain import Domain, settle
from simulacra.parts.pictures import arrays
from simulacra.parts.private_steps import EXTRA

if TYPE_CHECKING:
    from simulacra.core.budget import Budget
    from simulacra.core.data import Dataset
    from simulacra.images._components import Images, Ints

COUNTED = 0.03
"""Share of what the domain leaves of the budget that buys the counts of classes."""
CHUNK = 64
"""Images whose gradients are computed at once."""


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
    space = buy_space(images, classes, counts, latents, budget)
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
    """Return the domain with the levels of the label that were bought, as whole numbers where all of them are some.

    The type in the table is not asked: one text among numbers, in one row, would change it. Rare levels together are no
    class of images; they are missing.
    """
    column = domain.schema[label]
    texts = [str(level) for level in column.levels if level != OTHER]
    if not texts:
        return domain
    whole = all(re.fullmatch(r"-?(0|[1-9]\d*)", text) for text in texts)
    values: tuple[Scalar, ...] = tuple(int(text) for text in texts) if whole else tuple(texts)
    column = dataclasses.replace(column, dtype="Int64" if whole else "String", levels=values)
    name, columns = (
        next(iter(domain.schema.tables)),
        tuple(c if c.name != label else column for c in domain.schema.columns),
    )
    codecs = {**domain.codecs, label: codes_of(values)}
    return dataclasses.replace(domain, schema=Schema({name: Table(columns)}), codecs=codecs)


def _counts(classes: Ints, count: int, budget: Budget) -> Ints:
    """Return noisy counts of images of each class, 0 for those that no image surely has."""
    noisy = budget.gaussian(
        lambda: np.bincount(classes, minlength=count), rho=COUNTED * budget.rho_left, what="images of each class"
    )
    least = contributions.SURELY * budget.entries[-1].scale
    out = np.where(noisy > least, noisy, 0)
    # Where no class is sure the likeliest one stands for all.
    return out if out.any() else np.where(np.arange(count) == int(noisy.argmax()), np.maximum(noisy, 1), 0)
