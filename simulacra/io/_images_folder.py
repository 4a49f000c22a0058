"""Folders of images: one sub-folder a class, a metadata file that names them, or images alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simulacra.core.errors import DataError
from simulacra.io._images_decode import ENDINGS

if TYPE_CHECKING:
    import polars as pl

METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
NAME = "file_name"
"""Column of a metadata file that says where the image is, below the folder."""
TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".arrow", ".xlsx")
IGNORED = ("thumbs.db", "desktop.ini", "__macosx")
SPLITS = ("train", "training", "val", "valid", "validation", "dev", "test", "testing")
"""Names of folders that are parts of the data rather than classes."""
MAX_FILES = 1_000_000


@dataclass(frozen=True)
class Found:
    """What a folder holds. layout: "classes", "metadata" or "plain". files: path and what to call it.

    frame: columns beside the images, as many rows as files; None for a plain folder. left: other files, not read.
    """

    layout: str
    files: list[tuple[Path, str]]
    frame: pl.DataFrame | None
    left: tuple[str, ...] = ()


def layout_of(path: Path) -> str:
    """Return "metadata", "classes" or "plain", or "" for a folder that holds no images in these ways."""
    try:
        entries = _entries(path)
    except OSError:
        return ""
    if any(is_image(e) for e in entries):
        return "metadata" if _metadata(entries) else "plain"
    if _metadata(entries):
        return "metadata" if next(_below(path), None) else ""
    return "classes" if any(_holds_images(e) for e in entries if e.is_dir()) else ""


def _holds_images(folder: os.DirEntry[str]) -> bool:
    try:
        return any(is_image(e) for e in _entries(Path(folder.path)))
    except OSError:
        # What may not be looked into holds nothing to read; find names it where the folder is one of images.
        return False


def is_image(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry of a folder is an image by its ending."""
    return entry.name.lower().endswith(ENDINGS) and not entry.is_dir()


def find(path: Path) -> Found:
    """Return the images of a folder. Raises DataError for what is none of the three layouts or cannot be listed."""
    try:
        return _found(path)
    except OSError as error:
        raise DataError(f"{error.filename or path} cannot be read: {error.strerror or error}") from error


def _found(path: Path) -> Found:
    entries = _entries(path)
    metadata = _metadata(entries)
    if metadata:
        return _by_metadata(path, Path(metadata.path))
    folders = [e for e in entries if e.is_dir()]
    images = [e for e in entries if is_image(e)]
    if images and folders:
        raise DataError(
            f"{path} holds images ({images[0].name}) beside folders ({folders[0].name}); give one folder a class, or "
            "images alone"
        )
    found = _plain(path, entries) if images else _by_class(path, folders)
    if len(found.files) > MAX_FILES:
        raise DataError(f"{path} holds {len(found.files):,} images, and at most {MAX_FILES:,} are read; give fewer")
    return found


def inside(root: Path, file: Path, shown: str) -> Path:
    """Return a file that lies in a folder, links followed. Raises DataError for one that leads out of it."""
    real = file.resolve()
    if not real.is_relative_to(root.resolve()):
        raise DataError(f"{shown} is a link or a path that leads out of {root}; put the file itself there")
    return real


def _entries(path: Path) -> list[os.DirEntry[str]]:
    with os.scandir(path) as entries:
        kept = [e for e in entries if not e.name.startswith(".") and e.name.lower() not in IGNORED]
    return sorted(kept, key=lambda e: e.name)


def _metadata(entries: list[os.DirEntry[str]]) -> os.DirEntry[str] | None:
    return next((e for e in entries if e.name in METADATA), None)


def _files(root: Path, folder: Path, entries: list[os.DirEntry[str]]) -> list[tuple[Path, str]]:
    out = []
    for entry in entries:
        shown = str(folder / entry.name)
        out.append((inside(root, Path(entry.path), shown) if entry.is_symlink() else Path(entry.path), shown))
    return out


