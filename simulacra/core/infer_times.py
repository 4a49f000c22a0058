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
"""Fewest different dates that a few words may stand among."""
MOST_WORDS = 3


def read(texts: Texts) -> Facts | None:
    """Return the facts of dates and times that have one format, but for a few words, or None."""
    if texts.share(r"\d") < 1 or not texts.values.str.len_chars().head(64).is_between(4, 40).all():
        return _among_words(texts)
    found = times.find(texts.values)
    if found is None:
        return _among_words(texts)
    return {
        "kind": "time",
        "format": found.format,
        **time_facts(found.values, texts.counts),
        "why": _time_reason(texts.values, found),
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


def _among_words(texts: Texts) -> Facts | None:
    """Return the facts of dates with a few words among them, such as "unknown"."""
    dated = texts.values.str.contains(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
    dates, words = texts.values.filter(dated), texts.values.filter(~dated)
    if len(dates) < FEWEST or not 0 < len(words) <= MOST_WORDS:
        return None
    found = times.find(dates)
    if found is None:
        return None
    counts = texts.counts[dated.to_numpy()]
    shown = f"{', '.join(map(repr, words))} in {1 - counts.sum() / texts.cells:.1%} of the cells"
    why = f"{_time_reason(dates, found)}; but for {shown}: if that means missing, read with na=({words[0]!r},)"
    return {"kind": "time", "format": found.format, **time_facts(found.values, counts), "why": why}


def _time_reason(values: pl.Series, found: times.Found) -> str:
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
    return f"all {len(values):,} different values fit {found.format}{order}{doubt}"
