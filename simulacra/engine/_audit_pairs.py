"""Pairs of tables that a mechanism finds hardest to keep apart, and how often the best test of its output does.

Each function releases from a table and from the same table with `units` more units of privacy, many times, through
the ledger itself, and looks at everything that was released. Several units are added because a claim about one unit is
a claim about any number of them, and with several the same runs say more. Given as `make`: a function that returns a
fresh Budget; a test gives one with too little noise, which must be caught.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulacra.core.accountant import GAUSSIAN, SGD
from simulacra.engine._audit_bounds import GDP, ZCDP, Errors, epsilon_bound, training_bound

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from simulacra.core.budget import Budget
    from simulacra.core.noise import Noise

Make = Callable[[], "Budget"]

APART = {GDP: 3.0, ZCDP: 2.0}
"""How far the units added move what is released, in deviations of its noise: there the bounds are tightest."""


@dataclass(frozen=True)
class Outcome:
    """A mechanism on its worst pair.

    claim: epsilon of the ledger. form: of the claim that is refuted or not (GDP, ZCDP, SGD). units: how many were
    added. rate, steps: of training.
    """

    mechanism: str
    form: str
    errors: Errors
    claim: float
    delta: float
    units: int = 1
    rate: float = 0.0
    steps: int = 0

    def bound(self, confidence: float) -> float:
        """Return the smallest epsilon at the ledger's delta that the runs leave possible."""
        if self.form == SGD:
            return training_bound(self.errors, self.rate, self.steps, self.delta, confidence)
        return epsilon_bound(self.form, self.errors, self.delta, confidence, self.units)


def units_for(form: str, rho: float) -> int:
    """Return how many units to add where one costs rho."""
    return max(1, round(APART[form] / math.sqrt(2 * rho)))


def ratios(noisy: npt.NDArray[Any], base: float, change: float, scale: float) -> npt.NDArray[np.float64]:
    """Return the logarithms of how much likelier base + change is than base, for noisy counts."""
    out: npt.NDArray[np.float64] = (noisy - base - change / 2) * (change / scale**2)
    return out


def counts(make: Make, runs: int) -> Outcome:
    """Release counts that differ by all rows of the units added; each of `runs` cells is a run with its own noise."""
    import numpy as np

    seen, units = [], 0
    for within in (False, True):
        budget = make()
        budget.gaussian_only()
        units = units_for(GDP, budget.rho)
        change = units * budget.rows
        noisy = budget.gaussian(np.full(runs, change if within else 0), rho=budget.rho, what="counts")
        seen.append(ratios(noisy, 0, change, budget.entries[-1].scale))
        budget.close()
    return Outcome("counts", GDP, Errors.of(*seen), budget.spent[0], budget.spent[1], units)


def releases(make: Make, runs: int, parts: int = 5) -> Outcome:
    """Release one count `parts` times under one ledger, `runs` ledgers; the test adds up what they tell."""
    import numpy as np

    seen: list[list[float]] = [[], []]
    units = 0
    for within in (False, True):
        for _ in range(runs):
            budget = make()
            units = units_for(ZCDP, budget.rho)
            change, total, share = units * budget.rows, 0.0, budget.rho / parts
            for i in range(parts):
                noisy = budget.gaussian(np.array([change if within else 0]), rho=share, what=f"count {i}")
                total += float(ratios(noisy, 0, change, budget.entries[-1].scale)[0])
            seen[within].append(total)
    budget.close()
    return Outcome("repeated counts", ZCDP, Errors.of(*map(np.array, seen)), *budget.spent, units)


def choices(make: Make, runs: int) -> Outcome:
    """Choose between two candidates whose scores the units added move as far as they may, in opposite directions."""
    import numpy as np

    seen: list[list[float]] = [[], []]
    units = 0
    for within in (False, True):
        for _ in range(runs):
            budget = make()
            units = units_for(ZCDP, budget.rho)
            change = units * budget.rows
            scores = np.array([0, change] if within else [change, 0])
            seen[within].append(budget.choose(scores, rho=budget.rho, what="choice") - 0.5)
    budget.close()
    return Outcome("choices", ZCDP, Errors.of(*map(np.array, seen)), *budget.spent, units)


def values(make: Make, runs: int) -> Outcome:
    """Select values that many units have, so that all pass, and look at the counts that come with them."""
    import numpy as np

    seen, units = [], 0
    for within in (False, True):
        budget = make()
        budget.set_aside(budget.delta / 2)
        units = units_for(ZCDP, budget.rho)
        change, aside = units * budget.rows, budget.delta / 2
        base = 200 * (change + budget.rows)
        table = dict.fromkeys(range(runs), base + (change if within else 0))
        kept = budget.threshold(table, rho=budget.rho, delta=aside, what="values")
        # A value that is lost is told by its absence: the larger table has more of it.
        noisy = np.array([kept.get(value, 0) for value in table])
        seen.append(ratios(noisy, base, change, budget.entries[-1].scale))
        budget.close()
    kept_delta = budget.delta - aside
    return Outcome("values", ZCDP, Errors.of(*seen), budget.spent[0], kept_delta, units)


