"""Personas: made-up adults of whom each row has its own, a function of the seed and a number (parts/personas.py)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.core.errors import near
from simulacra.parts.personas import FIELDS, personas
from simulacra.text._columns_cells import Cells, Someone
from simulacra.text._columns_column import Column, Known
from simulacra.text._columns_spec import Spec

if TYPE_CHECKING:
    import polars as pl


class Persona(Column):
    """The persona with the number of the row, `first` added; in a template the bare name is the persona's text."""

    drawn = True

    def __init__(self, spec: Spec, known: Known) -> None:
        super().__init__(spec, known)
        fields = spec.get("fields", ("text", *FIELDS))
        self.kept = [fields] if isinstance(fields, str) else list(fields)
        for field in self.kept:
            if field not in ("text", *FIELDS):
                raise spec.error(f"fields: a persona has no {field!r}.{near(field, ('text', *FIELDS))}")
        self.first = int(spec.get("first", 0))
        self.fields = frozenset(("text", *FIELDS))

    def dtype(self) -> pl.DataType:
        """Return a struct of the fields."""
        import polars as pl

        return pl.Struct({name: pl.Int64() if name in ("age", "years") else pl.String() for name in self.kept})

    def series(self, cells: Cells, alive: Sequence[int]) -> pl.Series:
        """Return the personas, field by field."""
        import polars as pl

        made = cells.values[self.name]
        places = pl.Series([i if made[i] is not None else None for i in alive], dtype=pl.Int64())
        struct = self._frame(cells).select(self.kept).to_struct(self.name)
        return struct.gather(places).cast(self.dtype())

    def draw(self, cells: Cells) -> Sequence[Any]:
        """Look up the persona of each row."""
        for i in range(cells.n):
            cells.personas.setdefault(i, []).append(self.first + cells.first + i)
        return [Someone(person, person["text"]) for person in self._frame(cells).to_dicts()]

    def _frame(self, cells: Cells) -> pl.DataFrame:
        return personas(cells.seed, cells.numbers + np.uint64(self.first), str(self.spec.get("length", "full")))
