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


def search(
    queries: Points, points: Points, k: int, own: Ints | None = None, pairs: float = PAIRS
) -> tuple[Ints, Floats, str]:
    """Return what `nearest` returns and how it was found: "exact", or by how many lists and with which recall.

    queries, points, k, own: see parts.neighbours; pairs: most that are compared.
    """
    if len(queries) * len(points) <= pairs:
        return *nearest(queries, points, k, own), "exact"
    lists = round(len(points) ** 0.5)
    probes = max(1, min(lists, int(pairs / (len(queries) * len(points) / lists))))
    index, distance = _by_lists(queries, points, k, own, lists, probes)
    some = np.unique(np.linspace(0, len(queries) - 1, MEASURED).astype(np.int64))
    true = nearest(queries.take(some), points, k, None if own is None else own[some])[1][:, -1:]
    # What is as near as the k-th of the true neighbours is one of them, or as good.
    recall = float((distance[some] <= true * (1 + 1e-12)).mean())
    return index, distance, f"approximate: {probes} of {lists} lists of rows looked through, recall {recall:.2f}"


def _by_lists(
    queries: Points, points: Points, k: int, own: Ints | None, lists: int, probes: int
) -> tuple[Ints, Floats]:
    """Return the nearest points on the lists of each query's nearest pivots."""
    pivots = points.take(np.linspace(0, len(points) - 1, lists).astype(np.int64))
    home = nearest(points, pivots, 1)[0][:, 0]
    asked = nearest(queries, pivots, probes)[0]
    index = np.full((len(queries), k), -1)
    distance = np.full((len(queries), k), np.inf)
    members, starts = _grouped(home, lists)
    callers, begin = _grouped(asked.ravel(), lists)
    for here in range(lists):
        rows = members[starts[here] : starts[here + 1]]
        asking = callers[begin[here] : begin[here + 1]] // probes
        if not rows.size or not asking.size:
            continue
        take = min(k + (own is not None), rows.size)
        near, gap = nearest(queries.take(asking), points.take(rows), take)
        found = rows[near]
        if own is not None:
            gap = np.where(found == own[asking, None], np.inf, gap)
        found, gap = np.concatenate([index[asking], found], axis=1), np.concatenate([distance[asking], gap], axis=1)
        best = np.argsort(gap, axis=1, kind="stable")[:, :k]
        index[asking], distance[asking] = np.take_along_axis(found, best, 1), np.take_along_axis(gap, best, 1)
    # Where the lists held too few rows all are looked at.
    short = np.flatnonzero(np.isinf(distance[:, -1]))
    if short.size:
        index[short], distance[short] = nearest(queries.take(short), points, k, None if own is None else own[short])
    return index, distance


def _grouped(groups: Ints, count: int) -> tuple[Ints, Ints]:
    """Return the places of groups 0, 1, .. in their order, and where each group begins: (count + 1,)."""
    return np.argsort(groups, kind="stable"), np.searchsorted(np.sort(groups), np.arange(count + 1))
