"""Reading and writing: CSV, TSV, Parquet, JSON lines and Arrow, compressed or not, images and documents."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core.errors import ConfigError, near

if TYPE_CHECKING:
    import polars as pl

    from simulacra.core.data import Dataset

LIMIT = 8 << 30
"""Most unpacked bytes of one file, unless the caller says otherwise."""


def read(
    source: str | Path,
    *,
    na: Sequence[str] = (),
    table: str = "table",
    format: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    names: Sequence[str] | None = None,
    limit: int = LIMIT,
    size: int | None = None,
    mode: str | None = None,
    signs: bool = True,
    nested: bool = False,
) -> Dataset:
    """Read a table, or images as a table, with its inferred schema; every value stays what it is in the file.

    source: a path, or "-" for standard input; for images a folder or an .npz archive (see io.images.read), for
    documents a file or a folder of them (io.texts.read). na: cells to take as missing besides the empty one. table: the
    name of the table. format: csv, tsv, parquet, jsonl or arrow; None goes by content and ending. For delimited text:
    delimiter, quote ("" for none), encoding (a Python codec) and decimal ("." or ",") are found out when None; names
    are the columns of a text without a header. limit: most bytes after unpacking. size, mode: of images, in pixels a
    side, "grey" or "colour"; None as they are. signs: of delimited text, read columns of numbers with thousands signs
    or a decimal comma as numbers; one cell decides there what the others mean.
    Raises DataError with file, line and column for what cannot be read, MissingExtra for .zst without pyarrow.
    """
    from simulacra.core.data import Dataset
    from simulacra.core.infer import infer
    from simulacra.io import images, texts
    from simulacra.io import source as sources

    if str(source) != "-" and size is None and mode is None and texts.is_documents(source):
        return texts.read(source, table=table)
    if str(source) != "-" and images.layout_of(source):
        return images.read(source, size=size, mode=mode, limit=limit, table=table)
    if size is not None or mode is not None:
        raise ConfigError(f"size and mode are for images, and {source} is no folder or .npz archive of images")
    given = _Options(tuple(na), delimiter, quote, encoding, decimal, names, signs, nested)
    _check(na, format, given)
    data, found, shown = sources.load(source, limit, format)
    frame, formats = _frame(data, found, shown, given)
    del data
    return Dataset({table: frame}, infer({table: frame}, formats))


@dataclass(frozen=True)
class _Options:
    na: tuple[str, ...]
    delimiter: str | None
    quote: str | None
    encoding: str | None
    decimal: str | None
    names: Sequence[str] | None
    signs: bool = True
    nested: bool = False


def _frame(data: bytes, found: str, shown: str, given: _Options) -> tuple[pl.DataFrame, dict[str, str]]:
    from simulacra.io import cells, delimited, formats
    from simulacra.io.encoding import to_utf8

    if found in ("parquet", "arrow"):
        read = formats.read_parquet if found == "parquet" else formats.read_arrow
        frame = read(data, shown, nested=given.nested)
        return cells.cleaned(frame, shown, given.na), {}
    text = to_utf8(data, shown, given.encoding)
    if found == "jsonl":
        return cells.cleaned(formats.read_jsonl(text, shown, nested=given.nested), shown, given.na), {}
    mark = given.delimiter or ("\t" if found == "tsv" else None)
    raw, mark = delimited.parse(text, shown, delimiter=mark, quote=given.quote, names=given.names)
    return cells.typed(raw, shown, na=given.na, decimal=given.decimal, delimiter=mark, signs=given.signs)


def _check(na: Sequence[str], format: str | None, given: _Options) -> None:
    from simulacra.io.source import FORMATS

    if isinstance(na, str):
        raise ConfigError(f"na takes a list of texts, got {na!r}; write na=({na!r},)")
    if format is not None and format not in FORMATS:
        raise ConfigError(f"unknown format {format!r}.{near(format, FORMATS)}")
    delimiter, quote, decimal = given.delimiter, given.quote, given.decimal
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in "\r\n"):
        raise ConfigError(f"delimiter must be one ASCII character, got {delimiter!r}")
    if quote and (len(quote) != 1 or not quote.isascii()):
        raise ConfigError(f"quote must be one ASCII character, or '' for none, got {quote!r}")
    if given.encoding is not None:
        try:
            codecs.lookup(given.encoding)
        except LookupError as error:
            some = "utf-8, utf-16, cp1252, latin-1, cp1251, shift_jis, gb18030"
            raise ConfigError(f"unknown encoding {given.encoding!r}; use one such as {some}") from error
    if decimal not in (None, ".", ","):
        raise ConfigError(f"decimal must be '.' or ',', got {decimal!r}")


def write(data: Any, path: str | Path, *, format: str | None = None, neutralise: bool = False) -> None:
    """Write a table whole or not at all; numbers and dates look as they did in the file they were read from.

    data: a Dataset of one table, or any frame. path: its ending names the format and the compression (.gz, .bz2, .xz,
    .zst, .zip); .npz is for images; "-" is standard output, CSV unless `format` says otherwise. neutralise: put an
    apostrophe before text that a spreadsheet would run as a formula (= + - @ tab or return first); numbers stay as
    they are.
    Raises ConfigError for an unknown ending, OutputError for a full disk or a folder that cannot be written to.
    """
    import sys

    from simulacra.core.atomic import writing
    from simulacra.core.data import as_dataset
    from simulacra.io import images, output

    if Path(path).suffix.lower() == ".npz" and format is None:
        images.write_npz(as_dataset(data).frame, Path(path))
        return
    found, packed = output.target(str(path), format)
    if neutralise and found not in ("csv", "tsv"):
        raise ConfigError(f"{path}: neutralise is for CSV, which spreadsheets open; the format is {found}")
    dataset = as_dataset(data)
    frame = dataset.frame
    if found in ("csv", "tsv"):
        known = dataset.given_schema.table.columns if dataset.given_schema is not None else ()
        written = {c.name: c.format for c in known if c.format}
        frame = output.dressed(frame, written, neutralise)
    if str(path) == "-":
        output.encode(frame, found, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    inner = Path(path).stem if packed else Path(path).name
    with writing(path) as temp, open(temp, "wb") as handle, output.packing(handle, packed, inner) as out:
        output.encode(frame, found, out)
