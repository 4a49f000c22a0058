"""Estimation: the distribution of largest entropy that agrees with noisy marginals as far as their noise allows.

Minimises  N (log Z(u) - sum_m u_m . y_m / N) + w / 2 sum_m sigma_m^2 |u_m|^2  over tables u_m, one for each measured
marginal y_m with noise sigma_m; the distribution is proportional to exp(sum_m u_m). It is the dual of

    minimise  sum_m |N mu_m(p) - y_m|^2 / (2 sigma_m^2) + w N KL(p || uniform)

with w = EVENNESS / (the middle sigma), so that a cell is followed the more closely the less noise it has, and what is
not measured stays as even as can be. One evaluation is one round of messages through the junction tree;
L-BFGS with a diagonal scale needs a few dozen to a few hundred.

References: McKenna, Sheldon and Miklau (2019), Graphical-model based estimation and inference for differential privacy;
Dudik, Phillips and Schapire (2007), Maximum entropy density estimation with generalized regularization; Liu and
Nocedal (1989), On the limited memory BFGS method.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulacra.parts import junction
from simulacra.parts.junction import Clique, Tree

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


EVENNESS = 0.3
"""Weight of evenness: an exponent of 1 costs as much as a residual of so many deviations of the noise."""
MEMORY = 12
"""Past moves from which L-BFGS learns the curvature."""
LEAP = 8.0
"""Largest change of an exponent in one move."""
SMALL = 1e-5
"""Slope, relative to the first, at which the estimate counts as found."""
LEAST_NOISE = 3.0
"""Noise below which counts are not followed more closely: a cell one below zero would else pull without end."""


@dataclass(frozen=True)
class Measured:
    """A noisy marginal. columns: in rising order. counts: (cells,) noisy counts in C order. sigma: noise of a cell."""

    columns: Clique
    counts: Floats
    sigma: float


@dataclass(frozen=True)
class Fitted:
    """exponents: a table for each group of columns; beliefs: marginals of the cliques; steps: evaluations made."""

    tree: Tree
    groups: list[Clique]
    exponents: list[Floats]
    beliefs: list[Floats]
    steps: int


def total_of(measured: Sequence[Measured]) -> float:
    """Return the number of rows that the marginals' sums suggest, each weighted by its noise; at least 1."""
    weights = [1 / (len(m.counts) * m.sigma**2 + 1e-12) for m in measured]
    sums = [float(m.counts.sum()) for m in measured]
    return max(1.0, float(np.dot(weights, sums) / np.sum(weights))) if measured else 1.0


def merge(measured: Sequence[Measured]) -> list[Measured]:
    """Return one marginal for each group of columns: repeated measurements are averaged by their precision."""
    found: dict[Clique, list[Measured]] = {}
    for m in measured:
        found.setdefault(m.columns, []).append(m)
    out = []
    for columns, same in found.items():
        weights = np.array([m.sigma**-2 for m in same])
        counts = sum(w * m.counts for w, m in zip(weights, same, strict=True)) / weights.sum()
        out.append(Measured(columns, counts, float(weights.sum() ** -0.5)))
    return out


Plan = list[tuple[int, int]]
"""Groups that belong to one clique, large ones first, each with the larger group that holds it, or -1."""


def plans(tree: Tree, groups: Sequence[Clique]) -> list[Plan]:
    """Return for each clique which groups belong to it."""
    cells = [junction.cells(g, tree.sizes) for g in groups]
    out: list[Plan] = [[] for _ in tree.cliques]
    for k in sorted(range(len(groups)), key=lambda k: (-len(groups[k]), -cells[k], groups[k])):
        own = out[tree.home(groups[k])]
        above = [j for j, _ in own if set(groups[k]) < set(groups[j])]
        own.append((k, min(above, key=lambda j: cells[j]) if above else -1))
    return out


def factors(
    planned: Sequence[Plan], groups: Sequence[Clique], exponents: Sequence[Floats]
) -> tuple[list[list[tuple[Clique, Floats]]], float]:
    """Return the factors of each clique, and the logarithm of the scale that was taken out of them.

    Exponents of a group inside a larger one are added to it first, so that fewer and better scaled tables are raised.
    """
    out: list[list[tuple[Clique, Floats]]] = []
    lifted = 0.0
    for own in planned:
        joined = {k: exponents[k] for k, _ in own}
        for k, above in reversed(own):
            if above >= 0:
                joined[above] = joined[above] + junction.spread(joined[k], groups[k], groups[above])
        raised = []
        for k, above in own:
            if above < 0:
                top = float(joined[k].max())
                lifted += top
                raised.append((groups[k], np.exp(joined[k] - top)))
        out.append(raised)
    return out, lifted


