"""Columns of images: arrays of uint8, height x width (grey) or height x width x 3 (colour), one size a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulacra.core.errors import DataError

if TYPE_CHECKING:
    import polars as pl

    from simulacra.core.schema import Schema

LABELS = ("label", "class", "target", "category", "y")
"""Names of the column that says what an image shows."""


def shape_of(dtype: pl.DataType) -> tuple[int, ...] | None:
    """Return (H, W), (H, W, 1) or (H, W, 3) where a type holds images, otherwise None."""
    import polars as pl

    if not isinstance(dtype, pl.Array):
        return None
    shape, leaf = tuple(dtype.shape), dtype.inner
    while isinstance(leaf, pl.Array):
        leaf = leaf.inner
    right = len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3))
    return shape if right and leaf == pl.UInt8 and all(shape) else None


def columns_of(frame: pl.DataFrame) -> list[str]:
    """Return the names of the columns that hold images."""
    return [name for name, dtype in frame.schema.items() if shape_of(dtype) is not None]


def size_of(shape: tuple[int, ...]) -> str:
    """Return the size of images of a shape in words: "28 x 28 pixels", "640 x 480 pixels (width x height)"."""
    high, wide = shape[:2]
    return f"{wide} x {high} pixels" + ("" if high == wide else " (width x height)")


def mode_of(shape: tuple[int, ...]) -> str:
    """Return "colour" or "grey"."""
    return "colour" if len(shape) == 3 and shape[2] == 3 else "grey"


def facts(series: pl.Series) -> dict[str, Any]:
    """Return the facts of a column of images; see Column for their names."""
    shape = shape_of(series.dtype)
    assert shape is not None
    seen = len(series) - series.null_count()
    return {
        "kind": "image",
        "format": f"{shape[1]}x{shape[0]} {mode_of(shape)}",
        "why": f"{seen:,} images of {size_of(shape)}, {mode_of(shape)}, 8 bits",
    }


def refuse(schema: Schema, who: str) -> None:
    """Raise DataError that names the methods of images when a method of tables meets a column of images."""
    from simulacra.core import registry

    found = [c.name for table in schema.tables.values() for c in table.columns if c.kind == "image"]
    if not found:
        return
    known = [name for name in registry.names() if name.startswith("images/")]
    methods = f"one of {', '.join(known)}" if known else "a method whose address begins with images/"
    raise DataError(
        f"{who} makes tables, and column {found[0]!r} holds images; use {methods} (-m ADDRESS), or drop the column"
    )
