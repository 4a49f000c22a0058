"""Privacy: copies and near copies of training rows fail, fresh rows pass, and no pass claims privacy."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from people import SCHEMA, alarms, broken, case, findings, people

from simulacra.core.schema import Column, Schema
from simulacra.guards._distance import nearest
from simulacra.guards.privacy import privacy

N = 1500
REAL, HOLDOUT = people(N, 1), people(N, 2)


def test_training_rows_given_out_again_fail_every_test() -> None:
    found = privacy(case(REAL.sample(N, with_replacement=True, seed=1), REAL, HOLDOUT))
    by_name = findings(found)
    assert not broken(found)
    for name in ("membership attack AUC", "attack hits at 5 % false alarms", "exact copies", "near copies"):
        if name in by_name:
            assert by_name[name].verdict == "fail", by_name[name]
            assert by_name[name].advice and by_name[name].interval
    assert by_name["exact copies"].value == 1 and by_name["exact copies"].fresh == 0
    assert "100 % of made rows equal a training row" in by_name["exact copies"].sentence
    assert by_name["distance ratios"].verdict == "warn"


def test_noise_on_copied_rows_does_not_hide_them() -> None:
    rng = np.random.default_rng(0)
    near = REAL.sample(N, with_replacement=True, seed=1).with_columns(
        pl.col("pay") + pl.Series(rng.normal(0, 10, N)), pl.col("age") + pl.Series(rng.integers(-1, 2, N))
    )
    found = findings(privacy(case(near, REAL, HOLDOUT)))
    assert found["exact copies"].value < 0.1
    assert found["near copies"].verdict == "fail"
    assert found["membership attack AUC"].verdict == "fail" and found["membership attack AUC"].headline


def test_a_few_copied_people_are_found_where_the_average_hides_them() -> None:
    made = pl.concat([people(N - 150, 3), REAL.head(150)])
    found = findings(privacy(case(made, REAL, HOLDOUT)))
    assert found["exact copies"].verdict == "fail"
    assert found["exact copies"].value == pytest.approx(0.1, abs=0.001)


@pytest.mark.parametrize("seed", range(5))
def test_fresh_real_rows_pass_and_nothing_is_claimed(seed: int) -> None:
    found = privacy(case(people(N, 100 + seed), people(N, 200 + seed), people(N, 300 + seed), seed=seed))
    assert not alarms(found) and not broken(found)
    headline = findings(found)["membership attack AUC"]
    assert headline.verdict == "ok" and "were not tested" in headline.sentence
    assert headline.interval and headline.interval[0] < headline.value < headline.interval[1]  # type: ignore[operator]
    assert "neither prove nor disprove privacy" in findings(found)["distance ratios"].sentence


def test_without_a_holdout_it_is_not_tested() -> None:
    (only,) = privacy(case(people(50, 3), REAL, None))
    assert only.verdict == "unknown" and "not tested" in only.sentence and "holdout" in only.sentence


def test_few_rows_are_too_few_to_tell() -> None:
    for n in (1, 2, 40):
        found = privacy(case(people(n, 1), people(n, 2), people(n, 3)))
        assert not alarms(found) and not broken(found)
        assert "too few rows to tell" in findings(found)["membership attack AUC"].sentence


def test_a_table_of_few_different_rows_cannot_tell_copies() -> None:
    schema = Schema.of(SCHEMA["job"], SCHEMA["sex"])
    made, real, holdout = (people(600, s).select("job", "sex") for s in (1, 2, 3))
    found = privacy(case(made, real, holdout, schema=schema))
    assert findings(found)["exact copies"].verdict == "unknown"
    assert "so often equal" in findings(found)["exact copies"].sentence
    assert not alarms(found)


def test_identifiers_alone_leave_nothing_to_compare() -> None:
    frame = pl.DataFrame({"id": [f"A{i}" for i in range(50)]})
    (only,) = privacy(case(frame, frame, frame, schema=Schema.of(Column("id", "id"))))
    assert only.verdict == "unknown" and "not tested" in only.sentence


def test_the_same_seed_finds_the_same() -> None:
    given = case(people(400, 3), people(400, 1), people(400, 2), seed=5)
    assert privacy(given) == privacy(given)


def test_nearest_rows_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=(n, 9)).astype(np.float32) for n in (300, 5000))
    a[7] = b[99]
    far = np.sqrt(((a[:, None].astype(float) - b[None]) ** 2).sum(2))
    assert nearest(a, b, 2) == pytest.approx(np.sort(far, axis=1)[:, :2], abs=1e-3)
    assert nearest(a, b)[7] == 0
