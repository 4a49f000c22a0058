"""Conditions: both forms, what they select, and every misfit a ConfigError."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core.errors import ConfigError, DataError
from simulacra.core.where import mask, parse, shares, texts
from simulacra.tables.copula import Copula
from simulacra.tables.rules import Rules
from simulacra.testing import toys

FRAME = pl.DataFrame(
    {
        "n": [1, 5, None, 9],
        "town": ["Ulm", "Bonn", None, "a b"],
        "yes": [True, False, None, True],
        "day": [date(2020, 1, d) for d in (1, 2, 3, 4)],
        "x": [0.5, float("nan"), None, 2.0],
    }
)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("n=5", [1]),
        ("n = 5", [1]),
        ("n in 1|9", [0, 3]),
        ("n>1", [1, 3]),
        ("n>=5", [1, 3]),
        ("n<5", [0]),
        ("n<=5", [0, 1]),
        ("n=?", [2]),
        ("town=a b", [3]),
        ("town in Ulm|Bonn", [0, 1]),
        ("yes=true", [0, 3]),
        ("yes=no", [1]),
        ("day>2020-01-02", [2, 3]),
        ("day=2020-01-04", [3]),
        ("x>1", [3]),
        ("x>=0.5", [0, 3]),
    ],
)
def test_the_command_line_form_selects_these_rows(text: str, rows: list[int]) -> None:
    assert mask(FRAME, parse([text])).arg_true().to_list() == rows


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ({"n": 5}, [1]),
        ({"n": [1, 9]}, [0, 3]),
        ({"n": (2, None)}, [1, 3]),
        ({"n": (None, 5)}, [0, 1]),
        ({"n": None}, [2]),
        ({"day": (date(2020, 1, 2), date(2020, 1, 3))}, [1, 2]),
        ({"n": (2, 9), "yes": True}, [3]),
        ({}, [0, 1, 2, 3]),
    ],
)
def test_the_python_form_selects_these_rows(where: dict[str, Any], rows: list[int]) -> None:
    assert mask(FRAME, where).arg_true().to_list() == rows


def test_two_bounds_on_one_column_make_a_range() -> None:
    assert mask(FRAME, parse(["n>1", "n<=5"])).arg_true().to_list() == [1]


@given(st.text(st.characters(codec="utf-8"), max_size=20))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_condition_or_a_config_error(text: str) -> None:
    try:
        where = parse([text])
    except ConfigError:
        return
    assert len(where) == 1
    try:
        parts = shares(where, FRAME)
    except ConfigError:
        return
    for plain, _ in parts:
        try:
            assert len(mask(FRAME, plain)) == 4
        except ConfigError:
            continue


names = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_ ]{0,8}[a-z]", fullmatch=True)
values = st.from_regex(r"[A-Za-z0-9.-]{1,8}", fullmatch=True)


@given(
    st.dictionaries(
        names,
        st.none()
        | values
        | st.lists(values, min_size=1, max_size=3)
        | st.tuples(st.none(), values)
        | st.tuples(values, values)
        | st.dictionaries(values, st.floats(0, 1), min_size=1, max_size=2),
        max_size=3,
    )
)
@settings(max_examples=150, deadline=None)
def test_texts_and_parse_are_inverses(where: dict[str, Any]) -> None:
    assert parse(texts(where)) == where


@pytest.mark.parametrize("text", ["", "n", "=5", "n~yes", "n~yes:half", "in a|b"])
def test_what_is_no_condition_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--where"):
        parse([text])


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"n": "five"}, "does not fit column 'n' of type Int64"),
        ({"day": "soon"}, "does not fit column 'day'"),
        ({"yes": "maybe"}, "does not fit column 'yes'"),
        ({"n": (1, 2, 3)}, "does not fit column 'n'"),
        ({"q": 1}, "column 'q' is filled with surrogates"),
    ],
)
def test_a_misfit_names_the_column(where: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        mask(FRAME, where)


@pytest.mark.parametrize("wanted", [{"Ulm": 0.9, "Bonn": 0.3}, {"Ulm": -0.1}, {"Ulm": float("nan")}])
def test_shares_must_be_shares(wanted: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="must be in 0..1"):
        shares({"town": wanted}, FRAME)


def test_shares_are_filled_by_quota() -> None:
    fitted = Rules().fit(schema=toys.people_schema(), seed=1)
    made = fitted.sample(2000, seed=2, where={"town": {"Ulm": 0.1, "Worms": 0.7}, "age": (20, 40)})
    share = {t: n / 2000 for t, n in made["town"].value_counts().iter_rows()}
    assert share["Ulm"] == pytest.approx(0.1, abs=0.03)
    assert share["Worms"] == pytest.approx(0.7, abs=0.04)
    assert sum(share.values()) - share["Ulm"] - share["Worms"] == pytest.approx(0.2, abs=0.03)
    assert made["age"].is_between(20, 40).all()


def test_what_never_happens_is_a_data_error() -> None:
    fitted = Rules().fit(schema=toys.people_schema(), seed=1)
    with pytest.raises(DataError, match=r"only 0 of .* drawn rows fulfil .*widen the condition"):
        fitted.sample(5, seed=2, where={"age": 17})


def test_conditions_in_python_name_columns() -> None:
    with pytest.raises(ConfigError, match="where must name columns and values"):
        texts(["age>60"])  # type: ignore[arg-type]


@pytest.mark.parametrize(("bound", "told"), [("x>old", "'old' is not a number"), ("d>old", "'old' is not a date")])
def test_a_bound_that_cannot_be_read_is_named(bound: str, told: str) -> None:
    frame = pl.DataFrame({"x": [1, 2], "d": [date(2020, 1, 1), date(2021, 1, 1)]})
    with pytest.raises(ConfigError, match=told):
        mask(frame, parse([bound]))


@pytest.mark.parametrize(
    ("conditions", "low"),
    [
        (["signed>2023-01-15"], "16"),
        (["signed>=15.01.2023"], "15"),
        (["signed>14.01.2023", "signed<=2023-01-31"], "15"),
    ],
)
def test_dates_kept_as_text_are_compared_as_dates(conditions: list[str], low: str) -> None:
    frame = pl.DataFrame(
        {"signed": [f"{d:02d}.{m:02d}.{y}" for y in (2021, 2023) for m in (1, 2) for d in range(1, 29)]}
    )
    made = Copula().fit(frame, seed=1).sample(200, seed=2, where=parse(conditions))["signed"]
    days = made.str.to_date("%d.%m.%Y")
    assert days.min() >= date(2023, 1, int(low))  # type: ignore[operator]


def test_surrogates_cannot_be_a_condition() -> None:
    method = Copula().fit(pl.DataFrame({"code": [f"A-{i:04d}" for i in range(80)], "x": range(80)}), seed=1)
    with pytest.raises(ConfigError, match="column 'code' is filled with surrogates"):
        method.sample(5, seed=1, where={"code": "A-0001"})
