"""Networks of images/vae: pictures to a few latents, latents and a class to pictures, and the noise of a picture.

Pictures are (n, channels, height, width) floats about -1..1, classes one-hot. Both networks begin as principal
components (Tipping and Bishop 1999) and learn what lines cannot say; they work on patches of pixels, see parts.convgan.
References: Kingma and Welling (2014); Rybkin et al. (2021) for learning the level of the noise.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from simulacra.parts.convgan import Patches
from simulacra.parts.convnets import Decoder, Encoder

BANDS = 4
"""Bands of axes in which the noise of one picture may be weaker or stronger than that of others."""
FLOOR = 0.02
"""Least deviation of the noise along an axis; a grey level is 2 / 255."""


class ToLatents(nn.Module):
    """Pictures to the mean and log variance of their latents, and the logits of their class."""

    def __init__(self, channels: int, size: tuple[int, int], latent: int, classes: int, width: int = 32) -> None:
        super().__init__()
        self.patches, self.latent = Patches(channels, size), latent
        self.linear = nn.Linear(channels * size[0] * size[1], latent)
        self.body = Encoder(self.patches.channels, self.patches.grid, 2 * latent + classes, width=width)
        nn.init.zeros_(self.body.last.weight)
        nn.init.zeros_(self.body.last.bias)

    def begin(self, middle: Tensor, axes: Tensor, scale: Tensor, noise: float) -> None:
        """Set the means to those of a linear model: middle (pixels,), axes (latent, pixels), scale (latent,)."""
        gain = scale / (scale**2 + noise**2)
        with torch.no_grad():
            self.linear.weight.copy_(axes * gain[:, None])
            self.linear.bias.copy_(-(axes @ middle) * gain)
            self.body.last.bias[self.latent : 2 * self.latent] = (noise**2 / (scale**2 + noise**2)).log()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return means and log variances (n, latent), and logits (n, classes)."""
        inner = self.body(self.patches.cut(x), x.new_zeros(len(x), 0))
        mean, log_variance = inner[:, : self.latent], inner[:, self.latent : 2 * self.latent]
        return self.linear(x.flatten(1)) + mean, log_variance.clamp(-12, 4), inner[:, 2 * self.latent :]


class ToPictures(nn.Module):
    """Latents and a class to a picture without its noise, and how strong the noise is in each band."""

    def __init__(self, channels: int, size: tuple[int, int], latent: int, classes: int, width: int = 32) -> None:
        super().__init__()
        self.patches, self.shape = Patches(channels, size), (channels, *size)
        pixels = channels * size[0] * size[1]
        self.linear, self.means = nn.Linear(latent, pixels, bias=False), nn.Linear(classes, pixels, bias=False)
        self.body = Decoder(self.patches.channels, self.patches.grid, latent, classes, width)
        self.strength = nn.Sequential(nn.Linear(latent + classes, 64), nn.SiLU(), nn.Linear(64, BANDS))
        last: nn.Conv2d = self.body.tail[-1]  # type: ignore[assignment]
        for layer in (last, self.strength[-1]):
            nn.init.zeros_(layer.weight)  # type: ignore[arg-type]
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def begin(self, means: Tensor, axes: Tensor, scale: Tensor) -> None:
        """Set the pictures to those of a linear model: means (classes, pixels), axes (latent, pixels)."""
        with torch.no_grad():
            self.means.weight.copy_(means.T)
            self.linear.weight.copy_((axes * scale[:, None]).T)

    def forward(self, z: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
        """Return pictures (n, channels, height, width) and log factors of the noise (n, BANDS) for z (n, latent).

        The factors are learned from the latents as they are, so that they do not shape them.
        """
        flat = self.linear(z) + self.means(classes)
        picture = flat.reshape(-1, *self.shape) + self.patches.join(self.body(z, classes))
        return picture, self.strength(torch.cat([z.detach(), classes], 1)).clamp(-2, 2)


class Noise(nn.Module):
    """What a decoder leaves open: one level for all pixels, and deviations along axes, with a factor a band.

    axes: (axes, pixels), orthonormal. deviations: (axes,) to begin with. level: standard deviation of all pixels to
    begin with. Training weighs pixels by the level: with a deviation of its own an axis, noise would explain what
    latents should. What is drawn follows the axes, and beyond them there is none. done: steps of training so far.
    """

    def __init__(self, axes: Tensor, deviations: Tensor, level: float) -> None:
        super().__init__()
        self.axes: Tensor
        self.register_buffer("axes", axes, persistent=False)
        self.deviations = nn.Parameter(deviations.clamp(min=FLOOR).log())
        self.level = nn.Parameter(torch.tensor(max(level, FLOOR)).log())
        self.done: Tensor
        self.register_buffer("done", torch.zeros((), dtype=torch.int64))

    def misfit(self, rest: Tensor) -> Tensor:
        """Return minus the log likelihood (n,), but for a constant, of what pictures (n, ..) leave unexplained."""
        level = self.level.clamp(min=math.log(FLOOR))
        return (0.5 * rest.square() * (-2 * level).exp() + level).flatten(1).sum(1)

    def shape(self, rest: Tensor, strength: Tensor) -> Tensor:
        """Return the same (n,) along the axes, for log factors (n, BANDS) of each picture."""
        along, deviations = rest.flatten(1) @ self.axes.T, self.along(strength)
        return (0.5 * along.square() * (-2 * deviations).exp() + deviations).sum(1)

    def along(self, strength: Tensor) -> Tensor:
        """Return log deviations (n, axes) for log factors (n, BANDS)."""
        place = torch.arange(len(self.axes), device=strength.device) * BANDS // max(1, len(self.axes))
        return self.deviations.clamp(min=math.log(FLOOR)) + strength[:, place]

    def draw(self, strength: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Return noise (n, *shape), drawn from torch's generator."""
        along = self.along(strength).exp() * torch.randn(len(strength), len(self.axes), device=strength.device)
        return (along @ self.axes).reshape(-1, *shape)
