"""Budget: the ledger of differential privacy. Spend first, touch data after; refuse before, not after."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from simulacra.core import accountant
from simulacra.core.accountant import GAUSSIAN, SGD
from simulacra.core.errors import BudgetError
from simulacra.core.noise import Noise, UnsafeNoise, scale_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

CHOICE = "exponential mechanism"
NOT_PRIVATE = "NOT PRIVATE"
CLOSE = 1e-6
"""Relative difference up to which the total and the claim count as equal."""
MOST = 2**40
"""Largest count that may be released: with its grain it stays far below the largest 64-bit number."""

Value = TypeVar("Value", str, int, float, bool)


@dataclass(frozen=True)
class Release:
    """One entry of the ledger.

    what: in words. mechanism: GAUSSIAN, CHOICE or SGD. rho: its cost in zCDP, 0 for SGD. delta: what a threshold adds.
    sensitivity: by one unit of privacy, L2 of counts, largest change of a score. scale: of the noise, in counts or
    scores; for SGD the noise multiplier. cells: numbers released. rate, steps: of SGD.
    """

    what: str
    mechanism: str
    rho: float
    delta: float
    sensitivity: float
    scale: float
    cells: int = 1
    rate: float = 0.0
    steps: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(eq=False)
class Budget:
    """A total (epsilon, delta) for one unit of privacy, and every release charged to it.

    epsilon: > 0. delta: 0..1, well below one in the number of units. person: the column whose value says whose row it
    is, None when every row is a unit of its own. rows: most rows of one unit that are used, >= 1; sensitivities grow
    with it. Neighbouring tables differ by adding or removing one unit. public: sentences about what is taken as known
    to everyone. noise: where randomness comes from; UnsafeNoise(seed) is for tests and marks everything NOT PRIVATE.
    Costs are added in zCDP; Gaussians alone are accounted exactly. Raises BudgetError for values out of range.
    Reference: Bun and Steinke (2016), Concentrated differential privacy.
    """

    epsilon: float
    delta: float
    person: str | None = None
    rows: int = 1
    public: list[str] = field(default_factory=list)
    noise: Noise = field(default_factory=Noise, repr=False)
    entries: list[Release] = field(default_factory=list)
    closed: bool = False

    def __post_init__(self) -> None:
        if not (_number(self.epsilon) and 0 < self.epsilon < math.inf):
            raise BudgetError(f"epsilon must be a positive number, got {self.epsilon!r}; 1 is a usual choice")
        if self.delta is None:
            raise BudgetError("delta is missing; give a number far below one in the number of persons, such as 1e-9")
        if not (_number(self.delta) and 0 < self.delta < 1):
            raise BudgetError(
                f"delta must be between 0 and 1, far below one in the number of persons, got {self.delta!r}"
            )
        if isinstance(self.rows, bool) or not isinstance(self.rows, int) or self.rows < 1:
            raise BudgetError(f"rows of one person must be a whole number, at least 1, got {self.rows!r}")
        if self.person is None and self.rows != 1:
            raise BudgetError("more than one row a person needs the column that names the person; give it as person")
        self._aside = 0.0
        self._exact = False

    # What it is -----------------------------------------------------------------------------------------------------

    @property
    def private(self) -> bool:
        """Return whether the noise is safe: False for seeded noise, which marks its output NOT PRIVATE."""
        return self.noise.private

    @property
    def unit(self) -> str:
        """Return the unit of privacy in words."""
        if self.person is None:
            return "one row"
        most = "one is" if self.rows == 1 else f"{self.rows} are"
        return f"all rows of one {self.person!r}, of which at most {most} used"

    @property
    def neighbours(self) -> str:
        """Return the neighbour relation in words."""
        return "adding or removing " + ("one row" if self.person is None else f"all rows of one {self.person!r}")

    @property
    def claim(self) -> str:
        """Return the claim in one sentence."""
        text = (
            f"({self.epsilon:g}, {self.delta:g})-differential privacy for {self.unit}, where neighbouring tables "
            f"differ by {self.neighbours}"
        )
        return text if self.private else f"{NOT_PRIVATE}: the noise was seeded, for tests. It would have been {text}"

    @property
    def rho(self) -> float:
        """Return the whole budget in zCDP."""
        delta = self.delta - self._aside
        if self._exact:
            return accountant.mu_of(self.epsilon, delta) ** 2 / 2
        return accountant.rho_of(self.epsilon, delta)

    @property
    def rho_left(self) -> float:
        """Return what is left in zCDP; 0 once training on samples took the rest."""
        if any(e.mechanism == SGD for e in self.entries):
            return 0.0
        return max(0.0, self.rho - math.fsum(e.rho for e in self.entries))

    @property
    def spent(self) -> tuple[float, float]:
        """Return (epsilon, delta) of all entries together."""
        if not self.entries:
            return 0.0, 0.0
        kept = self.delta - self._aside
        return accountant.total(self.entries, kept, exact=self._exact), kept + math.fsum(e.delta for e in self.entries)

    # Before the first release ---------------------------------------------------------------------------------------

    def set_aside(self, delta: float) -> None:
        """Keep a part of delta for thresholds. Raises BudgetError after the first release."""
        self._fresh("setting delta aside")
        if not 0 <= delta < self.delta:
            raise BudgetError(f"what is set aside must be less than delta = {self.delta:g}, got {delta!r}")
        self._aside = float(delta)

    def gaussian_only(self) -> None:
        """Promise that only Gaussian releases follow: they are accounted exactly, so that rho grows."""
        self._fresh("the promise of Gaussian releases alone")
        self._exact = True

    # Releases -------------------------------------------------------------------------------------------------------

    def spend(
        self, rho: float, what: str, *, mechanism: str, sensitivity: float, scale: float, delta: float = 0.0
    ) -> Release:
        """Charge a release before it happens. Raises BudgetError when it does not fit, or the ledger is closed."""
        self._open(what)
        if not (_number(rho) and 0 < rho < math.inf):
            raise BudgetError(f"{what}: rho must be a positive number, got {rho!r}")
        if self._exact and mechanism != GAUSSIAN:
            raise BudgetError(f"{what}: {mechanism} after the promise of Gaussian releases alone")
        if rho > self.rho_left + 1e-9 * self.rho:
            raise BudgetError(
                f"{what}: needs rho {rho:.4g}, but {self.rho_left:.4g} of {self.rho:.4g} are left of epsilon "
                f"{self.epsilon:g} at delta {self.delta:g}; release less, or raise the budget"
            )
        left = self._aside - math.fsum(e.delta for e in self.entries)
        if not 0 <= delta <= left * (1 + 1e-9):
            raise BudgetError(f"{what}: needs delta {delta:g}, but {max(0.0, left):g} is set aside for thresholds")
        self.noise.ready()
        entry = Release(what, mechanism, float(rho), float(delta), float(sensitivity), float(scale))
        self.entries.append(entry)
        return entry

    def gaussian(
        self, counts: Any, *, rho: float, what: str, sensitivity: float = 1.0, delta: float = 0.0
    ) -> npt.NDArray[np.int64]:
        """Return whole counts with exact Gaussian noise, charged first.

        counts: (cells,) whole numbers, or a function that counts once the charge is made. sensitivity: L2 change by
        one row; that of a unit is `rows` times as much. Raises BudgetError, MissingExtra.
        """
        change = self._change(sensitivity, what)
        scale = scale_of(change, rho) if _number(rho) and rho > 0 else math.nan
        self.spend(rho, what, mechanism=GAUSSIAN, sensitivity=change, scale=scale, delta=delta)
        known = _whole(counts, what)
        self._sized(len(known))
        return self.noise.gaussian(known, scale, change)

    def choose(self, scores: Any, *, rho: float, what: str, sensitivity: int = 1) -> int:
        """Return the index of the largest of whole-number scores by the exponential mechanism, charged first.

        scores: (candidates,) or a function that scores once the charge is made. sensitivity: largest change of any
        score by one row, whole. rho: its cost, epsilon^2 / 8 of the mechanism. Raises BudgetError, MissingExtra.
        """
        if isinstance(sensitivity, bool) or not isinstance(sensitivity, int):
            raise BudgetError(f"{what}: the sensitivity of scores must be a whole number, got {sensitivity!r}")
        change = int(self._change(sensitivity, what))
        scale = scale_of(change, rho) if _number(rho) and rho > 0 else math.nan
        self.spend(rho, what, mechanism=CHOICE, sensitivity=change, scale=scale)
        known = _whole(scores, what)
        if len(known) == 0:
            raise BudgetError(f"{what}: there is nothing to choose from")
        self._sized(len(known))
        return self.noise.largest(known, scale, change)

    def threshold(
        self,
        counts: Mapping[Value, int] | Callable[[], Mapping[Value, int]],
        *,
        rho: float,
        delta: float,
        what: str,
        most: int = 1,
    ) -> dict[Value, int]:
        """Return the values that so many rows have that their noisy count passes a threshold, with that count.

        counts: rows of each value that occurs, or a function. most: values that one row can have. A value that only
        one unit has passes with probability `delta` at most, which must have been set aside. The order of the result
        is that of the values. Reference: Korolova et al. (2009); Desfontaines et al. (2022), partition selection.
        """
        if not (_number(delta) and 0 < delta < 1):
            raise BudgetError(f"{what}: partition selection needs a delta between 0 and 1, got {delta!r}")
        known: Mapping[Value, int] = {}

        def values() -> list[int]:
            nonlocal known
            known = counts() if callable(counts) else counts
            known = {v: known[v] for v in sorted(known, key=lambda v: (str(type(v)), v))}
            return list(known.values())

        noisy = self.gaussian(values, rho=rho, what=what, sensitivity=math.sqrt(most), delta=delta)
        # One unit alone has at most `most * rows` values, each in at most `rows` rows.
        unlikely = min(0.5, delta / (most * self.rows))
        least = self.rows + math.ceil(self.entries[-1].scale * accountant.tail(unlikely)) + 1
        # How many values were looked at is not released.
        self._sized(0)
        return {v: int(c) for v, c in zip(known, noisy, strict=True) if c >= least}

    def train(self, *, rate: float, steps: int, what: str) -> float:
        """Charge all that is left to training on Poisson samples; return the noise multiplier it needs.

        rate: chance of a unit to be in a step, 0..1, independent of the other units. steps: updates. The noise of a
        step has the returned multiple of the norm to which one unit's part is clipped. Raises BudgetError.
        Reference: Abadi et al. (2016), Deep learning with differential privacy.
        """
        self._open(what)
        if self._exact or not (_number(rate) and 0 < rate <= 1) or isinstance(steps, bool) or steps < 1:
            raise BudgetError(f"{what}: cannot train with rate {rate!r} for {steps!r} steps under this budget")
        try:
            sigma = accountant.sigma_of_sgd(rate, steps, self.epsilon, self.delta - self._aside, self.entries)
        except ValueError as error:
            raise BudgetError(f"{what}: {error}; release less before it, or raise the budget") from error
        self.entries.append(Release(what, SGD, 0.0, 0.0, 1.0, sigma, 0, float(rate), int(steps)))
        return sigma

    def close(self) -> None:
        """Seal the ledger. Raises BudgetError when what was spent is not what is claimed."""
        epsilon, delta = self.spent
        if abs(epsilon - self.epsilon) > CLOSE * self.epsilon or delta > self.delta * (1 + CLOSE):
            raise BudgetError(
                f"the ledger sums to epsilon {epsilon:.6g}, delta {delta:.3g}, and the claim is {self.epsilon:g}, "
                f"{self.delta:g}; nothing may be released"
            )
        self.closed = True

    # Plain values ---------------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the ledger as plain values."""
        epsilon, delta = self.spent
        return {
            "private": self.private,
            "claim": self.claim,
            "epsilon": self.epsilon,
            "delta": self.delta,
            "set_aside": self._aside,
            "gaussian_only": self._exact,
            "person": self.person,
            "rows": self.rows,
            "unit": self.unit,
            "neighbours": self.neighbours,
            "public": list(self.public),
            "spent": {"epsilon": epsilon, "delta": delta},
            "closed": self.closed,
            "entries": [e.to_dict() for e in self.entries],
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Budget:
        """Read a ledger that `to_dict` wrote; it is sealed. Raises BudgetError for a damaged one."""
        try:
            noise = Noise() if value["private"] else UnsafeNoise(0)
            entries = [Release(**e) for e in value["entries"]]
            given = {k: value[k] for k in ("epsilon", "delta", "person", "rows")}
            out = cls(**given, public=list(value["public"]), noise=noise, entries=entries)
            out._aside, out._exact = float(value["set_aside"]), bool(value["gaussian_only"])
        except (KeyError, TypeError, ValueError) as error:
            raise BudgetError(
                f"the ledger is damaged ({type(error).__name__}: {error}); make the data again"
            ) from error
        out.closed = True
        return out

    # Helpers --------------------------------------------------------------------------------------------------------

    def _change(self, sensitivity: float, what: str) -> float:
        if not (_number(sensitivity) and 0 < sensitivity < math.inf):
            raise BudgetError(f"{what}: the sensitivity must be a positive number, got {sensitivity!r}")
        return self.rows * float(sensitivity)

    def _sized(self, cells: int) -> None:
        from dataclasses import replace

        self.entries[-1] = replace(self.entries[-1], cells=cells)

    def _fresh(self, what: str) -> None:
        if self.entries or self.closed:
            raise BudgetError(f"{what} comes before the first release")

    def _open(self, what: str) -> None:
        if self.closed:
            raise BudgetError(f"{what}: the ledger is closed; a further release needs a budget of its own")


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(counts: Any, what: str) -> npt.NDArray[np.int64]:
    """Return counts as 64-bit whole numbers; anything else is refused, because rounding would void the sensitivity."""
    import numpy as np

    known = np.asarray(counts() if callable(counts) else counts)
    if known.size and (known.dtype.kind not in "iu" or known.ndim != 1):
        raise BudgetError(f"{what}: only a row of whole numbers can be released, got {known.ndim}-d {known.dtype}")
    if known.size and (int(known.max()) > MOST or int(known.min()) < -MOST):
        raise BudgetError(f"{what}: counts must lie within -2^40 and 2^40")
    return known.astype(np.int64)
