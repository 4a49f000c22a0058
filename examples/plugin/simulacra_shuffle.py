"""A generator in one file: what CONTRIBUTING.md builds step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulacra.core.generator import Generator
from simulacra.core.options import option

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from simulacra.core.data import Dataset


@dataclass
class Shuffle(Generator):
    """Shuffle each column on its own: keeps margins, breaks links.

    Learned: frame_ (rows, columns), the real values. Every cell is a copy of a real one, so this is no way to privacy.
    Example: Shuffle().fit(frame).sample(3, seed=1)
    """

    name = "tables/shuffle"
    missing: bool = option(True, "keep the share of missing cells; otherwise none is made")

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        self.frame_ = data.frame

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        return self.frame_.select(self._draw(column, n, rng) for column in self.frame_)

    def _draw(self, column: pl.Series, n: int, rng: np.random.Generator) -> pl.Series:
        values = column if self.missing or column.null_count() == len(column) else column.drop_nulls()
        return values.gather(rng.integers(len(values), size=n))  # (n,) rows, drawn anew for each column
