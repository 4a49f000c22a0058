"""How many requests are in flight: seats."""

from __future__ import annotations

import asyncio
from collections import deque


class Seats:
    """At most so many at a time, first come first served; it belongs to no event loop.

    Used by `async with`. many: seats, at least 1; it may change at any time.
    """

    def __init__(self, many: float) -> None:
        self.many = many
        self.taken = 0
        self.waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        if self.taken < self.many and not self.waiting:
            self.taken += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # The seat came in the same moment in which nobody wanted it any more.
                self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        self.taken -= 1
        self.call()

    def call(self) -> None:
        """Give free seats to those who wait."""
        while self.waiting and self.taken < self.many:
            turn = self.waiting.popleft()
            if not turn.done():
                self.taken += 1
                turn.set_result(None)
