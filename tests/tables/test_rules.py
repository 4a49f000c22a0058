"""A table from a schema alone: every kind from its facts, and what a column lacks said in one sentence."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from simulacra.core.errors import ConfigError, DataError, SchemaError
from simulacra.core.infer import infer
from simulacra.core.schema import Column, Schema
from simulacra.tables.rules import Rules
from simulacra.testing import toys


def made(*columns: Column, n: int = 2000, **table: Any) -> pl.DataFrame:
    frame: pl.DataFrame = Rules().fit(schema=Schema.of(*columns, **table), seed=1).sample(n, seed=2)
    return frame


def test_numbers_are_even_between_low_and_high_on_their_grid() -> None:
    cells = made(Column("n", "number", low=1, high=6), Column("p", "number", low=0.0, high=1.0, step=0.05))
    shares = cells["n"].value_counts(normalize=True)["proportion"]
    assert cells["n"].dtype == pl.Int64
    assert set(cells["n"]) == {1, 2, 3, 4, 5, 6}
    assert shares.min() > 0.13
    assert set(cells["p"]) == {round(i * 0.05, 2) for i in range(21)}


def test_numbers_follow_their_quantiles() -> None:
    quantiles = (0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 100.0)
    cells = made(Column("n", "number", "Float64", quantiles=quantiles), n=5000)["n"]
    assert (cells == 0).mean() == pytest.approx(0.4, abs=0.02)
    assert cells.quantile(0.9) == pytest.approx(16, abs=2)
    assert cells.max() <= 100


def test_spikes_without_quantiles_hold_a_tenth_each() -> None:
    cells = made(Column("n", "number", "Int64", low=0, high=1000, spikes=(99.0, 500.0)), n=5000)["n"]
    assert (cells == 99).mean() == pytest.approx(0.1, abs=0.02)
    assert (cells == 500).mean() == pytest.approx(0.1, abs=0.02)


def test_categories_follow_their_weights_and_keep_their_type() -> None:
    cells = made(
        Column("town", "category", levels=("Ulm", "Bonn"), weights=(0.9, 0.1)),
        Column("code", "category", "Int16", levels=(10, 20)),
        Column("size", "category", "Enum", levels=("s", "m")),
        Column("yes", "boolean", levels=("ja", "nein"), weights=(0.25, 0.75)),
        Column("flag", "boolean"),
    )
    assert (cells["town"] == "Ulm").mean() == pytest.approx(0.9, abs=0.03)
    assert cells["code"].dtype == pl.Int16
    assert set(cells["code"]) == {10, 20}
    assert cells["size"].dtype == pl.Enum(["s", "m"])
    assert (cells["yes"] == "ja").mean() == pytest.approx(0.25, abs=0.04)
    assert cells["flag"].mean() == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize(
    ("column", "shape", "low", "high"),
    [
        (
            Column("t", "time", low="2020-01-30", high="2020-02-02"),
            "2020-0(1-3[01]|2-0[12])",
            "2020-01-30",
            "2020-02-02",
        ),
        (
            Column("t", "time", format="%d.%m.%y", low="1895-12-31", high="1896-01-02"),
            r"(31\.12\.95|0[12]\.01\.96)",
            "01.01.96",
            "31.12.95",
        ),
        (Column("t", "time", format="%H:%M", low="09:00:00", high="09:02:00"), "09:0[012]", "09:00", "09:02"),
        (
            Column("t", "time", "Datetime(us)", low="2020-01-01T00:00:00", high="2020-01-01T00:00:03"),
            r"2020-01-01 00:00:0[0-3]\.000000",
            "2020-01-01 00:00:00.000000",
            "2020-01-01 00:00:03.000000",
        ),
    ],
)
def test_times_lie_in_their_range_and_format(column: Column, shape: str, low: str, high: str) -> None:
    cells = made(column, n=300)["t"].cast(pl.String)
    assert all(re.fullmatch(shape, cell) for cell in cells)
    assert cells.min() == low
    assert cells.max() == high


def test_times_follow_their_quantiles_and_keep_their_zone() -> None:
    at = tuple(86_400.0 * d for d in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1000))
    column = Column("t", "time", "Datetime(ms, UTC)", low="1970-01-01", high="1972-09-27", quantiles=at)
    cells = made(column)["t"]
    assert cells.dtype == pl.Datetime("ms", "UTC")
    assert (cells.dt.epoch("d") < 9).mean() == pytest.approx(0.9, abs=0.03)


def test_mixed_columns_hold_numbers_and_words() -> None:
    cells = made(Column("m", "mixed", low=0, high=9, step=1.0, levels=("tbd", "n/a"), weights=(0.2, 0.1)))["m"]
    assert (cells == "tbd").mean() == pytest.approx(0.2, abs=0.03)
    assert (cells == "n/a").mean() == pytest.approx(0.1, abs=0.03)
    assert set(cells) == {"tbd", "n/a", *"0123456789"}


def test_missing_cells_come_in_their_share_and_together() -> None:
    cells = made(
        Column("a", "number", low=0, high=1, missing=0.3),
        Column("b", "id", "String", missing=0.3),
        Column("c", "number", low=0, high=1, missing=0.3),
        Column("d", "empty"),
        Column("e", "constant", levels=("eu",)),
        together=(("a", "b"),),
    )
    assert cells["a"].is_null().mean() == pytest.approx(0.3, abs=0.03)
    assert (cells["a"].is_null() == cells["b"].is_null()).all()
    assert (cells["a"].is_null() != cells["c"].is_null()).any()
    assert cells["d"].null_count() == 2000
    assert cells["e"].unique().to_list() == ["eu"]


def test_ids_and_person_data_take_the_declared_form() -> None:
    cells = made(
        Column("id", "id", format=r"K\A-9999", unique=True),
        Column("nr", "id", "Int64", low=500, unique=True),
        Column("mail", "person", format="email"),
        Column("text", "text"),
    )
    assert cells["id"].str.contains(r"^KA-\d{4}$").all()
    assert cells["id"].n_unique() == 2000
    assert cells["nr"].to_list()[:3] == [500, 501, 502]
    assert cells["mail"].str.ends_with("@example.com").any()
    assert cells["text"].str.count_matches(" ").min() >= 5


def test_unique_columns_are_permutations() -> None:
    columns = (
        Column("n", "number", low=1, high=500, unique=True),
        Column("c", "category", levels=tuple("abcdefghij")),
        Column("d", "time", format="%Y-%m-%d", low="2020-01-01", high="2021-12-31", unique=True),
    )
    cells = made(*columns, n=500)
    assert sorted(cells["n"]) == list(range(1, 501))
    assert cells["n"].to_list() != sorted(cells["n"])
    assert cells["d"].n_unique() == 500
    with pytest.raises(DataError, match=r"'n' is unique but its facts allow 500 different values.*row 501"):
        made(*columns, n=501)
    with pytest.raises(SchemaError, match="unique numbers need a grid; add step = 1"):
        made(Column("x", "number", low=0.0, high=1.0, unique=True))


@pytest.mark.parametrize(
    ("kind", "lacks"),
    [
        ("number", "low = 0"),
        ("category", "levels = "),
        ("time", 'low = "2024'),
        ("constant", "levels"),
        ("mixed", "low = 0"),
    ],
)
def test_what_a_column_lacks_is_named_as_it_is_written_in_the_schema(kind: str, lacks: str) -> None:
    with pytest.raises(SchemaError) as caught:
        made(Column("fee", kind))
    assert "column 'fee'" in str(caught.value)
    assert f"[tables.table.columns.fee]\n{lacks}" in str(caught.value)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (Column("q", "number", "Int65", low=0, high=1), "unknown dtype 'Int65'"),
        (Column("q", "time", low="soon", high="zoon"), "'soon' is not a date or time"),
        (Column("q", "number", low="a", high="b"), "must be numbers"),
        (Column("q", "category", levels=("a", "b"), weights=(0, 0)), "all weights are 0"),
        (Column("q", "audio"), "audio cannot be drawn from a schema"),
    ],
)
def test_facts_that_make_no_sense_are_named(column: Column, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        made(column)


def test_a_column_of_images_is_refused_with_the_methods_that_make_images() -> None:
    with pytest.raises(DataError, match=r"column 'q' holds images; use one of images/"):
        made(Column("q", "image"))


def test_a_pattern_that_is_too_small_is_named() -> None:
    with pytest.raises(DataError, match=r"'id': its pattern has room for 260 different values.*widen the pattern"):
        made(Column("id", "id", format="A9", unique=True), n=300)
    assert made(Column("id", "id", format="A9"), n=300)["id"].n_unique() == 260


def test_given_data_only_the_schema_is_learned() -> None:
    real = toys.mixed(400)
    fitted = Rules().fit(real, seed=1)
    cells = fitted.sample(400, seed=2)
    assert cells.schema == real.schema
    assert cells["stock"].is_in(["tbd"]).any()
    assert not set(cells["email"]) & set(real["email"])
    assert abs(cells.select(pl.corr("height", "weight")).item()) < 0.3


def test_where_holds() -> None:
    fitted = Rules().fit(schema=toys.people_schema(), seed=1)
    cells = fitted.sample(200, seed=2, where={"town": ["Ulm", "Bonn"], "age": (30, 40)})
    assert set(cells["town"]) == {"Ulm", "Bonn"}
    assert cells["age"].is_between(30, 40).all()
    with pytest.raises(ConfigError, match="no column 'twon'"):
        fitted.sample(5, where={"twon": "Ulm"})


def test_a_schema_is_needed() -> None:
    with pytest.raises(DataError, match="fit needs schema="):
        Rules().fit()


def test_the_schema_of_the_documentation_can_be_drawn() -> None:
    page = Path(__file__).parents[2] / "docs" / "generators" / "tables" / "rules.md"
    (text,) = re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), flags=re.S)
    cells = Rules().fit(schema=Schema.from_toml(text), seed=1).sample(500, seed=2)
    assert cells["id"].str.contains(r"^KA-\d{4}$").all()
    assert (cells["street"].is_null() == cells["town"].is_null()).all()
    assert cells["fee"].quantile(0.5) == pytest.approx(5, abs=0.6)


@pytest.mark.parametrize(
    "value",
    [
        date(2020, 1, 1),
        datetime(2020, 1, 1, 3, 4, 5),
        datetime(2020, 1, 1, 3, tzinfo=UTC),
        time(3, 4),
        timedelta(hours=3),
    ],
)
def test_a_constant_time_is_drawn_from_its_schema(value: Any) -> None:
    frame = pl.DataFrame({"t": [value] * 20})
    assert Rules().fit(schema=infer({"table": frame}), seed=1).sample(20, seed=1).equals(frame)


def test_levels_that_are_no_dates_are_named() -> None:
    column = Column("d", kind="category", dtype="Date", levels=("2020-01-01", "tomorrow"))
    with pytest.raises(SchemaError, match="'tomorrow' is not a date"):
        Rules().fit(schema=Schema.of(column), seed=1).sample(50, seed=1)
