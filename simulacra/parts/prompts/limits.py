"""How many requests are in flight: seats, a number found from how the server answers, and an end to vain asking."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections import deque
from dataclasses import dataclass

from simulacra.core.errors import ModelError


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


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for, in seconds.

    first, longest: the wait after the first failure of a request, doubled with each further one, and its end. connect:
    to open a connection. stall: between the parts of an answer that has begun. give_up: how long every request may fail
    before the run ends. never_up: the same for a server that could not be reached even once.
    """

    first: float = 0.25
    longest: float = 30.0
    connect: float = 10.0
    stall: float = 30.0
    give_up: float = 300.0
    never_up: float = 15.0

    def wait(self, attempt: int, seed: int) -> float:
        """Return the wait after a failed attempt, from half of its length to all of it so that not all come at once."""
        digest = hashlib.blake2b(f"{seed}\x1f{attempt}".encode(), digest_size=2).digest()
        share = 0.5 + int.from_bytes(digest, "little") / 131_072
        return float(share * min(self.longest, self.first * 2.0 ** min(attempt, 30)))


class Adaptive:
    """How many requests a server gets at a time, found from how it answers.

    Doubles from 32 while that brings more work a second, then adds one a round; halves when the server refuses or does
    not answer; and goes back to the number before when half as many again bring less than a tenth more, for a server
    that is full need not say so. A round is as many answers as there are seats. Work is counted in tokens, because
    answers differ in length. (Additive increase, multiplicative decrease: Chiu and Jain 1989.)
    """

    START = 32
    STEP = 1.4
    GAIN = 1.1

    def __init__(self, most: int) -> None:
        self.most = most
        self.seats = Seats(min(self.START, most))
        self._doubling = True
        self._rates: dict[int, tuple[float, float]] = {}
        self._cut = -math.inf
        self._begin()

    def answered(self, now: float, tokens: int) -> None:
        """Count one answer. now: of the event loop's clock, in seconds."""
        if self._answers == 0:
            self._since = now
        self._answers += 1
        self._work += tokens + 1
        self._full = self._full or bool(self.seats.waiting) or self.seats.taken >= int(self.seats.many)
        # The first answer only starts the clock.
        if self._answers > max(self.seats.many, 4):
            if self._full and now > self._since:
                self._judge(self._work / (now - self._since))
            self._begin()

    def refused(self, now: float, sent: float) -> None:
        """Take a refusal or a silence; those to requests sent before the last one was taken say nothing new."""
        self._doubling = False
        if sent >= self._cut:
            self._cut = now
            self._set(self.seats.many / 2)
            self._rates.clear()
            self._begin()

    def _judge(self, rate: float) -> None:
        many = self.seats.many
        self._rates[round(2 * math.log2(many))] = (many, rate)
        fewer = [(m, r) for m, r in self._rates.values() if m * self.STEP <= many]
        if fewer and rate < self.GAIN * max(fewer)[1]:
            self._doubling = False
            self._set(max(fewer)[0])
        else:
            self._set(many * 2 if self._doubling else many + 1)

    def _set(self, many: float) -> None:
        self.seats.many = min(max(many, 1.0), float(self.most))
        self.seats.call()

    def _begin(self) -> None:
        self._answers = 0
        self._work = 0
        self._since = 0.0
        self._full = False


class Breaker:
    """Stops sending when request after request fails, tries with one at a time, and ends the run when that goes on.

    Requests go through `gate` and then wait until they are `ready`. Ten failures in a row open the breaker. While it is
    open one request after another is sent, with growing pauses, until one is answered. who: the model, for messages.
    """

    IN_A_ROW = 10

    def __init__(self, who: str, patience: Patience) -> None:
        self._who = who
        self._patience = patience
        self._row = 0
        self._probes = 0
        self._since: float | None = None
        self._reached = False
        self._reason = ""
        self.gate = Seats(math.inf)

    @property
    def open(self) -> bool:
        """Return whether only single requests are sent."""
        return self._row >= self.IN_A_ROW

    async def ready(self) -> None:
        """Wait until the next request may be sent. Raises ModelError when every request has failed for too long."""
        if self.open:
            await asyncio.sleep(self._patience.wait(self._probes, self._probes))
            self._require_hope()

    def good(self) -> None:
        """Take an answer: all go on."""
        self._reached = True
        self._since = None
        if self._row:
            self._row = self._probes = 0
            self.gate.many = math.inf
            self.gate.call()

    def bad(self, reason: str, *, after: float | None = None, busy: bool = False) -> None:
        """Take a failure. busy: the server is there and says that it has too much to do. after: for so many seconds.

        Raises ModelError when every request has failed for too long, or the server asks to wait for longer than that.
        """
        self._reason = reason
        if after is not None and after > self._patience.give_up:
            raise ModelError(
                f"{self._who}: the server asks to wait for {after:g} seconds ({reason}). What was answered is kept; "
                "run the same command again after that"
            )
        self._reached = self._reached or busy
        self._since = asyncio.get_running_loop().time() if self._since is None else self._since
        if not busy:
            self._row += 1
            self._probes += self.open
            self.gate.many = 1 if self.open else math.inf
        self._require_hope()

    def _require_hope(self) -> None:
        limit = self._patience.give_up if self._reached else self._patience.never_up
        if self._since is not None and asyncio.get_running_loop().time() - self._since > limit:
            raise ModelError(
                f"{self._who}: every request has failed for {limit:g} seconds, the last because {self._reason}. What "
                "was answered is kept; see to the server and run the same command again"
            )
