"""The white-box audit: bounds never exceed the claim, come near it, and catch noise that is too small.

Noise is never seeded, so every bound asserted here is wide enough for fewer than one false alarm in a million runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.special import ndtr
from scipy.stats import binom

from simulacra.core import accountant
from simulacra.core.budget import Budget
from simulacra.core.noise import Noise, UnsafeNoise
from simulacra.core.schema import Column, Schema, Table
from simulacra.engine import _audit_fits as fits
from simulacra.engine import _audit_pairs as pairs
from simulacra.engine._audit_bounds import GDP, ZCDP, Errors, above, epsilon_bound, mu_bound, renyi, rho_bound
from simulacra.engine._audit_dp import lower_bounds
from simulacra.tables import Private

SURE = 1 - 1e-7
"""Confidence at which no honest mechanism may be above its claim."""
USUAL = 0.99


class HalfNoise(Noise):
    """A copy of every mechanism with half the noise that the ledger was charged for."""

    def gaussian(self, counts: Any, scale: float, sensitivity: float) -> Any:
        return super().gaussian(counts, scale / 2, sensitivity)

    def largest(self, scores: Any, scale: float, sensitivity: int) -> int:
        return super().largest(scores, scale / 2, sensitivity)


class HalfTraining(Budget):
    """A budget that trains with half the noise it was charged for."""

    def train(self, *, rate: float, steps: int, what: str) -> float:
        return super().train(rate=rate, steps=steps, what=what) / 2


# The statistics -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.001, 0.03, 0.5, 0.97])
def test_the_bound_of_a_rate_is_too_low_no_oftener_than_said(rate: float) -> None:
    """By the exact chances of every number of hits among 40."""
    missed = sum(binom.pmf(k, 40, rate) for k in range(41) if above(k, 40, 0.01) < rate)
    assert missed <= 0.01
    assert above(0, 40, 0.01) == pytest.approx(1 - 0.01 ** (1 / 40))
    assert above(40, 40, 0.01) == 1


@pytest.mark.parametrize("mu", [0.2, 1.0, 3.0])
def test_the_bound_of_a_gaussian_is_exact_in_the_limit(mu: float) -> None:
    runs = 10**9
    wrong = round(float(ndtr(-mu / 2)) * runs)
    errors = Errors(wrong, runs, wrong, runs)
    assert mu * 0.995 < mu_bound(errors, 0.99) < mu
    assert mu_bound(errors, 0.99, units=4) == pytest.approx(mu_bound(errors, 0.99) / 4)
    # A Gaussian is mu^2 / 2 zero-concentrated; a yes or no tells a part of it, never more.
    assert 0.2 * mu**2 / 2 < rho_bound(errors, 0.99) < mu**2 / 2
    assert epsilon_bound(GDP, errors, 1e-9, 0.99) < accountant.epsilon_of_mu(mu, 1e-9)
    assert epsilon_bound(ZCDP, errors, 1e-9, 0.99) < accountant.epsilon_of(mu**2 / 2, 1e-9)


def test_a_fair_coin_tells_nothing_and_a_certain_answer_everything() -> None:
    assert mu_bound(Errors(50, 100, 50, 100), 0.99) == 0
    assert rho_bound(Errors(50, 100, 50, 100), 0.99) == 0
    assert mu_bound(Errors(0, 10_000, 0, 10_000), 0.99) > 6
    assert rho_bound(Errors(0, 10_000, 0, 10_000), 0.99) > 6


def test_renyi_divergences_of_coins() -> None:
    assert renyi(1, 0.8, 0.2) == pytest.approx(0.6 * math.log(4))
    assert renyi(2, 0.8, 0.2) == pytest.approx(math.log(0.8**2 / 0.2 + 0.2**2 / 0.8))
    assert renyi(1.0001, 0.8, 0.2) == pytest.approx(renyi(1, 0.8, 0.2), rel=1e-3)
    assert renyi(1, 1.0, 0.25) == pytest.approx(math.log(4))


def test_the_limit_is_tuned_on_runs_that_are_not_counted() -> None:
    without, within = np.full(30, 7.0), np.full(60, 9.0)
    assert Errors.of(without, within) == Errors(30, 30, 0, 60)
    assert Errors.of(without, within, tuned=True) == Errors(0, 20, 0, 40)


# The mechanisms -------------------------------------------------------------------------------------------------------

Audit = Callable[[pairs.Make], pairs.Outcome]
MECHANISMS: dict[str, Audit] = {
    "counts": lambda make: pairs.counts(make, 3000),
    "values": lambda make: pairs.values(make, 3000),
    "choices": lambda make: pairs.choices(make, 900),
    "repeated counts": lambda make: pairs.releases(make, 900, parts=2),
}


def budget(epsilon: float, rows: int, noise: Noise) -> pairs.Make:
    return lambda: Budget(epsilon, 1e-9, person="person" if rows > 1 else None, rows=rows, noise=noise)


@pytest.mark.parametrize(("epsilon", "rows"), [(0.3, 1), (1.0, 4), (3.0, 1)])
@pytest.mark.parametrize("mechanism", ["counts", "values"])
def test_an_honest_release_stays_below_its_claim_and_near_it(mechanism: str, epsilon: float, rows: int) -> None:
    found = MECHANISMS[mechanism](budget(epsilon, rows, Noise()))
    assert found.claim <= epsilon * (1 + 1e-6)
    assert found.bound(SURE) <= found.claim
    assert found.bound(USUAL) >= found.claim / 2


@pytest.mark.parametrize("mechanism", ["choices", "repeated counts"])
def test_an_honest_ledger_of_single_releases_stays_below_its_claim_and_near_it(mechanism: str) -> None:
    found = MECHANISMS[mechanism](budget(1.0, 2, Noise()))
    assert found.bound(SURE) <= found.claim == pytest.approx(1.0)
    assert found.bound(USUAL) >= found.claim / 2


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_half_the_noise_is_caught(mechanism: str) -> None:
    found = MECHANISMS[mechanism](budget(1.0, 1, HalfNoise()))
    assert found.bound(0.999) > found.claim


def test_a_value_of_one_unit_passes_no_oftener_than_was_charged() -> None:
    """At a delta that can be seen: five in a hundred for each value, and the count is of 20,000 values."""
    passed, delta = pairs.lone_values(lambda: Budget(1.0, 0.1, person="person", rows=3), 20_000)
    assert above(20_000 - passed, 20_000, 1e-7) > 1 - delta


def test_training_stays_below_its_claim_and_near_it() -> None:
    found = pairs.training(lambda: Budget(3.0, 1e-9, person="person", rows=2), 40_000)
    assert found.bound(SURE) <= found.claim == pytest.approx(3.0)
    assert found.bound(USUAL) >= found.claim / 2


def test_training_with_half_the_noise_is_caught() -> None:
    found = pairs.training(lambda: HalfTraining(3.0, 1e-9), 40_000)
    assert found.bound(0.999) > found.claim


# Whole fits -----------------------------------------------------------------------------------------------------------


def fit(preset: str, declared: bool) -> fits.Fit:
    """Return what fits tables/private on the tables of the audit, whose levels are declared or must be bought."""
    levels = tuple(f"l{i:02d}" for i in range(fits.LEVELS))

    def run(table: pl.DataFrame, budget: Budget) -> None:
        known = [
            Column(name, "category", "String", levels=levels, source="declared")
            if name != budget.person
            else Column(name, "id", "Int64", unique=True, source="declared")
            for name in table.columns
        ]
        schema = Schema({"table": Table(tuple(known))}) if declared else None
        Private(preset=preset).fit(table, budget=budget, schema=schema, seed=0)

    return run


def test_a_whole_fit_stays_below_its_claim_and_near_it() -> None:
    found = fits.fits(budget(1.0, 1, Noise()), fit("independent", True), 700)
    assert found.bound(SURE) <= found.claim == pytest.approx(1.0)
    assert found.bound(USUAL) >= found.claim / 2


def test_a_fit_of_persons_with_too_many_rows_stays_below_its_claim() -> None:
    """Of six rows of a person two may be used; few runs, and so less of the claim."""
    found = fits.fits(budget(1.0, 2, Noise()), fit("adaptive", True), 240)
    assert found.bound(SURE) <= found.claim == pytest.approx(1.0)
    assert found.bound(USUAL) >= found.claim * 0.2


def test_a_whole_fit_with_half_the_noise_is_caught() -> None:
    found = fits.fits(budget(1.0, 1, HalfNoise()), fit("independent", True), 600)
    assert found.bound(0.999) > found.claim


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["adaptive", "tree"])
def test_a_whole_fit_that_buys_its_domain_stays_below_its_claim_and_near_it(preset: str) -> None:
    """Slow: a hundred fits, whose votes, levels and counts are all looked at, with whole and with half the noise."""
    for noise in (Noise(), HalfNoise()):
        found = fits.fits(budget(1.0, 1, noise), fit(preset, False), 1400)
        if isinstance(noise, HalfNoise):
            assert found.bound(0.999) > found.claim
        else:
            assert found.bound(SURE) <= found.claim
            assert found.bound(USUAL) >= found.claim / 2


# The findings ---------------------------------------------------------------------------------------------------------


def ledger(noise: Noise) -> Budget:
    out = Budget(1.0, 1e-9, person="person", rows=2, noise=noise)
    out.set_aside(1e-10)
    out.threshold({"a": 4, "b": 3}, rho=out.rho / 4, delta=1e-10, what="levels")
    out.choose([1, 2, 3], rho=out.rho / 4, what="choice")
    out.gaussian([1, 2, 3], rho=out.rho_left, what="counts", sensitivity=math.sqrt(3))
    out.close()
    return out


def test_a_ledger_is_audited_beside_its_claim() -> None:
    (found,) = lower_bounds(ledger(Noise()))
    assert found.verdict == "ok" and found.limit == 1.0
    assert found.value is not None and 0.25 < found.value <= 1.0


def test_the_audit_fails_a_ledger_whose_noise_is_half_of_what_it_says() -> None:
    (found,) = lower_bounds(ledger(Noise()), noise=HalfNoise())
    assert found.verdict == "fail" and found.value is not None and found.value > 1.0


def test_seeded_noise_is_not_audited() -> None:
    (found,) = lower_bounds(ledger(UnsafeNoise(1)))
    assert found.verdict == "unknown" and "seeded" in found.sentence
