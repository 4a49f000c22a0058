"""What images/vae trains under a privacy budget: encoder and decoder by noisy steps, beside noise that is bought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as f

from simulacra.images import _nets, _private, _vae
from simulacra.parts.convvae import Noise, ToPictures
from simulacra.parts.private_steps import PrivateSteps
from simulacra.parts.train import train
from simulacra.parts.weights import device, seeded

if TYPE_CHECKING:
    from simulacra.core.budget import Budget
    from simulacra.core.data import Dataset
    from simulacra.images.vae import Vae

RATE = 1e-3
"""Learning rate of both networks."""


def fit(method: Vae, data: Dataset, budget: Budget, rng: np.random.Generator) -> None:
    """Learn under a privacy budget: classes, axes and steps of the networks are all paid for."""
    bought, where = _private.buy(method, data, budget, method.latent, rng), device(method.device)
    method.space_, method.units_ = bought.space, np.zeros((2, 0))
    private = PrivateSteps.charged(
        budget, rows=bought.rows, batch=method.batch, steps=method.steps, clip=method.clip, units=bought.units,
        device=where, what="training of encoder and decoder", chunk=_private.CHUNK,
    )  # fmt: skip
    plan = private.plan(method, len(bought.images), int(rng.integers(2**62)), average=0.99)
    with seeded(rng, where, method.threads):
        modules = _nets.modules(method, where)
        noise = _vae.begin(modules, method.space_, method.rows_["size"], 0, method.latent, where)
        real, classes = _nets.tensor(bought.images, where), torch.from_numpy(bought.classes).to(where)
        count = len(method.rows_["count"])
        done = train(PrivateVae(modules, noise, real, classes, count, method.beta, private), plan)
    method.weights_, method.curves_ = done.weights, {}
    latent = method.latent
    method.prior_ = {
        "of": np.zeros(count, np.int64),
        "weights": np.ones((1, 1)),
        "means": np.zeros((1, 1, latent)),
        "roots": np.eye(latent)[None, None],
    }
    method.middle_, method.spread_, method.order_ = np.zeros(latent), np.ones(latent), np.arange(latent)
    method.facts_ = {"training": done.facts, "axes": int(method.space_["leading"])}


@dataclass
class PrivateVae:
    """The learner of parts.train: the evidence bound, image by image, under a normal prior of latents.

    networks: "encoder" and "decoder". noise: of pictures, as bought; it does not learn. real: pictures (n, C, H, W);
    classes: (n,) of `count`. beta: weight of the latents' cost.
    """

    networks: dict[str, nn.Module]
    noise: Noise
    real: Tensor
    classes: Tensor
    count: int
    beta: float
    private: PrivateSteps

    def __post_init__(self) -> None:
        self.noise.requires_grad_(False)
        decoder = self.networks["decoder"]
        if isinstance(decoder, ToPictures):
            decoder.strength.requires_grad_(False)
        weights = [w for net in self.networks.values() for w in net.parameters() if w.requires_grad]
        self._optimiser = torch.optim.Adam(weights, RATE)
        self.private.watch(self.networks, self._optimiser)
        self.private.separate(self.losses, torch.arange(min(4, len(self.real)), device=self.real.device))

    def modules(self) -> dict[str, nn.Module]:
        """Return encoder, decoder and noise."""
        return {**self.networks, "noise": self.noise}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Return one Adam for both networks."""
        return {"all": self._optimiser}

    def step(self, rows: Tensor) -> dict[str, Tensor]:
        """Make one noisy update; of the losses nothing is told."""
        self.private.update(self.losses, rows)
        return {}

    def held_out(self) -> dict[str, float]:
        """Return nothing: every image is trained on, and none is looked at."""
        return {}

    def losses(self, rows: Tensor) -> Tensor:
        """Return what each image costs, in nats but for a constant."""
        real, classes = self.real[rows], self.classes[rows]
        real = real + (torch.rand_like(real) - 0.5) / 127.5
        mean, log_variance, logits = self.networks["encoder"](real)
        z = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        picture = self.networks["decoder"](z, f.one_hot(classes, self.count).float())[0]
        cost = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)
        seen = f.cross_entropy(logits, classes, reduction="none")
        out: Tensor = self.noise.misfit(picture - real) + self.beta * cost + seen
        return out
