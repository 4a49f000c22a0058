"""Distances between rows of mixed kind, and the nearest row of another table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from simulacra.guards._frames import Coded, Table

    Points = npt.NDArray[np.float32]

WIDTH = 400
"""Most features of a row; of wide tables a fixed random projection is used, which keeps distances to about 7 %."""
LEVELS = 60
_QUERIES, _BASE = 256, 4096
_SAME = 5e-3


def points(table: Table, lead: slice, rng: np.random.Generator) -> Points:
    """Return (rows, features): two rows that differ in one level, or by the whole range of a number, are 1 apart.

    Numbers are placed by their rank among the `lead` rows, 0..1; missing is half way, and half apart from any number.
    """
    width = sum(_width(column) for column in table.columns)
    if width <= WIDTH:
        x = np.hstack([block for column in table.columns for block in _blocks(column, lead)])
    else:
        x = np.zeros((max(part.stop for part in table.part.values()), WIDTH), dtype=np.float32)
        for column in table.columns:
            for block in _blocks(column, lead):
                # Column by column, so that the wide matrix never stands in memory.
                x += block @ (rng.standard_normal((block.shape[1], WIDTH), dtype=np.float32) / np.float32(WIDTH**0.5))
    return np.ascontiguousarray(x - x.mean(axis=0, dtype=np.float64).astype(np.float32))


def _width(column: Coded) -> int:
    return 2 * column.ordered + min(len(column.labels), 2 * LEVELS)


def _blocks(column: Coded, lead: slice) -> Iterator[Points]:
    if column.ordered:
        seen = np.sort(column.values[lead][~np.isnan(column.values[lead])])
        place = np.searchsorted(seen, column.values, "left") + np.searchsorted(seen, column.values, "right")
        rank = np.where(np.isnan(column.values), 0.5, place / max(1, 2 * len(seen)))
        yield rank.astype(np.float32)[:, None]
        if column.missing.any():
            yield 0.5 * column.missing.astype(np.float32)[:, None]
    if column.labels:
        # Each level is an axis of its own; levels beyond the most frequent share axes by number.
        codes = np.where(column.codes < LEVELS, column.codes, LEVELS + column.codes % LEVELS)
        kept = np.unique(codes[codes >= 0])
        yield (codes[:, None] == kept).astype(np.float32) * np.float32(np.sqrt(0.5))


def nearest(queries: Points, base: Points, count: int = 1) -> npt.NDArray[np.float64]:
    """Return (queries, count) distances to the nearest, and with count 2 the second nearest, row of `base`."""
    # Squared distance less the query's own square, as one product: the square of a base row is a feature of its own.
    turned = np.hstack([-2 * base, np.einsum("ij,ij->i", base, base)[:, None]]).T
    asked = np.hstack([queries, np.ones((len(queries), 1), dtype=np.float32)])
    square = np.einsum("ij,ij->i", queries, queries)
    best = np.full((len(queries), count), np.inf, dtype=np.float32)
    for start in range(0, len(queries), _QUERIES):
        rows = slice(start, start + _QUERIES)
        for low in range(0, len(base), _BASE):
            found = _smallest(asked[rows] @ turned[:, low : low + _BASE], count)
            best[rows] = np.sort(np.hstack([best[rows], found]), axis=1)[:, :count]
    out: npt.NDArray[np.float64] = np.sqrt(np.maximum(square[:, None] + best.astype(np.float64), 0))
    # Two equal rows come out a rounding error apart, in single precision well below this.
    out[out < _SAME] = 0.0
    return out


def _smallest(far: Points, count: int) -> Points:
    if count == 1:
        least: Points = far.min(axis=1, keepdims=True)
        return least
    first, rows = far.argmin(axis=1), np.arange(len(far))
    low = far[rows, first]
    far[rows, first] = np.inf
    return np.column_stack([low, far.min(axis=1)])
