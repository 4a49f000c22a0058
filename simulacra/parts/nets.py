"""Networks over the tokens of a table (parts.tokens): rows of small integers in, chances of every token out.

Networks are built inside parts.weights.seeded, so that their first weights follow from a seed. Tokens are (rows,
tokens) int64; `sizes` says how many values each token of the network has. Logits of all tokens lie side by side,
(rows, sum of sizes).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional


def mlp(into: int, width: int, depth: int, out: int, *, normal: bool = False, act: str = "silu") -> nn.Sequential:
    """Return `depth` hidden layers of `width` units between `into` inputs and `out` outputs.

    normal: whether every layer is normalised, which a critic with a gradient penalty must not be; act: "silu", "leaky".
    """
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(into, width), *([nn.LayerNorm(width)] * normal)]
        layers.append(nn.SiLU() if act == "silu" else nn.LeakyReLU(0.2))
        into = width
    return nn.Sequential(*layers, nn.Linear(into, out))


class Spots(nn.Module):
    """Where each token's values lie among all values side by side.

    sizes: values of each token. `begin` (tokens,) is the place of the first value of each.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__()
        self.sizes = [int(size) for size in sizes]
        self.total = sum(self.sizes)
        begin = torch.tensor([0, *np.cumsum(self.sizes)[:-1]], dtype=torch.int64)[: len(self.sizes)]
        self.register_buffer("begin", begin, persistent=False)
        self.begin: Tensor

    def split(self, side_by_side: Tensor) -> tuple[Tensor, ...]:
        """Return the part of each token, (rows, size) each, of (rows, sum of sizes)."""
        parts: tuple[Tensor, ...] = torch.split(side_by_side, self.sizes, 1)
        return parts

    def one_hot(self, tokens: Tensor) -> Tensor:
        """Return tokens (rows, tokens) as zeros and ones side by side, (rows, sum of sizes)."""
        out = torch.zeros(len(tokens), self.total, device=tokens.device)
        return out.scatter_(1, tokens + self.begin, 1.0)


class TokenEncoder(nn.Module):
    """Tokens to vectors (rows, out): the sum of an embedding of each token, then hidden layers."""

    def __init__(self, sizes: Sequence[int], width: int, out: int, depth: int = 1) -> None:
        super().__init__()
        self.spots = Spots(sizes)
        self.embed = nn.Embedding(max(self.spots.total, 1), width)
        nn.init.normal_(self.embed.weight, std=max(len(sizes), 1) ** -0.5)
        self.body = nn.Sequential(nn.SiLU(), mlp(width, width, depth, out))

    def forward(self, tokens: Tensor) -> Tensor:
        """Return (rows, out) for tokens (rows, tokens)."""
        out: Tensor = self.body(self.embed(tokens + self.spots.begin).sum(1))
        return out


