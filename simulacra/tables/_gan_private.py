"""The learner of tables/gan under a privacy budget: a critic trained privately, and a generator that sees only it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from simulacra.core.errors import ConfigError
from simulacra.parts.nets import Spots, gumbel
from simulacra.parts.private_critic import Steady
from simulacra.parts.private_steps import PrivateSteps
from simulacra.parts.train import train
from simulacra.parts.weights import device, seeded, weights_of
from simulacra.tables._gan import HEAT, MAKING
from simulacra.tables._gan_nets import draw, entered
from simulacra.tables._network_private import align, buy
from simulacra.tables.gan import NOISE

if TYPE_CHECKING:
    from simulacra.core.budget import Budget
    from simulacra.core.data import Dataset
    from simulacra.parts.encoding import Ints
    from simulacra.tables.gan import Gan


def fit(method: Gan, data: Dataset, budget: Budget, rng: np.random.Generator) -> None:
    """Learn under a privacy budget: real rows are seen by the critic alone, whose noisy steps are paid for."""
    if method.pac != 1:
        raise ConfigError(f"{method.name}: under a privacy budget a critic sees each row on its own; leave pac at 1")
    bought, place = buy(method, data, budget, rng), device(method.device)
    if not method.view_:
        return
    with seeded(rng, place, method.threads):
        nets = {name: net.to(place) for name, net in method._built().items()}
    private = PrivateSteps.charged(
        budget, rows=bought.rows, batch=method.batch, steps=method.steps, clip=method.clip, units=bought.units,
        device=place, what="training of the critic",
    )  # fmt: skip
    seed = int(rng.integers(2**62))
    plan = private.plan(method, len(bought.tokens), seed)
    done = train(PrivateGan(nets, bought.tokens, private, rate=method.rate), plan)
    with seeded(rng, place, method.threads):
        align(nets["heads"], method.shares_, lambda n: draw(nets, method.view_, n, NOISE, place))
    method.weights_ = weights_of(nets)
    method.facts_["training"] = done.facts


class PrivateGan:
    """The learner of parts.train.

    nets: as for tables/_gan.Gan, without offsets and conditions. tokens: (rows, columns).
    """

    def __init__(self, nets: dict[str, nn.Module], tokens: Ints, private: PrivateSteps, *, rate: float) -> None:
        # Its module needs opacus, whose absence was said before.
        from simulacra.parts.private_nets import Ones

        self.nets, self.private = nets, private
        self.spots: Spots = nets["heads"].spots  # type: ignore[assignment]
        self.tokens = torch.from_numpy(tokens).to(private.device)
        self.ones = Ones(nets["entry"].tokens)  # type: ignore[arg-type]
        telling = {"ones": self.ones, "critic": nets["critic"]}
        weights = [w for net in telling.values() for w in net.parameters()]
        making = [w for name in MAKING for w in nets[name].parameters()]
        self.makes = torch.optim.Adam(making, lr=rate, betas=(0.0, 0.9))
        self.tells = torch.optim.Adam(weights, lr=rate, betas=(0.0, 0.9))
        private.watch(telling, self.tells)
        private.separate(self._real, torch.arange(min(4, len(tokens)), device=private.device))
        self.made = max(1, round(private.lot))
        self.steady = Steady(weights)

    def modules(self) -> dict[str, nn.Module]:
        """Return the networks."""
        return self.nets

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Return one optimiser for the generator, one for the critic."""
        return {"generator": self.makes, "critic": self.tells}

    def step(self, rows: Tensor) -> dict[str, Tensor]:
        """Make one noisy update of the critic, now and then one of the generator; of the losses nothing is told."""
        # As many rows are made as are expected, not as many as were drawn: how many those are stays hidden.
        with torch.no_grad():
            fake = self._made()
        free, made = (lambda some: softplus(self._judged(fake[some]))), torch.arange(self.made, device=fake.device)
        self.private.update(self._real, rows, free, made)
        if self.steady.follow():
            with self.steady.instead():
                loss = softplus(-self._judged(self._made())).mean()
                self.makes.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                self.makes.step()
        return {}

    def held_out(self) -> dict[str, float]:
        """Return nothing: every row is trained on, and none is looked at."""
        return {}

    def _real(self, rows: Tensor) -> Tensor:
        """Return what the critic loses at each real row."""
        return softplus(-self._judged(self.spots.one_hot(self.tokens[rows])))

    def _made(self) -> Tensor:
        """Return made rows as zeros and ones side by side, with slopes."""
        given = torch.full((self.made, len(self.spots.sizes)), -1, device=self.private.device)
        inner = entered(self.nets, given, NOISE)
        noise = gumbel(len(given), self.spots.total, self.private.device)
        ones: Tensor = self.nets["heads"].relaxed(inner, noise, HEAT, given)[0]  # type: ignore[operator]
        return ones

    def _judged(self, ones: Tensor) -> Tensor:
        out: Tensor = self.nets["critic"](self.ones(ones))[:, 0]
        return out
