"""Budget: the ledger of differential privacy. Spend first, touch data after; refuse before, not after."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from simulacra.core.errors import BudgetError, need


@dataclass(frozen=True)
class Release:
    """One entry of the ledger: what was released, at which cost, with which sensitivity."""

    what: str
    epsilon: float
    delta: float
    sensitivity: float


@dataclass
class Budget:
    """A total (epsilon, delta) for one unit of privacy, and every release charged to it.

    epsilon: > 0. delta: 0..1, exclusive of 1. unit: what one neighbour differs in, e.g. "one row" or "all rows of one
    user_id". Costs add up (basic composition, Dwork et al. 2006), which never understates what was spent.
    """

    epsilon: float
    delta: float = 0.0
    unit: str = "one row"
    entries: list[Release] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not (isinstance(self.epsilon, int | float) and 0 < self.epsilon < math.inf):
            raise BudgetError(f"epsilon must be a positive number, got {self.epsilon!r}")
        if not (isinstance(self.delta, int | float) and 0 <= self.delta < 1):
            raise BudgetError(f"delta must be in 0..1, got {self.delta!r}")

    @property
    def spent(self) -> tuple[float, float]:
        """Return (epsilon, delta) spent so far."""
        return math.fsum(e.epsilon for e in self.entries), math.fsum(e.delta for e in self.entries)

    @property
    def left(self) -> tuple[float, float]:
        """Return (epsilon, delta) that is left."""
        epsilon, delta = self.spent
        return max(0.0, self.epsilon - epsilon), max(0.0, self.delta - delta)

    def spend(self, cost: float, what: str, *, delta: float = 0.0, sensitivity: float = 1.0) -> Release:
        """Charge a release to the ledger before it happens. Raises BudgetError when it does not fit."""
        if not (isinstance(cost, int | float) and 0 < cost < math.inf) or not 0 <= delta < 1:
            raise BudgetError(f"{what}: a cost must be a positive number and delta in 0..1, got {cost!r}, {delta!r}")
        epsilon_left, delta_left = self.left
        slack = 1e-9 * self.epsilon
        if cost > epsilon_left + slack or delta > delta_left * (1 + 1e-9):
            raise BudgetError(
                f"{what}: needs epsilon {cost:g}, delta {delta:g}, but {epsilon_left:g}, {delta_left:g} of "
                f"{self.epsilon:g}, {self.delta:g} are left; release less or raise the budget"
            )
        entry = Release(what, float(cost), float(delta), float(sensitivity))
        self.entries.append(entry)
        return entry

    def release(self, counts: Sequence[int], *, cost: float, sensitivity: int = 1, what: str) -> list[int]:
        """Return whole counts with exact discrete Laplace noise of scale sensitivity / cost, charged first.

        counts: whole numbers; sensitivity: largest L1 change by one unit of privacy. The noise comes from the system's
        randomness inside opendp and is never seeded or stored. Raises BudgetError, MissingExtra.
        Reference: Ghosh, Roughgarden and Sundararajan (2009); Canonne, Kamath and Steinke (2020).
        """
        dp = need("opendp.prelude", "privacy", "a private release")
        if isinstance(sensitivity, bool) or not isinstance(sensitivity, int) or sensitivity < 1:
            raise BudgetError(f"{what}: sensitivity must be a whole number, at least 1, got {sensitivity!r}")
        self.spend(cost, what, sensitivity=sensitivity)
        dp.enable_features("contrib")
        space = dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int)
        noisy: list[int] = dp.m.make_laplace(*space, scale=sensitivity / cost)([int(c) for c in counts])
        return noisy

    def to_dict(self) -> dict[str, Any]:
        """Return the ledger as plain values."""
        epsilon, delta = self.spent
        entries = [
            {"what": e.what, "epsilon": e.epsilon, "delta": e.delta, "sensitivity": e.sensitivity} for e in self.entries
        ]
        return {
            "epsilon": self.epsilon,
            "delta": self.delta,
            "unit": self.unit,
            "spent": {"epsilon": epsilon, "delta": delta},
            "entries": entries,
        }
