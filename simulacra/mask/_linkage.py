"""Linking masked rows to the original ones by what was left as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.errors import DataError
from simulacra.mask._classes import codes, group

if TYPE_CHECKING:
    import polars as pl

    from simulacra.mask._classes import Ints

SAME = 0.99
"""Share of cells that must be equal for a column to count as kept."""


@dataclass(frozen=True)
class Linked:
    """What an attacker who holds the original values of some columns learns.

    rows: masked rows tried. one: those with exactly one original candidate. right: those whose only candidate is the
    row they were made from. chance: mean chance of naming the right row when guessing among the candidates, 0..1.
    """

    rows: int
    one: int
    right: int
    chance: float


def kept(masked: pl.DataFrame, original: pl.DataFrame, rows: Ints | None = None) -> list[str]:
    """Return the columns whose cells still are those of the original row; rows: as in `link`."""
    at = _rows(masked, original, rows)
    out = []
    for name in masked.columns:
        if name in original.columns and masked.height:
            left, right = _alike(masked[name], original[name])
            if float((left == right[at]).mean()) >= SAME:
                out.append(name)
    return out


def link(masked: pl.DataFrame, original: pl.DataFrame, columns: Sequence[str], rows: Ints | None = None) -> Linked:
    """Match every masked row with the original rows that agree with it in all of `columns`.

    rows: number of the original row behind each masked one, (masked rows,); None when both are in the same order.
    Raises DataError when the tables cannot be in the same order.
    """
    import polars as pl

    at = _rows(masked, original, rows)
    pairs = {name: _alike(masked[name], original[name]) for name in columns}
    both = pl.DataFrame({name: np.concatenate(pair) for name, pair in pairs.items()})
    of = group(both, list(pairs)).of if pairs else np.zeros(masked.height + original.height, dtype=np.int64)
    mine, theirs = of[: masked.height], of[masked.height :]
    candidates = np.bincount(theirs, minlength=int(of.max(initial=0)) + 1)[mine]
    found = theirs[at] == mine
    one = candidates == 1
    chance = np.where(found, 1 / np.maximum(candidates, 1), 0.0)
    n = masked.height
    return Linked(n, int(one.sum()), int((one & found).sum()), float(chance.mean()) if n else 0.0)


def _rows(masked: pl.DataFrame, original: pl.DataFrame, rows: Ints | None) -> Ints:
    if rows is None:
        if masked.height != original.height:
            raise DataError(
                f"{masked.height:,} masked rows and {original.height:,} original ones are not in the same order; say "
                "which original row each masked one was made from"
            )
        return np.arange(masked.height)
    at = np.asarray(rows, dtype=np.int64)
    if len(at) != masked.height or (len(at) and (at.min() < 0 or at.max() >= original.height)):
        raise DataError(f"rows must hold a row number of the original for each of {masked.height:,} masked rows")
    return at


def _alike(left: pl.Series, right: pl.Series) -> tuple[Ints, Ints]:
    """Return codes of two columns that are equal where the values are; other types are compared as text."""
    import polars as pl

    if left.dtype != right.dtype:
        left, right = _text(left), _text(right)
    both = codes(pl.concat([left.alias("v"), right.alias("v")]))
    return both[: len(left)], both[len(left) :]


def _text(column: pl.Series) -> pl.Series:
    import polars as pl

    if column.dtype.is_nested() or column.dtype == pl.Object:
        return pl.Series([None if v is None else str(v) for v in column.to_list()], dtype=pl.String)
    return column.cast(pl.String)
