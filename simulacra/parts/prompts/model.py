"""Model: who is asked, at what price and how fast, as one entry of a list in the recipe."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from simulacra.core.errors import ConfigError, near

EMBEDDED = "embedded"


@dataclass(frozen=True)
class Model:
    """Who is asked.

    name: by which columns call it. port: "embedded" (SmolLM2-135M-Instruct inside a package), "endpoint" (any server
    that speaks OpenAI's protocol), or the name of another port of the registry. model: the server's name for it.
    base_url: e.g. "http://127.0.0.1:8000/v1". key_env: environment variable that holds the key; the key itself is never
    written anywhere. weight: of several models with one name each request goes to one of them, in these proportions,
    drawn from its seed. price_in, price_out: per million tokens. concurrency: most requests in flight. timeout: seconds
    of one request. tries: attempts at one request. context: tokens of prompt and answer together, 0 when unknown.
    options: entries that are sent to the server as they are.
    """

    name: str = "default"
    port: str = EMBEDDED
    model: str = ""
    base_url: str = ""
    key_env: str = ""
    weight: float = 1.0
    price_in: float = 0.0
    price_out: float = 0.0
    concurrency: int = 64
    timeout: float = 120.0
    tries: int = 6
    context: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.base_url and self.port == EMBEDDED:
            # Whoever names a server means it.
            object.__setattr__(self, "port", "endpoint")
        for low, names in (
            (0.0, ("price_in", "price_out", "context")),
            (1e-9, ("weight", "timeout")),
            (1, ("concurrency", "tries")),
        ):
            for name in names:
                value = getattr(self, name)
                if isinstance(value, bool) or not isinstance(value, int | float) or not value >= low:
                    raise ConfigError(
                        f"model {self.name!r}: {name} must be a number of at least {low:g}, got {value!r}"
                    )
        if self.port == "endpoint" and not re.match(r"https?://[^/]", self.base_url):
            raise ConfigError(
                f'model {self.name!r}: an endpoint needs base_url, e.g. "http://127.0.0.1:8000/v1", '
                f"got {self.base_url!r}"
            )
        if self.key_env and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", self.key_env):
            # Whoever writes the key itself here must not find it in a message.
            raise ConfigError(
                f"model {self.name!r}: key_env is the name of an environment variable such as OPENAI_API_KEY, not a key"
            )

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Self:
        """Read one entry of a recipe. Raises ConfigError with near misses."""
        known = {f.name for f in dataclasses.fields(cls)}
        for name in entry:
            if name not in known:
                hint = " Give the key's environment variable as key_env." if "key" in name else near(name, known)
                raise ConfigError(f"models: unknown entry {name!r}.{hint}")
        return cls(**entry)


def read_models(entries: Sequence[Mapping[str, Any] | Model]) -> tuple[Model, ...]:
    """Return the models of a recipe, the embedded one where none is given. Raises ConfigError."""
    out = tuple(e if isinstance(e, Model) else Model.read(e) for e in entries)
    return out or (Model(),)
