"""Columns as small integer codes and back: each value by its rank among the distinct ones, and a coarse one-byte code.

A codec is a plain dict. `encode` gives the rank of each cell among the column's distinct values (-1: missing); `coarse`
gives the byte that trees cut on (0: missing); `decode` turns ranks back into values. A category's level is itself. A
number's value is itself while it is a spike, held by at least `spike` rows; any other is drawn afresh on the column's
own grid between neighbouring values, so that no single row's number is repeated and the ends of the range stay hidden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np
import polars as pl

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

MAX_CODES = 254
"""Most coarse codes of a column, missing aside."""


class Codec(TypedDict):
    """What a column's codes mean.

    ordered: 1 for numbers and times, 0 for categories; values: the distinct values in order, one column "value";
    count: training rows of each; coarse: the byte of each, from 1; scale: cells are `unit / scale` times a whole number
    (unit 0: no grid); window: how many training rows to either side a number may move; spike: see the module.
    """

    ordered: int
    values: pl.DataFrame
    count: Ints
    coarse: Bytes
    scale: float
    unit: int
    window: int
    spike: int


def fit_codec(column: pl.Series, *, ordered: bool, bins: int = 64, spike: int = 5, window: int = 5) -> Codec:
    """Learn the codes of a column: numbers, dates and times when `ordered`, anything else otherwise."""
    seen = column.drop_nulls()
    if ordered and seen.dtype.is_float():
        seen = seen.filter(seen.is_finite())
    table = seen.alias("value").value_counts().sort("value")
    count = table["count"].to_numpy().astype(np.int64)
    scale, unit = _grid(_physical(table["value"])) if ordered else (1.0, 0)
    coarse = _number_bins(count, bins) if ordered else _frequent_levels(count)
    return Codec(
        ordered=int(ordered),
        values=table.select("value"),
        count=count,
        coarse=coarse,
        scale=scale,
        unit=unit,
        window=window,
        spike=spike,
    )


def encode(column: pl.Series, codec: Codec) -> Ints:
    """Return the rank of every cell among the distinct values, -1 where missing or never seen."""
    values = codec["values"]["value"]
    ranks = pl.DataFrame({"value": values, "rank": np.arange(len(values), dtype=np.int64)})
    found = (
        column.cast(values.dtype).alias("value").to_frame().join(ranks, on="value", how="left", maintain_order="left")
    )
    return found["rank"].fill_null(-1).to_numpy()


def coarse(ranks: Ints, codec: Codec) -> Bytes:
    """Return the byte of every rank, 0 where missing."""
    return np.asarray(np.append(codec["coarse"], np.uint8(0)).take(ranks))


def decode(
    ranks: Ints, codec: Codec, rng: np.random.Generator, low: Ints | None = None, high: Ints | None = None
) -> pl.Series:
    """Return a value for every rank, missing where it is negative; see the module for which numbers are drawn afresh.

    low, high: (rows,) ranks that a number drawn afresh may not leave.
    """
    values = codec["values"]["value"]
    index = pl.Series(np.where(ranks < 0, 0, ranks).astype(np.uint32)).set(pl.Series(ranks < 0), None)
    if not codec["ordered"] or not len(values):
        return values.gather(index) if len(values) else pl.Series([None] * len(ranks), dtype=values.dtype)
    cells = values.gather(index)
    moved = np.flatnonzero((ranks >= 0) & (codec["count"].take(ranks) < codec["spike"]))
    if not moved.size:
        return cells
    ends = (ranks[moved] if low is None else low[moved], ranks[moved] if high is None else high[moved])
    fresh = _from_physical(_between(ranks[moved], *ends, codec, rng), codec, values.dtype)
    return cells.scatter(moved, fresh)


def _between(ranks: Ints, low: Ints, high: Ints, codec: Codec, rng: np.random.Generator) -> Floats:
    """Draw a number near each rank: move a few training rows along, then anywhere between the neighbouring values."""
    physical, count = _physical(codec["values"]["value"]).astype(np.float64), codec["count"]
    single = np.where(count < codec["spike"], count, 0)  # spikes do not move, so nothing may move into them
    total, reach, n = np.cumsum(single), codec["window"], len(ranks)
    place = total[ranks] - count[ranks] * rng.random(n) + reach * (2 * rng.random(n) - 1)
    near = np.searchsorted(total, np.clip(place, 0, total[-1] - 1e-9), "right")
    near = np.clip(near, low, high)
    shown = np.clip(physical, *_hidden_ends(physical, count, codec["spike"]))
    middle = np.concatenate([shown[:1], (shown[1:] + shown[:-1]) / 2, shown[-1:]])
    spiky = np.concatenate([[True], count >= codec["spike"], [True]])
    # A number keeps clear of the gap beside a spike, and of what lies beyond its leaf's range: exact rules still hold.
    first = np.where(((near == low) & (low < high)) | spiky[near], shown[near], middle[near])
    last = np.where(((near == high) & (low < high)) | spiky[near + 2], shown[near], middle[near + 1])
    return np.where(spiky[near + 1], physical[near], first + (last - first) * rng.random(n))


def _hidden_ends(physical: Floats, count: Ints, rows: int) -> tuple[float, float]:
    """Return the mean of the outermost `rows` cells at either end: beyond it no number is ever drawn."""
    total = np.cumsum(count)
    outer = min(rows, int(total[-1]))
    below = np.clip(outer - (total - count), 0, count)
    above = np.clip(outer - (total[-1] - total), 0, count)
    return float(physical @ below / outer), float(physical @ above / outer)


def _from_physical(drawn: Floats, codec: Codec, dtype: pl.DataType) -> pl.Series:
    if codec["unit"]:
        steps = np.rint(drawn * codec["scale"] / codec["unit"]) * codec["unit"]
        drawn = steps / codec["scale"]
    if dtype.is_float():
        return pl.Series(drawn).cast(dtype)
    if dtype.is_decimal():
        return pl.Series(drawn).cast(dtype)
    whole = pl.Series(np.rint(drawn)).cast(pl.Series(dtype=dtype).to_physical().dtype)
    return whole.cast(dtype)


def _physical(values: pl.Series) -> npt.NDArray[np.float64 | np.int64]:
    # The physical form of a decimal is a whole number of its last digit, which is another number.
    plain = values.cast(pl.Float64) if values.dtype.is_decimal() else values.to_physical()
    whole = plain.dtype.is_integer() and plain.dtype not in (pl.UInt64, pl.Int128, pl.UInt128)
    return plain.cast(pl.Int64 if whole else pl.Float64).to_numpy()


def _grid(values: npt.NDArray[np.float64 | np.int64]) -> tuple[float, int]:
    """Find the step of the values as unit / scale: 0.05 is 5 / 100; (1, 0) where there is none down to a millionth."""
    if not len(values):
        return 1.0, 0
    for digits in range(7 if values.dtype.kind == "f" else 1):
        scaled = values * 10.0**digits if digits else values
        if 0 < np.abs(scaled).max() < 0.5:
            continue  # every whole number is too coarse for numbers as small as these
        if np.abs(scaled).max() < 2**52 and np.allclose(scaled, np.rint(scaled), rtol=0, atol=1e-6):
            steps = np.rint(scaled).astype(np.int64)
            return 10.0**digits, int(np.gcd.reduce(steps)) or 1
    return 1.0, 0


def _number_bins(count: Ints, bins: int) -> Bytes:
    """Cut ranks into bins of about equal rows; a value with a bin's worth of rows has a bin of its own."""
    if len(count) <= MAX_CODES // 2:
        return np.arange(1, len(count) + 1, dtype=np.uint8)
    room = count.sum() / bins
    before = np.cumsum(count) - count
    own = count >= room
    block = np.floor((before + count / 2) / room).astype(np.int64)
    edge = np.diff(block, prepend=-1) != 0
    edge |= own
    edge[1:] |= own[:-1]
    return np.asarray(np.minimum(np.cumsum(edge), MAX_CODES), np.uint8)


def _frequent_levels(count: Ints) -> Bytes:
    """Give the most frequent levels a code of their own and share the last codes among the rest."""
    if len(count) <= MAX_CODES:
        return np.arange(1, len(count) + 1, dtype=np.uint8)
    own = MAX_CODES - 64
    order = np.argsort(-count, kind="stable")
    codes: Bytes = np.empty(len(count), np.uint8)
    codes[order[:own]] = np.arange(1, own + 1)
    codes[order[own:]] = own + 1 + np.arange(len(count) - own) * 64 // (len(count) - own)
    return codes
