"""images/pca keeps what a Gaussian a class can keep, on pictures whose truth is known, whatever the classes are."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from simulacra.core.errors import ConfigError, DataError
from simulacra.images import Pca
from simulacra.images._components import EXACT, _axes
from simulacra.testing import toys


def level(frame: pl.DataFrame) -> np.ndarray:
    """Images of a frame as rows of numbers (n, pixels)."""
    found = frame["image"].to_numpy()
    return found.reshape(len(found), -1).astype(float)


def blobs(classes: dict[str, int], seed: int = 0) -> pl.DataFrame:
    """Pictures of 8 x 8 that are Gaussian: class k has its own brightness, and two broad waves of random strength."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(list(classes), list(classes.values()))
    along = np.linspace(0, np.pi, 8)
    wave, across = np.outer(np.cos(along), np.ones(8)), np.outer(np.ones(8), np.cos(along))
    base = np.array([90.0 + 40 * list(classes).index(label) for label in labels])[:, None, None]
    strength = rng.standard_normal((2, len(labels), 1, 1)) * np.array([15, 6])[:, None, None, None]
    found = base + strength[0] * wave + strength[1] * across + rng.standard_normal((len(labels), 8, 8))
    return pl.DataFrame({"image": np.clip(np.rint(found), 0, 255).astype(np.uint8), "label": labels})


def test_means_and_covariances_of_each_class_are_kept() -> None:
    real = blobs({"dark": 400, "bright": 400})
    made = Pca().fit(real, seed=0).sample(2000, seed=1)
    for label in ("dark", "bright"):
        a, b = (level(frame.filter(pl.col("label") == label)) for frame in (real, made))
        assert np.abs(a.mean(0) - b.mean(0)).max() < 3
        assert abs(np.trace(np.cov(b.T)) / np.trace(np.cov(a.T)) - 1) < 0.15
        values = [np.linalg.eigvalsh(np.cov(x.T))[::-1][:2] for x in (a, b)]
        assert np.allclose(values[0], values[1], rtol=0.2)


def test_classes_come_in_their_shares_and_as_they_are_asked_for() -> None:
    model = Pca().fit(blobs({"a": 300, "b": 100}), seed=0)
    assert abs((model.sample(2000, seed=1)["label"] == "b").mean() - 0.25) < 0.04
    assert set(model.sample(300, seed=1, where={"label": "b"})["label"]) == {"b"}
    shares = model.sample(400, seed=1, where={"label": {"a": 0.5, "b": 0.5}})
    assert abs((shares["label"] == "a").mean() - 0.5) < 0.1
    with pytest.raises(DataError, match="the classes are 'a', 'b'"):
        model.sample(5, seed=1, where={"label": "c"})


@pytest.mark.parametrize("few", [1, 2, 3])
def test_a_class_of_few_images_borrows_how_images_vary(few: int) -> None:
    real = blobs({"many": 300, "few": few})
    model = Pca().fit(real, seed=0)
    made = level(model.sample(400, seed=1, where={"label": "few"}))
    other = level(model.sample(400, seed=1, where={"label": "many"}))
    assert np.trace(np.cov(made.T)) == pytest.approx(np.trace(np.cov(other.T)), rel=0.5)
    assert made.mean() > other.mean() + 20  # its own brightness, 40 above, is not lost
    assert len(np.unique(made, axis=0)) > 390


def test_shrink_says_how_much_of_the_covariance_is_shared() -> None:
    real = blobs({"a": 60, "b": 60})
    for weight in (0.0, 1.0):
        factors = Pca(shrink=weight).fit(real, seed=0).space_["factors"].astype(float)
        a, b = factors @ factors.transpose(0, 2, 1)
        assert np.allclose(a, b) == (weight == 1.0)
    assert all(0 <= w <= 1 for w in Pca().fit(real, seed=0).facts_["weight of the shared covariance"])


def test_pictures_without_labels_are_one_class() -> None:
    real = blobs({"a": 100}).select("image")
    made = Pca().fit(real, seed=0).sample(50, seed=1)
    assert made.columns == ["image"] and made.schema == real.schema


@pytest.mark.parametrize(("side", "colour"), [(8, False), (9, True), (64, True)])
def test_any_side_grey_or_colour(side: int, colour: bool) -> None:
    real = toys.pictures(30, side, colour)
    made = Pca().fit(real, seed=0).sample(10, seed=1)
    assert made.schema == real.schema
    assert made["image"].to_numpy().std() > 5


def test_columns_beside_come_out_with_the_pictures() -> None:
    real = blobs({"a": 100, "b": 100}).with_columns(age=pl.Series(np.arange(200) % 60 + 20), id=pl.int_range(200))
    made = Pca().fit(real, seed=0).sample(300, seed=1)
    assert made.columns == real.columns and made["age"].is_between(20, 79).all()


def test_equal_pictures_give_that_picture() -> None:
    real = pl.concat([toys.pictures(1, 8)] * 5)
    made = Pca().fit(real, seed=0).sample(3, seed=1)
    assert (level(made) == level(real)[:3]).all()


def test_wrong_input_is_named() -> None:
    with pytest.raises(DataError, match="at least two"):
        Pca().fit(toys.pictures(1, 8), seed=0)
    with pytest.raises(DataError, match="no column holds images"):
        Pca().fit(toys.people(20), seed=0)
    with pytest.raises(DataError, match="8 to 64"):
        Pca().fit(toys.pictures(5, 6), seed=0)
    with pytest.raises(ConfigError, match="lable"):
        Pca(label="lable").fit(toys.pictures(5, 8), seed=0)
    holes = toys.pictures(5, 8).with_columns(pl.when(pl.int_range(5) != 3).then("image").alias("image"))
    with pytest.raises(DataError, match="row 3"):
        Pca().fit(holes, seed=0)


def test_the_randomised_search_finds_the_axes_that_are_there() -> None:
    n = EXACT + 10
    rng, spread = np.random.default_rng(0), np.array([9.0, 5.0, 3.0])
    rows, planted = (np.linalg.qr(rng.standard_normal((n, 3)))[0] for _ in range(2))
    x = (rows * spread * np.sqrt(n - 1)) @ planted.T + 0.001 * rng.standard_normal((n, n))
    axes, scale = _axes(x, 3, rng)
    assert np.allclose(scale, spread, rtol=1e-3)
    assert np.allclose(np.abs(axes @ planted), np.eye(3), atol=1e-3)
