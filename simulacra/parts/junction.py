"""Junction trees: exact marginals of a product of small tables by passing messages between cliques.

A distribution over coded columns is the normalised product of tables over groups of columns. The groups' graph is
triangulated, its largest cliques are joined to a tree, and two sweeps of messages give the marginal of every clique.
Everything is plain numpy on the cliques' cells; nothing is compiled.

References: Lauritzen and Spiegelhalter (1988), Local computations with probabilities on graphical structures; Jensen,
Lauritzen and Olesen (1990), Bayesian updating in causal probabilistic networks by local computations.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

Clique = tuple[int, ...]
"""Numbers of columns in rising order."""


@dataclass(frozen=True)
class Tree:
    """A junction tree. cliques: in an order where each one's parent stands before it. parent: of each, -1 for a root.
    shared: the columns that a clique shares with its parent. sizes: cells of each column.
    """

    cliques: tuple[Clique, ...]
    parent: tuple[int, ...]
    shared: tuple[Clique, ...]
    sizes: tuple[int, ...]

    @property
    def cells(self) -> int:
        """Return the cells of all cliques together."""
        return sum(cells(c, self.sizes) for c in self.cliques)

    def home(self, columns: Iterable[int]) -> int:
        """Return the smallest clique that holds all `columns`, -1 when none does."""
        wanted = set(columns)
        fits = [i for i, c in enumerate(self.cliques) if wanted <= set(c)]
        return min(fits, key=lambda i: cells(self.cliques[i], self.sizes)) if fits else -1


def cells(columns: Iterable[int], sizes: Sequence[int]) -> int:
    """Return the number of cells of a table over `columns`."""
    return math.prod(sizes[c] for c in columns)


def maximal_cliques(groups: Iterable[Clique], sizes: Sequence[int]) -> list[Clique]:
    """Return the largest cliques of a triangulated graph in which every group is complete.

    The column whose removal makes the smallest clique goes first (min-weight elimination); every column is in a clique.
    """
    near: list[set[int]] = [set() for _ in sizes]
    for group in groups:
        for a in group:
            near[a].update(group)
    for a, around in enumerate(near):
        around.discard(a)
    weight = [math.log(s) for s in sizes]
    cost = [weight[a] + sum(weight[b] for b in near[a]) for a in range(len(sizes))]
    alive = set(range(len(sizes)))
    found: list[frozenset[int]] = []
    while alive:
        a = min(alive, key=lambda x: (cost[x], x))
        around = near[a]
        clique = frozenset(around | {a})
        if not any(clique <= other for other in found):
            found.append(clique)
        alive.remove(a)
        for b in around:
            near[b] |= around
            near[b] -= {a, b}
        for b in around:
            cost[b] = weight[b] + sum(weight[c] for c in near[b])
    return [tuple(sorted(c)) for c in found]


def build(groups: Iterable[Clique], sizes: Sequence[int]) -> Tree:
    """Return the junction tree in which every group of columns has a clique that holds it.

    groups: of column numbers. sizes: cells of each column, >= 1. The tree spans the cliques with the most columns
    shared (maximum spanning tree); parts that share nothing are roots of their own.
    """
    cliques = maximal_cliques(groups, sizes)
    left = set(range(1, len(cliques)))
    order, parent = [0], [-1]
    shared: list[Clique] = [()]
    # Prim's method: best[i] is (columns shared with a placed clique, its place).
    best = {i: (len(set(cliques[i]) & set(cliques[0])), 0) for i in left}
    while left:
        i = max(left, key=lambda x: (best[x][0], -x))
        many, at = best[i]
        left.remove(i)
        order.append(i)
        parent.append(at if many else -1)
        shared.append(tuple(sorted(set(cliques[i]) & set(cliques[order[at]]))) if many else ())
        for j in left:
            many = len(set(cliques[j]) & set(cliques[i]))
            if many > best[j][0]:
                best[j] = (many, len(order) - 1)
    return Tree(tuple(cliques[i] for i in order), tuple(parent), tuple(shared), tuple(int(s) for s in sizes))


def spread(table: Floats, columns: Clique, clique: Clique) -> Floats:
    """Return a view of a table over `columns` that broadcasts against a table over `clique`."""
    inside = set(columns)
    kept = iter(table.shape)
    return table.reshape([next(kept) if c in inside else 1 for c in clique])


def fold(table: Floats, clique: Clique, columns: Clique) -> Floats:
    """Return the sums of a table over `clique` for each cell of `columns`."""
    if clique == columns:
        return table
    inside = set(columns)
    axes = tuple(i for i, c in enumerate(clique) if c not in inside)
    shape = table.shape
    if axes == tuple(range(len(clique) - len(axes), len(clique))):
        out: Floats = table.reshape(*(shape[i] for i in range(len(clique) - len(axes))), -1).sum(axis=-1)
        return out
    for axis in reversed(axes):
        table = table.sum(axis=axis)
    return table


def beliefs(tree: Tree, factors: Sequence[Sequence[tuple[Clique, Floats]]]) -> tuple[list[Floats], float]:
    """Return the marginal probabilities of every clique, and the logarithm of the normalising sum.

    factors: for each clique, (columns, table) of non-negative factors over columns of that clique. Tables may have any
    scale; only a clique whose product is zero everywhere cannot be normalised and gives zeros and inf.
    """
    tables, log_sum = [], 0.0
    for clique, own in zip(tree.cliques, factors, strict=True):
        tables.append(_product(clique, own, tree.sizes))
    up: list[Floats] = [np.ones(())] * len(tables)
    for i in range(len(tables) - 1, -1, -1):
        at = tree.parent[i]
        message = fold(tables[i], tree.cliques[i], tree.shared[i]) if at >= 0 else tables[i].sum()
        largest = float(message.max())
        if not 1e-290 < largest < math.inf:
            return [np.zeros_like(t) for t in tables], math.inf
        log_sum += math.log(largest)
        tables[i] /= largest
        if at >= 0:
            up[i] = message / largest
            tables[at] *= spread(up[i], tree.shared[i], tree.cliques[at])
    for i, at in enumerate(tree.parent):
        if at >= 0:
            down = fold(tables[at], tree.cliques[at], tree.shared[i])
            ratio = np.divide(down, up[i], out=np.zeros_like(down), where=up[i] > 0)
            tables[i] *= spread(ratio, tree.shared[i], tree.cliques[i])
    return tables, log_sum


def marginal(tree: Tree, tables: Sequence[Floats], columns: Clique) -> Floats:
    """Return the marginal of any `columns`, in rising order, from those of the cliques, by elimination along the tree.

    tables: marginal probabilities of each clique, as `beliefs` returns them.
    """
    if (at := tree.home(columns)) >= 0:
        return fold(tables[at], tree.cliques[at], columns)
    # A column is taken from the clique nearest to the root that holds it; what lies below comes up with the messages.
    below: list[list[tuple[Clique, Floats]]] = [[] for _ in tables]
    for i in range(len(tables) - 1, 0, -1):
        shared = tree.shared[i]
        wanted = set(columns) & (set(tree.cliques[i]) - set(shared))
        if wanted or below[i]:
            names, table = _gather(tree.cliques[i], tables[i], {*shared, *wanted}, below[i])
            given = np.broadcast_to(spread(fold(tables[i], tree.cliques[i], shared), shared, names), table.shape)
            table = np.divide(table, given, out=np.zeros_like(table), where=given > 0)
            below[max(tree.parent[i], 0)].append((names, table))
    return _gather(tree.cliques[0], tables[0], set(columns) & set(tree.cliques[0]), below[0])[1]


def _gather(
    clique: Clique, table: Floats, keep: set[int], below: Sequence[tuple[Clique, Floats]]
) -> tuple[Clique, Floats]:
    """Return a clique's marginal times the messages from below, over `keep` and the columns carried up from below."""
    met = {c for names, _ in below for c in names}
    names = tuple(sorted(keep | (met & set(clique))))
    out = fold(table, clique, names)
    for other, factor in below:
        both = tuple(sorted({*names, *other}))
        out, names = spread(out, names, both) * spread(factor, other, both), both
    kept = tuple(sorted(keep | (met - set(clique))))
    return kept, fold(out, names, kept)


def _product(clique: Clique, own: Sequence[tuple[Clique, Floats]], sizes: Sequence[int]) -> Floats:
    """Return the product of factors as a new table over the clique; small ones are joined before they are spread."""
    table = np.ones([sizes[c] for c in clique])
    for columns, factor in own:
        table *= spread(factor, columns, clique)
    return table
