"""Canaries and verbatim passages: what is given back is told, in images, texts and plain scores."""

from __future__ import annotations

import numpy as np
import pytest

from simulacra.guards._audit_canaries import exposure, longest_shared, passages, remembered, strange, verbatim


def test_exposure_is_its_definition() -> None:
    others = np.arange(1023.0)
    assert exposure(np.array([5000.0]), others) == pytest.approx([10.0])
    assert exposure(np.array([-1.0]), others) == pytest.approx([0.0])
    assert exposure(np.array([511.5]), others)[0] == pytest.approx(np.log2(1024 / 512), abs=0.01)
    rng = np.random.default_rng(0)
    by_chance = exposure(rng.normal(size=4000), rng.normal(size=4000))
    assert by_chance.mean() == pytest.approx(1 / np.log(2), abs=0.15)


def test_canaries_given_back_fail_and_others_do_not() -> None:
    rng = np.random.default_rng(0)
    inside, outside = rng.normal(2.5, 1, 60), rng.normal(0, 1, 240)
    found = remembered(inside, outside, "canaries")
    assert found.verdict == "fail" and found.value is not None and found.value > 0.9 and found.advice
    assert remembered(rng.normal(0, 1, 60), outside, "canaries").verdict == "ok"
    assert remembered(inside[:5] - 2.5, outside[:5], "canaries").verdict == "unknown"


def test_strange_images_are_far_from_real_ones_and_from_each_other() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 60, (20, 8, 8, 1), dtype=np.uint8)
    canaries = strange(images)
    assert canaries.dtype == np.uint8 and canaries.shape == images.shape and canaries.min() >= 195
    assert np.array_equal(strange(canaries), images)
    assert len(np.unique(canaries.reshape(20, -1), axis=0)) == 20


WORDS = [
    "apple",
    "bread",
    "cloud",
    "door",
    "eagle",
    "flame",
    "grass",
    "hill",
    "iron",
    "juice",
    "king",
    "lake",
    "moon",
    "night",
    "ocean",
    "paper",
]


def texts(n: int, seed: int) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, 14)) for _ in range(n)]


def test_passages_of_training_texts_are_found_and_common_ones_are_not() -> None:
    train, holdout = texts(300, 1), texts(300, 2)
    common = "this message was sent to you because you asked for it"
    train, holdout = [f"{t} {common}" for t in train], [f"{t} {common}" for t in holdout]
    copied = [f"{' '.join(t.upper().split()[2:12])} and more" for t in train[:40]]
    found = verbatim(texts(160, 3) + copied, train, holdout)
    assert (found.made, found.control, found.texts) == (40, 0, 200) and found.chance < 1e-9
    silent = verbatim([f"{t} {common}" for t in texts(200, 4)], train, holdout)
    # Sentences that everybody writes, and what stands beside them, are in both.
    assert silent.chance > 1e-6 and abs(silent.made - silent.control) < 60


def test_short_and_empty_texts_are_whole_passages() -> None:
    assert passages(["Yes  indeed", "", "a b c"], 2) == {("yes", "indeed"), ("a", "b"), ("b", "c")}
    assert verbatim([], [], []).texts == 0


def test_canaries_in_texts_score_by_their_longest_run() -> None:
    canaries = ["my secret number is 81723", "the code of the safe is 4471", "quite another thing"]
    made = ["he said my secret number is 81723 twice", "the code of the door is 12", "nothing at all"]
    assert longest_shared(canaries, made).tolist() == [5.0, 4.0, 0.0]
