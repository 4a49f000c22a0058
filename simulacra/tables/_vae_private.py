"""The learner of tables/vae under a privacy budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from simulacra.parts.private_steps import PrivateSteps
from simulacra.parts.train import train
from simulacra.parts.weights import device, seeded, weights_of
from simulacra.tables._network_private import align, buy
from simulacra.tables._vae import FREE, codes, draw

if TYPE_CHECKING:
    from simulacra.core.budget import Budget
    from simulacra.core.data import Dataset
    from simulacra.parts.encoding import Ints
    from simulacra.tables.vae import Vae


def fit(method: Vae, data: Dataset, budget: Budget, rng: np.random.Generator) -> None:
    """Learn under a privacy budget: the domain, counts of values and steps of the networks are all paid for."""
    bought, place = buy(method, data, budget, rng), device(method.device)
    if not method.view_:
        return
    with seeded(rng, place, method.threads), torch.no_grad():
        nets = method._built()
        for weight in nets["prior"].parameters():
            weight.zero_()
    private = PrivateSteps.charged(
        budget, rows=bought.rows, batch=method.batch, steps=method.steps, clip=method.clip, units=bought.units,
        device=place, what="training of encoder and decoder",
    )  # fmt: skip
    seed = int(rng.integers(2**62))
    plan = private.plan(method, len(bought.tokens), seed)
    learner = PrivateVae(nets, bought.tokens, private, beta=method.beta, rate=method.rate, device=place)
    done = train(learner, plan)
    with seeded(rng, place, method.threads):
        align(nets["heads"], method.shares_, lambda n: draw(nets, method.view_, n, place))
    method.weights_, method.codes_ = weights_of(nets), np.stack([np.zeros(method.latent), np.ones(method.latent)])
    method.facts_["training"] = done.facts


class PrivateVae:
    """The learner of parts.train: the bound on the likelihood of rows under a normal prior of codes, row by row.

    nets: as for tables/_vae.Vae, whose prior is one normal that does not learn. tokens: (rows, columns).
    """

    def __init__(
        self, nets: dict[str, nn.Module], tokens: Ints, private: PrivateSteps, *, beta: float, rate: float, device: str
    ) -> None:
        self.nets = {name: net.to(device) for name, net in nets.items()}
        # Its module needs opacus, whose absence was said before.
        from simulacra.parts.private_nets import PrivateHeads

        self.tokens, self.private, self.beta = torch.from_numpy(tokens).to(device), private, beta
        own = {"encoder": nets["encoder"], "decoder": nets["decoder"]}
        self.heads = PrivateHeads(nets["heads"])  # type: ignore[arg-type]
        weights = [w for net in (*own.values(), self.heads) for w in net.parameters()]
        self.optimiser = torch.optim.Adam(weights, lr=rate, betas=(0.9, 0.99))
        private.watch({**own, "heads": self.heads}, self.optimiser)
        private.separate(self.losses, torch.arange(min(4, len(tokens)), device=device))

    def modules(self) -> dict[str, nn.Module]:
        """Return the networks."""
        return self.nets

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Return their one optimiser."""
        return {"all": self.optimiser}

    def step(self, rows: Tensor) -> dict[str, Tensor]:
        """Make one noisy update; of the losses nothing is told."""
        self.private.update(self.losses, rows)
        return {}

    def held_out(self) -> dict[str, float]:
        """Return nothing: every row is trained on, and none is looked at."""
        return {}

    def losses(self, rows: Tensor) -> Tensor:
        """Return what each row costs, in nats."""
        tokens = self.tokens[rows]
        middle, spread = codes(self.nets, tokens)
        z = middle + torch.randn_like(middle) * spread.exp()
        cost = 0.5 * (middle.square() + (2 * spread).exp() - 1 - 2 * spread).sum(1)
        told: Tensor = self.heads(self.nets["decoder"](z), tokens)
        return told + self.beta * cost.clamp_min(FREE)
