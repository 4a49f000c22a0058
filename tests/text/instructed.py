"""text/instruct with a replay in the place of its model, for tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulacra.parts.prompts.desk import Desk
from simulacra.parts.prompts.model import Model
from simulacra.parts.prompts.replay import Replay, Reply
from simulacra.parts.prompts.request import Request
from simulacra.text import Instruct

LARGE = ({"base_url": "http://127.0.0.1:9/v1", "model": "large"},)
"""A model that is not the embedded one; tests put a replay in its place."""


def asking(reply: Callable[[Request], Reply], *, small: bool = False, **fields: Any) -> tuple[Instruct, Replay]:
    """Return a method whose model answers by a function. small: as the embedded model is asked."""
    method = Instruct(**fields) if small else Instruct(models=LARGE, **fields)
    port = Replay(reply, batches=small)
    models = [Model()] if small else [Model.read(LARGE[0])]
    method.desk = Desk(models, ports={"default": port})
    return method, port
