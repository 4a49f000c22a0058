"""The rows of an audit in one stack: an attack is a function of row numbers, whichever rows play the made ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.rng import stream
from simulacra.guards import _frames
from simulacra.guards._distance import points
from simulacra.guards._repeats import row_keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from simulacra.core.schema import Column
    from simulacra.guards._distance import Points
    from simulacra.guards._frames import Floats, Ints, Table

SHARE_EXPOSED = 0.25
"""Share of the attacked rows that count as the most exposed."""
MOST = 3000
"""Most training rows and most holdout rows that are attacked."""
FEW = 100
"""Fewest rows of each that are attacked."""
NEIGHBOUR = 3
"""Rows that are farther from their third neighbour among rows of the population are more exposed."""
_CHUNK = 512


@dataclass(frozen=True)
class Stack:
    """All rows of an audit, side below side.

    points: (rows, features) their places; rows that differ in one level, or by the range of a number, are 1 apart.
    table: the coded columns, None for images. part: side -> slice of rows.
    """

    points: Points
    part: Mapping[str, slice]
    table: Table | None = None

    def rows(self, side: str) -> Ints:
        """Return the row numbers of a side."""
        part = self.part[side]
        return np.arange(part.start, part.stop)

    def places(self, columns: Sequence[int]) -> Points:
        """Return the places of all rows by some of the columns alone."""
        assert self.table is not None
        some = replace(self.table, columns=tuple(self.table.columns[j] for j in columns))
        return points(some, self.part["real"], stream(0, "guards", "audit projection"))


@dataclass(frozen=True)
class Roles:
    """Which rows of a stack play which part in one run of the attacks.

    made: rows given out. members: attacked rows that were learned from. others: attacked rows that were not.
    reference: rows of the population that the attacker knows. real, control: all rows behind members and others.
    chosen: (members + others,) rows on which the strongest attack is chosen; figures are told on the remaining ones.
    """

    made: Ints
    members: Ints
    others: Ints
    reference: Ints
    real: Ints
    control: Ints


def stack(frames: Mapping[str, pl.DataFrame], columns: tuple[Column, ...], seed: int) -> Stack:
    """Code and place the rows of several frames; the side `real` leads."""
    table = _frames.code(frames, columns)
    place = points(table, table.part["real"], stream(seed, "guards", "audit projection"))
    return Stack(place, table.part, table)


def roles(whole: Stack, seed: int, person: Mapping[str, Ints] | None = None) -> tuple[Roles, Ints]:
    """Return the roles of the audit itself, and the rows of the holdout that play the made ones in the control.

    Half of the holdout is attacked, a quarter is the population that the attacker knows, a quarter is kept for the
    control. person: side -> (rows,) number of the person, where people have several rows: one row each is attacked.
    """
    rng = stream(seed, "guards", "audit roles")
    hold, real = (rng.permutation(whole.rows(side)) for side in ("holdout", "real"))
    if person is not None:
        hold, cuts = _by_person(hold - whole.part["holdout"].start, person["holdout"], rng)
        hold = hold + whole.part["holdout"].start
        real = real[np.unique(person["real"][real - whole.part["real"].start], return_index=True)[1]]
        real = rng.permutation(real)
        attacked = hold[: cuts[0]]
        attacked = attacked[np.unique(person["holdout"][attacked - whole.part["holdout"].start], return_index=True)[1]]
    else:
        cuts = (len(hold) // 2, len(hold) // 2 + len(hold) // 4)
        attacked = hold[: cuts[0]]
    n = min(len(attacked), len(real), MOST)
    reference, fresh = hold[cuts[0] : cuts[1]], hold[cuts[1] :]
    found = Roles(
        whole.rows("made"),
        np.sort(real[:n]),
        np.sort(rng.permutation(attacked)[:n]),
        np.sort(reference),
        whole.rows("real"),
        np.sort(hold[: cuts[0]]),
    )
    return found, np.sort(fresh)


def _by_person(rows: Ints, person: Ints, rng: np.random.Generator) -> tuple[Ints, tuple[int, int]]:
    """Return rows with those of a person together, people in random order, and cuts near 1/2 and 3/4 of the rows."""
    people, index = np.unique(person[rows], return_inverse=True)
    place = rng.permutation(len(people))[index]
    order = np.argsort(place, kind="stable")
    edges = np.flatnonzero(np.diff(place[order])) + 1
    half, most = (int(edges[np.abs(edges - share * len(rows)).argmin()]) for share in (0.5, 0.75))
    return rows[order], (half, max(half, most))


def exposure(whole: Stack, rows: Ints, reference: Ints) -> Floats:
    """Return how exposed rows are, (rows,) 0..1: far from other people, and of rare levels and values.

    It depends on the row and on the population alone, never on whether it was learned from.
    """
    far = nearest(whole.points[rows], whole.points[reference], min(NEIGHBOUR, len(reference)))[0][:, -1]
    both = _ranks(far)
    if whole.table is not None:
        both = (both + _ranks(_surprise(whole.table, rows, reference))) / 2
    return both


def _surprise(table: Table, rows: Ints, reference: Ints) -> Floats:
    """Return the sum over columns of minus the log of how frequent a row's cell is among `reference`."""
    out = np.zeros(len(rows))
    for codes in cells(table, reference, 16).T:
        known = np.bincount(codes[reference] + 1, minlength=int(codes.max()) + 2)
        out -= np.log((known[codes[rows] + 1] + 0.5) / (len(reference) + 1))
    return out


