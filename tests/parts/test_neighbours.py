"""Neighbours against the plain definition of the distance."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from simulacra.core.rng import stream
from simulacra.parts.neighbour_lists import search
from simulacra.parts.neighbours import Points, nearest, squares


def plain(queries: Points, points: Points, k: int, own: np.ndarray | None) -> np.ndarray:
    """The k nearest by the definition, one query at a time."""
    out = []
    for i in range(len(queries)):
        gap = queries.numbers[i] - points.numbers
        both = (~np.isnan(gap)).sum(axis=1)
        square = np.nansum(gap**2, axis=1)
        if gap.shape[1]:
            with np.errstate(divide="ignore", invalid="ignore"):
                square = np.where(both > 0, square * gap.shape[1] / both, np.inf)
        square = square + points.mismatch * (queries.codes[i] != points.codes).sum(axis=1)
        if own is not None:
            square[own[i]] = np.nan  # sorts last
        out.append(np.lexsort((np.arange(len(points)), square.round(9)))[:k])
    return np.array(out)


def table(rows: int, numbers: int, categories: int, missing: float = 0.0, seed: int = 0) -> Points:
    rng = stream(seed, "test", "neighbours")
    x = rng.standard_normal((rows, numbers))
    x[rng.random(x.shape) < missing] = np.nan
    return Points(x, rng.integers(0, 4, (rows, categories)), 0.7)


@pytest.mark.parametrize("shape", [(1500, 30, 0), (1500, 3, 4), (700, 0, 5), (1500, 12, 0, 0.3), (900, 5, 3, 0.2)])
def test_neighbours_are_those_of_the_definition(shape: tuple):
    points = table(*shape)
    rows = np.arange(0, len(points), 3)
    found, distance = nearest(points.take(rows), points, 5, rows)
    wanted = plain(points.take(rows), points, 5, rows)
    square = squares(points, points, np.repeat(rows, 5), wanted.ravel()).reshape(wanted.shape)
    assert np.allclose(distance**2, square, rtol=1e-9, equal_nan=True)
    if shape[1] > 1 and len(shape) == 3:
        assert (found == wanted).all()
    assert (found != rows[:, None]).all()


def test_queries_that_are_not_among_the_points():
    points, queries = table(1300, 8, 2), table(40, 8, 2, seed=1)
    assert (nearest(queries, points, 3)[0] == plain(queries, points, 3, None)).all()


def test_a_value_beyond_all_others_costs_no_exactness():
    points = table(600, 4, 0)
    points.numbers[0] = 1e20
    points.numbers[1] = 1e-20
    rows = np.arange(len(points))
    assert (nearest(points, points, 4, rows)[0][1:] == plain(points, points, 4, rows)[1:]).all()


def test_rows_that_are_all_alike_are_each_others_neighbours():
    points = Points(np.ones((5000, 3)), np.zeros((5000, 1), np.int64))
    found, distance = nearest(points.take(np.arange(20)), points, 2, np.arange(20))
    assert (distance == 0).all()
    assert (found[5] == [0, 1]).all()
    assert (found[0] == [1, 2]).all()


def test_distances_that_are_far_smaller_than_the_numbers_are_told_apart():
    rng = stream(3, "test", "neighbours")
    x = 1e6 + np.cumsum(rng.random((800, 1)), axis=0)
    points = Points(x, np.zeros((800, 0), np.int64))
    rows = np.arange(800)
    assert (nearest(points, points, 2, rows)[0] == plain(points, points, 2, rows)).all()


@pytest.mark.parametrize("k", [0, 5])
def test_more_neighbours_than_rows_is_a_mistake_of_the_caller(k: int):
    points = table(5, 2, 0)
    with pytest.raises(ValueError, match="neighbours among 5 points"):
        nearest(points, points, k, np.arange(5))


def test_hundreds_of_neighbours():
    points = table(1400, 3, 0)
    rows = np.arange(10)
    assert (nearest(points.take(rows), points, 700, rows)[0] == plain(points.take(rows), points, 700, rows)).all()


def test_few_rows_are_searched_exactly():
    points = table(900, 5, 1)
    rows = np.arange(900)
    found, distance, how = search(points, points, 5, rows)
    assert how == "exact"
    assert (found == nearest(points, points, 5, rows)[0]).all()
    assert distance.shape == (900, 5)


@pytest.mark.parametrize("shape", [(3000, 4, 0), (3000, 3, 2, 0.1)])
def test_lists_say_what_share_of_the_neighbours_they_found(shape: tuple):
    points = table(*shape)
    rows = np.arange(len(points))
    found, distance, how = search(points, points, 5, rows, pairs=len(points) ** 2 / 6)
    true = nearest(points, points, 5, rows)[1]
    recall = (distance <= true[:, -1:] * (1 + 1e-12)).mean()
    assert "lists of rows looked through" in how
    assert 0.6 < recall <= 1
    assert abs(float(how.rsplit(" ", 1)[1]) - recall) < 0.1
    assert (found != rows[:, None]).all()
    assert (np.diff(np.sort(found, axis=1), axis=1) > 0).all()
    square = squares(points, points, np.repeat(rows, 5), found.ravel()).reshape(found.shape)
    assert np.allclose(np.sqrt(square), distance)


def test_the_number_of_threads_changes_nothing():
    points = table(2500, 25, 1)
    rows = np.arange(2500)
    with threadpool_limits(1):
        one = nearest(points, points, 5, rows)
    with threadpool_limits(4):
        four = nearest(points, points, 5, rows)
    assert (one[0] == four[0]).all()
    assert (one[1] == four[1]).all()
