"""tables/flow: a discrete flow that unhides the cells of a row one by one, by a network that knows any visible part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from simulacra.core.advice import LINKS, MEMORISED, SHAPES
from simulacra.core.errors import ModelError, need
from simulacra.core.generator import Generator
from simulacra.core.options import option
from simulacra.parts import training_fields

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    import torch

    from simulacra.core.data import Dataset
    from simulacra.core.where import Where
    from simulacra.parts.aim import Aim
    from simulacra.parts.encoding import Ints
    from simulacra.parts.fields import Field
    from simulacra.parts.tokens import Token

WIDE, FEW = 64, 16
"""Tokens that a token looks at: all of them in a table of at most WIDE, never fewer than FEW."""

KEPT, MOST_KEPT = 0.1, 4000
"""Share of the rows that is kept back from training to judge it, and the most of them."""

PASSES = 100
"""Most passes over the training rows: small tables need fewer steps."""

MEASURED = 25
"""Measurements in a training that runs to its end."""


@dataclass
class Flow(Generator):
    """Discrete flow matching on mixed tables: cells are unhidden one by one by a network that knows any visible part.

    Every cell is one or two small integers (parts.tokens). Learning hides some of a row and asks for them from the
    rest, in random orders and in one fixed order; drawing begins with nothing visible and unhides one at a time.
    Conditions on any columns are made visible first, so they cost (almost) no rejected rows. A tenth of the rows is
    kept back: the weights that predict them best are used, and training ends when they gain no more. Levels of fewer
    than five rows are not drawn.

    Learned: fields_ (columns); view_ tokens, see parts.tokens; near_ (tokens, k) which tokens each one looks at;
    weights_ of the network; curves_ losses by step; facts_ how the training went.
    Raises: ConfigError for device=cuda without a GPU, ModelError for a `start` of other columns or another network,
    MissingExtra without torch.
    References: Campbell et al. (2024), Generative flows on discrete state-spaces; Gat et al. (2024), Discrete flow
    matching; Ou et al. (2025), Your absorbing discrete diffusion secretly models the conditional distributions.
    Example: Flow(steps=1000).fit(frame, seed=1).sample(1000, seed=7, where={"age": (60, None)})
    """

    name: ClassVar[str] = "tables/flow"

    steps: int = option(1500, "Most updates of the weights; small tables take fewer.", low=1, unit="steps")
    batch: int = option(256, "Rows of one update; small tables take fewer.", low=1, unit="rows")
    width: int = option(64, "Width of the network of each token.", low=4, high=4096)
    depth: int = option(1, "Residual blocks of the network of each token.", low=1, high=64)
    rate: float = option(0.006, "Learning rate at its highest.", low=1e-6, high=1.0)
    patience: int = training_fields.patience(6)
    start: str | None = training_fields.start("columns")
    device: str = training_fields.device()
    threads: int = training_fields.threads()
    precision: str = training_fields.precision()

    @classmethod
    def remedies(cls, params: Mapping[str, Any]) -> dict[str, str]:
        """Return which fields to change against memorising, lost shapes and lost links."""
        steps, width = params.get("steps", cls.steps), params.get("width", cls.width)
        return {
            MEMORISED: f"lower steps below {steps}, or width below {width}",
            SHAPES: f"raise steps above {steps}",
            LINKS: f"raise steps above {steps}, or width above {width}",
        }

    def network(self) -> torch.nn.Module:
        """Return an untrained network; override it in a subclass to use one of your own.

        Its forward(tokens, visible, wanted) returns a list of the logits (rows, size) of each wanted token. tokens:
        (rows, tokens) int64, a token that is absent is `size`; visible: (wanted, rows, tokens) bool, what each may look
        at; wanted: places of tokens. self.view_ has name and size of every token, self.near_ which ones it should see.
        """
        from simulacra.parts.masked import MaskedNet

        return MaskedNet(self.view_, self.near_, width=self.width, depth=self.depth)

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        need("torch", "torch", self.name)
        tokens, weights = self._encode(data, rng)
        self.facts_: dict[str, Any] = {"tokens": len(self.view_)}
        self.weights_: dict[str, Any] = {}
        self.curves_: dict[str, Any] = {}
        self._net: Any = None
        if self.view_:
            self._train(tokens, weights, rng)

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        return self._draw(n, rng, None)

    def _sample_where(self, n: int, rng: np.random.Generator, plain: Where) -> pl.DataFrame:
        """Draw n rows that fulfil the conditions, but for numbers that miss them within their part of the range."""
        from simulacra.parts.aim import aim

        return self._draw(n, rng, aim(self.view_, self.fields_, self.schema_.columns, plain))

    def _finish(self, frame: pl.DataFrame, rng: np.random.Generator, start: int) -> pl.DataFrame:
        """Put surrogates where `_sample` said that there is a cell."""
        from simulacra.parts.assemble import fill_surrogates

        return fill_surrogates(self.fields_, frame, rng, start)

    def _encode(self, data: Dataset, rng: np.random.Generator) -> tuple[Ints, Mapping[str, Any]]:
        """Learn the tokens of the table, or take them with the weights from the model to start from."""
        from simulacra.parts.assemble import ranks_of
        from simulacra.parts.plan import read
        from simulacra.parts.tokens import fit_tokens, to_tokens

        if self.start is not None:
            before = type(self).load(self.start)
            known, here = before.empty_.schema, data.frame.schema
            if known != here:
                names = ", ".join(c for c in {**known, **here} if known.get(c) != here.get(c))
                raise ModelError(
                    f"{self.name}: the model {self.start} to start from differs in columns or types: {names}; "
                    "give a model that was fitted on the same columns"
                )
            self.fields_: list[Field] = before.fields_
            self.view_: list[Token] = before.view_
            self.near_: Ints = before.near_
            ranks = ranks_of(data.frame, self.fields_, before.schema_.columns)
            return to_tokens(self.view_, ranks), before.weights_
        self.fields_, chain = read(data.frame, data.schema.columns, None, bins=64, spike=5)
        bins, fine = _parts(data.frame.height)
        self.view_ = fit_tokens(chain, bins=bins, fine=fine)
        tokens = to_tokens(self.view_, [variable.ranks for variable in chain])
        self.near_ = self._nearest(tokens, rng)
        return tokens, {}

    def _nearest(self, tokens: Ints, rng: np.random.Generator) -> Ints:
        """Return which tokens each one looks at, (tokens, k): the most related, and always its state and coarse one."""
        import numpy as np

        from simulacra.parts.plan import relatedness

        count = len(self.view_)
        if count <= WIDE:
            return np.tile(np.arange(count), (count, 1))
        codes = np.minimum(tokens.T, 255).astype(np.uint8)
        related = relatedness(codes, [bool(token["ordered"]) for token in self.view_], rng)
        for j, token in enumerate(self.view_):
            if token["above"] >= 0:
                # The place inside a part hangs on the part, and beyond it on little that shows pair by pair.
                related[j] = related[token["above"]]
                related[token["above"], j] = -np.inf
            related[j, [t for t in (token["gate"], token["above"]) if t >= 0]] = np.inf
            related[j, j] = -np.inf
        most = int(np.clip(WIDE * 200 // count, FEW, WIDE))
        return np.sort(np.argsort(-related, axis=1, kind="stable")[:, :most], axis=1)

    def _train(self, tokens: Ints, weights: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Train the network on nine tenths of the rows; the others judge."""
        from simulacra.parts.train import Plan, train
        from simulacra.parts.unmask import Unmasking
        from simulacra.parts.weights import device, load_weights, seeded

        rows = len(tokens)
        kept = min(MOST_KEPT, max(1, round(KEPT * rows))) if rows > 1 else 0
        order = rng.permutation(rows)
        place, seed = device(self.device), int(rng.integers(2**62))
        with seeded(rng, place, self.threads):
            net = self.network()
        if weights:
            load_weights({"net": net}, weights)
        back = tokens[order[:kept]] if kept else tokens
        learner = Unmasking(net, self.view_, tokens[order[kept:]], back, rate=self.rate, device=place)
        batch = max(1, min(self.batch, (rows - kept) // 8))
        steps = max(1, min(self.steps, PASSES * (rows - kept) // batch))
        plan = Plan.of(
            self,
            place,
            rows=rows - kept,
            steps=steps,
            batch=batch,
            seed=seed,
            judge="held-out loss",
            every=max(1, steps // MEASURED),
            average=0.999,
        )
        done = train(learner, plan)
        self.weights_, self.curves_ = done.weights, done.curves
        self.facts_ |= {"training": done.facts}

    def _draw(self, n: int, rng: np.random.Generator, aim: Aim | None) -> pl.DataFrame:
        import numpy as np

        from simulacra.parts.assemble import assemble
        from simulacra.parts.tokens import to_ranks

        if not self.view_:
            return assemble(self.fields_, [], n, rng)[0]
        from simulacra.parts.unmask import draw
        from simulacra.parts.weights import device, seeded

        place = device(self.device)
        with seeded(rng, place, self.threads):
            tokens = draw(self._network(place), self.view_, n, rng, aim, device=place)
        return assemble(self.fields_, to_ranks(self.view_, np.asarray(tokens), rng), n, rng)[0]

    def _network(self, place: str) -> torch.nn.Module:
        """Return the trained network on a device; it is built once."""
        from simulacra.core.rng import stream
        from simulacra.parts.weights import load_weights, seeded

        if getattr(self, "_net", None) is None:
            with seeded(stream(0, self.name, "network"), place, self.threads):
                self._net = self.network().to(place).eval()
            load_weights({"net": self._net}, self.weights_)
        net: torch.nn.Module = self._net
        return net


def _parts(rows: int) -> tuple[int, int]:
    """Return how many parts a number is cut into, and how many places a part has: few rows tell few apart."""
    bins = min(64, max(8, int(rows**0.5 / 2)))
    return bins, min(32, max(1, rows // (8 * bins)))
