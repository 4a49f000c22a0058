"""Ports that need no model: answers by a function or a table, and the echo; for tests and dry runs only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simulacra.core.port import Port
from simulacra.parts.prompts.example import example
from simulacra.parts.prompts.request import Answer, Request

Reply = str | Answer | list[Any] | dict[str, Any]


class Replay:
    """Answers by a function of the request, or by a table from the last message's text.

    replies: a text is the answer's words, a list or a dict its value, an Answer itself; a text that is missing in a
    table fails its request. batches: whether requests are handed over in batches, as the embedded model has them.
    asked: every request in the order in which it came.
    """

    def __init__(
        self,
        replies: Callable[[Request], Reply] | Mapping[str, Reply],
        *,
        identity: str = "replay",
        batches: bool = False,
    ) -> None:
        self.identity = identity
        self.batches = batches
        self.asked: list[Request] = []
        self._replies = replies

    async def ask(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer requests in their order."""
        self.asked += requests
        return [self._answer(request) for request in requests]

    def count(self, request: Request) -> int:
        """Return the words of a prompt."""
        return sum(len(content.split()) for _, content in request.messages)

    async def close(self) -> None:
        """Nothing is held."""

    def _answer(self, request: Request) -> Answer:
        if callable(self._replies):
            reply = self._replies(request)
        elif (last := request.messages[-1][1]) in self._replies:
            reply = self._replies[last]
        else:
            return Answer(error=f"nothing to replay for {last[:60]!r}", model=self.identity)
        if isinstance(reply, Answer):
            return reply
        text = reply if isinstance(reply, str) else ""
        if request.schema is not None and not isinstance(reply, str):
            text = json.dumps(reply, ensure_ascii=False)
        value = None if isinstance(reply, str) or request.schema is not None else reply
        return Answer(text, value, self.identity, self.count(request), len(text.split()))


class Plain:
    """A port of the registry, a callable from prompts to texts, behind the seam of answers."""

    batches = False

    def __init__(self, port: Port, identity: str) -> None:
        self.identity = identity
        self._port = port

    async def ask(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer requests in their order.

        Where a schema is asked for, every text in the value is the port's answer; labels, log-probabilities and
        embeddings are numbers without meaning.
        """
        texts = self._port([r.messages[-1][1] for r in requests])
        return [self._answer(request, text) for request, text in zip(requests, texts, strict=True)]

    def count(self, request: Request) -> int:
        """Return the words of a prompt."""
        return sum(len(content.split()) for _, content in request.messages)

    async def close(self) -> None:
        """Nothing is held."""

    def _answer(self, request: Request, text: str) -> Answer:
        if request.schema is not None:
            text = json.dumps(example(request.schema, lambda below: 0, lambda: text), ensure_ascii=False)
        numbers = _numbers(request)
        words = text if numbers is None else ""
        return Answer(words, numbers, self.identity, self.count(request), len(words.split()))


def _numbers(request: Request) -> list[float] | None:
    """Return as many numbers as the kind of request asks for, a function of its words."""
    last = request.messages[-1][1]
    wanted = {"labels": request.labels, "logprobs": last.split(), "embed": "abcdefgh"}.get(request.kind)
    if wanted is None:
        return None
    digests = (hashlib.blake2b(f"{last}\x1f{i}\x1f{w}".encode(), digest_size=2) for i, w in enumerate(wanted))
    return [-1e-9 - int.from_bytes(d.digest(), "little") / 65_536 for d in digests]
