"""Lineage: the frozen chain of how data came to be, from real rows to what leaves."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core.errors import DataError

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Lineage:
    """How a dataset was made.

    made_by: address of the method, "" for real data. params: its fields. seed: of the sampling. fit_seed: of the fit.
    versions: library versions that decide the bytes. parents: keyed hashes of the data it was learned from.
    real_share: share of rows that are real, 0..1. generation: synthetic steps since real data (0 = real).
    epsilon, delta: privacy spent, None when no differential privacy was used. facts: what the method says about itself.
    """

    made_by: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    fit_seed: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    real_share: float = 1.0
    generation: int = 0
    epsilon: float | None = None
    delta: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        out = dataclasses.asdict(self)
        out["parents"] = list(self.parents)
        return out

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Lineage:
        """Read what `to_dict` wrote; entries of newer versions are ignored. Raises DataError for a damaged one."""
        given = {f.name: value[f.name] for f in dataclasses.fields(cls) if f.name in value}
        given["parents"] = given.get("parents", ())
        for name, types in _TYPES.items():
            found = given.get(name)
            if name in given and (isinstance(found, bool) or not isinstance(found, types)):
                raise DataError(f"lineage: {name} cannot be {found!r}; what the data carry is damaged, make them again")
        return cls(**{**given, "parents": tuple(given["parents"])})

    def child(self, made_by: str, **changes: Any) -> Lineage:
        """Return the lineage of data that a method makes from this one: one generation further, no real rows."""
        changes = {"generation": self.generation + 1, "real_share": 0.0, **changes}
        return dataclasses.replace(self, made_by=made_by, **changes)


_TYPES: dict[str, tuple[type, ...]] = {
    "made_by": (str,),
    "real_share": (int, float),
    "generation": (int,),
    **dict.fromkeys(("params", "versions", "facts"), (Mapping,)),
    "parents": (list, tuple),
}
"""What must have its type for a method to learn from data that carry it."""


def versions(*more: str) -> dict[str, str]:
    """Return the versions that decide the bytes of an output, and those of `more` libraries."""
    import platform
    from importlib.metadata import version

    names = ("simulacra", "numpy", "polars", "scikit-learn", *more)
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def keyed_hash(frame: pl.DataFrame) -> str:
    """Return a hash of the content that only the owner of the key can recompute.

    A plain hash of a small sensitive table would confirm a guess at its rows, so the hash is keyed with a secret that
    stays on this machine (environment SIMULACRA_KEY, or a file in the user's configuration folder, mode 600).
    """
    digest = hashlib.blake2b(key=_key(), digest_size=16)
    digest.update(repr(list(frame.schema.items())).encode())
    for part in frame.iter_slices(100_000):
        digest.update(part.hash_rows(seed=1).to_numpy().tobytes())
    return digest.hexdigest()


def _key() -> bytes:
    given = os.environ.get("SIMULACRA_KEY")
    if given:
        return hashlib.blake2b(given.encode(), digest_size=32).digest()
    fresh = secrets.token_bytes(32)
    try:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "simulacra"
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _kept(base / "lineage.key", fresh)
    except (OSError, RuntimeError):
        # No home to keep it in: the hash then differs from run to run, which is safe, only less useful.
        return fresh


def _kept(path: Path, fresh: bytes) -> bytes:
    """Return the key in a file, which is made with `fresh` when it is not there or cut short."""
    with contextlib.suppress(FileNotFoundError):
        known = path.read_bytes()[:32]
        if len(known) == 32:
            return known
        # A short key, in the end an empty one, would leave the hash open to guesses.
        path.unlink()
    temp = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(temp, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(fresh)
        # A link appears whole and never replaces one: of several first runs at once all take the same key.
        os.link(temp, path)
    except FileExistsError:
        pass
    except OSError:
        # Some file systems have no links.
        os.replace(temp, path)
    finally:
        temp.unlink(missing_ok=True)
    return path.read_bytes()[:32]
