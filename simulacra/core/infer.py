"""infer: a schema from the data alone; every column's kind with the evidence for it in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulacra.core.errors import SchemaError
from simulacra.core.schema import Column, Schema, Table

if TYPE_CHECKING:
    import polars as pl

MAX_LEVELS = 200
"""Levels of a category that a schema lists, most frequent first; weights then sum to less than 1."""


def infer(frames: Mapping[str, pl.DataFrame], formats: Mapping[str, str] | None = None) -> Schema:
    """Return what the data show of every column, each fact "from data" with its reason.

    frames: table name -> frame. formats: column -> how its numbers were written (".2f"), known to readers of text.
    Raises SchemaError for columns of lists, records or objects, and for frames without columns.
    """
    tables = {}
    for name, frame in frames.items():
        if not frame.width:
            raise SchemaError(f"table {name!r} has no columns; a schema needs at least one")
        columns = tuple(_column(frame[c], (formats or {}).get(c, "")) for c in frame.columns)
        tables[name] = Table(columns, key=(), together=missing_together(frame), rows=frame.height)
    return Schema(tables)


def missing_together(frame: pl.DataFrame) -> tuple[tuple[str, ...], ...]:
    """Return groups of columns whose empty cells stand in exactly the same rows."""
    groups: dict[bytes, list[str]] = {}
    for column in frame.iter_columns():
        if 0 < column.null_count() < len(column):
            groups.setdefault(column.is_null().to_numpy().tobytes(), []).append(column.name)
    return tuple(tuple(names) for names in groups.values() if len(names) > 1)


def _column(series: pl.Series, written: str) -> Column:
    if series.dtype.is_nested() or series.dtype.is_object():
        raise SchemaError(
            f"column {series.name!r}: holds {series.dtype} values, and a table needs one value a cell; "
            "unnest it into columns or rows of its own, or drop it"
        )
    facts = _facts(series, written)
    missing = series.null_count() / len(series) if len(series) else 0.0
    return Column(name=series.name, dtype=str(series.dtype), missing=missing, source="from data", **facts)


def _facts(series: pl.Series, written: str) -> dict[str, Any]:
    import numpy as np
    import polars as pl

    from simulacra.core import infer_numbers

    seen = series.drop_nulls()
    if not len(seen):
        return {"kind": "empty", "why": "no cell holds a value"}
    table = seen.alias("value").value_counts().sort("value")
    values, counts = table["value"], table["count"].to_numpy().astype(np.int64)
    if len(values) == 1:
        return {"kind": "constant", "levels": (values[0],), "weights": (1.0,), "why": "every cell holds the same value"}
    if series.dtype == pl.Boolean:
        return {"kind": "boolean", "levels": (False, True), "weights": tuple(counts / counts.sum()), "why": "true or false"}
    if series.dtype.is_numeric():
        whole = series.dtype.is_integer()
        numbers = values.cast(pl.Float64).to_numpy()
        return {"kind": "number", "format": written, "why": "numbers", **infer_numbers.facts(numbers, counts, whole)}
    if series.dtype.is_temporal():
        return {"kind": "time", "low": str(values[0]), "high": str(values[-1]), "why": "dates or times"}
    order = np.argsort(-counts, kind="stable")[:MAX_LEVELS]
    return {
        "kind": "category",
        "levels": tuple(values.cast(pl.String).gather(order).to_list()),
        "weights": tuple(float(w) for w in counts[order] / counts.sum()),
        "why": f"{len(values):,} different values",
    }
