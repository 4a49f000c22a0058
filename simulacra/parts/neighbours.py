"""Nearest neighbours among rows of numbers and categories, some of them missing: exact, by blocks of matrix products.

Trees of space gain nothing beyond ten or so columns, so every pair is looked at, once and cheaply: a product of single
precision gives each squared distance to within a known error, what could be among the nearest is kept, and its
distances are computed again in double precision. So the result is exact, and does not depend on the number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]
    Singles = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int64]

QUERIES, POINTS = 512, 512
"""Rows of a block: the distances of a block stay within a core's own cache."""
KEPT = 2_000_000
"""Pairs kept before their distances are computed again."""
CHECK = 150
"""What it costs to keep a pair, in pairs looked at."""


@dataclass(frozen=True)
class Points:
    """Rows of a table as points.

    numbers: (rows, numbers) NaN where missing, already on one scale; codes: (rows, categories) whole numbers that are
    compared for equality alone; mismatch: squared distance of two different codes.

    The squared distance of two rows is the sum over the numbers that both have, scaled up to all numbers, plus
    `mismatch` for every category that differs. Rows without a common number are infinitely far apart.
    References: Dixon (1979), distances with missing values; Chawla et al. (2002), section 6.1, for the categories.
    """

    numbers: Floats
    codes: Ints
    mismatch: float = 1.0

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, rows: Ints | slice) -> Points:
        """Return some of the points."""
        return Points(self.numbers[rows], self.codes[rows], self.mismatch)


def nearest(queries: Points, points: Points, k: int, own: Ints | None = None) -> tuple[Ints, Floats]:
    """Return the k nearest points of every query, nearest first, and their distances: both (queries, k).

    own: (queries,) the row of each query among the points, which is not its own neighbour; None when it is not there.
    Of points equally far away the first are taken. k: at most the number of points, one fewer with `own`.
    """
    if not 0 < k <= len(points) - (own is not None):
        raise ValueError(f"{k} neighbours among {len(points)} points")
    index = np.empty((len(queries), k), np.int64)
    square = np.empty((len(queries), k))
    field = _Field(queries, points, k + (own is not None))
    for start in range(0, len(queries), QUERIES):
        rows = slice(start, start + QUERIES)
        found = _Found(queries.take(rows), points, k, None if own is None else own[rows])
        index[rows], square[rows] = field.search(found)
    return index, np.sqrt(square)


def squares(queries: Points, points: Points, i: Ints, j: Ints) -> Floats:
    """Return the squared distances of the pairs (query i, point j), in double precision: (pairs,)."""
    out = np.empty(len(i))
    width = queries.numbers.shape[1]
    for start in range(0, len(out), 65_536):
        part = slice(start, start + 65_536)
        gap = queries.numbers[i[part]] - points.numbers[j[part]]
        lost = np.isnan(gap)
        square = np.einsum("ij,ij->i", gap, gap)
        if lost.any():
            gap[lost] = 0.0
            both = width - lost.sum(axis=1)
            square = np.einsum("ij,ij->i", gap, gap) * (width / np.maximum(both, 1))
            square[both == 0] = np.inf
        if queries.codes.shape[1]:
            square += queries.mismatch * (queries.codes[i[part]] != points.codes[j[part]]).sum(axis=1)
        out[part] = square
    return out


