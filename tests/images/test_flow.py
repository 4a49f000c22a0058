"""images/flow: it begins as the Gaussian baseline, learns what a Gaussian cannot say, and never ends below it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from simulacra.core.errors import ConfigError, ModelError
from simulacra.images import Flow, Pca
from simulacra.testing import toys

FAST = {"width": 48, "steps": 500, "batch": 64, "components": 4}


def sides(rows: int = 300, seed: int = 0) -> pl.DataFrame:
    """Pictures of 8 x 8 with a bright bar on the left or on the right, never in between."""
    rng = np.random.default_rng(seed)
    found = 60 + 8 * rng.standard_normal((rows, 8, 8))
    left = rng.random(rows) < 0.5
    found[left, :, :3] += 120
    found[~left, :, 5:] += 120
    labels = np.where(rng.random(rows) < 0.5, "a", "b")
    return pl.DataFrame({"image": np.clip(np.rint(found), 0, 255).astype(np.uint8), "label": labels})


def blends(frame: pl.DataFrame) -> float:
    """Share of pictures that have neither a left nor a right bar."""
    found = frame["image"].to_numpy().astype(float)
    return float((np.abs(found[:, :, :3].mean((1, 2)) - found[:, :, 5:].mean((1, 2))) < 70).mean())


@pytest.fixture(scope="module")
def fitted() -> Flow:
    return Flow(**FAST).fit(sides(), seed=0)


def test_training_removes_blends_that_a_gaussian_must_make(fitted: Flow) -> None:
    assert blends(sides()) == 0
    gaussian = blends(Pca(components=4).fit(sides(), seed=0).sample(500, seed=1))
    made = blends(fitted.sample(500, seed=1))
    assert gaussian > 0.3 and made < gaussian / 4


def test_the_curves_tell_how_training_went(fitted: Flow) -> None:
    curves, facts = fitted.curves_, fitted.facts_
    assert set(curves["held out"]) == {"held-out loss", "C2ST"} and set(curves["training"]) == {"loss"}
    assert min(curves["held out"]["held-out loss"]) < facts["held-out loss before training"]
    assert facts["training"]["best"] == pytest.approx(min(curves["held out"]["held-out loss"]))
    assert all(0.5 <= c <= 1 for c in curves["held out"]["C2ST"])


def test_conditions_on_the_label_are_exact(fitted: Flow) -> None:
    assert set(fitted.sample(70, seed=1, where={"label": "b"})["label"]) == {"b"}


class Still(Flow):
    """A network of the user's own that adds nothing."""

    name = "images/still"

    def network(self, size: int, classes: int) -> torch.nn.Module:
        class Nothing(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.none = torch.nn.Parameter(torch.zeros(()))

            def forward(self, x: torch.Tensor, t: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
                assert x.shape[1] == size and condition.shape[1] == classes
                return x * self.none * 0

        return Nothing()


def test_a_network_of_ones_own_that_adds_nothing_is_the_baseline() -> None:
    model = Still(**FAST).fit(sides(), seed=0)
    assert "used" in model.facts_ and list(model.weights_) == ["field.none"]
    made, base = model.sample(1500, seed=1), Pca(components=4).fit(sides(), seed=0).sample(1500, seed=1)
    a, b = (f["image"].to_numpy().reshape(1500, -1).astype(float) for f in (made, base))
    assert np.abs(a.mean(0) - b.mean(0)).max() < 8
    assert np.trace(np.cov(a.T)) == pytest.approx(np.trace(np.cov(b.T)), rel=0.1)


class Breaks(Flow):
    """A network whose weights stop being numbers after some updates."""

    name = "images/breaks"

    def network(self, size: int, classes: int) -> torch.nn.Module:
        class Net(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.calls = 0
                self.out = torch.nn.Linear(size, size)
                torch.nn.init.zeros_(self.out.weight)

            def forward(self, x: torch.Tensor, t: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
                self.calls += self.training
                out: torch.Tensor = self.out(x) * (math.nan if self.calls > 60 else 1.0)
                return out

        return Net()


def test_divergence_stops_says_so_and_leaves_usable_weights() -> None:
    model = Breaks(**FAST).fit(sides(), seed=0)
    assert model.facts_["training"]["stopped"] == "diverged"
    assert all(np.isfinite(w).all() for w in model.weights_.values())
    assert model.sample(20, seed=1)["image"].to_numpy().std() > 5


def test_a_network_that_learns_noise_is_not_used() -> None:
    rng = np.random.default_rng(0)
    noise = pl.DataFrame({"image": np.clip(128 + 20 * rng.standard_normal((40, 8, 8)), 0, 255).astype(np.uint8)})
    model = Flow(**{**FAST, "components": 16, "steps": 200, "patience": 0}).fit(noise, seed=0)
    began, seen = model.facts_["held-out loss before training"], model.curves_["held out"]["held-out loss"]
    assert seen[-1] > min(began, min(seen))  # trained on, it would have learned its few images by heart
    assert model.facts_["training"]["best"] is not None and ("used" in model.facts_) == (min(seen) >= began)


def test_training_goes_on_from_a_saved_model(fitted: Flow, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    again = Flow(**{**FAST, "steps": 15}, start=str(tmp_path / "model")).fit(sides(), seed=1)
    assert again.facts_["held-out loss before training"] < fitted.facts_["held-out loss before training"]
    assert blends(again.sample(300, seed=1)) < 0.1
    with pytest.raises(ModelError, match="of the same kind"):
        Flow(**FAST, start=str(tmp_path / "model")).fit(toys.pictures(40, 9), seed=1)
    with pytest.raises(ModelError, match="shape"):
        Flow(**{**FAST, "width": 16}, start=str(tmp_path / "model")).fit(sides(), seed=1)


def test_a_checkpoint_changes_no_byte_and_is_gone_on_from(tmp_path: Path) -> None:
    small = {**FAST, "steps": 30}
    plain = Flow(**small).fit(sides(80), seed=0)
    for _ in range(2):
        kept = Flow(**small).fit(sides(80), seed=0, checkpoint=tmp_path / "state")
        assert kept.sample(20, seed=1).equals(plain.sample(20, seed=1))
    assert any((tmp_path / "state").rglob("*"))


@pytest.mark.parametrize("rows", [2, 3, 12])
def test_very_few_pictures(rows: int) -> None:
    real = toys.pictures(rows, 8)
    made = Flow(**{**FAST, "steps": 5}).fit(real, seed=0).sample(6, seed=1)
    assert made.schema == real.schema


def test_two_images_in_a_class_and_colour() -> None:
    real = toys.pictures(42, 8, colour=True).with_columns(label=pl.Series([7] * 40 + [9] * 2))
    made = Flow(**{**FAST, "steps": 20}).fit(real, seed=0).sample(30, seed=1, where={"label": 9})
    assert made["label"].to_list() == [9] * 30
    assert len(np.unique(made["image"].to_numpy(), axis=0)) == 30


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match="no GPU"):
        Flow(**FAST, device="cuda").fit(sides(40), seed=0)
