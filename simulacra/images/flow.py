"""images/flow: a network that bends the Gaussian of each class, among principal components, to real images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from simulacra.core.advice import MEMORISED
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
    from simulacra.images._components import Floats, Images
    from simulacra.images._rows import Ints

KEPT, MOST_KEPT = 0.1, 1000
"""Share of the images that is kept back from training to judge it, and the most of them."""
PASSES = 300
"""Most passes over the training images: small sets need fewer steps."""
MEASURED = 15
"""Measurements in a training that runs to its end."""
DEPTH, RATE = 3, 0.002
"""Residual layers of the network, and its learning rate at its highest."""
TRIED = 4000
"""Points carried after training, of all classes alike, to see what moments the network lost."""
CORRECTED = 0.5
"""How much of the lost moments is given back: half keeps images likely and their variety whole."""


@dataclass
class Flow(Generator):
    """Flow matching on images: a network bends the Gaussian of each class, component by component, to what is real.

    Images are points in the space of principal components. The flow starts from the Gaussian that images/pca draws, so
    an untrained network equals that baseline, and training only adds what a Gaussian cannot say. A tenth of the images
    is kept back: the weights that fit them best are used; where no weights do better than none, none are used.
    Afterwards half of the mean and covariance that carried points lost is given back.

    Learned: space_ (see images/_components.py); weights_ of the network; correction_ means and maps of the moments;
    rows_ labels and further columns; curves_ losses by step; facts_ how the training went.
    Raises: DataError for tables without images, ConfigError for device=cuda without a GPU, ModelError for a `start` of
    other images or another network, MissingExtra without torch.
    References: Lipman et al. (2023), Flow matching for generative modeling; Liu et al. (2023), Flow straight and fast.
    Example: Flow(steps=500).fit(toys.pictures(), seed=1).sample(9, seed=7, where={"label": "disc"})
    """

    name: ClassVar[str] = "images/flow"
    block_rows: ClassVar[int] = 256

    components: int = option(64, "Principal components that an image is drawn in.", low=1, high=1024)
    width: int = option(192, "Width of the network.", low=8, high=4096)
    steps: int = option(1500, "Most updates of the weights; small sets take fewer.", low=1, unit="steps")
    batch: int = option(256, "Images of one update; small sets take fewer.", low=1, unit="images")
    solver: int = option(10, "Steps of the solver; each asks the network twice for an image.", low=1, high=1000)
    patience: int = training_fields.patience(6)
    label: str | None = option(None, "Column of the classes; none: the one named or shaped like labels.")
    start: str | None = training_fields.start("kind of images")
    device: str = training_fields.device()
    threads: int = training_fields.threads()
    precision: str = training_fields.precision()

    @classmethod
    def remedies(cls, params: Mapping[str, Any]) -> dict[str, str]:
        """Return which fields to change against memorising."""
        steps, width = params.get("steps", cls.steps), params.get("width", cls.width)
        return {MEMORISED: f"lower steps below {steps}, or width below {width}"}

    def network(self, size: int, classes: int) -> torch.nn.Module:
        """Return an untrained network; override it in a subclass to use one of your own.

        Its forward(x, t, condition) returns what is added to the field at points x (n, size), times t (n,) in 0..1 and
        one-hot classes (n, classes): velocities (n, size). One that begins at zero begins as the Gaussian baseline.
        """
        from simulacra.images._flow import Field

        return Field(size, classes, self.width, DEPTH)

    def _fit(self, data: Dataset, rng: np.random.Generator) -> None:
        from threadpoolctl import threadpool_limits

        from simulacra.images import _components, _rows

        need("torch", "torch", self.name)
        self.rows_: dict[str, Any]
        images, classes, self.rows_ = _rows.learn(data, self.label, rng, self.name)
        self.facts_: dict[str, Any] = {"cost of an image": f"{2 * self.solver} passes through the network"}
        with threadpool_limits(1):  # the sums of a product depend on how threads share it
            count = len(self.rows_["count"])
            self.space_: dict[str, Any] = {}
            weights: Mapping[str, Any] = {}
            if self.start is not None:
                weights = self._begin(self.start)
            else:
                self.space_, _ = _components.fit(images, classes, count, self.components, None, rng)
            self._train(images, classes, weights, rng)

    def _sample(self, n: int, rng: np.random.Generator) -> pl.DataFrame:
        from simulacra.images import _rows

        return self._draw(_rows.draw_classes(self.rows_, n, rng), rng)

    def _sample_where(self, n: int, rng: np.random.Generator, plain: Where) -> pl.DataFrame:
        """Draw n rows of the classes that fulfil the condition on the label."""
        from simulacra.images import _rows

        allowed = _rows.aimed(self.rows_, self.schema_.columns, plain)
        return self._draw(_rows.draw_classes(self.rows_, n, rng, allowed), rng)

    def _finish(self, frame: pl.DataFrame, rng: np.random.Generator, start: int) -> pl.DataFrame:
        from simulacra.images import _rows

        return _rows.finish(self.rows_, frame, rng, start)

    def _begin(self, start: str) -> Mapping[str, Any]:
        """Take the space from a saved model and return its weights."""
        before = type(self).load(start)
        here = {key: self.rows_[key] for key in ("size", "label")}
        known = {key: before.rows_[key] for key in here}
        levels = [rows["levels"].to_series().to_list() for rows in (before.rows_, self.rows_)]
        if known != here or levels[0] != levels[1]:
            raise ModelError(
                f"{self.name}: the model {start} to start from is of images of size {known['size']} and the classes "
                f"{levels[0][:10]}, these are of size {here['size']} and the classes {levels[1][:10]}; give a model "
                "of the same kind of images"
            )
        self.space_ = before.space_
        return before.weights_

    def _train(self, images: Images, classes: Ints, weights: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Train the network on nine tenths of the images; the others judge."""
        from simulacra.images import _carry
        from simulacra.images._flow import Matching, fit
        from simulacra.parts.train import Plan
        from simulacra.parts.weights import device, load_weights, seeded

        count, place = len(images), device(self.device)
        kept = min(MOST_KEPT, round(KEPT * count))
        order, seed = rng.permutation(count), int(rng.integers(2**62))
        factors = _carry.gaussians(self.space_)
        with seeded(rng, place, self.threads):
            net = self.network(factors.shape[1], len(factors))
        if weights:
            load_weights({"field": net}, weights)
        points = _carry.points(self.space_, images[order], classes[order])
        weight = _carry.weight(self.space_)
        learner = Matching(net, points, classes[order], factors, weight, kept, RATE, self.solver, place)
        batch = max(1, min(self.batch, (count - kept) // 4))
        steps = max(1, min(self.steps, PASSES * (count - kept) // batch))
        plan = Plan.of(
            self,
            place,
            rows=count - kept,
            steps=steps,
            batch=batch,
            seed=seed,
            judge="held-out loss",
            every=max(1, steps // MEASURED),
            average=0.995,
        )
        self.weights_, self.curves_, facts = fit(learner, plan)
        self.facts_ |= facts
        self._net: Any = None
        tried = rng.integers(len(factors), size=TRIED)
        self.correction_: dict[str, Any] = _carry.correction(self._carried(tried, rng), tried, factors)

    def _draw(self, classes: Ints, rng: np.random.Generator) -> pl.DataFrame:
        """Return one row for each class number (n,)."""
        from threadpoolctl import threadpool_limits

        from simulacra.images import _carry, _rows

        with threadpool_limits(1):
            carried = _carry.corrected(self.correction_, self._carried(classes, rng), classes, CORRECTED)
            images = _carry.pictures(self.space_, carried, classes, tuple(self.rows_["size"]))
        return _rows.table(self.rows_, images, classes, rng)

    def _carried(self, classes: Ints, rng: np.random.Generator) -> Floats:
        """Return new points (n, size) for classes (n,): draws of their Gaussians, carried by the network."""
        from simulacra.images import _carry, _components
        from simulacra.images._flow import carried
        from simulacra.parts.weights import device, seeded

        factors, place = _carry.gaussians(self.space_), device(self.device)
        noise = rng.standard_normal((len(classes), factors.shape[1]))
        begin = _components.by_class(factors, classes, noise)
        with seeded(rng, place, self.threads):
            return carried(self._network(place), begin, classes, len(factors), self.solver, place)

    def _network(self, place: str) -> torch.nn.Module:
        """Return the trained network on a device; it is built once."""
        from simulacra.core.rng import stream
        from simulacra.parts.weights import load_weights, seeded

        if getattr(self, "_net", None) is None:
            with seeded(stream(0, self.name, "network"), place, self.threads):
                size, classes = int(self.space_["leading"]), len(self.space_["factors"])
                self._net = self.network(size, classes).to(place).eval()
            load_weights({"field": self._net}, self.weights_)
        net: torch.nn.Module = self._net
        return net
