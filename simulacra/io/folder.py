"""The output folder: begun with its recipe, finished with its manifest, and resumable in between.

While it is being written, `.work/` holds what later stages need: `begun.json` (which data), `checkpoint/` (an
unfinished fit), `model/` (the fitted method) and `rows-00000.arrow` (the rows that are checked). Every file appears
whole or not at all, so a process that is killed leaves stages that are either there or not. The manifest is written
last; then `.work/` goes.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from simulacra.core.atomic import explain, sha256, sync, write_json, write_text, writing
from simulacra.core.data import Dataset
from simulacra.core.errors import DataError, OutputError
from simulacra.core.lineage import Lineage
from simulacra.io import _images_written as written
from simulacra.io import chats, files
from simulacra.io._folder_files import KIND, PART, ROWS, TEMP, ours, read_json, remove, state
from simulacra.io._folder_files import is_output as is_output

if TYPE_CHECKING:
    import polars as pl

VERSION = 1
SUFFIX = {
    "parquet": ".parquet", "csv": ".csv", "jsonl": ".jsonl", "npz": ".npz", "png": written.CLASSES,
    "imagefolder": written.TABLE,
    **{name: ".parquet" if name.endswith(".parquet") else ".jsonl" for name in chats.FORMATS},
}  # fmt: skip
"""Format -> ending of the parts; png and imagefolder are folders of images, see io._images_written."""


class Folder:
    """An output folder that is being written."""

    def __init__(self, path: Path) -> None:
        """path: where it is; `begin` makes one. resumed tells whether an earlier run left stages that count."""
        self.path, self.resumed = path, False
        self.work = path / ".work"
        self._lock: int | None = None

    @classmethod
    def begin(cls, path: str | Path, recipe: str, begun: Mapping[str, Any], *, force: bool = False) -> Self:
        """Begin a folder, or go on with one that the same recipe began on the same data.

        recipe: the TOML text. begun: plain values that must be the same for stages to be reused, such as hashes.
        Raises OutputError as `refuse` does, and when the data have changed or another process writes there.
        """
        refuse(path, recipe, force=force)
        out = cls(Path(path))
        try:
            out.work.mkdir(parents=True, exist_ok=True)
            out._take_lock()
            out._begin(recipe, dict(begun), force)
        except OSError as error:
            out.close()
            raise explain(error, out.path) from error
        except OutputError:
            out.close()
            raise
        return out

    def _begin(self, recipe: str, begun: dict[str, Any], force: bool) -> None:
        # Only now that nobody else writes here is the state what it will stay.
        refuse(self.path, recipe, force=force)
        known = read_json(self.work / "begun.json")
        self.resumed = not force and known is not None and state(self.path, recipe) == "same"
        if not self.resumed:
            self._clear()
            write_text(self.path / "recipe.toml", recipe)
            write_json(self.work / "begun.json", begun)
        elif known != begun:
            raise OutputError(
                f"{self.path} was begun with other data or versions than those of today; --force makes it anew, "
                "or choose another -o"
            )

    @property
    def model(self) -> Path:
        """Return where the fitted method is kept until the folder is finished."""
        return self.work / "model"

    @property
    def checkpoint(self) -> Path:
        """Return where a long fit keeps its state."""
        return self.work / "checkpoint"

    def drop_model(self) -> None:
        """Remove what is left of a model that was not written, or not removed, to its end."""
        remove(self.model)

    def parts(self, ending: str, keep: int) -> int:
        """Return how many parts are finished, counted from the first; ending: ".csv"; the first `keep` need rows."""
        done = 0
        while self._done(done, ending).exists() and (done >= keep or self._rows(done).exists()):
            done += 1
        return done

    def rows(self, part: int) -> pl.DataFrame:
        """Return the rows of a finished part exactly as they were sampled."""
        import polars as pl

        return pl.read_ipc(self._rows(part))

    def write_part(
        self, part: int, data: Dataset, ending: str, *, keep: bool, neutralise: bool = False, start: int = 0
    ) -> None:
        """Write part number `part`; keep: hold its rows for the check too; neutralise: see io.files.write.

        start: number of its first row, which names the files of images.
        """
        if keep:
            with writing(self._rows(part)) as temp:
                data.frame.write_ipc(temp)
        if ending in (written.CLASSES, written.TABLE):
            names = written.write(data.frame, self.path, start, ending)
            with writing(self._done(part, ending)) as temp:
                names.write_ipc(temp)
        else:
            files.write(data, self._done(part, ending), neutralise=neutralise)

    def write_lineage(self, part: int, lines: pl.DataFrame) -> None:
        """Write how the rows of part number `part` came to be, a line of JSON for each of them."""
        files.write(lines, self.path / "lineage" / part_name(part, ".jsonl"))

    def sums(self, ending: str) -> dict[str, str]:
        """Return the files of rows, once all parts are there, with their sha256; of images the table beside them."""
        if ending == written.TABLE:
            table = written.write_metadata(self.work.glob("table-*.arrow"), self.path)
            return {table.name: sha256(table)}
        return {p.name: sha256(p) for p in sorted((self.path / "data").glob(f"part-*{ending}"))}

    def finish(self) -> dict[str, str]:
        """Write the manifest, remove what only the unfinished folder needs; return file -> sha256."""
        for entry in self.work.iterdir():
            if entry.name not in ("begun.json", "lock"):
                remove(entry)
        for entry in ours(self.path):
            if TEMP.fullmatch(entry.name):
                remove(entry)
        sums = {str(p.relative_to(self.path)): sha256(p) for p in ours(self.path)}
        write_json(self.path / "manifest.json", {"format": KIND, "version": VERSION, "files": sums})
        self.close()
        remove(self.work)
        return sums

    def discard(self) -> None:
        """Remove everything that was written, and the folder itself when nothing else is in it."""
        self._clear()
        remove(self.path / "recipe.toml")
        self.close()
        remove(self.work)
        if self.path.is_dir() and not any(self.path.iterdir()):
            self.path.rmdir()

    def close(self) -> None:
        """Let go of the lock."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _done(self, part: int, ending: str) -> Path:
        """Return the file whose presence says that a part is finished: of images, the list of their names."""
        if ending in (written.CLASSES, written.TABLE):
            return self.work / f"{'names' if ending == written.CLASSES else 'table'}-{part:05d}.arrow"
        return self.path / "data" / part_name(part, ending)

    def _rows(self, part: int) -> Path:
        return self.work / f"rows-{part:05d}.arrow"

    def _clear(self) -> None:
        """Remove what an earlier run wrote, the manifest first, so that what is left never looks finished."""
        remove(self.path / "manifest.json")
        sync(self.path)
        for entry in self.work.iterdir():
            if entry.name != "lock":
                remove(entry)
        for entry in ours(self.path):
            if entry.name != "recipe.toml":
                remove(entry)
        for folder in (self.path / name for name in ROWS):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        written.tidy(self.path)

    def _take_lock(self) -> None:
        import fcntl

        self._lock = os.open(self.work / "lock", os.O_CREAT | os.O_RDWR, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise OutputError(f"{self.path} is being written by another process; wait for it, or stop it") from None


def refuse(path: str | Path, recipe: str, *, force: bool) -> None:
    """Raise OutputError when `recipe` may not be written to `path`: checked before any work is done.

    A finished folder, or one that another recipe began, needs force. A folder that is not simulacra's, or a file, is
    never touched.
    """
    path = Path(path)
    found = state(path, recipe)
    if found == "file":
        raise OutputError(f"{path} is a file, and the output is a folder; choose another -o")
    if found == "foreign":
        some = next(p.name for p in sorted(path.iterdir()) if not TEMP.fullmatch(p.name))
        raise OutputError(
            f"{path} holds files that simulacra did not write ({some}); choose another -o, it is never overwritten"
        )
    if found == "finished" and not force:
        raise OutputError(f"{path} already holds a finished output; choose another -o, or --force to make it anew")
    if found == "other" and not force:
        raise OutputError(
            f"{path} holds the unfinished output of another command; run that command again to finish it, choose "
            "another -o, or --force to replace it"
        )


def refuse_source(path: str | Path, *sources: Any) -> None:
    """Raise OutputError when an output would replace a folder that it is made from; tables in memory are no matter."""
    for source in sources:
        is_there = isinstance(source, str | os.PathLike) and os.path.exists(source) and os.path.exists(path)
        if is_there and os.path.samefile(source, path):
            raise OutputError(f"{path} is what the output is made from; choose another -o")


def read(path: str | Path) -> Dataset:
    """Return the rows and the lineage of a finished folder; of conversations each cell is JSON text.

    Raises DataError for an unfinished or damaged one.
    """
    import polars as pl

    path = Path(path)
    manifest = read_json(path / "manifest.json")
    if not is_output(path) or manifest is None:
        raise DataError(f"{path} is not a finished output: its manifest.json is missing or of another kind")
    sums = manifest.get("files")
    names = sorted(n for n in sums if re.fullmatch(rf"data/{PART.pattern}", n)) if isinstance(sums, dict) else []
    media = written.listed(sums) if isinstance(sums, dict) else []
    if not isinstance(sums, dict) or not (names or media):
        raise DataError(f"{path}: manifest.json names no file under data/ or media/; the folder is damaged")
    # Without its lineage a made table would count as real.
    for name in (*names, *media, *(n for n in ("lineage.json",) if n in sums)):
        if not (path / name).is_file() or sha256(path / name) != sums[name]:
            raise DataError(f"{path}/{name} is missing or does not match its checksum; make the folder again")
    frames = [files.read(path / name, nested=True).frame for name in names] or [written.read(path, media)]
    lineage = Lineage.from_dict(read_json(path / "lineage.json") or {})
    return Dataset({"table": pl.concat(frames, how="vertical_relaxed")}, lineage=lineage)


def lineage_around(path: str | Path, own: Lineage) -> Lineage:
    """Return the lineage of the finished output in which a file or folder lies, `own` where there is none.

    So rows of an output are never taken for real ones when only a part of it is given, such as out/media.
    """
    home = next((p for p in Path(path).absolute().parents[:3] if is_output(p)), None)
    if home is None:
        return own
    made = Lineage.from_dict(read_json(home / "lineage.json") or {})
    return dataclasses.replace(made, facts={**made.facts, **own.facts})


def format_of(path: str | Path) -> str:
    """Return the format in which a finished output holds images, "parquet" for one of tables."""
    listed = (read_json(Path(path) / "manifest.json") or {}).get("files", {})
    media = written.listed(map(str, listed))
    if media:
        return "imagefolder" if f"{written.MEDIA}/{written.METADATA}" in media else "png"
    return "npz" if any(str(name).endswith(".npz") for name in listed) else "parquet"


def part_name(part: int, ending: str) -> str:
    """Return the file name of a part, e.g. part-00000.parquet."""
    return f"part-{part:05d}{ending}"
