"""The frames of a case, cut to what is judged, and coded side by side so that every measure reads the same numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from simulacra.core.case import Case, not_tested
from simulacra.core.infer_images import columns_of
from simulacra.core.report import Finding
from simulacra.core.rng import stream
from simulacra.core.schema import Column

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Mask = npt.NDArray[np.bool_]

MAX_ROWS = 50_000
"""Most rows of each side that are coded; the rest is left out at random, and the findings say so."""
MAX_CELLS = 10_000_000
"""Most cells of each side that are coded, so that a wide table fits into memory; 2,000 rows are always taken."""
GROUPS = 5
ENOUGH = 500
"""A holdout of this many rows, or of half the training rows, is a measure; a smaller one is too noisy."""


@dataclass(frozen=True)
class Coded:
    """One column of all sides, stacked.

    ordered: numbers and times. values: (rows,) numbers, seconds or days; NaN where missing or a word. codes: (rows,)
    level of each cell, frequent levels first, -1 where missing; for numbers only words of a mixed column have one.
    labels: text of each level. broken: (rows,) a text cell that is not in the column's format.
    """

    column: Column
    ordered: bool
    values: Floats
    codes: Ints
    labels: tuple[str, ...]
    missing: Mask
    broken: Mask
    temporal: str = ""

    @property
    def name(self) -> str:
        """Return the name of the column."""
        return self.column.name


@dataclass(frozen=True)
class Table:
    """Sides stacked row by row, and their columns; `part["made"]` is the slice of the made rows that are compared."""

    part: Mapping[str, slice]
    columns: tuple[Coded, ...]
    skipped: tuple[str, ...] = ()

    def rows(self, side: str) -> int:
        """Return how many rows a side has."""
        part = self.part[side]
        return int(part.stop) - int(part.start)

    def groups(self) -> list[slice]:
        """Return the made rows in GROUPS parts, which are in random order, for the interval of a figure."""
        edges = np.linspace(self.part["made"].start, self.part["made"].stop, GROUPS + 1).astype(int)
        return [slice(int(a), int(b)) for a, b in pairwise(edges)] if self.rows("made") >= 10 * GROUPS else []

    @property
    def all_made(self) -> slice:
        """Return the slice of all made rows, for what is rare."""
        return slice(self.part["made"].start, self.part["more"].stop)

    @property
    def seen(self) -> slice:
        """Return the slice of all real rows, fresh ones included."""
        return slice(self.part["real"].start, self.part["fresh"].stop)


def facts(case: Case) -> tuple[Column, ...]:
    """Return the schema columns that describe the real data, in the order of the real table."""
    assert case.real is not None
    schema = case.schema or case.real.schema
    known = {c.name: c for c in schema.columns}
    return tuple(known[name] for name in case.real.columns if name in known)


def differing(case: Case) -> str:
    """Return in words how the columns of a side differ from the real ones, or that it has no rows, or ""."""
    assert case.real is not None
    real = case.real.columns
    out = []
    for name, side in (("made", case.made), ("real", case.real), ("holdout", case.holdout)):
        if side is None:
            continue
        lacking = [c for c in real if c not in side.columns]
        extra = [c for c in side.columns if c not in real]
        out += [f"the {name} table lacks {_list(lacking)}"] if lacking else []
        out += [f"the {name} table has {_list(extra)}, which the real one has not"] if extra else []
        out += [] if len(side) else [f"the {name} table has no rows"]
    return "; ".join(out)


def pictured(case: Case, guard: str) -> list[Finding]:
    """Return what a guard of tables says of a column of images: that the guard `images` judges it."""
    assert case.real is not None
    names = columns_of(case.real.frame)
    said = f"column {names[0]!r} holds images, which the guard images judges" if names else ""
    return [not_tested(guard, "images", said)] if names else []


def lone(case: Case) -> bool:
    """Return whether at most one column is left beside images: a label, and no table."""
    return case.real is not None and bool(columns_of(case.real.frame)) and len(judged(facts(case))) < 2


def _list(names: list[str]) -> str:
    shown = ", ".join(repr(n) for n in names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def some_rows(frame: pl.DataFrame, n: int, case: Case, purpose: str) -> pl.DataFrame:
    """Return n rows drawn without replacement, in their order; all when there are no more."""
    if frame.height <= n:
        return frame
    rng = stream(case.seed, "guards", purpose)
    return frame[np.sort(rng.permutation(frame.height)[:n])]


def room(columns: int, most: int = MAX_ROWS) -> int:
    """Return how many rows of so many columns are coded."""
    return min(most, max(2000, MAX_CELLS // max(1, columns)))


def usable_holdout(case: Case) -> bool:
    """Return whether there is a holdout large enough to stand for fresh real rows."""
    assert case.real is not None
    return case.holdout is not None and (len(case.holdout) >= ENOUGH or 2 * len(case.holdout) >= len(case.real))


def sides(case: Case) -> tuple[dict[str, pl.DataFrame], str]:
    """Return frames real, fresh, made and more, fresh and made of equal size, and a note of what was left out.

    fresh is the holdout; without a usable one, half of the real rows, while the other half is `real`. more: made rows
    beyond the size of fresh.
    """
    assert case.real is not None
    images = columns_of(case.real.frame)
    real = case.real.frame.drop(images)
    made = case.made.frame.select(real.columns)
    if usable_holdout(case):
        assert case.holdout is not None
        fresh = case.holdout.frame.select(real.columns)
    else:
        order = stream(case.seed, "guards", "halves").permutation(real.height)
        half = max(1, real.height // 2)
        fresh, real = real[np.sort(order[:half])], real[np.sort(order[half:])] if real.height > 1 else real
    most = room(real.width)
    k = min(fresh.height, made.height, most)
    order = stream(case.seed, "guards", "made").permutation(made.height)[:most]
    out = {
        "real": some_rows(real, most, case, "real"),
        "fresh": some_rows(fresh, k, case, "fresh"),
        "made": made[order[:k]],
        "more": made[order[k:]],
    }
    cut = [f"{most:,} of {real.height:,} real"] if real.height > most else []
    cut += [f"{k:,} of {made.height:,} made"] if made.height > k else []
    note = f" (on {' and '.join(cut)} rows drawn at random)" if cut else ""
    return out, note


def code(frames: Mapping[str, pl.DataFrame], columns: tuple[Column, ...]) -> Table:
    """Code the judged columns of several frames side by side; the first frame leads (its order of levels)."""
    part, start = {}, 0
    for name, frame in frames.items():
        part[name] = slice(start, start + frame.height)
        start += frame.height
    coded, skipped = [], []
    lead = next(iter(frames.values())).height
    for column in columns:
        try:
            coded.append(_code(column, [f[column.name] for f in frames.values()], lead))
        except pl.exceptions.PolarsError:
            # A nested or foreign type that has no text form is left out by name, and the other columns are judged.
            skipped.append(column.name)
    return Table(part, tuple(coded), tuple(skipped))


def judged(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Return the columns whose values are compared: no identifiers, person data, free text, and none that is empty."""
    return tuple(c for c in columns if c.copied and c.kind != "empty")


