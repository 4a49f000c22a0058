"""Augmentation: row k alone comes out as among all others, and each operation does what it says."""

from __future__ import annotations

import numpy as np
import pytest

from simulacra.parts.warp import Warp, warp

STILL = Warp(crop=0, flip=False, rotate=0, contrast=0, brightness=0)


def images(n: int = 9, side: int = 12, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).random((n, side, side, channels), dtype=np.float32)


def numbers(n: int) -> np.ndarray:
    return np.arange(n, dtype=np.uint64)


@pytest.mark.parametrize("how", [Warp(), Warp(bend=0.05)])
def test_a_row_is_varied_alone_as_among_all_others(how: Warp) -> None:
    given = images(channels=3)
    whole = warp(given, numbers(9), 7, how)
    alone = warp(given[4:5], numbers(9)[4:5], 7, how)
    assert np.array_equal(whole[4], alone[0])
    assert whole.shape == given.shape and whole.dtype == np.float32
    assert whole.min() >= 0 and whole.max() <= 1


def test_another_key_or_row_gives_another_image() -> None:
    given = np.repeat(images(1), 2, axis=0)
    one, other = warp(given, numbers(2), 1)
    assert not np.array_equal(one, other)
    assert not np.array_equal(warp(given, numbers(2), 2)[0], one)


def test_nothing_asked_changes_nothing() -> None:
    assert np.allclose(warp(images(), numbers(9), 3, STILL), images(), atol=1e-6)


def test_a_flip_mirrors_about_half_of_the_images() -> None:
    given = images(200)
    found = warp(given, numbers(200), 5, Warp(crop=0, flip=True, rotate=0, contrast=0, brightness=0))
    same = np.isclose(found, given, atol=1e-6).all((1, 2, 3))
    mirrored = np.isclose(found, given[:, :, ::-1], atol=1e-6).all((1, 2, 3))
    assert (same | mirrored).all() and 70 < mirrored.sum() < 130


def test_a_rotation_turns_a_bar_and_keeps_its_middle() -> None:
    bar = np.zeros((40, 21, 21, 1), dtype=np.float32)
    bar[:, :, 10] = 1
    turned = warp(bar, numbers(40), 1, Warp(crop=0, flip=False, rotate=40, contrast=0, brightness=0))
    assert np.allclose(turned[:, 10, 10], 1, atol=1e-5)
    assert (turned[:, 0, 10, 0] < 0.5).sum() > 25  # the end of the bar has left its column in most images


def test_a_crop_enlarges_what_it_keeps() -> None:
    ramp = np.broadcast_to(np.linspace(0, 1, 24, dtype=np.float32)[None, None, :, None], (50, 24, 24, 1))
    found = warp(np.ascontiguousarray(ramp), numbers(50), 2, Warp(0.5, False, 0, 0, 0, 0))
    span = found[:, 12, -1, 0] - found[:, 12, 0, 0]
    assert span.min() > 0.4 and span.max() < 1.0 and span.std() > 0.05


def test_contrast_and_brightness_stay_within_what_is_asked() -> None:
    flat = np.full((300, 8, 8, 1), 0.5, dtype=np.float32)
    shift = warp(flat, numbers(300), 4, Warp(0, False, 0, 0, 0.3, 0.1))[:, 0, 0, 0] - 0.5
    assert np.abs(shift).max() <= 0.1 + 1e-6 and shift.min() < -0.08 and shift.max() > 0.08


@pytest.mark.parametrize("side", [(1, 1), (1, 8), (8, 1), (9, 14)])
def test_sides_of_any_size_are_taken(side: tuple[int, int]) -> None:
    given = np.random.default_rng(1).random((3, *side, 1), dtype=np.float32)
    assert warp(given, numbers(3), 0, Warp(bend=0.1)).shape == given.shape
