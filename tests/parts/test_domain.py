"""Domain: nothing about the rows is free, cells are read by what they say, and codes go there and back."""

from __future__ import annotations

import importlib.util
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import simulacra
from simulacra.core import state
from simulacra.core.budget import Budget
from simulacra.core.data import Dataset, as_dataset
from simulacra.core.errors import ConfigError, SchemaError
from simulacra.core.noise import UnsafeNoise
from simulacra.core.rng import stream
from simulacra.core.schema import Schema
from simulacra.parts.bounded import bounded
from simulacra.parts.domain import Domain, settle
from simulacra.testing import toys

ROWS = 2000


def budget(epsilon: float = 20.0, **how: Any) -> Budget:
    return Budget(epsilon, 1e-6, noise=UnsafeNoise(5), **how)


def domain(frame: Any, schema: Schema | None = None, epsilon: float = 20.0, **how: Any) -> Domain:
    return settle(Dataset({"table": as_dataset(frame).frame}, schema), budget(epsilon), **how)


def visitors(rows: int = ROWS) -> pl.DataFrame:
    """Return a table of which every fact is known: cents, whole numbers, towns, a constant, an empty column."""
    rng = stream(1, "tests/domain", "rows")
    frame = toys.people(rows, 3).with_columns(
        pl.Series("height", np.round(170 + 10 * rng.standard_normal(rows), 1)),
        pl.lit("eu").alias("region"),
        pl.lit(None, pl.String).alias("nothing"),
        pl.Series("hours", np.where(rng.random(rows) < 0.5, 40, rng.integers(1, 99, rows))),
    )
    return frame


def row(frame: pl.DataFrame, **cells: Any) -> pl.DataFrame:
    """Return the frame with one more row: its last one with some cells changed."""
    last = frame.tail(1)
    return pl.concat([frame, last.with_columns(pl.lit(v, frame.schema[c]).alias(c) for c, v in cells.items())])


def facts(found: Domain) -> list[tuple[Any, ...]]:
    """Return the facts of every column in order: all that the output shows of its domain."""
    return [(c.name, c.kind, c.dtype, c.low, c.high, c.step, c.levels, c.format) for c in found.schema.columns]


# What is bought -------------------------------------------------------------------------------------------------------


def test_kinds_types_ranges_and_levels_are_found_without_a_schema() -> None:
    found = domain(visitors())
    seen = {c.name: (c.kind, c.dtype, c.step) for c in found.schema.columns}
    assert seen["age"] == ("number", "Int64", 1.0)
    assert seen["income"] == ("number", "Float64", 0.01)
    assert seen["height"] == ("number", "Float64", 0.1)
    assert seen["member"] == ("boolean", "Boolean", None)
    assert seen["joined"][:2] == ("time", "Date")
    assert seen["nothing"] == ("empty", "String", None)
    assert set(found.schema["town"].levels) == set(toys.TOWNS)
    assert found.schema["region"].levels == ("eu",)
    low, high = found.schema["age"].low, found.schema["age"].high
    assert isinstance(low, int) and isinstance(high, int) and 12 <= low <= 20 and 88 <= high <= 110
    assert found.names == visitors().columns
    assert all(c.public for c in found.schema.columns)


def test_kinds_that_cannot_be_bought_are_surrogates_or_an_error() -> None:
    found = domain(toys.mixed(ROWS))
    kinds = {c.name: (c.kind, c.format) for c in found.schema.columns}
    assert kinds["id"] == ("id", "") and kinds["customer_id"] == ("id", "")
    assert kinds["name"] == ("person", "name") and kinds["email"] == ("person", "email")
    assert kinds["note"] == ("text", "")
    made = found.decode(found.encode(toys.mixed(ROWS)), stream(1, "a", "b"))
    real = toys.mixed(ROWS)
    for column in ("id", "name", "email", "note"):
        assert made[column].dtype == pl.String
        assert not set(made[column]) & set(real[column]) - ({""}) or column == "name"
    assert made["id"].n_unique() == made["email"].n_unique() == ROWS
    with pytest.raises(SchemaError, match="'id', 'customer_id', 'name', 'email', 'note' cannot be bought"):
        domain(toys.mixed(ROWS), unknown="error")


