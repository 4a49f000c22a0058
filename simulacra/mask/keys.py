"""The key of a masking run: read or made, kept away from the output, never shown; and what is derived from it."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from simulacra.core.errors import ConfigError, OutputError

BYTES = 32
"""Length of a key in bytes; its file holds twice as many hexadecimal digits."""
LABEL = b"simulacra mask 1"
T = TypeVar("T")


@dataclass(frozen=True)
class Key:
    """A secret and the project it serves; HMAC-SHA-256 under it with a domain for every purpose.

    secret: 32 bytes. project: two projects under one key get unrelated pseudonyms. fresh: made for this run and kept
    nowhere.
    """

    secret: bytes = field(repr=False)
    project: str = ""
    fresh: bool = False

    def mac(self, domain: str, text: str) -> bytes:
        """Return 32 bytes that depend on key, project, domain and text; nobody without the key can repeat them."""
        return hmac.digest(self.secret, _framed(self.project, domain) + text.encode("utf-8", "surrogatepass"), "sha256")

    def draws(self, domain: str, text: str, attempt: int = 0) -> Draws:
        """Return a supply of choices that depend on key, project, domain, text and attempt alone."""
        return Draws(self.mac(f"{domain} {attempt}" if attempt else domain, text))


@lru_cache(maxsize=4096)
def _framed(project: str, domain: str) -> bytes:
    """Return what stands before every text: lengths before the parts, so that no two triples make one message."""
    parts = (LABEL, project.encode(), domain.encode())
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


class Draws:
    """Choices out of a digest, stretched by SHA-256 as far as needed."""

    def __init__(self, seed: bytes) -> None:
        """seed: the digest."""
        self._state, self._pool = seed, int.from_bytes(seed, "big")
        self._bits = 8 * len(seed)

    def below(self, bound: int) -> int:
        """Return a number in 0..bound-1; its chances differ from equal ones by less than 2**-32."""
        need = bound.bit_length() + 32
        while self._bits < need:
            self._state = hashlib.sha256(self._state).digest()
            self._pool = (self._pool << 256) | int.from_bytes(self._state, "big")
            self._bits += 256
        part = self._pool & ((1 << need) - 1)
        self._pool >>= need
        self._bits -= need
        return part % bound

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of the choices."""
        return choices[self.below(len(choices))]

    def digits(self, count: int) -> str:
        """Return so many decimal digits."""
        return f"{self.below(10**count):0{count}d}" if count else ""


def fresh(project: str = "") -> Key:
    """Return a key that is written nowhere: with it goes every way back from surrogate to person."""
    return Key(secrets.token_bytes(BYTES), project, fresh=True)


def load(path: str | Path, out: str | Path, project: str = "") -> Key:
    """Read a key file, or make one with mode 600 when there is none.

    out: the output folder; the key may not lie in it, nor be made beside it. Raises ConfigError for a file that others
    may read, a damaged one, or such a place, OutputError when it cannot be written.
    """
    path = Path(path).expanduser()
    apart(path, out, "--key")
    if not path.exists():
        if path.resolve().parent == Path(out).resolve().parent:
            raise ConfigError(
                f"--key {path} would be made beside the output folder {out}, where it is easily given away with it; "
                f"name a file in a folder of its own, such as --key ~/.simulacra/{path.name}"
            )
        _make(path)
    return Key(_read(path), project)


def apart(path: str | Path, out: str | Path, flag: str) -> None:
    """Raise ConfigError when a secret file would lie in the output folder, which is made to be given away."""
    home, place = Path(out).resolve(), Path(path).expanduser().resolve()
    if place == home or home in place.parents:
        raise ConfigError(
            f"{flag} {path} lies inside the output folder {out}, which is made to be given away; "
            f"name a file elsewhere, such as {flag} ~/{place.name or 'mask.key'}"
        )


def private(path: Path, flag: str) -> None:
    """Raise ConfigError when others than the owner may read or write a file."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise ConfigError(
            f"{flag} {path} can be read or changed by other users (mode {mode:03o}), so it is no secret; "
            f"run: chmod 600 {path}"
        )


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise ConfigError(f"--key {path} is not a file; name a file, which is made when there is none")
    private(path, "--key")
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"--key {path} cannot be read: {error.strerror}") from error
    try:
        secret = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        secret = b""
    if len(secret) != BYTES:
        # What stands there may be a secret of another kind, so none of it is shown.
        raise ConfigError(
            f"--key {path} does not hold a key: {2 * BYTES} hexadecimal digits are expected; name another file, "
            "or one that does not exist and will be made"
        )
    return secret


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise OutputError(f"--key {path} cannot be written: {error.strerror}; name another place") from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
