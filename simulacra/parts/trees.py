"""The one tree builder of the house: axis-parallel trees on small integer codes, grown a level at a time by histograms.

A tree is a dict of flat arrays, node 0 the root, the right child always the one after the left. Every node knows its
slice of the training rows in leaf order, so that a leaf and each of its ancestors are one slice of a donor list.
numpy alone does the work: at this size a level costs a few `bincount`s a column, and nothing heavier need be imported.

References: Breiman et al. (1984), Classification and Regression Trees; Reiter (2005), Using CART to generate partially
synthetic public use microdata.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypedDict

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Codes = npt.NDArray[np.unsignedinteger]
    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]


class Cuts(TypedDict):
    """Flat arrays, one entry a node.

    feature: row of the code matrix that the node asks about, -1 in a leaf; cut: codes up to it go left; left: the left
    child.
    """

    feature: npt.NDArray[np.int32]
    cut: npt.NDArray[np.int32]
    left: npt.NDArray[np.int32]


class Tree(Cuts):
    """Cuts, and for each node: up: the parent (the root's is 0); start, stop: its slice of the rows in leaf order."""

    up: npt.NDArray[np.int32]
    start: npt.NDArray[np.int32]
    stop: npt.NDArray[np.int32]


def grow(
    codes: Codes,
    targets: Floats,
    *,
    leaf: int,
    gain: float = 0.0,
    depth: int = 40,
    rows: Ints | None = None,
    weights: Floats | None = None,
) -> tuple[Tree, Ints]:
    """Grow a tree that lowers the summed variance of `targets`, and return it with the leaf of every row.

    codes: (columns, rows) small unsigned integers; targets: (outputs, rows); leaf: fewest training rows in a leaf;
    gain: smallest drop of the summed squares that a cut must bring, in units of the node's variance: 1 is what a cut of
    pure noise brings on average, so 2 or more keeps a tree from following noise; depth: most cuts on a path;
    rows: the rows that choose the cuts (all of them still fill the leaves, which may then hold fewer than `leaf`);
    weights: (rows,) the second derivatives when the targets are gradients, see parts.boost.
    """
    here = _Level.root(np.arange(codes.shape[1]) if rows is None else rows)
    sizes = [int(c.max(initial=0)) + 1 for c in codes]
    nodes: list[tuple[Ints, Ints, Ints, Ints]] = [_leaves(np.zeros(1, np.int64))]
    total = 1
    for _ in range(depth):
        here = here.splittable(leaf)
        if not here.ids.size:
            break
        feature, cut = _best_cuts(codes, sizes, targets, here, leaf, gain, weights)
        split = feature >= 0
        if not split.any():
            break
        left = np.where(split, total + 2 * (np.cumsum(split) - 1), 0)
        _write(nodes[-1], here.ids - (total - len(nodes[-1][0])), feature, cut, left)
        nodes.append(_leaves(np.repeat(here.ids[split], 2)))
        here = here.children(codes, feature, cut, left, total)
        total += len(nodes[-1][0])
    feature, cut, left, up = (np.concatenate(parts) for parts in zip(*nodes, strict=True))
    return _with_ranges(feature, cut, left, up, codes)


def find(tree: Cuts, codes: Codes) -> Ints:
    """Return the leaf of every column of `codes`, (columns, rows) -> (rows,)."""
    n = codes.shape[1]
    found = np.zeros(n, dtype=np.int64)
    feature, cut, left = tree["feature"].astype(np.int64), tree["cut"], tree["left"].astype(np.int64)
    if not n or feature[0] < 0:
        return found
    flat = np.ascontiguousarray(codes).ravel()
    offset = feature * n  # where each node's column starts in `flat`
    rows, node = np.arange(n), np.zeros(n, dtype=np.int64)
    while rows.size:
        node = left.take(node) + (flat.take(offset.take(node) + rows) > cut.take(node))
        inner = feature.take(node) >= 0
        if not inner.all():
            found[rows[~inner]] = node[~inner]
            rows, node = rows[inner], node[inner]
    return found


def leaf_order(tree: Tree, leaves: Ints) -> Ints:
    """Return the training rows in leaf order, so that rows `order[start:stop]` belong to a node."""
    return np.argsort(tree["start"][leaves], kind="stable")


class _Level(NamedTuple):
    """The nodes of one level that may still be cut: global numbers, and for each row still in play its local node."""

    ids: Ints
    rows: Ints
    node: Ints

    @staticmethod
    def root(rows: Ints) -> _Level:
        return _Level(np.zeros(1, np.int64), rows, np.zeros(len(rows), np.int64))

    def splittable(self, leaf: int) -> _Level:
        """Keep the nodes with enough rows for two leaves."""
        big = np.bincount(self.node, minlength=len(self.ids)) >= 2 * leaf
        keep = big[self.node]
        return _Level(self.ids[big], self.rows[keep], (np.cumsum(big) - 1)[self.node[keep]])

    def children(self, codes: Codes, feature: Ints, cut: Ints, left: Ints, total: int) -> _Level:
        """Send the rows of every cut node to its children, which are numbered from `total`."""
        keep = feature[self.node] >= 0
        rows, node = self.rows[keep], self.node[keep]
        child = left[node] + (codes[feature[node], rows] > cut[node]) - total
        return _Level(total + np.arange(2 * int((feature >= 0).sum())), rows, child)


def _best_cuts(
    codes: Codes, sizes: list[int], targets: Floats, here: _Level, leaf: int, gain: float, weights: Floats | None
) -> tuple[Ints, Ints]:
    """Find each node's best column and cut, -1 where no cut gains enough; ties go to the first column and cut."""
    k = len(here.ids)
    y = targets[:, here.rows]
    count = np.bincount(here.node, minlength=k).astype(np.float64)
    sums = np.stack([np.bincount(here.node, t, minlength=k) for t in y])
    squares = np.bincount(here.node, (y**2).sum(0), minlength=k)
    w = None if weights is None else weights[here.rows]
    mass = count if w is None else np.bincount(here.node, w, minlength=k) + 1.0
    between = (sums**2).sum(0) / mass
    best = between + np.maximum(gain * (squares - between) / count, 1e-9 * squares)
    feature, cut = np.full(k, -1), np.zeros(k, np.int64)
    for j, size in enumerate(sizes):
        key = here.node * size + codes[j].take(here.rows)
        below = np.bincount(key, minlength=k * size).reshape(k, size).cumsum(1)[:, :-1]
        allowed = np.flatnonzero((below >= leaf) & (count[:, None] - below >= leaf))
        if not allowed.size:
            continue
        node, code = np.divmod(allowed, size - 1)
        left = below.ravel()[allowed].astype(np.float64)
        if w is not None:
            left = np.bincount(key, w, minlength=k * size).reshape(k, size).cumsum(1)[node, code] + 0.5
        right = mass[node] - left
        score = np.zeros(allowed.size)
        for t, whole in zip(y, sums, strict=True):
            s = np.bincount(key, t, minlength=k * size).reshape(k, size).cumsum(1)[node, code]
            score += s**2 / left + (whole[node] - s) ** 2 / right
        first = _begins(node)  # where each node's candidates begin
        top, who = np.maximum.reduceat(score, first), node[first]
        hits = np.flatnonzero(score == np.repeat(top, np.append(first[1:], node.size) - first))
        at = hits[_begins(node[hits])]  # first cut that reaches the top
        better = top > best[who]
        best[who[better]], feature[who[better]], cut[who[better]] = top[better], j, code[at[better]]
    return feature, cut


def _begins(groups: Ints) -> Ints:
    """Return where each run of equal numbers begins."""
    new = np.empty(groups.size, bool)
    new[:1] = True
    np.not_equal(groups[1:], groups[:-1], out=new[1:])
    return np.flatnonzero(new)


def _leaves(up: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    n = len(up)
    return np.full(n, -1), np.zeros(n, np.int64), np.zeros(n, np.int64), up


def _write(level: tuple[Ints, Ints, Ints, Ints], at: Ints, feature: Ints, cut: Ints, left: Ints) -> None:
    for column, values in zip(level, (feature, cut, left), strict=False):
        column[at] = values


def _with_ranges(feature: Ints, cut: Ints, left: Ints, up: Ints, codes: Codes) -> tuple[Tree, Ints]:
    """Number the training rows in leaf order, and give every node its slice of them."""
    blank = np.zeros(len(feature), np.int32)
    narrow = [part.astype(np.int32) for part in (feature, cut, left, up)]
    tree = Tree(feature=narrow[0], cut=narrow[1], left=narrow[2], up=narrow[3], start=blank, stop=blank)
    leaves = find(tree, codes)
    count = np.bincount(leaves, minlength=len(feature))
    for child in range(len(feature) - 1, 0, -1):  # children come after their parents
        count[up[child]] += count[child]
    start = np.zeros(len(feature), np.int64)
    for node in np.flatnonzero(feature >= 0):
        start[left[node]] = start[node]
        start[left[node] + 1] = start[node] + count[left[node]]
    tree["start"], tree["stop"] = start.astype(np.int32), (start + count).astype(np.int32)
    return tree, leaves
