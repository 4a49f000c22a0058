"""The rows of an image table as networks see them, and back: images, the class of each, and the columns beside.

The class is the label column. Columns beside (age, view, ..) are drawn by trees within each class; no picture follows
from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulacra.core.errors import DataError
from simulacra.core.where import Where, as_read, mask, said
from simulacra.parts.assemble import assemble, fill_surrogates
from simulacra.parts.chain import Rules, draw_chain, fit_chain
from simulacra.parts.domain import Domain
from simulacra.parts.pictures import arrays, label_column, series
from simulacra.parts.plan import read

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.core.data import Dataset
    from simulacra.core.schema import Column
    from simulacra.parts.pictures import Images

    Ints = npt.NDArray[np.int64]
    Rows = dict[str, Any]

LEAST, MOST = 8, 64
"""Sides of images in pixels."""
BINS, SPIKE, LEAF, GAIN, PARENTS = 64, 5, 10, 2.0, 16
"""Of the trees that draw the columns beside; see tables/forest."""
NO_CLASS = "class"
"""Column of the levels of a table without labels."""


def learn(data: Dataset, wanted: str | None, rng: np.random.Generator, name: str) -> tuple[Images, Ints, Rows]:
    """Return the images (n, H, W, C) of a table, the class of each (n,), and what is needed to make rows again.

    wanted: the label column the user named. name: of the method, for errors.
    Raises DataError for images of less than 8 or more than 64 pixels a side.
    """
    frame, schema = data.frame, data.schema
    images, column = arrays(frame, schema)
    high, wide = images.shape[1:3]
    if min(high, wide) < LEAST or max(high, wide) > MOST:
        raise DataError(
            f"{name}: column {column!r} holds images of {high} x {wide} pixels; sides of {LEAST} to {MOST} are made. "
            "Scale them first"
        )
    label = label_column(frame, schema, wanted)
    cells = frame[label].alias(label) if label else pl.Series(NO_CLASS, [0] * frame.height)
    levels = cells.unique().sort(nulls_last=True)
    classes = _places(cells, levels)
    rows: Rows = {
        "image": column,
        "label": label,
        "size": list(images.shape[1:]),
        "levels": levels.to_frame(),
        "count": np.bincount(classes, minlength=len(levels)),
        **_beside(frame.drop([c for c in (column, label) if c]), schema.columns, classes, len(levels), rng),
    }
    return images, classes, rows


def draw_classes(rows: Rows, n: int, rng: np.random.Generator, allowed: Ints | None = None) -> Ints:
    """Return n classes in the shares of the training rows, those of `allowed` only."""
    odds = rows["count"].astype(np.float64)
    if allowed is not None:
        asked = np.isin(np.arange(len(odds)), allowed)
        # Under a privacy budget a declared class may have no images by the noisy count; who asks for it gets it.
        odds = np.where(asked, odds, 0.0) if odds[asked].any() else asked.astype(np.float64)
    return np.asarray(rng.choice(len(odds), n, p=odds / odds.sum()), np.int64)


def aimed(rows: Rows, columns: Sequence[Column], plain: Where) -> Ints | None:
    """Return the classes that fulfil the condition on the label column; None where there is none on it.

    Raises DataError where no class does.
    """
    label = rows["label"]
    if label is None or label not in plain:
        return None
    wanted = {label: plain[label]}
    found = np.flatnonzero(mask(*as_read(rows["levels"], wanted, columns)).to_numpy())
    if not found.size:
        known = ", ".join(map(repr, rows["levels"][label].to_list()[:10]))
        raise DataError(f"where: no class fulfils {said(wanted)}; the classes are {known}")
    return found.astype(np.int64)


def class_of(rows: Rows, label: Any) -> int:
    """Return the number of the class of one label. Raises DataError for one that is not known."""
    known = rows["levels"].to_series().to_list()
    if rows["label"] is None:
        return 0
    if label not in known:
        raise DataError(f"no class {label!r}; the classes are {', '.join(map(repr, known[:10]))}")
    return int(known.index(label))


def table(rows: Rows, images: Images, classes: Ints, rng: np.random.Generator) -> pl.DataFrame:
    """Return images with their labels and the columns beside, whose surrogates are still to be filled."""
    out = [series(rows["image"], images)]
    if rows.get("domain"):
        return _private_table(rows, out[0], classes, rng)
    if rows["label"]:
        out.append(rows["levels"][rows["label"]].gather(classes))
    if not rows["fields"]:
        return pl.DataFrame(out)
    place, parts = [], []
    for number, links in enumerate(rows["links"]):
        at = np.flatnonzero(classes == number)
        if at.size:
            parts.append(assemble(rows["fields"], draw_chain(links, at.size, rng), at.size, rng)[0])
            place.append(at)
    beside = pl.concat(parts)[np.argsort(np.concatenate(place))]
    return pl.DataFrame(out).hstack(beside.get_columns())


def finish(rows: Rows, frame: pl.DataFrame, rng: np.random.Generator, start: int) -> pl.DataFrame:
    """Return the frame with ids, person data and texts filled by surrogates; start: number of its first row."""
    if rows.get("domain"):
        return Domain.from_state(rows["domain"]).finish(frame, rng, start)
    return fill_surrogates(rows["fields"], frame, rng, start) if rows["fields"] else frame


def _private_table(rows: Rows, images: pl.Series, classes: Ints, rng: np.random.Generator) -> pl.DataFrame:
    """Return images beside cells of the domain that a privacy budget bought, in the order of the columns."""
    codes = classes[:, None] if rows["label"] else np.zeros((len(classes), 0), np.int64)
    beside = Domain.from_state(rows["domain"]).draw(codes, rng)
    return beside.with_columns(images).select(rows["order"])


def _places(cells: pl.Series, levels: pl.Series) -> Ints:
    """Return the place of each cell among the sorted levels, missing ones last."""
    found = cells.rank("dense").cast(pl.Int64) - 1
    return found.fill_null(len(levels) - 1).to_numpy().astype(np.int64)


def _beside(
    frame: pl.DataFrame, columns: Sequence[Column], classes: Ints, count: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Return the fields of the columns beside, and for every class the links of its own chain of trees."""
    if not frame.width:
        return {"fields": [], "links": []}
    own = tuple(c for c in columns if c.name in frame.columns)
    fields, chain = read(frame, own, None, bins=BINS, spike=SPIKE)
    links = []
    for number in range(count):
        at = np.flatnonzero(classes == number)
        part = [replace(v, ranks=v.ranks[at], codes=v.codes[at]) for v in chain]
        links.append(fit_chain(part, Rules(LEAF, GAIN, PARENTS, SPIKE, None), rng)[0])
    return {"fields": fields, "links": links}
