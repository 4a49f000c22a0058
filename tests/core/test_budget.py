"""The ledger of differential privacy: it refuses before data are touched, and its noise is what it says."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from simulacra.core.budget import Budget
from simulacra.core.errors import BudgetError

needs_opendp = pytest.mark.skipif(importlib.util.find_spec("opendp") is None, reason="opendp is not installed")


class Secret(list[int]):
    """Data that say when somebody looks at them."""

    touched = False

    def __iter__(self) -> Iterator[int]:
        self.touched = True
        return super().__iter__()


@needs_opendp
def test_it_refuses_before_the_data_are_touched() -> None:
    budget, data = Budget(1.0), Secret([5, 6])
    budget.release(data, cost=0.9, what="ages")
    data.touched = False
    with pytest.raises(BudgetError, match=r"ages again: needs epsilon 0.2, delta 0, but 0.1, 0 of 1, 0 are left"):
        budget.release(data, cost=0.2, what="ages again")
    assert not data.touched
    assert [e.what for e in budget.entries] == ["ages"]


@needs_opendp
@pytest.mark.parametrize("sensitivity", [0, -1, 1.5, True])
def test_a_wrong_sensitivity_costs_nothing(sensitivity: Any) -> None:
    budget, data = Budget(1.0), Secret([5])
    with pytest.raises(BudgetError, match="sensitivity must be a whole number"):
        budget.release(data, cost=0.1, sensitivity=sensitivity, what="x")
    assert budget.spent == (0, 0)
    assert not data.touched


@needs_opendp
@pytest.mark.parametrize(("cost", "sensitivity"), [(1.0, 1), (0.5, 2)])
def test_the_noise_has_the_moments_of_the_discrete_laplace(cost: float, sensitivity: int) -> None:
    """P(k) = (1 - a) / (1 + a) * a^|k| with a = exp(-cost / sensitivity); bounds are five standard errors."""
    n = 40_000
    noise = np.array(Budget(10.0).release([7] * n, cost=cost, sensitivity=sensitivity, what="x")) - 7
    a = math.exp(-cost / sensitivity)
    variance = 2 * a / (1 - a) ** 2
    fourth = 2 * a * (1 + 10 * a + a * a) / (1 - a) ** 4
    zero = (1 - a) / (1 + a)
    assert abs(noise.mean()) < 5 * math.sqrt(variance / n)
    assert abs((noise**2).mean() - variance) < 5 * math.sqrt((fourth - variance**2) / n)
    assert abs((noise == 0).mean() - zero) < 5 * math.sqrt(zero * (1 - zero) / n)
    ratio = (np.abs(noise) == 2).mean() / (np.abs(noise) == 1).mean()
    assert ratio == pytest.approx(a, rel=0.1)


@needs_opendp
def test_the_noise_is_never_the_same_again() -> None:
    first, second = (Budget(1.0).release([0] * 200, cost=0.1, what="x") for _ in range(2))
    assert first != second


def test_costs_add_up_to_the_last_cent() -> None:
    budget = Budget(1.0, 1e-5, unit="all rows of one user_id")
    for i in range(10):
        budget.spend(0.1, f"part {i}", delta=1e-6)
    assert budget.spent == (pytest.approx(1.0), pytest.approx(1e-5))
    assert budget.left[0] == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(BudgetError, match="release less or raise the budget"):
        budget.spend(0.01, "one more")
    said = budget.to_dict()
    assert said["unit"] == "all rows of one user_id"
    assert len(said["entries"]) == 10
    assert said["spent"]["epsilon"] == pytest.approx(1.0)


def test_delta_has_a_limit_of_its_own() -> None:
    with pytest.raises(BudgetError, match="delta 1e-06, but 1, 0"):
        Budget(1.0).spend(0.5, "x", delta=1e-6)


@pytest.mark.parametrize("epsilon", [0, -1, float("inf"), float("nan"), "1"])
def test_a_budget_is_a_positive_number(epsilon: Any) -> None:
    with pytest.raises(BudgetError, match="epsilon must be a positive number"):
        Budget(epsilon)


@pytest.mark.parametrize("delta", [-0.1, 1, 2, float("nan")])
def test_delta_is_below_one(delta: float) -> None:
    with pytest.raises(BudgetError, match="delta must be in"):
        Budget(1.0, delta)


@pytest.mark.parametrize(
    ("cost", "delta"), [(0, 0), (-1, 0), (float("nan"), 0), (float("inf"), 0), (0.1, -1), (0.1, 1)]
)
def test_a_cost_is_a_positive_number(cost: float, delta: float) -> None:
    budget = Budget(1.0, 0.5)
    with pytest.raises(BudgetError, match="cost must be a positive number"):
        budget.spend(cost, "x", delta=delta)
    assert budget.entries == []
