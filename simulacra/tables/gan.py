"""tables/gan: a conditional generator of mixed tables that learns from a critic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from simulacra.core.advice import LINKS, MEMORISED, SHAPES
from simulacra.core.generator import Generator
from simulacra.core.options import option
from simulacra.parts import training_fields

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    import torch

    from simulacra.core.data import Dataset
    from simulacra.core.where import Where
    from simulacra.parts.encoding import Ints
    from simulacra.parts.fields import Field
    from simulacra.parts.tokens import Token
    from simulacra.parts.train import Trained

NOISE = 64
"""Numbers of chance that a row is made from."""
LEAST = 60
"""Fewest updates between two measurements: in fewer the measure moves less than by chance."""
WARM = 300
"""Updates by likelihood alone, before there is a critic."""
LINKED = 64
"""Numbers by which each value speaks to the columns after it."""


@dataclass
class Gan(Generator):
    """Draw rows from a generator that a critic could not tell from real ones: a conditional WGAN with gradient penalty.

    Cells are tokens, numbers of many values a mode and an offset in it (parts.modes). Half of the rows of a batch are
    made under a condition, one value of one category, rare values oftener than by their share (training by sampling);
    so `where` on a category costs few rejected rows. A column also looks at the columns before it. A tenth of the rows
    is kept back: the weights whose rows are hardest to tell from them are used. Levels of fewer than five rows are not
    drawn.

    Learned: fields_ (columns); view_ tokens, see parts.tokens; shares_ by token; weights_ of the networks; curves_
    losses by step; facts_ how the training went.
    Raises: ConfigError for device=cuda without a GPU, ModelError for a `start` of other columns or another network,
    MissingExtra without torch.
    References: Xu et al. (2019), Modeling tabular data using conditional GAN; Gulrajani et al. (2017) for the penalty;
    Lin et al. (2018) for pac; Jang et al. (2017) for gradients through drawn categories.
    Example: Gan(steps=2000).fit(frame, seed=1).sample(1000, seed=7, where={"sex": "Female"})
    """

    name: ClassVar[str] = "tables/gan"
    private: ClassVar[bool] = True

    steps: int = option(
        1200, "Most updates of the weights; small tables take fewer.", low=1, unit="steps", private=1200
    )
    batch: int = option(256, "Rows of one update; small tables take fewer.", low=1, unit="rows", private=1024)
    width: int = option(256, "Units of a hidden layer.", low=4, high=8192, private=64)
    pac: int = option(
        1, "Rows that the critic judges together, against too little variety.", low=1, high=64, unit="rows"
    )
    likelihood: float = option(
        1.0, "Weight of the likelihood of real rows beside the critic; 0: the critic alone.", low=0.0
    )
    rate: float = option(0.001, "Learning rate at its highest.", low=1e-6, high=1.0, private=0.01)
    patience: int = training_fields.patience(5)
    start: str | None = training_fields.start("columns")
    device: str = training_fields.device()
    threads: int = training_fields.threads()
    precision: str = training_fields.precision()
    clip: float = training_fields.clip(1.0)

    def default_rows(self, rows: int) -> int:
        """Return how many rows are made unasked: under a budget the noisy count of the real ones."""
        return getattr(self, "rows_", rows)

    @classmethod
    def remedies(cls, params: Mapping[str, Any]) -> dict[str, str]:
        """Return which fields to change against memorising, lost shapes and lost links."""
        steps, width = params.get("steps", cls.steps), params.get("width", cls.width)
        return {
            MEMORISED: f"lower steps below {steps}",
            SHAPES: f"raise steps above {steps}",
            LINKS: f"raise steps above {steps}, or width above {width}",
        }

    def network(self, inputs: int) -> dict[str, torch.nn.Module]:
        """Return untrained networks; override it in a subclass to use some of your own.

        "generator": (rows, inputs), noise beside a condition, -> (rows, width), what the heads read. "critic":
        (rows / pac, pac * width), what the first layer made of rows, -> (rows / pac, 1); it must not normalise over
        rows.
        """
        from torch import nn

        from simulacra.parts.nets import mlp

        critic = mlp(self.pac * self.width, self.width, 1, 1, act="leaky")
        return {
            "generator": mlp(inputs, self.width, 1, self.width, normal=True).append(nn.SiLU()),
            "critic": nn.Sequential(nn.LeakyReLU(0.2), critic),
        }

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        if self._budget is not None:
            from simulacra.tables._gan_private import fit

            return fit(self, data, self._budget, rng)
        from simulacra.tables._network import divide, encode, shares

        found = encode(self, data)
        self.fields_: list[Field] = found.fields
        self.view_: list[Token] = found.view
        self.facts_: dict[str, Any] = {"tokens": len(self.view_)}
        self.weights_: dict[str, Any] = {}
        self.curves_: dict[str, Any] = {}
        self.shares_: list[Any] = [share.numpy() for share in shares(found.tokens, self.view_)]
        self._nets: Any = None
        if self.view_:
            used, kept = divide(len(found.tokens), rng)
            self._train(found.tokens[used], found.tokens[kept], found.weights, rng)

    def _train(self, tokens: Ints, kept: Ints, weights: Mapping[str, Any], rng: np.random.Generator) -> None:
        from simulacra.parts.train import Plan, train
        from simulacra.parts.weights import device, load_weights, seeded
        from simulacra.tables import _gan
        from simulacra.tables._gan_rows import Rows
        from simulacra.tables._network import length

        place = device(self.device)
        with seeded(rng, place, self.threads):
            nets = self._built()
        if weights:
            load_weights(nets, weights)
        steps, batch = length(self.steps, self.batch, len(tokens))
        plan = Plan.of(
            self,
            place,
            rows=len(tokens),
            steps=steps,
            batch=max(batch, self.pac),
            seed=int(rng.integers(2**62)),
            judge="C2ST",
            every=max(min(steps, LEAST), steps // 10),
        )
        nets = {name: net.to(place) for name, net in nets.items()}
        rows = Rows(self.view_, tokens, kept, noise=NOISE, device=place)
        if self.likelihood and not weights:
            warm = min(WARM, steps)
            first = replace(plan, steps=warm, judge="held-out loss", every=max(1, warm // 4), name="warm-up")
            self._keep("warm-up", train(_gan.Likelihood(nets, rows, rate=self.rate), first))
        done = train(_gan.Gan(nets, rows, pac=self.pac, rate=self.rate, likelihood=self.likelihood), plan)
        self._keep("training", done)
        self.weights_ = done.weights

    def _keep(self, name: str, done: Trained) -> None:
        self.curves_[name] = done.curves
        self.facts_[name] = done.facts

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        return self._draw(n, rng, None)

    def _sample_where(self, n: int, rng: np.random.Generator, plain: Where) -> pl.DataFrame:
        """Draw n rows under the condition on a category that is the rarest; the others are left to the caller."""
        from simulacra.parts.aim import aim
        from simulacra.parts.modes import discrete
        from simulacra.tables._gan_rows import asked

        if not self.view_ or getattr(self, "domain_", None):
            return self._draw(n, rng, None)
        flags = aim(self.view_, self.fields_, self.schema_.columns, plain).flags
        return self._draw(n, rng, asked(self.view_, discrete(self.view_), flags, n, rng))

    def _finish(self, frame: pl.DataFrame, rng: np.random.Generator, start: int) -> pl.DataFrame:
        """Put surrogates where `_sample` said that there is a cell."""
        from simulacra.tables._network import finish

        return finish(self, frame, rng, start)

    def _draw(self, n: int, rng: np.random.Generator, given: Ints | None) -> pl.DataFrame:
        import numpy as np

        from simulacra.tables._network import to_frame

        if not self.view_:
            return to_frame(self, np.zeros((n, 0), np.int64), rng)
        from simulacra.parts.weights import seeded
        from simulacra.tables._gan_nets import draw

        nets, place = self._ready()
        with seeded(rng, place, self.threads):
            tokens = draw(nets, self.view_, n, NOISE, place, given)
        return to_frame(self, tokens, rng)

    def _built(self) -> dict[str, torch.nn.Module]:
        """Return the user's networks with those that depend on the columns, untrained."""
        import torch
        from torch import nn

        from simulacra.parts.modes import continuous, discrete
        from simulacra.parts.nets import Heads
        from simulacra.tables._gan_nets import Entry, Offsets
        from simulacra.tables._network import sizes

        places = discrete(self.view_)
        some = [sizes(self.view_)[j] for j in places]
        numbers = len(continuous(self.view_))
        return self.network(2 * NOISE) | {
            "asked": nn.Embedding(sum(some) + 1, NOISE),
            "heads": Heads(some, self.width, [torch.from_numpy(self.shares_[j]) for j in places], LINKED),
            "offsets": Offsets(self.width + LINKED, numbers),
            "entry": Entry(sum(some), numbers, self.width),
        }

    def _ready(self) -> tuple[dict[str, torch.nn.Module], str]:
        """Return the trained networks and their device; they are built once."""
        from simulacra.core.rng import stream
        from simulacra.parts.weights import device, load_weights, seeded

        place = device(self.device)
        if getattr(self, "_nets", None) is None:
            with seeded(stream(0, self.name, "network"), place, self.threads):
                self._nets = {name: net.to(place).eval() for name, net in self._built().items()}
            load_weights(self._nets, self.weights_)
        return self._nets, place
