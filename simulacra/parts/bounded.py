"""The contribution of one person: at most so many rows, chosen at random among that person's rows alone."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from simulacra.core.errors import ConfigError, DataError, near
from simulacra.parts import _domain_cells as cells

if TYPE_CHECKING:
    import numpy.typing as npt

SHOWN = 5
"""Row numbers that an error names."""


def bounded(frame: pl.DataFrame, person: str, rows: int, key: bytes | None = None) -> pl.DataFrame:
    """Return the frame with at most `rows` rows of each person, in their order.

    person: column that says whose row it is, by what its cells say and not how they are stored. Which of a person's
    rows stay depends on the key and on that person's rows, never on other persons, so that one person more or fewer
    changes no other person's part. key: secret bytes; None takes fresh ones and forgets them. A frame in which nobody
    has more rows is returned as it is.
    Raises ConfigError for an absent column and rows < 1, DataError with the row numbers of cells without a person.
    """
    if person not in frame.columns:
        raise ConfigError(f"person: no column {person!r} in the data.{near(person, frame.columns)}")
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise ConfigError(f"rows of one person must be a whole number, at least 1, got {rows!r}")
    who = cells.texts(frame[person])
    nobody = np.flatnonzero(who.is_null().to_numpy())
    if nobody.size:
        shown = ", ".join(f"{i + 1:,}" for i in nobody[:SHOWN]) + (", .." if nobody.size > SHOWN else "")
        raise DataError(
            f"column {person!r}: {nobody.size:,} rows name no person (row{'s' * (nobody.size > 1)} {shown}), so nobody "
            "can be protected in them; fill in the person, or drop those rows"
        )
    table = pl.DataFrame({"who": who}).with_columns(turn=pl.int_range(pl.len()).over("who"))
    if not (table["turn"] >= rows).any():
        return frame
    draw = _draws(table, secrets.token_bytes(32) if key is None else key)
    place = table.with_columns(draw=pl.Series(draw)).select(pl.struct("draw", "turn").rank("ordinal").over("who"))
    return frame.filter(place.to_series() <= rows)


def _draws(table: pl.DataFrame, key: bytes) -> npt.NDArray[np.uint64]:
    """Return a number for every row that is a keyed function of the person and of how many of its rows stand above."""
    texts = (table["who"] + "\x1f" + table["turn"].cast(pl.String)).to_list()
    key = hashlib.blake2b(key, digest_size=32).digest()
    out = [int.from_bytes(hashlib.blake2b(t.encode(), key=key, digest_size=8).digest(), "little") for t in texts]
    return np.array(out, np.uint64)
