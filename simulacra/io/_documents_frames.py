"""Parquet and Arrow as cells: the texts of a frame, and the frame again with those that were exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from simulacra.core.errors import DataError
from simulacra.io import formats
from simulacra.io.documents import Cells, Part

if TYPE_CHECKING:
    import polars as pl

ROWS = 50_000


class FrameDocument:
    """A Parquet or Arrow file; a column keeps its type where every new text still is of it, and becomes text else."""

    kind, typed = "frame", True

    def __init__(self, path: Path, shown: str) -> None:
        """Raises DataError for damaged files and nested columns."""
        self.path, self.shown = path, shown
        frame = self._frame()
        self.columns = frame.columns
        for name, dtype in frame.schema.items():
            if dtype.is_nested():
                raise DataError(
                    f"{shown}, column {name!r}: holds images or lists, which masking cannot look at; drop it"
                )

    def _frame(self) -> pl.DataFrame:
        data = self.path.read_bytes()
        if data.startswith(b"PAR1"):
            return formats.read_parquet(data, self.shown)
        return formats.read_arrow(data, self.shown)

    def parts(self) -> Iterator[Part]:
        """Yield slices of the frame; the cells of a column are its texts."""
        frame = self._frame()
        for first in range(0, frame.height, ROWS):
            piece = frame.slice(first, ROWS)
            part = Part({}, first, piece.height, frame=piece)
            place = 0
            for column in piece.iter_columns():
                rows = list(range(first, first + piece.height))
                part.columns[column.name] = Cells(
                    rows, as_texts(column), list(range(place, place + piece.height)), column.dtype
                )
                place += piece.height
            yield part

    def write(self, target: Path, parts: Iterator[Part]) -> None:
        """Write the file of the same format."""
        import polars as pl

        frames = [self._changed(part) for part in parts]
        wide = {name: pl.String() for frame in frames for name, dtype in frame.schema.items() if dtype == pl.String}
        frame = pl.concat([f.with_columns([_cast(f[n], t) for n, t in wide.items()]) for f in frames])
        if self.path.suffix.lower() in (".parquet", ".pq"):
            frame.write_parquet(target)
        else:
            frame.write_ipc(target)

    def _changed(self, part: Part) -> pl.DataFrame:
        import polars as pl

        assert part.frame is not None
        new = []
        for name, cells in part.columns.items():
            if not cells.edits:
                continue
            texts = list(cells.values)
            begin = cells.places[0]
            for place, edits in cells.edits.items():
                texts[place - begin] = None if edits is None else _edited(texts[place - begin] or "", edits)
            text = pl.Series(name, texts, dtype=pl.String)
            new.append(_as(text, part.frame[name].dtype))
        return part.frame.with_columns(new)


def as_texts(column: pl.Series) -> list[str | None]:
    """Return the cells of a column as texts: times in ISO form, numbers as they print."""
    import polars as pl

    if column.dtype == pl.Binary:
        return [None if v is None else v.decode("utf-8", "replace") for v in column.to_list()]
    if column.dtype in (pl.Date, pl.Time) or column.dtype == pl.Datetime:
        return [None if v is None else v.isoformat() for v in column.to_list()]
    if column.dtype.is_float():
        # A column of whole numbers with gaps is often stored as floats; "10293.0" is the 10293 of another file.
        return [None if v is None else str(int(v)) if v.is_integer() else repr(v) for v in column.to_list()]
    return column.cast(pl.String).to_list()


def _as(text: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Return texts as a type when all of them are of it, else as they are."""
    import polars as pl

    if dtype == pl.String or dtype in (pl.Categorical, pl.Enum):
        return text
    if dtype == pl.Date:
        out = text.str.to_date("%Y-%m-%d", strict=False)
    elif dtype == pl.Datetime:
        zone = getattr(dtype, "time_zone", None)
        read = text.str.to_datetime(time_unit=getattr(dtype, "time_unit", "us"), strict=False, time_zone=zone)
        out = read.cast(dtype)
    else:
        out = text.cast(dtype, strict=False)
    return out if out.null_count() == text.null_count() else text


def _cast(column: pl.Series, dtype: pl.DataType) -> pl.Series:
    import polars as pl

    return column if column.dtype == dtype else pl.Series(column.name, as_texts(column), dtype=pl.String)


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    out, at = [], 0
    for start, end, new in edits:
        out += [text[at:start], new]
        at = end
    return "".join([*out, text[at:]])
