"""Measures of a rare class agree with their definitions and with scikit-learn; the correction undoes other shares."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from simulacra.guards import _scores


def scored(n: int = 400, seed: int = 0, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.2
    score = rng.normal(truth * 1.0, 1.0)
    return (np.round(score) if ties else score), truth


@pytest.mark.parametrize("ties", [False, True])
def test_ranking_measures_are_those_of_scikit_learn(ties: bool) -> None:
    score, truth = scored(ties=ties)
    assert _scores.auroc(score, truth) == pytest.approx(roc_auc_score(truth, score))
    assert _scores.average_precision(score, truth) == pytest.approx(average_precision_score(truth, score))


@pytest.mark.parametrize("wanted", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("ties", [False, True])
def test_recall_at_a_specificity_is_the_best_point_of_the_curve_that_keeps_it(wanted: float, ties: bool) -> None:
    score, truth = scored(ties=ties)
    alarms, hits, _ = roc_curve(truth, score, drop_intermediate=False)
    assert _scores.recall_at(score, truth, wanted) == pytest.approx(hits[1 - alarms >= wanted - 1e-9].max())


def test_the_default_threshold_is_one_half_for_two_classes_and_the_likeliest_of_more() -> None:
    two = np.array([[0.4, 0.6], [0.5, 0.5], [0.7, 0.3]])
    assert _scores.decided(two, 1).tolist() == [True, False, False]
    three = np.array([[0.4, 0.35, 0.25], [0.2, 0.4, 0.4]])
    assert _scores.decided(three, 1).tolist() == [False, True]


def test_the_slope_of_right_chances_is_one_and_of_overconfident_ones_below() -> None:
    rng = np.random.default_rng(1)
    odds = rng.normal(-1, 1.5, 20_000)
    truth = rng.random(20_000) < 1 / (1 + np.exp(-odds))
    right, bold = 1 / (1 + np.exp(-odds)), 1 / (1 + np.exp(-2 * odds))
    assert _scores.slope(right, truth) == pytest.approx(1.0, abs=0.05)
    assert _scores.slope(bold, truth) == pytest.approx(0.5, abs=0.05)
    assert np.isnan(_scores.slope(np.full(50, 0.3), truth[:50]))


def test_the_correction_gives_the_chances_of_other_class_shares() -> None:
    """Two normal classes: the right chances are known for any share."""
    x = np.linspace(-4, 5, 200)

    def right(share: float) -> np.ndarray:
        odds = share / (1 - share) * np.exp(x - 0.5)
        return np.column_stack([1 / (1 + odds), odds / (1 + odds)])

    found = _scores.corrected(right(0.5), np.array([0.5, 0.5]), np.array([0.98, 0.02]))
    assert np.allclose(found, right(0.02))
    assert np.allclose(_scores.corrected(right(0.3), np.array([0.7, 0.3]), np.array([0.7, 0.3])), right(0.3))
