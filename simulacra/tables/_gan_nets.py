"""Networks of tables/gan beside the user's own: the critic's first layer, offsets, and drawing rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from simulacra.parts.modes import discrete, to_places
from simulacra.parts.nets import Spots, gumbel
from simulacra.tables._network import CHUNK, Bars

if TYPE_CHECKING:
    from simulacra.parts.encoding import Ints
    from simulacra.parts.tokens import Token


class Entry(nn.Module):
    """The first layer of the critic: one row, zeros and ones and offsets, to (rows, width), linear and without a shift.

    That it is linear makes the gradient penalty cheap: the length of a gradient before it follows from the one after.
    """

    def __init__(self, total: int, offsets: int, width: int) -> None:
        super().__init__()
        self.tokens = nn.Parameter(torch.randn(total, width) * 0.5 * width**-0.5)
        self.offsets = nn.Parameter(torch.randn(offsets, width) * 0.5 * width**-0.5)
        self.condition = nn.Embedding(total + 1, width)
        # Kept among the weights, so that a training that goes on knows it.
        self.register_buffer("updates", torch.zeros(1, dtype=torch.int64))
        self.updates: Tensor

    def forward(self, ones: Tensor, offsets: Tensor) -> Tensor:
        """Return (rows, width) for ones (rows, total), offsets (rows, offsets)."""
        return ones @ self.tokens + (offsets - 0.5) @ self.offsets

    def of_tokens(self, places: Tensor, offsets: Tensor) -> Tensor:
        """Return the same for the places (rows, tokens) of the ones."""
        summed = nn.functional.embedding_bag(places, self.tokens, mode="sum")
        return summed + (offsets - 0.5) @ self.offsets

    def counted(self) -> int:
        """Return the number of the critic's update that begins."""
        self.updates += 1
        return int(self.updates)

    def length(self, gradient: Tensor) -> Tensor:
        """Return the squared length (rows,) of the gradient before this layer from that after it, (rows, width)."""
        whole = torch.cat([self.tokens, self.offsets])
        return ((gradient @ (whole.T @ whole)) * gradient).sum(1)


class Offsets(nn.Module):
    """Offsets 0..1 of numbers, (rows, offsets), drawn around a middle that follows from a vector (rows, into).

    A logistic number squashed by its own distribution is uniform, so offsets begin spread evenly over their modes.
    """

    def __init__(self, into: int, offsets: int) -> None:
        super().__init__()
        self.count = offsets
        self.out = nn.Linear(into, max(2 * offsets, 1))
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, inner: Tensor) -> Tensor:
        """Return (rows, offsets)."""
        middle, spread = self.out(inner)[:, : 2 * self.count].chunk(2, 1)
        even = torch.rand(len(inner), self.count, device=inner.device).clamp(1e-6, 1 - 1e-6)
        place: Tensor = (middle + spread.clamp(-5.0, 5.0).exp() * even.logit()).sigmoid()
        return place


def condition(spots: Spots, given: Tensor) -> Tensor:
    """Return the number of the condition of each row, (rows,), from given (rows, discrete); the last one is none."""
    place = torch.where(given >= 0, given + spots.begin, -1).amax(1)
    return torch.where(place >= 0, place, spots.total)


def entered(nets: dict[str, nn.Module], given: Tensor, noise: int) -> Tensor:
    """Return what the heads read, (rows, width), made from noise and conditions (rows, discrete)."""
    asked = nets["asked"](condition(nets["heads"].spots, given))  # type: ignore[arg-type]
    out: Tensor = nets["generator"](torch.cat([torch.randn(len(given), noise, device=given.device), asked], 1))
    return out


@torch.no_grad()
def draw(
    nets: dict[str, nn.Module], view: list[Token], n: int, noise: int, device: str, given: Ints | None = None
) -> Ints:
    """Return the tokens (n, tokens) of n new rows; given: (n, discrete) values that tokens must have, -1 for none."""
    places, heads = discrete(view), nets["heads"]
    spots, bars = heads.spots, Bars([view[j] for j in places], device)
    out = np.zeros((n, len(view)), np.int64)
    for first in range(0, n, CHUNK):
        rows = min(CHUNK, n - first)
        asked = np.full((rows, len(places)), -1) if given is None else given[first : first + rows]
        where = torch.from_numpy(asked).to(device)
        inner = entered(nets, where, noise)
        some = gumbel(rows, int(spots.total), device)  # type: ignore[arg-type, union-attr]
        tokens = heads.draw(inner, some, bars, where)  # type: ignore[operator]
        made = nets["offsets"](torch.cat([inner, heads.summary(tokens)], 1))  # type: ignore[operator]
        part = np.zeros((rows, len(view)), np.int64)
        part[:, places] = tokens.cpu().numpy()
        out[first : first + rows] = to_places(view, part, made.cpu().numpy().astype(float))
    return out
