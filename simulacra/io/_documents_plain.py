"""Plain text as cells: a paragraph each, so that what belongs together is read together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from simulacra.io._documents_text import PIECE, PLAIN, Coding, Edit, Style, pieces, readable
from simulacra.io.documents import Cells, Part, spliced

COLUMN = "text"
PARAGRAPH = re.compile(r"(?:[^\n]*[^\s][^\n]*(?:\n|\Z))+")
LONGEST = 20_000
"""Characters beyond which a paragraph is cut at a line end."""


class PlainDocument:
    """A plain text; a record is a line, and a paragraph has the number of its first line."""

    kind, typed = "text", False

    def __init__(self, path: Path, shown: str, code: Coding) -> None:
        """code: its encoding."""
        self.path, self.shown, self.code = path, shown, code
        self.columns = [COLUMN]

    def parts(self) -> Iterator[Part]:
        """Yield the paragraphs, several at a time."""
        rest, line = "", 0
        for piece in pieces(self.path, self.code):
            text = rest + piece
            # A paragraph may go on in the next piece.
            cut = len(text) if not piece else max(text.rfind("\n\n") + 2, text.rfind("\n\r\n") + 3)
            if piece and cut < 4 and len(text) > 8 * PIECE:
                cut = text.rfind("\n") + 1 or len(text)
            cut = cut if not piece or cut > 3 else 0
            text, rest = text[:cut], text[cut:]
            if text:
                part = self._part(text, line)
                line += part.rows
                yield part

    def _part(self, text: str, line: int) -> Part:
        cells = Cells()
        part = Part({COLUMN: cells}, line, text.count("\n") + (not text.endswith("\n")), text)
        seen, at = line, 0
        for start, end in _paragraphs(text):
            seen, at = seen + text.count("\n", at, start), start
            cells.rows.append(seen)
            cells.values.append(readable(text[start:end]))
            cells.places.append(len(part.raw))
            part.raw.append((start, end, PLAIN))
        return part

    def write(self, target: Path, parts: Iterator[Part]) -> None:
        """Write the file."""
        with open(target, "wb") as file:
            for part in parts:
                file.write(self.code.encode(spliced(part, _written)))


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    for found in PARAGRAPH.finditer(text):
        start, end = found.span()
        while end - start > LONGEST:
            cut = text.rfind("\n", start, start + LONGEST) + 1
            cut = cut if cut > start else start + LONGEST
            yield start, cut
            start = cut
        yield start, end


def _written(raw: str, style: Style, edits: list[Edit] | None) -> str:
    return "" if edits is None else style.spliced(raw, edits)
