"""Streams: one for every place, the same for the same name, independent otherwise."""

from __future__ import annotations

import numpy as np
import pytest

from simulacra.core.rng import fresh_seed, shared_key, stream

PLACE = (7, "tables/forest", "sample", 3)


def numbers(*place: object) -> list[int]:
    return stream(*place).integers(2**60, size=5).tolist()  # type: ignore[arg-type]


def test_the_same_place_draws_the_same_numbers() -> None:
    assert numbers(*PLACE) == numbers(*PLACE)


@pytest.mark.parametrize("i", range(4))
def test_every_part_of_the_name_counts(i: int) -> None:
    other = (8, "tables/copula", "finish", 4)
    assert numbers(*PLACE) != numbers(*PLACE[:i], other[i], *PLACE[i + 1 :])


def test_parts_of_the_name_do_not_run_together() -> None:
    assert numbers(1, "a", "bc") != numbers(1, "ab", "c")
    assert numbers(1, "a", "b", 1) != numbers(11, "a", "b", 0)


def test_blocks_are_independent() -> None:
    draws = np.array([stream(1, "a", "b", block).standard_normal(2000) for block in range(8)])
    off = np.corrcoef(draws)[~np.eye(8, dtype=bool)]
    assert np.abs(off).max() < 0.1


def test_blocks_share_a_key_and_nothing_else_does() -> None:
    key = shared_key(stream(1, "a", "b", 0), "id")
    assert key == shared_key(stream(1, "a", "b", 9), "id")
    assert len({key, shared_key(stream(2, "a", "b"), "id"), shared_key(stream(1, "a", "b"), "x")}) == 3


def test_asking_for_the_key_draws_nothing() -> None:
    draw = stream(1, "a", "b")
    shared_key(draw, "id")
    assert draw.random() == stream(1, "a", "b").random()


def test_any_whole_number_is_a_seed() -> None:
    assert numbers(-5, "a", "b") != numbers(5, "a", "b")
    assert numbers(2**100, "a", "b") == numbers(2**100, "a", "b")


def test_fresh_seeds_differ() -> None:
    assert len({fresh_seed() for _ in range(20)}) > 15
