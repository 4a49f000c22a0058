"""Verdicts on predicted classes: AUC, average precision and recall, together and class by class."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.advice import TARGET
from simulacra.core.report import Finding, View
from simulacra.guards._margins import judged
from simulacra.guards._stats import ALPHA, auc, auc_gap, share_noise, z_of
from simulacra.guards._train import REFERENCE, spread
from simulacra.guards._words import listed

if TYPE_CHECKING:
    from simulacra.guards._frames import Floats, Mask
    from simulacra.guards._train import Task

FAIL, WARN = 0.05, 0.02
CLASS_FAIL, CLASS_WARN = 0.10, 0.05
RECALL_WARN = 0.15
CLEAR = 0.65
USELESS = 0.55


def judge(task: Task, learner: str) -> Iterator[Finding | View]:
    """Yield AUC over all classes, the worst class, recall by class, and a table of every class."""
    truth = [task.y[task.test] == k for k in range(len(task.labels))]
    shown = truth[1:] if len(truth) == 2 else truth
    first = len(truth) - len(shown)
    made, real = task.predict(learner, task.made), task.predict(learner, task.real)
    parts = [auc_gap(_split(real[:, k + first], t), _split(made[:, k + first], t)) for k, t in enumerate(shown)]
    again = task.refits(learner)
    refit = spread(float(np.mean([_auc(s[:, k + first], t) for k, t in enumerate(shown)])) for s in again)
    gap = float(np.mean([g for g, _ in parts]))
    # Errors of the classes go together, so their mean is taken for the error of the mean.
    se = math.hypot(float(np.mean([s for _, s in parts])), math.sqrt(2) * refit)
    yield _whole(task, learner, [_auc(made[:, k + first], t) for k, t in enumerate(shown)], gap, se)
    if len(shown) > 1:
        yield _worst_class(task, learner, parts, refit)
    yield _recall(task, learner, made, real, truth)
    yield from _views(task, learner, made, real, truth)


def _split(score: Floats, truth: Mask) -> tuple[Floats, Floats]:
    return score[truth], score[~truth]


def _auc(score: Floats, truth: Mask) -> float:
    return auc(score[truth], score[~truth])[0]


def _whole(task: Task, learner: str, scores: list[float], gap: float, se: float) -> Finding:
    value = float(np.mean(scores))
    noise = z_of(ALPHA) * se
    verdict = judged(gap, noise, WARN, FAIL)
    verdict = "unknown" if verdict == "ok" and noise > 2 * FAIL else verdict
    classes = f" (mean of {len(task.labels)} classes)" if len(task.labels) > 2 else ""
    sentence = (
        f"{learner} trained on {len(task.made):,} made rows predict {task.target} of {len(task.test):,} "
        f"{task.tested_on} with AUC {value:.3f}{classes}, trained on as many real rows with {value + gap:.3f}"
    )
    if value + gap < USELESS:
        sentence += "; even real rows hardly predict it, so this says little"
    if verdict == "unknown":
        sentence = f"too few rows to tell: {sentence}"
    return Finding(
        "utility",
        f"TSTR AUC, {learner}",
        verdict,
        sentence,
        value=value,
        interval=(max(0.0, value - 1.96 * se), min(1.0, value + 1.96 * se)),
        fresh=value + gap,
        limit=value + gap - max(FAIL, noise),
        columns=(task.target,),
        advice=TARGET if verdict in ("warn", "fail") else "",
        headline=learner == "boosted trees",
        reference=REFERENCE,
    )


def _worst_class(task: Task, learner: str, parts: list[tuple[float, float]], refit: float) -> Finding:
    z = z_of(ALPHA / len(parts))
    noise = [z * math.hypot(se, 2 * refit) for _, se in parts]
    verdicts = [judged(gap, x, CLASS_WARN, CLASS_FAIL) for (gap, _), x in zip(parts, noise, strict=True)]
    bad = [k for k in np.argsort([-g for g, _ in parts]) if verdicts[k] in ("warn", "fail")]
    worst = int(np.argmax([g for g, _ in parts]))
    verdict = "fail" if "fail" in verdicts else "warn" if "warn" in verdicts else "ok"
    told = [f"{task.labels[k]!r} ({parts[k][0]:+.3f})" for k in (bad or [worst])]
    sentence = f"{learner}: AUC lost against real training rows is largest for {listed(told)}"
    return Finding(
        "utility",
        f"class AUC, {learner}",
        verdict,
        sentence,
        value=parts[worst][0],
        interval=(parts[worst][0] - 1.96 * parts[worst][1], parts[worst][0] + 1.96 * parts[worst][1]),
        fresh=0.0,
        limit=max(CLASS_FAIL, noise[worst]),
        columns=(task.target,),
        advice=TARGET if bad else "",
    )


def _recall(task: Task, learner: str, made: Floats, real: Floats, truth: list[Mask]) -> Finding:
    """Judge the share of each class that is found, when every row is given its likeliest class."""
    rows, alpha = [], ALPHA / len(truth)
    for k, t in enumerate(truth):
        found = [float((scores[t].argmax(1) == k).mean()) for scores in (made, real)]
        # Where the border between classes lies varies from one training set to another, more than the scores do.
        noise = share_noise(sum(found) / 2, int(t.sum()), int(t.sum()), alpha) + 1 / math.sqrt(len(task.made))
        absent = not (task.y[task.made] == k).any()
        # Of a class that can hardly be told, how many are found is a matter of where the border happens to lie.
        clear = _auc(real[:, k], t) > CLEAR
        verdict = "fail" if absent else judged(found[1] - found[0], noise, RECALL_WARN, 1.0) if clear else "ok"
        rows.append((found[0], found[1], noise, verdict, absent))
    order = sorted(range(len(rows)), key=lambda k: rows[k][0] - rows[k][1])
    bad = [k for k in order if rows[k][3] in ("warn", "fail")]
    worst = rows[order[0]]
    verdict = "fail" if any(rows[k][3] == "fail" for k in bad) else "warn" if bad else "ok"
    told = [
        f"{task.labels[k]!r} {'is never made' if rows[k][4] else f'{rows[k][0]:.2f} against {rows[k][1]:.2f}'}"
        for k in (bad or order[:1])
    ]
    return Finding(
        "utility",
        f"recall by class, {learner}",
        verdict,
        f"{learner}: share of a class that is found, trained on made against real rows, worst first: {listed(told)}",
        value=worst[0],
        interval=(max(0.0, worst[0] - worst[2]), min(1.0, worst[0] + worst[2])),
        fresh=worst[1],
        columns=(task.target,),
        advice=TARGET if bad else "",
    )


def _views(task: Task, learner: str, made: Floats, real: Floats, truth: list[Mask]) -> Iterator[View]:
    from sklearn.metrics import average_precision_score

    header = [
        "class",
        "test rows",
        "AUC real",
        "AUC made",
        "precision real",
        "precision made",
        "recall real",
        "recall made",
    ]
    rows: list[list[object]] = []
    for k, t in enumerate(truth):
        line: list[object] = [task.labels[k], int(t.sum())]
        line += [round(_auc(s[:, k], t), 4) for s in (real, made)]
        line += [round(float(average_precision_score(t, s[:, k])), 4) for s in (real, made)]
        line += [round(float((s[t].argmax(1) == k).mean()), 4) for s in (real, made)]
        rows.append(line)
    title = f"Predicting {task.target} by {learner}, trained on real and on made rows"
    note = "precision: average precision"
    score = float(max(float(str(r[2])) - float(str(r[3])) for r in rows))
    yield View("utility", "table", title, {"header": header, "rows": rows}, task.target, score, note)
    series = {"real": [r[2] for r in rows], "made": [r[3] for r in rows]}
    data = {"labels": [str(r[0]) for r in rows], "series": series}
    yield View("utility", "bars", f"AUC of each class of {task.target}, {learner}", data, task.target, score)
