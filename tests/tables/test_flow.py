"""The flow on tables whose links are known: shares, links, conditions, warm starts, networks of one's own."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl
import pytest
import torch

from simulacra.core.errors import DataError, ModelError
from simulacra.tables.flow import Flow
from simulacra.testing import toys

QUICK: dict[str, Any] = {"steps": 400}


def city_table(rows: int = 1200) -> pl.DataFrame:
    """Return rent that follows the city, a garden that follows the rent, and floors that are missing in one city."""
    rng = np.random.default_rng(3)
    city = rng.choice(["Ghent", "Liege", "Bruges"], rows, p=[0.6, 0.3, 0.1])
    base = np.select([city == "Ghent", city == "Liege"], [900.0, 500.0], 1400.0)
    rent = np.round(base + rng.normal(0, 60, rows), 1)
    floor = pl.Series(rng.integers(0, 5, rows)).set(pl.Series(city == "Liege"), None)
    return pl.DataFrame({"city": city, "rent": rent, "garden": rent > 1200, "floor": floor})


@pytest.fixture(scope="module")
def fitted() -> Flow:
    return Flow(**QUICK).fit(city_table(), seed=1)


def test_shares_links_and_missing_cells_are_kept(fitted: Flow) -> None:
    made = fitted.sample(4000, seed=2)
    assert (made["city"] == "Liege").mean() == pytest.approx(0.3, abs=0.05)
    means = dict(made.group_by("city").agg(pl.col("rent").mean()).iter_rows())
    assert means["Ghent"] == pytest.approx(900, abs=40) and means["Bruges"] == pytest.approx(1400, abs=100)
    gone = made.group_by("city").agg(pl.col("floor").is_null().mean())
    assert dict(gone.iter_rows())["Liege"] > 0.95 and dict(gone.iter_rows())["Ghent"] < 0.05
    assert (made["garden"] == (made["rent"] > 1200)).mean() > 0.97


def test_two_numbers_keep_their_correlation() -> None:
    real = toys.linked(3000, 0.8, seed=0)
    made = Flow(**QUICK).fit(real, seed=1).sample(3000, seed=2)
    assert made.select(pl.corr("x", "y")).item() == pytest.approx(0.8, abs=0.08)


@pytest.mark.parametrize(
    ("where", "held"),
    [
        ({"city": "Bruges"}, pl.col("city") == "Bruges"),
        ({"city": ["Bruges", "Liege"]}, pl.col("city").is_in(["Bruges", "Liege"])),
        ({"rent": (1300, None)}, pl.col("rent") >= 1300),
        ({"rent": (901.5, 903.5)}, pl.col("rent").is_between(901.5, 903.5)),
        ({"floor": None}, pl.col("floor").is_null()),
        ({"floor": 3, "city": "Ghent"}, (pl.col("floor") == 3) & (pl.col("city") == "Ghent")),
        ({"city": {"Bruges": 0.5, "Liege": 0.5}}, pl.col("city") != "Ghent"),
    ],
)
def test_conditions_of_every_kind_hold(fitted: Flow, where: dict[str, Any], held: pl.Expr) -> None:
    made = fitted.sample(200, seed=5, where=where)
    assert made.height == 200
    assert made.select(held.all()).item()


def test_what_follows_from_a_condition_is_drawn_with_it(fitted: Flow) -> None:
    made = fitted.sample(500, seed=5, where={"rent": (1300, None)})
    assert (made["city"] == "Bruges").mean() > 0.5  # of all rows one in ten
    assert made["garden"].mean() > 0.5  # type: ignore[operator]


def test_a_condition_spares_rejection(fitted: Flow) -> None:
    """Of rows drawn at random one in ten is in Bruges; of those aimed at it all are."""
    aimed = fitted._sample_where(400, np.random.default_rng(0), {"city": "Bruges", "floor": [1, 2]})
    assert (aimed["city"] == "Bruges").all()
    assert aimed["floor"].is_in([1, 2]).all()


def test_several_sets_hold_together_as_in_the_data() -> None:
    """With two conditions the rows fall on the two cells that fulfil both as they do in the data: 6 to 1."""
    rng = np.random.default_rng(0)
    cells = rng.choice(6, 3000, p=[0.6, 0.1, 0.05, 0.05, 0.1, 0.1])
    real = pl.DataFrame({"a": pl.Series(cells // 2).cast(pl.String), "b": pl.Series(cells % 2).cast(pl.String)})
    real = real.with_columns(pl.when(pl.col("a") == "0").then(pl.lit("x")).otherwise(pl.lit("y")).alias("c"))
    model = Flow(**QUICK).fit(real, seed=1)
    made = model.sample(3000, seed=2, where={"a": ["0", "2"], "b": ["1"]})
    # P(a=0, b=1) = P(a=2, b=1) = .1, while a=0 alone is more than three times as frequent as a=2.
    assert (made["a"] == "0").mean() == pytest.approx(0.5, abs=0.07)
    both = model.sample(3000, seed=2, where={"b": ["0", "1"], "a": ["0", "1"], "c": ["x", "y"]})
    assert (both["a"] == "0").mean() == pytest.approx(0.7 / 0.8, abs=0.05)


def test_a_level_too_rare_to_be_drawn_is_never_drawn_and_cannot_be_asked_for() -> None:
    real = pl.DataFrame({"c": ["a"] * 300 + ["b"] * 300 + ["only"] * 2, "x": [1.5, 2.5] * 301})
    model = Flow(steps=30).fit(real, seed=1)
    assert set(model.sample(2000, seed=1)["c"]) == {"a", "b"}
    with pytest.raises(DataError, match="fewer than 5 training rows"):
        model.sample(10, seed=1, where={"c": "only"})
    with pytest.raises(DataError, match="no cell that can be drawn fulfils c=?"):
        model.sample(10, seed=1, where={"c": None})


def test_conditions_on_texts_read_as_numbers_and_times() -> None:
    real = toys.mixed(300)
    model = Flow(steps=20).fit(real, seed=1)
    made = model.sample(30, seed=1, where={"stock": (None, "160"), "seen": ("03/31/2020", "06/19/2020")})
    assert (made["stock"].cast(pl.Float64) <= 160).all()
    seen = made["seen"].str.to_date("%m/%d/%Y")
    assert seen.is_between(pl.date(2020, 3, 31), pl.date(2020, 6, 19)).all()  # type: ignore[arg-type]
    assert (model.sample(30, seed=1, where={"stock": "tbd"})["stock"] == "tbd").all()
    assert model.sample(30, seed=1, where={"weight": None})["weight"].null_count() == 30
    with pytest.raises(DataError, match="no cell that can be drawn fulfils stock=?"):
        model.sample(10, seed=1, where={"stock": None})


def test_a_warm_start_goes_on_from_the_saved_weights(tmp_path: Path, fitted: Flow) -> None:
    fitted.save(tmp_path / "model")
    path = str(tmp_path / "model")
    cold = Flow(**QUICK | {"steps": 5}).fit(city_table(), seed=2)
    warm = Flow(**QUICK | {"steps": 5, "rate": 1e-4}, start=path).fit(city_table(), seed=2)
    losses = [model.facts_["training"]["best"] for model in (warm, cold)]
    assert losses[0] < losses[1] - 0.5
    new = city_table().with_columns(pl.lit("Paris").alias("city")).vstack(city_table())
    assert "Paris" not in set(Flow(**QUICK | {"steps": 3}, start=path).fit(new, seed=2).sample(500, seed=1)["city"])


def test_a_warm_start_from_another_table_is_refused(tmp_path: Path, fitted: Flow) -> None:
    fitted.save(tmp_path / "model")
    with pytest.raises(ModelError, match="differs in columns or types: rent"):
        Flow(start=str(tmp_path / "model")).fit(city_table().drop("rent"), seed=1)
    with pytest.raises(ModelError, match="same network"):
        Flow(start=str(tmp_path / "model"), width=32).fit(city_table(), seed=1)


class Alone(torch.nn.Module):
    """A network that looks at nothing: every token by its own share."""

    def __init__(self, sizes: list[int]) -> None:
        super().__init__()
        self.shares = torch.nn.ParameterList([torch.nn.Parameter(torch.zeros(size)) for size in sizes])

    def forward(self, tokens: torch.Tensor, visible: torch.Tensor, wanted: list[int]) -> list[torch.Tensor]:
        return [self.shares[j].expand(len(tokens), -1) for j in wanted]


class Independent(Flow):
    """A flow with a network of one's own."""

    name = "tables/independent"

    def network(self) -> torch.nn.Module:
        return Alone([token["size"] for token in self.view_])


