"""The commands do what they say: files, exit codes, the same result as the Python verbs."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import simulacra
from simulacra.cli.main import COMMANDS, main
from simulacra.core import registry
from simulacra.core.errors import DataError
from simulacra.core.options import fields
from simulacra.core.schema import Schema
from simulacra.engine.recipe import Recipe

Say = Callable[..., tuple[int, str, str]]
FILES = {"README.md", "card.json", "recipe.toml", "lineage.json", "findings.json", "report.html", "manifest.json"}


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Run the command line in this process, in an empty folder that holds real.csv."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIMULACRA_KEY", "of these tests")
    people().write_csv("real.csv")

    def run(*words: object) -> tuple[int, str, str]:
        code = main([str(w) for w in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def people(rows: int = 400) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    age = rng.integers(18, 90, rows)
    return pl.DataFrame(
        {"who": rng.integers(0, 90, rows), "age": age, "town": rng.choice(["Ulm", "Bonn"], rows), "pay": age * 10.5}
    )


def sums(folder: str) -> dict[str, str]:
    files: dict[str, str] = json.loads(Path(folder, "manifest.json").read_text())["files"]
    return files


def test_make_writes_the_whole_folder_and_nothing_else(say: Say) -> None:
    code, out, _ = say("make", "real.csv", "-n", "50", "--target", "town", "-o", "out")
    assert code == 0 and "out/report.html" in out
    assert {p.name for p in Path("out").iterdir()} == FILES | {"data"}
    assert set(sums("out")) == (FILES - {"manifest.json"}) | {"data/part-00000.parquet"}
    lineage = json.loads(Path("out/lineage.json").read_text())
    assert lineage["generation"] == 1 and lineage["real_share"] == 0 and lineage["seed"] == 0
    assert lineage["facts"]["split"]["fitted"] == 320 and lineage["facts"]["split"]["holdout"] == 80
    assert Recipe.read("out/recipe.toml") == Recipe(data="real.csv", n=50, target="town")


def test_the_card_points_at_the_rows_and_says_that_they_are_synthetic(say: Say) -> None:
    say("make", "real.csv", "-n", "50", "-o", "out", "--only", "fidelity")
    front = Path("out/README.md").read_text().split("---")[1]
    assert "path: data/part-*.parquet" in front and "- synthetic" in front
    card = json.loads(Path("out/card.json").read_text())
    assert card["sim:synthetic"] is True and card["sim:privacy"] == "none" and card["sim:generator"] == "tables/forest"
    assert [f["name"] for f in card["recordSet"][0]["field"]] == people().columns
    objects = [d for d in card["distribution"] if d["@type"] == "cr:FileObject"]
    assert {d["contentUrl"]: d["sha256"] for d in objects} == {
        name: digest for name, digest in sums("out").items() if name.startswith("data/")
    }


def test_the_report_names_the_guards_that_ran(say: Say) -> None:
    say("make", "real.csv", "-n", "50", "-o", "out", "--only", "privacy")
    report = simulacra.Report.from_dict(json.loads(Path("out/findings.json").read_text()))
    assert {f.guard for f in report.findings} == {"privacy"}
    assert "80 other rows (20 %) were kept back as holdout" in Path("out/report.html").read_text()


@pytest.mark.parametrize("format", ["parquet", "csv", "jsonl"])
def test_redo_gives_the_same_bytes(format: str, say: Say) -> None:
    flags = ["--where", "age>30", "--set", "leaf=9", "--person", "who", "--format", format, "--only", "fidelity"]
    say("make", "real.csv", "-n", "60", "--seed", "5", *flags, "-o", "out")
    code, out, err = say("redo", "out", "-o", "again")
    assert code == 0 and "same bytes" in out, err
    assert sums("again") == sums("out")
    made = simulacra.read(f"out/data/part-00000.{format}").frame
    assert made.height == 60 and made["age"].min() > 30  # type: ignore[operator]


def test_redo_refuses_other_data_and_finds_moved_ones(say: Say) -> None:
    say("make", "real.csv", "-n", "50", "-o", "out", "--only", "fidelity")
    Path("real.csv").rename("moved.csv")
    code, _, err = say("redo", "out", "-o", "again")
    assert code == 2 and "real.csv" in err and not Path("again").exists()
    code, out, _ = say("redo", "out", "-o", "again", "--data", "moved.csv")
    assert code == 0 and sums("again") == sums("out")
    people().with_columns(pl.col("age") + 1).write_csv("moved.csv")
    code, _, err = say("redo", "out", "-o", "third", "--data", "moved.csv")
    assert code == 2 and "data differ" in err and not Path("third").exists()


def test_redo_under_another_key_says_so(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    say("make", "real.csv", "-n", "50", "-o", "out", "--only", "fidelity")
    monkeypatch.setenv("SIMULACRA_KEY", "of another machine")
    code, _, err = say("redo", "out", "-o", "again")
    assert code == 2 and "SIMULACRA_KEY" in err


def test_a_recipe_the_flags_and_the_arguments_are_one_thing(say: Say) -> None:
    say(
        "make",
        "real.csv",
        "-n",
        "50",
        "--seed",
        "3",
        "--where",
        "town=Ulm",
        "--set",
        "leaf=9",
        "-o",
        "a",
        "--only",
        "fidelity",
    )
    say("make", "a/recipe.toml", "-o", "b")
    assert sums("b") == sums("a")
    simulacra.make("real.csv", n=50, seed=3, where={"town": "Ulm"}, settings={"leaf": 9}, only=["fidelity"], out="c")
    assert sums("c") == sums("a")
    code, _, err = say("make", "a/recipe.toml", "-n", "7", "-o", "d")
    assert code == 0 and Recipe.read("d/recipe.toml").n == 7, err
    simulacra.make("a/recipe.toml", n=7, out="e")
    assert sums("e") == sums("d")


def test_workers_do_not_change_the_bytes(say: Say) -> None:
    words = ["make", "-m", "tables/rules", "--schema", "s.toml", "-n", "140000"]
    say("look", "real.csv", "-o", "s.toml")
    assert say(*words, "-o", "one")[0] == 0
    assert say(*words, "-o", "two", "--workers", "2")[0] == 0
    assert sums("one") == sums("two") and len(list(Path("one/data").iterdir())) == 3


def test_a_table_from_a_schema_alone(say: Say) -> None:
    say("look", "real.csv", "-o", "schema.toml")
    Path("real.csv").unlink()
    code, out, _ = say("make", "-m", "tables/rules", "--schema", "schema.toml", "-n", "30", "-o", "out")
    assert code == 0 and "UNKNOWN" in out
    made = simulacra.read("out/data/part-00000.parquet").frame
    assert made.columns == people().columns and made.height == 30


def test_look_writes_a_schema_that_can_be_edited_and_used(say: Say) -> None:
    code, out, _ = say("look", "real.csv", "-o", "schema.toml")
    assert code == 0 and "town" in out
    text = Path("schema.toml").read_text()
    schema = Schema.read("schema.toml")
    assert schema.names == people().columns and schema["town"].kind == "category"
    Path("schema.toml").write_text(schema.replace("who", kind="id", unique=True).to_toml())
    assert Path("schema.toml").read_text() != text
    code, _, err = say("make", "real.csv", "--schema", "schema.toml", "-n", "99", "-o", "out", "--only", "fidelity")
    assert code == 0, err
    assert simulacra.read("out/data/part-00000.parquet").frame["who"].n_unique() == 99


def test_fit_and_sample(say: Say) -> None:
    code, out, _ = say("fit", "real.csv", "-o", "model")
    assert code == 0 and "simulacra sample model" in out
    assert say("fit", "real.csv", "-o", "model")[0] == 2
    assert say("fit", "real.csv", "-o", "model", "--force", "--seed", "1")[0] == 0
    assert say("sample", "model", "-n", "40", "--seed", "2", "-o", "more")[0] == 0
    assert {p.name for p in Path("more").iterdir()} == (FILES - {"findings.json", "report.html"}) | {"data"}
    assert say("sample", "model", "-n", "40", "--seed", "2", "-o", "more.parquet")[0] == 0
    rows = pl.read_parquet("more.parquet")
    assert rows.equals(pl.read_parquet("more/data/part-00000.parquet"))
    assert rows.equals(simulacra.load("model").sample(40, seed=2, kind="polars"))
    assert say("sample", "model", "-n", "40", "-o", "more.parquet")[0] == 2
    assert say("redo", "more", "-o", "again")[0] == 0
    say("fit", "real.csv", "-o", "model", "--force", "--seed", "9")
    code, _, err = say("redo", "more", "-o", "third")
    assert code == 2 and "model differ" in err


def test_sample_to_standard_output_is_clean_csv(say: Say) -> None:
    say("fit", "real.csv", "-o", "model")
    program = Path(sys.executable).with_name("simulacra")
    done = subprocess.run([program, "sample", "model", "-n", "12", "-o", "-"], capture_output=True)
    assert done.returncode == 0
    assert pl.read_csv(io.BytesIO(done.stdout)).shape == (12, 4)


def test_data_from_standard_input(say: Say) -> None:
    program = Path(sys.executable).with_name("simulacra")
    words = [program, "make", "-", "-n", "12", "-o", "out", "--only", "fidelity"]
    done = subprocess.run(words, input=people().write_csv().encode(), capture_output=True)
    assert done.returncode == 0, done.stderr
    code, _, err = say("redo", "out", "-o", "again")
    assert code == 2 and "give it again as data" in err
    assert say("redo", "out", "-o", "again", "--data", "real.csv")[0] == 0


def test_check_judges_and_fails_on_request(say: Say) -> None:
    people(800).tail(400).write_csv("holdout.csv")
    people().with_columns(pl.col("age") * 3).write_csv("made.csv")
    words = ["check", "made.csv", "--real", "real.csv", "--holdout", "holdout.csv", "--only", "fidelity"]
    code, out, _ = say(*words, "-o", "report.html")
    assert code == 0 and "FAIL" in out and "age" in out and "<html" in Path("report.html").read_text()
    assert say(*words, "--fail-on", "fail")[0] == 1
    code, out, _ = say("check", "real.csv", "--fail-on", "fail")
    assert code == 0 and "UNKNOWN" in out
    assert say(*words, "-o", "report.html")[0] == 2
    assert say(*words, "-o", "report.json", "--force")[0] == 0
    assert json.loads(Path("report.json").read_text())["verdict"] == "fail"


def test_an_output_folder_is_a_table_with_its_past(say: Say) -> None:
    say("make", "real.csv", "-n", "300", "-o", "one", "--only", "fidelity")
    assert say("check", "one", "--real", "real.csv", "--only", "fidelity")[0] == 0
    assert say("make", "one", "-n", "50", "-o", "two", "--only", "fidelity")[0] == 0
    assert json.loads(Path("two/lineage.json").read_text())["generation"] == 2
    with Path("one/data/part-00000.parquet").open("ab") as part:
        part.write(b"more")
    code, _, err = say("make", "one", "-n", "50", "-o", "three")
    assert code == 2 and "checksum" in err


def test_an_output_never_replaces_what_it_is_made_from(say: Say) -> None:
    say("make", "real.csv", "-n", "50", "-o", "out", "--only", "fidelity")
    before = sums("out")
    for words in (["redo", "out", "-o", "out/"], ["make", "out", "-o", "out"]):
        code, _, err = say(*words, "--force")
        assert code == 2 and "is what the output is made from" in err
    assert sums("out") == before


def test_list_shows_every_name_and_every_field(say: Say) -> None:
    code, out, _ = say("list")
    assert code == 0
    for group in ("generators", "guards"):
        assert all(name in out for name in registry.names(group))
    code, out, _ = say("list", "tables/forest")
    assert code == 0 and re.search(r"^  leaf: int, default \d+, at least \d+, rows$", out, re.M)
    assert all(f"  {field.name}: " in out for field in fields(registry.load("tables/forest")))
    assert "Needs: real, holdout" in say("list", "privacy")[1]


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow", "dataset"])
def test_the_same_kind_of_table_comes_back(kind: str, tmp_path: Path) -> None:
    real = simulacra.Dataset({"table": people()})
    given = {"polars": real.frame, "pandas": real.to_pandas(), "arrow": real.to_arrow(), "dataset": real}[kind]
    memory = simulacra.make(given, n=20, seed=4, only=["fidelity"])
    folder = simulacra.make(given, n=20, seed=4, only=["fidelity"], out=tmp_path / "out")
    assert type(memory.data) is type(folder.data) is type(given)
    assert list(memory.data.columns if kind != "arrow" else memory.data.column_names) == people().columns
    with pytest.raises(DataError, match="in memory"):
        simulacra.redo(tmp_path / "out", tmp_path / "again")
    assert simulacra.redo(tmp_path / "out", tmp_path / "again", data=given).changed == ()


def test_make_in_memory_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = simulacra.make(people(), target="town", n=30, fail_on="fail")
    assert made.folder is None and list(tmp_path.iterdir()) == []
    assert made.rows == 30 and made.verdict in ("ok", "unknown", "warn", "fail")
    assert made.failed == (made.verdict == "fail")
    assert repr(made) == f"Made(30 rows by tables/forest, verdict {made.verdict})"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_flag_is_documented(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([name, "--help"])
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", capsys.readouterr().out)) - {"--help"}
    page = (Path(__file__).parents[2] / "docs" / "commands.md").read_text("utf-8")
    missing = {flag for flag in flags if f"`{flag}`" not in page}
    assert flags and not missing


def test_formulas_are_quoted_on_request_in_every_way_out(say: Say) -> None:
    pl.DataFrame({"note": ["=1+1", "+cmd", "fine"] * 100, "n": [-1, 2, 3] * 100}).write_csv("odd.csv")
    csv = ["--format", "csv", "--only", "fidelity"]
    assert say("make", "odd.csv", "-o", "plain", *csv)[0] == 0
    assert say("make", "odd.csv", "-o", "safe", "--neutralise", *csv)[0] == 0
    plain, safe = (Path(out, "data", "part-00000.csv").read_text() for out in ("plain", "safe"))
    assert "\n=1+1," in plain and "\n=1+1," not in safe and "\n'=1+1," in safe and ",-1" in safe
    assert Recipe.read("safe/recipe.toml").neutralise
    assert say("fit", "odd.csv", "-o", "model")[0] == 0
    assert say("sample", "model", "-n", "50", "-o", "some.csv", "--neutralise")[0] == 0
    assert "\n=1+1," not in Path("some.csv").read_text()
    for words in (["make", "odd.csv", "-o", "x"], ["sample", "model", "-n", "5", "-o", "x.parquet"]):
        code, _, err = say(*words, "--neutralise")
        assert code == 2 and "neutralise is for CSV" in err and not Path(words[-1]).exists()