def _plain(path: Path, entries: list[os.DirEntry[str]]) -> Found:
    images = [e for e in entries if is_image(e)]
    table = next((e.name for e in entries if e.name.lower().endswith(TABLES)), None)
    if table:
        raise DataError(
            f"{path} holds images beside a table, {table}; if it says what they show, call it metadata.csv (or .jsonl, "
            f".parquet) with a column {NAME!r}, otherwise put it elsewhere, or name it as the data"
        )
    return Found("plain", _files(path, path, images), None, tuple(e.name for e in entries if not is_image(e)))


def _by_class(path: Path, folders: list[os.DirEntry[str]]) -> Found:
    import polars as pl

    _refuse_parts(path, [f.name for f in folders])
    files: list[tuple[Path, str]] = []
    labels: list[str] = []
    left: list[str] = []
    for folder in folders:
        place = path / folder.name
        inside(path, place, str(place))
        entries = _entries(place)
        images = [e for e in entries if is_image(e)]
        below = [e.name for e in entries if e.is_dir()]
        if below:
            what = f"holds a folder, {below[0]}" if images else f"holds folders, such as {below[0]}, and no images"
            raise DataError(
                f"{place} {what}; a folder a class holds images alone. If {folder.name} is a part of the data, such as "
                f"train, give {place} itself"
            )
        if _metadata(entries):
            raise DataError(f"{place} has a metadata file of its own, so it is no class; give {place} itself")
        if not images:
            raise DataError(f"{place} holds no images, so the class {folder.name!r} is empty; add some, or remove it")
        files += _files(path, place, images)
        labels += [_readable(folder.name, path)] * len(images)
        left += [f"{folder.name}/{e.name}" for e in entries if not is_image(e)]
    return Found("classes", files, pl.DataFrame({"label": pl.Series(labels, dtype=pl.String)}), tuple(left))


def _refuse_parts(path: Path, names: list[str]) -> None:
    """Raise DataError where every folder is named as a part of the data: their names would become the labels."""
    if names and all(name.lower() in SPLITS for name in names):
        raise DataError(
            f"{path} holds the folders {', '.join(names)}, which look like parts of the data, not like classes; give "
            f"one of them, such as {path / names[0]} (and another as --holdout)"
        )


def _readable(name: str, path: Path) -> str:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{path}: the name of the class folder {name!r} is not UTF-8; rename it") from error
    return name


def _by_metadata(root: Path, file: Path) -> Found:
    from simulacra.io import files

    frame = files.read(file).frame
    if NAME not in frame.columns:
        raise DataError(
            f"{file} has no column {NAME!r} (columns: {', '.join(frame.columns)}); it says which image a row is about"
        )
    names = frame[NAME]
    if names.null_count():
        raise DataError(f"{file}, row {names.is_null().arg_max()}: {NAME} is empty; name an image, or remove the row")
    if len(names) > MAX_FILES:
        raise DataError(f"{file} names {len(names):,} images, and at most {MAX_FILES:,} are read; give fewer")
    found = []
    for row, name in enumerate(map(str, names)):
        image = inside(root, root / name, f"{file}, row {row}: {name!r}")
        if not image.is_file():
            raise DataError(f"{file}, row {row}: there is no image {name!r} below {root}; add it, or remove the row")
        found.append((image, str(root / name)))
    named = {path for path, _ in found}
    unnamed = [str(p.relative_to(root)) for p in _below(root) if p.resolve() not in named]
    if unnamed:
        raise DataError(
            f"{file} does not name {len(unnamed):,} of the images below {root}, such as {unnamed[0]}; add them, or "
            "remove them"
        )
    rest = frame.drop(NAME)
    return Found("metadata", found, rest if rest.width else None)


def _below(root: Path) -> Iterator[Path]:
    """Yield the images of a folder and of all folders in it."""
    for folder, below, names in os.walk(root):
        below[:] = sorted(d for d in below if not d.startswith(".") and d.lower() not in IGNORED)
        for name in sorted(names):
            if name.lower().endswith(ENDINGS) and not name.startswith("."):
                yield Path(folder, name)
