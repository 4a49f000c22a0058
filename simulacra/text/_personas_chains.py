"""Chains of personas as rows: a row a persona, with its relation, its round and the row it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.text._base import Failure
from simulacra.text._personas_columns import cleaned

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

KEPT = ("persona", "relation", "round", "made_from")


@dataclass(frozen=True)
class Block:
    """Personas of a block. rows: row, KEPT; lineage: of the same rows; vectors: (rows, d) of a model, None without."""

    rows: pl.DataFrame
    lineage: pl.DataFrame
    failures: list[Failure]
    vectors: npt.NDArray[np.float32] | None

    def some(self, which: pl.Series) -> tuple[list[int], list[str], npt.NDArray[np.float32] | None]:
        """Return numbers, texts and vectors of some rows."""
        rows = self.rows.filter(which)
        own = None if self.vectors is None else self.vectors[which.to_numpy()]
        return rows["row"].to_list(), rows["persona"].to_list(), own

    def without(self, gone: Sequence[int]) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the table and its lineage without some rows."""
        import polars as pl

        stays = ~self.rows["row"].is_in(pl.Series(list(gone), dtype=pl.Int64).implode())
        return self.rows.filter(stays).select(KEPT), self.lineage.filter(stays)


def laid_out(
    frame: pl.DataFrame,
    lineage: pl.DataFrame,
    failures: Sequence[Failure],
    length: int,
    n: int,
    told: bool,
    ways: tuple[bool, bool],
) -> Block:
    """Return finished chains as rows. Row length * chain + round is the persona of that round; rows from n on are cut.

    told: the first persona is a told row, which is kept as it is. ways: `english` and `small` of `cleaned`. What is no
    persona fails, and so does every persona behind it.
    """
    import polars as pl

    chains = lineage["row"].to_list()
    faults = {(f.row, _round(f.column)): f.reason for f in failures}
    parts, lines, vectors, bad = [], [], [], []
    lost = [False] * len(chains)
    for t in range(length):
        rows = [chain * length + t for chain in chains]
        reasons = [faults.get((chain, t), "") for chain in chains]
        if told and t == 0:
            texts = frame["persona_0"].to_list()
        else:
            texts, reasons = _personas(frame, t, lost, reasons, ways)
        lost = [text is None for text in texts]
        bad += [Failure(row, "persona", reason) for row, gone, reason in zip(rows, lost, reasons, strict=True) if gone]
        parts.append(_part(frame, t, rows, texts))
        lines.append(_lines(lineage, t, parts[-1]["row"]))
        if f"vector_{t}" in frame.columns:
            vectors += frame[f"vector_{t}"].to_list()
    for chain in {f.row for f in failures} - set(chains):
        bad += [Failure(chain * length + t, "persona", faults.get((chain, t), BEHIND)) for t in range(length)]
    bad = [failure for failure in bad if failure.row < n]
    return _ordered(pl.concat(parts), pl.concat(lines), bad, vectors, n)


BEHIND = "the persona before it in the chain is missing"


def _personas(
    frame: pl.DataFrame, t: int, lost: Sequence[bool], faults: Sequence[str], ways: tuple[bool, bool]
) -> tuple[list[str | None], list[str]]:
    """Return the personas of a round, None where there is none, and why."""
    import polars as pl

    cells = frame[f"persona_{t}"]
    if isinstance(cells.dtype, pl.Struct):
        # Made by number: nothing is to be cleaned.
        return cells.struct.field("text").to_list(), [""] * len(cells)
    texts: list[str | None] = []
    reasons = []
    for cell, gone, fault in zip(cells.to_list(), lost, faults, strict=True):
        text, why = ("", BEHIND) if gone else ("", fault) if cell is None else cleaned(cell, *ways)
        texts.append(text or None)
        reasons.append(why or fault)
    return texts, reasons


def _part(frame: pl.DataFrame, t: int, rows: Sequence[int], texts: Sequence[str | None]) -> pl.DataFrame:
    """Return the personas of a round, those that are missing too."""
    import polars as pl

    none = pl.Series([None] * len(rows), dtype=pl.String)
    relation = frame[f"relation_{t}"].cast(pl.String) if f"relation_{t}" in frame.columns else none
    return pl.DataFrame(
        {
            "row": pl.Series(rows, dtype=pl.Int64),
            "persona": pl.Series(texts, dtype=pl.String),
            "relation": relation,
            "round": pl.Series([t] * len(rows), dtype=pl.Int64),
            "made_from": pl.Series([row - 1 if t else None for row in rows], dtype=pl.Int64),
        }
    )


def _lines(lineage: pl.DataFrame, t: int, rows: pl.Series) -> pl.DataFrame:
    """Return the lineage of a round: what was asked for this persona alone."""
    import polars as pl

    column = pl.element().struct.field("column")
    mine = pl.col("asked").list.filter(column.is_in([f"persona_{t}", f"vector_{t}"]))
    return lineage.with_columns(rows, mine)


def _ordered(rows: pl.DataFrame, lineage: pl.DataFrame, bad: list[Failure], vectors: list[Any], n: int) -> Block:
    """Return the personas that are there, in the order of their rows."""
    there = (rows["persona"].is_not_null() & (rows["row"] < n)).to_numpy()
    order = np.flatnonzero(there)[np.argsort(rows["row"].to_numpy()[there], kind="stable")]
    own = None
    if vectors:
        size = max((len(v) for v in vectors if v is not None), default=1)
        empty = [0.0] * size
        own = np.array([vectors[i] if vectors[i] is not None else empty for i in order], dtype=np.float32)
    return Block(rows[order], lineage[order], bad, own)


def _round(column: str) -> int:
    """Return the round that a column of a chain belongs to."""
    return int(column.rpartition("_")[2]) if column.rpartition("_")[2].isdigit() else 0
