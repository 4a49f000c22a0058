"""Layers over the weights of parts.nets whose gradients for single rows have norms that are cheap to know.

They hold the very weights of the networks that rows are drawn from, so that what they learn needs no copying.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from opacus.grad_sample import register_norm_sampler
from torch import Tensor, nn
from torch.nn import functional

from simulacra.parts.nets import Heads

if TYPE_CHECKING:
    Norms = dict[nn.Parameter, Tensor]


class Ones(nn.Module):
    """Rows (n, total) of numbers times a weight (total, out), without a shift."""

    def __init__(self, weight: nn.Parameter) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, out)."""
        return x @ self.weight


class Said(nn.Module):
    """The vectors (n, tokens, linked) of the values of a row, whose places (n, tokens) are all different."""

    def __init__(self, weight: nn.Parameter) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, places: Tensor) -> Tensor:
        """Return (n, tokens, linked)."""
        return functional.embedding(places, self.weight)


class Heard(nn.Module):
    """What each token hears, (n, tokens, linked), to the logits of its own values, side by side (n, total)."""

    def __init__(self, weight: nn.Parameter, sizes: list[int]) -> None:
        super().__init__()
        self.weight, self.sizes = weight, sizes

    def forward(self, heard: Tensor) -> Tensor:
        """Return (n, total)."""
        parts = self.weight.split(self.sizes, 1)  # type: ignore[no-untyped-call]
        return torch.cat([heard[:, j] @ part for j, part in enumerate(parts)], 1)


@register_norm_sampler(Ones)  # type: ignore[untyped-decorator]
def ones_norms(layer: Ones, activations: list[Tensor], slopes: Tensor) -> Norms:
    """Return the norm (n,) of each row's gradient: an outer product."""
    return {layer.weight: activations[0].norm(dim=1) * slopes.norm(dim=1)}


@register_norm_sampler(Said)  # type: ignore[untyped-decorator]
def said_norms(layer: Said, activations: list[Tensor], slopes: Tensor) -> Norms:
    """Return the norm (n,) of each row's gradient: every value of a row has a place of its own."""
    return {layer.weight: slopes.flatten(1).norm(dim=1)}


@register_norm_sampler(Heard)  # type: ignore[untyped-decorator]
def heard_norms(layer: Heard, activations: list[Tensor], slopes: Tensor) -> Norms:
    """Return the norm (n,) of each row's gradient: an outer product a token, in columns of its own."""
    own = [part.square().sum(1) for part in slopes.split(layer.sizes, 1)]  # type: ignore[no-untyped-call]
    return {layer.weight: (activations[0].square().sum(2) * torch.stack(own, 1)).sum(1).sqrt()}


class PrivateHeads(nn.Module):
    """The losses of parts.nets.Heads, with the same weights."""

    def __init__(self, heads: Heads) -> None:
        super().__init__()
        self.spots, self.out = heads.spots, heads.out
        self.linked = bool(heads.linked)
        if self.linked:
            self.said, self.heard = Said(heads.said), Heard(heads.heard, heads.spots.sizes)

    def forward(self, inner: Tensor, tokens: Tensor) -> Tensor:
        """Return -log of the chance of each row's tokens, (rows,), in nats."""
        logits = self.out(inner)
        if self.linked:
            said = self.said(tokens + self.spots.begin)
            # What a token hears is what those before it say.
            logits = logits + self.heard(said.cumsum(1) - said)
        parts = self.spots.split(logits)
        each = [functional.cross_entropy(p, tokens[:, j], reduction="none") for j, p in enumerate(parts)]
        return torch.stack(each, 1).sum(1)
