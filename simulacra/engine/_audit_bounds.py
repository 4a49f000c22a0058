"""Lower bounds of epsilon from the errors of a test that tells two tables apart.

A mechanism that keeps its claim limits how well any test of its output can tell two tables. Each bound here is the
smallest claim of one form that the errors counted do not refute; none of them assumes that the claim is true.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulacra.core import accountant

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

GDP, ZCDP = "Gaussian", "zero-concentrated"
"""The two forms of a claim that add up over the units of a group: mu by its size, rho by its square."""
ORDERS = (1.0, 1.02, 1.05, 1.1, 1.2, 1.35, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0, 20.0)


@dataclass(frozen=True)
class Errors:
    """What a test of two tables got wrong.

    alarms: of `without` runs on the smaller table those that were taken for the larger one. misses: of `within` runs
    on the larger table those that were not.
    """

    alarms: int
    without: int
    misses: int
    within: int

    @classmethod
    def of(
        cls, without: npt.NDArray[np.floating[Any]], within: npt.NDArray[np.floating[Any]], *, tuned: bool = False
    ) -> Errors:
        """Count the errors of "the larger table, if the log-likelihood ratio is above 0".

        tuned: the limit that tells the first third of the runs best takes the place of 0, and these are not counted:
        where the noise is not what it should be, ratios by the noise that was claimed are off.
        """
        limit = 0.0
        if tuned:
            first, second = len(without) // 3, len(within) // 3
            limit = _best_limit(without[:first], within[:second])
            without, within = without[first:], within[second:]
        return cls(int((without > limit).sum()), len(without), int((within <= limit).sum()), len(within))

    def upper(self, confidence: float) -> tuple[float, float]:
        """Return bounds that the two rates of error both stay below at this confidence."""
        share = (1 - confidence) / 2
        return above(self.alarms, self.without, share), above(self.misses, self.within, share)


def _best_limit(without: npt.NDArray[Any], within: npt.NDArray[Any]) -> float:
    """Return the limit with the fewest errors of both kinds together."""
    import numpy as np

    limits = np.quantile(np.concatenate([without, within]), np.linspace(0.01, 0.99, 99))
    errors = [(without > x).mean() + (within <= x).mean() for x in limits]
    return float(limits[int(np.argmin(errors))])


def above(hits: int, runs: int, error: float) -> float:
    """Return the upper end of the exact one-sided interval of a rate. Reference: Clopper and Pearson (1934)."""
    from scipy.stats import beta

    return 1.0 if hits >= runs else float(beta.ppf(1 - error, hits + 1, runs - hits))


def mu_bound(errors: Errors, confidence: float, units: int = 1) -> float:
    """Return the smallest mu of Gaussian differential privacy that the errors leave possible.

    units: how many units the larger table has more than the smaller one; mu of so many is `units` times mu of one.
    Reference: Dong, Roth and Su (2022), Gaussian differential privacy; arXiv 2604.18352.
    """
    from scipy.special import ndtri

    alarms, misses = errors.upper(confidence)
    return max(0.0, -float(ndtri(alarms)) - float(ndtri(misses))) / units


def rho_bound(errors: Errors, confidence: float, units: int = 1) -> float:
    """Return the smallest rho of zero-concentrated differential privacy that the errors leave possible.

    What a test says has at most the Renyi divergences of what it looked at, and those of rho are at most order * rho.
    units: as in `mu_bound`; rho of so many is `units` squared times rho of one. Reference: Bun and Steinke (2016).
    """
    alarms, misses = errors.upper(confidence)
    if alarms + misses >= 1:
        return 0.0
    found = (renyi(order, *pair) / order for order in ORDERS for pair in ((1 - misses, alarms), (1 - alarms, misses)))
    return max(found) / units**2


def renyi(order: float, p: float, q: float) -> float:
    """Return the Renyi divergence of two coins that fall heads with chances p >= q > 0."""
    if order == 1:
        tails = (1 - p) * math.log((1 - p) / (1 - q)) if p < 1 else 0.0
        return p * math.log(p / q) + tails
    logs = [order * math.log(a) + (1 - order) * math.log(b) for a, b in ((p, q), (1 - p, 1 - q)) if a > 0]
    top = max(logs)
    return (top + math.log(math.fsum(math.exp(x - top) for x in logs))) / (order - 1)


def epsilon_bound(form: str, errors: Errors, delta: float, confidence: float, units: int = 1) -> float:
    """Return the smallest epsilon at delta of any claim of one form, GDP or ZCDP, that the errors do not refute."""
    if form == GDP:
        return accountant.epsilon_of_mu(mu_bound(errors, confidence, units), delta)
    return accountant.epsilon_of(rho_bound(errors, confidence, units), delta)


def training_bound(errors: Errors, rate: float, steps: int, delta: float, confidence: float) -> float:
    """Return the smallest epsilon at delta of any noise for training on Poisson samples that the errors do not refute.

    rate, steps: of the training. The Renyi curve of the training bounds the divergences of what a test says of it.
    """
    alarms, misses = errors.upper(confidence)
    if alarms + misses >= 1:
        return 0.0
    orders = [1 + i / 4 for i in range(1, 12)] + [4.0, 5.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0]
    seen = [(a, max(renyi(a, 1 - misses, alarms), renyi(a, 1 - alarms, misses))) for a in orders]

    def refuted(sigma: float) -> bool:
        return any(accountant.renyi_of_sgd(rate, sigma, steps, order) < found for order, found in seen)

    low, high = 1e-2, 1e4
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if refuted(middle) else (middle, high)
    return accountant.epsilon_of_curve(lambda order: accountant.renyi_of_sgd(rate, high, steps, order), delta)
