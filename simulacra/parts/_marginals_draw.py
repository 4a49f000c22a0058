"""Rows from a junction tree's marginals, with far less scatter than independent draws.

A column is drawn given those columns of its clique that have been drawn. Rows with the same given codes stand together,
sorted by what else they hold, and take their level at the points of a golden-ratio sequence: every run of neighbouring
rows then holds each level almost exactly as often as expected.

References: Kuipers and Niederreiter (1974), Uniform distribution of sequences; McKenna et al. (2021), Winning the NIST
contest, for counts that are rounded instead of drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulacra.parts import junction

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.parts.junction import Clique, Tree

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

GOLDEN = 0.6180339887498949
CLOSE = 1e-9
"""Chance below which a level at the end counts as none."""
MOST_KEY = 2**62
"""Room for the codes that rows are sorted by, packed into one number."""


def draw(tree: Tree, beliefs: list[Floats], n: int, rng: np.random.Generator) -> Ints:
    """Return (n, columns) codes. beliefs: marginal probabilities of each clique, consistent with one another."""
    out = np.zeros((n, len(tree.sizes)), dtype=np.int64, order="F")
    drawn: list[int] = []
    ties = rng.permutation(n)
    for clique, shared, belief in zip(tree.cliques, tree.shared, beliefs, strict=True):
        given = list(shared)
        for column in sorted(set(clique) - set(shared), key=lambda c: tree.sizes[c]):
            group, table = _conditional(tree, clique, belief, tuple(given), column, out)
            order = _sorted(group, len(table), out, drawn[::-1], tree.sizes, ties)
            out[:, column] = _levels(group, table, order, rng)
            given = sorted([*given, column])
            drawn.append(column)
    return out[rng.permutation(n)]


def _conditional(
    tree: Tree, clique: Clique, belief: Floats, given: Clique, column: int, out: Ints
) -> tuple[Ints, Floats]:
    """Return the row of the table for each drawn row, and the table (given cells, levels) of probabilities."""
    columns = tuple(sorted((*given, column)))
    joint = np.moveaxis(junction.fold(belief, clique, columns), columns.index(column), -1)
    sizes = [tree.sizes[c] for c in given]
    table = joint.reshape(-1, tree.sizes[column])
    group = np.ravel_multi_index(tuple(out[:, list(given)].T), sizes) if given else np.zeros(len(out), dtype=np.int64)
    return group, table


def _levels(group: Ints, table: Floats, order: Ints, rng: np.random.Generator) -> Ints:
    """Return a level for each row. group: the row's row in `table`. order: rows as they stand together."""
    n, width = len(group), table.shape[1]
    points = np.minimum((rng.random() + GOLDEN * np.arange(n)) % 1.0, 1 - CLOSE)
    sums = table.sum(axis=1, keepdims=True)
    shares = np.divide(table, sums, out=np.full_like(table, 1 / width), where=sums > 0)
    ends = np.cumsum(shares, axis=1)
    # From the last level that has a chance on, so that rounding never reaches one that has none.
    ends[ends > 1 - CLOSE] = 1.0
    flat = (ends + np.arange(len(ends))[:, None]).ravel()
    at = np.searchsorted(flat, group[order] + points, side="right")
    levels = np.empty(n, dtype=np.int64)
    levels[order] = np.clip(at - group[order] * width, 0, width - 1)
    return levels


def _sorted(group: Ints, groups: int, out: Ints, latest: list[int], sizes: tuple[int, ...], ties: Ints) -> Ints:
    """Return the rows in order of their group, then of the columns drawn latest, then as they stand in `ties`."""
    key, room = group[ties], MOST_KEY // max(1, groups)
    for column in latest:
        room //= sizes[column]
        if room < 1:
            break
        key = key * sizes[column] + out[ties, column]
    return ties[np.argsort(key, kind="stable")]
