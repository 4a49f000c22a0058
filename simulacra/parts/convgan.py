"""Networks of images/gan: a refiner of rough pictures, a critic, and small changes that both kinds of picture share.

Pictures are (n, channels, height, width) floats about -1..1, of any sides from 8 to 64 pixels. Networks work on
patches of pixels, so that no layer is finer than 16 x 16 places: on a CPU that decides the speed. Classes are one-hot.
References: Ronneberger, Fischer and Brox (2015) for the shape of the refiner; Karras et al. (2018) for the deviation
within a batch; Miyato and Koyama (2018) for the critic's class term; Lin et al. (2018), PacGAN; Zhao et al. (2020),
DiffAugment.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as f

from simulacra.parts.convnets import quiet

PLANES = 2
"""Planes of noise that the refiner is given beside the rough picture."""
GROUP = 4
"""Pictures whose deviation a critic sees together."""
HIDDEN = 128
"""Units of the layer before the critic's score."""


class Patches(nn.Module):
    """Pictures to patches of pixels as channels, and back; sides that do not divide are filled by their border."""

    def __init__(self, channels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.size, self.patch = size, 1 if max(size) <= 16 else 2 if max(size) <= 32 else 4
        self.grid = (-(-size[0] // self.patch), -(-size[1] // self.patch))
        self.channels = channels * self.patch**2

    def cut(self, x: Tensor) -> Tensor:
        """Return (n, self.channels, *self.grid)."""
        high, wide = (g * self.patch - side for g, side in zip(self.grid, self.size, strict=True))
        if high or wide:
            x = f.pad(x, (0, wide, 0, high), mode="replicate")
        return f.pixel_unshuffle(x, self.patch).contiguous(memory_format=torch.channels_last)

    def join(self, x: Tensor) -> Tensor:
        """Return the pictures of patches."""
        return f.pixel_shuffle(x, self.patch)[:, :, : self.size[0], : self.size[1]].contiguous()


class Block(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut, without normalisation; a vector (n, out) may scale the inner layer."""

    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(into, out, 3, padding=1), nn.Conv2d(out, out, 3, padding=1)
        self.shortcut = nn.Conv2d(into, out, 1) if into != out else nn.Identity()

    def forward(self, x: Tensor, scale: Tensor | None = None) -> Tensor:
        """Return (n, out, height, width)."""
        inner = f.silu(self.first(x))
        if scale is not None:
            inner = inner * (1 + scale[:, :, None, None])
        out: Tensor = self.shortcut(x) + 0.5 * self.second(inner)
        return out


class Refiner(nn.Module):
    """A rough picture, noise and a class to a picture; untrained it returns the rough picture.

    channels, size: of the pictures. classes: how many. width: channels of the finest layer.
    """

    def __init__(self, channels: int, size: tuple[int, int], classes: int, width: int = 32) -> None:
        super().__init__()
        self.patches = Patches(channels, size)
        self.grid = self.patches.grid
        self.middle = (-(-self.grid[0] // 2), -(-self.grid[1] // 2))
        self.head = nn.Conv2d(self.patches.channels + PLANES, width, 3, padding=1)
        self.fine, self.coarse = Block(width, width), Block(width, 2 * width)
        places = 2 * width * math.prod(self.middle)
        self.whole = nn.Sequential(nn.Linear(places, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, places))
        self.kind = nn.Linear(classes, 2 * width, bias=False)
        nn.init.zeros_(self.kind.weight)
        self.back = Block(3 * width, width)
        self.tail = quiet(nn.Conv2d(width, self.patches.channels, 3, padding=1))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, rough: Tensor, noise: Tensor, classes: Tensor) -> Tensor:
        """Return pictures shaped as rough (n, channels, height, width).

        noise: (n, PLANES, *self.grid), normal. classes: (n, classes), one-hot.
        """
        fine = self.fine(self.head(torch.cat([self.patches.cut(rough), noise], 1)))
        coarse = self.coarse(f.adaptive_avg_pool2d(fine, self.middle), self.kind(classes))
        coarse = coarse + self.whole(coarse.flatten(1)).reshape(coarse.shape)
        up = f.interpolate(coarse, size=self.grid, mode="nearest")
        out: Tensor = rough + self.patches.join(self.tail(f.silu(self.back(torch.cat([up, fine], 1)))))
        # Beyond black and white the slope is small but never zero, so that no pixel is lost to training.
        return out.clamp(-1, 1) + 0.02 * (out - out.clamp(-1, 1))


class Critic(nn.Module):
    """Pictures and their classes to scores, high for real ones; `pack` pictures are judged as one (PacGAN).

    alone: set it to judge every picture on its own, without the deviation within its batch.
    """

    def __init__(self, channels: int, size: tuple[int, int], classes: int, width: int = 32, pack: int = 1) -> None:
        super().__init__()
        self.pack, self.alone, self.patches = pack, False, Patches(channels, size)
        self.first = nn.Conv2d(pack * self.patches.channels, width, 3, padding=1)
        self.second = nn.Conv2d(width, 2 * width, 4, stride=2, padding=1)
        self.third = nn.Conv2d(2 * width + 1, 4 * width, 3, stride=2, padding=1)
        grid = [(side // 2 - 1) // 2 + 1 for side in self.patches.grid]
        self.hidden, self.score = nn.Linear(4 * width * math.prod(grid), HIDDEN), nn.Linear(HIDDEN, 1)
        self.kind = nn.Linear(pack * classes, HIDDEN, bias=False)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor, classes: Tensor) -> Tensor:
        """Return (n // pack,) for pictures (n, channels, height, width) and classes (n, classes), one-hot."""
        packs = len(x) // self.pack
        x, classes = (part[: packs * self.pack] for part in (x, classes))
        inner = self.patches.cut(x)
        inner = inner.reshape(packs, -1, *inner.shape[2:]).contiguous(memory_format=torch.channels_last)
        inner = f.leaky_relu(self.second(f.leaky_relu(self.first(inner), 0.2)), 0.2)
        spread = torch.zeros_like(inner[:, :1]) if self.alone else deviation(inner)
        inner = f.leaky_relu(self.third(torch.cat([inner, spread], 1)), 0.2)
        last = f.leaky_relu(self.hidden(inner.flatten(1)), 0.2)
        out: Tensor = self.score(last)[:, 0] + (last * self.kind(classes.reshape(packs, -1))).sum(1) / HIDDEN**0.5
        return out


def deviation(x: Tensor) -> Tensor:
    """Return one plane (n, 1, height, width): the mean deviation among groups of GROUP maps, which shows a collapse."""
    size = GROUP if len(x) % GROUP == 0 else len(x)
    groups = x.reshape(-1, size, *x.shape[1:])
    spread = (groups.var(1, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
    return spread.repeat_interleave(size)[:, None, None, None].expand(-1, 1, *x.shape[2:])


def varied(x: Tensor, strength: float) -> Tensor:
    """Return pictures with other brightness and contrast, moved by up to an eighth of a side times strength.

    strength: 0..1. Drawn from torch's generator; the slopes of `x` pass through.
    """
    if not strength:
        return x
    n, _, high, wide = x.shape
    shift, gain = (0.4 * strength * (torch.rand(n, 1, 1, 1, device=x.device) - 0.5) for _ in range(2))
    middle = x.mean((1, 2, 3), keepdim=True)
    x = middle + (x - middle) * (1 + gain) + shift
    most = max(1, round(strength * min(high, wide) / 8))
    padded = f.pad(x, (most,) * 4, mode="replicate")
    down, across = (torch.randint(0, 2 * most + 1, (n, 1), device=x.device) for _ in range(2))
    rows = (down + torch.arange(high, device=x.device))[:, None, :, None]
    columns = (across + torch.arange(wide, device=x.device))[:, None, None, :]
    which = torch.arange(n, device=x.device)[:, None, None, None]
    planes = torch.arange(x.shape[1], device=x.device)[None, :, None, None]
    out: Tensor = padded[which, planes, rows, columns]
    return out


class Look(nn.Module):
    """Fixed random convolutions, for measures during training: pictures to (n, features)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        widths = (channels, 24, 48, 64)
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in zip(widths, widths[1:], strict=False))
        for layer in self.layers:
            nn.init.kaiming_normal_(layer.weight)  # type: ignore[arg-type]
        self.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the mean of every map of the last layer over 3 x 3 parts of the picture."""
        for i, layer in enumerate(self.layers):
            x = f.leaky_relu(layer(x), 0.2)
            if i < 2:
                x = f.avg_pool2d(x, 2, ceil_mode=True)
        return f.adaptive_avg_pool2d(x, 3).flatten(1)


def frechet(made: Tensor, real: Tensor) -> float:
    """Return the squared Frechet distance of two sets of points (rows, features), as a share of the real variance."""
    made, real = made.double(), real.double()
    a, b = (torch.cov(x.T).reshape(x.shape[1], x.shape[1]) for x in (made, real))
    values, vectors = torch.linalg.eigh(b)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    cross = torch.linalg.eigvalsh(root @ a @ root).clamp(min=0).sqrt().sum()
    gap = (made.mean(0) - real.mean(0)).square().sum() + a.trace() + b.trace() - 2 * cross
    return float((gap / b.trace().clamp(min=1e-12)).clamp(min=0))


def manifolds(made: Tensor, real: Tensor, k: int = 5) -> tuple[float, float]:
    """Return precision and recall of made against real points (rows, features), by neighbours: k, fewer of few rows."""
    k = max(1, min(k, len(real) // 20, len(made) - 1, len(real) - 1))
    across = torch.cdist(made, real)
    near = [torch.cdist(x, x).kthvalue(min(k + 1, len(x)), dim=1).values for x in (made, real)]
    precision = (across <= near[1][None, :]).any(1).float().mean()
    recall = (across <= near[0][:, None]).any(0).float().mean()
    return float(precision), float(recall)
