"""The echo port: marked, in order, and never a default."""

from __future__ import annotations

from simulacra.core import registry
from simulacra.core.port import NOT_TEXT, echo


def test_echo_answers_every_prompt_in_order_and_marks_it() -> None:
    assert echo(["a", "b\nc", ""]) == [f"{NOT_TEXT} a", f"{NOT_TEXT} b\nc", f"{NOT_TEXT} "]
    assert echo([]) == []
    assert registry.load("echo", "ports") is echo
