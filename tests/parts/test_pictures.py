"""Images as rows: arrays and back, label columns, contact sheets within their bytes."""

from __future__ import annotations

import base64
import io

import numpy as np
import polars as pl
import pytest

from simulacra.core.errors import ConfigError, DataError
from simulacra.core.schema import Column, Schema
from simulacra.parts import pictures


def some(rows: int = 5, *shape: int) -> pictures.Images:
    return np.random.default_rng(0).integers(0, 256, (rows, *shape), dtype=np.uint8)


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 1), (4, 6, 3)])
def test_arrays_come_back_as_they_were_given(shape: tuple[int, ...]) -> None:
    given = some(5, *shape)
    frame = pl.DataFrame({"n": range(5), "photo": pictures.series("photo", given)})
    found, name = pictures.arrays(frame)
    assert name == "photo" and found.shape == (5, 4, 6, 3 if shape[2:] == (3,) else 1)
    assert (found.reshape(given.shape) == given).all()
    assert pictures.arrays(frame.clear())[0].shape == (0, *found.shape[1:])


def test_what_is_no_image_is_refused_with_its_place() -> None:
    frame = pl.DataFrame({"a": pictures.series("a", some(5, 4, 4)), "b": pictures.series("b", some(5, 4, 4))})
    with pytest.raises(DataError, match="columns 'a', 'b' all hold images"):
        pictures.arrays(frame)
    schema = Schema.of(Column("a", "image"), Column("b", "text"))
    assert pictures.arrays(frame, schema)[1] == "a"
    with pytest.raises(DataError, match="no column holds images"):
        pictures.arrays(pl.DataFrame({"x": [1, 2]}))
    holes = frame.select(pl.when(pl.int_range(pl.len()) != 3).then(pl.col("a")).alias("a"))
    with pytest.raises(DataError, match=r"column 'a', row 3: no image \(1 of 5 rows have none\)"):
        pictures.arrays(holes)
    with pytest.raises(DataError, match="images must be uint8"):
        pictures.series("a", some(5, 4, 4, 2))


def test_label_columns() -> None:
    photo = pictures.series("photo", some(6, 4, 4))
    frame = pl.DataFrame({"photo": photo, "site": ["x", "y"] * 3, "label": [1, 2, 1, 2, 1, 2], "age": [0.1] * 6})
    assert pictures.label_column(frame) == "label"
    assert pictures.label_column(frame, wanted="site") == "site"
    assert pictures.label_column(frame.drop("label")) == "site"
    assert pictures.label_column(frame.select("photo", "age")) is None
    # File names are no classes, and of two columns neither is taken on a guess.
    assert pictures.label_column(frame.select("photo", file=pl.Series(list("abcdef")))) is None
    assert pictures.label_column(frame.drop("label").with_columns(ward=pl.Series(["p", "q"] * 3))) is None
    with pytest.raises(ConfigError, match="no column 'lable' .* Did you mean: label"):
        pictures.label_column(frame, wanted="lable")
    with pytest.raises(ConfigError, match="no column 'photo'"):
        pictures.label_column(frame, wanted="photo")


@pytest.mark.parametrize("channels", [1, 3])
def test_a_sheet_holds_every_image_in_its_place(channels: int) -> None:
    from PIL import Image

    rows = [some(3, 5, 4, channels), some(2, 5, 4, channels)]
    data = pictures.sheet(rows, ["above", "below"])
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["png"]))))
    assert sheet.shape == (11, 14, channels + 1) == (data["height"], data["width"], channels + 1)
    assert (sheet[6:11, 5:9, :channels] == rows[1][1]).all()
    assert (sheet[5, :, -1] == 0).all() and (sheet[6:, 10:, -1] == 0).all() and (sheet[:5, :4, -1] == 255).all()


def test_a_sheet_keeps_to_its_bytes_by_whole_pairs_of_rows() -> None:
    rows = list(some(120, 20, 20, 3).reshape(10, 12, 20, 20, 3))
    data = pictures.sheet(rows, [str(i) for i in range(10)], 30_000)
    assert len(base64.b64decode(data["png"])) <= 30_000
    assert data["columns"] == 5 and 2 <= len(data["rows"]) < 10 and len(data["rows"]) % 2 == 0
    with pytest.raises(DataError, match="at least one image"):
        pictures.sheet([some(0, 4, 4, 1)], ["none"])


def test_large_images_are_shown_smaller_before_rows_are_left_out() -> None:
    rows = list(some(48, 60, 60, 1).reshape(4, 12, 60, 60, 1))
    data = pictures.sheet(rows, list("abcd"), 30_000)
    assert len(base64.b64decode(data["png"])) <= 30_000
    assert data["cell"] == 30 and data["rows"] == list("abcd") and data["columns"] >= 5
    assert data["width"] == 31 * data["columns"] - 1 and data["height"] == 31 * 4 - 1
