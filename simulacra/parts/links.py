"""One link of a chain of conditional trees: a variable drawn from the donors of the leaf that its parents lead to.

A link is a plain dict. Its tree cuts the coarse codes (parts.encoding) of the parents. The levels of a category parent
are put in the order of the variable's mean, so that one cut parts them in the best way (Fisher 1958, Breiman 1984).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from simulacra.parts.boost import draw_boosted, fit_boosted, scores
from simulacra.parts.trees import Tree, find, grow, leaf_order

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulacra.parts.trees import Codes, Floats, Ints

STRUCTURE_ROWS = 100_000
"""Rows that choose the cuts of a tree; all rows fill its leaves."""

MAX_BOOSTED_LEVELS = 10
MIN_BOOSTED_ROWS = 500


class Link(TypedDict):
    """One variable of the chain.

    gate: the state variable that says where this one is there (0), -1 for everywhere; parents: their rows in the code
    matrix; sorted, order: which parents have their codes re-ordered, and how (256 each); tree; donors: ranks in leaf
    order; low, high: smallest and largest rank of each leaf (numbers only, else empty); boosted: nothing, or the models
    of a boosted variable; kept: levels that those models draw; edges: cuts of their score; coarse: the code of a rank.
    """

    gate: int
    parents: Ints
    sorted: Ints
    order: npt.NDArray[np.uint8]
    tree: Tree
    donors: npt.NDArray[np.int32]
    low: npt.NDArray[np.int32]
    high: npt.NDArray[np.int32]
    boosted: list[Any]
    kept: Ints
    edges: Floats
    coarse: npt.NDArray[np.uint8]


def fit_link(
    codes: Codes,
    parents: Ints,
    ranks: Ints,
    targets: Floats,
    *,
    reorder: npt.NDArray[np.bool_],
    leaf: int,
    gain: float,
    rng: np.random.Generator,
) -> Link:
    """Fit one variable on its parents; gate and coarse are left to the chain.

    codes: (parents, rows) of the rows where the variable is there; parents: their places in the chain; ranks, targets:
    (rows,), (outputs, rows); reorder: (parents,) which of them are categories; leaf, gain: see parts.trees.
    """
    inputs = codes.copy()
    which = np.flatnonzero(reorder)
    order = np.stack([_by_mean(inputs[i], targets) for i in which]) if which.size else np.zeros((0, 256), np.uint8)
    _apply_order(inputs, which, order)
    some = np.sort(rng.permutation(len(ranks))[:STRUCTURE_ROWS]) if len(ranks) > STRUCTURE_ROWS else None
    tree, leaves = grow(inputs, targets - targets.mean(axis=1, keepdims=True), leaf=leaf, gain=gain, rows=some)
    nothing = np.zeros(0, np.int32)
    return Link(
        gate=-1,
        parents=parents,
        sorted=which,
        order=order,
        tree=tree,
        donors=ranks[leaf_order(tree, leaves)].astype(np.int32),
        low=nothing,
        high=nothing,
        boosted=[],
        kept=np.zeros(0, np.int64),
        edges=np.zeros(0),
        coarse=np.zeros(0, np.uint8),
    )


def draw_link(link: Link, codes: Codes, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Draw a rank for every column of `codes` (parents, rows), and return it with the leaf it came from."""
    inputs = codes.copy()
    _apply_order(inputs, link["sorted"], link["order"])
    if link["boosted"] and link["kept"].size:
        return link["kept"][draw_boosted(link["boosted"][0], inputs, rng)], np.zeros(inputs.shape[1], np.int64)
    if link["boosted"]:
        inputs = _with_score(link, inputs, rng)
    leaf = find(link["tree"], inputs)
    start, stop = link["tree"]["start"].take(leaf), link["tree"]["stop"].take(leaf)
    place = start + (rng.random(len(leaf)) * (stop - start)).astype(np.int64)
    return link["donors"].take(place).astype(np.int64), leaf


def add_bounds(link: Link) -> None:
    """Note the smallest and largest donor of every leaf: a number drawn near a donor stays between them."""
    tree = link["tree"]
    leaves = np.flatnonzero(tree["feature"] < 0)
    leaves = leaves[np.argsort(tree["start"][leaves], kind="stable")]
    begin = tree["start"][leaves]
    for name, reduce in (("low", np.minimum), ("high", np.maximum)):
        ends = np.full(len(tree["feature"]), reduce.reduce(link["donors"]), np.int32)
        ends[leaves] = reduce.reduceat(link["donors"], begin)
        link[name] = ends  # type: ignore[literal-required]


