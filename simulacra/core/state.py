"""Saved state: a tree of plain values, arrays and frames on disk, without pickle.

A folder holds `model.json` (the tree), `arrays.safetensors`, `frames/N.arrow` and `manifest.json` (sha256 of each file,
written last). Loading reads data only; it never imports or runs anything that the folder names.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simulacra.core.atomic import explain, sha256, sync, write_json
from simulacra.core.errors import ModelError, OutputError

KIND = "simulacra-state"
FORMAT = 1


def save(path: str | Path, value: Mapping[str, Any], *, overwrite: bool = False) -> None:
    """Write a tree to a new folder, all or nothing: it is built beside `path` and renamed.

    Raises OutputError when something stands there (unless overwrite and it is such a folder) or the disk refuses.
    """
    path = Path(path)
    if os.path.lexists(path) and not (overwrite and is_saved(path)):
        raise OutputError(f"{path} already exists{' and is not a saved model' * overwrite}; choose another name")
    temp = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        temp.mkdir(parents=True)
        _write(temp, value)
        if path.exists():
            old = path.with_name(f".{path.name}.{os.getpid()}.old")
            os.replace(path, old)
            os.replace(temp, path)
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.replace(temp, path)
        sync(path.parent)
    except OSError as error:
        raise explain(error, path) from error
    finally:
        shutil.rmtree(temp, ignore_errors=True)


def is_saved(path: str | Path) -> bool:
    """Return whether a folder, not a link to one, holds a saved tree: nothing else is ever replaced."""
    path = Path(path)
    try:
        return not path.is_symlink() and _json(path, "manifest.json").get("format") == KIND
    except ModelError:
        return False


def load(path: str | Path) -> dict[str, Any]:
    """Read a tree back. Raises ModelError for a folder that is missing, foreign, damaged or from a newer version."""
    path = Path(path)
    manifest = _json(path, "manifest.json")
    if manifest.get("format") != KIND:
        raise ModelError(
            f"{path} is not a saved model (its manifest.json is of another kind, such as that of an output); "
            "make one with `simulacra fit DATA -o model/`"
        )
    if not isinstance(manifest.get("version"), int) or manifest["version"] > FORMAT:
        raise ModelError(
            f"{path}: saved by a newer version (format {manifest.get('version')}, known {FORMAT}); upgrade simulacra"
        )
    listed = manifest.get("files")
    if not isinstance(listed, dict):
        raise ModelError(f"{path}: manifest.json lists no files; the model is damaged, fit it again")
    if "model.json" not in listed and not any(_outside(name) for name in listed):
        raise ModelError(f"{path}: model.json is not listed in manifest.json; the model is damaged, fit it again")
    for name, wanted in listed.items():
        file = path / name
        if _outside(name):
            raise ModelError(f"{path}: the manifest names {name!r}, outside the folder; do not trust this model")
        if not file.is_file():
            raise ModelError(f"{path}: file {name} is missing; the model is incomplete, fit it again")
        if sha256(file) != wanted:
            raise ModelError(f"{path}: file {name} does not match its checksum; the model is damaged, fit it again")
    arrays = _arrays(path / "arrays.safetensors") if "arrays.safetensors" in listed else {}
    tree = _json(path, "model.json")
    try:
        value = _decode(tree, arrays, path)
    except (KeyError, ValueError, TypeError, IndexError, RecursionError) as error:
        raise ModelError(f"{path}: model.json is not what simulacra writes ({error}); the model is damaged") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path}: model.json is not what simulacra writes; the model is damaged")
    return value


def _outside(name: str) -> bool:
    return ".." in Path(name).parts or Path(name).is_absolute()


def _write(folder: Path, value: Mapping[str, Any]) -> None:
    arrays: dict[str, Any] = {}
    frames: list[Any] = []
    tree = _encode(value, arrays, frames)
    if arrays:
        from safetensors.numpy import save as to_bytes

        # Written here, not by the library, so that a full disk is an OSError like any other.
        (folder / "arrays.safetensors").write_bytes(to_bytes(arrays))
    if frames:
        (folder / "frames").mkdir()
    for i, frame in enumerate(frames):
        held = io.BytesIO()
        frame.write_ipc(held)
        (folder / "frames" / f"{i}.arrow").write_bytes(held.getbuffer())
    (folder / "model.json").write_text(json.dumps(tree, ensure_ascii=False, allow_nan=True), "utf-8")
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    for file in files:
        sync(file)
    sums = {str(p.relative_to(folder)): sha256(p) for p in files}
    write_json(folder / "manifest.json", {"format": KIND, "version": FORMAT, "files": sums})


def _encode(value: Any, arrays: dict[str, Any], frames: list[Any]) -> Any:
    import numpy as np
    import polars as pl

    if isinstance(value, np.ndarray):
        if value.dtype.kind in "OUSVMm":
            raise ModelError("state may not hold arrays of objects, text or dates; use a polars series")
        name = f"a{len(arrays)}"
        # safetensors has no dtype for booleans packed by numpy views of other orders, so arrays are made contiguous.
        arrays[name] = np.asarray(value, order="C")
        return {"$array": name}
    if isinstance(value, pl.DataFrame | pl.Series):
        frames.append(value if isinstance(value, pl.DataFrame) else value.to_frame())
        return {"$frame" if isinstance(value, pl.DataFrame) else "$series": len(frames) - 1}
    if isinstance(value, Mapping):
        return {"$dict": [[_encode(k, arrays, frames), _encode(v, arrays, frames)] for k, v in value.items()]}
    if isinstance(value, tuple):
        return {"$tuple": [_encode(v, arrays, frames) for v in value]}
    if isinstance(value, list):
        return [_encode(v, arrays, frames) for v in value]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ModelError(f"state may hold plain values, arrays and frames, not {type(value).__name__}")


def _decode(value: Any, arrays: Mapping[str, Any], path: Path) -> Any:
    if isinstance(value, list):
        return [_decode(v, arrays, path) for v in value]
    if not isinstance(value, dict):
        return value
    (tag, inner), *rest = value.items()
    if rest or tag not in ("$array", "$frame", "$series", "$dict", "$tuple"):
        raise ModelError(
            f"{path}: model.json has an unknown entry {tag!r}; the model is damaged or from a newer version"
        )
    if tag == "$array":
        return arrays[inner]
    if tag in ("$frame", "$series"):
        frame = _frame(path / "frames" / f"{int(inner)}.arrow")
        return frame if tag == "$frame" else frame.to_series()
    if tag == "$tuple":
        return tuple(_decode(v, arrays, path) for v in inner)
    return {_decode(k, arrays, path): _decode(v, arrays, path) for k, v in inner}


def _frame(file: Path) -> Any:
    import polars as pl

    try:
        return pl.read_ipc(file)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ModelError(f"{file}: cannot be read ({error}); the model is damaged, fit it again") from error


def _arrays(file: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        loaded: dict[str, Any] = load_file(str(file))
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{file}: cannot be read ({error}); the model is damaged, fit it again") from error
    return loaded


def _json(path: Path, name: str) -> dict[str, Any]:
    if not path.is_dir():
        raise ModelError(f"{path} is not a saved model: no such folder; make one with `simulacra fit DATA -o {path}`")
    try:
        value = json.loads((path / name).read_text("utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{path} is not a saved model or is incomplete: {name} is missing") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: {name} cannot be read ({error}); the model is damaged, fit it again") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path}: {name} is not what simulacra writes; the model is damaged")
    return value
