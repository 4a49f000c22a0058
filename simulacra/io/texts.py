"""Documents as data: text, Markdown, HTML and PDF, one or a folder of them, as rows of source, place and text."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from simulacra.core.errors import DataError, near
from simulacra.core.lineage import Lineage
from simulacra.io import _images_folder
from simulacra.io._images_decode import ENDINGS
from simulacra.io._texts_plain import Section, markdown, plain

if TYPE_CHECKING:
    import polars as pl

    from simulacra.core.data import Dataset

KINDS = {
    ".txt": "plain", ".text": "plain", ".rst": "plain", ".md": "markdown", ".markdown": "markdown", ".html": "html",
    ".htm": "html", ".xhtml": "html", ".pdf": "pdf",
}  # fmt: skip
"""Ending of a file name -> how it is read."""
COLUMNS = ("source", "place", "text")
TABLES = frozenset(
    (".csv", ".tsv", ".tab", ".data", ".parquet", ".pq", ".jsonl", ".ndjson", ".json", ".arrow", ".feather", ".ipc")
)
"""Endings of tables: a folder that holds more of them than documents is none of documents."""
MAX_BYTES = 64 << 20
"""Most bytes of one document."""
MAX_FILES = 20_000
"""Most documents of a folder."""
MAX_TEXT = 512 << 20
"""Most letters of all documents together."""
LOOK = 5_000
"""So many files of a folder tell what it holds."""


def is_documents(source: str | Path) -> bool:
    """Return whether a source is a document by its ending, or a folder that holds documents in the main.

    A single .txt file counts as a table here, as everywhere; `read` takes it as a document when it is asked to.
    """
    if not os.fspath(source):
        return False
    path = Path(os.fspath(source)).expanduser()
    if path.is_dir():
        return _folder_of_documents(path)
    return path.suffix.lower() in KINDS and path.suffix.lower() not in (".txt", ".text") and path.is_file()


def read(source: str | Path, *, limit: int = MAX_TEXT, table: str = "table") -> Dataset:
    """Read documents as a table of sections: source (path below the folder), place, text.

    source: a file (.txt, .md, .html, .pdf ...) or a folder, with the folders in it. place: the headings above a section
    ("Install > Linux"), of a PDF "page 3", "" where there is neither. limit: most letters of all together; a file may
    have 64 MiB, a PDF 2,000 pages. In a folder a file that cannot be read is left out with a note, in
    lineage.facts["read"].
    Raises DataError with the file for one that cannot be read, and where nothing is left; MissingExtra for PDF without
    pypdf.
    """
    from simulacra.core.data import Dataset

    path = Path(os.fspath(source)).expanduser()
    if not path.is_dir():
        sections, notes = _document(path, str(source))
        found = [(path.name, place, text) for place, text in sections]
    else:
        found, notes = _folder(path, limit)
    letters = sum(len(text) for _, _, text in found)
    if letters > limit:
        raise DataError(f"{source} holds {letters:,} letters, and at most {limit:,} are read; give a part of it")
    frame = _frame(found)
    return Dataset({table: frame}, None, Lineage(facts={"read": notes}) if notes else Lineage())


def _frame(found: list[tuple[str, str, str]]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(found, schema=dict.fromkeys(COLUMNS, pl.String()), orient="row")


def _folder(root: Path, limit: int) -> tuple[list[tuple[str, str, str]], list[str]]:
    files = list(itertools.islice(_below(root), MAX_FILES + 1))
    if not files:
        raise DataError(f"{root} holds no documents ({', '.join(KINDS)}); name a folder that does, or a file")
    if len(files) > MAX_FILES:
        raise DataError(f"{root} holds more than {MAX_FILES:,} documents; give a part of it")
    out: list[tuple[str, str, str]] = []
    notes: list[str] = []
    letters = 0
    for file in files:
        shown = str(file.relative_to(root))
        try:
            sections, more = _document(_images_folder.inside(root, file, str(file)), shown)
        except DataError as error:
            notes.append(f"left out: {error}")
            continue
        notes += more
        out += [(shown, place, text) for place, text in sections]
        letters += sum(len(text) for _, text in sections)
        if letters > limit:
            raise DataError(f"{root}: more than {limit:,} letters up to {shown}, the most that are read; give a part")
    if not out:
        raise DataError(f"{root}: none of its {len(files)} documents can be read. {notes[0]}")
    return out, notes


def _below(root: Path) -> Iterator[Path]:
    """Yield the documents of a folder and of all folders in it, in the order of their names."""
    for file in _files(root):
        if file.suffix.lower() in KINDS:
            yield file


def _files(root: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(root):
        below[:] = sorted(d for d in below if not d.startswith(".") and d.lower() not in _images_folder.IGNORED)
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(folder, name)


def _folder_of_documents(root: Path) -> bool:
    documents = others = 0
    for file in itertools.islice(_files(root), LOOK):
        ending = file.suffix.lower()
        if file.parent == root and file.name in _images_folder.METADATA:
            return False
        documents += ending in KINDS
        others += ending in TABLES or ending in ENDINGS
    return documents > others


def _document(path: Path, shown: str) -> tuple[list[Section], list[str]]:
    """Return (sections, notes) of one file. Raises DataError."""
    from simulacra.io.source import located

    located(path)
    kind = KINDS.get(path.suffix.lower(), "")
    if not kind:
        raise DataError(f"{shown}: unknown ending {path.suffix!r} of a document.{near(path.suffix, KINDS)}")
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise DataError(
                f"{shown} has {size / (1 << 20):,.0f} MiB, and at most {MAX_BYTES >> 20} are read; split it"
            )
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{shown} cannot be read: {error.strerror or error}") from error
    if kind == "pdf" or data.startswith(b"%PDF"):
        from simulacra.io import _texts_pdf

        return _texts_pdf.pdf(data, shown)
    sections = _sections(data, kind, shown)
    if not sections:
        raise DataError(f"{shown} holds no text ({len(data):,} bytes); remove it, or give another")
    return sections, []


def _sections(data: bytes, kind: str, shown: str) -> list[Section]:
    from simulacra.io import _texts_html
    from simulacra.io.encoding import to_utf8

    if not data:
        return []
    said = _texts_html.charset(data[:4096]) if kind == "html" else None
    text = to_utf8(data, shown, said).decode("utf-8")
    return {"plain": plain, "markdown": markdown, "html": _texts_html.html}[kind](text.removeprefix("\ufeff"))
