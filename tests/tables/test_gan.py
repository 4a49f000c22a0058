"""The GAN on tables whose links are known: shares, links, conditions, both ways of learning, starts, trouble."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from simulacra.core.data import as_dataset
from simulacra.core.errors import DataError, ModelError
from simulacra.core.report import Finding
from simulacra.parts.curves import training
from simulacra.parts.nets import mlp
from simulacra.parts.weights import seeded
from simulacra.tables._gan_nets import Entry
from simulacra.tables._gan_rows import Conditions
from simulacra.tables.gan import Gan

QUICK: dict[str, Any] = {"steps": 200, "width": 32, "rate": 0.005, "batch": 100}


def city_table(rows: int = 1000) -> pl.DataFrame:
    """Return rent that follows the city, a garden that follows the rent, and floors that are missing in one city."""
    rng = np.random.default_rng(3)
    city = rng.choice(["Ghent", "Liege", "Bruges"], rows, p=[0.6, 0.38, 0.02])
    base = np.select([city == "Ghent", city == "Liege"], [900.0, 500.0], 1400.0)
    rent = np.round(base + rng.normal(0, 60, rows), 1)
    floor = pl.Series(rng.integers(0, 5, rows)).set(pl.Series(city == "Liege"), None)
    return pl.DataFrame({"city": city, "rent": rent, "garden": rent > 900, "floor": floor})


@pytest.fixture(scope="module")
def fitted() -> Gan:
    return Gan(**QUICK).fit(city_table(), seed=1)


def test_shares_links_and_missing_cells_are_kept(fitted: Gan) -> None:
    made = fitted.sample(4000, seed=2)
    assert (made["city"] == "Liege").mean() == pytest.approx(0.38, abs=0.08)
    means = dict(made.group_by("city").agg(pl.col("rent").mean()).iter_rows())
    assert means["Ghent"] - means["Liege"] == pytest.approx(400, abs=80)
    gone = dict(made.group_by("city").agg(pl.col("floor").is_null().mean()).iter_rows())
    assert gone["Liege"] - gone["Ghent"] > 0.8
    assert ((made["rent"] * 10).round(6) % 1 == 0).all()


def test_the_critic_alone_teaches_links() -> None:
    """Columns begin independent; without the likelihood only the critic can tell the generator that they are not."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 4, 2000)
    real = pl.DataFrame({"a": x.astype(str), "b": (3 - x).astype(str)})
    model = Gan(likelihood=0.0, steps=400, batch=128, width=32, rate=0.003).fit(real, seed=1)
    assert list(model.facts_) == ["tokens", "training"]
    made = model.sample(2000, seed=2)
    agree = (made["a"].cast(pl.Int64) + made["b"].cast(pl.Int64) == 3).mean()
    assert agree > 0.6
    assert made["a"].n_unique() == 4


def test_a_condition_on_a_category_costs_few_rows(fitted: Gan) -> None:
    asked = fitted._sample_where(500, np.random.default_rng(0), {"city": "Bruges"})
    assert (asked["city"] == "Bruges").all()
    made = fitted.sample(300, seed=2, where={"city": "Bruges", "rent": (700, None)})
    assert set(made["city"]) == {"Bruges"}
    assert made["rent"].min() >= 700
    either = fitted.sample(600, seed=2, where={"city": ["Bruges", "Liege"]})["city"]
    assert set(either) == {"Bruges", "Liege"}
    # Among themselves the levels keep their shares.
    assert (either == "Bruges").mean() < 0.2
    assert fitted.sample(50, seed=2, where={"floor": None})["floor"].null_count() == 50
    with pytest.raises(DataError, match="Namur"):
        fitted.sample(5, seed=2, where={"city": "Namur"})


def test_conditions_raise_rare_values_and_come_with_rows_that_fulfil_them() -> None:
    tokens = np.repeat([0, 1], [990, 10])[:, None]
    drawn = Conditions(tokens, [2], [0])
    rows, given = drawn.draw(np.arange(1000), 0.5, np.random.default_rng(0))
    held = given[:, 0] >= 0
    assert held.mean() == pytest.approx(0.5, abs=0.06)
    assert (tokens[rows[held], 0] == given[held, 0]).all()
    assert (rows[~held] == np.arange(1000)[~held]).all()
    wanted = np.log1p(10) / (np.log1p(10) + np.log1p(990))
    assert (given[held, 0] == 1).mean() == pytest.approx(wanted, abs=0.06)


def test_the_short_cut_to_the_length_of_a_gradient_is_exact() -> None:
    with seeded(np.random.default_rng(0)):
        entry, tail = Entry(7, 2, 5), mlp(5, 6, 1, 1)
        ones, offsets = torch.rand(4, 7, requires_grad=True), torch.rand(4, 2, requires_grad=True)
    after = entry(ones, offsets)
    far = torch.autograd.grad(tail(after).sum(), (ones, offsets), retain_graph=True)
    near = torch.autograd.grad(tail(after).sum(), after)[0]
    wanted = (far[0] ** 2).sum(1) + (far[1] ** 2).sum(1)
    assert torch.allclose(entry.length(near), wanted, rtol=1e-4)


