"""Statistics of the guards against brute force and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.guards import _stats


def test_ks_is_the_largest_gap_of_the_two_distribution_functions() -> None:
    a, b = np.array([1.0, 2, 3, 4, np.nan]), np.array([3.0, 4, 5, 6])
    assert _stats.ks(a, b) == 0.5
    assert _stats.ks(a, a) == 0
    assert _stats.ks(a, np.array([np.nan])) == 1


@given(
    st.lists(st.integers(0, 5), min_size=2, max_size=30),
    st.lists(st.integers(0, 5), min_size=2, max_size=30),
)
@settings(max_examples=50, deadline=None)
def test_auc_is_the_chance_that_a_positive_ranks_higher(positive: list[int], negative: list[int]) -> None:
    a, b = np.array(positive, dtype=float), np.array(negative, dtype=float)
    pairs = (a[:, None] > b) + 0.5 * (a[:, None] == b)
    assert _stats.auc(a, b)[0] == pytest.approx(pairs.mean())


def test_the_standard_error_of_an_auc_is_the_spread_over_samples() -> None:
    rng = np.random.default_rng(0)
    drawn = [_stats.auc(rng.normal(0.5, 1, 150), rng.normal(0, 1, 200)) for _ in range(400)]
    assert np.mean([se for _, se in drawn]) == pytest.approx(np.std([v for v, _ in drawn]), rel=0.1)
    assert _stats.chance_se(50, 70) == pytest.approx(math.sqrt(121 / (12 * 50 * 70)))


def test_the_gap_of_two_aucs_of_the_same_rows_is_known_better_than_each() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(0, 1, 400)
    label = truth + rng.normal(0, 1, 400) > 0
    a, b = truth + rng.normal(0, 0.1, 400), truth + rng.normal(0, 0.1, 400)
    gap, se = _stats.auc_gap((a[label], a[~label]), (b[label], b[~label]))
    assert gap == pytest.approx(_stats.auc(a[label], a[~label])[0] - _stats.auc(b[label], b[~label])[0])
    assert se < 0.5 * _stats.auc(a[label], a[~label])[1]


@pytest.mark.parametrize("levels", [3, 40, 3000])
def test_expected_total_variation_is_the_mean_over_fresh_samples(levels: int) -> None:
    rng = np.random.default_rng(2)
    share = rng.dirichlet(np.ones(levels))
    drawn = [(rng.multinomial(700, share).astype(float), rng.multinomial(400, share).astype(float)) for _ in range(500)]
    seen = [_stats.tvd(a, b) for a, b in drawn]
    assert np.mean([_stats.tvd_mean(a, b) for a, b in drawn]) == pytest.approx(np.mean(seen), rel=0.06)
    assert np.quantile(seen, 0.99) < np.mean(seen) + _stats.tvd_tail(700, 400, 0.001)


def test_noise_bounds_are_exceeded_no_more_often_than_they_say() -> None:
    rng = np.random.default_rng(3)
    gaps = [_stats.ks(rng.random(80), rng.random(120)) for _ in range(600)]
    assert np.mean(np.array(gaps) > _stats.ks_noise(80, 120, 0.05)) <= 0.05
    hits = rng.binomial(300, 0.04, (4000, 2)) / 300
    assert np.mean(hits[:, 0] - hits[:, 1] > _stats.share_noise(0.04, 300, 300, 0.01)) <= 0.01
    counts = rng.poisson(3.0, 20_000)
    assert np.mean(counts > _stats.poisson_limit(3.0, 0.01)) <= 0.01


def test_association_is_one_for_a_copy_and_about_zero_for_independence() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.integers(0, 4, 2000), rng.integers(0, 6, 2000)
    table = np.zeros((4, 6))
    np.add.at(table, (a, b), 1)
    assert _stats.cramers_v(table) < 0.05
    assert _stats.cramers_v(np.diag([10.0, 20, 30])) == pytest.approx(1, abs=1e-6)


def test_wilson_interval_and_parts_of_the_rows() -> None:
    low, high = _stats.wilson(0, 100)
    assert low == pytest.approx(0, abs=1e-12) and 0.03 < high < 0.04
    assert _stats.around(0.5, [0.5, 0.5, 0.5]) == (0.5, 0.5)
    assert _stats.around(0.5, []) == (0.0, 1.0)
