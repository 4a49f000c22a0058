"""The columns of a kind as columns that a plan can run: one that makes them all, and one each that holds its cells."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from simulacra.core.progress import task
from simulacra.text._columns_cells import Cells, nested
from simulacra.text._columns_column import Column, Known
from simulacra.text._columns_run import Plan, finish
from simulacra.text._columns_spec import Spec
from simulacra.text._instruct_kind import Kind, Work

if TYPE_CHECKING:
    import polars as pl

    from simulacra.parts.prompts.desk import Desk
    from simulacra.text._columns_run import Block


class Made(Column):
    """Makes all columns of a kind; stands in no output."""

    def __init__(self, kind: Kind, known: Known) -> None:
        super().__init__(Spec("instruct", kind.name, kind.name, {}, keep=False), known)
        self.kind = kind
        self.asks = kind.asks  # type: ignore[misc]

    def fill(self, cells: Cells, rows: Sequence[int]) -> None:
        """Make rows without asking."""
        self.kind.fill(Work(cells, None, self.kind), rows)

    async def ask(self, cells: Cells, rows: Sequence[int], desk: Desk) -> None:
        """Make rows by asking."""
        await self.kind.make(Work(cells, desk, self.kind), rows)

    def counted(self, cells: Cells) -> dict[str, Any]:
        """Return what the kind counts."""
        return self.kind.counted(cells.values, cells.alive(range(cells.n)))


class Held(Column):
    """One column of a kind, whose cells the kind has set."""

    def __init__(self, name: str, what: str, known: Known, kind: Kind) -> None:
        super().__init__(Spec("instruct", name, what, {}), known)
        self.kind = kind

    def dtype(self) -> pl.DataType:
        """Return the type of the cells."""
        import polars as pl

        call = pl.Struct({"id": pl.String(), "type": pl.String(), "function": _function()})
        plain = {"role": pl.String(), "content": pl.String()}
        tooled = {**plain, "tool_calls": pl.List(call), "tool_call_id": pl.String(), "name": pl.String()}
        types: dict[str, pl.DataType] = {
            "text": pl.String(), "number": pl.Float64(), "integer": pl.Int64(), "yes": pl.Boolean(),
            "messages": pl.List(pl.Struct(plain)), "tool messages": pl.List(pl.Struct(tooled)),
        }  # fmt: skip
        return types[self.spec.kind]

    def fill(self, cells: Cells, rows: Sequence[int]) -> None:
        """Nothing is left to do."""

    def series(self, cells: Cells, alive: Sequence[int]) -> pl.Series:
        """Return the cells of the rows that stay."""
        import polars as pl

        values = [cells.values[self.name][i] for i in alive]
        dtype = self.dtype()
        return nested(self.name, values, dtype) if dtype.is_nested() else pl.Series(self.name, values, dtype)


def _function() -> pl.DataType:
    import polars as pl

    return pl.Struct({"name": pl.String(), "arguments": pl.String()})


def plan_of(kind: Kind) -> Plan:
    """Return the columns of a kind as a plan; its seeds are the kind's own."""
    models = kind.brief.models
    known = Known(tuple(dict.fromkeys(m.name for m in models)), kind.seeds, kind.brief.language)
    held = [Held(name, what, known, kind) for name, what in kind.columns.items()]
    return Plan((Made(kind, known), *held), frozenset(), models, kind.seeds, "shuffle")


def round_rows(plan: Plan) -> int:
    """Return how many rows of a plan are a round, 0 where no row looks at another."""
    made = plan.columns[0]
    assert isinstance(made, Made)
    return made.kind.round_rows


def in_rounds(
    plan: Plan, desk: Callable[[], Desk], address: str, seed: int, n: int, size: int, first: int
) -> Iterator[Block]:
    """Yield blocks whose rows are made in rounds, each of which waits for all rows before it.

    Rounds before block number `first` are run too, for what they accepted decides what comes after; their answers come
    from the journal.
    """
    with task("sample", total=n) as step:
        for number, block in enumerate(desk().iterate(_rounds(plan, desk(), address, seed, n, size))):
            step(min(size, n - number * size))
            if number >= first:
                yield block


async def _rounds(plan: Plan, desk: Desk, address: str, seed: int, n: int, size: int) -> AsyncGenerator[Block, None]:
    for start in range(0, n, size):
        cells = plan.cells(address, seed, start, min(size, n - start))
        many = round_rows(plan)
        for begin in range(0, cells.n, many):
            rows = range(begin, min(begin + many, cells.n))
            await plan.columns[0].ask(cells, rows, desk)
        yield finish(plan, cells)
