"""Private synthesis from noisy marginals: measure, choose, measure again, estimate, draw.

All counts are whole numbers that leave through `budget.gaussian` alone: first every column, then (cheaply) every
pair of columns. From these noisy pairs it is decided which pairs the model holds; they are measured again with what is
left. So choosing costs nothing beyond counts that serve the estimate as well, every release is a Gaussian, and the
exact accounting of Gaussians applies. The model is the distribution of largest entropy that fits (estimate.py) on a
junction tree of limited size (junction.py).

References: McKenna, Mullins, Sheldon and Miklau (2022), AIM: an adaptive and iterative mechanism for differentially
private synthetic data; McKenna, Miklau and Sheldon (2021), Winning the NIST contest (MST).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.errors import ConfigError
from simulacra.parts import _marginals_plan as plan
from simulacra.parts import estimate, junction
from simulacra.parts._marginals_levels import Levels
from simulacra.parts._marginals_model import Model
from simulacra.parts.estimate import Measured
from simulacra.parts.junction import Clique

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.core.budget import Budget

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

PRESETS = ("adaptive", "tree", "independent")
SINGLE, PAIRS = 0.15, 0.2
"""Shares of the budget for all columns, and for the first look at all pairs of columns."""
POWER = 0.5
STRENGTH = 0.01
RARE = 1.0
ROUNDS = 3
LOOK_STEPS, STEPS = 60, 150
MOST_CELLS = 200_000


def fit(
    codes: Ints,
    sizes: Sequence[int],
    budget: Budget,
    *,
    preset: str = "adaptive",
    rho: float | None = None,
    weights: Sequence[float] | None = None,
    most_cells: int = MOST_CELLS,
    names: Sequence[str] | None = None,
) -> Model:
    """Return a model of the rows' codes, paid from the budget; nothing else about the rows is in it.

    codes: (rows, columns) from 0 to sizes - 1. sizes: levels of each column, public. preset: "adaptive" holds as many
    pairs of columns as the noise bears and most_cells allows, "tree" a spanning tree of pairs (Chow and Liu 1968),
    "independent" single columns. rho: what to spend, all that is left when None. weights: how much each column counts,
    > 0. most_cells: of the junction tree, the limit on time and memory. names: of the columns, for the ledger.
    Raises ConfigError, BudgetError, MissingExtra.
    """
    if preset not in PRESETS:
        raise ConfigError(f"preset must be one of {', '.join(PRESETS)}, got {preset!r}")
    if not budget.entries:
        budget.gaussian_only()
    return _Fit(codes, [int(s) for s in sizes], budget, rho, weights, most_cells, names).run(preset)


class _Fit:
    """One run of `fit`: what has been measured so far, and what may still be spent."""

    def __init__(
        self,
        codes: Ints,
        sizes: list[int],
        budget: Budget,
        rho: float | None,
        weights: Sequence[float] | None,
        most_cells: int,
        names: Sequence[str] | None,
    ) -> None:
        self.codes, self.sizes, self.budget, self.most_cells = codes, sizes, budget, most_cells
        self.weights = [1.0] * len(sizes) if weights is None else [float(w) for w in weights]
        self.names = [str(c) for c in range(len(sizes))] if names is None else list(names)
        self.rho = budget.rho_left if rho is None else rho
        self.keep = budget.rho_left - self.rho
        self.measured: list[Measured] = []
        self.levels: list[Levels] = []
        self.start: dict[Clique, Floats] = {}
        self.total = 1.0

    def run(self, preset: str) -> Model:
        """Return the model; the story of the module's head."""
        columns = [(c,) for c in range(len(self.sizes))]
        if preset == "independent" or len(columns) == 1:
            self.measure(columns, self.left)
            self.join_rare(0.0)
            return self.model([], preset)
        self.measure(columns, self.rho * SINGLE)
        pairs: list[Clique] = list(itertools.combinations(range(len(columns)), 2))
        look = self.rho * PAIRS
        self.join_rare(RARE * (2 * look / len(pairs)) ** -0.5)
        self.measure(pairs, look)
        chosen = self.choose(pairs, preset)
        self.measure(chosen or columns, self.left)
        return self.model(chosen, preset)

    @property
    def left(self) -> float:
        """Return what may still be spent."""
        return self.budget.rho_left - self.keep

    def measure(self, groups: Sequence[Clique], rho: float) -> None:
        """Measure groups of columns with rho for all of them together."""
        cells = [lv.groups for lv in self.levels] or self.sizes
        share = plan.shares(groups, cells, POWER if len(groups[0]) > 1 else 0.0, self.weights)
        until = self.budget.rho_left - rho
        for i, (group, part) in enumerate(zip(groups, share, strict=True)):
            cost = rho * float(part) if i < len(groups) - 1 else self.budget.rho_left - until
            what = f"counts of column{'s' * (len(group) > 1)} {' x '.join(self.names[c] for c in group)}"
            noisy = self.budget.gaussian(self.counter(group, cells), rho=cost, what=what)
            sigma = self.budget.entries[-1].scale
            self.measured.append(Measured(group, noisy.astype(np.float64), sigma))

    def counter(self, group: Clique, cells: Sequence[int]) -> Callable[[], Ints]:
        """Return the function that counts rows in each cell, for the budget to call."""

        def count() -> Ints:
            parts = [self.levels[c].to[self.codes[:, c]] if self.levels else self.codes[:, c] for c in group]
            at = np.ravel_multi_index(tuple(parts), [cells[c] for c in group])
            return np.bincount(at, minlength=junction.cells(group, cells))

        return count

    def join_rare(self, least: float) -> None:
        """Join rare levels from here on; what was measured is summed, which costs nothing."""
        self.levels = [Levels.of(m.counts, m.sigma, least) for m in self.measured]
        self.total = estimate.total_of(self.measured)
        pairs = zip(self.measured, self.levels, strict=True)
        self.measured = [Measured(m.columns, lv.fold(m.counts), m.sigma) for m, lv in pairs]

    def choose(self, pairs: list[Clique], preset: str) -> list[Clique]:
        """Return the pairs that the model shall hold, from the noisy counts alone."""
        sizes = [lv.groups for lv in self.levels]
        noisy: dict[Clique, Measured] = {m.columns: m for m in self.measured if len(m.columns) == 2}
        chosen: list[Clique] = []
        rounds = ROUNDS if preset == "adaptive" else 1
        for most in np.geomspace(self.most_cells / 10, self.most_cells, ROUNDS)[-rounds:]:
            fitted = self.solve(chosen, LOOK_STEPS)
            expected = {p: self.total * junction.marginal(fitted.tree, fitted.beliefs, p).ravel() for p in pairs}
            gain = plan.gains(noisy, expected, self.total, self.weights)
            if preset == "tree":
                return plan.forest(gain, len(sizes))
            chosen = plan.grow(chosen, gain, sizes, int(most))
        return chosen

    def solve(self, pairs: list[Clique], steps: int) -> estimate.Fitted:
        """Return the model of all measurements that a junction tree of these pairs can hold."""
        tree = junction.build(pairs, [lv.groups for lv in self.levels])
        held = estimate.merge([m for m in self.measured if tree.home(m.columns) >= 0])
        fitted = estimate.solve(tree, held, self.total, strength=STRENGTH, steps=steps, start=self.start)
        self.start = dict(zip(fitted.groups, fitted.exponents, strict=True))
        return fitted

    def model(self, chosen: list[Clique], preset: str) -> Model:
        """Return the model of everything measured."""
        fitted = self.solve(chosen, STEPS)
        facts = {"preset": preset, "pairs": len(chosen), "cells": fitted.tree.cells, "steps": fitted.steps}
        if preset != "independent" and not chosen:
            facts["fallback"] = "no pair of columns stands out of the noise: columns are independent"
        groups, exponents = tuple(fitted.groups), tuple(fitted.exponents)
        return Model(
            tuple(self.sizes),
            tuple(self.levels),
            fitted.tree,
            self.total,
            groups,
            exponents,
            tuple(self.measured),
            facts,
        )
