"""XML as cells: texts, attributes and comments at their places; documents with a DTD are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from simulacra.core.errors import DataError
from simulacra.io._documents_text import PLAIN, XML, Coding, Edit, Style, pieces, readable
from simulacra.io.documents import Cells, Part, spliced

ATTRIBUTE = re.compile(r"([^\s=<>/\"']+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
DEEPEST = 200
"""Elements inside one another."""


class XmlDocument:
    """An XML document. A record is a child of the root; a column is the path of elements below the root.

    "patient/name" is the text of an element, "patient/@id" an attribute, "patient/comment()" a comment.
    """

    kind, typed = "xml", False

    def __init__(self, path: Path, shown: str, code: Coding) -> None:
        """code: its encoding. Raises DataError for what is not well-formed, and for a DTD."""
        self.path, self.shown = path, shown
        self.code = _declared(path, code)
        self.columns = list(next(self.parts()).columns)

    def parts(self) -> Iterator[Part]:
        """Yield the whole document as one part."""
        text = "".join(pieces(self.path, self.code))
        part = Part({}, 0, 0, text)
        _Reader(part, self.shown).read()
        part.rows = max(1, part.rows)
        yield part

    def write(self, target: Path, parts: Iterator[Part]) -> None:
        """Write the file."""
        with open(target, "wb") as file:
            for part in parts:
                file.write(self.code.encode(spliced(part, _written)))


def _declared(path: Path, code: Coding) -> Coding:
    """Return the encoding that the declaration names, where no mark says another."""
    with open(path, "rb") as file:
        head = file.read(200)
    told = re.match(rb"<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)", head)
    if not told or told[1].lower() in (b"utf-8", b"utf-16"):
        return code
    try:
        "".encode(told[1].decode("ascii"))
    except LookupError:
        raise DataError(f"{path}: unknown encoding {told[1].decode()!r} in its declaration; save it as UTF-8") from None
    return Coding(told[1].decode("ascii"))


def _written(raw: str, style: Style, edits: list[Edit] | None) -> str:
    return "" if edits is None else style.spliced(raw, edits)


class _Reader:
    """One pass over a document with the parser of the standard library, which says where everything stands."""

    def __init__(self, part: Part, shown: str) -> None:
        """part: takes the cells."""
        self.part, self.shown = part, shown
        self.data = part.text.encode("utf-8", "surrogatepass")
        self.path: list[str] = []
        self.begun: int | None = None  # byte where a text began
        self.cdata = False
        self.spots: list[tuple[int, int, str, Style]] = []
        self.records: list[int] = []
        self.record = -1
        self.parser = expat.ParserCreate("utf-8")
        parser = self.parser
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text
        parser.CommentHandler = self._comment
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartCdataSectionHandler, parser.EndCdataSectionHandler = self._open, self._close

    def read(self) -> None:
        """Fill the part."""
        try:
            self.parser.Parse(self.data, True)
        except expat.ExpatError as error:
            raise DataError(
                f"{self.shown}, line {error.lineno}: not well-formed XML ({expat.ErrorString(error.code)}); mend it"
            ) from error
        self._place()
        self.part.rows = self.record + 1

    def _doctype(self, *_: object) -> None:
        raise DataError(
            f"{self.shown}, line {self.parser.CurrentLineNumber}: has a DTD (<!DOCTYPE ...>), through which a document "
            "can grow without bound or read other files; remove it and its entities"
        )

    def _start(self, name: str, _: object) -> None:
        self._finish()
        self.path.append(name)
        if len(self.path) > DEEPEST:
            raise DataError(f"{self.shown}: elements nested more than {DEEPEST} deep; take it apart first")
        if len(self.path) == 2:
            self.record += 1
        at = self.parser.CurrentByteIndex
        end = _tag_end(self.data, at)
        tag = self.data[at:end].decode("utf-8", "surrogatepass")
        offset = len(name) + 1
        for found in ATTRIBUTE.finditer(tag, offset):
            if found[1].split(":")[0] == "xmlns":
                continue
            which = 2 if found[2] is not None else 3
            start = at + len(tag[: found.start(which)].encode("utf-8", "surrogatepass"))
            stop = start + len(found[which].encode("utf-8", "surrogatepass"))
            self._spot(start, stop, f"@{found[1]}", XML)

    def _end(self, _: str) -> None:
        self._finish()
        self.path.pop()

    def _text(self, _: str) -> None:
        if self.begun is None:
            self.begun = self.parser.CurrentByteIndex

    def _open(self) -> None:
        self._finish()
        self.cdata = True

    def _close(self) -> None:
        self._finish()
        self.cdata = False

    def _finish(self) -> None:
        if self.begun is not None:
            end = self.parser.CurrentByteIndex
            if self.data[self.begun : end].strip():
                self._spot(self.begun, end, "", PLAIN if self.cdata else XML)
            self.begun = None

    def _comment(self, text: str) -> None:
        self._finish()
        if text.strip():
            at = self.parser.CurrentByteIndex + 4
            self._spot(at, self.data.index(b"-->", at), "comment()", PLAIN)

    def _instruction(self, target: str, text: str) -> None:
        self._finish()
        if text.strip():
            at = self.parser.CurrentByteIndex + 2 + len(target.encode())
            self._spot(at, self.data.index(b"?>", at), "processing-instruction()", PLAIN)

    def _spot(self, start: int, end: int, tail: str, style: Style) -> None:
        name = "/".join([*self.path[1:], *([tail] if tail else [])]) or (self.path[0] if self.path else "text()")
        self.spots.append((start, end, name, style))
        self.records.append(max(self.record, 0))

    def _place(self) -> None:
        """Turn bytes into characters, and the spots into cells."""
        at = place = 0
        for (start, end, name, style), row in zip(self.spots, self.records, strict=True):
            place += len(self.data[at:start].decode("utf-8", "surrogatepass"))
            raw = self.data[start:end].decode("utf-8", "surrogatepass")
            cells = self.part.columns.setdefault(name, Cells())
            cells.rows.append(row)
            cells.values.append(readable(style.value(raw)))
            cells.places.append(len(self.part.raw))
            self.part.raw.append((place, place + len(raw), style))
            at, place = end, place + len(raw)


def _tag_end(data: bytes, at: int) -> int:
    """Return where a start tag ends, quotes respected."""
    quote = 0
    for i in range(at, len(data)):
        c = data[i]
        if quote:
            quote = 0 if c == quote else quote
        elif c in (34, 39):
            quote = c
        elif c == 62:
            return i + 1
    return len(data)
