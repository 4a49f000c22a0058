"""Convolutional networks for small pictures: an encoder and a decoder, and what other networks of pictures share.

Pictures are (n, channels, height, width) floats, any sides from 8 to 64 pixels, odd ones too. A condition is a row of
floats (n, conditions), usually one-hot codes side by side; with no conditions it has no columns. Networks are built
inside parts.train.seeded, so that their first weights follow from a seed.
Reference: He et al. (2016) for the residual blocks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as f

GROUPS = 8
"""Groups of a normalisation; fewer where the channels do not divide."""


def scales(height: int, width: int, least: int = 4, most: int = 4) -> list[tuple[int, int]]:
    """Return the sizes of a pyramid: each half of the one before, rounded up, until a side would fall below `least`."""
    out = [(height, width)]
    while len(out) < most and min(out[-1]) >= 2 * least - 1:
        out.append((-(-out[-1][0] // 2), -(-out[-1][1] // 2)))
    return out


def embed(t: Tensor, width: int) -> Tensor:
    """Return sines and cosines of times t (n,) in 0..1 as (n, width), width even; Vaswani et al. (2017)."""
    rates = torch.exp(torch.linspace(0.0, math.log(1000.0), width // 2, device=t.device))
    angles = t[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def norm(channels: int) -> nn.Module:
    """Return a group normalisation that fits the channels."""
    return nn.GroupNorm(math.gcd(GROUPS, channels), channels)


class Residual(nn.Module):
    """Two 3 x 3 convolutions around a shortcut; it begins as the shortcut alone."""

    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        self.first = nn.Sequential(norm(into), nn.SiLU(), nn.Conv2d(into, out, 3, padding=1))
        self.normal = norm(out)
        self.second = nn.Sequential(nn.SiLU(), quiet(nn.Conv2d(out, out, 3, padding=1)))
        self.shortcut = nn.Conv2d(into, out, 1) if into != out else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, out, height, width) for x (n, into, height, width)."""
        out: Tensor = self.shortcut(x) + self.second(self.normal(self.first(x)))
        return out


class Encoder(nn.Module):
    """Pictures and their condition to vectors (n, out): strided residual blocks, then one linear layer.

    Serves as the encoder of an autoencoder and, with out=1, as a critic. normal=False leaves the normalisation out,
    which a critic with a gradient penalty needs.
    """

    def __init__(
        self, channels: int, size: tuple[int, int], out: int, conditions: int = 0, width: int = 32, normal: bool = True
    ) -> None:
        super().__init__()
        self.sizes = scales(*size)
        widths = [width * min(2**i, 4) for i in range(len(self.sizes))]
        layers: list[nn.Module] = [nn.Conv2d(channels + conditions, widths[0], 3, padding=1)]
        for into, wider in zip(widths, widths[1:], strict=False):
            layers += [norm(into)] * normal + [nn.SiLU(), nn.Conv2d(into, wider, 3, stride=2, padding=1)]
        layers += [norm(widths[-1])] * normal + [nn.SiLU(), nn.Flatten()]
        self.body = nn.Sequential(*layers)
        self.last = nn.Linear(widths[-1] * math.prod(self.sizes[-1]) + conditions, out)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Return (n, out) for pictures (n, channels, height, width) and conditions (n, conditions)."""
        planes = condition[:, :, None, None].expand(-1, -1, *x.shape[-2:])
        inner = self.body(torch.cat([x, planes], dim=1))
        out: Tensor = self.last(torch.cat([inner, condition], dim=1))
        return out


class Decoder(nn.Module):
    """Vectors (n, into) and their condition to pictures: the Encoder in reverse, without a last squashing."""

    def __init__(
        self, channels: int, size: tuple[int, int], into: int, conditions: int = 0, width: int = 32, blocks: int = 1
    ) -> None:
        super().__init__()
        self.sizes = scales(*size)[::-1]
        widths = [width * min(2**i, 4) for i in range(len(self.sizes))][::-1]
        self.widest = widths[0]
        self.first = nn.Linear(into + conditions, self.widest * math.prod(self.sizes[0]))
        stages, now = [], self.widest
        for out in widths:
            stages.append(stack(now, out, blocks))
            now = out
        self.stages = nn.ModuleList(stages)
        self.tail = nn.Sequential(norm(now), nn.SiLU(), nn.Conv2d(now, channels, 3, padding=1))

    def forward(self, z: Tensor, condition: Tensor) -> Tensor:
        """Return pictures (n, channels, height, width) for vectors (n, into) and conditions (n, conditions)."""
        x = self.first(torch.cat([z, condition], dim=1)).unflatten(1, (self.widest, *self.sizes[0]))
        for size, stage in zip(self.sizes, self.stages, strict=True):
            if x.shape[-2:] != size:
                x = f.interpolate(x, size=size, mode="nearest")
            x = stage(x)
        out: Tensor = self.tail(x)
        return out


def stack(into: int, out: int, blocks: int) -> nn.Sequential:
    """Return residual blocks without modulation, the first of which changes the channels."""
    sizes: Sequence[tuple[int, int]] = [(into, out)] + [(out, out)] * (blocks - 1)
    return nn.Sequential(*[Residual(a, b) for a, b in sizes])


def quiet(layer: nn.Conv2d) -> nn.Conv2d:
    """Return the layer with zero weights: the block around it begins as the identity."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
