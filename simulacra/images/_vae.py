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

RATES = (1e-3, 1e-3, 3e-2)
"""Learning rates of encoder, decoder and noise, whose few numbers must keep up with what the decoder learns."""
SWAP = 30.0
"""Weight of what is seen wrongly in pictures drawn with the factors of others, against nats of the evidence bound."""
BLANK = 0.05
"""Share of the principal components that a network with factors begins with."""
WARM = 0.2
"""Share of the steps over which the weight of the latents' cost rises to beta."""
SIZES = (1, 2, 4, 8)
"""Numbers of Gaussians that are tried for the prior of a class."""
ROWS_EACH = 4
"""Images for each latent that a class needs for a prior of its own; smaller classes share one."""


@dataclass
class VaeLearner:
    """An encoder, a decoder and the noise of pictures; see parts.resume.Learner.

    networks: "encoder" and "decoder". factors, back_factors: (n, k) what the first k latents are given to be, for the
    images to train on and those kept back; the encoder learns to see them, at no cost. beta: weight of the latents'
    cost. warm: steps over which it rises to beta; the steps done are kept with the noise.
    """

    networks: dict[str, nn.Module]
    noise: Noise
    sides: Sides
    factors: Tensor
    back_factors: Tensor
    beta: float
    warm: int

    def __post_init__(self) -> None:
        self.encoder, self.decoder = self.networks["encoder"], self.networks["decoder"]
        groups = [
            {"params": list(m.parameters()), "lr": r} for m, r in zip(self.modules().values(), RATES, strict=True)
        ]
        self._optimiser = torch.optim.Adam(groups)

    def modules(self) -> dict[str, nn.Module]:
        """Return encoder, decoder and noise."""
        return {"encoder": self.encoder, "decoder": self.decoder, "noise": self.noise}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Return one Adam for all."""
        return {"all": self._optimiser}

    def step(self, rows: Tensor) -> dict[str, Tensor]:
        """Make one update of the evidence bound, with the weight of the latents' cost on its way to beta."""
        done = self.noise.done
        weight = self.beta * float(((done + 1) / max(1, self.warm)).clamp(max=1))
        real = self.sides.real[rows]
        real = real + (torch.rand_like(real) - 0.5) / 127.5
        parts = self._parts(real, self.sides.classes[rows], self.factors[rows])
        if self.factors.shape[1]:
            parts["swap"] = self._swapped(real, self.sides.classes[rows], self.factors[rows])
        self._optimiser.zero_grad(set_to_none=True)
        weights = {"cost of latents": weight, "swap": SWAP}
        sum(weights.get(name, 1.0) * part for name, part in parts.items()).backward()  # type: ignore[union-attr]
        self._optimiser.step()
        done += 1
        return {name: part.detach() for name, part in parts.items()}

    def held_out(self) -> dict[str, float]:
        """Return minus the evidence bound of pictures kept back, its parts, and how far off their picture is."""
        sums: dict[str, float] = {}
        rows = len(self.sides.back)
        for at in torch.split(torch.arange(rows), CHUNK):
            x, classes = self.sides.back[at], self.sides.back_classes[at]
            parts = {name: float(part) for name, part in self._parts(x, classes, self.back_factors[at]).items()}
            hot = f.one_hot(classes, self.sides.count).float()
            parts["off"] = float((self.decoder(self.encoder(x)[0], hot)[0] - x).square().mean())
            sums = {name: sums.get(name, 0.0) + part * len(at) / rows for name, part in parts.items()}
        return {
            "negative ELBO": sums["misfit"] + self.beta * sums["cost of latents"],
            "cost of latents": sums["cost of latents"],
            "reconstruction error": 127.5 * math.sqrt(sums["off"]),
        }

    def _swapped(self, x: Tensor, classes: Tensor, factors: Tensor) -> Tensor:
        """Return how far the factors seen in pictures drawn with those of others are from what was asked for.

        Without it latents may say again what factors say, and a picture would not follow the factor that is changed.
        """
        with torch.no_grad():
            free = self.encoder(x)[0][:, factors.shape[1] :]
        wanted = factors.roll(1, 0)
        drawn = self.decoder(torch.cat([wanted, free], 1), f.one_hot(classes, self.sides.count).float())[0]
        self.encoder.requires_grad_(False)
        seen = self.encoder(drawn)[0][:, : factors.shape[1]]
        self.encoder.requires_grad_(True)
        missed: Tensor = (seen - wanted).square().sum(1).mean()
        return missed

    def _parts(self, x: Tensor, classes: Tensor, factors: Tensor) -> dict[str, Tensor]:
        mean, log_variance, logits = self.encoder(x)
        k = factors.shape[1]
        free = mean[:, k:] + torch.randn_like(mean[:, k:]) * (log_variance[:, k:] / 2).exp()
        hot = f.one_hot(classes, self.sides.count).float()
        picture, strength = self.decoder(torch.cat([factors, free], 1), hot)
        rest = picture - x
        cost = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)[:, k:].sum(1).mean()
        seen = f.cross_entropy(logits, classes) + (mean[:, :k] - factors).square().sum(1).mean()
        return {
            "misfit": self.noise.misfit(rest).mean(),
            "cost of latents": cost,
            "class and factors": seen,
            "noise": self.noise.shape(rest.detach(), strength).mean(),
        }


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


