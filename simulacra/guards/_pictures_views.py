"""Contact sheets of images: real beside made by class, nearest neighbours, and those a classifier knows best."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.report import View
from simulacra.guards._pictures_copies import real_distances
from simulacra.guards._pictures_distance import nearest
from simulacra.parts import pictures

if TYPE_CHECKING:
    from simulacra.guards._frames import Floats, Ints
    from simulacra.guards._pictures import Images, Pictures

COLUMNS = 12
CLASSES = 10
BYTES = {"grid": 150_000, "near": 70_000, "worst": 40_000}
"""Most bytes of each sheet, so that a page stays small enough to be sent by mail."""
WIDEST = 96
"""Longest side at which an image is shown; larger ones are averaged down."""


def sheets(p: Pictures, scores: Floats) -> Iterator[View]:
    """Yield all sheets; scores: how made each made image looks to a classifier that did not see it."""
    yield _grid(p)
    yield _neighbours(p)
    yield _telling(p, scores)


def _grid(p: Pictures) -> View:
    """Return a sheet of real images above made ones, a pair of rows a class; the most frequent classes."""
    fresh, made = p.fresh, p.made
    groups: list[tuple[str, Ints, Ints]] = []
    if fresh.labels is not None and made.labels is not None:
        names, counts = np.unique(fresh.labels, return_counts=True)
        for name in names[np.sort(np.argsort(-counts, kind="stable")[:CLASSES])]:
            groups.append((f"{name}: ", np.flatnonzero(fresh.labels == name), np.flatnonzero(made.labels == name)))
    else:
        groups.append(("", np.arange(len(fresh)), np.arange(len(made))))
    rows, captions = [], []
    for name, a, b in groups:
        # Without classes, or with few, several rows of each side fill the sheet.
        for part in range(max(1, 4 // len(groups))):
            some = slice(part * COLUMNS, (part + 1) * COLUMNS)
            rows += [_shown(fresh.images[a[some]]), _shown(made.images[b[some]])]
            captions += [f"{name}real", f"{name}made"]
    return _view("Real images and made ones, by class" if len(groups) > 1 else "Real images and made ones",
                rows, captions, "grid", "Drawn at random, not chosen.")  # fmt: skip


def _neighbours(p: Pictures) -> View:
    """Return made images nearest to a training image, with that image below, and their rank among real distances."""
    far, which = nearest(p.made.pixels, p.train_pixels)
    other = real_distances(p)
    closest = np.argsort(far, kind="stable")[:COLUMNS]
    usual = np.linspace(0, len(far) - 1, COLUMNS).astype(int)
    typical = np.argsort(far, kind="stable")[usual]
    rows, captions = [], []
    for name, chosen in (("closest", closest), ("typical", typical)):
        rows += [_shown(p.made.images[chosen]), _shown(p.all_real[p.train[which[chosen]]])]
        captions += [name, "its real"]
    ranks = [_rank(float((other < far[i]).mean())) for i in closest]
    told = f"{ranks[0]} for each" if len(set(ranks)) == 1 else ", ".join(ranks)
    who = "holdout images" if p.holdout else "training images"
    note = (
        f"Made images above, the training image nearest to each below. Share of {who} that lie closer to a training "
        f"image than these closest made ones: {told}; copies have 0 %. The typical ones span all distances."
    )
    return _view("Made images above the training images nearest to them", rows, captions, "near", note)


def _rank(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 or share == 0 else "<1 %"


def _telling(p: Pictures, scores: Floats) -> View:
    """Return the made images that a classifier knows best as made, and those it takes for real."""
    order = np.argsort(-scores, kind="stable")
    k = min(COLUMNS, len(order) // 2)
    rows = [_shown(p.made.images[order[:k]]), _shown(p.made.images[order[::-1][:k]])]
    captions = ["least real", "most real"]
    note = "All of them are made; sorted by a classifier of random convolutions that did not see them."
    return _view("Made images that look least and most real to a classifier", rows, captions, "worst", note)


def _shown(images: Images) -> Images:
    from simulacra.parts.features import smaller

    return smaller(images, WIDEST)


def _view(title: str, rows: list[Images], captions: list[str], sheet: str, note: str) -> View:
    data = pictures.sheet(rows, captions, BYTES[sheet])
    hidden = len(captions) - len(data["rows"])
    if data["cell"] < max(rows[0].shape[1:3]):
        note += f" Images are shown at {data['cell']} pixels, to keep the page small."
    more = f" {hidden} rows are not shown, to keep the page small." if hidden else ""
    return View("images", "images", title, data, note=f"{note}{more}")
