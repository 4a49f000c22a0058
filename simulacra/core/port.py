"""Port: any callable from prompts to texts, so that a model, a server and a test stand in the same place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

NOT_TEXT = "[NOT TEXT]"
"""Mark of what the echo port returns; a check fails data that carry it."""


class Port(Protocol):
    """A writer, teacher, judge or translator: as many texts as prompts, in the same order."""

    def __call__(self, prompts: Sequence[str]) -> list[str]:
        """Answer every prompt."""
        ...


def echo(prompts: Sequence[str]) -> list[str]:
    """Return each prompt behind the mark NOT TEXT: for tests and dry runs only, never a default."""
    return [f"{NOT_TEXT} {prompt}" for prompt in prompts]
