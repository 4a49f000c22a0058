"""Server: a local server that speaks OpenAI's protocol and fails in every way that real ones do."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Counts:
    """What a server has seen. requests: all attempts. answered: attempts that got their answer. repeated: answers that
    had been given before to the same request. most: the largest number of requests in flight. by_fault: attempts by
    what was done to them."""

    requests: int
    answered: int
    repeated: int
    most: int
    by_fault: dict[str, int]


@dataclass
class Server:
    """A server on 127.0.0.1 in a process of its own, from `with Server(...) as server` to the end of the block.

    Its answers are a function of the request's messages and seed; whether an attempt fails is a function of the request
    and of how often it was made, so that nothing depends on the order in which requests come.

    latency: seconds of one answer. slots: answers at one time, others wait for their turn; 0 is any number. most: with
    more in flight than these the rest get 429; 0 is any number. rate_429, rate_500, hang, cut, stall, malformed: shares
    of attempts that are refused with Retry-After, fail, get no answer, half of one and a closed connection, half of one
    and silence, or a body that is no JSON. retry_after: seconds, or "date" for a date that is about one second away.
    wrong_schema: share of answers that miss the schema asked for. schemas: "yes", "refuse" (400 for response_format) or
    "ignore" (prose with the JSON amid it when the schema is told in words, prose alone otherwise). unknown: parameters
    that are refused with 400. key: the key that is asked for; a wrong one gets 401, and the answer tells it. logprobs:
    "yes", "chat" (not of the prompt) or "no". vocabulary: first tokens that have a log-probability. context: tokens
    that a request may have, words here. down: attempts from the first number up to the second get 503. usage: whether
    the tokens are counted. text: every answer, in place of drawn words. url: the base_url of a model.
    """

    latency: float = 0.0
    slots: int = 0
    most: int = 0
    rate_429: float = 0.0
    rate_500: float = 0.0
    hang: float = 0.0
    cut: float = 0.0
    stall: float = 0.0
    malformed: float = 0.0
    retry_after: float | str = 0.05
    wrong_schema: float = 0.0
    schemas: str = "yes"
    unknown: tuple[str, ...] = ()
    key: str = field(default="", repr=False)
    logprobs: str = "yes"
    vocabulary: tuple[str, ...] = ("yes", "no", " positive", " negative", " ham", " spam", "A", "B", "C", "D", "1", "2")
    context: int = 0
    down: tuple[int, int] = (0, 0)
    usage: bool = True
    text: str = ""
    url: str = field(default="", init=False)

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "simulacra.testing._server"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None and self._process.stdout is not None
        # The key goes by the pipe, for a command line can be read by everybody on the machine.
        self._process.stdin.write(json.dumps(dataclasses.asdict(self)).encode() + b"\n")
        self._process.stdin.flush()
        port = self._process.stdout.readline()
        if not port:
            self.__exit__()
            raise RuntimeError("the test server did not start; pip install 'simulacra[text]'")
        self.url = f"http://127.0.0.1:{int(port)}/v1"
        return self

    def __exit__(self, *_: Any) -> None:
        # The server ends when this pipe does, so it never outlives whoever started it.
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def counts(self) -> Counts:
        """Return what the server has seen so far."""
        with urllib.request.urlopen(self.url.removesuffix("/v1") + "/counts", timeout=10) as reply:
            return Counts(**json.load(reply))
