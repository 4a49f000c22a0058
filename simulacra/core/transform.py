"""Transform: the second small seam. Rows in, rows out, and each row knows which one it came from."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from simulacra.core import options, rng
from simulacra.core.data import Dataset, as_dataset, frame_kind, give_back
from simulacra.core.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl


@dataclass
class Transform:
    """Base of augment, mask, select, impute and cure.

    A transform writes `_apply(data, rng)`, which returns a polars frame and, for each of its rows, the number of the
    source row (rows,) int, or -1 where there is none. It may set `facts_`, which go into the lineage.
    """

    name: ClassVar[str] = ""

    def __post_init__(self) -> None:
        options.check(self, self.name)

    def _apply(self, data: Dataset, rng: np.random.Generator) -> tuple[pl.DataFrame, np.ndarray]:
        raise NotImplementedError(f"{type(self).__name__} must define _apply")

    def params(self) -> dict[str, Any]:
        """Return the configuration as plain values."""
        return {f.name: getattr(self, f.name) for f in options.fields(type(self))}

    def apply(self, data: Any, *, seed: int | None = None, kind: str | None = None) -> Any:
        """Return changed rows as the kind of table that was given; the lineage gains a step, not a generation.

        seed: any integer; None takes a fresh one and records it. Raises DataError for an empty table.
        """
        seed = rng.fresh_seed() if seed is None else options.whole(seed, f"{self.name}: seed")
        given = frame_kind(data)
        source = as_dataset(data)
        if len(source) == 0:
            raise DataError(f"{self.name}: the table has no rows")
        frame, rows = self._apply(source, rng.stream(seed, self.name, "apply"))
        if len(rows) != frame.height:
            raise AssertionError(f"{self.name}: {frame.height} rows but {len(rows)} source rows")
        step = {"params": self.params(), "seed": seed, **getattr(self, "facts_", {})}
        lineage = dataclasses.replace(source.lineage, facts={**source.lineage.facts, self.name: step})
        table = next(iter(source.frames))
        schema = source.given_schema if list(frame.columns) == source.columns else None
        out = Dataset({table: frame}, schema, lineage, {table: rows})
        return give_back(out, kind or given, dict(data.dtypes) if given == "pandas" else None)
