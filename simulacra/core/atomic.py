"""Writing that leaves either the whole file or nothing: temporary file, fsync, rename."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulacra.core.errors import OutputError


@contextlib.contextmanager
def writing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is synced and renamed over `path`, on failure removed.

    Raises OutputError for a full disk, an unwritable folder or a folder that stands where the file should.
    """
    path = Path(path)
    temp = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temp
        sync(temp)
        os.replace(temp, path)
        sync(path.parent)
    except OSError as error:
        raise explain(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            temp.unlink()


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write a whole file atomically."""
    with writing(path) as temp:
        temp.write_bytes(data)


def write_text(path: str | Path, text: str) -> None:
    """Write a whole UTF-8 file atomically, with "\\n" line ends on every system."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: str | Path, value: Any) -> None:
    """Write JSON atomically: keys as given, no NaN (they become null upstream or fail here)."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def sync(path: Path) -> None:
    """Flush a file or folder to the disk, where the system can."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        # Some file systems cannot sync a folder; that is not the user's fault. A full disk is.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(handle)


def sha256(path: str | Path) -> str:
    """Return the hexadecimal sha256 of a file."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def explain(error: OSError, path: Path) -> OutputError:
    """Turn an operating system error into a sentence with a next step."""
    # Libraries that are not written in Python give the number in the text alone: "File too large (os error 27)".
    told = re.search(r"\(os error (\d+)\)", str(error))
    number = error.errno or (int(told[1]) if told else 0)
    reason = {
        errno.ENOSPC: "the disk is full; free some space and run the same command again",
        errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
        errno.EACCES: "no permission to write there; choose another -o or change the permission",
        errno.EPERM: "no permission to write there; choose another -o or change the permission",
        errno.EROFS: "the file system is read-only; choose another -o",
        errno.EISDIR: "a folder stands where the file should be; choose another name",
        errno.ENOTDIR: "a part of that path is a file, not a folder; choose another -o",
        errno.EEXIST: "a part of that path is a file, not a folder; choose another -o",
        errno.EFBIG: "the file would be larger than the system allows; write fewer rows or use Parquet",
    }.get(number, error.strerror or str(error))
    return OutputError(f"cannot write {path}: {reason}")
