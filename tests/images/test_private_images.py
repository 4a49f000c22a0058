"""images/vae and images/gan under a privacy budget: what they buy is bounded, nothing leaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from simulacra.core.budget import Budget
from simulacra.core.errors import ConfigError
from simulacra.core.generator import Generator
from simulacra.core.noise import UnsafeNoise
from simulacra.core.schema import Column, Schema, Table
from simulacra.images import _private_space
from simulacra.images.gan import Gan
from simulacra.images.vae import Vae
from simulacra.parts.pictures import series
from simulacra.testing import toys

TINY: dict[str, Any] = {"steps": 2, "batch": 24, "width": 4}
SCHEMA = Schema({"table": Table((Column("label", "category", "String", levels=("cross", "disc", "square")),))})


def frame(rows: int = 90) -> pl.DataFrame:
    return toys.pictures(rows, side=8).select("image", "label")


def unsafe(epsilon: float = 5.0, seed: int = 1) -> Budget:
    return Budget(epsilon, 1e-5, noise=UnsafeNoise(seed))


def test_one_image_changes_sums_and_products_by_no_more_than_what_is_charged() -> None:
    """Among the images are the worst ones: black, white, a half of each, a checkerboard, noise."""
    rng = np.random.default_rng(0)
    worst = np.zeros((5, 9, 8, 1), np.uint8)
    worst[1] = 255
    worst[2, :4] = 255
    worst[3, ::2, ::2] = worst[3, 1::2, 1::2] = 255
    worst[4] = rng.integers(0, 256, (9, 8, 1))
    images = np.concatenate([rng.integers(0, 256, (20, 9, 8, 1)).astype(np.uint8), worst])
    classes = rng.integers(0, 3, len(images))
    for sides in ((9, 8), (4, 4)):
        d = sides[0] * sides[1]
        means = rng.integers(0, 256, (3, *sides, 1))
        bound = _private_space.SPREAD * d**0.5
        whole = _private_space.sums(images, classes, 3, sides), _private_space.products(images, classes, means, bound)
        change = [0.0, 0.0]
        for i in range(len(images)):
            left = np.delete(images, i, 0), np.delete(classes, i)
            parts = _private_space.sums(*left, 3, sides), _private_space.products(*left, means, bound)
            gone = [float(np.linalg.norm(a - b)) for a, b in zip(whole, parts, strict=True)]
            change = [max(pair) for pair in zip(change, gone, strict=True)]
        allowed = _private_space.MIDDLE * d**0.5, ((bound**4 + 255**2 * bound**2) / 2) ** 0.5
        assert 0.9 * allowed[0] < change[0] <= allowed[0]
        assert 0.5 * allowed[1] < change[1] <= allowed[1]


def test_means_and_axes_are_those_of_the_images_when_the_noise_is_small() -> None:
    """Images are a mean of their class plus one smooth pattern of random strength."""
    rng = np.random.default_rng(0)
    down = np.linspace(0, 255, 8)[:, None, None] * np.ones((1, 8, 1))
    pattern = 40 * np.sin(np.linspace(0, np.pi, 8))[None, :, None] * np.ones((8, 1, 1))
    classes = rng.integers(0, 2, 400)
    strength = rng.normal(size=(400, 1, 1, 1))
    images = np.clip(np.where(classes, 255 - down[..., None], down[..., None]).transpose(3, 0, 1, 2), 0, 255)
    images = np.clip(0.6 * images + 50 + strength * pattern, 0, 255).round().astype(np.uint8)
    budget = unsafe(1e6)
    space = _private_space.buy_space(images, classes, np.bincount(classes), 5, budget)
    means = (space["means"] @ space["axes"] + space["middle"]).reshape(2, 8, 8, 1) * 255
    for c in range(2):
        assert np.abs(means[c] - images[classes == c].mean(0)).max() < 2
    first = space["axes"][0] / np.linalg.norm(space["axes"][0])
    assert abs(first @ (pattern / np.linalg.norm(pattern)).ravel()) > 0.98
    wanted = np.linalg.norm(pattern) / 255
    assert space["scale"][0] == pytest.approx(wanted, rel=0.15)


@pytest.mark.parametrize("method", [Vae, Gan])
def test_the_ledger_holds_all_that_was_done(method: type[Generator], tmp_path: Path) -> None:
    budget = Budget(5.0, 1e-5)
    model = method(**TINY).fit(frame(), schema=SCHEMA, seed=1, budget=budget)
    assert [e.what.split(" (")[0] for e in budget.entries] == [
        "images of each class",
        "sum of the images of each class",
        "products of coarse pixels",
        "training of the critic" if method is Gan else "training of encoder and decoder",
    ]
    facts, training = model.facts_["training"], budget.entries[-1]
    assert (training.steps, training.rate, training.scale) == (2, facts["rate"], facts["noise multiplier"])
    assert budget.closed and budget.spent[0] == pytest.approx(5, rel=1e-6)
    assert any("pixels lie within 0..255" in said for said in budget.public)
    assert model.curves_ == {}
    made = model.sample(30, seed=2)
    assert made.schema == frame().schema
    model.save(tmp_path / "model")
    said = json.dumps(json.loads((tmp_path / "model" / "model.json").read_text("utf-8")))
    assert "loss" not in said and "ELBO" not in said and "held out" not in said
    assert Generator.load(tmp_path / "model").sample(30, seed=2).equals(made)
    assert set(model.sample(20, seed=2, where={"label": "disc"})["label"]) == {"disc"}
    assert model.default_rows(90) == int(model.rows_["count"].sum())


@pytest.mark.parametrize("method", [Vae, Gan])
def test_seeds_repeat_all_but_private_noise(method: type[Generator]) -> None:
    def made(budget: Budget) -> pl.DataFrame:
        return method(**TINY).fit(frame(), schema=SCHEMA, seed=1, budget=budget).sample(20, seed=2)

    first = made(unsafe())
    assert first.equals(made(unsafe()))
    assert not first.equals(made(unsafe(seed=2)))
    assert not made(Budget(5.0, 1e-5)).equals(made(Budget(5.0, 1e-5)))


def test_a_class_of_one_image_is_not_bought_and_its_image_leaves_no_trace() -> None:
    """With next to no budget made images are noise, whatever the rows show."""
    planted = pl.DataFrame([series("image", np.full((1, 8, 8), 255, np.uint8)), pl.Series("label", ["secret"])])
    both = pl.concat([frame(), planted])
    model = Vae(**TINY).fit(both, seed=1, budget=unsafe(30.0))
    assert set(model.rows_["levels"]["label"].drop_nulls()) == {"cross", "disc", "square"}
    assert "secret" not in set(model.sample(60, seed=1)["label"].drop_nulls())
    faint = Vae(**TINY).fit(both.head(90), schema=SCHEMA, seed=1, budget=unsafe(0.01))
    means = [f["image"].to_numpy().astype(float).mean(0).ravel() for f in (faint.sample(60, seed=1), frame())]
    assert abs(np.corrcoef(*means)[0, 1]) < 0.7


def test_what_the_budget_does_not_pay_for_is_refused(tmp_path: Path) -> None:
    budget = unsafe()
    with pytest.raises(ConfigError, match="'size' cannot be learned; drop them"):
        Vae(**TINY).fit(frame().with_columns(size=pl.lit(1.0)), seed=1, budget=budget)
    with pytest.raises(ConfigError, match="factors cannot be used"):
        Vae(factors=("size",), **TINY).fit(frame(), seed=1, budget=budget)
    with pytest.raises(ConfigError, match="start cannot be used under a privacy budget"):
        Gan(start=str(tmp_path), **TINY).fit(frame(), seed=1, budget=budget)
    with pytest.raises(ConfigError, match="leave pac at 1"):
        Gan(pac=2, **TINY).fit(frame(), seed=1, budget=budget)
    with pytest.raises(ConfigError, match="no column 'kind'"):
        Gan(label="kind", **TINY).fit(frame(), seed=1, budget=budget)
    assert not budget.entries


def test_the_type_of_labels_is_that_of_the_levels_that_were_bought() -> None:
    """One image whose label is a word turns the column into text; labels are made as numbers all the same."""
    images = frame(120).select("image")
    numbers = images.with_columns(label=pl.Series([0, 1] * 60))
    words = images.with_columns(label=pl.Series([*(["0", "1"] * 59), "0", "none"]))
    for rows in (numbers, words):
        model = Vae(**TINY).fit(rows, seed=1, budget=unsafe(30.0))
        made = model.sample(20, seed=1)
        assert made["label"].dtype == pl.Int64
        assert set(made["label"].drop_nulls()) <= {0, 1}


def test_images_alone_are_one_class() -> None:
    model = Gan(**TINY).fit(frame().select("image"), seed=1, budget=unsafe())
    assert model.sample(5, seed=1).columns == ["image"]
