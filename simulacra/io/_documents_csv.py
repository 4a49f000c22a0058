"""Delimited text as cells: every field with its place, its quotes and the line ends around it."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path

from simulacra.core.errors import DataError
from simulacra.io._documents_text import PLAIN, QUOTED, Coding, Edit, Style, pieces, readable
from simulacra.io.delimited import sniff
from simulacra.io.documents import Cells, Part, spliced

Block = tuple[list[list[tuple[int, int]]], str]
"""Records, as the places of their fields, and the text they stand in."""
ROWS = 20_000
"""Records of a part."""


class CsvDocument:
    """A CSV or TSV file."""

    kind, typed = "csv", False

    def __init__(self, path: Path, shown: str, code: Coding) -> None:
        """code: its encoding. Raises DataError for a header that does not name its columns, or none."""
        self.path, self.shown, self.code = path, shown, code
        head = "".join(text for _, text in zip(range(1), pieces(path, code), strict=False))
        if not head.strip("\ufeff \t\r\n"):
            raise DataError(f"{shown} holds only blank space; a table needs a header and rows")
        self.mark = sniff(readable(head).lstrip("\ufeff\r\n").encode("utf-8", "replace"), '"')
        self._field = re.compile(
            rf'(?:("[^"]*(?:""[^"]*)*")|([^"{re.escape(self.mark)}\r\n][^{re.escape(self.mark)}\r\n]*|))'
            rf"({re.escape(self.mark)}|\r\n|\n|\r|\Z)"
        )
        self.columns = self._header()

    def parts(self) -> Iterator[Part]:
        """Yield the records; the header comes with the first part, and no cell stands in it."""
        first, line = -1, 1
        for records, text in self._blocks():
            part = Part({name: Cells() for name in self.columns}, max(first, 0), 0, text)
            for fields in records:
                line += text.count("\n", fields[0][0], fields[-1][1]) + 1
                if len(fields) == 1 and fields[0][0] == fields[0][1] and len(self.columns) > 1:
                    continue
                if first < 0:
                    first = 0
                    continue
                self._record(part, fields, first, line)
                first += 1
            yield part

    def _record(self, part: Part, fields: list[tuple[int, int]], row: int, line: int) -> None:
        if len(fields) != len(self.columns):
            raise DataError(
                f"{self.shown}, line {line - 1} (row {row}): {len(fields)} fields where the header has "
                f"{len(self.columns)}; quote cells that hold a delimiter, or complete the row"
            )
        for name, (start, end) in zip(self.columns, fields, strict=True):
            cells = part.columns[name]
            raw = part.text[start:end]
            quoted = raw[:1] == '"'
            value = QUOTED.value(raw[1:-1]) if quoted else raw
            cells.rows.append(row)
            cells.values.append(readable(value) if value or quoted else None)
            cells.places.append(len(part.raw))
            part.raw.append((start, end, QUOTED if quoted else PLAIN))
        part.rows += 1

    def write(self, target: Path, parts: Iterator[Part]) -> None:
        """Write the file."""
        with open(target, "wb") as file:
            for part in parts:
                file.write(self.code.encode(spliced(part, self._cell)))

    def _cell(self, raw: str, style: Style, edits: list[Edit] | None) -> str:
        if edits is None:
            return ""
        if style is QUOTED:
            return f'"{style.spliced(raw[1:-1], edits)}"'
        new = style.spliced(raw, edits)
        if any(c in new for c in (self.mark, '"', "\n", "\r")):
            return '"' + new.replace('"', '""') + '"'
        return new

    def _blocks(self) -> Iterator[Block]:
        """Yield records, as the places of their fields, with the text they stand in; texts join to the whole file."""
        rest = ""
        for piece in pieces(self.path, self.code):
            text = rest + piece
            if not piece and not text:
                break
            rest = yield from self._cut(text, last=not piece)

    def _cut(self, text: str, *, last: bool) -> Generator[Block, None, str]:
        """Yield the whole records of a text, and return what is left of it."""
        records: list[list[tuple[int, int]]] = []
        fields: list[tuple[int, int]] = []
        begun, at, size = 0, 1 if text.startswith("\ufeff") else 0, len(text)
        done = at
        match = self._field.match
        while at < size or (last and fields):
            found = match(text, at)
            if found is None or (found.end() == size and not last):
                if last:
                    raise DataError(self._open(text, at))
                break
            fields.append((at, found.start(3)))
            at = found.end()
            if found.group(3) != self.mark:
                records.append(fields)
                fields, done = [], at
                if len(records) == ROWS:
                    yield [[(s - begun, e - begun) for s, e in record] for record in records], text[begun:done]
                    records, begun = [], done
                if at == size:
                    break
        if records or last:
            end = size if last else done
            yield [[(s - begun, e - begun) for s, e in record] for record in records], text[begun:end]
            begun = end
        return text[begun:]

    def _open(self, text: str, at: int) -> str:
        near = "a quote is opened and never closed, or more text follows a closing quote"
        return f"{self.shown}: {near} (at {text.count(chr(10), 0, at) + 1:,} lines into its last piece); close it"

    def _header(self) -> list[str]:
        for records, text in self._blocks():
            for fields in records:
                cells = [text[s:e] for s, e in fields]
                names = [readable(QUOTED.value(c[1:-1]) if c[:1] == '"' else c) for c in cells]
                if names == [""]:
                    continue
                self._named(names)
                return names
        raise DataError(f"{self.shown} holds only blank space; a table needs a header and rows")

    def _named(self, names: list[str]) -> None:
        twice = sorted({name for name in names if names.count(name) > 1})
        empty = [i + 1 for i, name in enumerate(names) if not name.strip()]
        if empty:
            raise DataError(f"{self.shown}, line 1: column {empty[0]} of {len(names)} has no name; give it one")
        if twice:
            raise DataError(
                f"{self.shown}, line 1: the name {twice[0]!r} stands for several columns; rename all but one"
            )
