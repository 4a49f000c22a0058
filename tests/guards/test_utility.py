"""Utility: made rows that lost what predicts the target fail, fresh real rows pass."""

from __future__ import annotations

import polars as pl
import pytest
from people import alarms, broken, case, findings, people

from simulacra.core.report import View
from simulacra.guards.utility import utility

N = 1200
REAL, HOLDOUT = people(N, 1), people(N, 2)
LEARNERS = ("boosted trees", "linear model")


def with_shuffled(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    return frame.with_columns(frame[column].shuffle(seed=1))


def test_a_target_without_its_causes_fails_for_both_learners() -> None:
    found = utility(case(with_shuffled(people(N, 3), "churn"), REAL, HOLDOUT, target="churn"))
    assert not broken(found)
    for learner in LEARNERS:
        finding = findings(found)[f"TSTR AUC, {learner}"]
        assert finding.verdict == "fail" and finding.advice
        assert finding.value is not None and finding.fresh is not None
        assert finding.value < 0.65 < 0.85 < finding.fresh
        assert "holdout rows" in finding.sentence
    assert findings(found)["TSTR AUC, boosted trees"].headline


def test_several_classes_and_one_that_is_never_made() -> None:
    found = utility(case(people(600, 3).filter(pl.col("job") != "owner"), people(600, 1), HOLDOUT, target="job"))
    recall = findings(found)["recall by class, boosted trees"]
    assert recall.verdict == "fail" and "'owner' is never made" in recall.sentence
    assert "mean of 4 classes" in findings(found)["TSTR AUC, boosted trees"].sentence
    tables = [v for v in found if isinstance(v, View) and v.kind == "table"]
    assert {row[0] for row in tables[0].data["rows"]} == {"clerk", "driver", "nurse", "owner"}
    assert all(len(row) == len(tables[0].data["header"]) for row in tables[0].data["rows"])


def test_a_number_without_its_causes_fails() -> None:
    found = utility(case(with_shuffled(people(N, 3), "pay"), REAL, HOLDOUT, target="pay"))
    assert not broken(found)
    r2 = findings(found)["TSTR R2, boosted trees"]
    assert r2.verdict == "fail" and r2.value is not None and r2.fresh is not None and r2.value < 0.15 < 0.3 < r2.fresh
    assert findings(found)["TSTR mean absolute error, linear model"].verdict == "fail"


@pytest.mark.parametrize(("target", "seed"), [("churn", 0), ("job", 1), ("pay", 2)])
def test_fresh_real_rows_pass(target: str, seed: int) -> None:
    made, real, holdout = (people(700, seed + 100 * side) for side in (1, 2, 3))
    given = case(made, real, holdout, target=target, seed=seed)
    found = utility(given)
    assert not alarms(found) and not broken(found)
    assert any(f.headline and f.verdict == "ok" for f in findings(found).values())


def test_without_a_target_it_is_not_tested_and_says_what_to_do() -> None:
    (only,) = utility(case(people(50, 3), REAL, HOLDOUT))
    assert only.verdict == "unknown" and "no target declared" in only.sentence and "--target" in only.sentence


@pytest.mark.parametrize(
    ("target", "why"), [("nothing", "not a column"), ("since", "kind time"), ("churn", "too few rows to tell")]
)
def test_a_target_that_cannot_be_predicted_is_said_to_be_so(target: str, why: str) -> None:
    (only,) = utility(case(people(20, 3), people(20, 1), people(20, 2), target=target))
    assert only.verdict == "unknown" and why in only.sentence


def test_without_a_holdout_half_of_the_training_rows_are_the_test() -> None:
    found = utility(case(people(400, 3), people(800, 1), None, target="churn"))
    assert "there is no holdout large enough" in findings(found)["TSTR AUC, linear model"].sentence
    assert not alarms(found)


def test_the_same_seed_finds_the_same() -> None:
    given = case(people(200, 3), people(200, 1), people(200, 2), target="churn", seed=5)
    assert utility(given) == utility(given)
