"""Junction trees and estimation against brute force and exact counts."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.parts import estimate, junction
from simulacra.parts.estimate import Measured


@st.composite
def models(draw):
    """Sizes of up to six columns, and random groups of up to three of them with a positive table each."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=6))
    columns = range(len(sizes))
    choices = [g for k in (1, 2, 3) for g in itertools.combinations(columns, k)]
    groups = draw(st.lists(st.sampled_from(choices), unique=True, max_size=8))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    exponents = [rng.normal(0, 2, [sizes[c] for c in g]) for g in groups]
    return sizes, groups, exponents


def brute(sizes, groups, exponents):
    """Return the whole table of probabilities and the log of its sum."""
    whole = np.zeros(sizes)
    everything = tuple(range(len(sizes)))
    for group, table in zip(groups, exponents, strict=True):
        whole = whole + junction.spread(table, group, everything)
    whole = np.exp(whole)
    return whole / whole.sum(), np.log(whole.sum())


@settings(max_examples=60, deadline=None)
@given(models())
def test_messages_give_what_brute_force_gives(model):
    sizes, groups, exponents = model
    truth, log_sum = brute(*model)
    tree = junction.build(groups, sizes)
    assert {c for clique in tree.cliques for c in clique} == set(range(len(sizes)))
    assert all(tree.home(g) >= 0 for g in groups)
    factors, lifted = estimate.factors(estimate.plans(tree, groups), groups, exponents)
    tables, found = junction.beliefs(tree, factors)
    np.testing.assert_allclose(found + lifted, log_sum, atol=1e-9)
    everything = tuple(range(len(sizes)))
    for k in (1, 2, 3):
        for columns in itertools.combinations(everything, k):
            expected = junction.fold(truth, everything, columns)
            np.testing.assert_allclose(junction.marginal(tree, tables, columns), expected, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(models())
def test_what_a_clique_shares_lies_in_its_parent_and_ties_it_to_all_before(model):
    sizes, groups, _ = model
    tree = junction.build(groups, sizes)
    for i, clique in enumerate(tree.cliques[1:], start=1):
        before = {c for other in tree.cliques[:i] for c in other}
        assert set(clique) & before == set(tree.shared[i])
        assert tree.parent[i] < i
        assert not tree.shared[i] or set(tree.shared[i]) <= set(tree.cliques[tree.parent[i]])


def test_exact_counts_of_a_model_are_found_again():
    rng = np.random.default_rng(0)
    sizes = [3, 4, 2, 5, 3]
    groups = [(0, 1), (1, 2), (2, 3), (1, 3), (3, 4)]
    truth, _ = brute(sizes, groups, [rng.normal(0, 1, [sizes[c] for c in g]) for g in groups])
    everything = tuple(range(5))
    measured = [Measured(g, 1e5 * junction.fold(truth, everything, g).ravel(), 1e-3) for g in groups]
    fitted = estimate.solve(junction.build(groups, sizes), measured, 1e5, steps=300)
    for k in (1, 2, 3):
        for columns in itertools.combinations(everything, k):
            made = junction.marginal(fitted.tree, fitted.beliefs, columns)
            np.testing.assert_allclose(made, junction.fold(truth, everything, columns), atol=2e-4)


def test_contradicting_measurements_are_weighed_by_their_noise():
    measured = [
        Measured((0, 1), np.array([400.0, 100, 100, 400]), 1.0),
        Measured((0,), np.array([900.0, 100]), 1000.0),
    ]
    fitted = estimate.solve(junction.build([(0, 1)], [2, 2]), measured, 1000.0, steps=200)
    np.testing.assert_allclose(fitted.beliefs[0], [[0.4, 0.1], [0.1, 0.4]], atol=0.01)


def test_repeated_measurements_are_averaged_by_precision():
    (one,) = estimate.merge([Measured((0,), np.array([0.0, 10]), 1.0), Measured((0,), np.array([10.0, 0]), 3.0)])
    np.testing.assert_allclose(one.counts, [1.0, 9.0])
    np.testing.assert_allclose(one.sigma, 0.9**0.5)


def test_counts_of_wild_noise_do_not_break_the_estimate():
    rng = np.random.default_rng(0)
    groups = [(0, 1), (1, 2), (0, 2)]
    measured = [Measured(g, rng.normal(0, 1e6, 64), 1e6) for g in groups]
    fitted = estimate.solve(junction.build(groups, [8, 8, 8]), measured, 1.0, steps=100)
    assert np.isfinite(fitted.beliefs[0]).all()
    np.testing.assert_allclose(fitted.beliefs[0].sum(), 1.0)
