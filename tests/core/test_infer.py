"""Inference on columns whose truth is planted, and on real tables of scikit-learn."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core.errors import SchemaError
from simulacra.core.infer import infer
from simulacra.core.infer_numbers import find_spikes, find_step, is_heavy
from simulacra.core.schema import Column, Schema
from simulacra.testing import toys

N = 600
RNG = np.random.default_rng(5)
FIRST = [
    "James",
    "Mary",
    "Robert",
    "Patricia",
    "John",
    "Jennifer",
    "Michael",
    "Linda",
    "David",
    "Elizabeth",
    "William",
    "Barbara",
    "Richard",
    "Susan",
]
LAST = [
    "Smith",
    "Johnson",
    "Williams",
    "Brown",
    "Jones",
    "Garcia",
    "Miller",
    "Davis",
    "Rodriguez",
    "Martinez",
    "Hernandez",
    "Lopez",
    "Wilson",
]
WORDS = [
    "the",
    "order",
    "came",
    "late",
    "and",
    "nobody",
    "at",
    "the",
    "shop",
    "could",
    "say",
    "when",
    "a",
    "new",
    "one",
    "would",
    "be",
    "sent",
    "to",
    "our",
    "office",
]


def column(values: Any, name: str = "x") -> Column:
    """Return what is inferred of one column."""
    return infer({"table": pl.DataFrame({name: values})})[name]


def pick(options: Any, n: int = N) -> list[Any]:
    """Return n values drawn from a list."""
    return [options[i] for i in RNG.integers(0, len(options), n)]


def sentences(n: int = N) -> list[str]:
    """Return n texts of 6 to 14 words."""
    return [" ".join(pick(WORDS, int(k))) for k in RNG.integers(6, 15, n)]


def card(prefix: int) -> str:
    """Return a number of 16 digits that passes the Luhn check."""
    body = f"{prefix:015d}"
    total = sum(d if i % 2 else sum(divmod(2 * d, 10)) for i, d in enumerate(map(int, body)))
    return body + str(-total % 10)


def iban(number: int) -> str:
    """Return a German account with right check digits."""
    body = f"{number:018d}"
    return f"DE{98 - int(body + '131400') % 97:02d}{body}"


PLANTED: list[tuple[str, str, Any, str]] = [
    ("amount", "number", np.round(RNG.gamma(2, 50, N), 2), ""),
    ("count", "number", RNG.poisson(30, N), ""),
    ("weight_g", "number", RNG.permutation(np.arange(40_000, 90_000))[:120], ""),
    ("reading", "number", RNG.normal(size=N), ""),
    ("year", "number", np.arange(1980, 2020), ""),
    ("serial", "id", np.arange(5000, 5000 + N), ""),
    ("customer_no", "id", RNG.permutation(np.arange(10_000, 99_999))[:80], ""),
    ("barcode", "id", RNG.permutation(np.arange(N)) * 7919 + 4_006_381_000_000, ""),
    ("member", "id", [f"AB-{i:05d}" for i in RNG.permutation(N)], "AA-99999"),
    (
        "token",
        "id",
        [str(uuid.UUID(int=int(i) * 2**90 + 7)) for i in range(1, N)],
        "h" * 8 + "-hhhh-hhhh-hhhh-" + "h" * 12,
    ),
    ("digest", "id", [f"{int(i) * 0x9E3779B97F4A7C15 % 2**64:016x}" for i in range(1, N)], "h" * 16),
    ("choice", "category", pick(["Ulm", "Bonn", "Jena"]), ""),
    ("pclass", "category", pick([1, 2, 3]), ""),
    ("yes", "boolean", pick(["yes", "no"]), ""),
    ("flag", "boolean", pick([0, 1]), ""),
    ("truth", "boolean", pick([True, False]), ""),
    ("email", "person", [f"u{i}@mail{i % 7}.org" for i in range(N)], "email"),
    ("line", "person", [f"+49 30 {i:07d}" for i in RNG.integers(0, 9_999_999, N)], "phone"),
    ("us", "person", [f"({i}) {j}-{k:04d}" for i, j, k in RNG.integers(200, 999, (N, 3))], "phone"),
    ("who", "person", [f"{a} {b}" for a, b in zip(pick(FIRST), pick(LAST), strict=True)], "name"),
    ("first_name", "person", pick(FIRST), "first_name"),
    ("Surname", "person", pick(LAST), "last_name"),
    ("home", "person", [f"{i} {s} Street" for i, s in zip(RNG.integers(1, 999, N), pick(LAST), strict=True)], "street"),
    (
        "wohnung",
        "person",
        [f"{s}straße {i}" for i, s in zip(RNG.integers(1, 99, N), pick(LAST), strict=True)],
        "street",
    ),
    ("host", "person", [f"10.{a}.{b}.{c}" for a, b, c in RNG.integers(0, 255, (N, 3))], "ip"),
    ("paid_with", "person", [card(411111 * 10**9 + int(i)) for i in RNG.permutation(10**6)[:N]], "credit_card"),
    ("account", "person", [iban(int(i)) for i in RNG.integers(1, 10**15, N)], "iban"),
    ("note", "text", sentences(), ""),
    ("same", "constant", ["x"] * N, ""),
    ("nothing", "empty", pl.Series([None] * N, dtype=pl.String), ""),
    ("size", "mixed", pick([str(i) for i in range(50)] + ["tbd"] * 5), ""),
    ("flight", "category", pick([f"N{i:03d}AA" for i in range(150)]), ""),
    ("zip", "category", pick([f"{i:05d}" for i in range(1000, 1060)]), ""),
    ("handle", "id", ["".join(pick("abcdefghij", 9)) for _ in range(N)], "aaaaaaaaa"),
    ("rate", "category", [f"{x:.2f}%" for x in RNG.random(N) * 100], ""),
    ("lap", "category", [f"{a}:{b:02d}" for a, b in RNG.integers(0, 59, (N, 2))], ""),
    ("as_text", "mixed", [f"{x:.6f}" for x in RNG.random(N)], ""),
    ("bit", "boolean", pick(["0", "1"]), ""),
    ("support_rep_id", "category", pick([31, 44, 57]), ""),
]


@pytest.mark.parametrize(("name", "kind", "values", "format"), PLANTED, ids=[p[0] for p in PLANTED])
def test_planted_kind(name: str, kind: str, values: Any, format: str) -> None:
    found = column(values, name)
    assert (found.kind, found.format) == (kind, format), found.why
    assert found.why and found.source == "from data"
    assert found.sensitivity == ("direct" if kind in ("id", "person") else "quasi" if name == "zip" else "none")


@pytest.mark.parametrize(
    ("values", "format"),
    [
        ([f"{d:02d}/{1 + d % 12:02d}/2021" for d in range(1, 29)], "%d/%m/%Y"),
        ([f"{1 + d % 12:02d}/{d:02d}/2021" for d in range(1, 29)], "%m/%d/%Y"),
        ([f"{1 + d % 12}/{d}/2021" for d in range(1, 29)], "%-m/%-d/%Y"),
        ([f"{d:02d}.11.{1790 + d}" for d in range(1, 29)], "%d.%m.%Y"),
        ([f"1066-10-{d:02d}" for d in range(1, 29)], "%Y-%m-%d"),
        ([f"2020-01-{d:02d}T05:00:00Z" for d in range(1, 29)], "%Y-%m-%dT%H:%M:%SZ"),
        ([f"2020-01-{d:02d} 5:0{d % 10} PM" for d in range(1, 29)], "%Y-%m-%d %-I:%M %p"),
        ([f"{d} March 1999" for d in range(1, 29)], "%-d %B %Y"),
        ([f"Mar {d}, 1999" for d in range(1, 29)], "%b %-d, %Y"),
        ([f"201301{d:02d}" for d in range(1, 29)], "%Y%m%d"),
        ([f"{h:02d}:30" for h in range(24)], "%H:%M"),
        ([f"2020-01-{d:02d}T05:00:00.{d:03d}+02:00" for d in range(1, 29)], "%Y-%m-%dT%H:%M:%S%.3f+02:00"),
    ],
)
def test_time_formats(values: list[str], format: str) -> None:
    found = column(values)
    assert (found.kind, found.format) == ("time", format), found.why
    assert found.low is not None and found.high is not None and str(found.low) < str(found.high)


def test_day_and_month_that_no_value_decides_is_said() -> None:
    found = column([f"{d:02d}/{m:02d}/2020" for d in range(1, 10) for m in range(1, 10)])
    assert found.format == "%m/%d/%Y" and "%d/%m/%Y would fit as well" in found.why
    assert "fit as well" not in column([f"2020-{d:02d}-{d:02d}" for d in range(1, 10)]).why


def test_a_stray_word_among_dates_is_named() -> None:
    found = column([f"2020-01-{d:02d}" for d in range(1, 29)] * 3 + ["unknown"] * 9)
    assert found.kind == "time" and found.format == "%Y-%m-%d" and found.high == "2020-01-28"
    assert "but for 'unknown' in 9.7%" in found.why and "na=('unknown',)" in found.why


def test_birth_dates_are_quasi_identifiers() -> None:
    days = [dt.date(1950, 1, 1) + dt.timedelta(days=int(d)) for d in RNG.integers(0, 20_000, N)]
    assert column(days, "DateOfBirth").sensitivity == "quasi"
    assert column(days, "ordered").sensitivity == "none"


def test_times_on_whole_hours_have_a_step() -> None:
    hours = [dt.datetime(2013, 1, 1) + dt.timedelta(hours=int(h)) for h in RNG.integers(0, 9000, N)]
    assert column(hours).step == 3600 and column([f"{h:%Y-%m-%d %H:%M}" for h in hours]).step == 3600
    assert column([h.date() for h in hours]).step is None
    assert column([h + dt.timedelta(seconds=7) for h in hours]).step is None


def test_numbers_beyond_what_a_measurement_has_are_ids() -> None:
    assert column(RNG.integers(2**60, 2**63 - 1, 50)).kind == "id"
    assert column(RNG.integers(0, 2**40, 50)).kind == "number"


def test_number_facts() -> None:
    cents = np.round(RNG.gamma(2, 50, 5000), 2)
    cents[:1500] = 0
    found = column(cents)
    assert found.step == 0.01 and found.spikes == (0.0,) and not found.heavy_tail
    assert len(found.quantiles) == 11 and found.quantiles[0] == found.low == 0 and found.quantiles[10] == found.high
    assert column(RNG.integers(0, 100, N) * 5).step == 5
    assert column(RNG.normal(size=N)).step is None
    assert column(RNG.pareto(1.2, 5000)).heavy_tail
    assert not column(RNG.normal(size=5000)).heavy_tail


def test_weight_of_a_census_is_a_number_though_nearly_unique() -> None:
    weight = RNG.lognormal(12, 0.5, 3000).astype(int)
    assert len(set(weight)) > 2900
    assert column(weight, "fnlwgt").kind == "number"


def test_mixed_column_spells_out_its_words() -> None:
    found = column([str(i % 83) for i in range(300)] + ["tbd"] * 20 + ["NA"] * 80)
    assert found.kind == "mixed" and found.levels == ("NA", "tbd") and found.weights == (0.2, 0.05)
    assert (found.low, found.high, found.step) == (0, 82, 1.0) and "na=('NA',)" in found.why


def test_integers_beyond_64_bits_are_identifiers_by_content() -> None:
    assert column([str(10**20 + 12345 * i) for i in range(50)]).kind == "id"
    assert column(pick([str(10**20 + i) for i in range(5)])).kind == "category"


def test_leading_zeros_are_codes() -> None:
    assert column(pick([f"{i:03d}" for i in range(40)])).kind == "category"


def test_ten_thousand_levels() -> None:
    found = column([f"item {i % 10_000}" for i in range(40_000)], "article")
    assert found.kind == "category" and "10,000 different" in found.why
    assert len(found.levels) == len(found.weights) == 200 and sum(found.weights) < 0.05


def test_words_that_are_also_names_stay_categories() -> None:
    colours = ["Black", "White", "Green", "Brown", "Gray", "Rose", "Amber", "Violet"]
    assert column(pick(colours), "colour").kind == "category"
    assert column(pick(["White", "Black", "Other"]), "race").sensitivity == "quasi"


def test_few_rows_tell_nothing_of_identifiers() -> None:
    assert column(["red", "green", "blue"]).kind == "category"
    assert column([3, 1, 2]).kind == "number"


def test_missing_together_and_key() -> None:
    gone = [None if i % 3 == 0 else i * 1.5 for i in range(60)]
    frame = pl.DataFrame({"id": range(60), "a": gone, "b": gone, "c": [None, *gone[1:-1], None]})
    table = infer({"table": frame}).table
    assert table.together == (("a", "b"),) and table.key == ("id",) and table.rows == 60
    assert table["a"].missing == pytest.approx(1 / 3)


def test_every_type_of_polars_is_described() -> None:
    day = dt.date(2020, 1, 1)
    frame = pl.DataFrame(
        {
            "decimal": pl.Series([Decimal("1.50"), Decimal("2.25"), None], dtype=pl.Decimal(10, 2)),
            "duration": [dt.timedelta(seconds=s) for s in (1, 2, 5)],
            "time": [dt.time(h) for h in (1, 2, 3)],
            "date": [day, day, dt.date(1850, 2, 3)],
            "stamp": pl.Series([dt.datetime(2020, 1, d, tzinfo=dt.UTC) for d in (1, 2, 3)]),
            "cat": pl.Series(["b", "a", "b"], dtype=pl.Categorical),
            "enum": pl.Series(["b", "a", "b"], dtype=pl.Enum(["c", "b", "a"])),
            "binary": [b"a", b"\xff", b"a"],
            "big": pl.Series([2**63, 2**64 - 1, 5], dtype=pl.UInt64),
            "small": pl.Series([1, 2, 9], dtype=pl.Int8),
            "f32": pl.Series([0.5, 1.5, 9.0], dtype=pl.Float32),
            "null": [None, None, None],
            "nan": [float("nan"), 1.0, 2.5],
            "inf": [float("inf"), float("-inf"), 2.5],
            "all_nan": [float("nan")] * 3,
        }
    )
    schema = infer({"table": frame})
    kinds = {c.name: c.kind for c in schema}
    assert kinds == {
        "decimal": "number", "duration": "number", "time": "time", "date": "time", "stamp": "time", "cat": "category",
        "enum": "category", "binary": "category", "big": "number", "small": "number", "f32": "number", "null": "empty",
        "nan": "number", "inf": "constant", "all_nan": "empty",
    }  # fmt: skip
    assert schema["stamp"].dtype == "Datetime(us, UTC)" and schema["duration"].unit == "us"
    assert schema["date"].low == "1850-02-03" and schema["big"].high == 2**64 - 1
    assert "not finite" in schema["nan"].why
    assert Schema.from_toml(schema.to_toml()) == schema


@pytest.mark.parametrize("values", [[[1], [2]], [{"a": 1}, {"a": 2}]])
def test_nested_columns_are_refused_by_name(values: Any) -> None:
    with pytest.raises(SchemaError, match="column 'deep': holds (list|struct) values"):
        infer({"table": pl.DataFrame({"fine": [1, 2], "deep": values})})


def test_no_columns_is_refused() -> None:
    with pytest.raises(SchemaError, match="no columns"):
        infer({"table": pl.DataFrame()})


def test_toys_are_what_they_say() -> None:
    found = {c.name: c.kind for c in infer({"table": toys.people(rows=400)})}
    assert found == {
        "age": "number", "town": "category", "member": "boolean", "income": "number", "joined": "time",
        "visits": "number", "grade": "category",
    }  # fmt: skip


def test_tables_of_scikit_learn() -> None:
    from sklearn import datasets

    iris = pl.DataFrame(datasets.load_iris(as_frame=True).frame.to_dict("list"))
    kinds = [c.kind for c in infer({"table": iris})]
    assert kinds == ["number"] * 4 + ["category"]
    assert {c.step for c in infer({"table": iris}).columns[:4]} == {0.1}
    wine = infer({"table": pl.DataFrame(datasets.load_wine(as_frame=True).frame.to_dict("list"))})
    assert {c.kind for c in wine.columns[:-1]} == {"number"} and wine["target"].kind == "category"
    assert wine["magnesium"].step == 1 and wine["alcohol"].step == 0.01
    cancer = infer({"table": pl.DataFrame(datasets.load_breast_cancer(as_frame=True).frame.to_dict("list"))})
    assert {c.kind for c in cancer.columns[:-1]} == {"number"} and cancer["target"].kind == "boolean"
    diabetes = pl.DataFrame(datasets.load_diabetes(as_frame=True, scaled=False).frame.to_dict("list"))
    assert {c.name: c.kind for c in infer({"table": diabetes})}["sex"] == "category"
    assert infer({"table": diabetes})["age"].sensitivity == "quasi"


def test_pandas_frame_with_odd_cells_is_described() -> None:
    import pandas as pd

    from simulacra.core.data import as_dataset

    frame = pd.DataFrame(
        {"whole": [1, None, 30] * 10, "word": ["a", None, "b"] * 10, "when": pd.date_range("1700", periods=30)}
    )
    assert [c.kind for c in as_dataset(frame).schema] == ["number", "category", "time"]


def test_step_and_spikes_of_small_inputs() -> None:
    assert find_step(np.array([0.0]), whole=False) == 1
    assert find_step(np.array([0.5, 1.25]), whole=False) == 0.25
    assert find_step(np.array([1 / 3]), whole=False) is None
    assert find_spikes(np.array([1.0, 2.0]), np.array([5, 5])) == ()
    assert not is_heavy(np.arange(5.0), np.ones(5, int))


CELLS = st.one_of(
    st.none(), st.text(max_size=12), st.integers(-5, 5).map(str), st.sampled_from(["2020-01-01", "NA", "a@b.co"])
)


@settings(max_examples=60, deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=30))
def test_any_text_column_has_a_schema_that_toml_keeps(cells: list[str | None]) -> None:
    schema = infer({"table": pl.DataFrame({"x": pl.Series(cells, dtype=pl.String)})})
    assert schema["x"].missing == sum(c is None for c in cells) / len(cells)
    assert Schema.from_dict(schema.to_dict()) == schema


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(width=64)), min_size=1, max_size=30))
def test_any_number_column_has_a_schema(cells: list[float | None]) -> None:
    found = column(pl.Series(cells, dtype=pl.Float64))
    finite = [c for c in cells if c is not None and np.isfinite(c)]
    if found.kind == "number":
        assert (found.low, found.high) == (min(finite), max(finite))
