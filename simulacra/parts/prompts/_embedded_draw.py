"""Drawing the next token of every row of a batch, each by a number of its own."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_LIKELY = 1024
"""So many tokens nearly always hold the mass that top_p asks for; sorting all of them takes twenty times as long."""


def draw(logits: Tensor, temperature: Tensor, top_p: Tensor, points: Tensor) -> Tensor:
    """Return one token a row.

    logits: (rows, tokens) float32. temperature: (rows,), 0 takes the likeliest token. top_p: (rows,), the smallest set
    of likeliest tokens with so much mass is drawn from. points: (rows,) float64 in [0, 1), each row's own randomness.
    """
    best = logits.argmax(-1)
    warm = temperature > 0
    if not bool(warm.any()):
        return best
    shares = (logits / temperature.clamp_min(1e-3)[:, None]).softmax(-1)
    if bool((top_p < 1).any()):
        shares = _nucleus(shares, top_p)
    return torch.where(warm, _inverse(shares, points), best)


def _nucleus(shares: Tensor, top_p: Tensor) -> Tensor:
    """Return shares with those outside the smallest set of mass `top_p` set to 0."""
    highest = shares.topk(min(_LIKELY, shares.shape[1])).values
    if not bool((highest.sum(-1) >= top_p).all()):
        highest = shares.sort(descending=True).values
    above = highest.cumsum(-1) - highest
    least = highest.masked_fill(above >= top_p[:, None], torch.inf).amin(-1)
    return torch.where((shares < least[:, None]) & (top_p < 1)[:, None], 0.0, shares)


def _inverse(shares: Tensor, points: Tensor) -> Tensor:
    """Return for each row the token at which the cumulated shares pass its point; blocks first, then within one.

    A running sum over all tokens would take longer than the layers of the network.
    """
    rows = torch.arange(len(shares), device=shares.device)
    blocks = shares.view(len(shares), -1, math.gcd(shares.shape[1], 256))
    sums = blocks.sum(-1).double().cumsum(-1)
    targets = points * sums[:, -1]
    block = (sums <= targets[:, None]).sum(-1)
    passed = torch.where(block > 0, sums[rows, (block - 1).clamp_min(0)], 0.0)
    inside = blocks[rows, block].double().cumsum(-1)
    # Two sums of the same shares differ in the last digits; measured by the second, the point stays inside the block.
    part = (targets - passed) / (sums[rows, block] - passed) * inside[:, -1]
    return block * blocks.shape[-1] + (inside <= part[:, None]).sum(-1).clamp_max(blocks.shape[-1] - 1)
