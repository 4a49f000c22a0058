"""A run in one piece: guards that break, verdicts as exit codes, a holdout of one's own, schemas that stay."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import simulacra
from simulacra.core.schema import Column, Schema
from simulacra.testing import toys

PROGRAM = Path(sys.executable).with_name("simulacra")


def test_a_guard_that_breaks_never_loses_the_report(env: dict[str, str], table: Path, tmp_path: Path) -> None:
    words = ["make", str(table), "-m", "toys/slow", "-n", "9", "--only", "broken,toys", "-o", str(tmp_path / "out")]
    done = subprocess.run([PROGRAM, *words], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    findings = json.loads((tmp_path / "out" / "findings.json").read_text())["findings"]
    assert {f["guard"]: f["verdict"] for f in findings} == {"broken": "unknown", "toys": "ok"}
    assert "a fault of this guard" in done.stdout


@pytest.mark.parametrize(("fail_on", "code"), [(None, 0), ("fail", 0), ("warn", 1)])
def test_the_verdict_is_the_exit_code_when_asked(
    fail_on: str | None, code: int, env: dict[str, str], table: Path, tmp_path: Path
) -> None:
    words = ["make", str(table), "-m", "toys/slow", "-n", "9", "--only", "uneasy", "-o", str(tmp_path / "out")]
    done = subprocess.run([PROGRAM, *words, *(["--fail-on", fail_on] if fail_on else [])], env=env, capture_output=True)
    assert done.returncode == code
    assert (tmp_path / "out" / "manifest.json").exists()


def people(rows: int, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame({"code": rng.integers(0, 9, rows), "town": rng.choice(["Ulm", "Bonn"], rows)})


def test_with_a_holdout_of_ones_own_all_rows_are_fitted() -> None:
    made = simulacra.make(people(50), "tables/copula", holdout=people(20, seed=1), only=["fidelity"])
    assert made.lineage.facts["split"]["fitted"] == 50 and made.lineage.facts["split"]["holdout"] == 20
    assert made.rows == 50


def test_facts_that_were_declared_are_kept() -> None:
    schema = Schema.of(Column("code", "id", dtype="Int64", unique=True), Column("town", "category", dtype="String"))
    by_argument = simulacra.make(people(50), schema=schema, n=200, only=["fidelity"])
    by_dataset = simulacra.make(simulacra.Dataset({"table": people(50)}, schema), n=200, only=["fidelity"])
    assert by_argument.data["code"].n_unique() == 200
    assert by_dataset.data.frame["code"].n_unique() == 200


def test_large_outputs_are_checked_by_their_first_parts(env: dict[str, str], table: Path, tmp_path: Path) -> None:
    words = ["make", str(table), "-m", "toys/slow", "-n", "1100000", "--only", "toys", "-o", str(tmp_path / "out")]
    done = subprocess.run([PROGRAM, *words], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out" / "findings.json").read_text())
    assert report["findings"][0]["value"] == 16 * 65_536
    assert "The first 1,048,576 of 1,100,000 rows were checked" in report["meta"]["about"]
    assert len(list((tmp_path / "out" / "data").iterdir())) == 17


def test_rows_made_under_conditions_are_held_against_real_rows_that_fulfil_them() -> None:
    data = toys.people(3000, 4)
    plain = simulacra.make(data, n=800, where={"member": True}, only=["fidelity"])
    assert plain.verdict in ("ok", "warn"), plain.report
    assert "fulfil member=true" in plain.report.meta["about"]
    real = int(data["member"].sum())
    assert plain.report.meta["real rows"] < real
    shares = simulacra.make(data, n=800, where={"member": {True: 0.5, False: 0.5}}, only=["fidelity"])
    assert shares.verdict in ("ok", "warn"), shares.report


def test_a_method_whose_rows_are_near_copies_says_so_in_every_report() -> None:
    rare = toys.people(400, 4).with_columns(pl.col("age") > 80)
    made = simulacra.make(rare, "tables/smote", target="age", only=["fidelity"])
    said = [f for f in made.report.findings if f.name == "by design"]
    assert len(said) == 1 and said[0].verdict == "warn" and "not for sharing" in said[0].sentence
