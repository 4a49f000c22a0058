"""Runs under a privacy budget: nothing leaves that was not paid, and what leaves says what it claims."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import simulacra
from simulacra.core.budget import Budget
from simulacra.core.errors import BudgetError, ConfigError, DataError, OutputError
from simulacra.core.lineage import keyed_hash
from simulacra.core.noise import Noise, UnsafeNoise
from simulacra.core.schema import Schema
from simulacra.engine.inputs import take
from simulacra.engine.job import gather
from simulacra.engine.private import split
from simulacra.engine.recipe import Recipe
from simulacra.engine.run import run
from simulacra.io import folder
from simulacra.parts._domain_cells import texts
from simulacra.tables import Private
from simulacra.testing import toys

BUDGET: dict[str, Any] = {"epsilon": 2.0, "delta": 1e-6}
FAST = {"settings": {"preset": "independent"}}


class Blind(Noise):
    """Noise that releases the same numbers whatever the counts are: what differs then came past the ledger."""

    private = False

    def gaussian(self, counts: Any, scale: float, sensitivity: float) -> Any:
        return np.arange(len(counts)) % 7 * int(1 + scale)

    def largest(self, scores: Any, scale: float, sensitivity: int) -> int:
        return 0


@dataclass(frozen=True)
class BlindRecipe(Recipe):
    """A recipe whose releases do not depend on the rows."""

    def budget(self) -> Budget | None:
        return Budget(self.epsilon or 1, self.delta or 1e-6, self.person, self.person_rows, noise=Blind())


def planted(rows: int = 1237, seed: int = 1) -> pl.DataFrame:
    """Return people with an outlier, a level of one row, a person column, and a rare date."""
    frame = toys.people(rows, seed).with_columns(user=pl.Series([f"user-{i:05d}" for i in range(rows)]))
    first = pl.int_range(pl.len()) == 0
    return frame.with_columns(
        income=pl.when(first).then(pl.lit(98_765_432.17)).otherwise("income"),
        town=pl.when(first).then(pl.lit("Zyxwvutown")).otherwise("town"),
    )


def files(place: Path) -> dict[str, bytes]:
    return {str(p.relative_to(place)): p.read_bytes() for p in sorted(place.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("declared", [True, False])
def test_nothing_in_the_folder_was_computed_from_the_rows_past_the_ledger(tmp_path: Path, declared: bool) -> None:
    """Two tables without a row in common, releases that are blind to the rows: the same folder, byte by byte."""
    schema = toys.people_schema() if declared else None
    outputs = []
    for seed, rows in ((1, 700), (2, 950)):
        table = tmp_path / "people.csv"
        toys.people(rows, seed).write_csv(table)
        if declared:
            recipe = BlindRecipe(
                "tables/private",
                str(table),
                schema=_declared(schema),
                format="csv",
                settings={"preset": "tree"},
                **BUDGET,
            )
        else:
            recipe = BlindRecipe("tables/private", str(table), format="csv", **FAST, **BUDGET)
        run(recipe, out=tmp_path / "out")
        outputs.append(files(tmp_path / "out"))
        shutil.rmtree(tmp_path / "out")
    assert outputs[0].keys() == outputs[1].keys()
    assert [name for name in outputs[0] if outputs[0][name] != outputs[1][name]] == []


def _declared(schema: Schema | None) -> Schema:
    """Return a declared domain without what was measured on rows."""
    assert schema is not None
    for column in schema.columns:
        changes = {"weights": (), "quantiles": (), "missing": 0.0}
        if column.name == "income":
            changes |= {"low": 0.0, "high": 50_000.0}
        schema = schema.replace(column.name, **changes)
    return schema


def test_no_value_of_a_single_row_and_no_hash_or_count_of_them_is_in_the_folder(tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    frame = planted()
    frame.write_csv(table)
    made = simulacra.make(
        table, person="user", out=tmp_path / "out", format="csv", private_report=tmp_path / "kept", **BUDGET, **FAST
    )
    inside = b"\n".join(files(tmp_path / "out").values())
    secrets = ["Zyxwvutown", "98765432", "user-00", keyed_hash(frame), keyed_hash(simulacra.read(table).frame)]
    for secret in (*secrets, '"split"', '"inputs"'):
        assert secret.encode() not in inside, secret
    said = b"\n".join(text for name, text in files(tmp_path / "out").items() if not name.startswith("data"))
    assert not re.search(rb"(?<![\w.])1,?237(?![\w.])", said), "the number of real rows"
    assert made.rows != 1237
    assert b"NOT FOR RELEASE" in (tmp_path / "kept" / "report.html").read_bytes()
    assert sorted(p.name for p in (tmp_path / "kept").iterdir()) == [
        "NOT-FOR-RELEASE.txt",
        "findings.json",
        "report.html",
    ]
    findings = {f.name for f in made.private_report.findings}  # type: ignore[union-attr]
    assert {"C2ST AUC", "differential privacy"} <= findings
    released = {f.guard for f in made.report.findings if f.verdict != "unknown"}  # type: ignore[union-attr]
    assert released == {"claim"}


def test_the_output_carries_its_ledger_and_every_reader_shows_the_claim(tmp_path: Path) -> None:
    table = toys.people(800, 3)
    made = simulacra.make(table, out=tmp_path / "out", n=500, **BUDGET, **FAST)
    ledger = made.lineage.facts["ledger"]
    assert made.lineage.epsilon == 2.0 and made.lineage.parents == ()
    assert ledger["closed"] and ledger["spent"]["epsilon"] == pytest.approx(2.0, rel=1e-6)
    page = (tmp_path / "out" / "sign.html").read_text()
    assert "(2, 1e-06)-differential privacy for one row" in page and "http" not in page.split("<body")[1]
    assert "differential privacy, epsilon 2" in (tmp_path / "out" / "card.json").read_text()
    checked = simulacra.check(tmp_path / "out", only=["claim"])
    assert checked.verdict == "ok"
    assert folder.read(tmp_path / "out").lineage.epsilon == 2.0


def test_seeded_noise_is_marked_in_every_file_that_speaks(tmp_path: Path) -> None:
    made = simulacra.make(toys.people(300, 3), out=tmp_path / "out", unsafe_seed=5, **BUDGET, **FAST)
    assert made.lineage.epsilon is None and made.verdict == "fail"
    for name in ("README.md", "card.json", "lineage.json", "findings.json", "report.html", "sign.html"):
        assert "NOT PRIVATE" in (tmp_path / "out" / name).read_text(), name
    again = simulacra.make(toys.people(300, 3), unsafe_seed=5, **BUDGET, **FAST)
    assert again.data.equals(made.data), "a seeded run repeats"


def test_a_second_run_is_a_second_release_and_is_refused(tmp_path: Path) -> None:
    table = toys.people(300, 3)
    simulacra.make(table, out=tmp_path / "out", **BUDGET, **FAST)
    with pytest.raises(BudgetError, match="making it again is a second release"):
        simulacra.redo(tmp_path / "out", tmp_path / "again", data=table)
    assert not (tmp_path / "again").exists()
    assert simulacra.redo(tmp_path / "out", tmp_path / "again", data=table, spend=True).changed


def test_a_saved_model_carries_the_ledger_into_every_sample(tmp_path: Path) -> None:
    from simulacra.engine.models import fit, load

    fit(toys.people(400, 3), None, tmp_path / "model", **BUDGET, **FAST)
    model = load(tmp_path / "model")
    assert model.name == "tables/private" and model.lineage_.epsilon == 2.0
    recipe = Recipe("tables/private", model=str(tmp_path / "model"), n=50)
    assert run(recipe, out=tmp_path / "more").lineage.facts["ledger"]["closed"]
    assert "differential privacy for one row" in (tmp_path / "more" / "sign.html").read_text()


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"epsilon": 0.0, "delta": 1e-9}, BudgetError, "epsilon must be a positive number, got 0"),
        ({"epsilon": -1.0, "delta": 1e-9}, BudgetError, "epsilon must be a positive number, got -1"),
        ({"epsilon": 1.0}, BudgetError, "delta is missing"),
        ({"delta": 1e-9}, ConfigError, "delta belongs to a privacy budget; give epsilon too"),
        ({"unsafe_seed": 1}, ConfigError, "unsafe_seed belongs to a privacy budget"),
        ({"epsilon": 1.0, "delta": 1e-9, "person": "whom"}, ConfigError, "person: no column 'whom'"),
        ({"epsilon": 1.0, "delta": 1e-9, "person": "town", "person_rows": 0}, BudgetError, "rows of one person"),
        ({"epsilon": 1.0, "delta": 1e-9, "person_rows": 2}, BudgetError, "needs the column that names the person"),
        ({"epsilon": 1.0, "delta": 1e-9, "person": "income"}, DataError, "income"),
        ({"epsilon": 1.0, "delta": 1e-9, "method": "tables/forest"}, ConfigError, "cannot be fitted under a privacy"),
        ({"epsilon": 1.0, "delta": 1e-9, "method": "tables/smote"}, ConfigError, "use one of .*tables/private"),
    ],
)
def test_wrong_budgets_are_refused_and_leave_nothing(
    tmp_path: Path, given: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        simulacra.make(toys.people(200, 3), out=tmp_path / "out", **given)
    assert not (tmp_path / "out").exists()


def test_a_private_report_must_stand_apart_and_is_never_overwritten(tmp_path: Path) -> None:
    table = toys.people(200, 3)
    for wrong in (tmp_path / "out", tmp_path / "out" / "kept", tmp_path):
        with pytest.raises(OutputError, match="must not share a folder"):
            simulacra.make(table, out=tmp_path / "out", private_report=wrong, **BUDGET, **FAST)
    with pytest.raises(ConfigError, match="belongs to a run under a privacy budget"):
        simulacra.make(table, private_report=tmp_path / "kept")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds files that simulacra did not write"):
        simulacra.make(table, private_report=tmp_path / "mine", **BUDGET, **FAST)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "mine"


def test_people_fall_to_a_side_by_coins_of_their_own() -> None:
    """One person more moves nobody else: the fitted rows of neighbouring tables are neighbours."""
    from simulacra.core.data import as_dataset
    from simulacra.engine import private

    frame = pl.DataFrame({"id": [i // 3 for i in range(900)], "x": range(900)})
    fitted, kept, _ = private.split(as_dataset(frame), "id", b"k" * 32)
    assert kept is not None and 0.1 < kept.frame.height / 900 < 0.3
    assert not set(fitted.frame["id"]) & set(kept.frame["id"])
    more = pl.concat([pl.DataFrame({"id": [-1], "x": [5]}), frame])
    wider, _, _ = private.split(as_dataset(more), "id", b"k" * 32)
    assert wider.frame.filter(pl.col("id") >= 0).equals(fitted.frame)
    other, _, _ = private.split(as_dataset(frame), "id", b"j" * 32)
    assert not other.frame.equals(fitted.frame)


def test_a_budget_that_runs_out_midway_releases_nothing(tmp_path: Path) -> None:
    """The ledger refuses the second release before it is drawn, and the folder is gone."""
    budget = Budget(1.0, 1e-9, noise=UnsafeNoise(1))
    budget.gaussian([3], rho=budget.rho * 0.95, what="most of it")
    with pytest.raises(BudgetError):
        Private(preset="independent").fit(toys.people(200, 1), budget=budget)

    @dataclass(frozen=True)
    class Spent(Recipe):
        def budget(self) -> Budget | None:
            return budget

    with pytest.raises(BudgetError):
        run(Spent("tables/private", **FAST, **BUDGET), toys.people(200, 1), out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_recipe_of_a_folder_holds_no_count_from_a_schema(tmp_path: Path) -> None:
    """`look` counts rows and finds keys; under a budget nobody declared them."""
    frame = toys.people(613, 3)
    schema = simulacra.look(frame)
    assert schema.table.rows == 613
    for column in schema.columns:
        schema = schema.replace(column.name, public=True)
    simulacra.make(frame, schema=schema, out=tmp_path / "out", **BUDGET, **FAST)
    assert "rows" not in (tmp_path / "out" / "recipe.toml").read_text()
    told = json.loads((tmp_path / "out" / "lineage.json").read_text())
    assert told["facts"]["ledger"]["public"]


def test_the_audited_page_says_whether_it_may_leave(tmp_path: Path) -> None:
    from simulacra.core.report import Finding, Report
    from simulacra.engine import private

    simulacra.make(toys.people(300, 3), out=tmp_path / "out", **BUDGET, **FAST)
    audit = Report.of([Finding("audit", "linkability", "ok", "no better than the control", value=0.01)])
    page = private.signed(tmp_path / "out", audit, apart=False)
    assert "no better than the control" in page and "not for release" not in page
    assert "This copy is not for release" in private.signed(tmp_path / "out", audit, apart=True)
    simulacra.make(toys.people(300, 3), "tables/copula", only=["claim"], out=tmp_path / "plain")
    for wrong, said in ((tmp_path / "plain", "no claim to sign"), (tmp_path, "a page to sign is written for a folder")):
        with pytest.raises(ConfigError, match=said):
            private.signed(wrong, audit, apart=False)


LINES = {
    "a decimal comma in a column of thousands": ["50,656", "99,248", "1,234"],
    "dots as signs of thousands": ["22.600", "72.332", "1.234"],
    "long numbers": ["11326571694195230", "86039411098138503", "1132657169419523"],
}


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("odd", ["12,5", "1.5", "x", "1.234.567", "1.234,5"])
def test_no_row_of_a_file_decides_how_the_numbers_of_another_are_read(tmp_path: Path, odd: str, delimiter: str) -> None:
    """What the domain counts of the other rows is the same with one odd cell in any column, or in all of them."""
    found = []
    rows = [*zip(*LINES.values(), strict=True)] * 5
    for extra in ([], [(odd,) * len(LINES)], [("12,5", *[LINES[n][0] for n in [*LINES][1:]])]):
        path = tmp_path / f"{len(found)}.csv"
        lines = [delimiter.join(f'"{c}"' for c in row) for row in (tuple(LINES), *rows, *extra)]
        path.write_text("\n".join(lines) + "\n", "utf-8")
        recipe = Recipe(method="tables/private", data=str(path), epsilon=1.0, delta=1e-6)
        frame = gather(recipe, recipe.generator(), None, None).fitted.frame.head(len(rows))
        found.append([texts(frame[name]).to_list() for name in LINES])
    assert found[1] == found[0] and found[2] == found[0]


def test_a_private_report_reads_signed_numbers_as_the_method_did(tmp_path: Path) -> None:
    """Thousands with commas are text in the rows that were read, and numbers in the report."""
    path = tmp_path / "rows.csv"
    path.write_text("pay\n" + "\n".join(f'"{1000 + 37 * i:,}"' for i in range(400)) + "\n", "utf-8")
    made = simulacra.make(path, private_report=tmp_path / "report", only=["fidelity"], **BUDGET, **FAST)
    assert made.private_report is not None
    assert made.data.schema["pay"].is_integer()


def test_what_a_schema_counted_on_the_rows_is_in_no_recipe(tmp_path: Path) -> None:
    """Facts that are public leave; shares of missing cells and levels, and reasons that quote them, do not."""
    frame = planted().drop("user")
    seen = simulacra.look(frame)
    columns = tuple(replace(c, public=True) for c in seen.columns)
    schema = replace(seen, tables={name: replace(t, columns=columns) for name, t in seen.tables.items()})
    simulacra.make(frame, schema=schema, out=tmp_path / "out", **BUDGET, **FAST)
    told = "".join(p.read_text("utf-8") for p in (tmp_path / "out").rglob("*") if p.suffix in (".toml", ".json", ".md"))
    assert "most often" not in told
    assert "weights = [" not in told and "missing = 0." not in told


def test_coins_that_keep_everybody_back_are_refused() -> None:
    """One person more must not exchange the rows that are fitted; with a single person that would be one in five."""
    one = take(planted(1))
    refused = 0
    for i in range(200):
        try:
            fitted, apart, _ = split(one, "user", i.to_bytes(32, "big"))
        except DataError:
            refused += 1
        else:
            assert len(fitted) == 1 and apart is None
    assert 5 < refused < 100


def test_a_table_too_small_for_its_budget_is_not_called_ok(tmp_path: Path) -> None:
    """What columns hold cannot be bought of 60 rows; of declared columns nothing need be."""
    made = simulacra.make(toys.people(60, 3), epsilon=0.5, delta=1e-9, unsafe_seed=4, out=tmp_path / "out", **FAST)
    found = {f.name: f for f in made.report.findings}  # type: ignore[union-attr]
    assert found["what was bought"].verdict == "fail" and "town" in found["what was bought"].columns
    declared = simulacra.make(
        toys.people(60, 3), epsilon=0.5, delta=1e-9, unsafe_seed=4, schema=_declared(toys.people_schema()), **FAST
    )
    assert "what was bought" not in {f.name for f in declared.report.findings}  # type: ignore[union-attr]
    plenty = simulacra.make(toys.people(4000, 3), epsilon=5.0, delta=1e-9, **FAST)
    assert "what was bought" not in {f.name for f in plenty.report.findings}  # type: ignore[union-attr]
