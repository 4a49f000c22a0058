"""Wrong images: every message names the file or the array, what was seen and what to do."""

from __future__ import annotations

import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import simulacra
from simulacra.core.errors import DataError, MissingExtra
from simulacra.io import files

Pixels = npt.NDArray[np.uint8]


def image(high: int = 8, wide: int = 8, colour: bool = False) -> Image.Image:
    shape = (high, wide, 3) if colour else (high, wide)
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """Two classes of two images."""
    for name in ("cat/0.png", "cat/1.png", "dog/0.png", "dog/1.png"):
        path = tmp_path / "real" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image().save(path)
    return tmp_path / "real"


def other_size(real: Path) -> None:
    image(6, 12).save(real / "dog" / "1.png")


def other_mode(real: Path) -> None:
    image(colour=True).save(real / "dog" / "1.png")


def cut_short(real: Path) -> None:
    whole = (real / "dog" / "1.png").read_bytes()
    (real / "dog" / "1.png").write_bytes(whole[: len(whole) // 2])


def text(real: Path) -> None:
    (real / "dog" / "1.png").write_text("not a picture")


def nothing(real: Path) -> None:
    (real / "dog" / "1.png").write_bytes(b"")


def huge(real: Path) -> None:
    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    chunks = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    ]
    (real / "dog" / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


def large(real: Path) -> None:
    Image.new("1", (8000, 7000)).save(real / "dog" / "1.png")


def animation(real: Path) -> None:
    image().save(real / "dog" / "2.gif", save_all=True, append_images=[image(8, 8).rotate(90)])


def empty_class(real: Path) -> None:
    (real / "emu").mkdir()


def folders_in_folders(real: Path) -> None:
    (real / "dog" / "old").mkdir()


def both(real: Path) -> None:
    image().save(real / "stray.png")


def table_beside(real: Path) -> None:
    for name in ("0.png", "1.png"):
        (real / "dog" / name).rename(real / name)
        (real / "cat" / name).unlink()
    (real / "cat").rmdir()
    (real / "dog").rmdir()
    (real / "labels.csv").write_text("file,label\n0.png,1\n1.png,2\n")


def parts_not_classes(real: Path) -> None:
    (real / "cat").rename(real / "train")
    (real / "dog").rename(real / "test")


def metadata_in_a_class(real: Path) -> None:
    (real / "dog" / "metadata.csv").write_text("file_name,label\n0.png,1\n1.png,2\n")


def link_out(real: Path) -> None:
    image().save(real.parent / "secret.png")
    (real / "dog" / "2.png").symlink_to(real.parent / "secret.png")


def folder_link_out(real: Path) -> None:
    (real.parent / "elsewhere").mkdir()
    image().save(real.parent / "elsewhere" / "0.png")
    (real / "emu").symlink_to(real.parent / "elsewhere")


def floats(real: Path) -> None:
    Image.fromarray(np.zeros((8, 8), np.float32)).save(real / "dog" / "2.tif")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (other_size, r"cat/0.png has 8 x 8 pixels and .*dog/1.png has 12 x 6 pixels \(width x height\).*give --size N"),
        (other_mode, r"cat/0.png is grey and .*dog/1.png is colour.*--mode grey or --mode colour"),
        (cut_short, r"dog/1.png cannot be read as an image \(.*\); it is damaged or cut short"),
        (text, r"dog/1.png is not an image: it begins with b'not a pi'"),
        (nothing, r"dog/1.png is not an image: it begins with b''"),
        (huge, r"dog/1.png is far too large, and an image may have 50,000,000 pixels"),
        (large, r"dog/1.png has 8000 x 7000 pixels, and an image may have 50,000,000 pixels"),
        (animation, r"dog/2.gif holds 2 pictures, as an animation does; save the one that is meant"),
        (empty_class, r"emu holds no images, so the class 'emu' is empty; add some, or remove it"),
        (folders_in_folders, r"dog holds a folder, old; a folder a class holds images alone"),
        (both, r"holds images \(stray.png\) beside folders \(cat\)"),
        (
            table_beside,
            r"holds images beside a table, labels.csv; .* call it metadata.csv .* with a column 'file_name'",
        ),
        (parts_not_classes, r"holds the folders test, train, which look like parts of the data.*give one of them"),
        (metadata_in_a_class, r"dog has a metadata file of its own, so it is no class; give .*dog itself"),
        (link_out, r"dog/2.png is a link or a path that leads out of"),
        (folder_link_out, r"emu is a link or a path that leads out of"),
        (floats, r"dog/2.tif holds floating-point pixels; write it with 8 bits"),
    ],
)
def test_a_folder_that_cannot_be_read_says_which_file(real: Path, spoil: Callable[[Path], None], message: str) -> None:
    spoil(real)
    with pytest.raises(DataError, match=message):
        simulacra.read(real)


