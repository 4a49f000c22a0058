"""What of a domain is bought: kinds by vote, bins of numbers and times, levels by partition selection."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from simulacra.core import patterns
from simulacra.core.schema import Column, Scalar
from simulacra.parts import _domain_cells as cells
from simulacra.parts import _domain_codes as codecs
from simulacra.parts import _domain_numbers as numbers
from simulacra.parts import _domain_votes as voting
from simulacra.parts import facts
from simulacra.parts._domain_declared import Want, surrogate
from simulacra.parts._domain_votes import Verdict

if TYPE_CHECKING:
    from simulacra.core.budget import Budget

FOR_KIND = 0.2
"""Part of a column's price that its vote costs; the rest buys its bins or levels."""
LOST = 0.5
"""Share of the cells below the threshold from which a column of words is no category."""
NUMBERS = (-cells.LARGEST, cells.LARGEST)
TIMES = (-63_082_281_600_000_000, 252_455_615_999_999_999)
"""The years 1 to 9999, in microseconds since 2000."""
WORTH_SAYING = 0.01
GUESS = "a guess, for the budget buys no more of so few rows: "
"""What is said before what was bought where it does not stand out of its noise."""
OTHER = "(other)"
"""The level of all values that were not bought."""
FIRST = 1_000_000_000_001
"""The first whole number that is given as an identifier: beyond those that real rows use, whose range nobody bought."""
PERSON_NAMES = ("first_name", "last_name", "phone", "address", "postcode", "name")
"""Person data that a column's name alone tells, in the order they are tried."""


def kinds(wants: Mapping[str, Want], text: Mapping[str, pl.Series], budget: Budget, rho: float) -> dict[str, Want]:
    """Return what columns are by a vote of their cells: one release over all columns. rho: price of one column."""
    if not wants:
        return {}

    def count() -> Any:
        return np.concatenate([voting.votes(text[name]) for name in wants])

    noisy = budget.gaussian(
        count,
        rho=FOR_KIND * rho * len(wants),
        what=f"votes on what the cells of {len(wants)} columns are",
        sensitivity=math.sqrt(len(wants)),
    )
    sigma = budget.entries[-1].scale
    parts = noisy.reshape(len(wants), len(voting.CLASSES))
    verdicts = [voting.verdict(name, part, sigma) for name, part in zip(wants, parts, strict=True)]
    return {
        name: dataclasses.replace(_voted(want, found), guess=not found.sure)
        for (name, want), found in zip(wants.items(), verdicts, strict=True)
    }


