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
SORTED = 14
"""Columns, the latest drawn, by which rows with the same given codes are sorted."""


def draw(tree: Tree, beliefs: list[Floats], n: int, rng: np.random.Generator) -> Ints:
    """Return (n, columns) codes. beliefs: marginal probabilities of each clique, consistent with one another."""
    out = np.zeros((n, len(tree.sizes)), dtype=np.int64)
    drawn: list[int] = []
    for clique, shared, belief in zip(tree.cliques, tree.shared, beliefs, strict=True):
        given = list(shared)
        for column in sorted(set(clique) - set(shared), key=lambda c: tree.sizes[c]):
            group, table = _conditional(tree, clique, belief, tuple(given), column, out)
            out[:, column] = _levels(group, table, out[:, drawn[: -SORTED - 1 : -1]], rng)
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


def _levels(group: Ints, table: Floats, others: Ints, rng: np.random.Generator) -> Ints:
    """Return a level for each row."""
    n = len(group)
    order = np.lexsort((rng.random(n), *others.T[::-1], group))
    points = (rng.random() + GOLDEN * np.arange(n)) % 1.0
    ends = np.cumsum(table, axis=1)
    totals = ends[:, -1:]
    ends = np.divide(
        ends,
        totals,
        out=np.broadcast_to(np.linspace(1 / ends.shape[1], 1, ends.shape[1]), ends.shape).copy(),
        where=totals > 0,
    )
    ends[:, -1] = 1.0
    flat = (ends + np.arange(len(ends))[:, None]).ravel()
    at = np.searchsorted(flat, group[order] + points, side="right")
    levels = np.empty(n, dtype=np.int64)
    levels[order] = np.clip(at - group[order] * ends.shape[1], 0, ends.shape[1] - 1)
    return levels