def test_parts_of_data_are_told_from_classes(real: Path) -> None:
    with pytest.raises(DataError, match=r"is a folder, not a file"):
        simulacra.read(real.parent)
    image().save(real.parent / "real" / "cat" / "9.png")
    (real.parent / "set" / "extra").mkdir(parents=True)
    real.rename(real.parent / "set" / "train")
    image().save(real.parent / "set" / "extra" / "0.png")
    with pytest.raises(DataError, match=r"train holds folders, such as cat, and no images.*give .*train itself"):
        simulacra.read(real.parent / "set")


def test_more_pixels_than_the_limit_are_refused_before_they_are_read(real: Path) -> None:
    with pytest.raises(DataError, match=r"4 images of 8 x 8 pixels .* take 256 bytes, more than 200; give --size N"):
        files.read(real, limit=200)


METADATA: dict[str, tuple[str, str]] = {
    "no column": ("name,label\na.png,1\n", r"metadata.csv has no column 'file_name' \(columns: name, label\)"),
    "gone": ("file_name,label\nz.png,1\n", r"metadata.csv, row 0: there is no image 'z.png'"),
    "empty": ("file_name,label\na.png,1\n,2\n", r"metadata.csv, row 1: file_name is empty"),
    "outside": ("file_name,label\na.png,1\n../b.png,2\n", r"row 1: '../b.png' is a link or a path that leads out of"),
    "absolute": ("file_name,label\na.png,1\n/etc/passwd,2\n", r"row 1: '/etc/passwd' is a link or a path that leads"),
    "unnamed": ("file_name,label\na.png,1\n", r"does not name 1 of the images below .*, such as c.png"),
    "twice image": ("file_name,image\na.png,1\nc.png,2\n", r"the metadata have a column 'image' of their own"),
}


@pytest.mark.parametrize(("table", "message"), METADATA.values(), ids=METADATA.keys())
def test_metadata_that_do_not_fit_the_images(tmp_path: Path, table: str, message: str) -> None:
    place = tmp_path / "real"
    place.mkdir()
    for name in ("a.png", "../b.png", "c.png"):
        image().save(place / name)
    (place / "metadata.csv").write_text(table)
    with pytest.raises(DataError, match=message):
        simulacra.read(place)


X = np.zeros((6, 8, 8), np.uint8)
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "labels of another length": ({"images": X, "labels": np.arange(5)}, r"array 'label': 5 labels for the 6 images"),
    "objects": ({"images": X, "labels": np.array([{}] * 6)}, r"array 'labels': holds Python objects, which could run"),
    "ragged": ({"images": np.array([X[0], X[0, :4]], object)}, r"array 'images': holds Python objects"),
    "one label a column": (
        {"images": X, "labels": np.eye(6)},
        r"array 'label': shape \(6, 6\); give one label an image",
    ),
    "flat": (
        {"images": X.reshape(6, 64)},
        r"no array of images among images \(6, 64\).*\.reshape\(-1, height, width\)",
    ),
    "no images": ({"a": np.arange(3)}, r"no array of images among a \(3,\)"),
    "beyond the range": (
        {"images": X[..., None] + 300.0},
        r"pixels are 300 .. 300, and must lie in 0 .. 1 or 0 .. 255",
    ),
    "below": ({"images": X - 1.0}, r"pixels are -1 .. -1, .*pixels in -1 .. 1 become \(x \+ 1\) / 2"),
    "not a number": ({"images": X + np.nan}, r"pixels are NaN"),
    "sixteen bits": ({"images": X.astype(np.uint16) + 999}, r"pixels are 999 .. 999"),
    "four channels": ({"images": np.zeros((6, 8, 8, 4), np.uint8)}, r"shape \(6, 8, 8, 4\) is not that of images"),
    "no rows": ({"images": X[:0]}, r"shape \(0, 8, 8\) is not that of images"),
    "complex": ({"images": X + 1j}, r"holds complex128, not numbers"),
    "parts of two sizes": (
        {"train_images": X, "test_images": X[:, :4]},
        r"the parts train and test have different arr",
    ),
    "times": ({"images": X, "labels": np.array(["2020-01-01"] * 6, "M8[D]")}, r"array 'label': holds datetime64\[D\]"),
}


