"""Sentences about rows of a table: coarse values only, and nothing of columns that identify.

A column is told if it is a number, a category, a yes or no, or a time, and no direct identifier. Numbers are told as
ranges, times as years, and levels that few rows share are not told.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from simulacra.core.errors import DataError, SchemaError
from simulacra.core.schema import Column, Schema, Table

if TYPE_CHECKING:
    import polars as pl

TOLD = ("number", "category", "boolean", "time")
"""Kinds of columns that are told."""
COLUMNS = 8
"""Most columns of a sentence, in the order of the table."""
RANGES = 6
"""About so many ranges lie between the tenth and the ninetieth percentile of a number."""
COMMON = 10
"""Least rows that share a level which is told."""
DERIVED = (
    "personas tell coarse values of real rows, one row each. Columns that identify are left out, but who knows a "
    "person may still know the sentence: treat them as data about real people"
)


def told_columns(table: Table) -> list[Column]:
    """Return the columns that sentences tell."""
    return [c for c in table.columns if c.kind in TOLD and c.sensitivity != "direct" and not c.unique][:COLUMNS]


def sentences(frame: pl.DataFrame, schema: Schema) -> pl.Series:
    """Return (rows,) a sentence for each row of a table. Raises DataError where no column can be told."""
    import polars as pl

    (table,) = schema.tables.values()
    columns = told_columns(table)
    if not columns:
        raise DataError(
            "text/personas: no column of the table can be told; it needs numbers, categories, times or yes and no "
            "that are no identifiers"
        )
    parts = [_clause(frame[column.name], column) for column in columns]
    rows = pl.DataFrame(parts).select(pl.concat_list(pl.all()).list.drop_nulls().alias("told"))
    most = pl.col("told").list.len()
    first = pl.col("told").list.slice(0, most - 1).list.join(", ")
    several = pl.concat_str(first, pl.lit(" and "), pl.col("told").list.last())
    text = pl.when(most > 1).then(several).when(most == 1).then(pl.col("told").list.first())
    return rows.select(("A person " + text + ".").fill_null("A person of whom nothing is told.").alias("persona"))[
        "persona"
    ]


def drawn(schema: Schema, seed: int, address: str, size: int, first: int, n: int) -> Iterator[pl.DataFrame]:
    """Yield blocks of rows that follow the facts of a schema, each column by itself. Raises SchemaError."""
    import polars as pl

    from simulacra.core import rng
    from simulacra.parts import facts

    (table,) = schema.tables.values()
    columns = told_columns(table)
    for column in columns:
        if lacks := facts.missing_facts(column):
            raise SchemaError(f"column {column.name!r} cannot be told; add what it lacks to the schema:\n{lacks}")
    for block in range(first, -(-n // size)):
        draw = rng.stream(seed, address, "schema", block)
        cells = [facts.draw(column, draw.random(size), draw) for column in columns]
        gone = {column.name: draw.random(size) < column.missing for column in columns}
        whole = pl.DataFrame([c.set(pl.Series(gone[c.name]), None) for c in cells])
        yield whole.head(min(size, n - block * size))


def _clause(cells: pl.Series, column: Column) -> pl.Series:
    """Return (rows,) "whose NAME is VALUE", nothing where the cell is missing or rare."""
    import polars as pl

    name = column.name.replace("_", " ").replace("-", " ").strip()
    told = {"number": _ranges, "time": _years}.get(column.kind, _levels)(cells, column)
    return pl.select(pl.lit(f"whose {name} is ") + told).to_series().alias(column.name)


def _ranges(cells: pl.Series, column: Column) -> pl.Series:
    import polars as pl

    values = cells.cast(pl.Float64, strict=False)
    low, high = _spread(values, column)
    width = _nice((high - low) / RANGES)
    start = (values / width).floor() * width
    whole = column.step is not None and float(column.step).is_integer() and width >= 1
    end = start + width - (1 if whole and width > 1 else 0)
    digits = max(0, -math.floor(math.log10(width)))
    a, b = (x.round(digits).cast(pl.Int64 if digits == 0 else pl.Float64).cast(pl.String) for x in (start, end))
    return a if whole and width == 1 else pl.select(a + pl.lit(" to ") + b).to_series()


def _spread(values: pl.Series, column: Column) -> tuple[float, float]:
    """Return about where the middle four fifths of a number lie, from the schema or the cells."""
    if len(column.quantiles) > 2:
        ends = column.quantiles
        return ends[max(1, len(ends) // 10)], ends[min(len(ends) - 2, len(ends) * 9 // 10)]
    if isinstance(column.low, int | float) and isinstance(column.high, int | float):
        return float(column.low), float(column.high)
    quantiles = [values.quantile(q) for q in (0.1, 0.9)]
    return (0.0, 1.0) if None in quantiles else (float(quantiles[0] or 0), float(quantiles[1] or 0))


def _nice(width: float) -> float:
    """Return 1, 2, 5 or 10 times a power of ten, the first that is not below a width."""
    if not width > 0 or not math.isfinite(width):
        return 1.0
    power = 10.0 ** math.floor(math.log10(width))
    return next(power * step for step in (1, 2, 5, 10) if power * step >= width * 0.999)


def _years(cells: pl.Series, column: Column) -> pl.Series:
    import polars as pl

    if cells.dtype == pl.String:
        cells = cells.str.extract(r"\b(\d{4})\b")
        return cells
    if not cells.dtype.is_temporal() or cells.dtype in (pl.Time, pl.Duration):
        return pl.Series(cells.name, [None] * len(cells), pl.String)
    return cells.dt.year().cast(pl.String)


def _levels(cells: pl.Series, column: Column) -> pl.Series:
    """Return levels that enough rows share; of a schema alone, all that it names."""
    import polars as pl

    texts = cells.cast(pl.String)
    if column.kind == "boolean":
        return texts.replace({"true": "yes", "false": "no"})
    if column.source == "declared":
        return texts
    counts = texts.value_counts(name="count")
    common = counts.filter(pl.col("count") >= COMMON)[texts.name]
    return texts.set(~texts.is_in(common.implode()), None)


def usual_text(frame: pl.DataFrame, names: Sequence[str]) -> str:
    """Return the column that holds texts: one of the usual names, or that of the longest texts; "" without any."""
    import polars as pl

    strings = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    usual = next((name for name in names if name in strings), "")
    if usual or not strings:
        return usual
    lengths = {
        name: frame[name].str.len_chars().sum() / max(frame.height - frame[name].null_count(), 1) for name in strings
    }
    longest = max(strings, key=lambda name: lengths[name])
    return longest if lengths[longest] >= 60 else ""
