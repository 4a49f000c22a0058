"""images/vae: what it encodes it can draw again, its noise keeps texture, and a latent may stand for one factor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from simulacra.core.errors import ConfigError, DataError, ModelError
from simulacra.images.vae import Vae
from simulacra.parts.convvae import Noise
from simulacra.testing import toys

SMALL: dict[str, Any] = {"steps": 4, "batch": 16, "width": 8, "latent": 3}


def blobs(rows: int, seed: int = 0) -> tuple[pl.DataFrame, dict[str, np.ndarray]]:
    """Return pictures of a soft blob and its factors: where it is across, how large it is, how bright it is."""
    rng = np.random.default_rng(seed)
    facts = {
        "across": rng.uniform(3, 9, rows),
        "size": rng.uniform(1.2, 2.4, rows),
        "light": rng.uniform(90, 240, rows),
    }
    across, size, light = (facts[k][:, None, None] for k in facts)
    down, right = np.meshgrid(np.arange(12), np.arange(12), indexing="ij")
    blob = light * np.exp(-((right - across) ** 2 + (down - 5.5) ** 2) / (2 * size**2))
    noise = rng.normal(0, 3, (rows, 12, 12))
    return pl.DataFrame({"image": np.clip(blob + noise, 0, 255).astype(np.uint8), **facts}), facts


def read(pictures: np.ndarray) -> np.ndarray:
    """Return across, size and light (n, 3) of pictures of blobs, measured on the pixels."""
    x = np.maximum(pictures[..., 0].astype(float) - 8, 0)
    line = x.sum(1) / x.sum((1, 2))[:, None]  # (n, 12) along the columns
    middle = line @ np.arange(12)
    size = np.sqrt((line * (np.arange(12) - middle[:, None]) ** 2).sum(1))
    return np.column_stack([middle, size, x.max((1, 2))])


@pytest.fixture(scope="module")
def trained() -> tuple[Vae, pl.DataFrame]:
    frame, _ = blobs(600)
    model = Vae(factors=("across", "size", "light"), latent=2, beta=8.0, steps=300, batch=32, width=8)
    return model.fit(frame, seed=1), frame


def test_what_is_encoded_is_drawn_again_better_than_by_as_many_principal_components(
    trained: tuple[Vae, pl.DataFrame],
) -> None:
    model, frame = trained
    fresh = blobs(100, seed=5)[0]["image"].to_numpy()
    drawn = model.decode(model.encode(fresh))[..., 0].astype(float)
    real = frame["image"].to_numpy().reshape(600, -1).astype(float)
    axes = np.linalg.svd(real - real.mean(0), full_matrices=False)[2][:5]
    flat = fresh.reshape(100, -1) - real.mean(0)
    lost = [
        float((x**2).mean()) for x in (flat - flat @ axes.T @ axes, drawn.reshape(100, -1) - fresh.reshape(100, -1))
    ]
    assert lost[1] < lost[0]


def test_in_a_sweep_one_factor_moves_and_the_others_stay(trained: tuple[Vae, pl.DataFrame]) -> None:
    model, frame = trained
    spread = read(frame["image"].to_numpy()[..., None]).std(0)
    moved = np.zeros((3, 3))
    for i, name in enumerate(model.factors):
        ends = frame[name].mean() + frame[name].std() * np.array([-1.0, 1.0])
        for image in blobs(12, seed=7)[0]["image"].to_numpy():
            moved[i] += np.ptp(read(model.vary(image, name, ends)), axis=0) / spread / 12
    assert np.diag(moved).min() > 1.2 and np.diag(moved).max() < 2.8  # two standard deviations are asked for
    others = moved[~np.eye(3, dtype=bool)]
    assert others.max() < 0.6 and others.mean() < 0.25


def test_pictures_follow_the_columns_named_as_factors(trained: tuple[Vae, pl.DataFrame]) -> None:
    made = trained[0].sample(200, seed=6)
    shown = read(made["image"].to_numpy()[..., None])
    for i, name in enumerate(trained[0].factors):
        assert np.corrcoef(shown[:, i], made[name].to_numpy())[0, 1] > 0.85
    with pytest.raises(ConfigError, match="no column 'across2' beside the images. Did you mean: across"):
        Vae(factors=("across2",)).fit(trained[1])
    gap = trained[1].with_columns(pl.when(pl.col("size") > 1.5).then("size"))
    with pytest.raises(DataError, match="column 'size' must hold numbers in all rows"):
        Vae(factors=("size",)).fit(gap)


def test_drawn_images_have_the_texture_of_real_ones_and_decoded_ones_are_smoother(
    trained: tuple[Vae, pl.DataFrame],
) -> None:
    model, frame = trained

    def rough(pictures: np.ndarray) -> float:
        x = pictures.astype(float)
        return float((x[:, 1:-1, 1:-1] * 4 - x[:, :-2, 1:-1] - x[:, 2:, 1:-1] - x[:, 1:-1, :-2] - x[:, 1:-1, 2:]).std())

    real = rough(frame["image"].to_numpy())
    made = rough(model.sample(300, seed=3)["image"].to_numpy())
    plain = rough(model.decode(model.encode(frame["image"].to_numpy()))[..., 0])
    assert abs(made / real - 1) < 0.2
    assert plain < made


def test_a_walk_begins_and_ends_near_its_images(trained: tuple[Vae, pl.DataFrame]) -> None:
    model, frame = trained
    facts = read(frame["image"].to_numpy()[..., None])
    left, right = frame["image"].to_numpy()[[facts[:, 0].argmin(), facts[:, 0].argmax()]]
    across = read(model.interpolate(left, right, steps=6))[:, 0]
    assert across.shape == (6,)
    assert across[0] < 4 and across[-1] > 8 and (np.diff(across) > -0.3).all()


def test_new_latents_follow_those_of_the_training_images(trained: tuple[Vae, pl.DataFrame]) -> None:
    model, frame = trained
    made, real = (read(x["image"].to_numpy()[..., None]) for x in (model.sample(400, seed=4), frame))
    assert np.abs(made.mean(0) - real.mean(0)).max() < 0.25 * real.std(0).max()
    assert np.abs(made.std(0) / real.std(0) - 1).max() < 0.35


def test_the_noise_has_the_strength_it_is_told() -> None:
    torch.manual_seed(0)
    axes = torch.eye(8)[:4]
    noise = Noise(axes, torch.tensor([0.1, 0.2, 0.4, 0.8]), 0.3)
    drawn = noise.draw(torch.zeros(4000, 4), (2, 4)).flatten(1).std(0)
    assert torch.allclose(drawn[:4], torch.tensor([0.1, 0.2, 0.4, 0.8]), rtol=0.1)
    assert not drawn[4:].any()
    stronger = noise.draw(torch.full((4000, 4), 0.7), (2, 4)).flatten(1).std(0)[:4]
    assert torch.allclose(stronger / drawn[:4], torch.full((4,), 2.01), rtol=0.1)


def test_a_sheet_shows_a_row_a_latent() -> None:
    pillow = pytest.importorskip("PIL.Image")
    import io

    frame = toys.pictures(60, 9, colour=True)
    model = Vae(**SMALL).fit(frame, seed=1)
    sheet = pillow.open(io.BytesIO(model.sweep(frame["image"].to_numpy()[0], values=(-1, 0, 1))))
    assert sheet.size == (4 * 10 - 1, 3 * 10 - 1)


def test_classes_of_few_images_share_a_prior_and_are_drawn_by_name() -> None:
    frame = toys.pictures(60, 8, colour=True).with_columns(pl.Series("view", ["left", "right"] * 30))
    tiny = frame.head(2).with_columns(pl.lit("rare").alias("label"))
    model = Vae(**SMALL).fit(pl.concat([frame, tiny]), seed=1)
    made = model.sample(20, seed=2, where={"label": "rare"})
    assert made.schema == frame.schema and made["label"].unique().to_list() == ["rare"]
    assert model.decode(np.zeros((2, 3)), "rare").shape == (2, 8, 8, 3)
    seen = model.interpolate(frame["image"].to_numpy()[0], frame["image"].to_numpy()[1], label="disc")
    assert seen.shape == (8, 8, 8, 3)


def test_images_that_are_all_the_same_are_drawn_again() -> None:
    same = toys.pictures(1, 12)
    frame = pl.concat([same] * 20)
    made = Vae(steps=2, width=4, latent=2).fit(frame, seed=1).sample(5, seed=1)
    gap = made["image"].to_numpy().astype(float) - same["image"].to_numpy()
    assert np.abs(gap).max() < 20


def test_wrong_words_are_refused() -> None:
    frame = toys.pictures(50, 8)
    model = Vae(**SMALL).fit(frame, seed=1)
    image = frame["image"].to_numpy()[0]
    with pytest.raises(DataError, match=r"uint8 of shape \(n, 8, 8, 1\), got uint8 \(1, 7, 8, 1\)"):
        model.encode([image[:7]])
    with pytest.raises(DataError, match="got float64"):
        model.encode(image[None] / 255)
    with pytest.raises(DataError, match="images must be of one size"):
        model.interpolate(image, image[:7])
    with pytest.raises(DataError, match="no class 'ring'; the classes are 'cross', 'disc', 'square'"):
        model.decode(np.zeros((1, 3)), "ring")
    with pytest.raises(DataError, match="decode needs the label"):
        model.decode(np.zeros((1, 3)))
    with pytest.raises(DataError, match="4 values a row; this model has 3"):
        model.decode(np.zeros((1, 4)), "disc")
    with pytest.raises(ConfigError, match=r"dimension must be within 0\.\.2, got 3"):
        model.vary(image, 3, [0])
    with pytest.raises(ConfigError, match="no factor 'age'"):
        model.vary(image, "age", [0])
    with pytest.raises(ConfigError, match="steps must be a whole number, at least 2"):
        model.interpolate(image, image, steps=1)


def test_a_start_goes_on_from_saved_weights_and_refuses_other_sizes(tmp_path: Path) -> None:
    frame = toys.pictures(60, 8)
    first = Vae(**SMALL).fit(frame, seed=1)
    first.save(tmp_path / "model")
    again = Vae(**{**SMALL, "steps": 1}, start=str(tmp_path / "model")).fit(frame, seed=2)
    name = "decoder.body.first.weight"
    fresh = Vae(**{**SMALL, "steps": 1}).fit(frame, seed=2)
    apart = [np.abs(model.weights_[name] - first.weights_[name]).max() for model in (again, fresh)]
    assert apart[0] < 0.02 < apart[1]
    with pytest.raises(ModelError, match=r"\[8, 8, 1\], these data have \[9, 9, 1\]"):
        Vae(**SMALL, start=str(tmp_path / "model")).fit(toys.pictures(60, 9))
