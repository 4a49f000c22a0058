"""Conditions as what codes may be: levels one by one, bins cut to the part that fulfils the condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulacra.core.errors import ConfigError
from simulacra.core.schema import Column
from simulacra.core.where import as_read, mask
from simulacra.parts import _domain_bins as binned
from simulacra.parts import _domain_codes as codecs
from simulacra.parts._domain_codes import Codec

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Allowed:
    """What a condition leaves of a column: share (codes,), the part of each code that fulfils it, and how to draw it.

    codec: the column's codec with every bin cut to that part; None when no bin is cut.
    """

    share: Floats
    codec: Codec | None = None


def allowed(codec: Codec, column: Column, wanted: Any) -> Allowed:
    """Return what one plain condition (core.where) leaves of a column. Raises ConfigError for a misfit."""
    size = codecs.size(codec)
    share = np.zeros(size)
    none = np.random.default_rng(0)
    single = np.arange(size)
    if codec["form"] != "number":
        cells = codecs.decode(single, codec, column, none)
        share[:] = _hits(cells, column, wanted)
        return Allowed(share)
    bins = codecs._bins(codec)
    rest = single[bins.size :]
    share[bins.size :] = _hits(codecs.decode(rest, codec, column, none), column, wanted)
    if wanted is None:
        return Allowed(share)
    cut = _cut(codec, column, wanted)
    part = np.bincount(cut.bin, cut.weight, bins.size)
    whole = np.bincount(bins.bin, bins.weight, bins.size)
    share[: bins.size] = np.divide(part, whole, out=np.zeros(bins.size), where=whole > 0)
    return Allowed(share, {**codec, "starts": cut.starts, "bin": cut.bin, "weight": cut.weight})


def _cut(codec: Codec, column: Column, wanted: Any) -> binned.Bins:
    """Return the cells split where the condition begins and ends to hold, with no weight where it does not hold."""
    bins = codecs._bins(codec)
    low, high = int(bins.starts[0]), bins.end
    inside = _ranges(codec, column, wanted, low, high)
    edges = {e for a, b in inside for e in (a, b + 1) if low < e <= high}
    starts = np.array(sorted({*bins.starts.tolist(), *edges}), np.int64)
    cell = np.searchsorted(bins.starts, starts, "right") - 1
    width = np.diff(starts.astype(float), append=float(high) + 1)
    whole = np.diff(bins.starts.astype(float), append=float(high) + 1)
    holds = np.zeros(len(starts), bool)
    for a, b in inside:
        holds |= (starts >= a) & (starts <= b)
    weight = np.where(holds, bins.weight[cell] * width / whole[cell], 0.0)
    return binned.Bins(starts, high, bins.bin[cell], weight)


def _ranges(codec: Codec, column: Column, wanted: Any, low: int, high: int) -> list[tuple[int, int]]:
    """Return the ranges of multiples within low .. high that fulfil a condition."""

    def holds(condition: Any) -> Callable[[int], bool]:
        return lambda k: bool(_hits(_cell(codec, column, k), column, condition)[0])

    if isinstance(wanted, tuple):
        first, last = low, high
        if wanted[0] is not None:
            first = _first(holds((wanted[0], None)), low, high)
        if wanted[1] is not None:
            above = holds((None, wanted[1]))
            last = _first(lambda k: not above(k), low, high) - 1
        return [(first, last)] if first <= last else []
    if hasattr(wanted, "values") and not isinstance(wanted, Mapping):
        points = _ranges(codec, column, list(wanted.values), low, high)
        ends = [low - 1, *(k for point, _ in points for k in (point,)), high + 1]
        return [(a + 1, b - 1) for a, b in zip(ends, ends[1:], strict=False) if b - a > 1]
    out = set()
    for value in wanted if isinstance(wanted, list | set | frozenset | pl.Series) else [wanted]:
        try:
            at = _first(holds((value, None)), low, high)
        except ConfigError:
            continue  # a word among numbers: it is no multiple
        if at <= high and holds(value)(at):
            out.add((at, at))
    return sorted(out)


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """Return the first multiple from which a condition holds, high + 1 when it never does."""
    if holds(low):
        return low
    if not holds(high):
        return high + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _cell(codec: Codec, column: Column, k: int) -> pl.Series:
    one = {**codec, "starts": np.array([k]), "end": k, "bin": np.zeros(1, np.int64), "weight": np.ones(1)}
    return codecs.decode(np.zeros(1, np.int64), one, column, np.random.default_rng(0))


def _hits(cells: pl.Series, column: Column, wanted: Any) -> npt.NDArray[np.bool_]:
    out: npt.NDArray[np.bool_] = mask(*as_read(cells.to_frame(), {column.name: wanted}, [column])).to_numpy()
    return out
