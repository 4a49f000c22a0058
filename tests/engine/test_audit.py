"""The audit in whole: methods of known leak, the journal, persons, and what it says when it cannot tell."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl
import pytest

import simulacra
from simulacra.core.errors import ConfigError, DataError
from simulacra.core.generator import Generator
from simulacra.core.options import option
from simulacra.core.report import Finding, Report
from simulacra.engine.audit import audit
from simulacra.tables.copula import Copula
from simulacra.testing import toys

N = 1200
REAL, HOLDOUT = toys.people(N, 1), toys.people(N, 2)


@dataclass
class Parrot(Generator):
    """Rows of the training table drawn with replacement, numbers moved a little: a method that only remembers."""

    name: ClassVar[str] = "tables/parrot"
    noise: float = option(5.0, "Standard deviation of what is added to incomes.", low=0)

    def _fit(self, data: Any, rng: np.random.Generator) -> None:
        self.rows_ = data.frame

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        rows = self.rows_[rng.integers(0, self.rows_.height, n)]
        return rows.with_columns((pl.col("income") + pl.Series(rng.normal(0, self.noise, n))).round(2))


def named(report: Report) -> dict[str, Finding]:
    return {f.name: f for f in report.findings}


def test_a_method_that_remembers_is_caught_by_every_attack_and_by_its_shadows() -> None:
    model = Parrot().fit(REAL, seed=1)
    report = audit(model.sample(2 * N, seed=2), model=model, real=REAL, holdout=HOLDOUT, shadows=4)
    found = named(report)
    best = found["strongest membership attack"]
    assert report.verdict == best.verdict == "fail" and best.headline and best.value is not None and best.value > 0.8
    for name in ("singling out by several columns", "linkability", "inference of attributes", "near copies"):
        assert found[name].verdict == "fail", found[name]
    table = next(v for v in report.views if "Membership" in v.title)
    shadows = [row for row in table.data["rows"] if row[0].startswith("4 shadow models, nearest")]
    assert shadows and float(shadows[0][2].split()[0]) > 0.9


def test_a_method_that_forgets_rows_passes_and_the_same_seed_says_the_same() -> None:
    model = Copula().fit(REAL, seed=1)
    made = model.sample(N, seed=2)
    report = audit(made, model=model, real=REAL, holdout=HOLDOUT, shadows=4, seed=3)
    assert report.verdict == "ok", report.text()
    limits = named(report)["limits of this audit"]
    assert limits.verdict == "unknown" and "not tested" in limits.sentence and "shadow" not in limits.sentence
    assert audit(made, model=model, real=REAL, holdout=HOLDOUT, shadows=4, seed=3).to_dict() == report.to_dict()


def test_a_stopped_audit_takes_up_finished_fits(tmp_path: Path) -> None:
    model, journal = Copula().fit(REAL, seed=1), tmp_path / "a.jsonl"
    made = model.sample(N, seed=2)
    given = {"model": model, "real": REAL, "holdout": HOLDOUT, "shadows": 4, "journal": journal}
    whole = audit(made, **given)
    lines = journal.read_text().splitlines()
    assert len(lines) == 5
    mark = 123.25
    first = json.loads(lines[1])
    first["result"]["nearest made row"] = [mark] * len(first["result"]["nearest made row"])
    journal.write_text("\n".join([lines[0], json.dumps(first), *lines[2:4]]) + "\n")
    again = audit(made, **given)
    assert len(journal.read_text().splitlines()) == 5
    # The finished fit was read and not run again, so what was written there is in the figures.
    assert again.to_dict() != whole.to_dict()


def test_without_real_rows_nothing_is_attacked() -> None:
    report = audit(REAL)
    assert {f.verdict for f in report.findings} == {"unknown"} and report.verdict == "unknown"
    assert "--holdout" in named(report)["attacks"].sentence


def test_too_few_rows_are_too_few_to_tell() -> None:
    report = audit(REAL.head(50), real=REAL.head(60), holdout=HOLDOUT.head(60))
    assert "too few rows" in named(report)["attacks"].sentence and report.verdict == "unknown"


def test_a_holdout_of_other_people_is_said_and_nothing_is_judged_by_it() -> None:
    other = HOLDOUT.with_columns(pl.col("age") + 40, pl.col("visits") + 20)
    report = audit(toys.people(N, 3), real=REAL, holdout=other)
    found = named(report)
    assert "not drawn like" in found["control rows"].sentence
    for name in ("strongest membership attack", "linkability", "inference of attributes"):
        assert found[name].verdict == "unknown" and "cannot tell here" in found[name].sentence


def visits(people: int, seed: int, first: int = 0) -> pl.DataFrame:
    """Three rows a person, alike but for a day."""
    frame = toys.people(people, seed).with_columns(person=pl.int_range(first, first + people))
    return pl.concat([frame.with_columns(pl.col("joined").dt.offset_by(f"{i}d")) for i in range(3)])


def test_persons_are_attacked_once_and_leave_whole() -> None:
    real, holdout = visits(400, 1), visits(400, 2, 400)
    model = Parrot().fit(real, seed=1)
    report = audit(model.sample(2000, seed=2), model=model, real=real, holdout=holdout, person="person", shadows=4)
    best = named(report)["strongest membership attack"]
    assert best.verdict == "fail" and best.value is not None and best.value > 0.8
    few = audit(real, real=real, holdout=holdout.filter(pl.col("person") < 500), person="person")
    assert "too few persons" in named(few)["attacks"].sentence
    with pytest.raises(DataError, match="are in holdout too"):
        audit(real, real=real, holdout=visits(400, 2, 399), person="person")


def test_an_output_folder_brings_its_method(tmp_path: Path) -> None:
    table = tmp_path / "real.parquet"
    REAL.write_parquet(table)
    HOLDOUT.write_parquet(tmp_path / "holdout.parquet")
    simulacra.make(table, method="tables/copula", holdout=tmp_path / "holdout.parquet", out=tmp_path / "out", seed=1)
    report = audit(tmp_path / "out", real=table, holdout=tmp_path / "holdout.parquet", shadows=0)
    assert report.meta["method"] == "tables/copula"
    assert "shadow models: --shadows 0" in named(report)["limits of this audit"].sentence
    for model in (tmp_path / "out", tmp_path / "out" / "recipe.toml", "tables/copula"):
        report = audit(REAL, model=model)
        assert report.meta["method"] == "tables/copula"


@pytest.mark.parametrize("model", ["tables/copola", "nothing/here.toml", 7])
def test_what_is_no_method_is_refused(model: Any) -> None:
    with pytest.raises(ConfigError, match="model"):
        audit(REAL, model=model)


def test_tables_that_differ_are_refused() -> None:
    with pytest.raises(DataError, match="different columns"):
        audit(REAL.drop("age"), real=REAL, holdout=HOLDOUT)
    with pytest.raises(ConfigError, match="person"):
        audit(REAL, real=REAL, holdout=HOLDOUT, person="persn")


def test_a_table_in_which_copies_look_like_chance_cannot_be_judged() -> None:
    coins = pl.DataFrame({c: np.random.default_rng(i).choice(["head", "tail"], 3 * N) for i, c in enumerate("ab")})
    report = audit(coins[:N], real=coins[:N], holdout=coins[N : 2 * N])
    found = named(report)
    assert report.verdict == "unknown"
    assert "no membership attack passes its controls" in found["strongest membership attack"].sentence
    assert all(f.verdict == "unknown" for f in report.findings)


@pytest.mark.slow
def test_a_network_trained_far_too_long_on_few_rows_is_caught(tmp_path: Path) -> None:
    """Slow: a training is continued eight times, as one alone ends before it has so few rows by heart."""
    from simulacra.tables.vae import Vae

    few, start = toys.people(150, seed=1), None
    for part in range(8):
        model = Vae(start=start, patience=1000, beta=0.02, latent=32, rate=0.004).fit(few, seed=part)
        start = str(tmp_path / str(part))
        model.save(start)
    found = named(audit(model.sample(2000, seed=2), model=model, real=few, holdout=toys.people(1500, 2), shadows=0))
    best = found["strongest membership attack"]
    assert best.verdict == "fail" and best.value is not None and best.value > 0.7
    assert found["linkability"].verdict == "fail" and found["inference of attributes"].verdict == "fail"
