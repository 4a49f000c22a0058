"""JSON schemas as types of columns: what can be a type of polars is one, the rest is kept as JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

Schema = Mapping[str, Any]


def dtype_of(schema: Schema | None) -> pl.DataType:
    """Return the type of values that fulfil a schema; text for what has no type of its own, None among it."""
    import polars as pl

    kind = _kind(schema)
    plain: dict[str, pl.DataType] = {
        "string": pl.String(), "integer": pl.Int64(), "number": pl.Float64(), "boolean": pl.Boolean(),
    }  # fmt: skip
    if schema is not None and kind == "object":
        return pl.Struct({name: dtype_of(part) for name, part in schema["properties"].items()})
    if schema is not None and kind == "array":
        return pl.List(dtype_of(schema["items"]))
    return plain.get(kind, pl.String())


def stored(schema: Schema | None, value: Any) -> Any:
    """Return a value as a column of that type holds it: fields that are absent are missing, the rest is JSON text."""
    kind = _kind(schema)
    if value is None:
        return None
    if schema is not None and kind == "object" and isinstance(value, Mapping):
        return {name: stored(part, value.get(name)) for name, part in schema["properties"].items()}
    if schema is not None and kind == "array" and isinstance(value, list | tuple):
        return [stored(schema["items"], item) for item in value]
    if kind == "string" or isinstance(value, str):
        return value
    if kind in ("integer", "number"):
        return int(value) if kind == "integer" else float(value)
    return value if kind == "boolean" else json.dumps(value, ensure_ascii=False)


def too_large(value: Any) -> bool:
    """Return whether a value holds a whole number that no column can hold."""
    if isinstance(value, Mapping):
        return any(map(too_large, value.values()))
    if isinstance(value, list | tuple):
        return any(map(too_large, value))
    return isinstance(value, int) and not -(2**63) <= value < 2**63


def column_of(name: str, schema: Schema | None, values: Sequence[Any]) -> pl.Series:
    """Return values that fulfil a schema as a column."""
    import polars as pl

    from simulacra.text._columns_cells import nested

    dtype, kept = dtype_of(schema), [stored(schema, value) for value in values]
    return nested(name, kept, dtype) if dtype.is_nested() else pl.Series(name, kept, dtype)


def fields_of(schema: Schema) -> frozenset[str] | None:
    """Return the fields that values of a schema have, None where any may come."""
    return frozenset(schema["properties"]) if _kind(schema) == "object" else None


def _kind(schema: Schema | None) -> str:
    """Return the kind of value that a schema tells of, "" where it may be one of several."""
    if not isinstance(schema, Mapping):
        return "string" if schema is None else ""
    kind = schema.get("type")
    if isinstance(kind, list):
        [kind, *others] = [k for k in kind if k != "null"] or [""]
        if others:
            return ""
    if kind is None and isinstance(schema.get("enum"), list) and all(isinstance(v, str) for v in schema["enum"]):
        return "string"
    inner = {"object": "properties", "array": "items"}.get(str(kind))
    if inner is not None and (not isinstance(schema.get(inner), Mapping) or not schema[inner]):
        return ""
    return str(kind or "")
