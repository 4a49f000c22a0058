"""Codes and back: categories are themselves, repeated numbers stay, single ones are drawn afresh on the grid."""

from __future__ import annotations

import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core.infer_numbers import find_step
from simulacra.core.rng import stream
from simulacra.core.schema import Column
from simulacra.parts.encoding import coarse, decode, encode, fit_codec
from simulacra.parts.fields import MISSING, THERE, join, split

RNG = stream(0, "test", "encoding")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=4)), min_size=1, max_size=60))
def test_categories_come_back(values: list[str | None]):
    column = pl.Series("c", values, dtype=pl.String)
    codec = fit_codec(column, ordered=False)
    ranks = encode(column, codec)
    assert decode(ranks, codec, RNG).to_list() == values
    assert ((coarse(ranks, codec) == 0) == column.is_null().to_numpy()).all()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=30))
def test_repeated_numbers_come_back(values: list[int]):
    column = pl.Series("n", values * 5)
    codec = fit_codec(column, ordered=True)
    assert decode(encode(column, codec), codec, RNG).to_list() == column.to_list()


@pytest.mark.parametrize("step", [0.01, 0.05, 1.0, 500.0])
def test_fresh_numbers_keep_the_grid_and_hide_the_ends(step: float):
    rng = stream(1, "test", "encoding")
    steps = rng.choice(10**6, 400, replace=False)
    column = pl.Series("n", steps * step)
    codec = fit_codec(column, ordered=True)
    made = decode(encode(column, codec), codec, rng).to_numpy()
    assert np.allclose(made / step, np.rint(made / step), atol=1e-4)
    assert column.min() < made.min() and made.max() < column.max()
    assert np.isin(np.rint(made / step), steps).mean() < 0.05
    assert np.corrcoef(made, column.to_numpy())[0, 1] > 0.999


def test_spikes_stay_spikes_among_fresh_numbers():
    rng = stream(2, "test", "encoding")
    column = pl.Series("n", np.concatenate([np.zeros(500), rng.uniform(1, 2, 500)]))
    codec = fit_codec(column, ordered=True)
    made = decode(encode(column, codec), codec, rng)
    assert abs((made == 0).mean() - 0.5) < 0.01
    assert made.filter((made > 0) & (made < 0.99)).is_empty()


def test_numbers_do_not_leave_the_bounds_they_are_given():
    column = pl.Series("n", np.arange(1000.0) + 0.5)
    codec = fit_codec(column, ordered=True)
    ranks = encode(column, codec)
    low, high = ranks // 100 * 100, ranks // 100 * 100 + 99
    made = decode(ranks, codec, RNG, low, high).to_numpy()
    assert (made // 100 == column.to_numpy() // 100).all()


def test_ten_thousand_levels_fit_a_byte():
    column = pl.Series("c", [f"v{i}" for i in range(10_000)] + ["common"] * 500)
    codec = fit_codec(column, ordered=False)
    codes = coarse(encode(column, codec), codec)
    assert codes.min() == 1 and len(set(codes[:-500])) > 50
    assert set(codes[-500:]).isdisjoint(codes[:-500])


@pytest.mark.parametrize(
    "values",
    [
        [datetime.date(1850, 3, 1), datetime.date(2020, 1, 2)] * 5,
        [datetime.datetime(2020, 1, 1, 5, 6, 7), None] * 5,
        [datetime.time(3, 4), datetime.time(5)] * 5,
        [2**62 + 1, -(2**62)] * 5,
        [2**63 + 10**6, 5] * 5,
    ],
)
def test_types_are_kept(values: list[object]):
    column = pl.Series("t", values)
    codec = fit_codec(column, ordered=True)
    back = decode(encode(column, codec), codec, RNG)
    assert back.dtype == column.dtype and back.to_list() == values


def test_words_among_numbers_are_states():
    cells = pl.Series("m", ["1.50", "tbd", None, "2.25", "3.75", "tbd"])
    field, state, plain = split(cells, Column("m", "mixed"), bins=64, spike=5)
    assert state.tolist() == [THERE, 2, MISSING, THERE, THERE, 2]
    assert plain.to_list() == [1.5, None, None, 2.25, 3.75, None]
    assert join(field, state, plain).to_list() == cells.to_list()


def test_infinities_and_nan_are_states_of_a_float():
    cells = pl.Series("f", [1.0, float("inf"), float("nan"), None, -float("inf"), 2.0])
    field, state, plain = split(cells, Column("f", "number"), bins=64, spike=5)
    assert plain.to_list() == [1.0, None, None, None, None, 2.0]
    assert join(field, state, plain).equals(cells)


def test_times_kept_as_text_keep_their_format():
    cells = pl.Series("d", ["03/21/2001", None, "12/01/1999"])
    field, state, plain = split(cells, Column("d", "time", format="%m/%d/%Y"), bins=64, spike=5)
    assert plain.dtype == pl.Date
    assert join(field, state, plain).to_list() == cells.to_list()


@pytest.mark.parametrize(
    ("form", "cells", "written"),
    [
        ("%d/%m/%Y", ["01/02/2020", "3/4/2021", "31/12/2020"], ["01/02/2020", "03/04/2021", "31/12/2020"]),
        ("%d.%m.%Y", ["01.02.2020", "unknown", "31.12.2020"], ["01.02.2020", "unknown", "31.12.2020"]),
        ("%H:%M", ["08:15", None, "23:59"], ["08:15", None, "23:59"]),
    ],
)
def test_times_that_are_not_all_alike_are_still_times(form: str, cells: list[str], written: list[str]):
    field, state, plain = split(pl.Series("d", cells), Column("d", "time", format=form), bins=64, spike=5)
    assert plain.dtype.is_temporal()
    assert join(field, state, plain).to_list() == written


def test_tiny_numbers_are_not_put_on_a_grid_of_whole_ones():
    values = pl.Series("c", stream(1, "test", "tiny").lognormal(size=400) * 1e-8)
    codec = fit_codec(values, ordered=True)
    made = decode(encode(values, codec), codec, stream(1, "test", "draw"))
    assert abs(made.median() / values.median() - 1) < 0.1
    assert find_step(np.sort(values.to_numpy()), False) is None
