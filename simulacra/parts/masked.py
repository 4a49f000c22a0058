"""A network that predicts hidden tokens of a row from the visible ones: a small one for each token, side by side.

Each token has its own residual network, fed with the embeddings of the visible tokens among those it is most related
to; all of them run as batched products. From any visible part of a row it gives the chances of any hidden token, which
is all that a discrete flow from a fully hidden row needs (Campbell et al. 2024; Ou et al. 2025).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from simulacra.parts.encoding import Ints
    from simulacra.parts.tokens import Token

CHANNELS = 8
"""Numbers that stand for one token at the entry of the networks."""


DROPPED = 400
"""Rows over which the share of units that are switched off in training is spread: few rows need it, many do not."""


class MaskedNet(nn.Module):
    """Chances of hidden tokens from visible ones; untrained it knows how frequent every value is.

    view: the tokens; near: (tokens, k) those that each one may look at; width: of the residual networks; depth: their
    blocks.
    """

    begin: Tensor
    near: Tensor

    def __init__(self, view: list[Token], near: Ints, *, width: int, depth: int) -> None:
        super().__init__()
        sizes = [token["size"] for token in view]
        share = DROPPED / max(int(token["count"].sum()) for token in view)
        self.drop = min(0.3, share) if share > 0.05 else 0.0
        tokens, k = near.shape
        begin = np.concatenate([[0], np.cumsum(np.array(sizes) + 1)])[:-1]
        self.register_buffer("begin", torch.from_numpy(begin), persistent=False)
        self.register_buffer("near", torch.from_numpy(near), persistent=False)
        self.embed = nn.Parameter(torch.cat([_start(token["size"], bool(token["ordered"])) for token in view]))
        inputs = k * (CHANNELS + 1)
        self.enter = nn.Parameter(torch.randn(tokens, inputs, width) * (2 / inputs) ** 0.5)
        self.enter_bias = nn.Parameter(torch.zeros(tokens, 1, width))
        self.inner = nn.Parameter(torch.randn(depth, 2, tokens, width, width) * width**-0.5)
        self.inner_bias = nn.Parameter(torch.zeros(depth, 2, tokens, 1, width))
        self.sizes = sizes
        shares = [np.bincount(token["codes"], token["count"], token["size"]) + 0.5 for token in view]
        self.leave = nn.Parameter(torch.zeros(sum(sizes), width))
        self.leave_bias = nn.Parameter(torch.from_numpy(np.log(np.concatenate([s / s.sum() for s in shares]))).float())

    def forward(self, tokens: Tensor, visible: Tensor, wanted: Sequence[int]) -> list[Tensor]:
        """Return the logits (rows, size) of each wanted token.

        tokens: (rows, all tokens) int64; visible: (wanted, rows, all tokens) bool, which of them each may look at; the
        others are not looked at, whatever they hold.
        """
        some = slice(wanted[0], wanted[-1] + 1) if len(wanted) == wanted[-1] - wanted[0] + 1 else list(wanted)
        embedded = self.embed[tokens + self.begin]  # (rows, tokens, channels)
        embedded = torch.cat([embedded, torch.ones_like(embedded[..., :1])], -1)
        near = self.near[some]  # (wanted, k)
        if near.shape[1] < tokens.shape[1]:
            at = near[:, None].expand(-1, len(tokens), -1)
            shown = embedded[:, near].transpose(0, 1) * visible.gather(2, at)[..., None]
        else:
            shown = embedded[None] * visible[..., None]
        x = torch.baddbmm(self.enter_bias[some], shown.flatten(2), self.enter[some])  # (wanted, rows, width)
        for weight, bias in zip(self.inner, self.inner_bias, strict=True):
            y = torch.baddbmm(bias[0][some], _norm(x), weight[0][some])
            y = functional.dropout(functional.silu(y), self.drop, self.training)
            x = x + torch.baddbmm(bias[1][some], y, weight[1][some])
        x = functional.dropout(_norm(x), self.drop, self.training)
        weights, biases = torch.split(self.leave, self.sizes), torch.split(self.leave_bias, self.sizes)
        return [functional.linear(x[i], weights[j], biases[j]) for i, j in enumerate(wanted)]


def _norm(x: Tensor) -> Tensor:
    return functional.silu(functional.layer_norm(x, x.shape[-1:]))


def _start(size: int, ordered: bool) -> Tensor:
    """Return first embeddings (size + 1, channels): waves along the values of a number, so neighbours are alike."""
    out = torch.randn(size + 1, CHANNELS)
    if ordered:
        place = torch.arange(size) / max(size - 1, 1)
        waves = [torch.sin(np.pi * k * place) for k in (1, 2, 3, 4)] + [torch.cos(np.pi * k * place) for k in (1, 2, 3)]
        out[:size] = 0.3 * out[:size] + 1.2 * torch.stack([2 * place - 1, *waves], 1)
    return out