def test_a_network_of_ones_own_is_trained_saved_and_used(tmp_path: Path) -> None:
    model = Independent(steps=300, rate=0.05).fit(city_table(), seed=1)
    model.save(tmp_path / "model")
    made = Independent.load(tmp_path / "model").sample(4000, seed=2)
    assert made.equals(model.sample(4000, seed=2))
    assert (made["city"] == "Liege").mean() == pytest.approx(0.3, abs=0.06)
    rents = made.group_by("city").agg(pl.col("rent").mean())["rent"]
    assert rents.max() - rents.min() < 150  # type: ignore[operator]


class Pressed(Flow):
    """A flow whose network presses Ctrl-C at a given look."""

    name = "tables/pressed"
    at: ClassVar[int] = 0

    def network(self) -> torch.nn.Module:
        net = super().network()
        looks = iter(range(1, 10**6))
        net.register_forward_pre_hook(
            lambda *_: os.kill(os.getpid(), signal.SIGINT) if next(looks) == self.at else None
        )
        return net


def test_stopped_by_ctrl_c_a_fit_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    table = toys.people(200)
    whole = Pressed(steps=20).fit(table, seed=1)
    Pressed.at = 14
    with pytest.raises(KeyboardInterrupt):
        Pressed(steps=20).fit(table, seed=1, checkpoint=tmp_path / "state")
    Pressed.at = 0
    rest = Pressed(steps=20).fit(table, seed=1, checkpoint=tmp_path / "state")
    assert all((rest.weights_[name] == weight).all() for name, weight in whole.weights_.items())
    assert rest.curves_ == whole.curves_


