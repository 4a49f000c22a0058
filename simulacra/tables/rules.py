"""A table from a schema alone: every column from its own facts, drawn by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulacra.core.errors import SchemaError
from simulacra.core.generator import Generator

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from simulacra.core.data import Dataset

GONE = "\x00gone "
"""Prefix of the columns that carry from the draw to the end which cells are missing."""


@dataclass
class Rules(Generator):
    """Draw a table from a schema alone: each column follows its declared facts, and no column follows another.

    Numbers follow their quantiles, or are even between low and high on the grid of step; without quantiles each spike
    holds a tenth of the cells. Categories follow levels and weights; times lie between low and high in their format;
    ids, person data and texts are surrogates. Columns named together are missing in the same rows. Unique columns are
    a permutation of all values that their facts allow. Given data, only their schema is learned.
    Example: Rules().fit(schema=Schema.read("schema.toml")).sample(100, seed=1)
    """

    name = "tables/rules"
    needs_data = False

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        import polars as pl

        from simulacra.parts import facts
        from simulacra.parts.surrogates import fit_surrogate

        (table_name, table), *_ = data.schema.tables.items()
        self.surrogates_: dict[str, Any] = {}
        for column in table.columns:
            lacks = facts.missing_facts(column)
            if lacks:
                raise SchemaError(
                    f"column {column.name!r} of kind {column.kind} cannot be drawn; add what it lacks to "
                    f"the schema, for example\n[tables.{table_name}.columns.{column.name}]\n{lacks}"
                )
            dtype = facts.dtype_of(column)
            if not column.copied:
                self.surrogates_[column.name] = fit_surrogate(pl.Series(column.name, [], dtype), column)
            elif facts.laid_out(column):
                facts.grid(column)
        self.together_: dict[str, str] = {name: group[0] for group in table.together for name in group}

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        import polars as pl

        from simulacra.parts import facts

        gone = self._missing(n, rng)
        out = [pl.Series(GONE, [False]).new_from_index(0, n)]
        for column in self.schema_.columns:
            if column.copied and not facts.laid_out(column):
                cells = facts.draw(column, rng.random(n), rng)
                out.append(cells.set(gone[column.name], None) if column.name in gone else cells)
            elif column.name in gone:
                out.append(gone[column.name].alias(GONE + column.name))
        return pl.DataFrame(out)

    def _finish(self, frame: pl.DataFrame, rng: np.random.Generator, start: int) -> pl.DataFrame:
        from simulacra.parts import facts
        from simulacra.parts.surrogates import draw_surrogate

        made = []
        for column in self.schema_.columns:
            if column.name in frame.columns:
                made.append(frame[column.name])
                continue
            if column.copied:
                cells = facts.unique(column, frame.height, rng, start)
            else:
                cells = draw_surrogate(self.surrogates_[column.name], frame.height, rng, start)
            gone = GONE + column.name
            made.append(cells.set(frame[gone], None) if gone in frame.columns else cells)
        return frame.select(made)

    def _missing(self, n: int, rng: np.random.Generator) -> dict[str, pl.Series]:
        """Draw which cells are missing: one draw for columns that are missing together."""
        import polars as pl

        shared: dict[str, Any] = {}
        out = {}
        for column in self.schema_.columns:
            if column.missing:
                group = self.together_.get(column.name, column.name)
                if group not in shared:
                    shared[group] = rng.random(n)
                out[column.name] = pl.Series(shared[group] < column.missing)
        return out
