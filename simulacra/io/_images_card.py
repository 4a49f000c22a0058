"""What the card of images says otherwise than that of a table: its title, its configuration, its files and fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulacra.core.infer_images import columns_of, mode_of, shape_of, size_of
from simulacra.io._images_folder import NAME
from simulacra.io._images_written import CLASSES, MEDIA, METADATA, TABLE

if TYPE_CHECKING:
    import polars as pl

MEDIA_TYPE = {".npz": "application/x-npz", CLASSES: "image/png", TABLE: "image/png"}
PATH_LABEL = f"{MEDIA}/([^/]+)/[0-9]+[.]png"
"""Where the label stands in the path of an image."""


def title(rows: int, empty: pl.DataFrame) -> str | None:
    """Return one line that says what images these are, None for a table."""
    found = columns_of(empty)
    if not found:
        return None
    shape = shape_of(empty.schema[found[0]])
    assert shape is not None
    return f"{rows:,} synthetic images of {size_of(shape)}, {mode_of(shape)}"


def configuration(ending: str) -> list[str]:
    """Return the lines of the front matter that let `datasets.load_dataset(FOLDER)` open images; .npz it cannot."""
    if ending not in (CLASSES, TABLE):
        return []
    return ["configs:", "- config_name: default", f"  data_dir: {MEDIA}"]


def files(ending: str) -> str:
    """Return in words where the images are, "" for what lies under data/."""
    if ending == CLASSES:
        return f"`{MEDIA}/` the images, a folder a class,"
    return f"`{MEDIA}/` the images and `{METADATA}`, which says what each shows," if ending == TABLE else ""


def file_sets(ending: str, sums: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what is distributed, as Croissant: the images as a set, and the table beside them with its sum."""
    images = {
        "@type": "cr:FileSet",
        "@id": "images",
        "name": "images",
        "encodingFormat": "image/png",
        "includes": f"{MEDIA}/*.png" if ending == TABLE else f"{MEDIA}/**/*.png",
    }
    table = {
        "@type": "cr:FileObject",
        "@id": METADATA,
        "name": METADATA,
        "contentUrl": f"{MEDIA}/{METADATA}",
        "encodingFormat": "text/csv",
        "sha256": sums.get(METADATA, ""),
    }
    return [images, table] if ending == TABLE else [images]


def link() -> dict[str, Any]:
    """Return the field that leads from an image to its row of the table."""
    return {
        "@type": "cr:Field",
        "@id": f"rows/{NAME}",
        "name": NAME,
        "dataType": "sc:Text",
        "source": {"fileSet": {"@id": "images"}, "extract": {"fileProperty": "filename"}},
        "references": {"fileObject": {"@id": METADATA}, "extract": {"column": NAME}},
    }


def source(ending: str, name: str, is_image: bool) -> tuple[str, dict[str, Any]]:
    """Return the type and the source of a field: the content of a file, its folder, or a column of the table."""
    if is_image:
        return "sc:ImageObject", {"fileSet": {"@id": "images"}, "extract": {"fileProperty": "content"}}
    if ending == CLASSES:
        place = {"fileSet": {"@id": "images"}, "extract": {"fileProperty": "fullpath"}}
        return "sc:Text", {**place, "transform": {"regex": PATH_LABEL}}
    return "", {"fileObject": {"@id": METADATA}, "extract": {"column": name}}
