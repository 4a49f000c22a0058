"""The learner of tables/gan: a critic with a gradient penalty and a generator that learns from it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from simulacra.parts.nets import gumbel
from simulacra.parts.tokens import features
from simulacra.parts.twosample import auc
from simulacra.tables._gan_nets import condition, draw, entered
from simulacra.tables._gan_rows import Batch, Rows

JUDGED = 4000
"""Rows drawn to see how they differ from rows kept back."""
PENALTY = 10.0
"""Weight of the gradient penalty."""
HEAT = 0.3
"""Temperature at which the generator learns through drawn tokens."""
LEAD = 60
"""First updates in which only the critic learns, so that the generator is not led astray by one that knows nothing."""


class Likelihood:
    """The learner that comes first: the generator alone, by the chances of real rows under their conditions."""

    def __init__(self, nets: dict[str, nn.Module], rows: Rows, *, rate: float) -> None:
        self.nets, self.rows = {name: nets[name] for name in MAKING}, rows
        weights = [w for net in self.nets.values() for w in net.parameters()]
        self.optimiser = torch.optim.AdamW(weights, lr=2 * rate, betas=(0.9, 0.99), weight_decay=1e-4)

    def modules(self) -> dict[str, nn.Module]:
        """Return the networks that make rows."""
        return self.nets

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Return their one optimiser."""
        return {"generator": self.optimiser}

    def step(self, rows: Tensor) -> dict[str, Tensor]:
        """Make one update; the loss is in nats a row."""
        loss = told(self.nets, self.rows.draw(rows), self.rows.noise)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        return {"loss": loss}

    def held_out(self) -> dict[str, float]:
        """Return the loss on rows kept back, and how well drawn rows are told from them."""
        kept = torch.from_numpy(self.rows.kept[:, self.rows.places]).to(self.rows.device)
        loss = float(told(self.nets, Batch(kept, kept, torch.full_like(kept, -1)), self.rows.noise))
        return {"held-out loss": loss, "C2ST": told_apart(self.nets, self.rows)}


class Gan:
    """The learner of parts.train.

    nets: "generator" (rows, noise + conditions) -> (rows, width), "heads" (parts.nets), "offsets" (rows, width) ->
    (rows, offsets), "entry", "critic" (rows / pac, pac * width) -> (rows / pac, 1).
    """

    def __init__(self, nets: dict[str, nn.Module], rows: Rows, *, pac: int, rate: float, likelihood: float) -> None:
        self.nets, self.rows, self.pac, self.likelihood = nets, rows, pac, likelihood
        self.telling = [w for name in TELLING for w in nets[name].parameters()]
        making = [w for name in MAKING for w in nets[name].parameters()]
        # Beside the likelihood smaller and steadier steps do; the critic alone is a moving target.
        anchored = {"lr": rate / 2, "betas": (0.5, 0.9)} if likelihood else {"lr": rate, "betas": (0.0, 0.9)}
        self.makes = torch.optim.Adam(making, **anchored)  # type: ignore[arg-type]
        self.tells = torch.optim.Adam(self.telling, lr=rate, betas=(0.0, 0.9))

    def modules(self) -> dict[str, nn.Module]:
        """Return the networks."""
        return self.nets

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Return one optimiser for the generator, one for the critic."""
        return {"generator": self.makes, "critic": self.tells}

    def step(self, rows: Tensor) -> dict[str, Tensor]:
        """Make one update of the critic and one of the generator."""
        batch = self.rows.draw(rows[: len(rows) // self.pac * self.pac])
        turn = self.nets["entry"].counted() > LEAD  # type: ignore[operator]
        with torch.set_grad_enabled(turn):
            ones, tokens, made = self._made(batch.given)
        gap, penalty = self._tell(batch, tokens, made.detach())
        if not turn:
            return {"distance": gap, "penalty": penalty}
        for w in self.telling:
            w.requires_grad_(False)
        loss = -self._judged(self.nets["entry"](ones, made), batch.given).mean()
        if self.likelihood:
            loss = loss + self.likelihood * told(self.nets, batch, self.rows.noise)
        self.makes.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.makes.step()
        for w in self.telling:
            w.requires_grad_(True)
        return {"distance": gap, "penalty": penalty}

    def held_out(self) -> dict[str, float]:
        """Return how well drawn rows are told from rows kept back."""
        return {"C2ST": told_apart(self.nets, self.rows)}

    def _made(self, given: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        inner = entered(self.nets, given, self.rows.noise)
        noise = gumbel(len(given), self.rows.spots.total, self.rows.device)
        ones, tokens, said = self.nets["heads"].relaxed(inner, noise, HEAT, given)  # type: ignore[operator]
        return ones, tokens, self.nets["offsets"](torch.cat([inner, said], 1))

    def _tell(self, batch: Batch, tokens: Tensor, made: Tensor) -> tuple[Tensor, Tensor]:
        """Make one update of the critic; return the distance it sees and the penalty."""
        entry, begin, given = self.nets["entry"], self.rows.spots.begin, batch.given
        real = entry.of_tokens(batch.truth + begin, batch.offsets)  # type: ignore[operator]
        fake = entry.of_tokens(tokens + begin, made)  # type: ignore[operator]
        mix = torch.rand(len(real) // self.pac, 1, device=real.device).repeat_interleave(self.pac, 0)
        between = mix * real + (1 - mix) * fake
        slope = torch.autograd.grad(self._judged(between, given).sum(), between, create_graph=True)[0]
        length = entry.length(slope).view(-1, self.pac).sum(1).clamp_min(1e-12).sqrt()  # type: ignore[operator]
        # One-sided (Petzka et al. 2018): where nothing differs the critic may be flat, and the generator is left alone.
        penalty = ((length - 1).clamp_min(0.0) ** 2).mean()
        gap = self._judged(real, given).mean() - self._judged(fake, given).mean()
        self.tells.zero_grad()
        (PENALTY * penalty - gap).backward()
        self.tells.step()
        return gap, penalty

    def _judged(self, entered: Tensor, given: Tensor) -> Tensor:
        with_condition = entered + self.nets["entry"].condition(condition(self.rows.spots, given))  # type: ignore[operator]
        out: Tensor = self.nets["critic"](with_condition.view(-1, self.pac * entered.shape[1]))
        return out


MAKING, TELLING = ("asked", "generator", "heads", "offsets"), ("entry", "critic")


def told(nets: dict[str, nn.Module], batch: Batch, noise: int) -> Tensor:
    """Return -log of the chance of real rows under their conditions, the mean in nats; offsets have no part in it."""
    inner = entered(nets, batch.given, noise)
    out: Tensor = nets["heads"].loss(inner, batch.truth).mean()  # type: ignore[operator]
    return out


def told_apart(nets: dict[str, nn.Module], rows: Rows) -> float:
    """Return how well drawn rows are told from rows kept back, 0.5 best."""
    n = min(JUDGED, len(rows.kept))
    made = draw(nets, rows.view, n, rows.noise, rows.device)
    return auc(features(rows.view, made), features(rows.view, rows.kept[:n]), np.random.default_rng(0))
