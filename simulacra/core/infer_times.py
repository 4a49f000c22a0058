"""Facts about dates and times: format, range, quantiles, and the reason for the order of day and month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.core import times
from simulacra.core.infer_numbers import quantiles

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    from simulacra.core.infer_text import Facts, Texts

FEWEST = 10
"""Fewest dates from which a stray word among them is worth a hint."""


def read(texts: Texts) -> Facts | None:
    """Return the facts of dates and times that all have one format, or None."""
    if texts.share(r"\d") < 1 or not texts.values.str.len_chars().head(64).is_between(4, 40).all():
        return None
    found = times.find(texts.values)
    if found is None:
        return None
    return {
        "kind": "time",
        "format": found.format,
        **time_facts(found.values, texts.counts),
        "why": _time_reason(texts, found),
    }


def time_facts(values: pl.Series, counts: npt.NDArray[np.int64]) -> Facts:
    """Return range (ISO text), step and quantiles (seconds since 1970, or since midnight) of different times."""
    import polars as pl

    order = values.arg_sort()
    values, counts = values.gather(order), counts[order.to_numpy()]
    if values.dtype == pl.Time:
        seconds = values.cast(pl.Int64).to_numpy() / 1e9
    elif values.dtype == pl.Date:
        seconds = values.cast(pl.Int64).to_numpy() * 86400.0
    else:
        seconds = values.dt.epoch("us").to_numpy() / 1e6
    at = quantiles(seconds, counts, np.linspace(0, 1, 11))
    range_ = {"low": _iso(values[0]), "high": _iso(values[-1])}
    return {**range_, "step": _step(values, seconds), "quantiles": tuple(float(q) for q in at)}


def _step(values: pl.Series, seconds: npt.NDArray[np.float64]) -> float | None:
    """Return the seconds that all times of day are multiples of when they are whole minutes or more; days have none."""
    import polars as pl

    if values.dtype == pl.Date or (seconds != np.rint(seconds)).any():
        return None
    step = int(np.gcd.reduce(np.rint(seconds).astype(np.int64)))
    return float(step) if step >= 60 else None


def _iso(value: Any) -> str:
    return str(value.isoformat())


def almost(texts: Texts) -> str:
    """Return a hint when a few words alone keep a column from being dates."""
    dates = texts.values.filter(texts.values.str.contains(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"))
    if not FEWEST <= len(dates) < len(texts.values) or len(texts.values) - len(dates) > 3:
        return ""
    other = texts.values.filter(~texts.values.is_in(dates.implode()))
    found = times.find(dates)
    return (
        f"; dates as {found.format} but for {repr(str(other[0]))}: read with na=({str(other[0])!r},)" if found else ""
    )


def _time_reason(texts: Texts, found: times.Found) -> str:
    doubt = f"; {found.also} would fit as well, declare it if days come first" if found.also else ""
    day_first = found.format.find("d") < found.format.find("m") if "m" in found.format and not found.also else False
    order = ""
    if (
        not found.also
        and "%" in found.format
        and found.format.lstrip("%-")[:1] in ("d", "m")
        and "b" not in found.format.lower()
    ):
        order = ", day first (some month would be above 12)" if day_first else ", month first (some day is above 12)"
    return f"all {len(texts.values):,} different values fit {found.format}{order}{doubt}"
