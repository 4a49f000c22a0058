"""images/gan: a Gaussian a class draws rough pictures, and a network learns from a critic to make them real."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from simulacra.core.errors import need
from simulacra.core.generator import Generator
from simulacra.core.options import option
from simulacra.parts import training_fields

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    import torch

    from simulacra.core.data import Dataset
    from simulacra.core.where import Where
    from simulacra.images._rows import Ints
    from simulacra.parts.pictures import Images

COMPONENTS = 128
"""Principal components of the rough pictures."""
MEASURED = 12
"""Measurements in a training that runs to its end."""
REFERENCE = 2000
"""Images drawn after training, from which the variety that it lost is learned."""
PLENTY = 1000
"""Images from which the critic needs no variation."""
PENALTY = 0.05
"""Weight of the critic's squared slopes at real pictures."""


@dataclass
class Gan(Generator):
    """Draw labelled images by a generative adversarial network that begins as a Gaussian of each class.

    Rough pictures are drawn from a Gaussian a class in the space of principal components (as images/pca draws them); a
    small U-Net, which begins as the identity, refines them until a class-conditional critic cannot tell them from real
    ones. So the variety of the Gaussian is there from the first step, and training adds what it lacks. The critic sees
    pictures slightly varied, both kinds alike, which keeps it from learning few images by heart, and the deviation
    within its batch, which shows it a collapse. A tenth of the images is kept back; the averaged weights
    nearest to those, by precision, recall and Frechet distance in random convolutions, are used.

    Learned: space_ (the Gaussians, see images/_components.py), rows_ labels and further columns, weights_ of both
    networks, curves_ losses by step, facts_ how the training went. Images are uint8, 8 to 64 pixels a side, grey or
    colour.
    Raises: DataError for tables without images, ConfigError for device=cuda without a GPU, ModelError for a `start` of
    other classes or sizes, MissingExtra without torch.
    References: Goodfellow et al. (2014); Mescheder et al. (2018) for the penalty; Zhao et al. (2020), DiffAugment; Lin
    et al. (2018), PacGAN; Karras et al. (2018) for the deviation within a batch.
    Example: Gan(steps=300).fit(toys.pictures(), seed=1).sample(9, seed=1)
    """

    name: ClassVar[str] = "images/gan"
    private: ClassVar[bool] = True
    block_rows: ClassVar[int] = 256

    label: str | None = option(None, "Column of the classes; none: the one named or shaped like labels.")
    steps: int = option(900, "Most updates of each network; few images take fewer.", low=1, unit="steps", private=160)
    batch: int = option(32, "Images of one update.", low=1, unit="images", private=256)
    width: int = option(32, "Channels of the finest layer.", low=4, high=512, private=16)
    pac: int = option(1, "Images that the critic judges as one (PacGAN); more guards against collapse.", low=1, high=8)
    augment: float | None = option(
        None, "How much images are varied before the critic sees them; none: only where there are few.", low=0, high=1
    )
    patience: int = training_fields.patience(6)
    start: str | None = training_fields.start("classes and size")
    device: str = training_fields.device()
    threads: int = training_fields.threads()
    precision: str = training_fields.precision()
    clip: float = training_fields.clip(1.0)

    def network(self, channels: int, size: tuple[int, int], classes: int) -> dict[str, torch.nn.Module]:
        """Return untrained networks "generator" and "critic"; override it in a subclass to use your own.

        channels: 1 or 3. size: (height, width). classes: how many. generator(rough, noise, classes) returns pictures
        (n, channels, height, width) of about -1..1 for rough ones of that shape, noise (n, 2, *generator.grid) and
        one-hot classes (n, classes); `grid` is its attribute. critic(pictures, classes) returns scores, high for real.
        """
        from simulacra.parts.convgan import Critic, Refiner

        return {
            "generator": Refiner(channels, size, classes, self.width),
            "critic": Critic(channels, size, classes, self.width, self.pac),
        }

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        need("torch", "torch", self.name)
        if self._budget is not None:
            from simulacra.images._gan_private import fit

            return fit(self, data, self._budget, rng)
        from threadpoolctl import threadpool_limits

        from simulacra.images import _components, _nets, _rows

        self.rows_: dict[str, Any]
        images, classes, self.rows_ = _rows.learn(data, self.label, rng, self.name)
        before, (own, back) = _nets.earlier(self), _nets.split(classes, rng)
        if before is None:
            with threadpool_limits(1):  # the sums of a product depend on how threads share it
                count = len(self.rows_["count"])
                space = _components.fit(images[own], classes[own], count, COMPONENTS, None, rng)[0]
        self.space_: dict[str, Any] = space if before is None else before.space_
        self._train(images, classes, before, (own, back), rng)
        self._learn_moments(rng)

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
        self, images: Images, classes: Ints, before: Any, rows: tuple[Ints, Ints], rng: np.random.Generator
    ) -> None:
        from simulacra.images import _gan, _nets
        from simulacra.parts.train import Plan, train
        from simulacra.parts.weights import device, load_weights, seeded

        where, seed, (own, back) = device(self.device), int(rng.integers(2**62)), rows
        with seeded(rng, where, self.threads):
            modules = _nets.modules(self, where)
            if before is not None:
                load_weights(modules, before.weights_)
            sides = _nets.Sides.of(images, classes, rows, len(self.rows_["count"]), where)
            rough = _gan.Rough(self.space_, self.rows_["size"], where)
            learner = _gan.GanLearner(modules, rough, sides, self._augment(len(own)), PENALTY)
            steps = _nets.steps(self.steps, self.batch, len(own))
            plan = Plan.of(
                self, where, rows=len(own), steps=steps, batch=self.batch, seed=seed, judge=_gan.JUDGE,
                every=max(1, steps // MEASURED), average=0.995, decay=0.1,
            )  # fmt: skip
            done = train(learner, plan)
        self.weights_: dict[str, Any] = done.weights
        self.curves_: dict[str, Any] = done.curves
        self.facts_: dict[str, Any] = {"training": done.facts, "images kept back": len(back)}

    def _learn_moments(self, rng: np.random.Generator) -> None:
        """Learn from images that are made which variety training lost."""
        from threadpoolctl import threadpool_limits

        from simulacra.images import _gan, _rows

        drawn = _rows.draw_classes(self.rows_, REFERENCE, rng)
        with threadpool_limits(1):
            self.moments_: dict[str, Any] = _gan.moments(self.space_, self._made(drawn, rng), drawn)

    def _augment(self, rows: int) -> float:
        return max(0.0, 0.5 - rows / (2 * PLENTY)) if self.augment is None else self.augment

    def _draw(self, classes: Ints, rng: np.random.Generator) -> pl.DataFrame:
        """Return one row for each class number (n,)."""
        from threadpoolctl import threadpool_limits

        from simulacra.images import _gan, _rows

        with threadpool_limits(1):
            images = _gan.widened(self.space_, self.moments_, self._made(classes, rng), classes)
        return _rows.table(self.rows_, images, classes, rng)

    def _made(self, classes: Ints, rng: np.random.Generator) -> Images:
        """Return images of these classes (n,) as the network draws them."""
        import torch

        from simulacra.images import _gan, _nets

        with _nets.fitted(self, rng) as (where, net):
            rough, codes = _gan.Rough(self.space_, self.rows_["size"], where), torch.from_numpy(classes).to(where)
            count = len(self.rows_["count"])
            made = [_gan.make(net["generator"], rough, part, count) for part in torch.split(codes, _nets.CHUNK)]
            return _nets.images(torch.cat(made))
