"""Runs on images: the layout that comes in goes out, is read back, made again to the same bytes, and resumed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

import simulacra
from simulacra.core.data import Dataset
from simulacra.core.errors import ConfigError, DataError, OutputError
from simulacra.engine.defaults import format_for, method_for, strata_of
from simulacra.engine.inputs import align, split, take
from simulacra.io import folder
from simulacra.io.folder import Folder
from simulacra.parts.pictures import arrays
from simulacra.testing import toys

RECIPE = 'simulacra_recipe = 1\nmethod = "m"\n'
REAL = toys.pictures(60, side=8)
RUN = "import sys, json; from simulacra.cli.main import main; sys.exit(max(main(w) for w in json.loads(sys.argv[1])))"
Say = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def say(env: dict[str, str], tmp_path: Path) -> Say:
    """Run command lines, one after another in one process, in an empty folder with images in every layout."""
    write_layouts(tmp_path)

    def run(*lines: str) -> subprocess.CompletedProcess[str]:
        words = json.dumps([line.split() for line in lines])
        return subprocess.run([sys.executable, "-c", RUN, words], env=env, cwd=tmp_path, capture_output=True, text=True)

    return run


def write_layouts(path: Path) -> None:
    for i, (image, label) in enumerate(zip(arrays(REAL)[0][..., 0], REAL["label"], strict=True)):
        for place in (path / "classes" / label, path / "named", path / "alone"):
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(place / f"{i:02d}.png")
    names = pl.DataFrame({"file_name": [f"{i:02d}.png" for i in range(60)], "label": REAL["label"], "age": range(60)})
    names.write_csv(path / "named" / "metadata.csv")
    simulacra.write(REAL, path / "real.npz")
    simulacra.write(REAL, path / "real.parquet")


def sums(out: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((out / "manifest.json").read_text())["files"]
    return found


LAYOUTS = {
    "classes": (r"media/(cross|disc|square)/\d{6}\.png", ["image", "label"], "data_dir: media"),
    "alone": (r"media/\d{6}\.png", ["image"], "data_dir: media"),
    "named": (r"media/(\d{6}\.png|metadata\.csv)", ["image", "label", "age"], "data_dir: media"),
    "real.npz": (r"data/part-00000\.npz", ["image", "label"], ""),
    "real.parquet": (r"data/part-00000\.parquet", ["image", "label"], "path: data/part-*.parquet"),
}


@pytest.mark.parametrize(("source", "wanted"), LAYOUTS.items(), ids=LAYOUTS.keys())
def test_the_layout_that_comes_in_goes_out(
    say: Say, tmp_path: Path, source: str, wanted: tuple[str, list[str], str]
) -> None:
    pattern, columns, opened = wanted
    done = say(
        f"make {source} -m toys/blocks -n 40 -o out --only toys",
        "redo out -o again",
        f"check out --real {source} --only toys",
    )
    assert done.returncode == 0, done.stderr
    rows = [name for name in sums(tmp_path / "out") if name.startswith(("media/", "data/"))]
    assert rows and all(re.fullmatch(pattern, name) for name in rows)
    assert "again: every file has the same bytes as in out." in done.stdout
    made = folder.read(tmp_path / "out")
    assert made.columns == columns and len(made) == 40 and made.lineage.generation == 1
    known = {image.tobytes() for image in arrays(REAL)[0]}
    assert {image.tobytes() for image in arrays(made.frame)[0]} <= known
    text = (tmp_path / "out" / "README.md").read_text()
    assert "40 synthetic images of 8 x 8 pixels, grey" in text and opened in text
    assert ("configs:" in text) == bool(opened)
    card = json.loads((tmp_path / "out" / "card.json").read_text())
    fields = {field["name"]: field for field in card["recordSet"][0]["field"]}
    assert list(fields) == [*(["file_name"] if source == "named" else []), *columns]
    assert fields["image"]["dataType"] == ("sc:ImageObject" if "media/" in rows[0] else "sc:Integer")


def test_another_format_size_and_a_model(say: Say, tmp_path: Path) -> None:
    done = say(
        "make classes -m toys/blocks -n 9 --format npz --size 4 --mode colour -o small --only toys",
        "fit real.npz -m toys/blocks -o model",
        "sample model -n 7 -o seven.npz",
        "sample model -n 7 -o seven --where label=disc",
        "sample model -n 7 -o table --format parquet",
        "look seven",
    )
    assert done.returncode == 0, done.stderr
    assert arrays(folder.read(tmp_path / "small").frame)[0].shape == (9, 4, 4, 3)
    recipe = (tmp_path / "small" / "recipe.toml").read_text()
    assert 'format = "npz"' in recipe and "size = 4" in recipe and 'mode = "colour"' in recipe
    assert simulacra.read(tmp_path / "seven.npz").frame.equals(folder.read(tmp_path / "table").frame)
    assert {p.name for p in (tmp_path / "seven" / "media").iterdir()} == {"disc"}
    assert "Images by label: disc (7)." in done.stdout


def test_what_was_done_on_reading_is_told_on_the_card(say: Say, tmp_path: Path) -> None:
    x = arrays(REAL)[0][..., 0] / 255
    np.savez(tmp_path / "parts.npz", train_images=x[:40], test_images=x[40:])
    assert say("make parts.npz -m toys/blocks -n 9 -o out --only toys").returncode == 0
    text = (tmp_path / "out" / "README.md").read_text()
    assert "On reading, the parts train 40, test 20 were joined" in text and "was multiplied by 255" in text


def test_a_schema_of_images_is_written_edited_and_taken(say: Say, tmp_path: Path) -> None:
    done = say(
        "look classes -o schema.toml", "make classes --schema schema.toml -m toys/blocks -n 9 -o out --only toys"
    )
    assert done.returncode == 0, done.stderr
    assert 'kind = "image"' in (tmp_path / "schema.toml").read_text()


@pytest.mark.parametrize(
    "labels", [pl.Series([3, 7] * 30), pl.Series([True, False] * 30), pl.Series(["a", "b"] * 30, dtype=pl.Categorical)]
)
@pytest.mark.parametrize("format", ["png", "imagefolder", "npz", "parquet"])
def test_labels_of_any_type_are_held_against_the_real_ones(tmp_path: Path, labels: pl.Series, format: str) -> None:
    real = REAL.with_columns(label=labels)
    place = Folder.begin(tmp_path / "out", RECIPE, {})
    place.write_part(0, Dataset({"table": real}), folder.SUFFIX[format], keep=False)
    place.sums(folder.SUFFIX[format])
    place.finish()
    found = align(folder.read(tmp_path / "out"), Dataset({"table": real}), "made", "real")
    assert found.frame.equals(real) and found.frame["label"].dtype == labels.dtype


@pytest.mark.parametrize("format", ["png", "npz"])
def test_missing_labels_are_refused_before_anything_is_fitted(tmp_path: Path, format: str) -> None:
    real = REAL.with_columns(label=pl.Series([None, *["a"] * 59]))
    with pytest.raises(ConfigError, match=f"column 'label' has 1 missing cells, which format {format} cannot hold"):
        simulacra.make(real, "images/pca", out=tmp_path / "out", format=format)


WRONG = {
    "tables": (
        "make classes -m tables/forest -o out",
        "tables/forest makes tables, and column 'image' holds images; use",
    ),
    "csv": ("make classes -m toys/blocks -o out --format csv", "holds images, which csv cannot; use png, imagefolder"),
    "png of a table": ("make table.csv -o out --format png", "format png is for images, and the table has none"),
    "png of more": ("make named -m toys/blocks -o out --format png", "keeps the column 'label' alone"),
    "where": ("make classes -m toys/blocks -o out --where image=3", "column 'image' holds images and cannot be"),
    "size": ("make classes -m toys/blocks -o out --size 0", "size"),
    "sizes": (
        "check real.npz --real small.npz --only toys",
        "holds images of 8 x 8 pixels, grey, in made and of 4 x 4",
    ),
    "label": ("make odd.npz -m toys/blocks -o out --format png", "the label 'a/b' cannot name a folder; give --format"),
}


@pytest.mark.parametrize(("line", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_done_is_said_and_leaves_nothing(say: Say, tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "table.csv").write_text("a,b\n" + "1,2\n" * 20)
    np.savez(tmp_path / "small.npz", images=np.zeros((9, 4, 4), np.uint8), labels=np.array(["x"] * 9))
    np.savez(tmp_path / "odd.npz", images=np.zeros((9, 4, 4), np.uint8), labels=np.array(["a/b"] * 9))
    done = say(line)
    assert done.returncode == 2 and message in done.stderr, done.stderr
    assert not (tmp_path / "out").exists()


def test_a_run_killed_between_two_parts_goes_on_to_the_same_bytes(env: dict[str, str], tmp_path: Path) -> None:
    simulacra.write(toys.pictures(30, side=4), tmp_path / "real.npz")
    words = "make real.npz -m toys/blocks -n 4200 --set pause=0.02 --format imagefolder --only toys -o"
    start = [sys.executable, "-m", "simulacra", *words.split()]
    process = subprocess.Popen([*start, "out"], env=env, cwd=tmp_path, stderr=subprocess.DEVNULL)
    while not (tmp_path / "out" / ".work" / "table-00000.arrow").exists() and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.wait()
    for name in ("out", "whole"):
        done = subprocess.run([*start, name], env=env, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert sums(tmp_path / "out") == sums(tmp_path / "whole") and len(sums(tmp_path / "out")) > 4200
    assert not (tmp_path / "out" / ".work").exists()


def part(start: int, rows: int) -> Dataset:
    return Dataset({"table": REAL[start : start + rows]})


@pytest.mark.parametrize("ending", [folder.SUFFIX["png"], folder.SUFFIX["imagefolder"]], ids=["png", "imagefolder"])
def test_parts_of_images_are_counted_and_read_back_in_order(tmp_path: Path, ending: str) -> None:
    place = Folder.begin(tmp_path / "out", RECIPE, {})
    place.write_part(0, part(0, 20), ending, keep=True, start=0)
    place.close()
    again = Folder.begin(tmp_path / "out", RECIPE, {})
    assert again.resumed and again.parts(ending, 16) == 1
    again.write_part(1, part(20, 40), ending, keep=False, start=20)
    assert again.parts(ending, 1) == 2
    again.sums(ending)
    again.finish()
    assert folder.read(tmp_path / "out").frame.equals(REAL)


def test_images_of_others_are_never_touched(tmp_path: Path) -> None:
    out, away = tmp_path / "out", tmp_path / "away"
    place = Folder.begin(out, RECIPE, {})
    place.write_part(0, part(0, 9), folder.SUFFIX["png"], keep=True)
    place.finish()
    away.mkdir()
    mine = [out / "media" / "mine.png", out / "media" / "disc" / "notes.txt", away / "000001.png"]
    for path in mine:
        path.write_text("mine")
    (out / "media" / "linked").symlink_to(away)
    anew = Folder.begin(out, RECIPE, {}, force=True)
    assert all(path.read_text() == "mine" for path in mine) and not list((out / "media").rglob("00000[2-8].png"))
    anew.write_part(0, part(0, 9), folder.SUFFIX["png"], keep=True)
    assert not any("mine" in name or "linked" in name for name in anew.finish())


def test_a_file_where_the_folder_of_a_class_should_be(tmp_path: Path) -> None:
    place = Folder.begin(tmp_path / "out", RECIPE, {})
    (tmp_path / "out" / "media").mkdir()
    (tmp_path / "out" / "media" / "disc").write_text("mine")
    with pytest.raises(OutputError, match=r"cannot write .*media: a part of that path is a file"):
        place.write_part(0, part(0, 9), folder.SUFFIX["png"], keep=True)
    place.close()


def test_a_damaged_or_added_image_is_seen(tmp_path: Path) -> None:
    place = Folder.begin(tmp_path / "out", RECIPE, {})
    place.write_part(0, part(0, 9), folder.SUFFIX["png"], keep=True)
    place.finish()
    some = next((tmp_path / "out" / "media").rglob("000003.png"))
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(some.with_name("000009.png"))
    assert len(folder.read(tmp_path / "out")) == 9
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(some)
    with pytest.raises(DataError, match=r"000003.png is missing or does not match its checksum"):
        folder.read(tmp_path / "out")


def test_a_part_of_an_output_never_counts_as_real(say: Say, tmp_path: Path) -> None:
    lines = ("make classes -n 20 -o out", "make real.npz -n 20 -o arrays", "make out/media -n 9 -o again")
    assert say(*(f"{line} -m toys/blocks --only toys" for line in lines)).returncode == 0
    lineage = json.loads((tmp_path / "again" / "lineage.json").read_text())
    assert lineage["generation"] == 2
    for part in ("out/media", "out/media/disc", "arrays/data/part-00000.npz"):
        assert take(tmp_path / part).lineage.made_by == "toys/blocks"
    assert take(tmp_path / "classes").lineage.made_by == ""


def test_a_manifest_leads_nowhere_else(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "000000.png")
    out = tmp_path / "out"
    out.mkdir()
    listed = {"media/../../000000.png": "x", "media/a/../000000.png": "x"}
    (out / "manifest.json").write_text(json.dumps({"format": folder.KIND, "version": 1, "files": listed}))
    with pytest.raises(DataError, match="names no file under data/ or media/"):
        folder.read(out)


def test_the_method_and_the_format_go_by_the_data(tmp_path: Path) -> None:
    write_layouts(tmp_path)
    (tmp_path / "table.csv").write_text("a\n1\n")
    wanted = {
        "classes": ("images/pca", "png"),
        "alone": ("images/pca", "png"),
        "named": ("images/pca", "imagefolder"),
        "real.npz": ("images/pca", "npz"),
        "real.parquet": ("images/pca", "parquet"),
        "table.csv": ("tables/forest", "parquet"),
        "gone.csv": ("tables/forest", "parquet"),
    }
    assert {name: (method_for(tmp_path / name), format_for(tmp_path / name)) for name in wanted} == wanted
    assert (method_for(REAL), format_for(REAL)) == ("images/pca", "png")
    assert format_for(REAL.with_columns(age=pl.Series(range(60)))) == "imagefolder"
    assert format_for(REAL.with_columns(label=pl.Series([None, *["a"] * 59]))) == "imagefolder"
    assert format_for(REAL.with_columns(label=pl.Series(["a/b", *["a"] * 59]))) == "imagefolder"
    assert (method_for(pl.DataFrame({"a": [1]})), format_for(None)) == ("tables/forest", "parquet")


def test_a_holdout_keeps_the_shares_of_the_labels() -> None:
    rare = pl.DataFrame({"image": REAL["image"], "label": ["common"] * 50 + ["rare"] * 10})
    data = Dataset({"table": rare[np.random.default_rng(0).permutation(60)]})
    assert strata_of(data, None) == "label"
    for seed in range(5):
        fitted, kept, sentence = split(data, seed, None, "label")
        assert kept is not None and kept.frame["label"].value_counts(sort=True).rows() == [("common", 10), ("rare", 2)]
        assert len(fitted) == 48 and "of every level of 'label'" in sentence
    assert not split(data, 0, None, "label")[1].frame.equals(split(data, 1, None, "label")[1].frame)  # type: ignore[union-attr]


def test_a_target_of_a_table_keeps_its_shares_and_a_number_does_not() -> None:
    table = Dataset({"table": pl.DataFrame({"x": np.arange(100) / 7, "churn": ["no"] * 95 + ["yes"] * 5})})
    assert strata_of(table, "churn") == "churn" and strata_of(table, "x") is None and strata_of(table, None) is None
    kept = split(table, 3, None, "churn")[1]
    assert kept is not None and kept.frame["churn"].to_list().count("yes") == 1


def test_tables_in_python_refuse_images() -> None:
    for method in ("tables/forest", "tables/copula"):
        with pytest.raises(DataError, match="makes tables, and column 'image' holds images"):
            simulacra.make(REAL, method)
    with pytest.raises(ConfigError, match="format jsonl|which jsonl cannot"):
        simulacra.make(REAL, "tables/forest", format="jsonl")
