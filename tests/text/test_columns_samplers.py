"""Drawn columns: their distributions, and that each cell is a function of seed, column and row number alone."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from simulacra.text import Columns

ROWS = 20_000


def drawn(**entry: Any) -> pl.Series:
    return Columns(columns=[{"name": "x", **entry}]).sample(ROWS, seed=5)["x"]


def test_categories_follow_their_weights() -> None:
    made = drawn(kind="category", values=["a", "b", "c"], weights=[1, 2, 7])
    counts = [made.to_list().count(v) for v in "abc"]
    assert stats.chisquare(counts, [ROWS * w for w in (0.1, 0.2, 0.7)]).pvalue > 1e-3
    table = drawn(kind="category", values={"a": 1, "b": 2, "c": 7})
    assert table.equals(made)


@pytest.mark.parametrize(
    ("values", "dtype"), [([1, 2], pl.Int64), ([0.5, 2], pl.Float64), ([True, False], pl.Boolean), (["a"], pl.String)]
)
def test_categories_keep_the_type_of_their_values(values: list[Any], dtype: Any) -> None:
    made = drawn(kind="category", values=values)
    assert made.dtype == dtype
    assert set(made.to_list()) == set(values)


def test_a_list_belongs_to_the_value_of_another_column() -> None:
    columns = [
        {"name": "state", "kind": "category", "values": ["open", "closed"]},
        {
            "name": "why",
            "kind": "category",
            "by": "state",
            "values": {"open": ["new"], "closed": {"done": 3, "spam": 1}},
        },
    ]
    made = Columns(columns=columns).sample(ROWS, seed=1)
    assert set(made.filter(state="open")["why"]) == {"new"}
    closed = made.filter(state="closed")["why"]
    assert abs((closed == "done").mean() - 0.75) < 0.02


@pytest.mark.parametrize(
    ("entry", "cdf"),
    [
        ({"low": -2, "high": 6}, stats.uniform(-2, 8).cdf),
        ({"distribution": "normal", "mean": 3, "sd": 2}, stats.norm(3, 2).cdf),
        ({"distribution": "normal", "mean": 0, "sd": 1, "low": 1}, stats.truncnorm(1, math.inf).cdf),
        ({"distribution": "lognormal", "mean": 1, "sd": 0.5}, stats.lognorm(0.5, scale=math.e).cdf),
        ({"distribution": "lognormal", "mean": 0, "sd": 1, "low": 0, "high": 1}, lambda x: 2 * stats.lognorm(1).cdf(x)),
    ],
)
def test_numbers_follow_their_distribution(entry: dict[str, Any], cdf: Any) -> None:
    assert stats.kstest(drawn(kind="number", **entry).to_numpy(), cdf).pvalue > 1e-3


def test_whole_numbers_follow_their_distribution() -> None:
    dice = drawn(kind="number", distribution="integer", low=1, high=6)
    assert dice.dtype == pl.Int64
    assert stats.chisquare(np.bincount(dice.to_numpy())[1:]).pvalue > 1e-3
    calls = drawn(kind="number", distribution="poisson", mean=2.5).to_numpy()
    seen = [(calls == k).sum() for k in range(6)] + [(calls >= 6).sum()]
    wanted = [stats.poisson(2.5).pmf(k) for k in range(6)] + [stats.poisson(2.5).sf(5)]
    assert stats.chisquare(seen, ROWS * np.array(wanted)).pvalue > 1e-3


def test_decimals_and_ends_are_kept() -> None:
    made = drawn(kind="number", distribution="normal", mean=0, sd=5, low=-1, high=2, decimals=1).to_numpy()
    assert made.min() == -1 and made.max() == 2
    assert np.array_equal(made, np.round(made, 1))


def test_dates_lie_within_their_ends_and_have_their_format() -> None:
    days = drawn(kind="date", start="2024-02-28", end="2024-03-01")
    assert sorted(set(days)) == ["2024-02-28", "2024-02-29", "2024-03-01"]
    times = drawn(kind="date", start="2024-01-01T10:00:00", end="2024-01-01T10:00:59", format="%d.%m.%Y %H:%M:%S")
    assert len(set(times)) == 60
    assert all(re.fullmatch(r"01\.01\.2024 10:00:\d\d", t) for t in times)


def test_persons_agree_with_themselves() -> None:
    entry = {"name": "p", "kind": "person", "locale": ["en", "de", "ru", "zh"], "age": [10, 40]}
    made = Columns(columns=[entry]).sample(3000, seed=1)["p"].struct.unnest()
    assert set(made["locale"]) == {"en", "de", "ru", "zh"}
    assert made["age"].min() == 10 and made["age"].max() == 40
    english = made.filter(locale="en")
    for person in english.iter_rows(named=True):
        assert person["name"] == f"{person['first_name']} {person['last_name']}"
        assert person["email"].startswith(re.sub("[^a-z]", "", person["first_name"].lower()))
        assert person["city"] in person["address"]
    assert all(re.fullmatch(r"[\x21-\x7e]+@example\.(com|org|net)", mail) for mail in made["email"])
    assert all(phone.startswith(("+1-212-555-01", "+999 ")) for phone in made["phone"])
    assert (made.filter(pl.col("age") < 16)["job"] == "").all()
    assert (made.filter(pl.col("age") >= 16)["job"] != "").all()
    chinese = made.filter(locale="zh").row(0, named=True)
    assert chinese["name"] == chinese["last_name"] + chinese["first_name"]


def test_a_persons_first_name_follows_the_sex() -> None:
    entry = {"name": "p", "kind": "person", "locale": "pl", "fields": ["first_name", "last_name", "sex"]}
    women = Columns(columns=[{**entry, "sex": "female"}]).sample(500, seed=1)["p"].struct.unnest()
    assert set(women["sex"]) == {"female"}
    assert (women["first_name"].str.ends_with("a")).mean() > 0.95
    assert not women["last_name"].str.ends_with("ski").any()


def test_personas_are_those_of_the_row_numbers_and_stand_in_the_lineage() -> None:
    from simulacra.parts.personas import persona

    columns = [
        {"name": "who", "kind": "persona", "fields": ["text", "occupation"]},
        {"name": "other", "kind": "persona", "first": 1000, "keep": False},
        {"name": "told", "kind": "expression", "value": "{{ who }}|{{ other.place }}"},
    ]
    made = Columns(columns=columns).sample(4, seed=9, kind="dataset")
    assert made.frames["lineage"]["personas"].to_list() == [[k, 1000 + k] for k in range(4)]
    for k, row in enumerate(made.frames["table"].iter_rows(named=True)):
        one, other = persona(9, k), persona(9, 1000 + k)
        assert row["who"] == {"text": one.text, "occupation": one.occupation}
        assert row["told"] == f"{one.text}|{other.place}"


DATA = pl.DataFrame({"id": range(7), "word": list("abcdefg")})


def test_rows_of_the_data_come_in_turn_or_every_one_once_before_any_again() -> None:
    columns = [{"name": "own", "kind": "seed", "columns": "id", "order": "cycle"}]
    assert Columns(columns=columns).fit(DATA).sample(9, seed=1)["own"].to_list() == [0, 1, 2, 3, 4, 5, 6, 0, 1]
    shuffled = Columns(columns=[{"name": "own", "kind": "seed", "columns": "id"}]).fit(DATA).sample(70, seed=1)["own"]
    turns = [shuffled.to_list()[i : i + 7] for i in range(0, 70, 7)]
    assert all(sorted(turn) == list(range(7)) for turn in turns)
    assert len({tuple(turn) for turn in turns}) > 5


def test_a_row_of_the_data_is_one_row_wherever_it_is_named() -> None:
    columns = [
        {"name": "own", "kind": "seed"},
        {"name": "same", "kind": "expression", "value": "{{ seed.id }}{{ seed.word }} {{ own.id }}{{ own.word }}"},
        {"name": "others", "kind": "seed", "columns": "id", "count": 3},
    ]
    made = Columns(columns=columns).fit(DATA).sample(50, seed=1, kind="dataset")
    parents = made.frames["lineage"]["parents"].to_list()
    for row, stands_on in zip(made.frames["table"].iter_rows(named=True), parents, strict=True):
        one, two = row["same"].split()
        assert one == two
        assert len({*row["others"], row["own"]["id"]}) == 4
        assert stands_on == [row["own"]["id"], *row["others"]]


def test_more_data_than_can_be_sorted_are_shuffled_too() -> None:
    data = pl.DataFrame({"id": range(5000)})
    made = Columns(columns=[{"name": "own", "kind": "seed", "columns": "id"}]).fit(data).sample(10_000, seed=1)["own"]
    assert sorted(made[:5000]) == list(range(5000)) == sorted(made[5000:])
    assert made[:5000].to_list() != made[5000:].to_list()


EVERY = [
    {"name": "c", "kind": "category", "values": ["a", "b", "c"]},
    {"name": "b", "kind": "category", "by": "c", "values": {"a": [1, 2], "b": [3], "c": [4, 5, 6]}},
    {"name": "n", "kind": "number", "distribution": "normal", "mean": 0, "sd": 1},
    {"name": "k", "kind": "number", "distribution": "poisson", "mean": 3},
    {"name": "d", "kind": "date", "start": "2020-01-01", "end": "2024-12-31", "when": "{{ n > 0 }}"},
    {"name": "p", "kind": "person", "locale": ["en", "fr"]},
    {"name": "q", "kind": "persona", "length": "short"},
    {"name": "s", "kind": "seed"},
    {"name": "o", "kind": "seed", "columns": "word", "count": 2},
    {"name": "e", "kind": "expression", "value": "{{ c }}{{ b + k }}{{ p.name }}{{ s.word }}{{ row }}"},
]


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 150), st.sampled_from([16, 64, 4096]), st.integers(-(2**40), 2**40))
def test_rows_are_the_same_for_any_number_of_them_and_any_block(n: int, size: int, seed: int) -> None:
    method = Columns(columns=EVERY).fit(DATA)
    whole = method.sample(150, seed=seed)
    vars(method)["block_rows"] = size
    assert method.sample(n, seed=seed).equals(whole[:n])
    blocks = list(method.batches(n, seed=seed, first=1))
    assert sum(len(b.frames["table"]) for b in blocks) == max(0, n - size)
    if blocks:
        assert blocks[0].frames["table"].equals(whole[:n][size : 2 * size])
        assert blocks[0].frames["lineage"]["row"][0] == size


def test_a_column_that_is_added_moves_no_draw_of_the_others() -> None:
    alone = Columns(columns=[EVERY[2]]).sample(100, seed=1)["n"]
    assert Columns(columns=EVERY).fit(DATA).sample(100, seed=1)["n"].equals(alone)
    assert not Columns(columns=[EVERY[2]]).sample(100, seed=2)["n"].equals(alone)
