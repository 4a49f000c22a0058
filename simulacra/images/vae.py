"""images/vae: a few latents that say what a picture shows, a network that draws it, and the noise that it lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from simulacra.core.errors import ConfigError, DataError, near, need
from simulacra.core.generator import Generator
from simulacra.core.options import option, whole
from simulacra.parts import training_fields

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl
    import torch

    from simulacra.core.data import Dataset
    from simulacra.core.where import Where
    from simulacra.parts.pictures import Images

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

MEASURED = 20
"""Measurements in a training that runs to its end."""


@dataclass
class Vae(Generator):
    """Draw labelled images by a variational autoencoder with a learned prior and learned noise.

    An encoder says what latents an image has, a decoder draws the image of latents and a class. Both begin as principal
    components and learn what lines cannot say. What the decoder leaves open is noise of learned strength along the
    principal axes of the pictures, and it is drawn too, so that images are not blurred. New latents come from a mixture
    of Gaussians a class, fitted to the latents of the training images. Columns named as factors have latents of their
    own: pictures follow them, and `vary` changes one and keeps the rest.

    Learned: space_ (axes, see images/_components.py), rows_ labels and further columns, weights_ of the networks,
    prior_ mixtures, order_ latents from the most telling to the least, curves_ losses by step, facts_ how the training
    went. Images are uint8, 8 to 64 pixels a side, grey or colour.
    Raises: DataError for tables without images, ConfigError for device=cuda without a GPU, ModelError for a `start` of
    other classes or sizes, MissingExtra without torch.
    References: Kingma and Welling (2014); Higgins et al. (2017), beta-VAE; Ghosh et al. (2020) for the prior fitted
    afterwards.
    Example: Vae(latent=10, beta=4.0).fit(toys.pictures(), seed=1).sample(9, seed=1)
    """

    name: ClassVar[str] = "images/vae"
    private: ClassVar[bool] = True
    block_rows: ClassVar[int] = 256

    label: str | None = option(None, "Column of the classes; none: the one named or shaped like labels.")
    factors: tuple[str, ...] = option((), "Columns of numbers that pictures follow; each has a latent of its own.")
    latent: int = option(64, "Latents of an image, besides those of factors.", low=1, high=512, private=24)
    beta: float = option(
        1.0, "Weight of the latents' cost; more gives latents that vary one factor each.", low=0, high=1e4
    )
    steps: int = option(1000, "Most updates of the weights; few images take fewer.", low=1, unit="steps", private=100)
    batch: int = option(64, "Images of one update.", low=1, unit="images", private=256)
    width: int = option(32, "Channels of the finest layer.", low=4, high=512, private=16)
    patience: int = training_fields.patience(6)
    start: str | None = training_fields.start("classes and size")
    device: str = training_fields.device()
    threads: int = training_fields.threads()
    precision: str = training_fields.precision()
    clip: float = training_fields.clip(1.0)

    def network(self, channels: int, size: tuple[int, int], classes: int) -> dict[str, torch.nn.Module]:
        """Return untrained networks "encoder" and "decoder"; override it in a subclass to use your own.

        channels: 1 or 3. size: (height, width). classes: how many. encoder(pictures) returns means and log variances
        (n, len(factors) + latent) and logits (n, classes) of pictures (n, channels, height, width) of -1..1.
        decoder(z, classes) returns pictures and log factors of their noise (n, 4) for latents and one-hot classes.
        """
        from simulacra.parts.convvae import ToLatents, ToPictures

        return {
            "encoder": ToLatents(channels, size, len(self.factors) + self.latent, classes, self.width),
            "decoder": ToPictures(channels, size, len(self.factors) + self.latent, classes, self.width),
        }

    def encode(self, images: Any) -> Floats:
        """Return the latents of images, uint8 (n, H, W[, C]) of the size that was fitted: (n, factors + latent).

        First the factors, as the encoder sees them, in standard deviations from their mean; then the latents.
        """
        from simulacra.images import _latents

        return _latents.read(self, images)[0]

    def decode(self, latents: Any, label: Any = None) -> Images:
        """Return the images, uint8 (n, H, W, C), of latents as `encode` gives them, without noise.

        label: of all of them; not needed where there is one class.
        Raises DataError for latents of another width, an unknown label, or no label where there are several.
        """
        import numpy as np

        from simulacra.images import _latents, _rows

        z = np.atleast_2d(np.asarray(latents, np.float64))
        self._require_fit()
        if z.shape[1] != len(self.middle_):
            raise DataError(f"{self.name}: latents have {z.shape[1]} values a row; this model has {len(self.middle_)}")
        if label is None and self.rows_["label"] is not None:
            raise DataError(f"{self.name}: decode needs the label of what is drawn")
        return _latents.pictures(self, z, np.full(len(z), _rows.class_of(self.rows_, label)))

    def interpolate(self, a: Any, b: Any, steps: int = 8, label: Any = None) -> Images:
        """Return `steps` images, uint8 (steps, H, W, C), from image a to image b, both uint8 (H, W[, C]).

        The latents go in a straight line. label: what is drawn; none: the class that the encoder sees in a, then in b.
        """
        import numpy as np

        from simulacra.images import _latents

        steps = whole(steps, f"{self.name}: steps", 2)
        ends, seen = _latents.read(self, [a, b])
        along = np.linspace(0, 1, steps)[:, None]
        first, last = _latents.classes(self, seen, label)
        classes = np.where(along[:, 0] <= 0.5, first, last)
        return _latents.pictures(self, (1 - along) * ends[0] + along * ends[1], classes)

    def vary(self, image: Any, dimension: int | str, values: Any, label: Any = None) -> Images:
        """Return an image, uint8 (H, W[, C]), drawn with one latent at each of `values`: uint8 (values, H, W, C).

        dimension: the name of a factor, with values in its own unit; or the number of a latent, 0 for the one that
        tells most, with values in standard deviations from its mean over the training images. label: what is drawn;
        none: the class that the encoder sees. Raises ConfigError for a dimension that is not there.
        """
        import numpy as np

        from simulacra.images import _latents

        values = np.atleast_1d(np.asarray(values, np.float64))
        z, seen = _latents.read(self, [image])
        if isinstance(dimension, str):
            if dimension not in self.factors:
                raise ConfigError(f"{self.name}: no factor {dimension!r}.{near(dimension, list(self.factors))}")
            at = self.factors.index(dimension)
            values = (values - self.units_[0, at]) / self.units_[1, at]
        else:
            if not 0 <= whole(dimension, f"{self.name}: dimension") < self.latent:
                raise ConfigError(f"{self.name}: dimension must be within 0..{self.latent - 1}, got {dimension}")
            at = self.order_[dimension]
            values = self.middle_[at] + values * self.spread_[at]
        rows = np.repeat(z, len(values), axis=0)
        rows[:, at] = values
        return _latents.pictures(self, rows, np.repeat(_latents.classes(self, seen, label), len(values)))

    def sweep(self, image: Any, dimensions: int = 8, values: Any = (-2, -1, 0, 1, 2), label: Any = None) -> bytes:
        """Return a sheet as PNG: a row for each factor and most telling latent, in which only that one changes.

        image: uint8 (H, W[, C]), first in every row. dimensions: most rows. values: in standard deviations from the
        mean. Raises MissingExtra without Pillow.
        """
        from simulacra.images import _latents

        return _latents.sweep(self, image, dimensions, values, label)

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        need("torch", "torch", self.name)
        if self._budget is not None:
            from simulacra.images._vae_private import fit

            return fit(self, data, self._budget, rng)
        import numpy as np
        from threadpoolctl import threadpool_limits

        from simulacra.images import _components, _latents, _nets, _rows

        self.rows_: dict[str, Any]
        images, classes, self.rows_ = _rows.learn(data, self.label, rng, self.name)
        before, (own, back) = _nets.earlier(self), _nets.split(classes, rng)
        with threadpool_limits(1):  # the sums of a product depend on how threads share it
            if before is None:
                count = len(self.rows_["count"])
                space = _components.fit(images[own], classes[own], count, self.latent, None, rng)[0]
            self.space_: dict[str, Any] = space if before is None else before.space_
            x = _latents.factors(self, data.frame)
            self.units_: Floats = np.stack([x.mean(0), x.std(0) + 1e-12]) if before is None else before.units_
            self._train(images, classes, (x - self.units_[0]) / self.units_[1], before, (own, back), rng)

    def default_rows(self, rows: int) -> int:
        """Return how many rows are made unasked: under a budget the noisy count of the real ones."""
        return int(self.rows_["count"].sum()) if "order" in getattr(self, "rows_", {}) else rows

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        from simulacra.images import _rows

        return self._draw(_rows.draw_classes(self.rows_, n, rng), rng)

    def _sample_where(self, n: int, rng: np.random.Generator, plain: Where) -> pl.DataFrame:
        from simulacra.images import _rows

        allowed = _rows.aimed(self.rows_, self.schema_.columns, plain)
        return self._draw(_rows.draw_classes(self.rows_, n, rng, allowed), rng)

    def _finish(self, frame: pl.DataFrame, rng: np.random.Generator, start: int) -> pl.DataFrame:
        from simulacra.images import _rows

        return _rows.finish(self.rows_, frame, rng, start)

    def _train(
        self,
        images: Images,
        classes: Ints,
        factors: Floats,
        before: Any,
        rows: tuple[Ints, Ints],
        rng: np.random.Generator,
    ) -> None:
        import torch

        from simulacra.images import _nets, _vae
        from simulacra.parts.train import Plan, train
        from simulacra.parts.weights import device, load_weights, seeded

        where, seed, (own, back) = device(self.device), int(rng.integers(2**62)), rows
        with seeded(rng, where, self.threads):
            modules = _nets.modules(self, where)
            noise = _vae.begin(modules, self.space_, self.rows_["size"], len(self.factors), self.latent, where)
            if before is not None:
                load_weights({**modules, "noise": noise}, before.weights_)
            sides = _nets.Sides.of(images, classes, rows, len(self.rows_["count"]), where)
            steps = _nets.steps(self.steps, self.batch, len(own))
            warm = int(_vae.WARM * steps) if before is None else 0
            known = [torch.from_numpy(factors[r]).float().to(where) for r in (own, back if len(back) else own)]
            learner = _vae.VaeLearner(modules, noise, sides, known[0], known[1], self.beta, warm)
            plan = Plan.of(
                self, where, rows=len(own), steps=steps, batch=self.batch, seed=seed, judge="negative ELBO",
                every=max(1, steps // MEASURED), average=0.995,
            )  # fmt: skip
            done = train(learner, plan)
        self.weights_: dict[str, Any] = done.weights
        self.curves_: dict[str, Any] = done.curves
        self._learn_prior(images[own], classes[own], factors[own], rng)
        self.facts_: dict[str, Any] = {
            "training": done.facts,
            "images kept back": len(back),
            "Gaussians of the prior": [int((w > 0).sum()) for w in self.prior_["weights"]],
        }

    def _learn_prior(self, images: Images, classes: Ints, factors: Floats, rng: np.random.Generator) -> None:
        """Learn where the latents of training images lie, and which of them tell most."""
        import numpy as np

        from simulacra.images import _nets, _vae

        with _nets.fitted(self) as (where, net):
            mean, variance = _vae.posterior(net["encoder"], _nets.tensor(images, where))
        k = factors.shape[1]
        mean[:, :k], variance[:, :k] = factors, 1e-6
        self.prior_: dict[str, Any] = _vae.fit_prior(mean, variance, classes, len(self.rows_["count"]), rng)
        self.middle_: Floats = mean.mean(0)
        self.spread_: Floats = mean.std(0) + 1e-6
        cost = (mean**2 + variance - 1 - np.log(variance)).mean(0)
        self.order_: Ints = (k + np.argsort(-cost[k:], kind="stable")).astype(np.int64)

    def _draw(self, classes: Ints, rng: np.random.Generator) -> pl.DataFrame:
        """Return one row for each class number (n,)."""
        import numpy as np

        from simulacra.images import _latents, _rows, _vae
        from simulacra.parts.pictures import series

        # The columns beside come first: where some of them are factors, the pictures follow.
        blank = np.zeros((len(classes), *self.rows_["size"]), np.uint8)
        frame = _rows.table(self.rows_, blank, classes, rng)
        known = (_latents.factors(self, frame) - self.units_[0]) / self.units_[1]
        z = _vae.draw_prior(self.prior_, classes, known, rng)
        return frame.with_columns(series(self.rows_["image"], _latents.pictures(self, z, classes, rng)))
