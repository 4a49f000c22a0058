"""What a run has asked and paid, and the limit that it never passes."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

from simulacra.core.errors import SpendError
from simulacra.parts.prompts.model import Model
from simulacra.parts.prompts.request import Answer, Request


@dataclass
class Spent:
    """What was asked and paid.

    requests: answered in this run. again: answers from the journal. failed: requests without an answer. tokens_in,
    tokens_out, cost: of this run. cost_again: what the answers from the journal had cost. began: time.monotonic() of
    the first request.
    """

    requests: int = 0
    again: int = 0
    failed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    cost_again: float = 0.0
    began: float = field(default=0.0, repr=False)

    @property
    def seconds(self) -> float:
        """Return the seconds since the first request."""
        return time.monotonic() - self.began if self.began else 0.0

    def add(self, answer: Answer) -> None:
        """Count one answer."""
        self.began = self.began or time.monotonic()
        if not answer.ok:
            self.failed += 1
        elif answer.again:
            self.again += 1
            self.cost_again += answer.cost
            return
        else:
            self.requests += 1
        self.tokens_in += answer.tokens_in
        self.tokens_out += answer.tokens_out
        self.cost += answer.cost


class Purse:
    """The limit of cost. What a request may cost at most is set aside before it is sent, so that it is never passed.

    Near the limit a request waits until those in flight have cost less than was set aside for them. What answers of the
    journal had cost counts too: the same command with the same limit pays for nothing more.
    """

    def __init__(self, limit: float | None, spent: Spent) -> None:
        self.limit = limit
        self._spent = spent
        self._aside = 0.0
        self._flying = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self, worst: float) -> None:
        """Set the worst case of one request aside. Raises SpendError when it can never be paid."""
        while self.limit is not None and self._paid + self._aside + worst > self.limit * (1 + 1e-9):
            if not self._flying:
                raise SpendError(
                    f"the limit of cost is reached: {self._paid:.4f} of {self.limit:g} is spent, and the next request "
                    f"may cost {worst:.4f}. Every answer that was paid for is kept; the same command with a higher "
                    "--max-cost goes on from there"
                )
            freed = asyncio.get_running_loop().create_future()
            self._waiting.append(freed)
            await freed
        self._aside += worst
        self._flying += 1

    def settle(self, worst: float) -> None:
        """Give back what was set aside, once the true cost is counted."""
        self._aside -= worst
        self._flying -= 1
        waiting, self._waiting = self._waiting, deque()
        for freed in waiting:
            if not freed.done():
                freed.set_result(None)

    @property
    def _paid(self) -> float:
        return self._spent.cost + self._spent.cost_again


def cost(model: Model, tokens_in: int, tokens_out: int) -> float:
    """Return the price of tokens, in the currency of the price table."""
    return (tokens_in * model.price_in + tokens_out * model.price_out) / 1e6


def worst_cost(model: Model, request: Request) -> float:
    """Return what a request costs at most: no tokenizer makes more tokens than there are bytes."""
    if not model.price_in and not model.price_out:
        return 0.0
    size = sum(len(content.encode("utf-8", "replace")) + 16 for _, content in request.messages)
    for extra in (request.schema, request.tools):
        # A schema may be sent twice: as a parameter, and in words.
        size += 2 * len(repr(extra).encode("utf-8", "replace")) if extra else 0
    return cost(model, size + sum(map(len, request.labels)), max(request.max_tokens, 1))
