"""A small network that tells classes of small images apart: same steps and batches for whatever rows it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as f

from simulacra.core.rng import stream
from simulacra.parts.train import Plan, train
from simulacra.parts.warp import Warp, warp
from simulacra.parts.weights import load_weights, seeded

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int64]

RATE = 2e-3
WIDTH = 16
SEEN = 256
"""Rows on which the loss that the training curve shows is measured."""


class Network(nn.Module):
    """Three convolutions with pooling, the mean over what is left of the image, one linear layer."""

    def __init__(self, channels: int, classes: int, width: int = WIDTH) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for into, out in ((channels, width), (width, 2 * width), (2 * width, 4 * width)):
            layers += [nn.Conv2d(into, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
            layers += [nn.MaxPool2d(2, ceil_mode=True)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(4 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (n, classes) of images (n, channels, height, width), pixels in -1..1."""
        inner: Tensor = self.body(x)
        out: Tensor = self.head(inner.mean((2, 3)))
        return out


class Classes:
    """The learner: cross-entropy of one network, each batch varied anew when a Warp is given (parts.train.Learner).

    images: (n, height, width, channels) floats in 0..1. labels: (n,) class numbers. weights: (n,) of each row.
    """

    def __init__(
        self, images: Floats, labels: Ints, weights: Floats, classes: int, seed: int, varied: Warp | None
    ) -> None:
        self.images, self.labels, self.weights = images, labels, weights
        self.varied, self.seed, self.steps = varied, seed, 0
        self.network = Network(images.shape[3], classes)
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=RATE, weight_decay=1e-3)

    def modules(self) -> dict[str, nn.Module]:
        """Return the one network."""
        return {"network": self.network}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Return the one optimiser."""
        return {"network": self.optimiser}

    def step(self, rows: Tensor) -> dict[str, Tensor]:
        """Make one update."""
        at = rows.numpy()
        images = self.images[at]
        if self.varied is not None:
            # A row that comes again in a later step is varied in another way.
            numbers = np.arange(len(at), dtype=np.uint64) + np.uint64(self.steps * 2**20)
            images = warp(images, numbers, self.seed, self.varied)
        self.steps += 1
        loss = self._loss(images, at)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        return {"cross-entropy": loss}

    def held_out(self) -> dict[str, float]:
        """Return the loss on the first training rows: the budget is fixed, so nothing is chosen by it."""
        at = np.arange(min(SEEN, len(self.images)))
        return {"cross-entropy": float(self._loss(self.images[at], at))}

    def _loss(self, images: Floats, at: Ints) -> Tensor:
        scores = self.network(to_tensor(images))
        losses = f.cross_entropy(scores, torch.from_numpy(self.labels[at]), reduction="none")
        weights = torch.from_numpy(self.weights[at])
        return (losses * weights).sum() / weights.sum()


def to_tensor(images: Floats) -> Tensor:
    """Return images (n, height, width, channels) in 0..1 as a tensor (n, channels, height, width) in -1..1."""
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))) * 2 - 1


def chances(
    images: Floats,
    labels: Ints,
    weights: Floats,
    test: Floats,
    *,
    classes: int,
    steps: int,
    batch: int,
    seed: int,
    varied: Warp | None = None,
) -> npt.NDArray[np.float64]:
    """Train on some images and return the chances of each class (test, classes) of others, on one thread."""
    with seeded(stream(seed, "parts/classify", "weights")):
        learner = Classes(images, labels, weights, classes, seed, varied)
    plan = Plan(
        rows=len(images),
        steps=steps,
        batch=batch,
        seed=seed,
        judge="cross-entropy",
        every=steps,
        patience=0,
        average=0.0,
    )
    load_weights(learner.modules(), train(learner, plan).weights)
    learner.network.eval()
    out = []
    with torch.no_grad():
        for start in range(0, len(test), 512):
            out.append(learner.network(to_tensor(test[start : start + 512])).softmax(1).double().numpy())
    return np.concatenate(out)
