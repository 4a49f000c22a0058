"""The attacks of the audit: what leaks is told, what does not is not, and every control says which attack works."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from people import SCHEMA, people

from simulacra.guards import _audit_membership, _audit_risks, _audit_stats
from simulacra.guards._audit_lira import READINGS, Trials, read, tell
from simulacra.guards._audit_membership import ATTACKS, HOLES, Attempt, Field, attempts, strongest
from simulacra.guards._audit_risks import RISKS, Risk
from simulacra.guards._audit_stack import exposure, nearest, roles, stack

N = 2000
REAL, HOLDOUT = people(N, 1), people(N, 2)


def field(made: pl.DataFrame, real: pl.DataFrame = REAL, holdout: pl.DataFrame = HOLDOUT, seed: int = 0) -> Field:
    whole = stack({"real": real, "holdout": holdout, "made": made}, tuple(SCHEMA.columns), seed)
    return Field.of(whole, *roles(whole, seed), seed)


def tried(made: pl.DataFrame, names: tuple[str, ...] = tuple(ATTACKS)[:2]) -> list[Attempt]:
    found = field(made)
    return [a for name in names for a in attempts(found, name)]


def noisy(rows: pl.DataFrame) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    return rows.with_columns(
        pl.col("pay") + pl.Series(rng.normal(0, 100, rows.height)),
        pl.col("age") + pl.Series(rng.integers(-1, 2, rows.height)),
    )


def between(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows a third of the way from a row to another, as SMOTE makes them."""
    other = rows.sample(fraction=1, shuffle=True, seed=4)
    numbers = ("age", "hours", "pay", "bonus")
    return rows.with_columns((pl.col(c) * 2 / 3 + other[c] / 3).round().cast(rows[c].dtype) for c in numbers)


@pytest.mark.parametrize(
    "made", [REAL, noisy(REAL), REAL.sample(3 * N, with_replacement=True, seed=1)], ids=["copy", "noisy", "bootstrap"]
)
def test_every_membership_attack_tells_copies_and_passes_its_controls(made: pl.DataFrame) -> None:
    for attempt in tried(made):
        assert attempt.works, attempt.why
        assert attempt.copies >= 0.9
        assert attempt.told.auc >= 0.9 and attempt.told.verdict == "fail", attempt
        assert attempt.told.hits[0].share > 0.5


def test_a_few_copied_people_are_told_at_few_false_alarms() -> None:
    best = strongest(tried(pl.concat([people(N - 160, 4), REAL.head(160)])))
    assert best is not None and best.told.verdict == "fail"
    assert best.told.auc < 0.6 < 8 * best.told.hits[0].share


@pytest.mark.parametrize("seed", range(3))
def test_fresh_rows_are_not_told(seed: int) -> None:
    found = field(people(N, 100 + seed), people(N, 200 + seed), people(N, 300 + seed), seed)
    every = [a for name in tuple(ATTACKS)[:2] for a in attempts(found, name)]
    assert all(a.quiet for a in every)
    best = strongest(every)
    assert best is not None and best.told.verdict == "ok" and abs(best.told.sigmas) < 5


def test_an_attack_whose_control_fails_is_never_the_strongest() -> None:
    good = tried(people(N, 3))[0]
    loud = replace(good, pick=replace(good.pick, auc=1.0), copies=0.6)
    assert strongest([good, loud]) is good
    assert strongest([loud]) is None and "0.60 on copies" in loud.why


def test_a_holdout_from_elsewhere_is_noticed_by_the_control() -> None:
    older = HOLDOUT.with_columns(pl.col("age") + 25, pl.col("pay") * 2)
    found = field(people(N, 3), holdout=older)
    assert not found.fair
    assert not any(a.quiet for name in tuple(ATTACKS)[:2] for a in attempts(found, name))


def test_the_most_exposed_are_the_rare_and_the_lonely() -> None:
    odd = REAL.head(20).with_columns(
        age=pl.lit(200, pl.Int64), hours=pl.lit(1, pl.Int64), pay=pl.lit(1e6), job=pl.lit("king")
    )
    found = field(people(N, 3), pl.concat([odd, REAL]))
    rows = found.whole.rows("real")
    exposed = exposure(found.whole, rows, found.play.reference)
    assert exposed[:20].min() > 0.97


def grid(n: int, seed: int) -> pl.DataFrame:
    """Rows of four columns with 6 levels each: what is never drawn shows."""
    rng = np.random.default_rng(seed)
    return pl.DataFrame({c: rng.integers(0, 6, n).astype(str) for c in "abcd"})


@pytest.mark.parametrize("filtered", [True, False])
def test_what_a_copy_filter_never_gives_tells_who_was_learned_from(filtered: bool) -> None:
    from simulacra.core.schema import Column

    real, holdout, drawn = grid(300, 1), grid(1000, 2), grid(12_000, 3)
    if filtered:
        drawn = drawn.join(real, on=list("abcd"), how="anti")
    columns = tuple(Column(c, "category") for c in "abcd")
    whole = stack({"real": real, "holdout": holdout, "made": drawn}, columns, 0)
    found = list(attempts(Field.of(whole, *roles(whole, 0), 0), HOLES))
    best = min(found, key=lambda a: a.pick.chance)
    assert best.told.verdict == ("fail" if filtered else "ok"), found
    assert (best.told.auc > 0.8) is filtered


def risks(made: pl.DataFrame, run: str = "made") -> dict[str, Risk]:
    found = field(made)
    play = {"made": found.play, "planted": found.planted(), "copies": found.bootstrap()}[run]
    out = {name: risk(found.whole, play, 0) for name, risk in RISKS.items()}
    assert not [r for r in out.values() if isinstance(r, str)]
    return out  # type: ignore[return-value]


