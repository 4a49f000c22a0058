"""AskPort: whoever answers requests, a server or a model in this process, stands behind this seam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from simulacra.parts.prompts.request import Answer, Request


class AskPort(Protocol):
    """A model that answers.

    batches: whether answers depend on which requests are asked together, as they do where a batch is one sum of floats;
    requests of one call are then one batch. identity: what decides the answers beside the request, e.g. the model's
    name; it holds no key and no address.
    """

    batches: bool
    identity: str

    async def ask(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer requests in their order; one that cannot be answered comes back with `error` set, none is raised.

        An error that no later request can escape (the key is refused, no server there, a model that gives no
        log-probabilities) is raised as ConfigError or ModelError, and ends the run.
        """
        ...

    def count(self, request: Request) -> int:
        """Return the tokens of a request's prompt, estimated where the model's own tokenizer is not at hand."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
