"""What data ask for where nothing was said: the method, the format of the output, and the column to keep shares of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core.data import Dataset, as_dataset
from simulacra.core.infer_images import columns_of
from simulacra.engine.inputs import is_path
from simulacra.engine.recipe import PRIVATE
from simulacra.io import folder, images
from simulacra.parts.pictures import label_column

if TYPE_CHECKING:
    import polars as pl

TABLES, IMAGES, PRIVATE_IMAGES = "tables/forest", "images/pca", "images/vae"
"""The methods of tables and of images that are taken when none is named."""
MOST_LEVELS = 1000


def method_for(data: Any, private: bool = False) -> str:
    """Return the address of the default method for a table, a path or None, without reading a file to its end.

    private: there is a privacy budget.
    """
    if format_for(data) != "parquet" or _has_arrays(data):
        return PRIVATE_IMAGES if private else IMAGES
    return PRIVATE if private else TABLES


def format_for(data: Any) -> str:
    """Return the format that gives data out as they came in: one of io.images.FORMATS for images, else parquet."""
    if not is_path(data):
        return "parquet" if data is None else images.default_format(as_dataset(data).frame)
    if folder.is_output(data):
        return folder.format_of(data)
    return images.format_of(data) or "parquet"


def strata_of(data: Dataset, target: str | None) -> str | None:
    """Return the column whose levels a holdout keeps in their shares: the target, or the label of images."""
    frame = data.frame
    column = target
    if column is None and columns_of(frame):
        column = label_column(frame, data.schema)
    if column is None or columns_of(frame.select(column)):
        return None
    kind = next((c.kind for c in data.schema.columns if c.name == column), "")
    few = kind in ("category", "boolean", "constant") and frame[column].n_unique() <= MOST_LEVELS
    return column if few else None


def versions_of(format: str) -> dict[str, str]:
    """Return the versions that decide the bytes of a format beside those that decide the rows."""
    from importlib.metadata import version

    return {"pillow": version("pillow")} if format in ("png", "imagefolder") else {}


def _has_arrays(data: Any) -> bool:
    """Return whether rows hold images as arrays: in memory, in a Parquet file or in the parts of an output."""
    import polars as pl

    if not is_path(data):
        return data is not None and bool(columns_of(as_dataset(data).frame))
    path = Path(data)
    files = sorted((path / "data").glob("part-*.parquet")) if folder.is_output(path) else [path]
    if not files or files[0].suffix.lower() not in (".parquet", ".pq") or not files[0].is_file():
        return False
    try:
        empty: pl.DataFrame = pl.read_parquet(files[0], n_rows=0)
    except (OSError, pl.exceptions.PolarsError):
        # Reading the whole file says what is wrong with it.
        return False
    return bool(columns_of(empty))
