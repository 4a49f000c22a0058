"""What images/gan trains under a privacy budget: the critic by noisy steps, and a refiner that sees only the critic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as f

from simulacra.core.errors import ConfigError
from simulacra.images import _gan, _nets, _private
from simulacra.parts.convgan import Critic
from simulacra.parts.private_critic import Steady
from simulacra.parts.private_steps import PrivateSteps
from simulacra.parts.train import train
from simulacra.parts.weights import device, seeded

if TYPE_CHECKING:
    import numpy as np

    from simulacra.core.budget import Budget
    from simulacra.core.data import Dataset
    from simulacra.images.gan import Gan

AXES = 64
"""Most axes of the rough pictures."""
SLOW = 0.2
"""Rate of the generator as a part of the critic's: at the full one what is noise leaves a weave in every picture."""


def fit(method: Gan, data: Dataset, budget: Budget, rng: np.random.Generator) -> None:
    """Learn under a privacy budget: real images are seen by the critic alone, whose noisy steps are paid for."""
    if method.pac != 1:
        raise ConfigError(f"{method.name}: under a privacy budget a critic sees each image on its own; leave pac at 1")
    bought, where = _private.buy(method, data, budget, AXES, rng), device(method.device)
    method.space_ = bought.space
    private = PrivateSteps.charged(
        budget, rows=bought.rows, batch=method.batch, steps=method.steps, clip=method.clip, units=bought.units,
        device=where, what="training of the critic", chunk=_private.CHUNK,
    )  # fmt: skip
    plan = private.plan(method, len(bought.images), int(rng.integers(2**62)), average=0.99, decay=0.1)
    with seeded(rng, where, method.threads):
        modules = _nets.modules(method, where)
        rough = _gan.Rough(method.space_, method.rows_["size"], where)
        real, classes = _nets.tensor(bought.images, where), torch.from_numpy(bought.classes).to(where)
        odds = torch.from_numpy(bought.counts).float().to(where)
        done = train(PrivateGan(modules, rough, real, classes, odds, private), plan)
    method.weights_, method.curves_ = done.weights, {}
    method.facts_ = {"training": done.facts, "axes": int(method.space_["leading"])}
    method._learn_moments(rng)


@dataclass
class PrivateGan:
    """The learner of parts.train.

    networks: "generator" and "critic". rough: what the generator refines. real: pictures (n, C, H, W); classes: (n,).
    odds: (classes,) images of each class, as the budget released them.
    """

    networks: dict[str, nn.Module]
    rough: _gan.Rough
    real: Tensor
    classes: Tensor
    odds: Tensor
    private: PrivateSteps

    def __post_init__(self) -> None:
        self.generator, self.critic = self.networks["generator"], self.networks["critic"]
        if isinstance(self.critic, Critic):
            self.critic.alone = True
        self._optimisers = {
            name: torch.optim.Adam(net.parameters(), rate, betas=(0.0, 0.99))
            for (name, net), rate in zip(self.modules().items(), (SLOW * _gan.RATE, _gan.RATE), strict=True)
        }
        self.private.watch({"critic": self.critic}, self._optimisers["critic"])
        self.private.separate(self._real, torch.arange(min(4, len(self.real)), device=self.real.device))
        self.steady = Steady(list(self.critic.parameters()))

    def modules(self) -> dict[str, nn.Module]:
        """Return both networks."""
        return {"generator": self.generator, "critic": self.critic}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Return an Adam for each network."""
        return dict(self._optimisers)

    def step(self, rows: Tensor) -> dict[str, Tensor]:
        """Make one noisy update of the critic, now and then one of the generator; of the losses nothing is told."""
        # As many pictures are made as are expected, not as many as were drawn: how many those are stays hidden.
        classes = torch.multinomial(self.odds, max(1, round(self.private.lot)), True)
        with torch.no_grad():
            fake = torch.cat([self._make(part) for part in classes.split(_nets.CHUNK)])  # type: ignore[no-untyped-call]

        def free(some: Tensor) -> Tensor:
            return f.softplus(self._judged(fake[some], classes[some]))

        self.private.update(self._real, rows, free, torch.arange(len(classes), device=classes.device))
        if self.steady.follow():
            with self.steady.instead():
                drawn = classes[: _nets.CHUNK]
                loss = f.softplus(-self._judged(self._make(drawn), drawn)).mean()
                self._optimisers["generator"].zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                self._optimisers["generator"].step()
        return {}

    def held_out(self) -> dict[str, float]:
        """Return nothing: every image is trained on, and none is looked at."""
        return {}

    def _real(self, rows: Tensor) -> Tensor:
        """Return what the critic loses at each real image."""
        real = self.real[rows]
        # Whole grey levels would give real pictures away.
        return f.softplus(-self._judged(real + (torch.rand_like(real) - 0.5) / 127.5, self.classes[rows]))

    def _make(self, classes: Tensor) -> Tensor:
        return _gan.make(self.generator, self.rough, classes, len(self.odds))

    def _judged(self, pictures: Tensor, classes: Tensor) -> Tensor:
        out: Tensor = self.critic(pictures, f.one_hot(classes, len(self.odds)).float())
        return out
