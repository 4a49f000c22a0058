"""The VAE on tables whose links are known: shares, links, codes and walks, starts, networks of one's own, trouble."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from simulacra.core.errors import ConfigError, DataError, ModelError, NotFitted
from simulacra.core.report import Finding
from simulacra.parts.curves import training
from simulacra.parts.nets import TokenEncoder, mlp
from simulacra.tables.vae import Vae

QUICK: dict[str, Any] = {"steps": 250, "width": 32, "rate": 0.01, "batch": 128, "latent": 4}


def city_table(rows: int = 1000) -> pl.DataFrame:
    """Return rent that follows the city, a garden that follows the rent, and floors that are missing in one city."""
    rng = np.random.default_rng(3)
    city = rng.choice(["Ghent", "Liege", "Bruges"], rows, p=[0.6, 0.3, 0.1])
    base = np.select([city == "Ghent", city == "Liege"], [900.0, 500.0], 1400.0)
    rent = np.round(base + rng.normal(0, 60, rows), 1)
    floor = pl.Series(rng.integers(0, 5, rows)).set(pl.Series(city == "Liege"), None)
    return pl.DataFrame({"city": city, "rent": rent, "garden": rent > 1200, "floor": floor})


@pytest.fixture(scope="module", params=[True, False], ids=["linked", "code alone"])
def fitted(request: pytest.FixtureRequest) -> Vae:
    return Vae(linked=request.param, **QUICK).fit(city_table(), seed=1)


def test_shares_links_and_missing_cells_are_kept(fitted: Vae) -> None:
    made = fitted.sample(4000, seed=2)
    assert (made["city"] == "Liege").mean() == pytest.approx(0.3, abs=0.06)
    means = dict(made.group_by("city").agg(pl.col("rent").mean()).iter_rows())
    assert means["Ghent"] == pytest.approx(900, abs=60)
    assert means["Bruges"] == pytest.approx(1400, abs=200)
    gone = dict(made.group_by("city").agg(pl.col("floor").is_null().mean()).iter_rows())
    assert gone["Liege"] > 0.9
    assert gone["Ghent"] < 0.1


def test_cells_are_drawn_and_not_the_likeliest(fitted: Vae) -> None:
    """Floors follow nothing: within a city all of them are made about as often."""
    made = fitted.sample(4000, seed=2).filter(pl.col("city") == "Ghent").drop_nulls("floor")
    shares = made["floor"].value_counts()["count"].to_numpy() / made.height
    assert len(shares) == 5
    assert shares.min() > 0.08


def test_codes_of_like_rows_are_near(fitted: Vae) -> None:
    frame = city_table()
    codes = fitted.encode(frame)
    assert codes.shape == (1000, 4)
    same, other = (codes[(frame["city"] == city).to_numpy()] for city in ("Bruges", "Liege"))
    assert np.linalg.norm(same.mean(0) - other.mean(0)) > np.linalg.norm(same - same.mean(0), axis=1).mean()


def test_a_walk_leads_from_one_row_to_the_other(fitted: Vae) -> None:
    frame = city_table()
    near, far = (frame.filter(pl.col("city") == city).row(0, named=True) for city in ("Liege", "Bruges"))
    walks = [fitted.interpolate(near, far, 5, seed=seed) for seed in range(20)]
    assert {walk.height for walk in walks} == {5}
    assert walks[0].schema == frame.schema
    ends = [np.mean([walk["rent"][i] for walk in walks]) for i in (0, -1)]
    assert ends[1] - ends[0] > 450
    assert fitted.interpolate(near, far, 5, seed=3).equals(walks[3])


def test_one_number_of_a_code_is_varied(fitted: Vae) -> None:
    row = city_table().head(1)
    made = [fitted.vary(row, d, [-3.0, 0.0, 3.0, 0.0]) for d in range(4)]
    assert all(frame.row(1) == frame.row(3) for frame in made)
    assert any(frame.row(0) != frame.row(2) for frame in made)


def test_a_walk_from_what_is_no_row_is_refused(fitted: Vae) -> None:
    row = city_table().head(1)
    with pytest.raises(ConfigError, match=r"dimension must be within 0\.\.3, got 4"):
        fitted.vary(row, 4, [0.0])
    with pytest.raises(DataError, match="lacks the column 'rent'"):
        fitted.encode(row.drop("rent"))
    with pytest.raises(DataError, match="begins at one row, got 2"):
        fitted.interpolate(city_table().head(2), row)
    with pytest.raises(ConfigError, match="steps must be a whole number, at least 2"):
        fitted.interpolate(row, row, 1)
    with pytest.raises(ConfigError, match="values is empty"):
        fitted.vary(row, 0, [])
    with pytest.raises(DataError, match="column 'rent'"):
        fitted.encode({**row.row(0, named=True), "rent": "dear"})
    with pytest.raises(NotFitted, match="call fit"):
        Vae().encode(row)


def test_beta_makes_codes_simpler() -> None:
    found = [
        Vae(linked=False, beta=beta, **QUICK | {"steps": 80}).fit(city_table(), seed=1).curves_["held out"]
        for beta in (0.0, 8.0)
    ]
    plain, strict = (curves["divergence"][-1] for curves in found)
    assert plain > strict + 1
    assert found[0]["reconstruction"][-1] < found[1]["reconstruction"][-1]


def test_training_starts_from_a_saved_model(tmp_path: Path, fitted: Vae) -> None:
    fitted.save(tmp_path / "model")
    settings = QUICK | {"steps": 20, "linked": fitted.linked}
    cold, warm = (Vae(start=start, **settings).fit(city_table(), seed=1) for start in (None, str(tmp_path / "model")))
    assert warm.curves_["held out"]["held-out loss"][0] < cold.curves_["held out"]["held-out loss"][0] - 1
    unknown = city_table().with_columns(city=pl.lit("Namur"))
    assert set(Vae(start=str(tmp_path / "model"), **settings).fit(unknown, seed=1).sample(50, seed=1)["city"]) <= {
        "Ghent",
        "Liege",
        "Bruges",
    }
    with pytest.raises(ModelError, match="other columns or types \\(floor\\)"):
        Vae(start=str(tmp_path / "model"), **settings).fit(city_table().drop("floor"), seed=1)
    with pytest.raises(ModelError, match="not a saved model"):
        Vae(start=str(tmp_path / "none"), **settings).fit(city_table(), seed=1)
    with pytest.raises(ModelError, match="same network"):
        Vae(start=str(tmp_path / "model"), **settings | {"width": 16}).fit(city_table(), seed=1)


class Deep(Vae):
    """A VAE with an encoder and a decoder of three layers."""

    name = "tables/deep"

    def network(self) -> dict[str, torch.nn.Module]:
        sizes = [token["size"] + (token["gate"] >= 0) for token in self.view_]
        return {"encoder": TokenEncoder(sizes, 16, 2 * self.latent, 3), "decoder": mlp(self.latent, 16, 3, self.width)}


def test_a_network_of_ones_own_is_used_and_saved(tmp_path: Path) -> None:
    model = Deep(**QUICK | {"steps": 20}).fit(city_table(), seed=1)
    assert "decoder.6.weight" in model.weights_
    model.save(tmp_path / "model")
    assert Deep.load(tmp_path / "model").sample(20, seed=2).equals(model.sample(20, seed=2))


class Trouble(torch.nn.Module):
    """An encoder that at one call breaks, or has Ctrl-C pressed."""

    def __init__(self, inner: torch.nn.Module, at: int, press: bool) -> None:
        super().__init__()
        self.inner, self.at, self.press, self.calls = inner, at, press, 0

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        out: torch.Tensor = self.inner(tokens)
        if self.calls == self.at and self.press:
            os.kill(os.getpid(), signal.SIGINT)
        return out * float("nan") if self.calls == self.at and not self.press else out


class Troubled(Vae):
    """A VAE whose encoder is in trouble at call number `at`."""

    name = "tables/troubled"
    at, press = 0, False

    def network(self) -> dict[str, torch.nn.Module]:
        nets = super().network()
        return nets | {"encoder": Trouble(nets["encoder"], self.at, self.press)}


def test_a_loss_that_is_no_number_ends_training_with_the_best_weights() -> None:
    model = Troubled(**QUICK | {"steps": 40})
    model.at = 30
    model.fit(city_table(), seed=1)
    assert model.facts_["training"]["stopped"] == "diverged"
    assert all(np.isfinite(weights).all() for weights in model.weights_.values())
    said = [found for found in training(model.facts_, model.curves_) if isinstance(found, Finding)]
    assert [found.verdict for found in said] == ["warn"]
    assert "no longer a finite number" in said[0].sentence
    assert model.sample(20, seed=1).height == 20


def test_a_stopped_fit_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    whole = Troubled(**QUICK | {"steps": 40}).fit(city_table(), seed=1)
    stopped = Troubled(**QUICK | {"steps": 40})
    stopped.at, stopped.press = 25, True
    # A test run in the background is deaf to Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            stopped.fit(city_table(), seed=1, checkpoint=tmp_path / "state")
    finally:
        signal.signal(signal.SIGINT, before)
    again = Troubled(**QUICK | {"steps": 40}).fit(city_table(), seed=1, checkpoint=tmp_path / "state")
    assert all(np.array_equal(again.weights_[name], weights) for name, weights in whole.weights_.items())
    assert again.curves_ == whole.curves_


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_few_rows_work(rows: int) -> None:
    assert Vae(**QUICK).fit(city_table(rows), seed=1).sample(9, seed=2).height == 9


def test_only_missing_cells_and_only_identifiers_work() -> None:
    nothing = pl.DataFrame({"a": pl.Series([None, None], dtype=pl.Int64)})
    assert Vae(**QUICK).fit(nothing, seed=1).sample(3, seed=2)["a"].to_list() == [None] * 3
    ids = pl.DataFrame({"id": [f"K{i:04d}" for i in range(50)]})
    assert Vae(**QUICK).fit(ids, seed=1).sample(3, seed=2)["id"].n_unique() == 3
