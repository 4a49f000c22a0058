"""The folder of masked files: made beside its place, published by one rename, never half done."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from simulacra.core.atomic import explain, sha256, sync, write_json
from simulacra.core.errors import OutputError
from simulacra.core.lineage import versions
from simulacra.io._folder_files import read_json, remove

KIND = "simulacra-mask"
VERSION = 1
OWN = ("findings.jsonl", "findings.json", "report.html", "plan.toml", "README.md", "manifest.json")
"""Files that a masked file may not be named like."""


class Stage:
    """Where the files are made until all of them are there: `new`, in a hidden folder beside the output."""

    def __init__(self, out: Path) -> None:
        """out: the output folder; `begin` makes the stage."""
        self.out = out
        self.home = out.parent / f".{out.name}.part"
        self.new, self.old = self.home / "new", self.home / "old"
        self._lock: int | None = None

    @classmethod
    def begin(cls, out: str | Path, sources: Iterable[Path], *, force: bool) -> Self:
        """Begin anew, whatever an earlier run left. Raises OutputError as `refuse` does, or while another writes."""
        stage = cls(Path(os.path.abspath(Path(out).expanduser())))
        try:
            stage.home.mkdir(parents=True, exist_ok=True)
            stage._take_lock()
            if stage.old.exists() and not stage.out.exists():
                # A run was killed between its two renames: what stood there before comes back.
                os.replace(stage.old, stage.out)
            refuse(stage.out, sources, force=force)
            for left in (stage.new, stage.old):
                remove(left)
            stage.new.mkdir()
        except OSError as error:
            stage.discard()
            raise explain(error, stage.out) from error
        except OutputError:
            stage.discard()
            raise
        return stage

    def publish(self, facts: dict[str, object]) -> None:
        """Write the manifest, sync every file, and put the folder in its place."""
        sums = {p.name: sha256(p) for p in sorted(self.new.iterdir())}
        write_json(self.new / "manifest.json", {"format": KIND, "version": VERSION, **facts, "files": sums})
        try:
            for path in (*self.new.iterdir(), self.new):
                sync(path)
            if self.out.exists():
                os.replace(self.out, self.old)
            os.replace(self.new, self.out)
            sync(self.out.parent)
        except OSError as error:
            raise explain(error, self.out) from error
        finally:
            self.discard()

    def discard(self) -> None:
        """Remove the stage, save a former output that has no other place."""
        if self._lock is None:
            return
        if self.old.exists() and not self.out.exists():
            os.replace(self.old, self.out)
        remove(self.home)
        os.close(self._lock)
        self._lock = None

    def _take_lock(self) -> None:
        import fcntl

        handle = os.open(self.home / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise OutputError(f"{self.out} is being written by another process; wait for it, or stop it") from None
        self._lock = handle


def refuse(out: Path, sources: Iterable[Path], *, force: bool) -> None:
    """Raise OutputError when the output may not be written: a file, a folder of others, one that is finished."""
    if any(out == source.resolve().parent or out in source.resolve().parents for source in sources):
        raise OutputError(f"{out} holds a file that is to be masked; choose another -o")
    if not out.exists():
        return
    if not out.is_dir():
        raise OutputError(f"{out} is a file, and the output is a folder; choose another -o")
    if not any(out.iterdir()):
        return
    if (read_json(out / "manifest.json") or {}).get("format") != KIND:
        raise OutputError(f"{out} holds files that mask did not write; choose another -o, it is never overwritten")
    if not force:
        raise OutputError(f"{out} already holds masked files; choose another -o, or --force to make it anew")


def facts(key_kept: bool, files: int, cells: int) -> dict[str, object]:
    """Return what the manifest says beside the checksums: nothing of the key but whether it is kept."""
    return {
        "versions": versions(),
        "key": "kept elsewhere" if key_kept else "thrown away",
        "masked": files,
        "places": cells,
    }


def line(value: dict[str, object]) -> str:
    """Return one line of findings.jsonl."""
    return json.dumps(value, ensure_ascii=False) + "\n"
