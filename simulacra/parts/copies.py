"""Exact copies of training rows: keyed hashes to find them, and the rate that a fresh row would show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from simulacra.parts.permute import hashed

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Words = npt.NDArray[np.uint64]


def row_words(columns: list[Words], rows: int, key: int) -> Words:
    """Return 64 bits for each row, (columns, rows) -> (rows,); equal rows give equal bits for one key."""
    out = np.zeros(rows, np.uint64)
    for column in columns:
        out = hashed(out ^ column, key)
    return out


def words(cells: pl.Series, ranks: Ints, ordered: bool) -> Words:
    """Return bits for each cell: of its value for a number or time, of its rank for anything else (-1: not there)."""
    plain = cells.to_physical()
    if not ordered or not plain.dtype.is_numeric():
        return ranks.astype(np.int64).view(np.uint64)
    if plain.dtype.is_integer() and plain.dtype not in (pl.UInt64, pl.Int128, pl.UInt128):
        return plain.cast(pl.Int64).fill_null(-(2**63)).to_numpy().view(np.uint64)
    values = plain.cast(pl.Float64).fill_null(np.nan).to_numpy() + 0.0
    return np.where(np.isnan(values), np.nan, values).view(np.uint64)


def fresh_rate(rows: Words) -> float:
    """Return the share of training rows that equal another one, which is what a fresh row would show, 0..1."""
    _, count = np.unique(rows, return_counts=True)
    return float(count[count > 1].sum() / max(len(rows), 1))


def known(rows: Words, sorted_rows: Words) -> npt.NDArray[np.bool_]:
    """Return which of `rows` stand in `sorted_rows`."""
    if not len(sorted_rows):
        return np.zeros(len(rows), bool)
    at = np.minimum(np.searchsorted(sorted_rows, rows), len(sorted_rows) - 1)
    return np.asarray(sorted_rows[at] == rows)
