"""What the report says of a training: every end has its sentence and verdict, and the curves are there."""

from __future__ import annotations

from typing import Any

import pytest

from simulacra.core.report import Finding, Report, View
from simulacra.parts.curves import training

FACTS = {
    "steps": 600,
    "most": 600,
    "stopped": "all steps done",
    "judge": "held-out loss",
    "best": 1.25,
    "best_step": 500,
    "batch": 64,
    "halved": 0,
}
CURVES = {
    "step": [100, 200, 300, 400, 500, 600],
    "training": {"loss": [3.0, 2.0, 1.5, 1.2, 1.0, 0.9]},
    "held out": {"held-out loss": [3.1, 2.2, 1.6, 1.4, 1.25, 1.3]},
}


def only(**facts: Any) -> Finding:
    found = [i for i in training({"training": {**FACTS, **facts}, "rows": 5}, CURVES) if isinstance(i, Finding)]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("facts", "verdict", "words"),
    [
        ({}, "ok", "All 600 steps were done; the weights of step 500"),
        ({"stopped": "no gain", "steps": 550}, "ok", "Stopped at step 550 for want of gain"),
        ({"stopped": "diverged", "steps": 310, "best_step": 300}, "warn", "no longer a finite number at step 310; the"),
        ({"stopped": "diverged", "steps": 7, "best": None, "best_step": 0}, "fail", "before anything was measured"),
        ({"halved": 2, "batch": 16}, "ok", "halved 2 times to 16 rows"),
    ],
)
def test_every_end_has_its_sentence_and_verdict(facts: dict[str, Any], verdict: str, words: str) -> None:
    found = only(**facts)
    assert found.verdict == verdict and words in found.sentence


def test_a_training_cut_short_while_gaining_advises_more_steps() -> None:
    falling = {**CURVES, "held out": {"held-out loss": [3.0, 2.6, 2.2, 1.8, 1.4, 1.0]}}
    gaining = next(iter(training({"training": FACTS}, falling)))
    assert "raise steps above 600" in gaining.advice
    assert only().advice == ""


def test_curves_are_shown_for_each_training_by_its_name() -> None:
    items = list(training({"vae": FACTS, "prior": FACTS}, {"vae": CURVES, "prior": CURVES}))
    shown = [i for i in items if isinstance(i, View)]
    assert len(shown) == 4 and {v.title.partition(":")[0] for v in shown} == {"vae", "prior"}
    page = Report.of(items).html()
    assert "held-out loss on rows kept back, by step" in page


def test_without_a_training_nothing_is_said() -> None:
    assert list(training({"copies": {"trial": 0.1}, "rows": 10}, {})) == []
