"""infer: a schema from the data alone; every column's kind with the evidence for it in one sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulacra.core import infer_images, patterns
from simulacra.core.errors import SchemaError
from simulacra.core.schema import Column, Schema, Table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

    Counts = npt.NDArray[np.int64]

Facts = dict[str, Any]


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
        if any(c.kind == "image" for c in columns):
            columns = tuple(_label(c, frame[c.name]) for c in columns)
        tables[name] = Table(columns, key=_key(columns), together=missing_together(frame), rows=frame.height)
    return Schema(tables)


def missing_together(frame: pl.DataFrame) -> tuple[tuple[str, ...], ...]:
    """Return groups of columns whose empty cells stand in exactly the same rows, and not in all of them."""
    groups: dict[bytes, list[str]] = {}
    for column in frame.iter_columns():
        if 0 < column.null_count() < len(column):
            groups.setdefault(column.is_null().to_numpy().tobytes(), []).append(column.name)
    return tuple(tuple(names) for names in groups.values() if len(names) > 1)


def type_name(dtype: pl.DataType) -> str:
    """Return a polars type as a schema shows it: "Int64", "Datetime(us)", "Datetime(us, UTC)", "Decimal(10, 2)"."""
    import polars as pl

    if isinstance(dtype, pl.Datetime):
        return f"Datetime({dtype.time_unit}{', ' + dtype.time_zone if dtype.time_zone else ''})"
    if isinstance(dtype, pl.Duration):
        return f"Duration({dtype.time_unit})"
    if isinstance(dtype, pl.Decimal):
        return f"Decimal({dtype.precision}, {dtype.scale})"
    return "Enum" if isinstance(dtype, pl.Enum) else str(dtype)


def _key(columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Return the one identifier that every row has and none shares."""
    found = [c.name for c in columns if c.kind == "id" and c.unique and c.missing == 0]
    return (found[0],) if len(found) == 1 else ()


def _column(series: pl.Series, written: str) -> Column:
    import polars as pl

    image = infer_images.shape_of(series.dtype) is not None
    if not image and (series.dtype.is_nested() or series.dtype.is_object()):
        hint = "; images are arrays of UInt8, height x width or height x width x 3"
        raise SchemaError(
            f"column {series.name!r}: holds {type(series.dtype).__name__.lower()} values, and a table needs one value "
            "a cell; unnest it into columns or rows of its own, or drop it"
            + (hint if isinstance(series.dtype, pl.Array) else "")
        )
    if isinstance(series.dtype, pl.BaseExtension):
        raise SchemaError(
            f"column {series.name!r}: holds values of the extension type {series.dtype}, such as pandas periods or "
            "intervals; turn it into text, numbers or times first"
        )
    facts = infer_images.facts(series) if image else _facts(series, written)
    missing = series.null_count() / len(series) if len(series) else 0.0
    kind = facts["kind"]
    sensitivity, reason = _sensitivity(series.name, kind)
    facts["why"] += reason
    return Column(
        name=series.name,
        dtype=type_name(series.dtype),
        missing=missing,
        sensitivity=sensitivity,
        source="from data",
        **facts,
    )


def _label(column: Column, series: pl.Series) -> Column:
    """Return the column beside images that says what they show as a category, however few images a class has."""
    import numpy as np
    import polars as pl

    name = column.name.lower()
    whole = series.dtype.is_integer() or series.dtype == pl.String
    if name not in infer_images.LABELS or not whole or column.kind in ("category", "boolean", "constant", "empty"):
        return column
    table = series.drop_nulls().alias("value").value_counts().sort("value")
    values, counts = table["value"], table["count"].to_numpy().astype(np.int64)
    return Column(
        name=column.name,
        dtype=column.dtype,
        missing=column.missing,
        source="from data",
        kind="category",
        why=f"the label of images: {len(values):,} classes",
        **_levels(values, counts),
    )


def _sensitivity(name: str, kind: str) -> tuple[str, str]:
    """Return what a column gives away, and the words that say so."""
    if kind in ("id", "person"):
        return "direct", ""
    if kind in ("constant", "empty"):
        return "none", ""
    what = patterns.quasi(name)
    return ("quasi", f"; by its name ({what}) it helps to single people out") if what else ("none", "")


def _facts(series: pl.Series, written: str) -> Facts:
    import numpy as np
    import polars as pl

    dtype = series.dtype
    seen = series.drop_nulls()
    note = ""
    if dtype.is_float():
        finite = seen.filter(seen.is_finite())
        lost = len(seen) - len(finite)
        note = f"; {lost:,} cells are not finite and were left out" if lost else ""
        seen = finite
    if not len(seen):
        return {"kind": "empty", "why": f"no cell holds a value{note}"}
    table = seen.alias("value").value_counts().sort("value")
    values, counts = table["value"], table["count"].to_numpy().astype(np.int64)
    facts = _constant(values, len(seen)) if len(values) == 1 else _varying(values, counts, series.name)
    facts["why"] += note
    if written and dtype.is_numeric():
        facts["format"] = written
        if "{" in written:
            facts["unit"] = re.sub(r"\{.*\}", "", written).strip()
    if facts["kind"] in ("number", "constant") and isinstance(dtype, pl.Duration):
        facts["unit"] = dtype.time_unit
    return facts


