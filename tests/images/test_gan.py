"""images/gan: it begins as the Gaussians of the classes, gets nearer to real images, and keeps the classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from simulacra.core.errors import ConfigError, DataError, ModelError
from simulacra.images import _nets
from simulacra.images._gan import apart
from simulacra.images.gan import Gan
from simulacra.parts.convgan import Critic, Patches, Refiner, manifolds, varied
from simulacra.testing import toys

SMALL: dict[str, Any] = {"steps": 4, "batch": 16, "width": 8}


@pytest.fixture(scope="module")
def trained() -> Gan:
    return Gan(steps=60, batch=24, width=8).fit(toys.pictures(400, 12), seed=1)


def images(frame: pl.DataFrame) -> np.ndarray:
    return frame["image"].to_numpy().astype(float)


def test_an_untrained_refiner_returns_the_rough_picture() -> None:
    rough = torch.rand(3, 3, 9, 14) * 2 - 1
    net = Refiner(3, (9, 14), 2, 8)
    out = net(rough, torch.randn(3, 2, *net.grid), torch.eye(2)[[0, 1, 0]])
    assert torch.allclose(out, rough, atol=1e-6)


@pytest.mark.parametrize("size", [(8, 8), (9, 13), (28, 28), (33, 47), (64, 64)])
def test_patches_join_to_the_picture_that_was_cut(size: tuple[int, int]) -> None:
    x = torch.rand(2, 3, *size)
    patches = Patches(3, size)
    assert torch.equal(patches.join(patches.cut(x)), x)
    assert max(patches.grid) <= 16
    assert Critic(3, size, 2, 4, pack=2)(torch.rand(4, 3, *size), torch.eye(2)[[0, 1, 0, 1]]).shape == (2,)


def test_variation_moves_pictures_and_lets_slopes_through() -> None:
    x = torch.rand(8, 1, 16, 16, requires_grad=True)
    out = varied(x, 0.5)
    out.sum().backward()
    assert out.shape == x.shape and not torch.equal(out, x)
    assert x.grad is not None and bool((x.grad.abs().sum((1, 2, 3)) > 0).all())
    assert varied(x, 0.0) is x


def test_precision_and_recall_tell_a_collapse_from_a_spread() -> None:
    torch.manual_seed(0)
    real = torch.randn(200, 4)
    near, one, wide = torch.randn(200, 4), real[:1] + 0.01 * torch.randn(200, 4), 6 * torch.randn(200, 4)
    assert min(manifolds(near, real)) > 0.8
    assert manifolds(one, real)[0] > 0.9 and manifolds(one, real)[1] < 0.1
    assert manifolds(wide, real)[0] < 0.3


def test_the_weights_nearest_to_images_kept_back_are_used(trained: Gan) -> None:
    told = trained.curves_["held out"]["distance %"]
    assert trained.facts_["training"]["best"] == min(told)
    assert trained.facts_["images kept back"] == 40
    assert np.abs(trained.weights_["generator.tail.weight"]).max() > 0.001  # it began at zero


def test_a_collapse_and_a_blur_are_farther_than_a_fresh_sample() -> None:
    torch.manual_seed(0)
    real = torch.randn(200, 8) + 3 * (torch.rand(200, 1) > 0.5)
    fresh = torch.randn(200, 8) + 3 * (torch.rand(200, 1) > 0.5)
    gaussian = torch.randn(200, 8) @ torch.linalg.cholesky(torch.cov(real.T)).T + real.mean(0)
    far = [apart(real, [made])["distance %"] for made in (fresh, gaussian, real[:1] + 0.01 * torch.randn(200, 8))]
    assert far[0] < far[1] < far[2]


def test_classes_come_in_their_shares_and_look_like_themselves(trained: Gan) -> None:
    real = toys.pictures(400, 12)
    made = trained.sample(300, seed=5)
    share = (made["label"] == "square").mean()
    assert abs(share - (real["label"] == "square").mean()) < 0.1
    crosses = trained.sample(60, seed=6, where={"label": "cross"})
    assert crosses["label"].unique().to_list() == ["cross"]
    light = {c: images(trained.sample(60, seed=7, where={"label": c})).mean() for c in ("cross", "disc")}
    truth = {c: images(real.filter(pl.col("label") == c)).mean() for c in ("cross", "disc")}
    assert (light["disc"] - light["cross"]) / (truth["disc"] - truth["cross"]) > 0.5


def test_a_class_of_two_images_and_columns_beside_are_drawn() -> None:
    frame = toys.pictures(60, 8, colour=True).with_columns(pl.Series("age", np.arange(60) % 7))
    tiny = frame.head(2).with_columns(pl.lit("rare").alias("label"))
    model = Gan(**SMALL).fit(pl.concat([frame, tiny]), seed=1)
    made = model.sample(20, seed=2, where={"label": "rare"})
    assert made.schema == frame.schema and made["label"].unique().to_list() == ["rare"]
    assert not any(np.array_equal(a, b) for a in made["image"].to_numpy() for b in tiny["image"].to_numpy())


def test_two_images_are_enough() -> None:
    two = toys.pictures(2, 12)
    assert Gan(steps=2, width=4).fit(two, seed=1).sample(3, seed=1).schema == two.schema


def test_an_unknown_class_is_refused_by_name() -> None:
    model = Gan(**SMALL).fit(toys.pictures(50, 8), seed=1)
    with pytest.raises(DataError, match="no class fulfils.*'cross', 'disc', 'square'"):
        model.sample(3, seed=1, where={"label": "ring"})


def test_images_larger_than_64_pixels_are_refused() -> None:
    frame = pl.DataFrame({"image": np.zeros((4, 65, 20), np.uint8), "label": ["a", "b"] * 2})
    with pytest.raises(DataError, match="65 x 20 pixels; sides of 8 to 64 are made"):
        Gan().fit(frame)


def test_a_start_goes_on_from_saved_weights_and_refuses_other_classes(tmp_path: Path) -> None:
    frame = toys.pictures(60, 8)
    first = Gan(**SMALL).fit(frame, seed=1)
    first.save(tmp_path / "model")
    again = Gan(**{**SMALL, "steps": 1}, start=str(tmp_path / "model")).fit(frame, seed=2)
    name = "generator.head.weight"
    fresh = Gan(**{**SMALL, "steps": 1}).fit(frame, seed=2)
    apart = [np.abs(model.weights_[name] - first.weights_[name]).max() for model in (again, fresh)]
    assert apart[0] < 0.02 < apart[1]
    other = frame.with_columns(pl.col("label").replace("disc", "ring"))
    with pytest.raises(ModelError, match="has classes .*'disc'.*'ring'"):
        Gan(**SMALL, start=str(tmp_path / "model")).fit(other)


class _Own(torch.nn.Module):
    """A generator that adds one number to every pixel."""

    grid = (4, 4)

    def __init__(self) -> None:
        super().__init__()
        self.shift = torch.nn.Parameter(torch.zeros(1))

    def forward(self, rough: torch.Tensor, noise: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        return rough + self.shift


class _Mine(Gan):
    def network(self, channels: int, size: tuple[int, int], classes: int) -> dict[str, torch.nn.Module]:
        return {**super().network(channels, size, classes), "generator": _Own()}


def test_a_users_own_network_is_trained_and_saved() -> None:
    model = _Mine(**SMALL).fit(toys.pictures(60, 8), seed=1)
    assert model.weights_["generator.shift"].shape == (1,)
    assert model.sample(3, seed=1).height == 3


def test_the_same_seed_gives_the_same_bytes_and_a_gpu_that_is_not_there_is_refused() -> None:
    frame = toys.pictures(50, 8)
    one, two = (Gan(**SMALL).fit(frame, seed=3).sample(5, seed=4) for _ in range(2))
    assert one.equals(two)
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match="sees no GPU"):
            Gan(device="cuda").fit(frame)


def test_of_many_images_no_more_than_a_thousand_are_kept_back() -> None:
    classes = np.repeat([0, 1, 2], [20_000, 9_000, 1_000])
    own, back = _nets.split(classes, np.random.default_rng(1))
    assert 990 <= len(back) <= 1_001 and len(own) + len(back) == len(classes)
    assert set(classes[back]) == {0, 1, 2} and not set(own) & set(back)
