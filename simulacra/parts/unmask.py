"""Learning and drawing by hiding tokens: a discrete flow whose source hides every token of a row.

Learning hides tokens at random and asks for them. The best flow from the hidden row to data unhides tokens in any
order, each by its chances given the visible ones (Campbell et al. 2024; Gat et al. 2024); when one is unhidden at a
time, time itself falls out and nothing is approximated (Ou et al. 2025; Zheng et al. 2025). Some of the rows are hidden
from a place of one fixed order on, so that whole rows drawn in that order are as good as those of a model that knows no
other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from simulacra.parts.tokens import barred, features
from simulacra.parts.twosample import auc

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.parts.aim import Aim
    from simulacra.parts.encoding import Ints
    from simulacra.parts.tokens import Token

FIXED = 0.4
"""Share of rows that are hidden in the order of the view; the others in an order of their own."""

TOGETHER = 64
"""Tokens learned in one pass; wide tables take several, to spare memory."""

CHUNK = 2048
"""Rows drawn at a time."""

TRIED = 2000
"""Rows drawn to see how they differ from rows kept back."""


class Unmasking:
    """The learner of parts.train: tokens (rows, tokens) of the training rows and of those kept back, on one device."""

    def __init__(
        self, net: nn.Module, view: list[Token], tokens: Ints, kept: Ints, *, rate: float, device: str
    ) -> None:
        self.net, self.view, self.device = net.to(device), view, device
        self.tokens, self.kept = (torch.from_numpy(part).to(device) for part in (tokens, kept))
        self.sizes = torch.tensor([token["size"] for token in view], device=device)
        self.optimiser = torch.optim.AdamW(net.parameters(), rate, (0.9, 0.99), weight_decay=0.01, fused=True)

    def modules(self) -> dict[str, nn.Module]:
        """Return the network."""
        return {"net": self.net}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Return its optimiser."""
        return {"net": self.optimiser}

    def step(self, rows: Tensor) -> dict[str, Tensor]:
        """Make one update and return the loss, in nats a row."""
        x = self.tokens[rows]
        turn = self._turns(len(x), FIXED)
        self.optimiser.zero_grad()
        total = torch.zeros((), device=x.device)
        for first in range(0, len(self.view), TOGETHER):
            loss = self._loss(x, turn, range(first, min(first + TOGETHER, len(self.view))))
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        return {"loss": total}

    def held_out(self) -> dict[str, float]:
        """Return the loss on rows kept back, the same orders each time, and how well drawn rows are told from them."""
        with torch.random.fork_rng([]):
            torch.manual_seed(0)
            losses = []
            for first in range(0, len(self.kept), CHUNK):
                x = self.kept[first : first + CHUNK]
                turn = self._turns(len(x), FIXED)
                parts = range(0, len(self.view), TOGETHER)
                both = [self._loss(x, turn, range(i, min(i + TOGETHER, len(self.view)))) for i in parts]
                losses.append(float(torch.stack(both).sum()) * len(x))
        rng = np.random.default_rng(0)
        n = min(TRIED, len(self.kept))
        made = draw(self.net, self.view, n, rng, device=self.device)
        c2st = auc(features(self.view, made), features(self.view, self.kept[:n].cpu().numpy()), rng)
        return {"held-out loss": sum(losses) / len(self.kept), "C2ST": c2st}

    def _turns(self, rows: int, fixed: float) -> Tensor:
        """Return when each token is unhidden, (rows, tokens): never before its state nor before its coarse token."""
        count = len(self.view)
        turn = torch.rand(rows, count)
        turn[: int(rows * fixed)] = torch.arange(count) / count
        for j, token in enumerate(self.view):
            for earlier in (token["gate"], token["above"]):
                if earlier >= 0:
                    turn[:, j] = torch.maximum(turn[:, j], turn[:, earlier] + 1e-5)
        return turn.to(self.device)

    def _loss(self, x: Tensor, turn: Tensor, wanted: range) -> Tensor:
        """Return the mean over rows of -log p of the wanted tokens that are there, given the tokens unhidden before."""
        visible = turn[None] < turn.T[wanted.start : wanted.stop, :, None]
        total = torch.zeros((), device=x.device)
        for j, logits in zip(wanted, self.net(x, visible, wanted), strict=True):
            there = x[:, j] < self.sizes[j]
            loss = functional.cross_entropy(logits.float(), torch.where(there, x[:, j], 0), reduction="none")
            total = total + (loss * there).mean()
        return total