def _code(column: Column, series: list[pl.Series], lead: int) -> Coded:
    missing = np.concatenate([_missing(s) for s in series])
    no_labels: tuple[str, ...] = ()
    if column.kind in ("number", "time", "mixed"):
        parts = [numbers(s, column) for s in series]
        values = np.concatenate(parts)
        odd = np.isnan(values) & ~missing
        codes, labels = np.full(len(values), -1, dtype=np.int64), no_labels
        if column.kind == "mixed" and odd.any():
            words = pl.concat([_text(s) for s in series]).set(pl.Series(~odd), None)
            codes, labels = _levels(words, lead)
            odd = np.zeros_like(odd)
        return Coded(column, True, values, codes, labels, missing, odd, _temporal(column, series[0]))
    whole = all(s.dtype.is_numeric() or s.dtype == pl.Null for s in series)
    text = pl.concat([_text(s.cast(pl.Float64) if whole else s) for s in series])
    codes, labels = _levels(text, lead)
    if whole:
        labels = tuple(x.removesuffix(".0") for x in labels)
    return Coded(column, False, np.full(len(codes), np.nan), codes, labels, codes < 0, np.zeros(len(codes), dtype=bool))


def _text(series: pl.Series) -> pl.Series:
    return series.cast(pl.String)


def _missing(series: pl.Series) -> Mask:
    empty = series.is_null()
    if series.dtype.is_float():
        empty = empty | series.is_nan().fill_null(False)
    return empty.to_numpy().astype(bool)


def numbers(series: pl.Series, column: Column) -> Floats:
    """Return a column as floats, NaN where missing, infinite or not a number; times in seconds, dates in days."""
    if series.dtype == pl.String and column.kind == "time":
        series = _parse(series, column.format)
    if series.dtype == pl.Datetime:
        out = series.dt.epoch("us").cast(pl.Float64) / 1e6
    elif series.dtype == pl.Date:
        out = series.to_physical().cast(pl.Float64)
    elif series.dtype.is_temporal():
        out = series.to_physical().cast(pl.Float64) / 1e9
    else:
        out = series.cast(pl.Float64, strict=False)
    values = out.fill_null(math.nan).to_numpy().astype(np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _parse(series: pl.Series, pattern: str) -> pl.Series:
    if not pattern:
        return series.str.to_datetime(strict=False)
    hours, days = (
        any(p in pattern for p in ("%H", "%I", "%T")),
        any(p in pattern for p in ("%d", "%j", "%F", "%D", "%x")),
    )
    if hours and not days:
        return series.str.to_time(pattern, strict=False)
    if not days:
        # A month or a year alone is no date to the parser, so its first day stands for it.
        return (series + " 1").str.to_date(pattern + " %d", strict=False)
    return series.str.to_datetime(pattern, strict=False) if hours else series.str.to_date(pattern, strict=False)


def _temporal(column: Column, series: pl.Series) -> str:
    if column.kind != "time":
        return ""
    if series.dtype == pl.String:
        series = _parse(series.head(100), column.format)
    return {"Date": "date", "Datetime": "datetime"}.get(str(series.dtype).split("(")[0], "time")


def _levels(text: pl.Series, lead: int) -> tuple[Ints, tuple[str, ...]]:
    """Code text by level, those most frequent in the first `lead` rows first; missing is -1."""
    names = text.drop_nulls().unique().sort()
    if not len(names):
        return np.full(len(text), -1, dtype=np.int64), ()
    raw = text.cast(pl.Enum(names)).to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
    seen = np.bincount(raw[:lead][raw[:lead] >= 0], minlength=len(names))
    order = np.argsort(-seen, kind="stable")
    place = np.empty(len(names) + 1, dtype=np.int64)
    place[order], place[-1] = np.arange(len(names)), -1
    return place[raw], tuple(names.gather(order).to_list())


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep numerical libraries to one thread: on busy cores their threads wait for each other."""
    # A limit holds for libraries that are loaded, so the one with OpenMP is loaded first.
    import sklearn.ensemble  # noqa: F401
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
