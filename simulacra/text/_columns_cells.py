"""Cells: the rows that are being made, column by column, with what was drawn, asked and lost on the way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.parts import permute
from simulacra.text._base import Failure
from simulacra.text._columns_templates import MARKER, Template

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    Words = npt.NDArray[np.uint64]


class Someone(dict[str, Any]):
    """A person with fields; printed by a template the whole is one text."""

    def __init__(self, fields: Mapping[str, Any], text: str) -> None:
        super().__init__(fields)
        self.text = text

    def __str__(self) -> str:
        return self.text


SEEDS = 2**31
"""Seeds of requests are a permutation of the row numbers below this: no two rows of a column share one."""
SMALL = 4096
"""Rows of data up to which they are shuffled by sorting random numbers, all turns at once."""


@dataclass
class Cells:
    """The rows first .. first + n - 1 of an output.

    seed, address: what every draw is named by. seeds: rows of the data, None without. values: column -> cells, None
    where there is none yet. lost: row of the block -> why it is left out. notes: failures that cost no row. asked: for
    each row of the block what was asked for it. parents, personas: the rows of the data and the persons it stands on.
    """

    seed: int
    address: str
    first: int
    n: int
    seeds: pl.DataFrame | None = None
    values: dict[str, list[Any]] = field(default_factory=dict)
    lost: dict[int, Failure] = field(default_factory=dict)
    notes: list[Failure] = field(default_factory=list)
    asked: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    parents: dict[int, list[int]] = field(default_factory=dict)
    personas: dict[int, list[int]] = field(default_factory=dict)
    order: str = "shuffle"

    @cached_property
    def numbers(self) -> Words:
        """Return the row numbers."""
        return np.arange(self.first, self.first + self.n, dtype=np.uint64)

    def key(self, what: str) -> int:
        """Return the 64 bits from which all draws of one purpose come."""
        name = "\x1f".join((str(self.seed), self.address, what)).encode()
        return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "little")

    def uniform(self, what: str) -> npt.NDArray[np.float64]:
        """Return a number in [0, 1) for each row of the block: a function of seed, purpose and row number alone."""
        return permute.uniform(self.numbers, self.key(what), "")

    def request_seeds(self, column: str, turn: int) -> list[int]:
        """Return the seed of each row's request."""
        what = f"column {column} turn {turn}"
        if what not in self._drawn:
            drawn = permute.permute(self.numbers % np.uint64(SEEDS), SEEDS, self.key(what))
            self._drawn[what] = drawn.astype(np.int64).tolist()
        return self._drawn[what]

    def below(self, what: str, bound: int) -> list[int]:
        """Return a number in 0..bound-1 for each row of the block."""
        if what not in self._drawn:
            self._drawn[what] = permute.below(self.numbers, bound, self.key(what), "").tolist()
        return self._drawn[what]

    @cached_property
    def _drawn(self) -> dict[str, list[int]]:
        return {}

    @cached_property
    def marker(self) -> str:
        """Return the marker that fences data of this run in prompts."""
        return f"data-{self.key('marker'):016x}"

    def seed_rows(self, order: str) -> list[int]:
        """Return which row of the data belongs to each row: in turn, or every one once before any comes again."""
        if order not in self._seed_rows:
            assert self.seeds is not None
            height = np.uint64(self.seeds.height)
            turn, place = self.numbers // height, self.numbers % height
            if order == "shuffle":
                place = _shuffled(turn, place, int(height), self.key("seed rows"))
            self._seed_rows[order] = place.astype(np.int64).tolist()
        return self._seed_rows[order]

    @cached_property
    def _seed_rows(self) -> dict[str, list[int]]:
        return {}

    @cached_property
    def seed_columns(self) -> dict[str, list[Any]]:
        """Return the columns of the data that were asked for, as lists; filled by `seed_cell`."""
        return {}

    def seed_cell(self, column: str, row: int) -> Any:
        """Return one cell of the data."""
        assert self.seeds is not None
        if column not in self.seed_columns:
            self.seed_columns[column] = self.seeds[column].to_list()
        return self.seed_columns[column][row]

    def context(self, i: int, template: Template) -> dict[str, Any]:
        """Return what a template sees of row i of the block: the columns before it, `row`, `seed`."""
        out = {name: self.values[name][i] for name in template.names if name in self.values}
        out[MARKER] = self.marker
        if "row" in template.names:
            out["row"] = self.first + i
        if "seed" in template.names and self.seeds is not None:
            row = self.seed_rows(self.order)[i]
            out["seed"] = {name: self.seed_cell(name, row) for name in self.seeds.columns}
            self.stands_on(i, row)
        return out

    def stands_on(self, i: int, row: int) -> None:
        """Note that row i of the block was made from a row of the data."""
        mine = self.parents.setdefault(i, [])
        if row not in mine:
            mine.append(row)

    def fail(self, i: int, column: str, reason: str, required: bool = True) -> None:
        """Note that row i of the block has no such cell, and leave the row out where it is required."""
        failure = Failure(self.first + i, column, reason, required)
        if required:
            self.lost.setdefault(i, failure)
        else:
            self.notes.append(failure)

    def alive(self, rows: Sequence[int]) -> list[int]:
        """Return those of some rows of the block that are not left out."""
        return [i for i in rows if i not in self.lost] if self.lost else list(rows)

    def log(self, i: int, column: str, template: str, answers: Sequence[Any]) -> None:
        """Note what was asked for row i of the block, for the lineage."""
        mine = self.asked.setdefault(i, [])
        for answer in answers:
            mine.append(asked(column, template, answer))