@torch.no_grad()
def draw(
    net: nn.Module, view: list[Token], n: int, rng: np.random.Generator, aim: Aim | None = None, *, device: str = "cpu"
) -> npt.NDArray[np.int64]:
    """Return the tokens (n, tokens) of n new rows, one token unhidden at a time.

    aim: what tokens may be (parts.aim); those that may be one value only are visible from the start, then those that
    may be some, then the rest. Rows are weighted by the chance of what was asked, so that several conditions hold
    together as they do in the data.
    """
    points, some = ([], []) if aim is None else (aim.points, aim.some)
    rest = [j for j in range(len(view)) if j not in points and j not in some]
    spare = 4 if len(some) > 1 else 1
    rows = np.zeros((n * spare, len(view)), np.int64)
    for j in points:
        rows[:, j] = aim.value(j) if aim is not None else 0
    shown = list(points)
    if some:
        weight = np.zeros(len(rows))
        for j in some:
            weight += _unhide(net, view, rows, shown, j, rng, aim, device)
            shown.append(j)
        rows = rows[_resampled(weight, n, rng)]
    for j in rest:
        _unhide(net, view, rows, shown, j, rng, None, device)
        shown.append(j)
    return rows


def _unhide(
    net: nn.Module,
    view: list[Token],
    rows: Ints,
    shown: list[int],
    j: int,
    rng: np.random.Generator,
    aim: Aim | None,
    device: str,
) -> npt.NDArray[np.float64]:
    """Draw token j of all rows in place; return the log of the chance that it is what was asked for."""
    token, mass = view[j], np.zeros(len(rows))
    visible = torch.zeros(len(view), dtype=torch.bool, device=device)
    visible[shown] = True
    possible = ~barred(view)[j]
    for first in range(0, len(rows), CHUNK):
        part = rows[first : first + CHUNK]
        x = torch.from_numpy(part).to(device)
        chances = net(x, visible.expand(1, len(x), -1), [j])[0].float().softmax(1).cpu().numpy().astype(np.float64)
        chances *= possible if token["above"] < 0 else _inside(view, j)[part[:, token["above"]]]
        whole = chances.sum(1)
        if aim is not None:
            chances *= aim.mask(j, part)
        total = np.cumsum(chances, 1)
        drawn = (total <= rng.random(len(part))[:, None] * total[:, -1:]).sum(1)
        drawn = np.minimum(drawn, token["size"] - 1)
        gone = part[:, token["gate"]] != 0 if token["gate"] >= 0 else np.zeros(len(part), bool)
        part[:, j] = np.where(gone, token["size"], drawn)
        with np.errstate(divide="ignore", invalid="ignore"):
            mass[first : first + CHUNK] = np.where(gone, 0.0, np.log(total[:, -1] / whole))
    return mass


def _inside(view: list[Token], j: int) -> npt.NDArray[np.bool_]:
    """Return which places of a fine token each coarse value has, (coarse size + 1, size)."""
    coarse = view[view[j]["above"]]
    out = np.zeros((coarse["size"] + 1, view[j]["size"]), bool)
    out[coarse["codes"], view[j]["codes"]] = True
    out[coarse["size"]] = True
    return out


def _resampled(weight: npt.NDArray[np.float64], n: int, rng: np.random.Generator) -> Ints:
    """Return n row numbers drawn by weights given as logarithms, as evenly as can be; by chance where all are nil."""
    weight = np.where(np.isfinite(weight), weight, -np.inf)
    if not np.isfinite(weight).any():
        return rng.integers(len(weight), size=n)
    chance = np.cumsum(np.exp(weight - weight.max()))
    even = (rng.random() + np.arange(n)) / n * chance[-1]
    return rng.permutation(np.minimum(np.searchsorted(chance, even, "right"), len(weight) - 1))
