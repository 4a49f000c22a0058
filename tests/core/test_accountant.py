"""Conversions between the scales of differential privacy: known values, inverses, and what must grow with what."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.core import accountant as acc

EPSILONS = st.floats(0.01, 20)
DELTAS = st.floats(-30, -3).map(lambda x: 10.0**x)


@dataclass(frozen=True)
class Entry:
    mechanism: str = acc.GAUSSIAN
    rho: float = 0.0
    rate: float = 0.0
    steps: int = 0
    scale: float = 1.0


def test_values_that_others_computed() -> None:
    """rho of (1, 1e-9) and epsilon of 100 Gaussians of sigma 10 as in the literature's tools; the exact one by PLD."""
    assert acc.rho_of(1, 1e-9) == pytest.approx(0.01497, abs=5e-6)
    assert acc.epsilon_of(0.5, 1e-9) == pytest.approx(6.47, abs=0.01)
    assert acc.epsilon_of_mu(1.0, 1e-9) == pytest.approx(6.17, abs=0.01)
    assert acc.delta_of_mu(1.0, 0.0) == pytest.approx(math.erf(0.5 / math.sqrt(2)), rel=1e-12)
    assert acc.tail(0.158655253931457) == pytest.approx(1.0, rel=1e-9)


@given(EPSILONS, DELTAS)
def test_each_conversion_undoes_the_other_and_the_exact_one_is_never_worse(epsilon: float, delta: float) -> None:
    rho, mu = acc.rho_of(epsilon, delta), acc.mu_of(epsilon, delta)
    assert acc.epsilon_of(rho, delta) == pytest.approx(epsilon, rel=1e-9)
    assert acc.epsilon_of_mu(mu, delta) == pytest.approx(epsilon, rel=1e-9)
    assert acc.delta_of(rho, epsilon) <= delta * (1 + 1e-9)
    assert mu**2 / 2 >= rho * (1 - 1e-9)
    assert acc.rho_of(epsilon, delta * 2) > rho and acc.rho_of(epsilon * 1.1, delta) > rho


@pytest.mark.parametrize(("rate", "sigma", "order"), [(0.1, 1.5, 2), (0.02, 0.8, 4), (0.3, 3.0, 8), (0.5, 2.0, 3)])
def test_the_renyi_curve_of_training_is_the_integral_it_stands_for(rate: float, sigma: float, order: int) -> None:
    """E over N(0, s^2) of ((1 - q) + q exp((2x - 1) / 2 s^2))^order, by a sum over a fine grid."""
    steps = 200_000
    low, high = -20 * sigma, 20 * sigma + order
    width = (high - low) / steps
    total = 0.0
    for i in range(steps):
        x = low + (i + 0.5) * width
        ratio = (1 - rate) + rate * math.exp((2 * x - 1) / (2 * sigma**2))
        total += math.exp(-(x**2) / (2 * sigma**2)) * ratio**order
    moment = total * width / (sigma * math.sqrt(2 * math.pi))
    assert acc.renyi_of_sgd(rate, sigma, 7, order) == pytest.approx(7 * math.log(moment) / (order - 1), rel=1e-6)


@given(st.floats(0.001, 0.9), st.floats(0.5, 20), st.floats(1.05, 60))
def test_training_costs_less_than_without_sampling_and_between_orders_no_less_than_the_curve(
    rate: float, sigma: float, order: float
) -> None:
    cost = acc.renyi_of_sgd(rate, sigma, 1, order)
    assert 0 <= cost <= acc.renyi_of_sgd(1.0, sigma, 1, math.ceil(order)) * (1 + 1e-9)
    if order >= 2:
        assert cost * (order - 1) >= acc.renyi_of_sgd(rate, sigma, 1, math.floor(order)) * (math.floor(order) - 1) * (
            1 - 1e-9
        )


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 10.0])
def test_the_noise_of_training_uses_the_budget_up(epsilon: float) -> None:
    before = Entry(rho=acc.rho_of(epsilon, 1e-6) / 10)
    sigma = acc.sigma_of_sgd(0.01, 500, epsilon, 1e-6, [before])
    trained = Entry(mechanism=acc.SGD, rate=0.01, steps=500, scale=sigma)
    assert acc.total([before, trained], 1e-6) == pytest.approx(epsilon, rel=1e-6)
    with pytest.raises(ValueError, match="nothing is left"):
        acc.sigma_of_sgd(0.01, 500, epsilon, 1e-6, [Entry(rho=2 * acc.rho_of(epsilon, 1e-6))])


def test_only_gaussians_alone_are_accounted_exactly() -> None:
    gaussians = [Entry(rho=0.1), Entry(rho=0.4)]
    assert acc.total(gaussians, 1e-9, exact=True) == pytest.approx(acc.epsilon_of_mu(1.0, 1e-9))
    assert acc.total(gaussians, 1e-9) == pytest.approx(acc.epsilon_of(0.5, 1e-9))
    mixed = [*gaussians, Entry(mechanism="choice", rho=0.1)]
    assert acc.total(mixed, 1e-9, exact=True) == pytest.approx(acc.epsilon_of(0.6, 1e-9))
    assert acc.total([], 1e-9) == 0
