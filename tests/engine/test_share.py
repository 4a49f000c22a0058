"""What may be shared between institutions: a folder with a closed private ledger, whole, and nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import simulacra
from simulacra.core.atomic import sha256, write_json
from simulacra.core.errors import BudgetError, DataError, SimulacraError
from simulacra.engine.share import pooled, shareable
from simulacra.testing import toys

SCHEMA = toys.people_schema()


def rows(seed: int = 0) -> pl.DataFrame:
    return toys.people(400, seed=seed)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that may be shared, with the private report beside it."""
    home = tmp_path_factory.mktemp("share")
    place = home / "shared"
    given: dict[str, Any] = {"settings": {"preset": "independent"}, "schema": SCHEMA, "private_report": home / "kept"}
    given["only"] = ("claim", "privacy")
    simulacra.make(rows(), epsilon=5, delta=1e-6, out=place, **given)
    return place


@pytest.fixture
def made(whole: Path, tmp_path: Path) -> Path:
    """Return a copy of that folder that a test may spoil."""
    shutil.copytree(whole, tmp_path / "shared")
    return tmp_path / "shared"


def spoil(place: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the lineage of a folder and make its manifest agree, as whoever wants to cheat would."""
    for name, edit in (("lineage.json", change), ("manifest.json", None)):
        known = json.loads((place / name).read_text("utf-8"))
        if edit is None:
            known["files"]["lineage.json"] = sha256(place / "lineage.json")
        else:
            edit(known)
        write_json(place / name, known)


def test_a_private_folder_may_be_shared_and_gives_its_ledger(whole: Path) -> None:
    ledger = shareable(whole, whole.parent / "kept")
    assert (ledger.epsilon, ledger.delta, ledger.private) == (5, 1e-6, True)


@pytest.mark.parametrize(
    ("method", "why"),
    [
        ("tables/smote", "between two real rows of a rare class"),
        ("tables/forest", "leaves of trees grown on real rows"),
    ],
)
def test_rows_without_a_budget_are_refused_with_the_reason(tmp_path: Path, method: str, why: str) -> None:
    simulacra.make(rows(), method, target="member", out=tmp_path / "out", only="fidelity")
    with pytest.raises(BudgetError, match=f"rows made by {method} without a privacy budget may not be shared.*{why}"):
        shareable(tmp_path / "out")
    with pytest.raises(BudgetError, match="may not be shared"):
        pooled([tmp_path / "out"])


def test_seeded_noise_is_refused(tmp_path: Path) -> None:
    given: dict[str, Any] = {"settings": {"preset": "independent"}, "schema": SCHEMA}
    simulacra.make(rows(), epsilon=5, delta=1e-6, unsafe_seed=1, out=tmp_path / "out", **given)
    with pytest.raises(BudgetError, match="noise of this ledger was seeded"):
        shareable(tmp_path / "out")


def _open(lineage: dict[str, Any]) -> None:
    lineage["facts"]["ledger"]["closed"] = False


def _claim(lineage: dict[str, Any]) -> None:
    lineage["facts"]["ledger"]["epsilon"] = 1.0


def _forget(lineage: dict[str, Any]) -> None:
    del lineage["facts"]["ledger"]["entries"][0]


def _real(lineage: dict[str, Any]) -> None:
    lineage["real_share"] = 0.5


def _break(lineage: dict[str, Any]) -> None:
    del lineage["facts"]["ledger"]["unit"], lineage["facts"]["ledger"]["entries"][0]["rho"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_open, "never closed"),
        (_claim, "the ledger sums to epsilon 5, .* claims 1,"),
        (_forget, "the ledger sums to epsilon"),
        (_real, "50.0 % of the rows are real"),
        (_break, "the ledger is damaged"),
    ],
)
def test_a_ledger_that_does_not_bear_the_claim_is_refused(
    made: Path, change: Callable[[dict[str, Any]], None], why: str
) -> None:
    spoil(made, change)
    with pytest.raises(BudgetError, match=why):
        shareable(made)


def test_a_file_that_does_not_belong_there_is_named(made: Path) -> None:
    (made / "data" / "notes.csv").write_text("name\nMaria\n")
    with pytest.raises(DataError, match=r"holds data/notes.csv, which is no part of the output"):
        shareable(made)


@pytest.mark.parametrize("name", ["README.md", "data/part-00000.parquet", "lineage.json"])
def test_a_file_that_was_changed_or_lost_is_named(made: Path, name: str) -> None:
    with (made / name).open("ab") as out:
        out.write(b" ")
    with pytest.raises(DataError, match=f"{name} is missing or does not match"):
        shareable(made)
    (made / name).unlink()
    with pytest.raises(DataError, match=f"{name} is missing or does not match"):
        shareable(made)


def test_a_table_that_is_no_output_is_refused(tmp_path: Path) -> None:
    rows().write_csv(tmp_path / "real.csv")
    for place in (tmp_path, tmp_path / "real.csv"):
        with pytest.raises(DataError, match="not a finished output"):
            shareable(place)


def test_a_privacy_guard_that_failed_or_never_ran_stops_the_sharing(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole.parent / "kept", tmp_path / "kept")
    place = tmp_path / "kept" / "findings.json"
    known = json.loads(place.read_text("utf-8"))
    copies = next(f for f in known["findings"] if f["name"] == "exact copies")
    copies["verdict"] = "fail"
    write_json(place, known)
    with pytest.raises(BudgetError, match=r"the privacy guard fails \(exact copies\)"):
        shareable(whole, tmp_path / "kept")
    known["findings"] = [f for f in known["findings"] if f["guard"] != "privacy"]
    write_json(place, known)
    with pytest.raises(BudgetError, match="says nothing on privacy"):
        shareable(whole, tmp_path / "kept")


def test_rows_of_two_holders_are_one_table_with_the_larger_epsilon(made: Path, whole: Path) -> None:
    spoiled = made.parent / "narrow"
    both = pooled([whole, made], holder="bank")
    single = pl.read_parquet(whole / "data" / "part-00000.parquet")
    assert both.frame.height == 2 * single.height
    assert both.columns == [*single.columns, "bank"]
    assert (both.lineage.epsilon, both.lineage.delta, both.lineage.generation) == (5, 1e-6, 1)
    given: dict[str, Any] = {"settings": {"preset": "independent"}, "schema": None}
    simulacra.make(rows().select("age", "member"), epsilon=5, delta=1e-6, out=spoiled, **given)
    with pytest.raises(DataError, match="different columns"):
        pooled([whole, spoiled])


def test_nothing_to_pool_is_an_error() -> None:
    with pytest.raises(SimulacraError, match="no folder was given"):
        pooled([])
