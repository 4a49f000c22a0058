"""Cells from facts alone: what a column of a schema says is enough to draw it, without any data.

Each kind has one function that turns the facts of a column and shares in [0, 1) into cells; `missing_facts` says what a
column still lacks, in the words of the schema file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulacra.core.errors import DataError, SchemaError
from simulacra.core.rng import shared_key
from simulacra.core.schema import Column
from simulacra.parts.permute import permute

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

SPIKE = 0.1
"""Share of cells of each spike of a number without quantiles; all spikes together hold at most half."""
SECOND = 1_000_000
"""Microseconds of a second: times are whole microseconds since 1970."""
DAY = 86_400 * SECOND
UNITS = ((1000, "fL"), (SECOND, "STXcrs"), (60 * SECOND, "MR"), (3600 * SECOND, "HIkl"))
"""Smallest distance of times -> the parts of a format that show it, the finest first."""


def missing_facts(column: Column) -> str:
    """Return the lines that the schema needs to draw a column, or "" when nothing lacks."""
    bounded = column.low is not None and column.high is not None
    needs = {
        "number": "" if bounded or len(column.quantiles) > 1 else "low = 0\nhigh = 100",
        "time": "" if bounded else 'low = "2024-01-01"\nhigh = "2024-12-31"',
        "category": "" if column.levels else 'levels = ["a", "b"]\nweights = [0.5, 0.5]',
        "constant": "" if column.levels else 'levels = ["a"]',
        "mixed": ""
        if bounded or len(column.quantiles) > 1
        else 'low = 0\nhigh = 100\nlevels = ["tbd"]\nweights = [0.1]',
    }
    if column.kind in ("image", "audio"):
        raise SchemaError(f"column {column.name!r}: {column.kind} cannot be drawn from a schema; leave the column out")
    return needs.get(column.kind, "")


def dtype_of(column: Column) -> Any:
    """Return the storage type that a column names, or the plainest one that its facts allow. Raises SchemaError."""
    text = column.dtype
    if not text:
        return _plain_dtype(column)
    name, _, inside = text.partition("(")
    given = [part.strip() for part in inside.rstrip(")").split(",") if part.strip()]
    if name in ("Datetime", "Duration") and given and given[0] not in ("ms", "us", "ns"):
        raise SchemaError(f"column {column.name!r}: dtype {text!r} must begin with ms, us or ns, as in {name}(us)")
    if name == "Datetime":
        return pl.Datetime(*(given or ["us"]))  # type: ignore[arg-type]
    if name == "Duration":
        return pl.Duration(*(given or ["us"]))  # type: ignore[arg-type]
    if name == "Decimal":
        return pl.Decimal(*(int(n) for n in re.findall(r"\d+", inside)))
    if name == "Enum":
        return pl.Enum([str(level) for level in column.levels])
    known = {str(t): t for t in (*_NUMBERS, pl.String, pl.Boolean, pl.Date, pl.Time, pl.Categorical)}
    if name not in known:
        raise SchemaError(f"column {column.name!r}: unknown dtype {text!r}; use one of {', '.join(known)}")
    return known[name]


def draw(column: Column, share: Floats, rng: np.random.Generator) -> pl.Series:
    """Return a cell for each share in [0, 1), a number's or time's own quantile of that share."""
    return stored(KINDS[column.kind](column, share, rng), column)


def stored(cells: pl.Series, column: Column) -> pl.Series:
    """Return cells in the column's storage type; levels that are times are read. Raises SchemaError for a misfit."""
    dtype = dtype_of(column)
    if cells.dtype == pl.String and dtype in (pl.Date, pl.Datetime, pl.Time):
        times = {text: _microseconds(text, column) for text in cells.unique().drop_nulls()}
        cells = _written(pl.Series([times[c] for c in cells], dtype=pl.Int64), column)
    try:
        return cells.cast(dtype).alias(column.name)
    except pl.exceptions.PolarsError:
        raise SchemaError(
            f"column {column.name!r}: its {column.kind} values, such as {cells[0]!r}, do not fit its dtype "
            f"{column.dtype or dtype}; change the dtype or the values in the schema"
        ) from None