def bins(
    wants: Mapping[str, Want], text: Mapping[str, pl.Series], budget: Budget, rho: float, most: int
) -> dict[str, Want]:
    """Return numbers and times with the bins that noisy histograms gave them."""
    if not wants:
        return {}
    lines = {}
    for name, want in wants.items():
        value = codecs.multiples(text[name], want.unit, want.format).drop_nulls().to_numpy()
        limit = TIMES if want.format else NUMBERS
        limit = (limit[0] // int(want.unit), limit[1] // int(want.unit)) if want.format else limit
        lines[name] = numbers.Line(value, want.low, want.high, limit=limit, round=not want.format)
    found, sure = numbers.buy(lines, budget, (1 - FOR_KIND) * rho, most)
    out = {}
    for name, want in wants.items():
        words = want.column.levels if want.column.kind == "mixed" else ()
        codec = codecs.number(want.unit, found[name], words, format=want.format)
        guess = want.guess or not sure[name]
        out[name] = dataclasses.replace(want, codec=codec, buy="", column=_with_range(want, codec), guess=guess)
    return out


def levels(
    wants: Mapping[str, Want], text: Mapping[str, pl.Series], budget: Budget, rho: float, delta: float
) -> dict[str, Want]:
    """Return categories with the levels whose noisy counts pass; surrogates where most cells are of rare values."""
    out = {}
    for name, want in wants.items():

        def count(name: str = name) -> dict[str, int]:
            values, held = cells.different(text[name])
            return dict(zip(values.to_list(), held.tolist(), strict=True))

        what = f"levels of column {name!r}, by partition selection"
        found = budget.threshold(count, rho=(1 - FOR_KIND) * rho, delta=delta, what=what)
        out[name] = _category(want, found)
    return out


# Kinds ----------------------------------------------------------------------------------------------------------------


def _voted(want: Want, verdict: Verdict) -> Want:
    name = want.column.name
    if verdict.kind == "empty":
        return Want(_column(name, "empty", "String", why="bought: no cell surely holds a value"), codecs.empty())
    if verdict.kind == "boolean":
        column = _column(name, "boolean", "Boolean", levels=(False, True), why="bought: most cells are true or false")
        return Want(column, codecs.levels(column.levels))
    if verdict.kind == "number":
        return _number(want, verdict)
    if verdict.kind == "time":
        return _time(want, verdict.format)
    if verdict.kind == "words":
        column = _column(name, "category", "String")
        return Want(column, None, "levels", format=verdict.format, present=verdict.present, doubt=verdict.doubt)
    return surrogate(_unknown(name, verdict))


def _number(want: Want, verdict: Verdict) -> Want:
    digits, given = verdict.digits, want.column
    loose = digits >= voting.DIGITS[-2]
    unit = 1.0 if digits == 0 else 10.0**-digits
    why = "bought: most cells are " + (
        "whole numbers" if digits == 0 else "numbers" if loose else f"numbers of {digits} decimals"
    )
    column = _column(
        given.name,
        "number",
        "Int64" if digits == 0 else "Float64",
        step=None if loose else round(unit, digits),
        unit=given.unit,
        why=why,
    )
    return Want(column, None, "range", unit)


def _time(want: Want, format: str) -> Want:
    name, why = want.column.name, f"bought: most cells are times of the format {format}"
    if format == cells.ISO_DATE:
        return Want(_column(name, "time", "Date", why="bought: most cells are dates"), None, "range", cells.DAY, format)
    if format == cells.ISO_TIME:
        column = _column(name, "time", "Datetime(us)", why="bought: most cells are dates with a time of day")
        return Want(column, None, "range", cells.SECOND, format)
    if format == "%H:%M:%S%.f":
        column = _column(name, "time", "Time", why="bought: most cells are times of day")
        return Want(column, None, "range", cells.SECOND, format, 0, 86_399)
    unit = cells.SECOND if "%S" in format else cells.MINUTE if "%M" in format else cells.DAY
    ends = (0, 1439) if cells.is_clock(format) else (None, None)
    return Want(_column(name, "time", "String", format=format, why=why), None, "range", unit, format, *ends)


def _unknown(name: str, verdict: Verdict) -> Column:
    """Return the facts of a column that only surrogates can fill, from its vote and its public name."""
    if verdict.kind == "person":
        why = f"bought: most cells are person data ({verdict.format})"
        return _column(name, "person", "String", format=verdict.format, sensitivity="direct", why=why)
    if verdict.kind == "id":
        dtype = "Int64" if verdict.digits == 0 else "String"
        why = "bought: the votes and the column's name say identifiers"
        low = FIRST if verdict.digits == 0 else None
        known = {"low": low, "format": verdict.format, "unique": True, "sensitivity": "direct"}
        return _column(name, "id", dtype, why=why, **known)
    return _column(name, "text", "String", why="bought: most cells are free text")


def _rare(name: str, single: bool) -> Column:
    """Return the facts of a column of words that are too rare to be bought; single: most cells are one word or code."""
    words = patterns.words_of(name)
    why = "bought: most cells hold values too rare to be released"
    for format in PERSON_NAMES:
        if re.search(patterns.NAMES[format], words) and (format != "name" or "name" in words.split()):
            return _column(name, "person", "String", format=format, sensitivity="direct", why=why)
    if single or patterns.says(name, "id"):
        return _column(name, "id", "String", sensitivity="direct", why=why)
    return _column(name, "text", "String", why=why)


def _column(name: str, kind: str, dtype: str, **known: Any) -> Column:
    # Bought facts come from the data and may be shown: the ledger paid for them.
    return Column(name, kind, dtype, public=True, source="from data", **known)


# Levels and ranges ----------------------------------------------------------------------------------------------------


def _category(want: Want, found: Mapping[str, int]) -> Want:
    held = float(sum(found.values()))
    if not found or (want.present is not None and held < (1 - LOST) * want.present):
        return surrogate(_rare(want.column.name, single=want.format == voting.SINGLE))
    why = f"bought: {len(found)} levels whose noisy counts pass the threshold"
    lost = 0.0 if want.present is None else 1 - held / max(want.present, 1.0)
    values: tuple[Scalar, ...] = tuple(found)
    whole = want.column.dtype.startswith(("Int", "UInt"))
    if whole:
        values = tuple(int(v) for v in found if re.fullmatch(r"-?\d+", v))
    rarer = lost > WORTH_SAYING and lost * (want.present or 0.0) > voting.SURE * want.doubt
    other = (rarer or want.present is None) and not whole and OTHER not in found
    if rarer:
        why += f"; about {lost:.0%} of the cells hold rarer values, which become " + (
            repr(OTHER) if other else "missing"
        )
    if other:
        # What is rare is not missing: it has a level of its own, in place of names that would tell of few.
        values = (*values, OTHER)
    column = dataclasses.replace(want.column, levels=values, why=why, source="from data", public=True)
    return dataclasses.replace(want, column=column, codec=codecs.levels(values, other=other), buy="")


def _with_range(want: Want, codec: Mapping[str, Any]) -> Column:
    """Return the facts of a column with the ends of its bins as its range."""
    low, high = int(codec["starts"][0]), int(codec["end"])
    column = want.column
    if want.format:
        origin = 0 if cells.is_clock(want.format) else cells.ORIGIN
        ends = [_iso(k * int(want.unit) + origin, cells.is_clock(want.format)) for k in (low, high)]
        if column.dtype == "Date" or (not cells.is_clock(want.format) and want.unit == cells.DAY):
            ends = [end[:10] for end in ends]
        return dataclasses.replace(column, low=ends[0], high=ends[1])
    scaled = [k * want.unit for k in (low, high)]
    if column.dtype.startswith(("Int", "UInt")):
        return dataclasses.replace(column, low=round(scaled[0]), high=round(scaled[1]))
    digits = facts._digits(want.unit) or 12
    return dataclasses.replace(column, low=round(scaled[0], digits), high=round(scaled[1], digits))


def _iso(micros: int, clock: bool) -> str:
    moment = pl.Series([micros]).cast(pl.Datetime("us"))
    return str((moment.dt.time() if clock else moment)[0].isoformat())
