"""What stands in an output folder: its state, the files that are ours, and nothing else touched."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from simulacra.core.atomic import explain
from simulacra.io import _images_written as written

KIND = "simulacra-output"
FIRST_LINE = "simulacra_recipe = "
PAGES = (
    "README.md", "card.json", "lineage.json", "findings.json", "report.html", "sign.html", "recipe.toml",
    "failures.json", "reasons.jsonl",
)  # fmt: skip
ROWS = ("data", "lineage")
"""Folders of parts: the rows, and of texts a line for each row that says how it came to be."""
PART = re.compile(r"part-\d{5,}\.(parquet|csv|jsonl|npz)")
TEMP = re.compile(r"\..+\.\d+\.part")
_STAGE = re.compile(r"begun\.json|lock|model|checkpoint|(rows|names|table)-\d{5,}\.arrow|\..+\.(part|old)")


def is_output(path: str | Path) -> bool:
    """Return whether a path is a finished output folder."""
    manifest = read_json(Path(path) / "manifest.json") if Path(path).is_dir() else None
    return manifest is not None and manifest.get("format") == KIND


def state(path: Path, recipe: str) -> str:
    """Return new, file, foreign, finished, same (unfinished, by this recipe) or other (unfinished)."""
    if not path.exists():
        return "new"
    if not path.is_dir():
        return "file"
    try:
        names = {p.name for p in path.iterdir() if not TEMP.fullmatch(p.name)}
    except OSError as error:
        raise explain(error, path) from error
    if not names:
        return "new"
    if ".work" in names and not is_work(path / ".work"):
        return "foreign"
    if is_output(path):
        return "finished"
    if ".work" not in names:
        return "foreign"
    if "recipe.toml" not in names:
        return "new" if names == {".work"} else "foreign"
    try:
        text = (path / "recipe.toml").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return "foreign"
    if not text.startswith(FIRST_LINE):
        return "foreign"
    return "same" if text == recipe else "other"


def is_work(path: Path) -> bool:
    """Return whether a path holds stages and nothing else: a link would lead the cleaning out of the folder."""
    return not path.is_symlink() and path.is_dir() and all(_STAGE.fullmatch(p.name) for p in path.iterdir())


def ours(path: Path) -> list[Path]:
    """Return the files that an output is made of, as far as they are there, sorted; leftovers of a killed run too."""
    found = [path / name for name in PAGES if (path / name).exists()]
    for folder in (path, *(path / name for name in ROWS)):
        inside = [p for p in folder.iterdir() if p.is_file()] if folder.is_dir() else []
        found += [p for p in inside if TEMP.fullmatch(p.name) or (folder != path and PART.fullmatch(p.name))]
    return sorted(found + written.media(path))


def remove(path: Path) -> None:
    """Remove a file, a link or a whole folder; what is gone already is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the object in a file, None where there is none that can be read."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