class _Found:
    """What could be among the nearest of a block of queries."""

    def __init__(self, queries: Points, points: Points, k: int, own: Ints | None) -> None:
        self.queries, self.points, self.k, self.own = queries, points, k, own
        self.waiting: list[tuple[Ints, Ints, Singles]] = []
        self.pairs = 0
        self.kept: tuple[Ints, Ints, Floats] = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
        self.done: Bools = np.zeros(len(queries), np.bool_)

    def add(self, i: Ints, j: Ints, near: Singles, slack: Singles) -> None:
        """Take pairs (query i, point j) with their rough squared distances; slack: see `_sift`."""
        self.waiting.append((i, j, near))
        self.pairs += len(i)
        if self.pairs > KEPT:
            self._sift(slack)
            # With k copies of itself found, no later point can come before them.
            zeros = np.bincount(self.kept[0][self.kept[2] == 0], minlength=len(self.queries))
            self.done = zeros >= self.k

    def best(self, slack: Singles) -> tuple[Ints, Floats]:
        """Return the k nearest of every query and their squared distances: (queries, k) each."""
        self._sift(slack)
        shape = (len(self.queries), self.k)
        return self.kept[1].reshape(shape), self.kept[2].reshape(shape)

    def _sift(self, slack: Singles) -> None:
        """Keep the k nearest of every query, by exact distance and then by row.

        slack: (2, queries) how far off rough distances are: a part of the query's own, and a share of the distance.
        """
        if not self.waiting:
            return
        i, j, near = (np.concatenate(parts) for parts in zip(*self.waiting, strict=True))
        self.waiting, self.pairs = [], 0
        if self.own is not None:
            other = j != self.own[i]
            i, j, near = i[other], j[other], near[other]
        order = _by_query(i, near)
        i, j, near = i[order], j[order], near[order]
        first = np.searchsorted(i, np.arange(len(self.queries)))
        last = np.minimum(first + self.k - 1, len(i) - 1)
        bound = np.where(i[last] == np.arange(len(self.queries)), near[last], np.inf)
        close = near <= (bound + 2 * (slack[0] + slack[1] * bound))[i]
        i, j = i[close], j[close]
        square = squares(self.queries, self.points, i, j)
        i, j, square = (np.concatenate(both) for both in zip(self.kept, (i, j, square), strict=True))
        order = np.lexsort((j, square, i))
        i = i[order]
        place = np.arange(len(i)) - np.searchsorted(i, i, "left")
        order = order[place < self.k]
        self.kept = (i[place < self.k], j[order], square[order])


def _by_query(i: Ints, near: Singles) -> Ints:
    """Return the order of pairs by query and then by rough distance."""
    # The bits of a float that is not negative are in the order of the floats.
    key = (i << 32) | np.maximum(near, 0).view(np.uint32).astype(np.int64)
    return np.argsort(key, kind="stable")


