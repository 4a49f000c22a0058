"""Cells as they are read under a budget: by what they say, whatever they are stored as.

One text among numbers turns a column of a file into text, and one empty cell turns whole numbers into floats. Neither
may change what the other cells are taken for, so every cell is read by itself, into one canonical text.
"""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from simulacra.core import patterns
from simulacra.core.errors import SchemaError
from simulacra.core.times import parse

LARGEST = 2**52
"""Whole multiples of a column's grid are kept within this, so that floats hold them all."""
GROUPED = r"^[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$"
MIDNIGHT = r"^(\d{4}-\d\d-\d\d)[T ]00:00:00(?:\.0+)?$"
"""A date with the first moment of its day says the date: a column of dates may be stored as times."""
COMMA = r"^[+-]?(?:0|[1-9]\d{0,2}(?:\.\d{3})*|[1-9]\d*),(?:\d{1,2}|\d{4,})$"
"""A number with a decimal comma; of "1,234" the comma is taken for a sign of thousands."""
SIGNS = r"^(?:[$€£¥₹] ?|(?:USD|EUR|GBP|CHF) )|(?: ?[%‰$€£¥₹]| (?:USD|EUR|GBP|CHF))$"
"""Currency before a number; currency or per cent after it."""
SIGNED = r"^(?:[$€£¥₹]|(?:USD|EUR|GBP|CHF) )|(?:[%‰$€£¥₹]| (?:USD|EUR|GBP|CHF))$"
ORIGIN = 10_957 * 86_400_000_000
"""2000-01-01 in microseconds since 1970: times are counted from there, so that usual ones are near 0."""
ISO_DATE, ISO_TIME = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%.f"
DAY, SECOND, MINUTE = 86_400_000_000, 1_000_000, 60_000_000


def texts(series: pl.Series) -> pl.Series:
    """Return the canonical text of every cell, missing where it is empty, blank or no number at all (NaN, infinity).

    Numbers are written in one way ("1.50", 1.5 and 1.5 of 32 bits are "1.5"), true and false in small letters, dates
    and times as ISO. Raises SchemaError for columns of lists, records, images or objects.
    """
    dtype = series.dtype
    if dtype.is_nested() or dtype.is_object():
        raise SchemaError(
            f"column {series.name!r}: holds {type(dtype).__name__.lower()} values, and a private table needs one plain "
            "value a cell; unnest it or drop it"
        )
    if dtype == pl.Null:
        return series.cast(pl.String)
    if dtype == pl.Boolean or dtype.is_integer():
        return series.cast(pl.String)
    if dtype.is_float() or dtype.is_decimal():
        # A float of 32 bits says what its shortest text says, not what its bits say in 64.
        wide = series.cast(pl.String).cast(pl.Float64, strict=False) if dtype == pl.Float32 else series.cast(pl.Float64)
        return _number_texts(wide.fill_nan(None))
    if isinstance(dtype, pl.Duration):
        return series.to_physical().cast(pl.String)
    if dtype.is_temporal():
        return _time_texts(series)
    if dtype == pl.Binary:
        return series.bin.encode("hex")
    return _plain(series.cast(pl.String).str.strip_chars())


def numbers(text: pl.Series) -> pl.Series:
    """Return canonical texts as numbers, missing where they are none; "007" is a code, "$1,234.50" is a number."""
    bare = _bare(text)
    value = bare.set(~_is_number(bare), None).cast(pl.Float64, strict=False)
    return value.set(value.is_infinite().fill_null(False), None)


def units(text: pl.Series, digits: int) -> pl.Series:
    """Return canonical texts as whole multiples of 10^-digits, rounded and kept within LARGEST."""
    value = numbers(text)
    scaled = (value * 10.0**digits).round().clip(-float(LARGEST), float(LARGEST))
    return scaled.cast(pl.Int64, strict=False)


def moments(text: pl.Series, format: str) -> pl.Series:
    """Return canonical texts as microseconds since 2000-01-01, or since midnight for a time of day.

    format: of strftime; ISO_TIME also reads dates and times with a blank in place of the "T".
    """
    if format == ISO_TIME:
        text = text.str.replace(r"^(\d{4}-\d\d-\d\d) ", "${1}T")
    try:
        read = parse(text, format)
    except pl.exceptions.PolarsError:
        return pl.Series(text.name, [None] * len(text), dtype=pl.Int64)
    if read.dtype == pl.Time:
        return read.cast(pl.Int64) // 1000
    if isinstance(read.dtype, pl.Datetime) and read.dtype.time_zone:
        read = read.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return read.cast(pl.Datetime("us")).cast(pl.Int64) - ORIGIN


def is_clock(format: str) -> bool:
    """Return whether a format is of a time of day without a date."""
    return not re.search(r"%-?[YymdbBeF]", format)


def _is_number(text: pl.Series) -> pl.Series:
    return (text.str.contains(patterns.NUMBER) & ~text.str.contains(patterns.PADDED)).fill_null(False)


def _bare(text: pl.Series) -> pl.Series:
    """Return texts without the signs of currency, per cent and thousands, where a number is left."""
    signed = text.str.contains(SIGNED).fill_null(False)
    if signed.any():
        text = text.zip_with(~signed, text.str.replace_all(SIGNS, ""))
    grouped = text.str.contains(GROUPED).fill_null(False)
    if grouped.any():
        text = text.zip_with(~grouped, text.str.replace_all(",", "", literal=True))
    comma = text.str.contains(COMMA).fill_null(False)
    if comma.any():
        plain = text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        text = text.zip_with(~comma, plain)
    return text


def _plain(text: pl.Series) -> pl.Series:
    text = text.set((text == "").fill_null(False), None)
    text = text.str.replace(MIDNIGHT, "$1")
    bare = _bare(text)
    # Digits alone are canonical, and those of long codes would be rounded as a number.
    wanted = _is_number(bare) & ~bare.str.contains(r"^(?:0|-?[1-9]\d*)$").fill_null(False)
    rewritten = bare != text
    if wanted.any():
        written = _number_texts(bare.set(~wanted, None).cast(pl.Float64, strict=False))
        text = text.zip_with(~(wanted & written.is_not_null()), written)
    plain = rewritten.fill_null(False) & ~wanted & _is_number(bare)
    low = text.str.to_lowercase()
    truth = low.is_in(["true", "false"]).fill_null(False)
    return text.zip_with(~plain, bare).zip_with(~truth, low)


def _number_texts(values: pl.Series) -> pl.Series:
    """Write numbers: whole ones without a point, others as short as they can be told apart."""
    values = values.set(values.is_infinite().fill_null(False), None)
    whole = ((values == values.round()) & (values.abs() < 2.0**63)).fill_null(False)
    digits = values.set(~whole, 0.0).cast(pl.Int64, strict=False).cast(pl.String)
    out: pl.Series = values.cast(pl.String).zip_with(~whole, digits)
    return out


def _time_texts(series: pl.Series) -> pl.Series:
    if isinstance(series.dtype, pl.Datetime):
        if series.dtype.time_zone:
            series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        series = series.cast(pl.Datetime("us"))
        return series.dt.to_string("iso:strict").str.replace(MIDNIGHT, "$1")
    return series.cast(pl.String)


def different(text: pl.Series) -> tuple[pl.Series, np.ndarray]:
    """Return the different texts, sorted, and how many cells hold each."""
    table = text.drop_nulls().alias("value").value_counts().sort("value")
    return table["value"], table["count"].to_numpy().astype(np.int64)
