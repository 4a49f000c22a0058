"""Views of a trial: gains with intervals, the figures of every arm, thresholds and chances, single classes, draws."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.core.report import View
from simulacra.guards._trial import REAL, Outcome, effect, verdict

if TYPE_CHECKING:
    from simulacra.guards._frames import Floats

PLAIN = ("AUROC", "average precision", "recall at", "mean absolute error")
THRESHOLD = ("recall", "specificity", "Brier", "mean chance", "slope")
CORRECTED = ", corrected"


def views(outcome: Outcome) -> Iterator[View]:
    """Yield the effects as a drawing, the figures of every arm, thresholds and calibration, and every draw."""
    note = " ".join([_meaning(outcome), *outcome.notes])
    for base in dict.fromkeys((_control(outcome), REAL)):
        yield _effects(outcome, base, note)
        note = ""
    yield _arms(outcome)
    yield from _gains(outcome)
    yield from _threshold(outcome)
    yield from _by_class(outcome)
    header = ("draw", *(a.name for a in outcome.run))
    columns = [outcome.values[a.name][outcome.measure] for a in outcome.run]
    rows = [[i + 1, *(_round(c[i]) for c in columns)] for i in range(outcome.draws)]
    yield View("trial", "table", f"{outcome.measure} in every draw", {"header": header, "rows": rows})


def _effects(outcome: Outcome, base: str, note: str) -> View:
    arms = [a for a in outcome.run if a.name != base]
    found = [effect(outcome, a.name, base, outcome.measure) for a in arms]
    data: dict[str, Any] = {
        "labels": [a.name for a in arms],
        "values": [_round(f.value) for f in found],
        "low": [_round(f.low) for f in found],
        "high": [_round(f.high) for f in found],
        "smallest": [_round(f.smallest) for f in found],
    }
    title = f"Gain in {outcome.measure} over {base} (right is better)"
    return View("trial", "effects", title, data, "", 1.0, note)


def _meaning(outcome: Outcome) -> str:
    tests = len(outcome.judged)
    level = (
        "An arm helps when it beats both real rows alone and the simple arm, and hurts when real rows alone beat it."
    )
    if tests > 1:
        level += f" In 95 of 100 trials without any effect none of the {tests} arms gets such a verdict (Bonferroni)."
    if not outcome.parts:
        return (
            f"{level} They are paired over {outcome.draws} random splits and widened for the rows that splits share "
            "(Nadeau & Bengio 2003)."
        ).strip()
    return (
        f"{level} They are paired over {outcome.draws} draws of the training rows, widened for the rows that draws "
        "share, and cover the choice of training rows, the learner's chance and that of the held-out rows; they do not "
        "cover rows collected elsewhere or later."
    ).strip()


def _arms(outcome: Outcome) -> View:
    names = [m for m in outcome.values[outcome.run[0].name] if m.startswith(PLAIN)]
    bases = list(dict.fromkeys((_control(outcome), REAL)))
    judged = {a.name for a in outcome.judged}
    rows = []
    for arm in outcome.run:
        figures = [_round(_mean(outcome.values[arm.name][m])) for m in names]
        gains = ["-" if base == arm.name else _gain(outcome, arm.name, base, outcome.measure) for base in bases]
        rows.append([arm.name, *figures, *gains, verdict(outcome, arm) if arm.name in judged else "-"])
    header = ("arm", *names, *(f"gain over {base}" for base in bases), "verdict")
    return View("trial", "table", f"{outcome.title}: every arm", {"header": header, "rows": rows}, note=_what(outcome))


def _control(outcome: Outcome) -> str:
    """Return the simple arm that made rows must beat."""
    return next((a.against for a in reversed(outcome.judged) if a.against != REAL), REAL)


def _gain(outcome: Outcome, arm: str, base: str, measure: str) -> str:
    found = effect(outcome, arm, base, measure)
    return f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})"


def _what(outcome: Outcome) -> str:
    return " ".join(f"{a.name}: {a.what}." for a in outcome.run)


def _gains(outcome: Outcome) -> Iterator[View]:
    """Yield the paired gain over the control in every measure, beside that of the verdicts."""
    base = _control(outcome)
    names = [m for m in outcome.values[outcome.run[0].name] if m.startswith(PLAIN) or m in THRESHOLD[:2]]
    rows = [[arm.name, *(_gain(outcome, arm.name, base, m) for m in names)] for arm in outcome.run if arm.name != base]
    note = "Same intervals as those of the verdicts; recall and specificity are at the default threshold."
    yield View(
        "trial", "table", f"Gain over {base} in every measure", {"header": ("arm", *names), "rows": rows}, "", 0.0, note
    )


def _threshold(outcome: Outcome) -> Iterator[View]:
    known = outcome.values[outcome.run[0].name]
    names = [m for n in THRESHOLD for m in (n, n + CORRECTED) if m in known]
    if not names:
        return
    title = "Threshold and chances: as trained, and corrected to the class shares of the held-out rows"
    rows = [[a.name, *(_round(_mean(outcome.values[a.name][m])) for m in names)] for a in outcome.run]
    yield View(
        "trial", "table", title, {"header": ("arm", *names), "rows": rows},
        note="Recall and specificity are at the default threshold (one half, or the likeliest class). Rare rows added "
        "to training move it; AUROC shows whether anything was learned. The mean chance should be the share of the "
        "rare class among the held-out rows. Slope: 1 is right, below 1 the chances are too extreme; the correction of "
        "two classes leaves it as it is.",
    )  # fmt: skip


def _by_class(outcome: Outcome) -> Iterator[View]:
    labels = list(next(iter(outcome.classes.values()), {}))
    if len(labels) < 2:
        return
    names = [m for m in outcome.values[outcome.run[0].name] if m.startswith(PLAIN)]
    rows = [
        [label, a.name, *(_round(outcome.classes[a.name][label].get(m, math.nan)) for m in names)]
        for label in labels
        for a in outcome.run
    ]
    yield View("trial", "table", "Every rare class by itself", {"header": ("class", "arm", *names), "rows": rows})


def _mean(values: Floats) -> float:
    seen = values[np.isfinite(values)]
    return float(seen.mean()) if len(seen) else math.nan


def _round(value: float) -> float | None:
    return round(float(value), 5) if math.isfinite(value) else None
