"""Dates and times kept as text: which format all values have, and parsing and writing in that format.

Formats are those of strftime as polars writes them: "%-d" has no leading zero, "%.3f" holds its point.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_MONTH = r"[^\W\d_]{3,9}\.?"
DATES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\d{4}-\d{1,2}-\d{1,2}", ("%Y-%m-%d", "%Y-%d-%m")),
    (r"\d{4}/\d{1,2}/\d{1,2}", ("%Y/%m/%d", "%Y/%d/%m")),
    (r"\d{4}\.\d{1,2}\.\d{1,2}", ("%Y.%m.%d",)),
    (r"\d{1,2}/\d{1,2}/\d{4}", ("%m/%d/%Y", "%d/%m/%Y")),
    (r"\d{1,2}-\d{1,2}-\d{4}", ("%d-%m-%Y", "%m-%d-%Y")),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", ("%d.%m.%Y", "%m.%d.%Y")),
    (r"\d{1,2}/\d{1,2}/\d{2}", ("%m/%d/%y", "%d/%m/%y", "%y/%m/%d")),
    (r"\d{1,2}-\d{1,2}-\d{2}", ("%d-%m-%y", "%m-%d-%y", "%y-%m-%d")),
    (r"\d{1,2}\.\d{1,2}\.\d{2}", ("%d.%m.%y",)),
    (r"\d{8}", ("%Y%m%d",)),
    (rf"\d{{1,2}} {_MONTH} \d{{4}}", ("%d %b %Y", "%d %B %Y")),
    (rf"\d{{1,2}}-{_MONTH}-\d{{4}}", ("%d-%b-%Y", "%d-%B-%Y")),
    (rf"\d{{1,2}}-{_MONTH}-\d{{2}}", ("%d-%b-%y",)),
    (rf"{_MONTH} \d{{1,2}}, \d{{4}}", ("%b %d, %Y", "%B %d, %Y")),
    (rf"{_MONTH} \d{{1,2}} \d{{4}}", ("%b %d %Y", "%B %d %Y")),
    (rf"\d{{4}}-{_MONTH}-\d{{1,2}}", ("%Y-%b-%d", "%Y-%B-%d")),
)
"""Shape of a date -> formats to try, the customary one first where day and month look alike."""
CLOCKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\d{1,2}:\d{2}", ("%H:%M",)),
    (r"\d{1,2}:\d{2}:\d{2}", ("%H:%M:%S",)),
    (r"\d{1,2}:\d{2}:\d{2}\.\d{3}", ("%H:%M:%S%.3f",)),
    (r"\d{1,2}:\d{2}:\d{2}\.\d{6}", ("%H:%M:%S%.6f",)),
    (r"\d{1,2}:\d{2}:\d{2}\.\d{9}", ("%H:%M:%S%.9f",)),
    (r"\d{1,2}:\d{2}:\d{2}\.\d+", ("%H:%M:%S%.f",)),
    (r"\d{1,2}:\d{2} ?[AP]M", ("%I:%M %p", "%I:%M%p")),
    (r"\d{1,2}:\d{2} ?[ap]m", ("%I:%M %P", "%I:%M%P")),
    (r"\d{1,2}:\d{2}:\d{2} ?[AP]M", ("%I:%M:%S %p", "%I:%M:%S%p")),
    (r"\d{1,2}:\d{2}:\d{2} ?[ap]m", ("%I:%M:%S %P", "%I:%M:%S%P")),
)
"""Shape of a time of day -> formats to try."""
LOOK = 200


@dataclass(frozen=True)
class Found:
    """A format that all values have, the values read by it, and what else would also fit ("" when nothing)."""

    format: str
    values: pl.Series
    also: str = ""


def parse(series: pl.Series, format: str) -> pl.Series:
    """Return text as Time, Date or Datetime, by what the format holds; what does not fit becomes missing."""
    if not re.search(r"%-?[YymdbBeF]", format):
        return series.str.to_time(format, strict=False)
    if not re.search(r"%-?[HIMSTR]", format):
        return series.str.to_date(format, strict=False)
    return series.str.to_datetime(format, strict=False)


def find(values: pl.Series) -> Found | None:
    """Return the format of different text values, or None when no one format fits them all.

    Where day and month could be exchanged, all values decide; when they cannot, the usual order of the sign is taken
    ("/": month first, "." and "-": day first) and the other is named in `also`.
    """
    head = values.head(LOOK)
    fitting = []
    for candidate in _candidates(str(head[0])):
        if parse(head, candidate).null_count():
            continue
        parsed = parse(values, candidate)
        if not parsed.null_count():
            fitting.append((candidate, parsed))
    if not fitting:
        return None
    written = [(_as_written(values, parsed, format), parsed) for format, parsed in fitting]
    exact = [(format, parsed) for (format, same), parsed in written if same]
    chosen, parsed = exact[0] if exact else (fitting[0][0], fitting[0][1])
    others = [format for format, _ in exact[1:] if format.replace("%B", "%b") != chosen.replace("%B", "%b")]
    # A year in front means year, month, day wherever that fits; nobody doubts it.
    return Found(chosen, parsed, others[0] if others and not chosen.startswith("%Y") else "")


def _candidates(value: str) -> list[str]:
    """Return the formats whose shape a value has: a date, a time of day, or both with a zone."""
    found = []
    for shape, dates in DATES:
        head = re.match(shape, value)
        if head is None:
            continue
        rest = value[head.end() :]
        if not rest:
            found += list(dates)
            continue
        sign = re.match(r"T|,? +", rest)
        if sign is None:
            continue
        clock = rest[sign.end() :]
        found += [d + sign.group() + c for d, c in product(dates, _clocks(clock))]
    return found or _clocks(value)


def _clocks(text: str) -> list[str]:
    zone = re.search(r"(?: ?Z| UTC| ?[+-]\d{2}:?\d{2})$", text)
    bare = text[: zone.start()] if zone else text
    tail = zone.group() if zone else ""
    formats = [f for shape, formats in CLOCKS if re.fullmatch(shape, bare) for f in formats]
    if not re.search(r"\d{4}$|:\d{2}$", tail):
        return [f + tail for f in formats]
    space, code = (" " if tail.startswith(" ") else ""), ("%:z" if ":" in tail else "%z")
    # One offset throughout is kept as it is written; several need their instant, which is then told in UTC.
    return [f + end for f in formats for end in (tail, space + code)]


def _as_written(values: pl.Series, parsed: pl.Series, format: str) -> tuple[str, bool]:
    """Return the format that writes every value back as it stands, without leading zeros where there are none."""
    for variant in (format, re.sub(r"%([dmHI])", r"%-\1", format), re.sub(r"%([HI])", r"%-\1", format)):
        if (parsed.dt.strftime(variant) == values).all():
            return variant, True
    return format, False
