"""Samplers: cells that are a function of (seed, column, row number), drawn a block at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.core.errors import DataError, near
from simulacra.parts import permute
from simulacra.text._columns_cells import Cells
from simulacra.text._columns_column import Column, Known
from simulacra.text._columns_spec import Spec, number

if TYPE_CHECKING:
    import polars as pl

Scalar = str | int | float | bool


class Category(Column):
    """One of a list of values, by weights; with `by`, the list belongs to the value of another column."""

    drawn = True

    def __init__(self, spec: Spec, known: Known) -> None:
        super().__init__(spec, known)
        self.fields = None
        values, by = spec.given["values"], spec.get("by")
        if by is None:
            self.tables = {"": self._table(values, spec.get("weights"), "values")}
        elif not isinstance(values, Mapping):
            raise spec.error(f"values must be a table with a list for each value of {by!r}, as by is given")
        elif spec.get("weights") is not None:
            raise spec.error("weights: with by, write each list as a table of values and weights")
        else:
            self.needs = (str(by),)
            self.tables = {str(k): self._table(v, None, f"values.{k}") for k, v in values.items()}
        kinds = {type(v) for values, _ in self.tables.values() for v in values}
        if kinds == {int, float}:
            kinds = {float}
        if len(kinds) != 1:
            raise spec.error("values must be all text, all numbers, or all true and false")
        [self._kind] = kinds

    def _table(self, values: Any, weights: Any, entry: str) -> tuple[list[Scalar], Any]:
        """Return values and the ends of their shares of [0, 1)."""
        if isinstance(values, Mapping):
            if weights is not None:
                raise self.spec.error(f"{entry} is a table of values and weights, so weights cannot be given too")
            values, weights = list(values), list(values.values())
        if not isinstance(values, list | tuple) or not values:
            raise self.spec.error(f"{entry} must be a list of values, or a table of values and weights, got {values!r}")
        for value in values:
            if not isinstance(value, str | int | float) or (isinstance(value, float) and not number(value)):
                raise self.spec.error(f"{entry} must hold texts, numbers, or true and false, got {value!r}")
        weights = [1.0] * len(values) if weights is None else list(weights)
        if len(weights) != len(values) or not all(number(w) and w >= 0 for w in weights) or not sum(weights) > 0:
            raise self.spec.error(f"weights of {entry} must be {len(values)} numbers of at least 0, got {weights!r}")
        return list(values), np.cumsum(np.asarray(weights, float) / sum(weights))

    def settle(self, before: Mapping[str, Column]) -> None:
        """Check that every value of the column `by` has its list."""
        other = before.get(self.needs[0]) if self.needs else None
        if isinstance(other, Category):
            for value in sorted({_key(v) for values, _ in other.tables.values() for v in values}):
                if value not in self.tables:
                    raise self.spec.error(f"values has no list for {other.name} = {value!r}.{near(value, self.tables)}")

    def dtype(self) -> pl.DataType:
        """Return the type of the values."""
        import polars as pl

        types: dict[type, pl.DataType] = {str: pl.String(), bool: pl.Boolean(), int: pl.Int64(), float: pl.Float64()}
        return types[self._kind]

    def draw(self, cells: Cells) -> Sequence[Any]:
        """Draw by one number a row, whichever list it then picks from; None where no list belongs to the value."""
        u = cells.uniform(f"column {self.name}")
        if not self.needs:
            values, ends = self.tables[""]
            return list(np.array(values, dtype=object)[_pick(u, ends)].tolist())
        out: list[Any] = [None] * cells.n
        by = [_key(v) for v in cells.values[self.needs[0]]]
        for name, (values, ends) in self.tables.items():
            rows = [i for i, v in enumerate(by) if v == name]
            for i, place in zip(rows, _pick(u[rows], ends), strict=True):
                out[i] = values[place]
        return out


def _key(value: Any) -> str:
    """Return the value of a column as it names its list."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pick(u: Any, ends: Any) -> Any:
    return np.minimum(np.searchsorted(ends, u, side="right"), len(ends) - 1)


