"""Endpoint: any server that speaks OpenAI's protocol, asked as fast as it can answer."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Self

from simulacra.core.errors import ModelError
from simulacra.parts.prompts import _protocol, repair
from simulacra.parts.prompts._wire import Again, Refused, Unknown, Wire
from simulacra.parts.prompts.limits import Adaptive, Breaker, Patience, Rest
from simulacra.parts.prompts.model import Model
from simulacra.parts.prompts.request import Answer, Request

OPTIONAL = ("response_format", "seed", "max_tokens", "top_logprobs", "stop")
"""Parameters that are left out, renamed or told in words once a server has refused them by name."""


class Endpoint:
    """A server. Requests run at once, as many as it answers without growing slower (parts/prompts/limits).

    What may pass is tried again with growing waits: 429 (as late as the server asks), 5xx, silence, broken connections,
    bodies that are no JSON. A request that the server cannot take comes back with its reason. A key that is refused, a
    model that is not there, a server that stays away, and a model without log-probabilities where they are needed end
    the run by name.
    """

    batches = False
    takes_schema = True

    def __init__(self, model: Model, *, patience: Patience | None = None) -> None:
        self.model = model
        self._patience = patience or Patience()
        self._wire = Wire(model, self._patience)
        self._pace = Adaptive(model.concurrency)
        self._rest = Rest()
        self._breaker = Breaker(self._wire.who, self._patience, self._rest)
        self._refused: frozenset[str] = frozenset()
        self.identity = identity_of(model)

    @classmethod
    def of(cls, model: Model) -> Self:
        """Return the port of an entry of the list of models."""
        return cls(model)

    @property
    def in_flight(self) -> int:
        """Return how many requests the server gets at a time, as found so far."""
        return int(self._pace.seats.many)

    async def ask(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer requests in their order, all at once."""
        if len(requests) == 1:
            return [await self._answer(requests[0])]
        return await asyncio.gather(*map(self._answer, requests))

    def count(self, request: Request) -> int:
        """Return the tokens of a prompt by rule of thumb: four bytes each, and four for every message."""
        return count_of(request)

    def hurry(self) -> None:
        """Send nothing more; what is on its way may still come."""
        self._rest.end()

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()
        self._rest.over = False

    async def _answer(self, request: Request) -> Answer:
        context = self.model.context
        if context and (size := self.count(request)) > context:
            return Answer(error=f"the prompt is longer than the model's context: about {size} tokens of {context}")
        try:
            return await self._settled(request)
        except Refused as error:
            return Answer(error=_reason(str(error)))
        except Again as error:
            return Answer(error=f"{self.model.tries} attempts failed, the last because {error}")
        except _protocol.Untold as error:
            return Answer(error=f"no log-probabilities of the labels: {error}")

    async def _settled(self, request: Request) -> Answer:
        """Answer one request; what a server does not take by name is left out, and remembered."""
        while True:
            refused = self._refused
            sent = repair.in_words(request) if "response_format" in refused else request
            body = _protocol.body(sent, self.model, refused)
            read = partial(_protocol.read, sent, counted=self.count(sent))
            try:
                return await self._tried(request.seed, _protocol.path(sent), body, read)
            except Refused as error:
                named = {p for p in OPTIONAL if p in str(error) and p in body} - refused
                if error.status not in (400, 422) or not named:
                    if request.kind == "logprobs" and re.search("echo|logprob", str(error)):
                        raise self._silent(request) from None
                    raise
                self._refused |= named
            except (_protocol.Untold, Unknown) as error:
                if request.kind == "labels" and isinstance(error, _protocol.Untold):
                    return await self._by_echo(request, error)
                if request.kind == "logprobs":
                    raise self._silent(request) from None
                raise

    async def _by_echo(self, request: Request, first: _protocol.Untold) -> Answer:
        """Score each label as the continuation of the messages, where the server scores prompts."""
        context = _protocol.joined(request)
        space = "" if context[-1:].isspace() else " "
        name = self.model.model or self.model.name
        scores, tokens_in, tokens_out = [], 0, 0
        for label in request.labels:
            prompt = context + space + label
            body = _protocol.echo(name, prompt) | dict(self.model.options)
            read = partial(_protocol.read_echo, prompt=prompt, start=len(context))
            try:
                answer = await self._tried(request.seed, "completions", body, read)
            except (Refused, Unknown, _protocol.Untold):
                if first.nothing:
                    raise self._silent(request) from None
                raise first from None
            scores.append(sum(answer.value))
            tokens_in, tokens_out = tokens_in + answer.tokens_in, tokens_out + answer.tokens_out
        return Answer(value=scores, tokens_in=tokens_in, tokens_out=tokens_out)

    async def _tried(
        self, seed: int, path: str, body: Mapping[str, Any], read: Callable[[Any], Answer]
    ) -> Answer:  # fmt: skip
        """Send until there is an answer, or all tries are used up. Raises what Wire.post and `read` raise."""
        clock = asyncio.get_running_loop().time
        failed = 0
        for attempt in itertools.count():
            async with self._pace.seats, self._breaker.gate:
                await self._breaker.ready()
                if self._rest.over:
                    raise Again("the run has ended")
                sent = clock()
                try:
                    answer = read(await self._wire.post(path, body))
                except (Again, _protocol.Malformed) as error:
                    again = error if isinstance(error, Again) else Again(f"it sent {error}")
                except (Refused, _protocol.Untold):
                    # The server is there and has spoken.
                    self._breaker.good()
                    raise
                else:
                    self._breaker.good()
                    self._pace.answered(clock(), sent, answer.tokens_out)
                    return answer
                failed += not (again.busy or again.unreachable or self._breaker.open)
                if again.busy or again.silent:
                    self._pace.refused(clock(), sent)
                self._breaker.bad(str(again), after=again.after, busy=again.busy)
            if failed >= self.model.tries:
                raise again
            await self._rest.sleep(max(self._patience.wait(attempt, seed), again.after or 0.0))
        raise AssertionError("counting never ends")

    def _silent(self, request: Request) -> ModelError:
        what = "labels" if request.kind == "labels" else "a perplexity"
        return ModelError(
            f"{self._wire.who} gives no log-probabilities, which {what} need; ask a server that gives them (vLLM; "
            'OpenAI for labels) or the embedded model, or ask for the label in words with kind = "prompt" and a schema'
        )


def identity_of(model: Model) -> str:
    """Return what decides a server's answers beside the request; no address and no key."""
    options = json.dumps(model.options, sort_keys=True, default=str) if model.options else ""
    return f"{model.model or model.name}{f' {options}' if options else ''}"


def count_of(request: Request) -> int:
    """Return the tokens of a prompt by rule of thumb: four bytes each, and four for every message."""
    words = sum(_protocol.tokens_of(content) + 4 for _, content in request.messages)
    extra = [x for x in (request.schema, request.tools) if x]
    return words + sum(_protocol.tokens_of(json.dumps(x, default=dict)) for x in extra)


def _reason(told: str) -> str:
    """Return why a request cannot be answered, for the list of failures."""
    if re.search(r"context|too long|too many tokens|maximum.{0,20}length", told, re.IGNORECASE):
        return f"the prompt is longer than the model's context ({told})"
    return f"the server refuses the request ({told})"