class Heads(nn.Module):
    """Chances of every token from a vector (rows, width), and, where `linked`, from the tokens before it in the row.

    A link is linear: each value of a token adds its own vector of `linked` numbers to what later tokens look at, so
    that what follows from one other column is exact while the vector says the rest. shares: by token (size,), the
    share of each value, where the chances begin.
    """

    def __init__(self, sizes: Sequence[int], width: int, shares: Sequence[Tensor], linked: int = 0) -> None:
        super().__init__()
        self.spots = Spots(sizes)
        total = max(self.spots.total, 1)
        self.out = nn.Linear(width, total)
        nn.init.normal_(self.out.weight, std=0.1 * width**-0.5)
        with torch.no_grad():
            self.out.bias.copy_(torch.cat([*shares]).clamp_min(1e-6).log() if shares else torch.zeros(1))
        self.linked = linked
        if linked:
            self.said = nn.Parameter(torch.randn(total, linked) * linked**-0.5)
            self.heard = nn.Parameter(torch.zeros(linked, total))

    def loss(self, inner: Tensor, tokens: Tensor) -> Tensor:
        """Return -log of the chance of each row's tokens, (rows,), in nats."""
        logits = self.spots.split(self.out(inner))
        total = torch.zeros(len(tokens), device=tokens.device)
        heard = self.spots.split(self.heard) if self.linked else ()
        said = self.said[tokens + self.spots.begin].cumsum(1) if self.linked else None
        for j, part in enumerate(logits):
            if said is not None and j:
                part = torch.addmm(part, said[:, j - 1], heard[j])
            total = total + functional.cross_entropy(part.float(), tokens[:, j], reduction="none")
        return total

    def draw(
        self,
        inner: Tensor,
        noise: Tensor,
        bar: Callable[[int, Tensor], Tensor] | None = None,
        given: Tensor | None = None,
    ) -> Tensor:
        """Return tokens (rows, tokens) drawn one after the other.

        noise: (rows, sum of sizes) or (1, ..), of `gumbel`; the same noise for all rows makes rows differ by their
        vectors alone. bar: (token, rows drawn so far) -> true where a value may not be drawn, (rows or 1, size).
        given: (rows, tokens) a value that a token must have, -1 for none.
        """
        logits, noises = self.spots.split(self.out(inner)), self.spots.split(noise)
        heard = self.spots.split(self.heard) if self.linked else ()
        out = torch.zeros(len(inner), len(self.spots.sizes), dtype=torch.int64, device=inner.device)
        said = torch.zeros(len(inner), self.linked, device=inner.device)
        for j, part in enumerate(logits):
            if self.linked and j:
                part = torch.addmm(part, said, heard[j])
            if bar is not None:
                part = part.masked_fill(bar(j, out), -torch.inf)
            token = (part + noises[j]).argmax(1)
            out[:, j] = token if given is None else torch.where(given[:, j] >= 0, given[:, j], token)
            if self.linked:
                said = said + self.said[out[:, j] + self.spots.begin[j]]
        return out

    def summary(self, tokens: Tensor) -> Tensor:
        """Return what tokens (rows, tokens) say to what comes after them, (rows, linked)."""
        if not self.linked:
            return torch.zeros(len(tokens), 0, device=tokens.device)
        return self.said[tokens + self.spots.begin].sum(1)

    def relaxed(
        self, inner: Tensor, noise: Tensor, heat: float, given: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return drawn tokens as zeros and ones side by side, with gradients; the tokens; and what the row says.

        A token is drawn by `noise` (of `gumbel`) as in `draw`; the gradient is that of the softmax at temperature
        `heat` (Jang et al. 2017). given: (rows, tokens) a value that a token must have, -1 for none.
        """
        logits, noises = self.spots.split(self.out(inner)), self.spots.split(noise)
        heard = self.spots.split(self.heard) if self.linked else ()
        ones: list[Tensor] = []
        tokens: list[Tensor] = []
        said = torch.zeros(len(inner), self.linked, device=inner.device)
        for j, part in enumerate(logits):
            if self.linked and j:
                part = torch.addmm(part, said, heard[j])
            soft = ((part + noises[j]) / heat).softmax(1)
            token = soft.argmax(1) if given is None else torch.where(given[:, j] >= 0, given[:, j], soft.argmax(1))
            hard = functional.one_hot(token, self.spots.sizes[j]).to(soft.dtype)
            if given is not None:
                soft = torch.where((given[:, j] >= 0)[:, None], hard, soft)
            ones.append(hard + soft - soft.detach())
            tokens.append(token)
            if self.linked:
                begin = int(self.spots.begin[j])
                said = said + ones[-1] @ self.said[begin : begin + self.spots.sizes[j]]
        return torch.cat(ones, 1), torch.stack(tokens, 1), said


def gumbel(rows: int, width: int, device: str = "cpu") -> Tensor:
    """Return noise (rows, width) whose largest sum with logits is a draw by their chances."""
    # Twice the logarithm of a uniform number is several times as fast as the exponential numbers of torch.
    return torch.rand(rows, width, device=device).clamp_(1e-7, 1 - 1e-7).log_().neg_().log_().neg_()


class Mixture(nn.Module):
    """A learned mixture of normals over vectors (rows, size): the prior that the codes of rows come from.

    parts: normals, each with a mean and a deviation for every number. Reference: Tomczak and Welling (2018), whose
    mixture is over encoded inputs; here the normals are parameters of their own.
    """

    def __init__(self, size: int, parts: int) -> None:
        super().__init__()
        self.middle = nn.Parameter(torch.randn(parts, size))
        self.spread = nn.Parameter(torch.zeros(parts, size))
        self.weight = nn.Parameter(torch.zeros(parts))

    def log_density(self, z: Tensor) -> Tensor:
        """Return log p(z), (rows,), of z (rows, size)."""
        precise = torch.exp(-2 * self.spread)
        square = (z**2) @ precise.T - 2 * z @ (self.middle * precise).T + (self.middle**2 * precise).sum(1)
        part = self.weight.log_softmax(0) - self.spread.sum(1) - 0.5 * square
        return torch.logsumexp(part, 1) - 0.5 * z.shape[1] * float(np.log(2 * np.pi))

    def draw(self, rows: int) -> Tensor:
        """Return (rows, size) new vectors."""
        part = torch.multinomial(self.weight.softmax(0), rows, replacement=True)
        noise = torch.randn(rows, self.middle.shape[1], device=self.middle.device)
        return self.middle[part] + noise * self.spread[part].exp()
