"""What the GAN and the VAE of tables share under a privacy budget: what they buy of the rows, and the shares they keep.

The domain of every column (parts.domain) and noisy counts of all its values are bought first; what is left trains.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simulacra.core.errors import need
from simulacra.parts.contributions import SURELY, own, refuse_start, units
from simulacra.parts.domain import settle
from simulacra.parts.private_steps import EXTRA
from simulacra.parts.tokens import Token

if TYPE_CHECKING:
    from simulacra.core.budget import Budget
    from simulacra.core.data import Dataset
    from simulacra.parts.encoding import Ints

COUNTED = 0.15
"""Share of what the domain leaves of the budget that buys the counts of every value of every column."""
ROUNDS, DRAWN, DAMPED = 12, 16384, 0.7
"""Rounds in which drawn rows are given the shares that were bought, rows drawn in each, and how far each goes."""


@dataclass
class Bought:
    """What training may use.

    tokens: (rows, columns) codes of the real rows. units: (rows,) the unit of privacy of each. rows: how many there
    are by the noisy counts.
    """

    tokens: Ints
    units: Ints
    rows: int


def buy(method: Any, data: Dataset, budget: Budget, rng: np.random.Generator) -> Bought:
    """Return what a method may train on; leave in it the domain and noisy counts of values that the budget paid for.

    Raises BudgetError, ConfigError, SchemaError, MissingExtra.
    """
    need("torch", "torch", method.name)
    need("opacus", EXTRA, f"{method.name} under a privacy budget")
    refuse_start(method)
    data = own(data, budget, rng)
    domain = settle(data, budget)
    tokens, sizes = domain.encode(data.frame), list(domain.sizes)
    counts, rows = counted(tokens, sizes, budget)
    method.domain_, method.schema_, method.rows_ = domain.to_state(), domain.schema, rows
    method.view_ = [
        Token(
            name=name, variable=j, above=-1, gate=-1, ordered=0, state=0, size=size, codes=np.arange(size),
            count=counts[j], rare=size - 1 if size > 1 and counts[j][-1] == 0 else -1,
        )
        for j, (name, size) in enumerate(zip(domain.names, sizes, strict=True))
    ]  # fmt: skip
    method.shares_ = [((count + 0.5) / (count + 0.5).sum()).astype(np.float32) for count in counts]
    method.facts_, method.weights_, method.curves_, method._nets = {"tokens": len(sizes)}, {}, {}, None
    if not sizes:
        # Nothing but surrogates: all there is to buy is the number of rows.
        budget.gaussian(lambda: np.array([len(tokens)]), rho=budget.rho_left, what="rows")
    return Bought(tokens, units(data.frame, budget), rows)


def counted(tokens: Ints, sizes: list[int], budget: Budget) -> tuple[list[Ints], int]:
    """Return noisy counts of every value of every column, none below 0, and how many rows there are by them.

    A row is in one cell of every column, so that all counts together change by the root of the number of columns.
    """
    if not sizes:
        noisy = budget.gaussian(lambda: np.array([len(tokens)]), rho=COUNTED * budget.rho_left, what="rows")
        return [], max(1, int(noisy[0]))

    def all_counts() -> Ints:
        return np.concatenate([np.bincount(tokens[:, j], minlength=size) for j, size in enumerate(sizes)])

    what = "rows of each value of each column"
    noisy = budget.gaussian(all_counts, rho=COUNTED * budget.rho_left, what=what, sensitivity=math.sqrt(len(sizes)))
    parts = np.split(noisy, np.cumsum(sizes)[:-1])
    # Every column says how many rows there are; one of few values says it best.
    best = 1 / np.array(sizes)
    rows = round(float(np.array([p.sum() for p in parts]) @ best / best.sum()))
    least = SURELY * budget.entries[-1].scale
    # A column in which no cell is surely missing has none that are: noise alone would make some in every column.
    return [np.append(np.maximum(p[:-1], 0), p[-1] * (p[-1] > least)) for p in parts], max(1, rows)


def align(heads: Any, wanted: list[Any], draw: Callable[[int], Ints]) -> None:
    """Shift the chances of values until drawn rows have them in the wanted shares, those that the budget bought.

    draw: gives tokens (n, tokens) of n rows by the present weights. Nothing but noisy counts is looked at.
    """
    import torch

    for _ in range(ROUNDS):
        tokens, begin = draw(DRAWN), 0
        with torch.no_grad():
            for j, share in enumerate(wanted):
                made = np.bincount(tokens[:, j], minlength=len(share)) + 0.5
                gap = np.log(share * made.sum() / made).clip(-1, 1)
                heads.out.bias[begin : begin + len(share)] += torch.from_numpy(DAMPED * gap).to(heads.out.bias)
                begin += len(share)
