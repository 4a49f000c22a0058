"""A schema as text for a terminal: a line of facts a column and, under it, the reason they are believed."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from simulacra.core.infer_images import LABELS
from simulacra.core.render import words
from simulacra.core.schema import Column, Schema, Table

SHOWN = 200
"""Columns told one by one; a table of thousands must not flood a terminal."""
CLASSES = 12
"""Classes of images that are told one by one."""
LARGEST = 64
"""Longest side of images, in pixels, that methods are made for."""
HINT = "To change a fact: simulacra look DATA -o schema.toml, edit the file, then give --schema schema.toml."


def render_schema(schema: Schema, width: int = 100) -> str:
    """Return the tables of a schema in lines of at most `width` characters (72 or more)."""
    width = max(width, 72)
    parts = [_table(name, table, width) for name, table in schema.tables.items()]
    return "\n\n".join([*parts, textwrap.fill(HINT, width)])


def _table(name: str, table: Table, width: int) -> str:
    rows = "" if table.rows is None else f"{table.rows:,} rows, "
    shown = table.columns[:SHOWN]
    wide = min(28, max(6, *(words.cells(words.clean(c.name)) for c in shown)))
    kinds = max(4, *(len(_kind(c)) for c in shown))
    lines = [f"{words.short(name, 40)}: {rows}{len(table.columns):,} columns", ""]
    lines.append(f"{words.pad('column', wide)}  {'kind':<{kinds}}  missing  values")
    for column in shown:
        lines += _column(column, wide, kinds, width)
    if len(table.columns) > SHOWN:
        lines.append(f"... and {len(table.columns) - SHOWN:,} more columns; all of them are in the file of -o")
    return "\n".join(lines + _notes(table, width))


def _column(column: Column, wide: int, kinds: int, width: int) -> list[str]:
    room = width - wide - kinds - 13
    missing = "" if column.missing == 0 else words.percent(column.missing)
    values = textwrap.wrap(_values(column), room, max_lines=2, placeholder=" ...") or [""]
    first = f"{words.pad(words.short(column.name, wide), wide)}  {_kind(column):<{kinds}}  {missing:>7}  {values[0]}"
    more = [" " * (width - room) + line for line in values[1:]]
    why = words.clean(column.why) or "no reason recorded"
    source = "declared: " if column.source == "declared" and not why.startswith("declared") else ""
    reason = textwrap.wrap(source + why, width - 4, initial_indent="    ", subsequent_indent="    ")
    return [first.rstrip(), *more, *reason]


def _kind(column: Column) -> str:
    return f"person ({column.format})" if column.kind == "person" else column.kind


def _values(column: Column) -> str:
    """Return what a column holds: its range, its first levels or its shape, and how sensitive it is."""
    if column.kind == "number":
        grid = "" if column.step is None or column.step == 1 else f", step {column.step:g}"
        text = _range(column) + grid + (f" {words.clean(column.unit)}" if column.unit else "")
    elif column.kind == "time":
        grid = f", step {column.step:g} s" if column.step else ""
        text = _range(column) + grid + (f", {words.clean(column.format)}" if column.format else "")
    elif column.kind == "mixed":
        text = f"{_range(column)} and {_levels(column)}" if column.levels else _range(column)
    elif column.kind == "image":
        size, _, mode = words.clean(column.format).partition(" ")
        text = f"{size.replace('x', ' x ')} pixels, {mode}" if mode else size
    elif column.kind == "id":
        text = words.clean(column.format) or _range(column)
    else:
        text = _levels(column)
    text = ", ".join(part for part in (text, "unique" if column.unique else "") if part)
    # For quasi identifiers that were inferred, the reason says so.
    said = column.sensitivity == "quasi" and column.source == "from data"
    mark = "" if said else {"direct": "[identifies]", "quasi": "[helps to identify]"}.get(column.sensitivity, "")
    return f"{text} {mark}".strip()


def _range(column: Column) -> str:
    if column.low is None or column.high is None:
        return ""
    return f"{_value(column.low)} .. {_value(column.high)}"


def _levels(column: Column) -> str:
    if not column.levels:
        return ""
    shares: Sequence[float | None] = column.weights or [None] * len(column.levels)
    shown = [
        _value(level, 20) + ("" if share is None or share == 1 else f" {share:.1%}")
        for level, share in list(zip(column.levels, shares, strict=True))[:3]
    ]
    more = f", {len(column.levels) - 3:,} more" if len(column.levels) > 3 else ""
    return ", ".join(shown) + more


def _value(value: object, limit: int = 26) -> str:
    return f"{value:g}" if isinstance(value, float) else words.short(value, limit)


def _notes(table: Table, width: int) -> list[str]:
    notes = []
    if table.key:
        notes.append(f"Key: {', '.join(table.key)} names every row.")
    for group in table.together[:10]:
        notes.append(f"Missing together, in the same rows: {', '.join(group)}.")
    notes += _images(table)
    lines = [line for note in notes for line in textwrap.wrap(words.clean(note), width)]
    return ["", *lines] if lines else []


def _images(table: Table) -> list[str]:
    """Return what to know of a table of images: how many of each class, and what to do next."""
    found = [c for c in table.columns if c.kind == "image"]
    if not found:
        return []
    notes = []
    for column in table.columns:
        if column.name.lower() in LABELS and column.levels and table.rows:
            seen = table.rows * (1 - column.missing)
            levels = list(zip(column.levels, column.weights or (1.0,), strict=False))
            told = ", ".join(f"{_value(level, 20)} ({round(seen * share):,})" for level, share in levels[:CLASSES])
            more = f", and {len(column.levels) - CLASSES:,} more" if len(column.levels) > CLASSES else ""
            notes.append(f"Images by {column.name}: {told}{more}.")
    sides = [int(part) for part in re.findall(r"\d+", found[0].format)[:2]]
    if sides and max(sides) > LARGEST:
        notes.append(f"Methods of images learn from 8 to {LARGEST} pixels a side: give --size {LARGEST} or less.")
    elif sides and sides[0] != sides[-1]:
        notes.append(f"The images are not square: --size {min(sides)} cuts the square in the middle of each.")
    return [*notes, "To make more of them: simulacra make DATA -m images/METHOD -o out/ (without -m by images/pca)."]
