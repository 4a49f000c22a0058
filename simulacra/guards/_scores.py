"""Measures of a rare class: ranking, recall at a threshold, calibration, chances corrected for other class shares.

Reference of the correction: Saerens, Latinne & Decaestecker 2002; Elkan 2001.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from simulacra.guards._stats import auc

if TYPE_CHECKING:
    from simulacra.guards._frames import Floats, Mask

TINY = 1e-6


def auroc(score: Floats, truth: Mask) -> float:
    """Return the area under the ROC curve, 0..1."""
    return auc(score[truth], score[~truth])[0]


def average_precision(score: Floats, truth: Mask) -> float:
    """Return precision averaged over the recall that each threshold adds; rows of equal score share a threshold."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(truth[order])
    last = np.append(np.diff(score[order]) != 0, True)
    hits, taken = hits[last], np.flatnonzero(last) + 1
    return float(np.sum(hits / taken * np.diff(hits, prepend=0)) / max(int(truth.sum()), 1))


def recall_at(score: Floats, truth: Mask, specificity: float) -> float:
    """Return the largest recall of a threshold that keeps at least this share of the negatives below it."""
    below = np.sort(score[~truth])
    spared = math.ceil(specificity * len(below) - 1e-9)
    # A row counts as found when it lies above the negative that must be spared last.
    cut = below[spared - 1] if spared else -math.inf
    return float((score[truth] > cut).mean())


def decided(chances: Floats, at: int) -> Mask:
    """Return which rows are given class `at` by default: where it is likeliest, above one half for two classes."""
    return np.asarray(chances[:, at] > 0.5 if chances.shape[1] == 2 else chances.argmax(1) == at, dtype=bool)


def recall(taken: Mask, truth: Mask) -> float:
    """Return the share of the positives that are taken."""
    return float(taken[truth].mean())


def specificity(taken: Mask, truth: Mask) -> float:
    """Return the share of the negatives that are not taken."""
    return float(1 - taken[~truth].mean())


def brier(chance: Floats, truth: Mask) -> float:
    """Return the mean squared error of the chance of one class, 0 (perfect) to 1."""
    return float(np.mean((chance - truth) ** 2))


def slope(chance: Floats, truth: Mask) -> float:
    """Return the calibration slope: 1 when log-odds are right, below 1 when they are too extreme, NaN without a fit.

    It is the coefficient of a logistic regression of the truth on the log-odds of the chance (Cox 1958).
    """
    p = np.clip(chance, TINY, 1 - TINY)
    x = np.column_stack([np.ones(len(p)), np.log(p / (1 - p))])
    if np.ptp(x[:, 1]) < TINY:
        return math.nan
    weight = np.zeros(2)
    for _ in range(50):
        q = 1 / (1 + np.exp(-np.clip(x @ weight, -30, 30)))
        hessian = (x * (q * (1 - q))[:, None]).T @ x + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, x.T @ (truth - q))
        weight = weight + np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-8:
            return float(weight[1])
    return math.nan  # the two sides are separable, so that no finite slope is best


def corrected(chances: Floats, trained: Floats, wanted: Floats) -> Floats:
    """Return chances of classes for rows of other class shares than those trained on.

    chances: (rows, classes). trained: (classes,) shares, weights counted, that the model saw. wanted: (classes,) shares
    where it is used. Exact when only the shares differ: p * wanted / trained, scaled to sum to 1.
    """
    out = chances * (wanted / np.maximum(trained, TINY))
    total = out.sum(1, keepdims=True)
    return np.where(total > 0, out / np.where(total > 0, total, 1), chances)
