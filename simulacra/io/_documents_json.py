"""JSON and JSON lines as cells: strings and numbers at their places, named by the keys that lead to them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from simulacra.core.errors import DataError
from simulacra.io._documents_text import JSON, PLAIN, Coding, Edit, Style, pieces, readable
from simulacra.io.documents import Cells, Part, spliced

ROWS = 5_000
TOKEN = re.compile(r'[\s\ufeff]*(?:("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|(true|false|null|NaN|-?Infinity)|([\[\]{}:,]))')
ROOT = "value"
"""Column of values that stand under no key."""


class JsonDocument:
    """A JSON document, or one of JSON lines.

    A record is a line, or an object of the outermost array that holds objects; a document without one is one record.
    The column of a value is the keys that lead to it, joined by points; places in arrays are left out.
    """

    typed = False

    def __init__(self, path: Path, shown: str, code: Coding, *, lines: bool) -> None:
        """code: its encoding. lines: one value a line. Raises DataError with the line for what is not JSON."""
        self.path, self.shown, self.code, self.lines = path, shown, code, lines
        self.kind = "jsonl" if lines else "json"
        self.columns: list[str] = []
        seen: dict[str, None] = {}
        for part in self.parts():
            seen.update(dict.fromkeys(part.columns))
        self.columns = list(seen)

    def parts(self) -> Iterator[Part]:
        """Yield the records."""
        if self.lines:
            yield from self._of_lines()
            return
        text = "".join(pieces(self.path, self.code))
        _valid(text.removeprefix("\ufeff"), self.shown)
        part = Part({}, 0, 0, text)
        _Scan(part, 0, split=True).run()
        yield part

    def _of_lines(self) -> Iterator[Part]:
        rest, row, line = "", 0, 1
        for piece in pieces(self.path, self.code):
            # Only line feeds end a line of JSON lines; other breaks may stand inside strings.
            whole = re.findall(r"[^\n]*\n|[^\n]+", rest + piece)
            rest = "" if not piece or not whole or whole[-1].endswith("\n") else whole.pop()
            for at in range(0, len(whole), ROWS):
                part = self._some(whole[at : at + ROWS], row, line)
                row, line = row + part.rows, line + len(whole[at : at + ROWS])
                yield part

    def _some(self, lines: list[str], row: int, line: int) -> Part:
        part = Part({}, row, 0, "".join(lines))
        at = 0
        for number, text in enumerate(lines):
            if text.strip("\ufeff \t\r\n"):
                _valid(text.removeprefix("\ufeff"), f"{self.shown}, line {line + number}")
                scan = _Scan(part, row + part.rows, split=False)
                scan.run(at, at + len(text))
                part.rows += 1
            at += len(text)
        return part

    def write(self, target: Path, parts: Iterator[Part]) -> None:
        """Write the file."""
        with open(target, "wb") as file:
            for part in parts:
                file.write(self.code.encode(spliced(part, _written)))


def _valid(text: str, where: str) -> None:
    try:
        json.loads(text)
    except RecursionError as error:
        raise DataError(f"{where}: nested too deeply to be read; take it apart first") from error
    except ValueError as error:
        told = str(error) if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise DataError(f"{where}: not valid JSON ({told})") from error


class _Scan:
    """One pass over a JSON text that is known to be valid."""

    def __init__(self, part: Part, row: int, *, split: bool) -> None:
        """part: takes the cells. row: number of the record. split: objects of the outermost array are records."""
        self.part, self.row, self.split = part, row, split
        self.path: list[str | None] = []  # a key for an object, None for an array
        self.record = 0  # depth of the record that is being read, 0 outside

    def run(self, at: int = 0, stop: int | None = None) -> None:
        """Read the text from `at` to `stop`."""
        text = self.part.text
        stop = len(text) if stop is None else stop
        key = False
        while at < stop:
            found = TOKEN.match(text, at, stop)
            if found is None:
                break
            at = found.end()
            string, number, _, sign = found.groups()
            if sign:
                key = self._sign(sign, key)
            elif string and key:
                self.path[-1] = readable(JSON.value(string[1:-1]))
                key = False
            elif string or number:
                self._cell(found.start(1) if string else found.start(2), at, JSON if string else PLAIN)
        if self.split and not self.part.rows:
            self.part.rows = 1

    def _sign(self, sign: str, key: bool) -> bool:
        """Follow brackets and commas; return whether a key comes next."""
        if sign in "{[":
            self.path.append("" if sign == "{" else None)
            if sign == "{" and self.split and not self.record and None in self.path[:-1]:
                self.record, self.row = len(self.path), self.part.rows
            return sign == "{"
        if sign in "}]":
            if len(self.path) == self.record:
                self.record, self.part.rows = 0, self.part.rows + 1
            self.path.pop()
            return False
        return sign == "," and bool(self.path) and self.path[-1] is not None

    def _cell(self, start: int, end: int, style: Style) -> None:
        name = ".".join(step for step in self.path if step is not None) or ROOT
        cells = self.part.columns.setdefault(name, Cells())
        raw = self.part.text[start:end]
        value = style.value(raw[1:-1] if style is JSON else raw)
        cells.rows.append(self.row)
        cells.values.append(readable(value))
        cells.places.append(len(self.part.raw))
        self.part.raw.append((start, end, style))


def _written(raw: str, style: Style, edits: list[Edit] | None) -> str:
    if edits is None:
        return "null"
    if style is JSON:
        return f'"{style.spliced(raw[1:-1], edits)}"'
    new = style.spliced(raw, edits)
    # A number stays a number where it still is one; anything else becomes a string.
    return new if re.fullmatch(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", new) else json.dumps(new)
