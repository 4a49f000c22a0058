"""The accountant beside dp-accounting, which knows Renyi curves and the exact distribution of the privacy loss."""

from __future__ import annotations

import math

import pytest
from dp_accounting import dp_event as event
from dp_accounting.pld import PLDAccountant
from dp_accounting.rdp import RdpAccountant

from simulacra.core import accountant
from simulacra.core.budget import Budget

DELTAS = (1e-5, 1e-9)
GRAIN = 1e-3
"""Of the discretised loss, on the side of more loss: coarse enough to be quick."""


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("mu", [0.01, 0.3, 1.0, 3.0])
def test_a_gaussian_costs_what_the_distribution_of_its_loss_says(mu: float, delta: float) -> None:
    exact = PLDAccountant().compose(event.GaussianDpEvent(1 / mu)).get_epsilon(delta)
    assert accountant.epsilon_of_mu(mu, delta) == pytest.approx(exact, rel=1e-4)


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("rho", [0.001, 0.015, 0.5, 4.0])
def test_zcdp_costs_no_more_than_by_renyi_orders_and_no_less_than_its_gaussian(rho: float, delta: float) -> None:
    theirs = RdpAccountant().compose(event.ZCDpEvent(rho)).get_epsilon(delta)
    ours = accountant.epsilon_of(rho, delta)
    # Theirs looks at a list of orders, ours at the best one.
    assert theirs * 0.93 <= ours <= theirs * (1 + 1e-9)
    assert ours >= accountant.epsilon_of_mu(math.sqrt(2 * rho), delta)


@pytest.mark.parametrize(("rate", "sigma", "steps"), [(0.1, 1.5, 50), (0.02, 1.0, 100), (1.0, 3.0, 10)])
def test_training_costs_what_their_renyi_accountant_says_and_more_than_the_exact_loss(
    rate: float, sigma: float, steps: int
) -> None:
    run = event.SelfComposedDpEvent(event.PoissonSampledDpEvent(rate, event.GaussianDpEvent(sigma)), steps)
    for delta in DELTAS:
        ours = accountant.epsilon_of_curve(lambda a: accountant.renyi_of_sgd(rate, sigma, steps, a), delta)
        theirs = RdpAccountant().compose(run).get_epsilon(delta)
        assert theirs * (1 - 1e-3) <= ours <= theirs * 1.04
        # The coarse grain adds up over the steps, at most this much.
        assert ours + steps * GRAIN >= PLDAccountant(value_discretization_interval=GRAIN).compose(run).get_epsilon(
            delta
        )


@pytest.mark.parametrize("epsilon", [0.5, 5.0])
def test_the_noise_that_a_budget_gives_to_a_training_keeps_the_claim_by_their_account(epsilon: float) -> None:
    """A ledger of counts, a choice and a training, added up by the exact distribution of the loss of its Gaussians."""
    budget = Budget(epsilon, 1e-6)
    budget.gaussian([3, 4], rho=0.1 * budget.rho, what="counts")
    budget.choose([1, 2], rho=0.05 * budget.rho, what="choice")
    sigma = budget.train(rate=0.2, steps=30, what="training")
    budget.close()
    training = event.PoissonSampledDpEvent(0.2, event.GaussianDpEvent(sigma))
    counts = event.GaussianDpEvent(budget.entries[0].scale)
    # The choice costs no more than the pure mechanism of epsilon = sqrt(8 rho) that it is.
    choice = event.LaplaceDpEvent(1 / math.sqrt(8 * budget.entries[1].rho))
    whole = event.ComposedDpEvent([counts, choice, event.SelfComposedDpEvent(training, 30)])
    assert PLDAccountant(value_discretization_interval=GRAIN).compose(whole).get_epsilon(1e-6) <= epsilon
    assert RdpAccountant().compose(counts).compose(training, 30).get_epsilon(1e-6) <= epsilon


def test_more_noise_less_epsilon_and_more_steps_more() -> None:
    def cost(rate: float, sigma: float, steps: int) -> float:
        return accountant.epsilon_of_curve(lambda a: accountant.renyi_of_sgd(rate, sigma, steps, a), 1e-6)

    assert cost(0.1, 2.0, 50) < cost(0.1, 1.5, 50) < cost(0.1, 1.5, 51) < cost(0.11, 1.5, 51)
    for epsilon in (0.01, 0.1, 1, 10):
        assert accountant.rho_of(epsilon, 1e-9) < accountant.rho_of(epsilon * 1.01, 1e-9)
        assert accountant.rho_of(epsilon, 1e-9) < accountant.rho_of(epsilon, 1.1e-9)
        assert accountant.mu_of(epsilon, 1e-9) < accountant.mu_of(epsilon * 1.01, 1e-9)