class Problem:
    """The function to minimise for one tree and one list of merged measurements, in scaled unknowns."""

    def __init__(self, tree: Tree, measured: Sequence[Measured], total: float) -> None:
        self.tree, self.measured, self.total = tree, list(measured), total
        self.shapes = [tuple(tree.sizes[c] for c in m.columns) for m in measured]
        self.ends = np.cumsum([0] + [len(m.counts) for m in measured])
        self.counts = np.concatenate([m.counts for m in measured])
        noise = np.array([max(m.sigma, LEAST_NOISE) for m in measured])
        ridges = EVENNESS / float(np.median(noise)) * noise**2
        self.ridge = np.repeat(ridges, [len(m.counts) for m in measured])
        # Near the optimum the curvature of a cell is its expected count plus its ridge.
        self.scale = 1 / np.sqrt(np.maximum(self.counts, 0.0) + self.ridge + 1.0)
        self.groups = [m.columns for m in measured]
        self.plans = plans(tree, self.groups)
        self.last: list[Floats] = []

    def tables(self, u: Floats) -> list[Floats]:
        """Return the exponents of each measurement as a table."""
        return [u[a:b].reshape(s) for a, b, s in zip(self.ends[:-1], self.ends[1:], self.shapes, strict=True)]

    def value(self, v: Floats) -> tuple[float, Floats]:
        """Return the function and its gradient at scaled unknowns v."""
        u = v * self.scale
        products, lifted = factors(self.plans, self.groups, self.tables(u))
        self.last, log_sum = junction.beliefs(self.tree, products)
        expected = np.empty(len(u))
        for clique, plan, belief in zip(self.tree.cliques, self.plans, self.last, strict=True):
            done: dict[int, Floats] = {}
            for k, above in plan:
                source, names = (belief, clique) if above < 0 else (done[above], self.groups[above])
                done[k] = junction.fold(source, names, self.groups[k])
                expected[self.ends[k] : self.ends[k + 1]] = done[k].ravel()
        expected *= self.total
        ridge = self.ridge * u
        value = self.total * (log_sum + lifted) - float(u @ self.counts) + 0.5 * float(u @ ridge)
        return value, (expected - self.counts + ridge) * self.scale


def solve(
    tree: Tree,
    measured: Sequence[Measured],
    total: float,
    *,
    steps: int,
    start: dict[Clique, Floats] | None = None,
) -> Fitted:
    """Return the distribution of largest entropy that fits the measurements; see the head of this module.

    tree: holds the columns of each measurement in a clique. measured: one for each group of columns (see `merge`).
    total: rows. steps: most evaluations. start: exponents to begin with.
    """
    problem = Problem(tree, measured, total)
    given = start or {}
    u = np.concatenate([given.get(m.columns, np.zeros(len(m.counts))).ravel() for m in problem.measured])
    best, used = _descend(problem, u / problem.scale, steps)
    problem.value(best)
    return Fitted(tree, problem.groups, problem.tables(best * problem.scale), problem.last, used)


def _descend(problem: Problem, v: Floats, steps: int) -> tuple[Floats, int]:
    """Return the lowest point that L-BFGS with backtracking reaches in so many evaluations, and their number."""
    value, slope = problem.value(v)
    past: deque[tuple[Floats, Floats]] = deque(maxlen=MEMORY)
    used, first = 1, float(np.abs(slope).max())
    while used < steps and float(np.abs(slope).max()) > SMALL * max(first, 1.0):
        way = -_newton(slope, past)
        # No exponent may jump by more than LEAP at once: far steps leave the range of floating point.
        length = min(1.0, LEAP / max(float(np.abs(way * problem.scale).max()), 1e-300))
        gain = float(way @ slope)
        while used < steps:
            there, ahead = problem.value(v + length * way)
            used += 1
            if there <= value + 1e-4 * length * gain:
                break
            length *= 0.5
        else:
            break
        move, turn = length * way, ahead - slope
        if float(move @ turn) > 1e-12 * float(turn @ turn):
            past.append((move, turn))
        done = value - there < 1e-10 * abs(value)
        v, value, slope = v + move, there, ahead
        if done:
            break
    return v, used


def _newton(slope: Floats, past: deque[tuple[Floats, Floats]]) -> Floats:
    """Return the slope times the inverse curvature that the past moves suggest (two-loop recursion)."""
    way, weights = slope.copy(), []
    for move, turn in reversed(past):
        weights.append(float(move @ way) / float(move @ turn))
        way -= weights[-1] * turn
    if past:
        move, turn = past[-1]
        way *= float(move @ turn) / float(turn @ turn)
    for (move, turn), weight in zip(past, reversed(weights), strict=True):
        way += (weight - float(turn @ way) / float(move @ turn)) * move
    return way
