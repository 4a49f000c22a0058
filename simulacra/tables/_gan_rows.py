"""Training by sampling for tables/gan: real rows under drawn conditions, and the condition that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from simulacra.parts.modes import discrete, to_offsets
from simulacra.parts.nets import Spots
from simulacra.tables._network import sizes

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.parts.encoding import Ints
    from simulacra.parts.tokens import Token

MOST = 64
"""Most tokens that can be conditions: in a wider table each would come too seldom to be learned."""
FREE = 0.5
"""Share of training rows that are made without a condition."""


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


@dataclass
class Batch:
    """Real rows: truth (rows, discrete), offsets (rows, continuous), given (rows, discrete), -1 for none."""

    truth: Tensor
    offsets: Tensor
    given: Tensor


class Rows:
    """Real rows under drawn conditions, and the measure of made ones.

    tokens, kept: rows (rows, tokens) to train on and to judge by; noise: numbers of chance a row.
    """

    def __init__(self, view: list[Token], tokens: Ints, kept: Ints, *, noise: int, device: str) -> None:
        self.view, self.tokens, self.kept, self.noise, self.device = view, tokens, kept, noise, device
        self.places = discrete(view)
        some = [sizes(view)[j] for j in self.places]
        self.spots = Spots(some).to(device)
        self.whole = torch.from_numpy(tokens[:, self.places]).to(device)
        self.conditions = Conditions(tokens[:, self.places], some, eligible(view))

    def draw(self, rows: Tensor) -> Batch:
        """Return a batch: half of it the rows of these numbers, half rows that fulfil a drawn condition."""
        rng = np.random.default_rng(int(torch.randint(2**62, ())))
        real, given = self.conditions.draw(rows.cpu().numpy(), FREE, rng)
        offsets = torch.from_numpy(to_offsets(self.view, self.tokens[real], rng)).float().to(self.device)
        truth = self.whole[torch.from_numpy(real).to(self.device)]
        return Batch(truth, offsets, torch.from_numpy(given).to(self.device))


def eligible(view: list[Token]) -> list[int]:
    """Return which discrete tokens can be conditions, as places among the discrete ones: states and categories."""
    found = [k for k, j in enumerate(discrete(view)) if not view[j]["ordered"] and view[j]["size"] > 1]
    return found[:MOST]


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
