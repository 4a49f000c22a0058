"""What images/vae trains, and the prior it learns afterwards: mixtures of Gaussians over the latents of each class."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as f

from simulacra.images._nets import CHUNK, Sides
from simulacra.parts.convvae import FLOOR, Noise, ToLatents, ToPictures

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.images._rows import Ints

    Floats = npt.NDArray[np.float64]

RATE = 1e-3
"""Learning rate."""
WARM = 0.2
"""Share of the steps over which the weight of the latents' cost rises to beta."""
SIZES = (1, 2, 4, 8)
"""Numbers of Gaussians that are tried for the prior of a class."""
ROWS_EACH = 4
"""Images for each latent that a class needs for a prior of its own; smaller classes share one."""


@dataclass
class VaeLearner:
    """An encoder, a decoder and the noise of pictures; see parts.resume.Learner.

    networks: "encoder" and "decoder". beta: weight of the latents' cost. warm: steps over which it rises to beta; the
    steps done are kept with the noise.
    """

    networks: dict[str, nn.Module]
    noise: Noise
    sides: Sides
    beta: float
    warm: int

    def __post_init__(self) -> None:
        self.encoder, self.decoder = self.networks["encoder"], self.networks["decoder"]
        self.noise.register_buffer("done", torch.zeros((), dtype=torch.int64, device=self.sides.real.device))
        self._optimiser = torch.optim.Adam([w for m in self.modules().values() for w in m.parameters()], RATE)

    def modules(self) -> dict[str, nn.Module]:
        """Return encoder, decoder and noise."""
        return {"encoder": self.encoder, "decoder": self.decoder, "noise": self.noise}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Return one Adam for all."""
        return {"all": self._optimiser}

    def step(self, rows: Tensor) -> dict[str, Tensor]:
        """Make one update of the evidence bound, with the weight of the latents' cost on its way to beta."""
        done: Tensor = self.noise.done  # type: ignore[assignment]
        weight = self.beta * float(((done + 1) / max(1, self.warm)).clamp(max=1))
        real = self.sides.real[rows]
        real = real + (torch.rand_like(real) - 0.5) / 127.5
        misfit, cost, wrong = self._parts(real, self.sides.classes[rows])
        self._optimiser.zero_grad(set_to_none=True)
        (misfit + weight * cost + wrong).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([w for m in self.modules().values() for w in m.parameters()], 1000.0)
        self._optimiser.step()
        done += 1
        return {"misfit": misfit.detach(), "cost of latents": cost.detach(), "class": wrong.detach()}

    def held_out(self) -> dict[str, float]:
        """Return minus the evidence bound of pictures kept back, its parts, and how far off their picture is."""
        real, classes = self.sides.back, self.sides.back_classes
        sums, off = np.zeros(3), 0.0
        for x, c in zip(torch.split(real, CHUNK), torch.split(classes, CHUNK), strict=True):
            sums += len(x) * np.array([float(part) for part in self._parts(x, c)])
            mean = self.encoder(x)[0]
            hot = f.one_hot(c, self.sides.count).float()
            off += float((self.decoder(mean, hot)[0] - x).square().mean()) * len(x)
        misfit, cost, _ = sums / len(real)
        return {
            "negative ELBO": float(misfit + self.beta * cost),
            "cost of latents": float(cost),
            "reconstruction error": 127.5 * math.sqrt(off / len(real)),
        }

    def _parts(self, x: Tensor, classes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_variance, logits = self.encoder(x)
        z = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        picture, strength = self.decoder(z, f.one_hot(classes, self.sides.count).float())
        cost = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
        return self.noise.loss(picture - x, strength).mean(), cost, f.cross_entropy(logits, classes)


def plane(space: Mapping[str, Any], size: list[int], where: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return middle (values,), axes (axes, values), means (classes, values) and scale (axes,) for pictures of -1..1.

    space: see images/_components; there the channels of a pixel lie side by side, in pictures they are planes.
    """
    one = {k: torch.from_numpy(np.asarray(space[k], np.float32)) for k in ("middle", "axes", "means", "scale")}

    def planes(x: Tensor) -> Tensor:
        return x.reshape(-1, *size).permute(0, 3, 1, 2).flatten(1).contiguous()

    means = 2 * planes(one["means"] @ one["axes"] + one["middle"]) - 1
    middle = 2 * planes(one["middle"][None])[0] - 1
    return middle.to(where), planes(one["axes"]).to(where), means.to(where), 2 * one["scale"].to(where)


def begin(networks: dict[str, nn.Module], space: Mapping[str, Any], size: list[int], latent: int, where: str) -> Noise:
    """Let networks that can begin as principal components begin so, and return the noise of pictures.

    space: see images/_components. size: height, width, channels. A latent beyond its components begins without meaning.
    """
    middle, axes, means, scale = plane(space, size, where)
    k = min(latent, int(space["leading"]))
    rest = scale[k:].square().mean().sqrt() if len(scale) > k else scale[-1:].mean() * 0.5
    level = float(rest.clamp(min=FLOOR))
    shape = (max(0, latent - k), axes.shape[1])
    lead, spread = torch.cat([axes[:k], axes.new_zeros(shape)]), torch.cat([scale[:k], axes.new_ones(shape[0])])
    encoder, decoder = networks["encoder"], networks["decoder"]
    if isinstance(encoder, ToLatents):
        encoder.begin(middle, lead, spread, level)
    if isinstance(decoder, ToPictures):
        decoder.begin(means, lead, spread)
    return noise_on(axes, scale, k)


def noise_on(axes: Tensor, scale: Tensor, leading: int) -> Noise:
    """Return untrained noise along axes; along the leading ones no stronger than along the next."""
    most = scale.clone()
    most[:leading] = scale[min(leading, len(scale) - 1)]
    return Noise(axes, most).to(axes.device)


def noise_of(weights: Mapping[str, Any], space: Mapping[str, Any], size: list[int], where: str) -> Noise:
    """Return the noise that was trained."""
    _, axes, _, scale = plane(space, size, where)
    noise = noise_on(axes, scale, int(space["leading"]))
    with torch.no_grad():
        noise.less.copy_(torch.from_numpy(np.array(weights["noise.less"])))
    return noise


def pictures(decoder: nn.Module, noise: Noise | None, z: Tensor, classes: Ints, count: int, where: str) -> Tensor:
    """Return pictures (n, C, H, W) of latents z (n, latent) and class numbers (n,), with noise where it is given."""
    hot = f.one_hot(torch.from_numpy(classes), count).float().to(where)
    out = []
    for part, kind in zip(torch.split(z.float().to(where), CHUNK), torch.split(hot, CHUNK), strict=True):
        picture, strength = decoder(part, kind)
        out.append(picture if noise is None else picture + noise.draw(strength, picture.shape[1:]))
    return torch.cat(out)


def seen(encoder: nn.Module, pictures: Tensor) -> Ints:
    """Return the class (n,) that the encoder sees in each picture."""
    found = torch.cat([encoder(part)[2].argmax(1) for part in torch.split(pictures, CHUNK)])
    return np.asarray(found.cpu().numpy(), np.int64)


def posterior(encoder: nn.Module, pictures: Tensor) -> tuple[Floats, Floats]:
    """Return means and variances (n, latent) of the latents of pictures."""
    parts = [encoder(part)[:2] for part in torch.split(pictures, CHUNK)]
    mean, log_variance = (torch.cat(column).double().cpu().numpy() for column in zip(*parts, strict=True))
    return mean, np.exp(log_variance)


def fit_prior(mean: Floats, variance: Floats, classes: Ints, count: int, rng: np.random.Generator) -> dict[str, Any]:
    """Return the mixture of each class, as arrays: of (class), weights, means, roots, padded by weight 0.

    mean, variance: (n, latent) of the latents of training images. The number of Gaussians is the one that best
    predicts images left out; a class with few images takes the mixture of all classes.
    """
    z = mean + np.sqrt(variance) * rng.standard_normal(mean.shape)
    large = [c for c in range(count) if (classes == c).sum() >= max(ROWS_EACH * z.shape[1], 20)]
    groups = [z[classes == c] for c in large] + ([z] if len(large) < count else [])
    of = np.array([large.index(c) if c in large else len(large) for c in range(count)], np.int64)
    mixtures = [_mixture(group, rng) for group in groups]
    most = max(len(weights) for weights, _, _ in mixtures)
    out = {"of": of}
    for i, name in enumerate(("weights", "means", "roots")):
        out[name] = np.stack([np.pad(m[i], [(0, most - len(m[i]))] + [(0, 0)] * (m[i].ndim - 1)) for m in mixtures])
    return out


def draw_prior(prior: Mapping[str, Any], classes: Ints, rng: np.random.Generator) -> Floats:
    """Return latents (n, latent) of new images of these classes (n,)."""
    group = prior["of"][classes]
    edges = np.cumsum(prior["weights"][group], axis=1)
    part = (rng.random((len(classes), 1)) * edges[:, -1:] > edges).sum(1)
    noise = rng.standard_normal((len(classes), prior["means"].shape[2]))
    return np.asarray(prior["means"][group, part] + np.einsum("nij,nj->ni", prior["roots"][group, part], noise))


def _mixture(z: Floats, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Return weights (k,), means (k, latent) and roots of the covariances (k, latent, latent) of latents."""
    import warnings

    from sklearn.mixture import GaussianMixture

    state = int(rng.integers(2**31))
    order = rng.permutation(len(z))
    cut = max(1, len(z) // 5)
    least = 0.02 if len(z) > z.shape[1] else 0.1

    def fitted(k: int, rows: Floats) -> Any:
        with warnings.catch_warnings():
            # A mixture that has not settled is judged by what it predicts, as the others are.
            warnings.simplefilter("ignore")
            return GaussianMixture(k, reg_covar=least, random_state=state, max_iter=50).fit(rows)

    tried = [k for k in SIZES if k == 1 or (len(z) - cut) >= 2 * k * z.shape[1]]
    scores = {k: fitted(k, z[order[cut:]]).score(z[order[:cut]]) for k in tried} if len(z) >= 10 else {1: 0.0}
    if len(z) < 2:
        return np.ones(1), z[:1].copy(), np.eye(z.shape[1])[None]
    best = fitted(max(scores, key=lambda k: scores[k]), z)
    return best.weights_, best.means_, np.linalg.cholesky(best.covariances_)
