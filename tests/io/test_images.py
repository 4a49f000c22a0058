"""Images as rows: what is read from folders and archives, and what is written, pixel for pixel."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from PIL import Image

import simulacra
from simulacra.core.errors import ConfigError, DataError, SchemaError
from simulacra.io import files
from simulacra.parts.pictures import arrays, series
from simulacra.testing import toys

Pixels = npt.NDArray[np.uint8]
GREY = toys.pictures(12, side=10)
COLOUR = toys.pictures(12, side=10, colour=True)


def pixels(frame: pl.DataFrame) -> Pixels:
    images = arrays(frame)[0]
    return images[..., 0] if images.shape[-1] == 1 else images


def class_folder(path: Path, frame: pl.DataFrame, ending: str = ".png") -> Path:
    for i, (image, label) in enumerate(zip(pixels(frame), frame["label"], strict=True)):
        (path / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(
            path / label / f"{i:03d}{ending}", **({"lossless": True} if "webp" in ending else {})
        )
    return path


def by_label(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort("label", maintain_order=True)


@pytest.mark.parametrize("frame", [GREY, COLOUR], ids=["grey", "colour"])
@pytest.mark.parametrize("ending", [".png", ".bmp", ".tif", ".webp", ".PNG"])
def test_a_folder_a_class_becomes_rows_with_labels(tmp_path: Path, frame: pl.DataFrame, ending: str) -> None:
    data = simulacra.read(class_folder(tmp_path / "real", frame, ending))
    if ending == ".webp" and frame is GREY:
        # WebP knows no grey; it comes as colour with three equal channels.
        assert (pixels(data.frame)[..., 0] == pixels(by_label(frame))).all()
        return
    assert data.frame.equals(by_label(frame))
    assert [c.kind for c in data.schema.columns] == ["image", "category"]
    assert data.schema["image"].format == f"10x10 {'grey' if frame is GREY else 'colour'}"


@pytest.mark.parametrize("ending", [".jpg", ".jpeg", ".gif"])
def test_formats_that_lose_detail_are_near(tmp_path: Path, ending: str) -> None:
    data = simulacra.read(class_folder(tmp_path / "real", GREY, ending))
    assert np.abs(pixels(data.frame).astype(int) - pixels(by_label(GREY))).mean() < 6


def test_two_images_in_a_class_are_read_and_stay_a_category(tmp_path: Path) -> None:
    few = pl.DataFrame({"image": GREY["image"][:4], "label": ["a", "a", "b", "b"]})
    data = simulacra.read(class_folder(tmp_path / "real", few))
    assert data.schema["label"].kind == "category" and data.schema["label"].levels == ("a", "b")


def test_a_class_of_one_image_each_is_still_a_label(tmp_path: Path) -> None:
    few = pl.DataFrame({"image": GREY["image"][:8], "label": list("abcdefgh")})
    assert simulacra.read(class_folder(tmp_path / "real", few)).schema["label"].kind == "category"


def test_images_alone_have_no_label(tmp_path: Path) -> None:
    for i, image in enumerate(pixels(GREY)):
        Image.fromarray(image).save(tmp_path / f"{i:02d}.png")
    (tmp_path / "LICENSE").write_text("free")
    (tmp_path / ".DS_Store").write_bytes(b"\0")
    data = simulacra.read(tmp_path)
    assert data.columns == ["image"] and (pixels(data.frame) == pixels(GREY)).all()
    assert "1 other files were not read, such as LICENSE" in data.schema["image"].why


@pytest.mark.parametrize("name", ["metadata.csv", "metadata.jsonl"])
def test_metadata_keep_their_columns(tmp_path: Path, name: str) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for i, image in enumerate(pixels(COLOUR)):
        Image.fromarray(image).save(tmp_path / "deep" / "er" / f"{i:02d}.png")
    beside = pl.DataFrame({"label": COLOUR["label"], "age": [20.5 + i for i in range(12)]})
    table = beside.insert_column(0, pl.Series("file_name", [f"deep/er/{i:02d}.png" for i in range(12)]))
    order = list(range(11, -1, -1))
    files.write(table[order], tmp_path / name)
    data = simulacra.read(tmp_path)
    assert data.frame.equals(COLOUR.with_columns(beside["age"])[order])


ARCHIVES: dict[str, dict[str, Any]] = {
    "images and labels": {"images": pixels(GREY), "labels": np.arange(12) % 3},
    "x and y": {"x": pixels(GREY), "y": np.arange(12) % 3},
    "no names": {"arr_0": pixels(GREY), "arr_1": np.arange(12) % 3},
    "a name of its own": {"scans": pixels(GREY), "label": np.arange(12) % 3},
    "one channel": {"images": pixels(GREY)[..., None], "labels": (np.arange(12) % 3)[:, None]},
    "floats 0 to 1": {"images": pixels(GREY) / 255, "labels": np.arange(12) % 3.0},
    "floats 0 to 255": {"images": pixels(GREY).astype(np.float32), "labels": (np.arange(12) % 3).astype(np.uint8)},
    "long integers": {"data": pixels(GREY).astype(np.int64), "target": np.arange(12) % 3},
}


@pytest.mark.parametrize("arrays", ARCHIVES.values(), ids=ARCHIVES.keys())
def test_archives_of_many_names_and_types(tmp_path: Path, arrays: dict[str, Any]) -> None:
    np.savez(tmp_path / "real.npz", **arrays)
    data = simulacra.read(tmp_path / "real.npz")
    assert data.columns == ["image", "label"] and (pixels(data.frame) == pixels(GREY)).all()
    assert data.frame["label"].to_list() == [i % 3 for i in range(12)] and data.frame["label"].dtype == pl.Int64


def test_conversions_are_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=pixels(GREY) / 255)
    np.savez(tmp_path / "b.npz", images=pixels(GREY) > 100)
    np.savez(tmp_path / "c.npz", images=np.moveaxis(pixels(COLOUR), 3, 1), label_names=np.array(["u", "v", "w"]))
    whys = [simulacra.read(tmp_path / f"{name}.npz").schema["image"].why for name in "abc"]
    assert "'images' was multiplied by 255 (float64 of 0 .. 1)" in whys[0] and "became 255 and 0" in whys[1]
    assert "channels of 'images' were moved" in whys[2] and "'label_names' of shape (3,) was left out" in whys[2]
    assert (pixels(simulacra.read(tmp_path / "c.npz").frame) == pixels(COLOUR)).all()
    assert set(np.unique(pixels(simulacra.read(tmp_path / "b.npz").frame))) == {0, 255}


def test_text_labels_and_further_columns_of_an_archive(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "real.npz", images=pixels(GREY), labels=np.array(GREY["label"].to_list()), age=np.arange(12) / 4
    )
    data = simulacra.read(tmp_path / "real.npz")
    assert data.frame.equals(GREY.with_columns(age=pl.Series(np.arange(12) / 4)))


@pytest.mark.parametrize(
    "names", ["train_images train_labels test_images test_labels", "x_train y_train x_test y_test"]
)
def test_parts_of_an_archive_are_joined_or_chosen(tmp_path: Path, names: str) -> None:
    x, y = pixels(GREY), np.arange(12)[:, None]
    np.savez(tmp_path / "m.npz", **dict(zip(names.split(), [x[:8], y[:8], x[8:], y[8:]], strict=True)))
    both = simulacra.read(tmp_path / "m.npz")
    assert (pixels(both.frame) == x).all() and both.frame["label"].to_list() == list(range(12))
    assert "the parts train 8, test 4 were joined; m.npz/train reads one of them" in both.schema["image"].why
    test = simulacra.read(tmp_path / "m.npz" / "test")
    assert (pixels(test.frame) == x[8:]).all()
    with pytest.raises(DataError, match=r"no part 'tests' in the archive. Did you mean: test\?"):
        simulacra.read(tmp_path / "m.npz" / "tests")


def test_size_takes_the_square_in_the_middle(tmp_path: Path) -> None:
    wide = np.zeros((8, 24), np.uint8)
    wide[:, 8:16] = 200
    tall = np.zeros((30, 10, 3), np.uint8)
    tall[10:20] = [10, 20, 30]
    Image.fromarray(wide).save(tmp_path / "a.png")
    Image.fromarray(tall).save(tmp_path / "b.png")
    data = simulacra.read(tmp_path, size=4, mode="colour")
    assert (pixels(data.frame)[0] == 200).all() and (pixels(data.frame)[1] == [10, 20, 30]).all()
    assert "scaled to 4 pixels a side; all were converted to colour" in data.schema["image"].why


def test_archives_are_scaled_and_converted_too(tmp_path: Path) -> None:
    np.savez(tmp_path / "real.npz", images=np.full((3, 8, 12), 77, np.uint8))
    data = simulacra.read(tmp_path / "real.npz", size=4, mode="colour")
    assert pixels(data.frame).shape == (3, 4, 4, 3) and (pixels(data.frame) == 77).all()


def test_a_photograph_is_turned_as_its_camera_was(tmp_path: Path) -> None:
    image = np.zeros((4, 6), np.uint8)
    image[0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    Image.fromarray(image).save(tmp_path / "a.png", exif=exif)
    assert (pixels(simulacra.read(tmp_path).frame)[0] == np.rot90(image, -1)).all()


def test_palettes_black_and_white_and_print_colours(tmp_path: Path) -> None:
    grey, colour = Image.fromarray(pixels(GREY)[0]), Image.fromarray(pixels(COLOUR)[0])
    saved = {
        "palette.png": (grey.convert("P"), (10, 10)),
        "bits.png": (grey.point(lambda v: 255 * (v > 60)).convert("1"), (10, 10)),
        "opaque.png": (colour.convert("RGBA"), (10, 10, 3)),
        "print.jpg": (colour.convert("CMYK"), (10, 10, 3)),
    }
    for name, (image, shape) in saved.items():
        place = tmp_path / name.partition(".")[0]
        place.mkdir()
        image.save(place / name)
        assert pixels(simulacra.read(place).frame).shape == (1, *shape), name
    assert (pixels(simulacra.read(tmp_path / "palette").frame)[0] == pixels(GREY)[0]).all()
    assert (pixels(simulacra.read(tmp_path / "opaque").frame)[0] == pixels(COLOUR)[0]).all()


def test_sixteen_bits_and_transparency_need_a_word(tmp_path: Path) -> None:
    deep = tmp_path / "deep"
    deep.mkdir()
    Image.fromarray(np.full((4, 4), 257 * 40, np.uint16)).save(deep / "a.png")
    with pytest.raises(DataError, match=r"a.png has more than 8 bits a pixel \(10280 .. 10280\).*--mode grey"):
        simulacra.read(deep)
    assert (pixels(simulacra.read(deep, mode="grey").frame) == 40).all()
    clear = tmp_path / "clear"
    clear.mkdir()
    Image.fromarray(np.zeros((4, 4, 4), np.uint8)).save(clear / "b.png")
    with pytest.raises(DataError, match=r"b.png has transparent pixels; give --mode colour or --mode grey"):
        simulacra.read(clear)
    assert (pixels(simulacra.read(clear, mode="colour").frame) == 255).all()


@pytest.mark.parametrize("frame", [GREY, COLOUR], ids=["grey", "colour"])
@pytest.mark.parametrize("name", ["made.npz", "made.parquet", "made.arrow"])
def test_what_is_written_is_read_back(tmp_path: Path, frame: pl.DataFrame, name: str) -> None:
    frame = frame.with_columns(age=pl.Series(range(12)))
    simulacra.write(frame, tmp_path / name)
    assert simulacra.read(tmp_path / name).frame.equals(frame)
    simulacra.write(frame, tmp_path / f"again-{name}")
    assert (tmp_path / name).read_bytes() == (tmp_path / f"again-{name}").read_bytes()


def test_archives_written_are_plain_numpy(tmp_path: Path) -> None:
    simulacra.write(GREY, tmp_path / "made.npz")
    with np.load(tmp_path / "made.npz") as found:
        assert set(found) == {"images", "labels"} and (found["images"] == pixels(GREY)).all()
        assert found["labels"].tolist() == GREY["label"].to_list()


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"column 'image' holds array values, which delimited text cannot"):
        simulacra.write(GREY, tmp_path / "made.csv")
    with pytest.raises(ConfigError, match=r"\.npz is written for tables with one column of images"):
        simulacra.write(pl.DataFrame({"a": [1]}), tmp_path / "made.npz")
    with pytest.raises(DataError, match=r"column 'label' has 1 missing cells, which .npz cannot hold"):
        simulacra.write(GREY.with_columns(label=pl.Series([None, *"abcdefghijk"])), tmp_path / "made.npz")
    assert list(tmp_path.iterdir()) == []


def test_size_and_mode_are_for_images(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    with pytest.raises(ConfigError, match="size and mode are for images, and .*a.csv is no folder"):
        simulacra.read(tmp_path / "a.csv", size=28)
    np.savez(tmp_path / "real.npz", images=pixels(GREY))
    for size, mode, message in ((0, None, "size"), (5000, None, "at most 4096"), (None, "gray", "did you mean: grey")):
        with pytest.raises(ConfigError, match=f"(?i){message}"):
            simulacra.read(tmp_path / "real.npz", size=size, mode=mode)


def test_a_look_tells_the_classes_and_what_to_do_next(tmp_path: Path) -> None:
    from simulacra.core.render.schema_text import render_schema

    image = series("image", np.zeros((6, 20, 70), np.uint8))
    text = render_schema(simulacra.look(pl.DataFrame({"image": image, "label": [0, 0, 0, 0, 1, 2]})))
    assert "70 x 20 pixels, grey" in text and "Images by label: 0 (4), 1 (1), 2 (1)." in text
    assert "give --size 64 or less" in text and "-m images/METHOD" in text


def test_arrays_that_are_no_images_are_refused() -> None:
    wrong = pl.DataFrame({"image": pl.Series(np.zeros((3, 4, 4)))})
    with pytest.raises(SchemaError, match="column 'image': holds array values.*arrays of UInt8, height x width"):
        simulacra.look(wrong)


def test_png_bytes_hold_no_time() -> None:
    from simulacra.parts.pictures import png

    first = png(pixels(GREY)[0])
    assert first == png(pixels(GREY)[0]) and b"tIME" not in first
    assert (np.asarray(Image.open(io.BytesIO(first))) == pixels(GREY)[0]).all()
