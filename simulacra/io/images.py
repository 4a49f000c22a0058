"""Images as data: folders and .npz archives in, the same out, as rows with a column of arrays and one of labels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from simulacra.core.atomic import writing
from simulacra.core.errors import ConfigError, DataError, need
from simulacra.core.infer_images import columns_of
from simulacra.core.lineage import Lineage
from simulacra.io import _images_decode, _images_folder, _images_npz
from simulacra.io._images_decode import Reading as Reading
from simulacra.io._images_written import IMAGE, folder_of, unsafe

if TYPE_CHECKING:
    import polars as pl

    from simulacra.core.data import Dataset
    from simulacra.core.schema import Schema

FORMATS = ("png", "imagefolder", "npz", "parquet")
"""How images are written: a folder a class, images with metadata.csv, arrays, or rows of arrays."""


def layout_of(source: str | Path) -> str:
    """Return "npz", "classes", "metadata" or "plain", or "" for a source that holds no images by its look."""
    path = Path(os.fspath(source)).expanduser()
    if _archive(path) is not None:
        return "npz"
    return _images_folder.layout_of(path) if path.is_dir() else ""


def format_of(source: str | Path) -> str:
    """Return which of FORMATS gives images out as a source brings them in, "" for one that holds none."""
    return {"npz": "npz", "classes": "png", "plain": "png", "metadata": "imagefolder", "": ""}[layout_of(source)]


def read(
    source: str | Path, *, size: int | None = None, mode: str | None = None, limit: int = 8 << 30, table: str = "table"
) -> Dataset:
    """Read images with their labels: a column "image" (H, W) or (H, W, 3) of uint8, and the columns beside it.

    source: a folder with one sub-folder a class (column "label"), a folder with metadata.csv, metadata.jsonl or
    metadata.parquet whose column file_name names the images, a folder of images alone, or an .npz archive; ARCHIVE/PART
    reads one part, such as train, of several. size: the square in the middle of each image is scaled to so many pixels
    a side; None takes them as they are, and all must be of one size. mode: "grey" or "colour" converts them; None
    takes them as they are, and all must be of one mode. limit: most bytes of pixels.
    Raises DataError with the file or the array, ConfigError for a wrong size or mode, MissingExtra without Pillow.
    """
    from simulacra.core.data import Dataset
    from simulacra.core.infer import infer

    reading = Reading(size, mode)
    path = Path(os.fspath(source)).expanduser()
    archive = _archive(path)
    frame, notes = _from_npz(*archive, str(source), reading, limit) if archive else _from_folder(path, reading, limit)
    schema = infer({table: frame})
    if size is not None:
        notes.append(f"the square in the middle of each was scaled to {size} pixels a side")
    if mode is not None:
        notes.append(f"all were converted to {mode}")
    why = "; ".join([schema[IMAGE].why, *notes])
    lineage = Lineage(facts={"read": notes}) if notes else Lineage()
    return Dataset({table: frame}, schema.replace(IMAGE, why=why, source="from data"), lineage)


def write_npz(frame: pl.DataFrame, path: Path) -> None:
    """Write images, labels and further columns as one .npz, whole or not at all."""
    if len(columns_of(frame)) != 1:
        raise ConfigError(f"{path}: .npz is written for tables with one column of images; use Parquet or CSV")
    with writing(path) as temp, open(temp, "wb") as handle:
        _images_npz.write(frame, handle)


def fits(format: str, frame: pl.DataFrame) -> None:
    """Raise ConfigError when a table, or one of its columns and types, cannot be written in a format, MissingExtra.

    frame: rows like those to be written, or the empty frame of a model.
    """
    images = columns_of(frame)
    beside = [c for c in frame.columns if c not in images]
    if not images:
        if format in ("png", "imagefolder", "npz"):
            raise ConfigError(f"format {format} is for images, and the table has none; use parquet, csv or jsonl")
        return
    if format not in FORMATS:
        raise ConfigError(f"column {images[0]!r} holds images, which {format} cannot; use {', '.join(FORMATS)}")
    if len(images) > 1 and format != "parquet":
        raise ConfigError(f"columns {', '.join(map(repr, images))} all hold images; format parquet keeps them")
    if format == "png" and beside not in ([], ["label"]):
        raise ConfigError(
            f"format png keeps the column 'label' alone, as folders, and there is {', '.join(map(repr, beside))}; use "
            "imagefolder (images with metadata.csv), npz or parquet"
        )
    gone = next((c for c in beside if frame[c].null_count()), None)
    if gone is not None and format in ("png", "npz"):
        raise ConfigError(
            f"column {gone!r} has {frame[gone].null_count():,} missing cells, which format {format} cannot hold; use "
            "imagefolder or parquet, or fill them"
        )
    if format == "png" and beside:
        for label in frame["label"].unique().to_list():
            folder_of(label)
    if format in ("png", "imagefolder"):
        need("PIL.Image", "images", f"format {format}")


def default_format(frame: pl.DataFrame, schema: Schema | None = None) -> str:
    """Return the format for images in memory: png where all there is beside them are labels that can name folders.

    Otherwise imagefolder; parquet for several columns of images and for tables. schema: what is known of a frame that
    is given empty.
    """
    images = columns_of(frame)
    beside = [c for c in frame.columns if c not in images]
    if len(images) != 1:
        return "parquet"
    if beside not in ([], ["label"]):
        return "imagefolder"
    known = schema["label"] if schema is not None and beside else None
    labels = [*(frame["label"].unique().to_list() if beside else []), *(known.levels if known else ())]
    nameless = bool(known and known.missing) or any(v is None or unsafe(str(v)) for v in labels)
    return "imagefolder" if nameless else "png"


def _archive(path: Path) -> tuple[Path, str | None] | None:
    """Return an .npz file and the part of it that is named behind a slash, or None."""
    if path.suffix.lower() == ".npz" and not path.is_dir():
        return path, None
    if path.parent.suffix.lower() == ".npz" and path.parent.is_file():
        return path.parent, path.name
    return None


def _from_npz(
    path: Path, split: str | None, shown: str, reading: Reading, limit: int
) -> tuple[pl.DataFrame, list[str]]:
    import polars as pl

    from simulacra.io.source import located
    from simulacra.parts.pictures import series

    located(path)
    images, columns, notes = _images_npz.read(path, shown, split, limit)
    images = _images_decode.rescaled(images, reading)
    frame = pl.DataFrame([series(IMAGE, images)])
    return frame.with_columns(pl.Series(name, values) for name, values in columns.items()), notes


def _from_folder(path: Path, reading: Reading, limit: int) -> tuple[pl.DataFrame, list[str]]:
    import polars as pl

    from simulacra.parts.pictures import series

    found = _images_folder.find(path)
    pixels = series(IMAGE, _images_decode.stack(found.files, reading, limit))
    if found.frame is not None and IMAGE in found.frame.columns:
        raise DataError(f"{path}: the metadata have a column {IMAGE!r} of their own; rename it")
    notes = [f"{len(found.left):,} other files were not read, such as {found.left[0]}"] if found.left else []
    frame = pl.DataFrame([pixels])
    return (frame if found.frame is None else frame.hstack(found.frame)), notes
