"""What a schema declares of a domain, and what is refused: facts from the data that nobody made public."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from simulacra.core.errors import SchemaError, near
from simulacra.core.schema import Column, Schema
from simulacra.parts import _domain_bins as binned
from simulacra.parts import _domain_cells as cells
from simulacra.parts import _domain_codes as codec
from simulacra.parts import facts
from simulacra.parts._domain_codes import Codec

SURROGATES = ("id", "person", "text")
CONTINUOUS = 6
"""Digits of the width of a declared range that numbers without a grid are kept to."""


@dataclass(frozen=True)
class Want:
    """A column on its way to a codec: what is known, and what must still be bought.

    column: its public facts so far. codec: once nothing is lacking. buy: "kind", "range", "shape" (of a known range),
    "levels", or "" when nothing. unit, format, low, high: of numbers and times, in multiples of the unit; the format of
    levels to buy says whether they are single words. present: noisy number of its cells that are not missing, where a
    vote told it; doubt: the deviation of its noise.
    guess: what was bought of it does not stand out of its noise.
    """

    column: Column
    codec: Codec | None = None
    buy: str = ""
    unit: float = 1.0
    format: str = ""
    low: int | None = None
    high: int | None = None
    present: float | None = None
    doubt: float = 0.0
    guess: bool = False


def wants(names: Iterable[str], schema: Schema | None, bins: int) -> dict[str, Want]:
    """Return for every column of the data what a schema declares of it. Raises SchemaError for what may not be used.

    bins: most bins of a number.
    """
    names = list(names)
    given: Mapping[str, Column] = {} if schema is None else {c.name: c for c in schema.table.columns}
    for name in given:
        if name not in names:
            raise SchemaError(f"the schema has column {name!r}, the data do not.{near(name, names)}")
    secret = [c.name for c in given.values() if c.source != "declared" and not c.public]
    if secret:
        raise SchemaError(
            f"the schema's facts about {_named(secret)} come from the data, and under a privacy budget that would "
            'publish them unpaid. Write public = true beside what everyone may know, or source = "declared" beside '
            "what you know without the data, or leave a column out, so that a part of the budget buys its domain"
        )
    return {
        name: _want(given[name], bins) if name in given else Want(Column(name, "empty"), buy="kind") for name in names
    }


def check(want: Want, text: pl.Series) -> None:
    """Raise SchemaError for a cell outside declared levels; text: the canonical cells of the column."""
    column = want.column
    if want.codec is None or want.codec["form"] != "levels":
        return
    known = want.codec["keys"]
    strange = (~text.is_in(known)).fill_null(False)
    if not strange.any():
        return
    row = int(strange.arg_max() or 0)
    raise SchemaError(
        f"column {column.name!r}, row {row + 1}: the value {text[row]!r} is outside the declared domain "
        f"({_shown(known)}); {int(strange.sum()):,} cells are. Add it to levels if it may occur, or make those cells "
        "empty first. Nothing was spent"
    )


def public(want: Want) -> str:
    """Return the sentence about what was declared of a column."""
    name, column = want.column.name, want.column
    if column.kind in ("category", "boolean", "constant"):
        return f"levels of column {name!r} (declared)"
    if column.kind in ("number", "time", "mixed"):
        what = "range and grid" if want.buy != "range" else "kind and grid"
        return f"{what} of column {name!r} (declared)"
    return f"kind of column {name!r} (declared)"


def surrogate(column: Column) -> Want:
    """Return a column that is filled with surrogates."""
    return Want(column, codec.there())


def public_column(column: Column) -> Column:
    """Return the facts of a column without shares, and without reasons that quote the data.

    Shares are counts of the data, declared or not: the budget pays for them, and only for them.
    """
    why = column.why if column.why and column.source == "declared" else "declared"
    return dataclasses.replace(column, missing=0.0, weights=(), heavy_tail=False, why=why)


# Kinds ----------------------------------------------------------------------------------------------------------------


def _want(column: Column, bins: int) -> Want:
    bare = public_column(column)
    if column.kind in SURROGATES:
        return surrogate(bare)
    if facts.laid_out(bare):
        if facts.missing_facts(bare):
            raise SchemaError(
                f"column {column.name!r} is declared unique, so its range must be declared too: add to the schema\n"
                + facts.missing_facts(bare)
            )
        facts.grid(bare)
        return surrogate(bare)
    if column.kind in ("image", "audio"):
        raise SchemaError(f"column {column.name!r}: {column.kind} cannot be made under a budget of a table; drop it")
    if column.kind == "empty":
        return Want(bare, codec.empty())
    if column.kind in ("category", "boolean", "constant"):
        values = column.levels or ((False, True) if column.kind == "boolean" else ())
        return Want(bare, codec.levels(values)) if values else Want(bare, buy="levels")
    return _time(bare, bins) if column.kind == "time" else _number(bare, bins)


def _number(column: Column, bins: int) -> Want:
    if column.low is None or column.high is None:
        whole = column.dtype.startswith(("Int", "UInt"))
        unit = column.step or (1.0 if whole else 0.0)
        if not unit:
            return Want(column, buy="kind")
        low, high = (None if end is None else round(float(end) / unit) for end in (column.low, column.high))
        return Want(column, None, "range", unit, low=low, high=high)
    least, most, step = facts._number_range(column)
    unit = step or _fine(least, most)
    first, last = -int(-least // unit), int(most // unit)
    # Ends that lie on the grid but for the error of floats belong to it.
    first = first - 1 if abs((first - 1) * unit - least) < 1e-9 * max(1.0, abs(least)) else first
    last = last + 1 if abs((last + 1) * unit - most) < 1e-9 * max(1.0, abs(most)) else last
    column = dataclasses.replace(column, step=step)
    return _ranged(column, unit, "", first, max(first, last), bins)


def _time(column: Column, bins: int) -> Want:
    format = _format(column)
    if column.low is None or column.high is None:
        if not (column.dtype or column.format):
            return Want(column, buy="kind")
        clock = cells.is_clock(format)
        ends = ("00:00:00", "23:59:59") if clock else ("2000-01-01", "2000-01-01")
        _, _, unit = facts._time_range(dataclasses.replace(column, low=ends[0], high=ends[1]))
        known = dataclasses.replace(column, low=column.low or ends[0], high=column.high or ends[1])
        low, high, _ = facts._time_range(known)
        origin = 0 if clock else cells.ORIGIN
        first = None if column.low is None else (low - origin) // unit
        last = None if column.high is None else (high - origin) // unit
        return Want(column, None, "range", float(unit), format, first, last)
    low, high, unit = facts._time_range(column)
    origin = 0 if cells.is_clock(format) else cells.ORIGIN
    return _ranged(column, float(unit), format, -((origin - low) // unit), (high - origin) // unit, bins)


def _format(column: Column) -> str:
    if column.format:
        return column.format
    dtype = facts.dtype_of(column)
    if dtype == pl.Time:
        return "%H:%M:%S%.f"
    return cells.ISO_DATE if dtype == pl.Date else cells.ISO_TIME


def _ranged(column: Column, unit: float, format: str, low: int, high: int, bins: int) -> Want:
    """Return a number or time of a known range; bins that nothing declares are bought."""
    want = Want(column, None, "", unit, format, low, high)
    words = column.levels if column.kind == "mixed" else ()
    if high - low < bins:
        return dataclasses.replace(want, codec=codec.number(unit, binned.each(low, high), words, format=format))
    if len(column.quantiles) > 2 or column.spikes:
        scale = 1_000_000 / unit if format else 1 / unit
        origin = 0 if not format or cells.is_clock(format) else cells.ORIGIN
        edges = [round(q * scale - origin / unit) for q in column.quantiles[:-1]]
        spikes = [round(s * scale - origin / unit) for s in column.spikes]
        found = binned.at(edges, low, high, spikes)
        return dataclasses.replace(want, codec=codec.number(unit, found, words, format=format))
    return dataclasses.replace(want, buy="shape")


def even(want: Want, bins: int) -> Want:
    """Return a column of known range whose bins are of equal width, because nothing may be bought."""
    assert want.low is not None and want.high is not None
    words = want.column.levels if want.column.kind == "mixed" else ()
    found = codec.number(want.unit, binned.even(want.low, want.high, bins), words, format=want.format)
    return dataclasses.replace(want, codec=found, buy="")


def _fine(low: float, high: float) -> float:
    """Return a grid so fine that numbers without one lose nothing: a millionth of the range or less."""
    width = max(high - low, 1e-300)
    unit = 10.0**-CONTINUOUS
    while unit * 10**CONTINUOUS > width and unit > 1e-12:
        unit /= 10
    while max(abs(low), abs(high)) / unit > cells.LARGEST / 4:
        unit *= 10
    return unit


def _named(names: list[str]) -> str:
    shown = ", ".join(repr(n) for n in names[:8])
    return f"column{'s' * (len(names) > 1)} {shown}" + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _shown(levels: list[str]) -> str:
    return ", ".join(levels[:8]) + (", ..." if len(levels) > 8 else "")