def test_an_exact_copy_fires_for_every_risk() -> None:
    for name, risk in risks(REAL).items():
        assert risk.success >= 0.9 and risk.verdict == "fail", (name, risk)
        assert risk.risk > 0.5 and risk.interval[0] > 0.4


@pytest.mark.parametrize("run", ["planted", "copies"])
def test_planted_leaks_fire_for_every_risk(run: str) -> None:
    for name, risk in risks(people(N, 3), run).items():
        assert risk.verdict == "fail", (name, risk)
        assert run == "planted" or risk.success >= 0.9


@pytest.mark.parametrize("seed", range(3, 6))
def test_fresh_rows_carry_no_risk(seed: int) -> None:
    found = risks(people(N, seed))
    for name, risk in found.items():
        assert risk.verdict == "ok", (name, risk)
        assert risk.chance > _audit_stats.ALPHA
    assert abs(found["inference of attributes"].risk) < 0.05


def test_columns_shuffled_apart_still_single_out_by_their_unique_values() -> None:
    apart = pl.DataFrame([s.sample(fraction=1, shuffle=True, seed=i) for i, s in enumerate(REAL)])
    found = risks(apart)
    assert found["singling out by one column"].verdict == "fail"
    assert found["singling out by several columns"].verdict == found["linkability"].verdict == "ok"


def test_rows_between_training_rows_are_told() -> None:
    best = strongest(tried(between(REAL)))
    assert best is not None and best.told.verdict in ("warn", "fail")


def test_halves_share_out_what_identifies() -> None:
    found = field(REAL)
    assert found.whole.table is not None
    halves = _audit_risks.halves_of(found.whole.table, found.play.reference)
    names = [{found.whole.table.columns[j].name for j in half} for half in halves]
    assert names[0].isdisjoint(names[1]) and len(names[0] | names[1]) == 8
    assert not {"pay", "since"} <= names[0] and not {"pay", "since"} <= names[1]


def test_exact_intervals_and_chances() -> None:
    assert _audit_stats.exact_interval(0, 10) == pytest.approx((0.0, 0.3085), abs=1e-4)
    assert _audit_stats.exact_interval(10, 10) == pytest.approx((0.6915, 1.0), abs=1e-4)
    others, members = np.arange(1000.0), np.arange(1000.0) + 0.5
    hit = _audit_stats.hits_at(0.01, members, others)
    assert hit.share == pytest.approx(0.011) and 0.2 < hit.chance < 0.8
    # 30 of 1,000 above the eleventh other: binomial(40, 1/2) with at most 10 others is about 0.1 %.
    assert 1e-4 < _audit_stats.hits_at(0.01, np.r_[np.full(30, 5000.0), np.zeros(970)], others).chance < 3e-3


def test_ties_are_no_hits() -> None:
    same = np.zeros(500)
    found = _audit_stats.figures(same, same)
    assert found.auc == 0.5 and all(h.share == 0 and h.chance == 1 for h in found.hits) and found.verdict == "ok"


def trials(leak: float, fits: int = 9, rows: int = 200, seed: int = 0) -> Trials:
    """Readings that differ from row to row, and rise by `leak` deviations where a row was in."""
    rng = np.random.default_rng(seed)
    inside = np.stack([rng.permutation(rows) < rows // 2 for _ in range(fits)]).astype(np.int8)
    base = rng.normal(0, 5, rows)
    reading = base + rng.normal(0, 1, (fits, rows)) + leak * inside
    return Trials(dict.fromkeys(READINGS, reading), inside)


def test_shadow_models_calibrate_rows_that_differ() -> None:
    everyone = np.ones(200, bool)
    leaky, tight = trials(1.0), trials(0.0)
    found = tell(leaky.reading[READINGS[0]], leaky.inside, everyone, 0)
    assert 0.65 < found.auc < 0.8 and found.verdict == "fail"
    plain = _audit_stats.figures(
        leaky.reading[READINGS[0]][leaky.inside == 1], leaky.reading[READINGS[0]][leaky.inside == 0]
    )
    assert plain.auc < 0.6
    silent = tell(tight.reading[READINGS[0]], tight.inside, everyone, 0)
    assert silent.verdict == "ok" and abs(silent.sigmas) < 5


def test_rows_that_do_not_count_are_left_out() -> None:
    given = trials(3.0)
    inside = given.inside.copy()
    inside[:, :50] = -1
    found = tell(given.reading[READINGS[0]], inside, np.ones(200, bool), 0)
    # A row that no other fit left out has nothing to be compared with.
    assert 0.95 * 9 * 150 < found.members + found.others <= 9 * 150


def test_a_hole_a_copy_and_an_ordinary_place() -> None:
    rng = np.random.default_rng(0)
    made = rng.normal(0, 0.3, (3000, 3)).astype(np.float32)
    at = np.array([[0.0, 0.0, 0.0]], dtype=np.float32)
    hole = made[np.linalg.norm(made, axis=1) > 0.1]
    copy = np.vstack([made, at])
    readings = [read(at, rows)["holes"][0] for rows in (hole, made, copy)]
    assert readings[0] > readings[1] > readings[2] == -10


def test_nearest_names_rows_and_counts_equal_ones_as_equal() -> None:
    base = np.array([[0, 0], [1, 0], [5, 5]], dtype=np.float32)
    far, which = nearest(np.array([[1, 0.1]], dtype=np.float32), base, 2)
    assert which.tolist() == [[1, 0]] and far[0] == pytest.approx([0.1, np.hypot(1, 0.1)], abs=1e-4)
    assert nearest(base, base)[0].max() == 0
    assert nearest(base, base, 9)[0].shape == (3, 3)
    assert _audit_membership.PLANTED < 0.5
