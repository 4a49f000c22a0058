"""Where bytes come from: a path or standard input, unpacked within limits, and what kind of content they are."""

from __future__ import annotations

import io
import os
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from simulacra.core.errors import DataError, need

PACKED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
}
"""First bytes of a compressed file -> its kind."""
PACKED_ENDINGS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd", ".zip": "zip"}
FORMAT_ENDINGS = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".txt": "csv", ".data": "csv",
    ".parquet": "parquet", ".pq": "parquet",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow",
}  # fmt: skip
"""Ending of a file name -> format; `.txt` and `.data` are read as delimited text."""
FORMATS = ("csv", "tsv", "parquet", "jsonl", "arrow")
FOREIGN = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
    b"SQLite format 3": "an SQLite database",
    b"\xd0\xcf\x11\xe0": "an old Office document (.xls, .doc)",
    b"\x93NUMPY": "a numpy array",
    b"\x89HDF": "an HDF5 file",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"FEA1": "a Feather version 1 file (write it as version 2)",
    b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
    b"RIFF": "a sound or video file",
}
"""First bytes of files that hold no table we read -> what to call them."""
CHUNK = 1 << 20
FREE_BYTES, MAX_RATIO = 64 << 20, 200
"""Beyond 64 MiB, content that unpacks to more than 200 times its packed size is taken for a zip bomb."""


def load(source: str | Path, limit: int, format: str | None = None) -> tuple[bytes, str, str]:
    """Return the unpacked bytes, the format by its ending or its first bytes, and what to call the source in messages.

    limit: most unpacked bytes. format: one of FORMATS, in place of what the name and content say.
    Raises DataError for everything that is not there, not a file or not whole.
    """
    if str(source) == "-":
        data, name, shown = sys.stdin.buffer.read(limit + 1), "", "standard input"
        if len(data) > limit:
            raise DataError(_too_large(shown, limit))
    else:
        path = located(source)
        name, shown = path.name, str(source)
        data = _bytes_of(path, shown, limit)
    if not data:
        raise DataError(f"{shown} is empty (0 bytes); a table needs a header and rows")
    kind = packed_kind(data)
    ending = Path(name).suffix.lower()
    if kind:
        data, inner = unpack(data, kind, shown, limit)
        name = inner or (name[: -len(ending)] if ending in PACKED_ENDINGS else name)
    elif ending in PACKED_ENDINGS:
        raise DataError(
            f"{shown} is named {ending} but is not {PACKED_ENDINGS[ending]}-compressed; "
            f"it begins with {data[:8]!r}. Rename it, or fetch it again"
        )
    if not data:
        raise DataError(f"{shown} is empty once unpacked; a table needs a header and rows")
    return data, format or format_of(data, name, shown), shown


def located(source: str | Path) -> Path:
    """Return the path of an existing file. Raises DataError for none (similar names offered), a folder, an address."""
    path = Path(os.fspath(source)).expanduser()
    shown = str(source)
    if not shown or shown == ".":
        raise DataError("no file named; give the path of a CSV, Parquet, JSONL or Arrow file, or - for standard input")
    if "://" in shown:
        raise DataError(f"{shown} is an address on a network, which is never opened; fetch it first and give the file")
    if path.is_dir():
        inside = [p for p in sorted(path.iterdir()) if p.suffix.lower() in {*FORMAT_ENDINGS, *PACKED_ENDINGS}]
        hint = f"; name one of its files: {', '.join(p.name for p in inside[:5])}" if inside else "; name a file"
        raise DataError(f"{shown} is a folder, not a file{hint}")
    if not path.exists():
        raise DataError(f"{shown} does not exist.{_similar(path)}")
    return path


def packed_kind(data: bytes) -> str:
    """Return the kind of compression by the first bytes, or ""."""
    return next((kind for magic, kind in PACKED.items() if data.startswith(magic)), "")


def format_of(data: bytes, name: str, shown: str) -> str:
    """Return one of FORMATS: binary formats by their first bytes, text by the ending, unnamed text by its look."""
    if data.startswith(b"PAR1"):
        return "parquet"
    if data.startswith((b"ARROW1\x00\x00", b"\xff\xff\xff\xff")):
        return "arrow"
    foreign = next((what for magic, what in FOREIGN.items() if data.startswith(magic)), "")
    if foreign:
        raise DataError(f"{shown} is {foreign}, not a table; give CSV, Parquet, JSONL or Arrow{_of_images(foreign)}")
    ending = Path(name).suffix.lower()
    by_ending = FORMAT_ENDINGS.get(ending, "")
    if by_ending in ("parquet", "arrow"):
        raise DataError(
            f"{shown} is named {ending} but is not {by_ending.capitalize()} (it begins with {data[:8]!r}); "
            "it is damaged or misnamed"
        )
    if not name or not by_ending:
        # A name without a known ending says nothing, so the content decides; a wrong ending on text is still an error.
        if name and ending and not ending[1:].isdigit():
            from simulacra.core.errors import near

            raise DataError(
                f"{shown}: unknown ending {ending!r}.{near(ending, FORMAT_ENDINGS)} "
                f"Rename it, or say what it is with format= ({', '.join(FORMATS)})"
            )
        return "jsonl" if data.lstrip()[:1] == b"{" else "csv"
    return by_ending