@pytest.mark.parametrize("likelihood", [0.0, 1.0])
def test_rows_are_judged_in_packs(likelihood: float) -> None:
    model = Gan(pac=5, likelihood=likelihood, **QUICK | {"steps": 70}).fit(city_table(), seed=1)
    assert model.weights_["critic.1.0.weight"].shape == (32, 160)
    assert model.sample(33, seed=2).height == 33


def test_training_starts_from_a_saved_model(tmp_path: Path, fitted: Gan) -> None:
    fitted.save(tmp_path / "model")
    settings = QUICK | {"steps": 5, "start": str(tmp_path / "model")}
    warm = Gan(**settings).fit(city_table(), seed=1)
    # What was learned is not learned again.
    assert "warm-up" not in warm.facts_
    made = warm.sample(2000, seed=2)
    means = dict(made.group_by("city").agg(pl.col("rent").mean()).iter_rows())
    assert means["Ghent"] - means["Liege"] > 300
    with pytest.raises(ModelError, match="other columns or types \\(floor\\)"):
        Gan(**settings).fit(city_table().drop("floor"), seed=1)
    with pytest.raises(ModelError, match="not a saved model"):
        Gan(**settings | {"start": str(tmp_path / "none")}).fit(city_table(), seed=1)
    with pytest.raises(ModelError, match="same network"):
        Gan(**settings | {"width": 16}).fit(city_table(), seed=1)


class Trouble(torch.nn.Module):
    """A critic that at one call breaks, or has Ctrl-C pressed."""

    def __init__(self, inner: torch.nn.Module, at: int, press: bool) -> None:
        super().__init__()
        self.inner, self.at, self.press, self.calls = inner, at, press, 0

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        out: torch.Tensor = self.inner(rows)
        if self.calls == self.at and self.press:
            os.kill(os.getpid(), signal.SIGINT)
        return out * float("nan") if self.calls == self.at and not self.press else out


class Troubled(Gan):
    """A GAN with a deeper critic of its own, in trouble at call number `at`."""

    name = "tables/troubled"
    at, press = 0, False

    def network(self, inputs: int) -> dict[str, torch.nn.Module]:
        critic = mlp(self.pac * self.width, 16, 2, 1, act="leaky")
        return super().network(inputs) | {"critic": Trouble(critic, self.at, self.press)}


def test_a_loss_that_is_no_number_ends_training_with_the_best_weights(tmp_path: Path) -> None:
    model = Troubled(**QUICK | {"steps": 90})
    # After the first measurement, which comes at update 60.
    model.at = 230
    model.fit(city_table(), seed=1)
    assert model.facts_["training"]["stopped"] == "diverged"
    assert all(np.isfinite(weights).all() for weights in model.weights_.values())
    said = [f for f in training(model.facts_, model.curves_) if isinstance(f, Finding) and f.name == "training"]
    assert [f.verdict for f in said] == ["warn"]
    assert "no longer a finite number" in said[0].sentence
    model.save(tmp_path / "model")
    assert Troubled.load(tmp_path / "model").sample(20, seed=2).equals(model.sample(20, seed=2))


def test_a_stopped_fit_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    settings = QUICK | {"steps": 70}
    whole = Troubled(**settings).fit(city_table(), seed=1)
    stopped = Troubled(**settings)
    # Three calls an update, later four: the generator learns already.
    stopped.at, stopped.press = 200, True
    # A test run in the background is deaf to Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            stopped.fit(city_table(), seed=1, checkpoint=tmp_path / "state")
    finally:
        signal.signal(signal.SIGINT, before)
    again = Troubled(**settings).fit(city_table(), seed=1, checkpoint=tmp_path / "state")
    assert all(np.array_equal(again.weights_[name], weights) for name, weights in whole.weights_.items())
    assert again.curves_ == whole.curves_


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_few_rows_work(rows: int) -> None:
    assert Gan(**QUICK | {"steps": 20}).fit(city_table(rows), seed=1).sample(9, seed=2).height == 9


def test_only_numbers_only_missing_cells_and_only_identifiers_work() -> None:
    small = QUICK | {"steps": 20}
    numbers = pl.DataFrame({"x": np.random.default_rng(0).normal(size=400)})
    assert Gan(**small).fit(numbers, seed=1).sample(50, seed=2)["x"].is_between(-4, 4).all()
    nothing = pl.DataFrame({"a": pl.Series([None, None], dtype=pl.Int64)})
    assert Gan(**small).fit(nothing, seed=1).sample(3, seed=2)["a"].to_list() == [None] * 3
    ids = pl.DataFrame({"id": [f"K{i:04d}" for i in range(50)]})
    assert as_dataset(ids).schema["id"].kind == "id"
    assert Gan(**small).fit(ids, seed=1).sample(3, seed=2)["id"].n_unique() == 3
