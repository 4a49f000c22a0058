"""Boosted class chances from the house's own trees: a sharper conditional for the one column that matters most.

Gradient boosting with second-order leaf values; every round sees half the columns and the rows whose gradient is large,
drawn with chances in proportion and weighted back, so that a fifth of the rows does the work of all of them.

References: Friedman (2001), Greedy function approximation; Ibragimov and Gusev (2019), Minimal variance sampling in
stochastic gradient boosting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from simulacra.parts.trees import Tree, grow

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.parts.trees import Codes, Floats, Ints

RATE = 0.2
DEPTH = 5
LEAF = 5
SHRINK = 1.0
CHUNK = 8192
"""Rows that are scored at a time: few enough to stay in the processor's cache."""


class Boosted(TypedDict):
    """All trees end to end: tree t has nodes roots[t] to roots[t + 1] and adds value[leaf] to output owner[t]."""

    roots: Ints
    owner: Ints
    feature: npt.NDArray[np.int32]
    cut: npt.NDArray[np.int32]
    left: npt.NDArray[np.int32]
    value: npt.NDArray[np.float32]
    base: Floats


def fit_boosted(
    codes: Codes, label: Ints | Floats, levels: int, rng: np.random.Generator, *, rounds: int = 100, rate: float = 0.2
) -> Boosted:
    """Fit the chances of each level given the codes: one logit for two levels, else one a level.

    codes: (columns, rows); label: (rows,) 0..levels-1, or any numbers with levels = 0, whose mean is then fitted;
    rounds: trees of each output; rate: step of a tree, 0..1.
    """
    outputs = levels if levels > 2 else 1
    hot = np.stack([label == k for k in range(levels)][-outputs:] if levels else [label]).astype(np.float64)
    base = _start(hot, levels)
    score = np.repeat(base[:, None], hot.shape[1], axis=1)
    trees: list[tuple[Tree, Floats]] = []
    for _ in range(rounds):
        mean = _chances(score) if levels else score.copy()
        curve = mean * (1 - mean) if levels else np.ones_like(mean)
        for k in range(outputs):
            tree, leaves, value = _one_round(codes, hot[k] - mean[k], curve[k], rng)
            score[k] += rate * value[leaves]
            trees.append((tree, rate * value))
    return _pack(trees, np.tile(np.arange(outputs), rounds), base)


def draw_boosted(model: Boosted, codes: Codes, rng: np.random.Generator) -> Ints:
    """Draw a level for every column of `codes`, (columns, rows) -> (rows,)."""
    chance = _chances(scores(model, codes))
    u = rng.random(codes.shape[1])
    if len(chance) == 1:
        return np.asarray(u < chance[0], np.int64)
    return np.asarray(np.minimum((np.cumsum(chance, axis=0) < u).sum(0), len(chance) - 1), np.int64)


def scores(model: Boosted, codes: Codes) -> Floats:
    """Return the logits, or the mean of a number, (outputs, rows)."""
    out = np.repeat(model["base"][:, None], codes.shape[1], axis=1)
    # A leaf asks what no code answers with "right" and is its own left child, so that every row takes DEPTH steps.
    leaf = model["feature"] < 0
    feature, cut = np.where(leaf, 0, model["feature"]), np.where(leaf, 255, model["cut"]).astype(np.uint8)
    own = np.arange(leaf.size) - np.repeat(model["roots"][:-1], np.diff(model["roots"]))
    left = np.where(leaf, own, model["left"])
    for begin in range(0, codes.shape[1], CHUNK):
        part = np.ascontiguousarray(codes[:, begin : begin + CHUNK])
        rows, flat, total = np.arange(part.shape[1]), part.ravel(), out[:, begin : begin + CHUNK]
        place = feature * part.shape[1]
        for owner, a, b in zip(model["owner"], model["roots"][:-1], model["roots"][1:], strict=True):
            node = np.zeros_like(rows)
            for _ in range(DEPTH):
                node = left[a:b].take(node) + (flat.take(place[a:b].take(node) + rows) > cut[a:b].take(node))
            total[owner] += model["value"][a:b].take(node)
    return out


def _start(hot: Floats, levels: int) -> Floats:
    """Return the outputs before the first tree: the mean, its logit, or the logarithms of the shares."""
    if not levels:
        return np.asarray(hot.mean(axis=1))
    share = (hot.sum(axis=1) + 0.5) / (hot.shape[1] + 1)
    return np.asarray(np.log(share / (1 - share)) if levels == 2 else np.log(share))


def _one_round(codes: Codes, slope: Floats, curve: Floats, rng: np.random.Generator) -> tuple[Tree, Ints, Floats]:
    """Grow one tree on sampled rows and columns; its leaf values come from all rows."""
    n = len(slope)
    size = np.sqrt(slope**2 + 0.1 * curve**2) + 1e-9
    chance = np.minimum(1, size * (RATE * n / size.sum()))
    chance = np.minimum(1, chance * (RATE * n / chance.sum())) if n > 2000 else np.ones(n)
    rows = np.flatnonzero(rng.random(n) < chance)
    columns = np.sort(rng.permutation(len(codes))[: -(-len(codes) // 2)])
    tree, leaves = grow(
        codes[columns], (slope / chance)[None], leaf=LEAF, depth=DEPTH, rows=rows, weights=curve / chance
    )
    inner = tree["feature"] >= 0
    tree["feature"][inner] = columns[tree["feature"][inner]]
    nodes = len(inner)
    value = np.bincount(leaves, slope, minlength=nodes) / (np.bincount(leaves, curve, minlength=nodes) + SHRINK)
    return tree, leaves, value


def _chances(score: Floats) -> Floats:
    if len(score) == 1:
        return np.asarray(1 / (1 + np.exp(-score)))
    raised = np.exp(score - score.max(axis=0))
    return np.asarray(raised / raised.sum(axis=0))


def _pack(trees: list[tuple[Tree, Floats]], owner: Ints, base: Floats) -> Boosted:
    return Boosted(
        roots=np.cumsum([0] + [len(value) for _, value in trees]),
        owner=owner,
        feature=np.concatenate([t["feature"] for t, _ in trees]),
        cut=np.concatenate([t["cut"] for t, _ in trees]),
        left=np.concatenate([t["left"] for t, _ in trees]),
        value=np.concatenate([value for _, value in trees]).astype(np.float32),
        base=base,
    )
