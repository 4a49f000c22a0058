"""The models of a run with their ports: which of them answers a request."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulacra.core import registry
from simulacra.core.errors import ConfigError, near
from simulacra.parts.prompts.limits import Seats
from simulacra.parts.prompts.model import Model, read_models
from simulacra.parts.prompts.port import AskPort
from simulacra.parts.prompts.replay import Plain
from simulacra.parts.prompts.request import Request


@dataclass(frozen=True)
class Entry:
    """One model with its port. seats: how many requests are in flight or wait to be written."""

    model: Model
    port: AskPort
    seats: Seats

    @property
    def takes_schema(self) -> bool:
        """Return whether the port sends schemas on by itself."""
        return bool(getattr(self.port, "takes_schema", False))


class Models:
    """All models of a run. Ports are made when they are first needed, for some load a model."""

    def __init__(self, models: Sequence[Model | Mapping[str, Any]], ports: Mapping[str, AskPort]) -> None:
        self.models = read_models(models)
        self._ports = dict(ports)
        self._entries: dict[int, Entry] = {}

    @property
    def entries(self) -> list[Entry]:
        """Return every model with its port."""
        return [self._made(i) for i in range(len(self.models))]

    @property
    def ports(self) -> list[AskPort]:
        """Return the ports that were needed so far."""
        return [entry.port for entry in self._entries.values()]

    def entry(self, request: Request) -> Entry:
        """Return who answers a request: of several models with its name, the one that its seed draws.

        Raises ConfigError for a name that no model has.
        """
        known = [i for i, model in enumerate(self.models) if model.name == request.model]
        if not known:
            names = {model.name for model in self.models}
            raise ConfigError(f"no model is named {request.model!r}.{near(request.model, names)}")
        if len(known) == 1:
            return self._made(known[0])
        digest = hashlib.blake2b(f"{request.model}\x1f{request.seed}".encode(), digest_size=8).digest()
        point = int.from_bytes(digest, "little") / 2**64 * sum(self.models[i].weight for i in known)
        for i in known:
            point -= self.models[i].weight
            if point < 0:
                return self._made(i)
        return self._made(known[-1])

    def _made(self, i: int) -> Entry:
        if i not in self._entries:
            model = self.models[i]
            port = self._ports.get(model.name) or _port(model)
            seats = Seats(1 if port.batches else model.concurrency)
            self._entries[i] = Entry(model, port, seats)
        return self._entries[i]


def _port(model: Model) -> AskPort:
    found = registry.load(model.port, "ports")
    if hasattr(found, "of"):
        made: AskPort = found.of(model)
    elif hasattr(found, "ask"):
        made = found()
    else:
        made = Plain(found, model.port)
    return made
