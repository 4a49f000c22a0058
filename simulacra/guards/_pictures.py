"""The images of a case: which are compared with which, and their places in the spaces of parts.features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.case import Case
from simulacra.core.errors import DataError
from simulacra.core.rng import stream
from simulacra.guards import _frames
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
TRAIN = 20_000
"""Most training images among which copies are looked for by their pixels, and TRAIN_DEEP by random convolutions."""
TRAIN_DEEP = 2000
QUERIES = 4000
"""Most made images whose nearest training image is looked for by pixels."""
FEW = 50
"""With fewer images a side nothing is judged."""
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

    def take(self, rows: Ints) -> Side:
        """Return some of the images."""
        labels, hidden = (None if x is None else x[rows] for x in (self.labels, self.hidden))
        return Side(
            self.images[rows], labels, self.pixels[rows], self.deep[rows], self.texture[rows], hidden  # type: ignore[arg-type]
        )  # fmt: skip


@dataclass(frozen=True)
class Pictures:
    """What is compared: made with fresh images, and other real ones with the same fresh ones for the mark.

    made, fresh, other: of equal number. train: numbers of the training images among which copies are looked for;
    train_pixels: their places, train_texture: those of the first of them by random convolutions, with `deep` as their
    numbers. all_made, all_real: every image. made_pixels: the places of up to QUERIES made images. classifier: fitted
    on real images that are not among the fresh. against: what the fresh images are. note: what was left out, in words.
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
    classifier: features.Classifier | None
    label: str | None
    holdout: bool
    against: str
    note: str
    seed: int


def gather(case: Case) -> Pictures | str:
    """Return the images of a case in their spaces, or in words why they cannot be compared."""
    assert case.real is not None
    schema = case.schema or case.real.schema
    label = _label(case, schema)
    sets = {"real": case.real, "made": case.made}
    if _frames.usable_holdout(case):
        assert case.holdout is not None
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
    rows, holdout = _rows(case, {name: len(images) for name, (images, _) in read.items()})
    sizes = {name: len(rows[name]) for name in ("made", "fresh", "other")}
    if min(sizes.values()) < FEW:
        fresh = "holdout" if holdout else "real (half of them)"
        return (
            f"too few images to tell: {sizes['made']:,} made, {sizes['fresh']:,} {fresh}, {sizes['other']:,} other "
            f"real ones; {FEW} of each are needed"
        )
    real = read["real"][0]
    pool = real[rows["deep"]]
    pixels, convolutions = features.Pixels.fit(pool), features.Convolutions.fit(pool)
    deep = convolutions(pool)
    texture = features.Principal.fit(deep, 128)
    source = {"made": "made", "other": "real", "fresh": "holdout" if holdout else "real"}
    sides = {}
    for name, of in source.items():
        images, labels = read[of][0][rows[name]], read[of][1]
        known = of == "real" and bool(np.isin(rows[name], rows["deep"]).all())
        far = deep[np.searchsorted(rows["deep"], rows[name])] if known else convolutions(images)
        sides[name] = Side(images, None if labels is None else labels[rows[name]], pixels(images), far, texture(far))
    learned = np.setdiff1d(rows["deep"], rows["fresh"]) if not holdout else rows["deep"]
    at = np.searchsorted(rows["deep"], learned)
    labels = read["real"][1]
    model = None if labels is None else features.Classifier.fit(
        deep[at], labels[learned], number_from(case.seed, "image classifier")
    )  # fmt: skip
    if model is not None:
        sides = {name: replace(side, hidden=model.hidden(side.deep)) for name, side in sides.items()}
    made = read["made"][0]
    queries = stream(case.seed, "guards", "images made").permutation(len(made))[:QUERIES]
    return Pictures(
        sides["made"],
        sides["fresh"],
        sides["other"],
        all_made=made,
        all_real=real,
        made_pixels=pixels(made[np.sort(queries)]),
        train=rows["train"],
        train_pixels=pixels(real[rows["train"]]),
        deep=rows["deep"],
        train_texture=texture(deep),
        classifier=model,
        label=label,
        holdout=holdout,
        against="holdout images" if holdout else "other real images (there is no holdout large enough)",
        note=_note(rows, read),
        seed=case.seed,
    )


def _rows(case: Case, sizes: dict[str, int]) -> tuple[dict[str, Ints], bool]:
    """Return which rows of each side take part, drawn at random and in their order."""

    def some(name: str, n: int) -> Ints:
        return stream(case.seed, "guards", f"images {name}").permutation(n)

    holdout = "holdout" in sizes
    real = some("real", sizes["real"])
    if holdout:
        fresh, rest = some("holdout", sizes["holdout"]), real
    else:
        fresh, rest = real[: sizes["real"] // 2], real[sizes["real"] // 2 :]
    k = min(sizes["made"], len(fresh), len(rest), MOST)
    deep = real[:TRAIN_DEEP] if holdout else np.concatenate([fresh[:MOST], rest[:MOST]])
    out = {
        "made": some("made", sizes["made"])[:k],
        "fresh": fresh[:k],
        "other": rest[:k],
        "train": real[:TRAIN],
        "deep": deep,
    }
    return {name: np.sort(x) for name, x in out.items()}, holdout


def _note(rows: dict[str, Ints], read: dict[str, tuple[Images, Texts | None]]) -> str:
    cut = [
        f"{len(rows[name]):,} of {len(read[of][0]):,} {of}"
        for name, of in (("made", "made"), ("fresh", "holdout"), ("train", "real"))
        if of in read and len(rows[name]) < len(read[of][0])
    ]
    return f" (on {', '.join(cut)} images drawn at random)" if cut else ""