def begin(
    networks: dict[str, nn.Module], space: Mapping[str, Any], size: list[int], factors: int, latent: int, where: str
) -> Noise:
    """Let networks that can begin as principal components begin so, and return the noise of pictures.

    space: see images/_components. size: height, width, channels. The first latents, which are given as `factors`, and
    those beyond the components begin without meaning.
    """
    middle, axes, means, scale = plane(space, size, where)
    k = min(latent, int(space["leading"]))
    rest = scale[k:].square().mean().sqrt() if len(scale) > k else scale[-1:].sum() * 0.5
    level = float(rest.clamp(min=FLOOR))
    lead, spread = axes.new_zeros(factors + latent, axes.shape[1]), axes.new_ones(factors + latent)
    lead[factors : factors + k], spread[factors : factors + k] = axes[:k], scale[:k]
    encoder, decoder = networks["encoder"], networks["decoder"]
    # Components mix what factors tell apart: beside factors the networks begin all but empty.
    spread = spread * (BLANK if factors else 1.0)
    if isinstance(encoder, ToLatents):
        encoder.begin(middle, lead, spread, level)
    if isinstance(decoder, ToPictures):
        decoder.begin(means, lead, spread)
    return noise_on(axes, scale, k)


def noise_on(axes: Tensor, scale: Tensor, leading: int) -> Noise:
    """Return untrained noise along axes; along the leading ones as strong as along the next."""
    begins = scale.clone()
    if leading:  # there are no axes where all images of a class are the same
        begins[:leading] = scale[min(leading, len(scale) - 1)]
    level = float((begins.square().sum() / axes.shape[1]).sqrt())
    return Noise(axes, begins, level).to(axes.device)


def noise_of(weights: Mapping[str, Any], space: Mapping[str, Any], size: list[int], where: str) -> Noise:
    """Return the noise that was trained."""
    _, axes, _, scale = plane(space, size, where)
    noise = noise_on(axes, scale, int(space["leading"]))
    with torch.no_grad():
        noise.deviations.copy_(torch.from_numpy(np.array(weights["noise.deviations"])))
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


def draw_prior(prior: Mapping[str, Any], classes: Ints, factors: Floats, rng: np.random.Generator) -> Floats:
    """Return latents (n, latent) of new images of these classes (n,) whose first k latents are `factors` (n, k)."""
    out = np.concatenate([factors, np.zeros((len(classes), prior["means"].shape[2] - factors.shape[1]))], axis=1)
    for group in np.unique(prior["of"][classes]):
        rows = np.flatnonzero(prior["of"][classes] == group)
        weights, means, roots = (prior[name][group] for name in ("weights", "means", "roots"))
        out[rows] = _drawn(weights, means, roots, out[rows], factors.shape[1], rng)
    return out


def _drawn(weights: Floats, means: Floats, roots: Floats, z: Floats, k: int, rng: np.random.Generator) -> Floats:
    """Return z (n, latent) with all but its first k latents drawn from a mixture, given those."""
    parts = np.flatnonzero(weights > 0)
    covariances = [roots[i] @ roots[i].T for i in parts]
    odds = np.tile(np.log(weights[parts]), (len(z), 1))
    for place, (i, covariance) in enumerate(zip(parts, covariances, strict=True)):
        away = np.linalg.solve(np.linalg.cholesky(covariance[:k, :k]), (z[:, :k] - means[i, :k]).T)
        odds[:, place] -= 0.5 * (away**2).sum(0) + 0.5 * np.linalg.slogdet(covariance[:k, :k])[1]
    chance = np.exp(odds - odds.max(1, keepdims=True))
    edges = np.cumsum(chance / chance.sum(1, keepdims=True), axis=1)
    chosen = np.minimum((rng.random((len(z), 1)) > edges).sum(1), len(parts) - 1)
    noise, out = rng.standard_normal((len(z), z.shape[1] - k)), z.copy()
    for place, (i, covariance) in enumerate(zip(parts, covariances, strict=True)):
        rows = chosen == place
        slope = np.linalg.solve(covariance[:k, :k], covariance[:k, k:])
        left = covariance[k:, k:] - covariance[k:, :k] @ slope
        root = np.linalg.cholesky(left + 1e-9 * np.eye(len(left)))
        out[rows, k:] = means[i, k:] + (z[rows, :k] - means[i, :k]) @ slope + noise[rows] @ root.T
    return out


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
