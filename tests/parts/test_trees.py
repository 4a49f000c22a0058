"""Trees on codes: the cuts that are there are found, noise is left alone, and every node knows its rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core.rng import stream
from simulacra.parts.boost import draw_boosted, fit_boosted, scores
from simulacra.parts.trees import find, grow, leaf_order


def test_the_true_cut_is_found():
    rng = stream(0, "test", "tree")
    codes = rng.integers(0, 50, (3, 2000)).astype(np.uint8)
    target = (codes[1] > 20) + 0.01 * rng.standard_normal(2000)
    tree, leaves = grow(codes, target[None], leaf=20, gain=2.0)
    assert (tree["feature"][0], tree["cut"][0]) == (1, 20)
    assert set(leaves[codes[1] <= 20]).isdisjoint(leaves[codes[1] > 20])


def test_noise_is_followed_without_a_threshold_and_left_alone_with_one():
    rng = stream(1, "test", "tree")
    codes = rng.integers(0, 2, (1, 4000)).astype(np.uint8)
    noise = rng.standard_normal((1, 4000))
    assert len(grow(codes, noise, leaf=20, gain=0.0)[0]["feature"]) == 3
    assert len(grow(codes, noise, leaf=20, gain=20.0)[0]["feature"]) == 1


def test_an_exact_rule_survives_any_threshold():
    codes = np.repeat(np.arange(16), 40)[None].astype(np.uint8)
    target = codes.astype(float) * 3
    tree, leaves = grow(codes, target, leaf=20, gain=5.0)
    for leaf in np.unique(leaves):
        assert len(set(codes[0, leaves == leaf])) == 1
    assert len(np.unique(leaves)) == 16


@settings(max_examples=25, deadline=None)
@given(rows=st.integers(1, 300), columns=st.integers(0, 4), leaf=st.integers(1, 30), seed=st.integers(0, 99))
def test_leaves_partition_the_rows(rows: int, columns: int, leaf: int, seed: int):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 9, (columns, rows)).astype(np.uint8)
    tree, leaves = grow(codes, rng.standard_normal((2, rows)), leaf=leaf)
    assert np.array_equal(find(tree, codes), leaves)
    assert np.array_equal(np.sort(leaf_order(tree, leaves)), np.arange(rows))
    size = np.bincount(leaves)[np.unique(leaves)]
    assert size.sum() == rows and (size >= min(leaf, rows)).all()
    order = leaf_order(tree, leaves)
    for node in range(len(tree["feature"])):
        inside = order[tree["start"][node] : tree["stop"][node]]
        if tree["feature"][node] >= 0:
            left = tree["left"][node]
            assert tree["start"][left] == tree["start"][node] and tree["stop"][left + 1] == tree["stop"][node]
            assert tree["up"][left] == tree["up"][left + 1] == node
        else:
            assert set(leaves[inside]) <= {node}


def test_cuts_from_a_part_of_the_rows_still_place_every_row():
    rng = stream(2, "test", "tree")
    codes = rng.integers(0, 30, (2, 3000)).astype(np.uint8)
    tree, leaves = grow(codes, codes[:1].astype(float), leaf=20, rows=np.arange(0, 3000, 3))
    assert tree["stop"][0] == 3000 and np.array_equal(find(tree, codes), leaves)


def test_boosted_chances_come_near_the_true_ones():
    rng = stream(3, "test", "boost")
    codes = rng.integers(0, 20, (4, 6000)).astype(np.uint8)
    truth = 1 / (1 + np.exp(-(codes[0] / 4.0 - codes[2] / 5.0)))
    label = (rng.random(6000) < truth).astype(np.int64)
    model = fit_boosted(codes, label, 2, rng)
    fresh = rng.integers(0, 20, (4, 4000)).astype(np.uint8)
    fresh_truth = 1 / (1 + np.exp(-(fresh[0] / 4.0 - fresh[2] / 5.0)))
    chance = 1 / (1 + np.exp(-scores(model, fresh)[0]))
    assert np.abs(chance - fresh_truth).mean() < 0.06
    assert abs(draw_boosted(model, fresh, rng).mean() - fresh_truth.mean()) < 0.03


def test_boosting_knows_more_than_two_levels():
    rng = stream(4, "test", "boost")
    codes = rng.integers(0, 3, (2, 3000)).astype(np.uint8)
    model = fit_boosted(codes, codes[1].astype(np.int64), 3, rng, rounds=20)
    assert (draw_boosted(model, codes, rng) == codes[1]).mean() > 0.9
