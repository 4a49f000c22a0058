"""Archives of numpy arrays (.npz): images, labels, further columns; sizes are checked before anything is unpacked."""

from __future__ import annotations

import io
import re
import tokenize
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from simulacra.core.errors import DataError, near
from simulacra.core.infer_images import shape_of
from simulacra.io.source import FREE_BYTES, MAX_RATIO

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    Array = npt.NDArray[Any]

IMAGES = ("images", "image", "x", "data", "imgs", "img", "pixels", "arr_0")
LABELS = ("labels", "label", "y", "targets", "target", "classes", "class", "arr_1")
SPLITS = ("train", "val", "valid", "validation", "test")


@dataclass
class Part:
    """The arrays of one split. images: name and array; columns: name of the column -> array of as many rows."""

    images: tuple[str, Array]
    columns: dict[str, Array] = field(default_factory=dict)


def read(path: Path, shown: str, split: str | None, limit: int) -> tuple[Array, dict[str, Array], list[str]]:
    """Return images as uint8 (n, H, W) or (n, H, W, 3), columns of n rows, and sentences on what was done.

    split: one of several parts in the archive, None for all of them. limit: most unpacked bytes.
    Raises DataError that names the array.
    """
    import numpy as np

    arrays = _arrays(path, shown, limit)
    notes: list[str] = []
    parts = _parts(arrays, shown, notes)
    if split is not None:
        if split not in parts:
            raise DataError(f"{shown}: no part {split!r} in the archive.{near(split, [p for p in parts if p])}")
        parts = {split: parts[split]}
    elif len(parts) > 1:
        counts = ", ".join(f"{name} {len(part.images[1]):,}" for name, part in parts.items())
        some = next(iter(parts))
        notes.append(f"the parts {counts} were joined; {path.name}/{some} reads one of them")
    images, columns = [], []
    for name, part in parts.items():
        images.append(_pixels(*part.images, shown, notes))
        columns.append(
            {key: _column(key, value, images[-1], part.images[0], shown) for key, value in part.columns.items()}
        )
        if columns[-1].keys() != columns[0].keys() or images[-1].shape[1:] != images[0].shape[1:]:
            raise DataError(
                f"{shown}: the parts {next(iter(parts))} and {name} have different arrays or sizes; give one of them, "
                f"as {path.name}/{name}"
            )
    joined = {key: np.concatenate([c[key] for c in columns]) for key in columns[0]}
    return (images[0] if len(images) == 1 else np.concatenate(images)), joined, list(dict.fromkeys(notes))


def write(frame: pl.DataFrame, handle: IO[bytes]) -> None:
    """Write images as `images`, the column label as `labels`, others under their own names; no clock time is kept.

    Raises DataError for a column that an array cannot hold, such as one with missing cells.
    """
    import numpy as np

    with zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in _named(frame).items():
            held = io.BytesIO()
            np.lib.format.write_array(held, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), held.getbuffer(), zipfile.ZIP_DEFLATED)


def _named(frame: pl.DataFrame) -> dict[str, Array]:
    import numpy as np
    import polars as pl

    out: dict[str, Array] = {}
    for column in frame.iter_columns():
        if column.null_count():
            raise DataError(
                f"column {column.name!r} has {column.null_count():,} missing cells, which .npz cannot hold; write "
                "Parquet or imagefolder, or fill them"
            )
        if shape_of(column.dtype) is not None:
            out["images"] = np.ascontiguousarray(column.to_numpy())
        elif column.dtype in (pl.String, pl.Categorical, pl.Enum):
            out["labels" if column.name == "label" else column.name] = np.array(column.to_list(), dtype=np.str_)
        elif column.dtype.is_numeric() or column.dtype == pl.Boolean:
            out["labels" if column.name == "label" else column.name] = column.to_numpy()
        else:
            raise DataError(f"column {column.name!r} holds {column.dtype}, which .npz cannot; write Parquet")
    return out


