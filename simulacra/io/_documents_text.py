"""Text in pieces with its encoding kept, and how a cell is written inside it: quotes, escapes, entities."""

from __future__ import annotations

import codecs
import contextlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, unescape

from simulacra.core.errors import DataError
from simulacra.io.encoding import MARKS, detect

PIECE = 1 << 20
"""Bytes that are read at once."""
UNDEFINED = frozenset((0x81, 0x8D, 0x8F, 0x90, 0x9D))
"""Bytes that cp1252 gives no meaning."""
MIXED = "mixed"
"""An encoding of our own: UTF-8 where it is, and bytes that are not are taken one by one for cp1252."""
Edit = tuple[int, int, str]
"""Start and end in the value of a cell, and what stands there now."""


@dataclass(frozen=True)
class Coding:
    """How the bytes of a file are text: a codec, and what to do with bytes that do not fit."""

    codec: str
    errors: str = "strict"

    def encode(self, text: str) -> bytes:
        """Return the bytes of a text; a letter that the encoding lacks is written without its accents, or as "?"."""
        try:
            return text.encode(self.codec, self.errors)
        except UnicodeEncodeError:
            import unicodedata

            plain = "".join(c if _fits(c, self) else unicodedata.normalize("NFKD", c)[0] for c in text)
            return "".join(c if _fits(c, self) else "?" for c in plain).encode(self.codec, self.errors)


def _fits(letter: str, coding: Coding) -> bool:
    try:
        letter.encode(coding.codec, coding.errors)
    except UnicodeEncodeError:
        return False
    return True


def coding(path: Path, shown: str, given: str | None = None) -> Coding:
    """Return how a file is encoded: told by its marks and first bytes, or as given ("mixed" or a codec name).

    Raises DataError with the line for bytes that do not fit, binary content, and encodings that cannot be told.
    """
    if given == MIXED:
        return Coding("utf-8", "surrogateescape")
    with open(path, "rb") as file:
        head = file.read(PIECE)
        if not head:
            raise DataError(f"{shown} is empty (0 bytes); there is nothing to mask")
        name = _known(given, shown) if given else _told(head, file.read(1) == b"", shown)
    try:
        _check(path, name)
    except UnicodeError as error:
        other = "" if given or name != "utf-8" else _western(path)
        if not other:
            raise DataError(_wrong(path, name, shown)) from error
        name = other
    return Coding(name)


_IN_PLAN = '[files."NAME"] encoding = "..." in the plan'


def _known(name: str, shown: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise DataError(f"{shown}: unknown encoding {name!r} in the plan; a codec of Python or mixed") from None


def _told(head: bytes, whole: bool, shown: str) -> str:
    """Return the codec of the first bytes; marks stay part of the text, so that they are written again."""
    part = head if whole else head[: head.rfind(b"\n") + 1] or head
    mark = next((codec for mark, codec in MARKS.items() if head.startswith(mark)), "")
    try:
        name = mark or detect(part, shown)
    except DataError as error:
        if "though most of the file is" not in str(error):
            told = str(error).replace("save the file as UTF-8, or in Python name", "save the file as UTF-8, or name")
            raise DataError(told.replace("simulacra.read(path, encoding=...)", _IN_PLAN)) from None
        name = "utf-8"
    if name in ("ascii", "utf-8", "utf-8-sig"):
        return "utf-8"
    if name in ("utf-16", "utf-32"):
        big = head.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE))
        return f"{name}-{'be' if big else 'le'}"
    return name


def _check(path: Path, name: str) -> None:
    decoder = codecs.getincrementaldecoder(name)()
    with open(path, "rb") as file:
        while piece := file.read(PIECE):
            decoder.decode(piece)
        decoder.decode(b"", True)


