"""Effects of a trial: the intervals follow their formula, cover zero when nothing differs, and see what is there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t

from simulacra.guards._trial import ALPHA, POWER, Arm, Outcome, answer, effect, findings, verdict

ARMS = (Arm("real", "real rows"), Arm("duplicates", "repeated", "real"), Arm("made", "made rows", "duplicates", True))


def outcome(
    values: dict[str, np.ndarray], ratio: float = 0.0, parts: dict[str, np.ndarray] | None = None, name: str = "AUROC"
) -> Outcome:
    given = {arm: {name: v} for arm, v in values.items()}
    return Outcome("fraud", name, ARMS, given, {a: {name: p} for a, p in (parts or {}).items()}, ratio)


def random(seed: int, gain: float = 0.0, draws: int = 10) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    base = 0.8 + 0.05 * rng.standard_normal(draws)
    return {
        "real": base,
        "duplicates": base + 0.01 * rng.standard_normal(draws),
        "made": base + gain + 0.01 * rng.standard_normal(draws),
    }


def test_the_interval_is_that_of_nadeau_and_bengio_shared_among_the_verdicts() -> None:
    given = outcome(random(1), ratio=1 / 3)
    gap = given.values["made"]["AUROC"] - given.values["duplicates"]["AUROC"]
    error = math.sqrt(gap.var(ddof=1) * (1 / 10 + 1 / 3))
    reach = t.ppf(1 - ALPHA / 2 / 2, 9) * error  # two verdicts share the level
    found = effect(given, "made", "duplicates", "AUROC")
    assert found.value == pytest.approx(gap.mean())
    assert (found.low, found.high) == pytest.approx((gap.mean() - reach, gap.mean() + reach))
    assert found.smallest == pytest.approx(reach + t.ppf(POWER, 9) * error)


def test_a_measure_of_errors_is_better_when_smaller() -> None:
    given = outcome(random(2, gain=0.2), name="mean absolute error")
    assert effect(given, "made", "real", "mean absolute error").value == pytest.approx(-0.2, abs=0.02)


def test_the_chance_of_shared_test_rows_widens_the_interval() -> None:
    values = random(3)
    rng = np.random.default_rng(0)
    parts = {a: v[:, None] + 0.004 * rng.standard_normal((1, 20)) for a, v in values.items()}
    narrow, wide = (effect(outcome(values, parts=p), "made", "duplicates", "AUROC") for p in ({}, parts))
    assert wide.high - wide.low > 1.3 * (narrow.high - narrow.low)
    assert wide.value == pytest.approx(narrow.value)


def test_equal_arms_seldom_get_another_verdict_than_no_evidence() -> None:
    wrong = sum(
        any(verdict(given, arm) != "no evidence" for arm in given.judged)
        for given in (outcome(random(seed)) for seed in range(600))
    )
    # One verdict or more is wrong in 5 % of trials at most; 600 trials leave some room for chance.
    assert wrong <= 600 * (ALPHA + 0.02)


def test_to_help_an_arm_must_beat_real_rows_too_and_only_real_rows_decide_on_harm() -> None:
    values = random(7, gain=0.1)
    poor = outcome({**values, "duplicates": values["duplicates"] - 0.2, "made": values["made"] - 0.1})
    assert effect(poor, "made", "duplicates", "AUROC").low > 0
    assert verdict(poor, ARMS[2]) == "no evidence" and verdict(poor, ARMS[1]) == "hurts"
    weak = outcome({**values, "duplicates": values["duplicates"] + 0.2})
    assert effect(weak, "made", "duplicates", "AUROC").high < 0
    assert verdict(weak, ARMS[2]) == "no evidence"
    made = next(f for f in findings(weak) if f.name == "made: no evidence")
    assert "does better" in made.advice


def test_an_effect_of_the_smallest_size_is_seen_in_about_eight_of_ten_trials() -> None:
    smallest = np.mean([effect(outcome(random(s)), "made", "duplicates", "AUROC").smallest for s in range(200)])
    seen = [
        effect(outcome(random(seed, gain=float(smallest))), "made", "duplicates", "AUROC").low > 0
        for seed in range(200, 600)
    ]
    assert 0.68 < np.mean(seen) < 0.92


def test_findings_say_the_verdict_and_the_smallest_effect_in_words() -> None:
    given = outcome(random(5, gain=0.1))
    found = {f.name: f for f in findings(given)}
    assert set(found) == {"duplicates: no evidence", "made: helps"}
    good = found["made: helps"]
    assert (
        good.verdict == "ok"
        and "the smallest gain over 'duplicates' that this trial would see in 8 of 10 cases is" in good.sentence
    )
    assert found["duplicates: no evidence"].verdict == "unknown"
    assert answer(given).startswith("Made helps, against real and duplicates: AUROC, 10 draws")
    assert {f.name for f in findings(outcome(random(5, gain=-0.1)))} >= {"made: hurts"}


def test_few_draws_are_said_to_be_few() -> None:
    found = {f.name: f for f in findings(outcome(random(6, draws=5)))}
    assert found["draws"].verdict == "warn" and "5 draws are few" in found["draws"].sentence
