"""The private model: what it spends, what it finds, what it draws, and that only noisy counts are in it."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core.budget import Budget
from simulacra.core.errors import BudgetError, ConfigError, DataError
from simulacra.core.noise import UnsafeNoise
from simulacra.parts import marginals
from simulacra.parts.marginals import Model


def budget(epsilon=1.0, seed=0, **more):
    return Budget(epsilon, 1e-9, noise=UnsafeNoise(seed), **more)


def chain(n=20_000, levels=4, columns=5, keep=0.7, seed=0):
    """Rows where each column repeats the one before with chance `keep`, else it is any level."""
    rng = np.random.default_rng(seed)
    out = rng.integers(levels, size=(n, columns))
    for c in range(1, columns):
        out[:, c] = np.where(rng.random(n) < keep, out[:, c - 1], out[:, c])
    return out, [levels] * columns


def shares(codes, group, sizes):
    at = np.ravel_multi_index(tuple(codes[:, c] for c in group), [sizes[c] for c in group])
    cells = math.prod(sizes[c] for c in group)
    return np.bincount(at, minlength=cells).reshape([sizes[c] for c in group]) / max(1, len(codes))


def apart(p, q):
    return 0.5 * float(np.abs(p - q).sum())


@pytest.mark.parametrize("preset", marginals.PRESETS)
def test_the_budget_is_spent_to_the_last_bit_and_closes(preset):
    codes, sizes = chain(2000)
    b = budget()
    model = marginals.fit(codes, sizes, b, preset=preset)
    b.close()
    assert math.fsum(e.rho for e in b.entries) == pytest.approx(b.rho, rel=1e-12)
    counts = [e for e in b.entries if e.what.startswith("counts")]
    assert [e.scale for e in counts] == [m.sigma for m in model.measured]
    assert all(e.sensitivity == 1 for e in counts)


def test_a_part_of_the_budget_can_be_spent_and_the_rest_is_left():
    codes, sizes = chain(2000)
    b = budget()
    marginals.fit(codes, sizes, b, rho=b.rho / 4)
    assert b.rho_left == pytest.approx(b.rho - math.fsum(e.rho for e in b.entries))
    assert math.fsum(e.rho for e in b.entries) == pytest.approx(Budget(1, 1e-9).rho / 4, rel=1e-9)


def test_more_rows_a_person_mean_more_noise():
    codes, sizes = chain(2000)
    one, four = budget(), budget(person="who", rows=4)
    marginals.fit(codes, sizes, one)
    marginals.fit(codes, sizes, four)
    assert four.entries[0].scale == pytest.approx(4 * one.entries[0].scale)


def test_the_tree_finds_a_planted_chain():
    codes, sizes = chain()
    model = marginals.fit(codes, sizes, budget(), preset="tree")
    pairs = {g for g in model.groups if len(g) == 2}
    assert pairs == {(0, 1), (1, 2), (2, 3), (3, 4)}


def test_with_much_budget_the_model_has_the_marginals_of_the_data():
    codes, sizes = chain(5000)
    model = marginals.fit(codes, sizes, budget(1000.0))
    assert model.total == pytest.approx(5000, abs=5)
    for group in model.groups:
        assert apart(model.marginal(group), shares(codes, group, sizes)) < 0.002
    for group in itertools.combinations(range(5), 2):
        assert apart(model.marginal(group), shares(codes, group, sizes)) < 0.03


def test_the_model_depends_on_counts_alone_not_on_the_order_of_rows():
    codes, sizes = chain(3000)
    model = marginals.fit(codes, sizes, budget(seed=5))
    other = marginals.fit(codes[np.random.default_rng(1).permutation(3000)], sizes, budget(seed=5))
    for a, b in zip(model.exponents, other.exponents, strict=True):
        np.testing.assert_array_equal(a, b)
    drawn = model.sample(500, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, other.sample(500, np.random.default_rng(0)))


def test_the_number_of_rows_is_the_noisy_one():
    codes, sizes = chain(3000)
    totals = [marginals.fit(codes, sizes, budget(0.1, seed=s), preset="independent").total for s in range(8)]
    assert len({round(t, 3) for t in totals}) == 8
    # The deviation of the whole of five columns of four levels, a fifth of rho each, is below 45 rows.
    assert all(abs(t - 3000) < 6 * 45 for t in totals)


def test_drawn_rows_have_the_marginals_of_the_model():
    codes, sizes = chain(4000)
    model = marginals.fit(codes, sizes, budget(3.0))
    drawn = model.sample(20_000, np.random.default_rng(0))
    for k, most in ((1, 0.002), (2, 0.006), (3, 0.02)):
        for group in itertools.combinations(range(5), k):
            assert apart(model.marginal(group), shares(drawn, group, sizes)) < most


def test_columns_may_be_asked_in_any_order():
    codes, sizes = chain(2000, columns=4)
    model = marginals.fit(codes, sizes, budget())
    np.testing.assert_allclose(model.marginal((3, 0)), model.marginal((0, 3)).T)
    assert model.marginal((2, 0, 3)).sum() == pytest.approx(1)


def test_fixed_columns_hold_and_the_rest_follows_the_model():
    codes, sizes = chain(4000)
    model = marginals.fit(codes, sizes, budget(3.0))
    drawn = model.sample(8000, np.random.default_rng(0), fixed={2: [1, 3], 0: [0]})
    assert set(drawn[:, 2]) == {1, 3}
    assert set(drawn[:, 0]) == {0}
    joint = model.marginal((0, 2, 3))[0][[1, 3]]
    found = shares(drawn, (2, 3), sizes)[[1, 3]]
    assert apart(joint / joint.sum(), found) < 0.01


def test_rare_levels_are_joined_in_the_model_and_told_apart_in_the_rows():
    rng = np.random.default_rng(0)
    codes = np.stack([rng.choice(30, 5000, p=[0.6, 0.37, *[0.03 / 28] * 28]), rng.integers(3, size=5000)], axis=1)
    model = marginals.fit(codes, [30, 3], budget(0.5))
    assert model.levels[0].groups < 30
    drawn = model.sample(20_000, rng)
    assert len(np.unique(drawn[:, 0])) > 20
    assert apart(model.marginal((0,)), shares(drawn, (0,), [30, 3])) < 0.003
    rare = int(np.flatnonzero(model.levels[0].to == model.levels[0].groups - 1)[0])
    only = model.sample(200, rng, fixed={0: [rare]})
    assert set(only[:, 0]) == {rare}


def test_what_has_no_chance_is_refused():
    codes, sizes = chain(500)
    model = marginals.fit(codes, sizes, budget())
    with pytest.raises(DataError, match="no chance"):
        model.sample(10, np.random.default_rng(0), fixed={1: []})


def test_a_saved_model_draws_the_same_rows():
    codes, sizes = chain(2000)
    model = marginals.fit(codes, sizes, budget())
    again = Model.from_state(model.to_state())
    a, b = (m.sample(300, np.random.default_rng(3), fixed={1: [0, 2]}) for m in (model, again))
    np.testing.assert_array_equal(a, b)
    assert [m.columns for m in again.measured] == [m.columns for m in model.measured]


def test_where_noise_drowns_all_links_columns_are_independent_and_that_is_said():
    rng = np.random.default_rng(0)
    codes = rng.integers(2, size=(40, 2))
    found = [marginals.fit(codes, [2, 2], budget(0.05, seed=s)) for s in range(12)]
    alone = [m for m in found if len(m.groups) == 2]
    # A link that is not there must pass half a deviation of noise and the noise of its table: three in ten at most.
    assert len(alone) >= 4
    assert all("fallback" in m.facts and m.marginal((0, 1)).sum() == pytest.approx(1) for m in alone)


def test_a_table_of_many_columns_is_learned_from_few_pairs():
    rng = np.random.default_rng(0)
    codes = rng.integers(4, size=(5000, 26))
    codes[:, 1::2] = np.where(rng.random((5000, 13)) < 0.8, codes[:, ::2], codes[:, 1::2])
    model = marginals.fit(codes, [4] * 26, budget(3.0), preset="tree")
    pairs = {g for g in model.groups if len(g) == 2}
    assert {(c, c + 1) for c in range(0, 26, 2)} <= pairs
    assert len(pairs) < 40


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=5),
    rows=st.sampled_from([0, 1, 2, 50]),
    epsilon=st.sampled_from([0.01, 1.0, 100.0]),
    preset=st.sampled_from(marginals.PRESETS),
)
def test_any_shape_any_budget(sizes, rows, epsilon, preset):
    rng = np.random.default_rng(0)
    codes = np.stack([rng.integers(s, size=rows) for s in sizes], axis=1)
    b = budget(epsilon)
    model = marginals.fit(codes, sizes, b, preset=preset)
    b.close()
    drawn = model.sample(100, rng)
    assert drawn.shape == (100, len(sizes))
    assert (drawn >= 0).all() and (drawn < np.array(sizes)).all()
    assert model.total >= 1
    assert np.isfinite(model.marginal(tuple(range(len(sizes)))[:3])).all()


def test_the_sum_of_the_ledger_is_refused_before_rows_are_counted():
    codes, sizes = chain(100)
    b = budget()
    with pytest.raises(BudgetError):
        marginals.fit(codes, sizes, b, rho=2 * b.rho)


def test_an_unknown_preset_is_refused():
    codes, sizes = chain(10)
    with pytest.raises(ConfigError, match="preset"):
        marginals.fit(codes, sizes, budget(), preset="mst")
