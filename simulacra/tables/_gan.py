"""The learner of tables/gan: a critic with a gradient penalty and a generator that learns from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from simulacra.parts.modes import discrete, to_offsets, to_places
from simulacra.parts.nets import Spots, gumbel
from simulacra.parts.twosample import auc
from simulacra.tables._network import CHUNK, Bars, features, sizes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from simulacra.parts.encoding import Ints
    from simulacra.parts.tokens import Token

JUDGED = 4000
"""Rows drawn to see how they differ from rows kept back."""
PENALTY = 10.0
"""Weight of the gradient penalty."""
HEAT = 0.5
"""Temperature at which the generator learns through drawn tokens."""
FREE = 0.5
"""Share of training rows that are made without a condition."""


class Entry(nn.Module):
    """The first layer of the critic: one row, zeros and ones and offsets, to (rows, width), linear and without a shift.

    That it is linear makes the gradient penalty cheap: the length of a gradient before it follows from the one after.
    """

    def __init__(self, total: int, offsets: int, width: int) -> None:
        super().__init__()
        self.tokens = nn.Parameter(torch.randn(total, width) * 0.5 * width**-0.5)
        self.offsets = nn.Parameter(torch.randn(offsets, width) * 0.5 * width**-0.5)
        self.condition = nn.Parameter(torch.randn(total + 1, width) * 0.5 * width**-0.5)

    def forward(self, ones: Tensor, offsets: Tensor) -> Tensor:
        """Return (rows, width) for ones (rows, total), offsets (rows, offsets)."""
        return ones @ self.tokens + (offsets - 0.5) @ self.offsets

    def of_tokens(self, places: Tensor, offsets: Tensor) -> Tensor:
        """Return the same for the places (rows, tokens) of the ones."""
        summed = nn.functional.embedding_bag(places, self.tokens, mode="sum")
        return summed + (offsets - 0.5) @ self.offsets

    def length(self, gradient: Tensor) -> Tensor:
        """Return the squared length (rows,) of the gradient before this layer from that after it, (rows, width)."""
        whole = torch.cat([self.tokens, self.offsets])
        return ((gradient @ (whole.T @ whole)) * gradient).sum(1)


class Offsets(nn.Module):
    """Offsets 0..1 of numbers, (rows, offsets), from a vector (rows, into)."""

    def __init__(self, into: int, offsets: int) -> None:
        super().__init__()
        self.count = offsets
        self.out = nn.Linear(into, max(offsets, 1))

    def forward(self, inner: Tensor) -> Tensor:
        """Return (rows, offsets)."""
        out: Tensor = self.out(inner).sigmoid()[:, : self.count]
        return out


class Conditions:
    """Training by sampling: a condition is one value of one category, rare values as often as their logarithm says.

    tokens: (rows, discrete) of the training rows; eligible: places of categories.
    """

    def __init__(self, tokens: Ints, sizes: list[int], eligible: list[int]) -> None:
        self.tokens, self.eligible = tokens, eligible
        self.order = [np.argsort(tokens[:, j], kind="stable") for j in eligible]
        self.edges = [
            np.searchsorted(tokens[o, j], np.arange(sizes[j] + 1)) for j, o in zip(eligible, self.order, strict=True)
        ]
        self.chance = []
        for edges in self.edges:
            weight = np.log1p(np.diff(edges))
            self.chance.append(np.cumsum(weight / weight.sum()))

    def draw(self, rows: Ints, free: float, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """Return real rows that fulfil a drawn condition each, and the conditions (rows, discrete), -1 for none.

        rows: real rows as they come, used where no condition is set, in a share `free`.
        """
        given = np.full((len(rows), self.tokens.shape[1]), -1, np.int64)
        out = rows.copy()
        which = rng.integers(len(self.eligible), size=len(rows)) if self.eligible else np.zeros(len(rows), np.int64)
        held = rng.random(len(rows)) >= free
        for k, j in enumerate(self.eligible):
            mine = np.flatnonzero(held & (which == k))
            value = np.searchsorted(self.chance[k], rng.random(mine.size), "right").clip(0, len(self.chance[k]) - 1)
            first, last = self.edges[k][value], self.edges[k][value + 1]
            out[mine] = self.order[k][first + (rng.random(mine.size) * (last - first)).astype(np.int64)]
            given[mine, j] = value
        return out, given


class Gan:
    """The learner of parts.train.

    nets: "generator" (rows, noise + conditions) -> (rows, width), "heads" (parts.nets), "offsets" (rows, width) ->
    (rows, offsets), "entry", "critic" (rows / pac, pac * width) -> (rows / pac, 1).
    """

    def __init__(
        self,
        nets: dict[str, nn.Module],
        view: list[Token],
        tokens: Ints,
        kept: Ints,
        *,
        noise: int,
        pac: int,
        rate: float,
        device: str,
    ) -> None:
        self.nets = {name: net.to(device) for name, net in nets.items()}
        self.view, self.noise, self.pac, self.device = view, noise, pac, device
        self.places, self.kept = discrete(view), kept
        some = [sizes(view)[j] for j in self.places]
        self.spots = Spots(some).to(device)
        self.whole = torch.from_numpy(tokens[:, self.places]).to(device)
        self.all = tokens
        self.conditions = Conditions(tokens[:, self.places], some, eligible(view))
        self.making = [w for name in MAKING for w in self.nets[name].parameters()]
        self.telling = [w for name in TELLING for w in self.nets[name].parameters()]
        self.makes = torch.optim.Adam(self.making, lr=rate, betas=(0.0, 0.9))
        self.tells = torch.optim.Adam(self.telling, lr=rate, betas=(0.0, 0.9))

    def modules(self) -> dict[str, nn.Module]:
        """Return the networks."""
        return self.nets

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Return one optimiser for the generator, one for the critic."""
        return {"generator": self.makes, "critic": self.tells}

    def step(self, rows: Tensor) -> dict[str, Tensor]:
        """Make one update of the critic and one of the generator."""
        rows = rows[: len(rows) // self.pac * self.pac]
        rng = np.random.default_rng(int(torch.randint(2**62, ())))
        real, given = self.conditions.draw(rows.cpu().numpy(), FREE, rng)
        offsets = torch.from_numpy(to_offsets(self.view, self.all[real], rng)).float().to(self.device)
        where = torch.from_numpy(given).to(self.device)
        truth = self.whole[torch.from_numpy(real).to(self.device)]
        ones, tokens, made = self._made(where)
        gap, penalty = self._tell(truth, offsets, tokens, made.detach(), where)
        for w in self.telling:
            w.requires_grad_(False)
        loss = -self._judged(self.nets["entry"](ones, made), where).mean()
        self.makes.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.makes.step()
        for w in self.telling:
            w.requires_grad_(True)
        return {"distance": gap, "penalty": penalty}

    def held_out(self) -> dict[str, float]:
        """Return how well drawn rows are told from rows kept back."""
        rng = np.random.default_rng(0)
        n = min(JUDGED, len(self.kept))
        made = draw(self.nets, self.view, n, self.noise, self.device)
        return {"C2ST": auc(features(self.view, made), features(self.view, self.kept[:n]), rng)}

    def _made(self, given: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        inner = self.nets["generator"](entrance(self.spots, given, self.noise))
        noise = gumbel(len(given), self.spots.total, self.device)
        ones, tokens, said = self.nets["heads"].relaxed(inner, noise, HEAT, given)  # type: ignore[operator]
        return ones, tokens, self.nets["offsets"](torch.cat([inner, said], 1))

    def _tell(
        self, truth: Tensor, offsets: Tensor, tokens: Tensor, made: Tensor, given: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Make one update of the critic; return the distance it sees and the penalty."""
        entry = self.nets["entry"]
        real = entry.of_tokens(truth + self.spots.begin, offsets)  # type: ignore[operator]
        fake = entry.of_tokens(tokens + self.spots.begin, made)  # type: ignore[operator]
        mix = torch.rand(len(real) // self.pac, 1, device=self.device).repeat_interleave(self.pac, 0)
        between = mix * real + (1 - mix) * fake
        slope = torch.autograd.grad(self._judged(between, given).sum(), between, create_graph=True)[0]
        length = entry.length(slope).view(-1, self.pac).sum(1).clamp_min(1e-12).sqrt()  # type: ignore[operator]
        penalty = ((length - 1) ** 2).mean()
        gap = self._judged(real, given).mean() - self._judged(fake, given).mean()
        self.tells.zero_grad()
        (PENALTY * penalty - gap).backward()
        self.tells.step()
        return gap, penalty

    def _judged(self, entered: Tensor, given: Tensor) -> Tensor:
        place = torch.where(given >= 0, given + self.spots.begin, -1).amax(1)
        with_condition = entered + self.nets["entry"].condition[place]  # type: ignore[index]
        out: Tensor = self.nets["critic"](with_condition.view(-1, self.pac * entered.shape[1]))
        return out


MAKING, TELLING = ("generator", "heads", "offsets"), ("entry", "critic")


def eligible(view: list[Token]) -> list[int]:
    """Return which discrete tokens can be conditions, as places among the discrete ones: states and categories."""
    return [k for k, j in enumerate(discrete(view)) if not view[j]["ordered"] and view[j]["size"] > 1]


def entrance(spots: Spots, given: Tensor, noise: int) -> Tensor:
    """Return noise beside conditions, (rows, noise + total), zeros where none is given."""
    asked = torch.zeros(len(given), spots.total + 1, device=given.device)
    asked.scatter_(1, torch.where(given >= 0, given + spots.begin, spots.total), 1.0)
    return torch.cat([torch.randn(len(given), noise, device=given.device), asked[:, :-1]], 1)


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
        inner = nets["generator"](entrance(spots, where, noise))  # type: ignore[arg-type]
        some = gumbel(rows, int(spots.total), device)  # type: ignore[arg-type, union-attr]
        tokens = heads.draw(inner, some, bars, where)  # type: ignore[operator]
        made = nets["offsets"](torch.cat([inner, heads.summary(tokens)], 1))  # type: ignore[operator]
        part = np.zeros((rows, len(view)), np.int64)
        part[:, places] = tokens.cpu().numpy()
        out[first : first + rows] = to_places(view, part, made.cpu().numpy().astype(float))
    return out


def asked(
    view: list[Token], places: list[int], flags: Mapping[int, npt.NDArray[np.bool_]], n: int, rng: np.random.Generator
) -> Ints | None:
    """Return values (n, discrete) for the category whose condition is the rarest, by their rows; None without one."""
    best: tuple[float, int, npt.NDArray[np.float64]] | None = None
    for k in eligible(view):
        token = view[places[k]]
        if places[k] not in flags:
            continue
        rows = np.bincount(token["codes"], token["count"], token["size"])
        wanted = np.where(flags[places[k]], rows, 0.0)
        share = float(wanted.sum() / rows.sum())
        if share > 0 and (best is None or share < best[0]):
            best = (share, k, wanted)
    if best is None:
        return None
    out = np.full((n, len(places)), -1, np.int64)
    total = np.cumsum(best[2])
    out[:, best[1]] = np.searchsorted(total, rng.random(n) * total[-1], "right").clip(0, len(total) - 1)
    return out
