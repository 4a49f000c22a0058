"""Randomness: one seed, and a stream of its own for every place that draws.

No module of this package touches a global generator. A stream is named by (seed, address, purpose, block), so adding a
draw in one place never moves the draws of another, and a block of rows is the same on any number of workers.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

BLOCK_ROWS = 65_536
"""Rows of one block of a table: the unit of sampling, of workers and of resuming."""


def stream(seed: int, address: str, purpose: str, block: int = 0) -> np.random.Generator:
    """Return the generator of one place.

    seed: any integer; address: the method, e.g. "tables/forest"; purpose: e.g. "fit"; block: number of the block.
    """
    import numpy as np

    name = "\x1f".join((str(int(seed)), address, purpose))
    digest = hashlib.blake2b(name.encode(), digest_size=32).digest()
    place = np.random.SeedSequence(int.from_bytes(digest, "little"), spawn_key=(int(block),))
    return np.random.Generator(np.random.PCG64DXSM(place))


def shared_key(draw: np.random.Generator, what: str) -> int:
    """Return a number of 64 bits that all blocks of one (seed, address, purpose) have in common; nothing is drawn.

    With it a value that must be unique over all rows is a function of its row number, and blocks need not agree on it.
    """
    entropy = getattr(draw.bit_generator.seed_seq, "entropy", 0)
    return int.from_bytes(hashlib.blake2b(f"{entropy}\x1f{what}".encode(), digest_size=8).digest(), "little")


def fresh_seed() -> int:
    """Return a new seed from the system, small enough to type again."""
    return secrets.randbelow(2**31)
