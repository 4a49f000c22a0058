"""Texts: what all generators that ask language models share: seeds, a desk, rows in flight, failures, lineage."""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from simulacra.core import options
from simulacra.core.data import Dataset, as_dataset, frame_kind, give_back
from simulacra.core.errors import ConfigError, DataError
from simulacra.core.generator import Generator
from simulacra.core.options import option
from simulacra.core.schema import Schema, Table
from simulacra.parts.prompts.model import Model, read_models

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from simulacra.core.where import Where
    from simulacra.parts.prompts.desk import Desk
    from simulacra.text._columns_run import Block, Plan


@dataclass(frozen=True)
class Failure:
    """A cell that could not be made, or did not pass a check.

    row: number of the row. column: name. reason: one sentence. dropped: whether the row was left out for it.
    """

    row: int
    column: str
    reason: str
    dropped: bool = True


@dataclass
class Texts(Generator):
    """Base of generators of text: a list of columns, each made from those before it, some by asking a model.

    A subclass writes `_columns`, the entries that stand in a recipe as [[columns]], and may write `_rows`, which looks
    at finished rows. desk: who is asked; the engine sets it, None takes the models of the recipe with a journal in
    memory. Rows are numbered; a row that fails moves no other. `failures_` tells, after sampling, what failed and why,
    and `facts_` what was counted on the way.
    """

    needs_data: ClassVar[bool] = False
    asks: ClassVar[bool] = True
    block_rows: ClassVar[int] = 4096

    models: tuple[Any, ...] = option((), "models that are asked, as entries of [[models]]; none is the embedded model")
    language: str = option("", "language in which models write, by its name, e.g. German; empty leaves it open")

    def __post_init__(self) -> None:
        for field in options.fields(type(self)):
            if isinstance(getattr(self, field.name), list):
                setattr(self, field.name, tuple(getattr(self, field.name)))
        super().__post_init__()
        self.models = tuple(_plain(model) for model in read_models(self.models)) if self.models else ()
        self.desk: Desk | None = None
        self._failures: list[Failure] = []
        self._facts: dict[str, Any] = {}

    # What a method writes -------------------------------------------------------------------------------------------

    def _columns(self) -> Sequence[Mapping[str, Any]]:
        """Return the columns, as entries of [[columns]]."""
        raise NotImplementedError(f"{type(self).__name__} must define _columns")

    def _rows(self, frame: pl.DataFrame, lineage: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, Sequence[Failure]]:
        """Look at the finished rows of a block, which stand in their order: return those that stay, and why not all.

        frame and lineage have the same rows; `lineage["row"]` tells their numbers.
        """
        return frame, lineage, ()

    # What a user calls ----------------------------------------------------------------------------------------------

    @property
    def failures_(self) -> list[Failure]:
        """Return what failed in the rows that were sampled last, in the order of rows."""
        return self._failures

    @property
    def facts_(self) -> dict[str, Any]:
        """Return what was counted in the rows that were sampled last, such as the order that a judge prefers."""
        return self._facts

    def sample(
        self, n: int, *, seed: int | None = None, where: Where | None = None, workers: int = 1, kind: str | None = None
    ) -> Any:
        """Return n rows, less those whose cells failed (`failures_`), as the kind of table that was fitted.

        n: rows, at least 1. seed: any integer. workers: not used, for requests run side by side by themselves. kind:
        "polars", "pandas" or "arrow", or "dataset", which holds the frames "table" and "lineage".
        Raises ConfigError for columns that cannot be made, DataError when no row is left, SpendError.
        """
        import polars as pl

        seed = self._seed(seed)
        blocks = list(self.batches(n, seed=seed, where=where, workers=workers))
        frames = {name: pl.concat([b.frames[name] for b in blocks]) for name in ("table", "lineage")}
        if not frames["table"].height:
            first = self._failures[0]
            place = f"Row {first.row}, column {first.column!r}"
            raise DataError(f"{self.name}: none of {n:,} rows could be made. {place}: {first.reason}")
        kind = kind or self.kind_
        if kind == "dataset":
            return Dataset(frames, None, self._lineage(seed))
        return give_back(Dataset({"table": frames["table"]}, None, self._lineage(seed)), kind)

    def batches(
        self, n: int, *, seed: int | None = None, where: Where | None = None, workers: int = 1, first: int = 0
    ) -> Iterator[Dataset]:
        """Yield the rows of `sample` in blocks, each a Dataset with the frames "table" and "lineage".

        first: number of the first block. Rows are the same for any n, block and resume; with a model that answers in
        batches, such as the embedded one, those of the last batch of 64 depend on n.
        """
        if where is not None:
            raise ConfigError(f"{self.name}: where is not for text; give the weights of a category, or a check")
        n = options.whole(n, f"{self.name}: n", 1)
        options.whole(workers, f"{self.name}: workers", 1)
        seed = self._seed(seed)
        if not hasattr(self, "lineage_"):
            # Nothing is learned and nothing drawn: only a method that takes rows of the data has to be given some.
            self.fit(seed=0)
        self._failures, self._facts = [], {}
        return self._blocks(self._plan(), n, seed, first)

    # Helpers --------------------------------------------------------------------------------------------------------

    def _plan(self) -> Plan:
        """Return the columns, read, parsed and checked. Raises ConfigError, DataError."""
        from simulacra.text._columns_run import Plan

        return Plan.of(self._columns(), read_models(self.models), getattr(self, "seeds_", None), self.language)

    def _blocks(self, plan: Plan, n: int, seed: int, first: int) -> Iterator[Dataset]:
        for frame, lineage, failures, facts in self._made(plan, n, seed, first):
            frame, lineage, more = self._rows(frame, lineage)
            self._failures += sorted((*failures, *more), key=lambda failure: failure.row)
            _add(self._facts, facts)
            yield Dataset({"table": frame, "lineage": lineage}, None, self._lineage(seed))

    def _made(self, plan: Plan, n: int, seed: int, first: int) -> Iterator[Block]:
        """Yield the blocks of rows from number `first` on, as they are made."""
        from simulacra.text._columns_run import run

        return run(plan, self._asked_desk, self.name, seed, n, self.block_rows, first)

    def _asked_desk(self) -> Desk:
        from simulacra.parts.prompts.desk import Desk

        if self.desk is None:
            self.desk = Desk(read_models(self.models))
            weakref.finalize(self, self.desk.close)
        return self.desk

    def _take(self, data: Any, schema: Schema | None) -> tuple[Dataset, str]:
        """Take rows of data as seeds; their facts are not inferred, for a cell may hold anything."""
        import polars as pl

        none = Schema({"table": Table(())})
        if data is None:
            return Dataset({"table": pl.DataFrame()}, none), "polars"
        kind = frame_kind(data)
        if isinstance(data, Dataset) and "table" in data.frames:
            data = dataclasses.replace(data, frames={"table": data.frames["table"]})
        source = as_dataset(data)
        if not len(source):
            raise DataError(f"{self.name}: the data have a header but no rows; give at least one, or no data")
        return dataclasses.replace(source, given_schema=none), kind

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        self.seeds_: pl.DataFrame | None = data.frame if data.frame.width else None
        self._failures, self._facts = [], {}
        self._plan()


def _plain(model: Model) -> dict[str, Any]:
    """Return the entries of a model that differ from their defaults."""
    defaults = Model()
    given = {f.name: getattr(model, f.name) for f in dataclasses.fields(model)}
    return {k: dict(v) if isinstance(v, Mapping) else v for k, v in given.items() if v != getattr(defaults, k)}


def _add(total: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Add counts to counts, table by table."""
    for name, value in more.items():
        if isinstance(value, Mapping):
            _add(total.setdefault(name, {}), value)
        else:
            total[name] = total.get(name, 0) + value
