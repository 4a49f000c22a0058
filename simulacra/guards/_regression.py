"""Verdicts on predicted numbers: explained variance and mean absolute error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.advice import TARGET
from simulacra.core.report import Finding, View
from simulacra.core.rng import stream
from simulacra.guards._margins import judged
from simulacra.guards._stats import ALPHA, z_of
from simulacra.guards._train import REFERENCE, spread

if TYPE_CHECKING:
    from simulacra.guards._frames import Floats
    from simulacra.guards._train import Task

FAIL, WARN = 0.10, 0.04
ERROR_FAIL, ERROR_WARN = 0.25, 0.10
DRAWS = 200


def judge(task: Task, learner: str) -> Iterator[Finding | View]:
    """Yield R2 and mean absolute error of both training sets on the same test rows."""
    truth = task.y[task.test]
    made, real = (task.predict(learner, rows)[:, 0] for rows in (task.made, task.real))
    rng = stream(task.seed, "guards", "utility bootstrap")
    weights = rng.multinomial(len(truth), np.full(len(truth), 1 / len(truth)), DRAWS).astype(np.float64)
    again = [guess[:, 0] for guess in task.refits(learner)]
    yield _explained(task, learner, made, real, again, weights)
    yield _error(task, learner, made, real, again, weights)
    data = {
        "labels": ["R2", "mean absolute error, as share of a constant guess"],
        "series": {
            "real": [_r2(truth, real), _relative(truth, real)],
            "made": [_r2(truth, made), _relative(truth, made)],
        },
    }
    yield View(
        "utility",
        "bars",
        f"Predicting {task.target} by {learner}",
        data,
        task.target,
        _r2(truth, real) - _r2(truth, made),
    )


def _r2(truth: Floats, guess: Floats) -> float:
    return 1 - float(((truth - guess) ** 2).sum() / ((truth - truth.mean()) ** 2).sum())


def _relative(truth: Floats, guess: Floats) -> float:
    constant = float(np.abs(truth - np.median(truth)).mean())
    return float(np.abs(truth - guess).mean()) / constant if constant else 0.0


def _explained(task: Task, learner: str, made: Floats, real: Floats, again: list[Floats], weights: Floats) -> Finding:
    truth = task.y[task.test]
    value, fresh = _r2(truth, made), _r2(truth, real)
    total = weights @ (truth - truth.mean()) ** 2
    drawn = weights @ np.column_stack([(truth - made) ** 2, (truth - real) ** 2]) / np.maximum(total, 1e-300)[:, None]
    refit = spread(_r2(truth, guess) for guess in again)
    width = float(np.hypot((drawn[:, 0] - drawn[:, 1]).std(), np.sqrt(2) * refit))
    noise = z_of(ALPHA) * width
    verdict = judged(fresh - value, noise, WARN, FAIL)
    sentence = (
        f"{learner} trained on {len(task.made):,} made rows explain {value:.3f} of the variance of {task.target} "
        f"(R2) in {len(task.test):,} {task.tested_on}, trained on as many real rows {fresh:.3f}"
    )
    if fresh < WARN:
        sentence += "; even real rows hardly predict it, so this says little"
    if verdict == "unknown":
        sentence = f"too few rows to tell: {sentence}"
    return Finding(
        "utility",
        f"TSTR R2, {learner}",
        verdict,
        sentence,
        value=value,
        interval=(float(1 - np.quantile(drawn[:, 0], 0.975)), float(1 - np.quantile(drawn[:, 0], 0.025))),
        fresh=fresh,
        limit=fresh - max(FAIL, noise),
        columns=(task.target,),
        advice=TARGET if verdict in ("warn", "fail") else "",
        headline=learner == "boosted trees",
        reference=REFERENCE,
    )


def _error(task: Task, learner: str, made: Floats, real: Floats, again: list[Floats], weights: Floats) -> Finding:
    truth = task.y[task.test]
    errors = np.abs(np.column_stack([truth - made, truth - real]))
    value, fresh = (float(e) for e in errors.mean(0))
    drawn = weights @ errors / len(truth)
    refit = spread(float(np.abs(truth - guess).mean()) / max(fresh, 1e-300) for guess in again)
    worse = value / max(fresh, 1e-300) - 1
    noise = z_of(ALPHA) * float(np.hypot((drawn[:, 0] / np.maximum(drawn[:, 1], 1e-300)).std(), np.sqrt(2) * refit))
    verdict = judged(worse, noise, ERROR_WARN, ERROR_FAIL)
    return Finding(
        "utility",
        f"TSTR mean absolute error, {learner}",
        verdict,
        f"{learner}: mean absolute error of {task.target} is {value:.4g}, trained on real rows {fresh:.4g}",
        value=value,
        interval=(float(np.quantile(drawn[:, 0], 0.025)), float(np.quantile(drawn[:, 0], 0.975))),
        fresh=fresh,
        limit=fresh * (1 + max(ERROR_FAIL, noise)),
        columns=(task.target,),
        advice=TARGET if verdict in ("warn", "fail") else "",
    )