def grid(column: Column) -> tuple[int, Callable[[npt.NDArray[np.int64]], pl.Series]]:
    """Return how many different values a column allows, and the function from their numbers to cells.

    Raises SchemaError for a number without a grid.
    """
    if column.kind == "category":
        return len(column.levels), lambda at: pl.Series(column.levels).gather(pl.Series(at.astype(np.uint32)))
    if column.kind == "time":
        low, high, unit = _time_range(column)
        return (high - low) // unit + 1, lambda at: _written(low + at * unit, column)
    least, most, step = _number_range(column)
    if step is None:
        raise SchemaError(f"column {column.name!r}: unique numbers need a grid; add step = 1 to it in the schema")
    first = int(np.ceil(least / step - 1e-9))
    size = int(np.floor(most / step + 1e-9)) - first + 1
    return size, lambda at: _rounded((first + at) * float(step), step)


def laid_out(column: Column) -> bool:
    """Return whether a column is laid out over all rows at the end, because no value may come twice."""
    return column.unique and column.kind in ("number", "category", "time")


def unique(column: Column, n: int, rng: np.random.Generator, start: int) -> pl.Series:
    """Return cells for the rows start, start + 1, .., of which no two are the same in any number of blocks.

    Raises DataError when the facts of the column allow too few values.
    """
    size, cells = grid(column)
    if start + n > size:
        raise DataError(
            f"column {column.name!r} is unique but its facts allow {size:,} different values, too few for row "
            f"{start + n:,}; widen its range or levels, or set unique = false in the schema"
        )
    rows = np.arange(start, start + n, dtype=np.uint64)
    place = permute(rows, size, shared_key(rng, column.name)).astype(np.int64)
    return stored(cells(place), column)


def _number(column: Column, share: Floats, rng: np.random.Generator) -> pl.Series:
    low, high, step = _number_range(column)
    if len(column.quantiles) > 1:
        values = np.interp(share, np.linspace(0, 1, len(column.quantiles)), column.quantiles)
    elif column.spikes:
        mass = min(SPIKE * len(column.spikes), 0.5)
        pick = np.minimum(share / mass * len(column.spikes), len(column.spikes) - 1).astype(int)
        rest = low + (high - low) * np.clip((share - mass) / (1 - mass), 0, 1)
        values = np.where(share < mass, np.array(column.spikes)[pick], rest)
    else:
        # A whole step more, so that the last value of the grid is as likely as the others.
        values = low + (high - low) * share if step is None else low - step / 2 + (high - low + step) * share
    return _rounded(np.clip(values, low, high), step)


def _number_range(column: Column) -> tuple[float, float, float | None]:
    low, high = column.low, column.high
    if isinstance(low, str) or isinstance(high, str):
        raise SchemaError(f"column {column.name!r}: low {low!r} and high {high!r} of a {column.kind} must be numbers")
    low = column.quantiles[0] if low is None else low
    high = column.quantiles[-1] if high is None else high
    whole = column.dtype.startswith(("Int", "UInt")) or (not column.dtype and isinstance(low, int))
    return float(low), float(high), column.step or (1.0 if whole and isinstance(high, int) else None)


def _rounded(values: Floats, step: float | None) -> pl.Series:
    if step is None:
        return pl.Series(values)
    out = np.rint(values / step) * step
    return pl.Series(np.round(out, _digits(step)))


def _digits(step: float | None) -> int:
    """Return the decimals that a grid needs: 2 for 0.05."""
    text = f"{step:.10f}".rstrip("0") if step else ""
    return len(text.partition(".")[2])


def _category(column: Column, share: Floats, rng: np.random.Generator) -> pl.Series:
    levels = pl.Series(column.levels, strict=False)
    weights = np.array(column.weights or [1.0] * len(levels), float)
    if weights.sum() <= 0:
        raise SchemaError(f"column {column.name!r}: all weights are 0; give at least one level a share")
    at = np.searchsorted(np.cumsum(weights)[:-1] / weights.sum(), share, "right")
    return levels.gather(pl.Series(at.astype(np.uint32)))


def _boolean(column: Column, share: Floats, rng: np.random.Generator) -> pl.Series:
    if column.levels:
        return _category(column, share, rng)
    return pl.Series(share < 0.5)


