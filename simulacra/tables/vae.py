"""tables/vae: a variational autoencoder of mixed tables, with a learned prior and walks through its codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from simulacra.core.advice import LINKS, MEMORISED, SHAPES
from simulacra.core.errors import ConfigError, DataError
from simulacra.core.generator import Generator
from simulacra.core.options import option
from simulacra.parts import training_fields

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    import torch

    from simulacra.core.data import Dataset
    from simulacra.parts.encoding import Floats, Ints
    from simulacra.parts.fields import Field
    from simulacra.parts.tokens import Token

PRIOR = 128
"""Normals of the learned prior."""
LINKED = 64
"""Numbers by which each value speaks to the columns after it."""


@dataclass
class Vae(Generator):
    """Draw rows from a variational autoencoder: an encoder to a short code, a learned prior of codes, and a decoder.

    Every cell is one or two small integers (parts.tokens), and the decoder gives the chances of each, from which cells
    are drawn, never the likeliest one. The prior is a mixture of normals learned with the rest. With `linked` a column
    also looks at the columns before it in the row (a light autoregressive decoder); without, the code alone decides, as
    in TVAE. A tenth of the rows is kept back: the weights that fit them best are used. Levels of fewer than five rows
    are not drawn.

    Learned: fields_ (columns); view_ tokens, see parts.tokens; shares_ by token; weights_ of the networks; codes_
    (2, latent) mean and deviation of the codes of the rows; curves_ losses by step; facts_ how the training went.
    Raises: ConfigError for device=cuda without a GPU, ModelError for a `start` of other columns or another network,
    MissingExtra without torch.
    References: Kingma and Welling (2014); Xu et al. (2019) for TVAE; Higgins et al. (2017) for beta; Tomczak and
    Welling (2018) for priors that are mixtures.
    Example: Vae(steps=1000).fit(frame, seed=1).sample(1000, seed=7)
    """

    name: ClassVar[str] = "tables/vae"
    private: ClassVar[bool] = True

    steps: int = option(1000, "Most updates of the weights; small tables take fewer.", low=1, unit="steps", private=400)
    batch: int = option(512, "Rows of one update; small tables take fewer.", low=1, unit="rows", private=1024)
    latent: int = option(16, "Numbers in the code of a row.", low=1, high=4096, private=4)
    beta: float = option(1.0, "Weight of the codes' divergence: above 1 simpler codes, below 1 exacter rows.", low=0.0)
    linked: bool = option(True, "Whether columns also look at the columns before them, not at the code alone.")
    width: int = option(256, "Units of a hidden layer.", low=4, high=8192, private=64)
    rate: float = option(0.002, "Learning rate at its highest.", low=1e-6, high=1.0, private=0.005)
    patience: int = training_fields.patience(5)
    start: str | None = training_fields.start("columns")
    device: str = training_fields.device()
    threads: int = training_fields.threads()
    precision: str = training_fields.precision()
    clip: float = training_fields.clip(0.3)

    def default_rows(self, rows: int) -> int:
        """Return how many rows are made unasked: under a budget the noisy count of the real ones."""
        return getattr(self, "rows_", rows)

    @classmethod
    def remedies(cls, params: Mapping[str, Any]) -> dict[str, str]:
        """Return which fields to change against memorising, lost shapes and lost links."""
        steps, latent, beta = (params.get(f, getattr(cls, f)) for f in ("steps", "latent", "beta"))
        return {
            MEMORISED: f"raise beta above {beta:g}, or lower steps below {steps}",
            SHAPES: f"raise steps above {steps}",
            LINKS: f"raise steps above {steps}, or latent above {latent}",
        }

    def network(self) -> dict[str, torch.nn.Module]:
        """Return untrained networks; override it in a subclass to use some of your own.

        "encoder": tokens (rows, tokens) int64 -> (rows, 2 * latent), means and log deviations of the codes. "decoder":
        codes (rows, latent) -> (rows, width), what the heads read. self.view_ has name and size of every token, one
        that can be absent (gate >= 0) has one value more.
        """
        from simulacra.parts.nets import TokenEncoder, mlp
        from simulacra.tables._network import sizes

        return {
            "encoder": TokenEncoder(sizes(self.view_), self.width, 2 * self.latent),
            "decoder": mlp(self.latent, self.width, 1, self.width).append(_silu()),
        }

    def encode(self, data: Any) -> Floats:
        """Return the codes (rows, latent) of rows with the columns of the fit, the means of their distributions.

        data: any table, or one row as a mapping. Raises NotFitted, DataError for other columns.
        """
        return self._codes(self._tokens(data))

    def interpolate(self, row_a: Any, row_b: Any, steps: int = 7, *, seed: int = 0) -> pl.DataFrame:
        """Return `steps` rows on the straight way from the code of one row to that of another, ends included.

        row_a, row_b: a mapping or a table of one row. Chance is the same in all rows, so that they differ by their
        codes alone; the ends are near the two rows, not equal to them.
        """
        import numpy as np

        a, b = self._one(row_a), self._one(row_b)
        along = np.linspace(0.0, 1.0, _least(steps, 2, "steps"))[:, None]
        return self._walk(a + along * (b - a), seed)

    def vary(self, row: Any, dimension: int, values: Sequence[float], *, seed: int = 0) -> pl.DataFrame:
        """Return a row for each value of one number of a row's code, the others held.

        row: a mapping or a table of one row. dimension: 0 .. latent - 1. values: in deviations from the mean of the
        codes of the training rows, usually -2 .. 2. Chance is the same in all rows.
        """
        import numpy as np

        if not 0 <= _least(dimension, 0, "dimension") < self.latent:
            raise ConfigError(f"{self.name}: dimension must be within 0..{self.latent - 1}, got {dimension}")
        if not len(values):
            raise ConfigError(f"{self.name}: values is empty; give at least one")
        z = np.tile(self._one(row), (len(values), 1))
        middle, spread = self.codes_[:, dimension]
        z[:, dimension] = middle + spread * np.asarray(values, float)
        return self._walk(z, seed)

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        if self._budget is not None:
            from simulacra.tables._vae_private import fit

            return fit(self, data, self._budget, rng)
        import numpy as np

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
            codes = self._codes(found.tokens)
            self.codes_: Floats = np.stack([codes.mean(0), np.maximum(codes.std(0), 1e-6)])

    def _train(self, tokens: Ints, kept: Ints, weights: Mapping[str, Any], rng: np.random.Generator) -> None:
        from simulacra.parts.train import Plan, train
        from simulacra.parts.weights import device, load_weights, seeded
        from simulacra.tables import _vae
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
            batch=batch,
            seed=int(rng.integers(2**62)),
            judge="held-out loss",
            every=max(1, steps // 20),
        )
        learner = _vae.Vae(nets, self.view_, tokens, kept, beta=self.beta, rate=self.rate, device=place)
        done = train(learner, plan)
        self.weights_, self.curves_ = done.weights, done.curves
        self.facts_ |= {"training": done.facts}

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        from simulacra.parts.weights import seeded
        from simulacra.tables._network import to_frame
        from simulacra.tables._vae import draw

        if not self.view_:
            import numpy as np

            return to_frame(self, np.zeros((n, 0), np.int64), rng)
        nets, place = self._ready()
        with seeded(rng, place, self.threads):
            tokens = draw(nets, self.view_, n, place)
        return to_frame(self, tokens, rng)

    def _finish(self, frame: pl.DataFrame, rng: np.random.Generator, start: int) -> pl.DataFrame:
        """Put surrogates where `_sample` said that there is a cell."""
        from simulacra.tables._network import finish

        return finish(self, frame, rng, start)

    def _built(self) -> dict[str, torch.nn.Module]:
        """Return the user's networks with the heads and the prior, untrained."""
        import torch

        from simulacra.parts.nets import Heads, Mixture
        from simulacra.tables._network import sizes

        begin = [torch.from_numpy(share) for share in self.shares_]
        nets = self.network()
        nets["heads"] = Heads(sizes(self.view_), self.width, begin, LINKED if self.linked else 0)
        nets["prior"] = Mixture(self.latent, 1 if getattr(self, "domain_", None) else PRIOR)
        return nets

    def _ready(self) -> tuple[dict[str, torch.nn.Module], str]:
        """Return the trained networks and their device; they are built once."""
        from simulacra.core.rng import stream
        from simulacra.parts.weights import device, load_weights, seeded

        if not hasattr(self, "weights_"):
            self._require_fit()
        place = device(self.device)
        if getattr(self, "_nets", None) is None:
            with seeded(stream(0, self.name, "network"), place, self.threads):
                self._nets = {name: net.to(place).eval() for name, net in self._built().items()}
            load_weights(self._nets, self.weights_)
        return self._nets, place

    def _codes(self, tokens: Ints) -> Floats:
        import numpy as np
        import torch

        from simulacra.core.rng import stream
        from simulacra.parts.weights import seeded
        from simulacra.tables._network import CHUNK
        from simulacra.tables._vae import codes

        nets, place = self._ready()
        # Nothing is drawn: sums depend on the number of threads, which is that of the fit.
        with seeded(stream(0, self.name, "codes"), place, self.threads), torch.no_grad():
            parts = [codes(nets, part.to(place))[0].cpu().numpy() for part in torch.from_numpy(tokens).split(CHUNK)]  # type: ignore[no-untyped-call]
        return np.concatenate(parts).astype(float)

    def _tokens(self, data: Any) -> Ints:
        import polars as pl

        from simulacra.core.data import as_dataset
        from simulacra.tables._network import seen

        self._require_fit()
        if isinstance(data, Mapping):
            data = pl.DataFrame({name: [cell] for name, cell in data.items()})
        frame = as_dataset(data).frame
        known = self.empty_.schema
        lost = [name for name in known if name not in frame.columns]
        if lost:
            raise DataError(f"{self.name}: the row lacks the column {lost[0]!r}; give all columns of the fit")
        try:
            frame = frame.select(list(known)).cast(known)
        except pl.exceptions.InvalidOperationError as error:
            raise DataError(f"{self.name}: a cell is not of its column's type: {str(error).splitlines()[0]}") from error
        return seen(self, frame)

    def _one(self, row: Any) -> Floats:
        codes = self.encode(row)
        if len(codes) != 1:
            raise DataError(f"{self.name}: a walk begins at one row, got {len(codes)}")
        return codes

    def _walk(self, z: Floats, seed: int) -> pl.DataFrame:
        """Return the rows of codes z (rows, latent), with the same chance in each."""
        import polars as pl
        import torch

        from simulacra.core.rng import stream
        from simulacra.parts.weights import seeded
        from simulacra.tables._network import to_frame
        from simulacra.tables._vae import decoded

        nets, place = self._ready()
        with seeded(stream(seed, self.name, "walk"), place, self.threads):
            tokens = decoded(nets, self.view_, torch.from_numpy(z).float().to(place), place, same=True)
        # Each row on its own, so that what is drawn inside a token is the same in all of them too.
        rows = [to_frame(self, row[None], stream(seed, self.name, "cells")) for row in tokens]
        walk = self._finish(pl.concat(rows), stream(seed, self.name, "finish"), 0)
        return walk.select(self.empty_.columns).cast(self.empty_.schema)


def _silu() -> torch.nn.Module:
    from torch import nn

    return nn.SiLU()


def _least(value: Any, least: int, what: str) -> int:
    from simulacra.core.options import whole

    return whole(value, what, least)
