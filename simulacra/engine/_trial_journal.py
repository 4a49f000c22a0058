"""The journal of a trial or an audit: one line for each finished piece, so that a stopped one goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from simulacra.core.atomic import explain
from simulacra.core.errors import OutputError

FORMAT = 1


class Journal:
    """Finished pieces of one trial or audit, in memory and, with a path, in a file of JSON lines.

    path: the file, None to keep nothing. identity: everything that decides the figures; a file of another identity
    is begun anew, one that is no journal is refused. of: "a trial" or "an audit".
    """

    def __init__(self, path: str | Path | None, identity: Any, of: str = "a trial") -> None:
        self.path, self.of = Path(path) if path is not None else None, of
        self.mark = {of.split()[-1]: FORMAT, "of": hashlib.blake2b(repr(identity).encode(), digest_size=16).hexdigest()}
        self.done: dict[tuple[int, str], dict[str, Any]] = {}
        if self.path is not None:
            self._read(self.path)

    def _read(self, path: Path) -> None:
        try:
            text = path.read_text("utf-8", errors="replace") if path.exists() else ""
        except OSError as error:
            raise explain(error, path) from error
        found = [_line(line) for line in text.splitlines()]
        if text and not text.startswith(f'{{"{self.of.split()[-1]}": '):
            raise OutputError(f"{path} already exists and is not the journal of {self.of}; choose another name")
        if not found or found[0] != self.mark:
            self._write(json.dumps(self.mark) + "\n", "w")
            return
        for one in found[1:]:
            # The last line may be torn by a stop in the middle of writing.
            if isinstance(one, dict) and {"draw", "arm", "result"} <= one.keys():
                self.done[one["draw"], one["arm"]] = one["result"]
        if found[-1] is None:
            self._write("\n", "a")

    def add(self, draw: int, arm: str, result: dict[str, Any]) -> None:
        """Keep the result of one arm of a draw, a tree of plain values."""
        self.done[draw, arm] = result
        self._write(json.dumps({"draw": draw, "arm": arm, "result": result}) + "\n", "a")

    def _write(self, text: str, mode: str) -> None:
        if self.path is None:
            return
        try:
            with self.path.open(mode, encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise explain(error, self.path) from error


def _line(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
