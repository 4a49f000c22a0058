"""PDF as sections, one a page: what text it holds, in the order of reading."""

from __future__ import annotations

import contextlib
import io
import itertools
import logging
import re
from collections.abc import Iterator

from simulacra.core.errors import DataError, need
from simulacra.io._texts_plain import Section, tidy

MAX_PAGES = 2_000
"""Most pages of one document."""
LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})


def pdf(data: bytes, shown: str) -> tuple[list[Section], list[str]]:
    """Return (sections with places such as "page 3", notes on what was not read).

    Raises DataError for an encrypted or damaged document and for one without text, MissingExtra without pypdf.
    """
    need("pypdf", "text", "reading PDF")
    with _quiet():
        try:
            return _pages(data, shown)
        except DataError:
            raise
        except Exception as error:
            # A damaged file fails in a hundred ways inside the library; RecursionError and MemoryError are two of them.
            raise DataError(
                f"{shown} cannot be read as PDF ({type(error).__name__}: {error}); it is damaged. Save it anew, "
                "or give its text"
            ) from error


def _pages(data: bytes, shown: str) -> tuple[list[Section], list[str]]:
    import pypdf

    reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not _opened(reader):
        raise DataError(f"{shown} is encrypted; save it without a password, or give its text")
    count = len(reader.pages)
    sections: list[Section] = []
    broken: list[int] = []
    for number in range(min(count, MAX_PAGES)):
        try:
            text = joined(reader.pages[number].extract_text())
        except Exception:
            broken.append(number + 1)
            continue
        if text:
            sections.append((f"page {number + 1}", text))
    notes = [f"{shown}: {len(broken)} of {count} pages cannot be read, the first is page {broken[0]}"] if broken else []
    if count > MAX_PAGES:
        notes.append(f"{shown}: the first {MAX_PAGES:,} of {count:,} pages were read")
    if not sections:
        why = "none of its pages can be read" if broken else "it holds no text, only images perhaps; recognise it first"
        raise DataError(f"{shown}: {why} ({count} pages)")
    return sections, notes


def joined(text: str) -> str:
    """Return the text of a page with words that were cut at a line's end put together, and lines made paragraphs.

    A line that ends a sentence and is clearly shorter than the others ends a paragraph.
    """
    text = re.sub(r"(?<=[a-zß-ÿ])-\n(?=[a-zß-ÿ])", "", tidy(text.translate(LIGATURES)))
    lines = [line.strip() for line in text.split("\n")]
    full = sorted(map(len, lines))[int(0.9 * (len(lines) - 1))]
    out = lines[0]
    for before, line in itertools.pairwise(lines):
        ends = not line or (len(before) < 0.8 * full and before.endswith((".", "!", "?", ":")))
        item = re.match(r"([-•*–]|\d{1,2}[.)])\s", line) is not None
        out += ("\n\n" if ends else "\n" if item or not before else " ") + line
    return tidy(out)


def _opened(reader: object) -> bool:
    """Return whether a document opens without a password, as those do that only forbid printing."""
    try:
        return bool(reader.decrypt(""))  # type: ignore[attr-defined]
    except Exception:
        return False


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's remarks about odd files from the user's screen: what matters stands in notes and errors."""
    logger = logging.getLogger("pypdf")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before
