"""What comes in: whole persons in the holdout, columns that agree, the same kind of table out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulacra
from simulacra.core.data import as_dataset
from simulacra.core.errors import ConfigError, DataError
from simulacra.core.where import mask, parse, texts
from simulacra.engine.inputs import align, split, take
from simulacra.tables import Copula


def people(rows: int) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    age = rng.integers(18, 90, rows)
    return pl.DataFrame({"age": age, "town": rng.choice(["Ulm", "Bonn"], rows), "pay": (age * 10.5).round(2)})


def test_a_fifth_is_kept_back_and_the_order_stays() -> None:
    frame = people(100).with_row_index("row")
    fitted, holdout, sentence = split(as_dataset(frame), 3, None)
    assert holdout is not None
    assert len(fitted) == 80 and len(holdout) == 20 and "20 %" in sentence
    assert fitted.frame["row"].is_sorted() and holdout.frame["row"].is_sorted()
    assert set(fitted.frame["row"]) | set(holdout.frame["row"]) == set(range(100))
    other = split(as_dataset(frame), 4, None)[1]
    assert other is not None and not other.frame.equals(holdout.frame)


@pytest.mark.parametrize("rows", [1, 2, 4])
def test_too_few_rows_are_all_fitted(rows: int) -> None:
    fitted, holdout, sentence = split(as_dataset(people(rows)), 0, None)
    assert len(fitted) == rows and holdout is None and "too few" in sentence


@settings(deadline=None)
@given(st.lists(st.none() | st.integers(0, 9), min_size=5, max_size=60), st.integers(0, 99))
def test_nobody_is_on_both_sides(who: list[int | None], seed: int) -> None:
    frame = pl.DataFrame({"who": pl.Series(who, dtype=pl.Int64), "row": range(len(who))})
    fitted, holdout, _ = split(as_dataset(frame), seed, "who")
    if holdout is None:
        assert len(fitted) == len(who)
        return
    assert len(fitted) + len(holdout) == len(who) and len(fitted) >= 1
    both = set(fitted.frame["who"].drop_nulls()) & set(holdout.frame["who"].drop_nulls())
    assert both == set()


@pytest.mark.parametrize("made", [pl.DataFrame({"a": [1], "c": [1]}), pl.DataFrame({"b": ["x"]})])
def test_different_columns_are_named(made: pl.DataFrame) -> None:
    real = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    with pytest.raises(DataError, match="made and real have different columns") as caught:
        simulacra.check(made, real=real)
    assert "'a'" in str(caught.value) or "'b'" in str(caught.value)


def test_columns_take_the_order_and_types_of_the_real_ones() -> None:
    real = as_dataset(pl.DataFrame({"day": [date(2020, 1, 1)], "n": [1]}))
    made = as_dataset(pl.DataFrame({"n": [2], "day": ["2021-05-06"]}))
    assert align(made, real, "made", "real").frame.schema == real.frame.schema
    with pytest.raises(DataError, match="column 'day' is String in made and Date in real"):
        align(as_dataset(pl.DataFrame({"n": [2], "day": ["soon"]})), real, "made", "real")


def test_times_are_written_as_the_real_ones_are(tmp_path: Path) -> None:
    days = [date(2020, 1, 1 + i % 28) for i in range(60)]
    pl.DataFrame({"day": [d.strftime("%d.%m.%Y") for d in days]}).write_csv(tmp_path / "real.csv")
    pl.DataFrame({"day": days}).write_parquet(tmp_path / "made.parquet")
    made = align(take(tmp_path / "made.parquet"), take(tmp_path / "real.csv"), "made", "real")
    assert made.frame["day"].head(2).to_list() == ["01.01.2020", "02.01.2020"]


def test_fractions_among_whole_numbers_are_not_cut() -> None:
    real = as_dataset(pl.DataFrame({"n": [1, 2]}))
    made = as_dataset(pl.DataFrame({"n": [1.5, 2.5]}))
    assert align(made, real, "made", "real").frame["n"].to_list() == [1.5, 2.5]


CONDITIONS = [
    ({"town": "Ulm"}, ("town=Ulm",)),
    ({"town": ["Ulm", "Bonn"]}, ("town in Ulm|Bonn",)),
    ({"age": (60, None)}, ("age>=60",)),
    ({"age": (30, 40)}, ("age>=30", "age<=40")),
    ({"town": None}, ("town=?",)),
    ({"town": {"Ulm": 0.5}}, ("town~Ulm:0.5",)),
]


@pytest.mark.parametrize(("where", "written"), CONDITIONS)
def test_conditions_are_the_same_in_python_and_on_the_command_line(where: dict[str, object], written: object) -> None:
    assert texts(where) == written
    assert texts(parse(texts(where))) == written


@pytest.mark.parametrize(
    "where", [{"town": ["a|b"]}, {"town": [None, "x"]}, {"town": "?"}, {"age": (1, 2, 3)}, {"a=b": 1}]
)
def test_conditions_that_cannot_be_written_are_refused(where: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="where"):
        texts(where)


def test_open_and_closed_ends_survive() -> None:
    where = parse(texts(parse(["age>30", "age<=40"])))
    assert mask(pl.DataFrame({"age": [30, 31, 40, 41]}), where).to_list() == [False, True, True, False]


def test_folders_that_hold_no_rows_say_what_they_are(tmp_path: Path) -> None:
    Copula().fit(people(50), seed=1).save(tmp_path / "model")
    with pytest.raises(DataError, match="is a saved model, not a table"):
        take(tmp_path / "model")
    (tmp_path / "out" / ".work").mkdir(parents=True)
    with pytest.raises(DataError, match="is an unfinished output"):
        take(tmp_path / "out")