def _ranks(x: Floats) -> Floats:
    out: Floats = np.argsort(np.argsort(x, kind="stable"), kind="stable") / max(1, len(x) - 1)
    return out


def cells(table: Table, lead: Ints, bins: int) -> Ints:
    """Return (rows, columns) whole numbers: the level, or the bin of a number among `lead`, -1 where missing."""
    out = []
    for column in table.columns:
        if not column.ordered:
            out.append(column.codes)
            continue
        seen = column.values[lead]
        seen = seen[~np.isnan(seen)]
        edges = np.unique(np.quantile(seen, np.linspace(0, 1, bins + 1)[1:-1])) if len(seen) else np.zeros(0)
        place = np.searchsorted(edges, column.values, "right")
        words = np.where(column.codes >= 0, bins + 1 + column.codes, -1)
        out.append(np.where(np.isnan(column.values), words, place))
    return np.column_stack(out).astype(np.int64)


def distinct(whole: Stack, rows: Ints) -> Ints:
    """Return one of each set of rows that are equal in every compared column."""
    assert whole.table is not None
    keys = row_keys(whole.table)[rows]
    return rows[np.sort(np.unique(keys, return_index=True)[1])]


def nearest(queries: Points, base: Points, count: int = 1) -> tuple[Floats, Ints]:
    """Return distances to the `count` nearest rows of base, nearest first, and which they are: (queries, count)."""
    count = min(count, len(base))
    square = np.einsum("ij,ij->i", base, base)
    far, which = np.empty((len(queries), count)), np.empty((len(queries), count), dtype=np.int64)
    for start in range(0, len(queries), _CHUNK):
        rows = slice(start, start + _CHUNK)
        q = queries[rows]
        d = square - 2 * (q @ base.T)
        at = d.argmin(1)[:, None] if count == 1 else np.argpartition(d, count - 1, axis=1)[:, :count]
        found = np.take_along_axis(d, at, 1) + np.einsum("ij,ij->i", q, q)[:, None]
        order = np.argsort(found, axis=1, kind="stable")
        far[rows] = np.sqrt(np.maximum(np.take_along_axis(found, order, 1), 0))
        which[rows] = np.take_along_axis(at, order, 1)
    # Two equal rows come out a rounding error apart, in single precision well below this.
    far[far < 5e-3] = 0.0
    return far, which
