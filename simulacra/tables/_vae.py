"""The learner of tables/vae: the bound on the likelihood of rows, and how drawn rows differ from rows kept back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from simulacra.parts.nets import gumbel
from simulacra.parts.tokens import features
from simulacra.parts.twosample import auc
from simulacra.tables._network import CHUNK, Bars

if TYPE_CHECKING:
    from simulacra.parts.encoding import Ints
    from simulacra.parts.tokens import Token

JUDGED = 4000
"""Rows drawn to see how they differ from rows kept back."""
FREE = 5.0
"""Nats of divergence that cost nothing: what codes say of a row even where columns could tell it from one another."""


class Vae:
    """The learner of parts.train.

    nets: "encoder" tokens -> (rows, 2 latent), "decoder" (rows, latent) -> (rows, width), "heads" and "prior"
    (parts.nets). tokens, kept: rows (rows, tokens) to train on and to judge by.
    """

    def __init__(
        self,
        nets: dict[str, nn.Module],
        view: list[Token],
        tokens: Ints,
        kept: Ints,
        *,
        beta: float,
        rate: float,
        device: str,
    ) -> None:
        self.nets = {name: net.to(device) for name, net in nets.items()}
        self.view, self.beta, self.device = view, beta, device
        self.tokens, self.kept = (torch.from_numpy(part).to(device) for part in (tokens, kept))
        self.weights = [w for net in self.nets.values() for w in net.parameters()]
        self.optimiser = torch.optim.AdamW(self.weights, lr=rate, betas=(0.9, 0.99), weight_decay=1e-4)

    def modules(self) -> dict[str, nn.Module]:
        """Return the networks."""
        return self.nets

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Return their one optimiser."""
        return {"all": self.optimiser}

    def step(self, rows: Tensor) -> dict[str, Tensor]:
        """Make one update; the losses are in nats a row."""
        told, cost = self._bound(self.tokens[rows])
        self.optimiser.zero_grad()
        loss = told + self.beta * cost.clamp_min(FREE)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.weights, 5.0)
        self.optimiser.step()
        return {"reconstruction": told, "divergence": cost}

    def held_out(self) -> dict[str, float]:
        """Return the loss on rows kept back, its two parts, and how well drawn rows are told from them."""
        told, cost = (float(part) for part in self._bound(self.kept))
        rng = np.random.default_rng(0)
        n = min(JUDGED, len(self.kept))
        made = draw(self.nets, self.view, n, self.device)
        c2st = auc(features(self.view, made), features(self.view, self.kept[:n].cpu().numpy()), rng)
        loss = told + self.beta * max(cost, FREE)
        return {"held-out loss": loss, "reconstruction": told, "divergence": cost, "C2ST": c2st}

    def _bound(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return -log of the chance of rows given their codes and the divergence of codes from the prior, means."""
        middle, spread = codes(self.nets, tokens)
        noise = torch.randn_like(middle)
        z = middle + noise * spread.exp()
        density = (-0.5 * noise**2 - spread - 0.5 * math.log(2 * math.pi)).sum(1)
        cost = (density - self.nets["prior"].log_density(z)).mean()  # type: ignore[operator]
        told = self.nets["heads"].loss(self.nets["decoder"](z), tokens).mean()  # type: ignore[operator]
        return told, cost


def codes(nets: dict[str, nn.Module], tokens: Tensor) -> tuple[Tensor, Tensor]:
    """Return the means and the logarithms of the deviations of the codes of rows, (rows, latent) each."""
    middle, spread = nets["encoder"](tokens).float().chunk(2, 1)
    return middle, spread.clamp(-6.0, 2.0)


@torch.no_grad()
def draw(nets: dict[str, nn.Module], view: list[Token], n: int, device: str) -> Ints:
    """Return the tokens (n, tokens) of n new rows."""
    out = []
    for first in range(0, n, CHUNK):
        z = nets["prior"].draw(min(CHUNK, n - first))  # type: ignore[operator]
        out.append(decoded(nets, view, z, device))
    return np.concatenate(out)


@torch.no_grad()
def decoded(nets: dict[str, nn.Module], view: list[Token], z: Tensor, device: str, same: bool = False) -> Ints:
    """Return the tokens drawn from codes z (rows, latent); same: with the same chance in every row."""
    total = nets["heads"].spots.total  # type: ignore[union-attr]
    noise = gumbel(1 if same else len(z), int(total), device)  # type: ignore[arg-type]
    tokens = nets["heads"].draw(nets["decoder"](z), noise, Bars(view, device))  # type: ignore[operator]
    return np.asarray(tokens.cpu().numpy(), np.int64)
