"""Text of unknown encoding to UTF-8: byte-order marks, UTF-8, UTF-16 and two western codes; else an error."""

from __future__ import annotations

import codecs
import re

from simulacra.core.errors import DataError

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
SAMPLE = 1 << 16
_NAME_IT = "save the file as UTF-8, or in Python name its encoding: simulacra.read(path, encoding=...)"


def to_utf8(data: bytes, shown: str, encoding: str | None = None) -> bytes:
    """Return the same text as UTF-8 without a byte-order mark.

    encoding: a Python codec name; None finds it out. Raises DataError with the line for bytes that do not fit, for
    binary content, for NUL characters, and for encodings that cannot be told soundly.
    """
    name = encoding or detect(data, shown)
    text = data if name == "ascii" else _decoded(data, name, shown)
    if b"\x00" in text:
        line = text.count(b"\n", 0, text.index(b"\x00")) + 1
        raise DataError(
            f"{shown}, line {line}: a NUL character; the file is damaged or binary. Remove it (tr -d '\\000'), "
            f"or {_NAME_IT}"
        )
    return text


def detect(data: bytes, shown: str) -> str:
    """Return the Python name of the encoding. Raises DataError when the bytes are binary or cannot be told."""
    for mark, name in MARKS.items():
        if data.startswith(mark):
            return name
    if _zeros(data, 1):
        return "utf-16-le"
    if _zeros(data, 0):
        return "utf-16-be"
    if b"\x00" in data:
        _refuse_binary(data, shown)
    if data.isascii():
        return "ascii"
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError as error:
        _refuse_binary(data, shown)
        return _one_byte(data, shown, error)


def _decoded(data: bytes, name: str, shown: str) -> bytes:
    try:
        if name == "utf-8":
            data.decode("utf-8")
            return data
        return data.decode(name).encode("utf-8")
    except UnicodeError as error:
        place = getattr(error, "start", 0)
        raise DataError(
            f"{shown}, line {data.count(10, 0, place) + 1}: the byte {data[place : place + 1]!r} is not valid {name}; "
            "name the right one, often cp1252"
        ) from error


def _zeros(data: bytes, odd: int) -> bool:
    """Tell whether every second byte is mostly zero, as in UTF-16 of western text without a mark."""
    part = data[: SAMPLE & ~1]
    here, other = part[odd::2].count(0), part[1 - odd :: 2].count(0)
    return here > 0.6 * max(1, len(part) // 2) and other == 0


def _refuse_binary(data: bytes, shown: str) -> None:
    part = data[:SAMPLE]
    control = sum(part.count(code) for code in range(32) if code not in (0, 9, 10, 12, 13, 26, 27))
    zeros = part.count(0)
    if control > 0.02 * len(part) or zeros > 0.05 * len(part):
        raise DataError(
            f"{shown} is binary, not text ({control + zeros} control bytes in the first {len(part):,}); "
            "give CSV, Parquet, JSONL or Arrow"
        )


def _one_byte(data: bytes, shown: str, error: UnicodeDecodeError) -> str:
    """Choose cp1252 or latin-1 for western text; refuse damaged UTF-8 and other scripts, which no rule tells."""
    line = data.count(10, 0, error.start) + 1
    loose = data[: 16 * SAMPLE].decode("utf-8", "surrogateescape")
    broken = sum("\ud800" <= c <= "\udfff" for c in loose)
    if sum(c > "\x7f" for c in loose) - broken > broken or (not broken and error.start > len(data) // 2):
        raise DataError(
            f"{shown}, line {line}: the byte {data[error.start : error.start + 1]!r} is not valid UTF-8, "
            f"though most of the file is; mend that line, or {_NAME_IT}"
        )
    # In western text letters beyond ASCII stand alone, as in "Zürich"; in other scripts they make up the words.
    part = data[: 16 * SAMPLE]
    high = len(re.findall(rb"[\x80-\xff]", part))
    joined = sum(map(len, re.findall(rb"[\x80-\xff]{2,}", part)))
    if joined > 0.5 * high or high > max(20, len(re.findall(rb"[A-Za-z]", part))):
        raise DataError(
            f"{shown}, line {line}: not UTF-8, and not western text either; "
            f"{_NAME_IT} (cp1251, shift_jis, gb18030, big5 ...)"
        )
    undefined = any(code in data for code in (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d"))
    return "latin-1" if undefined else "cp1252"
