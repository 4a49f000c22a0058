"""What images/gan trains: rough pictures of a Gaussian a class, refined until a critic takes them for real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as f

from simulacra.core.rng import stream
from simulacra.images import _carry
from simulacra.images._nets import CHUNK, Sides
from simulacra.parts import twosample
from simulacra.parts.convgan import PLANES, Look, frechet, manifolds, varied

if TYPE_CHECKING:
    from simulacra.images._nets import Images, Ints

RATE = 5e-4
"""Learning rate of both networks."""
LAZY = 8
"""Updates of the critic between two of its gradient penalty (Karras et al. 2020), on average."""
JUDGE = "distance %"
"""The measure that decides which weights are kept."""
MAPPED, STRENGTH = 64, 0.7
"""Components in which made images get the moments of their class, and how far."""
DRAWS = 2
"""Times that as many pictures as are kept back are made for a measure."""
SPACE = 32
"""Principal components in which pictures are measured."""


def narrowed(space: Mapping[str, Any], most: int) -> dict[str, Any]:
    """Return the space of images/_components with fewer leading components, and their covariances."""
    k = min(most, int(space["leading"]))
    factors = np.asarray(space["factors"], np.float64)[:, :k]
    covariances = factors @ factors.transpose(0, 2, 1)
    little = 1e-6 * np.trace(covariances, axis1=1, axis2=2).mean() + 1e-12
    return {**space, "leading": k, "factors": np.linalg.cholesky(covariances + little * np.eye(k))}


def moments(space: Mapping[str, Any], made: Images, classes: Ints) -> dict[str, Any]:
    """Return the map of a class that gives made images its own mean and covariance in the leading components."""
    small = narrowed(space, MAPPED)
    return _carry.correction(_carry.points(small, made, classes), classes, _carry.gaussians(small))


def widened(space: Mapping[str, Any], found: Mapping[str, Any], made: Images, classes: Ints) -> Images:
    """Return made images, uint8 (n, H, W, C), moved most of the way along the map of their class.

    What a critic teaches narrows a class; this gives back most of its variety and costs a little precision.
    """
    small = narrowed(space, MAPPED)
    before = _carry.points(small, made, classes)
    moved = (_carry.corrected(dict(found), before, classes, STRENGTH) - before) * small["scale"][: small["leading"]]
    level = made.reshape(len(made), -1) + 255.0 * (moved @ small["axes"][: small["leading"]])
    return np.asarray(np.clip(np.rint(level), 0, 255), np.uint8).reshape(made.shape)


class Rough:
    """The space of images/_components on a device: draws the rough pictures that are refined."""

    def __init__(self, space: Mapping[str, Any], size: list[int], device: str) -> None:
        self.size = (size[2], size[0], size[1])
        one = {k: torch.from_numpy(np.asarray(space[k], np.float32)).to(device) for k in ("middle", "axes", "factors")}
        self.axes, self.factors = one["axes"][: space["leading"]], one["factors"]
        means = torch.from_numpy(np.asarray(space["means"], np.float32)).to(device)
        self.means = means @ one["axes"] + one["middle"]

    def draw(self, classes: Tensor) -> Tensor:
        """Return rough pictures (n, C, H, W) of these classes (n,), drawn from torch's generator."""
        normal = torch.randn(len(classes), self.axes.shape[0], 1, device=classes.device)
        inner = (self.factors[classes] @ normal)[:, :, 0]
        flat = self.means[classes] + inner @ self.axes
        high, wide, channels = self.size[1], self.size[2], self.size[0]
        return flat.reshape(-1, high, wide, channels).permute(0, 3, 1, 2).contiguous() * 2 - 1


def make(generator: nn.Module, rough: Rough, classes: Tensor, count: int) -> Tensor:
    """Return pictures (n, C, H, W) of these classes (n,) out of `count`, drawn from torch's generator."""
    noise = torch.randn(len(classes), PLANES, *generator.grid, device=classes.device)  # type: ignore[misc]
    out: Tensor = generator(rough.draw(classes), noise, f.one_hot(classes, count).float())
    return out


