"""Accountant: what mechanisms of differential privacy cost together, as plain mathematics.

Three scales: rho of zero-concentrated differential privacy (zCDP), which adds up; mu of Gaussian differential privacy,
exact where every mechanism is a Gaussian (mu^2 = 2 rho adds up); Renyi curves, for training on Poisson samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import cache
from typing import Protocol

ORDERS: tuple[float, ...] = (*(1 + i / 20 for i in range(1, 60)), *range(4, 65), *(2**i for i in range(7, 15)))
"""Renyi orders at which a curve is turned into (epsilon, delta)."""

GAUSSIAN = "discrete Gaussian"
SGD = "Poisson-subsampled Gaussian"


class Entry(Protocol):
    """What the accountant reads of a release."""

    @property
    def mechanism(self) -> str: ...
    @property
    def rho(self) -> float: ...
    @property
    def rate(self) -> float: ...
    @property
    def steps(self) -> int: ...
    @property
    def scale(self) -> float: ...


# zCDP ---------------------------------------------------------------------------------------------------------------


def delta_of(rho: float, epsilon: float) -> float:
    """Return the smallest delta known for a rho-zCDP mechanism at epsilon, by the best Renyi order.

    Reference: Canonne, Kamath and Steinke (2020), The discrete Gaussian for differential privacy, proposition 12.
    """
    if rho == 0:
        return 0.0
    low, high = 1.0 + 1e-12, 2.0
    while _slope(high, rho, epsilon) < 0:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if _slope(middle, rho, epsilon) < 0 else (low, middle)
    return min(1.0, math.exp(_log_delta(high, rho, epsilon)))


def _log_delta(order: float, rho: float, epsilon: float) -> float:
    return (order - 1) * (order * rho - epsilon) - math.log(order - 1) + order * math.log1p(-1 / order)


def _slope(order: float, rho: float, epsilon: float) -> float:
    """Return the derivative of `_log_delta` by the order; it rises, so its root is the minimum."""
    return (2 * order - 1) * rho - epsilon + math.log1p(-1 / order)


def epsilon_of(rho: float, delta: float) -> float:
    """Return the smallest epsilon known for a rho-zCDP mechanism at delta."""
    return 0.0 if rho == 0 else _crossing(lambda epsilon: delta_of(rho, epsilon) <= delta, upward=True)


@cache
def rho_of(epsilon: float, delta: float) -> float:
    """Return the largest rho such that rho-zCDP implies (epsilon, delta)."""
    return _crossing(lambda rho: delta_of(rho, epsilon) <= delta, upward=False)


# Gaussian differential privacy --------------------------------------------------------------------------------------


def delta_of_mu(mu: float, epsilon: float) -> float:
    """Return the exact delta of mu-GDP at epsilon. Reference: Balle and Wang (2018), theorem 8; Dong et al. (2022)."""
    if mu == 0:
        return 0.0
    first, second = _log_normal(mu / 2 - epsilon / mu), _log_normal(-mu / 2 - epsilon / mu) + epsilon
    return 0.0 if second >= first else -math.exp(first) * math.expm1(second - first)


def epsilon_of_mu(mu: float, delta: float) -> float:
    """Return the exact epsilon of mu-GDP at delta."""
    if mu == 0 or delta_of_mu(mu, 0.0) <= delta:
        return 0.0
    return _crossing(lambda epsilon: delta_of_mu(mu, epsilon) <= delta, upward=True)


@cache
def mu_of(epsilon: float, delta: float) -> float:
    """Return the largest mu such that mu-GDP implies (epsilon, delta)."""
    return _crossing(lambda mu: delta_of_mu(mu, epsilon) <= delta, upward=False)


def _log_normal(x: float) -> float:
    """Return the logarithm of the standard normal distribution function; far out by its asymptotic series."""
    if x > -30:
        return math.log(math.erfc(-x / math.sqrt(2)) / 2)
    square = x * x
    series = 1 - 1 / square + 3 / square**2 - 15 / square**3
    return -square / 2 - math.log(-x * math.sqrt(2 * math.pi)) + math.log(series)


def tail(probability: float) -> float:
    """Return the x that a standard normal variable exceeds with this probability, 0 < probability <= 0.5."""
    return _crossing(lambda x: _log_normal(-x) <= math.log(probability), upward=True)


# Renyi curves -------------------------------------------------------------------------------------------------------


def renyi_of_sgd(rate: float, sigma: float, steps: int, order: float) -> float:
    """Return the Renyi divergence of training on Poisson samples with Gaussian noise.

    rate: chance of a unit to be in a step, 0..1. sigma: noise divided by the clipping norm. order: > 1; between whole
    numbers the bound follows from the convexity of the cumulant.
    Reference: Mironov, Talwar and Zhang (2019), Renyi differential privacy of the sampled Gaussian mechanism.
    """
    if rate == 0:
        return 0.0
    if rate == 1:
        return steps * order / (2 * sigma * sigma)
    low = math.floor(order)
    share = order - low
    cumulant = (1 - share) * _cumulant(rate, sigma, low)
    if share:
        cumulant += share * _cumulant(rate, sigma, low + 1)
    return steps * cumulant / (order - 1)


def _cumulant(rate: float, sigma: float, order: int) -> float:
    """Return the log moment of the privacy loss at a whole order, 0 at order 1."""
    if order <= 1:
        return 0.0
    terms = [
        math.lgamma(order + 1) - math.lgamma(k + 1) - math.lgamma(order - k + 1)
        + (order - k) * math.log1p(-rate) + k * math.log(rate) + k * (k - 1) / (2 * sigma * sigma)
        for k in range(order + 1)
    ]  # fmt: skip
    top = max(terms)
    moment: float = top + math.log(math.fsum(math.exp(t - top) for t in terms))
    return moment


def epsilon_of_curve(curve: Callable[[float], float], delta: float) -> float:
    """Return the smallest epsilon over ORDERS. Reference: Canonne, Kamath and Steinke (2020), proposition 12."""
    best = math.inf
    for order in ORDERS:
        cost = curve(order)
        best = min(best, cost + math.log1p(-1 / order) - (math.log(delta) + math.log(order)) / (order - 1))
        if cost > best + 5:
            # A curve never falls, and what is taken off it is less than that: no higher order is better.
            break
    return max(0.0, best)


# All of it ----------------------------------------------------------------------------------------------------------


def total(entries: Iterable[Entry], delta: float, *, exact: bool = False) -> float:
    """Return the epsilon that releases cost together at delta (what thresholds add to delta is not in it).

    exact: it was settled beforehand that all are Gaussians, which are then accounted exactly. Otherwise zCDP, and with
    training on samples Renyi curves.
    """
    entries = list(entries)
    rho = math.fsum(e.rho for e in entries)
    training = [e for e in entries if e.mechanism == SGD]
    if training:
        return epsilon_of_curve(
            lambda order: rho * order + math.fsum(renyi_of_sgd(e.rate, e.scale, e.steps, order) for e in training),
            delta,
        )
    if exact and all(e.mechanism == GAUSSIAN for e in entries):
        return epsilon_of_mu(math.sqrt(2 * rho), delta)
    return epsilon_of(rho, delta)


def sigma_of_sgd(rate: float, steps: int, epsilon: float, delta: float, entries: Iterable[Entry] = ()) -> float:
    """Return the smallest noise multiplier with which training and the entries before it stay within (epsilon, delta).

    Raises ValueError when the entries have used up the budget.
    """
    rho = math.fsum(e.rho for e in entries)
    if epsilon_of_curve(lambda order: rho * order, delta) >= epsilon:
        raise ValueError("nothing is left for training")

    def fits(sigma: float) -> bool:
        curve = epsilon_of_curve(lambda order: rho * order + renyi_of_sgd(rate, sigma, steps, order), delta)
        return curve <= epsilon

    return _crossing(fits, upward=True, close=1e-9)


def _crossing(holds: Callable[[float], bool], *, upward: bool, close: float = 1e-13) -> float:
    """Return the point from which a condition on x > 0 holds (upward), or up to which it does, on the safe side."""
    low, high = 1e-12, 1.0
    while holds(high) != upward:
        high *= 2
    while high - low > close * high:
        middle: float = math.sqrt(low * high) if high > 2 * low else (low + high) / 2
        if middle in (low, high):
            break
        low, high = (low, middle) if holds(middle) == upward else (middle, high)
    return high if upward else low
