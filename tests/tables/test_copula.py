"""The Gaussian copula on data whose links are known."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from simulacra.core.schema import Column, Schema
from simulacra.tables.copula import Copula
from simulacra.testing import toys


def correlation(frame: pl.DataFrame, a: str, b: str) -> float:
    return float(frame.select(pl.corr(a, b, method="spearman")).item())


@pytest.mark.parametrize("r", [-0.9, -0.3, 0.0, 0.7])
def test_it_keeps_the_correlation_of_two_numbers(r: float) -> None:
    real = toys.linked(3000, r, seed=0)
    made = Copula().fit(real, seed=1).sample(3000, seed=2)
    assert abs(correlation(made, "x", "y") - correlation(real, "x", "y")) < 0.06


def test_it_keeps_the_correlation_of_halves_and_of_spikes() -> None:
    """Two levels and many ties hide most of the variance; the correlation must not be weakened for it."""
    plain = toys.linked(4000, 0.6, seed=0)
    real = plain.select(pl.col("x") > 0.5, pl.when(pl.col("y") < 0).then(0.0).otherwise("y").alias("y"))
    made = Copula().fit(real, seed=1).sample(4000, seed=2)
    means = [f.group_by("x").agg(pl.col("y").mean()).sort("x")["y"].to_list() for f in (real, made)]
    assert means[0] == pytest.approx(means[1], abs=0.08)
    assert (made["y"] == 0).mean() == pytest.approx((real["y"] == 0).mean(), abs=0.03)


def test_it_keeps_the_correlation_of_a_column_of_which_half_is_missing() -> None:
    gone = pl.Series(np.arange(4000) % 2 == 0)
    real = toys.linked(4000, 0.7, seed=0)
    real = real.with_columns(real["y"].set(gone, None))
    made = Copula().fit(real, seed=1).sample(4000, seed=2)
    assert made["y"].null_count() / 4000 == pytest.approx(0.5, abs=0.03)
    assert correlation(made.drop_nulls(), "x", "y") == pytest.approx(correlation(real.drop_nulls(), "x", "y"), abs=0.06)


def test_missing_cells_follow_what_they_depend_on() -> None:
    real = toys.linked(4000, 0.0, seed=0)
    real = real.with_columns(real["y"].set(real["x"] > 0.7, None))
    made = Copula().fit(real, seed=1).sample(4000, seed=2)
    by = [f.filter(pl.col("x") > 0.7)["y"].is_null().mean() for f in (real, made)]
    low = made.filter(pl.col("x") < 0)["y"].is_null().mean()
    assert by[1] > 0.7
    assert low < 0.1
    found = Copula().fit(real, seed=1).correlation_
    assert found.filter(pl.col("column") == "y (missing)")["x"][0] > 0.5


def test_columns_that_are_missing_together_stay_so() -> None:
    made = Copula().fit(toys.mixed(1000), seed=1).sample(1000, seed=2)
    assert (made["height"].is_null() == made["weight"].is_null()).all()
    assert made["height"].is_null().mean() == pytest.approx(0.2, abs=0.05)


def test_values_stay_on_their_grid_and_in_their_format() -> None:
    real = toys.mixed(1000)
    made = Copula().fit(real, seed=1).sample(2000, seed=2)
    assert ((made["price"] * 20).round(6) % 1 == 0).all()
    assert made["seen"].str.to_date("%m/%d/%Y").is_between(*real["seen"].str.to_date("%m/%d/%Y").sort()[[0, -1]]).all()
    numbers = made["stock"].cast(pl.Int64, strict=False)
    assert set(made["stock"].filter(numbers.is_null())) == {"tbd"}
    assert numbers.is_null().mean() == pytest.approx((real["stock"] == "tbd").mean(), abs=0.03)
    assert made["constant"].unique().to_list() == ["eu"]
    assert made["nothing"].null_count() == 2000


def test_ids_and_person_data_are_fresh_and_unique() -> None:
    real = toys.mixed(1000)
    made = Copula().fit(real, seed=1).sample(3000, seed=2)
    for column in ("id", "email", "note"):
        assert made[column].n_unique() == 3000
        assert not set(made[column]) & set(real[column])


def test_shares_of_categories_are_kept_and_rare_levels_left_out() -> None:
    real = pl.DataFrame({"c": ["a"] * 700 + ["b"] * 297 + ["z"] * 3})
    fitted = Copula().fit(real, seed=1)
    made = fitted.sample(5000, seed=2)["c"]
    assert set(made) == {"a", "b"}
    assert (made == "a").mean() == pytest.approx(0.702, abs=0.02)
    assert fitted.facts_["mass of rare levels"] == {"c": pytest.approx(0.003)}
    assert "z" in set(Copula(rare=1).fit(real, seed=1).sample(5000, seed=2)["c"])


def test_the_correlation_can_be_read() -> None:
    frame = Copula(shrink=0.0).fit(toys.linked(3000, 0.7, seed=0), seed=1).correlation_
    assert frame.columns == ["column", "x", "y"]
    assert frame["column"].to_list() == ["x", "y"]
    assert frame["y"][0] == pytest.approx(0.7, abs=0.04)
    assert frame["x"][0] == 1


def test_levels_are_ordered_by_the_numbers_they_go_with() -> None:
    real = toys.linked(2000, 0.9, seed=0)
    bands = (
        pl.when(pl.col("x") < -0.5).then(pl.lit("q")).when(pl.col("x") < 0.5).then(pl.lit("a")).otherwise(pl.lit("m"))
    )
    fitted = Copula().fit(real.select("y", band=bands, flag=pl.col("x") > 1), seed=1)
    assert fitted.levels_ == {"band": ["q", "a", "m"], "flag": ["False", "True"]}
    made = fitted.sample(3000, seed=2)
    assert made.group_by("band").agg(pl.col("y").mean()).sort("y")["band"].to_list() == ["q", "a", "m"]
    assert fitted.correlation_.filter(pl.col("column") == "flag")["y"][0] > 0.5


def test_shrinkage_weakens_links_and_one_removes_them() -> None:
    real = toys.linked(2000, 0.8, seed=0)
    found = {s: abs(Copula(shrink=s).fit(real, seed=1).correlation_["y"][0]) for s in (0.0, 0.5, 1.0)}
    assert found[0.5] == pytest.approx(found[0.0] / 2)
    assert found[1.0] == 0
    few = Copula().fit(toys.linked(10, 0.0, seed=3), seed=1)
    assert few.shrink_ > 0.3


def test_where_is_fulfilled_and_moves_what_is_linked() -> None:
    fitted = Copula().fit(toys.linked(2000, 0.8, seed=0), seed=1)
    made = fitted.sample(300, seed=2, where={"x": (1.0, None)})
    assert made["x"].min() >= 1.0
    assert made["y"].mean() > 0.7


def test_columns_that_repeat_each_other_still_give_a_correlation() -> None:
    real = toys.linked(500, 0.5, seed=0)
    real = real.with_columns(a=real["x"], b=-real["x"], c=real["x"] + real["y"])
    made = Copula().fit(real, seed=1).sample(500, seed=2)
    assert correlation(made, "a", "b") < -0.95


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_few_rows_work(rows: int) -> None:
    made = Copula().fit(toys.mixed(rows), seed=1).sample(20, seed=2)
    assert made.shape == (20, 15)


def test_only_missing_and_only_surrogates_work() -> None:
    nothing = pl.DataFrame({"a": pl.Series([None, None], dtype=pl.Int64)})
    assert Copula().fit(nothing, seed=1).sample(3, seed=2)["a"].to_list() == [None] * 3
    ids = pl.DataFrame({"a": [f"K{i:04d}" for i in range(50)]})
    made = Copula().fit(ids, schema=Schema.of(Column("a", "id", unique=True)), seed=1).sample(3, seed=2)
    assert made["a"].to_list() == ["K0050", "K0051", "K0052"]


def test_two_hundred_rows_of_many_columns_work() -> None:
    real = toys.wide(200, 400)
    made = Copula().fit(real, seed=1).sample(300, seed=2)
    assert made.columns == real.columns
    near = np.mean([correlation(made, f"c{i}", f"c{i + 1}") for i in range(0, 400, 40)])
    far = np.mean([abs(correlation(made, f"c{i}", f"c{i + 200}")) for i in range(0, 200, 20)])
    assert near > 0.4
    assert far < 0.15
