"""The images of a case: which are compared with which, and their places in the spaces of parts.features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.case import Case
from simulacra.core.errors import DataError
from simulacra.core.rng import stream
from simulacra.guards._learn import number_from
from simulacra.parts import features, pictures

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    from simulacra.core.schema import Schema
    from simulacra.guards._frames import Floats, Ints

    Images = npt.NDArray[np.uint8]
    Texts = npt.NDArray[np.str_]

MOST = 2000
"""Most images of a side that are compared."""
BASE = 1000
"""Most training images that the spaces are fitted on; they are compared with nothing, so that no side is favoured."""
TRAIN = 20_000
"""Most training images among which copies are looked for by pixels; by random convolutions they are MOST + BASE."""
QUERIES = 4000
"""Most made images whose nearest training image is looked for by pixels."""
FEW = 50
"""With fewer images a side nothing is judged."""
HOLDOUT = 100
"""A holdout of this many images, or of a third of the training images, is used."""
NO_LABEL = "(no label)"


@dataclass(frozen=True)
class Side:
    """Images of one side: uint8 (n, H, W, C), their labels as text or None, and their places in each space."""

    images: Images
    labels: Texts | None
    pixels: Floats
    deep: Floats
    texture: Floats
    hidden: Floats | None = None

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Pictures:
    """What is compared: made with fresh images, and other real ones with the same fresh ones for the mark.

    made, fresh, other: of equal number. all_made, all_real: every image. made_pixels: the places of up to QUERIES made
    images. train: numbers of the training images among which copies are looked for, train_pixels: their places.
    deep, train_texture: the same for random convolutions. fresh_rows: numbers of the fresh images among the training
    images, None when they are from a holdout. classifier: fitted on real images that are not among the fresh.
    against: what the fresh images are. note: what was left out, in words.
    """

    made: Side
    fresh: Side
    other: Side
    all_made: Images
    all_real: Images
    made_pixels: Floats
    train: Ints
    train_pixels: Floats
    deep: Ints
    train_texture: Floats
    fresh_rows: Ints | None
    classifier: features.Classifier | None
    label: str | None
    against: str
    note: str
    seed: int

    @property
    def holdout(self) -> bool:
        """Return whether the fresh images are from a holdout."""
        return self.fresh_rows is None


def gather(case: Case) -> Pictures | str:
    """Return the images of a case in their spaces, or in words why they cannot be compared."""
    assert case.real is not None
    schema = case.schema or case.real.schema
    label = _label(case, schema)
    sets = {"real": case.real, "made": case.made}
    if case.holdout is not None and len(case.holdout) >= min(HOLDOUT, len(case.real) // 3):
        sets["holdout"] = case.holdout
    read: dict[str, tuple[Images, Texts | None]] = {}
    for name, data in sets.items():
        try:
            read[name] = pictures.arrays(data.frame, schema)[0], _labels(data.frame, label)
        except DataError as error:
            return f"the {name} table: {error}"
    shapes = {name: images.shape[1:] for name, (images, _) in read.items()}
    if len(set(shapes.values())) > 1:
        return "images differ in size: " + ", ".join(f"{name} {_size(s)}" for name, s in shapes.items())
    return _place(case, read, label)


def _label(case: Case, schema: Schema) -> str | None:
    """Return the column of labels: the target where it names classes, otherwise what looks like labels."""
    assert case.real is not None
    frame, known = case.real.frame, {c.name: c.kind for c in schema.columns}
    if known.get(case.target or "") in ("category", "boolean"):
        return case.target
    return pictures.label_column(frame, schema)


def _labels(frame: pl.DataFrame, label: str | None) -> Texts | None:
    import polars as pl

    if label is None or label not in frame.columns:
        return None
    return frame[label].cast(pl.String).fill_null(NO_LABEL).to_numpy().astype(str)


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} x {shape[1]}" + (" colour" if shape[2] == 3 else " grey")


def _place(case: Case, read: dict[str, tuple[Images, Texts | None]], label: str | None) -> Pictures | str:
    holdout = "holdout" in read
    rows = _rows(case, {name: len(images) for name, (images, _) in read.items()})
    k = len(rows["made"])
    if k < FEW:
        told = ", ".join(f"{len(images):,} {name}" for name, (images, _) in read.items())
        return (
            f"too few images to tell: {told}; {FEW} made ones are needed, {FEW} in a holdout, and {2 * FEW} real ones "
            f"({3 * FEW} without a holdout)"
        )
    real, named = read["real"]
    pixels = features.Pixels.fit(real[rows["base"]])
    convolutions = features.Convolutions.fit(real[rows["base"]])
    deep = convolutions(real[rows["deep"]])
    texture = features.Principal.fit(deep[np.searchsorted(rows["deep"], rows["base"])], 128)
    sides = {}
    for name, of in {"made": "made", "other": "real", "fresh": "holdout" if holdout else "real"}.items():
        images, labels = read[of][0][rows[name]], read[of][1]
        far = deep[np.searchsorted(rows["deep"], rows[name])] if of == "real" else convolutions(images)
        sides[name] = Side(images, None if labels is None else labels[rows[name]], pixels(images), far, texture(far))
    model = None if named is None else _classifier(case, rows, deep, named, holdout)
    if model is not None:
        sides = {name: replace(side, hidden=model.hidden(side.deep)) for name, side in sides.items()}
    made = read["made"][0]
    return Pictures(
        sides["made"],
        sides["fresh"],
        sides["other"],
        all_made=made,
        all_real=real,
        made_pixels=pixels(made[rows["queries"]]),
        train=rows["train"],
        train_pixels=pixels(real[rows["train"]]),
        deep=rows["deep"],
        train_texture=texture(deep),
        fresh_rows=None if holdout else rows["fresh"],
        classifier=model,
        label=label,
        against="holdout images" if holdout else "other real images (there is no holdout large enough)",
        note=_note(rows, read),
        seed=case.seed,
    )


def _classifier(
    case: Case, rows: dict[str, Ints], deep: Floats, labels: Texts, holdout: bool
) -> features.Classifier | None:
    """Return a classifier of the real images that are not among the fresh; deep: features of the rows "deep"."""
    learned = rows["deep"] if holdout else np.setdiff1d(rows["deep"], rows["fresh"])
    at = np.searchsorted(rows["deep"], learned)
    return features.Classifier.fit(deep[at], labels[learned], number_from(case.seed, "image classifier"))


def _rows(case: Case, sizes: dict[str, int]) -> dict[str, Ints]:
    """Return which rows take part on each side, drawn at random and in their order; made, fresh and other as many.

    Of the training images some are `other`, and some `base`, on which the spaces are fitted: a space fitted on one of
    the sides that are compared would favour it. Without a holdout some of them are `fresh` too.
    """

    def some(name: str) -> Ints:
        return stream(case.seed, "guards", f"images {name}").permutation(sizes[name])

    made, real = some("made"), some("real")
    fresh, rest = (some("holdout"), real) if "holdout" in sizes else (real, real[min(len(real) // 3, MOST) :])
    k = min(len(made), len(fresh) if "holdout" in sizes else len(real) // 3, len(rest) // 2, MOST)
    out = {
        "made": made[:k],
        "queries": made[:QUERIES],
        "fresh": fresh[:k],
        "other": rest[:k],
        "base": rest[k : k + BASE],
        "train": real[:TRAIN],
    }
    out["deep"] = np.concatenate([out["other"], out["base"], *([] if "holdout" in sizes else [out["fresh"]])])
    return {name: np.sort(x) for name, x in out.items()}


def _note(rows: dict[str, Ints], read: dict[str, tuple[Images, Texts | None]]) -> str:
    cut = [
        f"{len(rows[name]):,} of {len(read[of][0]):,} {of}"
        for name, of in (("made", "made"), ("fresh", "holdout"), ("train", "real"))
        if of in read and len(rows[name]) < len(read[of][0])
    ]
    return f" (on {', '.join(cut)} images drawn at random)" if cut else ""
