"""Neighbours among more rows than can all be compared: exact below a number of pairs, else by inverted lists.

Every row is put on the list of the nearest of a few pivot rows; a query looks through the lists of its nearest pivots
alone. What share of the true neighbours is found so is measured on some queries that are searched exactly.
Reference: Sivic and Zisserman (2003), Video Google; Jegou, Douze and Schmid (2011), section 4, for the inverted lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulacra.parts.neighbours import Points, nearest

if TYPE_CHECKING:
    from simulacra.parts.neighbours import Floats, Ints

PAIRS = 3 * 10**10
"""Most pairs that are compared: about half a minute of one core."""
MEASURED = 200
"""Queries on which the share of neighbours found is measured."""
ENOUGH = 0.95
"""Share of neighbours from which no more lists are looked through."""


def search(
    queries: Points, points: Points, k: int, own: Ints | None = None, pairs: float = PAIRS
) -> tuple[Ints, Floats, str]:
    """Return what `nearest` returns and how it was found: "exact", or by how many lists and with which recall.

    queries, points, k, own: see parts.neighbours; pairs: most that are compared.
    """
    if len(queries) * len(points) <= pairs:
        return *nearest(queries, points, k, own), "exact"
    lists = _Lists(points, round(len(points) ** 0.5))
    some = np.unique(np.linspace(0, len(queries) - 1, MEASURED).astype(np.int64))
    asked, mine = queries.take(some), None if own is None else own[some]
    true = nearest(asked, points, k, mine)[1][:, -1:]
    probes, most = 1, max(1, min(lists.count, int(pairs / len(queries) / (len(points) / lists.count))))
    while True:
        # What is as near as the k-th of the true neighbours is one of them, or as good.
        recall = float((lists.nearest(asked, k, mine, probes)[1] <= true * (1 + 1e-12)).mean())
        if recall >= ENOUGH or probes == most:
            break
        probes = min(2 * probes, most)
    index, distance = lists.nearest(queries, k, own, probes)
    how = f"approximate: {probes} of {lists.count} lists of rows looked through, recall {recall:.2f}"
    return index, distance, how


class _Lists:
    """Points, each on the list of its nearest pivot; pivots are points at even distances in the table."""

    def __init__(self, points: Points, count: int) -> None:
        self.points, self.count = points, count
        self.pivots = points.take(np.linspace(0, len(points) - 1, count).astype(np.int64))
        self.members, self.starts = _grouped(nearest(points, self.pivots, 1)[0][:, 0], count)

    def nearest(self, queries: Points, k: int, own: Ints | None, probes: int) -> tuple[Ints, Floats]:
        """Return the k nearest points on the lists of each query's nearest pivots, and their distances."""
        index = np.full((len(queries), k), -1)
        distance = np.full((len(queries), k), np.inf)
        callers, begin = _grouped(nearest(queries, self.pivots, probes)[0].ravel(), self.count)
        for here in range(self.count):
            rows = self.members[self.starts[here] : self.starts[here + 1]]
            asking = callers[begin[here] : begin[here + 1]] // probes
            if not rows.size or not asking.size:
                continue
            take = min(k + (own is not None), rows.size)
            near, gap = nearest(queries.take(asking), self.points.take(rows), take)
            found = rows[near]
            if own is not None:
                gap = np.where(found == own[asking, None], np.inf, gap)
            found = np.concatenate([index[asking], found], axis=1)
            gap = np.concatenate([distance[asking], gap], axis=1)
            best = np.argsort(gap, axis=1, kind="stable")[:, :k]
            index[asking], distance[asking] = np.take_along_axis(found, best, 1), np.take_along_axis(gap, best, 1)
        # Where the lists held too few rows all are looked at.
        short = np.flatnonzero(np.isinf(distance[:, -1]))
        if short.size:
            mine = None if own is None else own[short]
            index[short], distance[short] = nearest(queries.take(short), self.points, k, mine)
        return index, distance


def _grouped(groups: Ints, count: int) -> tuple[Ints, Ints]:
    """Return the places of groups 0, 1, .. in their order, and where each group begins: (count + 1,)."""
    return np.argsort(groups, kind="stable"), np.searchsorted(np.sort(groups), np.arange(count + 1))