@dataclass
class GanLearner:
    """Two networks against each other; see parts.resume.Learner.

    networks: "generator" and "critic". augment: strength of the changes that the critic sees on both kinds. penalty:
    weight of its squared slopes at real pictures.
    """

    networks: dict[str, nn.Module]
    rough: Rough
    sides: Sides
    augment: float
    penalty: float

    def __post_init__(self) -> None:
        self.generator, self.critic = self.networks["generator"], self.networks["critic"]
        self._optimisers = {
            name: torch.optim.Adam(module.parameters(), RATE, betas=(0.0, 0.99))
            for name, module in self.modules().items()
        }
        self.look = Look(self.sides.real.shape[1]).to(self.sides.real.device)
        seen = self._seen(self.sides.real[:: max(1, len(self.sides.real) // 2000)])
        self.middle = seen.mean(0)
        self.axes = torch.linalg.svd(seen - self.middle, full_matrices=False)[2][: min(SPACE, max(1, len(seen) // 4))]

    def modules(self) -> dict[str, nn.Module]:
        """Return both networks."""
        return {"generator": self.generator, "critic": self.critic}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Return an Adam for each network."""
        return dict(self._optimisers)

    def make(self, classes: Tensor) -> Tensor:
        """Return pictures of these classes (n,)."""
        return make(self.generator, self.rough, classes, self.sides.count)

    def step(self, rows: Tensor) -> dict[str, Tensor]:
        """Update the critic, then the generator, on one batch."""
        classes = self.sides.classes[rows]
        hot = f.one_hot(classes, self.sides.count).float()
        real = self.sides.real[rows]
        # Whole grey levels would give real pictures away.
        real = varied(real + (torch.rand_like(real) - 0.5) / 127.5, self.augment)
        with torch.no_grad():
            made = varied(self.make(classes), self.augment)
        losses = self._judge(real, made, hot)
        self.critic.requires_grad_(False)
        loss = f.softplus(-self.critic(varied(self.make(classes), self.augment), hot)).mean()
        self._apply("generator", loss)
        self.critic.requires_grad_(True)
        return losses | {"generator": loss.detach()}

    def _judge(self, real: Tensor, made: Tensor, hot: Tensor) -> dict[str, Tensor]:
        sloped = self.penalty > 0 and bool(torch.rand(()) * LAZY < 1)
        real.requires_grad_(sloped)
        scores = self.critic(real, hot)
        loss = (f.softplus(-scores) + f.softplus(self.critic(made, hot))).mean()
        out = {"critic": loss.detach()}
        if sloped:
            slopes = torch.autograd.grad(scores.sum(), real, create_graph=True)[0].square().sum((1, 2, 3)).mean()
            loss = loss + LAZY * self.penalty / 2 * slopes
        self._apply("critic", loss)
        return out

    def _apply(self, name: str, loss: Tensor) -> None:
        optimiser = self._optimisers[name]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    def held_out(self) -> dict[str, float]:
        """Return how far made pictures are from those kept back, in random convolutions; see `apart`."""
        real, classes = self.sides.back, self.sides.back_classes
        space = [
            (self._seen(x) - self.middle) @ self.axes.T for x in (real, *(self._like(classes) for _ in range(DRAWS)))
        ]
        return apart(space[0], space[1:])

    def _like(self, classes: Tensor) -> Tensor:
        """Return made pictures of these classes."""
        return torch.cat([self.make(part) for part in torch.split(classes, CHUNK)])

    def _seen(self, pictures: Tensor) -> Tensor:
        return torch.cat([self.look(part.clamp(-1, 1)) for part in torch.split(pictures, CHUNK)])


def apart(real: Tensor, made: Sequence[Tensor]) -> dict[str, float]:
    """Return measures of draws (each as many rows as there are real ones), smaller is better.

    "manifold error %" is 100 less the harmonic mean of precision and recall (Kynkaanniemi et al. 2019). The Frechet
    distance alone is least for a Gaussian, whatever its pictures look like, and the other alone is coarse where few
    images are kept back: their mean is what decides. C2ST: of the first draw.
    """
    missed = [1 - 2 / (1 / max(p, 1e-3) + 1 / max(r, 1e-3)) for p, r in (manifolds(x, real) for x in made)]
    error, distance = 100 * sum(missed) / len(missed), 100 * frechet(torch.cat(list(made)), real)
    draw = stream(0, "images/gan", "two samples")
    return {
        JUDGE: (error + distance) / 2,
        "manifold error %": error,
        "Frechet distance %": distance,
        "C2ST AUC": twosample.auc(made[0].cpu().numpy(), real.cpu().numpy(), draw),
    }