def lone_values(make: Make, runs: int) -> tuple[int, float]:
    """Return how many of `runs` values that one unit alone has were let through, and the delta charged for each."""
    budget = make()
    aside = budget.delta / 2
    budget.set_aside(aside)
    table = dict.fromkeys(range(runs), budget.rows)
    return len(budget.threshold(table, rho=budget.rho, delta=aside, what="values")), aside


def replay(ledger: Budget, noise: Noise, runs: int) -> Outcome:
    """Release once more what a ledger holds, training apart, from tables that each release finds hardest to keep apart.

    Every release goes as far as its sensitivity lets it; the test adds up what they all tell.
    """
    import numpy as np

    entries = [e for e in ledger.entries if e.mechanism != SGD]
    facts = ledger.to_dict()
    exact = facts["gaussian_only"] and all(e.mechanism == GAUSSIAN for e in entries)
    form = GDP if exact else ZCDP
    units = units_for(form, math.fsum(e.rho for e in entries))
    told = np.zeros((2, runs))
    for within in (0, 1):
        budget = _again(ledger, noise)
        for e in entries:
            change = max(1, int(units * e.sensitivity))
            if e.mechanism == GAUSSIAN:
                known, share = np.full(runs, change if within else 0), e.sensitivity / ledger.rows
                noisy = budget.gaussian(known, rho=e.rho, what=e.what, sensitivity=share, delta=e.delta)
                told[within] += ratios(noisy, 0, change, e.scale)
            else:
                scores = np.array([0, change] if within else [change, 0])
                picked = [noise.largest(scores, e.scale, int(e.sensitivity)) for _ in range(runs)]
                told[within] += (2 * np.array(picked) - 1) * (change / e.scale)
    delta = ledger.delta - facts["set_aside"]
    return Outcome("releases", form, Errors.of(*told), ledger.epsilon, delta, units)


def _again(ledger: Budget, noise: Noise) -> Budget:
    """Return a fresh budget of the same claim."""
    facts = ledger.to_dict()
    out = type(ledger)(ledger.epsilon, ledger.delta, person=ledger.person, rows=ledger.rows, noise=noise)
    if facts["set_aside"]:
        out.set_aside(facts["set_aside"])
    if facts["gaussian_only"]:
        out.gaussian_only()
    return out


def training(make: Make, runs: int, *, rate: float = 0.5, steps: int = 20) -> Outcome:
    """Charge a training to a fresh budget and train canaries with the noise it gives; see `canaries`."""
    budget = make()
    sigma = budget.train(rate=rate, steps=steps, what="training")
    claimed = budget.entries[-1].scale
    errors = canaries(runs, sigma, claimed, rate=rate, steps=steps, rows=budget.rows, seed=budget.noise.seed)
    budget.close()
    return Outcome("training", SGD, errors, *budget.spent, rate=rate, steps=steps)


def canaries(
    runs: int, sigma: float, claimed: float, *, rate: float, steps: int, rows: int, seed: Callable[[], int]
) -> Errors:
    """Train with canaries that each move a weight of their own as far as clipping lets them; half of `runs` are in.

    What is looked at are all weights after every step. sigma: noise of the steps; claimed: what it ought to be. rows:
    of each unit. Reference: Nasr et al. (2021), Adversary instantiation; Steinke, Nasr and Jagielski (2023), Privacy
    auditing with one training run.
    """
    import numpy as np
    import torch

    from simulacra.parts.private_steps import PrivateSteps

    within = runs // 2
    lot = rate * within
    owners = np.repeat(np.arange(within), rows)
    clipped = functools.partial(PrivateSteps, clip=1.0, lot=lot, units=owners, most=rows)
    private = clipped(rate=rate, steps=steps, sigma=sigma, seed=seed, device="cpu")
    private.chunk = runs
    network = torch.nn.Embedding(runs, 1)
    torch.nn.init.zeros_(network.weight)
    private.watch({"network": network}, torch.optim.SGD(network.parameters(), lr=1.0))
    places = torch.from_numpy(owners)

    def losses(taken: torch.Tensor) -> torch.Tensor:
        # A slope of a thousand: clipping decides how far a row moves its weight.
        moved: torch.Tensor = network(places[taken])[:, 0]
        return -1000 * moved

    told, before = np.zeros(runs), np.zeros(runs)
    for _ in range(steps):
        private.update(losses, private.rows())
        after = network.weight.detach().numpy()[:, 0].astype(np.float64)
        told += _step_ratios((after - before) * lot, rate, claimed)
        before = after
    private.close({"network": network})
    return Errors.of(told[within:], told[:within], tuned=True)


def _step_ratios(moved: npt.NDArray[Any], rate: float, sigma: float) -> npt.NDArray[np.float64]:
    """Return the log-likelihood ratios of one step: in the sample with chance `rate`, moved by 1, or not at all."""
    import numpy as np

    inside = np.log(rate) + (moved - 0.5) / sigma**2
    out: npt.NDArray[np.float64] = np.logaddexp(np.log1p(-rate) if rate < 1 else -np.inf, inside)
    return out
