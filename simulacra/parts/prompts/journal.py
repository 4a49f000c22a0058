"""Journal: every answer on disk before it is used, found again by the content of its request."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

from simulacra.core.errors import OutputError
from simulacra.parts.prompts import _journal_file as file
from simulacra.parts.prompts.request import Answer

GATHER_SECONDS = 0.001
"""How long an answer waits for others, to be written in one transaction with them."""

_ASKED_AT_ONCE = 500


class Journal:
    """Answers by key, in an SQLite file or, without a path, in memory.

    An answer is durable when `put` returns: it is written in a transaction that is synced to the disk, by a thread of
    its own, together with whatever else came in meanwhile. Failed answers are not kept. One process holds a journal at
    a time. Raises OutputError where the file is held by another process, cannot be written, or the disk is full (what
    was written before stays), DataError for a file that is no journal.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = None if path is None else Path(path)
        self._kept: dict[str, Answer] = {}
        self._file = None if self.path is None else file.JournalFile(self.path)
        self._waiting: list[tuple[list[Answer], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._writing = threading.Lock()
        self._broken: OutputError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._kept) if self._file is None else self._file.count()

    def get(self, keys: Sequence[str]) -> dict[str, Answer]:
        """Return the answers that are there, each marked as used again."""
        if self._file is None:
            return {k: _again(self._kept[k]) for k in keys if k in self._kept}
        out = {}
        for start in range(0, len(keys), _ASKED_AT_ONCE):
            for row in self._file.read(keys[start : start + _ASKED_AT_ONCE]):
                out[row[0]] = _of_row(row)
        return out

    async def put(self, answers: Sequence[Answer]) -> None:
        """Write answers; they are on the disk when this returns. Raises OutputError."""
        good = [a for a in answers if a.ok]
        if self._file is None:
            self._kept.update((a.key, a) for a in good)
        elif good:
            done = asyncio.get_running_loop().create_future()
            self._waiting.append((good, done))
            if self._writer is None or self._writer.done():
                self._writer = asyncio.create_task(self._write_waiting())
            await done

    def write(self, answers: Iterable[Answer]) -> None:
        """Write answers from outside of an event loop, all or none of them. Raises OutputError."""
        good = [a for a in answers if a.ok]
        if self._file is None:
            self._kept.update((a.key, a) for a in good)
        else:
            self._write(map(_to_row, good))

    def take_over(self, path: str | Path) -> None:
        """Take the answers of another journal that are not in this one. Raises OutputError, DataError."""
        other = file.JournalFile(Path(path))
        try:
            rows = other.all()
            if self._file is None:
                self._kept = {row[0]: _of_row(row) for row in rows} | self._kept
            else:
                self._write(rows)
        finally:
            other.close()

    async def flush(self) -> None:
        """Wait until all that was put is on the disk."""
        if self._writer is not None and not self._writer.done():
            await self._writer

    def close(self) -> None:
        """Let go of the file; what is in memory only is kept."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None
        if self._file is not None:
            self._file.close()

    async def _write_waiting(self) -> None:
        """Write until nobody waits; in each transaction all that had come in when it began."""
        loop = asyncio.get_running_loop()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        while self._waiting:
            await asyncio.sleep(GATHER_SECONDS)
            batch, self._waiting = self._waiting, []
            rows = [_to_row(a) for answers, _ in batch for a in answers]
            failure: Exception | None = None
            try:
                await loop.run_in_executor(self._thread, self._write, rows)
            except Exception as error:
                failure = error
            for _, done in batch:
                if done.done():
                    continue
                if failure is None:
                    done.set_result(None)
                else:
                    done.set_exception(failure)

    def _write(self, rows: Iterable[tuple[Any, ...]]) -> None:
        assert self._file is not None
        with self._writing:
            if self._broken is not None:
                # A failed disk may have taken half of a page; nothing is written over it in this process.
                raise self._broken
            try:
                self._file.write(rows)
            except OutputError as error:
                self._broken = error
                raise


def _to_row(answer: Answer) -> tuple[Any, ...]:
    value = None if answer.value is None else json.dumps(answer.value, ensure_ascii=False, separators=(",", ":"))
    return (
        answer.key, answer.text, value, answer.model, answer.tokens_in, answer.tokens_out, answer.cost, answer.finish,
    )  # fmt: skip


def _of_row(row: tuple[Any, ...]) -> Answer:
    key, text, value, model, tokens_in, tokens_out, cost, finish = row
    value = None if value is None else json.loads(value)
    return Answer(text, value, model, tokens_in, tokens_out, cost, finish, key=key, again=True)


def _again(answer: Answer) -> Answer:
    return Answer(
        answer.text, answer.value, answer.model, answer.tokens_in, answer.tokens_out, answer.cost, answer.finish,
        key=answer.key, again=True,
    )  # fmt: skip
