"""From drawn ranks to a table, and from a table to ranks: shared by all methods that draw the variables of a chain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from simulacra.parts.copies import row_words, words
from simulacra.parts.encoding import decode, encode
from simulacra.parts.fields import Field, join, placeholder, recognise
from simulacra.parts.surrogates import draw_surrogate

if TYPE_CHECKING:
    from simulacra.core.schema import Column
    from simulacra.parts.copies import Words
    from simulacra.parts.encoding import Ints

    Drawn = tuple[Ints, Ints | None, Ints | None]


def assemble(
    fields: list[Field], drawn: Iterable[Drawn], n: int, rng: np.random.Generator
) -> tuple[pl.DataFrame, dict[str, Ints]]:
    """Return n rows in the table's own types, with placeholders for surrogates, and the ranks of the columns.

    drawn: for every variable of the chain, in its order, the ranks (n,), -1 where it is not there, and the lowest and
    highest rank that a number drawn afresh may reach, or None. States stand before the values that they gate.
    """
    owner = {field["value"]: (field, field["codec"]) for field in fields if field["codec"]}
    states, cells, ranks = {-1: np.zeros(n, np.int64)}, {}, {}
    for i, (drawn_ranks, low, high) in enumerate(drawn):
        if i not in owner:
            states[i] = drawn_ranks
            continue
        field, codec = owner[i]
        values = decode(drawn_ranks, codec, rng, low, high)
        cells[field["name"]] = join(field, states[field["state"]], values)
        ranks[field["name"]] = drawn_ranks
    for field in fields:
        if field["value"] < 0:
            state = states[field["state"]]
            cells[field["name"]] = placeholder(field, state) if field["surrogate"] else join(field, state, None)
    return pl.DataFrame([cells[field["name"]] for field in fields]), ranks


def ranks_of(frame: pl.DataFrame, fields: list[Field], columns: Iterable[Column]) -> list[Ints]:
    """Return the ranks (rows,) of every variable of the chain for rows that need not be those it was learned from.

    columns: the schema the fields were learned with. A value or odd cell that was never seen counts as missing: -1.
    """
    schema = {column.name: column for column in columns}
    found: dict[int, Ints] = {}
    for field in fields:
        state, plain = recognise(frame[field["name"]], field, schema[field["name"]])
        if field["state"] >= 0:
            found.setdefault(field["state"], state)
        if field["codec"]:
            found[field["value"]] = encode(plain, field["codec"])
    return [found[i] for i in range(len(found))]


def fill_surrogates(fields: list[Field], frame: pl.DataFrame, rng: np.random.Generator, start: int) -> pl.DataFrame:
    """Return the frame with fresh ids, person data and texts where `assemble` said that there is a cell.

    start: number of the frame's first row, so that they are unique over all rows.
    """
    drawn = []
    for field in fields:
        if field["surrogate"]:
            fresh = draw_surrogate(field["surrogate"], frame.height, rng, start)
            drawn.append(fresh.alias(field["name"]).set(frame[field["name"]].is_null(), None))
    return frame.with_columns(drawn)


def row_hashes(fields: list[Field], frame: pl.DataFrame, ranks: dict[str, Ints], key: int) -> Words:
    """Return the keyed hash of each row: categories by rank, the rest by value; surrogates are left out."""
    columns = []
    for field in fields:
        if field["codec"]:
            columns.append(words(frame[field["name"]], ranks[field["name"]], bool(field["codec"]["ordered"])))
    return row_words(columns, frame.height, key)
