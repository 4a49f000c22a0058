"""Private synthesis from noisy marginals: measure, choose, measure again, estimate, draw.

All counts are whole numbers that leave through `budget.gaussian` alone. Every column is counted first. Then two rounds
choose pairs of columns by one noisy number each, the L1 distance of the pair's counts to those that the model so far
expects: the first round gives a spanning forest, which is measured; the second the pairs that the forest does not
explain. What is left measures all chosen pairs. Only pairs are measured: tables of three columns have so many cells
that their noise costs more than what they add. Every release is a Gaussian, so that the exact accounting of Gaussians
applies, and a round of distances costs less than a choice by the exponential mechanism for each pair. The model is the
distribution of largest entropy that fits (estimate.py) on a junction tree of limited size (junction.py).

References: McKenna, Mullins, Sheldon and Miklau (2022), AIM: an adaptive and iterative mechanism for differentially
private synthetic data; McKenna, Miklau and Sheldon (2021), Winning the NIST contest (MST).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from simulacra.core.errors import ConfigError
from simulacra.parts import _marginals_plan as plan
from simulacra.parts import estimate, junction
from simulacra.parts._marginals_draw import draw
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
SINGLE, SCORES, FOREST = 0.15, 0.05, 0.15
"""Shares of the budget for all columns, for each of two rounds of distances, and for the first forest of pairs."""
POWER = 0.5
"""Noise of pairs is divided by their cells to this power; 2/3 is best for equal weights, less protects small pairs."""
RARE = 0.5
"""Levels with fewer rows than so many deviations of a pair's noise are joined."""
LOOK_STEPS, STEPS = 60, 300
"""Most evaluations of an estimate on the way, and of the last one."""
MOST_CELLS = {"adaptive": 80_000, "tree": 3_000, "independent": 0}
"""Cells that the junction tree may have."""
DRAWN = 60_000
"""Rows drawn from the first model to learn its marginals."""


def fit(
    codes: Ints,
    sizes: Sequence[int],
    budget: Budget,
    *,
    preset: str = "adaptive",
    rho: float | None = None,
    weights: Sequence[float] | None = None,
    most_cells: int | None = None,
    names: Sequence[str] | None = None,
) -> Model:
    """Return a model of the rows' codes, paid from the budget; nothing else about the rows is in it.

    codes: (rows, columns) from 0 to sizes - 1. sizes: levels of each column, public. preset: "adaptive" holds as many
    pairs of columns as the noise bears and most_cells allows; "tree" does so with a small junction tree around the
    spanning forest of pairs (Chow and Liu 1968), several times as fast; "independent" holds single columns. rho: what
    to spend, all that is left when None. weights: how much each column counts, > 0. most_cells: of the junction tree,
    the limit on time and memory; None for that of the preset. names: of the columns, for the ledger.
    Raises ConfigError, BudgetError, MissingExtra.
    """
    if preset not in PRESETS:
        raise ConfigError(f"preset must be one of {', '.join(PRESETS)}, got {preset!r}")
    if not budget.entries:
        budget.gaussian_only()
    most = MOST_CELLS[preset] if most_cells is None else most_cells
    return _Fit(codes, [int(s) for s in sizes], budget, rho, weights, most, names).run(preset)


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
        chosen = self.choose(pairs)
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
            noisy = self.budget.gaussian(partial(self.count_private, group, cells), rho=cost, what=what)
            sigma = self.budget.entries[-1].scale
            self.measured.append(Measured(group, noisy.astype(np.float64), sigma))

    @cached_property
    def grouped(self) -> Ints:
        """Return the codes of groups of levels."""
        return np.stack([lv.to[self.codes[:, c]] for c, lv in enumerate(self.levels)]).T

    def count_private(self, group: Clique, sizes: Sequence[int]) -> Ints:
        """Return the exact counts of a group, for the budget to call once it has charged."""
        return self.count(self.grouped if self.levels else self.codes, group, sizes)

    @staticmethod
    def count(codes: Ints, group: Clique, sizes: Sequence[int]) -> Ints:
        """Return how many rows lie in each cell of a group."""
        at = codes[:, group[0]]
        for column in group[1:]:
            at = at * sizes[column] + codes[:, column]
        return np.bincount(at, minlength=junction.cells(group, sizes))

    def join_rare(self, least: float) -> None:
        """Join rare levels from here on; what was measured is summed, which costs nothing."""
        self.levels = [Levels.of(m.counts, m.sigma, least) for m in self.measured]
        self.total = estimate.total_of(self.measured)
        pairs = zip(self.measured, self.levels, strict=True)
        self.measured = [Measured(m.columns, lv.fold(m.counts), m.sigma) for m, lv in pairs]

    def choose(self, pairs: list[Clique]) -> list[Clique]:
        """Return the pairs that the model shall hold, from noisy distances between their counts and a model's.

        One number a pair has far less noise than a table. A spanning forest by the distance to independent columns
        comes first and is measured; a second round of distances is to the model of that forest.
        """
        later = (2 * self.rho * (1 - SINGLE - SCORES) / len(self.sizes)) ** -0.5
        self.join_rare(RARE * later)
        sizes = [lv.groups for lv in self.levels]
        alone = self.solve([], LOOK_STEPS)
        expected = {p: self.total * junction.marginal(alone.tree, alone.beliefs, p).ravel() for p in pairs}
        chosen = plan.forest(self.score(pairs, expected, self.rho * SCORES, later), len(sizes))
        if not chosen:
            return chosen
        self.measure(chosen, self.rho * FOREST)
        fitted = self.solve(chosen, LOOK_STEPS)
        rows = np.asfortranarray(draw(fitted.tree, fitted.beliefs, DRAWN, np.random.default_rng(0)))
        each = np.float64(self.total / DRAWN)
        expected = {p: self.count(rows, p, sizes).astype(np.float64) * each for p in pairs}
        return plan.grow(chosen, self.score(pairs, expected, self.rho * SCORES, later), sizes, self.most_cells)

    def score(
        self, pairs: list[Clique], expected: dict[Clique, Floats], rho: float, later: float
    ) -> dict[Clique, float]:
        """Return what measuring each pair would gain, from noisy distances; one row moves each by one at most."""
        sizes = [lv.groups for lv in self.levels]
        whole = {p: np.rint(e).astype(np.int64) for p, e in expected.items()}

        def distances() -> Ints:
            codes = self.grouped
            return np.array([np.abs(self.count(codes, p, sizes) - whole[p]).sum() for p in pairs], dtype=np.int64)

        what = f"distances of {len(pairs)} pairs of columns to a model"
        noisy = self.budget.gaussian(distances, rho=rho, what=what, sensitivity=len(pairs) ** 0.5)
        sigma = self.budget.entries[-1].scale
        scores = dict(zip(pairs, noisy.astype(np.float64).tolist(), strict=True))
        return plan.gains(scores, expected, sigma, later, self.total, self.weights)

    def solve(self, pairs: list[Clique], steps: int) -> estimate.Fitted:
        """Return the model of all measurements that a junction tree of these pairs can hold."""
        tree = junction.build(pairs, [lv.groups for lv in self.levels])
        held = estimate.merge([m for m in self.measured if tree.home(m.columns) >= 0])
        fitted = estimate.solve(tree, held, self.total, steps=steps, start=self.start)
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
