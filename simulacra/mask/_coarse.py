"""Values in coarser words: dates to years, ages to bands, postcodes to areas, places to states, numbers to bins."""

from __future__ import annotations

import math
import re

from simulacra.mask import _dates, safe_harbor
from simulacra.mask._places import regions
from simulacra.mask.plan import Rule


def coarser(value: str, rule: Rule, first: bool | _dates.DayFirst, language: str, where: str) -> str | None:
    """Return a value in coarser words, None when there are none for it."""
    if rule.type == "DATE":
        return _dates.year_of(value, first, language) or None
    if rule.type == "AGE":
        return _age(value, int(rule.options.get("width", 1)), where)
    if rule.type == "POSTCODE":
        return _postcode(value, int(rule.options.get("digits", 3)))
    if rule.type in ("ADDRESS", "LOCATION", "CITY"):
        return regions(value)
    if rule.type in ("", "TEXT"):
        return _bin(value, rule.options.get("width"))
    return None


def _age(value: str, width: int, where: str) -> str | None:
    """Return an age in bands; beyond 89 it is "90+", or 90 where only numbers can stand."""

    def one(found: re.Match[str]) -> str:
        years = int(found.group())
        if years > safe_harbor.OLDEST:
            return "90" if where == "number" else "90+"
        if width == 1:
            return found.group()
        low = years // width * width
        return str(low) if where == "number" else f"{low}-{min(low + width - 1, safe_harbor.OLDEST)}"

    new, count = re.subn(r"(?<!\d)\d{1,3}(?!\d)(?:\.\d+)?", one, value, count=1)
    return new if count else None


def _postcode(value: str, digits: int) -> str | None:
    if re.fullmatch(r"\d{5}(?:-?\d{4})?", value):
        return safe_harbor.zip3(value)[:digits]
    short = re.fullmatch(r"\d{3,4}", value)
    if short:
        # A table that read ZIP codes as numbers has lost their leading zeros.
        return safe_harbor.zip3(value.zfill(5))[:digits]
    letters = re.match(r"[A-Za-z]{1,2}(?=\d)", value)
    return letters.group() if letters else None


def _bin(value: str, width: object) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    size = int(width) if isinstance(width, int) else max(1, 10 ** int(math.log10(max(1.0, abs(number)))))
    low = math.floor(number / size) * size
    return f"{low}-{low + size - 1}" if low >= 0 else f"{low} to {low + size - 1}"
