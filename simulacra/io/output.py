"""Frames to bytes: text cells as they were read, compression by the ending, nothing half-written."""

from __future__ import annotations

import contextlib
import errno
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from simulacra.core.errors import ConfigError, DataError, near, need

if TYPE_CHECKING:
    import polars as pl

DANGEROUS = r"^[=+\-@\t\r]"
"""Beginnings of text that a spreadsheet takes for a formula."""
PLAIN_NUMBER = r"^[+-]?(?:\d[\d.,' ]*|\.\d+)(?:[eE][+-]?\d+)?%?$"


def target(path: str, format: str | None) -> tuple[str, str]:
    """Return the format and the compression that a path's endings, or `format`, ask for. Raises ConfigError."""
    from simulacra.io.source import FORMAT_ENDINGS, FORMATS, PACKED_ENDINGS

    if format is not None and format not in FORMATS:
        raise ConfigError(f"unknown format {format!r}.{near(format, FORMATS)}")
    endings = [e.lower() for e in Path(path).suffixes]
    packed = PACKED_ENDINGS.get(endings[-1], "") if endings else ""
    ending = (endings[-2] if len(endings) > 1 else "") if packed else (endings[-1] if endings else "")
    if format or path == "-":
        return format or "csv", packed
    if ending not in FORMAT_ENDINGS:
        raise ConfigError(
            f"{path}: unknown ending {ending!r}.{near(ending, FORMAT_ENDINGS)} Name the file .csv, .tsv, .parquet, "
            ".jsonl or .arrow (then .gz, .bz2, .xz, .zst or .zip to compress), or give format="
        )
    return FORMAT_ENDINGS[ending], packed


@contextlib.contextmanager
def packing(handle: IO[bytes], packed: str, name: str) -> Iterator[IO[bytes]]:
    """Yield a handle that compresses into `handle`; no clock time is stored, so the same data give the same bytes."""
    import bz2
    import gzip
    import lzma
    import zipfile

    if packed == "gzip":
        with gzip.GzipFile(filename="", mode="wb", fileobj=handle, mtime=0, compresslevel=6) as out:
            yield cast("IO[bytes]", out)
    elif packed == "zip":
        with (
            zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member,
        ):
            yield member
    elif packed == "bzip2":
        with bz2.BZ2File(handle, "wb") as out_bz2:
            yield cast("IO[bytes]", out_bz2)
    elif packed == "xz":
        with lzma.LZMAFile(handle, "wb") as out_xz:
            yield cast("IO[bytes]", out_xz)
    elif packed == "zstd":
        arrow = need("pyarrow", "arrow", f"writing the zstd file {name}")
        with arrow.CompressedOutputStream(handle, "zstd") as out_zstd:
            yield out_zstd
    else:
        yield handle


def encode(frame: pl.DataFrame, format: str, handle: IO[bytes]) -> None:
    """Write a frame in one of the formats. Raises DataError for columns that the format cannot hold."""
    import polars as pl

    buffer = io.BytesIO()
    try:
        if format in ("csv", "tsv"):
            _csv(frame, "\t" if format == "tsv" else ",", buffer)
        elif format == "jsonl":
            frame.write_ndjson(buffer)
        elif format == "parquet":
            frame.write_parquet(buffer, compression="zstd")
        else:
            frame.write_ipc(buffer, compression="uncompressed")
    except pl.exceptions.PolarsError as error:
        text = str(error)
        if "No space left" in text:
            raise OSError(errno.ENOSPC, "disk full") from error
        raise DataError(f"the table cannot be written as {format}: {text.splitlines()[0]}; use Parquet") from error
    handle.write(buffer.getbuffer())


def dressed(frame: pl.DataFrame, written: Mapping[str, str], neutralise: bool) -> pl.DataFrame:
    """Return the frame as delimited text shows it: numbers as they were written, formula cells made harmless if asked.

    written: column -> ".2f", ",.2f", ",d", "g" (no ".0") or one of them inside signs, "${:,.2f}".
    Raises DataError for columns that text cannot hold.
    """
    import polars as pl

    changes: list[pl.Expr | pl.Series] = []
    for name, dtype in frame.schema.items():
        if dtype.is_nested() or dtype.is_object() or dtype in (pl.Binary, pl.Duration):
            raise DataError(
                f"column {name!r} holds {type(dtype).__name__.lower()} values, which delimited text cannot; "
                "write Parquet or JSON Lines (format parquet or jsonl), or take it apart into columns"
            )
        if name in written and dtype.is_numeric():
            changes.append(_as_written(frame[name], written[name]))
        elif neutralise and (dtype == pl.String or dtype in (pl.Categorical, pl.Enum)):
            text = pl.col(name).cast(pl.String)
            risky = text.str.contains(DANGEROUS) & ~text.str.contains(PLAIN_NUMBER)
            changes.append(pl.when(risky).then("'" + text).otherwise(text).alias(name))
    frame = frame.with_columns(changes)
    if neutralise:
        frame = frame.rename({n: "'" + n for n in frame.columns if re.match(DANGEROUS, n)})
    return frame


def _as_written(column: pl.Series, written: str) -> pl.Series:
    """Return numbers as text of a fixed look; as they are where that look would change a value."""
    import polars as pl

    affixed = re.fullmatch(r"([^{}]*)\{:([^{}]*)\}([^{}]*)", written)
    if affixed:
        before, look, after = affixed.groups()
        cells = _as_written(column, look).cast(pl.String)
        shown = pl.lit(before) + pl.col(column.name) + pl.lit(after)
        return cells.to_frame().select(shown.alias(column.name)).to_series()

    if written == "g":
        return column.cast(pl.String).str.replace(r"\.0$", "")
    if not re.fullmatch(r",?(?:\.\d{1,2}f|d)", written):
        return column
    if written.endswith("f") and column.dtype.is_float():
        digits = int(written.strip(",.f"))
        if not column.round(digits).eq_missing(column).all():
            return column
    elif written.endswith("d") != column.dtype.is_integer():
        return column
    texts: list[Any] = [None if v is None else format(v, written) for v in column.to_list()]
    return pl.Series(column.name, texts, dtype=pl.String)


def _csv(frame: pl.DataFrame, separator: str, buffer: io.BytesIO) -> None:
    frame.write_csv(buffer, separator=separator, line_terminator="\n", quote_style="necessary")
