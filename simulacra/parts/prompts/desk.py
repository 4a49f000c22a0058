"""Desk: where requests are handed in; the journal is asked first, and every answer is on disk before it is used."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from simulacra.core.errors import SimulacraError
from simulacra.parts.prompts import _loops, _models, repair
from simulacra.parts.prompts._models import Entry
from simulacra.parts.prompts._spend import Purse, Spent, cost, worst_cost
from simulacra.parts.prompts.journal import Journal
from simulacra.parts.prompts.model import Model
from simulacra.parts.prompts.port import AskPort
from simulacra.parts.prompts.request import Answer, Request

T = TypeVar("T")


class Desk:
    """Answers requests by several models, each request paid for once.

    models: entries of a recipe; () is the embedded model. journal: a Journal, the path of one, or None for one in
    memory. max_cost: in the currency of the price table; what is paid never passes it. ports: AskPorts by the name of a
    model, in place of those that the entries name. spent: what was asked and paid. on_answer: called with request and
    answer whenever one is there.
    """

    def __init__(
        self,
        models: Sequence[Model | Mapping[str, Any]] = (),
        journal: Journal | str | Path | None = None,
        *,
        max_cost: float | None = None,
        ports: Mapping[str, AskPort] | None = None,
    ) -> None:
        self._models = _models.Models(models, ports or {})
        self.models = self._models.models
        self.journal = journal if isinstance(journal, Journal) else Journal(journal)
        self.spent = Spent()
        self.on_answer: Callable[[Request, Answer], None] | None = None
        self._purse = Purse(max_cost, self.spent)
        self._flying: dict[str, asyncio.Task[list[Answer]]] = {}
        self._ended: SimulacraError | None = None
        self._leaving = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the journal."""
        self.journal.close()

    @property
    def batches(self) -> bool:
        """Return whether answers of any model depend on what is asked together with them."""
        return any(entry.port.batches for entry in self._models.entries)

    def count(self, request: Request) -> int:
        """Return the tokens of a request's prompt."""
        return self._models.entry(request).port.count(request)

    def identity(self, request: Request) -> str:
        """Return who answers a request."""
        return self._models.entry(request).port.identity

    # Asking ---------------------------------------------------------------------------------------------------------

    async def ask(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer requests in their order; one that failed has `error` set.

        Each answer is in the journal before it is returned. Where a schema is asked for, `value` fulfils it. Requests
        of one call are one batch for a model whose answers depend on what is asked together.
        Raises SpendError at the limit of cost, ConfigError or ModelError where no later request can be answered either,
        OutputError where the journal cannot be written.
        """
        entries = [self._models.entry(request) for request in requests]
        if len(requests) == 1 and not entries[0].port.batches:
            return [await self._alone(requests[0], entries[0])]
        alone = [i for i, entry in enumerate(entries) if not entry.port.batches]
        out: dict[int, Answer] = {}
        for entry in self._models.entries:
            together = [i for i, other in enumerate(entries) if other is entry and entry.port.batches]
            if together:
                out |= zip(together, await self._together([requests[i] for i in together], entry), strict=True)
        out |= zip(alone, await asyncio.gather(*(self._alone(requests[i], entries[i]) for i in alone)), strict=True)
        return [out[i] for i in range(len(requests))]

    async def _alone(self, request: Request, entry: Entry) -> Answer:
        [answer] = await self._turn([request], entry)
        if request.schema is None or not answer.ok:
            return answer
        value, fault = repair.read(request, answer)
        if not fault:
            return dataclasses.replace(answer, value=value)
        [mended] = await self._turn([repair.again(request, answer, fault)], entry)
        return _mended(request, answer, mended)

    async def _together(self, requests: Sequence[Request], entry: Entry) -> list[Answer]:
        """Answer a batch; what does not fulfil its schema is asked for again as a second batch."""
        answers = await self._turn(requests, entry)
        unfit: dict[int, Request] = {}
        for i, (request, answer) in enumerate(zip(requests, answers, strict=True)):
            if request.schema is not None and answer.ok:
                value, fault = repair.read(request, answer)
                answers[i] = dataclasses.replace(answer, value=value)
                if fault:
                    unfit[i] = repair.again(request, answer, fault)
        if unfit:
            for i, mended in zip(unfit, await self._turn(list(unfit.values()), entry), strict=True):
                answers[i] = _mended(requests[i], answers[i], mended)
        return answers

    async def _turn(self, requests: Sequence[Request], entry: Entry) -> list[Answer]:
        """Answer requests as they stand, from the journal or by one call of the model's port."""
        keys = _keys(requests, entry.port)
        found = self.journal.get(keys)
        if len(found) == len(set(keys)):
            return [self._told(r, found[k]) for r, k in zip(requests, keys, strict=True)]
        group = keys[0] if len(keys) == 1 else _hash("\n".join(keys))
        flying = self._flying.get(group)
        if flying is not None:
            # Somebody asks the same at this moment; it is paid for once.
            answers = await asyncio.shield(flying)
            return [self._told(r, dataclasses.replace(a, again=True)) for r, a in zip(requests, answers, strict=True)]
        flying = asyncio.get_running_loop().create_task(self._fly(requests, keys, entry))
        self._flying[group] = flying
        flying.add_done_callback(lambda done: self._landed(group, done))
        # Whoever gives up waiting does not stop what is paid for.
        return [self._told(r, a) for r, a in zip(requests, await asyncio.shield(flying), strict=True)]

    async def _fly(self, requests: Sequence[Request], keys: Sequence[str], entry: Entry) -> list[Answer]:
        async with entry.seats:
            if self._ended is not None:
                raise self._ended
            if self._leaving:
                raise asyncio.CancelledError
            try:
                return await self._send(requests, keys, entry)
            except SimulacraError as error:
                self._ended = self._ended or error
                raise

    async def _send(self, requests: Sequence[Request], keys: Sequence[str], entry: Entry) -> list[Answer]:
        model = entry.model
        worst = sum(worst_cost(model, request) for request in requests)
        await self._purse.take(worst)
        try:
            told = [r if entry.takes_schema else repair.in_words(r) for r in requests]
            answers = [
                dataclasses.replace(a, key=k, model=entry.port.identity, cost=cost(model, a.tokens_in, a.tokens_out))
                for k, a in zip(keys, await entry.port.ask(told), strict=True)
            ]
            for answer in answers:
                self.spent.add(answer)
        finally:
            self._purse.settle(worst)
        await self.journal.put(answers)
        return answers

    def _told(self, request: Request, answer: Answer) -> Answer:
        if answer.again:
            self.spent.add(answer)
        if self.on_answer is not None:
            self.on_answer(request, answer)
        return answer

    def _landed(self, group: str, done: asyncio.Task[list[Answer]]) -> None:
        del self._flying[group]
        if not done.cancelled():
            # Where nobody waits any more, the failure is known to the desk and told to the next who asks.
            done.exception()

    # Running --------------------------------------------------------------------------------------------------------

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine that asks, in an event loop of its own, and let go of all connections at its end.

        When it fails, what was sent is waited for and kept; when it is interrupted, what was answered is.
        """
        with self._loop() as runner:
            return runner.run(work)

    def iterate(self, work: AsyncGenerator[T, None]) -> Iterator[T]:
        """Yield what an asynchronous generator that asks yields; in between, its requests stay in flight."""
        with self._loop() as runner:
            try:
                while True:
                    try:
                        item = runner.run(_next(work))
                    except StopAsyncIteration:
                        return
                    yield item
            finally:
                runner.run(work.aclose())

    @contextlib.contextmanager
    def _loop(self) -> Iterator[_loops.Runner]:
        interrupted = False
        with _loops.opened() as runner:
            self._leaving = False
            try:
                yield runner
            except KeyboardInterrupt:
                interrupted = True
                raise
            finally:
                self._leaving = True
                runner.run(self._leave(interrupted))

    async def _leave(self, interrupted: bool) -> None:
        """Wait for what was sent, or when interrupted for what was answered, and close the ports."""
        for port in self._models.ports:
            # Nobody waits for what would have to be sent again.
            getattr(port, "hurry", lambda: None)()
        flying = list(self._flying.values())
        for task in flying if interrupted else ():
            task.cancel()
        await asyncio.gather(*flying, return_exceptions=True)
        await self.journal.flush()
        for port in self._models.ports:
            await port.close()


async def _next(work: AsyncGenerator[T, None]) -> T:
    return await anext(work)


def _mended(request: Request, first: Answer, second: Answer) -> Answer:
    """Return the answer of two turns, with the cost of both."""
    both = dataclasses.replace(
        second,
        key=first.key,
        tokens_in=first.tokens_in + second.tokens_in,
        tokens_out=first.tokens_out + second.tokens_out,
        cost=first.cost + second.cost,
        again=first.again and second.again,
    )
    if not second.ok:
        return dataclasses.replace(both, value=None)
    value, fault = repair.read(request, second)
    return dataclasses.replace(both, value=value, error=f"never fulfilled the schema: {fault}" if fault else "")


def _keys(requests: Sequence[Request], port: AskPort) -> list[str]:
    """Return the names of answers; where requests are answered as one batch, each name tells the whole of it."""
    keys = [request.key(port.identity) for request in requests]
    if not port.batches:
        return keys
    group = _hash("\n".join(keys))
    return [_hash(f"{group}\n{i}\n{key}") for i, key in enumerate(keys)]


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