def _of_images(foreign: str) -> str:
    """Return what to give in place of one image or one array, for a message."""
    if foreign.endswith("image"):
        return ", or for images the folder they lie in"
    return ", or for images an archive that numpy.savez wrote (.npz)" if foreign == "a numpy array" else ""


def unpack(data: bytes, kind: str, shown: str, limit: int) -> tuple[bytes, str]:
    """Return the unpacked bytes and, for a zip archive, the name of the file inside. Raises DataError."""
    import lzma

    inner = ""
    try:
        if kind == "zip":
            archive = zipfile.ZipFile(io.BytesIO(data))
            inner = _only_member(archive, shown)
            handle: IO[bytes] = archive.open(inner)
        else:
            handle = _opened(data, kind, shown)
        return _capped(handle, len(data), shown, limit), inner
    except (EOFError, OSError, lzma.LZMAError, zipfile.BadZipFile, zlib.error, ValueError) as error:
        raise DataError(
            f"{shown}: the {kind} data are cut short or damaged ({error}); fetch or write the file again"
        ) from error
    except (RuntimeError, NotImplementedError) as error:
        raise DataError(f"{shown}: the archive cannot be opened ({error}); unpack it first") from error


def _bytes_of(path: Path, shown: str, limit: int) -> bytes:
    try:
        if path.stat().st_size > limit:
            raise DataError(_too_large(shown, limit))
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{shown} cannot be read: {error.strerror or error}") from error


def _opened(data: bytes, kind: str, shown: str) -> Any:
    import bz2
    import gzip
    import lzma

    stream = io.BytesIO(data)
    if kind == "zstd":
        arrow = need("pyarrow", "arrow", f"reading the zstd file {shown}")
        return arrow.CompressedInputStream(stream, "zstd")
    if kind == "gzip":
        return gzip.GzipFile(fileobj=stream)
    return bz2.BZ2File(stream) if kind == "bzip2" else lzma.LZMAFile(stream)


def _capped(handle: IO[bytes], packed: int, shown: str, limit: int) -> bytes:
    out, size = [], 0
    for part in _parts(handle):
        out.append(part)
        size += len(part)
        if size > limit:
            raise DataError(_too_large(shown, limit))
        if size > FREE_BYTES and size > packed * MAX_RATIO:
            raise DataError(
                f"{shown} unpacks to more than {MAX_RATIO} times its size ({packed:,} bytes gave {size:,} so far), "
                "as a zip bomb does; if you trust it, unpack it first and give the unpacked file"
            )
    return b"".join(out)


def _parts(handle: IO[bytes]) -> Iterator[bytes]:
    while part := handle.read(CHUNK):
        yield part


def _too_large(shown: str, limit: int) -> str:
    return f"{shown} holds more than {limit:,} bytes; raise limit= if the machine has the memory, or split the file"


def _only_member(archive: zipfile.ZipFile, shown: str) -> str:
    names = [i.filename for i in archive.infolist() if not i.is_dir() and not i.filename.startswith("__MACOSX/")]
    if "[Content_Types].xml" in names:
        raise DataError(f"{shown} is an Office document; save the sheet as CSV and give that")
    tables = [n for n in names if Path(n).suffix.lower() in FORMAT_ENDINGS] or names
    if len(tables) != 1:
        found = ", ".join(tables[:5]) or "nothing"
        what = "the folder" if found.lower().endswith((".png", ".jpg", ".jpeg")) else "one of them"
        raise DataError(f"{shown} holds {len(tables)} files ({found}); unpack it and give {what}")
    return str(tables[0])


def _similar(path: Path) -> str:
    import difflib

    folder = path.parent
    if not folder.is_dir():
        return f" Nor does the folder {folder}."
    names = sorted(p.name for p in folder.iterdir() if p.is_file())
    close = difflib.get_close_matches(path.name, names, n=3, cutoff=0.6)
    close = close or [n for n in names if Path(n).stem.split(".")[0] == path.stem.split(".")[0]][:3]
    return f" Did you mean: {', '.join(close)}?" if close else " Check the spelling and the folder."
