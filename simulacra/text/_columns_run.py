"""Running columns: drawn ones a block at a time, then the others, many rows in flight or a chunk of rows at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from simulacra.core.errors import ConfigError
from simulacra.core.progress import task
from simulacra.text._base import Failure
from simulacra.text._columns_cells import Cells, lineage
from simulacra.text._columns_column import Column, Known
from simulacra.text._columns_kinds import KINDS
from simulacra.text._columns_order import check_order
from simulacra.text._columns_spec import read_specs
from simulacra.text._columns_templates import Unfit, truth

if TYPE_CHECKING:
    import polars as pl

    from simulacra.parts.prompts.desk import Desk
    from simulacra.parts.prompts.model import Model

    Block = tuple[pl.DataFrame, pl.DataFrame, list[Failure], dict[str, Any]]

CHUNK = 64
"""Rows that are asked together where answers depend on what is asked together; a divisor of a block."""
CHUNKS = 4
"""Such chunks at a time: while the model answers one, servers beside it answer others."""


@dataclass(frozen=True)
class Plan:
    """Columns that are ready to be made. drawn: those that need no row to be finished before. order: of the data."""

    columns: tuple[Column, ...]
    drawn: frozenset[str]
    models: tuple[Model, ...]
    seeds: pl.DataFrame | None
    order: str

    @classmethod
    def of(
        cls, entries: Sequence[Any], models: tuple[Model, ...], seeds: pl.DataFrame | None, language: str = ""
    ) -> Plan:
        """Read and check a list of columns. Raises ConfigError, DataError."""
        specs = read_specs(entries)
        if not any(spec.keep for spec in specs):
            raise ConfigError("columns: no column stands in the output; give at least one, without keep = false")
        known = Known(tuple(dict.fromkeys(model.name for model in models)), seeds, language)
        columns = tuple(KINDS[spec.kind](spec, known) for spec in specs)
        check_order(columns)
        drawn: set[str] = set()
        for column in columns:
            if column.drawn and column.when is None and drawn.issuperset(column.needs):
                drawn.add(column.name)
        orders = [str(spec.get("order", "shuffle")) for spec in specs if spec.kind == "seed"]
        return cls(columns, frozenset(drawn), models, seeds, orders[0] if orders else "shuffle")

    @property
    def later(self) -> tuple[Column, ...]:
        """Return the columns that are made row by row."""
        return tuple(c for c in self.columns if c.name not in self.drawn)

    @property
    def asks(self) -> bool:
        """Return whether any column asks a model."""
        return any(column.asks for column in self.columns)

    def cells(self, address: str, seed: int, first: int, n: int) -> Cells:
        """Return a block of rows with the drawn columns in it."""
        cells = Cells(seed, address, first, n, self.seeds, order=self.order)
        for column in self.columns:
            if column.name in self.drawn:
                cells.values[column.name] = list(column.draw(cells))
            else:
                cells.values[column.name] = [None] * n
        return cells


def run(
    plan: Plan, desk: Callable[[], Desk], address: str, seed: int, n: int, size: int, first: int
) -> Iterator[Block]:
    """Yield the rows, lineage, failures and counts of each block from number `first` on."""
    blocks = (plan.cells(address, seed, b * size, min(size, n - b * size)) for b in range(first, -(-n // size)))
    with task("sample", total=n) as step:
        step(first * size)
        if plan.asks:
            yield from desk().iterate(_flow(plan, blocks, desk(), step))
            return
        for cells in blocks:
            for column in plan.later:
                _fill(column, cells, range(cells.n))
            step(cells.n)
            yield finish(plan, cells)


async def _flow(
    plan: Plan, blocks: Iterator[Cells], desk: Desk, done: Callable[[int], None]
) -> AsyncGenerator[Block, None]:
    """Yield finished blocks in order; rows of the next are asked for while the last rows of one are waited for."""
    chunk = CHUNK if desk.batches else 1
    seats = asyncio.Semaphore(CHUNKS if desk.batches else max(64, 2 * sum(m.concurrency for m in desk.models)))
    tasks: set[asyncio.Task[None]] = set()
    faults: list[BaseException] = []
    open_blocks: deque[tuple[Cells, list[int]]] = deque()

    def landed(left: list[int], rows: int, task: asyncio.Task[None]) -> None:
        tasks.discard(task)
        seats.release()
        left[0] -= rows
        if not task.cancelled() and (error := task.exception()) is not None:
            faults.append(error)
        done(rows)

    try:
        for cells in blocks:
            left = [cells.n]
            open_blocks.append((cells, left))
            for start in range(0, cells.n, chunk):
                await seats.acquire()
                if faults:
                    raise faults[0]
                rows = range(start, min(start + chunk, cells.n))
                job = asyncio.get_running_loop().create_task(_rows(plan, cells, rows, desk))
                tasks.add(job)
                job.add_done_callback(partial(landed, left, len(rows)))
            while open_blocks and not open_blocks[0][1][0] and not faults:
                yield finish(plan, open_blocks.popleft()[0])
        while tasks and not faults:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            await asyncio.sleep(0)
        if faults:
            raise faults[0]
        for cells, _ in open_blocks:
            yield finish(plan, cells)
    finally:
        for job in tasks:
            job.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _rows(plan: Plan, cells: Cells, rows: Sequence[int], desk: Desk) -> None:
    """Make some rows of a block, column by column."""
    for column in plan.later:
        if not column.asks and not column.slow:
            _fill(column, cells, rows)
        elif alive := _wanted(column, cells, rows):
            if column.asks:
                await column.ask(cells, alive, desk)
            else:
                await asyncio.to_thread(column.fill, cells, alive)


def _fill(column: Column, cells: Cells, rows: Sequence[int]) -> None:
    alive = _wanted(column, cells, rows)
    if not alive:
        return
    if column.drawn:
        # Drawn for the whole block, though only some rows take it: a draw hangs on no other row.
        drawn = column.draw(cells)
        for i in alive:
            cells.values[column.name][i] = drawn[i]
            if drawn[i] is None:
                other = column.needs[0]
                reason = f"values has no list for {other} = {cells.values[other][i]!r}"
                cells.fail(i, column.name, reason, column.spec.required)
    else:
        column.fill(cells, alive)


def _wanted(column: Column, cells: Cells, rows: Sequence[int]) -> list[int]:
    """Return the rows that are not lost and for which the column's condition holds."""
    alive = cells.alive(rows)
    if column.when is None:
        return alive
    out = []
    for i in alive:
        with fitting(cells, i, column):
            if truth(column.when.render(cells.context(i, column.when))):
                out.append(i)
    return out


@contextlib.contextmanager
def fitting(cells: Cells, i: int, column: Column) -> Iterator[None]:
    """Turn a cell that cannot be made into a failure of its row."""
    try:
        yield
    except Unfit as error:
        cells.fail(i, column.name, str(error), column.spec.required)


def finish(plan: Plan, cells: Cells) -> Block:
    """Return the frames of a finished block, its failures and its counts."""
    import polars as pl

    alive = cells.alive(range(cells.n))
    series = [column.series(cells, alive) for column in plan.columns if column.spec.keep]
    failures = sorted((*cells.lost.values(), *cells.notes), key=lambda failure: failure.row)
    facts = {column.name: counted for column in plan.columns if (counted := column.counted(cells))}
    return pl.DataFrame(series), lineage(cells, alive), failures, facts
