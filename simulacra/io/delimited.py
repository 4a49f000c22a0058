"""Delimited text (CSV, TSV) as a frame of text columns: delimiter and quoting found out, every row's fields counted."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulacra.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    import polars as pl

DELIMITERS = (",", ";", "\t", "|")
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SAMPLE = 1 << 18
CHUNK = 1 << 24


@dataclass(frozen=True)
class Rows:
    """Where the rows of a text end and how many delimiters each holds.

    starts, ends: (rows,) byte offsets, the line end not included in the row. fields: (rows,). open: the last quote is
    never closed.
    """

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    fields: npt.NDArray[np.int64]
    open: bool

    @property
    def blank(self) -> npt.NDArray[np.bool_]:
        """Return which rows hold nothing at all, (rows,)."""
        return self.ends <= self.starts


def parse(
    text: bytes, shown: str, *, delimiter: str | None, quote: str | None, names: Sequence[str] | None
) -> tuple[pl.DataFrame, str]:
    """Return all columns as text, an empty cell as missing and a quoted empty cell as "", and the delimiter.

    text: UTF-8. delimiter, quote: one character, quote "" for none, None to find out. names: column names when the
    text has no header. Raises DataError with line and counts for ragged rows, names that are empty or twice, no rows.
    """
    import polars as pl

    text = text.lstrip(b"\r\n")
    if b"\n" not in text and b"\r" in text:
        text = text.replace(b"\r", b"\n")
    if not text.strip():
        raise DataError(f"{shown} holds only blank space; a table needs a header and rows")
    quote = _quote(text) if quote is None else quote
    delimiter = delimiter or sniff(text, quote)
    rows, quote = _rows(text, delimiter, quote)
    header = list(names) if names is not None else _header(text, rows, delimiter, quote)
    _check_names(header, shown, declared=names is not None)
    if rows.open:
        line = _line(text, int(rows.starts[-1]))
        raise DataError(f"{shown}, line {line}: a quote {quote} is opened and never closed; close it or give quote=''")
    first = 0 if names is not None else 1
    wide = len(header) > 1
    _check_fields(text, rows, header, shown, delimiter, first)
    if len(rows.ends) - first - (int(rows.blank[first:].sum()) if wide else 0) < 1:
        raise DataError(f"{shown} has a header ({len(header)} columns) but no rows; a table needs at least one")
    frame = _cells(text, shown, delimiter, quote, header, first)
    if frame.height != len(rows.ends) - first:
        raise DataError(
            f"{shown}: {len(rows.ends) - first} rows by their quotes but {frame.height} by their line ends; "
            "a quote stands inside an unquoted cell: double it and quote the cell, or give quote=''"
        )
    blank = rows.blank[first:]
    if wide and blank.any():
        frame = frame.filter(pl.Series(~blank))
    return frame, delimiter


def _cells(text: bytes, shown: str, delimiter: str, quote: str, header: list[str], first: int) -> pl.DataFrame:
    import polars as pl

    try:
        return pl.read_csv(
            text,
            has_header=first == 1,
            new_columns=header,
            separator=delimiter,
            quote_char=quote or None,
            infer_schema=False,
            truncate_ragged_lines=False,
            raise_if_empty=False,
        )
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{shown}: cannot be read as delimited text: {str(error).splitlines()[0]}") from error


def sniff(text: bytes, quote: str) -> str:
    """Return the delimiter that the header has and most of the first rows repeat; a comma when there is none."""
    best, score = ",", (0.0, 0)
    part = text[:SAMPLE]
    whole = len(part) == len(text)
    for delimiter in DELIMITERS:
        rows = scan(part, delimiter, quote)
        fields = rows.fields[~rows.blank]
        fields = fields if whole or len(fields) < 3 else fields[:-1]
        if not len(fields) or fields[0] < 2:
            continue
        share = float((fields == fields[0]).mean()) if len(fields) == 1 else float((fields[1:] == fields[0]).mean())
        if (round(share, 1), int(fields[0])) > score:
            best, score = delimiter, (round(share, 1), int(fields[0]))
    return best


def scan(text: bytes, delimiter: str, quote: str) -> Rows:
    """Find every row end and count every row's fields, quotes respected; works through the text in pieces."""
    import numpy as np

    data = np.frombuffer(text, np.uint8)
    mark, quoted = ord(delimiter), bool(quote) and quote.encode() in text
    inside, before = False, 0
    ends, counts = [], []
    for at in range(0, len(data), CHUNK):
        part = data[at : at + CHUNK]
        line, cut = part == 10, part == mark
        if quoted:
            within = np.logical_xor.accumulate(part == ord(quote))
            if inside:
                np.logical_not(within, out=within)
            inside = bool(within[-1])
            np.logical_not(within, out=within)
            line &= within
            cut &= within
        stops, cuts = np.flatnonzero(line), np.flatnonzero(cut)
        ends.append(stops + at)
        counts.append(np.searchsorted(cuts, stops) + before)
        before += len(cuts)
    if text[-1:] != b"\n" or inside:
        ends.append(np.array([len(data)]))
        counts.append(np.array([before]))
    end, total = np.concatenate(ends).astype(np.int64), np.concatenate(counts).astype(np.int64)
    start = np.concatenate([[0], end[:-1] + 1])
    bare = end - ((end > start) & (data[np.maximum(end - 1, 0)] == 13))
    return Rows(start, bare, np.diff(total, prepend=0) + 1, inside)


