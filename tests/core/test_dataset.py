"""Datasets: any frame in, the same kind out, lineage attached; what is no table is named."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from simulacra.core.data import Dataset, as_dataset, frame_kind, give_back
from simulacra.core.errors import ConfigError, DataError, SchemaError
from simulacra.core.lineage import Lineage
from simulacra.core.schema import Column, Schema
from simulacra.tables.copula import Copula
from simulacra.testing import toys

FRAME = pl.DataFrame({"a": [1, None, 3], "b": ["x", "y", None], "c": [True, None, False]})


def test_every_kind_of_frame_is_known() -> None:
    given = {"polars": FRAME, "arrow": FRAME.to_arrow(), "pandas": FRAME.to_pandas(), "dataset": as_dataset(FRAME)}
    for kind, data in given.items():
        assert frame_kind(data) == kind
        back = give_back(as_dataset(data), kind)
        assert frame_kind(back) == kind
        assert as_dataset(back).frame["b"].to_list() == ["x", "y", None]
    assert as_dataset(FRAME.lazy()).frame.equals(FRAME)
    assert as_dataset({"a": [1, 2]}).frame["a"].to_list() == [1, 2]
    assert as_dataset(FRAME.to_arrow().to_batches()[0]).frame.equals(FRAME)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("nullable", pd.array([1, None, 3], dtype="Int64")),
        ("category", pd.Categorical(["x", "y", "x"], categories=["y", "x", "z"], ordered=True)),
        ("text", ["x", None, "z"]),
        ("whole", [1, 2, 3]),
        ("missing", [1.0, None, 3.0]),
        ("flag", [True, False, True]),
        ("day", pd.to_datetime(["2020-01-01", None, "2021-05-05"])),
        ("zone", pd.to_datetime(["2020-01-01", "2020-01-02", "2021-05-05"]).tz_localize("Europe/Berlin")),
    ],
)
def test_pandas_columns_come_back_with_their_type(name: str, column: Any) -> None:
    frame = pd.DataFrame({name: column})
    made = give_back(as_dataset(frame), "pandas", dict(frame.dtypes))
    assert made[name].dtype == frame[name].dtype
    assert made[name].isna().tolist() == frame[name].isna().tolist()
    assert made[name].dropna().astype(str).tolist() == frame[name].dropna().astype(str).tolist()


def test_pandas_labels_and_cells_of_plain_python_come_back() -> None:
    days = [date(2020, 1, 1), None, date(2021, 5, 5)]
    frame = pd.DataFrame({7: [1, 2, 3], "day": days, ("a", "b"): ["x", "y", "z"]})
    made = give_back(as_dataset(frame), "pandas", dict(frame.dtypes))
    assert list(made.columns) == [7, "day", ("a", "b")]
    assert made["day"].tolist() == days


def test_a_sampled_pandas_frame_has_the_types_of_the_fitted_one() -> None:
    frame = pd.DataFrame(
        {
            "n": pd.array([1, 2, None, 4] * 50, dtype="Int32"),
            "c": pd.Categorical(["x", "y", "x", "x"] * 50),
            "i": range(200),
            "s": ["u", "v", "w", "v"] * 50,
        },
        index=range(100, 300),
    )
    made = Copula().fit(frame, seed=1).sample(30, seed=2)
    assert dict(made.dtypes) == dict(frame.dtypes)
    assert set(made["c"]) <= {"x", "y"}
    assert frame.index[0] == 100


def test_lineage_travels_with_pandas_and_arrow() -> None:
    made = Copula().fit(toys.people(100), seed=1)
    for kind in ("pandas", "arrow"):
        data = made.sample(20, seed=2, kind=kind)
        assert as_dataset(data).lineage.generation == 1
        again = Copula().fit(data, seed=3).sample(5, seed=4, kind="dataset")
        assert again.lineage.generation == 2
        assert again.lineage.real_share == 0


def test_a_dataset_speaks_arrow() -> None:
    assert pa.table(as_dataset(FRAME)).column("a").to_pylist() == [1, None, 3]
    assert pl.DataFrame(as_dataset(FRAME)).equals(FRAME)
    assert len(as_dataset(FRAME)) == 3
    assert as_dataset(FRAME).columns == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("people.csv", r"got str; read a file with simulacra.read\(path\)"),
        (3, "expected a table .* got int"),
        (None, "got NoneType"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "column 'a' occurs 2 times; rename one"),
        (pa.table([[1], [2]], names=["a", "a"]), "column 'a' occurs 2 times"),
        (pl.DataFrame(), "has no columns"),
        (pd.DataFrame(index=range(3)), "has no columns"),
    ],
)
def test_what_is_no_table_is_named(data: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        as_dataset(data)


def test_column_names_that_are_no_text_become_text() -> None:
    assert as_dataset(pd.DataFrame([[1, 2]])).columns == ["0", "1"]


def test_schema_and_data_must_agree() -> None:
    with pytest.raises(SchemaError, match="the schema has column 'bb', the data do not. Did you mean: b"):
        as_dataset(FRAME, Schema.of(*(Column(n, "category") for n in ("a", "bb", "c"))))
    with pytest.raises(SchemaError, match="the data have column 'c', the schema does not"):
        as_dataset(FRAME, Schema.of(Column("a", "number"), Column("b", "category")))


def test_several_tables_must_be_named() -> None:
    both = Dataset({"a": FRAME, "b": FRAME})
    with pytest.raises(DataError, match=r"has 2 tables \(a, b\)"):
        both.frame  # noqa: B018
    with pytest.raises(DataError, match="at least one table"):
        Dataset({})


def test_the_schema_is_inferred_when_it_is_asked_for() -> None:
    assert as_dataset(FRAME).schema.names == ["a", "b", "c"]
    assert Dataset({"t": FRAME}, lineage=Lineage("x")).lineage.made_by == "x"


@pytest.mark.parametrize("held", [b"{", b"3", b'{"generation": "two"}'])
def test_a_damaged_lineage_of_an_arrow_table_is_named(held: bytes) -> None:
    with pytest.raises(DataError, match="lineage"):
        as_dataset(FRAME.to_arrow().replace_schema_metadata({b"simulacra": held}))


def test_an_unknown_kind_of_table_is_refused_with_near_misses() -> None:
    fitted = Copula().fit(toys.people(50), seed=1)
    with pytest.raises(ConfigError, match="unknown kind of table 'panda'.*Did you mean: pandas"):
        fitted.sample(5, seed=2, kind="panda")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (pd.DataFrame({"a": [1, 2], "b": [1, "x"]}), "column 'b' of the pandas table cannot be taken over"),
        (pd.DataFrame({"a": [1j]}), "column 'a' of the pandas table cannot be taken over"),
        (pl.DataFrame({"a": [1], "": [2]}), "column 2 of 2 has no name"),
        (pl.Series("a", [1]), "one column"),
        (pd.Series([1]), "one column"),
    ],
)
def test_what_cannot_be_taken_over_is_named(data: Any, told: str) -> None:
    with pytest.raises(DataError, match=told):
        as_dataset(data)


def test_an_extension_type_is_refused_by_name() -> None:
    frame = pd.DataFrame({"month": pd.period_range("2020", periods=3, freq="M")})
    with pytest.raises(SchemaError, match="column 'month': holds values of the extension type"):
        _ = as_dataset(frame).schema


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (Column("d", kind="number"), "2 of 2 different values are no numbers, such as '03.02.2023'"),
        (Column("d", kind="time", format="%Y-%m-%d"), "no times of the format %Y-%m-%d, such as '03.02.2023'"),
    ],
)
def test_a_declared_kind_that_the_cells_deny_is_named(column: Column, told: str) -> None:
    frame = pl.DataFrame({"d": ["03.02.2023", None, "19.02.2023"]})
    with pytest.raises(SchemaError, match=told):
        as_dataset(frame, Schema.of(column))
    assert as_dataset(frame, Schema.of(Column("d", kind="time", format="%d.%m.%Y"))).frame is frame