def test_rare_levels_are_one_level_and_rare_codes_have_the_shape_of_codes() -> None:
    rng = stream(4, "tests/domain", "rare")
    frame = pl.DataFrame(
        {
            "country": [f"rare {i}" if rng.random() < 0.1 else "US" for i in range(ROWS)],
            "plate": [f"{i:05d}" for i in range(ROWS)],
            "token": [f"{i:08x}-1234-4321-8888-{i:012x}" for i in range(ROWS)],
            "remark": [f"remark {i} ok" for i in range(ROWS)],
        }
    )
    found = domain(frame)
    assert found.schema["country"].levels == ("US", "(other)")
    made = found.decode(found.encode(frame), stream(1, "a", "b"))
    assert (made["country"] == "(other)").equals(frame["country"] != "US")
    kinds = {c.name: c.kind for c in found.schema.columns}
    assert (kinds["plate"], kinds["token"], kinds["remark"]) == ("id", "id", "text")
    assert made["token"].str.contains(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$").all()
    assert not set(made["plate"]) & set(frame["plate"])


def test_numbers_and_times_at_the_ends_of_what_can_be_held() -> None:
    rng = stream(5, "tests/domain", "ends")
    frame = pl.DataFrame(
        {
            "huge": rng.standard_normal(ROWS) * 1e300,
            "tiny": rng.standard_normal(ROWS) * 1e-9,
            "long": rng.integers(-(2**63), 2**63 - 1, ROWS),
            "old": [date(1, 1, 1)] * ROWS,
            "far": [date(9999, 12, 31)] * ROWS,
            "gone": [float("nan")] * ROWS,
        }
    )
    found = domain(frame)
    made = found.decode(found.encode(frame), stream(1, "a", "b"))
    assert 2**51 < made["huge"].abs().max() < 2**52 and made["gone"].null_count() == ROWS  # type: ignore[operator]
    assert 1e-10 < made["tiny"].std() < 1e-8  # type: ignore[operator]
    assert found.schema["long"].kind == "id"
    assert made["far"].max() <= date(9999, 12, 31) and made["old"].min() >= date(1, 1, 1)  # type: ignore[operator]


def test_times_are_found_in_every_form() -> None:
    rng = stream(2, "tests/domain", "times")
    start, days = datetime(2021, 3, 1), rng.integers(0, 400, ROWS)
    seconds = rng.integers(0, 86400, ROWS)
    moments = [start + timedelta(days=int(d), seconds=int(s)) for d, s in zip(days, seconds, strict=True)]
    frame = pl.DataFrame(
        {
            "day": [m.date() for m in moments],
            "iso": [m.date().isoformat() for m in moments],
            "midnight": [datetime.combine(m.date(), time()) for m in moments],
            "at": moments,
            "at_text": [m.isoformat(" ") for m in moments],
            "us": [m.strftime("%m/%d/%Y") for m in moments],
            "eu": [m.strftime("%d/%m/%Y") for m in moments],
            "clock": [m.time() for m in moments],
            "short": [m.strftime("%H:%M") for m in moments],
            "zone": pl.Series(moments).dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Tokyo"),
        }
    )
    found = domain(frame)
    seen = {c.name: (c.dtype, c.format) for c in found.schema.columns}
    assert seen["day"] == seen["iso"] == seen["midnight"] == ("Date", "")
    assert seen["at"] == seen["at_text"] == seen["zone"] == ("Datetime(us)", "")
    assert seen["us"] == ("String", "%m/%d/%Y") and seen["eu"] == ("String", "%d/%m/%Y")
    assert seen["clock"] == ("Time", "") and seen["short"] == ("String", "%H:%M")
    made = found.decode(found.encode(frame), stream(1, "a", "b"))
    assert made.null_count().row(0) == (0,) * frame.width
    assert made["day"].dtype == pl.Date and made["at"].dtype == pl.Datetime("us") and made["clock"].dtype == pl.Time
    assert made["clock"].max() <= time(23, 59, 59)
    near = made["day"].is_between(date(2021, 2, 1), date(2022, 5, 1))
    assert near.mean() > 0.95
    assert made["short"].str.to_time("%H:%M").null_count() == 0
    gap = (made["day"] - frame["day"]).dt.total_days().abs().median()
    assert isinstance(gap, float) and gap < 30


@pytest.mark.parametrize("epsilon", [0.01, 0.3])
def test_a_small_budget_gives_a_coarse_domain_but_always_one(epsilon: float) -> None:
    for frame in (visitors(300), toys.mixed(300), pl.DataFrame({"x": [1, 2, 3]}), pl.DataFrame({"x": [None, "a"]})):
        found = domain(frame, epsilon=epsilon)
        codes = found.encode(frame)
        assert (codes >= 0).all() and (codes < np.array(found.sizes)).all()
        assert found.decode(codes, stream(1, "a", "b")).columns == frame.columns


def test_spikes_and_few_values_have_bins_of_their_own() -> None:
    found = domain(visitors())
    values = pl.DataFrame({"visits": [0, 1, 2, 3, 4], "hours": [40] * 5})
    rest = visitors().select(pl.exclude("visits", "hours")).head(5)
    codes = found.encode(pl.concat([rest, values], how="horizontal").select(visitors().columns))
    place = {name: i for i, name in enumerate(found.names)}
    assert len(set(codes[:, place["visits"]])) == 5
    made = found.decode(np.repeat(codes[:1], 200, axis=0), stream(3, "a", "b"))
    assert set(made["hours"]) == {40} and set(made["visits"]) == {0}


def test_bins_are_no_more_than_asked_and_hold_about_equally_many_rows() -> None:
    frame = pl.DataFrame({"x": np.round(np.exp(3 + stream(1, "t", "x").standard_normal(20_000)), 2)})
    for bins in (2, 8, 32):
        found = domain(frame, bins=bins)
        held = np.bincount(found.encode(frame)[:, 0], minlength=found.sizes[0])[:-1]
        assert bins / 2 <= len(held) <= bins
        assert held.max() < 3 * 20_000 / bins


# Neighbours: one row more changes no fact -----------------------------------------------------------------------------

NEIGHBOURS: dict[str, dict[str, Any]] = {
    "an ordinary row": {},
    "a category nobody else has": {"town": "Atlantis"},
    "an outlier": {"income": 9.9e12, "age": -400},
    "a null where there is none": {"town": None, "age": None, "member": None},
    "a value in an empty column": {"nothing": "something"},
    "another value in a constant column": {"region": "us"},
    "a number off the grid": {"height": 170.12345},
    "a far date": {"joined": date(9000, 1, 1)},
}


@pytest.mark.parametrize("change", NEIGHBOURS)
def test_one_row_more_changes_no_fact_and_no_code(change: str) -> None:
    base = visitors()
    a, b = domain(base), domain(row(base, **NEIGHBOURS[change]))
    assert facts(a) == facts(b)
    assert a.names == b.names


def test_one_text_among_numbers_changes_nothing() -> None:
    base = visitors().with_columns(pl.col("age").cast(pl.String), pl.col("height").cast(pl.String))
    a, b = domain(visitors()), domain(row(base, age="unknown", height="tall"))
    assert facts(a) == facts(b)
    # Read as text or as numbers, cells are the same cells.
    assert np.array_equal(a.encode(visitors()), a.encode(base.head(ROWS)))


def test_one_text_in_a_file_changes_nothing(tmp_path: Path) -> None:
    base = visitors().select(
        pl.format("${}", pl.col("income").fill_null(1.5)).alias("paid"),
        pl.format("{},500", pl.col("visits") + 1).alias("grouped"),
        pl.col("height", "joined", "age"),
        pl.when(pl.col("member")).then(pl.lit("true")).otherwise(pl.lit("false")).alias("member"),
    )
    (tmp_path / "a.csv").write_text(base.write_csv())
    (tmp_path / "b.csv").write_text(base.write_csv() + "n/a,none,tall,never,old,perhaps\n")
    a, b = (simulacra.read(tmp_path / name).frame for name in ("a.csv", "b.csv"))
    assert a["age"].dtype == pl.Int64 and set(b.dtypes) == {pl.String}
    one, other = domain(a), domain(b)
    assert facts(one) == facts(other)
    assert np.array_equal(one.encode(a), one.encode(b.head(ROWS)))
    assert one.schema["paid"].step == 0.01 and one.schema["grouped"].dtype == "Int64"


def test_a_person_with_many_rows_changes_nothing_beyond_the_bound() -> None:
    base = visitors().with_columns(pl.Series("who", [f"p{i}" for i in range(ROWS)]))
    loud = pl.concat([base, *[row(base, who="loud", town="Atlantis", income=9e12).tail(1)] * 500])
    kept = bounded(loud, "who", 2)
    assert kept.height == ROWS + 2
    a, b = (settle(Dataset({"t": f}), budget(40.0, person="who", rows=2)) for f in (base, kept))
    for one, other in zip(a.schema.columns, b.schema.columns, strict=True):
        assert (one.kind, one.dtype, one.step, one.levels) == (other.kind, other.dtype, other.step, other.levels)
    assert float(str(b.schema["income"].high)) < 1.2 * float(str(a.schema["income"].high))
    assert "who" not in a.names and a.schema["who"].kind == "id"


def test_order_of_rows_and_kind_of_frame_change_nothing(tmp_path: Path) -> None:
    base = visitors().drop("nothing")
    a = domain(base)
    base.write_csv(tmp_path / "v.csv")
    others = [
        base.reverse(),
        simulacra.read(tmp_path / "v.csv"),
        base.cast({"age": pl.Float64, "town": pl.Categorical}),
    ]
    if importlib.util.find_spec("pandas") and importlib.util.find_spec("pyarrow"):
        others.append(base.to_pandas())
    for other in others:
        b = domain(other)
        assert a.schema.to_dict() == b.schema.to_dict() and a.sizes == b.sizes


# What is declared -----------------------------------------------------------------------------------------------------


def test_a_declared_domain_costs_nothing_and_is_said() -> None:
    frame, spend = toys.people(300), budget()
    found = settle(Dataset({"t": frame}, toys.people_schema(300)), spend, share=0)
    assert not spend.entries
    assert "names and order of the columns" in spend.public
    assert "levels of column 'town' (declared)" in spend.public
    assert found.schema["town"].levels == toys.TOWNS and found.schema["town"].weights == ()
    assert found.schema.table.rows is None and found.schema["income"].missing == 0.0
    made = found.decode(found.encode(frame), stream(1, "a", "b"))
    assert made.schema == frame.schema
    assert made["town"].equals(frame["town"]) and made["member"].equals(frame["member"])
    assert made["income"].is_null().equals(frame["income"].is_null())


def test_only_what_is_not_declared_is_bought() -> None:
    frame = toys.people(ROWS)
    columns = [c for c in toys.people_schema(ROWS).columns if c.name not in ("town", "visits")]
    spend = budget()
    found = settle(Dataset({"t": frame}, Schema.of(*columns)), spend)
    assert set(found.bought) == {"town", "visits", "age", "joined"}
    said = " ".join(e.what for e in spend.entries)
    assert "votes on what the cells of 2 columns are" in said and "levels of column 'town'" in said
    # Two of seven columns are bought whole, and of two the bins: less than the tenth that buys everything.
    assert sum(e.rho for e in spend.entries) < 0.1 * spend.rho * 4 / 7


@pytest.mark.parametrize("table", [{}, {"key": ("age",)}])
def test_facts_from_the_data_are_refused_until_somebody_makes_them_public(table: dict[str, Any]) -> None:
    frame = toys.people(300)
    seen = simulacra.look(frame)
    spend = budget()
    with pytest.raises(
        SchemaError, match=r"columns 'age', 'town'.*come from the data.*public = true.*leave a column out"
    ):
        settle(Dataset({"t": frame}, seen), spend)
    assert not spend.entries
    open_ = Schema.of(*(_public(c) for c in seen.columns), **table, rows=300)
    found = settle(Dataset({"t": frame}, open_), spend, share=0)
    assert found.schema.table.key == () and found.schema.table.rows is None and found.schema.table.together == ()


def _public(column: Any) -> Any:
    import dataclasses

    return dataclasses.replace(column, public=True)


def test_an_undeclared_domain_is_an_error_where_nothing_may_be_bought() -> None:
    spend = budget()
    with pytest.raises(SchemaError, match="undeclared domain of columns 'age', 'town'"):
        settle(Dataset({"t": toys.people(300)}), spend, share=0)
    assert not spend.entries
    with pytest.raises(ConfigError, match=r"within 0\.\.1, got 1"):
        settle(Dataset({"t": toys.people(300)}), spend, share=1)


def test_a_category_outside_is_an_error_before_anything_is_spent() -> None:
    frame = row(toys.people(300), town="Atlantis")
    spend = budget()
    with pytest.raises(
        SchemaError, match=r"column 'town', row 301: the value 'Atlantis' is outside the declared domain"
    ):
        settle(Dataset({"t": frame}, toys.people_schema(300)), spend)
    assert not spend.entries


def test_numbers_outside_count_at_the_edge_and_texts_are_missing() -> None:
    frame = pl.DataFrame({"x": ["-5", "0", "7", "400", "many", None, "3.6"]})
    schema = Schema.of(simulacra.Column("x", "number", low=0, high=10, step=1))
    found = settle(Dataset({"t": frame}, schema), budget(), share=0)
    made = found.decode(found.encode(frame), stream(1, "a", "b"))
    assert made["x"].to_list() == [0, 0, 7, 10, None, None, 4]


def test_a_schema_of_other_columns_is_refused() -> None:
    with pytest.raises(SchemaError, match="the schema has column 'agee', the data do not"):
        settle(Dataset({"t": toys.people(50)}, Schema.of(simulacra.Column("agee", "text"))), budget())
    with pytest.raises(SchemaError, match="holds list values"):
        settle(Dataset({"t": pl.DataFrame({"x": [[1], [2]]})}), budget())


def test_every_declared_kind_goes_there_and_back() -> None:
    frame = toys.mixed(300)
    found = settle(Dataset({"t": frame}, toys.mixed_schema(300)), budget(), share=0)
    made = found.decode(found.encode(frame), stream(1, "a", "b"))
    assert made.schema == frame.schema
    assert found.decode(found.encode(made), stream(2, "a", "b"))["size"].equals(made["size"])
    assert np.array_equal(found.encode(made), found.encode(frame))
    assert made["stock"].is_in(["tbd"]).equals(frame["stock"].is_in(["tbd"]))
    for column in ("height", "weight", "flag"):
        assert made[column].is_null().equals(frame[column].is_null())
    assert made["nothing"].null_count() == 300 and made["id"].n_unique() == 300


def test_declared_quantiles_and_spikes_are_bins_and_values_stay_on_the_grid() -> None:
    column = simulacra.Column(
        "x", "number", low=0, high=1000, step=5, quantiles=(0.0, 100.0, 400.0, 1000.0), spikes=(250.0,)
    )
    frame = pl.DataFrame({"x": [0, 95, 100, 250, 255, 400, 1000]})
    found = settle(Dataset({"t": frame}, Schema.of(column)), budget(), share=0)
    codes = found.encode(frame)[:, 0]
    assert len(set(codes)) == 4 and codes[0] == codes[1] and codes[2] == codes[4] and codes[5] == codes[6]
    many = found.decode(np.repeat(found.encode(frame), 200, axis=0), stream(1, "a", "b"))["x"].to_numpy()
    assert (many % 5 == 0).all() and many.min() >= 0 and many.max() <= 1000
    assert set(many[600:800]) == {250}


def test_a_domain_survives_saving(tmp_path: Path) -> None:
    found = domain(visitors())
    state.save(tmp_path / "d", {"domain": found.to_state()})
    again = Domain.from_state(state.load(tmp_path / "d")["domain"])
    codes = found.encode(visitors())
    assert again.schema == found.schema and again.sizes == found.sizes
    assert again.decode(codes, stream(1, "a", "b")).equals(found.decode(codes, stream(1, "a", "b")))