def _arrays(path: Path, shown: str, limit: int) -> dict[str, Array]:
    """Unpack every array of the archive, once the sizes that it declares are within the limit."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            foreign = [m.filename for m in members if not m.filename.endswith(".npy")]
            if foreign or not members:
                what = f"it holds {foreign[0]!r}" if foreign else "it is empty"
                raise DataError(f"{shown} is not an archive of numpy arrays ({what}); write it with numpy.savez")
            total, packed = sum(m.file_size for m in members), path.stat().st_size
            if total > limit:
                raise DataError(f"{shown} unpacks to {total:,} bytes, more than {limit:,}; split it, or scale it down")
            if total > FREE_BYTES and total > packed * MAX_RATIO:
                raise DataError(
                    f"{shown} unpacks to {total:,} bytes from {packed:,}, as a zip bomb does; if you trust it, write "
                    "it with numpy.savez, uncompressed"
                )
            return {m.filename.removesuffix(".npy"): _array(archive, m, shown) for m in members}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise DataError(f"{shown}: the archive is damaged or cut short ({error}); write or fetch it again") from error


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, shown: str) -> Array:
    """Read one array; its header must agree with the size of the member, so that nothing larger is ever allocated."""
    import numpy as np

    name = member.filename.removesuffix(".npy")
    header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    try:
        with archive.open(member) as handle:
            version = np.lib.format.read_magic(handle)
            if version not in header:
                raise ValueError(f"version {version} of the format")
            shape, _, dtype = header[version](handle)
            if dtype.hasobject:
                raise DataError(
                    f"{shown}, array {name!r}: holds Python objects, which could run code when they are read; write "
                    "one array of numbers, all images of one size"
                )
            declared = dtype.itemsize
            for length in shape:
                declared *= length
            if declared != member.file_size - handle.tell():
                raise ValueError(f"{shape} of {dtype} do not fill its {member.file_size:,} bytes")
        with archive.open(member) as handle:
            found: Array = np.lib.format.read_array(handle, allow_pickle=False)
            return found
    except (ValueError, TypeError, tokenize.TokenError) as error:
        raise DataError(
            f"{shown}, array {name!r}: cannot be read ({error}); write it again with numpy.savez"
        ) from error


def _parts(arrays: dict[str, Array], shown: str, notes: list[str]) -> dict[str, Part]:
    """Sort arrays into splits ("" where there are none) by their names: train_images, x_test, images ..."""
    named: dict[str, dict[str, str]] = {}
    for name in arrays:
        split, rest = _split(name)
        named.setdefault(split, {})[rest] = name
    if len(named) > 1 and "" in named:
        # Beside splits, what belongs to none of them is about all, such as the names of classes.
        notes.append(f"{', '.join(map(repr, named.pop('').values()))} of no part was left out")
    out = {}
    for split, group in named.items():
        key = _images_key(group, arrays)
        if key is None:
            shapes = ", ".join(f"{n} {arrays[n].shape}" for n in group.values())
            raise DataError(
                f"{shown}: no array of images among {shapes}; store them as images, (n, height, width) or "
                "(n, height, width, 3). Flat ones need .reshape(-1, height, width)"
            )
        part = Part((group[key], arrays[group[key]]))
        labels = next((k for k in LABELS if k in {g.lower() for g in group} and k != key.lower()), None)
        for rest, name in group.items():
            if rest == key:
                continue
            if rest.lower() == labels:
                part.columns["label"] = arrays[name]
            elif arrays[name].ndim == 1 and len(arrays[name]) == len(part.images[1]):
                part.columns[rest] = arrays[name]
            else:
                notes.append(f"{name!r} of shape {arrays[name].shape} was left out")
        out[split] = part
    return out


def _split(name: str) -> tuple[str, str]:
    """Return the split and the rest of a name: "train_images" and "images_train" give ("train", "images")."""
    either = "|".join(SPLITS)
    for pattern in (rf"(?P<s>{either})_(?P<r>.+)", rf"(?P<r>.+)_(?P<s>{either})"):
        found = re.fullmatch(pattern, name, re.IGNORECASE)
        if found:
            return found["s"].lower(), found["r"]
    return "", name


def _images_key(group: dict[str, str], arrays: dict[str, Array]) -> str | None:
    """Return the entry that holds images: by its name, else the only one of three or more dimensions."""
    deep = [k for k, name in group.items() if arrays[name].ndim >= 3]
    by_name = [k for wanted in IMAGES for k in deep if k.lower() == wanted]
    return by_name[0] if by_name else deep[0] if len(deep) == 1 else None


def _pixels(name: str, array: Array, shown: str, notes: list[str]) -> Array:
    """Return images as uint8 (n, H, W) or (n, H, W, 3); what was changed is added to the notes."""
    import numpy as np

    where = f"{shown}, array {name!r}"
    if array.ndim == 4 and array.shape[1] in (1, 3) and array.shape[3] not in (1, 3):
        array = np.moveaxis(array, 1, 3)
        notes.append(f"the channels of {name!r} were moved from the second to the last place")
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[3] != 3) or 0 in array.shape:
        raise DataError(
            f"{where}: shape {array.shape} is not that of images; (n, height, width) or (n, height, width, 3) is wanted"
        )
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if array.dtype == np.bool_:
        notes.append(f"true and false of {name!r} became 255 and 0")
        return np.multiply(array, 255, dtype=np.uint8)
    if array.dtype.kind not in "iuf":
        raise DataError(f"{where}: holds {array.dtype}, not numbers; store pixels as uint8, 0 .. 255")
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 255):
        hint = "; pixels in -1 .. 1 become (x + 1) / 2" if low >= -1 and high <= 1 else ""
        seen = "NaN" if np.isnan(low) else f"{low:g} .. {high:g}"
        raise DataError(f"{where}: pixels are {seen}, and must lie in 0 .. 1 or 0 .. 255{hint}")
    if array.dtype.kind == "f" and high <= 1:
        notes.append(f"{name!r} was multiplied by 255 ({array.dtype} of 0 .. 1)")
        array = array * 255
    else:
        notes.append(f"{name!r} became 8 bits ({array.dtype} of {low:g} .. {high:g})")
    out: Array = np.rint(array).astype(np.uint8)
    return out


def _column(name: str, array: Array, images: Array, of: str, shown: str) -> Array:
    """Return labels or another column as (n,) whole numbers, floats or text."""
    import numpy as np

    where = f"{shown}, array {name!r}"
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(f"{where}: shape {array.shape}; give one label an image, (n,), such as labels.argmax(1)")
    if len(array) != len(images):
        raise DataError(f"{where}: {len(array):,} labels for the {len(images):,} images of {of!r}; give one an image")
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8", "replace")
    if array.dtype.kind == "f" and np.isfinite(array).all() and (np.rint(array) == array).all():
        return array.astype(np.int64)
    if array.dtype.kind not in "biufU":
        raise DataError(f"{where}: holds {array.dtype}; give whole numbers or text")
    return array.astype(np.int64) if array.dtype.kind in "biu" else array
