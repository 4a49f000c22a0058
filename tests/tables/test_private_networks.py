"""tables/vae and tables/gan under a privacy budget: what they keep was paid for, and they still learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from simulacra.core.budget import Budget
from simulacra.core.errors import ConfigError, DataError
from simulacra.core.generator import Generator
from simulacra.core.noise import UnsafeNoise
from simulacra.core.schema import Column, Schema, Table
from simulacra.tables.gan import Gan
from simulacra.tables.vae import Vae

TINY: dict[str, Any] = {"steps": 3, "batch": 64, "width": 8}
LEVELS = ("north", "south", "west")
SCHEMA = Schema(
    {
        "table": Table(
            (
                Column("place", "category", "String", levels=LEVELS),
                Column("kind", "category", "String", levels=("a", "b", "c", "d")),
                Column("age", "number", "Int64", low=0, high=99, step=1),
            )
        )
    }
)


def table(rows: int = 300, seed: int = 0) -> pl.DataFrame:
    """Return kind that follows place, and an age that follows nothing."""
    rng = np.random.default_rng(seed)
    place = rng.choice(3, rows, p=[0.6, 0.3, 0.1])
    kind = np.where(rng.random(rows) < 0.9, place, rng.integers(0, 4, rows))
    return pl.DataFrame(
        {"place": np.array(LEVELS)[place], "kind": np.array(list("abcd"))[kind], "age": rng.integers(0, 100, rows)}
    )


def unsafe(seed: int = 1, epsilon: float = 2.0, **other: Any) -> Budget:
    return Budget(epsilon, 1e-5, noise=UnsafeNoise(seed), **other)


@pytest.mark.parametrize("method", [Vae, Gan])
def test_the_ledger_holds_all_that_was_done_and_nothing_else_is_kept(method: type[Generator], tmp_path: Path) -> None:
    budget = Budget(2.0, 1e-5)
    model = method(**TINY).fit(table(), schema=SCHEMA, seed=1, budget=budget)
    training = budget.entries[-1]
    counts = next(e for e in budget.entries if e.what.startswith("rows of each value"))
    assert counts.sensitivity == pytest.approx(3**0.5)
    facts = model.facts_["training"]
    assert (training.steps, training.rate, training.scale) == (3, facts["rate"], facts["noise multiplier"])
    assert facts["rate"] == min(1, 64 / model.rows_)
    assert "floating-point" in training.what
    assert budget.closed and budget.spent[0] == pytest.approx(2, rel=1e-6)
    assert model.curves_ == {} and model.lineage_.epsilon == 2.0 and not model.lineage_.parents
    assert [c.name for c in model.schema_.columns] == ["place", "kind", "age"]
    model.save(tmp_path / "model")
    saved = json.loads((tmp_path / "model" / "model.json").read_text("utf-8"))
    said = json.dumps(saved)
    assert "loss" not in said and "held out" not in said and "best" not in said
    made = model.sample(50, seed=3)
    assert Generator.load(tmp_path / "model").sample(50, seed=3).equals(made)
    assert made.schema == table().schema
    assert set(model.sample(40, seed=3, where={"place": "south"})["place"]) == {"south"}


def test_the_vae_learns_shares_and_links_when_the_budget_is_large() -> None:
    frame = table(3000)
    model = Vae(steps=80, width=32, latent=2, batch=512, rate=0.02).fit(
        frame, schema=SCHEMA, seed=1, budget=unsafe(epsilon=20.0)
    )
    made = model.sample(3000, seed=2)
    assert made["place"].null_count() == 0
    assert (made["place"] == "south").mean() == pytest.approx(0.3, abs=0.05)
    linked = made.filter(pl.col("place") == "south")["kind"]
    assert (linked == "b").mean() > 0.7
    assert (made.filter(pl.col("place") == "north")["kind"] == "b").mean() < 0.2
    assert model.encode(frame[:5]).shape == (5, 2)
    assert model.interpolate(frame[0], frame[1], 3).columns == frame.columns
    assert abs(model.default_rows(3000) - 3000) < 200
    assert model.default_rows(3000) == model.rows_


@pytest.mark.parametrize("method", [Vae, Gan])
def test_seeds_repeat_all_but_private_noise(method: type[Generator]) -> None:
    def made(budget: Budget) -> pl.DataFrame:
        return method(**TINY).fit(table(), schema=SCHEMA, seed=1, budget=budget).sample(200, seed=2)

    first = made(unsafe())
    assert first.equals(made(unsafe()))
    assert not first.equals(made(unsafe(2)))
    assert not made(Budget(2.0, 1e-5)).equals(made(Budget(2.0, 1e-5)))


@pytest.mark.parametrize("method", [Vae, Gan])
def test_a_planted_row_moves_no_code_and_is_never_made(method: type[Generator]) -> None:
    """The neighbour has a row with a level, an age and a missing cell that occur nowhere else; nothing is declared."""
    frame = table()
    planted = pl.DataFrame({"place": ["secret"], "kind": [None], "age": [10_000_007]}, schema=frame.schema)
    pair = (frame, pl.concat([frame, planted]))
    models = [method(**TINY).fit(f, seed=1, budget=unsafe(epsilon=30.0)) for f in pair]
    codes = [[(t["name"], t["size"]) for t in model.view_] for model in models]
    assert codes[0] == codes[1]
    facts = [[(c.name, c.kind, c.dtype, c.levels, c.low, c.high) for c in m.schema_.columns] for m in models]
    assert facts[0] == facts[1]
    made = models[1].sample(1000, seed=2)
    assert "secret" not in set(made["place"].cast(pl.String))
    assert 10_000_007 not in set(made["age"].to_list())
    # With next to no budget all that remains is what is declared.
    faint = method(**TINY).fit(frame, schema=SCHEMA, seed=1, budget=unsafe(epsilon=0.01))
    assert set(faint.sample(500, seed=2)["place"].drop_nulls()) <= set(LEVELS)


def test_rows_of_one_person_count_as_one() -> None:
    frame = table(200).with_columns(who=pl.Series(np.repeat(np.arange(20), 10)))
    budget = Budget(5.0, 1e-5, person="who", rows=2)
    model = Vae(**TINY).fit(frame, seed=1, budget=budget)
    counts = next(e for e in budget.entries if e.what.startswith("rows of each value"))
    assert counts.sensitivity == pytest.approx(2 * 3**0.5)
    made = model.sample(40, seed=1)
    assert made.columns == frame.columns and made["who"].n_unique() == 40
    # Twenty persons of two rows each, not two hundred rows: the noise has a deviation of about ten.
    assert model.rows_ < 140


@pytest.mark.parametrize("method", [Vae, Gan])
def test_what_the_budget_does_not_pay_for_is_refused(method: type[Generator], tmp_path: Path) -> None:
    budget = unsafe()
    with pytest.raises(ConfigError, match="start cannot be used under a privacy budget"):
        method(start=str(tmp_path), **TINY).fit(table(), schema=SCHEMA, seed=1, budget=budget)
    if method is Gan:
        with pytest.raises(ConfigError, match="leave pac at 1"):
            Gan(pac=2, **TINY).fit(table(), schema=SCHEMA, seed=1, budget=budget)
    assert not budget.entries
    empty = table().with_columns(who=pl.Series([None] + [1] * 299))
    with pytest.raises(DataError, match="name no person"):
        method(**TINY).fit(empty, seed=1, budget=Budget(1.0, 1e-5, person="who"))


def test_fields_left_alone_have_other_defaults_under_a_budget() -> None:
    model = Vae(steps=2, latent=16)
    model.fit(table(), schema=SCHEMA, seed=1, budget=unsafe())
    assert (model.steps, model.latent, model.width, model.batch) == (2, 16, 64, 1024)
    model.fit(table(60), seed=1)
    assert (model.steps, model.latent, model.width, model.batch) == (2, 16, 256, 512)


def test_a_network_of_ones_own_that_mixes_rows_is_refused() -> None:
    from torch import nn

    class Mixing(Vae):
        def network(self) -> dict[str, nn.Module]:
            out = super().network()
            return {**out, "decoder": nn.Sequential(nn.Linear(self.latent, self.width), nn.BatchNorm1d(self.width))}

    with pytest.raises(ConfigError, match="BatchNorm1d"):
        Mixing(**TINY).fit(table(), schema=SCHEMA, seed=1, budget=unsafe())
