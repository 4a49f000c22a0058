"""Tokens: a table as small integers and back, with levels, missing cells, odd cells and types kept."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core.data import as_dataset
from simulacra.parts.assemble import assemble, ranks_of
from simulacra.parts.plan import Variable, read
from simulacra.parts.tokens import barred, fit_tokens, to_ranks, to_tokens
from simulacra.testing import toys


def variable(count: list[int], *, ordered: bool) -> Variable:
    """Return a variable of which every rank is held by as many rows as `count` says."""
    counts = np.array(count)
    ranks = np.repeat(np.arange(len(count)), counts).astype(np.int32)
    byte = np.zeros(len(count), np.uint8)
    return Variable("x", ranks, counts, byte.take(ranks), ordered, False, byte)


@settings(max_examples=60, deadline=None)
@given(
    count=st.lists(st.integers(1, 40), min_size=1, max_size=120),
    ordered=st.booleans(),
    bins=st.integers(2, 20),
    fine=st.integers(1, 9),
)
def test_ranks_come_back_in_their_own_part(count: list[int], ordered: bool, bins: int, fine: int) -> None:
    one = variable(count, ordered=ordered)
    view = fit_tokens([one], bins=bins, fine=fine)
    tokens = to_tokens(view, [one.ranks])
    assert all((tokens[:, j] >= 0).all() and (tokens[:, j] < view[j]["size"]).all() for j in range(len(view)))
    back, low, high = next(to_ranks(view, tokens, np.random.default_rng(0)))
    again = to_tokens(view, [back])
    kept = tokens[:, 0] != view[0]["rare"]
    assert (again[kept] == tokens[kept]).all()
    assert not (again[:, 0] == view[0]["rare"]).any()
    if ordered:
        assert low is not None and high is not None and (low <= back).all() and (back <= high).all()
        assert (one.ranks >= low).all() and (one.ranks <= high).all()
    elif kept.any():
        common = np.array(count)[back[kept]]
        assert (common >= min(5, max(count))).all()


@settings(max_examples=30, deadline=None)
@given(count=st.lists(st.integers(1, 3), min_size=100, max_size=400), bins=st.integers(4, 16))
def test_parts_hold_about_equal_rows_and_are_drawn_by_their_rows(count: list[int], bins: int) -> None:
    one = variable(count, ordered=True)
    view = fit_tokens([one], bins=bins, fine=4)
    rows = np.bincount(to_tokens(view, [one.ranks])[:, 0])
    assert view[0]["size"] <= bins + 1
    assert rows.max() <= 2 * sum(count) / bins + 3


def test_a_value_that_many_rows_share_has_a_part_of_its_own() -> None:
    one = variable([1] * 200 + [400] + [1] * 200, ordered=True)
    view = fit_tokens([one], bins=8, fine=4)
    assert (view[0]["codes"] == view[0]["codes"][200]).sum() == 1


@pytest.mark.parametrize("table", [toys.mixed(400), toys.people(400)], ids=["mixed", "people"])
def test_a_table_comes_back_with_levels_missing_cells_and_types(table: pl.DataFrame) -> None:
    data = as_dataset(table)
    fields, chain = read(data.frame, data.schema.columns, None, bins=64, spike=5)
    ranks = [v.ranks for v in chain]
    view = fit_tokens(chain, bins=16, fine=8, floor=1)
    rng = np.random.default_rng(1)
    made, _ = assemble(fields, to_ranks(view, to_tokens(view, ranks), rng), data.frame.height, rng)
    for field in fields:
        real, back = data.frame[field["name"]], made[field["name"]]
        assert (real.is_null() == back.is_null()).all()
        if not field["surrogate"]:
            assert back.dtype == real.dtype
        if field["codec"] and not field["codec"]["ordered"]:
            assert back.to_list() == real.to_list()


@pytest.mark.parametrize("table", [toys.mixed(300), toys.people(300)], ids=["mixed", "people"])
def test_rows_are_recognised_again(table: pl.DataFrame) -> None:
    data = as_dataset(table)
    fields, chain = read(data.frame, data.schema.columns, None, bins=64, spike=5)
    some = data.frame[[3, 7, 50, 51, 52]]
    for found, learned in zip(ranks_of(some, fields, data.schema.columns), chain, strict=True):
        assert found.tolist() == learned.ranks[[3, 7, 50, 51, 52]].tolist()


def test_levels_never_seen_count_as_missing() -> None:
    data = as_dataset(pl.DataFrame({"c": ["a", "b"] * 20, "x": [*(i % 13 * 1.5 for i in range(39)), float("nan")]}))
    fields, chain = read(data.frame, data.schema.columns, None, bins=64, spike=5)
    new = pl.DataFrame({"c": ["a", "z"], "x": [float("inf"), 1.5]})
    found = dict(
        zip([v.name + ("?" if v.state else "") for v in chain], ranks_of(new, fields, data.schema.columns), strict=True)
    )
    assert found["c"].tolist() == [0, -1]
    assert (found["x?"].tolist(), found["x"].tolist()) == ([1, 0], [-1, 1])


def test_impossible_tokens_are_mended() -> None:
    table = pl.DataFrame({"x": [None, 1.0, 2.0, 3.0] * 20})
    data = as_dataset(table)
    _, chain = read(data.frame, data.schema.columns, None, bins=64, spike=5)
    view = fit_tokens(chain)
    state, value = range(2)
    tokens = np.zeros((2, 2), np.int64)
    tokens[0, state], tokens[0, value] = 1, 2
    tokens[1, state], tokens[1, value] = 0, view[value]["size"]
    (states, _, _), (ranks, _, _) = to_ranks(view, tokens, np.random.default_rng(0))
    assert states.tolist() == [1, 0]
    assert ranks[0] == -1 and ranks[1] in (0, 1, 2)


def test_the_token_of_rare_levels_is_barred() -> None:
    one = variable([50, 3, 50, 1], ordered=False)
    view = fit_tokens([one])
    assert [b.tolist() for b in barred(view)] == [[False, False, True]]
