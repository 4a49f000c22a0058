"""Parquet, Arrow and JSON lines as frames; each error names the column or the line."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

from simulacra.core.errors import DataError
from simulacra.core.infer_images import shape_of
from simulacra.io import chats

if TYPE_CHECKING:
    import polars as pl

LONG = re.compile(rb"[-0-9]\d{18}")


def read_parquet(data: bytes, shown: str, *, nested: bool = False) -> pl.DataFrame:
    """Read Parquet. Raises DataError for damaged files and nested columns."""
    import polars as pl

    try:
        return flat(pl.read_parquet(io.BytesIO(data)), shown, nested)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise DataError(
            f"{shown}: the Parquet data are cut short or damaged ({_first(error)}); write it again"
        ) from error


def read_arrow(data: bytes, shown: str, *, nested: bool = False) -> pl.DataFrame:
    """Read Arrow IPC, the file (Feather) or the stream form. Raises DataError for damaged files and nested columns."""
    import polars as pl

    try:
        if data.startswith(b"ARROW1"):
            return flat(pl.read_ipc(io.BytesIO(data)), shown, nested)
        return flat(pl.read_ipc_stream(io.BytesIO(data)), shown, nested)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise DataError(
            f"{shown}: the Arrow data are cut short or damaged ({_first(error)}); write it again"
        ) from error


def read_jsonl(text: bytes, shown: str, *, nested: bool = False) -> pl.DataFrame:
    """Read one JSON object a line, or one array of objects. Raises DataError with the line for anything else."""
    import polars as pl

    if text.lstrip()[:1] == b"[":
        return flat(_from_objects(_array(text, shown), shown, nested), shown)
    # The fast reader would round integers beyond 64 bits, so long digits take the exact way.
    if not LONG.search(text):
        try:
            found = pl.read_ndjson(io.BytesIO(text), infer_schema_length=None)
            if not nested or not any(dtype.is_nested() for dtype in found.schema.values()):
                return flat(found, shown)
        except pl.exceptions.PolarsError:
            pass
    return flat(_from_objects(_objects(text, shown), shown, nested), shown)


def flat(frame: pl.DataFrame, shown: str, nested: bool = False) -> pl.DataFrame:
    """Return the frame, or refuse columns that hold lists, records or objects and a table without columns or rows.

    nested: take lists and records as JSON text.
    """
    frame = chats.as_json(frame) if nested else frame
    for name, dtype in frame.schema.items():
        if (dtype.is_nested() and shape_of(dtype) is None) or dtype.is_object():
            raise DataError(
                f"{shown}, column {name!r}: holds {type(dtype).__name__.lower()} values, and a table needs one value a "
                "cell; unnest it into columns or rows of its own, or drop it"
            )
    if not frame.width:
        raise DataError(f"{shown} has no columns; a table needs at least one")
    if not frame.height:
        raise DataError(f"{shown} has {frame.width} columns but no rows; a table needs at least one")
    empty = [i + 1 for i, name in enumerate(frame.columns) if not name.strip()]
    if empty:
        raise DataError(f"{shown}: column {empty[0]} of {frame.width} has no name; give it one")
    return frame


def _objects(text: bytes, shown: str) -> list[dict[str, Any]]:
    out = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{shown}, line {number}: not valid JSON ({error}); one object a line is expected"
            ) from error
        if not isinstance(value, dict):
            raise DataError(
                f"{shown}, line {number}: {str(value)[:40]!r} is no JSON object; one object a line is expected"
            )
        out.append(value)
    return out


def _array(text: bytes, shown: str) -> list[dict[str, Any]]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{shown}: not valid JSON ({error}); one array of objects is expected") from error
    for number, entry in enumerate(value, 1):
        if not isinstance(entry, dict):
            raise DataError(f"{shown}, entry {number}: {str(entry)[:40]!r} is no JSON object; give a list of objects")
    return list(value)


def _from_objects(objects: list[dict[str, Any]], shown: str, nested: bool = False) -> pl.DataFrame:
    """Build a frame column by column; what is of several types, or an integer beyond 64 bits, becomes text."""
    import polars as pl

    names = list(dict.fromkeys(key for entry in objects for key in entry))
    columns = {}
    for name in names:
        cells = [entry.get(name) for entry in objects]
        if nested:
            cells = [json.dumps(c, ensure_ascii=False) if isinstance(c, dict | list) else c for c in cells]
        kinds = {type(cell) for cell in cells if cell is not None}
        if kinds & {dict, list}:
            row = next(i for i, cell in enumerate(cells) if isinstance(cell, dict | list))
            raise DataError(
                f"{shown}, entry {row + 1}, column {name!r}: holds a {type(cells[row]).__name__}, and a table needs "
                "one value a cell; unnest it into columns or rows of its own, or drop it"
            )
        long = any(isinstance(c, int) and not -(2**63) <= c < 2**63 for c in cells)
        if long or (len(kinds) > 1 and kinds != {int, float}):
            cells = [c if c is None or isinstance(c, str) else json.dumps(c) for c in cells]
        columns[name] = pl.Series(name, cells, strict=False)
    return pl.DataFrame(columns)


def _first(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