@pytest.mark.parametrize(("given", "message"), WRONG.values(), ids=WRONG.keys())
def test_an_archive_that_cannot_be_read_says_which_array(tmp_path: Path, given: dict[str, Any], message: str) -> None:
    np.savez(tmp_path / "real.npz", **given)
    with pytest.raises(DataError, match=message):
        simulacra.read(tmp_path / "real.npz")


def test_an_archive_larger_than_the_limit_is_never_unpacked(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "real.npz", images=np.zeros((100, 100, 100), np.uint8))
    with pytest.raises(DataError, match=r"unpacks to 1,000,128 bytes, more than 500,000"):
        files.read(tmp_path / "real.npz", limit=500_000)
    np.savez_compressed(tmp_path / "bomb.npz", images=np.zeros((7000, 100, 100), np.uint8))
    with pytest.raises(DataError, match=r"as a zip bomb does"):
        simulacra.read(tmp_path / "bomb.npz")


def test_a_header_that_promises_more_than_is_there_allocates_nothing(tmp_path: Path) -> None:
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000, 8, 8), }\n"
    with zipfile.ZipFile(tmp_path / "real.npz", "w") as archive:
        archive.writestr("images.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"\0" * 64)
    with pytest.raises(DataError, match=r"array 'images': cannot be read .*do not fill its"):
        simulacra.read(tmp_path / "real.npz")


@pytest.mark.parametrize("shape", ["((((8", "(True, 8, 8), }", "(-1, -8, 8), }"])
def test_a_header_that_cannot_be_read_names_its_array(tmp_path: Path, shape: str) -> None:
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}\n".encode()
    with zipfile.ZipFile(tmp_path / "real.npz", "w") as archive:
        archive.writestr("images.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"\0" * 64)
    with pytest.raises(DataError, match=r"array 'images': cannot be read"):
        simulacra.read(tmp_path / "real.npz")


def test_without_pillow_the_command_that_installs_it_is_named(real: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(MissingExtra, match=r"reading images needs PIL: pip install 'simulacra\[images\]'"):
        simulacra.read(real)
    np.savez(real / "real.npz", images=X)
    assert len(simulacra.read(real / "real.npz")) == 6


def test_a_pipe_among_the_images_is_named_and_not_waited_for(real: Path) -> None:
    folder = next(p for p in real.iterdir() if p.is_dir())
    os.mkfifo(folder / "9.png")
    with pytest.raises(DataError, match=r"9\.png is no file that can be read"):
        simulacra.read(real)


def test_archives_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no archive")
    with zipfile.ZipFile(tmp_path / "zip.npz", "w") as archive:
        archive.writestr("a.txt", "text")
    np.savez(tmp_path / "whole.npz", images=X)
    (tmp_path / "cut.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:300])
    for name, message in (
        ("text", "the archive is damaged or cut short"),
        ("zip", "not an archive of numpy arrays .it holds 'a.txt'"),
        ("cut", "the archive is damaged or cut short"),
        ("gone", "gone.npz does not exist"),
    ):
        with pytest.raises(DataError, match=message):
            simulacra.read(tmp_path / f"{name}.npz")
