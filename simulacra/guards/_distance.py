"""Distances between rows of mixed kind, and the nearest row of another table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.guards._frames import Table

    Points = npt.NDArray[np.float32]

WIDTH = 400
"""Most features of a row; of wide tables a fixed random projection is used, which keeps distances to about 7 %."""
LEVELS = 60
_QUERIES, _BASE = 256, 4096


def points(table: Table, lead: slice, rng: np.random.Generator) -> Points:
    """Return (rows, features): two rows that differ in one level, or by the whole range of a number, are 1 apart.

    Numbers are placed by their rank among the `lead` rows, 0..1; missing is half way, and half apart from any number.
    """
    out: list[Points] = []
    for column in table.columns:
        if column.ordered:
            seen = np.sort(column.values[lead][~np.isnan(column.values[lead])])
            place = np.searchsorted(seen, column.values, "left") + np.searchsorted(seen, column.values, "right")
            rank = np.where(np.isnan(column.values), 0.5, place / max(1, 2 * len(seen)))
            out.append(rank.astype(np.float32)[:, None])
            if column.missing.any():
                out.append(0.5 * column.missing.astype(np.float32)[:, None])
        if column.labels:
            # Each level is an axis of its own; levels beyond the most frequent share axes by number.
            codes = np.where(column.codes < LEVELS, column.codes, LEVELS + column.codes % LEVELS)
            kept = np.unique(codes[codes >= 0])
            out.append((codes[:, None] == kept).astype(np.float32) * np.float32(np.sqrt(0.5)))
    x = np.hstack(out)
    if x.shape[1] > WIDTH:
        spread = rng.standard_normal((x.shape[1], WIDTH), dtype=np.float32) / np.float32(np.sqrt(WIDTH))
        x = x @ spread
    return np.ascontiguousarray(x - x.mean(axis=0, dtype=np.float64).astype(np.float32))


def nearest(queries: Points, base: Points, *, skip: npt.NDArray[np.int64] | None = None) -> npt.NDArray[np.float64]:
    """Return (queries, 2) distances to the nearest and second nearest row of `base`.

    skip: for each query the row of base that is the query itself, or -1.
    """
    base_square = np.einsum("ij,ij->i", base, base)
    out = np.empty((len(queries), 2))
    for start in range(0, len(queries), _QUERIES):
        block = queries[start : start + _QUERIES]
        best = np.full((len(block), 2), np.inf, dtype=np.float32)
        for low in range(0, len(base), _BASE):
            far = base_square[low : low + _BASE] - 2 * (block @ base[low : low + _BASE].T)
            if skip is not None:
                own = skip[start : start + _QUERIES] - low
                inside = np.flatnonzero((own >= 0) & (own < far.shape[1]))
                far[inside, own[inside]] = np.inf
            best = _two_smallest(best, far)
        square = np.einsum("ij,ij->i", block, block)[:, None] + best
        # Two equal rows come out as about 1e-6 in single precision; below 1e-3 rows count as equal.
        out[start : start + _QUERIES] = np.sqrt(np.maximum(square, 0))
    out[out < 1e-3] = 0.0
    return out


def _two_smallest(best: Points, far: Points) -> Points:
    first = far.argmin(axis=1)
    rows = np.arange(len(far))
    low = far[rows, first]
    far[rows, first] = np.inf
    both = np.column_stack([best, low, far.min(axis=1)])
    both.sort(axis=1)
    return both[:, :2]
