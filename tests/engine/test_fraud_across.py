"""The recipe of two banks: both share a private table, nobody shows a row, what is learned holds on real accounts."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

import simulacra
from simulacra.core.errors import BudgetError
from simulacra.engine.inputs import schema_of
from simulacra.engine.share import shareable
from simulacra.tables.private import Private

SCRIPTS = Path(__file__).parent.parent.parent / "examples" / "fraud_across"
SIZES = {"north": (3000, 2000), "south": (400, 2000)}


@pytest.fixture(scope="module")
def across() -> Iterator[ModuleType]:
    """Return examples/fraud_across/across.py, as a script in that folder sees it."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        spec = importlib.util.spec_from_file_location("across", SCRIPTS / "across.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(SCRIPTS))
        sys.modules.pop("holders", None)


@pytest.fixture(scope="module")
def place(across: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of both banks, their private tables made; epsilon is large, for few rows must tell enough."""
    folder: Path = tmp_path_factory.mktemp("across")
    across.write(folder, SIZES)
    for holder in across.HOLDERS:
        across.share(folder / holder, 30.0, 1e-6, folder / "codebook.csv", only=("claim", "privacy"))
    return folder


def test_both_banks_may_share_and_show_no_row(across: ModuleType, place: Path) -> None:
    for holder in across.HOLDERS:
        ledger = shareable(place / holder / "shared", place / holder / "kept")
        assert (ledger.epsilon, ledger.private) == (30.0, True)
        inside = {p.name for p in (place / holder / "shared").rglob("*")}
        assert not inside & {"train.csv", "test.csv", "split.key"}


def test_private_rows_of_a_large_bank_teach_a_model_that_ranks_real_accounts(across: ModuleType, place: Path) -> None:
    from holders import accounts  # type: ignore[import-not-found]

    real, _ = accounts("north", 40_000, 0)
    test, _ = accounts("north", 20_000, 1)
    method = Private(target="fraud", preset="tree")
    made = method.fit(real, budget=simulacra.Budget(30, 1e-7), schema=schema_of(place / "codebook.csv")).sample(
        40_000, seed=1
    )
    truth = (test["fraud"] == "yes").to_numpy()
    # A coin has 0.5, with a spread of 0.015 on some 400 frauds.
    assert across.measures(across.scores(made, test), truth, np.ones(len(truth)))[0] > 0.62


def test_every_arm_is_judged_at_every_bank(across: ModuleType, place: Path) -> None:
    found = across.compare(place, resamples=20)
    assert set(found) == set(across.HOLDERS)
    for arms in found.values():
        assert tuple(arms) == across.ARMS
        for values in arms.values():
            assert values.shape == (21, 4)
            assert ((values[:, :2] >= 0) & (values[:, :2] <= 1)).all()
        assert not arms["own real"][:, 2:].any()
        assert arms["pooled real"][0, 0] > 0.65
    table = across.told([found])
    assert table.count("| own real |") == 2
    assert "tested on real accounts of south" in table


def test_arms_hold_the_rows_they_say(across: ModuleType, place: Path) -> None:
    arms = across.arms(place, "south")
    assert arms["own real"].height == 400
    assert arms["pooled real"].height == 3400
    synthetic = arms["both synthetic"].height
    assert arms["own real + both synthetic"].height == 400 + synthetic
    assert arms["own real + the other's synthetic"].height < 400 + synthetic
    assert all(rows.columns == arms["own real"].columns for rows in arms.values())


def test_a_bank_that_offers_rows_of_smote_is_refused(across: ModuleType, place: Path, tmp_path: Path) -> None:
    for holder in across.HOLDERS:
        (tmp_path / holder).mkdir()
        (tmp_path / holder / "train.csv").write_bytes((place / holder / "train.csv").read_bytes())
    simulacra.make(
        tmp_path / "south" / "train.csv",
        "tables/smote",
        target="fraud",
        only="claim",
        out=tmp_path / "south" / "shared",
    )
    (tmp_path / "north" / "shared").symlink_to(place / "north" / "shared")
    with pytest.raises(BudgetError, match="between two real rows of a rare class"):
        across.arms(tmp_path, "north")


def test_measures_are_those_of_the_field(across: ModuleType) -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(500) < 0.1
    score = np.round(truth * 0.3 + rng.random(500), 1)  # with many ties
    weight = rng.poisson(1.0, 500).astype(float)
    auroc, precision = across.measures(score, truth, weight)
    assert auroc == pytest.approx(roc_auc_score(truth, score, sample_weight=weight))
    assert precision == pytest.approx(average_precision_score(truth, score, sample_weight=weight))


def test_the_true_chance_ranks_as_the_page_says() -> None:
    sys.path.insert(0, str(SCRIPTS))
    try:
        import holders

        frame, chance = holders.accounts("south", 40_000, 5, holders.MOVED)
    finally:
        sys.path.remove(str(SCRIPTS))
        sys.modules.pop("holders", None)
    fraud = (frame["fraud"] == "yes").to_numpy()
    assert roc_auc_score(fraud, chance) == pytest.approx(0.875, abs=0.03)
    assert abs(fraud.mean() - chance.mean()) < 0.006
    assert frame.select(pl.all().is_null().any()).row(0) == (False,) * frame.width