def _time(column: Column, share: Floats, rng: np.random.Generator) -> pl.Series:
    low, high, unit = _time_range(column)
    if len(column.quantiles) > 1:
        at = np.interp(share, np.linspace(0, 1, len(column.quantiles)), np.array(column.quantiles) * SECOND)
        values = np.clip((np.rint(at).astype(np.int64) - low) // unit * unit + low, low, high)
    else:
        values = low + np.minimum(share * ((high - low) // unit + 1), (high - low) // unit).astype(np.int64) * unit
    return _written(values, column)


def _time_range(column: Column) -> tuple[int, int, int]:
    """Return first, last and smallest distance of a time in microseconds."""
    low, high = _microseconds(column.low, column), _microseconds(column.high, column)
    if column.step:
        return low, high, max(1, int(column.step * SECOND))
    if column.format:
        finest = (unit for unit, parts in UNITS if re.search(rf"%[-.\d]*[{parts}]", column.format))
        return low, high, next(finest, DAY)
    by_day = column.dtype == "Date" or (not column.dtype and _is_day(column))
    return low, high, DAY if by_day else SECOND


def _is_day(column: Column) -> bool:
    return re.fullmatch(r"\d{4}-\d\d-\d\d", str(column.low)) is not None


def _microseconds(value: Any, column: Column) -> int:
    text = str(value)
    try:
        if re.match(r"\d\d?:\d\d", text):
            clock = time.fromisoformat(text)
            return ((clock.hour * 60 + clock.minute) * 60 + clock.second) * SECOND + clock.microsecond
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SchemaError(
            f"column {column.name!r}: {text!r} is not a date or time; write it as 2024-12-31 or 2024-12-31T23:59:59"
        ) from None
    if moment.tzinfo is not None and column.dtype.startswith("Datetime"):
        moment = moment.astimezone(UTC)
    since = moment.replace(tzinfo=None) - datetime.combine(date(1970, 1, 1), time())
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def _written(values: npt.NDArray[np.int64] | pl.Series, column: Column) -> pl.Series:
    """Return microseconds since 1970 as times of the column's type, or as text in its format."""
    dtype = dtype_of(column)
    moments = pl.Series(values).cast(pl.Datetime("us"))
    if dtype == pl.String:
        shown: pl.Series = moments.dt.strftime(column.format or "%Y-%m-%dT%H:%M:%S")
        return shown
    if dtype == pl.Time:
        return moments.dt.time()
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        return moments.dt.replace_time_zone("UTC").dt.convert_time_zone(dtype.time_zone)
    return moments


def _mixed(column: Column, share: Floats, rng: np.random.Generator) -> pl.Series:
    """Return numbers as text, and words in the shares of their weights (one in ten when there are none)."""
    levels = [str(level) for level in column.levels]
    weights = np.array(column.weights or [SPIKE / len(levels) for _ in levels], float)
    words = float(weights.sum())
    number = _number(column, np.clip((share - words) / max(1 - words, 1e-9), 0, 1), rng)
    digits = _digits(_number_range(column)[2] or 0.01)
    texts = [f"{value:.{digits}f}" for value in number.to_list()]
    at = np.searchsorted(np.cumsum(weights), share, "right").tolist()
    return pl.Series([levels[i] if i < len(levels) else text for i, text in zip(at, texts, strict=True)])


def _constant(column: Column, share: Floats, rng: np.random.Generator) -> pl.Series:
    return pl.Series([column.levels[0]]).new_from_index(0, len(share))


def _empty(column: Column, share: Floats, rng: np.random.Generator) -> pl.Series:
    return pl.Series([None] * len(share), dtype=pl.Null)


def _plain_dtype(column: Column) -> Any:
    if column.kind == "number":
        return pl.Int64 if _digits(_number_range(column)[2]) == 0 and _number_range(column)[2] else pl.Float64
    if column.kind == "time":
        return pl.String if column.format else pl.Date if _is_day(column) else pl.Datetime("us")
    if column.kind == "boolean" and not any(isinstance(level, str) for level in column.levels):
        return pl.Boolean
    if column.kind in ("category", "constant") and column.levels:
        return pl.Series(column.levels, strict=False).dtype
    return pl.String


_NUMBERS = (
    pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Float32, pl.Float64,
    pl.Null,
)  # fmt: skip
KINDS: dict[str, Callable[[Column, Floats, np.random.Generator], pl.Series]] = {
    "number": _number,
    "category": _category,
    "boolean": _boolean,
    "time": _time,
    "constant": _constant,
    "mixed": _mixed,
    "empty": _empty,
}
"""One function a kind."""
