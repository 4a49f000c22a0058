"""Codecs: cells of one column as small whole numbers and back. Missing is always the last code.

A codec is a plain dict with a `form`: "levels" (one code a level), "number" (one code a bin, then one a word), "there"
(one code for a surrogate) or "empty" (missing alone).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulacra.core.schema import Column, Scalar
from simulacra.parts import _domain_bins as binned
from simulacra.parts import _domain_cells as cells
from simulacra.parts import facts
from simulacra.parts._domain_bins import Bins

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

Codec = dict[str, Any]
PLACEHOLDER = "\x00"
"""What stands in a text column of surrogates between the draw and the end."""


def levels(values: list[Scalar] | tuple[Scalar, ...], *, other: bool = False) -> Codec:
    """Return the codec of declared or bought levels. other: the last level stands for all values that are none."""
    return {"form": "levels", "levels": list(values), "keys": keys(values), "other": other}


def keys(values: list[Scalar] | tuple[Scalar, ...]) -> list[str]:
    """Return the canonical texts of levels; a blank level stays as it is."""
    # One call a type, for polars takes as long for one cell as for a thousand.
    out = [""] * len(values)
    for kind in {type(v) for v in values}:
        at = [i for i, v in enumerate(values) if type(v) is kind]
        for i, text in zip(at, cells.texts(pl.Series([values[i] for i in at])), strict=True):
            out[i] = text or str(values[i])
    return out


def number(unit: float, bins: Bins, words: tuple[Scalar, ...] = (), *, format: str = "") -> Codec:
    """Return the codec of whole multiples of `unit`; with a format, of times in multiples of `unit` microseconds."""
    return {
        "form": "number",
        "unit": float(unit),
        "format": format,
        "starts": bins.starts,
        "end": int(bins.end),
        "bin": bins.bin,
        "weight": bins.weight,
        "words": list(words),
    }


def there() -> Codec:
    """Return the codec of a column of surrogates."""
    return {"form": "there"}


def empty() -> Codec:
    """Return the codec of a column without values."""
    return {"form": "empty"}


def size(codec: Codec) -> int:
    """Return the number of codes, missing among them."""
    form = codec["form"]
    if form == "levels":
        return len(codec["levels"]) + 1
    if form == "number":
        return _bins(codec).size + len(codec["words"]) + 1
    return 2 if form == "there" else 1


def multiples(text: pl.Series, unit: float, format: str) -> pl.Series:
    """Return canonical texts as whole multiples of a unit, missing where they are no number or time of the format."""
    if not format:
        value = cells.numbers(text) / unit
        # Of two equally near multiples the even one: ties lie on no declared grid.
        return value.clip(-float(cells.LARGEST), float(cells.LARGEST)).round(mode="half_to_even").cast(pl.Int64)
    read = cells.moments(text, format)
    if cells.is_clock(format):
        read = read.fill_null(cells.moments(text, "%H:%M:%S%.f"))
    else:
        for other in (cells.ISO_TIME, cells.ISO_DATE):
            if format != other and read.null_count() > text.null_count():
                read = read.fill_null(cells.moments(text, other))
    return read // int(unit)


def encode(text: pl.Series, codec: Codec) -> Ints:
    """Return the code of every cell; what has no code of its own is missing."""
    missing = size(codec) - 1
    out = np.full(len(text), missing, np.int64)
    form = codec["form"]
    if form == "levels":
        if codec["other"]:
            out[text.is_not_null().to_numpy()] = len(codec["levels"]) - 1
        _look_up(text, codec["keys"], 0, out)
    elif form == "number":
        bins = _bins(codec)
        value = multiples(text, codec["unit"], codec["format"])
        known = value.is_not_null().to_numpy()
        out[known] = binned.codes(value.drop_nulls().to_numpy(), bins)
        if codec["words"]:
            _look_up(text, keys(codec["words"]), bins.size, out)
    elif form == "there":
        out[text.is_not_null().to_numpy()] = 0
    return out


def decode(
    codes: Ints, codec: Codec, column: Column, rng: np.random.Generator, keep: Floats | None = None
) -> pl.Series:
    """Return cells of the column's type. keep: (cells of the bins,) chances that replace the weights inside bins."""
    form, missing = codec["form"], size(codec) - 1
    gone = pl.Series(codes == missing)
    if form == "levels" and codec["levels"]:
        at = pl.Series(np.where(codes == missing, 0, codes).astype(np.uint32))
        out = facts.stored(pl.Series(codec["levels"], strict=False).gather(at), column)
    elif form == "number":
        out = _numbers(codes, codec, column, rng, keep)
    else:
        dtype = facts.dtype_of(column)
        placeholder = pl.Series([PLACEHOLDER] if dtype == pl.String else [0], strict=False)
        out = placeholder.cast(dtype).new_from_index(0, len(codes))
    return out.set(gone, None).alias(column.name)


def _numbers(codes: Ints, codec: Codec, column: Column, rng: np.random.Generator, keep: Floats | None) -> pl.Series:
    bins = _bins(codec)
    weight = bins.weight if keep is None else keep
    value = drawn(codes, bins, weight, rng)
    if codec["format"]:
        origin = 0 if cells.is_clock(codec["format"]) else cells.ORIGIN
        return facts.stored(facts._written(value * int(codec["unit"]) + origin, column), column)
    digits = facts._digits(codec["unit"])
    plain = pl.Series(np.round(value * codec["unit"], digits or (12 if codec["unit"] < 1 else 0)))
    if not codec["words"]:
        return facts.stored(plain, column)
    text = pl.Series([f"{v:.{digits}f}" for v in plain.to_list()])
    word = codes - bins.size
    is_word = (word >= 0) & (word < len(codec["words"]))
    words = pl.Series([str(w) for w in codec["words"]]).gather(pl.Series(np.where(is_word, word, 0).astype(np.uint32)))
    return facts.stored(text.zip_with(pl.Series(~is_word), words), column)


def drawn(codes: Ints, bins: Bins, weight: Floats, rng: np.random.Generator) -> Ints:
    """Return a multiple for every code: a cell of its bin by weight, and evenly inside the cell."""
    order = np.argsort(bins.bin, kind="stable")
    sorted_ = weight[order]
    total = np.concatenate([[0.0], np.cumsum(sorted_)])
    first = np.searchsorted(bins.bin[order], np.arange(bins.size + 1))
    inside = np.minimum(codes, bins.size - 1)
    low, high = total[first[inside]], total[first[inside + 1]]
    place = np.searchsorted(total, low + rng.random(len(codes)) * (high - low), "right") - 1
    # A bin whose weights are all 0 gives its first cell, and rounding never leaves the bin.
    place = order[np.clip(place, first[inside], first[inside + 1] - 1)]
    after = np.append(bins.starts[1:], bins.end + 1)
    width = (after - bins.starts)[place]
    out: Ints = bins.starts[place] + np.minimum((rng.random(len(codes)) * width).astype(np.int64), width - 1)
    return out


def _bins(codec: Codec) -> Bins:
    return Bins(np.asarray(codec["starts"]), int(codec["end"]), np.asarray(codec["bin"]), np.asarray(codec["weight"]))


def _look_up(text: pl.Series, known: list[str], first: int, out: Ints) -> None:
    table = pl.DataFrame(
        {"value": known, "code": np.arange(first, first + len(known))}, schema_overrides={"value": pl.String}
    )
    found = (
        text.alias("value")
        .to_frame()
        .join(table.unique("value", keep="first"), on="value", how="left", maintain_order="left")
    )
    code = found["code"]
    hit = code.is_not_null().to_numpy()
    out[hit] = code.drop_nulls().to_numpy()
