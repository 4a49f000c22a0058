"""Words and tokens of the embedded model: its tokenizer, and its chat template in a sandbox."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

from simulacra.core.errors import ConfigError
from simulacra.parts.prompts._embedded_files import Parts
from simulacra.parts.prompts.request import Request

Messages = Sequence[tuple[str, str]]


class Words:
    """The tokenizer and the chat template of a model file. ends: tokens that end an answer, the first ends a text."""

    def __init__(self, parts: Parts) -> None:
        self.ends: frozenset[int] = frozenset(parts.facts["ends"])
        self._first = min(self.ends)
        self._tokenizer = Tokenizer.from_str(parts.words)
        # The template stands in a file that somebody else wrote.
        sandbox = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        self._template = sandbox.from_string(parts.facts["template"])

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text; marks of turns in it become tokens of their own."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens without marks; a character that is cut off at the end is left out."""
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True)).rstrip("\ufffd")

    def prompt(self, request: Request) -> list[int]:
        """Return the tokens before an answer. Raises ConfigError where there is no message."""
        if not request.messages:
            raise ConfigError("a request needs at least one message")
        if request.kind == "labels":
            return self.encode(_plain(request.messages)) or [self._first]
        if request.kind == "chat":
            return self.encode(self._render(request.messages, turn=True))
        text = request.messages[-1][1]
        if request.kind == "complete":
            return self.encode(text) or [self._first]
        if request.kind == "embed":
            return self.encode(text) or [self._first]
        return [*self.before(request), *self.encode(text)]

    def choices(self, request: Request) -> tuple[tuple[int, ...], ...]:
        """Return the tokens of each label as a whole answer, its line ended, so that "no" is not yet "none"."""
        gap = "" if request.messages[-1][1][-1:].isspace() else " "
        return tuple(tuple(self.encode(f"{gap}{label}\n")) for label in request.labels)

    def before(self, request: Request) -> list[int]:
        """Return the tokens before the last message's text; where no message is before it, the mark of a new text."""
        if len(request.messages) == 1:
            return [self._first]
        whole = self._render(request.messages, turn=False)
        return self.encode(whole[: whole.rindex(request.messages[-1][1])])

    def _render(self, messages: Messages, turn: bool) -> str:
        told = [{"role": role, "content": content} for role, content in messages]
        return self._template.render(messages=told, add_generation_prompt=turn)


def _plain(messages: Messages) -> str:
    """Return messages as one text, each answer behind its question.

    A model this small weighs labels better in a text that goes on than behind the marks of a chat.
    """
    out = ""
    for role, content in messages:
        gap = " " if role == "assistant" else "\n\n"
        out += f"{gap if out and not out[-1].isspace() else ''}{content}"
    return out
