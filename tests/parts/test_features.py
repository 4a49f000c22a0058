"""Spaces of images: the same points for the same images, projections of known data, a classifier that learns."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import correlate

from simulacra.parts import features
from simulacra.testing import toys


def test_principal_directions_are_those_of_the_data() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 60)) * np.linspace(5, 0.1, 60)
    _, _, exact = np.linalg.svd(x - x.mean(0), full_matrices=False)
    for most, rows in ((3, 400), (20, 400), (20, 40)):
        found = features.Principal.fit(x[:rows], most)
        assert found.axes.shape == (60, most)
        assert found.axes.T @ found.axes == pytest.approx(np.eye(most), abs=1e-8)
    # Found by repeated projection (most is small): nearly all of the variance that the exact directions keep.
    kept = features.Principal.fit(x, 3)(x).var(0).sum()
    assert kept > 0.999 * ((x - x.mean(0)) @ exact[:3].T).var(0).sum()


def test_convolution_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(2, 6, 5, 3)).astype(np.float32), rng.normal(size=(3, 3, 3, 4)).astype(np.float32)
    found = features._convolve(x, weights)
    want = sum(correlate(x[1, :, :, c], weights[:, :, c, 2], mode="nearest") for c in range(3))
    assert found.shape == (2, 6, 5, 4)
    assert found[1, :, :, 2] == pytest.approx(want, abs=1e-4)


@pytest.mark.parametrize(("side", "colour"), [(8, False), (28, True), (100, False), (3, False)])
def test_spaces_do_not_depend_on_who_else_is_in_the_batch(side: int, colour: bool) -> None:
    images = toys.pictures(40, side=side, colour=colour, seed=3)["image"].to_numpy().reshape(40, side, side, -1)
    for space in (features.Pixels.fit(images), features.convolutions(images)):
        found = space(images)
        assert found.shape[0] == 40 and np.isfinite(found).all()
        assert space(images[7:9]) == pytest.approx(found[7:9], abs=1e-4)


def test_large_images_are_averaged_down() -> None:
    images = np.zeros((2, 130, 70, 1), dtype=np.uint8)
    images[:, :3, :3] = 90
    small = features.smaller(images)
    assert small.shape == (2, 43, 23, 1) and small[0, 0, 0, 0] == 90 and small[0, 1, 1, 0] == 0


def test_a_classifier_learns_shapes_and_knows_what_it_cannot() -> None:
    frame = toys.pictures(600, seed=1)
    images, labels = frame["image"].to_numpy()[..., None], frame["label"].to_numpy().astype(str)
    space = features.Convolutions.fit(images)
    model = features.Classifier.fit(space(images[:450]), labels[:450], 1)
    assert model is not None and model.labels == ("cross", "disc", "square")
    assert (model.predict(space(images[450:])) == labels[450:]).mean() > 0.8
    assert model.hidden(space(images)).shape == (600, features.HIDDEN)
    assert features.Classifier.fit(space(images[:20]), np.repeat("disc", 20), 1) is None
