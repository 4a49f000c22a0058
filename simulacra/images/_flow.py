"""The network of images/flow and what one update of it is: a field that carries Gaussian classes to real images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from simulacra.core.rng import stream
from simulacra.parts.convnets import embed
from simulacra.parts.train import Plan, train
from simulacra.parts.twosample import auc
from simulacra.parts.weights import seeded, weights_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.parts.weights import Weights

    Floats = npt.NDArray[np.floating]
    Ints = npt.NDArray[np.int64]

TIMES = 64
"""Numbers that tell a time to the network."""
DRAWS = 8
"""Pairs of noise and time by which each row kept back is judged; always the same ones."""
DECAY, DROP, CLIP = 0.01, 0.1, 1.0
"""Weight decay, share of units left out in training, and the longest gradient."""


class Block(nn.Module):
    """A residual layer over rows (n, width), scaled and shifted by a vector (n, modulated); it begins as nothing."""

    def __init__(self, width: int, modulated: int) -> None:
        super().__init__()
        self.normal = nn.LayerNorm(width)
        self.modulation = nn.Linear(modulated, 2 * width)
        self.wide, self.drop, self.back = nn.Linear(width, 2 * width), nn.Dropout(DROP), nn.Linear(2 * width, width)
        nn.init.zeros_(self.back.weight)
        nn.init.zeros_(self.back.bias)

    def forward(self, x: Tensor, by: Tensor) -> Tensor:
        """Return rows of the same shape."""
        scale, shift = self.modulation(by).chunk(2, dim=1)
        inner = self.normal(x) * (1 + scale) + shift
        out: Tensor = x + self.back(self.drop(functional.silu(self.wide(inner))))
        return out


class Field(nn.Module):
    """Residual layers from a point (n, size), a time (n,) and a class (n, classes) to a velocity (n, size).

    The last layer begins at zero: nothing is added yet to the field that keeps every class Gaussian.
    """

    def __init__(self, size: int, classes: int, width: int, depth: int) -> None:
        super().__init__()
        inner = max(TIMES, width // 2)
        self.told = nn.Sequential(nn.Linear(TIMES + classes, inner), nn.SiLU(), nn.Linear(inner, inner), nn.SiLU())
        self.first = nn.Linear(size, width)
        self.blocks = nn.ModuleList([Block(width, inner) for _ in range(depth)])
        self.normal, self.last = nn.LayerNorm(width), nn.Linear(width, size)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, x: Tensor, t: Tensor, condition: Tensor) -> Tensor:
        """Return the velocity (n, size) at points x, times t in 0..1 and one-hot classes."""
        by = self.told(torch.cat([embed(t, TIMES), condition], dim=1))
        x = self.first(x)
        for block in self.blocks:
            x = block(x, by)
        out: Tensor = self.last(self.normal(x))
        return out


def velocity(net: nn.Module, x: Tensor, t: Tensor, condition: Tensor) -> Tensor:
    """Return the velocity at points x (n, size): that of a Gaussian carried to itself, and what the network adds.

    On the straight path (1 - t) a + t b between two draws of one Gaussian the mean of b - a given the point is the
    point times (2 t - 1) / (t^2 + (1 - t)^2).
    """
    rest: Tensor = net(x, t, condition).float()
    return ((2 * t - 1) / (t * t + (1 - t) ** 2))[:, None] * x + rest


def carry(net: nn.Module, x: Tensor, condition: Tensor, steps: int) -> Tensor:
    """Return where the field carries points (n, size) from time 0 to 1, by so many midpoint steps."""
    with torch.no_grad():
        for i in range(steps):
            t = torch.full((len(x),), i / steps, device=x.device)
            middle = x + velocity(net, x, t, condition) / (2 * steps)
            x = x + velocity(net, middle, t + 0.5 / steps, condition) / steps
    return x


def carried(
    net: nn.Module, begin: Floats, classes: Ints, count: int, steps: int, device: str
) -> npt.NDArray[np.float64]:
    """Return where the field carries points (n, size) of classes (n,), of `count` in all."""
    told = functional.one_hot(torch.from_numpy(classes), count).float().to(device)
    x = torch.from_numpy(begin.astype(np.float32)).to(device)
    return carry(net, x, told, steps).cpu().numpy().astype(np.float64)


def fit(learner: Matching, plan: Plan) -> tuple[Weights, dict[str, Any], dict[str, Any]]:
    """Train, and return the weights, the curves and facts; weights that began better than training ended are kept."""
    learner.net.eval()
    with seeded(stream(plan.seed, "images/flow", "before"), plan.device, plan.threads):
        began, before = learner.judged(), weights_of(learner.modules())
    done = train(learner, plan)
    facts: dict[str, Any] = {"held-out loss before training": round(began, 6), "training": done.facts}
    best = done.facts["best"]
    if best is None or best >= began:
        facts["used"] = "the weights that training began with: no later ones did better on images kept back"
        return before, done.curves, facts
    return done.weights, done.curves, facts


class Matching:
    """Flow matching between the Gaussian of each class and its images (parts.train.Learner).

    net: the network. points: (rows, size) of real images; classes: (rows,). factors: (classes, size, size) of the
    Gaussians. weight: (size,) what an error of each number counts. kept: rows at the end that judge and do not train.
    References: Lipman et al. (2023), Flow matching for generative modeling; Liu et al. (2023), Flow straight and fast.
    """

    def __init__(
        self,
        net: nn.Module,
        points: Floats,
        classes: Ints,
        factors: Floats,
        weight: Floats,
        kept: int,
        rate: float,
        solver: int,
        device: str,
    ) -> None:
        def there(x: Floats) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(x, np.float32)).to(device)

        self.net, self.device, self.solver = net.to(device), device, solver
        self.optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=DECAY, betas=(0.9, 0.99))
        self.points, self.factors, self.weight = there(points), there(factors), there(weight)
        self.classes = torch.from_numpy(classes).to(device)
        judges = np.arange(len(points) - kept, len(points)) if kept else np.arange(len(points))
        draw = stream(0, "images/flow", "judge")
        times = (draw.permuted(np.tile(np.arange(len(judges)), (DRAWS, 1)), axis=1) + 0.5) / len(judges)
        noise = draw.standard_normal((DRAWS, len(judges), points.shape[1]))
        self.judges, self.times, self.noise = torch.from_numpy(judges).to(device), there(times), there(noise)

    def modules(self) -> dict[str, nn.Module]:
        """Return the network."""
        return {"field": self.net}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Return its optimiser."""
        return {"field": self.optimiser}

    def step(self, rows: Tensor) -> dict[str, Tensor]:
        """Make one update."""
        noise = torch.randn(len(rows), self.points.shape[1], device=self.device)
        loss = self._loss(rows, noise, torch.rand(len(rows), device=self.device))
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.net.parameters(), CLIP)
        self.optimiser.step()
        return {"loss": loss}

    def held_out(self) -> dict[str, float]:
        """Return the loss on rows kept back, and how well made points can be told from them."""
        made = carry(self.net, self._source(self.judges, self.noise[0]), self._told(self.judges), self.solver)
        real = self.points[self.judges].cpu().numpy()
        told = auc(made.cpu().numpy(), real, stream(0, "images/flow", "halves"))
        return {"held-out loss": self.judged(), "C2ST": told}

    def judged(self) -> float:
        """Return the loss on rows kept back, over fixed noise and times."""
        with torch.no_grad():
            pairs = zip(self.noise, self.times, strict=True)
            return float(torch.stack([self._loss(self.judges, noise, t) for noise, t in pairs]).mean())

    def _loss(self, rows: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        begin, end = self._source(rows, noise), self.points[rows]
        point = (1 - t)[:, None] * begin + t[:, None] * end
        error = velocity(self.net, point, t, self._told(rows)) - (end - begin)
        return (error**2 * self.weight).mean()

    def _source(self, rows: Tensor, noise: Tensor) -> Tensor:
        """Return noise (n, size) with the covariance of the classes of the rows."""
        out, classes = torch.empty_like(noise), self.classes[rows]
        for number in torch.unique(classes).tolist():
            at = classes == number
            out[at] = noise[at] @ self.factors[number].T
        return out

    def _told(self, rows: Tensor) -> Tensor:
        return functional.one_hot(self.classes[rows], len(self.factors)).float()
