"""The ledger of differential privacy: it refuses before data are touched, its noise is what it says, it adds up."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

from simulacra.core import accountant
from simulacra.core.budget import CHOICE, GAUSSIAN, Budget
from simulacra.core.errors import BudgetError
from simulacra.core.noise import Noise, UnsafeNoise


class Secret:
    """Counts that say when somebody looks at them."""

    touched = False

    def __call__(self) -> list[int]:
        self.touched = True
        return [5, 6]


def test_it_refuses_before_the_data_are_touched() -> None:
    budget, data = Budget(1.0, 1e-9), Secret()
    budget.gaussian(data, rho=0.9 * budget.rho, what="ages")
    data.touched = False
    with pytest.raises(BudgetError, match=r"ages again: needs rho .* are left of epsilon 1 at delta 1e-09"):
        budget.gaussian(data, rho=0.2 * budget.rho, what="ages again")
    assert not data.touched
    assert [e.what for e in budget.entries] == ["ages"]


@pytest.mark.parametrize("wrong", [0, -1, math.nan, math.inf, True, "1", None])
def test_an_epsilon_that_is_no_positive_number_is_refused(wrong: Any) -> None:
    with pytest.raises(BudgetError, match="epsilon must be a positive number"):
        Budget(wrong, 1e-9)


def test_a_missing_or_wrong_delta_is_refused() -> None:
    with pytest.raises(BudgetError, match="delta is missing; give a number far below"):
        Budget(1.0, None)  # type: ignore[arg-type]
    for wrong in (0.0, 1.0, -1e-9, math.nan):
        with pytest.raises(BudgetError, match="delta must be between 0 and 1"):
            Budget(1.0, wrong)


@pytest.mark.parametrize("rows", [0, -2, 1.5, True])
def test_rows_of_a_person_are_a_whole_number(rows: Any) -> None:
    with pytest.raises(BudgetError, match="rows of one person must be a whole number"):
        Budget(1.0, 1e-9, person="id", rows=rows)
    with pytest.raises(BudgetError, match="needs the column that names the person"):
        Budget(1.0, 1e-9, rows=2)


@pytest.mark.parametrize("wrong", [[1.5], [True], ["a"], [[1, 2]], np.ones(2, np.float32), [2**41]])
def test_only_whole_counts_are_released(wrong: Any) -> None:
    budget = Budget(1.0, 1e-9)
    with pytest.raises(BudgetError, match="whole numbers|must lie within"):
        budget.gaussian(wrong, rho=0.001, what="x")


@pytest.mark.parametrize(("rows", "sensitivity"), [(1, 1.0), (3, 1.0), (2, math.sqrt(2))])
def test_the_noise_is_gaussian_of_the_deviation_in_the_ledger(rows: int, sensitivity: float) -> None:
    """Bounds are five standard errors."""
    n = 20_000
    budget = Budget(1.0, 1e-9, person="id", rows=rows)
    noise = budget.gaussian(np.full(n, 7), rho=0.01, what="x", sensitivity=sensitivity) - 7
    entry = budget.entries[0]
    scale = rows * sensitivity / math.sqrt(0.02)
    assert entry.mechanism == GAUSSIAN and entry.cells == n
    assert entry.scale == pytest.approx(scale) and entry.sensitivity == pytest.approx(rows * sensitivity)
    assert noise.dtype == np.int64
    assert abs(noise.mean()) < 5 * scale / math.sqrt(n)
    assert abs(noise.std() / scale - 1) < 5 / math.sqrt(2 * n)
    beyond = (np.abs(noise) > 2 * scale).mean()
    assert abs(beyond - 0.0455) < 5 * math.sqrt(0.0455 / n) + 0.003  # whole counts blur the cut


def test_choices_follow_the_exponential_mechanism() -> None:
    """Chances in proportion to exp(score x sqrt(2 rho) / sensitivity); bounds are five standard errors."""
    runs, rho = 3000, 0.5
    picked = [Budget(100.0, 1e-9).choose([0, 1, 2], rho=rho, what="c") for _ in range(runs)]
    weights = np.exp(np.arange(3) * math.sqrt(2 * rho))
    for choice, chance in enumerate(weights / weights.sum()):
        assert abs(picked.count(choice) / runs - chance) < 5 * math.sqrt(chance / runs)
    budget = Budget(1.0, 1e-9, person="id", rows=4)
    budget.choose([0, 10], rho=0.01, what="c", sensitivity=3)
    assert budget.entries[0].mechanism == CHOICE and budget.entries[0].sensitivity == 12


def test_a_value_of_one_person_almost_never_passes_the_threshold() -> None:
    """The threshold is placed so that the chance is delta / values; with a delta of one in a million, none of 400."""
    passed = 0
    for _ in range(400):
        budget = Budget(2.0, 1e-4, person="id", rows=5)
        budget.set_aside(1e-6)
        kept = budget.threshold({"many": 5000, "mine": 5}, rho=0.02, delta=1e-6, what="levels")
        passed += "mine" in kept
        assert abs(kept["many"] - 5000) < 8 * budget.entries[0].scale
        assert budget.entries[0].cells == 0, "how many values there were is not released"
    assert passed == 0


def test_the_order_of_selected_values_says_nothing() -> None:
    budget = Budget(10.0, 1e-4)
    budget.set_aside(1e-5)
    kept = budget.threshold({"b": 9000, "a": 8000, "c": 7000}, rho=0.1, delta=1e-5, what="levels")
    assert list(kept) == ["a", "b", "c"]


def test_delta_for_thresholds_must_be_set_aside_first() -> None:
    budget = Budget(1.0, 1e-9)
    with pytest.raises(BudgetError, match="is set aside for thresholds"):
        budget.threshold({"a": 5}, rho=0.001, delta=1e-10, what="levels")
    budget.gaussian([1], rho=0.001, what="x")
    with pytest.raises(BudgetError, match="comes before the first release"):
        budget.set_aside(1e-10)
    with pytest.raises(BudgetError, match="must be less than delta"):
        Budget(1.0, 1e-9).set_aside(1e-9)


def test_seeds_of_the_world_do_not_touch_the_noise() -> None:
    releases = []
    for _ in range(2):
        np.random.seed(1)  # noqa: NPY002
        random.seed(1)
        releases.append(Budget(1.0, 1e-9).gaussian(np.zeros(100, int), rho=0.01, what="x").tolist())
    assert releases[0] != releases[1]


def test_unsafe_noise_repeats_and_is_marked() -> None:
    first, second = (Budget(1.0, 1e-9, noise=UnsafeNoise(3)) for _ in range(2))
    assert first.gaussian([5] * 9, rho=0.01, what="x").tolist() == second.gaussian([5] * 9, rho=0.01, what="x").tolist()
    assert not first.private and first.claim.startswith("NOT PRIVATE")
    assert first.to_dict()["private"] is False
    assert Budget(1.0, 1e-9).private


def test_the_total_is_the_claim_or_nothing_leaves() -> None:
    budget = Budget(1.0, 1e-9)
    budget.gaussian([5], rho=budget.rho / 2, what="half")
    with pytest.raises(BudgetError, match="the ledger sums to epsilon .* and the claim is 1"):
        budget.close()
    budget.choose([1, 2], rho=budget.rho_left, what="rest")
    budget.close()
    assert budget.spent == (pytest.approx(1.0), 1e-9)
    with pytest.raises(BudgetError, match="the ledger is closed"):
        budget.gaussian([5], rho=0.001, what="one more")


def test_gaussians_alone_get_more_for_the_same_claim() -> None:
    budget = Budget(1.0, 1e-9)
    plain = budget.rho
    budget.gaussian_only()
    assert budget.rho == pytest.approx(accountant.mu_of(1.0, 1e-9) ** 2 / 2) and budget.rho > 1.1 * plain
    with pytest.raises(BudgetError, match="after the promise of Gaussian releases"):
        budget.choose([1, 2], rho=0.001, what="c")
    budget.gaussian([5], rho=budget.rho, what="all")
    budget.close()


def test_training_takes_what_is_left() -> None:
    budget = Budget(1.0, 1e-6)
    budget.gaussian([5], rho=budget.rho / 10, what="rows")
    sigma = budget.train(rate=0.01, steps=300, what="training")
    assert sigma > 0.5 and budget.rho_left == 0
    budget.close()
    spent = Budget(1.0, 1e-6)
    spent.gaussian([5], rho=spent.rho, what="rows")
    with pytest.raises(BudgetError, match="nothing is left for training"):
        spent.train(rate=0.01, steps=300, what="training")


def test_a_ledger_survives_as_plain_values() -> None:
    budget = Budget(1.0, 1e-9, person="id", rows=2, public=["names of the columns"])
    budget.set_aside(1e-10)
    budget.threshold({"a": 500}, rho=budget.rho / 3, delta=1e-10, what="levels")
    budget.gaussian([5], rho=budget.rho_left, what="rest")
    budget.close()
    known = budget.to_dict()
    again = Budget.from_dict(known)
    assert again.to_dict() == known and again.closed
    with pytest.raises(BudgetError, match="the ledger is damaged"):
        Budget.from_dict({**known, "entries": [{"what": "x"}]})


def test_halved_noise_can_be_given_by_tests_of_the_audit() -> None:
    class Half(Noise):
        def gaussian(self, counts: Any, scale: float, sensitivity: float) -> Any:
            return super().gaussian(counts, scale / 2, sensitivity * 0.5)

    noise = Budget(1.0, 1e-9, noise=Half()).gaussian(np.zeros(4000, int), rho=0.01, what="x")
    assert noise.std() == pytest.approx(0.5 / math.sqrt(0.02), rel=0.1)
