"""The output folder: what may be written where, and what is removed."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from simulacra.core.data import Dataset
from simulacra.core.errors import DataError, OutputError
from simulacra.io import folder
from simulacra.io.folder import Folder

RECIPE = 'simulacra_recipe = 1\nmethod = "m"\n'
ROWS = Dataset({"table": pl.DataFrame({"a": [1, 2, None], "b": ["x", "y", "z"]})})


def finished(path: Path) -> Path:
    place = Folder.begin(path, RECIPE, {"data": "1"})
    place.write_part(0, ROWS, ".csv", keep=True)
    place.finish()
    return path


def test_a_finished_folder_is_read_back(tmp_path: Path) -> None:
    out = finished(tmp_path / "out")
    assert folder.is_output(out) and not (out / ".work").exists()
    assert folder.read(out).frame.equals(ROWS.frame)


def test_a_damaged_or_unfinished_folder_is_refused(tmp_path: Path) -> None:
    out = finished(tmp_path / "out")
    (out / "data" / "part-00000.csv").write_text("a,b\n9,q\n")
    with pytest.raises(DataError, match="does not match its checksum"):
        folder.read(out)
    (out / "data" / "part-00000.csv").unlink()
    with pytest.raises(DataError, match="missing"):
        folder.read(out)
    (out / "manifest.json").unlink()
    with pytest.raises(DataError, match="not a finished output"):
        folder.read(out)


def test_an_unfinished_folder_goes_on_only_with_the_same_recipe_and_data(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = Folder.begin(out, RECIPE, {"data": "1"})
    first.write_part(0, ROWS, ".csv", keep=True)
    first.close()
    again = Folder.begin(out, RECIPE, {"data": "1"})
    assert again.resumed and again.parts(".csv", 16) == 1 and again.rows(0).equals(ROWS.frame)
    again.close()
    with pytest.raises(OutputError, match="other data or versions"):
        Folder.begin(out, RECIPE, {"data": "2"})
    with pytest.raises(OutputError, match="another command"):
        Folder.begin(out, RECIPE + "seed = 4\n", {"data": "1"})
    anew = Folder.begin(out, RECIPE + "seed = 4\n", {"data": "2"}, force=True)
    assert not anew.resumed and anew.parts(".csv", 16) == 0
    anew.close()


def test_a_part_whose_rows_are_gone_is_made_again(tmp_path: Path) -> None:
    place = Folder.begin(tmp_path / "out", RECIPE, {})
    for part in range(3):
        place.write_part(part, ROWS, ".csv", keep=part < 2)
    assert place.parts(".csv", keep=2) == 3 and place.parts(".csv", keep=3) == 2
    (place.work / "rows-00000.arrow").unlink()
    assert place.parts(".csv", keep=2) == 0
    place.close()


def test_force_removes_only_what_is_ours(tmp_path: Path) -> None:
    out = finished(tmp_path / "out")
    mine = [out / "notes.txt", out / "data" / "mine.csv", out / ".hidden"]
    for path in mine:
        path.write_text("mine")
    with pytest.raises(OutputError, match="--force"):
        Folder.begin(out, RECIPE, {})
    place = Folder.begin(out, RECIPE, {}, force=True)
    assert not (out / "data" / "part-00000.csv").exists() and all(p.read_text() == "mine" for p in mine)
    place.discard()
    assert sorted(p for p in out.rglob("*") if p.is_file()) == sorted(mine)


def test_discarding_leaves_nothing(tmp_path: Path) -> None:
    place = Folder.begin(tmp_path / "out", RECIPE, {})
    place.write_part(0, ROWS, ".parquet", keep=True)
    place.discard()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("names", [["customers.csv"], ["recipe.toml"], ["manifest.json"], ["README.md", "data/x.csv"]])
def test_a_foreign_folder_is_refused_with_force_too(names: list[str], tmp_path: Path) -> None:
    for name in names:
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_text("{}")
    for force in (False, True):
        with pytest.raises(OutputError, match="did not write"):
            Folder.begin(tmp_path / "out", RECIPE, {}, force=force)
    assert not (tmp_path / "out" / ".work").exists()


def test_leftovers_of_a_killed_write_go(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / ".recipe.toml.123.part").write_text("half")
    place = Folder.begin(out, RECIPE, {})
    (out / "data").mkdir()
    (out / "data" / ".part-00000.csv.123.part").write_text("half")
    place.write_part(0, ROWS, ".csv", keep=False)
    assert set(place.finish()) == {"recipe.toml", "data/part-00000.csv"}
    assert not list(out.rglob("*.part"))


@pytest.mark.parametrize("done", [True, False])
def test_a_link_in_place_of_the_stages_is_never_followed(done: bool, tmp_path: Path) -> None:
    out, elsewhere = finished(tmp_path / "out"), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "model").write_text("of somebody else")
    (out / ".work").symlink_to(elsewhere)
    if not done:
        (out / "manifest.json").unlink()
    for force in (False, True):
        with pytest.raises(OutputError, match="did not write"):
            Folder.begin(out, RECIPE, {"data": "1"}, force=force)
    assert (elsewhere / "model").read_text() == "of somebody else"


def test_a_work_folder_with_other_files_is_not_emptied(tmp_path: Path) -> None:
    notes = tmp_path / "out" / ".work" / "notes.txt"
    notes.parent.mkdir(parents=True)
    notes.write_text("mine")
    with pytest.raises(OutputError, match="did not write"):
        Folder.begin(tmp_path / "out", RECIPE, {"data": "1"}, force=True)
    assert notes.read_text() == "mine"


def test_a_table_whose_lineage_was_changed_is_not_taken_for_real(tmp_path: Path) -> None:
    place = Folder.begin(tmp_path / "out", RECIPE, {"data": "1"})
    place.write_part(0, ROWS, ".csv", keep=True)
    (tmp_path / "out" / "lineage.json").write_text('{"generation": 3}')
    place.finish()
    assert folder.read(tmp_path / "out").lineage.generation == 3
    (tmp_path / "out" / "lineage.json").write_text('{"generation": 0}')
    with pytest.raises(DataError, match="lineage.json is missing or does not match"):
        folder.read(tmp_path / "out")
