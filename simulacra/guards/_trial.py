"""What a trial of arms says: paired effects with simultaneous intervals, the smallest effect it could see, a verdict.

References: Nadeau & Bengio 2003 (intervals of resampled splits); Demsar 2006 (comparing learners over many data sets).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.report import Finding

if TYPE_CHECKING:
    from simulacra.guards._frames import Floats

ALPHA = 0.05
"""Chance that any verdict of a trial is other than "no evidence" when no arm differs."""
POWER = 0.80
ENOUGH = 10
"""Draws from which on the spread over draws is known well enough."""
REAL = "real"
HURTS, HELPS, NONE = "hurts", "helps", "no evidence"
ERRORS = ("Brier", "mean absolute error")
"""Measures that begin so are better when smaller."""
REFERENCE = "Nadeau & Bengio 2003, Inference for the generalization error"


@dataclass(frozen=True)
class Arm:
    """One way to train: its name, what it is, the simple arm it must beat beside "real", and whether it was chosen."""

    name: str
    what: str
    against: str = ""
    chosen: bool = False


@dataclass(frozen=True)
class Outcome:
    """All figures of a trial.

    values: arm -> measure -> (draws,). parts: arm -> measure -> (draws, groups), the figure without one group of test
    rows each, where the test rows are the same in every draw. ratio: share of the variance over draws that no number
    of draws removes, because draws have rows in common. classes: arm -> class -> measure -> mean. absent: arm -> why it
    was not run. measure: that of the verdicts. notes: what the reader must know, each a sentence.
    """

    title: str
    measure: str
    arms: tuple[Arm, ...]
    values: Mapping[str, Mapping[str, Floats]]
    parts: Mapping[str, Mapping[str, Floats]] = field(default_factory=dict)
    ratio: float = 0.0
    classes: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def run(self) -> tuple[Arm, ...]:
        """Return the arms that were run."""
        return tuple(a for a in self.arms if a.name in self.values)

    @property
    def judged(self) -> tuple[Arm, ...]:
        """Return the arms that get a verdict."""
        return tuple(a for a in self.run if a.against in self.values and REAL in self.values)

    @property
    def draws(self) -> int:
        """Return how many draws were run."""
        return len(self.values[self.run[0].name][self.measure])


@dataclass(frozen=True)
class Effect:
    """How much better an arm is than another (positive is better), its interval and what could have been seen."""

    value: float
    low: float
    high: float
    smallest: float


def effect(outcome: Outcome, arm: str, base: str, measure: str) -> Effect:
    """Return the paired effect of one arm against another, with an interval shared among the arms (Bonferroni)."""
    from scipy.stats import t

    sign = -1.0 if measure.startswith(ERRORS) else 1.0
    gap = sign * (outcome.values[arm][measure] - outcome.values[base][measure])  # (draws,)
    gap = gap[np.isfinite(gap)]
    if len(gap) < 2:
        return Effect(math.nan, math.nan, math.nan, math.nan)
    variance, freedom = float(gap.var(ddof=1)) * (1 / len(gap) + outcome.ratio), len(gap) - 1.0
    if arm in outcome.parts:
        # The same test rows in every draw: their chance is not in the spread over draws, and is measured by leaving
        # out one group of them at a time.
        left = np.nanmean(sign * (outcome.parts[arm][measure] - outcome.parts[base][measure]), axis=0)  # (groups,)
        groups = len(left)
        tested = (groups - 1) / groups * float(((left - left.mean()) ** 2).sum())
        both = variance + tested
        if both > 0:  # Welch-Satterthwaite
            freedom = both**2 / (variance**2 / freedom + tested**2 / (groups - 1))
        variance = both
    error, level = math.sqrt(variance), ALPHA / max(1, len(outcome.judged))
    reach = float(t.ppf(1 - level / 2, freedom)) * error
    value = float(gap.mean())
    return Effect(value, value - reach, value + reach, reach + float(t.ppf(POWER, freedom)) * error)


def findings(outcome: Outcome) -> Iterator[Finding]:
    """Yield the verdict of every arm, then what limits the trial."""
    for arm in outcome.judged:
        yield _verdict(outcome, arm)
    for name, why in outcome.absent.items():
        yield Finding("trial", f"{name}: not run", "unknown", f"not tested: {why}", headline=True)
    yield from _limits(outcome)


def verdict(outcome: Outcome, arm: Arm) -> str:
    """Return "helps" for an arm better than real rows alone and than its simple arm, "hurts" for one worse than real.

    Both comparisons must hold to help, and one of them decides on harm, so that an arm needs one share of the level.
    """
    over_real = effect(outcome, arm.name, REAL, outcome.measure)
    over_simple = effect(outcome, arm.name, arm.against, outcome.measure)
    if over_real.high < 0:
        return HURTS
    return HELPS if over_real.low > 0 and over_simple.low > 0 else NONE


def _verdict(outcome: Outcome, arm: Arm) -> Finding:
    measure, said = outcome.measure, verdict(outcome, arm)
    # The figure shown is the one that decides: harm is a loss against real rows.
    shown = REAL if said == HURTS else arm.against
    found = effect(outcome, arm.name, shown, measure)
    own = float(np.nanmean(outcome.values[arm.name][measure]))
    bases = dict.fromkeys((arm.against, REAL))
    gains = [_gain(outcome, arm.name, base) for base in bases]
    told = {HELPS: "helps", HURTS: "hurts", NONE: "shows no evidence of help or harm"}[said]
    return Finding(
        "trial",
        f"{arm.name}: {said}",
        {HELPS: "ok", NONE: "unknown", HURTS: "fail" if arm.chosen else "warn"}[said],
        f"the arm {arm.name!r} {told}: {measure} is {own:.3f}, {' and '.join(gains)}; the smallest gain over "
        f"{shown!r} that this trial would see in 8 of 10 cases is {found.smallest:.3f}",
        value=found.value,
        interval=(found.low, found.high),
        advice=_advice(outcome, arm, said),
        headline=True,
        reference=REFERENCE,
    )


def _gain(outcome: Outcome, arm: str, base: str) -> str:
    found = effect(outcome, arm, base, outcome.measure)
    return f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f}) against {base!r}"


def _advice(outcome: Outcome, arm: Arm, said: str) -> str:
    if not arm.chosen or said == HELPS:
        return ""
    if said == HURTS:
        return f"train without it: {REAL!r} alone does better"
    over_simple = effect(outcome, arm.name, arm.against, outcome.measure)
    if over_simple.high < 0:
        return f"take {arm.against!r}, which is simpler and does better"
    keep = f"{REAL!r}, which is" if over_simple.low > 0 else f"{REAL!r} or {arm.against!r}, which are"
    return f"keep {keep} simpler; more draws and a larger holdout show smaller effects"


def _limits(outcome: Outcome) -> Iterator[Finding]:
    if outcome.draws < ENOUGH:
        yield Finding(
            "trial",
            "draws",
            "warn",
            f"{outcome.draws} draws are few: the spread over draws is itself uncertain, so the intervals are wide and "
            "a verdict may turn with other draws",
            value=float(outcome.draws),
            limit=float(ENOUGH),
            advice=f"--seeds {ENOUGH} or more",
        )
    base = outcome.values.get("real", {}).get("AUROC")
    if base is not None and float(np.nanmean(base)) < 0.55:
        yield Finding(
            "trial",
            "real rows",
            "warn",
            f"even real rows hardly tell the rare rows apart (AUROC {float(np.nanmean(base)):.3f}), so no arm can show "
            "what it is worth",
            value=float(np.nanmean(base)),
            limit=0.55,
        )


def answer(outcome: Outcome) -> str:
    """Return the trial in one sentence."""
    said = {v: [] for v in (HELPS, NONE, HURTS)}  # type: dict[str, list[str]]
    for arm in outcome.judged:
        if arm.chosen:
            said[verdict(outcome, arm)].append(arm.name)
    words = [
        f"{', '.join(said[HELPS])} {'helps' if len(said[HELPS]) == 1 else 'help'}" if said[HELPS] else "",
        f"no evidence that {', '.join(said[NONE])} {'helps' if len(said[NONE]) == 1 else 'help'}" if said[NONE] else "",
        f"{', '.join(said[HURTS])} {'hurts' if len(said[HURTS]) == 1 else 'hurt'}" if said[HURTS] else "",
    ]
    against = next((a.against for a in outcome.judged if a.chosen), "")
    told = "; ".join(w for w in words if w)
    told = f"{told}, against {REAL} and {against}" if told else "No generator was tried, only simple arms"
    return f"{told[:1].upper()}{told[1:]}: {outcome.measure}, {outcome.draws} draws, held-out real rows only."
