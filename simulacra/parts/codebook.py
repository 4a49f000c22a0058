"""A codebook as a declared domain: a CSV of columns and values, or the TOML of a schema."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from simulacra.core.errors import SchemaError, near
from simulacra.core.schema import KINDS, Column, Schema

KNOWN = ("column", "value", "label", "kind", "low", "high", "step", "dtype", "format", "unit")
SAME = ("kind", "low", "high", "step", "dtype", "format", "unit")
"""Facts of a column, which may stand in any of its rows and must agree."""


def read(path: str | Path) -> Schema:
    """Return the declared domain that a file holds.

    path: `.toml` as `simulacra look -o` writes it, anything else as CSV with a header. Its columns: column and value,
    one row a level; label (for people) is not used; kind, low, high, step, dtype, format and unit of columns that are
    no categories, in one row without a value. Raises SchemaError with the file and line of a fault.
    """
    path = Path(path)
    if path.suffix.lower() == ".toml":
        return Schema.read(path)
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(f"{path}: cannot be read as a codebook ({error}); give a CSV in UTF-8") from error
    facts: dict[str, dict[str, str]] = {}
    levels: dict[str, list[str]] = {}
    for line, row in _rows(text, str(path)):
        name = row["column"]
        levels.setdefault(name, [])
        if row.get("value"):
            if row["value"] in levels[name]:
                raise SchemaError(f"{path}, line {line}: column {name!r} lists the value {row['value']!r} twice")
            levels[name].append(row["value"])
        for fact in SAME:
            if row.get(fact):
                known = facts.setdefault(name, {}).setdefault(fact, row[fact])
                if known != row[fact]:
                    raise SchemaError(f"{path}, line {line}: column {name!r} has {fact} {known!r} and {row[fact]!r}")
    if not levels:
        raise SchemaError(f"{path}: a codebook needs at least one row of column and value")
    return Schema.of(*(_column(name, values, facts.get(name, {}), str(path)) for name, values in levels.items()))


def _rows(text: str, shown: str) -> list[tuple[int, dict[str, str]]]:
    """Return the line and the filled cells of every row."""
    reader = csv.reader(io.StringIO(text), delimiter=_delimiter(text))
    try:
        lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(c.strip() for c in row)]
    except csv.Error as error:
        raise SchemaError(f"{shown}, line {reader.line_num}: not a CSV ({error})") from error
    header = [cell.lower() for cell in lines[0][1]] if lines else []
    for name in ("column", "value"):
        if name not in header and not (name == "value" and "low" in header):
            raise SchemaError(
                f"{shown}: the first line must name the columns column and value, got {', '.join(header)}"
            )
    for name in header:
        if name not in KNOWN:
            raise SchemaError(f"{shown}: unknown column {name!r}.{near(name, KNOWN)}")
    out = []
    for line, row in lines[1:]:
        if len(row) > len(header):
            raise SchemaError(f"{shown}, line {line}: {len(row)} cells, but the header names {len(header)}")
        cells = {name: cell for name, cell in zip(header, row, strict=False) if cell}
        if "column" not in cells:
            raise SchemaError(f"{shown}, line {line}: no column is named")
        out.append((line, cells))
    return out


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t|", key=first.count)


def _column(name: str, values: list[str], facts: dict[str, str], shown: str) -> Column:
    """Return the declared column: a category when it has values, otherwise what its facts say."""
    known: dict[str, Any] = dict(facts)
    kind = known.pop("kind", "category" if values else "number" if "low" in known or "high" in known else "")
    if kind not in KINDS:
        raise SchemaError(f"{shown}: column {name!r} has no values and the kind {kind!r}.{near(kind, KINDS)}")
    for fact in ("low", "high", "step"):
        if fact in known and kind != "time":
            known[fact] = _number(known[fact], f"{shown}: column {name!r}: {fact}")
    if kind == "time" and "step" in known:
        known["step"] = _number(known["step"], f"{shown}: column {name!r}: step")
    if values and kind != "mixed":
        known["levels"] = _typed(values, known.get("dtype", ""))
    elif values:
        known["levels"] = tuple(values)
    return Column(name, kind, why=f"declared in {Path(shown).name}", **known)


def _number(text: str, where: str) -> float | int:
    try:
        value = float(text)
    except ValueError:
        raise SchemaError(f"{where} must be a number, got {text!r}") from None
    return int(value) if value == int(value) and "." not in text and "e" not in text.lower() else value


def _typed(values: list[str], dtype: str) -> tuple[Any, ...]:
    """Return levels as whole numbers where all are and no type says otherwise; "01" stays text."""
    whole = all(v.lstrip("-").isdigit() and str(int(v)) == v for v in values)
    return tuple(int(v) for v in values) if whole and dtype in ("", "Int64") else tuple(values)