@pytest.mark.parametrize(
    "table",
    [
        pl.DataFrame({"a": ["x"], "b": [1.5]}),
        pl.DataFrame({"a": [None] * 30, "b": [2.0] * 30}, schema={"a": pl.String, "b": pl.Float64}),
        pl.DataFrame({"id": [f"K{i:04d}" for i in range(60)]}),
    ],
    ids=["one row", "nothing to learn", "an id alone"],
)
def test_tables_with_nothing_to_learn_are_drawn_too(table: pl.DataFrame) -> None:
    made = Flow(steps=3).fit(table, seed=1).sample(20, seed=1)
    assert made.schema == table.schema and made.height == 20


def test_wide_tables_look_at_the_most_related_columns_and_at_what_a_token_hangs_on() -> None:
    real = toys.wide(200, 90, seed=0)
    real = real.with_columns(real[real.columns[5]].set(pl.Series(np.arange(200) % 4 == 0), None))
    model = Flow(steps=1, width=4).fit(real, seed=1)
    assert model.near_.shape[1] < len(model.view_)
    for j, token in enumerate(model.view_):
        beside = {real.columns[i] for i in range(90) if abs(i - real.columns.index(token["name"])) == 1}
        assert beside <= {model.view_[t]["name"] for t in model.near_[j]} or token["state"]
        assert {token["gate"], token["above"]} - {-1} <= set(model.near_[j])
    assert model.sample(10, seed=1).height == 10