def _rows(text: bytes, delimiter: str, quote: str) -> tuple[Rows, str]:
    """Scan; when quotes make the rows ragged and ignoring them makes all rows even, they are marks such as inches."""
    rows = scan(text, delimiter, quote)
    fields = rows.fields[~rows.blank]
    if quote and (rows.open or (fields != fields[0]).any() or not _leads(text, delimiter, quote)):
        plain = scan(text, delimiter, "")
        fields = plain.fields[~plain.blank]
        if not _leads(text, delimiter, quote) and (fields == fields[0]).all():
            return plain, ""
    return rows, quote


def _leads(text: bytes, delimiter: str, quote: str) -> bool:
    """Tell whether any field begins with the quote."""
    mark = quote.encode()
    if mark not in text:
        return True
    return text.startswith(mark) or any(lead + mark in text for lead in (delimiter.encode(), b"\n"))


def _quote(text: bytes) -> str:
    """Return the double quote, or the single one where it alone encloses fields."""
    if b'"' in text:
        return '"'
    part = text[:SAMPLE]
    opens = sum(part.count(d.encode() + b"'") for d in DELIMITERS)
    closes = sum(part.count(b"'" + d.encode()) for d in DELIMITERS)
    return "'" if opens >= 3 and opens == closes else '"'


def _header(text: bytes, rows: Rows, delimiter: str, quote: str) -> list[str]:
    line = text[int(rows.starts[0]) : int(rows.ends[0])].decode("utf-8")
    if not quote:
        return line.split(delimiter)
    return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter, quotechar=quote), [""])


def _check_names(header: list[str], shown: str, *, declared: bool) -> None:
    where = "names=" if declared else f"{shown}, line 1"
    empty = [i + 1 for i, name in enumerate(header) if not name.strip()]
    if empty:
        hint = " (pandas writes its row index so: use to_csv(index=False))" if empty == [1] else ""
        hint = " (every line ends in a delimiter: remove it)" if empty == [len(header)] and len(header) > 1 else hint
        raise DataError(f"{where}: column {empty[0]} of {len(header)} has no name{hint}; give it one")
    twice = sorted({name for name in header if header.count(name) > 1}) if len(set(header)) < len(header) else []
    if twice:
        places = ", ".join(str(i + 1) for i, name in enumerate(header) if name == twice[0])
        raise DataError(f"{where}: the name {twice[0]!r} stands for columns {places}; rename all but one")


def _check_fields(text: bytes, rows: Rows, header: list[str], shown: str, delimiter: str, first: int) -> None:
    import numpy as np

    wide = len(header) > 1
    wrong = np.flatnonzero((rows.fields[first:] != len(header)) & ~(rows.blank[first:] & wide))
    if not len(wrong):
        return
    row = int(wrong[0]) + first
    found = int(rows.fields[row])
    line = _line(text, int(rows.starts[row]))
    more = f" ({len(wrong):,} such rows)" if len(wrong) > 1 else ""
    mark = NAMES.get(delimiter, repr(delimiter))
    advice = "complete the row"
    if found > len(header):
        advice = f"quote cells that hold a {mark}, or in Python say what cuts them: read(path, delimiter=...)"
    if found == len(header) + 1 and len(wrong) == len(rows.ends) - first:
        advice = "every row has one cell more than the header: name that column (R writes row names so)"
    raise DataError(
        f"{shown}, line {line} (row {row - first + 1}): {found} fields where the header has {len(header)}{more}, "
        f"cut at each {mark}; {advice}"
    )


def _line(text: bytes, offset: int) -> int:
    return text.count(b"\n", 0, offset) + 1
