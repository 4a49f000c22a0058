"""Request and Answer: one question to a language model, and what came back, as values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KINDS = ("chat", "complete", "labels", "logprobs", "embed")


@dataclass(frozen=True)
class Request:
    """One question.

    kind: "chat" answers messages; "complete" goes on from the last message's text, without a chat template; "labels"
    gives the log-probability of each of `labels` as the answer; "logprobs" that of every token of the last message,
    given those before it; "embed" a vector of the last message. messages: (role, content) pairs, in order. model: name
    of an entry of the list of models. seed: of this answer alone, drawn from (seed, row, column, turn); none of two
    rows with the same words get the same answer by it. temperature: 0 takes the likeliest token. max_tokens: at most so
    many are written. stop: texts at which the answer ends. schema: JSON schema that the answer must fulfil. tools: tool
    schemas in OpenAI's form. row, column: where the answer goes; they are no part of the key.
    """

    messages: tuple[tuple[str, str], ...]
    model: str
    kind: str = "chat"
    seed: int = 0
    temperature: float = 0.7
    top_p: float = 1.0
    max_tokens: int = 256
    stop: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    tools: tuple[Mapping[str, Any], ...] = ()
    row: int = -1
    column: str = ""

    def key(self, identity: str, group: str = "") -> str:
        """Return the name of its answer in the journal, 32 hex digits: a hash of everything that decides the answer.

        identity: of the model that answers (Port.identity). group: hash of the requests that are answered in one batch
        with it, "" where the others do not matter.
        """
        content = (
            identity, group, self.kind, self.messages, self.seed, self.temperature, self.top_p, self.max_tokens,
            self.stop, self.labels, self.schema, self.tools,
        )  # fmt: skip
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Answer:
    """What came back.

    text: the words, "" for embeddings and scores. value: parsed JSON where a schema was asked for, a list of numbers
    for labels, logprobs and embeddings, tool calls as a list of {"name", "arguments"}; None otherwise. model: identity
    of who answered. tokens_in, tokens_out: as billed. cost: in the currency of the price table. finish: why it ended,
    "stop" or "length". error: why there is no answer, "" when there is one; such answers are never kept in the journal.
    key: its name in the journal. again: it came from the journal and was not paid for in this run.
    """

    text: str = ""
    value: Any = None
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    finish: str = "stop"
    error: str = ""
    key: str = ""
    again: bool = field(default=False, compare=False)

    @property
    def ok(self) -> bool:
        """Return whether there is an answer."""
        return not self.error
