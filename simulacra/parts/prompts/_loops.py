"""Event loops of our own, also where one is running already, as in a notebook."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Runner(Protocol):
    """What runs coroutines one after the other in one loop."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run one to its end. Raises KeyboardInterrupt, after it was cancelled, when the user interrupts."""
        ...


@contextlib.contextmanager
def opened() -> Iterator[Runner]:
    """Yield a loop of our own; in a thread of its own where this thread runs one already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        with asyncio.Runner() as runner:
            yield _Here(runner)
        return
    with ThreadPoolExecutor(1, thread_name_prefix="asking") as thread:
        apart = _Apart(thread)
        try:
            yield apart
        finally:
            apart.close()


class _Here:
    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)


class _Apart:
    def __init__(self, thread: ThreadPoolExecutor) -> None:
        self._thread = thread
        self._runner = asyncio.Runner()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        began: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = Future()

        async def told() -> T:
            task = asyncio.current_task()
            assert task is not None
            began.set_result((asyncio.get_running_loop(), task))
            return await work

        done = self._thread.submit(self._runner.run, told())
        try:
            return done.result()
        except KeyboardInterrupt:
            loop, task = began.result()
            loop.call_soon_threadsafe(task.cancel)
            with contextlib.suppress(BaseException):
                done.result()
            raise

    def close(self) -> None:
        self._thread.submit(self._runner.close).result()
