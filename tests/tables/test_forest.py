"""tables/forest on data whose truth is known."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from simulacra.core.errors import ConfigError
from simulacra.core.generator import Generator
from simulacra.core.rng import stream
from simulacra.tables.forest import Forest
from simulacra.testing import toys


def made_from(frame: pl.DataFrame, n: int = 2000, **fields: object) -> pl.DataFrame:
    return Forest(**fields).fit(frame, seed=1).sample(n, seed=2)


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    return toys.people(3000)


def test_correlation_is_kept():
    made = made_from(toys.linked(3000, r=0.7))
    assert abs(np.corrcoef(made.to_numpy().T)[0, 1] - 0.7) < 0.05


def test_known_links_of_people_are_kept(people: pl.DataFrame):
    made = made_from(people)
    old = made["age"] > 50
    assert abs(made.filter(old)["member"].mean() - 0.8) < 0.06
    assert abs(made.filter(~old)["member"].mean() - 0.2) < 0.06
    assert (made.filter(pl.col("age") < 40)["grade"] == "a").mean() > 0.99
    income = made.group_by("member").agg(pl.col("income").median()).sort("member")["income"]
    assert 1.7 < income[1] / income[0] < 2.3
    assert abs(made["income"].null_count() / made.height - 0.1) < 0.03
    assert abs((made["visits"] == 0).mean() - (people["visits"] == 0).mean()) < 0.04


def test_prices_stay_in_cents_and_are_not_copied(people: pl.DataFrame):
    made = made_from(people)["income"].drop_nulls()
    assert ((made * 100).round(0) / 100 - made).abs().max() < 1e-9
    assert made.is_in(people["income"].drop_nulls().implode()).mean() < 0.1
    assert made.max() < people["income"].max()


def test_columns_missing_together_stay_so():
    rng = stream(0, "test", "forest")
    gone = rng.random(1500) < 0.3
    frame = pl.DataFrame({"a": rng.standard_normal(1500), "b": rng.integers(0, 5, 1500), "c": rng.integers(0, 9, 1500)})
    frame = frame.with_columns(frame[c].set(pl.Series(gone), None) for c in ("a", "b"))
    made = made_from(frame)
    assert (made["a"].is_null() == made["b"].is_null()).all()
    assert abs(made["a"].null_count() / 2000 - 0.3) < 0.04


def test_a_function_of_another_column_stays_one():
    rng = stream(1, "test", "forest")
    code = rng.integers(0, 12, 3000)
    frame = pl.DataFrame({"name": [f"dept {c}" for c in code], "code": code, "x": rng.standard_normal(3000)})
    made = made_from(frame)
    assert (made["name"] == "dept " + made["code"].cast(pl.String)).all()


def test_rare_levels_are_replaced_and_reported():
    frame = pl.DataFrame({"c": ["a"] * 500 + ["b"] * 490 + ["secret"] * 4 + ["other"] * 6, "x": range(1000)})
    forest = Forest().fit(frame, seed=1)
    made = forest.sample(5000, seed=2)
    assert set(made["c"]) == {"a", "b", "other"}
    assert forest.facts_["rare"] == {"c": 0.004}
    assert "secret" in set(made_from(frame, 20_000, rare="keep")["c"])


def test_levels_that_are_all_rare_leave_the_other_columns_as_they_are():
    draw = stream(1, "test", "rare towns")
    frame = pl.DataFrame(
        {
            "town": [f"town {i % 150}" for i in range(600)],
            "x": [i % 150 * 6 + int(draw.integers(20)) for i in range(600)],
        }
    )
    made = Forest().fit(frame, seed=1).sample(2000, seed=2)["x"]
    for share in (0.1, 0.5, 0.9):
        assert abs(made.quantile(share) - frame["x"].quantile(share)) < 60


def test_copies_are_redrawn_to_the_rate_of_fresh_rows():
    rng = stream(2, "test", "forest")
    frame = pl.DataFrame({f"c{i}": rng.integers(0, 4, 1500) for i in range(6)}).cast(pl.String)
    fresh = pl.DataFrame({f"c{i}": rng.integers(0, 4, 3000) for i in range(6)}).cast(pl.String)

    def rate(made: pl.DataFrame) -> float:
        return made.join(frame.unique(), on=frame.columns, how="semi").height / made.height

    forest = Forest(leaf=4, gain=0.0)
    assert rate(made_from(frame, 3000, leaf=4, gain=0.0, copies="keep")) > rate(fresh) + 0.1
    assert abs(rate(forest.fit(frame, seed=1).sample(3000, seed=2)) - rate(fresh)) < 0.04
    assert forest.facts_["copies"]["without_filter"] > forest.facts_["copies"]["fresh_rows"]


def test_a_declared_target_follows_its_causes_more_closely():
    rng = stream(3, "test", "forest")
    x = rng.standard_normal((2500, 6))
    chance = 1 / (1 + np.exp(-1.5 * x.sum(axis=1)))
    frame = pl.DataFrame(x, schema=[f"x{i}" for i in range(6)]).with_columns(
        y=pl.Series(np.where(rng.random(2500) < chance, "yes", "no"))
    )

    def strength(made: pl.DataFrame) -> float:
        total = made.drop("y").sum_horizontal()
        return float(total.filter(made["y"] == "yes").mean() - total.filter(made["y"] == "no").mean())

    forest = Forest(target="y").fit(frame, seed=1)
    assert forest.facts_["boosted"] == ["y"]
    # A single tree blurs a sum of six columns; the boosted one must keep most of it.
    assert strength(forest.sample(4000, seed=2)) > 0.85 * strength(frame)


def test_a_number_may_be_the_target():
    rng = stream(4, "test", "forest")
    x = rng.standard_normal((2000, 3))
    frame = pl.DataFrame(x, schema=["a", "b", "c"]).with_columns(y=pl.Series(x.sum(axis=1)))
    made = made_from(frame, target="y")
    assert np.corrcoef(made.select("a", "b", "c").sum_horizontal().to_numpy(), made["y"].to_numpy())[0, 1] > 0.95


def test_ids_and_addresses_are_never_copied():
    frame = pl.DataFrame(
        {
            "id": [f"K-{i:05d}" for i in range(0, 1000, 2)],
            "mail": [None if i % 5 == 0 else f"person{i}@mail.example" for i in range(500)],
            "x": [i % 7 for i in range(500)],
        }
    )
    made = made_from(frame, 700)
    assert made["id"].n_unique() == 700 and made["id"].str.contains(r"^K-\d{5}$").all()
    assert not set(made["mail"].drop_nulls()) & set(frame["mail"].drop_nulls())
    assert abs(made["mail"].null_count() / 700 - 0.2) < 0.06


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"a": [1], "b": ["x"], "c": pl.Series([None], dtype=pl.Float64)}),
        pl.DataFrame({"a": [None, None, "x"]}),
        pl.DataFrame({"a": pl.Series([None] * 30, dtype=pl.String), "b": [3] * 30, "c": [True, False] * 15}),
        pl.DataFrame({"a": [0.1, float("inf"), float("nan"), None] * 20, "b": range(80)}),
        pl.DataFrame({"a": ["u", "v"] * 20}).cast(pl.Categorical),
    ],
    ids=["one row", "one column", "nothing there", "infinities", "categorical"],
)
def test_small_and_odd_tables(frame: pl.DataFrame, tmp_path):
    forest = Forest().fit(frame, seed=1)
    made = forest.sample(50, seed=2)
    assert made.shape == (50, frame.width) and made.schema == frame.schema
    forest.save(tmp_path / "model")
    assert Generator.load(tmp_path / "model").sample(50, seed=2).equals(made)


def test_wide_tables_are_drawn_from_the_columns_that_matter():
    rng = stream(5, "test", "forest")
    x = rng.standard_normal((400, 120))
    x[:, 100] = x[:, 3] + 0.1 * rng.standard_normal(400)
    frame = pl.DataFrame(x, schema=[f"c{i}" for i in range(120)])
    made = made_from(frame, 1000, max_parents=4)
    assert np.corrcoef(made["c3"].to_numpy(), made["c100"].to_numpy())[0, 1] > 0.9


def test_unknown_target_offers_a_near_miss():
    with pytest.raises(ConfigError, match="age"):
        Forest(target="agee").fit(toys.people(50), seed=1)