def _shuffled(turn: Words, place: Words, height: int, key: int) -> Words:
    """Return the place of each row under a permutation of its own for every turn through the data."""
    if height > SMALL:
        out = place.copy()
        for t in np.unique(turn):
            out[turn == t] = permute.permute(place[turn == t], height, key ^ int(t))
        return out
    first = turn[0]
    turns = int(turn[-1] - first) + 1
    numbers = np.arange(turns * height, dtype=np.uint64) + first * np.uint64(height)
    order = np.argsort(permute.hashed(numbers, key).reshape(turns, height), axis=1, kind="stable")
    picked: Words = order[(turn - first).astype(np.int64), place.astype(np.int64)].astype(np.uint64)
    return picked


def asked(column: str, template: str, answer: Any) -> dict[str, Any]:
    """Return the entry of a lineage that an answer leaves; whether it came from the journal is no part of it."""
    return {
        "column": column, "template": template, "key": answer.key, "model": answer.model,
        "tokens_in": answer.tokens_in, "tokens_out": answer.tokens_out, "cost": float(answer.cost),
    }  # fmt: skip


def lineage(cells: Cells, alive: Sequence[int]) -> pl.DataFrame:
    """Return one row for each row that stays: its number, what it stands on, and what was asked for it."""
    import polars as pl

    ids = pl.List(pl.Int64())
    return pl.DataFrame(
        [
            pl.Series("row", [cells.first + i for i in alive], pl.Int64),
            _lists("parents", cells.parents, alive, ids),
            _lists("personas", cells.personas, alive, ids),
            _lists("asked", cells.asked, alive, asked_type()),
        ]
    )


def _lists(name: str, values: Mapping[int, list[Any]], alive: Sequence[int], dtype: pl.DataType) -> pl.Series:
    """Return the list of each row, empty where it has none."""
    import polars as pl

    if not values:
        return pl.Series(name, [[]], dtype).new_from_index(0, len(alive))
    return nested(name, [values.get(i, []) for i in alive], dtype)


def asked_type() -> pl.DataType:
    """Return the type of a list of what was asked for a row."""
    import polars as pl

    texts = dict.fromkeys(("column", "template", "key", "model"), pl.String())
    counts = dict.fromkeys(("tokens_in", "tokens_out"), pl.Int64())
    return pl.List(pl.Struct({**texts, **counts, "cost": pl.Float64()}))


def nested(name: str, values: Sequence[Any], dtype: pl.DataType) -> pl.Series:
    """Return plain values, lists and tables as a column of a nested type.

    By way of JSON, whose decoder is a hundred times as fast as building such columns value by value.
    """
    import polars as pl

    texts = [None if v is None else json.dumps(v, ensure_ascii=False) for v in values]
    return pl.Series(name, texts, pl.String()).str.json_decode(dtype)
