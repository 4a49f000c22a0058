"""Files as cells that can be exchanged one by one: whatever is not exchanged stays as it was, byte for byte.

CSV, TSV, JSON lines, JSON, XML and plain text are cut into cells whose places in the text are known; new texts are set
in at those places in the writing of the cell (quotes, escapes, entities), so that layout, order, line ends, byte-order
marks and number formats survive. Parquet and Arrow are read as frames and written again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from simulacra.core.errors import DataError, near
from simulacra.io._documents_text import Coding, Edit, Style, coding

if TYPE_CHECKING:
    import polars as pl

KINDS = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".parquet": "frame", ".pq": "frame", ".arrow": "frame",
    ".feather": "frame", ".ipc": "frame", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".xml": "xml",
    ".txt": "text", ".text": "text", ".md": "text", ".log": "text",
}  # fmt: skip
"""Ending of a file name -> kind of document."""
FORMATS = {
    "csv": "csv", "tsv": "csv", "parquet": "frame", "arrow": "frame", "jsonl": "jsonl", "json": "json", "xml": "xml",
    "text": "text",
}  # fmt: skip
"""Name of a format, as a user gives it -> kind of document."""


@dataclass
class Cells:
    """One column of a part.

    rows: number of the record of each cell, from 0. values: their texts, None where there is nothing. places: number of
    each cell among those of the part. dtype: of the column, where the file has types. edits: place -> what is new: a
    list of edits, or None to empty the cell.
    """

    rows: list[int] = field(default_factory=list)
    values: list[str | None] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    dtype: pl.DataType | None = None
    edits: dict[int, list[Edit] | None] = field(default_factory=dict)


@dataclass
class Part:
    """Some records of a document. columns: name -> cells. text: what they were cut from. raw: where each cell stands
    in the text, and how it is written. first: number of the first record, rows: how many."""

    columns: dict[str, Cells]
    first: int
    rows: int
    text: str = ""
    raw: list[tuple[int, int, Style]] = field(default_factory=list)
    frame: pl.DataFrame | None = None


def spliced(part: Part, written: Callable[[str, Style, list[Edit] | None], str]) -> str:
    """Return the text of a part with its edits; written: the raw text of an edited cell from the one that was."""
    changed = {place: edits for cells in part.columns.values() for place, edits in cells.edits.items()}
    out, at = [], 0
    for place in sorted(changed):
        start, end, style = part.raw[place]
        out += [part.text[at:start], written(part.text[start:end], style, changed[place])]
        at = end
    return "".join([*out, part.text[at:]])


class Document(Protocol):
    """A file: `parts` reads it, as often as asked; `render` writes one part; `assemble` writes the file."""

    path: Path
    kind: str
    columns: list[str]
    typed: bool

    def parts(self) -> Iterator[Part]:
        """Yield the records in order."""
        ...

    def write(self, target: Path, parts: Iterator[Part]) -> None:
        """Write a file of the parts, in order, with their edits."""
        ...


def open_document(path: str | Path, *, format: str | None = None, encoding: str | None = None) -> Document:
    """Return a file as a document.

    format: one of FORMATS in place of what the name says. encoding: a codec name, or "mixed". Raises DataError for a
    file that is not there, of an unknown ending, or not what it says it is.
    """
    from simulacra.io.source import FOREIGN, PACKED_ENDINGS, located

    place = located(path)
    shown = str(path)
    ending = place.suffix.lower()
    kind = FORMATS[format] if format else KINDS.get(ending, "")
    with open(place, "rb") as file:
        head = file.read(64)
    if ending in PACKED_ENDINGS or head.startswith((b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\x28\xb5\x2f\xfd")):
        raise DataError(f"{shown} is compressed; unpack it first, mask what is inside, and pack it again")
    foreign = next((what for magic, what in FOREIGN.items() if head.startswith(magic)), "")
    if foreign:
        raise DataError(f"{shown} is {foreign}; masking takes CSV, Parquet, JSONL, JSON, XML and plain text")
    if not kind:
        raise DataError(
            f"{shown}: unknown ending {ending!r}.{near(ending, KINDS)} Rename it, or say what it is with "
            f"--format ({', '.join(FORMATS)})"
        )
    if kind == "frame":
        from simulacra.io._documents_frames import FrameDocument

        return FrameDocument(place, shown)
    return _of_text(kind, place, shown, coding(place, shown, encoding))


def _of_text(kind: str, path: Path, shown: str, code: Coding) -> Document:
    if kind == "csv":
        from simulacra.io._documents_csv import CsvDocument

        return CsvDocument(path, shown, code)
    if kind in ("jsonl", "json"):
        from simulacra.io._documents_json import JsonDocument

        return JsonDocument(path, shown, code, lines=kind == "jsonl")
    if kind == "xml":
        from simulacra.io._documents_xml import XmlDocument

        return XmlDocument(path, shown, code)
    from simulacra.io._documents_plain import PlainDocument

    return PlainDocument(path, shown, code)