class _Field:
    """Points laid out so that their squared distances from queries are one product of matrices."""

    def __init__(self, queries: Points, points: Points, k: int) -> None:
        self.gaps: Bools = _gaps(points.numbers) | _gaps(queries.numbers)
        self.width, self.k = points.numbers.shape[1], k
        some = points.numbers[:: max(1, len(points) // 10_000)]
        self.centre: Floats = np.array([_middle(column) for column in some.T])
        self.scale = max(_reach(points.numbers), _reach(queries.numbers)) or 1.0
        self.mismatch = np.float32(points.mismatch / self.scale**2)
        self.right = self._right(points)
        # Of the points a part is looked at first; the smaller it is, the more must be computed again.
        every = max(1, min(round((len(points) / (CHECK * k)) ** 0.5), len(points) // k))
        # One room for all blocks: a fresh one each time would be fetched from the system page by page.
        self.room: Singles = np.empty(QUERIES * POINTS, np.float32)
        self.close: Bools = np.empty(QUERIES * POINTS, np.bool_)
        self.sample = tuple(np.ascontiguousarray(part[:, ::every]) for part in self.right)

    def search(self, found: _Found) -> tuple[Ints, Floats]:
        """Return the nearest points of the queries and their squared distances."""
        left, error = self._left(found.queries)
        slack = np.stack([error, np.full_like(error, _rounding(self.width))])
        bound = self._bound(left)
        # Bound and candidates both are off by the slack, at most.
        bound += 2 * (slack[0] + slack[1] * bound)
        for start in range(0, self.right[0].shape[1], POINTS):
            near = self._squares(left, self.right, start)
            close = np.less_equal(near, bound[:, None], out=self.close[: near.size].reshape(near.shape))
            if found.done.any():
                close[found.done] = False
            flat = np.flatnonzero(close)
            if len(flat):
                i, j = np.divmod(flat, close.shape[1])
                found.add(i, j + start, near.reshape(-1)[flat], slack)
        return found.best(slack)

    def _bound(self, left: tuple[Singles, ...]) -> Singles:
        """Return for every query a squared distance within which it has k points of the sample: (queries,)."""
        least = np.full((len(left[0]), min(POINTS, self.sample[0].shape[1])), np.inf, np.float32)
        for start in range(0, self.sample[0].shape[1], POINTS):
            near = self._squares(left, self.sample, start)
            np.minimum(least[:, : near.shape[1]], near, out=least[:, : near.shape[1]])
        if least.shape[1] < self.k:
            return np.full(len(least), np.inf, np.float32)
        # Of the least of as many parts as there are columns, at least k parts reach within the k-th.
        bound: Singles = np.partition(least, self.k - 1, axis=1)[:, self.k - 1].copy()
        return bound

    def _squares(self, left: tuple[Singles, ...], right: tuple[Singles, ...], start: int) -> Singles:
        """Return the squared distances of a block, over the square of the scale: (queries, points)."""
        part = slice(start, start + POINTS)
        terms = right[0][:, part]
        shape = len(left[0]), terms.shape[1]
        out: Singles = np.matmul(left[0], terms, out=self.room[: shape[0] * shape[1]].reshape(shape))
        if self.gaps.any():
            both = left[1] @ right[1][:, part] + np.float32(self.width - self.gaps.sum())
            with np.errstate(divide="ignore", invalid="ignore"):
                out *= self.width / both
            out[both == 0] = np.inf
        differ = np.zeros(out.shape, np.uint16) if len(right[2]) else None
        for mine, theirs in zip(left[2], right[2], strict=True):
            differ += mine[:, None] != theirs[None, part]
        if differ is not None:
            out += self.mismatch * differ
        return out

    def _right(self, points: Points) -> tuple[Singles, ...]:
        """Return (terms, points), which of the columns with gaps are there (columns, points), and the codes."""
        lost = int(self.gaps.sum())
        out = np.empty((self.width + 2 + 2 * lost, len(points)), np.float32)
        for start in range(0, len(points), 16_384):
            part = slice(start, start + 16_384)
            x, square = self._moved(points.numbers[part])
            terms = [x, square[:, ~self.gaps].sum(axis=1)[:, None], np.ones((len(x), 1)), square[:, self.gaps]]
            out[:, part] = np.concatenate([*terms, ~np.isnan(points.numbers[part][:, self.gaps])], axis=1).T
        return out, np.ascontiguousarray(out[len(out) - lost :]), _small(points.codes)

    def _left(self, queries: Points) -> tuple[tuple[Singles, ...], Singles]:
        """Return the other side of `_right`, and how far off a product can be."""
        x, square = self._moved(queries.numbers)
        there = ~np.isnan(queries.numbers[:, self.gaps])
        own = square[:, ~self.gaps].sum(axis=1)[:, None]
        terms = np.concatenate([-2 * x, np.ones((len(x), 1)), own, there, square[:, self.gaps]], axis=1)
        stretch = self.width if self.gaps.any() else 1
        error = _rounding(self.width) * stretch * square.sum(axis=1).astype(np.float32) + np.float32(1e-30)
        return (terms.astype(np.float32), there.astype(np.float32), _small(queries.codes)), error

    def _moved(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Return numbers about their middle, over the scale, 0 where missing; and their squares."""
        x = numbers - self.centre
        x /= self.scale
        if self.gaps.any():
            x[np.isnan(x)] = 0.0
        return x, np.square(x)


def _gaps(numbers: Floats) -> Bools:
    """Return in which columns a number is missing."""
    return np.asarray(np.isnan(numbers.min(axis=0, initial=np.inf)))


def _reach(numbers: Floats) -> float:
    """Return the largest absolute number."""
    if not numbers.size:
        return 0.0
    ends = np.fmax.reduce(numbers, axis=None), -np.fmin.reduce(numbers, axis=None)
    return float(np.nan_to_num(max(ends)))


def _rounding(width: int) -> np.float32:
    """Return a generous bound on the relative error of a sum of `width` products in single precision."""
    return np.float32(32 * (width + 8) * 2.0**-24)


def _middle(column: Floats) -> float:
    there = column[~np.isnan(column)]
    return float(np.median(there)) if there.size else 0.0


def _small(codes: Ints) -> Singles:
    """Return codes (categories, rows) in the smallest type that holds them: comparing is then quick."""
    least, most = (int(codes.min()), int(codes.max())) if codes.size else (0, 0)
    for kind in (np.int8, np.int16):
        if np.iinfo(kind).min <= least and most <= np.iinfo(kind).max:
            return np.ascontiguousarray(codes.T.astype(kind))
    return np.ascontiguousarray(codes.T.astype(np.int32))
