"""Images of an output folder, below its media/: a folder a class, or images with a metadata.csv beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from simulacra.core.atomic import explain
from simulacra.core.errors import DataError
from simulacra.io import _images_decode
from simulacra.io._images_decode import Reading
from simulacra.io._images_folder import NAME

if TYPE_CHECKING:
    import polars as pl

MEDIA = "media"
METADATA = "metadata.csv"
CLASSES, TABLE = ".png", "/metadata.csv"
"""Endings that stand for the two layouts where tables have the ending of their files."""
IMAGE = "image"
UNSAFE = re.compile(r"[/\\\x00-\x1f\x7f:*?\"<>|]|^[.\s]|[.\s]$|^$")
_IMAGE = re.compile(r"\d{6,}\.png")
_TEMP = re.compile(r"\.metadata\.csv\.\d+\.part")


def unsafe(label: str) -> bool:
    """Return whether a label cannot name a folder on every system."""
    return bool(UNSAFE.search(label)) or len(label.encode()) > 200


def write(frame: pl.DataFrame, folder: Path, start: int, ending: str) -> pl.DataFrame:
    """Write images below media/ and return their names (file_name) with the columns beside them.

    ending: CLASSES for LABEL/000000.png where there are labels and 000000.png otherwise; TABLE for 000000.png alone.
    start: number of the first image. Raises DataError for a label that cannot name a folder, OutputError for a full
    disk or a file where a folder should be.
    """
    import polars as pl

    from simulacra.parts.pictures import arrays, png

    images, column = arrays(frame)
    rest, place = frame.drop(column), folder / MEDIA
    labels = [folder_of(v) for v in rest["label"]] if ending == CLASSES and rest.width else [""] * len(images)
    names = [f"{label}{start + i:06d}.png" for i, label in enumerate(labels)]
    try:
        for label in dict.fromkeys(["", *labels]):
            (place / label).mkdir(parents=True, exist_ok=True)
        for name, image in zip(names, images, strict=True):
            (place / name).write_bytes(png(image))
    except OSError as error:
        raise explain(error, place) from error
    return rest.insert_column(0, pl.Series(NAME, names, dtype=pl.String))


def folder_of(label: object) -> str:
    """Return the folder of a class with its slash. Raises DataError for a label that cannot name one."""
    name = "" if label is None else str(label).lower() if isinstance(label, bool) else str(label)
    if unsafe(name):
        what = f"the label {name!r} cannot name a folder" if name else "an image has no label"
        raise DataError(f"{what}; give --format imagefolder, npz or parquet")
    return f"{name}/"


def write_metadata(parts: Iterable[Path], folder: Path) -> Path:
    """Write media/metadata.csv from the tables of the parts, in their order, and return its path."""
    import polars as pl

    from simulacra.io import files

    path = folder / MEDIA / METADATA
    files.write(pl.concat([pl.read_ipc(part) for part in sorted(parts)]), path)
    return path


def media(folder: Path) -> list[Path]:
    """Return the files below media/ that an output is made of, links never followed; leftovers of a killed run too."""
    place, found = folder / MEDIA, []
    if not place.is_dir() or place.is_symlink():
        return []
    for entry in place.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            found += [p for p in entry.iterdir() if _IMAGE.fullmatch(p.name) and p.is_file()]
        elif _IMAGE.fullmatch(entry.name) or entry.name == METADATA or _TEMP.fullmatch(entry.name):
            found.append(entry)
    return found


def tidy(folder: Path) -> None:
    """Remove media/ and the folders of its classes as far as they are empty."""
    place = folder / MEDIA
    if place.is_symlink() or not place.is_dir():
        return
    for entry in (*place.iterdir(), place):
        if entry.is_dir() and not entry.is_symlink() and not any(entry.iterdir()):
            entry.rmdir()


def listed(names: Iterable[str]) -> list[str]:
    """Return the images and the table among the files that a manifest lists; anything else there is never opened."""
    found = []
    for name in names:
        place, *inside = name.split("/")
        right = place == MEDIA and len(inside) in (1, 2) and not any(unsafe(part) for part in inside)
        if right and (_IMAGE.fullmatch(inside[-1]) or inside == [METADATA]):
            found.append(name)
    return found


def read(folder: Path, names: list[str]) -> pl.DataFrame:
    """Return the images of a finished output in the order of their numbers, with their labels or metadata.

    names: what `listed` returned.
    """
    import polars as pl

    from simulacra.io import files
    from simulacra.parts.pictures import series

    images = sorted((n for n in names if n.endswith(".png")), key=lambda n: n.rpartition("/")[2])
    pixels = _images_decode.stack([(folder / n, str(folder / n)) for n in images], Reading(), files.LIMIT)
    frame = pl.DataFrame([series(IMAGE, pixels)])
    if f"{MEDIA}/{METADATA}" in names:
        order = pl.DataFrame({NAME: [n.partition("/")[2] for n in images]})
        rest = files.read(folder / MEDIA / METADATA).frame
        return frame.hstack(order.join(rest, on=NAME, how="left", maintain_order="left").drop(NAME))
    if all(n.count("/") == 2 for n in images):
        labels = pl.Series("label", [n.split("/")[1] for n in images], dtype=pl.String)
        return frame.with_columns(labels)
    return frame