class Number(Column):
    """A number of a distribution, within low and high."""

    drawn = True

    def __init__(self, spec: Spec, known: Known) -> None:
        super().__init__(spec, known)
        self.how = str(spec.get("distribution", "uniform"))
        self.low, self.high = spec.get("low"), spec.get("high")
        wanted, known_entries = ENTRIES_OF[self.how]
        for entry in spec.given:
            if entry not in (*known_entries, "distribution"):
                raise spec.error(f"{entry} says nothing of a number that is {self.how}.{near(entry, known_entries)}")
        for entry in wanted:
            if entry not in spec.given:
                raise spec.error(f"a number that is {self.how} needs {entry}")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise spec.error(f"low must be below high, got {self.low!r} and {self.high!r}")
        if "sd" in spec.given and not spec.given["sd"] > 0:
            raise spec.error(f"sd must be above 0, got {spec.given['sd']!r}")
        if self.how == "poisson" and not 0 < spec.given["mean"] <= 1e9:
            raise spec.error(f"mean must be above 0 and at most a billion, got {spec.given['mean']!r}")
        if self.how == "integer" and not all(isinstance(v, int) for v in (self.low, self.high)):
            raise spec.error(f"low and high must be whole numbers, got {self.low!r} and {self.high!r}")
        if self.how == "lognormal" and (self.low or 0) < 0:
            raise spec.error(f"low must be at least 0, got {self.low!r}")

    def dtype(self) -> pl.DataType:
        """Return whole numbers for integer and poisson, others with a point."""
        import polars as pl

        return pl.Int64() if self.how in ("integer", "poisson") else pl.Float64()

    def draw(self, cells: Cells) -> Sequence[Any]:
        """Draw by the inverse of the distribution, cut to low and high."""
        key = cells.key(f"column {self.name}")
        if self.how == "integer":
            out = self.low + permute.below(cells.numbers, self.high - self.low + 1, key, "")
        elif self.how == "poisson":
            out = _poisson(permute.uniform(cells.numbers, key, ""), float(self.spec.given["mean"]))
        else:
            u = permute.uniform(cells.numbers, key, "")
            out = self.low + u * (self.high - self.low) if self.how == "uniform" else self._normal(u)
            if self.low is not None or self.high is not None:
                out = np.clip(out, self.low, self.high)
            if "decimals" in self.spec.given:
                out = np.round(out, self.spec.given["decimals"])
        return list(out.tolist())

    def _normal(self, u: Any) -> Any:
        """Return normal or lognormal numbers between low and high."""
        from scipy import special

        mean, sd = float(self.spec.given["mean"]), float(self.spec.given["sd"])
        log = np.log if self.how == "lognormal" else np.asarray
        with np.errstate(divide="ignore"):
            ends = [None if end is None else (float(log(end)) - mean) / sd for end in (self.low, self.high)]
        below = 0.0 if ends[0] is None else special.ndtr(ends[0])
        above = 1.0 if ends[1] is None else special.ndtr(ends[1])
        out = mean + sd * special.ndtri(np.clip(below + u * (above - below), 2.0**-54, 1 - 2.0**-53))
        return np.exp(out) if self.how == "lognormal" else out


def _poisson(u: Any, mean: float) -> Any:
    from scipy import special

    out = np.ceil(special.pdtrik(u, mean))
    # The inverse is found by a search, and may lie one too high.
    less = np.maximum(out - 1, 0)
    return np.where(special.pdtr(less, mean) >= u, less, out).astype(np.int64)


ENTRIES_OF: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "uniform": (("low", "high"), ("low", "high", "decimals")),
    "integer": (("low", "high"), ("low", "high")),
    "normal": (("mean", "sd"), ("mean", "sd", "low", "high", "decimals")),
    "lognormal": (("mean", "sd"), ("mean", "sd", "low", "high", "decimals")),
    "poisson": (("mean",), ("mean",)),
}
"""Entries that a distribution needs, and all that it knows."""


class Seed(Column):
    """The row of the data that belongs to a row, or several other rows of the data."""

    drawn = True

    def __init__(self, spec: Spec, known: Known) -> None:
        super().__init__(spec, known)
        if known.seeds is None:
            raise DataError(
                f"{spec.place}: a column of kind seed takes rows of the data, and there are none; give data = ... in "
                "the recipe, or fit(data)"
            )
        given = spec.get("columns", known.seed_columns)
        self.columns = [given] if isinstance(given, str) else list(given)
        for column in self.columns:
            if column not in known.seed_columns:
                raise spec.error(f"the data have no column {column!r}.{near(column, known.seed_columns)}")
        self.count = int(spec.get("count", 0))
        if self.count >= max(known.seeds.height, 2):
            raise spec.error(f"count must be below the {known.seeds.height} rows of the data, got {self.count}")
        self.single = isinstance(given, str)
        self.fields = None if self.single or self.count else frozenset(self.columns)

    def dtype(self) -> pl.DataType:
        """Return the type of the data's column, a struct of several, a list of them with count."""
        import polars as pl

        assert self.known.seeds is not None
        types = {name: self.known.seeds.schema[name] for name in self.columns}
        one = types[self.columns[0]] if self.single else pl.Struct(types)
        return pl.List(one) if self.count else one

    def draw(self, cells: Cells) -> Sequence[Any]:
        """Look up the row of the data that each row stands on; with count, distinct others of it."""
        own = cells.seed_rows(str(self.spec.get("order", cells.order)))
        if not self.count:
            for i, row in enumerate(own):
                cells.stands_on(i, row)
            return [self._cell(cells, row) for row in own]
        assert cells.seeds is not None
        height, key = cells.seeds.height, cells.key(f"column {self.name}")
        out = []
        for i, row in enumerate(own):
            # The first places of a permutation of the other rows: distinct, and none of them the row's own.
            mine = key ^ int(cells.numbers[i]) * 0x9E3779B97F4A7C15 % 2**64
            places = permute.permute(np.arange(self.count, dtype=np.uint64), height - 1, mine)
            others = [int(p) + (int(p) >= row) for p in places]
            for other in others:
                cells.stands_on(i, other)
            out.append([self._cell(cells, other) for other in others])
        return out

    def series(self, cells: Cells, alive: Sequence[int]) -> pl.Series:
        """Return the rows of the data with their own types."""
        import polars as pl

        if self.count or self.single:
            return super().series(cells, alive)
        assert cells.seeds is not None
        own = cells.seed_rows(str(self.spec.get("order", cells.order)))
        made = cells.values[self.name]
        places = pl.Series([own[i] if made[i] is not None else None for i in alive], dtype=pl.Int64())
        return cells.seeds.select(self.columns).to_struct(self.name).gather(places)

    def _cell(self, cells: Cells, row: int) -> Any:
        if self.single:
            return cells.seed_cell(self.columns[0], row)
        return {name: cells.seed_cell(name, row) for name in self.columns}
