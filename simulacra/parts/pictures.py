"""Images as rows of a table: the arrays of a frame and back, the label column, PNG bytes, contact sheets."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from simulacra.core.errors import ConfigError, DataError, near, need
from simulacra.core.infer_images import LABELS, columns_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from simulacra.core.schema import Schema

    Images = npt.NDArray[np.uint8]

GAP = 1
"""Pixels between the cells of a contact sheet; they are transparent."""
FEWEST = 5
"""Images a row of a contact sheet, before rows are left out."""
SMALL = 48
"""Images of at least this side may be shown at half their size."""


def arrays(frame: pl.DataFrame, schema: Schema | None = None) -> tuple[Images, str]:
    """Return the images of a frame, uint8 (rows, H, W, C) with C 1 (grey) or 3 (colour), and their column's name.

    schema: says by kind "image" which column it is where several could be.
    Raises DataError for no image column, several, or a row without an image.
    """
    import numpy as np

    found = columns_of(frame)
    declared = [c.name for c in schema.columns if c.kind == "image" and c.name in found] if schema is not None else []
    found = declared or found
    if not found:
        raise DataError(
            f"no column holds images (columns: {', '.join(frame.columns)}); images are arrays of uint8, "
            "height x width or height x width x 3, of one size"
        )
    if len(found) > 1:
        raise DataError(f"columns {', '.join(map(repr, found))} all hold images; keep one of them")
    column = frame[found[0]]
    if column.null_count():
        row = column.is_null().arg_max()
        raise DataError(
            f"column {found[0]!r}, row {row}: no image ({column.null_count():,} of {len(column):,} rows have none); "
            "drop these rows"
        )
    images = np.ascontiguousarray(column.to_numpy())
    return (images[..., None] if images.ndim == 3 else images), found[0]


def series(name: str, images: Images) -> pl.Series:
    """Return images, uint8 (rows, H, W[, C]), as a column of a frame; grey ones are stored as (H, W)."""
    import numpy as np
    import polars as pl

    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or images.ndim == 4 and images.shape[-1] != 3:
        raise DataError(
            f"images must be uint8 of shape (rows, height, width) or (rows, height, width, 3), got {images.dtype} "
            f"{images.shape}"
        )
    return pl.Series(name, np.ascontiguousarray(images), dtype=pl.Array(pl.UInt8, images.shape[1:]))


def label_column(frame: pl.DataFrame, schema: Schema | None = None, wanted: str | None = None) -> str | None:
    """Return the column that holds the class of each image; None where there is none.

    wanted: its name when the user gave one. Otherwise a column named as labels are, or the only one of few levels.
    Raises ConfigError when the wanted column is absent or is the image column itself.
    """
    images = columns_of(frame)
    others = [c for c in frame.columns if c not in images]
    if wanted is not None:
        if wanted not in others:
            raise ConfigError(f"no column {wanted!r} to take the labels of images from.{near(wanted, others)}")
        return wanted
    known = {c.name: c.kind for c in schema.columns} if schema is not None else {}
    few = [c for c in others if _few(frame[c], known.get(c, ""))]
    named = [c for name in LABELS for c in few if c.lower() == name]
    return named[0] if named else few[0] if len(few) == 1 else None


def _few(column: pl.Series, kind: str) -> bool:
    """Return whether a column may name classes: no fractions, no times, and several rows a level on average."""
    if kind and kind not in ("category", "boolean", "constant", "number", "id"):
        return False
    dtype = column.dtype
    if dtype.is_nested() or dtype.is_float() or dtype.is_temporal() or column.null_count() == len(column):
        return False
    return bool(column.n_unique() <= max(2, min(1000, len(column) // 2)))


def png(image: Images) -> bytes:
    """Return one image, uint8 (H, W) or (H, W, C) with C 1 (grey), 2 (with alpha), 3 or 4 (with alpha), as PNG bytes.

    Raises MissingExtra without Pillow.
    """
    pillow = need("PIL.Image", "images", "writing PNG")
    if image.ndim == 3 and image.shape[-1] == 1:
        image = image[..., 0]
    out = io.BytesIO()
    pillow.fromarray(image).save(out, format="PNG", optimize=True)
    return out.getvalue()


def sheet(rows: Sequence[Images], captions: Sequence[str], most_bytes: int = 90_000) -> dict[str, Any]:
    """Return the data of a View of kind "images": one contact sheet with a caption a row.

    rows: for each row of the sheet its images, uint8 (k, H, W, C), all of one size. most_bytes: of the PNG. Rather than
    more bytes the sheet shows fewer images a row, then images of half the size ("cell" says which), then fewer rows.
    """
    if not max((len(r) for r in rows), default=0):
        raise DataError("a contact sheet needs at least one image")
    shown = [rows, [_half(r) for r in rows]] if min(rows[0].shape[1:3]) >= SMALL else [rows]
    for images in shown:
        data = _fitting(images, most_bytes)
        if len(data) <= most_bytes:
            break
    kept = len(images)
    while len(data) > most_bytes and kept > 2:
        # Rows go in pairs (real above made), so that no comparison is torn apart.
        kept -= 2
        data = _fitting(images[:kept], most_bytes)
    high, wide = images[0].shape[1:3]
    across, down = _size_of(data)
    return {
        "png": base64.b64encode(data).decode(),
        "width": across,
        "height": down,
        "cell": max(high, wide),
        "columns": (across + GAP) // (wide + GAP),
        "rows": list(captions[:kept]),
    }


def _fitting(rows: Sequence[Images], most_bytes: int) -> bytes:
    """Return the sheet with as many images a row as fit, FEWEST at the least."""
    columns = max(len(r) for r in rows)
    while True:
        data = png(_grid([r[:columns] for r in rows], columns))
        if len(data) <= most_bytes or columns <= FEWEST:
            return data
        columns = max(FEWEST, min(columns - 1, int(columns * most_bytes / len(data))))


def _size_of(data: bytes) -> tuple[int, int]:
    """Return width and height of a PNG, which stand in its first chunk."""
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _half(images: Images) -> Images:
    """Return images averaged down to half their size."""
    import numpy as np

    n, high, wide, channels = images.shape
    cut = images[:, : high // 2 * 2, : wide // 2 * 2].reshape(n, high // 2, 2, wide // 2, 2, channels)
    out: Images = np.rint(cut.mean((2, 4))).astype(np.uint8)
    return out


def _grid(rows: Sequence[Images], columns: int) -> Images:
    """Return rows of images as one with an alpha channel, transparent between and beside them."""
    import numpy as np

    high, wide, channels = rows[0].shape[1:]
    out = np.zeros((len(rows) * (high + GAP) - GAP, columns * (wide + GAP) - GAP, channels + 1), dtype=np.uint8)
    for i, row in enumerate(rows):
        for j, image in enumerate(row):
            top, left = i * (high + GAP), j * (wide + GAP)
            out[top : top + high, left : left + wide, :channels] = image
            out[top : top + high, left : left + wide, channels] = 255
    return out