def replace_rare(link: Link, count: Ints, rows: int, rng: np.random.Generator) -> int:
    """Replace donors whose level fewer than `rows` rows hold by kept ones of the same leaf, or of the nearest ancestor
    that has one; return how many. The most frequent level is always kept."""
    tree, donors = link["tree"], link["donors"]
    kept = count >= rows
    kept[np.bincount(donors, minlength=1).argmax()] = True
    good = kept[donors]
    bad = np.flatnonzero(~good)
    if not bad.size:
        return 0
    leaves = np.flatnonzero(tree["feature"] < 0)
    leaves = leaves[np.argsort(tree["start"][leaves], kind="stable")]
    node = leaves[np.searchsorted(tree["start"][leaves], bad, "right") - 1]
    before = np.concatenate([[0], np.cumsum(good)])
    while True:
        first, last = before[tree["start"][node]], before[tree["stop"][node]]
        empty = first == last
        if not empty.any():
            break
        node[empty] = tree["up"][node[empty]]
    donors[bad] = donors[np.flatnonzero(good)[first + (rng.random(bad.size) * (last - first)).astype(np.int64)]]
    return int(bad.size)


def boost_link(link: Link, codes: Codes, ranks: Ints, count: Ints, rng: np.random.Generator, *, rare: int) -> bool:
    """Add boosted chances to a link with two to ten kept levels, and return whether it was done."""
    kept = np.flatnonzero(count >= rare)
    if not 2 <= kept.size <= MAX_BOOSTED_LEVELS or len(ranks) < MIN_BOOSTED_ROWS or not len(link["parents"]):
        return False
    inputs = codes.copy()
    _apply_order(inputs, link["sorted"], link["order"])
    label = np.searchsorted(kept, ranks)
    known = np.flatnonzero(kept[np.minimum(label, kept.size - 1)] == ranks)
    known = known if known.size <= STRUCTURE_ROWS else np.sort(rng.permutation(known)[:STRUCTURE_ROWS])
    rounds = 100 if kept.size == 2 else max(20, 200 // kept.size)
    link["boosted"] = [fit_boosted(inputs[:, known], label[known], kept.size, rng, rounds=rounds)]
    link["kept"] = kept
    return True


def boost_number(
    link: Link, codes: Codes, ranks: Ints, targets: Floats, rng: np.random.Generator, *, leaf: int, gain: float
) -> bool:
    """Give the link of a number a boosted mean as one more parent, each half scored by the model of the other half."""
    n = len(ranks)
    if n < MIN_BOOSTED_ROWS or not len(link["parents"]):
        return False
    inputs = codes.copy()
    _apply_order(inputs, link["sorted"], link["order"])
    half = rng.permutation(n) % 2 == 0
    models, score = [], np.zeros(n)
    for side in (half, ~half):
        some = np.flatnonzero(side)[:STRUCTURE_ROWS]
        models.append(fit_boosted(inputs[:, some], targets[0, some], 0, rng))
        score[~side] = scores(models[-1], inputs[:, ~side])[0]
    link["boosted"], link["edges"] = models, np.unique(np.quantile(score, np.linspace(0, 1, 129)[1:-1]))
    coded = np.searchsorted(link["edges"], score, "right").astype(np.uint8)
    inputs = np.concatenate([inputs, coded.reshape(1, -1)])
    some = np.sort(rng.permutation(n)[:STRUCTURE_ROWS])
    tree, leaves = grow(inputs, targets - targets.mean(axis=1, keepdims=True), leaf=leaf, gain=gain, rows=some)
    link["tree"], link["donors"] = tree, ranks[leaf_order(tree, leaves)].astype(np.int32)
    return True


def _with_score(link: Link, inputs: Codes, rng: np.random.Generator) -> Codes:
    """Add the score of one of the two models, as each training row had the score of one."""
    first = rng.random(inputs.shape[1]) < 0.5
    score = np.empty(inputs.shape[1])
    for side, model in zip((first, ~first), link["boosted"], strict=True):
        score[side] = scores(model, inputs[:, side])[0]
    coded = np.searchsorted(link["edges"], score, "right").astype(np.uint8)
    return np.concatenate([inputs, coded.reshape(1, -1)])


def _by_mean(code: npt.NDArray[np.unsignedinteger], targets: Floats) -> npt.NDArray[np.uint8]:
    """Return the place of each of 256 codes in the order of the target's mean (several targets: of their main axis)."""
    count = np.bincount(code, minlength=256)
    sums = np.stack([np.bincount(code, t, minlength=256) for t in targets])
    overall = targets.mean(axis=1, keepdims=True)
    gap = (sums - overall * count) / (count + 1.0)
    if len(targets) > 1:
        scatter = (gap * count) @ gap.T
        _, axes = np.linalg.eigh(np.round(scatter, 9))
        axis = axes[:, -1] * np.sign(axes[np.argmax(np.abs(axes[:, -1])), -1])
        gap = np.round(axis @ gap, 9)[None]
    place = np.empty(256, np.uint8)
    place[np.lexsort((np.arange(256), np.where(count > 0, gap[0], np.inf)))] = np.arange(256)
    return place


def _apply_order(inputs: Codes, which: Ints, order: npt.NDArray[np.uint8]) -> None:
    for i, table in zip(which, order, strict=True):
        inputs[i] = table.take(inputs[i])
