"""Wrong or odd input: a clear message and exit code 2, or the right result; never a trace, never half a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from simulacra.cli.main import main

PROGRAM = Path(sys.executable).with_name("simulacra")
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Run the command line in this process, in an empty folder; returns (exit code, output, errors)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIMULACRA_KEY", "of these tests")

    def run(*words: object) -> tuple[int, str, str]:
        try:
            code = main([str(w) for w in words])
        except SystemExit as stop:
            assert isinstance(stop.code, int)
            code = stop.code
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        assert not list(tmp_path.rglob("*.part"))
        return code, out, err

    return run


def people(rows: int = 60) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    age = rng.integers(18, 90, rows)
    town = rng.choice(["Ulm", "Bonn", "Jena"], rows)
    return pl.DataFrame({"age": age, "town": town, "member": age > 50})


def made_rows(folder: str = "out") -> pl.DataFrame:
    return pl.concat([pl.read_parquet(p) for p in sorted(Path(folder, "data").glob("*.parquet"))])


BAD_FILES: dict[str, tuple[bytes | None, str]] = {
    "missing.csv": (None, "missing.csv"),
    "empty.csv": (b"", "is empty"),
    "image.csv": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "PNG"),
    "noise.csv": (bytes(np.random.default_rng(0).integers(0, 256, 4000, dtype=np.uint8)), "noise.csv"),
    "header.csv": (b"age,town\n", "header"),
    "header.jsonl": (b"\n", "header.jsonl"),
    "twice.csv": (b"age,age\n1,2\n3,4\n", "age"),
    "nameless.csv": (b"age,\n1,2\n3,4\n", "name"),
    "ragged.csv": (b"a,b\n1,2\n3,4,5\n6,7\n", "3"),
    "short.csv": (b"a,b\n1,2\n3\n6,7\n", "3"),
    "nul.csv": (b"a,b\n1,x\x00y\n" + b"2,z\n" * 500, "NUL"),
    "binary.csv": (b"a,b\n1,x\x00y\n2,z\n", "binary"),
    "broken.parquet": (b"PAR1 and then something else", "broken.parquet"),
    "broken.jsonl": (b'{"a": 1}\n{"a": \n', "2"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_is_no_table(name: str, say: Say) -> None:
    content, told = BAD_FILES[name]
    if content is not None:
        Path(name).write_bytes(content)
    for words in (["make", name, "-o", "out"], ["look", name], ["fit", name, "-o", "model"]):
        code, out, err = say(*words)
        assert code == 2 and out == ""
        assert told in err and name in err
        assert len([line for line in err.splitlines() if line.startswith("simulacra:")]) == 1
    assert not Path("out").exists() and not Path("model").exists()


def test_a_folder_is_no_table(say: Say) -> None:
    Path("folder").mkdir()
    code, _, err = say("make", "folder", "-o", "out")
    assert code == 2 and "folder" in err and not Path("out").exists()


def test_text_that_is_not_utf8_is_read_as_it_was_meant(say: Say) -> None:
    Path("latin.csv").write_bytes(b"town,age\n" + "Köln,30\nMünster,40\n".encode("latin-1") * 30)
    code, _, err = say("make", "latin.csv", "-o", "out", "--only", "fidelity")
    assert code == 0, err
    assert set(made_rows()["town"]) <= {"Köln", "Münster"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-m", "tables/forst"], "Did you mean: tables/forest"),
        (["--set", "leef=20"], "Did you mean: leaf"),
        (["--set", "leaf=many"], "leaf must be int"),
        (["--set", "leaf=0"], "leaf must be within 1..inf"),
        (["--set", "leaf"], "FIELD=VALUE"),
        (["--target", "membr"], "Did you mean: member"),
        (["--person", "who"], "no column 'who'"),
        (["--where", "aeg>60"], "Did you mean: age"),
        (["--where", "nonsense"], "is not a condition"),
        (["--only", "privcy"], "Did you mean: privacy"),
        (["--format", "parket"], "Did you mean: parquet"),
        (["--fail-on", "sometimes"], "fail_on must be one of warn, fail"),
        (["-n", "0"], "n must be at least 1 row, got 0"),
        (["-n", "-5"], "n must be at least 1 row, got -5"),
        (["-n", "many"], "'many' is not a whole number"),
        (["--workers", "0"], "workers must be a whole number, at least 1, got 0"),
        (["--schema", "none.toml"], "none.toml"),
        (["--holdout", "none.csv"], "none.csv"),
        (["--epsilon", "1"], "delta is missing"),
        (["--epsilom", "1"], "--epsilom"),
    ],
)
def test_wrong_words_are_named_and_nothing_is_written(words: list[str], told: str, say: Say) -> None:
    people().write_csv("people.csv")
    code, out, err = say("make", "people.csv", "-o", "out", *words)
    assert code == 2 and out == "" and told in err
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["mkae"], "Did you mean: make"),
        (["make", "people.csv"], "-o/--out"),
        (["make", "-o", "out"], "tables/forest learns from data"),
        (["make", "-m", "tables/rules", "-o", "out", "-n", "3"], "schema"),
        (["list", "tables/forst"], "Did you mean: tables/forest"),
        (["sample", "nowhere", "-n", "3", "-o", "more"], "not a saved model"),
        (["sample", "people.csv", "-n", "3", "-o", "more"], "not a saved model"),
        (["redo", "people.csv", "-o", "again"], "not a finished output"),
        (["check", "people.csv", "-o", "report.pdf"], ".html, .json or .txt"),
        (["check", "people.csv", "--target", "membr"], "Did you mean: member"),
        (["look", "people.csv", "-o", "people.csv"], "already exists"),
    ],
)
def test_wrong_use_of_the_other_commands(words: list[str], told: str, say: Say) -> None:
    people().write_csv("people.csv")
    code, _, err = say(*words)
    assert code == 2 and told in err
    assert sorted(p.name for p in Path().iterdir()) == ["people.csv"]


ODD = {
    "one row": people(1),
    "two rows": people(2),
    "one column": people().select("town"),
    "one number": people().select("age"),
    "all missing": people().with_columns(pl.lit(None, pl.String).alias("gone")),
    "constant": people().with_columns(pl.lit(3).alias("three")),
    "only constants": people().select(pl.lit("x").alias("x"), pl.lit(1).alias("one")).head(30),
    "ancient": people().with_columns(
        pl.Series("born", [f"{1650 + i}-03-0{1 + i % 9}" for i in range(60)]).str.to_date()
    ),
    "many levels": pl.DataFrame({"level": [f"level {i:05d}" for i in range(10_000)] * 2, "x": range(20_000)}),
    "huge": people().with_columns(pl.Series("huge", [str(2**70 + 3 * i) for i in range(60)])),
    "odd names": people().rename({"age": 'a "b", c', "town": "two words", "member": "sim|ple"}),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_tables_come_out_with_their_columns(name: str, say: Say) -> None:
    real = ODD[name]
    real.write_parquet("odd.parquet")
    code, _, err = say("make", "odd.parquet", "-n", "25", "-o", "out", "--only", "fidelity")
    assert code == 0, err
    made = made_rows()
    assert made.height == 25 and made.schema == real.schema
    if name == "all missing":
        assert made["gone"].null_count() == 25
    if name == "constant":
        assert set(made["three"]) == {3}
    if name == "ancient":
        assert made["born"].dt.year().is_between(1640, 1720).all()
    if name == "many levels":
        assert set(made["level"]) <= set(real["level"])


def test_odd_tables_as_text(say: Say) -> None:
    huge = "\n".join(f"{2**70 + 3 * i},{1700 + i}-02-03,{'tbd' if i % 9 == 0 else i}" for i in range(60))
    Path("odd.csv").write_text(f"huge,born,mixed\n{huge}\n")
    code, _, err = say("make", "odd.csv", "-n", "25", "-o", "out", "--only", "fidelity", "--format", "csv")
    assert code == 0, err
    made = pl.read_csv("out/data/part-00000.csv", infer_schema=False)
    assert made["huge"].str.contains(r"^\d{22}$").all() and made["born"].str.contains(r"^1[67]\d\d-\d\d-\d\d$").all()


@pytest.mark.parametrize("values", [[[1, 2], [3]], [{"x": 1}, {"x": 2}], [float("inf"), 1.0]])
def test_cells_that_no_method_can_take_are_refused_with_their_column(values: list[object], say: Say) -> None:
    pl.DataFrame({"a": [1, 2], "odd cells": values}).write_parquet("odd.parquet")
    code, _, err = say("make", "odd.parquet", "-o", "out")
    assert code == 2 and "'odd cells'" in err and not Path("out").exists()


def test_tables_with_different_columns(say: Say) -> None:
    people().write_csv("real.csv")
    people().rename({"town": "city"}).write_csv("made.csv")
    code, out, err = say("check", "made.csv", "--real", "real.csv", "-o", "report.html")
    assert code == 2 and out == "" and "'town'" in err and "'city'" in err and not Path("report.html").exists()
    code, _, err = say("make", "real.csv", "--holdout", "made.csv", "-o", "out")
    assert code == 2 and "holdout and data have different columns" in err and not Path("out").exists()


@pytest.mark.parametrize("place", ["people.csv", "people.csv/out", "/sys/simulacra-out"])
def test_a_place_that_cannot_be_written(place: str, say: Say) -> None:
    people().write_csv("people.csv")
    code, _, err = say("make", "people.csv", "-o", place, "--only", "fidelity")
    assert code == 2 and "simulacra:" in err
    assert pl.read_csv("people.csv").equals(people())


def test_an_existing_output_is_kept_unless_forced(say: Say) -> None:
    people().write_csv("people.csv")
    words = ("make", "people.csv", "-n", "5", "-o", "out", "--only", "fidelity")
    assert say(*words)[0] == 0
    before = json.loads(Path("out/manifest.json").read_text())
    code, _, err = say(*words)
    assert code == 2 and "--force" in err
    Path("out/notes.txt").write_text("mine")
    assert say(*words, "--seed", "4", "--force")[0] == 0
    assert json.loads(Path("out/manifest.json").read_text()) != before
    assert Path("out/notes.txt").read_text() == "mine"


def test_a_folder_of_someone_else_is_never_touched(say: Say) -> None:
    people().write_csv("people.csv")
    Path("theirs/data").mkdir(parents=True)
    for name in ("README.md", "recipe.toml", "data/part-00000.parquet"):
        Path("theirs", name).write_text("simulacra_recipe = but not ours")
    code, _, err = say("make", "people.csv", "-o", "theirs", "--force")
    assert code == 2 and "did not write" in err
    assert all("not ours" in p.read_text() for p in Path("theirs").rglob("*") if p.is_file())


def test_a_fault_of_ours_is_one_line(tmp_path: Path) -> None:
    """A generator that breaks its promise: exit code 70, and a trace only when asked for."""
    (tmp_path / "bad.py").write_text(
        "from simulacra.core.generator import Generator\n"
        "class Bad(Generator):\n    '''Break.'''\n    name = 'toys/bad'\n    needs_data = False\n"
    )
    info = tmp_path / "bad-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[simulacra.generators]\ntoys/bad = bad:Bad\n")
    people().write_csv(tmp_path / "people.csv")
    words = [PROGRAM, "make", "people.csv", "-m", "toys/bad", "-o", "out"]
    env = os.environ | {"PYTHONPATH": str(tmp_path)}
    plain = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert plain.returncode == 70 and "--debug" in plain.stderr and "Traceback" not in plain.stderr
    asked = subprocess.run([*words, "--debug"], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert asked.returncode == 70 and "Traceback" in asked.stderr
