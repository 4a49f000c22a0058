"""Sampling by blocks: the same rows on one process or many, in order, with conditions fulfilled by rejection."""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core import rng
from simulacra.core.errors import ConfigError, DataError
from simulacra.core.progress import task
from simulacra.core.where import Where, as_read, mask, said, shares

if TYPE_CHECKING:
    import polars as pl

    from simulacra.core.generator import Generator

ROUNDS = 100
"""Draws of a whole block before a condition counts as (almost) impossible."""


def run(method: Generator, n: int, seed: int, where: Where | None, workers: int, first: int) -> Iterator[pl.DataFrame]:
    """Yield the frames of blocks first, first + 1, .. of an output of n rows."""
    size = method.block_rows
    blocks = [(b, min(size, n - b * size)) for b in range(first, -(-n // size))]
    with task("sample", total=n) as step:
        parallel = workers > 1 and len(blocks) > 1 and _importable(method)
        frames = (
            _processes(method, [(b, b * size, m) for b, m in blocks], seed, where, workers)
            if parallel
            else (one(method, b, b * size, m, seed, where) for b, m in blocks)
        )
        rows = first * size
        for frame in frames:
            rows += frame.height
            step(frame.height, f"{rows:,} of {n:,} rows")
            yield frame


def one(method: Generator, block: int, start: int, n: int, seed: int, where: Where | None) -> pl.DataFrame:
    """Return one block of n rows, the first of which is row number `start` of the whole."""
    draw = rng.stream(seed, method.name, "sample", block)
    frame = method._sample(n, draw) if not where else _reject(method, block, n, seed, where)
    frame = method._finish(frame, rng.stream(seed, method.name, "finish", block), start)
    if frame.height != n:
        raise AssertionError(f"{method.name}: _sample was asked for {n} rows and returned {frame.height}")
    empty = getattr(method, "empty_", None)
    lost = [c for c in empty.columns if c not in frame.columns] if empty is not None else []
    if lost:
        raise AssertionError(f"{method.name}: the columns {', '.join(lost)} were fitted but not made")
    return frame if empty is None else frame.select(empty.columns).cast(dict(empty.schema))


def _reject(method: Generator, block: int, n: int, seed: int, where: Where) -> pl.DataFrame:
    """Draw until n rows fulfil the conditions, every share with its own quota."""
    import polars as pl

    from simulacra.core.generator import Generator

    parts = shares(
        where,
        method._finish(
            method._sample(1, rng.stream(seed, method.name, "types")), rng.stream(seed, method.name, "types"), 0
        ).clear(),
    )
    columns = method.schema_.columns
    for column in columns:
        if not column.copied and where.get(column.name) is not None:
            what = "holds images" if column.kind == "image" else "is filled with surrogates after the draw"
            raise ConfigError(f"where: column {column.name!r} {what} and cannot be a condition")
    aimed = type(method)._sample_where is not Generator._sample_where
    order = rng.stream(seed, method.name, "where", block)
    quota = order.multinomial(n, [share for _, share in parts]) if len(parts) > 1 else [n]
    kept: list[pl.DataFrame] = []
    drawn = 0
    for (plain, _), wanted in zip(parts, quota, strict=True):
        have = 0
        for turn in range(ROUNDS):
            if have >= wanted:
                break
            draw = rng.stream(seed, method.name, f"where {plain!r} {turn}", block)
            # A method that aims at conditions seldom misses; one that does not needs many rows for a few.
            size = n if aimed and turn == 0 else max(n, 1024)
            frame = method._sample_where(size, draw, plain)
            drawn += frame.height
            hit = frame.filter(mask(*as_read(frame, plain, columns))).head(int(wanted) - have)
            kept.append(hit)
            have += hit.height
        if have < wanted:
            raise DataError(
                f"where: only {have} of {drawn:,} drawn rows fulfil {said(plain)}, {int(wanted)} were asked for; "
                "widen the condition, or lower n"
            )
    out = pl.concat(kept)
    return out[order.permutation(out.height)]


def _importable(method: Generator) -> bool:
    # A class of a notebook or a test body cannot be found by another process; its blocks are then drawn here.
    cls = type(method)
    return cls.__module__ != "__main__" and "<locals>" not in cls.__qualname__


def _processes(
    method: Generator, blocks: list[tuple[int, int, int]], seed: int, where: Where | None, workers: int
) -> Iterator[pl.DataFrame]:
    import multiprocessing
    from concurrent.futures import Future, ProcessPoolExecutor

    import polars as pl

    with tempfile.TemporaryDirectory(prefix="simulacra-") as folder, contextlib.ExitStack() as stack:
        path = Path(folder) / "model"
        method.save(path)
        # "spawn": polars and OpenMP hold threads, and a forked copy of them can hang.
        context = multiprocessing.get_context("spawn")
        pool = stack.enter_context(
            ProcessPoolExecutor(min(workers, len(blocks)), context, _open, (type(method), str(path)))
        )
        stack.callback(pool.shutdown, cancel_futures=True)
        waiting: list[Future[bytes]] = []
        ahead = iter(blocks)
        for job in ahead:
            with _main_hidden():
                waiting.append(pool.submit(_job, *job, seed, where))
            if len(waiting) < 2 * workers:
                continue
            yield pl.read_ipc(io.BytesIO(waiting.pop(0).result()))
        while waiting:
            yield pl.read_ipc(io.BytesIO(waiting.pop(0).result()))


@contextlib.contextmanager
def _main_hidden() -> Iterator[None]:
    """Keep new processes from running the user's script again: "spawn" does so wherever `__main__` names its file."""
    main = vars(sys.modules["__main__"])
    kept: dict[str, Any] = {name: main[name] for name in ("__file__", "__spec__") if name in main}
    try:
        main.update(dict.fromkeys(kept))
        yield
    finally:
        main.update(kept)


_method: Any = None


def _open(cls: type[Generator], path: str) -> None:
    import signal

    global _method
    # Ctrl-C reaches every process of the terminal; the parent alone answers it, and stops the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _method = cls.load(path)


def _job(block: int, start: int, n: int, seed: int, where: Where | None) -> bytes:
    out = io.BytesIO()
    one(_method, block, start, n, seed, where).write_ipc(out)
    return out.getvalue()