def _varying(values: pl.Series, counts: Counts, name: str) -> Facts:
    """Return the facts of a column with at least two different values, by what it is stored as."""
    import polars as pl

    from simulacra.core import infer_text, infer_times

    dtype = values.dtype
    if dtype == pl.Boolean:
        return {
            "kind": "boolean",
            **_levels(values, counts),
            "why": f"true in {counts[-1] / counts.sum():.1%} of the cells",
        }
    if dtype.is_numeric() or isinstance(dtype, pl.Duration):
        return _numbers(values, counts, name)
    if dtype.is_temporal():
        return {"kind": "time", **infer_times.time_facts(values, counts), "why": f"stored as {type_name(dtype)}"}
    if dtype == pl.Binary:
        return {"kind": "category", **_levels(values, counts), "why": f"{len(values):,} different binary values"}
    texts = infer_text.Texts(name, values.cast(pl.String), counts)
    # Declared levels cannot take fresh values, so they are never identifiers or person data.
    if isinstance(dtype, pl.Enum):
        return infer_text.category(texts, f"declared levels (Enum), {len(values):,} of them occur")
    if dtype == pl.Categorical:
        order = texts.values.arg_sort()
        texts = infer_text.Texts(name, texts.values.gather(order), counts[order.to_numpy()])
    return infer_text.facts(texts)


def _numbers(values: pl.Series, counts: Counts, name: str) -> Facts:
    """Tell numbers from codes, yes and no, identifiers and person data that are stored as numbers."""
    import numpy as np
    import polars as pl

    from simulacra.core import infer_numbers

    stored = values.dtype
    plain = values.to_physical() if isinstance(stored, pl.Duration) else values
    numbers = plain.cast(pl.Float64).to_numpy()
    whole = stored.is_integer() or bool((np.rint(numbers) == numbers).all() and np.abs(numbers).max() < 2**53)
    if whole and not isinstance(stored, pl.Duration):
        special = _whole(values, numbers, counts, name)
        if special is not None:
            return special
    facts = infer_numbers.facts(numbers, counts, stored.is_integer())
    if stored.is_integer():
        facts["low"], facts["high"] = int(values[0]), int(values[-1])
    return {"kind": "number", **facts, "why": infer_numbers.reason(facts, numbers, counts)}


def _whole(values: pl.Series, numbers: npt.NDArray[np.float64], counts: Counts, name: str) -> Facts | None:
    """Return the facts of whole numbers that are no amounts, or None."""
    from simulacra.core import infer_numbers

    cells = int(counts.sum())
    if len(numbers) == 2 and set(numbers) == {0, 1}:
        return {
            "kind": "boolean",
            **_levels(values, counts),
            "why": f"only 0 and 1; 1 in {counts[-1] / cells:.1%} of the cells",
        }
    person = _person_number(values, name)
    if person:
        return {"kind": "person", "format": person[0], "unique": bool(counts.max() == 1), "why": person[1]}
    named = patterns.says(name, "id")
    why = infer_numbers.id_reason(numbers, counts, named, patterns.says(name, "clock"))
    if why:
        return {"kind": "id", "unique": True, "low": int(values[0]), "high": int(values[-1]), "why": why}
    groups = patterns.says(name, "code") or patterns.quasi(name) in ("sex", "origin", "family")
    if infer_numbers.are_codes(numbers, counts, groups):
        shown = ", ".join(str(int(v)) for v in numbers)
        why = f"few whole numbers ({shown}), taken for codes" + (
            " as the name says" if groups else ", each of them frequent"
        )
        return {"kind": "category", **_levels(values, counts), "why": why}
    return _references(values, numbers, counts, name)


def _references(values: pl.Series, numbers: npt.NDArray[np.float64], counts: Counts, name: str) -> Facts | None:
    """Return the facts of numbers that repeat and are references or postcodes by their name, or None."""
    different, cells = len(numbers), int(counts.sum())
    if numbers[0] < 0:
        return None
    if patterns.says(name, "postcode") and different > 2 and numbers[0] >= 100:
        why = f"{different:,} different codes by their name in {cells:,} cells"
        if cells >= 2 * different:
            return {"kind": "category", **_levels(values, counts), "why": why}
        return {"kind": "id", "unique": different == cells, "why": why}
    if different == cells or not patterns.words_of(name).endswith((" id", " code")):
        return None
    why = f"{different:,} different numbers in {cells:,} cells, and the name says they are references, not amounts"
    if cells >= 5 * different:
        return {"kind": "category", **_levels(values, counts), "why": why}
    return {"kind": "id", "low": int(values[0]), "high": int(values[-1]), "why": why}


def _person_number(values: pl.Series, name: str) -> tuple[str, str] | None:
    """Return the format and the reason of card and phone numbers stored as whole numbers."""
    import polars as pl

    low, high = values[0], values[-1]
    if low < 10**6 or len(values) < 5:
        return None
    texts = values.gather_every(max(1, len(values) // 500)).cast(pl.Int64, strict=False).cast(pl.String).drop_nulls()
    if low >= 10**12 and high < 10**19:
        share = sum(map(patterns.luhn, texts.to_list())) / max(1, len(texts))
        if share >= 0.9:
            return "credit_card", f"{share:.0%} of the different numbers are card numbers (Luhn check agrees)"
    if high < 10**15 and patterns.says(name, "phone"):
        return "phone", f"whole numbers of {len(texts[0])} digits or so, and the name says phone numbers"
    return None


def _constant(values: pl.Series, cells: int) -> Facts:
    import polars as pl

    value = _plain((values.to_physical() if isinstance(values.dtype, pl.Duration) else values)[0])
    text = repr(value)
    shown = text if len(text) <= 40 else text[:37] + "..."
    return {
        "kind": "constant",
        "levels": (value,),
        "weights": (1.0,),
        "why": f"{shown} in all {cells:,} cells that hold a value",
    }


def _levels(values: pl.Series, counts: Counts) -> Facts:
    from simulacra.core.infer_text import top_levels

    levels, weights = top_levels(values, counts)
    return {"levels": tuple(_plain(level) for level in levels), "weights": weights}


def _plain(value: Any) -> Any:
    """Return a value as TOML can hold it."""
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, bool | int | float | str) else str(value)
