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


class Rest:
    """Waits that end early when the run does. over: whether it has ended; then nobody waits any more."""

    def __init__(self) -> None:
        self.over = False
        self._resting: set[asyncio.Future[None]] = set()

    async def sleep(self, seconds: float) -> None:
        """Wait, at most until the run ends."""
        if self.over:
            return
        rest: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._resting.add(rest)
        timer = asyncio.get_running_loop().call_later(seconds, self._wake, rest)
        try:
            await rest
        finally:
            timer.cancel()
            self._resting.discard(rest)

    def end(self) -> None:
        """End all waits."""
        self.over = True
        for rest in self._resting:
            self._wake(rest)

    @staticmethod
    def _wake(rest: asyncio.Future[None]) -> None:
        if not rest.done():
            rest.set_result(None)


class Adaptive:
    """How many requests a server gets at a time, found from how it answers.

    Doubles from 64 while that brings more work a second. When the server refuses or does not answer, halves, and from
    then on adds one a round (additive increase, multiplicative decrease; Chiu and Jain 1989). A server that is full
    need not say so: now and then a round is tried with more or fewer at a time, and more are taken only where they
    bring at least a tenth more work, fewer where they bring as much. A round is as many answers as there are seats,
    four times as many where rounds are compared, after as many that show what a change did. Work is counted in
    tokens, because answers differ in length.
    """

    START = 64
    STEP = 1.4
    GAIN = 1.1
    HOLD = 12
    ROUND = 4

    def __init__(self, most: int) -> None:
        self.most = most
        self.seats = Seats(min(self.START, most))
        self._round = _Round(-math.inf)
        self._growth = "double"
        self._before: tuple[float, float] | None = None
        self._held = 0
        self._down = True
        self._refused = -math.inf

    def answered(self, now: float, sent: float, tokens: int) -> None:
        """Count one answer. now, sent: by the event loop's clock, in seconds."""
        many, this = self.seats.many, self._round
        if this.since is None:
            # The first answers tell what the server did with as many as before, and the next are the short ones.
            this.fresh += sent >= this.changed
            this.since = now if this.fresh >= many else None
            return
        this.answers += 1
        this.work += tokens + 1
        this.full = this.full or bool(self.seats.waiting) or self.seats.taken >= int(many)
        compared = self._growth != "double" and (self._before is not None or self._held >= self.HOLD)
        if this.answers >= (self.ROUND * many if compared else many) and now > this.since:
            if this.full:
                self._judge(this.work / (now - this.since))
            self._round = _Round(now) if self.seats.many != many else _Round(this.changed, now)

    def refused(self, now: float, sent: float) -> None:
        """Take a refusal or a silence; those to requests sent before the last one was taken say nothing new."""
        self._growth, self._before = "add", None
        if sent >= self._refused:
            self._refused = now
            self._set(self.seats.many / 2)
            self._round = _Round(now)

    def _judge(self, rate: float) -> None:
        """Choose the seats of the next round by the work a second of this one."""
        many, before, self._before = self.seats.many, self._before, None
        if before is not None:
            other, of_other = before
            if rate > of_other * self.GAIN if many > other else rate * self.GAIN > of_other:
                # It helped: the same way once more, soon.
                self._held = self.HOLD - 1
                return
            self._set(other)
            self._growth = "hold" if self._growth == "double" else self._growth
            self._down = not self._down
        elif self._growth == "double" or self._held >= self.HOLD:
            self._try_others(many, rate)
        else:
            self._held += 1
            self._set(many + (self._growth == "add"))

    def _try_others(self, many: float, rate: float) -> None:
        """Give the next round more or fewer seats, to be compared with this one."""
        self._held = 0
        if self._growth == "double":
            self._set(2 * many)
        elif self._down or self._growth == "add":
            self._set(many / self.STEP)
        else:
            self._set(many * self.STEP)
        if self.seats.many != many:
            self._before = (many, rate)
        else:
            self._growth = "hold" if self._growth == "double" else self._growth
            self._down = not self._down

    def _set(self, many: float) -> None:
        self.seats.many = min(max(many, 1.0), float(self.most))
        self.seats.call()


@dataclass
class _Round:
    """Answers that are counted. changed: since when there have been as many seats. since: when counting began."""

    changed: float
    since: float | None = None
    fresh: int = 0
    answers: int = 0
    work: int = 0
    full: bool = False


class Breaker:
    """Stops sending when request after request fails, tries with one at a time, and ends the run when that goes on.

    Requests go through `gate` and then wait until they are `ready`. Ten failures in a row open the breaker. While it is
    open one request after another is sent, with growing pauses, until one is answered. who: the model, for messages.
    """

    IN_A_ROW = 10

    def __init__(self, who: str, patience: Patience, rest: Rest) -> None:
        self._who = who
        self._rest = rest
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
            self._require_hope()
            await self._rest.sleep(self._patience.wait(self._probes, self._probes))

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