def _western(path: Path) -> str:
    """Return the western code of a file in which no letter beyond ASCII is UTF-8, "" where some are."""
    loose = path.read_bytes().decode("utf-8", "surrogateescape")
    odd = {c for c in loose if c > "\x7f"}
    if any(not "\udc80" <= c <= "\udcff" for c in odd):
        return ""
    return "latin-1" if {ord(c) - 0xDC00 for c in odd} & UNDEFINED else "cp1252"


def _wrong(path: Path, name: str, shown: str) -> str:
    line = 0
    decoder = codecs.getincrementaldecoder(name)()
    with open(path, "rb") as file, contextlib.suppress(UnicodeError):
        for text in file:
            line += 1
            decoder.decode(text)
    return (
        f"{shown}, line {line}: bytes that are not valid {name}; mend that line, or set encoding in the plan: "
        f'[files."{path.name}"] encoding = "mixed" takes the bytes that are not UTF-8 for cp1252, one by one'
    )


def pieces(path: Path, code: Coding) -> Iterator[str]:
    """Yield the text of a file in pieces; nothing is changed in it, marks and line ends included."""
    decoder = codecs.getincrementaldecoder(code.codec)(code.errors)
    with open(path, "rb") as file:
        while piece := file.read(PIECE):
            yield decoder.decode(piece)
        yield decoder.decode(b"", True)


_HALVES = re.compile("[\ud800-\udfff]")
_LOOSE = {0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(0x80, 0x100)}


def readable(text: str) -> str:
    """Return a text in which bytes that did not fit stand as the cp1252 letter they most likely are; same length.

    Halves of pairs that stand alone, which JSON can write, become U+FFFD: no library takes them for text.
    """
    return text if text.isascii() else _HALVES.sub("\ufffd", text.translate(_LOOSE))


@dataclass(frozen=True)
class Style:
    """How a cell is written: units of its raw text, what a unit means, and how a new text is written."""

    unit: re.Pattern[str] | None
    read: Callable[[str], str]
    write: Callable[[str], str]
    escapes: str = ""

    def value(self, raw: str) -> str:
        """Return the text that a raw one means."""
        return self.read(raw) if self.unit and any(c in raw for c in self.escapes) else raw

    def spliced(self, raw: str, edits: Sequence[Edit]) -> str:
        """Return a raw text with places of its value replaced; everything else stays as it was written."""
        places = self._places(raw)
        out, at = [], 0
        for start, end, new in edits:
            first, last = (places[start], places[end]) if places else (start, end)
            out += [raw[at:first], self.write(new)]
            at = last
        return "".join([*out, raw[at:]])

    def _places(self, raw: str) -> list[int]:
        """Return where each character of the value begins in the raw text, and its end; [] when they agree."""
        if self.unit is None or not any(c in raw for c in self.escapes):
            return []
        places = []
        for unit in self.unit.finditer(raw):
            places += [unit.start()] * len(self.read(unit.group()))
        return [*places, len(raw)]


def _json_read(raw: str) -> str:
    return str(json.loads(f'"{raw}"'))


def _json_write(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _xml_read(raw: str) -> str:
    def point(found: re.Match[str]) -> str:
        digits = found.group(1)
        return chr(int(digits[1:], 16) if digits[0] in "xX" else int(digits))

    raw = raw.replace("\r\n", "\n").replace("\r", "\n")
    named = re.sub(r"&#([xX]?[0-9A-Fa-f]+);", point, re.sub(r"&amp;", "&amp;amp;", raw))
    return unescape(named.replace("&amp;amp;", "&amp;"), {"&quot;": '"', "&apos;": "'"})


PLAIN = Style(None, str, str)
QUOTED = Style(re.compile(r'""|[\s\S]'), lambda raw: raw.replace('""', '"'), lambda t: t.replace('"', '""'), '"')
JSON = Style(
    re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[\s\S]"),
    _json_read,
    _json_write,
    "\\",
)
XML = Style(
    re.compile(r"&[^;]+;|\r\n|[\s\S]"),
    _xml_read,
    lambda t: escape(t, {'"': "&quot;", "'": "&apos;"}),
    "&\r",
)
